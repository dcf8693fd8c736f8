//! Dates with the month's name.

use super::date::is_year;
use super::spot::Spot;
use crate::Class;
use crate::bytes::is_word;
use crate::hay::{Found, Hay};
use crate::number::value;

const MAX_MONTH: usize = 9;

/// `14 March 1962`, `March 14th, 1962`, `14-Mar-62`, `March 1962`, `Mar 14`.
pub(super) fn named(spot: &Spot<'_, '_>) -> Option<Found> {
    match spot.number.shape() {
        [1 | 2, ..] => day_first(spot).or_else(|| month_first(spot)),
        [4, ..] => month_and_year(spot),
        _ => None,
    }
}

/// A month's name in the text.
struct Month {
    start: usize,
    end: usize,
    /// Whether it is surely a month: "may" is also a verb.
    sure: bool,
}

impl Month {
    fn new(hay: &Hay<'_>, start: usize, end: usize) -> Option<Self> {
        let name = hay.slice(start, end);
        let full = MONTHS.iter().any(|month| name.eq_ignore_ascii_case(month));
        let short = name.len() == 3
            && MONTHS
                .iter()
                .any(|month| month.get(..3).is_some_and(|short| name.eq_ignore_ascii_case(short)));
        if !full && !short && !name.eq_ignore_ascii_case(b"sept") {
            return None;
        }
        let verb = matches!(name, b"may" | b"mar");
        Some(Self { start, end, sure: !verb })
    }
}

const MONTHS: [&[u8]; 12] = [
    b"january",
    b"february",
    b"march",
    b"april",
    b"may",
    b"june",
    b"july",
    b"august",
    b"september",
    b"october",
    b"november",
    b"december",
];

/// What may stand between the parts of a date.
fn is_gap(byte: u8) -> bool {
    matches!(byte, b' ' | b'-' | b'/' | b'.' | b',')
}

fn gap(hay: &Hay<'_>, from: usize) -> usize {
    hay.skip(from, 2, is_gap)
}

/// The end of a day's number with its ordinal ending, if it is one.
fn day_end(spot: &Spot<'_, '_>) -> Option<(usize, bool)> {
    let digits = spot.number.end(1);
    if !(1..=31).contains(&value(spot.hay.slice(spot.start, digits))) {
        return None;
    }
    let ordinal = ordinal_end(spot.hay, digits);
    Some((ordinal.unwrap_or(digits), ordinal.is_some()))
}

fn ordinal_end(hay: &Hay<'_>, digits: usize) -> Option<usize> {
    let ending = hay.letters(digits);
    let known =
        [b"st", b"nd", b"rd", b"th"].iter().any(|known| ending.eq_ignore_ascii_case(*known));
    known.then_some(digits + 2)
}

fn day_first(spot: &Spot<'_, '_>) -> Option<Found> {
    let hay = spot.hay;
    let (day, ordinal) = day_end(spot)?;
    let mut start = gap(hay, day);
    if hay.letters(start).eq_ignore_ascii_case(b"of") {
        start = gap(hay, start + 2);
    }
    let end = hay.skip(start, MAX_MONTH + 1, |byte| byte.is_ascii_alphabetic());
    let month = Month::new(hay, start, end)?;
    let sep = hay.at(day);
    let abbreviated = month.end - month.start == 3;
    let year = year_end(hay, month.end, sep != b' ' || abbreviated);
    let glued = start == day;
    if hay.before(spot.start) == b'-' && is_word(hay.before(spot.start - 1)) {
        return None;
    }
    if let Some(end) = year {
        return spot.found(Class::Date, end);
    }
    let alone = !glued && sep == b' ' && !is_word(hay.at(month.end)) && (month.sure || ordinal);
    if alone { spot.found(Class::Date, month.end) } else { None }
}

/// The end of a year after a month: four digits, or two after an apostrophe or, where the way
/// the date is written leaves no doubt, two.
fn year_end(hay: &Hay<'_>, month: usize, two: bool) -> Option<usize> {
    let at = gap(hay, month);
    let marked = hay.at(at) == b'\'';
    let at = at + usize::from(marked);
    let end = hay.skip(at, 5, |byte| byte.is_ascii_digit());
    let year = match end - at {
        4 => is_year(value(hay.slice(at, end))),
        2 => two || marked,
        _ => false,
    };
    let decimal = hay.at(end) == b'.' && hay.at(end + 1).is_ascii_digit();
    (year && !decimal && !hay.at(end).is_ascii_alphabetic()).then_some(end)
}

/// The month's name before the digits.
fn month_before(spot: &Spot<'_, '_>) -> Option<Month> {
    let hay = spot.hay;
    let end = hay.skip_back(spot.start, 2, is_gap);
    let start = hay.skip_back(end, MAX_MONTH + 1, |byte| byte.is_ascii_alphabetic());
    let glued = hay.before(start) == b'-' && hay.before(start.saturating_sub(1)) != b' ';
    if end == spot.start || is_word(hay.before(start)) || glued || start < hay.floor() {
        return None;
    }
    Month::new(hay, start, end)
}

fn month_first(spot: &Spot<'_, '_>) -> Option<Found> {
    let hay = spot.hay;
    let month = month_before(spot)?;
    let (day, ordinal) = day_end(spot)?;
    // "Oct-4" is a gene.
    let spaced = hay.before(spot.start) == b' ';
    let day = range_end(hay, day);
    let at = gap(hay, day);
    let year = if hay.at(at) == b'\'' || at > day { year_end(hay, day, false) } else { None };
    let dashed = !spaced && hay.at(day) == hay.before(spot.start);
    let year = year.or_else(|| if dashed { year_end(hay, day, true) } else { None });
    if let Some(end) = year {
        return Some(Found { class: Class::Date, start: month.start, end });
    }
    let measured = matches!(hay.at(day), b'.' | b':' | b'/') && hay.at(day + 1).is_ascii_digit();
    let ended = !is_word(hay.at(day)) && hay.at(day) != b'%' && !measured;
    let alone = spaced && ended && (month.sure || ordinal);
    alone.then_some(Found { class: Class::Date, start: month.start, end: day })
}

/// `14-16` after a month: the days of a stay.
fn range_end(hay: &Hay<'_>, day: usize) -> usize {
    let digits = hay.skip(day + 1, 3, |byte| byte.is_ascii_digit());
    let range = hay.at(day) == b'-'
        && (1..=2).contains(&(digits - day - 1))
        && value(hay.slice(day + 1, digits)) <= 31
        && !is_word(hay.at(digits));
    if range { digits } else { day }
}

fn month_and_year(spot: &Spot<'_, '_>) -> Option<Found> {
    let end = spot.number.end(1);
    let year = is_year(value(spot.hay.slice(spot.start, end)));
    let alone = year && spot.number.tight_sep(1) != Some(b'.') && !is_word(spot.hay.at(end));
    let month = if alone { month_before(spot) } else { None }?;
    Some(Found { class: Class::Date, start: month.start, end })
}
