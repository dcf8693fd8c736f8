//! What the spool shows of itself.

use super::kept::Extent;
use crate::telemetry::Registry;
use prometheus::{IntCounter, IntGauge};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};

/// How the spool is.
#[derive(Debug, Clone, Copy)]
pub struct SpoolState {
    /// Events that wait in it.
    pub events: u64,
    /// Whether events go into it now, and not to the database.
    pub in_use: bool,
    /// Whether it takes more.
    pub has_room: bool,
}

/// What is known of the spool outside of its task. Clones are alike.
#[derive(Clone)]
pub(in crate::invocations) struct Watched(Arc<Shared>);

pub(super) struct Shared {
    pub(super) exists: AtomicBool,
    pub(super) in_use: AtomicBool,
    pub(super) is_full: AtomicBool,
    events: IntGauge,
    bytes: IntGauge,
    pub(super) spooled: IntCounter,
    pub(super) drained: IntCounter,
    pub(super) refused: IntCounter,
    pub(super) damaged: IntCounter,
}

impl Watched {
    pub(super) fn new(registry: &Registry) -> prometheus::Result<Self> {
        Ok(Self(Arc::new(Shared {
            exists: AtomicBool::default(),
            in_use: AtomicBool::default(),
            is_full: AtomicBool::default(),
            events: registry.add(IntGauge::new(
                "researchflow_spool_events",
                "Events on this node's disk that wait for the database.",
            ))?,
            bytes: registry.add(IntGauge::new("researchflow_spool_bytes", "Bytes that they take."))?,
            spooled: registry.add(IntCounter::new(
                "researchflow_spool_added_events_total",
                "Events that went to this node's disk since the database was away.",
            ))?,
            drained: registry.add(IntCounter::new(
                "researchflow_spool_drained_events_total",
                "Events that came from there into the database.",
            ))?,
            refused: registry.add(IntCounter::new(
                "researchflow_spool_refused_events_total",
                "Events refused while the database was away, since the disk had no room.",
            ))?,
            damaged: registry.add(IntCounter::new(
                "researchflow_spool_damaged_frames_total",
                "Frames on this node's disk that could not be read or stored; their files are kept.",
            ))?,
        })))
    }

    /// How it is; `None` if this process has none.
    pub(in crate::invocations) fn now(&self) -> Option<SpoolState> {
        let Shared { exists, in_use, is_full, events, .. } = &*self.0;
        exists.load(Relaxed).then(|| SpoolState {
            events: u64::try_from(events.get()).unwrap_or_default(),
            in_use: in_use.load(Relaxed),
            has_room: !is_full.load(Relaxed),
        })
    }

    pub(super) fn shared(&self) -> &Shared {
        &self.0
    }

    pub(super) fn extent(&self, extent: Extent) {
        self.0.events.set(i64::try_from(extent.events).unwrap_or(i64::MAX));
        self.0.bytes.set(i64::try_from(extent.bytes).unwrap_or(i64::MAX));
    }
}
