//! The escapes of JSON, URLs and HTML, and the tags of redaction itself.
//!
//! Each function looks at text that begins with its own mark, and answers what the escape stands
//! for and how long it is; `None` where it is no escape.

use super::{Fold, unicode::fold_char};
use crate::bytes::{FOREIGN, SOFT_BLANK, TAG};

/// Text that went through JSON more than once doubles its backslashes each time.
const MAX_BACKSLASHES: usize = 16;
const MAX_PERCENT_NESTING: usize = 4;
const MAX_ENTITY: usize = 10;
const MAX_TAG: usize = 24;

/// `\u0040`, `\x40`, `\n`, `\/`, `\"`, behind any number of backslashes.
pub(super) fn backslash(tail: &[u8]) -> Option<(Fold, usize)> {
    let slashes = tail.iter().take(MAX_BACKSLASHES).take_while(|&&byte| byte == b'\\').count();
    let rest = tail.get(slashes..)?;
    match rest {
        [b'n' | b'r' | b't', ..] => Some((Fold::As(b'\n'), slashes + 1)),
        [quote @ (b'"' | b'\'' | b'/'), ..] => Some((Fold::As(*quote), slashes + 1)),
        [b'u', a, b, c, d, ..] => Some((escaped(hex(&[*a, *b, *c, *d])?), slashes + 5)),
        [b'x', a, b, ..] => Some((escaped(hex(&[*a, *b])?), slashes + 3)),
        _ => None,
    }
}

/// `%40`, also encoded again: `%2540`.
pub(super) fn percent(tail: &[u8]) -> Option<(Fold, usize)> {
    let mut at = 1;
    for _ in 0..MAX_PERCENT_NESTING {
        match tail.get(at..) {
            Some([b'2', b'5', a, b, ..]) if hex(&[*a, *b]).is_some() => at += 2,
            _ => break,
        }
    }
    let code = hex(tail.get(at..at + 2)?)?;
    let byte = match u8::try_from(code).ok()? {
        // What would end a URL must not end it where it is encoded.
        0..=0x20 | b'"' | b'<' | b'>' | b'\\' | b'^' | b'`' | b'{'..=b'}' | 0x7f => SOFT_BLANK,
        0x80.. => FOREIGN,
        plain => plain,
    };
    Some((Fold::As(byte), at + 2))
}

/// `&#64;`, `&#x40;`, `&commat;`.
pub(super) fn entity(tail: &[u8]) -> Option<(Fold, usize)> {
    let end = tail.iter().take(MAX_ENTITY).position(|&byte| byte == b';')?;
    let fold = match tail.get(1..end)? {
        [b'#', b'x' | b'X', digits @ ..] => escaped(hex(digits)?),
        [b'#', digits @ ..] => escaped(decimal(digits)?),
        b"nbsp" | b"ensp" | b"emsp" | b"thinsp" => Fold::As(b' '),
        b"commat" => Fold::As(b'@'),
        b"period" => Fold::As(b'.'),
        b"hyphen" | b"dash" | b"ndash" | b"mdash" | b"minus" => Fold::As(b'-'),
        b"colon" => Fold::As(b':'),
        b"sol" => Fold::As(b'/'),
        b"lpar" => Fold::As(b'('),
        b"rpar" => Fold::As(b')'),
        b"amp" => Fold::As(b'&'),
        b"quot" => Fold::As(b'"'),
        b"apos" => Fold::As(b'\''),
        b"lt" => Fold::As(b'<'),
        b"gt" => Fold::As(b'>'),
        b"shy" | b"zwj" | b"zwnj" => Fold::Drop,
        _ => return None,
    };
    Some((fold, end + 1))
}

/// `[EMAIL_7F3A]`: any upper-case label, so that tags of later versions are known too.
pub(super) fn tag(tail: &[u8]) -> Option<(Fold, usize)> {
    if !tail.get(1)?.is_ascii_uppercase() {
        return None;
    }
    let end = tail.iter().take(MAX_TAG).position(|&byte| byte == b']')?;
    let (label, mark) = tail.get(1..end)?.split_last_chunk::<5>()?;
    let labelled = label.iter().all(|byte| byte.is_ascii_uppercase() || *byte == b'_');
    let marked = mark.first() == Some(&b'_')
        && mark.iter().skip(1).all(|byte| matches!(byte, b'0'..=b'9' | b'A'..=b'F'));
    (labelled && marked).then_some((Fold::As(TAG), end + 1))
}

/// What an escaped character becomes. It cannot stay as it is, since its escape holds digits.
fn escaped(code: u32) -> Fold {
    match (u8::try_from(code), char::from_u32(code).map(fold_char)) {
        (Ok(control), _) if control < 0x20 || control == 0x7f => Fold::As(b' '),
        (Ok(ascii), _) if ascii.is_ascii() => Fold::As(ascii),
        (_, Some(fold @ (Fold::As(_) | Fold::Drop))) => fold,
        _ => Fold::As(FOREIGN),
    }
}

fn hex(digits: &[u8]) -> Option<u32> {
    number(digits, 16)
}

fn decimal(digits: &[u8]) -> Option<u32> {
    number(digits, 10)
}

fn number(digits: &[u8], radix: u32) -> Option<u32> {
    if digits.is_empty() || digits.len() > 7 {
        return None;
    }
    digits.iter().try_fold(0, |sum, &digit| Some(sum * radix + char::from(digit).to_digit(radix)?))
}
