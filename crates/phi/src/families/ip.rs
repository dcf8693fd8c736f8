//! IP addresses, both versions.

use std::net::Ipv6Addr;

use super::spot::Spot;
use crate::Class;
use crate::bytes::is_word;
use crate::context::word_before;
use crate::hay::{Found, Hay};

/// The longest spelling of an IPv6 address, with an IPv4 tail.
const MAX_V6: usize = 45;

/// Four numbers up to 255 with dots between; not where "version" stands before them.
pub(super) fn v4(spot: &Spot<'_, '_>) -> Option<Found> {
    let number = &spot.number;
    let [1..=3, 1..=3, 1..=3, 1..=3, ..] = number.shape() else { return None };
    let dotted = (1..4).all(|i| number.tight_sep(i) == Some(b'.'));
    let bytes = (0..4).all(|i| number.value(spot.hay, i) <= 255);
    // A prefix length, a port or the end of a range may follow.
    let ended = !is_word(spot.hay.at(number.end(4))) && number.tight_sep(4) != Some(b'.');
    let versions = [b"version".as_slice(), b"v", b"ver", b"release", b"firmware", b"section"];
    let free = !matches!(spot.hay.before(spot.start), b'.' | b'-') || spot.is_free();
    if dotted && bytes && ended && free && !word_before(spot.hay, spot.start, &versions) {
        return spot.found(Class::Ip, number.end(4));
    }
    None
}

/// An address whose first group holds a digit.
pub(super) fn v6(spot: &Spot<'_, '_>) -> Option<Found> {
    let groups = spot.word().len() <= 4 && spot.hay.at(spot.end) == b':';
    if groups { v6_from(spot.hay, spot.start) } else { None }
}

/// An address whose first group, before this colon, is letters or empty.
pub(super) fn v6_at_colon(hay: &Hay<'_>, colon: usize) -> Option<Found> {
    v6_from(hay, hay.skip_back(colon, 5, |byte| byte.is_ascii_hexdigit()))
}

fn v6_from(hay: &Hay<'_>, start: usize) -> Option<Found> {
    let before = hay.before(start);
    if is_word(before) || before == b':' {
        return None;
    }
    let in_v6 = |byte: u8| byte.is_ascii_hexdigit() || matches!(byte, b':' | b'.');
    let end = hay.skip(start, MAX_V6 + 2, in_v6);
    let end = hay.skip_back(end, 2, |byte| byte == b'.');
    let text = hay.slice(start, end);
    let text = if text.ends_with(b"::") { text } else { text.strip_suffix(b":").unwrap_or(text) };
    let end = start + text.len();
    let sparse = text.windows(2).any(|pair| pair == b"::");
    let colons = text.iter().filter(|&&byte| byte == b':').count();
    if end - start < 6 || !(sparse || colons >= 6) || is_word(hay.at(end)) {
        return None;
    }
    // `1::2` is a slice, `abc::def` a path in code; `fe80::1` is an address.
    let long = text.split(|&byte| byte == b':').any(|group| group.len() >= 3);
    let digit = text.iter().any(u8::is_ascii_digit);
    let parsed = std::str::from_utf8(text).ok()?.parse::<Ipv6Addr>().is_ok();
    (long && digit && parsed).then_some(Found { class: Class::Ip, start, end })
}
