//! The columns of a load: Flink's, each with its place in the Doris table.

use super::bad::{BadRow, BadValue};
use super::excerpt;
use super::nested::Form;
use super::pairing::{Limits, natural};
use super::value::{Reading, Value};
use crate::doris::table::{DorisColumn, DorisTable, DorisType, KeyModel};
use crate::error::{Error, Kind};
use crate::row::read::{Row, Slot};
use crate::schema::{Field, Root};

/// A column of the load.
#[derive(Debug)]
pub(super) struct Column {
    /// In the table's spelling.
    pub name: String,
    pub reading: Reading,
    pub root: Root,
    pub target: DorisType,
    pub nullable: bool,
    pub key: bool,
    /// What a deleted row has here instead of a NULL that the column does not take: nobody will see it.
    pub of_deleted: Option<Value<'static>>,
}

impl Column {
    /// Pairs Flink's columns with the table's; without a table, each is taken for what holds all of its values.
    pub fn all(
        columns: &[Field],
        target: Option<&DorisTable>,
        partial: bool,
        keys: &[usize],
        limits: Limits,
    ) -> Result<Box<[Column]>, Error> {
        if columns.is_empty() {
            return Err(Error::new(Kind::InvalidSpec, "a table without columns cannot be written"));
        }
        let paired: Box<[Column]> = columns
            .iter()
            .enumerate()
            .map(|(i, field)| match target {
                Some(table) => Column::of_table(field, table, limits),
                None => Column::assumed(field, keys.contains(&i), limits),
            })
            .collect::<Result<_, _>>()?;
        if let Some((i, twice)) = paired.iter().enumerate().find(|(i, c)| paired[..*i].iter().any(|b| b.name == c.name))
        {
            let (name, flink) = (&twice.name, &columns[i].name);
            return Err(Error::new(
                Kind::InvalidSpec,
                format!("two columns are named `{name}` in Doris: rename `{flink}`"),
            ));
        }
        if let Some(table) = target {
            all_needed_are_there(&paired, table, partial)?;
        }
        Ok(paired)
    }

    fn of_table(field: &Field, table: &DorisTable, limits: Limits) -> Result<Column, Error> {
        let same = |c: &&DorisColumn| c.name.eq_ignore_ascii_case(&field.name);
        let Some(column) = table.columns.iter().find(same) else {
            let names: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
            return Err(Error::new(
                Kind::InvalidSpec,
                format!(
                    "the table `{}`.`{}` has no column `{}`; it has {}. Rename or drop the column, or add it to the table",
                    table.database,
                    table.name,
                    field.name,
                    names.join(", ")
                ),
            ));
        };
        Ok(Column {
            name: column.name.clone(),
            reading: limits.pair(&field.ty, &column.ty).map_err(|e| e.at(&field.name))?,
            root: field.ty.root.clone(),
            target: column.ty.clone(),
            nullable: column.nullable,
            key: column.key,
            of_deleted: if column.nullable || column.key { None } else { neutral(&column.ty) },
        })
    }

    fn assumed(field: &Field, key: bool, limits: Limits) -> Result<Column, Error> {
        // What has no type of its own is refused by the pairing, which knows the remedy.
        let target = natural(&field.ty).unwrap_or(DorisType::BigInt);
        Ok(Column {
            name: field.name.clone(),
            reading: limits.pair(&field.ty, &target).map_err(|e| e.at(&field.name))?,
            root: field.ty.root.clone(),
            target,
            nullable: true,
            key,
            of_deleted: None,
        })
    }

    /// What stands for a NULL in a row, if anything may.
    #[inline(always)]
    pub fn null(&self, deleted: bool) -> Result<Value<'static>, BadValue> {
        if self.nullable {
            return Ok(Value::Null);
        }
        match self.of_deleted {
            Some(value) if deleted => Ok(value),
            _ => Err(BadValue::NullInNotNull),
        }
    }

    #[cold]
    pub fn bad(&self, reason: BadValue, slot: Option<Slot<'_>>) -> BadRow {
        BadRow::new(&self.name, &self.target, reason, &excerpt::of(slot, &self.root))
    }

    /// Appends what two rows of one key have in common: equal bytes for equal values, unequal for unequal.
    pub fn key_bytes(&self, i: usize, row: Row<'_>, out: &mut Vec<u8>) -> Result<(), BadValue> {
        let Some(slot) = row.get(i)? else {
            out.push(0);
            return Ok(());
        };
        out.push(1);
        match &self.root {
            Root::Char | Root::Varchar | Root::Binary | Root::Varbinary => {
                let bytes = slot.bytes()?;
                out.extend((bytes.len() as u32).to_le_bytes());
                out.extend(bytes);
            }
            Root::Decimal { precision, .. } => out.extend(slot.decimal(*precision)?.to_le_bytes()),
            Root::TimestampWithoutTimeZone { precision } | Root::TimestampWithLocalTimeZone { precision } => {
                let stamp = slot.stamp(*precision)?;
                out.extend(stamp.millis.to_le_bytes());
                out.extend(stamp.nanos.to_le_bytes());
            }
            _ => out.extend(slot.i64().to_le_bytes()),
        }
        Ok(())
    }

    /// Whether its values are ARRAYs, MAPs or STRUCTs in Doris too.
    pub fn is_nested(&self) -> bool {
        matches!(&self.reading, Reading::Nested(nested) if nested.form == Form::Doris)
    }
}

/// Key columns, and those that can be neither NULL nor defaulted, must be among the columns.
fn all_needed_are_there(columns: &[Column], table: &DorisTable, partial: bool) -> Result<(), Error> {
    let absent = |c: &&DorisColumn| columns.iter().all(|of_load| of_load.name != c.name);
    let key = |c: &&DorisColumn| c.key && table.model != KeyModel::Duplicate;
    let needed = |c: &&DorisColumn| !c.nullable && !c.default && !partial;
    match table.columns.iter().filter(absent).find(|c| key(c) || needed(c)) {
        None => Ok(()),
        Some(column) => Err(Error::new(
            Kind::InvalidSpec,
            format!(
                "the column `{}` of `{}`.`{}` is {} and is not written; add it to the Flink table",
                column.name,
                table.database,
                table.name,
                if column.key { "a key column" } else { "NOT NULL without a default" }
            ),
        )),
    }
}

/// Some value of a type; nested ones have none here.
fn neutral(ty: &DorisType) -> Option<Value<'static>> {
    Some(match ty {
        DorisType::Boolean => Value::Bool(false),
        DorisType::TinyInt | DorisType::SmallInt | DorisType::Int | DorisType::BigInt | DorisType::LargeInt => {
            Value::Int(0)
        }
        DorisType::Float => Value::Float(0.0),
        DorisType::Double => Value::Double(0.0),
        DorisType::Decimal { scale, .. } => Value::Decimal { unscaled: 0, scale: *scale },
        DorisType::Date | DorisType::DateTime { .. } => Value::Date(0),
        DorisType::Char(_) | DorisType::Varchar(_) | DorisType::String => Value::Text(b""),
        DorisType::Json | DorisType::Variant => Value::Text(b"{}"),
        DorisType::Ipv4 => Value::Text(b"0.0.0.0"),
        DorisType::Ipv6 => Value::Text(b"::"),
        DorisType::Array(_) => Value::Text(b"[]"),
        DorisType::Map(..) => Value::Text(b"{}"),
        DorisType::Struct(_) | DorisType::Bitmap | DorisType::Hll | DorisType::Other(_) => return None,
    })
}
