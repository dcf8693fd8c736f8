//! What comes back counts once, in the browser that began, from the provider that was asked.

use super::{Begun, CALLBACK, CURRENT, EMAIL, Pair, START, acts, refused, signed_in};
use serde_json::json;
use tests::{Database, METADATA, PASSWORD, Service, both};

both!(
    a_callback_counts_in_the_browser_that_began,
    a_provider_says_that_it_answers,
    a_provider_that_refuses_is_believed,
    a_browser_returns_to_a_path_of_the_service_alone,
    a_session_before_ends,
    another_site_begins_nothing_by_itself,
    both_steps_are_counted_for_the_address,
    without_a_provider_there_is_nothing
);

fn a_callback_counts_in_the_browser_that_began(database: Database) {
    let pair = Pair::with_account(database, &[]);
    let service = &pair.service;
    let begun = Begun::at(service);
    pair.provider.give(&pair.key.sign(&pair.key.header(), &pair.claims(&begun)));
    let query = format!("code=a-code&state={}", begun.state);

    // Without its cookie, with another attempt's, with the wrong state or none.
    service.nobody().get(&format!("{CALLBACK}?{query}")).problem(400);
    Begun::at(service).end_with(service, &query).problem(400);
    let altered = format!("{}x", begun.cookie);
    service.nobody().with("cookie", &altered).get(&format!("{CALLBACK}?{query}")).problem(400);
    for wrong in ["", "code=a-code", "code=a-code&state=", "code=a-code&state=guessed"] {
        begun.end_with(service, wrong).problem(400);
    }
    begun.end_with(service, &format!("{query}&state=twice")).problem(422);
    assert!(pair.provider.asked("/token").is_empty(), "no code left the service");

    // Members that are not known are left alone.
    let answer = begun.end_with(service, &format!("{query}&session_state=x&authuser=0"));
    let session = signed_in(service, &answer);
    assert_eq!(session.get(CURRENT).expect(200)["email"], EMAIL);
    assert_eq!(answer.header("location"), Some("/"));
    let mut cookies = answer.headers.get_all("set-cookie").iter().map(|it| it.to_str().unwrap());
    let removal = cookies.find(|it| it.starts_with("researchflow_oidc=;")).unwrap();
    assert!(removal.contains("Max-Age=0"), "{removal}");

    let [asked] = pair.provider.asked("/token").try_into().unwrap();
    let form: Vec<_> = url::form_urlencoded::parse(asked.body.as_bytes()).into_owned().collect();
    let value = |name: &str| form.iter().find(|(key, _)| key == name).unwrap().1.as_str();
    assert!(begun.is_proved_by(value("code_verifier")));
    assert_eq!((value("grant_type"), value("code")), ("authorization_code", "a-code"));
    assert_eq!((value("client_id"), asked.head.contains("authorization:")), ("client", false));

    // A browser that does not forget: the provider takes no code twice, and nonces differ.
    pair.provider.answer_as("/token", "400 Bad Request", r#"{"error":"invalid_grant"}"#);
    refused(&begun.end(service), 401);
    session.get(CURRENT).expect(200);
    let kept = service.nobody().get(START);
    let cookie = kept.header("set-cookie").unwrap();
    for attribute in ["HttpOnly", "SameSite=Lax", "Path=/", "Max-Age=600"] {
        assert!(cookie.contains(attribute), "{cookie}");
    }
    assert_eq!(kept.header("cache-control"), Some("no-store"));
}

fn a_provider_says_that_it_answers(database: Database) {
    let pair = Pair::with_account(database, &[]);
    let mut metadata = pair.provider.metadata();
    metadata["authorization_response_iss_parameter_supported"] = json!(true);
    pair.provider.answer(METADATA, &metadata);
    let issuer = pair.provider.issuer();
    for (iss, status) in [
        (String::new(), 400),
        ("&iss=https%3A%2F%2Fprovider.example".to_owned(), 400),
        (format!("&iss={issuer}/"), 400),
        (format!("&iss={issuer}"), 303),
    ] {
        let begun = Begun::at(&pair.service);
        pair.provider.give(&pair.key.sign(&pair.key.header(), &pair.claims(&begun)));
        let answer = begun.end_with(&pair.service, &format!("code=c&state={}{iss}", begun.state));
        assert_eq!(answer.status, status, "{iss}: {answer:?}");
    }
    assert_eq!(pair.provider.asked("/token").len(), 1);
}

fn a_provider_that_refuses_is_believed(database: Database) {
    let pair = Pair::with_account(database, &[]);
    for (error, status) in [
        ("access_denied", 403),
        ("login_required", 403),
        ("%3Cscript%3E", 403),
        ("server_error", 503),
        ("temporarily_unavailable", 503),
    ] {
        let begun = Begun::at(&pair.service);
        let query = format!("error={error}&error_description=Bad%20luck&state={}", begun.state);
        let answer = begun.end_with(&pair.service, &query);
        refused(&answer, status);
        assert!(!answer.text().contains("script") && !answer.text().contains("luck"), "{answer:?}");
        assert_eq!(answer.header("retry-after").is_some(), status == 503);
    }
    // Whoever answers for a sign-in that is not under way is not listened to.
    pair.service.nobody().get(&format!("{CALLBACK}?error=access_denied&state=x")).problem(400);
}

fn a_browser_returns_to_a_path_of_the_service_alone(database: Database) {
    let pair = Pair::with_account(database, &[]);
    let nobody = pair.service.nobody();
    for elsewhere in ["https://evil.example", "//evil.example", "/%5Cevil.example", "/.//evil", ""]
    {
        nobody.get(&format!("{START}?return_to={elsewhere}")).problem_at(422, "/return_to");
    }
    nobody.get(&format!("{START}?redirect_uri=/")).problem_at(422, "/redirect_uri");
    let begun = Begun::of(&nobody.get(&format!("{START}?return_to=/projects/7%3Ftab=costs")));
    pair.provider.give(&pair.key.sign(&pair.key.header(), &pair.claims(&begun)));
    let answer = begun.end(&pair.service);
    signed_in(&pair.service, &answer);
    assert_eq!(answer.header("location"), Some("/projects/7?tab=costs"));
}

fn a_session_before_ends(database: Database) {
    let pair = Pair::with_account(database, &[]);
    let before = pair.service.nobody().sign_in(EMAIL, PASSWORD);
    let begun = Begun::at(&pair.service);
    pair.provider.give(&pair.key.sign(&pair.key.header(), &pair.claims(&begun)));
    let both = format!("{}; {}", begun.cookie, before.cookie());
    // It is renewed with the very request that ends it.
    pair.service.database().execute("UPDATE sessions SET renew_at = 0");
    let browser = pair.service.nobody().with("cookie", &both);
    // It comes from the provider's site, as browsers say.
    let from = [("sec-fetch-site", "cross-site"), ("sec-fetch-mode", "navigate")];
    let path = format!("{CALLBACK}?code=c&state={}", begun.state);
    let answer = browser.send("GET", &path, &from, None);
    let session = signed_in(&pair.service, &answer);
    session.get(CURRENT).expect(200);
    before.get(CURRENT).problem(401);
    assert_eq!(session.all("/api/v1/sessions").len(), 1);
    // A session is a session: it changes with its credentials, and ends.
    session.with("cookie", &answer.cookie().unwrap()).delete(CURRENT).expect(204);
    session.get(CURRENT).problem(401);
    assert_eq!(acts(&pair.service, "signed_out"), 1);
}

fn another_site_begins_nothing_by_itself(database: Database) {
    let pair = Pair::start(database, &[]);
    let from = |fields: &[(&str, &str)]| pair.service.nobody().send("GET", START, fields, None);
    for site in ["cross-site", "same-site", "unheard-of"] {
        from(&[("sec-fetch-site", site)]).problem(403);
        from(&[("sec-fetch-site", site), ("sec-fetch-user", "?1")]).expect_status(302);
    }
    for site in ["same-origin", "none"] {
        from(&[("sec-fetch-site", site)]).expect_status(302);
    }
}

fn both_steps_are_counted_for_the_address(database: Database) {
    let pair = Pair::with_account(database, &[("RESEARCHFLOW_RATE_LIMITS", "auth=2/36000")]);
    for _ in 0..2 {
        signed_in(&pair.service, &pair.sign_in(&json!({})));
    }
    let nobody = pair.service.nobody();
    for path in [START, CALLBACK] {
        let refused = nobody.get(path);
        refused.problem(429);
        assert!(refused.header("retry-after").is_some());
    }
    // Passwords are counted apart.
    let _ = nobody.sign_in(EMAIL, PASSWORD);
}

fn without_a_provider_there_is_nothing(database: Database) {
    let service = Service::start(database);
    for path in [START, CALLBACK] {
        service.nobody().get(path).problem(404);
    }
    let link = ["admin", "user", "link", "--email", "x@x.test", "--subject", "x"];
    assert_eq!(service.researchflow(&link).code, 1);
}
