//! Faults on demand: each has a name, a place where it strikes, and an end.

use crate::json::Json;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

macro_rules! faults {
    ($($(#[doc = $doc:literal])* $variant:ident = $name:literal,)*) => {
        /// What goes wrong.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum FaultName { $($(#[doc = $doc])* $variant,)* }

        impl FaultName {
            /// All of them.
            pub const ALL: &'static [FaultName] = &[$(FaultName::$variant),*];

            /// The name by which flags and admin calls know it.
            pub fn text(self) -> &'static str {
                match self { $(FaultName::$variant => $name,)* }
            }

            /// What it does, in a line.
            pub fn meaning(self) -> &'static str {
                match self { $(FaultName::$variant => concat!($($doc,)*),)* }
            }
        }
    };
}

faults! {
    /// A back end waits `value` ms (1000) before it answers a load, with the work done.
    SlowBe = "slow_be",
    /// A back end reads at most `value` bytes a second (65536) of a load's body.
    SlowBody = "slow_body",
    /// A front end waits `value` ms (1000) before it answers.
    SlowFe = "slow_fe",
    /// A back end is down, and the front ends know: connections are cut, new ones refused, it is not chosen.
    DeadBe = "dead_be",
    /// A back end is down, and the front ends do not know yet: they go on naming it.
    VanishingBe = "vanishing_be",
    /// A front end is down: connections are cut, new ones refused.
    DeadFe = "dead_fe",
    /// The connection is cut when a load's head has come; nothing began.
    CutBeforeBody = "cut_before_body",
    /// The connection is cut after `value` bytes (1) of a load's body; the transaction is rolled back.
    CutInBody = "cut_in_body",
    /// The connection is cut when a load's body is all there; the transaction is rolled back.
    CutAfterBody = "cut_after_body",
    /// The connection is cut when a load is committed (or precommitted), instead of the answer.
    CutBeforeAnswer = "cut_before_answer",
    /// The connection of a commit or abort is cut before anything is done.
    CutBefore2pc = "cut_before_2pc",
    /// The connection of a commit or abort is cut when it is done, instead of the answer.
    CutAfter2pc = "cut_after_2pc",
    /// A load commits, but is visible only `value` ms (until released) later: `Publish Timeout`.
    PublishTimeout = "publish_timeout",
    /// A load fails with -235, too many tablet versions.
    TooManyVersions = "too_many_versions",
    /// A load may not begin: too many running transactions.
    TooManyRunningTxns = "too_many_running_txns",
    /// A precommitted transaction is found expired (aborted) when its commit comes.
    PrecommitExpiry = "precommit_expiry",
    /// Another client takes the load's label before it: `value` 0 leaves it running, 1 precommitted, 2 finished.
    LabelUsed = "label_used",
    /// The front end that is asked to begin, commit or abort is no longer master.
    NotMaster = "not_master",
    /// Loads are refused: the cluster is read-only.
    ReadOnly = "read_only",
    /// A load fails because the back end is out of memory.
    MemLimit = "mem_limit",
    /// A front end finds no back end to send a load to.
    NoBackend = "no_backend",
}

impl FaultName {
    /// By its name.
    pub fn parse(text: &str) -> Option<FaultName> {
        FaultName::ALL.iter().copied().find(|f| f.text() == text)
    }

    /// Faults that last until they are cleared or their time is over, rather than strike a number of requests.
    pub fn is_outage(self) -> bool {
        matches!(self, FaultName::DeadBe | FaultName::VanishingBe | FaultName::DeadFe)
    }
}

/// A fault that has been asked for.
#[derive(Clone, Debug)]
pub struct Fault {
    /// Number, to clear it by.
    pub id: u64,
    /// What.
    pub name: FaultName,
    /// How many more requests it lets pass before it strikes.
    pub skip: u64,
    /// How many more requests it strikes; `None` for all.
    pub count: Option<u64>,
    /// When it ends; `None` when cleared.
    pub until: Option<Instant>,
    /// Only loads of this `database.table` (or `table`).
    pub table: Option<String>,
    /// Only this back end or front end, by number from 1.
    pub node: Option<u64>,
    /// Milliseconds, bytes … as the name says.
    pub value: Option<i64>,
    /// How often it struck.
    pub hits: u64,
}

impl Fault {
    /// Strikes every request until cleared.
    pub fn new(name: FaultName) -> Fault {
        Fault { id: 0, name, skip: 0, count: None, until: None, table: None, node: None, value: None, hits: 0 }
    }

    /// The next `count` requests only.
    pub fn times(self, count: u64) -> Fault {
        Fault { count: Some(count), ..self }
    }

    /// On one back end or front end.
    pub fn on(self, node: u64) -> Fault {
        Fault { node: Some(node), ..self }
    }

    /// With a value.
    pub fn of(self, value: i64) -> Fault {
        Fault { value: Some(value), ..self }
    }

    /// From an admin call's body: `name`, and any of `count`, `skip`, `duration_ms`, `table`, `node`, `value`.
    pub fn from_json(body: &Json) -> Result<Fault, String> {
        let name = body.get("name").and_then(Json::as_str).unwrap_or("");
        let name = FaultName::parse(name).ok_or_else(|| {
            let known: Vec<&str> = FaultName::ALL.iter().map(|f| f.text()).collect();
            format!("no fault is named '{name}'; there are {}", known.join(", "))
        })?;
        let number = |key: &str| body.get(key).and_then(Json::as_i64);
        let duration = number("duration_ms").map(|ms| Duration::from_millis(ms.max(0) as u64));
        Ok(Fault {
            skip: number("skip").unwrap_or(0).max(0) as u64,
            count: number("count").map(|n| n.max(0) as u64),
            until: duration.map(|d| Instant::now() + d),
            table: body.get("table").and_then(Json::as_str).map(str::to_owned),
            node: number("node").map(|n| n.max(0) as u64),
            value: number("value"),
            ..Fault::new(name)
        })
    }

    /// From a flag: `name`, or `name:count`.
    pub fn from_flag(text: &str) -> Result<Fault, String> {
        let (name, count) = text.split_once(':').unwrap_or((text, ""));
        let mut fault = Fault::from_json(&Json::object([("name", Json::from(name))]))?;
        if !count.is_empty() {
            fault.count = Some(count.parse().map_err(|_| format!("'{count}' in '{text}' is no count"))?);
        }
        Ok(fault)
    }

    /// As the admin view shows it.
    pub fn json(&self) -> Json {
        let optional = |n: Option<i64>| n.map_or(Json::Null, Json::from);
        Json::object([
            ("id", Json::from(self.id)),
            ("name", Json::from(self.name.text())),
            ("skip", Json::from(self.skip)),
            ("count", optional(self.count.map(|n| n as i64))),
            ("table", self.table.as_deref().map_or(Json::Null, Json::from)),
            ("node", optional(self.node.map(|n| n as i64))),
            ("value", optional(self.value)),
            ("hits", Json::from(self.hits)),
        ])
    }

    fn over(&self) -> bool {
        self.count == Some(0) || self.until.is_some_and(|t| t <= Instant::now())
    }
}

/// Where a request is, for faults that are limited.
#[derive(Clone, Copy, Debug, Default)]
pub struct Place<'a> {
    /// Database name.
    pub database: &'a str,
    /// Table name.
    pub table: &'a str,
    /// Back end or front end.
    pub node: u64,
}

/// All faults that are on.
#[derive(Debug, Default)]
pub struct Faults {
    on: Mutex<(u64, Vec<Fault>)>,
}

impl Faults {
    fn lock(&self) -> MutexGuard<'_, (u64, Vec<Fault>)> {
        self.on.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Switches a fault on; gives its number.
    pub fn set(&self, fault: Fault) -> u64 {
        let mut on = self.lock();
        on.0 += 1;
        let id = on.0;
        on.1.push(Fault { id, ..fault });
        id
    }

    /// Clears the faults that `which` picks; gives them.
    pub fn clear(&self, which: impl Fn(&Fault) -> bool) -> Vec<Fault> {
        let mut on = self.lock();
        let (cleared, kept) = std::mem::take(&mut on.1).into_iter().partition(which);
        on.1 = kept;
        cleared
    }

    /// All that are on, and those that are over but struck.
    pub fn list(&self) -> Vec<Fault> {
        self.lock().1.clone()
    }

    /// Does this fault strike here? Counts it if so; gives its value.
    pub fn strike(&self, name: FaultName, place: Place) -> Option<Option<i64>> {
        let mut on = self.lock();
        for fault in on.1.iter_mut().filter(|f| f.name == name && !f.over()) {
            let here = fault.node.is_none_or(|n| n == place.node)
                && fault.table.as_deref().is_none_or(|t| {
                    t.split_once('.').map_or(t == place.table, |(d, t)| d == place.database && t == place.table)
                });
            if !here {
                continue;
            }
            if fault.skip > 0 {
                fault.skip -= 1;
                continue;
            }
            fault.hits += 1;
            fault.count = fault.count.map(|n| n - 1);
            return Some(fault.value);
        }
        None
    }

    /// Is an outage of this name on for a node? Counts nothing.
    pub fn outage(&self, name: FaultName, node: u64) -> bool {
        self.lock().1.iter().any(|f| f.name == name && !f.over() && f.node.is_none_or(|n| n == node))
    }
}
