//! The bytes of rows: known ones by hand, and that the reader in tests/rows overlooks none.

mod reference;
mod rows;
mod scenario;

use canal_native::canal::decode::{Decoder, Outcome};
use canal_native::schema::{Field, LogicalType};
use scenario::{spec_of, sql_type};

fn fields(columns: &[(&str, &str)]) -> Vec<Field> {
    columns.iter().map(|(name, ty)| Field { name: name.to_string(), ty: sql_type::parse(ty) }).collect()
}

/// The rows region, and whether its timestamps are wide.
fn region(fields: &[Field], message: &str) -> (Vec<u8>, bool) {
    let mut decoder = Decoder::new(spec_of(fields.to_vec())).expect("a decoder");
    match decoder.decode(message.as_bytes()) {
        Outcome::Rows(flags) => (decoder.rows().to_vec(), flags.wide_timestamps),
        other => panic!("{other:?}"),
    }
}

#[test]
fn known_bytes() {
    let fields = fields(&[
        ("id", "INT"),
        ("a", "STRING"),
        ("b", "STRING"),
        ("n", "BIGINT"),
        ("t", "TIMESTAMP(6)"),
        ("d", "DECIMAL(20,1)"),
    ]);
    let message = r#"{"data":[{"id":"-2","a":"ab","b":"12345678","n":null,"t":"1970-01-01 00:00:01.000002","d":"-12.8"}],"type":"DELETE"}"#;
    let expected: [&[u8]; 12] = [
        &88u32.to_le_bytes(),
        // Kind 3 is -D; the null bits follow it: bit 8 + 3 is that of `n`.
        &[3, 0b1000, 0, 0, 0, 0, 0, 0],
        &[0xFE, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0],
        b"ab\0\0\0\0\0\x82",
        // Size or nanoseconds, then the offset.
        &[8, 0, 0, 0, 56, 0, 0, 0],
        &[0; 8],
        &[0xD0, 0x07, 0, 0, 64, 0, 0, 0],
        &[1, 0, 0, 0, 72, 0, 0, 0],
        b"12345678",
        &1000u64.to_le_bytes(),
        // -128 in one byte; 16 are reserved.
        &[0x80, 0, 0, 0, 0, 0, 0, 0],
        &[0; 8],
    ];
    let expected = expected.concat();
    assert_eq!(region(&fields, message).0, expected);
}

const COLUMNS: [(&str, &str); 20] = [
    ("boo", "BOOLEAN"),
    ("tin", "TINYINT"),
    ("sma", "SMALLINT"),
    ("int", "INT"),
    ("big", "BIGINT"),
    ("flo", "FLOAT"),
    ("dou", "DOUBLE"),
    ("de1", "DECIMAL(10,2)"),
    ("de2", "DECIMAL(30,2)"),
    ("st1", "STRING"),
    ("st2", "STRING"),
    ("byt", "BYTES"),
    ("dat", "DATE"),
    ("tim", "TIME(0)"),
    ("ts3", "TIMESTAMP(3)"),
    ("ts9", "TIMESTAMP(9)"),
    ("ltz", "TIMESTAMP_LTZ(6)"),
    ("arr", "ARRAY<SMALLINT>"),
    ("map", "MAP<STRING, ROW<a INT, b STRING>>"),
    ("non", "INT"),
];
const MESSAGE: &str = concat!(
    r#"{"data":[{"boo":"1","tin":"-1","sma":"300","int":"70000","big":"-5000000000","flo":"1.5","dou":"-0.1","de1":"12.34","#,
    r#""de2":"-1234567890123456789012.34","st1":"short","st2":"longer than seven","byt":"AAECAwQFBgcICQ==","dat":"2020-01-31","#,
    r#""tim":"10:11:12","ts3":"2020-01-31 10:11:12.123","ts9":"2020-01-31 10:11:12.123456789","ltz":"2020-01-31 10:11:12.5Z","#,
    r#""arr":[1,null,3],"map":{"key":{"a":1,"b":"text of a nested row"},"longer key":null}}],"type":"INSERT"}"#
);

/// Whichever bit of a row is flipped, the reader refuses the bytes or reads another value: none is unused and unchecked.
#[test]
fn every_bit_counts() {
    let fields = fields(&COLUMNS);
    let (region, wide) = region(&fields, MESSAGE);
    let row = rows::read(&region, &fields, wide).expect("canonical");
    let mut refused = 0;
    for bit in 0..region.len() * 8 {
        let mut damaged = region.clone();
        damaged[bit / 8] ^= 1 << (bit % 8);
        match rows::read(&damaged, &fields, wide) {
            Ok(other) => assert_ne!(other, row, "bit {bit} of {} makes no difference", region.len() * 8),
            Err(_) => refused += 1,
        }
    }
    assert!(refused > 1_000, "only {refused} damaged rows were refused");
}

/// Cut or lengthened rows are refused.
#[test]
fn every_length_counts() {
    let fields = fields(&COLUMNS);
    let (region, wide) = region(&fields, MESSAGE);
    for end in 1..region.len() {
        assert!(rows::read(&region[..end], &fields, wide).is_err(), "{end} of {} bytes", region.len());
    }
    let mut longer = region.clone();
    longer.extend([0; 8]);
    let size = longer.len() as u32 - 4;
    longer[..4].copy_from_slice(&size.to_le_bytes());
    assert!(rows::read(&longer, &fields, wide).is_err());
}

/// A timestamp with more digits than its column makes all of them wide, and that changes the layout.
#[test]
fn wide_timestamps_take_more_room() {
    let fields = fields(&[("a", "TIMESTAMP(3)"), ("b", "TIMESTAMP_LTZ(0)")]);
    let narrow =
        region(&fields, r#"{"data":[{"a":"2020-01-31 10:11:12.123","b":"2020-01-31 10:11:12Z"}],"type":"INSERT"}"#);
    let wide =
        region(&fields, r#"{"data":[{"a":"2020-01-31 10:11:12.1234","b":"2020-01-31 10:11:12Z"}],"type":"INSERT"}"#);
    assert_eq!((narrow.0.len(), narrow.1, wide.0.len(), wide.1), (4 + 24, false, 4 + 24 + 16, true));
    assert!(rows::read(&wide.0, &fields, false).is_err());
    let types: Vec<&LogicalType> = fields.iter().map(|f| &f.ty).collect();
    let row = rows::read(&wide.0, &fields, true).expect("canonical");
    assert_eq!(rows::size::row(&row[0].values, &types, true), 24 + 16);
}
