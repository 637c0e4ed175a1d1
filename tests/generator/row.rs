//! Rows for an encoder, and its specification.

use super::value::word;
use super::{Tape, fields};
use crate::reference::decimal::Decimal;
use crate::reference::value::{Kind, Timestamp, Value};
use canal_native::schema::{
    EncoderSpec, Envelope, Field, FloatText, LogicalType, MapNullKey, Root, TimestampFormat, UpdateMode,
};
use std::collections::BTreeMap;

const DOUBLES: [f64; 22] = [
    0.0,
    -0.0,
    1.0,
    12.34,
    -0.1,
    1e7,
    9_999_999.999,
    1e-3,
    9.99e-4,
    1e21,
    2e23,
    f64::MIN_POSITIVE,
    5e-324,
    1e-323,
    2.5e-322,
    f64::MAX,
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    9_007_199_254_740_993.0,
    123_456.75,
    0.5,
];

/// A table without columns of type NULL. `full`: with a whole envelope.
pub fn spec(tape: &mut Tape, full: bool) -> EncoderSpec {
    let mut fields = fields(tape, 6, 0);
    fields.iter_mut().for_each(|field| without_null(&mut field.ty));
    let names = |tape: &mut Tape| fields.iter().take(tape.below(3)).map(|f| f.name.clone()).collect();
    let pk_names = names(tape);
    let envelope = Envelope { database: word(tape), table: word(tape), pk_names };
    EncoderSpec {
        timestamp: if tape.one_in(3) { TimestampFormat::Iso8601 } else { TimestampFormat::Sql },
        map_null_key: *tape.pick(&[MapNullKey::Fail, MapNullKey::Drop, MapNullKey::Literal]),
        map_null_key_literal: word(tape),
        plain_decimals: tape.one_in(2),
        strip_plain_decimals: tape.one_in(2),
        ignore_nulls: tape.one_in(3),
        time_millis: tape.one_in(2),
        float_text: FloatText::Shortest,
        update: *tape.pick(&[UpdateMode::DeleteInsert, UpdateMode::Update]),
        envelope: full.then_some(envelope),
        fields,
    }
}

fn without_null(ty: &mut LogicalType) {
    match &mut ty.root {
        root @ Root::Null => *root = Root::Varchar,
        Root::Array { element: inner } | Root::Map { value: inner, .. } => without_null(inner),
        Root::Row { fields } => fields.iter_mut().for_each(|f| without_null(&mut f.ty)),
        _ => {}
    }
}

pub fn kind(tape: &mut Tape) -> Kind {
    *tape.pick(&[Kind::Insert, Kind::UpdateAfter, Kind::Delete, Kind::UpdateBefore])
}

/// One value for each field. `wild`: also NULL where none may be, and times beyond what is written.
pub fn values(tape: &mut Tape, fields: &[Field], wild: bool) -> Vec<Value> {
    fields.iter().map(|f| value(tape, &f.ty, wild)).collect()
}

fn value(tape: &mut Tape, ty: &LogicalType, wild: bool) -> Value {
    if ty.nullable && tape.one_in(6) || wild && tape.one_in(60) {
        return Value::Null;
    }
    let long = i64::from(tape.number()) << 32 | i64::from(tape.number());
    let signed = long >> (long & 63);
    match &ty.root {
        Root::Null => Value::Null,
        Root::Boolean => Value::Boolean(tape.one_in(2)),
        Root::Tinyint => Value::Tinyint(long as i8),
        Root::Smallint => Value::Smallint(long as i16),
        Root::Integer | Root::IntervalYearMonth => Value::Int(signed as i32),
        Root::Bigint | Root::IntervalDayTime => Value::Bigint(signed),
        Root::Float => Value::Float(double(tape, long, |bits| f32::from_bits(bits as u32).into()).1),
        Root::Double => Value::Double(double(tape, long, |bits| f64::from_bits(bits as u64)).0),
        Root::Decimal { precision, scale } => Value::Decimal(decimal(tape, *precision, *scale)),
        Root::Char | Root::Varchar => Value::Text(word(tape)),
        Root::Binary | Root::Varbinary => Value::Bytes((0..tape.below(40)).map(|_| tape.number() as u8).collect()),
        Root::Date => Value::Date(day(tape, wild)),
        Root::TimeWithoutTimeZone { .. } => Value::Time(match tape.below(3) {
            0 => 1000 * (signed.rem_euclid(86_400) as i32),
            _ if wild && tape.one_in(8) => signed as i32,
            _ => signed.rem_euclid(86_400_000) as i32,
        }),
        Root::TimestampWithoutTimeZone { precision } => Value::Timestamp(stamp(tape, *precision, wild)),
        Root::TimestampWithLocalTimeZone { precision } => Value::Instant(stamp(tape, *precision, wild)),
        Root::Array { element } => Value::Array((0..tape.below(5)).map(|_| value(tape, element, wild)).collect()),
        Root::Map { value: ty, .. } => Value::Map(entries(tape, |tape| value(tape, ty, wild))),
        Root::Multiset { .. } => Value::Map(entries(tape, |tape| Value::Int(tape.below(100) as i32))),
        Root::Row { fields } => Value::Row(values(tape, fields, wild)),
    }
}

fn entries(tape: &mut Tape, mut value: impl FnMut(&mut Tape) -> Value) -> BTreeMap<String, Value> {
    let count = if tape.one_in(6) { 20 } else { tape.below(5) };
    (0..count).map(|i| (format!("{}{i}", word(tape)), value(tape))).collect()
}

/// The bits of a double, and of the float nearest to it.
fn double(tape: &mut Tape, long: i64, of_bits: impl Fn(i64) -> f64) -> (u64, u32) {
    let value = match tape.below(4) {
        0 => *tape.pick(&DOUBLES),
        1 => of_bits(long),
        2 => (long >> 40) as f64 / 100.0,
        _ => (long >> (long & 63)) as f64,
    };
    // Java has one NaN.
    if value.is_nan() {
        return (f64::NAN.to_bits(), f32::NAN.to_bits());
    }
    (value.to_bits(), (value as f32).to_bits())
}

fn decimal(tape: &mut Tape, precision: u8, scale: u8) -> Decimal {
    let digits = tape.below(usize::from(precision) + 1);
    let magnitude = (0..digits).fold(0i128, |value, _| value * 10 + tape.below(10) as i128);
    let zeros = tape.below(usize::from(precision) - digits + 1) as u32;
    let unscaled = magnitude * 10i128.pow(zeros);
    Decimal::of(if tape.one_in(3) { -unscaled } else { unscaled }, scale)
}

fn day(tape: &mut Tape, wild: bool) -> i32 {
    match tape.below(6) {
        0 if wild => tape.number() as i32,
        1 => *tape.pick(&[0, -1, -719_528, 2_932_896]),
        _ => tape.below(3_652_425) as i32 - 719_528,
    }
}

fn stamp(tape: &mut Tape, precision: u8, wild: bool) -> Timestamp {
    let mut millis = i64::from(day(tape, wild)) * 86_400_000 + tape.below(86_400_000) as i64;
    if tape.one_in(3) {
        millis = millis / 1000 * 1000;
    }
    if wild && tape.one_in(30) {
        millis = i64::from(tape.number()) << 32;
    }
    let nanos = if precision <= 3 { 0 } else { tape.below(1_000_000) as u32 };
    Timestamp { millis, nanos: if tape.one_in(3) { nanos / 1000 * 1000 } else { nanos } }
}
