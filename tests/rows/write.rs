//! Values → binary rows, as a sink is handed them.

use crate::reference::value::{Kind, Value};
use canal_native::row::read::{COMPACT_DECIMAL, COMPACT_TIMESTAMP, element_len};
use canal_native::row::{Cell, RowKind, Sources, write_array, write_row};
use canal_native::schema::{Field, LogicalType, Root};

/// The library's row kind.
pub fn kind_of(kind: Kind) -> RowKind {
    match kind {
        Kind::Insert => RowKind::Insert,
        Kind::UpdateBefore => RowKind::UpdateBefore,
        Kind::UpdateAfter => RowKind::UpdateAfter,
        Kind::Delete => RowKind::Delete,
    }
}

/// A `BinaryRowData`.
pub fn row(values: &[Value], fields: &[Field], kind: Kind) -> Vec<u8> {
    let mut scratch = Vec::new();
    let cells: Vec<Cell> = values.iter().zip(fields).map(|(v, f)| cell(v, &f.ty, &mut scratch)).collect();
    let wide: Vec<bool> = fields.iter().map(|f| is_wide(&f.ty.root)).collect();
    let mut out = Vec::new();
    write_row(&mut out, kind_of(kind), cells.iter(), &wide, Sources { input: b"", scratch: &scratch });
    out
}

/// A `BinaryMapData`, with keys that may be NULL or equal.
pub fn map(keys: &[Option<&str>], values: &[Value], ty: &LogicalType) -> Vec<u8> {
    let text = LogicalType { root: Root::Varchar, nullable: true };
    let keys: Vec<Value> = keys.iter().map(|k| k.map_or(Value::Null, |k| Value::Text(k.into()))).collect();
    let keys = array(&keys, &text);
    [&(keys.len() as u32).to_le_bytes()[..], &keys, &array(values, ty)].concat()
}

fn array(values: &[Value], ty: &LogicalType) -> Vec<u8> {
    let mut scratch = Vec::new();
    let cells: Vec<Cell> = values.iter().map(|v| cell(v, ty, &mut scratch)).collect();
    let sources = Sources { input: b"", scratch: &scratch };
    let mut out = Vec::new();
    write_array(&mut out, &cells, element_len(&ty.root), is_wide(&ty.root), sources);
    out
}

fn is_wide(root: &Root) -> bool {
    matches!(root, Root::TimestampWithoutTimeZone { precision } | Root::TimestampWithLocalTimeZone { precision }
        if *precision > COMPACT_TIMESTAMP)
}

fn cell(value: &Value, ty: &LogicalType, scratch: &mut Vec<u8>) -> Cell {
    let mut keep = |bytes: &[u8]| {
        let start = scratch.len();
        scratch.extend_from_slice(bytes);
        start..scratch.len()
    };
    let int = LogicalType { root: Root::Integer, nullable: false };
    let nested = match (value, &ty.root) {
        (Value::Null, _) => return Cell::NULL,
        (Value::Boolean(v), _) => return Cell::fixed((*v).into()),
        (Value::Tinyint(v), _) => return Cell::fixed(u64::from(*v as u8)),
        (Value::Smallint(v), _) => return Cell::fixed(u64::from(*v as u16)),
        (Value::Int(v) | Value::Date(v) | Value::Time(v), _) => return Cell::fixed(u64::from(*v as u32)),
        (Value::Bigint(v), _) => return Cell::fixed(*v as u64),
        (Value::Float(bits), _) => return Cell::fixed((*bits).into()),
        (Value::Double(bits), _) => return Cell::fixed(*bits),
        (Value::Timestamp(v) | Value::Instant(v), _) => return Cell::stamp(v.millis, v.nanos),
        (Value::Decimal(v), Root::Decimal { precision, .. }) => {
            let unscaled = v.unscaled();
            if *precision <= COMPACT_DECIMAL {
                return Cell::fixed(unscaled as i64 as u64);
            }
            let place = keep(&minimal(unscaled));
            return Cell::big_decimal(place.start, place.end);
        }
        (Value::Text(v), _) => v.as_bytes().to_vec(),
        (Value::Bytes(v), _) => v.clone(),
        (Value::Array(v), Root::Array { element }) => array(v, element),
        (Value::Map(v), root) => {
            let keys: Vec<Option<&str>> = v.keys().map(|k| Some(k.as_str())).collect();
            let values: Vec<Value> = v.values().cloned().collect();
            map(&keys, &values, if let Root::Map { value, .. } = root { value } else { &int })
        }
        (Value::Row(v), Root::Row { fields }) => row(v, fields, Kind::Insert),
        other => panic!("{other:?}"),
    };
    let place = keep(&nested);
    Cell::scratch(place.start, place.end)
}

/// `BigInteger.toByteArray`.
fn minimal(value: i128) -> Vec<u8> {
    let mut bytes = value.to_be_bytes().to_vec();
    while bytes.len() > 1 && (bytes[0] == 0 && bytes[1] < 0x80 || bytes[0] == 0xFF && bytes[1] >= 0x80) {
        bytes.remove(0);
    }
    bytes
}
