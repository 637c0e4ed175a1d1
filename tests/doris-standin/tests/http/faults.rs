//! Each fault by its name: what a client sees, and what is stored afterwards.

use crate::server::{Server, failed, number, succeeded, text};
use doris_standin::fault::FaultName;
use doris_standin::json::Json;

const CSV: (&str, &str) = ("column_separator", ",");
const LABEL: (&str, &str) = ("label", "l");

/// Switches a fault on for one request, loads a row under label `l`, which breaks the connection; gives the label's state.
fn broken(name: &str, headers: &[(&str, &str)]) -> (Server, String) {
    let server = Server::with_table();
    server.fault(&format!("{{\"name\":\"{name}\",\"count\":1}}"));
    let reply = server.try_load("t", headers, b"1,a\n2,b\n");
    assert!(reply.is_err(), "{name}: {reply:?}");
    let state = server.state("l");
    (server, state)
}

/// The same load once more is a success, and its rows are there once.
fn resent(server: &Server) {
    succeeded(&server.load("t", &[CSV, LABEL], "1,a\n2,b\n"));
    assert_eq!(server.sql("SELECT * FROM t"), "1|a\n2|b");
}

#[test]
fn cut_before_the_body_begins_nothing() {
    let (server, state) = broken("cut_before_body", &[CSV, LABEL]);
    assert_eq!(state, "UNKNOWN");
    resent(&server);
}

#[test]
fn cut_in_the_body_rolls_back() {
    let (server, state) = broken("cut_in_body", &[CSV, LABEL]);
    assert_eq!(state, "ABORTED");
    resent(&server);
}

#[test]
fn cut_after_the_body_rolls_back() {
    let (server, state) = broken("cut_after_body", &[CSV, LABEL]);
    assert_eq!(state, "ABORTED");
    resent(&server);
}

#[test]
fn cut_before_the_answer_has_committed() {
    let (server, state) = broken("cut_before_answer", &[CSV, LABEL]);
    assert_eq!(state, "VISIBLE");
    assert_eq!(server.sql("SELECT * FROM t"), "1|a\n2|b");
    let reply = server.load("t", &[CSV, LABEL], "1,a\n2,b\n");
    assert_eq!((text(&reply, "Status"), text(&reply, "ExistingJobStatus")), ("Label Already Exists", "FINISHED"));
    let view = server.admin("GET", "/loads?label=l", "");
    let statuses: Vec<&str> = match view.get("loads") {
        Some(Json::Array(loads)) => loads.iter().map(|l| text(l, "status")).collect(),
        _ => panic!("{view}"),
    };
    assert_eq!(statuses, ["cut_before_answer", "Label Already Exists"]);
}

#[test]
fn cut_before_the_answer_of_a_first_phase_leaves_it_precommitted() {
    let (server, state) = broken("cut_before_answer", &[CSV, LABEL, ("two_phase_commit", "true")]);
    assert_eq!(state, "PRECOMMITTED");
    server.two_phase(&[LABEL, ("txn_operation", "commit")]);
    assert_eq!(server.sql("SELECT * FROM t"), "1|a\n2|b");
}

#[test]
fn a_second_phase_is_cut_before_or_after_it_is_done() {
    for (name, state) in [("cut_before_2pc", "PRECOMMITTED"), ("cut_after_2pc", "VISIBLE")] {
        let server = Server::with_table();
        succeeded(&server.load("t", &[CSV, LABEL, ("two_phase_commit", "true")], "1,a"));
        server.fault(&format!("{{\"name\":\"{name}\",\"count\":1}}"));
        let headers = [LABEL, ("txn_operation", "commit")];
        assert!(server.send("PUT", server.fe(0), "/api/d/_stream_load_2pc", &headers, b"").is_err());
        assert_eq!(server.state("l"), state);
        server.two_phase(&headers);
        assert_eq!(server.sql("SELECT * FROM t"), "1|a");
    }
}

#[test]
fn a_publish_timeout_is_committed_and_visible_later_in_order() {
    let server = Server::with_table();
    server.fault(r#"{"name":"publish_timeout","count":1}"#);
    let reply = server.load("t", &[CSV, LABEL], "1,a");
    assert_eq!((text(&reply, "Status"), server.state("l")), ("Publish Timeout", "COMMITTED".into()));
    assert!(text(&reply, "Message").starts_with("[PUBLISH_TIMEOUT]"), "{reply}");
    assert_eq!(number(&reply, "NumberLoadedRows"), 1);
    // A later load of the table waits for it.
    assert_eq!(text(&server.load("t", &[CSV], "1,b"), "Status"), "Publish Timeout");
    assert_eq!(server.sql("SELECT * FROM t"), "");
    server.admin("POST", "/publish", "");
    assert_eq!((server.sql("SELECT * FROM t"), server.state("l")), ("1|b".into(), "VISIBLE".into()));
}

#[test]
fn a_publish_timeout_with_a_value_ends_by_the_clock() {
    let server = Server::with_table();
    server.fault(r#"{"name":"publish_timeout","count":1,"value":60000}"#);
    server.load("t", &[CSV, LABEL], "1,a");
    server.admin("POST", "/clock", r#"{"advance_ms":61000}"#);
    assert_eq!(server.state("l"), "VISIBLE");
}

#[test]
fn failures_of_a_load_have_doris_texts_and_free_the_label() {
    for (name, message) in [
        (
            "too_many_versions",
            "[E-235]failed to init rowset builder. version count: 2001, exceed limit: 2000, tablet: ",
        ),
        ("too_many_running_txns", "detailMessage = current running txns on db "),
        ("not_master", "[NOT_MASTER]TStatus: "),
        ("read_only", "read-only"),
        ("mem_limit", "[MEM_LIMIT_EXCEEDED]"),
    ] {
        let server = Server::with_table();
        server.fault(&format!("{{\"name\":\"{name}\",\"count\":1}}"));
        failed(&server.load("t", &[CSV, LABEL], "1,a\n2,b\n"), message);
        assert_ne!(server.state("l"), "VISIBLE");
        resent(&server);
    }
}

#[test]
fn a_precommitted_transaction_is_found_expired() {
    let server = Server::with_table();
    succeeded(&server.load("t", &[CSV, LABEL, ("two_phase_commit", "true")], "1,a"));
    server.fault(r#"{"name":"precommit_expiry","count":1}"#);
    let reply = server.two_phase(&[LABEL, ("txn_operation", "commit")]);
    assert!(text(&reply, "msg").contains("transaction not found, label=l"), "{reply}");
    assert_eq!(server.state("l"), "ABORTED");
}

#[test]
fn a_label_is_used_by_somebody_else_in_each_state() {
    for (value, state) in [(0, "RUNNING"), (1, "PRECOMMITTED"), (2, "FINISHED")] {
        let server = Server::with_table();
        server.fault(&format!("{{\"name\":\"label_used\",\"count\":1,\"value\":{value}}}"));
        let reply = server.load("t", &[CSV, LABEL], "1,a");
        assert_eq!((text(&reply, "Status"), text(&reply, "ExistingJobStatus")), ("Label Already Exists", state));
        assert_eq!(server.sql("SELECT * FROM t"), "");
    }
}

#[test]
fn no_back_end_is_found() {
    let server = Server::with_table();
    server.fault(r#"{"name":"no_backend","count":1}"#);
    let reply = server.load("t", &[CSV], "1,a");
    assert!(text(&reply, "msg").starts_with("No backend load available"), "{reply}");
    succeeded(&server.load("t", &[CSV], "1,a"));
}

#[test]
fn a_fault_lasts_so_many_requests_after_those_it_lets_pass() {
    let server = Server::with_table();
    server.fault(r#"{"name":"mem_limit","count":2,"skip":1}"#);
    let statuses: Vec<String> = (0..4).map(|_| text(&server.load("t", &[CSV], "1,a"), "Status").to_owned()).collect();
    assert_eq!(statuses, ["Success", "Fail", "Fail", "Success"]);
}

#[test]
fn a_fault_is_limited_to_a_table_and_cleared_by_name() {
    let server = Server::with_table();
    server.sql("CREATE TABLE u (id INT, name STRING) DISTRIBUTED BY HASH(id) BUCKETS 1");
    server.fault(r#"{"name":"mem_limit","table":"d.t"}"#);
    succeeded(&server.load("u", &[CSV], "1,a"));
    failed(&server.load("t", &[CSV], "1,a"), "MEM_LIMIT_EXCEEDED");
    let cleared = server.admin("DELETE", "/faults?name=mem_limit", "");
    assert_eq!(number(cleared.item(0).unwrap(), "hits"), 1);
    succeeded(&server.load("t", &[CSV], "1,a"));
}

#[test]
fn a_fault_of_one_back_end_spares_the_other() {
    let layout = doris_standin::serve::Layout { backends: 2, ..Default::default() };
    let server = Server::start(Default::default(), &layout);
    server.unique_table();
    server.fault(r#"{"name":"mem_limit","node":2}"#);
    let load = |be: String| server.send("PUT", be, "/api/d/t/_stream_load", &[CSV], b"1,a").unwrap().body;
    assert!(load(server.be(0)).contains("\"Success\""));
    assert!(load(server.be(1)).contains("MEM_LIMIT_EXCEEDED"));
}

#[test]
fn a_fault_with_a_duration_ends_by_itself() {
    let server = Server::with_table();
    server.fault(r#"{"name":"mem_limit","duration_ms":0}"#);
    succeeded(&server.load("t", &[CSV], "1,a"));
}

#[test]
fn a_name_that_is_no_fault_is_refused_with_those_that_are() {
    let server = Server::with_table();
    let reply = server.admin("POST", "/faults", r#"{"name":"rain"}"#);
    assert!(text(&reply, "error").starts_with("no fault is named 'rain'; there are slow_be, "), "{reply}");
    let names = server.admin("GET", "/faults/names", "");
    for fault in FaultName::ALL {
        assert!(text(&names, fault.text()).ends_with('.'));
        assert_eq!(FaultName::parse(fault.text()), Some(*fault));
    }
}
