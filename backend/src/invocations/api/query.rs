//! The filters that lists and exports share.

use crate::edge::{Cursor, Limit, in_order};
use crate::error::ApiError;
use crate::invocations::store::{Filter, Page};
use invocation::Timestamp;
use phi::Class;
use serde::Deserialize;
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// Which invocations, from where, and how many.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct ListQuery {
    run: Option<String>,
    stage: Option<String>,
    from: Option<Timestamp>,
    to: Option<Timestamp>,
    model: Option<String>,
    provider: Option<String>,
    tier: Option<String>,
    status: Option<String>,
    agent: Option<String>,
    tag: Option<String>,
    phi: Option<PhiClass>,
    pub(super) limit: Option<Limit>,
    pub(super) cursor: Option<Cursor>,
    pub(super) format: Option<Format>,
}

/// A class of patient data.
#[derive(Debug, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct PhiClass(Class);

impl TryFrom<String> for PhiClass {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let unknown = |_| format!("must be one of {}", Class::ALL.map(Class::as_str).join(", "));
        name.parse().map(Self).map_err(unknown)
    }
}

impl PartialSchema for PhiClass {
    fn schema() -> RefOr<Schema> {
        let names = Class::ALL.map(Class::as_str);
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(names)).into()
    }
}

impl ToSchema for PhiClass {}

/// What the cursors of the list are marked with.
pub(super) const LIST: &str = "invocations";

/// How an export is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Format {
    /// A record a line.
    Ndjson,
    /// A row a record.
    Csv,
}

impl ListQuery {
    pub(super) fn page(&self) -> Result<Page, ApiError> {
        let after = self.cursor.as_ref().map(|it| it.numbers::<2>(LIST)).transpose()?;
        let after = after.map(|[time, index]| (time, index));
        Ok(Page { after, limit: self.limit.unwrap_or_default().get() })
    }

    pub(super) fn filter(self) -> Result<Filter, ApiError> {
        one_of("/tier", self.tier.as_deref(), &["nano", "mini", "frontier"])?;
        one_of("/status", self.status.as_deref(), &["ok", "error", "blocked"])?;
        in_order(self.from, self.to)?;
        Ok(Filter {
            run: self.run,
            stage: self.stage,
            from: self.from.map(Timestamp::micros),
            to: self.to.map(Timestamp::micros),
            model: self.model,
            provider: self.provider,
            tier: self.tier,
            status: self.status,
            agent: self.agent,
            tag: self.tag,
            phi: self.phi.map(|PhiClass(class)| class.to_string()),
        })
    }
}

fn one_of(pointer: &str, value: Option<&str>, known: &[&str]) -> Result<(), ApiError> {
    match value {
        Some(value) if !known.contains(&value) => {
            Err(ApiError::field(pointer, format!("must be one of {}", known.join(", "))))
        }
        _ => Ok(()),
    }
}
