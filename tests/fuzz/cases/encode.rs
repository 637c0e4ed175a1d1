//! Any bytes as the random numbers of the generator: tables of every type and rows for them. What the encoder writes is what
//! the reference writes, and is decoded to the same row; rows with damaged bytes, and bytes that are no row at all, are
//! written as JSON or refused.

use super::tape;
use crate::generator::{Tape, row};
use crate::reference;
use crate::reference::changelog::{Outcome as Expected, Reference};
use crate::reference::value::{Kind, Value};
use crate::rows::write;
use crate::scenario::spec_of;
use crate::session::{Seen, Session};
use canal_native::canal::encode::{Encoder, Outcome};
use canal_native::schema::{EncoderSpec, Root, TimestampFormat, UpdateMode};

const NOW: i64 = 1_795_228_035_861;

pub fn run(input: &[u8]) {
    let numbers = tape(input);
    let mut tape = Tape::new(&numbers);
    let what = tape.below(4);
    let full = tape.one_in(2);
    let mut spec = row::spec(&mut tape, full);
    match what {
        0 | 1 => {
            for _ in 0..2 {
                equals_reference(&spec, &mut tape);
            }
        }
        2 => {
            readable(&mut spec);
            reads_back(&spec, &mut tape);
        }
        _ => damaged(&spec, &mut tape, input),
    }
}

fn equals_reference(spec: &EncoderSpec, tape: &mut Tape) {
    let mut encoder = Encoder::new(spec.clone()).expect("an encoder");
    let kind = row::kind(tape);
    let values = row::values(tape, &spec.fields, true);
    // In memory of exactly the row's size.
    let bytes = write::row(&values, &spec.fields, kind).into_boxed_slice();
    let written = match encoder.encode(&bytes, write::kind_of(kind), NOW) {
        Outcome::Encoded => Ok(String::from_utf8(encoder.message().to_vec()).expect("UTF-8")),
        Outcome::Delegate(reason) => Err(reason),
    };
    let expected = reference::encode::message(spec, &values, kind, 1, NOW);
    assert_eq!(written, expected, "{spec:?}\n{values:?}");
}

/// Without what a message cannot say: a TIME's fraction where it is cut off.
fn readable(spec: &mut EncoderSpec) {
    spec.time_millis = true;
    if spec.envelope.is_some() {
        // A whole envelope has JSON texts for these, which no decoder takes apart again.
        spec.fields.retain(|f| {
            !matches!(f.ty.root, Root::Array { .. } | Root::Map { .. } | Root::Multiset { .. } | Root::Row { .. })
        });
        spec.timestamp = TimestampFormat::Sql;
    }
}

fn reads_back(spec: &EncoderSpec, tape: &mut Tape) {
    let mut decoder = spec_of(spec.fields.clone());
    decoder.timestamp = spec.timestamp;
    decoder.time_millis = true;
    let table = Reference { spec: decoder, database: None, table: None };
    let mut encoder = Encoder::new(spec.clone()).expect("an encoder");
    let kind = row::kind(tape);
    let values = row::values(tape, &spec.fields, false);
    let bytes = write::row(&values, &spec.fields, kind).into_boxed_slice();
    if encoder.encode(&bytes, write::kind_of(kind), NOW) != Outcome::Encoded {
        assert!(kind == Kind::UpdateBefore && spec.update == UpdateMode::Update, "{spec:?}\n{values:?}");
        return;
    }
    let message = encoder.message();
    let seen = Session::open(&table).decode(message).expect("canonical rows").seen;
    let rows = match (seen, table.decode(message).outcome) {
        (Seen::Rows(rows), _) | (Seen::Delegated(_), Expected::Rows(rows)) => rows,
        other => panic!("{other:?}\n{}\n{spec:?}", String::from_utf8_lossy(message)),
    };
    let update = kind == Kind::UpdateAfter && spec.update == UpdateMode::Update;
    let expected = match kind {
        _ if update => Kind::UpdateAfter,
        Kind::Insert | Kind::UpdateAfter => Kind::Insert,
        Kind::Delete | Kind::UpdateBefore => Kind::Delete,
    };
    let last = rows.last().expect("a row");
    // JSON numbers lose the sign of a zero, where a DECIMAL in the row makes Flink read them exactly.
    let exact = spec.fields.iter().any(|f| f.ty.contains_decimal());
    let text = |values: &[Value]| match exact {
        true => values.iter().map(with_one_zero).collect::<Vec<_>>(),
        false => values.to_vec(),
    };
    assert_eq!(
        (last.kind, text(&last.values), rows.len()),
        (expected, text(&values), 1 + usize::from(update)),
        "{}\n{spec:?}",
        String::from_utf8_lossy(message)
    );
}

fn with_one_zero(value: &Value) -> Value {
    let all = |values: &[Value]| values.iter().map(with_one_zero).collect();
    match value {
        Value::Double(bits) if f64::from_bits(*bits) == 0.0 => Value::Double(0),
        Value::Float(bits) if f32::from_bits(*bits) == 0.0 => Value::Float(0),
        Value::Array(v) => Value::Array(all(v)),
        Value::Row(v) => Value::Row(all(v)),
        Value::Map(v) => Value::Map(v.iter().map(|(k, v)| (k.clone(), with_one_zero(v))).collect()),
        other => other.clone(),
    }
}

/// A row with changed bytes, then the input itself as a row; both on one encoder, and a good row at last.
fn damaged(spec: &EncoderSpec, tape: &mut Tape, input: &[u8]) {
    let mut encoder = Encoder::new(spec.clone()).expect("an encoder");
    let kind = row::kind(tape);
    let good = write::row(&row::values(tape, &spec.fields, false), &spec.fields, kind);
    let mut bytes = good.clone();
    for _ in 0..1 + tape.below(6) {
        let at = tape.below(bytes.len());
        bytes[at] = match tape.below(4) {
            0 => 0xFF,
            1 => bytes[at].wrapping_add(1),
            _ => tape.number() as u8,
        };
    }
    if tape.one_in(4) {
        bytes.truncate(tape.below(bytes.len()));
    }
    for bytes in [&bytes[..], input, &input[..input.len() / 2]] {
        if encoder.encode(&bytes.to_vec().into_boxed_slice(), write::kind_of(kind), NOW) == Outcome::Encoded {
            let text = std::str::from_utf8(encoder.message()).expect("UTF-8");
            serde_json::from_str::<serde::de::IgnoredAny>(text).unwrap_or_else(|e| panic!("{e}: {text}\n{spec:?}"));
        }
    }
    let before = encoder.encode(&good, write::kind_of(kind), NOW);
    let after = Encoder::new(spec.clone()).expect("an encoder").encode(&good, write::kind_of(kind), NOW);
    assert_eq!(before, after, "{spec:?}");
}
