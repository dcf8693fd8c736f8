//! Where to go after signing in: a place of this service.

use serde::{Deserialize, Serialize};
use url::{Position, Url};

const LONGEST: usize = 1024;

/// A path of this service, with query and fragment if there are any. As browsers would read it, so
/// that no spelling of another host passes for a path.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct ReturnTo(String);

impl ReturnTo {
    pub(super) fn as_str(&self) -> &str {
        &self.0
    }
}

impl Default for ReturnTo {
    fn default() -> Self {
        Self("/".to_owned())
    }
}

impl From<ReturnTo> for String {
    fn from(place: ReturnTo) -> Self {
        place.0
    }
}

impl TryFrom<String> for ReturnTo {
    type Error = &'static str;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        local(&text).map(Self).ok_or("must be a path of this service, such as /")
    }
}

fn local(text: &str) -> Option<String> {
    if !text.starts_with('/') || text.len() > LONGEST {
        return None;
    }
    let here = Url::parse("https://here.invalid").ok()?;
    let there = here.join(text).ok()?;
    let path = &there[Position::BeforePath..];
    // `/.//host` has the path `//host`, which alone would be a host.
    (there.origin() == here.origin() && !path.starts_with("//")).then(|| path.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_paths_of_this_service_are_taken() {
        for path in ["/", "/projects/7?tab=costs#today", "/a//b"] {
            assert_eq!(local(path).as_deref(), Some(path));
        }
        assert_eq!(local("/a/../b").as_deref(), Some("/b"));
        for elsewhere in [
            "",
            "x",
            "https://evil.example",
            "//evil.example",
            "/\\evil.example",
            "\\\\evil.example",
            "/\t/evil.example",
            "/\n/evil.example",
            "/.//evil.example",
            "/..//evil.example",
            "/x/..//evil.example",
            "/%2e//evil.example",
            "javascript:alert(1)",
            " //evil.example",
        ] {
            assert_eq!(local(elsewhere), None, "{elsewhere:?}");
        }
        assert_eq!(local(&format!("/{}", "x".repeat(LONGEST))), None);
    }
}
