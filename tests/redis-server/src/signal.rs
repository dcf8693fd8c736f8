//! Signals to processes that the tests started.

use std::process::{Child, Command};

/// Sends a signal, such as `STOP`.
///
/// # Panics
/// There is no such process.
#[track_caller]
pub fn signal(process: &Child, name: &str) {
    let pid = process.id().to_string();
    let sent = Command::new("kill").args(["-s", name, &pid]).status();
    assert!(sent.expect("kill runs").success(), "SIG{name} to {pid}");
}
