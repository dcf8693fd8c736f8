//! Where generations are issued: one script in Redis.

use crate::history::News;
use crate::scope::Scope;
use redis_link::redis::{Cmd, Script, cmd};
use redis_link::{Fault, Link};
use std::sync::Arc;
use std::time::Duration;

/// More changes than this at once count as a change of everything.
const MOST_NEWS: usize = 10_000;

/// How long a change is remembered in Redis, and the longest that an entry lives there.
pub(crate) const KEPT: Duration = Duration::from_secs(3600);

pub(crate) struct Generations {
    link: Arc<Link>,
    script: Arc<Script>,
    key: String,
    channel: String,
}

impl Generations {
    pub(crate) fn new(link: Arc<Link>, prefix: &str) -> Self {
        Self {
            link,
            script: Arc::new(Script::new(include_str!("generations.lua"))),
            key: format!("{prefix}cache:generations"),
            channel: format!("{prefix}cache:changes"),
        }
    }

    pub(crate) fn channel(&self) -> &str {
        &self.channel
    }

    /// Has a generation issued for each of the scopes, and asks what else changed.
    pub(crate) async fn exchange(
        &self,
        seen: u64,
        cursor: u64,
        scopes: &[(Scope, u64)],
    ) -> Result<News, Fault> {
        let script = Arc::clone(&self.script);
        let mut call = script.key(&self.key);
        call.arg(seen).arg(cursor).arg(MOST_NEWS).arg(KEPT.as_micros() as u64).arg(&self.channel);
        for (scope, _) in scopes {
            call.arg(scope.as_str());
        }
        let answer: Vec<String> =
            self.link.call(|mut redis| async move { call.invoke_async(&mut redis).await }).await?;
        Ok(read_news(answer))
    }

    /// Asks for the generations of everything and of each scope.
    pub(crate) fn ask(&self, scopes: &[Scope]) -> Cmd {
        let mut ask = cmd("ZMSCORE");
        ask.arg(&self.key).arg(Scope::EVERYTHING.as_str());
        for scope in scopes {
            ask.arg(scope.as_str());
        }
        ask
    }
}

/// The greatest of the answers to [`Generations::ask`]. `None` if Redis has no history: then it
/// cannot say that something did not change.
pub(crate) fn greatest(scores: &[Option<f64>]) -> Option<u64> {
    let everything = (*scores.first()?)?;
    // Scores are whole numbers below 2^53.
    Some(scores.iter().flatten().fold(everything, |a, b| a.max(*b)) as u64)
}

/// A message on the channel.
pub(crate) fn read_message(message: &str) -> Option<(Scope, u64)> {
    let (generation, scope) = message.split_once(' ')?;
    Some((Scope::told(scope.to_owned()), generation.parse().ok()?))
}

fn read_news(answer: Vec<String>) -> News {
    let mut answer = answer.into_iter();
    let number = |text: Option<String>| text.and_then(|text| text.parse().ok());
    let newest = number(answer.next()).unwrap_or_default();
    let mut changes = Vec::new();
    while let (Some(scope), Some(generation)) = (answer.next(), number(answer.next())) {
        changes.push((Scope::told(scope), generation));
    }
    News { newest, changes }
}
