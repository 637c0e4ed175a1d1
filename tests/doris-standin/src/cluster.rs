//! The whole stand-in: one value that front ends, back ends and the MySQL door share.

use crate::fault::{FaultName, Faults};
use crate::http::node::{Node, Role};
use crate::load::record::LoadRecords;
use crate::store::Store;
use crate::transaction::TxnName;
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};
use std::time::{SystemTime, UNIX_EPOCH};
use tokio_rustls::TlsAcceptor;

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

macro_rules! settable {
    ($($name:ident)*) => {
        impl Settings {
            /// Names of the settings that are numbers.
            pub const NAMES: &'static [&'static str] = &[$(stringify!($name)),*];

            /// Sets a number by its name.
            pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
                match name {
                    $(stringify!($name) => {
                        self.$name = value.parse().map_err(|_| format!("{name}: '{value}' is not a number"))?;
                    })*
                    _ => return Err(format!("no setting is named '{name}'; there are {}", Settings::NAMES.join(", "))),
                }
                Ok(())
            }
        }
    };
}

settable! {
    max_running_txn_num_per_db
    streaming_label_keep_max_second
    label_keep_max_second
    label_num_threshold
    stream_load_default_timeout_second
    stream_load_default_precommit_timeout_second
    streaming_load_json_max_mb
    streaming_load_max_mb
    string_type_length_soft_limit_bytes
    alter_pending_ms
    alter_running_ms
}

/// Everything the stand-in knows.
pub struct Cluster {
    /// Limits and durations.
    pub settings: Settings,
    /// Time.
    pub clock: Arc<Clock>,
    /// Faults that are on.
    pub faults: Faults,
    /// What came of every load.
    pub records: LoadRecords,
    /// Loads are counted, not stored.
    pub discarding: AtomicBool,
    store: Mutex<Store>,
    nodes: RwLock<Vec<Node>>,
    next_backend: AtomicU64,
    /// Transactions whose body a back end is reading: (back end, database, transaction).
    reading: Mutex<Vec<(u64, String, u64)>>,
    error_logs: Mutex<BTreeMap<String, String>>,
    serial: AtomicU64,
    /// Of front ends and of back ends, where they speak TLS.
    acceptors: [RwLock<Option<TlsAcceptor>>; 2],
}

/// How many error logs are kept.
const ERROR_LOGS: usize = 1000;

impl Cluster {
    /// An empty cluster.
    pub fn new(settings: Settings) -> Arc<Cluster> {
        let clock = Arc::new(Clock::default());
        let store = Mutex::new(Store::new(settings.clone(), clock.clone()));
        Arc::new(Cluster {
            settings,
            clock,
            faults: Faults::default(),
            records: LoadRecords::default(),
            discarding: AtomicBool::new(false),
            store,
            nodes: RwLock::default(),
            next_backend: AtomicU64::new(0),
            reading: Mutex::default(),
            error_logs: Mutex::default(),
            serial: AtomicU64::new(0),
            acceptors: Default::default(),
        })
    }

    /// The release imitated.
    pub fn version(&self) -> Version {
        self.settings.version
    }

    /// Locks the catalog, rows and transactions, after doing what has fallen due: ALTER jobs that go on, transactions
    /// that expire, labels that are forgotten. Never hold the guard across an `await`.
    pub fn store(&self) -> MutexGuard<'_, Store> {
        let mut store = lock(&self.store);
        store.tick();
        store
    }

    /// A text of the shape of a UUID with underscores, unique in this cluster.
    pub fn unique(&self) -> String {
        let serial = self.serial.fetch_add(1, Ordering::SeqCst);
        let now = self.clock.now_ms() as u64;
        format!(
            "{:08x}_{:04x}_{:04x}_{:04x}_{:012x}",
            now >> 16,
            now & 0xffff,
            serial >> 48,
            serial >> 32 & 0xffff,
            serial
        )
    }

    fn acceptor_of(&self, role: Role) -> Option<&RwLock<Option<TlsAcceptor>>> {
        match role {
            Role::Frontend => Some(&self.acceptors[0]),
            Role::Backend => Some(&self.acceptors[1]),
            Role::Admin => None,
        }
    }

    pub(crate) fn acceptor(&self, role: Role) -> Option<TlsAcceptor> {
        self.acceptor_of(role)?.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_acceptor(&self, role: Role, acceptor: TlsAcceptor) {
        if let Some(of_role) = self.acceptor_of(role) {
            *of_role.write().unwrap_or_else(PoisonError::into_inner) = Some(acceptor);
        }
    }

    pub(crate) fn register(&self, role: Role, host: &str, http_port: u16) -> Node {
        let mut nodes = self.nodes.write().unwrap_or_else(PoisonError::into_inner);
        let id = nodes.iter().filter(|n| n.role == role).count() as u64 + 1;
        let node =
            Node { role, id, host: host.to_owned(), http_port, query_port: 0, tls: self.acceptor(role).is_some() };
        nodes.push(node.clone());
        node
    }

    /// Tells which MySQL port a front end has.
    pub fn set_query_port(&self, frontend: u64, port: u16) {
        let mut nodes = self.nodes.write().unwrap_or_else(PoisonError::into_inner);
        for node in nodes.iter_mut().filter(|n| n.role == Role::Frontend && n.id == frontend) {
            node.query_port = port;
        }
    }

    /// Front ends or back ends, in order. The first front end is master.
    pub fn nodes(&self, role: Role) -> Vec<Node> {
        let nodes = self.nodes.read().unwrap_or_else(PoisonError::into_inner);
        nodes.iter().filter(|n| n.role == role).cloned().collect()
    }

    /// Do the front ends think it alive?
    pub fn is_alive(&self, node: &Node) -> bool {
        match node.role {
            Role::Backend => !self.faults.outage(FaultName::DeadBe, node.id),
            Role::Frontend => !self.faults.outage(FaultName::DeadFe, node.id),
            Role::Admin => true,
        }
    }

    /// The next back end for a load, in turn among those thought alive.
    pub fn pick_backend(&self) -> Option<Node> {
        let mut alive = self.nodes(Role::Backend);
        alive.retain(|n| self.is_alive(n));
        let turn = self.next_backend.fetch_add(1, Ordering::SeqCst);
        (!alive.is_empty()).then(|| alive.swap_remove(turn as usize % alive.len()))
    }

    /// A back end begins to read a load's body.
    pub(crate) fn reading_begins(&self, backend: u64, database: &str, txn: u64) {
        lock(&self.reading).push((backend, database.to_owned(), txn));
    }

    /// It has read it, or given up.
    pub(crate) fn reading_ends(&self, txn: u64) {
        lock(&self.reading).retain(|(_, _, t)| *t != txn);
    }

    /// Aborts what a back end was reading when it went down. The front end does so when it knows: at once if it is dead,
    /// when it is back if it vanished.
    pub(crate) fn abort_orphans(&self, backend: &Node) {
        if backend.role != Role::Backend || self.faults.outage(FaultName::VanishingBe, backend.id) {
            return;
        }
        let mut reading = lock(&self.reading);
        let (orphans, rest): (Vec<_>, Vec<_>) =
            std::mem::take(&mut *reading).into_iter().partition(|(b, _, _)| *b == backend.id);
        *reading = rest;
        drop(reading);
        if orphans.is_empty() {
            return;
        }
        let mut store = self.store();
        for (_, database, txn) in orphans {
            // It may have ended meanwhile; then there is nothing to abort.
            let _ = store.abort(&database, &TxnName::Id(txn), "coordinate BE is down");
        }
    }

    /// Keeps an error log; gives the file name that ErrorURL carries.
    pub fn keep_error_log(&self, text: String) -> String {
        let file = format!("__shard_0/error_log_insert_stmt_{}", self.unique());
        let mut logs = lock(&self.error_logs);
        if logs.len() >= ERROR_LOGS {
            logs.pop_first();
        }
        logs.insert(file.clone(), text);
        file
    }

    /// An error log's text.
    pub fn error_log(&self, file: &str) -> Option<String> {
        lock(&self.error_logs).get(file).cloned()
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
