//! What is kept of an act.

use crate::edge::TurnId;
use crate::ledger::{Erasure, Log};
use invocation::Timestamp;
use serde::{Deserialize, Serialize};
use std::net::IpAddr;
use std::str::FromStr;

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

impl FromStr for Actor {
    type Err = &'static str;

    /// Reads what [`Actor::label`] writes.
    fn from_str(label: &str) -> Result<Self, Self::Err> {
        match label.split_once(':') {
            Some(("user", id)) if !id.is_empty() => Ok(Self::User(id.to_owned())),
            Some(("key", id)) if !id.is_empty() => Ok(Self::Key(id.to_owned())),
            None if label == "operator" => Ok(Self::Operator),
            None if label == "system" => Ok(Self::System),
            _ => Err("must be user:<id>, key:<id>, operator or system"),
        }
    }
}

/// Who acts, from where and in which request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Who {
    /// Who acts.
    pub actor: Actor,
    /// The client's address, if it came over the network.
    pub address: Option<IpAddr>,
    /// The request's id, if it was a request.
    pub request_id: Option<String>,
    /// Whose turn it is under its Idempotency-Key, if it has one. It is not kept with the act.
    pub turn: Option<TurnId>,
}

impl From<Actor> for Who {
    fn from(actor: Actor) -> Self {
        Self { actor, address: None, request_id: None, turn: None }
    }
}

/// How it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outcome {
    /// It was done.
    Done,
    /// It was refused.
    Refused,
}

/// What was done. Ids only: no names, no emails, no text.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "action", rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names say it")]
pub enum Act {
    ProjectCreated,
    ProjectChanged {
        settings: serde_json::Value,
    },
    ProjectDeleted,
    ProjectErased {
        erasure: Erasure,
    },
    MemberSet {
        user_id: String,
        role: String,
    },
    MemberRemoved {
        user_id: String,
    },
    KeyCreated {
        key_id: String,
        scopes: Vec<String>,
    },
    KeyRevoked {
        key_id: String,
    },
    KeyRotated {
        key_id: String,
        successor: String,
    },
    UserCreated {
        user_id: String,
        is_admin: bool,
    },
    UserDisabled {
        user_id: String,
    },
    UserEnabled {
        user_id: String,
    },
    SignedIn {
        user_id: String,
        /// The OpenID provider that says who they are, if it was one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        issuer: Option<String>,
    },
    IdentityLinked {
        user_id: String,
        issuer: String,
    },
    SignInRefused {
        /// Whose account it was tried at, if there is one.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user_id: Option<String>,
    },
    SignInBlocked {
        /// As above.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        user_id: Option<String>,
        /// What has to wait from now on: the `account`, the `device` or the `address`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        delayed: Option<String>,
    },
    SignedOut {
        user_id: String,
    },
    SessionsEnded {
        user_id: String,
        count: u64,
    },
    PasswordChanged {
        user_id: String,
    },
    PasswordReset {
        user_id: String,
    },
    SecondFactorEnabled {
        user_id: String,
    },
    SecondFactorDisabled {
        user_id: String,
    },
    SecondFactorReset {
        user_id: String,
    },
    RecoveryCodesReplaced {
        user_id: String,
    },
    RecoveryCodeUsed {
        user_id: String,
    },
    ReportCreated {
        report_id: String,
        sha256: String,
    },
    Exported {
        what: String,
    },
    LedgerKeyRotated {
        log: Log,
        from: String,
        to: String,
    },
    AccessRefused {
        wanted: String,
    },
    DeadLetterRetried {
        index: u64,
    },
    DeadLetterDropped {
        index: u64,
    },
}

impl Act {
    pub(super) fn outcome(&self) -> Outcome {
        match self {
            Self::SignInRefused { .. }
            | Self::SignInBlocked { .. }
            | Self::AccessRefused { .. } => Outcome::Refused,
            _ => Outcome::Done,
        }
    }
}

/// An act as it is sealed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuditRecord {
    /// 2; records of version 1 have no address, request id and outcome.
    pub schema_version: u32,
    /// When.
    pub occurred_at: Timestamp,
    /// Who.
    pub actor: Actor,
    /// From where.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub address: Option<IpAddr>,
    /// In which request.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// In which project, if in one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
    /// How it ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub outcome: Option<Outcome>,
    /// What.
    #[serde(flatten)]
    pub act: Act,
}

impl AuditRecord {
    pub(super) fn new(
        occurred_at: Timestamp,
        who: Who,
        project_id: Option<&str>,
        act: Act,
    ) -> Self {
        Self {
            schema_version: 2,
            occurred_at,
            actor: who.actor,
            address: who.address,
            request_id: who.request_id,
            project_id: project_id.map(str::to_owned),
            outcome: Some(act.outcome()),
            act,
        }
    }
}
