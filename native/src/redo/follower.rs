//! A log that is read step by step.

use super::definitions::Definitions;
use super::log::Log;
use super::position::RedoPosition;
use super::record::Record;
use super::server::{Reading, Server};
use super::settings::Settings;
use crate::changes::outgoing::Batch;
use crate::error::{Error, Kind};
use crate::snapshot::spec::SourceSpec;
use crate::sync::rules::Rules;
use std::collections::VecDeque;
use std::sync::Arc;

/// What a step has come to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    /// There is more to be read.
    More,
    /// The log was read to what is being written.
    End,
}

/// Reads a server's log, in the thread that asks for it.
pub struct Follower {
    server: Server,
    log: Log,
    maintained: Vec<String>,
    reading: Option<Reading>,
    records: VecDeque<Record>,
    /// Of the last batch.
    sent: RedoPosition,
}

impl Follower {
    /// Begins behind `position`, where the tables are as `definitions` says; awaits a server that is [away](crate::snapshot::patience).
    ///
    /// # Errors
    /// [`Kind::Source`]: the server does not answer, or has another log by now.
    pub async fn begin(
        spec: &SourceSpec,
        position: RedoPosition,
        definitions: Arc<Definitions>,
    ) -> Result<Follower, Error> {
        let rules = Rules::new(&spec.names)?;
        let at = |e: Error| e.at(spec.address());
        let mut server = Server::connect_again(spec).await?;
        let incarnation = Settings::read(&mut server.log).map_err(at)?.incarnation;
        if incarnation != position.incarnation {
            let text = format!(
                "the server was opened with a new log (RESETLOGS) at SCN {incarnation}, so where the job was in the old one says nothing; start the job \
                 without its state, which reads the tables anew"
            );
            return Err(at(Error::new(Kind::Source, text)));
        }
        let (maintained, ahead) = (server.maintained().map_err(at)?, server.ahead().map_err(at)?);
        let log = Log::new((rules, spec.message_bytes, ahead), position.clone(), definitions);
        Ok(Follower { server, log, maintained, reading: None, records: VecDeque::new(), sent: position })
    }

    /// Reads on, until there is a batch or the log is at its end.
    ///
    /// # Errors
    /// [`Kind::Source`]: the server, its log, or a value.
    pub fn step(&mut self) -> Result<Step, Error> {
        let server = &mut self.server;
        let reading = match &mut self.reading {
            Some(reading) => reading,
            none => none.insert(Reading::begin(&mut server.log, self.log.begin(), &self.maintained)?),
        };
        loop {
            while let Some(record) = self.records.pop_front() {
                self.log.take(record, server)?;
                if self.log.is_behind() {
                    self.log.flush(server, false)?;
                }
                if self.log.is_full() {
                    return Ok(Step::More);
                }
            }
            match reading.next(&mut server.log)? {
                Some(records) => self.records.extend(records),
                None => break,
            }
        }
        let up_to = reading.up_to;
        self.reading = None;
        if let Some(scn) = up_to {
            self.log.read_up_to(scn);
        }
        self.log.flush(server, up_to.is_none())?;
        Ok(if up_to.is_none() { Step::End } else { Step::More })
    }

    /// The messages so far, if there are any or the position has moved since the last batch.
    pub fn batch(&mut self) -> Option<Batch<RedoPosition, Definitions>> {
        let batch = self.log.batch(&self.sent)?;
        self.sent.clone_from(&batch.position);
        Some(batch)
    }
}
