//! Text → DATE, TIME and TIMESTAMP, by the `java.time` formatters of Flink's `TimeFormats`.
//!
//! | type | text | resolver |
//! |---|---|---|
//! | DATE | `yyyy-MM-dd` | strict |
//! | TIME | `HH:mm:ss[.fraction]` | smart |
//! | TIMESTAMP, SQL | `yyyy-MM-dd HH:mm:ss[.fraction]` | smart: day 29–31 beyond the month's end is its last day |
//! | TIMESTAMP, ISO-8601 | `yyyy-MM-ddTHH:mm[:ss[.fraction]]` | strict |
//! | … WITH LOCAL TIME ZONE | the same and `Z` | smart |
//!
//! Fractions have up to nine digits; a bare point is a fraction of none. Years of more than four digits and the hour 24 are
//! left to Java.

use super::{Fault, cell};
use crate::json::scan::Vector;
use crate::row::Cell;

/// Two digits, or a number above 99.
#[inline(always)]
fn two(text: &[u8], at: usize) -> u32 {
    let tens = text[at].wrapping_sub(b'0');
    let ones = text[at + 1].wrapping_sub(b'0');
    u32::from(tens) * 10 + u32::from(ones) + if tens > 9 || ones > 9 { 100 } else { 0 }
}

/// Days since 1970-01-01 of the ten bytes `yyyy-MM-dd`. `clamp`: a day beyond the month's end (up to 31) is its last day.
#[inline(always)]
fn day(text: &[u8], clamp: bool) -> Option<i64> {
    let text = text.first_chunk::<10>()?;
    let (century, of_century) = (two(text, 0), two(text, 2));
    if century > 99 || of_century > 99 || text[4] != b'-' || text[7] != b'-' {
        return None;
    }
    civil(century, of_century, two(text, 5), two(text, 8), clamp)
}

/// Days since 1970-01-01; `clamp` as for [`day`].
#[inline(always)]
fn civil(century: u32, of_century: u32, month: u32, day: u32, clamp: bool) -> Option<i64> {
    if month.wrapping_sub(1) > 11 || day.wrapping_sub(1) > 30 {
        return None;
    }
    let year = century * 100 + of_century;
    let mut day = day;
    if day > 28 {
        let leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        let last = match month {
            2 => 28 + u32::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        if day > last && !clamp {
            return None;
        }
        day = day.min(last);
    }
    Some(days_from_civil(year, month, day))
}

/// Days before each month of a year that begins in March, by the month's usual number.
const BEFORE: [u32; 13] = [0, 306, 337, 0, 31, 61, 92, 122, 153, 184, 214, 245, 275];

/// The proleptic Gregorian calendar, counted from March so that the leap day comes last, and from 400 years before the year 0 so that
/// nothing is negative.
#[inline(always)]
fn days_from_civil(year: u32, month: u32, day: u32) -> i64 {
    let year = year + 400 - u32::from(month <= 2);
    let century = year / 100;
    let days = year * 365 + year / 4 - century + century / 4 + BEFORE[month as usize % 13] + day;
    i64::from(days) - (719_469 + 146_097)
}

/// Looks like a date of another kind that Java can read: a sign, so perhaps a year of more than four digits.
fn bad_unless_signed(text: &[u8]) -> Fault {
    if matches!(text.first(), Some(b'+' | b'-')) || !text.is_ascii() { Fault::Unproven } else { Fault::Bad }
}

#[inline(always)]
pub(super) fn date<V: Vector>(buf: &[u8], start: usize, end: usize) -> Cell {
    let pairs = if end - start == 10 { V::date(buf, start) } else { None };
    let days = pairs
        .and_then(|[century, year, month, day]| civil(century.into(), year.into(), month.into(), day.into(), false));
    match days {
        Some(days) => Cell::fixed(u64::from(days as i32 as u32)),
        None => odd_date(&buf[start..end]),
    }
}

#[cold]
#[inline(never)]
fn odd_date(text: &[u8]) -> Cell {
    cell(read_date(text))
}

#[inline(always)]
fn read_date(text: &[u8]) -> Result<Cell, Fault> {
    let days = if text.len() == 10 { day(text, false) } else { None };
    let days = days.ok_or_else(|| bad_unless_signed(text))?;
    Ok(Cell::fixed(u64::from(days as i32 as u32)))
}

/// Seconds of the day of `HH:mm:ss`.
#[inline(always)]
fn clock(text: &[u8]) -> Result<u32, Fault> {
    let Some(text) = text.first_chunk::<8>() else { return Err(Fault::Bad) };
    let (hour, minute, second) = (two(text, 0), two(text, 3), two(text, 6));
    if text[2] != b':' || text[5] != b':' || hour > 24 || minute > 59 || second > 59 {
        return Err(Fault::Bad);
    }
    match (hour, minute, second) {
        (24, 0, 0) => Err(Fault::Unproven),
        (24, ..) => Err(Fault::Bad),
        _ => Ok(hour * 3600 + minute * 60 + second),
    }
}

/// Nanoseconds of an optional fraction with its point.
#[inline]
fn fraction(text: &[u8]) -> Result<u32, Fault> {
    let digits = match text {
        [] => return Ok(0),
        [b'.', digits @ ..] if digits.len() <= 9 => digits,
        _ => return Err(Fault::Bad),
    };
    let mut nanos = 0;
    for digit in digits {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return Err(Fault::Bad);
        }
        nanos = nanos * 10 + u32::from(digit);
    }
    Ok(nanos * 10u32.pow(9 - digits.len() as u32))
}

#[inline(always)]
fn stamp(days: i64, seconds: u32, nanos: u32) -> Cell {
    let millis = days * 86_400_000 + i64::from(seconds) * 1000 + i64::from(nanos / 1_000_000);
    Cell::stamp(millis, nanos % 1_000_000)
}

#[inline(never)]
pub(super) fn time(text: &[u8], millis: bool) -> Cell {
    cell(read_time(text, millis))
}

#[inline(always)]
fn read_time(text: &[u8], millis: bool) -> Result<Cell, Fault> {
    if text.len() < 8 {
        return Err(bad_unless_ascii(text));
    }
    let seconds = clock(text).map_err(|f| worst(f, text))?;
    let nanos = fraction(&text[8..]).map_err(|f| worst(f, text))?;
    let fraction = if millis { nanos / 1_000_000 } else { 0 };
    Ok(Cell::fixed(u64::from(seconds * 1000 + fraction)))
}

/// What is written as databases write it, digits and separators where they belong, is read in one go; everything else by
/// [`read_sql_timestamp`].
#[inline(always)]
pub(super) fn sql_timestamp<V: Vector>(buf: &[u8], start: usize, end: usize, zoned: bool) -> Cell {
    let zone = usize::from(zoned && end > start && buf[end - 1] == b'Z');
    match usual_timestamp::<V>(buf, start, end - zone) {
        Some(cell) if zoned == (zone == 1) => cell,
        _ => odd_timestamp(&buf[start..end], zoned),
    }
}

#[inline(always)]
fn usual_timestamp<V: Vector>(buf: &[u8], start: usize, end: usize) -> Option<Cell> {
    let digits = (end - start).checked_sub(19)?;
    let nanos = match digits {
        0 => 0,
        2..=10 if buf[start + 19] == b'.' => V::digits(buf, start + 20, end)? as u32 * NANOS[digits - 1],
        _ => return None,
    };
    let [century, year, month, day, hour, minute, second] = V::date_time(buf, start)?.map(u32::from);
    if buf[start + 10] != b' ' || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = civil(century, year, month, day, true)?;
    Some(stamp(days, hour * 3600 + minute * 60 + second, nanos))
}

/// Nanoseconds of the last of so many digits.
const NANOS: [u32; 10] = [1_000_000_000, 100_000_000, 10_000_000, 1_000_000, 100_000, 10_000, 1_000, 100, 10, 1];

#[cold]
#[inline(never)]
fn odd_timestamp(text: &[u8], zoned: bool) -> Cell {
    cell(read_sql_timestamp(text, zoned))
}

#[inline(always)]
fn read_sql_timestamp(text: &[u8], zoned: bool) -> Result<Cell, Fault> {
    let text = zone(text, zoned)?;
    if text.len() < 19 || text[10] != b' ' {
        return Err(bad_unless_signed(text));
    }
    let days = day(text, true).ok_or_else(|| bad_unless_signed(text))?;
    let seconds = clock(&text[11..]).map_err(|f| worst(f, text))?;
    let nanos = fraction(&text[19..]).map_err(|f| worst(f, text))?;
    Ok(stamp(days, seconds, nanos))
}

#[inline(never)]
pub(super) fn iso_timestamp(text: &[u8], zoned: bool) -> Cell {
    cell(read_iso_timestamp(text, zoned))
}

#[inline(always)]
fn read_iso_timestamp(text: &[u8], zoned: bool) -> Result<Cell, Fault> {
    let text = zone(text, zoned)?;
    let separator = text.get(10);
    if separator != Some(&b'T') && (zoned || separator != Some(&b't')) {
        return Err(bad_unless_signed(text));
    }
    // Seconds are optional, and the resolver differs from the SQL form: both rare, so to Java they go.
    if text.len() < 19 {
        return Err(Fault::Unproven);
    }
    let days = day(text, zoned).ok_or_else(|| bad_unless_signed(text))?;
    let seconds = clock(&text[11..]).map_err(|_| Fault::Unproven)?;
    let nanos = fraction(&text[19..]).map_err(|f| worst(f, text))?;
    Ok(stamp(days, seconds, nanos))
}

/// `0000-00-00 00:00:00`, with up to nine zeros of a fraction. `iso`: also with `T` between; `zoned`: also with `Z` behind,
/// which MySQL's text lacks.
pub(super) fn is_zero_timestamp(text: &[u8], iso: bool, zoned: bool) -> bool {
    let text = if zoned { text.strip_suffix(b"Z").unwrap_or(text) } else { text };
    let Some((head, fraction)) = text.split_at_checked(19) else { return false };
    let zeros = |bytes: &[u8]| bytes.iter().all(|b| *b == b'0');
    let between = head[10] == b' ' || iso && head[10] == b'T';
    head.starts_with(b"0000-00-00")
        && between
        && &head[11..] == b"00:00:00"
        && match fraction {
            [] => true,
            [b'.', digits @ ..] => (1..=9).contains(&digits.len()) && zeros(digits),
            _ => false,
        }
}

/// The text without its `Z`.
#[inline(always)]
fn zone(text: &[u8], zoned: bool) -> Result<&[u8], Fault> {
    match text {
        _ if !zoned => Ok(text),
        [rest @ .., b'Z'] => Ok(rest),
        _ => Err(bad_unless_ascii(text)),
    }
}

fn bad_unless_ascii(text: &[u8]) -> Fault {
    if text.is_ascii() { Fault::Bad } else { Fault::Unproven }
}

fn worst(fault: Fault, text: &[u8]) -> Fault {
    if text.is_ascii() { fault } else { Fault::Unproven }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::{Datelike, NaiveDate};

    #[test]
    fn every_day_of_five_hundred_years() {
        let mut date_ = NaiveDate::from_ymd_opt(0, 1, 1).unwrap();
        while date_.year() < 500 {
            let text = format!("{:04}-{:02}-{:02}", date_.year(), date_.month(), date_.day());
            let expected = i64::from(date_.num_days_from_ce()) - 719_163;
            assert_eq!(day(text.as_bytes(), false), Some(expected), "{text}");
            let later = format!("{:04}-{:02}-{:02}", date_.year() + 1800, date_.month(), date_.day());
            let later_days = NaiveDate::from_ymd_opt(date_.year() + 1800, date_.month(), date_.day())
                .map(|d| i64::from(d.num_days_from_ce()) - 719_163);
            assert_eq!(day(later.as_bytes(), false), later_days, "{later}");
            date_ = date_.succ_opt().unwrap();
        }
    }

    fn sql(text: &str) -> Result<(i64, bool), Fault> {
        let full = read_sql_timestamp(text.as_bytes(), false);
        let usual = Fault::check(sql_timestamp::<crate::json::scan::Portable>(text.as_bytes(), 0, text.len(), false));
        assert_eq!(format!("{usual:?}"), format!("{full:?}"), "{text}");
        full.map(|cell| {
            let mut out = Vec::new();
            let sources = crate::row::Sources { input: b"", scratch: b"" };
            crate::row::write_row(&mut out, crate::row::RowKind::Insert, [cell].iter(), &[false], sources);
            (i64::from_le_bytes(out[8..16].try_into().unwrap()), cell.lost_nanos())
        })
    }

    #[test]
    fn sql_timestamps() {
        assert_eq!(sql("1970-01-01 00:00:00"), Ok((0, false)));
        assert_eq!(sql("1970-01-02 01:02:03.456"), Ok((86_400_000 + 3_723_456, false)));
        assert_eq!(sql("1969-12-31 23:59:59.999"), Ok((-1, false)));
        assert_eq!(sql("1970-01-01 00:00:00.0000001"), Ok((0, true)));
        assert_eq!(sql("1970-01-01 00:00:00."), Ok((0, false)));
        assert_eq!(sql("2021-02-31 00:00:00"), sql("2021-02-28 00:00:00"));
        assert_eq!(sql("1970-01-01 24:00:00"), Err(Fault::Unproven));
        for bad in [
            "0000-00-00 00:00:00",
            "1970-01-32 00:00:00",
            "1970-13-01 00:00:00",
            "1970-01-01 25:00:00",
            "1970-01-01",
            "1970-01-01 00:00",
            "1970-01-01T00:00:00",
            "1970-01-01  00:00:00",
            "1970-01-01 00:00:00.1234567890",
            "",
            " ",
        ] {
            assert_eq!(sql(bad), Err(Fault::Bad), "{bad}");
        }
    }

    #[test]
    fn timestamps_of_zeros() {
        let zero = "0000-00-00 00:00:00";
        for (text, iso, zoned, is_zero) in [
            (zero, false, false, true),
            (zero, true, true, true),
            ("0000-00-00T00:00:00", true, false, true),
            ("0000-00-00T00:00:00", false, false, false),
            ("0000-00-00 00:00:00Z", false, true, true),
            ("0000-00-00 00:00:00Z", false, false, false),
            ("0000-00-00 00:00:00.000000", false, false, true),
            ("0000-00-00T00:00:00.0Z", true, true, true),
            ("0000-00-00 00:00:00.", false, false, false),
            ("0000-00-00 00:00:00.0000000000", false, false, false),
            ("0000-00-00 00:00:00.001", false, false, false),
            ("0000-00-00 00:00:01", false, false, false),
            ("0000-00-01 00:00:00", false, false, false),
            ("2020-00-00 00:00:00", false, false, false),
            ("0000-00-00", false, false, false),
            ("", true, true, false),
        ] {
            assert_eq!(is_zero_timestamp(text.as_bytes(), iso, zoned), is_zero, "{text} {iso} {zoned}");
        }
    }

    #[test]
    fn zero_dates_are_bad() {
        assert_eq!(read_date(b"0000-00-00").map(|_| ()), Err(Fault::Bad));
        assert_eq!(read_date(b"2021-02-29").map(|_| ()), Err(Fault::Bad));
    }
}
