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
    list(&mut session, rules).map_err(|e| e.at(spec.address()))
}

fn list(session: &mut Session, rules: &Rules) -> Result<Catalogue, Error> {
    let server = session.texts(questions::VERSION)?.into_iter().flatten().next().flatten();
    let (mut tables, mut refused) = (Vec::new(), Vec::new());
    for row in session.texts(questions::TABLES)? {
        let Ok([Some(owner), Some(name), rows, comment]) = <[Option<String>; 4]>::try_from(row) else { continue };
        if rules.target(&owner, &name)?.is_none() {
            continue;
        }
        let rows = rows.and_then(|rows| rows.parse().ok()).unwrap_or(0);
        let attributes = session.texts(&questions::columns(&owner, &name))?;
        let key = session.texts(&questions::key(&owner, &name))?;
        match table((&owner, &name), attributes, key, &comment.unwrap_or_default()) {
            Ok(table) => tables.push(Table { rows, ..table }),
            Err(reason) => refused.push(Refused { table: format!("{owner}.{name}"), reason }),
        }
    }
    Ok(Catalogue { server: server.unwrap_or_default(), position: None, tables, refused })
}

/// A table, by the answers to [`questions::columns`] and [`questions::key`].
///
/// # Errors
/// Why it cannot be read.
pub fn table(
    (owner, name): (&str, &str),
    attributes: Vec<Vec<Option<String>>>,
    key: Vec<Vec<Option<String>>>,
    comment: &str,
) -> Result<Table, String> {
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
    Ok(table)
}
