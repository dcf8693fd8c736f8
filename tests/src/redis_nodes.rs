//! More than one Redis: a Cluster, or a master with a replica and Sentinels.

use redis_server::{PROMPT, Server as Redis, cluster, eventually, sentinel};

/// A Redis Cluster of six nodes: three masters, each with a replica.
pub struct RedisCluster(Vec<Redis>);

impl RedisCluster {
    /// Starts one, and returns when every node knows that all is well.
    ///
    /// # Panics
    /// It is not within 30 s.
    pub fn start() -> Self {
        Self(cluster())
    }

    /// For `REDIS_URL`.
    pub fn url(&self) -> String {
        let hosts: Vec<String> = self.0.iter().map(|node| node.address().to_string()).collect();
        format!("redis+cluster://{}", hosts.join(","))
    }

    /// The master that has `key`, as soon as there is one.
    ///
    /// # Panics
    /// There is none within 30 s.
    pub fn master_of(&mut self, key: &str) -> &mut Redis {
        // Replicas and the masters of other keys say who has it.
        let command = format!("EXISTS {key}");
        let has = |node: &Redis| node.try_ask(&command).is_some_and(|it| it.starts_with(':'));
        let at = eventually("a master has the key", || self.0.iter().position(has));
        &mut self.0[at]
    }
}

/// A master and its replica under the name `main`, watched by three Sentinels.
pub struct Watched {
    servers: [Redis; 2],
    sentinels: Vec<Redis>,
}

impl Watched {
    /// Starts them, and returns when the Sentinels could do without the master.
    ///
    /// # Panics
    /// They cannot within 30 s.
    pub fn start() -> Self {
        let master = Redis::with(&PROMPT);
        let port = master.address().port().to_string();
        let follow = ["--replicaof", "127.0.0.1", &port];
        let replica = Redis::with(&[&PROMPT[..], &follow].concat());
        eventually("the replica follows", || {
            master.cli(&["INFO", "replication"]).contains("state=online").then_some(())
        });
        let sentinels: Vec<Redis> = (0..3).map(|_| sentinel(&master, 2)).collect();
        let watched = Self { servers: [master, replica], sentinels };
        eventually("the Sentinels know each other and the replica", || {
            watched.sentinels.iter().all(is_ready).then_some(())
        });
        watched
    }

    /// For `REDIS_URL`.
    pub fn url(&self) -> String {
        let hosts: Vec<String> =
            self.sentinels.iter().map(|sentinel| sentinel.address().to_string()).collect();
        format!("redis+sentinel://{}/main", hosts.join(","))
    }

    /// Whoever is master, as soon as somebody is.
    ///
    /// # Panics
    /// Nobody is within 30 s.
    pub fn master(&mut self) -> &mut Redis {
        // The answer to ROLE has three parts of a master, five of a replica.
        let is_master = |it: &Redis| it.try_ask("ROLE").as_deref() == Some("*3");
        let at = eventually("there is a master", || self.servers.iter().position(is_master));
        &mut self.servers[at]
    }
}

fn is_ready(sentinel: &Redis) -> bool {
    let knows = |what: &str, many: &str| {
        let told = sentinel.try_ask(&format!("SENTINEL {what} main"));
        told.is_some_and(|told| told.starts_with(many))
    };
    knows("SENTINELS", "*2") && knows("REPLICAS", "*1")
}
