//! Vehicle identification numbers.

use super::spot::Spot;
use crate::hay::Found;
use crate::{Class, checks};

/// Seventeen characters: with North America's check digit in capitals anywhere, without it only
/// after a word that names them, since other continents do not use it.
pub(super) fn vin(spot: &Spot<'_, '_>) -> Option<Found> {
    let word = spot.word();
    if word.len() != 17 || !checks::vin_alphabet(word) || !spot.is_free() {
        return None;
    }
    let letters = word.iter().filter(|byte| byte.is_ascii_uppercase()).count();
    let lower = word.iter().any(u8::is_ascii_lowercase);
    let sure = !lower && letters >= 2 && checks::vin(word);
    if sure || spot.cue().is(Class::Vin) { spot.found(Class::Vin, spot.end) } else { None }
}
