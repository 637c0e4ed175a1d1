//! Geometries of MySQL's inner form (four bytes of SRID, then well-known binary) as well-known text, as `ST_AsText` writes it.

use std::fmt::Write;

/// Nesting of collections that is followed.
const DEPTH: u32 = 32;

/// The text; None for bytes that are no geometry.
pub fn of(inner: &[u8]) -> Option<String> {
    let mut reader = Reader { rest: inner.get(4..)? };
    let mut text = String::new();
    reader.geometry(&mut text, DEPTH)?;
    reader.rest.is_empty().then_some(text)
}

struct Reader<'b> {
    rest: &'b [u8],
}

/// Byte order and type, as each geometry begins.
struct Begin {
    little: bool,
    kind: u32,
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (bytes, rest) = self.rest.split_first_chunk::<N>()?;
        self.rest = rest;
        Some(*bytes)
    }

    fn number(&mut self, little: bool) -> Option<u32> {
        let bytes = self.take()?;
        Some(if little { u32::from_le_bytes(bytes) } else { u32::from_be_bytes(bytes) })
    }

    fn begin(&mut self) -> Option<Begin> {
        let [order] = self.take()?;
        let little = order == 1;
        (order <= 1).then_some(())?;
        Some(Begin { little, kind: self.number(little)? })
    }

    fn geometry(&mut self, text: &mut String, depth: u32) -> Option<()> {
        let Begin { little, kind } = self.begin()?;
        let name =
            ["POINT", "LINESTRING", "POLYGON", "MULTIPOINT", "MULTILINESTRING", "MULTIPOLYGON", "GEOMETRYCOLLECTION"];
        text.push_str(name.get((kind as usize).checked_sub(1)?)?);
        if kind == 7 {
            return self.collection(text, little, depth.checked_sub(1)?);
        }
        self.shape(kind, little, text)
    }

    fn shape(&mut self, kind: u32, little: bool, text: &mut String) -> Option<()> {
        match kind {
            1 => {
                text.push('(');
                self.point(little, text)?;
                text.push(')');
                Some(())
            }
            2 => self.list(little, text, |reader, text| reader.point(little, text)),
            3 => self.list(little, text, |reader, text| reader.shape(2, little, text)),
            // The members of a collection of one kind are geometries with a beginning of their own.
            _ => self.list(little, text, |reader, text| {
                let begin = reader.begin()?;
                (begin.kind == kind - 3).then_some(())?;
                reader.shape(begin.kind, begin.little, text)
            }),
        }
    }

    fn collection(&mut self, text: &mut String, little: bool, depth: u32) -> Option<()> {
        let begins = self.rest.first_chunk::<4>()?;
        if *begins == [0; 4] {
            self.number(little)?;
            text.push_str(" EMPTY");
            return Some(());
        }
        self.list(little, text, |reader, text| reader.geometry(text, depth))
    }

    fn list(
        &mut self,
        little: bool,
        text: &mut String,
        mut member: impl FnMut(&mut Self, &mut String) -> Option<()>,
    ) -> Option<()> {
        text.push('(');
        for i in 0..self.number(little)? {
            if i > 0 {
                text.push(',');
            }
            member(self, text)?;
        }
        text.push(')');
        Some(())
    }

    fn point(&mut self, little: bool, text: &mut String) -> Option<()> {
        let mut coordinate = || {
            let bytes = self.take()?;
            Some(if little { f64::from_le_bytes(bytes) } else { f64::from_be_bytes(bytes) })
        };
        let (x, y) = (coordinate()?, coordinate()?);
        write!(text, "{x} {y}").ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Bytes of a geometry: numbers as `u32`, coordinates as `f64`, both little endian.
    fn wkb(parts: &[Part]) -> Vec<u8> {
        let mut bytes = 4326u32.to_le_bytes().to_vec();
        for part in parts {
            match part {
                Part::Begin(kind) => {
                    bytes.push(1);
                    bytes.extend(kind.to_le_bytes());
                }
                Part::Count(n) => bytes.extend(n.to_le_bytes()),
                Part::Point(x, y) => {
                    bytes.extend(x.to_le_bytes());
                    bytes.extend(y.to_le_bytes());
                }
            }
        }
        bytes
    }

    enum Part {
        Begin(u32),
        Count(u32),
        Point(f64, f64),
    }
    use Part::{Begin, Count, Point};

    #[test]
    fn each_kind() {
        for (parts, text) in [
            (vec![Begin(1), Point(1.0, -2.5)], "POINT(1 -2.5)"),
            (vec![Begin(2), Count(2), Point(0.0, 0.0), Point(1.0, 1.0)], "LINESTRING(0 0,1 1)"),
            (
                vec![Begin(3), Count(1), Count(3), Point(0.0, 0.0), Point(1.0, 1.0), Point(0.0, 0.0)],
                "POLYGON((0 0,1 1,0 0))",
            ),
            (vec![Begin(4), Count(2), Begin(1), Point(1.0, 2.0), Begin(1), Point(3.0, 4.0)], "MULTIPOINT((1 2),(3 4))"),
            (vec![Begin(5), Count(1), Begin(2), Count(1), Point(1.0, 2.0)], "MULTILINESTRING((1 2))"),
            (vec![Begin(6), Count(1), Begin(3), Count(1), Count(1), Point(1.0, 2.0)], "MULTIPOLYGON(((1 2)))"),
            (
                vec![Begin(7), Count(2), Begin(1), Point(1.0, 2.0), Begin(2), Count(1), Point(0.1, 1e20)],
                "GEOMETRYCOLLECTION(POINT(1 2),LINESTRING(0.1 100000000000000000000))",
            ),
            (vec![Begin(7), Count(0)], "GEOMETRYCOLLECTION EMPTY"),
        ] {
            assert_eq!(of(&wkb(&parts)).as_deref(), Some(text));
        }
    }

    #[test]
    fn what_is_no_geometry() {
        let whole = wkb(&[Begin(2), Count(2), Point(0.0, 0.0), Point(1.0, 1.0)]);
        for end in 0..whole.len() {
            assert_eq!(of(&whole[..end]), None, "{end}");
        }
        assert_eq!(of(&[whole.as_slice(), &[0]].concat()), None);
        assert_eq!(of(&wkb(&[Begin(9)])), None);
        assert_eq!(of(&wkb(&[Begin(5), Count(1), Begin(1), Point(1.0, 2.0)])), None);
        let deep: Vec<Part> = (0..100).flat_map(|_| [Begin(7), Count(1)]).collect();
        assert_eq!(of(&wkb(&deep)), None);
    }
}
