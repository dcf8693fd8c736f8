//! What writes the history, in every process that serves.

use super::archive;
use super::figures::Totals;
use super::store::{self, SampleRow};
use crate::db::DbError;
use crate::insights::Insights;
use crate::state::AppState;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

const EACH: Duration = Duration::from_secs(60);
/// How often it looks for a month that can be archived.
const SWEEP: Duration = Duration::from_secs(3600);

/// What writes the history.
pub struct Recorder {
    state: AppState,
    insights: Insights,
    node: String,
}

impl Recorder {
    /// For the process that is called `node`.
    pub fn new(state: AppState, insights: Insights, node: String) -> Self {
        Self { state, insights, node }
    }

    /// Writes until `stop` is told or dropped, and once more then.
    pub async fn run(self, mut stop: oneshot::Receiver<()>) {
        let (mut before, mut since) = (Totals::now(&self.state), Instant::now());
        let mut swept: Option<Instant> = None;
        loop {
            if swept.is_none_or(|swept| swept.elapsed() >= SWEEP) {
                if let Err(error) = archive::sweep(&self.state).await {
                    tracing::warn!(%error, "old metrics could not be archived; trying again later");
                }
                swept = Some(Instant::now());
            }
            let is_last = tokio::time::timeout(EACH, &mut stop).await.is_ok();
            let (now, seconds) = (Totals::now(&self.state), since.elapsed().as_secs_f64());
            // A minute that cannot be written is in the next one's figures.
            match self.write(&now, &before, seconds).await {
                Ok(()) => (before, since) = (now, Instant::now()),
                Err(error) => tracing::debug!(%error, "a minute's metrics could not be written"),
            }
            if is_last {
                return;
            }
        }
    }

    async fn write(&self, now: &Totals, before: &Totals, seconds: f64) -> Result<(), DbError> {
        let lag = self.insights.backlog().await.map(|backlog| backlog.lag);
        let figures = serde_json::to_string(&now.since(before, seconds, lag));
        let row = SampleRow {
            at: self.state.clock.now().micros(),
            node: self.node.clone(),
            figures: figures.unwrap_or_default(),
        };
        self.state.db.write(move |conn| Ok(store::insert(conn, &row).map(drop)?)).await
    }
}
