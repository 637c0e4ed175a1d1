//! The thread that sends a writer's bodies, several at once, and keeps account of them. One loader serves many tables: each has a
//! [`Lane`].

use super::abandoned;
use super::account::Account;
use super::cluster::{Access, Cluster};
use super::compress::compressed;
use super::http::Chunks;
use super::isolate;
use super::label::{LabelState, Stem, abandoned as ranges};
use super::latency::Latency;
use super::load::{Effort, Load, LoadError, LoadTarget};
use super::pace::Seen;
use super::pieces::{PIECE, Pieces};
use super::spec::Compression;
use crate::interrupt;
use serde::{Deserialize, Serialize};
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};
use tokio::sync::{Semaphore, mpsc, oneshot};
use tokio::task::JoinSet;

/// A run number is tried this many times; each miss is another writer of the same subtask, or an answer that did not come.
const CLAIMS: u32 = 64;

/// Everything a loader needs, fixed at its start.
#[derive(Debug, Clone)]
pub struct LoaderPlan {
    /// The cluster.
    pub access: Access,
    /// The first lane's table, and how; of two-phase commit there is no other.
    pub target: LoadTarget,
    /// What the labels begin with.
    pub stem: Stem,
    /// The sink's parallelism.
    pub subtasks: u32,
    /// Label states of the checkpoint that was restored.
    pub restored: Vec<LabelState>,
    /// Loads at once, at least 1; 1 where the order in which they become visible decides which row of a key stays.
    pub in_flight: usize,
    /// Whether bad rows are found and passed over; else they are an error.
    pub isolates: bool,
    /// Of bodies; `target` has the header for it.
    pub compression: Compression,
}

/// A table's way through a loader.
#[derive(Debug)]
pub struct Lane {
    /// The table, and how.
    pub target: LoadTarget,
    /// Held by the load under way, where the order in which loads become visible decides which row of a key stays.
    turn: Option<tokio::sync::Mutex<()>>,
    open: AtomicU64,
}

impl Lane {
    /// A lane for `target`; `ordered`: one load at a time.
    pub fn new(target: LoadTarget, ordered: bool) -> Arc<Lane> {
        Arc::new(Lane { target, turn: ordered.then(Default::default), open: AtomicU64::new(0) })
    }

    /// Bodies handed over and not settled.
    pub fn open(&self) -> u64 {
        self.open.load(Ordering::Acquire)
    }
}

/// Rows in a body.
#[derive(Debug, Clone, Default)]
pub struct Package {
    /// Their text.
    pub body: Chunks,
    /// Bytes of each, its separator included; empty for a body that cannot be cut.
    pub lengths: Vec<u32>,
    /// How many they are.
    pub rows: u64,
    /// Set by the loader: its place among the packages.
    pub(super) number: u64,
}

impl Package {
    /// A body of `rows`, whose lengths are in `lengths`; none if it cannot be cut.
    pub fn new(body: Chunks, lengths: Vec<u32>, rows: u64) -> Package {
        Package { body, lengths, rows, number: 0 }
    }

    fn whole<'a>(&'a self, lane: &'a Lane) -> Part<'a> {
        Part { target: &lane.target, package: self.number, body: &self.body, rows: self.rows }
    }
}

/// A body to send: a package's, or a piece of it.
#[derive(Clone, Copy)]
pub(super) struct Part<'a> {
    pub(super) target: &'a LoadTarget,
    pub(super) package: u64,
    pub(super) body: &'a Chunks,
    pub(super) rows: u64,
}

/// A pre-committed load, for the committer (JSON).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Committable {
    /// Version of this shape.
    pub v: u32,
    /// Where to.
    pub database: String,
    /// Where to.
    pub table: String,
    /// The load.
    pub label: String,
    /// Its transaction; -1 where only the label is known.
    pub txn: i64,
    /// Rows in it.
    pub rows: u64,
    /// Bytes of its body.
    pub bytes: u64,
}

/// A row that Doris refused.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct RefusedRow {
    /// `database.table` that it was for.
    #[serde(skip)]
    pub table: String,
    /// The row as it was sent.
    pub row: String,
    /// Doris' reason.
    pub reason: String,
}

#[derive(Debug, Default)]
struct State {
    account: Account,
    latency: Latency,
    /// With the number of the package that each belongs to.
    settled: Vec<(u64, Committable)>,
    packages: u64,
    refused: Vec<RefusedRow>,
    failure: Option<String>,
    last_label: String,
    run: Option<u32>,
    /// Threads that wait for a change: waking is a system call, also where nobody waits.
    waiting: u32,
}

/// What writer and loader share.
#[derive(Debug, Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
    next: AtomicU64,
    pressed: AtomicU64,
    /// The last answer after which a load was tried again; empty once one has succeeded.
    trouble: Mutex<String>,
}

impl Shared {
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        let mut state = self.state();
        change(&mut state);
        if state.waiting > 0 {
            self.changed.notify_all();
        }
    }
}

/// A running loader. Dropping it cancels what is in flight.
#[derive(Debug)]
pub struct Loader {
    shared: Arc<Shared>,
    stem: Stem,
    in_flight: u64,
    pieces: Pieces,
    first: Arc<Lane>,
    packages: Option<mpsc::UnboundedSender<(Arc<Lane>, Package)>>,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Loader {
    /// Starts the thread; it begins by aborting what earlier runs left behind.
    ///
    /// # Errors
    /// The system gives no thread or no event loop.
    pub fn start(plan: LoaderPlan) -> std::io::Result<Loader> {
        let shared = Arc::new(Shared::default());
        let (packages, received) = mpsc::unbounded_channel();
        let (stop, stopped) = oneshot::channel::<()>();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        let (stem, in_flight) = (plan.stem.clone(), plan.in_flight as u64);
        let first = Lane::new(plan.target.clone(), false);
        let account = Arc::clone(&shared);
        let thread = thread::Builder::new().name(format!("doris-loader-{}", stem.subtask)).spawn(move || {
            let sending = Arc::new(Sending { cluster: Cluster::new(plan.access.clone()), plan, shared: account });
            runtime.block_on(async {
                tokio::select! {
                    _ = stopped => {}
                    () = Arc::clone(&sending).run(received) => {}
                }
            });
            // Name resolution may still be waiting in a thread of its own.
            runtime.shutdown_timeout(Duration::from_secs(1));
        })?;
        Ok(Loader {
            shared,
            stem,
            in_flight,
            pieces: Pieces::new(PIECE),
            first,
            packages: Some(packages),
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    /// The lane of the plan's own table.
    pub fn first(&self) -> &Arc<Lane> {
        &self.first
    }

    /// What bodies are written into.
    pub(super) fn pieces(&self) -> &Pieces {
        &self.pieces
    }

    /// Hands a package over for the plan's own table.
    pub fn load(&self, package: Package) {
        self.load_into(&self.first, package);
    }

    /// Hands a package over.
    pub fn load_into(&self, lane: &Arc<Lane>, mut package: Package) {
        lane.open.fetch_add(1, Ordering::AcqRel);
        self.shared.change(|state| {
            state.packages += 1;
            package.number = state.packages;
            state.account.open += 1;
            state.account.open_bytes += package.body.len();
        });
        // A loader that failed has closed its end; the failure stands in the state.
        let _ = self.packages.as_ref().map(|packages| packages.send((Arc::clone(lane), package)));
    }

    /// Waits until `condition` holds for the account, at most so long; whether it does.
    ///
    /// # Errors
    /// The text of the load that failed for good; the thread is [interrupted](interrupt).
    pub fn wait(&self, limit: Duration, condition: impl Fn(&Account) -> bool) -> Result<bool, String> {
        // The clock is read only by those who wait: a writer asks for room at each row.
        let mut until = None;
        let mut state = self.shared.state();
        loop {
            if let Some(failure) = &state.failure {
                return Err(failure.clone());
            }
            if condition(&state.account) {
                return Ok(true);
            }
            if limit.is_zero() {
                return Ok(false);
            }
            let now = Instant::now();
            let left = until.get_or_insert(now + limit).saturating_duration_since(now);
            if left.is_zero() {
                return Ok(false);
            }
            if left > interrupt::STEP {
                drop(state);
                if interrupt::interrupted() {
                    return Err(interrupt::CANCELLED.into());
                }
                state = self.shared.state();
                if state.failure.is_some() || condition(&state.account) {
                    continue;
                }
            }
            let step = left.min(interrupt::STEP);
            state.waiting += 1;
            state = self.shared.changed.wait_timeout(state, step).unwrap_or_else(PoisonError::into_inner).0;
            state.waiting -= 1;
        }
    }

    /// The account as it stands.
    pub fn account(&self) -> Account {
        self.shared.state().account
    }

    /// How long the loads took that succeeded.
    pub fn latency(&self) -> Latency {
        self.shared.state().latency
    }

    /// What the pace of the loads depends on, and whether so many are under way that a further one would have to wait.
    pub fn seen(&self) -> (Seen, bool) {
        let account = self.account();
        let seen = Seen { pressed: self.shared.pressed.load(Ordering::Relaxed), loads: account.loads };
        (seen, account.open >= self.in_flight)
    }

    /// Why loads are tried again: the last answer that was no success; empty if a load has succeeded since.
    pub fn trouble(&self) -> String {
        self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// The label sent last.
    pub fn last_label(&self) -> String {
        self.shared.state().last_label.clone()
    }

    /// Takes the loads that were pre-committed since the last call, in the order of their rows: they must be committed in it, as of two
    /// rows of a key the one committed later stays.
    pub fn take_settled(&self) -> Vec<Committable> {
        let mut settled = std::mem::take(&mut self.shared.state().settled);
        // Stable: the pieces of one package are sent one after the other.
        settled.sort_by_key(|(package, _)| *package);
        settled.into_iter().map(|(_, committable)| committable).collect()
    }

    /// Takes the rows that Doris refused since the last call.
    pub fn take_refused(&self) -> Vec<RefusedRow> {
        std::mem::take(&mut self.shared.state().refused)
    }

    /// What a checkpoint keeps of the labels. To be called when all is settled.
    pub fn labels(&self) -> LabelState {
        LabelState {
            stem: self.stem.clone(),
            run: self.shared.state().run,
            next: self.shared.next.load(Ordering::Relaxed),
        }
    }
}

impl Drop for Loader {
    fn drop(&mut self) {
        self.packages = None;
        self.stop = None;
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The loader's own side.
pub(super) struct Sending {
    pub(super) cluster: Cluster,
    pub(super) plan: LoaderPlan,
    shared: Arc<Shared>,
}

impl Sending {
    async fn run(self: Arc<Self>, mut packages: mpsc::UnboundedReceiver<(Arc<Lane>, Package)>) {
        if self.plan.target.two_phase {
            if let Err(failure) = self.clear().await {
                return self.fail(failure);
            }
        } else {
            // Nobody looks for these labels later, so their run need not be guessable, but it must be new.
            self.begin_run(RandomState::new().hash_one(self.plan.stem.job.as_str()) as u32);
        }
        let slots = Arc::new(Semaphore::new(self.plan.in_flight));
        let mut under_way = JoinSet::new();
        let mut claimed = !self.plan.target.two_phase;
        while let Some((lane, package)) = packages.recv().await {
            if !claimed {
                match self.claim(&lane, &package).await {
                    Ok(()) => claimed = true,
                    Err(failure) => return self.fail(failure),
                }
                continue;
            }
            if self.shared.state().failure.is_some() {
                return;
            }
            while under_way.try_join_next().is_some() {}
            let (this, slots) = (Arc::clone(&self), Arc::clone(&slots));
            // Tasks are first run in the order they were made, and both locks are fair: bodies go in their order.
            under_way.spawn(async move {
                let _turn = match &lane.turn {
                    Some(turn) => Some(turn.lock().await),
                    None => None,
                };
                let Ok(_slot) = slots.acquire().await else { return };
                if this.shared.state().failure.is_none() {
                    // Nine kilobytes, which the hundreds that wait had better not have.
                    let outcome = Box::pin(this.deliver(&lane, &package)).await;
                    this.settle(&lane, &package, outcome);
                }
            });
        }
        // The writer has closed: what is in flight goes on until it is stopped.
        while under_way.join_next().await.is_some() {}
    }

    async fn clear(&self) -> Result<(), String> {
        let plan = &self.plan;
        let ranges = ranges(&plan.stem, plan.subtasks, &plan.restored);
        let gap = plan.in_flight as u64 + 1;
        let cleared = abandoned::clear(&self.cluster, &plan.target.database, &ranges, gap, plan.target.patience).await;
        let cleared = cleared.map_err(|e| format!("open loads of earlier runs could not be looked for: {e}"))?;
        self.shared.change(|state| state.account.aborted += cleared.aborted.len() as u64);
        self.begin_run(cleared.unused_run);
        Ok(())
    }

    fn begin_run(&self, run: u32) {
        self.shared.next.store(0, Ordering::Relaxed);
        self.shared.state().run = Some(run);
    }

    /// The first load of a run, alone: if its label is somebody's, the next run is tried.
    async fn claim(&self, lane: &Lane, package: &Package) -> Result<(), String> {
        for _ in 0..CLAIMS {
            match self.send(package.whole(lane), true).await {
                Err(LoadError::Taken) => {
                    let run = self.shared.state().run.unwrap_or(0);
                    self.begin_run(run + 1);
                }
                Ok(()) => {
                    self.settle(lane, package, Ok(()));
                    return Ok(());
                }
                // Bad rows: the label was ours all the same.
                Err(error) => {
                    let outcome = isolate::after(self, lane, package, error).await;
                    self.settle(lane, package, outcome);
                    return Ok(());
                }
            }
        }
        Err(format!("{CLAIMS} labels in a row were taken by other writers of this subtask; is the job running twice?"))
    }

    async fn deliver(&self, lane: &Lane, package: &Package) -> Result<(), String> {
        match self.send(package.whole(lane), false).await {
            Ok(()) => Ok(()),
            Err(error) => isolate::after(self, lane, package, error).await,
        }
    }

    /// Loads a body under the next label. Without two phases nobody looks for a label later, so instead of one that is somebody else's the
    /// next will do.
    pub(super) async fn send(&self, part: Part<'_>, claims: bool) -> Result<(), LoadError> {
        let mut outcome = self.send_once(part, claims).await;
        for _ in 1..CLAIMS {
            if self.plan.target.two_phase || outcome != Err(LoadError::Taken) {
                break;
            }
            outcome = self.send_once(part, claims).await;
        }
        outcome
    }

    /// One label's load, with its account.
    async fn send_once(&self, part: Part<'_>, claims: bool) -> Result<(), LoadError> {
        let Part { target, package, body, rows } = part;
        let sequence = self.shared.next.fetch_add(1, Ordering::Relaxed);
        let run = self.shared.state().run.unwrap_or(0);
        let label = self.plan.stem.label(run, sequence);
        self.shared.state().last_label.clone_from(&label);
        let (began, mut effort) = (Instant::now(), Effort::default());
        let compressed = compressed(body, self.plan.compression);
        let sent = compressed.as_ref().unwrap_or(body);
        let load = Load {
            label: &label,
            body: sent,
            rows,
            claims,
            pressed: &self.shared.pressed,
            trouble: &self.shared.trouble,
        };
        let outcome = target.load(&self.cluster, &load, &mut effort).await;
        let millis = began.elapsed().as_millis() as u64;
        if outcome.is_ok() {
            self.shared.trouble.lock().unwrap_or_else(PoisonError::into_inner).clear();
        }
        self.shared.change(|state| {
            state.account.retries += effort.sent.saturating_sub(1);
            state.account.note(rows, body.len(), millis, &outcome);
            if outcome.is_ok() {
                state.latency.note(millis);
            }
            if let (Ok(loaded), true) = (&outcome, target.two_phase) {
                let committable = Committable {
                    v: 1,
                    database: target.database.clone(),
                    table: target.table.clone(),
                    label,
                    txn: loaded.transaction.unwrap_or(-1),
                    rows,
                    bytes: body.len(),
                };
                state.settled.push((package, committable));
            }
        });
        outcome.map(|_| ())
    }

    pub(super) fn refuse(&self, row: RefusedRow) {
        self.shared.change(|state| {
            state.account.refused += 1;
            state.refused.push(row);
        });
    }

    fn settle(&self, lane: &Lane, package: &Package, outcome: Result<(), String>) {
        self.shared.change(|state| {
            lane.open.fetch_sub(1, Ordering::AcqRel);
            state.account.open -= 1;
            state.account.open_bytes -= package.body.len();
            if let Err(failure) = outcome {
                state.failure.get_or_insert(failure);
            }
        });
    }

    fn fail(&self, failure: String) {
        self.shared.change(|state| {
            state.failure.get_or_insert(failure);
        });
    }
}
