//! ARRAY, MAP, MULTISET and ROW columns: JSON containers into Flink's nested binary formats.
//!
//! Canal itself writes no containers into row images; Flink's own encoder does. So this is written for clarity.

use super::image::Scratch;
use super::value::{Fault, Reading, Scalar};
use crate::json::{Refused, blank, expect, next_or_end, skip, string};
use crate::row::{Cell, RowKind, Sources, Tag, write_array, write_map, write_row};
use crate::schema::{LogicalType, Root, Semantics, ZeroDate};
use std::collections::HashMap;

/// Bytes of nested values of one message: as for cells, the message's own length is no bound.
const MAX_BYTES: usize = 512 << 20;

/// How a container is read, decided once from its type.
#[derive(Debug)]
pub(super) enum Nested {
    Array(Box<Element>),
    /// MAP, and MULTISET as a map to INT NOT NULL.
    Map(Box<Element>),
    Row {
        fields: Vec<Element>,
        names: HashMap<Vec<u8>, usize>,
    },
}

/// An element, map value or nested field.
#[derive(Debug)]
pub(super) struct Element {
    shape: ElementShape,
    nullable: bool,
    /// A timestamp of precision above 3.
    wide: bool,
    /// Bytes in an array's fixed part.
    len: usize,
}

#[derive(Debug)]
enum ElementShape {
    Scalar(Scalar),
    Nested(Nested),
}

impl Nested {
    /// The reading of a type that is not scalar.
    pub(super) fn of(ty: &LogicalType) -> Nested {
        match &ty.root {
            Root::Array { element } => Nested::Array(Box::new(Element::of(element))),
            Root::Map { value, .. } => Nested::Map(Box::new(Element::of(value))),
            Root::Multiset { .. } => {
                Nested::Map(Box::new(Element::of(&LogicalType { root: Root::Integer, nullable: false })))
            }
            Root::Row { fields } => Nested::Row {
                names: fields.iter().enumerate().map(|(i, f)| (f.name.clone().into_bytes(), i)).collect(),
                fields: fields.iter().map(|f| Element::of(&f.ty)).collect(),
            },
            scalar => unreachable!("{scalar:?} is a scalar"),
        }
    }

    /// Reads the value at `pos`, which is not null.
    pub(super) fn read(
        &self,
        reading: &Reading,
        nulls: bool,
        buf: &[u8],
        pos: usize,
        nulled: &mut bool,
        scratch: &mut Scratch,
    ) -> Result<(Cell, usize), Refused> {
        // Validates the whole value first, its depth included, so that the recursion below is bounded.
        let end = skip::value(buf, pos)?;
        // Canal writes no containers, so what is in one is read as Flink reads it.
        let reading = &Reading { semantics: Semantics::Flink, zero_date: ZeroDate::Fail, ..*reading };
        let mut reader = Reader { reading, nulls, buf, nulled, scratch };
        Ok((reader.container(self, pos).unwrap_or_else(Cell::from), end))
    }
}

impl Element {
    fn of(ty: &LogicalType) -> Element {
        let precision = match ty.root {
            Root::TimestampWithoutTimeZone { precision } | Root::TimestampWithLocalTimeZone { precision } => precision,
            _ => 0,
        };
        let scalar = Scalar::of(ty);
        Element {
            nullable: ty.nullable,
            wide: precision > 3,
            len: match scalar {
                Some(Scalar::Boolean | Scalar::Int8) => 1,
                Some(Scalar::Int16) => 2,
                Some(Scalar::Int32 | Scalar::Float | Scalar::Date | Scalar::Time) => 4,
                _ => 8,
            },
            shape: scalar.map_or_else(|| ElementShape::Nested(Nested::of(ty)), ElementShape::Scalar),
        }
    }
}

struct Reader<'r> {
    reading: &'r Reading,
    nulls: bool,
    buf: &'r [u8],
    nulled: &'r mut bool,
    scratch: &'r mut Scratch,
}

impl Reader<'_> {
    /// A container's cell. The JSON at `pos` is valid.
    fn container(&mut self, nested: &Nested, pos: usize) -> Result<Cell, Fault> {
        let mut built = Vec::new();
        let buf = self.buf;
        match (nested, buf[pos]) {
            (Nested::Array(element), b'[') => {
                let cells = self.elements(element, pos)?;
                write_array(&mut built, &cells, element.len, element.wide, self.sources());
            }
            (Nested::Map(value), open) => {
                // Flink reads anything that is not an object as an empty map.
                let (keys, values) = if open == b'{' { self.entries(value, pos)? } else { Default::default() };
                write_map(&mut built, &keys, &values, value.len, value.wide, self.sources())?;
            }
            (Nested::Row { fields, names }, b'{') => {
                let cells = self.fields(fields, names, pos)?;
                let wide: Vec<bool> = fields.iter().map(|f| f.wide).collect();
                write_row(&mut built, RowKind::Insert, cells.iter(), &wide, self.sources());
            }
            _ => return Err(Fault::Bad),
        }
        let bytes = &mut self.scratch.bytes;
        let start = bytes.len();
        if start + built.len() > MAX_BYTES {
            return Err(Fault::Unproven);
        }
        bytes.extend_from_slice(&built);
        Ok(Cell::scratch(start, bytes.len()))
    }

    fn sources(&self) -> Sources<'_> {
        Sources { input: self.buf, scratch: &self.scratch.bytes }
    }

    fn elements(&mut self, element: &Element, pos: usize) -> Result<Vec<Cell>, Fault> {
        let mut cells = Vec::new();
        let mut pos = blank(self.buf, pos + 1);
        if self.buf[pos] == b']' {
            return Ok(cells);
        }
        loop {
            let (cell, end) = self.element(element, pos)?;
            cells.push(cell);
            let (next, done) = next_or_end(self.buf, end, b']')?;
            if done {
                return Ok(cells);
            }
            pos = next;
        }
    }

    fn entries(&mut self, value: &Element, pos: usize) -> Result<(Vec<Cell>, Vec<Cell>), Fault> {
        let (mut keys, mut values) = (Vec::new(), Vec::new());
        let mut seen = HashMap::new();
        self.members(pos, |reader, key, at| {
            let start = reader.scratch.bytes.len();
            reader.scratch.bytes.extend_from_slice(&key);
            let cell = Cell::scratch(start, reader.scratch.bytes.len());
            if seen.insert(key, ()).is_some() {
                return Err(Fault::Unproven);
            }
            let (read, end) = reader.element(value, at)?;
            keys.push(cell);
            values.push(read);
            Ok(end)
        })?;
        Ok((keys, values))
    }

    fn fields(&mut self, fields: &[Element], names: &HashMap<Vec<u8>, usize>, pos: usize) -> Result<Vec<Cell>, Fault> {
        let mut cells = vec![Cell::ABSENT; fields.len()];
        self.members(pos, |reader, key, at| match names.get(&key) {
            None => Ok(skip::value(reader.buf, at)?),
            Some(i) => {
                if cells[*i].tag() != Tag::Absent {
                    return Err(Fault::Unproven);
                }
                cells[*i] = Cell::NULL;
                let (cell, end) = reader.element(&fields[*i], at)?;
                cells[*i] = cell;
                Ok(end)
            }
        })?;
        for (cell, field) in cells.iter().zip(fields) {
            if cell.is_null() && !field.nullable {
                return Err(Fault::Unproven);
            }
        }
        Ok(cells)
    }

    /// Walks the members of the object at `pos`: `each` gets the name and the value's position, and returns its end. It sees
    /// all members even if one is bad, as a later one of the same name, which `each` refuses to judge, would take its place.
    fn members(
        &mut self,
        pos: usize,
        mut each: impl FnMut(&mut Self, Vec<u8>, usize) -> Result<usize, Fault>,
    ) -> Result<(), Fault> {
        let mut bad = false;
        let mut pos = blank(self.buf, pos + 1);
        if self.buf[pos] == b'}' {
            return Ok(());
        }
        loop {
            let span = string::key_span(self.buf, pos)?;
            let mut key = Vec::new();
            string::unescape(&self.buf[span.start..span.end], &mut key)?;
            let value = expect(self.buf, span.next(), b':')?;
            let end = match each(self, key, value) {
                Err(Fault::Bad) => {
                    bad = true;
                    skip::value(self.buf, value)?
                }
                end => end?,
            };
            let (next, done) = next_or_end(self.buf, end, b'}')?;
            if done {
                return if bad { Err(Fault::Bad) } else { Ok(()) };
            }
            pos = next;
        }
    }

    /// One element: its cell and the position after it. NULL where none may be, and digits that the element's type
    /// cannot keep, have no place in the nested formats: those go to Flink's codec.
    fn element(&mut self, element: &Element, pos: usize) -> Result<(Cell, usize), Fault> {
        let buf = self.buf;
        let (read, end) = match (buf[pos], &element.shape) {
            (b'n', _) => (Cell::NULL, pos + 4),
            (b'"', ElementShape::Scalar(scalar)) => {
                let span = string::span(buf, pos)?;
                (self.reading.string(*scalar, span, buf, self.scratch), span.next())
            }
            (_, ElementShape::Scalar(scalar)) => self.reading.bare(*scalar, buf, pos, self.scratch)?,
            (_, ElementShape::Nested(nested)) => {
                (self.container(nested, pos).unwrap_or_else(Cell::from), skip::value(buf, pos)?)
            }
        };
        let cell = match Fault::check(read) {
            Err(Fault::Bad) if self.nulls => {
                *self.nulled = true;
                Cell::NULL
            }
            read => read?,
        };
        if cell.is_null() && !element.nullable || cell.lost_nanos() && !element.wide {
            return Err(Fault::Unproven);
        }
        Ok((cell, end))
    }
}
