//! Passwords: Argon2id with the parameters that OWASP's password storage cheat sheet names first
//! for it (19 MiB, two passes, one lane).

use argon2::password_hash::{PasswordHasher, PasswordVerifier, phc};
use argon2::{Algorithm, Argon2, Params, Version};
use icu_normalizer::ComposingNormalizerBorrowed;
use std::borrow::Cow;

/// A password as it is stored: a PHC string.
pub struct PasswordHash(String);

const MEMORY_KIB: u32 = 19 * 1024;
const PASSES: u32 = 2;
const LANES: u32 = 1;
/// The fewest characters of any password, whoever chose it.
const MIN_LENGTH: usize = 8;
/// The most. NIST SP 800-63B-4 asks that 64 be allowed at the least.
pub(super) const MAX_LENGTH: usize = 128;

impl PasswordHash {
    /// Hashes a password. `password_rules` tells which are good ones. Takes tens of milliseconds: call it on a blocking thread.
    ///
    /// # Errors
    /// The password is too short or too long.
    pub fn of(password: &str) -> Result<Self, String> {
        let password = normalised(password);
        if !(MIN_LENGTH..=MAX_LENGTH).contains(&password.chars().count()) {
            return Err(format!("must have {MIN_LENGTH} to {MAX_LENGTH} characters"));
        }
        let hash: phc::PasswordHash =
            hasher()?.hash_password(password.as_bytes()).map_err(|error| error.to_string())?;
        Ok(Self(hash.to_string()))
    }

    /// From the database.
    pub fn stored(text: String) -> Self {
        Self(text)
    }

    /// The PHC string.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether this is the password, in constant time. Call it on a blocking thread.
    pub fn verify(&self, password: &str) -> bool {
        let (Ok(hash), Ok(hasher)) = (phc::PasswordHash::new(&self.0), hasher()) else {
            return false;
        };
        hasher.verify_password(normalised(password).as_bytes(), &hash).is_ok()
    }

    /// Takes as long as [`Self::verify`], for users that do not exist.
    pub fn verify_nobody(password: &str) {
        let mut out = [0u8; 32];
        if let Ok(hasher) = hasher() {
            let password = normalised(password);
            let _ = hasher.hash_password_into(password.as_bytes(), b"nobody's salt 16", &mut out);
        }
    }
}

/// One way to write what looks the same (NFC), since keyboards differ (NIST SP 800-63B-4, 3.1.1.2).
pub(super) fn normalised(password: &str) -> Cow<'_, str> {
    ComposingNormalizerBorrowed::new_nfc().normalize(password)
}

fn hasher() -> Result<Argon2<'static>, String> {
    let params = Params::new(MEMORY_KIB, PASSES, LANES, None).map_err(|error| error.to_string())?;
    Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_password_itself_is_accepted() {
        let hash = PasswordHash::of("correct horse").unwrap();
        assert!(hash.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        assert!(hash.verify("correct horse"));
        assert!(!hash.verify("correct horses"));
        assert!(PasswordHash::of("caf\u{e9} noir").unwrap().verify("cafe\u{301} noir"));
        assert!(PasswordHash::of("e\u{301}e\u{301}e\u{301}e\u{301}").is_err(), "four characters");
        assert!(!PasswordHash::stored("garbage".to_owned()).verify("correct horse"));
    }
}
