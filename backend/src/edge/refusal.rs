//! The answers that the app does not give.

use super::{Observer, cors_settings, headers};
use crate::clock::Clock;
use crate::config::Edge;
use actix_web::dev::{AppConfig, RequestHead};
use hardening::serve::{Outside, Refuse, overloaded};

/// What they have as all others do.
pub fn outside(settings: &Edge, clock: Clock) -> Outside {
    Outside::new(headers(settings), &cors_settings(settings), move || clock.new_id())
}

/// That of a service which has more to do than it can. It is counted.
pub fn refusal(observer: Observer, outside: Outside) -> impl Refuse {
    let answer = overloaded(outside);
    move |head: &RequestHead, config: &AppConfig| {
        observer.refused(head);
        answer(head, config)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::SlowRequests;
    use crate::telemetry::Metrics;

    #[test]
    fn a_refusal_is_counted_and_complete() {
        let metrics = Metrics::new().unwrap();
        let slow = SlowRequests::default();
        let observer = Observer { metrics: metrics.clone(), slow, traces: None };
        let refuse = refusal(observer, outside(&Edge::default(), Clock::default()));
        let answer = refuse(&RequestHead::default(), &AppConfig::default());
        assert_eq!(answer.status(), 503);
        for name in ["retry-after", "x-request-id", "content-security-policy", "vary"] {
            assert!(answer.headers().contains_key(name), "{name}");
        }
        let counted = metrics.requests.with_label_values(&["GET", "refused", "503"]);
        assert_eq!(counted.get(), 1);
    }
}
