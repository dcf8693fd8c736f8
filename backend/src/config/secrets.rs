//! The two keys that everything else is derived from.

use super::{Faults, Server};
use hmac::{Hmac, KeyInit, Mac};
use rand::Rng;
use secrecy::{ExposeSecret, SecretBox, SecretString};
use sha2::Sha256;
use std::fs;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

/// Shorter secrets can be guessed.
pub(super) const MIN_LENGTH: usize = 32;

/// Settings as given.
#[derive(Debug, Clone, clap::Args)]
pub struct SecretsArgs {
    /// 32 characters or more; keys content digests and pseudonyms.
    #[arg(long, env = "RESEARCHFLOW_SECRET_KEY", hide_env_values = true)]
    secret_key: Option<SecretString>,
    /// A file that holds the secret key.
    #[arg(long, env = "RESEARCHFLOW_SECRET_KEY_FILE")]
    secret_key_file: Option<PathBuf>,
    /// 32 characters or more; the ledger's signing key is derived from it.
    #[arg(long, env = "RESEARCHFLOW_LEDGER_KEY", hide_env_values = true)]
    ledger_key: Option<SecretString>,
    /// A file that holds the ledger key.
    #[arg(long, env = "RESEARCHFLOW_LEDGER_KEY_FILE")]
    ledger_key_file: Option<PathBuf>,
}

/// Keys, valid.
#[derive(Clone)]
pub struct Secrets {
    /// Keys content digests and pseudonyms.
    pub master: std::sync::Arc<SecretBox<[u8; 32]>>,
    /// The seed of the ledger's Ed25519 key.
    pub ledger_seed: std::sync::Arc<SecretBox<[u8; 32]>>,
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secrets")
    }
}

impl SecretsArgs {
    pub(super) fn validate(self, server: &Server, faults: &mut Faults) -> Secrets {
        let secret_key = Given {
            name: "RESEARCHFLOW_SECRET_KEY",
            value: self.secret_key,
            file: self.secret_key_file,
            kept_as: "secret.key",
        };
        let ledger_key = Given {
            name: "RESEARCHFLOW_LEDGER_KEY",
            value: self.ledger_key,
            file: self.ledger_key_file,
            kept_as: "ledger.key",
        };
        Secrets {
            master: secret_key.derive(server, faults),
            ledger_seed: ledger_key.derive(server, faults),
        }
    }
}

struct Given {
    name: &'static str,
    value: Option<SecretString>,
    file: Option<PathBuf>,
    kept_as: &'static str,
}

impl Given {
    fn derive(self, server: &Server, faults: &mut Faults) -> std::sync::Arc<SecretBox<[u8; 32]>> {
        let name = self.name;
        let text = match self.resolve(server, faults) {
            Ok(text) => text,
            Err(fault) => {
                faults.add(fault);
                return std::sync::Arc::new(SecretBox::new(Box::new([0; 32])));
            }
        };
        if text.chars().count() < MIN_LENGTH {
            faults.add(format!("{name} must have {MIN_LENGTH} characters or more"));
        } else if server.is_production() && is_guessable(&text) {
            faults.add(format!("{name} must be random; `openssl rand -hex 32` makes one"));
        }
        std::sync::Arc::new(SecretBox::new(Box::new(stretch(name, &text))))
    }

    fn resolve(&self, server: &Server, faults: &mut Faults) -> Result<String, String> {
        let value = self.value.as_ref().map(ExposeSecret::expose_secret);
        match faults.secret(self.name, value, self.file.as_deref())? {
            Some(text) => Ok(text),
            None if server.is_development() => {
                let path = server.data_dir.join(self.kept_as);
                let kept = fs::read_to_string(&path).map(|text| text.trim().to_owned());
                let kept = kept.or_else(|_| keep_or_make(&path));
                faults.keep_private(self.name, &path);
                kept.map_err(|error| {
                    format!("{} cannot be kept in {}: {error}", self.name, path.display())
                })
            }
            None => Err(format!("{} is missing", self.name)),
        }
    }
}

/// Whether a secret is one of those that stand in examples, or has too few different characters to
/// be random: of 32 random hex digits fewer than 8 differ once in ten million times.
fn is_guessable(text: &str) -> bool {
    const EXAMPLES: [&str; 6] = ["change", "secret", "password", "example", "default", "12345678"];
    let lower = text.to_lowercase();
    let different: std::collections::BTreeSet<char> = lower.chars().collect();
    different.len() < 8 || EXAMPLES.iter().any(|word| lower.contains(word))
}

/// 32 bytes of a secret of any length, different for each name.
fn stretch(name: &str, text: &str) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(text.as_bytes()).expect("any length");
    mac.update(name.as_bytes());
    mac.finalize().into_bytes().into()
}

/// The secret in the file; made, if there is none, with nobody else able to read it. It is written
/// beside and linked to its name when it is whole: of two processes that start at once one wins, and
/// nobody reads half a secret.
fn keep_or_make(path: &Path) -> std::io::Result<String> {
    let mut bytes = [0u8; 32];
    rand::rng().fill_bytes(&mut bytes);
    let draft = path.with_extension(format!("{}.new", std::process::id()));
    let mut file =
        fs::OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&draft)?;
    file.write_all(hex::encode(bytes).as_bytes())?;
    file.sync_all()?;
    let linked = fs::hard_link(&draft, path);
    fs::remove_file(&draft)?;
    match linked {
        Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => Err(error),
        _ => fs::read_to_string(path).map(|text| text.trim().to_owned()),
    }
}
