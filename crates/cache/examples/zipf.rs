//! How often a cache spares a load, and how long a read takes, on a mix of reads whose popularity
//! follows Zipf's law and 5 % writes, over loads of 200 µs.
//!
//! `cargo run --release -p cache --example zipf [REDIS_URL]`

use cache::{Cache, Kind, Scope, Settings};
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use std::convert::Infallible;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::time::{Duration, Instant};

const KEYS: usize = 1000;
const OPERATIONS: usize = 200_000;

const READ: Kind<usize, String> = Kind::shared("read", |id| vec![Scope::new("thing", id)])
    .stale_while_revalidate(Duration::from_secs(10));

#[tokio::main]
#[expect(clippy::print_stdout, reason = "its purpose")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings = Settings { seed: rand::random(), secret: rand::random(), ..Settings::default() };
    let cache = match std::env::args().nth(1) {
        Some(url) => {
            let link = redis_link::Settings::new(url, "this example");
            Cache::with_redis(&settings, redis_link::Link::start(link).await?)
        }
        None => Cache::alone(&settings),
    };
    // The chance of the thing of rank n is proportional to 1/n.
    let mut sum = 0.0;
    let up_to: Vec<f64> = (1..=KEYS)
        .map(|rank| {
            sum += 1.0 / rank as f64;
            sum
        })
        .collect();
    let mut random = StdRng::seed_from_u64(1);
    let mut times = Vec::with_capacity(OPERATIONS);
    for _ in 0..OPERATIONS {
        let at = random.random_range(0.0..sum);
        let id = up_to.partition_point(|up_to| *up_to < at);
        if random.random_range(0..100) < 5 {
            cache.bump(&[Scope::new("thing", id)]).await;
            continue;
        }
        let loaded = Arc::new(AtomicBool::new(false));
        let mark = Arc::clone(&loaded);
        let begun = Instant::now();
        cache.get(&READ, &id, move || load(id, mark)).await?;
        let time = begun.elapsed();
        if !loaded.load(Relaxed) {
            times.push(time);
        }
    }
    let stats = cache.stats();
    for kind in &stats.kinds {
        let hits = kind.local_hits + kind.stale_hits + kind.shared_hits + kind.joined;
        let ratio = hits as f64 / (hits + kind.misses) as f64;
        println!("{}: {:.1} % hits; {kind:?}", kind.kind, ratio * 100.0);
    }
    times.sort_unstable();
    for percent in [50, 99] {
        let time = times.get(times.len() * percent / 100).copied().unwrap_or_default();
        println!("p{percent} of reads without a load: {time:?}");
    }
    Ok(())
}

/// 200 µs, as of a query by key.
async fn load(id: usize, mark: Arc<AtomicBool>) -> Result<Option<String>, Infallible> {
    mark.store(true, Relaxed);
    tokio::task::spawn_blocking(|| std::thread::sleep(Duration::from_micros(200))).await.ok();
    Ok(Some(format!("the thing {id}")))
}
