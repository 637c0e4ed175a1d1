//! What a message is without the values that change: constant bytes, with holes between.
//!
//! Outlines are never changed, and decoders of one process see the same tables again and again: 64 sources of one topic with 8 subtasks each learn the
//! outline of each of its tables 512 times. So equal ones are one, whichever decoder made them first, as long as any has it.

use super::envelope::Member;
use crate::json::scan::Passage;
use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher, RandomState};
use std::num::NonZeroU64;
use std::ops::Deref;
use std::sync::{Arc, LazyLock, Mutex, PoisonError, Weak};

/// A value that changes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Hole {
    /// The member whose value it is, if it is a known one.
    pub member: Option<Member>,
    /// Its key, by number, if it has one.
    pub key: Option<u32>,
}

/// Constant bytes, from the end of a hole, or the document's start, to the next hole, or the document's end.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Constant {
    pub bytes: Passage,
    /// The members whose values are in it, and where.
    pub spans: Vec<(Member, usize, usize)>,
}

/// One message's.
#[derive(Debug, PartialEq, Eq, Hash)]
pub(super) struct Outline {
    /// One more than holes.
    pub constants: Vec<Constant>,
    pub holes: Vec<Hole>,
}

/// One that decoders have: its number, which no other one of the process ever has.
#[derive(Debug)]
pub(super) struct Numbered {
    pub number: NonZeroU64,
    outline: Outline,
}

impl Deref for Numbered {
    type Target = Outline;

    #[inline(always)]
    fn deref(&self) -> &Outline {
        &self.outline
    }
}

/// The outlines that some decoder has, by their hashes.
#[derive(Default)]
struct Known {
    hasher: RandomState,
    outlines: HashMap<u64, Vec<Weak<Numbered>>>,
    /// How many there ever were.
    numbers: u64,
    /// Hashes after which those are removed whose outlines nobody has any more.
    limit: usize,
}

static KNOWN: LazyLock<Mutex<Known>> = LazyLock::new(Mutex::default);

/// The least number of hashes that are looked through for what nobody has.
const LIMIT: usize = 64;

impl Hole {
    /// Whether a member's value changes from message to message; `names`: those of tables and databases do. Of a member that nobody knows it may.
    pub fn changes(&self, names: bool) -> bool {
        use Member::*;
        match self.member {
            Some(Database | Table) => names,
            Some(IsDdl | MysqlType | PkNames | SqlType) => false,
            Some(Data | Es | Gtid | Id | Old | Sql | Ts | Type) | None => true,
        }
    }
}

impl Outline {
    /// The outline that is equal to this one, if a decoder has it; else this one, for those that come.
    pub fn shared(self) -> Arc<Numbered> {
        KNOWN.lock().unwrap_or_else(PoisonError::into_inner).find(self)
    }

    /// Its constant bytes.
    pub fn bytes(&self) -> usize {
        self.constants.iter().map(|constant| constant.bytes.text().len()).sum()
    }

    /// How many constants are the same before the first that differs, with equal holes between.
    pub fn alike(&self, other: &Outline) -> u16 {
        let constants = self.constants.iter().zip(&other.constants);
        let same = constants.take_while(|(a, b)| a.bytes == b.bytes).count();
        let holes = self.holes.iter().zip(&other.holes).take_while(|(a, b)| a == b).count();
        same.min(holes).min(usize::from(u16::MAX)) as u16
    }
}

impl Known {
    fn find(&mut self, outline: Outline) -> Arc<Numbered> {
        let mut hasher = self.hasher.build_hasher();
        outline.hash(&mut hasher);
        let hash = hasher.finish();
        if self.outlines.len() > self.limit.max(LIMIT) {
            self.outlines.retain(|_, equal| equal.iter().any(|one| one.strong_count() > 0));
            self.limit = 2 * self.outlines.len();
        }
        let equal = self.outlines.entry(hash).or_default();
        equal.retain(|one| one.strong_count() > 0);
        if let Some(known) = equal.iter().filter_map(Weak::upgrade).find(|known| known.outline == outline) {
            return known;
        }
        let number = NonZeroU64::MIN.saturating_add(self.numbers);
        self.numbers += 1;
        let outline = Arc::new(Numbered { number, outline });
        equal.push(Arc::downgrade(&outline));
        outline
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(text: &[u8], key: u32) -> Outline {
        let constant = || Constant { bytes: Passage::new(text), spans: vec![(Member::Table, 1, 3)] };
        Outline { constants: vec![constant(), constant()], holes: vec![Hole { member: None, key: Some(key) }] }
    }

    #[test]
    fn equal_ones_are_one_as_long_as_somebody_has_it() {
        let mut known = Known::default();
        let first = known.find(outline(b"one", 1));
        assert!(Arc::ptr_eq(&first, &known.find(outline(b"one", 1))));
        assert!(!Arc::ptr_eq(&first, &known.find(outline(b"two", 1))));
        // Keys are numbered by each decoder.
        assert!(!Arc::ptr_eq(&first, &known.find(outline(b"one", 2))));
        let second = known.find(outline(b"two", 1)).number;
        let third = known.find(outline(b"two", 1)).number;
        assert!(first.number < second && second < third, "one that is made again, once nobody has it, is another one");
        let weak = Arc::downgrade(&first);
        drop(first);
        assert!(weak.upgrade().is_none(), "nobody has it");
    }

    #[test]
    fn what_nobody_has_is_forgotten() {
        let mut known = Known::default();
        let kept: Vec<_> = (0..10).map(|i| known.find(outline(b"kept", i))).collect();
        for i in 0..10_000 {
            known.find(outline(format!("{i}").as_bytes(), 0));
        }
        assert!(known.outlines.len() <= LIMIT + 1, "{} hashes", known.outlines.len());
        for (i, kept) in kept.iter().enumerate() {
            assert!(Arc::ptr_eq(kept, &known.find(outline(b"kept", i as u32))));
        }
    }
}
