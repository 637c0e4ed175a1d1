//! One entry: its header, and the change of rows in it.

use super::wire::{Broken, Expected, Value, bytes, field, fields};

/// From, to; empty for what is missing.
pub(super) type Span = (usize, usize);

/// `EntryType`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum EntryKind {
    /// TRANSACTIONBEGIN, TRANSACTIONEND, GTIDLOG.
    Transaction,
    /// ROWDATA.
    Rows,
    /// HEARTBEAT, and what later versions may add.
    Other,
}

/// An entry's three parts.
#[derive(Debug, Clone, Copy)]
pub(super) struct Entry {
    pub kind: EntryKind,
    header: Span,
    /// A `RowChange` if the entry is of rows.
    value: Span,
}

impl Entry {
    /// Takes an entry apart.
    #[inline(always)]
    pub fn read(buf: &[u8], start: usize, end: usize) -> Result<Entry, Broken> {
        let mut entry = Entry { kind: EntryKind::Rows, header: (end, end), value: (end, end) };
        // As a server writes them; whatever comes otherwise is read below, from there on.
        let mut next = Expected { buf, pos: start, end };
        entry.header = next.bytes(1)?.unwrap_or(entry.header);
        let before = next.pos;
        match next.number(2)? {
            Some(2) => entry.value = next.bytes(3)?.unwrap_or(entry.value),
            _ => next.pos = before,
        }
        let mut pos = next.pos;
        while pos < end {
            let (number, value, next) = field(buf, pos, end)?;
            match (number, value) {
                (1, Value::Bytes(from, to)) => entry.header = (from, to),
                (2, Value::Number(kind)) => {
                    entry.kind = match kind {
                        // 0 is what old servers write for their default.
                        0 | 2 => EntryKind::Rows,
                        1 | 3 | 5 => EntryKind::Transaction,
                        _ => EntryKind::Other,
                    };
                }
                (3, Value::Bytes(from, to)) => entry.value = (from, to),
                _ => {}
            }
            pos = next;
        }
        Ok(entry)
    }

    /// Its header.
    #[inline(always)]
    pub fn header(&self, buf: &[u8]) -> Result<Header, Broken> {
        Header::read(buf, self.header)
    }

    /// Its change of rows.
    #[inline(never)]
    pub fn change(&self, buf: &[u8]) -> Result<Change, Broken> {
        Change::begin(buf, self.value)?.whole(buf)
    }

    /// The same, but not what stands behind the first row: a server writes rows last, so that they need not be walked over twice.
    #[inline(always)]
    pub fn begun_change(&self, buf: &[u8]) -> Result<Change, Broken> {
        Change::begin(buf, self.value)
    }
}

/// `Header`, as far as it is read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Header {
    pub log_file: Span,
    pub log_offset: Option<i64>,
    /// Epoch milliseconds.
    pub execute_time: Option<i64>,
    pub schema: Span,
    pub table: Span,
    pub gtid: Span,
}

impl Header {
    #[inline(always)]
    fn read(buf: &[u8], (start, end): Span) -> Result<Header, Broken> {
        let mut header = Header::default();
        // As a server writes them; whatever comes otherwise is read below, from there on.
        let mut next = Expected { buf, pos: start, end };
        next.number(1)?;
        header.log_file = next.bytes(2)?.unwrap_or_default();
        header.log_offset = next.number(3)?.map(|offset| offset as i64);
        next.number(4)?;
        next.bytes(5)?;
        header.execute_time = next.number(6)?.map(|millis| millis as i64);
        next.number(7)?;
        header.schema = next.bytes(8)?.unwrap_or_default();
        header.table = next.bytes(9)?.unwrap_or_default();
        next.number(10)?;
        next.number(11)?;
        next.bytes(12)?;
        header.gtid = next.bytes(13)?.unwrap_or_default();
        let mut pos = next.pos;
        while pos < end {
            let (number, value, next) = field(buf, pos, end)?;
            match (number, value) {
                (2, Value::Bytes(from, to)) => header.log_file = (from, to),
                (3, Value::Number(offset)) => header.log_offset = Some(offset as i64),
                (6, Value::Number(millis)) => header.execute_time = Some(millis as i64),
                (8, Value::Bytes(from, to)) => header.schema = (from, to),
                (9, Value::Bytes(from, to)) => header.table = (from, to),
                (13, Value::Bytes(from, to)) => header.gtid = (from, to),
                _ => {}
            }
            pos = next;
        }
        Ok(header)
    }
}

/// `RowChange`, as far as it is read.
#[derive(Debug, Clone, Copy)]
pub(super) struct Change {
    /// `EventType`.
    pub event: u64,
    pub is_ddl: bool,
    pub sql: Span,
    /// The first row's field, and where the fields end.
    rows: Span,
    /// There is at least one.
    pub has_rows: bool,
    /// Number of rows; 0 unless all was read.
    pub count: usize,
    /// All fields were read, those behind the first row too.
    pub is_whole: bool,
}

/// What comes next in a change.
pub(super) enum Next {
    Row(Span),
    /// A field that says what the rows mean, and that a change has not read which is not whole.
    Late,
    End,
}

impl Change {
    /// Reads what stands before the first row.
    #[inline(always)]
    fn begin(buf: &[u8], (start, end): Span) -> Result<Change, Broken> {
        let mut next = Expected { buf, pos: start, end };
        next.number(1)?;
        let event = next.number(2)?.unwrap_or(0);
        let is_ddl = next.number(10)?.is_some_and(|is_ddl| is_ddl != 0);
        let has_rows = next.pos < end && buf[next.pos] == ROW;
        let (rows, is_whole) = ((next.pos, end), next.pos == end);
        Ok(Change { event, is_ddl, sql: (0, 0), rows, has_rows, count: 0, is_whole })
    }

    /// Reads the fields that are left, in any order.
    fn whole(mut self, buf: &[u8]) -> Result<Change, Broken> {
        let (mut pos, end) = self.rows;
        while pos < end {
            let (number, value, next) = field(buf, pos, end)?;
            match (number, value) {
                (2, Value::Number(event)) => self.event = event,
                (10, Value::Number(is_ddl)) => self.is_ddl = is_ddl != 0,
                (11, Value::Bytes(from, to)) => self.sql = (from, to),
                (12, Value::Bytes(..)) => self.count += 1,
                _ => {}
            }
            pos = next;
        }
        (self.has_rows, self.is_whole) = (self.count > 0, true);
        Ok(self)
    }

    /// The event's name, as a flat message states it; empty for a number that has none.
    pub fn event_name(&self) -> &'static str {
        usize::try_from(self.event).ok().and_then(|number| EVENTS.get(number)).unwrap_or(&"")
    }

    /// Which image of a row holds its values: both for an UPDATE, none for an event without rows.
    #[inline(always)]
    pub fn images(&self) -> RowImages {
        match self.event {
            _ if self.is_ddl => RowImages::None,
            1 => RowImages::After,
            2 => RowImages::Both,
            3 => RowImages::Before,
            _ => RowImages::None,
        }
    }

    /// The row whose field is at or behind `pos`. Begin with [`first`](Self::first), and go on with the row's end.
    #[inline(always)]
    pub fn next(&self, buf: &[u8], mut pos: usize) -> Result<Next, Broken> {
        while pos < self.rows.1 {
            if buf[pos] == ROW {
                return bytes(buf, pos + 1, self.rows.1).map(Next::Row);
            }
            let (number, _, next) = field(buf, pos, self.rows.1)?;
            if matches!(number, 2 | 10 | 11) && !self.is_whole {
                return Ok(Next::Late);
            }
            pos = next;
        }
        Ok(Next::End)
    }

    /// Where the rows begin.
    #[inline(always)]
    pub fn first(&self) -> usize {
        self.rows.0
    }

    /// All rows.
    pub fn rows(&self, buf: &[u8]) -> Result<Vec<Span>, Broken> {
        let mut rows = Vec::new();
        let mut pos = self.first();
        while let Next::Row(row) = self.next(buf, pos)? {
            rows.push(row);
            pos = row.1;
        }
        Ok(rows)
    }
}

/// Which images of a row are read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum RowImages {
    None,
    Before,
    After,
    Both,
}

/// The names of `EventType`, by number.
const EVENTS: [&str; 16] = [
    "",
    "INSERT",
    "UPDATE",
    "DELETE",
    "CREATE",
    "ALTER",
    "ERASE",
    "QUERY",
    "TRUNCATE",
    "RENAME",
    "CINDEX",
    "DINDEX",
    "GTID",
    "XACOMMIT",
    "XAROLLBACK",
    "MHEARTBEAT",
];

/// The tag of a `RowData`.
const ROW: u8 = 12 << 3 | 2;

/// The tag of a column of the image before the change.
pub(super) const BEFORE: u8 = 1 << 3 | 2;
/// The tag of a column of the image after the change.
pub(super) const AFTER: u8 = 2 << 3 | 2;

/// `Column`, as far as it is read.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Column {
    /// `java.sql.Types` code.
    pub sql_type: i32,
    pub name: Span,
    pub is_key: bool,
    pub updated: bool,
    pub is_null: bool,
    /// Text; empty where it is missing.
    pub value: Span,
    pub mysql_type: Span,
}

impl Column {
    /// Reads a column whose fields come in any order.
    pub fn read(buf: &[u8], (start, end): Span) -> Result<Column, Broken> {
        let mut column = Column::default();
        for field in fields(buf, start, end) {
            match field? {
                (2, Value::Number(code), _) => column.sql_type = code as i32,
                (3, Value::Bytes(from, to), _) => column.name = (from, to),
                (4, Value::Number(is), _) => column.is_key = is != 0,
                (5, Value::Number(is), _) => column.updated = is != 0,
                (6, Value::Number(is), _) => column.is_null = is != 0,
                (8, Value::Bytes(from, to), _) => column.value = (from, to),
                (10, Value::Bytes(from, to), _) => column.mysql_type = (from, to),
                _ => {}
            }
        }
        Ok(column)
    }

    /// The columns of one image of a row, [`BEFORE`] or [`AFTER`].
    pub fn of_image(buf: &[u8], row: Span, image: u8) -> Result<Vec<Column>, Broken> {
        let mut columns = Vec::new();
        for field in fields(buf, row.0, row.1) {
            if let (number, Value::Bytes(from, to), _) = field?
                && number == u64::from(image >> 3)
            {
                columns.push(Column::read(buf, (from, to))?);
            }
        }
        Ok(columns)
    }

    /// Its value's place, `None` for NULL.
    pub fn text(&self) -> Option<Span> {
        (!self.is_null).then_some(self.value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_stands_behind_the_rows_counts_as_well() {
        // INSERT, an empty row, UPDATE: of two fields of one number the last counts.
        let mut buf = b"\x10\x01\x62\x00\x10\x02".to_vec();
        let entry = Entry { kind: EntryKind::Rows, header: (0, 0), value: (0, buf.len()) };
        crate::json::pad(&mut buf);
        let begun = entry.begun_change(&buf).unwrap();
        assert_eq!((begun.event, begun.has_rows, begun.is_whole), (1, true, false));
        assert!(matches!(begun.next(&buf, begun.first()), Ok(Next::Row((4, 4)))));
        assert!(matches!(begun.next(&buf, 4), Ok(Next::Late)));
        let whole = entry.change(&buf).unwrap();
        assert_eq!((whole.event, whole.has_rows, whole.count, whole.is_whole), (2, true, 1, true));
        assert!(matches!(whole.next(&buf, 4), Ok(Next::End)));
    }
}
