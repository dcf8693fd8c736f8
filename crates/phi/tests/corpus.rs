//! Every line of the corpus holds: what is marked is found with its extent, what is not, is not.

use phi::{Class, Finding, scan, scan_labelled};

const CORPUS: [&str; 5] = [
    include_str!("corpus/contact.txt"),
    include_str!("corpus/identifiers.txt"),
    include_str!("corpus/network.txt"),
    include_str!("corpus/people.txt"),
    include_str!("corpus/harmless.txt"),
];

fn lines() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    let lines = CORPUS.into_iter().flat_map(str::lines);
    let lines = lines.filter(|line| !line.is_empty() && !line.starts_with('#'));
    lines.map(|line| {
        let mut parts = line.splitn(3, ' ');
        let mut part = || parts.next().unwrap_or_default();
        (part(), part(), part())
    })
}

fn describe(text: &str, findings: &[Finding]) -> String {
    let one = |f: &Finding| format!("{} {:?}", f.class, &text[f.start..f.end]);
    findings.iter().map(one).collect::<Vec<_>>().join(", ")
}

#[test]
fn what_is_marked_is_found() {
    let mut failures = Vec::new();
    for (class, _, marked) in lines().filter(|&(_, sign, _)| sign == "+") {
        let class: Class = class.parse().unwrap();
        let (before, rest) = marked.split_once('«').unwrap();
        let (value, after) = rest.split_once('»').unwrap();
        let text = format!("{before}{value}{after}");
        let start = before.len();
        let wanted = Finding { class, start, end: start + value.len() };
        let findings = scan(&text).unwrap();
        if !findings.contains(&wanted) {
            failures.push(format!("{class}: {marked}\n    found {}", describe(&text, &findings)));
        }
    }
    assert!(failures.is_empty(), "{} missed:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn what_is_harmless_is_not_found() {
    let mut failures = Vec::new();
    for (class, _, text) in lines().filter(|&(_, sign, _)| sign == "-") {
        let mut findings = scan(text).unwrap();
        findings.retain(|finding| class == "none" || finding.class.as_str() == class);
        if !findings.is_empty() {
            failures.push(format!("{class}: {text}\n    found {}", describe(text, &findings)));
        }
    }
    assert!(failures.is_empty(), "{} wrong:\n{}", failures.len(), failures.join("\n"));
}

#[test]
fn every_class_has_its_lines() {
    assert!(lines().all(|(_, sign, text)| matches!(sign, "+" | "-") && !text.is_empty()));
    for class in Class::ALL {
        let count = |sign| lines().filter(|l| l.0 == class.as_str() && l.1 == sign).count();
        assert!(count("+") >= 10, "{class}: {} positives", count("+"));
        assert!(count("-") >= 8, "{class}: {} negatives", count("-"));
    }
}

#[test]
fn the_name_of_the_field_is_context() {
    for (label, text, class) in [
        ("patient.mrn", "12345678", Class::Mrn),
        ("patientMrn", "A12345678", Class::Mrn),
        ("ssn", "123456789", Class::Ssn),
        ("contact.fax", "5551234567", Class::Fax),
        ("dob", "03/14", Class::Date),
        ("birth_date", "19620314", Class::Date),
        ("patient.age", "95", Class::Age),
        ("address.zip", "02139", Class::Zip),
        ("provider.npi", "1234567893", Class::Npi),
        ("account_number", "12345678", Class::Account),
        ("member_id", "W123456789", Class::HealthPlan),
        ("device.serial_number", "12345678", Class::DeviceId),
        ("phone", "555-1234", Class::Phone),
    ] {
        let findings = scan_labelled(label, text).unwrap();
        assert_eq!(findings, [Finding { class, start: 0, end: text.len() }], "{label}");
    }
    assert_eq!(scan_labelled("usage.total_tokens", "5551234567"), Ok(vec![]));
    assert_eq!(scan_labelled("output", "12345678"), Ok(vec![]));
}
