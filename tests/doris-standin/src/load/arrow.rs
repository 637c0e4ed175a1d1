//! Arrow IPC streams as bodies; columns are found by name.

use super::headers::LoadError;
use super::plan::Plan;
use super::rows::{Field, RowBuilder};
use crate::cell::{Cell, DateTime, Decimal};
use arrow_array::cast::AsArray;
use arrow_array::types::*;
use arrow_array::{Array, ArrayRef};
use arrow_schema::{DataType, TimeUnit};

/// Reads all batches of a body.
pub fn read(body: &[u8], plan: &Plan, rows: &mut RowBuilder) -> Result<(), LoadError> {
    if body.is_empty() {
        return Ok(());
    }
    let fail = |e: arrow_schema::ArrowError| LoadError::new("INTERNAL_ERROR", format!("Open ArrowReader failed: {e}"));
    let reader = arrow_ipc::reader::StreamReader::try_new(body, None).map_err(fail)?;
    for batch in reader {
        let batch = batch.map_err(fail)?;
        let schema = batch.schema();
        let position = |name: &String| schema.fields().iter().position(|f| f.name().eq_ignore_ascii_case(name));
        let columns: Vec<Option<ArrayRef>> =
            plan.sources.iter().map(|s| position(s).map(|i| batch.column(i).clone())).collect();
        let mut fields: Vec<Field> = Vec::with_capacity(columns.len());
        for row in 0..batch.num_rows() {
            fields.clear();
            for column in &columns {
                fields.push(match column {
                    None => Field::Missing,
                    Some(array) => Field::Cell(cell(array, row).map_err(|e| LoadError::new("INTERNAL_ERROR", e))?),
                });
            }
            rows.row(&mut fields)?;
        }
    }
    Ok(())
}

/// A value of an array as a cell.
fn cell(array: &dyn Array, row: usize) -> Result<Cell, String> {
    if array.is_null(row) {
        return Ok(Cell::Null);
    }
    macro_rules! integer {
        ($t:ty) => {
            Cell::Int(array.as_primitive::<$t>().value(row) as i128)
        };
    }
    let bytes = |b: &[u8]| Cell::Text(String::from_utf8_lossy(b).into_owned());
    Ok(match array.data_type() {
        DataType::Null => Cell::Null,
        DataType::Boolean => Cell::Bool(array.as_boolean().value(row)),
        DataType::Int8 => integer!(Int8Type),
        DataType::Int16 => integer!(Int16Type),
        DataType::Int32 => integer!(Int32Type),
        DataType::Int64 => integer!(Int64Type),
        DataType::UInt8 => integer!(UInt8Type),
        DataType::UInt16 => integer!(UInt16Type),
        DataType::UInt32 => integer!(UInt32Type),
        DataType::UInt64 => integer!(UInt64Type),
        DataType::Float32 => Cell::Float(array.as_primitive::<Float32Type>().value(row)),
        DataType::Float64 => Cell::Double(array.as_primitive::<Float64Type>().value(row)),
        DataType::Decimal128(_, scale) => {
            let unscaled = array.as_primitive::<Decimal128Type>().value(row);
            Cell::Decimal(Decimal { unscaled, scale: (*scale).max(0) as u8 })
        }
        DataType::Utf8 => Cell::Text(array.as_string::<i32>().value(row).to_owned()),
        DataType::LargeUtf8 => Cell::Text(array.as_string::<i64>().value(row).to_owned()),
        DataType::Binary => bytes(array.as_binary::<i32>().value(row)),
        DataType::LargeBinary => bytes(array.as_binary::<i64>().value(row)),
        DataType::Date32 => Cell::Date(array.as_primitive::<Date32Type>().value(row)),
        DataType::Date64 => Cell::Date((array.as_primitive::<Date64Type>().value(row).div_euclid(86_400_000)) as i32),
        DataType::Timestamp(unit, _) => Cell::DateTime(DateTime { micros: micros(array, *unit, row), scale: 6 }),
        DataType::List(_) => items(array.as_list::<i32>().value(row))?,
        DataType::LargeList(_) => items(array.as_list::<i64>().value(row))?,
        DataType::Map(..) => {
            let entries = array.as_map().value(row);
            let (keys, values) = (entries.column(0), entries.column(1));
            let pairs = (0..entries.len()).map(|i| Ok((cell(keys, i)?, cell(values, i)?)));
            Cell::Map(pairs.collect::<Result<_, String>>()?)
        }
        DataType::Struct(fields) => {
            let columns = array.as_struct();
            let values = fields.iter().enumerate().map(|(i, f)| Ok((f.name().clone(), cell(columns.column(i), row)?)));
            Cell::Struct(values.collect::<Result<_, String>>()?)
        }
        other => return Err(format!("arrow type {other} is not supported")),
    })
}

fn items(array: ArrayRef) -> Result<Cell, String> {
    Ok(Cell::Array((0..array.len()).map(|i| cell(&array, i)).collect::<Result<_, _>>()?))
}

fn micros(array: &dyn Array, unit: TimeUnit, row: usize) -> i64 {
    match unit {
        TimeUnit::Second => array.as_primitive::<TimestampSecondType>().value(row) * 1_000_000,
        TimeUnit::Millisecond => array.as_primitive::<TimestampMillisecondType>().value(row) * 1000,
        TimeUnit::Microsecond => array.as_primitive::<TimestampMicrosecondType>().value(row),
        TimeUnit::Nanosecond => array.as_primitive::<TimestampNanosecondType>().value(row).div_euclid(1000),
    }
}

/// How many rows a body has.
pub fn count(body: &[u8]) -> Result<u64, LoadError> {
    if body.is_empty() {
        return Ok(0);
    }
    let fail = |e: arrow_schema::ArrowError| LoadError::new("INTERNAL_ERROR", format!("Open ArrowReader failed: {e}"));
    let reader = arrow_ipc::reader::StreamReader::try_new(body, None).map_err(fail)?;
    reader.map(|batch| batch.map(|b| b.num_rows() as u64).map_err(fail)).sum()
}
