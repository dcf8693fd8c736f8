//! What the sources do not do, so that nobody can make them: what no request from outside can show,
//! for it is not there. The rows of `docs/security/` point here.

use crate::source::{Source, holds, root};
use std::collections::BTreeSet;

/// The service and its engines, without tests.
fn sources() -> Vec<Source> {
    let all = ["backend", "crates"].into_iter().flat_map(Source::below);
    all.filter(|source| !source.is_test()).collect()
}

/// Every place of one of `words`, but for those in the files `meant`.
fn found(words: &[&str], meant: &[&str]) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources().iter().filter(|source| !meant.contains(&source.path.as_str())) {
        for word in words {
            found.extend(source.words(word).map(|at| format!("{}: {word}", source.place(at))));
        }
    }
    found
}

#[test]
fn no_program_is_started() {
    holds(
        "The service starts no other program: so nothing that a client sends can become a command.",
        &found(&["process::Command", "Command::new"], &[]),
    );
}

#[test]
fn only_who_is_set_is_called() {
    let words = [
        "ureq::",
        "reqwest::",
        "awc::",
        "hyper::client",
        "hyper_util::client",
        "TcpStream::connect",
        "UdpSocket",
    ];
    let meant = [
        // Commands that operators run; they call the service itself.
        "backend/src/commands/client.rs",
        "backend/src/commands/healthcheck.rs",
        "backend/src/commands/seed.rs",
        // The one door, and those who go through it: to the OpenID provider, to Sentry, and to the
        // collector of traces.
        "backend/src/outbound.rs",
        "backend/src/auth/oidc/http.rs",
        "backend/src/auth/oidc/provider.rs",
        "backend/src/telemetry/sentry.rs",
        "backend/src/telemetry/traces/export.rs",
    ];
    holds(
        "`serve` speaks to the database, to Redis, to the OpenID provider, to Sentry and to the \
         collector that are set, and calls no other address: so nobody can make it call one (SSRF), \
         and nothing leaves by it.",
        &found(&words, &meant),
    );
}

#[test]
fn randomness_is_the_systems() {
    let words = ["SmallRng", "StdRng", "seed_from_u64", "fastrand", "oorandom"];
    holds(
        "Random values come from `rand`'s own generator, which the system seeds: any other may be \
         guessed.",
        &found(&words, &[]),
    );
}

#[test]
fn statements_are_written_in_the_source() {
    // Their parts are `&'static str`.
    let assembled = ["backend/src/db/sums.rs", "backend/src/insights/sums.rs"];
    let constant = |text: &str| {
        let text = text.trim_start();
        ["\"", "SQLITE_SETTINGS", "super::file::SQLITE_SETTINGS"]
            .iter()
            .any(|it| text.starts_with(it))
    };
    let mut violations = Vec::new();
    for source in sources().iter().filter(|it| !assembled.contains(&it.path.as_str())) {
        for word in ["sql_query(", "batch_execute(", "sql("] {
            let loose = source.words(word).filter(|at| !constant(&source.text[at + word.len()..]));
            violations.extend(loose.map(|at| format!("{}: {word}", source.place(at))));
        }
    }
    holds(
        "SQL is Diesel's, or a literal in the source; what changes is bound to it: so no value can \
         become part of a statement.",
        &violations,
    );
}

/// The packages of `Cargo.lock`, each as its lines.
fn packages() -> Vec<String> {
    let lock = std::fs::read_to_string(root().join("Cargo.lock")).expect("a lock file");
    lock.split("[[package]]").skip(1).map(str::to_owned).collect()
}

fn value<'a>(package: &'a str, name: &str) -> Option<&'a str> {
    let line = package.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(" = \""))?;
    line.strip_suffix('"')
}

const BROKEN: [&str; 8] = ["md4", "md5", "md-5", "rc4", "des", "blowfish", "ecb", "openssl"];

#[test]
fn cryptography_is_from_known_crates() {
    let broken = BTreeSet::from(BROKEN);
    let packages = packages();
    let names: BTreeSet<&str> = packages.iter().filter_map(|it| value(it, "name")).collect();
    for known in ["argon2", "chacha20poly1305", "ed25519-dalek", "hmac", "ring", "rustls", "sha2"] {
        assert!(names.contains(known), "{known} is not used: the rule looks at the wrong place");
    }
    let linked = names.intersection(&broken).map(|name| format!("Cargo.lock: {name}"));
    holds(
        "Ciphers, hashes and signatures are those of RustCrypto, dalek and ring, and none that is \
         broken is linked.",
        &linked.collect::<Vec<_>>(),
    );
    holds(
        "SHA-1 is in the codes of authenticator apps, where RFC 6238 has it in HMAC, and nowhere \
         else.",
        &found(&["sha1::"], &["backend/src/auth/totp.rs"]),
    );
}

#[test]
fn components_come_from_the_registry() {
    const REGISTRY: &str = "registry+https://github.com/rust-lang/crates.io-index";
    let ours = ["backend", "crates", "tests"].iter().flat_map(|folder| manifests(folder));
    let ours: BTreeSet<String> = ours.collect();
    let mut violations = Vec::new();
    for package in packages() {
        let name = value(&package, "name").expect("a name");
        let known = match value(&package, "source") {
            Some(source) => source == REGISTRY && value(&package, "checksum").is_some(),
            None => ours.contains(name),
        };
        violations.extend((!known).then(|| format!("Cargo.lock: {name}")));
    }
    holds(
        "Every component is ours, or comes from crates.io with its digest: so a build is what was \
         looked at.",
        &violations,
    );
}

/// The names of our own packages in a folder, or one folder below.
fn manifests(folder: &str) -> Vec<String> {
    let folder = root().join(folder);
    let below = folder.read_dir().expect("a folder").flatten().map(|entry| entry.path());
    let manifests = below.chain([folder]).map(|folder| folder.join("Cargo.toml"));
    let texts = manifests.filter_map(|manifest| std::fs::read_to_string(manifest).ok());
    texts.filter_map(|text| value(&text, "name").map(str::to_owned)).collect()
}
