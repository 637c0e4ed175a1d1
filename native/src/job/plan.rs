//! What a job's program needs, as JSON:
//!
//! ```text
//! {"name", "source": {"kafka": {"bootstrapServers", "topics" | "topicPattern", "group", "start", "properties"}} | {"files": {"paths"}}
//!                    | {"database": SourceSpec, "stages": {"full": bool, "incremental": bool, "verification": bool}},
//!  "wire": "json" | "protobuf", "parallelism", "checkpointSeconds", "memory": {"ceiling", "heap", "rest"}, "flushSeconds", "stateDirectory": path | null, "flink": {…},
//!  "sink": DatabaseSpec without its label}
//! ```
//!
//! Paths are absolute, defaults are filled in, and the password is there.

use super::Surroundings;
use super::check::{Of, Value};
use super::keys;
use super::memory::Memory;
use super::problem::Problems;
use serde_json::{Map, Value as Json, json};
use std::path::Path;

/// Default of `fullBatchSize`.
const RANGE_ROWS: u64 = 100_000;
/// Of a message that rows are read into: many rows, and little memory in each of the places that it passes.
const MESSAGE_BYTES: u64 = 256 << 10;

/// The plan of a job. What is missing in a file with mistakes is missing here.
pub fn of(job: &Value, around: &Surroundings<'_>, problems: &mut Problems) -> Json {
    let flink = job.get("flink");
    let millis = number(flink, "checkpoint-interval", 10_000);
    json!({
        "name": job.get("name").map(json),
        "source": source(job, around, problems),
        "wire": wire(job),
        "parallelism": number(flink, "parallelism", 1),
        "checkpointSeconds": millis / 1000,
        "memory": memory(job),
        "flushSeconds": number(Some(job), "realFlushPauseSec", 10),
        "stateDirectory": text(flink, "state-directory").map(|path| absolute(path, around)),
        "flink": flink.and_then(|flink| flink.get("properties")).map_or_else(|| json!({}), json),
        "sink": sink(job, around, problems),
    })
}

/// Bytes of the process, its heap, and what is neither heap nor bodies.
fn memory(job: &Value) -> Json {
    let memory = Memory::of(job);
    let (heap, rest) = memory.heap_and_rest();
    json!({"ceiling": memory.ceiling(), "heap": heap, "rest": rest})
}

fn source(job: &Value, around: &Surroundings<'_>, problems: &mut Problems) -> Json {
    if let Some((kind, server)) = database(job) {
        let stages = json!({
            "full": stage(job, keys::FULL_DATA),
            "incremental": stage(job, keys::INCREMENTAL),
            "verification": stage(job, keys::VERIFICATION),
        });
        return json!({"database": server_spec(job, (kind, server), around, problems), "stages": stages});
    }
    let canal = job.path(&["source", "canal"]);
    if let Some(files) = canal.and_then(|canal| canal.get("files")) {
        let paths: Vec<String> =
            files.items().iter().filter_map(Value::text).map(|path| absolute(path, around)).collect();
        return json!({"files": {"paths": paths}});
    }
    let kafka = canal.and_then(|canal| canal.get("kafka"));
    let servers: Vec<&str> = kafka
        .and_then(|kafka| kafka.get("bootstrap-servers"))
        .map_or(&[][..], Value::items)
        .iter()
        .filter_map(Value::text)
        .collect();
    let mut plan = json!({
        "bootstrapServers": servers.join(","),
        "group": text(kafka, "group").or(text(Some(job), "name")),
        "start": kafka.and_then(|kafka| kafka.get("start")).map_or_else(|| json!("earliest"), json),
        "properties": kafka.and_then(|kafka| kafka.get("properties")).map_or_else(|| json!({}), json),
    });
    for (key, name) in [("topics", "topics"), ("topic-pattern", "topicPattern")] {
        if let Some(value) = kafka.and_then(|kafka| kafka.get(key)) {
            plan[name] = json(value);
        }
    }
    json!({"kafka": plan})
}

/// The database that is the source, and its kind.
fn database(job: &Value) -> Option<(&'static str, &Value)> {
    let source = job.get("source")?;
    keys::DATABASES.iter().find_map(|kind| Some((*kind, source.get(kind)?)))
}

/// A server that is read.
fn server_spec(
    job: &Value,
    (kind, server): (&str, &Value),
    around: &Surroundings<'_>,
    problems: &mut Problems,
) -> Json {
    let port = match kind {
        "mysql" => 3306,
        "oracle" => 1521,
        _ => 5432,
    };
    let mut spec = json!({
        "kind": kind,
        "host": text(Some(server), "host"),
        "port": number(Some(server), "port", port),
        "user": text(Some(server), "username"),
        "password": password(server, &format!("source.{kind}"), around, problems),
        "names": names(job, &["include", "exclude"]),
        "rangeRows": number(Some(job), "fullBatchSize", RANGE_ROWS),
        "messageBytes": MESSAGE_BYTES,
        "connectSeconds": number(Some(server), "connect-timeout", 30_000) / 1000,
        "patienceSeconds": patience_seconds(job),
        "log": stage(job, keys::INCREMENTAL),
    });
    if kind == "mysql" {
        let of_name = server_id(text(Some(job), "name").unwrap_or_default());
        spec["serverId"] = json!(number(Some(server), "server-id", of_name));
    } else {
        let database = if kind == "oracle" { "service" } else { "database" };
        spec["database"] = json!(text(Some(server), database));
    }
    if let Some(service) = text(Some(server), "log-service") {
        spec["logDatabase"] = json!(service);
    }
    if kind == "postgres" && stage(job, keys::INCREMENTAL) {
        spec["replication"] = replication(text(Some(job), "name").unwrap_or_default(), server);
    }
    if let Some(tls) = server.get("tls") {
        let any_name = tls.get("skip-hostname-verification").map_or(json!(false), json);
        spec["tls"] = json!({"ca": text(Some(tls), "ca"), "skipHostnameVerification": any_name});
    }
    spec
}

/// Slot and publication of PostgreSQL, by the job's name where they have none.
fn replication(job: &str, server: &Value) -> Json {
    const MOST: usize = 40;
    let is_part = |char: char| char.is_ascii_lowercase() || char.is_ascii_digit();
    let plain = |char: char| if is_part(char) { char } else { '_' };
    let short: String = job.chars().take(MOST).map(|char| plain(char.to_ascii_lowercase())).collect();
    let made = format!("canal_native_{short}_{:08x}", hash(job));
    let slot = text(Some(server), "slot");
    json!({
        "slot": slot.unwrap_or(&made),
        "isOwnSlot": slot.is_none(),
        "publication": text(Some(server), "publication").or(slot).unwrap_or(&made),
    })
}

/// Whether a stage is to be; all that the source has are where none is named, but a verification, which asks both servers for all rows once more.
fn stage(job: &Value, name: &str) -> bool {
    let is_had = match name {
        keys::INCREMENTAL => keys::WITHOUT_LOG.iter().all(|kind| job.path(&["source", kind]).is_none()),
        keys::VERIFICATION => false,
        _ => true,
    };
    job.get("stages").map_or(is_had, |stages| stages.items().iter().any(|stage| stage.text() == Some(name)))
}

/// A number that other replicas are not likely to have: a job that is started again takes the place of its last connection. In the upper half.
fn server_id(name: &str) -> u64 {
    u64::from(hash(name) | 1 << 31)
}

/// FNV-1a.
fn hash(name: &str) -> u32 {
    name.bytes().fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193))
}

/// Which tables, and their names.
fn names(job: &Value, keys: &[&str]) -> Map<String, Json> {
    let tables = job.get("tables");
    keys.iter().filter_map(|key| Some((key.to_string(), json(tables?.get(key)?)))).collect()
}

fn wire(job: &Value) -> &str {
    text(job.path(&["source", "canal"]), "format").unwrap_or("json")
}

fn sink(job: &Value, around: &Surroundings<'_>, problems: &mut Problems) -> Json {
    let (doris, tables, load) = (job.path(&["target", "doris"]), job.get("tables"), job.get("load"));
    let mut sink = access(doris);
    if let Some(doris) = doris {
        sink.insert("password".into(), json!(password(doris, "target.doris", around, problems)));
    }
    let of_tables = |key: &str, other: Json| tables.and_then(|tables| tables.get(key)).map_or(other, json);
    let (properties, per_table) = properties(of_tables("properties", json!({})));
    let mut types = of_tables("types", json!({}));
    if database(job).is_some_and(|(kind, _)| kind != "mysql") && types.get("zero-date").is_none() {
        // Only MySQL has dates of zeros; elsewhere NOT NULL stays.
        types["zero-date"] = json!("fail");
    }
    let memory = Memory::of(job);
    let rows = job.get("increBatchSize").and_then(Value::number);
    let rest = json!({
        "wire": wire(job),
        "origin": text(Some(job), "name"),
        "names": names(job, &["include", "exclude", "rename"]),
        "columns": of_tables("columns", json!([])),
        "properties": properties,
        "perTable": per_table,
        "types": types,
        "ddl": {
            "sync": !matches!(job.path(&["ddl", "sync"]).map(|sync| &sync.of), Some(Of::Flag(false))),
            "dropTable": text(job.get("ddl"), "drop-table").unwrap_or("ignore"),
            "truncate": text(job.get("ddl"), "truncate").unwrap_or("apply"),
            "journalDatabase": text(job.get("ddl"), "journal-database").unwrap_or("canal_native"),
            "keepWider": matches!(job.path(&["ddl", "keep-wider"]).map(|keep| &keep.of), Some(Of::Flag(true))),
        },
        "deletes": text(Some(job), "deletes").unwrap_or("apply"),
        "onError": {
            "table": text(job.get("errors"), "table").unwrap_or("report"),
            "message": text(job.get("errors"), "message").unwrap_or("fail"),
        },
        "format": text(load, "format").unwrap_or("json"),
        "compress": text(load, "compress").unwrap_or("none"),
        "maxRows": rows.unwrap_or(number(load, "max-rows", 500_000)),
        "maxBytes": memory.body(),
        "memoryBytes": memory.bodies(),
        "inFlight": number(load, "in-flight", 4),
        "maxRetries": number(load, "max-retries", 3),
        "loadTimeoutSeconds": number(load, "timeout", 600_000) / 1000,
        "patienceSeconds": patience_seconds(job),
    });
    if let Json::Object(rest) = rest {
        sink.extend(rest);
    }
    Json::Object(sink)
}

/// For how long servers that cannot be reached are tried again: the source's and Doris'.
fn patience_seconds(job: &Value) -> u64 {
    number(job.get("load"), "patience", 300_000) / 1000
}

/// Properties of all tables, and of some; these have what is said of all, unless they say otherwise.
fn properties(mut all: Json) -> (Json, Vec<Json>) {
    let some = all.as_object_mut().and_then(|all| all.remove("per-table")).unwrap_or(Json::Null);
    let of_one = |rule: &Json| {
        let mut whole = all.clone();
        for (key, value) in rule.as_object().into_iter().flatten() {
            match (whole.get_mut(key).and_then(Json::as_object_mut), value.as_object()) {
                (Some(extra), Some(more)) => extra.extend(more.clone()),
                _ => whole[key] = value.clone(),
            }
        }
        without_sequence(whole)
    };
    let some = some.as_array().into_iter().flatten().map(of_one).collect();
    (without_sequence(all), some)
}

/// `none` is no type.
fn without_sequence(mut properties: Json) -> Json {
    if properties.get("sequence-type") == Some(&json!("none")) {
        properties["sequence-type"] = Json::Null;
    }
    properties
}

fn access(doris: Option<&Value>) -> Map<String, Json> {
    let all = |key: &str| doris.and_then(|doris| doris.get(key)).map_or_else(|| json!([]), json);
    let mut access = Map::new();
    access.insert("fenodes".into(), all("fenodes"));
    access.insert("benodes".into(), all("benodes"));
    access.insert("autoRedirect".into(), doris.and_then(|doris| doris.get("auto-redirect")).map_or(json!(true), json));
    access.insert("username".into(), json!(text(doris, "username")));
    access.insert("hostRewrite".into(), doris.and_then(|doris| doris.get("host-rewrite")).map_or(json!({}), json));
    access.insert("connectTimeoutMillis".into(), json!(number(doris, "connect-timeout", 30_000)));
    if let Some(tls) = doris.and_then(|doris| doris.get("tls")) {
        let any_name = tls.get("skip-hostname-verification").map_or(json!(false), json);
        access.insert("tls".into(), json!({"ca": text(Some(tls), "ca"), "anyName": any_name}));
    }
    access
}

/// The password, from wherever it is. It is in no message.
fn password(server: &Value, path: &str, around: &Surroundings<'_>, problems: &mut Problems) -> String {
    if let Some(password) = text(Some(server), "password") {
        return password.to_string();
    }
    if !around.secrets {
        return String::new();
    }
    let path = |key: &str| format!("{path}.{key}");
    if let Some((at, name)) = server.get("password-env").and_then(|value| Some((value.at, value.text()?))) {
        return (around.variable)(name).unwrap_or_else(|| {
            let what = format!("the environment variable {name} is not set; set it before the job is started");
            problems.add(at, &path("password-env"), what);
            String::new()
        });
    }
    if let Some((at, name)) = server.get("password-file").and_then(|value| Some((value.at, value.text()?))) {
        let file = absolute(name, around);
        return match (around.text)(Path::new(&file)) {
            Ok(text) => text.trim_end_matches(['\n', '\r']).to_string(),
            Err(e) => {
                problems.add(at, &path("password-file"), format!("{file} cannot be read: {e}"));
                String::new()
            }
        };
    }
    String::new()
}

/// Relative paths are counted from the job's file; what names a file system (`hdfs://…`) is kept.
fn absolute(path: &str, around: &Surroundings<'_>) -> String {
    if path.contains("://") {
        return path.to_string();
    }
    around.origin.parent().unwrap_or(Path::new("")).join(path).to_string_lossy().into_owned()
}

fn text<'v>(object: Option<&'v Value>, key: &str) -> Option<&'v str> {
    object?.get(key)?.text()
}

fn number(object: Option<&Value>, key: &str, default: u64) -> u64 {
    object.and_then(|object| object.get(key)?.number()).unwrap_or(default)
}

fn json(value: &Value) -> Json {
    match &value.of {
        Of::Text(text) => json!(text),
        Of::Flag(flag) => json!(flag),
        Of::Number(number) => json!(number),
        Of::List(values) => Json::Array(values.iter().map(json).collect()),
        Of::Unfit => Json::Null,
        Of::Object(entries) => Json::Object(entries.iter().map(|(key, value)| (key.clone(), json(value))).collect()),
    }
}
