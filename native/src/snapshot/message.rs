//! Rows and definitions as Canal's flat messages.

use super::catalogue::Column;
use crate::error::{Error, Kind};
use crate::json::write::{Output, Piece, Style};
use serde_json::json;
use std::time::{SystemTime, UNIX_EPOCH};

/// A value as its text or bytes; None for NULL. Or why it cannot be read.
pub type Cell<'v> = Result<Option<&'v [u8]>, &'static str>;

/// A definition: a message as of the CREATE TABLE.
pub fn statement(database: &str, table: &str, sql: &str) -> String {
    schema_change("CREATE", (database, table), sql, now())
}

/// A schema change: `ty` as Canal names it, the session's default database, the first table that it is about, when it was done in epoch milliseconds.
pub fn schema_change(ty: &str, (database, table): (&str, &str), sql: &str, millis: i64) -> String {
    json!({
        "data": null, "database": database, "es": millis, "id": 0, "isDdl": true, "mysqlType": null, "old": null, "pkNames": null, "sql": sql,
        "sqlType": null, "table": table, "ts": now(), "type": ty,
    })
    .to_string()
}

/// Epoch milliseconds.
pub fn now() -> i64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_millis() as i64)
}

/// Writes rows of a table, many to a message, as of an INSERT.
pub struct Rows {
    columns: Vec<(Column, Piece)>,
    /// What follows the rows.
    tail: Vec<u8>,
    text: Output,
    /// Rows in the message that is being written.
    rows: usize,
}

/// How each message begins.
const HEAD: &[u8] = b"{\"data\":[";

impl Rows {
    /// A writer for rows with these columns.
    pub fn new(database: &str, table: &str, columns: &[Column], keys: &[String]) -> Rows {
        let mut pieces = Vec::with_capacity(columns.len());
        for (i, column) in columns.iter().enumerate() {
            let name = format!("{}{}:", if i == 0 { "" } else { "," }, json!(column.name));
            pieces.push((column.clone(), Piece::new(name.as_bytes())));
        }
        // The types' order is the columns', which a JSON object of the library's would not keep.
        let types: Vec<String> =
            columns.iter().map(|c| format!("{}:{}", json!(c.name), json!(c.ty.to_string()))).collect();
        let now = now();
        let tail = format!(
            "],\"database\":{},\"es\":{now},\"id\":0,\"isDdl\":false,\"mysqlType\":{{{}}},\"old\":null,\"pkNames\":{},\"sql\":\"\",\"sqlType\":null,\
             \"table\":{},\"ts\":{now},\"type\":\"INSERT\"}}",
            json!(database),
            types.join(","),
            json!(keys),
            json!(table)
        );
        let tail = tail.into_bytes();
        Rows { columns: pieces, tail, text: Output::new(), rows: 0 }
    }

    /// Adds a row: a value for each column.
    ///
    /// # Errors
    /// A value is none of the column's kind.
    #[inline]
    pub fn add<'v>(&mut self, row: impl Iterator<Item = Cell<'v>>) -> Result<(), Error> {
        self.text.raw(if self.rows == 0 { HEAD } else { b"," });
        self.text.push(b'{');
        for ((column, name), value) in self.columns.iter().zip(row) {
            self.text.piece(name);
            match value.map_err(|why| bad(column, why))? {
                None => self.text.raw(b"null"),
                Some(bytes) if column.is_binary() => self.text.latin1_string(bytes, Style::Fastjson),
                Some(text) => self.text.string(text, Style::Fastjson).map_err(|_| bad(column, "it is not UTF-8"))?,
            }
        }
        self.text.push(b'}');
        self.rows += 1;
        if self.text.is_too_long() {
            return Err(Error::new(Kind::Source, "a row is longer than 2 GB"));
        }
        Ok(())
    }

    /// Bytes of the message so far.
    pub fn len(&self) -> usize {
        self.text.len()
    }

    /// Whether it has no row.
    pub fn is_empty(&self) -> bool {
        self.rows == 0
    }

    /// Rows of the message so far.
    pub fn rows(&self) -> usize {
        self.rows
    }

    /// Takes the message; the next row begins another one. One without rows says what columns there are.
    pub fn take(&mut self) -> Vec<u8> {
        if self.rows == 0 {
            self.text.raw(HEAD);
        }
        self.text.raw(&self.tail);
        let message = self.text.text().to_vec();
        self.text.clear();
        self.rows = 0;
        message
    }
}

#[cold]
fn bad(column: &Column, why: &str) -> Error {
    Error::new(Kind::Source, format!("a value of the column {} cannot be read: {why}", column.name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::mysql_type::MysqlType;

    #[test]
    fn many_rows_are_one_message() {
        let column = |name: &str, ty: &str| Column { name: name.into(), ty: MysqlType::parse(ty) };
        let columns = [column("z\"", "int"), column("b", "varbinary(9)"), column("a", "text")];
        let mut rows = Rows::new("d", "t", &columns, &["z\"".into()]);
        fn row<'v>(values: [Option<&'v [u8]>; 3]) -> impl Iterator<Item = Cell<'v>> {
            values.into_iter().map(Ok)
        }
        rows.add(row([Some(b"1"), Some(b"\xFF\0"), Some("ä\n".as_bytes())])).unwrap();
        rows.add(row([Some(b"2"), None, None])).unwrap();
        let message = String::from_utf8(rows.take()).unwrap();
        let (data, rest) = message.split_once("],\"database\"").unwrap();
        assert_eq!(
            data,
            "{\"data\":[{\"z\\\"\":\"1\",\"b\":\"ÿ\\u0000\",\"a\":\"ä\\n\"},{\"z\\\"\":\"2\",\"b\":null,\"a\":null}"
        );
        assert!(rest.contains("\"mysqlType\":{\"z\\\"\":\"int\",\"b\":\"varbinary(9)\",\"a\":\"text\"}"), "{rest}");
        let read: serde_json::Value = serde_json::from_str(&message).unwrap();
        assert_eq!(
            (&read["type"], &read["pkNames"], &read["isDdl"]),
            (&json!("INSERT"), &json!(["z\""]), &json!(false))
        );
        assert!(rows.is_empty() && rows.len() == 0);
        let error = rows.add(row([Some(b"1"), None, Some(b"\xFF")])).unwrap_err().to_string();
        assert!(error.contains("column a") && error.contains("UTF-8"), "{error}");
    }
}
