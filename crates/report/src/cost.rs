//! What the model calls cost, and how anybody came to know.

use crate::breakdown::{Breakdown, Named, Tally, count};
use crate::usage::{model, sum};
use invocation::{CostSource, Record};
use pricing::Usd;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// Cost with its provenance. Every model call is priced, unpriced or unnamed.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Cost {
    /// What the priced model calls cost. Nothing is guessed for the others.
    pub total_usd: Usd,
    /// How many model calls have a cost.
    pub priced: u64,
    /// How the cost of the priced ones came about.
    pub by_source: CostBySource,
    /// How many calls each version of the price table priced.
    pub table_versions: BTreeMap<String, u64>,
    /// Model calls that name a model and have no cost; not in the total.
    pub unpriced: u64,
    /// Their models.
    pub unpriced_models: Breakdown<Tally>,
    /// Model calls that name no model and have no cost; not in the total.
    pub unnamed: u64,
    /// Costs that agents, chains and tools report. Not in the total: they repeat their children's.
    pub holders: SourceCost,
}

/// Cost by where it comes from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CostBySource {
    /// The sender told it.
    pub reported: SourceCost,
    /// Computed from tokens and the price table.
    pub table: SourceCost,
}

/// A number of records and what they cost.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceCost {
    /// How many.
    pub records: u64,
    /// What they cost.
    pub cost_usd: Usd,
}

impl SourceCost {
    fn add(&mut self, cost: Usd) {
        self.records += 1;
        self.cost_usd = sum(self.cost_usd, cost);
    }
}

/// The section while it is counted.
#[derive(Default)]
pub(crate) struct CostCounter {
    priced: SourceCost,
    by_source: CostBySource,
    table_versions: BTreeMap<String, u64>,
    unpriced: u64,
    unpriced_models: Named<Tally>,
    unnamed: u64,
    holders: SourceCost,
}

impl CostCounter {
    pub(crate) fn add(&mut self, record: &Record) {
        match (record.is_model_call(), record.cost_usd) {
            (true, Some(cost)) => self.add_priced(record, cost),
            (true, None) if record.is_unpriced() => {
                self.unpriced += 1;
                self.unpriced_models.entry(model(record)).count += 1;
            }
            (true, None) => self.unnamed += 1,
            (false, Some(cost)) => self.holders.add(cost),
            (false, None) => {}
        }
    }

    fn add_priced(&mut self, record: &Record, cost: Usd) {
        self.priced.add(cost);
        let table = record.cost.as_ref().filter(|from| from.source == CostSource::Table);
        match table {
            Some(_) => self.by_source.table.add(cost),
            None => self.by_source.reported.add(cost),
        }
        if let Some(table) = table.and_then(|from| from.table.as_ref()) {
            count(&mut self.table_versions, &table.table_version, 1);
        }
    }

    pub(crate) fn finish(self) -> Cost {
        Cost {
            total_usd: self.priced.cost_usd,
            priced: self.priced.records,
            by_source: self.by_source,
            table_versions: self.table_versions,
            unpriced: self.unpriced,
            unpriced_models: self.unpriced_models.finish(Some),
            unnamed: self.unnamed,
            holders: self.holders,
        }
    }
}
