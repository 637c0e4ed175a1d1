//! Flink's binary row formats, byte for byte as Flink's own `RowDataSerializer` writes them.
//!
//! A row ([`write_row`], Flink's `BinaryRowData`), little endian:
//!
//! ```text
//! ┌──────┬───────────────────────┬──────────────┬─────┬──────────────┬───────────────────────┐
//! │ kind │ null bits, from bit 8 │ field 0: 8 B │  …  │ field n: 8 B │ variable part         │
//! └──────┴───────────────────────┴──────────────┴─────┴──────────────┴───────────────────────┘
//!  header: a multiple of 8 bytes                                       in field order, each
//!                                                                      padded to 8 with zeros
//! ```
//!
//! A field is its value (zero-extended), or `offset << 32 | length` of its variable part counted from the row's start, or,
//! for text and bytes of up to 7 bytes, those bytes with `0x80 | length` on top. Flink compares and hashes these bytes,
//! so there is one right form only: variable parts in field order, padding and NULL fields zero.
//!
//! Values come as [`Cell`]s: parsed once, written in any order, as often as a message needs them.

mod array;
mod map_order;
pub mod read;
mod region;

pub use array::{write_array, write_entries, write_map};
pub use region::Region;

/// Row kinds, with the codes of Flink's `RowKind.toByteValue`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
#[allow(missing_docs)]
pub enum RowKind {
    Insert = 0,
    UpdateBefore = 1,
    UpdateAfter = 2,
    Delete = 3,
}

/// How a [`Cell`] holds its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Tag {
    /// The member was not in the object.
    Absent,
    /// NULL.
    Null,
    /// `a` is the field's 8 bytes.
    Fixed,
    /// `b` bytes at `a` of the input: text or bytes as they are.
    Input,
    /// `b` bytes at `a` of the scratch buffer.
    Scratch,
    /// `a` milliseconds since the epoch and `b` nanoseconds of the millisecond.
    Stamp,
    /// A decimal of more than 18 digits: `b` bytes, big endian two's complement, at `a` of the scratch buffer.
    BigDecimal,
    /// `b` raw bytes of a JSON string at `a` of the input, whose meaning is not known yet.
    Undecided,
    /// No value: Flink's converter throws.
    Bad,
    /// No value: only Flink's converter knows.
    Unproven,
}

/// One value on its way from the message into a row: two words, so that it travels in registers.
#[derive(Debug, Clone, Copy)]
pub struct Cell {
    a: u64,
    /// The tag above, a length or nanoseconds below.
    tag_b: u64,
}

impl Cell {
    /// See [`Tag::Absent`].
    pub const ABSENT: Cell = Cell::new(0, 0, Tag::Absent);
    /// See [`Tag::Null`].
    pub const NULL: Cell = Cell::new(0, 0, Tag::Null);

    /// See [`Tag::Bad`].
    pub const BAD: Cell = Cell::new(0, 0, Tag::Bad);
    /// See [`Tag::Unproven`].
    pub const UNPROVEN: Cell = Cell::new(0, 0, Tag::Unproven);

    #[inline(always)]
    const fn new(a: u64, b: u32, tag: Tag) -> Cell {
        Cell { a, tag_b: (tag as u64) << 32 | b as u64 }
    }

    #[inline(always)]
    fn b(&self) -> u32 {
        self.tag_b as u32
    }

    /// A value of at most 8 bytes, zero-extended.
    #[inline(always)]
    pub fn fixed(bits: u64) -> Cell {
        Cell::new(bits, 0, Tag::Fixed)
    }

    /// Bytes `start..end` of the input.
    #[inline(always)]
    pub fn input(start: usize, end: usize) -> Cell {
        Cell::new(start as u64, (end - start) as u32, Tag::Input)
    }

    /// Bytes `start..end` of the scratch buffer.
    #[inline(always)]
    pub fn scratch(start: usize, end: usize) -> Cell {
        Cell::new(start as u64, (end - start) as u32, Tag::Scratch)
    }

    /// A point in time; `nanos` of the millisecond.
    #[inline(always)]
    pub fn stamp(millis: i64, nanos: u32) -> Cell {
        Cell::new(millis as u64, nanos, Tag::Stamp)
    }

    /// Bytes `start..end` of the scratch buffer as the unscaled value of a decimal.
    pub fn big_decimal(start: usize, end: usize) -> Cell {
        Cell::new(start as u64, (end - start) as u32, Tag::BigDecimal)
    }

    /// A JSON string's raw content `start..end`, to be decided on later.
    pub fn undecided(start: usize, end: usize) -> Cell {
        Cell::new(start as u64, (end - start) as u32, Tag::Undecided)
    }

    /// The code of the [`tag`](Self::tag), which is cheaper to compare.
    #[inline(always)]
    pub fn code(&self) -> u8 {
        (self.tag_b >> 32) as u8
    }

    /// How the value is held.
    #[inline(always)]
    pub fn tag(&self) -> Tag {
        match self.tag_b >> 32 {
            0 => Tag::Absent,
            1 => Tag::Null,
            2 => Tag::Fixed,
            3 => Tag::Input,
            4 => Tag::Scratch,
            5 => Tag::Stamp,
            6 => Tag::BigDecimal,
            7 => Tag::Undecided,
            8 => Tag::Bad,
            _ => Tag::Unproven,
        }
    }

    /// Whether a row shows NULL for it.
    #[inline(always)]
    pub fn is_null(&self) -> bool {
        self.code() <= Tag::Null as u8
    }

    /// Whether a row holds it in its field alone, whatever its value is, in a column whose timestamps are `wide` or not: [`a`](Self) is the field.
    #[inline(always)]
    pub fn is_word(&self, wide: bool) -> bool {
        self.code() <= Tag::Fixed as u8 || self.code() == Tag::Stamp as u8 && !wide
    }

    /// The place of an [`Undecided`](Tag::Undecided), [`Input`](Tag::Input) or [`Scratch`](Tag::Scratch) value.
    #[inline(always)]
    pub fn range(&self) -> std::ops::Range<usize> {
        self.a as usize..self.a as usize + self.b() as usize
    }

    /// Nanoseconds that a compact timestamp (precision 3 or less) cannot hold.
    #[inline(always)]
    pub fn lost_nanos(&self) -> bool {
        self.code() == Tag::Stamp as u8 && self.b() != 0
    }
}

/// Where the bytes of cells are.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// The message.
    pub input: &'a [u8],
    /// What had to be rewritten: unescaped text, decoded binary, nested values.
    pub scratch: &'a [u8],
}

impl<'a> Sources<'a> {
    /// The bytes of an [`Input`](Tag::Input) or [`Scratch`](Tag::Scratch) value.
    #[inline(always)]
    pub fn bytes(&self, cell: &Cell) -> &'a [u8] {
        match cell.tag() {
            Tag::Input => &self.input[cell.range()],
            _ => &self.scratch[cell.range()],
        }
    }
}

/// Which timestamp columns are stored with nanoseconds (precision above 3), one flag per column.
pub type WideStamps = [bool];

/// Bytes of the header: the row kind and one bit per field, in words of 8 bytes (`BinaryRowData.calculateBitSetWidthInBytes`).
pub const fn header_len(arity: usize) -> usize {
    (arity + 63 + 8) / 64 * 8
}

const fn padded(len: usize) -> usize {
    (len + 7) & !7
}

/// Appends a row, without a length before it, and returns its size in bytes.
///
/// `cells` gives one cell per column; none of them [`Undecided`](Tag::Undecided).
pub fn write_row<'c>(
    out: &mut Vec<u8>,
    kind: RowKind,
    cells: impl ExactSizeIterator<Item = &'c Cell> + Clone,
    wide: &WideStamps,
    sources: Sources<'_>,
) -> usize {
    let arity = cells.len();
    let header = header_len(arity);
    let fixed = header + 8 * arity;
    let variable: usize = cells.clone().zip(wide).map(|(cell, wide)| variable_len(cell, *wide)).sum();
    let base = out.len();
    let size = fixed + variable;
    out.resize(base + size, 0);
    let (head, body) = out[base..].split_at_mut(header);
    let (fields, tail) = body.split_at_mut(8 * arity);
    let mut variable = Variable { bytes: tail, base: fixed, used: 0 };
    head[0] = kind as u8;
    for (i, ((cell, wide), field)) in cells.zip(wide).zip(fields.chunks_exact_mut(8)).enumerate() {
        if cell.is_null() {
            head[(i + 8) / 8] |= 1 << (i % 8);
        } else {
            field.copy_from_slice(&variable.write_cell(cell, *wide, sources).to_le_bytes());
        }
    }
    size
}

/// Bytes that a cell takes in the variable part.
#[inline(always)]
fn variable_len(cell: &Cell, wide: bool) -> usize {
    match cell.tag() {
        Tag::Input | Tag::Scratch if cell.b() > 7 => padded(cell.b() as usize),
        Tag::Stamp if wide => 8,
        Tag::BigDecimal => 16,
        _ => 0,
    }
}

/// The variable part of a row or array.
struct Variable<'v> {
    bytes: &'v mut [u8],
    /// Its distance from the start of the row or array.
    base: usize,
    used: usize,
}

impl Variable<'_> {
    /// Writes a value, if it does not fit into its field, and returns the field's 8 bytes.
    #[inline(always)]
    fn write_cell(&mut self, cell: &Cell, wide: bool, sources: Sources<'_>) -> u64 {
        match cell.tag() {
            Tag::Fixed => cell.a,
            Tag::Input | Tag::Scratch if cell.b() <= 7 => inline_bytes(sources, cell),
            Tag::Input | Tag::Scratch => {
                let bytes = sources.bytes(cell);
                self.place(bytes, bytes.len(), padded(bytes.len()))
            }
            Tag::Stamp if wide => self.place(&cell.a.to_le_bytes(), cell.b() as usize, 8),
            Tag::Stamp => cell.a,
            Tag::BigDecimal => {
                let bytes = sources.bytes(cell);
                self.place(bytes, bytes.len(), 16)
            }
            Tag::Absent | Tag::Null => 0,
            Tag::Undecided | Tag::Bad | Tag::Unproven => unreachable!("a cell without a value reached the row writer"),
        }
    }

    /// Appends `bytes`, which take `taken`, and returns the field that points at them and says `len`.
    #[inline(always)]
    fn place(&mut self, bytes: &[u8], len: usize, taken: usize) -> u64 {
        copy(&mut self.bytes[self.used..self.used + bytes.len()], bytes);
        let at = ((self.base + self.used) as u64) << 32 | len as u64;
        self.used += taken;
        at
    }
}

/// Copies, both being of one length; up to 32 bytes without a call: as two halves that may overlap.
#[inline(always)]
fn copy(to: &mut [u8], from: &[u8]) {
    #[inline(always)]
    fn halves<const N: usize>(to: &mut [u8], from: &[u8]) -> bool {
        let (Some(head), Some(tail)) = (from.first_chunk::<N>(), from.last_chunk::<N>()) else { return false };
        let Some(to_head) = to.first_chunk_mut::<N>() else { return false };
        *to_head = *head;
        let Some(to_tail) = to.last_chunk_mut::<N>() else { return false };
        *to_tail = *tail;
        true
    }
    let done = match from.len() {
        8..=16 => halves::<8>(to, from),
        17..=32 => halves::<16>(to, from),
        _ => false,
    };
    if !done {
        to.copy_from_slice(from);
    }
}

/// Up to 7 bytes inside the field (`AbstractBinaryWriter.writeBytesToFixLenPart`).
#[inline(always)]
fn inline_bytes(sources: Sources<'_>, cell: &Cell) -> u64 {
    let len = cell.b();
    let top = u64::from(0x80 | len) << 56;
    if cell.tag() == Tag::Input
        && let Some(window) = sources.input.get(cell.a as usize..).and_then(|rest| rest.first_chunk::<8>())
    {
        return u64::from_le_bytes(*window) & ((1 << (8 * len)) - 1) | top;
    }
    let bytes = sources.bytes(cell);
    bytes.iter().rev().fold(0, |word, byte| word << 8 | u64::from(*byte)) | top
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_row_drawn_by_hand() {
        let input = b"short, and a longer text";
        let cells = [Cell::fixed(7), Cell::input(0, 5), Cell::NULL, Cell::input(11, 24), Cell::stamp(1000, 5)];
        let wide = [false, false, false, false, true];
        let mut out = Vec::new();
        let size = write_row(&mut out, RowKind::UpdateAfter, cells.iter(), &wide, Sources { input, scratch: b"" });
        assert_eq!(size, 8 + 40 + 16 + 8);
        assert_eq!(out[..8], [2, 0b100, 0, 0, 0, 0, 0, 0]);
        assert_eq!(out[8..16], 7u64.to_le_bytes());
        assert_eq!(out[16..24], *b"short\0\0\x85");
        assert_eq!(out[24..32], [0; 8]);
        assert_eq!(out[32..40], (48u64 << 32 | 13).to_le_bytes());
        assert_eq!(out[40..48], (64u64 << 32 | 5).to_le_bytes());
        assert_eq!(out[48..64], *b"a longer text\0\0\0");
        assert_eq!(out[64..72], 1000u64.to_le_bytes());
    }

    #[test]
    fn copies_of_every_length() {
        for n in 0..70u8 {
            let from: Vec<u8> = (0..n).collect();
            let mut to = vec![0xFF; from.len()];
            copy(&mut to, &from);
            assert_eq!(to, from);
        }
    }

    #[test]
    fn header_grows_by_words() {
        assert_eq!([0, 1, 56, 57, 120, 121].map(header_len), [8, 8, 8, 16, 16, 24]);
    }
}
