//! A front end: it sends loads on to a back end and answers questions about the cluster.

use super::node::{Node, Outcome, Role};
use super::wire::{Connection, Reply, Request};
use crate::fault::{FaultName, Place};
use crate::json::Json;
use crate::schema::{ColumnType, TableSchema};
use crate::{Cluster, transaction::TxnName};
use std::io;
use std::sync::Arc;
use std::time::Duration;

/// Answers one request.
pub async fn answer(
    cluster: &Arc<Cluster>,
    node: &Node,
    request: &Request,
    connection: &mut Connection,
) -> io::Result<Outcome> {
    let place = Place { node: node.id, ..Place::default() };
    if let Some(ms) = cluster.faults.strike(FaultName::SlowFe, place) {
        tokio::time::sleep(Duration::from_millis(ms.unwrap_or(1000).max(0) as u64)).await;
    }
    let parts: Vec<&str> = request.path.split('/').filter(|p| !p.is_empty()).collect();
    let parts = match parts[..] {
        ["api", "internal" | "default_cluster", ref rest @ ..] if rest.len() >= 2 => [&["api"], rest].concat(),
        _ => parts.clone(),
    };
    if let ["api", "query", _, database] = parts[..] {
        let body = super::node::small_body(request, connection).await?;
        return Ok(refused(cluster, request).unwrap_or_else(|| query(cluster, database, &body)).into());
    }
    if let ["api", database, table, "_query_plan"] = parts[..] {
        super::node::small_body(request, connection).await?;
        return Ok(refused(cluster, request).unwrap_or_else(|| query_plan(cluster, database, table)).into());
    }
    let reply = match (request.method.as_str(), &parts[..]) {
        ("PUT", ["api", database, table, "_stream_load"]) => load(cluster, node, request, database, table),
        ("PUT", ["api", _, "_stream_load_2pc"] | ["api", _, _, "_stream_load_2pc"]) => {
            two_phase(cluster, node, request)
        }
        ("PUT", ["api", _, _, "_load"]) => envelope(404, "Not Found", Json::Null),
        (_, []) => Reply { status: 200, headers: vec![("Content-Type", "text/html".into())], body: "Doris".into() },
        (_, ["api", "health"]) => health(cluster),
        (_, ["api", "bootstrap"]) => bootstrap(cluster, node),
        _ => match refused(cluster, request) {
            Some(reply) => reply,
            None => ask(cluster, request, &parts),
        },
    };
    Ok(reply.into())
}

/// The calls that need a login.
fn ask(cluster: &Cluster, request: &Request, parts: &[&str]) -> Reply {
    match parts {
        ["api", "backends"] => backends(cluster, request),
        ["api", "fe_version_info"] => version(cluster),
        ["api", "rowcount"] => {
            count(cluster, request.parameter("db").unwrap_or(""), request.parameter("table").unwrap_or(""))
        }
        ["api", "enable_light_schema_change", database, table] => light_schema_change(cluster, database, table),
        ["api", database, "get_load_state"] => load_state(cluster, database, request.parameter("label").unwrap_or("")),
        ["api", database, "_cancel"] => cancel(cluster, database, request.parameter("label").unwrap_or("")),
        ["api", database, "_load_info"] => load_info(cluster, database, request.parameter("label").unwrap_or("")),
        ["api", database, table, "_schema"] => schema(cluster, database, table),
        ["api", database, table, "_count"] => count(cluster, database, table),
        ["rest", "v1", "login"] => envelope(0, "Login success!", Json::Null),
        ["rest", "v1", "system"] => system(cluster, request.parameter("path").unwrap_or("")),
        _ => envelope(404, "Not Found", Json::from(request.path.as_str())),
    }
}

/// The envelope of everything but loads: HTTP 200 whatever the code.
pub fn envelope(code: i64, message: &str, data: Json) -> Reply {
    Reply::json(Json::object([
        ("msg", Json::from(message)),
        ("code", Json::from(code)),
        ("data", data),
        ("count", Json::from(0)),
    ]))
}

fn success(data: Json) -> Reply {
    envelope(0, "success", data)
}

fn error(text: impl ToString) -> Reply {
    envelope(1, "Error", Json::from(text.to_string()))
}

fn failed(text: impl Into<String>) -> Reply {
    Reply::json(Json::object([("status", Json::from("FAILED")), ("msg", Json::from(text.into()))]))
}

/// A reply if the login is missing or wrong.
fn refused(cluster: &Cluster, request: &Request) -> Option<Reply> {
    let text = match request.basic() {
        None => "Need auth information.".to_owned(),
        Some((user, password)) if cluster.knows(&user, &password) => return None,
        Some((user, _)) => access_denied(&user),
    };
    Some(envelope(401, "Unauthorized", Json::from(text)))
}

/// The text of a wrong user or password.
pub fn access_denied(user: &str) -> String {
    format!("errCode = 2, detailMessage = Access denied for user '{user}@127.0.0.1' (using password: YES)")
}

impl Cluster {
    /// Is it the administrator?
    pub fn knows(&self, user: &str, password: &str) -> bool {
        // `user@cluster` is the old form of a user's name.
        user.split('@').next() == Some(&self.settings.user) && password == self.settings.password
    }
}

fn load(cluster: &Cluster, node: &Node, request: &Request, database: &str, table: &str) -> Reply {
    if let Some(mode) = request.header("group_commit") {
        if !["sync_mode", "async_mode", "off_mode"].iter().any(|m| mode.eq_ignore_ascii_case(m)) {
            return failed("Header `group_commit` can only be `sync_mode`, `async_mode` or `off_mode`.");
        }
    }
    if let Some(reply) = refused(cluster, request) {
        return reply;
    }
    if request.header("expect").is_none() {
        return failed("There is no 100-continue header");
    }
    if request.header("group_commit").is_some_and(|m| !m.eq_ignore_ascii_case("off_mode")) {
        let store = cluster.store();
        if store.database(database).is_err() {
            return failed("Database not found.");
        }
        if store.table(database, table).is_err() {
            return failed("OlapTable not found.");
        }
    }
    redirect(cluster, node, request, Place { database, table, node: node.id })
}

fn two_phase(cluster: &Cluster, node: &Node, request: &Request) -> Reply {
    if let Some(reply) = refused(cluster, request) {
        return reply;
    }
    if request.header("txn_id").is_none() && request.header("label").is_none() {
        return failed("No transaction id or label selected.");
    }
    if request.header("txn_operation").is_none() {
        return failed("No transaction operation('commit' or 'abort') selected.");
    }
    redirect(cluster, node, request, Place { node: node.id, ..Place::default() })
}

/// 307 to a back end, the credentials in the Location, a bare `?` at its end.
fn redirect(cluster: &Cluster, node: &Node, request: &Request, place: Place) -> Reply {
    cluster.records.count("redirects");
    let backend = match cluster.faults.strike(FaultName::NoBackend, place) {
        Some(_) => None,
        None => cluster.pick_backend(),
    };
    let Some(backend) = backend else {
        return failed(format!(
            "No backend load available or there is no backend which satisfies the policy, policy: BeSelectionPolicy{{ \
             computeNode=false | query=false | load=true | schedule=false | tags=[] | medium=null}} at {}:{}",
            node.host, node.http_port
        ));
    };
    let (user, password) = request.basic().unwrap_or_default();
    let target = format!(
        "{}://{}:{}@{}:{}{}?",
        if backend.tls { "https" } else { "http" },
        percent_encoded(&user),
        percent_encoded(&password),
        backend.host,
        backend.http_port,
        request.path
    );
    let headers = vec![("Location", target), ("Content-Type", "text/html;charset=utf-8".to_owned())];
    Reply { status: 307, headers, body: String::new() }
}

/// As `java.net.URI` writes user info: unreserved characters and a few more stay, the rest is `%XX`.
fn percent_encoded(text: &str) -> String {
    let mut out = String::new();
    for b in text.bytes() {
        if b.is_ascii_alphanumeric() || b"-_.!~*'();&=+$,".contains(&b) {
            out.push(b as char);
        } else {
            out.push_str(&format!("%{b:02X}"));
        }
    }
    out
}

fn backends(cluster: &Cluster, request: &Request) -> Reply {
    let only_alive = request.parameter("is_alive") == Some("true");
    let nodes = cluster.nodes(Role::Backend);
    let shown = nodes.iter().filter(|n| !only_alive || cluster.is_alive(n)).map(|n| {
        Json::object([
            ("ip", Json::from(n.host.as_str())),
            ("http_port", Json::from(n.http_port)),
            ("is_alive", Json::from(cluster.is_alive(n))),
        ])
    });
    success(Json::object([("backends", Json::Array(shown.collect()))]))
}

fn health(cluster: &Cluster) -> Reply {
    let nodes = cluster.nodes(Role::Backend);
    let online = nodes.iter().filter(|n| cluster.is_alive(n)).count();
    success(Json::object([("total_backend_num", Json::from(nodes.len())), ("online_backend_num", Json::from(online))]))
}

fn bootstrap(cluster: &Cluster, node: &Node) -> Reply {
    success(Json::object([
        ("replayedJournalId", Json::from(0)),
        ("queryPort", Json::from(node.query_port)),
        ("rpcPort", Json::from(0)),
        ("arrowFlightSqlPort", Json::from(-1)),
        ("version", Json::from(cluster.version().text())),
    ]))
}

fn version(cluster: &Cluster) -> Reply {
    let version = cluster.version().text();
    let info = [("dorisBuildVersion", Json::from(version)), ("dorisBuildShortHash", Json::from("standin"))];
    success(Json::object([("feVersionInfo", Json::object(info))]))
}

fn system(cluster: &Cluster, path: &str) -> Reply {
    if path != "//backends" {
        return envelope(404, "Not Found", Json::from(path));
    }
    let rows = cluster.nodes(Role::Backend).into_iter().map(|n| {
        Json::object([
            ("BackendId", Json::from(n.id.to_string())),
            ("Host", Json::from(n.host.as_str())),
            ("HttpPort", Json::from(n.http_port.to_string())),
            ("Alive", Json::from(cluster.is_alive(&n).to_string())),
        ])
    });
    success(Json::object([("rows", Json::Array(rows.collect()))]))
}

fn load_state(cluster: &Cluster, database: &str, label: &str) -> Reply {
    let store = cluster.store();
    if store.database(database).is_err() {
        return error(format!("unknown database, database={database}"));
    }
    success(Json::from(store.label_state(database, label).map_or("UNKNOWN", |s| s.text())))
}

fn cancel(cluster: &Cluster, database: &str, label: &str) -> Reply {
    match cluster.store().abort(database, &TxnName::Label(label), "user cancel") {
        Ok(()) => success(Json::Null),
        Err(refused) => error(format!("errCode = 2, detailMessage = {refused}")),
    }
}

fn load_info(cluster: &Cluster, database: &str, label: &str) -> Reply {
    let store = cluster.store();
    let found = store.transactions().filter(|t| t.database == database && t.label == label).last();
    let Some(found) = found else { return error(format!("label {label} not found")) };
    success(Json::object([
        ("dbName", Json::from(database)),
        ("tblNames", Json::Array(vec![Json::from(found.table.as_str())])),
        ("label", Json::from(label)),
        ("state", Json::from(found.state.text())),
        ("failMsg", Json::from(found.reason.as_str())),
    ]))
}

fn count(cluster: &Cluster, database: &str, table: &str) -> Reply {
    match cluster.store().table(database, table) {
        Ok(found) => success(Json::object([("status", Json::from(200)), ("size", Json::from(found.row_count()))])),
        Err(refused) => error(refused),
    }
}

fn light_schema_change(cluster: &Cluster, database: &str, table: &str) -> Reply {
    match cluster.store().table(database, table) {
        Ok(found) if found.schema.light_schema_change() => success(Json::Null),
        Ok(_) => error(format!("table {table} disable light schema change")),
        Err(refused) => error(refused),
    }
}

fn schema(cluster: &Cluster, database: &str, table: &str) -> Reply {
    match cluster.store().table(database, table) {
        Ok(found) => success(schema_json(&found.schema)),
        Err(refused) => error(refused),
    }
}

fn schema_json(schema: &TableSchema) -> Json {
    let text = |t: String| Json::from(t);
    let columns = schema.visible().map(|(_, column)| {
        let mut members = vec![
            ("name", Json::from(column.name.as_str())),
            ("type", text(primitive_type(&column.ty))),
            ("comment", Json::from(column.comment.as_str())),
            ("aggregation_type", Json::from(aggregation_type(schema, column))),
            ("is_nullable", Json::from(if column.nullable { "Yes" } else { "No" })),
        ];
        if let ColumnType::Decimal { precision, scale } = column.ty {
            members.push(("precision", text(precision.to_string())));
            members.push(("scale", text(scale.to_string())));
        }
        Json::object(members)
    });
    Json::object([
        ("status", Json::from(200)),
        ("keysType", Json::from(schema.model.keys_type())),
        ("properties", Json::Array(columns.collect())),
    ])
}

fn aggregation_type(schema: &TableSchema, column: &crate::schema::Column) -> &'static str {
    match column.aggregation {
        Some(aggregation) => aggregation.text(),
        None if column.key => "",
        None if schema.model.is_unique() => "REPLACE",
        None => "NONE",
    }
}

/// FE's name of the primitive type, as `_schema` prints it.
fn primitive_type(ty: &ColumnType) -> String {
    match ty {
        ColumnType::Decimal { precision, .. } if *precision <= 9 => "DECIMAL32".into(),
        ColumnType::Decimal { precision, .. } if *precision <= 18 => "DECIMAL64".into(),
        ColumnType::Decimal { .. } => "DECIMAL128".into(),
        ColumnType::Date => "DATEV2".into(),
        ColumnType::DateTime { .. } => "DATETIMEV2".into(),
        ColumnType::Char(_) => "CHAR".into(),
        ColumnType::Varchar(_) => "VARCHAR".into(),
        ColumnType::String => "STRING".into(),
        ColumnType::Json => "JSONB".into(),
        ColumnType::Array(_) => "ARRAY".into(),
        ColumnType::Map(..) => "MAP".into(),
        ColumnType::Struct(_) => "STRUCT".into(),
        other => other.to_string().to_uppercase(),
    }
}

fn query_plan(cluster: &Cluster, database: &str, table: &str) -> Reply {
    match cluster.store().table(database, table) {
        Ok(_) => error("reading through tablets is not imitated by the stand-in; read by SQL"),
        Err(refused) => error(refused),
    }
}

fn query(cluster: &Arc<Cluster>, database: &str, body: &[u8]) -> Reply {
    let parsed = Json::parse(body).ok();
    let Some(statement) = parsed.as_ref().and_then(|b| b.get("stmt")).and_then(Json::as_str) else {
        return envelope(403, "Bad Request", Json::from("Missing statement request body"));
    };
    match crate::http::query::run(cluster, database, statement) {
        Ok(data) => success(data),
        Err(text) => error(format!("Failed to execute sql: {text}")),
    }
}
