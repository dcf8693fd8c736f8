//! National Provider Identifiers.

use super::spot::Spot;
use crate::hay::Found;
use crate::{Class, checks};

/// Ten digits with a right check digit, after a word that names them. Without the word, ten
/// digits are a telephone number.
pub(super) fn npi(spot: &Spot<'_, '_>) -> Option<Found> {
    let [10, ..] = spot.number.shape() else { return None };
    let valid = checks::npi(spot.word()) && spot.stands_alone(1) && spot.cue().is(Class::Npi);
    if valid { spot.found(Class::Npi, spot.end) } else { None }
}
