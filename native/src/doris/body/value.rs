//! A slot of a binary row → a value that the Doris column can hold, or what is wrong with it. How a column's slots are
//! read and what is checked is decided once, in [`pairing`](super::pairing).

use super::bad::BadValue;
use super::nested::Nested;
use super::zone::Zone;
use crate::doris::table::DorisType;
use crate::row::read::{Malformed, Slot, Stamp};
use serde::Deserialize;
use serde::de::IgnoredAny;

impl From<Malformed> for BadValue {
    fn from(_: Malformed) -> BadValue {
        BadValue::Malformed
    }
}

/// How bytes are written into a text column: Doris has no type for them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BinaryText {
    /// Two digits a byte, upper case, as Doris' `HEX` and `UNHEX`.
    #[default]
    Hex,
    /// Standard alphabet, padded, as Doris' `TO_BASE64` and `FROM_BASE64`.
    Base64,
    /// As they are; they must be valid UTF-8.
    Utf8,
}

/// What becomes of NaN and infinities.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum NonFinite {
    /// The row is bad.
    #[default]
    Fail,
    /// As NULL.
    Null,
}

/// What values depend on beside their column.
#[derive(Debug)]
pub(super) struct Settings {
    pub zone: Zone,
    pub non_finite: NonFinite,
    pub binary: BinaryText,
}

/// A value that its column can hold.
#[derive(Debug, Clone, Copy)]
pub(super) enum Value<'a> {
    /// What is not finite, as NULL.
    Null,
    Bool(bool),
    Int(i64),
    Float(f32),
    Double(f64),
    Decimal {
        unscaled: i128,
        scale: u8,
    },
    /// Days since 1970-01-01, of the years 0 to 9999.
    Date(i32),
    /// Milliseconds of the day.
    Time(i32),
    /// A wall clock.
    Stamp(Stamp),
    /// Not checked to be UTF-8 yet.
    Text(&'a [u8]),
    Bytes(&'a [u8], BinaryText),
}

/// How a column's slots are read and what is checked.
#[derive(Debug)]
pub(super) enum Reading {
    /// The column's type is NULL.
    Null,
    Bool,
    /// BOOLEAN as `true` or `false` in a text column.
    BoolWord,
    /// BOOLEAN as 1 or 0.
    BoolDigit,
    Int8(Range),
    Int16(Range),
    Int32(Range),
    Int64(Range),
    Float,
    /// FLOAT, widened.
    FloatWide,
    Double,
    Decimal {
        precision: u8,
        scale: u8,
        fit: Option<Box<DecimalFit>>,
    },
    Date,
    Time,
    Stamp {
        precision: u8,
        /// TIMESTAMP_LTZ.
        zoned: bool,
        /// Nanoseconds that the column's last digit stands for.
        unit: u32,
    },
    Text {
        most: u32,
    },
    /// Text that must be JSON.
    JsonText {
        most: u32,
    },
    /// Text that Doris casts.
    CastText(DorisType),
    Bytes {
        most: u32,
    },
    /// ARRAY, MAP, MULTISET or ROW.
    Nested(Box<Nested>),
}

/// The integers that a column takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Range {
    pub min: i64,
    pub max: i64,
}

impl Range {
    pub const ALL: Range = Range { min: i64::MIN, max: i64::MAX };

    /// The value, if it is in the range.
    #[inline(always)]
    pub fn check(self, value: i64) -> Result<i64, BadValue> {
        if value < self.min || value > self.max { Err(BadValue::OutOfRange) } else { Ok(value) }
    }
}

/// What a DECIMAL has to fulfil to go into a column of another precision or scale.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct DecimalFit {
    /// Bounds of the unscaled value.
    pub min: i128,
    pub max: i128,
    /// What the unscaled value has to be a multiple of.
    pub unit: i128,
}

/// 0000-01-01 and 9999-12-31, which `datetime::is_common_era` says too.
pub(super) const FIRST_DAY: i32 = -719_528;
pub(super) const LAST_DAY: i32 = 2_932_896;

const DAY_MILLIS: i64 = 86_400_000;

/// The points in time of these days.
const FIRST_MILLIS: i64 = FIRST_DAY as i64 * DAY_MILLIS;
const LAST_MILLIS: i64 = (LAST_DAY as i64 + 1) * DAY_MILLIS - 1;

impl Reading {
    /// The value of a slot. Not for [`Nested`](Reading::Nested), which has no single value.
    pub fn read<'a>(&self, slot: Slot<'a>, settings: &Settings) -> Result<Value<'a>, BadValue> {
        Ok(match self {
            Reading::Text { most } => Value::Text(text(slot.bytes()?, *most)?),
            Reading::Int64(range) => Value::Int(range.check(slot.i64())?),
            Reading::Int32(range) => Value::Int(range.check(slot.i32().into())?),
            Reading::Int16(range) => Value::Int(range.check(slot.i16().into())?),
            Reading::Int8(range) => Value::Int(range.check(slot.i8().into())?),
            Reading::Decimal { precision, scale, fit } => {
                Value::Decimal { unscaled: decimal(slot, *precision, fit.as_deref())?, scale: *scale }
            }
            Reading::Stamp { precision, zoned, unit } => {
                Value::Stamp(wall_clock(slot.stamp(*precision)?, *zoned, *unit, settings)?)
            }
            Reading::Double if slot.f64().is_finite() => Value::Double(slot.f64()),
            Reading::Float if slot.f32().is_finite() => Value::Float(slot.f32()),
            Reading::FloatWide if slot.f32().is_finite() => Value::Double(slot.f32().into()),
            Reading::Double | Reading::Float | Reading::FloatWide => match settings.non_finite {
                NonFinite::Fail => return Err(BadValue::NotFinite),
                NonFinite::Null => Value::Null,
            },
            Reading::Date => Value::Date(date(slot.i32())?),
            Reading::Bool => Value::Bool(slot.boolean()),
            rare => return rare.read_rare(slot, settings),
        })
    }

    #[inline(never)]
    fn read_rare<'a>(&self, slot: Slot<'a>, settings: &Settings) -> Result<Value<'a>, BadValue> {
        Ok(match self {
            Reading::BoolWord => Value::Text(if slot.boolean() { b"true" } else { b"false" }),
            Reading::BoolDigit => Value::Int(slot.boolean().into()),
            Reading::Time if (0..DAY_MILLIS as i32).contains(&slot.i32()) => Value::Time(slot.i32()),
            Reading::Time => return Err(BadValue::OutOfRange),
            Reading::JsonText { most } => {
                let bytes = slot.bytes()?;
                simdutf8::basic::from_utf8(bytes).map_err(|_| BadValue::NotUtf8)?;
                serde_json::from_slice::<IgnoredAny>(bytes).map_err(|_| BadValue::NotOfType)?;
                Value::Text(text(bytes, *most)?)
            }
            Reading::CastText(ty) => {
                let bytes = slot.bytes()?;
                let text = simdutf8::basic::from_utf8(bytes).map_err(|_| BadValue::NotUtf8)?;
                castable(text, ty)?;
                Value::Text(bytes)
            }
            Reading::Bytes { most } => {
                let bytes = slot.bytes()?;
                let len = match settings.binary {
                    BinaryText::Hex => bytes.len().saturating_mul(2),
                    BinaryText::Base64 => bytes.len().div_ceil(3).saturating_mul(4),
                    BinaryText::Utf8 => bytes.len(),
                };
                if len > *most as usize {
                    return Err(BadValue::too_long(len, *most));
                }
                match settings.binary {
                    BinaryText::Utf8 => Value::Text(bytes),
                    form => Value::Bytes(bytes, form),
                }
            }
            Reading::Null => Value::Null,
            // Nested values have no single value; the others are read above.
            _ => return Err(BadValue::Malformed),
        })
    }
}

impl DecimalFit {
    fn check(&self, unscaled: i128) -> Result<(), BadValue> {
        if unscaled < self.min || unscaled > self.max {
            return Err(BadValue::OutOfRange);
        }
        // A remainder of 128 bits takes longer than all else that a number does.
        if self.unit == 1 || unscaled % self.unit == 0 { Ok(()) } else { Err(BadValue::LosesDigits) }
    }
}

/// A text of at most so many bytes.
#[inline(always)]
pub(super) fn text(bytes: &[u8], most: u32) -> Result<&[u8], BadValue> {
    if bytes.len() > most as usize { Err(BadValue::too_long(bytes.len(), most)) } else { Ok(bytes) }
}

/// A DECIMAL's unscaled value.
#[inline(always)]
pub(super) fn decimal(slot: Slot<'_>, precision: u8, fit: Option<&DecimalFit>) -> Result<i128, BadValue> {
    let unscaled = slot.decimal(precision)?;
    if let Some(fit) = fit {
        fit.check(unscaled)?;
    }
    Ok(unscaled)
}

/// A day of the years 0 to 9999.
#[inline(always)]
pub(super) fn date(day: i32) -> Result<i32, BadValue> {
    if (FIRST_DAY..=LAST_DAY).contains(&day) { Ok(day) } else { Err(BadValue::OutOfRange) }
}

/// The time with what the column's digits cannot show cut off, as Flink's CAST cuts it: never rounded into the next second.
#[inline(always)]
pub(super) fn wall_clock(stamp: Stamp, zoned: bool, unit: u32, settings: &Settings) -> Result<Stamp, BadValue> {
    let stamp = if zoned { settings.zone.local(stamp) } else { stamp };
    if !(FIRST_MILLIS..=LAST_MILLIS).contains(&stamp.millis) {
        return Err(BadValue::OutOfRange);
    }
    Ok(if unit > 1 { cut(stamp, unit) } else { stamp })
}

fn cut(stamp: Stamp, unit: u32) -> Stamp {
    let of_second = stamp.millis.rem_euclid(1000);
    let nanos = of_second as u32 * 1_000_000 + stamp.nanos;
    let kept = nanos - nanos % unit;
    Stamp { millis: stamp.millis - of_second + i64::from(kept / 1_000_000), nanos: kept % 1_000_000 }
}

/// Whether a text is one that Doris' strict cast takes whole. Dates, times and nested values are left to Doris.
fn castable(text: &str, ty: &DorisType) -> Result<(), BadValue> {
    let fits = match ty {
        DorisType::Boolean => {
            matches!(text, "0" | "1") || text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")
        }
        DorisType::TinyInt => return integer(text, i8::MIN.into(), i8::MAX.into()),
        DorisType::SmallInt => return integer(text, i16::MIN.into(), i16::MAX.into()),
        DorisType::Int => return integer(text, i32::MIN.into(), i32::MAX.into()),
        DorisType::BigInt => return integer(text, i64::MIN.into(), i64::MAX.into()),
        DorisType::LargeInt => return integer(text, i128::MIN, i128::MAX),
        DorisType::Float => return number(text.parse::<f32>().map(f64::from)),
        DorisType::Double => return number(text.parse::<f64>()),
        DorisType::Decimal { precision, scale } => return plain_decimal(text, *precision, *scale),
        DorisType::Ipv4 => text.parse::<std::net::Ipv4Addr>().is_ok(),
        DorisType::Ipv6 => text.parse::<std::net::Ipv6Addr>().is_ok(),
        _ => !text.is_empty(),
    };
    if fits { Ok(()) } else { Err(BadValue::NotOfType) }
}

fn integer(text: &str, min: i128, max: i128) -> Result<(), BadValue> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(BadValue::NotOfType);
    }
    match text.parse::<i128>() {
        Ok(value) if value >= min && value <= max => Ok(()),
        _ => Err(BadValue::OutOfRange),
    }
}

fn number<E>(parsed: Result<f64, E>) -> Result<(), BadValue> {
    match parsed {
        Ok(value) if value.is_finite() => Ok(()),
        Ok(_) => Err(BadValue::NotFinite),
        Err(_) => Err(BadValue::NotOfType),
    }
}

/// A number in plain notation.
fn plain_decimal(text: &str, precision: u8, scale: u8) -> Result<(), BadValue> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if whole.len() + fraction.len() == 0 || !all_digits(whole) || !all_digits(fraction) {
        return Err(BadValue::NotOfType);
    }
    if whole.trim_start_matches('0').len() > usize::from(precision - scale) {
        return Err(BadValue::OutOfRange);
    }
    if fraction.trim_end_matches('0').len() > usize::from(scale) { Err(BadValue::LosesDigits) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::datetime;

    #[test]
    fn the_days_are_those_of_four_digits() {
        assert!(datetime::is_common_era(FIRST_DAY) && !datetime::is_common_era(FIRST_DAY - 1));
        assert!(datetime::is_common_era(LAST_DAY) && !datetime::is_common_era(LAST_DAY + 1));
    }

    #[test]
    fn wall_clocks_are_cut_and_never_rounded() {
        let settings = Settings { zone: Zone::utc(), non_finite: NonFinite::Fail, binary: BinaryText::Hex };
        let cut = |millis, nanos, unit| {
            wall_clock(Stamp { millis, nanos }, true, unit, &settings).ok().map(|stamp| (stamp.millis, stamp.nanos))
        };
        assert_eq!(cut(1999, 999_999, 1), Some((1999, 999_999)));
        assert_eq!(cut(1999, 999_999, 1000), Some((1999, 999_000)));
        assert_eq!(cut(1999, 999_999, 1_000_000), Some((1999, 0)));
        assert_eq!(cut(1999, 999_999, 10_000_000), Some((1990, 0)));
        assert_eq!(cut(1999, 999_999, 1_000_000_000), Some((1000, 0)));
        assert_eq!(cut(-1, 999_999, 1_000_000_000), Some((-1000, 0)));
        assert_eq!(cut(-1, 1, 100_000_000), Some((-100, 0)));
        let after_last = (i64::from(LAST_DAY) + 1) * DAY_MILLIS;
        assert_eq!(cut(after_last - 1, 999_999, 1000), Some((after_last - 1, 999_000)));
        assert_eq!(cut(after_last, 0, 1), None);
        assert_eq!(cut(i64::from(FIRST_DAY) * DAY_MILLIS - 1, 0, 1), None);
        assert_eq!(cut(i64::MIN, 0, 1), None);
    }

    #[test]
    fn texts_that_doris_casts() {
        let tried = |text, ty| castable(text, &DorisType::parse(ty));
        for (text, ty) in [
            ("1", "boolean"),
            ("True", "boolean"),
            ("-128", "tinyint"),
            ("+7", "int"),
            ("007", "int"),
            ("-170141183460469231731687303715884105728", "largeint"),
            ("1.5e3", "double"),
            (".5", "decimal(3,1)"),
            ("-99.90", "decimal(3,1)"),
            ("0001.", "decimal(2,1)"),
            ("10.0.0.1", "ipv4"),
            ("::1", "ipv6"),
            ("[1]", "array<int>"),
        ] {
            assert_eq!(tried(text, ty), Ok(()), "{text} as {ty}");
        }
        for (text, ty, bad) in [
            ("2", "boolean", BadValue::NotOfType),
            ("128", "tinyint", BadValue::OutOfRange),
            ("1.5", "int", BadValue::NotOfType),
            ("", "int", BadValue::NotOfType),
            (" 1", "int", BadValue::NotOfType),
            ("+-1", "int", BadValue::NotOfType),
            ("170141183460469231731687303715884105728", "largeint", BadValue::OutOfRange),
            ("1e99", "float", BadValue::NotFinite),
            ("nan", "double", BadValue::NotFinite),
            ("x", "double", BadValue::NotOfType),
            ("100", "decimal(3,1)", BadValue::OutOfRange),
            ("1.05", "decimal(3,1)", BadValue::LosesDigits),
            (".", "decimal(3,1)", BadValue::NotOfType),
            ("1e2", "decimal(3,1)", BadValue::NotOfType),
            ("10.0.0.256", "ipv4", BadValue::NotOfType),
            ("", "date", BadValue::NotOfType),
        ] {
            assert_eq!(tried(text, ty), Err(bad), "{text} as {ty}");
        }
    }
}
