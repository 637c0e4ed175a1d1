//! What the log says of a table before rows of it: the columns' types, and more of them where the server writes more.

use super::event::RawEvent;
use super::input::Input;
use crate::error::Error;
use crate::sync::ddl::TableName;

/// A table as the rows that follow have it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TableMap {
    /// What rows call it.
    pub id: u64,
    /// Its name.
    pub name: TableName,
    /// The columns, in the table's order.
    pub columns: Vec<LoggedColumn>,
}

/// A column's type in the log.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoggedColumn {
    /// Of [`ty`].
    pub ty: u8,
    /// What the type leaves open: bytes of a length, digits of a fraction, precision and scale.
    pub meta: [u8; 2],
    /// The collation's number, of a column of texts, where the log has it.
    pub collation: Option<u16>,
    /// The name, where the log has it (`binlog_row_metadata` is FULL).
    pub name: Option<String>,
}

/// Types of columns.
#[allow(missing_docs)]
pub mod ty {
    pub const TINY: u8 = 1;
    pub const SHORT: u8 = 2;
    pub const LONG: u8 = 3;
    pub const FLOAT: u8 = 4;
    pub const DOUBLE: u8 = 5;
    pub const TIMESTAMP: u8 = 7;
    pub const LONG_LONG: u8 = 8;
    pub const INT_24: u8 = 9;
    pub const DATE: u8 = 10;
    pub const TIME: u8 = 11;
    pub const DATETIME: u8 = 12;
    pub const YEAR: u8 = 13;
    pub const VARCHAR: u8 = 15;
    pub const BIT: u8 = 16;
    pub const TIMESTAMP_2: u8 = 17;
    pub const DATETIME_2: u8 = 18;
    pub const TIME_2: u8 = 19;
    /// MariaDB's columns with COMPRESSED.
    pub const BLOB_COMPRESSED: u8 = 140;
    pub const VARCHAR_COMPRESSED: u8 = 141;
    pub const VECTOR: u8 = 242;
    pub const JSON: u8 = 245;
    pub const DECIMAL: u8 = 246;
    pub const ENUM: u8 = 247;
    pub const SET: u8 = 248;
    pub const BLOB: u8 = 252;
    pub const VAR_STRING: u8 = 253;
    pub const STRING: u8 = 254;
    pub const GEOMETRY: u8 = 255;
}

/// The name of the table alone, which is all that is needed of one that is not moved.
///
/// # Errors
/// It is not complete.
pub fn name<'e>(event: &RawEvent<'e>) -> Result<(u64, &'e [u8], &'e [u8]), Error> {
    let mut input = Input::new(event.body);
    head(&mut input)
}

fn head<'e>(input: &mut Input<'e>) -> Result<(u64, &'e [u8], &'e [u8]), Error> {
    let id = input.u48()?;
    input.u16()?;
    let mut text = || {
        let len = input.u8()? as usize;
        let text = input.take(len)?;
        input.u8()?;
        Ok::<_, Error>(text)
    };
    Ok((id, text()?, text()?))
}

impl TableMap {
    /// Reads the event.
    ///
    /// # Errors
    /// It is not complete.
    pub fn read(event: &RawEvent<'_>) -> Result<TableMap, Error> {
        let mut input = Input::new(event.body);
        let (id, database, table) = head(&mut input)?;
        let lossy = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
        let name = TableName::new(lossy(database), lossy(table));
        let count = input.packed()? as usize;
        let types = input.take(count)?;
        let len = input.packed()? as usize;
        let mut meta = Input::new(input.take(len)?);
        let mut columns = Vec::with_capacity(count);
        for ty in types {
            columns.push(column(*ty, &mut meta)?);
        }
        input.take(count.div_ceil(8))?;
        while !input.is_empty() {
            let field = input.u8()?;
            let len = input.packed()? as usize;
            optional(field, Input::new(input.take(len)?), &mut columns)?;
        }
        Ok(TableMap { id, name, columns })
    }

    /// Whether it has the columns of MariaDB's sequences: six BIGINT, a TINYINT, a BIGINT.
    pub fn may_be_sequence(&self) -> bool {
        const COLUMNS: [u8; 8] = [
            ty::LONG_LONG,
            ty::LONG_LONG,
            ty::LONG_LONG,
            ty::LONG_LONG,
            ty::LONG_LONG,
            ty::LONG_LONG,
            ty::TINY,
            ty::LONG_LONG,
        ];
        self.columns.iter().map(|column| column.ty).eq(COLUMNS)
    }
}

fn column(ty: u8, meta: &mut Input<'_>) -> Result<LoggedColumn, Error> {
    let mut column = LoggedColumn { ty, meta: [0, 0], collation: None, name: None };
    match ty {
        ty::FLOAT
        | ty::DOUBLE
        | ty::TIMESTAMP_2
        | ty::DATETIME_2
        | ty::TIME_2
        | ty::JSON
        | ty::BLOB
        | ty::GEOMETRY
        | ty::VECTOR
        | ty::BLOB_COMPRESSED => column.meta[0] = meta.u8()?,
        ty::VARCHAR | ty::BIT | ty::DECIMAL | ty::ENUM | ty::SET | ty::VAR_STRING | ty::VARCHAR_COMPRESSED => {
            column.meta = [meta.u8()?, meta.u8()?];
        }
        ty::STRING => {
            let (real, low) = (meta.u8()?, meta.u8()?);
            // Two bits of a length beyond 255 stand among those of the type, turned over.
            if real & 0x30 == 0x30 {
                (column.ty, column.meta) = (real, [low, 0]);
            } else {
                (column.ty, column.meta) = (real | 0x30, [low, (real & 0x30 ^ 0x30) >> 4]);
            }
        }
        _ => {}
    }
    Ok(column)
}

/// A field of what the server writes beyond the types.
fn optional(field: u8, mut input: Input<'_>, columns: &mut [LoggedColumn]) -> Result<(), Error> {
    const DEFAULT_CHARSET: u8 = 2;
    const COLUMN_CHARSET: u8 = 3;
    const COLUMN_NAME: u8 = 4;
    let is_text = |column: &&mut LoggedColumn| {
        matches!(
            column.ty,
            ty::STRING | ty::VAR_STRING | ty::VARCHAR | ty::BLOB | ty::BLOB_COMPRESSED | ty::VARCHAR_COMPRESSED
        )
    };
    match field {
        DEFAULT_CHARSET => {
            let default = input.packed()? as u16;
            let mut texts: Vec<&mut LoggedColumn> = columns.iter_mut().filter(is_text).collect();
            texts.iter_mut().for_each(|column| column.collation = Some(default));
            while !input.is_empty() {
                let (at, collation) = (input.packed()? as usize, input.packed()? as u16);
                if let Some(column) = texts.get_mut(at) {
                    column.collation = Some(collation);
                }
            }
        }
        COLUMN_CHARSET => {
            for column in columns.iter_mut().filter(is_text) {
                column.collation = Some(input.packed()? as u16);
            }
        }
        COLUMN_NAME => {
            for column in columns {
                let len = input.packed()? as usize;
                column.name = Some(String::from_utf8_lossy(input.take(len)?).into_owned());
            }
        }
        _ => {}
    }
    Ok(())
}
