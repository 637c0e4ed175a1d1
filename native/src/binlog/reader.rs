//! A log that is being read: a thread reads events and makes batches of them, a few ahead of who takes them. A thread of its own, other than a range's
//! reader: a server that is silent is told from one that is not asked because Doris holds everything up.

use super::batch::Batch;
use super::definitions::Definitions;
use super::position::LogPosition;
use super::stream;
use crate::error::{Error, Kind};
use crate::interrupt;
use crate::snapshot::server;
use crate::snapshot::spec::SourceSpec;
use std::sync::Arc;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};
use tokio::sync::oneshot;

/// Batches that wait to be taken.
const AHEAD: usize = 2;

/// Reads the log of a server. Dropping it ends the thread.
#[derive(Debug)]
pub struct LogReader {
    batches: Option<Receiver<Result<Batch, Error>>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    position: LogPosition,
    definitions: Arc<Definitions>,
    version: u64,
}

impl LogReader {
    /// Begins to read behind `position`, where the tables are as `definitions` says.
    ///
    /// # Errors
    /// The system gives no thread; a pattern that is none. That the server cannot be reached is said by [`next`](Self::next).
    pub fn start(spec: SourceSpec, position: LogPosition, definitions: Definitions) -> Result<LogReader, Error> {
        let (sender, batches) = mpsc::sync_channel(AHEAD);
        let (stop, stopped) = oneshot::channel();
        let event_loop = server::event_loop()?;
        let definitions = Arc::new(definitions);
        let (from, known) = (position.clone(), definitions.clone());
        let thread = std::thread::Builder::new().name("read-log".to_string()).spawn(move || {
            let read = async {
                tokio::select! {
                    _ = stopped => Ok(()),
                    read = stream::read(&spec, from, known, &sender) => read,
                }
            };
            if let Err(e) = event_loop.block_on(read) {
                let _ = sender.send(Err(e));
            }
        });
        let thread = thread.map_err(|e| Error::new(Kind::Internal, "no thread for the source").caused_by(e))?;
        Ok(LogReader {
            batches: Some(batches),
            stop: Some(stop),
            thread: Some(thread),
            position,
            definitions,
            version: 0,
        })
    }

    /// The messages of the next batch; None if there were none in that time.
    ///
    /// # Errors
    /// [`Kind::Source`]: the server, its log, or a value; the thread is [interrupted](interrupt).
    pub fn next(&mut self, limit: Duration) -> Result<Option<Vec<u8>>, Error> {
        let ended = || Error::new(Kind::Source, "the binary log is no longer read: an error has ended it");
        let until = Instant::now() + limit;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match self.batches.as_ref().ok_or_else(ended)?.recv_timeout(left.min(interrupt::STEP)) {
                Ok(Ok(batch)) => {
                    (self.position, self.definitions, self.version) =
                        (batch.position, batch.definitions, batch.version);
                    if !batch.messages.is_empty() {
                        return Ok(Some(batch.messages));
                    }
                }
                Ok(Err(e)) => {
                    self.batches = None;
                    return Err(e);
                }
                Err(RecvTimeoutError::Disconnected) => return Err(ended()),
                Err(RecvTimeoutError::Timeout) => {}
            }
            if interrupt::interrupted() {
                return Err(Error::new(Kind::Source, interrupt::CANCELLED));
            }
            if Instant::now() >= until {
                return Ok(None);
            }
        }
    }

    /// Where to begin again so that nothing is missed behind the batches so far: the end of a transaction.
    pub fn position(&self) -> &LogPosition {
        &self.position
    }

    /// The tables as they are there.
    pub fn definitions(&self) -> &Definitions {
        &self.definitions
    }

    /// Grows when [`definitions`](Self::definitions) changes.
    pub fn version(&self) -> u64 {
        self.version
    }
}

impl Drop for LogReader {
    fn drop(&mut self) {
        // Whoever waits for room in the channel sees that nobody takes anything any more.
        self.batches = None;
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}
