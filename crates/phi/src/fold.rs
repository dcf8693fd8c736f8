//! Folding: one spelling for what can be spelled in many ways.
//!
//! Digits of any script, full-width forms, typographic dashes and blanks, invisible characters,
//! and the escapes of JSON, URLs and HTML all become the plain ASCII byte that they stand for, so
//! that matchers know one spelling only. Tags that redaction wrote become one byte that is part
//! of nothing. Text that holds none of these, which is most text, is not copied.

mod escapes;
mod unicode;

use std::borrow::Cow;

use crate::bytes::find;

/// What becomes of a character.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Fold {
    /// It stays.
    Keep,
    /// It is as if it were not there.
    Drop,
    /// It stands for this byte.
    As(u8),
}

/// From this position of the folded text on, the original runs in step from that position.
#[derive(Clone, Copy)]
struct Seam {
    folded: usize,
    original: usize,
}

/// Folded text, with the way back to the original.
pub(crate) struct Folded<'a> {
    bytes: Cow<'a, [u8]>,
    seams: Vec<Seam>,
}

impl<'a> Folded<'a> {
    pub(crate) fn new(text: &'a str) -> Self {
        let bytes = text.as_bytes();
        let (mut out, mut seams) = (Vec::new(), Vec::new());
        let (mut copied, mut at) = (0, 0);
        while let Some(special) = find(bytes, at, is_special) {
            let (fold, len) = fold_at(text, special);
            at = special + len;
            if fold == Fold::Keep {
                continue;
            }
            out.extend_from_slice(bytes.get(copied..special).unwrap_or_default());
            seams.push(Seam { folded: out.len(), original: special });
            if let Fold::As(byte) = fold {
                out.push(byte);
            }
            seams.push(Seam { folded: out.len(), original: at });
            copied = at;
        }
        if seams.is_empty() {
            return Self { bytes: Cow::Borrowed(bytes), seams };
        }
        out.extend_from_slice(bytes.get(copied..).unwrap_or_default());
        Self { bytes: Cow::Owned(out), seams }
    }

    pub(crate) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The position in the original text of a position in the folded one.
    pub(crate) fn original(&self, folded: usize) -> usize {
        let after = self.seams.partition_point(|seam| seam.folded <= folded);
        match after.checked_sub(1).and_then(|last| self.seams.get(last)) {
            Some(seam) => seam.original + (folded - seam.folded),
            None => folded,
        }
    }
}

#[inline(always)]
fn is_special(byte: u8) -> bool {
    (byte >= 0x80) | (byte == b'\\') | (byte == b'%') | (byte == b'&') | (byte == b'[')
}

/// What stands at a special byte becomes, and how many bytes of the original that covers.
fn fold_at(text: &str, at: usize) -> (Fold, usize) {
    let tail = text.as_bytes().get(at..).unwrap_or_default();
    let escape = match tail {
        [b'\\', ..] => escapes::backslash(tail),
        [b'%', ..] => escapes::percent(tail),
        [b'&', ..] => escapes::entity(tail),
        [b'[', ..] => escapes::tag(tail),
        _ => {
            let c = text.get(at..).and_then(|rest| rest.chars().next());
            return c.map_or((Fold::Keep, 1), |c| (unicode::fold_char(c), c.len_utf8()));
        }
    };
    escape.unwrap_or((Fold::Keep, 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folded(text: &str) -> String {
        let folded = Folded::new(text);
        folded.bytes().iter().map(|&b| if b < 0x20 { '~' } else { char::from(b) }).collect()
    }

    #[test]
    fn every_spelling_becomes_the_plain_one() {
        for (spelling, plain) in [
            ("123\u{2011}45\u{2011}6789", "123-45-6789"),
            ("１２３－４５－６７８９", "123-45-6789"),
            ("١٢٣-٤٥-٦٧٨٩", "123-45-6789"),
            ("1\u{200b}2\u{feff}3", "123"),
            ("john\u{ff20}x.com", "john@x.com"),
            (r"john\u0040x.com", "john@x.com"),
            (r"john\\u0040x.com", "john@x.com"),
            (r"https:\/\/x.com", "https://x.com"),
            ("john%40x.com", "john@x.com"),
            ("john%2540x.com", "john@x.com"),
            ("john&#64;x.com", "john@x.com"),
            ("john&#x40;x.com", "john@x.com"),
            ("a&nbsp;b&commat;c", "a b@c"),
            ("a%20b", "a~b"),
            ("see [MRN_12AF].", "see ~."),
            ("plain [text] 50% of R&D \\alpha", "plain [text] 50% of R&D \\alpha"),
        ] {
            assert_eq!(folded(spelling), plain);
        }
    }

    #[test]
    fn positions_lead_back() {
        let text = "x ١٢ \u{200b}%40y";
        let folded = Folded::new(text);
        let y = folded.bytes().iter().position(|&b| b == b'y').unwrap();
        assert_eq!(folded.original(y), text.find('y').unwrap());
        assert_eq!(folded.original(2), 2);
        assert_eq!(folded.original(3), 4);
        assert_eq!(folded.original(folded.bytes().len()), text.len());
    }
}
