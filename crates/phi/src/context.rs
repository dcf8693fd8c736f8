//! What the words before a value say it is.
//!
//! Identifiers without a shape of their own count only where a word names them: "MRN: 0012345".
//! The words are read backwards from the value, across quotes, colons, underscores and camel
//! case, so that `{"patientMrn":"0012345"}` and `patient_mrn=0012345` read alike; when the text
//! begins before a word is found, the name of the field it stands under is read on from.

mod backwards;
pub(crate) mod cues;

use crate::hay::Hay;
use crate::{Class, hay::Found};
use backwards::Backwards;

/// Words that mean nothing here may stand between a strong cue and its value.
const MAX_STRAYS: usize = 2;
/// `, and ` is the longest joint of a list.
const MAX_JOINT: usize = 6;

/// What a word says of the value after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    /// Nothing.
    Nothing,
    /// That it is harmless: a count, a size, a public number.
    Harmless,
    /// That it is an identifier of this class.
    Is(Class),
}

/// The closest cue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cue {
    pub(crate) says: Says,
    /// Whether nothing but filler stands between it and the value.
    pub(crate) near: bool,
}

impl Cue {
    const NONE: Self = Self { says: Says::Nothing, near: false };

    pub(crate) fn is(self, class: Class) -> bool {
        self.says == Says::Is(class)
    }

    pub(crate) fn harmless(self) -> bool {
        self.says == Says::Harmless
    }
}

/// The closest word before `at` that names an identifier, or a harmless number.
pub(crate) fn cue_before(hay: &Hay<'_>, at: usize) -> Cue {
    if let Some(Found { class, .. }) = list_before(hay, at) {
        return Cue { says: Says::Is(class), near: true };
    }
    let mut words = Backwards::new(hay, at);
    let (mut strays, mut current, mut bare_id) = (0, words.next(), None);
    for position in 0.. {
        let Some(word) = current.filter(|word| position == 0 || !word.broken) else { break };
        let before = words.next();
        let pair = before.as_ref().filter(|before| !before.broken);
        let pair = pair.map_or(b"".as_slice(), |before| before.as_bytes());
        let near = strays == 0;
        match cues::cue(word.as_bytes(), pair) {
            Says::Is(class) if near || cues::reaches(class) => {
                return Cue { says: Says::Is(class), near };
            }
            Says::Harmless if near => return Cue { says: Says::Harmless, near },
            _ if cues::is_filler(word.as_bytes()) => {
                bare_id.get_or_insert(position == 0 && cues::is_id(word.as_bytes()));
            }
            _ => strays += 1,
        }
        if strays > MAX_STRAYS {
            break;
        }
        current = before;
    }
    // "id 5551234567" with nothing else said is some system's own number.
    if bare_id == Some(true) { Cue { says: Says::Harmless, near: true } } else { Cue::NONE }
}

/// The finding before, where the value at `at` goes on the same list: "phones 555-1234, 555-9876".
pub(crate) fn list_before(hay: &Hay<'_>, at: usize) -> Option<Found> {
    let last = hay.last.filter(|last| at > last.end && at - last.end <= MAX_JOINT)?;
    let joint = hay.slice(last.end, at).trim_ascii();
    let joint = joint.strip_prefix(b",").unwrap_or(joint).trim_ascii();
    matches!(joint, b"" | b"and" | b"or" | b"&" | b"/" | b";")
        .then_some(last)
        .filter(|_| !hay.slice(last.end, at).trim_ascii().is_empty())
}

/// Whether a word for dates stands right before `at`.
pub(crate) fn date_cue(hay: &Hay<'_>, at: usize) -> bool {
    nearest(hay, at, cues::is_date)
}

/// Whether a word for ages stands right before `at`.
pub(crate) fn age_cue(hay: &Hay<'_>, at: usize) -> bool {
    nearest(hay, at, |word, _| cues::is_age(word))
}

/// Whether one of `wanted` stands right before `at`.
pub(crate) fn word_before(hay: &Hay<'_>, at: usize, wanted: &[&[u8]]) -> bool {
    Backwards::new(hay, at).next().is_some_and(|word| wanted.contains(&word.as_bytes()))
}

/// Whether the first word before `at` that is no filler is `wanted`.
fn nearest(hay: &Hay<'_>, at: usize, wanted: impl Fn(&[u8], &[u8]) -> bool) -> bool {
    let mut words = Backwards::new(hay, at);
    let mut current = words.next();
    let mut first = true;
    while let Some(word) = current.filter(|word| first || !word.broken) {
        let before = words.next();
        let pair = before.as_ref().map_or(b"".as_slice(), |before| before.as_bytes());
        if wanted(word.as_bytes(), pair) {
            return true;
        }
        if !cues::is_filler(word.as_bytes()) {
            return false;
        }
        (current, first) = (before, false);
    }
    false
}
