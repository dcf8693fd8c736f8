//! Rules that recognise a name.

use serde::Deserialize;

/// Globs that must all hold. `*` stands for any run of bytes, `#` for one
/// digit, a leading `!` turns a glob round. The table is in lower case, and so
/// is what it is asked about.
#[derive(Debug, Clone, Deserialize)]
#[serde(from = "Spelling")]
pub(crate) struct Rule(Vec<Glob>);

/// In the file, a rule of one glob is a bare string.
#[derive(Deserialize)]
#[serde(untagged)]
enum Spelling {
    One(String),
    All(Vec<String>),
}

impl From<Spelling> for Rule {
    fn from(spelling: Spelling) -> Self {
        match spelling {
            Spelling::One(glob) => Self(vec![Glob::new(&glob)]),
            Spelling::All(globs) => Self(globs.iter().map(|glob| Glob::new(glob)).collect()),
        }
    }
}

impl Rule {
    /// A rule of one glob.
    pub(crate) fn one(glob: &str) -> Self {
        Self(vec![Glob::new(glob)])
    }

    /// The one name that this rule knows, if it has no wildcard.
    pub(crate) fn literal(&self) -> Option<&str> {
        match self.0.as_slice() {
            [Glob { negated: false, shape: Shape::Exact(name) }] => Some(name),
            _ => None,
        }
    }

    /// Whether the rule recognises `name`.
    pub(crate) fn matches(&self, name: &str) -> bool {
        self.0.iter().all(|glob| glob.shape.matches(name) != glob.negated)
    }
}

#[derive(Debug, Clone)]
struct Glob {
    negated: bool,
    shape: Shape,
}

/// The common shapes apart, for they are an order of magnitude faster.
#[derive(Debug, Clone)]
enum Shape {
    Exact(String),
    /// `*text*`
    Contains(String),
    Wild(String),
}

impl Glob {
    fn new(text: &str) -> Self {
        let (negated, text) = match text.strip_prefix('!') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let wild = |text: &str| text.contains(['*', '#']);
        let inner = text.strip_prefix('*').and_then(|rest| rest.strip_suffix('*'));
        let shape = match inner {
            Some(inner) if !wild(inner) => Shape::Contains(inner.to_owned()),
            _ if wild(text) => Shape::Wild(text.to_owned()),
            _ => Shape::Exact(text.to_owned()),
        };
        Self { negated, shape }
    }
}

impl Shape {
    fn matches(&self, name: &str) -> bool {
        match self {
            Self::Exact(text) => name == text,
            Self::Contains(text) => name.contains(text),
            Self::Wild(pattern) => wild(pattern.as_bytes(), name.as_bytes()),
        }
    }
}

/// Patterns have two stars at most and names are short, so plain backtracking does.
fn wild(pattern: &[u8], text: &[u8]) -> bool {
    match (pattern, text) {
        ([], []) | ([b'*'], _) => true,
        ([b'*', rest @ ..], [_, tail @ ..]) => wild(rest, text) || wild(pattern, tail),
        ([b'*', rest @ ..], []) => wild(rest, text),
        ([p, rest @ ..], [t, tail @ ..]) if p == t || (*p == b'#' && t.is_ascii_digit()) => {
            wild(rest, tail)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rule(json: &str) -> Rule {
        serde_json::from_str(json).unwrap()
    }

    #[test]
    fn wildcards() {
        for (pattern, name, expected) in [
            ("gpt-4o", "gpt-4o", true),
            ("gpt-4o", "gpt-4o-mini", false),
            ("claude-2*", "claude-2", true),
            ("*claude*", "us.anthropic.claude-3", true),
            ("*claude*", "clau", false),
            ("*-tts", "gemini-tts-tts", true),
            ("gpt-5-####-##-##", "gpt-5-2026-01-02", true),
            ("gpt-5-####-##-##", "gpt-5-2026-01-0x", false),
            ("*", "", true),
            ("!*-tts", "a-tts", false),
            ("!*-tts", "a", true),
        ] {
            assert_eq!(Rule::one(pattern).matches(name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn all_must_hold() {
        let rule = rule(r#"["gemini-2.5-pro*", "!*-tts"]"#);
        assert!(rule.matches("gemini-2.5-pro-preview"));
        assert!(!rule.matches("gemini-2.5-pro-tts"));
        assert_eq!(rule.literal(), None);
        assert_eq!(Rule::one("gpt-4o").literal(), Some("gpt-4o"));
        assert_eq!(Rule::one("!gpt-4o").literal(), None);
    }
}
