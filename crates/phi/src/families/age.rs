//! Ages over 89. The rule lets them be given as one category, "90 or older"; that is no finding.

use super::spot::Spot;
use crate::Class;
use crate::hay::{Found, Hay};
use crate::number::value;

/// `93 years old`, `93-year-old`, `93 y/o`, `93yo`, `aged 93`, `age: 93`.
pub(super) fn age(spot: &Spot<'_, '_>) -> Option<Found> {
    let [len @ 2..=3, ..] = spot.number.shape() else { return None };
    let end = spot.start + usize::from(*len);
    if !matches!(value(spot.hay.slice(spot.start, end)), 90..=125) || !spot.is_free() {
        return None;
    }
    if matches!(spot.hay.before(spot.start), b'>' | b'<' | b'=') && !spot.age_cue() {
        return None;
    }
    let aged = unit(spot.hay, end) || ends(spot, end) && spot.age_cue();
    if aged { spot.found(Class::Age, end) } else { None }
}

/// Whether the number ends here, and is no bound of a category.
fn ends(spot: &Spot<'_, '_>, end: usize) -> bool {
    let after = spot.hay.at(end);
    let word = spot.hay.letters(end + 1);
    spot.number.ends_after(spot.hay, 1)
        && !matches!(after, b'+' | b'%')
        && !matches!(word, b"or" | b"and" if category(spot.hay, end + 1 + word.len()))
}

/// `or older`, `and above`.
fn category(hay: &Hay<'_>, at: usize) -> bool {
    matches!(hay.letters(at + 1), b"older" | b"above" | b"over" | b"up" | b"more" | b"greater")
}

/// Whether a unit of age follows the number.
fn unit(hay: &Hay<'_>, end: usize) -> bool {
    let at = hay.skip(end, 1, |byte| matches!(byte, b' ' | b'-'));
    let word = hay.letters(at);
    let after = at + word.len();
    let is = |one: &[u8]| word.eq_ignore_ascii_case(one);
    if [b"yo".as_slice(), b"yof", b"yom", b"yoa", b"yowf", b"yowm", b"yobf", b"yobm"]
        .into_iter()
        .any(is)
    {
        return true;
    }
    if is(b"y") {
        let joined = matches!(hay.at(after), b'/' | b'.') && hay.at(after + 1) | 0x20 == b'o';
        return joined || hay.slice(after, after + 2).eq_ignore_ascii_case(b" o");
    }
    [b"year".as_slice(), b"years", b"yr", b"yrs"].into_iter().any(is) && aged(hay, after)
}

/// `old`, `of age`, or a person, after a number of years.
fn aged(hay: &Hay<'_>, years: usize) -> bool {
    let at = hay.skip(years, 2, |byte| matches!(byte, b' ' | b'-' | b'.'));
    let word = hay.letters(at).to_ascii_lowercase();
    match word.as_slice() {
        b"of" => hay.letters(at + 3).eq_ignore_ascii_case(b"age"),
        b"old" | b"olds" | b"o" | b"m" | b"f" | b"male" | b"female" | b"man" | b"woman"
        | b"lady" | b"gentleman" | b"patient" | b"pt" | b"veteran" | b"resident" => true,
        _ => false,
    }
}
