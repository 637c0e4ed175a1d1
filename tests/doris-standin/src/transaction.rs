//! Labels and transactions: their states, time limits and texts, as FE's transaction manager has them.

use crate::Version;
use crate::cast::CastRules;
use crate::store::{Refused, Result, Store, WriteSet, unknown_table};
use std::collections::{BTreeMap, HashMap};

/// State of a transaction.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum TxnState {
    Prepare,
    Precommitted,
    Committed,
    Visible,
    Aborted,
}

impl TxnState {
    /// As SHOW TRANSACTION and get_load_state print it.
    pub fn text(self) -> &'static str {
        match self {
            TxnState::Prepare => "PREPARE",
            TxnState::Precommitted => "PRECOMMITTED",
            TxnState::Committed => "COMMITTED",
            TxnState::Visible => "VISIBLE",
            TxnState::Aborted => "ABORTED",
        }
    }

    /// `ExistingJobStatus` of the reply to a load whose label is taken.
    pub fn job_status(self) -> &'static str {
        match self {
            TxnState::Prepare => "RUNNING",
            TxnState::Precommitted => "PRECOMMITTED",
            _ => "FINISHED",
        }
    }

    /// VISIBLE or ABORTED: nothing follows.
    pub fn is_final(self) -> bool {
        matches!(self, TxnState::Visible | TxnState::Aborted)
    }
}

/// Where a transaction comes from; stream loads' labels are forgotten sooner.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Source {
    StreamLoad,
    Statement,
}

/// A transaction.
#[derive(Clone, Debug)]
pub struct Transaction {
    /// TransactionId.
    pub id: u64,
    /// Label.
    pub label: String,
    /// Database name.
    pub database: String,
    /// Id of its table.
    pub table_id: u64,
    /// Name of its table when it began.
    pub table: String,
    /// State.
    pub state: TxnState,
    /// Reason, of an aborted one.
    pub reason: String,
    /// Stream load or statement.
    pub source: Source,
    /// PrepareTime, ms.
    pub prepared_ms: i64,
    /// PreCommitTime, ms.
    pub precommitted_ms: Option<i64>,
    /// CommitTime, ms.
    pub committed_ms: Option<i64>,
    /// FinishTime, ms: visible or aborted.
    pub finished_ms: Option<i64>,
    /// TimeoutMs, counted from PrepareTime.
    pub timeout_ms: i64,
    /// How many rows it wrote.
    pub rows: u64,
    /// Its place among all commits: the order in which a table's rows become visible. The clock's milliseconds do not tell it.
    committed_as: u64,
    publish_at_ms: i64,
    write: Option<WriteSet>,
}

/// All transactions that are remembered.
#[derive(Debug)]
pub struct Transactions {
    next: u64,
    commits: u64,
    by_id: BTreeMap<u64, Transaction>,
    /// The latest transaction of each (database, label).
    labels: HashMap<(String, String), u64>,
}

impl Default for Transactions {
    fn default() -> Transactions {
        Transactions { next: 1, commits: 0, by_id: BTreeMap::new(), labels: HashMap::new() }
    }
}

impl Transactions {
    /// The id that the next transaction will get.
    pub fn next_txn(&self) -> u64 {
        self.next
    }

    /// Is any transaction of the table older than `txn` and not yet visible or aborted? A precommitted one counts.
    pub fn open_before(&self, table_id: u64, txn: u64) -> bool {
        self.by_id.range(..txn).any(|(_, t)| t.table_id == table_id && !t.state.is_final())
    }
}

/// A load that wants to begin.
#[derive(Clone, Debug)]
pub struct Begin<'a> {
    /// Database name.
    pub database: &'a str,
    /// Table name.
    pub table: &'a str,
    /// Label.
    pub label: &'a str,
    /// Stream load or statement.
    pub source: Source,
    /// `timeout` header in seconds; `None` for the default.
    pub timeout_s: Option<i64>,
}

/// Why a load may not begin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BeginError {
    /// The label belongs to a transaction that is not aborted: its id and state, and Doris' text.
    LabelUsed(u64, TxnState, String),
    /// Anything else.
    Refused(Refused),
}

/// What came of a commit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Committed {
    /// Readers see it.
    Visible,
    /// It is committed, but not yet visible: `Publish Timeout`.
    NotYetVisible,
}

/// A transaction as a caller names it.
#[derive(Clone, Debug)]
pub enum TxnName<'a> {
    /// By id.
    Id(u64),
    /// By label.
    Label(&'a str),
}

/// Is it a label that Doris takes (`[-_A-Za-z0-9:]{1,128}`)?
pub fn valid_label(label: &str) -> bool {
    (1..=128).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b':'))
}

impl Store {
    /// Begins a transaction and takes its label.
    pub fn begin(&mut self, begin: &Begin) -> std::result::Result<u64, BeginError> {
        let refuse = |text: String| Err(BeginError::Refused(Refused(text)));
        if !valid_label(begin.label) {
            return refuse(format!("Incorrect label name '{}'", begin.label));
        }
        let Ok(db) = self.database(begin.database) else {
            return refuse(format!("unknown database, database={}", begin.database));
        };
        let Some(table) = db.tables.get(begin.table) else {
            return Err(BeginError::Refused(unknown_table(begin.table)));
        };
        let (table_id, db_id) = (table.id, db.id);
        let key = (begin.database.to_owned(), begin.label.to_owned());
        if let Some(taken) = self.transactions.labels.get(&key).and_then(|id| self.transactions.by_id.get(id)) {
            if taken.state != TxnState::Aborted {
                let text = self.label_used(taken);
                return Err(BeginError::LabelUsed(taken.id, taken.state, text));
            }
        }
        let running = self.transactions.by_id.values();
        let running = running.filter(|t| t.database == begin.database && !t.state.is_final()).count();
        let limit = self.settings.max_running_txn_num_per_db;
        if running >= limit {
            return refuse(too_many_running(db_id, running, limit));
        }
        let timeout_s = begin.timeout_s.unwrap_or(self.settings.stream_load_default_timeout_second);
        let transaction = Transaction {
            id: self.transactions.next,
            label: begin.label.to_owned(),
            database: begin.database.to_owned(),
            table_id,
            table: begin.table.to_owned(),
            state: TxnState::Prepare,
            reason: String::new(),
            source: begin.source,
            prepared_ms: self.now_ms(),
            precommitted_ms: None,
            committed_ms: None,
            committed_as: 0,
            finished_ms: None,
            timeout_ms: timeout_s * 1000,
            rows: 0,
            publish_at_ms: 0,
            write: None,
        };
        let id = transaction.id;
        self.transactions.next += 1;
        self.transactions.by_id.insert(id, transaction);
        self.transactions.labels.insert(key, id);
        Ok(id)
    }

    fn label_used(&self, taken: &Transaction) -> String {
        let state = match self.settings.version {
            Version::V2_1 => String::new(),
            _ => format!(", status [{}].", taken.state.text()),
        };
        format!("Label [{}] has already been used, relate to txn [{}]{state}", taken.label, taken.id)
    }

    /// Gives a running transaction its rows and precommits it (first phase of two).
    pub fn precommit(&mut self, txn: u64, write: WriteSet) -> Result<()> {
        let now = self.now_ms();
        let found = self.running(txn)?;
        found.state = TxnState::Precommitted;
        found.precommitted_ms = Some(now);
        found.rows = write.rows.len() as u64;
        found.write = Some(write);
        Ok(())
    }

    /// Gives a running transaction its rows and commits it. It is visible at once, or `publish_delay_ms` later, and never
    /// before an older transaction of the table.
    pub fn commit_rows(&mut self, txn: u64, write: WriteSet, publish_delay_ms: i64) -> Result<Committed> {
        let found = self.running(txn)?;
        found.rows = write.rows.len() as u64;
        found.write = Some(write);
        self.commit(txn, publish_delay_ms)
    }

    fn running(&mut self, txn: u64) -> Result<&mut Transaction> {
        match self.transactions.by_id.get_mut(&txn) {
            None => Err(format!("transaction [{txn}] not found").into()),
            Some(t) if t.state == TxnState::Aborted => {
                Err(format!("transaction [{txn}] is already aborted. abort reason: {}", t.reason).into())
            }
            Some(t) if t.state != TxnState::Prepare => {
                Err(format!("transaction [{txn}] is already {}", t.state.text()).into())
            }
            Some(t) => Ok(t),
        }
    }

    fn commit(&mut self, txn: u64, publish_delay_ms: i64) -> Result<Committed> {
        let now = self.now_ms();
        self.transactions.commits += 1;
        let committed_as = self.transactions.commits;
        if let Some(found) = self.transactions.by_id.get_mut(&txn) {
            found.committed_as = committed_as;
            found.state = TxnState::Committed;
            found.committed_ms = Some(now);
            found.publish_at_ms = now.saturating_add(publish_delay_ms);
        }
        self.publish_due();
        match self.transactions.by_id.get(&txn).map(|t| t.state) {
            Some(TxnState::Visible) => Ok(Committed::Visible),
            _ => Ok(Committed::NotYetVisible),
        }
    }

    /// Second phase: commits a precommitted transaction. The texts are those of `_stream_load_2pc`.
    pub fn commit_precommitted(&mut self, database: &str, name: &TxnName, publish_delay_ms: i64) -> Result<Committed> {
        let found = self.named(database, name, "transaction not found", &[TxnState::Precommitted])?;
        let (id, reason) = (found.id, &found.reason);
        match found.state {
            TxnState::Precommitted => self.commit(id, publish_delay_ms),
            TxnState::Aborted => Err(format!("transaction [{id}] is already aborted. abort reason: {reason}").into()),
            TxnState::Visible => Err(format!("transaction [{id}] is already visible, not pre-committed.").into()),
            TxnState::Committed => Err(format!("transaction [{id}] is already committed, not pre-committed.").into()),
            TxnState::Prepare => Err(format!("transaction [{id}] is prepare, not pre-committed.").into()),
        }
    }

    /// Aborts a transaction that is not committed. The texts are those of `_stream_load_2pc`.
    pub fn abort(&mut self, database: &str, name: &TxnName, reason: &str) -> Result<()> {
        let open = [TxnState::Prepare, TxnState::Precommitted];
        let found = self.named(database, name, "running transaction not found", &open)?;
        let (id, state) = (found.id, found.state);
        match state {
            TxnState::Aborted => {
                Err(format!("transaction [{id}] is already aborted, abort reason: {}", found.reason).into())
            }
            TxnState::Committed | TxnState::Visible => {
                Err(format!("transaction [{id}] is already {}, could not abort.", state.text()).into())
            }
            _ => {
                self.abort_now(id, reason);
                Ok(())
            }
        }
    }

    /// By label only transactions in one of `states` are looked at, the latest first.
    fn named(&self, database: &str, name: &TxnName, missing: &str, states: &[TxnState]) -> Result<&Transaction> {
        match name {
            TxnName::Id(id) => {
                let found = self.transactions.by_id.get(id).filter(|t| t.database == database);
                found.ok_or_else(|| format!("transaction [{id}] not found").into())
            }
            TxnName::Label(label) => {
                let found = self.transactions.labels.get(&(database.to_owned(), (*label).to_owned()));
                let found = found.and_then(|id| self.transactions.by_id.get(id));
                let found = found.filter(|t| states.contains(&t.state));
                found.ok_or_else(|| format!("{missing}, label={label}").into())
            }
        }
    }

    pub(crate) fn abort_now(&mut self, txn: u64, reason: &str) {
        let now = self.now_ms();
        if let Some(found) = self.transactions.by_id.get_mut(&txn) {
            found.state = TxnState::Aborted;
            found.reason = reason.to_owned();
            found.finished_ms = Some(now);
            found.write = None;
        }
    }

    pub(crate) fn abort_open_of_table(&mut self, table_id: u64, reason: &str) {
        let open = self.transactions.by_id.values();
        let open = open.filter(|t| t.table_id == table_id && !t.state.is_final());
        for id in open.map(|t| t.id).collect::<Vec<_>>() {
            self.abort_now(id, reason);
        }
    }

    /// Begins, commits and publishes the rows of a statement under `label` (its own if `None`); gives label and
    /// transaction id.
    pub fn insert(
        &mut self,
        database: &str,
        table: &str,
        label: Option<&str>,
        write: WriteSet,
    ) -> Result<(String, u64)> {
        let own = format!("label_{:x}_{:x}", self.now_ms(), self.transactions.next);
        let label = label.unwrap_or(&own);
        let begin = Begin { database, table, label, source: Source::Statement, timeout_s: None };
        let txn = self.begin(&begin).map_err(|e| match e {
            BeginError::LabelUsed(_, _, text) => Refused(text),
            BeginError::Refused(refused) => refused,
        })?;
        self.commit_rows(txn, write, 0)?;
        Ok((label.to_owned(), txn))
    }

    /// State of the latest transaction of a label; `None` is UNKNOWN.
    pub fn label_state(&self, database: &str, label: &str) -> Option<TxnState> {
        let id = self.transactions.labels.get(&(database.to_owned(), label.to_owned()))?;
        self.transactions.by_id.get(id).map(|t| t.state)
    }

    /// All remembered transactions, oldest first.
    pub fn transactions(&self) -> impl Iterator<Item = &Transaction> {
        self.transactions.by_id.values()
    }

    /// A transaction.
    pub fn transaction(&self, id: u64) -> Option<&Transaction> {
        self.transactions.by_id.get(&id)
    }

    /// Makes committed transactions visible whose time has come, in order of commit for each table.
    pub(crate) fn publish_due(&mut self) {
        let now = self.now_ms();
        let mut committed: Vec<(u64, u64)> = self
            .transactions
            .by_id
            .values()
            .filter(|t| t.state == TxnState::Committed)
            .map(|t| (t.committed_as, t.id))
            .collect();
        committed.sort_unstable();
        let mut held = Vec::new();
        for (_, id) in committed {
            let Some(found) = self.transactions.by_id.get_mut(&id) else { continue };
            if held.contains(&found.table_id) || found.publish_at_ms > now {
                held.push(found.table_id);
                continue;
            }
            found.state = TxnState::Visible;
            found.finished_ms = Some(now);
            let (table_id, write) = (found.table_id, found.write.take());
            let rules = CastRules::lenient(self.settings.version);
            if let (Some(write), Some(table)) = (write, self.table_by_id(table_id)) {
                table.publish(write, rules, now);
            }
        }
    }

    /// Lets go what a publish timeout holds back.
    pub fn release_publish(&mut self) {
        for found in self.transactions.by_id.values_mut() {
            found.publish_at_ms = 0;
        }
        self.publish_due();
    }

    /// Aborts transactions past their time and forgets finished ones past theirs, or beyond the number kept.
    pub(crate) fn expire_transactions(&mut self) {
        let now = self.now_ms();
        let settings = &self.settings;
        let precommit_ms = settings.stream_load_default_precommit_timeout_second * 1000;
        let expired: Vec<u64> = self
            .transactions
            .by_id
            .values()
            .filter(|t| match t.state {
                TxnState::Prepare => now - t.prepared_ms > t.timeout_ms,
                TxnState::Precommitted => now - t.precommitted_ms.unwrap_or(now) > precommit_ms,
                _ => false,
            })
            .map(|t| t.id)
            .collect();
        let keep = |source: Source| match source {
            Source::StreamLoad => settings.streaming_label_keep_max_second * 1000,
            Source::Statement => settings.label_keep_max_second * 1000,
        };
        let mut kept: HashMap<&str, usize> = HashMap::new();
        let forgotten: Vec<u64> = self
            .transactions
            .by_id
            .values()
            .rev()
            .filter(|t| t.state.is_final())
            .filter(|t| {
                let count = kept.entry(&t.database).or_default();
                *count += 1;
                now - t.finished_ms.unwrap_or(now) > keep(t.source) || *count > settings.label_num_threshold
            })
            .map(|t| t.id)
            .collect();
        for id in expired {
            self.abort_now(id, "timeout by txn manager");
        }
        for id in forgotten {
            if let Some(t) = self.transactions.by_id.remove(&id) {
                let key = (t.database, t.label);
                if self.transactions.labels.get(&key) == Some(&id) {
                    self.transactions.labels.remove(&key);
                }
            }
        }
    }
}

/// The text of the limit on running transactions.
pub fn too_many_running(db_id: u64, running: usize, limit: usize) -> String {
    format!("current running txns on db {db_id} is {running}, larger than limit {limit}")
}
