//! A request body that comes too slowly is cut off.
//!
//! The rule and its numbers are those of Apache's `mod_reqtimeout`, `RequestReadTimeout
//! body=20,MinRate=500` (<https://httpd.apache.org/docs/2.4/mod/mod_reqtimeout.html>): 20 seconds at
//! first, one more for every 500 bytes that came. Only the time in which somebody waits for the
//! client counts, so a handler that is slow to read does its client no harm.

use crate::layer::{Inner, Layer};
use crate::problem::{Problem, ProblemKind};
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{Payload, ServiceRequest, ServiceResponse};
use actix_web::error::PayloadError;
use actix_web::http::{ConnectionType, StatusCode};
use actix_web::middleware::{Next, from_fn};
use actix_web::{Error, HttpMessage, HttpResponse, ResponseError, web};
use futures_util::Stream;
use std::cell::Cell;
use std::fmt;
use std::io;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;
use tokio::time::{Instant, Sleep, sleep_until};

/// How fast a body must come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct BodyPace {
    /// How long a body may be waited for, whatever its size.
    pub grace: Duration,
    /// Each so many bytes that came allow a second more.
    pub bytes_per_second: u32,
}

impl Default for BodyPace {
    fn default() -> Self {
        Self { grace: Duration::from_secs(20), bytes_per_second: 500 }
    }
}

impl BodyPace {
    /// How long a body may have been waited for by the time that `received` bytes of it came.
    fn allowance(self, received: u64) -> Duration {
        self.grace + Duration::from_secs(received) / self.bytes_per_second.max(1)
    }
}

/// Answers 408 and closes the connection when the body keeps the handler waiting for longer than
/// `pace` allows. The handler sees its payload fail; what it makes of that is replaced.
pub fn pace_body<S, B>(pace: BodyPace) -> impl Layer<S, EitherBody<B>>
where
    S: Inner<B>,
    B: MessageBody + 'static,
{
    from_fn(move |request, next| paced(pace, request, next))
}

async fn paced<B: MessageBody + 'static>(
    pace: BodyPace,
    mut request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let payload = request.take_payload();
    if matches!(payload, Payload::None) {
        return next.call(request).await.map(ServiceResponse::map_into_left_body);
    }
    let too_slow = Rc::new(Cell::new(false));
    let paced = PacedPayload::new(payload, pace, Rc::clone(&too_slow));
    request.set_payload(Payload::Stream { payload: Box::pin(paced) });
    let outcome = next.call(request).await;
    if !too_slow.get() {
        return outcome.map(ServiceResponse::map_into_left_body);
    }
    let response = outcome.map_err(|_| TooSlow)?;
    Ok(response.into_response(TooSlow.error_response()).map_into_right_body())
}

/// The body came too slowly.
#[derive(Debug)]
struct TooSlow;

impl fmt::Display for TooSlow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("The body came too slowly. The connection is closed.")
    }
}

impl ResponseError for TooSlow {
    fn status_code(&self) -> StatusCode {
        ProblemKind::REQUEST_TIMEOUT.status
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = Problem::new(ProblemKind::REQUEST_TIMEOUT, self.to_string()).response();
        // RFC 9110, 15.5.9: the server should close, and say so.
        response.head_mut().set_connection_type(ConnectionType::Close);
        response
    }
}

struct PacedPayload {
    inner: Payload,
    pace: BodyPace,
    received: u64,
    waited: Duration,
    waiting_since: Option<Instant>,
    timer: Option<Pin<Box<Sleep>>>,
    too_slow: Rc<Cell<bool>>,
}

impl PacedPayload {
    fn new(inner: Payload, pace: BodyPace, too_slow: Rc<Cell<bool>>) -> Self {
        let (received, waited) = (0, Duration::ZERO);
        Self { inner, pace, received, waited, waiting_since: None, timer: None, too_slow }
    }

    /// Ready when the client's time is up.
    fn poll_allowance(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        let now = Instant::now();
        let since = *self.waiting_since.get_or_insert(now);
        let left = self.pace.allowance(self.received).saturating_sub(self.waited);
        let deadline = since + left;
        let timer = self.timer.get_or_insert_with(|| Box::pin(sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        timer.as_mut().poll(cx)
    }
}

impl Stream for PacedPayload {
    type Item = Result<web::Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.too_slow.get() {
            return Poll::Ready(None);
        }
        if let Poll::Ready(item) = Pin::new(&mut self.inner).poll_next(cx) {
            if let Some(since) = self.waiting_since.take() {
                self.waited += since.elapsed();
            }
            if let Some(Ok(chunk)) = &item {
                self.received += chunk.len() as u64;
            }
            return Poll::Ready(item);
        }
        ready!(self.poll_allowance(cx));
        self.too_slow.set(true);
        Poll::Ready(Some(Err(PayloadError::Io(io::ErrorKind::TimedOut.into()))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::{StreamExt, stream};

    fn paced(
        chunks: impl Stream<Item = Result<web::Bytes, PayloadError>> + 'static,
    ) -> (PacedPayload, Rc<Cell<bool>>) {
        let too_slow = Rc::new(Cell::new(false));
        let payload = Payload::from(Box::pin(chunks) as Pin<Box<dyn Stream<Item = _>>>);
        (PacedPayload::new(payload, BodyPace::default(), Rc::clone(&too_slow)), too_slow)
    }

    /// A body of one chunk of `size` bytes every `seconds`, and whether it was cut off.
    async fn receive(size: usize, seconds: u64, chunks: usize) -> (usize, bool) {
        let chunk = web::Bytes::from(vec![b'x'; size]);
        let chunks = stream::iter(0..chunks).then(move |_| {
            let chunk = chunk.clone();
            async move {
                tokio::time::sleep(Duration::from_secs(seconds)).await;
                Ok(chunk)
            }
        });
        let (paced, too_slow) = paced(chunks);
        let received: Vec<_> = paced.collect().await;
        (received.iter().flatten().map(web::Bytes::len).sum(), too_slow.get())
    }

    #[tokio::test(start_paused = true)]
    async fn a_dribble_is_cut_off_and_a_steady_slow_body_is_not() {
        assert_eq!(receive(1, 1, 1000).await, (20, true));
        assert_eq!(receive(600, 1, 1000).await, (600_000, false));
        assert_eq!(receive(0, 3600, 1).await, (0, true), "silence");
    }

    #[tokio::test(start_paused = true)]
    async fn a_handler_that_takes_its_time_does_not_count() {
        let chunks = stream::iter((0..3).map(|_| Ok(web::Bytes::from_static(b"x"))));
        let (mut paced, too_slow) = paced(chunks);
        while let Some(chunk) = paced.next().await {
            assert!(chunk.is_ok());
            tokio::time::sleep(Duration::from_secs(60)).await;
        }
        assert!(!too_slow.get());
    }
}
