use super::*;
use crate::row::{Cell, Region, Sources, write_array, write_map, write_row};
use crate::schema::{Field, LogicalType};
use std::sync::LazyLock;

fn ty(root: Root) -> LogicalType {
    LogicalType { root, nullable: true }
}

fn boxed(root: Root) -> Box<LogicalType> {
    Box::new(ty(root))
}

/// Everything below a slot, as text: touches every byte that a reader may touch.
fn show(slot: Option<Slot<'_>>, root: &Root) -> Result<String, Malformed> {
    let Some(slot) = slot else { return Ok("null".into()) };
    Ok(match root {
        Root::Null => "?".into(),
        Root::Boolean => slot.boolean().to_string(),
        Root::Tinyint => slot.i8().to_string(),
        Root::Smallint => slot.i16().to_string(),
        Root::Integer | Root::Date | Root::TimeWithoutTimeZone { .. } | Root::IntervalYearMonth => {
            slot.i32().to_string()
        }
        Root::Bigint | Root::IntervalDayTime => slot.i64().to_string(),
        Root::Float => slot.f32().to_string(),
        Root::Double => slot.f64().to_string(),
        Root::Char | Root::Varchar | Root::Binary | Root::Varbinary => {
            String::from_utf8_lossy(slot.bytes()?).into_owned()
        }
        Root::Decimal { precision, .. } => slot.decimal(*precision)?.to_string(),
        Root::TimestampWithoutTimeZone { precision } | Root::TimestampWithLocalTimeZone { precision } => {
            let stamp = slot.stamp(*precision)?;
            format!("{}+{}", stamp.millis, stamp.nanos)
        }
        Root::Array { element } => show_array(slot.array(&element.root)?, &element.root)?,
        Root::Map { key, value } => show_map(slot.map(&key.root, &value.root)?, &key.root, &value.root)?,
        Root::Multiset { element } => {
            show_map(slot.map(&element.root, &Root::Integer)?, &element.root, &Root::Integer)?
        }
        Root::Row { fields } => show_row(slot.row(fields.len())?, fields)?,
    })
}

fn show_array(array: Array<'_>, element: &Root) -> Result<String, Malformed> {
    let items: Result<Vec<_>, _> = (0..array.len()).map(|i| show(array.get(i)?, element)).collect();
    Ok(format!("[{}]", items?.join(", ")))
}

fn show_map(map: Map<'_>, key: &Root, value: &Root) -> Result<String, Malformed> {
    Ok(format!("{}->{}", show_array(map.keys, key)?, show_array(map.values, value)?))
}

fn show_row(row: Row<'_>, fields: &[Field]) -> Result<String, Malformed> {
    let items: Result<Vec<_>, _> = fields.iter().enumerate().map(|(i, f)| show(row.get(i)?, &f.ty.root)).collect();
    Ok(format!("{:?}({})", row.kind()?, items?.join(", ")))
}

fn parse(bytes: &[u8], fields: &[Field]) -> Result<String, Malformed> {
    show_row(Row::new(bytes, fields.len())?, fields)
}

/// A row with a value of every type, and what [`show`] must make of it.
fn sample() -> (Vec<u8>, Vec<Field>, String) {
    let input = b"short, and a longer text".as_slice();
    let mut scratch = Vec::new();
    let mut columns: Vec<(Root, Cell, &str)> = vec![
        (Root::Boolean, Cell::fixed(1), "true"),
        (Root::Tinyint, Cell::fixed(0x80), "-128"),
        (Root::Smallint, Cell::fixed(0xFFFE), "-2"),
        (Root::Integer, Cell::fixed(u64::from(-70_000i32 as u32)), "-70000"),
        (Root::Bigint, Cell::fixed(-5_000_000_000i64 as u64), "-5000000000"),
        (Root::Float, Cell::fixed(1.5f32.to_bits().into()), "1.5"),
        (Root::Double, Cell::fixed((-0.1f64).to_bits()), "-0.1"),
        (Root::Varchar, Cell::input(0, 5), "short"),
        (Root::Char, Cell::input(0, 0), ""),
        (Root::Varchar, Cell::input(0, 7), "short, "),
        (Root::Varbinary, Cell::input(0, 8), "short, a"),
        (Root::Varchar, Cell::NULL, "null"),
        (Root::Binary, Cell::input(7, 24), "and a longer text"),
        (Root::Decimal { precision: 18, scale: 2 }, Cell::fixed(-1234i64 as u64), "-1234"),
        (Root::Date, Cell::fixed(u64::from(-1i32 as u32)), "-1"),
        (Root::TimeWithoutTimeZone { precision: 0 }, Cell::fixed(36_000_000), "36000000"),
        (Root::TimestampWithoutTimeZone { precision: 3 }, Cell::stamp(-1, 0), "-1+0"),
        (Root::TimestampWithoutTimeZone { precision: 4 }, Cell::stamp(-1, 999_999), "-1+999999"),
        (Root::TimestampWithLocalTimeZone { precision: 9 }, Cell::stamp(1 << 40, 1), "1099511627776+1"),
        (Root::IntervalYearMonth, Cell::fixed(14), "14"),
        (Root::IntervalDayTime, Cell::fixed(15), "15"),
    ];
    for (unscaled, text) in [
        (vec![0x80], "-128"),
        (vec![0], "0"),
        (vec![0, 0xFF], "255"),
        (vec![0xFF; 16], "-1"),
        ([&[0x7F][..], &[0xFF; 15]].concat(), "170141183460469231731687303715884105727"),
    ] {
        let start = scratch.len();
        scratch.extend_from_slice(&unscaled);
        columns.push((Root::Decimal { precision: 38, scale: 1 }, Cell::big_decimal(start, scratch.len()), text));
    }
    nested(input, &mut scratch, &mut columns);
    let wide: Vec<bool> = columns.iter().map(|(root, ..)| is_wide(root)).collect();
    let mut bytes = Vec::new();
    let cells: Vec<Cell> = columns.iter().map(|(_, cell, _)| *cell).collect();
    let size = write_row(&mut bytes, RowKind::UpdateAfter, cells.iter(), &wide, Sources { input, scratch: &scratch });
    assert_eq!(size, bytes.len());
    let texts: Vec<&str> = columns.iter().map(|(.., text)| *text).collect();
    let expected = format!("UpdateAfter({})", texts.join(", "));
    let fields = columns.into_iter().map(|(root, ..)| Field { name: String::new(), ty: ty(root) }).collect();
    (bytes, fields, expected)
}

fn is_wide(root: &Root) -> bool {
    matches!(root, Root::TimestampWithoutTimeZone { precision } | Root::TimestampWithLocalTimeZone { precision }
        if *precision > COMPACT_TIMESTAMP)
}

static NULLS: LazyLock<String> = LazyLock::new(|| format!("[{}]", ["null"; 33].join(", ")));

fn nested(input: &[u8], scratch: &mut Vec<u8>, columns: &mut Vec<(Root, Cell, &'static str)>) {
    let mut keep = |built: Vec<u8>| {
        let start = scratch.len();
        scratch.extend_from_slice(&built);
        Cell::scratch(start, scratch.len())
    };
    let sources = Sources { input, scratch: b"" };
    for (element, cells, text) in [
        (Root::Boolean, vec![Cell::fixed(1), Cell::NULL, Cell::fixed(0)], "[true, null, false]"),
        (Root::Smallint, vec![Cell::fixed(0xFFFF), Cell::NULL], "[-1, null]"),
        (Root::Float, vec![Cell::fixed(2.5f32.to_bits().into()); 3], "[2.5, 2.5, 2.5]"),
        (Root::Varchar, vec![Cell::input(0, 5), Cell::NULL, Cell::input(0, 9)], "[short, null, short, an]"),
        (Root::TimestampWithoutTimeZone { precision: 6 }, vec![Cell::stamp(5, 6)], "[5+6]"),
        (Root::Tinyint, vec![Cell::NULL; 33], NULLS.as_str()),
        (Root::Bigint, vec![], "[]"),
    ] {
        let mut built = Vec::new();
        write_array(&mut built, &cells, element_len(&element), is_wide(&element), sources);
        columns.push((Root::Array { element: boxed(element) }, keep(built), text));
    }
    let mut built = Vec::new();
    let (keys, values) = ([Cell::input(0, 5), Cell::input(7, 24)], [Cell::fixed(1), Cell::NULL]);
    write_map(&mut built, &keys, &values, 4, false, sources).unwrap();
    let text = match Map::new(&built, 8, 4).unwrap().keys.get(0).unwrap().unwrap().bytes() {
        Ok(b"short") => "[short, and a longer text]->[1, null]",
        _ => "[and a longer text, short]->[null, 1]",
    };
    let map = keep(built);
    columns.push((Root::Map { key: boxed(Root::Varchar), value: boxed(Root::Integer) }, map, text));
    columns.push((Root::Multiset { element: boxed(Root::Char) }, map, text));
    let mut built = Vec::new();
    write_row(&mut built, RowKind::Insert, [Cell::fixed(3), Cell::input(7, 24)].iter(), &[false; 2], sources);
    let fields = [Root::Integer, Root::Varchar].map(|root| Field { name: String::new(), ty: ty(root) });
    columns.push((Root::Row { fields: fields.into() }, keep(built), "Insert(3, and a longer text)"));
}

#[test]
fn what_the_writers_wrote() {
    let (bytes, fields, expected) = sample();
    assert_eq!(parse(&bytes, &fields).as_deref(), Ok(&*expected));
}

#[test]
fn a_cut_off_row_is_malformed() {
    let (bytes, fields, expected) = sample();
    for end in 0..bytes.len() {
        match parse(&bytes[..end], &fields) {
            Err(Malformed) => {}
            // Only the padding of the last value may be missing.
            Ok(text) => assert!(text == expected && bytes.len() - end < 8, "{end} of {}", bytes.len()),
        }
    }
}

#[test]
fn any_bytes_are_read_or_refused() {
    let (bytes, fields, expected) = sample();
    let mut state = 7u64;
    let mut random = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state >> 33
    };
    let (mut refused, mut other) = (0, 0);
    for round in 0..20_000 {
        let mut damaged = bytes.clone();
        match round % 4 {
            0 => damaged.fill_with(|| random() as u8),
            1 => damaged.truncate(random() as usize % bytes.len()),
            _ => {}
        }
        for _ in 0..random() % 4 {
            if let Some(byte) = damaged.get_mut(random() as usize % bytes.len()) {
                *byte = if random() % 2 == 0 { 0xFF } else { random() as u8 };
            }
        }
        match parse(&damaged, &fields) {
            Err(Malformed) => refused += 1,
            Ok(text) => other += i32::from(text != expected),
        }
    }
    assert!(refused > 5_000 && other > 1_000, "{refused} refused, {other} read as something else");
}

#[test]
fn offsets_and_counts_at_the_limits() {
    for word in
        [u64::MAX >> 1, 0x7FFF_FFFF_FFFF_FFFF, 8 << 32 | 0x7FFF_FFFF, 0x7FFF_FFFF << 32, 16 << 32 | 1, 0x88 << 56]
    {
        let bytes = [[0; 8], word.to_le_bytes()].concat();
        let slot = Row::new(&bytes, 1).unwrap().get(0).unwrap().unwrap();
        assert_eq!(slot.bytes(), Err(Malformed), "{word:#x}");
        assert!(slot.row(1).is_err() && slot.array(&Root::Tinyint).is_err() && slot.decimal(19).is_err());
    }
    for count in [-1, i32::MIN, i32::MAX, 9] {
        let bytes = [&count.to_le_bytes()[..], &[0; 12]].concat();
        assert!(Array::new(&bytes, 1).is_err() && Array::new(&bytes, 8).is_err() && Map::new(&bytes, 8, 8).is_err());
    }
    let row = Row::new(&[0; 16], 1).unwrap();
    assert!(row.get(1).is_err() && row.get(usize::MAX).is_err());
    let array = Array::new(&[0; 8], 4).unwrap();
    assert!(array.is_empty() && array.get(0).is_err() && array.get(usize::MAX).is_err());
}

#[test]
fn rows_behind_one_another() {
    let mut region = Region::default();
    let sources = Sources { input: b"", scratch: b"" };
    for i in 0..3u64 {
        region.row(RowKind::Delete, [Cell::fixed(i)].iter(), &[false], sources, 0);
    }
    let bytes = region.bytes();
    let mut rest = bytes;
    for i in 0..3 {
        let (row, after) = sized(rest).unwrap();
        assert_eq!(Row::new(row, 1).unwrap().get(0).unwrap().unwrap().i64(), i);
        rest = after;
    }
    assert!(rest.is_empty());
    assert!((0..20).all(|end| sized(&bytes[..end]).is_err()));
    assert!(sized(&[4, 0, 0, 0, 1, 2, 3, 4]).is_err());
}
