//! Metadata columns of a batch. What repeats has a dictionary of its own for each column, so that a batch can go wherever
//! its host takes it; what differs in every message is plain.

use super::types;
use crate::error::{Error, Kind};
use crate::meta::{NULL_NUMBER, Value};
use crate::row::read::{Malformed, Map, Slot};
use crate::schema::MetadataKey;
use arrow::array::builder::{ArrayBuilder, Int32Builder, ListBuilder, MapBuilder, MapFieldNames, StringBuilder};
use arrow::array::{ArrayRef, BooleanArray, DictionaryArray, Int32Array, Int64Array, TimestampMillisecondArray};
use arrow::datatypes::{DataType, Int32Type, TimeUnit};
use std::sync::Arc;

/// The Arrow type of a metadata column.
pub fn data_type(key: MetadataKey) -> DataType {
    let value = match key {
        MetadataKey::Database | MetadataKey::Table | MetadataKey::Type | MetadataKey::BinlogFile => DataType::Utf8,
        MetadataKey::SqlType => types::map(DataType::Utf8, DataType::Int32),
        MetadataKey::PkNames => DataType::List(types::item(DataType::Utf8)),
        MetadataKey::IngestionTimestamp | MetadataKey::EventTimestamp => {
            return DataType::Timestamp(TimeUnit::Millisecond, Some(types::UTC.into()));
        }
        MetadataKey::Id | MetadataKey::BinlogOffset => return DataType::Int64,
        MetadataKey::IsDdl => return DataType::Boolean,
        MetadataKey::Sql | MetadataKey::Gtid => return DataType::Utf8,
        MetadataKey::Old => return types::map(DataType::Utf8, DataType::Utf8),
    };
    DataType::Dictionary(Box::new(DataType::Int32), Box::new(value))
}

/// One metadata column as it grows.
#[derive(Debug)]
pub struct MetadataColumn {
    values: Values,
    /// The decoder's index of a value → this batch's; -1 where the batch has no such value yet.
    known: Vec<i32>,
}

#[derive(Debug)]
enum Values {
    Millis(Vec<Option<i64>>),
    Numbers(Vec<Option<i64>>),
    Booleans(Vec<Option<bool>>),
    Texts(StringBuilder),
    Images(MapBuilder<StringBuilder, StringBuilder>),
    Indexed(Vec<Option<i32>>, Box<Dictionary>),
}

#[derive(Debug)]
enum Dictionary {
    Texts(StringBuilder),
    Codes(MapBuilder<StringBuilder, Int32Builder>),
    Names(ListBuilder<StringBuilder>),
}

impl MetadataColumn {
    /// An empty column.
    pub fn new(key: MetadataKey) -> MetadataColumn {
        let names = || MapFieldNames { entry: "entries".into(), key: "key".into(), value: "value".into() };
        let indexed = |dictionary| Values::Indexed(Vec::new(), Box::new(dictionary));
        let values = match key {
            MetadataKey::Database | MetadataKey::Table | MetadataKey::Type | MetadataKey::BinlogFile => {
                indexed(Dictionary::Texts(StringBuilder::new()))
            }
            MetadataKey::SqlType => {
                indexed(Dictionary::Codes(MapBuilder::new(Some(names()), StringBuilder::new(), Int32Builder::new())))
            }
            MetadataKey::PkNames => indexed(Dictionary::Names(ListBuilder::new(StringBuilder::new()))),
            MetadataKey::IngestionTimestamp | MetadataKey::EventTimestamp => Values::Millis(Vec::new()),
            MetadataKey::Id | MetadataKey::BinlogOffset => Values::Numbers(Vec::new()),
            MetadataKey::IsDdl => Values::Booleans(Vec::new()),
            MetadataKey::Sql | MetadataKey::Gtid => Values::Texts(StringBuilder::new()),
            MetadataKey::Old => {
                Values::Images(MapBuilder::new(Some(names()), StringBuilder::new(), StringBuilder::new()))
            }
        };
        MetadataColumn { values, known: Vec::new() }
    }

    /// The decoder has emptied its dictionaries: its indexes mean other values from now on.
    pub fn forget(&mut self) {
        self.known.clear();
    }

    /// Appends a message's value for each of its `rows`. `slot` is what the decoder's metadata slot holds, `output` what a
    /// slot of the tail points into, `value` looks an index up.
    ///
    /// # Errors
    /// [`Kind::Internal`] if the decoder does not know its own index.
    pub fn append<'v>(
        &mut self,
        rows: usize,
        slot: i64,
        output: &[u8],
        value: impl FnOnce(usize) -> Option<Value<'v>>,
    ) -> Result<(), Error> {
        let number = Some(slot).filter(|slot| *slot != NULL_NUMBER);
        let (indexes, dictionary) = match &mut self.values {
            Values::Millis(values) | Values::Numbers(values) => {
                values.extend(std::iter::repeat_n(number, rows));
                return Ok(());
            }
            Values::Booleans(values) => {
                values.extend(std::iter::repeat_n(number.map(|slot| slot != 0), rows));
                return Ok(());
            }
            Values::Texts(texts) => {
                let text = number.map(|slot| tail_text(output, slot)).transpose()?;
                (0..rows).for_each(|_| texts.append_option(text));
                return Ok(());
            }
            Values::Images(images) => return append_images(images, rows, number, output),
            Values::Indexed(indexes, dictionary) => (indexes, dictionary),
        };
        let Ok(index) = usize::try_from(slot) else {
            indexes.extend(std::iter::repeat_n(None, rows));
            return Ok(());
        };
        if self.known.len() <= index {
            self.known.resize(index + 1, -1);
        }
        if self.known[index] < 0 {
            let value = value(index).ok_or_else(lost)?;
            self.known[index] = dictionary.push(value)?;
        }
        indexes.extend(std::iter::repeat_n(Some(self.known[index]), rows));
        Ok(())
    }

    /// The column as an array of [`data_type`] its key.
    ///
    /// # Errors
    /// [`Kind::Internal`] if indexes and values do not fit, which would be a bug.
    pub fn finish(self) -> Result<ArrayRef, Error> {
        match self.values {
            Values::Millis(values) => Ok(Arc::new(TimestampMillisecondArray::from(values).with_timezone(types::UTC))),
            Values::Numbers(values) => Ok(Arc::new(Int64Array::from(values))),
            Values::Booleans(values) => Ok(Arc::new(BooleanArray::from(values))),
            Values::Texts(mut texts) => Ok(Arc::new(texts.finish())),
            Values::Images(mut images) => Ok(Arc::new(images.finish())),
            Values::Indexed(indexes, dictionary) => {
                let array = DictionaryArray::<Int32Type>::try_new(Int32Array::from(indexes), dictionary.finish());
                let array = array.map_err(|e| Error::new(Kind::Internal, "a dictionary does not fit").caused_by(e))?;
                Ok(Arc::new(array))
            }
        }
    }
}

impl Dictionary {
    /// Appends a value and returns its index.
    fn push(&mut self, value: Value<'_>) -> Result<i32, Error> {
        let len = match (self, value) {
            (Dictionary::Texts(texts), Value::Text(text)) => {
                texts.append_value(text);
                texts.len()
            }
            (Dictionary::Codes(maps), Value::Codes(codes)) => {
                for (name, code) in codes {
                    maps.keys().append_value(name);
                    maps.values().append_option(*code);
                }
                maps.append(true).map_err(|e| Error::new(Kind::Internal, "a map's parts differ").caused_by(e))?;
                maps.len()
            }
            (Dictionary::Names(lists), Value::Names(names)) => {
                names.iter().for_each(|name| lists.values().append_option(name.as_deref()));
                lists.append(true);
                lists.len()
            }
            _ => return Err(Error::new(Kind::Internal, "a metadata value is of another kind")),
        };
        Ok(len as i32 - 1)
    }

    fn finish(mut self) -> ArrayRef {
        match &mut self {
            Dictionary::Texts(texts) => Arc::new(texts.finish()),
            Dictionary::Codes(maps) => Arc::new(maps.finish()),
            Dictionary::Names(lists) => Arc::new(lists.finish()),
        }
    }
}

/// The bytes that a slot of the tail points at: `offset << 32 | length`.
fn tail_bytes(output: &[u8], slot: i64) -> Result<&[u8], Error> {
    let (from, len) = ((slot as u64 >> 32) as usize, slot as u32 as usize);
    output.get(from..from + len).ok_or_else(lost)
}

fn tail_text(output: &[u8], slot: i64) -> Result<&str, Error> {
    std::str::from_utf8(tail_bytes(output, slot)?).map_err(|e| lost().caused_by(e))
}

/// Appends a before image for each row: an UPDATE has two rows for each, other events have none.
fn append_images(
    images: &mut MapBuilder<StringBuilder, StringBuilder>,
    rows: usize,
    slot: Option<i64>,
    output: &[u8],
) -> Result<(), Error> {
    let table = slot.map(|slot| tail_bytes(output, slot)).transpose()?;
    for row in 0..rows {
        if let Some(table) = table {
            let entry = table.get(row / 2 * 8..).and_then(|entry| entry.first_chunk::<8>()).ok_or_else(lost)?;
            let [from, len] = [0, 4].map(|at| u32::from_le_bytes(std::array::from_fn(|i| entry[at + i])) as usize);
            append_image(images, table.get(from..from + len).ok_or_else(lost)?).map_err(|_| lost())?;
        }
        images.append(table.is_some()).map_err(|e| Error::new(Kind::Internal, "a map's parts differ").caused_by(e))?;
    }
    Ok(())
}

fn append_image(images: &mut MapBuilder<StringBuilder, StringBuilder>, image: &[u8]) -> Result<(), Malformed> {
    let map = Map::new(image, 8, 8)?;
    let text = |slot: Slot<'_>| slot.bytes().map(|bytes| String::from_utf8_lossy(bytes).into_owned());
    for i in 0..map.keys.len() {
        images.keys().append_value(map.keys.get(i)?.map(text).transpose()?.ok_or(Malformed)?);
        images.values().append_option(map.values.get(i)?.map(text).transpose()?);
    }
    Ok(())
}

fn lost() -> Error {
    Error::new(Kind::Internal, "a metadata value is lost")
}
