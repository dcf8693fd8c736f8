//! The loop that looks out for trouble, in every process that serves.

use super::rules::{Alert, Finding, evaluate};
use super::store::{self, AlertRow};
use super::window::{Sample, Window};
use crate::db::DbError;
use crate::insights::Insights;
use crate::state::AppState;
use hardening::limits::RouteClass;
use prometheus::{IntGaugeVec, Opts};
use std::collections::HashMap;
use std::time::{Duration, Instant};

/// How often it looks.
const LOOK: Duration = Duration::from_secs(5);
/// How often it says that an alert still fires.
const SAY: Duration = Duration::from_secs(30);
/// An alert of which nobody says so for so long has lost its process.
const LOST_MICROS: i64 = 120 * 1_000_000;
/// How often lost alerts are looked for.
const SWEEP: Duration = Duration::from_secs(60);

/// What looks out for trouble.
pub struct Watch {
    state: AppState,
    insights: Insights,
    /// Requests refused so far.
    refused: Box<dyn Fn() -> u64>,
    gauge: IntGaugeVec,
    started: Instant,
}

impl Watch {
    /// Nothing runs before [`run`](Self::run). `refused` tells how many requests were refused so far,
    /// since there were too many.
    ///
    /// # Errors
    /// A metric is registered twice.
    pub fn new(
        state: AppState,
        insights: Insights,
        refused: Box<dyn Fn() -> u64>,
    ) -> prometheus::Result<Self> {
        let help = "Alerts that this process finds firing now.";
        let opts = Opts::new("researchflow_alerts_firing", help);
        let gauge = IntGaugeVec::new(opts, &["alert", "severity"]);
        let gauge = state.metrics.registry().add(gauge)?;
        for alert in Alert::ALL {
            gauge.with_label_values(&[alert.name(), alert.severity()]).set(0);
        }
        Ok(Self { state, insights, refused, gauge, started: Instant::now() })
    }

    /// Looks every five seconds, for ever. `node` is what the process is called.
    pub async fn run(self, node: String) {
        let mut window = Window::new(self.state.config.telemetry.alert_window);
        let mut told = Told { node, firing: HashMap::new(), is_first: true, swept: None };
        let mut is_blind = false;
        loop {
            tokio::time::sleep(LOOK).await;
            window.push(self.sample().await);
            let findings = evaluate(&window);
            self.show(&findings);
            let outcome = told.tell(&self.state, findings).await;
            if let (Err(error), false) = (&outcome, is_blind) {
                tracing::warn!(%error, "alerts cannot be stored; they will be, when they can");
            }
            is_blind = outcome.is_err();
        }
    }

    async fn sample(&self) -> Sample {
        let backlog = self.insights.backlog().await;
        Sample {
            at: self.started.elapsed(),
            classes: self.state.metrics.classes.counts().collect(),
            refused: (self.refused)(),
            lag: backlog.map(|it| it.lag),
            dead_letters: backlog.map(|it| it.dead),
            redis_is_away: self.state.redis.as_ref().map(|link| !link.stats().in_use),
            room: self.state.disk.look(),
        }
    }

    fn show(&self, findings: &[Finding]) {
        for alert in Alert::ALL {
            let fires = |it: &&Finding| it.alert == alert && it.fires == Some(true);
            let firing = findings.iter().filter(fires).count() as i64;
            self.gauge.with_label_values(&[alert.name(), alert.severity()]).set(firing);
        }
    }
}

/// What the table has been told.
struct Told {
    node: String,
    /// When it was told last that these fire, by fingerprint.
    firing: HashMap<String, Instant>,
    /// What an earlier process of this name left firing is not known yet.
    is_first: bool,
    swept: Option<Instant>,
}

impl Told {
    /// Brings the table up to date. When nothing has changed, it is left alone.
    async fn tell(&mut self, state: &AppState, findings: Vec<Finding>) -> Result<(), DbError> {
        let sweeps = self.swept.is_none_or(|swept| swept.elapsed() >= SWEEP);
        let news: Vec<_> = findings.into_iter().filter(|finding| self.is_news(finding)).collect();
        if news.is_empty() && !sweeps {
            return Ok(());
        }
        let (inner, node, asked) = (state.clone(), self.node.clone(), news.clone());
        let (raised, resolved) = state
            .db
            .write(move |conn| {
                let now = inner.clock.now().micros();
                let (mut raised, mut resolved) = (Vec::new(), Vec::new());
                for finding in asked {
                    if finding.fires == Some(true) {
                        let row = AlertRow::new(inner.clock.new_id(), &finding, &node, now);
                        raised.extend(store::raise(conn, &row)?.then_some(finding));
                    } else {
                        let done = store::resolve(conn, &finding.fingerprint(&node), now)?;
                        resolved.extend(done.then_some(finding));
                    }
                }
                if sweeps {
                    store::resolve_forgotten(conn, now - LOST_MICROS, now)?;
                }
                Ok::<_, DbError>((raised, resolved))
            })
            .await?;
        let now = Instant::now();
        for finding in news {
            let fingerprint = finding.fingerprint(&self.node);
            if finding.fires == Some(true) {
                self.firing.insert(fingerprint, now);
            } else {
                self.firing.remove(&fingerprint);
            }
        }
        self.is_first = false;
        if sweeps {
            self.swept = Some(now);
        }
        raised.iter().for_each(|finding| log(finding, true));
        resolved.iter().for_each(|finding| log(finding, false));
        Ok(())
    }

    fn is_news(&self, finding: &Finding) -> bool {
        let said = self.firing.get(&finding.fingerprint(&self.node));
        match finding.fires {
            None => false,
            Some(true) => said.is_none_or(|said| said.elapsed() >= SAY),
            Some(false) => said.is_some() || self.is_first,
        }
    }
}

fn log(finding: &Finding, is_raised: bool) {
    let Finding { alert, class, value, .. } = finding;
    let (alert, severity) = (alert.name(), alert.severity());
    let class = class.map(RouteClass::name);
    if is_raised {
        tracing::warn!(alert, severity, class, value, "an alert is raised");
    } else {
        tracing::info!(alert, severity, class, value, "an alert is resolved");
    }
}
