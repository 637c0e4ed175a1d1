//! Every message that real Canal servers wrote, decoded with its table's typed schema: the fast decoder gives what
//! the reference gives, and hands nothing to Flink's codec under `canal`.

mod reference;
mod rows;
mod scenario;
mod session;

use canal_native::schema::{Field, LogicalType, Root, Semantics};
use reference::changelog::Reference;
use reference::value::Value;
use scenario::{ALL_METADATA, captured_messages, captured_schemas, spec_of};
use session::{Seen, Session, compare};
use std::collections::HashMap;

/// `database.table` of a message; some statements name none.
fn table_of(message: &[u8]) -> String {
    let json: serde_json::Value = serde_json::from_slice(message).expect("JSON");
    format!("{}.{}", json["database"].as_str().unwrap_or(""), json["table"].as_str().unwrap_or(""))
}

/// What the messages of a set came to.
#[derive(Debug, Default, PartialEq, Eq)]
struct Tally {
    messages: usize,
    rows: usize,
    skipped: usize,
    dropped: usize,
    delegated: usize,
}

struct Run {
    schemas: HashMap<String, Vec<Field>>,
    semantics: Semantics,
    lenient: bool,
    sessions: HashMap<String, (Reference, Session)>,
    tally: Tally,
}

impl Run {
    fn new(set: &str, semantics: Semantics, lenient: bool) -> Run {
        let schemas = captured_schemas(set).into_iter().collect();
        Run { schemas, semantics, lenient, sessions: HashMap::new(), tally: Tally::default() }
    }

    /// One session a table, so that what a decoder remembers of earlier messages is in play.
    fn session(&mut self, name: &str) -> &mut (Reference, Session) {
        let no_columns_known = || {
            let ty = LogicalType { root: Root::Varchar, nullable: true };
            vec![Field { name: "id".into(), ty }]
        };
        let Run { schemas, semantics, lenient, sessions, .. } = self;
        sessions.entry(name.to_string()).or_insert_with(|| {
            let mut spec = spec_of(schemas.get(name).cloned().unwrap_or_else(no_columns_known));
            spec.semantics = *semantics;
            spec.lenient = *lenient;
            spec.metadata = ALL_METADATA.to_vec();
            let table = Reference { spec, database: None, table: None };
            let session = Session::open(&table);
            (table, session)
        })
    }

    fn decode(&mut self, message: &[u8]) {
        let name = table_of(message);
        let (table, session) = self.session(&name);
        let expected = table.decode(message);
        let answer = session.decode(message);
        let checked = answer.and_then(|answer| compare(table, &answer, &expected).map(|()| answer));
        let answer = checked.unwrap_or_else(|e| panic!("{name}: {e}\n{}", String::from_utf8_lossy(message)));
        self.tally.messages += 1;
        match answer.seen {
            Seen::Rows(rows) => self.tally.rows += rows.len(),
            Seen::Skipped(_) => self.tally.skipped += 1,
            Seen::Dropped => self.tally.dropped += 1,
            Seen::Delegated(_) => self.tally.delegated += 1,
            Seen::Filtered => panic!("{name}: filtered, without a filter"),
        }
    }
}

fn run(set: &str, semantics: Semantics, lenient: bool) -> Tally {
    let mut run = Run::new(set, semantics, lenient);
    captured_messages(set).iter().for_each(|message| run.decode(message));
    run.tally
}

/// Counted from the JSON alone. Canal 1.1.4 loses the before images of `binlog_row_image=MINIMAL`: `old` is null, so
/// what the row was before is unknown, and the message is an error.
fn count(set: &str) -> Tally {
    let mut tally = Tally::default();
    for message in captured_messages(set) {
        let json: serde_json::Value = serde_json::from_slice(&message).expect("JSON");
        let images = |member: &str| json[member].as_array().map(Vec::len);
        tally.messages += 1;
        match (json["type"].as_str().expect("a type"), images("data"), images("old")) {
            ("INSERT" | "DELETE", Some(data), _) => tally.rows += data,
            ("UPDATE", Some(data), Some(old)) if data == old => tally.rows += 2 * data,
            ("UPDATE", Some(_), None) if set == "canal114" => tally.delegated += 1,
            (_, None, None) => tally.skipped += 1,
            other => panic!("{set}: {other:?}"),
        }
    }
    tally
}

#[test]
fn canal_semantics_reads_every_message_natively() {
    for (set, errors) in [("mysql80", 0), ("mysql97", 0), ("mariadb", 0), ("canal114", 8), ("pkhash3", 0)] {
        let strict = run(set, Semantics::Canal, false);
        assert_eq!(strict, count(set), "{set}, strict");
        assert_eq!(strict.delegated, errors, "{set}: messages that are handed on");
        assert_eq!(run(set, Semantics::Canal, true), count(set), "{set}, lenient");
    }
}

/// Every column that a set's messages name has a type (tests/data/make_schemas.py writes them).
#[test]
fn schemas_name_every_column() {
    for set in scenario::CAPTURED {
        let schemas = captured_schemas(set);
        for message in captured_messages(set) {
            let json: serde_json::Value = serde_json::from_slice(&message).expect("JSON");
            let Some(types) = json["mysqlType"].as_object() else { continue };
            let columns = &schemas[&table_of(&message)];
            let known = |name: &String| columns.iter().any(|column| column.name == *name);
            assert!(types.keys().all(known), "{set}: {} has columns without a type", table_of(&message));
        }
    }
}

/// Flink's codec reports most statements as errors in strict mode; in lenient mode they give no rows.
#[test]
fn flink_semantics_equals_the_reference() {
    for set in scenario::CAPTURED {
        run(set, Semantics::Flink, false);
        run(set, Semantics::Flink, true);
    }
}

/// `DEFAULT CURRENT_TIMESTAMP` gave the day on which the set was captured.
fn is_capture_time(value: &Value) -> bool {
    value.to_string().starts_with("2026-11-2")
}

/// The same events, in one topic and in three: an event of many rows is split, but no row is lost or changed.
#[test]
fn partitions_split_events_but_keep_rows() {
    let rows_of = |set: &str| {
        let mut run = Run::new(set, Semantics::Canal, false);
        let mut rows: Vec<String> = Vec::new();
        for message in captured_messages(set) {
            let name = table_of(&message);
            let (table, session) = run.session(&name);
            if let Seen::Rows(found) = session.decode(&message).expect("canonical rows").seen {
                let columns = table.spec.fields.len();
                rows.extend(found.into_iter().map(|mut row| {
                    row.values.truncate(columns);
                    row.values.iter_mut().filter(|value| is_capture_time(value)).for_each(|value| *value = Value::Null);
                    format!("{name} {row}")
                }));
            }
        }
        rows.sort_unstable();
        rows
    };
    let (whole, split) = (rows_of("mysql80"), rows_of("pkhash3"));
    assert_eq!(whole.len(), split.len());
    assert_eq!(whole.iter().zip(&split).find(|(one, other)| one != other), None);
}
