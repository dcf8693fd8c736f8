//! Which passwords may be chosen (NIST SP 800-63B-4, 3.1.1.2; OWASP ASVS 5.0, 6.2): long ones that
//! are not easily guessed, of any characters.

use super::password::MAX_LENGTH;
use zxcvbn::{Score, zxcvbn};

/// Words that everybody would try here.
const EXPECTED: [&str; 4] = ["researchflow", "research", "flow", "clinical"];

/// Checks a password that somebody chose. `email` is theirs: its parts are no secrets. Takes
/// milliseconds: call it on a blocking thread.
///
/// # Errors
/// What is wrong with it, as the end of a sentence.
pub(super) fn check(password: &str, min_length: usize, email: &str) -> Result<(), String> {
    if !(min_length..=MAX_LENGTH).contains(&password.chars().count()) {
        return Err(format!("must have {min_length} to {MAX_LENGTH} characters"));
    }
    let parts = email.split(|c: char| !c.is_alphanumeric()).filter(|part| part.len() > 2);
    let halves = email.split('@');
    let known: Vec<&str> = EXPECTED.into_iter().chain([email]).chain(halves).chain(parts).collect();
    let strength = zxcvbn(password, &known);
    // Three of four: more than 10^8 guesses for whoever knows the common passwords, words and
    // patterns, which delays put out of reach.
    if strength.score() >= Score::Three {
        return Ok(());
    }
    let why = strength.feedback().and_then(zxcvbn::feedback::Feedback::warning);
    let why = why.map(|warning| format!(": {warning}"));
    let why = why.map(|why| why.trim_end_matches('.').to_owned()).unwrap_or_default();
    Err(format!("is too easy to guess, being common or built of known words and patterns{why}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(password: &str) -> Result<(), String> {
        check(password, 12, "marie.curie@radium.example")
    }

    #[test]
    fn long_and_unexpected_is_enough() {
        for good in ["a horse, a battery and a staple", "zwölf Äpfel fielen nachts", "kzwptvqmhbxr"]
        {
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
        ] {
            let fault = of(bad).expect_err(bad);
            assert!(fault.starts_with("is too easy"), "{bad}: {fault}");
        }
        for length in ["x7!kQz".to_owned(), "x7!kQz ".repeat(40)] {
            assert!(of(&length).unwrap_err().starts_with("must have 12 to 128"), "{length}");
        }
    }
}
