//! Which Flink type goes into which Doris type, and by which checks.

use super::nested::{Element, Form, Member, Nested, Shape};
use super::value::{DecimalFit, Range, Reading};
use crate::doris::table::DorisType;
use crate::error::{Error, Kind};
use crate::row::read::COMPACT_TIMESTAMP;
use crate::schema::{Field, LogicalType, Root};

/// What the pairing depends on beside the types.
#[derive(Debug, Clone, Copy)]
pub(super) struct Limits {
    /// Most bytes of a text without a length of its own.
    pub max_text_bytes: u32,
}

/// Doris' largest precision of a fraction of a second, and its largest of a DECIMAL that is computed here.
const STAMP_SCALE: u8 = 6;

impl Limits {
    /// How the values of a Flink type are read for a Doris type.
    ///
    /// # Errors
    /// The one cannot go into the other.
    pub fn pair(self, from: &LogicalType, to: &DorisType) -> Result<Reading, Error> {
        let reading = match &from.root {
            Root::Null => Some(Reading::Null),
            Root::Boolean => self.boolean(to),
            Root::Tinyint => self.integer(to, Reading::Int8, 4),
            Root::Smallint => self.integer(to, Reading::Int16, 6),
            Root::Integer => self.integer(to, Reading::Int32, 11),
            Root::Bigint => self.integer(to, Reading::Int64, 20),
            Root::Float => match to {
                DorisType::Float => Some(Reading::Float),
                DorisType::Double => Some(Reading::FloatWide),
                _ => self.any_text(to, 15).then_some(Reading::Float),
            },
            Root::Double => match to {
                DorisType::Double => Some(Reading::Double),
                _ => self.any_text(to, 24).then_some(Reading::Double),
            },
            Root::Decimal { precision, scale } => self.decimal(*precision, *scale, to),
            Root::Char | Root::Varchar => self.text(to),
            Root::Binary | Root::Varbinary => self.text_bytes(to).map(|most| Reading::Bytes { most }),
            Root::Date => {
                let fits = matches!(to, DorisType::Date | DorisType::DateTime { .. }) || self.plain_text(to, 10);
                fits.then_some(Reading::Date)
            }
            Root::TimeWithoutTimeZone { .. } => self.plain_text(to, 12).then_some(Reading::Time),
            Root::TimestampWithoutTimeZone { precision } => self.stamp(*precision, false, to),
            Root::TimestampWithLocalTimeZone { precision } => self.stamp(*precision, true, to),
            Root::IntervalYearMonth | Root::IntervalDayTime => None,
            Root::Array { .. } | Root::Map { .. } | Root::Multiset { .. } | Root::Row { .. } => {
                self.nested(from, to)?
            }
        };
        reading.ok_or_else(|| refused(from, to))
    }

    fn boolean(self, to: &DorisType) -> Option<Reading> {
        match to {
            DorisType::Boolean => Some(Reading::Bool),
            DorisType::TinyInt | DorisType::SmallInt | DorisType::Int | DorisType::BigInt | DorisType::LargeInt => {
                Some(Reading::BoolDigit)
            }
            _ => self.any_text(to, 5).then_some(Reading::BoolWord),
        }
    }

    /// `width`: bytes of the longest value.
    fn integer(self, to: &DorisType, of: fn(Range) -> Reading, width: u32) -> Option<Reading> {
        let range = |min: i64, max: i64| Range { min, max };
        let symmetric = |max: i64| range(-max, max);
        Some(of(match to {
            DorisType::Boolean => range(0, 1),
            DorisType::TinyInt => range(i8::MIN.into(), i8::MAX.into()),
            DorisType::SmallInt => range(i16::MIN.into(), i16::MAX.into()),
            DorisType::Int => range(i32::MIN.into(), i32::MAX.into()),
            DorisType::BigInt | DorisType::LargeInt => Range::ALL,
            // The integers that each of them tells apart.
            DorisType::Float => symmetric(1 << 24),
            DorisType::Double => symmetric(1 << 53),
            DorisType::Decimal { precision, scale } => {
                10i64.checked_pow(u32::from(precision - scale)).map_or(Range::ALL, |end| symmetric(end - 1))
            }
            DorisType::Char(n) | DorisType::Varchar(n) if *n < width => {
                let power = |digits: u32| 10i64.checked_pow(digits).unwrap_or(i64::MAX);
                range(1 - power(n.saturating_sub(1)), power(*n) - 1)
            }
            _ if self.any_text(to, width) => Range::ALL,
            _ => return None,
        }))
    }

    fn decimal(self, precision: u8, scale: u8, to: &DorisType) -> Option<Reading> {
        let reading = |fit: Option<DecimalFit>| Some(Reading::Decimal { precision, scale, fit: fit.map(Box::new) });
        let integers = |min: i128, max: i128| {
            if scale == 0 { reading(Some(DecimalFit { min, max, unit: 1 })) } else { None }
        };
        match to {
            DorisType::Boolean => integers(0, 1),
            DorisType::TinyInt => integers(i8::MIN.into(), i8::MAX.into()),
            DorisType::SmallInt => integers(i16::MIN.into(), i16::MAX.into()),
            DorisType::Int => integers(i32::MIN.into(), i32::MAX.into()),
            DorisType::BigInt => integers(i64::MIN.into(), i64::MAX.into()),
            DorisType::LargeInt => integers(i128::MIN, i128::MAX),
            DorisType::Decimal { precision: p, scale: s } if precision - scale <= p - s && scale <= *s => reading(None),
            DorisType::Decimal { precision: p, scale: s } => {
                // All below 10^39, which 128 bits hold up to 10^38.
                let end = 10i128.checked_pow(u32::from(p - s) + u32::from(scale)).unwrap_or(i128::MAX);
                let unit = 10i128.pow(u32::from(scale.saturating_sub(*s)));
                reading(Some(DecimalFit { min: 1 - end, max: end - 1, unit }))
            }
            _ if self.any_text(to, u32::from(precision) + 3) => reading(None),
            _ => None,
        }
    }

    fn text(self, to: &DorisType) -> Option<Reading> {
        Some(match to {
            DorisType::Char(_)
            | DorisType::Varchar(_)
            | DorisType::String
            | DorisType::Variant
            | DorisType::Other(_) => Reading::Text { most: self.text_bytes(to).unwrap_or(self.max_text_bytes) },
            DorisType::Json => Reading::JsonText { most: self.max_text_bytes },
            DorisType::Bitmap | DorisType::Hll => return None,
            cast => Reading::CastText(cast.clone()),
        })
    }

    fn stamp(self, precision: u8, zoned: bool, to: &DorisType) -> Option<Reading> {
        let digits = match to {
            DorisType::DateTime { scale } => (*scale).min(STAMP_SCALE),
            _ if self.plain_text(to, if precision == 0 { 19 } else { 20 + u32::from(precision) }) => 9,
            _ => return None,
        };
        // What a row keeps may have more digits than its type says.
        let kept = if precision <= COMPACT_TIMESTAMP { 3 } else { 9 };
        let unit = if digits >= kept { 1 } else { 10u32.pow(u32::from(9 - digits)) };
        Some(Reading::Stamp { precision, zoned, unit })
    }

    /// Bytes that a text column takes.
    fn text_bytes(self, to: &DorisType) -> Option<u32> {
        match to {
            DorisType::Char(n) | DorisType::Varchar(n) => Some(*n),
            DorisType::String => Some(self.max_text_bytes),
            _ => None,
        }
    }

    /// Whether it is a text column that takes so many bytes.
    fn plain_text(self, to: &DorisType, bytes: u32) -> bool {
        self.text_bytes(to).is_some_and(|most| most >= bytes)
    }

    /// The same, or one of JSON.
    fn any_text(self, to: &DorisType, bytes: u32) -> bool {
        self.plain_text(to, bytes) || matches!(to, DorisType::Json | DorisType::Variant)
    }

    /// Nested values are Doris' text in a column of their kind, JSON in a column of text.
    fn nested(self, from: &LogicalType, to: &DorisType) -> Result<Option<Reading>, Error> {
        let (form, most) = match to {
            DorisType::Char(n) | DorisType::Varchar(n) => (Form::Json, *n),
            DorisType::String | DorisType::Json | DorisType::Variant => (Form::Json, self.max_text_bytes),
            DorisType::Array(_) | DorisType::Map(..) | DorisType::Struct(_) => (Form::Doris, u32::MAX),
            _ => return Ok(None),
        };
        let own;
        let to = if form == Form::Json {
            own = natural(from).ok_or_else(|| refused(from, to))?;
            &own
        } else {
            to
        };
        let element = |from: &LogicalType, to: &DorisType| -> Result<Element, Error> {
            Ok(Element { reading: self.pair(from, to)?, ty: from.clone() })
        };
        let shape = match (&from.root, to) {
            (Root::Array { element: inner }, DorisType::Array(to)) => Shape::Array(element(inner, to)?),
            (Root::Map { key, value }, DorisType::Map(to_key, to_value)) if !is_nested(&key.root) => {
                Shape::Map(element(key, to_key)?, element(value, to_value)?)
            }
            (Root::Multiset { element: inner }, DorisType::Map(to_key, to_value)) if !is_nested(&inner.root) => {
                let count = LogicalType { root: Root::Integer, nullable: false };
                Shape::Map(element(inner, to_key)?, element(&count, to_value)?)
            }
            (Root::Row { fields }, DorisType::Struct(to)) => Shape::Row(members(fields, to, element)?),
            _ => return Ok(None),
        };
        Ok(Some(Reading::Nested(Box::new(Nested { shape, form, most }))))
    }
}

/// Doris has no maps with such keys.
fn is_nested(root: &Root) -> bool {
    matches!(root, Root::Array { .. } | Root::Map { .. } | Root::Multiset { .. } | Root::Row { .. })
}

/// The fields of a STRUCT in its own order, each from the ROW's field of that name.
fn members(
    fields: &[Field],
    to: &[(String, DorisType)],
    element: impl Fn(&LogicalType, &DorisType) -> Result<Element, Error>,
) -> Result<Box<[Member]>, Error> {
    let place = |name: &str| fields.iter().position(|f| f.name.eq_ignore_ascii_case(name));
    if fields.len() != to.len() || to.iter().any(|(name, _)| place(name).is_none()) {
        let names = |names: Vec<&str>| names.join(", ");
        return Err(Error::new(
            Kind::UnsupportedType,
            format!(
                "the ROW has the fields {}, the STRUCT {}; name them alike",
                names(fields.iter().map(|f| f.name.as_str()).collect()),
                names(to.iter().map(|(name, _)| name.as_str()).collect())
            ),
        ));
    }
    to.iter()
        .map(|(name, to)| {
            let index = place(name).unwrap_or_default();
            let from = &fields[index];
            Ok(Member { index, name: name.clone(), element: element(&from.ty, to).map_err(|e| e.at(name))? })
        })
        .collect()
}

/// The Doris type that holds every value of a Flink type; `None` for types that Doris has nothing for.
pub(super) fn natural(from: &LogicalType) -> Option<DorisType> {
    Some(match &from.root {
        Root::Boolean => DorisType::Boolean,
        Root::Tinyint => DorisType::TinyInt,
        Root::Smallint => DorisType::SmallInt,
        Root::Integer => DorisType::Int,
        Root::Bigint => DorisType::BigInt,
        Root::Float => DorisType::Float,
        Root::Double => DorisType::Double,
        Root::Decimal { precision, scale } => DorisType::Decimal { precision: *precision, scale: *scale },
        Root::Date => DorisType::Date,
        Root::TimestampWithoutTimeZone { precision } | Root::TimestampWithLocalTimeZone { precision } => {
            DorisType::DateTime { scale: (*precision).min(STAMP_SCALE) }
        }
        Root::Null | Root::Char | Root::Varchar | Root::Binary | Root::Varbinary | Root::TimeWithoutTimeZone { .. } => {
            DorisType::String
        }
        Root::Array { element } => DorisType::Array(Box::new(natural(element)?)),
        Root::Map { key, value } => DorisType::Map(Box::new(natural(key)?), Box::new(natural(value)?)),
        Root::Multiset { element } => DorisType::Map(Box::new(natural(element)?), Box::new(DorisType::Int)),
        Root::Row { fields } => {
            let field = |f: &Field| Some((f.name.clone(), natural(&f.ty)?));
            DorisType::Struct(fields.iter().map(field).collect::<Option<_>>()?)
        }
        Root::IntervalYearMonth | Root::IntervalDayTime => return None,
    })
}

#[cold]
fn refused(from: &LogicalType, to: &DorisType) -> Error {
    let remedy = match (&from.root, to) {
        (Root::IntervalYearMonth | Root::IntervalDayTime, _) => "Doris has no intervals; CAST it to STRING or BIGINT",
        (_, DorisType::Bitmap | DorisType::Hll) => {
            "a BITMAP or HLL is made by a function: set sink.properties.columns, as in `columns: k, v, b=to_bitmap(v)`"
        }
        (Root::Binary | Root::Varbinary, _) => "bytes go into CHAR, VARCHAR or STRING, as text",
        (_, DorisType::Char(_) | DorisType::Varchar(_)) => {
            "the column is too short for some of its values; widen it or CAST in SQL"
        }
        _ => "CAST it in SQL to the column's type",
    };
    Error::new(Kind::UnsupportedType, format!("Flink's {} does not go into Doris' {to}; {remedy}", shown(&from.root)))
}

/// A type as Flink's SQL writes it.
fn shown(root: &Root) -> String {
    match root {
        Root::Decimal { precision, scale } => format!("DECIMAL({precision}, {scale})"),
        Root::TimeWithoutTimeZone { precision } => format!("TIME({precision})"),
        Root::TimestampWithoutTimeZone { precision } => format!("TIMESTAMP({precision})"),
        Root::TimestampWithLocalTimeZone { precision } => format!("TIMESTAMP_LTZ({precision})"),
        Root::Integer => "INT".into(),
        Root::IntervalYearMonth => "INTERVAL YEAR TO MONTH".into(),
        Root::IntervalDayTime => "INTERVAL DAY TO SECOND".into(),
        Root::Array { element } => format!("ARRAY<{}>", shown(&element.root)),
        Root::Multiset { element } => format!("MULTISET<{}>", shown(&element.root)),
        Root::Map { key, value } => format!("MAP<{}, {}>", shown(&key.root), shown(&value.root)),
        Root::Row { fields } => {
            let fields: Vec<String> = fields.iter().map(|f| format!("{} {}", f.name, shown(&f.ty.root))).collect();
            format!("ROW<{}>", fields.join(", "))
        }
        simple => format!("{simple:?}").to_ascii_uppercase(),
    }
}
