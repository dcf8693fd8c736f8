//! What the first start sets up.

use super::secrets::MIN_LENGTH;
use super::{Faults, Server};
use secrecy::{ExposeSecret, SecretString};
use std::path::PathBuf;

/// Settings as given.
#[derive(Debug, Clone, clap::Args)]
pub struct BootstrapArgs {
    /// `email:password` of the first administrator.
    #[arg(long, env = "RESEARCHFLOW_BOOTSTRAP_ADMIN", hide_env_values = true)]
    bootstrap_admin: Option<SecretString>,
    /// A file that holds `email:password`.
    #[arg(long, env = "RESEARCHFLOW_BOOTSTRAP_ADMIN_FILE")]
    bootstrap_admin_file: Option<PathBuf>,
    /// An API key of 32 characters or more, with every scope on the project `default`; not in
    /// production.
    #[arg(long, env = "RESEARCHFLOW_BOOTSTRAP_KEY", hide_env_values = true)]
    bootstrap_key: Option<SecretString>,
    /// A file that holds the API key.
    #[arg(long, env = "RESEARCHFLOW_BOOTSTRAP_KEY_FILE")]
    bootstrap_key_file: Option<PathBuf>,
}

/// Settings, valid.
#[derive(Debug, Clone)]
pub struct Bootstrap {
    /// The first administrator's email and password.
    pub admin: Option<(String, SecretString)>,
    /// The API key to install.
    pub key: Option<SecretString>,
}

impl BootstrapArgs {
    pub(super) fn validate(self, server: &Server, faults: &mut Faults) -> Bootstrap {
        let value = self.bootstrap_admin.as_ref().map(ExposeSecret::expose_secret);
        let admin = faults.secret(
            "RESEARCHFLOW_BOOTSTRAP_ADMIN",
            value,
            self.bootstrap_admin_file.as_deref(),
        );
        let value = self.bootstrap_key.as_ref().map(ExposeSecret::expose_secret);
        let file = self.bootstrap_key_file.as_deref();
        let key = faults.secret("RESEARCHFLOW_BOOTSTRAP_KEY", value, file);
        Bootstrap {
            admin: faults.or(admin, None).and_then(|text| split_admin(&text, faults)),
            key: faults.or(key, None).map(|key| check_key(key, server, faults)),
        }
    }
}

fn split_admin(text: &str, faults: &mut Faults) -> Option<(String, SecretString)> {
    match text.split_once(':') {
        Some((email, password)) if email.contains('@') && password.chars().count() >= 8 => {
            Some((email.to_owned(), password.to_owned().into()))
        }
        _ => {
            faults.add("RESEARCHFLOW_BOOTSTRAP_ADMIN must be email:password, the password of 8 characters or more");
            None
        }
    }
}

fn check_key(key: String, server: &Server, faults: &mut Faults) -> SecretString {
    if key.chars().count() < MIN_LENGTH {
        faults.add(format!("RESEARCHFLOW_BOOTSTRAP_KEY must have {MIN_LENGTH} characters or more"));
    }
    if server.is_production() {
        faults.add("RESEARCHFLOW_BOOTSTRAP_KEY is refused in production; use `researchflow admin key create`");
    }
    key.into()
}
