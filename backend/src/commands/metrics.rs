//! `researchflow metrics`.

use super::{Failure, Verdict, say};
use crate::app::Handles;
use crate::config::ConfigArgs;
use crate::state::AppState;

#[derive(Debug, clap::Args)]
pub(super) struct MetricsArgs {
    #[command(flatten)]
    config: ConfigArgs,
}

/// Makes all that `serve` has metrics of, and starts nothing that works.
pub(super) fn run(args: MetricsArgs) -> Verdict {
    let config = args.config.validate().map_err(Failure::new)?;
    let state = AppState::new(config).map_err(Failure::new)?;
    actix_web::rt::System::new().block_on(async {
        let state = state.with_redis().await.map_err(Failure::new)?;
        let handles = Handles::start(state.clone()).await.map_err(Failure::new)?;
        let _watch = handles.watch().map_err(Failure::new)?;
        say(state.metrics.registry().reference().trim_end());
        Ok(true)
    })
}
