//! The paths that a file of the backend names, resolved to the crate's own modules.

use crate::source::Source;

/// `crate::<module>::<next>`, whether written so or climbing there by `super`.
pub(crate) struct Path {
    /// The crate's module.
    pub(crate) module: String,
    /// What follows, if it is a plain name.
    pub(crate) next: String,
    /// Where in the code.
    pub(crate) at: usize,
}

/// Every path of `source`, a file below `backend/src`, that starts at the crate's root.
pub(crate) fn of(source: &Source) -> Vec<Path> {
    let climbing = "super::".repeat(depth(&source.path));
    ["crate::", &climbing].into_iter().flat_map(|start| starting_with(source, start)).collect()
}

fn starting_with(source: &Source, start: &str) -> Vec<Path> {
    // Without a level to climb, `super` leads nowhere.
    let starts = source.words(start).filter(|_| !start.is_empty());
    // A macro's `$crate::` is resolved where the macro stands, and `super` may go on climbing.
    let own = starts.filter(|at| !source.code[..*at].ends_with(['$', ':']));
    own.flat_map(|at| heads(&source.code[at + start.len()..], at)).collect()
}

/// How many `super`s lead from a file's module to the crate's root.
fn depth(path: &str) -> usize {
    let inside = path.strip_prefix("backend/src/").expect("a file of the backend");
    let names = inside.trim_end_matches(".rs").split('/');
    names.filter(|name| !["mod", "lib", "main"].contains(name)).count()
}

/// The first two names of each path in `a::b…` or `{a::b, c}…`.
fn heads(rest: &str, at: usize) -> Vec<Path> {
    if !rest.starts_with('{') {
        return vec![head(rest, at)];
    }
    let (mut depth, mut begin, mut found) = (0, 1, Vec::new());
    for (place, byte) in rest.bytes().enumerate() {
        match byte {
            b'{' => depth += 1,
            b'}' => depth -= 1,
            _ => {}
        }
        if depth == 0 || (depth == 1 && byte == b',') {
            let item = rest[begin..place].trim();
            found.extend((!item.is_empty()).then(|| head(item, at)));
            begin = place + 1;
        }
        if depth == 0 {
            break;
        }
    }
    found
}

fn head(path: &str, at: usize) -> Path {
    let name = |text: &str| -> String {
        text.chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect()
    };
    let module = name(path);
    let next = path[module.len()..].strip_prefix("::").map(name).unwrap_or_default();
    Path { module, next, at }
}

#[test]
fn paths_are_found_however_they_are_written() {
    let code = "use crate::{a::{self, b}, c::d}; super::super::e::f(); super::g(); $crate::h!()";
    let source =
        Source { path: "backend/src/x/y.rs".into(), text: String::new(), code: code.into() };
    let found: Vec<_> = of(&source).into_iter().map(|path| (path.module, path.next)).collect();
    let pair = |module: &str, next: &str| (module.to_owned(), next.to_owned());
    assert_eq!(found, [pair("a", ""), pair("c", "d"), pair("e", "f")]);
}
