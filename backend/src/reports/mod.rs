//! Transparency reports: made from sealed records, stored, and shown as JSON or Markdown.
//!
//! Invariant: the same records give the same bytes. A report's checkpoint covers the log up to its
//! newest record, whatever came after.
//!
//! Table: `reports`.

mod api;
mod remembered;
mod service;
mod store;

pub use api::{paths, project_routes, routes};
pub use remembered::scope;
pub use service::{Request, keep, make};
pub use store::{About, Stored, erase_project, find};
