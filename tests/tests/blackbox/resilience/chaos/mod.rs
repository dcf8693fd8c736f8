//! Anything may break, and the promises hold, event by event. Here each fault alone; `make chaos`
//! mixes them at random for as long as one likes.

pub(crate) mod fault;
pub(crate) mod promises;
pub(crate) mod traffic;
mod world;

use fault::Fault;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::time::{Duration, Instant};
use tests::{setting, words};
use traffic::{Journal, under_traffic};
use world::World;

/// Long enough for some batches; nothing depends on how many they are.
fn a_while() {
    std::thread::sleep(Duration::from_millis(300));
}

fn alone(mut world: World, fault: Fault) {
    assert!(fault.concerns(world.kind()));
    let targets = world.targets.clone();
    let journal = under_traffic(&targets, "load", || {
        a_while();
        world.strike(&[fault], Duration::from_millis(1200));
        a_while();
    });
    world.keeps_its_promises(&journal);
}

macro_rules! alone {
    ($($test:ident: $world:ident, $fault:ident;)+) => {
        $(#[test] fn $test() { alone(World::$world(), Fault::$fault); })+
    };
}

alone! {
    postgres_is_killed: own_postgres, DatabaseKilled;
    postgres_is_frozen: postgres, DatabaseFrozen;
    postgres_is_cut_off: postgres, DatabaseCut;
    sqlite_is_locked: sqlite, DatabaseLocked;
    redis_is_killed: sqlite, RedisKilled;
    redis_is_frozen: postgres, RedisFrozen;
    redis_is_emptied: postgres, RedisEmptied;
    redis_is_cut_off: sqlite, RedisCut;
    a_process_is_killed: postgres, ServeKilled;
    a_process_ends: sqlite, ServeEnded;
    a_process_is_frozen: postgres, ServeFrozen;
    a_worker_is_killed: postgres, WorkerKilled;
    a_worker_is_frozen: sqlite, WorkerFrozen;
}

#[test]
#[ignore = "takes minutes: `make chaos`"]
fn anything_on_sqlite() {
    at_random(World::sqlite());
}

#[test]
#[ignore = "takes minutes: `make chaos`"]
fn anything_on_postgres() {
    at_random(World::own_postgres());
}

/// Strikes again and again, `ROUNDS` times or for `MINUTES`, by the faults that `FAULTS` names; the
/// same `SEED` strikes the same way.
fn at_random(mut world: World) {
    let seed = setting("SEED", rand::random::<u16>().into());
    let rounds = setting("ROUNDS", usize::MAX);
    let limit = Duration::from_secs(60 * setting("MINUTES", 2) as u64);
    let limit = if rounds == usize::MAX { limit } else { Duration::MAX };
    let faults = named(&world);
    tell(&format!("SEED={seed} on {:?}", world.kind()));
    let mut random = StdRng::seed_from_u64(seed as u64);
    let (targets, started) = (world.targets.clone(), Instant::now());
    let journal = under_traffic(&targets, "load", || {
        for round in 0..rounds {
            if started.elapsed() > limit {
                break;
            }
            let (some, length) = pick(&faults, &mut random);
            tell(&format!("round {round}: {some:?} for {length:?}"));
            world.strike(&some, length);
            std::thread::sleep(Duration::from_millis(random.random_range(0..500)));
        }
    });
    summarise(&journal);
    world.keeps_its_promises(&journal);
}

fn named(world: &World) -> Vec<Fault> {
    let wanted = words("FAULTS");
    let is_wanted = |name: &str| {
        wanted.as_ref().is_none_or(|wanted| wanted.split(',').any(|it| name.starts_with(it)))
    };
    let meant = Fault::ALL.into_iter().filter(|(name, _)| is_wanted(name)).map(|(_, it)| it);
    let faults: Vec<Fault> = meant.filter(|fault| fault.concerns(world.kind())).collect();
    assert!(!faults.is_empty(), "FAULTS names none of {:?}", Fault::ALL.map(|(name, _)| name));
    faults
}

/// One fault, or two at once, and for how long.
fn pick(faults: &[Fault], random: &mut StdRng) -> (Vec<Fault>, Duration) {
    let mut one = || faults[random.random_range(0..faults.len())];
    let (first, second) = (one(), one());
    let two = random.random_bool(0.3) && first.part() != second.part();
    let some = if two { vec![first, second] } else { vec![first] };
    (some, Duration::from_millis(random.random_range(50..2500)))
}

fn summarise(journal: &Journal) {
    tell(&format!(
        "{} events acknowledged, {} requests without success",
        journal.receipts.len(),
        journal.failures.len()
    ));
}

/// Says what `make chaos` is about to do, so that it can be done again.
fn tell(text: &str) {
    #[expect(clippy::print_stdout, reason = "the seed and the rounds of `make chaos`")]
    {
        println!("{text}");
    }
}
