//! Which passwords may be chosen (NIST SP 800-63B-4, 3.1.1.2; OWASP ASVS 5.0, 6.2): long ones that
//! are not easily guessed, of any characters.

use super::password::{MAX_LENGTH, normalised};
use std::cmp::Reverse;
use zxcvbn::{Score, zxcvbn};

/// So much must be left of a password beside words that everybody would try.
const LEAST_OF_ITS_OWN: usize = 8;
/// The shortest part of an email that is looked for in a password: shorter ones are in many words.
const SHORTEST_PART: usize = 4;
/// Words that everybody would try here.
const EXPECTED: [&str; 4] = ["researchflow", "research", "flow", "clinical"];

/// Checks a password that somebody chose. `email` is theirs: its parts are no secrets. Takes
/// milliseconds: call it on a blocking thread.
///
/// # Errors
/// What is wrong with it, as the end of a sentence.
pub(super) fn check(password: &str, min_length: usize, email: &str) -> Result<(), String> {
    let password = &*normalised(password);
    if !(min_length..=MAX_LENGTH).contains(&password.chars().count()) {
        return Err(format!("must have {min_length} to {MAX_LENGTH} characters"));
    }
    let parts = email.split(|c: char| !c.is_alphanumeric()).filter(|part| part.len() > 2);
    let halves = email.split('@');
    let known: Vec<&str> = EXPECTED.into_iter().chain([email]).chain(halves).chain(parts).collect();
    let strength = zxcvbn(password, &known);
    // Three of four: more than 10^8 guesses for whoever knows the common passwords, words and
    // patterns, which delays put out of reach.
    if strength.score() >= Score::Three && !is_built_of_expected_words(password, email) {
        return Ok(());
    }
    let why = strength.feedback().and_then(zxcvbn::feedback::Feedback::warning);
    let why = why.map(|warning| format!(": {warning}"));
    let why = why.map(|why| why.trim_end_matches('.').to_owned()).unwrap_or_default();
    Err(format!("is too easy to guess, being common or built of known words and patterns{why}"))
}

/// Whether little is left beside our name, parts of the email, and the digits and marks around them.
/// The estimator takes several such words, one after the other, for a long password.
fn is_built_of_expected_words(password: &str, email: &str) -> bool {
    let (password, email) = (password.to_lowercase(), email.to_lowercase());
    let parts = email.split(|c: char| !c.is_alphanumeric());
    let parts = parts.filter(|part| part.chars().count() >= SHORTEST_PART);
    let mut words: Vec<&str> = EXPECTED.into_iter().chain(parts).collect();
    // What is left of a long one without a short one in it would count.
    words.sort_by_key(|word| Reverse(word.len()));
    let mut rest = vec![password.as_str()];
    for word in words {
        rest = rest.into_iter().flat_map(|piece| piece.split(word)).collect();
    }
    let is_mark = |c: char| c.is_numeric() || c.is_ascii_punctuation() || c.is_whitespace();
    let left = rest.iter().map(|piece| piece.trim_matches(is_mark).chars().count());
    rest.len() > 1 && left.sum::<usize>() < LEAST_OF_ITS_OWN
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(password: &str) -> Result<(), String> {
        check(password, 12, "marie.curie@radium.example")
    }

    #[test]
    fn long_and_unexpected_is_enough() {
        for good in [
            "a horse, a battery and a staple",
            "zwölf Äpfel fielen nachts",
            "kzwptvqmhbxr",
            "7$9!2#4%8&6(1)3=5+0",
            // Such words may be in it, if there is more.
            "clinical notes, kept in a tin box",
            "Marie hums while the kettle boils",
            "flow-x7!kQz9w2#p",
        ] {
            assert_eq!(of(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn what_others_would_try_is_refused() {
        for bad in [
            "passwordpassword",
            "password123456",
            "qwertyuiop[]",
            "aaaaaaaaaaaaaaaaaaaa",
            "abcdefghijklmnop",
            "researchflow2026",
            "marie.curie1867",
            "marie.curie@radium.example",
            "marie.curie@radium",
            "MarieCurie1867!!",
            "radium.example.marie",
            "Curie, my Marie!",
            "clinical research flow",
            "researchflow-clinical",
            "CLINICAL_FLOW_1867_FLOW",
        ] {
            let fault = of(bad).expect_err(bad);
            assert!(fault.starts_with("is too easy"), "{bad}: {fault}");
        }
        for length in ["x7!kQz".to_owned(), "x7!kQz ".repeat(40)] {
            assert!(of(&length).unwrap_err().starts_with("must have 12 to 128"), "{length}");
        }
    }

    #[test]
    fn characters_are_counted_as_they_look() {
        let eight = "e\u{301}a\u{301}o\u{301}i\u{301}u\u{301}y\u{301}n\u{303}c\u{327}";
        assert_eq!(eight.chars().count(), 16);
        assert!(of(eight).unwrap_err().starts_with("must have 12 to 128"));
        // Nor is a long one too long for how it was typed.
        let long = "ho\u{308}re zwo\u{308}lf A\u{308}pfel fallen ".repeat(5);
        assert_eq!((long.chars().count(), of(&long)), (135, Ok(())));
    }
}
