//! The tables of a job that can be compared, and their ranges; and those that cannot, with why.

use super::checksum::Checksum;
use super::pair::{self, TablePair};
use super::spec::{JobRules, Mode, VerifySpec};
use super::target::Target;
use crate::doris::catalogue;
use crate::doris::statements::Statements;
use crate::error::{Error, Kind};
use crate::snapshot::catalogue::{Catalogue, Position, Refused, Table};
use crate::snapshot::range::{self, Range};
use crate::snapshot::server;
use serde::{Deserialize, Serialize};
use std::cell::OnceCell;
use std::collections::{BTreeMap, HashMap};
use std::time::Duration;

/// A range that is summed up is so many times as large as one that is read: the servers send nothing of it, and what differs is found by parts.
const SUMMED: u64 = 10;

/// What is there to be compared: the shape of a `Catalogue`.
#[derive(Debug, Serialize)]
pub struct Listing {
    /// The server's version, as it says it.
    pub server: String,
    /// Where its binary log stands.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub position: Option<Position>,
    /// All tables, those that cannot be compared too: each has a verdict.
    pub tables: Vec<Listed>,
    /// Those that cannot be compared.
    pub refused: Vec<Refused>,
    /// What is to be known of others.
    pub remarks: Vec<String>,
}

/// A table.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Listed {
    /// As the source has it.
    #[serde(flatten)]
    pub table: Table,
    /// Why it cannot be compared.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// A part of a table that is compared at once.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Part {
    /// The table.
    pub table: Table,
    /// The range of it; None for one that cannot be compared.
    pub range: Option<Range>,
    /// Why it cannot.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub refused: Option<String>,
}

/// Looks which tables can be compared.
///
/// # Errors
/// Either side does not answer; a pattern that is none.
pub fn listing(spec: &VerifySpec) -> Result<Listing, Error> {
    let rules = spec.rules()?;
    let all = server::catalogue(&spec.source)?;
    let is_meant = |name: &str| rules.only.as_ref().is_none_or(|only| only.is_match(name));
    let (doris, merged) = (Doris::of(spec)?, merged(&rules, &all)?);
    let (mut tables, mut refused, mut remarks) = (Vec::new(), Vec::new(), Vec::new());
    for table in all.tables.into_iter().filter(|table| is_meant(&format!("{}.{}", table.database, table.table))) {
        let name = format!("{}.{}", table.database, table.table);
        let pair = match merged.get(&name) {
            Some(why) => Err(why.clone()),
            None => doris.pair(spec, &table)?,
        };
        let why = match pair {
            Ok((pair, _)) => {
                if let (Mode::Checksum, Err(why)) = (spec.mode, Checksum::of(&pair, spec)) {
                    remarks.push(format!("all rows of {name} are read, as it has no sums: {why}"));
                }
                None
            }
            Err(why) => {
                refused.push(Refused { table: name, reason: why.clone() });
                Some(why)
            }
        };
        tables.push(Listed { table, refused: why });
    }
    for unreadable in all.refused.into_iter().filter(|table| is_meant(&table.table)) {
        let (database, table) = unreadable.table.split_once('.').unwrap_or_default();
        let table = Table {
            database: database.into(),
            table: table.into(),
            rows: 0,
            columns: Vec::new(),
            keys: Vec::new(),
            by_key: false,
            from: String::new(),
            select: String::new(),
            message: String::new(),
            native: Vec::new(),
        };
        tables.push(Listed { table, refused: Some(unreadable.reason.clone()) });
        refused.push(unreadable);
    }
    if tables.is_empty() {
        return Err(Error::new(
            Kind::InvalidSpec,
            "no table of the job has such a name; it is a pattern for the whole of database.table",
        )
        .at("--table"));
    }
    Ok(Listing { server: all.server, position: all.position, tables, refused, remarks })
}

/// Tables of the job that are one in Doris with others, and why none of them can be compared: whose a row of it is that one of them lacks cannot be told.
///
/// # Errors
/// A pattern that is none.
pub(super) fn merged(rules: &JobRules, all: &Catalogue) -> Result<HashMap<String, String>, Error> {
    let mut of_target: BTreeMap<(String, String), Vec<String>> = BTreeMap::new();
    let read = all.tables.iter().map(|table| (table.database.as_str(), table.table.as_str()));
    let unread = all.refused.iter().filter_map(|refused| refused.table.split_once('.'));
    for (database, table) in read.chain(unread) {
        if let Some(target) = rules.tables.target(database, table)? {
            of_target.entry((target.database, target.table)).or_default().push(format!("{database}.{table}"));
        }
    }
    let mut merged = HashMap::new();
    for ((database, table), names) in of_target.into_iter().filter(|(_, names)| names.len() > 1) {
        for name in &names {
            let another = names.iter().find(|other| *other != name).map_or("", String::as_str);
            let why = format!(
                "{} tables of the job are one in Doris, {database}.{table}, as {another} is; whose row is whose cannot be told, so compare them by SQL",
                names.len()
            );
            merged.insert(name.clone(), why);
        }
    }
    Ok(merged)
}

/// The parts of a table.
///
/// # Errors
/// Either side does not answer.
pub fn parts(spec: &VerifySpec, listed: &Listed) -> Result<Vec<Part>, Error> {
    let of = |range: Option<Range>, refused: Option<String>| Part { table: listed.table.clone(), range, refused };
    if listed.refused.is_some() {
        return Ok(vec![of(None, listed.refused.clone())]);
    }
    let (pair, _) = match Doris::of(spec)?.pair(spec, &listed.table)? {
        Ok(opened) => opened,
        Err(refused) => return Ok(vec![of(None, Some(refused))]),
    };
    let ranges = if pair.is_ordered_alike() {
        let mut source = spec.source.clone();
        if spec.mode == Mode::Checksum && spec.rows_per_second == 0 && Checksum::of(&pair, spec).is_ok() {
            source.range_rows = source.range_rows.saturating_mul(SUMMED);
        }
        let ranges = server::ranges(&source, &listed.table)?;
        // What Doris cannot have, such as a date that is infinite, is no bound there.
        let is_none = |range: &Range| pair.keys.iter().zip(&range.up_to).any(|(key, bound)| !key.is_bound(bound));
        if ranges.iter().any(is_none) { vec![range::whole(&listed.table)] } else { ranges }
    } else {
        vec![range::whole(&listed.table)]
    };
    Ok(ranges.into_iter().map(|range| of(Some(range), None)).collect())
}

/// A Doris that is asked about its tables, and for their rows.
pub struct Doris {
    statements: Statements,
    /// Found when it is needed first.
    target: OnceCell<Target>,
}

impl Doris {
    /// That of a job.
    ///
    /// # Errors
    /// An address that is none.
    pub fn of(spec: &VerifySpec) -> Result<Doris, Error> {
        let patience = Duration::from_secs(spec.sink.patience_seconds);
        Ok(Doris { statements: Statements::new(spec.sink.access.access()?, patience)?, target: OnceCell::new() })
    }

    /// A table with its table in Doris, and who is asked there; or why they cannot be compared.
    ///
    /// # Errors
    /// Doris does not answer.
    pub fn pair(&self, spec: &VerifySpec, table: &Table) -> Result<Result<(TablePair, Target), String>, Error> {
        let rules = spec.rules()?;
        let mapped = match pair::mapped(table, &rules, spec) {
            Ok(mapped) => mapped,
            Err(refused) => return Ok(Err(refused)),
        };
        let name = format!("{}.{}", mapped.database, mapped.name);
        let asked = self.statements.patiently(|cluster| catalogue::table(cluster, &mapped.database, &mapped.name));
        let Some(there) = asked.map_err(|e| Error::new(Kind::Load, e.to_string()).at(&name))? else {
            return Ok(Err(format!("Doris has no table {name}")));
        };
        let target = self.target(spec)?;
        let pair = TablePair::of(table, mapped, there, &rules, spec);
        // Whether values go into the columns that are there is known when rows are to be read.
        Ok(pair.and_then(|pair| match super::source::SourceRows::new(&pair, spec) {
            Ok(_) => Ok((pair, target)),
            Err(e) => Err(e.to_string()),
        }))
    }

    fn target(&self, spec: &VerifySpec) -> Result<Target, Error> {
        if let Some(found) = self.target.get() {
            return Ok(found.clone());
        }
        let found = Target::find(spec, &self.statements)?;
        Ok(self.target.get_or_init(|| found).clone())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::rules::Rules;

    #[test]
    fn tables_that_become_one_are_not_told_apart() {
        let names =
            serde_json::from_str(r#"{"rename": [{"from": "shop\\.orders_\\d", "to": "shop.orders"}]}"#).unwrap();
        let rules = JobRules {
            tables: Rules::new(&names).unwrap(),
            columns: crate::sync::columns::ColumnRules::new(&[]).unwrap(),
            properties: crate::sync::open::PropertyRules::new(&Default::default(), &[]).unwrap(),
            only: None,
        };
        let refused = |table: &str| Refused { table: table.into(), reason: String::new() };
        let tables = ["shop.orders_1", "shop.orders_2", "shop.items"].map(refused).into();
        let all = Catalogue { server: String::new(), position: None, tables: Vec::new(), refused: tables };
        let merged = merged(&rules, &all).unwrap();
        let mut names: Vec<&String> = merged.keys().collect();
        names.sort();
        assert_eq!(names, ["shop.orders_1", "shop.orders_2"]);
        assert!(merged["shop.orders_1"].contains("shop.orders_2") && merged["shop.orders_1"].contains("by SQL"));
    }
}
