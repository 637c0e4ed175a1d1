//! Events of the log as the server sends them, and what stands in those that are no rows.

use super::input::Input;
use crate::error::Error;

/// Kinds of events. MariaDB's own are those from 160 on.
#[allow(missing_docs)]
pub mod kind {
    pub const QUERY: u8 = 2;
    pub const ROTATE: u8 = 4;
    pub const FORMAT: u8 = 15;
    pub const XID: u8 = 16;
    pub const BEGIN_LOAD: u8 = 17;
    pub const EXECUTE_LOAD: u8 = 18;
    pub const TABLE_MAP: u8 = 19;
    pub const WRITE_ROWS_0: u8 = 20;
    pub const DELETE_ROWS_0: u8 = 22;
    pub const WRITE_ROWS_1: u8 = 23;
    pub const UPDATE_ROWS_1: u8 = 24;
    pub const DELETE_ROWS_1: u8 = 25;
    pub const INCIDENT: u8 = 26;
    pub const HEARTBEAT: u8 = 27;
    pub const WRITE_ROWS: u8 = 30;
    pub const UPDATE_ROWS: u8 = 31;
    pub const DELETE_ROWS: u8 = 32;
    pub const GTID: u8 = 33;
    pub const ANONYMOUS_GTID: u8 = 34;
    pub const XA_PREPARE: u8 = 38;
    pub const PARTIAL_UPDATE_ROWS: u8 = 39;
    pub const TRANSACTION_PAYLOAD: u8 = 40;
    pub const HEARTBEAT_2: u8 = 41;
    pub const TAGGED_GTID: u8 = 42;
    pub const MARIADB_GTID: u8 = 162;
    pub const MARIADB_QUERY_COMPRESSED: u8 = 165;
    pub const MARIADB_ROWS_COMPRESSED: std::ops::RangeInclusive<u8> = 166..=171;
}

/// An event without its checksum.
#[derive(Debug, Clone, Copy)]
pub struct RawEvent<'e> {
    /// Of [`kind`].
    pub kind: u8,
    /// When the server wrote it, in seconds since 1970.
    pub seconds: u32,
    /// Its bytes in the log, all of them.
    pub size: u32,
    /// Where the next one begins in the file; 0 for one that does not stand in a file.
    pub end: u32,
    /// What follows its header.
    pub body: &'e [u8],
}

/// Bytes of an event's header.
pub const HEADER: usize = 19;

impl<'e> RawEvent<'e> {
    /// The first event of `bytes`, and what follows it. `checksum`: bytes at its end that are none of its own.
    ///
    /// # Errors
    /// It is not complete.
    pub fn read(bytes: &'e [u8], checksum: usize) -> Result<(RawEvent<'e>, &'e [u8]), Error> {
        let mut input = Input::new(bytes);
        let (seconds, kind, _, size, end, _) =
            (input.u32()?, input.u8()?, input.u32()?, input.u32()?, input.u32()?, input.u16()?);
        let body = input.take((size as usize).saturating_sub(HEADER))?;
        let body = &body[..body.len().saturating_sub(checksum)];
        Ok((RawEvent { kind, seconds, size, end, body }, input.rest()))
    }
}

/// A statement.
#[derive(Debug)]
pub struct Query<'e> {
    /// The session's default database.
    pub database: &'e [u8],
    /// The collation that the statement's text is in, by its number; 0 if it does not say.
    pub collation: u16,
    /// The statement.
    pub sql: &'e [u8],
}

impl<'e> Query<'e> {
    /// Reads a query event, or a load event of statement-based logs.
    ///
    /// # Errors
    /// It is not complete.
    pub fn read(event: &RawEvent<'e>) -> Result<Query<'e>, Error> {
        let mut input = Input::new(event.body);
        input.take(8)?;
        let database = input.u8()? as usize;
        input.take(2)?;
        let variables = input.u16()? as usize;
        if event.kind == kind::EXECUTE_LOAD {
            input.take(13)?;
        }
        let collation = collation(input.take(variables)?);
        let database = input.take(database)?;
        input.take(1)?;
        Ok(Query { database, collation, sql: input.rest() })
    }
}

/// The client's collation among the status variables, which stand in a fixed order.
fn collation(variables: &[u8]) -> u16 {
    let mut input = Input::new(variables);
    let mut find = || -> Result<u16, Error> {
        loop {
            match input.u8()? {
                // Flags; the mode of SQL; steps of AUTO_INCREMENT.
                0 | 3 => _ = input.take(4)?,
                1 => _ = input.take(8)?,
                // The catalogue's name, with and without a zero behind it.
                2 => {
                    let len = input.u8()? as usize;
                    input.take(len + 1)?;
                }
                6 => {
                    let len = input.u8()? as usize;
                    input.take(len)?;
                }
                4 => return input.u16(),
                _ => return Ok(0),
            }
        }
    };
    find().unwrap_or(0)
}

/// Where the log goes on: the file, and the byte in it.
///
/// # Errors
/// It is not complete.
pub fn rotate(event: &RawEvent<'_>) -> Result<(String, u64), Error> {
    let mut input = Input::new(event.body);
    let offset = input.u64()?;
    Ok((String::from_utf8_lossy(input.rest()).into_owned(), offset))
}

/// MySQL's number of a transaction: the server it comes from, and its number there.
///
/// # Errors
/// It is not complete.
pub fn gtid(event: &RawEvent<'_>) -> Result<([u8; 16], u64), Error> {
    let mut input = Input::new(event.body);
    input.u8()?;
    let mut source = [0; 16];
    source.copy_from_slice(input.take(16)?);
    Ok((source, input.u64()?))
}

/// What MariaDB's number of a transaction says of it: whether it is one statement without COMMIT, and whether it is an XA transaction that will be prepared.
///
/// # Errors
/// It is not complete.
pub fn mariadb_gtid(event: &RawEvent<'_>) -> Result<(bool, bool), Error> {
    const STANDALONE: u8 = 1;
    const PREPARED_XA: u8 = 64;
    let mut input = Input::new(event.body);
    input.u64()?;
    input.u32()?;
    let flags = input.u8()?;
    Ok((flags & STANDALONE != 0, flags & PREPARED_XA != 0))
}

/// Whether an XA transaction takes effect as it is prepared, and its name as statements have it.
///
/// # Errors
/// It is not complete.
pub fn prepared(event: &RawEvent<'_>) -> Result<(bool, String), Error> {
    let mut input = Input::new(event.body);
    let one_phase = input.u8()? == 1;
    let (format, global, branch) = (input.u32()?, input.u32()? as usize, input.u32()? as usize);
    let mut hex =
        |len: usize| Ok::<_, Error>(input.take(len)?.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    Ok((one_phase, format!("X'{}',X'{}',{format}", hex(global)?, hex(branch)?)))
}
