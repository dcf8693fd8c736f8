//! Signed notes ([signed-note](https://c2sp.org/signed-note)): a text, a blank line, and a line for
//! each signature.

use base64::{Engine, engine::general_purpose::STANDARD};
use thiserror::Error;

use crate::key::{VerifierKey, is_name};

/// The longest note that is read, in bytes.
pub const MAX_BYTES: usize = 1 << 20;

/// The most signatures that are looked at; beyond it a note is refused.
pub const MAX_SIGNATURES: usize = 100;

/// What a signature line begins with: an em dash and a space.
pub(crate) const SIGNATURE_MARK: &str = "— ";

/// Why a note is refused.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum NoteError {
    /// Longer than [`MAX_BYTES`].
    #[error("the note is longer than {MAX_BYTES} bytes")]
    TooLong,
    /// More than [`MAX_SIGNATURES`].
    #[error("the note has more than {MAX_SIGNATURES} signatures")]
    TooManySignatures,
    /// The text has a control character or does not end in a newline.
    #[error("a note's text must end in a newline and have no other control character")]
    Text,
    /// There is no block of well-formed signature lines.
    #[error("the note does not end in a blank line and well-formed signature lines")]
    Signatures,
    /// A signature by a known key does not match the text.
    #[error("the signature by {name} is not a signature of this text")]
    BadSignature {
        /// The key's name.
        name: String,
    },
    /// There are signatures, but none by a key that is known here.
    #[error("no known key has signed the note")]
    NoKnownSignature,
}

/// The text of a note (with its last newline) that at least one of the `known` keys has signed.
///
/// Signatures by unknown keys are ignored, so that keys can change and witnesses can add theirs.
///
/// # Errors
///
/// If the note is malformed, no known key has signed it, or any signature that claims to be by a
/// known key is not.
pub fn open<'a>(note: &'a str, known: &[VerifierKey]) -> Result<&'a str, NoteError> {
    let (text, signatures) = split(note)?;
    let mut vouched = false;
    for (count, line) in signatures.split_terminator('\n').enumerate() {
        if count == MAX_SIGNATURES {
            return Err(NoteError::TooManySignatures);
        }
        let (name, id, signature) = parse_signature(line).ok_or(NoteError::Signatures)?;
        // Two keys may share name and id: four bytes collide. Either may then have signed.
        let mut keys = known.iter().filter(|key| key.name() == name && key.id() == id).peekable();
        if keys.peek().is_some() {
            if !keys.any(|key| key.accepts(text, &signature)) {
                return Err(NoteError::BadSignature { name: name.to_owned() });
            }
            vouched = true;
        }
    }
    if vouched { Ok(text) } else { Err(NoteError::NoKnownSignature) }
}

/// Checks that `text` can be the text of a note.
pub(crate) fn check_text(text: &str) -> Result<(), NoteError> {
    if text.len() > MAX_BYTES {
        return Err(NoteError::TooLong);
    }
    let clean = !text.bytes().any(|byte| byte < b' ' && byte != b'\n');
    if clean && text.ends_with('\n') { Ok(()) } else { Err(NoteError::Text) }
}

/// Parts text and signatures at the last blank line, which belongs to neither.
fn split(note: &str) -> Result<(&str, &str), NoteError> {
    check_text(note)?;
    let blank = note.rfind("\n\n").ok_or(NoteError::Signatures)?;
    let (text, rest) = note.split_at(blank + 1);
    Ok((text, rest.trim_start_matches('\n')))
}

/// The name, key id and signature bytes in a line such as `— name base64(id ‖ signature)`.
fn parse_signature(line: &str) -> Option<(&str, [u8; 4], Vec<u8>)> {
    let (name, base64) = line.strip_prefix(SIGNATURE_MARK)?.split_once(' ')?;
    let bytes = STANDARD.decode(base64).ok()?;
    let (id, signature) = bytes.split_first_chunk()?;
    let whole = is_name(name) && !signature.is_empty();
    whole.then(|| (name, *id, signature.to_vec()))
}
