//! Projects: the tenants. Everything else belongs to one.
//!
//! Invariants: a slug is used once, deleted projects included; a deleted project is gone from every
//! route at once and erased for good 30 days later.
//!
//! Table: `projects`.

mod access;
mod api;
mod keys;
mod members;
mod model;
mod store;
mod trail;
mod view;

pub use access::{Access, Project};
pub use api::{paths, project_routes, routes};
pub use model::{Name, Settings, Slug};
pub use store::{ProjectRow, any, deleted, ensure_default, erased, find, set_erased};
