//! Requests → events: by hand for every rule, and as the SDKs really send them.

#![expect(clippy::unwrap_used, reason = "what fails in a test is to stop it")]

mod common;
mod dialects;
mod docs;
mod encodings;
mod hostile;
mod sdks;
