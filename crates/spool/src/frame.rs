//! Frames: how they are written, and how much of a damaged file can still be read.

use chacha20poly1305::aead::{Aead, KeyInit, Payload};
use chacha20poly1305::{Key, XChaCha20Poly1305, XNonce};

/// Length and its complement.
const HEADER: usize = 8;
const NONCE: usize = 24;
const TAG: usize = 16;
/// How much longer a frame is in its file.
pub(crate) const OVERHEAD: usize = HEADER + NONCE + TAG;
/// The longest frame.
pub(crate) const LONGEST: usize = 64 << 20;

/// Encrypts frames, each for its place.
pub(crate) struct Cipher(XChaCha20Poly1305);

/// What a file holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Content {
    /// Frames that are whole, in order.
    pub(crate) frames: Vec<Vec<u8>>,
    /// How many stretches of the file are not what was written.
    pub(crate) damaged: u64,
    /// Where the frame begins that was not written to its end; the file's length if there is none.
    pub(crate) whole: usize,
}

impl Cipher {
    pub(crate) fn new(key: [u8; 32]) -> Self {
        Self(XChaCha20Poly1305::new(&Key::from(key)))
    }

    /// Adds a frame to what is to be written to file `segment` at `offset`; `None` if it is too long.
    pub(crate) fn write(
        &self,
        (segment, offset): (u64, u64),
        frame: &[u8],
        out: &mut Vec<u8>,
    ) -> Option<()> {
        if frame.len() > LONGEST {
            return None;
        }
        let nonce: [u8; NONCE] = rand::random();
        let payload = Payload { msg: frame, aad: &place(segment, offset) };
        let sealed = self.0.encrypt(&XNonce::from(nonce), payload).ok()?;
        let length = u32::try_from(NONCE + sealed.len()).ok()?;
        out.extend(length.to_le_bytes());
        out.extend((!length).to_le_bytes());
        out.extend(nonce);
        out.extend(sealed);
        Some(())
    }

    /// Everything in file `segment` that can be read.
    pub(crate) fn read(&self, segment: u64, bytes: &[u8]) -> Content {
        let mut content = Content::default();
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            match self.first(segment, at, rest) {
                First::Frame(frame, length) => {
                    content.frames.push(frame);
                    at += length;
                }
                First::Torn => break,
                First::Altered(length) => {
                    content.damaged += 1;
                    at += length;
                }
                First::Unclear => {
                    content.damaged += 1;
                    at = self.next_after(segment, at, bytes);
                }
            }
        }
        content.whole = at;
        content
    }

    fn first(&self, segment: u64, at: usize, rest: &[u8]) -> First {
        // A file may have grown before its bytes came to the disk.
        if rest.len() < HEADER || rest.iter().all(|byte| *byte == 0) {
            return First::Torn;
        }
        let Some((length, body)) = header(rest) else { return First::Unclear };
        let Some(sealed) = body.get(..length) else { return First::Torn };
        let whole = HEADER + length;
        let opened = sealed.split_first_chunk::<NONCE>().and_then(|(nonce, sealed)| {
            let payload = Payload { msg: sealed, aad: &place(segment, at as u64) };
            self.0.decrypt(&XNonce::from(*nonce), payload).ok()
        });
        opened.map_or(First::Altered(whole), |frame| First::Frame(frame, whole))
    }

    /// Where the next good frame begins, or the end.
    fn next_after(&self, segment: u64, at: usize, bytes: &[u8]) -> usize {
        let is_good = |from: &usize| {
            let rest = bytes.get(*from..).unwrap_or_default();
            header(rest).is_some() && matches!(self.first(segment, *from, rest), First::Frame(..))
        };
        (at + 1..bytes.len()).find(is_good).unwrap_or(bytes.len())
    }
}

/// What stands at the beginning of some bytes.
enum First {
    /// A frame, and how long it is in the file.
    Frame(Vec<u8>, usize),
    /// The beginning of one, and then the file ends.
    Torn,
    /// Something of this length, which is not what was written.
    Altered(usize),
    /// It cannot be told how long it is.
    Unclear,
}

/// The length that a header tells, and what follows it.
fn header(bytes: &[u8]) -> Option<(usize, &[u8])> {
    let (length, rest) = bytes.split_first_chunk()?;
    let (complement, rest) = rest.split_first_chunk()?;
    let (length, complement) = (u32::from_le_bytes(*length), u32::from_le_bytes(*complement));
    let possible = NONCE + TAG..=NONCE + TAG + LONGEST;
    let told = length as usize;
    (length == !complement && possible.contains(&told)).then_some((told, rest))
}

/// What a frame is bound to.
fn place(segment: u64, offset: u64) -> Vec<u8> {
    [b"spool 1".as_slice(), &segment.to_le_bytes(), &offset.to_le_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SEGMENT: u64 = 3;

    fn cipher() -> Cipher {
        Cipher::new([7; 32])
    }

    /// The file of some frames, and where each of them begins.
    fn file(frames: &[Vec<u8>]) -> (Vec<u8>, Vec<usize>) {
        let (mut bytes, mut starts) = (Vec::new(), Vec::new());
        for frame in frames {
            starts.push(bytes.len());
            cipher().write((SEGMENT, bytes.len() as u64), frame, &mut bytes).unwrap();
        }
        (bytes, starts)
    }

    fn some_frames() -> impl Strategy<Value = Vec<Vec<u8>>> {
        prop::collection::vec(prop::collection::vec(any::<u8>(), 0..40), 1..6)
    }

    #[test]
    fn a_file_that_was_cut_anywhere_has_the_frames_before() {
        let frames: Vec<_> = ["one", "", "three"].map(|text| text.as_bytes().to_vec()).into();
        let (bytes, starts) = file(&frames);
        for cut in 0..=bytes.len() {
            let ends = starts[1..].iter().copied().chain([bytes.len()]);
            let whole: Vec<usize> = ends.filter(|end| *end <= cut).collect();
            let content = cipher().read(SEGMENT, &bytes[..cut]);
            assert_eq!(content.frames, frames[..whole.len()], "cut at {cut}");
            assert_eq!(content.whole, whole.last().copied().unwrap_or(0), "cut at {cut}");
            assert_eq!(content.damaged, 0, "cut at {cut}");
        }
    }

    #[test]
    fn a_file_that_grew_before_its_bytes_came_ends_where_they_end() {
        let frames = vec![b"one".to_vec()];
        let (mut bytes, _) = file(&frames);
        let whole = bytes.len();
        bytes.resize(whole + 4096, 0);
        assert_eq!(cipher().read(SEGMENT, &bytes), Content { frames, damaged: 0, whole });
    }

    proptest! {
        #[test]
        fn frames_are_read_as_they_were_written(frames in some_frames()) {
            let (bytes, _) = file(&frames);
            let whole = bytes.len();
            let content = Content { frames, damaged: 0, whole };
            prop_assert_eq!(cipher().read(SEGMENT, &bytes), content);
            prop_assert!(cipher().read(SEGMENT + 1, &bytes).frames.is_empty());
            prop_assert!(Cipher::new([8; 32]).read(SEGMENT, &bytes).frames.is_empty());
        }

        #[test]
        fn an_altered_byte_costs_its_frame_and_is_noticed(
            frames in some_frames(), at: prop::sample::Index, by in 1..=255_u8,
        ) {
            let (mut bytes, starts) = file(&frames);
            let at = at.index(bytes.len());
            bytes[at] ^= by;
            let hit = starts.iter().rposition(|start| *start <= at).unwrap();
            let mut rest = frames;
            rest.remove(hit);
            let content = cipher().read(SEGMENT, &bytes);
            prop_assert_eq!(content.frames, rest);
            prop_assert_eq!(content.damaged, 1);
        }

        #[test]
        fn a_frame_that_was_moved_or_repeated_is_none(frames in some_frames()) {
            let (bytes, _) = file(&frames);
            let twice = cipher().read(SEGMENT, &[bytes.as_slice(), &bytes].concat());
            prop_assert_eq!(twice.damaged, frames.len() as u64);
            prop_assert_eq!(twice.frames, frames);
        }

        #[test]
        fn any_bytes_can_be_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let content = cipher().read(SEGMENT, &bytes);
            prop_assert!(content.frames.is_empty() && content.whole <= bytes.len());
        }
    }
}
