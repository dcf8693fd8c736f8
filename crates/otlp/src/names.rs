//! The names of operations and providers, whatever the dialect, as OpenTelemetry's conventions have
//! them. A name that nobody knows is kept in lower case.

use invocation::Label;

/// The operation for a span kind, an observation type or an operation name.
pub(crate) fn operation(told: &str) -> Option<Label> {
    let told = told.trim().to_ascii_lowercase();
    Label::fit(match told.as_str() {
        "llm" | "generation" => "chat",
        "completion" => "text_completion",
        "embedding" => "embeddings",
        "tool" => "execute_tool",
        "agent" => "invoke_agent",
        "workflow" => "invoke_workflow",
        "retriever" => "retrieval",
        "reranker" => "rerank",
        // What has no kind of its own is a step that holds others.
        "span" | "event" | "unknown" | "prompt" => "task",
        other => other,
    })
}

/// The provider for `gen_ai.system` and its like.
pub(crate) fn provider(told: &str) -> Option<Label> {
    let told = told.trim().to_ascii_lowercase().replace([' ', '-'], "_");
    Label::fit(match told.as_str() {
        "azure" | "azure_openai" | "az.ai.openai" => "azure.ai.openai",
        "azure_ai_inference" | "az.ai.inference" => "azure.ai.inference",
        "aws" | "bedrock" | "aws_bedrock" | "amazon_bedrock" => "aws.bedrock",
        "vertexai" | "vertex_ai" | "google_vertexai" => "gcp.vertex_ai",
        "gemini" | "google_genai" | "google_ai_studio" => "gcp.gemini",
        "google" => "gcp.gen_ai",
        "mistral" | "mistralai" => "mistral_ai",
        "xai" => "x_ai",
        "watsonx" => "ibm.watsonx.ai",
        "huggingface" => "hugging_face",
        "together" | "togetherai" => "together_ai",
        other => other,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn dialects_agree() {
        for (told, expected) in [
            ("LLM", "chat"),
            ("generation", "chat"),
            ("chat", "chat"),
            ("EMBEDDING", "embeddings"),
            ("TOOL", "execute_tool"),
            ("AGENT", "invoke_agent"),
            ("RETRIEVER", "retrieval"),
            ("CHAIN", "chain"),
            ("RERANKER", "rerank"),
            ("GUARDRAIL", "guardrail"),
            ("EVALUATOR", "evaluator"),
            ("workflow", "invoke_workflow"),
            ("completion", "text_completion"),
            ("span", "task"),
            ("something_new", "something_new"),
        ] {
            assert_eq!(operation(told).unwrap().as_str(), expected, "{told}");
        }
        for (told, expected) in [
            ("OpenAI", "openai"),
            ("AWS", "aws.bedrock"),
            ("aws.bedrock", "aws.bedrock"),
            ("az.ai.openai", "azure.ai.openai"),
            ("Mistral AI", "mistral_ai"),
            ("mistralai", "mistral_ai"),
            ("vertexai", "gcp.vertex_ai"),
            ("own-gateway", "own_gateway"),
        ] {
            assert_eq!(provider(told).unwrap().as_str(), expected, "{told}");
        }
        assert_eq!(operation(" "), None);
    }
}
