//! Log lines on standard output, and errors to Sentry beside them.

use super::fields::InOnePiece;
use super::{panics, sentry};
use crate::config::{LogFormat, Telemetry};
use tracing::Subscriber;
use tracing_subscriber::filter::filter_fn;
use tracing_subscriber::fmt::format::{DefaultFields, JsonFields};
use tracing_subscriber::fmt::{self, fmt};
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::LookupSpan;
use tracing_subscriber::util::SubscriberInitExt;
use tracing_subscriber::{EnvFilter, Registry};

/// Starts logging for the whole process. What is returned is to be kept until its end: it brings
/// errors to Sentry, if the settings name one, whatever is logged.
///
/// # Errors
/// The filter cannot be read, there is no way to Sentry, or logging has started before.
pub fn init(settings: &Telemetry) -> Result<sentry::Reports, String> {
    let filter = EnvFilter::try_new(&settings.log).map_err(|error| format!("RUST_LOG: {error}"))?;
    let reports = sentry::Reports::start(settings)?;
    match reports.layer() {
        None => just_lines(settings.format, filter),
        Some(errors) => Registry::default()
            .with(lines(settings.format).with_filter(filter))
            .with(errors.with_filter(filter_fn(sentry::is_wanted)))
            .try_init()
            .map_err(|error| error.to_string()),
    }?;
    panics::log();
    Ok(reports)
}

/// One filter for all that there is, and nothing to choose at each line: this is the cheapest.
fn just_lines(format: LogFormat, filter: EnvFilter) -> Result<(), String> {
    let lines = fmt().with_env_filter(filter);
    match format {
        LogFormat::Json => {
            let lines = lines.json().flatten_event(true).with_current_span(false);
            lines.fmt_fields(InOnePiece(JsonFields::new())).try_init()
        }
        LogFormat::Pretty => {
            lines.with_target(false).fmt_fields(InOnePiece(DefaultFields::new())).try_init()
        }
    }
    .map_err(|error| error.to_string())
}

fn lines<S>(format: LogFormat) -> Box<dyn Layer<S> + Send + Sync>
where
    S: Subscriber + for<'a> LookupSpan<'a>,
{
    match format {
        LogFormat::Json => {
            let lines = fmt::layer().json().flatten_event(true).with_current_span(false);
            lines.fmt_fields(InOnePiece(JsonFields::new())).boxed()
        }
        LogFormat::Pretty => {
            let lines = fmt::layer().with_target(false);
            lines.fmt_fields(InOnePiece(DefaultFields::new())).boxed()
        }
    }
}
