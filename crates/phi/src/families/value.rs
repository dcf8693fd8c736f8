//! The extent of an identifier that has no shape of its own.

use super::spot::is_cue;
use crate::bytes::{is_blank, is_digit, is_word};
use crate::hay::Hay;

/// No identifier that a person is known by is longer.
const MAX_LEN: usize = 24;
/// `ABC-12345`: a prefix of capitals.
const MAX_PREFIX: usize = 6;

/// Letters and digits, joined by hyphens, or by blanks between short groups of digits.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Value {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) digits: usize,
    pub(crate) letters: usize,
}

impl Value {
    /// Reads the value around the word `start..end`.
    pub(crate) fn read(hay: &Hay<'_>, start: usize, end: usize) -> Self {
        let start = prefixed(hay, start).unwrap_or(start);
        let mut value = Self { start, end, ..Self::default() };
        while value.end - start <= MAX_LEN {
            let Some(end) = joined(hay, start, value.end) else { break };
            value.end = end;
        }
        for &byte in hay.slice(value.start, value.end) {
            value.digits += usize::from(byte.is_ascii_digit());
            value.letters += usize::from(byte.is_ascii_alphabetic());
        }
        hay.charge(value.end - value.start);
        value
    }

    /// How many letters and digits.
    pub(crate) fn len(self) -> usize {
        self.digits + self.letters
    }

    /// Whether it is as long as identifiers are, and the text does not go on.
    pub(crate) fn is_whole(self, hay: &Hay<'_>) -> bool {
        let decimals = hay.at(self.end) == b'.' && is_digit(hay.at(self.end + 1));
        self.end - self.start <= MAX_LEN && !decimals && !is_word(hay.at(self.end))
    }
}

/// The start of a prefix of capitals before a hyphen.
fn prefixed(hay: &Hay<'_>, start: usize) -> Option<usize> {
    let hyphen = start.checked_sub(1).filter(|&at| hay.at(at) == b'-')?;
    let prefix = hay.skip_back(hyphen, MAX_PREFIX, |byte| byte.is_ascii_uppercase());
    let free = !hay.before(prefix).is_ascii_alphanumeric() && hay.before(prefix) != b'-';
    let cue =
        is_cue(hay.slice(prefix, hyphen)) || matches!(hay.slice(prefix, hyphen), b"ID" | b"NO");
    (prefix < hyphen && free && !cue && prefix >= hay.floor()).then_some(prefix)
}

/// The end of the next part of the value, if one follows at `end`.
fn joined(hay: &Hay<'_>, start: usize, end: usize) -> Option<usize> {
    let joint = hay.at(end);
    let next = hay.skip(end + 1, MAX_LEN, |byte| byte.is_ascii_alphanumeric());
    let part = hay.slice(end + 1, next);
    let digits = |part: &[u8]| part.iter().all(u8::is_ascii_digit);
    match joint {
        b'-' if part.iter().any(u8::is_ascii_digit) => Some(next),
        b'-' if part.len() == 1 && part.iter().all(u8::is_ascii_uppercase) => Some(next),
        blank if is_blank(blank) => {
            let last = hay.skip_back(end, 5, |byte| byte.is_ascii_alphanumeric()).max(start);
            let short =
                (3..=4).contains(&part.len()) && digits(part) && (2..=4).contains(&(end - last));
            let free = !matches!(hay.at(next), b'/' | b'.' | b':' | b'%' | b'-');
            let numeric = hay.slice(last, end).iter().any(u8::is_ascii_digit);
            (short && free && numeric).then_some(next)
        }
        _ => None,
    }
}
