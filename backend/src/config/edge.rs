//! What the edge lets through: rate limits, proxies in front of it, foreign pages.

use super::{Faults, Server};
use hardening::Origin;
use hardening::limits::{self, Policies, Proxies, ProxyHeader, Quota, Trust};

/// Settings as given.
#[derive(Debug, Clone, clap::Args)]
pub struct EdgeArgs {
    /// Changes to the rate limits, as in `api=100/60,ingest=off`: requests per seconds for each of
    /// api, console, auth, ingest, gateway; `off` alone: none at all.
    #[arg(long, env = "RESEARCHFLOW_RATE_LIMITS", default_value = "")]
    rate_limits: String,
    /// The proxies in front of the service: how many, one behind the other, or their networks, as in
    /// `10.0.0.0/8,fd00::/8`; empty: none.
    #[arg(long, env = "RESEARCHFLOW_TRUSTED_PROXIES", default_value = "")]
    trusted_proxies: String,
    /// The header in which they tell the client's address.
    #[arg(long, env = "RESEARCHFLOW_PROXY_HEADER", value_enum, default_value = "x-forwarded-for")]
    proxy_header: Header,
    /// A proxy in front speaks TLS for the service: browsers are told to come by HTTPS alone.
    #[arg(long, env = "RESEARCHFLOW_TLS_TERMINATED")]
    tls_terminated: bool,
    /// Origins whose pages may call the API, as in `https://console.example.org`, with commas.
    #[arg(long, env = "RESEARCHFLOW_CORS_ORIGINS", default_value = "")]
    cors_origins: String,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Header {
    XForwardedFor,
    Forwarded,
}

/// Settings, valid. By default those of a start without any.
#[derive(Debug, Clone, Default)]
pub struct Edge {
    /// The quota of each class.
    pub rate_limits: Policies<RouteClass>,
    /// The proxies in front.
    pub proxies: Proxies,
    /// Whether a proxy in front speaks TLS for the service.
    pub tls_terminated: bool,
    /// Origins whose pages may call the API.
    pub cors_origins: Vec<Origin>,
}

/// The classes of routes that are limited apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RouteClass {
    /// Whatever is no other.
    Api,
    /// The same routes, for a user who is signed in.
    Console,
    /// Signing in: per account and per address.
    Auth,
    /// Sending events.
    Ingest,
    /// Calling models.
    Gateway,
}

impl limits::RouteClass for RouteClass {
    const ALL: &'static [Self] =
        &[Self::Api, Self::Console, Self::Auth, Self::Ingest, Self::Gateway];

    fn name(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Console => "console",
            Self::Auth => "auth",
            Self::Ingest => "ingest",
            Self::Gateway => "gateway",
        }
    }

    fn quota(self) -> Quota {
        match self {
            Self::Api => Quota::of::<100, 60>(),
            Self::Console => Quota::of::<600, 60>(),
            Self::Auth => Quota::of::<5, 300>(),
            Self::Ingest => Quota::of::<60_000, 60>(),
            Self::Gateway => Quota::of::<6_000, 60>(),
        }
    }
}

impl EdgeArgs {
    pub(super) fn validate(self, server: &Server, faults: &mut Faults) -> Edge {
        let limits = self.rate_limits.parse::<Policies<RouteClass>>();
        let limits = limits.map_err(|fault| format!("RESEARCHFLOW_RATE_LIMITS {fault}"));
        let rate_limits = faults.or(limits, Policies::default());
        if rate_limits.is_off() && server.is_production() {
            faults.add("RESEARCHFLOW_RATE_LIMITS must not be off in production");
        }
        let trust = self.trusted_proxies.parse::<Trust>();
        let trust = trust.map_err(|fault| format!("RESEARCHFLOW_TRUSTED_PROXIES {fault}"));
        let header = match self.proxy_header {
            Header::XForwardedFor => ProxyHeader::XForwardedFor,
            Header::Forwarded => ProxyHeader::Forwarded,
        };
        let origins = self.cors_origins.split(',').map(str::trim).filter(|it| !it.is_empty());
        let origins = origins.map(str::parse::<Origin>).collect::<Result<Vec<_>, _>>();
        let origins = origins.map_err(|fault| format!("RESEARCHFLOW_CORS_ORIGINS: {fault}"));
        Edge {
            rate_limits,
            proxies: Proxies { trust: faults.or(trust, Trust::default()), header },
            tls_terminated: self.tls_terminated,
            cors_origins: faults.or(origins, Vec::new()),
        }
    }
}
