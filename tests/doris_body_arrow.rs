//! Bodies as Arrow streams: read back by arrow's own reader as the values that the reference has; and by hand what a random
//! row does not have.
//!
//! `PROPTEST_CASES` sets the number of cases, `PROPTEST_RNG_SEED` another start; without them every run is the same.

mod generator;
mod reference;
mod rows;
mod scenario;
#[path = "generator/doris.rs"]
mod tables;

use arrow::array::{Array, AsArray, RecordBatch};
use arrow::datatypes::{
    DataType, Date32Type, Decimal128Type, Float32Type, Float64Type, Int8Type, Int16Type, Int32Type, Int64Type,
    TimeUnit, TimestampMicrosecondType, TimestampSecondType,
};
use arrow_ipc::reader::StreamReader;
use canal_native::doris::body::{BadValue, BodyEncoder, BodySpec, Format};
use canal_native::doris::table::{DorisColumn, DorisTable, DorisType, KeyModel, Sequence};
use canal_native::schema::{Field, LogicalType, Root};
use generator::{Tape, row};
use reference::decimal::Decimal;
use reference::doris::{Notation, Reference};
use reference::float::java_text;
use reference::temporal::{date_text, timestamp_text};
use reference::value::{Kind, Timestamp, Value};
use rows::write;
use scenario::sql_type;
use tables::{Case, case, count, ending};

fn batches(body: &[u8]) -> Vec<RecordBatch> {
    StreamReader::try_new(body, None).expect("a stream").map(|batch| batch.expect("a batch")).collect()
}

/// A cell that is not NULL and not nested.
fn scalar(array: &dyn Array, i: usize) -> String {
    let shortened = |stamp: String| {
        let text = stamp.trim_end_matches('0').trim_end_matches('.');
        text.to_string()
    };
    match array.data_type() {
        DataType::Boolean => array.as_boolean().value(i).to_string(),
        DataType::Int8 => array.as_primitive::<Int8Type>().value(i).to_string(),
        DataType::Int16 => array.as_primitive::<Int16Type>().value(i).to_string(),
        DataType::Int32 => array.as_primitive::<Int32Type>().value(i).to_string(),
        DataType::Int64 => array.as_primitive::<Int64Type>().value(i).to_string(),
        DataType::Float32 => java_text(array.as_primitive::<Float32Type>().value(i).into(), true),
        DataType::Float64 => java_text(array.as_primitive::<Float64Type>().value(i), false),
        DataType::Decimal128(_, scale) => {
            Decimal::of(array.as_primitive::<Decimal128Type>().value(i), *scale as u8).plain()
        }
        DataType::Date32 => date_text(array.as_primitive::<Date32Type>().value(i).into()),
        DataType::Timestamp(TimeUnit::Second, None) => {
            let millis = array.as_primitive::<TimestampSecondType>().value(i) * 1000;
            shortened(timestamp_text(Timestamp { millis, nanos: 0 }))
        }
        DataType::Timestamp(TimeUnit::Microsecond, None) => {
            let micros = array.as_primitive::<TimestampMicrosecondType>().value(i);
            let nanos = micros.rem_euclid(1000) as u32 * 1000;
            shortened(timestamp_text(Timestamp { millis: micros.div_euclid(1000), nanos }))
        }
        DataType::Utf8 => array.as_string::<i32>().value(i).to_string(),
        other => panic!("{other}"),
    }
}

/// The text of a value that is in a column of this type, as `scalar` has it.
fn normal(text: String, to: &DorisType) -> String {
    match to {
        DorisType::Boolean if text == "1" => "true".into(),
        DorisType::Boolean if text == "0" => "false".into(),
        DorisType::Float | DorisType::Double if !text.contains('.') => {
            java_text(text.parse().expect("a number"), false)
        }
        DorisType::Decimal { scale, .. } => {
            let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
            let fraction: String = fraction.chars().chain(std::iter::repeat('0')).take((*scale).into()).collect();
            let text = if fraction.is_empty() { whole.to_string() } else { format!("{whole}.{fraction}") };
            if text.chars().all(|c| matches!(c, '-' | '0' | '.')) { text.trim_start_matches('-').into() } else { text }
        }
        DorisType::DateTime { .. } if text.len() == 10 => format!("{text} 00:00:00"),
        DorisType::DateTime { .. } => {
            if text.contains('.') {
                text.trim_end_matches('0').into()
            } else {
                text
            }
        }
        _ => text,
    }
}

/// Where a cell is not what the reference has, that of both.
fn difference(
    array: &dyn Array,
    i: usize,
    value: &Value,
    (from, to): (&LogicalType, &DorisType),
    reference: &Reference,
) -> Option<String> {
    let is_null = array.is_null(i);
    let nested = |array: &dyn Array, i, value: &Value, from: &LogicalType, to: &DorisType| {
        difference(array, i, value, (from, to), reference)
    };
    let int = LogicalType { root: Root::Integer, nullable: true };
    let text = LogicalType { root: Root::Varchar, nullable: true };
    let lengths = |a: usize, b: usize| (a != b).then(|| format!("{a} elements instead of {b}"));
    match (value, &from.root, to) {
        (Value::Null, ..) => (!is_null).then(|| "a value instead of NULL".into()),
        (Value::Array(items), Root::Array { element }, DorisType::Array(to)) => {
            let cells = array.as_list::<i32>().value(i);
            let each = |(i, item)| nested(&cells, i, item, element, to);
            lengths(cells.len(), items.len()).or_else(|| items.iter().enumerate().find_map(each))
        }
        (Value::Map(entries), root, DorisType::Map(to_key, to)) => {
            let ty = if let Root::Map { value, .. } = root { value } else { &int };
            let pairs = array.as_map().value(i);
            let each = |(i, (name, value)): (usize, (&String, &Value))| {
                nested(pairs.column(0), i, &Value::Text(name.clone()), &text, to_key)
                    .or_else(|| nested(pairs.column(1), i, value, ty, to))
            };
            lengths(pairs.len(), entries.len()).or_else(|| entries.iter().enumerate().find_map(each))
        }
        (Value::Row(values), Root::Row { fields }, DorisType::Struct(to)) => {
            let cells = array.as_struct();
            to.iter().enumerate().find_map(|(place, (name, to))| {
                let field = fields.iter().position(|f| f.name.eq_ignore_ascii_case(name)).expect("a field");
                nested(cells.column(place), i, &values[field], &fields[field].ty, to)
            })
        }
        _ => {
            let expected = reference.column(value, from, to, true, Notation::Content).expect("a good value");
            let expected = expected.map(|text| normal(text, to));
            let found = (!is_null).then(|| scalar(array, i)).map(|text| normal(text, to));
            (found != expected).then(|| format!("{found:?} instead of {expected:?}"))
        }
    }
}

fn check(case: &Case, batch: &RecordBatch, i: usize, values: &[Value]) -> Result<(), String> {
    for (c, (field, column)) in case.fields.iter().zip(&case.table.columns).enumerate() {
        if batch.schema().field(c).name() != &column.name {
            return Err(format!("{} instead of {}", batch.schema().field(c).name(), column.name));
        }
        let types = (&field.ty, &column.ty);
        if let Some(difference) = difference(batch.column(c), i, &values[c], types, &case.reference) {
            return Err(format!("{field:?} in {}: {difference}, {:?}", column.ty, values[c]));
        }
    }
    Ok(())
}

fn run(tape: &mut Tape) -> Result<Vec<&'static str>, String> {
    let case = case(tape, Format::Arrow);
    let spec = BodySpec { delete_sign: true, ..case.spec.clone() };
    let table = DorisTable { model: KeyModel::Unique, ..case.table.clone() };
    let Ok(mut encoder) = BodyEncoder::new(spec, &case.fields, Some(&table)) else { return Ok(vec!["refused"]) };
    let (mut endings, mut body, mut written) = (Vec::new(), Vec::new(), Vec::new());
    encoder.begin(&mut body);
    for _ in 0..1 + tape.below(6) {
        let values = row::values(tape, &case.fields, true);
        let bytes = write::row(&values, &case.fields, Kind::Insert);
        match (encoder.append(&bytes, written.len() % 2 == 1, &mut body), case.expected(&values, Notation::Content)) {
            (Ok(()), Ok(_)) => {
                written.push(values);
                endings.push("written");
            }
            (Err(bad), Err((column, reason))) if bad.reason == reason && bad.column == column => {
                endings.push(ending(reason));
            }
            (Err(bad), _) if bad.reason == BadValue::BeforeEpoch => endings.push("before 1970"),
            // A placeholder stands for it only in rows that are deleted.
            (Ok(()), Err((_, BadValue::NullInNotNull))) if written.len() % 2 == 1 => return Ok(vec!["placeholder"]),
            // Behind the placeholder something else is bad.
            (Err(_), Err((_, BadValue::NullInNotNull))) if written.len() % 2 == 1 => endings.push("another"),
            (result, expected) => return Err(format!("{result:?} instead of {expected:?} for {values:?}")),
        }
    }
    encoder.finish(&mut body);
    let mut rows = written.iter().enumerate();
    for batch in batches(&body) {
        let signs = batch.column(batch.num_columns() - 1).as_primitive::<Int8Type>().clone();
        for i in 0..batch.num_rows() {
            let (n, values) = rows.next().ok_or("too many rows")?;
            check(&case, &batch, i, values)?;
            if i32::from(signs.value(i)) != n as i32 % 2 {
                return Err(format!("the delete sign {} in row {n}", signs.value(i)));
            }
        }
    }
    if rows.next().is_some() { Err("too few rows".into()) } else { Ok(endings) }
}

#[test]
fn streams_are_read_back() {
    let counts = count(run);
    let kinds = ["written", "refused", "before 1970", "NULL", "too long", "loses digits", "out of range", "not finite"];
    if std::env::var_os("PROPTEST_CASES").is_none() {
        assert!(kinds.iter().all(|kind| counts.contains_key(kind)), "{counts:?}");
    }
}

fn fields(columns: &[(&str, &str)]) -> Vec<Field> {
    columns.iter().map(|(name, ty)| Field { name: (*name).into(), ty: sql_type::parse(ty) }).collect()
}

fn table(columns: &[(&str, &str)]) -> DorisTable {
    let column = |(name, ty): &(&str, &str)| DorisColumn {
        name: (*name).into(),
        ty: DorisType::parse(ty),
        nullable: true,
        key: false,
        default: false,
    };
    DorisTable {
        database: "db".into(),
        name: "t".into(),
        model: KeyModel::Unique,
        columns: columns.iter().map(column).collect(),
        sequence: Sequence::None,
    }
}

#[test]
fn batches_are_of_bounded_size() {
    let fields = fields(&[("id", "INT"), ("t", "STRING")]);
    let mut encoder = BodyEncoder::new(BodySpec::new(Format::Arrow), &fields, None).unwrap();
    assert_eq!(
        encoder.headers(),
        [("format", "arrow".to_string()), ("timezone", "UTC".into()), ("columns", "`id`,`t`".into())]
    );
    assert_eq!(encoder.separator(), b"");
    for long in [false, true] {
        let text = if long { "x".repeat(100_000) } else { String::new() };
        let count = if long { 100 } else { 10_000 };
        let mut body = Vec::new();
        encoder.begin(&mut body);
        for id in 0..count {
            let row = write::row(&[Value::Int(id), Value::Text(text.clone())], &fields, Kind::Insert);
            encoder.append(&row, false, &mut body).unwrap();
            assert!(encoder.pending() < 1_300_000);
        }
        assert!(encoder.pending() > 0);
        encoder.finish(&mut body);
        assert_eq!(encoder.pending(), 0);
        let lens: Vec<usize> = batches(&body).iter().map(RecordBatch::num_rows).collect();
        let expected = if long { vec![11; 9].into_iter().chain([1]).collect() } else { vec![4064, 4064, 1872] };
        assert_eq!(lens, expected);
        let ids: Vec<i32> = batches(&body)
            .iter()
            .flat_map(|batch| batch.column(0).as_primitive::<Int32Type>().values().to_vec())
            .collect();
        assert_eq!(ids, (0..count).collect::<Vec<_>>());
    }
}

#[test]
fn a_body_that_is_begun_anew_forgets_the_last() {
    let fields = fields(&[("id", "INT")]);
    let mut encoder = BodyEncoder::new(BodySpec::new(Format::Arrow), &fields, None).unwrap();
    let row = |id| write::row(&[Value::Int(id)], &fields, Kind::Insert);
    let mut lost = Vec::new();
    encoder.begin(&mut lost);
    encoder.append(&row(1), false, &mut lost).unwrap();
    let mut body = Vec::new();
    encoder.begin(&mut body);
    encoder.append(&row(2), false, &mut body).unwrap();
    encoder.finish(&mut body);
    let read = batches(&body);
    assert_eq!((read.len(), read[0].column(0).as_primitive::<Int32Type>().values().to_vec()), (1, vec![2]));
    let mut empty = Vec::new();
    encoder.begin(&mut empty);
    encoder.finish(&mut empty);
    assert!(batches(&empty).is_empty());
}

#[test]
fn a_bad_row_is_taken_back_whole() {
    let fields = fields(&[("a", "ARRAY<STRING>"), ("m", "MAP<STRING, INT>"), ("s", "STRING"), ("n", "INT")]);
    let target = table(&[("a", "array<string>"), ("m", "map<string,int>"), ("s", "string"), ("n", "tinyint")]);
    let mut encoder = BodyEncoder::new(BodySpec::new(Format::Arrow), &fields, Some(&target)).unwrap();
    let row = |n: i32| {
        let list = Value::Array(vec![Value::Text(format!("a{n}")), Value::Null]);
        let map = Value::Map([(format!("k{n}"), Value::Int(n))].into());
        write::row(&[list, map, Value::Text(format!("s{n}")), Value::Int(n)], &fields, Kind::Insert)
    };
    let mut body = Vec::new();
    encoder.begin(&mut body);
    for n in [1, 1000, 2, 2000] {
        let bad = encoder.append(&row(n), false, &mut body).err();
        assert_eq!(bad.as_ref().map(|bad| bad.reason), (n > 127).then_some(BadValue::OutOfRange));
    }
    encoder.finish(&mut body);
    let [batch] = &batches(&body)[..] else { panic!("one batch") };
    assert_eq!(batch.num_rows(), 2);
    assert_eq!(batch.column(1).as_map().value(1).column(0).as_string::<i32>().value(0), "k2");
    assert_eq!(batch.column(0).as_list::<i32>().value(1).as_string::<i32>().value(0), "a2");
    assert_eq!(batch.column(2).as_string::<i32>().value(1), "s2");
}

#[test]
fn what_doris_misreads_is_refused() {
    for (flink, doris) in [
        ("STRING", "json"),
        ("STRING", "variant"),
        ("STRING", "int"),
        ("STRING", "date"),
        ("STRING", "ipv4"),
        ("INT", "json"),
        ("ARRAY<STRING>", "array<int>"),
        ("ROW<a STRING>", "struct<a:json>"),
    ] {
        let target = table(&[("c", doris)]);
        let error =
            BodyEncoder::new(BodySpec::new(Format::Arrow), &fields(&[("c", flink)]), Some(&target)).unwrap_err();
        assert!(error.to_string().contains("sink.properties.format = json"), "{error}");
    }
    let target = table(&[("c", "datetime(3)")]);
    let columns = fields(&[("c", "TIMESTAMP(3)")]);
    let mut encoder = BodyEncoder::new(BodySpec::new(Format::Arrow), &columns, Some(&target)).unwrap();
    let row = |millis| write::row(&[Value::Timestamp(Timestamp { millis, nanos: 0 })], &columns, Kind::Insert);
    let mut body = Vec::new();
    assert_eq!(encoder.append(&row(-1), false, &mut body).unwrap_err().reason, BadValue::BeforeEpoch);
    encoder.append(&row(0), false, &mut body).unwrap();
}
