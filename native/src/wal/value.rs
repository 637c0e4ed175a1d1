//! Values as the server's log has them, as the texts that full data selects.

use super::array::{self, Element};
use crate::json::write::{Output, Style};
use crate::snapshot::catalogue::Column;
use crate::snapshot::postgres::copy::hexadecimal;
use crate::snapshot::postgres::types::{ColumnType, Selected};

/// How a column's values are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// As they are.
    Plain,
    /// Bytes, of which each is a character.
    Bytes,
    /// Truth values as 1 and 0.
    Flag,
    /// Points of time, which come with the zone of the session, which is UTC.
    Utc,
    /// Without the blanks at the end.
    Unpadded,
    /// Money, with so many digits behind the point.
    Amount(u32),
    /// Arrays as JSON.
    Json(Element),
}

impl Form {
    /// Of a column that full data selects so.
    pub fn of(selected: Selected, ty: &ColumnType, column: &Column, money_scale: u32) -> Form {
        match selected {
            Selected::Plain if column.is_binary() => Form::Bytes,
            Selected::Plain => Form::Plain,
            Selected::Number => Form::Flag,
            Selected::Utc => Form::Utc,
            Selected::Unpadded => Form::Unpadded,
            Selected::Amount => Form::Amount(money_scale),
            Selected::Json => Form::Json(match ty.name.as_str() {
                "int2" | "int4" | "int8" => Element::Number,
                "bool" => Element::Flag,
                _ => Element::Text,
            }),
        }
    }

    /// Writes a value as a JSON string. `scratch` is kept for the next one.
    ///
    /// # Errors
    /// It is none of such a column's.
    #[inline]
    pub fn write(self, text: &[u8], to: &mut Output, scratch: &mut Vec<u8>) -> Result<(), &'static str> {
        scratch.clear();
        let text = match self {
            Form::Plain => text,
            Form::Bytes => {
                hexadecimal(text.strip_prefix(b"\\x").ok_or("it is no bytea in hexadecimal")?, scratch)?;
                to.latin1_string(scratch, Style::Fastjson);
                return Ok(());
            }
            Form::Flag => match text {
                b"t" => b"1",
                b"f" => b"0",
                _ => return Err("it is neither true nor false"),
            },
            Form::Utc => without_zone(text, scratch),
            Form::Unpadded => without_blanks(text),
            Form::Amount(scale) => {
                amount(text, scale as usize, scratch)?;
                scratch
            }
            Form::Json(element) => {
                array::json(text, element, scratch)?;
                scratch
            }
        };
        to.string(text, Style::Fastjson).map_err(|_| "it is not UTF-8")
    }
}

fn without_blanks(text: &[u8]) -> &[u8] {
    let len = text.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
    &text[..len]
}

/// `2024-01-01 00:00:00+00`, `0044-03-15 12:00:00+00 BC`, `infinity`.
fn without_zone<'t>(text: &'t [u8], scratch: &'t mut Vec<u8>) -> &'t [u8] {
    if let Some(plain) = text.strip_suffix(b"+00") {
        return plain;
    }
    match text.strip_suffix(b"+00 BC") {
        Some(plain) => {
            scratch.extend_from_slice(plain);
            scratch.extend_from_slice(b" BC");
            scratch
        }
        None => text,
    }
}

/// `-$1,234.50` of a session whose `lc_monetary` is C, where the last two digits stand behind the point, whatever they are worth.
fn amount(text: &[u8], scale: usize, to: &mut Vec<u8>) -> Result<(), &'static str> {
    let digits: Vec<u8> = text.iter().copied().filter(u8::is_ascii_digit).collect();
    if digits.is_empty() {
        return Err("it is no amount of money");
    }
    let first = digits.iter().position(|digit| *digit != b'0').unwrap_or(digits.len());
    let significant = &digits[first..];
    let padding = (scale + 1).saturating_sub(significant.len());
    let digits: Vec<u8> = std::iter::repeat_n(b'0', padding).chain(significant.iter().copied()).collect();
    if text.contains(&b'-') {
        to.push(b'-');
    }
    let (whole, fraction) = digits.split_at(digits.len() - scale);
    to.extend_from_slice(whole);
    if scale > 0 {
        to.push(b'.');
        to.extend_from_slice(fraction);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(form: Form, text: &str) -> Result<String, &'static str> {
        let mut to = Output::new();
        form.write(text.as_bytes(), &mut to, &mut Vec::new())?;
        Ok(String::from_utf8(to.text().to_vec()).unwrap())
    }

    #[test]
    fn values_are_what_full_data_selects() {
        for (form, text, expected) in [
            (Form::Plain, "a\"b", r#""a\"b""#),
            (Form::Bytes, "\\x41ff00", r#""Aÿ\u0000""#),
            (Form::Bytes, "\\x", r#""""#),
            (Form::Flag, "t", r#""1""#),
            (Form::Flag, "f", r#""0""#),
            (Form::Utc, "2024-07-01 12:00:00.5+00", r#""2024-07-01 12:00:00.5""#),
            (Form::Utc, "0044-03-15 12:00:00+00 BC", r#""0044-03-15 12:00:00 BC""#),
            (Form::Utc, "infinity", r#""infinity""#),
            (Form::Unpadded, "  x   ", r#""  x""#),
            (Form::Unpadded, "   ", r#""""#),
            (Form::Amount(2), "-$92,233,720,368,547,758.08", r#""-92233720368547758.08""#),
            (Form::Amount(2), "$0.05", r#""0.05""#),
            (Form::Amount(0), "$12.34", r#""1234""#),
            (Form::Amount(3), "$12.34", r#""1.234""#),
            (Form::Amount(0), "$0.00", r#""0""#),
            (Form::Json(Element::Text), "{a,NULL}", r#""[\"a\",null]""#),
        ] {
            assert_eq!(written(form, text), Ok(expected.to_string()), "{form:?} {text}");
        }
    }

    #[test]
    fn what_is_no_value_is_refused() {
        for (form, text) in [
            (Form::Flag, "1"),
            (Form::Bytes, "4142"),
            (Form::Bytes, "\\x4"),
            (Form::Amount(2), "$"),
            (Form::Json(Element::Flag), "{"),
        ] {
            assert!(written(form, text).is_err(), "{form:?} {text}");
        }
    }
}
