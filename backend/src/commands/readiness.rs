//! What a running service says at `/ready`.

use super::client::Client;
use serde::Deserialize;

/// How it is.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Ready {
    pub(super) status: String,
    pub(super) dependencies: Vec<Dependency>,
}

/// Something that it depends on.
#[derive(Debug, Clone, Deserialize)]
pub(super) struct Dependency {
    pub(super) name: String,
    pub(super) state: String,
    pub(super) latency_ms: f64,
    pub(super) reason: Option<String>,
}

impl Ready {
    /// # Errors
    /// It does not answer, or not as it should.
    pub(super) fn of(client: &Client) -> Result<Self, String> {
        client.get("/ready")?.json()
    }

    /// Whether requests are served. Degraded is ready: it does without something.
    pub(super) fn serves(&self) -> bool {
        matches!(&*self.status, "ready" | "degraded")
    }

    /// The status, and what is not as it should be.
    pub(super) fn told(&self) -> String {
        let troubled = self.dependencies.iter().filter(|it| it.state != "ok");
        let troubles = troubled.map(Dependency::told);
        [self.status.clone()].into_iter().chain(troubles).collect::<Vec<_>>().join("; ")
    }
}

impl Dependency {
    fn told(&self) -> String {
        let reason = self.reason.as_deref().unwrap_or("no reason is told");
        format!("{} is {}: {reason}", self.name, self.state)
    }
}
