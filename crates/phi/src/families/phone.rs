//! Telephone and fax numbers.

use super::spot::Spot;
use crate::Class;
use crate::context::Says;
use crate::hay::{Found, Hay};

/// E.164: at most fifteen digits; fewer than eight with a country code is none.
const MAX_DIGITS: usize = 15;
const MIN_INTERNATIONAL: usize = 8;
const MIN_LOCAL: usize = 7;
/// Once a number is this long, a blank ends it.
const FULL: usize = 11;
const FULL_LOCAL: usize = 10;

/// `+44 20 7946 0958`, `0044 20 7946 0958`.
pub(super) fn international(spot: &Spot<'_, '_>) -> Option<Found> {
    let plus = spot.hay.before(spot.start) == b'+';
    let first = spot.hay.slice(spot.start, spot.number.end(1));
    let zeros =
        first.starts_with(b"00") && !first.starts_with(b"000") && spot.number.group(1).sep != b'.';
    if !spot.begins_with_digit() || !(plus || zeros && spot.is_free() && first.len() <= 5) {
        return None;
    }
    let shortest = MIN_INTERNATIONAL + usize::from(zeros && !plus) * 3;
    let count = extent(spot, shortest, FULL)?;
    let start = if plus { spot.start - 1 } else { spot.start };
    Some(Found { start, ..numbered(spot, count)? })
}

/// `(555) 123-4567`, `1-800-555-0199`, `5551234567`: the North American plan.
pub(super) fn north_american(spot: &Spot<'_, '_>) -> Option<Found> {
    let (number, hay) = (&spot.number, spot.hay);
    let country = hay.at(spot.start) == b'1';
    let (area, count) = match number.shape() {
        [1, 3, 3, 4, ..] if country => (1, 4),
        [3, 3, 4, ..] => (0, 3),
        [3, 7, ..] if number.tight_sep(1) == Some(b'-') || number.group(1).sep == b')' => (0, 2),
        [1, 10, ..] if country && number.tight_sep(1) == Some(b'-') => (1, 2),
        [10, ..] => return bare(spot, 0),
        [11, ..] if country => return bare(spot, 1),
        _ => return None,
    };
    let blanks =
        number.groups().iter().take(count).skip(1).all(|group| matches!(group.sep, b' ' | b'.'));
    let code = hay.at(number.start(area));
    if (blanks && !matches!(code, b'2'..=b'9')) || number.value(hay, area) == 0 {
        return None;
    }
    if !(ended(spot, count) && spot.is_free()) {
        return None;
    }
    numbered(spot, count).map(|found| with_bracket(hay, found))
}

/// Ten digits without a mark are a telephone number unless a word says otherwise.
fn bare(spot: &Spot<'_, '_>, area: usize) -> Option<Found> {
    let assigned = matches!(spot.hay.at(spot.start + area), b'2'..=b'9');
    let marked = matches!(spot.hay.before(spot.start), b'$' | b'=' | b'_')
        && spot.cue().says == Says::Nothing;
    if !assigned || marked || spot.cue().harmless() || !ended(spot, 1) || !spot.is_free() {
        return None;
    }
    let unit = spot.hay.letters(spot.hay.skip(spot.end, 1, |byte| byte == b' '));
    if matches!(
        unit,
        b"tokens" | b"bytes" | b"ms" | b"ns" | b"seconds" | b"reads" | b"cells" | b"copies"
    ) {
        return None;
    }
    numbered(spot, 1)
}

/// Any seven to fifteen digits after a word that says that they are one.
pub(super) fn local(spot: &Spot<'_, '_>) -> Option<Found> {
    if !spot.begins_with_digit() {
        return None;
    }
    let count = extent(spot, MIN_LOCAL, FULL_LOCAL)?;
    let cue = spot.cue();
    let named = cue.is(Class::Phone) || cue.is(Class::Fax);
    if !named || is_years(spot) || !spot.is_free() {
        return None;
    }
    numbered(spot, count).map(|found| with_bracket(spot.hay, found))
}

/// How many groups belong to a number of unknown plan that has `least` digits or more: as many
/// as may, but after `full` digits a blank ends it, and so does one before a date.
fn extent(spot: &Spot<'_, '_>, least: usize, full: usize) -> Option<usize> {
    let number = &spot.number;
    let (mut digits, mut best) = (0, None);
    for (index, (group, &len)) in number.groups().iter().zip(number.shape()).enumerate() {
        let local =
            index == 2 && matches!(number.shape(), [3, 4, ..]) && number.group(1).sep != b' ';
        let dated = best.is_some() && number.group(index + 1).sep == b'/';
        if group.sep == b' ' && (digits >= full || local || dated) {
            break;
        }
        digits += usize::from(len);
        if digits > MAX_DIGITS {
            break;
        }
        if digits >= least && ended(spot, index + 1) {
            best = Some(index + 1);
        }
    }
    best
}

/// `2019-2020`.
fn is_years(spot: &Spot<'_, '_>) -> bool {
    let year = |index| matches!(spot.number.value(spot.hay, index), 1900..=2099);
    matches!(spot.number.shape(), [4, 4, ..]) && year(0) && year(1)
}

/// Whether the number ends after `count` groups; an extension may be glued to it.
fn ended(spot: &Spot<'_, '_>, count: usize) -> bool {
    spot.number.ends_after(spot.hay, count)
        || extension(spot.hay, spot.number.end(count)) > spot.number.end(count)
}

/// The finding, with its extension and the class that its context gives it.
fn numbered(spot: &Spot<'_, '_>, count: usize) -> Option<Found> {
    let end = extension(spot.hay, spot.number.end(count));
    let fax = spot.cue().is(Class::Fax) || faxed(spot.hay, end);
    spot.found(if fax { Class::Fax } else { Class::Phone }, end)
}

/// The bracket of the area code, and a `+` before it, belong to the number.
fn with_bracket(hay: &Hay<'_>, found: Found) -> Found {
    let open = hay.before(found.start) == b'(' && hay.slice(found.start, found.end).contains(&b')');
    Found { start: found.start - usize::from(open), ..found }
}

/// `ext. 12`, `x12`, `extension 12`, `#12`.
fn extension(hay: &Hay<'_>, end: usize) -> usize {
    let word = hay.skip(end, 2, |byte| matches!(byte, b' ' | b','));
    let len = match hay.letters(word) {
        letters
            if [b"ext".as_slice(), b"x", b"extension", b"extn", b"xt"]
                .iter()
                .any(|known| letters.eq_ignore_ascii_case(known)) =>
        {
            letters.len()
        }
        [] if hay.at(word) == b'#' => 1,
        _ => return end,
    };
    let digits = hay.skip(word + len, 2, |byte| matches!(byte, b'.' | b' ' | b':'));
    let after = hay.skip(digits, 7, |byte| byte.is_ascii_digit());
    if (1..=6).contains(&(after - digits)) { after } else { end }
}

/// `(fax)` after the number.
fn faxed(hay: &Hay<'_>, end: usize) -> bool {
    let open = hay.skip(end, 1, |byte| byte == b' ');
    matches!(hay.at(open), b'(' | b'[')
        && hay.slice(open + 1, open + 4).eq_ignore_ascii_case(b"fax")
}
