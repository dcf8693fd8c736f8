//! An ordered list of rules, answered mostly by one hash.

use std::collections::HashMap;

use crate::rule::Rule;

/// "Which is the first rule that matches this name?", where most rules are plain
/// names. Those sit in a hash map; only the few with wildcards are tried one by
/// one, and only for names that no plain rule knows.
#[derive(Debug, Default)]
pub(crate) struct Index {
    exact: HashMap<String, usize>,
    wild: Vec<(Rule, usize)>,
}

impl Index {
    /// Indexes `(rule, target)` pairs; earlier ones win.
    pub(crate) fn new(rules: impl IntoIterator<Item = (Rule, usize)>) -> Self {
        let mut index = Self::default();
        for (rule, target) in rules {
            match rule.literal() {
                // A wildcard that came earlier claims the name as well, for good.
                Some(name) => {
                    let winner = index.get(name).unwrap_or(target);
                    index.exact.entry(name.to_owned()).or_insert(winner);
                }
                None => index.wild.push((rule, target)),
            }
        }
        index
    }

    /// The target of the first rule that matches `name`.
    pub(crate) fn get(&self, name: &str) -> Option<usize> {
        self.exact.get(name).copied().or_else(|| {
            self.wild.iter().find(|(rule, _)| rule.matches(name)).map(|(_, target)| *target)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_rule_wins_be_it_plain_or_wild() {
        let rules = ["b", "a*", "ab", "b*", "b"];
        let index = Index::new(rules.iter().zip(0..).map(|(r, i)| (Rule::one(r), i)));
        assert_eq!(index.get("b"), Some(0));
        assert_eq!(index.get("ab"), Some(1));
        assert_eq!(index.get("bc"), Some(3));
        assert_eq!(index.get("c"), None);
    }
}
