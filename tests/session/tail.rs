//! Metadata values that stand in their slot, or behind the rows.

use crate::reference::value::{Timestamp, Value};
use crate::rows::read_map;
use canal_native::schema::{LogicalType, MetadataKey, Root};

/// The value of a slot without a dictionary; `old` as the array of its images. `None` for the other slots.
pub fn value(key: MetadataKey, slot: i64, rows: usize, output: &[u8]) -> Option<Result<Value, String>> {
    use MetadataKey::{BinlogOffset, EventTimestamp, Gtid, Id, IngestionTimestamp, IsDdl, Old, Sql};
    if !matches!(key, EventTimestamp | IngestionTimestamp | Id | BinlogOffset | IsDdl | Sql | Gtid | Old) {
        return None;
    }
    if slot == i64::MIN {
        return Some(Ok(Value::Null));
    }
    Some(match key {
        EventTimestamp | IngestionTimestamp => Ok(Value::Instant(Timestamp { millis: slot, nanos: 0 })),
        Id | BinlogOffset => Ok(Value::Bigint(slot)),
        IsDdl if slot == 0 || slot == 1 => Ok(Value::Boolean(slot == 1)),
        IsDdl => Err(format!("{slot} as BOOLEAN")),
        Old => place(slot, rows, output).and_then(images),
        _ => place(slot, rows, output)
            .and_then(|text| Ok(Value::Text(String::from_utf8(text.into()).map_err(|e| e.to_string())?))),
    })
}

fn place(slot: i64, rows: usize, output: &[u8]) -> Result<&[u8], String> {
    let (offset, length) = ((slot >> 32) as usize, slot as u32 as usize);
    if offset < rows {
        return Err(format!("offset {offset} is among the rows"));
    }
    output.get(offset..offset + length).ok_or(format!("{length} bytes at {offset} of {}", output.len()))
}

/// The table of `[i32 offset][i32 length]` ends where the first image begins.
fn images(tail: &[u8]) -> Result<Value, String> {
    let number = |at: usize| u32::from_le_bytes(tail[at..at + 4].try_into().expect("4 bytes")) as usize;
    let text = LogicalType { root: Root::Varchar, nullable: true };
    let count = if tail.is_empty() { 0 } else { number(0) / 8 };
    let image = |i: usize| {
        let (offset, length) = (number(8 * i), number(8 * i + 4));
        read_map(tail.get(offset..offset + length).ok_or("an image is cut off")?, &text, &text)
    };
    (0..count).map(image).collect::<Result<_, _>>().map(Value::Array)
}
