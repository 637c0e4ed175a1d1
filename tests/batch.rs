//! Batches hold exactly the rows that the decoder gives message by message, and say what became of the others.

mod arrow_rows;
mod generator;
mod reference;
mod rows;
mod scenario;
mod session;

use arrow::array::{Array, AsArray, StructArray};
use arrow::datatypes::{DataType, Int32Type};
use canal_native::batch::{BatchDecoder, DecoderOptions, Outcome, Refusal};
use canal_native::canal::decode::Reason;
use canal_native::canal::event::EventKind;
use canal_native::schema::{Field, LogicalType, Root, Semantics};
use generator::{Tape, message, table};
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestRunner};
use reference::changelog::Reference;
use reference::value::{Row, Timestamp, Value};
use scenario::{ALL_METADATA, captured_messages, captured_schemas, spec_of};
use serde_json::json;
use session::{Seen, Session};
use std::cell::RefCell;
use std::collections::BTreeMap;

/// A batch decoder for a table; its filters are names.
fn decoder(table: &Reference) -> BatchDecoder {
    let mut spec = serde_json::to_value(&table.spec).expect("JSON");
    let members = spec.as_object_mut().expect("an object");
    for (flag, option, name) in
        [("filterDatabase", "databaseInclude", &table.database), ("filterTable", "tableInclude", &table.table)]
    {
        members.remove(flag);
        if let Some(name) = name {
            members.insert(option.into(), regex::escape(name).into());
        }
    }
    // A metadata column called as a column of the table needs another name.
    let keys: Vec<String> = serde_json::from_value(members["metadata"].clone()).expect("keys");
    let taken = keys.into_iter().filter(|key| table.spec.fields.iter().any(|field| field.name == *key));
    let names: serde_json::Map<_, _> = taken.map(|key| (key.clone(), format!("metadata {key}").into())).collect();
    members.insert("columnNames".into(), names.into());
    open(&spec)
}

fn open(spec: &serde_json::Value) -> BatchDecoder {
    let options = DecoderOptions::from_json(spec.to_string().as_bytes()).expect("a specification");
    BatchDecoder::new(options).expect("a decoder")
}

fn decode(decoder: &mut BatchDecoder, messages: &[impl AsRef<[u8]>]) -> (StructArray, Vec<Outcome>) {
    let mut outcomes = Vec::new();
    let batch = decoder.decode(messages.iter().map(AsRef::as_ref), &mut outcomes).expect("a batch");
    (batch, outcomes)
}

/// Whether Arrow's units can hold every timestamp of the row.
fn fits(row: &Row, fields: &[Field]) -> bool {
    row.values.iter().zip(fields).all(|(value, field)| value_fits(value, &field.ty.root))
}

fn value_fits(value: &Value, root: &Root) -> bool {
    match (value, root) {
        (Value::Timestamp(stamp), Root::TimestampWithoutTimeZone { precision })
        | (Value::Instant(stamp), Root::TimestampWithLocalTimeZone { precision }) => stamp_fits(*stamp, *precision),
        (Value::Array(values), Root::Array { element }) => values.iter().all(|v| value_fits(v, &element.root)),
        (Value::Map(map), Root::Map { value, .. }) => map.values().all(|v| value_fits(v, &value.root)),
        (Value::Row(values), Root::Row { fields }) => {
            values.iter().zip(fields).all(|(value, field)| value_fits(value, &field.ty.root))
        }
        _ => true,
    }
}

fn stamp_fits(stamp: Timestamp, precision: u8) -> bool {
    let digits = [1_000_000, 1_000, 1][usize::from(precision.div_ceil(3).saturating_sub(1))];
    // The years that 64 bits of nanoseconds reach, to the nanosecond.
    let nanos = i128::from(stamp.millis) * 1_000_000 + i128::from(stamp.nanos);
    stamp.nanos % digits == 0 && (digits != 1 || i64::try_from(nanos).is_ok())
}

/// What a batch must say of a message that the row decoder answered with `seen`, and the rows it adds.
fn expected(seen: Seen, nulled: bool, fields: &[Field]) -> (Outcome, Vec<Row>) {
    let outcome = match seen {
        Seen::Rows(rows) if rows.iter().all(|row| fits(row, fields)) => {
            return (Outcome::Rows { rows: rows.len(), nulled }, rows);
        }
        Seen::Rows(_) => Outcome::Refused(Refusal::OutOfRange),
        Seen::Filtered => Outcome::Filtered,
        Seen::Skipped(kind) => Outcome::Skipped(kind),
        Seen::Dropped => Outcome::Dropped,
        Seen::Delegated(reason) => Outcome::Refused(Refusal::Unproven(reason)),
    };
    (outcome, Vec::new())
}

/// Decodes the messages one by one and as a batch; returns the outcomes.
fn same(table: &Reference, messages: &[Vec<u8>]) -> Result<Vec<Outcome>, String> {
    let mut session = Session::open(table);
    let (mut outcomes, mut rows) = (Vec::new(), Vec::new());
    for message in messages {
        let answer = session.decode(message)?;
        let (outcome, more) = expected(answer.seen, answer.flags.nulled, &table.spec.fields);
        outcomes.push(outcome);
        rows.extend(more);
    }
    let mut decoder = decoder(table);
    let (batch, seen) = decode(&mut decoder, messages);
    batch.to_data().validate_full().map_err(|e| e.to_string())?;
    if seen != outcomes {
        return Err(format!("outcomes {seen:?}\nby rows {outcomes:?}"));
    }
    let found = arrow_rows::read(&batch, &table.spec.fields, &table.spec.metadata)?;
    if found != rows {
        let texts = |rows: &[Row]| rows.iter().map(|row| format!("\n  {row}")).collect::<String>();
        return Err(format!("batch{}\nrows{}", texts(&found), texts(&rows)));
    }
    // The same decoder again, in two batches: what it remembers changes nothing.
    let (first, second) = messages.split_at(messages.len() / 2);
    let mut found = Vec::new();
    for part in [first, second] {
        let (batch, _) = decode(&mut decoder, part);
        found.extend(arrow_rows::read(&batch, &table.spec.fields, &table.spec.metadata)?);
    }
    if found == rows { Ok(outcomes) } else { Err("another batch of the same decoder differs".into()) }
}

fn name_of(outcome: &Outcome) -> &'static str {
    match outcome {
        Outcome::Rows { rows: 0, .. } => "no rows",
        Outcome::Rows { .. } => "rows",
        Outcome::Filtered => "filtered",
        Outcome::Skipped(_) => "skipped",
        Outcome::Dropped => "dropped",
        Outcome::Refused(Refusal::Unproven(_)) => "refused",
        Outcome::Refused(Refusal::OutOfRange) => "out of range",
    }
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
        config.rng_seed = RngSeed::Fixed(1_589_373_561);
    }
    let counts = RefCell::new(BTreeMap::<&str, u32>::new());
    let result = TestRunner::new(config).run(&prop::collection::vec(any::<u32>(), 0..3000), |tape| {
        let mut tape = Tape::new(&tape);
        let table = table(&mut tape);
        let mut messages: Vec<Vec<u8>> = Vec::new();
        for _ in 0..1 + tape.below(8) {
            let next = message::next(&mut tape, &table.spec.fields, messages.last().map(Vec::as_slice));
            messages.push(next);
        }
        let outcomes = same(&table, &messages).map_err(|e| {
            let texts: Vec<_> = messages.iter().map(|m| String::from_utf8_lossy(m)).collect();
            TestCaseError::fail(format!("{e}\nmessages: {}\ntable: {table:?}", texts.join("\n")))
        })?;
        for outcome in &outcomes {
            *counts.borrow_mut().entry(name_of(outcome)).or_default() += 1;
        }
        Ok(())
    });
    if let Err(e) = result {
        panic!("{e}");
    }
    let counts = counts.into_inner();
    for (outcome, least) in [
        ("rows", 500),
        ("no rows", 5),
        ("filtered", 20),
        ("skipped", 20),
        ("dropped", 20),
        ("refused", 100),
        ("out of range", 5),
    ] {
        assert!(counts.get(outcome).is_some_and(|n| *n >= least), "too few messages were {outcome}: {counts:?}");
    }
}

/// Everything that real Canal servers wrote, a batch for each table.
#[test]
fn captured_messages_as_batches() {
    for set in scenario::CAPTURED {
        let schemas = captured_schemas(set);
        let mut tables: BTreeMap<String, Vec<Vec<u8>>> = BTreeMap::new();
        for message in captured_messages(set) {
            let json: serde_json::Value = serde_json::from_slice(&message).expect("JSON");
            let name = |member: &str| json[member].as_str().unwrap_or("").to_string();
            tables.entry(format!("{}.{}", name("database"), name("table"))).or_default().push(message);
        }
        let mut rows = 0;
        for (name, messages) in tables {
            let Some(fields) = schemas.get(&name) else { continue };
            let mut spec = spec_of(fields.clone());
            spec.metadata = ALL_METADATA.to_vec();
            let table = Reference { spec, database: None, table: None };
            let outcomes = same(&table, &messages).unwrap_or_else(|e| panic!("{set}, {name}: {e}"));
            rows += outcomes.iter().map(|o| if let Outcome::Rows { rows, .. } = o { *rows } else { 0 }).sum::<usize>();
        }
        assert!(rows > 500, "{set}: only {rows} rows");
    }
}

fn field(name: &str, root: Root) -> Field {
    Field { name: name.into(), ty: LogicalType { root, nullable: true } }
}

fn table_of(fields: Vec<Field>) -> Reference {
    Reference { spec: spec_of(fields), database: None, table: None }
}

fn insert(table: &str, data: serde_json::Value) -> Vec<u8> {
    json!({"data": [data], "database": "d", "es": 1, "isDdl": false, "old": null, "pkNames": ["id"],
           "sqlType": {"id": -5}, "table": table, "ts": 2, "type": "INSERT"})
    .to_string()
    .into_bytes()
}

/// The table of docs/other-hosts.md, by Arrow's own names.
#[test]
fn each_type_has_its_arrow_type() {
    let ty = |root| Box::new(LogicalType { root, nullable: true });
    let string = || ty(Root::Varchar);
    let cases = [
        (Root::Null, "Null"),
        (Root::Boolean, "Boolean"),
        (Root::Tinyint, "Int8"),
        (Root::Smallint, "Int16"),
        (Root::Integer, "Int32"),
        (Root::Bigint, "Int64"),
        (Root::Float, "Float32"),
        (Root::Double, "Float64"),
        (Root::Char, "Utf8"),
        (Root::Varchar, "Utf8"),
        (Root::Binary, "Binary"),
        (Root::Varbinary, "Binary"),
        (Root::Decimal { precision: 38, scale: 10 }, "Decimal128(38, 10)"),
        (Root::Date, "Date32"),
        (Root::TimeWithoutTimeZone { precision: 0 }, "Time32(Millisecond)"),
        (Root::TimestampWithoutTimeZone { precision: 0 }, "Timestamp(Millisecond, None)"),
        (Root::TimestampWithoutTimeZone { precision: 3 }, "Timestamp(Millisecond, None)"),
        (Root::TimestampWithoutTimeZone { precision: 6 }, "Timestamp(Microsecond, None)"),
        (Root::TimestampWithLocalTimeZone { precision: 4 }, "Timestamp(Microsecond, Some(\"UTC\"))"),
        (Root::TimestampWithLocalTimeZone { precision: 7 }, "Timestamp(Nanosecond, Some(\"UTC\"))"),
        (Root::IntervalYearMonth, "Interval(YearMonth)"),
        (Root::IntervalDayTime, "Duration(Millisecond)"),
    ];
    let (fields, texts): (Vec<_>, Vec<_>) =
        cases.into_iter().enumerate().map(|(i, (root, text))| (field(&format!("c{i}"), root), text)).unzip();
    let decoder = decoder(&table_of(fields));
    let found: Vec<String> = decoder.columns().iter().skip(1).map(|f| f.data_type().to_string()).collect();
    assert_eq!(found, texts);
    assert!(decoder.columns().iter().skip(1).all(|f| f.is_nullable()));
    assert!(!decoder.columns()[0].is_nullable());

    let nested = table_of(vec![
        field("a", Root::Array { element: ty(Root::Date) }),
        field("m", Root::Map { key: string(), value: ty(Root::Double) }),
        field("s", Root::Multiset { element: string() }),
        field("r", Root::Row { fields: vec![field("x", Root::Tinyint)] }),
    ]);
    let found: Vec<DataType> =
        crate::decoder(&nested).columns().iter().skip(1).map(|f| f.data_type().clone()).collect();
    assert!(matches!(&found[0], DataType::List(item) if item.data_type() == &DataType::Date32));
    for (map, value) in [(&found[1], DataType::Float64), (&found[2], DataType::Int32)] {
        let DataType::Map(entries, false) = map else { panic!("{map}") };
        let DataType::Struct(parts) = entries.data_type() else { panic!("{map}") };
        assert_eq!((parts[0].data_type(), parts[1].data_type()), (&DataType::Utf8, &value));
        assert!(!parts[0].is_nullable() && parts[1].is_nullable());
    }
    assert!(matches!(&found[3], DataType::Struct(parts) if parts[0].name() == "x"));
}

/// Values drawn by hand, next to NULLs of each type.
#[test]
fn values_of_each_type_and_nulls() {
    let ty = |root| Box::new(LogicalType { root, nullable: true });
    let columns = [
        ("boolean", Root::Boolean, json!("1"), "true"),
        ("tinyint", Root::Tinyint, json!("-128"), "-128"),
        ("smallint", Root::Smallint, json!("32767"), "32767"),
        ("int", Root::Integer, json!("-2147483648"), "-2147483648"),
        ("bigint", Root::Bigint, json!("9223372036854775807"), "9223372036854775807"),
        ("float", Root::Float, json!("1.5"), "1.5"),
        ("double", Root::Double, json!("-0.1"), "-0.1"),
        ("text", Root::Varchar, json!("a text, é"), "\"a text, é\""),
        ("empty", Root::Char, json!(""), "\"\""),
        ("bytes", Root::Varbinary, json!("AP8="), "x'00ff'"),
        ("small", Root::Decimal { precision: 10, scale: 2 }, json!("-12.5"), "-12.50"),
        (
            "big",
            Root::Decimal { precision: 38, scale: 0 },
            json!("99999999999999999999999999999999999999"),
            "99999999999999999999999999999999999999",
        ),
        ("date", Root::Date, json!("1969-12-31"), "1969-12-31"),
        ("time", Root::TimeWithoutTimeZone { precision: 0 }, json!("23:59:59"), "23:59:59.000"),
        (
            "ms",
            Root::TimestampWithoutTimeZone { precision: 3 },
            json!("1969-12-31 23:59:59.999"),
            "1969-12-31 23:59:59.999000000",
        ),
        (
            "us",
            Root::TimestampWithoutTimeZone { precision: 6 },
            json!("1969-12-31 23:59:59.999999"),
            "1969-12-31 23:59:59.999999000",
        ),
        (
            "ns",
            Root::TimestampWithoutTimeZone { precision: 9 },
            json!("1677-09-21 00:12:43.145224193"),
            "1677-09-21 00:12:43.145224193",
        ),
        (
            "ltz",
            Root::TimestampWithLocalTimeZone { precision: 6 },
            json!("2020-02-29 01:02:03.000001Z"),
            "2020-02-29 01:02:03.000001000Z",
        ),
        ("months", Root::IntervalYearMonth, json!("14"), "14"),
        ("days", Root::IntervalDayTime, json!("-15"), "-15"),
        ("array", Root::Array { element: ty(Root::Integer) }, json!([1, null, 3]), "[1, null, 3]"),
        (
            "map",
            Root::Map { key: ty(Root::Varchar), value: ty(Root::Varchar) },
            json!({"k": "v", "n": null}),
            "{\"k\"=\"v\", \"n\"=null}",
        ),
        ("bag", Root::Multiset { element: ty(Root::Varchar) }, json!({"k": 2}), "{\"k\"=2}"),
        (
            "row",
            Root::Row {
                fields: vec![field("x", Root::Varchar), field("y", Root::Array { element: ty(Root::Bigint) })],
            },
            json!({"x": "in", "y": [7]}),
            "(\"in\", [7])",
        ),
    ];
    let table = table_of(columns.iter().map(|(name, root, ..)| field(name, root.clone())).collect());
    let filled: serde_json::Map<_, _> =
        columns.iter().map(|(name, _, value, _)| (name.to_string(), value.clone())).collect();
    let nulls: serde_json::Map<_, _> = columns.iter().map(|(name, ..)| (name.to_string(), json!(null))).collect();
    let messages =
        [insert("t", json!(nulls)), insert("t", json!(filled)), insert("t", json!({})), insert("t", json!(filled))];
    let (batch, outcomes) = decode(&mut decoder(&table), &messages);
    assert_eq!(outcomes, vec![Outcome::Rows { rows: 1, nulled: false }; 4]);
    batch.to_data().validate_full().expect("valid Arrow data");
    let rows = arrow_rows::read(&batch, &table.spec.fields, &[]).expect("the columns");
    let texts: Vec<String> = columns.iter().map(|(.., text)| text.to_string()).collect();
    for (i, row) in rows.iter().enumerate() {
        let found: Vec<String> = row.values.iter().map(ToString::to_string).collect();
        assert_eq!(found, if i % 2 == 1 { texts.clone() } else { vec!["null".to_string(); columns.len()] });
    }
}

#[test]
fn what_is_refused_leaves_its_neighbours_alone() {
    let stamp = |precision| Root::TimestampWithoutTimeZone { precision };
    let table = table_of(vec![field("id", Root::Bigint), field("ms", stamp(3)), field("ns", stamp(9))]);
    let ok = |id: u32| insert("t", json!({"id": id.to_string(), "ms": "2020-01-31 10:11:12.123", "ns": null}));
    let with = |ms: &str, ns: &str| insert("t", json!({"id": "0", "ms": ms, "ns": ns}));
    // A second row that does not fit takes the first with it.
    let two =
        String::from_utf8(ok(8)).unwrap().replace("}],", "},{\"id\":\"9\",\"ms\":\"2020-01-31 10:11:12.1234\"}],");
    // The digits are in an image that gives no row: its rows are written wide, and fit.
    let wide =
        String::from_utf8(ok(3)).unwrap().replace("\"old\":null", "\"old\":[{\"ms\":\"2020-01-31 10:11:12.1234\"}]");
    let ddl = br#"{"data":null,"database":"d","isDdl":true,"sql":"DROP TABLE t","table":"t","type":"ERASE"}"#.to_vec();
    let messages = [
        ok(1),
        b"\xff".to_vec(),
        b"{".to_vec(),
        insert("t", json!({"id": "x"})),
        br#"{"type":"INSERT"}"#.to_vec(),
        br#"{"type":"NEW","data":[{"id":"1"}]}"#.to_vec(),
        ok(2),
        with("2020-01-31 10:11:12.123456", "2020-01-31 10:11:12.123456789"),
        with("2020-01-31 10:11:12.1", "2300-01-01 00:00:00"),
        two.into_bytes(),
        wide.into_bytes(),
        ddl,
        ok(4),
    ];
    let refused = |reason| Outcome::Refused(Refusal::Unproven(reason));
    let (one, range) = (Outcome::Rows { rows: 1, nulled: false }, Outcome::Refused(Refusal::OutOfRange));
    let (batch, outcomes) = decode(&mut decoder(&table), &messages);
    assert_eq!(
        outcomes,
        [
            one,
            refused(Reason::Encoding),
            refused(Reason::Syntax),
            refused(Reason::Value),
            refused(Reason::Shape),
            refused(Reason::EventType),
            one,
            range,
            range,
            range,
            one,
            Outcome::Skipped(EventKind::Ddl),
            one,
        ]
    );
    let rows = arrow_rows::read(&batch, &table.spec.fields, &[]).expect("the columns");
    let texts: Vec<String> = rows.iter().map(ToString::to_string).collect();
    let expected = [1, 2, 3, 4].map(|id| format!("+I({id}, 2020-01-31 10:11:12.123000000, null)"));
    assert_eq!(texts, expected);
}

#[test]
fn lenient_tables_drop_or_null() {
    let mut table = table_of(vec![field("id", Root::Bigint)]);
    table.spec.lenient = true;
    let messages = [insert("t", json!({"id": "x"})), insert("t", json!({"id": "1"}))];
    let (batch, outcomes) = decode(&mut decoder(&table), &messages);
    assert_eq!(outcomes, [Outcome::Dropped, Outcome::Rows { rows: 1, nulled: false }]);
    assert_eq!(batch.len(), 1);
    table.spec.semantics = Semantics::Flink;
    let (batch, outcomes) = decode(&mut decoder(&table), &messages);
    assert_eq!(outcomes, [Outcome::Rows { rows: 1, nulled: true }, Outcome::Rows { rows: 1, nulled: false }]);
    assert_eq!((batch.len(), batch.column(1).null_count()), (2, 1));
}

/// A dictionary has what its batch needs and no more, also when the decoder's own had to be emptied in between.
#[test]
fn dictionaries_belong_to_their_batch() {
    let mut table = table_of(vec![field("id", Root::Bigint)]);
    table.spec.metadata = ALL_METADATA.to_vec();
    let tables = canal_native::meta::MAX_VALUES + 500;
    let messages: Vec<Vec<u8>> =
        (0..2 * tables).map(|i| insert(&format!("t{}", i % tables), json!({"id": i.to_string()}))).collect();
    let mut decoder = decoder(&table);
    let (batch, _) = decode(&mut decoder, &messages);
    let names = batch.column_by_name("table").expect("the column").as_dictionary::<Int32Type>();
    let found: Vec<&str> =
        names.downcast_dict::<arrow::array::StringArray>().expect("texts").into_iter().flatten().collect();
    assert_eq!(found, (0..2 * tables).map(|i| format!("t{}", i % tables)).collect::<Vec<_>>());
    let databases = batch.column_by_name("database").expect("the column").as_dictionary::<Int32Type>();
    assert!(databases.values().len() <= 1 + 2 * tables / canal_native::meta::MAX_VALUES);
    let (batch, _) = decode(&mut decoder, &messages[..3]);
    let names = batch.column_by_name("table").expect("the column").as_dictionary::<Int32Type>();
    let values: Vec<_> = names.values().as_string::<i32>().iter().flatten().collect();
    assert_eq!(values, ["t0", "t1", "t2"]);
    let nothing = br#"{"data":[{"id":"1"}],"type":"INSERT"}"#;
    let (batch, _) = decode(&mut decoder, &[nothing]);
    for key in ["database", "table", "sql-type", "pk-names", "ingestion-timestamp", "event-timestamp"] {
        assert_eq!(batch.column_by_name(key).expect("the column").null_count(), 1, "{key}");
    }
}

#[test]
fn names_are_matched_by_pattern() {
    let spec = json!({
        "fields": [{"name": "id", "type": {"root": "BIGINT"}}], "metadata": ["table"],
        "databaseInclude": "d|e", "tableInclude": r"orders_\d{2}",
    });
    let messages: Vec<_> = ["orders_01", "orders_1", "xorders_01", "orders_01x", "orders_01", "ORDERS_01"]
        .iter()
        .map(|table| insert(table, json!({"id": "1"})))
        .collect();
    let (batch, outcomes) = decode(&mut open(&spec), &messages);
    let one = Outcome::Rows { rows: 1, nulled: false };
    let out = Outcome::Filtered;
    assert_eq!(outcomes, [one, out, out, out, one, out]);
    assert_eq!(batch.len(), 2);
    let unnamed = br#"{"data":[{"id":"1"}],"type":"INSERT"}"#;
    let (_, outcomes) = decode(&mut open(&spec), &[unnamed]);
    assert_eq!(outcomes, [Outcome::Refused(Refusal::Unproven(Reason::Metadata))]);
}

#[test]
fn columns_of_one_name_are_refused_or_renamed() {
    let refuse = |spec: &serde_json::Value| {
        let options = DecoderOptions::from_json(spec.to_string().as_bytes()).expect("a specification");
        BatchDecoder::new(options).expect_err("two columns of one name").to_string()
    };
    let mut spec = json!({
        "fields": [{"name": "table", "type": {"root": "BIGINT"}}, {"name": "row_kind", "type": {"root": "BIGINT"}}],
        "metadata": ["table"],
    });
    assert!(refuse(&spec).contains("\"row_kind\"; rename"), "{}", refuse(&spec));
    spec["columnNames"] = json!({"row_kind": "op"});
    assert!(refuse(&spec).contains("\"table\"; rename"), "{}", refuse(&spec));
    spec["columnNames"]["table"] = json!("origin");
    let decoder = open(&spec);
    let names: Vec<&str> = decoder.columns().iter().map(|column| column.name().as_str()).collect();
    assert_eq!(names, ["op", "table", "row_kind", "origin"]);
    spec["columnNames"]["database"] = json!("db");
    assert!(refuse(&spec).contains("\"database\"; the batch has row_kind, table to rename"), "{}", refuse(&spec));
    spec["columnNames"] = json!({});
    spec["fields"] = json!([{"name": "a", "type": {"root": "DATE"}}, {"name": "a", "type": {"root": "DATE"}}]);
    assert!(refuse(&spec).contains("\"a\""));
}

/// Many messages, beyond what is turned into columns at once, some of them longer than that by themselves.
#[test]
fn large_batches() {
    let table = table_of(vec![field("id", Root::Bigint), field("text", Root::Varchar)]);
    let messages: Vec<Vec<u8>> = (0..60_000)
        .map(|i| {
            let text = if i % 10_000 == 7 { "long ".repeat(30_000) } else { format!("text {i}") };
            insert("t", json!({"id": i.to_string(), "text": text}))
        })
        .collect();
    let (batch, outcomes) = decode(&mut decoder(&table), &messages);
    assert_eq!(outcomes, vec![Outcome::Rows { rows: 1, nulled: false }; messages.len()]);
    let ids = batch.column(1).as_primitive::<arrow::datatypes::Int64Type>();
    assert!(ids.values().iter().copied().eq(0..60_000));
    let texts = batch.column(2).as_string::<i32>();
    for i in [0, 7, 8, 10_006, 10_007, 59_999] {
        let expected = if i % 10_000 == 7 { "long ".repeat(30_000) } else { format!("text {i}") };
        assert_eq!(texts.value(i), expected);
    }
}

#[test]
fn no_messages_give_an_empty_batch() {
    let mut table = table_of(vec![field("id", Root::Bigint)]);
    table.spec.metadata = ALL_METADATA.to_vec();
    let (batch, outcomes) = decode(&mut decoder(&table), &[] as &[Vec<u8>]);
    assert_eq!((batch.len(), batch.num_columns(), outcomes.len()), (0, 2 + ALL_METADATA.len(), 0));
    assert_eq!(batch.fields(), decoder(&table).columns());
    let (batch, _) = decode(&mut decoder(&table_of(Vec::new())), &[insert("t", json!({"id": "1"}))]);
    assert_eq!((batch.len(), batch.num_columns()), (1, 1));
}
