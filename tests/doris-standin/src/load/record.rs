//! What came of every load, for tests that prove that each row is there exactly once.

use super::rows::Counts;
use crate::json::Json;
use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

/// One load as a back end saw it.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct LoadRecord {
    pub label: String,
    pub txn: Option<u64>,
    pub database: String,
    pub table: String,
    pub backend: u64,
    /// `Status` of the reply, or the name of the fault that kept the reply back.
    pub status: String,
    /// `Message` of the reply.
    pub message: String,
    pub counts: Counts,
    pub bytes: u64,
}

/// All loads since the start, or since the admin call that forgets them.
#[derive(Debug, Default)]
pub struct LoadRecords {
    kept: Mutex<Kept>,
}

#[derive(Debug, Default)]
struct Kept {
    loads: Vec<LoadRecord>,
    totals: BTreeMap<String, u64>,
    discarded: Counts,
    discarded_bytes: u64,
}

/// How many loads are kept in full; all are counted.
const KEPT: usize = 100_000;

impl LoadRecords {
    fn lock(&self) -> std::sync::MutexGuard<'_, Kept> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds a load.
    pub fn add(&self, load: LoadRecord, discarding: bool) {
        let mut kept = self.lock();
        for (name, n) in [
            ("loads".to_owned(), 1),
            (format!("loads.{}", load.status), 1),
            ("rows.total".to_owned(), load.counts.total),
            ("rows.loaded".to_owned(), load.counts.loaded),
            ("rows.filtered".to_owned(), load.counts.filtered),
            ("rows.unselected".to_owned(), load.counts.unselected),
            ("bytes".to_owned(), load.bytes),
        ] {
            *kept.totals.entry(name).or_default() += n;
        }
        if discarding {
            kept.discarded.total += load.counts.total;
            kept.discarded_bytes += load.bytes;
        }
        if kept.loads.len() < KEPT {
            kept.loads.push(load);
        }
    }

    /// Counts a request that is no load (`2pc.commit`, `redirects` …).
    pub fn count(&self, name: &str) {
        *self.lock().totals.entry(name.to_owned()).or_default() += 1;
    }

    /// A counter.
    pub fn counter(&self, name: &str) -> u64 {
        self.lock().totals.get(name).copied().unwrap_or(0)
    }

    /// All loads kept.
    pub fn loads(&self) -> Vec<LoadRecord> {
        self.lock().loads.clone()
    }

    /// Forgets everything.
    pub fn clear(&self) {
        *self.lock() = Kept::default();
    }

    /// Counters as the admin view shows them.
    pub fn counters(&self) -> Json {
        let kept = self.lock();
        let discarded = [("discarded.rows", kept.discarded.total), ("discarded.bytes", kept.discarded_bytes)];
        let totals = kept.totals.iter().map(|(k, v)| (k.as_str(), *v));
        Json::object(totals.chain(discarded).map(|(k, v)| (k, Json::from(v))))
    }
}

impl LoadRecord {
    /// As the admin view shows it; `outcome` is the state of its transaction now.
    pub fn json(&self, outcome: &str) -> Json {
        Json::object([
            ("label", Json::from(self.label.as_str())),
            ("txn", self.txn.map_or(Json::Null, Json::from)),
            ("database", Json::from(self.database.as_str())),
            ("table", Json::from(self.table.as_str())),
            ("backend", Json::from(self.backend)),
            ("status", Json::from(self.status.as_str())),
            ("message", Json::from(self.message.as_str())),
            ("outcome", Json::from(outcome)),
            ("total", Json::from(self.counts.total)),
            ("loaded", Json::from(self.counts.loaded)),
            ("filtered", Json::from(self.counts.filtered)),
            ("unselected", Json::from(self.counts.unselected)),
            ("bytes", Json::from(self.bytes)),
        ])
    }
}
