//! One value: JSON scalar → [`Cell`], by the rules of flink-json's `JsonToRowDataConverters`.
//!
//! Each conversion ends in a cell with a value, in [`Cell::BAD`] (Flink's converter throws for this value, proven) or in
//! [`Cell::UNPROVEN`] (Flink's answer depends on something not modelled here: Unicode digits, hexadecimal floats,
//! the running JDK's float printing). Nothing is guessed. (A cell and not a `Result`, because a cell is returned in
//! registers: through memory, this hot path stalled on store forwarding for a quarter of its time.)

mod datetime;
mod decimal;
mod plain;

use crate::json::scan::{Portable, Vector};
use crate::json::{Refused, number};
use crate::row::{Cell, Tag};
use crate::schema::{DecoderSpec, LogicalType, Root, Semantics, TimestampFormat, ZeroDate};

/// Why there is no cell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Flink's converter throws: strict mode fails, lenient mode under `flink` writes NULL.
    Bad,
    /// Only Flink's converter knows.
    Unproven,
}

impl Fault {
    /// What is wrong with a cell, or the cell.
    #[inline(always)]
    pub fn check(cell: Cell) -> Result<Cell, Fault> {
        match cell.tag() {
            Tag::Bad => Err(Fault::Bad),
            Tag::Unproven => Err(Fault::Unproven),
            _ => Ok(cell),
        }
    }
}

impl From<Fault> for Cell {
    #[inline(always)]
    fn from(fault: Fault) -> Cell {
        match fault {
            Fault::Bad => Cell::BAD,
            Fault::Unproven => Cell::UNPROVEN,
        }
    }
}

/// The cell of a conversion written with `?`.
#[inline(always)]
fn cell(read: Result<Cell, Fault>) -> Cell {
    read.unwrap_or_else(Cell::from)
}

impl From<Refused> for Fault {
    fn from(_: Refused) -> Self {
        Fault::Unproven
    }
}

/// A scalar column's way of reading, decided once from its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Scalar {
    Null,
    Boolean,
    Int8,
    Int16,
    Int32,
    Int64,
    Float,
    Double,
    Text,
    Bytes,
    Decimal {
        precision: u8,
        scale: u8,
    },
    Date,
    Time,
    /// `zoned`: TIMESTAMP_LTZ, whose text ends in `Z`.
    Timestamp {
        zoned: bool,
    },
}

impl Scalar {
    /// The reading of `ty`, or `None` for ARRAY, MAP, MULTISET and ROW.
    pub fn of(ty: &LogicalType) -> Option<Scalar> {
        Some(match ty.root {
            Root::Null => Scalar::Null,
            Root::Boolean => Scalar::Boolean,
            Root::Tinyint => Scalar::Int8,
            Root::Smallint => Scalar::Int16,
            Root::Integer | Root::IntervalYearMonth => Scalar::Int32,
            Root::Bigint | Root::IntervalDayTime => Scalar::Int64,
            Root::Float => Scalar::Float,
            Root::Double => Scalar::Double,
            Root::Char | Root::Varchar => Scalar::Text,
            Root::Binary | Root::Varbinary => Scalar::Bytes,
            Root::Decimal { precision, scale } => Scalar::Decimal { precision, scale },
            Root::Date => Scalar::Date,
            Root::TimeWithoutTimeZone { .. } => Scalar::Time,
            Root::TimestampWithoutTimeZone { .. } => Scalar::Timestamp { zoned: false },
            Root::TimestampWithLocalTimeZone { .. } => Scalar::Timestamp { zoned: true },
            Root::Array { .. } | Root::Multiset { .. } | Root::Map { .. } | Root::Row { .. } => return None,
        })
    }
}

/// The table's settings that values depend on.
#[derive(Debug, Clone, Copy)]
pub struct Reading {
    /// Text form of timestamps.
    pub timestamp: TimestampFormat,
    /// TIME keeps milliseconds.
    pub time_millis: bool,
    /// A DECIMAL occurs in the row, so Flink reads every JSON fraction exactly.
    pub exact: bool,
    /// Whose answer counts.
    pub semantics: Semantics,
    /// How a date of zeros is read.
    pub zero_date: ZeroDate,
}

impl Reading {
    /// The rules of a table.
    pub fn of(spec: &DecoderSpec) -> Reading {
        Reading {
            timestamp: spec.timestamp,
            time_millis: spec.time_millis,
            exact: spec.fields.iter().any(|f| f.ty.contains_decimal()),
            semantics: spec.semantics,
            zero_date: spec.zero_date,
        }
    }

    /// The text `buf[start..end]` (unescaped) as a value of a column that is neither [`Scalar::Text`] nor [`Scalar::Null`].
    ///
    /// Bytes that have to be made (binary, large decimals) are appended to `scratch`.
    #[inline(always)]
    pub fn text<V: Vector>(&self, scalar: Scalar, buf: &[u8], start: usize, end: usize, scratch: &mut Vec<u8>) -> Cell {
        match scalar {
            Scalar::Int64 => cell(integer::<V>(buf, start, end).map(|v| Cell::fixed(v as u64))),
            Scalar::Int32 => cell(narrow::<V, i32>(buf, start, end).map(|v| Cell::fixed(u64::from(v as u32)))),
            Scalar::Decimal { precision, scale } => decimal::of_text::<V>(buf, start, end, precision, scale, scratch),
            Scalar::Timestamp { zoned } => match self.timestamp {
                TimestampFormat::Sql => datetime::sql_timestamp::<V>(buf, start, end, zoned),
                TimestampFormat::Iso8601 => datetime::iso_timestamp(&buf[start..end], zoned),
            },
            Scalar::Date => datetime::date::<V>(buf, start, end),
            Scalar::Double => double::<V>(buf, start, end),
            Scalar::Float => float::<V>(buf, start, end),
            Scalar::Boolean => Cell::fixed(u64::from(self.truth(&buf[start..end]))),
            Scalar::Int8 => cell(narrow::<V, i8>(buf, start, end).map(|v| Cell::fixed(u64::from(v as u8)))),
            Scalar::Int16 => cell(narrow::<V, i16>(buf, start, end).map(|v| Cell::fixed(u64::from(v as u16)))),
            Scalar::Time => datetime::time(&buf[start..end], self.time_millis),
            Scalar::Bytes => base64(&buf[start..end], scratch),
            Scalar::Text | Scalar::Null => Cell::UNPROVEN,
        }
    }

    /// What MySQL's date of zeros stands for in a column, if `text` is one and the table says so.
    pub fn zero_date(&self, scalar: Scalar, text: &[u8]) -> Option<Cell> {
        let (zero, epoch) = match scalar {
            Scalar::Date => (text == b"0000-00-00", Cell::fixed(0)),
            Scalar::Timestamp { zoned } => {
                let iso = self.timestamp == TimestampFormat::Iso8601;
                (datetime::is_zero_timestamp(text, iso, zoned), Cell::stamp(0, 0))
            }
            _ => return None,
        };
        match self.zero_date {
            ZeroDate::Null if zero => Some(Cell::NULL),
            ZeroDate::Epoch if zero => Some(epoch),
            _ => None,
        }
    }

    /// `"true"` in any case; under `canal` also Canal's text for `tinyint(1)` and `bit(1)`.
    fn truth(&self, text: &[u8]) -> bool {
        let text = trim(text);
        text.eq_ignore_ascii_case(b"true") || self.semantics == Semantics::Canal && text == b"1"
    }

    /// A JSON number as a value.
    pub fn number(&self, scalar: Scalar, token: number::Span, buf: &[u8], scratch: &mut Vec<u8>) -> Cell {
        let text = &buf[token.start..token.end];
        match scalar {
            Scalar::Null | Scalar::Bytes => Cell::NULL,
            Scalar::Boolean => Cell::fixed(u64::from(self.semantics == Semantics::Canal && text == b"1")),
            Scalar::Date | Scalar::Time | Scalar::Timestamp { .. } => Cell::BAD,
            _ if token.integer => {
                let minus_zero = text == b"-0";
                let start = token.start + usize::from(minus_zero);
                match scalar {
                    Scalar::Text => Cell::input(start, token.end),
                    _ => self.text::<Portable>(scalar, buf, start, token.end, scratch),
                }
            }
            Scalar::Double | Scalar::Float => cell(self.fraction(scalar, text)),
            // Beyond the doubles, what Jackson keeps depends on its version: infinity or the exact number.
            Scalar::Decimal { .. } if parse::<f64>(text).is_ok_and(f64::is_infinite) => Cell::UNPROVEN,
            Scalar::Decimal { precision, scale } => {
                decimal::of_text::<Portable>(buf, token.start, token.end, precision, scale, scratch)
            }
            // Flink prints the fraction first (Java's float printing), or truncates it with its own bounds.
            _ => Cell::UNPROVEN,
        }
    }

    /// A JSON number with fraction or exponent into FLOAT or DOUBLE.
    fn fraction(&self, scalar: Scalar, text: &[u8]) -> Result<Cell, Fault> {
        let text = std::str::from_utf8(text).map_err(|_| Fault::Unproven)?;
        let mut wide: f64 = text.parse().map_err(|_| Fault::Unproven)?;
        if self.exact {
            // Jackson's exact decimals know no negative zero, and their overflow depends on the version.
            if wide.is_infinite() {
                return Err(Fault::Unproven);
            }
            let digits = text.split(['e', 'E']).next().unwrap_or(text);
            if wide == 0.0 && digits.bytes().all(|b| matches!(b, b'-' | b'0' | b'.')) {
                wide = 0.0;
            }
        }
        if scalar == Scalar::Double {
            return Ok(Cell::fixed(wide.to_bits()));
        }
        let narrow = if self.exact && wide != 0.0 { text.parse().map_err(|_| Fault::Unproven)? } else { wide as f32 };
        Ok(Cell::fixed(narrow.to_bits().into()))
    }

    /// `true` or `false` as a value; `start` is its place in the input.
    pub fn boolean(&self, scalar: Scalar, value: bool, start: usize) -> Cell {
        match scalar {
            Scalar::Boolean => Cell::fixed(u64::from(value)),
            Scalar::Text => Cell::input(start, start + if value { 4 } else { 5 }),
            Scalar::Null | Scalar::Bytes => Cell::NULL,
            _ => Cell::BAD,
        }
    }

    /// An object or array as a value of a scalar column.
    pub fn container(&self, scalar: Scalar) -> Cell {
        match scalar {
            Scalar::Null | Scalar::Bytes => Cell::NULL,
            Scalar::Boolean => Cell::fixed(0),
            // Text: Flink prints the tree again.
            _ => Cell::UNPROVEN,
        }
    }
}

/// Java's `String.trim`: characters up to U+0020 go at both ends.
#[inline(always)]
fn trim(mut text: &[u8]) -> &[u8] {
    while let [first, rest @ ..] = text
        && *first <= b' '
    {
        text = rest;
    }
    while let [rest @ .., last] = text
        && *last <= b' '
    {
        text = rest;
    }
    text
}

/// `Long.parseLong` of the trimmed text.
#[inline(always)]
fn integer<V: Vector>(buf: &[u8], start: usize, end: usize) -> Result<i64, Fault> {
    let negative = buf.get(start) == Some(&b'-');
    match V::digits(buf, start + usize::from(negative), end) {
        Some(value) => Ok(signed(value, negative)),
        None => integer_slow(&buf[start..end]),
    }
}

/// Without a jump: signs come in no order that a CPU could guess.
#[inline(always)]
fn signed(magnitude: u64, negative: bool) -> i64 {
    let sign = -i64::from(negative);
    (magnitude as i64 ^ sign) - sign
}

#[cold]
#[inline(never)]
fn integer_slow(text: &[u8]) -> Result<i64, Fault> {
    let text = trim(text);
    let (negative, digits) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let mut value = 0i128;
    for digit in digits {
        match digit {
            b'0'..=b'9' => value = value * 10 + i128::from(digit - b'0'),
            _ => return Err(bad_unless_unicode(text)),
        }
        if value > 1 << 64 {
            return Err(bad_unless_unicode(text));
        }
    }
    if digits.is_empty() {
        return Err(Fault::Bad);
    }
    i64::try_from(if negative { -value } else { value }).map_err(|_| Fault::Bad)
}

#[inline(always)]
fn narrow<V: Vector, T: TryFrom<i64>>(buf: &[u8], start: usize, end: usize) -> Result<T, Fault> {
    T::try_from(integer::<V>(buf, start, end)?).map_err(|_| Fault::Bad)
}

/// Not a number in ASCII. Java would also take the digits of other scripts.
fn bad_unless_unicode(text: &[u8]) -> Fault {
    if text.is_ascii() { Fault::Bad } else { Fault::Unproven }
}

/// `Double.parseDouble` of the trimmed text.
#[inline(always)]
fn double<V: Vector>(buf: &[u8], start: usize, end: usize) -> Cell {
    match plain::Number::of::<V>(buf, start, end).and_then(plain::Number::exact_double) {
        Some(value) => Cell::fixed(value.to_bits()),
        None => double_slow(&buf[start..end]),
    }
}

#[inline(never)]
fn double_slow(text: &[u8]) -> Cell {
    cell(parse::<f64>(text).map(|value| Cell::fixed(value.to_bits())))
}

/// `Float.parseFloat` of the trimmed text.
#[inline(always)]
fn float<V: Vector>(buf: &[u8], start: usize, end: usize) -> Cell {
    match plain::Number::of::<V>(buf, start, end).and_then(plain::Number::exact_float) {
        Some(value) => Cell::fixed(value.to_bits().into()),
        None => float_slow(&buf[start..end]),
    }
}

#[inline(never)]
fn float_slow(text: &[u8]) -> Cell {
    cell(parse::<f32>(text).map(|value| Cell::fixed(value.to_bits().into())))
}

fn parse<T: std::str::FromStr>(text: &[u8]) -> Result<T, Fault> {
    float_text(text)?.parse().map_err(|_| Fault::Unproven)
}

/// The trimmed text, if it is a plain decimal number to `Double.parseDouble`: what Rust's parser reads to the same bits.
fn float_text(text: &[u8]) -> Result<&str, Fault> {
    let text = trim(text);
    if text.is_empty() {
        return Err(Fault::Bad);
    }
    let plain = text.iter().all(|b| matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'));
    if !plain {
        return Err(Fault::Unproven);
    }
    std::str::from_utf8(text).map_err(|_| Fault::Unproven)
}

/// Base64 as canonical encoders write it: standard alphabet, padded, nothing else. Jackson accepts a little more.
fn base64(text: &[u8], scratch: &mut Vec<u8>) -> Cell {
    let start = scratch.len();
    if text.len() % 4 != 0 {
        return Cell::UNPROVEN;
    }
    let pad = text.iter().rev().take(2).take_while(|b| **b == b'=').count();
    let digits = &text[..text.len() - pad];
    let mut bits = 0u32;
    for (i, digit) in digits.iter().enumerate() {
        let value = match digit {
            b'A'..=b'Z' => digit - b'A',
            b'a'..=b'z' => digit - b'a' + 26,
            b'0'..=b'9' => digit - b'0' + 52,
            b'+' => 62,
            b'/' => 63,
            _ => {
                scratch.truncate(start);
                return Cell::UNPROVEN;
            }
        };
        bits = bits << 6 | u32::from(value);
        // After the 2nd, 3rd and 4th digit of a group another byte is complete.
        if i % 4 != 0 {
            scratch.push((bits >> (6 - 2 * (i % 4))) as u8);
        }
    }
    Cell::scratch(start, scratch.len())
}

#[cfg(test)]
mod tests {
    use super::*;
    use base64::Engine;

    #[test]
    fn integers_as_java_reads_them() {
        for (text, value) in [
            ("0", Ok(0)),
            ("-0", Ok(0)),
            (" 12\t", Ok(12)),
            ("+7", Ok(7)),
            ("000000000000000000000000000012", Ok(12)),
            ("9223372036854775807", Ok(i64::MAX)),
            ("-9223372036854775808", Ok(i64::MIN)),
            ("9223372036854775808", Err(Fault::Bad)),
            ("-9223372036854775809", Err(Fault::Bad)),
            ("", Err(Fault::Bad)),
            ("-", Err(Fault::Bad)),
            ("1.0", Err(Fault::Bad)),
            ("1_000", Err(Fault::Bad)),
            ("１２", Err(Fault::Unproven)),
            ("99999999999999999999999999999999999999999999999999", Err(Fault::Bad)),
        ] {
            assert_eq!(integer::<Portable>(text.as_bytes(), 0, text.len()), value, "{text}");
        }
    }

    #[test]
    fn base64_of_every_length() {
        for n in 0..20u8 {
            let bytes: Vec<u8> = (0..n).map(|i| i.wrapping_mul(57)).collect();
            let text = base64::engine::general_purpose::STANDARD.encode(&bytes);
            let mut scratch = vec![1, 2, 3];
            let cell = base64(text.as_bytes(), &mut scratch);
            assert_eq!(scratch[cell.range()], bytes);
        }
    }
}
