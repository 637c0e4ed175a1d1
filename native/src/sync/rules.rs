//! Which tables are moved, and what they are called in Doris.
//!
//! Patterns are regular expressions (Rust's crate `regex`) for the whole of `database.table`.

use crate::error::{Error, Kind};
use regex::Regex;
use serde::Deserialize;
use std::fmt;

/// The part `tables` of a job's file, as far as names go.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct NamesSpec {
    /// Tables to move; all if there is none.
    #[serde(default)]
    pub include: Vec<String>,
    /// Of those, tables not to move.
    #[serde(default)]
    pub exclude: Vec<String>,
    /// Other names in Doris; the first that matches counts. A table that none matches keeps its name.
    #[serde(default)]
    pub rename: Vec<Rename>,
}

/// One rule of names.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rename {
    /// Pattern.
    pub from: String,
    /// `database.table`, with `$1` or `${name}` for the pattern's groups.
    pub to: String,
}

/// A table's name in Doris.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TargetName {
    /// Unquoted.
    pub database: String,
    /// Unquoted.
    pub table: String,
}

impl fmt::Display for TargetName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.database, self.table)
    }
}

/// The patterns, compiled.
#[derive(Debug)]
pub struct Rules {
    include: Vec<Regex>,
    exclude: Vec<Regex>,
    rename: Vec<(Regex, String)>,
}

impl Rules {
    /// Compiles the patterns.
    ///
    /// # Errors
    /// [`Kind::InvalidSpec`] names the pattern that is none.
    pub fn new(spec: &NamesSpec) -> Result<Rules, Error> {
        let all = |option: &str, patterns: &[String]| -> Result<Vec<Regex>, Error> {
            patterns.iter().map(|pattern| whole(option, pattern)).collect()
        };
        let rename = |rule: &Rename| {
            let from = whole("tables.rename.from", &rule.from)?;
            check_groups(&from, rule)?;
            Ok((from, rule.to.clone()))
        };
        Ok(Rules {
            include: all("tables.include", &spec.include)?,
            exclude: all("tables.exclude", &spec.exclude)?,
            rename: spec.rename.iter().map(rename).collect::<Result<_, Error>>()?,
        })
    }

    /// Where a table goes; None if it is not moved.
    ///
    /// # Errors
    /// [`Kind::InvalidSpec`] if a rule makes no `database.table` of its name.
    pub fn target(&self, database: &str, table: &str) -> Result<Option<TargetName>, Error> {
        let source = format!("{database}.{table}");
        let any = |patterns: &[Regex]| patterns.iter().any(|pattern| pattern.is_match(&source));
        if !self.include.is_empty() && !any(&self.include) || any(&self.exclude) {
            return Ok(None);
        }
        let Some((pattern, to)) = self.rename.iter().find(|(pattern, _)| pattern.is_match(&source)) else {
            return Ok(Some(TargetName { database: database.into(), table: table.into() }));
        };
        let name = pattern.replace(&source, to.as_str());
        match name.split_once('.') {
            Some((database, table)) if !database.is_empty() && !table.is_empty() && !table.contains('.') => {
                Ok(Some(TargetName { database: database.into(), table: table.into() }))
            }
            _ => Err(Error::new(
                Kind::InvalidSpec,
                format!("'{to}' makes '{name}' of {source}; write database.table, with ${{1}} for what the first group matched"),
            )
            .at("tables.rename.to")),
        }
    }
}

/// A group that the pattern lacks would become nothing: `$1_x` is the group `1_x`.
fn check_groups(from: &Regex, rule: &Rename) -> Result<(), Error> {
    for after in rule.to.split('$').skip(1) {
        let (name, braced) = match after.strip_prefix('{').and_then(|rest| rest.split_once('}')) {
            Some((name, _)) => (name, true),
            None => (&after[..after.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(after.len())], false),
        };
        let known = match name.parse::<usize>() {
            Ok(number) => number < from.captures_len(),
            Err(_) => from.capture_names().flatten().any(|group| group == name),
        };
        if !known && (braced || !name.is_empty()) {
            let text = format!(
                "'{}' has no group '{name}', which '{}' names; write ${{1}} for the first one",
                rule.from, rule.to
            );
            return Err(Error::new(Kind::InvalidSpec, text).at("tables.rename.to"));
        }
    }
    Ok(())
}

/// A pattern for the whole of a name.
///
/// # Errors
/// [`Kind::InvalidSpec`] if it is none.
pub fn whole(option: &str, pattern: &str) -> Result<Regex, Error> {
    Regex::new(&format!("^(?:{pattern})$")).map_err(|e| {
        Error::new(Kind::InvalidSpec, format!("'{pattern}' is no regular expression")).at(option).caused_by(e)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(include: &[&str], exclude: &[&str], rename: &[(&str, &str)]) -> Rules {
        let all = |patterns: &[&str]| patterns.iter().map(ToString::to_string).collect();
        let rename = rename.iter().map(|(from, to)| Rename { from: (*from).into(), to: (*to).into() }).collect();
        Rules::new(&NamesSpec { include: all(include), exclude: all(exclude), rename }).unwrap()
    }

    fn target(rules: &Rules, database: &str, table: &str) -> Option<String> {
        rules.target(database, table).unwrap().map(|name| format!("{}/{}", name.database, name.table))
    }

    #[test]
    fn all_tables_keep_their_names_unless_told_otherwise() {
        let rules = rules(&[], &[], &[]);
        assert_eq!(target(&rules, "shop", "orders").as_deref(), Some("shop/orders"));
    }

    #[test]
    fn a_pattern_is_for_the_whole_name() {
        let rules = rules(&[r"shop\.order", r"crm\..*|log\.a"], &[r"crm\.tmp_.*"], &[]);
        let moved = |database, table| target(&rules, database, table).is_some();
        assert!(moved("shop", "order") && moved("crm", "people") && moved("log", "a"));
        assert!(!moved("shop", "orders") && !moved("crm", "tmp_1") && !moved("log", "ab") && !moved("my_log", "a"));
    }

    #[test]
    fn sharded_tables_become_one() {
        let rules = rules(
            &[],
            &[],
            &[(r"shop_\d+\.orders_(?P<year>\d{4})_\d+", "ods.orders_$year"), (r"(.*)\.(.*)", "ods.${1}_$2")],
        );
        assert_eq!(target(&rules, "shop_07", "orders_2024_3").as_deref(), Some("ods/orders_2024"));
        assert_eq!(target(&rules, "crm", "people").as_deref(), Some("ods/crm_people"));
    }

    #[test]
    fn what_cannot_be_a_rule() {
        let bad = NamesSpec { include: vec!["shop.(".into()], ..NamesSpec::default() };
        let error = Rules::new(&bad).unwrap_err().to_string();
        assert!(error.contains("'shop.(' is no regular expression") && error.contains("tables.include"), "{error}");
        let rename = vec![Rename { from: "(.*)[.](.*)".into(), to: "ods.$1_$2".into() }];
        let error = Rules::new(&NamesSpec { rename, ..NamesSpec::default() }).unwrap_err().to_string();
        assert!(error.contains("no group '1_'") && error.contains("write ${1}"), "{error}");
        for (to, name) in [("ods", "'ods'"), ("a.b.$1", "'a.b.shop'"), (".t", "'.t'")] {
            let error = rules(&[], &[], &[(r"(.*)\.(.*)", to)]).target("shop", "orders").unwrap_err().to_string();
            assert!(error.contains(name) && error.contains("of shop.orders"), "{error}");
        }
    }
}
