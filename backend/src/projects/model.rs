//! What a project is made of.

use crate::error::ApiError;
use invocation::{ContentPolicy, GovernanceMode};
use serde::{Deserialize, Serialize};

/// A project's name: 1 to 100 characters.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, min_length = 1, max_length = 100)]
pub struct Name(String);

/// A project's name in paths: 1 to 63 lower-case letters, digits and inner hyphens.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(try_from = "String", into = "String")]
#[schema(value_type = String, min_length = 1, max_length = 63, pattern = "^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")]
pub struct Slug(String);

impl Name {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for Name {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let text = text.trim().to_owned();
        let fits = (1..=100).contains(&text.chars().count()) && !text.chars().any(char::is_control);
        if fits {
            Ok(Self(text))
        } else {
            Err("must have 1 to 100 characters and no control characters")
        }
    }
}

impl From<Name> for String {
    fn from(name: Name) -> Self {
        name.0
    }
}

impl Slug {
    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The slug that follows from a name; `None` if nothing of it can stand in one.
    pub fn of(name: &Name) -> Option<Self> {
        let mapped: String = name
            .0
            .chars()
            .map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_lowercase() } else { '-' })
            .collect();
        let words: Vec<&str> = mapped.split('-').filter(|word| !word.is_empty()).collect();
        let joined: String = words.join("-").chars().take(63).collect();
        Self::try_from(joined.trim_end_matches('-').to_owned()).ok()
    }
}

impl TryFrom<String> for Slug {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        let letters =
            text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-');
        let ends = !text.starts_with('-') && !text.ends_with('-');
        if !(1..=63).contains(&text.len()) || !letters || !ends {
            return Err("must have 1 to 63 lower-case letters, digits and inner hyphens");
        }
        if uuid::Uuid::try_parse(&text).is_ok() {
            return Err("must not look like a project's id");
        }
        Ok(Self(text))
    }
}

impl From<Slug> for String {
    fn from(slug: Slug) -> Self {
        slug.0
    }
}

/// A project's rules.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Settings {
    /// What happens to text with patient data in it.
    pub governance_mode: GovernanceMode,
    /// What is kept of inputs and outputs.
    pub content_policy: ContentPolicy,
}

/// Settings to change; what is absent stays.
#[derive(Debug, Clone, Copy, Default, Deserialize, utoipa::ToSchema)]
#[serde(deny_unknown_fields, default)]
pub(super) struct SettingsChange {
    /// `standard` redacts patient data; `strict` drops all text of an event that has any.
    #[schema(value_type = Option<String>, pattern = "^(standard|strict)$")]
    governance_mode: Option<GovernanceMode>,
    /// `hash_only` keeps keyed digests of inputs and outputs; `redacted` their redacted text too.
    #[schema(value_type = Option<String>, pattern = "^(hash_only|redacted)$")]
    content_policy: Option<ContentPolicy>,
}

impl Settings {
    /// As a row has them.
    ///
    /// # Errors
    /// The text is not of this version.
    pub(super) fn read(text: &str) -> Result<Self, ApiError> {
        serde_json::from_str(text).map_err(ApiError::internal)
    }

    pub(super) fn changed(self, by: SettingsChange) -> Self {
        Self {
            governance_mode: by.governance_mode.unwrap_or(self.governance_mode),
            content_policy: by.content_policy.unwrap_or(self.content_policy),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slug_follows_from_a_name() {
        let slug =
            |name: &str| Slug::of(&Name::try_from(name.to_owned()).unwrap()).map(String::from);
        assert_eq!(slug("Trial 7: Café  Arm B").as_deref(), Some("trial-7-caf-arm-b"));
        assert_eq!(slug("日本"), None);
    }
}
