//! What stands around the columns: flink-json's two members, or the whole envelope of Canal 1.1.7.
//!
//! In a whole envelope each value is a text or null, as Canal's own, and the columns' types are MySQL's. Flink's types
//! become:
//!
//! | Flink | `mysqlType` | `sqlType` | text |
//! |---|---|---|---|
//! | BOOLEAN | `tinyint(1)` | -6 | `1`, `0` |
//! | TINYINT, SMALLINT, INT, BIGINT | `tinyint`, `smallint`, `int`, `bigint` | -6, 5, 4, -5 | digits |
//! | INTERVAL YEAR TO MONTH, DAY TO SECOND | `int`, `bigint` | 4, -5 | months, milliseconds |
//! | FLOAT, DOUBLE | `float`, `double` | 7, 8 | Java's shortest text, `1.0E8`, on every JDK |
//! | DECIMAL(p, s) | `decimal(p,s)` | 3 | plain, with all s digits |
//! | CHAR, VARCHAR, STRING | `text` | 2005 | itself |
//! | BINARY, VARBINARY, BYTES | `blob` | 2004 | a character from U+0000 to U+00FF for each byte |
//! | DATE | `date` | 91 | `2020-01-31`, years 0 to 9999 |
//! | TIME(p) | `time(p)` | 92 | `10:11:12.120`, p digits of the second, milliseconds at most |
//! | TIMESTAMP(p) | `datetime(p)` | 93 | `2020-01-31 10:11:12.120`, p digits or as many as there are |
//! | TIMESTAMP_LTZ(p) | `timestamp(p)` | 93 | the same in UTC, and `Z` |
//! | ARRAY, MAP, MULTISET, ROW | `json` | 12 | the JSON text that flink-json writes |
//!
//! Precision 0 is left out of a type; MySQL's precisions end at 6, so there `mysqlType` ends too. The type codes are those
//! that Canal 1.1.7 writes for such columns.

use crate::json::write::{Output, Piece, Style};
use crate::row::RowKind;
use crate::schema::{EncoderSpec, Field, LogicalType, Root, UpdateMode};

/// The event that a message tells of.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Event {
    Insert,
    Delete,
    Update,
}

/// What a row kind is told as; `None` for an UPDATE_BEFORE that is not told.
#[inline(always)]
pub(super) fn event_of(kind: RowKind, mode: UpdateMode) -> Option<Event> {
    Some(match (kind, mode) {
        (RowKind::Insert, _) | (RowKind::UpdateAfter, UpdateMode::DeleteInsert) => Event::Insert,
        (RowKind::Delete, _) | (RowKind::UpdateBefore, UpdateMode::DeleteInsert) => Event::Delete,
        (RowKind::UpdateAfter, UpdateMode::Update) => Event::Update,
        (RowKind::UpdateBefore, UpdateMode::Update) => return None,
    })
}

/// The constant texts around the row of a message.
#[derive(Debug)]
pub(super) enum Frame {
    /// `{"data":[…],"type":"…"}`
    Flink,
    /// All members of Canal 1.1.7, in its order.
    Full(Box<Constants>),
}

/// Pieces between the members that differ from message to message.
#[derive(Debug)]
pub(super) struct Constants {
    /// From the end of the row to `es`.
    database: Piece,
    /// From `isDdl` to `old`.
    mysql_type: Piece,
    /// From `pkNames` to `ts`.
    key_to_table: Piece,
}

impl Frame {
    pub fn of(spec: &EncoderSpec) -> Frame {
        let Some(envelope) = &spec.envelope else { return Frame::Flink };
        let database = format!("],\"database\":{},\"es\":", string(&envelope.database));
        let types = object(&spec.fields, |ty| string(&mysql_type(ty)));
        let codes = object(&spec.fields, |ty| sql_type(ty).to_string());
        let mysql_type = format!(",\"isDdl\":false,\"mysqlType\":{types},\"old\":");
        let keys: Vec<String> = envelope.pk_names.iter().map(|name| string(name)).collect();
        let keys = if keys.is_empty() { "null".to_string() } else { format!("[{}]", keys.join(",")) };
        let table = string(&envelope.table);
        let key_to_table = format!(",\"pkNames\":{keys},\"sql\":\"\",\"sqlType\":{codes},\"table\":{table},\"ts\":");
        Frame::Full(Box::new(Constants {
            database: Piece::new(database.as_bytes()),
            mysql_type: Piece::new(mysql_type.as_bytes()),
            key_to_table: Piece::new(key_to_table.as_bytes()),
        }))
    }

    /// What stands before the row.
    #[inline(always)]
    pub fn begin(out: &mut Output) {
        out.fixed(b"{\"data\":[");
    }

    /// What stands behind the row. `id` and `now` (epoch milliseconds) are of no use to flink-json.
    #[inline(always)]
    pub fn end(&self, out: &mut Output, event: Event, id: u64, now: i64) {
        match (self, event) {
            (Frame::Flink, Event::Insert) => out.fixed(b"],\"type\":\"INSERT\"}"),
            (Frame::Flink, Event::Delete) => out.fixed(b"],\"type\":\"DELETE\"}"),
            (Frame::Flink, Event::Update) => out.fixed(b"],\"old\":[{}],\"type\":\"UPDATE\"}"),
            (Frame::Full(constants), _) => constants.end(out, event, id, now),
        }
    }
}

impl Constants {
    fn end(&self, out: &mut Output, event: Event, id: u64, now: i64) {
        out.piece(&self.database);
        out.integer(now);
        out.fixed(b",\"gtid\":\"\",\"id\":");
        out.unsigned(id);
        out.piece(&self.mysql_type);
        out.raw(if event == Event::Update { b"[{}]" } else { b"null" });
        out.piece(&self.key_to_table);
        out.integer(now);
        out.raw(match event {
            Event::Insert => b",\"type\":\"INSERT\"}",
            Event::Delete => b",\"type\":\"DELETE\"}",
            Event::Update => b",\"type\":\"UPDATE\"}",
        });
    }
}

/// A JSON string as Canal writes it.
fn string(text: &str) -> String {
    let mut json = Output::new();
    json.string(text.as_bytes(), Style::Fastjson).expect("a `str` is UTF-8");
    String::from_utf8_lossy(json.text()).into_owned()
}

fn object(fields: &[Field], value: impl Fn(&LogicalType) -> String) -> String {
    let members: Vec<String> = fields.iter().map(|f| format!("{}:{}", string(&f.name), value(&f.ty))).collect();
    format!("{{{}}}", members.join(","))
}

/// The column's type as MySQL names it.
fn mysql_type(ty: &LogicalType) -> String {
    let precise = |name: &str, precision: u8| match precision.min(6) {
        0 => name.to_string(),
        precision => format!("{name}({precision})"),
    };
    match &ty.root {
        Root::Boolean => "tinyint(1)".into(),
        Root::Tinyint => "tinyint".into(),
        Root::Smallint => "smallint".into(),
        Root::Integer | Root::IntervalYearMonth => "int".into(),
        Root::Bigint | Root::IntervalDayTime => "bigint".into(),
        Root::Float => "float".into(),
        Root::Double => "double".into(),
        Root::Decimal { precision, scale } => format!("decimal({precision},{scale})"),
        Root::Null | Root::Char | Root::Varchar => "text".into(),
        Root::Binary | Root::Varbinary => "blob".into(),
        Root::Date => "date".into(),
        Root::TimeWithoutTimeZone { precision } => precise("time", *precision),
        Root::TimestampWithoutTimeZone { precision } => precise("datetime", *precision),
        Root::TimestampWithLocalTimeZone { precision } => precise("timestamp", *precision),
        Root::Array { .. } | Root::Multiset { .. } | Root::Map { .. } | Root::Row { .. } => "json".into(),
    }
}

/// The code of `java.sql.Types` that Canal writes for such a column.
fn sql_type(ty: &LogicalType) -> i32 {
    match &ty.root {
        Root::Boolean | Root::Tinyint => -6,
        Root::Smallint => 5,
        Root::Integer | Root::IntervalYearMonth => 4,
        Root::Bigint | Root::IntervalDayTime => -5,
        Root::Float => 7,
        Root::Double => 8,
        Root::Decimal { .. } => 3,
        Root::Null | Root::Char | Root::Varchar => 2005,
        Root::Binary | Root::Varbinary => 2004,
        Root::Date => 91,
        Root::TimeWithoutTimeZone { .. } => 92,
        Root::TimestampWithoutTimeZone { .. } | Root::TimestampWithLocalTimeZone { .. } => 93,
        Root::Array { .. } | Root::Multiset { .. } | Root::Map { .. } | Root::Row { .. } => 12,
    }
}
