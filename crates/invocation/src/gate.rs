//! Event → record: every text is scanned before anything is kept. The scan fails closed.

use crate::record::{CostSource, PhiAction, PhiScan, Record, RecordedCost, Source, is_model_call};
use crate::texts::{self, Replace};
use crate::{Content, Event, EventId, HashRef, Label, Timestamp};
use hmac::{Hmac, KeyInit, Mac};
use phi::{Counts, Pseudonyms};
use pricing::PriceTable;
use serde::{Deserialize, Serialize};
use sha2::Sha256;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What is kept of inputs and outputs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContentPolicy {
    /// A keyed digest (HMAC-SHA-256) and nothing else.
    #[default]
    HashOnly,
    /// The digest and the redacted text.
    Redacted,
}

/// What happens to text with patient data in it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GovernanceMode {
    /// It is redacted.
    #[default]
    Standard,
    /// The event's text is dropped and the event flagged.
    Strict,
}

/// A project's rules and keys for what may be kept. The one way from [`Event`] to [`Record`].
#[derive(Clone)]
pub struct Gate {
    policy: ContentPolicy,
    mode: GovernanceMode,
    content_key: [u8; 32],
    pseudonym_key: [u8; 32],
}

/// What the service adds to an event when it takes it in.
pub struct Admission<'a> {
    /// The project's id.
    pub project_id: &'a str,
    /// The id of the API key that sent it, if it came by one.
    pub key_id: Option<&'a str>,
    /// The way it came.
    pub source: Source,
    /// When it came.
    pub recorded_at: Timestamp,
    /// What calls cost.
    pub prices: &'a PriceTable,
    /// Makes an id for an event that has none.
    pub new_event_id: &'a dyn Fn() -> EventId,
}

/// Stands in the place of a text that could not be scanned.
const UNSCANNED: &str = "[UNSCANNED]";

impl Gate {
    /// A gate whose content digests and pseudonyms are keyed by `secret`, the project's own.
    pub fn new(policy: ContentPolicy, mode: GovernanceMode, secret: &[u8; 32]) -> Self {
        let content_key = mac(secret, &[b"researchflow content digest"]);
        let pseudonym_key = mac(secret, &[b"researchflow pseudonyms"]);
        Self { policy, mode, content_key, pseudonym_key }
    }

    /// Cleans and prices an event.
    pub fn admit(&self, mut event: Event, admission: &Admission<'_>) -> Record {
        let input_hash = self.digest(event.input.as_ref(), event.input_hash.take());
        let output_hash = self.digest(event.output.as_ref(), event.output_hash.take());
        let scan = self.clean(&mut event);
        if self.policy == ContentPolicy::HashOnly {
            event.input = None;
            event.output = None;
        }
        let occurred_at = event.occurred_at.unwrap_or(admission.recorded_at);
        let cost = price(&event, occurred_at, admission.prices);
        let event_id = event.event_id.take().unwrap_or_else(admission.new_event_id);
        Record {
            schema_version: crate::SCHEMA_VERSION,
            project_id: admission.project_id.to_owned(),
            key_id: admission.key_id.map(str::to_owned),
            source: admission.source,
            spooled: false,
            recorded_at: admission.recorded_at,
            content_policy: self.policy,
            governance_mode: self.mode,
            phi_scan: scan,
            event_id,
            occurred_at,
            run_id: event.run_id,
            stage: event.stage,
            client_sequence: event.client_sequence,
            trace_id: event.trace_id,
            span_id: event.span_id,
            parent_span_id: event.parent_span_id,
            operation: event.operation,
            provider: event.provider,
            model: event.model,
            response_model: event.response_model,
            tier: event.tier,
            agent: event.agent,
            tool: event.tool,
            conversation_id: event.conversation_id,
            user_ref: event.user_ref,
            status: event.status,
            error_type: event.error_type,
            latency_ms: event.latency_ms,
            time_to_first_token_ms: event.time_to_first_token_ms,
            usage: event.usage,
            cost_usd: cost.as_ref().map(|(usd, _)| *usd),
            cost: cost.map(|(_, provenance)| provenance),
            input: event.input,
            output: event.output,
            input_hash,
            output_hash,
            tags: event.tags,
            attributes: event.attributes,
        }
    }

    fn digest(&self, content: Option<&Content>, told: Option<HashRef>) -> Option<HashRef> {
        let Some(content) = content else { return told };
        let bytes = content.digest_bytes().ok()?;
        Some(HashRef::hmac_sha256(&mac(&self.content_key, &[&bytes])))
    }

    fn clean(&self, event: &mut Event) -> PhiScan {
        let run = event.run_id.as_ref().map_or("", |run| run.as_str());
        let pseudonyms = Pseudonyms::new(&mac(&self.pseudonym_key, &[b"run", run.as_bytes()]));
        let mut cleaner =
            Cleaner { gate: self, pseudonyms, counts: Counts::default(), failed: false };
        cleaner.clean(event);
        let found = !cleaner.counts.is_empty();
        let action = match (cleaner.failed, found, self.mode) {
            (true, ..) => PhiAction::FailedClosed,
            (false, false, _) => PhiAction::None,
            (false, true, GovernanceMode::Standard) => PhiAction::Redacted,
            (false, true, GovernanceMode::Strict) => PhiAction::Dropped,
        };
        if self.mode == GovernanceMode::Strict && action != PhiAction::None {
            event.input = None;
            event.output = None;
            event.tags.clear();
            event.attributes = crate::Attributes::default();
        }
        PhiScan::new(&cleaner.counts, action)
    }
}

struct Cleaner<'a> {
    gate: &'a Gate,
    pseudonyms: Pseudonyms,
    counts: Counts,
    failed: bool,
}

impl Cleaner<'_> {
    fn clean(&mut self, event: &mut Event) {
        texts::names(event, self);
        texts::tags(&mut event.tags, self);
        texts::attributes(&mut event.attributes, self);
        if let Some(input) = &mut event.input {
            texts::content("input", input, self);
        }
        if let Some(output) = &mut event.output {
            texts::content("output", output, self);
        }
    }
}

impl Replace for Cleaner<'_> {
    fn replace(&mut self, label: &str, text: &str) -> Option<String> {
        let mut found = Counts::default();
        let scan = || {
            phi::clean(label, text, &self.pseudonyms, &mut found).map(|clean| match clean {
                std::borrow::Cow::Borrowed(_) => None,
                std::borrow::Cow::Owned(clean) => Some(clean),
            })
        };
        let Ok(Ok(clean)) = catch_unwind(AssertUnwindSafe(scan)) else {
            self.failed = true;
            return Some(UNSCANNED.to_owned());
        };
        self.counts.merge(&found);
        // Two ids must not become one because a short tag is the same for both.
        let is_id = matches!(label, "event_id" | "run_id" | "conversation_id" | "user_ref");
        clean.map(|clean| if is_id { self.gate.opaque_id(label, text) } else { clean })
    }
}

impl Gate {
    fn opaque_id(&self, label: &str, id: &str) -> String {
        let digest = mac(&self.pseudonym_key, &[label.as_bytes(), id.as_bytes()]);
        let digits: String = digest.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        format!("phi-{digits}")
    }
}

/// What a call cost: as its sender told, else by the price table. Spans that only hold other calls
/// (agents, chains, tools) cost nothing of their own: their tokens are their children's.
fn price(
    event: &Event,
    at: Timestamp,
    prices: &PriceTable,
) -> Option<(pricing::Usd, RecordedCost)> {
    if let Some(usd) = event.cost_usd {
        return Some((usd, RecordedCost { source: CostSource::Reported, table: None }));
    }
    let model = event.response_model.as_ref().or(event.model.as_ref())?;
    if event.usage.is_empty() || !is_model_call(event.operation.as_ref()) {
        return None;
    }
    let look_up = |model: &str| {
        let query = pricing::Query {
            provider: event.provider.as_ref().map(Label::as_str),
            model,
            at: at.date()?,
            tokens: event.usage.tokens(),
        };
        if is_batch(event) { prices.price_batch(&query) } else { prices.price(&query) }
    };
    // A deployment's own name may answer for a model that the table knows only as it was asked for.
    let asked = event.model.as_ref();
    let cost = look_up(model.as_str()).or_else(|| look_up(asked?.as_str()))?;
    let usd = pricing::Usd::from_nano(cost.nano_usd);
    Some((usd, RecordedCost { source: CostSource::Table, table: Some(cost) }))
}

/// Whether the provider says that the call ran in a batch, which costs less.
fn is_batch(event: &Event) -> bool {
    const SERVICE_TIER: [&str; 4] = [
        "service_tier",
        "gen_ai.openai.request.service_tier",
        "openai.request.service_tier",
        "openai.response.service_tier",
    ];
    let attributes = event.attributes.as_map();
    SERVICE_TIER.iter().any(|key| attributes.get(*key).is_some_and(|tier| tier == "batch"))
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    #[expect(clippy::expect_used, reason = "HMAC takes keys of any length")]
    let mut mac = <Hmac<Sha256> as KeyInit>::new_from_slice(key).expect("any key length");
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}
