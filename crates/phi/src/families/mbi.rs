//! Medicare Beneficiary Identifiers.

use super::spot::Spot;
use crate::bytes::is_word;
use crate::hay::Found;
use crate::{Class, checks};

/// `1EG4-TE5-MK73`, also with blanks or nothing between.
pub(super) fn mbi(spot: &Spot<'_, '_>) -> Option<Found> {
    if !spot.begins_with_digit() || !spot.is_free() {
        return None;
    }
    let hay = spot.hay;
    if spot.word().len() == 11 {
        let sure = !spot.word().iter().any(u8::is_ascii_lowercase);
        let valid = checks::mbi(spot.word()) && (sure || spot.cue().is(Class::Mbi));
        return if valid { spot.found(Class::Mbi, spot.end) } else { None };
    }
    let joint = hay.at(spot.end);
    if spot.word().len() != 4 || !matches!(joint, b'-' | b' ') || hay.at(spot.end + 4) != joint {
        return None;
    }
    let end = spot.end + 9;
    let mut characters = [0; 11];
    let parts = [spot.word(), hay.slice(spot.end + 1, spot.end + 4), hay.slice(spot.end + 5, end)];
    for (slot, byte) in characters.iter_mut().zip(parts.into_iter().flatten()) {
        *slot = *byte;
    }
    if checks::mbi(&characters) && !is_word(hay.at(end)) {
        spot.found(Class::Mbi, end)
    } else {
        None
    }
}
