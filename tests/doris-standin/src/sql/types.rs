//! Types as written to the types of columns, and casts as statements make them.

use super::ast::TypeName;
use crate::cast::CastRules;
use crate::cell::Cell;
use crate::cluster::Version;
use crate::schema::{ColumnType, StructField};

/// The type a name stands for, or Doris' refusal.
pub fn column_type(name: &TypeName) -> Result<ColumnType, String> {
    let argument = |index: usize| name.arguments.get(index).copied();
    Ok(match name.name.as_str() {
        "BOOLEAN" | "BOOL" => ColumnType::Boolean,
        "TINYINT" => ColumnType::TinyInt,
        "SMALLINT" => ColumnType::SmallInt,
        "INT" | "INTEGER" => ColumnType::Int,
        "BIGINT" | "SIGNED" => ColumnType::BigInt,
        "LARGEINT" | "UNSIGNED" => ColumnType::LargeInt,
        "FLOAT" => ColumnType::Float,
        "DOUBLE" | "REAL" => ColumnType::Double,
        "DECIMAL" | "DECIMALV3" | "DECIMALV2" | "NUMERIC" => decimal(argument(0), argument(1))?,
        "DATE" | "DATEV2" | "DATEV1" => ColumnType::Date,
        "DATETIME" | "DATETIMEV2" | "DATETIMEV1" | "TIMESTAMP" => datetime_type(argument(0))?,
        "CHAR" | "CHARACTER" => ColumnType::Char(length("Char", argument(0).unwrap_or(1), 255)?),
        "VARCHAR" => ColumnType::Varchar(length("Varchar", argument(0).unwrap_or(65533), 65533)?),
        "STRING" | "TEXT" => ColumnType::String,
        "JSON" | "JSONB" => ColumnType::Json,
        "VARIANT" => ColumnType::Variant,
        "IPV4" => ColumnType::Ipv4,
        "IPV6" => ColumnType::Ipv6,
        "BITMAP" => ColumnType::Bitmap,
        "HLL" => ColumnType::Hll,
        "QUANTILE_STATE" => ColumnType::QuantileState,
        "ARRAY" | "MAP" | "STRUCT" => nested(name)?,
        other => return Err(format!("Unknown type: {other}")),
    })
}

fn decimal(precision: Option<u32>, scale: Option<u32>) -> Result<ColumnType, String> {
    let (precision, scale) = match (precision, scale) {
        (None, _) => (38, 9),
        (Some(precision), scale) => (precision, scale.unwrap_or(0)),
    };
    if !(1..=38).contains(&precision) {
        return Err(format!("Precision of decimal must between 1 and 38, but was: {precision}"));
    }
    if scale > precision {
        return Err(format!(
            "Scale of decimal must be less than or equal to precision. Scale: {scale}, precision: {precision}"
        ));
    }
    Ok(ColumnType::Decimal { precision: precision as u8, scale: scale as u8 })
}

fn datetime_type(scale: Option<u32>) -> Result<ColumnType, String> {
    let scale = scale.unwrap_or(0);
    if scale > 6 {
        return Err(format!("Scale of Datetime/Time must between 0 and 6. Scale was set to: {scale}"));
    }
    Ok(ColumnType::DateTime { scale: scale as u8 })
}

fn length(kind: &str, length: u32, longest: u32) -> Result<u32, String> {
    match length {
        0 => Err(format!("{kind} size must be greater than 0: {length}")),
        _ if length > longest => Err(format!("{kind} size must be <= {longest}: {length}")),
        _ => Ok(length),
    }
}

fn nested(name: &TypeName) -> Result<ColumnType, String> {
    let inner = name.inner.iter().map(|(_, ty)| column_type(ty)).collect::<Result<Vec<_>, _>>()?;
    match (name.name.as_str(), inner.as_slice()) {
        ("ARRAY", [item]) => Ok(ColumnType::Array(Box::new(item.clone()))),
        ("MAP", [key, value]) => Ok(ColumnType::Map(Box::new(key.clone()), Box::new(value.clone()))),
        ("STRUCT", [_, ..]) => {
            let fields = name
                .inner
                .iter()
                .zip(inner)
                .map(|((field, _), ty)| StructField { name: field.clone().unwrap_or_default(), ty });
            Ok(ColumnType::Struct(fields.collect()))
        }
        (kind, _) => Err(format!("{kind} needs its types in angle brackets")),
    }
}

/// CAST: a value that is none of the type is NULL; a text is cut to the length of CHAR and VARCHAR.
pub fn cast(cell: Cell, ty: &ColumnType) -> Cell {
    let rules = CastRules::lenient(Version::V3_1);
    match ty {
        ColumnType::Char(length) | ColumnType::Varchar(length) => match cell.text() {
            Some(text) => Cell::Text(text.chars().take(*length as usize).collect()),
            None => Cell::Null,
        },
        _ => rules.cell(&cell, ty).unwrap_or(Cell::Null),
    }
}

/// A text or number read as DATE, or as DATETIME with the fraction it has; NULL when it is neither.
pub fn datetime(cell: &Cell) -> Cell {
    let Some(text) = cell.text() else { return Cell::Null };
    if text.len() <= 10 && !text.contains(':') {
        return cast(cell.clone(), &ColumnType::Date);
    }
    let scale = text.rsplit_once('.').map_or(0, |(_, fraction)| fraction.len().min(6));
    cast(cell.clone(), &ColumnType::DateTime { scale: scale as u8 })
}
