//! Finds protected health information in text, and takes it out.
//!
//! The identifiers of HIPAA's Safe Harbor (45 CFR 164.514(b)(2)(i)) that can be told by their
//! shape, their check digits and the words around them: no model, no clock, no input or output.
//! One pass over the text looks for *anchors* (a digit, `@`, `://`, a dot inside a name) and only
//! there asks hand-written matchers, each of which reads a bounded window. So the work is linear
//! in the text, whatever the text, and most text costs no more than the search for anchors.
//!
//! ```
//! use phi::{Class, Counts, Pseudonyms};
//!
//! let pseudonyms = Pseudonyms::new(&[7; 32]);
//! let mut counts = Counts::default();
//! let clean = phi::clean("note", "Call 555-123-4567 about Na 138.", &pseudonyms, &mut counts)?;
//! assert!(clean.starts_with("Call [PHONE_") && clean.ends_with("] about Na 138."));
//! assert_eq!(counts.get(Class::Phone), 1);
//! # Ok::<(), phi::Overrun>(())
//! ```

mod bytes;
mod checks;
mod class;
mod context;
mod counts;
mod families;
mod fold;
mod hay;
mod number;
mod pseudonym;
mod redact;
mod scan;

use std::borrow::Cow;

pub use class::{Class, UnknownClass};
pub use counts::Counts;
pub use pseudonym::Pseudonyms;
pub use redact::redact;

/// The version of the rules, recorded with each scan. It changes whenever a finding may.
pub const DETECTOR_VERSION: &str = "phi-1.0.0";

/// An identifier in a text: the bytes `start..end`, on boundaries of characters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Finding {
    /// What it is.
    pub class: Class,
    /// Its first byte.
    pub start: usize,
    /// The byte after its last.
    pub end: usize,
}

/// The scan took more steps than its bound allows. The text must be dropped, never passed on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the scan for protected health information ran past its bound")]
pub struct Overrun;

/// Finds every identifier in a text: sorted, none overlapping another.
///
/// # Errors
/// [`Overrun`] where the text costs more work than its length allows.
pub fn scan(text: &str) -> Result<Vec<Finding>, Overrun> {
    scan_labelled("", text)
}

/// As [`scan`], for a text that stands under a name: a JSON key, an attribute. The name counts as
/// the words before the text: `scan_labelled("patient.mrn", "12345678")` finds a record number.
///
/// # Errors
/// [`Overrun`] where the text costs more work than its length allows.
pub fn scan_labelled(label: &str, text: &str) -> Result<Vec<Finding>, Overrun> {
    scan::scan_within(label, text, scan::bound(text.len())).map(|(findings, _)| findings)
}

/// Scans a text under its name, counts what it holds, and takes that out. Text without findings
/// comes back as it is.
///
/// # Errors
/// [`Overrun`] where the text costs more work than its length allows; nothing was counted.
pub fn clean<'a>(
    label: &str,
    text: &'a str,
    pseudonyms: &Pseudonyms,
    counts: &mut Counts,
) -> Result<Cow<'a, str>, Overrun> {
    let findings = scan_labelled(label, text)?;
    if findings.is_empty() {
        return Ok(Cow::Borrowed(text));
    }
    counts.merge(&findings.iter().collect());
    Ok(Cow::Owned(redact(text, &findings, pseudonyms)))
}
