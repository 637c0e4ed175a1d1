//! A report as a page of its own: one file, its chart inside, nothing loaded from anywhere.

use super::balance::Difference;
use super::report::{Report, TableReport};
use super::text::{grouped, key_text, summary};
use std::fmt::Write;

/// Of the chart, in pixels.
const BAR: u32 = 480;
const LINE: usize = 22;
const NAMES: u32 = 260;

const STYLE: &str = "body{font:15px/1.45 system-ui,sans-serif;margin:2em auto;max-width:70em;padding:0 1em;color:#1b1b1b}\
table{border-collapse:collapse;margin:1em 0}td,th{padding:.25em .7em;border-bottom:1px solid #ddd;text-align:left;vertical-align:top}\
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}code{font:13px/1.4 monospace;white-space:pre-wrap;word-break:break-all}\
.good{color:#1a7f37}.bad{color:#b42318}";

/// Colours of equal, missing, surplus and different.
const COLOURS: [(&str, &str); 4] =
    [("equal", "#4c9f70"), ("missing", "#d1495b"), ("only in Doris", "#edae49"), ("different", "#7b5ea7")];

/// The page.
pub fn html(report: &Report) -> String {
    let mut page = format!(
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{name}: verification</title><style>{STYLE}</style></head><body>\n\
         <h1>{name}</h1>\n<p class=\"{class}\"><strong>{summary}</strong></p>\n<p>{seconds} s</p>\n",
        name = escaped(&report.job),
        class = if report.equal { "good" } else { "bad" },
        summary = escaped(&summary(report)),
        seconds = report.ended.saturating_sub(report.began) / 1000,
    );
    page.push_str(&chart(report));
    page.push_str("<table><tr><th>table</th><th>in Doris</th>");
    for name in ["rows", "equal", "missing", "only in Doris", "different", "still changing"] {
        let _ = write!(page, "<th class=\"n\">{name}</th>");
    }
    page.push_str("<th></th></tr>\n");
    for table in &report.tables {
        let class = if table.is_equal() { "good" } else { "bad" };
        let verdict = if table.refused.is_some() {
            "not compared"
        } else if table.is_equal() {
            "equal"
        } else {
            "differs"
        };
        let _ = write!(page, "<tr><td>{}</td><td>{}</td>", escaped(&table.table), escaped(&table.target));
        for number in [
            table.source_rows,
            table.equal,
            table.differ.missing,
            table.differ.surplus,
            table.differ.different,
            table.moving,
        ] {
            let _ = write!(page, "<td class=\"n\">{}</td>", grouped(number));
        }
        let _ = writeln!(page, "<td class=\"{class}\">{verdict}</td></tr>");
    }
    page.push_str("</table>\n");
    for table in report.tables.iter().filter(|table| !table.is_equal() || !table.notes.is_empty()) {
        details(table, &mut page);
    }
    page.push_str("</body></html>\n");
    page
}

/// A bar for each table: which part of its rows is what. What differs is seen however little it is.
fn chart(report: &Report) -> String {
    let height = LINE * (report.tables.len() + 1);
    let mut svg =
        format!("<svg width=\"{}\" height=\"{height}\" role=\"img\" aria-label=\"rows by table\">\n", NAMES + BAR + 20);
    let mut x = NAMES;
    for (name, colour) in COLOURS {
        let _ = write!(
            svg,
            "<rect x=\"{x}\" y=\"4\" width=\"12\" height=\"12\" fill=\"{colour}\"/><text x=\"{}\" y=\"15\" font-size=\"13\">{name}</text>",
            x + 16
        );
        x += 120;
    }
    for (i, table) in report.tables.iter().enumerate() {
        let y = LINE * (i + 1);
        let _ = write!(
            svg,
            "<text x=\"{}\" y=\"{}\" font-size=\"13\" text-anchor=\"end\">{}</text>",
            NAMES - 8,
            y + 14,
            escaped(&table.table)
        );
        let parts = [table.equal, table.differ.missing, table.differ.surplus, table.differ.different];
        let all = parts.iter().sum::<u64>().max(1) as f64;
        let mut x = f64::from(NAMES);
        for (part, (_, colour)) in parts.into_iter().zip(COLOURS) {
            if part > 0 {
                let width = (part as f64 / all * f64::from(BAR)).max(3.0);
                let _ = write!(
                    svg,
                    "<rect x=\"{x:.1}\" y=\"{}\" width=\"{width:.1}\" height=\"14\" fill=\"{colour}\"/>",
                    y + 3
                );
                x += width;
            }
        }
        svg.push('\n');
    }
    svg.push_str("</svg>\n");
    svg
}

fn details(table: &TableReport, page: &mut String) {
    let _ = writeln!(page, "<h2>{}</h2>", escaped(&table.table));
    let refused = table.refused.iter().map(|why| format!("not compared: {why}"));
    let by_rows = table.by_rows.iter().map(|why| format!("all of its rows were read: {why}"));
    let reasons = refused.chain(by_rows).chain(table.notes.iter().cloned());
    let unloadable = table
        .unloadable_reason
        .iter()
        .map(|why| format!("{} rows cannot be in Doris; the first: {why}", table.unloadable));
    for why in reasons.chain(unloadable) {
        let _ = writeln!(page, "<p>{}</p>", escaped(&why));
    }
    let with_cells: Vec<_> = table.found.iter().filter(|found| !found.cells.is_empty()).collect();
    if with_cells.is_empty() {
        return;
    }
    page.push_str("<table><tr><th></th><th>key</th><th>column</th><th>source</th><th>Doris</th></tr>\n");
    for found in with_cells {
        let what = match found.difference {
            Difference::Missing => "missing",
            Difference::Surplus => "only in Doris",
            Difference::Different => "different",
        };
        for (i, cell) in found.cells.iter().enumerate() {
            let (what, key) = if i == 0 { (what, key_text(found)) } else { ("", String::new()) };
            let value = |value: &Option<String>| {
                value.as_ref().map_or("NULL".into(), |text| format!("<code>{}</code>", escaped(text)))
            };
            let _ = writeln!(
                page,
                "<tr><td>{what}</td><td>{}</td><td>{}</td><td>{}</td><td>{}</td></tr>",
                escaped(&key),
                escaped(&cell.column),
                value(&cell.source),
                value(&cell.target)
            );
        }
    }
    page.push_str("</table>\n");
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
