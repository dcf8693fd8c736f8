//! Cross-Origin Resource Sharing (Fetch, section 3.3): which other origins' scripts may read.

use crate::layer::{Given, Inner, Layer, finish_headers};
use crate::origin::Origin;
use actix_web::HttpResponse;
use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::ServiceRequest;
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::{Next, from_fn};
use std::rc::Rc;
use std::time::Duration;

/// Which other origins may read, and how they may ask. There is no "any origin", so it cannot meet
/// credentials.
#[derive(Debug, Clone)]
pub struct Cors {
    /// The origins.
    pub origins: Vec<Origin>,
    /// Methods beyond `GET`, `HEAD` and `POST`, which need no leave.
    pub methods: Vec<Method>,
    /// Request headers that scripts may set, beyond the few that need no leave.
    pub headers: Vec<HeaderName>,
    /// Answer headers that scripts may read, beyond the few that need no leave.
    pub exposed: Vec<HeaderName>,
    /// How long browsers may remember it, in whole seconds; Chromium takes 2 hours at most.
    pub max_age: Duration,
    /// Whether browsers send cookies along.
    pub credentials: bool,
}

/// The settings as they are sent.
#[derive(Clone)]
pub(crate) struct Permits {
    origins: Vec<HeaderValue>,
    preflight: Vec<(HeaderName, HeaderValue)>,
    answer: Vec<(HeaderName, HeaderValue)>,
}

impl Permits {
    pub(crate) fn of(settings: &Cors) -> Self {
        let age = HeaderValue::from(settings.max_age.as_secs());
        let credentials = settings.credentials.then_some((
            header::ACCESS_CONTROL_ALLOW_CREDENTIALS,
            HeaderValue::from_static("true"),
        ));
        let preflight = [
            list(&settings.methods).map(|it| (header::ACCESS_CONTROL_ALLOW_METHODS, it)),
            list(&settings.headers).map(|it| (header::ACCESS_CONTROL_ALLOW_HEADERS, it)),
            Some((header::ACCESS_CONTROL_MAX_AGE, age)),
            credentials.clone(),
        ];
        let exposed = list(&settings.exposed).map(|it| (header::ACCESS_CONTROL_EXPOSE_HEADERS, it));
        let origins = settings.origins.iter().map(Origin::as_str);
        Self {
            origins: origins.filter_map(|origin| HeaderValue::from_str(origin).ok()).collect(),
            preflight: preflight.into_iter().flatten().collect(),
            answer: [credentials, exposed].into_iter().flatten().collect(),
        }
    }

    /// The request's origin, if it is on the list: byte for byte, as browsers write it.
    fn origin(&self, headers: &HeaderMap) -> Option<HeaderValue> {
        let given = Given::of(headers, &header::ORIGIN).once()?;
        self.origins.iter().find(|origin| *origin == given).cloned()
    }

    /// What an answer to a request with these headers has.
    pub(crate) fn write(&self, asked: &HeaderMap, answer: &mut HeaderMap) {
        write(answer, self.origin(asked).as_ref(), &self.answer);
    }
}

fn list(items: &[impl AsRef<str>]) -> Option<HeaderValue> {
    let items: Vec<&str> = items.iter().map(AsRef::as_ref).collect();
    HeaderValue::try_from(items.join(", ")).ok().filter(|value| !value.is_empty())
}

/// Tells browsers which origins may read the answers, and answers their preflight requests. A
/// request from anywhere else goes its way as if this layer were not there: its answer has no CORS
/// header, so browsers keep it from the script that asked. Every answer says `Vary: Origin`, that
/// no cache may mix them up (Fetch, "CORS protocol and HTTP caches").
pub fn cors<S, B>(settings: &Cors) -> impl Layer<S, EitherBody<B>> + use<S, B>
where
    S: Inner<B>,
    B: MessageBody + 'static,
{
    let permits = Rc::new(Permits::of(settings));
    from_fn(move |request: ServiceRequest, next: Next<B>| {
        let permits = Rc::clone(&permits);
        async move {
            let origin = permits.origin(request.headers());
            if origin.is_some() && is_preflight(&request) {
                let mut response = HttpResponse::NoContent().finish();
                write(response.headers_mut(), origin.as_ref(), &permits.preflight);
                return Ok(request.into_response(response).map_into_right_body());
            }
            let outcome = finish_headers(next.call(request).await, move |headers| {
                write(headers, origin.as_ref(), &permits.answer);
            });
            Ok(outcome?.map_into_left_body())
        }
    })
}

/// Fetch, section 3.3.2: `OPTIONS` that asks for the leave to use a method.
fn is_preflight(request: &ServiceRequest) -> bool {
    request.method() == Method::OPTIONS
        && request.headers().contains_key(header::ACCESS_CONTROL_REQUEST_METHOD)
}

fn write(
    headers: &mut HeaderMap,
    origin: Option<&HeaderValue>,
    permits: &[(HeaderName, HeaderValue)],
) {
    headers.append(header::VARY, HeaderValue::from_static("origin"));
    let Some(origin) = origin else { return };
    headers.insert(header::ACCESS_CONTROL_ALLOW_ORIGIN, origin.clone());
    for (name, value) in permits {
        headers.insert(name.clone(), value.clone());
    }
}
