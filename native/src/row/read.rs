//! Flink's binary formats back to values: the inverse of [`write_row`](super::write_row), [`write_array`](super::write_array)
//! and [`write_map`](super::write_map), and of Flink's own writers.
//!
//! Every access is checked: bytes that are cut off, or whose offsets point outside, give [`Malformed`]. What is not needed
//! to find a value is not checked: gaps, padding, the order of the variable parts.
//!
//! ```
//! use canal_native::row::read::Row;
//! # use canal_native::row::{Cell, RowKind, Sources, write_row};
//! # let mut bytes = Vec::new();
//! # let (cells, wide) = ([Cell::fixed(7), Cell::NULL, Cell::input(0, 5)], [false; 3]);
//! # write_row(&mut bytes, RowKind::Insert, cells.iter(), &wide, Sources { input: b"hello", scratch: b"" });
//! let row = Row::new(&bytes, 3)?;
//! assert_eq!(row.get(0)?.map(|slot| slot.i32()), Some(7));
//! assert!(row.get(1)?.is_none());
//! assert_eq!(row.get(2)?.expect("not NULL").bytes()?, b"hello");
//! # Ok::<(), canal_native::row::read::Malformed>(())
//! ```

use super::region::SIZE;
use super::{RowKind, header_len, padded};
use crate::schema::Root;
use std::fmt;

/// The bytes are no row, array or map of the type they are read as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the bytes are not a binary row of this type")
    }
}

impl std::error::Error for Malformed {}

/// Largest precision of a DECIMAL that is kept in a `long` (`DecimalData.MAX_COMPACT_PRECISION`).
pub const COMPACT_DECIMAL: u8 = 18;

/// Largest precision of a TIMESTAMP that is kept in a `long`, as milliseconds (`TimestampData.isCompact`).
pub const COMPACT_TIMESTAMP: u8 = 3;

/// Bytes that an element of this type takes in an array's fixed part: 1, 2, 4 or 8
/// (`BinaryArrayData.calculateFixLengthPartSize`).
pub const fn element_len(root: &Root) -> usize {
    match root {
        Root::Boolean | Root::Tinyint => 1,
        Root::Smallint => 2,
        Root::Integer | Root::Float | Root::Date | Root::TimeWithoutTimeZone { .. } | Root::IntervalYearMonth => 4,
        _ => 8,
    }
}

/// A `BinaryRowData`.
#[derive(Debug, Clone, Copy)]
pub struct Row<'a> {
    /// The row from its header on; at least as long as the fixed part.
    bytes: &'a [u8],
    /// Header and fields.
    header: &'a [u8],
    fields: &'a [u8],
}

impl<'a> Row<'a> {
    /// The row in `bytes`, which has `arity` fields.
    ///
    /// # Errors
    /// The fixed part does not fit into the bytes.
    #[inline(always)]
    pub fn new(bytes: &'a [u8], arity: usize) -> Result<Row<'a>, Malformed> {
        let header = header_len(arity);
        let fields = bytes.get(header..).and_then(|rest| rest.get(..8 * arity)).ok_or(Malformed)?;
        let header = bytes.get(..header).ok_or(Malformed)?;
        Ok(Row { bytes, header, fields })
    }

    /// Its kind.
    ///
    /// # Errors
    /// A code beyond those of `RowKind`.
    #[inline]
    pub fn kind(&self) -> Result<RowKind, Malformed> {
        Ok(match self.header.first() {
            Some(0) => RowKind::Insert,
            Some(1) => RowKind::UpdateBefore,
            Some(2) => RowKind::UpdateAfter,
            Some(3) => RowKind::Delete,
            _ => return Err(Malformed),
        })
    }

    /// Field `i`, `None` if it is NULL.
    ///
    /// # Errors
    /// `i` is not below the arity.
    #[inline(always)]
    pub fn get(&self, i: usize) -> Result<Option<Slot<'a>>, Malformed> {
        let at = i.checked_mul(8).ok_or(Malformed)?;
        let field = self.fields.get(at..).and_then(|rest| rest.first_chunk()).ok_or(Malformed)?;
        if is_set(self.header, i + 8)? {
            return Ok(None);
        }
        Ok(Some(Slot { word: u64::from_le_bytes(*field), field, bytes: self.bytes }))
    }

    /// All fields in order, `None` for NULL.
    #[inline(always)]
    pub fn slots(&self) -> impl Iterator<Item = Option<Slot<'a>>> {
        let Row { bytes, header, fields } = *self;
        // Most rows have no NULL: the bits are looked at one by one only in those that have. The first byte is the kind.
        let nulls = header.get(1..).unwrap_or_default();
        let any = nulls.iter().fold(0, |all, bits| all | bits) != 0;
        fields.as_chunks().0.iter().enumerate().map(move |(i, field)| {
            let null = any && nulls.get(i / 8).is_some_and(|bits| bits >> (i % 8) & 1 != 0);
            if null { None } else { Some(Slot { word: u64::from_le_bytes(*field), field, bytes }) }
        })
    }
}

/// A `BinaryArrayData`.
#[derive(Debug, Clone, Copy)]
pub struct Array<'a> {
    bytes: &'a [u8],
    nulls: &'a [u8],
    elements: &'a [u8],
    len: usize,
    element_len: usize,
}

impl<'a> Array<'a> {
    /// The array in `bytes`, whose elements take [`element_len`] bytes each.
    ///
    /// # Errors
    /// The fixed part does not fit into the bytes.
    pub fn new(bytes: &'a [u8], element_len: usize) -> Result<Array<'a>, Malformed> {
        let len = count(bytes)?;
        let nulls_len = len.div_ceil(32) * 4;
        let nulls = bytes.get(4..).and_then(|rest| rest.get(..nulls_len)).ok_or(Malformed)?;
        let elements = bytes.get(4 + nulls_len..).and_then(|rest| rest.get(..len.checked_mul(element_len)?));
        Ok(Array { bytes, nulls, elements: elements.ok_or(Malformed)?, len, element_len })
    }

    /// Number of elements.
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether there is no element.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Element `i`, `None` if it is NULL.
    ///
    /// # Errors
    /// `i` is not below the length.
    #[inline]
    pub fn get(&self, i: usize) -> Result<Option<Slot<'a>>, Malformed> {
        let at = i.checked_mul(self.element_len).ok_or(Malformed)?;
        let field = self.elements.get(at..).and_then(|rest| rest.get(..self.element_len)).ok_or(Malformed)?;
        if is_set(self.nulls, i)? {
            return Ok(None);
        }
        let word = field.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte));
        Ok(Some(Slot { word, field: field.first_chunk().unwrap_or(&[0; 8]), bytes: self.bytes }))
    }
}

/// A `BinaryMapData`: two arrays of one length. Nothing keeps the keys from being NULL or equal.
#[derive(Debug, Clone, Copy)]
pub struct Map<'a> {
    /// The keys.
    pub keys: Array<'a>,
    /// The value of the key at the same place.
    pub values: Array<'a>,
}

impl<'a> Map<'a> {
    /// The map in `bytes`, whose keys and values take [`element_len`] bytes each.
    ///
    /// # Errors
    /// One of the arrays does not fit into the bytes, or there are not as many values as keys.
    pub fn new(bytes: &'a [u8], key_len: usize, value_len: usize) -> Result<Map<'a>, Malformed> {
        let keys_bytes = count(bytes)?;
        let rest = bytes.get(4..).ok_or(Malformed)?;
        let keys = Array::new(rest.get(..keys_bytes).ok_or(Malformed)?, key_len)?;
        let values = Array::new(rest.get(keys_bytes..).ok_or(Malformed)?, value_len)?;
        if keys.len != values.len {
            return Err(Malformed);
        }
        Ok(Map { keys, values })
    }
}

/// A field or element that is not NULL. The caller knows its type.
#[derive(Debug, Clone, Copy)]
pub struct Slot<'a> {
    /// The field, zero-extended.
    word: u64,
    /// The same as bytes, if there are eight.
    field: &'a [u8; 8],
    /// The row or array, which offsets count from.
    bytes: &'a [u8],
}

/// What a `TimestampData` holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stamp {
    /// Milliseconds since 1970-01-01 00:00:00.
    pub millis: i64,
    /// Nanoseconds of the millisecond, 0 to 999,999.
    pub nanos: u32,
}

impl<'a> Slot<'a> {
    /// BOOLEAN; as in Java, any byte but 0 is true.
    #[inline(always)]
    pub fn boolean(&self) -> bool {
        self.word as u8 != 0
    }

    /// TINYINT.
    #[inline(always)]
    pub fn i8(&self) -> i8 {
        self.word as i8
    }

    /// SMALLINT.
    #[inline(always)]
    pub fn i16(&self) -> i16 {
        self.word as i16
    }

    /// INT, INTERVAL YEAR TO MONTH, DATE (days since 1970-01-01), TIME (milliseconds of the day).
    #[inline(always)]
    pub fn i32(&self) -> i32 {
        self.word as i32
    }

    /// BIGINT, INTERVAL DAY TO SECOND (milliseconds).
    #[inline(always)]
    pub fn i64(&self) -> i64 {
        self.word as i64
    }

    /// FLOAT.
    #[inline(always)]
    pub fn f32(&self) -> f32 {
        f32::from_bits(self.word as u32)
    }

    /// DOUBLE.
    #[inline(always)]
    pub fn f64(&self) -> f64 {
        f64::from_bits(self.word)
    }

    /// CHAR and VARCHAR (not checked to be UTF-8), BINARY and VARBINARY.
    ///
    /// # Errors
    /// They are not inside the row.
    #[inline(always)]
    pub fn bytes(&self) -> Result<&'a [u8], Malformed> {
        let top = (self.word >> 56) as usize;
        if top & 0x80 == 0 {
            return self.place();
        }
        let len = top & 0x7F;
        if len > 7 { Err(Malformed) } else { self.field.get(..len).ok_or(Malformed) }
    }

    /// DECIMAL's unscaled value.
    ///
    /// # Errors
    /// More than 16 bytes, or none.
    #[inline(always)]
    pub fn decimal(&self, precision: u8) -> Result<i128, Malformed> {
        if precision <= COMPACT_DECIMAL { Ok(self.i64().into()) } else { self.big_decimal() }
    }

    /// Two's complement, most significant byte first.
    fn big_decimal(&self) -> Result<i128, Malformed> {
        let bytes = self.place()?;
        let first = *bytes.first().ok_or(Malformed)?;
        if bytes.len() > 16 {
            return Err(Malformed);
        }
        let sign = if first & 0x80 == 0 { 0 } else { -1 };
        Ok(bytes.iter().fold(sign, |value: i128, byte| value << 8 | i128::from(*byte)))
    }

    /// TIMESTAMP and TIMESTAMP_LTZ.
    ///
    /// # Errors
    /// The milliseconds are not inside the row, or the nanoseconds are not below a million.
    #[inline(always)]
    pub fn stamp(&self, precision: u8) -> Result<Stamp, Malformed> {
        if precision <= COMPACT_TIMESTAMP {
            return Ok(Stamp { millis: self.i64(), nanos: 0 });
        }
        let millis = self.bytes.get((self.word >> 32) as usize..).and_then(|rest| rest.first_chunk());
        let millis = i64::from_le_bytes(*millis.ok_or(Malformed)?);
        let nanos = self.word as u32;
        if nanos > 999_999 { Err(Malformed) } else { Ok(Stamp { millis, nanos }) }
    }

    /// ARRAY, by its element's type.
    ///
    /// # Errors
    /// It is not inside the row, or cut off.
    pub fn array(&self, element: &Root) -> Result<Array<'a>, Malformed> {
        Array::new(self.place()?, element_len(element))
    }

    /// MAP, by the types of its keys and values; MULTISET, whose values are INTs.
    ///
    /// # Errors
    /// It is not inside the row, or cut off.
    pub fn map(&self, key: &Root, value: &Root) -> Result<Map<'a>, Malformed> {
        Map::new(self.place()?, element_len(key), element_len(value))
    }

    /// ROW of `arity` fields.
    ///
    /// # Errors
    /// It is not inside the row, or cut off.
    pub fn row(&self, arity: usize) -> Result<Row<'a>, Malformed> {
        Row::new(self.place()?, arity)
    }

    /// `offset << 32 | length`.
    #[inline(always)]
    fn place(&self) -> Result<&'a [u8], Malformed> {
        let (offset, len) = ((self.word >> 32) as usize, self.word as u32 as usize);
        self.bytes.get(offset..).and_then(|rest| rest.get(..len)).ok_or(Malformed)
    }
}

#[inline(always)]
fn is_set(bits: &[u8], i: usize) -> Result<bool, Malformed> {
    bits.get(i / 8).map(|byte| byte >> (i % 8) & 1 != 0).ok_or(Malformed)
}

/// The `int` that an array or map begins with.
fn count(bytes: &[u8]) -> Result<usize, Malformed> {
    let count = i32::from_le_bytes(*bytes.first_chunk().ok_or(Malformed)?);
    usize::try_from(count).map_err(|_| Malformed)
}

/// Where a row ends that begins at `bytes`, when `[i32 size]` precedes it: the row, and what follows it. The form
/// of a [`Region`](super::Region).
///
/// # Errors
/// Fewer bytes than the size says, or a size that is no multiple of 8.
pub fn sized(bytes: &[u8]) -> Result<(&[u8], &[u8]), Malformed> {
    let size = count(bytes)?;
    let rest = bytes.get(SIZE..).ok_or(Malformed)?;
    match rest.split_at_checked(size) {
        Some((row, rest)) if padded(size) == size => Ok((row, rest)),
        _ => Err(Malformed),
    }
}

#[cfg(test)]
mod tests;
