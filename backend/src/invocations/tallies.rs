//! What agents did and what it cost, as metrics: of the invocations that this process stored.

use super::facts::Facts;
use crate::telemetry::Registry;
use prometheus::{
    CounterVec, GaugeVec, HistogramOpts, HistogramVec, IntCounterVec, Opts, Result as Registered,
};
use std::collections::{BTreeMap, HashSet};

/// Agents with series of their own. Names come from clients, and a series is for good: those that
/// come later share one.
const AGENTS: usize = 100;
const OTHERS: &str = "(others)";

/// From a tool's answer to a long chain of thought.
const SECONDS: [f64; 8] = [0.1, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 120.0];

/// The metrics of what was stored, by tier and by agent.
pub(super) struct Tallies {
    tiers: Family,
    agents: Family,
    began: GaugeVec,
    ended: GaugeVec,
    seconds: HistogramVec,
    known: HashSet<String>,
}

impl Tallies {
    pub(super) fn register(registry: &Registry) -> Registered<Self> {
        let gauge = |name, help| registry.add(GaugeVec::new(Opts::new(name, help), &["agent"]));
        let seconds = HistogramOpts::new(
            "researchflow_agent_invocation_seconds",
            "Time that an agent's invocations took, of those that tell.",
        );
        let seconds = HistogramVec::new(seconds.buckets(SECONDS.to_vec()), &["agent"]);
        Ok(Self {
            tiers: Family::register(registry, "tier")?,
            agents: Family::register(registry, "agent")?,
            began: gauge(
                "researchflow_agent_last_start_timestamp_seconds",
                "When the last of an agent's invocations began, in seconds since 1970.",
            )?,
            ended: gauge(
                "researchflow_agent_last_completion_timestamp_seconds",
                "When the last of an agent's invocations ended, in seconds since 1970.",
            )?,
            seconds: registry.add(seconds)?,
            known: HashSet::new(),
        })
    }

    /// Counts what was stored.
    pub(super) fn count(&mut self, stored: &[Facts]) {
        let tiers = by(stored, |facts| facts.tier.as_deref());
        for (tier, invocations) in tiers {
            self.tiers.count(tier, &invocations);
        }
        for (agent, invocations) in by(stored, |facts| facts.agent.as_deref()) {
            let agent = self.series(agent);
            self.agents.count(agent, &invocations);
            self.time(agent, &invocations);
        }
    }

    /// The label of an agent.
    fn series<'a>(&mut self, agent: &'a str) -> &'a str {
        if self.known.contains(agent) {
            agent
        } else if self.known.len() < AGENTS {
            self.known.insert(agent.to_owned());
            agent
        } else {
            OTHERS
        }
    }

    fn time(&self, agent: &str, invocations: &[&Facts]) {
        let seconds = self.seconds.with_label_values(&[agent]);
        let [began, ended] = [&self.began, &self.ended].map(|it| it.with_label_values(&[agent]));
        let latest = |gauge: &prometheus::Gauge, micros: i64| {
            gauge.set(gauge.get().max(micros as f64 / 1e6));
        };
        for facts in invocations {
            latest(&began, facts.occurred_at);
            latest(&ended, facts.occurred_at.saturating_add(facts.latency_us.unwrap_or(0)));
            if let Some(micros) = facts.latency_us {
                seconds.observe(micros as f64 / 1e6);
            }
        }
    }
}

/// Invocations by what they have in common; without those that have nothing.
fn by(stored: &[Facts], common: impl Fn(&Facts) -> Option<&str>) -> BTreeMap<&str, Vec<&Facts>> {
    let mut groups: BTreeMap<&str, Vec<&Facts>> = BTreeMap::new();
    for facts in stored {
        if let Some(name) = common(facts) {
            groups.entry(name).or_default().push(facts);
        }
    }
    groups
}

/// How many, how they ended, and what they used.
struct Family {
    invocations: IntCounterVec,
    tokens: IntCounterVec,
    cost: CounterVec,
}

impl Family {
    fn register(registry: &Registry, by: &str) -> Registered<Self> {
        let opts = |what: &str, help: &str| {
            Opts::new(format!("researchflow_{by}_{what}_total"), format!("{help}, by {by}."))
        };
        Ok(Self {
            invocations: registry.add(IntCounterVec::new(
                opts("invocations", "Invocations stored, with how they ended (ok, error, blocked)"),
                &[by, "status"],
            ))?,
            tokens: registry.add(IntCounterVec::new(
                opts("tokens", "Tokens of invocations stored (input, output)"),
                &[by, "type"],
            ))?,
            cost: registry.add(CounterVec::new(
                opts("cost_usd", "Cost of invocations stored, in USD"),
                &[by],
            ))?,
        })
    }

    fn count(&self, name: &str, invocations: &[&Facts]) {
        let (mut input, mut output, mut usd) = (0, 0, 0.0);
        for facts in invocations {
            self.invocations.with_label_values(&[name, &facts.status]).inc();
            input += facts.input_tokens as u64;
            output += facts.output_tokens as u64;
            usd += facts.cost_nano_usd.unwrap_or(0) as f64 / 1e9;
        }
        self.tokens.with_label_values(&[name, "input"]).inc_by(input);
        self.tokens.with_label_values(&[name, "output"]).inc_by(output);
        self.cost.with_label_values(&[name]).inc_by(usd);
    }
}
