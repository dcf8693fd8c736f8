//! Kept answers, encrypted: the answer that shows a new API key must not lie readable in the database.

use crate::state::AppState;
use chacha20poly1305::aead::{Aead, KeyInit};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};

const NONCE: usize = 24;

/// Encrypts an answer for whoever comes again with the same key.
pub(super) fn seal(state: &AppState, principal: &str, key: &str, body: &[u8]) -> Option<Vec<u8>> {
    let nonce: [u8; NONCE] = rand::random();
    let sealed = cipher(state, principal, key).encrypt(&XNonce::from(nonce), body).ok()?;
    Some([nonce.as_slice(), &sealed].concat())
}

/// The answer; `None` if it was sealed under another secret or altered.
pub(super) fn open(state: &AppState, principal: &str, key: &str, sealed: &[u8]) -> Option<Vec<u8>> {
    let (nonce, sealed) = sealed.split_first_chunk::<NONCE>()?;
    cipher(state, principal, key).decrypt(&XNonce::from(*nonce), sealed).ok()
}

fn cipher(state: &AppState, principal: &str, key: &str) -> XChaCha20Poly1305 {
    let parts: [&[u8]; 3] = [b"researchflow kept answer", principal.as_bytes(), key.as_bytes()];
    XChaCha20Poly1305::new(&Key::from(state.derive_key(&parts)))
}
