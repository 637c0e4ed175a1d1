//! Dates and times from the bytes that they are stored in.

use super::input::Input;
use crate::error::Error;

/// Bytes of so many digits of a fraction.
pub fn fraction_len(digits: u8) -> usize {
    usize::from(digits.div_ceil(2))
}

fn two(value: u64, to: &mut Vec<u8>) {
    to.extend_from_slice(&[b'0' + (value / 10 % 10) as u8, b'0' + (value % 10) as u8]);
}

fn big_endian(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0, |value, byte| value << 8 | u64::from(*byte))
}

/// `digits` digits of a number of millionths, behind a point.
fn fraction(millionths: u64, digits: u8, to: &mut Vec<u8>) {
    if digits > 0 {
        let text = format!(".{millionths:06}");
        to.extend_from_slice(&text.as_bytes()[..=usize::from(digits)]);
    }
}

/// Bytes behind the point, of which there are one to three, in millionths.
fn millionths(bytes: &[u8]) -> u64 {
    big_endian(bytes) * [1, 10_000, 100, 1][bytes.len().min(3)]
}

fn date_of(year: u64, month: u64, day: u64, to: &mut Vec<u8>) {
    two(year / 100, to);
    two(year, to);
    to.push(b'-');
    two(month, to);
    to.push(b'-');
    two(day, to);
}

fn clock(hour: u64, minute: u64, second: u64, to: &mut Vec<u8>) {
    if hour >= 100 {
        to.push(b'0' + (hour / 100) as u8);
    }
    two(hour, to);
    to.push(b':');
    two(minute, to);
    to.push(b':');
    two(second, to);
}

/// DATE.
///
/// # Errors
/// There are not as many bytes.
pub fn date(bytes: &[u8], to: &mut Vec<u8>) -> Result<(), Error> {
    let value = u64::from(Input::new(bytes).u24()?);
    date_of(value >> 9, value >> 5 & 15, value & 31, to);
    Ok(())
}

/// YEAR.
///
/// # Errors
/// There are not as many bytes.
pub fn year(bytes: &[u8], to: &mut Vec<u8>) -> Result<(), Error> {
    let value = u64::from(Input::new(bytes).u8()?);
    let year = if value == 0 { 0 } else { value + 1900 };
    two(year / 100, to);
    two(year, to);
    Ok(())
}

/// DATETIME with so many digits of a fraction: five bytes, then the fraction's.
///
/// # Errors
/// There are not as many bytes.
pub fn datetime(bytes: &[u8], digits: u8, to: &mut Vec<u8>) -> Result<(), Error> {
    let mut input = Input::new(bytes);
    let whole = big_endian(input.take(5)?) & 0x7F_FFFF_FFFF;
    let fractional = millionths(input.take(fraction_len(digits))?);
    packed_datetime(whole, fractional, digits, to);
    Ok(())
}

/// Month, day and clock in fields of bits.
pub(super) fn packed_datetime(whole: u64, fractional: u64, digits: u8, to: &mut Vec<u8>) {
    let (days, seconds) = (whole >> 17, whole & 0x1_FFFF);
    date_of((days >> 5) / 13, (days >> 5) % 13, days & 31, to);
    to.push(b' ');
    clock(seconds >> 12, seconds >> 6 & 63, seconds & 63, to);
    fraction(fractional, digits, to);
}

/// TIME with so many digits of a fraction: three bytes and the fraction's, together a number of which the highest bit is turned over.
///
/// # Errors
/// There are not as many bytes.
pub fn time(bytes: &[u8], digits: u8, to: &mut Vec<u8>) -> Result<(), Error> {
    let len = fraction_len(digits);
    let all = Input::new(bytes).take(3 + len)?;
    let bits = 8 * len as u32;
    let value = big_endian(all) as i64 - (1 << (23 + bits));
    let (whole, fractional) = (value.unsigned_abs() >> bits, value.unsigned_abs() & ((1 << bits) - 1));
    packed_time(value < 0, whole, fractional * [1, 10_000, 100, 1][len.min(3)], digits, to);
    Ok(())
}

/// A clock in fields of bits.
pub(super) fn packed_time(negative: bool, whole: u64, fractional: u64, digits: u8, to: &mut Vec<u8>) {
    if negative {
        to.push(b'-');
    }
    clock(whole >> 12 & 0x3FF, whole >> 6 & 63, whole & 63, to);
    fraction(fractional, digits, to);
}

/// TIMESTAMP: seconds since 1970, then the fraction. `local` says what the server's clock showed then.
///
/// # Errors
/// There are not as many bytes.
pub fn timestamp(bytes: &[u8], digits: u8, local: impl Fn(i64) -> i64, to: &mut Vec<u8>) -> Result<(), Error> {
    let mut input = Input::new(bytes);
    let utc = big_endian(input.take(4)?) as i64;
    let fractional = millionths(input.take(fraction_len(digits))?);
    seconds(utc, fractional, digits, local, to);
    Ok(())
}

fn seconds(utc: i64, fractional: u64, digits: u8, local: impl Fn(i64) -> i64, to: &mut Vec<u8>) {
    if utc == 0 && fractional == 0 {
        date_of(0, 0, 0, to);
        to.extend_from_slice(b" 00:00:00");
        return fraction(0, digits, to);
    }
    let local = local(utc);
    let (year, month, day) = civil(local.div_euclid(86_400));
    date_of(year, month, day, to);
    to.push(b' ');
    let second = local.rem_euclid(86_400) as u64;
    clock(second / 3600, second / 60 % 60, second % 60, to);
    fraction(fractional, digits, to);
}

/// Year, month and day of a day, counted from 1970.
fn civil(day: i64) -> (u64, u64, u64) {
    // Years begin in March, so that a leap day is the last; 400 years have 146,097 days.
    let day = day + 719_468;
    let (era, of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let day = of_year - (153 * month + 2) / 5 + 1;
    let month = if month < 10 { month + 3 } else { month - 9 };
    ((year + era * 400 + i64::from(month <= 2)) as u64, month as u64, day as u64)
}

/// TIME, DATETIME and TIMESTAMP as they were stored before MySQL 5.6, without a fraction.
pub mod old {
    use super::{Error, Input, clock, date_of, seconds};

    /// TIME: a signed number of three bytes, digits for hours, minutes and seconds.
    ///
    /// # Errors
    /// There are not as many bytes.
    pub fn time(bytes: &[u8], to: &mut Vec<u8>) -> Result<(), Error> {
        let value = i64::from((Input::new(bytes).u24()? << 8) as i32 >> 8);
        if value < 0 {
            to.push(b'-');
        }
        let value = value.unsigned_abs();
        clock(value / 10_000, value / 100 % 100, value % 100, to);
        Ok(())
    }

    /// DATETIME: a number, digits from the year to the second.
    ///
    /// # Errors
    /// There are not as many bytes.
    pub fn datetime(bytes: &[u8], to: &mut Vec<u8>) -> Result<(), Error> {
        let value = Input::new(bytes).u64()?;
        let (date, time) = (value / 1_000_000, value % 1_000_000);
        date_of(date / 10_000, date / 100 % 100, date % 100, to);
        to.push(b' ');
        clock(time / 10_000, time / 100 % 100, time % 100, to);
        Ok(())
    }

    /// TIMESTAMP: seconds since 1970.
    ///
    /// # Errors
    /// There are not as many bytes.
    pub fn timestamp(bytes: &[u8], local: impl Fn(i64) -> i64, to: &mut Vec<u8>) -> Result<(), Error> {
        seconds(i64::from(Input::new(bytes).u32()?), 0, 0, local, to);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(write: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>) -> String {
        let mut to = Vec::new();
        write(&mut to).unwrap();
        String::from_utf8(to).unwrap()
    }

    #[test]
    fn times_below_zero_and_their_fractions() {
        for (bytes, digits, expected) in [
            (&[0x80, 0, 0][..], 0, "00:00:00"),
            (&[0x7F, 0xFF, 0xFF], 0, "-00:00:01"),
            (&[0x7F, 0xFF, 0xFF, 0xFF, 0xFF, 0xFF], 6, "-00:00:00.000001"),
            (&[0x7F, 0xFF, 0xFF, 0xFF], 2, "-00:00:00.01"),
            (&[0xB4, 0x6E, 0xFB], 0, "838:59:59"),
            (&[0x4B, 0x91, 0x05], 0, "-838:59:59"),
        ] {
            assert_eq!(text(|to| time(bytes, digits, to)), expected, "{bytes:x?}");
        }
    }

    #[test]
    fn days_of_leap_years_and_no_day() {
        assert_eq!(text(|to| timestamp(&[0, 0, 0, 0], 0, |utc| utc, to)), "0000-00-00 00:00:00");
        assert_eq!(text(|to| timestamp(&[0, 0, 0, 0, 0, 10], 3, |utc| utc, to)), "1970-01-01 00:00:00.001");
        assert_eq!(text(|to| timestamp(&[0x65, 0xE0, 0xF9, 0xFF], 0, |utc| utc + 3600, to)), "2024-02-29 22:41:19");
        assert_eq!(text(|to| timestamp(&[0x7F, 0xFF, 0xFF, 0xFF], 0, |utc| utc, to)), "2038-01-19 03:14:07");
        assert_eq!(text(|to| date(&[0, 0, 0], to)), "0000-00-00");
        assert_eq!(text(|to| year(&[0], to)) + &text(|to| year(&[255], to)), "00002155");
        assert_eq!(text(|to| old::time(&[0xFF, 0xFF, 0xFF], to)), "-00:00:01");
        assert_eq!(text(|to| old::datetime(&20_240_229_235_959u64.to_le_bytes(), to)), "2024-02-29 23:59:59");
    }
}
