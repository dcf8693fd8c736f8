//! What is well, what is worth a look, and what is critical: one table.

use super::figures::Figures;

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    Well,
    Warning,
    Critical,
}

impl Level {
    /// For whoever sees no colours.
    pub(super) const fn mark(self) -> &'static str {
        match self {
            Self::Well => " ",
            Self::Warning => "!",
            Self::Critical => "‼",
        }
    }
}

/// A figure, and from where on it is worth a look, or critical.
struct Threshold {
    of: fn(&Figures) -> Option<f64>,
    warning: f64,
    critical: f64,
}

/// The thresholds, by the names under which figures are shown.
const THRESHOLDS: [(&str, Threshold); 11] = [
    (P99, Threshold { of: |it| it.latency[2], warning: 1.0, critical: 5.0 }),
    (SERVER_ERRORS, Threshold { of: |it| it.error_share, warning: 0.001, critical: 0.01 }),
    (SHED, Threshold { of: |it| it.shed, warning: 0.1, critical: 100.0 }),
    (REJECTED, Threshold { of: |it| it.rejected, warning: 1.0, critical: f64::INFINITY }),
    (COMMIT, Threshold { of: |it| it.commit, warning: 0.25, critical: 1.0 }),
    (SPOOLED, Threshold { of: |it| it.spooled, warning: 1.0, critical: 1_000_000.0 }),
    (LAG, Threshold { of: |it| it.lag, warning: 10_000.0, critical: 100_000.0 }),
    (DEAD_LETTERS, Threshold { of: |it| it.dead_letters, warning: 1.0, critical: 1_000.0 }),
    (REDIS, Threshold { of: |it| it.redis_up.map(|up| 1.0 - up), warning: 1.0, critical: 2.0 }),
    (CONNECTIONS, Threshold { of: busy_connections, warning: 0.8, critical: 1.1 }),
    (TIMEOUTS, Threshold { of: |it| it.connection_timeouts, warning: 0.01, critical: 1.0 }),
];

pub(super) const P99: &str = "p99";
pub(super) const SERVER_ERRORS: &str = "server errors";
pub(super) const SHED: &str = "refused, overload";
pub(super) const REJECTED: &str = "events rejected";
pub(super) const COMMIT: &str = "commit p99";
pub(super) const SPOOLED: &str = "events spooled";
pub(super) const LAG: &str = "feed lag";
pub(super) const DEAD_LETTERS: &str = "dead letters";
pub(super) const REDIS: &str = "Redis";
pub(super) const CONNECTIONS: &str = "connections";
pub(super) const TIMEOUTS: &str = "connection timeouts";

fn busy_connections(figures: &Figures) -> Option<f64> {
    figures.connections.map(|(open, busy)| busy / open.max(1.0))
}

/// How bad the figure of this name is; what has no threshold is well, and so is what is not known.
pub(super) fn level(name: &str, figures: &Figures) -> Level {
    let threshold = THRESHOLDS.iter().find(|(known, _)| *known == name);
    threshold.map_or(Level::Well, |(_, threshold)| threshold.level(figures))
}

/// How bad the worst of them is.
pub(super) fn worst(figures: &Figures) -> Level {
    let levels = THRESHOLDS.iter().map(|(_, threshold)| threshold.level(figures));
    levels.max().unwrap_or(Level::Well)
}

impl Threshold {
    fn level(&self, figures: &Figures) -> Level {
        match (self.of)(figures) {
            Some(value) if value >= self.critical => Level::Critical,
            Some(value) if value >= self.warning => Level::Warning,
            _ => Level::Well,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_figure_decides() {
        let well = Figures::default();
        assert_eq!(worst(&well), Level::Well);
        let slow = Figures { latency: [None, None, Some(2.5)], ..well.clone() };
        assert_eq!((level(P99, &slow), worst(&slow)), (Level::Warning, Level::Warning));
        let failing = Figures { error_share: Some(0.02), ..slow };
        assert_eq!(
            (level(SERVER_ERRORS, &failing), worst(&failing)),
            (Level::Critical, Level::Critical)
        );
        let alone = Figures { redis_up: Some(0.0), connections: Some((8.0, 7.0)), ..well };
        assert_eq!(
            (level(REDIS, &alone), level(CONNECTIONS, &alone)),
            (Level::Warning, Level::Warning)
        );
    }
}
