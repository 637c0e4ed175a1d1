//! The session's time zone as a table of offsets: whose rules they are is the caller's affair.

use crate::error::{Error, Kind};
use crate::row::read::Stamp;
use std::cell::Cell;

/// Offsets from UTC over time.
#[derive(Debug, Clone)]
pub struct Zone {
    /// From when on, in milliseconds since 1970-01-01 in UTC; and the offset in seconds, positive to the east.
    transitions: Box<[(i64, i32)]>,
    /// Where the last offset that was asked for begins and ends, and its milliseconds.
    last: Cell<(i64, i64, i64)>,
}

/// Offsets beyond it are no zone's: `java.time.ZoneOffset` has 18 hours at most.
const MAX_OFFSET: i32 = 18 * 3600;

impl Zone {
    /// UTC.
    pub fn utc() -> Zone {
        Zone { transitions: [].into(), last: Cell::new((i64::MIN, i64::MAX, 0)) }
    }

    /// A zone by its transitions: (milliseconds since 1970-01-01 in UTC, offset in seconds from then on). The first offset
    /// counts for all time before it too, the last for all time after it; no transition at all is UTC.
    ///
    /// # Errors
    /// Transitions out of order, or an offset of more than 18 hours.
    pub fn new(transitions: Vec<(i64, i32)>) -> Result<Zone, Error> {
        let wrong = |text: String| Err(Error::new(Kind::InvalidSpec, text).at("zone"));
        if let Some(pair) = transitions.windows(2).find(|pair| pair[0].0 >= pair[1].0) {
            return wrong(format!("the transition at {} does not come after that at {}", pair[1].0, pair[0].0));
        }
        if let Some((_, offset)) = transitions.iter().find(|(_, offset)| offset.abs() > MAX_OFFSET) {
            return wrong(format!("an offset of {offset} s; a zone is at most {MAX_OFFSET} s away from UTC"));
        }
        // Empty, so that the first question looks it up.
        Ok(Zone { transitions: transitions.into(), last: Cell::new((0, 0, 0)) })
    }

    /// The wall clock at a point in time.
    #[inline(always)]
    pub(super) fn local(&self, stamp: Stamp) -> Stamp {
        let (from, to, offset) = self.last.get();
        let offset = if (from..to).contains(&stamp.millis) { offset } else { self.look_up(stamp.millis) };
        Stamp { millis: stamp.millis.saturating_add(offset), nanos: stamp.nanos }
    }

    #[inline(never)]
    fn look_up(&self, millis: i64) -> i64 {
        let next = self.transitions.partition_point(|(from, _)| *from <= millis);
        let current = self.transitions.get(next.saturating_sub(1));
        let offset = current.map_or(0, |(_, seconds)| i64::from(*seconds) * 1000);
        let from = if next == 0 { i64::MIN } else { current.map_or(i64::MIN, |(from, _)| *from) };
        let to = self.transitions.get(next).map_or(i64::MAX, |(from, _)| *from);
        self.last.set((from, to, offset));
        offset
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(zone: &Zone, millis: i64) -> i64 {
        zone.local(Stamp { millis, nanos: 7 }).millis
    }

    #[test]
    fn each_offset_from_its_transition_on() {
        // America/New_York in 2024, with its local mean time before.
        let hour = 3_600_000;
        let (spring, autumn) = (1_710_054_000_000, 1_730_613_600_000);
        let zone = Zone::new(vec![(-2_717_650_800_000, -18_000), (spring, -14_400), (autumn, -18_000)]).unwrap();
        for _ in 0..2 {
            for (millis, offset) in [
                (i64::from(i32::MIN) * 10_000, -5),
                (0, -5),
                (spring - 1, -5),
                (spring, -4),
                (autumn - 1, -4),
                (autumn, -5),
                (autumn * 2, -5),
                (spring, -4),
            ] {
                assert_eq!(at(&zone, millis), millis + offset * hour, "{millis}");
            }
        }
    }

    #[test]
    fn no_transition_is_utc() {
        for zone in [Zone::utc(), Zone::new(Vec::new()).unwrap()] {
            assert_eq!([at(&zone, 0), at(&zone, i64::MAX), at(&zone, i64::MIN)], [0, i64::MAX, i64::MIN]);
        }
    }

    #[test]
    fn one_offset_is_always() {
        let zone = Zone::new(vec![(0, 19_800)]).unwrap();
        assert_eq!([at(&zone, -1), at(&zone, 0), at(&zone, 1)], [19_799_999, 19_800_000, 19_800_001]);
    }

    #[test]
    fn what_is_no_zone() {
        assert!(Zone::new(vec![(5, 0), (5, 1)]).unwrap_err().to_string().contains("does not come after"));
        assert!(Zone::new(vec![(5, 64_801)]).unwrap_err().to_string().contains("64801"));
    }
}
