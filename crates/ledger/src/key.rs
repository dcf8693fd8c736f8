//! Ed25519 keys with a name, as [signed-note](https://c2sp.org/signed-note) has them.

use std::fmt;
use std::str::FromStr;

use base64::{Engine, engine::general_purpose::STANDARD};
use ed25519_dalek::{Signature, Signer};
use thiserror::Error;

use crate::hash::sha256;
use crate::note::{self, NoteError};

/// The signature type of plain Ed25519.
const ED25519: u8 = 0x01;

/// Why a key cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum KeyError {
    /// Names stand between spaces and pluses.
    #[error("a key's name must have a character, and no space, plus or control character")]
    Name,
    /// Not `name+hash+base64`, or not an Ed25519 key.
    #[error("a verifier key has the form <name>+<8 hex digits>+<base64 of an Ed25519 key>")]
    Malformed,
    /// The key is damaged, or belongs to another name.
    #[error("the verifier key's hash does not match its name and key")]
    Hash,
}

/// The public half: who signed a note, and how to tell.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct VerifierKey {
    name: String,
    id: [u8; 4],
    key: ed25519_dalek::VerifyingKey,
}

impl VerifierKey {
    fn new(name: &str, key: ed25519_dalek::VerifyingKey) -> Result<Self, KeyError> {
        if !is_name(name) {
            return Err(KeyError::Name);
        }
        let hash = sha256([name.as_bytes(), b"\n", &[ED25519], key.as_bytes()]);
        let [a, b, c, d, ..] = *hash.as_bytes();
        Ok(Self { name: name.to_owned(), id: [a, b, c, d], key })
    }

    /// The signer's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The first four bytes of a hash of name and key. With the name it tells keys apart; it is
    /// too short to be a proof of anything.
    #[must_use]
    pub const fn id(&self) -> [u8; 4] {
        self.id
    }

    /// Whether `signature` is this key's signature of `text`.
    pub(crate) fn accepts(&self, text: &str, signature: &[u8]) -> bool {
        let signature = Signature::from_slice(signature);
        signature.is_ok_and(|signature| self.key.verify_strict(text.as_bytes(), &signature).is_ok())
    }
}

/// `<name>+<id in hex>+<base64 of 0x01 ‖ public key>`.
impl fmt::Display for VerifierKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let key = STANDARD.encode([&[ED25519], self.key.as_bytes().as_slice()].concat());
        write!(f, "{}+{:08x}+{key}", self.name, u32::from_be_bytes(self.id))
    }
}

impl FromStr for VerifierKey {
    type Err = KeyError;

    fn from_str(text: &str) -> Result<Self, KeyError> {
        let mut parts = text.splitn(3, '+');
        let (Some(name), Some(id), Some(key)) = (parts.next(), parts.next(), parts.next()) else {
            return Err(KeyError::Malformed);
        };
        let verifier = Self::new(name, decode_key(key).ok_or(KeyError::Malformed)?)?;
        let claimed = u32::from_str_radix(id, 16).ok().filter(|_| id.len() == 8);
        let same = claimed.ok_or(KeyError::Malformed)?.to_be_bytes() == verifier.id;
        if same { Ok(verifier) } else { Err(KeyError::Hash) }
    }
}

fn decode_key(base64: &str) -> Option<ed25519_dalek::VerifyingKey> {
    let bytes = STANDARD.decode(base64).ok()?;
    let key = bytes.strip_prefix(&[ED25519])?;
    ed25519_dalek::VerifyingKey::from_bytes(key.try_into().ok()?).ok()
}

/// The secret half. It is wiped from memory when dropped, and never printed.
pub struct SigningKey {
    key: ed25519_dalek::SigningKey,
    verifier: VerifierKey,
}

impl SigningKey {
    /// The key that follows from 32 secret random bytes, the seed of RFC 8032.
    ///
    /// # Errors
    ///
    /// If `name` cannot stand in a note.
    pub fn from_seed(name: &str, seed: [u8; 32]) -> Result<Self, KeyError> {
        let key = ed25519_dalek::SigningKey::from_bytes(&seed);
        let verifier = VerifierKey::new(name, key.verifying_key())?;
        Ok(Self { key, verifier })
    }

    /// The public half.
    #[must_use]
    pub const fn verifier(&self) -> &VerifierKey {
        &self.verifier
    }

    /// The signed note of `text`.
    ///
    /// # Errors
    ///
    /// If `text` does not end in a newline, has control characters, or is too long for a note.
    pub fn sign(&self, text: &str) -> Result<String, NoteError> {
        note::check_text(text)?;
        Ok(self.sign_checked(text))
    }

    /// The signed note of a text that is known to be well-formed.
    pub(crate) fn sign_checked(&self, text: &str) -> String {
        let signature = self.key.sign(text.as_bytes()).to_bytes();
        let signature = STANDARD.encode([&self.verifier.id, signature.as_slice()].concat());
        format!("{text}\n{}{} {signature}\n", note::SIGNATURE_MARK, self.verifier.name)
    }
}

impl fmt::Debug for SigningKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SigningKey").field(&self.verifier.to_string()).finish()
    }
}

/// Whether `name` may name a key.
pub(crate) fn is_name(name: &str) -> bool {
    !name.is_empty() && !name.contains(|c: char| c.is_whitespace() || c.is_control() || c == '+')
}
