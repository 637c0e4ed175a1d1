//! `database.include` and `table.include` where no Java is there to judge.

use crate::error::{Error, Kind};
use regex::Regex;

/// A pattern that a whole name must match, in the syntax of the `regex` crate. Where that differs from Java's
/// `java.util.regex.Pattern` is listed in docs/other-hosts.md.
#[derive(Debug, Clone)]
pub struct NamePattern(Regex);

impl NamePattern {
    /// Compiles `pattern`, which stands in `option`.
    ///
    /// # Errors
    /// [`Kind::InvalidSpec`] for a pattern that the crate cannot compile, with the option, the pattern and the reason.
    pub fn new(option: &str, pattern: &str) -> Result<Self, Error> {
        let refuse = |e: regex::Error| {
            let hint = match e {
                regex::Error::CompiledTooBig(_) => "it is too large when compiled",
                _ => "look-around and back-references in particular are unknown to it",
            };
            let what = format!("the pattern {pattern:?} is not one that this library can match; {hint}");
            Error::new(Kind::InvalidSpec, what).at(option).caused_by(e)
        };
        // By itself first: `a)|(b` must not become valid between the parentheses that follow.
        Regex::new(pattern).map_err(refuse)?;
        // Under (?x) a comment at the end would hide the closing parenthesis, but for the line's end, which then has no meaning.
        let whole = Regex::new(&format!(r"\A(?:{pattern})\z"));
        let whole = whole.or_else(|_| Regex::new(&format!("\\A(?:{pattern}\n)\\z"))).map_err(refuse)?;
        Ok(NamePattern(whole))
    }

    /// Whether the whole of `name` matches.
    pub fn matches(&self, name: &str) -> bool {
        self.0.is_match(name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_whole_name_must_match() {
        for (pattern, name, matches) in [
            ("orders", "orders", true),
            ("orders", "orders_1", false),
            ("orders", "my_orders", false),
            ("a|ab", "ab", true),
            ("a|ab|", "", true),
            ("(?i)ORDERS", "orders", true),
            ("order_.*", "order_\u{8BA2}\u{5355}", true),
            ("order_.", "order_\u{8BA2}", true),
            ("a$", "a\n", false),
            ("^a$", "a", true),
            ("(?m)^a$", "b\na", false),
            ("(?x) a b # the name", "ab", true),
            ("(?x) a b # the name", "abc", false),
            ("a # b", "a # b", true),
            ("a # b", "a # b\n", false),
        ] {
            assert_eq!(NamePattern::new("p", pattern).unwrap().matches(name), matches, "{pattern:?} {name:?}");
        }
    }

    #[test]
    fn what_does_not_compile_is_named() {
        for pattern in ["a)|(b", "a**(", r"\w{2,100000}", "[", r"\p{IsNothing}"] {
            let text = NamePattern::new("tableInclude", pattern).unwrap_err().to_string();
            assert!(text.contains(&format!("{pattern:?}")) && text.contains("tableInclude"), "{text}");
        }
    }

    /// The list behind the table in docs/other-hosts.md; PatternListTest holds Java's column of it.
    #[test]
    fn patterns_differ_from_javas_as_listed() {
        let list = include_str!("../../../tests/data/patterns.jsonl");
        for line in list.lines() {
            let case: std::collections::HashMap<String, String> = serde_json::from_str(line).unwrap();
            let here = match NamePattern::new("p", &case["pattern"]) {
                Ok(pattern) if pattern.matches(&case["name"]) => "yes",
                Ok(_) => "no",
                Err(_) => "error",
            };
            assert_eq!(here, case["regex"], "{line}");
        }
        assert!(
            list.lines().any(|line| line.contains(r#""java": "yes", "regex": "error""#)),
            "the list is not that of differences"
        );
    }
}
