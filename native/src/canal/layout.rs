//! The members of row images in the order in which they come.
//!
//! A table's rows name its columns in one order, message after message. A layout that was seen is kept as a list of steps, each
//! with everything between one value and the next as one literal: `,"name":"`. A row that follows it is read by comparing these
//! literals. Where it leaves the layout, it goes on member by member; so a layout changes the cost of a row, never its cells.

use super::image::{Columns, Shape};
use super::value::Scalar;
use crate::json::keys::{Keys, Order};
use crate::json::scan::Literal;

/// Layouts that are followed at the same time: tables of one topic, sets of changed columns.
const WAYS: usize = 8;
/// Rows of more members are read one by one.
const MAX_STEPS: usize = 4_096;
/// What it takes to learn a layout, in rows that followed one: rows that never come in the same order twice shall not pay for it.
const PRICE: u32 = 8;
/// What can be saved up, and is there at the start.
const SAVINGS: u32 = PRICE * WAYS as u32;

/// How the value of a step is read.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// A column, by its number and type.
    Column(usize, Scalar),
    /// A column whose value is not read in one go.
    Slow(usize),
    /// No column.
    Skipped,
}

/// One layout.
#[derive(Debug)]
pub(super) struct Layout {
    /// The members by the numbers of their keys.
    pub(super) ids: Vec<u32>,
    /// From the end of the value before, or the object's start, to the first byte of a text: `,"name":"`.
    pub(super) steps: Vec<(Literal, Step)>,
}

/// The layouts of one kind of object, `data`'s or `old`'s.
#[derive(Debug)]
pub struct Layouts {
    /// Those that objects came back to last, first.
    pub(super) known: Vec<Layout>,
    savings: u32,
    /// The keys of the object that is being read, as far as they did not follow a layout.
    pub(super) read: Vec<u32>,
    /// A key of it has no number.
    pub(super) nameless: bool,
    /// For what does not follow a layout.
    pub(super) order: Order,
}

impl Default for Layouts {
    fn default() -> Self {
        Layouts { known: Vec::new(), savings: SAVINGS, read: Vec::new(), nameless: false, order: Order::default() }
    }
}

impl Layouts {
    /// The number of the layout that an object whose first key is at `pos` may follow.
    #[inline(always)]
    pub(super) fn of(&self, buf: &[u8], pos: usize) -> Option<usize> {
        self.known.iter().position(|layout| layout.steps[0].0.matches_but_last(buf, pos))
    }

    /// An object followed its layout to the end.
    #[inline(always)]
    pub(super) fn followed(&mut self) {
        self.savings = (self.savings + 1).min(SAVINGS);
    }

    /// An object followed the first `steps` of a layout, or none of any, and goes on member by member.
    #[inline(always)]
    pub(super) fn leave(&mut self, which: usize, steps: usize) {
        self.nameless = false;
        self.read.clear();
        if steps > 0 {
            self.read.extend_from_slice(&self.known[which].ids[..steps]);
        }
    }

    /// The object whose keys were [read](Self::read) is at its end.
    #[inline(never)]
    pub(super) fn learn(&mut self, keys: &Keys, columns: &Columns) {
        let read = std::mem::take(&mut self.read);
        if let Some(i) = self.known.iter().position(|layout| layout.ids == read) {
            self.known[..=i].rotate_right(1);
        } else if !self.nameless && self.savings >= PRICE && (1..=MAX_STEPS).contains(&read.len()) {
            let mut sorted = read.clone();
            sorted.sort_unstable();
            // Of two equal names the second is what the general way knows to handle.
            if sorted.windows(2).all(|pair| pair[0] != pair[1]) {
                self.savings -= PRICE;
                self.known.truncate(WAYS - 1);
                self.known.insert(0, Layout::new(read, keys, columns));
                return;
            }
        }
        self.read = read;
    }
}

impl Layout {
    fn new(ids: Vec<u32>, keys: &Keys, columns: &Columns) -> Layout {
        let steps = ids.iter().enumerate().map(|(i, id)| {
            let (text, column) = keys.literal(*id);
            let comma: &[u8] = if i == 0 { b"" } else { b"," };
            let lead = Literal::new(&[comma, &text, b"\""].concat());
            let step = match column.map(|column| (column, &columns.shapes[column])) {
                Some((column, Shape::Scalar(scalar))) => Step::Column(column, *scalar),
                Some((column, _)) => Step::Slow(column),
                None => Step::Skipped,
            };
            (lead, step)
        });
        Layout { steps: steps.collect(), ids }
    }
}
