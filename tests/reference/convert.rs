//! JSON node → value, by logical type, as flink-json's `JsonToRowDataConverters` does it.

use super::decimal::{Decimal, NotDecimal};
use super::float::{self, Parsed};
use super::json::Node;
use super::temporal;
use super::value::{Timestamp, Value};
use canal_native::schema::{Field, LogicalType, Root, TimestampFormat};
use std::collections::BTreeSet;

/// Why there is no value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// Flink's converter throws.
    Bad,
    /// What Flink does is not modelled here.
    Unmodelled(&'static str),
}

impl From<NotDecimal> for Trouble {
    fn from(not: NotDecimal) -> Trouble {
        match not {
            NotDecimal::Bad => Trouble::Bad,
            NotDecimal::Huge => Trouble::Unmodelled("a decimal exponent beyond all reason"),
        }
    }
}

type Conversion = Result<Value, Trouble>;

/// The settings that conversion depends on, and what it came across.
#[derive(Debug, Clone)]
pub struct Converter {
    pub timestamp: TimestampFormat,
    pub time_millis: bool,
    /// JSON fractions are exact: a DECIMAL is somewhere in the row.
    pub exact: bool,
    /// A bad value becomes NULL, at the innermost level.
    pub nulls: bool,
    /// Whether that happened.
    pub nulled: bool,
    /// A top-level timestamp has more digits than the compact layout of its type can hold.
    pub beyond_compact: bool,
    /// What Canal does not write, but Flink reads.
    pub odd: BTreeSet<&'static str>,
}

impl Converter {
    /// Flink's nullable wrapper: NULL for a member that is missing or null, and for a bad one where that is wanted.
    pub fn convert(&mut self, node: Option<&Node>, ty: &LogicalType) -> Conversion {
        let Some(node) = node.filter(|node| **node != Node::Null) else { return Ok(Value::Null) };
        if let Node::Text(text) = node {
            if !usual_form(text, &ty.root) {
                self.odd.insert("a text in an unusual form");
            }
        }
        match self.present(node, &ty.root) {
            Err(Trouble::Bad) if self.nulls => {
                self.nulled = true;
                Ok(Value::Null)
            }
            other => other,
        }
    }

    fn present(&mut self, node: &Node, root: &Root) -> Conversion {
        match root {
            Root::Null => Ok(Value::Null),
            Root::Boolean => self.boolean(node),
            Root::Tinyint => self.small(node, i8::MIN.into(), i8::MAX.into()).map(|v| Value::Tinyint(v as i8)),
            Root::Smallint => self.small(node, i16::MIN.into(), i16::MAX.into()).map(|v| Value::Smallint(v as i16)),
            Root::Integer | Root::IntervalYearMonth => {
                self.integer(node, i32::MIN.into(), i32::MAX.into()).map(|v| Value::Int(v as i32))
            }
            Root::Bigint | Root::IntervalDayTime => self.integer(node, i64::MIN, i64::MAX).map(Value::Bigint),
            Root::Float => self.float(node),
            Root::Double => self.double(node),
            Root::Decimal { precision, scale } => self.decimal(node, *precision, *scale),
            Root::Char | Root::Varchar => self.text(node).map(Value::Text),
            Root::Binary | Root::Varbinary => self.binary(node),
            Root::Date | Root::TimeWithoutTimeZone { .. } => self.day_or_time(node, root),
            Root::TimestampWithoutTimeZone { .. } => self.stamp(node, false).map(Value::Timestamp),
            Root::TimestampWithLocalTimeZone { .. } => self.stamp(node, true).map(Value::Instant),
            Root::Array { element } => match node {
                Node::Array(items) => self.array(items, element),
                _ => Err(Trouble::Bad),
            },
            Root::Map { value, .. } => self.map(node, value),
            Root::Multiset { .. } => self.map(node, &LogicalType { root: Root::Integer, nullable: false }),
            Root::Row { fields } => match node {
                Node::Object(_) => self.row(node, fields).map(Value::Row),
                _ => Err(Trouble::Bad),
            },
        }
    }

    /// The columns `fields` of the object `node`.
    pub fn row(&mut self, node: &Node, fields: &[Field]) -> Result<Vec<Value>, Trouble> {
        fields.iter().map(|field| self.convert(node.get(&field.name), &field.ty)).collect()
    }

    fn array(&mut self, items: &[Node], element: &LogicalType) -> Conversion {
        items.iter().map(|item| self.convert(Some(item), element)).collect::<Result<_, _>>().map(Value::Array)
    }

    /// What is not an object gives an empty map.
    fn map(&mut self, node: &Node, value: &LogicalType) -> Conversion {
        let Node::Object(members) = node else {
            self.odd.insert("a map that is not an object");
            return Ok(Value::Map(Default::default()));
        };
        let entries = members.iter().map(|(key, node)| Ok((key.clone(), self.convert(Some(node), value)?)));
        entries.collect::<Result<_, _>>().map(Value::Map)
    }

    /// Jackson's `asText()`: nothing for containers.
    pub fn scalar_text(&mut self, node: &Node) -> Result<String, Trouble> {
        Ok(match node {
            Node::Text(text) => text.clone(),
            Node::Boolean(value) => value.to_string(),
            Node::Integer(digits) => digits.clone(),
            Node::Fraction(digits) => self.fraction(digits)?.text(),
            Node::Null => "null".into(),
            Node::Array(_) | Node::Object(_) => String::new(),
        })
    }

    fn fraction(&mut self, digits: &str) -> Result<Fraction, Trouble> {
        let double: f64 = digits.parse().expect("a JSON number");
        if self.exact && double.is_finite() {
            return Ok(Fraction::Exact(Decimal::parse(digits)?.stripped()));
        }
        Ok(Fraction::Double(double))
    }

    fn boolean(&mut self, node: &Node) -> Conversion {
        if let Node::Boolean(value) = node {
            return Ok(Value::Boolean(*value));
        }
        let text = self.scalar_text(node)?;
        Ok(Value::Boolean(trim(&text).eq_ignore_ascii_case("true")))
    }

    /// TINYINT and SMALLINT: always by way of the text.
    fn small(&mut self, node: &Node, min: i64, max: i64) -> Result<i64, Trouble> {
        let text = self.scalar_text(node)?;
        parse_integer(&text, min, max)
    }

    /// INT and BIGINT: a number is truncated if it lies between `min` and `max`.
    fn integer(&mut self, node: &Node, min: i64, max: i64) -> Result<i64, Trouble> {
        if let Node::Fraction(digits) = node {
            let truncated = match self.fraction(digits)? {
                Fraction::Exact(decimal) => decimal.truncated_within(min, max),
                Fraction::Double(double) => (min as f64 <= double && double <= max as f64).then_some(double as i64),
            };
            if let Some(value) = truncated {
                return Ok(value);
            }
        }
        let text = self.scalar_text(node)?;
        parse_integer(&text, min, max)
    }

    fn double(&mut self, node: &Node) -> Conversion {
        if let Node::Fraction(digits) = node {
            if let Fraction::Double(double) = self.fraction(digits)? {
                return Ok(Value::Double(double.to_bits()));
            }
        }
        let text = self.scalar_text(node)?;
        match float::double(&text) {
            Parsed::Number(value) => Ok(Value::Double(value.to_bits())),
            Parsed::Bad => Err(bad_unless_digits(&text)),
            Parsed::Hexadecimal => Err(Trouble::Unmodelled("a hexadecimal number")),
        }
    }

    fn float(&mut self, node: &Node) -> Conversion {
        if let Node::Fraction(digits) = node {
            if let Fraction::Double(double) = self.fraction(digits)? {
                return Ok(Value::Float((double as f32).to_bits()));
            }
        }
        let text = self.scalar_text(node)?;
        match float::float(&text) {
            Parsed::Number(value) => Ok(Value::Float(value.to_bits())),
            Parsed::Bad => Err(bad_unless_digits(&text)),
            Parsed::Hexadecimal => Err(Trouble::Unmodelled("a hexadecimal number")),
        }
    }

    /// Not trimmed. NULL if there are more digits than the type has.
    fn decimal(&mut self, node: &Node, precision: u8, scale: u8) -> Conversion {
        let text = self.scalar_text(node)?;
        let decimal = match Decimal::parse(&text) {
            Err(NotDecimal::Bad) => return Err(bad_unless_digits(&text)),
            other => other?,
        };
        Ok(decimal.fit(precision, scale).map_or(Value::Null, Value::Decimal))
    }

    /// Containers become compact JSON.
    pub fn text(&mut self, node: &Node) -> Result<String, Trouble> {
        match node {
            Node::Array(_) | Node::Object(_) => {
                self.odd.insert("a container read as text");
                let mut text = String::new();
                self.write_json(node, &mut text)?;
                Ok(text)
            }
            Node::Fraction(_) => {
                self.odd.insert("a fraction read as text");
                self.scalar_text(node)
            }
            _ => self.scalar_text(node),
        }
    }

    fn write_json(&mut self, node: &Node, out: &mut String) -> Result<(), Trouble> {
        match node {
            Node::Text(text) => quote(text, out),
            Node::Fraction(digits) => match self.fraction(digits)? {
                Fraction::Double(double) if double.is_infinite() => quote(&Fraction::Double(double).text(), out),
                fraction => out.push_str(&fraction.text()),
            },
            Node::Array(items) => {
                out.push('[');
                for (i, item) in items.iter().enumerate() {
                    out.push_str(if i == 0 { "" } else { "," });
                    self.write_json(item, out)?;
                }
                out.push(']');
            }
            Node::Object(members) => {
                out.push('{');
                for (i, (key, value)) in members.iter().enumerate() {
                    out.push_str(if i == 0 { "" } else { "," });
                    quote(key, out);
                    out.push(':');
                    self.write_json(value, out)?;
                }
                out.push('}');
            }
            scalar => out.push_str(&self.scalar_text(scalar)?),
        }
        Ok(())
    }

    /// What is not a string gives NULL.
    fn binary(&mut self, node: &Node) -> Conversion {
        match node {
            Node::Text(text) => super::base64::decode(text).map(Value::Bytes).ok_or(Trouble::Bad),
            _ => Ok(Value::Null),
        }
    }

    fn day_or_time(&mut self, node: &Node, root: &Root) -> Conversion {
        let text = self.scalar_text(node)?;
        let value = match root {
            // Flink casts the day to an int, so absurd years wrap.
            Root::Date => temporal::date(&text).map(|day| Value::Date(day as i32)),
            _ => temporal::time(&text, self.time_millis).map(Value::Time),
        };
        value.ok_or(Trouble::Bad)
    }

    fn stamp(&mut self, node: &Node, zulu: bool) -> Result<Timestamp, Trouble> {
        let text = self.scalar_text(node)?;
        let stamp = match self.timestamp {
            TimestampFormat::Sql => temporal::timestamp_sql(&text, zulu),
            TimestampFormat::Iso8601 => temporal::timestamp_iso(&text, zulu),
        };
        stamp.ok_or(Trouble::Bad)
    }
}

enum Fraction {
    Exact(Decimal),
    Double(f64),
}

impl Fraction {
    fn text(&self) -> String {
        match self {
            Fraction::Exact(decimal) => decimal.text(),
            Fraction::Double(double) => float::java_text(*double, false),
        }
    }
}

/// `String.trim()`
pub fn trim(text: &str) -> &str {
    text.trim_matches(|c| c <= ' ')
}

/// `Integer.parseInt` and its like, after `trim()`.
fn parse_integer(text: &str, min: i64, max: i64) -> Result<i64, Trouble> {
    let text = trim(text);
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(bad_unless_digits(text));
    }
    let value: i64 = text.parse().map_err(|_| Trouble::Bad)?;
    if (min..=max).contains(&value) { Ok(value) } else { Err(Trouble::Bad) }
}

/// Whether `text` is of the form that Canal writes for a column of this type; Flink reads more than that.
fn usual_form(text: &str, root: &Root) -> bool {
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    let unsigned = text.strip_prefix('-').unwrap_or(text);
    let decimal = |t: &str| t.split_once('.').map_or(digits(t), |(whole, fraction)| digits(whole) && digits(fraction));
    let shaped = |t: &str, shape: &str| {
        t.len() == shape.len()
            && t.bytes().zip(shape.bytes()).all(|(b, s)| if s == b'0' { b.is_ascii_digit() } else { b == s })
    };
    let date = |t: &str| shaped(t, "0000-00-00") && temporal::date(t).is_some();
    let time = |t: &str| {
        let (seconds, fraction) = t.split_once('.').unwrap_or((t, "0"));
        shaped(seconds, "00:00:00") && !seconds.starts_with("24") && digits(fraction)
    };
    match root {
        Root::Boolean => matches!(text, "0" | "1" | "true" | "false"),
        Root::Tinyint
        | Root::Smallint
        | Root::Integer
        | Root::Bigint
        | Root::IntervalYearMonth
        | Root::IntervalDayTime => digits(unsigned),
        Root::Float | Root::Double => {
            let (mantissa, exponent) = unsigned.split_once('E').unwrap_or((unsigned, "0"));
            decimal(mantissa) && digits(exponent.strip_prefix('-').unwrap_or(exponent))
        }
        Root::Decimal { .. } => decimal(unsigned),
        Root::Char | Root::Varchar => true,
        Root::Binary | Root::Varbinary => {
            let bytes = text.trim_end_matches('=');
            text.len() % 4 == 0 && bytes.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'+' || b == b'/')
        }
        Root::Date => date(text),
        Root::TimeWithoutTimeZone { .. } => time(text),
        Root::TimestampWithoutTimeZone { .. } | Root::TimestampWithLocalTimeZone { .. } => {
            let separated = text.get(..10).is_some_and(date) && matches!(text.as_bytes().get(10), Some(b' ' | b'T'));
            separated && text.get(11..).is_some_and(|t| time(t.strip_suffix('Z').unwrap_or(t)))
        }
        _ => false,
    }
}

/// Java reads decimal digits of every script; here they are not modelled.
fn bad_unless_digits(text: &str) -> Trouble {
    if text.chars().any(|c| !c.is_ascii() && c.is_numeric()) {
        return Trouble::Unmodelled("digits that are not ASCII");
    }
    Trouble::Bad
}

fn quote(text: &str, out: &mut String) {
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\u{8}' => out.push_str("\\b"),
            '\t' => out.push_str("\\t"),
            '\n' => out.push_str("\\n"),
            '\u{c}' => out.push_str("\\f"),
            '\r' => out.push_str("\\r"),
            '\0'..='\u{1f}' => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            _ => out.push(c),
        }
    }
    out.push('"');
}
