//! Member names: known ones by number, and a guess at which comes next.
//!
//! Members come in the same order in every message of one producer, and columns in the same order in every row. So each
//! key remembers which key followed it, and that one is compared first; only a miss is looked up. A guess is never
//! more than a guess: it is compared in full.

use super::scan::Literal;
use super::{Refused, blank, expect, string};
use std::collections::HashMap;

/// Names beyond the known ones that are remembered, so that a stream of ever new names cannot fill memory.
const MAX_LEARNED: usize = 4_096;

/// Known names that are compared after a wrong guess.
const NEIGHBOURS: usize = 16;

/// A set of names. The known ones are numbered as given, from 0.
#[derive(Debug)]
pub struct Keys {
    known: usize,
    literals: Vec<Literal>,
    index: HashMap<Box<[u8]>, u32>,
    unescaped: Vec<u8>,
}

/// Which key followed which, in one kind of object.
#[derive(Debug, Default)]
pub struct Order {
    /// Entry 0: the first key of an object; entry n + 1: the one after key n.
    next: Vec<u32>,
}

/// Where in an object's order the reader stands.
#[derive(Debug, Clone, Copy, Default)]
pub struct Place(usize);

impl Place {
    /// The place after key `id`.
    pub fn after(id: u32) -> Place {
        Place(id as usize + 1)
    }

    /// The key that was read last; `None` before the first one.
    pub fn last(self) -> Option<u32> {
        self.0.checked_sub(1).map(|id| id as u32)
    }
}

impl Order {
    /// Key `id` came at `place`; steps on.
    fn learn(&mut self, place: &mut Place, id: u32) {
        if self.next.len() <= place.0 {
            self.next.resize(place.0 + 1, u32::MAX);
        }
        self.next[place.0] = id;
        place.0 = id as usize + 1;
    }
}

impl Keys {
    /// The names that matter.
    pub fn new<'n>(names: impl Iterator<Item = &'n str>) -> Self {
        let mut keys = Keys { known: 0, literals: Vec::new(), index: HashMap::new(), unescaped: Vec::new() };
        for name in names {
            keys.learn(name.as_bytes());
        }
        keys.known = keys.literals.len();
        keys
    }

    /// The key numbered `id` with its colon, `"name":`, and its number if it is a known one.
    ///
    /// # Panics
    /// If there is no such key.
    pub fn literal(&self, id: u32) -> (Vec<u8>, Option<usize>) {
        let id = id as usize;
        (self.literals[id].text(), (id < self.known).then_some(id))
    }

    fn learn(&mut self, name: &[u8]) -> u32 {
        let id = self.literals.len() as u32;
        self.literals.push(Literal::key(name));
        self.index.insert(name.into(), id);
        id
    }

    /// The number of a known name.
    pub fn find(&self, name: &[u8]) -> Option<usize> {
        self.index.get(name).map(|id| *id as usize).filter(|id| *id < self.known)
    }

    /// Reads the key at `pos` with its colon: its number, if it is a known one, and where its value begins.
    #[inline(always)]
    pub fn read(
        &mut self,
        order: &mut Order,
        place: &mut Place,
        buf: &[u8],
        pos: usize,
    ) -> Result<(Option<usize>, usize), Refused> {
        if let Some(guess) = order.next.get(place.0) {
            let guess = *guess as usize;
            if let Some(literal) = self.literals.get(guess)
                && literal.matches(buf, pos)
            {
                place.0 = guess + 1;
                return Ok(((guess < self.known).then_some(guess), blank(buf, pos + literal.len())));
            }
        }
        self.miss(order, place, buf, pos)
    }

    /// The guess was wrong: most often because members were left out, as in a before image, which names changed columns only.
    /// So the next few known names are compared before the table of all names is asked.
    #[inline(never)]
    fn miss(
        &mut self,
        order: &mut Order,
        place: &mut Place,
        buf: &[u8],
        pos: usize,
    ) -> Result<(Option<usize>, usize), Refused> {
        for id in (place.0..self.known).take(NEIGHBOURS) {
            let literal = &self.literals[id];
            if literal.matches(buf, pos) {
                let value = blank(buf, pos + literal.len());
                order.learn(place, id as u32);
                return Ok((Some(id), value));
            }
        }
        self.look_up(order, place, buf, pos)
    }

    #[cold]
    #[inline(never)]
    fn look_up(
        &mut self,
        order: &mut Order,
        place: &mut Place,
        buf: &[u8],
        pos: usize,
    ) -> Result<(Option<usize>, usize), Refused> {
        let span = string::key_span(buf, pos)?;
        let mut name = &buf[span.start..span.end];
        let mut unescaped = std::mem::take(&mut self.unescaped);
        if span.escaped {
            unescaped.clear();
            string::unescape(name, &mut unescaped)?;
            name = &unescaped;
        }
        let id = match self.index.get(name) {
            Some(id) => Some(*id),
            None if self.literals.len() < self.known + MAX_LEARNED => Some(self.learn(name)),
            None => None,
        };
        self.unescaped = unescaped;
        let value = expect(buf, span.next(), b':')?;
        let Some(id) = id else { return Ok((None, value)) };
        order.learn(place, id);
        Ok(((id < self.known as u32).then_some(id as usize), value))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_all(keys: &mut Keys, order: &mut Order, object: &str) -> Vec<Option<usize>> {
        let mut buf = object.as_bytes().to_vec();
        crate::json::pad(&mut buf);
        let mut place = Place::default();
        let mut pos = 1;
        let mut found = Vec::new();
        loop {
            let (key, value) = keys.read(order, &mut place, &buf, pos).unwrap();
            found.push(key);
            let (next, end) =
                super::super::next_or_end(&buf, super::super::skip::value(&buf, value).unwrap(), b'}').unwrap();
            if end {
                return found;
            }
            pos = next;
        }
    }

    #[test]
    fn guesses_change_nothing() {
        let mut keys = Keys::new(["a", "b", "c\"d"].into_iter());
        let mut order = Order::default();
        for _ in 0..3 {
            assert_eq!(read_all(&mut keys, &mut order, r#"{"a":1,"x":2,"b":3}"#), [Some(0), None, Some(1)]);
            assert_eq!(read_all(&mut keys, &mut order, r#"{"b" : 1, "a":2,"c\"d":0}"#), [Some(1), Some(0), Some(2)]);
            assert_eq!(read_all(&mut keys, &mut order, r#"{"\u0061":1,"ab":2}"#), [Some(0), None]);
        }
    }

    #[test]
    fn ever_new_names_do_not_fill_memory() {
        let mut keys = Keys::new(["a"].into_iter());
        let mut order = Order::default();
        for i in 0..3 * MAX_LEARNED {
            assert_eq!(read_all(&mut keys, &mut order, &format!(r#"{{"k{i}":1,"a":2}}"#)), [None, Some(0)]);
        }
        assert_eq!(keys.literals.len(), 1 + MAX_LEARNED);
        assert!(order.next.len() <= MAX_LEARNED + 2);
    }
}
