//! How the feed is used, for whoever keeps metrics.

use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

macro_rules! stats {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {
        /// Counts of one [`Bus`](crate::Bus) and its clones, since it was made.
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct Stats {
            $($(#[$doc])* pub $name: u64,)*
        }

        #[derive(Debug, Default)]
        pub(crate) struct Counts {
            $(pub(crate) $name: Count,)*
        }

        impl Counts {
            pub(crate) fn read(&self) -> Stats {
                Stats { $($name: self.$name.0.load(Relaxed),)* }
            }
        }
    };
}

stats! {
    /// Entries that were added to the stream.
    published,
    /// Entries that were to be added and were there already.
    duplicates,
    /// Deliveries, the first and the repeated.
    consumed,
    /// Repeated deliveries among them, taken over from consumers that did not acknowledge.
    reclaimed,
    /// Acknowledgements.
    acknowledged,
    /// Dead letters written.
    parked,
    /// Entries that were deleted from the stream before they were acknowledged, which trimming never
    /// does. The cursor misses them.
    lost,
    /// Entries that were trimmed.
    trimmed,
    /// Calls that failed.
    errors,
}

#[derive(Debug, Default)]
pub(crate) struct Count(AtomicU64);

impl Count {
    pub(crate) fn add(&self, more: u64) {
        self.0.fetch_add(more, Relaxed);
    }
}
