//! Who computes where, so that a load does not take what it measures.

use std::process::{Command, Stdio};

/// Keeps a process and its threads on one core.
///
/// # Panics
/// There is no taskset, no such process or no such core.
pub fn pin(pid: u32, core: usize) {
    let pinned = Command::new("taskset")
        .args(["-acp", &core.to_string(), &pid.to_string()])
        .stdout(Stdio::null())
        .status();
    assert!(pinned.is_ok_and(|status| status.success()), "taskset");
}
