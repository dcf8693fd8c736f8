//! `Idempotency-Key` on POST (draft-ietf-httpapi-idempotency-key-header): the same key and payload
//! get the first answer again.
//!
//! An answer is kept after what it tells of was done; in between the process may be killed, or the
//! database gone. So what is done is noted in the transaction that does it ([`note_done`]): who asks
//! again is not answered then, but nothing is done twice.

use super::body::receive;
use super::sealed;
use crate::db::schema::idempotency_keys::{self, dsl};
use crate::db::{Conn, DbError, on_each};
use crate::error::{ApiError, Code};
use crate::state::AppState;
use actix_web::body::{BoxBody, EitherBody, MessageBody, to_bytes};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::http::header::{self, HeaderName};
use actix_web::http::{Method, StatusCode};
use actix_web::middleware::{Next, from_fn};
use actix_web::{HttpMessage, HttpResponse, ResponseError, web};
use diesel::prelude::*;
use hardening::{Inner, Layer};
use invocation::Timestamp;

/// How long an answer is kept.
const KEPT_MICROS: i64 = 24 * 3600 * 1_000_000;
/// After this a request that never ended is taken for lost with its process.
const LOST_MICROS: i64 = 60 * 1_000_000;
const MAX_KEY: usize = 255;
/// The largest body of any route, in bytes.
const MAX_BODY: usize = 4 << 20;
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

#[derive(Debug, Clone)]
struct Ticket {
    principal: String,
    key: String,
    request_hash: Vec<u8>,
    turn: TurnId,
}

/// Set among the extensions of a request that has an Idempotency-Key: whose turn it is under it. Nobody
/// else knows it, unlike the request's id, which a client may choose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TurnId(String);

impl Ticket {
    /// What the kept answer is encrypted for: one that shows a new API key must not lie readable.
    fn purpose(&self) -> [&[u8]; 3] {
        [b"researchflow kept answer", self.principal.as_bytes(), self.key.as_bytes()]
    }
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = idempotency_keys)]
struct KeptRow {
    request_hash: Vec<u8>,
    status: Option<i64>,
    /// The answer's content type.
    headers: Option<String>,
    /// The answer's, sealed.
    body: Option<Vec<u8>>,
    created_at: i64,
}

enum Turn {
    First,
    Again(u16, Option<String>, Vec<u8>),
    InFlight,
    /// It was done, and nobody kept the answer.
    Lost,
    Mismatch,
}

/// Middleware: answers a repeated POST with the first answer. `caller` names who is calling, by a
/// name that is theirs alone; nobody's answers are kept.
pub fn idempotent<S, B>(
    state: AppState,
    caller: fn(&ServiceRequest) -> Option<String>,
) -> impl Layer<S, EitherBody<B>>
where
    S: Inner<B>,
    B: MessageBody + 'static,
{
    from_fn(move |request: ServiceRequest, next: Next<B>| {
        let state = state.clone();
        async move {
            if !asks_for_it(&request) {
                return Ok(next.call(request).await?.map_into_left_body());
            }
            // Boxed, so that a request that does not ask for it does not carry it along.
            Ok(Box::pin(once(&state, caller, request, next)).await?.map_into_right_body())
        }
    })
}

fn asks_for_it(request: &ServiceRequest) -> bool {
    request.method() == Method::POST && request.headers().contains_key(IDEMPOTENCY_KEY)
}

async fn once(
    state: &AppState,
    caller: fn(&ServiceRequest) -> Option<String>,
    mut request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let Some(principal) = caller(&request) else {
        return Ok(next.call(request).await?.map_into_boxed_body());
    };
    let ticket = match ticket(state, &mut request, principal).await {
        Ok(ticket) => ticket,
        Err(error) => return Ok(request.into_response(error.error_response())),
    };
    let (now, mine) = (state.clock.now().micros(), ticket.clone());
    let turn = match state.db.write(move |conn| take_turn(conn, &mine, now)).await {
        Ok(turn) => turn,
        Err(error) => return Ok(request.into_response(ApiError::from(error).error_response())),
    };
    let refuse = |code, detail: &str| ApiError::new(code, detail).error_response();
    match turn {
        Turn::First => {}
        Turn::Again(status, kind, sealed) => {
            let Some(body) = sealed::open(state, &ticket.purpose(), &sealed) else {
                let response = refuse(Code::Conflict, "The first answer cannot be read any more.");
                return Ok(request.into_response(response));
            };
            return Ok(request.into_response(replay(status, kind, body)));
        }
        Turn::InFlight => {
            let error = ApiError::new(
                Code::Conflict,
                "The first request with this Idempotency-Key is still under way.",
            );
            return Ok(request.into_response(error.retry_after(1).error_response()));
        }
        Turn::Lost => {
            let response = refuse(
                Code::Conflict,
                "What was asked for with this Idempotency-Key was done, but its answer was lost. \
                 Look for what it made before asking again, with another key.",
            );
            return Ok(request.into_response(response));
        }
        Turn::Mismatch => {
            let response = refuse(
                Code::IdempotencyMismatch,
                "This Idempotency-Key was used with another request.",
            );
            return Ok(request.into_response(response));
        }
    }
    let response = next.call(request).await?;
    keep(state, ticket, response).await
}

async fn ticket(
    state: &AppState,
    request: &mut ServiceRequest,
    principal: String,
) -> Result<Ticket, ApiError> {
    let mut keys = request.headers().get_all(IDEMPOTENCY_KEY);
    let key = keys.next().filter(|_| keys.next().is_none()).and_then(|key| key.to_str().ok());
    let key = key.filter(|key| (1..=MAX_KEY).contains(&key.len()));
    let key = key.ok_or_else(|| {
        let detail = "There must be one Idempotency-Key, of 1 to 255 visible characters.";
        ApiError::new(Code::BadRequest, detail)
    })?;
    let key = key.to_owned();
    let turn = TurnId(state.clock.new_id());
    request.extensions_mut().insert(turn.clone());
    let mut payload = request.take_payload();
    let body = web::Bytes::from(receive(request.request(), &mut payload, MAX_BODY).await?);
    // Keyed, since a body may hold a password, and whoever reads the database could guess at it.
    let uri = request.uri().to_string();
    let parts = [b"researchflow repeated request", principal.as_bytes(), uri.as_bytes(), &body];
    let request_hash = state.derive_key(&parts).to_vec();
    request.set_payload(Payload::from(body));
    Ok(Ticket { principal, key, request_hash, turn })
}

fn take_turn(conn: &mut Conn, ticket: &Ticket, now: i64) -> Result<Turn, DbError> {
    let stale = dsl::idempotency_keys.filter(idempotency_keys::created_at.lt(now - KEPT_MICROS));
    diesel::delete(stale).execute(conn)?;
    let lost = dsl::idempotency_keys
        .filter(idempotency_keys::created_at.lt(now - LOST_MICROS))
        .filter(idempotency_keys::status.is_null())
        .filter(idempotency_keys::done_at.is_null());
    diesel::delete(lost).execute(conn)?;
    let added = on_each!(conn, |conn| {
        diesel::insert_into(dsl::idempotency_keys)
            .values((
                idempotency_keys::principal.eq(&ticket.principal),
                idempotency_keys::idempotency_key.eq(&ticket.key),
                idempotency_keys::request_hash.eq(&ticket.request_hash),
                idempotency_keys::turn_id.eq(&ticket.turn.0),
                idempotency_keys::created_at.eq(now),
            ))
            .on_conflict_do_nothing()
            .execute(conn)?
    });
    if added == 1 {
        return Ok(Turn::First);
    }
    let row: Option<KeptRow> = dsl::idempotency_keys
        .find((&ticket.principal, &ticket.key))
        .select(KeptRow::as_select())
        .first(conn)
        .optional()?;
    // Whoever had it has just given it up: its answer is not one to keep.
    let Some(row) = row else { return Ok(Turn::InFlight) };
    Ok(match row.status.and_then(|status| u16::try_from(status).ok()) {
        _ if row.request_hash != ticket.request_hash => Turn::Mismatch,
        Some(status) => Turn::Again(status, row.headers, row.body.unwrap_or_default()),
        None if row.created_at < now - LOST_MICROS => Turn::Lost,
        None => Turn::InFlight,
    })
}

/// Notes that what a request asked for is done, in the transaction that does it.
///
/// # Errors
/// The turn is over: it took so long that it was taken for lost, or its caller's rights have changed
/// since. Or the database. Nothing may be done then.
pub fn note_done(conn: &mut Conn, turn: &TurnId, now: Timestamp) -> Result<(), DbError> {
    let mine = dsl::idempotency_keys.filter(idempotency_keys::turn_id.eq(&turn.0));
    let done_at = idempotency_keys::done_at.eq(now.micros());
    match diesel::update(mine).set(done_at).execute(conn)? {
        0 => Err(DbError::Unavailable("the turn under an Idempotency-Key is over".to_owned())),
        _ => Ok(()),
    }
}

/// Whether a repetition gets the same answer. What is our fault, or says to come again, or would be
/// another answer once the caller may do it, is tried afresh.
fn is_final(status: StatusCode) -> bool {
    let passing = [
        StatusCode::UNAUTHORIZED,
        StatusCode::FORBIDDEN,
        StatusCode::NOT_FOUND,
        StatusCode::TOO_MANY_REQUESTS,
    ];
    !status.is_server_error() && !passing.contains(&status)
}

/// Keeps an answer that is final.
async fn keep(
    state: &AppState,
    ticket: Ticket,
    response: ServiceResponse<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, actix_web::Error> {
    let (request, response) = response.into_parts();
    let (response, body) = response.into_parts();
    let status = response.status();
    let body = to_bytes(body).await.map_err(Into::into)?;
    let kind = response.headers().get(header::CONTENT_TYPE);
    let kind = kind.and_then(|kind| kind.to_str().ok()).map(str::to_owned);
    let kept = sealed::seal(state, &ticket.purpose(), &body);
    let stored = state
        .db
        .write(move |conn| -> Result<(), DbError> {
            // It may have been given away since.
            let row = dsl::idempotency_keys.filter(idempotency_keys::turn_id.eq(&ticket.turn.0));
            if is_final(status) {
                let answer = (
                    idempotency_keys::status.eq(Some(i64::from(status.as_u16()))),
                    idempotency_keys::headers.eq(kind),
                    idempotency_keys::body.eq(kept),
                );
                diesel::update(row).set(answer).execute(conn)?;
            } else {
                let undone = row.filter(idempotency_keys::done_at.is_null());
                diesel::delete(undone).execute(conn)?;
            }
            Ok(())
        })
        .await;
    if let Err(error) = stored {
        tracing::warn!(%error, "an answer could not be kept under its Idempotency-Key");
    }
    Ok(ServiceResponse::new(request, response.set_body(BoxBody::new(body))))
}

/// Forgets the answers that are kept for a caller, and those under way: what they may do has changed,
/// and a replay asks nobody for leave.
///
/// # Errors
/// The database.
pub fn forget_answers(conn: &mut Conn, caller: &str) -> Result<(), DbError> {
    let theirs = dsl::idempotency_keys.filter(idempotency_keys::principal.eq(caller));
    if let Conn::Pg(pg) = conn {
        // Two who forget the same at once wait for each other's rows, in one order.
        let keys = theirs.select(idempotency_keys::idempotency_key);
        keys.order(idempotency_keys::idempotency_key).for_update().load::<String>(pg)?;
    }
    diesel::delete(theirs).execute(conn)?;
    Ok(())
}

fn replay(status: u16, kind: Option<String>, body: Vec<u8>) -> HttpResponse {
    let status = StatusCode::from_u16(status).unwrap_or(StatusCode::OK);
    let kind = kind.unwrap_or_else(|| "application/json".to_owned());
    HttpResponse::build(status)
        .content_type(kind)
        .insert_header(("idempotency-replayed", "true"))
        .body(body)
}
