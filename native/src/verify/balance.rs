//! Rows of both sides by key: each waits for its other side, and goes when that comes. So rows may come in any order, and what is left differs.

use super::pair::FormedRow;
use super::spill::Spill;
use crate::error::Error;
use serde::{Deserialize, Serialize};
use std::collections::HashMap;
use std::collections::hash_map::Entry;

/// Keys of a range that are kept to be read again; of more only the number is known.
const MOST_UNEQUAL: usize = 10_000;

/// Where a row comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// The database.
    Source,
    /// Doris.
    Target,
}

/// How the two sides of a key differ.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Difference {
    /// The source has the row, Doris does not.
    Missing,
    /// Doris has the row, the source does not.
    Surplus,
    /// Both have it, with different cells.
    Different,
}

/// How many keys differ, by how.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Counts {
    /// [`Difference::Missing`].
    pub missing: u64,
    /// [`Difference::Surplus`].
    pub surplus: u64,
    /// [`Difference::Different`].
    pub different: u64,
}

impl Counts {
    /// Counts one.
    pub fn add(&mut self, difference: Difference) {
        match difference {
            Difference::Missing => self.missing += 1,
            Difference::Surplus => self.surplus += 1,
            Difference::Different => self.different += 1,
        }
    }

    /// Counts those of another.
    pub fn add_all(&mut self, other: Counts) {
        self.missing += other.missing;
        self.surplus += other.surplus;
        self.different += other.different;
    }

    /// All.
    pub fn sum(self) -> u64 {
        self.missing + self.surplus + self.different
    }
}

/// What came out.
#[derive(Debug, Default)]
pub struct Outcome {
    /// Rows that are equal.
    pub equal: u64,
    /// Keys that differ, the first of them.
    pub unequal: Vec<(Difference, Box<[u8]>)>,
    /// The others.
    pub beyond: Counts,
}

impl Outcome {
    fn differs(&mut self, difference: Difference, key: Box<[u8]>) {
        if self.unequal.len() < MOST_UNEQUAL {
            self.unequal.push((difference, key));
        } else {
            self.beyond.add(difference);
        }
    }
}

/// The rows that wait.
#[derive(Debug)]
pub struct Balance {
    waiting: HashMap<Box<[u8]>, (Side, u128)>,
    /// Of them, those of the source.
    of_source: usize,
    /// So many may wait in memory; beyond that all rows go to files, to be compared part by part.
    most: usize,
    spill: Option<Spill>,
    outcome: Outcome,
}

impl Balance {
    /// Nothing waits.
    pub fn new(most: usize) -> Balance {
        Balance { waiting: HashMap::new(), of_source: 0, most, spill: None, outcome: Outcome::default() }
    }

    /// How many rows the source is ahead, by rows that wait in memory; negative where Doris is.
    pub fn lead(&self) -> i64 {
        2 * self.of_source as i64 - self.waiting.len() as i64
    }

    /// Takes a row.
    ///
    /// # Errors
    /// A file cannot be written.
    pub fn take(&mut self, side: Side, row: FormedRow) -> Result<(), Error> {
        if let Some(spill) = &mut self.spill {
            return spill.write(side, &row);
        }
        self.meet(side, row);
        if self.waiting.len() > self.most {
            let mut spill = Spill::new()?;
            for (key, (side, hash)) in self.waiting.drain() {
                spill.write(side, &FormedRow { key, hash })?;
            }
            self.of_source = 0;
            self.spill = Some(spill);
        }
        Ok(())
    }

    fn meet(&mut self, side: Side, row: FormedRow) {
        match self.waiting.entry(row.key) {
            Entry::Vacant(place) => {
                place.insert((side, row.hash));
                self.of_source += usize::from(side == Side::Source);
            }
            // A key twice on one side: two keys of the source that are one in Doris. The second reading says what it comes to.
            Entry::Occupied(mut place) if place.get().0 == side => {
                place.get_mut().1 ^= row.hash.rotate_left(1) | 1;
            }
            Entry::Occupied(place) => {
                let (key, (waited, hash)) = place.remove_entry();
                self.of_source -= usize::from(waited == Side::Source);
                if hash == row.hash {
                    self.outcome.equal += 1;
                } else {
                    self.outcome.differs(Difference::Different, key);
                }
            }
        }
    }

    /// What came out, when both sides have given all.
    ///
    /// # Errors
    /// A file cannot be read.
    pub fn outcome(mut self) -> Result<Outcome, Error> {
        let Some(mut spill) = self.spill.take() else {
            self.settle();
            return Ok(self.outcome);
        };
        for part in 0..Spill::PARTS {
            spill.read(part, &mut |side, row| self.meet(side, row))?;
            self.settle();
        }
        Ok(self.outcome)
    }

    /// What waits now waits in vain.
    fn settle(&mut self) {
        let mut left: Vec<(Box<[u8]>, Side)> = self.waiting.drain().map(|(key, (side, _))| (key, side)).collect();
        self.of_source = 0;
        left.sort_unstable_by(|a, b| a.0.cmp(&b.0));
        for (key, side) in left {
            let difference = if side == Side::Source { Difference::Missing } else { Difference::Surplus };
            self.outcome.differs(difference, key);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use std::collections::BTreeMap;

    fn row(key: u32, value: u128) -> FormedRow {
        FormedRow { key: key.to_le_bytes().into(), hash: value }
    }

    proptest! {
        /// Whatever order rows come in, and however few may wait: what differs is found, and nothing else.
        #[test]
        fn differences_are_found_in_any_order(
            source in prop::collection::btree_map(0_u32..400, 0_u128..3, 0..300),
            target in prop::collection::btree_map(0_u32..400, 0_u128..3, 0..300),
            order in prop::collection::vec(any::<bool>(), 600),
            most in 1_usize..400,
        ) {
            let mut balance = Balance::new(most);
            let (mut a, mut b) = (source.iter(), target.iter());
            for of_source in order.into_iter().chain([true; 300]).chain([false; 300]) {
                let (side, next) = if of_source { (Side::Source, a.next()) } else { (Side::Target, b.next()) };
                if let Some((key, value)) = next {
                    balance.take(side, row(*key, *value)).unwrap();
                }
                let waiting = |of: Side| balance.waiting.values().filter(|(side, _)| *side == of).count() as i64;
                prop_assert_eq!(balance.lead(), waiting(Side::Source) - waiting(Side::Target));
            }
            let outcome = balance.outcome().unwrap();
            let found: BTreeMap<Box<[u8]>, Difference> = outcome.unequal.iter().map(|(how, key)| (key.clone(), *how)).collect();
            let mut expected = BTreeMap::new();
            for key in source.keys().chain(target.keys()) {
                let how = match (source.get(key), target.get(key)) {
                    (Some(a), Some(b)) if a == b => continue,
                    (Some(_), Some(_)) => Difference::Different,
                    (Some(_), None) => Difference::Missing,
                    _ => Difference::Surplus,
                };
                expected.insert(Box::<[u8]>::from(key.to_le_bytes()), how);
            }
            let equal = source.iter().filter(|(key, value)| target.get(key) == Some(value)).count() as u64;
            prop_assert_eq!((found, outcome.equal, outcome.beyond.sum()), (expected, equal, 0));
        }
    }

    #[test]
    fn of_many_differences_the_number_is_kept() {
        let mut balance = Balance::new(1000);
        for key in 0..30_000 {
            balance.take(Side::Target, row(key, 1)).unwrap();
        }
        let outcome = balance.outcome().unwrap();
        assert_eq!(
            (outcome.unequal.len(), outcome.beyond),
            (MOST_UNEQUAL, Counts { surplus: 20_000, ..Counts::default() })
        );
    }
}
