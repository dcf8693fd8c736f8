//! Payment card numbers (ISO/IEC 7812-1).

use super::spot::Spot;
use crate::hay::Found;
use crate::{Class, checks};

/// 14 to 19 digits that an issuer's range begins and a Luhn digit ends, whole or in groups.
pub(super) fn card(spot: &Spot<'_, '_>) -> Option<Found> {
    let count = match spot.number.shape() {
        [4, 4, 4, 4, 3, ..] => 5,
        [4, 4, 4, 4, ..] => 4,
        [4, 6, 4 | 5, ..] => 3,
        [14..=19, ..] => 1,
        _ => return None,
    };
    let digits = spot.number.digits(spot.hay, count);
    let valid = issued(digits.as_bytes()) && checks::luhn(digits.as_bytes());
    if valid && spot.stands_alone(count) && !(count == 1 && spot.cue().harmless()) {
        return spot.found(Class::Card, spot.number.end(count));
    }
    None
}

/// Whether a card network issues numbers of this length with this beginning.
fn issued(digits: &[u8]) -> bool {
    let prefix = digits.iter().take(4).fold(0, |sum: u32, &d| sum * 10 + u32::from(d - b'0'));
    matches!(
        (prefix, digits.len()),
        (4000..=4999, 16 | 19)
            | (5100..=5599 | 2221..=2720, 16)
            | (3400..=3499 | 3700..=3799, 15)
            | (6011 | 6440..=6599 | 6200..=6299 | 3528..=3589, 16..=19)
            | (3000..=3059 | 3600..=3699 | 3800..=3999, 14)
            | (5018 | 5020 | 5038 | 6304 | 6759 | 6761..=6763, 16..=19)
    )
}
