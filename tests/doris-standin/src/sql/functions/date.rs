//! Functions of dates and times. The session's zone is UTC.

use crate::cell::{Cell, DAY_MICROS, DateTime, civil, days_of};
use crate::sql::arithmetic::{datetime, integer};
use std::fmt::Write;

pub(super) const NAMES: [&str; 26] = [
    "adddate",
    "date",
    "date_add",
    "date_format",
    "date_sub",
    "date_trunc",
    "datediff",
    "day",
    "dayofmonth",
    "dayofweek",
    "dayofyear",
    "days_add",
    "extract",
    "from_unixtime",
    "hour",
    "last_day",
    "minute",
    "month",
    "second",
    "subdate",
    "timestampdiff",
    "to_date",
    "unix_timestamp",
    "weekday",
    "year",
    "quarter",
];

const SECOND: i64 = 1_000_000;
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const DAYS: [&str; 7] = ["Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday"];

pub(super) fn call(name: &str, arguments: &[Cell]) -> Option<Cell> {
    match (name, arguments) {
        ("from_unixtime", [seconds]) => return Some(seconds_text(seconds, "%Y-%m-%d %H:%i:%s")),
        ("from_unixtime", [seconds, format]) => {
            return Some(seconds_text(seconds, &java_or_mysql(&format.to_string())));
        }
        ("date_add" | "adddate" | "days_add", [date, amount, rest @ ..]) => return add(date, integer(amount), rest),
        ("date_sub" | "subdate", [date, amount, rest @ ..]) => return add(date, -integer(amount), rest),
        ("extract", [unit, date]) if NAMES.contains(&unit.to_string().to_lowercase().as_str()) => {
            return call(&unit.to_string().to_lowercase(), std::slice::from_ref(date));
        }
        ("timestampdiff", [unit, from, to]) => return difference(&unit.to_string(), from, to),
        _ if !NAMES.contains(&name) => return None,
        _ => {}
    }
    let Some(moment) = arguments.first().and_then(moment) else { return Some(Cell::Null) };
    match (name, &arguments[1..]) {
        ("date_format", [format]) => Some(Cell::Text(format_text(moment, &java_or_mysql(&format.to_string())))),
        ("date_trunc", [unit]) => truncated(moment, &unit.to_string()),
        ("datediff", [other]) => Some(Cell::Int((moment.days() - self::moment(other)?.days()).into())),
        ("unix_timestamp", []) => Some(Cell::Int(moment.micros.div_euclid(SECOND).max(0).into())),
        ("date" | "to_date", []) => Some(Cell::Date(moment.days())),
        (_, []) => part(name, moment).map(|part| Cell::Int(part.into())),
        _ => None,
    }
}

fn moment(cell: &Cell) -> Option<DateTime> {
    match datetime(cell)? {
        Cell::Date(days) => Some(DateTime::of_day(days)),
        Cell::DateTime(moment) => Some(moment),
        _ => None,
    }
}

fn part(name: &str, moment: DateTime) -> Option<i64> {
    let (year, month, day) = civil(moment.days());
    let seconds = moment.micros.rem_euclid(DAY_MICROS) / SECOND;
    Some(match name {
        "year" => year.into(),
        "quarter" => (i64::from(month) + 2) / 3,
        "month" => month.into(),
        "day" | "dayofmonth" => day.into(),
        "hour" => seconds / 3600,
        "minute" => seconds / 60 % 60,
        "second" => seconds % 60,
        "dayofweek" => weekday(moment) + 1,
        "weekday" => (weekday(moment) + 6) % 7,
        "dayofyear" => i64::from(moment.days() - days_of(year, 1, 1)?) + 1,
        _ => return None,
    })
}

/// 0 is Sunday.
fn weekday(moment: DateTime) -> i64 {
    (i64::from(moment.days()) + 4).rem_euclid(7)
}

fn add(date: &Cell, amount: i128, unit: &[Cell]) -> Option<Cell> {
    let Some(moment) = moment(date) else { return Some(Cell::Null) };
    let amount = i64::try_from(amount).ok()?;
    let unit = unit.first().map_or("day".to_owned(), |unit| unit.to_string());
    let steps = match unit.as_str() {
        "microsecond" => amount,
        "second" => amount.checked_mul(SECOND)?,
        "minute" => amount.checked_mul(60 * SECOND)?,
        "hour" => amount.checked_mul(3600 * SECOND)?,
        "day" => amount.checked_mul(DAY_MICROS)?,
        "week" => amount.checked_mul(7 * DAY_MICROS)?,
        "month" => months_later(moment, amount)?,
        "quarter" => months_later(moment, amount.checked_mul(3)?)?,
        "year" => months_later(moment, amount.checked_mul(12)?)?,
        _ => return None,
    };
    let later = DateTime { micros: moment.micros.checked_add(steps)?, scale: moment.scale };
    let whole_days = matches!(unit.as_str(), "day" | "week" | "month" | "quarter" | "year");
    Some(match datetime(date)? {
        Cell::Date(_) if whole_days => Cell::Date(later.days()),
        _ => Cell::DateTime(later),
    })
}

/// Microseconds to the same day some months on, or to that month's last.
fn months_later(moment: DateTime, amount: i64) -> Option<i64> {
    let (year, month, day) = civil(moment.days());
    let months = i64::from(year) * 12 + i64::from(month) - 1 + amount;
    let (year, month) = (i32::try_from(months.div_euclid(12)).ok()?, months.rem_euclid(12) as u32 + 1);
    let days = (1..=day).rev().find_map(|day| days_of(year, month, day))?;
    Some(i64::from(days - moment.days()) * DAY_MICROS)
}

fn difference(unit: &str, from: &Cell, to: &Cell) -> Option<Cell> {
    let (Some(from), Some(to)) = (moment(from), moment(to)) else { return Some(Cell::Null) };
    let length = match unit.to_lowercase().as_str() {
        "second" => SECOND,
        "minute" => 60 * SECOND,
        "hour" => 3600 * SECOND,
        "day" => DAY_MICROS,
        _ => return None,
    };
    Some(Cell::Int(((to.micros - from.micros) / length).into()))
}

fn truncated(moment: DateTime, unit: &str) -> Option<Cell> {
    let (year, month, _) = civil(moment.days());
    let floor = |length: i64| moment.micros.div_euclid(length) * length;
    let micros = match unit.to_lowercase().as_str() {
        "second" => floor(SECOND),
        "minute" => floor(60 * SECOND),
        "hour" => floor(3600 * SECOND),
        "day" => floor(DAY_MICROS),
        "week" => floor(DAY_MICROS) - (weekday(moment) + 6) % 7 * DAY_MICROS,
        "month" => i64::from(days_of(year, month, 1)?) * DAY_MICROS,
        "quarter" => i64::from(days_of(year, (month - 1) / 3 * 3 + 1, 1)?) * DAY_MICROS,
        "year" => i64::from(days_of(year, 1, 1)?) * DAY_MICROS,
        _ => return None,
    };
    Some(Cell::DateTime(DateTime { micros, scale: 0 }))
}

fn seconds_text(seconds: &Cell, format: &str) -> Cell {
    match i64::try_from(integer(seconds)) {
        Ok(seconds) if (0..253_402_300_800).contains(&seconds) => {
            Cell::Text(format_text(DateTime { micros: seconds * SECOND, scale: 0 }, format))
        }
        _ => Cell::Null,
    }
}

/// Doris also takes three Java patterns.
fn java_or_mysql(format: &str) -> String {
    match format {
        "yyyyMMdd" => "%Y%m%d".to_owned(),
        "yyyy-MM-dd" => "%Y-%m-%d".to_owned(),
        "yyyy-MM-dd HH:mm:ss" => "%Y-%m-%d %H:%i:%s".to_owned(),
        other => other.to_owned(),
    }
}

fn format_text(moment: DateTime, format: &str) -> String {
    let mut out = String::new();
    let mut chars = format.chars();
    while let Some(c) = chars.next() {
        if c != '%' {
            out.push(c);
        } else if let Some(specifier) = chars.next() {
            write_part(&mut out, moment, specifier);
        }
    }
    out
}

fn write_part(out: &mut String, moment: DateTime, specifier: char) {
    let (year, month, day) = civil(moment.days());
    let rest = moment.micros.rem_euclid(DAY_MICROS);
    let seconds = rest / SECOND;
    let (hour, minute, second) = (seconds / 3600, seconds / 60 % 60, seconds % 60);
    let hour_of_half = (hour + 11) % 12 + 1;
    let half = if hour < 12 { "AM" } else { "PM" };
    // Writing to a String cannot fail.
    let _ = match specifier {
        'Y' => write!(out, "{year:04}"),
        'y' => write!(out, "{:02}", year.rem_euclid(100)),
        'm' => write!(out, "{month:02}"),
        'c' => write!(out, "{month}"),
        'd' => write!(out, "{day:02}"),
        'e' => write!(out, "{day}"),
        'H' => write!(out, "{hour:02}"),
        'k' => write!(out, "{hour}"),
        'h' | 'I' => write!(out, "{hour_of_half:02}"),
        'l' => write!(out, "{hour_of_half}"),
        'i' => write!(out, "{minute:02}"),
        's' | 'S' => write!(out, "{second:02}"),
        'f' => write!(out, "{:06}", rest % SECOND),
        'p' => write!(out, "{half}"),
        'T' => write!(out, "{hour:02}:{minute:02}:{second:02}"),
        'r' => write!(out, "{hour_of_half:02}:{minute:02}:{second:02} {half}"),
        'j' => write!(out, "{:03}", part("dayofyear", moment).unwrap_or(0)),
        'w' => write!(out, "{}", weekday(moment)),
        'W' => write!(out, "{}", DAYS[weekday(moment) as usize]),
        'a' => write!(out, "{}", &DAYS[weekday(moment) as usize][..3]),
        'M' => write!(out, "{}", MONTHS[month as usize - 1]),
        'b' => write!(out, "{}", &MONTHS[month as usize - 1][..3]),
        other => write!(out, "{other}"),
    };
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(name: &str, arguments: &[&str]) -> String {
        let cells: Vec<Cell> = arguments.iter().map(|text| Cell::Text((*text).into())).collect();
        call(name, &cells).unwrap().to_string()
    }

    #[test]
    fn formats() {
        assert_eq!(
            text("date_format", &["2024-02-29 15:04:05", "%Y/%c/%e %r %W %j"]),
            "2024/2/29 03:04:05 PM Thursday 060"
        );
        assert_eq!(text("from_unixtime", &["0", "yyyyMMdd"]), "19700101");
        assert_eq!(text("unix_timestamp", &["2024-01-01"]), "1704067200");
    }

    #[test]
    fn months_keep_to_the_calendar() {
        assert_eq!(text("date_add", &["2024-01-31", "1", "month"]), "2024-02-29");
        assert_eq!(text("date_sub", &["2024-03-01 10:00:00", "1", "day"]), "2024-02-29 10:00:00");
        assert_eq!(text("date_trunc", &["2024-05-17 10:00:00", "quarter"]), "2024-04-01 00:00:00");
    }
}
