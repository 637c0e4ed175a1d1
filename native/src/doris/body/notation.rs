//! Values as text: in a JSON body, in a CSV body, and inside nested values.

use super::bad::BadValue;
use super::value::{BinaryText, Value};
use crate::json::write::{NotUtf8, Output, Style};
use crate::row::read::Stamp;
use crate::schema::FloatText;
use crate::text::datetime::{self, Fraction};
use crate::text::decimal::{self, Form};
use crate::text::float;

impl From<NotUtf8> for BadValue {
    fn from(_: NotUtf8) -> BadValue {
        BadValue::NotUtf8
    }
}

/// How values stand in a text.
pub(super) trait Notation {
    /// Dates and times are in quotes.
    const TIMES_QUOTED: bool;
    /// Numbers with a point are in quotes.
    const FRACTIONS_QUOTED: bool;

    /// A text, with all that marks it as one.
    fn text(&self, out: &mut Output, text: &[u8]) -> Result<(), BadValue>;

    /// What stands for NULL.
    fn null(&self, out: &mut Output);

    /// A decimal.
    #[inline(always)]
    fn decimal(&self, out: &mut Output, unscaled: i128, scale: u8) {
        quoted(out, Self::FRACTIONS_QUOTED, |out| decimal::write(out, unscaled, scale, Form::Plain));
    }

    /// A wall clock of the years 0 to 9999.
    #[inline(always)]
    fn stamp(&self, out: &mut Output, stamp: Stamp) {
        quoted(out, Self::TIMES_QUOTED, |out| {
            // In range: it was checked when it was read.
            let _ = datetime::stamp(out, stamp, b' ', Fraction::Needed);
        });
    }

    /// A day of the years 0 to 9999.
    #[inline(always)]
    fn date(&self, out: &mut Output, day: i32) {
        quoted(out, Self::TIMES_QUOTED, |out| datetime::date(out, day));
    }

    /// A finite number.
    #[inline(always)]
    fn double(&self, out: &mut Output, value: f64) {
        quoted(out, Self::FRACTIONS_QUOTED, |out| {
            // The shortest text is always known.
            let _ = float::double(out, value, FloatText::Shortest);
        });
    }

    /// The same, of 32 bits.
    #[inline(always)]
    fn float(&self, out: &mut Output, value: f32) {
        quoted(out, Self::FRACTIONS_QUOTED, |out| {
            let _ = float::float(out, value, FloatText::Shortest);
        });
    }

    /// `true` or `false`.
    #[inline(always)]
    fn boolean(&self, out: &mut Output, value: bool) {
        out.prefix(if value { b"true\0" } else { b"false" }, 5 - usize::from(value));
    }

    /// A value.
    fn value(&self, out: &mut Output, value: Value<'_>) -> Result<(), BadValue> {
        match value {
            Value::Text(text) => return self.text(out, text),
            Value::Int(value) => out.integer(value),
            Value::Decimal { unscaled, scale } => self.decimal(out, unscaled, scale),
            Value::Stamp(stamp) => self.stamp(out, stamp),
            Value::Double(value) => self.double(out, value),
            Value::Date(day) => self.date(out, day),
            Value::Bool(value) => self.boolean(out, value),
            Value::Float(value) => self.float(out, value),
            Value::Null => self.null(out),
            rare => return self.rare(out, rare),
        }
        Ok(())
    }

    #[inline(never)]
    fn rare(&self, out: &mut Output, value: Value<'_>) -> Result<(), BadValue> {
        match value {
            Value::Time(millis) => {
                let mut text = Output::new();
                datetime::time(&mut text, millis, true, Fraction::Needed).map_err(|_| BadValue::OutOfRange)?;
                self.text(out, text.text())
            }
            Value::Bytes(bytes, BinaryText::Hex) => self.text(out, &hex(bytes)),
            Value::Bytes(bytes, BinaryText::Base64) => {
                let mut text = Output::new();
                text.base64_string(bytes);
                let text = text.text();
                self.text(out, text.get(1..text.len() - 1).unwrap_or_default())
            }
            Value::Bytes(bytes, BinaryText::Utf8) => self.text(out, bytes),
            _ => Err(BadValue::Malformed),
        }
    }
}

#[inline(always)]
fn quoted(out: &mut Output, quotes: bool, write: impl FnOnce(&mut Output)) {
    if quotes {
        out.push(b'"');
    }
    write(out);
    if quotes {
        out.push(b'"');
    }
}

/// Two digits a byte, in upper case.
pub(super) fn hex(bytes: &[u8]) -> Vec<u8> {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    bytes.iter().flat_map(|b| [DIGITS[usize::from(b >> 4)], DIGITS[usize::from(b & 15)]]).collect()
}

/// A member of a row in a JSON body. Numbers with a point are strings: whatever reads the JSON, no digit is lost on the way
/// to the column.
pub(super) struct JsonBody;

impl Notation for JsonBody {
    const TIMES_QUOTED: bool = true;
    const FRACTIONS_QUOTED: bool = true;

    #[inline(always)]
    fn text(&self, out: &mut Output, text: &[u8]) -> Result<(), BadValue> {
        Ok(out.string(text, Style::Fastjson)?)
    }

    #[inline(always)]
    fn null(&self, out: &mut Output) {
        out.fixed(b"null");
    }
}

/// JSON that is kept as JSON or as text: numbers are numbers.
pub(super) struct JsonText;

impl Notation for JsonText {
    const TIMES_QUOTED: bool = true;
    const FRACTIONS_QUOTED: bool = false;

    fn text(&self, out: &mut Output, text: &[u8]) -> Result<(), BadValue> {
        Ok(out.string(text, Style::Fastjson)?)
    }

    fn null(&self, out: &mut Output) {
        out.fixed(b"null");
    }
}

/// The content of a text, without anything around it.
pub(super) struct Bare;

impl Notation for Bare {
    const TIMES_QUOTED: bool = false;
    const FRACTIONS_QUOTED: bool = false;

    fn text(&self, out: &mut Output, text: &[u8]) -> Result<(), BadValue> {
        simdutf8::basic::from_utf8(text).map_err(|_| BadValue::NotUtf8)?;
        out.raw(text);
        Ok(())
    }

    fn null(&self, out: &mut Output) {
        out.fixed(b"null");
    }
}

/// A field of a CSV body. Every text is enclosed, so that separators in it do not count, an empty one is not missing, and
/// `\N` is not NULL.
#[derive(Debug, Clone)]
pub(super) struct Csv {
    /// What texts are enclosed by, and what makes it and itself part of the text.
    pub enclosing: Option<(u8, u8)>,
    /// Bytes that texts may not hold if nothing encloses them.
    pub separating: [bool; 256],
    /// A row is this field alone: an empty one that nothing encloses is an empty line.
    pub lone: bool,
}

impl Notation for Csv {
    const TIMES_QUOTED: bool = false;
    const FRACTIONS_QUOTED: bool = false;

    #[inline(always)]
    fn text(&self, out: &mut Output, text: &[u8]) -> Result<(), BadValue> {
        if self.enclosing == Some((b'"', b'\\')) && out.quoted_plain(text, b'"') {
            return Ok(());
        }
        self.marked(out, text)
    }

    #[inline(always)]
    fn null(&self, out: &mut Output) {
        out.fixed(b"\\N");
    }
}

impl Csv {
    /// A text with something to escape, or beyond ASCII, or that is enclosed by other characters, or by none.
    #[inline(never)]
    fn marked(&self, out: &mut Output, text: &[u8]) -> Result<(), BadValue> {
        let Some((enclose, escape)) = self.enclosing else { return self.alone(out, text) };
        out.push(enclose);
        if text == b"\\N" && enclose != b'\\' && escape != b'\\' {
            // What is compared with NULL's text is not unescaped yet.
            out.push(escape);
        }
        escaped(out, text, enclose, escape)?;
        out.push(enclose);
        Ok(())
    }

    /// A text that nothing encloses.
    fn alone(&self, out: &mut Output, text: &[u8]) -> Result<(), BadValue> {
        let no_line = self.lone && text.is_empty();
        if no_line || text == b"\\N" || text.iter().any(|b| self.separating[usize::from(*b)]) {
            return Err(BadValue::NotEnclosed);
        }
        Bare.text(out, text)
    }
}

#[inline(never)]
fn escaped(out: &mut Output, mut text: &[u8], enclose: u8, escape: u8) -> Result<(), BadValue> {
    simdutf8::basic::from_utf8(text).map_err(|_| BadValue::NotUtf8)?;
    while let Some(at) = text.iter().position(|b| *b == enclose || *b == escape) {
        out.raw(&text[..at]);
        out.fixed(&[escape, text[at]]);
        text = &text[at + 1..];
    }
    out.raw(text);
    Ok(())
}

/// Inside Doris' text of an ARRAY, MAP or STRUCT.
///
/// Doris takes these texts apart at quotes of either kind; whether an escaped quote counts as one depends on version and
/// type (array, map and struct readers differ). What is between the quotes is unescaped afterwards. So a text is put into
/// the quotes that it does not contain, and only `\` needs an escape; a text with both kinds has no safe form.
pub(super) struct DorisText;

impl Notation for DorisText {
    const TIMES_QUOTED: bool = true;
    const FRACTIONS_QUOTED: bool = false;

    fn text(&self, out: &mut Output, text: &[u8]) -> Result<(), BadValue> {
        let (single, double) = (text.contains(&b'\''), text.contains(&b'"'));
        let (quote, other) = match (single, double) {
            (true, true) => return Err(BadValue::BothQuotes),
            (false, true) => (b'\'', b'"'),
            _ => (b'"', b'\''),
        };
        out.push(quote);
        // Some versions take quotes off twice: the first one of a text in quotes of its own is hidden by an escape.
        let own_quotes = text.len() > 1 && text.first() == Some(&other) && text.last() == Some(&other);
        let rest = if own_quotes { &text[1..] } else { text };
        if own_quotes {
            out.fixed(&[b'\\', other]);
        }
        escaped(out, rest, b'\\', b'\\')?;
        out.push(quote);
        Ok(())
    }

    fn null(&self, out: &mut Output) {
        out.fixed(b"null");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(notation: &impl Notation, text: &str) -> Result<String, BadValue> {
        let mut out = Output::new();
        notation.text(&mut out, text.as_bytes())?;
        Ok(String::from_utf8(out.text().to_vec()).unwrap())
    }

    #[test]
    fn nested_texts() {
        for (text, expected) in [
            ("a,b", r#""a,b""#),
            ("", r#""""#),
            ("null", r#""null""#),
            ("it's", r#""it's""#),
            ("say \"x\"", r#"'say "x"'"#),
            ("'x'", r#""\'x'""#),
            ("\"x\"", r#"'\"x"'"#),
            ("'", r#""'""#),
            ("a\\b\\", r#""a\\b\\""#),
            ("a\nb", "\"a\nb\""),
        ] {
            assert_eq!(written(&DorisText, text).unwrap(), expected);
        }
        assert_eq!(written(&DorisText, "it's \"x\""), Err(BadValue::BothQuotes));
    }

    #[test]
    fn csv_texts() {
        let csv = |enclosing| Csv { enclosing, separating: std::array::from_fn(|b| b == 1 || b == 2), lone: true };
        for (enclosing, text, expected) in [
            (Some((b'"', b'\\')), "", r#""""#),
            (Some((b'"', b'\\')), "\\N", r#""\\N""#),
            (Some((b'"', b'\\')), "a\u{1}b\u{2}\r\n", "\"a\u{1}b\u{2}\r\n\""),
            (Some((b'"', b'\\')), "long enough, \"then a quote\"", r#""long enough, \"then a quote\"""#),
            (Some((b'"', b'\\')), "é😀\"", "\"é😀\\\"\""),
            (Some((b'\'', b'^')), "it's ^ \"x\"\\", r#"'it^'s ^^ "x"\'"#),
            (Some((b'"', b'^')), "\\N", r#""^\N""#),
            (None, "a,b", "a,b"),
        ] {
            assert_eq!(written(&csv(enclosing), text).unwrap(), expected);
        }
        for text in ["\\N", "a\u{1}", "\u{2}", ""] {
            assert_eq!(written(&csv(None), text), Err(BadValue::NotEnclosed));
        }
    }

    #[test]
    fn only_utf8() {
        let mut out = Output::new();
        let csv = Csv { enclosing: Some((b'"', b'\\')), separating: [false; 256], lone: false };
        for text in [b"\xFF".as_slice(), b"plain, and then \xED\xA0\x80 not"] {
            assert_eq!(JsonBody.text(&mut out, text), Err(BadValue::NotUtf8));
            assert_eq!(csv.text(&mut out, text), Err(BadValue::NotUtf8));
            assert_eq!(DorisText.text(&mut out, text), Err(BadValue::NotUtf8));
            assert_eq!(Bare.text(&mut out, text), Err(BadValue::NotUtf8));
        }
    }
}
