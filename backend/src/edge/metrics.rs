//! What the edge's own machinery tells of itself, in `/metrics`.

use super::limits::Work;
use crate::config::RouteClass;
use crate::telemetry::Registry;
use hardening::limits::Limiter;
use hardening::serve::Overload;
use prometheus::core::{Collector, Desc};
use prometheus::proto::MetricFamily;
use prometheus::{IntCounter, IntCounterVec, IntGauge, IntGaugeVec, Opts};

/// Puts the counts of the rate limiter and of load shedding into a registry.
///
/// # Errors
/// They are there already.
pub fn register_metrics(
    registry: &Registry,
    limiter: &Limiter<RouteClass>,
    overload: &Overload<Work>,
) -> prometheus::Result<()> {
    registry.register(Box::new(Edge {
        decisions: IntCounterVec::new(
            Opts::new("researchflow_rate_limit_decisions_total", "Requests by what was decided."),
            &["class", "outcome"],
        )?,
        redis_up: IntGauge::new(
            "researchflow_rate_limit_redis_up",
            "Whether limits are shared through Redis now; absent without Redis.",
        )?,
        without_redis: IntCounter::new(
            "researchflow_rate_limit_without_redis_total",
            "Requests that this process admitted alone, since Redis did not say in time.",
        )?,
        limit: IntGaugeVec::new(
            Opts::new(
                "researchflow_overload_limit",
                "How many requests may be in flight at once now, by kind of work.",
            ),
            &["work"],
        )?,
        waiting: IntGaugeVec::new(
            Opts::new(
                "researchflow_overload_waiting",
                "Requests that wait to be let in or refused, by kind of work.",
            ),
            &["work"],
        )?,
        shed: IntCounterVec::new(
            Opts::new(
                "researchflow_overload_refused_total",
                "Requests refused since there were too many, by kind of work.",
            ),
            &["work"],
        )?,
        limiter: limiter.clone(),
        overload: overload.clone(),
    }))
}

struct Edge {
    decisions: IntCounterVec,
    redis_up: IntGauge,
    without_redis: IntCounter,
    limit: IntGaugeVec,
    waiting: IntGaugeVec,
    shed: IntCounterVec,
    limiter: Limiter<RouteClass>,
    overload: Overload<Work>,
}

impl Collector for Edge {
    fn desc(&self) -> Vec<&Desc> {
        let redis = [self.redis_up.desc(), self.without_redis.desc()].concat();
        let overload = [self.limit.desc(), self.waiting.desc(), self.shed.desc()].concat();
        [self.decisions.desc(), redis, overload].concat()
    }

    fn collect(&self) -> Vec<MetricFamily> {
        let stats = self.limiter.stats();
        self.decisions.reset();
        for class in stats.classes {
            for (outcome, count) in [("admitted", class.admitted), ("refused", class.refused)] {
                self.decisions.with_label_values(&[class.class, outcome]).inc_by(count);
            }
        }
        let mut families = self.decisions.collect();
        if let Some(redis) = stats.redis {
            self.redis_up.set(redis.in_use.into());
            families.extend(self.redis_up.collect());
            self.without_redis.reset();
            self.without_redis.inc_by(redis.went_without);
            families.extend(self.without_redis.collect());
        }
        self.shed.reset();
        for (work, limiter) in self.overload.limiters() {
            let work = [work.name()];
            let gauge = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
            self.limit.with_label_values(&work).set(gauge(limiter.limit()));
            self.waiting.with_label_values(&work).set(gauge(limiter.waiting()));
            self.shed.with_label_values(&work).inc_by(limiter.refused());
        }
        families.extend(self.limit.collect());
        families.extend(self.waiting.collect());
        families.extend(self.shed.collect());
        families
    }
}
