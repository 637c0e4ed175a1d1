//! Columns and logical types as Flink declared them, and the specifications of decoder and encoder.
//!
//! The shim sends a [`DecoderSpec`] or an [`EncoderSpec`] as JSON text once, at open. Type names are those of Flink's `LogicalTypeRoot`.

use crate::error::{Error, Kind};
use serde::{Deserialize, Serialize};

/// One column of a table or one field of a nested ROW.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Field {
    /// Exact, case-sensitive name.
    pub name: String,
    /// Its type.
    #[serde(rename = "type")]
    pub ty: LogicalType,
}

/// A Flink logical type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LogicalType {
    /// Which type, with its parameters.
    #[serde(flatten)]
    pub root: Root,
    /// False for NOT NULL. Flink's decoder does not enforce it, but rows with a NULL here need the generic form.
    #[serde(default = "yes")]
    pub nullable: bool,
}

fn yes() -> bool {
    true
}

/// The type roots that flink-json reads, named as in Flink's `LogicalTypeRoot`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "root", rename_all = "SCREAMING_SNAKE_CASE")]
#[allow(missing_docs)]
pub enum Root {
    /// Always NULL.
    Null,
    Boolean,
    Tinyint,
    Smallint,
    Integer,
    Bigint,
    Float,
    Double,
    /// Also for VARCHAR's fixed-length twin: lengths are not checked by flink-json.
    Char,
    Varchar,
    Binary,
    Varbinary,
    /// `1 ≤ precision ≤ 38`, `0 ≤ scale ≤ precision`.
    Decimal {
        precision: u8,
        scale: u8,
    },
    /// Days since 1970-01-01.
    Date,
    /// Milliseconds of the day.
    TimeWithoutTimeZone {
        precision: u8,
    },
    /// Milliseconds since 1970-01-01 00:00:00 and nanoseconds of the millisecond, no zone.
    TimestampWithoutTimeZone {
        precision: u8,
    },
    /// The same, in UTC.
    TimestampWithLocalTimeZone {
        precision: u8,
    },
    /// Months, an INT.
    IntervalYearMonth,
    /// Milliseconds, a BIGINT.
    IntervalDayTime,
    Array {
        element: Box<LogicalType>,
    },
    /// `MAP<element, INT NOT NULL>`; the element must be CHAR or VARCHAR.
    Multiset {
        element: Box<LogicalType>,
    },
    /// The key must be CHAR or VARCHAR.
    Map {
        key: Box<LogicalType>,
        value: Box<LogicalType>,
    },
    Row {
        fields: Vec<Field>,
    },
}

/// What a table's reader may ask of the envelope, beside the columns: the six of Flink's
/// `CanalJsonDecodingFormat.ReadableMetadata`, then ours.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum MetadataKey {
    /// `database`, STRING.
    Database,
    /// `table`, STRING.
    Table,
    /// `sqlType`, MAP<STRING, INT>.
    SqlType,
    /// `pkNames`, ARRAY<STRING>.
    PkNames,
    /// `ts`, TIMESTAMP_LTZ(3).
    IngestionTimestamp,
    /// `es`, TIMESTAMP_LTZ(3).
    EventTimestamp,
    /// `type`, STRING.
    Type,
    /// `sql`, STRING.
    Sql,
    /// `isDdl`, BOOLEAN.
    IsDdl,
    /// `gtid`, STRING.
    Gtid,
    /// `id`, BIGINT.
    Id,
    /// The row's own object in `old`, MAP<STRING, STRING>; NULL but for UPDATE.
    Old,
    /// The binlog file that the event stands in, STRING; packets only.
    BinlogFile,
    /// Where in that file, BIGINT; packets only.
    BinlogOffset,
}

/// What the messages are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Wire {
    /// Flat messages: one JSON object each (`flatMessage = true`).
    #[default]
    Json,
    /// Packets of entries, in protobuf (`flatMessage = false`).
    Protobuf,
}

/// Whose answer counts where Flink's codec is silently wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Semantics {
    /// As Canal means its messages; the differences from Flink are listed in the manual.
    Canal,
    /// Bit for bit as flink-json.
    Flink,
}

/// What becomes of a schema change (`ddl`, under `canal` only).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DdlHandling {
    /// Skipped and counted.
    #[default]
    Skip,
    /// One row of NULLs, for the sake of its metadata.
    Emit,
    /// Handed on, for an exception that names it.
    Fail,
}

/// How MySQL's date of zeros is read (`zero-date`, under `canal` only).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ZeroDate {
    /// It is a bad value.
    #[default]
    Fail,
    /// As NULL.
    Null,
    /// As 1970-01-01 00:00:00.
    Epoch,
}

/// Text form of timestamps (`timestamp-format.standard`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum TimestampFormat {
    /// `2020-01-01 00:00:00.123`, with a trailing `Z` for TIMESTAMP_LTZ.
    #[serde(rename = "SQL")]
    Sql,
    /// `2020-01-01T00:00:00.123`.
    #[serde(rename = "ISO-8601")]
    Iso8601,
}

/// Everything a decoder needs to know, fixed at open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DecoderSpec {
    /// The physical columns, after projection, in row order.
    pub fields: Vec<Field>,
    /// The metadata asked for, in the order of the metadata slots.
    #[serde(default)]
    pub metadata: Vec<MetadataKey>,
    /// Default `canal`.
    pub semantics: Semantics,
    /// `ignore-parse-errors`.
    #[serde(default)]
    pub lenient: bool,
    /// `timestamp-format.standard`.
    pub timestamp: TimestampFormat,
    /// `database.include` is set: each new database name is put to the caller.
    #[serde(default)]
    pub filter_database: bool,
    /// `table.include` is set.
    #[serde(default)]
    pub filter_table: bool,
    /// TIME keeps milliseconds (flink-json 2.3 and later); before, whole seconds.
    #[serde(default)]
    pub time_millis: bool,
    /// `ddl`.
    #[serde(default)]
    pub ddl: DdlHandling,
    /// `zero-date`.
    #[serde(default)]
    pub zero_date: ZeroDate,
    /// What the messages are.
    #[serde(default)]
    pub wire: Wire,
}

impl DecoderSpec {
    /// Reads the JSON text that the shim sends.
    ///
    /// # Errors
    /// [`Kind::InvalidSpec`] for text that is not a specification, [`Kind::UnsupportedType`] for a type that
    /// flink-json does not read either (a map whose key is not a string).
    pub fn from_json(text: &[u8]) -> Result<Self, Error> {
        let spec: DecoderSpec = serde_json::from_slice(text)
            .map_err(|e| Error::new(Kind::InvalidSpec, "the decoder's specification is not readable").caused_by(e))?;
        for field in &spec.fields {
            check(&field.ty).map_err(|e| e.at(&field.name))?;
        }
        let ours = spec.ddl != DdlHandling::Skip || spec.zero_date != ZeroDate::Fail;
        if spec.semantics == Semantics::Flink && ours {
            return Err(Error::new(Kind::InvalidSpec, "ddl and zeroDate are for the semantics canal only"));
        }
        if spec.semantics == Semantics::Flink && spec.wire == Wire::Protobuf {
            return Err(Error::new(
                Kind::InvalidSpec,
                "packets are read by the semantics canal only: flink-json reads none",
            ));
        }
        Ok(spec)
    }
}

/// What becomes of a map's entry whose key is NULL (`map-null-key.mode`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum MapNullKey {
    /// The row is refused.
    Fail,
    /// The entry is left out.
    Drop,
    /// It gets `map-null-key.literal` as its key.
    Literal,
}

/// Which text the JVM beside us prints for a FLOAT or DOUBLE.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FloatText {
    /// JDK 19 and later: the shortest text that gives the value back.
    Shortest,
    /// Up to JDK 18: mostly the shortest.
    Jdk18,
}

/// What an update becomes (`canal-json.encode.update`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UpdateMode {
    /// Two messages, as flink-json: DELETE of the row before, INSERT of the row after.
    DeleteInsert,
    /// One UPDATE message with the row after and `"old":[{}]`.
    Update,
}

/// The constant members of a whole Canal envelope (`canal-json.encode.envelope = full`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Envelope {
    /// `database`.
    pub database: String,
    /// `table`.
    pub table: String,
    /// `pkNames`; none is written as null, as Canal does for a table without a key.
    #[serde(default)]
    pub pk_names: Vec<String>,
}

/// Everything an encoder needs to know, fixed at open.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct EncoderSpec {
    /// The columns, in row order.
    pub fields: Vec<Field>,
    /// `timestamp-format.standard`.
    pub timestamp: TimestampFormat,
    /// `map-null-key.mode`.
    pub map_null_key: MapNullKey,
    /// `map-null-key.literal`.
    pub map_null_key_literal: String,
    /// `encode.decimal-as-plain-number`: `100` instead of `1E+2`.
    #[serde(default)]
    pub plain_decimals: bool,
    /// Plain decimals lose their trailing zeros too (flink-json 1.20); 2.0 and later keep them.
    #[serde(default)]
    pub strip_plain_decimals: bool,
    /// `encode.ignore-null-fields`: fields that are NULL are left out, at every ROW level.
    #[serde(default)]
    pub ignore_nulls: bool,
    /// TIME is written with its fraction (flink-json 2.3 and later); before, whole seconds.
    #[serde(default)]
    pub time_millis: bool,
    /// The running JVM's way of printing floats. Of no effect in a whole envelope, whose texts are always the shortest.
    pub float_text: FloatText,
    /// `canal-json.encode.update`.
    pub update: UpdateMode,
    /// A whole Canal envelope instead of flink-json's two members.
    #[serde(default)]
    pub envelope: Option<Envelope>,
}

impl EncoderSpec {
    /// Reads the JSON text that the shim sends.
    ///
    /// # Errors
    /// [`Kind::InvalidSpec`] for text that is not a specification, [`Kind::UnsupportedType`] for a type that
    /// flink-json does not write either (NULL, a map whose key is not a string).
    pub fn from_json(text: &[u8]) -> Result<Self, Error> {
        let spec: EncoderSpec = serde_json::from_slice(text)
            .map_err(|e| Error::new(Kind::InvalidSpec, "the encoder's specification is not readable").caused_by(e))?;
        spec.check()?;
        Ok(spec)
    }

    /// Refuses types that cannot be written.
    ///
    /// # Errors
    /// As [`from_json`](EncoderSpec::from_json).
    pub fn check(&self) -> Result<(), Error> {
        self.fields.iter().try_for_each(|field| {
            check(&field.ty).and_then(|()| check_writable(&field.ty)).map_err(|e| e.at(&field.name))
        })
    }
}

/// flink-json has no way to get at a value of type NULL.
fn check_writable(ty: &LogicalType) -> Result<(), Error> {
    match &ty.root {
        Root::Null => Err(Error::new(Kind::UnsupportedType, "a column of type NULL cannot be written")),
        Root::Array { element: inner } | Root::Map { value: inner, .. } => check_writable(inner),
        Root::Row { fields } => fields.iter().try_for_each(|f| check_writable(&f.ty).map_err(|e| e.at(&f.name))),
        _ => Ok(()),
    }
}

fn check(ty: &LogicalType) -> Result<(), Error> {
    let string_key = |key: &LogicalType| match key.root {
        Root::Char | Root::Varchar => Ok(()),
        ref other => Err(Error::new(Kind::UnsupportedType, format!("a map key must be a string, not {other:?}"))),
    };
    match &ty.root {
        Root::Decimal { precision, scale } if !(1..=38).contains(precision) || scale > precision => Err(Error::new(
            Kind::InvalidSpec,
            format!("DECIMAL({precision}, {scale}): precision is 1 to 38 and scale at most precision"),
        )),
        Root::TimeWithoutTimeZone { precision }
        | Root::TimestampWithoutTimeZone { precision }
        | Root::TimestampWithLocalTimeZone { precision }
            if *precision > 9 =>
        {
            Err(Error::new(Kind::InvalidSpec, format!("a time precision of {precision}; it is 0 to 9")))
        }
        Root::Array { element } => check(element),
        Root::Multiset { element } => string_key(element),
        Root::Map { key, value } => {
            string_key(key)?;
            check(value)
        }
        Root::Row { fields } => fields.iter().try_for_each(|f| check(&f.ty).map_err(|e| e.at(&f.name))),
        _ => Ok(()),
    }
}

impl LogicalType {
    /// Whether a DECIMAL occurs in this type. Flink reads JSON fractions exactly, everywhere in the row, iff one does.
    pub fn contains_decimal(&self) -> bool {
        match &self.root {
            Root::Decimal { .. } => true,
            Root::Array { element } | Root::Multiset { element } => element.contains_decimal(),
            Root::Map { key, value } => key.contains_decimal() || value.contains_decimal(),
            Root::Row { fields } => fields.iter().any(|f| f.ty.contains_decimal()),
            _ => false,
        }
    }
}
