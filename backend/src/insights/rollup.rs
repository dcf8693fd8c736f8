//! Hourly rollups: what an hour's invocations that have everything in common come to.

use super::figures::Figures;
use crate::db::schema::cost_rollups;
use crate::invocations::Facts;
use diesel::prelude::*;
use sha2::{Digest, Sha256};

/// Microseconds.
pub(super) const HOUR: i64 = 3_600_000_000;

/// The SHA-256 of a rollup's key.
pub(super) type KeyDigest = Vec<u8>;

/// What the invocations of a rollup have in common.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Key {
    pub(super) project_id: String,
    pub(super) hour: i64,
    run_id: Option<String>,
    model: Option<String>,
    provider: Option<String>,
    tier: Option<String>,
    agent: Option<String>,
    stage: Option<String>,
    key_id: Option<String>,
}

impl Key {
    pub(super) fn of(facts: &Facts) -> Self {
        Self {
            project_id: facts.project_id.clone(),
            hour: facts.occurred_at.div_euclid(HOUR),
            run_id: facts.run_id.clone(),
            model: facts.model.clone(),
            provider: facts.provider.clone(),
            tier: facts.tier.clone(),
            agent: facts.agent.clone(),
            stage: facts.stage.clone(),
            key_id: facts.key_id.clone(),
        }
    }

    /// One value of fixed length for all of it: an index over so many texts could be too long for
    /// PostgreSQL.
    pub(super) fn digest(&self) -> KeyDigest {
        let texts = [
            &self.run_id,
            &self.model,
            &self.provider,
            &self.tier,
            &self.agent,
            &self.stage,
            &self.key_id,
        ];
        let mut digest = Sha256::new();
        digest.update(self.hour.to_be_bytes());
        for text in std::iter::once(Some(&self.project_id)).chain(texts.map(Option::as_ref)) {
            // No text is as long as the mark of one that is not there.
            let length = text.map_or(u64::MAX, |text| text.len() as u64);
            digest.update(length.to_be_bytes());
            digest.update(text.map_or("", String::as_str));
        }
        digest.finalize().to_vec()
    }
}

/// A row of `cost_rollups`.
#[derive(Debug, Clone, PartialEq, Eq, Insertable, Queryable, Selectable)]
#[diesel(table_name = cost_rollups, treat_none_as_default_value = false)]
pub(super) struct RollupRow {
    pub(super) digest: KeyDigest,
    pub(super) project_id: String,
    pub(super) hour: i64,
    run_id: Option<String>,
    model: Option<String>,
    provider: Option<String>,
    tier: Option<String>,
    agent: Option<String>,
    stage: Option<String>,
    key_id: Option<String>,
    invocations: i64,
    errors: i64,
    input_tokens: i64,
    output_tokens: i64,
    cache_read_tokens: i64,
    cache_write_tokens: i64,
    reasoning_tokens: i64,
    cost_nano_usd: i64,
    unpriced: i64,
}

impl RollupRow {
    pub(super) fn new(digest: KeyDigest, key: Key, figures: &Figures) -> Self {
        Self {
            digest,
            project_id: key.project_id,
            hour: key.hour,
            run_id: key.run_id,
            model: key.model,
            provider: key.provider,
            tier: key.tier,
            agent: key.agent,
            stage: key.stage,
            key_id: key.key_id,
            invocations: figures.invocations,
            errors: figures.errors,
            input_tokens: figures.input_tokens,
            output_tokens: figures.output_tokens,
            cache_read_tokens: figures.cache_read_tokens,
            cache_write_tokens: figures.cache_write_tokens,
            reasoning_tokens: figures.reasoning_tokens,
            cost_nano_usd: figures.cost_nano_usd,
            unpriced: figures.unpriced,
        }
    }

    pub(super) fn figures(&self) -> Figures {
        Figures {
            invocations: self.invocations,
            errors: self.errors,
            input_tokens: self.input_tokens,
            output_tokens: self.output_tokens,
            cache_read_tokens: self.cache_read_tokens,
            cache_write_tokens: self.cache_write_tokens,
            reasoning_tokens: self.reasoning_tokens,
            cost_nano_usd: self.cost_nano_usd,
            unpriced: self.unpriced,
        }
    }

    /// Where it stands, for somebody who reads what does not fit.
    pub(super) fn place(&self) -> String {
        let Self { project_id, hour, .. } = self;
        let begin = invocation::Timestamp::from_micros(hour.saturating_mul(HOUR));
        format!("project {project_id}, the hour from {begin}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key() -> Key {
        Key {
            project_id: "p".to_owned(),
            hour: 1,
            run_id: None,
            model: Some("m".to_owned()),
            provider: None,
            tier: None,
            agent: None,
            stage: None,
            key_id: None,
        }
    }

    #[test]
    fn keys_that_differ_have_other_digests() {
        let empty = Key { model: Some(String::new()), ..key() };
        let none = Key { model: None, ..key() };
        let moved = Key { model: None, provider: Some("m".to_owned()), ..key() };
        let later = Key { hour: 2, ..key() };
        let all = [key(), empty, none, moved, later].map(|key| key.digest());
        for (place, digest) in all.iter().enumerate() {
            assert!(!all[..place].contains(digest), "{place}");
        }
        assert_eq!(key().digest(), all[0]);
    }
}
