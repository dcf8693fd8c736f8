//! Who may depend on whom among the crates.

use crate::source::{holds, root};
use serde_json::Value;
use std::path::Path;
use std::process::Command;

/// Each engine, and the engines below it.
const ENGINES: [(&str, &[&str]); 11] = [
    ("bus", &["redis-link"]),
    ("hardening", &["redis-link"]),
    ("ledger", &[]),
    ("phi", &[]),
    ("pricing", &[]),
    ("spool", &[]),
    ("redis-link", &[]),
    ("cache", &["redis-link"]),
    ("invocation", &["phi", "pricing"]),
    ("otlp", &["invocation"]),
    ("report", &["invocation", "ledger", "pricing"]),
];

/// What serves, stores or schedules is the backend's.
const NOT_FOR_ENGINES: [&str; 10] = [
    "actix-web",
    "actix-rt",
    "axum",
    "diesel",
    "dotenvy",
    "hyper",
    "r2d2",
    "rusqlite",
    "tokio",
    "ureq",
];

/// What these engines are about: `hardening` serves; the others wait for Redis, within limits of time,
/// on a runtime that the service has started.
const MAY_KNOW: [(&str, &[&str]); 3] = [
    ("hardening", &["actix-web", "hyper", "tokio"]),
    ("redis-link", &["tokio"]),
    ("cache", &["tokio"]),
];

/// `cargo metadata` of this workspace alone.
fn packages() -> Vec<Value> {
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--no-deps", "--offline", "--format-version", "1"])
        .current_dir(root())
        .output()
        .expect("cargo runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let metadata: Value = serde_json::from_slice(&output.stdout).expect("cargo's JSON");
    metadata["packages"].as_array().expect("packages").clone()
}

fn text<'a>(value: &'a Value, member: &str) -> &'a str {
    value[member].as_str().expect("a text")
}

/// What a package needs when it is used: development dependencies are its tests' own.
fn dependencies(package: &Value) -> Vec<String> {
    let all = package["dependencies"].as_array().expect("dependencies");
    let used = all.iter().filter(|it| it["kind"] != "dev");
    used.map(|it| text(it, "name").to_owned()).collect()
}

fn is_engine(package: &Value) -> bool {
    text(package, "manifest_path").starts_with(&*root().join("crates").to_string_lossy())
}

#[test]
fn engines_know_each_other_only_downward() {
    let mut violations = Vec::new();
    for package in packages().iter().filter(|package| is_engine(package)) {
        let name = text(package, "name");
        let Some((_, below)) = ENGINES.iter().find(|(engine, _)| *engine == name) else {
            violations.push(format!("crates/{name}/Cargo.toml: {name} has no place in the order"));
            continue;
        };
        for dependency in dependencies(package) {
            let ours = dependency == "researchflow"
                || ENGINES.iter().any(|(engine, _)| *engine == dependency);
            if ours && !below.contains(&dependency.as_str()) {
                violations.push(format!("crates/{name}/Cargo.toml: {name} → {dependency}"));
            }
        }
    }
    holds(
        "An engine depends on engines below it alone: so each can be used and tested without the \
         rest, and a change in one is felt only above it.",
        &violations,
    );
}

#[test]
fn engines_know_no_server_no_database_and_no_runtime() {
    let mut violations = Vec::new();
    for package in packages().iter().filter(|package| is_engine(package)) {
        let name = text(package, "name");
        let may_know =
            MAY_KNOW.iter().find(|(engine, _)| *engine == name).map_or(&[][..], |it| it.1);
        let bad = dependencies(package)
            .into_iter()
            .filter(|it| NOT_FOR_ENGINES.contains(&&**it) && !may_know.contains(&&**it));
        violations.extend(bad.map(|it| format!("crates/{name}/Cargo.toml: {name} → {it}")));
    }
    holds(
        "An engine turns values into values: whoever serves, stores or schedules chooses how, so \
         that the engine runs in a command, a test and a fuzzer as it does in the service.",
        &violations,
    );
}

#[test]
fn every_crate_has_the_workspaces_lints() {
    let mut violations = Vec::new();
    for package in packages() {
        let manifest = std::fs::read_to_string(text(&package, "manifest_path")).expect("a file");
        let lines: Vec<&str> = manifest.lines().map(str::trim).collect();
        if !lines.windows(2).any(|two| two == ["[lints]", "workspace = true"]) {
            violations.push(format!("{}: no [lints] workspace = true", text(&package, "name")));
        }
    }
    holds("One table of lints holds everywhere: a crate without it has no rules.", &violations);
}

#[test]
fn an_image_is_built_from_every_member() {
    let list = std::fs::read_to_string(root().join(".dockerignore")).expect("a file");
    let known: Vec<&str> = list.lines().filter_map(|line| line.strip_prefix('!')).collect();
    let mut violations = Vec::new();
    for package in packages() {
        let manifest = Path::new(text(&package, "manifest_path"));
        let manifest = manifest.strip_prefix(root()).expect("a file of the workspace");
        if !known.iter().any(|path| manifest.starts_with(path)) {
            violations.push(format!(".dockerignore: {} is left out", manifest.display()));
        }
    }
    holds("Cargo reads the manifest of each member, whichever of them it builds.", &violations);
}
