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
    #[inline(always)]
    pub fn change(&self, buf: &[u8]) -> Result<Change, Broken> {
        Change::read(buf, self.value)
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
    /// The first row's field, and the end of the last one.
    rows: Span,
    /// Number of rows.
    pub count: usize,
}

impl Change {
    #[inline(always)]
    fn read(buf: &[u8], (start, end): Span) -> Result<Change, Broken> {
        let mut change = Change { event: 0, is_ddl: false, sql: (0, 0), rows: (end, end), count: 0 };
        // As a server writes them; whatever comes otherwise is read below, from there on.
        let mut next = Expected { buf, pos: start, end };
        next.number(1)?;
        change.event = next.number(2)?.unwrap_or(0);
        change.is_ddl = next.number(10)?.is_some_and(|is_ddl| is_ddl != 0);
        let mut pos = next.pos;
        while pos < end {
            let (number, value, next) = field(buf, pos, end)?;
            match (number, value) {
                (2, Value::Number(event)) => change.event = event,
                (10, Value::Number(is_ddl)) => change.is_ddl = is_ddl != 0,
                (11, Value::Bytes(from, to)) => change.sql = (from, to),
                (12, Value::Bytes(_, to)) => {
                    if change.count == 0 {
                        change.rows.0 = pos;
                    }
                    change.rows.1 = to;
                    change.count += 1;
                }
                _ => {}
            }
            pos = next;
        }
        Ok(change)
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

    /// The row whose field is at or behind `pos`, and the position after it; `None` behind the last. Begin with [`first`](Self::first).
    #[inline(always)]
    pub fn row(&self, buf: &[u8], mut pos: usize) -> Result<Option<(Span, usize)>, Broken> {
        while pos < self.rows.1 {
            // The tag of a `RowData`.
            if buf[pos] == 12 << 3 | 2 {
                let (from, to) = bytes(buf, pos + 1, self.rows.1)?;
                return Ok(Some(((from, to), to)));
            }
            let (.., next) = field(buf, pos, self.rows.1)?;
            pos = next;
        }
        Ok(None)
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
        while let Some((row, next)) = self.row(buf, pos)? {
            rows.push(row);
            pos = next;
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
