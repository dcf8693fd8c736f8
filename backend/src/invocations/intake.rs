//! Event → what the batcher writes: cleaned, priced, sealed. All the work that needs no database.

use super::facts::{self, Facts, LabelRow};
use crate::ledger::Sealed;
use crate::state::AppState;
use invocation::{Admission, Event, EventId, FieldProblem, Gate, PhiAction, Record, Source};

/// A record with its rows, ready to be written. Its index is not known yet and stands as 0.
#[derive(Debug)]
pub(super) struct Prepared {
    pub(super) facts: Facts,
    pub(super) labels: Vec<LabelRow>,
    pub(super) sealed: Sealed,
}

/// Who sends events, and by which rules they are cleaned.
#[derive(Clone)]
pub(super) struct Sender {
    pub(super) project_id: String,
    pub(super) key_id: Option<String>,
    pub(super) gate: Gate,
    pub(super) source: Source,
}

impl Sender {
    /// Cleans, prices and seals one event.
    pub(super) fn prepare(&self, state: &AppState, event: Event) -> Result<Prepared, FieldProblem> {
        let new_event_id = || {
            let fresh = EventId::try_from(state.clock.new_id());
            #[expect(clippy::expect_used, reason = "a UUID has 36 characters")]
            fresh.expect("a UUID is an event id")
        };
        let record = self.gate.admit(
            event,
            &Admission {
                project_id: &self.project_id,
                key_id: self.key_id.as_deref(),
                source: self.source,
                recorded_at: state.clock.now(),
                prices: &state.prices,
                new_event_id: &new_event_id,
            },
        );
        count(state, &record);
        let unwritable = |_| FieldProblem::new("/attributes", "holds a number that JSON cannot");
        let json = record.to_canonical().map_err(unwritable)?;
        let json =
            String::from_utf8(json).map_err(|_| FieldProblem::new("", "is not valid UTF-8"))?;
        Ok(Prepared::new(&record, json))
    }
}

impl Prepared {
    /// Of a record and its canonical JSON.
    pub(super) fn new(record: &Record, json: String) -> Self {
        Self {
            facts: Facts::of(record, 0),
            labels: facts::labels(record, 0),
            sealed: Sealed::new(json),
        }
    }
}

fn count(state: &AppState, record: &Record) {
    for (class, findings) in &record.phi_scan.classes {
        state.metrics.phi_findings.with_label_values(&[class]).inc_by(u64::from(*findings));
    }
    if record.phi_scan.action == PhiAction::FailedClosed {
        state.metrics.phi_failures.inc();
    }
    if record.is_unpriced() {
        state.metrics.unpriced.inc();
    }
}
