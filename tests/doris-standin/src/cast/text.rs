//! Text into scalar values: the rules by which Doris parses numbers, booleans, dates and times in loads and CASTs.

use super::{CastError, CastRules, nested, round_micros};
use crate::Version;
use crate::cell::{Cell, DAY_MICROS, days_of};
use crate::schema::ColumnType;

/// Text as a value of `ty`.
pub fn cast(rules: &CastRules, text: &str, ty: &ColumnType) -> Result<Cell, CastError> {
    use ColumnType::*;
    let value = match ty {
        TinyInt | SmallInt | Int | BigInt | LargeInt => integer(text.trim(), ty),
        Boolean => boolean(text.trim()),
        Float => {
            float(text.trim()).filter(|x| (*x as f32).is_finite() || !x.is_finite()).map(|x| Cell::Float(x as f32))
        }
        Double => float(text.trim()).map(Cell::Double),
        Decimal { precision, scale } => {
            let (unscaled, from) = decimal_or_start(rules, text.trim()).ok_or(CastError::Incorrect)?;
            return rules.decimal(unscaled, from, *precision, *scale);
        }
        Date => datetime(text.trim()).map(|micros| Cell::Date(micros.div_euclid(DAY_MICROS) as i32)),
        ColumnType::DateTime { scale } => datetime(text.trim()).map(|micros| {
            Cell::DateTime(crate::cell::DateTime { micros: round_micros(micros, *scale), scale: *scale })
        }),
        Char(n) | Varchar(n) => return bounded(rules, text, *n as usize),
        String if text.len() > rules.string_limit => return Err(CastError::TooLong(rules.string_limit, text.len())),
        String => Some(Cell::Text(text.to_owned())),
        ColumnType::Json | Variant => crate::json::Json::parse(text.as_bytes()).ok().map(|j| Cell::Json(Box::new(j))),
        Ipv4 => text.trim().parse::<std::net::Ipv4Addr>().ok().map(|a| Cell::Text(a.to_string())),
        Ipv6 => text.trim().parse::<std::net::Ipv6Addr>().ok().map(|a| Cell::Text(a.to_string())),
        Bitmap | Hll | QuantileState => Some(Cell::Text(text.to_owned())),
        Array(_) | Map(..) | Struct(_) => return nested::from_text(rules, text, ty),
    };
    value.ok_or(CastError::Incorrect)
}

/// CHAR and VARCHAR count bytes. From 4.0 on, text is first cut to as many characters when not strict.
fn bounded(rules: &CastRules, text: &str, length: usize) -> Result<Cell, CastError> {
    if text.len() <= length {
        return Ok(Cell::Text(text.to_owned()));
    }
    if rules.version >= Version::V4_0 && !rules.strict {
        let end = text.char_indices().nth(length).map_or(text.len(), |(i, _)| i);
        if end <= length {
            return Ok(Cell::Text(text[..end].to_owned()));
        }
    }
    Err(CastError::TooLong(length, text.len()))
}

/// An integer; a fraction is cut off, as Doris does in loads.
fn integer(text: &str, ty: &ColumnType) -> Option<Cell> {
    let whole = match text.split_once('.') {
        Some((whole, fraction)) if fraction.bytes().all(|b| b.is_ascii_digit()) => whole,
        Some(_) => return None,
        None => text,
    };
    let value: i128 = whole.parse().ok()?;
    let (low, high) = ty.integer_range()?;
    (low..=high).contains(&value).then_some(Cell::Int(value))
}

fn boolean(text: &str) -> Option<Cell> {
    match text {
        "1" => Some(Cell::Bool(true)),
        "0" => Some(Cell::Bool(false)),
        _ if text.eq_ignore_ascii_case("true") => Some(Cell::Bool(true)),
        _ if text.eq_ignore_ascii_case("false") => Some(Cell::Bool(false)),
        _ => None,
    }
}

/// Rust reads `infinity` and `nan` too, as Doris does; digits that are too large are no number.
fn float(text: &str) -> Option<f64> {
    let value: f64 = text.parse().ok()?;
    (value.is_finite() || !text.bytes().any(|b| b.is_ascii_digit())).then_some(value)
}

/// A decimal; before 4.0 what follows its digits is passed over if they are not all zero (`-77i8` is -77).
fn decimal_or_start(rules: &CastRules, text: &str) -> Option<(i128, u8)> {
    let whole = decimal_digits(text);
    if whole.is_some() || rules.version >= Version::V4_0 {
        return whole;
    }
    let sign = text.starts_with(['-', '+']) as usize;
    let end = text[sign..].bytes().position(|b| !b.is_ascii_digit() && b != b'.')?;
    decimal_digits(&text[..sign + end]).filter(|(unscaled, _)| *unscaled != 0)
}

/// The digits of plain or scientific notation as (unscaled, scale), cut at 38 digits' worth of fraction.
fn decimal_digits(text: &str) -> Option<(i128, u8)> {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(i) => (&text[..i], text[i + 1..].parse::<i32>().ok()?),
        None => (text, 0),
    };
    let (negative, digits) = match mantissa.as_bytes().first()? {
        b'-' => (true, &mantissa[1..]),
        b'+' => (false, &mantissa[1..]),
        _ => (false, mantissa),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if whole.is_empty() && fraction.is_empty() || !whole.bytes().chain(fraction.bytes()).all(|b| b.is_ascii_digit()) {
        return None;
    }
    let mut unscaled: i128 = 0;
    let mut scale = -exponent;
    for (i, b) in whole.bytes().chain(fraction.bytes()).enumerate() {
        let in_fraction = i >= whole.len();
        match unscaled.checked_mul(10).and_then(|u| u.checked_add((b - b'0') as i128)) {
            Some(u) => {
                unscaled = u;
                scale += in_fraction as i32;
            }
            None if in_fraction => break,
            None => scale -= 1,
        }
    }
    while scale < 0 {
        // Too large for i128: any value beyond every precision, so that it saturates or is refused.
        unscaled = unscaled.checked_mul(10).unwrap_or(i128::MAX);
        scale += 1;
        if unscaled == i128::MAX {
            scale = 0;
        }
    }
    while scale > 38 {
        unscaled /= 10;
        scale -= 1;
    }
    Some((if negative { -unscaled } else { unscaled }, scale as u8))
}

/// Microseconds since the epoch of a date with or without a time: `2024-4-2`, `2024-04-02 17:00:00.123`, `20240402`,
/// `20240402170000`. Any punctuation stands between the parts, blanks or `T` too between date and time. Years of two
/// digits are 1970 to 2069.
fn datetime(text: &str) -> Option<i64> {
    let digits = |t: &str| t.bytes().take_while(u8::is_ascii_digit).count();
    if digits(text) >= 6 {
        return compact(text);
    }
    let mut rest = text;
    let mut part = |last: bool| {
        let (number, after) = rest.split_at(digits(rest));
        let separator = after.bytes().next();
        rest = match separator {
            None => after,
            Some(b) if b.is_ascii_punctuation() || last && matches!(b, b' ' | b'T') => &after[1..],
            Some(_) => return None,
        };
        Some(number)
    };
    let (year, month, day) = (part(false)?, part(false)?, part(true)?);
    if !matches!(year.len(), 2 | 4) {
        return None;
    }
    let days = days_of(full_year(year)?, number(month, 2)?, number(day, 2)?)?;
    let time = rest.trim_start();
    Some(days as i64 * DAY_MICROS + if time.is_empty() { 0 } else { time_of_day(time)? })
}

fn number(text: &str, most: usize) -> Option<u32> {
    (!text.is_empty() && text.len() <= most && text.bytes().all(|b| b.is_ascii_digit())).then(|| text.parse().ok())?
}

fn full_year(text: &str) -> Option<i32> {
    let year = number(text, 4)? as i32;
    Some(match text.len() {
        2 if year < 70 => 2000 + year,
        2 => 1900 + year,
        _ => year,
    })
}

/// `h:m:s[.fraction]`; minutes and seconds may lack. A zone after it is turned to wall-clock time in UTC.
fn time_of_day(text: &str) -> Option<i64> {
    let (clock, zone) = match text.find(['Z', '+']).or_else(|| text.rfind('-')) {
        Some(i) => (&text[..i], zone_micros(&text[i..])?),
        None => (text, 0),
    };
    let (clock, fraction) = clock.split_once('.').unwrap_or((clock, ""));
    let mut micros = 0i64;
    let mut parts = clock.trim_end().split(':');
    for (limit, unit) in [(23, 3600), (59, 60), (59, 1)] {
        let Some(part) = parts.next() else { break };
        let value = number(part, 2)?;
        if value > limit {
            return None;
        }
        micros += value as i64 * unit * 1_000_000;
    }
    // More digits after another colon are passed over.
    if parts.any(|p| number(p, 9).is_none()) || !fraction.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(micros + fraction_micros(fraction) - zone)
}

/// The first six digits of a fraction, rounded by the seventh.
fn fraction_micros(digits: &str) -> i64 {
    let mut micros = 0;
    for i in 0..6 {
        micros = micros * 10 + digits.as_bytes().get(i).map_or(0, |b| (b - b'0') as i64);
    }
    micros + digits.as_bytes().get(6).is_some_and(|&b| b >= b'5') as i64
}

fn zone_micros(text: &str) -> Option<i64> {
    if text == "Z" {
        return Some(0);
    }
    let sign = if text.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = text[1..].split_once(':').unwrap_or((&text[1..], "0"));
    Some(sign * (number(hours, 2)? as i64 * 3600 + number(minutes, 2)? as i64 * 60) * 1_000_000)
}

/// Digits without separators: YYMMDD, YYYYMMDD, and with HHMMSS after them.
fn compact(text: &str) -> Option<i64> {
    let end = text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    let (digits, rest) = text.split_at(end);
    let year = if matches!(digits.len(), 6 | 12) { 2 } else { 4 };
    if !matches!(digits.len(), 6 | 8 | 12 | 14) {
        return None;
    }
    let at = |from: usize| digits.get(from..from + 2).and_then(|d| number(d, 2));
    let days = days_of(full_year(&digits[..year])?, at(year)?, at(year + 2)?)?;
    let mut micros = days as i64 * DAY_MICROS;
    if digits.len() > 8 {
        let clock = &digits[year + 4..];
        micros += time_of_day(&format!("{}:{}:{}{rest}", &clock[..2], &clock[2..4], &clock[4..]))?;
    } else if !rest.is_empty() {
        micros += time_of_day(rest.strip_prefix([' ', 'T'])?)?;
    }
    Some(micros)
}
