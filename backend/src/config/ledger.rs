//! What the ledger is called.

use super::Faults;
use ledger::VerifierKey;

/// Settings as given.
#[derive(Debug, Clone, clap::Args)]
pub struct LedgerArgs {
    /// The ledger's origin (C2SP tlog-checkpoint): a name that no other ledger has, a domain and
    /// path as a rule. The logs are `<origin>/invocations` and `<origin>/audit`.
    #[arg(long, env = "RESEARCHFLOW_LEDGER_ORIGIN", default_value = "researchflow.local")]
    ledger_origin: String,
    /// Verifier keys that signed this ledger before the present ledger key, separated by white
    /// space. A ledger that another key signed is refused.
    #[arg(long, env = "RESEARCHFLOW_LEDGER_PREVIOUS_KEYS", default_value = "")]
    ledger_previous_keys: String,
}

/// Settings, valid.
#[derive(Debug, Clone)]
pub struct Ledger {
    /// The origin that both logs' names start with.
    pub origin: String,
    /// Keys that signed it before.
    pub previous_keys: Vec<VerifierKey>,
}

impl LedgerArgs {
    pub(super) fn validate(self, faults: &mut Faults) -> Ledger {
        let origin = self.ledger_origin;
        // A signed note's key name (C2SP signed-note) has no plus and no white space.
        if origin.is_empty()
            || origin.contains(|c: char| c == '+' || c.is_whitespace() || c.is_control())
        {
            faults.add(
                "RESEARCHFLOW_LEDGER_ORIGIN must not be empty, nor hold a plus or white space",
            );
        }
        let previous = self.ledger_previous_keys.split_whitespace().map(str::parse).collect();
        let previous: Result<Vec<VerifierKey>, _> = previous;
        let previous_keys = faults.or(
            previous.map_err(|error| format!("RESEARCHFLOW_LEDGER_PREVIOUS_KEYS: {error}")),
            Vec::new(),
        );
        Ledger { origin, previous_keys }
    }
}
