//! Hardware addresses: EUI-48 and EUI-64 (IEEE 802).

use super::spot::Spot;
use crate::Class;
use crate::context::word_before;
use crate::hay::{Found, Hay};

/// An address whose word here holds a digit.
pub(super) fn mac(spot: &Spot<'_, '_>) -> Option<Found> {
    match spot.word().len() {
        2 => pairs(spot.hay, spot.start),
        4 => quads(spot),
        12 => bare(spot),
        _ => None,
    }
}

/// An address whose pairs before this colon are letters: `aa:bb:cc:dd:ee:ff`.
pub(super) fn mac_at_colon(hay: &Hay<'_>, colon: usize) -> Option<Found> {
    pairs(hay, colon.checked_sub(2)?)
}

/// Six or eight pairs with one separator throughout; the pair at `at` may be any of them.
fn pairs(hay: &Hay<'_>, at: usize) -> Option<Found> {
    let sep = hay.at(at + 2);
    let last = !matches!(sep, b':' | b'-');
    let sep = if last { hay.before(at) } else { sep };
    if !matches!(sep, b':' | b'-') || !is_pair(hay, at) {
        return None;
    }
    let (mut start, mut end, mut count) = (at, at + 2, 1);
    while count <= 8 && start >= 3 && hay.at(start - 1) == sep && is_pair(hay, start - 3) {
        (start, count) = (start - 3, count + 1);
    }
    while count <= 8 && hay.at(end) == sep && is_pair(hay, end + 1) {
        (end, count) = (end + 3, count + 1);
    }
    hay.charge(3 * count);
    let joined = |byte: u8| byte.is_ascii_alphanumeric() || byte == b':';
    let alone = !joined(hay.before(start)) && !joined(hay.at(end));
    let whole = matches!(count, 6 | 8) && alone && start >= hay.floor();
    whole.then_some(Found { class: Class::Mac, start, end })
}

fn is_pair(hay: &Hay<'_>, at: usize) -> bool {
    hay.at(at).is_ascii_hexdigit() && hay.at(at + 1).is_ascii_hexdigit()
}

/// `0123.4567.89ab`, as some routers print it.
fn quads(spot: &Spot<'_, '_>) -> Option<Found> {
    let end = spot.start + 14;
    let shaped = spot.hay.slice(spot.start, end).iter().enumerate().all(|(i, byte)| match i {
        4 | 9 => *byte == b'.',
        _ => byte.is_ascii_hexdigit(),
    });
    let after = spot.hay.at(end);
    let longer = after.is_ascii_alphanumeric()
        || (after == b'.' && spot.hay.at(end + 1).is_ascii_alphanumeric());
    let whole = shaped && spot.hay.at(end - 1) != 0 && !longer && spot.is_free();
    if whole { spot.found(Class::Mac, end) } else { None }
}

/// Twelve digits after "MAC".
fn bare(spot: &Spot<'_, '_>) -> Option<Found> {
    let named = [b"mac".as_slice(), b"address", b"bssid", b"hwaddr"];
    let hex = spot.word().iter().all(u8::is_ascii_hexdigit);
    if hex && spot.is_free() && word_before(spot.hay, spot.start, &named) {
        return spot.found(Class::Mac, spot.end);
    }
    None
}
