//! One value of a row, its text as a MySQL client sees it, its order and its equality.

use crate::json::Json;
use std::cmp::Ordering;
use std::fmt;
use std::fmt::Write as _;
use std::hash::{Hash, Hasher};

/// A value. NULL sorts first.
#[derive(Clone, Debug)]
pub enum Cell {
    /// SQL NULL.
    Null,
    /// BOOLEAN.
    Bool(bool),
    /// TINYINT to LARGEINT.
    Int(i128),
    /// FLOAT.
    Float(f32),
    /// DOUBLE.
    Double(f64),
    /// DECIMAL.
    Decimal(Decimal),
    /// DATE, in days since 1970-01-01.
    Date(i32),
    /// DATETIME.
    DateTime(DateTime),
    /// CHAR, VARCHAR, STRING, and the types kept as text (IPv4, IPv6, BITMAP …).
    Text(String),
    /// JSON, VARIANT.
    Json(Box<Json>),
    /// ARRAY.
    Array(Vec<Cell>),
    /// MAP, in order of arrival.
    Map(Vec<(Cell, Cell)>),
    /// STRUCT: field names and values.
    Struct(Vec<(String, Cell)>),
}

/// `unscaled` × 10^-`scale`. Packed, so that a cell of any type takes 32 bytes and not 48: tests have tables of ten million rows.
#[derive(Clone, Copy, Debug)]
#[repr(Rust, packed(8))]
#[allow(missing_docs)]
pub struct Decimal {
    pub unscaled: i128,
    pub scale: u8,
}

/// A wall-clock time without zone: microseconds since 1970-01-01 00:00:00, printed with `scale` digits of fraction.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct DateTime {
    pub micros: i64,
    pub scale: u8,
}

/// Microseconds of a day.
pub const DAY_MICROS: i64 = 86_400_000_000;

const _: () = assert!(size_of::<Cell>() == 32);

impl Decimal {
    /// Without trailing zeros of the fraction, so that equal numbers look equal.
    pub fn normal(self) -> Decimal {
        let (mut unscaled, mut scale) = (self.unscaled, self.scale);
        while scale > 0 && unscaled % 10 == 0 {
            unscaled /= 10;
            scale -= 1;
        }
        Decimal { unscaled, scale }
    }

    /// The nearest double.
    pub fn to_f64(self) -> f64 {
        self.to_string().parse().unwrap_or(f64::NAN)
    }

    /// At another scale, rounded half away from zero; `None` if it does not fit i128.
    pub fn rescale(self, scale: u8) -> Option<Decimal> {
        if scale >= self.scale {
            let unscaled = self.unscaled.checked_mul(10i128.checked_pow((scale - self.scale) as u32)?)?;
            return Some(Decimal { unscaled, scale });
        }
        let Some(cut) = 10i128.checked_pow((self.scale - scale) as u32) else {
            return Some(Decimal { unscaled: 0, scale });
        };
        let (quotient, rest) = (self.unscaled / cut, self.unscaled % cut);
        let up = rest.unsigned_abs() >= (cut as u128).div_ceil(2);
        Some(Decimal { unscaled: if up { quotient + self.unscaled.signum() } else { quotient }, scale })
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.scale == 0 {
            return write!(f, "{}", { self.unscaled });
        }
        let digits = format!("{:0width$}", self.unscaled.unsigned_abs(), width = self.scale as usize + 1);
        let (whole, fraction) = digits.split_at(digits.len() - self.scale as usize);
        write!(f, "{}{whole}.{fraction}", if self.unscaled < 0 { "-" } else { "" })
    }
}

impl PartialEq for Decimal {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Decimal {}
impl PartialOrd for Decimal {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
impl Ord for Decimal {
    fn cmp(&self, other: &Self) -> Ordering {
        let scale = self.scale.max(other.scale);
        match (self.rescale(scale), other.rescale(scale)) {
            (Some(a), Some(b)) => { a.unscaled }.cmp(&{ b.unscaled }),
            _ => self.to_f64().total_cmp(&other.to_f64()),
        }
    }
}

impl DateTime {
    /// Midnight of a day.
    pub fn of_day(days: i32) -> DateTime {
        DateTime { micros: days as i64 * DAY_MICROS, scale: 0 }
    }

    /// Days since 1970-01-01.
    pub fn days(self) -> i32 {
        self.micros.div_euclid(DAY_MICROS) as i32
    }
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rest = self.micros.rem_euclid(DAY_MICROS);
        write_date(f, self.days())?;
        let seconds = rest / 1_000_000;
        write!(f, " {:02}:{:02}:{:02}", seconds / 3600, seconds / 60 % 60, seconds % 60)?;
        if self.scale > 0 {
            let fraction = rest % 1_000_000 / 10i64.pow(6 - self.scale.min(6) as u32);
            write!(f, ".{fraction:0width$}", width = self.scale.min(6) as usize)?;
        }
        Ok(())
    }
}

/// Year, month and day of a day number (proleptic Gregorian).
pub fn civil(days: i32) -> (i32, u32, u32) {
    let shifted = days as i64 + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_index = (5 * of_year + 2) / 153;
    let day = (of_year - (153 * month_index + 2) / 5 + 1) as u32;
    let month = if month_index < 10 { month_index + 3 } else { month_index - 9 } as u32;
    ((year_of_era + era * 400 + (month <= 2) as i64) as i32, month, day)
}

/// Day number of a date, or `None` if the calendar has no such day.
pub fn days_of(year: i32, month: u32, day: u32) -> Option<i32> {
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 => 28 + leap as u32,
        _ => return None,
    };
    if day == 0 || day > length {
        return None;
    }
    let y = year as i64 - (month <= 2) as i64;
    let era = y.div_euclid(400);
    let of_year = (153 * (month as i64 + if month > 2 { -3 } else { 9 }) + 2) / 5 + day as i64 - 1;
    let year_of_era = y.rem_euclid(400);
    let of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + of_year;
    Some((era * 146_097 + of_era - 719_468) as i32)
}

fn write_date(f: &mut fmt::Formatter<'_>, days: i32) -> fmt::Result {
    let (year, month, day) = civil(days);
    write!(f, "{year:04}-{month:02}-{day:02}")
}

impl Cell {
    /// Is it NULL?
    pub fn is_null(&self) -> bool {
        matches!(self, Cell::Null)
    }

    /// The text a MySQL client gets, `None` for NULL.
    pub fn text(&self) -> Option<String> {
        (!self.is_null()).then(|| self.to_string())
    }

    /// As a double: numbers, booleans, and text that reads as a number.
    pub fn to_f64(&self) -> Option<f64> {
        match self {
            Cell::Bool(b) => Some(*b as u8 as f64),
            Cell::Int(i) => Some(*i as f64),
            Cell::Float(x) => Some(*x as f64),
            Cell::Double(x) => Some(*x),
            Cell::Decimal(d) => Some(d.to_f64()),
            Cell::Text(t) => t.trim().parse().ok(),
            _ => None,
        }
    }

    fn rank(&self) -> u8 {
        match self {
            Cell::Null => 0,
            Cell::Bool(_) | Cell::Int(_) | Cell::Float(_) | Cell::Double(_) | Cell::Decimal(_) => 1,
            Cell::Date(_) | Cell::DateTime(_) => 2,
            Cell::Text(_) => 3,
            Cell::Json(_) => 4,
            Cell::Array(_) => 5,
            Cell::Map(_) => 6,
            Cell::Struct(_) => 7,
        }
    }

    fn exact(&self) -> Option<Decimal> {
        match self {
            Cell::Bool(b) => Some(Decimal { unscaled: *b as i128, scale: 0 }),
            Cell::Int(i) => Some(Decimal { unscaled: *i, scale: 0 }),
            Cell::Decimal(d) => Some(*d),
            _ => None,
        }
    }

    fn datetime(&self) -> Option<DateTime> {
        match self {
            Cell::Date(d) => Some(DateTime::of_day(*d)),
            Cell::DateTime(t) => Some(*t),
            _ => None,
        }
    }

    /// The text inside an ARRAY, MAP or STRUCT: text in double quotes, NULL as `null`.
    fn write_nested(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Null => f.write_str("null"),
            Cell::Text(_) | Cell::Date(_) | Cell::DateTime(_) => write!(f, "\"{self}\""),
            _ => write!(f, "{self}"),
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Cell::Null => f.write_str("NULL"),
            Cell::Bool(b) => f.write_str(if *b { "1" } else { "0" }),
            Cell::Int(i) => write!(f, "{i}"),
            Cell::Float(x) => write_float(f, *x as f64, ryu::Buffer::new().format(*x), 7),
            Cell::Double(x) => write_float(f, *x, ryu::Buffer::new().format(*x), 16),
            Cell::Decimal(d) => write!(f, "{d}"),
            Cell::Date(d) => write_date(f, *d),
            Cell::DateTime(t) => write!(f, "{t}"),
            Cell::Text(t) => f.write_str(t),
            Cell::Json(j) => write!(f, "{j}"),
            Cell::Array(items) => {
                f.write_char('[')?;
                for (i, item) in items.iter().enumerate() {
                    f.write_str(if i > 0 { ", " } else { "" })?;
                    item.write_nested(f)?;
                }
                f.write_char(']')
            }
            Cell::Map(entries) => {
                f.write_char('{')?;
                for (i, (key, value)) in entries.iter().enumerate() {
                    f.write_str(if i > 0 { ", " } else { "" })?;
                    key.write_nested(f)?;
                    f.write_char(':')?;
                    value.write_nested(f)?;
                }
                f.write_char('}')
            }
            Cell::Struct(fields) => {
                f.write_char('{')?;
                for (i, (name, value)) in fields.iter().enumerate() {
                    write!(f, "{}\"{name}\":", if i > 0 { ", " } else { "" })?;
                    value.write_nested(f)?;
                }
                f.write_char('}')
            }
        }
    }
}

/// C's `%g` with the shortest digits that read back: scientific below 1e-4 and from 10^`digits` on.
fn write_float(f: &mut fmt::Formatter<'_>, value: f64, shortest: &str, digits: i32) -> fmt::Result {
    if !value.is_finite() {
        return f.write_str(if value.is_nan() {
            "nan"
        } else if value > 0.0 {
            "inf"
        } else {
            "-inf"
        });
    }
    let (mantissa, exponent) = shortest.split_once('e').unwrap_or((shortest, "0"));
    let negative = mantissa.starts_with('-');
    let (whole, fraction) = mantissa.trim_start_matches('-').split_once('.').unwrap_or((mantissa, ""));
    let all = format!("{whole}{fraction}");
    let leading = all.len() - all.trim_start_matches('0').len();
    let significant = all.trim_matches('0');
    if negative {
        f.write_char('-')?;
    }
    if significant.is_empty() {
        return f.write_char('0');
    }
    // Position of the decimal point relative to the first significant digit, less one: the scientific exponent.
    let point = whole.len() as i32 - leading as i32 - 1 + exponent.parse::<i32>().unwrap_or(0);
    if point < -4 || point >= digits {
        let (first, rest) = significant.split_at(1);
        write!(f, "{first}{}{rest}", if rest.is_empty() { "" } else { "." })?;
        return write!(f, "e{}{:02}", if point < 0 { '-' } else { '+' }, point.abs());
    }
    if point < 0 {
        return write!(f, "0.{}{significant}", "0".repeat((-point - 1) as usize));
    }
    let cut = point as usize + 1;
    if significant.len() <= cut {
        return write!(f, "{significant}{}", "0".repeat(cut - significant.len()));
    }
    write!(f, "{}.{}", &significant[..cut], &significant[cut..])
}

impl PartialEq for Cell {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}
impl Eq for Cell {}
impl PartialOrd for Cell {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// A total order: NULL, numbers (whatever their type, NaN last), dates and times, text by bytes, then the rest.
impl Ord for Cell {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Cell::Int(a), Cell::Int(b)) => return a.cmp(b),
            (Cell::Text(a), Cell::Text(b)) => return a.as_bytes().cmp(b.as_bytes()),
            (Cell::Array(a), Cell::Array(b)) => return a.cmp(b),
            (Cell::Map(a), Cell::Map(b)) => return a.cmp(b),
            (Cell::Struct(a), Cell::Struct(b)) => return a.cmp(b),
            (Cell::Json(a), Cell::Json(b)) => return a.to_string().cmp(&b.to_string()),
            _ => {}
        }
        self.rank().cmp(&other.rank()).then_with(|| {
            if let (Some(a), Some(b)) = (self.exact(), other.exact()) {
                a.cmp(&b)
            } else if let (Some(a), Some(b)) = (self.datetime(), other.datetime()) {
                a.micros.cmp(&b.micros)
            } else if let (Some(a), Some(b)) = (self.to_f64(), other.to_f64()) {
                a.partial_cmp(&b).unwrap_or_else(|| a.is_nan().cmp(&b.is_nan()))
            } else {
                Ordering::Equal
            }
        })
    }
}

impl Hash for Cell {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.rank().hash(state);
        match self {
            Cell::Null => {}
            Cell::Text(t) => t.hash(state),
            Cell::Date(_) | Cell::DateTime(_) => self.datetime().map(|t| t.micros).hash(state),
            Cell::Json(_) => self.to_string().hash(state),
            Cell::Array(items) => items.hash(state),
            Cell::Map(entries) => entries.hash(state),
            Cell::Struct(fields) => fields.hash(state),
            // Numbers of any type that are equal have equal doubles.
            number => number.to_f64().map(|x| if x == 0.0 { 0 } else { x.to_bits() }).hash(state),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn doubles_print_as_the_shortest_text_that_reads_back() {
        let text = |x: f64| Cell::Double(x).to_string();
        assert_eq!(text(9.0), "9");
        assert_eq!(text(-1.4538e9), "-1453800000");
        assert_eq!(text(0.1), "0.1");
        assert_eq!(text(1e-5), "1e-05");
        assert_eq!(text(1.5e300), "1.5e+300");
        assert_eq!(text(-0.0), "-0");
        assert_eq!(text(123456.789), "123456.789");
        assert_eq!(Cell::Float(1e10).to_string(), "1e+10");
        assert_eq!(Cell::Float(0.000125).to_string(), "0.000125");
    }

    #[test]
    fn every_day_number_comes_back_from_its_date() {
        for days in (-719_528..2_932_897).step_by(97) {
            let (y, m, d) = civil(days);
            assert_eq!(days_of(y, m, d), Some(days));
        }
        assert_eq!(days_of(2023, 2, 29), None);
        assert_eq!(days_of(1970, 1, 1), Some(0));
    }

    #[test]
    fn numbers_of_different_types_compare_by_value() {
        assert_eq!(Cell::Int(2), Cell::Decimal(Decimal { unscaled: 200, scale: 2 }));
        assert!(Cell::Double(1.5) < Cell::Int(2));
        assert!(Cell::Null < Cell::Int(i128::MIN));
        assert_eq!(Cell::Date(1), Cell::DateTime(DateTime { micros: DAY_MICROS, scale: 6 }));
    }

    #[test]
    fn a_decimal_rounds_half_away_from_zero() {
        let rounded = |u, s| Decimal { unscaled: u, scale: s }.rescale(1).unwrap().to_string();
        assert_eq!(rounded(125, 2), "1.3");
        assert_eq!(rounded(-125, 2), "-1.3");
        assert_eq!(rounded(-124, 2), "-1.2");
        assert_eq!(rounded(5, 0), "5.0");
        assert_eq!(rounded(-4, 3), "0.0");
    }
}
