//! The publication: of which tables the server sends changes. The job makes it, and adds tables to it, where the user may; else it says what is to be run.

use crate::error::{Error, Kind};
use crate::snapshot::catalogue::Table;
use crate::snapshot::postgres::server::{Session, said};
use crate::snapshot::quoted::{quoted_name, quoted_text};
use crate::snapshot::spec::ReplicationSpec;
use std::collections::HashSet;
use tokio_postgres::error::SqlState;

/// The first version whose publications may have rows and columns of a table only.
const FILTERS: u32 = 150_000;

/// What is to be run for tables to be followed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Why.
    pub why: String,
    /// The statement.
    pub statement: String,
    /// Whether the job does it: it makes its publication, and adds to one; it does not change what somebody else has decided.
    pub by_job: bool,
}

/// What a publication lacks for these tables.
///
/// # Errors
/// [`Kind::Source`]: the server does not answer.
pub async fn lacks(session: &Session, replication: &ReplicationSpec, tables: &[Table]) -> Result<Vec<Step>, Error> {
    let name = &replication.publication;
    let (quoted, literal) = (quoted_name(name), quoted_text(name));
    let statement = format!(
        "SELECT puballtables, pubinsert AND pubupdate AND pubdelete AND pubtruncate, pubviaroot FROM pg_catalog.pg_publication WHERE pubname = {literal}"
    );
    let found = session.texts(&statement).await?.into_iter().next();
    let Some(found) = found else {
        let list: Vec<&str> = tables.iter().map(|table| table.from.as_str()).collect();
        let statement = format!(
            "CREATE PUBLICATION {quoted} FOR TABLE {} WITH (publish_via_partition_root = true)",
            list.join(", ")
        );
        return Ok(vec![Step { why: format!("there is no publication {name}"), statement, by_job: true }]);
    };
    let flag = |at: usize| found.get(at).and_then(Option::as_deref) == Some("t");
    let mut steps = Vec::new();
    if !flag(1) {
        let why = format!("the publication {name} leaves kinds of changes out");
        let statement = format!("ALTER PUBLICATION {quoted} SET (publish = 'insert, update, delete, truncate')");
        steps.push(Step { why, statement, by_job: false });
    }
    if !flag(2) && tables.iter().any(|table| !table.is_alone()) {
        let why = format!("the publication {name} has changes of partitions instead of those of their tables");
        let statement = format!("ALTER PUBLICATION {quoted} SET (publish_via_partition_root = true)");
        steps.push(Step { why, statement, by_job: false });
    }
    if !flag(0) {
        let statement =
            format!("SELECT schemaname, tablename FROM pg_catalog.pg_publication_tables WHERE pubname = {literal}");
        let listed: HashSet<Vec<Option<String>>> = session.texts(&statement).await?.into_iter().collect();
        let is_missing =
            |table: &&Table| !listed.contains(&vec![Some(table.database.clone()), Some(table.table.clone())]);
        let missing: Vec<&str> = tables.iter().filter(is_missing).map(|table| table.from.as_str()).collect();
        if !missing.is_empty() {
            let why = format!("the publication {name} lacks {}", count(missing.len()));
            let statement = format!("ALTER PUBLICATION {quoted} ADD TABLE {}", missing.join(", "));
            steps.push(Step { why, statement, by_job: true });
        }
    }
    if session.version().number >= FILTERS {
        let statement = format!(
            "SELECT r.prrelid::pg_catalog.regclass FROM pg_catalog.pg_publication_rel r JOIN pg_catalog.pg_publication p ON p.oid = r.prpubid \
             WHERE p.pubname = {literal} AND (r.prqual IS NOT NULL OR r.prattrs IS NOT NULL) ORDER BY 1"
        );
        for table in session.texts(&statement).await?.into_iter().flatten().flatten() {
            let why = format!("the publication {name} has only some rows or columns of {table}");
            let statement = format!("ALTER PUBLICATION {quoted} DROP TABLE {table}");
            steps.push(Step { why, statement, by_job: false });
        }
    }
    Ok(steps)
}

fn count(tables: usize) -> String {
    if tables == 1 { "a table".into() } else { format!("{tables} tables") }
}

/// Sees that there is a publication that has these tables.
///
/// # Errors
/// [`Kind::Source`]: it lacks what the user may not, or the job does not, give it; with the statement.
pub async fn make(session: &Session, replication: &ReplicationSpec, tables: &[Table]) -> Result<(), Error> {
    for step in lacks(session, replication, tables).await? {
        if !step.by_job {
            return Err(Error::new(Kind::Source, format!("{}; run: {}", step.why, step.statement)));
        }
        if let Err(e) = session.attempt(&step.statement).await {
            let may_not = e.code() == Some(&SqlState::INSUFFICIENT_PRIVILEGE);
            let who = if may_not {
                "and this user may not change that; run as the tables' owner"
            } else {
                "and that is not changed by"
            };
            return Err(Error::new(Kind::Source, format!("{}, {who}: {}: {}", step.why, step.statement, said(&e))));
        }
    }
    Ok(())
}
