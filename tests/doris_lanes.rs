//! One loader for several tables: each writer has a lane, and rows with a sequence may arrive in any order.

mod doris;

use canal_native::doris::body::{BodyEncoder, BodySpec, Format};
use canal_native::doris::loader::{Lane, Loader, LoaderPlan};
use canal_native::doris::table::{DorisColumn, DorisTable, DorisType, KeyModel, Sequence};
use canal_native::doris::writer::{Deletes, Limits, Writer, Written};
use canal_native::row::RowKind;
use canal_native::schema::{Field, LogicalType, Root};
use doris::{Doris, package, target};
use doris_standin::fault::{Fault, FaultName};
use std::sync::Arc;
use std::time::Duration;

const LONG: Duration = Duration::from_secs(60);

/// A table of (id, v) with a hidden sequence column.
fn create(doris: &Doris, table: &str) {
    doris.sql(&format!(
        "CREATE TABLE shop.{table} (id BIGINT NOT NULL, v BIGINT NULL) UNIQUE KEY(id) DISTRIBUTED BY HASH(id) BUCKETS 1 \
         PROPERTIES ('replication_num' = '1', 'function_column.sequence_type' = 'bigint')"
    ));
}

fn writer(loader: &Arc<Loader>, table: &str, format: Format) -> Writer {
    let bigint = |name: &str| Field { name: name.into(), ty: LogicalType { root: Root::Bigint, nullable: true } };
    let column = |name: &str, key: bool| DorisColumn {
        name: name.into(),
        ty: DorisType::BigInt,
        nullable: !key,
        key,
        default: false,
    };
    let found = DorisTable {
        database: "shop".into(),
        name: table.into(),
        model: KeyModel::Unique,
        columns: vec![column("id", true), column("v", false)],
        sequence: Sequence::Hidden,
    };
    let spec = BodySpec { delete_sign: true, sequence: true, ..BodySpec::new(format) };
    let encoder = BodyEncoder::new(spec, &[bigint("id"), bigint("v")], Some(&found)).expect("an encoder");
    let lane = Lane::new(target(table, encoder.headers()), false);
    let limits = Limits { rows: 1000, bytes: 1 << 20, memory: 1 << 24 };
    Writer::new(encoder, (Arc::clone(loader), lane), limits, Deletes::Signed, false, None)
}

fn write(writer: &mut Writer, sequence: i64, kind: RowKind, id: u64, v: u64) {
    let row = [[0; 8], id.to_le_bytes(), v.to_le_bytes()].concat();
    writer.set_sequence(sequence);
    assert!(matches!(writer.write(&row, kind).unwrap(), Written::Taken));
}

fn sent(writer: &mut Writer) {
    writer.flush().unwrap();
    assert!(writer.await_settled(LONG).unwrap());
}

fn loader(doris: &Doris) -> Arc<Loader> {
    Arc::new(Loader::start(LoaderPlan { in_flight: 4, ..doris.plan("orders", false) }).expect("a thread"))
}

#[test]
fn a_row_with_a_lower_sequence_changes_nothing() {
    let doris = Doris::start();
    let loader = loader(&doris);
    for (table, format) in [("j", Format::Json), ("c", Format::csv())] {
        create(&doris, table);
        let mut writer = writer(&loader, table, format);
        write(&mut writer, 20, RowKind::Insert, 1, 200);
        write(&mut writer, 21, RowKind::Insert, 2, 210);
        write(&mut writer, 22, RowKind::Delete, 3, 0);
        sent(&mut writer);
        // The same messages once more, from before.
        write(&mut writer, 10, RowKind::Insert, 1, 100);
        write(&mut writer, 11, RowKind::Delete, 2, 0);
        write(&mut writer, 12, RowKind::Insert, 3, 120);
        sent(&mut writer);
        let row = |id: &str, v: &str| vec![Some(id.to_string()), Some(v.to_string())];
        assert_eq!(
            doris.sql(&format!("SELECT id, v FROM shop.{table} ORDER BY id")),
            [row("1", "200"), row("2", "210")]
        );
        write(&mut writer, i64::MAX, RowKind::Insert, 1, 300);
        sent(&mut writer);
        assert_eq!(doris.number(&format!("SELECT v FROM shop.{table} WHERE id = 1")), 300);
    }
}

#[test]
fn a_key_that_changes_takes_its_sequence_with_it() {
    let doris = Doris::start();
    create(&doris, "t");
    let mut writer = writer(&loader(&doris), "t", Format::Json);
    write(&mut writer, 1, RowKind::Insert, 1, 7);
    sent(&mut writer);
    write(&mut writer, 2, RowKind::UpdateBefore, 1, 7);
    write(&mut writer, 2, RowKind::UpdateAfter, 5, 8);
    sent(&mut writer);
    assert_eq!(doris.number("SELECT id * 100 + v FROM shop.t"), 508);
}

#[test]
fn a_lane_waits_for_its_own_loads_only() {
    let doris = Doris::start();
    create(&doris, "slow");
    create(&doris, "fast");
    let loader = loader(&doris);
    let (mut slow, mut fast) = (writer(&loader, "slow", Format::Json), writer(&loader, "fast", Format::Json));
    let held = doris.fault(Fault { table: Some("slow".into()), ..Fault::new(FaultName::TooManyVersions).times(3) });
    write(&mut slow, 1, RowKind::Insert, 1, 1);
    write(&mut fast, 1, RowKind::Insert, 1, 1);
    slow.flush().unwrap();
    doris.until(|| doris.hits(held) > 0);
    sent(&mut fast);
    assert_eq!(doris.number("SELECT count(*) FROM shop.fast"), 1);
    assert!(!slow.await_settled(Duration::ZERO).unwrap());
    assert!(slow.await_settled(LONG).unwrap());
    assert_eq!(doris.number("SELECT count(*) FROM shop.slow"), 1);
    let account = loader.account();
    assert_eq!((account.loads, account.rows, account.open), (2, 2, 0));
}

#[test]
fn an_ordered_lane_sends_one_body_at_a_time() {
    let doris = Doris::start();
    let loader = loader(&doris);
    let lane = Lane::new(doris.plan("orders", false).target, true);
    let held = doris.fault(Fault::new(FaultName::TooManyVersions).times(2));
    for value in ["first", "second", "third"] {
        loader.load_into(&lane, package(0..3, value));
    }
    assert!(loader.wait(LONG, |_| lane.open() == 0).unwrap());
    assert_eq!(doris.hits(held), 2);
    assert_eq!(doris.number("SELECT count(*) FROM shop.orders WHERE v = 'third'"), 3);
}
