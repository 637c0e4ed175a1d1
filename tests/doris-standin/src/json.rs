//! JSON as loads and replies need it: objects keep the order and the repetition of their keys, numbers their text.

use std::borrow::Cow;
use std::fmt;
use std::fmt::Write as _;

/// A JSON value.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Json {
    /// `null`.
    Null,
    /// `true`, `false`.
    Bool(bool),
    /// The number as it was written.
    Number(String),
    /// A string, unescaped.
    Text(String),
    /// An array.
    Array(Vec<Json>),
    /// Members in order; a key may come twice.
    Object(Vec<(String, Json)>),
}

/// Why a text is not JSON, and at which byte.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JsonError {
    /// simdjson's error number, which Doris puts into its error log.
    pub code: u8,
    /// What is wrong.
    pub text: &'static str,
    /// Byte offset.
    pub at: usize,
}

const STRUCTURE: (u8, &str) = (3, "The JSON document has an improper structure: missing or superfluous element");
const STRING: (u8, &str) = (5, "Problem while parsing a string");
const EMPTY: (u8, &str) = (13, "Empty: no JSON found");
const DEPTH: (u8, &str) = (4, "The JSON document was too deep");
const MAX_DEPTH: usize = 1024;

impl Json {
    /// Reads one value; only white space may follow it.
    pub fn parse(text: &[u8]) -> Result<Json, JsonError> {
        let mut reader = Reader::new(text);
        let value = reader.value()?;
        if reader.peek().is_some() {
            return Err(reader.fail(STRUCTURE));
        }
        Ok(value)
    }

    /// A member of an object by its exact name; of repeated ones the first.
    pub fn get(&self, key: &str) -> Option<&Json> {
        match self {
            Json::Object(members) => members.iter().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    /// An item of an array.
    pub fn item(&self, index: usize) -> Option<&Json> {
        match self {
            Json::Array(items) => items.get(index),
            _ => None,
        }
    }

    /// A string's text.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Json::Text(t) => Some(t),
            _ => None,
        }
    }

    /// A number as an i64.
    pub fn as_i64(&self) -> Option<i64> {
        match self {
            Json::Number(t) => t.parse().ok(),
            _ => None,
        }
    }

    /// A boolean.
    pub fn as_bool(&self) -> Option<bool> {
        match self {
            Json::Bool(b) => Some(*b),
            _ => None,
        }
    }

    /// An object from its members.
    pub fn object<K: Into<String>>(members: impl IntoIterator<Item = (K, Json)>) -> Json {
        Json::Object(members.into_iter().map(|(k, v)| (k.into(), v)).collect())
    }

    /// With four blanks a level, as Doris' load replies are written.
    pub fn pretty(&self) -> String {
        let mut out = String::new();
        self.write_pretty(&mut out, 0);
        out
    }

    fn write_pretty(&self, out: &mut String, depth: usize) {
        match self {
            Json::Object(members) if !members.is_empty() => {
                out.push_str("{\n");
                for (i, (key, value)) in members.iter().enumerate() {
                    out.push_str(&"    ".repeat(depth + 1));
                    write_string(out, key).and_then(|_| out.write_str(": ")).unwrap_or_default();
                    value.write_pretty(out, depth + 1);
                    out.push_str(if i + 1 < members.len() { ",\n" } else { "\n" });
                }
                out.push_str(&"    ".repeat(depth));
                out.push('}');
            }
            other => out.push_str(&other.to_string()),
        }
    }
}

impl From<&str> for Json {
    fn from(text: &str) -> Json {
        Json::Text(text.to_owned())
    }
}
impl From<String> for Json {
    fn from(text: String) -> Json {
        Json::Text(text)
    }
}
impl From<bool> for Json {
    fn from(value: bool) -> Json {
        Json::Bool(value)
    }
}
macro_rules! from_integer {
    ($($t:ty)*) => {$(
        impl From<$t> for Json {
            fn from(value: $t) -> Json {
                Json::Number(value.to_string())
            }
        }
    )*};
}
from_integer!(i32 i64 u16 u32 u64 usize);

fn write_string(out: &mut impl fmt::Write, text: &str) -> fmt::Result {
    out.write_char('"')?;
    let mut from = 0;
    for (i, b) in text.bytes().enumerate() {
        let escape = match b {
            b'"' => "\\\"",
            b'\\' => "\\\\",
            b'\n' => "\\n",
            b'\r' => "\\r",
            b'\t' => "\\t",
            8 => "\\b",
            12 => "\\f",
            0..=31 => "",
            _ => continue,
        };
        out.write_str(&text[from..i])?;
        if escape.is_empty() {
            write!(out, "\\u{b:04x}")?
        } else {
            out.write_str(escape)?
        }
        from = i + 1;
    }
    out.write_str(&text[from..])?;
    out.write_char('"')
}

/// Compact, as Doris prints a JSON column.
impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Null => f.write_str("null"),
            Json::Bool(b) => write!(f, "{b}"),
            Json::Number(n) => f.write_str(n),
            Json::Text(t) => write_string(f, t),
            Json::Array(items) => {
                f.write_char('[')?;
                for (i, item) in items.iter().enumerate() {
                    f.write_str(if i > 0 { "," } else { "" })?;
                    write!(f, "{item}")?;
                }
                f.write_char(']')
            }
            Json::Object(members) => {
                f.write_char('{')?;
                for (i, (key, value)) in members.iter().enumerate() {
                    f.write_str(if i > 0 { "," } else { "" })?;
                    write_string(f, key)?;
                    write!(f, ":{value}")?;
                }
                f.write_char('}')
            }
        }
    }
}

/// Reads values one after another from a text that may hold several.
pub struct Reader<'a> {
    text: &'a [u8],
    at: usize,
    depth: usize,
}

impl<'a> Reader<'a> {
    /// At the start of `text`.
    pub fn new(text: &'a [u8]) -> Reader<'a> {
        Reader { text, at: 0, depth: 0 }
    }

    /// The byte offset reached.
    pub fn offset(&self) -> usize {
        self.at
    }

    /// The next byte that is not white space, without taking it.
    pub fn peek(&mut self) -> Option<u8> {
        while let Some(&b) = self.text.get(self.at) {
            if !matches!(b, b' ' | b'\t' | b'\n' | b'\r') {
                return Some(b);
            }
            self.at += 1;
        }
        None
    }

    fn fail(&self, (code, text): (u8, &'static str)) -> JsonError {
        JsonError { code, text, at: self.at }
    }

    /// One value.
    pub fn value(&mut self) -> Result<Json, JsonError> {
        match self.peek() {
            None => Err(self.fail(if self.at == 0 || self.depth == 0 { EMPTY } else { STRUCTURE })),
            Some(b'{') => self.nested(Self::object),
            Some(b'[') => self.nested(Self::array),
            Some(b'"') => Ok(Json::Text(self.string()?.into_owned())),
            Some(b't') => self.word("true", Json::Bool(true)),
            Some(b'f') => self.word("false", Json::Bool(false)),
            Some(b'n') => self.word("null", Json::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            Some(_) => Err(self.fail(STRUCTURE)),
        }
    }

    fn nested(&mut self, read: fn(&mut Self) -> Result<Json, JsonError>) -> Result<Json, JsonError> {
        if self.depth >= MAX_DEPTH {
            return Err(self.fail(DEPTH));
        }
        self.depth += 1;
        self.at += 1;
        let value = read(self)?;
        self.depth -= 1;
        Ok(value)
    }

    fn object(&mut self) -> Result<Json, JsonError> {
        let mut members = Vec::new();
        if self.peek() == Some(b'}') {
            self.at += 1;
            return Ok(Json::Object(members));
        }
        loop {
            if self.peek() != Some(b'"') {
                return Err(self.fail(STRUCTURE));
            }
            let key = self.string()?.into_owned();
            self.expect(b':')?;
            members.push((key, self.value()?));
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b'}') => {
                    self.at += 1;
                    return Ok(Json::Object(members));
                }
                _ => return Err(self.fail(STRUCTURE)),
            }
        }
    }

    fn array(&mut self) -> Result<Json, JsonError> {
        let mut items = Vec::new();
        if self.peek() == Some(b']') {
            self.at += 1;
            return Ok(Json::Array(items));
        }
        loop {
            items.push(self.value()?);
            match self.peek() {
                Some(b',') => self.at += 1,
                Some(b']') => {
                    self.at += 1;
                    return Ok(Json::Array(items));
                }
                _ => return Err(self.fail(STRUCTURE)),
            }
        }
    }

    fn expect(&mut self, byte: u8) -> Result<(), JsonError> {
        if self.peek() != Some(byte) {
            return Err(self.fail(STRUCTURE));
        }
        self.at += 1;
        Ok(())
    }

    fn word(&mut self, word: &str, value: Json) -> Result<Json, JsonError> {
        if !self.text[self.at..].starts_with(word.as_bytes()) {
            return Err(self.fail(STRUCTURE));
        }
        self.at += word.len();
        Ok(value)
    }

    fn number(&mut self) -> Result<Json, JsonError> {
        let from = self.at;
        let digits = |r: &mut Self| {
            let start = r.at;
            while r.text.get(r.at).is_some_and(u8::is_ascii_digit) {
                r.at += 1;
            }
            r.at - start
        };
        if self.text[self.at] == b'-' {
            self.at += 1;
        }
        let leading_zero = self.text.get(self.at) == Some(&b'0');
        let whole = digits(self);
        let mut valid = whole > 0 && !(leading_zero && whole > 1);
        if self.text.get(self.at) == Some(&b'.') {
            self.at += 1;
            valid &= digits(self) > 0;
        }
        if let Some(b'e' | b'E') = self.text.get(self.at) {
            self.at += 1;
            if let Some(b'+' | b'-') = self.text.get(self.at) {
                self.at += 1;
            }
            valid &= digits(self) > 0;
        }
        if !valid {
            return Err(self.fail((9, "Problem while parsing a number")));
        }
        Ok(Json::Number(String::from_utf8_lossy(&self.text[from..self.at]).into_owned()))
    }

    /// A string; the next byte is its opening quote.
    fn string(&mut self) -> Result<Cow<'a, str>, JsonError> {
        self.at += 1;
        let from = self.at;
        let rest = &self.text[from..];
        let Some(end) = memchr::memchr2(b'"', b'\\', rest) else {
            return Err(self.fail((16, "A string is opened, but never closed.")));
        };
        if rest[..end].iter().any(|&b| b < 32) {
            return Err(self.fail((15, "Within strings, some characters must be escaped, found unescaped characters")));
        }
        if rest[end] == b'"' {
            self.at += end + 1;
            let text = simdutf8::basic::from_utf8(&rest[..end]);
            return text.map(Cow::Borrowed).map_err(|_| self.fail((10, "The input is not valid UTF-8")));
        }
        self.escaped_string(from).map(Cow::Owned)
    }

    fn escaped_string(&mut self, from: usize) -> Result<String, JsonError> {
        let mut out = Vec::new();
        self.at = from;
        loop {
            let Some(&b) = self.text.get(self.at) else {
                return Err(self.fail((16, "A string is opened, but never closed.")));
            };
            self.at += 1;
            match b {
                b'"' => break,
                b'\\' => self.escape(&mut out)?,
                0..=31 => return Err(self.fail(STRING)),
                _ => out.push(b),
            }
        }
        String::from_utf8(out).map_err(|_| self.fail((10, "The input is not valid UTF-8")))
    }

    fn escape(&mut self, out: &mut Vec<u8>) -> Result<(), JsonError> {
        let b = self.text.get(self.at).copied().unwrap_or(0);
        self.at += 1;
        out.push(match b {
            b'n' => b'\n',
            b't' => b'\t',
            b'r' => b'\r',
            b'b' => 8,
            b'f' => 12,
            b'"' | b'\\' | b'/' => b,
            b'u' => {
                let mut unit = self.hex4()? as u32;
                if (0xD800..0xDC00).contains(&unit) && self.text[self.at..].starts_with(b"\\u") {
                    self.at += 2;
                    let low = self.hex4()? as u32;
                    unit = 0x10000 + ((unit - 0xD800) << 10) + low.wrapping_sub(0xDC00);
                }
                let c = char::from_u32(unit).ok_or_else(|| self.fail(STRING))?;
                out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
                return Ok(());
            }
            _ => return Err(self.fail(STRING)),
        });
        Ok(())
    }

    fn hex4(&mut self) -> Result<u16, JsonError> {
        let digits = self.text.get(self.at..self.at + 4).and_then(|d| std::str::from_utf8(d).ok());
        let value = digits.and_then(|d| u16::from_str_radix(d, 16).ok()).ok_or_else(|| self.fail(STRING))?;
        self.at += 4;
        Ok(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_comes_back_as_it_was_written() {
        let text = r#"{"b":[1,2.50,-3e5],"a":{"x":null,"x":true},"s":"q\"\\\n","n":12345678901234567890123}"#;
        assert_eq!(Json::parse(text.as_bytes()).unwrap().to_string(), text);
        assert_eq!(Json::parse(br#""\u00e9\ud83d\ude00""#).unwrap(), Json::from("é😀"));
    }

    #[test]
    fn what_is_not_json_is_refused() {
        for text in
            ["", "{", "{\"a\"}", "[1,]", "01", "1.", "\"a", "{} {}", "nul", "\"\u{1}\"", "\"\\x\"", "\"\\ud800\""]
        {
            assert!(Json::parse(text.as_bytes()).is_err(), "{text:?} was read");
        }
        assert!(Json::parse("[".repeat(5000).as_bytes()).is_err());
    }
}
