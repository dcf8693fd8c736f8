//! A body in chunks (RFC 9112, section 7.1), taken by the letter.
//!
//! actix-http (3.20) skips whatever stands between the last chunk and an empty line, however long, and
//! takes a lone LF there for a character. A proxy that takes it for the end of a line sees the next
//! request begin where we see none: who sends both decides whose answer is whose.

use actix_web::web::{Buf, Bytes, BytesMut};

/// How long the line with a chunk's size may be: its extensions, which mean nothing here, included.
const SIZE_LINE: usize = 256;
/// How long all fields behind the last chunk may be together; they mean nothing here either.
const TRAILERS: usize = 8 << 10;

/// How far a body in chunks was read.
#[derive(Debug)]
pub(super) enum Chunks {
    /// A line with a size comes.
    Size,
    /// So many bytes of the chunk are left, and the end of its line.
    Data(u64),
    DataEnd,
    /// Fields come, so many bytes at most.
    Trailers(usize),
    End,
}

/// What is no body in chunks.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl Chunks {
    /// The next piece of the body; `None` at its end, or before more was `received`.
    pub(super) fn next(&mut self, received: &mut BytesMut) -> Result<Option<Bytes>, Malformed> {
        loop {
            *self = match *self {
                Self::Size => match line(received, SIZE_LINE)? {
                    Some(line) => match size(&line)? {
                        0 => Self::Trailers(TRAILERS),
                        size => Self::Data(size),
                    },
                    None => return Ok(None),
                },
                Self::Data(_) if received.is_empty() => return Ok(None),
                Self::Data(left) => {
                    let here = received.len().min(usize::try_from(left).unwrap_or(usize::MAX));
                    *self = match left - here as u64 {
                        0 => Self::DataEnd,
                        left => Self::Data(left),
                    };
                    return Ok(Some(received.split_to(here).freeze()));
                }
                Self::DataEnd => match line(received, 0)? {
                    Some(_) => Self::Size,
                    None => return Ok(None),
                },
                Self::Trailers(room) => match line(received, room)? {
                    Some(line) if line.is_empty() => Self::End,
                    Some(line) if is_field(&line) => Self::Trailers(room - line.len()),
                    Some(_) => return Err(Malformed),
                    None => return Ok(None),
                },
                Self::End => return Ok(None),
            };
        }
    }

    /// Whether the body was read to its end.
    pub(super) fn has_ended(&self) -> bool {
        matches!(self, Self::End)
    }
}

/// The next line, if it is there whole, without CR LF; either comes in no other place.
fn line(received: &mut BytesMut, longest: usize) -> Result<Option<BytesMut>, Malformed> {
    let Some(end) = received.iter().position(|it| matches!(it, b'\r' | b'\n')) else {
        return if received.len() > longest { Err(Malformed) } else { Ok(None) };
    };
    match received.get(end..end + 2) {
        _ if end > longest => Err(Malformed),
        Some(b"\r\n") => {
            let line = received.split_to(end);
            received.advance(2);
            Ok(Some(line))
        }
        None if received.ends_with(b"\r") => Ok(None),
        _ => Err(Malformed),
    }
}

/// `chunk-size [ chunk-ext ]`
fn size(line: &[u8]) -> Result<u64, Malformed> {
    let digits = line.iter().take_while(|it| it.is_ascii_hexdigit()).count();
    let (digits, extension) = line.split_at(digits);
    let begins = extension.trim_ascii_start().first();
    if !extension.is_empty() && begins != Some(&b';') || !extension.iter().all(is_text) {
        return Err(Malformed);
    }
    let digits = str::from_utf8(digits).map_err(|_| Malformed)?;
    u64::from_str_radix(digits, 16).map_err(|_| Malformed)
}

/// `field-name ":" field-value` (RFC 9110, section 5).
fn is_field(line: &[u8]) -> bool {
    let is_token = |it: &u8| it.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(it);
    let name = line.iter().take_while(|it| is_token(it)).count();
    name > 0 && line.get(name) == Some(&b':') && line.iter().all(is_text)
}

fn is_text(byte: &u8) -> bool {
    *byte == b'\t' || *byte >= b' ' && *byte != 0x7f
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The body in `text`, which comes in pieces of `step` bytes, and what is behind it; `None` if it
    /// has not ended.
    fn read(text: &[u8], step: usize) -> Result<Option<(Vec<u8>, usize)>, Malformed> {
        let (mut chunks, mut received, mut body) = (Chunks::Size, BytesMut::new(), Vec::new());
        let mut sent = text.chunks(step);
        loop {
            while let Some(piece) = chunks.next(&mut received)? {
                body.extend_from_slice(&piece);
            }
            if chunks.has_ended() {
                return Ok(Some((body, received.len() + sent.map(<[u8]>::len).sum::<usize>())));
            }
            match sent.next() {
                Some(piece) => received.extend_from_slice(piece),
                None => return Ok(None),
            }
        }
    }

    #[test]
    fn what_the_grammar_has_is_taken() {
        let cases = [
            ("0\r\n\r\n", ""),
            ("000\r\n\r\n", ""),
            ("3\r\none\r\n0\r\n\r\n", "one"),
            ("1;a\r\no\r\n2 ; b=\"c d\"\r\nne\r\n0;x\r\n\r\n", "one"),
            ("0B\r\nhello\nworld\r\n0\r\na: b\r\nC-d:\r\n\r\n", "hello\nworld"),
        ];
        for (text, body) in cases {
            for step in 1..=text.len() {
                let read = read(text.as_bytes(), step);
                assert_eq!(read, Ok(Some((body.as_bytes().to_vec(), 0))), "{text:?} by {step}");
            }
            let unended = &text.as_bytes()[..text.len() - 1];
            assert_eq!(read(unended, 1), Ok(None), "{text:?}");
        }
    }

    #[test]
    fn what_is_behind_it_stays() {
        assert_eq!(read(b"1\r\na\r\n0\r\n\r\nGET / HTTP/1.1\r\n", 64), Ok(Some((vec![b'a'], 16))));
    }

    #[test]
    fn nothing_else_is_taken() {
        let long = format!("1;{}\r\na\r\n0\r\n\r\n", "x".repeat(SIZE_LINE));
        let many = format!("0\r\n{}\r\n", "a: b\r\n".repeat(TRAILERS / 4 + 1));
        let endless = format!("0\r\na: {}", "x".repeat(TRAILERS));
        let cases = [
            "\r\n",
            "x\r\n",
            "-1\r\n",
            "+1\r\n",
            "0x1\r\n",
            " 1\r\na\r\n",
            "1 \r\na\r\n",
            "1\na\r\n0\r\n\r\n",
            "1\r\na\n0\r\n\r\n",
            "1\r\nab\r\n",
            "1\r\na0\r\n",
            "10000000000000000\r\n",
            "1;\x00\r\n",
            "1;a\rb\r\n",
            "1;a\nb\r\n",
            "1 a\r\n",
            "0\r\n\n",
            "0\n\r\n",
            "0\r\na: b\n\r\n",
            "0\r\na: b\n\nGET / HTTP/1.1\r\n\r\n",
            "0\r\n: b\r\n",
            "0\r\na b: c\r\n",
            "0\r\nnone\r\n",
            "0\r\n a: b\r\n",
            "0\r\na: \x01\r\n",
            "0\r\na: b\r\r\n",
            &long,
            &many,
            &endless,
        ];
        for text in cases {
            for step in [1, 7, text.len()] {
                assert_eq!(read(text.as_bytes(), step), Err(Malformed), "{text:?} by {step}");
            }
        }
    }

    proptest! {
        #[test]
        fn what_was_written_is_read(pieces: Vec<Vec<u8>>, step in 1..40_usize) {
            let pieces: Vec<_> = pieces.into_iter().filter(|it| !it.is_empty()).collect();
            let mut text = Vec::new();
            for piece in &pieces {
                text.extend_from_slice(format!("{:x}\r\n", piece.len()).as_bytes());
                text.extend_from_slice(piece);
                text.extend_from_slice(b"\r\n");
            }
            text.extend_from_slice(b"0\r\n\r\n");
            prop_assert_eq!(read(&text, step), Ok(Some((pieces.concat(), 0))));
        }
    }
}
