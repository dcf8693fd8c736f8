//! The feed over a database's own rows.
//!
//! Entries are read where they were committed. What groups have done is one small document, changed
//! by compare-and-set: a consumer takes a lease on a run of indexes, and gives it back by
//! acknowledging.

mod groups;
mod letters;
mod read;
mod source;

pub use source::{Answer, Document, Source, SourceError};

use crate::bus::Settings;
use crate::error::Error;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;

/// Whoever is slower than others so often gives up. One of them succeeds each time.
const ATTEMPTS: u32 = 100;

/// A database.
pub(crate) struct DatabaseFeed {
    source: Arc<dyn Source>,
    settings: Settings,
}

impl DatabaseFeed {
    pub(crate) fn new(source: Arc<dyn Source>, settings: Settings) -> Self {
        Self { source, settings }
    }

    /// Reads a document, or an empty one, with its version.
    async fn load<T: DeserializeOwned + Default>(
        &self,
        name: &str,
    ) -> Result<(T, Option<u64>), Error> {
        match self.source.load(name).await.map_err(Error::Source)? {
            Some(document) => Ok((serde_json::from_str(&document.text)?, Some(document.version))),
            None => Ok((T::default(), None)),
        }
    }

    /// Whether nobody changed it meanwhile.
    async fn store<T: Serialize>(
        &self,
        name: &str,
        version: Option<u64>,
        document: &T,
    ) -> Result<bool, Error> {
        let text = serde_json::to_string(document)?;
        self.source.store(name, version, text).await.map_err(Error::Source)
    }

    /// Changes a document, again if others changed it meanwhile.
    async fn change<T: DeserializeOwned + Default + Serialize, R>(
        &self,
        name: &str,
        change: impl Fn(&mut T) -> Result<R, Error>,
    ) -> Result<R, Error> {
        for _ in 0..ATTEMPTS {
            let (mut document, version) = self.load(name).await?;
            let result = change(&mut document)?;
            if self.store(name, version, &document).await? {
                return Ok(result);
            }
        }
        Err(Error::Crowded)
    }
}
