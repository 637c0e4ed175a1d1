//! One entry: its header, and the change of rows in it.

use super::wire::{Broken, Value, bytes, bytes_if, field, fields, number_if};

/// The tags of an entry's fields, and its type where it is of rows.
const HEADER: u8 = 1 << 3 | 2;
const ENTRY_TYPE: u8 = 2 << 3;
const STORE_VALUE: u8 = 3 << 3 | 2;
const ROWDATA: u8 = 2;

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
        let mut pos = start;
        // As a server writes them; whatever comes otherwise is read below, from there on.
        if let Some(header) = bytes_if(buf, pos, end, HEADER)? {
            (entry.header, pos) = (header, header.1);
        }
        if let [ENTRY_TYPE, ROWDATA, ..] = buf[pos..]
            && pos + 2 <= end
            && let Some(value) = bytes_if(buf, pos + 2, end, STORE_VALUE)?
        {
            (entry.value, pos) = (value, value.1);
        }
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
        let mut pos = start;
        let number = |pos: &mut usize, field: u8| -> Result<Option<u64>, Broken> {
            let (number, next) = number_if(buf, *pos, end, field << 3)?;
            *pos = next;
            Ok(number)
        };
        let text = |pos: &mut usize, field: u8, span: &mut Span| -> Result<(), Broken> {
            if let Some(read) = bytes_if(buf, *pos, end, field << 3 | 2)? {
                (*span, *pos) = (read, read.1);
            }
            Ok(())
        };
        // As a server writes them; whatever comes otherwise is read below, from there on.
        let mut passed = (0, 0);
        number(&mut pos, 1)?;
        text(&mut pos, 2, &mut header.log_file)?;
        header.log_offset = number(&mut pos, 3)?.map(|offset| offset as i64);
        number(&mut pos, 4)?;
        text(&mut pos, 5, &mut passed)?;
        header.execute_time = number(&mut pos, 6)?.map(|millis| millis as i64);
        number(&mut pos, 7)?;
        text(&mut pos, 8, &mut header.schema)?;
        text(&mut pos, 9, &mut header.table)?;
        number(&mut pos, 10)?;
        number(&mut pos, 11)?;
        text(&mut pos, 12, &mut passed)?;
        text(&mut pos, 13, &mut header.gtid)?;
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
        let (_, pos) = number_if(buf, start, end, 1 << 3)?;
        let (event, pos) = number_if(buf, pos, end, 2 << 3)?;
        change.event = event.unwrap_or(0);
        let (is_ddl, mut pos) = number_if(buf, pos, end, 10 << 3)?;
        change.is_ddl = is_ddl.is_some_and(|is_ddl| is_ddl != 0);
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
