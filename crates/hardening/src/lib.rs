//! Actix middleware that makes a service safe by default and knows nothing of what it serves.
//!
//! Each layer has one rule and names its source. In the order in which a request should meet them
//! (Actix runs what is wrapped last first):
//!
//! | layer | what for | why there |
//! |---|---|---|
//! | [`serve::shed_load`] | beyond capacity, refuse at once | before all that costs, so not a layer but around the app |
//! | [`request_id`] | `X-Request-Id`, a span for all log lines | outside of whatever logs |
//! | [`security_headers`] | CSP with nonces, HSTS and the rest | on every answer, whoever made it |
//! | [`cors`] | other origins that may read; preflight requests | errors must be readable too; preflight requests have no credentials and must not meet anything that asks for them |
//! | [`compression`] | br, zstd, gzip where it is safe | sees the final body |
//! | [`problems()`] | every error is `application/problem+json` | outside of all that can fail |
//! | [`panics`] | a panic is a 500 | its error passes only layers that cope with one |
//! | [`serve::pace_body`] | bodies that come too slowly | around whoever reads them |
//! | [`limits::rate_limit`] | quotas for each class of routes and caller | a refusal is a problem too |
//! | *authentication* | | |
//! | [`csrf`] | no other site acts in a user's name | knows by then how the caller is known |
//! | *the handler* | with [`Nonce`] as an extractor, if it renders a page | |
//!
//! What counts or measures requests belongs right inside of [`request_id`], outside of [`panics`]:
//! inside, a panic would drop it half-way. `examples/one_page.rs` wears all of it.

mod compression;
mod cors;
mod csp;
mod csrf;
mod headers;
mod layer;
pub mod limits;
mod origin;
mod panics;
mod problem;
mod problems;
mod random;
mod request_id;
pub mod serve;
mod trace_parent;

pub use compression::{NoCompression, compression, never_compress};
pub use cors::{Cors, cors};
pub use csp::{Nonce, PagePolicy, PolicyError};
pub use csrf::{CrossSite, csrf, origin_allowed};
pub use headers::{Hsts, SecurityHeaders, security_headers};
pub use layer::{Inner, Layer};
pub use origin::{Origin, OriginError};
pub use panics::panics;
pub use problem::{PROBLEM_JSON, Problem, ProblemField, ProblemKind};
pub use problems::{AsItIs, problems};
pub use request_id::{RequestId, request_id};
pub use trace_parent::TraceParent;
