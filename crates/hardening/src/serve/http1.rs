//! HTTP/1.1 (RFC 9112), one request at a time.
//!
//! actix-http (3.20) parses and writes it, but does not serve it: its dispatcher parses as many requests
//! as 128 KiB hold before it answers the first (a hundred connections, 10 MB, made it take 1.9 GB). Here
//! the next is parsed when the one before is answered.

use super::connections::Connection;
use super::host::has_sound_host;
use super::server::{self, Door};
use super::taking::{PIECE, Taking};
use super::unread_body::read_out;
use super::wire::{Next, Wire};
use actix_http::error::PayloadError;
use actix_http::{Payload, Request, Response, ServiceConfig};
use actix_service::Service;
use actix_web::body::{BoxBody, MessageBody};
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderMap;
use actix_web::web::Bytes;
use futures_util::Stream;
use std::cell::RefCell;
use std::future::{Future, poll_fn};
use std::io;
use std::mem;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::rc::{Rc, Weak};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::time::timeout;

/// How long what a client still sends is read after its last answer.
const LINGER: Duration = Duration::from_secs(5);

/// Serves a connection until its client is done, or `stopping` and what is in progress is answered.
///
/// # Errors
/// The connection broke, or an answer's body did.
pub(super) async fn serve<S, B>(
    stream: server::Stream,
    peer: SocketAddr,
    connection: &Connection,
    app: &S,
    door: &Door,
    config: ServiceConfig,
    stopping: impl Future<Output = ()>,
) -> io::Result<()>
where
    S: Service<Request>,
    S::Response: Into<Response<B>>,
    S::Error: Into<Response<BoxBody>>,
    B: MessageBody,
{
    let wire = Rc::new(RefCell::new(Wire::new(stream, config)));
    let client = Client { wire, connection, door };
    let (mut stopping, mut stopped) = (pin!(stopping), false);
    let mut stops = |cx: &mut Context<'_>| {
        stopped = stopped || stopping.as_mut().poll(cx).is_ready();
        stopped
    };
    loop {
        let mut request = match client.listen(&mut stops).await? {
            Next::Request(request) if has_sound_host(request.head()) => request,
            Next::Request(request) => {
                return client.refuse(StatusCode::BAD_REQUEST, request.head().headers()).await;
            }
            Next::Refused(status) => return client.refuse(status, &HeaderMap::new()).await,
            Next::End => break,
        };
        in_cohort().await;
        connection.request_began();
        request.head_mut().peer_addr = Some(peer);
        *request.payload() = client.body();
        let answer = client.unless_gone(pin!(app.call(request))).await?;
        read_out(&client.wire).await;
        let stops = poll_fn(|cx| Poll::Ready(stops(cx))).await;
        let last = stops || connection.is_bidden_farewell();
        match answer {
            Ok(response) => client.send(response.into(), last).await?,
            Err(error) => client.send(error.into(), last).await?,
        }
        connection.request_ended();
        if !client.wire.borrow().goes_on() {
            break;
        }
    }
    client.leave().await
}

/// The other side of a connection.
struct Client<'a> {
    /// A request's body reads from it, too.
    wire: Rc<RefCell<Wire>>,
    connection: &'a Connection,
    door: &'a Door,
}

impl Client<'_> {
    /// What it says next, unless the server `stops` while it says nothing, and need not be told by an
    /// answer.
    async fn listen(&self, mut stops: impl FnMut(&mut Context<'_>) -> bool) -> io::Result<Next> {
        let next = poll_fn(|cx| match self.wire.borrow_mut().poll_head(cx) {
            Poll::Pending if stops(cx) && self.connection.may_be_closed() => {
                Poll::Ready(Ok(Next::End))
            }
            next => next,
        });
        next.await
    }

    /// The body of the request whose head was read.
    fn body(&self) -> Payload {
        if !self.wire.borrow().has_body() {
            return Payload::None;
        }
        Payload::Stream { payload: Box::pin(RequestBody(Rc::downgrade(&self.wire))) }
    }

    /// Waits for `future`, in vain once the client is gone.
    async fn unless_gone<F: Future>(&self, mut future: Pin<&mut F>) -> io::Result<F::Output> {
        let outcome = poll_fn(|cx| match future.as_mut().poll(cx) {
            Poll::Ready(outcome) => Poll::Ready(Ok(outcome)),
            Poll::Pending => self.wire.borrow_mut().poll_gone(cx).map(Err),
        });
        outcome.await
    }

    /// Sends an answer; if it is the `last`, it says so.
    async fn send<B: MessageBody>(&self, response: Response<B>, last: bool) -> io::Result<()> {
        let (head, body) = response.into_parts();
        let (mut body, mut taking) = (pin!(body), Taking::new(self.connection, None));
        if self.wire.borrow_mut().write_head(head, body.size(), last)? {
            while let Some(mut chunk) = self.next_chunk(body.as_mut(), &mut taking).await? {
                while !chunk.is_empty() {
                    let piece = chunk.split_to(chunk.len().min(PIECE));
                    if self.wire.borrow_mut().write_body(piece)? {
                        self.flush(&mut taking).await?;
                    }
                }
            }
            self.wire.borrow_mut().write_end()?;
        }
        in_cohort().await;
        self.flush(&mut taking).await
    }

    async fn next_chunk<B: MessageBody>(
        &self,
        mut body: Pin<&mut B>,
        taking: &mut Taking<&Connection>,
    ) -> io::Result<Option<Bytes>> {
        let at_once = poll_fn(|cx| Poll::Ready(body.as_mut().poll_next(cx))).await;
        let chunk = match at_once {
            Poll::Ready(chunk) => chunk,
            Poll::Pending => {
                // What there is goes out meanwhile.
                self.flush(taking).await?;
                self.unless_gone(pin!(poll_fn(|cx| body.as_mut().poll_next(cx)))).await?
            }
        };
        chunk.transpose().map_err(|error| io::Error::other(error.into().to_string()))
    }

    async fn flush(&self, taking: &mut Taking<&Connection>) -> io::Result<()> {
        taking.hand_over(self.wire.borrow().unsent());
        let flushed = poll_fn(|cx| {
            let flushed = self.wire.borrow_mut().poll_flush(cx);
            if flushed.is_pending() {
                taking.owe();
            }
            flushed
        });
        flushed.await?;
        taking.settle();
        Ok(())
    }

    /// Answers what is no request, and ends the connection.
    async fn refuse(&self, status: StatusCode, asked: &HeaderMap) -> io::Result<()> {
        let detail = match status {
            StatusCode::URI_TOO_LONG => "The address is too long.",
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE => "The header fields are too large.",
            _ => "This is not a request of HTTP/1.1.",
        };
        self.send(self.door.refuse((status, detail), asked), true).await?;
        self.linger().await
    }

    async fn leave(&self) -> io::Result<()> {
        if self.wire.borrow().is_unread() {
            return self.linger().await;
        }
        poll_fn(|cx| self.wire.borrow_mut().poll_shutdown(cx)).await
    }

    /// Ends a connection on which something is unread. Closed at once it would be reset, and the
    /// answer might be lost (RFC 9112, section 9.6).
    async fn linger(&self) -> io::Result<()> {
        poll_fn(|cx| self.wire.borrow_mut().poll_shutdown(cx)).await?;
        let _ = timeout(LINGER, poll_fn(|cx| self.wire.borrow_mut().poll_drain(cx))).await;
        Ok(())
    }
}

/// A request's body, for as long as its connection is served.
struct RequestBody(Weak<RefCell<Wire>>);

impl Stream for RequestBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        match self.0.upgrade() {
            Some(wire) => wire.borrow_mut().poll_body(cx),
            None => Poll::Ready(Some(Err(PayloadError::Incomplete(None)))),
        }
    }
}

/// Lets those connections go first that are ready now, so that all of them read, then all of them are
/// answered, then all of them send: each of the three runs more code, the kernel's too, than a
/// processor's first cache holds, and so it is fetched once for many (cohort scheduling: Larus and Parkes,
/// USENIX 2002). Who is alone goes on at once.
async fn in_cohort() {
    let mut waited = false;
    let others_went = poll_fn(|cx| {
        if mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        // To the end of the worker's queue. `yield_now` would ask the kernel for news first.
        cx.waker().wake_by_ref();
        Poll::Pending
    });
    others_went.await;
}
