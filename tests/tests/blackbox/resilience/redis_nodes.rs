//! Redis is a Cluster, or a master that Sentinels watch; its master dies under load, a replica takes
//! over, and nobody notices.

use super::chaos::promises;
use super::chaos::traffic::{Targets, under_traffic};
use crate::insights::counts::stream;
use serde_json::json;
use tests::{Client, Database, RedisCluster, Service, Watched, Worker, eventually};

const STREAM: &str = "ros:insights";

/// Two processes of the service and two workers.
struct Fleet {
    services: Vec<Service>,
    _workers: [Worker; 2],
    admin: Client,
}

impl Fleet {
    fn start(redis_url: &str) -> Self {
        let first = Service::builder(Database::postgres())
            .flag("--no-worker")
            .env("REDIS_URL", redis_url)
            .env("RESEARCHFLOW_RATE_LIMITS", "api=10000/1,ingest=10000/1")
            .start();
        let second = first.beside().start();
        let (workers, admin) = ([first.worker(), first.worker()], first.admin());
        Self { services: vec![first, second], _workers: workers, admin }
    }

    /// What is in the ledger now is in Redis's stream.
    fn is_fed(&self) {
        let end = stream(&self.admin)["ledger_end"].as_u64();
        eventually("the feed goes by Redis", || {
            let told = stream(&self.admin);
            (told["feed"] == json!("redis") && told["next"].as_u64() >= end).then_some(())
        });
    }

    /// Loses a master while clients send, which they do until the feed goes by its heir.
    fn survives(&self, lose: impl FnOnce()) {
        let targets = Targets::of(&self.services);
        let before = under_traffic(&targets, "before", || self.is_fed());
        let mut journal = under_traffic(&targets, "during", || {
            lose();
            self.is_fed();
        });
        journal.receipts.extend(before.receipts);
        promises::hold(&self.services[0], &self.admin, &journal, &[]);
        promises::metrics_are_sane(&self.services[1]);
    }

    fn is_in_stream(&self, cli: impl Fn(&[&str]) -> String) {
        promises::is_in_stream(self.services[0].database(), &self.admin, cli);
    }
}

#[test]
fn a_clusters_master_dies() {
    let mut cluster = RedisCluster::start();
    let fleet = Fleet::start(&cluster.url());
    fleet.is_fed();
    let lost = cluster.master_of(STREAM);
    let address = lost.address();
    fleet.survives(|| lost.kill());
    let heir = cluster.master_of(STREAM);
    assert_ne!(heir.address(), address, "another node has the stream");
    fleet.is_in_stream(|words| heir.cli(words));
}

#[test]
fn sentinels_promote_a_replica() {
    let mut watched = Watched::start();
    let fleet = Fleet::start(&watched.url());
    fleet.is_fed();
    let lost = watched.master();
    let address = lost.address();
    fleet.survives(|| lost.kill());
    let heir = watched.master();
    assert_ne!(heir.address(), address, "the replica is master");
    fleet.is_in_stream(|words| heir.cli(words));
}
