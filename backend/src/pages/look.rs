//! Light or dark: what a reader chose, kept in their browser.

use crate::state::AppState;
use actix_web::HttpRequest;
use actix_web::cookie::{Cookie, SameSite, time::Duration};
use serde::Deserialize;

/// How the pages look.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Look {
    /// As the reader's system is set.
    System,
    Light,
    Dark,
}

/// A reader's choice, on the start page.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub(super) struct LookQuery {
    pub(super) look: Option<Look>,
}

impl Look {
    /// What the reader chose before.
    pub(super) fn of(state: &AppState, request: &HttpRequest) -> Self {
        match request.cookie(name(state)).as_ref().map(Cookie::value) {
            Some("light") => Self::Light,
            Some("dark") => Self::Dark,
            _ => Self::System,
        }
    }

    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::System => "system",
            Self::Light => "light",
            Self::Dark => "dark",
        }
    }

    /// For a year from now.
    pub(super) fn cookie(self, state: &AppState) -> Cookie<'static> {
        Cookie::build(name(state), self.as_str())
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(state.config.is_secure())
            .max_age(Duration::days(365))
            .finish()
    }
}

fn name(state: &AppState) -> &'static str {
    if state.config.is_secure() { "__Host-researchflow_look" } else { "researchflow_look" }
}
