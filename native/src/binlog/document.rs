//! JSON documents of MySQL: from the binary form that they are stored in to the text that a SELECT has.

use super::input::Input;
use super::{number, time};
use crate::error::{Error, Kind};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;

/// The server takes no documents that are deeper.
const DEEPEST: usize = 100;

/// Characters of base64 that the server writes to a line.
const LINE: usize = 76;

#[cold]
fn broken(what: &str) -> Error {
    Error::new(Kind::Source, format!("a JSON document in the binary log is broken: {what}"))
}

/// Writes a document's text.
///
/// # Errors
/// It is none.
pub fn document(bytes: &[u8], to: &mut Vec<u8>) -> Result<(), Error> {
    match bytes.split_first() {
        // A column that was made NOT NULL over rows without a value.
        None => to.extend_from_slice(b"null"),
        Some((ty, rest)) => value(*ty, rest, 0, to)?,
    }
    Ok(())
}

fn value(ty: u8, bytes: &[u8], depth: usize, to: &mut Vec<u8>) -> Result<(), Error> {
    let mut input = Input::new(bytes);
    match ty {
        0..=3 => return collection(ty, bytes, depth, to),
        4 => to.extend_from_slice(match input.u8()? {
            0 => b"null",
            1 => b"true",
            2 => b"false",
            _ => return Err(broken("a literal is not known")),
        }),
        5 => to.extend_from_slice((input.u16()? as i16).to_string().as_bytes()),
        6 => to.extend_from_slice(input.u16()?.to_string().as_bytes()),
        7 => to.extend_from_slice((input.u32()? as i32).to_string().as_bytes()),
        8 => to.extend_from_slice(input.u32()?.to_string().as_bytes()),
        9 => to.extend_from_slice((input.u64()? as i64).to_string().as_bytes()),
        10 => to.extend_from_slice(input.u64()?.to_string().as_bytes()),
        11 => double(f64::from_bits(input.u64()?), to),
        12 => {
            let len = length(&mut input)?;
            quoted(input.take(len)?, to);
        }
        15 => {
            let ty = input.u8()?;
            let len = length(&mut input)?;
            opaque(ty, input.take(len)?, to)?;
        }
        _ => return Err(broken("a type is not known")),
    }
    Ok(())
}

/// A DOUBLE is never taken for an integer.
fn double(value: f64, to: &mut Vec<u8>) {
    let start = to.len();
    number::double(value, to);
    if !to[start..].iter().any(|byte| matches!(byte, b'.' | b'e')) {
        to.extend_from_slice(b".0");
    }
}

/// A length, seven bits to a byte, the lowest first.
fn length(input: &mut Input<'_>) -> Result<usize, Error> {
    let mut len = 0;
    for shift in (0..35).step_by(7) {
        let byte = input.u8()?;
        len |= usize::from(byte & 0x7F) << shift;
        if byte & 0x80 == 0 {
            return Ok(len);
        }
    }
    Err(broken("a length has more than five bytes"))
}

/// An object (0, 1) or array (2, 3); odd ones have offsets of four bytes, else of two.
fn collection(ty: u8, bytes: &[u8], depth: usize, to: &mut Vec<u8>) -> Result<(), Error> {
    if depth >= DEEPEST {
        return Err(broken("it is too deep"));
    }
    let (is_object, wide) = (ty < 2, ty % 2 == 1);
    let width = if wide { 4 } else { 2 };
    let mut input = Input::new(bytes);
    let count = input.unsigned(width)? as usize;
    input.unsigned(width)?;
    let at = |offset: usize| bytes.get(offset..).ok_or_else(|| broken("an offset is behind its end"));
    let mut keys = Input::new(if is_object { input.take(count.saturating_mul(width + 2))? } else { &[] });
    to.push(if is_object { b'{' } else { b'[' });
    for i in 0..count {
        if i > 0 {
            to.extend_from_slice(b", ");
        }
        if is_object {
            let (offset, len) = (keys.unsigned(width)? as usize, keys.u16()? as usize);
            quoted(Input::new(at(offset)?).take(len)?, to);
            to.extend_from_slice(b": ");
        }
        let ty = input.u8()?;
        let place = input.take(width)?;
        if matches!(ty, 4..=6) || wide && matches!(ty, 7 | 8) {
            value(ty, place, depth + 1, to)?;
        } else {
            value(ty, at(Input::new(place).unsigned(width)? as usize)?, depth + 1, to)?;
        }
    }
    to.push(if is_object { b'}' } else { b']' });
    Ok(())
}

/// A value that JSON has no type for.
fn opaque(ty: u8, bytes: &[u8], to: &mut Vec<u8>) -> Result<(), Error> {
    const DECIMAL: u8 = 246;
    let mut input = Input::new(bytes);
    match ty {
        DECIMAL => {
            let (precision, scale) = (input.u8()?, input.u8()?);
            return number::decimal(input.rest(), precision, scale, to);
        }
        // DATE, DATETIME and TIMESTAMP, TIME.
        7 | 10..=12 => {
            let packed = input.u64()? as i64;
            let (whole, fraction) = (packed.unsigned_abs() >> 24, packed.unsigned_abs() & 0xFF_FFFF);
            to.push(b'"');
            match ty {
                11 => time::packed_time(packed < 0, whole, fraction, 6, to),
                10 => {
                    let start = to.len();
                    time::packed_datetime(whole, 0, 0, to);
                    to.truncate(start + "2024-01-01".len());
                }
                _ => time::packed_datetime(whole, fraction, 6, to),
            }
            to.push(b'"');
        }
        _ => {
            to.extend_from_slice(format!("\"base64:type{ty}:").as_bytes());
            for (i, line) in STANDARD.encode(bytes).as_bytes().chunks(LINE).enumerate() {
                to.extend_from_slice(if i > 0 { b"\\n" } else { b"" });
                to.extend_from_slice(line);
            }
            to.push(b'"');
        }
    }
    Ok(())
}

/// A string, escaped as the server does.
fn quoted(text: &[u8], to: &mut Vec<u8>) {
    to.push(b'"');
    for byte in text {
        match byte {
            b'"' => to.extend_from_slice(b"\\\""),
            b'\\' => to.extend_from_slice(b"\\\\"),
            0x08 => to.extend_from_slice(b"\\b"),
            b'\t' => to.extend_from_slice(b"\\t"),
            b'\n' => to.extend_from_slice(b"\\n"),
            0x0C => to.extend_from_slice(b"\\f"),
            b'\r' => to.extend_from_slice(b"\\r"),
            0..0x20 => to.extend_from_slice(format!("\\u{byte:04x}").as_bytes()),
            _ => to.push(*byte),
        }
    }
    to.push(b'"');
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(bytes: &[u8]) -> Result<String, String> {
        let mut to = Vec::new();
        document(bytes, &mut to).map_err(|e| e.to_string())?;
        Ok(String::from_utf8(to).unwrap())
    }

    #[test]
    fn objects_and_arrays_with_values_inside_and_behind() {
        // {"a": [1, true]}
        let bytes = [0, 1, 0, 22, 0, 11, 0, 1, 0, 2, 12, 0, b'a', 2, 0, 10, 0, 5, 1, 0, 4, 1, 0];
        assert_eq!(text(&bytes).unwrap(), "{\"a\": [1, true]}");
        assert_eq!(text(b"\x0C\x03a\"\x01").unwrap(), "\"a\\\"\\u0001\"");
        assert_eq!(text(b"").unwrap(), "null");
        assert_eq!(text(&[&[11][..], &1f64.to_le_bytes()].concat()).unwrap(), "1.0");
        assert_eq!(text(b"\x0F\xFC\x02ab").unwrap(), "\"base64:type252:YWI=\"");
    }

    #[test]
    fn what_is_no_document() {
        for bytes in
            [&b"\x0D"[..], b"\x04\x09", b"\x0C\xFF\xFF\xFF\xFF\xFF", b"\x02\x01\x00\x00\x00\x0C\xFF\xFF", b"\x0C\x05ab"]
        {
            assert!(text(bytes).is_err(), "{bytes:x?}");
        }
        // An array of itself.
        let endless = [2, 1, 0, 7, 0, 2, 0, 0];
        assert!(text(&endless).unwrap_err().contains("too deep"));
    }
}
