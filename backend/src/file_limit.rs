//! How many files the process may have open at once: each connection is two.

use rustix::process::{Resource, getrlimit, setrlimit};

/// Raises the limit to the most that the process may give itself. A login shell's is 1,024, kept for
/// programs that use `select`, which nothing here does.
pub(crate) fn raise() {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    if let Err(error) = setrlimit(Resource::Nofile, limit) {
        tracing::warn!(%error, "the limit of open files stays as it is");
    }
}
