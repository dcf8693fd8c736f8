//! Recovery codes: what is left to somebody who lost their second factor.

use data_encoding::BASE32_NOPAD;
use sha2::{Digest, Sha256};

/// How many a user gets.
const COUNT: usize = 10;
/// 160 random bits. From 112 on a fast hash is enough (NIST SP 800-63B-4, 3.1.2.2).
const BYTES: usize = 20;
const GROUP: usize = 8;

/// Ten new codes, such as `K5QW2ZLM-…`, with what is stored of each.
pub(super) fn generate() -> (Vec<String>, Vec<Vec<u8>>) {
    let code = |_| {
        let letters = BASE32_NOPAD.encode(&rand::random::<[u8; BYTES]>());
        let letters: Vec<char> = letters.chars().collect();
        let groups: Vec<String> =
            letters.chunks(GROUP).map(|group| group.iter().collect()).collect();
        groups.join("-")
    };
    let codes: Vec<String> = (0..COUNT).map(code).collect();
    let hashes = codes.iter().map(|code| hash(code)).collect();
    (codes, hashes)
}

/// What is stored of a code, however its letters were typed.
pub(super) fn hash(code: &str) -> Vec<u8> {
    let letters: String = code.chars().filter(char::is_ascii_alphanumeric).collect();
    Sha256::digest(letters.to_ascii_uppercase().as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_may_be_typed_in_many_ways() {
        let (codes, hashes) = generate();
        assert_eq!((codes.len(), codes[0].len()), (10, 35));
        assert_eq!(hash(&codes[0]), hashes[0]);
        assert_eq!(hash(&format!(" {} ", codes[0].to_lowercase().replace('-', " "))), hashes[0]);
        assert_ne!(hash(&codes[1]), hashes[0]);
    }
}
