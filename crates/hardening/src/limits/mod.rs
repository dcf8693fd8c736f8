//! Rate limits: per class of routes and identity, exact over any number of processes.
//!
//! A request belongs to a class ([`RouteClass`]) and comes from somebody ([`Identity`]). Each class
//! has a [`Quota`]; GCRA decides. Every process decides for itself first; with Redis, what it would
//! admit is asked there too, in one atomic script, and what Redis says is remembered. So
//!
//! - a request must pass both: an emptied Redis gives nobody a fresh burst where the process
//!   remembers better;
//! - without Redis, or when it is down, slow or frozen, the process's own decision stands, made with
//!   all that it learned: nothing waits, nothing fails, and nothing is let through unlimited.
//!
//! ```
//! use hardening::limits::{Identity, Limiter, Policies, Quota, RouteClass};
//!
//! #[derive(Debug, Clone, Copy, PartialEq, Eq)]
//! enum Class {
//!     Api,
//!     SignIn,
//! }
//!
//! impl RouteClass for Class {
//!     const ALL: &'static [Self] = &[Self::Api, Self::SignIn];
//!     fn name(self) -> &'static str {
//!         match self {
//!             Self::Api => "api",
//!             Self::SignIn => "sign-in",
//!         }
//!     }
//!     fn quota(self) -> Quota {
//!         match self {
//!             Self::Api => Quota::of::<100, 60>(),
//!             Self::SignIn => Quota::of::<5, 300>(),
//!         }
//!     }
//! }
//!
//! # #[actix_web::main]
//! # async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let policies: Policies<Class> = "api=200/60".parse()?;
//! let limiter = Limiter::local(policies);
//! let somebody = Identity::new("user", "7");
//! let ruling = limiter.check(Class::SignIn, &somebody, None).await;
//! assert!(ruling.is_some_and(|ruling| ruling.allowed()));
//! # Ok(())
//! # }
//! ```

mod client;
mod fields;
mod gcra;
mod identity;
mod layer;
mod limiter;
mod local;
mod policy;
mod quota;
mod shared;
mod stats;

pub use client::{Proxies, ProxyHeader, Trust, TrustError};
pub use gcra::Decision;
pub use identity::{Identity, network};
pub use layer::{Subject, rate_limit};
pub use limiter::{Limiter, Ruling};
pub use policy::{Policies, PolicyError, RouteClass};
pub use quota::{Quota, QuotaError};
pub use shared::RedisSettings;
pub use stats::{ClassStats, RedisStats, Stats};
