//! One value: a slot of a binary row → JSON, by the rules of flink-json's `RowDataToJsonConverters`. A column's way of
//! writing is decided once, from its type.

use super::Reason;
use crate::json::write::{NotUtf8, Output, Piece, Style};
use crate::row::read::{Array, Malformed, Map, Row, Slot};
use crate::schema::{EncoderSpec, Field, FloatText, LogicalType, MapNullKey, Root, TimestampFormat};
use crate::text::datetime::{self, Fraction, OutOfRange};
use crate::text::decimal::{self, Form};
use crate::text::float;
use std::collections::HashSet;

/// Keys that are compared with each other; more are put into a set.
const FEW_KEYS: usize = 8;

impl From<Malformed> for Reason {
    fn from(_: Malformed) -> Reason {
        Reason::Malformed
    }
}

impl From<NotUtf8> for Reason {
    fn from(_: NotUtf8) -> Reason {
        Reason::NotUtf8
    }
}

impl From<float::Unproven> for Reason {
    fn from(_: float::Unproven) -> Reason {
        Reason::FloatText
    }
}

impl From<OutOfRange> for Reason {
    fn from(_: OutOfRange) -> Reason {
        Reason::OutOfRange
    }
}

/// The table's settings that values depend on.
#[derive(Debug)]
pub(super) struct Options {
    /// Between date and time.
    separator: u8,
    decimals: Form,
    ignore_nulls: bool,
    /// A NULL where none may be is for Flink's encoder, whose answer depends on its version.
    refuse_nulls: bool,
    time_millis: bool,
    floats: FloatText,
    null_key: MapNullKey,
    /// Its key for a NULL.
    literal: Box<[u8]>,
    pub style: Style,
}

impl Options {
    pub fn of(spec: &EncoderSpec) -> Options {
        let full = spec.envelope.is_some();
        Options {
            separator: if spec.timestamp == TimestampFormat::Sql { b' ' } else { b'T' },
            decimals: match (spec.plain_decimals, spec.strip_plain_decimals) {
                (false, _) => Form::Scientific,
                (true, true) => Form::StrippedPlain,
                (true, false) => Form::Plain,
            },
            ignore_nulls: spec.ignore_nulls,
            refuse_nulls: !full,
            time_millis: spec.time_millis || full,
            floats: if full { FloatText::Shortest } else { spec.float_text },
            null_key: spec.map_null_key,
            literal: spec.map_null_key_literal.as_bytes().into(),
            style: if full { Style::Fastjson } else { Style::Jackson },
        }
    }
}

/// How a value that is not NULL is written.
#[derive(Debug)]
pub(super) enum Writing {
    Boolean,
    Int8,
    Int16,
    Int32,
    Int64,
    Float,
    Double,
    Text,
    Bytes,
    Decimal {
        precision: u8,
        scale: u8,
    },
    Date,
    Time {
        precision: u8,
    },
    /// `zoned`: TIMESTAMP_LTZ, whose text ends in `Z`.
    Stamp {
        precision: u8,
        zoned: bool,
    },
    Array(Box<Element>),
    /// MAP, and MULTISET as a map to INT NOT NULL; the values.
    Map(Box<Element>),
    Row(Columns),
}

/// An array's elements or a map's values.
#[derive(Debug)]
pub(super) struct Element {
    writing: Writing,
    nullable: bool,
    root: Root,
}

/// The fields of a row.
#[derive(Debug)]
pub(super) struct Columns(Box<[Column]>);

#[derive(Debug)]
struct Column {
    /// `,"name":`
    name: Piece,
    writing: Writing,
    nullable: bool,
}

impl Writing {
    pub fn of(ty: &LogicalType, style: Style) -> Writing {
        match &ty.root {
            Root::Boolean => Writing::Boolean,
            Root::Tinyint => Writing::Int8,
            Root::Smallint => Writing::Int16,
            Root::Integer | Root::IntervalYearMonth => Writing::Int32,
            Root::Bigint | Root::IntervalDayTime => Writing::Int64,
            Root::Float => Writing::Float,
            Root::Double => Writing::Double,
            Root::Char | Root::Varchar => Writing::Text,
            Root::Binary | Root::Varbinary => Writing::Bytes,
            Root::Decimal { precision, scale } => Writing::Decimal { precision: *precision, scale: *scale },
            Root::Date => Writing::Date,
            Root::TimeWithoutTimeZone { precision } => Writing::Time { precision: *precision },
            Root::TimestampWithoutTimeZone { precision } => Writing::Stamp { precision: *precision, zoned: false },
            Root::TimestampWithLocalTimeZone { precision } => Writing::Stamp { precision: *precision, zoned: true },
            Root::Array { element } => Writing::Array(Box::new(Element::of(element, style))),
            Root::Map { value, .. } => Writing::Map(Box::new(Element::of(value, style))),
            Root::Multiset { .. } => {
                Writing::Map(Box::new(Element::of(&LogicalType { root: Root::Integer, nullable: false }, style)))
            }
            Root::Row { fields } => Writing::Row(Columns::of(fields, style)),
            Root::Null => unreachable!("EncoderSpec refuses columns of type NULL"),
        }
    }

    /// Whether values are JSON arrays or objects.
    pub fn is_nested(&self) -> bool {
        matches!(self, Writing::Array(_) | Writing::Map(_) | Writing::Row(_))
    }

    /// A value as flink-json writes it.
    #[inline(always)]
    pub fn write(&self, out: &mut Output, slot: Slot<'_>, options: &Options) -> Result<(), Reason> {
        match self {
            Writing::Text => out.string(slot.bytes()?, options.style)?,
            Writing::Int64 => out.integer(slot.i64()),
            Writing::Int32 => out.integer(slot.i32().into()),
            Writing::Decimal { precision, scale } => {
                decimal::write(out, slot.decimal(*precision)?, *scale, options.decimals);
            }
            Writing::Double if slot.f64().is_finite() => float::double(out, slot.f64(), options.floats)?,
            Writing::Float if slot.f32().is_finite() => float::float(out, slot.f32(), options.floats)?,
            Writing::Double | Writing::Float => {
                let value = if matches!(self, Writing::Double) { slot.f64() } else { slot.f32().into() };
                out.push(b'"');
                float::double(out, value, options.floats)?;
                out.push(b'"');
            }
            Writing::Stamp { precision, zoned } => {
                out.push(b'"');
                datetime::stamp(out, slot.stamp(*precision)?, options.separator, Fraction::Needed)?;
                out.prefix(if *zoned { b"Z\"" } else { b"\"\0" }, 1 + usize::from(*zoned));
            }
            Writing::Date => {
                out.push(b'"');
                datetime::date(out, slot.i32());
                out.push(b'"');
            }
            Writing::Boolean => {
                let value = slot.boolean();
                out.prefix(if value { b"true\0" } else { b"false" }, 5 - usize::from(value));
            }
            Writing::Int8 => out.integer(slot.i8().into()),
            Writing::Int16 => out.integer(slot.i16().into()),
            Writing::Bytes => out.base64_string(slot.bytes()?),
            Writing::Time { .. } => {
                out.push(b'"');
                datetime::time(out, slot.i32(), options.time_millis, Fraction::Needed)?;
                out.push(b'"');
            }
            nested => nested.write_nested(out, slot, options)?,
        }
        Ok(())
    }

    #[inline(never)]
    fn write_nested(&self, out: &mut Output, slot: Slot<'_>, options: &Options) -> Result<(), Reason> {
        match self {
            Writing::Array(element) => element.write_array(out, slot.array(&element.root)?, options),
            Writing::Map(value) => value.write_map(out, slot.map(&Root::Varchar, &value.root)?, options),
            Writing::Row(columns) => {
                columns.write(out, slot.row(columns.len())?, options).map_err(|(_, reason)| reason)
            }
            scalar => unreachable!("{scalar:?} is a scalar"),
        }
    }
}

impl Element {
    fn of(ty: &LogicalType, style: Style) -> Element {
        Element { writing: Writing::of(ty, style), nullable: ty.nullable, root: ty.root.clone() }
    }

    fn write(&self, out: &mut Output, slot: Option<Slot<'_>>, options: &Options) -> Result<(), Reason> {
        match slot {
            Some(slot) => self.writing.write(out, slot, options),
            None if !self.nullable && options.refuse_nulls => Err(Reason::NullInNotNull),
            None => {
                out.fixed(b"null");
                Ok(())
            }
        }
    }

    fn write_array(&self, out: &mut Output, array: Array<'_>, options: &Options) -> Result<(), Reason> {
        out.push(b'[');
        for i in 0..array.len() {
            if i > 0 {
                out.push(b',');
            }
            self.write(out, array.get(i)?, options)?;
        }
        out.push(b']');
        Ok(())
    }

    /// Entries in the map's own order. What equal keys give depends on Jackson's tree, so those are Flink's to write.
    fn write_map(&self, out: &mut Output, map: Map<'_>, options: &Options) -> Result<(), Reason> {
        let mut keys = Vec::with_capacity(map.keys.len());
        out.push(b'{');
        for i in 0..map.keys.len() {
            let key = match (map.keys.get(i)?, options.null_key) {
                (Some(key), _) => key.bytes()?,
                (None, MapNullKey::Fail) => return Err(Reason::NullMapKey),
                (None, MapNullKey::Drop) => continue,
                (None, MapNullKey::Literal) => &options.literal,
            };
            if !keys.is_empty() {
                out.push(b',');
            }
            keys.push(key);
            out.string(key, options.style)?;
            out.push(b':');
            self.write(out, map.values.get(i)?, options)?;
        }
        out.push(b'}');
        if all_different(&keys) { Ok(()) } else { Err(Reason::EqualMapKeys) }
    }
}

fn all_different(keys: &[&[u8]]) -> bool {
    if keys.len() <= FEW_KEYS {
        return keys.iter().enumerate().all(|(i, key)| !keys[..i].contains(key));
    }
    let mut seen = HashSet::with_capacity(keys.len());
    keys.iter().all(|key| seen.insert(*key))
}

impl Columns {
    pub fn of(fields: &[Field], style: Style) -> Columns {
        let column = |field: &Field| Column {
            name: name_piece(&field.name, style),
            writing: Writing::of(&field.ty, style),
            nullable: field.ty.nullable,
        };
        Columns(fields.iter().map(column).collect())
    }

    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// A row as flink-json writes it.
    ///
    /// # Errors
    /// The field that cannot be written, and why.
    #[inline(always)]
    pub fn write(&self, out: &mut Output, row: Row<'_>, options: &Options) -> Result<(), (usize, Reason)> {
        let start = out.len();
        for (i, column) in self.0.iter().enumerate() {
            let at = |reason| (i, reason);
            match row.get(i).map_err(|e| at(e.into()))? {
                Some(slot) => {
                    out.piece(&column.name);
                    column.writing.write(out, slot, options).map_err(at)?;
                }
                None => column.write_null(out, options).map_err(at)?,
            }
        }
        end_object(out, start);
        Ok(())
    }

    /// A row as Canal writes it: each value a text or null.
    ///
    /// # Errors
    /// The field that cannot be written, and why.
    pub fn write_texts(&self, out: &mut Output, row: Row<'_>, options: &Options) -> Result<(), (usize, Reason)> {
        let start = out.len();
        for (i, column) in self.0.iter().enumerate() {
            let at = |reason| (i, reason);
            match row.get(i).map_err(|e| at(e.into()))? {
                Some(slot) => {
                    out.piece(&column.name);
                    column.writing.write_text(out, slot, options).map_err(at)?;
                }
                None => column.write_null(out, options).map_err(at)?,
            }
        }
        end_object(out, start);
        Ok(())
    }
}

impl Column {
    #[inline(always)]
    fn write_null(&self, out: &mut Output, options: &Options) -> Result<(), Reason> {
        if !self.nullable && options.refuse_nulls {
            return Err(Reason::NullInNotNull);
        }
        if !options.ignore_nulls {
            out.piece(&self.name);
            out.fixed(b"null");
        }
        Ok(())
    }
}

/// Each member began with a comma; the first of them is where the object opens.
#[inline(always)]
fn end_object(out: &mut Output, start: usize) {
    if out.len() == start {
        return out.fixed(b"{}");
    }
    out.set(start, b'{');
    out.push(b'}');
}

/// `,"name":`
fn name_piece(name: &str, style: Style) -> Piece {
    let mut text = Output::new();
    text.push(b',');
    text.string(name.as_bytes(), style).expect("a `str` is UTF-8");
    text.push(b':');
    Piece::new(text.text())
}

impl Writing {
    /// A value as Canal writes it: a JSON string. See [`super::envelope`] for the texts.
    fn write_text(&self, out: &mut Output, slot: Slot<'_>, options: &Options) -> Result<(), Reason> {
        let style = options.style;
        match self {
            Writing::Text => return Ok(out.string(slot.bytes()?, style)?),
            Writing::Bytes => {
                out.latin1_string(slot.bytes()?, style);
                return Ok(());
            }
            nested if nested.is_nested() => {
                let start = out.len();
                nested.write_nested(out, slot, options)?;
                return Ok(out.quote_from(start, style)?);
            }
            _ => {}
        }
        out.push(b'"');
        match self {
            Writing::Boolean => out.push(b'0' + u8::from(slot.boolean())),
            Writing::Decimal { precision, scale } => {
                decimal::write(out, slot.decimal(*precision)?, *scale, Form::Plain);
            }
            Writing::Double => float::double(out, slot.f64(), options.floats)?,
            Writing::Float => float::float(out, slot.f32(), options.floats)?,
            Writing::Date if !datetime::is_common_era(slot.i32()) => return Err(Reason::OutOfRange),
            Writing::Date => datetime::date(out, slot.i32()),
            Writing::Time { precision } => {
                datetime::time(out, slot.i32(), true, Fraction::AtLeast(*precision))?;
            }
            Writing::Stamp { precision, zoned } => {
                let stamp = slot.stamp(*precision)?;
                if !datetime::is_common_era(datetime::day_of(stamp)?) {
                    return Err(Reason::OutOfRange);
                }
                datetime::stamp(out, stamp, b' ', Fraction::AtLeast(*precision))?;
                if *zoned {
                    out.push(b'Z');
                }
            }
            integer => integer.write(out, slot, options)?,
        }
        out.push(b'"');
        Ok(())
    }
}
