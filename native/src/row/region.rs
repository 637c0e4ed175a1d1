//! All rows of one message, in the buffer that Java copies them from.
//!
//! The same bytes as [`write_row`](super::write_row) appends, written in one pass: without looking first how long the row
//! will be, and copying texts in blocks of a fixed length, because how long a text is, is nothing that a CPU can guess.

use super::{Cell, RowKind, Sources, Tag, WideStamps, header_len, inline_bytes, padded};

/// Bytes of a block. What a block copies beyond its text is overwritten by what follows.
const BLOCK: usize = 32;

/// Bytes behind the last row that may be written over.
const SLACK: usize = BLOCK + 8;

/// Bytes of the size before each row.
pub(super) const SIZE: usize = 4;

/// Rows as `[i32 size][BinaryRowData]`, one after the other.
#[derive(Debug, Default)]
pub struct Region {
    /// The rows, and behind them bytes of no meaning.
    bytes: Vec<u8>,
    end: usize,
}

impl Region {
    /// Forgets the rows and keeps the memory.
    #[inline(always)]
    pub fn clear(&mut self) {
        self.end = 0;
    }

    /// Forgets what is behind the first `len` bytes.
    pub fn truncate(&mut self, len: usize) {
        self.end = self.end.min(len);
    }

    /// Bytes of all rows.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.end
    }

    /// True if there is no row.
    pub fn is_empty(&self) -> bool {
        self.end == 0
    }

    /// The rows.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes[..self.end]
    }

    /// Address and capacity of the buffer.
    #[inline(always)]
    pub fn buffer(&self) -> (usize, usize) {
        (self.bytes.as_ptr() as usize, self.bytes.capacity())
    }

    /// Lets `append` put something behind the rows, which is then part of [`bytes`](Self::bytes).
    pub fn extend<R>(&mut self, append: impl FnOnce(&mut Vec<u8>) -> R) -> R {
        self.bytes.truncate(self.end);
        let result = append(&mut self.bytes);
        self.end = self.bytes.len();
        result
    }

    /// Room for what ends at `end`, and slack.
    #[inline(always)]
    fn room(&mut self, end: usize) {
        if self.bytes.len() < end + SLACK {
            self.grow(end + SLACK);
        }
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, wanted: usize) {
        self.bytes.resize(wanted.max(2 * self.bytes.len()), 0);
    }

    /// Appends a row. `cells` gives one cell per column; none of them [`Undecided`](Tag::Undecided). What they take of the input is `longest`
    /// bytes at most, all together.
    #[inline(always)]
    pub fn row<'c>(
        &mut self,
        kind: RowKind,
        cells: impl ExactSizeIterator<Item = &'c Cell>,
        wide: &WideStamps,
        sources: Sources<'_>,
        longest: usize,
    ) {
        let arity = cells.len();
        let header = header_len(arity);
        let fixed = header + 8 * arity;
        let base = self.end + SIZE;
        // As much as all texts, a word of padding each, and timestamps and decimals can take.
        self.room(base + fixed + 24 * arity + longest + sources.scratch.len());
        let (size, row) = self.bytes[base - SIZE..].split_at_mut(SIZE);
        let (head, row) = row.split_at_mut(header);
        let (fields, variable) = row.split_at_mut(8 * arity);
        let mut variable = Variable { bytes: variable, base: fixed, used: 0 };
        // The row kind's byte and the null bits behind it.
        let (mut bits, mut bit) = (kind as u64, 8);
        let mut words = head.chunks_exact_mut(8);
        for ((cell, wide), field) in cells.zip(wide).zip(fields.chunks_exact_mut(8)) {
            let word = match cell.code() {
                // NULL is a value of zeros here, so that it needs no jump.
                ABSENT..=FIXED => cell.a,
                INPUT if cell.b() > 7 => variable.text(sources.input, cell),
                SCRATCH if cell.b() > 7 => variable.text(sources.scratch, cell),
                INPUT | SCRATCH => inline_bytes(sources, cell),
                STAMP if *wide => variable.stamp(cell),
                STAMP => cell.a,
                BIG_DECIMAL => variable.big_decimal(sources.scratch, cell),
                _ => unreachable!("a cell without a value reached the row writer"),
            };
            field.copy_from_slice(&word.to_le_bytes());
            bits |= u64::from(cell.code() < FIXED) << bit;
            bit += 1;
            if bit == 64 {
                put(words.next(), bits);
                (bits, bit) = (0, 0);
            }
        }
        if bit > 0 {
            put(words.next(), bits);
        }
        let len = fixed + variable.used;
        size.copy_from_slice(&(len as u32).to_le_bytes());
        self.end = base + len;
    }

    /// Appends the last row, which begins at `start`, once more: as another kind, and with other [words](Cell::is_word) in some columns.
    ///
    /// What [`row`](Self::row) writes for the cells of the new row, if those that it shares with the last one are the same.
    #[inline(always)]
    pub fn repeat<'c>(&mut self, kind: RowKind, start: usize, words: impl ExactSizeIterator<Item = Option<&'c Cell>>) {
        let (end, header) = (self.end, header_len(words.len()));
        self.end += end - start;
        self.room(self.end);
        self.bytes.copy_within(start..end, end);
        let (head, fields) = self.bytes[end + SIZE..self.end].split_at_mut(header);
        head[0] = kind as u8;
        for (i, (cell, field)) in words.zip(fields.chunks_exact_mut(8)).enumerate() {
            if let Some(cell) = cell {
                field.copy_from_slice(&cell.a.to_le_bytes());
                // Behind the row kind's byte.
                let (null, bit) = (&mut head[1 + i / 8], i % 8);
                *null = *null & !(1 << bit) | u8::from(cell.is_null()) << bit;
            }
        }
    }
}

const ABSENT: u8 = Tag::Absent as u8;
const FIXED: u8 = Tag::Fixed as u8;
const INPUT: u8 = Tag::Input as u8;
const SCRATCH: u8 = Tag::Scratch as u8;
const STAMP: u8 = Tag::Stamp as u8;
const BIG_DECIMAL: u8 = Tag::BigDecimal as u8;

#[inline(always)]
fn put(word: Option<&mut [u8]>, bits: u64) {
    if let Some(word) = word {
        word.copy_from_slice(&bits.to_le_bytes());
    }
}

/// The variable part of a row, in memory that has slack behind it.
struct Variable<'v> {
    bytes: &'v mut [u8],
    /// Its distance from the row's start.
    base: usize,
    used: usize,
}

impl Variable<'_> {
    /// Writes a text and zeros up to a multiple of 8, and returns the field that points there.
    #[inline(always)]
    fn text(&mut self, source: &[u8], cell: &Cell) -> u64 {
        let (start, to, len) = (cell.a as usize, self.used, cell.b() as usize);
        match source.get(start..start + BLOCK) {
            Some(block) if len <= BLOCK => self.bytes[to..to + BLOCK].copy_from_slice(block),
            _ => self.bytes[to..to + len].copy_from_slice(&source[start..start + len]),
        }
        self.bytes[to + len..to + len + 8].fill(0);
        self.take(len, padded(len))
    }

    #[inline(always)]
    fn stamp(&mut self, cell: &Cell) -> u64 {
        self.bytes[self.used..self.used + 8].copy_from_slice(&cell.a.to_le_bytes());
        self.take(cell.b() as usize, 8)
    }

    fn big_decimal(&mut self, source: &[u8], cell: &Cell) -> u64 {
        let len = cell.b() as usize;
        let field = &mut self.bytes[self.used..self.used + 16];
        field[..len].copy_from_slice(&source[cell.range()]);
        field[len..].fill(0);
        self.take(len, 16)
    }

    /// The field of a value that takes `taken` bytes and says `len`.
    #[inline(always)]
    fn take(&mut self, len: usize, taken: usize) -> u64 {
        let at = ((self.base + self.used) as u64) << 32 | len as u64;
        self.used += taken;
        at
    }
}

#[cfg(test)]
mod tests {
    use super::super::write_row;
    use super::*;
    use proptest::prelude::*;

    const INPUT: &[u8; 160] = &[b'x'; 160];

    fn cells() -> impl Strategy<Value = Vec<(Cell, bool)>> {
        let cell = prop_oneof![
            Just(Cell::NULL),
            Just(Cell::ABSENT),
            any::<u64>().prop_map(Cell::fixed),
            (0..80usize, 0..80usize).prop_map(|(start, len)| Cell::input(start, start + len)),
            (0..80usize, 0..80usize).prop_map(|(start, len)| Cell::scratch(start, start + len)),
            (any::<i64>(), 0..1_000_000u32).prop_map(|(millis, nanos)| Cell::stamp(millis, nanos)),
            (0..80usize, 1..=16usize).prop_map(|(start, len)| Cell::big_decimal(start, start + len)),
        ];
        proptest::collection::vec((cell, any::<bool>()), 0..130)
    }

    /// What a row takes of the input.
    fn texts(row: &[(Cell, bool)]) -> usize {
        row.iter().filter(|(cell, _)| cell.tag() == Tag::Input).map(|(cell, _)| cell.range().len()).sum()
    }

    proptest! {
        #[test]
        fn as_the_writer_that_looks_twice(rows in proptest::collection::vec(cells(), 0..5), used in any::<u8>()) {
            let scratch: Vec<u8> = (0..160).collect();
            let sources = Sources { input: INPUT, scratch: &scratch };
            let mut region = Region::default();
            // What was in the buffer before must not show.
            region.bytes = vec![used; 300];
            let (mut expected, mut start) = (Vec::new(), 0);
            for row in &rows {
                start = region.len();
                let (cells, wide): (Vec<Cell>, Vec<bool>) = row.iter().copied().unzip();
                let mut alone = Vec::new();
                write_row(&mut alone, RowKind::UpdateAfter, cells.iter(), &wide, sources);
                expected.extend((alone.len() as u32).to_le_bytes());
                expected.extend(alone);
                region.row(RowKind::UpdateAfter, cells.iter(), &wide, sources, texts(row));
            }
            prop_assert_eq!(region.bytes(), &expected);
            if let Some(row) = rows.last() {
                // Each second word is another one, or NULL, in the row that follows.
                let other = |i: usize| if i % 4 == 0 { Cell::NULL } else { Cell::fixed(i as u64) };
                let changed: Vec<Option<Cell>> =
                    row.iter().enumerate().map(|(i, (cell, wide))| (i % 2 == 0 && cell.is_word(*wide)).then(|| other(i))).collect();
                let (cells, wide): (Vec<Cell>, Vec<bool>) =
                    row.iter().zip(&changed).map(|((cell, wide), other)| (other.unwrap_or(*cell), *wide)).unzip();
                let mut alone = Vec::new();
                write_row(&mut alone, RowKind::Delete, cells.iter(), &wide, sources);
                expected.extend((alone.len() as u32).to_le_bytes());
                expected.extend(alone);
                region.repeat(RowKind::Delete, start, changed.iter().map(Option::as_ref));
                prop_assert_eq!(region.bytes(), &expected);
            }
            region.extend(|bytes| bytes.extend_from_slice(b"tail"));
            expected.extend_from_slice(b"tail");
            prop_assert_eq!(region.bytes(), &expected);
        }
    }
}
