//! Values into columns, by release and strictness; what the cases do not cover.

use crate::server::{Server, counts, failed, server, succeeded};
use doris_standin::Version;

const CSV: (&str, &str) = ("column_separator", ",");
const STRICT: (&str, &str) = ("strict_mode", "true");

#[test]
fn text_beyond_its_bytes_is_filtered_without_its_row_in_the_log() {
    let server = Server::with_table();
    let reply = server.load("t", &[CSV], "1,01234567890\n");
    failed(&reply, "too many filtered rows");
    let log = server.error_log(&reply);
    let reason =
        "column_name[name], the length of input is too long than schema. first 32 bytes of input str: [01234567890] ";
    assert!(log.contains(reason), "{log}");
    assert!(log.contains("schema length: 10; actual length: 11; . src line []; "), "{log}");
    failed(&server.load("t", &[CSV], "1,ééééé!\n"), "too many filtered rows");
}

#[test]
fn from_4_0_on_text_is_cut_to_the_columns_length_if_not_strict() {
    let server = Server::of(Version::V4_0);
    server.unique_table();
    succeeded(&server.load("t", &[CSV], "1,01234567890\n"));
    assert_eq!(server.sql("SELECT name FROM t"), "0123456789");
    failed(&server.load("t", &[CSV, STRICT], "1,01234567890\n"), "too many filtered rows");
    // Ten characters of two bytes are still too long.
    failed(&server.load("t", &[CSV], "1,ééééééééééé\n"), "too many filtered rows");
}

#[test]
fn a_decimal_beyond_its_precision_saturates_and_is_filtered_in_strict_4_0() {
    let table = "CREATE TABLE n (id INT, v DECIMAL(4, 1)) DISTRIBUTED BY HASH(id) BUCKETS 1";
    let server = server();
    server.sql(table);
    succeeded(&server.load("n", &[CSV], "1,-12345.6\n"));
    succeeded(&server.load("n", &[CSV, STRICT], "2,12345.6\n3,1.25\n4,1e2\n"));
    assert_eq!(server.sql("SELECT v FROM n ORDER BY id"), "-999.9\n999.9\n1.3\n100.0");
    let newer = Server::of(Version::V4_0);
    newer.sql(table);
    failed(&newer.load("n", &[CSV, STRICT], "1,12345.6\n"), "too many filtered rows");
}

#[test]
fn strict_mode_tells_column_and_value_of_a_bad_cell() {
    let server = server();
    server.sql("CREATE TABLE v (id INT, day DATE) DISTRIBUTED BY HASH(id) BUCKETS 1");
    let reply = server.load("v", &[CSV, STRICT], "7,2024-13-01\n");
    let log = server.error_log(&reply);
    let reason = "column(day) value is incorrect while strict mode is true, src value is 2024-13-01";
    assert_eq!(log, format!("Reason: {reason}. src line [7 2024-13-01]; \n"));
    succeeded(&server.load("v", &[CSV], "7,2024-13-01\n"));
    assert_eq!(server.sql("SELECT * FROM v"), "7|NULL");
}

#[test]
fn wide_integers_fractions_of_seconds_and_emoji_come_through() {
    let server = server();
    server.sql("CREATE TABLE w (n LARGEINT, at DATETIME(3), s STRING) DISTRIBUTED BY HASH(n) BUCKETS 1");
    let row = r#"{"n":-170141183460469231731687303715884105728,"at":"2024-05-06 07:08:09.1235","s":"\ud83d\ude00é"}"#;
    succeeded(&server.load("w", &[("format", "json"), STRICT], row));
    let expected = "-170141183460469231731687303715884105728|2024-05-06 07:08:09.124|😀é";
    assert_eq!(server.sql("SELECT * FROM w"), expected);
}

#[test]
fn structs_maps_and_arrays_are_read_from_csv_and_json() {
    let server = server();
    server.sql(
        "CREATE TABLE c (id INT, a ARRAY<STRING>, m MAP<STRING, INT>, s STRUCT<x: INT, y: STRING>) \
         DISTRIBUTED BY HASH(id) BUCKETS 1",
    );
    let csv = "1|[\"a,b\", null, 'c\"']|{\"k\":1, j:2}|{\"x\":1, \"y\":\"z\"}\n";
    succeeded(&server.load("c", &[("column_separator", "|"), STRICT], csv));
    let json = r#"{"id":2,"a":["a\"b","c"],"m":{"k":1},"s":{"y":"z","x":1}}"#;
    succeeded(&server.load("c", &[("format", "json"), STRICT], json));
    let found = server.sql("SELECT * FROM c ORDER BY id");
    let lines: Vec<&str> = found.lines().collect();
    assert_eq!(lines[0], r#"1|["a,b", null, "c""]|{"k":1, "j":2}|{"x":1, "y":"z"}"#);
    assert_eq!(lines[1], r#"2|["a"b", "c"]|{"k":1}|{"x":1, "y":"z"}"#);
}

#[test]
fn a_string_beyond_the_soft_limit_is_filtered() {
    let server = server();
    server.sql("CREATE TABLE l (id INT, s STRING) DISTRIBUTED BY HASH(id) BUCKETS 1");
    let body = format!("1,{}\n2,short\n", "x".repeat((1 << 20) + 1));
    assert_eq!(counts(&server.load("l", &[CSV, ("max_filter_ratio", "0.5")], body)), [2, 1, 1, 0]);
}

#[test]
fn new_keys_of_a_partial_update_can_be_refused() {
    let server = Server::of(Version::V4_0);
    server.unique_table();
    server.sql("INSERT INTO t VALUES (1, 'a')");
    let headers = |behavior| {
        [CSV, ("partial_columns", "true"), ("columns", "id,name"), ("partial_update_new_key_behavior", behavior)]
    };
    failed(&server.load("t", &headers("ERROR"), "1,b\n2,c\n"), "Can't append new rows in partial update");
    assert_eq!(server.sql("SELECT * FROM t"), "1|a");
    succeeded(&server.load("t", &headers("APPEND"), "1,b\n2,c\n"));
    assert_eq!(server.sql("SELECT * FROM t"), "1|b\n2|c");
    failed(&server.load("t", &headers("PERHAPS"), ""), "Invalid partial_update_new_key_behavior PERHAPS");
}

#[test]
fn a_key_in_json_matches_its_column_exactly_and_the_first_of_two_counts() {
    let server = Server::with_table();
    succeeded(&server.load("t", &[("format", "json")], r#"{"id":1,"name":"first","name":"second","NAME":"upper"}"#));
    assert_eq!(server.sql("SELECT * FROM t"), "1|first");
}

#[test]
fn an_empty_field_is_empty_text_unless_it_is_to_be_null() {
    let server = Server::with_table();
    succeeded(&server.load("t", &[CSV], "1,\n2,\\N\n"));
    succeeded(&server.load("t", &[CSV, ("empty_field_as_null", "true")], "3,\n"));
    assert_eq!(server.sql("SELECT id FROM t WHERE name IS NULL"), "2\n3");
    assert_eq!(server.sql("SELECT id FROM t WHERE name = ''"), "1");
}

#[test]
fn carriage_returns_before_a_line_end_are_trimmed() {
    let server = Server::with_table();
    succeeded(&server.load("t", &[CSV], "1,a\r\n2,b\r\n"));
    assert_eq!(server.sql("SELECT length(name) FROM t"), "1\n1");
}
