//! The one table of who may do what in a project.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// A user's role in a project; each includes those before it.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads.
    Viewer,
    /// Sends events, exports, makes reports.
    Researcher,
    /// Changes settings, manages keys.
    Operator,
    /// Manages members, deletes the project.
    Admin,
}

/// What an API key may be used for.
#[derive(
    Debug,
    Clone,
    Copy,
    PartialEq,
    Eq,
    PartialOrd,
    Ord,
    Serialize,
    Deserialize,
    clap::ValueEnum,
    utoipa::ToSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Sending events.
    Ingest,
    /// Reading, exporting, reports.
    Read,
    /// Calling models through the gateway.
    Gateway,
    /// Settings and keys.
    Manage,
}

/// Something that can be done in a project.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[expect(missing_docs, reason = "the names say it")]
pub enum Action {
    ReadProject,
    ChangeProject,
    DeleteProject,
    ReadMembers,
    ManageMembers,
    ManageKeys,
    SendEvents,
    ReadEvents,
    ExportEvents,
    ReadCosts,
    ReadReports,
    CreateReports,
    ReadAudit,
}

impl Action {
    /// The table: the name, the least role, and the scope for keys, if keys may at all.
    const fn row(self) -> (&'static str, Role, Option<Scope>) {
        match self {
            Self::ReadProject => ("read_project", Role::Viewer, Some(Scope::Read)),
            Self::ChangeProject => ("change_project", Role::Operator, Some(Scope::Manage)),
            Self::DeleteProject => ("delete_project", Role::Admin, None),
            Self::ReadMembers => ("read_members", Role::Viewer, Some(Scope::Manage)),
            Self::ManageMembers => ("manage_members", Role::Admin, None),
            Self::ManageKeys => ("manage_keys", Role::Operator, Some(Scope::Manage)),
            Self::SendEvents => ("send_events", Role::Researcher, Some(Scope::Ingest)),
            Self::ReadEvents => ("read_events", Role::Viewer, Some(Scope::Read)),
            Self::ExportEvents => ("export_events", Role::Researcher, Some(Scope::Read)),
            Self::ReadCosts => ("read_costs", Role::Viewer, Some(Scope::Read)),
            Self::ReadReports => ("read_reports", Role::Viewer, Some(Scope::Read)),
            Self::CreateReports => ("create_reports", Role::Researcher, Some(Scope::Read)),
            Self::ReadAudit => ("read_audit", Role::Operator, Some(Scope::Manage)),
        }
    }
}

impl Action {
    /// As the audit trail names it.
    pub const fn name(self) -> &'static str {
        self.row().0
    }
}

/// Whether a role allows an action.
pub fn role_may(role: Role, action: Action) -> bool {
    role >= action.row().1
}

/// Whether a key with these scopes may do it.
pub fn key_may(scopes: &[Scope], action: Action) -> bool {
    action.row().2.is_some_and(|scope| scopes.contains(&scope))
}

macro_rules! named {
    ($type:ident { $($variant:ident = $name:literal),* $(,)? }) => {
        impl $type {
            /// As it stands in JSON and in the database.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name),* }
            }
        }

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }

        impl FromStr for $type {
            type Err = String;

            fn from_str(text: &str) -> Result<Self, String> {
                match text {
                    $($name => Ok(Self::$variant),)*
                    _ => Err([$($name),*].join(", ")),
                }
            }
        }
    };
}

named!(Role { Viewer = "viewer", Researcher = "researcher", Operator = "operator", Admin = "admin" });
named!(Scope { Ingest = "ingest", Read = "read", Gateway = "gateway", Manage = "manage" });

impl Scope {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Ingest, Self::Read, Self::Gateway, Self::Manage];

    /// As they stand in the database.
    pub fn join(scopes: &[Self]) -> String {
        scopes.iter().map(|scope| scope.as_str()).collect::<Vec<_>>().join(" ")
    }

    /// From the database; what is unknown gives nothing.
    pub fn split(text: &str) -> Vec<Self> {
        text.split_whitespace().filter_map(|name| name.parse().ok()).collect()
    }
}
