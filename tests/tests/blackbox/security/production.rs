//! Outside development nothing weak starts, and nothing is made that nobody asked for.

use tests::{Database, Service};

const KEYS: [&str; 4] = [
    "--secret-key",
    "mX7vQ2pLw9RkT4zYc6NbH1sJd8GfUa3E",
    "--ledger-key",
    "Zt5YhB8nKq1WvC4xMj7RsP2dLg9FuE6A",
];

/// What `serve` complains of in production. It must not start, or this waits for ever.
fn complaint(more: &[&str]) -> String {
    let database = Database::sqlite();
    let outcome = database.researchflow(&[&["serve", "--env", "production"], more].concat());
    assert_eq!(outcome.code, 1, "{outcome:?}");
    outcome.complaint
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
        (["--redis-url", "http://x"], "REDIS_URL must start with redis://"),
        (["--tls", "--tls-min=1.3"], "RESEARCHFLOW_TLS_CERT and RESEARCHFLOW_TLS_KEY are missing"),
    ] {
        let text = complaint(&[&KEYS[..], &more].concat());
        assert!(text.contains(fault), "{text}");
    }
    let guessable = complaint(&["--secret-key", bad, "--ledger-key", &"x".repeat(32)]);
    for name in ["RESEARCHFLOW_SECRET_KEY must be random", "RESEARCHFLOW_LEDGER_KEY must be random"]
    {
        assert!(guessable.contains(name), "{guessable}");
    }
    assert!(!guessable.contains(bad), "a secret is never repeated: {guessable}");
}

#[test]
fn nobody_has_an_account_who_was_not_given_one() {
    let service = Service::builder(Database::sqlite())
        .env("RESEARCHFLOW_ENV", "production")
        .env("RESEARCHFLOW_SECRET_KEY", KEYS[1])
        .env("RESEARCHFLOW_LEDGER_KEY", KEYS[3])
        .env("RESEARCHFLOW_RATE_LIMITS", "")
        .env("RESEARCHFLOW_BOOTSTRAP_ADMIN", "")
        .env("RESEARCHFLOW_BOOTSTRAP_KEY", "")
        .start();
    for table in ["users", "api_keys", "sessions"] {
        assert_eq!(
            service.database().count(&format!("SELECT count(*) FROM {table}")),
            0,
            "{table}"
        );
    }
}
