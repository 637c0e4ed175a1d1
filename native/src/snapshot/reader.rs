//! A range that is being read. It is read in the thread that asks for its messages, as far as it has to be for the next one.

use super::message::{Cell, Rows};
use super::range::Range;
use super::server;
use super::spec::SourceSpec;
use crate::error::{Error, Kind};
use crate::interrupt;
use tokio::runtime::Runtime;
use tokio::sync::mpsc::{self, Receiver, Sender};

/// Rows of a message, at most: the numbers of a place allow 2^20.
const MOST_ROWS: usize = 10_000;

/// What reading comes to.
enum Read {
    /// A message of so many rows.
    Message(Vec<u8>, u64),
    /// The table is not there.
    Gone,
}

/// Reads a range.
#[derive(Debug)]
pub struct RangeReader {
    /// What reads is on it; it goes on while something waits in it.
    event_loop: Runtime,
    found: Receiver<Result<Read, Error>>,
    rows: u64,
    gone: bool,
}

impl RangeReader {
    /// A reader that has not begun.
    ///
    /// # Errors
    /// The system gives no event loop. That the server cannot be reached is said by [`next`](Self::next).
    pub fn new(spec: SourceSpec, range: Range) -> Result<RangeReader, Error> {
        let event_loop = server::event_loop()?;
        let (to, found) = mpsc::channel(1);
        event_loop.spawn(async move {
            if let Err(e) = read(&spec, &range, &to).await {
                // Where nobody takes it, nobody wants to know.
                let _ = to.send(Err(e.at(format!("{}.{}", range.database, range.table)))).await;
            }
        });
        Ok(RangeReader { event_loop, found, rows: 0, gone: false })
    }

    /// The next message; None when the range is read. Waits for the server.
    ///
    /// # Errors
    /// [`Kind::Source`]: the server, or a value; the thread is [interrupted](interrupt).
    pub fn next(&mut self) -> Result<Option<Vec<u8>>, Error> {
        let found = &mut self.found;
        let read = self.event_loop.block_on(async {
            tokio::select! {
                biased;
                read = found.recv() => read.transpose(),
                () = interrupt::until_interrupted() => Err(Error::new(Kind::Source, interrupt::CANCELLED)),
            }
        });
        match read? {
            Some(Read::Message(message, rows)) => {
                self.rows += rows;
                Ok(Some(message))
            }
            Some(Read::Gone) => {
                self.gone = true;
                Ok(None)
            }
            None => Ok(None),
        }
    }

    /// Rows of the messages so far.
    pub fn rows(&self) -> u64 {
        self.rows
    }

    /// Whether the table was not there any more; known at the end.
    pub fn is_gone(&self) -> bool {
        self.gone
    }
}

async fn read(spec: &SourceSpec, range: &Range, to: &Sender<Result<Read, Error>>) -> Result<(), Error> {
    let rows = Rows::new(&range.database, &range.table, &range.columns, &range.keys);
    let mut out = Outgoing { rows, message_bytes: spec.message_bytes, to: to.clone() };
    match server::read(spec, range, &mut out).await? {
        End::Read => {
            out.send().await;
        }
        End::Gone => {
            // Where nobody takes it, nobody wants to know.
            let _ = to.send(Ok(Read::Gone)).await;
        }
        End::Unwanted => {}
    }
    Ok(())
}

/// How reading ends.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum End {
    /// All rows were added.
    Read,
    /// The table is not there.
    Gone,
    /// Nobody takes messages any more.
    Unwanted,
}

/// Where rows go: into messages, which wait for who takes them.
pub(super) struct Outgoing {
    rows: Rows,
    message_bytes: usize,
    to: Sender<Result<Read, Error>>,
}

impl Outgoing {
    /// Adds a row. True if a message is full, and is to be [sent](Self::send) before the next row.
    ///
    /// # Errors
    /// A value is none of its column's kind.
    #[inline]
    pub fn add<'v>(&mut self, cells: impl Iterator<Item = Cell<'v>>) -> Result<bool, Error> {
        self.rows.add(cells)?;
        Ok(self.rows.len() >= self.message_bytes || self.rows.rows() >= MOST_ROWS)
    }

    /// Sends what there is; whether somebody takes it.
    pub async fn send(&mut self) -> bool {
        if self.rows.is_empty() {
            return true;
        }
        let count = self.rows.rows() as u64;
        self.to.send(Ok(Read::Message(self.rows.take(), count))).await.is_ok()
    }
}
