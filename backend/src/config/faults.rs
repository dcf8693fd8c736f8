//! What is wrong with the configuration, collected so that all is told at once; and reading secrets,
//! of which more can be wrong than their text.

use secrecy::{ExposeSecret, SecretString};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// All that is wrong with the configuration, in plain words.
#[derive(Debug, thiserror::Error)]
#[error("the configuration has {} fault(s):\n  - {}", .0.len(), .0.join("\n  - "))]
pub struct ConfigError(Vec<String>);

/// Collects faults, so that all are told at once.
#[derive(Debug, Default)]
pub(super) struct Faults {
    found: Vec<String>,
    weaknesses: Vec<String>,
    /// By the names of their variables.
    secrets: Vec<(&'static str, SecretString)>,
}

impl Faults {
    pub(super) fn add(&mut self, fault: impl Into<String>) {
        self.found.push(fault.into());
    }

    /// Notes what stops the start in production, and is only told elsewhere.
    pub(super) fn weakness(&mut self, fault: impl Into<String>) {
        self.weaknesses.push(fault.into());
    }

    /// The value, or the fault noted and `fallback` to go on with.
    pub(super) fn or<T>(&mut self, outcome: Result<T, String>, fallback: T) -> T {
        outcome.unwrap_or_else(|fault| {
            self.add(fault);
            fallback
        })
    }

    /// A secret given as a value or as a file that holds it (`<NAME>_FILE`), white space trimmed.
    pub(super) fn secret(
        &mut self,
        name: &'static str,
        value: Option<&str>,
        file: Option<&Path>,
    ) -> Result<Option<String>, String> {
        let text = match (value, file) {
            (Some(_), Some(_)) => {
                return Err(format!("{name} and {name}_FILE are both set; set one of them"));
            }
            (Some(value), None) => value.trim().to_owned(),
            (None, Some(file)) => {
                let name = format!("{name}_FILE");
                let text = std::fs::read_to_string(file).map_err(|error| {
                    format!("{name} ({}) cannot be read: {error}", file.display())
                })?;
                self.keep_private(&name, file);
                text.trim().to_owned()
            }
            (None, None) => return Ok(None),
        };
        self.secrets.push((name, text.clone().into()));
        Ok(Some(text))
    }

    /// Notes a secret's file that others on this machine can read.
    pub(super) fn keep_private(&mut self, name: &str, file: &Path) {
        if is_exposed(file) {
            let file = file.display();
            self.weakness(format!(
                "{name} ({file}) can be read by others; its mode should be 0600"
            ));
        }
    }

    /// Notes secrets that stand in for one another: whoever has one would have both.
    pub(super) fn compare_secrets(&mut self) {
        let mut rest = self.secrets.as_slice();
        let mut shared = Vec::new();
        while let Some(((name, secret), others)) = rest.split_first() {
            let same = others.iter().filter(|(_, other)| is_shared(secret, other));
            shared.extend(same.map(|(other, _)| {
                format!("{name} and {other} hold the same secret; each needs one of its own")
            }));
            rest = others;
        }
        self.weaknesses.append(&mut shared);
    }

    /// What is only worth a warning, unless something stops the start.
    pub(super) fn end(mut self, is_production: bool) -> Result<Vec<String>, ConfigError> {
        if is_production {
            self.found.append(&mut self.weaknesses);
        }
        if self.found.is_empty() { Ok(self.weaknesses) } else { Err(ConfigError(self.found)) }
    }
}

/// Whether one of two secrets is in the other; they may be parts of URLs.
fn is_shared(a: &SecretString, b: &SecretString) -> bool {
    let (a, b) = (a.expose_secret(), b.expose_secret());
    !a.is_empty() && !b.is_empty() && (a.contains(b) || b.contains(a))
}

/// Whether others than this process's user can read a file. Of a file that is somebody else's it is
/// the group that lets us in, as with the secrets that Kubernetes mounts.
fn is_exposed(file: &Path) -> bool {
    let Ok(file) = std::fs::metadata(file) else { return false };
    let is_ours = std::fs::metadata("/proc/self").is_ok_and(|process| process.uid() == file.uid());
    is_open(file.mode(), is_ours)
}

fn is_open(mode: u32, is_ours: bool) -> bool {
    let others = if is_ours { 0o077 } else { 0o007 };
    mode & others != 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_may_read_what_is_another_users_alone() {
        for (mode, is_ours, open) in [
            (0o100_600, true, false),
            (0o100_400, true, false),
            (0o100_640, true, true),
            (0o100_604, true, true),
            (0o100_440, false, false),
            (0o100_644, false, true),
        ] {
            assert_eq!(is_open(mode, is_ours), open, "{mode:o}");
        }
    }
}
