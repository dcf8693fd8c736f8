//! A body that nobody read is read out, so that its connection lives on.
//!
//! Whoever answers before the body has come (a rate limit, a missing credential, too much load) leaves
//! the rest of it on the connection, which then is closed (RFC 9112, section 9.3, lets a server choose
//! between closing and reading on). The client then opens another, with a TLS handshake,
//! just when there is too much to do. Reading a short body to its end costs less than that.

use actix_web::body::MessageBody;
use actix_web::dev::{Payload, RequestHead, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::Version;
use actix_web::http::header::{CONTENT_LENGTH, HeaderMap};
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage};
use futures_util::{Stream, StreamExt};
use std::cell::RefCell;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::timeout;

/// What a handshake costs buys the reading of about so many bytes. More of a body is not read.
pub(super) const LONGEST: u64 = 256 << 10;

/// The answer does not wait longer for the rest of the body, and the connection is closed.
const PATIENCE: Duration = Duration::from_millis(50);

/// Keeps the connection of a request whose body is left unread: of HTTP/1 alone, whose next request
/// stands behind it, and of short bodies that come soon. To stand outside of all that refuses; for
/// `from_fn`.
///
/// # Errors
/// Those of what is inside.
pub async fn discard_unread_body<B: MessageBody>(
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    if !is_soon_read(request.head()) {
        return next.call(request).await;
    }
    let body = Rc::new(RefCell::new(request.take_payload()));
    let payload = Box::pin(Lent(Rc::clone(&body)));
    request.set_payload(Payload::Stream { payload });
    let outcome = next.call(request).await;
    // Whoever still holds the other end goes on reading.
    if let Some(rest) = Rc::into_inner(body) {
        read_out(rest.into_inner()).await;
    }
    outcome
}

/// Whether the request has a body that is short enough, stands before the next request, and is sent
/// unasked: who waits to be told to send it would send it in vain (RFC 9110, section 10.1.1).
pub(super) fn is_soon_read(head: &RequestHead) -> bool {
    let length = content_length(head.headers());
    let is_short = length.is_some_and(|bytes| (1..=LONGEST).contains(&bytes));
    is_short && head.version < Version::HTTP_2 && !head.expect()
}

/// Reads a body to its end, if that comes soon.
pub(super) async fn read_out(mut body: Payload) {
    let end = async { while let Some(Ok(_)) = body.next().await {} };
    let _ = timeout(PATIENCE, end).await;
}

/// How many bytes the body has, as the client tells; `None` if it comes in chunks.
pub fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}

/// The handler's end of a body.
struct Lent(Rc<RefCell<Payload>>);

impl Stream for Lent {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        Pin::new(&mut *self.0.borrow_mut()).poll_next(cx)
    }
}
