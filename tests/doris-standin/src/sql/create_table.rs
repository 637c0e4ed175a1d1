//! CREATE TABLE: from the statement to a checked definition, with the front end's refusals.

use super::ast::{
    BoundValue, ColumnDef, CreateTable, DefaultValue as DefaultClause, KeyClause, PartitionBound, PartitionBy,
    PartitionDef,
};
use super::error::SqlError;
use super::expr::Expr;
use super::types::column_type;
use crate::cast::CastRules;
use crate::cell::Cell;
use crate::cluster::Version;
use crate::schema::{
    Aggregation, Bound, Column, ColumnType, DefaultValue, Distribution, KeyModel, Partition, PartitionValues,
    Partitioning, Sequence, TableSchema,
};

type Checked<T> = Result<T, SqlError>;

fn refuse<T>(message: impl std::fmt::Display) -> Checked<T> {
    Err(SqlError::detail(message))
}

/// The definition, hidden columns included.
pub fn schema(statement: &CreateTable, version: Version) -> Checked<TableSchema> {
    check_table_name(&statement.name.table)?;
    let mut columns = Vec::new();
    for def in &statement.columns {
        if columns.iter().any(|column: &Column| column.name.eq_ignore_ascii_case(&def.name)) {
            return refuse(format!("Duplicate column name '{}'", def.name));
        }
        columns.push(column(def, version)?);
    }
    let (model, keys) = key_model(statement, &columns)?;
    for (index, column) in columns.iter_mut().enumerate() {
        column.key = index < keys.len();
    }
    check_keys(&keys, &columns)?;
    check_aggregations(model, &mut columns)?;
    let partitioning =
        statement.partition.as_ref().map(|partition| partitioning(partition, model, &columns, version)).transpose()?;
    let distribution = distribution(statement, model, &columns)?;
    let mut schema = TableSchema {
        name: statement.name.table.clone(),
        columns,
        model,
        partitioning,
        distribution,
        properties: statement.properties.clone(),
        sequence: None,
        comment: statement.comment.clone(),
        schema_version: 0,
    };
    schema.sequence = sequence(&schema)?;
    schema.add_hidden_columns();
    Ok(schema)
}

/// At most 64 characters, a letter first.
pub fn check_table_name(name: &str) -> Checked<()> {
    let letter = name.chars().next().is_some_and(char::is_alphabetic);
    let rest = name.chars().all(|c| c.is_alphanumeric() || matches!(c, '_' | '-'));
    if letter && rest && name.chars().count() <= 64 {
        return Ok(());
    }
    refuse(format!("Incorrect table name '{name}'. Table name regex is '^[a-zA-Z][a-zA-Z0-9-_]*$'"))
}

fn check_column_name(name: &str) -> Checked<()> {
    if name.to_uppercase().starts_with("__DORIS_") {
        return refuse(format!("Incorrect column name '{name}', column name can't start with '__DORIS_'"));
    }
    let allowed = |c: char| c.is_alphanumeric() || c.is_whitespace() || "._+-/?@#$%^&*\",:".contains(c);
    if (1..=256).contains(&name.chars().count()) && name.chars().all(allowed) {
        return Ok(());
    }
    refuse(format!("Incorrect column name '{name}'"))
}

/// A column of CREATE TABLE or ALTER TABLE, checked as far as it can be on its own.
pub fn column(def: &ColumnDef, version: Version) -> Checked<Column> {
    check_column_name(&def.name)?;
    let ty = column_type(&def.ty).map_err(SqlError::detail)?;
    if def.generated.is_some() {
        return refuse(format!("Column[{}]: the stand-in has no generated columns", def.name));
    }
    let nullable = def.nullable.unwrap_or(true);
    let default = def.default.as_ref().map(|clause| default_value(clause, def));
    check_default(def, &ty, nullable, default.as_ref(), version)?;
    Ok(Column {
        nullable,
        default,
        key: def.key,
        aggregation: def.aggregation.as_deref().map(aggregation).transpose()?,
        auto_increment: def.auto_increment.is_some(),
        comment: def.comment.clone(),
        ..Column::new(def.name.clone(), ty)
    })
}

fn default_value(clause: &DefaultClause, def: &ColumnDef) -> DefaultValue {
    match clause {
        DefaultClause::Null => DefaultValue::Null,
        DefaultClause::Literal(text) => DefaultValue::Text(text.clone()),
        DefaultClause::CurrentDate => DefaultValue::CurrentDate,
        DefaultClause::CurrentTimestamp(scale) => {
            DefaultValue::CurrentTimestamp { scale: scale.unwrap_or(0).min(6) as u8, on_update: def.on_update }
        }
    }
}

fn check_default(
    def: &ColumnDef,
    ty: &ColumnType,
    nullable: bool,
    default: Option<&DefaultValue>,
    version: Version,
) -> Checked<()> {
    match (default, ty) {
        (Some(DefaultValue::Null), _) if !nullable => {
            refuse(format!("Can not set null default value to non nullable column: {}", def.name))
        }
        (None | Some(DefaultValue::Null), _) => Ok(()),
        (Some(DefaultValue::Text(text)), ColumnType::Array(_)) if text == "[]" => Ok(()),
        (_, ColumnType::Array(_)) => refuse("Array type column default value only support null or '[]'"),
        (_, ColumnType::Json | ColumnType::Variant | ColumnType::Map(..) | ColumnType::Struct(_)) => {
            refuse(format!("{} type column default value just support null", kind(ty)))
        }
        (Some(DefaultValue::CurrentTimestamp { .. }), ColumnType::DateTime { .. }) => Ok(()),
        (Some(DefaultValue::CurrentDate), ColumnType::Date) => Ok(()),
        (Some(DefaultValue::CurrentTimestamp { .. } | DefaultValue::CurrentDate), _) => refuse(format!(
            "Types other than DATETIME and DATE can not use CURRENT_TIMESTAMP or CURRENT_DATE as the default value: {}",
            def.name
        )),
        (Some(DefaultValue::Text(text)), _) => match CastRules::strict(version).text(text, ty) {
            Ok(_) => Ok(()),
            Err(_) => refuse(format!("Invalid default value: {text}, column: {}, type: {ty}", def.name)),
        },
    }
}

/// The type's word without its arguments, upper case.
pub fn kind(ty: &ColumnType) -> String {
    match ty {
        ColumnType::String => "STRING".to_owned(),
        _ => ty.to_string().split(['(', '<']).next().unwrap_or_default().to_uppercase(),
    }
}

fn aggregation(word: &str) -> Checked<Aggregation> {
    Ok(match word {
        "SUM" => Aggregation::Sum,
        "MIN" => Aggregation::Min,
        "MAX" => Aggregation::Max,
        "REPLACE" => Aggregation::Replace,
        "REPLACE_IF_NOT_NULL" => Aggregation::ReplaceIfNotNull,
        "BITMAP_UNION" => Aggregation::BitmapUnion,
        "HLL_UNION" => Aggregation::HllUnion,
        "QUANTILE_UNION" => Aggregation::QuantileUnion,
        other => return refuse(format!("Unknown aggregation type: {other}")),
    })
}

/// Without a key clause: AGGREGATE when a column aggregates, else DUPLICATE on the first columns that can be keys, three at most.
fn key_model(statement: &CreateTable, columns: &[Column]) -> Checked<(KeyModel, Vec<String>)> {
    let merge_on_write = property(statement, "enable_unique_key_merge_on_write").is_none_or(|value| value != "false");
    match &statement.keys {
        Some((KeyClause::Unique, keys)) => Ok((KeyModel::Unique { merge_on_write }, keys.clone())),
        Some((KeyClause::Duplicate, keys)) => Ok((KeyModel::Duplicate, keys.clone())),
        Some((KeyClause::Aggregate, keys)) => Ok((KeyModel::Aggregate, keys.clone())),
        None if columns.iter().any(|column| column.aggregation.is_some()) => {
            let keys = columns.iter().take_while(|column| column.aggregation.is_none());
            Ok((KeyModel::Aggregate, keys.map(|column| column.name.clone()).collect()))
        }
        None => {
            let mut keys = Vec::new();
            for column in columns.iter().take(3).take_while(|column| key_refusal(column).is_none()) {
                keys.push(column.name.clone());
                if matches!(column.ty, ColumnType::Varchar(_)) {
                    break;
                }
            }
            if keys.is_empty() {
                return refuse(
                    "The olap table first column could not be float, double, string or array, struct, map, please use decimal or varchar instead.",
                );
            }
            Ok((KeyModel::Duplicate, keys))
        }
    }
}

fn property<'a>(statement: &'a CreateTable, name: &str) -> Option<&'a str> {
    statement.properties.iter().find(|(key, _)| key.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

fn key_refusal(column: &Column) -> Option<String> {
    Some(match &column.ty {
        ColumnType::Float | ColumnType::Double => {
            "Float or double can not used as a key, use decimal instead.".to_owned()
        }
        ColumnType::String => format!("String Type should not be used in key column[{}].", column.name),
        ty if ty.is_nested() => {
            format!("{} can only be used in the non-key column of the duplicate table at present.", kind(ty))
        }
        ColumnType::Json | ColumnType::Variant | ColumnType::Bitmap | ColumnType::Hll | ColumnType::QuantileState => {
            format!("{} type should not be used in key column[{}].", kind(&column.ty), column.name)
        }
        _ => return None,
    })
}

/// Keys are the first columns, in their order.
fn check_keys(keys: &[String], columns: &[Column]) -> Checked<()> {
    for (index, key) in keys.iter().enumerate() {
        let Some(position) = columns.iter().position(|column| column.name.eq_ignore_ascii_case(key)) else {
            return refuse(format!("Key column[{key}] doesn't exist."));
        };
        if position != index {
            return refuse("Key columns should be a ordered prefix of the schema.");
        }
        let column = &columns[position];
        if let Some(refusal) = key_refusal(column) {
            return refuse(refusal);
        }
        if column.aggregation.is_some() {
            return refuse(format!("Key column {key} can not set aggregation type"));
        }
    }
    match columns.iter().skip(keys.len()).find(|column| column.key) {
        Some(column) => {
            refuse(format!("Key columns should be a ordered prefix of the schema. KeyColumns[{}] ", column.name))
        }
        None => Ok(()),
    }
}

fn check_aggregations(model: KeyModel, columns: &mut [Column]) -> Checked<()> {
    for column in columns.iter_mut().filter(|column| !column.key) {
        match (model, column.aggregation) {
            (KeyModel::Aggregate, None) => {
                return refuse(format!(
                    "{} should set aggregation type to non-key column when in aggregate key",
                    column.name
                ));
            }
            (KeyModel::Aggregate, Some(_)) | (_, None) => {}
            (KeyModel::Unique { .. }, Some(_)) => {
                return refuse(format!(
                    "Can not assign aggregation method on column in Unique data model table: {}",
                    column.name
                ));
            }
            (KeyModel::Duplicate, Some(_)) => {
                return refuse(format!(
                    "Can not assign aggregation method on column in Duplicate data model table: {}",
                    column.name
                ));
            }
        }
    }
    Ok(())
}

fn distribution(statement: &CreateTable, model: KeyModel, columns: &[Column]) -> Checked<Distribution> {
    let Some(clause) = &statement.distribution else {
        return Ok(Distribution { hash: Vec::new(), buckets: Some(10) });
    };
    if clause.buckets == Some(0) {
        return refuse("Number of hash distribution should be greater than zero.");
    }
    let Some(hash) = &clause.hash else {
        if model.is_unique() {
            return refuse("Create unique keys table should not contain random distribution desc");
        }
        let replaces =
            |column: &Column| matches!(column.aggregation, Some(Aggregation::Replace | Aggregation::ReplaceIfNotNull));
        if columns.iter().any(replaces) {
            return refuse(
                "Create aggregate keys table with value columns of which aggregate type is REPLACE should not contain random distribution desc",
            );
        }
        return Ok(Distribution { hash: Vec::new(), buckets: clause.buckets });
    };
    let mut names = Vec::new();
    for name in hash {
        let Some(column) = columns.iter().find(|column| column.name.eq_ignore_ascii_case(name)) else {
            return refuse(format!("Distribution column({name}) doesn't exist."));
        };
        if !column.key && model != KeyModel::Duplicate {
            return refuse(format!("Distribution column[{name}] is not key column"));
        }
        if matches!(column.ty, ColumnType::Float | ColumnType::Double) {
            return refuse(format!("Floating point type column can not be distribution column: {name}"));
        }
        if column.ty.is_nested() || matches!(column.ty, ColumnType::Json | ColumnType::Variant) {
            return refuse(format!("{} Type should not be used in distribution column[{name}].", kind(&column.ty)));
        }
        names.push(column.name.clone());
    }
    Ok(Distribution { hash: names, buckets: clause.buckets })
}

fn sequence(schema: &TableSchema) -> Checked<Option<Sequence>> {
    let column = schema.property("function_column.sequence_col");
    let ty = schema.property("function_column.sequence_type");
    if (column.is_some() || ty.is_some()) && !schema.model.is_unique() {
        return refuse("sequence column only support UNIQUE_KEYS");
    }
    match (column, ty) {
        (Some(_), Some(_)) => refuse("sequence_col and sequence_type cannot be set at the same time"),
        (Some(name), None) => {
            let Some(column) = schema.column(name) else {
                return refuse(format!("The specified sequence column[{name}] not exists"));
            };
            check_sequence_type(&column.ty)?;
            Ok(Some(Sequence::Column(column.name.clone())))
        }
        (None, Some(word)) => {
            let name = super::ast::TypeName { name: word.to_uppercase(), ..Default::default() };
            let ty = column_type(&name).map_err(SqlError::detail)?;
            check_sequence_type(&ty)?;
            Ok(Some(Sequence::Type(ty)))
        }
        (None, None) => Ok(None),
    }
}

fn check_sequence_type(ty: &ColumnType) -> Checked<()> {
    if ty.is_integer() || matches!(ty, ColumnType::Date | ColumnType::DateTime { .. }) {
        return Ok(());
    }
    refuse("Sequence type only support integer types and date types")
}

fn partitioning(clause: &PartitionBy, model: KeyModel, columns: &[Column], version: Version) -> Checked<Partitioning> {
    let mut names = Vec::new();
    for name in clause.by.iter().flat_map(Expr::columns) {
        let Some(column) = columns.iter().find(|column| column.name.eq_ignore_ascii_case(&name)) else {
            return refuse(format!("partition key {name} is not exists"));
        };
        if !column.key && model != KeyModel::Duplicate {
            return refuse(format!("The partition column could not be aggregated column, partition column: {name}"));
        }
        if clause.auto && !clause.list && column.nullable {
            return refuse("AUTO RANGE PARTITION doesn't support NULL column");
        }
        names.push(column.name.clone());
    }
    let mut partitioning = Partitioning {
        columns: names,
        range: !clause.list,
        auto: clause.auto.then(|| clause.by.iter().map(written).collect::<Vec<_>>().join(", ")),
        partitions: Vec::new(),
    };
    for def in &clause.partitions {
        add_partition(&mut partitioning, def, columns, version)?;
    }
    Ok(partitioning)
}

fn written(expr: &Expr) -> String {
    match expr {
        Expr::Column { name, .. } => format!("`{name}`"),
        Expr::Call(call) => {
            format!("{}({})", call.name, call.arguments.iter().map(written).collect::<Vec<_>>().join(", "))
        }
        Expr::Literal(literal) => format!("'{}'", literal.cell()),
        _ => String::new(),
    }
}

/// Adds a partition behind the ones there are. False: it is there already and that is allowed.
pub fn add_partition(
    partitioning: &mut Partitioning,
    def: &PartitionDef,
    columns: &[Column],
    version: Version,
) -> Checked<bool> {
    if partitioning.partitions.iter().any(|partition| partition.name == def.name) {
        return if def.if_not_exists { Ok(false) } else { refuse(format!("Duplicate partition {}", def.name)) };
    }
    let types: Vec<&ColumnType> = partitioning
        .columns
        .iter()
        .filter_map(|name| columns.iter().find(|column| column.name == *name))
        .map(|column| &column.ty)
        .collect();
    let bounds = |values: &[BoundValue]| bound_list(values, &types, version);
    let values = match &def.bound {
        PartitionBound::In(tuples) => {
            let tuples = tuples
                .iter()
                .map(|tuple| tuple.iter().zip(&types).map(|(value, ty)| list_value(value, ty, version)).collect());
            PartitionValues::List(tuples.collect::<Checked<Vec<Vec<Cell>>>>()?)
        }
        PartitionBound::Range(lower, upper) => PartitionValues::Range { lower: bounds(lower)?, upper: bounds(upper)? },
        PartitionBound::LessThan(upper) => {
            let before = partitioning.partitions.last().map(|partition| &partition.values);
            let lower = match before {
                Some(PartitionValues::Range { upper, .. }) => upper.clone(),
                _ => types.iter().map(|_| Bound::Min).collect(),
            };
            PartitionValues::Range { lower, upper: bounds(upper)? }
        }
    };
    partitioning.partitions.push(Partition { name: def.name.clone(), values });
    Ok(true)
}

/// One bound for each column; what is not said is the lowest value, or MAXVALUE behind a MAXVALUE.
fn bound_list(values: &[BoundValue], types: &[&ColumnType], version: Version) -> Checked<Vec<Bound>> {
    let all_max = values == [BoundValue::Max];
    let mut bounds = Vec::new();
    for (index, ty) in types.iter().enumerate() {
        bounds.push(match values.get(index) {
            Some(BoundValue::Max) => Bound::Max,
            None if all_max => Bound::Max,
            Some(BoundValue::Null) | None => Bound::Min,
            Some(literal) => match list_value(literal, ty, version)? {
                // NULL lies with the lowest value.
                value if Some(&value) == lowest(ty).as_ref() => Bound::Min,
                value => Bound::Value(value),
            },
        });
    }
    Ok(bounds)
}

/// The lowest value of a partition column's type, which Doris prints for a partition without lower bound.
pub fn lowest(ty: &ColumnType) -> Option<Cell> {
    let text = match ty {
        ColumnType::Date => "0000-01-01",
        ColumnType::DateTime { .. } => "0000-01-01 00:00:00",
        ColumnType::Char(_) | ColumnType::Varchar(_) => "",
        _ => return ty.integer_range().map(|(lowest, _)| Cell::Int(lowest)),
    };
    CastRules::lenient(Version::V3_1).text(text, ty).ok()
}

fn list_value(value: &BoundValue, ty: &ColumnType, version: Version) -> Checked<Cell> {
    match value {
        BoundValue::Literal(text) => CastRules::strict(version)
            .text(text, ty)
            .or_else(|_| refuse(format!("Invalid partition value: {text}, type: {ty}"))),
        BoundValue::Null => Ok(Cell::Null),
        BoundValue::Max => refuse("MAXVALUE is no value of a list partition"),
    }
}
