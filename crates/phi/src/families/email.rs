//! Electronic mail addresses, plain and in the spellings meant to hide them.

use crate::Class;
use crate::bytes::{TAG, is_letter};
use crate::hay::{Found, Hay};

/// RFC 5321, 4.5.3.1.1.
const MAX_LOCAL: usize = 64;
const MAX_LABEL: usize = 63;
const MAX_LABELS: usize = 10;

/// `john@example.com`, `john @ example.com`.
pub(crate) fn at_sign(hay: &Hay<'_>, at: usize) -> Option<Found> {
    if hay.before(at) == b' ' && hay.at(at + 1) == b' ' {
        return around(hay, at - 1, at + 2);
    }
    around(hay, at, at + 1)
}

/// `john (at) example.com`, `john [at] example [dot] com`. `open` is the bracket.
pub(crate) fn spelled_at(hay: &Hay<'_>, open: usize) -> Option<Found> {
    let end = bracketed(hay, open, b"at").or_else(|| bracketed(hay, open, b"@"))?;
    around(hay, hay.skip_back(open, 1, is_space), hay.skip(end, 1, is_space))
}

/// The address whose local part ends at `left` and whose domain begins at `right`.
fn around(hay: &Hay<'_>, left: usize, right: usize) -> Option<Found> {
    let start = hay.skip_back(left, MAX_LOCAL, in_local);
    let named = |byte: &u8| is_letter(*byte) || byte.is_ascii_digit();
    let start = start + hay.slice(start, left).iter().position(named)?;
    Some(Found { class: Class::Email, start, end: domain_end(hay, right)? })
}

fn in_local(byte: u8) -> bool {
    is_letter(byte)
        || byte.is_ascii_digit()
        || matches!(byte, b'.' | b'_' | b'%' | b'+' | b'-' | b'\'' | b'~' | b'!' | b'&' | b'*')
}

fn is_space(byte: u8) -> bool {
    byte == b' '
}

/// The end of the longest domain at `from`: labels with dots between, the last of letters.
fn domain_end(hay: &Hay<'_>, from: usize) -> Option<usize> {
    let in_label = |byte: u8| is_letter(byte) || byte.is_ascii_digit() || byte == b'-';
    let (mut at, mut best) = (from, None);
    for count in 1..=MAX_LABELS {
        let end = hay.skip(at, MAX_LABEL, in_label);
        let label = hay.slice(at, end);
        if label.is_empty() || label.first() == Some(&b'-') {
            break;
        }
        let top = end - hay.slice(at, end).iter().rev().take_while(|&&byte| byte == b'-').count();
        let letters = hay.slice(at, top).iter().all(|&byte| is_letter(byte));
        let punycode = label.starts_with(b"xn--");
        if count > 1 && top - at >= 2 && (letters || punycode) && hay.at(end) != TAG {
            best = Some(top);
        }
        let Some(next) = dot(hay, end) else { break };
        at = next;
    }
    best
}

/// The end of a dot at `at`, in any spelling: `.`, ` [dot] `, ` dot `.
fn dot(hay: &Hay<'_>, at: usize) -> Option<usize> {
    if hay.at(at) == b'.' {
        return Some(at + 1);
    }
    let open = hay.skip(at, 1, is_space);
    let end = match hay.at(open) {
        b'd' | b'D' if open > at && hay.slice(open, open + 3).eq_ignore_ascii_case(b"dot") => {
            Some(open + 3).filter(|&end| is_space(hay.at(end)))
        }
        _ => bracketed(hay, open, b"dot").or_else(|| bracketed(hay, open, b".")),
    }?;
    Some(hay.skip(end, 1, is_space))
}

/// The end of `word` in brackets at `open`.
fn bracketed(hay: &Hay<'_>, open: usize, word: &[u8]) -> Option<usize> {
    let close = match hay.at(open) {
        b'(' => b')',
        b'[' => b']',
        b'{' => b'}',
        b'<' => b'>',
        _ => return None,
    };
    let start = hay.skip(open + 1, 1, is_space);
    let end = start + word.len();
    let inside = hay.slice(start, end).eq_ignore_ascii_case(word);
    let shut = hay.skip(end, 1, is_space);
    (inside && hay.at(shut) == close).then_some(shut + 1)
}
