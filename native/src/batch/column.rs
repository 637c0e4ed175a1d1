//! A growing Arrow column, filled from fields of Flink's binary rows.

use super::types;
use crate::error::{Error, Kind};
use crate::row::read::{Array, Malformed, Slot};
use crate::schema::{LogicalType, Root};
use arrow::array::builder::NullBufferBuilder;
use arrow::array::{
    ArrayRef, BinaryArray, BooleanArray, Decimal128Array, ListArray, MapArray, NullArray, PrimitiveArray, StringArray,
    StructArray,
};
use arrow::buffer::{BooleanBuffer, Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{
    ArrowPrimitiveType, DataType, Date32Type, DurationMillisecondType, Float32Type, Float64Type, Int8Type, Int16Type,
    Int32Type, Int64Type, IntervalYearMonthType, Time32MillisecondType, TimeUnit, TimestampMicrosecondType,
    TimestampMillisecondType, TimestampNanosecondType,
};
use std::sync::Arc;

/// Why a value did not become part of a column.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// The row is not one of these columns.
    Malformed,
    /// A column of more than 2 GB, or of more than 2³¹ elements.
    TooLarge,
    /// A point in time that the column's unit cannot hold.
    OutOfRange,
}

impl From<Malformed> for Trouble {
    fn from(_: Malformed) -> Self {
        Trouble::Malformed
    }
}

impl Trouble {
    /// As the error of a whole batch.
    pub fn error(self, column: &str) -> Error {
        let error = match self {
            Trouble::TooLarge => Error::new(
                Kind::IllegalArgument,
                "a column of this batch would have more than 2147483647 bytes or elements; give fewer messages at once",
            ),
            other => Error::new(Kind::Internal, format!("a row that was just written cannot be read ({other:?})")),
        };
        error.at(column)
    }
}

/// What a column's values are, and those so far. A NULL has a zero or nothing in them.
#[derive(Debug)]
enum Values {
    Null,
    Boolean(Vec<bool>),
    I8(Vec<i8>),
    I16(Vec<i16>),
    /// INT, DATE, TIME, INTERVAL YEAR TO MONTH.
    I32(Vec<i32>),
    /// BIGINT, INTERVAL DAY TO SECOND.
    I64(Vec<i64>),
    F32(Vec<f32>),
    F64(Vec<f64>),
    Decimal(u8, Vec<i128>),
    Stamp(u8, Vec<i64>),
    Bytes(Offsets, Vec<u8>),
    List(Offsets, Root, Box<Column>),
    Map(Offsets, [Root; 2], Box<[Column; 2]>),
    Row(Vec<Column>),
}

/// Where the elements of each value end.
#[derive(Debug)]
struct Offsets(Vec<i32>);

impl Offsets {
    fn new() -> Self {
        Offsets(vec![0])
    }

    #[inline(always)]
    fn push(&mut self, end: usize) -> Result<(), Trouble> {
        self.0.push(i32::try_from(end).map_err(|_| Trouble::TooLarge)?);
        Ok(())
    }

    /// A value without elements.
    #[inline(always)]
    fn repeat(&mut self) {
        let last = self.0.last().copied().unwrap_or_default();
        self.0.push(last);
    }

    fn finish(self) -> OffsetBuffer<i32> {
        OffsetBuffer::new(self.0.into())
    }
}

/// A column of a batch, or a part of one.
#[derive(Debug)]
pub struct Column {
    nulls: NullBufferBuilder,
    values: Values,
    len: usize,
}

impl Column {
    /// An empty column.
    pub fn new(ty: &LogicalType) -> Column {
        Column::of_root(&ty.root)
    }

    fn of_root(root: &Root) -> Column {
        let values = match root {
            Root::Null => Values::Null,
            Root::Boolean => Values::Boolean(Vec::new()),
            Root::Tinyint => Values::I8(Vec::new()),
            Root::Smallint => Values::I16(Vec::new()),
            Root::Integer | Root::Date | Root::TimeWithoutTimeZone { .. } | Root::IntervalYearMonth => {
                Values::I32(Vec::new())
            }
            Root::Bigint | Root::IntervalDayTime => Values::I64(Vec::new()),
            Root::Float => Values::F32(Vec::new()),
            Root::Double => Values::F64(Vec::new()),
            Root::Char | Root::Varchar | Root::Binary | Root::Varbinary => Values::Bytes(Offsets::new(), Vec::new()),
            Root::Decimal { precision, .. } => Values::Decimal(*precision, Vec::new()),
            Root::TimestampWithoutTimeZone { precision } | Root::TimestampWithLocalTimeZone { precision } => {
                Values::Stamp(*precision, Vec::new())
            }
            Root::Array { element } => {
                Values::List(Offsets::new(), element.root.clone(), Box::new(Column::new(element)))
            }
            Root::Multiset { element } => Values::map(&element.root, &Root::Integer),
            Root::Map { key, value } => Values::map(&key.root, &value.root),
            Root::Row { fields } => Values::Row(fields.iter().map(|f| Column::new(&f.ty)).collect()),
        };
        Column { nulls: NullBufferBuilder::new(0), values, len: 0 }
    }

    /// Appends what `slots` give. `wide`: timestamps are stored with nanoseconds whatever their precision.
    ///
    /// # Errors
    /// See [`Trouble`]; the column is then not to be used any more.
    #[inline]
    pub fn append<'a>(
        &mut self,
        slots: impl Iterator<Item = Result<Option<Slot<'a>>, Malformed>>,
        wide: bool,
    ) -> Result<(), Trouble> {
        let Column { nulls, values, len } = self;
        let mut filled = Filled { nulls, len };
        match values {
            Values::Null => slots.map(|slot| slot.map(|_| *filled.len += 1)).collect::<Result<(), _>>()?,
            Values::Boolean(to) => filled.plain(to, slots, |slot| Ok(slot.boolean()))?,
            Values::I8(to) => filled.plain(to, slots, |slot| Ok(slot.i8()))?,
            Values::I16(to) => filled.plain(to, slots, |slot| Ok(slot.i16()))?,
            Values::I32(to) => filled.plain(to, slots, |slot| Ok(slot.i32()))?,
            Values::I64(to) => filled.plain(to, slots, |slot| Ok(slot.i64()))?,
            Values::F32(to) => filled.plain(to, slots, |slot| Ok(slot.f32()))?,
            Values::F64(to) => filled.plain(to, slots, |slot| Ok(slot.f64()))?,
            Values::Decimal(precision, to) => filled.plain(to, slots, |slot| Ok(slot.decimal(*precision)?))?,
            Values::Stamp(precision, to) => {
                filled.plain(to, slots, |slot| in_unit(slot, *precision, wide).ok_or(Trouble::OutOfRange))?;
            }
            Values::Bytes(offsets, to) => filled.each(slots, |slot| {
                let Some(slot) = slot else { return Ok(offsets.repeat()) };
                to.extend_from_slice(slot.bytes()?);
                offsets.push(to.len())
            })?,
            Values::List(offsets, root, element) => filled.each(slots, |slot| {
                let Some(slot) = slot else { return Ok(offsets.repeat()) };
                element.append_array(slot.array(root)?)?;
                offsets.push(element.len)
            })?,
            Values::Map(offsets, [key, value], columns) => filled.each(slots, |slot| {
                let Some(slot) = slot else { return Ok(offsets.repeat()) };
                let map = slot.map(key, value)?;
                columns[0].append_array(map.keys)?;
                columns[1].append_array(map.values)?;
                offsets.push(columns[0].len)
            })?,
            Values::Row(columns) => filled.each(slots, |slot| {
                let row = slot.map(|slot| slot.row(columns.len())).transpose()?;
                for (i, column) in columns.iter_mut().enumerate() {
                    let field = row.map_or(Ok(None), |row| row.get(i));
                    column.append_nested(&mut std::iter::once(field))?;
                }
                Ok(())
            })?,
        }
        Ok(())
    }

    fn append_array(&mut self, array: Array<'_>) -> Result<(), Trouble> {
        self.append_nested(&mut (0..array.len()).map(|i| array.get(i)))
    }

    /// One instance for every kind of nesting.
    #[inline(never)]
    fn append_nested<'a>(
        &mut self,
        slots: &mut dyn Iterator<Item = Result<Option<Slot<'a>>, Malformed>>,
    ) -> Result<(), Trouble> {
        self.append(slots, false)
    }

    /// The column as an Arrow array of [`types::of`] its type.
    ///
    /// # Errors
    /// [`Kind::Internal`] if the parts do not make up an array, which would be a bug: a text that is no UTF-8.
    pub fn finish(self, ty: &LogicalType) -> Result<ArrayRef, Error> {
        self.finish_root(&ty.root)
    }

    fn finish_root(mut self, root: &Root) -> Result<ArrayRef, Error> {
        let (nulls, ty, len) = (self.nulls.finish(), types::of_root(root), self.len);
        Ok(match self.values {
            Values::Null => Arc::new(NullArray::new(len)),
            Values::Boolean(bits) => Arc::new(BooleanArray::new(BooleanBuffer::from(bits), nulls)),
            Values::I8(values) => primitive::<Int8Type>(values, nulls, ty),
            Values::I16(values) => primitive::<Int16Type>(values, nulls, ty),
            Values::I32(values) => match ty {
                DataType::Date32 => primitive::<Date32Type>(values, nulls, ty),
                DataType::Time32(_) => primitive::<Time32MillisecondType>(values, nulls, ty),
                DataType::Interval(_) => primitive::<IntervalYearMonthType>(values, nulls, ty),
                _ => primitive::<Int32Type>(values, nulls, ty),
            },
            Values::I64(values) => match ty {
                DataType::Duration(_) => primitive::<DurationMillisecondType>(values, nulls, ty),
                _ => primitive::<Int64Type>(values, nulls, ty),
            },
            Values::F32(values) => primitive::<Float32Type>(values, nulls, ty),
            Values::F64(values) => primitive::<Float64Type>(values, nulls, ty),
            Values::Decimal(_, values) => {
                Arc::new(Decimal128Array::new(ScalarBuffer::from(values), nulls).with_data_type(ty))
            }
            Values::Stamp(precision, values) => match types::unit(precision) {
                TimeUnit::Microsecond => primitive::<TimestampMicrosecondType>(values, nulls, ty),
                TimeUnit::Nanosecond => primitive::<TimestampNanosecondType>(values, nulls, ty),
                _ => primitive::<TimestampMillisecondType>(values, nulls, ty),
            },
            Values::Bytes(offsets, bytes) => {
                let (offsets, bytes) = (offsets.finish(), Buffer::from_vec(bytes));
                if ty == DataType::Utf8 {
                    Arc::new(StringArray::try_new(offsets, bytes, nulls).map_err(no_array)?)
                } else {
                    Arc::new(BinaryArray::try_new(offsets, bytes, nulls).map_err(no_array)?)
                }
            }
            Values::List(offsets, element, column) => {
                let item = types::item(types::of_root(&element));
                let values = column.finish_root(&element)?;
                Arc::new(ListArray::try_new(item, offsets.finish(), values, nulls).map_err(no_array)?)
            }
            Values::Map(offsets, roots, columns) => map_array(offsets, &roots, *columns, nulls, ty)?,
            Values::Row(columns) => struct_array(columns, root, nulls, len)?,
        })
    }
}

impl Values {
    fn map(key: &Root, value: &Root) -> Values {
        let columns = [Column::of_root(key), Column::of_root(value)];
        Values::Map(Offsets::new(), [key.clone(), value.clone()], Box::new(columns))
    }
}

/// What every column has beside its values.
struct Filled<'c> {
    nulls: &'c mut NullBufferBuilder,
    len: &'c mut usize,
}

impl Filled<'_> {
    /// One value for each slot, a default one for NULL.
    #[inline(always)]
    fn plain<'a, T: Default>(
        &mut self,
        to: &mut Vec<T>,
        slots: impl Iterator<Item = Result<Option<Slot<'a>>, Malformed>>,
        value: impl Fn(&Slot<'a>) -> Result<T, Trouble>,
    ) -> Result<(), Trouble> {
        self.each(slots, |slot| {
            to.push(slot.map_or(Ok(T::default()), |slot| value(&slot))?);
            Ok(())
        })
    }

    #[inline(always)]
    fn each<'a>(
        &mut self,
        slots: impl Iterator<Item = Result<Option<Slot<'a>>, Malformed>>,
        mut take: impl FnMut(Option<Slot<'a>>) -> Result<(), Trouble>,
    ) -> Result<(), Trouble> {
        for slot in slots {
            let slot = slot?;
            self.nulls.append(slot.is_some());
            *self.len += 1;
            take(slot)?;
        }
        Ok(())
    }
}

/// A timestamp in the unit of its column; `None` if that has too few digits or does not reach as far.
#[inline]
pub fn in_unit(slot: &Slot<'_>, precision: u8, wide: bool) -> Option<i64> {
    let stamp = slot.stamp(if wide { 9 } else { precision }).ok()?;
    let (per_milli, nanos_each) = match types::unit(precision) {
        TimeUnit::Microsecond => (1_000, 1_000),
        TimeUnit::Nanosecond => (1_000_000, 1),
        _ => (1, 1_000_000),
    };
    if stamp.nanos % nanos_each != 0 {
        return None;
    }
    // Wider than the result: the last milliseconds that a count of nanoseconds reaches must not be lost on the way.
    i64::try_from(i128::from(stamp.millis) * per_milli + i128::from(stamp.nanos / nanos_each)).ok()
}

fn primitive<T: ArrowPrimitiveType>(values: Vec<T::Native>, nulls: Option<NullBuffer>, ty: DataType) -> ArrayRef {
    Arc::new(PrimitiveArray::<T>::new(ScalarBuffer::from(values), nulls).with_data_type(ty))
}

fn map_array(
    offsets: Offsets,
    [key, value]: &[Root; 2],
    [keys, values]: [Column; 2],
    nulls: Option<NullBuffer>,
    ty: DataType,
) -> Result<ArrayRef, Error> {
    let DataType::Map(entries, sorted) = ty else { return Err(no_array("not a map")) };
    let DataType::Struct(fields) = entries.data_type() else { return Err(no_array("a map without entries")) };
    let columns = vec![keys.finish_root(key)?, values.finish_root(value)?];
    let parts = StructArray::try_new(fields.clone(), columns, None).map_err(no_array)?;
    Ok(Arc::new(MapArray::try_new(entries, offsets.finish(), parts, nulls, sorted).map_err(no_array)?))
}

fn struct_array(columns: Vec<Column>, root: &Root, nulls: Option<NullBuffer>, len: usize) -> Result<ArrayRef, Error> {
    let Root::Row { fields } = root else { return Err(no_array("not a row")) };
    let arrays = columns.into_iter().zip(fields).map(|(column, field)| column.finish(&field.ty));
    let arrays = arrays.collect::<Result<Vec<_>, _>>()?;
    let fields = fields.iter().map(types::field).collect();
    Ok(Arc::new(StructArray::try_new_with_length(fields, arrays, nulls, len).map_err(no_array)?))
}

fn no_array(why: impl ToString) -> Error {
    Error::new(Kind::Internal, format!("a column's parts do not make up an Arrow array: {}", why.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_ends_at_two_gigabytes() {
        let mut offsets = Offsets::new();
        assert_eq!(offsets.push(i32::MAX as usize), Ok(()));
        offsets.repeat();
        assert_eq!(offsets.push(i32::MAX as usize + 1), Err(Trouble::TooLarge));
        assert_eq!(*offsets.finish(), [0, i32::MAX, i32::MAX]);
        assert!(Trouble::TooLarge.error("text").to_string().contains("give fewer messages"));
    }
}
