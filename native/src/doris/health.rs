//! Servers that failed lately: they are left out for a while, and for longer each time.

use super::http::Authority;
use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// For how long a server is left out after its first failure; doubled by each further one.
const FIRST: Duration = Duration::from_secs(1);
/// The longest that a server is left out.
const LONGEST: Duration = Duration::from_secs(60);

/// What is known of servers that failed. One that answers is forgotten.
#[derive(Debug, Default)]
pub struct Health {
    failing: Mutex<HashMap<Authority, Failing>>,
}

#[derive(Debug, Clone, Copy)]
struct Failing {
    pause: Duration,
    until: Instant,
}

impl Health {
    /// It could not be reached, or broke off.
    pub fn failed(&self, server: &Authority, now: Instant) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        let pause = failing.get(server).map_or(FIRST, |last| (last.pause * 2).min(LONGEST));
        failing.insert(server.clone(), Failing { pause, until: now + pause });
        // Those that are gone for good are never asked again, so nothing else would remove them.
        failing.retain(|_, failing| now < failing.until + 10 * LONGEST);
    }

    /// It answered, whatever it said.
    pub fn answered(&self, server: &Authority) {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner).remove(server);
    }

    /// Whether another one is to be preferred.
    pub fn is_left_out(&self, server: &Authority, now: Instant) -> bool {
        let failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        failing.get(server).is_some_and(|failing| now < failing.until)
    }

    /// The servers from `first` on in turn, those that are left out at the end: the one that will be back soonest before the others, as none
    /// may be left but these.
    pub fn in_turn(&self, servers: &[Authority], first: usize, now: Instant) -> Vec<Authority> {
        let first = first % servers.len().max(1);
        let mut turn: Vec<Authority> = servers[first..].iter().chain(&servers[..first]).cloned().collect();
        let failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        turn.sort_by_key(|server| failing.get(server).map(|failing| failing.until).filter(|until| now < *until));
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn server(port: u16) -> Authority {
        Authority { host: "be".into(), port }
    }

    fn ports(health: &Health, first: usize, now: Instant) -> Vec<u16> {
        health.in_turn(&[server(1), server(2), server(3)], first, now).iter().map(|server| server.port).collect()
    }

    #[test]
    fn all_are_asked_in_turn() {
        let (health, now) = (Health::default(), Instant::now());
        assert_eq!((ports(&health, 0, now), ports(&health, 4, now)), (vec![1, 2, 3], vec![2, 3, 1]));
        assert_eq!(health.in_turn(&[], 5, now), []);
    }

    #[test]
    fn one_that_failed_is_left_out_for_longer_each_time() {
        let (health, start) = (Health::default(), Instant::now());
        let mut now = start;
        for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
            health.failed(&server(1), now);
            assert_eq!(ports(&health, 0, now), [2, 3, 1], "{seconds}");
            assert!(health.is_left_out(&server(1), now + Duration::from_millis(seconds * 1000 - 1)));
            now += Duration::from_secs(seconds);
            assert_eq!(ports(&health, 0, now), [1, 2, 3], "{seconds}");
        }
        health.failed(&server(1), now);
        health.answered(&server(1));
        assert_eq!(ports(&health, 0, now), [1, 2, 3]);
        health.failed(&server(1), now);
        assert!(!health.is_left_out(&server(1), now + FIRST), "the next failure is a first one again");
    }

    #[test]
    fn where_all_failed_the_one_that_is_back_soonest_comes_first() {
        let (health, now) = (Health::default(), Instant::now());
        health.failed(&server(1), now);
        health.failed(&server(1), now);
        health.failed(&server(3), now);
        health.failed(&server(2), now + Duration::from_millis(1));
        assert_eq!(ports(&health, 0, now), [3, 2, 1]);
    }
}
