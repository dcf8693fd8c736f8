//! Three processes, a database and a Redis that may be cut off or emptied, in any order of events.
//!
//! A value is the number of the last write to its scope. Whoever wrote must never read less; and
//! when all have heard all, nobody may.

use super::{History, News};
use crate::scope::Scope;
use proptest::prelude::*;
use std::collections::HashMap;
use tokio::time::Instant;

const NODES: usize = 3;
const SCOPES: usize = 2;

#[derive(Debug, Clone)]
enum Event {
    Write {
        node: usize,
        scope: usize,
    },
    /// Begins a load, or ends the one that runs. It reads as early as it can.
    Load {
        node: usize,
        scope: usize,
    },
    Read {
        node: usize,
        scope: usize,
    },
    Poll {
        node: usize,
    },
    /// The oldest message reaches this process, or is lost.
    Message {
        node: usize,
        lost: bool,
    },
    Cut {
        node: usize,
    },
    Flush,
    /// Redis evicts the generations and keeps the entries.
    Evict,
}

/// What `generations.lua` does.
#[derive(Default)]
struct Redis {
    time: u64,
    generations: HashMap<Scope, u64>,
    entries: HashMap<usize, (u64, u64)>,
}

impl Redis {
    fn exchange(&mut self, seen: u64, cursor: u64, issue: &[(Scope, u64)]) -> News {
        let mut newest = self.generations.values().copied().max().unwrap_or(0);
        if newest < seen || !self.generations.contains_key(&Scope::EVERYTHING) {
            newest = (newest + 1).max(seen + 1).max(self.time);
            self.generations.insert(Scope::EVERYTHING, newest);
        }
        if !issue.is_empty() {
            newest = (newest + 1).max(self.time);
            self.generations.extend(issue.iter().map(|(scope, _)| (scope.clone(), newest)));
        }
        let news = self.generations.iter().filter(|(_, generation)| **generation > cursor);
        let mut changes: Vec<_> = news.map(|(scope, it)| (scope.clone(), *it)).collect();
        changes.sort_by_key(|(_, generation)| *generation);
        News { newest, changes }
    }
}

struct Node {
    history: History,
    cut: bool,
    /// By scope: the tick it is good for, and the value.
    entries: HashMap<usize, (u64, u64)>,
    /// By scope: tick, stamp and value of a load that runs.
    loads: HashMap<usize, (u64, u64, u64)>,
    messages: Vec<(Scope, u64)>,
    /// The last write of this process to each scope.
    wrote: [u64; SCOPES],
}

struct World {
    nodes: Vec<Node>,
    redis: Redis,
    database: [u64; SCOPES],
}

fn scope(id: usize) -> Scope {
    Scope::new("s", id)
}

impl World {
    fn new() -> Self {
        let node = || Node {
            history: History::new(None, Instant::now()),
            cut: false,
            entries: HashMap::new(),
            loads: HashMap::new(),
            messages: Vec::new(),
            wrote: [0; SCOPES],
        };
        let nodes = (0..NODES).map(|_| node()).collect();
        Self { nodes, redis: Redis { time: 1000, ..Redis::default() }, database: [0; SCOPES] }
    }

    fn happen(&mut self, event: &Event) {
        self.redis.time += 1;
        match *event {
            Event::Write { node, scope: id } => {
                self.database[id] += 1;
                self.nodes[node].wrote[id] = self.database[id];
                let changed = self.nodes[node].history.changed_here(&[scope(id)]);
                self.exchange(node, &changed);
            }
            Event::Load { node, scope: id } => self.load(node, id),
            Event::Read { node, scope: id } => self.check(node, id, self.nodes[node].wrote[id]),
            Event::Poll { node } => self.exchange(node, &self.nodes[node].history.unissued(9)),
            Event::Message { node, lost } => {
                let node = &mut self.nodes[node];
                if let Some((scope, generation)) = node.messages.pop()
                    && !lost
                {
                    node.history.hear(&scope, generation);
                }
            }
            Event::Cut { node } => self.nodes[node].cut ^= true,
            Event::Flush => {
                self.redis.generations.clear();
                self.redis.entries.clear();
            }
            Event::Evict => self.redis.generations.clear(),
        }
    }

    fn exchange(&mut self, node: usize, issue: &[(Scope, u64)]) {
        if self.nodes[node].cut {
            return;
        }
        let history = &mut self.nodes[node].history;
        let news = self.redis.exchange(history.stamp(), history.cursor(), issue);
        history.learn(&news, issue);
        for other in &mut self.nodes {
            other.messages.extend(issue.iter().map(|(scope, _)| (scope.clone(), news.newest)));
        }
    }

    fn load(&mut self, node: usize, id: usize) {
        let Node { history, loads, entries, cut, .. } = &mut self.nodes[node];
        if let Some((tick, stamp, value)) = loads.remove(&id) {
            entries.insert(id, (tick, value));
            if !*cut && stamp > 0 {
                self.redis.entries.insert(id, (stamp, value));
            }
        } else {
            loads.insert(id, (history.tick(&[scope(id)]), history.stamp(), self.database[id]));
        }
    }

    /// What this process would serve without a load is no older than that.
    fn check(&mut self, node: usize, id: usize, least: u64) {
        let Node { history, entries, cut, .. } = &mut self.nodes[node];
        let tick = history.tick(&[scope(id)]);
        let near = entries.get(&id).filter(|entry| entry.0 == tick).map(|entry| entry.1);
        let there = |scope: &Scope| self.redis.generations.get(scope).copied();
        let far = || {
            let known = history.generation(&[scope(id)])?.max(there(&Scope::EVERYTHING)?);
            let known = known.max(there(&scope(id)).unwrap_or(0));
            self.redis.entries.get(&id).filter(|entry| entry.0 >= known).map(|entry| entry.1)
        };
        let served = near.or_else(|| if *cut { None } else { far() });
        if let Some(value) = served {
            assert!(value >= least, "read {value} after {least} was written");
            entries.insert(id, (tick, value));
        }
    }
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let (node, scope) = (|| 0..NODES, || 0..SCOPES);
    let event = prop_oneof![
        4 => (node(), scope()).prop_map(|(node, scope)| Event::Write { node, scope }),
        8 => (node(), scope()).prop_map(|(node, scope)| Event::Load { node, scope }),
        8 => (node(), scope()).prop_map(|(node, scope)| Event::Read { node, scope }),
        3 => node().prop_map(|node| Event::Poll { node }),
        3 => (node(), any::<bool>()).prop_map(|(node, lost)| Event::Message { node, lost }),
        2 => node().prop_map(|node| Event::Cut { node }),
        1 => Just(Event::Flush),
        1 => Just(Event::Evict),
    ];
    prop::collection::vec(event, 1..120)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(500))]

    #[test]
    fn the_writer_never_reads_what_was_before_and_all_follow(events in events()) {
        let mut world = World::new();
        for event in &events {
            world.happen(event);
        }
        // Everybody reaches Redis again, and asks until all is announced and heard.
        for _ in 0..2 {
            for node in 0..NODES {
                world.nodes[node].cut = false;
                world.happen(&Event::Poll { node });
            }
        }
        for node in 0..NODES {
            for id in 0..SCOPES {
                world.check(node, id, world.database[id]);
            }
        }
    }
}
