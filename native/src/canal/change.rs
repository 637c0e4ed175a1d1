//! Images → changelog rows.
//!
//! An UPDATE's before image is its `old` object laid over the after image: a column that `old` does not name has not
//! changed, one that it names as null was NULL.
//!
//! Under `flink`, a column counts as named if any `old` object of the message names it (Flink's codec searches the whole
//! array), so in a multi-row UPDATE an unchanged column may come out as NULL. Under `canal` only the row's own object counts.

use super::image::{Columns, Images};
use crate::row::{Cell, Region, RowKind, Sources, Tag, WideStamps};
use crate::schema::Semantics;

/// Bytes of one message's rows: they leave in one Java array.
pub(super) const MAX_ROWS: usize = i32::MAX as usize - 8;

/// Writes a message's rows.
pub(super) struct ChangeWriter<'m> {
    /// The physical columns.
    pub columns: &'m Columns,
    /// Rows before updates are left out unless their `old` names one of so many first columns; 0: none is.
    pub keys: usize,
    /// Where the cells' bytes are.
    pub sources: Sources<'m>,
    /// Bytes of the input that a row's cells take at most.
    pub longest: usize,
    /// Every timestamp is written with nanoseconds.
    pub widest: bool,
    /// Set when the rows are more than [`MAX_ROWS`] bytes; what is written then is of no use.
    pub too_large: bool,
    /// Set when a NOT NULL column is NULL in some row.
    pub null_in_not_null: bool,
}

impl ChangeWriter<'_> {
    /// One row per image of `data`.
    #[inline(always)]
    pub fn rows(&mut self, kind: RowKind, data: &Images, out: &mut Region) {
        for i in 0..data.objects.len() {
            self.row(kind, data.row(i, self.columns.len()).iter(), out);
        }
    }

    /// One row of NULLs.
    pub fn nulls(&mut self, out: &mut Region) {
        self.row(RowKind::Insert, vec![Cell::NULL; self.columns.len()].iter(), out);
    }

    /// Two rows per image of `data`, or [one](Self::keys). `old` has at least as many images.
    #[inline(always)]
    pub fn updates(&mut self, data: &Images, old: &Images, semantics: Semantics, out: &mut Region) {
        let columns = self.columns.len();
        let named_anywhere = match semantics {
            Semantics::Flink if old.objects.len() > 1 => named(old, columns),
            _ => Vec::new(),
        };
        for i in 0..data.objects.len() {
            let after = data.row(i, columns);
            let before = old.row(i, columns);
            if self.keys > 0 && before[..self.keys].iter().all(absent) {
                self.row(RowKind::UpdateAfter, after.iter(), out);
                continue;
            }
            let start = out.len();
            if named_anywhere.is_empty() {
                let merged = before.iter().zip(after).map(|(b, a)| if absent(b) { a } else { b });
                self.row(RowKind::UpdateBefore, merged, out);
                if self.differ_in_words(before, after) {
                    self.repeat(RowKind::UpdateAfter, start, before, after, out);
                    continue;
                }
            } else {
                let merged = before.iter().zip(after).zip(&named_anywhere);
                let merged = merged.map(|((b, a), named)| if !absent(b) || *named { b } else { a });
                self.row(RowKind::UpdateBefore, merged, out);
            }
            self.row(RowKind::UpdateAfter, after.iter(), out);
        }
    }

    /// Whether what `old` names are values of a fixed length, before and after, so that both rows have the same texts in the same places.
    #[inline(always)]
    fn differ_in_words(&self, before: &[Cell], after: &[Cell]) -> bool {
        let wide = self.wide();
        before.iter().zip(after).zip(wide).all(|((b, a), wide)| absent(b) || b.is_word(*wide) && a.is_word(*wide))
    }

    /// The row at `start` once more, with the cells of `after` where `before` is not absent.
    #[inline(always)]
    fn repeat(&mut self, kind: RowKind, start: usize, before: &[Cell], after: &[Cell], out: &mut Region) {
        self.note_nulls(after.iter());
        let changed = before.iter().zip(after).map(|(b, a)| (!absent(b)).then_some(a));
        out.repeat(kind, start, changed);
        self.too_large = out.len() > MAX_ROWS;
    }

    #[inline(always)]
    fn row<'c>(&mut self, kind: RowKind, cells: impl ExactSizeIterator<Item = &'c Cell> + Clone, out: &mut Region) {
        self.note_nulls(cells.clone());
        out.row(kind, cells, self.wide(), self.sources, self.longest);
        self.too_large = out.len() > MAX_ROWS;
    }

    #[inline(always)]
    fn note_nulls<'c>(&mut self, cells: impl Iterator<Item = &'c Cell>) {
        if self.columns.any_not_null {
            let mut both = cells.zip(&self.columns.not_null);
            self.null_in_not_null |= both.any(|(cell, not_null)| *not_null && cell.is_null());
        }
    }

    #[inline(always)]
    fn wide(&self) -> &WideStamps {
        if self.widest { &self.columns.widest } else { &self.columns.wide }
    }
}

/// Whether an image does not name the column.
#[inline(always)]
pub(super) fn absent(cell: &Cell) -> bool {
    cell.code() == Tag::Absent as u8
}

/// For each column whether any of the images names it.
fn named(images: &Images, columns: usize) -> Vec<bool> {
    let mut named = vec![false; columns];
    for i in 0..images.objects.len() {
        for (named, cell) in named.iter_mut().zip(images.row(i, columns)) {
            *named |= cell.tag() != Tag::Absent;
        }
    }
    named
}
