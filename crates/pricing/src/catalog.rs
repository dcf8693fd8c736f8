//! From the spellings in telemetry to a row of the table.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::Arc;

use chrono::NaiveDate;
use serde::Deserialize;

use crate::TableError;
use crate::index::Index;
use crate::rates::Rates;
use crate::rule::Rule;

/// No provider and no model has a longer name; a longer text is not looked at.
const MAX_NAME: usize = 256;
/// Google's resource names have eight segments, the most we know of.
const MAX_SEGMENTS: usize = 10;

/// A provider as the file has it.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct ProviderRow {
    id: String,
    aliases: Vec<Rule>,
    vendor_of: Vec<Rule>,
    fallbacks: Vec<String>,
    models: Vec<ModelRow>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ModelRow {
    id: Arc<str>,
    #[serde(rename = "match")]
    names: Vec<Rule>,
    prices: Vec<Rates>,
    #[serde(default)]
    batch: Vec<Rates>,
}

/// Who sells models, by which names, at which prices.
#[derive(Debug)]
pub(crate) struct Catalog {
    providers: Vec<Provider>,
    names: Index,
}

#[derive(Debug)]
pub(crate) struct Provider {
    pub(crate) id: Arc<str>,
    /// Model names that are this provider's own, whoever is said to serve them.
    vendor_of: Vec<Rule>,
    /// Whose rows price a model that this provider resells without a row.
    fallbacks: Vec<usize>,
    names: Index,
    models: Vec<Model>,
}

#[derive(Debug)]
pub(crate) struct Model {
    pub(crate) id: Arc<str>,
    /// By first day; empty if the model is known but has no token prices.
    pub(crate) prices: Vec<Rates>,
    /// The same for batch processing; empty if no batch price is known.
    pub(crate) batch: Vec<Rates>,
}

/// A row: whose, and which.
pub(crate) type Row<'a> = (&'a Provider, &'a Model);

impl Catalog {
    pub(crate) fn new(rows: Vec<ProviderRow>) -> Result<Self, TableError> {
        let mut ids = HashMap::new();
        for (place, row) in rows.iter().enumerate() {
            if ids.insert(row.id.clone(), place).is_some() {
                return Err(TableError::DuplicateProvider(row.id.clone()));
            }
        }
        let own = rows.iter().enumerate().map(|(i, row)| (Rule::one(&row.id), i));
        let also = rows
            .iter()
            .enumerate()
            .flat_map(|(i, r)| r.aliases.iter().cloned().map(move |a| (a, i)));
        // Ids come first: "huggingface_groq" is a provider, not an alias of Groq.
        let names = Index::new(own.chain(also));
        let providers =
            rows.into_iter().map(|row| Provider::new(row, &ids)).collect::<Result<_, _>>()?;
        Ok(Self { providers, names })
    }

    /// The row for a model string and, if known, the provider that served it.
    ///
    /// A provider the table knows is taken at its word: only its own rows and
    /// those it resells are looked at. Any other (a proxy's name, say) is
    /// ignored, and the model's name has to tell its vendor.
    pub(crate) fn find(&self, provider: Option<&str>, model: &str) -> Option<Row<'_>> {
        let model = fold(model)?;
        let seller = provider.and_then(|name| self.provider(&fold(name)?));
        let find = |model: &str| match seller {
            Some(seller) => self.sold_by(seller, model),
            None => self.by_own_name(model),
        };
        // Proxies write "-20251211" where the vendor writes "-2025-12-11".
        find(&model).or_else(|| find(&with_dashed_date(&model)?))
    }

    fn provider(&self, name: &str) -> Option<&Provider> {
        self.providers.get(self.names.get(name)?)
    }

    fn sold_by<'a>(&'a self, seller: &'a Provider, model: &str) -> Option<Row<'a>> {
        let resold = seller.fallbacks.iter().filter_map(|&i| self.providers.get(i));
        std::iter::once(seller)
            .chain(resold)
            .find_map(|provider| names(model).find_map(|name| provider.row(name)))
    }

    /// First by a prefix that names a seller ("groq/llama-…", "bedrock/…"), then
    /// by who makes models of such a name.
    fn by_own_name(&self, model: &str) -> Option<Row<'_>> {
        let by_prefix = names(model).find_map(|name| {
            let (prefix, rest) = name.split_once('/')?;
            self.sold_by(self.provider(prefix)?, rest)
        });
        by_prefix.or_else(|| {
            names(model).find_map(|name| {
                self.providers.iter().filter(|p| p.makes(name)).find_map(|p| p.row(name))
            })
        })
    }
}

impl Provider {
    fn new(row: ProviderRow, ids: &HashMap<String, usize>) -> Result<Self, TableError> {
        let fallback = |id: &String| {
            ids.get(id).copied().ok_or_else(|| TableError::UnknownFallback {
                provider: row.id.clone(),
                fallback: id.clone(),
            })
        };
        let fallbacks = row.fallbacks.iter().map(fallback).collect::<Result<_, _>>()?;
        let mut rules = Vec::new();
        let mut models = Vec::with_capacity(row.models.len());
        for (place, model) in row.models.into_iter().enumerate() {
            check_periods(&row.id, &model.id, &model.prices)?;
            check_periods(&row.id, &model.id, &model.batch)?;
            rules.extend(model.names.into_iter().map(|rule| (rule, place)));
            models.push(Model { id: model.id, prices: model.prices, batch: model.batch });
        }
        let names = Index::new(rules);
        Ok(Self { id: row.id.into(), vendor_of: row.vendor_of, fallbacks, names, models })
    }

    fn row(&self, name: &str) -> Option<Row<'_>> {
        Some((self, self.models.get(self.names.get(name)?)?))
    }

    fn makes(&self, name: &str) -> bool {
        self.vendor_of.iter().any(|rule| rule.matches(name))
    }
}

fn check_periods(provider: &str, model: &str, periods: &[Rates]) -> Result<(), TableError> {
    let (provider, model) = (provider.to_owned(), model.to_owned());
    // `None` sorts before any day, so an undated period can only be the first.
    if !periods.is_sorted_by(|a, b| a.from < b.from) {
        return Err(TableError::PeriodOrder { provider, model });
    }
    if !periods.iter().all(Rates::tiers_rise) {
        return Err(TableError::TierOrder { provider, model });
    }
    Ok(())
}

/// Lower case without a copy where it is so already; `None` if no name at all.
fn fold(name: &str) -> Option<Cow<'_, str>> {
    let name = name.trim();
    let upper = name.bytes().any(|b| b.is_ascii_uppercase());
    let folded = if upper { Cow::Owned(name.to_ascii_lowercase()) } else { Cow::Borrowed(name) };
    (1..=MAX_NAME).contains(&name.len()).then_some(folded)
}

/// The name, then what is left as its path segments go: "models/x" is "x".
fn names(model: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(model), |name| name.split_once('/').map(|(_, rest)| rest))
        .take(MAX_SEGMENTS)
}

/// `x-20251211` as `x-2025-12-11`, if there is such a date in the name.
fn with_dashed_date(model: &str) -> Option<String> {
    model.match_indices("-20").find_map(|(start, _)| {
        let (head, tail) = model.split_at_checked(start + 1)?;
        let (digits, rest) = tail.split_at_checked(8)?;
        let plain = digits.bytes().all(|b| b.is_ascii_digit());
        let ends = rest.is_empty() || rest.starts_with(['-', ':']);
        let date = NaiveDate::parse_from_str(digits, "%Y%m%d").ok()?;
        (plain && ends).then(|| format!("{head}{date}{rest}"))
    })
}
