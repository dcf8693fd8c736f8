//! The sources as the rules see them: code without comments, texts and unit tests.

use std::path::{Path, PathBuf};

/// The workspace's folder.
pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).parent().expect("a workspace").to_owned()
}

/// A Rust file.
pub(crate) struct Source {
    /// Its path in the workspace.
    pub(crate) path: String,
    /// All of it.
    pub(crate) text: String,
    /// The same lines, with spaces for comments, texts and `#[cfg(test)]` modules.
    pub(crate) code: String,
}

impl Source {
    /// Every Rust file below a folder of the workspace.
    pub(crate) fn below(folder: &str) -> Vec<Self> {
        let mut found = Vec::new();
        let mut folders = vec![root().join(folder)];
        while let Some(folder) = folders.pop() {
            for entry in folder.read_dir().unwrap_or_else(|e| panic!("{}: {e}", folder.display())) {
                let path = entry.expect("an entry").path();
                if path.is_dir() && path.file_name().is_none_or(|name| name != "target") {
                    folders.push(path);
                } else if path.extension().is_some_and(|it| it == "rs") {
                    found.push(Self::read(&path));
                }
            }
        }
        found.sort_by(|a, b| a.path.cmp(&b.path));
        assert!(!found.is_empty(), "{folder} has no Rust file: the rule looks at the wrong place");
        found
    }

    fn read(path: &Path) -> Self {
        let text = std::fs::read_to_string(path).expect("a text file");
        let path = path.strip_prefix(root()).expect("a path in the workspace");
        let code = without_unit_tests(&without_texts(&text));
        Self { path: path.display().to_string(), text, code }
    }

    /// Whether Cargo builds it as a test, an example, a benchmark or for the `tests` package.
    pub(crate) fn is_test(&self) -> bool {
        self.path.starts_with("tests/")
            || ["/tests/", "/examples/", "/benches/"].iter().any(|it| self.path.contains(it))
    }

    /// `path:line` of a byte in the code.
    pub(crate) fn place(&self, at: usize) -> String {
        format!("{}:{}", self.path, self.code[..at].matches('\n').count() + 1)
    }

    /// Where `word` stands in the code as a word of its own; `println!` is no `eprintln!`.
    pub(crate) fn words<'a>(&'a self, word: &'a str) -> impl Iterator<Item = usize> + 'a {
        let part_of_name = |c: char| c.is_alphanumeric() || c == '_';
        let ends_in_name = word.ends_with(part_of_name);
        self.code.match_indices(word).map(|(at, _)| at).filter(move |at| {
            let (before, after) = (&self.code[..*at], &self.code[at + word.len()..]);
            // `r#unsafe` is a name like any other.
            let goes_on = ends_in_name && after.starts_with(part_of_name);
            !goes_on && !before.ends_with(part_of_name) && !before.ends_with("r#")
        })
    }
}

/// Fails with every violation of one rule, and why it is a rule.
pub(crate) fn holds(rule: &str, violations: &[String]) {
    assert!(violations.is_empty(), "{rule}\n  {}\n", violations.join("\n  "));
}

/// Spaces in the place of comments, strings and character literals; lines stay where they are.
fn without_texts(text: &str) -> String {
    let mut code = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = text_length(rest, code.chars().next_back());
        if length == 0 {
            code.push(first);
            rest = &rest[first.len_utf8()..];
        } else {
            blank(&mut code, &rest[..length]);
            rest = &rest[length..];
        }
    }
    code
}

fn blank(code: &mut String, text: &str) {
    // As many bytes as before, so that places stay the same.
    code.extend(text.bytes().map(|byte| if byte == b'\n' { '\n' } else { ' ' }));
}

/// How many bytes of comment or literal `rest` begins with; `before` is the character before it.
fn text_length(rest: &str, before: Option<char>) -> usize {
    let in_name = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
    if rest.starts_with("//") {
        return rest.find('\n').unwrap_or(rest.len());
    }
    if rest.starts_with("/*") {
        return rest.find("*/").map_or(rest.len(), |end| end + 2);
    }
    if rest.starts_with('"') {
        return quoted(rest, '"');
    }
    if rest.starts_with('r') && !in_name {
        let hashes = rest[1..].bytes().take_while(|byte| *byte == b'#').count();
        if rest[1 + hashes..].starts_with('"') {
            let end = format!("\"{}", "#".repeat(hashes));
            let body = &rest[2 + hashes..];
            return body.find(&end).map_or(rest.len(), |at| 2 + hashes + at + end.len());
        }
    }
    if let Some(body) = rest.strip_prefix('\'') {
        let mut characters = body.chars();
        // Anything else is a lifetime.
        match (characters.next(), characters.next()) {
            (Some('\\'), _) => return quoted(rest, '\''),
            (Some(one), Some('\'')) => return 2 + one.len_utf8(),
            _ => {}
        }
    }
    0
}

/// The length of a literal between two `quote`s, the first of which `rest` begins with.
fn quoted(rest: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in rest.char_indices().skip(1) {
        match c {
            _ if escaped => escaped = false,
            '\\' => escaped = true,
            c if c == quote => return at + 1,
            _ => {}
        }
    }
    rest.len()
}

fn without_unit_tests(code: &str) -> String {
    const MARK: &str = "#[cfg(test)]";
    let mut kept = String::with_capacity(code.len());
    let mut rest = code;
    while let Some(at) = rest.find(MARK) {
        let length = item_length(&rest[at..]);
        kept.push_str(&rest[..at]);
        blank(&mut kept, &rest[at..at + length]);
        rest = &rest[at + length..];
    }
    kept + rest
}

/// The length of an item: to its semicolon, or to the end of its braces.
fn item_length(code: &str) -> usize {
    let mut depth = 0;
    for (at, byte) in code.bytes().enumerate() {
        match byte {
            b';' if depth == 0 => return at + 1,
            b'{' => depth += 1,
            b'}' if depth == 1 => return at + 1,
            b'}' => depth -= 1,
            _ => {}
        }
    }
    code.len()
}

#[test]
fn texts_are_no_code() {
    let text =
        "a(\"x\\\"{\"); // b\nlet c: &'static str = r#\"d\"e\"#; /* f\n */ g('{', '\\'', 'é');";
    let code = without_texts(text);
    assert_eq!(code.len(), text.len());
    let words: Vec<&str> = code.split_whitespace().collect();
    let wanted = "a( ); let c: &'static str = ; g( , , );";
    assert_eq!(words.join(" "), wanted);
    assert_eq!(
        without_unit_tests("x; #[cfg(test)] mod t { { y } } z").split_whitespace().count(),
        2
    );
}
