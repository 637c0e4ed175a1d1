//! What is the same in message after message of a table.
//!
//! Of an envelope only a few values change: the images, three numbers, the event's type. All the rest, among it the types of all columns,
//! stands in each message of a table as it stood in the one before. So a message that was read and found to be strict JSON is kept
//! as a template: its constant bytes, with holes between, its [outline](super::outline). A message that has these bytes, and a whole value in each hole, has the same
//! members, each once, and is strict JSON too.

use super::envelope::{Envelope, Member, value};
use super::outline::{Constant, Hole, Numbered, Outline};
use crate::json::scan::{Passage, Vector};
use crate::json::{Refused, blank};
use std::sync::Arc;

/// Templates of a set: tables of one topic.
const WAYS: usize = 8;
/// Sets, once there are more tables than one has room for.
const SETS: usize = 64;
/// A table's name is looked for in so many bytes at the end of a message: behind it stand a number and the event's type.
const TAIL: usize = 256;
/// What it takes to learn a template, in messages that matched one: a topic of ever new tables shall not pay for it.
const PRICE: u32 = 8;
/// What can be saved up, and is there at the start.
const SAVINGS: u32 = PRICE * WAYS as u32;

/// One message's [outline](Outline).
#[derive(Debug)]
struct Template {
    /// Its place in [`Set::alike`], as long as it is known.
    place: usize,
    /// What its table's name says: see [`name`].
    name: usize,
    outline: Arc<Numbered>,
}

/// A member of a message that was read: its value's place, its name and its key's number.
#[derive(Debug, Clone, Copy)]
pub(super) struct Seen {
    pub hole: Hole,
    pub start: usize,
    pub end: usize,
}

/// The templates of a topic.
#[derive(Debug)]
pub(super) struct Templates {
    /// One, or [`SETS`].
    sets: Vec<Set>,
    /// Constant bytes of all, and how many there may be.
    bytes: usize,
    max_bytes: usize,
    savings: u32,
    /// Names of tables are holes.
    without_names: bool,
}

/// Templates that are followed at the same time.
#[derive(Debug, Default)]
struct Set {
    /// Used last, first.
    known: Vec<Template>,
    /// How many constants two templates have in common before the first that differs, with equal holes between, by their places.
    /// Most sets of a divided topic have one template and need none.
    alike: Option<Box<[[u16; WAYS]; WAYS]>>,
}

/// Where a message left its template.
pub(super) struct Left {
    /// The end of the last value that was read.
    pub pos: usize,
    /// Its hole; `None` if nothing was read.
    pub hole: Option<Hole>,
}

impl Templates {
    /// None yet, and at most so many constant bytes of them.
    pub fn new(max_bytes: usize) -> Templates {
        Templates { sets: vec![Set::default()], bytes: 0, max_bytes, savings: SAVINGS, without_names: false }
    }

    /// From now on templates have no names of databases and tables: messages of many tables that are alike but for these have one.
    pub fn leave_out_names(&mut self) {
        if !self.without_names {
            *self = Templates { without_names: true, ..Templates::new(self.max_bytes) };
        }
    }

    /// Reads the message by the template that it follows, as far as it does. `images` reads `data` and `old`.
    ///
    /// # Errors
    /// A value that is not strict JSON.
    #[inline(always)]
    pub fn follow<V: Vector>(
        &mut self,
        (buf, len): (&[u8], usize),
        envelope: &mut Envelope,
        images: &mut impl FnMut(Member, usize) -> Result<usize, Refused>,
    ) -> Result<Result<(), Left>, Refused> {
        let (mut pos, mut k) = (0, 0);
        let mut which = 0;
        let at = if self.sets.len() == 1 { 0 } else { name(&buf[..len]) % SETS };
        let set = &mut self.sets[at];
        let Some(first) = set.known.first() else { return Ok(Err(Left { pos: 0, hole: None })) };
        let mut outline = &*first.outline;
        loop {
            if !V::continues(buf, pos, &outline.constants[k].bytes) {
                match set.other::<V>(buf, pos, which, k) {
                    Some(other) => which = other,
                    None => {
                        let hole = k.checked_sub(1).map(|k| outline.holes[k]);
                        return Ok(Err(Left { pos, hole }));
                    }
                }
                outline = &set.known[which].outline;
            }
            let constant = &outline.constants[k];
            for (member, start, end) in &constant.spans {
                envelope.set(*member, pos + start, pos + end);
            }
            pos += constant.bytes.text().len();
            let Some(hole) = outline.holes.get(k) else { break };
            pos = blank(buf, pos);
            let end = value::<V>(hole.member, buf, pos, images)?;
            if let Some(member) = hole.member {
                envelope.set(member, pos, end);
            }
            pos = end;
            k += 1;
        }
        self.savings = (self.savings + 1).min(SAVINGS);
        envelope.outline = Some(outline.number);
        if which > 0 {
            set.known[..=which].rotate_right(1);
        }
        Ok(Ok(()))
    }

    /// Whether [`learn`](Self::learn) would keep a message.
    #[inline(always)]
    pub fn learns(&self) -> bool {
        self.savings >= PRICE
    }

    /// Keeps a message that was read, with these members, from the document's start to their end at `end`.
    pub fn learn(&mut self, (buf, len): (&[u8], usize), seen: &[Seen], end: usize) {
        self.savings = self.savings.saturating_sub(PRICE);
        let template = Template::new((buf, len), seen, end, self.without_names);
        if self.sets.len() == 1 && self.sets[0].known.len() == WAYS && self.bytes < self.max_bytes {
            self.divide();
        }
        let at = template.name % self.sets.len();
        // Where there is no room, only one of the same set can make it.
        let needed = template.outline.bytes();
        let set = &mut self.sets[at];
        while set.known.len() == WAYS || self.bytes + needed > self.max_bytes {
            let Some(last) = set.known.pop() else { return };
            self.bytes -= last.outline.bytes();
        }
        self.bytes += needed;
        set.add(template);
    }

    /// Makes sets of the one that is full.
    #[cold]
    fn divide(&mut self) {
        let all = std::mem::take(&mut self.sets[0].known);
        self.sets.resize_with(SETS, Set::default);
        for template in all.into_iter().rev() {
            self.sets[template.name % SETS].add(template);
        }
    }
}

impl Set {
    /// Another template that is the same before constant `k`, and has the one that stands at `pos`.
    #[inline(never)]
    fn other<V: Vector>(&self, buf: &[u8], pos: usize, which: usize, k: usize) -> Option<usize> {
        let alike = &self.alike.as_ref()?[self.known[which].place];
        V::vectorize(
            #[inline(always)]
            || {
                self.known.iter().enumerate().skip(which + 1).find_map(|(i, template)| {
                    let fits = usize::from(alike[template.place]) >= k
                        && template
                            .outline
                            .constants
                            .get(k)
                            .is_some_and(|constant| V::continues(buf, pos, &constant.bytes));
                    fits.then_some(i)
                })
            },
        )
    }

    /// Adds one where there is room.
    fn add(&mut self, mut template: Template) {
        template.place =
            (0..WAYS).find(|place| self.known.iter().all(|known| known.place != *place)).unwrap_or_default();
        for other in &self.known {
            let both = template.outline.alike(&other.outline);
            let alike = self.alike.get_or_insert_default();
            alike[template.place][other.place] = both;
            alike[other.place][template.place] = both;
        }
        self.known.reserve_exact(1);
        self.known.insert(0, template);
    }
}

impl Template {
    fn new((buf, len): (&[u8], usize), seen: &[Seen], end: usize, without_names: bool) -> Template {
        let (mut constants, mut holes) = (Vec::new(), Vec::new());
        let (mut from, mut spans) = (0, Vec::new());
        for Seen { hole, start, end } in seen {
            if hole.changes(without_names) {
                constants.push(Constant { bytes: Passage::new(&buf[from..*start]), spans: std::mem::take(&mut spans) });
                holes.push(*hole);
                from = *end;
            } else if let Some(member) = hole.member {
                spans.push((member, start - from, end - from));
            }
        }
        constants.push(Constant { bytes: Passage::new(&buf[from..end]), spans });
        Template { place: 0, name: name(&buf[..len]), outline: Outline { constants, holes }.shared() }
    }
}

/// A number by the name of the message's table, the same for the same name: it is only guessed where in the message that stands.
#[inline]
fn name(buf: &[u8]) -> usize {
    const KEY: &[u8] = b"\"table\":\"";
    let tail = &buf[buf.len().saturating_sub(TAIL)..];
    // The letter is rare in what stands behind the name.
    const LETTER: usize = 3;
    let mut letters = memchr::memrchr_iter(KEY[LETTER], tail).filter_map(|at| at.checked_sub(LETTER));
    let Some(name) = letters.find_map(|at| tail[at..].strip_prefix(KEY)) else { return 0 };
    let name = &name[..memchr::memchr(b'"', name).unwrap_or(name.len())];
    // Names of many tables differ in their ends, so these are the lowest bits, which a product has the most of.
    let last = name.iter().rev().take(8).rev().fold(0, |all, byte| all << 8 | u64::from(*byte));
    ((last ^ name.len() as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 48) as usize
}
