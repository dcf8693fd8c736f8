//! `docs/security/*.csv`: every requirement of OWASP ASVS 5.0.0 at levels 1 and 2 has its row, and
//! what a row claims is shown by tests that are there.

use crate::source::root;
use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

/// A row of the data, as it stands in the file.
type Row = BTreeMap<String, String>;

const ASVS: &str = "asvs-5.0.csv";
const API: &str = "api-top-10-2023.csv";

/// The levels of each section's requirements, in their order. There are 345: 70 of level 1, 183 of
/// level 2, 92 of level 3, of which we make no claims (OWASP ASVS 5.0.0, github.com/OWASP/ASVS).
const LEVELS: [(&str, &str); 80] = [
    ("V1.1", "22"),
    ("V1.2", "1111122223"),
    ("V1.3", "112222222223"),
    ("V1.4", "222"),
    ("V1.5", "123"),
    ("V2.1", "122"),
    ("V2.2", "112"),
    ("V2.3", "12223"),
    ("V2.4", "23"),
    ("V3.1", "3"),
    ("V3.2", "113"),
    ("V3.3", "12223"),
    ("V3.4", "11222233"),
    ("V3.5", "11122333"),
    ("V3.6", "3"),
    ("V3.7", "22333"),
    ("V4.1", "12233"),
    ("V4.2", "23333"),
    ("V4.3", "22"),
    ("V4.4", "1222"),
    ("V5.1", "2"),
    ("V5.2", "112333"),
    ("V5.3", "113"),
    ("V5.4", "222"),
    ("V6.1", "122"),
    ("V6.2", "111111112222"),
    ("V6.3", "11223333"),
    ("V6.4", "112233"),
    ("V6.5", "22222333"),
    ("V6.6", "2223"),
    ("V6.7", "33"),
    ("V6.8", "2222"),
    ("V7.1", "222"),
    ("V7.2", "1111"),
    ("V7.3", "22"),
    ("V7.4", "11222"),
    ("V7.5", "223"),
    ("V7.6", "22"),
    ("V8.1", "1233"),
    ("V8.2", "1123"),
    ("V8.3", "133"),
    ("V8.4", "23"),
    ("V9.1", "111"),
    ("V9.2", "1222"),
    ("V10.1", "22"),
    ("V10.2", "223"),
    ("V10.3", "22223"),
    ("V10.4", "1111122222233333"),
    ("V10.5", "22222"),
    ("V10.6", "22"),
    ("V10.7", "222"),
    ("V11.1", "2233"),
    ("V11.2", "22233"),
    ("V11.3", "11233"),
    ("V11.4", "1222"),
    ("V11.5", "23"),
    ("V11.6", "23"),
    ("V11.7", "33"),
    ("V12.1", "12233"),
    ("V12.2", "11"),
    ("V12.3", "22223"),
    ("V13.1", "2333"),
    ("V13.2", "222223"),
    ("V13.3", "2233"),
    ("V13.4", "1222233"),
    ("V14.1", "22"),
    ("V14.2", "12223333"),
    ("V14.3", "122"),
    ("V15.1", "12233"),
    ("V15.2", "12233"),
    ("V15.3", "1222222"),
    ("V15.4", "3333"),
    ("V16.1", "2"),
    ("V16.2", "22222"),
    ("V16.3", "2222"),
    ("V16.4", "222"),
    ("V16.5", "2223"),
    ("V17.1", "23"),
    ("V17.2", "22223333"),
    ("V17.3", "22"),
];

fn rows(file: &str) -> Vec<Row> {
    let path = root().join("docs/security").join(file);
    let mut reader = csv::Reader::from_path(&path).expect("a table");
    reader.deserialize().map(|row| row.expect("a row")).collect()
}

fn all_rows() -> Vec<Row> {
    [rows(ASVS), rows(API)].concat()
}

/// The section of a requirement, and its place in it, from 0.
fn place(id: &str) -> Option<(&str, usize)> {
    let (section, number) = id.rsplit_once('.')?;
    Some((section, number.parse::<usize>().ok()?.checked_sub(1)?))
}

fn level_of(id: &str) -> Option<char> {
    let (section, at) = place(id)?;
    LEVELS.iter().find(|(name, _)| *name == section)?.1.chars().nth(at)
}

/// Sections that ask for documents, which a page shows and no test can.
fn asks_for_documents(id: &str) -> bool {
    id.matches('.').count() == 2 && id.split('.').nth(1) == Some("1") && {
        let chapter = id.split('.').next().unwrap_or_default();
        ["V2", "V5", "V6", "V7", "V8", "V11", "V13", "V14", "V15", "V16"].contains(&chapter)
    }
}

#[test]
fn every_requirement_has_one_row() {
    let counted = |level: char| -> usize {
        LEVELS.iter().map(|(_, levels)| levels.matches(level).count()).sum()
    };
    assert_eq!(['1', '2', '3'].map(counted), [70, 183, 92], "the standard's own numbers");
    let mut seen = BTreeSet::new();
    for row in rows(ASVS) {
        let level = level_of(&row["id"]).map(String::from);
        assert_eq!(level.as_deref(), Some(row["level"].as_str()), "{row:?}");
        assert!(seen.insert(row["id"].clone()), "{} stands twice", row["id"]);
    }
    for (section, levels) in LEVELS {
        for (at, level) in levels.chars().enumerate() {
            let id = format!("{section}.{}", at + 1);
            assert_eq!(seen.contains(&id), level < '3', "{id} is of level {level}");
        }
    }
    let top_ten: Vec<_> = rows(API).into_iter().map(|row| row["id"].clone()).collect();
    assert_eq!(top_ten, (1..=10).map(|n| format!("API{n}")).collect::<Vec<_>>());
}

#[test]
fn what_is_claimed_is_shown() {
    let mut faults = Vec::new();
    for row in all_rows() {
        let (id, named) = (&row["id"], row["tests"].split("; ").filter(|it| !it.is_empty()));
        let (pages, tests): (Vec<&str>, Vec<&str>) = named.partition(|it| it.starts_with("docs/"));
        let enough = !tests.is_empty() || (asks_for_documents(id) && !pages.is_empty());
        match row["status"].as_str() {
            "met" | "partly" if !enough => faults.push(format!("{id} names no test")),
            "not met" | "not applicable" if !(pages.is_empty() && tests.is_empty()) => {
                faults.push(format!("{id} claims nothing, and yet names tests"));
            }
            "partly" | "not met" | "not applicable" if row["note"].is_empty() => {
                faults.push(format!("{id} does not say why"));
            }
            "met" | "partly" | "not met" | "not applicable" => {}
            other => faults.push(format!("{id} has the status {other}")),
        }
        let absent = tests.iter().filter(|test| !is_test(test)).map(|test| ("test", test));
        let untitled = pages.iter().filter(|page| !is_section(page)).map(|page| ("section", page));
        faults.extend(absent.chain(untitled).map(|(kind, it)| format!("{id}: no {kind} {it}")));
    }
    assert!(faults.is_empty(), "in docs/security/*.csv\n  {}", faults.join("\n  "));
}

/// Whether there is a test `package[/target] path::to::function`, as Cargo prints it but for the
/// database (`sqlite::`, `postgres::`) that `both!` makes it for.
fn is_test(test: &str) -> bool {
    let Some((target, path)) = test.split_once(' ') else { return false };
    let (modules, function) = path.rsplit_once("::").unwrap_or(("", path));
    let text = file_of(target, modules).and_then(|file| std::fs::read_to_string(file).ok());
    text.is_some_and(|text| text.contains(&format!("fn {function}(")))
}

/// The file of a module, or of the nearest one around it that has a file of its own.
fn file_of(target: &str, modules: &str) -> Option<PathBuf> {
    let (package, target) = target.split_once('/').map_or((target, None), |(a, b)| (a, Some(b)));
    let folder = root().join(match package {
        "researchflow" => "backend".to_owned(),
        "tests" => "tests".to_owned(),
        engine => format!("crates/{engine}"),
    });
    let (home, alone) = match target {
        Some(target) => {
            (folder.join("tests").join(target), folder.join(format!("tests/{target}.rs")))
        }
        None => (folder.join("src"), folder.join("src/lib.rs")),
    };
    let mut names: Vec<&str> = modules.split("::").filter(|name| !name.is_empty()).collect();
    while !names.is_empty() {
        let path = home.join(names.join("/"));
        let found =
            [path.with_extension("rs"), path.join("mod.rs")].into_iter().find(|it| it.is_file());
        if found.is_some() {
            return found;
        }
        names.pop();
    }
    [home.join("main.rs"), alone].into_iter().find(|it| it.is_file())
}

/// Whether there is a section `docs/page.md#its-heading`, by GitHub's rule for anchors.
fn is_section(link: &str) -> bool {
    let Some((page, anchor)) = link.split_once('#') else { return false };
    let text = std::fs::read_to_string(root().join(page)).unwrap_or_default();
    let headings = text.lines().filter(|line| line.starts_with('#'));
    headings.map(|line| anchor_of(line.trim_start_matches('#').trim())).any(|it| it == anchor)
}

fn anchor_of(heading: &str) -> String {
    let kept = heading.chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

const STATUSES: [&str; 4] = ["met", "partly", "not met", "not applicable"];

/// A line of the page's table: how many rows have each status.
fn line(name: &str, rows: &[Row]) -> String {
    let count = |status: &str| rows.iter().filter(|row| row["status"] == status).count();
    format!("| {name} | {} |", STATUSES.map(|status| count(status).to_string()).join(" | "))
}

#[test]
fn the_page_says_what_the_data_says() {
    let page = std::fs::read_to_string(root().join("docs/security.md")).expect("the page");
    let mut lines = vec![line("OWASP API Security Top 10", &rows(API))];
    let all = rows(ASVS);
    for level in ["1", "2"] {
        let of: Vec<Row> = all.iter().filter(|row| row["level"] == level).cloned().collect();
        lines.push(line(&format!("ASVS level {level}"), &of));
    }
    for line in lines {
        assert!(page.contains(&line), "docs/security.md lacks the line\n{line}");
    }
    let (_, missing) = page.split_once("\n## What is missing").expect("the section");
    let missing = missing.split("\n## ").next().unwrap_or_default();
    let words = missing.split(|c: char| !c.is_alphanumeric() && c != '.');
    let told: BTreeSet<String> = words
        .map(|word| word.trim_end_matches('.'))
        .filter(|word| level_of(word).is_some())
        .map(str::to_owned)
        .collect();
    let open = all.iter().filter(|row| ["partly", "not met"].contains(&row["status"].as_str()));
    let open: BTreeSet<String> = open.map(|row| row["id"].clone()).collect();
    assert_eq!(told, open, "what \"What is missing\" names, and what the data says is open");
}

#[test]
fn tests_and_sections_are_found_where_they_are() {
    for there in [
        "tests/tidy security::tests_and_sections_are_found_where_they_are",
        "tests/blackbox security::matrix::nobody_does_what_is_not_theirs",
        "ledger/tree published_roots",
        "hardening/log what_is_logged_inside_has_the_id_and_a_panic_its_message",
        "hardening limits::client::tests::hops_are_counted_from_the_right",
    ] {
        assert!(is_test(there), "{there}");
    }
    for absent in ["tests/tidy security::nothing", "tests/blackbox matrix", "nowhere a::b", ""] {
        assert!(!is_test(absent), "{absent}");
    }
    assert!(is_section("docs/configuration.md#the-ledgers-key-rotation"));
    assert!(!is_section("docs/configuration.md#the-ledgers-key") && !is_section("docs/none.md#a"));
}
