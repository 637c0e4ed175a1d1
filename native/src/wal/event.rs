//! What `pgoutput` sends, in version 1 of its protocol: transactions one after the other, as they were committed.

use super::input::Input;
use crate::error::{Error, Kind};

/// Microseconds since 2000-01-01, as the server counts, in epoch milliseconds.
pub fn millis(micros: i64) -> i64 {
    const FROM_1970: i64 = 946_684_800_000;
    micros.div_euclid(1000) + FROM_1970
}

/// An event; texts and rows are where they came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event<'e> {
    /// A transaction begins, all of which has been committed.
    Begin {
        /// When that was, epoch milliseconds.
        millis: i64,
        /// Its number: the lower four bytes of what the server counts by.
        transaction: u32,
    },
    /// It ends.
    Commit {
        /// The place behind it.
        end: u64,
    },
    /// A table of which rows come, as it was then: before the first, and when it has changed.
    Relation(Relation),
    /// A row that was not there.
    Insert {
        /// The table's number.
        table: u32,
        /// The row.
        new: Tuple<'e>,
    },
    /// A row that is another one now.
    Update {
        /// The table's number.
        table: u32,
        /// What is known of the row before; nothing if its key is the same.
        old: Option<Old<'e>>,
        /// The row.
        new: Tuple<'e>,
    },
    /// A row that is not there any more.
    Delete {
        /// The table's number.
        table: u32,
        /// What is known of it.
        old: Old<'e>,
    },
    /// Tables that have no rows any more.
    Truncate {
        /// Their numbers.
        tables: Vec<u32>,
    },
    /// Nothing for a table's rows: types' names, origins, messages of applications.
    Other,
}

/// A table as of a place in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Relation {
    /// Its number.
    pub number: u32,
    /// Its schema,
    pub schema: String,
    /// and name.
    pub name: String,
    /// `relreplident`: which columns rows before are known by: `d` the key's, `i` an index's, `f` all, `n` none.
    pub identity: u8,
    /// Its columns, without those that are computed.
    pub columns: Vec<RelationColumn>,
}

/// A column of such a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RelationColumn {
    /// Whether rows before are known by it.
    pub is_identity: bool,
    /// Its name.
    pub name: String,
    /// Its type's number.
    pub ty: u32,
    /// `atttypmod`.
    pub modifier: i32,
}

/// What is known of a row before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Old<'e> {
    /// The columns that it is known by; the others are given as NULL.
    Key(Tuple<'e>),
    /// All.
    Row(Tuple<'e>),
}

impl<'e> Old<'e> {
    /// Its values.
    pub fn tuple(&self) -> Tuple<'e> {
        let (Old::Key(tuple) | Old::Row(tuple)) = self;
        *tuple
    }
}

/// A value in a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Datum<'e> {
    /// NULL.
    Null,
    /// What it was before, which is stored beside the row and not in the log.
    Unchanged,
    /// Its text.
    Text(&'e [u8]),
}

/// The values of a row, of which was looked at that they are whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Tuple<'e> {
    count: usize,
    bytes: &'e [u8],
}

impl<'e> Tuple<'e> {
    fn take(input: &mut Input<'e>) -> Result<Tuple<'e>, Error> {
        let count = usize::from(input.u16()?);
        let bytes = input.rest();
        for _ in 0..count {
            datum(input)?;
        }
        Ok(Tuple { count, bytes: &bytes[..bytes.len() - input.rest().len()] })
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.count
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// The values, in the order of the columns.
    pub fn values(self) -> impl Iterator<Item = Datum<'e>> {
        let mut input = Input::new(self.bytes);
        // That each can be read was seen when it came.
        (0..self.count).map(move |_| datum(&mut input).unwrap_or(Datum::Null))
    }
}

fn datum<'e>(input: &mut Input<'e>) -> Result<Datum<'e>, Error> {
    Ok(match input.u8()? {
        b'n' => Datum::Null,
        b'u' => Datum::Unchanged,
        b't' => {
            let len = input.u32()? as usize;
            Datum::Text(input.take(len)?)
        }
        other => return Err(unknown("a value of the kind", other)),
    })
}

#[cold]
fn unknown(what: &str, byte: u8) -> Error {
    let text = format!("the server's log has {what} {:?}, which is not of pgoutput's version 1", char::from(byte));
    Error::new(Kind::Source, text)
}

impl<'e> Event<'e> {
    /// Reads an event.
    ///
    /// # Errors
    /// [`Kind::Source`]: it ends before its last value, or is of a kind that is not known.
    pub fn read(bytes: &'e [u8]) -> Result<Event<'e>, Error> {
        let mut input = Input::new(bytes);
        let kind = input.u8()?;
        Ok(match kind {
            b'B' => {
                // Where it was committed; the transaction's number comes last.
                input.u64()?;
                let millis = millis(input.i64()?);
                Event::Begin { millis, transaction: input.u32()? }
            }
            b'C' => {
                // Flags, and where it was committed; when comes last.
                input.u8()?;
                input.u64()?;
                let end = input.u64()?;
                input.i64()?;
                Event::Commit { end }
            }
            b'R' => Event::Relation(Relation::take(&mut input)?),
            b'I' => {
                let table = input.u32()?;
                Event::Insert { table, new: new(&mut input)? }
            }
            b'U' => {
                let table = input.u32()?;
                let old = if input.rest().first() == Some(&b'N') { None } else { Some(old(&mut input)?) };
                Event::Update { table, old, new: new(&mut input)? }
            }
            b'D' => {
                let table = input.u32()?;
                Event::Delete { table, old: old(&mut input)? }
            }
            b'T' => {
                let count = input.u32()?;
                // CASCADE and RESTART IDENTITY: all tables that are emptied are named in any case.
                input.u8()?;
                Event::Truncate { tables: (0..count).map(|_| input.u32()).collect::<Result<_, _>>()? }
            }
            b'Y' | b'O' | b'M' => Event::Other,
            other => return Err(unknown("a message of the kind", other)),
        })
    }
}

fn new<'e>(input: &mut Input<'e>) -> Result<Tuple<'e>, Error> {
    match input.u8()? {
        b'N' => Tuple::take(input),
        other => Err(unknown("a row of the kind", other)),
    }
}

fn old<'e>(input: &mut Input<'e>) -> Result<Old<'e>, Error> {
    match input.u8()? {
        b'K' => Ok(Old::Key(Tuple::take(input)?)),
        b'O' => Ok(Old::Row(Tuple::take(input)?)),
        other => Err(unknown("a row of the kind", other)),
    }
}

impl Relation {
    fn take(input: &mut Input<'_>) -> Result<Relation, Error> {
        let number = input.u32()?;
        let (schema, name) = (input.text()?, input.text()?);
        // The server writes its own schema as nothing.
        let schema = if schema.is_empty() { "pg_catalog" } else { schema };
        let identity = input.u8()?;
        let count = input.u16()?;
        let column = |_| {
            let is_identity = input.u8()? & 1 == 1;
            let name = input.text()?.to_string();
            Ok(RelationColumn { is_identity, name, ty: input.u32()?, modifier: input.i32()? })
        };
        let columns = (0..count).map(column).collect::<Result<_, Error>>()?;
        Ok(Relation { number, schema: schema.into(), name: name.into(), identity, columns })
    }
}
