//! Signing in at the organisation's OpenID provider: the authorization code flow with PKCE
//! (OpenID Connect Core 1.0; RFC 6749, 7636, 9207, 9700).
//!
//! ```text
//! GET /auth/oidc ─ Flow in a sealed cookie ─▶ the provider ─▶ GET /auth/oidc/callback
//!                                                               │ state, issuer      flow
//!                                             code ─▶ ID token  │ PKCE               provider
//!                                                               │ signature, claims  id_token, jwks
//!                                                               ▼ issuer and subject admission
//!                                                             a session
//! ```
//!
//! Invariants: what comes back counts only in the browser that began, within ten minutes; somebody is
//! known by issuer and subject, never by an email once they are linked; nothing that the provider
//! answers is kept but the subject.

mod admission;
pub(super) mod api;
mod error;
mod flow;
mod http;
mod id_token;
mod jwks;
mod metadata;
mod provider;
mod return_to;

pub use id_token::is_subject;
pub use provider::Oidc;
