//! Sets of MySQL's global transaction identifiers.

use crate::error::{Error, Kind};
use mysql_async::{GnoInterval, Sid};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// Transactions, by the server that they come from. Its text is the server's: `uuid:1-5:7,uuid:1`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct GtidSet {
    /// First and last numbers, in order, none next to another.
    sources: BTreeMap<[u8; 16], Vec<(u64, u64)>>,
}

impl GtidSet {
    /// Reads the server's text.
    ///
    /// # Errors
    /// [`Kind::Source`]: it is none, or its identifiers have tags.
    pub fn parse(text: &str) -> Result<GtidSet, Error> {
        let wrong = || {
            Error::new(
                Kind::Source,
                format!("`{text}` is no set of transactions that can be followed (tags, `uuid:tag:1`, cannot)"),
            )
        };
        let mut set = GtidSet::default();
        for source in text.split(',').map(str::trim).filter(|source| !source.is_empty()) {
            let mut parts = source.split(':').map(str::trim);
            let uuid = parts.next().and_then(uuid).ok_or_else(wrong)?;
            for interval in parts {
                let (first, last) = interval.split_once('-').unwrap_or((interval, interval));
                let (Ok(first), Ok(last)) = (first.parse(), last.parse()) else { return Err(wrong()) };
                set.add_all(uuid, first, last);
            }
        }
        Ok(set)
    }

    /// Adds one transaction.
    pub fn add(&mut self, source: [u8; 16], number: u64) {
        self.add_all(source, number, number);
    }

    fn add_all(&mut self, source: [u8; 16], first: u64, last: u64) {
        let intervals = self.sources.entry(source).or_default();
        // Mostly the next one of the last.
        if let Some(end) = intervals.last_mut()
            && end.1 + 1 == first
        {
            end.1 = last;
            return;
        }
        intervals.push((first, last));
        intervals.sort_unstable();
        let mut joined: Vec<(u64, u64)> = Vec::with_capacity(intervals.len());
        for (first, last) in intervals.drain(..) {
            match joined.last_mut() {
                Some(before) if first <= before.1.saturating_add(1) => before.1 = before.1.max(last),
                _ => joined.push((first, last)),
            }
        }
        *intervals = joined;
    }

    /// Whether it has no transaction.
    pub fn is_empty(&self) -> bool {
        self.sources.is_empty()
    }

    /// Whether all transactions of another set are in it.
    pub fn has_all(&self, other: &GtidSet) -> bool {
        other.without(self).is_empty()
    }

    /// Its transactions that are not in another set.
    pub fn without(&self, other: &GtidSet) -> GtidSet {
        let mut rest = GtidSet::default();
        for (source, mine) in &self.sources {
            let theirs = other.sources.get(source).map_or(&[][..], Vec::as_slice);
            for (first, last) in mine {
                let mut from = *first;
                for (begin, end) in theirs.iter().filter(|(begin, end)| begin <= last && end >= first) {
                    if from < *begin {
                        rest.add_all(*source, from, begin - 1);
                    }
                    from = end + 1;
                }
                if from <= *last {
                    rest.add_all(*source, from, *last);
                }
            }
        }
        rest
    }

    /// As a request for the log has it.
    pub(super) fn sids(&self) -> Vec<Sid<'static>> {
        let sid = |(source, intervals): (&[u8; 16], &Vec<(u64, u64)>)| {
            Sid::new(*source)
                .with_intervals(intervals.iter().map(|(first, last)| GnoInterval::new(*first, last + 1)).collect())
        };
        self.sources.iter().map(sid).collect()
    }
}

impl fmt::Display for GtidSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (i, (source, intervals)) in self.sources.iter().enumerate() {
            if i > 0 {
                f.write_str(",")?;
            }
            for (at, byte) in source.iter().enumerate() {
                write!(f, "{}{byte:02x}", if matches!(at, 4 | 6 | 8 | 10) { "-" } else { "" })?;
            }
            for (first, last) in intervals {
                if first == last { write!(f, ":{first}")? } else { write!(f, ":{first}-{last}")? }
            }
        }
        Ok(())
    }
}

impl TryFrom<String> for GtidSet {
    type Error = Error;

    fn try_from(text: String) -> Result<GtidSet, Error> {
        GtidSet::parse(&text)
    }
}

impl From<GtidSet> for String {
    fn from(set: GtidSet) -> String {
        set.to_string()
    }
}

fn uuid(text: &str) -> Option<[u8; 16]> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b'-').collect();
    let digits: &[u8; 32] = digits.as_slice().try_into().ok()?;
    let mut uuid = [0; 16];
    for (byte, pair) in uuid.iter_mut().zip(digits.chunks_exact(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(uuid)
}

#[cfg(test)]
mod tests {
    use super::*;

    const A: &str = "3e11fa47-71ca-11e1-9e33-c80aa9429562";
    const B: &str = "4e11fa47-71ca-11e1-9e33-c80aa9429562";

    #[test]
    fn intervals_that_meet_are_one() {
        let mut set = GtidSet::parse(&format!("{B}:4,\n{A}:1-3:7-9:11")).unwrap();
        assert_eq!(set.to_string(), format!("{A}:1-3:7-9:11,{B}:4"));
        for number in [4, 6, 10, 5, 5, 12] {
            set.add(uuid(A).unwrap(), number);
        }
        set.add(uuid(B).unwrap(), 2);
        assert_eq!(set.to_string(), format!("{A}:1-12,{B}:2:4"));
        assert_eq!(set.sids()[1].intervals().len(), 2);
        assert!(GtidSet::parse("").unwrap().is_empty());
    }

    #[test]
    fn a_set_with_all_of_another() {
        let set = |text: String| GtidSet::parse(&text).unwrap();
        let mine = set(format!("{A}:1-7:9-12,{B}:1"));
        for part in [String::new(), format!("{A}:1-7"), format!("{A}:2:10-12,{B}:1")] {
            assert!(mine.has_all(&set(part.clone())), "{part}");
        }
        for other in [format!("{A}:1-8"), format!("{A}:8"), format!("{B}:1-2")] {
            assert!(!mine.has_all(&set(other.clone())), "{other}");
        }
    }

    #[test]
    fn what_another_set_lacks() {
        let set = |text: String| GtidSet::parse(&text).unwrap();
        let mine = set(format!("{A}:1-7:9-12,{B}:1"));
        for (other, rest) in [
            (String::new(), format!("{A}:1-7:9-12,{B}:1")),
            (format!("{A}:1-20"), format!("{B}:1")),
            (format!("{A}:3-4:6-10,{B}:1-5"), format!("{A}:1-2:5:11-12")),
            (format!("{A}:2-7:9-11:13,{B}:2"), format!("{A}:1:12,{B}:1")),
            (format!("{A}:1-12,{B}:1"), String::new()),
        ] {
            assert_eq!(mine.without(&set(other.clone())).to_string(), rest, "{other}");
        }
    }

    #[test]
    fn what_is_no_set() {
        for text in ["x:1", "3e11fa47-71ca:1", &format!("{A}:tag:1"), &format!("{A}:1-")] {
            assert!(GtidSet::parse(text).unwrap_err().to_string().contains("no set of transactions"), "{text}");
        }
    }
}
