//! `researchflow ledger`.

use super::{Failure, OnDatabase, Verdict, say};
use crate::db::{self, Conn};
use crate::ledger::{self, LedgerError, Log, Outcome};
use crate::signers::Signers;
use crate::state::AppState;
use crate::{audit, invocations};
use ::ledger::verify::Pin;
use ::ledger::{Checkpoint, VerifierKey};
use std::path::PathBuf;

#[derive(Debug, clap::Args)]
pub(super) struct LedgerCommand {
    #[command(flatten)]
    on: OnDatabase,
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, clap::Subcommand)]
enum What {
    /// Recompute everything and tell what does not fit.
    Verify {
        /// Only this log; both, if absent.
        #[arg(long, value_enum)]
        log: Option<Log>,
        /// A checkpoint that was kept elsewhere; several are allowed.
        #[arg(long)]
        checkpoint: Vec<PathBuf>,
        /// A verifier key to trust beside the configured one; several are allowed.
        #[arg(long)]
        key: Vec<VerifierKey>,
        /// Tell it as JSON.
        #[arg(long)]
        json: bool,
    },
    /// Print the newest signed checkpoint.
    Checkpoint {
        /// Which log.
        #[arg(long, value_enum, default_value = "invocations")]
        log: Log,
    },
    /// Print a record with its inclusion proof.
    Prove {
        /// Which log.
        #[arg(long, value_enum, default_value = "invocations")]
        log: Log,
        /// The record's index.
        index: u64,
    },
}

pub(super) fn run(args: LedgerCommand) -> Verdict {
    let state = args.on.state()?;
    let mut conn = state.db.connect()?;
    db::read(&mut conn, |conn| match args.what {
        What::Verify { log, checkpoint, key, json } => {
            let outcomes = verify(conn, &state, log, &checkpoint, key)?;
            tell(&outcomes, json)
        }
        What::Checkpoint { log } => {
            let (note, _) = ledger::head(conn, log)?;
            say(note.trim_end());
            Ok(true)
        }
        What::Prove { log, index } => {
            let proof = ledger::proof_of(conn, log, index)?;
            let (record, proof) =
                proof.ok_or_else(|| Failure(format!("There is no record {index}.")))?;
            let proof = serde_json::to_string(&proof).map_err(Failure::new)?;
            say(format_args!("{{\"record\":{record},\"ledger\":{proof}}}"));
            Ok(true)
        }
    })
}

/// Checks one log or both; what checkpoints were kept in `files`.
pub(super) fn verify(
    conn: &mut Conn,
    state: &AppState,
    only: Option<Log>,
    files: &[PathBuf],
    more_keys: Vec<VerifierKey>,
) -> Result<Vec<Outcome>, Failure> {
    let keys = known_keys(&state.signers, more_keys);
    let kept = files.iter().map(|file| pin(file, &keys)).collect::<Result<Vec<_>, _>>()?;
    // The audit log is read first: what it says of erasures decides about gaps in the other.
    let of = |log: Log| -> Vec<Pin> {
        let ours =
            |pin: &&Pin| files.is_empty() || pin.checkpoint.origin.as_str().ends_with(log.as_str());
        kept.iter().filter(ours).cloned().collect()
    };
    let erasures = audit::sealed_erasures(conn)?;
    let mut outcomes = Vec::new();
    if only != Some(Log::Invocations) || !erasures.is_empty() {
        let mut checker = audit::Checker;
        let mut outcome =
            ledger::verify(conn, Log::Audit, &keys, of(Log::Audit), &[], &mut |conn,
                                                                               (
                range,
                records,
            )| {
                checker.check(conn, &range, records)
            })?;
        outcome.add_all(checker.finish(conn, outcome.size as i64)?);
        outcomes.push(outcome);
    }
    if only != Some(Log::Audit) {
        let mut checker = invocations::Checker::default();
        let kept = of(Log::Invocations);
        let mut outcome =
            ledger::verify(conn, Log::Invocations, &keys, kept, &erasures, &mut |conn,
                                                                                 (
                range,
                records,
            )| {
                checker.check(conn, &range, records)
            })?;
        let size = outcome.size as i64;
        outcome.add_all(checker.finish(conn, size)?);
        outcomes.push(outcome);
    }
    Ok::<_, LedgerError>(outcomes).map_err(Failure::from)
}

fn known_keys(signers: &Signers, more: Vec<VerifierKey>) -> Vec<VerifierKey> {
    let own = Log::ALL.map(|log| log.key(signers).verifier().clone());
    own.into_iter().chain(signers.previous.iter().cloned()).chain(more).collect()
}

fn pin(file: &PathBuf, keys: &[VerifierKey]) -> Result<Pin, Failure> {
    let name = file.display().to_string();
    let note = std::fs::read_to_string(file)
        .map_err(|error| Failure(format!("{name} cannot be read: {error}.")))?;
    let checkpoint = Checkpoint::open(&note, keys)
        .map_err(|error| Failure(format!("{name} is no checkpoint of this ledger: {error}.")))?;
    Ok(Pin { name, checkpoint })
}

/// Prints what was found. Whether all is sound.
pub(super) fn tell(outcomes: &[Outcome], json: bool) -> Verdict {
    let sound = outcomes.iter().all(Outcome::is_sound);
    if json {
        say(serde_json::to_string_pretty(outcomes).map_err(Failure::new)?);
        return Ok(sound);
    }
    for outcome in outcomes {
        let Outcome { log, size, records, erased, root, .. } = outcome;
        let log = log.as_str();
        say(format_args!(
            "{log}: {size} entries, {records} records checked, {erased} erased, root {root}"
        ));
        outcome.faults.iter().for_each(|fault| say(format_args!("  {fault}")));
        let more = outcome.fault_count - outcome.faults.len() as u64;
        if more > 0 {
            say(format_args!("  and {more} more faults"));
        }
    }
    say(if sound { "Nothing was altered." } else { "The ledger does NOT hold." });
    Ok(sound)
}
