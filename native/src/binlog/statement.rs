//! Statements of the log: which begin and end transactions, which change tables, and which should be rows.

use crate::sync::ddl::{SchemaChange, TableName};

/// What a statement is to who follows the log.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning<'s> {
    /// A transaction begins.
    Begin,
    /// It ends.
    Commit,
    /// It ends, and what it did to tables with transactions is undone.
    Rollback,
    /// A part of what it did is undone.
    RollbackTo,
    /// A point in it.
    Savepoint,
    /// An XA transaction begins.
    XaBegin,
    /// Nothing is added to it any more.
    XaEnd,
    /// It was prepared before, and takes effect now.
    XaCommit(&'s str),
    /// It was prepared before, and never takes effect.
    XaRollback(&'s str),
    /// It changes rows, which should have been logged instead.
    Rows,
    /// Anything else: schema changes, rights.
    Other,
}

/// What a statement is.
pub fn meaning(sql: &str) -> Meaning<'_> {
    let mut words = Words { rest: sql };
    let (first, second) = (words.next(), words.next());
    let is = |word: &Option<&str>, wanted: &str| word.is_some_and(|word| word.eq_ignore_ascii_case(wanted));
    let first_is = |all: &[&str]| all.iter().any(|wanted| is(&first, wanted));
    if first_is(&["XA"]) {
        let name = words.rest.trim();
        return match () {
            () if is(&second, "START") || is(&second, "BEGIN") => Meaning::XaBegin,
            () if is(&second, "COMMIT") => Meaning::XaCommit(name),
            () if is(&second, "ROLLBACK") => Meaning::XaRollback(name),
            () => Meaning::XaEnd,
        };
    }
    match () {
        () if first_is(&["BEGIN"]) => Meaning::Begin,
        () if first_is(&["START"]) && is(&second, "TRANSACTION") => Meaning::Begin,
        () if first_is(&["COMMIT"]) => Meaning::Commit,
        () if first_is(&["ROLLBACK"]) && second.is_none() => Meaning::Rollback,
        () if first_is(&["ROLLBACK"]) => Meaning::RollbackTo,
        () if first_is(&["SAVEPOINT", "RELEASE"]) => Meaning::Savepoint,
        () if first_is(&["INSERT", "UPDATE", "DELETE", "REPLACE", "LOAD", "CALL", "WITH", "SELECT"]) => Meaning::Rows,
        () => Meaning::Other,
    }
}

/// Whether a statement is about a transaction in two phases.
pub fn is_xa(sql: &str) -> bool {
    (Words { rest: sql }).next().is_some_and(|word| word.eq_ignore_ascii_case("XA"))
}

/// The transaction that `XA COMMIT` or `XA ROLLBACK` decides, as the server writes its identifier but in lower case, and whether it is committed; None of another
/// statement.
pub fn decision(sql: &str) -> Option<(String, bool)> {
    let mut words = Words { rest: sql };
    words.next().filter(|word| word.eq_ignore_ascii_case("XA"))?;
    let verb = words.next()?.to_ascii_uppercase();
    let xid = words.rest.trim().to_ascii_lowercase();
    let xid = xid.strip_suffix("one phase").unwrap_or(&xid).trim_end();
    matches!(verb.as_str(), "COMMIT" | "ROLLBACK").then(|| (xid.to_string(), verb == "COMMIT"))
}

/// Canal's name for what a statement does; None where it does nothing to tables.
pub fn name(sql: &str, changes: &[SchemaChange]) -> Option<&'static str> {
    Some(match changes.first()? {
        SchemaChange::CreateTable { .. } | SchemaChange::CreateTableLike { .. } => "CREATE",
        SchemaChange::AlterTable { .. } | SchemaChange::RowsWithoutMessages { .. } => "ALTER",
        SchemaChange::RenameTable { .. } => "RENAME",
        SchemaChange::Truncate { .. } => "TRUNCATE",
        SchemaChange::DropTable { .. } | SchemaChange::DropDatabase { .. } => "ERASE",
        SchemaChange::Unparsed { .. } => match (Words { rest: sql }).next()?.to_ascii_uppercase().as_str() {
            "CREATE" => "CREATE",
            "DROP" => "ERASE",
            "RENAME" => "RENAME",
            "TRUNCATE" => "TRUNCATE",
            _ => "ALTER",
        },
    })
}

/// Whether a statement may be about a table: its name stands there by itself, and its database does or is the session's.
pub fn mentions(sql: &str, database: &str, table: &TableName) -> bool {
    has_name(sql, &table.name) && (table.database == database || has_name(sql, &table.database))
}

/// The character set that a statement gives to a whole table: what stands behind the columns of CREATE TABLE, or what ALTER TABLE converts all to.
pub fn table_charset(sql: &str, is_new: bool) -> Option<String> {
    let upper = sql.to_ascii_uppercase();
    let from = if is_new {
        upper.rfind(')')?
    } else {
        upper.match_indices("CONVERT").find(|(at, _)| has_name(&upper[*at..], "TO"))?.0
    };
    let mut words =
        upper[from..].split(|char: char| !char.is_alphanumeric() && char != '_').filter(|word| !word.is_empty());
    let mut by_collation = None;
    while let Some(word) = words.next() {
        let named = match word {
            "CHARSET" => words.next(),
            "CHARACTER" if words.next() == Some("SET") => words.next(),
            "COLLATE" => {
                by_collation = words.next().and_then(|name| name.split('_').next());
                None
            }
            _ => None,
        };
        if let Some(name) = named {
            return Some(name.to_ascii_lowercase());
        }
    }
    by_collation.map(str::to_ascii_lowercase)
}

fn has_name(sql: &str, name: &str) -> bool {
    let is_part = |char: Option<char>| char.is_some_and(|char| char.is_alphanumeric() || matches!(char, '_' | '$'));
    sql.match_indices(name)
        .any(|(at, _)| !is_part(sql[..at].chars().next_back()) && !is_part(sql[at + name.len()..].chars().next()))
}

/// Words of a statement, without comments.
struct Words<'s> {
    rest: &'s str,
}

impl<'s> Words<'s> {
    fn next(&mut self) -> Option<&'s str> {
        loop {
            self.rest = self.rest.trim_start_matches(|char: char| char.is_whitespace() || matches!(char, '(' | ';'));
            if let Some(comment) = self.rest.strip_prefix("/*") {
                // What stands in /*! … */ is run.
                self.rest = match comment.strip_prefix("M!").or_else(|| comment.strip_prefix('!')) {
                    Some(run) => run.trim_start_matches(|char: char| char.is_ascii_digit()),
                    None => comment.split_once("*/").map_or("", |(_, rest)| rest),
                };
            } else if self.rest.starts_with('#') || self.rest.starts_with("-- ") {
                self.rest = self.rest.split_once('\n').map_or("", |(_, rest)| rest);
            } else {
                break;
            }
        }
        let len = self.rest.find(|char: char| !char.is_alphanumeric() && char != '_').unwrap_or(self.rest.len());
        let (word, rest) = self.rest.split_at(len);
        self.rest = rest;
        (len > 0).then_some(word)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_is_known_again() {
        let id = "x'61',x'',1".to_string();
        assert_eq!(decision("xa commit X'61',X'',1 "), Some((id.clone(), true)));
        assert_eq!(decision("XA COMMIT X'61',X'',1 ONE PHASE"), Some((id.clone(), true)));
        assert_eq!(decision("XA ROLLBACK X'61',X'',1"), Some((id, false)));
        assert_eq!(decision("XA END X'61',X'',1"), None);
        assert_eq!(decision("COMMIT"), None);
    }

    #[test]
    fn statements_by_their_first_words() {
        for (sql, expected) in [
            ("BEGIN", Meaning::Begin),
            ("START TRANSACTION", Meaning::Begin),
            ("XA START X'61',X'',1", Meaning::XaBegin),
            ("XA END X'61',X'',1", Meaning::XaEnd),
            ("XA COMMIT X'61',X'',1", Meaning::XaCommit("X'61',X'',1")),
            ("COMMIT", Meaning::Commit),
            ("ROLLBACK", Meaning::Rollback),
            ("ROLLBACK TO `a`", Meaning::RollbackTo),
            ("SAVEPOINT `a`", Meaning::Savepoint),
            ("/* x */ # y\n insert into t values (1)", Meaning::Rows),
            ("/*!40000 ALTER TABLE t DISABLE KEYS */", Meaning::Other),
            ("(SELECT 1)", Meaning::Rows),
            ("CREATE TABLE t (a INT)", Meaning::Other),
            ("", Meaning::Other),
        ] {
            assert_eq!(meaning(sql), expected, "{sql}");
        }
    }

    #[test]
    fn a_table_is_mentioned_by_its_whole_name() {
        let table = TableName::new("shop", "order");
        assert!(mentions("ALTER TABLE `order` ENGINE = InnoDB", "shop", &table));
        assert!(mentions("alter table shop.order force", "crm", &table));
        assert!(!mentions("ALTER TABLE orders FORCE", "shop", &table));
        assert!(!mentions("ALTER TABLE order FORCE", "crm", &table));
    }

    #[test]
    fn the_character_set_of_a_table() {
        assert_eq!(table_charset("alter table t convert to character set gbk", false).as_deref(), Some("gbk"));
        assert_eq!(table_charset("alter table t force", false), None);
    }
}
