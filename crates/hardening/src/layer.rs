//! What the layers have in common: their type, and how they reach every answer.

use actix_web::Error;
use actix_web::dev::{Service, ServiceRequest, ServiceResponse, Transform};
use actix_web::http::header::{HeaderMap, HeaderName};

/// What stands inside a layer: the next layer, or the routes. It answers with bodies of type `B`.
pub trait Inner<B>:
    Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static
{
}

impl<S, B> Inner<B> for S where
    S: Service<ServiceRequest, Response = ServiceResponse<B>, Error = Error> + 'static
{
}

/// What `App::wrap` takes: it stands around an `S`, and its answers have bodies of type `B`.
pub trait Layer<S, B>:
    Transform<S, ServiceRequest, Response = ServiceResponse<B>, Error = Error, InitError = ()>
{
}

impl<T, S, B> Layer<S, B> for T where
    T: Transform<S, ServiceRequest, Response = ServiceResponse<B>, Error = Error, InitError = ()>
{
}

/// Lets `finish` at the headers of an answer, also of one that is still an error: Actix makes an
/// answer of that only when it has passed the outermost layer.
pub(crate) fn finish_headers<B>(
    outcome: Result<ServiceResponse<B>, Error>,
    finish: impl Fn(&mut HeaderMap) + 'static,
) -> Result<ServiceResponse<B>, Error> {
    match outcome {
        Ok(mut response) => {
            finish(response.headers_mut());
            Ok(response)
        }
        Err(mut error) => {
            error.add_response_mapper(move |mut response| {
                finish(response.headers_mut());
                response
            });
            Err(error)
        }
    }
}

/// A header that should stand in a request at most once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Given<'a> {
    Absent,
    Once(&'a str),
    /// Several times, or with bytes that are not visible ASCII: nobody well-meaning sends that.
    Odd,
}

impl<'a> Given<'a> {
    pub(crate) fn of(headers: &'a HeaderMap, name: &HeaderName) -> Self {
        let mut values = headers.get_all(name);
        match (values.next().map(|value| value.to_str()), values.next()) {
            (None, _) => Self::Absent,
            (Some(Ok(text)), None) => Self::Once(text),
            _ => Self::Odd,
        }
    }

    pub(crate) fn once(self) -> Option<&'a str> {
        match self {
            Self::Once(text) => Some(text),
            Self::Absent | Self::Odd => None,
        }
    }
}
