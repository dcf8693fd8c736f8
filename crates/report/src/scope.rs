//! What the report is about, and the rules that its records were taken in under.

use invocation::{ContentPolicy, GovernanceMode, Record, Timestamp};
use serde::{Deserialize, Serialize};

/// What to report on. The caller chooses the records; this says by which rule.
#[derive(Debug, Clone)]
pub struct Scope {
    /// The project's id.
    pub project_id: String,
    /// The project's name.
    pub project_name: String,
    /// The project's governance mode now.
    pub governance_mode: GovernanceMode,
    /// The project's content policy now.
    pub content_policy: ContentPolicy,
    /// The one run that the records belong to; `None` for all.
    pub run_id: Option<String>,
    /// The records' `occurred_at` is not before this.
    pub from: Option<Timestamp>,
    /// The records' `occurred_at` is before this.
    pub to: Option<Timestamp>,
}

/// What the report is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ScopeSection {
    /// The project's id.
    pub project_id: String,
    /// The project's name.
    pub project_name: String,
    /// The run, for a report on one.
    pub run_id: Option<String>,
    /// Start of the period, included; null without one.
    pub from: Option<Timestamp>,
    /// End of the period, excluded; null without one.
    pub to: Option<Timestamp>,
    /// When the first of the invocations started.
    pub first_occurred_at: Option<Timestamp>,
    /// When the last of them started.
    pub last_occurred_at: Option<Timestamp>,
    /// The project's governance mode when the report was made.
    pub governance_mode: GovernanceMode,
    /// The project's content policy when the report was made.
    pub content_policy: ContentPolicy,
    /// The modes that the records were taken in under.
    pub governance_modes: GovernanceModes,
    /// The policies that the records were taken in under.
    pub content_policies: ContentPolicies,
}

/// How many records were taken in under each governance mode.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GovernanceModes {
    /// PHI was redacted.
    pub standard: u64,
    /// A text with PHI was dropped.
    pub strict: u64,
}

/// How many records were taken in under each content policy.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ContentPolicies {
    /// A keyed digest was kept.
    pub hash_only: u64,
    /// The redacted text was kept too.
    pub redacted: u64,
}

/// The section while it is counted.
#[derive(Default)]
pub(crate) struct ScopeCounter {
    span: Option<(Timestamp, Timestamp)>,
    modes: GovernanceModes,
    policies: ContentPolicies,
}

impl ScopeCounter {
    pub(crate) fn add(&mut self, record: &Record) {
        widen(&mut self.span, record.occurred_at);
        match record.governance_mode {
            GovernanceMode::Standard => self.modes.standard += 1,
            GovernanceMode::Strict => self.modes.strict += 1,
        }
        match record.content_policy {
            ContentPolicy::HashOnly => self.policies.hash_only += 1,
            ContentPolicy::Redacted => self.policies.redacted += 1,
        }
    }

    pub(crate) fn finish(self, scope: Scope) -> ScopeSection {
        ScopeSection {
            project_id: scope.project_id,
            project_name: scope.project_name,
            run_id: scope.run_id,
            from: scope.from,
            to: scope.to,
            first_occurred_at: self.span.map(|(first, _)| first),
            last_occurred_at: self.span.map(|(_, last)| last),
            governance_mode: scope.governance_mode,
            content_policy: scope.content_policy,
            governance_modes: self.modes,
            content_policies: self.policies,
        }
    }
}

/// Makes a span reach to `time`.
pub(crate) fn widen(span: &mut Option<(Timestamp, Timestamp)>, time: Timestamp) {
    let (first, last) = span.unwrap_or((time, time));
    *span = Some((first.min(time), last.max(time)));
}
