//! From where on the log has what the tables do not show yet. A commit is in the log before others see its rows: for a moment, or for as long as it waits for a
//! semi-synchronous replica (`AFTER_SYNC`). A job that took the log's end for its beginning, and read the tables then, would have such a commit from neither.
//!
//! Where MySQL numbers its transactions (`gtid_mode = ON`) this is not asked: the numbers that it gives are those of commits that can be seen. MariaDB says where the log stands for
//! who reads now. A MySQL without numbers says neither, so it is waited until no commit waits that was in the log.

use crate::error::{Error, Kind};
use crate::snapshot::mysql::server::texts;
use mysql_async::Conn;
use std::collections::HashMap;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Between two looks.
const STEP: Duration = Duration::from_millis(200);

/// For how long commits are awaited. A server waits ten seconds for a replica if nobody has set `rpl_semi_sync_source_timeout`.
const LIMIT: Duration = Duration::from_secs(60);

/// So many looks one after the other have to see nobody wait: a commit may be on its way from the log to where it waits.
const QUIET: u32 = 5;

/// Groups of commits that may be between the log and what others see: one waits, one has the disk, one stands behind each of them. When one more has been waited for since, all of them are through.
const GROUPS: u64 = 5;

/// File and offset up to which the log's commits can be seen now, where the server tells it: MariaDB, and Percona Server.
///
/// # Errors
/// [`Kind::Source`]: the server does not answer.
pub async fn place(conn: &mut Conn) -> Result<Option<(String, u64)>, Error> {
    const STATUS: &str = "SHOW STATUS LIKE 'Binlog_snapshot_%'";
    if texts(conn, STATUS).await?.is_empty() {
        return Ok(None);
    }
    texts(conn, "START TRANSACTION WITH CONSISTENT SNAPSHOT").await?;
    let found = named(texts(conn, STATUS).await?);
    texts(conn, "COMMIT").await?;
    let file = found.get("binlog_snapshot_file").filter(|file| !file.is_empty());
    let offset = found.get("binlog_snapshot_position").and_then(|offset| offset.parse().ok());
    Ok(file.cloned().zip(offset))
}

/// Returns when all commits can be seen that are in the log now.
///
/// # Errors
/// [`Kind::Source`]: the server does not answer, or they wait for too long, with the remedy.
pub async fn wait(conn: &mut Conn) -> Result<(), Error> {
    let variables = named(texts(conn, "SHOW GLOBAL VARIABLES").await?);
    let Some(first) = look(conn, &variables).await? else { return Ok(()) };
    let mut commits = Commits::since(&first, is_on(&variables, "binlog_order_commits"));
    let until = Instant::now() + LIMIT;
    loop {
        sleep(STEP).await;
        let Some(now) = look(conn, &variables).await? else { return Ok(()) };
        if commits.are_seen(&now) {
            return Ok(());
        }
        if Instant::now() >= until {
            return Err(Error::new(Kind::Source, too_long()));
        }
    }
}

/// That commits wait for a replica: what it means, and what helps.
#[cold]
fn too_long() -> String {
    format!(
        "commits have been waiting for a semi-synchronous replica for {} s (Rpl_semi_sync_source_wait_sessions): they are in the binary log, and their rows cannot be read yet, so a job that \
         began now would miss them; see that the replicas answer, or set gtid_mode = ON, with which the job need not wait",
        LIMIT.as_secs()
    )
}

/// Whether commits of a server wait for a replica between the log and what others see; its variables' names are in lower case.
pub fn waits_for_replicas(variables: &HashMap<String, String>) -> bool {
    // `source` from 8.0.26 on, if that plugin is loaded.
    ["master", "source"].iter().any(|role| {
        is_on(variables, &format!("rpl_semi_sync_{role}_enabled"))
            && variables.get(&format!("rpl_semi_sync_{role}_wait_point")).is_some_and(|point| point == "AFTER_SYNC")
    })
}

fn is_on(variables: &HashMap<String, String>, name: &str) -> bool {
    variables.get(name).is_some_and(|value| value.eq_ignore_ascii_case("ON") || value == "1")
}

/// What a server counts of its commits' waits.
#[derive(Debug, Default)]
struct Look {
    /// Groups of commits that wait.
    waiting: u64,
    /// Those that have waited until a replica answered, since the server was started.
    waited: u64,
}

/// None where commits never wait.
async fn look(conn: &mut Conn, variables: &HashMap<String, String>) -> Result<Option<Look>, Error> {
    if !waits_for_replicas(variables) {
        return Ok(None);
    }
    let status = named(texts(conn, "SHOW GLOBAL STATUS LIKE 'Rpl_semi_sync_%'").await?);
    let sum = |what: &str| {
        let of = |role| status.get(&format!("rpl_semi_sync_{role}_{what}")).and_then(|count| count.parse::<u64>().ok());
        of("master").unwrap_or(0) + of("source").unwrap_or(0)
    };
    Ok(Some(Look { waiting: sum("wait_sessions"), waited: sum("tx_waits") }))
}

/// Rows of a name and a value.
fn named(rows: Vec<Vec<Option<String>>>) -> HashMap<String, String> {
    let pair = |row: Vec<Option<String>>| match <[Option<String>; 2]>::try_from(row) {
        Ok([Some(name), value]) => Some((name.to_lowercase(), value.unwrap_or_default())),
        _ => None,
    };
    rows.into_iter().filter_map(pair).collect()
}

/// The commits that were in the log at a moment, followed by looks at the server since.
struct Commits {
    /// What had been waited for then.
    waited: u64,
    /// Looks since anybody waited.
    quiet: u32,
    /// Whether commits are seen in the log's order.
    in_order: bool,
}

impl Commits {
    fn since(first: &Look, in_order: bool) -> Commits {
        Commits { waited: first.waited, quiet: 0, in_order }
    }

    /// Whether others see all of them by now.
    fn are_seen(&mut self, now: &Look) -> bool {
        self.quiet = if now.waiting == 0 { self.quiet + 1 } else { 0 };
        // Where somebody waits at each look, but never the same for long.
        let are_others = self.in_order && now.waited.saturating_sub(self.waited) >= GROUPS;
        self.quiet >= QUIET || are_others
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen_after(in_order: bool, looks: &[(u64, u64)]) -> Option<usize> {
        let look = |&(waiting, waited): &(u64, u64)| Look { waiting, waited };
        let mut commits = Commits::since(&look(&looks[0]), in_order);
        looks[1..].iter().position(|one| commits.are_seen(&look(one))).map(|place| place + 1)
    }

    #[test]
    fn a_server_on_which_nobody_waits_is_looked_at_for_a_second() {
        assert_eq!(seen_after(true, &[(0, 7); 9]), Some(5));
        assert_eq!(QUIET * STEP.as_millis() as u32, 1000);
    }

    #[test]
    fn a_commit_that_waits_is_awaited() {
        assert_eq!(seen_after(true, &[(1, 7); 200]), None);
        assert_eq!(
            seen_after(true, &[(1, 7), (1, 7), (0, 7), (1, 7), (0, 8), (0, 8), (0, 8), (0, 8), (0, 8)]),
            Some(8)
        );
    }

    #[test]
    fn where_always_one_waits_those_count_that_have_waited_since() {
        let busy: Vec<(u64, u64)> = (0..20).map(|n| (1, 100 + 2 * n)).collect();
        assert_eq!(seen_after(true, &busy), Some(3));
        // In any order they say nothing of those that were there.
        assert_eq!(seen_after(false, &busy), None);
    }

    #[test]
    fn commits_wait_where_replicas_are_semi_synchronous() {
        let server = |variables: &[(&str, &str)]| {
            waits_for_replicas(&variables.iter().map(|(name, value)| (name.to_string(), value.to_string())).collect())
        };
        for role in ["master", "source"] {
            let (enabled, point) =
                (format!("rpl_semi_sync_{role}_enabled"), format!("rpl_semi_sync_{role}_wait_point"));
            assert!(server(&[(&enabled, "ON"), (&point, "AFTER_SYNC")]));
            assert!(!server(&[(&enabled, "OFF"), (&point, "AFTER_SYNC")]));
            // Others see it before it waits.
            assert!(!server(&[(&enabled, "ON"), (&point, "AFTER_COMMIT")]));
        }
        assert!(!server(&[]));
    }
}
