//! A batch gives exactly the messages that the encoder gives row by row, and what was decoded into a batch can be encoded
//! from it.

mod arrow_rows;
mod generator;
mod reference;
mod rows;
mod scenario;
mod session;

use arrow::array::*;
use arrow::datatypes::{DataType, Field as ArrowField, FieldRef, Int8Type, Int32Type};
use arrow_rows::write::{batch, in_reach};
use canal_native::batch::{BatchDecoder, BatchEncoder, DecoderOptions, EncoderOptions, Written};
use canal_native::canal::encode::{Encoder, Outcome, Reason};
use canal_native::schema::EncoderSpec;
use generator::{Tape, row};
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};
use reference::value::{Kind, Value};
use rows::write;
use serde_json::json;
use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

const NOW: i64 = 1_795_228_035_861;

fn open(spec: &serde_json::Value) -> BatchEncoder {
    let options = EncoderOptions::from_json(spec.to_string().as_bytes()).expect("a specification");
    BatchEncoder::new(options).expect("an encoder")
}

fn encode(encoder: &mut BatchEncoder, batch: &StructArray) -> Result<Vec<Result<String, Reason>>, String> {
    let mut outcomes = Vec::new();
    let messages = encoder.encode(batch, NOW, &mut outcomes).map_err(|e| e.to_string())?;
    messages.to_data().validate_full().map_err(|e| e.to_string())?;
    assert_eq!((messages.len(), outcomes.len()), (batch.len(), batch.len()));
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).expect("UTF-8");
    let pairs = messages.iter().zip(outcomes).map(|(message, outcome)| match (message, outcome) {
        (Some(message), Written::Message) => Ok(text(message)),
        (None, Written::Refused(reason)) => Err(reason),
        other => panic!("{other:?}"),
    });
    Ok(pairs.collect())
}

fn by_row(spec: &EncoderSpec, kinds: &[Kind], rows: &[Vec<Value>]) -> Vec<Result<String, Reason>> {
    let mut encoder = Encoder::new(spec.clone()).expect("an encoder");
    let each = kinds.iter().zip(rows).map(|(kind, values)| {
        match encoder.encode(&write::row(values, &spec.fields, *kind), write::kind_of(*kind), NOW) {
            Outcome::Encoded => Ok(String::from_utf8(encoder.message().to_vec()).expect("UTF-8")),
            Outcome::Delegate(reason) => Err(reason),
        }
    });
    each.collect()
}

/// `PROPTEST_CASES` and `PROPTEST_RNG_SEED` as in tests/properties.rs.
#[test]
fn batches_equal_rows() {
    let mut config =
        ProptestConfig { failure_persistence: None, max_shrink_iters: 20_000, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = 1_500;
    }
    if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        config.rng_seed = RngSeed::Fixed(1_589_373_562);
    }
    let counts = RefCell::new(BTreeMap::<String, u32>::new());
    let result = TestRunner::new(config).run(&prop::collection::vec(any::<u32>(), 0..2000), |tape| {
        let mut tape = Tape::new(&tape);
        let full = tape.one_in(3);
        let spec = row::spec(&mut tape, full);
        let (mut kinds, mut rows) = (Vec::new(), Vec::new());
        for _ in 0..1 + tape.below(8) {
            kinds.push(row::kind(&mut tape));
            let values = row::values(&mut tape, &spec.fields, true);
            rows.push(values.iter().zip(&spec.fields).map(|(v, f)| in_reach(v, &f.ty.root)).collect::<Vec<_>>());
        }
        let batch = batch(&kinds, &rows, &spec.fields);
        let json = serde_json::to_value(&spec).expect("JSON");
        let expected = by_row(&spec, &kinds, &rows);
        let found = encode(&mut open(&json), &batch).map_err(TestCaseError::fail)?;
        prop_assert_eq!(&found, &expected, "{:?}\n{:?}", spec, rows);
        // A slice of it, as hosts hand them out.
        let start = tape.below(rows.len());
        let slice = batch.slice(start, rows.len() - start);
        let found = encode(&mut open(&json), &slice).map_err(TestCaseError::fail)?;
        prop_assert_eq!(found, by_row(&spec, &kinds[start..], &rows[start..]), "from row {} on: {:?}", start, spec);
        for one in expected {
            let name = one.map_or_else(|reason| format!("{reason:?}"), |_| "written".into());
            *counts.borrow_mut().entry(name).or_default() += 1;
        }
        Ok(())
    });
    if let Err(e) = result {
        panic!("{e}");
    }
    let counts = counts.into_inner();
    for name in ["written", "UpdateBefore", "NullInNotNull", "OutOfRange"] {
        assert!(counts.get(name).is_some_and(|n| *n >= 20), "too few rows were {name}: {counts:?}");
    }
}

/// Messages → batch → messages → batch: the rows stay what they are.
#[test]
fn decoded_batches_can_be_encoded() {
    let fields = json!([
        {"name": "id", "type": {"root": "BIGINT"}},
        {"name": "name", "type": {"root": "VARCHAR"}},
        {"name": "description", "type": {"root": "VARCHAR"}},
        {"name": "weight", "type": {"root": "DECIMAL", "precision": 10, "scale": 2}},
    ]);
    let lines = std::fs::read(scenario::data_dir().join("quickstart/products.jsonl")).expect("messages");
    let messages = scenario::messages(&lines);
    let spec = json!({"fields": fields, "metadata": ["database", "sql-type"]}).to_string();
    let decode = |messages: &[Vec<u8>]| {
        let options = DecoderOptions::from_json(spec.as_bytes()).expect("a specification");
        let mut decoder = BatchDecoder::new(options).expect("a decoder");
        decoder.decode(messages.iter().map(Vec::as_slice), &mut Vec::new()).expect("a batch")
    };
    let batch = decode(&messages);
    for more in [json!({}), json!({"envelope": {"database": "inventory", "table": "products", "pkNames": ["id"]}})] {
        let mut spec = more;
        spec["fields"] = fields.clone();
        let written = encode(&mut open(&spec), &batch).expect("messages");
        let written: Vec<Vec<u8>> =
            written.into_iter().map(|message| message.expect("a message").into_bytes()).collect();
        assert_eq!(written.len(), batch.len());
        let again = decode(&written);
        // flink-json's shape tells an update as a DELETE and an INSERT.
        assert_eq!(again.len(), batch.len());
        for column in ["id", "name", "description", "weight"] {
            assert_eq!(again.column_by_name(column), batch.column_by_name(column), "{column}");
        }
    }
}

fn ids(kinds: ArrayRef, ids: ArrayRef) -> StructArray {
    let field =
        |name: &str, array: &ArrayRef| -> FieldRef { Arc::new(ArrowField::new(name, array.data_type().clone(), true)) };
    StructArray::new(vec![field("row_kind", &kinds), field("id", &ids)].into(), vec![kinds, ids], None)
}

fn id_spec() -> serde_json::Value {
    json!({"fields": [{"name": "id", "type": {"root": "BIGINT"}}]})
}

#[test]
fn row_kinds_in_every_form() {
    let values: ArrayRef = Arc::new(Int64Array::from(vec![1, 2, 3, 4]));
    let texts = vec!["+I", "-U", "+U", "-D"];
    let narrow: DictionaryArray<Int8Type> = texts.clone().into_iter().collect();
    let other_order = DictionaryArray::<Int32Type>::new(
        Int32Array::from(vec![3, 2, 1, 4]),
        Arc::new(StringArray::from(vec!["not used", "+U", "-U", "+I", "-D"])),
    );
    for kinds in [
        Arc::new(StringArray::from(texts)) as ArrayRef,
        Arc::new(narrow),
        Arc::new(other_order),
        Arc::new(Int8Array::from(vec![0, 1, 2, 3])),
    ] {
        let messages = encode(&mut open(&id_spec()), &ids(kinds.clone(), values.clone())).expect("messages");
        let expected = [(1, "INSERT"), (2, "DELETE"), (3, "INSERT"), (4, "DELETE")];
        let expected = expected.map(|(id, event)| Ok(format!(r#"{{"data":[{{"id":{id}}}],"type":"{event}"}}"#)));
        assert_eq!(messages, expected, "{}", kinds.data_type());
    }
    let empty: DictionaryArray<Int8Type> = Vec::<&str>::new().into_iter().collect();
    let nothing = ids(Arc::new(empty), Arc::new(Int64Array::from(Vec::<i64>::new())));
    assert_eq!(encode(&mut open(&id_spec()), &nothing), Ok(Vec::new()));
}

#[test]
fn batches_of_other_columns_are_refused() {
    let kinds = || Arc::new(StringArray::from(vec!["+I"])) as ArrayRef;
    let values = || Arc::new(Int64Array::from(vec![1])) as ArrayRef;
    let refuse = |spec: &serde_json::Value, batch: &StructArray| {
        encode(&mut open(spec), batch).expect_err("a batch of other columns")
    };
    for (batch, part) in [
        (ids(kinds(), Arc::new(Int32Array::from(vec![1]))), "the array has the type Int32; it must be Int64 (at id)"),
        (
            ids(Arc::new(StringArray::from(vec!["I"])), values()),
            "\"I\" is no row kind; these are +I, -U, +U, -D, or 0 to 3",
        ),
        (ids(Arc::new(Int8Array::from(vec![4])), values()), "4 is no row kind"),
        (ids(Arc::new(Int8Array::from(vec![-1])), values()), "-1 is no row kind"),
        (ids(Arc::new(StringArray::from(vec![None::<&str>])), values()), "a row kind is NULL (at row_kind)"),
        (ids(values(), values()), "the type Int64; it must be Utf8, a dictionary of Utf8, or Int8"),
    ] {
        let text = refuse(&id_spec(), &batch);
        assert!(text.contains(part), "{text}");
    }
    let batch = ids(kinds(), values());
    let mut spec = id_spec();
    spec["fields"][0]["name"] = json!("key");
    assert!(refuse(&spec, &batch).contains("no column \"key\"; it has row_kind, id"));
    spec = id_spec();
    spec["columnNames"] = json!({"row_kind": "op"});
    assert!(refuse(&spec, &batch).contains("no column \"op\""));
    let nulls = arrow::buffer::NullBuffer::from(vec![false]);
    let with_null = StructArray::new(batch.fields().clone(), batch.columns().to_vec(), Some(nulls));
    assert!(refuse(&id_spec(), &with_null).contains("a row of the batch is NULL"));
    spec = json!({"fields": [{"name": "row_kind", "type": {"root": "BIGINT"}}]});
    let options = EncoderOptions::from_json(spec.to_string().as_bytes()).expect("a specification");
    assert!(BatchEncoder::new(options).expect_err("one name twice").to_string().contains("rename row_kind"));
}

/// A DECIMAL of more digits than its type has is no value of that type.
#[test]
fn decimals_beyond_their_type_are_refused() {
    for (precision, value) in [(10, 10_000_000_000i128), (18, i128::from(i64::MAX)), (38, i128::MAX)] {
        let spec = json!({"fields": [{"name": "id", "type": {"root": "DECIMAL", "precision": precision, "scale": 0}}]});
        let decimals = |value| {
            let array = Decimal128Array::from(vec![value]).with_data_type(DataType::Decimal128(precision, 0));
            ids(Arc::new(StringArray::from(vec!["+I"])), Arc::new(array))
        };
        let text = encode(&mut open(&spec), &decimals(value)).expect_err("too many digits");
        assert!(text.contains("too many digits (at id)"), "{text}");
        let most = 10i128.pow(precision.into()) - 1;
        let messages = encode(&mut open(&spec), &decimals(-most)).expect("a message");
        assert_eq!(messages, [Ok(format!(r#"{{"data":[{{"id":-{most}}}],"type":"INSERT"}}"#))]);
    }
}
