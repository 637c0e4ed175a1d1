//! A cluster of the test's own, and short ways to load, commit and look.

use crate::client::{Reply, Request, Transfer, basic, send};
use doris_standin::cluster::Settings;
use doris_standin::json::Json;
use doris_standin::serve::{self, Layout, Serving};
use doris_standin::sql::{Outcome, Session};
use doris_standin::{Cluster, Version};
use std::io;
use std::sync::Arc;
use tokio::runtime::Runtime;

pub struct Server {
    // Ends the servers with the test.
    _runtime: Runtime,
    serving: Serving,
}

pub fn settings(version: Version) -> Settings {
    Settings { version, ..Settings::default() }
}

pub fn server() -> Server {
    Server::start(Settings::default(), &Layout::default())
}

impl Server {
    pub fn start(settings: Settings, layout: &Layout) -> Server {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let guard = runtime.enter();
        let serving = serve::start(settings, layout).unwrap();
        drop(guard);
        let server = Server { _runtime: runtime, serving };
        server.sql("CREATE DATABASE d");
        server
    }

    pub fn of(version: Version) -> Server {
        Server::start(settings(version), &Layout::default())
    }

    /// With a UNIQUE table `t (id INT, name VARCHAR(10))`.
    pub fn with_table() -> Server {
        let server = server();
        server.unique_table();
        server
    }

    pub fn unique_table(&self) {
        self.sql(
            "CREATE TABLE t (id INT NOT NULL, name VARCHAR(10) NULL) UNIQUE KEY(id) DISTRIBUTED BY HASH(id) BUCKETS 1",
        );
    }

    pub fn cluster(&self) -> &Arc<Cluster> {
        &self.serving.cluster
    }

    fn port(&self, role: &str, index: usize) -> String {
        let ports = self.serving.ports();
        let port = ports.get(role).and_then(|p| p.item(index)).and_then(Json::as_i64).unwrap();
        format!("127.0.0.1:{port}")
    }

    pub fn fe(&self, index: usize) -> String {
        self.port("fe", index)
    }

    pub fn be(&self, index: usize) -> String {
        self.port("be", index)
    }

    /// Runs a statement in database `d`, given that it exists.
    pub fn sql(&self, statement: &str) -> String {
        let mut session = Session::new(self.cluster().clone(), "root", 0);
        if !statement.starts_with("CREATE DATABASE") {
            session.use_database("d").unwrap();
        }
        match session.execute(statement).unwrap_or_else(|e| panic!("{statement}: {e}")) {
            Outcome::Done { .. } => String::new(),
            Outcome::Rows(relation) => {
                let line = |row: &Vec<_>| row.iter().map(ToString::to_string).collect::<Vec<_>>().join("|");
                let visible: Vec<usize> = (0..relation.fields.len()).filter(|&i| relation.fields[i].visible).collect();
                let shown = relation.rows.iter().map(|r| visible.iter().map(|&i| r[i].clone()).collect::<Vec<_>>());
                shown.map(|r| line(&r)).collect::<Vec<_>>().join("\n")
            }
        }
    }

    /// A request with login and `Expect`.
    pub fn send(
        &self,
        method: &str,
        host: String,
        path: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> io::Result<Reply> {
        let mut all = vec![basic("root", "")];
        if method == "PUT" {
            all.push(("Expect".into(), "100-continue".into()));
        }
        all.extend(headers.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())));
        let transfer = Transfer::Length;
        send(&Request { method, host, path: path.into(), headers: all, body, transfer })
    }

    pub fn get(&self, path: &str) -> Json {
        let reply = self.send("GET", self.fe(0), path, &[], b"").unwrap();
        Json::parse(reply.body.as_bytes()).unwrap()
    }

    /// A load through the front end into `d.TABLE`; the whole reply, or how the connection broke.
    pub fn try_load(&self, table: &str, headers: &[(&str, &str)], body: &[u8]) -> io::Result<Reply> {
        self.send("PUT", self.fe(0), &format!("/api/d/{table}/_stream_load"), headers, body)
    }

    pub fn load(&self, table: &str, headers: &[(&str, &str)], body: impl AsRef<[u8]>) -> Json {
        let reply = self.try_load(table, headers, body.as_ref()).unwrap();
        Json::parse(reply.body.as_bytes()).unwrap_or_else(|e| panic!("{e:?}: {}", reply.body))
    }

    /// A commit or abort through the front end.
    pub fn two_phase(&self, headers: &[(&str, &str)]) -> Json {
        let reply = self.send("PUT", self.fe(0), "/api/d/_stream_load_2pc", headers, b"").unwrap();
        Json::parse(reply.body.as_bytes()).unwrap()
    }

    pub fn admin(&self, method: &str, path: &str, body: &str) -> Json {
        let port = self.serving.ports().get("admin").and_then(Json::as_i64).unwrap();
        let reply = self.send(method, format!("127.0.0.1:{port}"), path, &[], body.as_bytes()).unwrap();
        Json::parse(reply.body.as_bytes()).unwrap_or_else(|e| panic!("{e:?}: {}", reply.body))
    }

    /// Switches a fault on by the admin call.
    pub fn fault(&self, body: &str) {
        let reply = self.admin("POST", "/faults", body);
        assert!(reply.get("id").is_some(), "{reply}");
    }

    pub fn error_log(&self, reply: &Json) -> String {
        let url = text(reply, "ErrorURL");
        let rest = url.strip_prefix("http://").unwrap();
        let (host, path) = rest.split_once('/').unwrap();
        self.send("GET", host.into(), &format!("/{path}"), &[], b"").unwrap().body
    }

    /// State of a label by the front end's call.
    pub fn state(&self, label: &str) -> String {
        text(&self.get(&format!("/api/d/get_load_state?label={label}")), "data").to_owned()
    }
}

/// A text of a reply.
pub fn text<'a>(reply: &'a Json, key: &str) -> &'a str {
    reply.get(key).and_then(Json::as_str).unwrap_or_else(|| panic!("no text {key} in {reply}"))
}

/// A number of a reply.
pub fn number(reply: &Json, key: &str) -> i64 {
    reply.get(key).and_then(Json::as_i64).unwrap_or_else(|| panic!("no number {key} in {reply}"))
}

/// Total, loaded, filtered, unselected.
pub fn counts(reply: &Json) -> [i64; 4] {
    ["NumberTotalRows", "NumberLoadedRows", "NumberFilteredRows", "NumberUnselectedRows"].map(|k| number(reply, k))
}

#[track_caller]
pub fn succeeded(reply: &Json) {
    assert_eq!(text(reply, "Status"), "Success", "{reply}");
}

#[track_caller]
pub fn failed<'a>(reply: &'a Json, message: &str) -> &'a Json {
    assert_eq!(text(reply, "Status"), "Fail", "{reply}");
    assert!(text(reply, "Message").contains(message), "{reply}");
    reply
}
