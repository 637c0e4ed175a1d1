//! A range that is being read. It is read in the thread that asks for its messages, as far as it has to be for the next one.

use super::message::Rows;
use super::range::Range;
use super::server::{self, unanswered};
use super::spec::SourceSpec;
use crate::error::{Error, Kind};
use crate::interrupt;
use mysql_async::Row;
use mysql_async::prelude::Queryable;
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

/// Reads until the end, or until nobody takes anything any more.
async fn read(spec: &SourceSpec, range: &Range, to: &Sender<Result<Read, Error>>) -> Result<(), Error> {
    let mut conn = server::connect(spec).await?;
    let failed = |e| unanswered(&range.query, e).at(spec.address());
    let mut rows = Rows::new(&range.database, &range.table, &range.columns, &range.keys);
    let mut result = match conn.query_iter(range.query.as_str()).await {
        Err(e) if server::is_missing(&e) => {
            let _ = to.send(Ok(Read::Gone)).await;
            return Ok(());
        }
        result => result.map_err(failed)?,
    };
    let mut values = Vec::new();
    while let Some(row) = result.next().await.map_err(failed)? {
        let row: Row = row;
        values.clear();
        values.extend(row.unwrap());
        rows.add(&values)?;
        if (rows.len() >= spec.message_bytes || rows.rows() >= MOST_ROWS) && !send(&mut rows, to).await {
            return Ok(());
        }
    }
    if !rows.is_empty() {
        send(&mut rows, to).await;
    }
    drop(result);
    // What it says at its end matters to nobody.
    let _ = conn.disconnect().await;
    Ok(())
}

/// Whether somebody takes it.
async fn send(rows: &mut Rows, to: &Sender<Result<Read, Error>>) -> bool {
    let count = rows.rows() as u64;
    to.send(Ok(Read::Message(rows.take(), count))).await.is_ok()
}
