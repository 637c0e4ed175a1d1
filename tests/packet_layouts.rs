//! Columns that do not stand as those of the rows before: a decoder that knows a table's layout answers as one that never saw it.

mod packets;
mod reference;
mod rows;
mod scenario;
mod session;

use canal_native::schema::DecoderSpec;
use packets::{Answer, PacketSession};
use reference::changelog::Reference;

const SPEC: &[u8] = br#"{"semantics":"canal","timestamp":"SQL","wire":"protobuf","fields":[
  {"name":"id","type":{"root":"BIGINT"}},
  {"name":"name","type":{"root":"VARCHAR"}},
  {"name":"price","type":{"root":"DECIMAL","precision":10,"scale":2}},
  {"name":"a_name_of_more_bytes_than_a_block_has","type":{"root":"VARCHAR"}}]}"#;

const COLUMNS: [(&str, &str, &str); 5] = [
    ("id", "bigint(20)", "1"),
    ("name", "varchar(255)", "scooter"),
    ("unread", "varchar(255)", "not a column of the table"),
    ("price", "decimal(10,2)", "3.14"),
    ("a_name_of_more_bytes_than_a_block_has", "enum('some','values','that','make','a','long','type')", "some"),
];

fn varint(mut number: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    while number >= 0x80 {
        bytes.push(number as u8 | 0x80);
        number >>= 7;
    }
    bytes.push(number as u8);
    bytes
}

fn number(field: u64, value: u64) -> Vec<u8> {
    [varint(field << 3), varint(value)].concat()
}

fn bytes(field: u64, value: &[u8]) -> Vec<u8> {
    [varint(field << 3 | 2), varint(value.len() as u64), value.to_vec()].concat()
}

/// A number in one byte more than it needs.
fn longer(bytes: &[u8]) -> Vec<u8> {
    let (last, rest) = bytes.split_last().expect("a number");
    [rest, &[last | 0x80, 0]].concat()
}

/// The fields of a column as a server writes them.
fn fields(n: usize, updated: bool, value: Option<&str>) -> Vec<Vec<u8>> {
    let (name, mysql_type, _) = COLUMNS[n];
    let mut fields = vec![
        number(1, n as u64),
        number(2, 12),
        bytes(3, name.as_bytes()),
        number(4, (n == 0).into()),
        number(5, updated.into()),
        number(6, value.is_none().into()),
    ];
    fields.extend(value.map(|value| bytes(8, value.as_bytes())));
    fields.push(bytes(10, mysql_type.as_bytes()));
    fields
}

/// Each column of an image with its fields; `changed` has other values.
fn image(changed: &[(usize, Option<&'static str>)], marks: bool) -> Vec<Vec<Vec<u8>>> {
    let value = |n: usize| changed.iter().find(|(at, _)| *at == n).map_or(Some(COLUMNS[n].2), |(_, value)| *value);
    let updated = |n: usize| marks && changed.iter().any(|(at, _)| *at == n);
    (0..COLUMNS.len()).map(|n| fields(n, updated(n), value(n))).collect()
}

fn columns(tag: u64, image: &[Vec<Vec<u8>>]) -> Vec<u8> {
    image.iter().flat_map(|column| bytes(tag, &column.concat())).collect()
}

/// A packet with one row: an INSERT (1), UPDATE (2) or DELETE (3).
fn packet(event: u64, row: &[u8]) -> Vec<u8> {
    let change = [number(1, 7), number(2, event), number(10, 0), bytes(12, row)].concat();
    let header = [number(1, 1), bytes(2, b"binlog.000001"), bytes(8, b"shop"), bytes(9, b"orders")].concat();
    let entry = [bytes(1, &header), number(2, 2), bytes(3, &change)].concat();
    let messages = [number(1, 1), bytes(2, &entry)].concat();
    [number(3, 7), bytes(5, &messages)].concat()
}

fn update(before: &[Vec<Vec<u8>>], after: &[Vec<Vec<u8>>]) -> Vec<u8> {
    packet(2, &[columns(1, before), columns(2, after)].concat())
}

/// Both answers to a packet, which must be one.
fn answer(what: &str, lenient: bool, packet: &[u8]) -> Answer {
    let mut spec = DecoderSpec::from_json(SPEC).expect("a specification");
    spec.lenient = lenient;
    let table = Reference { spec, database: None, table: None };
    let fresh = PacketSession::open(&table).decode(packet).expect("an answer");
    let mut session = PacketSession::open(&table);
    let (plain, changed) = (image(&[], false), image(&[(1, Some("bicycle"))], true));
    for known in [packet_of_insert(&plain), update(&plain, &changed)] {
        session.decode(&known).expect("an answer");
    }
    assert_eq!(session.decode(packet).expect("an answer"), fresh, "{what}");
    fresh
}

fn packet_of_insert(image: &[Vec<Vec<u8>>]) -> Vec<u8> {
    packet(1, &columns(2, image))
}

#[test]
fn rows_as_a_server_writes_them() {
    let plain = image(&[], false);
    let long: &'static str = Box::leak("x".repeat(300).into_boxed_str());
    for changes in [
        vec![],
        vec![(1, Some("bicycle"))],
        vec![(1, None)],
        vec![(1, Some(""))],
        vec![(1, Some(long))],
        vec![(4, Some(long)), (0, Some("2"))],
        vec![(3, None), (4, None)],
        vec![(2, Some("other")), (3, Some("-1.5"))],
        vec![(1, Some("中文"))],
    ] {
        let (before, after) = (image(&changes, false), image(&changes, true));
        for packet in
            [packet_of_insert(&after), update(&plain, &after), update(&before, &plain), update(&before, &after)]
        {
            let answer = answer(&format!("{changes:?}"), false, &packet);
            assert!(!answer.rows.is_empty() && answer.broken.is_none(), "{changes:?}: {answer:?}");
        }
    }
}

#[test]
fn fields_in_another_order_or_twice_or_unknown() {
    for n in 0..COLUMNS.len() {
        let count = fields(n, false, Some("5")).len();
        let mut odd: Vec<Vec<Vec<u8>>> = Vec::new();
        for i in 0..count {
            let whole = || fields(n, false, Some("5"));
            let (mut without, mut twice, mut unknown) = (whole(), whole(), whole());
            let taken = without.remove(i);
            without.push(taken.clone());
            odd.push(without.clone());
            without.pop();
            odd.push(without);
            twice.push(taken);
            odd.push(twice);
            unknown.insert(i, bytes(90, b"unknown"));
            odd.push(unknown);
        }
        // NULL with a value, a value after NULL, and another type, name or key.
        for extra in [
            number(6, 1),
            number(6, 2),
            number(5, 2),
            bytes(3, b"name"),
            bytes(3, b"new"),
            bytes(10, b"blob"),
            bytes(8, b"6"),
        ] {
            let mut column = fields(n, false, Some("5"));
            column.push(extra.clone());
            odd.push(column);
            let mut column = fields(n, false, Some("5"));
            if let Some(field) = column.iter_mut().find(|field| field[0] == extra[0]) {
                *field = extra;
            }
            odd.push(column);
        }
        for column in odd {
            let plain = image(&[], false);
            let mut other = plain.clone();
            other[n] = column;
            for packet in
                [packet_of_insert(&other), update(&plain, &other), update(&other, &plain), update(&other, &other)]
            {
                for lenient in [false, true] {
                    answer(&format!("column {n}: {:?}", other[n]), lenient, &packet);
                }
            }
        }
    }
}

#[test]
fn columns_that_are_missing_or_come_twice_or_in_another_order() {
    let (plain, changed) = (image(&[], false), image(&[(1, Some("bicycle")), (3, None)], true));
    for n in 0..COLUMNS.len() {
        let (mut without, mut twice, mut moved) = (plain.clone(), plain.clone(), plain.clone());
        without.remove(n);
        twice.push(fields(n, false, Some("9")));
        moved.rotate_left(n);
        for other in [without, twice, moved] {
            for packet in
                [packet_of_insert(&other), update(&other, &changed), update(&changed, &other), update(&other, &other)]
            {
                answer(&format!("column {n}"), false, &packet);
            }
        }
    }
    // The image after the change first, and both by turns.
    answer("after, before", false, &packet(2, &[columns(2, &changed), columns(1, &plain)].concat()));
    let turns = plain
        .iter()
        .zip(&changed)
        .map(|(before, after)| [bytes(1, &before.concat()), bytes(2, &after.concat())].concat());
    answer("by turns", false, &packet(2, &turns.collect::<Vec<_>>().concat()));
    answer("after twice", false, &packet(2, &[columns(1, &plain), columns(2, &changed), columns(2, &plain)].concat()));
    answer("before twice", false, &packet(2, &[columns(1, &plain), columns(1, &changed), columns(2, &plain)].concat()));
}

#[test]
fn lengths_of_more_bytes_than_they_need_and_lengths_that_lie() {
    let plain = image(&[], false);
    for n in 0..COLUMNS.len() {
        let column = plain[n].concat();
        let framed = |length: Vec<u8>, column: &[u8]| [vec![2 << 3 | 2], length, column.to_vec()].concat();
        let mut odd = vec![framed(longer(&varint(column.len() as u64)), &column)];
        for by in [-9i64, -2, -1, 1, 2, 9, 100] {
            odd.push(framed(varint((column.len() as i64 + by).max(0) as u64), &column));
        }
        let value = bytes(8, COLUMNS[n].2.as_bytes());
        for (i, field) in plain[n].iter().enumerate() {
            let mut fields = plain[n].clone();
            let lengths: Vec<Vec<u8>> = if *field == value {
                (0..=255).map(|length| vec![length]).chain([longer(&field[1..2])]).collect()
            } else {
                vec![longer(&field[1..2])]
            };
            for length in lengths {
                fields[i] = [&field[..1], &length, &field[2..]].concat();
                let column = fields.concat();
                odd.push(framed(varint(column.len() as u64), &column));
            }
        }
        for column in odd {
            let row = [columns(2, &plain[..n]), column, columns(2, &plain[n + 1..])].concat();
            for lenient in [false, true] {
                answer(&format!("column {n}"), lenient, &packet(1, &row));
                answer(&format!("column {n}"), lenient, &packet(2, &[columns(1, &plain), row.clone()].concat()));
            }
        }
    }
}
