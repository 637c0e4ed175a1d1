//! Messages that wait for their table: for its loads to end, a change that Doris is at, or somebody who has to do something by hand.

use super::database::{Database, Rows, Step, Taking};
use super::ddl::SchemaChange;
use super::moved::{MovedTable, Parked, Stage};
use super::open::OnError;
use super::place::Place;
use super::report::{Severity, Topic};
use crate::canal::event::Event;
use crate::canal::head::HeadReader;
use crate::error::Error;
use std::time::{Duration, Instant};

impl Database {
    /// Lets a message wait, behind those that do or before them.
    pub(super) fn park(&mut self, which: usize, parked: Parked, first: bool) {
        self.parked_bytes += parked.message.len() as u64;
        let queue = &mut self.all[which].queue;
        if first { queue.push_front(parked) } else { queue.push_back(parked) }
    }

    /// The message that has waited longest.
    pub(super) fn unpark(&mut self, which: usize) -> Option<Parked> {
        let parked = self.all[which].queue.pop_front()?;
        self.parked_bytes -= parked.message.len() as u64;
        Some(parked)
    }

    /// Lets the rows of a message that cannot be read wait one by one, before all else: one of them cannot, and it is passed over alone. False if it
    /// has but one, or if the job fails in any case.
    pub(super) fn take_apart(&mut self, which: usize, rows: &Rows<'_>) -> bool {
        if self.tables.spec.on_error.message == OnError::Fail {
            return false;
        }
        let Some(messages) = rows.head.apart() else { return false };
        // As the message itself would number them.
        let numbers = if rows.head.event() == Event::Update { 2 } else { 1 };
        for (i, message) in messages.into_iter().enumerate().rev() {
            let place = Place { sequence: rows.place.sequence + numbers * i as i64, ..rows.place };
            self.park(which, Parked { place, message, is_statement: false }, true);
        }
        true
    }

    /// Goes on with a table as far as it can: changes, then the messages that wait.
    pub(super) fn advance(&mut self, heads: &mut HeadReader, which: usize) -> Result<Step, Error> {
        let mut met = false;
        loop {
            if !self.is_awaited(which) {
                return Ok(Step::Done);
            }
            match &self.all[which].stage {
                Stage::Meeting if met => return Ok(Step::Done),
                Stage::Meeting => (self.all[which].stage, met) = (Stage::Ready, true),
                Stage::Settling(tables) => {
                    let tables = tables.clone();
                    for table in tables {
                        if !self.is_settled(table)? {
                            return Ok(Step::Done);
                        }
                    }
                    self.all[which].stage = Stage::Ready;
                }
                Stage::Changing(work) | Stage::Stopped(work) if Instant::now() < work.again => return Ok(Step::Done),
                Stage::Changing(_) | Stage::Stopped(_) => {
                    if !self.work(which)? {
                        return Ok(Step::Done);
                    }
                }
                Stage::Awaiting(_) => return Ok(Step::Done),
                Stage::Ready | Stage::Refused => {
                    if self.waiting.is_some() {
                        return Ok(Step::Full);
                    }
                    let Some(parked) = self.unpark(which) else { return Ok(Step::Done) };
                    match self.take_parked(heads, which, &parked)? {
                        Taking::Done | Taking::Apart => {}
                        Taking::Full => return Ok(Step::Full),
                        Taking::Later => self.park(which, parked, true),
                    }
                }
            }
        }
    }

    /// Whether a table may go on that waits for a schema change: that has come, or has not come for long.
    fn is_awaited(&mut self, which: usize) -> bool {
        let table = &mut self.all[which];
        let Stage::Awaiting(until) = table.stage else { return true };
        // The change may have come while the table was at something else.
        if let Some(at) = table.queue.iter().position(|parked| parked.is_statement) {
            let statement = table.queue.remove(at);
            statement.into_iter().for_each(|statement| table.queue.push_front(statement));
        } else if Instant::now() < until {
            return false;
        } else {
            table.waited = true;
        }
        table.stage = Stage::Ready;
        true
    }

    /// Takes a message that has waited.
    fn take_parked(&mut self, heads: &mut HeadReader, which: usize, parked: &Parked) -> Result<Taking, Error> {
        self.place = parked.place;
        let message = parked.message.as_bytes();
        let Ok(head) = heads.read(message) else { return Ok(Taking::Done) };
        if let Event::Statement(_) = head.event() {
            return self.parked_statement(which, &head, parked.place);
        }
        if matches!(self.all[which].stage, Stage::Refused) {
            self.counts.refused += 1;
            return Ok(Taking::Done);
        }
        self.all[which].stage = Stage::Ready;
        self.rows(which, &Rows { head, message, place: parked.place })
    }

    /// The same of all tables.
    pub(super) fn advance_all(&mut self, heads: &mut HeadReader) -> Result<Step, Error> {
        if let Some(which) = self.waiting
            && !self.write(which)?
        {
            return Ok(Step::Full);
        }
        for which in 0..self.all.len() {
            let table = &self.all[which];
            let idle = matches!(table.stage, Stage::Ready | Stage::Refused) && table.queue.is_empty();
            if !idle && self.advance(heads, which)? == Step::Full {
                return Ok(Step::Full);
            }
        }
        Ok(Step::Done)
    }

    /// Goes on with the message that there was no room for.
    pub(super) fn resume(&mut self, heads: &mut HeadReader) -> Result<Step, Error> {
        let Some(which) = self.waiting else { return Ok(Step::Done) };
        if !self.write(which)? {
            return Ok(Step::Full);
        }
        self.advance(heads, which)
    }

    /// Whether nothing waits but for somebody to do something.
    pub(super) fn is_idle(&self) -> bool {
        self.waiting.is_none()
            && self.all.iter().all(|table| match table.stage {
                Stage::Stopped(_) | Stage::Awaiting(_) => true,
                // Its partner may be one of those.
                Stage::Meeting => self.all.iter().any(|table| matches!(table.stage, Stage::Stopped(_))),
                Stage::Ready | Stage::Refused => table.queue.is_empty(),
                Stage::Settling(_) | Stage::Changing(_) => false,
            })
    }

    /// The tables that wait for something, and for what.
    pub(super) fn waiting_tables(&self) -> Vec<String> {
        let tables = self.all.iter().filter_map(|table| Some((table, self.awaited(table)?)));
        tables
            .map(|(table, why)| format!("{} waits with {} messages for {why}", table.name, table.queue.len()))
            .collect()
    }

    /// What a table waits for.
    fn awaited(&self, table: &MovedTable) -> Option<String> {
        let loads = || match self.tables.loader.trouble() {
            trouble if trouble.is_empty() => String::new(),
            trouble => format!(", which are tried again: {trouble}"),
        };
        Some(match &table.stage {
            Stage::Ready | Stage::Refused if table.queue.is_empty() => return None,
            Stage::Ready | Stage::Refused => format!("the loads of other tables{}", loads()),
            Stage::Settling(_) => format!("its loads{}", loads()),
            Stage::Meeting => "the other tables of a schema change".into(),
            Stage::Changing(work) => match work.changes.front() {
                Some(SchemaChange::RenameTable { from, to }) => format!("{from} to be renamed to {to}"),
                _ => "a change that Doris is at (SHOW ALTER TABLE COLUMN)".into(),
            },
            Stage::Stopped(_) => table.stopped.clone()?,
            Stage::Awaiting(_) => "a schema change that its rows tell of".into(),
        })
    }

    /// Says of each table that waits for longer than `long` what for, once each time. What is stopped has been said.
    pub(super) fn report_waits(&mut self, long: Duration) {
        let now = Instant::now();
        for which in 0..self.all.len() {
            let table = &self.all[which];
            let awaited = if matches!(table.stage, Stage::Stopped(_)) { None } else { self.awaited(table) };
            let table = &mut self.all[which];
            let Some(awaited) = awaited else {
                table.wait = None;
                continue;
            };
            let (since, said) = table.wait.get_or_insert((now, false));
            let waited = now.duration_since(*since);
            if waited >= long && !std::mem::replace(said, true) {
                let text = format!("for {} s now, {} messages wait for {awaited}", waited.as_secs(), table.queue.len());
                self.reports.add(Severity::Warning, Topic::Waiting, &table.name, text);
            }
        }
    }

    pub(super) fn parked_messages(&self) -> usize {
        self.all.iter().map(|table| table.queue.len()).sum()
    }

    pub(super) fn parked(&self) -> Vec<Parked> {
        self.all.iter().flat_map(|table| table.queue.iter().cloned()).collect()
    }
}
