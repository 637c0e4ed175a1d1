//! What is asked of a server: the one place where kinds of servers part.

use super::catalogue::{Catalogue, Table};
use super::range::{self, Cutting, Range};
use super::reader::{End, Outgoing};
use super::spec::{ServerKind, SourceSpec};
use super::{mysql, oracle, postgres};
use crate::error::{Error, Kind};
use crate::interrupt;
use crate::sync::rules::Rules;
use tokio::runtime::Runtime;

/// Looks what a server has.
///
/// # Errors
/// [`Kind::Source`]; a pattern that is none; no table is selected.
pub fn catalogue(spec: &SourceSpec) -> Result<Catalogue, Error> {
    selected(spec)?.unless_empty().map_err(|e| e.at(spec.address()))
}

/// The same; there may be no table.
///
/// # Errors
/// [`Kind::Source`]; a pattern that is none.
pub fn selected(spec: &SourceSpec) -> Result<Catalogue, Error> {
    let rules = Rules::new(&spec.names)?;
    ask(async {
        match spec.kind {
            ServerKind::Mysql => mysql::catalogue::read(spec, &rules).await,
            ServerKind::Postgres | ServerKind::Greenplum => postgres::catalogue::read(spec, &rules).await,
            ServerKind::Oracle => oracle::catalogue::read(spec, &rules).await,
        }
    })
}

/// The ranges of a table; one where it cannot be cut.
///
/// # Errors
/// [`Kind::Source`]: the server does not answer.
pub fn ranges(spec: &SourceSpec, table: &Table) -> Result<Vec<Range>, Error> {
    if !table.by_key {
        return Ok(vec![range::whole(table)]);
    }
    let cutting = cutting(spec, table);
    let bounds = ask(async {
        match spec.kind {
            ServerKind::Mysql => mysql::range::bounds(spec, &cutting).await,
            ServerKind::Postgres | ServerKind::Greenplum => postgres::range::bounds(spec, &cutting).await,
            ServerKind::Oracle => oracle::range::bounds(spec, &cutting).await,
        }
    });
    Ok(cutting.between(&bounds?))
}

/// How a table is cut at its key.
pub fn cutting<'t>(spec: &SourceSpec, table: &'t Table) -> Cutting<'t> {
    match spec.kind {
        ServerKind::Mysql => mysql::range::cutting(table),
        ServerKind::Postgres | ServerKind::Greenplum => postgres::range::cutting(table),
        ServerKind::Oracle => oracle::range::cutting(table),
    }
}

/// What a server answers to a SELECT, as texts, all of it; or why it does not run it.
///
/// # Errors
/// [`Kind::Source`]: it cannot be reached, or has gone; the thread is [interrupted](interrupt).
pub fn answer(spec: &SourceSpec, statement: &str) -> Result<Result<Texts, String>, Error> {
    ask(async {
        match spec.kind {
            ServerKind::Mysql => {
                let mut conn = mysql::server::connect(spec).await?;
                let answer = mysql::server::answer(&mut conn, statement).await.map_err(|e| e.at(spec.address()));
                // What it says at its end matters to nobody.
                let _ = conn.disconnect().await;
                answer
            }
            ServerKind::Postgres | ServerKind::Greenplum => {
                let session = postgres::server::connect(spec).await?;
                session.answer(statement).await.map_err(|e| e.at(spec.address()))
            }
            ServerKind::Oracle => {
                let mut session = oracle::server::connect(spec)?;
                session.answer(statement).map_err(|e| e.at(spec.address()))
            }
        }
    })
}

/// Rows of texts; None for NULL.
pub type Texts = Vec<Vec<Option<String>>>;

/// Reads a range until its end, or until nobody takes its messages any more.
///
/// # Errors
/// [`Kind::Source`]: the server, or a value.
pub(super) async fn read(spec: &SourceSpec, range: &Range, out: &mut Outgoing) -> Result<End, Error> {
    match spec.kind {
        ServerKind::Mysql => mysql::reader::read(spec, range, out).await,
        ServerKind::Postgres | ServerKind::Greenplum => postgres::reader::read(spec, range, out).await,
        ServerKind::Oracle => oracle::reader::read(spec, range, out).await,
    }
}

/// An event loop for one thread.
///
/// # Errors
/// The system gives none.
pub fn event_loop() -> Result<Runtime, Error> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .map_err(|e| Error::new(Kind::Internal, "no event loop for the source").caused_by(e))
}

/// Does something with a server in this thread, unless the thread is [interrupted](interrupt).
///
/// # Errors
/// As the work has them.
pub fn ask<T>(work: impl Future<Output = Result<T, Error>>) -> Result<T, Error> {
    event_loop()?.block_on(async {
        tokio::select! {
            found = work => found,
            () = interrupt::until_interrupted() => Err(Error::new(Kind::Source, interrupt::CANCELLED)),
        }
    })
}
