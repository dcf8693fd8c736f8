//! Putting tags in the place of findings.

use crate::{Finding, Pseudonyms};

/// The text with each finding replaced by its tag. `findings` are those of a scan of this very
/// text; one that does not lie in it is passed over.
#[must_use]
pub fn redact(text: &str, findings: &[Finding], pseudonyms: &Pseudonyms) -> String {
    let mut out = String::with_capacity(text.len());
    let mut copied = 0;
    for finding in findings {
        let between = text.get(copied..finding.start);
        let value = text.get(finding.start..finding.end);
        if let (Some(between), Some(value)) = (between, value) {
            out.push_str(between);
            out.push_str(&pseudonyms.tag(finding.class, value));
            copied = finding.end;
        }
    }
    out.push_str(text.get(copied..).unwrap_or_default());
    out
}
