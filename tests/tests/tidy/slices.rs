//! Who may know whom inside the backend.

use crate::paths;
use crate::source::{Source, holds};

/// The slices, top to bottom.
const SLICES: [&str; 10] = [
    "history",
    "alerts",
    "reports",
    "costs",
    "insights",
    "invocations",
    "projects",
    "auth",
    "audit",
    "ledger",
];

/// What stands below every slice.
const GROUND: [&str; 11] = [
    "clock",
    "config",
    "db",
    "edge",
    "error",
    "file_limit",
    "outbound",
    "signers",
    "state",
    "telemetry",
    "threads",
];

/// What stands above every slice, and is nobody's to call but the command line's.
const ROOF: [&str; 5] = ["app", "commands", "erasure", "openapi", "pages"];

/// The crate's module that a file belongs to.
fn module(source: &Source) -> &str {
    let inside = source.path.strip_prefix("backend/src/").expect("a file of the backend");
    inside.split(['/', '.']).next().unwrap_or_default()
}

fn rank(module: &str) -> Option<usize> {
    SLICES.iter().position(|slice| *slice == module)
}

/// Every path that leads from a file to another module for which `is_bad(from, to, next)`.
fn violations(is_bad: impl Fn(&str, &str, &str) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for source in Source::below("backend/src") {
        let from = module(&source);
        for path in paths::of(&source) {
            if path.module != from && is_bad(from, &path.module, &path.next) {
                let to = format!("{}::{}", path.module, path.next);
                found.push(format!(
                    "{}: {from} → {}",
                    source.place(path.at),
                    to.trim_end_matches(':')
                ));
            }
        }
    }
    found
}

#[test]
fn every_module_has_its_place() {
    let mut unknown = Vec::new();
    for source in Source::below("backend/src") {
        let it = module(&source);
        let known = SLICES.contains(&it) || GROUND.contains(&it) || ROOF.contains(&it);
        if !known && !["lib", "main", "probes"].contains(&it) {
            unknown.push(format!("{}: where does {it} stand?", source.path));
        }
    }
    holds("Every module stands in the order, or the order says nothing about it.", &unknown);
}

#[test]
fn slices_look_down() {
    let upward = |from: &str, to: &str, _: &str| {
        rank(from).zip(rank(to)).is_some_and(|(from, to)| to < from)
    };
    holds(
        "A slice calls lower ones only (history, alerts, reports, costs, insights, invocations, projects, \
         auth, audit, ledger): a circle could be neither understood nor changed a part at a time.",
        &violations(upward),
    );
}

#[test]
fn a_slices_store_is_its_own() {
    let foreign = |_: &str, to: &str, next: &str| rank(to).is_some() && next == "store";
    holds(
        "A slice's tables are reached through what its mod.rs offers: whoever goes past it skips \
         its rules, and its tables can no longer change.",
        &violations(foreign),
    );
}

#[test]
fn what_all_stand_on_knows_no_slice() {
    let risen = |from: &str, to: &str, _: &str| GROUND.contains(&from) && rank(to).is_some();
    holds(
        "The edge, the database, the state and the like serve every slice alike: one that knew a \
         slice would drag it into all others.",
        &violations(risen),
    );
}

#[test]
fn nobody_calls_the_commands() {
    let risen = |from: &str, to: &str, _: &str| from != "commands" && to == "commands";
    holds(
        "A command is an end: what two of them need belongs into a slice. Only main calls them.",
        &violations(risen),
    );
}

#[test]
fn nobody_below_knows_the_app() {
    let risen = |from: &str, to: &str, _: &str| {
        (GROUND.contains(&from) || rank(from).is_some()) && ROOF.contains(&to)
    };
    holds("The app looks down to the slices, never they up to it.", &violations(risen));
}

#[test]
fn the_database_knows_no_http() {
    let mut found = Vec::new();
    for source in Source::below("backend/src/db") {
        for word in ["actix_web", "actix_rt", "actix"] {
            found.extend(source.words(word).map(|at| format!("{}: {word}", source.place(at))));
        }
    }
    holds("The database serves commands too, which have no server.", &found);
}
