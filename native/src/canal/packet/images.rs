//! The rows of an entry: columns → cells.

use super::entry::{AFTER, BEFORE, Change, Column, Next, RowImages, Span};
use super::layout::{IS_NULL, Layout, Tables, Target, VALUE, describe};
use super::wire::{Broken, bytes, field, text, varint};
use crate::canal::changelog::Changelog;
use crate::canal::image::{Array, Columns, Images, Scratch, Shape};
use crate::canal::mysql;
use crate::canal::value::{Fault, Reading, Scalar};
use crate::json::keys::Keys;
use crate::json::scan::Vector;
use crate::row::{Cell, Tag};
use crate::schema::{DecoderSpec, MetadataKey};

/// Cells of one entry, of each image (512 MiB of them).
const MAX_CELLS: usize = 1 << 25;

/// Reads the rows of one entry after the other.
#[derive(Debug)]
pub(super) struct RowReader {
    keys: Keys,
    reading: Reading,
    tables: Tables,
    /// Metadata columns want the [description](describe) of the columns.
    describes: bool,
    /// Where the columns of the image before the change begin that were read first, as a layout has them and brief.
    before: Vec<usize>,
    /// That of the entry read last, if it had rows.
    pub description: Vec<u8>,
}

/// One image of the row that is being read.
struct Image {
    /// The tag of its columns.
    tag: u8,
    /// How many of them were read.
    read: usize,
    /// The layout that they follow, so far all of them.
    layout: Option<usize>,
    /// One did not.
    left: bool,
    /// Columns of the table that have a cell.
    set: usize,
}

impl Image {
    fn new(tag: u8) -> Image {
        Image { tag, read: 0, layout: None, left: false, set: 0 }
    }
}

/// What a column's value is read into.
struct Place<'i> {
    columns: &'i Columns,
    images: &'i mut Images,
    /// The row's first cell.
    base: usize,
    scratch: &'i mut Scratch,
}

impl RowReader {
    pub fn new(spec: &DecoderSpec) -> RowReader {
        RowReader {
            keys: Keys::new(spec.fields.iter().map(|f| f.name.as_str())),
            reading: Reading::of(spec),
            tables: Tables::default(),
            before: Vec::new(),
            describes: spec.metadata.iter().any(|key| matches!(key, MetadataKey::SqlType | MetadataKey::PkNames)),
            description: Vec::new(),
        }
    }

    /// Reads the rows of an entry of this table into the changelog's images. False if the change is not known
    /// [whole](super::entry::Entry::change) and has to be: nothing counts then.
    ///
    /// # Errors
    /// A row that is no protobuf, a text that is not UTF-8, or more cells than are kept. What is wrong with values is noted in the images.
    #[inline(never)]
    pub fn read<V: Vector>(
        &mut self,
        buf: &[u8],
        (schema, table): (&[u8], &[u8]),
        change: &Change,
        changelog: &mut Changelog,
    ) -> Result<bool, Broken> {
        V::vectorize(
            #[inline(always)]
            || {
                changelog.clear_images();
                self.description.clear();
                changelog.scratch.foreign.clear();
                let images = change.images();
                if images == RowImages::None || !change.has_rows {
                    return Ok(change.is_whole);
                }
                changelog.data.array = Array::Present;
                self.tables.find(schema, table);
                // The layout whose description is that of all images, unless there are several.
                let (mut layout, mut one) = (None, true);
                let mut pos = change.first();
                loop {
                    let row = match change.next(buf, pos)? {
                        Next::Row(row) => row,
                        Next::Late => return Ok(false),
                        Next::End => break,
                    };
                    pos = row.1;
                    for image in self.row::<V>(buf, row, images, changelog)? {
                        if image.read > 0 {
                            let followed = image.layout.filter(|_| !image.left);
                            one &= followed.is_some() && (layout.is_none() || layout == followed);
                            layout = followed;
                        }
                    }
                }
                check_texts(buf, &mut changelog.scratch)?;
                if self.describes {
                    match layout.filter(|_| one) {
                        Some(which) => {
                            let known = &self.tables.current().layouts[which].description;
                            self.description.extend_from_slice(known);
                        }
                        None => self.describe(buf, change)?,
                    }
                }
                Ok(true)
            },
        )
    }

    #[cold]
    #[inline(never)]
    fn describe(&mut self, buf: &[u8], change: &Change) -> Result<(), Broken> {
        let tags: &[u8] = match change.images() {
            RowImages::None => &[],
            RowImages::Before => &[BEFORE],
            RowImages::After => &[AFTER],
            RowImages::Both => &[BEFORE, AFTER],
        };
        let rows = change.rows(buf)?;
        let images: Vec<_> = rows.iter().flat_map(|row| tags.iter().map(|tag| (*row, *tag))).collect();
        self.description = describe(buf, &images)?;
        Ok(())
    }

    /// Reads one row; one without columns leaves no trace.
    #[inline(always)]
    fn row<V: Vector>(
        &mut self,
        buf: &[u8],
        row: Span,
        wanted: RowImages,
        changelog: &mut Changelog,
    ) -> Result<[Image; 2], Broken> {
        let Changelog { columns, data, old, scratch, .. } = changelog;
        let base = data.cells.len();
        if base + columns.len() > MAX_CELLS {
            return Err(Broken { at: row.0, what: "more rows in one entry than fit into memory" });
        }
        data.cells.resize(base + columns.len(), Cell::ABSENT);
        if wanted == RowImages::Both {
            old.cells.resize(base + columns.len(), Cell::ABSENT);
        }
        let (mut before, mut after) = (Image::new(BEFORE), Image::new(AFTER));
        self.before.clear();
        let mut pos = row.0;
        while pos < row.1 {
            let (both, layout) = (wanted == RowImages::Both, before.layout);
            let (image, images, unchanged) = match buf[pos] {
                BEFORE if both => (&mut before, &mut *old, &[][..]),
                BEFORE if wanted == RowImages::Before => (&mut before, &mut *data, &[][..]),
                AFTER if both => (&mut after, &mut *data, &old.cells[base..]),
                AFTER if wanted == RowImages::After => (&mut after, &mut *data, &[][..]),
                _ => {
                    pos = field(buf, pos, row.1)?.2;
                    continue;
                }
            };
            if !unchanged.is_empty() && image.read == 0 && !self.before.is_empty() {
                image.layout = layout;
            }
            let mut place = Place { columns, images, base, scratch };
            let brief = self.brief::<V>(buf, (pos, row.1), image, unchanged, &mut place)?;
            if brief > pos {
                pos = brief;
                continue;
            }
            self.before.clear();
            let (start, end) = bytes(buf, pos + 1, row.1)?;
            self.column::<V>(buf, (start, end), image, &mut place)?;
            pos = end;
        }
        if before.read + after.read == 0 {
            data.cells.truncate(base);
            old.cells.truncate(base);
            return Ok([before, after]);
        }
        data.objects.push(true);
        if wanted == RowImages::Both {
            old.objects.push(true);
            // Partial row images: what the image after the change does not have has not changed.
            if after.set < columns.len() {
                for (cell, before) in data.cells[base..].iter_mut().zip(&old.cells[base..]) {
                    if cell.tag() == Tag::Absent {
                        *cell = *before;
                    }
                }
            }
        }
        self.ended(buf, row, [&mut before, &mut after], columns)?;
        Ok([before, after])
    }

    /// Both images of a row were read: one that followed no layout is learned.
    #[inline(always)]
    fn ended(&mut self, buf: &[u8], row: Span, images: [&mut Image; 2], columns: &Columns) -> Result<(), Broken> {
        for image in images {
            let complete =
                image.layout.is_some_and(|which| self.tables.current().layouts[which].steps.len() == image.read);
            image.left |= !complete;
            if image.read > 0 {
                if image.left {
                    self.tables.learn(buf, row, image.tag, &self.keys, columns)?;
                } else {
                    self.tables.followed();
                }
            }
        }
        Ok(())
    }

    /// Reads columns as long as each is [brief](super::layout::Brief) and the next one of the layout: where that ended. `unchanged` are
    /// the cells of the image before the change: a column that stands there byte for byte is not read again.
    #[inline(always)]
    fn brief<V: Vector>(
        &mut self,
        buf: &[u8],
        (mut pos, end): Span,
        image: &mut Image,
        unchanged: &[Cell],
        place: &mut Place<'_>,
    ) -> Result<usize, Broken> {
        let layouts = &self.tables.current().layouts;
        if image.read == 0 && image.layout.is_none() {
            image.layout = layouts.iter().position(|layout| V::fits(buf, pos + 1, &layout.steps[0].brief.head));
        }
        let Some(layout) = image.layout else { return Ok(pos) };
        let steps = layouts[layout].steps.get(image.read..).unwrap_or_default();
        let (tag, mut read, mut set) = (image.tag, image.read, image.set);
        for step in steps {
            if buf[pos] != tag {
                break;
            }
            let twin = if unchanged.is_empty() { None } else { self.before.get(read) };
            if let Some(next) = twin.and_then(|twin| same::<V>(buf, pos, *twin, end)) {
                if let Some(column) = step.target.column() {
                    place.images.cells[place.base + column] = unchanged[column];
                    set += 1;
                }
                pos = next;
            } else {
                let Some((text, next)) = step.brief.read::<V>(buf, pos, end) else { break };
                if tag == BEFORE && self.before.len() == read {
                    self.before.push(pos);
                }
                self.value::<V>(buf, &step.target, text, place);
                set += usize::from(step.target != Target::Skipped);
                pos = next;
            }
            read += 1;
        }
        (image.read, image.set) = (read, set);
        Ok(pos)
    }

    /// Reads one column.
    #[inline(always)]
    fn column<V: Vector>(
        &self,
        buf: &[u8],
        column: Span,
        image: &mut Image,
        place: &mut Place<'_>,
    ) -> Result<(), Broken> {
        let layouts = &self.tables.current().layouts;
        if image.read == 0 {
            image.layout = layouts.iter().position(|layout| V::continues(buf, column.0, &layout.steps[0].lead));
        }
        let n = image.read;
        image.read += 1;
        let followed = match image.layout {
            Some(layout) => follow::<V>(&layouts[layout], n, buf, column),
            None => None,
        };
        let any;
        let (target, text) = match followed {
            Some(followed) => followed,
            None => {
                image.left = true;
                any = self.any_column(buf, column, place.columns)?;
                (&any.0, any.1)
            }
        };
        image.set += usize::from(*target != Target::Skipped);
        self.value::<V>(buf, target, text, place);
        Ok(())
    }

    /// Reads a column that no layout knows.
    #[inline(never)]
    fn any_column(&self, buf: &[u8], column: Span, columns: &Columns) -> Result<(Target, Option<Span>), Broken> {
        let column = Column::read(buf, column)?;
        let bytes = |(from, to): Span| &buf[from..to];
        Ok((Target::of(bytes(column.name), bytes(column.mysql_type), &self.keys, columns), column.text()))
    }

    /// Reads a value into its cell; `None` is NULL.
    #[inline(always)]
    fn value<V: Vector>(&self, buf: &[u8], target: &Target, text: Option<Span>, place: &mut Place<'_>) {
        let (column, read) = match (*target, text) {
            (Target::Skipped, _) => return,
            (Target::Scalar(column, _) | Target::Bytes { column, .. } | Target::Nested(column), None) => {
                (column, Cell::NULL)
            }
            (Target::Scalar(column, scalar), Some((start, end))) => {
                if scalar == Scalar::Text && !V::is_ascii(&buf[start..], end - start) {
                    place.scratch.foreign.push((start, end));
                }
                (column, self.reading.plain::<V>(scalar, buf, start, end, place.scratch))
            }
            (Target::Bytes { column, latin1 }, Some(text)) => (column, self.bytes(buf, text, latin1, place.scratch)),
            (Target::Nested(column), Some(_)) => (column, self.nested(column, place)),
        };
        place.images.cells[place.base + column] = read;
        // What is special about a value comes last in the order of tags.
        if read.code() >= Tag::Stamp as u8 {
            if read.code() >= Tag::Bad as u8 {
                self.bad(read, buf, *target, text, place);
            }
            place.images.lost_nanos |= read.lost_nanos() && !place.columns.wide[column];
        }
    }

    #[inline(never)]
    fn bytes(&self, buf: &[u8], (start, end): Span, latin1: bool, scratch: &mut Scratch) -> Cell {
        if !latin1 {
            return self.reading.plain::<crate::json::scan::Portable>(Scalar::Bytes, buf, start, end, scratch);
        }
        let from = scratch.bytes.len();
        match mysql::latin1_of_text(&buf[start..end], &mut scratch.bytes) {
            Ok(()) => Cell::scratch(from, scratch.bytes.len()),
            Err(fault) => fault.into(),
        }
    }

    /// A text where the table has an array, map or row: as flink-json reads a string there.
    #[cold]
    #[inline(never)]
    fn nested(&self, column: usize, place: &mut Place<'_>) -> Cell {
        let Shape::Nested(nested) = &place.columns.shapes[column] else { return Cell::UNPROVEN };
        let mut text = b"\"\"".to_vec();
        crate::json::pad(&mut text);
        let read = nested.read(&self.reading, false, &text, 0, &mut place.images.nulled, place.scratch);
        read.map_or(Cell::UNPROVEN, |(cell, _)| cell)
    }

    /// The value has no cell, unless it is a date of zeros.
    #[cold]
    #[inline(never)]
    fn bad(&self, read: Cell, buf: &[u8], target: Target, text: Option<Span>, place: &mut Place<'_>) {
        let (column, zero) = match (target, text) {
            (Target::Scalar(column, scalar), Some((start, end))) => {
                (column, self.reading.zero_date(scalar, &buf[start..end]))
            }
            (Target::Bytes { column, .. } | Target::Nested(column) | Target::Scalar(column, _), _) => (column, None),
            (Target::Skipped, _) => return,
        };
        let slot = &mut place.images.cells[place.base + column];
        *slot = zero.unwrap_or(Cell::NULL);
        if zero.is_none()
            && let Err(fault) = Fault::check(read)
        {
            place.images.note(fault);
        }
    }
}

/// The end of the column at `pos` if it is, byte for byte, the brief one at `twin`.
#[inline(always)]
fn same<V: Vector>(buf: &[u8], pos: usize, twin: usize, end: usize) -> Option<usize> {
    let len = usize::from(buf[twin + 1]) + 1;
    let next = pos + 1 + len;
    (next <= end && V::alike(buf, pos + 1, twin + 1, len)).then_some(next)
}

/// The target and value of column `n` if it is the one that the layout has there.
#[inline(always)]
fn follow<'l, V: Vector>(
    layout: &'l Layout,
    n: usize,
    buf: &[u8],
    (start, end): Span,
) -> Option<(&'l Target, Option<Span>)> {
    let step = layout.steps.get(n)?;
    if !V::continues(buf, start, &step.lead) {
        return None;
    }
    // `updated` is looked at by metadata columns only. A byte of 0x80 and more would go on.
    let at = start + step.lead.text().len();
    let [updated, IS_NULL, null @ (0 | 1), next, ..] = *buf.get(at..)? else { return None };
    if updated >= 0x80 {
        return None;
    }
    let at = at + 3;
    let (text, at) = if next == VALUE {
        let (len, from) = varint(buf, at + 1, end).ok()?;
        let to = from.checked_add(usize::try_from(len).ok()?).filter(|to| *to <= end)?;
        ((from, to), to)
    } else {
        ((at, at), at)
    };
    let whole = at + step.tail.text().len() == end && V::continues(buf, at, &step.tail);
    if whole { Some((&step.target, if null == 0 { Some(text) } else { None })) } else { None }
}

/// Whether the texts that are not ASCII are UTF-8: all at once, which is faster than each, with a byte between them that no character goes across.
#[inline(always)]
fn check_texts(buf: &[u8], scratch: &mut Scratch) -> Result<(), Broken> {
    if scratch.foreign.is_empty() { Ok(()) } else { check_foreign(buf, scratch) }
}

#[inline(never)]
fn check_foreign(buf: &[u8], scratch: &mut Scratch) -> Result<(), Broken> {
    let Scratch { foreign, text: together, .. } = scratch;
    together.clear();
    for (start, end) in foreign.iter() {
        together.extend_from_slice(&buf[*start..*end]);
        together.push(b'\n');
    }
    match simdutf8::basic::from_utf8(together) {
        Ok(_) => Ok(()),
        Err(_) => foreign.iter().try_for_each(|span| text(buf, *span).map(|_| ())),
    }
}
