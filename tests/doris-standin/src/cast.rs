//! Values into columns: text, JSON and other cells cast to a column's type, as Doris' loads and CASTs do.

use crate::Version;
use crate::cell::{Cell, DAY_MICROS, DateTime, Decimal};
use crate::json::Json;
use crate::schema::{ColumnType, DefaultValue};

mod nested;
mod text;

/// How strictly to cast.
#[derive(Clone, Copy, Debug)]
pub struct CastRules {
    /// `strict_mode`. From 4.0 on a decimal beyond the column's precision then fails; else it becomes the nearest value
    /// that fits.
    pub strict: bool,
    /// Release: from 4.0 on CHAR and VARCHAR are cut to the column's length when not strict.
    pub version: Version,
    /// `string_type_length_soft_limit_bytes`.
    pub string_limit: usize,
}

/// Why a value does not fit a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CastError {
    /// Not a value of the type: NULL if not strict, a bad row if strict.
    Incorrect,
    /// Text longer than the column's length (bytes, actual bytes): a bad row in any mode.
    TooLong(usize, usize),
}

impl CastRules {
    /// The rules of CAST in a statement: not strict.
    pub fn lenient(version: Version) -> CastRules {
        CastRules { strict: false, version, string_limit: 1 << 20 }
    }

    /// The same, strict.
    pub fn strict(version: Version) -> CastRules {
        CastRules { strict: true, ..CastRules::lenient(version) }
    }

    /// Text (a CSV field, a literal) as a value of `ty`. Never gives NULL, except JSON's `null` inside nested text.
    pub fn text(&self, text: &str, ty: &ColumnType) -> Result<Cell, CastError> {
        text::cast(self, text, ty)
    }

    /// A JSON value as a value of `ty`; JSON null is NULL.
    pub fn json(&self, value: Json, ty: &ColumnType) -> Result<Cell, CastError> {
        nested::from_json(self, value, ty)
    }

    /// A cell of any type as a value of `ty`; NULL stays NULL.
    pub fn cell(&self, cell: &Cell, ty: &ColumnType) -> Result<Cell, CastError> {
        use ColumnType::*;
        if let Some(same) = self.same_kind(cell, ty)? {
            return Ok(same);
        }
        match (cell, ty) {
            (Cell::Null, _) => Ok(Cell::Null),
            (Cell::Text(t), _) => self.text(t, ty),
            (Cell::Json(j), Json | Variant) => Ok(Cell::Json(j.clone())),
            (Cell::Json(j), _) if !ty.is_text() => self.json((**j).clone(), ty),
            (Cell::Array(items), Array(item)) => {
                Ok(Cell::Array(items.iter().map(|c| self.cell(c, item)).collect::<Result<_, _>>()?))
            }
            (Cell::Map(entries), Map(k, v)) => {
                let cast = |(a, b): &(Cell, Cell)| Ok((self.cell(a, k)?, self.cell(b, v)?));
                Ok(Cell::Map(entries.iter().map(cast).collect::<Result<_, CastError>>()?))
            }
            (Cell::Struct(fields), Struct(types)) if fields.len() == types.len() => {
                let cast = |((_, c), t): (&(std::string::String, Cell), &crate::schema::StructField)| {
                    Ok((t.name.clone(), self.cell(c, &t.ty)?))
                };
                Ok(Cell::Struct(fields.iter().zip(types).map(cast).collect::<Result<_, CastError>>()?))
            }
            _ => self.text(&cell.to_string(), ty),
        }
    }

    fn same_kind(&self, cell: &Cell, ty: &ColumnType) -> Result<Option<Cell>, CastError> {
        use ColumnType::*;
        let fit = |i: i128| match ty.integer_range() {
            Some((low, high)) if (low..=high).contains(&i) => Ok(Cell::Int(i)),
            _ => Err(CastError::Incorrect),
        };
        Ok(Some(match (cell, ty) {
            (Cell::Int(i), _) if ty.is_integer() => fit(*i)?,
            (Cell::Bool(b), _) if ty.is_integer() => Cell::Int(*b as i128),
            (Cell::Decimal(d), _) if ty.is_integer() => fit(d.unscaled / 10i128.pow(d.scale as u32))?,
            (Cell::Float(_) | Cell::Double(_), _) if ty.is_integer() => {
                let x = cell.to_f64().unwrap_or(f64::NAN);
                if !x.is_finite() || x.abs() >= 1.7e38 {
                    return Err(CastError::Incorrect);
                }
                fit(x.trunc() as i128)?
            }
            (Cell::Bool(b), Boolean) => Cell::Bool(*b),
            (Cell::Int(_) | Cell::Float(_) | Cell::Double(_) | Cell::Decimal(_), Boolean) => {
                Cell::Bool(cell.to_f64() != Some(0.0))
            }
            (Cell::Int(_) | Cell::Float(_) | Cell::Double(_) | Cell::Decimal(_) | Cell::Bool(_), Float) => {
                Cell::Float(cell.to_f64().unwrap_or(f64::NAN) as f32)
            }
            (Cell::Int(_) | Cell::Float(_) | Cell::Double(_) | Cell::Decimal(_) | Cell::Bool(_), Double) => {
                Cell::Double(cell.to_f64().unwrap_or(f64::NAN))
            }
            (Cell::Int(i), Decimal { precision, scale }) => self.decimal(*i, 0, *precision, *scale)?,
            (Cell::Bool(b), Decimal { precision, scale }) => self.decimal(*b as i128, 0, *precision, *scale)?,
            (Cell::Decimal(d), Decimal { precision, scale }) => {
                self.decimal(d.unscaled, d.scale, *precision, *scale)?
            }
            (Cell::Date(d), Date) => Cell::Date(*d),
            (Cell::DateTime(t), Date) => Cell::Date(t.days()),
            (Cell::Date(d), DateTime { scale }) => {
                Cell::DateTime(crate::cell::DateTime { scale: *scale, ..crate::cell::DateTime::of_day(*d) })
            }
            (Cell::DateTime(t), DateTime { scale }) => {
                Cell::DateTime(crate::cell::DateTime { micros: round_micros(t.micros, *scale), scale: *scale })
            }
            (Cell::Date(_) | Cell::DateTime(_), Int | BigInt | LargeInt) => {
                let text = cell.to_string();
                let digits: std::string::String = text.chars().filter(char::is_ascii_digit).take(14).collect();
                let number: i128 = digits.parse().map_err(|_| CastError::Incorrect)?;
                match fit(number) {
                    // Before 4.0 the digits of a DATETIME just overflow.
                    Err(_) if self.version < Version::V4_0 => Cell::Int(number as i32 as i128),
                    fitted => fitted?,
                }
            }
            (Cell::Int(i), Date | DateTime { .. }) => self.text(&i.to_string(), ty)?,
            _ => return Ok(None),
        }))
    }

    /// `unscaled` × 10^-`from` in a DECIMAL(precision, scale): rounded, and beyond the precision saturated.
    fn decimal(&self, unscaled: i128, from: u8, precision: u8, scale: u8) -> Result<Cell, CastError> {
        let limit = 10i128.pow(precision.min(38) as u32) - 1;
        let rounded = Decimal { unscaled, scale: from }.rescale(scale).map(|d| d.unscaled);
        match rounded {
            Some(u) if (-limit..=limit).contains(&u) => Ok(Cell::Decimal(Decimal { unscaled: u, scale })),
            _ if self.strict && self.version >= Version::V4_0 => Err(CastError::Incorrect),
            _ => Ok(Cell::Decimal(Decimal { unscaled: if unscaled < 0 { -limit } else { limit }, scale })),
        }
    }
}

/// Rounded half up to `scale` digits of the fraction of a second.
fn round_micros(micros: i64, scale: u8) -> i64 {
    let unit = 10i64.pow(6 - scale.min(6) as u32);
    (micros + unit / 2).div_euclid(unit) * unit
}

/// The value a column's DEFAULT stands for, `None` if it has none and is NOT NULL. `now_ms` as by the cluster's clock,
/// `offset_seconds` east of UTC.
pub fn default_cell(
    column: &crate::schema::Column,
    rules: &CastRules,
    now_ms: i64,
    offset_seconds: i32,
) -> Option<Cell> {
    let local = (now_ms + offset_seconds as i64 * 1000) * 1000;
    match &column.default {
        None | Some(DefaultValue::Null) => column.nullable.then_some(Cell::Null),
        Some(DefaultValue::Text(text)) => rules.text(text, &column.ty).ok(),
        Some(DefaultValue::CurrentTimestamp { scale, .. }) => {
            let unit = 10i64.pow(6 - (*scale).min(6) as u32);
            let now = DateTime { micros: local.div_euclid(unit) * unit, scale: *scale };
            rules.cell(&Cell::DateTime(now), &column.ty).ok()
        }
        Some(DefaultValue::CurrentDate) => {
            rules.cell(&Cell::Date(local.div_euclid(DAY_MICROS) as i32), &column.ty).ok()
        }
    }
}
