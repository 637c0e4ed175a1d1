//! A log that is being read: a thread reads events and makes batches of them, a few ahead of who takes them. A thread of its own, other than a range's
//! reader: a server that is silent is told from one that is not asked because Doris holds everything up.

use super::outgoing::Batch;
use crate::error::{Error, Kind};
use crate::interrupt;
use crate::snapshot::server;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{self, Receiver, Sender};
use tokio::sync::{oneshot, watch};
use tokio::time::{Instant, sleep_until};

/// Batches that wait to be taken.
const AHEAD: usize = 2;

/// For how long the next event may take before the messages so far are handed over.
pub const PAUSE: Duration = Duration::from_millis(5);

/// That a server which tells now and then that it is there has not for so long.
#[cold]
pub fn silent(limit: Duration) -> Error {
    let text = format!("the server has not even said that it has nothing to send for {} s", limit.as_secs());
    Error::new(Kind::Source, text)
}

/// Reads the log of a server, with places `P` and definitions `D`. Dropping it ends the thread.
#[derive(Debug)]
pub struct LogReader<P, D> {
    /// What waits for batches is on it.
    event_loop: Runtime,
    batches: Option<Receiver<Result<Batch<P, D>, Error>>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    confirmed: watch::Sender<P>,
    position: P,
    definitions: Arc<D>,
    version: u64,
}

/// Where batches go, and what comes back.
#[derive(Debug)]
pub struct Outlet<P, D> {
    to: Sender<Result<Batch<P, D>, Error>>,
    confirmed: watch::Receiver<P>,
}

impl<P: Clone, D> Outlet<P, D> {
    /// Waits until there is room; whether somebody takes it.
    pub async fn send(&self, batch: Batch<P, D>) -> bool {
        self.to.send(Ok(batch)).await.is_ok()
    }

    /// Up to where the log is not needed any more: a completed checkpoint begins there.
    pub fn confirmed(&self) -> P {
        self.confirmed.borrow().clone()
    }
}

impl<P: Clone + Send + Sync + 'static, D: Send + Sync + 'static> LogReader<P, D> {
    /// Begins to read behind `position`, where the tables are as `definitions` says. `read` goes on until nobody takes batches any more.
    ///
    /// # Errors
    /// The system gives no thread. That the server cannot be reached is said by [`next`](Self::next).
    pub fn start<F, R>(position: P, definitions: D, read: F) -> Result<LogReader<P, D>, Error>
    where
        F: FnOnce(P, Arc<D>, Outlet<P, D>) -> R + Send + 'static,
        R: Future<Output = Result<(), Error>>,
    {
        let (to, batches) = mpsc::channel(AHEAD);
        let (stop, stopped) = oneshot::channel();
        let (confirmed, confirms) = watch::channel(position.clone());
        let definitions = Arc::new(definitions);
        let (from, known) = (position.clone(), definitions.clone());
        let (event_loop, reads) = (server::event_loop()?, server::event_loop()?);
        let thread = std::thread::Builder::new().name("read-log".to_string()).spawn(move || {
            let outlet = Outlet { to: to.clone(), confirmed: confirms };
            let read = reads.block_on(async {
                tokio::select! {
                    _ = stopped => Ok(()),
                    read = read(from, known, outlet) => read,
                }
            });
            if let Err(e) = read {
                let _ = to.blocking_send(Err(e));
            }
        });
        let thread = thread.map_err(|e| Error::new(Kind::Internal, "no thread for the source").caused_by(e))?;
        let (batches, stop, thread) = (Some(batches), Some(stop), Some(thread));
        Ok(LogReader { event_loop, batches, stop, thread, confirmed, position, definitions, version: 0 })
    }

    /// The messages of the next batch; None if there were none in that time.
    ///
    /// # Errors
    /// [`Kind::Source`]: the server, its log, or a value; the thread is [interrupted](interrupt).
    pub fn next(&mut self, limit: Duration) -> Result<Option<Vec<u8>>, Error> {
        let ended = || Error::new(Kind::Source, "the log of changes is no longer read: an error has ended it");
        let until = Instant::now() + limit;
        loop {
            let batches = self.batches.as_mut().ok_or_else(ended)?;
            let received = self.event_loop.block_on(async {
                tokio::select! {
                    biased;
                    batch = batches.recv() => batch.unwrap_or_else(|| Err(ended())).map(Some),
                    () = sleep_until(until) => Ok(None),
                    () = interrupt::until_interrupted() => Err(Error::new(Kind::Source, interrupt::CANCELLED)),
                }
            });
            match received {
                Ok(Some(batch)) => {
                    (self.position, self.definitions, self.version) =
                        (batch.position, batch.definitions, batch.version);
                    if !batch.messages.is_empty() {
                        return Ok(Some(batch.messages));
                    }
                }
                Ok(None) => return Ok(None),
                Err(e) => {
                    self.batches = None;
                    return Err(e);
                }
            }
        }
    }

    /// Where to begin again so that nothing is missed behind the batches so far: the end of a transaction.
    pub fn position(&self) -> &P {
        &self.position
    }

    /// The tables as they are there.
    pub fn definitions(&self) -> &D {
        &self.definitions
    }

    /// Grows when [`definitions`](Self::definitions) changes.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Says that the log is not needed before `position` any more.
    pub fn confirm(&self, position: P) {
        // Where the thread has ended, it needs to know no more.
        let _ = self.confirmed.send(position);
    }
}

impl<P, D> Drop for LogReader<P, D> {
    fn drop(&mut self) {
        // Whoever waits for room in the channel sees that nobody takes anything any more.
        self.batches = None;
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// A place in a log.
pub trait Place {
    /// Whether all that is before `other`, a place in the same log, is before this one.
    fn has_reached(&self, other: &Self) -> bool;
}

/// A reader of any log, whose places and definitions are JSON.
pub trait AnyLog: Send {
    /// As [`LogReader::next`].
    ///
    /// # Errors
    /// As it has them.
    fn next_messages(&mut self, limit: Duration) -> Result<Option<Vec<u8>>, Error>;

    /// As [`LogReader::position`].
    ///
    /// # Errors
    /// [`Kind::Internal`]: it cannot be written.
    fn position_json(&self) -> Result<Vec<u8>, Error>;

    /// As [`LogReader::definitions`].
    ///
    /// # Errors
    /// [`Kind::Internal`]: they cannot be written.
    fn definitions_json(&self) -> Result<Vec<u8>, Error>;

    /// As [`LogReader::version`].
    fn definitions_version(&self) -> u64;

    /// Whether the [position](LogReader::position) has reached that one.
    ///
    /// # Errors
    /// [`Kind::IllegalArgument`]: it is no position.
    fn has_reached_json(&self, position: &[u8]) -> Result<bool, Error>;

    /// As [`LogReader::confirm`].
    ///
    /// # Errors
    /// [`Kind::IllegalArgument`]: it is no position.
    fn confirm_json(&self, position: &[u8]) -> Result<(), Error>;
}

impl<P, D> AnyLog for LogReader<P, D>
where
    P: Place + Clone + Send + Sync + Serialize + DeserializeOwned + 'static,
    D: Send + Sync + Serialize + 'static,
{
    fn next_messages(&mut self, limit: Duration) -> Result<Option<Vec<u8>>, Error> {
        self.next(limit)
    }

    fn position_json(&self) -> Result<Vec<u8>, Error> {
        written(self.position())
    }

    fn definitions_json(&self) -> Result<Vec<u8>, Error> {
        written(self.definitions())
    }

    fn definitions_version(&self) -> u64 {
        self.version()
    }

    fn has_reached_json(&self, position: &[u8]) -> Result<bool, Error> {
        Ok(self.position().has_reached(&read(position)?))
    }

    fn confirm_json(&self, position: &[u8]) -> Result<(), Error> {
        self.confirm(read(position)?);
        Ok(())
    }
}

fn read<P: DeserializeOwned>(position: &[u8]) -> Result<P, Error> {
    let unread = |e| Error::new(Kind::IllegalArgument, "the position in the log is not readable").caused_by(e);
    serde_json::from_slice(position).map_err(unread)
}

fn written(value: &impl Serialize) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(value).map_err(|e| Error::new(Kind::Internal, "JSON could not be written").caused_by(e))
}
