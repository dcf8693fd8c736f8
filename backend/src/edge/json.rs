//! Extractors that parse into types and name the field that is wrong.

use super::body::{BodyLimit, read_body};
use crate::error::{ApiError, Code};
use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use invocation::{FieldProblem, parse_json, pointer_to};
use percent_encoding::percent_decode_str;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::borrow::Cow;
use std::future::{Future, Ready, ready};
use std::pin::Pin;

/// A JSON body of an ordinary request.
#[derive(Debug)]
pub struct Json<T>(T);

const LIMIT: BodyLimit = BodyLimit { received: 256 * 1024, decoded: 256 * 1024 };

impl<T> Json<T> {
    /// The value.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T: DeserializeOwned> FromRequest for Json<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, payload) = (request.clone(), payload.take());
        Box::pin(async move {
            if media_type(&request).is_none_or(|kind| kind != "application/json") {
                let detail = "Content-Type must be application/json.";
                return Err(ApiError::new(Code::UnsupportedMediaType, detail));
            }
            let mut payload = web::Payload::from_request(&request, &mut { payload })
                .await
                .map_err(ApiError::internal)?;
            let body = read_body(&request, &mut payload, LIMIT).await?;
            let text = std::str::from_utf8(&body).map_err(|error| {
                let detail = format!("is not valid UTF-8 at byte {}", error.valid_up_to());
                ApiError::from(FieldProblem::malformed(detail))
            })?;
            Ok(Self(parse_json(text)?))
        })
    }
}

/// The media type of a body without its parameters, in lower case.
pub(crate) fn media_type(request: &HttpRequest) -> Option<String> {
    let value = request.headers().get(header::CONTENT_TYPE)?.to_str().ok()?;
    Some(value.split(';').next()?.trim().to_ascii_lowercase())
}

/// Query parameters, each at most once, none unknown.
#[derive(Debug)]
pub struct Query<T>(T);

impl<T> Query<T> {
    /// The value.
    pub fn into_inner(self) -> T {
        self.0
    }
}

impl<T: DeserializeOwned> FromRequest for Query<T> {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(parse_query(request.query_string()).map(Self).map_err(ApiError::from))
    }
}

/// For routes that take no query: whoever sends one expects something of it that will not be.
#[derive(Debug)]
pub struct NoQuery;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Nothing {}

impl FromRequest for NoQuery {
    type Error = ApiError;
    type Future = Ready<Result<Self, ApiError>>;

    fn from_request(request: &HttpRequest, _payload: &mut Payload) -> Self::Future {
        ready(match request.query_string() {
            "" => Ok(Self),
            query => parse_query(query).map(|Nothing {}| Self).map_err(ApiError::from),
        })
    }
}

fn parse_query<T: DeserializeOwned>(query: &str) -> Result<T, FieldProblem> {
    let mut fields = Map::new();
    for (name, value) in url_pairs(query)? {
        let pointer = pointer_to(&name);
        // PostgreSQL cannot store it, so that nothing has it.
        if value.contains('\0') {
            return Err(FieldProblem::new(pointer, "must not hold U+0000"));
        }
        if fields.insert(name, Value::String(value)).is_some() {
            return Err(FieldProblem::new(pointer, "stands twice in the query"));
        }
    }
    parse_json(&Value::Object(fields).to_string())
}

/// The names and values of a query (`application/x-www-form-urlencoded`, WHATWG URL, section 5.1). The
/// rule there puts U+FFFD in the place of what is not UTF-8; here that is a fault of its field.
fn url_pairs(query: &str) -> Result<Vec<(String, String)>, FieldProblem> {
    let not_utf8 = |name: &str| FieldProblem::new(pointer_to(name), "is not valid UTF-8");
    let pairs = query.split('&').filter(|pair| !pair.is_empty());
    let decoded = pairs.map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        let name = url_decoded(name).ok_or_else(|| not_utf8(name))?;
        let value = url_decoded(value).ok_or_else(|| not_utf8(&name))?;
        Ok((name, value))
    });
    decoded.collect()
}

fn url_decoded(text: &str) -> Option<String> {
    let text = text.replace('+', " ");
    percent_decode_str(&text).decode_utf8().ok().map(Cow::into_owned)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::edge::Limit;

    #[derive(Debug, serde::Deserialize)]
    #[serde(deny_unknown_fields)]
    struct Page {
        #[serde(default)]
        limit: Limit,
    }

    #[test]
    fn parameters_are_known_unique_and_in_range() {
        assert_eq!(parse_query::<Page>("limit=7").unwrap().limit.get(), 7);
        assert_eq!(parse_query::<Page>("").unwrap().limit.get(), 50);
        for (query, pointer) in [
            ("limit=0", "/limit"),
            ("limit=501", "/limit"),
            ("limit=x", "/limit"),
            ("limit=1&limit=2", "/limit"),
            ("page=1", "/page"),
            ("limit=%00", "/limit"),
            ("limit=%ff", "/limit"),
            ("a%2Fb=%ff", "/a~1b"),
            ("%ff=1", "/%ff"),
        ] {
            assert_eq!(parse_query::<Page>(query).unwrap_err().pointer, pointer, "{query}");
        }
    }

    #[test]
    fn pairs_are_decoded_as_browsers_encode_them() {
        let pairs = |query| url_pairs(query).unwrap();
        let expected = [("a b", "c+d"), ("ä", ""), ("", "x=y"), ("e", "%")];
        let expected = expected.map(|(name, value)| (name.to_owned(), value.to_owned()));
        assert_eq!(pairs("&a+b=c%2Bd&%C3%A4&=x=y&&e=%"), expected);
        assert_eq!(pairs(""), []);
    }
}
