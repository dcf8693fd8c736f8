//! What the process knows of itself, over the last minutes.

use crate::config::RouteClass;
use crate::telemetry::{ClassCounts, Room};
use std::collections::VecDeque;
use std::time::Duration;

/// What was known at one moment. Counters count from the start of the process.
#[derive(Debug, Clone, Default)]
pub(super) struct Sample {
    /// Since the start.
    pub(super) at: Duration,
    pub(super) classes: Vec<(RouteClass, ClassCounts)>,
    /// Requests that were refused since there were too many.
    pub(super) refused: u64,
    /// Invocations that are not added up; `None`: the database does not say.
    pub(super) lag: Option<u64>,
    /// Dead letters; `None`: the database does not say.
    pub(super) dead_letters: Option<u64>,
    /// Whether Redis is away; `None`: there is none.
    pub(super) redis_is_away: Option<bool>,
    /// The disk's room; `None`: the system does not say.
    pub(super) room: Option<Room>,
}

/// The samples of the last minutes, one of them as old as the window or older.
#[derive(Debug)]
pub(super) struct Window {
    span: Duration,
    samples: VecDeque<Sample>,
}

impl Window {
    /// Over so long; it begins when nothing had happened yet.
    pub(super) fn new(span: Duration) -> Self {
        Self { span, samples: VecDeque::from([Sample::default()]) }
    }

    pub(super) fn push(&mut self, sample: Sample) {
        let begins = sample.at.saturating_sub(self.span);
        self.samples.push_back(sample);
        while self.samples.get(1).is_some_and(|second| second.at <= begins) {
            self.samples.pop_front();
        }
    }

    /// What came to a class within the window.
    pub(super) fn class(&self, class: RouteClass) -> ClassCounts {
        let (first, last) =
            (counts(self.samples.front(), class), counts(self.samples.back(), class));
        last.since(first)
    }

    /// The classes that there are.
    pub(super) fn classes(&self) -> impl Iterator<Item = RouteClass> + '_ {
        self.samples.back().into_iter().flat_map(|it| it.classes.iter().map(|(class, _)| *class))
    }

    /// Requests refused within the window.
    pub(super) fn refused(&self) -> u64 {
        let of = |sample: Option<&Sample>| sample.map_or(0, |sample| sample.refused);
        of(self.samples.back()).saturating_sub(of(self.samples.front()))
    }

    /// The newest sample.
    pub(super) fn now(&self) -> Option<&Sample> {
        self.samples.back()
    }

    /// Whether `is_so` has held for `long`, or for the whole window if that is shorter; `None` if a
    /// sample of that time does not say.
    pub(super) fn has_held(
        &self,
        long: Duration,
        is_so: impl Fn(&Sample) -> Option<bool>,
    ) -> Option<bool> {
        let begins = self.now()?.at.checked_sub(long.min(self.span));
        let begins = begins.filter(|begins| !begins.is_zero());
        let mut held = true;
        for sample in self.samples.iter().rev() {
            held &= is_so(sample)?;
            if !held || begins.is_some_and(|begins| sample.at <= begins) {
                return Some(held);
            }
        }
        // The process is younger than that.
        Some(false)
    }
}

fn counts(sample: Option<&Sample>, class: RouteClass) -> ClassCounts {
    let classes = sample.map_or(&[][..], |sample| &sample.classes);
    classes.iter().find(|(known, _)| *known == class).map(|(_, counts)| *counts).unwrap_or_default()
}
