//! Calls of the stand-in's own, on a port of their own: faults, the clock, what came of each load.

use super::node::{Outcome, Role, small_body};
use super::wire::{Connection, Reply, Request};
use crate::Cluster;
use crate::fault::{Fault, FaultName};
use crate::json::Json;
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Answers one request.
pub async fn answer(cluster: &Arc<Cluster>, request: &Request, connection: &mut Connection) -> io::Result<Outcome> {
    let body = small_body(request, connection).await?;
    let body = if body.is_empty() { Ok(Json::Object(Vec::new())) } else { Json::parse(&body) };
    let Ok(body) = body else { return Ok(bad("the body is not JSON").into()) };
    let parts: Vec<&str> = request.path.split('/').filter(|p| !p.is_empty()).collect();
    let reply = match (request.method.as_str(), &parts[..]) {
        ("GET", ["faults"]) => Reply::json(Json::Array(cluster.faults.list().iter().map(Fault::json).collect())),
        ("GET", ["faults", "names"]) => names(),
        ("POST", ["faults"]) => set_fault(cluster, &body),
        ("DELETE", ["faults"]) => clear(cluster, |f| request.parameter("name").is_none_or(|n| n == f.name.text())),
        ("DELETE", ["faults", id]) => clear(cluster, |f| f.id.to_string() == *id),
        ("POST", ["clock"]) => advance(cluster, &body),
        ("POST", ["publish"]) => {
            cluster.store().release_publish();
            Reply::json(Json::Object(Vec::new()))
        }
        ("POST", ["alters"]) => {
            let held = body.get("held").and_then(Json::as_bool).unwrap_or(true);
            cluster.store().hold_alters(held);
            Reply::json(Json::object([("held", Json::from(held))]))
        }
        ("POST", ["discarding"]) => {
            let on = body.get("on").and_then(Json::as_bool).unwrap_or(true);
            cluster.discarding.store(on, Ordering::SeqCst);
            Reply::json(Json::object([("on", Json::from(on))]))
        }
        ("POST", ["backends"]) => add_backend(cluster, &body),
        ("GET", ["loads"]) => loads(cluster, request),
        ("DELETE", ["loads"]) => {
            cluster.records.clear();
            Reply::json(Json::Object(Vec::new()))
        }
        ("GET", ["transactions"]) => transactions(cluster),
        ("GET", ["nodes"]) => nodes(cluster),
        _ => Reply::text(404, format!("no admin call {} {}\n", request.method, request.path)),
    };
    Ok(reply.into())
}

fn bad(text: impl Into<String>) -> Reply {
    Reply::json(Json::object([("error", Json::from(text.into()))])).with_status(400)
}

impl Reply {
    fn with_status(self, status: u16) -> Reply {
        Reply { status, ..self }
    }
}

fn names() -> Reply {
    Reply::json(Json::object(FaultName::ALL.iter().map(|f| (f.text(), Json::from(f.meaning().trim())))))
}

fn set_fault(cluster: &Cluster, body: &Json) -> Reply {
    match Fault::from_json(body) {
        Ok(fault) => Reply::json(Json::object([("id", Json::from(cluster.faults.set(fault)))])),
        Err(text) => bad(text),
    }
}

/// Clears faults; a publish timeout lets go what it held.
fn clear(cluster: &Cluster, which: impl Fn(&Fault) -> bool) -> Reply {
    let cleared = cluster.faults.clear(which);
    if cleared.iter().any(|f| f.name == FaultName::PublishTimeout) {
        cluster.store().release_publish();
    }
    Reply::json(Json::Array(cleared.iter().map(Fault::json).collect()))
}

fn advance(cluster: &Cluster, body: &Json) -> Reply {
    let Some(ms) = body.get("advance_ms").and_then(Json::as_i64) else { return bad("advance_ms is missing") };
    cluster.clock.advance(ms);
    Reply::json(Json::object([("now_ms", Json::from(cluster.store().now_ms()))]))
}

fn add_backend(cluster: &Arc<Cluster>, body: &Json) -> Reply {
    let host = body.get("host").and_then(Json::as_str).unwrap_or("127.0.0.1");
    match cluster.serve(Role::Backend, host, 0) {
        Ok(node) => Reply::json(Json::object([("id", Json::from(node.id)), ("http_port", Json::from(node.http_port))])),
        Err(error) => bad(error.to_string()),
    }
}

/// Counters, and each load with the state of its transaction now; `?label=` for one label, `?counters` for no loads.
fn loads(cluster: &Cluster, request: &Request) -> Reply {
    let counters = cluster.records.counters();
    if request.parameter("counters").is_some() {
        return Reply::json(Json::object([("counters", counters)]));
    }
    let wanted = request.parameter("label");
    let all = cluster.records.loads();
    let store = cluster.store();
    let shown = all.iter().filter(|l| wanted.is_none_or(|w| l.label == w)).map(|load| {
        let txn = load.txn.and_then(|id| store.transaction(id));
        load.json(txn.map_or("UNKNOWN", |t| t.state.text()))
    });
    Reply::json(Json::object([("counters", counters), ("loads", Json::Array(shown.collect()))]))
}

fn transactions(cluster: &Cluster) -> Reply {
    let store = cluster.store();
    let shown = store.transactions().map(|t| {
        Json::object([
            ("id", Json::from(t.id)),
            ("label", Json::from(t.label.as_str())),
            ("database", Json::from(t.database.as_str())),
            ("table", Json::from(t.table.as_str())),
            ("state", Json::from(t.state.text())),
            ("reason", Json::from(t.reason.as_str())),
            ("rows", Json::from(t.rows)),
        ])
    });
    Reply::json(Json::Array(shown.collect()))
}

fn nodes(cluster: &Cluster) -> Reply {
    let list = |role| {
        let shown = cluster.nodes(role).into_iter().map(|n| {
            Json::object([
                ("id", Json::from(n.id)),
                ("host", Json::from(n.host.as_str())),
                ("http_port", Json::from(n.http_port)),
                ("query_port", Json::from(n.query_port)),
                ("alive", Json::from(cluster.is_alive(&n))),
            ])
        });
        Json::Array(shown.collect())
    };
    Reply::json(Json::object([
        ("frontends", list(Role::Frontend)),
        ("backends", list(Role::Backend)),
        ("admin", list(Role::Admin)),
    ]))
}
