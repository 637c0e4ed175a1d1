//! What stands behind a message's rows because it fits into no slot: texts, and before images as Flink maps.

use crate::json::{Refused, expect, next_or_end, skip, string};
use crate::row::{Cell, Sources, write_entries};
use std::collections::HashSet;

/// Members of one object that are compared with each other; beyond it a set is asked.
const FEW: usize = 16;

/// Buffers of one message at a time.
#[derive(Debug, Default)]
pub struct Tail {
    /// The names of one image.
    pub keys: Vec<Cell>,
    /// Its values, texts or NULL.
    pub values: Vec<Cell>,
    /// Unescaped names and texts that the cells refer to.
    scratch: Vec<u8>,
}

/// What a slot holds for bytes of the output. Rows and tail together are below 2 GiB, or the message is handed on.
pub(super) fn place(from: usize, to: usize) -> i64 {
    ((from as u64) << 32 | (to - from) as u64) as i64
}

impl Tail {
    /// Appends `count` images to `out`: a table of `[i32 offset][i32 length]`, the offsets counted from the table's start, and behind
    /// it one `BinaryMapData` of texts each. `next` puts the next image into [`keys`](Self::keys) and [`values`](Self::values), which
    /// point into `buf`. Returns the table's place.
    ///
    /// # Errors
    /// Those of `next`, and a name twice in one image.
    pub fn table(
        &mut self,
        count: usize,
        buf: &[u8],
        out: &mut Vec<u8>,
        mut next: impl FnMut(&mut Tail) -> Result<(), Refused>,
    ) -> Result<i64, Refused> {
        out.resize(out.len().next_multiple_of(8), 0);
        let table = out.len();
        out.resize(table + 8 * count, 0);
        for image in 0..count {
            self.keys.clear();
            self.values.clear();
            self.scratch.clear();
            next(self)?;
            if !self.names_differ(buf) {
                return Err(Refused);
            }
            let from = out.len();
            write_entries(out, &self.keys, &self.values, 8, false, Sources { input: buf, scratch: &self.scratch });
            let entry = [(from - table) as u32, (out.len() - from) as u32].map(u32::to_le_bytes);
            out[table + 8 * image..][..8].copy_from_slice(entry.as_flattened());
            out.resize(out.len().next_multiple_of(8), 0);
        }
        Ok(place(table, out.len()))
    }

    /// The first `count` objects of the JSON array at `pos` as a [table](Self::table).
    ///
    /// # Errors
    /// An element that is no object, an object or array in one, a name twice.
    pub fn images(&mut self, buf: &[u8], pos: usize, count: usize, out: &mut Vec<u8>) -> Result<i64, Refused> {
        let mut pos = expect(buf, pos, b'[')?;
        let mut first = true;
        self.table(count, buf, out, |tail| {
            if !std::mem::take(&mut first) {
                pos = next_or_end(buf, pos, b']')?.0;
            }
            pos = tail.object(buf, pos)?;
            Ok(())
        })
    }

    /// Reads the object at `pos` into cells and returns the position after it.
    fn object(&mut self, buf: &[u8], pos: usize) -> Result<usize, Refused> {
        let mut pos = expect(buf, pos, b'{')?;
        if buf[pos] == b'}' {
            return Ok(pos + 1);
        }
        loop {
            let name = string::key_span(buf, pos)?;
            let key = self.string(buf, name)?;
            self.keys.push(key);
            let at = expect(buf, name.next(), b':')?;
            let (value, end) = self.value(buf, at)?;
            self.values.push(value);
            let (next, done) = next_or_end(buf, end, b'}')?;
            pos = next;
            if done {
                return Ok(pos);
            }
        }
    }

    /// A member's text: a string's content, or a number or boolean as it stands, but `-0` as `0`, as in a STRING column.
    fn value(&mut self, buf: &[u8], pos: usize) -> Result<(Cell, usize), Refused> {
        match buf[pos] {
            b'"' => {
                let span = string::span(buf, pos)?;
                Ok((self.string(buf, span)?, span.next()))
            }
            b'n' => Ok((Cell::NULL, skip::word(buf, pos, b"null")?)),
            b'{' | b'[' => Err(Refused),
            _ => {
                let end = skip::scalar(buf, pos)?;
                let minus_zero = &buf[pos..end] == b"-0";
                Ok((Cell::input(pos + usize::from(minus_zero), end), end))
            }
        }
    }

    fn string(&mut self, buf: &[u8], span: string::Span) -> Result<Cell, Refused> {
        if !span.escaped {
            return Ok(Cell::input(span.start, span.end));
        }
        let from = self.scratch.len();
        string::unescape(&buf[span.start..span.end], &mut self.scratch)?;
        Ok(Cell::scratch(from, self.scratch.len()))
    }

    fn names_differ(&self, buf: &[u8]) -> bool {
        let sources = Sources { input: buf, scratch: &self.scratch };
        let name = |i: usize| sources.bytes(&self.keys[i]);
        if self.keys.len() > FEW {
            let mut seen = HashSet::new();
            return (0..self.keys.len()).all(|i| seen.insert(name(i)));
        }
        (1..self.keys.len()).all(|i| (0..i).all(|j| name(i) != name(j)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_of_maps_drawn_by_hand() {
        let mut buf = br#" [ {"a":"b","c":null} , {"\u0061":1}, {} ]"#.to_vec();
        crate::json::pad(&mut buf);
        let mut out = vec![7; 5];
        let mut tail = Tail::default();
        assert_eq!(tail.images(&buf, 1, 2, &mut out), Ok((8 << 32) | (16 + 56 + 40)));
        let table = &out[8..];
        assert_eq!(table[..16], *b"\x10\0\0\0\x34\0\0\0\x48\0\0\0\x24\0\0\0");
        assert_eq!(table[16..24], *b"\x18\0\0\0\x02\0\0\0");
        assert_eq!(table[28..44], *b"a\0\0\0\0\0\0\x81c\0\0\0\0\0\0\x81");
        assert_eq!(table[44..52], *b"\x02\0\0\0\x02\0\0\0");
        assert_eq!(table[72 + 4 + 8..72 + 4 + 16], *b"a\0\0\0\0\0\0\x81");
    }

    #[test]
    fn what_canal_does_not_write_is_refused() {
        for bad in [r#"[{"a":[]}]"#, r#"[{"a":{}}]"#, r#"[{"a":1,"\u0061":2}]"#, r#"[{"a":"\ud800"}]"#, r#"[null]"#] {
            let mut buf = bad.as_bytes().to_vec();
            crate::json::pad(&mut buf);
            assert_eq!(Tail::default().images(&buf, 0, 1, &mut Vec::new()), Err(Refused), "{bad}");
        }
        let many: Vec<String> = (0..FEW + 2).map(|i| format!(r#""{}":1"#, i % (FEW + 1))).collect();
        let mut buf = format!("[{{{}}}]", many.join(",")).into_bytes();
        crate::json::pad(&mut buf);
        assert_eq!(Tail::default().images(&buf, 0, 1, &mut Vec::new()), Err(Refused));
    }
}
