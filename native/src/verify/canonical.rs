//! The form in which cells are compared: equal values of a Doris column have one text, whichever side printed them. docs/verify.md has the table.

use crate::doris::table::DorisType;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fmt::Write;
use std::net::{Ipv4Addr, Ipv6Addr};

/// What may be chosen about comparing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct Comparing {
    /// FLOAT and DOUBLE are equal that have these significant digits in common; None: all bits.
    pub float_digits: Option<u8>,
    /// Points of time are equal that have these digits of their seconds' fraction in common, 0 to 6; None: all.
    pub time_digits: Option<u8>,
    /// JSON is compared as text, not by value.
    pub json_text: bool,
    /// Blanks at the end of any text count for nothing, not only of a CHAR.
    pub ignore_trailing_blanks: bool,
    /// A text of nothing is NULL, as Oracle has it.
    pub empty_is_null: bool,
}

impl Comparing {
    /// What of it holds for a key: of a key that is cut there might be two.
    pub fn of_key(self) -> Comparing {
        Comparing { json_text: self.json_text, ..Comparing::default() }
    }
}

/// Whether a cell counts as NULL.
pub fn is_null(ty: &DorisType, text: &[u8], comparing: Comparing) -> bool {
    let blanks_count = !matches!(ty, DorisType::Char(_)) && !comparing.ignore_trailing_blanks;
    comparing.empty_is_null && ty.is_text() && text.iter().all(|byte| *byte == b' ' && !blanks_count)
}

/// Whether values of a type can be compared.
pub fn is_comparable(ty: &DorisType) -> bool {
    !matches!(
        ty,
        DorisType::Array(_)
            | DorisType::Map(..)
            | DorisType::Struct(_)
            | DorisType::Variant
            | DorisType::Bitmap
            | DorisType::Hll
            | DorisType::Other(_)
    )
}

/// Appends a cell's canonical text. What is no value of the type is kept as it is: it equals nothing but itself.
pub fn append(ty: &DorisType, text: &[u8], comparing: Comparing, out: &mut Vec<u8>) {
    let Ok(value) = std::str::from_utf8(text) else { return out.extend_from_slice(text) };
    let canonical = match ty {
        DorisType::Boolean => boolean(value).map(str::to_string),
        DorisType::TinyInt | DorisType::SmallInt | DorisType::Int | DorisType::BigInt | DorisType::LargeInt => {
            decimal(value, 0)
        }
        DorisType::Decimal { scale, .. } => decimal(value, *scale),
        DorisType::Float => value.parse::<f32>().ok().map(|value| float(value, comparing)),
        DorisType::Double => value.parse::<f64>().ok().map(|value| double(value, comparing)),
        DorisType::DateTime { .. } => Some(datetime(value, comparing.time_digits)),
        DorisType::Char(_) => Some(value.trim_end_matches(' ').to_string()),
        DorisType::Varchar(_) | DorisType::String if comparing.ignore_trailing_blanks => {
            Some(value.trim_end_matches(' ').to_string())
        }
        DorisType::Json if !comparing.json_text => serde_json::from_str(value).ok().map(|value| json(&value)),
        DorisType::Ipv4 => value.parse::<Ipv4Addr>().ok().map(|ip| ip.to_string()),
        DorisType::Ipv6 => value.parse::<Ipv6Addr>().ok().map(|ip| ip.to_string()),
        _ => return out.extend_from_slice(text),
    };
    match canonical {
        Some(canonical) => out.extend_from_slice(canonical.as_bytes()),
        None => out.extend_from_slice(text),
    }
}

/// A cell's canonical text, for what is not in the way of every row.
pub fn of(ty: &DorisType, text: &[u8], comparing: Comparing) -> Vec<u8> {
    let mut out = Vec::with_capacity(text.len());
    append(ty, text, comparing, &mut out);
    out
}

fn boolean(text: &str) -> Option<&'static str> {
    match text {
        "1" | "true" | "TRUE" => Some("1"),
        "0" | "false" | "FALSE" => Some("0"),
        _ => None,
    }
}

/// Plain notation: no sign but a minus, no zeros before the number, as many digits behind the point as `scale` says; what is longer is kept.
fn decimal(text: &str, scale: u8) -> Option<String> {
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.len() + fraction.len() == 0 || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let (whole, fraction) = (whole.trim_start_matches('0'), fraction.trim_end_matches('0'));
    let mut out = String::with_capacity(text.len() + 2);
    if negative && !(whole.is_empty() && fraction.is_empty()) {
        out.push('-');
    }
    out.push_str(if whole.is_empty() { "0" } else { whole });
    if scale > 0 || !fraction.is_empty() {
        let width = usize::from(scale);
        let _ = write!(out, ".{fraction:0<width$}");
    }
    Some(out)
}

fn float(value: f32, comparing: Comparing) -> String {
    match comparing.float_digits {
        Some(digits) => digits_of(value.into(), digits),
        None => format!("{value:?}"),
    }
}

fn double(value: f64, comparing: Comparing) -> String {
    match comparing.float_digits {
        Some(digits) => digits_of(value, digits),
        // The shortest text that is this value: one for each, but for NaNs.
        None => format!("{value:?}"),
    }
}

fn digits_of(value: f64, digits: u8) -> String {
    format!("{value:.*e}", usize::from(digits.max(1) - 1))
}

/// `2024-01-31 10:20:30.5`: a fraction of so many digits at most, without zeros at its end; midnight where there is no time.
fn datetime(text: &str, digits: Option<u8>) -> String {
    let kept = |digits: u8| Some(text.find('.')? + 1 + usize::from(digits));
    let text = digits.and_then(kept).and_then(|end| text.get(..end)).unwrap_or(text);
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text };
    if text.len() == "2024-01-31".len() { format!("{text} 00:00:00") } else { text.replacen('T', " ", 1) }
}

/// Members in the order of their names, no blanks, numbers by value: whole ones as integers, others as the double that is nearest.
fn json(value: &Value) -> String {
    let mut out = String::new();
    append_json(value, &mut out);
    out
}

fn append_json(value: &Value, out: &mut String) {
    match value {
        Value::Object(members) => {
            let mut names: Vec<&String> = members.keys().collect();
            names.sort_unstable();
            out.push('{');
            for (i, name) in names.into_iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                let _ = write!(out, "{}:", Value::from(name.as_str()));
                append_json(&members[name], out);
            }
            out.push('}');
        }
        Value::Array(items) => {
            out.push('[');
            for (i, item) in items.iter().enumerate() {
                out.push_str(if i > 0 { "," } else { "" });
                append_json(item, out);
            }
            out.push(']');
        }
        Value::Number(number) => match number.as_f64() {
            // Doubles are exact up to there.
            Some(value) if number.is_f64() && value.fract() == 0.0 && value.abs() <= 9_007_199_254_740_992.0 => {
                let _ = write!(out, "{}", value as i64);
            }
            Some(value) if number.is_f64() => {
                let _ = write!(out, "{value:?}");
            }
            _ => {
                let _ = write!(out, "{number}");
            }
        },
        other => {
            let _ = write!(out, "{other}");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn canonical(ty: &str, text: &str) -> String {
        String::from_utf8(of(&DorisType::parse(ty), text.as_bytes(), Comparing::default())).unwrap()
    }

    /// What two servers may print for one value.
    #[test]
    fn equal_values_have_one_text() {
        for (ty, source, target) in [
            ("boolean", "true", "1"),
            ("boolean", "0", "false"),
            ("tinyint", "-5", "-05"),
            ("bigint", "+7", "7"),
            ("largeint", "18446744073709551615", "18446744073709551615"),
            ("int", "-0", "0"),
            ("decimal(10,2)", "1.5", "1.50"),
            ("decimal(10,2)", "-0.00", "0.00"),
            ("decimal(10,2)", ".5", "0.5"),
            ("decimal(10,0)", "7.000", "7"),
            ("float", "0.1", "0.100000001490116"),
            ("float", "1e10", "10000000000"),
            ("double", "1e20", "1E+20"),
            ("double", "-0.0", "-0"),
            ("datetime(6)", "2024-01-31 10:20:30.5", "2024-01-31 10:20:30.500000"),
            ("datetime", "2024-01-31 00:00:00", "2024-01-31"),
            ("datetime(3)", "2024-01-31 10:20:30", "2024-01-31 10:20:30.000"),
            ("char(5)", "ab", "ab   "),
            ("json", r#"{"b": 1, "a": [1.0, null]}"#, r#"{"a":[1,null],"b":1}"#),
            ("json", "2.50", "2.5"),
            ("json", r#""\u00fc""#, r#""ü""#),
            ("ipv4", "10.0.0.1", "10.0.0.1"),
            ("ipv6", "0:0::1", "::1"),
        ] {
            assert_eq!(canonical(ty, source), canonical(ty, target), "{ty}: {source} and {target}");
        }
    }

    #[test]
    fn different_values_have_different_texts() {
        for (ty, one, other) in [
            ("boolean", "1", "0"),
            ("int", "1", "10"),
            ("int", "1", "-1"),
            ("decimal(10,2)", "1.05", "1.5"),
            ("decimal(10,2)", "0.01", "-0.01"),
            ("float", "0.1", "0.10000001"),
            ("double", "0.1", "0.10000000000000002"),
            ("double", "0", "-0"),
            ("date", "2024-01-31", "2024-01-30"),
            ("datetime(6)", "2024-01-31 10:20:30.000001", "2024-01-31 10:20:30"),
            ("datetime", "2024-01-31 10:20:30", "2024-01-31 10:20:00"),
            ("varchar(9)", "a", "A"),
            ("varchar(9)", "a", "a "),
            ("varchar(9)", "1", "01"),
            ("varchar(9)", "", "0"),
            ("string", "é", "e\u{301}"),
            ("json", "1", r#""1""#),
            ("json", r#"{"a":null}"#, "{}"),
            ("json", "[1,2]", "[2,1]"),
            ("json", "9007199254740993", "9007199254740992"),
        ] {
            assert_ne!(canonical(ty, one), canonical(ty, other), "{ty}: {one} and {other}");
        }
    }

    #[test]
    fn what_may_be_chosen() {
        let digits = |digits| Comparing { float_digits: Some(digits), ..Comparing::default() };
        let float = |text: &str, digits_: u8| of(&DorisType::Float, text.as_bytes(), digits(digits_));
        assert_eq!(float("3.14159274", 6), float("3.14159", 6));
        assert_ne!(float("3.14159274", 7), float("3.14159", 7));
        let text = Comparing { json_text: true, ..Comparing::default() };
        assert_ne!(of(&DorisType::Json, b"[1, 2]", text), of(&DorisType::Json, b"[1,2]", text));
        let time = |text: &str, digits| {
            let comparing = Comparing { time_digits: Some(digits), ..Comparing::default() };
            String::from_utf8(of(&DorisType::DateTime { scale: 6 }, text.as_bytes(), comparing)).unwrap()
        };
        assert_eq!(time("2024-01-31 10:20:30.125999", 3), "2024-01-31 10:20:30.125");
        assert_eq!(time("2024-01-31 10:20:30.120", 3), "2024-01-31 10:20:30.12");
        assert_eq!(time("2024-01-31 10:20:30.999", 0), time("2024-01-31 10:20:30", 0));
        let blanks = Comparing { ignore_trailing_blanks: true, ..Comparing::default() };
        assert_eq!(of(&DorisType::String, b" a  ", blanks), b" a");
        assert_eq!(of(&DorisType::String, b" a  ", Comparing::default()), b" a  ");
    }

    #[test]
    fn texts_of_nothing() {
        let (varchar, char, comparing) = (DorisType::Varchar(9), DorisType::Char(9), Comparing::default());
        let empty = Comparing { empty_is_null: true, ..comparing };
        let both = Comparing { ignore_trailing_blanks: true, ..empty };
        let null = |ty: &DorisType, text: &str| [comparing, empty, both].map(|c| is_null(ty, text.as_bytes(), c));
        assert_eq!(null(&varchar, ""), [false, true, true]);
        assert_eq!(null(&varchar, "  "), [false, false, true]);
        assert_eq!(null(&char, "  "), [false, true, true]);
        assert_eq!(null(&varchar, "a"), [false; 3]);
        assert_eq!(null(&DorisType::Json, ""), [false; 3]);
    }

    #[test]
    fn what_is_no_value_equals_itself_only() {
        for ty in ["boolean", "int", "decimal(9,2)", "double", "json", "ipv4"] {
            assert_eq!(canonical(ty, "no value"), "no value", "{ty}");
        }
        assert_eq!(of(&DorisType::Int, b"\xFF", Comparing::default()), b"\xFF");
        assert!(!is_comparable(&DorisType::parse("array<int>")) && is_comparable(&DorisType::parse("json")));
    }
}
