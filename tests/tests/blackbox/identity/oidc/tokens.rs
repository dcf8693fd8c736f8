//! ID tokens that must not be believed, each wrong in one thing.

use super::{Begun, EMAIL, Pair, now, refused, signed_in};
use base64::prelude::{BASE64_URL_SAFE_NO_PAD, Engine};
use hmac::{Hmac, KeyInit, Mac};
use serde_json::{Value, json};
use sha2::Sha256;
use tests::{Database, SigningKey, both, unsigned};

both!(
    a_token_that_says_something_else_is_refused,
    a_token_that_is_not_signed_as_it_must_be_is_refused
);

fn a_token_that_says_something_else_is_refused(database: Database) {
    let pair = Pair::with_account(database, &[("RESEARCHFLOW_OIDC_ACR", "gold,silver")]);
    let wrong = [
        json!({"iss": "https://provider.example"}),
        json!({"iss": null}),
        json!({"iss": format!("{}/", pair.provider.issuer())}),
        json!({"aud": "another"}),
        json!({"aud": []}),
        json!({"aud": ["another", "third"]}),
        // For us among others, and made for nobody, or for another.
        json!({"aud": ["client", "another"]}),
        json!({"aud": ["client", "another"], "azp": "another"}),
        json!({"azp": "another"}),
        json!({"exp": now() - 120}),
        json!({"exp": null}),
        json!({"iat": now() - 3600}),
        json!({"iat": now() + 3600}),
        json!({"nbf": now() + 3600}),
        json!({"nonce": "another"}),
        json!({"nonce": null}),
        json!({"sub": ""}),
        json!({"sub": "s".repeat(256)}),
        json!({"sub": 7}),
        json!({"acr": "bronze"}),
        json!({"acr": null}),
    ];
    let strong = |mut claims: Value| {
        if claims.get("acr").is_none() {
            claims["acr"] = json!("silver");
        }
        claims
    };
    for claims in wrong {
        let answer = pair.sign_in(&strong(claims.clone()));
        assert_eq!(answer.status, 401, "{claims}: {answer:?}");
        refused(&answer, 401);
    }
    assert_eq!(pair.service.database().count("SELECT count(*) FROM user_identities"), 0);
    assert_eq!(super::acts(&pair.service, "sign_in_refused"), 21);

    signed_in(&pair.service, &pair.sign_in(&strong(json!({}))));
    let several = json!({"aud": ["client", "another"], "azp": "client", "nbf": now()});
    signed_in(&pair.service, &pair.sign_in(&strong(several)));
}

fn a_token_that_is_not_signed_as_it_must_be_is_refused(database: Database) {
    let pair = Pair::with_account(database, &[]);
    let (key, stranger) = (&pair.key, SigningKey::new("first"));
    let jwk = key.jwk();
    let public = jwk["x"].as_str().unwrap().to_owned();
    let hmac = move |secret: &[u8], claims: &Value| {
        let signed = unsigned(&json!({"alg": "HS256", "kid": "first"}), claims);
        let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(secret).unwrap();
        mac.update(signed.as_bytes());
        format!("{signed}.{}", BASE64_URL_SAFE_NO_PAD.encode(mac.finalize().into_bytes()))
    };
    let headed = |more: Value| {
        let mut header = key.header();
        header.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        header
    };
    let own = json!({"jwk": stranger.jwk(), "kid": "own"});
    let elsewhere = json!({"jku": "http://127.0.0.1:9/keys", "kid": "elsewhere"});
    type Forge<'a> = Box<dyn Fn(&Value) -> String + 'a>;
    let forgeries: Vec<(&str, Forge<'_>)> = vec![
        ("none", Box::new(|claims| format!("{}.", unsigned(&json!({"alg": "none"}), claims)))),
        (
            "none, spelt otherwise",
            Box::new(|claims| {
                format!("{}.", unsigned(&json!({"alg": "nOnE", "kid": "first"}), claims))
            }),
        ),
        ("no signature", Box::new(|claims| format!("{}.", unsigned(&key.header(), claims)))),
        (
            "HS256 by the public key",
            Box::new(|claims| hmac(&BASE64_URL_SAFE_NO_PAD.decode(&public).unwrap(), claims)),
        ),
        ("HS256 by the key's text", Box::new(|claims| hmac(jwk.to_string().as_bytes(), claims))),
        ("HS256 by nothing", Box::new(|claims| hmac(b"", claims))),
        ("another's key", Box::new(|claims| stranger.sign(&key.header(), claims))),
        ("a key of its own", Box::new(|claims| stranger.sign(&headed(own.clone()), claims))),
        (
            "a key from elsewhere",
            Box::new(|claims| stranger.sign(&headed(elsewhere.clone()), claims)),
        ),
        (
            "another algorithm",
            Box::new(|claims| key.sign(&headed(json!({"alg": "RS256"})), claims)),
        ),
        ("an access token", Box::new(|claims| key.sign(&headed(json!({"typ": "at+jwt"})), claims))),
        (
            "a logout token",
            Box::new(|claims| key.sign(&headed(json!({"typ": "logout+jwt"})), claims)),
        ),
        (
            "something critical",
            Box::new(|claims| key.sign(&headed(json!({"crit": ["exp"]})), claims)),
        ),
        (
            "altered",
            Box::new(|claims| {
                let token = key.sign(&key.header(), claims);
                let signature = token.rsplit_once('.').unwrap().1;
                let mut other = claims.clone();
                other["sub"] = json!("subject-2");
                format!("{}.{signature}", unsigned(&key.header(), &other))
            }),
        ),
        ("five parts", Box::new(|claims| format!("{}.x.y", key.sign(&key.header(), claims)))),
        ("no token", Box::new(|_| EMAIL.to_owned())),
        ("nothing", Box::new(|_| String::new())),
    ];
    for (name, forge) in &forgeries {
        let begun = Begun::at(&pair.service);
        pair.provider.give(&forge(&pair.claims(&begun)));
        let answer = begun.end(&pair.service);
        assert_eq!(answer.status, 401, "{name}: {answer:?}");
        refused(&answer, 401);
    }
    signed_in(&pair.service, &pair.sign_in(&json!({})));
    assert_eq!(pair.service.database().count("SELECT count(*) FROM user_identities"), 1);
}
