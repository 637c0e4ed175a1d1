//! How long loads took, counted in buckets that grow with the duration.

/// Buckets: one for each millisecond below 8, then eight for each doubling up to three days; what is longer is in the last.
pub const BUCKETS: usize = 216;

/// Counts by duration; they only grow. Bucket `b` has the milliseconds `b` for `b < 8`, else those from `(8 + b % 8) << (b / 8 - 1)` up to
/// where the next bucket begins: a bucket is at most an eighth as wide as its durations are long.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Latency {
    counts: [u64; BUCKETS],
}

impl Default for Latency {
    fn default() -> Self {
        Latency { counts: [0; BUCKETS] }
    }
}

impl Latency {
    /// Counts a duration.
    pub fn note(&mut self, millis: u64) {
        self.counts[bucket(millis)] += 1;
    }

    /// The counts, by bucket.
    pub fn counts(&self) -> &[u64; BUCKETS] {
        &self.counts
    }
}

fn bucket(millis: u64) -> usize {
    if millis < 8 {
        return millis as usize;
    }
    let doubling = millis.ilog2() as usize;
    let eighth = (millis >> (doubling - 3)) as usize & 7;
    (8 * (doubling - 2) + eighth).min(BUCKETS - 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_bucket_begins_where_the_one_before_ends() {
        let begin =
            |bucket: usize| if bucket < 8 { bucket as u64 } else { (8 + bucket as u64 % 8) << (bucket / 8 - 1) };
        for b in 1..BUCKETS {
            assert_eq!((bucket(begin(b) - 1), bucket(begin(b))), (b - 1, b), "{}", begin(b));
        }
        assert_eq!((bucket(0), bucket(u64::MAX), begin(BUCKETS - 1)), (0, BUCKETS - 1, 15 << 25));
    }

    #[test]
    fn durations_are_counted() {
        let mut latency = Latency::default();
        for millis in [0, 7, 7, 1000, 1023] {
            latency.note(millis);
        }
        let met: Vec<(usize, u64)> =
            latency.counts().iter().copied().enumerate().filter(|(_, count)| *count > 0).collect();
        assert_eq!(met, [(0, 1), (7, 2), (8 * 7 + 7, 2)]);
    }
}
