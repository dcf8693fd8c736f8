//! Passwords that are made here for somebody who is to choose their own (OWASP ASVS 5.0, 6.4.1).

use super::PasswordHash;
use rand::RngExt;

/// How long such a password can be used: a day, in microseconds.
const LIFE: i64 = 24 * 3600 * 1_000_000;

/// A password as it is stored.
pub struct NewPassword {
    /// What is kept of it.
    pub hash: PasswordHash,
    /// Until when it can be used (microseconds); `None`: until another is chosen.
    pub expires_at: Option<i64>,
}

impl NewPassword {
    /// One that somebody chose.
    pub fn chosen(hash: PasswordHash) -> Self {
        Self { hash, expires_at: None }
    }

    /// One that was made here, at `now` (microseconds), and was shown to others than its owner.
    pub fn made(hash: PasswordHash, now: i64) -> Self {
        Self { hash, expires_at: Some(now.saturating_add(LIFE)) }
    }
}

/// A password of 130 random bits, in letters that are hard to confuse.
pub fn random_password() -> String {
    const LETTERS: [char; 32] = [
        'a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'j', 'k', 'm', 'n', 'p', 'q', 'r', 's', 't', 'u',
        'v', 'w', 'x', 'y', 'z', '2', '3', '4', '5', '6', '7', '8', '9', 'i',
    ];
    let mut random = rand::rng();
    let letter = |_| LETTERS.get(random.random_range(0..LETTERS.len())).copied().unwrap_or('a');
    (0..26).map(letter).collect()
}
