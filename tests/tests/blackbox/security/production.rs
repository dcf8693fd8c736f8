//! Outside development nothing weak starts, and nothing is made that nobody asked for.

use rcgen::{CertifiedKey, generate_simple_self_signed};
use std::fs;
use std::os::unix::fs::PermissionsExt;
use tests::{ADMIN, Database, PASSWORD, Service};

const KEYS: [&str; 4] = [
    "--secret-key",
    "mX7vQ2pLw9RkT4zYc6NbH1sJd8GfUa3E",
    "--ledger-key",
    "Zt5YhB8nKq1WvC4xMj7RsP2dLg9FuE6A",
];

/// What `serve` complains of in production. It must not start, or this waits for ever.
fn complaint(more: &[&str]) -> String {
    faults(&Database::sqlite(), more)
}

#[test]
fn weak_settings_stop_the_start() {
    let missing = complaint(&[]);
    for name in ["RESEARCHFLOW_SECRET_KEY is missing", "RESEARCHFLOW_LEDGER_KEY is missing"] {
        assert!(missing.contains(name), "{missing}");
    }
    let bad = "change-me-change-me-change-me-change-me";
    for (more, fault) in [
        (["--rate-limits", "off"], "RESEARCHFLOW_RATE_LIMITS must not be off in production"),
        (["--bootstrap-key", bad], "RESEARCHFLOW_BOOTSTRAP_KEY is refused in production"),
        (["--redis-url", "http://x"], "REDIS_URL must start with one of redis://, rediss://"),
        (["--tls", "--tls-min=1.3"], "RESEARCHFLOW_TLS_CERT and RESEARCHFLOW_TLS_KEY are missing"),
    ] {
        let text = complaint(&[&KEYS[..], &more].concat());
        assert!(text.contains(fault), "{text}");
    }
    let oidc = complaint(
        &[
            &KEYS[..],
            &["--oidc-issuer", "http://localhost:1", "--public-url", "https://x.test/path"],
            &[
                "--oidc-client-secret",
                bad,
                "--oidc-client-secret-file",
                "/none",
                "--oidc-ca",
                "/none",
            ],
        ]
        .concat(),
    );
    for fault in [
        "RESEARCHFLOW_OIDC_ISSUER must start with https://",
        "RESEARCHFLOW_OIDC_CLIENT_ID is missing",
        "RESEARCHFLOW_OIDC_CLIENT_SECRET and RESEARCHFLOW_OIDC_CLIENT_SECRET_FILE are both set",
        "RESEARCHFLOW_OIDC_CA (/none)",
        "RESEARCHFLOW_PUBLIC_URL must have no path",
    ] {
        assert!(oidc.contains(fault), "{oidc}");
    }
    assert!(!oidc.contains(bad), "a secret is never repeated: {oidc}");
    let guessable = complaint(&["--secret-key", bad, "--ledger-key", &"x".repeat(32)]);
    for name in ["RESEARCHFLOW_SECRET_KEY must be random", "RESEARCHFLOW_LEDGER_KEY must be random"]
    {
        assert!(guessable.contains(name), "{guessable}");
    }
    assert!(!guessable.contains(bad), "a secret is never repeated: {guessable}");
}

/// The same, beside files of the test's own.
fn faults(database: &Database, more: &[&str]) -> String {
    let outcome = database.researchflow(&[&["serve", "--env", "production"], more].concat());
    assert_eq!(outcome.code, 1, "{outcome:?}");
    outcome.complaint
}

fn write(database: &Database, name: &str, text: &str, mode: u32) -> String {
    let path = database.folder().join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    path.display().to_string()
}

#[test]
fn all_faults_are_told_in_one_list() {
    let database = Database::sqlite();
    let [secret, ledger] = [(0o644, "secret"), (0o640, "ledger")]
        .map(|(mode, name)| write(&database, name, &format!("{}\n", KEYS[1]), mode));
    let text = faults(
        &database,
        &[
            ["--secret-key-file", &secret],
            ["--ledger-key-file", &ledger],
            ["--listen", "0.0.0.0:0"],
            ["--redis-url", "redis://8.8.8.8:6379"],
        ]
        .concat(),
    );
    for fault in [
        "the configuration has 5 fault(s)",
        &format!("RESEARCHFLOW_SECRET_KEY_FILE ({secret}) can be read by others"),
        &format!("RESEARCHFLOW_LEDGER_KEY_FILE ({ledger}) can be read by others"),
        "RESEARCHFLOW_SECRET_KEY and RESEARCHFLOW_LEDGER_KEY hold the same secret",
        "RESEARCHFLOW_LISTEN is open to other machines, and would speak plain HTTP",
        "REDIS_URL leads to a public address without TLS",
    ] {
        assert!(text.contains(fault), "{fault}: {text}");
    }
    assert!(!text.contains(KEYS[1]), "a secret is never repeated: {text}");
}

#[test]
fn a_secret_has_one_use() {
    let database = Database::sqlite();
    let admin = format!("admin@researchflow.test:{}", KEYS[1]);
    let text = faults(&database, &[&KEYS[..], &["--bootstrap-admin", &admin]].concat());
    let fault = "RESEARCHFLOW_SECRET_KEY and RESEARCHFLOW_BOOTSTRAP_ADMIN hold the same secret";
    assert!(text.contains(fault), "{text}");
}

#[test]
fn the_key_of_tls_is_its_owners() {
    let database = Database::sqlite();
    let CertifiedKey { cert, signing_key } =
        generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let certificate = write(&database, "own.pem", &cert.pem(), 0o644);
    let key = write(&database, "own.key", &signing_key.serialize_pem(), 0o640);
    let text =
        faults(&database, &[&KEYS[..], &["--tls-cert", &certificate, "--tls-key", &key]].concat());
    assert!(
        text.contains(&format!("RESEARCHFLOW_TLS_KEY ({key}) can be read by others")),
        "{text}"
    );
    assert!(text.contains("1 fault(s)"), "{text}");
}

/// A service in production, as an operator would start it.
fn in_production(database: Database) -> tests::Builder {
    Service::builder(database)
        .env("RESEARCHFLOW_ENV", "production")
        .env("RESEARCHFLOW_SECRET_KEY", KEYS[1])
        .env("RESEARCHFLOW_LEDGER_KEY", KEYS[3])
        .env("RESEARCHFLOW_RATE_LIMITS", "")
        .env("RESEARCHFLOW_BOOTSTRAP_ADMIN", "")
        .env("RESEARCHFLOW_BOOTSTRAP_KEY", "")
}

#[test]
fn behind_a_proxy_that_speaks_tls_plain_http_is_spoken() {
    let builder = in_production(Database::sqlite()).env("RESEARCHFLOW_LISTEN", "0.0.0.0:0");
    let service = builder.env("RESEARCHFLOW_TLS_TERMINATED", "true").start();
    assert!(service.address().ip().is_unspecified());
}

#[test]
fn two_processes_do_not_share_a_sqlite_file() {
    let mut service = in_production(Database::sqlite()).start();
    let second = [&["serve", "--env", "production", "--listen", "127.0.0.1:0"], &KEYS[..]].concat();
    let refused = service.database().researchflow(&second);
    assert_eq!(refused.code, 1, "{refused:?}");
    assert!(refused.complaint.contains("Another process serves the database"), "{refused:?}");
    // A command is no second service; and a lock does not outlive its process.
    let made = ["admin", "user", "create", "--email", "somebody@researchflow.test"];
    let made = service.researchflow(&made);
    assert_eq!(made.code, 0, "{made:?}");
    service.kill();
    service.restart();
}

#[test]
fn development_only_warns() {
    let database = Database::sqlite();
    let secret = write(&database, "secret", KEYS[1], 0o644);
    let service = Service::builder(database)
        .env("RESEARCHFLOW_SECRET_KEY_FILE", &secret)
        .env("RESEARCHFLOW_LEDGER_KEY", KEYS[1])
        .start();
    let log = service.log();
    for warning in ["can be read by others", "hold the same secret"] {
        let told =
            log.iter().any(|line| line["level"] == "WARN" && line.to_string().contains(warning));
        assert!(told, "{warning}: {log:?}");
    }
}

#[test]
fn production_demands_a_second_factor() {
    let admin = format!("{ADMIN}:{PASSWORD}");
    for (setting, status) in [("", 403), ("false", 200)] {
        let service = in_production(Database::sqlite())
            .env("RESEARCHFLOW_BOOTSTRAP_ADMIN", &admin)
            .env("RESEARCHFLOW_REQUIRE_SECOND_FACTOR", setting)
            .start();
        let path = "/api/v1/projects/default";
        assert_eq!(service.admin().get(path).status, status, "{setting:?}");
    }
}

#[test]
fn nobody_has_an_account_who_was_not_given_one() {
    let service = in_production(Database::sqlite()).start();
    for table in ["users", "api_keys", "sessions"] {
        assert_eq!(
            service.database().count(&format!("SELECT count(*) FROM {table}")),
            0,
            "{table}"
        );
    }
}
