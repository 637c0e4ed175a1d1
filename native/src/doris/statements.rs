//! Statements that are run from a thread that waits for them.

use super::cluster::{Access, CallError, Cluster};
use super::open::patiently;
use crate::error::{Error, Kind};
use std::future::Future;
use std::time::Duration;
use tokio::runtime::Runtime;

/// A cluster that is asked one thing after the other.
pub struct Statements {
    runtime: Runtime,
    cluster: Cluster,
    patience: Duration,
}

impl Statements {
    /// `patience`: for how long front ends that do not answer are tried again.
    ///
    /// # Errors
    /// [`Kind::Internal`]: the system gives no event loop.
    pub fn new(access: Access, patience: Duration) -> Result<Statements, Error> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(|e| Error::new(Kind::Internal, "no event loop for Doris").caused_by(e))?;
        Ok(Statements { runtime, cluster: Cluster::new(access), patience })
    }

    /// Runs a statement in a database; its rows, if it has any.
    ///
    /// # Errors
    /// As [`CallError`] says.
    pub fn query(&self, database: &str, statement: &str) -> Result<Vec<Vec<Option<String>>>, CallError> {
        self.patiently(|cluster| cluster.query(database, statement))
    }

    /// Calls the cluster.
    ///
    /// # Errors
    /// That of the last call.
    pub fn patiently<'c, R, F: Future<Output = Result<R, CallError>>>(
        &'c self,
        call: impl Fn(&'c Cluster) -> F,
    ) -> Result<R, CallError> {
        patiently(&self.runtime, self.patience, || call(&self.cluster))
    }
}
