//! The rules: from a window of samples to what is wrong. No clock, no database.

use super::window::{Sample, Window};
use crate::config::RouteClass;
use crate::insights::LONG_LAG;
use crate::telemetry::Room;
use hardening::limits::RouteClass as _;
use std::time::Duration;

/// Fewer requests than this say nothing about a share.
const ENOUGH: u64 = 50;
/// Beyond this share of requests, in percent, something is wrong.
const MUCH: f64 = 5.0;
/// A disk with less than both of these is nearly full: a share of it, in percent, and bytes.
const LITTLE_ROOM: (f64, u64) = (5.0, 4 << 30);
/// What may pass by itself has to last so long.
const LASTING: Duration = Duration::from_secs(30);

/// What can be wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Alert {
    /// Many requests of a class are slow.
    SlowRequests,
    /// Many requests of a class fail.
    ServerErrors,
    /// Many requests are refused, since there are too many.
    Overload,
    /// Redis does not answer.
    RedisAway,
    /// The disk with the data directory has little room left.
    DiskFull,
    /// Invocations wait long to be added up.
    FeedLag,
    /// Entries of the feed were given up.
    DeadLetters,
}

impl Alert {
    pub(super) const ALL: [Self; 7] = [
        Self::SlowRequests,
        Self::ServerErrors,
        Self::Overload,
        Self::RedisAway,
        Self::DiskFull,
        Self::FeedLag,
        Self::DeadLetters,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::SlowRequests => "slow-requests",
            Self::ServerErrors => "server-errors",
            Self::Overload => "overload",
            Self::RedisAway => "redis-away",
            Self::DiskFull => "disk-full",
            Self::FeedLag => "feed-lag",
            Self::DeadLetters => "dead-letters",
        }
    }

    /// `critical`: users notice; `warning`: they will, if nobody looks.
    pub(super) const fn severity(self) -> &'static str {
        match self {
            Self::ServerErrors | Self::Overload | Self::DiskFull => "critical",
            Self::SlowRequests | Self::RedisAway | Self::FeedLag | Self::DeadLetters => "warning",
        }
    }

    /// Whether it is about one process, and not about what all share.
    pub(super) const fn is_of_node(self) -> bool {
        !matches!(self, Self::FeedLag | Self::DeadLetters)
    }

    /// What is wrong, in a sentence without figures: these are the alert's value.
    pub(super) const fn summary(self) -> &'static str {
        match self {
            Self::SlowRequests => "More than 5 % of requests are slow (value: percent).",
            Self::ServerErrors => "More than 5 % of requests fail (value: percent).",
            Self::Overload => {
                "More than 5 % of requests are refused, since there are too many (value: percent)."
            }
            Self::RedisAway => {
                "Redis does not answer: limits count for each process alone, and the feed goes by \
                 the database."
            }
            Self::DiskFull => {
                "The disk of the data directory is nearly full (value: percent free)."
            }
            Self::FeedLag => {
                "Invocations wait to be added up; is a worker running? (value: invocations)"
            }
            Self::DeadLetters => "Entries of the feed were given up (value: entries).",
        }
    }
}

/// What a rule says of a window.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Finding {
    pub(super) alert: Alert,
    /// The class of routes that it is about, if it is about one.
    pub(super) class: Option<RouteClass>,
    /// Whether it is so; `None`: nobody knows now, so nothing changes.
    pub(super) fires: Option<bool>,
    /// By how much.
    pub(super) value: f64,
}

impl Finding {
    /// What it is about: one row fires for each.
    pub(super) fn fingerprint(&self, node: &str) -> String {
        let class = self.class.map_or("", |class| class.name());
        let node = if self.alert.is_of_node() { node } else { "" };
        format!("{}/{class}/{node}", self.alert.name())
    }
}

/// What every rule says.
pub(super) fn evaluate(window: &Window) -> Vec<Finding> {
    let (mut findings, mut all, mut errors) = (Vec::new(), 0, 0);
    for class in window.classes() {
        let counts = window.class(class);
        (all, errors) = (all + counts.requests, errors + counts.errors);
        findings.push(share(Alert::SlowRequests, Some(class), counts.slow, counts.requests));
    }
    let refused = window.refused();
    findings.push(share(Alert::Overload, None, refused, all));
    // What was refused has an alert of its own.
    findings.push(share(Alert::ServerErrors, None, errors.saturating_sub(refused), all));
    let long_lag = |sample: &Sample| sample.lag.map(|lag| lag > LONG_LAG);
    let lag = window.now().and_then(|now| now.lag);
    findings.push(state(Alert::FeedLag, window.has_held(LASTING, long_lag), lag));
    let dead = window.now().and_then(|now| now.dead_letters);
    findings.push(state(Alert::DeadLetters, dead.map(|dead| dead > 0), dead));
    findings.push(room(window.now().and_then(|now| now.room)));
    let is_away = |sample: &Sample| Some(sample.redis_is_away.unwrap_or(false));
    findings.push(state(Alert::RedisAway, window.has_held(LASTING, is_away), Some(1)));
    findings
}

fn share(alert: Alert, class: Option<RouteClass>, part: u64, all: u64) -> Finding {
    let value = if all == 0 { 0.0 } else { 100.0 * part as f64 / all as f64 };
    Finding { alert, class, fires: Some(all >= ENOUGH && value > MUCH), value }
}

fn room(room: Option<Room>) -> Finding {
    let (percent, bytes) = LITTLE_ROOM;
    let is_little = |room: Room| room.free < bytes && room.free_percent() < percent;
    let value = room.map_or(0.0, Room::free_percent);
    Finding { alert: Alert::DiskFull, class: None, fires: room.map(is_little), value }
}

fn state(alert: Alert, fires: Option<bool>, value: Option<u64>) -> Finding {
    Finding { alert, class: None, fires, value: value.unwrap_or_default() as f64 }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::telemetry::ClassCounts;

    /// Samples five seconds apart, of which `change` makes what it is about.
    fn window(seconds: u64, change: impl Fn(u64, &mut Sample)) -> Window {
        let mut window = Window::new(Duration::from_secs(300));
        for second in (5..=seconds).step_by(5) {
            let mut sample = Sample {
                at: Duration::from_secs(second),
                lag: Some(0),
                dead_letters: Some(0),
                room: Some(Room { size: 100 << 30, free: 50 << 30 }),
                ..Sample::default()
            };
            change(second, &mut sample);
            window.push(sample);
        }
        window
    }

    fn api(requests: u64, errors: u64, slow: u64) -> Vec<(RouteClass, ClassCounts)> {
        vec![(RouteClass::Api, ClassCounts { requests, errors, slow })]
    }

    fn firing(window: &Window) -> Vec<&'static str> {
        let firing = evaluate(window).into_iter().filter(|it| it.fires == Some(true));
        firing.map(|it| it.alert.name()).collect()
    }

    #[test]
    fn a_share_needs_enough_requests() {
        for (requests, bad, fires) in
            [(49, 49, false), (50, 3, true), (100, 5, false), (100, 6, true)]
        {
            let slow = window(5, |_, sample| sample.classes = api(requests, 0, bad));
            assert_eq!(firing(&slow) == ["slow-requests"], fires, "{bad} of {requests} slow");
            let failed = window(5, |_, sample| sample.classes = api(requests, bad, 0));
            assert_eq!(firing(&failed) == ["server-errors"], fires, "{bad} of {requests} failed");
        }
    }

    #[test]
    fn what_was_long_ago_is_forgotten() {
        // All of it happened in the first minute.
        let quiet = |second: u64| window(second, |_, sample| sample.classes = api(100, 50, 0));
        assert_eq!(firing(&quiet(300)), ["server-errors"]);
        assert_eq!(firing(&quiet(310)), [""; 0]);
    }

    #[test]
    fn refusals_are_no_errors() {
        let refused = window(5, |_, sample| {
            sample.classes = api(100, 20, 0);
            sample.refused = 20;
        });
        assert_eq!(firing(&refused), ["overload"]);
    }

    #[test]
    fn what_may_pass_has_to_last() {
        let away = |from: u64, to: u64| {
            window(to, move |second, sample| sample.redis_is_away = Some(second >= from))
        };
        assert_eq!(firing(&away(100, 125)), [""; 0]);
        assert_eq!(firing(&away(100, 130)), ["redis-away"]);
        assert_eq!(firing(&away(5, 25)), [""; 0], "the process is younger");
        let behind = |lag| window(60, move |_, sample| sample.lag = Some(lag));
        assert_eq!(firing(&behind(LONG_LAG)), [""; 0]);
        assert_eq!(firing(&behind(LONG_LAG + 1)), ["feed-lag"]);
    }

    #[test]
    fn a_disk_is_nearly_full_by_share_and_by_bytes() {
        for (size, free, fires) in [
            (100 << 30, 3 << 30, true),
            (100 << 30, 5 << 30, false),
            // A twentieth of a large disk is a lot.
            (1 << 40, 40 << 30, false),
            // So is half of a small one.
            (2 << 30, 1 << 30, false),
            (2 << 30, 0, true),
        ] {
            let disk = window(5, |_, sample| sample.room = Some(Room { size, free }));
            assert_eq!(firing(&disk) == ["disk-full"], fires, "{free} of {size}");
        }
    }

    #[test]
    fn without_the_database_nobody_knows() {
        let blind = window(60, |_, sample| (sample.lag, sample.dead_letters) = (None, None));
        for finding in evaluate(&blind) {
            let unknown = matches!(finding.alert, Alert::FeedLag | Alert::DeadLetters);
            assert_eq!(finding.fires.is_none(), unknown, "{finding:?}");
        }
        assert_eq!(firing(&window(5, |_, sample| sample.dead_letters = Some(1))), ["dead-letters"]);
    }

    #[test]
    fn what_all_share_has_no_node() {
        let of = |alert| Finding { alert, class: None, fires: None, value: 0.0 }.fingerprint("a:1");
        assert_eq!(of(Alert::DeadLetters), "dead-letters//");
        assert_eq!(of(Alert::RedisAway), "redis-away//a:1");
    }
}
