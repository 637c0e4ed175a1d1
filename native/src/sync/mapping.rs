//! How the values of a source's column are read, and what its column in Doris is. docs/type-mapping.md has the table.

use super::default;
use super::mysql_type::{MysqlType, Size};
use super::refusal::Refusal;
use super::source::{SourceColumn, SourceTable, same_name};
use crate::doris::table::{DorisColumn, DorisTable, DorisType, KeyModel, Sequence};
use crate::schema::{Field, LogicalType, Root, ZeroDate};
use serde::{Deserialize, Serialize};

/// Longest VARCHAR of Doris, in bytes.
pub const MAX_VARCHAR: u32 = 65_533;
/// Bytes of UTF-8 that a character may take.
const CHARACTER: u32 = 4;
/// Longest label of an ENUM or SET, in characters.
const LABEL: u32 = 255;
/// `-838:59:59.999999`.
const TIME: u32 = 17;
/// A sign, 65 digits, a point and a zero before it.
const LONG_DECIMAL: u32 = 68;
/// Sixteen bytes that were read as text, each at worst a replacement character.
const SIXTEEN_AS_TEXT: u32 = 64;

/// What may be chosen about types.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct TypeOptions {
    /// How binary strings become text. Default `hex`.
    pub binary: BinaryText,
    /// How geometries become text. Default `hex`.
    pub geometry: GeometryText,
    /// What `tinyint(1)` becomes. Default `tinyint`, as 2 to 127 and negative numbers are legal in it.
    pub tinyint1: TinyInt1,
    /// The column of JSON values. Default `json`.
    pub json: JsonColumn,
    /// How dates of zeros are read. Default `null`; then columns of dates may be NULL in Doris whatever the source says.
    pub zero_date: ZeroDate,
}

impl Default for TypeOptions {
    fn default() -> Self {
        TypeOptions {
            binary: BinaryText::Hex,
            geometry: GeometryText::Hex,
            tinyint1: TinyInt1::Tinyint,
            json: JsonColumn::Json,
            zero_date: ZeroDate::Null,
        }
    }
}

/// The text of a binary string.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum BinaryText {
    Hex,
    Base64,
}

impl From<BinaryText> for crate::doris::body::BinaryText {
    fn from(text: BinaryText) -> Self {
        match text {
            BinaryText::Hex => Self::Hex,
            BinaryText::Base64 => Self::Base64,
        }
    }
}

/// The text of a geometry.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum GeometryText {
    /// MySQL's inner form: four bytes of SRID and well-known binary, as `HEX(column)` gives it; in base64 where binary strings are.
    Hex,
    /// Well-known text without the SRID, as `ST_AsText` gives it.
    Wkt,
}

/// What becomes of `tinyint(1)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[allow(missing_docs)]
pub enum TinyInt1 {
    Tinyint,
    Boolean,
}

/// The column of JSON values in Doris.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum JsonColumn {
    /// JSON. Texts that are none are bad rows; Canal 1.1 writes such where keys of objects have quotes or backslashes.
    Json,
    /// STRING, with any text that Canal writes.
    String,
}

/// What is done to a value after it was decoded and before it is written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Conversion {
    /// Nothing.
    None,
    /// The text is an index into these labels, from 1; 0 is MySQL's text for a value that was none of them.
    EnumLabel(Vec<String>),
    /// The text is a number whose bits say which of these labels the value has, from the lowest on.
    SetLabels(Vec<String>),
    /// Zeros are added up to so many bytes, as the binary log leaves them out at the end of `binary(n)`.
    Pad(u32),
    /// Bytes of MySQL's inner form become well-known text.
    Wkt,
}

/// A column on its way.
#[derive(Debug, Clone, PartialEq)]
pub struct MappedColumn {
    /// Its name in the messages.
    pub source: String,
    /// Its name in Doris.
    pub name: String,
    /// It is part of the key.
    pub key: bool,
    /// How its values are decoded.
    pub logical: LogicalType,
    /// What is done to them then.
    pub conversion: Conversion,
    /// Its type in Doris.
    pub doris: DorisType,
    /// Its default in Doris.
    pub default: Option<DorisDefault>,
    /// What the rows that are there get when the column is added: its default, or what MySQL takes for a NOT NULL column without one.
    pub filler: Option<DorisDefault>,
    /// Its type in the source has no numbers below zero.
    pub unsigned: bool,
    /// What MySQL makes of NULL when the column becomes NOT NULL.
    pub implicit: Option<DorisDefault>,
    /// Its comment.
    pub comment: String,
    /// What is lost on the way, or has to be known.
    pub note: Option<String>,
}

impl MappedColumn {
    /// Whether it may be NULL in Doris.
    pub fn nullable(&self) -> bool {
        self.logical.nullable
    }
}

/// A default value in Doris.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DorisDefault {
    /// A constant, as text.
    Literal(String),
    /// `CURRENT_TIMESTAMP(scale)`.
    CurrentTimestamp(u8),
}

/// A table on its way: what is decoded, and what the table in Doris is.
#[derive(Debug, Clone, PartialEq)]
pub struct MappedTable {
    /// Its database in Doris.
    pub database: String,
    /// Its name in Doris.
    pub name: String,
    /// The columns in Doris' order: the key's first, in its order, then the others in the source's. A DUPLICATE table begins with
    /// the first column that it can be sorted by.
    pub columns: Vec<MappedColumn>,
    /// How many of them are the key's; 0 for a DUPLICATE table.
    pub keys: usize,
    /// The table's comment.
    pub comment: String,
}

/// Where a table goes.
#[derive(Clone, Copy)]
pub struct Target<'t> {
    /// Its database in Doris.
    pub database: &'t str,
    /// Its name in Doris.
    pub table: &'t str,
    /// A column's name in Doris by its name in the source; `None` leaves the column out.
    pub column: &'t dyn Fn(&str) -> Option<String>,
}

impl<'t> Target<'t> {
    /// All columns, under their names.
    pub fn same_columns(database: &'t str, table: &'t str) -> Target<'t> {
        Target { database, table, column: &|name| Some(name.to_string()) }
    }
}

impl MappedTable {
    /// Maps a table. One without a key is refused, unless `keyless` lets it become a DUPLICATE table.
    ///
    /// # Errors
    /// Doris cannot have such a table.
    pub fn of(
        source: &SourceTable,
        target: Target<'_>,
        options: &TypeOptions,
        keyless: bool,
    ) -> Result<MappedTable, Refusal> {
        if source.keys.is_empty() && !keyless {
            return Err(Refusal::NoPrimaryKey { table: source.full_name() });
        }
        check_table_name(target.database)?;
        check_table_name(target.table)?;
        let mut columns: Vec<MappedColumn> = Vec::with_capacity(source.columns.len());
        let keys = source.keys.iter().filter_map(|key| source.column(key));
        let values = source.columns.iter().filter(|column| !source.is_key(&column.name));
        for column in keys.chain(values) {
            let Some(name) = (target.column)(&column.name) else {
                if source.is_key(&column.name) {
                    return Err(Refusal::KeyLeftOut { table: source.full_name(), column: column.name.clone() });
                }
                continue;
            };
            check_column_name(&source.full_name(), &name)?;
            if columns.iter().any(|other| same_name(&other.name, &name)) {
                return Err(Refusal::SameName { table: source.full_name(), name });
            }
            columns.push(mapped(source, column, name, options)?);
        }
        if columns.is_empty() {
            return Err(Refusal::NoColumns { table: source.full_name() });
        }
        if source.keys.is_empty() {
            // A DUPLICATE table is sorted by its first column, and not every type can be sorted by.
            match columns.iter().position(|column| may_be_key(&column.doris)) {
                Some(first) => columns[..=first].rotate_right(1),
                None => return Err(Refusal::NoSortColumn { table: source.full_name() }),
            }
        }
        Ok(MappedTable {
            database: target.database.to_string(),
            name: target.table.to_string(),
            keys: columns.iter().filter(|column| column.key).count(),
            columns,
            comment: source.comment.clone(),
        })
    }

    /// The column of that name in Doris, in any case.
    pub fn column(&self, name: &str) -> Option<&MappedColumn> {
        self.columns.iter().find(|column| same_name(&column.name, name))
    }

    /// The columns for the decoder of messages: names of the source, in Doris' order.
    pub fn decoded_fields(&self) -> Vec<Field> {
        let field = |column: &MappedColumn| Field { name: column.source.clone(), ty: column.logical.clone() };
        self.columns.iter().map(field).collect()
    }

    /// The columns for the encoder of bodies: names in Doris, types after the conversion.
    pub fn written_fields(&self) -> Vec<Field> {
        let field = |column: &MappedColumn| {
            let mut ty = column.logical.clone();
            if column.conversion == Conversion::Wkt {
                ty.root = Root::Varchar;
            }
            Field { name: column.name.clone(), ty }
        };
        self.columns.iter().map(field).collect()
    }

    /// The table as Doris would describe it, once it is created. `sequence`: with a hidden sequence column.
    pub fn doris_table(&self, sequence: bool) -> DorisTable {
        let column = |column: &MappedColumn| DorisColumn {
            name: column.name.clone(),
            ty: column.doris.clone(),
            nullable: column.nullable(),
            key: column.key,
            default: column.default.is_some(),
        };
        DorisTable {
            database: self.database.clone(),
            name: self.name.clone(),
            model: if self.keys > 0 { KeyModel::Unique } else { KeyModel::Duplicate },
            columns: self.columns.iter().map(column).collect(),
            sequence: if sequence && self.keys > 0 { Sequence::Hidden } else { Sequence::None },
        }
    }
}

fn mapped(
    table: &SourceTable,
    column: &SourceColumn,
    name: String,
    options: &TypeOptions,
) -> Result<MappedColumn, Refusal> {
    let key = table.is_key(&column.name);
    let ty = map_type(&column.ty, key, options);
    if key && !may_be_key(&ty.doris) {
        return Err(Refusal::KeyType {
            table: table.full_name(),
            column: column.name.clone(),
            source: column.ty.to_string(),
            doris: ty.doris.to_string(),
        });
    }
    let is_date = matches!(column.ty, MysqlType::Date | MysqlType::DateTime(_) | MysqlType::Timestamp(_));
    let nullable = column.nullable || (is_date && options.zero_date == ZeroDate::Null);
    let default = default::in_doris(column, &ty.doris, options);
    let implicit = default::implicit(&column.ty, &ty.doris, options);
    let filler = if column.nullable || column.default.is_some() { default.clone() } else { implicit.clone() };
    Ok(MappedColumn {
        source: column.name.clone(),
        name,
        key,
        default,
        filler,
        implicit,
        unsigned: column.ty.is_unsigned(),
        logical: LogicalType { root: ty.root, nullable },
        conversion: ty.conversion,
        doris: ty.doris,
        comment: column.comment.clone(),
        note: ty.note,
    })
}

/// Which types Doris takes for key columns.
pub fn may_be_key(ty: &DorisType) -> bool {
    matches!(
        ty,
        DorisType::Boolean
            | DorisType::TinyInt
            | DorisType::SmallInt
            | DorisType::Int
            | DorisType::BigInt
            | DorisType::LargeInt
            | DorisType::Decimal { .. }
            | DorisType::Date
            | DorisType::DateTime { .. }
            | DorisType::Char(_)
            | DorisType::Varchar(_)
    )
}

/// What a type becomes.
#[derive(Debug, Clone, PartialEq)]
pub struct MappedType {
    /// How values are decoded.
    pub root: Root,
    /// What is done to them then.
    pub conversion: Conversion,
    /// The type in Doris.
    pub doris: DorisType,
    /// What is lost on the way, or has to be known.
    pub note: Option<String>,
}

/// What a type becomes; `key`: in a column of the primary key, where text of any length is VARCHAR.
pub fn map_type(ty: &MysqlType, key: bool, options: &TypeOptions) -> MappedType {
    let plain = |root, doris| MappedType { root, conversion: Conversion::None, doris, note: None };
    let of = |signed: (Root, DorisType), unsigned: (Root, DorisType), is_unsigned: bool| {
        let (root, doris) = if is_unsigned { unsigned } else { signed };
        plain(root, doris)
    };
    let tiny = (Root::Tinyint, DorisType::TinyInt);
    let small = (Root::Smallint, DorisType::SmallInt);
    let int = (Root::Integer, DorisType::Int);
    let big = (Root::Bigint, DorisType::BigInt);
    // The decoder has no integer beyond 64 bits with a sign.
    let large = (Root::Decimal { precision: 20, scale: 0 }, DorisType::LargeInt);
    match ty {
        // As a number, so that what is neither 0 nor 1 is a bad row and not silently one of them.
        MysqlType::TinyInt1 if options.tinyint1 == TinyInt1::Boolean => plain(Root::Tinyint, DorisType::Boolean),
        MysqlType::TinyInt1 => plain(tiny.0, tiny.1),
        MysqlType::TinyInt { unsigned } => of(tiny, small, *unsigned),
        MysqlType::SmallInt { unsigned } => of(small, int, *unsigned),
        MysqlType::MediumInt { .. } => plain(int.0, int.1),
        MysqlType::Int { unsigned } => of(int, big, *unsigned),
        MysqlType::BigInt { unsigned } => of(big, large, *unsigned),
        MysqlType::Float => plain(Root::Float, DorisType::Float),
        MysqlType::Double => plain(Root::Double, DorisType::Double),
        MysqlType::Decimal { precision, scale } if *precision <= 38 => {
            let (precision, scale) = (*precision, *scale);
            plain(Root::Decimal { precision, scale }, DorisType::Decimal { precision, scale })
        }
        MysqlType::Decimal { .. } if key => plain(Root::Varchar, DorisType::Varchar(LONG_DECIMAL)),
        MysqlType::Decimal { .. } => plain(Root::Varchar, DorisType::String),
        MysqlType::Bit(1) => plain(Root::Boolean, DorisType::Boolean),
        MysqlType::Bit(64) => plain(large.0, large.1),
        MysqlType::Bit(_) => plain(big.0, big.1),
        MysqlType::Date => plain(Root::Date, DorisType::Date),
        MysqlType::DateTime(digits) | MysqlType::Timestamp(digits) => {
            plain(Root::TimestampWithoutTimeZone { precision: *digits }, DorisType::DateTime { scale: *digits })
        }
        MysqlType::Time(_) => plain(Root::Varchar, DorisType::Varchar(TIME)),
        MysqlType::Year => plain(Root::Smallint, DorisType::SmallInt),
        MysqlType::Json if options.json == JsonColumn::String => plain(Root::Varchar, text_of(u64::MAX, key)),
        MysqlType::Json => plain(Root::Varchar, DorisType::Json),
        other => strings(other, key, options),
    }
}

/// Everything that is text in Doris.
fn strings(ty: &MysqlType, key: bool, options: &TypeOptions) -> MappedType {
    let text = |bytes: u64| MappedType {
        root: Root::Varchar,
        conversion: Conversion::None,
        doris: text_of(bytes, key),
        note: None,
    };
    let bytes = |length: u64| MappedType {
        root: Root::Varbinary,
        conversion: Conversion::None,
        doris: text_of(encoded(length, options.binary), key),
        note: None,
    };
    let characters = |n: u32| text(u64::from(n) * u64::from(CHARACTER));
    let raw = |bytes: u32| MappedType {
        note: Some(format!("Canal reads the bytes of {ty} as text, which loses those that are none")),
        ..text(bytes.into())
    };
    match ty {
        MysqlType::Char(n) | MysqlType::Varchar(n) => characters(*n),
        MysqlType::Text(Size::Tiny) => characters(255),
        MysqlType::Text(_) => text(u64::MAX),
        MysqlType::Binary(n) => MappedType { conversion: Conversion::Pad(*n), ..bytes((*n).into()) },
        MysqlType::Varbinary(n) => bytes((*n).into()),
        MysqlType::Blob(Size::Tiny) => bytes(255),
        MysqlType::Blob(_) => bytes(u64::from(u32::MAX)),
        MysqlType::Enum(Some(labels)) => {
            MappedType { conversion: Conversion::EnumLabel(labels.clone()), ..characters(LABEL) }
        }
        MysqlType::Set(Some(labels)) => {
            MappedType { conversion: Conversion::SetLabels(labels.clone()), ..text(u64::MAX) }
        }
        MysqlType::Enum(None) | MysqlType::Set(None) => MappedType {
            note: Some(format!("the labels of the {ty} are not known, so its numbers are written")),
            ..if *ty == MysqlType::Enum(None) { characters(LABEL) } else { text(u64::MAX) }
        },
        MysqlType::Geometry(_) => MappedType {
            root: Root::Varbinary,
            conversion: if options.geometry == GeometryText::Wkt { Conversion::Wkt } else { Conversion::None },
            doris: DorisType::String,
            note: None,
        },
        MysqlType::Uuid | MysqlType::Inet6 => raw(SIXTEEN_AS_TEXT),
        MysqlType::Inet4 => raw(SIXTEEN_AS_TEXT / 4),
        unknown => MappedType {
            note: Some(format!(
                "the type {:?} is not known here; its values are written as Canal has them",
                unknown.to_string()
            )),
            ..text(u64::MAX)
        },
    }
}

/// The text column for so many bytes. In a key there is no STRING: values that are longer than VARCHAR are bad rows.
fn text_of(bytes: u64, key: bool) -> DorisType {
    match u32::try_from(bytes) {
        Ok(bytes) if bytes <= MAX_VARCHAR => DorisType::Varchar(bytes.max(1)),
        _ if key => DorisType::Varchar(MAX_VARCHAR),
        _ => DorisType::String,
    }
}

/// Bytes of the text of so many bytes.
fn encoded(bytes: u64, text: BinaryText) -> u64 {
    match text {
        BinaryText::Hex => bytes * 2,
        BinaryText::Base64 => bytes.div_ceil(3) * 4,
    }
}

/// Holds a name of a database or table to Doris' rule. Letters beyond ASCII need `enable_unicode_name_support` there.
///
/// # Errors
/// Doris does not allow the name.
pub fn check_table_name(name: &str) -> Result<(), Refusal> {
    let rule = if !name.starts_with(char::is_alphabetic) {
        "it has to begin with a letter"
    } else if !name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-')) {
        "only letters, digits, _ and - may be in it"
    } else if name.chars().count() > 64 {
        "it is longer than 64 characters"
    } else {
        return Ok(());
    };
    Err(Refusal::TableName { name: name.to_string(), rule })
}

/// Holds a column's name to Doris' rule; `table` is for the message.
///
/// # Errors
/// Doris does not allow the name.
pub fn check_column_name(table: &str, name: &str) -> Result<(), Refusal> {
    let allowed = |c: char| c.is_alphanumeric() || c.is_whitespace() || "._+-/?@#$%^&*\",:".contains(c);
    let rule = if name.to_uppercase().starts_with("__DORIS_") {
        "it must not begin with __DORIS_"
    } else if name.is_empty() || name.chars().count() > 256 {
        "it has to have 1 to 256 characters"
    } else if !name.chars().all(allowed) {
        "only letters, digits, blanks and ._+-/?@#$%^&*\",: may be in it"
    } else {
        return Ok(());
    };
    Err(Refusal::ColumnName { table: table.to_string(), name: name.to_string(), rule })
}
