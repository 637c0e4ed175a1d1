//! One body under one label, until its outcome is known.
//!
//! An answer that does not come leaves three possibilities, and only Doris knows which: so it is asked by the label, and the body is sent
//! again under the same label only when nothing of it was kept. A load is never counted as done on a guess.

use super::cluster::{CallError, Cluster, LabelState, Transaction, denied, stream_load_path};
use super::http::{Chunks, HeaderMap, HeaderName, HeaderValue, NoAnswer};
use super::reply::{Reply, Status};
use super::spec::Compression;
use crate::error::{Error, Kind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// Where loads go and how patiently.
#[derive(Debug, Clone)]
pub struct LoadTarget {
    /// Database, unquoted.
    pub database: String,
    /// Table, unquoted.
    pub table: String,
    /// Headers of every load, without label.
    pub headers: HeaderMap,
    /// Whether a load ends pre-committed.
    pub two_phase: bool,
    /// No label is sent, and a lost answer cannot be asked for.
    pub group_commit: bool,
    /// Times a load is sent again after an answer that may change.
    pub max_retries: u32,
    /// From the first byte to the answer.
    pub limit: Duration,
    /// For how long a load is tried again while the servers have too much to do, or do not answer.
    pub patience: Duration,
}

/// A body and its name.
#[derive(Debug, Clone, Copy)]
pub struct Load<'a> {
    /// Sent by nobody else, unless `claims`.
    pub label: &'a str,
    /// The rows' text.
    pub body: &'a Chunks,
    /// How many they are.
    pub rows: u64,
    /// Another writer may try the same label at the same time: only a plain answer tells whose it is, so without one the load is aborted and
    /// tried again.
    pub claims: bool,
    /// Counts answers that tell of pressure, as they come.
    pub pressed: &'a AtomicU64,
    /// Gets the answer after which it is tried again.
    pub trouble: &'a Mutex<String>,
}

impl Load<'_> {
    fn note(&self, reason: String) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = reason;
    }
}

/// How a load succeeded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Loaded {
    /// Its transaction, where an answer named it.
    pub transaction: Option<i64>,
    /// Rows that a `where` header passed over.
    pub unselected: u64,
}

/// How it failed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LoadError {
    /// The label belongs to somebody else: it was there before the body was sent first.
    Taken,
    /// Rows are bad; nothing was loaded.
    Rows {
        /// How many, as far as Doris counted.
        filtered: u64,
        /// Doris' words.
        message: String,
        /// Where the rows and the reasons are listed.
        error_url: Option<String>,
    },
    /// Anything else, as a sentence.
    Failed(String),
}

/// What is counted on the way.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Effort {
    /// Times the body was sent.
    pub sent: u64,
}

/// What an attempt came to.
enum Attempt {
    Over(Result<Loaded, LoadError>),
    /// To be sent again, because of this.
    Again(String),
    /// The same, and without counting: Doris asks for less or is not there.
    Later(String),
}

impl LoadTarget {
    /// Loads at least once and with labels. `headers`, a body's own, are followed by what every load is asked for: no value is turned
    /// into NULL, no row left out.
    ///
    /// # Errors
    /// A header's name or value that HTTP has no place for.
    pub fn new(
        (database, table): (String, String),
        mut headers: Vec<(&str, String)>,
        compression: Compression,
        max_retries: u32,
        limit: Duration,
        patience: Duration,
    ) -> Result<LoadTarget, Error> {
        // Doris' default turns a value that does not fit into NULL.
        headers.extend([("strict_mode", "true".into()), ("max_filter_ratio", "0".into())]);
        headers.push(("timeout", limit.as_secs().to_string()));
        headers.extend(compression.header().map(|name| ("compress_type", name.to_string())));
        let headers = sendable(headers)?;
        Ok(LoadTarget { database, table, headers, two_phase: false, group_commit: false, max_retries, limit, patience })
    }

    /// Sends the body until it is loaded or cannot be.
    ///
    /// # Errors
    /// See [`LoadError`].
    pub async fn load(&self, cluster: &Cluster, load: &Load<'_>, effort: &mut Effort) -> Result<Loaded, LoadError> {
        let (label, rows) = (load.label, load.rows);
        let began = Instant::now();
        let (mut retries, mut pause) = (0, Duration::from_millis(200));
        loop {
            effort.sent += 1;
            match self.attempt(cluster, load, effort).await {
                Attempt::Over(outcome) => return outcome,
                Attempt::Later(reason) if began.elapsed() < self.patience => load.note(reason),
                Attempt::Again(reason) if retries < self.max_retries => {
                    load.note(reason);
                    retries += 1;
                }
                Attempt::Later(reason) | Attempt::Again(reason) => {
                    return Err(LoadError::Failed(format!(
                        "load {label} of {rows} rows into {}.{} did not succeed in {} s: {reason}",
                        self.database,
                        self.table,
                        began.elapsed().as_secs()
                    )));
                }
            }
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(10));
        }
    }

    async fn attempt(&self, cluster: &Cluster, load: &Load<'_>, effort: &mut Effort) -> Attempt {
        let (label, rows) = (load.label, load.rows);
        let named: &[_] = match (self.group_commit, self.two_phase) {
            (true, _) => &[],
            (false, false) => &[("label", label)],
            (false, true) => &[("label", label), ("two_phase_commit", "true")],
        };
        let path = stream_load_path(&self.database, &self.table);
        let answer = cluster.put(&path, &self.headers, named, load.body.clone(), self.limit).await;
        let reply = match answer {
            Ok(answer) => Reply::parse(&answer.body)
                .ok_or_else(|| format!("an answer that is none of Doris', HTTP {}", answer.status)),
            Err(CallError::NoAnswer(NoAnswer::Unknown(reason))) => Err(reason),
            Err(before) => {
                // Nothing has left, so a label that is there later is still not ours.
                effort.sent -= 1;
                return match before {
                    CallError::NoAnswer(reason) => Attempt::Later(reason.to_string()),
                    CallError::Denied(text) | CallError::Refused(text) => Attempt::Again(text),
                };
            }
        };
        match reply {
            Ok(reply) => self.judge(cluster, load, &reply, effort).await,
            Err(reason) if self.group_commit => Attempt::Over(Err(LoadError::Failed(format!(
                "{reason}; with group commit there is no label to ask by, so whether these {rows} rows are in {}.{} is not known",
                self.database, self.table
            )))),
            Err(reason) if load.claims => self.disown(cluster, load, &reason).await,
            Err(reason) => self.resolve(cluster, label, &reason).await,
        }
    }

    async fn judge(&self, cluster: &Cluster, load: &Load<'_>, reply: &Reply, effort: &mut Effort) -> Attempt {
        let (label, rows) = (load.label, load.rows);
        let failed = |text: String| Attempt::Over(Err(LoadError::Failed(text)));
        match reply.status {
            Status::Done if reply.loaded + reply.unselected != rows => {
                self.give_up(cluster, label, reply.transaction).await;
                failed(format!(
                    "load {label} into {}.{}: {rows} rows were sent, and Doris counts {} loaded, {} filtered and {} unselected",
                    self.database, self.table, reply.loaded, reply.filtered, reply.unselected
                ))
            }
            Status::Done => Attempt::Over(Ok(Loaded { transaction: reply.transaction, unselected: reply.unselected })),
            // A claim goes on only after answers that left the label free.
            Status::LabelExists if effort.sent == 1 || load.claims => Attempt::Over(Err(LoadError::Taken)),
            Status::LabelExists => self.resolve(cluster, label, &reply.message).await,
            Status::Denied => failed(denied(cluster.user(), &reply.message)),
            Status::Failed if reply.is_of_rows() => Attempt::Over(Err(LoadError::Rows {
                filtered: reply.filtered,
                message: reply.message.clone(),
                error_url: reply.error_url.clone(),
            })),
            Status::Failed if reply.is_final() => failed(format!(
                "Doris refuses the load {label} into {}.{}: {}",
                self.database, self.table, reply.message
            )),
            Status::Failed if reply.is_pressure() => {
                load.pressed.fetch_add(1, Ordering::Relaxed);
                Attempt::Later(reply.message.clone())
            }
            Status::Failed if reply.is_unready() => Attempt::Later(reply.message.clone()),
            Status::Failed => Attempt::Again(reply.message.clone()),
        }
    }

    /// Asks what became of a load whose answer did not come. One that is still being received is waited for, then aborted.
    async fn resolve(&self, cluster: &Cluster, label: &str, reason: &str) -> Attempt {
        let began = Instant::now();
        let mut pause = Duration::from_millis(100);
        loop {
            match cluster.label_state(&self.database, label).await {
                Ok(LabelState::Visible | LabelState::Committed) if !self.two_phase => {
                    return Attempt::Over(Ok(Loaded { transaction: None, unselected: 0 }));
                }
                Ok(LabelState::Precommitted) if self.two_phase => {
                    return Attempt::Over(Ok(Loaded { transaction: None, unselected: 0 }));
                }
                Ok(LabelState::Unknown | LabelState::Aborted) => return Attempt::Later(reason.into()),
                Ok(LabelState::Prepare) if began.elapsed() > self.limit.min(self.patience) => {
                    self.give_up(cluster, label, None).await
                }
                Ok(LabelState::Prepare) => {}
                Ok(state) => {
                    return Attempt::Over(Err(LoadError::Failed(format!(
                        "load {label} into {}.{} is {state:?} in Doris, though this job has not committed it",
                        self.database, self.table
                    ))));
                }
                Err(error) if began.elapsed() > self.patience => {
                    return Attempt::Over(Err(LoadError::Failed(format!(
                        "what became of load {label} into {}.{} is not known ({reason}), and Doris could not be asked for {} s: {error}",
                        self.database,
                        self.table,
                        began.elapsed().as_secs()
                    ))));
                }
                Err(_) => {}
            }
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }

    /// After a claim without an answer: what is open under the label may be another writer's, and is aborted. A label that Doris does not know
    /// then is tried again rather than passed over, as the search after a crash ends at the first run that Doris knows nothing of.
    async fn disown(&self, cluster: &Cluster, load: &Load<'_>, reason: &str) -> Attempt {
        let began = Instant::now();
        let mut pause = Duration::from_millis(100);
        loop {
            self.give_up(cluster, load.label, None).await;
            match cluster.label_state(&self.database, load.label).await {
                Ok(LabelState::Unknown | LabelState::Aborted) => return Attempt::Later(reason.into()),
                Ok(LabelState::Committed | LabelState::Visible) => return Attempt::Over(Err(LoadError::Taken)),
                Ok(LabelState::Prepare | LabelState::Precommitted) if began.elapsed() > self.patience => {
                    return Attempt::Over(Err(LoadError::Taken));
                }
                Err(error) if began.elapsed() > self.patience => {
                    return Attempt::Over(Err(LoadError::Failed(format!(
                        "what became of load {} into {}.{} is not known ({reason}), and Doris could not be asked for {} s: {error}",
                        load.label,
                        self.database,
                        self.table,
                        began.elapsed().as_secs()
                    ))));
                }
                _ => {}
            }
            sleep(pause).await;
            pause = (pause * 2).min(Duration::from_secs(5));
        }
    }

    /// Aborts, if it can be; an open load that stays behind ends by Doris' own timeout.
    async fn give_up(&self, cluster: &Cluster, label: &str, transaction: Option<i64>) {
        let named = transaction.map_or(Transaction::Label(label), Transaction::Id);
        let _ = cluster.abort(&self.database, named).await;
    }
}

/// Headers as HTTP has them.
fn sendable(headers: Vec<(&str, String)>) -> Result<HeaderMap, Error> {
    let unsendable = |name: &str, reason: &dyn std::fmt::Display| {
        Error::new(Kind::InvalidSpec, format!("the header '{name}' of a Stream Load cannot be sent: {reason}")).at(name)
    };
    headers
        .into_iter()
        .map(|(name, value)| {
            let header = HeaderName::try_from(name).map_err(|e| unsendable(name, &e))?;
            Ok((header, HeaderValue::try_from(value).map_err(|e| unsendable(name, &e))?))
        })
        .collect()
}
