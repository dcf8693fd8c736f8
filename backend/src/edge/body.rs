//! Request bodies: bounded, decompressed, never trusted.

use crate::error::{ApiError, Code};
use crate::threads::SCANS;
use actix_web::error::PayloadError;
use actix_web::http::header::{self, HeaderMap};
use actix_web::{HttpRequest, web};
use flate2::read::MultiGzDecoder;
use futures_util::{Stream, StreamExt};
use hardening::serve::content_length;
use std::io::Read;

/// How large a body may be.
#[derive(Debug, Clone, Copy)]
pub struct BodyLimit {
    /// Bytes on the wire.
    pub received: usize,
    /// Bytes after decompression.
    pub decoded: usize,
}

/// Reads a body, `identity` or `gzip`.
///
/// # Errors
/// It is too large either way, of another encoding, cut short or not what it says.
pub async fn read_body(
    request: &HttpRequest,
    payload: &mut web::Payload,
    limit: BodyLimit,
) -> Result<Vec<u8>, ApiError> {
    let is_gzip = is_gzip(request.headers())?;
    let received = receive(request, payload, limit.received).await?;
    if !is_gzip {
        return Ok(received);
    }
    SCANS.run(move || unpack(&received, limit.decoded)).await?
}

/// Whether a body is compressed. The names of codings are in any case (RFC 9110, 8.4.1).
fn is_gzip(headers: &HeaderMap) -> Result<bool, ApiError> {
    let Some(coding) = headers.get(header::CONTENT_ENCODING) else { return Ok(false) };
    match coding.as_bytes().trim_ascii().to_ascii_lowercase().as_slice() {
        b"" | b"identity" => Ok(false),
        b"gzip" | b"x-gzip" => Ok(true),
        _ => {
            let detail = "Content-Encoding must be identity or gzip.";
            Err(ApiError::new(Code::UnsupportedMediaType, detail).accepting("gzip, identity"))
        }
    }
}

/// Reads a body as it comes.
///
/// # Errors
/// It is too large or cut short.
pub(super) async fn receive(
    request: &HttpRequest,
    payload: &mut (impl Stream<Item = Result<web::Bytes, PayloadError>> + Unpin),
    limit: usize,
) -> Result<Vec<u8>, ApiError> {
    let told = content_length(request.headers()).unwrap_or(0) as usize;
    if told > limit {
        return Err(too_large(limit));
    }
    let mut body = Vec::with_capacity(told);
    while let Some(chunk) = payload.next().await {
        let cut = |error| ApiError::new(Code::BadRequest, "The body is cut short.").because(error);
        let chunk = chunk.map_err(cut)?;
        if body.len() + chunk.len() > limit {
            return Err(too_large(limit));
        }
        body.extend_from_slice(&chunk);
    }
    Ok(body)
}

/// Stops at the limit, however much more a small body would unpack to.
fn unpack(packed: &[u8], limit: usize) -> Result<Vec<u8>, ApiError> {
    let mut body = Vec::new();
    let read = MultiGzDecoder::new(packed).take(limit as u64 + 1).read_to_end(&mut body);
    read.map_err(|error| {
        ApiError::new(Code::BadRequest, "The body is not valid gzip.").because(error)
    })?;
    if body.len() > limit { Err(too_large(limit)) } else { Ok(body) }
}

fn too_large(limit: usize) -> ApiError {
    ApiError::new(Code::PayloadTooLarge, format!("The body may have {limit} bytes at most."))
}
