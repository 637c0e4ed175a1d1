//! Statements that change tables, as far as the definition that the server has afterwards does not say it: a name of before, and rows that go without a change of each.

/// What a statement does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ddl {
    /// All rows are gone.
    Truncate,
    /// The table is gone.
    Drop,
    /// The table has this name now.
    Rename(String),
    /// A column has another name.
    RenameColumn(String, String),
    /// Rows have come or gone with a part of the table: what was done.
    Part(&'static str),
    /// The definition says all of it.
    Other,
}

/// What is done to partitions with their rows.
const PARTS: [&str; 3] = ["TRUNCATE", "DROP", "EXCHANGE"];

impl Ddl {
    /// Reads a statement about one table.
    pub fn read(sql: &str) -> Ddl {
        let words = words(sql);
        let is = |at: usize, word: &str| words.get(at).is_some_and(|there| there.is(word));
        let name = |at: usize| words.get(at).map(Word::name).unwrap_or_default();
        if is(0, "TRUNCATE") {
            return Ddl::Truncate;
        }
        if is(0, "DROP") && is(1, "TABLE") {
            return Ddl::Drop;
        }
        // RENAME A TO B
        if is(0, "RENAME") && is(2, "TO") {
            return Ddl::Rename(name(3));
        }
        if !(is(0, "ALTER") && is(1, "TABLE")) {
            return Ddl::Other;
        }
        // ALTER TABLE A, ALTER TABLE S.A
        let at = if is(3, ".") { 5 } else { 3 };
        if is(at, "RENAME") && is(at + 1, "TO") {
            return Ddl::Rename(name(at + 2));
        }
        if is(at, "RENAME") && is(at + 1, "COLUMN") && is(at + 3, "TO") {
            return Ddl::RenameColumn(name(at + 2), name(at + 4));
        }
        let is_part = |at: usize| is(at, "PARTITION") || is(at, "SUBPARTITION");
        match PARTS.into_iter().find(|what| is(at, what) && is_part(at + 1)) {
            Some(what) => Ddl::Part(what),
            None => Ddl::Other,
        }
    }
}

/// A word, or a sign.
#[derive(Debug, PartialEq, Eq)]
enum Word {
    Plain(String),
    Quoted(String),
}

impl Word {
    fn is(&self, word: &str) -> bool {
        matches!(self, Word::Plain(there) if there.eq_ignore_ascii_case(word))
    }

    /// The name that it means: without quotes in capitals.
    fn name(&self) -> String {
        match self {
            Word::Plain(name) => name.to_uppercase(),
            Word::Quoted(name) => name.clone(),
        }
    }
}

/// Words of a statement, without comments.
fn words(sql: &str) -> Vec<Word> {
    let (mut words, mut rest) = (Vec::new(), sql);
    loop {
        rest = rest.trim_start();
        let Some(first) = rest.chars().next() else { return words };
        let behind = |end: &str| rest.find(end).map_or("", |at| &rest[at + end.len()..]);
        if rest.starts_with("/*") {
            rest = behind("*/");
        } else if rest.starts_with("--") {
            rest = behind("\n");
        } else if first == '"' {
            let name = rest[1..].split('"').next().unwrap_or_default();
            words.push(Word::Quoted(name.to_string()));
            rest = rest.get(name.len() + 2..).unwrap_or_default();
        } else {
            let is_part = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$' | '#');
            let len = rest.find(|c| !is_part(c)).unwrap_or(rest.len()).max(first.len_utf8());
            words.push(Word::Plain(rest[..len].to_string()));
            rest = &rest[len..];
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn statements_that_definitions_do_not_tell() {
        let column = |from: &str, to: &str| Ddl::RenameColumn(from.into(), to.into());
        for (sql, ddl) in [
            ("truncate table orders drop storage", Ddl::Truncate),
            ("/* a */ DROP TABLE \"Shop\".\"t\" AS \"BIN$x\"", Ddl::Drop),
            ("rename orders to \"Old\"", Ddl::Rename("Old".into())),
            ("alter table shop.orders rename to old_orders", Ddl::Rename("OLD_ORDERS".into())),
            ("alter table \"S\".\"T\" -- why\n rename column a to \"b c\"", column("A", "b c")),
            ("alter table t rename column x$1 to y#2", column("X$1", "Y#2")),
            ("ALTER TABLE t DROP PARTITION p1", Ddl::Part("DROP")),
            ("ALTER TABLE s.t TRUNCATE SUBPARTITION p1", Ddl::Part("TRUNCATE")),
            ("ALTER TABLE t DROP COLUMN c", Ddl::Other),
            ("ALTER TABLE t ADD (c NUMBER)", Ddl::Other),
            ("CREATE TABLE t (a NUMBER)", Ddl::Other),
            ("COMMENT ON COLUMN t.c IS 'rename to'", Ddl::Other),
            ("", Ddl::Other),
        ] {
            assert_eq!(Ddl::read(sql), ddl, "{sql}");
        }
    }
}
