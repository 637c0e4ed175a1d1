//! Names of loads. A label is known to Doris for hours, and a second load under it is refused, so a label must never stand for two
//! bodies; and after a crash the open loads of before must be found by their labels alone.
//!
//! `{prefix}_{sink}_{job}_{checkpoint}_{subtask}_{run}_{sequence}`. The checkpoint is the one restored from (0: none). A run is one life
//! of the writer after that checkpoint; its number is the first that Doris knows nothing of, and its first load goes alone, so that of two
//! writers that chose the same number only one gets it. The sequence counts the run's loads from 0.

use serde::{Deserialize, Serialize};

/// What is the same in all labels of a subtask from one restore to the next.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Stem {
    /// The user's `sink.label-prefix` or a default, then the table.
    pub prefix: String,
    /// Tells sinks of one job apart.
    pub sink: String,
    /// Flink's job id.
    pub job: String,
    /// The checkpoint that the job was restored from; 0 for none.
    pub restored: u64,
    /// Index of the subtask.
    pub subtask: u32,
}

/// A label has at most 128 characters; the numbers at its end need up to 64 of them.
const LONGEST_PREFIX: usize = 36;
const LONGEST_ID: usize = 16;

impl Stem {
    /// The label of a load.
    pub fn label(&self, run: u32, sequence: u64) -> String {
        let prefix = legal(&self.prefix, LONGEST_PREFIX);
        let (sink, job) = (legal(&self.sink, LONGEST_ID), legal(&self.job, LONGEST_ID));
        format!("{prefix}_{sink}_{job}_{}_{}_{run}_{sequence}", self.restored, self.subtask)
    }
}

/// The text as a part of a label: Doris allows `[-_A-Za-z0-9:]`.
fn legal(text: &str, longest: usize) -> String {
    let legal = |c: char| if c.is_ascii_alphanumeric() || "-_:".contains(c) { c } else { '_' };
    text.chars().take(longest).map(legal).collect()
}

/// What a checkpoint keeps of a subtask's labels: where a successor begins to look for loads that the checkpoint does not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LabelState {
    /// Of the writer that made the checkpoint.
    pub stem: Stem,
    /// Its run; none if it has not sent anything.
    pub run: Option<u32>,
    /// The run's first sequence number that was not used yet.
    pub next: u64,
}

/// Labels `from` and beyond of a run that nobody owns any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Abandoned {
    /// Their stem.
    pub stem: Stem,
    /// The first run.
    pub run: u32,
    /// The first sequence number in that run; later runs from 0.
    pub from: u64,
}

/// Where this writer has to look for what crashes left behind: after each state that it was given, and in the runs since the restored
/// checkpoint. `subtasks` is the sink's parallelism now; what belongs to a subtask that lives is that subtask's own affair.
pub fn abandoned(now: &Stem, subtasks: u32, restored: &[LabelState]) -> Vec<Abandoned> {
    let mut found = vec![Abandoned { stem: now.clone(), run: 0, from: 0 }];
    for state in restored {
        found.push(Abandoned { stem: state.stem.clone(), run: state.run.unwrap_or(0), from: state.next });
        let since = Stem { restored: now.restored, ..state.stem.clone() };
        let lives = since.job == now.job && since.sink == now.sink && since.subtask < subtasks;
        if !lives && since != state.stem {
            found.push(Abandoned { stem: since, run: 0, from: 0 });
        }
    }
    found.dedup();
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    fn stem(job: &str, restored: u64, subtask: u32) -> Stem {
        Stem { prefix: "p_shop.orders".into(), sink: "0badcafe".into(), job: job.into(), restored, subtask }
    }

    #[test]
    fn labels_are_legal_whatever_the_names_are() {
        assert_eq!(stem("a1", 7, 3).label(1, 9), "p_shop_orders_0badcafe_a1_7_3_1_9");
        let mut long = stem(&"f".repeat(32), u64::MAX, u32::MAX);
        long.prefix = "\u{8BA2}\u{5355} ".repeat(60);
        let label = long.label(u32::MAX, u64::MAX);
        assert!(
            label.len() <= 128 && label.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_:".contains(&b)),
            "{label}"
        );
    }

    #[test]
    fn a_first_start_looks_at_its_own_labels_only() {
        assert_eq!(abandoned(&stem("a", 0, 1), 2, &[]), [Abandoned { stem: stem("a", 0, 1), run: 0, from: 0 }]);
    }

    #[test]
    fn after_a_failure_the_loads_behind_the_checkpoint_are_looked_for() {
        let state = LabelState { stem: stem("a", 0, 1), run: Some(2), next: 17 };
        let expected = [
            Abandoned { stem: stem("a", 5, 1), run: 0, from: 0 },
            Abandoned { stem: stem("a", 0, 1), run: 2, from: 17 },
        ];
        assert_eq!(abandoned(&stem("a", 5, 1), 2, &[state]), expected);
    }

    /// Subtask 3 is no more, so whoever got its state looks after its labels; subtask 1 lives and does so itself.
    #[test]
    fn after_a_rescale_each_label_has_one_who_looks_for_it() {
        let gone = LabelState { stem: stem("a", 0, 3), run: Some(0), next: 4 };
        let lives = LabelState { stem: stem("a", 0, 1), run: Some(0), next: 2 };
        let expected = [
            Abandoned { stem: stem("a", 5, 0), run: 0, from: 0 },
            Abandoned { stem: stem("a", 0, 3), run: 0, from: 4 },
            Abandoned { stem: stem("a", 5, 3), run: 0, from: 0 },
            Abandoned { stem: stem("a", 0, 1), run: 0, from: 2 },
        ];
        assert_eq!(abandoned(&stem("a", 5, 0), 2, &[gone, lives]), expected);
    }

    #[test]
    fn a_new_job_looks_for_what_the_old_one_left_too() {
        let state = LabelState { stem: stem("old", 0, 0), run: Some(0), next: 4 };
        let expected = [
            Abandoned { stem: stem("new", 5, 0), run: 0, from: 0 },
            Abandoned { stem: stem("old", 0, 0), run: 0, from: 4 },
            Abandoned { stem: stem("old", 5, 0), run: 0, from: 0 },
        ];
        assert_eq!(abandoned(&stem("new", 5, 0), 1, &[state]), expected);
    }
}
