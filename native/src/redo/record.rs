//! A row of `V$LOGMNR_CONTENTS`: what LogMiner says of a change, as Oracle's manual has it ("Database Utilities", "Database Reference").

use crate::snapshot::quoted::quoted_text;
use crate::sync::ddl::TableName;

/// What a record is of, by its `OPERATION_CODE`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Operation {
    /// 1, and a direct insert.
    Insert,
    /// 2.
    Delete,
    /// 3.
    Update,
    /// 5: a statement that changes a table.
    Ddl,
    /// 7.
    Commit,
    /// 9, 68: a large value, or a document, is about to be written.
    Large,
    /// 34: something is missing in the log.
    Gap,
    /// 36.
    Rollback,
    /// 255: a change that LogMiner has no statement for.
    Unsupported,
    /// None of these.
    Other,
}

impl Operation {
    fn of(code: &str) -> Operation {
        match code {
            "1" => Operation::Insert,
            "2" => Operation::Delete,
            "3" => Operation::Update,
            "5" => Operation::Ddl,
            "7" => Operation::Commit,
            "9" | "68" => Operation::Large,
            "34" => Operation::Gap,
            "36" => Operation::Rollback,
            "255" => Operation::Unsupported,
            _ => Operation::Other,
        }
    }

    /// Sequences that a record of it takes.
    pub fn sequences(self) -> i64 {
        match self {
            // The row before, which may have another key, and the row after.
            Operation::Update => 2,
            Operation::Commit | Operation::Rollback | Operation::Gap | Operation::Other => 0,
            Operation::Insert | Operation::Delete | Operation::Ddl | Operation::Large | Operation::Unsupported => 1,
        }
    }
}

/// A record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Where it stands in the log.
    pub scn: u64,
    /// Which one it is of those that stand there.
    pub id: String,
    /// Whose it is.
    pub transaction: String,
    /// What it is of.
    pub operation: Operation,
    /// When it was made: seconds since 1970-01-01 by the clock of the server's host.
    pub seconds: i64,
    /// Its table.
    pub table: TableName,
    /// The row's place in the table's files; empty if it has none.
    pub row: String,
    /// Whether LogMiner knows the table as it was then.
    pub is_readable: bool,
    /// The statement.
    pub sql: String,
}

/// Of [`query`]'s answer.
pub const COLUMNS: usize = 11;

/// What asks for records from a place on, without those of tables that belong to these users, which are the server's own. Nor such that take back what the transaction has changed
/// before: they have no key, and the row is looked at for what they take back.
pub fn query(from: u64, maintained: &[String]) -> String {
    let names: Vec<String> = maintained.iter().map(|name| quoted_text(name)).collect();
    let others = if names.is_empty() {
        String::new()
    } else {
        format!(" AND NVL(SEG_OWNER, '-') NOT IN ({})", names.join(", "))
    };
    format!(
        "SELECT TO_CHAR(SCN), RS_ID || '/' || TO_CHAR(SSN), RAWTOHEX(XID), DECODE(OPERATION, 'DIRECT INSERT', '1', TO_CHAR(OPERATION_CODE)), TO_CHAR(ROUND((TIMESTAMP - DATE '1970-01-01') * 86400)), SEG_OWNER, TABLE_NAME, ROW_ID, \
         TO_CHAR(STATUS), TO_CHAR(CSF), SQL_REDO FROM V$LOGMNR_CONTENTS WHERE SCN >= {from} AND (OPERATION_CODE IN (7, 34, 36) OR ROLLBACK = 0 AND (OPERATION_CODE IN (1, 2, 3, 5, 9, 68, 255) OR OPERATION = 'DIRECT INSERT'){others})"
    )
}

/// Records of the rows of [`query`]'s answer, one after the other: a long statement goes on in the next row.
#[derive(Debug, Default)]
pub struct Records {
    begun: Option<Record>,
}

impl Records {
    /// The record that ends with this row.
    ///
    /// # Errors
    /// The row itself, if it is none of [`query`]'s answer.
    pub fn take(&mut self, row: Vec<Option<String>>) -> Result<Option<Record>, Vec<Option<String>>> {
        let [scn, id, transaction, code, seconds, owner, table, place, status, goes_on, sql] =
            <[Option<String>; COLUMNS]>::try_from(row)?;
        let sql = sql.unwrap_or_default();
        let mut record = match self.begun.take() {
            Some(begun) => Record { sql: begun.sql + &sql, ..begun },
            None => {
                let Some(scn) = scn.as_deref().and_then(|scn| scn.parse().ok()) else {
                    return Err(vec![scn, id, transaction, code]);
                };
                Record {
                    scn,
                    id: id.unwrap_or_default(),
                    transaction: transaction.unwrap_or_default(),
                    operation: Operation::of(code.as_deref().unwrap_or_default()),
                    seconds: seconds.and_then(|seconds| seconds.parse().ok()).unwrap_or(0),
                    table: TableName::new(owner.as_deref().unwrap_or_default(), table.as_deref().unwrap_or_default()),
                    row: place.filter(|place| place.contains(|c| c != 'A')).unwrap_or_default(),
                    is_readable: status.as_deref() == Some("0"),
                    sql,
                }
            }
        };
        if goes_on.as_deref() == Some("1") {
            self.begun = Some(record);
            return Ok(None);
        }
        record.sql.shrink_to_fit();
        Ok(Some(record))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(scn: &str, code: &str, status: &str, goes_on: &str, sql: &str) -> Vec<Option<String>> {
        let cells =
            [scn, " 0x01.02.03 /0", "0A00", code, "1700000000", "S", "T", "AAAR3sAAEAAAACXAAA", status, goes_on, sql];
        cells.into_iter().map(|cell| Some(cell.to_string())).collect()
    }

    #[test]
    fn long_statements_are_one_record() {
        let mut records = Records::default();
        assert_eq!(records.take(row("7", "1", "0", "1", "insert ")), Ok(None));
        assert_eq!(records.take(row("7", "1", "0", "1", "into ")), Ok(None));
        let record = records.take(row("7", "1", "0", "0", "x")).unwrap().unwrap();
        assert_eq!((record.scn, record.sql.as_str(), record.operation), (7, "insert into x", Operation::Insert));
        assert_eq!((record.table, record.seconds), (TableName::new("S", "T"), 1_700_000_000));
        let next = records.take(row("8", "2", "2", "0", "y")).unwrap().unwrap();
        assert_eq!((next.sql.as_str(), next.is_readable), ("y", false));
        assert!(records.take(vec![None; COLUMNS]).is_err() && records.take(vec![None; 3]).is_err());
    }

    #[test]
    fn the_servers_own_tables_are_left_out() {
        assert!(
            query(7, &["SYS".into(), "O'X".into()])
                .ends_with("INSERT') AND NVL(SEG_OWNER, '-') NOT IN ('SYS', 'O''X'))")
        );
        assert!(query(7, &[]).ends_with("INSERT'))"));
    }
}
