//! ALTER TABLE: which changes are allowed, which are done at once and which by a job.

use super::ast::{AlterClause, ColumnDef, ColumnPosition, TableName};
use super::create_table::{self, kind};
use super::error::SqlError;
use super::session::Session;
use crate::cluster::Version;
use crate::schema::{Column, ColumnType, KeyModel, Sequence, TableSchema};
use crate::store::{ColumnChange, Position, Store};

type Checked<T> = Result<T, SqlError>;

fn refuse<T>(message: impl std::fmt::Display) -> Checked<T> {
    Err(SqlError::detail(message))
}

/// Runs ALTER TABLE.
pub fn run(session: &Session, name: &TableName, clauses: &[AlterClause]) -> Checked<()> {
    let database = session.database_of(name)?;
    let mut store = session.cluster.store();
    let table = store.table(&database, &name.table)?;
    let (schema, altering) = (table.schema.clone(), table.altering);
    if altering {
        let table = &name.table;
        return refuse(format!("Table[{table}]'s state(SCHEMA_CHANGE) is not NORMAL. Do not allow doing ALTER ops"));
    }
    let (mut changes, mut heavy) = (Vec::new(), false);
    for clause in clauses {
        match column_change(clause, &schema, session.cluster.version())? {
            Some((change, by_job)) => {
                heavy |= by_job;
                changes.push(change);
            }
            None => at_once(&mut store, &database, &name.table, clause, session.cluster.version())?,
        }
    }
    if heavy {
        store.start_alter(&database, &name.table, changes)?;
    } else if !changes.is_empty() {
        store.change_columns(&database, &name.table, &changes)?;
    }
    Ok(())
}

/// What a clause does to columns, and whether that takes a job. None: it touches no column's data.
fn column_change(
    clause: &AlterClause,
    schema: &TableSchema,
    version: Version,
) -> Checked<Option<(ColumnChange, bool)>> {
    Ok(Some(match clause {
        AlterClause::AddColumn(def, position) => {
            let column = added(def, schema, version)?;
            let heavy = column.key || !schema.light_schema_change();
            (ColumnChange::Add(column, place(position.as_ref()).unwrap_or(Position::Last)), heavy)
        }
        AlterClause::DropColumn(name) => {
            let heavy = dropped(name, schema)?;
            (ColumnChange::Drop(name.clone()), heavy)
        }
        AlterClause::RenameColumn(old, new) => {
            check_rename(old, schema)?;
            (ColumnChange::Rename(old.clone(), new.clone()), false)
        }
        AlterClause::ModifyColumn(def, position) => {
            let column = modified(def, position.as_ref(), schema, version)?;
            (ColumnChange::Modify(column, place(position.as_ref())), true)
        }
        AlterClause::Reorder(names) => {
            check_order(names, schema)?;
            (ColumnChange::Reorder(names.clone()), true)
        }
        _ => return Ok(None),
    }))
}

fn place(position: Option<&ColumnPosition>) -> Option<Position> {
    position.map(|position| match position {
        ColumnPosition::First => Position::First,
        ColumnPosition::After(name) => Position::After(name.clone()),
    })
}

fn added(def: &ColumnDef, schema: &TableSchema, version: Version) -> Checked<Column> {
    let column = create_table::column(def, version)?;
    if schema.column(&def.name).is_some() {
        return refuse(format!("Can not add column which already exists in base table: {}", def.name));
    }
    let table = match schema.model {
        KeyModel::Aggregate if column.aggregation.is_none() && !column.key => {
            return refuse(format!("Column {} of an aggregate table needs an aggregation type or KEY", def.name));
        }
        KeyModel::Aggregate => return Ok(column),
        KeyModel::Unique { .. } => "Unique",
        KeyModel::Duplicate => "Duplicate",
    };
    if column.aggregation.is_some() {
        return refuse(format!(
            "Can not assign aggregation method on column in {table} data model table: {}",
            def.name
        ));
    }
    if column.key
        && schema.model.is_unique()
        && schema.model == (KeyModel::Unique { merge_on_write: true })
        && !column.nullable
        && column.default.is_none()
    {
        return refuse(format!("Key column {} needs a default value", def.name));
    }
    Ok(column)
}

fn existing<'a>(name: &str, schema: &'a TableSchema) -> Checked<&'a Column> {
    schema
        .column(name)
        .filter(|column| column.visible)
        .ok_or_else(|| SqlError::detail(format!("Column does not exists: {name}")))
}

/// Checks a DROP COLUMN; gives whether it takes a job.
fn dropped(name: &str, schema: &TableSchema) -> Checked<bool> {
    let column = existing(name, schema)?;
    let is_named = |names: &[String]| names.iter().any(|found| found.eq_ignore_ascii_case(name));
    if column.key && schema.model.is_unique() {
        return refuse("Can not drop key column in Unique data model table");
    }
    if column.key && schema.model == KeyModel::Aggregate {
        return refuse("Can not drop key column when table has value column with REPLACE aggregation method");
    }
    if is_named(&schema.distribution.hash) {
        return refuse(format!("Distribution column[{name}] cannot be dropped"));
    }
    if schema.partitioning.as_ref().is_some_and(|partitioning| is_named(&partitioning.columns)) {
        return refuse(format!("Partition column[{name}] cannot be dropped"));
    }
    if matches!(&schema.sequence, Some(Sequence::Column(found)) if found.eq_ignore_ascii_case(name)) {
        return refuse(format!(
            "Can not drop sequence mapping column[{name}] in Unique data model table[{}]",
            schema.name
        ));
    }
    if schema.visible().count() == 1 {
        return refuse("No column will be left after this ALTER");
    }
    Ok(column.key || !schema.light_schema_change())
}

fn check_rename(old: &str, schema: &TableSchema) -> Checked<()> {
    if !schema.light_schema_change() {
        return refuse(
            "not implemented for table without column unique id, which are created with property 'light_schema_change'.",
        );
    }
    if schema.column(old).is_none_or(|column| !column.visible) {
        return refuse(format!("Column[{old}] does not exists"));
    }
    let partitioned = schema.partitioning.as_ref();
    if partitioned.is_some_and(|partitioning| partitioning.columns.iter().any(|name| name.eq_ignore_ascii_case(old))) {
        return refuse("Renaming partition columns has problems, forbidden in current Doris version");
    }
    Ok(())
}

fn modified(
    def: &ColumnDef,
    position: Option<&ColumnPosition>,
    schema: &TableSchema,
    version: Version,
) -> Checked<Column> {
    let old = existing(&def.name, schema)?;
    let mut new = create_table::column(def, version)?;
    new.key = old.key;
    new.name.clone_from(&old.name);
    let is_named = |names: &[String]| names.iter().any(|found| found.eq_ignore_ascii_case(&def.name));
    if schema.partitioning.as_ref().is_some_and(|partitioning| is_named(&partitioning.columns)) && new.ty != old.ty {
        return refuse(format!("Can not modify partition column[{}].", def.name));
    }
    if is_named(&schema.distribution.hash) && new.ty != old.ty {
        return refuse(format!("Can not modify distribution column[{}].", def.name));
    }
    if new.aggregation.is_some() && schema.model != KeyModel::Aggregate {
        let table = if schema.model.is_unique() { "Unique" } else { "Duplicate" };
        return refuse(format!(
            "Can not assign aggregation method on column in {table} data model table: {}",
            def.name
        ));
    }
    if new.aggregation != old.aggregation {
        return refuse("Can not change aggregation type");
    }
    check_type_change(&old.ty, &new.ty)?;
    if old.nullable && !new.nullable {
        return refuse("Can not change from nullable to non-nullable");
    }
    if old.default != new.default {
        return refuse("Can not change default value");
    }
    let comment_kept = def.comment.is_empty() || def.comment == old.comment;
    if position.is_none() && comment_kept && new.ty == old.ty && new.nullable == old.nullable {
        return refuse("Nothing is changed. please check your alter stmt.");
    }
    if def.comment.is_empty() {
        new.comment.clone_from(&old.comment);
    }
    Ok(new)
}

/// The type matrix of MODIFY COLUMN.
pub fn check_type_change(old: &ColumnType, new: &ColumnType) -> Checked<()> {
    use ColumnType::{Char, Varchar};
    if old == new {
        return Ok(());
    }
    if let (Char(before) | Varchar(before), Char(after) | Varchar(after)) = (old, new)
        && after < before
    {
        return refuse("Cannot shorten string length");
    }
    if change_allowed(old, new) { Ok(()) } else { refuse(format!("Can not change {} to {}", kind(old), kind(new))) }
}

fn change_allowed(old: &ColumnType, new: &ColumnType) -> bool {
    use ColumnType::{
        Array, BigInt, Char, Date, DateTime, Decimal, Double, Float, Int, Json, LargeInt, Map, SmallInt, String,
        Struct, TinyInt, Varchar,
    };
    if old == new {
        return true;
    }
    let width = |ty: &ColumnType| [TinyInt, SmallInt, Int, BigInt, LargeInt].iter().position(|found| found == ty);
    match (old, new) {
        _ if old.is_integer() => match new {
            _ if new.is_integer() => width(old) < width(new),
            Date => *old == Int,
            Float | Double | Varchar(_) | String => true,
            _ => false,
        },
        (Float, Double | Varchar(_) | String) | (Double, Varchar(_) | String) => true,
        (Char(_), Char(_)) => true,
        (Varchar(_), Json) => true,
        (Char(_) | Varchar(_), _) if new.is_integer() => true,
        (Char(_) | Varchar(_), Varchar(_) | Float | Double | Date | String) => true,
        (String, Json) | (Json, String | Varchar(_)) => true,
        (Decimal { .. }, Varchar(_) | String) => true,
        (Decimal { precision, scale }, Decimal { precision: digits, scale: fraction }) => {
            fraction >= scale && digits - fraction >= precision - scale
        }
        (Date, DateTime { .. }) | (DateTime { .. }, Date) => true,
        (DateTime { scale }, DateTime { scale: wider }) => wider >= scale,
        (Array(old), Array(new)) => grows(old, new),
        (Map(key, value), Map(new_key, new_value)) => grows(key, new_key) && grows(value, new_value),
        (Struct(fields), Struct(new)) => {
            new.len() >= fields.len()
                && fields.iter().zip(new).all(|(old, new)| old.name == new.name && grows(&old.ty, &new.ty))
        }
        _ => false,
    }
}

/// Inside a nested type only text may grow, and STRUCTs may get fields at their end.
fn grows(old: &ColumnType, new: &ColumnType) -> bool {
    match (old, new) {
        (ColumnType::Varchar(before), ColumnType::Varchar(after)) => after >= before,
        _ if old.is_nested() => change_allowed(old, new),
        _ => old == new,
    }
}

fn check_order(names: &[String], schema: &TableSchema) -> Checked<()> {
    for (index, name) in names.iter().enumerate() {
        existing(name, schema)?;
        if names[..index].iter().any(|before| before.eq_ignore_ascii_case(name)) {
            return refuse(format!("Reduplicative column[{name}]"));
        }
    }
    if names.len() != schema.visible().count() {
        return refuse("Reorder stmt should contains all columns");
    }
    let keys = schema.visible().filter(|(_, column)| column.key).count();
    if names[..keys].iter().any(|name| schema.column(name).is_some_and(|column| !column.key)) {
        return refuse("Invalid column order. value should be after key");
    }
    if names.iter().zip(schema.visible()).all(|(name, (_, column))| name.eq_ignore_ascii_case(&column.name)) {
        return refuse("Nothing is changed. please check your alter stmt.");
    }
    Ok(())
}

/// Clauses that change no column's data.
fn at_once(store: &mut Store, database: &str, table: &str, clause: &AlterClause, version: Version) -> Checked<()> {
    match clause {
        AlterClause::Comment(text) => Ok(store.edit_schema(database, table, |schema| schema.comment.clone_from(text))?),
        AlterClause::ColumnComment(name, text) => {
            let position = store.table(database, table)?.schema.position(name);
            let Some(position) = position else { return refuse(format!("Column does not exists: {name}")) };
            Ok(store.edit_schema(database, table, |schema| schema.columns[position].comment.clone_from(text))?)
        }
        AlterClause::Rename(new) => {
            create_table::check_table_name(new)?;
            Ok(store.rename_table(database, table, new)?)
        }
        AlterClause::Set(properties) => {
            Ok(store.edit_schema(database, table, |schema| set_properties(schema, properties))?)
        }
        AlterClause::EnableFeature(feature) => enable_feature(store, database, table, feature),
        AlterClause::AddPartition(def) => {
            let mut changed = (*store.table(database, table)?.schema).clone();
            let Some(partitioning) = &mut changed.partitioning else {
                return refuse(format!("Table [{table}] is not a partitioned table"));
            };
            create_table::add_partition(partitioning, def, &changed.columns, version)?;
            Ok(store.edit_schema(database, table, |schema| *schema = changed)?)
        }
        AlterClause::DropPartition { name, if_exists } => drop_partition(store, database, table, name, *if_exists),
        _ => Ok(()),
    }
}

fn set_properties(schema: &mut TableSchema, properties: &[(String, String)]) {
    for (key, value) in properties {
        schema.properties.retain(|(found, _)| found != key);
        schema.properties.push((key.clone(), value.clone()));
    }
}

fn enable_feature(store: &mut Store, database: &str, table: &str, feature: &str) -> Checked<()> {
    let schema = store.table(database, table)?.schema.clone();
    match feature.to_uppercase().as_str() {
        "BATCH_DELETE" | "SEQUENCE_LOAD" if !schema.model.is_unique() => {
            refuse(format!("{feature} only supported in unique tables."))
        }
        "BATCH_DELETE" => refuse("Can not enable batch delete support, already supported batch delete."),
        "UPDATE_FLEXIBLE_COLUMNS" => {
            if schema.model != (KeyModel::Unique { merge_on_write: true }) || !schema.light_schema_change() {
                return refuse(
                    "Update flexible columns feature is only supported on unique merge-on-write tables with light_schema_change enabled.",
                );
            }
            if schema.position(crate::schema::SKIP_BITMAP_COL).is_some() {
                return refuse(format!("table {table} has enabled update flexible columns feature already."));
            }
            let column = Column::hidden(crate::schema::SKIP_BITMAP_COL, ColumnType::Bitmap, true, None);
            store.change_columns(database, table, &[ColumnChange::Add(column, Position::Last)])?;
            let property = [("enable_unique_key_skip_bitmap_column".to_owned(), "true".to_owned())];
            Ok(store.edit_schema(database, table, |schema| set_properties(schema, &property))?)
        }
        _ => refuse(format!("unknown feature: {feature}")),
    }
}

fn drop_partition(store: &mut Store, database: &str, table: &str, name: &str, if_exists: bool) -> Checked<()> {
    let schema = store.table(database, table)?.schema.clone();
    let mut partitions = schema.partitioning.iter().flat_map(|found| &found.partitions);
    let Some(partition) = partitions.find(|found| found.name.eq_ignore_ascii_case(name)) else {
        return if if_exists { Ok(()) } else { refuse(format!("Error in list of partitions to DROP: {name}")) };
    };
    super::write::remove_from_partitions(store, database, table, &schema, std::slice::from_ref(&partition.name))?;
    Ok(store.edit_schema(database, table, |schema| {
        if let Some(partitioning) = &mut schema.partitioning {
            partitioning.partitions.retain(|found| found.name != partition.name);
        }
    })?)
}
