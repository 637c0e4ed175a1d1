//! A Doris for a test: the stand-in in this process, on free ports, with its own tables.
#![allow(dead_code)]

use canal_native::doris::cluster::Access;
use canal_native::doris::http::{Authority, Chunks};
use canal_native::doris::label::{LabelState, Stem};
use canal_native::doris::load::LoadTarget;
use canal_native::doris::loader::{LoaderPlan, Package};
use canal_native::doris::spec::Compression;
use doris_standin::cluster::{Cluster, Settings};
use doris_standin::fault::Fault;
use doris_standin::http::node::{Node, Role};
use doris_standin::sql::{Outcome, Session};
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::{Builder, Runtime};

/// Front ends, back ends, and a database `shop` with a unique-key and a duplicate-key table.
pub struct Doris {
    pub cluster: Arc<Cluster>,
    pub front_ends: Vec<Node>,
    runtime: Runtime,
}

impl Doris {
    pub fn start() -> Doris {
        Doris::prepared(|_| {}, "127.0.0.1")
    }

    /// Login and limits of the cluster.
    pub fn settings() -> Settings {
        Settings { user: "loader".into(), password: "se/cr@t:".into(), ..Settings::default() }
    }

    pub fn of(settings: Settings) -> Doris {
        Doris::launched(settings, |_| {}, "127.0.0.1")
    }

    /// `prepare` sees the cluster before it has servers; back ends are registered under `inner`.
    pub fn prepared(prepare: impl FnOnce(&Cluster), inner: &str) -> Doris {
        Doris::launched(Doris::settings(), prepare, inner)
    }

    fn launched(settings: Settings, prepare: impl FnOnce(&Cluster), inner: &str) -> Doris {
        let runtime = Builder::new_multi_thread().worker_threads(2).enable_all().build().expect("a runtime");
        let cluster = Cluster::new(settings);
        prepare(&cluster);
        let mut doris = Doris { cluster, front_ends: Vec::new(), runtime };
        doris.front_ends = (0..2).map(|_| doris.serve(Role::Frontend, "127.0.0.1")).collect();
        for _ in 0..2 {
            doris.serve(Role::Backend, inner);
        }
        doris.sql("CREATE DATABASE shop");
        doris.sql(
            "CREATE TABLE shop.orders (id BIGINT NOT NULL, v VARCHAR(20) NULL) UNIQUE KEY(id) \
             DISTRIBUTED BY HASH(id) BUCKETS 1 PROPERTIES ('replication_num' = '1')",
        );
        doris.sql(
            "CREATE TABLE shop.log (id BIGINT NOT NULL, v VARCHAR(20) NULL) DUPLICATE KEY(id) \
             DISTRIBUTED BY HASH(id) BUCKETS 1 PROPERTIES ('replication_num' = '1')",
        );
        doris
    }

    /// One more server.
    pub fn serve(&self, role: Role, host: &str) -> Node {
        let _inside = self.runtime.enter();
        self.cluster.serve(role, host, 0).expect("a free port")
    }

    /// Back ends that took part in loads, by number and in the order of the loads.
    pub fn loaded_by(&self) -> Vec<u64> {
        self.cluster.records.loads().iter().map(|load| load.backend).collect()
    }

    /// Waits for something that happens in the servers.
    pub fn until(&self, happened: impl Fn() -> bool) {
        let began = std::time::Instant::now();
        while !happened() {
            assert!(began.elapsed() < Duration::from_secs(60), "it did not happen");
            std::thread::sleep(Duration::from_millis(2));
        }
    }

    /// Rows of a statement, as text.
    pub fn sql(&self, statement: &str) -> Vec<Vec<Option<String>>> {
        match Session::new(Arc::clone(&self.cluster), "loader", 1).execute(statement) {
            Ok(Outcome::Rows(relation)) => {
                relation.rows.iter().map(|row| row.iter().map(|cell| cell.text()).collect()).collect()
            }
            Ok(Outcome::Done { .. }) => Vec::new(),
            Err(error) => panic!("{statement}: {error:?}"),
        }
    }

    /// A statement's only number.
    pub fn number(&self, statement: &str) -> i64 {
        let rows = self.sql(statement);
        rows[0][0].as_deref().expect("not NULL").parse().expect("a number")
    }

    pub fn fault(&self, fault: Fault) -> u64 {
        self.cluster.faults.set(fault)
    }

    /// How often a fault struck.
    pub fn hits(&self, id: u64) -> u64 {
        self.cluster.faults.list().iter().find(|fault| fault.id == id).map_or(0, |fault| fault.hits)
    }

    /// Labels of transactions in a state, `PRECOMMITTED` and the like.
    pub fn labels(&self, state: &str) -> Vec<String> {
        let store = self.cluster.store();
        let in_state = store.transactions().filter(|transaction| transaction.state.text() == state);
        in_state.map(|transaction| transaction.label.clone()).collect()
    }

    pub fn access(&self) -> Access {
        let address = |node: &Node| Authority { host: "127.0.0.1".into(), port: node.http_port };
        Access {
            front_ends: self.front_ends.iter().map(address).collect(),
            back_ends: Vec::new(),
            auto_redirect: true,
            rewrite: Default::default(),
            user: "loader".into(),
            password: "se/cr@t:".into(),
            connect_timeout: Duration::from_secs(5),
            tls: None,
        }
    }

    /// Loads of JSON lines into a table of `shop`.
    pub fn plan(&self, table: &str, two_phase: bool) -> LoaderPlan {
        let lines = vec![("format", "json".to_string()), ("read_json_by_line", "true".into())];
        LoaderPlan {
            access: self.access(),
            target: LoadTarget { two_phase, ..target(table, lines) },
            stem: Stem {
                prefix: format!("t_shop.{table}"),
                sink: "cafe".into(),
                job: "j1".into(),
                restored: 0,
                subtask: 0,
            },
            subtasks: 1,
            restored: Vec::<LabelState>::new(),
            in_flight: if two_phase { 3 } else { 1 },
            isolates: false,
            compression: Compression::None,
        }
    }
}

/// Loads into a table of `shop`, whose bodies are what `headers` say.
pub fn target(table: &str, headers: Vec<(&str, String)>) -> LoadTarget {
    let (limit, patience) = (Duration::from_secs(10), Duration::from_secs(20));
    LoadTarget::new(("shop".into(), table.into()), headers, Compression::None, 3, limit, patience).expect("headers")
}

/// Rows `ids`, each with the text `v`.
pub fn package(ids: impl Iterator<Item = u64>, v: &str) -> Package {
    let rows: Vec<String> = ids.map(|id| format!("{{\"id\":{id},\"v\":\"{v}\"}}\n")).collect();
    lines(&rows)
}

/// A body of these lines.
pub fn lines(rows: &[String]) -> Package {
    let lengths = rows.iter().map(|row| row.len() as u32).collect();
    Package::new(Chunks::from(rows.concat().into_bytes()), lengths, rows.len() as u64)
}
