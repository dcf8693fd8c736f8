//! Social Security numbers.

use super::spot::Spot;
use crate::hay::{Found, Hay};
use crate::{Class, checks};

/// `123-45-6789`; nine bare digits after a word that names them; the last four behind a mask.
pub(super) fn ssn(spot: &Spot<'_, '_>) -> Option<Found> {
    let number = &spot.number;
    let (count, sure) = match number.shape() {
        [3, 2, 4, rest @ ..] => {
            let (first, second) = (number.tight_sep(1), number.tight_sep(2));
            let dashed = first == Some(b'-') && second == first;
            let spaced = first == second && first.is_some() && rest.is_empty();
            (3, dashed || spaced || spot.cue().is(Class::Ssn))
        }
        [9, ..] => (1, spot.cue().is(Class::Ssn)),
        [4, ..] => return masked(spot),
        _ => return None,
    };
    // After a word that names it even a number that was never issued is somebody's: mistyped, or an
    // ITIN, which starts with 9.
    let digits = number.digits(spot.hay, count);
    let valid = spot.cue().is(Class::Ssn)
        || digits.as_bytes().starts_with(b"9")
        || checks::ssn(digits.as_bytes());
    if !sure || !valid || !spot.is_free() {
        return None;
    }
    let end = number.end(count);
    if number.ends_after(spot.hay, count) {
        return spot.found(Class::Ssn, end);
    }
    // Medicare's numbers before 2018 were a Social Security number and a letter.
    let suffixed = spot.hay.at(end).is_ascii_uppercase() && spot.end == end + 1;
    if suffixed { spot.found(Class::HealthPlan, spot.end) } else { None }
}

/// `XXX-XX-6789`.
fn masked(spot: &Spot<'_, '_>) -> Option<Found> {
    let start = mask(spot.hay, mask(spot.hay, spot.start, 2)?, 3)?;
    let alone =
        spot.number.ends_after(spot.hay, 1) && !spot.hay.before(start).is_ascii_alphanumeric();
    alone.then_some(Found { class: Class::Ssn, start, end: spot.number.end(1) })
}

/// The start of a mask of `len` characters and the hyphen after it.
fn mask(hay: &Hay<'_>, end: usize, len: usize) -> Option<usize> {
    let hyphen = end.checked_sub(1).filter(|&at| hay.at(at) == b'-')?;
    let start = hay.skip_back(hyphen, len, |byte| matches!(byte, b'x' | b'X' | b'*' | b'#'));
    (hyphen - start == len).then_some(start)
}
