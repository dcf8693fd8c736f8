//! What changed, as far as this process knows.
//!
//! Two clocks, neither of which is a time:
//!
//! - A *tick* counts, in this process alone, the moments at which something became known to have
//!   changed. An entry of the process is good as long as none of its scopes has ticked since.
//! - A *generation* is issued by Redis for each change, after it was committed, and each is greater
//!   than all issued before. Of two that are known for one scope the greater one counts, so news may
//!   come twice, late and out of order. An entry of Redis is good if none of its scopes has a
//!   generation above the entry's stamp.
//!
//! A change of this process ticks at once, and once more when its generation comes back: another
//! process may have changed the same scope in between, and Redis remembers only the last of both.

use crate::kind::fresh_part;
use crate::scope::Scope;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::Instant;

/// More scopes are not remembered: then everything counts as changed.
const MOST: usize = 100_000;

/// Redis is believed only when it has answered for so long. Another process may have been cut off as
/// well, and holds changes that it has yet to announce: it does so as soon as its breaker's probe
/// succeeds, at most a second after ours.
const STEADY: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Change {
    generation: u64,
    tick: u64,
}

/// What Redis says at one moment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct News {
    /// The newest generation that was issued.
    pub(crate) newest: u64,
    /// Everything that has a generation above the one that was asked for.
    pub(crate) changes: Vec<(Scope, u64)>,
}

#[derive(Debug)]
pub(crate) struct History {
    tick: u64,
    /// Of every scope, also of those that are not listed.
    floor: Change,
    changes: HashMap<Scope, Change>,
    /// Changes of this process that Redis has not issued a generation for, with their ticks.
    unissued: HashMap<Scope, u64>,
    /// The newest generation known to be issued.
    seen: u64,
    /// Every change up to this generation is known.
    cursor: u64,
    trust: Option<Duration>,
    /// No change before this moment is unknown.
    complete_until: Instant,
    /// From when on that has been so without a gap.
    heard_since: Option<Instant>,
    steady_from: Option<Instant>,
}

/// For how long an entry is good, as far as changes may have gone unheard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Belief {
    /// Then it should be loaded again, so that nobody waits for that at its end.
    pub(crate) fresh_until: Instant,
    pub(crate) until: Instant,
}

impl History {
    pub(crate) fn new(trust: Option<Duration>, now: Instant) -> Self {
        Self {
            tick: 0,
            floor: Change { generation: 0, tick: 0 },
            changes: HashMap::new(),
            unissued: HashMap::new(),
            seen: 0,
            cursor: 0,
            trust,
            complete_until: now,
            heard_since: None,
            steady_from: None,
        }
    }

    /// When one of the scopes last changed. What was loaded since is good in this process.
    pub(crate) fn tick(&self, scopes: &[Scope]) -> u64 {
        let ticks = scopes.iter().filter_map(|scope| Some(self.changes.get(scope)?.tick));
        ticks.fold(self.floor.tick, u64::max)
    }

    /// The newest generation of the scopes that is known here; `None` if one of them changed here
    /// and has none yet, so that nothing in Redis can be good.
    pub(crate) fn generation(&self, scopes: &[Scope]) -> Option<u64> {
        let everything = [Scope::EVERYTHING];
        if scopes.iter().chain(&everything).any(|scope| self.unissued.contains_key(scope)) {
            return None;
        }
        let known = scopes.iter().filter_map(|scope| Some(self.changes.get(scope)?.generation));
        Some(known.fold(self.floor.generation, u64::max))
    }

    /// The newest generation known to be issued: a load that begins now sees all changes up to it.
    pub(crate) fn stamp(&self) -> u64 {
        self.seen
    }

    /// From which generation on news are wanted.
    pub(crate) fn cursor(&self) -> u64 {
        self.cursor
    }

    /// Something was changed by this process, which is committed. Returns what Redis is to issue
    /// generations for, each with the tick up to which that will do.
    pub(crate) fn changed_here(&mut self, scopes: &[Scope]) -> Vec<(Scope, u64)> {
        for scope in scopes {
            self.change(scope, None);
            self.unissued.insert(scope.clone(), self.tick);
        }
        if self.unissued.len() > MOST {
            self.unissued = HashMap::from([(Scope::EVERYTHING, self.tick)]);
        }
        scopes.iter().map(|scope| (scope.clone(), self.tick)).collect()
    }

    /// Something was changed by this process that no other is told of.
    pub(crate) fn changed_unannounced(&mut self, scopes: &[Scope]) {
        for scope in scopes {
            self.change(scope, None);
        }
    }

    /// At most so many of the changes that Redis does not know of, in the same form.
    pub(crate) fn unissued(&self, most: usize) -> Vec<(Scope, u64)> {
        self.unissued.iter().take(most).map(|(scope, tick)| (scope.clone(), *tick)).collect()
    }

    pub(crate) fn count_unissued(&self) -> usize {
        self.unissued.len()
    }

    /// Redis answered; it has issued generations for `issued`.
    pub(crate) fn learn(&mut self, news: &News, issued: &[(Scope, u64)]) {
        for (scope, generation) in &news.changes {
            self.hear(scope, *generation);
        }
        self.seen = self.seen.max(news.newest);
        self.cursor = self.cursor.max(news.newest);
        for (scope, tick) in issued {
            if self.unissued.get(scope).is_some_and(|last| last <= tick) {
                self.unissued.remove(scope);
            }
        }
    }

    /// A generation was issued for a scope.
    pub(crate) fn hear(&mut self, scope: &Scope, generation: u64) {
        let known = self.changes.get(scope).unwrap_or(&self.floor).generation;
        if generation > known {
            self.change(scope, Some(generation));
        }
        self.seen = self.seen.max(generation);
    }

    /// Redis answered a question that was asked at `asked`.
    pub(crate) fn answered(&mut self, asked: Instant) {
        let steady_from = *self.steady_from.get_or_insert(asked + STEADY);
        if asked < steady_from {
            return;
        }
        if self.heard_since.is_none() || self.has_gap(asked) {
            self.heard_since = Some(asked);
        }
        self.complete_until = self.complete_until.max(asked);
    }

    fn has_gap(&self, now: Instant) -> bool {
        self.trust.is_some_and(|trust| now > self.complete_until + trust)
    }

    /// Redis did not answer.
    pub(crate) fn unanswered(&mut self) {
        self.steady_from = None;
    }

    /// For how long an entry is believed whose load began at `loaded`; `None`: for as long as its
    /// scopes do not change. Where others' changes are not heard of, it is as good as it is young.
    pub(crate) fn belief(&self, loaded: Instant) -> Option<Belief> {
        let trust = self.trust?;
        let is_told = self.heard_since.is_some_and(|since| since <= loaded);
        let from = if is_told { loaded.max(self.complete_until) } else { loaded };
        Some(Belief { fresh_until: from + fresh_part(trust), until: from + trust })
    }

    /// Whether what a load brings that began at `began` is believed now.
    pub(crate) fn is_believed(&self, began: Instant, now: Instant) -> bool {
        self.belief(began).is_none_or(|belief| now <= belief.until)
    }

    fn change(&mut self, scope: &Scope, generation: Option<u64>) {
        self.tick += 1;
        if *scope == Scope::EVERYTHING || self.changes.len() >= MOST {
            let generation = self.seen.max(generation.unwrap_or_default());
            self.floor = Change { generation, tick: self.tick };
            self.changes.clear();
            return;
        }
        let floor = self.floor.generation;
        let known =
            self.changes.entry(scope.clone()).or_insert(Change { generation: floor, tick: 0 });
        known.tick = self.tick;
        known.generation = known.generation.max(generation.unwrap_or_default());
    }
}

#[cfg(test)]
mod simulation;

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn history() -> History {
        History::new(Some(Duration::from_millis(900)), Instant::now())
    }

    fn scope(id: u8) -> Scope {
        match id {
            0 => Scope::EVERYTHING,
            id => Scope::new("s", id),
        }
    }

    proptest! {
        /// News may come twice, late and out of order: none is lost.
        #[test]
        fn generations_merge_in_any_order(
            news in prop::collection::vec((0..5_u8, 1..50_u64), 1..30)
                .prop_flat_map(|news| (Just(news.clone()), Just(news).prop_shuffle())),
        ) {
            let told = |news: &[(u8, u64)]| {
                let mut history = history();
                news.iter().for_each(|(id, generation)| history.hear(&scope(*id), *generation));
                history
            };
            let (mut one, other) = (told(&news.0), told(&news.1));
            prop_assert_eq!(one.stamp(), other.stamp());
            for id in 1..5 {
                let its = news.0.iter().filter(|(about, _)| *about == id || *about == 0);
                let least = its.map(|(_, generation)| *generation).max().unwrap_or(0);
                for history in [&one, &other] {
                    let known = history.generation(&[scope(id)]).unwrap();
                    prop_assert!(least <= known && known <= history.stamp());
                }
            }
            // Again: nothing ticks.
            let before = (0..5).map(|id| one.tick(&[scope(id)])).collect::<Vec<_>>();
            for id in 1..5 {
                let known = one.generation(&[scope(id)]).unwrap();
                one.hear(&scope(id), known);
            }
            prop_assert_eq!(before, (0..5).map(|id| one.tick(&[scope(id)])).collect::<Vec<_>>());
        }
    }

    #[test]
    fn a_change_here_waits_for_its_own_generation() {
        let mut history = history();
        let (first, all) = (scope(1), [scope(1)]);
        let announced = history.changed_here(&all);
        assert_eq!(history.generation(&all), None);
        // It changes again while the first change is being announced.
        history.changed_here(&all);
        let news = News { newest: 10, changes: vec![(first.clone(), 10)] };
        history.learn(&news, &announced);
        assert_eq!(history.generation(&all), None, "the second is not announced");
        let rest = history.unissued(9);
        history.learn(&News { newest: 11, changes: vec![(first, 11)] }, &rest);
        assert_eq!(history.generation(&all), Some(11));
        assert_eq!(history.count_unissued(), 0);
    }

    #[test]
    fn too_many_scopes_are_everything() {
        let mut history = history();
        let quiet = [scope(1)];
        for id in 0..=MOST {
            history.changed_here(&[Scope::new("busy", id)]);
        }
        assert!(history.tick(&quiet) > 0);
        assert_eq!(history.unissued(9), [(Scope::EVERYTHING, history.tick)]);
        assert_eq!(history.generation(&quiet), None);
    }

    #[test]
    fn who_hears_nothing_believes_what_is_young_and_redis_only_when_it_is_steady() {
        let start = Instant::now();
        let ms = |milliseconds| start + Duration::from_millis(milliseconds);
        let mut history = History::new(Some(Duration::from_millis(900)), start);
        let until = |history: &History, loaded| {
            let belief = history.belief(ms(loaded)).unwrap();
            assert_eq!(belief.until - belief.fresh_until, Duration::from_millis(300));
            (belief.until - start).as_millis()
        };
        assert_eq!((until(&history, 0), until(&history, 700)), (900, 1600));
        history.answered(ms(1000));
        assert_eq!(until(&history, 1000), 1900, "others may have been cut off as well");
        history.answered(ms(3000));
        assert_eq!(until(&history, 2999), 3899, "from before it was steady");
        assert_eq!(until(&history, 3000), 3900);
        history.answered(ms(3500));
        assert_eq!(until(&history, 3000), 4400);
        history.unanswered();
        assert_eq!(until(&history, 3000), 4400);
        history.answered(ms(4000));
        history.answered(ms(6000));
        assert_eq!(until(&history, 3000), 3900, "from before the gap");
        assert_eq!(until(&history, 6000), 6900);
        assert_eq!(History::new(None, start).belief(start), None);
    }
}
