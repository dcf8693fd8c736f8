//! A body that nobody read is read out, so that its connection lives on, and its answer arrives.
//!
//! Whoever answers before the body has come (a rate limit, a missing credential, too much load) leaves
//! the rest of it on the connection, which then is closed (RFC 9112, section 9.3, lets a server choose
//! between closing and reading on). The client then opens another, with a TLS handshake,
//! just when there is too much to do. Reading a short body to its end costs less than that.
//!
//! On HTTP/2 the connection lives on in any case. But the rest of the body is refused by a reset
//! (RFC 9113, section 8.1), and a client that is still sending may take that for a failure: curl 7.88
//! then has no answer.

use super::wire::Wire;
use actix_web::http::header::{CONTENT_LENGTH, HeaderMap};
use actix_web::web::Bytes;
use futures_util::{Stream, StreamExt};
use std::cell::RefCell;
use std::future::poll_fn;
use std::rc::Rc;
use std::time::Duration;
use tokio::task::spawn_local;
use tokio::time::{sleep, timeout};

/// What a handshake costs buys the reading of about so many bytes. More of a body is not read.
pub(super) const LONGEST: u64 = 256 << 10;

/// The answer does not wait longer for the rest of the body; on HTTP/1 the connection is closed then.
const PATIENCE: Duration = Duration::from_millis(50);

/// Reads what is left of the request's body, if it is short and comes soon.
pub(super) async fn read_out(wire: &Rc<RefCell<Wire>>) {
    // Whoever still holds the body goes on reading it.
    let is_held = Rc::weak_count(wire) > 0;
    if !is_held && wire.borrow().is_soon_read() {
        let _ = timeout(PATIENCE, poll_fn(|cx| wire.borrow_mut().poll_rest(cx))).await;
    }
}

/// The same on HTTP/2, where a body without a length is read as far as a short one goes. What is left is
/// refused when the answer has had time to arrive.
pub(super) async fn read_out_stream<S, E>(mut body: S, length: Option<u64>)
where
    S: Stream<Item = Result<Bytes, E>> + Unpin + 'static,
{
    let is_long = length.is_some_and(|bytes| bytes > LONGEST);
    if !is_long && timeout(PATIENCE, is_soon_over(&mut body)).await == Ok(true) {
        return;
    }
    spawn_local(async move {
        sleep(PATIENCE).await;
        drop(body);
    });
}

/// Whether it ends before it is long.
async fn is_soon_over<E>(body: &mut (impl Stream<Item = Result<Bytes, E>> + Unpin)) -> bool {
    let mut left = LONGEST;
    while let Some(Ok(chunk)) = body.next().await {
        match left.checked_sub(chunk.len() as u64) {
            Some(less) => left = less,
            None => return false,
        }
    }
    true
}

/// Whether the body is so short that it is worth it.
pub(super) fn is_short(headers: &HeaderMap) -> bool {
    content_length(headers).is_some_and(|bytes| bytes <= LONGEST)
}

/// How many bytes the body has, as the client tells; `None` if it comes in chunks.
pub fn content_length(headers: &HeaderMap) -> Option<u64> {
    headers.get(CONTENT_LENGTH)?.to_str().ok()?.parse().ok()
}
