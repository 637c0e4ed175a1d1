//! DATE, TIME and TIMESTAMP: the texts flink-json reads, and the texts of the test data.

use super::value::Timestamp;

const DAY_MILLIS: i64 = 86_400_000;

/// How `java.time` resolves days beyond the end of a month and the hour 24.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Resolver {
    /// Both are errors.
    Strict,
    /// The last day of that month; midnight of the next day.
    Smart,
}

/// A text being read; every step is `None` where the text does not go on as it must.
struct Text<'t>(&'t [u8]);

impl Text<'_> {
    fn literal(&mut self, expected: &[u8]) -> Option<()> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        expected.contains(first).then_some(())
    }

    fn accepts(&mut self, expected: u8) -> bool {
        let accepted = self.0.first() == Some(&expected);
        self.0 = &self.0[usize::from(accepted)..];
        accepted
    }

    fn digits(&mut self, min: usize, max: usize) -> Option<i64> {
        let count = self.0.iter().take(max).take_while(|b| b.is_ascii_digit()).count();
        if count < min {
            return None;
        }
        let (digits, rest) = self.0.split_at(count);
        self.0 = rest;
        Some(digits.iter().fold(0, |n, b| n * 10 + i64::from(b - b'0')))
    }

    fn two(&mut self, max: i64) -> Option<i64> {
        self.digits(2, 2).filter(|n| *n <= max)
    }

    /// Four digits; `+` and five or more; `-` and four or more, but not year 0.
    fn year(&mut self) -> Option<i64> {
        if self.accepts(b'-') {
            return self.digits(4, 10).filter(|year| *year != 0).map(|year| -year);
        }
        if self.accepts(b'+') { self.digits(5, 10) } else { self.digits(4, 4) }
    }

    fn date(&mut self, resolver: Resolver) -> Option<i64> {
        let year = self.year().filter(|year| year.abs() <= 999_999_999)?;
        self.literal(b"-")?;
        let month = self.two(12).filter(|m| *m > 0)?;
        self.literal(b"-")?;
        let day = self.two(31).filter(|d| *d > 0)?;
        let last = month_length(year, month);
        if day > last && resolver == Resolver::Strict {
            return None;
        }
        Some(epoch_day(year, month, day.min(last)))
    }

    /// Days to add (for hour 24), milliseconds of the day, nanoseconds of the millisecond.
    fn time(&mut self, resolver: Resolver, seconds_required: bool) -> Option<(i64, i64, u32)> {
        let hour = self.two(24)?;
        self.literal(b":")?;
        let minute = self.two(59)?;
        let (mut second, mut nanos) = (0, 0);
        if seconds_required || self.0.first() == Some(&b':') {
            self.literal(b":")?;
            second = self.two(59)?;
            if self.accepts(b'.') {
                let before = self.0.len();
                let fraction = self.digits(0, 9)?;
                nanos = fraction * 10i64.pow(9 - (before - self.0.len()) as u32);
            }
        }
        if hour == 24 {
            let midnight = (minute, second, nanos) == (0, 0, 0);
            return (midnight && resolver == Resolver::Smart).then_some((1, 0, 0));
        }
        let millis = (hour * 3600 + minute * 60 + second) * 1000 + nanos / 1_000_000;
        Some((0, millis, (nanos % 1_000_000) as u32))
    }

    fn end(&self) -> Option<()> {
        self.0.is_empty().then_some(())
    }
}

/// Days since 1970-01-01 of an `ISO_LOCAL_DATE`.
pub fn date(text: &str) -> Option<i64> {
    let mut text = Text(text.as_bytes());
    let day = text.date(Resolver::Strict)?;
    text.end()?;
    Some(day)
}

/// Milliseconds of the day; the fraction is read and dropped unless `keep_millis`.
pub fn time(text: &str, keep_millis: bool) -> Option<i32> {
    let mut text = Text(text.as_bytes());
    let (_, millis, _) = text.time(Resolver::Smart, true)?;
    text.end()?;
    let millis = if keep_millis { millis } else { millis / 1000 * 1000 };
    Some(millis as i32)
}

/// `yyyy-MM-dd HH:mm:ss[.fraction]`, with `Z` behind it if `zulu`.
pub fn timestamp_sql(text: &str, zulu: bool) -> Option<Timestamp> {
    let mut text = Text(text.as_bytes());
    let day = text.date(Resolver::Smart)?;
    text.literal(b" ")?;
    let time = text.time(Resolver::Smart, true)?;
    if zulu {
        text.literal(b"Z")?;
    }
    text.end()?;
    Some(join(day, time))
}

/// `ISO_LOCAL_DATE_TIME`; with `zulu` its parts one by one, `T` between and `Z` behind them.
pub fn timestamp_iso(text: &str, zulu: bool) -> Option<Timestamp> {
    let resolver = if zulu { Resolver::Smart } else { Resolver::Strict };
    let mut text = Text(text.as_bytes());
    let day = text.date(resolver)?;
    text.literal(if zulu { b"T" } else { b"Tt" })?;
    let time = text.time(resolver, false)?;
    if zulu {
        text.literal(b"Z")?;
    }
    text.end()?;
    Some(join(day, time))
}

fn join(day: i64, (days, millis, nanos): (i64, i64, u32)) -> Timestamp {
    Timestamp { millis: (day + days).wrapping_mul(DAY_MILLIS).wrapping_add(millis), nanos }
}

fn leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn month_length(year: i64, month: i64) -> i64 {
    match month {
        2 => 28 + i64::from(leap(year)),
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// Counts whole 400-year cycles, then years, then months: slow and obvious.
fn epoch_day(year: i64, month: i64, day: i64) -> i64 {
    const CYCLE_DAYS: i64 = 146_097;
    let cycles = year.div_euclid(400);
    let years: i64 = (0..year.rem_euclid(400)).map(|y| 365 + i64::from(leap(y))).sum();
    let months: i64 = (1..month).map(|m| month_length(year, m)).sum();
    // 719,528 days lie between 0000-01-01 and 1970-01-01.
    cycles * CYCLE_DAYS + years + months + day - 1 - 719_528
}

/// As `LocalDate.toString()`.
pub fn date_text(epoch_day: i64) -> String {
    let mut rest = epoch_day + 719_528;
    let mut year = rest.div_euclid(146_097) * 400;
    rest = rest.rem_euclid(146_097);
    while rest >= 365 + i64::from(leap(year)) {
        rest -= 365 + i64::from(leap(year));
        year += 1;
    }
    let mut month = 1;
    while rest >= month_length(year, month) {
        rest -= month_length(year, month);
        month += 1;
    }
    let sign = match year {
        10_000.. => "+",
        ..0 => "-",
        _ => "",
    };
    format!("{sign}{:04}-{month:02}-{:02}", year.abs(), rest + 1)
}

/// `HH:mm:ss.SSS`
pub fn time_text(millis: i32) -> String {
    let seconds = millis / 1000;
    format!("{:02}:{:02}:{:02}.{:03}", seconds / 3600, seconds / 60 % 60, seconds % 60, millis % 1000)
}

/// `yyyy-MM-dd HH:mm:ss.nnnnnnnnn`
pub fn timestamp_text(stamp: Timestamp) -> String {
    let millis = stamp.millis.rem_euclid(DAY_MILLIS) as i32;
    format!("{} {}{:06}", date_text(stamp.millis.div_euclid(DAY_MILLIS)), time_text(millis), stamp.nanos)
}
