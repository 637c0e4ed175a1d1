//! Any bytes as a message, for a table with a column of every kind, in both semantics and modes: the fast decoder gives
//! what the reference gives, and a good message afterwards decodes as if nothing had happened.
#![no_main]

#[path = "../../reference/mod.rs"]
mod reference;
#[path = "../../rows/mod.rs"]
mod rows;
#[path = "../../scenario/mod.rs"]
mod scenario;
#[path = "../../session/mod.rs"]
mod session;

use canal_native::schema::{DdlHandling, DecoderSpec, Semantics, ZeroDate};
use libfuzzer_sys::fuzz_target;
use reference::changelog::Reference;
use session::{Session, compare};
use std::sync::LazyLock;

const SPEC: &[u8] = br#"{"semantics":"canal","timestamp":"SQL","metadata":["database","sql-type","pk-names","event-timestamp","type","sql","is-ddl","gtid","id","old"],"fields":[
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

const GOOD: &[u8] = br#"{"data":[{"id":"1","name":"scooter"}],"database":"d","es":1,"old":[{"name":"bike"}],"type":"UPDATE"}"#;

static TABLES: LazyLock<Vec<Reference>> = LazyLock::new(|| {
    let base = DecoderSpec::from_json(SPEC).expect("a valid specification");
    let table = |semantics, lenient| Reference {
        spec: DecoderSpec {
            semantics,
            lenient,
            ddl: if semantics == Semantics::Canal && lenient { DdlHandling::Emit } else { DdlHandling::Skip },
            zero_date: if semantics == Semantics::Canal && lenient { ZeroDate::Null } else { ZeroDate::Fail },
            ..base.clone()
        },
        database: None,
        table: None,
    };
    [Semantics::Canal, Semantics::Flink].into_iter().flat_map(|s| [table(s, false), table(s, true)]).collect()
});

fuzz_target!(|message: &[u8]| {
    for table in TABLES.iter() {
        let mut session = Session::open(table);
        for message in [message, GOOD, message] {
            let answer = session.decode(message).expect("canonical rows");
            if let Err(difference) = compare(table, &answer, &table.decode(message)) {
                panic!("{difference}\nmessage: {}\ntable: {table:?}", String::from_utf8_lossy(message));
            }
        }
    }
});
