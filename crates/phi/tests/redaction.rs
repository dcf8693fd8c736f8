//! What redaction puts in the place of findings.

use phi::{Class, Counts, Pseudonyms, clean, redact, scan};

fn pseudonyms() -> Pseudonyms {
    Pseudonyms::new(&[7; 32])
}

#[test]
fn one_value_has_one_tag_in_every_spelling() {
    let pseudonyms = pseudonyms();
    for (class, spellings) in [
        (Class::Email, ["John@Example.com", "john (at) example [dot] com", "john%40example.com"]),
        (Class::Phone, ["(555) 123-4567", "555.123.4567", "+1 555 123 4567"]),
        (Class::Ssn, ["123-45-6789", "123456789", "１２３‑４５‑６７８９"]),
        (
            Class::Iban,
            ["GB82 WEST 1234 5698 7654 32", "GB82WEST12345698765432", "gb82west12345698765432"],
        ),
    ] {
        let tags = spellings.map(|spelling| pseudonyms.tag(class, spelling));
        assert!(tags.iter().all(|tag| *tag == tags[0]), "{tags:?}");
    }
    let tag = pseudonyms.tag(Class::Mrn, "12345678");
    assert_ne!(tag, pseudonyms.tag(Class::Mrn, "12345679"));
    assert_ne!(tag, Pseudonyms::new(&[8; 32]).tag(Class::Mrn, "12345678"));
    assert_ne!(tag[5..], pseudonyms.tag(Class::Ssn, "12345678")[5..]);
}

#[test]
fn the_tag_is_the_start_of_a_keyed_hash() {
    // printf 'email\0john@example.com' | openssl dgst -sha256 -mac HMAC -macopt hexkey:0707…07
    assert_eq!(pseudonyms().tag(Class::Email, "John@example.com"), "[EMAIL_0EF6]");
}

#[test]
fn cleaning_counts_and_borrows() {
    let mut counts = Counts::default();
    let text = "Nothing to see: Na 138.";
    let cleaned = clean("note", text, &pseudonyms(), &mut counts).unwrap();
    assert!(matches!(cleaned, std::borrow::Cow::Borrowed(same) if same == text));
    assert!(counts.is_empty());

    let text = "Jane, DOB 03/14/1962, MRN 1234567, jane@example.com or jane@example.org";
    let cleaned = clean("note", text, &pseudonyms(), &mut counts).unwrap();
    assert!(cleaned.starts_with("Jane, DOB [DATE_"), "{cleaned}");
    let seen: Vec<_> = counts.iter().collect();
    assert_eq!(seen, [(Class::Email, 2), (Class::Mrn, 1), (Class::Date, 1)]);
    assert_eq!(scan(&cleaned), Ok(vec![]));

    let mut sum = counts;
    sum.merge(&counts);
    assert_eq!(sum.get(Class::Email), 4);
}

#[test]
fn findings_of_another_text_do_no_harm() {
    let findings = scan("call 555-123-4567 now").unwrap();
    assert_eq!(redact("short", &findings, &pseudonyms()), "short");
}

#[test]
fn names_of_classes_go_both_ways() {
    for class in Class::ALL {
        assert_eq!(class.to_string().parse(), Ok(class));
        assert_eq!(class.label(), class.as_str().to_uppercase());
    }
    assert!("name".parse::<Class>().is_err());
}
