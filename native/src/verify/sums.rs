//! Sums of a range, by both servers: where they are equal its rows are. Where they differ the rows are parted by their keys' MD5, which cuts a table of any key,
//! and each part is summed, so that only those that differ are to be read.

use super::checksum::{Checksum, Texts};
use super::key;
use super::pair::TablePair;
use super::range::check;
use super::spec::VerifySpec;
use super::target::Target;
use crate::error::Error;
use crate::snapshot::range::{self, Range};
use crate::snapshot::server;
use std::collections::{BTreeMap, BTreeSet};

/// So many rows are read rather than summed a second time.
const FEW: u64 = 10_000;
/// Rows of a part, about.
const PART: u64 = 1000;
/// Parts by so many hexadecimal digits at most: 4096.
const MOST_DIGITS: u32 = 3;
/// If more than one part in so many differs, all are read: what is left out would not pay for a search by a condition.
const WORTHWHILE: usize = 4;

/// What the sums say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// Both have as many rows, and they are equal.
    Equal(u64),
    /// Some rows differ.
    Unequal(Unequal),
    /// One of the servers does not sum them up; why.
    Refused(String),
}

/// Rows of a range among which there are some that differ.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Unequal {
    /// Rows that are equal on both sides, and need not be read.
    pub equal: u64,
    /// The condition for the others; None for all of the range.
    pub only: Option<Texts>,
}

/// Sums by part.
type Sums = BTreeMap<String, Sum>;

#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
struct Sum {
    rows: u64,
    sum: u128,
}

/// Compares the sums of a range.
///
/// # Errors
/// Either side does not answer; the thread is interrupted.
pub fn compare(
    spec: &VerifySpec,
    pair: &TablePair,
    target: &Target,
    checksum: &Checksum,
    range: &Range,
) -> Result<Outcome, Error> {
    let asked = |digits| ask(spec, pair, target, checksum, range, digits);
    let [source, of_target] = match asked(0)? {
        Ok(sums) => sums,
        Err(why) => return Ok(Outcome::Refused(why)),
    };
    let [a, b] = [&source, &of_target].map(|sums| sums.values().next().copied().unwrap_or_default());
    if a == b {
        return Ok(Outcome::Equal(a.rows));
    }
    let rows = a.rows.max(b.rows);
    if rows <= FEW {
        return Ok(Outcome::Unequal(Unequal::default()));
    }
    let digits = digits(rows);
    match asked(digits)? {
        Ok([source, of_target]) => Ok(narrowed(checksum, digits, &source, &of_target)),
        Err(why) => Ok(Outcome::Refused(why)),
    }
}

/// Digits that make parts of about [`PART`] rows.
fn digits(rows: u64) -> u32 {
    (1..MOST_DIGITS).find(|digits| rows >> (4 * digits) <= PART).unwrap_or(MOST_DIGITS)
}

fn ask(
    spec: &VerifySpec,
    pair: &TablePair,
    target: &Target,
    checksum: &Checksum,
    range: &Range,
    digits: u32,
) -> Result<Result<[Sums; 2], String>, Error> {
    check()?;
    let conditions = server::cutting(&spec.source, &pair.table).conditions(&range.after, &range.up_to);
    let of_range = range::from(&pair.table, &conditions);
    let in_source =
        format!("SELECT {} FROM {of_range}{}", checksum.in_source(digits), checksum.grouped_in_source(digits));
    let condition = key::between(&pair.keys, &range.after, &range.up_to);
    let in_target = pair.target_select(&checksum.in_target(digits), &condition) + &checksum.grouped_in_target(digits);
    // Both at the same time.
    let pending = target.ask(in_target)?;
    let of_source = server::answer(&spec.source, &in_source)?;
    let of_target = pending.wait()?;
    let said = |who: &str, why: String| format!("{who} does not sum them up: {why}");
    let of_source = match of_source {
        Ok(rows) => sums(rows.into_iter()),
        Err(why) => return Ok(Err(said("the source", why))),
    };
    let text = |cell: Option<Vec<u8>>| cell.map(|text| String::from_utf8_lossy(&text).into_owned());
    let of_target = match of_target {
        Ok(rows) => sums(rows.into_iter().map(|row| row.into_iter().map(text).collect())),
        Err(why) => return Ok(Err(said("Doris", why))),
    };
    Ok(of_source
        .map_err(|why| said("the source", why))
        .and_then(|a| of_target.map(|b| [a, b]).map_err(|why| said("Doris", why))))
}

/// Rows of a part, its count and its sum; a sum of no rows is NULL.
fn sums(rows: impl Iterator<Item = Vec<Option<String>>>) -> Result<Sums, String> {
    let mut sums = Sums::new();
    for row in rows {
        let [part, rows, sum] = <[Option<String>; 3]>::try_from(row).map_err(|row| format!("it answers {row:?}"))?;
        let number = |text: &Option<String>| text.as_deref().unwrap_or("0").parse::<u128>();
        match (part, number(&rows), number(&sum)) {
            (Some(part), Ok(rows), Ok(sum)) => sums.insert(part, Sum { rows: rows as u64, sum }),
            (part, ..) => return Err(format!("it answers {:?}", [part, rows, sum])),
        };
    }
    Ok(sums)
}

fn narrowed(checksum: &Checksum, digits: u32, source: &Sums, target: &Sums) -> Outcome {
    let all: BTreeSet<&String> = source.keys().chain(target.keys()).collect();
    let count = all.len();
    let (equal, unequal): (Vec<&String>, Vec<&String>) =
        all.into_iter().partition(|part| source.get(*part) == target.get(*part));
    let equal = equal.into_iter().filter_map(|part| source.get(part)).map(|sum| sum.rows).sum();
    if unequal.is_empty() {
        // What was on its way has come.
        return Outcome::Equal(equal);
    }
    if unequal.len() * WORTHWHILE > count {
        return Outcome::Unequal(Unequal::default());
    }
    let parts: Vec<String> = unequal.into_iter().cloned().collect();
    Outcome::Unequal(Unequal { equal, only: Some(checksum.of_parts(digits, &parts)) })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(parts: &[(&str, u64, u128)]) -> Sums {
        parts.iter().map(|(part, rows, sum)| (part.to_string(), Sum { rows: *rows, sum: *sum })).collect()
    }

    #[test]
    fn parts_have_about_a_thousand_rows() {
        for (rows, expected) in [(10_001, 1), (16_000, 1), (17_000, 2), (300_000, 3), (10_000_000, 3)] {
            assert_eq!(digits(rows), expected, "{rows} rows");
        }
    }

    #[test]
    fn only_parts_that_differ_are_read() {
        let checksum = Checksum::of_texts("k", "r");
        let many = |changed: &[(&'static str, u64, u128)]| {
            let mut parts: Vec<(&str, u64, u128)> =
                ["0", "1", "2", "3", "4", "5", "6", "7", "8"].iter().map(|part| (*part, 10, 77)).collect();
            parts.extend(changed);
            of(&parts)
        };
        let read = |only: &[&str], equal| {
            let parts: Vec<String> = only.iter().map(ToString::to_string).collect();
            Outcome::Unequal(Unequal { equal, only: Some(checksum.of_parts(1, &parts)) })
        };
        let outcome = |source: &Sums, target: &Sums| narrowed(&checksum, 1, source, target);
        // Other rows, as many; a row less; a part that only one side has.
        assert_eq!(outcome(&many(&[("9", 10, 1)]), &many(&[("9", 10, 2)])), read(&["9"], 90));
        assert_eq!(outcome(&many(&[("9", 10, 1)]), &many(&[("9", 9, 1)])), read(&["9"], 90));
        assert_eq!(outcome(&many(&[("9", 1, 1)]), &many(&[])), read(&["9"], 90));
        assert_eq!(outcome(&many(&[("a", 1, 1)]), &many(&[("b", 1, 1)])), read(&["a", "b"], 90));
        // What differed when all was summed differs no more.
        assert_eq!(outcome(&many(&[]), &many(&[])), Outcome::Equal(90));
        // Too many.
        assert_eq!(outcome(&many(&[]), &of(&[])), Outcome::Unequal(Unequal::default()));
    }

    #[test]
    fn answers_are_read() {
        let row = |cells: [Option<&str>; 3]| cells.map(|cell| cell.map(str::to_string)).to_vec();
        let found = sums([row([Some(""), Some("0"), None])].into_iter());
        assert_eq!(found, Ok(of(&[("", 0, 0)])));
        let most = row([Some("0f"), Some("4"), Some("340282366920938463463374607431768211455")]);
        assert_eq!(sums([most].into_iter()), Ok(of(&[("0f", 4, u128::MAX)])));
        for answer in [row([None, Some("1"), Some("1")]), row([Some(""), Some("1"), Some("1.5e20")]), vec![]] {
            assert!(sums([answer.clone()].into_iter()).unwrap_err().contains("it answers"), "{answer:?}");
        }
    }
}
