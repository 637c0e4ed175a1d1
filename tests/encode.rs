//! The encoder: equal to the reference over random tables and rows, in both shapes; what it writes is read back as the same
//! row; and by hand what a random row does not have.
//!
//! `PROPTEST_CASES` sets the number of cases, `PROPTEST_RNG_SEED` another start; without them every run is the same.

mod generator;
mod reference;
mod rows;
mod scenario;
mod session;

use canal_native::canal::encode::{Encoder, Outcome, Reason};
use canal_native::row::{Cell, RowKind, Sources, write_row};
use canal_native::schema::{
    EncoderSpec, Field, FloatText, LogicalType, MapNullKey, Root, Semantics, TimestampFormat, UpdateMode,
};
use generator::{Tape, row};
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestError, TestRunner};
use reference::changelog::{Outcome as Expected, Reference};
use reference::value::{Kind, Value};
use rows::write;
use scenario::{spec_of, sql_type};
use session::{Seen, Session};
use std::cell::RefCell;
use std::collections::BTreeMap;

const DEFAULT_CASES: u32 = 3_000;
const SEED: u64 = 1_589_373_560;
const NOW: i64 = 1_795_228_035_861;

fn runner() -> TestRunner {
    let mut config =
        ProptestConfig { failure_persistence: None, max_shrink_iters: 20_000, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = DEFAULT_CASES;
    }
    if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        config.rng_seed = RngSeed::Fixed(SEED);
    }
    TestRunner::new(config)
}

/// Runs cases that tell how each ended, and returns how often each ending was met.
fn count(run: impl Fn(&mut Tape) -> Result<Vec<&'static str>, String>) -> BTreeMap<&'static str, u32> {
    let counts = RefCell::new(BTreeMap::new());
    let tapes = prop::collection::vec(any::<u32>(), 0..1500);
    let result = runner().run(&tapes, |tape| {
        for ending in run(&mut Tape::new(&tape)).map_err(TestCaseError::fail)? {
            *counts.borrow_mut().entry(ending).or_default() += 1;
        }
        Ok(())
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(reason, _)) | Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
    let counts = counts.into_inner();
    eprintln!("{counts:?}");
    counts
}

fn enough(counts: &BTreeMap<&'static str, u32>, endings: &[&str]) {
    let least = (counts.values().sum::<u32>() / 200).max(1);
    for ending in endings {
        assert!(counts.get(ending).is_some_and(|n| *n >= least), "too few rows were {ending}: {counts:?}");
    }
}

fn encode(encoder: &mut Encoder, spec: &EncoderSpec, values: &[Value], kind: Kind) -> Result<String, Reason> {
    let bytes = write::row(values, &spec.fields, kind);
    match encoder.encode(&bytes, write::kind_of(kind), NOW) {
        Outcome::Encoded => Ok(String::from_utf8(encoder.message().to_vec()).expect("UTF-8")),
        Outcome::Delegate(reason) => Err(reason),
    }
}

fn ending(written: &Result<String, Reason>) -> &'static str {
    match written {
        Ok(_) => "written",
        Err(Reason::UpdateBefore) => "before an update",
        Err(Reason::NullInNotNull) => "null in a NOT NULL field",
        Err(Reason::OutOfRange) => "out of range",
        Err(_) => "something else",
    }
}

fn fast_equals_reference(full: bool) -> BTreeMap<&'static str, u32> {
    count(|tape| {
        let spec = row::spec(tape, full);
        let mut encoder = Encoder::new(spec.clone()).map_err(|e| e.to_string())?;
        let (mut id, mut endings) = (0, Vec::new());
        for _ in 0..1 + tape.below(5) {
            let kind = row::kind(tape);
            let values = row::values(tape, &spec.fields, true);
            let expected = reference::encode::message(&spec, &values, kind, id + 1, NOW);
            let written = encode(&mut encoder, &spec, &values, kind);
            id += u64::from(written.is_ok());
            if written != expected {
                return Err(format!("fast:      {written:?}\nreference: {expected:?}\n{spec:?}\n{values:?}"));
            }
            endings.push(ending(&written));
        }
        Ok(endings)
    })
}

#[test]
fn fast_equals_reference_in_flinks_shape() {
    let counts = fast_equals_reference(false);
    enough(&counts, &["written", "before an update", "null in a NOT NULL field", "out of range"]);
}

#[test]
fn fast_equals_reference_in_a_whole_envelope() {
    enough(&fast_equals_reference(true), &["written", "before an update", "out of range"]);
}

/// What the decoder, or where it hands the message on the reference for Flink's, makes of a message.
fn decode(table: &Reference, message: &str) -> Result<(Vec<reference::value::Row>, &'static str), String> {
    let answer = Session::open(table).decode(message.as_bytes())?;
    match (answer.seen, table.decode(message.as_bytes()).outcome) {
        (Seen::Rows(rows), _) => Ok((rows, "read")),
        (Seen::Delegated(_), Expected::Rows(rows)) => Ok((rows, "read by Flink's codec")),
        (seen, expected) => Err(format!("decoded: {seen:?}\nreference: {expected:?}")),
    }
}

/// JSON numbers lose the sign of a zero, where a DECIMAL in the row makes Flink read them exactly.
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

fn read_back(full: bool) -> BTreeMap<&'static str, u32> {
    count(|tape| {
        let mut spec = row::spec(tape, full);
        if full {
            // A whole envelope has JSON texts for these, which no decoder takes apart again.
            spec.fields.retain(|f| {
                !matches!(f.ty.root, Root::Array { .. } | Root::Map { .. } | Root::Multiset { .. } | Root::Row { .. })
            });
            spec.timestamp = TimestampFormat::Sql;
        }
        spec.time_millis = true;
        let mut decoder = spec_of(spec.fields.clone());
        decoder.semantics = Semantics::Canal;
        decoder.timestamp = spec.timestamp;
        decoder.time_millis = true;
        let table = Reference { spec: decoder, database: None, table: None };
        let mut encoder = Encoder::new(spec.clone()).map_err(|e| e.to_string())?;
        let kind = row::kind(tape);
        let values = row::values(tape, &spec.fields, false);
        let message = match encode(&mut encoder, &spec, &values, kind) {
            Ok(message) => message,
            Err(Reason::UpdateBefore) => return Ok(vec![]),
            Err(reason) => return Err(format!("{reason:?}: {spec:?}\n{values:?}")),
        };
        let (rows, by) = decode(&table, &message).map_err(|e| format!("{e}\n{message}\n{spec:?}"))?;
        let update = kind == Kind::UpdateAfter && spec.update == UpdateMode::Update;
        let expected = match kind {
            _ if update => Kind::UpdateAfter,
            Kind::Insert | Kind::UpdateAfter => Kind::Insert,
            Kind::Delete | Kind::UpdateBefore => Kind::Delete,
        };
        let last = rows.last().ok_or("no row")?;
        let zeros = spec.fields.iter().any(|f| f.ty.contains_decimal());
        let same = |a: &[Value], b: &[Value]| match zeros {
            true => a.iter().map(with_one_zero).eq(b.iter().map(with_one_zero)),
            false => a == b,
        };
        if last.kind != expected || !same(&last.values, &values) || rows.len() != 1 + usize::from(update) {
            return Err(format!("written: {values:?}\nread: {rows:?}\n{message}\n{spec:?}"));
        }
        Ok(vec![by])
    })
}

#[test]
fn flinks_shape_is_read_back() {
    enough(&read_back(false), &["read", "read by Flink's codec"]);
}

#[test]
fn a_whole_envelope_is_read_back() {
    enough(&read_back(true), &["read", "read by Flink's codec"]);
}

fn spec(columns: &[(&str, &str)]) -> EncoderSpec {
    let fields = columns.iter().map(|(name, ty)| Field { name: name.to_string(), ty: sql_type::parse(ty) });
    EncoderSpec {
        fields: fields.collect(),
        timestamp: TimestampFormat::Sql,
        map_null_key: MapNullKey::Fail,
        map_null_key_literal: "null".into(),
        plain_decimals: false,
        strip_plain_decimals: true,
        ignore_nulls: false,
        time_millis: false,
        float_text: FloatText::Jdk18,
        update: UpdateMode::DeleteInsert,
        envelope: None,
    }
}

/// One row with these bytes as its only column's variable part.
fn one(bytes: &[u8]) -> Vec<u8> {
    let mut row = Vec::new();
    let cells = [Cell::scratch(0, bytes.len())];
    write_row(&mut row, RowKind::Insert, cells.iter(), &[false], Sources { input: b"", scratch: bytes });
    row
}

fn with_map(mode: MapNullKey, keys: &[Option<&str>]) -> Result<String, Reason> {
    let mut spec = spec(&[("m", "MAP<STRING, INT>")]);
    spec.map_null_key = mode;
    let int = LogicalType { root: Root::Integer, nullable: true };
    let values: Vec<Value> = (1..).take(keys.len()).map(Value::Int).collect();
    let row = one(&write::map(keys, &values, &int));
    let mut encoder = Encoder::new(spec).expect("an encoder");
    match encoder.encode(&row, RowKind::Insert, 0) {
        Outcome::Encoded => Ok(String::from_utf8_lossy(encoder.message()).into_owned()),
        Outcome::Delegate(reason) => Err(reason),
    }
}

#[test]
fn null_and_equal_keys_of_maps() {
    let message = |map: &str| Ok(format!(r#"{{"data":[{{"m":{map}}}],"type":"INSERT"}}"#));
    let keys = [Some("b"), None, Some("a")];
    assert_eq!(with_map(MapNullKey::Fail, &keys), Err(Reason::NullMapKey));
    assert_eq!(with_map(MapNullKey::Drop, &keys), message(r#"{"b":1,"a":3}"#));
    assert_eq!(with_map(MapNullKey::Literal, &keys), message(r#"{"b":1,"null":2,"a":3}"#));
    assert_eq!(with_map(MapNullKey::Drop, &[None, None]), message("{}"));
    assert_eq!(with_map(MapNullKey::Literal, &[None, None]), Err(Reason::EqualMapKeys));
    assert_eq!(with_map(MapNullKey::Literal, &[None, Some("null")]), Err(Reason::EqualMapKeys));
    assert_eq!(with_map(MapNullKey::Drop, &[None, Some("null")]), message(r#"{"null":2}"#));
    assert_eq!(with_map(MapNullKey::Fail, &[Some("a"), Some("a")]), Err(Reason::EqualMapKeys));
    let many: Vec<String> = (0..100).map(|i| format!("k{i}")).collect();
    let mut many: Vec<Option<&str>> = many.iter().map(|k| Some(k.as_str())).collect();
    assert!(with_map(MapNullKey::Fail, &many).is_ok());
    many[99] = Some("k7");
    assert_eq!(with_map(MapNullKey::Fail, &many), Err(Reason::EqualMapKeys));
}

#[test]
fn row_kinds() {
    let events = |update: UpdateMode| {
        let mut encoder = Encoder::new(EncoderSpec { update, ..spec(&[("a", "INT")]) }).expect("an encoder");
        let row = write::row(&[Value::Int(1)], &spec(&[("a", "INT")]).fields, Kind::Insert);
        [RowKind::Insert, RowKind::UpdateBefore, RowKind::UpdateAfter, RowKind::Delete].map(|kind| {
            match encoder.encode(&row, kind, 0) {
                Outcome::Encoded => String::from_utf8_lossy(encoder.message()).into_owned(),
                Outcome::Delegate(reason) => format!("{reason:?}"),
            }
        })
    };
    let [insert, delete] = ["INSERT", "DELETE"].map(|event| format!(r#"{{"data":[{{"a":1}}],"type":"{event}"}}"#));
    let update = r#"{"data":[{"a":1}],"old":[{}],"type":"UPDATE"}"#;
    assert_eq!(events(UpdateMode::DeleteInsert), [&*insert, &delete, &insert, &delete]);
    assert_eq!(events(UpdateMode::Update), [&*insert, "UpdateBefore", update, &delete]);
}

/// After whatever row, the next one is written, with the next number.
#[test]
fn the_encoder_goes_on_after_a_row_it_refuses() {
    let mut spec = spec(&[("a", "STRING"), ("b", "INT NOT NULL")]);
    let good = write::row(&[Value::Text("x".into()), Value::Int(1)], &spec.fields, Kind::Insert);
    let null = write::row(&[Value::Null, Value::Null], &spec.fields, Kind::Insert);
    let mut not_text = good.clone();
    not_text[8] = 0xFF;
    for full in [false, true] {
        spec.envelope = full.then(|| serde_json::from_str(r#"{"database":"d","table":"t"}"#).expect("an envelope"));
        let mut encoder = Encoder::new(spec.clone()).expect("an encoder");
        assert_eq!(encoder.refusal(), None);
        for id in 1..4 {
            assert_eq!(encoder.encode(&good, RowKind::Insert, 5), Outcome::Encoded);
            let message = String::from_utf8_lossy(encoder.message()).into_owned();
            assert!(message.starts_with(if full {
                r#"{"data":[{"a":"x","b":"1"}]"#
            } else {
                r#"{"data":[{"a":"x","b":1}]"#
            }));
            assert!(!full || message.contains(&format!(r#","es":5,"gtid":"","id":{id},"#)), "{message}");
            assert_eq!(encoder.encode(&not_text, RowKind::Insert, 5), Outcome::Delegate(Reason::NotUtf8));
            assert_eq!(encoder.refusal().as_deref(), Some("column `a`: a text that is not valid UTF-8"));
            assert!(encoder.message().is_empty());
            if !full {
                assert_eq!(encoder.encode(&null, RowKind::Insert, 5), Outcome::Delegate(Reason::NullInNotNull));
                assert_eq!(encoder.refusal().as_deref(), Some("column `b`: NULL in a NOT NULL field"));
            }
            assert_eq!(encoder.encode(&good[..10], RowKind::Insert, 5), Outcome::Delegate(Reason::Malformed));
        }
    }
}

/// Rows with damaged bytes are written somehow or refused.
#[test]
fn damaged_rows_do_no_harm() {
    let types = [
        "STRING",
        "BYTES",
        "DECIMAL(30,2)",
        "TIMESTAMP(9)",
        "ARRAY<STRING>",
        "MAP<STRING, ARRAY<INT>>",
        "ROW<a INT, b ROW<c STRING>>",
        "MULTISET<STRING>",
        "DATE",
        "TIME(3)",
        "TIMESTAMP_LTZ(3)",
        "DOUBLE",
    ];
    let columns: Vec<(String, &str)> = types.iter().enumerate().map(|(i, ty)| (format!("c{i}"), *ty)).collect();
    let columns: Vec<(&str, &str)> = columns.iter().map(|(name, ty)| (name.as_str(), *ty)).collect();
    let spec = spec(&columns);
    let (mut written, mut refused, mut seed) = (0, 0, 1u64);
    let mut random = || {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as u32
    };
    let mut encoder = Encoder::new(spec.clone()).expect("an encoder");
    for _ in 0..20_000 {
        let tape: Vec<u32> = (0..200).map(|_| random()).collect();
        let values = row::values(&mut Tape::new(&tape), &spec.fields, false);
        let mut bytes = write::row(&values, &spec.fields, Kind::Insert);
        for _ in 0..1 + random() % 3 {
            let at = random() as usize % bytes.len();
            bytes[at] = random() as u8;
        }
        bytes.truncate(bytes.len() - if random() % 4 == 0 { random() as usize % bytes.len() } else { 0 });
        match encoder.encode(&bytes, RowKind::Insert, 0) {
            Outcome::Encoded => {
                written += serde_json::from_slice::<serde_json::Value>(encoder.message()).map(|_| 1).expect("JSON")
            }
            Outcome::Delegate(_) => refused += 1,
        }
    }
    assert!(written > 1_000 && refused > 1_000, "{written} written, {refused} refused");
}

#[test]
fn types_that_cannot_be_written() {
    let ty = |root| LogicalType { root, nullable: true };
    let inner = |root| Box::new(ty(root));
    let field = |root| Field { name: "inner".into(), ty: ty(root) };
    for root in [
        Root::Null,
        Root::Array { element: inner(Root::Null) },
        Root::Map { key: inner(Root::Varchar), value: inner(Root::Null) },
        Root::Map { key: inner(Root::Integer), value: inner(Root::Integer) },
        Root::Row { fields: vec![field(Root::Null)] },
    ] {
        let spec = EncoderSpec { fields: vec![Field { name: "column".into(), ty: ty(root) }], ..spec(&[]) };
        let error = Encoder::new(spec.clone()).expect_err("refused").to_string();
        assert!(error.contains("column"), "{error}");
        assert!(EncoderSpec::from_json(&serde_json::to_vec(&spec).expect("JSON")).is_err());
    }
    assert!(EncoderSpec::from_json(b"{}").is_err());
}
