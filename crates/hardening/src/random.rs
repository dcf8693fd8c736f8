//! 128 random bits that nobody can guess.

use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};

/// 22 characters of base64url, from a cryptographic generator that the system seeds.
pub(crate) fn random_text() -> String {
    let bits: [u8; 16] = rand::random();
    BASE64_URL_SAFE_NO_PAD.encode(bits)
}
