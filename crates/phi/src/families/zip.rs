//! Postal codes.

use super::spot::Spot;
use crate::Class;
use crate::bytes::is_blank;
use crate::hay::{Found, Hay};

/// `MA 02139`, `ZIP: 02139`, `02139-4307`; codes of other countries after a word that names them.
pub(super) fn zip(spot: &Spot<'_, '_>) -> Option<Found> {
    if !spot.is_free() {
        return None;
    }
    let count = match spot.number.shape() {
        [5, 4, ..] if spot.number.tight_sep(1) == Some(b'-') => 2,
        [5, ..] => 1,
        _ => return foreign(spot),
    };
    if !spot.number.ends_after(spot.hay, count) {
        return None;
    }
    let named = count == 2 || after_state(spot.hay, spot.start) || spot.cue().is(Class::Zip);
    if named { spot.found(Class::Zip, spot.number.end(count)) } else { None }
}

/// `SW1A 1AA`, `K1A 0B6`, `1017 CE`, `110001` after "postcode".
fn foreign(spot: &Spot<'_, '_>) -> Option<Found> {
    let first = spot.word().len();
    if !(2..=7).contains(&first) || !spot.cue().is(Class::Zip) || !spot.cue().near {
        return None;
    }
    let next = spot.hay.skip(spot.end + 1, 4, |byte| byte.is_ascii_alphanumeric());
    let second = spot.hay.slice(spot.end + 1, next);
    let coded = (2..=3).contains(&second.len())
        && second.iter().any(u8::is_ascii_uppercase)
        && !second.iter().any(u8::is_ascii_lowercase);
    if is_blank(spot.hay.at(spot.end)) && coded {
        return spot.found(Class::Zip, next);
    }
    if first >= 4 { spot.found(Class::Zip, spot.end) } else { None }
}

/// Whether the name of a state, or its abbreviation after a place, stands before.
fn after_state(hay: &Hay<'_>, start: usize) -> bool {
    let end = hay.skip_back(start, 3, |byte| matches!(byte, b' ' | b',' | b'.' | b'\n'));
    let word_start = hay.skip_back(end, 13, |byte| byte.is_ascii_alphabetic());
    let word = hay.slice(word_start, end);
    if end == start || word_start < hay.floor() {
        return false;
    }
    match word {
        [a, b] => {
            let place = hay.skip_back(word_start, 2, |byte| matches!(byte, b' ' | b'\n'));
            let comma = hay.before(place) == b',';
            let named = hay.before(place).is_ascii_lowercase() && after_capital(hay, place);
            ABBREVIATIONS.as_chunks().0.contains(&[*a, *b])
                && (comma || named && !WORDS.as_chunks().0.contains(&[*a, *b]))
        }
        _ => STATES.contains(&word),
    }
}

/// Whether the word that ends at `end` begins with a capital, as places do.
fn after_capital(hay: &Hay<'_>, end: usize) -> bool {
    let start = hay.skip_back(end, 16, |byte| byte.is_ascii_alphabetic());
    hay.at(start).is_ascii_uppercase()
}

const ABBREVIATIONS: &[u8] =
    b"ALAKAZARCACOCTDEFLGAHIIDILINIAKSKYLAMEMDMAMIMNMSMOMTNENVNHNJNMNYNCNDOHOK\
ORPARISCSDTNTXUTVTVAWAWVWIWYDCPRVIGUASMP";

/// Abbreviations that are also words, or short for something else in clinical text.
const WORDS: &[u8] = b"INORIDOKHIMEMSMDPAMIDEALLA";

/// The last words of the states' names.
const STATES: &[&[u8]] = &[
    b"Alabama",
    b"Alaska",
    b"Arizona",
    b"Arkansas",
    b"California",
    b"Colorado",
    b"Connecticut",
    b"Delaware",
    b"Florida",
    b"Georgia",
    b"Hawaii",
    b"Idaho",
    b"Illinois",
    b"Indiana",
    b"Iowa",
    b"Kansas",
    b"Kentucky",
    b"Louisiana",
    b"Maine",
    b"Maryland",
    b"Massachusetts",
    b"Michigan",
    b"Minnesota",
    b"Mississippi",
    b"Missouri",
    b"Montana",
    b"Nebraska",
    b"Nevada",
    b"Hampshire",
    b"Jersey",
    b"Mexico",
    b"York",
    b"Carolina",
    b"Dakota",
    b"Ohio",
    b"Oklahoma",
    b"Oregon",
    b"Pennsylvania",
    b"Island",
    b"Tennessee",
    b"Texas",
    b"Utah",
    b"Vermont",
    b"Virginia",
    b"Washington",
    b"Wisconsin",
    b"Wyoming",
    b"Columbia",
    b"Rico",
];
