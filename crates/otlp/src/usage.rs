//! Token counts, such that the whole includes its parts: input the cached tokens, output the
//! reasoning.

use crate::dialect::Field;
use crate::found::Found;
use crate::value;
use invocation::{Tokens, Usage};
use serde_json::{Map, Value as Json};

#[derive(Default)]
struct Counts {
    input: Option<u64>,
    output: Option<u64>,
    cache_read: Option<u64>,
    cache_write: Option<u64>,
    reasoning: Option<u64>,
    total: Option<u64>,
}

/// The usage of a span: its own attributes, else Langfuse's usage object.
pub(crate) fn usage(found: &mut Found) -> Usage {
    let mut count = |field| found.count(field).map(Tokens::get);
    let counts = Counts {
        input: count(Field::InputTokens),
        output: count(Field::OutputTokens),
        cache_read: count(Field::CacheReadTokens),
        cache_write: count(Field::CacheWriteTokens),
        reasoning: count(Field::ReasoningTokens),
        total: count(Field::TotalTokens),
    };
    if counts.input.is_some() || counts.output.is_some() {
        return counts.inclusive();
    }
    match found.content(Field::UsageDetails) {
        Some(Json::Object(details)) if is_providers_own(&details) => {
            providers(&details).inclusive()
        }
        Some(Json::Object(details)) => disjoint(&details).inclusive(),
        _ => counts.inclusive(),
    }
}

impl Counts {
    /// Adds parts to a whole that leaves them out. Instrumentations differ in that; it shows where
    /// the parts are more than the whole, or where the total is the sum of all.
    fn inclusive(self) -> Usage {
        let cached = sum([self.cache_read, self.cache_write]);
        let reasoning = self.reasoning.unwrap_or(0);
        let (input, output) = (self.input.unwrap_or(0), self.output.unwrap_or(0));
        let counted = input.saturating_add(output);
        let beside = |part: u64| part > 0 && self.total == Some(counted.saturating_add(part));
        let both = beside(cached.saturating_add(reasoning));
        let cached_beside = cached > input || both || beside(cached);
        let reasoning_beside = reasoning > output || both || beside(reasoning);
        let input = self.input.map(|n| if cached_beside { n.saturating_add(cached) } else { n });
        let output =
            self.output.map(|n| if reasoning_beside { n.saturating_add(reasoning) } else { n });
        let tokens = |count: Option<u64>| count.and_then(Tokens::new);
        Usage {
            input_tokens: tokens(input),
            output_tokens: tokens(output),
            cache_read_tokens: tokens(self.cache_read),
            cache_write_tokens: tokens(self.cache_write),
            reasoning_tokens: tokens(self.reasoning),
        }
    }
}

fn sum<const N: usize>(parts: [Option<u64>; N]) -> u64 {
    parts.into_iter().flatten().fold(0, u64::saturating_add)
}

/// Whether it is OpenAI's usage object as it stands in the answer, which Langfuse's drop-in sends.
fn is_providers_own(details: &Map<String, Json>) -> bool {
    const NAMES: [&str; 4] =
        ["prompt_tokens", "completion_tokens", "input_tokens_details", "output_tokens_details"];
    NAMES.iter().any(|name| details.contains_key(*name))
}

/// OpenAI's: wholes, with their parts in objects beside them.
fn providers(details: &Map<String, Json>) -> Counts {
    let count = |names: [&str; 2]| {
        names.iter().find_map(|name| details.get(*name).and_then(value::json_count))
    };
    let part = |wholes: [&str; 2], name: &str| {
        let objects = wholes.iter().filter_map(|whole| details.get(*whole));
        objects.filter_map(|object| object.get(name)).find_map(value::json_count)
    };
    let input_details = ["prompt_tokens_details", "input_tokens_details"];
    let output_details = ["completion_tokens_details", "output_tokens_details"];
    Counts {
        input: count(["prompt_tokens", "input_tokens"]),
        output: count(["completion_tokens", "output_tokens"]),
        cache_read: part(input_details, "cached_tokens"),
        cache_write: part(input_details, "cache_write_tokens"),
        reasoning: part(output_details, "reasoning_tokens"),
        total: None,
    }
}

/// Langfuse's and Anthropic's classes, which share no token: a whole is the sum of its classes.
/// Langfuse lets users name classes of their own; its rule is that the name tells the side.
fn disjoint(details: &Map<String, Json>) -> Counts {
    let mut counts = Counts::default();
    for (name, told) in details {
        let Some(tokens) = value::json_count(told) else { continue };
        let has = |words: &[&str]| words.iter().any(|word| name.contains(word));
        let add = |place: &mut Option<u64>| {
            *place = Some(place.unwrap_or(0).saturating_add(tokens));
        };
        if has(&["total"]) {
            continue;
        } else if has(&["output", "completion", "reasoning"]) {
            add(&mut counts.output);
            if has(&["reasoning"]) {
                add(&mut counts.reasoning);
            }
        } else if has(&["input", "prompt", "cache"]) {
            add(&mut counts.input);
            if has(&["creation", "write"]) {
                add(&mut counts.cache_write);
            } else if has(&["cache"]) {
                add(&mut counts.cache_read);
            }
        }
    }
    counts
}
