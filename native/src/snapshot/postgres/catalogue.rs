//! What the server has: tables, their columns and keys.

use super::questions::{self, Which};
use super::server::{self, Session};
use super::types::{ColumnType, Family, travel};
use crate::error::{Error, Kind};
use crate::snapshot::catalogue::{Catalogue, Column, Dialect, Native, Refused, Table};
use crate::snapshot::default::constant;
use crate::snapshot::definition::{Definition, create_table};
use crate::snapshot::message;
use crate::snapshot::quoted::quoted_name;
use crate::snapshot::spec::SourceSpec;
use crate::sync::mysql_type::MysqlType;
use crate::sync::rules::Rules;
use std::collections::HashMap;

/// An answer: rows of texts.
pub type Answer = Vec<Vec<Option<String>>>;

/// Looks what the server has.
///
/// # Errors
/// [`Kind::Source`].
pub async fn read(spec: &SourceSpec, rules: &Rules) -> Result<Catalogue, Error> {
    let session = server::connect(spec).await?;
    list(&session, spec, rules).await.map_err(|e| e.at(spec.address()))
}

async fn list(session: &Session, spec: &SourceSpec, rules: &Rules) -> Result<Catalogue, Error> {
    let server = session.texts("SHOW server_version").await?.into_iter().flatten().next().flatten();
    let relations = relations(session).await?;
    let types = Types::read(session).await?;
    // What changes lack, full data leaves out, too: rows come whole.
    let which = if spec.replication.is_some() { Which::Given } else { Which::All };
    let (mut tables, mut refused) = (Vec::new(), Vec::new());
    for relation in relations {
        if relation.is_partition || rules.target(&relation.schema, &relation.table)?.is_none() {
            continue;
        }
        let found = match relation.refusal(&spec.user) {
            Some(reason) => Err(Error::new(Kind::Source, reason)),
            None => table(session, &relation, &types, which).await,
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
#[derive(Debug)]
pub struct Types {
    by_oid: HashMap<u32, Type>,
    money_scale: u32,
}

#[derive(Debug)]
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
    /// Asks the server.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn read(session: &Session) -> Result<Types, Error> {
        let money = session.texts(questions::MONEY).await?;
        let [money_scale] = numbers(money.first().map_or(&[], Vec::as_slice));
        Ok(Types::of(session.texts(questions::TYPES).await?, money_scale))
    }

    /// As the server has answered [`questions::TYPES`], and how many digits money has behind its point.
    pub fn of(answer: Answer, money_scale: u32) -> Types {
        Types { by_oid: types(answer), money_scale }
    }

    /// Whether there is a type of that number.
    pub fn has(&self, oid: u32) -> bool {
        self.by_oid.contains_key(&oid)
    }

    /// Digits of money behind its point.
    pub fn money_scale(&self) -> u32 {
        self.money_scale
    }

    /// What a column is; a domain is what it is a domain of, whose modifier counts.
    pub fn resolve(&self, oid: u32, modifier: i32) -> ColumnType {
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

/// A table as it is now, as far as its log does not say it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Described {
    /// It has partitions.
    pub is_partitioned: bool,
    /// Its comment.
    pub comment: String,
    /// Its columns, in its order.
    pub columns: Vec<Attribute>,
    /// The primary key's columns, in the key's order.
    pub keys: Vec<String>,
}

/// A column of a table.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Attribute {
    /// Its number, which no other column of the table ever has.
    pub number: i32,
    /// Its name.
    pub name: String,
    /// Its type's number,
    pub ty: u32,
    /// and modifier.
    pub modifier: i32,
    /// It may not be NULL.
    pub not_null: bool,
    /// Its default, as an expression.
    pub default: Option<String>,
    /// Its comment.
    pub comment: String,
    /// Its collation is the order of bytes in UTF-8.
    pub by_bytes: bool,
}

impl Described {
    /// The column of that name.
    pub fn column(&self, name: &str) -> Option<&Attribute> {
        self.columns.iter().find(|column| column.name == name)
    }
}

/// Looks how a table is now; None if there is none of that name.
///
/// # Errors
/// The server does not answer.
pub async fn describe(session: &Session, schema: &str, table: &str) -> Result<Option<Described>, Error> {
    let found = session.texts(&questions::named(schema, table)).await?.into_iter().next();
    let Some(Ok([Some(oid), Some(kind), comment])) = found.map(<[Option<String>; 3]>::try_from) else {
        return Ok(None);
    };
    let oid = oid.parse().unwrap_or(0);
    let columns = attributes(session, oid, Which::Given).await?;
    let keys = key(session, oid, &columns).await?;
    Ok(Some(Described { is_partitioned: kind == "p", comment: comment.unwrap_or_default(), columns, keys }))
}

async fn attributes(session: &Session, oid: u32, which: Which) -> Result<Vec<Attribute>, Error> {
    let answer = session.texts(&questions::columns(session.version(), oid, which)).await?;
    let attribute = |row: Vec<Option<String>>| {
        let [number, name, ty, modifier, not_null, default, comment, by_bytes] =
            <[Option<String>; 8]>::try_from(row).ok()?;
        Some(Attribute {
            number: number?.parse().ok()?,
            name: name?,
            ty: ty?.parse().unwrap_or(0),
            modifier: modifier?.parse().unwrap_or(-1),
            not_null: not_null.as_deref() == Some("t"),
            default,
            comment: comment.unwrap_or_default(),
            by_bytes: by_bytes.as_deref() == Some("t"),
        })
    };
    Ok(answer.into_iter().filter_map(attribute).collect())
}

/// The key's columns, in its order.
async fn key(session: &Session, oid: u32, columns: &[Attribute]) -> Result<Vec<String>, Error> {
    let answer = session.texts(&questions::key(session.version(), oid)).await?;
    let Some(Ok([Some(count), Some(all)])) = answer.into_iter().next().map(<[Option<String>; 2]>::try_from) else {
        return Ok(Vec::new());
    };
    let number = |text: &str| text.parse::<i32>().unwrap_or(0);
    let named = |number: i32| columns.iter().find(|column| column.number == number).map(|column| column.name.clone());
    let keys = all.split_whitespace().take(count.parse().unwrap_or(0)).map(|text| named(number(text)));
    keys.collect::<Option<Vec<String>>>().ok_or_else(|| {
        let what = "its key has a generated column, which is not in the server's log; leave the table out, or the stage incremental";
        Error::new(Kind::Source, what)
    })
}

async fn table(session: &Session, relation: &Relation, types: &Types, which: Which) -> Result<Table, Error> {
    let (mut columns, mut native, mut definitions) = (vec![], vec![], vec![]);
    let attributes = attributes(session, relation.oid, which).await?;
    let keys = key(session, relation.oid, &attributes).await?;
    let mut by_key = !keys.is_empty();
    for attribute in attributes {
        let ty = types.resolve(attribute.ty, attribute.modifier);
        let travel = travel(&ty, types.money_scale);
        let Attribute { name, not_null, comment, .. } = attribute;
        let is_text = ["text", "varchar", "bpchar", "name"].contains(&ty.name.as_str());
        let by_bytes = ty.family == Family::Own && (ty.name == "uuid" || is_text && attribute.by_bytes);
        let own = if ty.family == Family::Own { ty.name } else { String::new() };
        native.push(Native { dialect: Dialect::Postgres, selected: travel.selected.of(&name), ty: own, by_bytes });
        by_key &= ty.family != Family::Other || !keys.contains(&name);
        columns.push(Column { name: name.clone(), ty: MysqlType::parse(&travel.ty) });
        let default = attribute.default.and_then(|expression| constant(&expression, travel.constant));
        definitions.push(Definition { name, ty: travel.ty, not_null, default, comment });
    }
    if columns.is_empty() {
        return Err(Error::new(Kind::Source, "it has no column, or is gone; leave it out"));
    }
    let sql = create_table(&relation.table, &definitions, &keys, &relation.comment);
    Ok(Table {
        database: relation.schema.clone(),
        table: relation.table.clone(),
        rows: relation.rows,
        columns,
        keys,
        by_key,
        from: relation.from(),
        select: native.iter().map(|column| column.selected.as_str()).collect::<Vec<_>>().join(", "),
        message: message::statement(&relation.schema, &relation.table, &sql),
        native,
    })
}
