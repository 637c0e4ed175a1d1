//! Rows of one subtask into bodies, bodies to the loader.

use super::body::{BadRow, BodyEncoder};
use super::http::Chunks;
use super::loader::{Committable, Lane, Loader, Package, RefusedRow};
use super::pace::{Pace, Size};
use super::pieces::Pieces;
use crate::error::{Error, Kind};
use crate::row::RowKind;
use std::sync::Arc;
use std::time::Duration;

/// Bytes that are written without asking for room.
const GRANT: u64 = 64 << 10;

/// What became of a row.
#[derive(Debug)]
pub enum Written {
    /// It is in the body.
    Taken,
    /// There is no room: nothing was done, and the same row is to be written again after [`Writer::await_room`].
    Full,
    /// It, or the row before it that it leaves behind, cannot be written; what could be, is.
    Bad(Vec<BadRow>),
}

/// Sizes.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Rows of a body.
    pub rows: u64,
    /// Bytes of a body.
    pub bytes: u64,
    /// Bytes of all bodies that are not settled.
    pub memory: u64,
}

/// What becomes of a row that is to be deleted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Deletes {
    /// It carries the delete sign.
    Signed,
    /// It is passed over and counted (`sink.enable-delete = false`).
    Ignored,
    /// The table has no unique key: an error.
    Refused,
}

/// The writer of one subtask.
#[derive(Debug)]
pub struct Writer {
    encoder: BodyEncoder,
    loader: Arc<Loader>,
    lane: Arc<Lane>,
    limits: Limits,
    deletes: Deletes,
    /// A row before an update, until the row after it tells whether its key has changed.
    before: Option<Vec<u8>>,
    open: Body,
    /// Bytes that the body may have before the loader is asked again whether there is room: asking takes a lock.
    granted: u64,
    passes_bad_rows: bool,
    /// None where nothing is sent by the clock.
    pace: Option<Pace>,
    /// Rows before updates that turned out to be bad when no row was at hand to report them with.
    bad_before: Vec<RefusedRow>,
    bad_rows: u64,
    ignored_deletes: u64,
}

/// The body that grows.
#[derive(Debug, Default)]
struct Body {
    chunks: Chunks,
    piece: Vec<u8>,
    /// Bytes of each row; none in a body that cannot be cut at rows, as an Arrow stream.
    lengths: Vec<u32>,
    rows: u64,
}

impl Body {
    /// What is allocated for it, lengths included.
    fn memory(&self) -> u64 {
        self.chunks.len() + self.piece.len() as u64 + 4 * self.lengths.len() as u64
    }

    fn close_piece(&mut self, pieces: &Pieces) {
        if !self.piece.is_empty() {
            self.chunks.push(pieces.seal(std::mem::take(&mut self.piece)));
        }
    }
}

impl Writer {
    /// A writer over a lane of a loader that was started.
    pub fn new(
        encoder: BodyEncoder,
        (loader, lane): (Arc<Loader>, Arc<Lane>),
        limits: Limits,
        deletes: Deletes,
        passes_bad_rows: bool,
        pace: Option<Pace>,
    ) -> Writer {
        Writer {
            encoder,
            loader,
            lane,
            limits,
            deletes,
            passes_bad_rows,
            pace,
            bad_before: Vec::new(),
            before: None,
            open: Body::default(),
            granted: 0,
            bad_rows: 0,
            ignored_deletes: 0,
        }
    }

    /// Sets the sequence of the rows that come, where they have one.
    pub fn set_sequence(&mut self, value: i64) {
        self.encoder.set_sequence(value);
    }

    /// Writes a row in Flink's binary format.
    ///
    /// # Errors
    /// A load has failed for good.
    pub fn write(&mut self, row: &[u8], kind: RowKind) -> Result<Written, Error> {
        if !self.make_room()? {
            return Ok(Written::Full);
        }
        let mut bad = Vec::new();
        self.settle_before(if kind == RowKind::UpdateAfter { Some(row) } else { None }, &mut bad);
        match kind {
            RowKind::Insert | RowKind::UpdateAfter => self.append(row, false, &mut bad),
            RowKind::Delete | RowKind::UpdateBefore if self.deletes == Deletes::Refused => {
                return Err(undeletable(kind));
            }
            RowKind::Delete if self.deletes == Deletes::Signed => self.append(row, true, &mut bad),
            RowKind::UpdateBefore if self.deletes == Deletes::Signed => self.before = Some(row.to_vec()),
            RowKind::Delete => self.ignored_deletes += 1,
            RowKind::UpdateBefore => {}
        }
        Ok(if bad.is_empty() { Written::Taken } else { Written::Bad(bad) })
    }

    /// Deletes the row before an update if the update has changed its key: `after` has another one, or never came.
    fn settle_before(&mut self, after: Option<&[u8]>, bad: &mut Vec<BadRow>) {
        let Some(before) = self.before.take() else { return };
        if !after.is_some_and(|after| self.encoder.same_key(&before, after) == Ok(true)) {
            self.append(&before, true, bad);
        }
    }

    fn append(&mut self, row: &[u8], deleted: bool, bad: &mut Vec<BadRow>) {
        let body = &mut self.open;
        if body.piece.capacity() == 0 {
            body.piece = self.loader.pieces().take();
        }
        if body.rows == 0 && body.piece.is_empty() {
            self.encoder.begin(&mut body.piece);
        }
        let begin = body.piece.len();
        if let Err(reason) = self.encoder.append(row, deleted, &mut body.piece) {
            self.bad_rows += 1;
            bad.push(reason);
            return;
        }
        body.rows += 1;
        if !self.encoder.is_stream() {
            body.piece.extend_from_slice(self.encoder.separator());
            body.lengths.push((body.piece.len() - begin) as u32);
        }
        // A piece that the next row may not fit is closed rather than grown.
        if body.piece.len() + (body.piece.len() - begin) >= body.piece.capacity() {
            body.close_piece(self.loader.pieces());
        }
    }

    /// Hands the body over when it is full; false while the loader holds all the memory there is.
    fn make_room(&mut self) -> Result<bool, Error> {
        let full = self.open_bytes() >= self.limits.bytes || self.open.rows >= self.limits.rows;
        if full {
            self.hand_over();
        }
        let body = self.open_bytes();
        if body < self.granted {
            return Ok(true);
        }
        if !self.await_room(Duration::ZERO)? {
            return Ok(false);
        }
        let account = self.loader.account();
        let left = self.limits.memory.saturating_sub(body + account.open_bytes);
        self.granted = body + if account.open == 0 { GRANT } else { GRANT.min(left) };
        Ok(true)
    }

    /// Closes the body and hands it over. A row before an update that still waits for the row after it is deleted: until that comes, in
    /// the next body, the row is gone.
    ///
    /// # Errors
    /// That row cannot be written, and bad rows are not passed over.
    pub fn flush(&mut self) -> Result<(), Error> {
        let mut bad = Vec::new();
        self.settle_before(None, &mut bad);
        self.hand_over();
        match bad.pop() {
            Some(reason) if self.passes_bad_rows => {
                let table = format!("{}.{}", self.lane.target.database, self.lane.target.table);
                self.bad_before.push(RefusedRow {
                    table,
                    row: "the row before an update".into(),
                    reason: reason.to_string(),
                });
                Ok(())
            }
            Some(reason) => Err(failed(reason.to_string())),
            None => Ok(()),
        }
    }

    /// Flush mode: an interval is over. Sends the body if it is time to, which is later than configured while the servers have too much to do.
    ///
    /// # Errors
    /// As [`Self::flush`].
    pub fn tick(&mut self) -> Result<(), Error> {
        let (seen, waiting) = self.loader.seen();
        let (body, most) = (
            Size { rows: self.open.rows, bytes: self.open_bytes() },
            Size { rows: self.limits.rows, bytes: self.limits.bytes },
        );
        let Some(pace) = self.pace.as_mut() else { return self.flush() };
        if !pace.is_due(seen, waiting) {
            return Ok(());
        }
        if body.rows > 0 {
            pace.sent(body, most);
        }
        self.flush()
    }

    /// The interval of flush mode that is kept now; zero if nothing is sent by the clock.
    pub fn interval(&self) -> Duration {
        self.pace.as_ref().map_or(Duration::ZERO, Pace::interval)
    }

    fn hand_over(&mut self) {
        if self.open.rows == 0 {
            return;
        }
        self.encoder.finish(&mut self.open.piece);
        self.open.close_piece(self.loader.pieces());
        self.granted = 0;
        let Body { chunks, lengths, rows, .. } = std::mem::take(&mut self.open);
        self.loader.load_into(&self.lane, Package::new(chunks, lengths, rows));
    }

    /// Waits at most so long until there is room for a row.
    ///
    /// # Errors
    /// A load has failed for good.
    pub fn await_room(&self, limit: Duration) -> Result<bool, Error> {
        let room = self.limits.memory.saturating_sub(self.open_bytes());
        self.loader.wait(limit, |account| account.open == 0 || account.open_bytes < room).map_err(failed)
    }

    /// Waits at most so long until every load handed over is settled.
    ///
    /// # Errors
    /// A load has failed for good.
    pub fn await_settled(&self, limit: Duration) -> Result<bool, Error> {
        self.loader.wait(limit, |_| self.lane.open() == 0).map_err(failed)
    }

    /// The loads that were pre-committed since the last call, in order.
    pub fn take_settled(&self) -> Vec<Committable> {
        self.loader.take_settled()
    }

    /// The rows that Doris refused since the last call.
    pub fn take_refused(&mut self) -> Vec<RefusedRow> {
        let mut refused = std::mem::take(&mut self.bad_before);
        refused.extend(self.loader.take_refused());
        refused
    }

    /// Numbers for Flink's metrics, in the order that `DorisLoads.METRICS` names.
    pub fn metrics(&self) -> [i64; 14] {
        let account = self.loader.account();
        [
            account.rows,
            account.bytes,
            account.loads,
            account.failed_loads,
            account.retries,
            account.unselected,
            self.bad_rows + account.refused,
            account.open,
            account.open_bytes + self.open_bytes(),
            account.last_millis,
            account.longest_millis,
            account.millis,
            self.ignored_deletes,
            self.interval().as_millis() as u64,
        ]
        .map(|number| i64::try_from(number).unwrap_or(i64::MAX))
    }

    /// Bytes of the body that grows.
    pub fn open_bytes(&self) -> u64 {
        self.open.memory() + self.encoder.pending() as u64
    }

    /// The loader, for its account and labels.
    pub fn loader(&self) -> &Loader {
        &self.loader
    }
}

#[cold]
fn undeletable(kind: RowKind) -> Error {
    let text = format!(
        "a row of kind {kind:?} reached a table without UNIQUE KEY, where nothing can be deleted; write to a unique-key table, or set \
         'sink.enable-delete' = 'false' to leave deletes and rows before updates out"
    );
    Error::new(Kind::Load, text)
}

fn failed(text: String) -> Error {
    Error::new(Kind::Load, text)
}
