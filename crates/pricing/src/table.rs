//! The table as a whole.

use std::sync::Arc;

use chrono::NaiveDate;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::catalog::{Catalog, Model, ProviderRow};
use crate::rates::{Rates, in_force};
use crate::{Cost, TableError, Tokens};

const VENDORED: &str = include_str!("../data/prices.json");

/// A dated price table. Reading one costs milliseconds, asking it a few
/// microseconds at most: make one and share it.
#[derive(Debug)]
pub struct PriceTable {
    version: Arc<str>,
    source: String,
    source_digest: String,
    digest: String,
    catalog: Catalog,
}

/// What to price. All that is known about the call is used and nothing else: no
/// clock, no setting.
#[derive(Debug, Clone, Copy)]
pub struct Query<'a> {
    /// Who served the call, in any spelling of telemetry. One that the table
    /// does not know (a proxy's name) counts as none.
    pub provider: Option<&'a str>,
    /// The model, as request or response named it.
    pub model: &'a str,
    /// The day of the call, UTC.
    pub at: NaiveDate,
    /// What was used. No tokens cost nothing (but a request's fee): where the
    /// usage is not known, do not ask.
    pub tokens: Tokens,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: Arc<str>,
    source: String,
    source_sha256: String,
    providers: Vec<ProviderRow>,
}

impl PriceTable {
    /// The table that this crate ships with.
    ///
    /// # Errors
    /// None in a build whose tests passed; the same as [`Self::parse`] otherwise.
    pub fn vendored() -> Result<Self, TableError> {
        Self::parse(VENDORED)
    }

    /// Reads a table in the shape of `data/prices.json`.
    ///
    /// # Errors
    /// Anything but that shape, unknown fields included, and prices whose dates
    /// or tiers are out of order.
    pub fn parse(json: &str) -> Result<Self, TableError> {
        let file: File = serde_json::from_str(json)?;
        Ok(Self {
            version: file.version,
            source: file.source,
            source_digest: file.source_sha256,
            digest: hex::encode(Sha256::digest(json.as_bytes())),
            catalog: Catalog::new(file.providers)?,
        })
    }

    /// The day on which the table was made, `YYYY-MM-DD`.
    #[must_use]
    pub fn version(&self) -> &str {
        &self.version
    }

    /// Where the prices come from: name, version, licence.
    #[must_use]
    pub fn source(&self) -> &str {
        &self.source
    }

    /// The SHA-256 of the source package that the table was made from, in hex.
    #[must_use]
    pub fn source_digest(&self) -> &str {
        &self.source_digest
    }

    /// The SHA-256 of the table itself, in hex.
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.digest
    }

    /// What a call cost, or `None` where that is not known: the model is not in
    /// the table, has no price for that day or for a class of tokens that was
    /// used, or the amount is beyond `i64` nano-dollars (nine billion dollars).
    #[must_use]
    pub fn price(&self, query: &Query<'_>) -> Option<Cost> {
        self.cost(query, |model| &model.prices)
    }

    /// What a call cost that was processed as a batch, at the provider's batch
    /// prices. `None` also where no batch price is known for that day: a
    /// discount is never assumed, nor its absence.
    #[must_use]
    pub fn price_batch(&self, query: &Query<'_>) -> Option<Cost> {
        self.cost(query, |model| &model.batch)
    }

    fn cost(&self, query: &Query<'_>, periods: impl Fn(&Model) -> &[Rates]) -> Option<Cost> {
        let (provider, model) = self.catalog.find(query.provider, query.model)?;
        let lines = in_force(periods(model), query.at)?.lines(query.tokens)?;
        let nano_usd = lines.iter().try_fold(0_i64, |sum, line| sum.checked_add(line.nano_usd))?;
        Some(Cost {
            nano_usd,
            provider: provider.id.clone(),
            model: model.id.clone(),
            table_version: self.version.clone(),
            lines,
        })
    }
}
