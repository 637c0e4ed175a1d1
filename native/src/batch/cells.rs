//! Arrow columns → cells of Flink's binary rows: the inverse of [`column`](super::column).

use super::types;
use crate::error::{Error, Kind};
use crate::row::read::{COMPACT_DECIMAL, COMPACT_TIMESTAMP, element_len};
use crate::row::{Cell, RowKind, Sources, write_array, write_row};
use crate::schema::{Field, LogicalType, Root};
use arrow::array::{
    Array, AsArray, BinaryArray, BooleanArray, Decimal128Array, ListArray, MapArray, PrimitiveArray, StringArray,
};
use arrow::buffer::NullBuffer;
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, Decimal128Type, DurationMillisecondType, Float32Type, Float64Type,
    Int8Type, Int16Type, Int32Type, Int64Type, IntervalYearMonthType, Time32MillisecondType, TimeUnit,
    TimestampMicrosecondType, TimestampMillisecondType, TimestampNanosecondType,
};

/// A column, or a part of one, to be read value by value.
#[derive(Debug)]
pub struct Reader<'a> {
    nulls: Option<&'a NullBuffer>,
    values: Values<'a>,
    /// Timestamps are stored with nanoseconds.
    wide: bool,
}

#[derive(Debug)]
enum Values<'a> {
    Boolean(&'a BooleanArray),
    I8(&'a [i8]),
    I16(&'a [i16]),
    I32(&'a [i32]),
    I64(&'a [i64]),
    F32(&'a [f32]),
    F64(&'a [f64]),
    Text(&'a StringArray),
    Bytes(&'a BinaryArray),
    Decimal(u8, &'a [i128]),
    /// Counts in the column's unit, and how many of them a millisecond has.
    Stamp(i64, &'a [i64]),
    List(&'a ListArray, Box<Element<'a>>),
    Map(&'a MapArray, Box<[Element<'a>; 2]>),
    Row(Rows<'a>),
}

/// The columns of a row.
#[derive(Debug)]
pub struct Rows<'a> {
    columns: Vec<Reader<'a>>,
    wide: Vec<bool>,
}

/// What a list or map is made of.
#[derive(Debug)]
struct Element<'a> {
    reader: Reader<'a>,
    /// Bytes in a binary array's fixed part.
    len: usize,
}

impl<'a> Reader<'a> {
    /// A reader of `array` as a column of type `ty`.
    ///
    /// # Errors
    /// [`Kind::IllegalArgument`] if the array is not of [`types::of`] this type (the names of a list's or map's parts, and the
    /// name of a zone, do not matter), or holds a DECIMAL of more digits.
    pub fn new(array: &'a dyn Array, ty: &LogicalType) -> Result<Reader<'a>, Error> {
        Reader::of_root(array, &ty.root)
    }

    fn of_root(array: &'a dyn Array, root: &Root) -> Result<Reader<'a>, Error> {
        let values = Values::new(array, root)?.ok_or_else(|| {
            let text = format!("the array has the type {}; it must be {}", array.data_type(), types::of_root(root));
            Error::new(Kind::IllegalArgument, text)
        })?;
        Ok(Reader { nulls: array.nulls(), values, wide: is_wide(root) })
    }

    /// Value `i`. What does not fit into the cell is appended to `scratch`.
    pub fn cell(&self, i: usize, scratch: &mut Vec<u8>) -> Cell {
        if self.nulls.is_some_and(|nulls| nulls.is_null(i)) {
            return Cell::NULL;
        }
        match &self.values {
            Values::Boolean(values) => Cell::fixed(values.value(i).into()),
            Values::I8(values) => Cell::fixed((values[i] as u8).into()),
            Values::I16(values) => Cell::fixed((values[i] as u16).into()),
            Values::I32(values) => Cell::fixed((values[i] as u32).into()),
            Values::I64(values) => Cell::fixed(values[i] as u64),
            Values::F32(values) => Cell::fixed(values[i].to_bits().into()),
            Values::F64(values) => Cell::fixed(values[i].to_bits()),
            Values::Text(values) => kept(values.value(i).as_bytes(), scratch),
            Values::Bytes(values) => kept(values.value(i), scratch),
            Values::Decimal(..=COMPACT_DECIMAL, values) => Cell::fixed(values[i] as u64),
            Values::Decimal(_, values) => big_decimal(values[i], scratch),
            Values::Stamp(per_milli, values) => {
                let (millis, rest) = (values[i].div_euclid(*per_milli), values[i].rem_euclid(*per_milli));
                Cell::stamp(millis, (rest * (1_000_000 / per_milli)) as u32)
            }
            Values::List(lists, element) => {
                let mut built = Vec::new();
                element.write(range(lists.value_offsets(), i), scratch, &mut built);
                kept(&built, scratch)
            }
            Values::Map(maps, elements) => {
                let [keys, values] = &**elements;
                let range = range(maps.value_offsets(), i);
                let mut built = vec![0; 4];
                keys.write(range.clone(), scratch, &mut built);
                let keys_len = (built.len() - 4) as u32;
                built[..4].copy_from_slice(&keys_len.to_le_bytes());
                values.write(range, scratch, &mut built);
                kept(&built, scratch)
            }
            Values::Row(fields) => {
                let mut built = Vec::new();
                fields.write(i, RowKind::Insert, &mut Vec::new(), scratch, &mut built);
                kept(&built, scratch)
            }
        }
    }
}

impl<'a> Rows<'a> {
    /// Rows of these columns.
    pub fn new(columns: Vec<Reader<'a>>) -> Rows<'a> {
        Rows { wide: columns.iter().map(|column| column.wide).collect(), columns }
    }

    /// Appends row `i` to `out`, as `BinaryRowData`. `cells` and `scratch` are memory to work in.
    #[inline]
    pub fn write(&self, i: usize, kind: RowKind, cells: &mut Vec<Cell>, scratch: &mut Vec<u8>, out: &mut Vec<u8>) {
        cells.clear();
        cells.extend(self.columns.iter().map(|column| column.cell(i, scratch)));
        write_row(out, kind, cells.iter(), &self.wide, Sources { input: &[], scratch });
    }
}

impl<'a> Element<'a> {
    fn new(array: &'a dyn Array, root: &Root) -> Result<Element<'a>, Error> {
        Ok(Element { reader: Reader::of_root(array, root)?, len: element_len(root) })
    }

    /// Appends a binary array.
    fn write(&self, range: std::ops::Range<usize>, scratch: &mut Vec<u8>, out: &mut Vec<u8>) {
        let cells: Vec<Cell> = range.map(|i| self.reader.cell(i, scratch)).collect();
        write_array(out, &cells, self.len, self.reader.wide, Sources { input: &[], scratch });
    }
}

impl<'a> Values<'a> {
    /// `None` if the array is of another type.
    fn new(array: &'a dyn Array, root: &Root) -> Result<Option<Values<'a>>, Error> {
        Ok(match root {
            Root::Null => None,
            Root::Boolean => array.as_boolean_opt().map(Values::Boolean),
            Root::Tinyint => plain::<Int8Type>(array).map(Values::I8),
            Root::Smallint => plain::<Int16Type>(array).map(Values::I16),
            Root::Integer => plain::<Int32Type>(array).map(Values::I32),
            Root::Bigint => plain::<Int64Type>(array).map(Values::I64),
            Root::Float => plain::<Float32Type>(array).map(Values::F32),
            Root::Double => plain::<Float64Type>(array).map(Values::F64),
            Root::Char | Root::Varchar => array.as_string_opt().map(Values::Text),
            Root::Binary | Root::Varbinary => array.as_binary_opt().map(Values::Bytes),
            Root::Decimal { precision, scale } => decimals(array, *precision, *scale)?,
            Root::Date => plain::<Date32Type>(array).map(Values::I32),
            Root::TimeWithoutTimeZone { .. } => plain::<Time32MillisecondType>(array).map(Values::I32),
            Root::IntervalYearMonth => plain::<IntervalYearMonthType>(array).map(Values::I32),
            Root::IntervalDayTime => plain::<DurationMillisecondType>(array).map(Values::I64),
            Root::TimestampWithoutTimeZone { precision } => stamps(array, *precision, false),
            Root::TimestampWithLocalTimeZone { precision } => stamps(array, *precision, true),
            Root::Array { element } => match array.as_list_opt::<i32>() {
                None => None,
                Some(lists) => {
                    Some(Values::List(lists, Box::new(Element::new(lists.values().as_ref(), &element.root)?)))
                }
            },
            Root::Multiset { element } => maps(array, &element.root, &Root::Integer)?,
            Root::Map { key, value } => maps(array, &key.root, &value.root)?,
            Root::Row { fields } => rows(array, fields)?,
        })
    }
}

fn plain<T: ArrowPrimitiveType>(array: &dyn Array) -> Option<&[T::Native]> {
    array.as_primitive_opt::<T>().map(|array: &PrimitiveArray<T>| array.values().as_ref())
}

fn decimals(array: &dyn Array, precision: u8, scale: u8) -> Result<Option<Values<'_>>, Error> {
    let Some(decimals) = array.as_primitive_opt::<Decimal128Type>() else { return Ok(None) };
    let decimals: &Decimal128Array = decimals;
    if (decimals.precision(), decimals.scale()) != (precision, scale as i8) {
        return Ok(None);
    }
    let checked = decimals.validate_decimal_precision(precision);
    checked.map_err(|e| Error::new(Kind::IllegalArgument, "a decimal has too many digits").caused_by(e))?;
    Ok(Some(Values::Decimal(precision, decimals.values())))
}

fn stamps(array: &dyn Array, precision: u8, zoned: bool) -> Option<Values<'_>> {
    let DataType::Timestamp(_, zone) = array.data_type() else { return None };
    if zone.is_some() != zoned {
        return None;
    }
    Some(match types::unit(precision) {
        TimeUnit::Microsecond => Values::Stamp(1_000, plain::<TimestampMicrosecondType>(array)?),
        TimeUnit::Nanosecond => Values::Stamp(1_000_000, plain::<TimestampNanosecondType>(array)?),
        _ => Values::Stamp(1, plain::<TimestampMillisecondType>(array)?),
    })
}

fn maps<'a>(array: &'a dyn Array, key: &Root, value: &Root) -> Result<Option<Values<'a>>, Error> {
    let Some(maps) = array.as_map_opt() else { return Ok(None) };
    let elements = [Element::new(maps.keys().as_ref(), key)?, Element::new(maps.values().as_ref(), value)?];
    Ok(Some(Values::Map(maps, Box::new(elements))))
}

fn rows<'a>(array: &'a dyn Array, fields: &[Field]) -> Result<Option<Values<'a>>, Error> {
    let Some(rows) = array.as_struct_opt() else { return Ok(None) };
    if !rows.fields().iter().map(|field| field.name()).eq(fields.iter().map(|field| &field.name)) {
        return Ok(None);
    }
    let readers = rows.columns().iter().zip(fields);
    let readers = readers.map(|(column, field)| Reader::new(column.as_ref(), &field.ty).map_err(|e| e.at(&field.name)));
    Ok(Some(Values::Row(Rows::new(readers.collect::<Result<_, _>>()?))))
}

fn is_wide(root: &Root) -> bool {
    match root {
        Root::TimestampWithoutTimeZone { precision } | Root::TimestampWithLocalTimeZone { precision } => {
            *precision > COMPACT_TIMESTAMP
        }
        _ => false,
    }
}

fn range(offsets: &[i32], i: usize) -> std::ops::Range<usize> {
    offsets[i] as usize..offsets[i + 1] as usize
}

fn kept(bytes: &[u8], scratch: &mut Vec<u8>) -> Cell {
    let start = scratch.len();
    scratch.extend_from_slice(bytes);
    Cell::scratch(start, scratch.len())
}

/// Two's complement, most significant byte first, in the fewest bytes.
fn big_decimal(value: i128, scratch: &mut Vec<u8>) -> Cell {
    let bytes = value.to_be_bytes();
    let sign_bits = if value < 0 { value.leading_ones() } else { value.leading_zeros() };
    let start = scratch.len();
    scratch.extend_from_slice(&bytes[(sign_bits as usize - 1) / 8..]);
    Cell::big_decimal(start, scratch.len())
}
