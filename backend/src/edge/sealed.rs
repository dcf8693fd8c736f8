//! What has to be read again but must not lie readable in the database, encrypted under the
//! service's own secret (XChaCha20-Poly1305).

use crate::state::AppState;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};

const NONCE: usize = 24;

/// Encrypts a secret for one purpose and owner; `None` if it is too long for the cipher.
pub fn seal(state: &AppState, purpose_and_owner: &[&[u8]], secret: &[u8]) -> Option<Vec<u8>> {
    let nonce: [u8; NONCE] = rand::random();
    let sealed = cipher(state, purpose_and_owner).encrypt(&XNonce::from(nonce), secret).ok()?;
    Some([nonce.as_slice(), &sealed].concat())
}

/// The secret; `None` if it was sealed for another purpose or owner, under another key, or altered.
pub fn open(state: &AppState, purpose_and_owner: &[&[u8]], sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
    cipher(state, purpose_and_owner).decrypt(&XNonce::from(*nonce), sealed).ok()
}

fn cipher(state: &AppState, purpose_and_owner: &[&[u8]]) -> XChaCha20Poly1305 {
    XChaCha20Poly1305::new(&Key::from(state.derive_key(purpose_and_owner)))
}
