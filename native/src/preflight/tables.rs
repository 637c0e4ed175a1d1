//! What the selected tables would be in Doris: the sink is told of them, and plans.

use super::finding::{Findings, Side};
use crate::error::Error;
use crate::snapshot::catalogue::Table;
use crate::snapshot::message::Rows;
use crate::sync::open::DatabaseSpec;
use crate::sync::place::Place;
use crate::sync::report::{Report, Severity, Topic};
use crate::sync::writer::Audience;
use std::time::Duration;

const TARGET: Side = Side::Target;

/// What a plan may take.
const LIMIT: Duration = Duration::from_secs(600);

/// Looks at each table. `target` is to be one that plans.
pub fn look(target: DatabaseSpec, tables: &[Table], findings: &mut Findings) {
    match planned(target, tables) {
        Ok(reports) => say(&reports, tables.len(), findings),
        Err(e) => findings.error(TARGET, "tables", e.to_string()),
    }
}

fn planned(target: DatabaseSpec, tables: &[Table]) -> Result<Vec<Report>, Error> {
    let mut writer = target.open(&[])?;
    let mut reports = Vec::new();
    for table in tables {
        writer.write(table.message.as_bytes(), Place::of_offset(0, 0), Audience::One)?;
        // As its first rows would find it.
        let columns = Rows::new(&table.database, &table.table, &table.columns, &table.keys).take();
        writer.write(&columns, Place::of_offset(0, 1), Audience::One)?;
        reports.append(&mut writer.take_reports());
    }
    writer.await_settled(LIMIT)?;
    reports.append(&mut writer.take_reports());
    Ok(reports)
}

fn say(reports: &[Report], tables: usize, findings: &mut Findings) {
    let created: Vec<&str> =
        reports.iter().filter(|report| report.topic == Topic::Created).map(|report| report.table.as_str()).collect();
    let text = format!("{} of {tables} would be created; canal-native plan shows how", created.len());
    findings.ok(TARGET, "tables", text);
    for report in reports {
        let subject = if report.table.is_empty() { "tables" } else { &report.table };
        match (report.severity, report.topic) {
            (Severity::Error, _) => findings.error(TARGET, subject, report.text.clone()),
            (Severity::Warning, _) => findings.notice(TARGET, subject, report.text.clone()),
            (Severity::Info, Topic::Changed) if !created.contains(&subject) => {
                findings.notice(TARGET, subject, format!("it is there, and would be changed: {}", report.text));
            }
            (Severity::Info, _) => {}
        }
    }
}
