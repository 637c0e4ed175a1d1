//! The whole stand-in: one value that front ends, back ends and the MySQL door share.

use crate::store::Store;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

/// Which Doris is imitated where releases differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Version {
    /// 2.1
    V2_1,
    /// 3.1
    V3_1,
    /// 4.0 and later
    V4_0,
}

impl Version {
    /// `2.1`, `3.1`, `4.0` (also `4.x`, `4`).
    pub fn parse(text: &str) -> Option<Version> {
        match text {
            "2.1" | "2" | "2.x" => Some(Version::V2_1),
            "3.1" | "3" | "3.x" | "3.0" => Some(Version::V3_1),
            "4.0" | "4" | "4.x" | "4.1" => Some(Version::V4_0),
            _ => None,
        }
    }

    /// The short version as `SHOW FRONTENDS` has it.
    pub fn text(self) -> &'static str {
        match self {
            Version::V2_1 => "doris-2.1.10-rc01-standin",
            Version::V3_1 => "doris-3.1.0-rc02-standin",
            Version::V4_0 => "doris-4.0.1-rc02-standin",
        }
    }
}

/// Wall-clock time that an admin call can move forward, so that labels and transactions grow old without waiting.
#[derive(Debug, Default)]
pub struct Clock {
    ahead_ms: AtomicI64,
}

impl Clock {
    /// Milliseconds since 1970-01-01 UTC, plus what was added.
    pub fn now_ms(&self) -> i64 {
        let real = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |d| d.as_millis() as i64);
        real + self.ahead_ms.load(Ordering::SeqCst)
    }

    /// Moves the clock forward.
    pub fn advance(&self, ms: i64) {
        self.ahead_ms.fetch_add(ms, Ordering::SeqCst);
    }
}

/// Limits and durations, with Doris' defaults unless said otherwise. Names are those of fe.conf and be.conf.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Release imitated. Default 3.1.
    pub version: Version,
    /// Administrator's name. Default `root`.
    pub user: String,
    /// Administrator's password. Default empty.
    pub password: String,
    /// 1000.
    pub max_running_txn_num_per_db: usize,
    /// 43,200 s.
    pub streaming_label_keep_max_second: i64,
    /// 3 days.
    pub label_keep_max_second: i64,
    /// 2000 finished labels a database.
    pub label_num_threshold: usize,
    /// 259,200 s.
    pub stream_load_default_timeout_second: i64,
    /// 3600 s.
    pub stream_load_default_precommit_timeout_second: i64,
    /// 100 MB, for JSON that is not read by line.
    pub streaming_load_json_max_mb: u64,
    /// 102,400 MB.
    pub streaming_load_max_mb: u64,
    /// 1 MB: the longest STRING value.
    pub string_type_length_soft_limit_bytes: usize,
    /// How long a heavy ALTER stays PENDING; ours, 0 ms.
    pub alter_pending_ms: i64,
    /// How long a heavy ALTER stays RUNNING; ours, 100 ms.
    pub alter_running_ms: i64,
}

impl Default for Settings {
    fn default() -> Settings {
        Settings {
            version: Version::V3_1,
            user: "root".into(),
            password: String::new(),
            max_running_txn_num_per_db: 1000,
            streaming_label_keep_max_second: 43_200,
            label_keep_max_second: 259_200,
            label_num_threshold: 2000,
            stream_load_default_timeout_second: 259_200,
            stream_load_default_precommit_timeout_second: 3600,
            streaming_load_json_max_mb: 100,
            streaming_load_max_mb: 102_400,
            string_type_length_soft_limit_bytes: 1 << 20,
            alter_pending_ms: 0,
            alter_running_ms: 100,
        }
    }
}

/// Everything the stand-in knows.
pub struct Cluster {
    /// Limits and durations.
    pub settings: Settings,
    /// Time.
    pub clock: Arc<Clock>,
    store: Mutex<Store>,
}

impl Cluster {
    /// An empty cluster.
    pub fn new(settings: Settings) -> Arc<Cluster> {
        let clock = Arc::new(Clock::default());
        let store = Mutex::new(Store::new(settings.clone(), clock.clone()));
        Arc::new(Cluster { settings, clock, store })
    }

    /// The release imitated.
    pub fn version(&self) -> Version {
        self.settings.version
    }

    /// Locks the catalog, rows and transactions, after doing what has fallen due: ALTER jobs that go on, transactions
    /// that expire, labels that are forgotten. Never hold the guard across an `await`.
    pub fn store(&self) -> MutexGuard<'_, Store> {
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        store.tick();
        store
    }
}
