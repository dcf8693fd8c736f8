//! The keys that sign the ledger's checkpoints, and those that have signed it before.

use crate::config::Config;
use ::ledger::{KeyError, SigningKey, VerifierKey};
use secrecy::ExposeSecret;

/// One key for each log, and the keys that are trusted from before a rotation.
#[derive(Debug)]
pub struct Signers {
    /// Signs the log `<origin>/invocations`.
    pub invocations: SigningKey,
    /// Signs the log `<origin>/audit`.
    pub audit: SigningKey,
    /// Keys that signed either log before.
    pub previous: Vec<VerifierKey>,
}

impl Signers {
    /// The keys that follow from the configured seed and origin.
    ///
    /// # Errors
    /// The origin cannot name a key.
    pub fn new(config: &Config) -> Result<Self, KeyError> {
        let seed = config.secrets.ledger_seed.expose_secret();
        let origin = &config.ledger.origin;
        Ok(Self {
            invocations: SigningKey::from_seed(&format!("{origin}/invocations"), *seed)?,
            audit: SigningKey::from_seed(&format!("{origin}/audit"), *seed)?,
            previous: config.ledger.previous_keys.clone(),
        })
    }
}
