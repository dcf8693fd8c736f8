//! What two samples say together.

use super::sample::Sample;

/// How the service did between two looks. A figure that cannot be known is `None`.
#[derive(Debug, Default, Clone, PartialEq)]
pub(super) struct Figures {
    /// Answers a second.
    pub(super) requests: Option<f64>,
    /// Requests under way.
    pub(super) in_flight: Option<f64>,
    /// Seconds within which half, 95 and 99 of a hundred were answered, at most.
    pub(super) latency: [Option<f64>; 3],
    /// The share of answers of 500 and above.
    pub(super) error_share: Option<f64>,
    /// The share of answers of 400 to 499.
    pub(super) client_error_share: Option<f64>,
    /// Requests refused for overload, a second.
    pub(super) shed: Option<f64>,
    /// Requests refused by a rate limit, a second.
    pub(super) limited: Option<f64>,
    /// Events stored, a second.
    pub(super) events: Option<f64>,
    /// Events refused, a second.
    pub(super) rejected: Option<f64>,
    /// Findings of the PHI gate, a second.
    pub(super) phi: Option<f64>,
    /// Seconds within which 99 of a hundred commits were done, at most.
    pub(super) commit: Option<f64>,
    /// Events that wait on this node's disk for the database.
    pub(super) spooled: Option<f64>,
    /// Invocations that are not in the rollups.
    pub(super) lag: Option<f64>,
    /// Invocations that were given up.
    pub(super) dead_letters: Option<f64>,
    /// Whether Redis is asked: 1 or 0.
    pub(super) redis_up: Option<f64>,
    /// The share of cached reads that memory or Redis answered.
    pub(super) cache_hits: Option<f64>,
    /// Database connections, and how many of them are in use.
    pub(super) connections: Option<(f64, f64)>,
    /// Waits for a connection that were given up, a second.
    pub(super) connection_timeouts: Option<f64>,
    /// Cores in use.
    pub(super) cores: Option<f64>,
    /// Bytes of memory.
    pub(super) memory: Option<f64>,
    /// File descriptors.
    pub(super) descriptors: Option<f64>,
    /// The busiest routes.
    pub(super) routes: Vec<Route>,
}

/// One route's part.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Route {
    pub(super) pattern: String,
    /// Answers a second.
    pub(super) requests: f64,
    /// Seconds, as above.
    pub(super) latency: [Option<f64>; 3],
}

const PERCENTILES: [f64; 3] = [0.5, 0.95, 0.99];
const REQUESTS: &str = "researchflow_http_requests_total";
const LATENCY: &str = "researchflow_http_request_seconds";

impl Figures {
    pub(super) fn between(before: &Sample, now: &Sample) -> Self {
        let over = Over { before, now, seconds: (now.at - before.at).as_secs_f64() };
        let gauge = |name| now.sum(name, &[]);
        let open = gauge("researchflow_db_connections");
        let idle = gauge("researchflow_db_connections_idle");
        Self {
            requests: over.rate(REQUESTS, &[]),
            in_flight: gauge("researchflow_http_requests_in_flight"),
            latency: over.percentiles(LATENCY, &[]),
            error_share: over.share_of_statuses('5'),
            client_error_share: over.share_of_statuses('4'),
            shed: over.rate("researchflow_overload_refused_total", &[]),
            limited: over
                .rate("researchflow_rate_limit_decisions_total", &[("outcome", "refused")]),
            events: over.rate("researchflow_events_total", &[("outcome", "stored")]),
            rejected: over.rate("researchflow_events_total", &[("outcome", "rejected")]),
            phi: over.rate("researchflow_phi_findings_total", &[]),
            commit: over.percentile("researchflow_ledger_commit_seconds", &[], 0.99),
            spooled: gauge("researchflow_spool_events"),
            lag: gauge("researchflow_insights_lag_events"),
            dead_letters: gauge("researchflow_insights_dead_letters"),
            redis_up: gauge("researchflow_redis_up"),
            cache_hits: over.cache_hits(),
            connections: open.zip(idle).map(|(open, idle)| (open, open - idle)),
            connection_timeouts: over.rate("researchflow_db_acquire_timeouts_total", &[]),
            cores: over.rate("process_cpu_seconds_total", &[]),
            memory: gauge("process_resident_memory_bytes"),
            descriptors: gauge("process_open_fds"),
            routes: over.routes(),
        }
    }
}

/// The time between two samples.
struct Over<'a> {
    before: &'a Sample,
    now: &'a Sample,
    seconds: f64,
}

impl Over<'_> {
    /// By how much a counter grew. One that was not there before was zero; one that is smaller than
    /// before began again, with its process.
    fn growth(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        let now = self.now.sum(name, labels)?;
        Some(grown(self.before.sum(name, labels).unwrap_or(0.0), now))
    }

    fn rate(&self, name: &str, labels: &[(&str, &str)]) -> Option<f64> {
        Some(self.growth(name, labels)? / self.seconds)
    }

    /// The share of answers whose status begins with this digit.
    fn share_of_statuses(&self, digit: char) -> Option<f64> {
        let before = self.before.by(REQUESTS, "status");
        let (mut all, mut chosen) = (0.0, 0.0);
        for (status, count) in self.now.by(REQUESTS, "status") {
            let growth = grown(before.get(status).copied().unwrap_or(0.0), count);
            all += growth;
            if status.starts_with(digit) {
                chosen += growth;
            }
        }
        (all > 0.0).then(|| chosen / all)
    }

    fn cache_hits(&self) -> Option<f64> {
        const READS: &str = "researchflow_cache_requests_total";
        let all = self.growth(READS, &[])?;
        let missed = self.growth(READS, &[("outcome", "miss")]).unwrap_or(0.0);
        (all > 0.0).then(|| 1.0 - missed / all)
    }

    fn percentiles(&self, name: &str, labels: &[(&str, &str)]) -> [Option<f64>; 3] {
        PERCENTILES.map(|share| self.percentile(name, labels, share))
    }

    /// The upper bound of the bucket in which this share of the observations was reached.
    fn percentile(&self, name: &str, labels: &[(&str, &str)], share: f64) -> Option<f64> {
        let before = self.before.buckets(name, labels);
        let earlier = |bound: f64| {
            before.iter().find(|(known, _)| *known == bound).map_or(0.0, |(_, count)| *count)
        };
        let now = self.now.buckets(name, labels);
        let grown: Vec<_> =
            now.into_iter().map(|(bound, count)| (bound, grown(earlier(bound), count))).collect();
        let all = grown.last().map(|(_, count)| *count).filter(|count| *count > 0.0)?;
        grown.iter().find(|(_, count)| *count >= share * all).map(|(bound, _)| *bound)
    }

    fn routes(&self) -> Vec<Route> {
        const MOST: usize = 6;
        let before = self.before.by(REQUESTS, "route");
        let rate = |(route, count): (&str, f64)| Route {
            pattern: route.to_owned(),
            requests: grown(before.get(route).copied().unwrap_or(0.0), count) / self.seconds,
            latency: self.percentiles(LATENCY, &[("route", route)]),
        };
        let mut routes: Vec<Route> = self.now.by(REQUESTS, "route").into_iter().map(rate).collect();
        routes.retain(|route| route.requests > 0.0);
        routes.sort_by(|a, b| b.requests.total_cmp(&a.requests));
        routes.truncate(MOST);
        routes
    }
}

fn grown(before: f64, now: f64) -> f64 {
    if now < before { now } else { now - before }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::{Duration, Instant};

    const BEFORE: &str = r#"
researchflow_http_requests_total{method="GET",route="/a",status="200"} 100
researchflow_http_request_seconds_bucket{route="/a",le="0.1"} 100
researchflow_http_request_seconds_bucket{route="/a",le="+Inf"} 100
researchflow_events_total{source="rest",outcome="stored"} 50
researchflow_db_connections 8
researchflow_db_connections_idle 6
"#;
    const NOW: &str = r#"
researchflow_http_requests_total{method="GET",route="/a",status="200"} 190
researchflow_http_requests_total{method="GET",route="/b",status="500"} 10
researchflow_http_request_seconds_bucket{route="/a",le="0.1"} 190
researchflow_http_request_seconds_bucket{route="/a",le="1"} 199
researchflow_http_request_seconds_bucket{route="/a",le="+Inf"} 200
researchflow_events_total{source="rest",outcome="stored"} 20
researchflow_db_connections 8
researchflow_db_connections_idle 5
"#;

    #[test]
    fn figures_are_of_the_time_between_two_looks() {
        let start = Instant::now();
        let before = Sample::read(BEFORE, start);
        let figures =
            Figures::between(&before, &Sample::read(NOW, start + Duration::from_secs(10)));
        assert_eq!(figures.requests, Some(10.0));
        assert_eq!(figures.error_share, Some(0.1));
        assert_eq!(figures.latency, [Some(0.1), Some(1.0), Some(1.0)]);
        assert_eq!(figures.events, Some(2.0), "its process began again");
        assert_eq!(figures.connections, Some((8.0, 3.0)));
        assert_eq!((figures.redis_up, figures.commit), (None, None));
        let routes: Vec<_> = figures.routes.iter().map(|it| (&*it.pattern, it.requests)).collect();
        assert_eq!(routes, [("/a", 9.0), ("/b", 1.0)]);
    }
}
