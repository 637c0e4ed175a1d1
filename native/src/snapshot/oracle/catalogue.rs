//! What the server has: tables, their columns and keys.

use super::questions;
use super::server::{self, Session};
use super::types::{ColumnType, travel};
use crate::error::Error;
use crate::snapshot::catalogue::{Catalogue, Column, Dialect, Native, Refused, Table};
use crate::snapshot::default::constant;
use crate::snapshot::definition::{Definition, create_table};
use crate::snapshot::message;
use crate::snapshot::quoted::quoted_name;
use crate::snapshot::spec::SourceSpec;
use crate::sync::mysql_type::MysqlType;
use crate::sync::rules::Rules;

/// Looks what the server has.
///
/// # Errors
/// [`Kind::Source`](crate::error::Kind::Source).
pub async fn read(spec: &SourceSpec, rules: &Rules) -> Result<Catalogue, Error> {
    let mut session = server::connect(spec)?;
    list(&mut session, rules, |_| ()).map_err(|e| e.at(spec.address()))
}

/// The same, by a connection that is there; `take` sees each table that can be read, too.
///
/// # Errors
/// [`Kind::Source`](crate::error::Kind::Source).
pub fn list(session: &mut Session, rules: &Rules, mut take: impl FnMut(&Described)) -> Result<Catalogue, Error> {
    let server = session.texts(questions::VERSION)?.into_iter().flatten().next().flatten();
    let (mut tables, mut refused) = (Vec::new(), Vec::new());
    for row in session.texts(&questions::tables(None))? {
        let Some(listed) = Listed::of(row) else { continue };
        if rules.target(&listed.owner, &listed.name)?.is_none() {
            continue;
        }
        match describe(session, &listed)? {
            Ok(described) => {
                take(&described);
                tables.push(described.table);
            }
            Err(reason) => refused.push(Refused { table: format!("{}.{}", listed.owner, listed.name), reason }),
        }
    }
    Ok(Catalogue { server: server.unwrap_or_default(), position: None, tables, refused })
}

/// A table as it is now; None if there is none of that name that this user may read, or why it cannot be read.
///
/// # Errors
/// [`Kind::Source`](crate::error::Kind::Source).
pub fn described(session: &mut Session, owner: &str, name: &str) -> Result<Option<Result<Described, String>>, Error> {
    let listed = session.texts(&questions::tables(Some((owner, name))))?.into_iter().find_map(Listed::of);
    listed.map(|listed| describe(session, &listed)).transpose()
}

/// What is asked for all tables at once.
struct Listed {
    owner: String,
    name: String,
    rows: u64,
    comment: String,
}

impl Listed {
    fn of(row: Vec<Option<String>>) -> Option<Listed> {
        let Ok([Some(owner), Some(name), rows, comment]) = <[Option<String>; 4]>::try_from(row) else { return None };
        let rows = rows.and_then(|rows| rows.parse().ok()).unwrap_or(0);
        Some(Listed { owner, name, rows, comment: comment.unwrap_or_default() })
    }
}

/// A table, and its definition.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Described {
    /// How it is read.
    pub table: Table,
    /// Its columns, as types of MySQL.
    pub definitions: Vec<Definition>,
    /// Its comment.
    pub comment: String,
}

fn describe(session: &mut Session, listed: &Listed) -> Result<Result<Described, String>, Error> {
    let (owner, name) = (&listed.owner, &listed.name);
    let attributes = session.texts(&questions::columns(owner, name))?;
    let key = session.texts(&questions::key(owner, name))?;
    let of_rows =
        |described: Described| Described { table: Table { rows: listed.rows, ..described.table }, ..described };
    Ok(table((owner, name), attributes, key, &listed.comment).map(of_rows))
}

/// By the answers to [`questions::columns`] and [`questions::key`].
fn table(
    (owner, name): (&str, &str),
    attributes: Vec<Vec<Option<String>>>,
    key: Vec<Vec<Option<String>>>,
    comment: &str,
) -> Result<Described, String> {
    let (mut columns, mut native, mut definitions) = (vec![], vec![], vec![]);
    for row in attributes {
        let Ok([Some(column), Some(ty), ty_owner, precision, scale, chars, bytes, nullable, comment, default]) =
            <[Option<String>; 10]>::try_from(row)
        else {
            return Err("the server does not say all of its columns' types".into());
        };
        let length = |text: Option<String>| text.and_then(|text| text.parse().ok()).unwrap_or(0);
        let digits = |text: Option<String>| text.and_then(|text| text.parse().ok());
        let of = ColumnType {
            name: ty,
            has_owner: ty_owner.is_some(),
            precision: digits(precision),
            scale: digits(scale),
            chars: length(chars),
            bytes: length(bytes),
        };
        let travel = travel(&column, &of)?;
        let default = default.and_then(|expression| constant(expression.trim(), travel.constant));
        let not_null = nullable.as_deref() == Some("N");
        native.push(Native { dialect: Dialect::Oracle, selected: travel.selected, ty: of.name, by_bytes: false });
        columns.push(Column { name: column.clone(), ty: MysqlType::parse(&travel.ty) });
        let comment = comment.unwrap_or_default();
        definitions.push(Definition { name: column, ty: travel.ty, not_null, default, comment });
    }
    if columns.is_empty() {
        return Err("the server shows no column of it; leave it out".into());
    }
    let keys: Vec<String> = key.into_iter().flatten().flatten().collect();
    let sql = create_table(name, &definitions, &keys, comment);
    let mut table = Table {
        database: owner.into(),
        table: name.into(),
        rows: 0,
        columns,
        keys,
        by_key: false,
        from: format!("{}.{}", quoted_name(owner), quoted_name(name)),
        select: native.iter().map(|column| column.selected.as_str()).collect::<Vec<_>>().join(", "),
        message: message::statement(owner, name, &sql),
        native,
    };
    table.by_key = super::range::may_be_cut(&table);
    Ok(Described { table, definitions, comment: comment.into() })
}
