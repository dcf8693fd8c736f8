//! A body that nobody read is read out, so that its connection lives on.
//!
//! Whoever answers before the body has come (a rate limit, a missing credential, too much load) leaves
//! the rest of it on the connection, which then is closed (RFC 9112, section 9.3, lets a server choose
//! between closing and reading on). The client then opens another, with a TLS handshake,
//! just when there is too much to do. Reading a short body to its end costs less than that.
//!
//! Of HTTP/1 alone, whose next request stands behind the body.

use super::wire::Wire;
use actix_web::http::header::{CONTENT_LENGTH, HeaderMap};
use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::time::Duration;
use tokio::time::timeout;

/// What a handshake costs buys the reading of about so many bytes. More of a body is not read.
pub(super) const LONGEST: u64 = 256 << 10;

/// The answer does not wait longer for the rest of the body, and the connection is closed.
const PATIENCE: Duration = Duration::from_millis(50);

/// Reads what is left of the request's body, if it is short and comes soon.
pub(super) async fn read_out(wire: &Rc<RefCell<Wire>>) {
    // Whoever still holds the body goes on reading it.
    let is_held = Rc::weak_count(wire) > 0;
    if !is_held && wire.borrow().is_soon_read() {
        let _ = timeout(PATIENCE, poll_fn(|cx| wire.borrow_mut().poll_rest(cx))).await;
    }
}

/// Whether the body is so short that it is worth it.
pub(super) fn is_short(headers: &HeaderMap) -> bool {
    content_length(headers).is_some_and(|bytes| bytes <= LONGEST)
}

/// How many bytes the body has, as the client tells; `None` if it comes in chunks.
pub fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
