//! The feed in a Redis stream.
//!
//! What must be one step is a script; each touches one key, so that all of it works on a Cluster.

mod consume;
mod letters;
mod publish;
mod read;
mod scripts;

use crate::bus::Settings;
use crate::error::Error;
use redis_link::Link;
use redis_link::redis::{Cmd, FromRedisValue, ScriptInvocation};
use scripts::Scripts;
use std::sync::Arc;
use std::time::Duration;

/// As a stream holds it: an id and fields.
type StreamEntry = (String, Vec<(String, String)>);

/// A Redis stream.
pub(crate) struct StreamFeed {
    link: Arc<Link>,
    settings: Settings,
    scripts: Scripts,
}

impl StreamFeed {
    pub(crate) fn new(link: Arc<Link>, settings: Settings) -> Self {
        Self { link, settings, scripts: Scripts::new() }
    }

    async fn run<T: FromRedisValue>(&self, call: &ScriptInvocation<'_>) -> Result<T, Error> {
        Ok(self.link.call(|mut link| async move { call.invoke_async(&mut link).await }).await?)
    }

    async fn ask<T: FromRedisValue>(&self, command: &Cmd) -> Result<T, Error> {
        Ok(self.link.call(|mut link| async move { command.query_async(&mut link).await }).await?)
    }

    fn key(&self) -> &str {
        &self.settings.stream
    }
}

/// Whole milliseconds, as Redis counts time.
fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
