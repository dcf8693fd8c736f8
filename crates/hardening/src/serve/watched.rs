//! Tells a connection when its requests begin, when their answers wait and when they are taken.

use super::connections::Connection;
use actix_http::{HttpMessage, Request};
use actix_web::body::{BodySize, BoxBody, EitherBody, MessageBody};
use actix_web::dev::{Extensions, ServiceRequest, ServiceResponse};
use actix_web::http::Version;
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::Instant;

/// On HTTP/1.1 an answer that fits into hyper's buffer is out of the handler's hands at once. On HTTP/2
/// even the smallest waits for its stream's window.
const WRITE_BUFFER: u64 = 32 << 10;
/// Larger chunks are handed over in pieces. Else the client would be credited with taking what it was
/// only offered.
const PIECE: usize = 16 << 10;

/// Middleware, the outermost: keeps [`super::Connections`] informed. Where none follows the
/// connection it does nothing.
///
/// # Errors
/// What the inner service returns.
pub async fn watch_connection<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, WatchedBody>>, actix_web::Error> {
    let Some(busy) = Busy::on(&request.extensions()) else {
        return next.call(request).await.map(ServiceResponse::map_into_left_body);
    };
    let streams = request.version() >= Version::HTTP_2;
    let response = next.call(request).await?;
    let at_once = match response.response().body().size() {
        BodySize::None | BodySize::Sized(0) => true,
        BodySize::Sized(size) => size <= WRITE_BUFFER && !streams,
        BodySize::Stream => false,
    };
    if at_once {
        return Ok(response.map_into_left_body());
    }
    Ok(response.map_body(|_, body| EitherBody::right(WatchedBody::new(body, busy))))
}

/// A request in progress.
#[derive(Debug)]
pub(super) struct Busy(Arc<Connection>);

impl Busy {
    /// One that does not come to [`watch_connection`]; `None` if nobody follows its connection.
    pub(super) fn of(request: &Request) -> Option<Self> {
        Self::on(&request.extensions())
    }

    fn on(request: &Extensions) -> Option<Self> {
        let connection = request.get::<Arc<Connection>>()?;
        connection.request_began();
        Some(Self(Arc::clone(connection)))
    }
}

impl Drop for Busy {
    fn drop(&mut self) {
        self.0.request_ended();
    }
}

/// A body whose taking is timed. The dispatchers ask for the next chunk when the one before was
/// written, so the client's time is that between a chunk and the next question; while the body
/// itself has nothing to give (an event stream), the time is ours.
#[derive(Debug)]
pub struct WatchedBody {
    body: BoxBody,
    /// Of a chunk that is being handed over.
    rest: Bytes,
    busy: Busy,
    taken: u64,
    waited: Duration,
    owed: Option<Owed>,
}

#[derive(Debug, Clone, Copy)]
struct Owed {
    since: Instant,
    until: Instant,
}

impl WatchedBody {
    fn new(body: impl MessageBody + 'static, busy: Busy) -> Self {
        let (body, rest) = (BoxBody::new(body), Bytes::new());
        let mut body = Self { body, rest, busy, taken: 0, waited: Duration::ZERO, owed: None };
        // On HTTP/2 nothing is asked for before the client has room for it.
        body.hand_over(0);
        body
    }

    /// The client has `size` bytes more to take.
    fn hand_over(&mut self, size: usize) {
        let connection = &self.busy.0;
        self.taken += size as u64;
        let left = connection.patience.allowance(self.taken).saturating_sub(self.waited);
        let since = Instant::now();
        let until = since + left;
        connection.owes(until);
        self.owed = Some(Owed { since, until });
    }

    fn settle(&mut self) {
        if let Some(owed) = self.owed.take() {
            self.waited += owed.since.elapsed();
            self.busy.0.paid(owed.until);
        }
    }
}

impl MessageBody for WatchedBody {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        self.settle();
        if self.rest.is_empty() {
            match ready!(Pin::new(&mut self.body).poll_next(cx)) {
                Some(Ok(chunk)) => self.rest = chunk,
                end => return Poll::Ready(end),
            }
        }
        let size = self.rest.len().min(PIECE);
        let piece = self.rest.split_to(size);
        self.hand_over(size);
        Poll::Ready(Some(Ok(piece)))
    }
}

impl Drop for WatchedBody {
    fn drop(&mut self) {
        self.settle();
    }
}
