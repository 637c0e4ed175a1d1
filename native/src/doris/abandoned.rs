//! Aborts the open loads that a crash left behind. They would end by themselves an hour later, but until then they hold up every
//! schema change of their table.

use super::cluster::{CallError, Cluster, LabelState, Transaction};
use super::label::Abandoned;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cleared {
    /// Labels that were open and are aborted.
    pub aborted: Vec<String>,
    /// The first run of the first range that Doris knows nothing of.
    pub unused_run: u32,
}

/// Goes through ranges of labels, each until Doris does not know `gap` of them in a row: so many loads were in flight at once.
///
/// # Errors
/// Doris could not be asked for as long as `patience`.
pub async fn clear(
    cluster: &Cluster,
    database: &str,
    ranges: &[Abandoned],
    gap: u64,
    patience: Duration,
) -> Result<Cleared, CallError> {
    let mut search = Search { cluster, database, gap, patience, aborted: Vec::new() };
    let mut unused_run = None;
    for range in ranges {
        let (mut run, mut from) = (range.run, range.from);
        // Behind a checkpoint nothing need be left of its own run, and there may still be a later one.
        while search.run(range, run, from).await? || from > 0 {
            run += 1;
            from = 0;
        }
        unused_run.get_or_insert(run);
    }
    Ok(Cleared { aborted: search.aborted, unused_run: unused_run.unwrap_or(0) })
}

struct Search<'a> {
    cluster: &'a Cluster,
    database: &'a str,
    gap: u64,
    patience: Duration,
    aborted: Vec<String>,
}

impl Search<'_> {
    /// Whether Doris knows anything of this run from there on.
    async fn run(&mut self, range: &Abandoned, run: u32, from: u64) -> Result<bool, CallError> {
        let (mut known, mut unknown_in_a_row, mut sequence) = (false, 0, from);
        // A run begins with one load alone: without it there is none.
        let gap = if from == 0 { 1 } else { self.gap };
        while unknown_in_a_row < if known { self.gap } else { gap } {
            let label = range.stem.label(run, sequence);
            match self.state(&label).await? {
                LabelState::Unknown => unknown_in_a_row += 1,
                state => {
                    known = true;
                    unknown_in_a_row = 0;
                    if matches!(state, LabelState::Prepare | LabelState::Precommitted) {
                        self.abort(label).await?;
                    }
                }
            }
            sequence += 1;
        }
        Ok(known)
    }

    async fn abort(&mut self, label: String) -> Result<(), CallError> {
        let began = Instant::now();
        loop {
            let answer = self.cluster.abort(self.database, Transaction::Label(&label)).await;
            match self.state(&label).await? {
                LabelState::Prepare | LabelState::Precommitted if began.elapsed() < self.patience => {
                    sleep(Duration::from_millis(200)).await;
                }
                LabelState::Prepare | LabelState::Precommitted => {
                    let why = answer.map_or_else(|e| e.to_string(), |answer| answer.text);
                    return Err(CallError::Refused(format!(
                        "load {label} of an earlier run is open and cannot be aborted: {why}; it holds up schema changes of its table"
                    )));
                }
                _ => {
                    self.aborted.push(label);
                    return Ok(());
                }
            }
        }
    }

    async fn state(&self, label: &str) -> Result<LabelState, CallError> {
        let began = Instant::now();
        let mut pause = Duration::from_millis(100);
        loop {
            match self.cluster.label_state(self.database, label).await {
                Err(CallError::NoAnswer(_)) if began.elapsed() < self.patience => {}
                other => return other,
            }
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }
}
