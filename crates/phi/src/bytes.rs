//! Classes of bytes, and finding the next byte of a class.

/// Stands in folded text for a tag that redaction wrote. Digits and letters never join across it.
pub(crate) const TAG: u8 = 0x1e;
/// Stands in folded text for a percent-encoded blank: a blank to numbers, but no end of a URL.
pub(crate) const SOFT_BLANK: u8 = 0x1f;
/// Stands in folded text for an escaped letter outside ASCII.
pub(crate) const FOREIGN: u8 = 0xff;

/// A letter: ASCII, or any byte of a character outside ASCII that folding left alone.
pub(crate) const fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte >= 0x80
}

/// What an identifier cannot be glued to.
pub(crate) const fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == TAG
}

/// A digit, or a tag in the place of digits: what goes on a number behind a dot or a hyphen.
pub(crate) const fn is_digit(byte: u8) -> bool {
    byte.is_ascii_digit() || byte == TAG
}

pub(crate) const fn is_blank(byte: u8) -> bool {
    matches!(byte, b' ' | SOFT_BLANK)
}

/// The first position at or after `from` whose byte satisfies `wanted`.
///
/// A few bytes are tried one by one, since hits are often near; then whole chunks, in a loop
/// without branches that the compiler turns into vector instructions.
#[inline(always)]
pub(crate) fn find(bytes: &[u8], from: usize, wanted: impl Fn(u8) -> bool + Copy) -> Option<usize> {
    const NEAR: usize = 8;
    const CHUNK: usize = 32;
    let tail = bytes.get(from..)?;
    let (near, far) = tail.split_at_checked(NEAR).unwrap_or((tail, &[]));
    if let Some(offset) = near.iter().position(|&byte| wanted(byte)) {
        return Some(from + offset);
    }
    let chunks = far.chunks_exact(CHUNK);
    let rest = chunks.remainder();
    let mut base = from + near.len();
    for chunk in chunks {
        if chunk.iter().fold(false, |hit, &byte| hit | wanted(byte)) {
            return chunk.iter().position(|&byte| wanted(byte)).map(|offset| base + offset);
        }
        base += CHUNK;
    }
    rest.iter().position(|&byte| wanted(byte)).map(|offset| base + offset)
}
