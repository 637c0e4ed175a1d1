//! Transactions as they are in the log: their changes wait for the end.

use super::ddl::Ddl;
use super::record::{Operation, Record};
use super::statement::{Statement, Valued};
use crate::error::{Error, Kind};
use crate::sync::ddl::TableName;
use std::collections::{BTreeMap, HashMap, HashSet};

/// Bytes of all transactions that are under way, about.
const MOST_BYTES: usize = 256 << 20;

/// A row, by what the log says of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Row {
    /// By its values: columns in the order of their names, and expressions of SQL. Of a table whose key is known, that.
    Values(Vec<(Box<str>, Box<str>)>),
    /// By its place in the table's files: LogMiner does not know the table as it was.
    Place(Box<str>),
}

impl Row {
    /// With another name for a column.
    pub fn renamed(self, from: &str, to: &str) -> Row {
        let Row::Values(mut values) = self else { return self };
        values.iter_mut().filter(|(name, _)| **name == *from).for_each(|(name, _)| *name = to.into());
        values.sort();
        Row::Values(values)
    }

    fn bytes(&self) -> usize {
        match self {
            Row::Values(values) => values.iter().map(|(name, value)| name.len() + value.len() + 32).sum::<usize>() + 64,
            Row::Place(place) => place.len() + 64,
        }
    }
}

/// A transaction that was committed.
#[derive(Debug, Default)]
pub struct Committed {
    /// Rows that it has changed: the last sequence of each, counted from the transaction's first.
    pub rows: BTreeMap<TableName, HashMap<Row, i64>>,
    /// What it has done to tables, with the same.
    pub statements: Vec<(i64, TableName, Ddl)>,
    /// Sequences that it takes.
    pub sequences: i64,
}

#[derive(Debug)]
struct Open {
    first: u64,
    bytes: usize,
    committed: Committed,
}

/// Those that are under way.
#[derive(Debug, Default)]
pub struct Transactions {
    open: HashMap<String, Open>,
    bytes: usize,
    /// That the server did not know any more when the log was last read to its end.
    gone: HashSet<String>,
}

impl Transactions {
    /// Takes a change. `keys` has the columns of the table's key, if it is known; `is_followed` whether anybody wants its rows.
    ///
    /// # Errors
    /// [`Kind::Source`]: it is not known which row was changed; too much is under way.
    pub fn take(&mut self, record: &Record, keys: Option<&[String]>, is_followed: bool) -> Result<(), Error> {
        let open = self.open.entry(record.transaction.clone()).or_insert_with(|| Open {
            first: record.scn,
            bytes: 0,
            committed: Committed::default(),
        });
        let at = open.committed.sequences;
        open.committed.sequences += record.operation.sequences();
        if !is_followed {
            return Ok(());
        }
        if record.operation == Operation::Ddl {
            open.committed.statements.push((at, record.table.clone(), Ddl::read(&record.sql)));
            return Ok(());
        }
        let rows = open.committed.rows.entry(record.table.clone()).or_default();
        for (row, at) in changed(record, keys, at)? {
            let bytes = row.bytes();
            if rows.insert(row, at).is_none() {
                open.bytes += bytes;
                self.bytes += bytes;
            }
        }
        if self.bytes > MOST_BYTES {
            let text = format!(
                "{} transactions that are not at their end have changed rows with keys of {} MB; the job waits for no more: have them ended, or let the job \
                 go on when they are",
                self.open.len(),
                self.bytes >> 20
            );
            return Err(Error::new(Kind::Source, text));
        }
        Ok(())
    }

    /// Ends one; None if it has changed nothing.
    pub fn end(&mut self, transaction: &str) -> Option<Committed> {
        let open = self.open.remove(transaction)?;
        self.bytes -= open.bytes;
        Some(open.committed)
    }

    /// Where the first of them has changed its first row.
    pub fn first(&self) -> Option<u64> {
        self.open.values().map(|open| open.first).min()
    }

    /// The log was read to its end, and these are under way on the server, as it said afterwards. What it did not know the time before has ended, and not by a commit, which
    /// would have been in the log by now.
    pub fn only(&mut self, known: &HashSet<String>) {
        let gone: HashSet<String> = self.open.keys().filter(|open| !known.contains(*open)).cloned().collect();
        let twice: Vec<String> = gone.intersection(&self.gone).cloned().collect();
        for transaction in twice {
            self.end(&transaction);
        }
        self.gone = gone;
    }
}

/// The rows that a record is about, each with its sequence.
fn changed(record: &Record, keys: Option<&[String]>, at: i64) -> Result<Vec<(Row, i64)>, Error> {
    let statement = Statement::read(&record.sql).filter(|_| record.is_readable);
    let key = |values: &[Valued<'_>]| key(values, keys);
    let rows = match &statement {
        Some(Statement::Insert(values) | Statement::Which(values)) => vec![(key(values), at)],
        Some(Statement::Update { after, before }) => {
            let is_changed = |name: &str| after.iter().find(|(changed, _)| *changed == name).copied();
            let now: Vec<Valued<'_>> = before.iter().map(|old| is_changed(old.0).unwrap_or(*old)).collect();
            vec![(key(before), at), (key(&now), at + 1)]
        }
        None => vec![(None, at)],
    };
    let found: Option<Vec<(Row, i64)>> =
        rows.into_iter().map(|(values, at)| Some((Row::Values(values?), at))).collect();
    match found {
        // The same key before and after is one row.
        Some(rows) => Ok(rows),
        // Which row is gone cannot be found by its place any more.
        None if record.operation != Operation::Delete && !record.row.is_empty() => {
            Ok(vec![(Row::Place(record.row.as_str().into()), at + record.operation.sequences() - 1)])
        }
        None => Err(unknown_row(record)),
    }
}

/// The values that name a row: those of the key, in the order of the columns' names, or all; None if one is missing.
fn key(values: &[Valued<'_>], keys: Option<&[String]>) -> Option<Vec<(Box<str>, Box<str>)>> {
    let boxed = |(name, value): (&str, &str)| (Box::from(name), Box::from(value));
    let mut named: Vec<(Box<str>, Box<str>)> = match keys {
        Some(keys) => {
            let of = |key: &String| {
                let (name, value) = values.iter().find(|(name, _)| name == key)?;
                Some(boxed((name, (*value)?)))
            };
            keys.iter().map(of).collect::<Option<_>>()?
        }
        None => values.iter().filter_map(|(name, value)| Some(boxed((name, (*value)?)))).collect(),
    };
    named.sort();
    (!named.is_empty()).then_some(named)
}

#[cold]
fn unknown_row(record: &Record) -> Error {
    let why = match (record.is_readable, record.operation) {
        (true, Operation::Unsupported) => "LogMiner does not support it",
        (true, _) => "its key is not in the log; ALTER DATABASE ADD SUPPLEMENTAL LOG DATA (PRIMARY KEY) COLUMNS",
        (false, _) => "LogMiner does not know the table any more as it was then",
    };
    let shown: String = record.sql.chars().take(200).collect();
    let text = format!(
        "which row was changed at SCN {} is not known: {why}. Start the job without its state, which reads the tables anew: `{shown}`",
        record.scn
    );
    Error::new(Kind::Source, text).at(record.table.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn record(transaction: &str, operation: Operation, sql: &str) -> Record {
        Record {
            scn: 5,
            id: String::new(),
            transaction: transaction.into(),
            operation,
            seconds: 0,
            table: TableName::new("S", "T"),
            row: "AAAR3sAAEAAAACXAAA".into(),
            is_readable: true,
            sql: sql.into(),
        }
    }

    fn of(values: &[(&str, &str)]) -> Row {
        Row::Values(values.iter().map(|(name, value)| (Box::from(*name), Box::from(*value))).collect())
    }

    #[test]
    fn rows_are_known_by_their_keys() {
        let mut all = Transactions::default();
        let keys = ["ID".to_string()];
        let mut take = |operation, sql: &str| all.take(&record("A", operation, sql), Some(&keys), true).unwrap();
        take(Operation::Insert, r#"insert into "S"."T"("ID","V") values ('1','x')"#);
        take(Operation::Update, r#"update "S"."T" set "V" = 'y' where "ID" = '1' and "V" = 'x'"#);
        take(Operation::Update, r#"update "S"."T" set "ID" = '2' where "ID" = '1' and "V" = 'y'"#);
        take(Operation::Delete, r#"delete from "S"."T" where "ID" = '3' and "V" IS NULL"#);
        let committed = all.end("A").unwrap();
        assert_eq!(committed.sequences, 6);
        let rows = &committed.rows[&TableName::new("S", "T")];
        let expected = [(of(&[("ID", "'1'")]), 3), (of(&[("ID", "'2'")]), 4), (of(&[("ID", "'3'")]), 5)];
        assert_eq!(*rows, HashMap::from(expected));
        assert!(all.open.is_empty() && all.bytes == 0 && all.end("A").is_none());
    }

    #[test]
    fn a_table_that_is_not_known_yet_keeps_all_values() {
        let mut all = Transactions::default();
        all.take(
            &record("A", Operation::Insert, r#"insert into "S"."T"("V","ID","N") values ('x','1',NULL)"#),
            None,
            true,
        )
        .unwrap();
        let committed = all.end("A").unwrap();
        let rows = &committed.rows[&TableName::new("S", "T")];
        assert_eq!(*rows, HashMap::from([(of(&[("ID", "'1'"), ("V", "'x'")]), 0)]));
    }

    #[test]
    fn rows_that_logminer_cannot_name() {
        let mut all = Transactions::default();
        let keys = ["ID".to_string()];
        let unreadable = |operation| Record {
            is_readable: false,
            ..record("A", operation, "update \"S\".\"T\" set \"COL 2\" = HEXTORAW('78')")
        };
        all.take(&unreadable(Operation::Update), Some(&keys), true).unwrap();
        let rows = all.end("A").unwrap().rows.remove(&TableName::new("S", "T")).unwrap();
        assert_eq!(rows, HashMap::from([(Row::Place("AAAR3sAAEAAAACXAAA".into()), 1)]));
        let gone = all.take(&unreadable(Operation::Delete), Some(&keys), true).unwrap_err().to_string();
        assert!(gone.contains("SCN 5") && gone.contains("as it was then"), "{gone}");
        // Nobody asks for it.
        all.take(&unreadable(Operation::Delete), Some(&keys), false).unwrap();
    }

    #[test]
    fn those_that_end_without_a_word() {
        let mut all = Transactions::default();
        for name in ["A", "B"] {
            all.take(
                &Record { scn: 7, ..record(name, Operation::Insert, r#"insert into "S"."T"("ID") values ('1')"#) },
                None,
                true,
            )
            .unwrap();
        }
        all.only(&HashSet::from(["A".to_string()]));
        assert_eq!((all.open.len(), all.first()), (2, Some(7)));
        all.only(&HashSet::from(["A".to_string()]));
        assert!(all.open.contains_key("A") && !all.open.contains_key("B"));
        // Known again in between: not gone.
        all.only(&HashSet::new());
        all.only(&HashSet::from(["A".to_string()]));
        all.only(&HashSet::new());
        assert!(!all.open.is_empty());
    }
}
