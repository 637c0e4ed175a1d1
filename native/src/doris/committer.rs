//! The second phase: commits what a checkpoint has pre-committed.

use super::cluster::{Access, CallError, Cluster, LabelState, Transaction};
use super::loader::Committable;
use crate::error::{Error, Kind};
use std::time::Duration;
use tokio::runtime::Runtime;
use tokio::time::{Instant, sleep, timeout};

/// What came of a commit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Commit {
    /// Its rows are, or will soon be, visible; perhaps since an earlier attempt.
    Done,
    /// Doris could not be asked, or not for long enough: to be tried again.
    Later(String),
    /// The transaction is gone, and its rows with it.
    Lost(String),
}

/// Commits one load after the other.
#[derive(Debug)]
pub struct Committer {
    cluster: Cluster,
    runtime: Runtime,
}

impl Committer {
    /// Connects when first used.
    ///
    /// # Errors
    /// The system gives no event loop.
    pub fn new(access: Access) -> Result<Committer, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
        let runtime = runtime.map_err(|e| Error::new(Kind::Internal, "no event loop for commits").caused_by(e))?;
        Ok(Committer { cluster: Cluster::new(access), runtime })
    }

    /// Commits one load, trying for at most `limit`, or five seconds if that is longer: a commit that is cut off takes effect all the same,
    /// and is asked for by the next attempt.
    pub fn commit(&self, load: &Committable, limit: Duration) -> Commit {
        let ceiling = limit.max(Duration::from_secs(5));
        let settled = self.runtime.block_on(async { timeout(ceiling, self.settle(load, limit)).await });
        settled.unwrap_or_else(|_| Commit::Later(format!("Doris did not answer within {} s", ceiling.as_secs())))
    }

    async fn settle(&self, load: &Committable, limit: Duration) -> Commit {
        let began = Instant::now();
        let mut pause = Duration::from_millis(100);
        loop {
            let reason = match self.once(load).await {
                Commit::Later(reason) => reason,
                settled => return settled,
            };
            if began.elapsed() + pause > limit {
                return Commit::Later(reason);
            }
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }

    async fn once(&self, load: &Committable) -> Commit {
        let transaction = if load.txn > 0 { Transaction::Id(load.txn) } else { Transaction::Label(&load.label) };
        let said = match self.cluster.commit(&load.database, transaction).await {
            Ok(answer) if answer.done => return Commit::Done,
            Ok(answer) => answer.text,
            Err(error) => error.to_string(),
        };
        // Not done, or not heard of: the label's state says which.
        match self.cluster.label_state(&load.database, &load.label).await {
            Ok(LabelState::Visible | LabelState::Committed) => Commit::Done,
            Ok(LabelState::Precommitted | LabelState::Prepare) => Commit::Later(said),
            Ok(LabelState::Aborted) => Commit::Lost(format!("Doris has aborted it: {said}")),
            Ok(LabelState::Unknown) => Commit::Lost(format!("Doris does not know it any more: {said}")),
            Err(CallError::Denied(text)) => Commit::Later(text),
            Err(error) => Commit::Later(format!("{said}; {error}")),
        }
    }
}
