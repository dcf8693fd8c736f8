//! A word that holds a digit, as all matchers see it.

use std::cell::OnceCell;

use super::value::Value;
use crate::Class;
use crate::bytes::{is_digit, is_word};
use crate::context::{Cue, Says, age_cue, cue_before, cues, date_cue};
use crate::hay::{Found, Hay};
use crate::number::Number;

/// The word at an anchor, with what is costly to know kept once known.
pub(crate) struct Spot<'h, 'a> {
    pub(crate) hay: &'h Hay<'a>,
    /// Where the word starts; behind a cue that is glued to it, as in `MRN1234567`.
    pub(crate) start: usize,
    /// Where its letters and digits end.
    pub(crate) end: usize,
    /// The groups of digits that begin at `start`; none where the word begins with a letter.
    pub(crate) number: Number,
    cue: OnceCell<Cue>,
    value: OnceCell<Value>,
}

impl<'h, 'a> Spot<'h, 'a> {
    pub(crate) fn new(hay: &'h Hay<'a>, start: usize, digit: usize, end: usize) -> Self {
        // Two letters are more often the beginning of the identifier itself.
        let glued = digit - start > 2 && is_cue(hay.slice(start, digit));
        let start = if glued { digit } else { start };
        let number = Number::read(hay, start);
        Self { hay, start, end, number, cue: OnceCell::new(), value: OnceCell::new() }
    }

    pub(crate) fn found(&self, class: Class, end: usize) -> Option<Found> {
        Some(Found { class, start: self.start, end })
    }

    /// The closest cue before the word.
    pub(crate) fn cue(&self) -> Cue {
        *self.cue.get_or_init(|| cue_before(self.hay, self.start))
    }

    pub(crate) fn date_cue(&self) -> bool {
        date_cue(self.hay, self.start)
    }

    pub(crate) fn age_cue(&self) -> bool {
        age_cue(self.hay, self.start)
    }

    /// The word and what hyphens and blanks join to it, as an identifier that a cue names.
    pub(crate) fn value(&self) -> Value {
        *self.value.get_or_init(|| Value::read(self.hay, self.start, self.end))
    }

    /// The letters and digits of the word.
    pub(crate) fn word(&self) -> &'a [u8] {
        self.hay.slice(self.start, self.end)
    }

    /// Whether the word begins with a digit.
    pub(crate) fn begins_with_digit(&self) -> bool {
        self.number.shape().first().is_some_and(|&len| len > 0)
    }

    /// Whether a hyphen joins the word to one that holds a digit: it is the rest of a longer
    /// token, which was judged with its beginning.
    pub(crate) fn continues(&self) -> bool {
        const MAX_PART: usize = 12;
        let hyphen = self.start.saturating_sub(1);
        if self.hay.before(self.start) != b'-' || !is_word(self.hay.before(hyphen)) {
            return false;
        }
        let part = self.hay.skip_back(hyphen, MAX_PART, is_word);
        self.hay.slice(part, hyphen).iter().any(|byte| !byte.is_ascii_alphabetic())
    }

    /// Whether nothing on the left makes the word the rest of a longer token. A hyphen after a
    /// word does, unless that word is a cue, and so does a dot or slash after a digit.
    pub(crate) fn is_free(&self) -> bool {
        let joint = self.hay.before(self.start);
        let left = self.hay.before(self.start.saturating_sub(1));
        match joint {
            b'-' if is_word(left) => {
                !self.continues() && self.cue().near && matches!(self.cue().says, Says::Is(_))
            }
            b'.' | b'/' => !is_digit(left),
            _ => true,
        }
    }

    /// Whether the first `count` groups of digits stand alone.
    pub(crate) fn stands_alone(&self, count: usize) -> bool {
        self.number.ends_after(self.hay, count) && self.is_free()
    }
}

/// Whether letters joined to digits are a cue for them: `MRN1234567`, `DOB03/14/1962`.
pub(super) fn is_cue(letters: &[u8]) -> bool {
    const MAX_CUE: usize = 8;
    let mut lower = [0; MAX_CUE];
    let Some(lower) = lower.get_mut(..letters.len()) else { return false };
    lower.copy_from_slice(letters);
    lower.make_ascii_lowercase();
    matches!(cues::cue(lower, b""), Says::Is(_)) || cues::is_date(lower, b"") || cues::is_age(lower)
}
