//! Metadata columns of a batch: a dictionary of its own for each, so that a batch can go wherever its host takes it.

use super::types;
use crate::error::{Error, Kind};
use crate::meta::{NULL_MILLIS, Value};
use crate::schema::MetadataKey;
use arrow::array::builder::{ArrayBuilder, Int32Builder, ListBuilder, MapBuilder, MapFieldNames, StringBuilder};
use arrow::array::{ArrayRef, DictionaryArray, Int32Array, TimestampMillisecondArray};
use arrow::datatypes::{DataType, Int32Type, TimeUnit};
use std::sync::Arc;

/// The Arrow type of a metadata column.
pub fn data_type(key: MetadataKey) -> DataType {
    let value = match key {
        MetadataKey::Database | MetadataKey::Table => DataType::Utf8,
        MetadataKey::SqlType => types::map(DataType::Utf8, DataType::Int32),
        MetadataKey::PkNames => DataType::List(types::item(DataType::Utf8)),
        MetadataKey::IngestionTimestamp | MetadataKey::EventTimestamp => {
            return DataType::Timestamp(TimeUnit::Millisecond, Some(types::UTC.into()));
        }
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
        let dictionary = match key {
            MetadataKey::Database | MetadataKey::Table => Dictionary::Texts(StringBuilder::new()),
            MetadataKey::SqlType => {
                let names = MapFieldNames { entry: "entries".into(), key: "key".into(), value: "value".into() };
                Dictionary::Codes(MapBuilder::new(Some(names), StringBuilder::new(), Int32Builder::new()))
            }
            MetadataKey::PkNames => Dictionary::Names(ListBuilder::new(StringBuilder::new())),
            MetadataKey::IngestionTimestamp | MetadataKey::EventTimestamp => {
                return MetadataColumn { values: Values::Millis(Vec::new()), known: Vec::new() };
            }
        };
        MetadataColumn { values: Values::Indexed(Vec::new(), Box::new(dictionary)), known: Vec::new() }
    }

    /// The decoder has emptied its dictionaries: its indexes mean other values from now on.
    pub fn forget(&mut self) {
        self.known.clear();
    }

    /// Appends a message's value for each of its `rows`. `slot` is what the decoder's metadata slot holds, `value` looks
    /// an index up.
    ///
    /// # Errors
    /// [`Kind::Internal`] if the decoder does not know its own index.
    pub fn append<'v>(
        &mut self,
        rows: usize,
        slot: i64,
        value: impl FnOnce(usize) -> Option<Value<'v>>,
    ) -> Result<(), Error> {
        let (indexes, dictionary) = match &mut self.values {
            Values::Millis(values) => {
                let millis = if slot == NULL_MILLIS { None } else { Some(slot) };
                values.extend(std::iter::repeat_n(millis, rows));
                return Ok(());
            }
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
            let value = value(index).ok_or_else(|| Error::new(Kind::Internal, "a metadata value is lost"))?;
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
