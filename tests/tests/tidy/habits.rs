//! What no file may do.

use crate::source::{Source, holds};

/// Past this a file has more than one idea.
const LINES: usize = 600;

const SERVICE: [&str; 2] = ["backend", "crates"];

fn all(folders: &[&str]) -> Vec<Source> {
    folders.iter().flat_map(|folder| Source::below(folder)).collect()
}

/// Every place of one of `words` in the files that `is_meant`.
fn found(sources: &[Source], words: &[&str], is_meant: impl Fn(&Source) -> bool) -> Vec<String> {
    let mut found = Vec::new();
    for source in sources.iter().filter(|source| is_meant(source)) {
        for word in words {
            found.extend(source.words(word).map(|at| format!("{}: {word}", source.place(at))));
        }
    }
    found
}

#[test]
fn only_the_configuration_reads_the_environment() {
    let words = ["env::var", "env::var_os", "env::vars", "env::vars_os", "env::set_var", "dotenvy"];
    let elsewhere =
        |source: &Source| !source.is_test() && !source.path.starts_with("backend/src/config/");
    holds(
        "Only `config` reads the environment: so every setting is listed by `serve --help`, checked \
         at the start, and told with all other faults.",
        &found(&all(&SERVICE), &words, elsewhere),
    );
}

#[test]
fn only_commands_print() {
    let words = ["println!", "eprintln!", "print!", "eprint!", "dbg!"];
    let elsewhere =
        |source: &Source| !source.is_test() && !source.path.starts_with("backend/src/commands/");
    holds(
        "What the service has to say goes through `tracing`, which is structured, has the request's \
         id and keeps PHI out; a command's answer alone goes to the terminal.",
        &found(&all(&SERVICE), &words, elsewhere),
    );
}

#[test]
fn nothing_is_unsafe() {
    holds(
        "Not one line here needs `unsafe`, and a reviewer should not have to prove it sound.",
        &found(&all(&["backend", "crates", "tests"]), &["unsafe"], |_| true),
    );
}

#[test]
fn nothing_is_left_to_do() {
    holds(
        "What is not built is not there: a stub looks like a feature until somebody needs it.",
        &found(&all(&["backend", "crates", "tests"]), &["todo!", "unimplemented!"], |_| true),
    );
}

#[test]
fn no_file_is_too_long() {
    let meant = |it: &Source| !it.is_test() && it.path != "backend/src/db/schema.rs";
    let long = all(&SERVICE).into_iter().filter(meant).filter_map(|source| {
        let lines = source.text.lines().count();
        (lines > LINES).then(|| format!("{}:{LINES}: {lines} lines", source.path))
    });
    holds(
        "A file has one idea: past 600 lines it has several, and nobody reads it whole.",
        &long.collect::<Vec<_>>(),
    );
}
