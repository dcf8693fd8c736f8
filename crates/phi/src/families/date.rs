//! Dates in digits. HIPAA keeps the year alone; everything finer is a finding.

use super::spot::Spot;
use crate::Class;
use crate::bytes::is_word;
use crate::context::word_before;
use crate::hay::{Found, Hay};

/// Years that a record of a living or recently living person can hold.
pub(super) fn is_year(year: u32) -> bool {
    (1850..=2149).contains(&year)
}

/// Whether two numbers can be a month and a day, in either order.
fn is_day(a: u32, b: u32) -> bool {
    let fits = |month, day| (1..=12).contains(&month) && (1..=31).contains(&day);
    fits(a, b) || fits(b, a)
}

/// `03/14/1962`, `14.03.1962`, `1962-03-14T10:22`, and shorter forms after a word for dates.
pub(super) fn numeric(spot: &Spot<'_, '_>) -> Option<Found> {
    match spot.number.shape() {
        [4, 1 | 2, 1 | 2, ..] => year_first(spot),
        [1 | 2, 1 | 2, 2 | 4, ..] => year_last(spot).or_else(|| partial(spot)),
        [1 | 2, 1 | 2 | 4, ..] | [4, 1 | 2, ..] => partial(spot),
        [8 | 12 | 14, ..] => compact(spot),
        _ => None,
    }
}

fn values(spot: &Spot<'_, '_>) -> [u32; 3] {
    [0, 1, 2].map(|index| spot.number.value(spot.hay, index))
}

/// The separator between three groups, if it is one byte and the same twice.
fn separator(spot: &Spot<'_, '_>) -> Option<u8> {
    let first = spot.number.tight_sep(1)?;
    (spot.number.tight_sep(2)? == first).then_some(first)
}

fn year_first(spot: &Spot<'_, '_>) -> Option<Found> {
    let [year, month, day] = values(spot);
    if !is_year(year) || !(1..=12).contains(&month) || !(1..=31).contains(&day) {
        return None;
    }
    let sep = separator(spot)?;
    let versioned = [b"version".as_slice(), b"v", b"ver", b"release"];
    if sep == b' ' && !spot.date_cue()
        || sep == b'.' && word_before(spot.hay, spot.start, &versioned)
    {
        return None;
    }
    placed(spot, sep).and_then(|end| spot.found(Class::Date, end))
}

fn year_last(spot: &Spot<'_, '_>) -> Option<Found> {
    let [a, b, year] = values(spot);
    let &[a_len, b_len, year_len, ..] = spot.number.shape() else { return None };
    let long = year_len == 4;
    if !is_day(a, b) || (long && !is_year(year)) {
        return None;
    }
    let sep = match separator(spot) {
        Some(sep) => sep,
        // "3 / 14 / 1962"
        None if long && spot.number.groups().iter().skip(1).take(2).all(|g| g.sep == b'/') => b'/',
        None => return None,
    };
    let sure = match sep {
        b'/' => true,
        b'-' | b'.' => long || a_len == 2 && b_len == 2 || spot.date_cue(),
        _ => spot.date_cue(),
    };
    if !sure || !long && dosed(spot.hay, spot.number.end(3)) {
        return None;
    }
    placed(spot, sep).and_then(|end| spot.found(Class::Date, end))
}

/// "10-20-30 mg" is a dose.
fn dosed(hay: &Hay<'_>, end: usize) -> bool {
    let unit = hay.letters(hay.skip(end, 1, |byte| byte == b' '));
    matches!(
        unit,
        b"mg" | b"mcg" | b"ml" | b"mL" | b"g" | b"units" | b"mmol" | b"mmHg" | b"cm" | b"mm"
    ) || hay.at(end) == b'%'
}

/// Where a date of three groups ends, if it is no part of a longer token.
///
/// A date glued by hyphens to a name is a version: `gpt-4o-2024-08-06`, `2024-08-06-preview`.
fn placed(spot: &Spot<'_, '_>, sep: u8) -> Option<usize> {
    let (hay, end) = (spot.hay, spot.number.end(3));
    let left = hay.before(spot.start.saturating_sub(1));
    let free = match hay.before(spot.start) {
        b'-' if sep == b'-' => !is_word(left) || spot.date_cue(),
        b'/' if sep == b'/' => !is_word(left),
        b'.' => !left.is_ascii_digit(),
        _ => true,
    };
    let after = hay.at(end);
    let next = hay.at(end + 1);
    let continued = after == sep && (is_word(next) || sep == b'/') && sep != b' ';
    if !free || continued {
        return None;
    }
    if matches!(after, b'T' | b't') && next.is_ascii_digit() {
        return Some(time_end(hay, end + 1));
    }
    (!is_word(after)).then_some(end)
}

/// The end of `10:22:33.123+02:00`.
fn time_end(hay: &Hay<'_>, at: usize) -> usize {
    let clock = |byte: u8| byte.is_ascii_digit() || byte == b':' || byte == b'.';
    let end = hay.skip_back(hay.skip(at, 18, clock), 2, |byte| matches!(byte, b'.' | b':'));
    match hay.at(end) {
        b'Z' | b'z' => end + 1,
        b'+' | b'-' if hay.at(end + 1).is_ascii_digit() => hay.skip(end + 1, 5, clock),
        _ => end,
    }
}

/// Day and month, or month and year. `03/14` is also a fraction, so that a word must say more.
fn partial(spot: &Spot<'_, '_>) -> Option<Found> {
    let number = &spot.number;
    let (a, b) = (number.value(spot.hay, 0), number.value(spot.hay, 1));
    let sep = number.tight_sep(1).filter(|sep| matches!(sep, b'/' | b'-'))?;
    let fits = match number.shape() {
        [4, ..] => is_year(a) && (1..=12).contains(&b) && spot.date_cue(),
        [len, 4, ..] => {
            let month = is_year(b) && (1..=12).contains(&a);
            month && (sep == b'/' && *len == 2 || spot.date_cue())
        }
        [a_len, b_len, ..] if sep == b'/' && is_day(a, b) => {
            let two = *a_len == 2 && *b_len == 2 || b > 12;
            spot.date_cue() || two && word_before(spot.hay, spot.start, &[b"on"])
        }
        _ => false,
    };
    if fits && spot.stands_alone(2) && !dosed(spot.hay, number.end(2)) {
        return spot.found(Class::Date, number.end(2));
    }
    None
}

/// `19620314` or `03141962` after a word for dates, or alone between the bars of an HL7 message.
fn compact(spot: &Spot<'_, '_>) -> Option<Found> {
    let digits = spot.hay.slice(spot.start, spot.number.end(1));
    let part = |from, to| crate::number::value(digits.get(from..to).unwrap_or_default());
    let iso =
        is_year(part(0, 4)) && (1..=12).contains(&part(4, 6)) && (1..=31).contains(&part(6, 8));
    let late = digits.len() == 8 && is_year(part(4, 8)) && is_day(part(0, 2), part(2, 4));
    let bar = |byte: u8| matches!(byte, b'|' | b'^');
    let end = spot.number.end(1);
    let barred = bar(spot.hay.before(spot.start)) && bar(spot.hay.at(end));
    if (iso && barred || (iso || late) && spot.date_cue()) && spot.stands_alone(1) {
        return spot.found(Class::Date, end);
    }
    None
}
