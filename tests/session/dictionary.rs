//! Metadata values out of the Arrow arrays that the decoder exports.

use crate::reference::value::Value;
use arrow::array::{Array, ArrayRef, AsArray};
use arrow::datatypes::Int32Type;
use canal_native::schema::MetadataKey;

/// The values of one slot's array, whose type must be the slot's.
pub fn values(array: &ArrayRef, key: MetadataKey) -> Result<Vec<Value>, String> {
    (0..array.len()).map(|i| value(array, i, key)).collect()
}

fn value(array: &ArrayRef, i: usize, key: MetadataKey) -> Result<Value, String> {
    let wrong = || format!("{key:?} is exported as {:?}", array.data_type());
    match key {
        MetadataKey::Database | MetadataKey::Table | MetadataKey::Type | MetadataKey::BinlogFile => {
            texts(array).ok_or_else(wrong)?.into_iter().nth(i).ok_or_else(wrong)
        }
        MetadataKey::PkNames => {
            let list = array.as_list_opt::<i32>().ok_or_else(wrong)?;
            Ok(Value::Array(texts(&list.value(i)).ok_or_else(wrong)?))
        }
        MetadataKey::SqlType => {
            let entries = array.as_map_opt().ok_or_else(wrong)?.value(i);
            let names = texts(entries.column(0)).ok_or_else(wrong)?;
            let codes = entries.column(1).as_primitive_opt::<Int32Type>().ok_or_else(wrong)?;
            let pairs = names.into_iter().zip(codes.iter()).map(|(name, code)| match name {
                Value::Text(name) => Ok((name, code.map_or(Value::Null, Value::Int))),
                _ => Err("a key is NULL".to_string()),
            });
            pairs.collect::<Result<_, _>>().map(Value::Map)
        }
        other => Err(format!("{other:?} has no dictionary")),
    }
}

fn texts(array: &ArrayRef) -> Option<Vec<Value>> {
    let strings = array.as_string_opt::<i32>()?;
    Some(strings.iter().map(|text| text.map_or(Value::Null, |t| Value::Text(t.to_string()))).collect())
}
