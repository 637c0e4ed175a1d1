//! A back end: it takes loads, commits and aborts them, and shows error logs.

use super::node::{Node, Outcome};
use super::wire::{Connection, Reply, Request};
use crate::Cluster;
use crate::cast::CastRules;
use crate::fault::{FaultName, Place};
use crate::json::Json;
use crate::load::body::{self, Intake, Parsed};
use crate::load::headers::{LoadError, Opening, Reading, UpdateMode};
use crate::load::new_keys;
use crate::load::plan::{Circumstances, Plan, strict_filters_new_keys};
use crate::load::record::LoadRecord;
use crate::load::reply::LoadReply;
use crate::store::NewKey;
use crate::transaction::{Begin, BeginError, Committed, Source, TxnName, too_many_running};
use std::io;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// Answers one request.
pub async fn answer(
    cluster: &Arc<Cluster>,
    node: &Node,
    request: &Request,
    connection: &mut Connection,
) -> io::Result<Outcome> {
    let parts: Vec<&str> = request.path.split('/').filter(|p| !p.is_empty()).collect();
    let reply = match (request.method.as_str(), &parts[..]) {
        ("PUT", ["api", database, table, "_stream_load"]) => {
            let place = Place { database, table, node: node.id };
            return Load::new(cluster, node, request, place).run(connection).await;
        }
        ("PUT", ["api", database, "_stream_load_2pc"]) => {
            let place = Place { database, table: "", node: node.id };
            return super::two_phase::answer(cluster, request, place, connection).await;
        }
        ("PUT", ["api", database, table, "_stream_load_2pc"]) => {
            let place = Place { database, table, node: node.id };
            return super::two_phase::answer(cluster, request, place, connection).await;
        }
        (_, ["api", "_load_error_log"]) => match request.parameter("file").and_then(|file| cluster.error_log(file)) {
            Some(text) => Reply::text(200, text),
            None => Reply::text(404, "file not exist."),
        },
        (_, ["api", "health"]) => Reply::json("{\"status\": \"OK\",\"msg\": \"To Be Added\"}"),
        (_, []) => Reply::text(200, "Doris"),
        _ => Reply::text(404, "Not Found"),
    };
    Ok(reply.into())
}

/// A transaction that a back end has begun. Dropped while still open, its client or its back end is gone.
struct OpenTxn<'a> {
    load: &'a Load<'a>,
    id: u64,
    open: bool,
}

impl OpenTxn<'_> {
    /// It ended by commit or abort.
    fn ended(mut self) {
        self.open = false;
        self.load.cluster.reading_ends(self.id);
    }

    fn abort(self, reason: &str) {
        self.load.abort(self.id, reason);
        self.ended();
    }
}

impl Drop for OpenTxn<'_> {
    fn drop(&mut self) {
        let cluster = self.load.cluster;
        let node = self.load.node.id;
        let down = [FaultName::DeadBe, FaultName::VanishingBe].iter().any(|f| cluster.faults.outage(*f, node));
        // A back end that is down can tell nobody; the front end aborts when it finds out.
        if self.open && !down {
            cluster.reading_ends(self.id);
            self.load.abort(self.id, "sender is gone");
        }
    }
}

/// One load.
struct Load<'a> {
    cluster: &'a Arc<Cluster>,
    node: &'a Node,
    request: &'a Request,
    place: Place<'a>,
}

/// A reply to be sent, or silence.
enum Answer {
    Reply(LoadReply),
    Cut(LoadReply, FaultName),
}

impl<'a> Load<'a> {
    fn new(cluster: &'a Arc<Cluster>, node: &'a Node, request: &'a Request, place: Place<'a>) -> Load<'a> {
        Load { cluster, node, request, place }
    }

    fn strike(&self, name: FaultName) -> Option<Option<i64>> {
        self.cluster.faults.strike(name, self.place)
    }

    fn abort(&self, txn: u64, reason: &str) {
        // It may be gone already: expired, or its table dropped.
        let _ = self.cluster.store().abort(self.place.database, &TxnName::Id(txn), reason);
    }

    async fn run(&self, connection: &mut Connection) -> io::Result<Outcome> {
        let discarding = self.cluster.discarding.load(Ordering::SeqCst);
        let answer = self.load(connection, discarding).await?;
        let (reply, fault) = match answer {
            Answer::Reply(reply) => (reply, None),
            Answer::Cut(reply, fault) => (reply, Some(fault)),
        };
        let record = LoadRecord {
            label: reply.label.clone(),
            txn: reply.txn,
            database: self.place.database.to_owned(),
            table: self.place.table.to_owned(),
            backend: self.node.id,
            status: fault.map_or(reply.status, FaultName::text).to_owned(),
            message: reply.message.clone(),
            counts: reply.counts,
            bytes: reply.bytes,
        };
        self.cluster.records.add(record, discarding);
        if fault.is_some() {
            return Ok(Outcome::Cut);
        }
        if let Some(ms) = self.strike(FaultName::SlowBe) {
            tokio::time::sleep(Duration::from_millis(ms.unwrap_or(1000).max(0) as u64)).await;
        }
        Ok(Reply::json(reply.text(self.cluster.version(), &self.cluster.unique())).into())
    }

    async fn load(&self, connection: &mut Connection, discarding: bool) -> io::Result<Answer> {
        let mut reply = LoadReply::new(self.request.header("label").unwrap_or(""));
        if self.strike(FaultName::CutBeforeBody).is_some() {
            return Ok(Answer::Cut(reply, FaultName::CutBeforeBody));
        }
        let opening = match Opening::check(self.cluster, self.request) {
            Ok(opening) => opening,
            Err(error) => {
                reply.fail(&error);
                return Ok(Answer::Reply(reply));
            }
        };
        reply.open(&opening);
        let txn = match self.begin(&opening, &mut reply) {
            Ok(id) => OpenTxn { load: self, id, open: true },
            Err(error) => {
                reply.fail(&error);
                if reply.existing.is_some() {
                    reply.status = "Label Already Exists";
                }
                return Ok(Answer::Reply(reply));
            }
        };
        reply.txn = Some(txn.id);
        self.cluster.reading_begins(self.node.id, self.place.database, txn.id);
        let (reading, plan) = match self.plan(&opening) {
            Ok(planned) => planned,
            Err(error) => {
                txn.abort(&error.message());
                reply.fail(&error);
                return Ok(Answer::Reply(reply));
            }
        };
        let mut intake = Intake::new(discarding, opening.format, opening.compression, &reading);
        let cut = self.receive(connection, &opening, &mut intake, &mut reply).await?;
        if let Some(fault) = cut {
            txn.abort("sender is gone");
            return Ok(Answer::Cut(reply, fault));
        }
        reply.received = Some(Instant::now());
        let (format, compression, ratio) = (opening.format, opening.compression, reading.max_filter_ratio);
        let new_key_error = reading.new_key_error;
        let read = if discarding { body::count } else { body::read };
        let plan = Arc::new(plan);
        let planned = plan.clone();
        let parsed = tokio::task::spawn_blocking(move || read(intake, format, compression, &reading, &planned)).await?;
        match self.finish(txn, parsed, &plan, ratio, new_key_error, &mut reply) {
            Ok(()) => {}
            Err(error) => reply.fail(&error),
        }
        if self.strike(FaultName::CutBeforeAnswer).is_some() {
            return Ok(Answer::Cut(reply, FaultName::CutBeforeAnswer));
        }
        Ok(Answer::Reply(reply))
    }

    /// Begins the transaction at the front end's master.
    fn begin(&self, opening: &Opening, reply: &mut LoadReply) -> Result<u64, LoadError> {
        if self.strike(FaultName::NotMaster).is_some() {
            return Err(LoadError::new("NOT_MASTER", "TStatus: FE is not master"));
        }
        let (user, password) = self.request.basic().unwrap_or_default();
        if !self.cluster.knows(&user, &password) {
            return Err(LoadError::new("NOT_AUTHORIZED", format!("TStatus: {}", super::fe::access_denied(&user))));
        }
        if self.strike(FaultName::ReadOnly).is_some() {
            return Err(LoadError::from_fe("the cluster is read-only, loads are forbidden"));
        }
        if let Some(stage) = self.strike(FaultName::LabelUsed) {
            self.take_label(&opening.label, stage.unwrap_or(0));
        }
        let mut store = self.cluster.store();
        if self.strike(FaultName::TooManyRunningTxns).is_some() {
            let limit = self.cluster.settings.max_running_txn_num_per_db;
            let id = store.database(self.place.database).map_or(0, |d| d.id);
            return Err(LoadError::from_fe(too_many_running(id, limit, limit)));
        }
        let begin = Begin {
            database: self.place.database,
            table: self.place.table,
            label: &opening.label,
            source: Source::StreamLoad,
            timeout_s: opening.timeout_s,
        };
        store.begin(&begin).map_err(|error| match error {
            BeginError::LabelUsed(_, state, text) => {
                reply.existing = Some(state);
                LoadError::new("LABEL_ALREADY_EXISTS", format!("TStatus: errCode = 2, detailMessage = {text}"))
            }
            BeginError::Refused(refused) => LoadError::from_fe(refused),
        })
    }

    /// Another client takes the label, and leaves its empty load running, precommitted or finished.
    fn take_label(&self, label: &str, stage: i64) {
        let mut store = self.cluster.store();
        let Place { database, table, .. } = self.place;
        let begin = Begin { database, table, label, source: Source::StreamLoad, timeout_s: None };
        let Ok(schema) = store.table(database, table).map(|t| t.schema.clone()) else { return };
        let Ok(txn) = store.begin(&begin) else { return };
        let nothing = crate::store::WriteSet::full(schema, Vec::new());
        // A transaction just begun can be ended.
        let _ = match stage {
            0 => Ok(()),
            1 => store.precommit(txn, nothing),
            _ => store.commit_rows(txn, nothing, 0).map(|_| ()),
        };
    }

    fn plan(&self, opening: &Opening) -> Result<(Reading, Plan), LoadError> {
        let reading = Reading::check(self.request, opening.format)?;
        let store = self.cluster.store();
        let table = store.table(self.place.database, self.place.table).map_err(LoadError::from_fe)?;
        let rules = CastRules {
            strict: reading.strict,
            version: self.cluster.version(),
            string_limit: self.cluster.settings.string_type_length_soft_limit_bytes,
        };
        let about = Circumstances { format: opening.format, now_ms: store.now_ms(), rules, altering: table.altering };
        let plan = Plan::new(table.schema.clone(), &reading, about)?;
        Ok((reading, plan))
    }

    /// Reads the body; gives the fault that cut it.
    async fn receive(
        &self,
        connection: &mut Connection,
        opening: &Opening,
        intake: &mut Intake,
        reply: &mut LoadReply,
    ) -> io::Result<Option<FaultName>> {
        let most = self.strike(FaultName::CutInBody).map(|n| n.unwrap_or(1).max(0) as u64);
        if let Some(rate) = self.strike(FaultName::SlowBody) {
            connection.throttle(rate.unwrap_or(65_536).max(1) as u64);
        }
        let taken = connection
            .body(opening.framing, |piece| {
                reply.bytes += piece.len() as u64;
                intake.take(piece);
                if most.is_some_and(|m| reply.bytes >= m) { Err(io::ErrorKind::ConnectionReset.into()) } else { Ok(()) }
            })
            .await;
        match taken {
            Err(_) if most.is_some_and(|m| reply.bytes >= m) => Ok(Some(FaultName::CutInBody)),
            Err(error) => Err(error),
            Ok(()) => Ok(self.strike(FaultName::CutAfterBody).map(|_| FaultName::CutAfterBody)),
        }
    }

    /// Judges what was read and commits, precommits or aborts.
    fn finish(
        &self,
        txn: OpenTxn,
        mut parsed: Parsed,
        plan: &Plan,
        ratio: f64,
        new_key_error: bool,
        reply: &mut LoadReply,
    ) -> Result<(), LoadError> {
        let mut store = self.cluster.store();
        if plan.update != UpdateMode::Upsert && parsed.error.is_none() {
            let strict = plan.rules.strict && strict_filters_new_keys(plan.rules.version);
            let behavior = if new_key_error { NewKey::Error } else { NewKey::Append };
            let database = self.place.database;
            parsed.error = new_keys::check(&store, database, plan, &mut parsed, behavior, strict).err();
        }
        reply.counts = parsed.counts;
        if !parsed.log.is_empty() {
            let file = self.cluster.keep_error_log(std::mem::take(&mut parsed.log.text));
            let (host, port) = (&self.node.host, self.node.http_port);
            reply.error_url = Some(format!("http://{host}:{port}/api/_load_error_log?file={file}"));
            reply.first_error = parsed.log.first.take();
        }
        let judged = self.judge(&parsed, ratio);
        if let Err(error) = judged {
            drop(store);
            txn.abort(&error.message());
            return Err(error);
        }
        let committed = if reply.two_phase && reply.group_commit.is_none() {
            store.precommit(txn.id, parsed.write).map(|()| Committed::Visible)
        } else {
            let late = self.strike(FaultName::PublishTimeout).map_or(0, |ms| ms.unwrap_or(i64::MAX));
            store.commit_rows(txn.id, parsed.write, late)
        };
        drop(store);
        txn.ended();
        if committed.map_err(LoadError::from_fe)? == Committed::NotYetVisible {
            reply.status = "Publish Timeout";
            reply.message =
                "[PUBLISH_TIMEOUT]TStatus: transaction commit successfully, BUT data will be visible later".into();
        }
        Ok(())
    }

    fn judge(&self, parsed: &Parsed, ratio: f64) -> Result<(), LoadError> {
        if let Some(error) = &parsed.error {
            return Err(error.clone());
        }
        if self.strike(FaultName::TooManyVersions).is_some() {
            let text = "failed to init rowset builder. version count: 2001, exceed limit: 2000, tablet: 10008. Please \
                        reduce the frequency of loading data or adjust the max_tablet_version_num in be.conf to a \
                        larger value.";
            return Err(LoadError::new("E-235", text));
        }
        if self.strike(FaultName::MemLimit).is_some() {
            let text = "Memory limit exceeded:<consuming tracker:<Load>, process memory used exceed limit or sys \
                        available memory less than low water mark>";
            return Err(LoadError::new("MEM_LIMIT_EXCEEDED", text));
        }
        let counts = parsed.counts;
        let selected = counts.total - counts.unselected;
        if selected > 0 && counts.filtered as f64 / selected as f64 > ratio {
            return Err(LoadError::new("DATA_QUALITY_ERROR", "too many filtered rows"));
        }
        Ok(())
    }
}

/// The reply of `_stream_load_2pc`.
pub fn two_phase_reply(status: &str, message: &str) -> Reply {
    let body = Json::object([("status", Json::from(status)), ("msg", Json::from(message))]);
    Reply::json(body.pretty())
}
