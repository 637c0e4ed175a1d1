//! A bad value for a reader of messages.

use super::notation::hex;
use crate::json::write::Output;
use crate::row::read::{Malformed, Slot};
use crate::schema::{FloatText, Root};
use crate::text::datetime::{self, Fraction};
use crate::text::decimal::{self, Form};
use crate::text::float;

/// The value in plain text, whether its column can hold it or not. Nested values are named by their kind.
pub(super) fn of(slot: Option<Slot<'_>>, root: &Root) -> String {
    let Some(slot) = slot else { return "NULL".into() };
    shown(slot, root).unwrap_or_else(|_| "unreadable".into())
}

fn shown(slot: Slot<'_>, root: &Root) -> Result<String, Malformed> {
    let mut out = Output::new();
    match root {
        Root::Char | Root::Varchar => return Ok(String::from_utf8_lossy(slot.bytes()?).into_owned()),
        Root::Binary | Root::Varbinary => return Ok(format!("0x{}", String::from_utf8_lossy(&hex(slot.bytes()?)))),
        Root::Boolean => return Ok(slot.boolean().to_string()),
        Root::Tinyint => out.integer(slot.i8().into()),
        Root::Smallint => out.integer(slot.i16().into()),
        Root::Integer | Root::IntervalYearMonth | Root::TimeWithoutTimeZone { .. } => out.integer(slot.i32().into()),
        Root::Bigint | Root::IntervalDayTime => out.integer(slot.i64()),
        Root::Float => _ = float::float(&mut out, slot.f32(), FloatText::Shortest),
        Root::Double => _ = float::double(&mut out, slot.f64(), FloatText::Shortest),
        Root::Decimal { precision, scale } => decimal::write(&mut out, slot.decimal(*precision)?, *scale, Form::Plain),
        Root::Date => datetime::date(&mut out, slot.i32()),
        Root::TimestampWithoutTimeZone { precision } | Root::TimestampWithLocalTimeZone { precision } => {
            let stamp = slot.stamp(*precision)?;
            if datetime::stamp(&mut out, stamp, b' ', Fraction::Needed).is_err() {
                return Ok(format!("{} ms since 1970-01-01", stamp.millis));
            }
        }
        Root::Array { .. } => return Ok("an ARRAY".into()),
        Root::Map { .. } | Root::Multiset { .. } => return Ok("a MAP".into()),
        Root::Row { .. } => return Ok("a ROW".into()),
        Root::Null => return Ok("NULL".into()),
    }
    Ok(String::from_utf8_lossy(out.text()).into_owned())
}
