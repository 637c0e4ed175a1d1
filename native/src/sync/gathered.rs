//! Messages of many tables by turns, put by until there are several of each table, and taken table by table.
//!
//! What is known of a table, its decoder, its columns in Doris, the end of its body, is some ten kilobytes. With hundreds of tables by turns no cache has that when the table's next
//! message comes, and fetching it costs several times what reading the message does. Of several messages only the first one pays.
//!
//! The messages of one table keep their order, which is all the order that rows need. Before a message whose table is not certain, and before each schema change, all
//! that was put by is taken. Nothing is put by while messages of one table come one after the other.

use super::guess;
use super::place::Place;
use super::writer::Audience;
use crate::json::scan;
use std::collections::VecDeque;

/// Bytes of messages that are put by at most.
const BYTES: usize = 8 << 20;
/// Messages of each table that are put by at most, on average: of so many the last ones gain little more.
const EACH: usize = 32;
/// So many messages are looked at to see whether tables come by turns.
const WATCHED: u32 = 16;
/// After messages that did not come by turns, or of more tables than can be put by, it is not tried for so many.
const REST: u32 = 1 << 14;
/// Names are told apart as far as this many, and by their hashes: tables that share a number are taken together, in the order that their messages came in.
const GROUPS: usize = 1 << 12;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Put {
    /// It is to be taken at once.
    No,
    /// It is put by.
    By,
    /// It is put by, and all that was is to be [taken](Gathered::next) now.
    Last,
}

/// What stands before each message.
#[derive(Debug, Clone, Copy)]
struct Head {
    /// Where the next message of its table begins, or [`NONE`].
    next: u32,
    len: u32,
    place: Place,
}

/// No place among the texts, and no number.
const NONE: u32 = u32::MAX;

impl Head {
    const LEN: usize = 4 + 4 + 4 + 8;

    fn bytes(self) -> [u8; Self::LEN] {
        let mut bytes = [0; Self::LEN];
        bytes[..4].copy_from_slice(&self.next.to_le_bytes());
        bytes[4..8].copy_from_slice(&self.len.to_le_bytes());
        bytes[8..12].copy_from_slice(&self.place.partition.to_le_bytes());
        bytes[12..].copy_from_slice(&self.place.sequence.to_le_bytes());
        bytes
    }

    fn read(texts: &[u8]) -> Option<Head> {
        let (bytes, _) = texts.split_first_chunk::<{ Self::LEN }>()?;
        let (next, bytes) = bytes.split_first_chunk()?;
        let (len, bytes) = bytes.split_first_chunk()?;
        let (partition, bytes) = bytes.split_first_chunk()?;
        let (sequence, _) = bytes.split_first_chunk()?;
        let place = Place { partition: u32::from_le_bytes(*partition), sequence: i64::from_le_bytes(*sequence) };
        Some(Head { next: u32::from_le_bytes(*next), len: u32::from_le_bytes(*len), place })
    }
}

/// The messages of one name, or of several that share a number.
#[derive(Debug, Clone, Copy)]
struct Chain {
    group: u16,
    /// Where its first message begins, and its last.
    first: u32,
    last: u32,
}

/// The messages that are put by.
#[derive(Debug)]
pub(super) struct Gathered {
    /// In the order that they came in, each behind its [`Head`].
    texts: Vec<u8>,
    most_bytes: usize,
    messages: usize,
    /// In the order that they are taken in; the first `taken` of them were, or are being.
    chains: Vec<Chain>,
    taken: usize,
    takes: bool,
    /// Where the next message of the chain that is being taken begins, or [`NONE`].
    next: u32,
    /// The chain of each group of names, by its number, or [`NONE`].
    numbers: Box<[u32; GROUPS]>,
    /// What came after all others were to be taken, and the last one of these.
    rest: VecDeque<(Vec<u8>, Place, Audience)>,
    passing: Vec<u8>,
    /// Messages of another table than the one before.
    turns: usize,
    /// The number of the message before, or [`NONE`].
    last: u32,
    /// From the table's name to the end, of the message before.
    from_end: usize,
    watch: Watch,
}

/// Whether tables come by turns, while nothing is put by.
#[derive(Debug, Default)]
struct Watch {
    gathers: bool,
    seen: u32,
    turns: u32,
    rest: u32,
}

impl Gathered {
    /// None yet; a writer that may have so many bytes of bodies puts by a small part of that.
    pub fn new(memory: u64) -> Gathered {
        Gathered {
            texts: Vec::new(),
            most_bytes: BYTES.min((memory / 16) as usize),
            messages: 0,
            chains: Vec::new(),
            taken: 0,
            takes: false,
            next: NONE,
            numbers: Box::new([NONE; GROUPS]),
            rest: VecDeque::new(),
            passing: Vec::new(),
            turns: 0,
            last: NONE,
            from_end: 0,
            watch: Watch::default(),
        }
    }

    fn is_empty(&self) -> bool {
        self.messages == 0 && self.rest.is_empty()
    }

    /// Puts a message by, if that pays or others are.
    pub fn put(&mut self, message: &[u8], place: Place, audience: Audience) -> Put {
        if self.is_empty() && !self.watch.gathers {
            return Put::No;
        }
        let name = match audience {
            Audience::One if !self.takes => guess::certain_name(message, &mut self.from_end),
            _ => None,
        };
        let (Some(name), Ok(len)) = (name, u32::try_from(message.len())) else {
            if self.is_empty() {
                return Put::No;
            }
            self.takes = true;
            self.rest.push_back((message.to_vec(), place, audience));
            return Put::Last;
        };
        self.chain(group(name));
        self.messages += 1;
        self.texts.extend_from_slice(&Head { next: NONE, len, place }.bytes());
        self.texts.extend_from_slice(message);
        if self.texts.len() < self.most_bytes && self.messages < EACH * self.chains.len() {
            return Put::By;
        }
        self.watch.judge(self.messages, self.chains.len(), self.turns);
        self.takes = true;
        Put::Last
    }

    /// Has the message that comes next among the texts follow those of its group.
    fn chain(&mut self, group: u16) {
        let at = self.texts.len() as u32;
        let number = &mut self.numbers[usize::from(group)];
        if let Some(chain) = self.chains.get_mut(*number as usize) {
            let last = std::mem::replace(&mut chain.last, at) as usize;
            self.texts[last..last + 4].copy_from_slice(&at.to_le_bytes());
        } else {
            *number = self.chains.len() as u32;
            self.chains.push(Chain { group, first: at, last: at });
        }
        self.turns += usize::from(*number != self.last);
        self.last = *number;
    }

    /// Notes a message that was taken at once: `turn`, if it is of another table than the one before.
    #[inline]
    pub fn pass(&mut self, turn: bool) {
        self.watch.pass(turn);
    }

    /// The next message to be taken, with its place. Once there is none, none is put by.
    pub fn next(&mut self) -> Option<(&[u8], Place, Audience)> {
        self.takes = !self.is_empty();
        let at = self.turn(self.next);
        let Some(head) = self.texts.get(at as usize..).and_then(Head::read) else { return self.after_all() };
        self.taken += usize::from(at != self.next);
        self.next = head.next;
        let of = |at: u32| at as usize + Head::LEN..at as usize + Head::LEN + head.len as usize;
        // Messages of one table are far apart, and mostly as long as each other.
        let soon = self.turn(self.next);
        scan::fetch(self.texts.get(soon as usize..of(soon).end.min(self.texts.len())).unwrap_or_default());
        Some((&self.texts[of(at)], head.place, Audience::One))
    }

    /// Where the message begins that is taken after the one that says that `next` is: that, or the first of the next chain. [`NONE`] after the last.
    fn turn(&self, next: u32) -> u32 {
        if next != NONE { next } else { self.chains.get(self.taken).map_or(NONE, |chain| chain.first) }
    }

    /// What comes after all chains.
    fn after_all(&mut self) -> Option<(&[u8], Place, Audience)> {
        let Some((text, place, audience)) = self.rest.pop_front() else {
            self.clear();
            return None;
        };
        self.passing = text;
        Some((&self.passing, place, audience))
    }

    fn clear(&mut self) {
        self.texts.clear();
        self.texts.shrink_to(2 * self.most_bytes);
        self.chains.drain(..).for_each(|chain| self.numbers[usize::from(chain.group)] = NONE);
        (self.messages, self.taken, self.takes, self.turns) = (0, 0, false, 0);
        (self.next, self.last, self.passing) = (NONE, NONE, Vec::new());
        if !self.watch.gathers {
            self.texts = Vec::new();
        }
    }
}

/// The number of a table's name.
fn group(name: &[u8]) -> u16 {
    // That of the standard library costs as much as all else that is done to put a message by.
    const FACTOR: u64 = 0x9E37_79B9_7F4A_7C15;
    let mix = |hash: u64, word: u64| (hash.rotate_left(26) ^ word).wrapping_mul(FACTOR);
    let (words, rest) = name.as_chunks::<8>();
    let hash = words.iter().fold(name.len() as u64, |hash, word| mix(hash, u64::from_le_bytes(*word)));
    let hash = mix(hash, rest.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)));
    (hash >> (u64::BITS - GROUPS.ilog2())) as u16
}

impl Watch {
    #[inline]
    fn pass(&mut self, turn: bool) {
        if self.rest > 0 {
            self.rest -= 1;
            return;
        }
        self.seen += 1;
        self.turns += u32::from(turn);
        if self.seen == WATCHED {
            // With two tables the caches have both.
            self.gathers = 2 * self.turns > WATCHED;
            (self.seen, self.turns) = (0, 0);
        }
    }

    /// Of as many messages as could be put by: how many tables they are of, and how often another one's came.
    fn judge(&mut self, messages: usize, tables: usize, turns: usize) {
        if turns < messages / 2 || messages < 4 * tables {
            (self.gathers, self.rest) = (false, REST);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(table: &str, id: i64) -> Vec<u8> {
        let text = format!(r#"{{"data":[{{"id":"{id}"}}],"database":"d","table":"{table}","ts":16,"type":"INSERT"}}"#);
        text.into_bytes()
    }

    fn place(sequence: i64) -> Place {
        Place { partition: 0, sequence }
    }

    /// That it pays, which it has seen.
    fn gathering(memory: u64) -> Gathered {
        let mut gathered = Gathered::new(memory);
        (0..WATCHED).for_each(|_| gathered.pass(true));
        gathered
    }

    fn put(gathered: &mut Gathered, table: &str, id: i64) -> Put {
        gathered.put(&message(table, id), place(id), Audience::One)
    }

    fn all(gathered: &mut Gathered) -> Vec<i64> {
        std::iter::from_fn(|| gathered.next().map(|(_, place, _)| place.sequence)).collect()
    }

    #[test]
    fn tables_one_after_the_other_each_in_its_order() {
        let mut gathered = gathering(1 << 30);
        for turn in 0..2 {
            for (id, table) in ["a", "b", "a", "c", "c", "b", "a"].into_iter().enumerate() {
                assert_eq!(put(&mut gathered, table, id as i64), Put::By, "turn {turn}");
            }
            assert_eq!(gathered.next(), Some((&*message("a", 0), place(0), Audience::One)));
            assert_eq!(all(&mut gathered), [2, 6, 1, 5, 3, 4]);
            assert_eq!(gathered.next(), None);
        }
    }

    #[test]
    fn what_is_not_certain_comes_after_all_others_and_at_once_if_there_are_none() {
        let statement = br#"{"data":null,"database":"d","isDdl":true,"table":"a","ts":16,"type":"ALTER"}"#;
        let mut gathered = gathering(1 << 30);
        assert_eq!(gathered.put(statement, place(0), Audience::One), Put::No);
        assert_eq!(put(&mut gathered, "a", 1), Put::By);
        assert_eq!(put(&mut gathered, "b", 2), Put::By);
        assert_eq!(put(&mut gathered, "a", 3), Put::By);
        assert_eq!(gathered.put(statement, place(4), Audience::All), Put::Last);
        assert_eq!(gathered.next().map(|(_, place, _)| place.sequence), Some(1));
        // While they are being taken, what comes waits behind them.
        assert_eq!(put(&mut gathered, "a", 5), Put::Last);
        assert_eq!(gathered.put(&message("b", 6), place(6), Audience::All), Put::Last);
        assert_eq!(all(&mut gathered), [3, 2, 4, 5, 6]);
        assert_eq!(gathered.put(&message("b", 7), place(7), Audience::All), Put::No);
    }

    #[test]
    fn no_more_than_are_worth_it_and_than_there_is_memory_for() {
        let mut gathered = gathering(1 << 30);
        let put_by = |gathered: &mut Gathered, tables: i64| {
            (0..).position(|id| put(gathered, &format!("t{}", id % tables), id) == Put::Last).unwrap()
        };
        assert_eq!(put_by(&mut gathered, 10), 10 * EACH - 1);
        assert_eq!(all(&mut gathered).len(), 10 * EACH);
        let mut gathered = gathering(16 * 100 * (Head::LEN + message("t0", 100).len()) as u64);
        let count = put_by(&mut gathered, 10);
        assert!((99..103).contains(&count), "{count}");
    }

    #[test]
    fn it_is_given_up_where_it_does_not_pay() {
        // One table after the other.
        let mut gathered = gathering(1 << 30);
        let end = (0..).find(|id| put(&mut gathered, &format!("t{}", id / 100), *id) == Put::Last);
        assert_eq!(all(&mut gathered).len() as i64, end.unwrap() + 1);
        assert_eq!(put(&mut gathered, "t", 0), Put::No);
        // Ever new ones.
        let mut gathered = gathering(16 * 10_000);
        let end = (0..).find(|id| put(&mut gathered, &format!("t{id}"), *id) == Put::Last);
        assert_eq!(all(&mut gathered).len() as i64, end.unwrap() + 1);
        assert_eq!(put(&mut gathered, "t", 0), Put::No);
        // After a while it is tried again.
        (0..REST + WATCHED).for_each(|_| gathered.pass(true));
        assert_eq!(put(&mut gathered, "t", 0), Put::By);
    }

    #[test]
    fn nothing_is_put_by_of_one_table_or_two() {
        let mut gathered = Gathered::new(1 << 30);
        for id in 0..1000 {
            assert_eq!(put(&mut gathered, "t", id), Put::No);
            gathered.pass(id % 2 == 0);
        }
    }
}
