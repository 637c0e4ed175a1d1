//! `SQL_REDO`: a change as a statement that LogMiner has made of it. Only which row it is about is read, by the expressions that the server itself has written for its values:
//! they go back to it as they are, so what a literal means is nobody's business here.

/// A column, and the expression of its value; None for NULL.
pub type Valued<'s> = (&'s str, Option<&'s str>);

/// What a statement says of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Statement<'s> {
    /// A row with these values is there.
    Insert(Vec<Valued<'s>>),
    /// The row that had `before` has `after` instead, of the columns that were changed.
    Update {
        /// What was changed.
        after: Vec<Valued<'s>>,
        /// Which row it was.
        before: Vec<Valued<'s>>,
    },
    /// The row that had these values is gone, or it is the one whose large value is written.
    Which(Vec<Valued<'s>>),
}

impl<'s> Statement<'s> {
    /// Reads a statement; None if it is none of those that LogMiner makes of changes of rows.
    pub fn read(sql: &'s str) -> Option<Statement<'s>> {
        let mut text = Text { rest: sql.trim() };
        if text.word("insert into") {
            text.until(&["("])?;
            let names = text.until(&[")"])?;
            text.until(&["("])?;
            let values = text.until(&[")"])?;
            let names = parts(names, ",").into_iter().map(|part| named(part).map(|(name, _)| name));
            let values: Vec<&str> = parts(values, ",");
            let names = names.collect::<Option<Vec<_>>>()?;
            let valued = |(name, value): (&'s str, &'s str)| (name, (value != "NULL").then_some(value));
            (names.len() == values.len())
                .then(|| Statement::Insert(names.into_iter().zip(values).map(valued).collect()))
        } else if text.word("update") {
            text.until(&[" set "])?;
            let after = text.until(&[" where "])?;
            Some(Statement::Update { after: valued(after, ",")?, before: valued(text.conditions(), " and ")? })
        } else if text.word("delete from") || text.word("DECLARE") || text.word("select") {
            text.until(&[" where "])?;
            Some(Statement::Which(valued(text.conditions(), " and ")?))
        } else {
            None
        }
    }
}

/// `"A" = '1'`, `a."B" IS NULL` and so on.
fn valued<'s>(all: &'s str, between: &str) -> Option<Vec<Valued<'s>>> {
    // ROWID = … is no column.
    let columns = parts(all, between).into_iter().filter_map(named);
    let one = |(name, behind): (&'s str, &'s str)| {
        let behind = behind.trim();
        if behind.eq_ignore_ascii_case("IS NULL") || behind.eq_ignore_ascii_case("= NULL") {
            return Some((name, None));
        }
        Some((name, Some(behind.strip_prefix('=')?.trim())))
    };
    columns.map(one).collect()
}

/// The name in quotes that comes first, or behind an alias, and what follows it.
fn named(part: &str) -> Option<(&str, &str)> {
    let (before, rest) = part.split_once('"')?;
    let is_alias = before.is_empty() || before.ends_with('.') && !before.contains(['\'', '=', '(']);
    is_alias.then(|| rest.split_once('"')).flatten()
}

/// What stands between separators that are in no quotes and no parentheses.
fn parts<'s>(all: &'s str, between: &str) -> Vec<&'s str> {
    let mut text = Text { rest: all };
    let mut parts = Vec::new();
    while let Some(part) = text.until(&[between]) {
        parts.push(part.trim());
    }
    parts.push(text.rest.trim());
    parts
}

struct Text<'s> {
    rest: &'s str,
}

impl<'s> Text<'s> {
    /// Takes that word, if it is next.
    fn word(&mut self, word: &str) -> bool {
        let is_next = begins(self.rest.as_bytes(), word);
        if is_next {
            self.rest = &self.rest[word.len()..];
        }
        is_next
    }

    /// What comes before the first of these that is in no quotes and no parentheses; takes it, too.
    fn until(&mut self, stops: &[&str]) -> Option<&'s str> {
        let bytes = self.rest.as_bytes();
        let (mut depth, mut quote) = (0usize, None);
        for (at, byte) in bytes.iter().enumerate() {
            if let Some(end) = quote {
                // A doubled quote ends one text and begins the next.
                if *byte == end {
                    quote = None;
                }
                continue;
            }
            if depth == 0
                && let Some(stop) = stops.iter().find(|stop| begins(&bytes[at..], stop))
            {
                let taken = &self.rest[..at];
                self.rest = &self.rest[at + stop.len()..];
                return Some(taken);
            }
            match byte {
                b'\'' | b'"' => quote = Some(*byte),
                b'(' => depth += 1,
                b')' => depth = depth.saturating_sub(1),
                _ => {}
            }
        }
        None
    }

    /// What is left, up to FOR UPDATE or the end of the statement.
    fn conditions(&mut self) -> &'s str {
        let all = self.rest;
        self.until(&[" for update", ";"]).unwrap_or(all)
    }
}

fn begins(bytes: &[u8], word: &str) -> bool {
    bytes.get(..word.len()).is_some_and(|there| there.eq_ignore_ascii_case(word.as_bytes()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn inserted_rows() {
        let sql = r#"insert into "S"."T"("ID","A,B","N","D") values ('1','it''s, (so)',NULL,TO_DATE(' 2024-01-31 00:00:00', 'SYYYY-MM-DD HH24:MI:SS'))"#;
        let date = "TO_DATE(' 2024-01-31 00:00:00', 'SYYYY-MM-DD HH24:MI:SS')";
        let values = vec![("ID", Some("'1'")), ("A,B", Some("'it''s, (so)'")), ("N", None), ("D", Some(date))];
        assert_eq!(Statement::read(sql), Some(Statement::Insert(values)));
    }

    #[test]
    fn updated_rows() {
        let sql = r#"update "S"."T" set "ID" = '2', "A" = 'x and y where z', "N" = NULL where "ID" = '1' and "A" = UNISTR('\00e4') || 'b' and "N" IS NULL;"#;
        let after = vec![("ID", Some("'2'")), ("A", Some("'x and y where z'")), ("N", None)];
        let before = vec![("ID", Some("'1'")), ("A", Some("UNISTR('\\00e4') || 'b'")), ("N", None)];
        assert_eq!(Statement::read(sql), Some(Statement::Update { after, before }));
        let aliased = r#"update "S"."T" a set a."X" = XMLType('<a b="c"/>') where a."ID" = HEXTORAW('0A')"#;
        let after = vec![("X", Some("XMLType('<a b=\"c\"/>')"))];
        assert_eq!(
            Statement::read(aliased),
            Some(Statement::Update { after, before: vec![("ID", Some("HEXTORAW('0A')"))] })
        );
    }

    #[test]
    fn rows_that_are_gone_or_written_to() {
        let gone = r#"delete from "S"."T" where "ID" = '1' and ROWID = 'AAAR3sAAEAAAACXAAA'"#;
        assert_eq!(Statement::read(gone), Some(Statement::Which(vec![("ID", Some("'1'"))])));
        let large = "DECLARE \n loc_c CLOB; \n buf_c VARCHAR2(6156); \nBEGIN\n select \"C\" into loc_c from \"S\".\"T\" where \"ID\" = 'a;b' and \"K\" = '2' for update;\n";
        let which = vec![("ID", Some("'a;b'")), ("K", Some("'2'"))];
        assert_eq!(Statement::read(large), Some(Statement::Which(which)));
    }

    #[test]
    fn what_is_no_change_of_a_row() {
        for sql in [
            "",
            "Unsupported",
            "commit",
            "set transaction read write",
            "insert into \"S\".\"T\"(\"A\") values ('1",
            "update \"S\".\"T\" set \"A\" = '1'",
        ] {
            assert_eq!(Statement::read(sql), None, "{sql}");
        }
    }
}
