//! Row images: the objects in `data` and `old`, as one cell per column.

use super::layout::{Layout, Layouts, Step};
use super::mysql;
use super::nested::Nested;
use super::value::{Fault, Reading, Scalar};
use crate::json::keys::{Keys, Place};
use crate::json::scan::{Portable, Vector};
use crate::json::{Refused, blank, next_or_end, number, skip, string};
use crate::row::{Cell, Tag};
use crate::schema::{Field, LogicalType, Root, Semantics, ZeroDate};

/// Cells of one message (512 MiB of them). Empty objects are short and rows of many columns are not, so the message's own
/// length is no bound.
const MAX_CELLS: usize = 1 << 25;

/// How a column's JSON value becomes a cell, decided once from its type.
#[derive(Debug)]
pub(super) enum Shape {
    /// Anything but a container.
    Scalar(Scalar),
    /// Binary under `canal`: base64 or ISO-8859-1, which `mysqlType` tells at the end of the message.
    Bytes,
    /// ARRAY, MAP, MULTISET, ROW.
    Nested(Nested),
}

impl Shape {
    fn of(ty: &LogicalType, semantics: Semantics) -> Shape {
        match Scalar::of(ty) {
            Some(Scalar::Bytes) if semantics == Semantics::Canal => Shape::Bytes,
            Some(scalar) => Shape::Scalar(scalar),
            None => Shape::Nested(Nested::of(ty)),
        }
    }
}

/// The physical columns.
#[derive(Debug)]
pub struct Columns {
    pub(super) shapes: Vec<Shape>,
    /// Timestamps of precision above 3: stored with nanoseconds.
    pub(super) wide: Vec<bool>,
    /// Every timestamp wide, for a message that has more digits than its columns.
    pub(super) widest: Vec<bool>,
    pub(super) not_null: Vec<bool>,
    pub(super) any_not_null: bool,
    /// Whether any column's cells may be undecided until `mysqlType` is known.
    pub(super) undecided: bool,
}

impl Columns {
    /// The columns `fields`.
    pub fn new(fields: &[Field], semantics: Semantics) -> Self {
        let shapes: Vec<Shape> = fields.iter().map(|f| Shape::of(&f.ty, semantics)).collect();
        let stamp = |f: &Field| match f.ty.root {
            Root::TimestampWithoutTimeZone { precision } | Root::TimestampWithLocalTimeZone { precision } => {
                Some(precision)
            }
            _ => None,
        };
        Columns {
            undecided: shapes.iter().any(|s| matches!(s, Shape::Bytes)),
            shapes,
            wide: fields.iter().map(|f| stamp(f).is_some_and(|p| p > 3)).collect(),
            widest: fields.iter().map(|f| stamp(f).is_some()).collect(),
            not_null: fields.iter().map(|f| !f.ty.nullable).collect(),
            any_not_null: fields.iter().any(|f| !f.ty.nullable),
        }
    }

    /// Number of columns.
    pub fn len(&self) -> usize {
        self.shapes.len()
    }

    /// True if every column was projected away.
    pub fn is_empty(&self) -> bool {
        self.shapes.is_empty()
    }
}

/// What stood in place of the array of images.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Array {
    /// Nothing, or JSON null.
    #[default]
    Missing,
    /// An array.
    Present,
    /// Something that is no array.
    Other,
}

/// The images of one member of one message.
#[derive(Debug, Default)]
pub struct Images {
    /// What the member's value is.
    pub array: Array,
    /// Row after row, one cell per column; a row that is no object has only absent cells.
    pub(super) cells: Vec<Cell>,
    /// For each element whether it is an object.
    pub(super) objects: Vec<bool>,
    /// An element that is neither object nor null.
    pub odd_element: bool,
    /// The worst that happened to a value.
    pub fault: Option<Fault>,
    /// A bad value was read as NULL.
    pub nulled: bool,
    /// A value somewhere in the images is an object or array.
    pub containers: bool,
    /// A timestamp has more digits than its column keeps.
    pub lost_nanos: bool,
    /// The columns from this one on are not read: where an image names one, its cell is NULL.
    pub(super) unread_from: Option<usize>,
}

impl Images {
    /// Forgets the images.
    #[inline]
    pub fn clear(&mut self) {
        self.array = Array::Missing;
        self.cells.clear();
        self.objects.clear();
        self.odd_element = false;
        self.fault = None;
        self.nulled = false;
        self.containers = false;
        self.lost_nanos = false;
    }

    /// The cells of row `i` of a table of `columns` columns.
    #[inline(always)]
    pub(super) fn row(&self, i: usize, columns: usize) -> &[Cell] {
        &self.cells[i * columns..(i + 1) * columns]
    }

    #[inline(always)]
    fn is_unread(&self, column: usize) -> bool {
        self.unread_from.is_some_and(|from| column >= from)
    }

    /// Whether every element is an object.
    pub fn all_objects(&self) -> bool {
        !self.odd_element && self.objects.iter().all(|o| *o)
    }

    pub(super) fn note(&mut self, fault: Fault) {
        if self.fault != Some(Fault::Unproven) {
            self.fault = Some(fault);
        }
    }
}

/// Buffers that values are made in.
#[derive(Debug, Default)]
pub struct Scratch {
    /// Bytes that cells refer to.
    pub bytes: Vec<u8>,
    /// One unescaped text at a time.
    pub text: Vec<u8>,
    /// Places of texts, from and to, of which it is not known yet whether they are UTF-8.
    pub foreign: Vec<(usize, usize)>,
}

/// Reads images, one member after the other.
#[derive(Debug)]
pub struct ImageReader {
    keys: Keys,
    reading: Reading,
    /// Bad values become NULL (lenient mode of Flink's codec).
    nulls: bool,
}

impl ImageReader {
    /// A reader of the columns `fields`. `nulls`: a bad value is NULL instead of a fault.
    pub fn new(fields: &[Field], reading: Reading, nulls: bool) -> Self {
        ImageReader { keys: Keys::new(fields.iter().map(|f| f.name.as_str())), reading, nulls }
    }

    /// The columns by name.
    pub fn keys(&self) -> &Keys {
        &self.keys
    }

    /// Reads the undecided cells, now that it is known which columns were written as one character per byte. The others are base64.
    pub(super) fn decide(&self, images: &mut Images, binary: &[bool], buf: &[u8], scratch: &mut Scratch) {
        for i in 0..images.cells.len() {
            let cell = images.cells[i];
            if cell.tag() != Tag::Undecided {
                continue;
            }
            let read =
                if binary[i % binary.len()] { latin1(cell, buf, scratch) } else { self.base64(cell, buf, scratch) };
            images.cells[i] = Fault::check(read).unwrap_or_else(|fault| {
                images.note(fault);
                Cell::NULL
            });
        }
    }

    /// An undecided cell that turned out to be base64.
    fn base64(&self, cell: Cell, buf: &[u8], scratch: &mut Scratch) -> Cell {
        let range = cell.range();
        let escaped = buf[range.clone()].contains(&b'\\');
        let span = string::Span { start: range.start, end: range.end, escaped };
        self.reading.string(Scalar::Bytes, span, buf, scratch)
    }

    /// Reads the value at `pos`, which should be an array of objects, and returns the position after it.
    ///
    /// # Errors
    /// Not strict JSON, or more cells than are kept. Everything else is noted in `images`.
    #[inline(never)]
    pub fn read<V: Vector>(
        &mut self,
        columns: &Columns,
        layouts: &mut Layouts,
        buf: &[u8],
        pos: usize,
        images: &mut Images,
        scratch: &mut Scratch,
    ) -> Result<usize, Refused> {
        V::vectorize(
            #[inline(always)]
            || {
                if buf[pos] != b'[' {
                    let end = skip::value_by::<V>(buf, pos)?;
                    images.array = if buf[pos] == b'n' { Array::Missing } else { Array::Other };
                    return Ok(end);
                }
                images.array = Array::Present;
                let mut pos = blank(buf, pos + 1);
                if buf[pos] == b']' {
                    return Ok(pos + 1);
                }
                loop {
                    let start = images.cells.len();
                    if start + columns.len() > MAX_CELLS {
                        return Err(Refused);
                    }
                    images.cells.resize(start + columns.len(), Cell::ABSENT);
                    let object = buf[pos] == b'{';
                    images.objects.push(object);
                    pos = if object {
                        self.object::<V>(columns, layouts, buf, pos, images, start, scratch)?
                    } else {
                        images.odd_element |= buf[pos] != b'n';
                        skip::value_by::<V>(buf, pos)?
                    };
                    let (next, end) = next_or_end(buf, pos, b']')?;
                    pos = next;
                    if end {
                        return Ok(pos);
                    }
                }
            },
        )
    }

    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    fn object<V: Vector>(
        &mut self,
        columns: &Columns,
        layouts: &mut Layouts,
        buf: &[u8],
        pos: usize,
        images: &mut Images,
        start: usize,
        scratch: &mut Scratch,
    ) -> Result<usize, Refused> {
        let first = blank(buf, pos + 1);
        if buf[first] == b'}' {
            return Ok(first + 1);
        }
        let Some(which) = layouts.of(buf, first) else {
            layouts.leave(0, 0);
            return self.members::<V>(columns, layouts, buf, first, Place::default(), images, start, scratch);
        };
        let layout = &layouts.known[which];
        let (end, steps) = self.follow::<V>(layout, columns, buf, first, images, start, scratch)?;
        if steps == layout.steps.len() && buf[end] == b'}' {
            layouts.followed();
            return Ok(end + 1);
        }
        let place = steps.checked_sub(1).map_or(Place::default(), |last| Place::after(layout.ids[last]));
        layouts.leave(which, steps);
        let (next, done) = if steps > 0 { next_or_end(buf, end, b'}')? } else { (first, false) };
        if done {
            layouts.learn(&self.keys, columns);
            return Ok(next);
        }
        self.members::<V>(columns, layouts, buf, next, place, images, start, scratch)
    }

    /// Reads members as the layout says, from the first key at `pos` on: where that ended, and how many they were.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    fn follow<V: Vector>(
        &self,
        layout: &Layout,
        columns: &Columns,
        buf: &[u8],
        mut pos: usize,
        images: &mut Images,
        start: usize,
        scratch: &mut Scratch,
    ) -> Result<(usize, usize), Refused> {
        for (i, (lead, step)) in layout.steps.iter().enumerate() {
            let value = pos + lead.len();
            pos = if lead.matches(buf, pos)
                && let Ok(end) = string::plain_end::<V>(buf, value)
            {
                match step {
                    Step::Column(column, _) if images.is_unread(*column) => {
                        images.cells[start + column] = Cell::NULL;
                        end + 1
                    }
                    Step::Column(column, scalar) => {
                        let read = self.reading.plain::<V>(*scalar, buf, value, end, scratch);
                        images.cells[start + column] = read;
                        if read.code() >= Tag::Stamp as u8 {
                            self.special(read, columns, *column, buf, value - 1, images, start + column);
                        }
                        end + 1
                    }
                    Step::Skipped => end + 1,
                    Step::Slow(_) => self.slow(*step, columns, buf, value - 1, images, start, scratch)?,
                }
            } else if lead.matches_but_last(buf, pos) {
                let at = blank(buf, value - 1);
                match (step, buf[at..].starts_with(b"null")) {
                    (Step::Column(column, _) | Step::Slow(column), true) => {
                        images.cells[start + column] = Cell::NULL;
                        at + 4
                    }
                    _ => self.slow(*step, columns, buf, at, images, start, scratch)?,
                }
            } else {
                return Ok((pos, i));
            };
        }
        Ok((pos, layout.steps.len()))
    }

    /// A step's value that is no plain text.
    #[inline(never)]
    #[allow(clippy::too_many_arguments)]
    fn slow(
        &self,
        step: Step,
        columns: &Columns,
        buf: &[u8],
        pos: usize,
        images: &mut Images,
        start: usize,
        scratch: &mut Scratch,
    ) -> Result<usize, Refused> {
        match step {
            Step::Column(column, _) | Step::Slow(column) => {
                self.column::<Portable>(columns, column, buf, pos, images, start, scratch)
            }
            Step::Skipped => {
                images.containers |= matches!(buf[pos], b'{' | b'[');
                skip::value(buf, pos)
            }
        }
    }

    /// Reads members one by one, from the key at `pos` on.
    #[inline(never)]
    #[allow(clippy::too_many_arguments)]
    fn members<V: Vector>(
        &mut self,
        columns: &Columns,
        layouts: &mut Layouts,
        buf: &[u8],
        pos: usize,
        place: Place,
        images: &mut Images,
        start: usize,
        scratch: &mut Scratch,
    ) -> Result<usize, Refused> {
        V::vectorize(
            #[inline(always)]
            || {
                let (mut pos, mut place) = (pos, place);
                loop {
                    let before = place.last();
                    let (column, value) = self.keys.read(&mut layouts.order, &mut place, buf, pos)?;
                    match place.last() {
                        Some(id) if before != Some(id) => layouts.read.push(id),
                        _ => layouts.nameless = true,
                    }
                    let end = match column {
                        Some(column) => self.column::<V>(columns, column, buf, value, images, start, scratch)?,
                        None => {
                            images.containers |= matches!(buf[value], b'{' | b'[');
                            skip::value_by::<V>(buf, value)?
                        }
                    };
                    let (next, done) = next_or_end(buf, end, b'}')?;
                    pos = next;
                    if done {
                        layouts.learn(&self.keys, columns);
                        return Ok(pos);
                    }
                }
            },
        )
    }

    /// Reads the value of one column into its cell.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    fn column<V: Vector>(
        &self,
        columns: &Columns,
        column: usize,
        buf: &[u8],
        pos: usize,
        images: &mut Images,
        start: usize,
        scratch: &mut Scratch,
    ) -> Result<usize, Refused> {
        let (read, end) = match (buf[pos], &columns.shapes[column]) {
            _ if images.is_unread(column) => (Cell::NULL, skip::value_by::<V>(buf, pos)?),
            (b'"', Shape::Scalar(scalar)) => match string::plain_end::<V>(buf, pos + 1) {
                Ok(end) => (self.reading.plain::<V>(*scalar, buf, pos + 1, end, scratch), end + 1),
                Err(stop) => {
                    let span = string::span_from(buf, pos + 1, stop)?;
                    (self.reading.string(*scalar, span, buf, scratch), span.next())
                }
            },
            (b'n', _) => (Cell::NULL, skip::word(buf, pos, b"null")?),
            (_, shape) => self.other(shape, buf, pos, images, scratch)?,
        };
        let slot = &mut images.cells[start + column];
        let twice = slot.code() != Tag::Absent as u8;
        *slot = read;
        // What is special about a value comes last in the order of tags.
        if read.code() >= Tag::Stamp as u8 {
            self.special(read, columns, column, buf, pos, images, start + column);
        }
        if twice {
            // The last of two equal names counts, whatever the first was: not settled here.
            images.fault = Some(Fault::Unproven);
        }
        Ok(end)
    }

    /// What has to be noted of a cell that is none of the ordinary ones; `pos` is its value's place, `slot` its own.
    #[inline(always)]
    #[allow(clippy::too_many_arguments)]
    fn special(
        &self,
        read: Cell,
        columns: &Columns,
        column: usize,
        buf: &[u8],
        pos: usize,
        images: &mut Images,
        slot: usize,
    ) {
        if read.code() >= Tag::Bad as u8 {
            self.bad(read, &columns.shapes[column], buf, pos, images, slot);
        }
        if read.lost_nanos() {
            images.lost_nanos |= !columns.wide[column];
        }
    }

    /// The value at `pos` has no cell, unless it is a date of zeros.
    #[cold]
    #[inline(never)]
    fn bad(&self, read: Cell, shape: &Shape, buf: &[u8], pos: usize, images: &mut Images, slot: usize) {
        if let Some(cell) = self.zero_date(shape, buf, pos) {
            images.cells[slot] = cell;
            return;
        }
        images.cells[slot] = Cell::NULL;
        let Err(fault) = Fault::check(read) else { return };
        if fault == Fault::Bad && self.nulls {
            images.nulled = true;
        } else {
            images.note(fault);
        }
    }

    fn zero_date(&self, shape: &Shape, buf: &[u8], pos: usize) -> Option<Cell> {
        let Shape::Scalar(scalar) = shape else { return None };
        if self.reading.zero_date == ZeroDate::Fail || buf[pos] != b'"' {
            return None;
        }
        let span = string::span(buf, pos).ok()?;
        let mut text = Vec::new();
        string::unescape(&buf[span.start..span.end], &mut text).ok()?;
        self.reading.zero_date(*scalar, &text)
    }

    /// Reads a value that is neither null nor a string of a scalar column: its cell or what is wrong with it, and the
    /// position after it.
    #[inline(never)]
    fn other(
        &self,
        shape: &Shape,
        buf: &[u8],
        pos: usize,
        images: &mut Images,
        scratch: &mut Scratch,
    ) -> Result<(Cell, usize), Refused> {
        images.containers |= matches!(buf[pos], b'{' | b'[');
        match (buf[pos], shape) {
            (b'"', Shape::Bytes) => {
                let span = string::span(buf, pos)?;
                Ok((Cell::undecided(span.start, span.end), span.next()))
            }
            (_, Shape::Nested(nested)) => nested.read(&self.reading, self.nulls, buf, pos, &mut images.nulled, scratch),
            (_, Shape::Scalar(scalar)) => self.reading.bare(*scalar, buf, pos, scratch),
            (_, Shape::Bytes) => self.reading.bare(Scalar::Bytes, buf, pos, scratch),
        }
    }
}

fn latin1(cell: Cell, input: &[u8], scratch: &mut Scratch) -> Cell {
    let start = scratch.bytes.len();
    match mysql::latin1(&input[cell.range()], &mut scratch.bytes) {
        Ok(()) => Cell::scratch(start, scratch.bytes.len()),
        Err(fault) => fault.into(),
    }
}

impl Reading {
    /// The text `start..end`, free of escapes, as a value.
    #[inline(always)]
    pub(super) fn plain<V: Vector>(
        &self,
        scalar: Scalar,
        buf: &[u8],
        start: usize,
        end: usize,
        scratch: &mut Scratch,
    ) -> Cell {
        match scalar {
            Scalar::Text => Cell::input(start, end),
            Scalar::Null => Cell::NULL,
            _ => self.text::<V>(scalar, buf, start, end, &mut scratch.bytes),
        }
    }

    /// A JSON string as a value.
    #[inline(never)]
    pub fn string(&self, scalar: Scalar, span: string::Span, buf: &[u8], scratch: &mut Scratch) -> Cell {
        if span.escaped {
            self.escaped_string(scalar, span, buf, scratch)
        } else {
            self.plain::<Portable>(scalar, buf, span.start, span.end, scratch)
        }
    }

    fn escaped_string(&self, scalar: Scalar, span: string::Span, buf: &[u8], scratch: &mut Scratch) -> Cell {
        let raw = &buf[span.start..span.end];
        match scalar {
            Scalar::Null => Cell::NULL,
            Scalar::Text => {
                let start = scratch.bytes.len();
                match string::unescape(raw, &mut scratch.bytes) {
                    Ok(()) => Cell::scratch(start, scratch.bytes.len()),
                    Err(Refused) => Cell::UNPROVEN,
                }
            }
            _ => {
                scratch.text.clear();
                if string::unescape(raw, &mut scratch.text).is_err() {
                    return Cell::UNPROVEN;
                }
                self.text::<Portable>(scalar, &scratch.text, 0, scratch.text.len(), &mut scratch.bytes)
            }
        }
    }

    /// A JSON value that is neither string nor null, and the position after it.
    #[inline(never)]
    pub fn bare(
        &self,
        scalar: Scalar,
        buf: &[u8],
        pos: usize,
        scratch: &mut Scratch,
    ) -> Result<(Cell, usize), Refused> {
        match buf[pos] {
            b't' => Ok((self.boolean(scalar, true, pos), skip::word(buf, pos, b"true")?)),
            b'f' => Ok((self.boolean(scalar, false, pos), skip::word(buf, pos, b"false")?)),
            b'{' | b'[' => Ok((self.container(scalar), skip::value(buf, pos)?)),
            _ => {
                let token = number::span(buf, pos)?;
                Ok((self.number(scalar, token, buf, &mut scratch.bytes), token.end))
            }
        }
    }
}
