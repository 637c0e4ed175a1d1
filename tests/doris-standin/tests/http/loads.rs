//! One load: headers, reply, body, error log.

use crate::client::{Request, Transfer, basic, send};
use crate::server::{Server, counts, failed, number, server, settings, succeeded, text};
use doris_standin::Version;
use doris_standin::cluster::Settings;
use doris_standin::json::Json;
use doris_standin::serve::Layout;
use std::io::{Read, Write};

fn keys(reply: &Json) -> Vec<&str> {
    match reply {
        Json::Object(members) => members.iter().map(|(k, _)| k.as_str()).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn the_reply_has_doris_keys_in_their_order() {
    let server = Server::with_table();
    let reply = server.load("t", &[("label", "l"), ("column_separator", ","), ("comment", "why")], "1,a\n");
    let expected = [
        "TxnId",
        "Label",
        "Comment",
        "TwoPhaseCommit",
        "Status",
        "Message",
        "NumberTotalRows",
        "NumberLoadedRows",
        "NumberFilteredRows",
        "NumberUnselectedRows",
        "LoadBytes",
        "LoadTimeMs",
        "BeginTxnTimeMs",
        "StreamLoadPutTimeMs",
        "ReadDataTimeMs",
        "WriteDataTimeMs",
        "ReceiveDataTimeMs",
        "CommitAndPublishTimeMs",
    ];
    assert_eq!(keys(&reply), expected);
    assert_eq!(["Label", "Comment", "TwoPhaseCommit", "Message"].map(|k| text(&reply, k)), ["l", "why", "false", "OK"]);
    assert_eq!(number(&reply, "LoadBytes"), 4);
}

#[test]
fn older_releases_lack_receive_data_time_and_newer_ones_have_the_first_error() {
    let old = Server::of(Version::V2_1);
    old.unique_table();
    let reply = old.load("t", &[("column_separator", ",")], "x,a\n");
    assert!(!keys(&reply).contains(&"ReceiveDataTimeMs") && !keys(&reply).contains(&"FirstErrorMsg"));
    let new = Server::of(Version::V4_0);
    new.unique_table();
    let reply = new.load("t", &[("column_separator", ",")], "x,a\n");
    assert!(text(&reply, "FirstErrorMsg").contains("column(id) values is null"), "{reply}");
}

#[test]
fn a_load_of_an_unknown_table_or_database_fails_when_it_begins() {
    let server = server();
    let reply = server.load("nothing", &[("label", "l")], "1\n");
    assert_eq!(number(failed(&reply, "Unknown table 'nothing'"), "TxnId"), -1);
    let reply = server.send("PUT", server.be(0), "/api/no/t/_stream_load", &[], b"").unwrap();
    assert!(reply.body.contains("unknown database, database=no"), "{}", reply.body);
}

#[test]
fn a_back_end_takes_the_target_with_and_without_a_question_mark() {
    let server = Server::with_table();
    for path in ["/api/d/t/_stream_load?", "/api/d/t/_stream_load"] {
        let reply = server.send("PUT", server.be(0), path, &[("column_separator", ",")], b"1,a").unwrap();
        succeeded(&Json::parse(reply.body.as_bytes()).unwrap());
    }
    assert_eq!(server.sql("SELECT * FROM t"), "1|a");
}

#[test]
fn length_chunking_both_and_neither() {
    let server = Server::with_table();
    let load = |transfer| {
        let headers = vec![basic("root", ""), ("column_separator".into(), ",".into())];
        let path = "/api/d/t/_stream_load".to_owned();
        let request = Request { method: "PUT", host: server.be(0), path, headers, body: b"1,a\n2,b", transfer };
        Json::parse(send(&request).unwrap().body.as_bytes()).unwrap()
    };
    assert_eq!(counts(&load(Transfer::Chunked)), [2, 2, 0, 0]);
    assert_eq!(counts(&load(Transfer::Length)), [2, 2, 0, 0]);
    failed(&load(Transfer::Both), "[INVALID_ARGUMENT]please do not set both content_length and transfer-encoding");
    failed(&load(Transfer::None), "content_length is empty and transfer-encoding!=chunked");
}

#[test]
fn a_bad_header_is_answered_before_the_body_and_leaves_an_aborted_transaction() {
    let server = Server::with_table();
    let mut stream = std::net::TcpStream::connect(server.be(0)).unwrap();
    let (name, login) = basic("root", "");
    let head = format!(
        "PUT /api/d/t/_stream_load HTTP/1.1\r\n{name}: {login}\r\nlabel: l\r\nmerge_type: x\r\nContent-Length: 9\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut reply = String::new();
    // No byte of the body is ever sent.
    stream.read_to_string(&mut reply).unwrap();
    assert!(reply.contains("[INVALID_ARGUMENT]Invalid merge type x"), "{reply}");
    assert_eq!(server.state("l"), "ABORTED");
    succeeded(&server.load("t", &[("label", "l"), ("column_separator", ",")], "1,a"));
}

#[test]
fn a_bad_timeout_is_found_before_a_transaction_begins() {
    let server = Server::with_table();
    let reply = server.load("t", &[("label", "l"), ("timeout", "soon")], "1,a");
    assert_eq!(number(failed(&reply, "Invalid format of 'timeout': 'soon', stoi"), "TxnId"), -1);
    assert_eq!(server.state("l"), "UNKNOWN");
}

#[test]
fn headers_are_refused_in_doris_words() {
    let server = Server::with_table();
    for (name, value, message) in [
        ("enclose", "ab", "enclose must be single-char, actually is ab"),
        ("strict_mode", "maybe", "Invalid strict mode format. Must be bool type"),
        ("merge_type", "MERGE", "Excepted DELETE ON clause when merge type is MERGE."),
        ("delete", "id=1", "Not support DELETE ON clause when merge type is not MERGE."),
        ("skip_lines", "-3", "Invalid 'skip_lines': -3"),
        ("column_separator", "\\x1", "Hex str length error"),
        ("unique_key_update_mode", "SOME", "Invalid unique_key_partial_mode SOME"),
        ("columns", "id,name,x=nothing+1", "unknown reference column"),
        ("function_column.sequence_col", "id", "There is no sequence column in the table t"),
        ("compress_type", "zstd", "unknown data format"),
    ] {
        failed(&server.load("t", &[(name, value)], "1,a"), message);
    }
}

#[test]
fn json_that_is_not_read_by_line_has_a_limit() {
    let server =
        Server::start(Settings { streaming_load_json_max_mb: 0, ..settings(Version::V3_1) }, &Layout::default());
    server.unique_table();
    let array = [("format", "json"), ("strip_outer_array", "true")];
    failed(&server.load("t", &array, "[]"), "json body size 2 exceed BE's conf `streaming_load_json_max_mb`");
    succeeded(&server.load("t", &[("format", "json")], "{\"id\":1}"));
}

#[test]
fn an_empty_header_counts_as_absent() {
    let server = Server::with_table();
    succeeded(&server.load("t", &[("merge_type", ""), ("columns", ""), ("column_separator", ",")], "1,a"));
}

#[test]
fn compressed_bodies_are_read() {
    let server = Server::with_table();
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(b"1,gz\n").unwrap();
    let mut bz = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
    bz.write_all(b"2,bz\n").unwrap();
    let mut lz = lz4_flex::frame::FrameEncoder::new(Vec::new());
    lz.write_all(b"3,lz\n").unwrap();
    let bodies = [("gz", gz.finish().unwrap()), ("BZ2", bz.finish().unwrap()), ("lz4", lz.finish().unwrap())];
    for (compression, body) in bodies {
        succeeded(&server.load("t", &[("column_separator", ","), ("compress_type", compression)], body));
    }
    assert_eq!(server.sql("SELECT * FROM t"), "1|gz\n2|bz\n3|lz");
    failed(&server.load("t", &[("compress_type", "gz")], "no gzip"), "Decompress failed");
}

#[test]
fn releases_before_3_do_not_take_compressed_json() {
    let server = Server::of(Version::V2_1);
    server.unique_table();
    let reply = server.load("t", &[("format", "json"), ("compress_type", "gz")], "");
    failed(&reply, "compress data of JSON format is not supported.");
}

#[test]
fn the_error_log_has_fifty_lines_and_one_that_says_there_are_more() {
    let server = Server::with_table();
    let body: String = (0..80).map(|i| format!("x{i},a\n")).collect();
    let reply = server.load("t", &[("column_separator", ","), ("max_filter_ratio", "1")], &body);
    assert_eq!(counts(&reply), [80, 0, 80, 0]);
    let log = server.error_log(&reply);
    assert_eq!(log.lines().count(), 51);
    assert!(log.lines().next().unwrap().starts_with("Reason: column(id) values is null"), "{log}");
    assert!(log.lines().nth(50).unwrap().contains("TOO MUCH ERROR!"));
}

#[test]
fn with_a_ratio_of_zero_a_load_stops_at_fifty_bad_rows() {
    let server = Server::with_table();
    let body: String = (0..80).map(|i| format!("x{i},a\n")).collect();
    let reply = server.load("t", &[("column_separator", ",")], &body);
    failed(&reply, "[DATA_QUALITY_ERROR]Encountered unqualified data, stop processing.");
    assert_eq!(number(&reply, "NumberTotalRows"), 50);
}

#[test]
fn the_filter_ratio_counts_selected_rows_only() {
    let server = Server::with_table();
    let headers = |ratio| [("column_separator", ","), ("max_filter_ratio", ratio), ("where", "id > 1")];
    let body = "1,a\nx,b\n2,c\n3,d\n";
    assert_eq!(counts(&server.load("t", &headers("0.34"), body)), [4, 2, 1, 1]);
    failed(&server.load("t", &headers("0.33"), body), "too many filtered rows");
}

#[test]
fn a_client_that_goes_away_in_the_body_leaves_nothing() {
    let server = Server::with_table();
    let mut stream = std::net::TcpStream::connect(server.be(0)).unwrap();
    let (name, login) = basic("root", "");
    let head = format!(
        "PUT /api/d/t/_stream_load HTTP/1.1\r\n{name}: {login}\r\nlabel: l\r\nExpect: 100-continue\r\nContent-Length: 9\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut interim = [0; 25];
    stream.read_exact(&mut interim).unwrap();
    assert_eq!(&interim[..21], b"HTTP/1.1 100 Continue");
    assert_eq!(server.state("l"), "PREPARE");
    stream.write_all(b"1\ta\n2").unwrap();
    drop(stream);
    while server.state("l") == "PREPARE" {
        std::thread::yield_now();
    }
    assert_eq!(server.state("l"), "ABORTED");
    assert_eq!(server.sql("SELECT * FROM t"), "");
}

#[test]
fn group_commit_has_no_label_and_no_two_phases() {
    let server = Server::with_table();
    let reply = server.load("t", &[("group_commit", "sync_mode"), ("column_separator", ",")], "1,a");
    assert!(text(&reply, "Label").starts_with("group_commit_"));
    assert_eq!((reply.get("GroupCommit"), text(&reply, "GroupCommitMode")), (Some(&Json::Bool(true)), "sync_mode"));
    assert!(reply.get("TwoPhaseCommit").is_none());
    let reply = server.load("t", &[("group_commit", "sync_mode"), ("label", "l")], "1,a");
    failed(&reply, "label and group_commit can't be set at the same time");
    let reply = server.load("t", &[("group_commit", "sync_mode"), ("two_phase_commit", "true")], "");
    assert_eq!(text(&reply, "TwoPhaseCommit"), "true");
}

#[test]
fn a_discarding_stand_in_counts_rows_and_keeps_labels_but_stores_nothing() {
    let server = Server::with_table();
    server.admin("POST", "/discarding", r#"{"on":true}"#);
    let reply = server.load("t", &[("label", "l"), ("column_separator", ",")], "1,a\n2,b\n3,c");
    assert_eq!(counts(&reply), [3, 3, 0, 0]);
    let array = [("format", "json"), ("strip_outer_array", "true")];
    assert_eq!(counts(&server.load("t", &array, r#"[{"id":1},{"id":2}]"#)), [2, 2, 0, 0]);
    let mut gz = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gz.write_all(b"{\"id\":1}\n{\"id\":2}\n").unwrap();
    let compressed = [("format", "json"), ("compress_type", "gz")];
    assert_eq!(counts(&server.load("t", &compressed, gz.finish().unwrap())), [2, 2, 0, 0]);
    assert_eq!(server.sql("SELECT count(*) FROM t"), "0");
    assert_eq!(server.state("l"), "VISIBLE");
    let counters = server.admin("GET", "/loads?counters", "");
    let counters = counters.get("counters").unwrap();
    assert_eq!((number(counters, "loads"), number(counters, "discarded.rows")), (3, 7));
}

#[test]
fn the_admin_view_tells_what_came_of_each_label() {
    let server = Server::with_table();
    server.load("t", &[("label", "good"), ("column_separator", ",")], "1,a\n2,b\n");
    server.load("t", &[("label", "bad"), ("column_separator", ",")], "x,a\n");
    server.load("t", &[("label", "open"), ("column_separator", ","), ("two_phase_commit", "true")], "3,c\n");
    let view = server.admin("GET", "/loads", "");
    let Some(Json::Array(loads)) = view.get("loads") else { panic!("{view}") };
    let told: Vec<String> =
        loads.iter().map(|l| format!("{} {} {}", text(l, "label"), text(l, "status"), text(l, "outcome"))).collect();
    assert_eq!(told, ["good Success VISIBLE", "bad Fail ABORTED", "open Success PRECOMMITTED"]);
    assert_eq!(number(view.get("counters").unwrap(), "rows.loaded"), 3);
}
