//! When an answer is worth compressing, and when that would be dangerous.

use actix_http::encoding::Encoder;
use actix_web::body::{BodySize, BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{
    self, AcceptEncoding, ContentEncoding, Encoding, HeaderMap, HeaderValue, Preference, Quality,
};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest};

/// In bytes: below this, compressing costs more than it saves.
const SMALLEST: u64 = 1024;

/// In a request's or an answer's extensions: this answer is sent as it is. For whatever holds a
/// secret beside something that the client chose: the length after compression tells whether the
/// two are alike (the BREACH attack). Answers that set a cookie need no mark.
#[derive(Debug, Clone, Copy)]
pub struct NoCompression;

/// Middleware for [`from_fn`](actix_web::middleware::from_fn): puts [`NoCompression`] on all that
/// is inside.
///
/// # Errors
/// Those of the inner layers.
pub async fn never_compress<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, Error> {
    request.extensions_mut().insert(NoCompression);
    next.call(request).await
}

/// Middleware for [`from_fn`](actix_web::middleware::from_fn): compresses with `br`, `zstd` or
/// `gzip`, as the client prefers, what is text and of 1 KiB or more (or of unknown length), is not
/// encoded already, sets no cookie and has no [`NoCompression`].
///
/// The encoders are Actix's own, which leave 206 and empty bodies alone and work on large pieces
/// beside the worker. Its `Compress` is not used, for it knows no such exceptions, answers an
/// `Accept-Encoding` that it cannot serve with 406, and looks at that field of every request.
///
/// # Errors
/// Those of the inner layers.
pub async fn compression<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, Error> {
    let mut response = next.call(request).await?;
    if !is_worth_it(&response) {
        return Ok(response.map_into_left_body());
    }
    let encoding = preferred(response.request());
    if encoding == ContentEncoding::Identity {
        // The encoder says this of what it encodes; caches must know it of the plain answer too.
        let vary = HeaderValue::from_static("accept-encoding");
        response.headers_mut().append(header::VARY, vary);
        return Ok(response.map_into_left_body());
    }
    weaken_etag(response.headers_mut());
    // In a box: an encoder is large, and every answer would have room for one, in each layer.
    let encoded = |head: &mut _, body| BoxBody::new(Encoder::response(encoding, head, body));
    Ok(response.map_body(|head, body| EitherBody::right(encoded(head, body))))
}

fn is_worth_it<B: MessageBody>(response: &ServiceResponse<B>) -> bool {
    let large = match response.response().body().size() {
        BodySize::None => false,
        BodySize::Sized(bytes) => bytes >= SMALLEST,
        BodySize::Stream => true,
    };
    let headers = response.headers();
    let is_plain = !headers.contains_key(header::CONTENT_ENCODING);
    large && is_plain && is_text(headers) && !is_secret(response)
}

fn is_secret<B>(response: &ServiceResponse<B>) -> bool {
    response.headers().contains_key(header::SET_COOKIE)
        || response.request().extensions().contains::<NoCompression>()
        || response.response().extensions().contains::<NoCompression>()
}

/// Media types that shrink. Not event streams: an event should not wait for the next.
fn is_text(headers: &HeaderMap) -> bool {
    const TYPES: [&str; 6] = [
        "application/json",
        "application/x-ndjson",
        "application/javascript",
        "application/xml",
        "application/wasm",
        "image/svg+xml",
    ];
    let kind = headers.get(header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    let kind = kind.and_then(|kind| kind.split(';').next()).unwrap_or_default().trim_ascii();
    let kind = kind.to_ascii_lowercase();
    match kind.strip_prefix("text/") {
        Some(text) => text != "event-stream",
        None => TYPES.contains(&kind.as_str()) || kind.ends_with("+json"),
    }
}

fn preferred(request: &HttpRequest) -> ContentEncoding {
    let plain = Encoding::identity();
    let ours = [plain.clone(), Encoding::brotli(), Encoding::zstd(), Encoding::gzip()];
    let Some(accepted) = request.get_header::<AcceptEncoding>() else {
        return ContentEncoding::Identity;
    };
    let mut chosen = accepted.negotiate(ours.iter());
    // It takes `*` for a liking of what is plain, even if that is refused by its name.
    if chosen.as_ref() == Some(&plain) && liking(&accepted, &plain) == Some(Quality::ZERO) {
        chosen = ours.into_iter().find(|it| liking(&accepted, it) > Some(Quality::ZERO));
    }
    match chosen {
        Some(Encoding::Known(encoding)) => encoding,
        // A client that takes nothing gets it plain (RFC 9110, section 12.5.3).
        _ => ContentEncoding::Identity,
    }
}

/// What is said of `encoding`, or else of all that is not named.
fn liking(accepted: &AcceptEncoding, encoding: &Encoding) -> Option<Quality> {
    let of = |wanted| accepted.iter().find(|it| it.item == wanted).map(|it| it.quality);
    of(Preference::Specific(encoding.clone())).or_else(|| of(Preference::Any))
}

/// A strong entity tag stands for the very bytes, which differ now (RFC 9110, section 8.8.3.3).
fn weaken_etag(headers: &mut HeaderMap) {
    let strong = headers.get(header::ETAG).filter(|tag| !tag.as_bytes().starts_with(b"W/"));
    let weak = strong.map(|tag| [b"W/", tag.as_bytes()].concat());
    if let Some(weak) = weak.and_then(|weak| HeaderValue::from_bytes(&weak).ok()) {
        headers.insert(header::ETAG, weak);
    }
}
