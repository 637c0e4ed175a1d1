//! What is the same in message after message of a table.
//!
//! Of an envelope only a few values change: the images, three numbers, the event's type. All the rest, among it the types of all columns,
//! stands in each message of a table as it stood in the one before. So a message that was read and found to be strict JSON is kept
//! as a template: its constant bytes, with holes between. A message that has these bytes, and a whole value in each hole, has the same
//! members, each once, and is strict JSON too.

use super::envelope::{Envelope, Member, value};
use crate::json::scan::{Passage, Vector};
use crate::json::{Refused, blank};

/// Templates that are followed at the same time: tables of one topic.
const WAYS: usize = 16;
/// Constant bytes of templates that are kept.
const MAX_BYTES: usize = 64 * 1024;
/// What it takes to learn a template, in messages that matched one: a topic of ever new tables shall not pay for it.
const PRICE: u32 = 8;
/// What can be saved up, and is there at the start.
const SAVINGS: u32 = PRICE * WAYS as u32;

/// A value that changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Hole {
    /// The member whose value it is, if it is a known one.
    pub member: Option<Member>,
    /// Its key, by number, if it has one.
    pub key: Option<u32>,
}

/// Constant bytes, from the end of a hole, or the document's start, to the next hole, or the document's end.
#[derive(Debug)]
struct Constant {
    bytes: Passage,
    /// The members whose values are in it, and where.
    spans: Vec<(Member, usize, usize)>,
}

/// One message's constant bytes.
#[derive(Debug)]
struct Template {
    /// Its place in [`Templates::alike`], as long as it is known.
    place: usize,
    /// One more than holes.
    constants: Vec<Constant>,
    holes: Vec<Hole>,
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
    /// Used last, first.
    known: Vec<Template>,
    /// How many constants two templates have in common before the first that differs, with equal holes between, by their places.
    alike: [[usize; WAYS]; WAYS],
    savings: u32,
}

/// Where a message left its template.
pub(super) struct Left {
    /// The end of the last value that was read.
    pub pos: usize,
    /// Its hole; `None` if nothing was read.
    pub hole: Option<Hole>,
}

impl Default for Templates {
    fn default() -> Self {
        Templates { known: Vec::new(), alike: [[0; WAYS]; WAYS], savings: SAVINGS }
    }
}

impl Hole {
    /// Whether a member's value changes from message to message. Of a member that nobody knows it may.
    fn changes(&self) -> bool {
        use Member::*;
        match self.member {
            Some(Database | IsDdl | MysqlType | PkNames | SqlType | Table) => false,
            Some(Data | Es | Gtid | Id | Old | Sql | Ts | Type) | None => true,
        }
    }
}

impl Templates {
    /// Reads the message by the template that it follows, as far as it does. `images` reads `data` and `old`.
    ///
    /// # Errors
    /// A value that is not strict JSON.
    #[inline(always)]
    pub fn follow<V: Vector>(
        &mut self,
        buf: &[u8],
        envelope: &mut Envelope,
        images: &mut impl FnMut(Member, usize) -> Result<usize, Refused>,
    ) -> Result<Result<(), Left>, Refused> {
        let (mut pos, mut k) = (0, 0);
        let mut which = 0;
        let Some(mut template) = self.known.first() else { return Ok(Err(Left { pos: 0, hole: None })) };
        loop {
            if !V::continues(buf, pos, &template.constants[k].bytes) {
                match self.other::<V>(buf, pos, which, k) {
                    Some(other) => which = other,
                    None => {
                        let hole = k.checked_sub(1).map(|k| template.holes[k]);
                        return Ok(Err(Left { pos, hole }));
                    }
                }
                template = &self.known[which];
            }
            let constant = &template.constants[k];
            for (member, start, end) in &constant.spans {
                envelope.set(*member, pos + start, pos + end);
            }
            pos += constant.bytes.text().len();
            let Some(hole) = template.holes.get(k) else { break };
            pos = blank(buf, pos);
            let end = value::<V>(hole.member, buf, pos, images)?;
            if let Some(member) = hole.member {
                envelope.set(member, pos, end);
            }
            pos = end;
            k += 1;
        }
        self.savings = (self.savings + 1).min(SAVINGS);
        if which > 0 {
            self.known[..=which].rotate_right(1);
        }
        Ok(Ok(()))
    }

    /// Another template that is the same before constant `k`, and has the one that stands at `pos`.
    #[inline(never)]
    fn other<V: Vector>(&self, buf: &[u8], pos: usize, which: usize, k: usize) -> Option<usize> {
        let alike = &self.alike[self.known[which].place];
        V::vectorize(
            #[inline(always)]
            || {
                self.known.iter().enumerate().skip(which + 1).find_map(|(i, template)| {
                    let fits = alike[template.place] >= k
                        && template.constants.get(k).is_some_and(|constant| V::continues(buf, pos, &constant.bytes));
                    fits.then_some(i)
                })
            },
        )
    }

    /// Whether [`learn`](Self::learn) would keep a message.
    #[inline(always)]
    pub fn learns(&self) -> bool {
        self.savings >= PRICE
    }

    /// Keeps a message that was read, with these members, from the document's start to their end at `end`.
    pub fn learn(&mut self, buf: &[u8], seen: &[Seen], end: usize) {
        self.savings = self.savings.saturating_sub(PRICE);
        let mut template = Template::new(buf, seen, end);
        if template.constants.iter().map(|constant| constant.bytes.text().len()).sum::<usize>() > MAX_BYTES {
            return;
        }
        // The one used longest ago makes room, and leaves its place.
        template.place = match self.known.get(WAYS - 1) {
            Some(last) => last.place,
            None => self.known.len(),
        };
        self.known.truncate(WAYS - 1);
        for other in &self.known {
            let alike = template.alike(other);
            self.alike[template.place][other.place] = alike;
            self.alike[other.place][template.place] = alike;
        }
        self.known.insert(0, template);
    }
}

impl Template {
    fn new(buf: &[u8], seen: &[Seen], end: usize) -> Template {
        let (mut constants, mut holes) = (Vec::new(), Vec::new());
        let (mut from, mut spans) = (0, Vec::new());
        for Seen { hole, start, end } in seen {
            if hole.changes() {
                constants.push(Constant { bytes: Passage::new(&buf[from..*start]), spans: std::mem::take(&mut spans) });
                holes.push(*hole);
                from = *end;
            } else if let Some(member) = hole.member {
                spans.push((member, start - from, end - from));
            }
        }
        constants.push(Constant { bytes: Passage::new(&buf[from..end]), spans });
        Template { place: 0, constants, holes }
    }

    /// How many constants are the same before the first that differs, with equal holes between.
    fn alike(&self, other: &Template) -> usize {
        let constants = self.constants.iter().zip(&other.constants);
        let same = constants.take_while(|(a, b)| a.bytes.text() == b.bytes.text()).count();
        let holes = self.holes.iter().zip(&other.holes).take_while(|(a, b)| a == b).count();
        same.min(holes)
    }
}
