//! Groups of digits with separators between them: the shape that most identifiers have.

use crate::bytes::{is_blank, is_digit, is_word};
use crate::hay::Hay;

const MAX_GROUPS: usize = 8;
const MAX_DIGITS: usize = 24;
/// `) ` and ` - ` are the longest separators in use.
const MAX_GAP: usize = 3;

/// One run of digits, and what separates it from the run before.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Group {
    /// Where it starts and ends, from the start of the number: at most 213 bytes away.
    start: u8,
    end: u8,
    /// The separator's most telling byte: `-`, `.`, `/`, `(`, `)` or a blank; 0 for the first.
    pub(crate) sep: u8,
    /// Bytes between the run before and this one.
    gap: u8,
}

/// Up to eight groups of digits. Small, since one is read at every number of the text.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Number {
    start: usize,
    groups: [Group; MAX_GROUPS],
    lens: [u8; MAX_GROUPS],
    count: usize,
}

impl Number {
    /// Reads the groups that begin at `start`.
    pub(crate) fn read(hay: &Hay<'_>, start: usize) -> Self {
        let mut number =
            Self { start, groups: Default::default(), lens: Default::default(), count: 0 };
        let (mut at, mut sep, mut gap) = (start, 0, 0);
        for (group, len) in number.groups.iter_mut().zip(&mut number.lens) {
            let end = hay.skip(at, MAX_DIGITS, |byte| byte.is_ascii_digit());
            *group = Group { start: byte(at - start), end: byte(end - start), sep, gap: byte(gap) };
            *len = byte(end - at);
            number.count += 1;
            let Some(next) = separator(hay, end) else { break };
            (sep, gap) = next;
            at = end + gap;
        }
        number
    }

    /// The lengths of the groups.
    pub(crate) fn shape(&self) -> &[u8] {
        self.lens.get(..self.count).unwrap_or_default()
    }

    pub(crate) fn groups(&self) -> &[Group] {
        self.groups.get(..self.count).unwrap_or_default()
    }

    pub(crate) fn group(&self, index: usize) -> Group {
        self.groups.get(index).copied().unwrap_or_default()
    }

    /// Where group `index` starts.
    pub(crate) fn start(&self, index: usize) -> usize {
        self.start + usize::from(self.group(index).start)
    }

    /// The end of the first `count` groups.
    pub(crate) fn end(&self, count: usize) -> usize {
        self.start + usize::from(self.group(count.saturating_sub(1)).end)
    }

    /// The separator before group `index`, where it is a single byte.
    pub(crate) fn tight_sep(&self, index: usize) -> Option<u8> {
        self.groups().get(index).filter(|group| group.gap == 1).map(|group| group.sep)
    }

    /// Whether the first `count` groups end there: no letter, and no further digits behind
    /// a separator that is no blank.
    pub(crate) fn ends_after(&self, hay: &Hay<'_>, count: usize) -> bool {
        let end = self.end(count);
        let joined = matches!(hay.at(end), b'-' | b'.' | b'/') && is_digit(hay.at(end + 1));
        !joined && !is_word(hay.at(end))
    }

    /// The digits of the first `count` groups, as values.
    pub(crate) fn digits(&self, hay: &Hay<'_>, count: usize) -> Digits {
        let mut digits = Digits::default();
        for index in 0..count {
            for &byte in self.run(hay, index) {
                digits.push(byte);
            }
        }
        digits
    }

    /// The value of one group; `u32::MAX` where it is longer than nine digits.
    pub(crate) fn value(&self, hay: &Hay<'_>, index: usize) -> u32 {
        value(self.run(hay, index))
    }

    fn run<'a>(&self, hay: &Hay<'a>, index: usize) -> &'a [u8] {
        hay.slice(self.start(index), self.end(index + 1))
    }
}

fn byte(offset: usize) -> u8 {
    u8::try_from(offset).unwrap_or(u8::MAX)
}

/// The value of a run of digits; `u32::MAX` where it is longer than nine.
pub(crate) fn value(digits: &[u8]) -> u32 {
    if digits.len() > 9 {
        return u32::MAX;
    }
    digits.iter().fold(0, |sum, &digit| sum * 10 + u32::from(digit.wrapping_sub(b'0')))
}

/// The separator at `at` and its length, if digits follow it.
fn separator(hay: &Hay<'_>, at: usize) -> Option<(u8, usize)> {
    let mut sep = b' ';
    for gap in 0..=MAX_GAP {
        match hay.at(at + gap) {
            b'0'..=b'9' => return (gap > 0).then_some((sep, gap)),
            mark @ (b'-' | b'.' | b'/') if sep == b' ' || matches!(sep, b'(' | b')') => sep = mark,
            paren @ (b'(' | b')') if sep == b' ' => sep = paren,
            b'(' if sep == b'-' || sep == b')' => {}
            blank if is_blank(blank) => {}
            _ => return None,
        }
    }
    None
}

/// The digits of a number without its separators, at most 24.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Digits {
    bytes: [u8; MAX_DIGITS],
    len: usize,
}

impl Digits {
    fn push(&mut self, byte: u8) {
        if let Some(slot) = self.bytes.get_mut(self.len) {
            *slot = byte;
            self.len += 1;
        }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        self.bytes.get(..self.len).unwrap_or_default()
    }
}
