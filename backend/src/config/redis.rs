//! Where Redis is, if there is one.

use super::Faults;
use secrecy::{ExposeSecret, SecretString};
use std::net::IpAddr;
use std::path::PathBuf;

/// Settings as given.
#[derive(Debug, Clone, clap::Args)]
pub struct RedisArgs {
    /// `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`, `redis+sentinel://HOST,…/SERVICE` or
    /// `redis+cluster://HOST,…`, each with `rediss` for TLS; empty: none. It makes rate limits exact
    /// over many processes, shows each at once what another changed, and carries the insights feed.
    #[arg(long, env = "REDIS_URL", hide_env_values = true)]
    redis_url: Option<SecretString>,
    /// A file that holds the URL of Redis.
    #[arg(long, env = "REDIS_URL_FILE")]
    redis_url_file: Option<PathBuf>,
    /// PEM certificates of those who vouch for Redis; those that this machine trusts, if absent.
    #[arg(long, env = "RESEARCHFLOW_REDIS_CA")]
    redis_ca: Option<PathBuf>,
    /// Stands before every key in Redis, so that services can share one.
    #[arg(long, env = "RESEARCHFLOW_REDIS_PREFIX", default_value = "ros:")]
    redis_prefix: String,
}

/// Settings, valid.
#[derive(Debug, Clone)]
pub struct Redis {
    /// The URL; it may hold a password.
    pub url: Option<SecretString>,
    /// PEM certificates of those who vouch for it; `None`: those that this machine trusts.
    pub ca: Option<Vec<u8>>,
    /// What stands before every key.
    pub prefix: String,
}

/// How the URL may begin; [`redis_link::Settings::url`] says what follows.
const SCHEMES: [&str; 6] = [
    "redis://",
    "rediss://",
    "redis+sentinel://",
    "rediss+sentinel://",
    "redis+cluster://",
    "rediss+cluster://",
];

impl Redis {
    /// How a part of the service reaches it, if there is one. `purpose` is who does without it while
    /// it does not answer, for log lines.
    pub fn link(&self, purpose: &'static str) -> Option<redis_link::Settings> {
        let url = self.url.as_ref()?.expose_secret();
        let settings = redis_link::Settings::new(url, purpose);
        Some(redis_link::Settings { authority: self.ca.clone(), ..settings })
    }
}

impl RedisArgs {
    pub(super) fn validate(self, faults: &mut Faults) -> Redis {
        let given = self.redis_url.as_ref().map(ExposeSecret::expose_secret);
        let url = faults.secret("REDIS_URL", given, self.redis_url_file.as_deref());
        let url = faults.or(url, None);
        let is_tls = url.as_ref().is_some_and(|url| url.starts_with("rediss"));
        let has_scheme =
            url.as_ref().is_none_or(|url| SCHEMES.iter().any(|it| url.starts_with(it)));
        match &url {
            Some(_) if !has_scheme => {
                faults.add(format!("REDIS_URL must start with one of {}", SCHEMES.join(", ")));
            }
            Some(url) if !is_tls && is_public(url) => faults.weakness(
                "REDIS_URL leads to a public address without TLS; use rediss://, or an address of \
                 a private network",
            ),
            _ => {}
        }
        if self.redis_ca.is_some() && !is_tls {
            faults.add("RESEARCHFLOW_REDIS_CA needs a REDIS_URL that begins with rediss");
        }
        let ca = self.redis_ca.map(|path| {
            std::fs::read(&path).map_err(|error| {
                format!("RESEARCHFLOW_REDIS_CA ({}) cannot be read: {error}", path.display())
            })
        });
        let ca = faults.or(ca.transpose(), None);
        let redis = Redis { url: url.map(SecretString::from), ca, prefix: self.redis_prefix };
        if has_scheme && let Some(Err(fault)) = redis.link("").map(|link| link.check()) {
            faults.add(format!("REDIS_URL {fault}"));
        }
        redis
    }
}

/// Whether a URL names an address that is of no private network (RFC 1918, 4193, 6890). What a name
/// stands for is not looked up.
fn is_public(url: &str) -> bool {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let authority = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let hosts = authority.rsplit('@').next().unwrap_or_default();
    hosts.split(',').any(is_public_host)
}

fn is_public_host(host: &str) -> bool {
    let host = match host.strip_prefix('[') {
        Some(v6) => v6.split(']').next().unwrap_or_default(),
        None => host.split(':').next().unwrap_or_default(),
    };
    host.parse::<IpAddr>().is_ok_and(|address| match address.to_canonical() {
        IpAddr::V4(v4) => !(v4.is_loopback() || v4.is_private() || v4.is_link_local()),
        IpAddr::V6(v6) => !(v6.is_loopback() || v6.is_unique_local() || v6.is_unicast_link_local()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_no_private_network_is_public() {
        for (host, public) in [
            ("127.0.0.1:6379", false),
            ("u:p@10.1.2.3:6379/0", false),
            ("[fd00::1]:6379", false),
            ("redis:6379", false),
            (":p@8.8.8.8/1", true),
            ("10.1.2.3:26379,redis:26379/main", false),
            ("10.1.2.3:26379,8.8.8.8/main", true),
            ("[2001:db8::1]:6379", true),
            ("[::ffff:8.8.8.8]", true),
        ] {
            assert_eq!(is_public(&format!("redis://{host}")), public, "{host}");
        }
    }
}
