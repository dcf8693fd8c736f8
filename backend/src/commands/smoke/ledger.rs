//! Whether a log is signed by the key that it shows.

use super::Finding;
use crate::commands::client::Client;
use ::ledger::{Checkpoint, VerifierKey};

/// The log's newest checkpoint, verified.
pub(super) fn checkpoint(client: &Client, log: &str) -> Finding {
    let Checkpoint { origin, size, .. } = opened(client, log)?;
    Ok(format!("{} records, signed for {}", size, origin.as_str()))
}

fn opened(client: &Client, log: &str) -> Result<Checkpoint, String> {
    let note = client.get(&format!("/ledger/{log}/checkpoint"))?.expect(200)?.text;
    open(&note, &key(client, log)?)
}

/// The key that the log's checkpoints are verified by.
pub(super) fn key(client: &Client, log: &str) -> Result<VerifierKey, String> {
    let key = client.get(&format!("/ledger/{log}/key"))?.expect(200)?.text;
    key.trim().parse().map_err(|error| format!("its key cannot be read: {error}"))
}

pub(super) fn open(note: &str, key: &VerifierKey) -> Result<Checkpoint, String> {
    Checkpoint::open(note, std::slice::from_ref(key))
        .map_err(|error| format!("its checkpoint does not verify: {error}"))
}
