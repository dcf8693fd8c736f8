//! HTTP by hyper, whose requests an Actix app answers.
//!
//! Actix's own (actix-http 3.20) lets clients who send little take much memory, without a credential and
//! without a setting that would bound it: on HTTP/2 as many requests in progress as they like, and 16 MiB of
//! header fields each (1.6 MB made it take 1.2 GB); on HTTP/1.1 as many requests as 128 KiB hold, all of them
//! parsed before the first is answered (a hundred connections, 10 MB, made it take 1.9 GB).

use super::connections::Connection;
use super::listen::Listen;
use super::server::Stream;
use actix_http::error::PayloadError;
use actix_http::{HttpMessage, Payload, Request, Response};
use actix_service::Service;
use actix_web::body::{BodySize, BoxBody, MessageBody};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::http::{ConnectionType, Method, StatusCode, Uri, Version};
use actix_web::web::Bytes;
use futures_util::{StreamExt, TryStreamExt, stream};
use http_body_util::BodyExt;
use hyper::body::{Body, Frame, Incoming};
use hyper::header::{
    CONNECTION, CONTENT_LENGTH, HOST, HeaderValue as FieldValue, TRANSFER_ENCODING,
};
use hyper::http::request::Parts;
use hyper::http::uri::Authority;
use hyper::rt::Executor;
use hyper::server::conn::{http1, http2};
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use std::cell::Cell;
use std::convert::Infallible;
use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::Arc;
use std::task::{Context, Poll, ready};

/// How long a request's fields may be. On HTTP/2 as RFC 9113, section 6.5.2, counts them: with 32 bytes for
/// each. Beyond, hyper answers 431.
const HEAD: u32 = 64 << 10;
/// Requests of a connection on HTTP/2 that may be in progress; RFC 9113, section 6.5.2, asks for 100 or more.
const STREAMS: u32 = 128;
/// What a client on HTTP/2 may send ahead of its being read: of one request, and of all.
const WINDOWS: (u32, u32) = (1 << 20, 2 << 20);
/// How much of an answer on HTTP/2 lies ready for the client to take; the rest stays in the body.
const UNSENT: usize = 32 << 10;

/// Where requests come from.
#[derive(Debug, Clone)]
pub(super) struct Origin {
    pub(super) peer: Option<SocketAddr>,
    pub(super) connection: Option<Arc<Connection>>,
}

/// Serves a connection until its client is done, or `stopping` and what is in progress is answered.
pub(super) async fn serve<S, B>(
    stream: Stream,
    speaks_http2: bool,
    origin: Origin,
    app: Rc<S>,
    listen: &Listen,
    stopping: impl Future<Output = ()>,
) -> hyper::Result<()>
where
    S: Service<Request> + 'static,
    S::Response: Into<Response<B>>,
    S::Error: Into<Response<BoxBody>>,
    B: MessageBody + 'static,
{
    let answer = service_fn(move |request: hyper::Request<Incoming>| {
        let is_head = request.method() == hyper::Method::HEAD;
        let unread = Rc::new(Cell::new(!request.body().is_end_stream()));
        let request = to_actix(request, &origin, &unread).map(|request| app.call(request));
        async move {
            let response = match request {
                Some(answered) => answered
                    .await
                    .map_or_else(Into::into, |response| response.into().map_into_boxed_body()),
                None => not_http(),
            };
            Ok::<_, Infallible>(from_actix(response, is_head, unread.get()))
        }
    });
    let (stream, timer) = (TokioIo::new(stream), TokioTimer::new());
    if speaks_http2 {
        let connection = http2::Builder::new(OnWorker)
            .timer(timer)
            .max_concurrent_streams(STREAMS)
            .max_header_list_size(HEAD)
            .initial_stream_window_size(WINDOWS.0)
            .initial_connection_window_size(WINDOWS.1)
            .max_send_buf_size(UNSENT)
            .keep_alive_interval(listen.idle)
            .keep_alive_timeout(listen.idle)
            .serve_connection(stream, answer);
        until(connection, stopping, http2::Connection::graceful_shutdown).await
    } else {
        let connection = http1::Builder::new()
            .timer(timer)
            .header_read_timeout(listen.idle)
            .max_buf_size(HEAD as usize)
            .half_close(true)
            .serve_connection(stream, answer);
        until(connection, stopping, http1::Connection::graceful_shutdown).await
    }
}

/// Waits for a connection's end, which is near once `stopping`.
async fn until<C: Future>(
    connection: C,
    stopping: impl Future<Output = ()>,
    stop: impl FnOnce(Pin<&mut C>),
) -> C::Output {
    let mut connection = pin!(connection);
    tokio::select! {
        ended = connection.as_mut() => return ended,
        () = stopping => stop(connection.as_mut()),
    }
    connection.await
}

/// Requests stay on the worker of their connection.
#[derive(Debug, Clone, Copy)]
struct OnWorker;

impl<F: Future<Output = ()> + 'static> Executor<F> for OnWorker {
    fn execute(&self, request: F) {
        tokio::task::spawn_local(request);
    }
}

/// None if the head is not one of HTTP after all: hyper leaves some of its rules to others, and takes
/// characters in addresses that Actix does not.
fn to_actix(
    request: hyper::Request<Incoming>,
    origin: &Origin,
    unread: &Rc<Cell<bool>>,
) -> Option<Request> {
    let (head, body) = request.into_parts();
    if !has_sound_host(&head) || !has_sound_coding(&head) {
        return None;
    }
    let mut request = Request::with_payload(payload(body, unread));
    let to = request.head_mut();
    to.method = Method::from_bytes(head.method.as_str().as_bytes()).ok()?;
    to.uri = Uri::try_from(head.uri.to_string()).ok()?;
    to.version = match head.version {
        hyper::Version::HTTP_2 => Version::HTTP_2,
        hyper::Version::HTTP_10 => Version::HTTP_10,
        _ => Version::HTTP_11,
    };
    to.peer_addr = origin.peer;
    for (name, value) in &head.headers {
        let name = HeaderName::from_bytes(name.as_str().as_bytes()).ok()?;
        to.headers.append(name, HeaderValue::from_bytes(value.as_bytes()).ok()?);
    }
    if let Some(connection) = &origin.connection {
        request.extensions_mut().insert(Arc::clone(connection));
    }
    Some(request)
}

/// RFC 9112, section 3.2: on HTTP/1.1 there is one `Host`, and it is one.
fn has_sound_host(head: &Parts) -> bool {
    let mut hosts = head.headers.get_all(HOST).iter();
    match (hosts.next(), hosts.next()) {
        (None, _) => head.version != hyper::Version::HTTP_11,
        (Some(host), None) => host.is_empty() || Authority::try_from(host.as_bytes()).is_ok(),
        (Some(_), Some(_)) => false,
    }
}

/// RFC 9112, section 6.1: a coding that is not known must not be taken for none.
fn has_sound_coding(head: &Parts) -> bool {
    let mut codings = head.headers.get_all(TRANSFER_ENCODING).iter();
    codings.all(|coding| coding.as_bytes().eq_ignore_ascii_case(b"chunked"))
}

fn not_http() -> Response<BoxBody> {
    let mut response = Response::with_body(StatusCode::BAD_REQUEST, BoxBody::new(()));
    response.head_mut().set_connection_type(ConnectionType::Close);
    response
}

/// A body, which is no longer `unread` at its end.
fn payload(body: Incoming, unread: &Rc<Cell<bool>>) -> Payload {
    if !unread.get() {
        return Payload::None;
    }
    let unread = Rc::clone(unread);
    let end = stream::poll_fn(move |_| {
        unread.set(false);
        Poll::Ready(None)
    });
    let chunks = body.into_data_stream();
    let chunks = chunks.map_err(|error| PayloadError::Io(io::Error::other(error)));
    Payload::Stream { payload: Box::pin(chunks.chain(end)) }
}

/// The answer to a request whose body is `unread`, or is not.
fn from_actix(response: Response<BoxBody>, is_head: bool, unread: bool) -> hyper::Response<Answer> {
    let (head, body) = response.into_parts();
    // RFC 9110, section 8.6.
    let has_length = !matches!(head.status(), StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
    let length = match body.size() {
        BodySize::Sized(length) if has_length => Some(length),
        _ => None,
    };
    let has_body = has_length && !is_head && !matches!(body.size(), BodySize::None);
    let left = if has_body { length } else { Some(0) };
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
    // The next request stands behind what is unread. On HTTP/2 hyper leaves this out.
    if unread || head.head().connection_type() == ConnectionType::Close {
        fields.insert(CONNECTION, FieldValue::from_static("close"));
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
