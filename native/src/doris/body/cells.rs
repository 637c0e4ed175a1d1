//! One column of an Arrow batch while it grows: plain vectors, so that a bad row can be taken back.

use super::bad::BadValue;
use super::nested::{Element, Form, Nested, Shape};
use super::notation::{Bare, Notation};
use super::value::{Reading, Settings, Value};
use crate::doris::table::DorisType;
use crate::error::{Error, Kind};
use crate::json::write::Output;
use crate::row::read::Slot;
use arrow::array::{
    ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float32Array, Float64Array, Int8Array, Int16Array,
    Int32Array, Int64Array, ListArray, MapArray, StringArray, StructArray, TimestampMicrosecondArray,
    TimestampSecondArray,
};
use arrow::buffer::{Buffer, NullBuffer, OffsetBuffer, ScalarBuffer};
use arrow::datatypes::{DataType, Field, Fields, TimeUnit};
use arrow::error::ArrowError;
use std::mem::take;
use std::sync::Arc;

/// A column's cells.
#[derive(Debug)]
pub(super) struct Cells {
    valid: Vec<bool>,
    store: Store,
}

#[derive(Debug)]
enum Store {
    Bool(Vec<bool>),
    Int8(Vec<i8>),
    Int16(Vec<i16>),
    Int32(Vec<i32>),
    Int64(Vec<i64>),
    Float(Vec<f32>),
    Double(Vec<f64>),
    Decimal { values: Vec<i128>, precision: u8, scale: u8 },
    Date(Vec<i32>),
    Seconds(Vec<i64>),
    Micros(Vec<i64>),
    Text { ends: Vec<i32>, bytes: Output },
    List { ends: Vec<i32>, items: Box<Cells> },
    Map { ends: Vec<i32>, keys: Box<Cells>, values: Box<Cells> },
    Struct(Vec<(String, Cells)>),
}

impl Cells {
    /// Cells of what Doris' Arrow reader takes for a type. It copies numbers as they lie in memory, so that their types must
    /// be exactly the column's (`read_column_from_arrow` of Doris' serdes).
    ///
    /// # Errors
    /// Types that its reader takes without parsing them, or not at all; a text that Doris would have to cast.
    pub fn of(reading: &Reading, target: &DorisType) -> Result<Cells, Error> {
        let store = match (target, reading) {
            (DorisType::Array(to), Reading::Nested(nested)) => match &nested.shape {
                Shape::Array(element) => {
                    Store::List { ends: Vec::new(), items: Box::new(Cells::of(&element.reading, to)?) }
                }
                _ => return Err(refused(target)),
            },
            (DorisType::Map(to_key, to), Reading::Nested(nested)) => match &nested.shape {
                Shape::Map(key, value) => Store::Map {
                    ends: Vec::new(),
                    keys: Box::new(Cells::of(&key.reading, to_key)?),
                    values: Box::new(Cells::of(&value.reading, to)?),
                },
                _ => return Err(refused(target)),
            },
            (DorisType::Struct(to), Reading::Nested(nested)) => match &nested.shape {
                Shape::Row(members) => {
                    let field = |(member, (name, to)): (&super::nested::Member, &(String, DorisType))| {
                        Ok((name.clone(), Cells::of(&member.element.reading, to).map_err(|e| e.at(name))?))
                    };
                    Store::Struct(members.iter().zip(to).map(field).collect::<Result<_, Error>>()?)
                }
                _ => return Err(refused(target)),
            },
            (DorisType::LargeInt, Reading::CastText(_)) => Store::text(),
            (_, Reading::CastText(_)) => return Err(refused(target)),
            (scalar, _) => Store::of_scalar(scalar).ok_or_else(|| refused(target))?,
        };
        Ok(Cells { valid: Vec::new(), store })
    }

    /// The cells of the delete sign.
    pub fn of_sign() -> Cells {
        Cells { valid: Vec::new(), store: Store::Int8(Vec::new()) }
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.valid.len()
    }

    /// Takes all behind the first `len` back.
    pub fn truncate(&mut self, len: usize) {
        self.valid.truncate(len);
        let end = |ends: &mut Vec<i32>| {
            ends.truncate(len);
            ends.last().map_or(0, |end| *end as usize)
        };
        match &mut self.store {
            Store::Bool(values) => values.truncate(len),
            Store::Int8(values) => values.truncate(len),
            Store::Int16(values) => values.truncate(len),
            Store::Int32(values) | Store::Date(values) => values.truncate(len),
            Store::Int64(values) | Store::Seconds(values) | Store::Micros(values) => values.truncate(len),
            Store::Float(values) => values.truncate(len),
            Store::Double(values) => values.truncate(len),
            Store::Decimal { values, .. } => values.truncate(len),
            Store::Text { ends, bytes } => {
                let end = end(ends);
                bytes.truncate(end);
            }
            Store::List { ends, items } => {
                let end = end(ends);
                items.truncate(end);
            }
            Store::Map { ends, keys, values } => {
                let end = end(ends);
                keys.truncate(end);
                values.truncate(end);
            }
            Store::Struct(fields) => fields.iter_mut().for_each(|(_, cells)| cells.truncate(len)),
        }
    }

    /// Bytes of its texts, which are what may grow without bound.
    pub fn text_bytes(&self) -> usize {
        match &self.store {
            Store::Text { bytes, .. } => bytes.len(),
            Store::List { items, .. } => items.text_bytes(),
            Store::Map { keys, values, .. } => keys.text_bytes() + values.text_bytes(),
            Store::Struct(fields) => fields.iter().map(|(_, cells)| cells.text_bytes()).sum(),
            _ => 0,
        }
    }

    /// Appends what a column's slot holds.
    ///
    /// # Errors
    /// What Doris would not take; the column may be a cell longer, or in parts.
    pub fn push_slot(&mut self, reading: &Reading, slot: Slot<'_>, settings: &Settings) -> Result<(), BadValue> {
        match reading {
            Reading::Nested(nested) if nested.form == Form::Json => {
                let Store::Text { ends, bytes } = &mut self.store else { return Err(BadValue::NotOfType) };
                nested.write(bytes, slot, settings)?;
                ends.push(end_of(bytes)?);
                self.valid.push(true);
                Ok(())
            }
            Reading::Nested(nested) => self.push_nested(nested, slot, settings),
            scalar => self.push(scalar.read(slot, settings)?),
        }
    }

    fn push_nested(&mut self, nested: &Nested, slot: Slot<'_>, settings: &Settings) -> Result<(), BadValue> {
        match (&nested.shape, &mut self.store) {
            (Shape::Array(element), Store::List { ends, items }) => {
                let array = slot.array(&element.ty.root)?;
                for i in 0..array.len() {
                    items.push_element(element, array.get(i)?, settings)?;
                }
                ends.push(items.len() as i32);
            }
            (Shape::Map(key, value), Store::Map { ends, keys, values }) => {
                let map = slot.map(&key.ty.root, &value.ty.root)?;
                for i in 0..map.keys.len() {
                    let name = map.keys.get(i)?.ok_or(BadValue::NullMapKey)?;
                    keys.push_element(key, Some(name), settings)?;
                    if keys.last_is_null() {
                        return Err(BadValue::NullMapKey);
                    }
                    values.push_element(value, map.values.get(i)?, settings)?;
                }
                ends.push(keys.len() as i32);
            }
            (Shape::Row(members), Store::Struct(fields)) => {
                let row = slot.row(members.len())?;
                for (member, (_, cells)) in members.iter().zip(fields) {
                    cells.push_element(&member.element, row.get(member.index)?, settings)?;
                }
            }
            _ => return Err(BadValue::NotOfType),
        }
        self.valid.push(true);
        Ok(())
    }

    fn push_element(&mut self, element: &Element, slot: Option<Slot<'_>>, settings: &Settings) -> Result<(), BadValue> {
        match slot {
            Some(slot) => self.push_slot(&element.reading, slot, settings),
            None => self.push(Value::Null),
        }
    }

    /// Appends a value.
    ///
    /// # Errors
    /// As [`push_slot`](Cells::push_slot).
    pub fn push(&mut self, value: Value<'_>) -> Result<(), BadValue> {
        if let Value::Null = value {
            self.push_null();
        } else {
            self.store.push(value)?;
            self.valid.push(true);
        }
        Ok(())
    }

    /// Whether the last one is NULL.
    pub fn last_is_null(&self) -> bool {
        self.valid.last() == Some(&false)
    }

    /// Appends an ARRAY or MAP of nothing.
    pub fn push_empty(&mut self) -> Result<(), BadValue> {
        let (Store::List { ends, .. } | Store::Map { ends, .. }) = &mut self.store else {
            return Err(BadValue::NullInNotNull);
        };
        ends.push(ends.last().copied().unwrap_or(0));
        self.valid.push(true);
        Ok(())
    }

    fn push_null(&mut self) {
        self.valid.push(false);
        let again = |ends: &mut Vec<i32>| ends.push(ends.last().copied().unwrap_or(0));
        match &mut self.store {
            Store::Bool(values) => values.push(false),
            Store::Int8(values) => values.push(0),
            Store::Int16(values) => values.push(0),
            Store::Int32(values) | Store::Date(values) => values.push(0),
            Store::Int64(values) | Store::Seconds(values) | Store::Micros(values) => values.push(0),
            Store::Float(values) => values.push(0.0),
            Store::Double(values) => values.push(0.0),
            Store::Decimal { values, .. } => values.push(0),
            Store::Text { ends, .. } | Store::List { ends, .. } | Store::Map { ends, .. } => again(ends),
            Store::Struct(fields) => fields.iter_mut().for_each(|(_, cells)| cells.push_null()),
        }
    }

    /// The type of its array.
    pub fn data_type(&self) -> DataType {
        match &self.store {
            Store::Bool(_) => DataType::Boolean,
            Store::Int8(_) => DataType::Int8,
            Store::Int16(_) => DataType::Int16,
            Store::Int32(_) => DataType::Int32,
            Store::Int64(_) => DataType::Int64,
            Store::Float(_) => DataType::Float32,
            Store::Double(_) => DataType::Float64,
            Store::Decimal { precision, scale, .. } => DataType::Decimal128(*precision, *scale as i8),
            Store::Date(_) => DataType::Date32,
            Store::Seconds(_) => DataType::Timestamp(TimeUnit::Second, None),
            Store::Micros(_) => DataType::Timestamp(TimeUnit::Microsecond, None),
            Store::Text { .. } => DataType::Utf8,
            Store::List { items, .. } => DataType::List(items.field("item")),
            Store::Map { keys, values, .. } => DataType::Map(entries(keys, values), false),
            Store::Struct(fields) => DataType::Struct(fields.iter().map(|(name, cells)| cells.field(name)).collect()),
        }
    }

    fn field(&self, name: &str) -> Arc<Field> {
        Arc::new(Field::new(name, self.data_type(), true))
    }

    /// The cells as an array; none are left.
    ///
    /// # Errors
    /// A text that is not UTF-8, which none is that was checked.
    pub fn finish(&mut self) -> Result<ArrayRef, ArrowError> {
        let nulls = Some(NullBuffer::from(take(&mut self.valid))).filter(|nulls| nulls.null_count() > 0);
        let ty = self.data_type();
        Ok(match &mut self.store {
            Store::Bool(values) => Arc::new(BooleanArray::new(take(values).into(), nulls)),
            Store::Int8(values) => Arc::new(Int8Array::new(take(values).into(), nulls)),
            Store::Int16(values) => Arc::new(Int16Array::new(take(values).into(), nulls)),
            Store::Int32(values) => Arc::new(Int32Array::new(take(values).into(), nulls)),
            Store::Int64(values) => Arc::new(Int64Array::new(take(values).into(), nulls)),
            Store::Float(values) => Arc::new(Float32Array::new(take(values).into(), nulls)),
            Store::Double(values) => Arc::new(Float64Array::new(take(values).into(), nulls)),
            Store::Decimal { values, .. } => {
                Arc::new(Decimal128Array::new(take(values).into(), nulls).with_data_type(ty))
            }
            Store::Date(values) => Arc::new(Date32Array::new(take(values).into(), nulls)),
            Store::Seconds(values) => Arc::new(TimestampSecondArray::new(take(values).into(), nulls)),
            Store::Micros(values) => Arc::new(TimestampMicrosecondArray::new(take(values).into(), nulls)),
            Store::Text { ends, bytes } => {
                let text = Buffer::from_slice_ref(bytes.text());
                bytes.clear();
                Arc::new(StringArray::try_new(offsets(ends), text, nulls)?)
            }
            Store::List { ends, items } => {
                let field = items.field("item");
                Arc::new(ListArray::try_new(field, offsets(ends), items.finish()?, nulls)?)
            }
            Store::Map { ends, keys, values } => {
                let field = entries(keys, values);
                let pairs = StructArray::try_new(pair(keys, values), vec![keys.finish()?, values.finish()?], None)?;
                Arc::new(MapArray::try_new(field, offsets(ends), pairs, nulls, false)?)
            }
            Store::Struct(fields) => {
                let types: Fields = fields.iter().map(|(name, cells)| cells.field(name)).collect();
                let arrays = fields.iter_mut().map(|(_, cells)| cells.finish()).collect::<Result<_, _>>()?;
                Arc::new(StructArray::try_new(types, arrays, nulls)?)
            }
        })
    }
}

impl Store {
    fn text() -> Store {
        Store::Text { ends: Vec::new(), bytes: Output::new() }
    }

    fn of_scalar(ty: &DorisType) -> Option<Store> {
        Some(match ty {
            DorisType::Boolean => Store::Bool(Vec::new()),
            DorisType::TinyInt => Store::Int8(Vec::new()),
            DorisType::SmallInt => Store::Int16(Vec::new()),
            DorisType::Int => Store::Int32(Vec::new()),
            DorisType::BigInt => Store::Int64(Vec::new()),
            DorisType::Float => Store::Float(Vec::new()),
            DorisType::Double => Store::Double(Vec::new()),
            DorisType::Decimal { precision: precision @ 1..=38, scale } => {
                Store::Decimal { values: Vec::new(), precision: *precision, scale: *scale }
            }
            DorisType::Date => Store::Date(Vec::new()),
            DorisType::DateTime { scale: 0 } => Store::Seconds(Vec::new()),
            DorisType::DateTime { .. } => Store::Micros(Vec::new()),
            // A LARGEINT is read from its text.
            DorisType::LargeInt | DorisType::Char(_) | DorisType::Varchar(_) | DorisType::String => Store::text(),
            _ => return None,
        })
    }

    /// A value that is not NULL, and that the pairing lets into this store's type.
    fn push(&mut self, value: Value<'_>) -> Result<(), BadValue> {
        let out_of_range = |_| BadValue::OutOfRange;
        match (self, value) {
            (Store::Text { ends, bytes }, value) => {
                Bare.value(bytes, value)?;
                ends.push(end_of(bytes)?);
            }
            (Store::Bool(values), Value::Bool(value)) => values.push(value),
            (Store::Bool(values), value) => values.push(integer(value)? != 0),
            (Store::Float(values), Value::Float(value)) => values.push(value),
            // In the ranges that both tell apart.
            (Store::Float(values), Value::Int(value)) => values.push(value as f32),
            (Store::Double(values), Value::Double(value)) => values.push(value),
            (Store::Double(values), Value::Int(value)) => values.push(value as f64),
            (Store::Date(values), Value::Date(day)) => values.push(day),
            (Store::Seconds(values), Value::Date(day)) => values.push(i64::from(day) * 86_400),
            (Store::Seconds(values), Value::Stamp(stamp)) => values.push(stamp.millis.div_euclid(1000)),
            (Store::Micros(values), Value::Date(day)) => values.push(micros(i64::from(day) * 86_400_000, 0)?),
            (Store::Micros(values), Value::Stamp(stamp)) => values.push(micros(stamp.millis, stamp.nanos)?),
            (Store::Decimal { values, scale, .. }, value) => values.push(rescaled(value, *scale)?),
            (Store::Int8(values), value) => values.push(integer(value)?.try_into().map_err(out_of_range)?),
            (Store::Int16(values), value) => values.push(integer(value)?.try_into().map_err(out_of_range)?),
            (Store::Int32(values), value) => values.push(integer(value)?.try_into().map_err(out_of_range)?),
            (Store::Int64(values), value) => values.push(integer(value)?.try_into().map_err(out_of_range)?),
            _ => return Err(BadValue::NotOfType),
        }
        Ok(())
    }
}

/// Doris reads timestamps as unsigned numbers before it divides by the unit: those before 1970 are right in seconds alone.
fn micros(millis: i64, nanos: u32) -> Result<i64, BadValue> {
    if millis < 0 { Err(BadValue::BeforeEpoch) } else { Ok(millis * 1000 + i64::from(nanos / 1000)) }
}

fn integer(value: Value<'_>) -> Result<i128, BadValue> {
    match value {
        Value::Int(value) => Ok(value.into()),
        Value::Decimal { unscaled, scale: 0 } => Ok(unscaled),
        _ => Err(BadValue::NotOfType),
    }
}

/// The unscaled value at the column's scale.
fn rescaled(value: Value<'_>, scale: u8) -> Result<i128, BadValue> {
    let (unscaled, from) = match value {
        Value::Int(value) => (value.into(), 0),
        Value::Decimal { unscaled, scale } => (unscaled, scale),
        _ => return Err(BadValue::NotOfType),
    };
    let power = 10i128.pow(u32::from(scale.abs_diff(from)));
    // What would be cut off is zero: it was checked when it was read.
    if from > scale { Ok(unscaled / power) } else { unscaled.checked_mul(power).ok_or(BadValue::OutOfRange) }
}

/// Where a text ends.
fn end_of(bytes: &Output) -> Result<i32, BadValue> {
    bytes.len().try_into().map_err(|_| BadValue::too_long(bytes.len(), i32::MAX as u32))
}

fn offsets(ends: &mut Vec<i32>) -> OffsetBuffer<i32> {
    let all: Vec<i32> = std::iter::once(0).chain(take(ends)).collect();
    OffsetBuffer::new(ScalarBuffer::from(all))
}

fn pair(keys: &Cells, values: &Cells) -> Fields {
    [Arc::new(Field::new("key", keys.data_type(), false)), values.field("value")].into_iter().collect()
}

fn entries(keys: &Cells, values: &Cells) -> Arc<Field> {
    Arc::new(Field::new("entries", DataType::Struct(pair(keys, values)), false))
}

#[cold]
fn refused(target: &DorisType) -> Error {
    Error::new(
        Kind::UnsupportedType,
        format!(
            "Doris reads {target} from Arrow wrongly or not at all from such values; set sink.properties.format = json"
        ),
    )
}
