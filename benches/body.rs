//! Rows to the bodies of Doris' loads.
//!
//! `cargo bench --bench body`; `-- json` for one format. Throughput is in rows: 10 columns, of about 140 bytes in CSV and
//! 270 in JSON.

#![allow(missing_docs)]

use canal_native::doris::body::{BodyEncoder, BodySpec, Format};
use canal_native::doris::table::{DorisColumn, DorisTable, DorisType, KeyModel, Sequence};
use canal_native::row::{Cell, RowKind, Sources, write_row};
use canal_native::schema::{Field, LogicalType, Root};
use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use std::hint::black_box;

/// Flink's type, Doris' and the name.
fn columns() -> Vec<(&'static str, Root, &'static str)> {
    vec![
        ("order_id", Root::Bigint, "bigint"),
        ("customer_id", Root::Integer, "int"),
        ("status", Root::Varchar, "varchar(20)"),
        ("comment", Root::Varchar, "varchar(200)"),
        ("amount", Root::Decimal { precision: 12, scale: 2 }, "decimalv3(12, 2)"),
        ("weight", Root::Double, "double"),
        ("paid", Root::Boolean, "boolean"),
        ("order_date", Root::Date, "date"),
        ("created_at", Root::TimestampWithoutTimeZone { precision: 3 }, "datetimev2(3)"),
        ("updated_at", Root::TimestampWithoutTimeZone { precision: 3 }, "datetimev2(3)"),
    ]
}

fn fields() -> Vec<Field> {
    let field =
        |(name, root, _): (&str, Root, &str)| Field { name: name.into(), ty: LogicalType { root, nullable: true } };
    columns().into_iter().map(field).collect()
}

fn table() -> DorisTable {
    let column = |(i, (name, _, ty)): (usize, (&str, Root, &str))| DorisColumn {
        name: name.into(),
        ty: DorisType::parse(ty),
        nullable: i > 0,
        key: i == 0,
        default: false,
    };
    DorisTable {
        database: "db".into(),
        name: "orders".into(),
        model: KeyModel::Unique,
        columns: columns().into_iter().enumerate().map(column).collect(),
        sequence: Sequence::None,
    }
}

fn rows() -> Vec<Vec<u8>> {
    let row = |i: u64| {
        let text = format!("shippedsome words about order {i:04}, in all");
        let created = 1_700_000_000_000 + i * 7_919;
        let cells = [
            Cell::fixed(1_000_000_000 + i * 7919),
            Cell::fixed(i * 31 % 1_000_000),
            Cell::input(0, 7),
            Cell::input(7, text.len()),
            Cell::fixed(i * 12_345 % 10_000_000),
            Cell::fixed((((i * 37) % 100_000) as f64 / 1000.0).to_bits()),
            Cell::fixed(i & 1),
            Cell::fixed(19_000 + i % 1000),
            Cell::stamp(created as i64, 0),
            Cell::stamp(created as i64 + 86_400_123, 0),
        ];
        let mut bytes = Vec::new();
        let sources = Sources { input: text.as_bytes(), scratch: b"" };
        write_row(&mut bytes, RowKind::Insert, cells.iter(), &[false; 10], sources);
        bytes
    };
    (0..1000).map(row).collect()
}

fn body(c: &mut Criterion) {
    for (name, format) in [("json", Format::Json), ("csv", Format::csv())] {
        let spec = BodySpec { delete_sign: true, ..BodySpec::new(format) };
        let mut encoder = BodyEncoder::new(spec, &fields(), Some(&table())).expect("an encoder");
        let separator = encoder.separator().to_vec();
        let (rows, mut body) = (rows(), Vec::new());
        let mut encode = move || {
            body.clear();
            for row in &rows {
                encoder.append(black_box(row), false, &mut body).expect("a good row");
                body.extend_from_slice(&separator);
            }
            black_box(body.len())
        };
        eprintln!("{name}: {} bytes a row", encode() / 1000);
        let mut group = c.benchmark_group("body");
        group.throughput(Throughput::Elements(1000));
        group.bench_function(name, |b| b.iter(&mut encode));
        group.finish();
    }
}

criterion_group!(benches, body);
criterion_main!(benches);
