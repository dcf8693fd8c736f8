//! Every error answer is a problem with the request's id, those of the framework too.

use crate::problem::{PROBLEM_JSON, Problem};
use crate::request_id::RequestId;
use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ResponseHead, ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::Next;
use actix_web::web::Bytes;
use actix_web::{Error, HttpMessage};

/// Middleware for [`from_fn`](actix_web::middleware::from_fn): turns whatever failed into
/// `application/problem+json` (RFC 9457) and adds `instance`, the request's id. An answer that is
/// a problem already keeps its text; of any other error only the status is told, since the text
/// may hold what clients should not read.
///
/// An answer with [`AsItIs`] among its extensions stays as it is.
///
/// What never reaches the layers is beyond it: [`Listen::serve`](crate::serve::Listen::serve) sees to
/// bytes that are not HTTP and heads that are too long.
///
/// # Errors
/// Those of the inner layers, whose answers become problems too.
pub async fn problems<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, Error> {
    let id = request.extensions().get::<RequestId>().cloned();
    match next.call(request).await {
        Ok(response) if failed(&response) => Ok(response
            .map_body(|head, body| EitherBody::right(problem_body(head, body, id.as_ref())))),
        Ok(response) => Ok(response.map_into_left_body()),
        Err(mut error) => {
            error.add_response_mapper(move |response| {
                response.map_body(|head, body| problem_body(head, body, id.as_ref()))
            });
            Err(error)
        }
    }
}

/// Set among an answer's extensions: its status says that something is amiss, and its body is not an
/// error's but says what, as a probe's does.
#[derive(Debug, Clone, Copy)]
pub struct AsItIs;

fn failed<B>(response: &ServiceResponse<B>) -> bool {
    let status = response.status();
    let is_error = status.is_client_error() || status.is_server_error();
    is_error && !response.response().extensions().contains::<AsItIs>()
}

fn problem_body(
    head: &mut ResponseHead,
    body: impl MessageBody + 'static,
    id: Option<&RequestId>,
) -> BoxBody {
    if is_problem(head) {
        return match body.try_into_bytes() {
            Ok(bytes) => BoxBody::new(with_instance(bytes, id)),
            Err(body) => BoxBody::new(body),
        };
    }
    let problem = serde_json::to_vec(&Problem::of(head.status)).unwrap_or_default();
    head.headers_mut().insert(header::CONTENT_TYPE, PROBLEM_JSON);
    // What was encoded is gone.
    head.headers_mut().remove(header::CONTENT_ENCODING);
    BoxBody::new(with_instance(problem.into(), id))
}

fn is_problem(head: &ResponseHead) -> bool {
    let kind = head.headers().get(header::CONTENT_TYPE);
    kind.is_some_and(|kind| kind.as_bytes().starts_with(PROBLEM_JSON.as_bytes()))
}

/// The object with `instance` as its last member, which is cheaper than parsing what was written a
/// moment ago. An id has no character that JSON would escape. In a text the quotes are escaped, so
/// `"instance":` is a member's name wherever it stands.
pub(crate) fn with_instance(body: Bytes, id: Option<&RequestId>) -> Bytes {
    const MEMBER: &[u8] = br#""instance":"#;
    let (Some(id), Some(open)) = (id, body.strip_suffix(b"}")) else { return body };
    if open.ends_with(b"{") || open.windows(MEMBER.len()).any(|bytes| bytes == MEMBER) {
        return body;
    }
    [open, b",", MEMBER, b"\"", id.as_str().as_bytes(), b"\"}"].concat().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use actix_web::http::StatusCode;

    fn signed(body: &'static str) -> String {
        let id = RequestId::parse("an-id").unwrap();
        String::from_utf8(with_instance(Bytes::from(body), Some(&id)).to_vec()).unwrap()
    }

    #[test]
    fn instance_is_added_once_and_only_to_an_object() {
        assert_eq!(signed(r#"{"status":404}"#), r#"{"status":404,"instance":"an-id"}"#);
        for body in [r#"{"instance":"theirs","status":404}"#, "{}", "[]", "", "not JSON"] {
            assert_eq!(signed(body), body);
        }
    }

    #[test]
    fn a_text_that_looks_like_the_member_is_still_a_text() {
        let problem = Problem {
            detail: r#"odd "instance": text"#.to_owned(),
            ..Problem::of(StatusCode::CONFLICT)
        };
        let id = RequestId::parse("an-id").unwrap();
        let body = with_instance(serde_json::to_vec(&problem).unwrap().into(), Some(&id));
        let read: Problem = serde_json::from_slice(&body).unwrap();
        assert_eq!(read, Problem { instance: Some("an-id".to_owned()), ..problem });
    }
}
