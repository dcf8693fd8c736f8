//! Making a report.

use super::store::{self, About, Stored};
use crate::audit::Act;
use crate::db::Conn;
use crate::error::ApiError;
use crate::invocations::{self, Filter};
use crate::ledger::{self, Log};
use crate::projects::Project;
use crate::state::AppState;
use invocation::{Record, Timestamp};
use report::{Builder, InclusionProof, LedgerProof, Report, Scope};
use sha2::{Digest, Sha256};

/// What a report is about: a run, a period, or both.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Only this run.
    pub run_id: Option<String>,
    /// Calls that began at this time or later.
    pub from: Option<Timestamp>,
    /// Calls that began before this time.
    pub to: Option<Timestamp>,
}

/// Records read at a time.
const CHUNK: usize = 1000;

/// Makes a report of what is in the ledger now. Only reads: a long report stops nobody from
/// recording.
///
/// # Errors
/// There is no such run, the database, or a ledger that does not hold together.
pub fn make(
    conn: &mut Conn,
    state: &AppState,
    project: &Project,
    request: &Request,
) -> Result<Stored, ApiError> {
    let report = figures(conn, state, project, request)?;
    let body = report.to_json().map_err(ApiError::internal)?;
    let about = About {
        id: state.clock.new_id(),
        project_id: project.id.clone(),
        run_id: request.run_id.clone(),
        from_at: request.from.map(Timestamp::micros),
        to_at: request.to.map(Timestamp::micros),
        created_at: state.clock.now().micros(),
        sha256: hex::encode(Sha256::digest(&body)),
    };
    Ok(Stored { about, body: String::from_utf8(body).map_err(ApiError::internal)? })
}

/// Stores a report; the act is for the caller to seal, in the same transaction.
///
/// # Errors
/// The database.
pub fn keep(conn: &mut Conn, stored: &Stored) -> Result<((), Act), ApiError> {
    store::insert(conn, stored)?;
    let About { id, sha256, .. } = stored.about.clone();
    let act = Act::ReportCreated { report_id: id, sha256 };
    Ok(((), act))
}

fn figures(
    conn: &mut Conn,
    state: &AppState,
    project: &Project,
    request: &Request,
) -> Result<Report, ApiError> {
    let filter = Filter {
        run: request.run_id.clone(),
        from: request.from.map(Timestamp::micros),
        to: request.to.map(Timestamp::micros),
        ..Filter::default()
    };
    let indexes = invocations::scan(conn, &project.id, &filter)?;
    if indexes.is_empty() && request.run_id.is_some() {
        return Err(ApiError::field("/run_id", "is no run of this project"));
    }
    let mut builder = Builder::new(Scope {
        project_id: project.id.clone(),
        project_name: project.name.clone(),
        governance_mode: project.settings.governance_mode,
        content_policy: project.settings.content_policy,
        run_id: request.run_id.clone(),
        from: request.from,
        to: request.to,
    });
    for some in indexes.chunks(CHUNK) {
        add(conn, &mut builder, some)?;
    }
    Ok(builder.finish(proof(conn, state, &indexes)?))
}

fn add(conn: &mut Conn, builder: &mut Builder, indexes: &[i64]) -> Result<(), ApiError> {
    let mut sealed = ledger::sealed(conn, Log::Invocations, indexes)?;
    sealed.sort_unstable_by_key(|(index, ..)| *index);
    for (index, nonce, json) in sealed {
        let record = Record::from_canonical(json.as_bytes()).map_err(ApiError::internal)?;
        let entry = ::ledger::entry(&nonce, json.as_bytes());
        builder.add(index as u64, entry.as_bytes(), &record);
    }
    Ok(())
}

/// The proof of the first and the last record, against the tree that ends with the last.
fn proof(conn: &mut Conn, state: &AppState, indexes: &[i64]) -> Result<LedgerProof, ApiError> {
    let log = Log::Invocations;
    let size = indexes.last().map_or(0, |last| *last as u64 + 1);
    let key = log.key(&state.signers).verifier();
    let mut ends: Vec<u64> =
        [indexes.first(), indexes.last()].into_iter().flatten().map(|i| *i as u64).collect();
    ends.dedup();
    let mut inclusion_proofs = Vec::new();
    for index in ends {
        let (entry, path) = ledger::inclusion(conn, log, index, size)?;
        let proof = path.iter().map(::ledger::Hash::to_base64).collect();
        inclusion_proofs.push(InclusionProof { index, entry: entry.to_base64(), proof });
    }
    Ok(LedgerProof {
        log: log.as_str().to_owned(),
        origin: key.name().to_owned(),
        verifier_key: key.to_string(),
        checkpoint: ledger::checkpoint_at(conn, &state.signers, log, size)?,
        tree_size: size,
        inclusion_proofs,
    })
}
