//! MySQL's types as Canal names them, and what its texts mean.

use super::envelope::{Envelope, Member};
use super::value::Fault;
use crate::json::keys::Keys;
use crate::json::{Refused, blank, expect, next_or_end, skip, string};

/// Whether Canal writes values of this type as one ISO-8859-1 character per byte: binary strings and geometries.
///
/// `mysql_type` is the column's text in `mysqlType`, such as `varbinary(16)`; case does not matter.
pub fn is_binary(mysql_type: &[u8]) -> bool {
    let letters = mysql_type.iter().take_while(|b| b.is_ascii_alphabetic()).count();
    let name = mysql_type[..letters].to_ascii_lowercase();
    matches!(
        name.as_slice(),
        b"binary"
            | b"varbinary"
            | b"blob"
            | b"tinyblob"
            | b"mediumblob"
            | b"longblob"
            | b"geometry"
            | b"point"
            | b"linestring"
            | b"polygon"
            | b"multipoint"
            | b"multilinestring"
            | b"multipolygon"
            | b"geometrycollection"
            | b"geomcollection"
    )
}

/// Calls `found` with each column name and type text of the `mysqlType` object at `pos`. A type that is
/// no string is empty: the last of two members with one name counts, whatever it is.
pub fn each_type(buf: &[u8], pos: usize, mut found: impl FnMut(&[u8], &[u8])) -> Result<(), Refused> {
    if buf[pos] != b'{' {
        return Ok(());
    }
    let (mut name, mut text) = (Vec::new(), Vec::new());
    let mut pos = blank(buf, pos + 1);
    if buf[pos] == b'}' {
        return Ok(());
    }
    loop {
        let key = string::key_span(buf, pos)?;
        name.clear();
        string::unescape(&buf[key.start..key.end], &mut name)?;
        let value = expect(buf, key.next(), b':')?;
        let end = skip::value(buf, value)?;
        text.clear();
        if buf[value] == b'"' {
            string::unescape(&buf[value + 1..end - 1], &mut text)?;
        }
        found(&name, &text);
        let (next, done) = next_or_end(buf, end, b'}')?;
        if done {
            return Ok(());
        }
        pos = next;
    }
}

/// Appends the bytes that Canal wrote as the JSON string content `raw`, one character each.
///
/// # Errors
/// [`Fault::Bad`] for a character beyond U+00FF, which no byte was written as.
pub fn latin1(raw: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
    let mut text = Vec::with_capacity(raw.len());
    string::unescape(raw, &mut text)?;
    latin1_of_text(&text, out)
}

/// The same for a text as it is.
///
/// # Errors
/// As [`latin1`].
pub fn latin1_of_text(text: &[u8], out: &mut Vec<u8>) -> Result<(), Fault> {
    let text = std::str::from_utf8(text).map_err(|_| Fault::Unproven)?;
    for c in text.chars() {
        out.push(u8::try_from(u32::from(c)).map_err(|_| Fault::Bad)?);
    }
    Ok(())
}

/// Which columns hold one character per byte, for the `mysqlType` that was seen last.
#[derive(Debug, Default)]
pub(super) struct BinaryColumns {
    mysql_type: Vec<u8>,
    known: bool,
    /// One flag per column.
    pub binary: Vec<bool>,
}

impl BinaryColumns {
    /// # Errors
    /// A name or type in `mysqlType` that is no UTF-8 once unescaped.
    pub fn update(&mut self, envelope: &Envelope, buf: &[u8], keys: &Keys, columns: usize) -> Result<(), Refused> {
        let raw = envelope.raw(Member::MysqlType, buf).unwrap_or_default();
        if self.known && self.mysql_type == raw {
            return Ok(());
        }
        self.known = false;
        self.binary.clear();
        self.binary.resize(columns, false);
        if let Some((pos, _)) = envelope.span(Member::MysqlType) {
            let binary = &mut self.binary;
            each_type(buf, pos, |name, ty| {
                if let Some(column) = keys.find(name) {
                    binary[column] = is_binary(ty);
                }
            })?;
        }
        self.known = true;
        self.mysql_type.clear();
        self.mysql_type.extend_from_slice(raw);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary_types() {
        for ty in ["BLOB", "binary(16)", "VARBINARY(255)", "longblob", "GEOMETRY", "point"] {
            assert!(is_binary(ty.as_bytes()), "{ty}");
        }
        for ty in ["VARCHAR(20)", "enum('blob')", "text", "", "bit(8)", "json"] {
            assert!(!is_binary(ty.as_bytes()), "{ty}");
        }
    }

    #[test]
    fn the_last_type_of_a_name_counts() {
        let mut buf = br#"{"a":"blob","b":"text","a":{"x":1},"b":"blob","c":null}"#.to_vec();
        crate::json::pad(&mut buf);
        let mut types = std::collections::BTreeMap::new();
        each_type(&buf, 0, |name, ty| _ = types.insert(name.to_vec(), is_binary(ty))).unwrap();
        let expected = [(b"a", false), (b"b", true), (b"c", false)].map(|(name, binary)| (name.to_vec(), binary));
        assert_eq!(types, expected.into());
    }

    #[test]
    fn one_character_per_byte() {
        let mut out = Vec::new();
        latin1("\\u0000a\u{e4}\u{ff}\\u00e4".as_bytes(), &mut out).unwrap();
        assert_eq!(out, [0, b'a', 0xE4, 0xFF, 0xE4]);
        assert_eq!(latin1("中".as_bytes(), &mut out), Err(Fault::Bad));
    }
}
