//! Captured messages of many tables into a Doris that keeps state: the tables are made, and end as a plain replay of the messages says.

mod doris;
mod replay;

use canal_native::sync::open::DatabaseSpec;
use canal_native::sync::place::Place;
use canal_native::sync::writer::{Audience, Counts, DatabaseWriter, Taken};
use doris::Doris;
use doris_standin::fault::{Fault, FaultName};
use replay::{Replay, captured};
use serde_json::{Value, json};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(60);

/// A writer with small bodies; `more` replaces members of its specification.
fn open(doris: &Doris, more: Value) -> Result<DatabaseWriter, String> {
    let access = doris.access();
    let mut spec = json!({
        "fenodes": access.front_ends.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "username": access.user, "password": access.password,
        "properties": {"replication": 1, "buckets": 1},
        "format": "json",
        "label": {"prefix": "", "sink": "cafe", "job": "j1", "restored": null, "subtask": 0, "subtasks": 1},
        "maxRows": 100, "maxBytes": 100_000, "memoryBytes": 1_000_000, "inFlight": 3, "maxRetries": 3,
        "loadTimeoutSeconds": 10, "patienceSeconds": 20,
    });
    for (name, value) in more.as_object().expect("an object") {
        spec[name] = value.clone();
    }
    let spec = DatabaseSpec::from_json(spec.to_string().as_bytes()).map_err(|e| e.to_string())?;
    spec.open(&[]).map_err(|e| e.to_string())
}

/// Writes a message, however long there is no room for it.
fn write(writer: &mut DatabaseWriter, message: &[u8], sequence: i64) -> Result<(), String> {
    let place = Place { partition: 0, sequence };
    let mut taken = writer.write(message, place, Audience::One).map_err(|e| e.to_string())?;
    while taken == Taken::Full {
        writer.await_room(LONG).map_err(|e| e.to_string())?;
        taken = writer.resume().map_err(|e| e.to_string())?;
    }
    Ok(())
}

/// Writes messages, the sequence of each as if it were at this offset of a topic.
fn write_all(writer: &mut DatabaseWriter, messages: &[Vec<u8>], from: usize) {
    for (offset, message) in messages.iter().enumerate().skip(from) {
        write(writer, message, (offset as i64) << 20).unwrap_or_else(|e| panic!("message {offset}: {e}"));
    }
    flush(writer);
}

fn flush(writer: &mut DatabaseWriter) {
    writer.flush().unwrap();
    assert!(writer.await_settled(LONG).unwrap());
}

/// Both tables of the quickstart, cell by cell.
fn assert_shop(doris: &Doris, messages: &[Vec<u8>], database: &str) {
    for (table, key, columns) in [
        ("orders", &["id"][..], &["id", "customer", "amount", "status", "created", "note"][..]),
        ("order_item", &["order_id", "line_no", "sku"], &["order_id", "line_no", "sku", "qty", "price"]),
    ] {
        let expected = Replay::of(messages, "shop_dev", table).rows(columns);
        let list = columns.join(", ");
        let rows = doris.sql(&format!("SELECT {list} FROM {database}.{table} ORDER BY {}", key.join(", ")));
        assert_eq!(rows.len(), expected.len(), "{table}");
        for (row, expected) in rows.iter().zip(&expected) {
            assert_eq!(row, expected, "{table}");
        }
    }
}

#[test]
fn tables_are_made_and_end_as_the_messages_say() {
    for format in ["json", "csv"] {
        let doris = Doris::start();
        let messages = captured("quickstart/orders.jsonl.gz");
        let mut writer = open(&doris, json!({"format": format})).unwrap();
        write_all(&mut writer, &messages, 0);
        assert_shop(&doris, &messages, "shop_dev");
        let Counts { messages: with_rows, filtered, ddl, .. } = writer.counts();
        assert_eq!((with_rows, filtered, ddl), (235, 0, 2));
        let created = doris.sql("SHOW CREATE TABLE shop_dev.orders")[0][1].clone().unwrap();
        for part in [
            "UNIQUE KEY(`id`)",
            "\"function_column.sequence_type\" = \"bigint\"",
            "`status` varchar(1020) NOT NULL DEFAULT \"new\"",
        ] {
            assert!(created.contains(part), "{part}: {created}");
        }
    }
}

#[test]
fn a_replay_from_any_offset_changes_nothing() {
    let doris = Doris::start();
    let messages = captured("quickstart/orders.jsonl.gz");
    let mut writer = open(&doris, json!({})).unwrap();
    write_all(&mut writer, &messages, 0);
    for from in [200, 117, 3] {
        write_all(&mut writer, &messages, from);
        assert_shop(&doris, &messages, "shop_dev");
    }
    drop(writer);
    // A job that was started anew, from the beginning: what is in between is older than what is there.
    let mut writer = open(&doris, json!({})).unwrap();
    for (offset, message) in messages.iter().enumerate().take(150) {
        write(&mut writer, message, (offset as i64) << 20).unwrap();
    }
    flush(&mut writer);
    assert_shop(&doris, &messages, "shop_dev");
}

#[test]
fn loads_that_fail_are_sent_again() {
    for name in
        [FaultName::TooManyVersions, FaultName::CutInBody, FaultName::CutBeforeAnswer, FaultName::PublishTimeout]
    {
        let doris = Doris::start();
        let messages = captured("quickstart/orders.jsonl.gz");
        let mut writer = open(&doris, json!({"maxRows": 7})).unwrap();
        let fault = doris.fault(Fault { skip: 2, ..Fault::new(name).times(4) });
        write_all(&mut writer, &messages, 0);
        assert_eq!(doris.hits(fault), 4, "{name:?}");
        doris.cluster.store().release_publish();
        assert_shop(&doris, &messages, "shop_dev");
    }
}

#[test]
fn other_names_and_fewer_tables() {
    let doris = Doris::start();
    let messages = captured("quickstart/orders.jsonl.gz");
    let names = json!({"include": [r"shop_dev\..*"], "exclude": [".*_item"], "rename": [{"from": r"(\w+)_dev\.(.*)", "to": "ods.${1}_$2"}]});
    let mut writer = open(&doris, json!({"names": names})).unwrap_or_else(|e| panic!("{e}"));
    write_all(&mut writer, &messages, 0);
    let expected = Replay::of(&messages, "shop_dev", "orders").rows(&["id", "status"]);
    assert_eq!(doris.sql("SELECT id, status FROM ods.shop_orders ORDER BY id"), expected);
    assert_eq!(doris.number("SELECT count(*) FROM information_schema.tables WHERE TABLE_SCHEMA = 'ods'"), 1);
    assert_eq!(writer.counts().filtered, 73);
}

/// Columns of the source under other names, without one, and with some that only Doris has.
#[test]
fn other_columns() {
    for format in ["json", "csv"] {
        let doris = Doris::start();
        let messages = captured("quickstart/orders.jsonl.gz");
        let columns = json!([{"table": r"shop_dev\.orders", "rename": {"customer": "who"}, "exclude": ["note"], "add": [
            {"name": "source", "type": "varchar(20)", "value": "it's \"shop\" 1"}, {"name": "shard", "type": "int", "value": "7"},
            {"name": "db", "metadata": "database"}, {"name": "op", "metadata": "type"}, {"name": "at", "metadata": "event-timestamp"}]}]);
        let mut writer = open(&doris, json!({"columns": columns, "format": format})).unwrap();
        write_all(&mut writer, &messages, 0);
        let expected = Replay::of(&messages, "shop_dev", "orders").rows(&["id", "customer", "status"]);
        assert_eq!(doris.sql("SELECT id, who, status FROM shop_dev.orders ORDER BY id"), expected);
        let others = "SELECT count(*) FROM shop_dev.orders WHERE source = 'it''s \"shop\" 1' AND shard = 7 AND db = 'shop_dev' AND \
                      op IN ('INSERT', 'UPDATE') AND at > '2026-01-01 00:00:00'";
        assert_eq!(doris.number(others), expected.len() as i64);
        let present = doris.sql("SELECT COLUMN_NAME FROM information_schema.columns WHERE TABLE_NAME = 'orders' AND TABLE_SCHEMA = 'shop_dev'");
        assert!(!present.contains(&vec![Some("note".into())]) && !present.contains(&vec![Some("customer".into())]));
        // A column of the source that is added later stands behind those, and one that is left out stays so.
        let message = r#"{"data":[{"id":"900","customer":"me","more":"5"}],"database":"shop_dev","es":1800000000000,"isDdl":false,"mysqlType":{"id":"bigint","customer":"varchar(64)","more":"int"},"old":null,"pkNames":["id"],"table":"orders","ts":1,"type":"INSERT"}"#;
        write(&mut writer, message.as_bytes(), 1 << 40).unwrap();
        flush(&mut writer);
        let row = ["me", "5", "7", "2027-01-15 08:00:00.000"].map(|cell| Some(cell.to_string())).to_vec();
        assert_eq!(doris.sql("SELECT who, more, shard, at FROM shop_dev.orders WHERE id = 900"), [row]);
    }
    let doris = Doris::start();
    let error = open(&doris, json!({"columns": [{"table": "(", "exclude": []}]})).map(|_| ()).unwrap_err();
    assert!(error.contains("'(' is no regular expression"), "{error}");
    let mut writer =
        open(&doris, json!({"columns": [{"table": ".*", "exclude": ["id"]}], "onError": {"table": "fail"}})).unwrap();
    let error = captured("quickstart/orders.jsonl.gz").iter().find_map(|message| write(&mut writer, message, 0).err());
    assert!(error.is_some_and(|error| error.contains("the key column id is left out")));
}

/// A row that only Doris can judge: its table, which somebody else has made, has no partition for it.
#[test]
fn rows_that_doris_refuses() {
    let create = "CREATE TABLE shop_dev.orders (id BIGINT NOT NULL, customer VARCHAR(300) NULL) UNIQUE KEY(id) PARTITION BY RANGE(id) \
                  (PARTITION p VALUES LESS THAN ('100')) DISTRIBUTED BY HASH(id) BUCKETS 1 PROPERTIES ('replication_num' = '1')";
    let message = r#"{"data":[{"id":"5","customer":"me"},{"id":"500","customer":"you"}],"database":"shop_dev","es":1,"isDdl":false,"mysqlType":{"id":"bigint","customer":"varchar(64)"},"old":null,"pkNames":["id"],"table":"orders","ts":1,"type":"INSERT"}"#;
    for (on_error, expected) in [("report", 1), ("fail", 0)] {
        let doris = Doris::start();
        doris.sql("CREATE DATABASE shop_dev");
        doris.sql(create);
        let mut writer = open(&doris, json!({"onError": {"message": on_error}})).unwrap();
        write(&mut writer, message.as_bytes(), 0).unwrap();
        writer.flush().unwrap();
        let settled = writer.await_settled(LONG).map_err(|e| e.to_string());
        assert_eq!(doris.number("SELECT count(*) FROM shop_dev.orders"), expected);
        if on_error == "fail" {
            assert!(settled.unwrap_err().contains("no partition"));
            continue;
        }
        let reports: Vec<String> = writer.take_reports().iter().map(ToString::to_string).collect();
        let told = reports.iter().any(|report| {
            report.contains("shop_dev.orders: a row is refused by Doris: Reason: no partition")
                && report.contains("500")
        });
        assert!(settled.unwrap() && told && writer.counts().unapplied == 1, "{reports:#?}");
    }
}

#[test]
fn little_memory_for_many_bodies() {
    let doris = Doris::start();
    let messages = captured("quickstart/orders.jsonl.gz");
    let mut writer = open(&doris, json!({"memoryBytes": 2000})).unwrap();
    let mut most = 0;
    for (offset, message) in messages.iter().enumerate() {
        write(&mut writer, message, (offset as i64) << 20).unwrap();
        most = most.max(writer.loader().account().open_bytes);
    }
    flush(&mut writer);
    assert_shop(&doris, &messages, "shop_dev");
    assert!(most < 20_000, "{most} bytes were under way");
}

/// A row of one of so many tables.
fn of_many_tables(table: usize, id: usize) -> String {
    format!(
        r#"{{"data":[{{"id":"{id}"}}],"database":"d","isDdl":false,"mysqlType":{{"id":"int"}},"old":null,"pkNames":["id"],"table":"t{table:02}","ts":1600000000000,"type":"INSERT"}}"#
    )
}

/// A full body and a flush send rows, and nothing else does: of many tables each load more is one that Doris has to merge.
#[test]
fn rows_wait_for_a_flush() {
    let doris = Doris::start();
    let mut writer = open(&doris, json!({})).unwrap();
    for id in 0..90 {
        write(&mut writer, of_many_tables(id % 3, id).as_bytes(), (id as i64) << 20).unwrap();
        writer.tick().unwrap();
        assert!(writer.await_room(Duration::ZERO).unwrap());
    }
    let account = writer.loader().account();
    assert_eq!((account.open, account.loads), (0, 0));
    flush(&mut writer);
    assert_eq!(writer.loader().account().loads, 3);
}

/// Where bodies take all the memory, some are sent and the others grow on: each load is about twice as large as if all were sent.
#[test]
fn bodies_grow_while_others_are_sent() {
    const TABLES: usize = 40;
    const MEMORY: usize = 200_000;
    let doris = Doris::start();
    let limits = json!({"maxRows": 1_000_000, "maxBytes": 10_000_000, "memoryBytes": MEMORY});
    let mut writer = open(&doris, limits).unwrap();
    for id in 0..TABLES * 1000 {
        write(&mut writer, of_many_tables(id % TABLES, id).as_bytes(), (id as i64) << 20).unwrap();
    }
    let account = writer.loader().account();
    let (bytes, loads) = (account.bytes, account.loads);
    flush(&mut writer);
    for table in [0, TABLES / 2, TABLES - 1] {
        assert_eq!(doris.number(&format!("SELECT count(*) FROM d.t{table:02}")), 1000);
    }
    let all_at_once = MEMORY as u64 / TABLES as u64;
    assert!(loads > TABLES as u64 && bytes / loads > all_at_once, "{loads} loads of {} bytes", bytes / loads);
}

#[test]
fn what_cannot_be_moved_says_so() {
    let doris = Doris::start();
    let mut writer = open(&doris, json!({"onError": {"table": "fail"}})).unwrap();
    let row = |mysql_type: &str, keys: &str| {
        format!(
            r#"{{"data":[{{"a":"1"}}],"database":"d","isDdl":false,"mysqlType":{mysql_type},"old":null,"pkNames":{keys},"table":"t","type":"INSERT"}}"#
        )
    };
    for (message, parts) in [
        (row(r#"{"a":"int"}"#, "null"), &["d.t has no primary key", "DUPLICATE"][..]),
        (row(r#"{"a":"double"}"#, r#"["a"]"#), &["key column a is double", "cannot be a key"]),
        (row("null", r#"["a"]"#), &["d.t", "`mysqlType` is not of Canal's form"]),
        ("{".into(), &["not strict JSON"]),
        (r#"{"type":"INSERT","data":[]}"#.into(), &["`database` or `table` is missing"]),
        (r#"{"type":"NEW","database":"d","table":"t"}"#.into(), &["`type` is none"]),
    ] {
        let error = write(&mut writer, message.as_bytes(), 0).unwrap_err();
        assert!(parts.iter().all(|part| error.contains(part)), "{message}: {error}");
    }
    let error =
        write(&mut writer, row(r#"{"a":"int"}"#, r#"["a"]"#).replace("\"1\"", "\"x\"").as_bytes(), 0).unwrap_err();
    assert!(error.contains("a message of d.t cannot be read"), "{error}");
}

#[test]
fn columns_that_come_later_are_added() {
    let doris = Doris::start();
    let mut writer = open(&doris, json!({})).unwrap();
    let message = |id: u32, types: &str, row: &str| {
        format!(
            r#"{{"data":[{{"id":"{id}"{row}}}],"database":"d","isDdl":false,"mysqlType":{{"id":"int"{types}}},"old":null,"pkNames":["id"],"table":"t","type":"INSERT"}}"#
        )
    };
    let (v, note) = (r#","v":"varchar(3)""#, r#","v":"varchar(3)","note":"datetime(3)""#);
    write(&mut writer, message(1, v, r#","v":"a""#).as_bytes(), 1).unwrap();
    write(&mut writer, message(2, note, r#","v":"b","note":"2024-01-31 10:11:12.345""#).as_bytes(), 2).unwrap();
    // Of another partition, from before the change.
    write(&mut writer, message(3, v, r#","v":"c""#).as_bytes(), 3).unwrap();
    flush(&mut writer);
    assert_eq!(writer.counts().reopened, 2);
    let rows: Vec<_> = [("1", "a", None), ("2", "b", Some("2024-01-31 10:11:12.345")), ("3", "c", None)]
        .map(|(id, v, note)| vec![Some(id.to_string()), Some(v.to_string()), note.map(str::to_string)])
        .into();
    assert_eq!(doris.sql("SELECT id, v, note FROM d.t ORDER BY id"), rows);
    let key = message(4, r#","k":"int""#, r#","k":"1""#).replace(r#"["id"]"#, r#"["id","k"]"#);
    write(&mut writer, key.as_bytes(), 4).unwrap();
    let reports: Vec<String> = writer.take_reports().iter().map(ToString::to_string).collect();
    let stopped = "d.t: the table stops: its key is (id, k) now, and the key of d.t cannot be changed in Doris. Its messages wait until it is done \
                   by hand: DROP TABLE d.t; then move the table's rows again";
    assert_eq!(reports.last().map(String::as_str), Some(stopped), "{reports:#?}");
    assert_eq!(writer.parked(), 1);
}

#[test]
fn keyless_tables_by_option() {
    let doris = Doris::start();
    let mut writer =
        open(&doris, json!({"properties": {"replication": 1, "buckets": 1, "duplicate-without-key": true}})).unwrap();
    let message = r#"{"data":[{"a":"1","b":"x"},{"a":"1","b":"x"}],"database":"d","isDdl":false,"mysqlType":{"a":"int","b":"varchar(3)"},"old":null,"pkNames":null,"table":"t","type":"INSERT"}"#;
    write(&mut writer, message.as_bytes(), 0).unwrap();
    flush(&mut writer);
    assert_eq!(doris.number("SELECT count(*) FROM d.t"), 2);
    // What is deleted stays, and an update is one row more.
    write(&mut writer, message.replace("INSERT", "DELETE").as_bytes(), 1 << 20).unwrap();
    let update = message.replace("INSERT", "UPDATE").replace(r#""old":null"#, r#""old":[{"b":"w"},{"b":"w"}]"#);
    write(&mut writer, update.as_bytes(), 2 << 20).unwrap();
    flush(&mut writer);
    assert_eq!(doris.number("SELECT count(*) FROM d.t"), 4);
}

/// Tables that somebody else has made in another way.
#[test]
fn tables_that_do_not_fit() {
    let message = r#"{"data":[{"id":"1","b":"x"}],"database":"d","isDdl":false,"mysqlType":{"id":"int","b":"varchar(3)"},"old":null,"pkNames":["id"],"table":"t","type":"INSERT"}"#;
    for (key, expected) in [
        (
            "UNIQUE KEY(b)",
            "d.t: its messages are passed over: d.t is there with the key (b), and the source's is (id); drop it, or",
        ),
        ("DUPLICATE KEY(b)", "d.t is there without a UNIQUE KEY"),
        ("UNIQUE KEY(b, id)", "with the key (b, id)"),
    ] {
        let doris = Doris::start();
        doris.sql("CREATE DATABASE d");
        doris.sql(&format!(
            "CREATE TABLE d.t (b VARCHAR(12) NOT NULL, id INT NOT NULL) {key} DISTRIBUTED BY HASH(b) BUCKETS 1 PROPERTIES ('replication_num' = '1')"
        ));
        let mut writer = open(&doris, json!({})).unwrap();
        write(&mut writer, message.as_bytes(), 0).unwrap();
        write(&mut writer, message.as_bytes(), 1 << 20).unwrap();
        flush(&mut writer);
        let reports: Vec<String> = writer.take_reports().iter().map(ToString::to_string).collect();
        assert!(reports.len() == 1 && reports[0].contains(expected), "{key}: {reports:?}");
        assert_eq!((writer.counts().refused, doris.number("SELECT count(*) FROM d.t")), (2, 0));
        let mut writer = open(&doris, json!({"onError": {"table": "fail"}})).unwrap();
        assert!(write(&mut writer, message.as_bytes(), 0).is_err());
    }
}

/// A loader that is dropped has nothing under way.
#[test]
fn closing_does_not_wait_for_loads() {
    let doris = Doris::start();
    let messages = captured("quickstart/orders.jsonl.gz");
    let mut writer = open(&doris, json!({})).unwrap();
    doris.fault(Fault::new(FaultName::SlowBe).of(60_000));
    for (offset, message) in messages.iter().enumerate().take(20) {
        write(&mut writer, message, offset as i64).unwrap();
    }
    writer.flush().unwrap();
    let began = std::time::Instant::now();
    drop(writer);
    assert!(began.elapsed() < Duration::from_secs(10));
}

/// A message of a table `d.t` with the key (id, k); `data` and `old` as they stand in it.
fn of_two_keys(event: &str, data: &str, old: &str) -> String {
    format!(
        r#"{{"data":{data},"database":"d","isDdl":false,"mysqlType":{{"k":"varchar(3)","id":"int","x":"int"}},"old":{old},"pkNames":["id","k"],"table":"t","ts":1600000000000,"type":"{event}"}}"#
    )
}

/// Only where `old` names a column of the key there is a row to delete, whatever else it names and however it is spelled.
#[test]
fn updates_that_change_the_key_delete_the_old_one() {
    let row = |id: i32, k: &str, x: i32| format!(r#"{{"k":"{k}","id":"{id}","x":"{x}"}}"#);
    let update = |rows: &[String], old: &str| of_two_keys("UPDATE", &format!("[{}]", rows.join(",")), old);
    let insert = [row(1, "a", 1), row(2, "b", 1), row(3, "c", 1), row(4, "d", 1)].join(",");
    let messages = [
        of_two_keys("INSERT", &format!("[{insert}]"), "null"),
        update(&[row(1, "a", 2)], r#"[{"x":"1"}]"#),
        update(&[row(2, "B", 3)], r#"[{"k":"b","x":"1"}]"#),
        // Named, with the value that it has.
        update(&[row(3, "c", 4)], r#"[{"id":"3","x":"1"}]"#),
        update(&[row(2, "B", 5), row(7, "a", 5)], r#"[{"x":"3"},{"id":"1"}]"#),
        update(&[row(8, "a", 6)], r#"[ { "\u0069d" : "7" } ]"#),
        update(&[row(4, "d", 7)], "[{}]"),
        // There and back in one message.
        update(&[row(5, "d", 8), row(4, "d", 9)], r#"[{"id":"4"},{"id":"5"}]"#),
    ];
    let messages = messages.map(String::into_bytes);
    for format in ["json", "csv"] {
        let doris = Doris::start();
        let mut writer = open(&doris, json!({"format": format})).unwrap();
        for again in [0, 0, 3] {
            write_all(&mut writer, &messages, again);
            let rows = doris.sql("SELECT id, k, x FROM d.t ORDER BY id");
            let rows: Vec<String> = rows.iter().map(|row| row.iter().flatten().cloned().collect()).collect();
            assert_eq!(rows, ["2B5", "3c4", "4d9", "8a6"]);
        }
        // Each update counts as two rows, whether the first one is written or not.
        assert_eq!(writer.counts().rows, (4 + 9 * 2) + (4 + 9 * 2) + 7 * 2);
    }
}

/// Where a message goes is what it says, however near its end another table's name stands.
#[test]
fn messages_of_many_tables_by_turns() {
    let doris = Doris::start();
    let mut writer = open(&doris, json!({"names": {"exclude": [r"d\.left_out"]}})).unwrap();
    let message = |database: &str, table: &str, id: usize, more: &str| {
        format!(
            r#"{{"data":[{{"id":"{id}","b":"{database}.{table}"}}],"database":"{database}","isDdl":false,"mysqlType":{{"id":"int","b":"varchar(9)"}},"old":null,"pkNames":["id"],"table":"{table}","ts":1600000000000,"type":"INSERT"{more}}}"#
        )
    };
    let tables = [("d", "t"), ("e", "t"), ("d", "u"), ("d", "left_out"), ("e", "a_long_name"), ("e", "t"), ("e", "t")];
    let mut sequence = 0;
    for id in 0..100 {
        for (i, (database, table)) in tables.into_iter().enumerate() {
            let more = if id % 3 == 0 && i == 0 { r#","z":{"table":"u","ts":1}"# } else { "" };
            let mut texts = vec![message(database, table, 10 * id + i, more)];
            match id % 10 {
                3 => texts.push(texts[0].replace("INSERT", "UPDATE").replace(r#""old":null"#, r#""old":[{"b":""}]"#)),
                5 => texts.push(texts[0].replace(r#""type":"INSERT""#, r#""type":"QUERY""#)),
                _ => {}
            }
            for text in texts {
                write(&mut writer, text.as_bytes(), sequence << 20).unwrap();
                sequence += 1;
            }
        }
    }
    flush(&mut writer);
    for (database, table, rows) in [("d", "t", 100), ("e", "t", 300), ("d", "u", 100), ("e", "a_long_name", 100)] {
        assert_eq!(doris.number(&format!("SELECT count(*) FROM {database}.{table}")), rows, "{database}.{table}");
        let others = format!("SELECT count(*) FROM {database}.{table} WHERE b <> '{database}.{table}'");
        assert_eq!(doris.number(&others), 0, "{database}.{table}");
    }
    let counts = writer.counts();
    assert_eq!((counts.skipped, counts.unapplied), (10 * tables.len() as u64, 0), "{counts:?}");
}

/// Tables that are read by one decoder, their messages put by, with changes of columns between and so little memory that there is often no room.
#[test]
fn tables_alike_by_turns_that_change() {
    const TABLES: usize = 30;
    const TURNS: usize = 60;
    let doris = Doris::start();
    let mut writer = open(&doris, json!({"maxRows": 7, "memoryBytes": 100_000, "ddl": {"sync": true}})).unwrap();
    let text = |table: usize, turn: usize| format!("{table}.{turn}{}", ".".repeat((7 * table + turn) % 200));
    let mut sequence = 0;
    let mut write = |writer: &mut DatabaseWriter, message: &str, audience: Audience| {
        sequence += 1;
        let mut taken = writer.write(message.as_bytes(), Place::of_offset(0, sequence), audience).unwrap();
        while taken == Taken::Full {
            writer.await_room(LONG).unwrap();
            taken = writer.resume().unwrap();
        }
    };
    for turn in 0..TURNS {
        for table in 0..TABLES {
            // One table after the other gets a column, and is read by a decoder of its own until the others have it.
            let changed = turn > table;
            if turn == table + 1 {
                let sql = format!("ALTER TABLE t{table} ADD COLUMN c int");
                let statement = format!(
                    r#"{{"data":null,"database":"d","es":16,"isDdl":true,"mysqlType":null,"old":null,"pkNames":null,"sql":"{sql}","table":"t{table}","ts":16,"type":"ALTER"}}"#
                );
                write(&mut writer, &statement, Audience::All);
            }
            let (kind, value) =
                if changed { (r#","c":"int""#, format!(r#","c":"{turn}""#)) } else { ("", String::new()) };
            let row = |text: &str| format!(r#"{{"id":"{}","b":"{text}"{value}}}"#, turn / 2);
            let (event, old) = if turn % 2 == 0 { ("INSERT", "null") } else { ("UPDATE", r#"[{"b":"?"}]"#) };
            let message = format!(
                r#"{{"data":[{}],"database":"d","es":16,"isDdl":false,"mysqlType":{{"id":"int","b":"varchar(250)"{kind}}},"old":{old},"pkNames":["id"],"table":"t{table}","ts":16,"type":"{event}"}}"#,
                row(&text(table, turn))
            );
            write(&mut writer, &message, Audience::One);
        }
    }
    flush(&mut writer);
    for table in 0..TABLES {
        let expected = (0..TURNS / 2).map(|id| {
            let turn = 2 * id + 1;
            let c = (turn > table).then(|| turn.to_string());
            vec![Some(id.to_string()), Some(text(table, turn)), c]
        });
        let rows = doris.sql(&format!("SELECT id, b, c FROM d.t{table} ORDER BY id"));
        assert_eq!(rows, expected.collect::<Vec<_>>(), "t{table}");
    }
    let counts = writer.counts();
    assert_eq!(
        (counts.messages, counts.ddl, counts.unapplied),
        ((TABLES * TURNS) as u64, TABLES as u64, 0),
        "{counts:?}"
    );
}
