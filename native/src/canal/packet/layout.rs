//! The columns of a table's rows, as they come.
//!
//! A server writes a column's fields in one order, and of all of them only whether it was updated, whether it is NULL and its value
//! change from row to row. So a row that was read is kept as a layout: for each column the bytes before these and the bytes behind. A row
//! that follows it is read by comparing them; a column that does not is read field by field. So a layout changes the cost
//! of a row, never its cells.
//!
//! Most columns are short, so that their length and their value's take a byte each. Then all that comes before the value is of one length,
//! and is compared at once, with holes for what changes: a [`Brief`].

use super::entry::{Column, Span};
use super::wire::{Broken, Value, field, fields};
use crate::canal::image::{Columns, Shape};
use crate::canal::mysql;
use crate::canal::value::Scalar;
use crate::json::keys::Keys;
use crate::json::scan::{Passage, Pattern, Vector};

/// Tables of one topic whose layouts are kept.
const TABLES: usize = 64;
/// Layouts of one table: with partial row images, each set of changed columns has its own.
const LAYOUTS: usize = 4;
/// Rows of more columns are read field by field; MySQL has 4,096 at most.
const MAX_COLUMNS: usize = 4_096;
/// What it takes to learn a layout, in rows that followed one: rows that are never the same twice shall not pay for it.
const PRICE: u32 = 8;
/// What can be saved up, and is there at the start.
const SAVINGS: u32 = PRICE * 2 * TABLES as u32;

/// Where a column's value goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Target {
    /// No column of the table.
    Skipped,
    /// A column, by its number and type.
    Scalar(usize, Scalar),
    /// A binary column: one character for each byte, or base64.
    Bytes { column: usize, latin1: bool },
    /// A column of a type that holds others, which Canal never writes.
    Nested(usize),
}

impl Target {
    /// The target of a column with this name and MySQL type.
    pub fn of(name: &[u8], mysql_type: &[u8], keys: &Keys, columns: &Columns) -> Target {
        let Some(column) = keys.find(name) else { return Target::Skipped };
        match &columns.shapes[column] {
            Shape::Scalar(scalar) => Target::Scalar(column, *scalar),
            Shape::Bytes => Target::Bytes { column, latin1: mysql::is_binary(mysql_type) },
            Shape::Nested(_) => Target::Nested(column),
        }
    }
}

/// The tags of `isNull` and `value` inside a column.
pub(super) const IS_NULL: u8 = 6 << 3;
pub(super) const VALUE: u8 = 8 << 3 | 2;

/// One column of a layout.
#[derive(Debug)]
pub(super) struct Step {
    /// From the column's first byte to the tag of `updated`.
    pub lead: Passage,
    /// From behind the value to the column's end: `mysqlType`.
    pub tail: Passage,
    pub target: Target,
    pub brief: Brief,
}

/// How a column of less than 128 bytes stands in a row, from its length on.
#[derive(Debug)]
pub(super) struct Brief {
    /// Its length, what is before `updated`, that it is not NULL, and its value's length.
    pub head: Pattern,
    /// From behind the value to the column's end.
    pub tail: Pattern,
    /// All of a column that is NULL and has no value.
    pub null: Pattern,
    /// The column's length without its value.
    pub around: usize,
}

impl Brief {
    fn new(lead: &[u8], tail: &[u8]) -> Brief {
        // Of a length the bit counts that says that there are more bytes of it; of `updated` all but whether it is.
        let (length, flag) = ((&[0][..], &[0x80][..]), (&[0][..], &[0xFE][..]));
        let all = |text: &'static [u8]| (text, &[0xFF; 4][..text.len()]);
        let lead = (lead, &vec![0xFF; lead.len()][..]);
        let end = (tail, &vec![0xFF; tail.len()][..]);
        let pattern = |parts: &[(&[u8], &[u8])]| {
            let (text, mask): (Vec<_>, Vec<_>) = parts.iter().copied().unzip();
            Pattern::new(&text.concat(), &mask.concat())
        };
        Brief {
            head: pattern(&[length, lead, flag, all(&[IS_NULL, 0, VALUE]), length]),
            tail: pattern(&[end]),
            null: pattern(&[length, lead, flag, all(&[IS_NULL, 1]), end]),
            around: lead.0.len() + 5 + tail.len(),
        }
    }

    /// The value, `None` for NULL, of a column at `pos` that stands so in a row which ends at `end`, and where the column ends.
    #[inline(always)]
    pub fn read<V: Vector>(&self, buf: &[u8], pos: usize, end: usize) -> Option<(Option<Span>, usize)> {
        let length = usize::from(buf[pos + 1]);
        if !V::fits(buf, pos + 1, &self.head) {
            let next = pos + self.around;
            let null = length + 2 == self.around && next <= end && V::fits(buf, pos + 1, &self.null);
            return null.then_some((None, next));
        }
        let start = pos + 1 + self.head.len();
        let behind = start + usize::from(buf[start - 1]);
        let next = pos + 2 + length;
        let whole = behind + self.tail.len() == next && next <= end && V::fits(buf, behind, &self.tail);
        whole.then_some((Some((start, behind)), next))
    }
}

/// The columns of one image of a row, in order.
#[derive(Debug)]
pub(super) struct Layout {
    pub steps: Vec<Step>,
    /// See [`describe`].
    pub description: Box<[u8]>,
}

/// The layouts of one table.
#[derive(Debug)]
pub(super) struct Table {
    schema: Box<[u8]>,
    name: Box<[u8]>,
    /// Learned last, first.
    pub layouts: Vec<Layout>,
}

/// The tables of a topic.
#[derive(Debug)]
pub(super) struct Tables {
    /// Met last, first.
    known: Vec<Table>,
    savings: u32,
}

impl Default for Tables {
    fn default() -> Self {
        Tables { known: Vec::new(), savings: SAVINGS }
    }
}

impl Tables {
    /// The table that [`find`](Self::find) found.
    #[inline(always)]
    pub fn current(&self) -> &Table {
        &self.known[0]
    }

    /// Makes the table of an entry the current one.
    #[inline(always)]
    pub fn find(&mut self, schema: &[u8], name: &[u8]) {
        let is = |table: &Table| *table.name == *name && *table.schema == *schema;
        if !self.known.first().is_some_and(is) {
            self.change(schema, name);
        }
    }

    #[inline(never)]
    fn change(&mut self, schema: &[u8], name: &[u8]) {
        match self.known.iter().position(|table| *table.name == *name && *table.schema == *schema) {
            Some(at) => self.known[..=at].rotate_right(1),
            None => {
                self.known.truncate(TABLES - 1);
                self.known.insert(0, Table { schema: schema.into(), name: name.into(), layouts: Vec::new() });
            }
        }
    }

    /// An image followed a layout from column to column.
    #[inline(always)]
    pub fn followed(&mut self) {
        self.savings = (self.savings + 1).min(SAVINGS);
    }

    /// Makes a layout of one image of a row of the current table, by the tag of its columns, that followed none.
    #[cold]
    #[inline(never)]
    pub fn learn(&mut self, buf: &[u8], row: Span, image: u8, keys: &Keys, columns: &Columns) -> Result<(), Broken> {
        if self.savings < PRICE {
            return Ok(());
        }
        let layouts = &mut self.known[0].layouts;
        let Some(layout) = Layout::new(buf, row, image, keys, columns)? else {
            self.savings -= PRICE;
            return Ok(());
        };
        match layouts.iter().position(|known| known.is(&layout)) {
            Some(at) => layouts[..=at].rotate_right(1),
            None => {
                self.savings -= PRICE;
                layouts.truncate(LAYOUTS - 1);
                layouts.insert(0, layout);
            }
        }
        Ok(())
    }
}

impl Layout {
    /// `None` for a row whose columns are not written as a server writes them, or of which two have one name.
    fn new(buf: &[u8], row: Span, image: u8, keys: &Keys, columns: &Columns) -> Result<Option<Layout>, Broken> {
        let mut steps = Vec::new();
        for part in fields(buf, row.0, row.1) {
            let (number, Value::Bytes(start, end), _) = part? else { continue };
            if number != u64::from(image >> 3) {
                continue;
            }
            let Some((lead, tail)) = constant(buf, (start, end))? else { return Ok(None) };
            let column = Column::read(buf, (start, end))?;
            let bytes = |(from, to): Span| &buf[from..to];
            let target = Target::of(bytes(column.name), bytes(column.mysql_type), keys, columns);
            let (lead, tail) = (bytes(lead), bytes(tail));
            steps.push(Step {
                lead: Passage::new(lead),
                tail: Passage::new(tail),
                target,
                brief: Brief::new(lead, tail),
            });
        }
        let mut targets: Vec<_> = steps.iter().filter_map(|step| step.target.column()).collect();
        targets.sort_unstable();
        if steps.len() > MAX_COLUMNS || targets.windows(2).any(|pair| pair[0] == pair[1]) {
            return Ok(None);
        }
        let description = describe(buf, &[(row, image)])?.into();
        Ok(Some(Layout { steps, description }))
    }

    fn is(&self, other: &Layout) -> bool {
        self.steps.len() == other.steps.len()
            && self
                .steps
                .iter()
                .zip(&other.steps)
                .all(|(a, b)| a.lead.text() == b.lead.text() && a.tail.text() == b.tail.text())
    }
}

impl Target {
    /// Its number in the table.
    #[inline(always)]
    pub fn column(self) -> Option<usize> {
        match self {
            Target::Skipped => None,
            Target::Scalar(column, _) | Target::Bytes { column, .. } | Target::Nested(column) => Some(column),
        }
    }
}

/// What is before `updated` and behind the value in a column whose fields are `index`, `sqlType`, `name`, `isKey`, `updated`,
/// `isNull`, perhaps `value`, and what else there is.
fn constant(buf: &[u8], (start, end): Span) -> Result<Option<(Span, Span)>, Broken> {
    let mut pos = start;
    for wanted in [1, 2, 3, 4, 5, 6, 8] {
        if pos == end {
            match wanted {
                8 => break,
                _ => return Ok(None),
            }
        }
        let (number, _, next) = field(buf, pos, end)?;
        match (wanted, number) {
            (5, 5) if next == pos + 2 => {}
            (6, 6) if next == pos + 2 => {}
            // Missing for NULL, and for an empty text.
            (8, other) if other != 8 => continue,
            (wanted, number) if wanted == number && wanted != 5 && wanted != 6 => {}
            _ => return Ok(None),
        }
        pos = next;
    }
    // The fields behind must not take back what those before say.
    for field in fields(buf, pos, end) {
        let (number, ..) = field?;
        if number <= 6 || number == 8 {
            return Ok(None);
        }
    }
    let mut lead = start;
    while let (1..=4, _, next) = field(buf, lead, end)? {
        lead = next;
    }
    Ok(Some(((start, lead + 1), (pos, end))))
}

/// The columns of these images, each name once and as it was last: `[1 if any is a key]`, then for each `[1 if it is a key][i32 sqlType]
/// [u32 length][name]`, little endian. For metadata columns, by which they recognise them.
pub(super) fn describe(buf: &[u8], images: &[(Span, u8)]) -> Result<Vec<u8>, Broken> {
    let mut at = std::collections::HashMap::new();
    let mut columns: Vec<Column> = Vec::new();
    for (row, image) in images {
        for column in Column::of_image(buf, *row, *image)? {
            // Canal gives an unsigned number the type that its value needs, so one column may have two.
            match *at.entry(&buf[column.name.0..column.name.1]).or_insert(columns.len()) {
                known if known < columns.len() => columns[known] = column,
                _ => columns.push(column),
            }
        }
    }
    let mut out = vec![columns.iter().any(|column| column.is_key).into()];
    for column in columns {
        let name = &buf[column.name.0..column.name.1];
        out.push(column.is_key.into());
        out.extend_from_slice(&column.sql_type.to_le_bytes());
        out.extend_from_slice(&(name.len() as u32).to_le_bytes());
        out.extend_from_slice(name);
    }
    Ok(out)
}

/// The columns of a [description](describe): whether it is a key, its code, its name.
pub(super) fn described(description: &[u8]) -> impl Iterator<Item = (bool, i32, &[u8])> {
    let mut rest = description.get(1..).unwrap_or_default();
    std::iter::from_fn(move || {
        let (key, after) = rest.split_first()?;
        let (code, after) = after.split_first_chunk()?;
        let (len, after) = after.split_first_chunk()?;
        let (name, after) = after.split_at_checked(u32::from_le_bytes(*len) as usize)?;
        rest = after;
        Some((*key != 0, i32::from_le_bytes(*code), name))
    })
}
