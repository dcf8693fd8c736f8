//! The limiter before a simulated service, in virtual time: requests arrive at random, a fixed
//! number are worked on at once, the others wait in line.

use super::{Bounds, Limiter};
use crate::serve::overload::limiter::Permit;
use proptest::prelude::*;
use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap, VecDeque};
use std::sync::Arc;

const SECOND: u64 = 1_000_000;

/// A service: how many requests it works on at once, and how long one takes on average, in µs.
#[derive(Debug, Clone, Copy)]
struct Service {
    slots: usize,
    work: f64,
}

impl Service {
    /// Requests in a second.
    fn capacity(self) -> f64 {
        self.slots as f64 * SECOND as f64 / self.work
    }
}

/// xorshift64*: the run is the seed's.
struct Chance(u64);

impl Chance {
    fn exponential(&mut self, mean: f64) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        let uniform =
            (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11) as f64 / (1u64 << 53) as f64;
        (-mean * (1.0 - uniform).ln()).ceil() as u64
    }
}

struct Simulation {
    limiter: Arc<Limiter>,
    chance: Chance,
    now: u64,
    /// When each request in work ends.
    working: BinaryHeap<Reverse<(u64, u64)>>,
    permits: HashMap<u64, Permit>,
    line: VecDeque<u64>,
    next_id: u64,
}

#[derive(Debug, Default)]
struct Seen {
    served: f64,
    refused: f64,
    latencies: Vec<u64>,
}

impl Seen {
    fn mean_latency(&self) -> f64 {
        self.latencies.iter().sum::<u64>() as f64 / self.latencies.len().max(1) as f64
    }
}

impl Simulation {
    fn new(bounds: Bounds, seed: u64) -> Self {
        Self {
            limiter: Arc::new(Limiter::new(bounds)),
            chance: Chance(seed | 1),
            now: 0,
            working: BinaryHeap::new(),
            permits: Default::default(),
            line: VecDeque::new(),
            next_id: 0,
        }
    }

    /// Runs for so many seconds at so many requests a second; what was seen in the second half.
    fn run(&mut self, service: Service, rate: f64, seconds: u64) -> Seen {
        let (start, end) = (self.now, self.now + seconds * SECOND);
        let half = start + (end - start) / 2;
        let mut seen = Seen::default();
        let mut began = HashMap::new();
        let mut arrival = self.now + self.chance.exponential(SECOND as f64 / rate);
        while self.now < end {
            let done = self.working.peek().map_or(u64::MAX, |Reverse((at, _))| *at);
            self.now = arrival.min(done);
            if done <= arrival {
                let Some(Reverse((_, id))) = self.working.pop() else { continue };
                self.permits.remove(&id).unwrap().finish(self.now);
                if self.now >= half {
                    seen.served += 1.0;
                    seen.latencies.extend(began.remove(&id).map(|at: u64| self.now - at));
                }
            } else {
                arrival = self.now + self.chance.exponential(SECOND as f64 / rate);
                match self.limiter.admit(self.now) {
                    Some(permit) => {
                        self.permits.insert(self.next_id, permit);
                        began.insert(self.next_id, self.now);
                        self.line.push_back(self.next_id);
                        self.next_id += 1;
                    }
                    None if self.now >= half => seen.refused += 1.0,
                    None => {}
                }
            }
            while self.working.len() < service.slots
                && let Some(id) = self.line.pop_front()
            {
                let work = self.chance.exponential(service.work);
                self.working.push(Reverse((self.now + work, id)));
            }
        }
        seen
    }
}

const BOUNDS: Bounds = Bounds { min: 8, max: 512 };

proptest! {
    #![proptest_config(ProptestConfig { cases: 12, failure_persistence: None, ..Default::default() })]

    /// What S1 asks for: at many times the load, as much is served as could be, and soon.
    #[test]
    fn overload_costs_no_goodput_and_little_time(
        seed: u64, slots in 4..32usize, work in 2_000..20_000u32, load in 2.0..10.0f64,
    ) {
        let service = Service { slots, work: work.into() };
        let mut simulation = Simulation::new(BOUNDS, seed);
        simulation.run(service, service.capacity() * 0.3, 4);
        let seen = simulation.run(service, service.capacity() * load, 10);
        let goodput = seen.served / 5.0 / service.capacity();
        prop_assert!(goodput > 0.9, "{goodput} of the capacity was served");
        let latency = seen.mean_latency() / service.work;
        prop_assert!(latency < 5.0, "{latency} times the work's own time");
    }

    /// In health nobody is refused.
    #[test]
    fn light_load_is_let_in(seed: u64, slots in 16..32usize, work in 2_000..20_000u32) {
        let service = Service { slots, work: work.into() };
        let bounds = Bounds { min: 64, max: 512 };
        let seen = Simulation::new(bounds, seed).run(service, service.capacity() * 0.6, 10);
        prop_assert_eq!(seen.refused, 0.0);
    }
}

#[test]
fn a_long_overload_is_not_learnt() {
    let service = Service { slots: 16, work: 10_000.0 };
    let mut simulation = Simulation::new(BOUNDS, 7);
    simulation.run(service, service.capacity() * 0.3, 4);
    simulation.run(service, service.capacity() * 5.0, 20);
    let soon = simulation.limiter.limit();
    simulation.run(service, service.capacity() * 5.0, 300);
    let late = simulation.limiter.limit();
    assert!(late < 2 * soon, "{soon} became {late}");
}

#[test]
fn work_that_became_slower_is_learnt() {
    let mut simulation = Simulation::new(BOUNDS, 7);
    let before = Service { slots: 32, work: 2_000.0 };
    simulation.run(before, before.capacity() * 3.0, 10);
    let after = Service { slots: 32, work: 20_000.0 };
    let seen = simulation.run(after, after.capacity() * 3.0, 40);
    let goodput = seen.served / 20.0 / after.capacity();
    assert!(goodput > 0.9, "{goodput} of the capacity was served");
}
