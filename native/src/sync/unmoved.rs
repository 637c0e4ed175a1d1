//! What is said of tables: that they were made, and what is not moved, or not yet.

use super::database::{Database, Step, Taking};
use super::existing;
use super::mapping::MappedTable;
use super::moved::Stage;
use super::open::OnError;
use super::place::ROW_BITS;
use super::report::{Severity, Topic};
use super::tables::Change;
use crate::doris::table::{DorisTable, KeyModel, Sequence};
use crate::error::{Error, Kind};
use std::fmt;

impl Database {
    /// A table that was stopped goes on.
    pub(super) fn resumed(&mut self, which: usize) {
        let table = &mut self.all[which];
        table.stopped = None;
        self.reports.add(Severity::Info, Topic::Resumed, &table.name, "the table goes on");
    }

    /// A table that Doris cannot have.
    pub(super) fn refuse(&mut self, which: usize, why: &dyn fmt::Display) -> Result<Taking, Error> {
        let name = self.all[which].name.clone();
        if self.tables.spec.on_error.table == OnError::Fail {
            return Err(Error::new(Kind::UnsupportedType, why.to_string()).at(name.to_string()));
        }
        let text = format!("its messages are passed over: {why}");
        if self.all[which].refused.as_ref() != Some(&text) {
            self.reports.add(Severity::Error, Topic::Refused, &name, text.clone());
            self.all[which].refused = Some(text);
        }
        self.all[which].stage = Stage::Refused;
        self.counts.refused += 1;
        Ok(Taking::Done)
    }

    /// A table that somebody else has made may lack what tells old rows from new ones.
    pub(super) fn warn_of_order(&mut self, which: usize, table: &DorisTable) {
        let moved = &mut self.all[which];
        if table.model == KeyModel::Unique && table.sequence == Sequence::None && !moved.warned {
            moved.warned = true;
            let text = format!(
                "{} has no sequence column (function_column.sequence_type), so a message that is read again may bring an old row back",
                moved.target
            );
            self.reports.add(Severity::Warning, Topic::Order, &moved.name, text);
        }
    }

    /// A table that is there before anything is known of it: says why its rows would be refused, or how its columns differ; in a plan also what its first row
    /// would add.
    pub(super) fn met(&mut self, which: usize, mapped: &MappedTable, there: &DorisTable) -> Result<(), Error> {
        if let Some(unfit) = existing::unfit(mapped, there) {
            self.refuse(which, &unfit)?;
            self.all[which].stage = Stage::Ready;
            return Ok(());
        }
        self.warn_of_order(which, there);
        self.compare(which, mapped)?;
        if !self.tables.plans() {
            return Ok(());
        }
        if let Change::Impossible(impossible) = self.tables.widen(mapped, there)? {
            let text =
                format!("the table would stop: {}; do by hand: {}", impossible.what, impossible.by_hand.join("; "));
            self.reports.add(Severity::Error, Topic::Stopped, &self.all[which].name, text);
        }
        self.report_statements(which);
        Ok(())
    }

    /// Says how the columns of a table that is there already differ from those that the job would make.
    pub(super) fn compare(&mut self, which: usize, mapped: &MappedTable) -> Result<(), Error> {
        let present = self.tables.present(&self.all[which].target)?;
        for (severity, text) in existing::differences(mapped, &present) {
            self.reports.add(severity, Topic::Column, &self.all[which].name, text);
        }
        Ok(())
    }

    /// A message that lacks columns, so that it does not say what its rows are.
    pub(super) fn partial(&mut self, which: usize, lacks: &[String]) -> Result<Taking, Error> {
        let name = self.all[which].name.clone();
        let lacks = if lacks.is_empty() { "the key".to_string() } else { lacks.join(", ") };
        let text = format!("a message lacks {lacks}: set binlog_row_image = FULL in the source");
        self.unapplied(&name.to_string(), &text)?;
        Ok(Taking::Done)
    }

    /// A message that cannot be decoded.
    pub(super) fn failed(&mut self, which: usize, error: Error) -> Result<Taking, Error> {
        let name = self.all[which].name.to_string();
        self.unapplied(&name, &error.to_string())?;
        Ok(Taking::Done)
    }

    /// A message that cannot be applied.
    pub(super) fn unapplied(&mut self, table: &str, text: &str) -> Result<Step, Error> {
        let (partition, offset) = (self.place.partition, self.place.sequence >> ROW_BITS);
        // What was read of a table has no place in a log.
        let text = match self.place.run() {
            0 => format!("{text}; it is the message at offset {offset} of partition {partition}"),
            _ => text.to_string(),
        };
        if self.tables.spec.on_error.message == OnError::Fail {
            let error = Error::new(Kind::Load, format!("{text}. With errors.message: report it would be passed over"));
            return Err(if table.is_empty() { error } else { error.at(table) });
        }
        self.counts.unapplied += 1;
        self.reports.add(Severity::Error, Topic::Unapplied, table, text);
        Ok(Step::Done)
    }

    /// A message that an earlier run has loaded.
    pub(super) fn replayed(&mut self, which: usize) {
        let table = &mut self.all[which];
        self.counts.replayed += 1;
        table.replayed += 1;
        if table.replayed == 1 {
            let text = format!(
                "messages are passed over that were loaded into {} before its last schema change, as the journal in Doris says; to load them \
                 again, drop the table",
                table.target
            );
            self.reports.add(Severity::Info, Topic::Replayed, &table.name, text);
        }
    }

    /// A table was made: says how, and what is lost of its columns.
    pub(super) fn created(&mut self, which: usize, mapped: &MappedTable) {
        self.report_statements(which);
        let table = &self.all[which];
        let is = if self.tables.plans() { "would be" } else { "was" };
        let text = format!("the table {} {is} created", table.target);
        self.reports.add(Severity::Info, Topic::Created, &table.name, text);
        for column in &mapped.columns {
            if let Some(note) = &column.note {
                let text = format!("column {}: {note}", column.name);
                self.reports.add(Severity::Warning, Topic::Column, &table.name, text);
            }
        }
    }

    /// Says what was run in Doris.
    pub(super) fn report_statements(&mut self, which: usize) {
        for statement in self.tables.take_statements() {
            self.reports.add(Severity::Info, Topic::Changed, &self.all[which].name, statement);
        }
    }
}
