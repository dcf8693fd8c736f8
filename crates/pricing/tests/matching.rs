//! The spellings of telemetry find their row.

#![expect(clippy::unwrap_used, reason = "a helper of tests may panic as a test may")]

use pricing::{PriceTable, Query, Tokens};

struct Rows(PriceTable);

impl Rows {
    fn new() -> Self {
        Self(PriceTable::vendored().unwrap())
    }

    /// `provider/model` of the row that prices the call.
    fn find(&self, provider: Option<&str>, model: &str) -> Option<String> {
        let tokens = Tokens { input: 1, ..Tokens::default() };
        let at = "2026-11-21".parse().unwrap();
        let cost = self.0.price(&Query { provider, model, at, tokens })?;
        Some(format!("{} {}", cost.provider, cost.model))
    }
}

#[test]
fn providers_by_any_name() {
    let rows = Rows::new();
    for (names, model, row) in [
        (&["openai", "OpenAI", " openai ", "openai.chat"][..], "gpt-4o", "openai gpt-4o"),
        (
            &[
                "azure",
                "azure.ai.openai",
                "az.ai.openai",
                "azure_openai",
                "Azure",
                "az.ai.inference",
            ],
            "phi-4",
            "azure phi-4",
        ),
        (
            &["anthropic", "Anthropic", "anthropic.messages"],
            "claude-3-haiku",
            "anthropic claude-3-haiku",
        ),
        (
            &["aws.bedrock", "bedrock", "AWS", "amazon_bedrock", "aws_bedrock"],
            "amazon.nova-lite-v1:0",
            "aws amazon.nova-lite-v1:0",
        ),
        (
            &[
                "gcp.vertex_ai",
                "vertexai",
                "google",
                "gcp.gemini",
                "gemini",
                "gcp.gen_ai",
                "google_genai",
            ],
            "claude-3-haiku",
            "google claude-3-haiku",
        ),
        (
            &["mistral_ai", "mistralai", "MistralAI", "mistral"],
            "codestral-embed-2505",
            "mistral codestral-embed-2505",
        ),
        (&["x_ai", "xai", "x-ai", "x.ai"], "grok-4.5", "x-ai grok-4.5"),
        (&["groq", "Groq"], "llama-3.3-70b-versatile", "groq llama-3.3-70b-versatile"),
        (&["cohere", "Cohere"], "command-r", "cohere command-r"),
        (&["deepseek", "DeepSeek"], "deepseek-chat", "deepseek deepseek-chat"),
        (&["perplexity", "Perplexity"], "sonar", "perplexity sonar"),
        (&["huggingface_groq"], "openai/gpt-oss-20b", "huggingface_groq openai/gpt-oss-20b"),
    ] {
        for name in names {
            assert_eq!(rows.find(Some(name), model).as_deref(), Some(row), "{name}");
        }
    }
}

#[test]
fn models_by_any_name() {
    let rows = Rows::new();
    for (provider, model, row) in [
        (Some("openai"), "gpt-4o-2024-08-06", "openai gpt-4o"),
        (Some("openai"), "GPT-4o", "openai gpt-4o"),
        (Some("openai"), "gpt-4o-20240806", "openai gpt-4o"),
        (Some("openai"), "openai/gpt-4o", "openai gpt-4o"),
        (Some("openai"), "ft:gpt-4o-mini:org::id", "openai ft:gpt-4o-mini"),
        (Some("openai"), "ft:gpt-4o-mini-2024-07-18:org::id", "openai ft:gpt-4o-mini"),
        // A client of OpenAI's names its provider so, whatever answers.
        (Some("openai"), "claude-3-5-sonnet-20241022", "anthropic claude-3-5-sonnet"),
        (Some("openai"), "anthropic/claude-sonnet-4-5", "anthropic claude-sonnet-4-5"),
        (Some("anthropic"), "claude-sonnet-4-5-20250929", "anthropic claude-sonnet-4-5"),
        (Some("google"), "models/gemini-2.0-flash", "google gemini-2.0-flash"),
        (Some("google"), "gemini-2.5-pro-preview-05-06", "google gemini-2.5-pro"),
        (Some("google"), "gemini-2.5-pro-preview-tts", "google gemini-2.5-pro-tts"),
        (Some("google"), "publishers/google/models/gemini-2.5-pro", "google gemini-2.5-pro"),
        (Some("openrouter"), "openai/gpt-4o", "openrouter openai/gpt-4o"),
        // Without a hint, or with one that says nothing.
        (None, "gpt-4o-mini", "openai gpt-4o-mini"),
        (Some("litellm"), "gpt-4o-mini", "openai gpt-4o-mini"),
        (Some("my-gateway"), "claude-3-haiku-20240307", "anthropic claude-3-haiku"),
        (None, "text-embedding-3-small", "openai text-embedding-3-small"),
        (None, "gemini-2.0-flash", "google gemini-2.0-flash"),
        (None, "groq/llama-3.3-70b-versatile", "groq llama-3.3-70b-versatile"),
        (None, "openrouter/openai/gpt-4o", "openrouter openai/gpt-4o"),
        (None, "mistralai/mistral-large-2512", "mistral mistral-large-2512"),
    ] {
        assert_eq!(rows.find(provider, model).as_deref(), Some(row), "{provider:?} {model}");
    }
}

#[test]
fn bedrock_ids_lead_to_bedrock_with_and_without_a_hint() {
    let rows = Rows::new();
    for model in [
        "anthropic.claude-3-5-sonnet-20240620-v1:0",
        "us.anthropic.claude-3-5-sonnet-20240620-v1:0",
        "bedrock/eu.anthropic.claude-3-5-sonnet-20240620-v1:0",
        "arn:aws:bedrock:us-east-1:1:inference-profile/us.anthropic.claude-3-5-sonnet-20240620-v1:0",
    ] {
        for provider in [Some("aws.bedrock"), None, Some("litellm")] {
            let row = rows.find(provider, model).unwrap_or_default();
            assert!(row.starts_with("aws ") && row.contains("claude-3-5-sonnet"), "{model}: {row}");
        }
    }
}

#[test]
fn a_known_seller_is_not_second_guessed() {
    let rows = Rows::new();
    for (provider, model) in [
        // Sold by Mistral, but not at Mistral's price on these.
        (Some("ibm.watsonx.ai"), "mistral-large-latest"),
        (Some("ollama"), "mistral-large-latest"),
        (Some("anthropic"), "gpt-4o"),
        (None, "llama-3.1-70b-instruct"),
        (None, "gpt-4o-2031-01-01"),
        (Some(""), ""),
        (None, "/"),
    ] {
        assert_eq!(rows.find(provider, model), None, "{provider:?} {model}");
    }
    assert_eq!(rows.find(None, &"gpt-4o/".repeat(1000)), None);
}
