//! What readers see of a project.

use super::model::Settings;
use super::store::ProjectRow;
use crate::error::ApiError;
use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use actix_web::http::header::HeaderValue;
use actix_web::web::Bytes;
use invocation::Timestamp;
use serde::Serialize;

#[derive(Serialize, utoipa::ToSchema)]
pub(super) struct ProjectView {
    /// The project's id.
    id: String,
    /// Its name in paths.
    pub(super) slug: String,
    /// Its name.
    name: String,
    /// Its rules.
    #[schema(value_type = SettingsView)]
    pub(super) settings: Settings,
    /// When it was made.
    #[schema(value_type = String, format = DateTime)]
    created_at: Timestamp,
}

#[derive(utoipa::ToSchema)]
#[expect(dead_code, reason = "only describes Settings, whose types live in an engine")]
struct SettingsView {
    /// `standard` or `strict`.
    governance_mode: String,
    /// `hash_only` or `redacted`.
    content_policy: String,
}

impl ProjectView {
    /// Of a row.
    ///
    /// # Errors
    /// Its settings cannot be read.
    pub(super) fn of(row: &ProjectRow) -> Result<Self, ApiError> {
        Ok(Self {
            id: row.id.clone(),
            slug: row.slug.clone(),
            name: row.name.clone(),
            settings: Settings::read(&row.settings)?,
            created_at: Timestamp::from_micros(row.created_at),
        })
    }

    /// As JSON: a project is read far more often than it changes, so it is written once.
    ///
    /// # Errors
    /// None that could happen.
    pub(super) fn json(&self) -> Result<Bytes, ApiError> {
        serde_json::to_vec(self).map(Bytes::from).map_err(ApiError::internal)
    }
}

const JSON: HeaderValue = HeaderValue::from_static("application/json");

/// The answer with a project.
pub(super) fn answer(status: StatusCode, json: Bytes) -> HttpResponse {
    HttpResponse::build(status).content_type(JSON).body(json)
}
