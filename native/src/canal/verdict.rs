//! `database.include` and `table.include`: which names pass.
//!
//! The patterns are Java's, so Java judges; each name once, as long as it is remembered.

use std::collections::HashMap;

/// Names that are remembered; when there are more, all are forgotten.
const MAX_NAMES: usize = 10_000;

/// The answers so far for one pattern.
#[derive(Debug, Default)]
pub struct Verdicts {
    known: HashMap<Box<[u8]>, bool>,
    last: Vec<u8>,
    last_verdict: Option<bool>,
}

impl Verdicts {
    /// Whether `name` passes, or `None` if nobody was asked yet.
    #[inline]
    pub fn get(&mut self, name: &[u8]) -> Option<bool> {
        if self.last_verdict.is_some() && self.last == name {
            return self.last_verdict;
        }
        let verdict = *self.known.get(name)?;
        self.last.clear();
        self.last.extend_from_slice(name);
        self.last_verdict = Some(verdict);
        Some(verdict)
    }

    /// Remembers an answer.
    pub fn set(&mut self, name: &[u8], accepted: bool) {
        if self.known.len() >= MAX_NAMES {
            self.known.clear();
        }
        self.known.insert(name.into(), accepted);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn remembers_and_is_bounded() {
        let mut verdicts = Verdicts::default();
        assert_eq!(verdicts.get(b"a"), None);
        verdicts.set(b"a", true);
        verdicts.set(b"b", false);
        assert_eq!((verdicts.get(b"a"), verdicts.get(b"b"), verdicts.get(b"a")), (Some(true), Some(false), Some(true)));
        for i in 0..MAX_NAMES {
            verdicts.set(i.to_string().as_bytes(), true);
        }
        assert!(verdicts.known.len() <= MAX_NAMES);
    }
}
