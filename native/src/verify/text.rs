//! A report for a terminal.

use super::balance::Difference;
use super::report::{CellDifference, Found, Report, TableReport};
use std::fmt::Write;

/// Tables that are equal are not named beyond so many.
const MOST_EQUAL: usize = 40;
/// Differences of a table that are shown, and all whose values the report has.
const MOST_FOUND: usize = 5;

/// The report: a line for each table, then what differs.
pub fn text(report: &Report) -> String {
    let mut out = String::new();
    let (equal, unequal): (Vec<_>, Vec<_>) = report.tables.iter().partition(|table| table.is_equal());
    let head = ["table", "rows", "equal", "missing", "surplus", "different", ""].map(str::to_string);
    let shown = unequal.iter().chain(equal.iter().take(MOST_EQUAL));
    let lines: Vec<[String; 7]> = std::iter::once(head).chain(shown.map(|table| line(table))).collect();
    let width = |i: usize| lines.iter().map(|line| line[i].chars().count()).max().unwrap_or(0);
    let widths: [usize; 7] = std::array::from_fn(width);
    for line in &lines {
        let mut row = format!("{:<width$}", line[0], width = widths[0]);
        for i in 1..6 {
            let _ = write!(row, "  {:>width$}", line[i], width = widths[i]);
        }
        let _ = write!(row, "  {}", line[6]);
        let _ = writeln!(out, "{}", row.trim_end());
    }
    if equal.len() > MOST_EQUAL {
        let _ = writeln!(out, "and {} more tables that are equal", equal.len() - MOST_EQUAL);
    }
    for table in report.tables.iter().filter(|table| !table.is_equal() || !table.notes.is_empty()) {
        details(table, &mut out);
    }
    let _ = writeln!(out, "{}", summary(report));
    out
}

/// One line: whether all is equal, and what is not.
pub fn summary(report: &Report) -> String {
    let sum = |of: fn(&TableReport) -> u64| report.tables.iter().map(of).sum::<u64>();
    let refused = report.tables.iter().filter(|table| table.refused.is_some()).count();
    let mut parts =
        vec![format!("{} of {}", count(report.source_rows(), "row"), count(report.tables.len() as u64, "table"))];
    for (number, what) in [
        (sum(|table| table.differ.missing), "missing"),
        (sum(|table| table.differ.surplus), "only in Doris"),
        (sum(|table| table.differ.different), "different"),
        (sum(|table| table.moving), "still changing"),
        (sum(|table| table.unloadable), "that cannot be loaded"),
    ] {
        if number > 0 {
            parts.push(format!("{} {what}", grouped(number)));
        }
    }
    if refused > 0 {
        parts.push(format!("{} not compared", count(refused as u64, "table")));
    }
    format!("{}: {}", if report.equal { "equal" } else { "NOT equal" }, parts.join(", "))
}

fn line(table: &TableReport) -> [String; 7] {
    let verdict = match (&table.refused, table.is_equal()) {
        (Some(_), _) => "not compared",
        (None, true) => "",
        (None, false) => "differs",
    };
    let differ = table.differ;
    let numbers = [table.source_rows, table.equal, differ.missing, differ.surplus, differ.different].map(grouped);
    let [rows, equal, missing, surplus, different] = numbers;
    [table.table.clone(), rows, equal, missing, surplus, different, verdict.into()]
}

fn details(table: &TableReport, out: &mut String) {
    let _ = writeln!(
        out,
        "\n{}{}",
        table.table,
        if table.target == table.table || table.target.is_empty() {
            String::new()
        } else {
            format!(" ({} in Doris)", table.target)
        }
    );
    let refused = table.refused.iter().map(|why| format!("not compared: {why}"));
    let by_rows = table.by_rows.iter().map(|why| format!("all of its rows were read: {why}"));
    for why in refused.chain(by_rows).chain(table.notes.iter().cloned()) {
        let _ = writeln!(out, "  {why}");
    }
    let with_values = table.found.iter().take_while(|found| !found.cells.is_empty()).count();
    let shown = table.found.len().min(with_values.max(MOST_FOUND));
    for found in &table.found[..shown] {
        let _ = writeln!(out, "  {}", one(found));
        let is_telling = |cell: &&CellDifference| found.difference == Difference::Different || cell.reason.is_some();
        for cell in found.cells.iter().filter(is_telling) {
            let _ = writeln!(out, "      {}", of_cell(cell));
        }
    }
    if table.found.len() > shown {
        let _ = writeln!(out, "  and {} more, which the report has", grouped((table.found.len() - shown) as u64));
    }
    if table.unsettled > 0 {
        let _ =
            writeln!(out, "  {} of the differences were read once only: there are too many", grouped(table.unsettled));
    }
    if table.moving > 0 {
        let _ = writeln!(
            out,
            "  {} changed in the source whenever they were read; Doris follows",
            count(table.moving, "row")
        );
    }
    if let Some(why) = &table.unloadable_reason {
        let _ = writeln!(out, "  {} cannot be in Doris; the first: {why}", count(table.unloadable, "row"));
    }
}

fn one(found: &Found) -> String {
    let what = match found.difference {
        Difference::Missing => "missing in Doris",
        Difference::Surplus => "only in Doris",
        Difference::Different => "different",
    };
    format!("{what}: {}", key_text(found))
}

/// `id = 5, part = a`.
pub(super) fn key_text(found: &Found) -> String {
    let value = |value: &Option<String>| match value {
        None => "NULL".to_string(),
        // What looks like something else, or would be seen as something else, is quoted.
        Some(text) if is_plain(text) => text.clone(),
        Some(text) => format!("{text:?}"),
    };
    let of = |cell: &super::report::KeyCell| format!("{} = {}", cell.column, value(&cell.value));
    found.key.iter().map(of).collect::<Vec<_>>().join(", ")
}

/// Letters, digits, and what is in a date.
fn is_plain(text: &str) -> bool {
    let is_inside = |c: char| c.is_alphanumeric() || matches!(c, '-' | '.' | ':' | '_' | ' ');
    !text.is_empty() && text != "NULL" && text.trim() == text && text.chars().all(is_inside)
}

fn of_cell(cell: &CellDifference) -> String {
    let value = |value: &Option<String>| value.as_ref().map_or("NULL".to_string(), |text| format!("{text:?}"));
    match &cell.reason {
        Some(why) => format!("{}: it cannot be loaded: {why}; in Doris {}", cell.column, value(&cell.target)),
        None => format!("{}: {} in the source, {} in Doris", cell.column, value(&cell.source), value(&cell.target)),
    }
}

fn count(number: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(number), if number == 1 { "" } else { "s" })
}

/// `1,234,567`.
pub(super) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verify::balance::Counts;
    use crate::verify::report::KeyCell;

    /// A report with a table of each kind.
    pub fn example() -> Report {
        let found = Found {
            difference: Difference::Different,
            key: vec![KeyCell { column: "id".into(), value: Some("5".into()) }],
            cells: vec![CellDifference {
                column: "name".into(),
                source: Some("a<b".into()),
                target: None,
                reason: None,
            }],
        };
        let table = |name: &str| TableReport {
            table: name.into(),
            target: name.into(),
            source_rows: 1234,
            equal: 1234,
            ..TableReport::default()
        };
        let differs = TableReport {
            by_rows: Some("the column price: the servers print FLOAT and DOUBLE otherwise".into()),
            equal: 1233,
            differ: Counts { different: 1, ..Counts::default() },
            found: vec![found],
            ..table("shop.orders")
        };
        let refused = TableReport {
            table: "shop.log".into(),
            refused: Some("it has no primary key".into()),
            ..TableReport::default()
        };
        Report {
            job: "shop".into(),
            began: 1,
            ended: 2,
            equal: false,
            tables: vec![table("shop.items"), refused, differs],
        }
    }

    #[test]
    fn a_report_as_it_is_read() {
        let expected = "\
table         rows  equal  missing  surplus  different
shop.log         0      0        0        0          0  not compared
shop.orders  1,234  1,233        0        0          1  differs
shop.items   1,234  1,234        0        0          0

shop.log
  not compared: it has no primary key

shop.orders
  all of its rows were read: the column price: the servers print FLOAT and DOUBLE otherwise
  different: id = 5
      name: \"a<b\" in the source, NULL in Doris
NOT equal: 2,468 rows of 3 tables, 1 different, 1 table not compared
";
        assert_eq!(text(&example()), expected);
    }

    #[test]
    fn keys_are_what_they_look_like() {
        let cell = |value: Option<&str>| KeyCell { column: "k".into(), value: value.map(Into::into) };
        let of =
            |value| key_text(&Found { difference: Difference::Missing, key: vec![cell(value)], cells: Vec::new() });
        for (value, text) in [
            (None, "k = NULL"),
            (Some("NULL"), "k = \"NULL\""),
            (Some(""), "k = \"\""),
            (Some("a "), "k = \"a \""),
            (Some("a, v = 3"), "k = \"a, v = 3\""),
            (Some("a\u{1b}[0m\n"), "k = \"a\\u{1b}[0m\\n\""),
            (Some("-7.5"), "k = -7.5"),
            (Some("2024-01-31 10:00:00.5"), "k = 2024-01-31 10:00:00.5"),
            (Some("Zürich"), "k = Zürich"),
        ] {
            assert_eq!(of(value), text);
        }
    }

    #[test]
    fn all_differences_with_values_are_shown_and_why_a_row_is_missing() {
        let found = |id: u32, difference, reason: Option<&str>| Found {
            difference,
            key: vec![KeyCell { column: "id".into(), value: Some(id.to_string()) }],
            cells: vec![CellDifference {
                column: "name".into(),
                source: Some("a".into()),
                target: None,
                reason: reason.map(Into::into),
            }],
        };
        let mut table = TableReport { table: "d.t".into(), ..TableReport::default() };
        table.found = (0..8).map(|id| found(id, Difference::Missing, None)).collect();
        table.found[7] = found(7, Difference::Missing, Some("it has 9 bytes, and the column 5"));
        table.found.push(Found { cells: Vec::new(), ..found(8, Difference::Surplus, None) });
        let mut out = String::new();
        details(&table, &mut out);
        let end = "  missing in Doris: id = 7\n      name: it cannot be loaded: it has 9 bytes, and the column 5; in Doris NULL\n  and 1 more, which the report has\n";
        assert!(out.ends_with(end), "{out}");
    }

    #[test]
    fn the_page_has_all_of_it_and_no_markup_of_values() {
        let page = super::super::html::html(&example());
        assert!(page.starts_with("<!DOCTYPE html>") && page.contains("<svg") && page.contains("shop.orders"));
        assert!(page.contains("a&lt;b") && !page.contains("a<b"));
        assert!(!page.contains("http://") && !page.contains("https://"), "it loads nothing");
    }
}
