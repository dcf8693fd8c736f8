//! The source of the prices, asked directly, comes to the same costs
//! (`tests/data/expected.json`, made by `data/expected.py`).

#![expect(clippy::unwrap_used, reason = "a helper of tests may panic as a test may")]

use chrono::NaiveDate;
use pricing::{PriceTable, Query, Tokens};
use serde::Deserialize;

#[derive(Deserialize)]
struct Expected {
    source: String,
    cases: Vec<Case>,
}

#[derive(Deserialize)]
struct Case {
    provider: String,
    model: String,
    at: NaiveDate,
    batch: bool,
    tokens: Counts,
    row: String,
    usd: String,
}

#[derive(Deserialize)]
struct Counts {
    input: u64,
    output: u64,
    cache_read: u64,
    cache_write: u64,
    reasoning: u64,
}

/// The source's decimal string in units of 10⁻¹⁸ dollars.
fn atto(usd: &str) -> i128 {
    let (whole, fraction) = usd.split_once('.').unwrap_or((usd, ""));
    format!("{whole}{:0<18}", &fraction[..fraction.len().min(18)]).parse().unwrap()
}

#[test]
fn costs_agree_with_the_source() {
    let expected: Expected = serde_json::from_str(include_str!("data/expected.json")).unwrap();
    let table = PriceTable::vendored().unwrap();
    assert_eq!(expected.source, table.source(), "run data/expected.py again");
    assert!(expected.cases.len() >= 200);

    for case in &expected.cases {
        let c = &case.tokens;
        let query = Query {
            provider: Some(&case.provider),
            model: &case.model,
            at: case.at,
            tokens: Tokens {
                input: c.input,
                output: c.output,
                cache_read: c.cache_read,
                cache_write: c.cache_write,
                reasoning: c.reasoning,
            },
        };
        let cost = if case.batch { table.price_batch(&query) } else { table.price(&query) };
        let cost = cost.unwrap_or_else(|| panic!("no cost for {query:?}"));
        assert_eq!(*cost.model, case.row, "{query:?}");

        // Half a nano-dollar a line for rounding, and half a nano-dollar per
        // million tokens where the source has a price finer than that.
        let noise: u64 = cost.lines.iter().map(|l| 500_000_000 + l.tokens * 500).sum();
        let off = (i128::from(cost.nano_usd) * 1_000_000_000 - atto(&case.usd)).abs();
        assert!(off <= i128::from(noise), "{query:?}: {cost:?}, source says {}", case.usd);
    }
}
