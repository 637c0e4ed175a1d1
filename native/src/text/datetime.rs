//! DATE, TIME and TIMESTAMP as the `java.time` formatters of Flink's `TimeFormats` print them.
//!
//! Years 0 to 9999 have four digits, those before a `-` and four or more, those after a `+`. Seconds are always
//! printed, a fraction only as long as it is not zero.

use crate::json::write::{Output, PAIRS};
use crate::row::read::Stamp;

/// Outside what the type, or Java's own arithmetic on it, can hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutOfRange;

const DAY_MILLIS: i64 = 86_400_000;

/// How digits of a second are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fraction {
    /// As many as are needed, none for a whole second.
    Needed,
    /// As many as are needed, but at least these: MySQL's way.
    AtLeast(u8),
}

/// Year, month and day of a day since 1970-01-01: the proleptic Gregorian calendar, counted from March so that the leap
/// day comes last.
#[inline(always)]
fn civil(day: i32) -> (i64, u32, u32) {
    let from_march_0000 = i64::from(day) + 719_468;
    let era = from_march_0000.div_euclid(146_097);
    let day_of_era = from_march_0000.rem_euclid(146_097) as u32;
    // Quarters of a day make centuries and years of one length each; quotient and remainder come out of one product
    // (Neri and Schneider, Euclidean affine functions).
    let quarters = 4 * day_of_era + 3;
    let (century, of_century) = (quarters / 146_097, quarters % 146_097 | 3);
    let product = 2_939_745 * u64::from(of_century);
    let (year_of_century, day_of_year) = ((product >> 32) as u32, product as u32 / 2_939_745 / 4);
    let months = 2141 * day_of_year + 197_913;
    let (month_from_march, day) = (months >> 16, (months & 0xFFFF) / 2141 + 1);
    // January and February are of the year that began in the March before.
    let next_year = day_of_year >= 306;
    let month = if next_year { month_from_march - 12 } else { month_from_march };
    (era * 400 + i64::from(100 * century + year_of_century) + i64::from(next_year), month, day)
}

/// `2020-01-31`
#[inline(always)]
pub fn date(out: &mut Output, day: i32) {
    let (year, month, day) = civil(day);
    let ([e, f], [g, h]) = (pair(month), pair(day));
    if (0..10_000).contains(&year) {
        let ([a, b], [c, d]) = (pair(year as u32 / 100), pair(year as u32 % 100));
        return out.fixed(&[a, b, c, d, b'-', e, f, b'-', g, h]);
    }
    out.push(if year < 0 { b'-' } else { b'+' });
    let year = year.unsigned_abs();
    out.digits(year, crate::json::write::decimal_len(year).max(4));
    out.fixed(&[b'-', e, f, b'-', g, h]);
}

/// Whether [`date`] writes a year of four digits for this day.
pub fn is_common_era(day: i32) -> bool {
    (0..10_000).contains(&civil(day).0)
}

#[inline(always)]
fn pair(value: u32) -> [u8; 2] {
    PAIRS[value as usize % 100]
}

/// `10:11:12`
#[inline(always)]
fn clock(out: &mut Output, second: u32) {
    let ([a, b], [c, d], [e, f]) = (pair(second / 3600), pair(second / 60 % 60), pair(second % 60));
    out.fixed(&[a, b, b':', c, d, b':', e, f]);
}

/// Nanoseconds of a second, with their point.
#[inline(always)]
fn fraction(out: &mut Output, nanos: u32, digits: Fraction) {
    let least = match digits {
        Fraction::Needed => 0,
        Fraction::AtLeast(digits) => usize::from(digits.min(9)),
    };
    if nanos == 0 && least == 0 {
        return;
    }
    let (mut shown, mut len) = match nanos {
        _ if least <= 3 && nanos % 1_000_000 == 0 => (nanos / 1_000_000, 3),
        _ if least <= 6 && nanos % 1000 == 0 => (nanos / 1000, 6),
        _ => (nanos, 9),
    };
    while len > least && shown % 10 == 0 {
        shown /= 10;
        len -= 1;
    }
    out.push(b'.');
    out.digits(shown.into(), len);
}

/// TIME, in milliseconds of the day. `millis`: with its fraction; without, a negative part of a second is none.
#[inline(always)]
pub fn time(out: &mut Output, millis_of_day: i32, millis: bool, digits: Fraction) -> Result<(), OutOfRange> {
    let rest = if millis { millis_of_day } else { millis_of_day / 1000 * 1000 };
    let rest = u32::try_from(rest).map_err(|_| OutOfRange)?;
    if i64::from(rest) >= DAY_MILLIS {
        return Err(OutOfRange);
    }
    clock(out, rest / 1000);
    fraction(out, rest % 1000 * 1_000_000, digits);
    Ok(())
}

/// TIMESTAMP, with `separator` between date and time.
///
/// # Errors
/// Java's `int` of days cannot hold it.
#[inline(always)]
pub fn stamp(out: &mut Output, stamp: Stamp, separator: u8, digits: Fraction) -> Result<(), OutOfRange> {
    let day = day_of(stamp)?;
    let millis = stamp.millis.rem_euclid(DAY_MILLIS) as u32;
    let date_of_day = civil(day);
    let (second, milli) = (millis / 1000, millis % 1000);
    if (0..10_000).contains(&date_of_day.0) && stamp.nanos == 0 && digits == Fraction::Needed {
        ordinary(out, date_of_day, separator, second, milli);
        return Ok(());
    }
    date(out, day);
    out.push(separator);
    clock(out, second);
    fraction(out, milli * 1_000_000 + stamp.nanos, digits);
    Ok(())
}

/// A year of four digits and no more than milliseconds, in one piece: `2020-01-31 10:11:12.123`, without zeros at its end.
#[inline(always)]
fn ordinary(out: &mut Output, (year, month, day): (i64, u32, u32), separator: u8, second: u32, milli: u32) {
    let ([a, b], [c, d]) = (pair(year as u32 / 100), pair(year as u32 % 100));
    let ([e, f], [g, h]) = (pair(month), pair(day));
    let ([i, j], [k, l], [m, n]) = (pair(second / 3600), pair(second / 60 % 60), pair(second % 60));
    let (o, [p, q]) = (b'0' + (milli / 100) as u8, pair(milli));
    let len = match milli {
        0 => 19,
        _ if q != b'0' => 23,
        _ if p != b'0' => 22,
        _ => 21,
    };
    let text = [a, b, c, d, b'-', e, f, b'-', g, h, separator, i, j, b':', k, l, b':', m, n, b'.', o, p, q, 0];
    out.prefix(&text, len);
}

/// The day of a point in time.
#[inline(always)]
pub fn day_of(stamp: Stamp) -> Result<i32, OutOfRange> {
    let day = i32::try_from(stamp.millis.div_euclid(DAY_MILLIS)).map_err(|_| OutOfRange)?;
    // Java subtracts one from the truncated quotient, which must not wrap.
    if day == i32::MIN { Err(OutOfRange) } else { Ok(day) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{Datelike, NaiveDate};

    fn written<T>(write: impl FnOnce(&mut Output) -> T) -> (String, T) {
        let mut out = Output::new();
        let result = write(&mut out);
        (String::from_utf8(out.text().to_vec()).unwrap(), result)
    }

    #[test]
    fn every_day_that_chrono_knows_near_the_ends_and_in_between() {
        for day in (-1_000_000..4_000_000).chain((-90_000_000..90_000_000).step_by(991)) {
            let expected = NaiveDate::from_num_days_from_ce_opt(day + 719_163).unwrap();
            let (year, month, of_month) = (expected.year(), expected.month(), expected.day());
            assert_eq!(civil(day), (year.into(), month, of_month));
            assert_eq!(is_common_era(day), (0..10_000).contains(&year));
        }
    }

    #[test]
    fn years_of_more_than_four_digits() {
        for (day, text) in [
            (0, "1970-01-01"),
            (-719_528, "0000-01-01"),
            (-719_529, "-0001-12-31"),
            (2_932_896, "9999-12-31"),
            (2_932_897, "+10000-01-01"),
            // Checked against java.time.LocalDate.ofEpochDay.
            (i32::MAX, "+5881580-07-11"),
            (i32::MIN, "-5877641-06-23"),
        ] {
            assert_eq!(written(|out| date(out, day)).0, text);
        }
    }

    #[test]
    fn times() {
        let time = |ms, millis| written(|out| time(out, ms, millis, Fraction::Needed));
        assert_eq!(time(36_672_120, true).0, "10:11:12.12");
        assert_eq!(time(36_672_120, false).0, "10:11:12");
        assert_eq!(time(86_399_999, true).0, "23:59:59.999");
        assert_eq!(time(-999, false).0, "00:00:00");
        assert_eq!(time(-1, true).1, Err(OutOfRange));
        assert_eq!(time(-1000, false).1, Err(OutOfRange));
        assert_eq!(time(86_400_000, false).1, Err(OutOfRange));
        assert_eq!(written(|out| super::time(out, 36_672_120, true, Fraction::AtLeast(6))).0, "10:11:12.120000");
    }

    #[test]
    fn stamps() {
        let stamp = |millis, nanos, digits| written(|out| super::stamp(out, Stamp { millis, nanos }, b' ', digits));
        assert_eq!(stamp(0, 0, Fraction::Needed).0, "1970-01-01 00:00:00");
        assert_eq!(stamp(-1, 999_999, Fraction::Needed).0, "1969-12-31 23:59:59.999999999");
        assert_eq!(stamp(120, 0, Fraction::Needed).0, "1970-01-01 00:00:00.12");
        assert_eq!(stamp(0, 1000, Fraction::Needed).0, "1970-01-01 00:00:00.000001");
        assert_eq!(stamp(0, 0, Fraction::AtLeast(3)).0, "1970-01-01 00:00:00.000");
        assert_eq!(stamp(0, 1, Fraction::AtLeast(3)).0, "1970-01-01 00:00:00.000000001");
        assert_eq!(stamp(i64::MAX, 0, Fraction::Needed).1, Err(OutOfRange));
        assert_eq!(stamp(i64::MIN, 0, Fraction::Needed).1, Err(OutOfRange));
        let last = (i64::from(i32::MAX) + 1) * DAY_MILLIS - 1;
        assert_eq!(stamp(last, 0, Fraction::Needed).0, "+5881580-07-11 23:59:59.999");
        assert_eq!(stamp(last + 1, 0, Fraction::Needed).1, Err(OutOfRange));
    }
}
