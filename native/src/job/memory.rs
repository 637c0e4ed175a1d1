//! What a job may have of memory, and what of it is whose.
//!
//! A process is its heap, the bodies of loads, which are outside the heap, and a rest. `memory` is the ceiling for all three; heap and rest are fixed, so what is left
//! is for the bodies of all subtasks together.

use super::check::Value;
use super::problem::{Place, Problems};

/// Default of `memory`.
const CEILING: u64 = 2 << 30;
/// The heap that `bin/canal-native` lets the JVM have.
const HEAP: u64 = 768 << 20;
/// The JVM's own memory, Flink's buffers, what is being read and decoded: 330 MB were measured.
const REST: u64 = 512 << 20;
/// Default of `load.memory`, where there is as much.
const BODIES: u64 = 512 << 20;
/// Default of `load.max-bytes`, where there is as much.
const BODY: u64 = 100 << 20;
/// With less than this each load would be small, and Doris has to merge them.
const LEAST: u64 = 16 << 20;
/// What a slot of CloudCanal's ring stands for.
const RING_SLOT: u64 = 4 << 20;

/// A size that the file names: where, as what, bytes.
type Given = (Place, &'static str, u64);

/// Bytes of memory by whose they are.
#[derive(Debug, Clone, Copy)]
pub(super) struct Memory {
    ceiling: u64,
    subtasks: u64,
    given_ceiling: Option<Given>,
    given_bodies: Option<Given>,
    given_body: Option<Given>,
}

impl Memory {
    /// As a file whose keys were checked says.
    pub fn of(job: &Value) -> Memory {
        let given = |path: &[&str], name: &'static str, unit: u64| {
            let value = job.path(path)?;
            Some((value.at, name, value.number()?.saturating_mul(unit)))
        };
        let given_ceiling = given(&["memory"], "memory", 1);
        Memory {
            ceiling: given_ceiling.map_or(CEILING, |given| given.2),
            subtasks: job.path(&["flink", "parallelism"]).and_then(Value::number).unwrap_or(1).max(1),
            given_ceiling,
            given_bodies: given(&["load", "memory"], "load.memory", 1)
                .or_else(|| given(&["increRingBufferSize"], "increRingBufferSize", RING_SLOT)),
            given_body: given(&["load", "max-bytes"], "load.max-bytes", 1),
        }
    }

    /// Of the process.
    pub fn ceiling(&self) -> u64 {
        self.ceiling
    }

    /// Of a process' heap and all else that is not bodies.
    pub fn heap_and_rest(&self) -> (u64, u64) {
        (HEAP, REST)
    }

    /// Of the bodies of a subtask, in whole megabytes where the file does not say.
    pub fn bodies(&self) -> u64 {
        self.given_bodies.map_or_else(|| self.share().min(BODIES), |given| given.2)
    }

    /// Of one body.
    pub fn body(&self) -> u64 {
        self.given_body.map_or_else(|| self.default_body(), |given| given.2)
    }

    fn default_body(&self) -> u64 {
        if self.given_bodies.is_some() { BODY } else { BODY.min(self.bodies()) }
    }

    /// What there is for the bodies of each subtask.
    fn share(&self) -> u64 {
        (self.ceiling.saturating_sub(HEAP + REST) / self.subtasks) >> 20 << 20
    }

    /// One body has to fit into the memory for all, and that of all subtasks into the job's.
    pub fn check(&self, problems: &mut Problems) {
        let (all, one) = (self.bodies(), self.body());
        let needed = (self.subtasks.saturating_mul(all.max(LEAST)).saturating_add(HEAP + REST)).div_ceil(1 << 20);
        let ceiling = self.ceiling >> 20;
        match (self.given_bodies, self.given_ceiling) {
            (Some((at, name, _)), _)
                if self.subtasks.saturating_mul(all) > self.ceiling.saturating_sub(HEAP + REST) =>
            {
                let what = format!(
                    "{} MB for the bodies of each of {} subtasks, and {} MB for all else, are more than the {ceiling} MB of memory; make this less, \
                     or write memory: {needed}mb",
                    all >> 20,
                    self.subtasks,
                    (HEAP + REST) >> 20,
                );
                problems.add(at, name, what);
            }
            (None, given) if self.share() < LEAST => {
                let what = format!(
                    "{ceiling} MB are too little: heap and all else take {} MB, and the bodies of each subtask {} MB at least; write memory: {needed}mb",
                    (HEAP + REST) >> 20,
                    LEAST >> 20,
                );
                problems.add(given.map_or(Place { line: 1, column: 1 }, |given| given.0), "memory", what);
                return;
            }
            _ => {}
        }
        if let Some((at, name, _)) = self.given_bodies.or(self.given_body).filter(|_| all < one) {
            let (all, one) = (all >> 20, one.div_ceil(1 << 20));
            let what = format!(
                "{all} MB for all bodies of a subtask, but load.max-bytes allows {one} MB for one; make this more or that less"
            );
            problems.add(at, name, what);
        }
    }
}
