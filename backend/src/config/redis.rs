//! Where Redis is, if there is one.

use super::{Faults, value_or_file};
use secrecy::{ExposeSecret, SecretString};
use std::path::PathBuf;

/// Settings as given.
#[derive(Debug, Clone, clap::Args)]
pub struct RedisArgs {
    /// `redis://[USER:PASSWORD@]HOST[:PORT][/DATABASE]`; empty: none. It makes rate limits exact
    /// over many processes.
    #[arg(long, env = "REDIS_URL", hide_env_values = true)]
    redis_url: Option<SecretString>,
    /// A file that holds the URL of Redis.
    #[arg(long, env = "REDIS_URL_FILE")]
    redis_url_file: Option<PathBuf>,
    /// Stands before every key in Redis, so that services can share one.
    #[arg(long, env = "RESEARCHFLOW_REDIS_PREFIX", default_value = "ros:")]
    redis_prefix: String,
}

/// Settings, valid.
#[derive(Debug, Clone)]
pub struct Redis {
    /// The URL; it may hold a password.
    pub url: Option<SecretString>,
    /// What stands before every key.
    pub prefix: String,
}

impl RedisArgs {
    pub(super) fn validate(self, faults: &mut Faults) -> Redis {
        let given = self.redis_url.as_ref().map(ExposeSecret::expose_secret);
        let url = value_or_file("REDIS_URL", given, self.redis_url_file.as_deref());
        let url = faults.or(url, None);
        if url.as_ref().is_some_and(|url| !url.starts_with("redis://")) {
            faults.add("REDIS_URL must start with redis://");
        }
        Redis { url: url.map(SecretString::from), prefix: self.redis_prefix }
    }
}
