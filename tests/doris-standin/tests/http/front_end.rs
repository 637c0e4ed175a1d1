//! What a front end answers itself.

use crate::client::{Reply, Request, Transfer, basic, send};
use crate::server::{Server, number, server, settings, text};
use doris_standin::Version;
use doris_standin::cluster::Settings;
use doris_standin::json::Json;
use doris_standin::serve::Layout;

/// Asks a front end for a load and does not follow it.
fn ask(server: &Server, headers: &[(&str, &str)]) -> Reply {
    let owned = headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
    // GET is not redirected by the client, a PUT to a path that is not there would be.
    let path = "/api/d/t/_stream_load".to_owned();
    let request =
        Request { method: "PUT", host: server.fe(0), path, headers: owned, body: b"", transfer: Transfer::Length };
    crate::client::send_once(&request).unwrap()
}

fn body(reply: &Reply) -> Json {
    assert_eq!(reply.status, 200, "{}", reply.body);
    Json::parse(reply.body.as_bytes()).unwrap()
}

#[test]
fn a_load_is_redirected_with_the_credentials_and_a_bare_question_mark() {
    let settings = Settings { password: "p@ss:w/rd%#?".into(), ..Settings::default() };
    let server = Server::start(settings, &Layout::default());
    let (name, login) = basic("root", "p@ss:w/rd%#?");
    let reply = ask(&server, &[(&name, &login), ("Expect", "100-continue")]);
    assert_eq!(reply.status, 307);
    let target = format!("http://root:p%40ss%3Aw%2Frd%25%23%3F@{}/api/d/t/_stream_load?", server.be(0));
    assert_eq!(reply.header("location"), Some(&target[..]));
}

#[test]
fn a_missing_or_wrong_login_comes_back_as_a_200_with_code_401() {
    let server = server();
    let reply = body(&ask(&server, &[("Expect", "100-continue")]));
    assert_eq!((number(&reply, "code"), text(&reply, "data")), (401, "Need auth information."));
    let (name, login) = basic("root", "wrong");
    let reply = body(&ask(&server, &[(&name, &login), ("Expect", "100-continue")]));
    assert_eq!((number(&reply, "code"), text(&reply, "msg")), (401, "Unauthorized"));
    assert!(text(&reply, "data").contains("Access denied for user 'root@"), "{reply}");
}

#[test]
fn a_load_without_expect_or_with_a_bad_group_commit_mode_is_refused() {
    let server = server();
    let (name, login) = basic("root", "");
    let reply = body(&ask(&server, &[(&name, &login)]));
    assert_eq!((text(&reply, "status"), text(&reply, "msg")), ("FAILED", "There is no 100-continue header"));
    let reply = body(&ask(&server, &[(&name, &login), ("group_commit", "often")]));
    assert!(text(&reply, "msg").starts_with("Header `group_commit` can only be"), "{reply}");
}

#[test]
fn loads_go_to_the_back_ends_in_turn_and_to_none_that_is_dead() {
    let server = Server::start(settings(Version::V3_1), &Layout { backends: 3, ..Layout::default() });
    let (name, login) = basic("root", "");
    let headers = [(&name[..], &login[..]), ("Expect", "100-continue")];
    let target = || ask(&server, &headers).header("location").unwrap().to_owned();
    let turns: std::collections::BTreeSet<String> = (0..3).map(|_| target()).collect();
    assert_eq!(turns.len(), 3);
    server.fault(r#"{"name":"dead_be","node":2}"#);
    assert!((0..6).all(|_| !target().contains(&server.be(1))));
    server.fault(r#"{"name":"dead_be"}"#);
    let reply = body(&ask(&server, &headers));
    assert!(text(&reply, "msg").starts_with("No backend load available"), "{reply}");
}

#[test]
fn the_list_of_back_ends_has_the_live_ones() {
    let server = Server::start(Settings::default(), &Layout { backends: 2, ..Layout::default() });
    server.fault(r#"{"name":"dead_be","node":1}"#);
    let reply = server.get("/api/backends?is_alive=true");
    let port = server.be(1).split_once(':').unwrap().1.to_owned();
    let expected = format!(r#"{{"backends":[{{"ip":"127.0.0.1","http_port":{port},"is_alive":true}}]}}"#);
    assert_eq!(reply.get("data").unwrap().to_string(), expected);
    let health = server.get("/api/health");
    assert_eq!(health.get("data").unwrap().to_string(), r#"{"total_backend_num":2,"online_backend_num":1}"#);
}

#[test]
fn a_back_end_added_later_takes_loads() {
    let server = Server::with_table();
    let added = server.admin("POST", "/backends", "{}");
    let reply = server.get("/api/backends");
    assert!(reply.to_string().contains(&format!("\"http_port\":{}", number(&added, "http_port"))), "{reply}");
}

#[test]
fn the_schema_call_tells_key_model_types_and_nullability() {
    let server = server();
    server.sql(
        "CREATE TABLE s (id BIGINT NOT NULL, amount DECIMAL(20, 3) NULL COMMENT 'sum', at DATETIME(3), name VARCHAR(9)) \
         UNIQUE KEY(id) DISTRIBUTED BY HASH(id) BUCKETS 1",
    );
    let reply = server.get("/api/d/s/_schema");
    let data = reply.get("data").unwrap();
    assert_eq!(text(data, "keysType"), "UNIQUE_KEYS");
    let columns = data.get("properties").unwrap();
    assert_eq!(text(columns.item(0).unwrap(), "is_nullable"), "No");
    let amount = columns.item(1).unwrap();
    let found = ["type", "precision", "scale", "comment", "aggregation_type"].map(|k| text(amount, k));
    assert_eq!(found, ["DECIMAL128", "20", "3", "sum", "REPLACE"]);
    assert_eq!(text(columns.item(2).unwrap(), "type"), "DATETIMEV2");
    assert!(columns.item(4).is_none());
    assert_eq!(number(&server.get("/api/d/nothing/_schema"), "code"), 1);
}

#[test]
fn a_label_nobody_knows_is_unknown_and_a_database_nobody_knows_an_error() {
    let server = server();
    assert_eq!(server.state("nobody"), "UNKNOWN");
    let reply = server.get("/api/nothing/get_load_state?label=l");
    assert_eq!((number(&reply, "code"), text(&reply, "data")), (1, "unknown database, database=nothing"));
}

#[test]
fn statements_run_over_http() {
    let server = Server::with_table();
    let query = |statement: &str| {
        let body = Json::object([("stmt", Json::from(statement))]).to_string();
        let reply = server.send("POST", server.fe(0), "/api/query/default_cluster/d", &[], body.as_bytes()).unwrap();
        Json::parse(reply.body.as_bytes()).unwrap()
    };
    assert_eq!(text(query("INSERT INTO t VALUES (1, 'a')").get("data").unwrap(), "type"), "exec_status");
    let reply = query("SELECT id, name FROM t");
    assert_eq!(reply.get("data").unwrap().get("data").unwrap().to_string(), r#"[["1","a"]]"#);
    assert!(text(&query("SELECT nothing FROM t"), "data").starts_with("Failed to execute sql: "));
    let reply = server.send("POST", server.fe(0), "/api/query/default_cluster/d", &[], b"{}").unwrap();
    assert!(reply.body.contains("Missing statement request body") && reply.body.contains("403"));
}

#[test]
fn liveness_and_the_old_load_call_are_answered() {
    let server = server();
    let get = |host: String, path: &str| {
        send(&Request {
            method: "GET",
            host,
            path: path.into(),
            headers: Vec::new(),
            body: b"",
            transfer: Transfer::None,
        })
    };
    assert_eq!(get(server.fe(0), "/").unwrap().status, 200);
    assert_eq!(get(server.be(0), "/").unwrap().status, 200);
    assert_eq!(get(server.be(0), "/api/health").unwrap().body, "{\"status\": \"OK\",\"msg\": \"To Be Added\"}");
    let reply = server.send("PUT", server.fe(0), "/api/d/t/_load", &[], b"").unwrap();
    assert_eq!(number(&body(&reply), "code"), 404);
}

#[test]
fn light_schema_change_is_told_by_table() {
    let server = Server::with_table();
    server
        .sql("CREATE TABLE h (id INT) DISTRIBUTED BY HASH(id) BUCKETS 1 PROPERTIES ('light_schema_change' = 'false')");
    let ask = |table: &str| server.get(&format!("/api/enable_light_schema_change/d/{table}"));
    assert_eq!(number(&ask("t"), "code"), 0);
    assert_eq!(text(&ask("h"), "data"), "table h disable light schema change");
}
