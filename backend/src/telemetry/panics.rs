//! A panic is one log line like any other, with the place in the source.

use std::panic;

/// From now on a panic is logged, in the place of the standard library's own lines.
pub(super) fn log() {
    panic::set_hook(Box::new(|panic| {
        let location = panic.location().map(ToString::to_string);
        tracing::error!(location, panic = panic.payload_as_str(), "a panic");
    }));
}
