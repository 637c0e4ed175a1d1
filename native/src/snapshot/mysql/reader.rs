//! A range that is being read: a thread reads rows and makes messages of them, a few ahead of who takes them.

use super::message::Rows;
use super::range::Range;
use super::server::{self, unanswered};
use super::spec::SourceSpec;
use crate::error::{Error, Kind};
use crate::interrupt;
use mysql_async::Row;
use mysql_async::prelude::Queryable;
use std::sync::mpsc::{self, Receiver, RecvTimeoutError, SyncSender};
use std::thread::JoinHandle;
use tokio::sync::oneshot;

/// Messages that wait to be taken.
const AHEAD: usize = 2;

/// Rows of a message, at most: the numbers of a place allow 2^20.
const MOST_ROWS: usize = 10_000;

type Message = Result<(Vec<u8>, u64), Error>;

/// Reads a range. Dropping it ends the thread.
#[derive(Debug)]
pub struct RangeReader {
    messages: Option<Receiver<Message>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
    rows: u64,
}

impl RangeReader {
    /// Begins to read.
    ///
    /// # Errors
    /// The system gives no thread. That the server cannot be reached is said by [`next`](Self::next).
    pub fn start(spec: SourceSpec, range: Range) -> Result<RangeReader, Error> {
        let (sender, messages) = mpsc::sync_channel(AHEAD);
        let (stop, stopped) = oneshot::channel();
        let event_loop = server::event_loop()?;
        let name = format!("read-{}", range.number);
        let thread = std::thread::Builder::new().name(name).spawn(move || {
            let read = async {
                tokio::select! {
                    _ = stopped => Ok(()),
                    read = read(&spec, &range, &sender) => read,
                }
            };
            if let Err(e) = event_loop.block_on(read) {
                let _ = sender.send(Err(e.at(format!("{}.{}", range.database, range.table))));
            }
        });
        let thread = thread.map_err(|e| Error::new(Kind::Internal, "no thread for the source").caused_by(e))?;
        Ok(RangeReader { messages: Some(messages), stop: Some(stop), thread: Some(thread), rows: 0 })
    }

    /// The next message; None when the range is read. Waits for the server.
    ///
    /// # Errors
    /// [`Kind::Source`]: the server, or a value; the thread is [interrupted](interrupt).
    pub fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let Some(messages) = &self.messages else { return Ok(None) };
        loop {
            return match messages.recv_timeout(interrupt::STEP) {
                Ok(Ok((message, rows))) => {
                    self.rows += rows;
                    Ok(Some(message))
                }
                Ok(Err(e)) => Err(e),
                Err(RecvTimeoutError::Disconnected) => Ok(None),
                Err(RecvTimeoutError::Timeout) if interrupt::interrupted() => {
                    Err(Error::new(Kind::Source, interrupt::CANCELLED))
                }
                Err(RecvTimeoutError::Timeout) => continue,
            };
        }
    }

    /// Rows of the messages that were taken.
    pub fn rows(&self) -> u64 {
        self.rows
    }
}

impl Drop for RangeReader {
    fn drop(&mut self) {
        // Whoever waits for room in the channel sees that nobody takes anything any more.
        self.messages = None;
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

async fn read(spec: &SourceSpec, range: &Range, to: &SyncSender<Message>) -> Result<(), Error> {
    let mut conn = server::connect(spec).await?;
    let failed = |e| unanswered(&range.query, e).at(spec.address());
    let mut rows = Rows::new(&range.database, &range.table, &range.columns, &range.keys);
    let mut result = conn.query_iter(range.query.as_str()).await.map_err(failed)?;
    let mut values = Vec::new();
    while let Some(row) = result.next().await.map_err(failed)? {
        let row: Row = row;
        values.clear();
        values.extend(row.unwrap());
        rows.add(&values)?;
        if (rows.len() >= spec.message_bytes || rows.rows() >= MOST_ROWS) && !send(&mut rows, to) {
            return Ok(());
        }
    }
    if !rows.is_empty() {
        send(&mut rows, to);
    }
    drop(result);
    // What it says at its end matters to nobody.
    let _ = conn.disconnect().await;
    Ok(())
}

/// Whether somebody takes it. Waits for room, which holds up the event loop: there is nothing else on it.
fn send(rows: &mut Rows, to: &SyncSender<Message>) -> bool {
    let count = rows.rows() as u64;
    to.send(Ok((rows.take(), count))).is_ok()
}
