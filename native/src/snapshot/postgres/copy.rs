//! The text that COPY sends: a line for each row, tabs between values, `\N` for NULL, backslashes before what would be mistaken.

use crate::error::{Error, Kind};
use crate::snapshot::catalogue::Column;
use crate::snapshot::message::Cell;

/// Takes text as it comes and finds the rows in it.
#[derive(Debug)]
pub struct Lines {
    /// For each column, whether its values are bytes in hexadecimal.
    binary: Vec<bool>,
    /// A line of which the end has not come,
    begun: Vec<u8>,
    /// or has, and was given.
    is_given: bool,
    /// Values of the line that are not as they stand there.
    changed: Vec<u8>,
    values: Vec<Value>,
}

/// Where a value of a line is.
#[derive(Debug, Clone, Copy)]
enum Value {
    Null,
    /// From … to … of the line.
    Plain(usize, usize),
    /// From … to … of what was changed.
    Changed(usize, usize),
    /// It cannot be read.
    Bad(&'static str),
}

impl Lines {
    /// For rows with these columns.
    pub fn new(columns: &[Column]) -> Lines {
        let binary: Vec<bool> = columns.iter().map(Column::is_binary).collect();
        let values = Vec::with_capacity(binary.len());
        Lines { binary, begun: Vec::new(), is_given: false, changed: Vec::new(), values }
    }

    /// The first row that ends in `text`, which is what came behind the row before, and how many bytes of it the row took. None if no row ends in it;
    /// then all of it was taken.
    ///
    /// # Errors
    /// [`Kind::Source`]: a line has more or fewer values than there are columns.
    pub fn next<'t>(&'t mut self, text: &'t [u8]) -> Result<Option<(Line<'t>, usize)>, Error> {
        if self.is_given {
            self.begun.clear();
            self.is_given = false;
        }
        // Within values a line's end is written as \n.
        let Some(end) = text.iter().position(|byte| *byte == b'\n') else {
            self.begun.extend_from_slice(text);
            return Ok(None);
        };
        self.is_given = true;
        self.changed.clear();
        self.values.clear();
        let line = if self.begun.is_empty() {
            &text[..end]
        } else {
            self.begun.extend_from_slice(&text[..end]);
            &self.begun
        };
        split(line, &self.binary, &mut self.changed, &mut self.values);
        if self.values.len() != self.binary.len() {
            let (found, wanted) = (self.values.len(), self.binary.len());
            return Err(Error::new(Kind::Source, format!("a row has {found} values instead of {wanted}")));
        }
        Ok(Some((Line { line, changed: &self.changed, values: &self.values }, end + 1)))
    }

    /// Whether all that came were whole lines.
    pub fn is_at_end(&self) -> bool {
        self.is_given || self.begun.is_empty()
    }
}

/// A row.
pub struct Line<'t> {
    line: &'t [u8],
    changed: &'t [u8],
    values: &'t [Value],
}

impl<'t> Line<'t> {
    /// Its values, in the order of the columns.
    #[inline]
    pub fn cells(&self) -> impl Iterator<Item = Cell<'t>> {
        let (line, changed) = (self.line, self.changed);
        self.values.iter().map(move |value| match *value {
            Value::Null => Ok(None),
            Value::Plain(from, to) => Ok(Some(&line[from..to])),
            Value::Changed(from, to) => Ok(Some(&changed[from..to])),
            Value::Bad(why) => Err(why),
        })
    }
}

fn split(line: &[u8], binary: &[bool], changed: &mut Vec<u8>, values: &mut Vec<Value>) {
    // A row of no columns is an empty line, which no table that is read has.
    let mut from = 0;
    for value in line.split(|byte| *byte == b'\t') {
        let to = from + value.len();
        let is_binary = binary.get(values.len()).copied().unwrap_or(false);
        values.push(if value == b"\\N" {
            Value::Null
        } else if is_binary {
            placed(changed, |changed| bytes(value, changed))
        } else if value.contains(&b'\\') {
            placed(changed, |changed| unescape(value, changed))
        } else {
            Value::Plain(from, to)
        });
        from = to + 1;
    }
}

fn placed(changed: &mut Vec<u8>, write: impl FnOnce(&mut Vec<u8>) -> Result<(), &'static str>) -> Value {
    let from = changed.len();
    match write(changed) {
        Ok(()) => Value::Changed(from, changed.len()),
        Err(why) => Value::Bad(why),
    }
}

fn unescape(value: &[u8], to: &mut Vec<u8>) -> Result<(), &'static str> {
    let mut rest = value;
    while let Some(at) = rest.iter().position(|byte| *byte == b'\\') {
        to.extend_from_slice(&rest[..at]);
        to.push(match rest.get(at + 1) {
            Some(b'\\') => b'\\',
            Some(b'n') => b'\n',
            Some(b't') => b'\t',
            Some(b'r') => b'\r',
            Some(b'b') => 8,
            Some(b'f') => 12,
            Some(b'v') => 11,
            _ => return Err("there is a backslash in it that COPY does not write"),
        });
        rest = &rest[at + 2..];
    }
    to.extend_from_slice(rest);
    Ok(())
}

/// `\\x4142`: the backslash is doubled on its way.
fn bytes(value: &[u8], to: &mut Vec<u8>) -> Result<(), &'static str> {
    hexadecimal(value.strip_prefix(b"\\\\x").ok_or(NO_BYTEA)?, to)
}

const NO_BYTEA: &str = "it is no bytea in hexadecimal";

/// Adds the bytes that pairs of hexadecimal digits stand for.
///
/// # Errors
/// They are none.
pub fn hexadecimal(digits: &[u8], to: &mut Vec<u8>) -> Result<(), &'static str> {
    if !digits.len().is_multiple_of(2) {
        return Err(NO_BYTEA);
    }
    let digit = |byte: u8| char::from(byte).to_digit(16).map(|digit| digit as u8).ok_or(NO_BYTEA);
    to.reserve(digits.len() / 2);
    for pair in digits.chunks_exact(2) {
        to.push(digit(pair[0])? << 4 | digit(pair[1])?);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sync::mysql_type::MysqlType;
    use proptest::prelude::*;

    fn columns(types: &[&str]) -> Vec<Column> {
        types.iter().map(|ty| Column { name: "c".into(), ty: MysqlType::parse(ty) }).collect()
    }

    type Row = Vec<Option<Vec<u8>>>;

    /// Rows of texts that come one after the other.
    fn rows(types: &[&str], texts: &[&[u8]]) -> Result<Vec<Row>, String> {
        let mut lines = Lines::new(&columns(types));
        let mut rows = Vec::new();
        for mut text in texts.iter().copied() {
            while let Some((line, taken)) = lines.next(text).map_err(|e| e.to_string())? {
                let row: Result<Row, _> =
                    line.cells().map(|cell| cell.map(|value| value.map(<[u8]>::to_vec))).collect();
                rows.push(row?);
                text = &text[taken..];
            }
        }
        if lines.is_at_end() { Ok(rows) } else { Err("a line without an end".into()) }
    }

    #[test]
    fn lines_are_rows() {
        let some = |text: &str| Some(text.as_bytes().to_vec());
        assert_eq!(
            rows(&["int", "longtext"], &[b"1\t\\N\n2\t\n"]).unwrap(),
            [[some("1"), None], [some("2"), some("")]]
        );
        let escaped = br"a\\N\tb\nc\r\b\f\v\\";
        let found = rows(&["longtext"], &[&[escaped.as_slice(), b"\n"].concat()]).unwrap();
        assert_eq!(found, [[some("a\\N\tb\nc\r\u{8}\u{c}\u{b}\\")]]);
        assert_eq!(
            rows(&["longblob"], &[b"\\\\x00ffA0\n\\N\n\\\\x\n"]).unwrap(),
            [[Some(vec![0, 0xFF, 0xA0])], [None], [Some(vec![])]]
        );
        // What is \N as text has its backslash doubled.
        assert_eq!(rows(&["longtext"], &[b"\\\\N\n"]).unwrap(), [[some("\\N")]]);
    }

    #[test]
    fn what_copy_does_not_write_is_refused() {
        for (text, why) in [
            (b"1\t2\n".as_slice(), "2 values instead of 1"),
            (b"a\\x41\n", "a backslash in it that COPY does not write"),
            (b"a\\\n", "a backslash in it that COPY does not write"),
            (b"a", "without an end"),
        ] {
            let error = rows(&["longtext"], &[text]).unwrap_err();
            assert!(error.contains(why), "{error}");
        }
        for text in [b"4142\n".as_slice(), b"\\\\x4\n", b"\\\\x4g\n"] {
            assert!(rows(&["longblob"], &[text]).unwrap_err().contains("hexadecimal"));
        }
    }

    /// As COPY writes it.
    fn written(value: &Option<String>) -> Vec<u8> {
        let Some(value) = value else { return b"\\N".to_vec() };
        let mut text = Vec::new();
        for byte in value.bytes() {
            match [b'\\', b'\n', b'\t', b'\r', 8, 12, 11].iter().position(|special| *special == byte) {
                Some(at) => text.extend([b'\\', b"\\ntrbfv"[at]]),
                None => text.push(byte),
            }
        }
        text
    }

    proptest! {
        /// Whatever values there are, and wherever the text is cut on its way.
        #[test]
        fn rows_come_back_however_they_are_cut(
            values in prop::collection::vec(prop::collection::vec(prop::option::of("[\\\\\n\t\r\u{8}aN\u{e4}]{0,6}"), 3), 0..8),
            cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
        ) {
            let mut text = Vec::new();
            for row in &values {
                text.extend(row.iter().map(written).collect::<Vec<_>>().join(&b'\t'));
                text.push(b'\n');
            }
            let mut places: Vec<usize> = cuts.iter().map(|cut| cut.index(text.len() + 1)).collect();
            places.extend([0, text.len()]);
            places.sort_unstable();
            let pieces: Vec<&[u8]> = places.windows(2).map(|ends| &text[ends[0]..ends[1]]).collect();
            let expected: Vec<Row> =
                values.iter().map(|row| row.iter().map(|value| value.as_ref().map(|v| v.as_bytes().to_vec())).collect()).collect();
            prop_assert_eq!(rows(&["longtext"; 3], &pieces).unwrap(), expected);
        }
    }
}
