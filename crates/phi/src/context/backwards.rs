//! The words before a position, last first.

use crate::bytes::{TAG, is_letter};
use crate::hay::Hay;

/// Context further away than this is none.
const REACH: usize = 80;
const MAX_WORD: usize = 16;
/// Longer numbers between a word and a value part them.
const MAX_DIGITS_BETWEEN: usize = 2;

/// A word in lower case. A word longer than any cue is empty.
pub(super) struct Word {
    bytes: [u8; MAX_WORD],
    len: usize,
    /// Whether a comma, brace or the like stands between this word and what follows it.
    pub(super) broken: bool,
}

impl Word {
    fn new(word: &[u8], broken: bool) -> Self {
        let mut lower = Self { bytes: [0; MAX_WORD], len: 0, broken };
        if word.len() <= MAX_WORD {
            lower.len = word.len();
            for (slot, byte) in lower.bytes.iter_mut().zip(word) {
                *slot = byte.to_ascii_lowercase();
            }
        }
        lower
    }

    pub(super) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}

/// Reads words backwards, in the text and then in its label.
pub(super) struct Backwards<'h, 'a> {
    hay: &'h Hay<'a>,
    bytes: &'a [u8],
    at: usize,
    floor: usize,
    in_label: bool,
}

impl<'h, 'a> Backwards<'h, 'a> {
    pub(super) fn new(hay: &'h Hay<'a>, at: usize) -> Self {
        let floor = hay.floor().max(at.saturating_sub(REACH));
        Self { hay, bytes: hay.bytes(), at, floor, in_label: false }
    }

    fn before(&self, at: usize) -> u8 {
        at.checked_sub(1).and_then(|at| self.bytes.get(at)).copied().unwrap_or(0)
    }

    /// Goes back over what is no letter. `None`: nothing that follows is context any more.
    fn skip_gap(&mut self) -> Option<Gap> {
        let (mut digits, mut broken) = (0, false);
        while self.at > self.floor {
            match self.before(self.at) {
                TAG => return None,
                b'#' => {
                    self.at -= 1;
                    return Some(Gap { broken, numero: true });
                }
                b'0'..=b'9' => {
                    digits += 1;
                    if digits > MAX_DIGITS_BETWEEN {
                        return None;
                    }
                }
                b',' | b';' | b'{' | b'}' | b'|' => broken = true,
                byte if is_letter(byte) => break,
                _ => {}
            }
            self.at -= 1;
        }
        Some(Gap { broken, numero: false })
    }

    /// Goes back to the start of the word that ends here; camel case parts words.
    fn word_start(&self) -> usize {
        let mut start = self.at;
        while start > self.floor && is_letter(self.before(start)) {
            start -= 1;
            let here = self.bytes.get(start..).unwrap_or_default();
            let before = self.before(start);
            let hump = match here {
                [first, ..] if first.is_ascii_uppercase() && before.is_ascii_lowercase() => true,
                [first, second, third, ..] => {
                    first.is_ascii_uppercase()
                        && before.is_ascii_uppercase()
                        && second.is_ascii_lowercase()
                        && third.is_ascii_lowercase()
                }
                _ => false,
            };
            if hump {
                break;
            }
        }
        start
    }
}

/// What was between two words.
struct Gap {
    broken: bool,
    /// It held `#`, which reads "number".
    numero: bool,
}

impl Iterator for Backwards<'_, '_> {
    type Item = Word;

    fn next(&mut self) -> Option<Word> {
        let from = self.at;
        let gap = self.skip_gap()?;
        if gap.numero {
            self.hay.charge(from - self.at);
            return Some(Word::new(b"number", gap.broken));
        }
        let start = self.word_start();
        self.hay.charge(from - start + 1);
        if start < self.at {
            let word = self.bytes.get(start..self.at).unwrap_or_default();
            self.at = start;
            return Some(Word::new(word, gap.broken));
        }
        if self.in_label || self.floor > 0 {
            return None;
        }
        let label = self.hay.label;
        self.bytes = label;
        (self.at, self.floor, self.in_label) =
            (label.len(), label.len().saturating_sub(REACH), true);
        self.next()
    }
}
