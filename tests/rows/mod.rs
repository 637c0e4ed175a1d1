//! Reads the bytes of Flink 1.20's binary rows back to values, and holds them to their one canonical form: what
//! Flink compares and hashes is these bytes.
//!
//! ```text
//! BinaryRowData    [kind: 1 byte][null bits, rounded up to 8 bytes with the kind][8 bytes a field][variable part]
//! BinaryArrayData  [count: 4][null bits, rounded up to 4][elements of 1, 2, 4 or 8, rounded up to 8][variable part]
//! BinaryMapData    [size of the key array: 4][key array][value array]
//! ```
//!
//! A field that does not fit into its 8 bytes holds `offset << 32 | size` of its place in the variable part.
//! Strings and binaries of up to 7 bytes stand in the field itself, with `0x80 | length` in the last byte.
//! Canonical: variable parts in the order of the fields, without gaps, each rounded up to 8 bytes with zeros;
//! unused bytes and the fields of NULLs are zero.
#![allow(dead_code)]

pub mod size;
pub mod write;

use crate::reference::decimal::Decimal;
use crate::reference::value::{Kind, Row, Timestamp, Value};
use canal_native::schema::{Field, LogicalType, Root};
use std::collections::BTreeMap;

/// What is wrong with the bytes.
pub type Broken = String;

/// The rows of `region`: `[i32 size][BinaryRowData]`, again and again. `wide`: every top-level timestamp is
/// stored with nanoseconds.
pub fn read(region: &[u8], fields: &[Field], wide: bool) -> Result<Vec<Row>, Broken> {
    let types: Vec<&LogicalType> = fields.iter().map(|f| &f.ty).collect();
    let (mut rows, mut at) = (Vec::new(), 0);
    while at < region.len() {
        let header = region.get(at..at + 4).ok_or("a row header is cut off")?;
        let size = u32::from_le_bytes(header.try_into().expect("4 bytes")) as usize;
        if size % 8 != 0 {
            return Err(format!("row header {header:?} at {at}"));
        }
        let bytes = region.get(at + 4..at + 4 + size).ok_or("a row is cut off")?;
        let (kind, values) = read_row(bytes, &types, wide).map_err(|e| format!("row at {at}: {e}"))?;
        let row = Row { kind, values };
        let expected = size::row(&row.values, &types, wide);
        if size != expected {
            return Err(format!("row at {at} has {size} bytes, {expected} are needed"));
        }
        rows.push(row);
        at += 4 + size;
    }
    Ok(rows)
}

fn read_row(bytes: &[u8], types: &[&LogicalType], wide: bool) -> Result<(Kind, Vec<Value>), Broken> {
    let header = size::row_header(types.len());
    let fixed = header + 8 * types.len();
    let bits = bytes.get(..header).ok_or("the null bits are cut off")?;
    bytes.get(..fixed).ok_or("the fields are cut off")?;
    if bits[0] > 3 {
        return Err(format!("row kind {}", bits[0]));
    }
    let mut block = Block { bytes, cursor: fixed };
    let mut values = Vec::new();
    for (i, ty) in types.iter().enumerate() {
        let null = is_set(bits, i + 8);
        let slot = header + 8 * i;
        values.push(block.element(slot, 8, null, &ty.root, wide).map_err(|e| format!("field {i}: {e}"))?);
    }
    if (types.len() + 8..header * 8).any(|bit| is_set(bits, bit)) {
        return Err("a null bit beyond the last field".into());
    }
    block.end()?;
    Ok((Kind::of(bits[0]), values))
}

fn read_array(bytes: &[u8], element: &LogicalType) -> Result<Vec<Value>, Broken> {
    let count = bytes.get(..4).ok_or("the count is cut off")?;
    let count = u32::from_le_bytes(count.try_into().expect("4 bytes")) as usize;
    let (header, width) = (size::array_header(count), size::element_width(&element.root));
    let fixed = size::round8(header + width * count);
    bytes.get(..fixed).ok_or("the elements are cut off")?;
    let mut block = Block { bytes, cursor: fixed };
    let mut values = Vec::new();
    for i in 0..count {
        let null = is_set(&bytes[4..header], i);
        let value = block.element(header + width * i, width, null, &element.root, false);
        values.push(value.map_err(|e| format!("element {i}: {e}"))?);
    }
    if (count..(header - 4) * 8).any(|bit| is_set(&bytes[4..header], bit)) {
        return Err("a null bit beyond the last element".into());
    }
    zero(&bytes[header + width * count..fixed], "behind the elements")?;
    block.end()?;
    Ok(values)
}

/// One map.
pub fn read_map(bytes: &[u8], key: &LogicalType, value: &LogicalType) -> Result<Value, Broken> {
    let size = bytes.get(..4).ok_or("the key size is cut off")?;
    let size = u32::from_le_bytes(size.try_into().expect("4 bytes")) as usize;
    let keys = read_array(bytes.get(4..4 + size).ok_or("the keys are cut off")?, key)?;
    let values = read_array(&bytes[4 + size..], value)?;
    if keys.len() != values.len() {
        return Err(format!("{} keys and {} values", keys.len(), values.len()));
    }
    let mut map = BTreeMap::new();
    for (key, value) in keys.into_iter().zip(values) {
        let Value::Text(key) = key else { return Err(format!("the key {key}")) };
        if map.insert(key.clone(), value).is_some() {
            return Err(format!("the key {key:?} twice"));
        }
    }
    Ok(Value::Map(map))
}

fn is_set(bits: &[u8], index: usize) -> bool {
    bits[index / 8] & 1 << (index % 8) != 0
}

fn zero(bytes: &[u8], place: &str) -> Result<(), Broken> {
    if bytes.iter().all(|b| *b == 0) { Ok(()) } else { Err(format!("{place}: {bytes:?} instead of zeros")) }
}

/// A row or an array: fixed slots, then the variable part.
struct Block<'b> {
    bytes: &'b [u8],
    /// Where the next value of the variable part must begin.
    cursor: usize,
}

impl<'b> Block<'b> {
    fn element(&mut self, slot: usize, width: usize, null: bool, root: &Root, wide: bool) -> Result<Value, Broken> {
        let bytes = &self.bytes[slot..slot + width];
        if null {
            zero(bytes, "the slot of a NULL")?;
            return Ok(Value::Null);
        }
        let used = size::element_width(root);
        zero(&bytes[used.min(width)..], "behind the value")?;
        let mut word = [0; 8];
        word[..width].copy_from_slice(bytes);
        self.value(u64::from_le_bytes(word), root, wide)
    }

    fn value(&mut self, word: u64, root: &Root, wide: bool) -> Result<Value, Broken> {
        Ok(match root {
            Root::Null => return Err("a value of type NULL".into()),
            Root::Boolean if word > 1 => return Err(format!("{word} as BOOLEAN")),
            Root::Boolean => Value::Boolean(word == 1),
            Root::Tinyint => Value::Tinyint(word as i8),
            Root::Smallint => Value::Smallint(word as i16),
            Root::Integer | Root::IntervalYearMonth => Value::Int(word as i32),
            Root::Date => Value::Date(word as i32),
            Root::TimeWithoutTimeZone { .. } => Value::Time(word as i32),
            Root::Bigint | Root::IntervalDayTime => Value::Bigint(word as i64),
            Root::Float => Value::Float(word as u32),
            Root::Double => Value::Double(word),
            Root::Decimal { precision: ..=18, scale } => Value::Decimal(Decimal::of((word as i64).into(), *scale)),
            Root::Decimal { scale, .. } => Value::Decimal(Decimal::of(self.big_integer(word)?, *scale)),
            Root::Char | Root::Varchar => {
                Value::Text(String::from_utf8(self.short_or_long(word)?.to_vec()).map_err(|e| e.to_string())?)
            }
            Root::Binary | Root::Varbinary => Value::Bytes(self.short_or_long(word)?.to_vec()),
            Root::TimestampWithoutTimeZone { precision } => {
                Value::Timestamp(self.stamp(word, *precision <= 3 && !wide)?)
            }
            Root::TimestampWithLocalTimeZone { precision } => {
                Value::Instant(self.stamp(word, *precision <= 3 && !wide)?)
            }
            Root::Array { element } => Value::Array(read_array(self.place(word)?, element)?),
            Root::Map { key, value } => read_map(self.place(word)?, key, value)?,
            Root::Multiset { element } => {
                read_map(self.place(word)?, element, &LogicalType { root: Root::Integer, nullable: false })?
            }
            Root::Row { fields } => {
                let types: Vec<&LogicalType> = fields.iter().map(|f| &f.ty).collect();
                let (kind, values) = read_row(self.place(word)?, &types, false)?;
                if kind != Kind::Insert {
                    return Err(format!("a nested row of kind {kind:?}"));
                }
                Value::Row(values)
            }
        })
    }

    fn stamp(&mut self, word: u64, compact: bool) -> Result<Timestamp, Broken> {
        if compact {
            return Ok(Timestamp { millis: word as i64, nanos: 0 });
        }
        let (offset, nanos) = ((word >> 32) as usize, word as u32);
        if nanos > 999_999 {
            return Err(format!("{nanos} nanoseconds of a millisecond"));
        }
        let millis = self.take(offset, 8, 8)?;
        Ok(Timestamp { millis: i64::from_le_bytes(millis.try_into().expect("8 bytes")), nanos })
    }

    /// Two's complement, most significant byte first, in the fewest bytes; 16 are reserved.
    fn big_integer(&mut self, word: u64) -> Result<i128, Broken> {
        let (offset, size) = ((word >> 32) as usize, word as u32 as usize);
        if !(1..=16).contains(&size) {
            return Err(format!("a decimal of {size} bytes"));
        }
        let bytes = self.take(offset, size, 16)?;
        let sign = if bytes[0] & 0x80 != 0 { -1 } else { 0 };
        let value = bytes.iter().fold(sign, |value: i128, byte| value << 8 | i128::from(*byte));
        if size > 1 && (bytes[0] as i8 as i128) == sign && (bytes[1] as i8 >> 7) as i128 == sign {
            return Err(format!("a decimal with a byte too many: {bytes:?}"));
        }
        Ok(value)
    }

    fn short_or_long(&mut self, word: u64) -> Result<Vec<u8>, Broken> {
        let last = (word >> 56) as u8;
        if last & 0x80 == 0 {
            let place = self.place(word)?;
            if place.len() <= 7 {
                return Err(format!("{} bytes that are not in the field", place.len()));
            }
            return Ok(place.to_vec());
        }
        let size = usize::from(last & 0x7F);
        if size > 7 {
            return Err(format!("{size} bytes in the field"));
        }
        let bytes = word.to_le_bytes();
        zero(&bytes[size..7], "behind the inline bytes")?;
        Ok(bytes[..size].to_vec())
    }

    /// The `size` bytes at `offset` that `word` names.
    fn place(&mut self, word: u64) -> Result<&'b [u8], Broken> {
        let (offset, size) = ((word >> 32) as usize, word as u32 as usize);
        self.take(offset, size, size::round8(size))
    }

    fn take(&mut self, offset: usize, size: usize, reserved: usize) -> Result<&'b [u8], Broken> {
        if offset != self.cursor {
            return Err(format!("its value is at {offset} and not at {}", self.cursor));
        }
        let bytes = self.bytes.get(offset..offset + reserved).ok_or("its value is cut off")?;
        self.cursor += reserved;
        let (value, rest) = bytes.split_at(size);
        zero(rest, "behind the value")?;
        Ok(value)
    }

    fn end(&self) -> Result<(), Broken> {
        if self.cursor == self.bytes.len() {
            return Ok(());
        }
        Err(format!("{} bytes, of which {} are used", self.bytes.len(), self.cursor))
    }
}
