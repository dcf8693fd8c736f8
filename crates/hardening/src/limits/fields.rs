//! How a ruling looks to the client: `RateLimit-Policy` and `RateLimit` (draft-ietf-httpapi-
//! ratelimit-headers-11: lists of structured fields, RFC 9651), `Retry-After` (RFC 9110, 10.2.3).

use super::limiter::Ruling;
use crate::problem::{Problem, ProblemKind};
use actix_web::HttpResponse;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use std::time::Duration;

const RATELIMIT_POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
const RATELIMIT: HeaderName = HeaderName::from_static("ratelimit");

impl Ruling {
    /// Adds the fields to an answer. Rulings of several policies make a list.
    pub fn write(&self, headers: &mut HeaderMap) {
        let Self { policy, quota, decision } = self;
        let (burst, per) = (u64::from(quota.burst().get()), quota.per().as_secs());
        let (remaining, window) = (decision.remaining, whole_seconds(decision.window));
        let policies = item(policy, [("q", burst), ("w", per)]);
        let state = item(policy, [("r", u64::from(remaining)), ("t", window)]);
        for (name, value) in [(RATELIMIT_POLICY, policies), (RATELIMIT, state)] {
            if let Ok(value) = HeaderValue::try_from(value) {
                headers.append(name, value);
            }
        }
        if !decision.allowed {
            headers.insert(RETRY_AFTER, whole_seconds(decision.retry_after).into());
        }
    }

    /// The answer to a refused request: 429 with a problem (RFC 6585, 4; RFC 9457) and the fields.
    #[must_use]
    pub fn refusal(&self) -> HttpResponse {
        let detail = match whole_seconds(self.decision.retry_after) {
            1 => "Try again in a second.".to_owned(),
            seconds => format!("Try again in {seconds} seconds."),
        };
        let mut response = Problem::new(ProblemKind::TOO_MANY_REQUESTS, detail).response();
        self.write(response.headers_mut());
        response
    }
}

/// A string with parameters (RFC 9651, section 3.3.3). Every answer has two of them, so it is put
/// together without the machinery of `format!`.
fn item(policy: &str, parameters: [(&str, u64); 2]) -> String {
    let mut text = String::with_capacity(policy.len() + 48);
    text.extend(["\"", policy, "\""]);
    for (name, value) in parameters {
        text.extend([";", name, "=", itoa::Buffer::new().format(value)]);
    }
    text
}

/// Rounded up, so that nobody comes too early, and never zero, which would mean at once.
fn whole_seconds(time: Duration) -> u64 {
    (time.as_secs() + u64::from(time.subsec_nanos() > 0)).max(1)
}

#[cfg(test)]
mod tests {
    use super::super::gcra::arrive;
    use super::super::quota::Quota;
    use super::*;

    fn ruling(quota: Quota, used: u32) -> Ruling {
        let mut arrival = 0;
        let answers = (0..used).map(|_| arrive(quota, &mut arrival, 0));
        let decision = answers.last().unwrap().decision(quota);
        Ruling { policy: "api", quota, decision }
    }

    fn fields(quota: Quota, used: u32) -> [Option<String>; 3] {
        let mut headers = HeaderMap::new();
        ruling(quota, used).write(&mut headers);
        [RATELIMIT_POLICY, RATELIMIT, RETRY_AFTER]
            .map(|name| headers.get(name).map(|value| value.to_str().unwrap().to_owned()))
    }

    #[test]
    fn fields_tell_what_is_left_and_how_long_it_must_last() {
        let quota = Quota::of::<100, 60>();
        for (used, state, retry_after) in [
            (1, r#""api";r=99;t=60"#, None),
            (50, r#""api";r=50;t=30"#, None),
            (100, r#""api";r=0;t=1"#, None),
            (101, r#""api";r=0;t=1"#, Some("1".to_owned())),
        ] {
            let policy = Some(r#""api";q=100;w=60"#.to_owned());
            assert_eq!(fields(quota, used), [policy, Some(state.to_owned()), retry_after]);
        }
        let [_, state, retry_after] = fields(Quota::of::<5, 300>(), 6);
        assert_eq!(state.as_deref(), Some(r#""api";r=0;t=60"#));
        assert_eq!(retry_after.as_deref(), Some("60"));
    }

    #[test]
    fn policies_side_by_side_make_a_list() {
        let mut headers = HeaderMap::new();
        ruling(Quota::of::<100, 60>(), 1).write(&mut headers);
        ruling(Quota::of::<5, 300>(), 1).write(&mut headers);
        assert_eq!(headers.get_all(RATELIMIT).count(), 2);
    }
}
