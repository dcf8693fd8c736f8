//! One attempt to sign in, from the first redirect to the callback. It is kept in the browser that
//! makes it, encrypted: so what comes back counts nowhere else (RFC 9700, section 4.7), and a process
//! that never saw the beginning can end it.

use super::return_to::ReturnTo;
use crate::config;
use crate::edge::sealed;
use crate::error::ApiError;
use crate::state::AppState;
use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// How long somebody may take at the provider.
const SECONDS: i64 = 600;

#[derive(Serialize, Deserialize)]
pub(super) struct Flow {
    pub(super) state: String,
    pub(super) nonce: String,
    /// For PKCE (RFC 7636).
    pub(super) verifier: String,
    pub(super) return_to: ReturnTo,
    /// Microseconds.
    expires_at: i64,
}

impl Flow {
    pub(super) fn begin(state: &AppState, return_to: ReturnTo) -> Self {
        let expires_at = state.clock.now().micros() + SECONDS * 1_000_000;
        Self { state: secret(), nonce: secret(), verifier: secret(), return_to, expires_at }
    }

    /// What the provider is shown of the verifier (S256).
    pub(super) fn challenge(&self) -> String {
        BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(&self.verifier))
    }

    pub(super) fn is(&self, state: &str) -> bool {
        self.state.as_bytes().ct_eq(state.as_bytes()).into()
    }

    /// Lax, since the browser comes back from the provider's site.
    pub(super) fn cookie(
        &self,
        state: &AppState,
        settings: &config::Oidc,
    ) -> Result<Cookie<'static>, ApiError> {
        let json = serde_json::to_vec(self).map_err(ApiError::internal)?;
        let sealed = sealed::seal(state, &purpose(settings), &json);
        let sealed = sealed.ok_or_else(|| ApiError::internal("the cookie is not encrypted"))?;
        Ok(build(state, BASE64_URL_SAFE_NO_PAD.encode(sealed), SECONDS))
    }

    /// The attempt that a browser has under way, unless it is over.
    pub(super) fn of(
        state: &AppState,
        settings: &config::Oidc,
        request: &HttpRequest,
    ) -> Option<Self> {
        let cookie = request.cookie(name(state))?;
        let sealed = BASE64_URL_SAFE_NO_PAD.decode(cookie.value()).ok()?;
        let json = sealed::open(state, &purpose(settings), &sealed)?;
        let flow: Self = serde_json::from_slice(&json).ok()?;
        (flow.expires_at > state.clock.now().micros()).then_some(flow)
    }
}

/// The cookie that takes the attempt from the browser.
pub(super) fn removal(state: &AppState) -> Cookie<'static> {
    build(state, String::new(), 0)
}

fn build(state: &AppState, value: String, seconds: i64) -> Cookie<'static> {
    Cookie::build(name(state), value)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Lax)
        .secure(state.config.is_secure())
        .max_age(Duration::seconds(seconds))
        .finish()
}

fn name(state: &AppState) -> &'static str {
    if state.config.is_secure() { "__Host-researchflow_oidc" } else { "researchflow_oidc" }
}

/// An attempt is for one provider, and for this client there.
fn purpose(settings: &config::Oidc) -> [&[u8]; 3] {
    [b"researchflow oidc", settings.issuer.as_bytes(), settings.client_id.as_bytes()]
}

/// 256 random bits, in the letters that a PKCE verifier may have.
fn secret() -> String {
    BASE64_URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}
