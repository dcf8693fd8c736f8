//! `hardening::serve` on real sockets.

#![expect(clippy::unwrap_used, reason = "a helper of tests may panic as a test may")]

mod clients;
mod connections;
mod http1;
mod http2;
mod overload;
mod rotation;
mod slow_body;
mod support;
mod tls;
mod unread_body;
