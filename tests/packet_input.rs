//! Packets that no server wrote: cut off, changed, of another type, packed, with odd values. Never a panic, and never a row of something broken.

mod packets;
mod reference;
mod rows;
mod scenario;
mod session;

use canal_native::canal::packet::{COUNTS, Count};
use canal_native::schema::{DdlHandling, DecoderSpec, MetadataKey, Wire};
use packets::wire::{Column, Entry, Event, Header, Packet, RowChange, RowData, events, packet};
use packets::{Answer, PacketSession, captured_packets, count, flat, skipped};
use prost::Message;
use reference::changelog::{Outcome, Reference};
use session::Seen;
use std::io::Write;

const SPEC: &[u8] = br#"{"semantics":"canal","timestamp":"SQL","wire":"protobuf","fields":[
  {"name":"id","type":{"root":"BIGINT","nullable":false}},
  {"name":"name","type":{"root":"VARCHAR"}},
  {"name":"price","type":{"root":"DECIMAL","precision":10,"scale":2}},
  {"name":"flag","type":{"root":"BOOLEAN"}},
  {"name":"at","type":{"root":"TIMESTAMP_WITHOUT_TIME_ZONE","precision":3}},
  {"name":"photo","type":{"root":"VARBINARY"}},
  {"name":"day","type":{"root":"DATE"}},
  {"name":"tags","type":{"root":"MAP","key":{"root":"VARCHAR"},"value":{"root":"INTEGER"}}}]}"#;

const ALL: [MetadataKey; 14] = [
    MetadataKey::Old,
    MetadataKey::Database,
    MetadataKey::Table,
    MetadataKey::SqlType,
    MetadataKey::PkNames,
    MetadataKey::IngestionTimestamp,
    MetadataKey::EventTimestamp,
    MetadataKey::Type,
    MetadataKey::Sql,
    MetadataKey::IsDdl,
    MetadataKey::Gtid,
    MetadataKey::Id,
    MetadataKey::BinlogFile,
    MetadataKey::BinlogOffset,
];

fn table() -> Reference {
    Reference { spec: DecoderSpec::from_json(SPEC).expect("a specification"), database: None, table: None }
}

fn lenient() -> Reference {
    let mut table = table();
    table.spec.lenient = true;
    table
}

fn decode(table: &Reference, packet: &[u8]) -> Answer {
    PacketSession::open(table).decode(packet).expect("an answer")
}

fn column(name: &str, value: Option<&str>, mysql_type: &str) -> Column {
    Column {
        index: Some(0),
        sql_type: Some(12),
        name: name.into(),
        is_key: Some(name == "id"),
        updated: Some(false),
        is_null: Some(value.is_none()),
        value: value.map(String::from),
        mysql_type: mysql_type.into(),
    }
}

fn row(id: &str, name: Option<&str>) -> Vec<Column> {
    vec![column("id", Some(id), "bigint"), column("name", name, "varchar(20)"), column("other", Some("x"), "text")]
}

fn event(number: i32, rows: Vec<RowData>) -> Event {
    let header = Header {
        version: Some(1),
        log_file: "mysql-bin.000007".into(),
        log_offset: Some(4_711),
        execute_time: Some(1_795_228_040_000),
        schema: "shop".into(),
        table: "products".into(),
        props: Vec::new(),
        gtid: "g:1".into(),
    };
    let change = RowChange { table_id: Some(1), event: Some(number), is_ddl: Some(false), sql: String::new(), rows };
    Event {
        batch: Some(9),
        entry: Entry { header: Some(header), kind: Some(2), value: Vec::new() },
        change: Some(change),
    }
}

fn insert(columns: Vec<Column>) -> Event {
    event(1, vec![RowData { before: Vec::new(), after: columns }])
}

fn transaction(kind: i32) -> Event {
    Event { batch: Some(9), entry: Entry { header: None, kind: Some(kind), value: vec![8, 1] }, change: None }
}

fn small() -> Vec<u8> {
    let update = RowData { before: row("2", Some("b")), after: row("2", None) };
    let events = [transaction(1), insert(row("1", Some("a"))), event(2, vec![update]), transaction(3)];
    packet(Some(9), &events)
}

/// What the entries give, by way of their flat messages.
fn expected(table: &Reference, packet: &[u8]) -> Answer {
    let mut answer = Answer { counts: [0; COUNTS], ..Answer::default() };
    for event in events(packet).expect("a packet") {
        let seen = match flat::message(&event, true) {
            None => skipped(event.entry.kind),
            Some(flat) => match table.decode(flat.to_string().as_bytes()).outcome {
                Outcome::Rows(rows) => Seen::Rows(rows),
                Outcome::Filtered => Seen::Filtered,
                Outcome::Skipped(kind) => Seen::Skipped(kind),
                Outcome::Dropped => Seen::Dropped,
                other => panic!("{other:?} of {flat}"),
            },
        };
        count(&mut answer.counts, &seen);
        if let Seen::Rows(rows) = seen {
            let of_rows = event.change.is_some_and(|change| matches!(change.event, Some(1..=3)));
            answer.counts[Count::Ddl as usize] += i64::from(!of_rows);
            answer.rows.extend(rows);
        }
    }
    answer
}

#[test]
fn cut_off_at_every_byte() {
    let packets = [small(), captured_packets("mysql80").into_iter().min_by_key(Vec::len).expect("a packet")];
    for packet in packets {
        assert!(decode(&table(), &packet).broken.is_none());
        for end in 0..packet.len() {
            let strict = decode(&table(), &packet[..end]);
            assert!(strict.broken.is_some_and(|why| why.contains(" at byte ")), "{end} of {} bytes", packet.len());
            assert_eq!(strict.rows, []);
            let passed = decode(&lenient(), &packet[..end]);
            assert_eq!((passed.rows.len(), passed.counts[Count::Dropped as usize]), (0, 1));
        }
    }
}

/// One entry that is cut off inside does not take the others with it, in lenient mode.
#[test]
fn a_broken_entry() {
    let whole = insert(row("1", Some("a")));
    let mut events = vec![whole.clone(), whole.clone(), whole];
    // A row that claims more than there is.
    events[1].change = None;
    events[1].entry.value = vec![0x10, 1, 0x62, 0x7F, 0x0A];
    let packet = packet(None, &events);
    let strict = decode(&table(), &packet);
    assert!(strict.broken.is_some_and(|why| why.starts_with("a length beyond the end of what it is in at byte ")));
    let passed = decode(&lenient(), &packet);
    assert_eq!(passed.rows.len(), 2);
    assert_eq!((passed.counts[Count::Entries as usize], passed.counts[Count::Dropped as usize]), (3, 1));
}

#[test]
fn packets_of_other_types() {
    let of = |kind: i32, compression: Option<i32>, body: Vec<u8>| {
        let packet = Packet { magic_number: Some(17), version: Some(1), kind, compression, body };
        decode(&table(), &packet.encode_to_vec()).broken.expect("no packet of messages")
    };
    assert_eq!(of(3, None, Vec::new()), "a packet of the type ACK, not MESSAGES at byte 0");
    assert_eq!(of(11, None, Vec::new()), "a packet of the type HEARTBEAT, not MESSAGES at byte 0");
    assert_eq!(of(99, None, Vec::new()), "no packet of the type MESSAGES at byte 0");
    assert!(of(7, Some(4), Vec::new()).starts_with("a body packed by LZF, which is not read here"));
    assert!(of(7, Some(9), Vec::new()).starts_with("a body packed in a way that no Canal knows"));
    assert!(of(7, Some(3), b"no gzip".to_vec()).starts_with("a body that cannot be unpacked"));
    let json = decode(&table(), br#"{"data":null}"#).broken.expect("no packet");
    assert!(json.contains("flatMessage = true") && json.contains("canal-json"), "{json}");
    assert_eq!(decode(&table(), &[0x38, 7]).broken.expect("no type"), "no packet of the type MESSAGES at byte 0");
    let why = decode(&table(), &[0x18, 7]).broken.expect("no body");
    assert_eq!(why, "a packet that ends before its body at byte 2");
}

#[test]
fn packed_bodies() {
    let plain = small();
    let body = Packet::decode(&plain[..]).expect("a packet").body;
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(&body).expect("gzip");
    let mut zlib = flate2::write::ZlibEncoder::new(Vec::new(), flate2::Compression::best());
    zlib.write_all(&body).expect("zlib");
    for (number, body) in [(3, gzip.finish().expect("gzip")), (2, zlib.finish().expect("zlib"))] {
        let of = |body: &[u8]| Packet { kind: 7, compression: Some(number), body: body.to_vec(), ..Packet::default() };
        let packed = of(&body).encode_to_vec();
        assert_eq!(decode(&table(), &packed), decode(&table(), &plain));
        assert!(decode(&table(), &of(&body[..body.len() - 1]).encode_to_vec()).broken.is_some());
    }
    // A gigabyte of zeros in a megabyte is not unpacked to its end.
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let zeros = vec![0; 1 << 20];
    (0..300).for_each(|_| bomb.write_all(&zeros).expect("gzip"));
    let bomb = Packet { kind: 7, compression: Some(3), body: bomb.finish().expect("gzip"), ..Packet::default() };
    let why = decode(&table(), &bomb.encode_to_vec()).broken.expect("too much");
    assert!(why.starts_with("a body of more than 256 MiB when unpacked"), "{why}");
}

/// A number that a test can repeat.
struct Numbers(u64);

impl Numbers {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        ((self.0 >> 33) as usize) % end
    }
}

#[test]
fn changed_bytes_and_no_packets_at_all() {
    let whole = small();
    let mut numbers = Numbers(7);
    let mut sessions: Vec<PacketSession> = [table(), lenient()]
        .into_iter()
        .flat_map(|table| {
            let mut with = table.clone();
            with.spec.metadata = ALL.to_vec();
            [PacketSession::open(&table), PacketSession::open(&with)]
        })
        .collect();
    for n in 0..20_000 {
        let mut bytes = whole.clone();
        if n % 4 == 0 {
            bytes = (0..numbers.below(200)).map(|_| numbers.below(256) as u8).collect();
            bytes.splice(0..0, [0x18, 7, 0x2A, bytes.len() as u8 & 0x7F]);
        }
        for _ in 0..1 + numbers.below(4) {
            let at = numbers.below(bytes.len());
            match numbers.below(3) {
                0 => bytes[at] = numbers.below(256) as u8,
                1 => bytes[at] ^= 1 << numbers.below(8),
                _ => bytes[at] = 0xFF,
            }
        }
        for session in &mut sessions {
            session.decode(&bytes).expect("all paths agree, and the rows are rows");
        }
    }
}

/// Random entries as other servers might write them: fields left out, columns in any order, rows of different columns.
#[test]
fn made_up_entries() {
    let mut numbers = Numbers(11);
    for n in 0..1_500 {
        let mut table = if n % 2 == 0 { table() } else { lenient() };
        if n % 3 > 0 {
            table.spec.metadata = ALL.to_vec();
        }
        if n % 5 == 0 {
            table.spec.ddl = DdlHandling::Emit;
            table.spec.fields.iter_mut().for_each(|field| field.ty.nullable = true);
        }
        let mut session = PacketSession::open(&table);
        for _ in 0..4 {
            let events: Vec<Event> = (0..1 + numbers.below(5)).map(|_| any_event(&mut numbers, n % 2 == 1)).collect();
            let packet = packet([None, Some(5)][numbers.below(2)], &events);
            let answer = session.decode(&packet).expect("an answer");
            assert_eq!(answer.delegated, Vec::<String>::new());
            assert_eq!(answer, expected(&table, &packet), "{table:?}");
        }
    }
}

fn any_event(numbers: &mut Numbers, bad: bool) -> Event {
    if numbers.below(5) == 0 {
        return transaction([1, 3, 4, 5][numbers.below(4)]);
    }
    let number = [1, 2, 3, 2, 1, 5, 7, 15, 99][numbers.below(9)];
    let photo = ["blob", "text"][numbers.below(2)];
    let rows = (0..1 + numbers.below(4)).map(|_| {
        let before = any_columns(numbers, bad, photo, number == 2 || number == 3);
        let mut after = any_columns(numbers, bad, photo, number < 3);
        // As a server sets it: where both images have the column, and not the same value.
        for column in after.iter_mut().filter(|_| number == 2) {
            let known = before.iter().find(|before| before.name == column.name);
            let text = |column: &Column| {
                if column.is_null == Some(true) { None } else { Some(column.value.clone().unwrap_or_default()) }
            };
            column.updated = if known.is_some_and(|known| text(known) != text(column)) {
                Some(true)
            } else {
                column.updated.filter(|is| !is)
            };
        }
        RowData { before, after }
    });
    let mut event = event(number, rows.collect());
    let change = event.change.as_mut().expect("a change");
    if number > 3 {
        change.rows.clear();
        change.sql = "alter table ä".into();
        change.is_ddl = [None, Some(true), Some(false)][numbers.below(3)];
    }
    let header = event.entry.header.as_mut().expect("a header");
    header.table = ["products", "orders", ""][numbers.below(3)].into();
    header.log_offset = [None, Some(0), Some(1 << 40)][numbers.below(3)];
    event
}

fn any_columns(numbers: &mut Numbers, bad: bool, photo: &str, some: bool) -> Vec<Column> {
    let values: [(&str, &str, &[Option<&str>]); 8] = [
        ("id", "bigint", &[Some("1"), Some("-9223372036854775808"), Some("x"), Some("")]),
        ("name", "varchar(20)", &[Some("abc"), Some(""), None, Some("ä中\u{1F600}\"\\\n")]),
        ("price", "decimal(10,2)", &[Some("12.50"), None, Some("99999999999"), Some("1,5")]),
        ("flag", "tinyint(1)", &[Some("1"), Some("0"), Some("true"), Some("maybe")]),
        (
            "at",
            "datetime",
            &[Some("2020-01-31 10:11:12"), Some("2020-01-31 10:11:12.123456789"), None, Some("0000-00-00 00:00:00")],
        ),
        ("photo", photo, &[Some(""), Some("AAAA"), None, Some("中")]),
        ("unknown", "json", &[Some("{}"), None, Some("[1]"), Some("\"")]),
        ("tags", "text", &[None, Some(""), Some("a"), Some("{}")]),
    ];
    let mut columns: Vec<Column> = Vec::new();
    let whole = numbers.below(3) > 0;
    for (name, mysql_type, choices) in values {
        if !whole && numbers.below(4) == 0 {
            continue;
        }
        // The last choice of most columns is a bad value.
        let value = choices[numbers.below(if bad { 4 } else { 3 })];
        let value = if !bad && name == "id" && value == Some("x") { Some("7") } else { value };
        let value = if mysql_type == "text" && name == "photo" { value.map(|_| "AAAA") } else { value };
        let mut column = column(name, value, mysql_type);
        column.updated = [None, Some(true), Some(false)][numbers.below(3)];
        if !whole {
            column.index = None;
            column.is_key = column.is_key.filter(|is| *is);
            column.value = column.value.filter(|value| !value.is_empty());
        }
        columns.push(column);
    }
    if numbers.below(6) == 0 {
        columns.reverse();
    }
    if some { columns } else { Vec::new() }
}

/// What only Flink's codec can judge goes there as the message that Canal would have written.
#[test]
fn odd_values_are_handed_on_as_flat_messages() {
    let odd = event(
        2,
        vec![RowData {
            before: vec![
                column("id", Some("１２"), "bigint"),
                column("name", Some("old\t\u{1}"), "text"),
                column("price", None, "decimal"),
            ],
            after: vec![
                Column { updated: Some(true), ..column("name", Some("new \"q\" \\ ä😀"), "text") },
                column("price", None, "decimal"),
            ],
        }],
    );
    let packet = packet(Some(77), &[insert(row("1", Some("a"))), odd.clone(), insert(row("2", None))]);
    for metadata in [&[][..], &ALL[..]] {
        let mut table = table();
        table.spec.metadata = metadata.to_vec();
        let answer = decode(&table, &packet);
        assert_eq!((answer.rows.len(), answer.delegated.len()), (2, 1));
        let flat: serde_json::Value = serde_json::from_str(&answer.delegated[0]).expect("JSON");
        let mut wanted = flat::message(&Event { batch: Some(77), ..odd.clone() }, true).expect("a message");
        wanted["ts"] = serde_json::Value::Null;
        assert_eq!(flat, wanted);
    }
    let bad = packets::wire::packet(None, &[insert(row("no number", None))]);
    assert_eq!(decode(&table(), &bad).delegated.len(), 1);
    assert_eq!(decode(&lenient(), &bad).counts[Count::Dropped as usize], 1);
}

/// Digits beyond milliseconds change the layout of all rows that are handed over at once.
#[test]
fn timestamps_of_more_digits_in_the_middle() {
    let at = |text: &str| insert(vec![column("id", Some("1"), "bigint"), column("at", Some(text), "datetime(6)")]);
    let short = || at("2020-01-31 10:11:12.123");
    let packet = packet(None, &[short(), short(), at("2020-01-31 10:11:12.123456"), short(), short()]);
    let answer = decode(&table(), &packet);
    assert_eq!(answer, expected(&table(), &packet));
    assert_eq!(answer.rows.len(), 5);
}

#[test]
fn texts_that_are_not_utf8() {
    let mut bytes = packet(None, &[insert(row("1", Some("a\u{e4}z"))), insert(row("2", Some("b")))]);
    let at = bytes.windows(2).position(|pair| pair == "\u{e4}".as_bytes()).expect("the text");
    bytes[at] = 0xFF;
    let why = decode(&table(), &bytes).broken.expect("no UTF-8");
    assert!(why.starts_with("a text that is not UTF-8 at byte "), "{why}");
    let passed = decode(&lenient(), &bytes);
    assert_eq!((passed.rows.len(), passed.counts[Count::Dropped as usize]), (1, 1));
    // Of a column that nobody reads, nobody knows.
    let mut table = table();
    table.spec.fields.retain(|field| field.name == "id");
    assert_eq!(decode(&table, &bytes).rows.len(), 2);
}

#[test]
fn specifications() {
    let json = |wire: &str, semantics: &str| {
        let text = format!(r#"{{"fields":[],"timestamp":"SQL","semantics":"{semantics}","wire":"{wire}"}}"#);
        DecoderSpec::from_json(text.as_bytes())
    };
    assert!(json("protobuf", "flink").is_err(), "Flink has no codec of packets");
    let flat = json("json", "canal").expect("a specification");
    assert!(canal_native::canal::packet::PacketDecoder::new(flat.clone()).is_err());
    let mut packets = flat.clone();
    packets.wire = Wire::Protobuf;
    assert!(canal_native::canal::decode::Decoder::new(packets).is_err());
    let mut place = flat;
    place.metadata = vec![MetadataKey::BinlogFile];
    assert!(canal_native::canal::decode::Decoder::new(place).is_err());
}
