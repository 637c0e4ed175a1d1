//! How often a writer in flush mode sends what it has: at each interval, and less often while the servers ask for less or the table gets
//! too many small loads. Each load is a version of every tablet that it touches, and Doris refuses loads (-235) when they come faster than it
//! can merge versions.

use std::time::Duration;

/// Longest interval that pressure or small loads can make; a configured one that is longer stays.
const LONGEST: Duration = Duration::from_secs(60);
/// A load is small if it has less than this part of what a body may have, for each configured interval that it was gathered in.
const SMALL: u64 = 100;
/// So many small loads in a row are a habit.
const HABIT: u32 = 16;
/// A table gets its small loads no faster than one in this time, from all subtasks together.
const APART: Duration = Duration::from_millis(500);

/// What the loader has seen since the writer began.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Seen {
    /// Answers that told of pressure.
    pub pressed: u64,
    /// Loads that succeeded.
    pub loads: u64,
}

/// Rows and bytes of a body, or their limits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Size {
    /// Rows.
    pub rows: u64,
    /// Bytes.
    pub bytes: u64,
}

/// Counts intervals; knows no clock.
#[derive(Debug)]
pub struct Pace {
    interval: Duration,
    subtasks: u32,
    most: u32,
    /// Intervals between two loads, as pressure wants it.
    stretch: u32,
    small_in_a_row: u32,
    elapsed: u32,
    seen: Seen,
}

impl Pace {
    /// For a writer that is told of the end of each `interval`, one of so many.
    pub fn new(interval: Duration, subtasks: u32) -> Pace {
        let most = LONGEST.as_millis() / interval.as_millis().max(1);
        Pace {
            interval,
            subtasks,
            most: most.clamp(1, 1 << 20) as u32,
            stretch: 1,
            small_in_a_row: 0,
            elapsed: 0,
            seen: Seen::default(),
        }
    }

    /// An interval is over: whether the body is to be sent. `waiting`: the loader has as many loads under way as it may, so that one more would
    /// only wait for them as it is, instead of growing.
    pub fn is_due(&mut self, seen: Seen, waiting: bool) -> bool {
        self.elapsed = self.elapsed.saturating_add(1);
        if seen.pressed > self.seen.pressed {
            self.stretch = (self.stretch * 2).min(self.most);
        } else if seen.loads > self.seen.loads {
            self.stretch = (self.stretch / 2).max(1);
        }
        self.seen = seen;
        !waiting && self.elapsed >= self.intervals()
    }

    /// A body is sent because [`Self::is_due`] said so.
    pub fn sent(&mut self, body: Size, most: Size) {
        let intervals = u64::from(self.elapsed.max(1));
        let small = |size: u64, most: u64| size.saturating_mul(SMALL) < most.saturating_mul(intervals);
        self.elapsed = 0;
        self.small_in_a_row = match small(body.rows, most.rows) && small(body.bytes, most.bytes) {
            true => self.small_in_a_row.saturating_add(1),
            false => 0,
        };
    }

    /// The interval that is kept now.
    pub fn interval(&self) -> Duration {
        self.interval * self.intervals()
    }

    fn intervals(&self) -> u32 {
        if self.small_in_a_row < HABIT {
            return self.stretch;
        }
        let apart = APART * self.subtasks.max(1);
        let intervals = apart.as_millis().div_ceil(self.interval.as_millis().max(1));
        self.stretch.max(intervals.min(u128::from(self.most)) as u32)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const FULL: Size = Size { rows: 1_000, bytes: 100_000 };
    const HALF: Size = Size { rows: 500, bytes: 10 };
    const SMALL_ONE: Size = Size { rows: 9, bytes: 999 };

    fn pace(millis: u64, subtasks: u32) -> Pace {
        Pace::new(Duration::from_millis(millis), subtasks)
    }

    fn seen(pressed: u64, loads: u64) -> Seen {
        Seen { pressed, loads }
    }

    #[test]
    fn without_pressure_each_interval_sends() {
        let mut pace = pace(100, 1);
        for loads in 0..100 {
            assert!(pace.is_due(seen(0, loads), false), "{loads}");
            pace.sent(HALF, FULL);
            assert_eq!(pace.interval(), Duration::from_millis(100));
        }
    }

    #[test]
    fn pressure_doubles_the_interval_and_a_load_without_it_halves_it() {
        let mut pace = pace(1000, 1);
        assert!(!pace.is_due(seen(1, 0), false));
        assert_eq!(pace.interval(), Duration::from_secs(2));
        assert!(pace.is_due(seen(1, 0), false), "after two intervals");
        pace.sent(HALF, FULL);
        for pressed in 2..12 {
            pace.is_due(seen(pressed, 0), false);
        }
        assert_eq!(pace.interval(), Duration::from_secs(60), "and no more");
        for (loads, interval) in [(1, 30), (2, 15), (3, 7), (4, 3), (5, 1), (6, 1)] {
            pace.is_due(seen(11, loads), false);
            assert_eq!(pace.interval(), Duration::from_secs(interval), "{loads}");
        }
    }

    #[test]
    fn a_body_grows_while_the_loader_has_enough_to_do() {
        let mut pace = pace(1000, 1);
        for _ in 0..5 {
            assert!(!pace.is_due(seen(0, 0), true));
        }
        assert!(pace.is_due(seen(0, 0), false), "and is sent at the first interval after that");
    }

    #[test]
    fn small_loads_are_rarer_the_more_subtasks_there_are() {
        for (subtasks, millis) in [(1, 500), (8, 4_000), (1_000, 60_000)] {
            let mut pace = pace(100, subtasks);
            for _ in 0..HABIT {
                assert!(pace.is_due(seen(0, 0), false));
                assert_eq!(pace.interval(), Duration::from_millis(100));
                pace.sent(SMALL_ONE, FULL);
            }
            assert_eq!(pace.interval(), Duration::from_millis(millis));
        }
    }

    /// A load that is large only because it was gathered for longer does not end it; one of more rows in an interval does.
    #[test]
    fn small_is_what_an_interval_brings() {
        let mut pace = pace(100, 1);
        for _ in 0..HABIT {
            pace.is_due(seen(0, 0), false);
            pace.sent(SMALL_ONE, FULL);
        }
        let turn = |pace: &mut Pace, body: Size| {
            let due: Vec<bool> = (0..5).map(|_| pace.is_due(seen(0, 0), false)).collect();
            assert_eq!(due, [false, false, false, false, true]);
            pace.sent(body, FULL);
        };
        turn(&mut pace, Size { rows: 49, bytes: 0 });
        turn(&mut pace, Size { rows: 50, bytes: 0 });
        assert_eq!(pace.interval(), Duration::from_millis(100));
    }

    #[test]
    fn an_interval_that_is_longer_than_the_longest_stays() {
        let mut pace = pace(120_000, 1_000);
        for pressed in 1..40 {
            assert!(pace.is_due(seen(pressed, 0), false));
            pace.sent(SMALL_ONE, FULL);
        }
        assert_eq!(pace.interval(), Duration::from_secs(120));
    }
}
