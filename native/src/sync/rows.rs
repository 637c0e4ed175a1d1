//! Rows whose values are [converted](super::convert) between decoding and loading. A row keeps its bytes; a value that is
//! another one is put behind them, and its field points there.

use super::columns::Value;
use super::convert::Converted;
use super::mapping::Conversion;
use crate::error::{Error, Kind};
use crate::row::read::Row;

/// Converts the rows of one table.
#[derive(Debug)]
pub struct RowConverter {
    /// By the column's number in the row; its name for errors.
    columns: Vec<(usize, String, Conversion)>,
    /// Columns from this one on are [added](super::columns); what they are in the message that is being converted.
    first_added: usize,
    added: Vec<Option<Field>>,
    arity: usize,
    /// Bytes before the first field.
    header: usize,
    row: Vec<u8>,
}

/// What an added column is to be.
#[derive(Debug)]
enum Field {
    Fixed(u64),
    Text(Vec<u8>),
}

impl RowConverter {
    /// A converter for rows of these columns, the last `added` of which are added; None if nothing is to be done.
    pub fn new<'c>(
        columns: impl ExactSizeIterator<Item = (&'c str, &'c Conversion)>,
        added: usize,
    ) -> Option<RowConverter> {
        let arity = columns.len();
        let columns: Vec<_> = columns
            .enumerate()
            .filter(|(_, (_, conversion))| **conversion != Conversion::None)
            .map(|(i, (name, conversion))| (i, name.to_string(), conversion.clone()))
            .collect();
        let header = crate::row::header_len(arity);
        let is_needed = !columns.is_empty() || added > 0;
        let first_added = arity - added;
        is_needed.then(|| RowConverter { columns, first_added, added: Vec::new(), arity, header, row: Vec::new() })
    }

    /// Sets the added columns of the rows that come.
    pub fn add<'v>(&mut self, values: impl Iterator<Item = Value<'v>>) {
        self.added.clear();
        self.added.extend(values.map(|value| match value {
            Value::Fixed(field) => Some(Field::Fixed(field)),
            Value::Text(text) => Some(Field::Text(text.to_vec())),
            Value::Null => None,
        }));
    }

    /// The row with its values converted.
    ///
    /// # Errors
    /// A value that has no other form: which, and of which column.
    pub fn convert(&mut self, bytes: &[u8]) -> Result<&[u8], Error> {
        let malformed = |_| Error::new(Kind::Internal, "a row is not in order");
        let row = Row::new(bytes, self.arity).map_err(malformed)?;
        self.row.clear();
        self.row.extend_from_slice(bytes);
        for (i, name, conversion) in &self.columns {
            let Some(slot) = row.get(*i).map_err(malformed)? else { continue };
            let value = slot.bytes().map_err(malformed)?;
            let Some(new) = convert(conversion, value).map_err(|why| bad(name, value, &why))? else { continue };
            let field = self.header + 8 * i;
            let word = put(&mut self.row, &new);
            self.row[field..field + 8].copy_from_slice(&word.to_le_bytes());
        }
        for (i, value) in (self.first_added..self.arity).zip(&self.added) {
            let word = match value {
                None => continue,
                Some(Field::Fixed(word)) => *word,
                Some(Field::Text(text)) => put(&mut self.row, text),
            };
            let field = self.header + 8 * i;
            self.row[field..field + 8].copy_from_slice(&word.to_le_bytes());
            // The first eight bits are the row's kind.
            self.row[(i + 8) / 8] &= !(1 << (i % 8));
        }
        Ok(&self.row)
    }
}

/// The value in its other form; None if it is the same.
fn convert(conversion: &Conversion, value: &[u8]) -> Result<Option<Vec<u8>>, String> {
    if let Some(converted) = conversion.bytes(value)? {
        return Ok(Some(match converted {
            Converted::Text(text) => text.into_bytes(),
            Converted::Bytes(bytes) => bytes,
        }));
    }
    let text = std::str::from_utf8(value).map_err(|_| "it is not UTF-8".to_string());
    Ok(match conversion {
        Conversion::EnumLabel(_) | Conversion::SetLabels(_) => conversion.text(text?)?.map(String::into_bytes),
        _ => None,
    })
}

/// Puts a value at the end of a row, or says it in the field itself; what the field is to hold.
fn put(row: &mut Vec<u8>, value: &[u8]) -> u64 {
    if value.len() <= 7 {
        let mut word = [0; 8];
        word[..value.len()].copy_from_slice(value);
        word[7] = 0x80 | value.len() as u8;
        return u64::from_le_bytes(word);
    }
    let at = row.len() as u64;
    row.extend_from_slice(value);
    row.resize(row.len().next_multiple_of(8), 0);
    at << 32 | value.len() as u64
}

#[cold]
fn bad(column: &str, value: &[u8], why: &str) -> Error {
    let shown: String = String::from_utf8_lossy(value).chars().take(40).collect();
    Error::new(Kind::Load, format!("the value {shown:?} cannot be loaded: {why}")).at(column)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::{Cell, RowKind, Sources, write_row};

    fn labels(names: &[&str]) -> Vec<String> {
        names.iter().map(ToString::to_string).collect()
    }

    /// What becomes of a value between two others that stay.
    fn converted(conversion: &Conversion, value: &[u8]) -> Result<Vec<u8>, String> {
        let around = b"not touched at all";
        let input = [around.as_slice(), value].concat();
        let cells = [Cell::input(0, around.len()), Cell::input(around.len(), input.len()), Cell::fixed(7)];
        let mut row = Vec::new();
        write_row(&mut row, RowKind::Delete, cells.iter(), &[false; 3], Sources { input: &input, scratch: b"" });
        let columns = [("a", &Conversion::None), ("b", conversion), ("c", &Conversion::None)];
        let mut converter = RowConverter::new(columns.into_iter(), 0).expect("something to do");
        let bytes = converter.convert(&row).map_err(|e| e.to_string())?;
        let row = Row::new(bytes, 3).unwrap();
        assert_eq!(row.kind().unwrap(), RowKind::Delete);
        let slot = |i| row.get(i).unwrap().unwrap();
        assert_eq!((slot(0).bytes().unwrap(), slot(2).i64()), (around.as_slice(), 7));
        Ok(slot(1).bytes().unwrap().to_vec())
    }

    #[test]
    fn a_value_of_any_length_by_another_of_any_length() {
        let labels = Conversion::EnumLabel(labels(&["small", "a rather long label"]));
        assert_eq!(converted(&labels, b"1").unwrap(), b"small");
        assert_eq!(converted(&labels, b"2").unwrap(), b"a rather long label");
        assert_eq!(converted(&labels, b"small").unwrap(), b"small");
        assert_eq!(converted(&Conversion::Pad(4), b"ab").unwrap(), b"ab\0\0");
        assert_eq!(converted(&Conversion::Pad(12), b"0123456789").unwrap(), b"0123456789\0\0");
        let error = converted(&labels, b"3").unwrap_err();
        assert!(error.contains("\"3\"") && error.contains("has 2 labels") && error.contains("at b"), "{error}");
        assert!(converted(&Conversion::Wkt, b"no").unwrap_err().contains("no geometry"));
        assert!(converted(&labels, b"\xFF").unwrap_err().contains("not UTF-8"));
    }

    #[test]
    fn added_columns_are_no_longer_null() {
        let mut row = Vec::new();
        let cells = [Cell::fixed(7), Cell::NULL, Cell::NULL, Cell::NULL];
        write_row(&mut row, RowKind::UpdateAfter, cells.iter(), &[false; 4], Sources { input: b"", scratch: b"" });
        let columns = ["a", "b", "c", "d"].map(|name| (name, &Conversion::None));
        let mut converter = RowConverter::new(columns.into_iter(), 3).expect("something to do");
        converter.add([Value::Text(b"a text of some length"), Value::Null, Value::Fixed(9)].into_iter());
        let row = Row::new(converter.convert(&row).unwrap(), 4).unwrap();
        assert_eq!(row.kind().unwrap(), RowKind::UpdateAfter);
        assert_eq!(row.get(1).unwrap().unwrap().bytes().unwrap(), b"a text of some length");
        assert!(row.get(2).unwrap().is_none());
        assert_eq!((row.get(0).unwrap().unwrap().i64(), row.get(3).unwrap().unwrap().i64()), (7, 9));
    }

    #[test]
    fn null_stays_null_and_nothing_to_do_is_nothing() {
        let conversion = Conversion::Pad(4);
        let mut row = Vec::new();
        write_row(&mut row, RowKind::Insert, [Cell::NULL].iter(), &[false], Sources { input: b"", scratch: b"" });
        let mut converter = RowConverter::new([("a", &conversion)].into_iter(), 0).unwrap();
        assert_eq!(converter.convert(&row).unwrap(), row);
        assert!(RowConverter::new([("a", &Conversion::None)].into_iter(), 0).is_none());
    }
}
