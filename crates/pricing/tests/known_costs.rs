//! Costs worked out by hand from the providers' price lists.

#![expect(clippy::unwrap_used, reason = "a helper of tests may panic as a test may")]

use pricing::{Class, Cost, PriceTable, Query, Tokens};

fn table() -> PriceTable {
    PriceTable::vendored().unwrap()
}

fn tokens(input: u64, output: u64) -> Tokens {
    Tokens { input, output, ..Tokens::default() }
}

fn query<'a>(provider: &'a str, model: &'a str, at: &str, tokens: Tokens) -> Query<'a> {
    Query { provider: Some(provider), model, at: at.parse().unwrap(), tokens }
}

/// Prices in the comments are dollars per million tokens; one token at a
/// dollar per million is 1000 nano-dollars.
#[test]
fn plain_input_and_output() {
    let table = table();
    for (provider, model, at, input, output, nano) in [
        // 2.50 and 10
        ("openai", "gpt-4o-2024-08-06", "2025-01-15", 1000, 500, 2_500_000 + 5_000_000),
        // 5 and 15, the first snapshot's own price
        ("openai", "gpt-4o-2024-05-13", "2025-01-15", 1000, 500, 5_000_000 + 7_500_000),
        // 0.15 and 0.60
        ("openai", "gpt-4o-mini-2024-07-18", "2025-01-15", 1000, 500, 150_000 + 300_000),
        // 10 and 40 until the price cut of 2025-06-10, then 2 and 8
        ("openai", "o3-2025-04-16", "2025-06-09", 1000, 100, 10_000_000 + 4_000_000),
        ("openai", "o3-2025-04-16", "2025-06-10", 1000, 100, 2_000_000 + 800_000),
        // 0.13, nothing put out
        ("openai", "text-embedding-3-large", "2025-01-15", 8000, 0, 1_040_000),
        // 3 and 15
        ("anthropic", "claude-3-5-sonnet-20241022", "2024-11-01", 2000, 300, 6_000_000 + 4_500_000),
        // 0.80 and 4
        ("anthropic", "claude-3-5-haiku-20241022", "2025-01-15", 1000, 100, 800_000 + 400_000),
        // 15 and 75
        ("anthropic", "claude-3-opus-20240229", "2024-11-01", 100, 10, 1_500_000 + 750_000),
        // OpenAI's row through Azure: 2.50 and 10
        ("azure", "gpt-4o", "2025-01-15", 4, 1, 10_000 + 10_000),
        // 3 and 15
        (
            "aws.bedrock",
            "anthropic.claude-3-5-sonnet-20240620-v1:0",
            "2024-11-01",
            1000,
            100,
            3_000_000 + 1_500_000,
        ),
        // 0.40 and 2 until 2026-06-16, then 1.50 and 7.50
        ("mistral_ai", "mistral-medium-latest", "2026-06-15", 1000, 1000, 400_000 + 2_000_000),
        ("mistral_ai", "mistral-medium-latest", "2026-06-16", 1000, 1000, 1_500_000 + 7_500_000),
        // 0.14 and 0.28, 0.22 and 0.66 from 2026-08-17, 0.15 and 0.60 from 2026-09-10
        ("deepseek", "deepseek-v4-flash", "2026-08-16", 1000, 1000, 140_000 + 280_000),
        ("deepseek", "deepseek-v4-flash", "2026-09-09", 1000, 1000, 220_000 + 660_000),
        ("deepseek", "deepseek-v4-flash", "2026-09-10", 1000, 1000, 150_000 + 600_000),
        // 0.59 and 0.79
        ("groq", "llama-3.3-70b-versatile", "2025-06-01", 1000, 1000, 590_000 + 790_000),
    ] {
        let cost = table.price(&query(provider, model, at, tokens(input, output)));
        assert_eq!(cost.map(|c| c.nano_usd), Some(nano), "{provider} {model} {at}");
    }
}

#[test]
fn cached_tokens_are_part_of_the_input() {
    // Claude Sonnet 4.5: 3 in, 0.30 read, 3.75 written, 15 out.
    let used = Tokens { cache_read: 6000, cache_write: 3000, ..tokens(10_000, 200) };
    let cost = table().price(&query("anthropic", "claude-sonnet-4-5-20250929", "2025-10-01", used));
    let cost = cost.unwrap();
    assert_eq!(cost.nano_usd, 3_000_000 + 1_800_000 + 11_250_000 + 3_000_000);
    let lines: Vec<_> = cost.lines.iter().map(|l| (l.class, l.tokens, l.nano_usd)).collect();
    assert_eq!(
        lines,
        [
            (Class::Input, 1000, 3_000_000),
            (Class::CacheRead, 6000, 1_800_000),
            (Class::CacheWrite, 3000, 11_250_000),
            (Class::Output, 200, 3_000_000),
        ]
    );
}

#[test]
fn without_a_cache_price_cached_tokens_cost_what_input_does() {
    // GPT-4o has no price for writing (2.50), and 1.25 for reading.
    let used = Tokens { cache_read: 400, cache_write: 100, ..tokens(1000, 0) };
    let cost = table().price(&query("openai", "gpt-4o", "2025-01-15", used)).unwrap();
    assert_eq!(cost.nano_usd, 1_250_000 + 500_000 + 250_000);
}

#[test]
fn reasoning_is_part_of_the_output() {
    // o1: 15 and 60; reasoning has no price of its own.
    let used = Tokens { reasoning: 900, ..tokens(100, 1000) };
    let cost = table().price(&query("openai", "o1-2024-12-17", "2025-01-15", used)).unwrap();
    assert_eq!(cost.nano_usd, 1_500_000 + 60_000_000);

    // Sonar Deep Research: 2 and 8, reasoning 3.
    let cost = table().price(&query("perplexity", "sonar-deep-research", "2025-09-01", used));
    assert_eq!(cost.map(|c| c.nano_usd), Some(200_000 + 800_000 + 2_700_000));
}

#[test]
fn a_tier_prices_the_whole_call_past_its_threshold() {
    // Gemini 2.5 Pro: 1.25 and 10, beyond 200,000 input tokens 2.50 and 15.
    let at = |input| {
        let q = query("gcp.vertex_ai", "gemini-2.5-pro", "2025-10-01", tokens(input, 1000));
        table().price(&q).unwrap().nano_usd
    };
    assert_eq!(at(200_000), 250_000_000 + 10_000_000);
    assert_eq!(at(200_001), 500_002_500 + 15_000_000);

    // Cached tokens count towards the threshold: reading 200,000 at 0.25.
    let used = Tokens { cache_read: 200_000, ..tokens(200_001, 0) };
    let q = query("google", "gemini-2.5-pro", "2025-10-01", used);
    assert_eq!(table().price(&q).unwrap().nano_usd, 2_500 + 50_000_000);
}

#[test]
fn a_request_can_cost_something_by_itself() {
    // Sonar Pro: 3 and 15, and 14 dollars per thousand requests.
    let cost = table().price(&query("perplexity", "sonar-pro", "2026-11-01", tokens(100, 10)));
    let cost = cost.unwrap();
    assert_eq!(cost.nano_usd, 300_000 + 150_000 + 14_000_000);
    assert_eq!(cost.lines.last().map(|l| (l.class, l.tokens)), Some((Class::Request, 1)));
}

#[test]
fn batches_have_their_own_prices_where_they_are_known() {
    let table = table();
    // GPT-4o-mini in a batch: 0.075 and 0.30, known from 2026-10-14 on.
    let q = query("openai", "gpt-4o-mini", "2026-10-14", tokens(1000, 1000));
    assert_eq!(table.price_batch(&q).map(|c| c.nano_usd), Some(75_000 + 300_000));
    let q = query("openai", "gpt-4o-mini", "2026-10-13", tokens(1000, 1000));
    assert_eq!(table.price_batch(&q), None);
    let q = query("groq", "llama-3.3-70b-versatile", "2026-11-01", tokens(1000, 1000));
    assert!(table.price(&q).is_some());
    assert_eq!(table.price_batch(&q), None);
}

#[test]
fn what_is_not_known_has_no_cost() {
    let table = table();
    for (provider, model, used) in [
        ("openai", "no-such-model", tokens(1, 1)),
        ("openai", "", tokens(1, 1)),
        // An embedding model has no price for output.
        ("openai", "text-embedding-3-large", tokens(1, 1)),
        // Billed by the hour of sound, not by tokens.
        ("openai", "whisper-1", tokens(1, 0)),
        // Nine billion dollars are not a plausible call.
        ("openai", "gpt-4o", tokens(u64::MAX, 0)),
    ] {
        assert_eq!(table.price(&query(provider, model, "2026-11-01", used)), None, "{model}");
    }
    let nothing = table.price(&query("openai", "gpt-4o", "2026-11-01", tokens(0, 0)));
    assert_eq!(nothing.map(|c| c.nano_usd), Some(0));
}

#[test]
fn a_cost_tells_where_it_came_from() {
    let table = table();
    let cost = table.price(&query("azure", "openai/gpt-4o", "2026-11-01", tokens(4, 0)));
    assert_eq!(
        serde_json::to_string(&cost.unwrap()).unwrap(),
        format!(
            r#"{{"lines":[{{"class":"input","nano_usd":10000,"nano_usd_per_mtok":2500000000,"tokens":4}}],"model":"gpt-4o","nano_usd":10000,"provider":"openai","table_version":"{}"}}"#,
            table.version()
        )
    );
    assert_eq!(table.digest().len(), 64);
    assert_eq!(table.source_digest().len(), 64);
    assert!(table.source().starts_with("genai-prices "));
}

#[test]
fn costs_can_be_shared_between_threads() {
    fn check<T: Send + Sync + 'static>() {}
    check::<PriceTable>();
    check::<Cost>();
}
