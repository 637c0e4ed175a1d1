//! A server that is away for a while: it is restarted, or another one takes its place. A job that reads it waits, as one that writes to Doris does (`load.patience`).

use crate::error::{Error, Retry};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Between two tries.
const STEP: Duration = Duration::from_millis(500);

/// Connects to a server that was there before, and is tried for as long as `patience`.
///
/// # Errors
/// As the last try has them: of one that does not let the user in, at once.
pub async fn patiently<T, F: Future<Output = Result<T, Error>>>(
    patience: Duration,
    connect: impl Fn() -> F,
) -> Result<T, Error> {
    let until = Instant::now() + patience;
    loop {
        match connect().await {
            Err(e) if e.retry() == Retry::Later && Instant::now() < until => sleep(STEP).await,
            done => return done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::Kind;
    use crate::snapshot::server;
    use std::cell::Cell;

    /// How often is tried, and what comes of it, where the first tries fail.
    fn tried(patience: Duration, failing: usize, retry: Retry) -> (usize, bool) {
        let tries = Cell::new(0);
        let connected = server::ask(patiently(patience, || async {
            tries.set(tries.get() + 1);
            if tries.get() > failing {
                return Ok(());
            }
            Err(Error::new(Kind::Source, "not there").retried(retry))
        }));
        (tries.get(), connected.is_ok())
    }

    #[test]
    fn a_server_that_comes_again_is_awaited() {
        assert_eq!(tried(Duration::from_secs(60), 2, Retry::Later), (3, true));
    }

    #[test]
    fn it_is_awaited_for_so_long() {
        assert_eq!(tried(Duration::ZERO, 2, Retry::Later), (1, false));
    }

    #[test]
    fn what_fails_again_in_the_same_way_is_said_at_once() {
        assert_eq!(tried(Duration::from_secs(60), 2, Retry::Never), (1, false));
    }
}
