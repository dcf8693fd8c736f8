//! The same at a certified provider that is not ours: `oidc-provider`, by its reference
//! implementation for Node.js.

use super::{Begun, CURRENT, PUBLIC, START, acts, refused, signed_in, trusting};
use crate::e2e::node_modules;
use rcgen::{CertifiedKey, generate_simple_self_signed};
use serde_json::json;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdout, Command, Stdio};
use tests::{Answer, Database, Service, both};

both!(somebody_signs_in_at_a_real_provider, a_provider_on_tls_is_known_by_its_authority);

/// As `provider.js` has it.
const SECRET: &str = "a secret: with & signs that have to be encoded";

/// The provider, as a process; dropping ends it.
struct Running {
    process: Child,
    issuer: String,
    /// Kept open, since it says more than its name.
    says: BufReader<ChildStdout>,
}

impl Running {
    fn start(arguments: &[&Path]) -> Self {
        let folder = node_modules("peers/oidc");
        let mut process = Command::new("node")
            .arg(folder.join("provider.js"))
            .args(arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let says = BufReader::new(process.stdout.take().unwrap());
        // Owned before anything can fail, so that it is not left running.
        let mut running = Self { process, issuer: String::new(), says };
        running.says.read_line(&mut running.issuer).unwrap();
        running.issuer.truncate(running.issuer.trim_end().len());
        assert!(running.issuer.starts_with("http"), "the provider does not start");
        running
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A browser in which `name` signs in: from the service to the provider, and back.
fn visit(service: &Service, name: &str) -> Answer {
    let answer = service.nobody().get(START);
    let begun = Begun::of(&answer);
    let there = format!("{}&login_hint={name}", answer.header("location").unwrap());
    let jar = service.database().folder().join(format!("{name}.jar"));
    // It follows the provider's redirects to the public URL, where nobody listens.
    let output = Command::new("curl")
        .args(["--silent", "--insecure", "--ipv4", "--location", "--max-redirs", "8"])
        .args(["--output", "/dev/null", "--write-out", "%{url_effective}", "--cookie-jar"])
        .args([&jar, Path::new("--cookie"), &jar])
        .arg(there)
        .output()
        .unwrap();
    let back = String::from_utf8(output.stdout).unwrap();
    let path = back.strip_prefix(PUBLIC).unwrap_or_else(|| panic!("the provider stays at {back}"));
    service.nobody().with("cookie", &begun.cookie).get(path)
}

fn somebody_signs_in_at_a_real_provider(database: Database) {
    let provider = Running::start(&[]);
    let secret = ("RESEARCHFLOW_OIDC_CLIENT_SECRET", SECRET);
    let sign_up = ("RESEARCHFLOW_OIDC_SIGN_UP", "true");
    let basic = [("RESEARCHFLOW_OIDC_CLIENT_ID", "RS256"), secret, sign_up];
    let service = trusting(database, &provider.issuer, &basic);
    let session = signed_in(&service, &visit(&service, "alice"));
    let email = "alice@researchflow.test";
    assert_eq!(session.get(CURRENT).expect(200)["email"], email);
    let member = json!({"email": email, "role": "viewer"});
    service.admin().json("PUT", "/api/v1/projects/default/members", &member).expect(200);
    session.get("/api/v1/projects/default").expect(200);
    signed_in(&service, &visit(&service, "alice"));
    assert_eq!((acts(&service, "identity_linked"), acts(&service, "user_created")), (1, 2));

    refused(&visit(&service, "unverified"), 403);
    refused(&visit(&service, "deny"), 403);
    let ledger = service.researchflow(&["ledger", "verify"]);
    assert_eq!(ledger.code, 0, "{ledger:?}");
}

#[test]
fn tokens_of_every_algorithm_are_verified() {
    let provider = Running::start(&[]);
    for (client, secret) in [("PS256", SECRET), ("ES256", ""), ("EdDSA", "")] {
        let more = [
            ("RESEARCHFLOW_OIDC_CLIENT_ID", client),
            ("RESEARCHFLOW_OIDC_CLIENT_SECRET", secret),
            ("RESEARCHFLOW_OIDC_SIGN_UP", "true"),
        ];
        let service = trusting(Database::sqlite(), &provider.issuer, &more);
        signed_in(&service, &visit(&service, "alice"));
    }
    // A secret that is not the one is the operator's fault: nobody else could mend it.
    let wrong = [
        ("RESEARCHFLOW_OIDC_CLIENT_ID", "PS256"),
        ("RESEARCHFLOW_OIDC_CLIENT_SECRET", "another secret"),
    ];
    let service = trusting(Database::sqlite(), &provider.issuer, &wrong);
    refused(&visit(&service, "alice"), 503);
}

fn a_provider_on_tls_is_known_by_its_authority(database: Database) {
    let names = vec!["localhost".to_owned()];
    let CertifiedKey { cert, signing_key } = generate_simple_self_signed(names).unwrap();
    let (authority, key) =
        (database.folder().join("authority.pem"), database.folder().join("key.pem"));
    std::fs::write(&authority, cert.pem()).unwrap();
    std::fs::write(&key, signing_key.serialize_pem()).unwrap();
    let provider = Running::start(&[&authority, &key]);
    let more = [("RESEARCHFLOW_OIDC_CLIENT_ID", "ES256"), ("RESEARCHFLOW_OIDC_SIGN_UP", "true")];
    let strange = trusting(Database::sqlite(), &provider.issuer, &more);
    strange.nobody().get(START).problem(503);
    let trusted = ("RESEARCHFLOW_OIDC_CA", authority.to_str().unwrap());
    let service = trusting(database, &provider.issuer, &[more[0], more[1], trusted]);
    signed_in(&service, &visit(&service, "alice"));
}
