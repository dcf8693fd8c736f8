//! The certificate's files: what is wrong with them is said at the start, and what is new in them is
//! shown without one.

use rcgen::{CertifiedKey, KeyPair, generate_simple_self_signed};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use tests::{Curl, Database, Service, eventually};

/// The files of one certificate.
struct Files {
    certificate: PathBuf,
    key: PathBuf,
}

impl Files {
    /// A new certificate for `localhost` in `folder`.
    fn make(folder: &Path, name: &str) -> Self {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let certificate = folder.join(format!("{name}.pem"));
        let key = folder.join(format!("{name}.key"));
        fs::write(&certificate, cert.pem()).unwrap();
        write_key(&key, &signing_key);
        Self { certificate, key }
    }

    /// Puts another certificate in the place of this one, as an operator's tool does.
    fn replace_by(&self, other: &Self) {
        fs::rename(&other.key, &self.key).unwrap();
        fs::rename(&other.certificate, &self.certificate).unwrap();
    }

    fn builder(&self, database: Database) -> tests::Builder {
        let text = |path: &Path| path.display().to_string();
        Service::builder(database)
            .env("RESEARCHFLOW_TLS_CERT", &text(&self.certificate))
            .env("RESEARCHFLOW_TLS_KEY", &text(&self.key))
    }
}

fn write_key(path: &Path, key: &KeyPair) {
    fs::write(path, key.serialize_pem()).unwrap();
    fs::set_permissions(path, fs::Permissions::from_mode(0o600)).unwrap();
}

/// How many reloads ended so.
fn reloads(curl: &Curl, outcome: &str) -> u32 {
    let metrics = curl.ask("/metrics", &[]).unwrap().answer.text();
    let name = format!("researchflow_tls_certificate_reloads_total{{outcome=\"{outcome}\"}} ");
    let value = metrics.lines().find_map(|line| line.strip_prefix(&name));
    value.map_or(0, |value| value.parse().unwrap())
}

#[test]
fn a_key_that_cannot_be_used_stops_the_start() {
    type Spoil = fn(&Files);
    let cases: [(&str, Spoil, &str); 4] = [
        ("missing", |files| fs::remove_file(&files.key).unwrap(), "is not there."),
        (
            "mismatched",
            |files| write_key(&files.key, &KeyPair::generate().unwrap()),
            "does not belong to the certificate",
        ),
        (
            "open to everybody",
            |files| fs::set_permissions(&files.key, fs::Permissions::from_mode(0o644)).unwrap(),
            "is open to everybody on this machine",
        ),
        (
            "no key",
            |files| fs::write(&files.key, "no PEM").unwrap(),
            "holds no private key in PEM.",
        ),
    ];
    for (case, spoil, sentence) in cases {
        let database = Database::sqlite();
        let files = Files::make(database.folder(), "own");
        spoil(&files);
        let refused = files.builder(database).refused();
        assert_ne!(refused.code, 0, "{case}");
        let file = files.key.display().to_string();
        let lines: Vec<&str> =
            refused.complaint.lines().filter(|line| line.contains(&file)).collect();
        assert_eq!(lines.len(), 1, "{case}: {refused:?}");
        assert!(lines[0].contains(sentence), "{case}: {refused:?}");
    }
}

#[test]
fn half_a_pair_stops_the_start() {
    for (given, missing) in [
        ("RESEARCHFLOW_TLS_CERT", "RESEARCHFLOW_TLS_KEY is missing"),
        ("RESEARCHFLOW_TLS_KEY", "RESEARCHFLOW_TLS_CERT is missing"),
    ] {
        let refused = Service::builder(Database::sqlite()).env(given, "/nowhere.pem").refused();
        assert_ne!(refused.code, 0, "{given}");
        assert!(refused.complaint.contains(missing), "{given}: {refused:?}");
    }
}

#[test]
fn new_files_are_shown_and_bad_ones_are_not() {
    let elsewhere = tempfile::tempdir().unwrap();
    let folder = elsewhere.path();
    let files = Files::make(folder, "shown");
    // curl trusts copies: the files themselves change.
    let trusted = |name: &str| folder.join(format!("trusted-{name}.pem"));
    fs::copy(&files.certificate, trusted("old")).unwrap();
    let service = files.builder(Database::sqlite()).start();
    let [old, new] = ["old", "new"].map(|name| Curl::https(service.address(), &trusted(name)));
    old.ask("/health", &[]).unwrap().answer.expect(200);
    assert_eq!((reloads(&old, "loaded"), reloads(&old, "failed")), (0, 0));

    let next = Files::make(folder, "next");
    fs::copy(&next.certificate, trusted("new")).unwrap();
    files.replace_by(&next);
    eventually("the new certificate is shown", || new.ask("/health", &[]).ok());
    old.ask("/health", &[]).unwrap_err();
    eventually("it is counted", || (reloads(&new, "loaded") == 1).then_some(()));

    let before = reloads(&new, "failed");
    fs::write(&files.certificate, "no certificate").unwrap();
    eventually("the fault is counted", || (reloads(&new, "failed") > before).then_some(()));
    new.ask("/health", &[]).unwrap().answer.expect(200);
    let told = |line: &serde_json::Value| {
        let text = line.to_string();
        text.contains("the old one stays")
            && text.contains(&files.certificate.display().to_string())
    };
    eventually("the log names the file", || service.log().iter().any(told).then_some(()));

    let mended = Files::make(folder, "mended");
    fs::copy(&mended.certificate, trusted("mended")).unwrap();
    files.replace_by(&mended);
    let mended = Curl::https(service.address(), &trusted("mended"));
    eventually("the next good one is shown", || mended.ask("/health", &[]).ok());
}
