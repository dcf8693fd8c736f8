//! Keyed pseudonyms: the same value gets the same tag, and nobody without the key can tell which.

use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;

use crate::Class;
use crate::fold::Folded;

/// Makes the tags that stand for values: `[EMAIL_7F3A]`.
///
/// The mark is the first two bytes of HMAC-SHA-256 under the key over the class and the value in
/// its plain spelling. Two bytes let a reader follow one patient through a run; they are too few
/// to be an identifier themselves, so that different values share a tag once in 65,536 pairs.
#[derive(Clone)]
pub struct Pseudonyms(Hmac<Sha256>);

impl std::fmt::Debug for Pseudonyms {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Pseudonyms(..)")
    }
}

impl Pseudonyms {
    /// Pseudonyms under a secret key; tags are consistent wherever the same key is used.
    #[must_use]
    pub fn new(key: &[u8; 32]) -> Self {
        // RFC 2104 pads a key shorter than SHA-256's block of 64 bytes with zeros.
        let mut block = [0; 64];
        for (slot, byte) in block.iter_mut().zip(key) {
            *slot = *byte;
        }
        Self(Hmac::new(&block.into()))
    }

    /// The tag for a value of a class.
    #[must_use]
    pub fn tag(&self, class: Class, value: &str) -> String {
        let mut mac = self.0.clone();
        mac.update(class.as_str().as_bytes());
        mac.update(&[0]);
        mac.update(&plain(class, value));
        let [high, low, ..]: [u8; 32] = mac.finalize().into_bytes().into();
        format!("[{}_{high:02X}{low:02X}]", class.label())
    }
}

/// The value in the one spelling that all its spellings share.
fn plain(class: Class, value: &str) -> Vec<u8> {
    let folded = Folded::new(value);
    let mut lower = folded.bytes().to_ascii_lowercase();
    match class {
        Class::Email => {
            let address = String::from_utf8_lossy(&lower).replace(' ', "");
            unspelled(address).into_bytes()
        }
        Class::Url | Class::Ip => lower,
        _ => {
            lower.retain(|byte| byte.is_ascii_alphanumeric() || *byte >= 0x80);
            if matches!(class, Class::Phone | Class::Fax) {
                return without_country(&lower).to_vec();
            }
            lower
        }
    }
}

/// `john(at)example[dot]com` as `john@example.com`.
fn unspelled(mut address: String) -> String {
    for (open, close) in [("(", ")"), ("[", "]"), ("{", "}"), ("<", ">")] {
        for (word, mark) in [("at", "@"), ("dot", "."), ("@", "@"), (".", ".")] {
            address = address.replace(&format!("{open}{word}{close}"), mark);
        }
    }
    address
}

/// A North American number is the same with and without its country code.
fn without_country(number: &[u8]) -> &[u8] {
    match number {
        [b'1', rest @ ..] if rest.len() == 10 => rest,
        _ => number,
    }
}
