//! What holds for every text.
#![expect(clippy::unwrap_used, reason = "generators of known texts")]

use phi::{Class, Pseudonyms, redact, scan, scan_labelled};
use proptest::prelude::{
    Just, ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest,
};

/// A class, the words before a value of it, and the value.
type Planted = (Class, &'static str, String);

/// Digits with a Luhn digit behind, for a sum that starts at `start`.
fn with_luhn(body: &str, start: u32) -> String {
    let doubled = |digit: u32| if digit > 4 { 2 * digit - 9 } else { 2 * digit };
    let values = body.chars().rev().map(|c| c.to_digit(10).unwrap());
    let sum: u32 = values.enumerate().map(|(i, d)| if i % 2 == 0 { doubled(d) } else { d }).sum();
    format!("{body}{}", (10 - (sum + start) % 10) % 10)
}

fn iban(bank: &str, digits: &str) -> String {
    let numeric: String = format!("{bank}{digits}GB00")
        .chars()
        .map(|c| c.to_digit(36).unwrap().to_string())
        .collect();
    let rest = numeric.bytes().fold(0, |sum, b| (sum * 10 + u32::from(b - b'0')) % 97);
    format!("GB{:02}{bank}{digits}", 98 - rest)
}

fn vin(body: &str) -> String {
    const WEIGHTS: [u32; 17] = [8, 7, 6, 5, 4, 3, 2, 10, 0, 9, 8, 7, 6, 5, 4, 3, 2];
    let value = |c: char| match c {
        '0'..='9' => c.to_digit(10).unwrap(),
        'A'..='H' => c as u32 - 'A' as u32 + 1,
        'J'..='N' => c as u32 - 'J' as u32 + 1,
        'P' => 7,
        'R' => 9,
        _ => c as u32 - 'S' as u32 + 2,
    };
    let sum: u32 = body.chars().zip(WEIGHTS).map(|(c, weight)| value(c) * weight).sum();
    let check = std::char::from_digit(sum % 11, 10).unwrap_or('X');
    format!("{}{check}{}", &body[..8], &body[9..])
}

fn contact() -> impl Strategy<Value = Planted> {
    let email =
        "[a-z][a-z0-9]{1,8}([.+_-][a-z0-9]{1,5})?@[a-z]{2,8}(\\.[a-z]{2,6})?\\.(com|org|net|de|io)";
    prop_oneof![
        email.prop_map(|v| (Class::Email, "", v)),
        "[2-9][0-9]{2}-[2-9][0-9]{2}-[0-9]{4}".prop_map(|v| (Class::Phone, "", v)),
        "\\([2-9][0-9]{2}\\) [2-9][0-9]{2}-[0-9]{4}".prop_map(|v| (Class::Phone, "call ", v)),
        "\\+44 20 [0-9]{4} [0-9]{4}".prop_map(|v| (Class::Phone, "", v)),
        "[2-9][0-9]{9}".prop_map(|v| (Class::Phone, "", v)),
        "[2-9][0-9]{2}\\.[2-9][0-9]{2}\\.[0-9]{4}".prop_map(|v| (Class::Fax, "fax: ", v)),
        "https?://[a-z]{2,9}\\.(com|org)(/[a-z0-9]{1,6}){0,3}".prop_map(|v| (Class::Url, "", v)),
        any::<[u8; 4]>().prop_map(|ip| (Class::Ip, "", std::net::Ipv4Addr::from(ip).to_string())),
        "20[0-9a-f]{2}(:[0-9a-f]{1,4}){7}".prop_map(|v| (Class::Ip, "", v)),
        "[0-9a-f]{2}(:[0-9a-f]{2}){5}".prop_map(|v| (Class::Mac, "", v)),
    ]
}

fn numbers() -> impl Strategy<Value = Planted> {
    prop_oneof![
        "([1-5][0-9]{2}|7[0-9]{2})-(0[1-9]|[1-9][0-9])-[1-9][0-9]{3}".prop_map(|v| (Class::Ssn, "", v)),
        "([1-5][0-9]{2}|7[0-9]{2})(0[1-9]|[1-9][0-9])[1-9][0-9]{3}".prop_map(|v| (Class::Ssn, "SSN ", v)),
        "[0-9]{6,10}".prop_map(|v| (Class::Mrn, "MRN: ", v)),
        "[A-Z]{1,2}[0-9]{6,9}".prop_map(|v| (Class::Mrn, "\"patientMrn\":\"", v)),
        "[A-Z]{2}Q[0-9]{8}".prop_map(|v| (Class::HealthPlan, "member id ", v)),
        "[0-9]{7,9}".prop_map(|v| (Class::Account, "account number ", v)),
        "[A-Z][0-9]{7}".prop_map(|v| (Class::Licence, "driver's license ", v)),
        "[12][0-9]{8}".prop_map(|v| (Class::Npi, "NPI ", with_luhn(&v, 24))),
        "[1-9][ACDEFGHJKMNPQRTUVWXY][0-9]{2}-[ACDEFGHJKMNPQRTUVWXY][0-9]{2}-[ACDEFGHJKMNPQRTUVWXY]{2}[0-9]{2}"
            .prop_map(|v| (Class::Mbi, "", v)),
        "(4[0-9]|5[1-5])[0-9]{13}".prop_map(|v| (Class::Card, "", with_luhn(&v, 0))),
        ("[A-Z]{4}", "[0-9]{14}").prop_map(|(bank, digits)| (Class::Iban, "", iban(&bank, &digits))),
        "[1-5][A-HJ-NPR-Z]{3}[A-HJ-NPR-Z0-9]{13}".prop_map(|v| (Class::Vin, "", vin(&v))),
        "[A-Z]Q[A-Z]-[0-9]{4}".prop_map(|v| (Class::Plate, "license plate ", v)),
        "[A-Z]{2}[0-9]{6,9}".prop_map(|v| (Class::DeviceId, "serial number ", v)),
    ]
}

fn people() -> impl Strategy<Value = Planted> {
    let date = (1u32..=28, 1usize..=12, 1900u32..2030, 0usize..6);
    let date = date.prop_map(|(day, month, year, form)| {
        let names =
            "January February March April May June July August September October November December";
        let name = names.split(' ').nth(month - 1).unwrap();
        let value = match form {
            0 => format!("{month:02}/{day:02}/{year}"),
            1 => format!("{year}-{month:02}-{day:02}"),
            2 => format!("{day} {name} {year}"),
            3 => format!("{name} {day}, {year}"),
            4 => format!("{day:02}-{}-{year}", &name[..3]),
            _ => format!("{day:02}.{month:02}.{year}"),
        };
        (Class::Date, "", value)
    });
    prop_oneof![
        date,
        (90u32..=120).prop_map(|age| (Class::Age, "aged ", age.to_string())),
        "[0-9]{5}".prop_map(|v| (Class::Zip, "Boston, MA ", v)),
        "[0-9]{5}".prop_map(|v| (Class::Zip, "ZIP code ", v)),
    ]
}

fn planted() -> impl Strategy<Value = Planted> {
    prop_oneof![contact(), numbers(), people()]
}

/// Prose that says nothing of any value.
fn prose() -> impl Strategy<Value = String> {
    const WORDS: &[&str] = &[
        "patient", "was", "well", "and", "denied", "pain", "with", "mild", "fever", "today", "the",
        "study",
    ];
    proptest::collection::vec(proptest::sample::select(WORDS), 1..12)
        .prop_map(|words| words.join(" "))
}

/// Pieces from which texts come that look like identifiers, but seldom are.
fn hostile() -> impl Strategy<Value = String> {
    const PIECES: &[&str] = &[
        "1",
        "12",
        "123",
        "1234",
        "12345",
        "1962",
        "a",
        "MRN",
        "fax",
        "@",
        ".",
        "-",
        "/",
        ":",
        " ",
        "(",
        ")",
        "+",
        "x",
        "com",
        "www",
        "://",
        "March",
        "yo",
        "٣",
        "－",
        "\u{200b}",
        "é",
        "%40",
        "\\u0031",
        "\\",
        "[",
        "]",
        "[MRN_12AF]",
        "_",
        ",",
        "on ",
        "dob",
        "T",
        "ff",
        "::",
        "ZIP",
        "MA ",
        "plate ",
        "A",
        "years old",
        "#",
        "&#64;",
        "\"",
        "account",
        "555",
        "4567",
        "GB82",
        "xx-",
        "or",
        "|",
        "\n",
        "ext",
        "{at}",
        "dot",
    ];
    proptest::collection::vec(proptest::sample::select(PIECES), 0..24)
        .prop_map(|pieces| pieces.concat())
}

fn texts() -> impl Strategy<Value = String> {
    let noise = prop_oneof![
        any::<String>(),
        hostile(),
        prose(),
        planted().prop_map(|p| format!("{}{}", p.1, p.2))
    ];
    proptest::collection::vec(noise, 0..5).prop_map(|parts| parts.join(" "))
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4096, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn findings_are_sorted_apart_and_on_boundaries(label in any::<String>(), text in texts()) {
        let mut floor = 0;
        for finding in scan_labelled(&label, &text).unwrap() {
            prop_assert!(floor <= finding.start && finding.start < finding.end);
            prop_assert!(text.get(finding.start..finding.end).is_some());
            floor = finding.end;
        }
    }

    #[test]
    fn redacted_text_holds_nothing_to_redact(text in texts(), key in any::<[u8; 32]>()) {
        let pseudonyms = Pseudonyms::new(&key);
        let once = redact(&text, &scan(&text).unwrap(), &pseudonyms);
        let again = scan(&once).unwrap();
        prop_assert_eq!(redact(&once, &again, &pseudonyms), once);
    }

    #[test]
    fn what_is_planted_is_found(
        before in prose(), (class, cue, value) in planted(), after in prose(),
        (open, close) in prop_oneof![Just((" ", " ")), Just((" (", ") ")), Just((": \"", "\", ")), Just((", ", ". "))],
    ) {
        let text = format!("{before}{open}{cue}{value}{close}{after}");
        let findings = scan(&text).unwrap();
        let found = findings.iter().find(|f| f.class == class && text[f.start..f.end].contains(value.trim()));
        prop_assert!(found.is_some(), "{class} in {text:?}: {findings:?}");
        let clean = redact(&text, &findings, &Pseudonyms::new(&[0; 32]));
        prop_assert!(value.len() < 4 || !clean.contains(&value), "{clean}");
    }
}
