//! API keys: `rf_<id>_<secret>`, the secret with a checksum, so that a mistyped or invented key is
//! refused without asking the database.

use super::credential::SecretHash;
use rand::RngExt;
use sha2::{Digest, Sha256};

/// A key as its owner holds it. Shown once, then only its hash is left. Never prints.
pub struct ApiKey {
    id: String,
    text: String,
}

/// Hex digits of the id, the secret and the checksum.
const ID: usize = 32;
const SECRET: usize = 64;
const CHECKSUM: usize = 6;

impl ApiKey {
    /// A new key with 256 random bits.
    pub fn generate(id: &str) -> Self {
        let secret: [u8; 32] = rand::rng().random();
        let secret = hex::encode(secret);
        let id = id.replace('-', "");
        let checksum = checksum(&id, &secret);
        Self { text: format!("rf_{id}_{secret}{checksum}"), id }
    }

    /// The key, to show it once.
    pub fn reveal(&self) -> &str {
        &self.text
    }

    /// The id within the key.
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What is stored of it. 256 random bits need no slow hash.
    pub fn hash(&self) -> Vec<u8> {
        hash(&self.text).to_vec()
    }
}

/// What is stored of a key.
pub(super) fn hash(key: &str) -> SecretHash {
    Sha256::digest(key.as_bytes()).into()
}

/// Whether a text of our form carries the right checksum; a text of another form may be a
/// bootstrap key, which the database knows.
pub(super) fn is_plausible(key: &str) -> bool {
    let parts = key.strip_prefix("rf_").and_then(|rest| rest.split_once('_'));
    // An operator's bootstrap key may start like ours; only what has our lengths has our checksum.
    match parts.filter(|(id, secret)| id.len() == ID && secret.len() == SECRET + CHECKSUM) {
        Some((id, secret)) => {
            secret.split_at_checked(SECRET).is_some_and(|(secret, sum)| sum == checksum(id, secret))
        }
        None => key.len() >= 32,
    }
}

fn checksum(id: &str, secret: &str) -> String {
    let digest = Sha256::digest(format!("rf_{id}_{secret}"));
    hex::encode(digest).chars().take(CHECKSUM).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_bootstrap_key_may_start_like_ours() {
        assert!(is_plausible("rf_test_0123456789abcdef0123456789abcdef"));
    }

    #[test]
    fn a_mistyped_key_is_noticed() {
        let key = ApiKey::generate("01936f5e-0000-7000-8000-000000000000");
        assert!(is_plausible(key.reveal()));
        let typo = key.reveal().replace('7', "8");
        assert!(typo == key.reveal() || !is_plausible(&typo));
    }
}
