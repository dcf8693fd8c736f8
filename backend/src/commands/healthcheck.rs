//! `researchflow healthcheck`.

use super::{Failure, Verdict, say};
use std::net::SocketAddr;

#[derive(Debug, clap::Args)]
pub(super) struct HealthcheckArgs {
    /// Where the service listens.
    #[arg(long, env = "RESEARCHFLOW_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
}

pub(super) fn run(args: &HealthcheckArgs) -> Verdict {
    let mut address = args.listen;
    if address.ip().is_unspecified() {
        address.set_ip(if address.is_ipv4() {
            [127, 0, 0, 1].into()
        } else {
            std::net::Ipv6Addr::LOCALHOST.into()
        });
    }
    let answer = ureq::get(format!("http://{address}/health")).call();
    let answer = answer
        .map_err(|error| Failure(format!("The service does not answer at {address}: {error}.")))?;
    say(format_args!("{address} answers {}", answer.status()));
    Ok(answer.status() == 200)
}
