//! The zone that the server reads its clock in, as the server itself has it: TIMESTAMP is in UTC in the log, and in that zone for who selects it.

use crate::error::Error;
use crate::snapshot::mysql::server::texts;
use mysql_async::Conn;

/// Between two times that are asked about, in seconds: no zone has changed twice within.
const GRID: i64 = 7 * 86_400;

/// The last second of a TIMESTAMP, with four bytes.
const LAST: i64 = u32::MAX as i64;

/// Times that are asked about at once.
const AT_ONCE: usize = 500;

/// Seconds that the clock is ahead of UTC, from when on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Zone {
    changes: Vec<(i64, i64)>,
}

impl Zone {
    /// A zone that never changes.
    pub fn fixed(ahead: i64) -> Zone {
        Zone { changes: vec![(0, ahead)] }
    }

    /// Seconds since 1970 on the server's clock.
    pub fn local(&self, utc: i64) -> i64 {
        let at = self.changes.partition_point(|(from, _)| *from <= utc);
        utc + self.changes[at.saturating_sub(1)].1
    }

    /// Asks the server for the zone of the session: a grid of times first, then where between two of them the clock was changed.
    ///
    /// # Errors
    /// The server does not answer.
    pub async fn ask(conn: &mut Conn) -> Result<Zone, Error> {
        let grid: Vec<i64> = (0..=LAST / GRID).map(|i| i * GRID).collect();
        let ahead = ahead(conn, &grid).await?;
        let mut changes = vec![(0, ahead[0].unwrap_or(0))];
        // Both ends of where a change is, and what the clock was ahead at the end.
        let mut open: Vec<(i64, i64, i64)> = Vec::new();
        for (pair, times) in ahead.windows(2).zip(grid.windows(2)) {
            if let [Some(before), Some(after)] = pair
                && before != after
            {
                open.push((times[0], times[1], *after));
            }
        }
        while open.iter().any(|(from, to, _)| to - from > 1) {
            let middles: Vec<i64> = open.iter().map(|(from, to, _)| (from + to) / 2).collect();
            let answers = self::ahead(conn, &middles).await?;
            for ((bounds, middle), answer) in open.iter_mut().zip(middles).zip(answers) {
                if answer == Some(bounds.2) { bounds.1 = middle } else { bounds.0 = middle }
            }
        }
        changes.extend(open.into_iter().map(|(_, from, ahead)| (from, ahead)));
        Ok(Zone { changes })
    }
}

/// Seconds that the server's clock is ahead of UTC at each of the times; None of one that it has no TIMESTAMP for.
async fn ahead(conn: &mut Conn, times: &[i64]) -> Result<Vec<Option<i64>>, Error> {
    let mut all = Vec::with_capacity(times.len());
    for times in times.chunks(AT_ONCE) {
        let asked: Vec<String> = times
            .iter()
            .map(|time| format!("TIMESTAMPDIFF(SECOND, '1970-01-01', FROM_UNIXTIME({time})) - {time}"))
            .collect();
        let row = texts(conn, &format!("SELECT {}", asked.join(", "))).await?.into_iter().next().unwrap_or_default();
        all.extend((0..times.len()).map(|i| row.get(i)?.as_ref()?.parse::<i64>().ok()));
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_clock_jumps_at_a_change() {
        let zone = Zone { changes: vec![(0, 3600), (1000, 7200), (2000, 3600)] };
        let local: Vec<i64> = [0, 999, 1000, 1999, 2000, 1 << 32].map(|utc| zone.local(utc) - utc).into();
        assert_eq!(local, [3600, 3600, 7200, 7200, 3600, 3600]);
        assert_eq!(Zone::fixed(-60).local(0), -60);
    }
}
