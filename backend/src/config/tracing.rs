//! Where spans of requests are sent: the OpenTelemetry variables that its specification names
//! ("OpenTelemetry Environment Variable Specification", 1.5x).

use super::Faults;
use std::fmt;
use url::Url;

/// Settings as given.
#[derive(Debug, Clone, clap::Args)]
pub struct TracingArgs {
    /// The OpenTelemetry collector that spans of requests are sent to, by OTLP/HTTP, as in
    /// `http://collector:4318`; empty: none.
    #[arg(long, env = "OTEL_EXPORTER_OTLP_ENDPOINT", default_value = "")]
    otlp_endpoint: String,
    /// What this service is called in traces.
    #[arg(long, env = "OTEL_SERVICE_NAME", default_value = "researchflow")]
    otel_service_name: String,
    /// Which requests are traced.
    #[arg(long, env = "OTEL_TRACES_SAMPLER", value_enum, default_value = "parentbased_always_on")]
    otel_traces_sampler: Sampler,
    /// Which share of them, 0 to 1, where the sampler goes by one.
    #[arg(long, env = "OTEL_TRACES_SAMPLER_ARG", default_value_t = 1.0)]
    otel_traces_sampler_arg: f64,
}

/// Which requests are traced; `parentbased`: as the caller decided, else by the rest of the name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
#[value(rename_all = "snake_case")]
pub enum Sampler {
    /// All.
    AlwaysOn,
    /// None.
    AlwaysOff,
    /// A share.
    Traceidratio,
    /// All of which no caller decided.
    ParentbasedAlwaysOn,
    /// None of which no caller decided.
    ParentbasedAlwaysOff,
    /// A share of which no caller decided.
    ParentbasedTraceidratio,
}

/// Settings, valid.
#[derive(Clone)]
pub struct Tracing {
    /// Where requests for export go.
    pub endpoint: Url,
    /// What this service is called.
    pub service_name: String,
    /// Whether the caller's decision counts.
    pub parent_decides: bool,
    /// The share of traces without such a decision, 0 to 1.
    pub share: f64,
}

/// The endpoint may hold credentials.
impl fmt::Debug for Tracing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Tracing")
    }
}

impl TracingArgs {
    /// `None`: nothing is traced.
    pub(super) fn validate(self, faults: &mut Faults) -> Option<Tracing> {
        let share = self.otel_traces_sampler_arg;
        if !(0.0..=1.0).contains(&share) {
            faults.add("OTEL_TRACES_SAMPLER_ARG must be 0 to 1");
        }
        let endpoint = match self.otlp_endpoint.trim() {
            "" => return None,
            text => faults.or(endpoint(text).map(Some), None)?,
        };
        let (parent_decides, share) = match self.otel_traces_sampler {
            Sampler::AlwaysOn => (false, 1.0),
            Sampler::AlwaysOff => (false, 0.0),
            Sampler::Traceidratio => (false, share),
            Sampler::ParentbasedAlwaysOn => (true, 1.0),
            Sampler::ParentbasedAlwaysOff => (true, 0.0),
            Sampler::ParentbasedTraceidratio => (true, share),
        };
        Some(Tracing { endpoint, service_name: self.otel_service_name, parent_decides, share })
    }
}

/// Traces go to `v1/traces` below the endpoint ("OpenTelemetry Protocol Exporter", "Endpoint URLs
/// for OTLP/HTTP").
fn endpoint(text: &str) -> Result<Url, String> {
    let fault = || "OTEL_EXPORTER_OTLP_ENDPOINT must be a URL of http:// or https://".to_owned();
    let mut url = Url::parse(text).map_err(|_| fault())?;
    if !matches!(url.scheme(), "http" | "https") || url.query().is_some() {
        return Err(fault());
    }
    let mut path = url.path_segments_mut().map_err(|()| fault())?;
    path.pop_if_empty().extend(["v1", "traces"]);
    drop(path);
    Ok(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn traces_have_their_path_below_the_endpoint() {
        for (given, traces) in [
            ("http://collector:4318", "http://collector:4318/v1/traces"),
            ("http://collector:4318/", "http://collector:4318/v1/traces"),
            ("https://otel.example.org/tenant", "https://otel.example.org/tenant/v1/traces"),
        ] {
            assert_eq!(endpoint(given).unwrap().as_str(), traces);
        }
        for bad in ["collector:4318", "grpc://collector", "http://c/?a=b", "not a url"] {
            assert!(endpoint(bad).is_err(), "{bad}");
        }
    }
}
