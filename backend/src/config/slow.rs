//! Beyond how long a request is slow, by its class.

use super::RouteClass;
use hardening::limits::RouteClass as _;
use std::str::FromStr;
use std::time::Duration;

/// Beyond how long a request is slow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SlowRequests {
    api: Duration,
    ingest: Duration,
    gateway: Duration,
}

impl Default for SlowRequests {
    fn default() -> Self {
        Self {
            api: Duration::from_secs(1),
            ingest: Duration::from_secs(1),
            gateway: Duration::from_secs(30),
        }
    }
}

impl SlowRequests {
    /// The limit of a class.
    pub const fn limit(&self, class: RouteClass) -> Duration {
        match class {
            RouteClass::Api | RouteClass::Console | RouteClass::Auth => self.api,
            RouteClass::Ingest => self.ingest,
            RouteClass::Gateway => self.gateway,
        }
    }
}

/// `CLASS=MILLISECONDS,…`: changes to the usual limits.
impl FromStr for SlowRequests {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let mut limits = Self::default();
        for part in text.split(',').map(str::trim).filter(|part| !part.is_empty()) {
            let bad = || format!("must be like api=500,ingest=1000 (milliseconds), not `{part}`");
            let (class, limit) = part.split_once('=').ok_or_else(bad)?;
            let limit =
                Duration::from_millis(limit.trim().parse::<u32>().map_err(|_| bad())?.into());
            match class.trim() {
                class if class == RouteClass::Api.name() => limits.api = limit,
                class if class == RouteClass::Ingest.name() => limits.ingest = limit,
                class if class == RouteClass::Gateway.name() => limits.gateway = limit,
                _ => return Err(bad()),
            }
        }
        Ok(limits)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_named_stays_as_usual() {
        let limits: SlowRequests = " api = 5 , gateway=0".parse().unwrap();
        assert_eq!(limits.limit(RouteClass::Console), Duration::from_millis(5));
        assert_eq!(limits.limit(RouteClass::Ingest), Duration::from_secs(1));
        assert_eq!(limits.limit(RouteClass::Gateway), Duration::ZERO);
        for text in ["api", "api=", "api=-1", "api=1s", "nothing=1", "auth=1"] {
            assert!(text.parse::<SlowRequests>().is_err(), "{text}");
        }
    }
}
