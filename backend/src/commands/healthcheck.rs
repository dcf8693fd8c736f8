//! `researchflow healthcheck`.

use super::{Failure, Verdict, say};
use rustls::AlertDescription::CertificateRequired;
use rustls::crypto::ring;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;
use ureq::tls::TlsConfig;

#[derive(Debug, clap::Args)]
pub(super) struct HealthcheckArgs {
    /// Where the service listens.
    #[arg(long, env = "RESEARCHFLOW_LISTEN", default_value = "127.0.0.1:8080")]
    listen: SocketAddr,
    /// It speaks TLS.
    #[arg(long, env = "RESEARCHFLOW_TLS")]
    tls: bool,
    /// It speaks TLS with this certificate, which is not read here.
    #[arg(long, env = "RESEARCHFLOW_TLS_CERT")]
    tls_cert: Option<PathBuf>,
}

const PATIENCE: Duration = Duration::from_secs(5);

pub(super) fn run(args: &HealthcheckArgs) -> Verdict {
    let is_tls = args.tls || args.tls_cert.is_some();
    let address = reachable(args.listen);
    if is_tls && !is_own(address.ip()) {
        return Err(Failure(format!(
            "{address} is not of this machine, and would not be verified."
        )));
    }
    let scheme = if is_tls { "https" } else { "http" };
    let status = match agent().get(format!("{scheme}://{address}/health")).call() {
        Ok(answer) => answer.status(),
        Err(error) if asks_for_certificate(&error) => {
            say(format_args!("{address} answers, and asks for a client certificate"));
            return Ok(true);
        }
        Err(error) => {
            return Err(Failure(format!("The service does not answer at {address}: {error}.")));
        }
    };
    say(format_args!("{address} answers {status}"));
    Ok(status == 200)
}

/// An address to ask at, of a listener that may be on all of them.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

/// Whether an address is one of this machine's: only these can be listened at.
fn is_own(ip: IpAddr) -> bool {
    TcpListener::bind((ip, 0)).is_ok()
}

/// The certificate is made for other names than this address, and a new one in its file need not be
/// the one that is shown. Nothing secret is asked, and nobody stands between a machine and itself: so
/// it is not verified.
fn agent() -> ureq::Agent {
    let provider = Arc::new(ring::default_provider());
    let tls = TlsConfig::builder().disable_verification(true);
    let tls = tls.unversioned_rustls_crypto_provider(provider).build();
    ureq::Agent::config_builder().tls_config(tls).timeout_global(Some(PATIENCE)).build().into()
}

/// Whether the service is alive enough to ask for what we do not have (`RESEARCHFLOW_TLS_CLIENT_CA`).
fn asks_for_certificate(error: &ureq::Error) -> bool {
    let alert = match error {
        ureq::Error::Rustls(alert) => Some(alert),
        ureq::Error::Io(error) => error.get_ref().and_then(|cause| cause.downcast_ref()),
        _ => None,
    };
    matches!(alert, Some(rustls::Error::AlertReceived(CertificateRequired)))
}
