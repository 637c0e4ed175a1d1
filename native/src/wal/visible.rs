//! When others see what a transaction did. It is in the log before that: for a moment, or for as long as the server awaits a standby
//! (`synchronous_standby_names`). Who asks meanwhile is told how things were before.

use crate::error::{Error, Kind};
use crate::snapshot::postgres::server::Session;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How often is looked.
const STEP: Duration = Duration::from_millis(5);

/// For how long. A server takes a reader for dead that says nothing for `wal_sender_timeout`, a minute if nobody has set it.
const LIMIT: Duration = Duration::from_secs(30);

/// Returns when the statements that follow see what that transaction of the log did.
///
/// # Errors
/// [`Kind::Source`]: the server does not answer, or they do not see it in time.
pub async fn wait(session: &Session, transaction: u32) -> Result<(), Error> {
    let until = Instant::now() + LIMIT;
    loop {
        let answer = session.texts("SELECT pg_catalog.txid_current_snapshot()").await?;
        let snapshot = answer.into_iter().flatten().next().flatten().unwrap_or_default();
        let seen = is_seen(&snapshot, transaction).ok_or_else(|| {
            Error::new(Kind::Source, format!("the server's snapshot cannot be read: it is '{snapshot}'"))
        })?;
        if seen {
            return Ok(());
        }
        if Instant::now() >= until {
            let text = format!(
                "the transaction {transaction} is in the server's log, and cannot be seen after {} s: it may await a standby; see synchronous_standby_names, and \
                 whether those named there are up",
                LIMIT.as_secs()
            );
            return Err(Error::new(Kind::Source, text));
        }
        sleep(STEP).await;
    }
}

/// Whether a committed transaction is in a snapshot, which the server writes as `xmin:xmax:xip,…`: all are in it that are before xmax, but those that are named.
/// Numbers in the log begin again after 2³², the snapshot's do not.
fn is_seen(snapshot: &str, transaction: u32) -> Option<bool> {
    let mut parts = snapshot.split(':');
    let (_, end, running) = (parts.next()?, parts.next()?.parse::<u64>().ok()?, parts.next()?);
    let is_before = (transaction.wrapping_sub(end as u32) as i32) < 0;
    let mut running = running.split(',').filter_map(|number| number.parse::<u64>().ok());
    Some(is_before && !running.any(|number| number as u32 == transaction))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transaction_is_seen_that_has_ended() {
        for (snapshot, transaction, seen) in [
            ("7:7:", 6, true),
            ("7:7:", 7, false),
            ("5:9:5,7", 5, false),
            ("5:9:5,7", 6, true),
            ("5:9:5,7", 7, false),
            ("5:9:5,7", 8, true),
            // 2³² + 9, and a number of before and after the last.
            ("4294967300:4294967305:4294967302", 4_294_967_290, true),
            ("4294967300:4294967305:4294967302", 6, false),
            ("4294967300:4294967305:4294967302", 8, true),
            ("4294967300:4294967305:4294967302", 10, false),
            ("4294967290:4294967290:", 3, false),
        ] {
            assert_eq!(is_seen(snapshot, transaction), Some(seen), "{transaction} in {snapshot}");
        }
        assert_eq!((is_seen("", 1), is_seen("1:x:", 1), is_seen("1:2", 1)), (None, None, None));
    }
}
