//! Any bytes as packets: the first byte says the options, what follows are packets with their lengths before them, two bytes each. All
//! paths agree, rows are rows, and every entry is counted.

use crate::packet_session::PacketSession;
use crate::reference::changelog::Reference;
use crate::scenario::{ALL_METADATA, spec_of};
use canal_native::canal::packet::Count;
use canal_native::schema::{DdlHandling, DecoderSpec, Field, MetadataKey, Wire, ZeroDate};
use std::sync::LazyLock;

const COLUMNS: &[u8] = br#"{"semantics":"canal","timestamp":"SQL","fields":[
  {"name":"id","type":{"root":"BIGINT"}},
  {"name":"name","type":{"root":"VARCHAR"}},
  {"name":"a","type":{"root":"INTEGER"}},
  {"name":"b","type":{"root":"VARCHAR"}},
  {"name":"bl","type":{"root":"VARBINARY"}},
  {"name":"dt","type":{"root":"TIMESTAMP_WITHOUT_TIME_ZONE","precision":3}},
  {"name":"price","type":{"root":"DECIMAL","precision":20,"scale":2}},
  {"name":"tags","type":{"root":"MAP","key":{"root":"VARCHAR"},"value":{"root":"VARCHAR"}}}]}"#;

static FIELDS: LazyLock<Vec<Field>> =
    LazyLock::new(|| DecoderSpec::from_json(COLUMNS).expect("a valid specification").fields);

fn table(options: u8) -> Reference {
    let bit = |n: u8| options >> n & 1 == 1;
    let mut spec = spec_of(FIELDS.clone());
    spec.wire = Wire::Protobuf;
    spec.lenient = bit(0);
    if bit(1) {
        spec.metadata = [&ALL_METADATA[..], &[MetadataKey::BinlogFile, MetadataKey::BinlogOffset]].concat();
    }
    if bit(2) {
        (spec.ddl, spec.zero_date) = (DdlHandling::Emit, ZeroDate::Null);
    }
    spec.filter_table = bit(3);
    Reference { spec, database: None, table: bit(3).then(|| "img".into()) }
}

pub fn run(input: &[u8]) {
    let [options, packets @ ..] = input else { return };
    let table = table(*options);
    let mut session = PacketSession::open(&table);
    let mut rest = packets;
    while let Some((len, after)) = rest.split_first_chunk() {
        let (packet, after) = after.split_at(after.len().min(u16::from_le_bytes(*len).into()));
        rest = after;
        let answer = session.decode(packet).expect("an answer");
        let count = |count: Count| answer.counts[count as usize];
        let without_rows =
            [Count::Filtered, Count::SkippedDdl, Count::SkippedQuery, Count::SkippedTransaction, Count::SkippedOther];
        assert!(without_rows.into_iter().map(count).sum::<i64>() <= count(Count::Entries));
        assert!(answer.broken.is_none() || !table.spec.lenient);
        assert!(table.spec.lenient || count(Count::Dropped) == 0);
    }
}
