//! What the server has: tables, their columns and keys.

use super::default::constant;
use super::definition::{Definition, create_table};
use super::questions;
use super::server::{self, Session, quoted_name};
use super::types::{ColumnType, Family, travel};
use crate::error::{Error, Kind};
use crate::snapshot::catalogue::{Catalogue, Column, Refused, Table};
use crate::snapshot::message;
use crate::snapshot::spec::SourceSpec;
use crate::sync::mysql_type::MysqlType;
use crate::sync::rules::Rules;
use std::collections::HashMap;

/// An answer: rows of texts.
type Answer = Vec<Vec<Option<String>>>;

/// Looks what the server has.
///
/// # Errors
/// [`Kind::Source`].
pub async fn read(spec: &SourceSpec, rules: &Rules) -> Result<Catalogue, Error> {
    let session = server::connect(spec).await?;
    list(&session, &spec.user, rules).await.map_err(|e| e.at(spec.address()))
}

async fn list(session: &Session, user: &str, rules: &Rules) -> Result<Catalogue, Error> {
    let server = session.texts("SHOW server_version").await?.into_iter().flatten().next().flatten();
    let relations = relations(session).await?;
    let types = Types::read(session).await?;
    let (mut tables, mut refused) = (Vec::new(), Vec::new());
    for relation in relations {
        if relation.is_partition || rules.target(&relation.schema, &relation.table)?.is_none() {
            continue;
        }
        let found = match relation.refusal(user) {
            Some(reason) => Err(Error::new(Kind::Source, reason)),
            None => table(session, &relation, &types).await,
        };
        match found {
            Ok(found) => tables.push(found),
            // One that is gone meanwhile, or that this user may not see.
            Err(e) if e.kind() == Kind::Source => {
                refused
                    .push(Refused { table: format!("{}.{}", relation.schema, relation.table), reason: e.to_string() });
            }
            Err(e) => return Err(e),
        }
    }
    Ok(Catalogue { server: server.unwrap_or_default(), position: None, tables, refused })
}

/// A table as it is listed.
#[derive(Debug)]
struct Relation {
    oid: u32,
    schema: String,
    table: String,
    rows: u64,
    is_partitioned: bool,
    is_partition: bool,
    may_use: bool,
    may_read: bool,
    is_filtered: bool,
    comment: String,
}

impl Relation {
    fn of(row: Vec<Option<String>>) -> Option<Relation> {
        let [oid, schema, table, rows, is_partitioned, is_partition, may_use, may_read, is_filtered, comment] =
            <[Option<String>; 10]>::try_from(row).ok()?;
        let flag = |text: Option<String>| text.as_deref() == Some("t");
        Some(Relation {
            oid: oid?.parse().ok()?,
            schema: schema?,
            table: table?,
            rows: rows.and_then(|rows| rows.parse().ok()).unwrap_or(0),
            is_partitioned: flag(is_partitioned),
            is_partition: flag(is_partition),
            may_use: flag(may_use),
            may_read: flag(may_read),
            is_filtered: flag(is_filtered),
            comment: comment.unwrap_or_default(),
        })
    }

    /// Why it cannot be read, and what to do.
    fn refusal(&self, user: &str) -> Option<String> {
        let (schema, user) = (quoted_name(&self.schema), quoted_name(user));
        if !self.may_use {
            return Some(format!("the user may not use its schema; GRANT USAGE ON SCHEMA {schema} TO {user}"));
        }
        if !self.may_read {
            let table = quoted_name(&self.table);
            return Some(format!(
                "the user may not read all of its columns; GRANT SELECT ON {schema}.{table} TO {user}"
            ));
        }
        self.is_filtered.then(|| {
            format!("policies of row security hide rows of it from the user; ALTER ROLE {user} BYPASSRLS, or read as its owner")
        })
    }

    /// What stands behind FROM: a partitioned table with its partitions, any other without the tables that inherit from it, which are read themselves.
    fn from(&self) -> String {
        let only = if self.is_partitioned { "" } else { "ONLY " };
        format!("{only}{}.{}", quoted_name(&self.schema), quoted_name(&self.table))
    }
}

/// All tables; one with partitions has their rows.
async fn relations(session: &Session) -> Result<Vec<Relation>, Error> {
    let answer = session.texts(&questions::relations(session.version())).await?;
    let mut relations: Vec<Relation> = answer.into_iter().filter_map(Relation::of).collect();
    if relations.iter().any(|relation| relation.is_partitioned) {
        let mut children: HashMap<u32, Vec<u32>> = HashMap::new();
        for row in session.texts(questions::PARENTS).await? {
            let [parent, child] = numbers(&row);
            children.entry(parent).or_default().push(child);
        }
        let rows: HashMap<u32, u64> = relations.iter().map(|relation| (relation.oid, relation.rows)).collect();
        for relation in relations.iter_mut().filter(|relation| relation.is_partitioned) {
            relation.rows = sum(relation.oid, &children, &rows);
        }
    }
    Ok(relations)
}

/// Rows of a table and of all below it.
fn sum(oid: u32, children: &HashMap<u32, Vec<u32>>, rows: &HashMap<u32, u64>) -> u64 {
    let below: u64 = children.get(&oid).into_iter().flatten().map(|child| sum(*child, children, rows)).sum();
    below + rows.get(&oid).copied().unwrap_or(0)
}

/// The leading numbers of an answer's row; what is none is 0.
fn numbers<const N: usize>(row: &[Option<String>]) -> [u32; N] {
    std::array::from_fn(|i| row.get(i).and_then(|text| text.as_ref()?.parse().ok()).unwrap_or(0))
}

/// The types that columns may have.
struct Types {
    by_oid: HashMap<u32, Type>,
    money_scale: u32,
}

struct Type {
    is_own: bool,
    name: String,
    /// `typtype`: d is a domain, e an enumeration.
    kind: String,
    base: u32,
    modifier: i32,
    element: u32,
}

impl Types {
    async fn read(session: &Session) -> Result<Types, Error> {
        let money = session.texts(questions::MONEY).await?;
        let [money_scale] = numbers(money.first().map_or(&[], Vec::as_slice));
        Ok(Types { by_oid: types(session.texts(questions::TYPES).await?), money_scale })
    }

    /// What a column is; a domain is what it is a domain of, whose modifier counts.
    fn resolve(&self, oid: u32, modifier: i32) -> ColumnType {
        let Some(ty) = self.by_oid.get(&oid) else {
            return ColumnType { family: Family::Other, name: String::new(), modifier };
        };
        if ty.kind == "d" {
            return self.resolve(ty.base, ty.modifier);
        }
        let of = |family, name: &str| ColumnType { family, name: name.to_string(), modifier };
        match self.by_oid.get(&ty.element) {
            Some(element) if element.is_own && element.kind == "b" => of(Family::OwnArray, &element.name),
            Some(_) => of(Family::Other, &ty.name),
            None if ty.kind == "e" => of(Family::Enum, &ty.name),
            None if ty.is_own && ty.kind == "b" && ty.element == 0 => of(Family::Own, &ty.name),
            None => of(Family::Other, &ty.name),
        }
    }
}

fn types(answer: Answer) -> HashMap<u32, Type> {
    let mut by_oid = HashMap::new();
    for row in answer {
        let Ok([Some(oid), Some(schema), Some(name), Some(kind), Some(base), Some(modifier), Some(element)]) =
            <[Option<String>; 7]>::try_from(row)
        else {
            continue;
        };
        let number = |text: &str| text.parse().unwrap_or(0);
        let modifier = modifier.parse().unwrap_or(-1);
        let (base, element) = (number(&base), number(&element));
        by_oid.insert(number(&oid), Type { is_own: schema == "pg_catalog", name, kind, base, modifier, element });
    }
    by_oid
}

async fn table(session: &Session, relation: &Relation, types: &Types) -> Result<Table, Error> {
    let (mut columns, mut selected, mut definitions) = (vec![], vec![], vec![]);
    let mut by_number: HashMap<String, (String, Family)> = HashMap::new();
    for row in session.texts(&questions::columns(session.version(), relation.oid)).await? {
        let Ok([Some(number), Some(name), Some(ty), Some(modifier), not_null, default, comment]) =
            <[Option<String>; 7]>::try_from(row)
        else {
            continue;
        };
        let ty = types.resolve(ty.parse().unwrap_or(0), modifier.parse().unwrap_or(-1));
        let travel = travel(&ty, types.money_scale);
        selected.push(travel.selected.of(&name));
        by_number.insert(number, (name.clone(), ty.family));
        columns.push(Column { name: name.clone(), ty: MysqlType::parse(&travel.ty) });
        let default = default.and_then(|expression| constant(&expression, travel.constant));
        let (not_null, comment) = (not_null.as_deref() == Some("t"), comment.unwrap_or_default());
        definitions.push(Definition { name, ty: travel.ty, not_null, default, comment });
    }
    if columns.is_empty() {
        return Err(Error::new(Kind::Source, "it has no column, or is gone; leave it out"));
    }
    let keys = keys(session.texts(&questions::key(session.version(), relation.oid)).await?, &by_number);
    let by_key = !keys.is_empty() && keys.iter().all(|(_, family)| *family != Family::Other);
    let keys: Vec<String> = keys.into_iter().map(|(name, _)| name).collect();
    let sql = create_table(&relation.table, &definitions, &keys, &relation.comment);
    Ok(Table {
        database: relation.schema.clone(),
        table: relation.table.clone(),
        rows: relation.rows,
        columns,
        keys,
        by_key,
        from: relation.from(),
        select: selected.join(", "),
        message: message::statement(&relation.schema, &relation.table, &sql),
    })
}

/// The key's columns, in its order, and whose types they have.
fn keys(answer: Answer, by_number: &HashMap<String, (String, Family)>) -> Vec<(String, Family)> {
    let Some(Ok([Some(count), Some(all)])) = answer.into_iter().next().map(<[Option<String>; 2]>::try_from) else {
        return Vec::new();
    };
    let count = count.parse().unwrap_or(0);
    all.split_whitespace().take(count).filter_map(|number| by_number.get(number).cloned()).collect()
}
