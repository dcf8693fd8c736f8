//! More than one server, or one that is several.

use crate::{Server, eventually, folder};
use std::process::Command;

const CLUSTER: [&str; 4] = ["--cluster-enabled", "yes", "--cluster-node-timeout", "1000"];

/// A replica gets its first copy at once, and not after the five seconds in which more might come.
pub const PROMPT: [&str; 2] = ["--repl-diskless-sync-delay", "0"];

/// A Redis Cluster of six, three masters and a replica of each, when every node knows that all is
/// well.
pub fn cluster() -> Vec<Server> {
    let node = |_| Server::with(&[&PROMPT[..], &CLUSTER].concat());
    let nodes: Vec<Server> = (0..6).map(node).collect();
    let created = Command::new("redis-cli")
        .args(["--cluster", "create"])
        .args(nodes.iter().map(|node| node.address().to_string()))
        .args(["--cluster-replicas", "1", "--cluster-yes"])
        .output()
        .expect("redis-cli runs");
    assert!(created.status.success(), "{}", String::from_utf8_lossy(&created.stdout));
    // A replica that has nothing yet takes nothing over.
    eventually("the Cluster is whole, and every replica follows", || {
        let follows = |node: &&Server| {
            node.run::<String>("INFO replication").contains("master_link_status:up")
        };
        let replicas = nodes.iter().filter(follows).count();
        (nodes.iter().all(is_well) && replicas == 3).then_some(())
    });
    nodes
}

/// The only node of a Cluster.
pub fn lone_cluster() -> Server {
    let node = Server::with(&CLUSTER);
    node.run::<()>("CLUSTER ADDSLOTSRANGE 0 16383");
    eventually("the Cluster is whole", || is_well(&node).then_some(()));
    node
}

fn is_well(node: &Server) -> bool {
    node.run::<String>("CLUSTER INFO").contains("cluster_state:ok")
}

/// A Sentinel that watches a master under the name `main`; so many of its like have to agree that it
/// is gone.
pub fn sentinel(master: &Server, quorum: u8) -> Server {
    let folder = folder();
    let file = folder.path().join("sentinel.conf");
    let port = master.address().port();
    let watch = format!(
        "sentinel monitor main 127.0.0.1 {port} {quorum}\n\
         sentinel down-after-milliseconds main 500\nsentinel failover-timeout main 2000\n"
    );
    std::fs::write(&file, watch).expect("a file");
    let file = file.display().to_string();
    Server::in_folder(folder, &[&file, "--sentinel"])
}
