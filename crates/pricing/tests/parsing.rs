//! Tables that are refused, and what a small one of one's own does.

#![expect(clippy::unwrap_used, reason = "a helper of tests may panic as a test may")]

use pricing::{PriceTable, Query, TableError, Tokens};

fn table(providers: &str) -> Result<PriceTable, TableError> {
    PriceTable::parse(&format!(
        r#"{{"version":"2026-01-01","source":"test","source_sha256":"","providers":[{providers}]}}"#
    ))
}

fn provider(id: &str, fallbacks: &str, models: &str) -> String {
    format!(
        r#"{{"id":"{id}","aliases":[],"vendor_of":[],"fallbacks":[{fallbacks}],"models":[{models}]}}"#
    )
}

fn model(prices: &str) -> String {
    provider("p", "", &format!(r#"{{"id":"m","match":["m"],"prices":[{prices}]}}"#))
}

fn cost(table: &PriceTable, at: &str) -> Option<i64> {
    let tokens = Tokens { input: 1_000_000, ..Tokens::default() };
    let query = Query { provider: Some("p"), model: "m", at: at.parse().unwrap(), tokens };
    table.price(&query).map(|cost| cost.nano_usd)
}

#[test]
fn a_table_that_is_not_one_is_refused() {
    for json in ["", "{}", "[]", r#"{"version":1}"#] {
        assert!(matches!(PriceTable::parse(json), Err(TableError::Json(_))), "{json}");
    }
    for prices in [
        r#"{"input":-1}"#,
        r#"{"input":1.5}"#,
        r#"{"input":"1"}"#,
        r#"{"inptu":1}"#,
        r#"{"input":{"base":1}}"#,
        r#"{"input":{"base":1,"above":[],"below":[]}}"#,
        r#"{"from":"2026-02-30","input":1}"#,
    ] {
        assert!(matches!(table(&model(prices)), Err(TableError::Json(_))), "{prices}");
    }
}

#[test]
fn a_table_that_contradicts_itself_is_refused() {
    let twice = [provider("p", "", ""), provider("p", "", "")].join(",");
    assert!(matches!(table(&twice), Err(TableError::DuplicateProvider(id)) if id == "p"));

    let astray = provider("p", r#""q""#, "");
    assert!(matches!(
        table(&astray),
        Err(TableError::UnknownFallback { provider, fallback }) if provider == "p" && fallback == "q"
    ));

    for prices in [
        r#"{"from":"2026-01-02","input":1},{"from":"2026-01-01","input":2}"#,
        r#"{"from":"2026-01-01","input":1},{"from":"2026-01-01","input":2}"#,
        r#"{"from":"2026-01-01","input":1},{"input":2}"#,
        r#"{"input":1},{"input":2}"#,
    ] {
        assert!(matches!(table(&model(prices)), Err(TableError::PeriodOrder { .. })), "{prices}");
    }

    for above in ["[2,1],[1,1]", "[1,1],[1,2]"] {
        let prices = format!(r#"{{"input":{{"base":1,"above":[{above}]}}}}"#);
        assert!(matches!(table(&model(&prices)), Err(TableError::TierOrder { .. })), "{above}");
    }
}

#[test]
fn prices_hold_from_their_day_on() {
    let dated = r#"{"from":"2026-02-01","input":7},{"from":"2026-03-01","input":8}"#;
    let known_since = table(&model(dated)).unwrap();
    assert_eq!(cost(&known_since, "2026-01-31"), None);
    assert_eq!(cost(&known_since, "2026-02-01"), Some(7));
    assert_eq!(cost(&known_since, "2026-02-28"), Some(7));
    assert_eq!(cost(&known_since, "2030-01-01"), Some(8));

    let always = table(&model(&format!(r#"{{"input":6}},{dated}"#))).unwrap();
    assert_eq!(cost(&always, "1999-01-01"), Some(6));
    assert_eq!(cost(&always, "2026-02-01"), Some(7));
}

#[test]
fn the_digest_is_that_of_the_text() {
    let one = PriceTable::parse(r#"{"version":"","source":"","source_sha256":"","providers":[]}"#);
    let two = PriceTable::parse(r#"{"version":"","source":"","source_sha256":"","providers":[ ]}"#);
    assert_ne!(one.unwrap().digest(), two.unwrap().digest());
}
