//! Notes, keys and checkpoints: other people's, ours, and damaged ones.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on fails")]

mod common;

use common::counted_entry;
use ledger::note::{self, NoteError};
use ledger::{Checkpoint, CheckpointError, KeyError, Origin, SigningKey, VerifierKey};
use proptest::prelude::*;

/// The example in the documentation of Go's `golang.org/x/mod/sumdb/note`.
const PETER: &str = "PeterNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW";
const PETERS_TEXT: &str = "If you think cryptography is the answer to your problem,\n\
    then you don't know what your problem is.\n";
const PETERS_SIGNATURE: &str = "— PeterNeumann x08go/ZJkuBS9UG/SffcvIAQxVBtiFupLLr8pAcElZInNIuGUgYN\
    1FFYC2pZSNXgKvqfqdngotpRZb6KE6RyyBwJnAM=\n";
/// The second key there: its signature stands under the same text.
const ENOCHS_SIGNATURE: &str = "— EnochRoot rwz+eBzmZa0SO3NbfRGzPCpDckykFXSdeX+MNtCOXm2/5n2tiOHp+v\
    AF1aGrQ5ovTG01oOTGwnWLox33WWd1RvMc+QQ=\n";

fn peter() -> VerifierKey {
    PETER.parse().unwrap()
}

fn key(name: &str, seed: u8) -> SigningKey {
    SigningKey::from_seed(name, [seed; 32]).unwrap()
}

fn checkpoint(size: u64) -> Checkpoint {
    Checkpoint { origin: "example.org/log".parse().unwrap(), size, root: counted_entry(size) }
}

#[test]
fn the_note_in_gos_documentation_opens() {
    let note = format!("{PETERS_TEXT}\n{PETERS_SIGNATURE}");
    assert_eq!(note::open(&note, &[peter()]), Ok(PETERS_TEXT));
    assert_eq!(peter().to_string(), PETER);
    assert_eq!((peter().name(), peter().id()), ("PeterNeumann", [0xc7, 0x4f, 0x20, 0xa3]));
}

#[test]
fn gos_private_key_signs_as_it_does_there() {
    // PRIVATE+KEY+PeterNeumann+c74f20a3+AYEKFALVFGyNhPJEMzD1QIDr+Y7hfZx09iUvxdXHKDFz
    let seed = "810a1402d5146c8d84f2443330f54080ebf98ee17d9c74f6252fc5d5c7283173";
    let seed: Vec<u8> =
        (0..32).map(|i| u8::from_str_radix(&seed[2 * i..2 * i + 2], 16).unwrap()).collect();
    let key = SigningKey::from_seed("PeterNeumann", seed.try_into().unwrap()).unwrap();
    assert_eq!(key.verifier(), &peter());
    assert_eq!(key.sign(PETERS_TEXT).unwrap(), format!("{PETERS_TEXT}\n{PETERS_SIGNATURE}"));
}

#[test]
fn unknown_signatures_are_ignored_and_known_ones_must_hold() {
    let both = format!("{PETERS_TEXT}\n{ENOCHS_SIGNATURE}{PETERS_SIGNATURE}");
    assert_eq!(note::open(&both, &[peter()]), Ok(PETERS_TEXT));
    assert_eq!(note::open(&both, &[]), Err(NoteError::NoKnownSignature));
    let stranger = format!("{PETERS_TEXT}\n{ENOCHS_SIGNATURE}");
    assert_eq!(note::open(&stranger, &[peter()]), Err(NoteError::NoKnownSignature));
    // A good signature does not excuse a bad one by a known key.
    let ours = key("us", 1);
    let other_text = ours.sign("Something else.\n").unwrap();
    let bad_line = other_text.lines().last().unwrap();
    let note = format!("{PETERS_TEXT}\n{PETERS_SIGNATURE}{bad_line}\n");
    let refused = note::open(&note, &[peter(), ours.verifier().clone()]);
    assert_eq!(refused, Err(NoteError::BadSignature { name: "us".into() }));
}

#[test]
fn malformed_notes_are_refused() {
    let signed = |text: &str| format!("{text}\n{PETERS_SIGNATURE}");
    let no_end = signed(PETERS_TEXT).trim_end().to_owned();
    let cases = [
        (String::new(), NoteError::Text),
        (no_end, NoteError::Text),
        (signed("tab\there\n"), NoteError::Text),
        (signed("carriage\r\n"), NoteError::Text),
        (PETERS_TEXT.to_owned(), NoteError::Signatures),
        (format!("{PETERS_TEXT}{PETERS_SIGNATURE}"), NoteError::Signatures),
        (format!("{}no signature\n", signed(PETERS_TEXT)), NoteError::Signatures),
        (format!("{PETERS_TEXT}\n— PeterNeumann x08gow==\n"), NoteError::Signatures),
        (format!("{PETERS_TEXT}\n— Peter+Neumann x08goww=\n"), NoteError::Signatures),
        (format!("{PETERS_TEXT}\n{}", ENOCHS_SIGNATURE.repeat(101)), NoteError::TooManySignatures),
        (format!("{}\n{PETERS_SIGNATURE}", "x".repeat(1 << 20)), NoteError::TooLong),
    ];
    for (note, error) in cases {
        assert_eq!(note::open(&note, &[peter()]), Err(error), "{note:.60}");
    }
    assert_eq!(key("us", 1).sign("no newline"), Err(NoteError::Text));
}

#[test]
fn texts_may_have_blank_lines() {
    let us = key("us", 1);
    let text = "One.\n\nTwo.\n\n";
    let note = us.sign(text).unwrap();
    assert_eq!(note::open(&note, &[us.verifier().clone()]), Ok(text));
}

#[test]
fn damaged_keys_are_refused() {
    let cases = [
        ("", KeyError::Malformed),
        ("PeterNeumann+c74f20a3", KeyError::Malformed),
        ("PeterNeumann+c74f20a3+", KeyError::Malformed),
        (
            "PeterNeumann+0c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",
            KeyError::Malformed,
        ),
        ("PeterNeumann+c74f20a3+AhpcvQcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Malformed),
        ("PeterNeumann+c74f20a4+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Hash),
        ("PaulNeumann+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Hash),
        ("Peter N+c74f20a3+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW", KeyError::Name),
    ];
    for (text, error) in cases {
        assert_eq!(text.parse::<VerifierKey>(), Err(error), "{text}");
    }
    for name in ["", "a b", "a+b", "a\nb", "a\u{2003}b", "a\0b"] {
        assert_eq!(SigningKey::from_seed(name, [1; 32]).unwrap_err(), KeyError::Name, "{name:?}");
    }
}

#[test]
fn the_secret_is_not_printed() {
    let key = key("us", 0xab);
    assert_eq!(format!("{key:?}"), format!("SigningKey({:?})", key.verifier().to_string()));
}

#[test]
fn checkpoints_are_written_as_the_standard_shows_them() {
    let text =
        "example.com/behind-the-sofa\n20852163\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n";
    let parsed: Checkpoint = text.parse().unwrap();
    assert_eq!((parsed.origin.as_str(), parsed.size), ("example.com/behind-the-sofa", 20_852_163));
    assert_eq!(parsed.to_string(), text);
    assert_eq!(format!("{text}extension\n").parse(), Ok(parsed));
}

#[test]
fn malformed_checkpoints_are_refused() {
    let root = counted_entry(0).to_base64();
    let cases = [
        (format!("o\n5\n{root}"), "last"),
        (format!("\n5\n{root}\n"), "origin"),
        (format!("o\n05\n{root}\n"), "size"),
        (format!("o\n+5\n{root}\n"), "size"),
        (format!("o\n-5\n{root}\n"), "size"),
        (format!("o\n\n{root}\n"), "size"),
        (format!("o\n18446744073709551616\n{root}\n"), "size"),
        ("o\n5\n".to_owned(), "root"),
        ("o\n5\nAAAA\n".to_owned(), "root"),
        (format!("o\n5\n{}\n", root.trim_end_matches('=')), "root"),
        (format!("o\n5\n{root}\n\n"), "extension"),
    ];
    for (text, line) in cases {
        assert_eq!(text.parse::<Checkpoint>(), Err(CheckpointError::Malformed(line)), "{text:?}");
    }
    assert!("two\nlines".parse::<Origin>().is_err());
}

proptest! {
    #[test]
    fn a_signed_checkpoint_comes_back(size: u64, seed: u8) {
        let (key, checkpoint) = (key("example.org/log", seed), checkpoint(size));
        prop_assert_eq!(&checkpoint.origin, &Origin::from(key.verifier()));
        let verifier: VerifierKey = key.verifier().to_string().parse().unwrap();
        prop_assert_eq!(Checkpoint::open(&checkpoint.sign(&key), &[verifier]), Ok(checkpoint));
    }

    #[test]
    fn a_note_with_a_changed_byte_is_refused(size: u64, place: prop::sample::Index, change in 1_u8..) {
        let key = key("example.org/log", 3);
        let mut note = checkpoint(size).sign(&key).into_bytes();
        let at = place.index(note.len());
        note[at] ^= change;
        if let Ok(note) = String::from_utf8(note) {
            prop_assert!(Checkpoint::open(&note, &[key.verifier().clone()]).is_err());
        }
    }

    #[test]
    fn no_text_upsets_the_parsers(text in "(\\PC|\n|— |[0-9+=]){0,60}") {
        let _ = note::open(&text, &[peter()]);
        let _ = text.parse::<Checkpoint>();
        let _ = text.parse::<VerifierKey>();
    }
}
