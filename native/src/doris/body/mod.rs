//! The bodies of Stream Loads: Flink's binary rows as JSON, CSV or Arrow.
//!
//! ```text
//! BinaryRowData ─► value (read, checked against the table) ─► text:  JSON objects or CSV lines, by notation
//!                                                         └─► arrow: batches of an IPC stream
//! ```
//!
//! What Doris would refuse, turn into NULL, cut or round is refused here, by value, before anything is sent: see
//! [`BadValue`]. What no value of a column could do is refused when the encoder is made.
//!
//! | Flink | Doris | written as |
//! |---|---|---|
//! | BOOLEAN | BOOLEAN; integers as 1 and 0; text | `true` |
//! | TINYINT to BIGINT | integers, DECIMAL, FLOAT and DOUBLE as far as exact, BOOLEAN of 0 and 1, text | digits |
//! | FLOAT, DOUBLE | FLOAT, DOUBLE (a DOUBLE not into FLOAT), text | the shortest text |
//! | DECIMAL | DECIMAL; integers if the scale is 0; text | plain notation, all digits of the scale |
//! | CHAR, VARCHAR | text; any other type as a text that Doris casts | itself |
//! | BINARY, VARBINARY | text | [`BinaryText`] |
//! | DATE | DATE, DATETIME, text | `2024-01-31` |
//! | TIME | text | `10:11:12.345` |
//! | TIMESTAMP | DATETIME, text | the wall clock, cut to the column's digits |
//! | TIMESTAMP_LTZ | the same | the wall clock in the session's [`Zone`] |
//! | ARRAY, MAP, MULTISET, ROW | ARRAY, MAP, MAP, STRUCT; JSON and text as JSON | see `nested` |

mod arrow;
mod bad;
mod cells;
mod column;
mod excerpt;
mod nested;
mod notation;
mod pairing;
pub mod separator;
mod text;
mod texts;
mod value;
mod zone;

pub use bad::{BadRow, BadValue};
pub use texts::RowTexts;
pub use value::{BinaryText, NonFinite};
pub use zone::Zone;

use self::arrow::ArrowRows;
use super::table::{DorisTable, KeyModel, backquoted};
use crate::error::{Error, Kind};
use crate::row::read::Row;
use crate::schema::{Field, Root};
use column::Column;
use pairing::Limits;
use text::TextRows;
use value::Settings;

/// The hidden column that says whether a row is deleted.
pub const DELETE_SIGN: &str = "__DORIS_DELETE_SIGN__";

/// The member or field of a body that fills a table's hidden sequence column; no column of the table.
pub const SEQUENCE: &str = "canal_native_sequence";

/// `string_type_length_soft_limit_bytes` of a back end, as it is by default.
pub const MAX_TEXT_BYTES: u32 = 1_048_576;

/// How a body is laid out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// One object a line.
    Json,
    /// Fields by position.
    Csv {
        /// Between fields.
        column_separator: Vec<u8>,
        /// Between rows.
        line_delimiter: Vec<u8>,
        /// Around every text; without it, texts with a separator's first byte are bad rows. Comes with `escape`.
        enclose: Option<u8>,
        /// Before `enclose` and itself inside a text.
        escape: Option<u8>,
    },
    /// An Arrow IPC stream.
    Arrow,
}

impl Format {
    /// `,` and a line feed, `"` around texts and `\` inside them.
    pub fn csv() -> Format {
        Format::Csv {
            column_separator: b",".to_vec(),
            line_delimiter: b"\n".to_vec(),
            enclose: Some(b'"'),
            escape: Some(b'\\'),
        }
    }
}

/// What bodies depend on beside the columns.
#[derive(Debug, Clone)]
pub struct BodySpec {
    /// How a body is laid out.
    pub format: Format,
    /// Rows carry the delete sign; for unique-key tables only.
    pub delete_sign: bool,
    /// Rows carry a number, by which Doris decides which row of a key stays; for tables with a hidden sequence column of an
    /// integer type (`function_column.sequence_type`). JSON and CSV only.
    pub sequence: bool,
    /// Columns of the table that are not written keep their values (`partial_columns`).
    pub partial: bool,
    /// Flink's PRIMARY KEY, by the columns' numbers. Counts only where the table is not known.
    pub keys: Vec<usize>,
    /// The session's time zone.
    pub zone: Zone,
    /// `sink.binary`.
    pub binary: BinaryText,
    /// `sink.non-finite`.
    pub non_finite: NonFinite,
    /// Most bytes of a STRING or nested value.
    pub max_text_bytes: u32,
}

impl BodySpec {
    /// A format with everything else as it is by default: no deletes, UTC.
    pub fn new(format: Format) -> BodySpec {
        BodySpec {
            format,
            delete_sign: false,
            sequence: false,
            partial: false,
            keys: Vec::new(),
            zone: Zone::utc(),
            binary: BinaryText::default(),
            non_finite: NonFinite::default(),
            max_text_bytes: MAX_TEXT_BYTES,
        }
    }
}

/// Turns the rows of one table into bodies.
#[derive(Debug)]
pub struct BodyEncoder {
    format: Format,
    delete_sign: bool,
    sequence: bool,
    columns: Box<[Column]>,
    settings: Settings,
    rows: Rows,
}

#[derive(Debug)]
enum Rows {
    Text(TextRows),
    Arrow(Box<ArrowRows>),
}

impl BodyEncoder {
    /// An encoder for `columns`, which are Flink's, of the table `target`. Without the table nothing is known of lengths and
    /// NOT NULL, and each column is taken to be of the Doris type that holds all of its values.
    ///
    /// # Errors
    /// [`Kind::UnsupportedType`] for a column whose type does not go into the table's, [`Kind::InvalidSpec`] for columns
    /// that the table lacks or that are missing, deletes without a unique key, and separators that cannot work.
    pub fn new(spec: BodySpec, columns: &[Field], target: Option<&DorisTable>) -> Result<BodyEncoder, Error> {
        check_format(&spec.format)?;
        if let Some(table) = target.filter(|table| spec.delete_sign && table.model != KeyModel::Unique) {
            return Err(Error::new(
                Kind::InvalidSpec,
                format!(
                    "rows of `{}`.`{}` cannot be deleted: it has no UNIQUE KEY. Set sink.enable-delete = false for a stream \
                     of inserts only",
                    table.database, table.name
                ),
            ));
        }
        let limits = Limits { max_text_bytes: spec.max_text_bytes };
        let columns = Column::all(columns, target, spec.partial, &spec.keys, limits)?;
        let nested = |c: &&Column| {
            c.key && matches!(c.root, Root::Array { .. } | Root::Map { .. } | Root::Multiset { .. } | Root::Row { .. })
        };
        if let Some(column) = columns.iter().find(nested) {
            return Err(Error::new(Kind::UnsupportedType, "a nested value cannot be a key in Doris").at(&column.name));
        }
        Ok(BodyEncoder {
            rows: match &spec.format {
                Format::Arrow if spec.sequence => {
                    return Err(Error::new(Kind::InvalidSpec, "rows with a sequence go in JSON or CSV, not in Arrow"));
                }
                Format::Arrow => Rows::Arrow(Box::new(ArrowRows::new(&columns, spec.delete_sign)?)),
                text => Rows::Text(TextRows::new(text, &columns, spec.delete_sign, spec.sequence)),
            },
            format: spec.format,
            delete_sign: spec.delete_sign,
            sequence: spec.sequence,
            columns,
            settings: Settings { zone: spec.zone, non_finite: spec.non_finite, binary: spec.binary },
        })
    }

    /// Begins a body. In Arrow it forgets the rows of one that was not finished and writes the schema; in text it does
    /// nothing.
    pub fn begin(&mut self, body: &mut Vec<u8>) {
        if let Rows::Arrow(rows) = &mut self.rows {
            rows.begin(body);
        }
    }

    /// Sets the sequence of the rows that come, where they have one.
    pub fn set_sequence(&mut self, value: i64) {
        if let Rows::Text(rows) = &mut self.rows {
            rows.set_sequence(value);
        }
    }

    /// Appends a row (the bytes of a `BinaryRowData`) to a body; `deleted` sets the delete sign, if the rows have one. In
    /// Arrow rows are kept back until a batch of them is full: see [`pending`](BodyEncoder::pending).
    ///
    /// # Errors
    /// Doris would not take the row as it is; nothing was appended.
    #[inline]
    pub fn append(&mut self, row: &[u8], deleted: bool, body: &mut Vec<u8>) -> Result<(), BadRow> {
        match &mut self.rows {
            Rows::Text(rows) => rows.append(&self.columns, &self.settings, row, deleted, body),
            Rows::Arrow(rows) => rows.append(&self.columns, &self.settings, row, deleted, body),
        }
    }

    /// Ends a body: in Arrow with the rows that were kept back and the end of the stream; in text it does nothing.
    pub fn finish(&mut self, body: &mut Vec<u8>) {
        if let Rows::Arrow(rows) = &mut self.rows {
            rows.finish(body);
        }
    }

    /// Bytes, roughly, of rows that were taken and are not in the body yet.
    pub fn pending(&self) -> usize {
        match &self.rows {
            Rows::Text(_) => 0,
            Rows::Arrow(rows) => rows.pending(),
        }
    }

    /// Whether a body is one stream, which cannot be cut at rows.
    pub fn is_stream(&self) -> bool {
        matches!(self.format, Format::Arrow)
    }

    /// What stands between rows; a body may also end with it.
    pub fn separator(&self) -> &[u8] {
        match &self.format {
            Format::Json => b"\n",
            Format::Csv { line_delimiter, .. } => line_delimiter,
            Format::Arrow => b"",
        }
    }

    /// Whether two rows have one key, for a key of the table, or of Flink if the table is not known.
    ///
    /// # Errors
    /// The bytes are no rows of these columns.
    pub fn same_key(&self, one: &[u8], other: &[u8]) -> Result<bool, BadRow> {
        let (mut a, mut b) = (Vec::new(), Vec::new());
        self.key_of(one, &mut a)?;
        self.key_of(other, &mut b)?;
        Ok(a == b)
    }

    /// Appends a row's key: equal bytes for equal keys. Nothing if there is no key.
    ///
    /// # Errors
    /// The bytes are no row of these columns.
    pub fn key_of(&self, row: &[u8], key: &mut Vec<u8>) -> Result<(), BadRow> {
        let row = Row::new(row, self.columns.len()).map_err(|_| bad_bytes())?;
        for (i, column) in self.columns.iter().enumerate().filter(|(_, column)| column.key) {
            column.key_bytes(i, row, key).map_err(|_| bad_bytes())?;
        }
        Ok(())
    }

    /// The headers that say what the body is, names and values.
    pub fn headers(&self) -> Vec<(&'static str, String)> {
        let mut columns: Vec<String> = self.columns.iter().map(|c| backquoted(&c.name)).collect();
        let mut headers = match &self.format {
            Format::Json => vec![("format", "json".into()), ("read_json_by_line", "true".into())],
            Format::Csv { column_separator, line_delimiter, enclose, escape } => {
                let mut headers = vec![
                    ("format", "csv".to_string()),
                    ("column_separator", separator::header(column_separator)),
                    ("line_delimiter", separator::header(line_delimiter)),
                ];
                if let Some((enclose, escape)) = enclose.zip(*escape) {
                    headers.push(("enclose", char::from(enclose).to_string()));
                    headers.push(("escape", char::from(escape).to_string()));
                    if enclose == b'"' {
                        // Otherwise double quotes stay a part of the text, unlike any other enclosing character.
                        headers.push(("trim_double_quotes", "true".into()));
                    }
                }
                headers
            }
            // Wall clocks are sent as if in UTC, and are to be read so.
            Format::Arrow => vec![("format", "arrow".into()), ("timezone", "UTC".into())],
        };
        if self.delete_sign {
            columns.push(DELETE_SIGN.into());
            headers.push(("hidden_columns", DELETE_SIGN.into()));
        }
        if self.sequence {
            columns.push(SEQUENCE.into());
            headers.push(("function_column.sequence_col", SEQUENCE.into()));
        }
        headers.push(("columns", columns.join(",")));
        headers
    }
}

#[cold]
fn bad_bytes() -> BadRow {
    BadRow::new("", "", BadValue::Malformed, "")
}

/// Separators that a number, a date or NULL could hold, or that cannot be told from each other, give wrong rows.
fn check_format(format: &Format) -> Result<(), Error> {
    let Format::Csv { column_separator, line_delimiter, enclose, escape } = format else { return Ok(()) };
    let wrong = |text: String| Err(Error::new(Kind::InvalidSpec, text));
    for (what, separator) in [("column_separator", column_separator), ("line_delimiter", line_delimiter)] {
        let Some(first) = separator.first() else { return wrong(format!("{what} is empty")) };
        if first.is_ascii_digit() || b"+-.: \\NEtrufals".contains(first) {
            let first = char::from(*first);
            return wrong(format!(
                "{what} begins with {first:?}, which numbers, dates or NULL hold; take another, as \\x01"
            ));
        }
        if [enclose, escape].into_iter().flatten().any(|b| separator.contains(b)) {
            return wrong(format!("{what} holds the character of enclose or escape; take another, as \\x01"));
        }
    }
    if column_separator.starts_with(line_delimiter) || line_delimiter.starts_with(column_separator) {
        return wrong("column_separator and line_delimiter begin alike; take others, as \\x01 and \\n".into());
    }
    match (enclose, escape) {
        (None, None) => Ok(()),
        (Some(enclose), Some(escape))
            if enclose != escape && enclose.is_ascii_graphic() && escape.is_ascii_graphic() =>
        {
            Ok(())
        }
        _ => wrong("enclose and escape go together and are two different visible characters, as \" and \\".into()),
    }
}
