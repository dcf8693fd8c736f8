//! A connection on which HTTP/1.1 is spoken: bytes ↔ heads and bodies.
//!
//! Parsed and written by [`Codec`], of actix-http, but for bodies in chunks.

use super::chunks::{Chunks, Malformed};
use super::server::Stream;
use super::unread_body::{content_length, is_short};
use actix_http::error::{ParseError, PayloadError};
use actix_http::h1::{Codec, Message, MessageType};
use actix_http::{ConnectionType, HttpMessage, Request, Response, ServiceConfig};
use actix_web::body::BodySize;
use actix_web::http::{Method, StatusCode, Version};
use actix_web::web::{Buf, BufMut, Bytes, BytesMut};
use std::io;
use std::mem;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use tokio::io::AsyncWrite;
use tokio_util::codec::{Decoder, Encoder};
use tokio_util::io::poll_read_buf;

/// How long a request's head may be, and how much may lie read behind it.
const HEAD: usize = 64 << 10;
/// How much is read at once of heads, and of bodies.
const HEAD_ROOM: usize = 4 << 10;
const BODY_ROOM: usize = 32 << 10;
/// Below this there is no room worth a read.
const LEAST: usize = 1 << 10;
/// Most answers fit in this, head and body: taken at once, since the codec takes it in three steps.
const ANSWER_ROOM: usize = 2 << 10;
/// So much of an answer goes out at once.
const FULL: usize = 32 << 10;

/// What the client says next.
pub(super) enum Next {
    Request(Request),
    /// A head that cannot be taken for one.
    Refused(StatusCode),
    End,
}

/// Both directions of a connection. While nothing is read or sent it holds no buffers: most connections
/// are silent most of the time.
pub(super) struct Wire {
    stream: Stream,
    codec: Codec,
    /// The body that is being read comes in chunks.
    chunks: Option<Chunks>,
    received: BytesMut,
    unsent: BytesMut,
    /// The client sends no more.
    ended: bool,
    /// The client waits to be told that its body is wanted (RFC 9110, section 10.1.1).
    expects: bool,
    /// The request came with a body, and with a short one.
    is_short: bool,
    /// An answer has begun. Only it is flushed then: of two who wait for the same only one is told.
    answers: bool,
    method: Method,
    version: Version,
}

impl Wire {
    pub(super) fn new(stream: Stream, config: ServiceConfig) -> Self {
        Self {
            stream,
            codec: Codec::new(config),
            chunks: None,
            received: BytesMut::new(),
            unsent: BytesMut::new(),
            ended: false,
            expects: false,
            is_short: false,
            answers: false,
            method: Method::GET,
            version: Version::HTTP_11,
        }
    }

    /// Reads the next request's head.
    pub(super) fn poll_head(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<Next>> {
        loop {
            if let Some(next) = self.parse_head() {
                return Poll::Ready(Ok(next));
            }
            if self.ended || ready!(self.poll_fill(HEAD_ROOM, cx))? == 0 {
                return Poll::Ready(Ok(Next::End));
            }
        }
    }

    fn parse_head(&mut self) -> Option<Next> {
        if self.received.is_empty() {
            return None;
        }
        Some(match self.codec.decode(&mut self.received) {
            Ok(Some(Message::Item(request))) => {
                if self.frame(&request).is_err() {
                    return Some(Next::Refused(StatusCode::BAD_REQUEST));
                }
                self.expects = request.head().expect();
                self.is_short = self.has_body() && is_short(request.head().headers());
                self.answers = false;
                self.method = request.method().clone();
                self.version = request.version();
                Next::Request(request)
            }
            Ok(None) if self.received.len() < HEAD => return None,
            Ok(None) | Err(ParseError::TooLarge) => Next::Refused(self.too_large()),
            Ok(Some(Message::Chunk(_))) | Err(_) => Next::Refused(StatusCode::BAD_REQUEST),
        })
    }

    /// Finds out how the request's body is read, where the codec is not to read it.
    fn frame(&mut self, request: &Request) -> Result<(), ParseError> {
        let would_upgrade = self.would_upgrade(request);
        let is_chunked = (would_upgrade || self.has_body()) && request.chunked()?;
        self.chunks = is_chunked.then_some(Chunks::Size);
        if would_upgrade || is_chunked { self.tell_again(request) } else { Ok(()) }
    }

    /// Whether the codec is about to let the connection go over to another protocol. None is granted
    /// here, and so the wish is ignored (RFC 9110, section 7.8): the body is framed as any other
    /// (RFC 9112, section 6.3), and the answer says nothing of it.
    fn would_upgrade(&self, request: &Request) -> bool {
        let becomes_stream = self.codec.message_type() == MessageType::Stream;
        self.codec.upgrade() || (becomes_stream && request.method() != Method::CONNECT)
    }

    /// Tells a new codec the request's head, as far as it is to remember it.
    fn tell_again(&mut self, request: &Request) -> Result<(), ParseError> {
        let head = request.head();
        let connection = match head.connection_type() {
            ConnectionType::Close => "connection: close\r\n",
            _ => "",
        };
        let body = match content_length(head.headers()) {
            Some(bytes) => format!("content-length: {bytes}\r\n"),
            None => String::new(),
        };
        let (method, version) = (&head.method, head.version);
        let told = format!("{method} / {version:?}\r\nhost: x\r\n{connection}{body}\r\n");
        self.codec = Codec::new(self.codec.config().clone());
        self.codec.decode(&mut BytesMut::from(&*told)).map(drop)
    }

    /// RFC 9110, section 15.5.15, and RFC 6585, section 5.
    fn too_large(&self) -> StatusCode {
        if self.received.contains(&b'\n') {
            StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
        } else {
            StatusCode::URI_TOO_LONG
        }
    }

    /// Whether the request that was read has a body.
    pub(super) fn has_body(&self) -> bool {
        self.chunks.is_some() || self.codec.message_type() == MessageType::Payload
    }

    /// Reads a piece of the request's body. The client is told to go on when it waits for that.
    pub(super) fn poll_body(
        &mut self,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, PayloadError>>> {
        loop {
            if !self.has_body() {
                return Poll::Ready(None);
            }
            match self.parse_body() {
                Ok(Some(piece)) => return Poll::Ready(Some(Ok(piece))),
                Ok(None) if self.has_body() => {}
                Ok(None) => return Poll::Ready(None),
                Err(malformed) => return Poll::Ready(Some(Err(malformed))),
            }
            if let Err(error) = self.ask_for_body(cx) {
                return Poll::Ready(Some(Err(PayloadError::Io(error))));
            }
            match ready!(self.poll_fill(BODY_ROOM, cx)) {
                Ok(0) => return Poll::Ready(Some(Err(PayloadError::Incomplete(None)))),
                Ok(_) => {}
                Err(error) => return Poll::Ready(Some(Err(PayloadError::Io(error)))),
            }
        }
    }

    fn parse_body(&mut self) -> Result<Option<Bytes>, PayloadError> {
        let Some(chunks) = &mut self.chunks else {
            let piece = self.codec.decode(&mut self.received);
            return match piece.map_err(|_| PayloadError::EncodingCorrupted)? {
                Some(Message::Chunk(piece)) => Ok(piece),
                _ => Ok(None),
            };
        };
        let piece = chunks.next(&mut self.received);
        if chunks.has_ended() {
            self.chunks = None;
        }
        piece.map_err(|Malformed| PayloadError::EncodingCorrupted)
    }

    /// Whether what is left of the request's body is short, and sent unasked: who waits to be told to
    /// send it would send it in vain.
    pub(super) fn is_soon_read(&self) -> bool {
        self.is_short && self.has_body() && !self.expects
    }

    /// Reads the request's body to its end and forgets it.
    pub(super) fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<()> {
        while let Some(Ok(_)) = ready!(self.poll_body(cx)) {}
        Poll::Ready(())
    }

    fn ask_for_body(&mut self, cx: &mut Context<'_>) -> io::Result<()> {
        if self.answers {
            return Ok(());
        }
        if mem::take(&mut self.expects) {
            self.unsent.extend_from_slice(b"HTTP/1.1 100 Continue\r\n\r\n");
        }
        match self.poll_flush(cx) {
            Poll::Ready(outcome) => outcome,
            Poll::Pending => Ok(()),
        }
    }

    /// Looks out for the client while its request is worked on: an error if it is gone. What it sends
    /// meanwhile is kept. Who only closes its own direction waits for the answer still.
    pub(super) fn poll_gone(&mut self, cx: &mut Context<'_>) -> Poll<io::Error> {
        // Of a body whoever wants it is told.
        while !self.ended && !self.is_unread() && self.received.len() < HEAD {
            if let Err(error) = ready!(self.poll_fill(HEAD_ROOM, cx)) {
                return Poll::Ready(error);
            }
        }
        Poll::Pending
    }

    fn poll_fill(&mut self, room: usize, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        if self.received.capacity() - self.received.len() < LEAST {
            self.received.reserve(room);
        }
        let left = HEAD.saturating_sub(self.received.len());
        let mut into = (&mut self.received).limit(left);
        let read = poll_read_buf(Pin::new(&mut self.stream), cx, &mut into);
        if read.is_pending() && self.received.is_empty() {
            self.received = BytesMut::new();
        }
        let read = ready!(read)?;
        self.ended = read == 0;
        Poll::Ready(Ok(read))
    }

    /// Whether the client has sent, or is about to send, a body that nobody read to its end. Behind it
    /// there is no telling where the next request begins.
    pub(super) fn is_unread(&self) -> bool {
        self.chunks.is_some() || self.codec.message_type() != MessageType::None
    }

    /// Writes an answer's head; whether its body is to follow. If it is the `last`, it says so.
    pub(super) fn write_head(
        &mut self,
        mut head: Response<()>,
        size: BodySize,
        last: bool,
    ) -> io::Result<bool> {
        self.answers = true;
        let status = head.status();
        // RFC 9110, section 6.4.1.
        let never = status.is_informational()
            || matches!(status, StatusCode::NO_CONTENT | StatusCode::NOT_MODIFIED);
        let no_body = never || self.method == Method::HEAD;
        let size = if size == BodySize::None && !no_body { BodySize::Sized(0) } else { size };
        // RFC 9112, section 6.1: HTTP/1.0 knows no chunks. The codec writes none after `CONNECT`.
        let ends_by_closing = size == BodySize::Stream
            && (self.version < Version::HTTP_11
                || self.codec.message_type() == MessageType::Stream);
        head.head_mut().no_chunking(ends_by_closing);
        if last || ends_by_closing || self.is_unread() {
            head.head_mut().set_connection_type(ConnectionType::Close);
        }
        self.unsent.reserve(ANSWER_ROOM);
        self.codec.encode(Message::Item((head, size)), &mut self.unsent)?;
        Ok(!no_body && size != BodySize::Sized(0))
    }

    /// Writes a piece of an answer's body; whether there is enough to be flushed.
    pub(super) fn write_body(&mut self, piece: Bytes) -> io::Result<bool> {
        self.codec.encode(Message::Chunk(Some(piece)), &mut self.unsent)?;
        Ok(self.unsent.len() >= FULL)
    }

    /// Writes the end of an answer's body, which fails if it was shorter than its head said.
    pub(super) fn write_end(&mut self) -> io::Result<()> {
        self.codec.encode(Message::Chunk(None), &mut self.unsent)
    }

    /// Bytes that were written and are not on their way.
    pub(super) fn unsent(&self) -> usize {
        self.unsent.len()
    }

    /// Sends what was written.
    pub(super) fn poll_flush(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.unsent.is_empty() {
            match ready!(Pin::new(&mut self.stream).poll_write(cx, &self.unsent))? {
                0 => return Poll::Ready(Err(io::ErrorKind::WriteZero.into())),
                sent => self.unsent.advance(sent),
            }
        }
        self.unsent = BytesMut::new();
        Pin::new(&mut self.stream).poll_flush(cx)
    }

    /// Whether another request may follow the answer that was written.
    pub(super) fn goes_on(&self) -> bool {
        self.codec.keep_alive() && !self.is_unread()
    }

    /// Says that no more is sent.
    pub(super) fn poll_shutdown(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(cx)
    }

    /// Reads what is still sent and forgets it.
    pub(super) fn poll_drain(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        while !self.ended {
            self.received.clear();
            ready!(self.poll_fill(BODY_ROOM, cx))?;
        }
        Poll::Ready(Ok(()))
    }
}
