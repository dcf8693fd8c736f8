//! The scripts that run in Redis.

use redis_link::redis::Script;

macro_rules! scripts {
    ($($name:ident),*) => {
        /// Each is one atomic step on the stream.
        pub(super) struct Scripts {
            $(pub(super) $name: Script,)*
        }

        impl Scripts {
            pub(super) fn new() -> Self {
                Self {
                    $($name: Script::new(concat!(
                        include_str!("common.lua"),
                        include_str!(concat!(stringify!($name), ".lua")),
                    )),)*
                }
            }
        }
    };
}

scripts!(group, info, open, page, publish, reclaim, trim);
