//! What acts are called.

use serde::Deserialize;
use utoipa::openapi::schema::Type;
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

/// The name of an act, as records have it.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct ActName(String);

/// Those of all acts.
const NAMES: [&str; 31] = [
    "project_created",
    "project_changed",
    "project_deleted",
    "project_erased",
    "member_set",
    "member_removed",
    "key_created",
    "key_revoked",
    "key_rotated",
    "user_created",
    "user_disabled",
    "user_enabled",
    "signed_in",
    "identity_linked",
    "sign_in_refused",
    "sign_in_blocked",
    "signed_out",
    "sessions_ended",
    "password_changed",
    "password_reset",
    "second_factor_enabled",
    "second_factor_disabled",
    "second_factor_reset",
    "recovery_codes_replaced",
    "recovery_code_used",
    "report_created",
    "exported",
    "ledger_key_rotated",
    "access_refused",
    "dead_letter_retried",
    "dead_letter_dropped",
];

impl ActName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for ActName {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        if NAMES.contains(&name.as_str()) {
            Ok(Self(name))
        } else {
            Err(format!("must be one of {}", NAMES.join(", ")))
        }
    }
}

impl PartialSchema for ActName {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new().schema_type(Type::String).enum_values(Some(NAMES)).into()
    }
}

impl ToSchema for ActName {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Act;

    /// Serde tells them all, when it knows one not.
    #[test]
    fn every_act_has_its_name() {
        let error = serde_json::from_str::<Act>(r#"{"action":"?"}"#).unwrap_err().to_string();
        let names: Vec<&str> = error.split('`').skip(3).step_by(2).collect();
        assert_eq!(names, NAMES);
    }
}
