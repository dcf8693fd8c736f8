//! What holds of every cost.

#![expect(clippy::unwrap_used, reason = "a helper of tests may panic as a test may")]

use std::sync::LazyLock;

use pricing::{Cost, PriceTable, Query, Tokens, Usd};
use proptest::prelude::*;

static TABLE: LazyLock<PriceTable> = LazyLock::new(|| PriceTable::vendored().unwrap());

/// Flat prices of all classes, tiers, and a price for reasoning.
const MODELS: [(&str, &str); 5] = [
    ("anthropic", "claude-3-5-sonnet"),
    ("openai", "gpt-4o"),
    ("google", "gemini-2.5-pro"),
    ("perplexity", "sonar-deep-research"),
    ("deepseek", "deepseek-v4-flash"),
];

fn price((provider, model): (&str, &str), tokens: Tokens) -> Cost {
    let at = "2026-11-21".parse().unwrap();
    TABLE.price(&Query { provider: Some(provider), model, at, tokens }).unwrap()
}

prop_compose! {
    /// Consistent counts: parts within their whole.
    fn usage()(input in 0_u64..3_000_000, output in 0_u64..200_000, r in 0.0..0.5, w in 0.0..0.5, t in 0.0..1.0)
        -> Tokens {
        let part = |whole: u64, share: f64| (whole as f64 * share) as u64;
        Tokens {
            input,
            output,
            cache_read: part(input, r),
            cache_write: part(input, w),
            reasoning: part(output, t),
        }
    }
}

fn sum(a: Tokens, b: Tokens) -> Tokens {
    Tokens {
        input: a.input + b.input,
        output: a.output + b.output,
        cache_read: a.cache_read + b.cache_read,
        cache_write: a.cache_write + b.cache_write,
        reasoning: a.reasoning + b.reasoning,
    }
}

proptest! {
    #[test]
    fn the_total_is_the_sum_of_lines_that_account_for_every_token(
        model in prop::sample::select(&MODELS[..]), tokens in usage()
    ) {
        let cost = price(model, tokens);
        prop_assert!(cost.nano_usd >= 0);
        prop_assert_eq!(cost.lines.iter().map(|l| l.nano_usd).sum::<i64>(), cost.nano_usd);
        prop_assert_eq!(
            cost.lines.iter().map(|l| l.tokens).sum::<u64>(),
            tokens.input + tokens.output
        );
    }

    #[test]
    fn more_tokens_never_cost_less(
        model in prop::sample::select(&MODELS[..]), a in usage(), b in usage()
    ) {
        prop_assert!(price(model, sum(a, b)).nano_usd >= price(model, a).nano_usd);
    }

    /// Where there are no tiers, the parts cost what the whole does, up to half
    /// a nano-dollar for each of the lines involved.
    #[test]
    fn flat_prices_add_up(a in usage(), b in usage()) {
        for model in [MODELS[0], MODELS[1]] {
            let (whole, a, b) = (price(model, sum(a, b)), price(model, a), price(model, b));
            let lines = (whole.lines.len() + a.lines.len() + b.lines.len()) as i64;
            prop_assert!(2 * (whole.nano_usd - a.nano_usd - b.nano_usd).abs() <= lines);
        }
    }

    #[test]
    fn any_counts_are_safe(
        model in prop::sample::select(&MODELS[..]),
        (input, output, cache_read, cache_write, reasoning) in any::<(u64, u64, u64, u64, u64)>()
    ) {
        let (provider, model) = model;
        let at = "2026-11-21".parse().unwrap();
        let tokens = Tokens { input, output, cache_read, cache_write, reasoning };
        let cost = TABLE.price(&Query { provider: Some(provider), model, at, tokens });
        prop_assert!(cost.is_none_or(|c| c.nano_usd >= 0));
    }

    #[test]
    fn any_names_are_safe(provider in any::<Option<String>>(), model in ".{0,300}|([-/*#!.a-c0-9]{0,40}-20[0-9]{6}é?)") {
        let at = "2026-11-21".parse().unwrap();
        let tokens = Tokens::default();
        let _ = TABLE.price(&Query { provider: provider.as_deref(), model: &model, at, tokens });
    }

    #[test]
    fn dollars_survive_their_text(nano in any::<i64>()) {
        let usd = Usd::from_nano(nano);
        let text = usd.to_string();
        prop_assert_eq!(text.parse(), Ok(usd));
        prop_assert!(!text.contains('.') || !text.ends_with(['0', '.']));
        let json = serde_json::to_string(&usd).unwrap();
        prop_assert_eq!(serde_json::from_str::<Usd>(&json).unwrap(), usd);
    }

    #[test]
    fn any_text_is_an_amount_or_an_error(text in "[-0-9.]{0,30}|.*") {
        if let Ok(usd) = text.parse::<Usd>() {
            prop_assert_eq!(usd.to_string().parse(), Ok(usd));
        }
    }
}
