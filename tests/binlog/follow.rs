//! Follows the log of a real server and compares the tables that its messages make with what full data has of them.
//!
//! ```text
//! follow_log begin <port> <user> <password> <state file>    where the log is, and the tables before anything happens
//! follow_log record <port> <user> <password> <state file> <recording>    reads from there to the end, and keeps what the server sends
//! follow_log check <port> <user> <password> <state file>    reads from there to the end, twice: once as it is, once beginning anew at many places
//! ```
//!
//! Exit code 0 when everything is equal. `tests/cluster/whole_log.py` starts the servers and does something to their tables in between.

#[allow(dead_code)]
#[path = "../recording/mod.rs"]
mod recording;

use canal_native::binlog::charset::Charset;
use canal_native::binlog::definitions::{self, Definitions};
use canal_native::binlog::event::RawEvent;
use canal_native::binlog::log::{Log, Need};
use canal_native::binlog::position::LogPosition;
use canal_native::binlog::{reader, start, stream};
use canal_native::changes::outgoing::messages;
use canal_native::error::Error;
use canal_native::snapshot::catalogue::Table;
use canal_native::snapshot::mysql::server as mysql;
use canal_native::snapshot::reader::RangeReader;
use canal_native::snapshot::server;
use canal_native::snapshot::spec::SourceSpec;
use canal_native::sync::ddl::{self, SchemaChange, TableName};
use canal_native::sync::rules::Rules;
use recording::{MESSAGE_BYTES, Recording, hex};
use serde_json::{Map, Value, json};
use std::collections::{BTreeMap, HashMap};
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

type Row = Map<String, Value>;

/// For how long the log may bring nothing before it is at its end.
const QUIET: Duration = Duration::from_secs(4);

fn spec(args: &[String], server_id: u32, message_bytes: usize) -> SourceSpec {
    let text = json!({
        "kind": "mysql", "host": "127.0.0.1", "port": args[1].parse::<u16>().unwrap(), "user": args[2], "password": args[3], "names": {"include": ["\\w+_dev\\..*"]},
        "rangeRows": 100_000, "messageBytes": message_bytes, "connectSeconds": 10, "patienceSeconds": 0, "log": true, "serverId": server_id,
    });
    SourceSpec::from_json(text.to_string().as_bytes()).unwrap()
}

/// A table as messages make it.
#[derive(Default, Clone)]
struct Made {
    /// By key; of a table without one by all values, with how many there are.
    rows: BTreeMap<String, (Row, bool, usize)>,
}

#[derive(Default, Clone)]
struct Tables {
    tables: HashMap<TableName, Made>,
    statements: usize,
    rows: usize,
}

fn key(row: &Row, keys: &[String]) -> String {
    if keys.is_empty() {
        return Value::Object(row.clone()).to_string();
    }
    keys.iter().map(|key| row[key.as_str()].to_string()).collect::<Vec<_>>().join(",")
}

impl Tables {
    fn take(&mut self, message: &Value) {
        let text = |member: &str| message[member].as_str().unwrap_or_default().to_string();
        if message["isDdl"] == true {
            self.statements += 1;
            for change in ddl::parse(&text("sql"), &text("database")) {
                self.change(&change);
            }
            return;
        }
        let keys: Vec<String> = serde_json::from_value(message["pkNames"].clone()).unwrap_or_default();
        let made = self.tables.entry(TableName::new(text("database"), text("table"))).or_default();
        for (i, after) in message["data"].as_array().unwrap().iter().enumerate() {
            self.rows += 1;
            let after = after.as_object().unwrap().clone();
            match message["type"].as_str().unwrap() {
                "INSERT" => made.add(after, &keys),
                "DELETE" => made.remove(&after, &keys),
                _ => {
                    let mut before = after.clone();
                    before.extend(message["old"][i].as_object().unwrap().clone());
                    made.remove(&before, &keys);
                    made.add(after, &keys);
                }
            }
        }
    }

    /// Rows that a statement changes without an event are no longer compared.
    fn change(&mut self, change: &SchemaChange) {
        match change {
            SchemaChange::CreateTable { table, .. } => {
                self.tables.entry(TableName::new(&table.database, &table.name)).or_default();
            }
            SchemaChange::AlterTable { table, .. } => {
                if let Some(made) = self.tables.get_mut(table) {
                    made.rows.values_mut().for_each(|row| row.1 = false);
                }
            }
            SchemaChange::RenameTable { from, to } => {
                let made = self.tables.remove(from).unwrap_or_default();
                self.tables.insert(to.clone(), made);
            }
            SchemaChange::Truncate { table } | SchemaChange::DropTable { table } => {
                self.tables.remove(table);
            }
            SchemaChange::DropDatabase { database } => self.tables.retain(|name, _| name.database != *database),
            _ => {}
        }
    }
}

impl Made {
    fn add(&mut self, row: Row, keys: &[String]) {
        let there = self.rows.entry(key(&row, keys)).or_insert_with(|| (row.clone(), true, 0));
        let count = if keys.is_empty() { there.2 + 1 } else { 1 };
        *there = (row, true, count);
    }

    fn remove(&mut self, row: &Row, keys: &[String]) {
        let key = key(row, keys);
        if let Some(there) = self.rows.get_mut(&key) {
            there.2 -= 1;
            if there.2 == 0 {
                self.rows.remove(&key);
            }
        }
    }
}

/// A table as full data has it.
fn full(spec: &SourceSpec, table: &Table) -> BTreeMap<String, (Row, usize)> {
    let mut rows: BTreeMap<String, (Row, usize)> = BTreeMap::new();
    for range in server::ranges(spec, table).unwrap() {
        let mut reader = RangeReader::new(spec.clone(), range).unwrap();
        while let Some(message) = reader.next().unwrap() {
            let message: Value = serde_json::from_slice(&message).unwrap();
            for row in message["data"].as_array().unwrap() {
                let row = row.as_object().unwrap();
                rows.entry(key(row, &table.keys)).or_insert_with(|| (row.clone(), 0)).1 += 1;
            }
        }
    }
    rows
}

/// Reads to the end. `restart`: after how many batches the reader is made anew each time.
fn follow(args: &[String], state: &Value, message_bytes: usize, restart: Option<usize>) -> (Vec<(i64, Value)>, usize) {
    let mut position: LogPosition = serde_json::from_value(state["position"].clone()).unwrap();
    let mut definitions: Definitions = serde_json::from_value(state["definitions"].clone()).unwrap();
    let (mut all, mut starts) = (Vec::new(), 0);
    let mut seed = 7usize;
    'anew: loop {
        starts += 1;
        let mut reader = reader::start(spec(args, 4000 + starts as u32, message_bytes), position, definitions).unwrap();
        let mut batches = 0;
        let mut last = Instant::now();
        while last.elapsed() < QUIET {
            let Some(batch) = reader.next(Duration::from_millis(500)).unwrap_or_else(|e| panic!("{e}")) else {
                continue;
            };
            last = Instant::now();
            for (sequence, message) in messages(&batch) {
                let text = String::from_utf8_lossy(message);
                all.push((sequence, serde_json::from_str(&text).unwrap_or_else(|e| panic!("{e}: {text}"))));
            }
            batches += 1;
            seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            if restart.is_some_and(|often| batches > seed % 97 % often) {
                let text = serde_json::to_string(&(reader.position(), reader.definitions())).unwrap();
                (position, definitions) = serde_json::from_str(&text).unwrap();
                continue 'anew;
            }
        }
        return (all, starts);
    }
}

/// Each row of the log under its table and sequence.
fn by_sequence(all: &[(i64, Value)]) -> BTreeMap<(String, i64), String> {
    let mut rows = BTreeMap::new();
    for (sequence, message) in all {
        let table = format!("{}.{}", message["database"], message["table"]);
        if message["isDdl"] == true {
            rows.insert((String::new(), *sequence), message["sql"].to_string());
            continue;
        }
        let each = if message["type"] == "UPDATE" { 2 } else { 1 };
        for (i, row) in message["data"].as_array().unwrap().iter().enumerate() {
            let text = format!("{} {row} {}", message["type"], message["old"][i]);
            let was = rows.insert((table.clone(), sequence + each * i as i64), text.clone());
            assert!(was.is_none_or(|was| was == text), "two rows of {table} under {sequence} + {i}");
        }
    }
    rows
}

/// Keeps what the server sends until nothing comes any more, and what it is asked meanwhile.
async fn record(spec: &SourceSpec, state: &Value) -> Result<Recording, Error> {
    let mut position: LogPosition = serde_json::from_value(state["position"].clone()).unwrap();
    let definitions: Definitions = serde_json::from_value(state["definitions"].clone()).unwrap();
    let mut conn = mysql::connect(spec).await?;
    let (server, _) = stream::prepare(&mut conn, &mut position).await?;
    let mut recording = Recording {
        position: position.clone(),
        definitions: definitions.clone(),
        collations: server.collations.clone(),
        events: Vec::new(),
        tables: Vec::new(),
        charsets: Vec::new(),
    };
    let mut events = stream::open(spec, conn, &position).await?;
    let mut log = Log::new((Rules::new(&spec.names)?, MESSAGE_BYTES), server, position, Arc::new(definitions));
    while let Ok(event) = tokio::time::timeout(QUIET, stream::next(&mut events)).await {
        let event = event?;
        let header = event.header();
        // A server that has nothing to send says so again and again.
        if [27, 41].contains(&header.event_type_raw()) {
            break;
        }
        let (kind, seconds, size, end) =
            (header.event_type_raw(), header.timestamp(), header.event_size(), header.log_pos());
        recording.events.push((kind, seconds, size, end, hex(event.data())));
        let raw = RawEvent { kind, seconds, size, end, body: event.data() };
        loop {
            match log.take(&raw)? {
                Need::Nothing => break,
                Need::Table(name) => {
                    let table = definitions::ask(&mut mysql::connect(spec).await?, &name).await?;
                    recording.tables.push((name.clone(), table.clone()));
                    log.learn(&name, table);
                }
                Need::Charset(name) => {
                    let mut conn = mysql::connect(spec).await?;
                    if Charset::plain(&name).is_none() {
                        let codes = Charset::codes(&mut conn, &name).await?;
                        let digits = |(code, char): &(Vec<u8>, Option<char>)| (hex(code), *char);
                        recording.charsets.push((name.clone(), codes.iter().map(digits).collect()));
                    }
                    log.learn_charset(&name, Charset::ask(&mut conn, &name).await?);
                }
            }
        }
    }
    Ok(recording)
}

fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    if args[0] == "begin" {
        let log = start::listing(&spec(&args, 1, 1 << 16)).unwrap_or_else(|e| panic!("{e}")).log;
        std::fs::write(&args[4], serde_json::to_vec(&log).unwrap()).unwrap();
        println!("{}", serde_json::to_string(&log.position).unwrap());
        return;
    }
    let state: Value = serde_json::from_slice(&std::fs::read(&args[4]).unwrap()).unwrap();
    if args[0] == "record" {
        let recording =
            server::ask(record(&spec(&args, 3000, MESSAGE_BYTES), &state)).unwrap_or_else(|e| panic!("{e}"));
        recording.write(Path::new(&args[5]));
        println!("{} events, {} messages", recording.events.len(), recording.replay().unwrap().len());
        return;
    }
    let begun = Instant::now();
    let (all, _) = follow(&args, &state, 1 << 16, None);
    let took = begun.elapsed().saturating_sub(QUIET);
    let mut made = Tables::default();
    let mut last: HashMap<String, i64> = HashMap::new();
    for (sequence, message) in &all {
        let before = last.insert(format!("{}.{}", message["database"], message["table"]), *sequence);
        assert!(
            before.is_none_or(|before| before < *sequence),
            "sequences do not rise: {before:?} {sequence} {message}"
        );
        made.take(message);
    }
    let mut differences = 0;
    let spec = spec(&args, 1, 1 << 16);
    let listed = server::catalogue(&spec).unwrap();
    let (mut compared, mut cells) = (0, 0);
    for table in &listed.tables {
        let name = TableName::new(&table.database, &table.table);
        let made = made.tables.remove(&name).unwrap_or_default();
        let full = full(&spec, table);
        let counted = |n: usize| if table.keys.is_empty() { n } else { 1 };
        let altered = made.rows.values().any(|row| !row.1);
        for (key, (row, count)) in &full {
            match made.rows.get(key) {
                Some((found, true, n)) if counted(*n) == counted(*count) => {
                    compared += 1;
                    for (column, value) in row {
                        cells += 1;
                        let found = found.get(column);
                        let same =
                            found == Some(value) || number(found) == number(Some(value)) && number(found).is_some();
                        if !same {
                            differences += 1;
                            if differences < 40 {
                                println!("{name} {key} {column}: full data has {value}, the log {found:?}");
                            }
                        }
                    }
                }
                Some((_, false, _)) => {}
                _ if altered => {}
                other => {
                    differences += 1;
                    if differences < 40 {
                        println!("{name} {key}: full data has {row:?} {count} times, the log {other:?}");
                    }
                }
            }
        }
        for key in made.rows.keys().filter(|key| !full.contains_key(*key) && !altered) {
            differences += 1;
            if differences < 40 {
                println!("{name} {key}: only the log has it");
            }
        }
    }
    println!(
        "{} messages, {} statements, {} rows in {took:?}; {compared} rows and {cells} cells compared, {differences} differences",
        all.len(),
        made.statements,
        made.rows,
    );
    let whole = by_sequence(&all);
    if std::env::var_os("ONCE").is_none() {
        for (message_bytes, often) in [(1 << 16, 9), (2000, 4)] {
            let (anew, starts) = follow(&args, &state, message_bytes, Some(often));
            let anew = by_sequence(&anew);
            let equal = whole == anew;
            println!("{starts} starts: {} rows, {}", anew.len(), if equal { "the same" } else { "not the same" });
            differences += usize::from(!equal);
        }
    }
    std::process::exit(i32::from(differences > 0));
}

/// Zeros in front and behind are the column's display, which the log does not have.
fn number(value: Option<&Value>) -> Option<String> {
    let text = value?.as_str()?;
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.') {
        return None;
    }
    let trimmed = digits.trim_start_matches('0');
    let trimmed = if trimmed.contains('.') { trimmed.trim_end_matches('0').trim_end_matches('.') } else { trimmed };
    Some(format!("{}{trimmed}", if text.starts_with('-') { "-" } else { "" }))
}
