//! What every request passes before a handler, and every answer after it. Knows no domain.

mod body;
mod download;
mod idempotency;
mod json;
mod observe;
mod page;
mod problems;
mod resource;
mod sealed_body;

pub use body::{BodyLimit, read_body};
pub use download::{download, ndjson};
pub use idempotency::{Caller, idempotent};
pub(crate) use json::media_type;
pub use json::{Json, Query};
pub use observe::{RequestId, observe};
pub use page::{Cursor, Limit, ListPage, PageQuery};
pub use problems::problems;
pub use resource::{not_found, resource};
