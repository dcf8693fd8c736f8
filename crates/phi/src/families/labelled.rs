//! Identifiers that only their cue makes one: record, member, account, licence and device numbers.

use super::spot::Spot;
use super::value::Value;
use crate::Class;
use crate::context::{Says, cue_before, cues, list_before};
use crate::hay::{Found, Hay};

/// A word with a digit after a cue, or before one in brackets: `0012345 (MRN)`.
pub(super) fn labelled(spot: &Spot<'_, '_>) -> Option<Found> {
    if spot.continues() {
        return None;
    }
    let value = spot.value();
    if value.digits < 2 || is_public(spot.hay.slice(value.start, value.end)) {
        return None;
    }
    if value.len() < 4 {
        return plate_with_letters_before(spot.hay, value);
    }
    // A prefix of the value stands between its word and the cue.
    let cue = if value.start < spot.start { cue_before(spot.hay, value.start) } else { spot.cue() };
    let class = match cue.says {
        Says::Is(Class::Plate) => return plate(spot.hay, value.start, value),
        Says::Is(class) => class,
        Says::Nothing => match bracketed_cue(spot.hay, value.end) {
            Some(class) => class,
            None => return plate_with_letters_before(spot.hay, value),
        },
        Says::Harmless => return None,
    };
    let fits = value.is_whole(spot.hay) && shaped(class, value, cue.near);
    let listed = list_before(spot.hay, spot.start)
        .is_none_or(|last| last.end - last.start == value.end - value.start);
    (fits && listed).then_some(Found { class, start: value.start, end: value.end })
}

/// How much of a number each class needs.
fn shaped(class: Class, value: Value, near: bool) -> bool {
    match class {
        Class::Mrn => value.digits >= if near { 4 } else { 5 },
        Class::HealthPlan | Class::Account => value.digits >= 4 && value.len() >= 5,
        Class::Licence => value.digits >= 4 && value.len() >= 5,
        Class::DeviceId => value.digits >= 3 && value.len() >= 5,
        _ => false,
    }
}

/// Numbers that registries publish: trials, articles, sequences.
fn is_public(value: &[u8]) -> bool {
    [b"NCT".as_slice(), b"PMC", b"ISRCTN", b"PMID", b"DRKS", b"CVE"]
        .into_iter()
        .any(|prefix| value.starts_with(prefix))
}

/// `(MRN)` right after a value.
fn bracketed_cue(hay: &Hay<'_>, end: usize) -> Option<Class> {
    let open = hay.skip(end, 1, |byte| byte == b' ');
    if !matches!(hay.at(open), b'(' | b'[') {
        return None;
    }
    let word = hay.letters(open + 1);
    let closed = matches!(hay.at(open + 1 + word.len()), b')' | b']');
    match cues::cue(&word.to_ascii_lowercase(), b"") {
        Says::Is(class) if closed => Some(class),
        _ => None,
    }
}

/// `ABC 1234`, `B-MW 1234`: the cue stands before the letters.
fn plate_with_letters_before(hay: &Hay<'_>, value: Value) -> Option<Found> {
    const MAX_LETTERS: usize = 6;
    let blank = value.start.checked_sub(1).filter(|&at| hay.at(at) == b' ')?;
    let letters = |byte: u8| byte.is_ascii_uppercase() || byte == b'-';
    let start = hay.skip_back(blank, MAX_LETTERS, letters);
    let free = start < blank && start >= hay.floor() && !hay.before(start).is_ascii_alphanumeric();
    if free && cue_before(hay, start).is(Class::Plate) { plate(hay, start, value) } else { None }
}

/// Plates mix letters and digits, often in two groups: `AB12 CDE`, `7ABC123`.
fn plate(hay: &Hay<'_>, start: usize, value: Value) -> Option<Found> {
    let after = hay.skip(value.end + 1, 4, |byte| byte.is_ascii_uppercase());
    let group =
        (1..=3).contains(&(after - value.end - 1)) && !hay.at(after).is_ascii_alphanumeric();
    let end = if group && matches!(hay.at(value.end), b' ' | b'-') { after } else { value.end };
    let characters = hay.slice(start, end).iter().filter(|byte| byte.is_ascii_alphanumeric());
    let letters = characters.clone().any(u8::is_ascii_alphabetic);
    let shaped = (4..=10).contains(&characters.count()) && (letters || value.digits >= 6);
    let whole = !hay.at(end).is_ascii_alphanumeric();
    (shaped && whole).then_some(Found { class: Class::Plate, start, end })
}
