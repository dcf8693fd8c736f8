//! What an AI call cost: its token usage and its date become integer
//! nano-dollars, with the table row and the arithmetic that led there.
//!
//! The prices come from a dated table, vendored as `data/prices.json` and made
//! by `data/update.py`. A model the table does not know has no cost
//! ([`PriceTable::price`] answers `None`), never a cost of zero.
//!
//! ```
//! use pricing::{PriceTable, Query, Tokens, Usd};
//!
//! let table = PriceTable::vendored()?;
//! let cost = table.price(&Query {
//!     provider: Some("azure.ai.openai"),
//!     model: "gpt-4o-2024-08-06",
//!     at: "2026-11-21".parse()?,
//!     tokens: Tokens { input: 1000, output: 100, ..Tokens::default() },
//! });
//! // 1000 × $2.50/M + 100 × $10/M
//! assert_eq!(cost.map(|c| Usd::from_nano(c.nano_usd).to_string()).as_deref(), Some("0.0035"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod catalog;
mod cost;
mod error;
mod index;
mod rates;
mod rule;
mod table;
mod usd;

pub use cost::{Class, Cost, Line, Tokens};
pub use error::{TableError, UsdError};
pub use table::{PriceTable, Query};
pub use usd::Usd;
