//! What is taken out of the spool at once.

use crate::invocations::intake::Prepared;
use ::spool::Segment;
use std::ops::Range;
use std::sync::Arc;

/// Some of the frames of a segment. Clones are alike.
#[derive(Debug, Clone)]
pub(in crate::invocations) struct Stretch {
    pub(super) segment: Arc<Segment>,
    pub(super) frames: Range<usize>,
}

impl Stretch {
    /// The events in it, with nonces of their own.
    pub(in crate::invocations) fn events(&self) -> Vec<Prepared> {
        let frames = self.segment.frames.get(self.frames.clone()).unwrap_or_default();
        frames.iter().filter_map(|frame| super::kept::event_in(frame)).collect()
    }
}
