//! `researchflow openapi`.

use super::{Failure, Verdict, say};

pub(super) fn run() -> Verdict {
    say(crate::openapi::document_json().map_err(Failure::new)?);
    Ok(true)
}
