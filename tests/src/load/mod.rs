//! Load: one thread, few allocations, requests that were written before the clock started.
//!
//! Two kinds. [`closed`] sends the next request when an answer came: it finds out how much a service
//! can do. [`open`] sends at a fixed rate whatever comes back, as a crowd does: each latency counts
//! from when the request was due, so that a service that stops for a second is charged for everybody
//! who would have asked meanwhile (Gil Tene's "coordinated omission").

mod connection;
mod mix;
mod pin;
mod run;
mod tally;

pub use mix::mix;
pub use pin::pin;
pub use run::{Load, closed, open};
pub use tally::{Answered, Tally};

use connection::Connection;
use std::net::SocketAddr;
use std::sync::Arc;

/// A request as bytes, and where it goes.
#[derive(Clone)]
pub struct Request {
    address: SocketAddr,
    bytes: Arc<[u8]>,
}

impl Request {
    /// `fields` are lines with their ends.
    pub fn new(address: SocketAddr, line: &str, fields: &str, body: &str) -> Self {
        let length = if body.is_empty() {
            String::new()
        } else {
            format!("content-type: application/json\r\ncontent-length: {}\r\n", body.len())
        };
        let text = format!("{line} HTTP/1.1\r\nhost: {address}\r\n{fields}{length}\r\n{body}");
        Self { address, bytes: text.into_bytes().into() }
    }

    /// A `GET` with a key.
    pub fn get(address: SocketAddr, path: &str, key: &str) -> Self {
        Self::new(address, &format!("GET {path}"), &format!("authorization: Bearer {key}\r\n"), "")
    }
}
