//! Any bytes as a topic: the first byte chooses a table, the second its options, what follows are messages. The fast decoder
//! gives what the reference gives, message after message.
//!
//! Table 0 has a column of every kind, the others are those that the captured messages are from.

use super::SEPARATOR;
use crate::reference::changelog::Reference;
use crate::scenario::{ALL_METADATA, spec_of};
use crate::session::{Session, compare};
use canal_native::schema::{DdlHandling, DecoderSpec, Field, Semantics, TimestampFormat, ZeroDate};
use std::collections::BTreeMap;
use std::sync::LazyLock;

const EVERY_KIND: &[u8] = br#"{"semantics":"canal","timestamp":"SQL","fields":[
  {"name":"id","type":{"root":"BIGINT","nullable":false}},
  {"name":"name","type":{"root":"VARCHAR"}},
  {"name":"weight","type":{"root":"DECIMAL","precision":10,"scale":2}},
  {"name":"big","type":{"root":"DECIMAL","precision":38,"scale":10}},
  {"name":"flag","type":{"root":"BOOLEAN"}},
  {"name":"tiny","type":{"root":"TINYINT"}},
  {"name":"ratio","type":{"root":"DOUBLE"}},
  {"name":"part","type":{"root":"FLOAT"}},
  {"name":"day","type":{"root":"DATE"}},
  {"name":"clock","type":{"root":"TIME_WITHOUT_TIME_ZONE","precision":0}},
  {"name":"at","type":{"root":"TIMESTAMP_WITHOUT_TIME_ZONE","precision":3}},
  {"name":"at6","type":{"root":"TIMESTAMP_WITHOUT_TIME_ZONE","precision":6}},
  {"name":"photo","type":{"root":"VARBINARY"}},
  {"name":"tags","type":{"root":"ARRAY","element":{"root":"INTEGER"}}},
  {"name":"props","type":{"root":"MAP","key":{"root":"VARCHAR"},"value":{"root":"VARCHAR"}}},
  {"name":"place","type":{"root":"ROW","fields":[{"name":"x","type":{"root":"INTEGER"}},{"name":"name","type":{"root":"VARCHAR"}}]}}]}"#;

const SCHEMAS: &str = include_str!("../../data/canal/captured/schemas.json");

/// Beyond it the reference, which is recursive, would need a larger stack.
const BRACKETS: usize = 3_000;

/// Names of database and table, and the columns.
type Table = (String, String, Vec<Field>);

static TABLES: LazyLock<Vec<Table>> = LazyLock::new(|| {
    let every_kind = DecoderSpec::from_json(EVERY_KIND).expect("a valid specification").fields;
    let sets: BTreeMap<String, BTreeMap<String, Vec<Field>>> = serde_json::from_str(SCHEMAS).expect("schemas");
    let mut tables = vec![("inventory".to_string(), "products".to_string(), every_kind)];
    for (name, fields) in sets.into_values().flatten() {
        let (database, table) = name.split_once('.').expect("database.table");
        tables.push((database.into(), table.into(), fields));
    }
    tables
});

/// The number of the table with this name in the captured sets; for those who write seeds.
#[allow(dead_code)]
pub fn table_named(name: &str) -> u8 {
    let at = TABLES.iter().position(|(database, table, _)| format!("{database}.{table}") == name);
    at.and_then(|at| u8::try_from(at).ok()).expect("a captured table")
}

fn table(number: u8, options: u8) -> Reference {
    let bit = |n: u8| options >> n & 1 == 1;
    let (database, table, fields) = &TABLES[usize::from(number) % TABLES.len()];
    let mut spec = spec_of(fields.clone());
    spec.semantics = if bit(0) { Semantics::Flink } else { Semantics::Canal };
    spec.lenient = bit(1);
    spec.timestamp = if bit(2) { TimestampFormat::Iso8601 } else { TimestampFormat::Sql };
    spec.filter_database = bit(3);
    spec.filter_table = bit(4);
    spec.time_millis = bit(5);
    if bit(6) {
        spec.metadata = ALL_METADATA.to_vec();
    }
    if bit(7) && spec.semantics == Semantics::Canal {
        spec.ddl = DdlHandling::Emit;
        spec.zero_date = if bit(2) { ZeroDate::Epoch } else { ZeroDate::Null };
    }
    Reference { database: bit(3).then(|| database.clone()), table: bit(4).then(|| table.clone()), spec }
}

pub fn run(input: &[u8]) {
    let [number, options, messages @ ..] = input else { return };
    if messages.iter().filter(|b| matches!(b, b'[' | b'{')).count() > BRACKETS {
        return;
    }
    let table = table(*number, *options);
    let mut session = Session::open(&table);
    for message in messages.split(|b| *b == SEPARATOR) {
        let answer = session.decode(message).expect("canonical rows");
        if let Err(difference) = compare(&table, &answer, &table.decode(message)) {
            panic!("{difference}\nmessage: {}\ntable: {table:?}", String::from_utf8_lossy(message));
        }
    }
}
