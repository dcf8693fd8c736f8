//! What is kept of an act.

use crate::ledger::{Erasure, Log};
use invocation::Timestamp;
use serde::{Deserialize, Serialize};

/// Who acted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", content = "id", rename_all = "snake_case")]
pub enum Actor {
    /// A user, by id.
    User(String),
    /// An API key, by id.
    Key(String),
    /// Somebody with a shell on the service's machine.
    Operator,
    /// The service itself.
    System,
}

impl Actor {
    /// One text for the database.
    pub fn label(&self) -> String {
        match self {
            Self::User(id) => format!("user:{id}"),
            Self::Key(id) => format!("key:{id}"),
            Self::Operator => "operator".to_owned(),
            Self::System => "system".to_owned(),
        }
    }
}

/// What was done. Ids only: no names, no emails, no text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Act {
    ProjectCreated,
    ProjectChanged { settings: serde_json::Value },
    ProjectDeleted,
    ProjectErased { erasure: Erasure },
    MemberSet { user_id: String, role: String },
    MemberRemoved { user_id: String },
    KeyCreated { key_id: String, scopes: Vec<String> },
    KeyRevoked { key_id: String },
    UserCreated { user_id: String, is_admin: bool },
    UserDisabled { user_id: String },
    SignedIn { user_id: String },
    SignInRefused,
    SignedOut { user_id: String },
    ReportCreated { report_id: String, sha256: String },
    Exported { what: String },
    LedgerKeyRotated { log: Log, from: String, to: String },
}

/// An act as it is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// 1.
    pub schema_version: u32,
    /// When.
    pub occurred_at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// In which project, if in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
    /// What.
    #[serde(flatten)]
    pub act: Act,
}
