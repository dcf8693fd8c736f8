//! One pass over the text: find an anchor, ask the matchers of its kind, go on behind it.

use crate::bytes::find;
use crate::families;
use crate::fold::Folded;
use crate::hay::{Found, Hay};
use crate::{Finding, Overrun};

/// Bytes that matchers may look at per byte of text. Real text needs under 4, the worst text
/// known under 32.
const WORK_PER_BYTE: usize = 64;
const WORK_AT_LEAST: usize = 4096;

/// The most work that a text of so many bytes may cost.
pub(crate) fn bound(len: usize) -> usize {
    len.saturating_mul(WORK_PER_BYTE).saturating_add(WORK_AT_LEAST)
}

/// Finds everything in `text`, doing at most `bound` work.
pub(crate) fn scan_within(
    label: &str,
    text: &str,
    bound: usize,
) -> Result<(Vec<Finding>, usize), Overrun> {
    let folded = Folded::new(text);
    let mut hay = Hay::new(label, folded.bytes());
    let mut found: Vec<Found> = Vec::new();
    let mut chains = 0;
    let mut at = 0;
    while let Some(anchor) = find(hay.bytes(), at, is_anchor) {
        let step = step(&hay, anchor, at, &mut chains);
        at = step.resume;
        if let Some(new) = step.found {
            at = at.max(new.end);
            hay.last = Some(keep(&mut found, new));
        }
        hay.charge(1);
        if hay.work() > bound {
            return Err(Overrun);
        }
    }
    let findings = found.into_iter().map(|found| located(text, &folded, found)).collect();
    Ok((findings, hay.work()))
}

/// Digits, `@`, `.` and `:` begin matchers. They, and five bytes between that are rare, form one
/// range, which is cheaper to test than the set; opening brackets may begin `(at)`.
#[inline(always)]
fn is_anchor(byte: u8) -> bool {
    (byte.wrapping_sub(b'.') <= b'@' - b'.') | (byte == b'(') | (byte | 0x20 == b'{')
}

/// What an anchor led to.
struct Step {
    found: Option<Found>,
    /// Where the search for anchors goes on.
    resume: usize,
}

/// Runs the matchers of one anchor. `from` is where the search for it began: no word that starts
/// before is looked at twice. Dots before `chains` belong to a host name already judged.
fn step(hay: &Hay<'_>, anchor: usize, from: usize, chains: &mut usize) -> Step {
    let after = anchor + 1;
    let found = match hay.at(anchor) {
        b'0'..=b'9' => {
            let (found, resume) = families::at_digit(hay, anchor, from);
            return Step { found, resume };
        }
        b'@' => families::email::at_sign(hay, anchor),
        b':' => families::at_colon(hay, anchor),
        b'.' if anchor >= *chains => {
            let (found, end) = families::url::bare_host(hay, anchor);
            *chains = end;
            found
        }
        b'(' | b'[' | b'{' | b'<' => families::email::spelled_at(hay, anchor),
        _ => None,
    };
    Step { found, resume: after }
}

/// Adds a finding. One that reaches back over earlier ones swallows them.
fn keep(found: &mut Vec<Found>, mut new: Found) -> Found {
    while let Some(last) = found.pop_if(|last| last.end > new.start) {
        if last.start < new.start {
            new = Found { start: last.start, ..new };
        }
        if last.end > new.end {
            new = Found { end: last.end, class: last.class, ..new };
        }
    }
    found.push(new);
    new
}

/// The finding in positions of the original text, on boundaries of characters.
fn located(text: &str, folded: &Folded<'_>, found: Found) -> Finding {
    let start = text.floor_char_boundary(folded.original(found.start));
    let end = text.ceil_char_boundary(folded.original(found.end));
    Finding { class: found.class, start, end }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn work_past_the_bound_is_refused() {
        let text = "MRN 12345678 ".repeat(10);
        let (_, work) = scan_within("", &text, usize::MAX).unwrap();
        assert!(scan_within("", &text, work).is_ok());
        assert_eq!(scan_within("", &text, work - 1), Err(Overrun));
    }

    /// Hostile text costs work in proportion to its length, far from the bound.
    #[test]
    fn work_is_linear_on_hostile_text() {
        const LEN: usize = 1 << 16;
        for unit in [
            "1-",
            "@",
            "(",
            "[",
            "a.",
            ":",
            "0",
            "1.",
            "1/",
            "1 ",
            "a@",
            "a:",
            "1:",
            "::",
            "1a",
            "1a-",
            "9999 ",
            "12345 ",
            "555-",
            "(1) ",
            "MRN ",
            "MRN 1",
            "a1.b2@",
            "www.",
            "://",
            "http://",
            "(at)",
            "1.1.1.1.",
            "aa:",
            "11-11-11-",
            "+1",
            "a(at)",
            "march 1 ",
            "90 year",
            "9 ",
            "MRN: a a 1234,",
            "A1-",
            "tel 1234567 ",
            "xx-1",
            "[MRN_1234]",
            "%31",
            "\\u0031",
            "１",
            "x-1234 ",
            "1x2:",
            "ab1:",
            "at 1234 of 1234 ",
            "zip 1",
            "12 march ",
            "id 99999 ",
            "(12345 ",
            "a.b",
            "-.-.",
            "aaaaaaa.",
        ] {
            let text = unit.repeat(LEN / unit.len());
            let work = |text: &str| scan_within("some.label", text, usize::MAX).unwrap().1;
            let (half, whole) = (work(text.get(..text.len() / 2).unwrap_or(&text)), work(&text));
            assert!(whole < 32 * text.len(), "{unit:?}: {} per byte", whole / text.len());
            assert!(whole < half * 21 / 10 + WORK_AT_LEAST, "{unit:?}: {half}, then {whole}");
        }
    }
}
