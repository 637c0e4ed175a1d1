//! What a table is: its column types, columns, key model, partitions, distribution and properties.

use crate::cell::Cell;
use std::fmt;

/// Hidden column of UNIQUE tables: 1 in a row that deletes its key.
pub const DELETE_SIGN: &str = "__DORIS_DELETE_SIGN__";
/// Hidden column that decides between rows of one key, where the table has a sequence column or type.
pub const SEQUENCE_COL: &str = "__DORIS_SEQUENCE_COL__";
/// Hidden column of UNIQUE tables: the version of the load that wrote the row.
pub const VERSION_COL: &str = "__DORIS_VERSION_COL__";
/// Hidden column of tables with flexible partial update: which columns a row leaves alone.
pub const SKIP_BITMAP_COL: &str = "__DORIS_SKIP_BITMAP_COL__";

/// A Doris column type. DATEV2, DATETIMEV2 and DECIMALV3 are the same types under older names.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum ColumnType {
    Boolean,
    TinyInt,
    SmallInt,
    Int,
    BigInt,
    LargeInt,
    Float,
    Double,
    /// `precision` 1..=38 digits, `scale` of them after the point.
    Decimal {
        precision: u8,
        scale: u8,
    },
    Date,
    /// `scale` 0..=6 digits of the fraction.
    DateTime {
        scale: u8,
    },
    /// Length in bytes, 1..=255.
    Char(u32),
    /// Length in bytes, 1..=65533; `VARCHAR` without a length is 65533.
    Varchar(u32),
    String,
    Json,
    Variant,
    Ipv4,
    Ipv6,
    Bitmap,
    Hll,
    QuantileState,
    Array(Box<ColumnType>),
    Map(Box<ColumnType>, Box<ColumnType>),
    Struct(Vec<StructField>),
}

/// A field of a STRUCT.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct StructField {
    /// Its name, as declared.
    pub name: String,
    /// Its type.
    pub ty: ColumnType,
}

impl ColumnType {
    /// TINYINT to LARGEINT.
    pub fn is_integer(&self) -> bool {
        use ColumnType::*;
        matches!(self, TinyInt | SmallInt | Int | BigInt | LargeInt)
    }

    /// CHAR, VARCHAR or STRING.
    pub fn is_text(&self) -> bool {
        matches!(self, ColumnType::Char(_) | ColumnType::Varchar(_) | ColumnType::String)
    }

    /// ARRAY, MAP or STRUCT.
    pub fn is_nested(&self) -> bool {
        matches!(self, ColumnType::Array(_) | ColumnType::Map(..) | ColumnType::Struct(_))
    }

    /// Lowest and highest value of an integer type.
    pub fn integer_range(&self) -> Option<(i128, i128)> {
        use ColumnType::*;
        Some(match self {
            TinyInt => (i8::MIN as i128, i8::MAX as i128),
            SmallInt => (i16::MIN as i128, i16::MAX as i128),
            Int => (i32::MIN as i128, i32::MAX as i128),
            BigInt => (i64::MIN as i128, i64::MAX as i128),
            LargeInt => (i128::MIN, i128::MAX),
            _ => return None,
        })
    }
}

/// The type as DESC and the REST `_schema` call print it: lower case, `varchar(20)`, `array<int>`, `datetime(3)`.
impl fmt::Display for ColumnType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use ColumnType::*;
        match self {
            Boolean => f.write_str("boolean"),
            TinyInt => f.write_str("tinyint"),
            SmallInt => f.write_str("smallint"),
            Int => f.write_str("int"),
            BigInt => f.write_str("bigint"),
            LargeInt => f.write_str("largeint"),
            Float => f.write_str("float"),
            Double => f.write_str("double"),
            Decimal { precision, scale } => write!(f, "decimal({precision},{scale})"),
            Date => f.write_str("date"),
            DateTime { scale: 0 } => f.write_str("datetime"),
            DateTime { scale } => write!(f, "datetime({scale})"),
            Char(n) => write!(f, "char({n})"),
            Varchar(n) => write!(f, "varchar({n})"),
            String => f.write_str("text"),
            Json => f.write_str("json"),
            Variant => f.write_str("variant"),
            Ipv4 => f.write_str("ipv4"),
            Ipv6 => f.write_str("ipv6"),
            Bitmap => f.write_str("bitmap"),
            Hll => f.write_str("hll"),
            QuantileState => f.write_str("quantile_state"),
            Array(item) => write!(f, "array<{item}>"),
            Map(key, value) => write!(f, "map<{key},{value}>"),
            Struct(fields) => {
                f.write_str("struct<")?;
                for (i, field) in fields.iter().enumerate() {
                    if i > 0 {
                        f.write_str(",")?;
                    }
                    write!(f, "{}:{}", field.name, field.ty)?;
                }
                f.write_str(">")
            }
        }
    }
}

/// How a value column of an AGGREGATE table combines rows of one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Aggregation {
    Sum,
    Min,
    Max,
    Replace,
    ReplaceIfNotNull,
    BitmapUnion,
    HllUnion,
    QuantileUnion,
}

impl Aggregation {
    /// The word of DDL and of DESC's Extra column.
    pub fn text(self) -> &'static str {
        match self {
            Aggregation::Sum => "SUM",
            Aggregation::Min => "MIN",
            Aggregation::Max => "MAX",
            Aggregation::Replace => "REPLACE",
            Aggregation::ReplaceIfNotNull => "REPLACE_IF_NOT_NULL",
            Aggregation::BitmapUnion => "BITMAP_UNION",
            Aggregation::HllUnion => "HLL_UNION",
            Aggregation::QuantileUnion => "QUANTILE_UNION",
        }
    }
}

/// What a row gets in a column that its statement or load does not name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DefaultValue {
    /// `DEFAULT NULL`.
    Null,
    /// A literal, without quotes; cast to the column's type when used.
    Text(String),
    /// `DEFAULT CURRENT_TIMESTAMP[(scale)]`.
    CurrentTimestamp {
        /// Digits of the fraction, 0..=6.
        scale: u8,
        /// `ON UPDATE CURRENT_TIMESTAMP` follows.
        on_update: bool,
    },
    /// `DEFAULT CURRENT_DATE`.
    CurrentDate,
}

/// A column of a table, hidden ones included.
#[derive(Clone, Debug, PartialEq)]
pub struct Column {
    /// Column unique id: stays when the column is renamed, moved or changed. 0 until the table is created.
    pub uid: u32,
    /// As declared; names are compared without regard to case.
    pub name: String,
    /// Type.
    pub ty: ColumnType,
    /// May hold NULL (Doris' default).
    pub nullable: bool,
    /// `None`: no DEFAULT clause.
    pub default: Option<DefaultValue>,
    /// Part of the table's key.
    pub key: bool,
    /// Of a value column in an AGGREGATE table.
    pub aggregation: Option<Aggregation>,
    /// `AUTO_INCREMENT`.
    pub auto_increment: bool,
    /// COMMENT, empty if none.
    pub comment: String,
    /// False for the `__DORIS_…` columns.
    pub visible: bool,
}

impl Column {
    /// A visible, nullable value column without default.
    pub fn new(name: impl Into<String>, ty: ColumnType) -> Column {
        Column {
            uid: 0,
            name: name.into(),
            ty,
            nullable: true,
            default: None,
            key: false,
            aggregation: None,
            auto_increment: false,
            comment: String::new(),
            visible: true,
        }
    }

    /// A hidden column.
    pub fn hidden(name: &str, ty: ColumnType, nullable: bool, default: Option<DefaultValue>) -> Column {
        Column { nullable, default, visible: false, ..Column::new(name, ty) }
    }
}

/// DUPLICATE, UNIQUE or AGGREGATE KEY.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyModel {
    /// Rows are kept as they come.
    Duplicate,
    /// One row a key, the later one wins.
    Unique {
        /// `enable_unique_key_merge_on_write`; needed by partial update.
        merge_on_write: bool,
    },
    /// One row a key, value columns combined.
    Aggregate,
}

impl KeyModel {
    /// UNIQUE of either kind.
    pub fn is_unique(self) -> bool {
        matches!(self, KeyModel::Unique { .. })
    }

    /// `DUP_KEYS`, `UNIQUE_KEYS` or `AGG_KEYS`, as the REST `_schema` call says it.
    pub fn keys_type(self) -> &'static str {
        match self {
            KeyModel::Duplicate => "DUP_KEYS",
            KeyModel::Unique { .. } => "UNIQUE_KEYS",
            KeyModel::Aggregate => "AGG_KEYS",
        }
    }
}

/// The sequence column of a UNIQUE table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sequence {
    /// Property `function_column.sequence_col`: the hidden column takes the value of this one.
    Column(String),
    /// Property `function_column.sequence_type`: loads and statements name the hidden column's source themselves.
    Type(ColumnType),
}

/// A bound of a RANGE partition in one column.
#[derive(Clone, Debug, PartialEq)]
pub enum Bound {
    /// Below every value; NULL lies here too.
    Min,
    /// A value of the column's type.
    Value(Cell),
    /// `MAXVALUE`.
    Max,
}

/// A partition: its name and the values that belong to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Partition {
    /// Name.
    pub name: String,
    /// Values.
    pub values: PartitionValues,
}

/// Which values lie in a partition; one bound or value for each partition column.
#[derive(Clone, Debug, PartialEq)]
pub enum PartitionValues {
    /// Lower bound included, upper not.
    Range {
        /// Included.
        lower: Vec<Bound>,
        /// Not included.
        upper: Vec<Bound>,
    },
    /// These tuples.
    List(Vec<Vec<Cell>>),
}

/// `PARTITION BY`.
#[derive(Clone, Debug, PartialEq)]
pub struct Partitioning {
    /// Column names.
    pub columns: Vec<String>,
    /// RANGE if true, LIST if not.
    pub range: bool,
    /// `AUTO PARTITION`: the expression in parentheses, as text; a row never lacks a partition.
    pub auto: Option<String>,
    /// Partitions in order of declaration.
    pub partitions: Vec<Partition>,
}

/// `DISTRIBUTED BY`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Distribution {
    /// HASH columns; empty for RANDOM.
    pub hash: Vec<String>,
    /// `None` for `BUCKETS AUTO`.
    pub buckets: Option<u32>,
}

/// A table's definition. Rows have a cell for every column here, the hidden ones last.
#[derive(Clone, Debug, PartialEq)]
pub struct TableSchema {
    /// Table name, case-sensitive.
    pub name: String,
    /// Key columns, value columns, hidden columns.
    pub columns: Vec<Column>,
    /// Key model.
    pub model: KeyModel,
    /// Partitions, if any.
    pub partitioning: Option<Partitioning>,
    /// Distribution.
    pub distribution: Distribution,
    /// PROPERTIES as given, in order.
    pub properties: Vec<(String, String)>,
    /// Sequence column, if any.
    pub sequence: Option<Sequence>,
    /// COMMENT, empty if none.
    pub comment: String,
    /// Counts schema changes from 0.
    pub schema_version: u32,
}

impl TableSchema {
    /// Position of a column, visible or hidden; names are compared without regard to case.
    pub fn position(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|c| c.name.eq_ignore_ascii_case(name))
    }

    /// A column by name.
    pub fn column(&self, name: &str) -> Option<&Column> {
        self.position(name).map(|i| &self.columns[i])
    }

    /// The columns that `SELECT *` and a load without `columns` mean, with their positions.
    pub fn visible(&self) -> impl Iterator<Item = (usize, &Column)> {
        self.columns.iter().enumerate().filter(|(_, c)| c.visible)
    }

    /// Positions of the key columns.
    pub fn key_positions(&self) -> Vec<usize> {
        (0..self.columns.len()).filter(|&i| self.columns[i].key).collect()
    }

    /// A property's value.
    pub fn property(&self, name: &str) -> Option<&str> {
        self.properties.iter().find(|(k, _)| k.eq_ignore_ascii_case(name)).map(|(_, v)| v.as_str())
    }

    /// Property `light_schema_change`, true if not given.
    pub fn light_schema_change(&self) -> bool {
        self.property("light_schema_change").is_none_or(|v| v.eq_ignore_ascii_case("true"))
    }

    /// Position of `__DORIS_DELETE_SIGN__`.
    pub fn delete_sign(&self) -> Option<usize> {
        self.position(DELETE_SIGN)
    }

    /// Position of `__DORIS_SEQUENCE_COL__`.
    pub fn sequence_position(&self) -> Option<usize> {
        self.position(SEQUENCE_COL)
    }

    /// Appends the hidden columns that the key model, the sequence and the properties call for.
    pub fn add_hidden_columns(&mut self) {
        if !self.model.is_unique() {
            return;
        }
        let zero = || Some(DefaultValue::Text("0".into()));
        self.columns.push(Column::hidden(DELETE_SIGN, ColumnType::TinyInt, false, zero()));
        let sequence = match &self.sequence {
            Some(Sequence::Type(ty)) => Some(ty.clone()),
            Some(Sequence::Column(name)) => self.column(name).map(|c| c.ty.clone()),
            None => None,
        };
        if let Some(ty) = sequence {
            self.columns.push(Column::hidden(SEQUENCE_COL, ty, true, None));
        }
        self.columns.push(Column::hidden(VERSION_COL, ColumnType::BigInt, false, zero()));
        let flexible = self.property("enable_unique_key_skip_bitmap_column").is_some_and(|v| v == "true");
        if flexible {
            self.columns.push(Column::hidden(SKIP_BITMAP_COL, ColumnType::Bitmap, false, None));
        }
    }
}
