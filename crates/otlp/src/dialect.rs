//! Which attribute fills which field: the words that the table is written in, and the rules that
//! hold for each field.

mod table;

pub use table::TABLE;

/// Whose spelling a key is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Dialect {
    /// ResearchFlow's own.
    Own,
    /// OpenTelemetry's GenAI semantic conventions, all versions of them.
    OpenTelemetry,
    /// OpenInference (Arize).
    OpenInference,
    /// OpenLLMetry (Traceloop).
    Traceloop,
    /// Langfuse's SDKs.
    Langfuse,
}

/// What a key's value is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "named as the event's fields where they are one")]
pub enum Field {
    Operation,
    Provider,
    Model,
    ResponseModel,
    Agent,
    Tool,
    ConversationId,
    /// Stands for the run where none is named.
    Session,
    UserRef,
    RunId,
    Stage,
    /// The enclosing step; stands for the stage where none is named.
    Step,
    /// The name of the agent, tool, task or workflow that the span itself is.
    Entity,
    Tier,
    ClientSequence,
    Tags,
    InputTokens,
    OutputTokens,
    CacheReadTokens,
    CacheWriteTokens,
    ReasoningTokens,
    /// Only tells whether a part is counted in its whole; not kept.
    TotalTokens,
    /// Langfuse's usage object.
    UsageDetails,
    Cost,
    TimeToFirstToken,
    Input,
    /// What the model is told before the messages; part of the input.
    SystemInstructions,
    /// What the model may call; part of the input.
    ToolDefinitions,
    Output,
    ErrorType,
    ErrorMessage,
    /// Langfuse's severity.
    Level,
    /// The request's parameters: kept in the attributes without what may be content; may name the
    /// model.
    Parameters,
    /// Kept in the attributes as the structure that its JSON text tells.
    Metadata,
    /// Not kept: content told elsewhere, or of no use.
    Dropped,
}

impl Field {
    pub(crate) const COUNT: usize = Self::Dropped as usize + 1;

    /// Whether a span with this is AI work. The others also stand on plain spans, since SDKs put
    /// session, user, agent and workflow on everything that happens within.
    pub(crate) const fn marks_ai_work(self) -> bool {
        !matches!(
            self,
            Self::Agent
                | Self::ConversationId
                | Self::Session
                | Self::UserRef
                | Self::RunId
                | Self::Stage
                | Self::Step
                | Self::Tier
                | Self::ClientSequence
                | Self::Tags
                | Self::ErrorType
                | Self::ErrorMessage
                | Self::Level
                | Self::Metadata
                | Self::Dropped
        )
    }

    /// Whether the value counts something, so that one which is no whole number says nothing.
    pub(crate) const fn is_count(self) -> bool {
        matches!(
            self,
            Self::ClientSequence
                | Self::InputTokens
                | Self::OutputTokens
                | Self::CacheReadTokens
                | Self::CacheWriteTokens
                | Self::ReasoningTokens
                | Self::TotalTokens
        )
    }
}

/// How the value is to be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reading {
    /// As it is; content and metadata that look like JSON are parsed.
    Plain,
    /// Always JSON text, so that a plain text stands in quotes.
    Quoted,
    /// One leaf of a structure, whose path is the rest of the key: `….0.message.content`.
    Path,
    /// A duration in seconds.
    Seconds,
    /// An instant as an RFC 3339 text, in quotes or not.
    Instant,
}

/// One key and what it tells.
#[derive(Debug, Clone, Copy)]
pub struct Row {
    /// What it is for.
    pub field: Field,
    /// Whose it is.
    pub dialect: Dialect,
    /// The attribute's key; one that ends in a dot stands for all that begin with it.
    pub key: &'static str,
    /// How its value is read.
    pub reading: Reading,
}
