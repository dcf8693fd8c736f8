//! What every request passes before a handler, and every answer after it. Knows no domain.

mod body;
mod client;
mod download;
mod headers;
mod idempotency;
mod json;
mod limits;
mod metrics;
mod observe;
mod page;
mod period;
mod refusal;
mod resource;
pub mod sealed;

pub use body::{BodyLimit, read_body};
pub use client::client_address;
pub use download::{download, ndjson};
pub use headers::{CSP_REPORTS, cors_settings, headers};
pub use idempotency::{TurnId, forget_answers, idempotent, note_done};
pub(crate) use json::media_type;
pub use json::{Json, NoQuery, Query};
pub use limits::{SMALL_BODY, Work, class_of, work_of};
pub use metrics::register_metrics;
pub use observe::{Observer, observe};
pub use page::{Cursor, Limit, ListPage, PageQuery, no_page};
pub use period::in_order;
pub use refusal::{outside, refusal};
pub use resource::{not_found, resource};
