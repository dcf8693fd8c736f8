//! A provider that is away, slow, broken, or has new keys.

use super::{Begun, Pair, START, acts, refused, signed_in};
use serde_json::{Value, json};
use tests::{Answer, Database, METADATA, SigningKey, both};

both!(
    a_provider_that_is_away_is_asked_again_later,
    answers_that_cannot_be_used_are_none,
    new_keys_are_fetched_when_they_are_needed,
    a_new_key_may_have_the_name_of_the_old_one,
    a_new_key_may_have_no_name,
    the_email_is_asked_for_where_it_is_told,
    a_secret_goes_where_the_provider_takes_it
);

#[track_caller]
fn unavailable(answer: &Answer) {
    answer.problem(503);
    assert!(answer.header("retry-after").is_some(), "{answer:?}");
}

fn a_provider_that_is_away_is_asked_again_later(database: Database) {
    let pair = Pair::with_account(database, &[]);
    let nobody = pair.service.nobody();
    pair.provider.link().cut();
    unavailable(&nobody.get(START));
    pair.provider.link().freeze();
    // An answer at all: the provider never gives one.
    unavailable(&nobody.get(START));
    pair.provider.link().mend();
    let begun = Begun::at(&pair.service);

    pair.provider.link().freeze();
    let late = begun.end(&pair.service);
    refused(&late, 503);
    unavailable(&late);
    // What it said of itself is known by now.
    let begun = Begun::at(&pair.service);
    pair.provider.link().cut();
    refused(&begun.end(&pair.service), 503);
    assert_eq!(acts(&pair.service, "sign_in_refused"), 0, "nobody was refused");
    pair.provider.link().mend();
    signed_in(&pair.service, &pair.sign_in(&json!({})));
}

fn answers_that_cannot_be_used_are_none(database: Database) {
    let pair = Pair::with_account(database, &[]);
    let (nobody, provider) = (pair.service.nobody(), &pair.provider);
    let good = provider.metadata();
    let with = |name: &str, value: Value| {
        let mut metadata = good.clone();
        metadata[name] = value;
        metadata.to_string()
    };
    let elsewhere = format!("302 Found\r\nlocation: {}/elsewhere", provider.issuer());
    provider.answer("/elsewhere", &good);
    for (status, body) in [
        ("200 OK", "[]".to_owned()),
        ("200 OK", "<html>".to_owned()),
        ("200 OK", with("issuer", json!("https://provider.example"))),
        ("200 OK", with("issuer", json!(format!("{}/", provider.issuer())))),
        ("200 OK", with("token_endpoint", Value::Null)),
        ("200 OK", with("token_endpoint", json!("not a URL"))),
        ("200 OK", with("padding", json!("x".repeat(300 << 10)))),
        ("500 Internal Server Error", good.to_string()),
        (&elsewhere, String::new()),
    ] {
        provider.answer_as(METADATA, status, &body);
        let answer = nobody.get(START);
        assert_eq!(answer.status, 503, "{status} {body:.200}: {answer:?}");
        unavailable(&answer);
    }
    assert!(provider.asked("/elsewhere").is_empty(), "a redirect was followed");
    provider.answer(METADATA, &good);

    for (path, status, body) in [
        ("/token", "200 OK", "{}"),
        ("/token", "200 OK", "x"),
        ("/token", "401 Unauthorized", r#"{"error":"invalid_client"}"#),
        ("/token", "500 Internal Server Error", "x"),
        ("/keys", "200 OK", r#"{"keys":7}"#),
        ("/keys", "404 Not Found", "{}"),
    ] {
        let begun = Begun::at(&pair.service);
        provider.give(&pair.key.sign(&pair.key.header(), &pair.claims(&begun)));
        provider.answer_as(path, status, body);
        let answer = begun.end(&pair.service);
        assert_eq!(answer.status, 503, "{path} {status} {body}: {answer:?}");
        refused(&answer, 503);
    }
    provider.publish(&[&pair.key]);
    signed_in(&pair.service, &pair.sign_in(&json!({})));
}

fn new_keys_are_fetched_when_they_are_needed(database: Database) {
    let mut pair = Pair::with_account(database, &[]);
    for _ in 0..2 {
        signed_in(&pair.service, &pair.sign_in(&json!({})));
    }
    assert_eq!(pair.provider.asked("/keys").len(), 1, "known keys are not fetched again");

    let old = std::mem::replace(&mut pair.key, SigningKey::new("second"));
    pair.provider.publish(&[&pair.key]);
    signed_in(&pair.service, &pair.sign_in(&json!({})));
    assert_eq!(pair.provider.asked("/keys").len(), 2);
    // The old key is gone. Whoever invents keys does not have us ask each time.
    for key in [old, SigningKey::new("third"), SigningKey::new("fourth")] {
        let current = std::mem::replace(&mut pair.key, key);
        refused(&pair.sign_in(&json!({})), 401);
        pair.key = current;
    }
    assert_eq!(pair.provider.asked("/keys").len(), 2);
    signed_in(&pair.service, &pair.sign_in(&json!({})));
}

fn a_new_key_may_have_the_name_of_the_old_one(database: Database) {
    let mut pair = Pair::with_account(database, &[]);
    signed_in(&pair.service, &pair.sign_in(&json!({})));
    pair.key = SigningKey::new("first");
    pair.provider.publish(&[&pair.key]);
    signed_in(&pair.service, &pair.sign_in(&json!({})));
    assert_eq!(pair.provider.asked("/keys").len(), 2);
    // Whoever forges signatures does not have us ask each time.
    let current = std::mem::replace(&mut pair.key, SigningKey::new("first"));
    for _ in 0..3 {
        refused(&pair.sign_in(&json!({})), 401);
    }
    pair.key = current;
    assert_eq!(pair.provider.asked("/keys").len(), 2);
    signed_in(&pair.service, &pair.sign_in(&json!({})));
}

fn a_new_key_may_have_no_name(database: Database) {
    let pair = Pair::with_account(database, &[]);
    for key in [&pair.key, &SigningKey::new("second")] {
        let mut jwk = key.jwk();
        jwk.as_object_mut().unwrap().remove("kid");
        pair.provider.answer("/keys", &json!({"keys": [jwk]}));
        let begun = Begun::at(&pair.service);
        pair.provider.give(&key.sign(&json!({"alg": "ES256"}), &pair.claims(&begun)));
        signed_in(&pair.service, &begun.end(&pair.service));
    }
}

fn the_email_is_asked_for_where_it_is_told(database: Database) {
    let pair = Pair::with_account(database, &[]);
    let mut metadata = pair.provider.metadata();
    metadata["userinfo_endpoint"] = json!(format!("{}/me", pair.provider.issuer()));
    pair.provider.answer(METADATA, &metadata);
    let bare = json!({"email": null, "email_verified": null});
    let info = |sub: &str| json!({"sub": sub, "email": super::EMAIL, "email_verified": true});
    pair.provider.answer("/me", &info("subject-2"));
    refused(&pair.sign_in(&bare), 401);
    pair.provider.answer("/me", &info("subject-1"));
    signed_in(&pair.service, &pair.sign_in(&bare));
    assert!(pair.provider.asked("/me")[0].head.contains("authorization: Bearer opaque\n"));
    let asked = pair.provider.asked("/me").len();
    signed_in(&pair.service, &pair.sign_in(&json!({})));
    assert_eq!(pair.provider.asked("/me").len(), asked, "the token has told it");
}

fn a_secret_goes_where_the_provider_takes_it(database: Database) {
    let secret = [("RESEARCHFLOW_OIDC_CLIENT_SECRET", "5 & more")];
    let pair = Pair::with_account(database, &secret);
    let mut metadata = pair.provider.metadata();
    metadata["token_endpoint_auth_methods_supported"] = json!(["client_secret_post"]);
    pair.provider.answer(METADATA, &metadata);
    signed_in(&pair.service, &pair.sign_in(&json!({})));
    let asked = &pair.provider.asked("/token")[0];
    assert!(asked.body.contains("&client_id=client&client_secret=5+%26+more"), "{asked:?}");
    assert!(!asked.head.contains("authorization:"), "{asked:?}");
    for (place, bytes) in pair.service.database().at_rest() {
        let text = String::from_utf8_lossy(&bytes);
        for hidden in ["5 & more", "opaque", "eyJhbGciOiJFUzI1NiI"] {
            assert!(!text.contains(hidden), "{hidden} is in {place}");
        }
    }
}
