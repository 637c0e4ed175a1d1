//! Arrow IPC streams as bodies.

use crate::server::{counts, failed, server, succeeded};
use arrow_array::{
    Array, ArrayRef, BooleanArray, Date32Array, Decimal128Array, Float64Array, Int64Array, ListArray, RecordBatch,
    StringArray, TimestampMicrosecondArray, types::Int32Type,
};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use std::sync::Arc;

fn stream(columns: Vec<(&str, ArrayRef)>) -> Vec<u8> {
    let fields: Vec<Field> = columns.iter().map(|(n, a)| Field::new(*n, a.data_type().clone(), true)).collect();
    let schema = Arc::new(Schema::new(fields));
    let batch = RecordBatch::try_new(schema.clone(), columns.into_iter().map(|(_, a)| a).collect()).unwrap();
    let mut writer = arrow_ipc::writer::StreamWriter::try_new(Vec::new(), &schema).unwrap();
    writer.write(&batch).unwrap();
    writer.finish().unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn typed_columns_are_found_by_name_and_cast_to_the_tables_types() {
    let server = server();
    server.sql(
        "CREATE TABLE a (id INT, paid BOOLEAN, amount DECIMAL(9, 2), rate DOUBLE, name STRING, day DATE, at DATETIME(6), \
         items ARRAY<INT>) DISTRIBUTED BY HASH(id) BUCKETS 1",
    );
    let at = TimestampMicrosecondArray::from(vec![Some(1_715_000_000_123_456), None]);
    assert_eq!(at.data_type(), &DataType::Timestamp(TimeUnit::Microsecond, None));
    let items = ListArray::from_iter_primitive::<Int32Type, _, _>([Some(vec![Some(1), None]), None]);
    let body = stream(vec![
        ("name", Arc::new(StringArray::from(vec![Some("x|,\n"), None]))),
        ("id", Arc::new(Int64Array::from(vec![1, 2]))),
        ("paid", Arc::new(BooleanArray::from(vec![Some(true), None]))),
        ("amount", Arc::new(Decimal128Array::from(vec![Some(1999), None]).with_precision_and_scale(20, 3).unwrap())),
        ("rate", Arc::new(Float64Array::from(vec![Some(0.25), None]))),
        ("day", Arc::new(Date32Array::from(vec![Some(19_000), None]))),
        ("at", Arc::new(at)),
        ("items", Arc::new(items)),
        ("extra", Arc::new(Int64Array::from(vec![8, 9]))),
    ]);
    succeeded(&server.load("a", &[("format", "arrow"), ("strict_mode", "true")], body));
    let found = server.sql("SELECT * FROM a ORDER BY id");
    let first = "1|1|2.00|0.25|x|,\n|2022-01-08|2024-05-06 12:53:20.123456|[1, null]\n";
    assert_eq!(found, format!("{first}2|NULL|NULL|NULL|NULL|NULL|NULL|NULL"));
}

#[test]
fn a_value_too_large_for_its_column_is_filtered_in_strict_mode() {
    let server = server();
    server.sql("CREATE TABLE a (id TINYINT) DISTRIBUTED BY HASH(id) BUCKETS 1");
    let body = stream(vec![("id", Arc::new(Int64Array::from(vec![127, 128])))]);
    let headers = [("format", "arrow"), ("strict_mode", "true"), ("max_filter_ratio", "0.5")];
    assert_eq!(counts(&server.load("a", &headers, body)), [2, 1, 1, 0]);
}

#[test]
fn what_is_no_arrow_stream_fails() {
    let server = server();
    server.sql("CREATE TABLE a (id TINYINT) DISTRIBUTED BY HASH(id) BUCKETS 1");
    failed(&server.load("a", &[("format", "arrow")], "1,2,3"), "Open ArrowReader failed");
}
