//! Rows as they are now, of which the log says that they were changed.

use super::transactions::Row;
use crate::error::{Error, Kind};
use crate::snapshot::catalogue::Table;
use crate::snapshot::jdbc::{Batch, Failure, Malformed, Why};
use crate::snapshot::oracle::reader::value;
use crate::snapshot::oracle::server::{Session, unanswered};
use crate::snapshot::quoted::{quoted_name, quoted_text};
use std::collections::HashMap;

/// Rows that one statement asks for.
const AT_ONCE: usize = 100;

/// The column that numbers the rows that are asked for; no table has one of that name.
const NUMBER: &str = "\"canal-native number\"";

/// A row, as the server prints its values.
pub type Cells = Vec<Option<Vec<u8>>>;

/// What became of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Found {
    /// Of its last change.
    pub sequence: i64,
    /// When that was committed, epoch milliseconds.
    pub millis: i64,
    /// All columns; of a row that is gone only those of the key.
    pub cells: Cells,
    /// Whether it is gone.
    pub is_gone: bool,
}

/// What is not there any more: the table, or one of its columns. Nothing was read then.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Outdated;

/// Sequence and time of a row's last change.
pub type Last = (i64, i64);

/// Looks what became of rows of a table, which is as it was described.
///
/// # Errors
/// The server does not answer; a row is not known by the table's key.
pub fn read(
    session: &mut Session,
    table: &Table,
    rows: &[(&Row, Last)],
) -> Result<Result<Vec<Found>, Outdated>, Error> {
    let mut found = Vec::with_capacity(rows.len());
    let (mut by_key, mut by_place) = (Vec::new(), Vec::new());
    for (row, last) in rows {
        match row {
            Row::Values(values) => by_key.push((expressions(table, values)?, *last)),
            Row::Place(place) => by_place.push((place, *last)),
        }
    }
    for chunk in by_key.chunks(AT_ONCE) {
        match of_keys(session, table, chunk)? {
            Ok(rows) => found.extend(rows),
            Err(outdated) => return Ok(Err(outdated)),
        }
    }
    for chunk in by_place.chunks(AT_ONCE) {
        match of_places(session, table, chunk)? {
            Ok(rows) => found.extend(rows),
            Err(outdated) => return Ok(Err(outdated)),
        }
    }
    // One may have been asked for in two ways.
    found.sort_by_key(|row| row.sequence);
    Ok(Ok(found))
}

/// The expressions of a row's key, in the key's order.
fn expressions<'r>(table: &Table, values: &'r [(Box<str>, Box<str>)]) -> Result<Vec<&'r str>, Error> {
    let of =
        |key: &str| values.iter().find(|(name, _)| **name == *key).map(|(_, value)| &**value).ok_or(key.to_string());
    table.keys.iter().map(|key| of(key)).collect::<Result<_, _>>().map_err(|key| {
        let text = format!(
            "the key has the column {key} now, which the log does not have of a row that was changed before; start the job without its state, which reads the tables anew"
        );
        Error::new(Kind::Source, text).at(format!("{}.{}", table.database, table.table))
    })
}

fn of_keys(
    session: &mut Session,
    table: &Table,
    keys: &[(Vec<&str>, Last)],
) -> Result<Result<Vec<Found>, Outdated>, Error> {
    // As the server prints keys, two expressions of one value are one.
    let mut last: HashMap<Cells, Last> = HashMap::with_capacity(keys.len());
    let types: Vec<usize> = table.keys.iter().filter_map(|key| position(table, key)).collect();
    let printed = match answer(session, &printed(table, keys), |at| at.checked_sub(1).map(|at| types[at]), table)? {
        Ok(printed) => printed,
        Err(outdated) => return Ok(Err(outdated)),
    };
    for mut cells in printed {
        let number = cells.remove(0).and_then(|number| String::from_utf8(number).ok()?.parse::<usize>().ok());
        let Some((_, of)) = number.and_then(|number| keys.get(number)) else {
            return Err(Error::new(Kind::Source, "the source does not number what it is asked to"));
        };
        let known = last.entry(cells).or_insert(*of);
        *known = (*known).max(*of);
    }
    let rows = match answer(session, &selected(table, keys), Some, table)? {
        Ok(rows) => rows,
        Err(outdated) => return Ok(Err(outdated)),
    };
    let mut found = Vec::with_capacity(keys.len());
    for cells in rows {
        let key: Cells = types.iter().map(|at| cells[*at].clone()).collect();
        // A row is found once.
        if let Some((sequence, millis)) = last.remove(&key) {
            found.push(Found { sequence, millis, cells, is_gone: false });
        } else {
            return Err(unasked(table, &key));
        }
    }
    for (key, (sequence, millis)) in last {
        let mut cells: Cells = vec![None; table.columns.len()];
        for (at, cell) in types.iter().zip(key) {
            cells[*at] = cell;
        }
        found.push(Found { sequence, millis, cells, is_gone: true });
    }
    Ok(Ok(found))
}

fn of_places(
    session: &mut Session,
    table: &Table,
    places: &[(&Box<str>, Last)],
) -> Result<Result<Vec<Found>, Outdated>, Error> {
    let wanted: Vec<String> = places.iter().map(|(place, _)| format!("CHARTOROWID({})", quoted_text(place))).collect();
    let statement = format!(
        "SELECT ROWIDTOCHAR(ROWID), {} FROM {} WHERE ROWID IN ({})",
        table.select,
        table.from,
        wanted.join(", ")
    );
    let rows = match answer(session, &statement, |at| at.checked_sub(1), table)? {
        Ok(rows) => rows,
        Err(outdated) => return Ok(Err(outdated)),
    };
    let found = rows.into_iter().filter_map(|mut cells| {
        let place = cells.remove(0)?;
        let (_, (sequence, millis)) = places.iter().find(|(asked, _)| asked.as_bytes() == place)?;
        Some(Found { sequence: *sequence, millis: *millis, cells, is_gone: false })
    });
    Ok(Ok(found.collect()))
}

/// What has the server print keys, with their numbers.
fn printed(table: &Table, keys: &[(Vec<&str>, Last)]) -> String {
    let row = |(number, (key, _)): (usize, &(Vec<&str>, Last))| {
        let cast = |(name, value): (&String, &&str)| {
            let ty = table.native(name).map_or("VARCHAR2(4000)".into(), |native| castable(&native.ty));
            format!("CAST({value} AS {ty}) AS {}", quoted_name(name))
        };
        let values: Vec<String> = table.keys.iter().zip(key).map(cast).collect();
        format!("SELECT {number} AS {NUMBER}, {} FROM DUAL", values.join(", "))
    };
    let all: Vec<String> = keys.iter().enumerate().map(row).collect();
    let selected: Vec<&str> =
        table.keys.iter().filter_map(|key| table.native(key)).map(|native| native.selected.as_str()).collect();
    format!("SELECT TO_CHAR({NUMBER}), {} FROM ({})", selected.join(", "), all.join(" UNION ALL "))
}

/// What has the server give rows of these keys.
fn selected(table: &Table, keys: &[(Vec<&str>, Last)]) -> String {
    let row = |(key, _): &(Vec<&str>, Last)| {
        let equal = |(name, value): (&String, &&str)| format!("{} = {value}", quoted_name(name));
        format!("({})", table.keys.iter().zip(key).map(equal).collect::<Vec<_>>().join(" AND "))
    };
    let all: Vec<String> = keys.iter().map(row).collect();
    format!("SELECT {} FROM {} WHERE {}", table.select, table.from, all.join(" OR "))
}

/// The type that a value becomes which is printed as of a column of that type. Blanks at the end of texts are taken away by who reads them.
fn castable(ty: &str) -> String {
    match ty {
        "VARCHAR2" | "CHAR" | "VARCHAR" => "VARCHAR2(4000)".into(),
        "NVARCHAR2" | "NCHAR" => "NVARCHAR2(2000)".into(),
        "RAW" => "RAW(2000)".into(),
        "FLOAT" => "NUMBER".into(),
        ty => ty.into(),
    }
}

fn position(table: &Table, key: &str) -> Option<usize> {
    table.columns.iter().position(|column| column.name == key)
}

/// All rows of an answer. `column` says of each cell which column of the table it is of, if any.
fn answer(
    session: &mut Session,
    statement: &str,
    column: impl Fn(usize) -> Option<usize>,
    table: &Table,
) -> Result<Result<Vec<Cells>, Outdated>, Error> {
    let failed = |failure: Failure| match failure.why {
        Why::Missing | Why::Unlike => Ok(Outdated),
        _ => Err(unanswered(statement, &failure)),
    };
    let width = match session.select(statement) {
        Ok(width) => width,
        Err(failure) => return failed(failure).map(Err),
    };
    let mut rows = Vec::new();
    loop {
        let bytes = match session.next() {
            Ok(Some(bytes)) => bytes,
            Ok(None) => return Ok(Ok(rows)),
            Err(failure) => return failed(failure).map(Err),
        };
        let mut batch = Batch::new(&bytes);
        while !batch.is_at_end() {
            let mut cells = Cells::with_capacity(width);
            for at in 0..width {
                let broken = |Malformed| Error::new(Kind::Internal, "the driver's rows are not in order");
                let cell = batch.cell().map_err(broken)?;
                let cell = match column(at).and_then(|at| table.columns.get(at)) {
                    Some(column) => value(column, cell).map_err(|why| Error::new(Kind::Source, why))?,
                    None => cell,
                };
                cells.push(cell.map(<[u8]>::to_vec));
            }
            rows.push(cells);
        }
    }
}

#[cold]
fn unasked(table: &Table, key: &Cells) -> Error {
    let text: Vec<String> = key
        .iter()
        .map(|cell| cell.as_deref().map_or("NULL".into(), |text| String::from_utf8_lossy(text).into_owned()))
        .collect();
    let text = format!("the source answers with a row that it was not asked for: {}", text.join(", "));
    Error::new(Kind::Source, text).at(format!("{}.{}", table.database, table.table))
}
