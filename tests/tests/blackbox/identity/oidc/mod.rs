//! Signing in at an OpenID provider: at a real one, and at one that lies.

mod accounts;
mod callback;
mod outages;
mod real;
mod tokens;

use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use std::time::{SystemTime, UNIX_EPOCH};
use tests::{Answer, Client, Database, Provider, Service, SigningKey};
use url::Url;

const START: &str = "/api/v1/auth/oidc";
const CALLBACK: &str = "/api/v1/auth/oidc/callback";
const CURRENT: &str = "/api/v1/sessions/current";
/// Where browsers are told to find the service. Nobody listens there: the tests' browsers take it to
/// wherever the service is.
const PUBLIC: &str = "http://localhost:9";
const EMAIL: &str = "somebody@researchflow.test";

fn now() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a provider has a clock of its own")]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    now.as_secs()
}

/// A service that trusts a provider.
fn trusting(database: Database, issuer: &str, more: &[(&str, &str)]) -> Service {
    let builder = Service::builder(database)
        .env("RESEARCHFLOW_OIDC_ISSUER", issuer)
        .env("RESEARCHFLOW_OIDC_CLIENT_ID", "client")
        .env("RESEARCHFLOW_PUBLIC_URL", PUBLIC);
    more.iter().fold(builder, |builder, (name, value)| builder.env(name, value)).start()
}

/// A service, and the provider that it trusts.
struct Pair {
    key: SigningKey,
    provider: Provider,
    service: Service,
}

impl Pair {
    fn start(database: Database, more: &[(&str, &str)]) -> Self {
        let key = SigningKey::new("first");
        let provider = Provider::start(&[&key]);
        let service = trusting(database, &provider.issuer(), more);
        Self { key, provider, service }
    }

    /// With an account that has the email of who signs in.
    fn with_account(database: Database, more: &[(&str, &str)]) -> Self {
        let pair = Self::start(database, more);
        pair.service.database().create_user(EMAIL, tests::PASSWORD);
        pair
    }

    /// What a good ID token says.
    fn claims(&self, begun: &Begun) -> Value {
        json!({
            "iss": self.provider.issuer(), "aud": "client", "sub": "subject-1", "nonce": begun.nonce,
            "iat": now(), "exp": now() + 300, "email": EMAIL, "email_verified": true,
        })
    }

    /// Signs in with a token that says `claims` over what a good one says; null takes a claim away.
    fn sign_in(&self, claims: &Value) -> Answer {
        let begun = Begun::at(&self.service);
        let mut all = self.claims(&begun);
        for (name, value) in claims.as_object().unwrap() {
            all[name] = value.clone();
        }
        all.as_object_mut().unwrap().retain(|_, value| !value.is_null());
        self.provider.give(&self.key.sign(&self.key.header(), &all));
        begun.end(&self.service)
    }
}

/// A sign-in that is under way.
struct Begun {
    state: String,
    nonce: String,
    challenge: String,
    cookie: String,
}

impl Begun {
    fn at(service: &Service) -> Self {
        Self::of(&service.nobody().get(START))
    }

    fn of(answer: &Answer) -> Self {
        answer.expect_status(302);
        let there = Url::parse(answer.header("location").unwrap()).unwrap();
        let value = |name: &str| {
            let pair = there.query_pairs().find(|(key, _)| key == name);
            pair.unwrap_or_else(|| panic!("no {name} in {there}")).1.into_owned()
        };
        assert_eq!(value("response_type"), "code");
        assert_eq!(value("scope"), "openid email");
        assert_eq!(value("redirect_uri"), format!("{PUBLIC}{CALLBACK}"));
        assert_eq!(value("code_challenge_method"), "S256");
        Self {
            state: value("state"),
            nonce: value("nonce"),
            challenge: value("code_challenge"),
            cookie: answer.cookie().unwrap(),
        }
    }

    /// The provider sends the browser back with a code.
    fn end(&self, service: &Service) -> Answer {
        self.end_with(service, &format!("code=a-code&state={}", self.state))
    }

    /// The provider sends the browser back with a query.
    fn end_with(&self, service: &Service, query: &str) -> Answer {
        let browser = service.nobody().with("cookie", &self.cookie);
        browser.get(&format!("{CALLBACK}?{query}"))
    }

    fn is_proved_by(&self, verifier: &str) -> bool {
        use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
        BASE64_URL_SAFE_NO_PAD.encode(Sha256::digest(verifier)) == self.challenge
    }
}

/// Whoever was signed in by an answer.
#[track_caller]
fn signed_in(service: &Service, answer: &Answer) -> Client {
    answer.expect_status(303);
    let cookie = answer.cookie().unwrap();
    assert!(cookie.starts_with("researchflow_session="), "{answer:?}");
    service.nobody().with("cookie", &cookie)
}

/// Nobody was, and the answer ends the attempt.
#[track_caller]
fn refused(answer: &Answer, status: u16) {
    answer.problem(status);
    let cookies: Vec<_> = answer.headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies.len(), 1, "{answer:?}");
    assert!(cookies[0].to_str().unwrap().starts_with("researchflow_oidc=; "), "{answer:?}");
}

/// How many acts of a kind are on record.
fn acts(service: &Service, action: &str) -> usize {
    service.admin().all(&format!("/api/v1/audit?action={action}")).len()
}
