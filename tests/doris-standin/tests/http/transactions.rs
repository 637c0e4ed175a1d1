//! Labels, two phases, and how long they last.

use crate::server::{Server, failed, number, server, settings, succeeded, text};
use doris_standin::Version;
use doris_standin::cluster::Settings;
use doris_standin::serve::Layout;

const CSV: (&str, &str) = ("column_separator", ",");
const TWO: (&str, &str) = ("two_phase_commit", "true");
const HOUR_MS: i64 = 3_600_000;

fn advance(server: &Server, ms: i64) {
    server.admin("POST", "/clock", &format!("{{\"advance_ms\":{ms}}}"));
}

fn precommitted(server: &Server, label: &str, row: &str) -> i64 {
    let reply = server.load("t", &[CSV, TWO, ("label", label)], row);
    succeeded(&reply);
    number(&reply, "TxnId")
}

#[test]
fn rows_are_visible_after_the_commit_and_not_before() {
    let server = Server::with_table();
    let txn = precommitted(&server, "l", "1,a").to_string();
    assert_eq!((server.sql("SELECT * FROM t"), server.state("l")), (String::new(), "PRECOMMITTED".into()));
    let reply = server.two_phase(&[("txn_id", &txn), ("txn_operation", "commit")]);
    assert_eq!(text(&reply, "msg"), format!("transaction [{txn}] commit successfully."));
    assert_eq!((server.sql("SELECT * FROM t"), server.state("l")), ("1|a".into(), "VISIBLE".into()));
}

#[test]
fn the_second_phase_speaks_doris_words() {
    let server = Server::with_table();
    let txn = precommitted(&server, "l", "1,a").to_string();
    let by_both = [("txn_id", &txn[..]), ("label", "l"), ("txn_operation", "abort")];
    let expected = format!("transaction [{txn}] abort successfully. label [l] abort successfully.");
    assert_eq!(text(&server.two_phase(&by_both), "msg"), expected);
    let again = server.two_phase(&[("txn_id", &txn), ("txn_operation", "abort")]);
    assert_eq!(text(&again, "status"), "ANALYSIS_ERROR");
    let detail = format!(
        "TStatus: errCode = 2, detailMessage = transaction [{txn}] is already aborted, abort reason: User Abort"
    );
    assert_eq!(text(&again, "msg"), detail);
    let commit = server.two_phase(&[("txn_id", &txn), ("txn_operation", "commit")]);
    assert!(
        text(&commit, "msg").ends_with(&format!("transaction [{txn}] is already aborted. abort reason: User Abort"))
    );
    for (headers, message) in [
        ([("label", "x"), ("txn_operation", "commit")], "transaction not found, label=x"),
        ([("label", "x"), ("txn_operation", "abort")], "running transaction not found, label=x"),
        ([("txn_id", "99"), ("txn_operation", "commit")], "transaction [99] not found"),
        ([("txn_id", "x"), ("txn_operation", "commit")], "convert txn_id [x] failed"),
        ([("txn_id", "1"), ("txn_operation", "keep")], "transaction operation should be 'commit' or 'abort'"),
    ] {
        let reply = server.two_phase(&headers);
        assert!(text(&reply, "msg").contains(message), "{reply}");
    }
    let visible = number(&server.load("t", &[CSV], "2,b"), "TxnId").to_string();
    for (operation, message) in
        [("commit", "is already visible, not pre-committed."), ("abort", "is already VISIBLE, could not abort.")]
    {
        let reply = server.two_phase(&[("txn_id", &visible), ("txn_operation", operation)]);
        assert!(text(&reply, "msg").ends_with(message), "{reply}");
    }
}

#[test]
fn the_front_end_asks_for_transaction_and_operation() {
    let server = server();
    let message = |headers: &[(&str, &str)]| text(&server.two_phase(headers), "msg").to_owned();
    assert_eq!(message(&[("txn_operation", "commit")]), "No transaction id or label selected.");
    assert_eq!(message(&[("txn_id", "1")]), "No transaction operation('commit' or 'abort') selected.");
}

#[test]
fn a_taken_label_is_told_with_its_state_and_free_again_after_the_abort() {
    let server = Server::with_table();
    let txn = precommitted(&server, "l", "1,a");
    let reply = server.load("t", &[CSV, TWO, ("label", "l")], "");
    assert_eq!((text(&reply, "Status"), number(&reply, "TxnId")), ("Label Already Exists", -1));
    assert_eq!(text(&reply, "ExistingJobStatus"), "PRECOMMITTED");
    let message = format!("Label [l] has already been used, relate to txn [{txn}], status [PRECOMMITTED].");
    let prefix = "[LABEL_ALREADY_EXISTS]TStatus: errCode = 2, detailMessage = ";
    assert_eq!(text(&reply, "Message"), format!("{prefix}{message}"));
    server.two_phase(&[("label", "l"), ("txn_operation", "abort")]);
    succeeded(&server.load("t", &[CSV, ("label", "l")], "1,b"));
    let reply = server.load("t", &[CSV, ("label", "l")], "1,c");
    assert_eq!(text(&reply, "ExistingJobStatus"), "FINISHED");
    assert_eq!(server.sql("SELECT * FROM t"), "1|b");
}

#[test]
fn release_2_1_ends_the_label_text_after_the_transaction() {
    let server = Server::of(Version::V2_1);
    server.unique_table();
    let txn = precommitted(&server, "l", "1,a");
    let reply = server.load("t", &[CSV, ("label", "l")], "");
    assert!(text(&reply, "Message").ends_with(&format!("relate to txn [{txn}]")), "{reply}");
}

#[test]
fn a_label_that_doris_does_not_take_is_refused() {
    let server = Server::with_table();
    failed(&server.load("t", &[("label", "a b")], ""), "a b");
    failed(&server.load("t", &[("label", &"x".repeat(129))], ""), "label");
}

#[test]
fn labels_are_taken_by_database() {
    let server = Server::with_table();
    server.sql("CREATE DATABASE e");
    server.sql("CREATE TABLE e.t (id INT, name STRING) DISTRIBUTED BY HASH(id) BUCKETS 1");
    succeeded(&server.load("t", &[CSV, ("label", "l")], "1,a"));
    let reply = server.send("PUT", server.fe(0), "/api/e/t/_stream_load", &[CSV, ("label", "l")], b"1,a").unwrap();
    assert!(reply.body.contains("\"Status\": \"Success\""), "{}", reply.body);
}

#[test]
fn a_precommitted_transaction_is_lost_after_an_hour() {
    let server = Server::with_table();
    let txn = precommitted(&server, "l", "1,a").to_string();
    advance(&server, HOUR_MS - 60_000);
    assert_eq!(server.state("l"), "PRECOMMITTED");
    advance(&server, 120_000);
    assert_eq!(server.state("l"), "ABORTED");
    let reply = server.two_phase(&[("txn_id", &txn), ("txn_operation", "commit")]);
    assert!(text(&reply, "msg").contains("is already aborted. abort reason: timeout by txn manager"), "{reply}");
}

#[test]
fn a_label_is_forgotten_after_twelve_hours_and_its_resend_loads_again() {
    let server = server();
    server.sql("CREATE TABLE t (id INT, name STRING) DUPLICATE KEY(id) DISTRIBUTED BY HASH(id) BUCKETS 1");
    let headers = [CSV, ("label", "l")];
    let txn = number(&server.load("t", &headers, "1,a"), "TxnId").to_string();
    advance(&server, 12 * HOUR_MS + 1000);
    assert_eq!(server.state("l"), "UNKNOWN");
    let reply = server.two_phase(&[("txn_id", &txn), ("txn_operation", "commit")]);
    assert!(text(&reply, "msg").ends_with(&format!("transaction [{txn}] not found")), "{reply}");
    succeeded(&server.load("t", &headers, "1,a"));
    assert_eq!(server.sql("SELECT count(*) FROM t"), "2");
}

#[test]
fn only_so_many_finished_labels_are_kept() {
    let server = Server::start(Settings { label_num_threshold: 2, ..settings(Version::V3_1) }, &Layout::default());
    server.unique_table();
    let open = precommitted(&server, "open", "0,z");
    for label in ["a", "b", "c"] {
        succeeded(&server.load("t", &[CSV, ("label", label)], "1,a"));
    }
    assert_eq!(["a", "b", "c"].map(|l| server.state(l)), ["UNKNOWN", "VISIBLE", "VISIBLE"]);
    assert_eq!(server.state("open"), "PRECOMMITTED");
    let reply = server.two_phase(&[("txn_id", &open.to_string()), ("txn_operation", "commit")]);
    assert_eq!(text(&reply, "status"), "Success");
}

#[test]
fn a_database_has_a_limit_of_running_transactions() {
    let server =
        Server::start(Settings { max_running_txn_num_per_db: 1, ..settings(Version::V3_1) }, &Layout::default());
    server.unique_table();
    precommitted(&server, "l", "1,a");
    let reply = server.load("t", &[CSV, ("label", "m")], "2,b");
    failed(&reply, "current running txns on db ");
    assert!(text(&reply, "Message").ends_with(" is 1, larger than limit 1"), "{reply}");
    assert_eq!(server.state("m"), "UNKNOWN");
}

#[test]
fn a_column_added_between_the_phases_gets_its_default() {
    let server = Server::with_table();
    precommitted(&server, "l", "1,a");
    server.sql("ALTER TABLE t ADD COLUMN n INT DEFAULT '7' AFTER id");
    server.two_phase(&[("label", "l"), ("txn_operation", "commit")]);
    assert_eq!(server.sql("SELECT * FROM t"), "1|7|a");
}

#[test]
fn the_later_commit_wins_not_the_later_load() {
    let server = Server::with_table();
    precommitted(&server, "first", "1,first");
    precommitted(&server, "second", "1,second");
    server.two_phase(&[("label", "second"), ("txn_operation", "commit")]);
    server.two_phase(&[("label", "first"), ("txn_operation", "commit")]);
    assert_eq!(server.sql("SELECT * FROM t"), "1|first");
}

/// Commits of one millisecond, held back by a publish timeout, the younger load's first.
#[test]
fn the_later_commit_wins_when_both_are_published_together() {
    let server = Server::with_table();
    for round in 0..50 {
        let (first, second) = (format!("first_{round}"), format!("second_{round}"));
        precommitted(&server, &first, "1,first");
        precommitted(&server, &second, "1,second");
        server.fault("{\"name\":\"publish_timeout\",\"count\":1}");
        server.two_phase(&[("label", second.as_str()), ("txn_operation", "commit")]);
        server.two_phase(&[("label", first.as_str()), ("txn_operation", "commit")]);
        server.admin("POST", "/publish", "");
        assert_eq!(server.sql("SELECT * FROM t"), "1|first", "round {round}");
    }
}

#[test]
fn a_load_can_be_cancelled_by_its_label() {
    let server = Server::with_table();
    precommitted(&server, "l", "1,a");
    let reply = server.send("POST", server.fe(0), "/api/d/_cancel?label=l", &[], b"").unwrap();
    assert!(reply.body.contains("\"code\":0"), "{}", reply.body);
    assert_eq!(server.state("l"), "ABORTED");
}
