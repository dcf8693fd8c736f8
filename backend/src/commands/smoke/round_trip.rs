//! One event all the way: sent, sent again, read back, proved; and costs are read.

use super::Finding;
use super::ledger;
use crate::commands::client::Client;
use crate::invocations::Receipt;
use ::ledger::proof::verify_inclusion;
use ::ledger::{Hash, entry, leaf_hash};
use base64::prelude::{BASE64_STANDARD, Engine};
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

pub(super) fn record(client: &Client, project: &str) -> Finding {
    let event_id = format!("smoke-{}", uuid::Uuid::now_v7());
    let event = json!({
        "event_id": event_id, "run_id": "smoke", "operation": "smoke", "status": "ok",
        "agent": "researchflow smoke",
    });
    let path = format!("/api/v1/projects/{project}/invocations");
    let first = send(client, &path, &event)?;
    let again = send(client, &path, &event)?;
    if first.duplicate || !again.duplicate || first.ledger_index != again.ledger_index {
        return Err("an event that is sent twice is not known again".to_owned());
    }
    let Some(index) = first.ledger_index else {
        return Ok("the event is on the node's disk, since its database is away".to_owned());
    };
    let read = client.get_with_key(&format!("{path}/{event_id}"))?.expect(200)?;
    let size = prove(client, &read.text, index)?;
    Ok(format!("record {index} is proved in a tree of {size}"))
}

#[derive(Deserialize)]
struct Taken {
    receipts: Vec<Receipt>,
    rejected: Vec<Value>,
}

fn send(client: &Client, path: &str, event: &Value) -> Result<Receipt, String> {
    let taken: Taken = client.post_with_key(path, event)?.expect(200)?.json()?;
    let reason = || taken.rejected.iter().map(Value::to_string).collect::<String>();
    taken
        .receipts
        .into_iter()
        .next()
        .ok_or_else(|| format!("the event was not taken: {}", reason()))
}

#[derive(Deserialize)]
struct Read<'a> {
    #[serde(borrow)]
    record: &'a RawValue,
    ledger: Place,
}

#[derive(Deserialize)]
struct Place {
    index: u64,
    nonce: String,
    checkpoint: String,
    inclusion_proof: Vec<String>,
}

/// Recomputes everything from the record's own bytes. The size of the tree that it is in.
fn prove(client: &Client, read: &str, index: u64) -> Result<u64, String> {
    let Read { record, ledger: place } = serde_json::from_str(read)
        .map_err(|error| format!("the record has no proof that can be read: {error}"))?;
    if place.index != index {
        return Err(format!("the record is at {}, not at {index}", place.index));
    }
    let checkpoint = ledger::open(&place.checkpoint, &ledger::key(client, "invocations")?)?;
    let nonce = BASE64_STANDARD.decode(place.nonce).map_err(|_| "its nonce is no base64")?;
    let leaf = leaf_hash(&entry(&nonce, record.get().as_bytes()));
    let proof = place.inclusion_proof.iter().map(|hash| Hash::from_base64(hash));
    let proof: Vec<Hash> = proof.collect::<Option<_>>().ok_or("its proof is no base64")?;
    verify_inclusion(&leaf, index, checkpoint.size, &proof, &checkpoint.root)
        .map_err(|error| format!("its proof does not verify: {error}"))?;
    Ok(checkpoint.size)
}

#[derive(Deserialize)]
struct Costs {
    total: Total,
}

#[derive(Deserialize)]
struct Total {
    invocations: u64,
    cost_usd: String,
}

pub(super) fn costs(client: &Client, project: &str) -> Finding {
    let path = format!("/api/v1/projects/{project}/costs?group_by=model");
    let Costs { total } = client.get_with_key(&path)?.expect(200)?.json()?;
    Ok(format!("{} invocations, {} USD", total.invocations, total.cost_usd))
}
