//! HTTP/2 (RFC 9113) by hyper, whose requests an Actix app answers.
//!
//! With that of actix-http (3.20) clients may have as many requests in progress as they like, and 16 MiB
//! of header fields each, without a setting that would bound it (1.6 MB made it take 1.2 GB).

use super::connections::{Busy, Connection};
use super::host::has_sound_host;
use super::server::{Door, Stream};
use super::unread_body::{content_length, read_out_stream};
use super::watched::WatchedBody;
use actix_http::error::PayloadError;
use actix_http::{Payload, Request, Response};
use actix_service::Service;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::http::{Method, StatusCode, Uri, Version};
use actix_web::web::Bytes;
use futures_util::StreamExt;
use http_body_util::{BodyDataStream, BodyExt};
use hyper::body::{Body, Frame, Incoming};
use hyper::header::{CONTENT_LENGTH, HeaderValue as FieldValue};
use hyper::rt::Executor;
use hyper::server::conn::http2;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::cell::RefCell;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};
use tokio::sync::Notify;
use tokio::task_local;

/// How long a request's fields may be, as RFC 9113, section 6.5.2, counts them: with 32 bytes for each.
/// Beyond, hyper answers 431.
const HEAD: u32 = 64 << 10;
/// Requests of a connection that may be in progress; RFC 9113, section 6.5.2, asks for 100 or more.
pub(super) const STREAMS: u32 = 128;
/// What a client may send ahead of its being read: of one request, and of all.
const WINDOWS: (u32, u32) = (1 << 20, 2 << 20);
/// How much of an answer lies ready for the client to take; the rest stays in the body.
const UNSENT: usize = 32 << 10;

/// The answer to what hyper takes for a request, and we do not.
const NO_REQUEST: (StatusCode, &str) =
    (StatusCode::BAD_REQUEST, "This is not a request of HTTP/2.");

/// Serves a connection until its client is done or overdue, or `stopping`, and what is in progress is
/// answered.
///
/// # Errors
/// The connection broke, or is not HTTP/2.
pub(super) async fn serve<S, B>(
    stream: Stream,
    peer: SocketAddr,
    connection: Arc<Connection>,
    app: Rc<S>,
    door: &Door,
    stopping: impl Future<Output = ()>,
) -> hyper::Result<()>
where
    S: Service<Request> + 'static,
    S::Response: Into<Response<B>>,
    S::Error: Into<Response<BoxBody>>,
    B: MessageBody + 'static,
{
    let overdue = Arc::clone(&connection);
    let answer = service_fn(move |request: hyper::Request<Incoming>| {
        let is_head = request.method() == hyper::Method::HEAD;
        let busy = Busy::on(&connection);
        let request = request.map(RequestBody::of);
        let body = request.body().clone();
        let request = to_actix(request, peer);
        let length = request.as_ref().and_then(|it| content_length(it.head().headers()));
        let answered = match request {
            Some(request) => Ok(app.call(request)),
            None => Err(door.refuse(NO_REQUEST, &HeaderMap::new())),
        };
        async move {
            let response = match answered {
                Ok(answered) => answered
                    .await
                    .map_or_else(Into::into, |response| response.into().map_into_boxed_body()),
                Err(refused) => refused,
            };
            if let Some(unread) = body.and_then(RequestBody::unread) {
                read_out_stream(unread, length).await;
            }
            Ok::<_, Infallible>(from_actix(response, is_head, busy))
        }
    });
    let connection = http2::Builder::new(OnWorker)
        .timer(TokioTimer::new())
        .max_concurrent_streams(STREAMS)
        .max_header_list_size(HEAD)
        .initial_stream_window_size(WINDOWS.0)
        .initial_connection_window_size(WINDOWS.1)
        .max_send_buf_size(UNSENT)
        .keep_alive_interval(door.listen.ping)
        .keep_alive_timeout(door.listen.ping)
        .serve_connection(TokioIo::new(stream), answer);
    let mut connection = pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return ended,
        () = stopping => {}
        () = overdue.overdue() => {}
    }
    connection.as_mut().graceful_shutdown();
    connection.await
}

task_local! {
    /// Ends the stream of the request that is being answered, by RST_STREAM: hyper asks the body of an
    /// answer for nothing while a piece of it waits for room, so that the body could not.
    static RESET: Arc<Notify>;
}

/// Requests stay on the worker of their connection.
#[derive(Debug, Clone, Copy)]
struct OnWorker;

impl<F: Future<Output = ()> + 'static> Executor<F> for OnWorker {
    fn execute(&self, request: F) {
        let reset = Arc::new(Notify::new());
        let told = Arc::clone(&reset);
        tokio::task::spawn_local(RESET.scope(reset, async move {
            tokio::select! {
                () = request => {}
                () = told.notified() => {}
            }
        }));
    }
}

/// None if the head is not one of HTTP after all: hyper leaves some of its rules to others, and takes
/// characters in addresses that Actix does not.
fn to_actix(request: hyper::Request<Option<RequestBody>>, peer: SocketAddr) -> Option<Request> {
    let (head, body) = request.into_parts();
    let payload: Payload = match body {
        Some(body) => Payload::Stream { payload: Box::pin(body) },
        None => Payload::None,
    };
    let mut request = Request::with_payload(payload);
    let to = request.head_mut();
    to.method = Method::from_bytes(head.method.as_str().as_bytes()).ok()?;
    to.uri = to_uri(&head.uri)?;
    to.version = Version::HTTP_2;
    to.peer_addr = Some(peer);
    for (name, value) in &head.headers {
        let name = HeaderName::from_bytes(name.as_str().as_bytes()).ok()?;
        to.headers.append(name, HeaderValue::from_bytes(value.as_bytes()).ok()?);
    }
    has_sound_host(to).then_some(request)
}

/// By its parts, since in one piece the `*` of `OPTIONS *` would end the name of the host.
fn to_uri(address: &hyper::Uri) -> Option<Uri> {
    let mut uri = Uri::builder();
    if let Some(scheme) = address.scheme_str() {
        uri = uri.scheme(scheme);
    }
    if let Some(authority) = address.authority() {
        uri = uri.authority(authority.as_str());
    }
    if let Some(path) = address.path_and_query() {
        uri = uri.path_and_query(path.as_str());
    }
    uri.build().ok()
}

/// A request's body: the app's, and once the app is done with it ours.
#[derive(Clone)]
struct RequestBody(Rc<RefCell<BodyDataStream<Incoming>>>);

impl RequestBody {
    /// None if it ends where it begins.
    fn of(body: Incoming) -> Option<Self> {
        let begins = !body.is_end_stream();
        begins.then(|| Self(Rc::new(RefCell::new(body.into_data_stream()))))
    }

    /// What is left of it, unless somebody still holds it and goes on reading.
    fn unread(self) -> Option<BodyDataStream<Incoming>> {
        Rc::into_inner(self.0).map(RefCell::into_inner)
    }
}

impl futures_util::Stream for RequestBody {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let chunk = self.0.borrow_mut().poll_next_unpin(cx);
        chunk.map_err(|error| PayloadError::Io(io::Error::other(error)))
    }
}

fn from_actix(response: Response<BoxBody>, is_head: bool, busy: Busy) -> hyper::Response<Answer> {
    let (head, body) = response.into_parts();
    // RFC 9110, section 8.6.
    let has_length = !matches!(head.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let length = match body.size() {
        BodySize::Sized(length) if has_length => Some(length),
        _ => None,
    };
    let has_body = has_length && !is_head && !matches!(body.size(), BodySize::None);
    let left = if has_body { length } else { Some(0) };
    let body = if left == Some(0) {
        body
    } else {
        BoxBody::new(WatchedBody::new(body, busy, RESET.get()))
    };
    let mut response = hyper::Response::new(Answer { body, left });
    // What Actix has parsed hyper can parse, too.
    if let Ok(status) = hyper::StatusCode::from_u16(head.status().as_u16()) {
        *response.status_mut() = status;
    }
    let fields = response.headers_mut();
    for (name, value) in head.headers() {
        let name = hyper::header::HeaderName::from_bytes(name.as_str().as_bytes());
        let value = FieldValue::from_bytes(value.as_bytes());
        if let (Ok(name), Ok(value)) = (name, value) {
            fields.append(name, value);
        }
    }
    if let Some(length) = length {
        fields.insert(CONTENT_LENGTH, length.into());
    }
    response
}

/// An answer's body, as hyper asks for it.
struct Answer {
    body: BoxBody,
    /// How many bytes are still to come, if that is known.
    left: Option<u64>,
}

impl Body for Answer {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let next = ready!(self.body.as_pin_mut().poll_next(cx));
        if let (Some(Ok(chunk)), Some(left)) = (&next, &mut self.left) {
            *left = left.saturating_sub(chunk.len() as u64);
        }
        let frame = |chunk: Result<_, Box<dyn std::error::Error>>| {
            chunk.map(Frame::data).map_err(|error| io::Error::other(error.to_string()))
        };
        Poll::Ready(next.map(frame))
    }

    fn is_end_stream(&self) -> bool {
        self.left == Some(0)
    }
}
