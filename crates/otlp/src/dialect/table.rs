//! The table. For each field the first key that a span has wins; the others are not kept. Sources:
//! OpenTelemetry GenAI semantic conventions 1.27 to 1.42, openinference-semantic-conventions 0.1,
//! opentelemetry-semantic-conventions-ai 0.1 to 0.5, and Langfuse's SDKs 3 to 5.

use super::Dialect::{self, Langfuse, OpenInference, OpenTelemetry, Own, Traceloop};
use super::Field::{
    Agent, CacheReadTokens, CacheWriteTokens, ClientSequence, ConversationId, Cost, Dropped,
    Entity, ErrorMessage, ErrorType, Input, InputTokens, Level, Metadata, Model, Operation, Output,
    OutputTokens, Parameters, Provider, ReasoningTokens, ResponseModel, RunId, Session, Stage,
    Step, SystemInstructions, Tags, Tier, TimeToFirstToken, Tool, ToolDefinitions, TotalTokens,
    UsageDetails, UserRef,
};
use super::Reading::{self, Instant, Path, Plain, Quoted, Seconds};
use super::{Field, Row};

const fn row(field: Field, dialect: Dialect, key: &'static str, reading: Reading) -> Row {
    Row { field, dialect, key, reading }
}

/// Every key that is known, grouped by field, in order of precedence.
#[rustfmt::skip]
pub const TABLE: &[Row] = &[
    row(Operation, OpenTelemetry, "gen_ai.operation.name", Plain),
    row(Operation, OpenInference, "openinference.span.kind", Plain),
    row(Operation, Langfuse, "langfuse.observation.type", Plain),
    row(Operation, Traceloop, "traceloop.span.kind", Plain),
    row(Operation, Traceloop, "llm.request.type", Plain),

    row(Provider, OpenTelemetry, "gen_ai.provider.name", Plain),
    row(Provider, OpenTelemetry, "gen_ai.system", Plain),
    row(Provider, OpenInference, "llm.provider", Plain),
    row(Provider, OpenInference, "llm.system", Plain),
    row(Provider, OpenInference, "decision.provider", Plain),
    row(Provider, OpenInference, "decision.system", Plain),

    row(Model, OpenTelemetry, "gen_ai.request.model", Plain),
    row(Model, OpenInference, "llm.request.model_name", Plain),
    row(Model, OpenInference, "decision.request.model_name", Plain),
    row(Model, OpenInference, "embedding.model_name", Plain),
    row(Model, OpenInference, "reranker.model_name", Plain),
    row(Model, Langfuse, "langfuse.observation.model.name", Plain),

    row(ResponseModel, OpenTelemetry, "gen_ai.response.model", Plain),
    row(ResponseModel, OpenInference, "llm.response.model_name", Plain),
    row(ResponseModel, OpenInference, "llm.model_name", Plain),
    row(ResponseModel, OpenInference, "decision.response.model_name", Plain),
    row(ResponseModel, OpenInference, "decision.model_name", Plain),

    row(Agent, Own, "researchflow.agent", Plain),
    row(Agent, OpenTelemetry, "gen_ai.agent.name", Plain),
    row(Agent, OpenInference, "agent.name", Plain),

    row(Tool, OpenTelemetry, "gen_ai.tool.name", Plain),
    row(Tool, OpenInference, "tool.name", Plain),

    row(ConversationId, OpenTelemetry, "gen_ai.conversation.id", Plain),

    row(Session, OpenTelemetry, "session.id", Plain),
    row(Session, Langfuse, "langfuse.session.id", Plain),
    row(Session, Traceloop, "traceloop.association.properties.session_id", Plain),
    row(Session, Traceloop, "traceloop.association.properties.langfuse_session_id", Plain),

    row(UserRef, OpenTelemetry, "user.id", Plain),
    row(UserRef, Langfuse, "langfuse.user.id", Plain),
    row(UserRef, OpenTelemetry, "enduser.id", Plain),
    row(UserRef, Traceloop, "traceloop.association.properties.user_id", Plain),
    row(UserRef, Traceloop, "gen_ai.user", Plain),
    row(UserRef, Traceloop, "llm.user", Plain),

    row(RunId, Own, "researchflow.run_id", Plain),
    row(Stage, Own, "researchflow.stage", Plain),
    row(Tier, Own, "researchflow.tier", Plain),
    row(ClientSequence, Own, "researchflow.client_sequence", Plain),
    row(Tags, Own, "researchflow.tags", Plain),
    row(Tags, OpenInference, "tag.tags", Plain),
    row(Tags, Langfuse, "langfuse.trace.tags", Plain),

    row(Step, Traceloop, "traceloop.entity.path", Plain),
    row(Step, Traceloop, "gen_ai.task.name", Plain),
    row(Step, OpenInference, "graph.node.name", Plain),
    row(Step, OpenTelemetry, "gen_ai.workflow.name", Plain),
    row(Step, Traceloop, "traceloop.workflow.name", Plain),
    row(Step, Langfuse, "langfuse.trace.name", Plain),

    row(Entity, Traceloop, "traceloop.entity.name", Plain),

    row(InputTokens, OpenTelemetry, "gen_ai.usage.input_tokens", Plain),
    row(InputTokens, OpenTelemetry, "gen_ai.usage.prompt_tokens", Plain),
    row(InputTokens, OpenInference, "llm.token_count.prompt", Plain),
    row(InputTokens, OpenInference, "decision.token_count.input", Plain),
    row(InputTokens, Traceloop, "llm.usage.prompt_tokens", Plain),

    row(OutputTokens, OpenTelemetry, "gen_ai.usage.output_tokens", Plain),
    row(OutputTokens, OpenTelemetry, "gen_ai.usage.completion_tokens", Plain),
    row(OutputTokens, OpenInference, "llm.token_count.completion", Plain),
    row(OutputTokens, OpenInference, "decision.token_count.output", Plain),
    row(OutputTokens, Traceloop, "llm.usage.completion_tokens", Plain),

    row(CacheReadTokens, OpenTelemetry, "gen_ai.usage.cache_read.input_tokens", Plain),
    row(CacheReadTokens, Traceloop, "gen_ai.usage.cache_read_input_tokens", Plain),
    row(CacheReadTokens, OpenTelemetry, "gen_ai.usage.cache_read_tokens", Plain),
    row(CacheReadTokens, OpenTelemetry, "gen_ai.usage.cached_input_tokens", Plain),
    row(CacheReadTokens, OpenTelemetry, "gen_ai.usage.input_tokens.cached", Plain),
    row(CacheReadTokens, OpenTelemetry, "gen_ai.usage.details.cache_read_tokens", Plain),
    row(CacheReadTokens, OpenTelemetry, "gen_ai.usage.details.cache_read_input_tokens", Plain),
    row(CacheReadTokens, OpenTelemetry, "gen_ai.usage.details.cached_tokens", Plain),
    row(CacheReadTokens, OpenInference, "llm.token_count.prompt_details.cache_read", Plain),
    row(CacheReadTokens, OpenInference, "llm.token_count.prompt_details.cache_input", Plain),

    row(CacheWriteTokens, OpenTelemetry, "gen_ai.usage.cache_write.input_tokens", Plain),
    row(CacheWriteTokens, OpenTelemetry, "gen_ai.usage.cache_creation.input_tokens", Plain),
    row(CacheWriteTokens, Traceloop, "gen_ai.usage.cache_creation_input_tokens", Plain),
    row(CacheWriteTokens, OpenTelemetry, "gen_ai.usage.cache_write_tokens", Plain),
    row(CacheWriteTokens, OpenTelemetry, "gen_ai.usage.details.cache_write_tokens", Plain),
    row(CacheWriteTokens, OpenTelemetry, "gen_ai.usage.details.cache_creation_input_tokens", Plain),
    row(CacheWriteTokens, OpenInference, "llm.token_count.prompt_details.cache_write", Plain),

    row(ReasoningTokens, OpenTelemetry, "gen_ai.usage.reasoning.output_tokens", Plain),
    row(ReasoningTokens, Traceloop, "gen_ai.usage.reasoning_tokens", Plain),
    row(ReasoningTokens, OpenTelemetry, "gen_ai.usage.output_tokens.reasoning", Plain),
    row(ReasoningTokens, OpenTelemetry, "gen_ai.usage.details.reasoning_tokens", Plain),
    row(ReasoningTokens, OpenInference, "llm.token_count.completion_details.reasoning", Plain),
    row(ReasoningTokens, Traceloop, "llm.usage.reasoning_tokens", Plain),

    row(TotalTokens, OpenTelemetry, "gen_ai.usage.total_tokens", Plain),
    row(TotalTokens, OpenInference, "llm.token_count.total", Plain),
    row(TotalTokens, Traceloop, "llm.usage.total_tokens", Plain),

    row(UsageDetails, Langfuse, "langfuse.observation.usage_details", Plain),

    row(Cost, OpenInference, "llm.cost.total", Plain),
    row(Cost, OpenTelemetry, "gen_ai.usage.cost", Plain),
    row(Cost, Langfuse, "langfuse.observation.cost_details", Plain),

    row(TimeToFirstToken, OpenTelemetry, "gen_ai.response.time_to_first_chunk", Seconds),
    row(TimeToFirstToken, OpenTelemetry, "gen_ai.response.time_to_first_token", Seconds),
    row(TimeToFirstToken, OpenTelemetry, "gen_ai.server.time_to_first_token", Seconds),
    row(TimeToFirstToken, Langfuse, "langfuse.observation.completion_start_time", Instant),

    row(Input, OpenTelemetry, "gen_ai.input.messages", Plain),
    row(Input, OpenTelemetry, "gen_ai.tool.call.arguments", Plain),
    row(Input, OpenTelemetry, "gen_ai.retrieval.query.text", Plain),
    row(Input, OpenInference, "llm.input_messages.", Path),
    row(Input, OpenInference, "llm.prompts.", Path),
    row(Input, OpenInference, "embedding.embeddings.", Path),
    row(Input, OpenInference, "reranker.query", Plain),
    row(Input, OpenInference, "reranker.input_documents.", Path),
    row(Input, Traceloop, "gen_ai.prompt.", Path),
    row(Input, OpenTelemetry, "gen_ai.prompt", Plain),
    row(Input, Traceloop, "llm.prompts", Plain),
    row(Input, Langfuse, "langfuse.observation.input", Plain),
    row(Input, Traceloop, "traceloop.entity.input", Quoted),
    row(Input, Traceloop, "gen_ai.task.input", Quoted),
    row(Input, OpenInference, "input.value", Plain),
    row(Input, OpenInference, "tool.parameters", Plain),
    row(Input, OpenInference, "input.images.", Path),
    row(Input, OpenInference, "input.documents.", Path),
    row(Input, Traceloop, "mcp.request.argument", Plain),
    row(Input, Langfuse, "langfuse.trace.input", Plain),

    row(SystemInstructions, OpenTelemetry, "gen_ai.system_instructions", Plain),

    row(ToolDefinitions, OpenTelemetry, "gen_ai.tool.definitions", Plain),
    row(ToolDefinitions, OpenInference, "llm.tools.", Path),
    row(ToolDefinitions, Traceloop, "llm.request.functions.", Path),

    row(Output, OpenTelemetry, "gen_ai.output.messages", Plain),
    row(Output, OpenTelemetry, "gen_ai.tool.call.result", Plain),
    row(Output, OpenTelemetry, "gen_ai.retrieval.documents", Plain),
    row(Output, OpenInference, "llm.output_messages.", Path),
    row(Output, OpenInference, "llm.choices.", Path),
    row(Output, OpenInference, "retrieval.documents.", Path),
    row(Output, OpenInference, "reranker.output_documents.", Path),
    row(Output, Traceloop, "gen_ai.completion.", Path),
    row(Output, OpenTelemetry, "gen_ai.completion", Plain),
    row(Output, Traceloop, "llm.completions", Plain),
    row(Output, Langfuse, "langfuse.observation.output", Plain),
    row(Output, Traceloop, "traceloop.entity.output", Quoted),
    row(Output, Traceloop, "gen_ai.task.output", Quoted),
    row(Output, OpenInference, "output.value", Plain),
    row(Output, OpenInference, "llm.function_call", Plain),
    row(Output, OpenInference, "output.images.", Path),
    row(Output, OpenInference, "output.documents.", Path),
    row(Output, OpenTelemetry, "gen_ai.evaluation.explanation", Plain),
    row(Output, Traceloop, "mcp.response.value", Plain),
    row(Output, Langfuse, "langfuse.trace.output", Plain),

    row(ErrorType, OpenTelemetry, "error.type", Plain),
    row(ErrorType, OpenTelemetry, "exception.type", Plain),
    row(ErrorMessage, OpenTelemetry, "exception.message", Plain),
    row(ErrorMessage, OpenTelemetry, "error.message", Plain),
    row(ErrorMessage, Langfuse, "langfuse.observation.status_message", Plain),
    row(Level, Langfuse, "langfuse.observation.level", Plain),

    row(Parameters, OpenInference, "llm.invocation_parameters", Plain),
    row(Parameters, OpenInference, "embedding.invocation_parameters", Plain),
    row(Parameters, Langfuse, "langfuse.observation.model.parameters", Plain),

    row(Metadata, OpenInference, "metadata", Plain),
    row(Metadata, Langfuse, "langfuse.observation.metadata", Quoted),
    row(Metadata, Langfuse, "langfuse.observation.metadata.", Quoted),
    row(Metadata, Langfuse, "langfuse.trace.metadata", Quoted),
    row(Metadata, Langfuse, "langfuse.trace.metadata.", Quoted),

    row(Dropped, OpenTelemetry, "exception.stacktrace", Plain),
    row(Dropped, OpenInference, "input.mime_type", Plain),
    row(Dropped, OpenInference, "output.mime_type", Plain),
    row(Dropped, OpenInference, "llm.prompt_template.template", Plain),
    row(Dropped, OpenInference, "llm.prompt_template.variables", Plain),
    row(Dropped, Traceloop, "traceloop.prompt.template", Plain),
    row(Dropped, Traceloop, "traceloop.prompt.template_variables", Plain),
    row(Dropped, Traceloop, "gen_ai.headers", Plain),
    row(Dropped, Traceloop, "llm.headers", Plain),
    row(Dropped, Langfuse, "langfuse.experiment.item.expected_output", Plain),
    row(Dropped, Langfuse, "langfuse.internal.", Plain),
];
