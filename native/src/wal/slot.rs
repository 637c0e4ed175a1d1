//! The slot: for it the server keeps its log from a place on until the reader needs it no more.

use super::position::{Lsn, WalPosition};
use crate::error::{Error, Kind};
use crate::snapshot::postgres::server::{Session, said};
use crate::snapshot::quoted::quoted_text;
use crate::snapshot::spec::ReplicationSpec;
use std::time::Duration;
use tokio_postgres::error::SqlState;

/// How often is looked whether transactions have ended.
const STEP: Duration = Duration::from_millis(100);

/// A slot that is there.
#[derive(Debug)]
struct Slot {
    plugin: String,
    is_active: bool,
    is_here: bool,
    is_lost: bool,
    confirmed: Lsn,
}

async fn ask(session: &Session, name: &str) -> Result<Option<Slot>, Error> {
    let statement = format!(
        "SELECT plugin, active, database = pg_catalog.current_database(), wal_status = 'lost', confirmed_flush_lsn FROM pg_catalog.pg_replication_slots \
         WHERE slot_name = {}",
        quoted_text(name)
    );
    let row = session.texts(&statement).await?.into_iter().next();
    let Some(Ok([plugin, is_active, is_here, is_lost, confirmed])) = row.map(<[Option<String>; 5]>::try_from) else {
        return Ok(None);
    };
    let flag = |text: Option<String>| text.as_deref() == Some("t");
    Ok(Some(Slot {
        plugin: plugin.unwrap_or_default(),
        is_active: flag(is_active),
        is_here: flag(is_here),
        is_lost: flag(is_lost),
        confirmed: confirmed.and_then(|text| Lsn::parse(&text)).unwrap_or_default(),
    }))
}

/// What is said of a slot whose log is gone.
pub fn lost(slot: &str) -> String {
    format!(
        "the server no longer keeps its log for the slot {slot} (max_slot_wal_keep_size), so changes are missing; start the job without its state, which \
         reads the tables anew (and let the server keep more)"
    )
}

fn problem(text: String) -> Error {
    Error::new(Kind::Source, text)
}

/// Looks whether the log can still be read from a place on. A server asked for what it has thrown away would go on behind it, and say nothing.
///
/// # Errors
/// [`Kind::Source`]: it cannot, with the remedy.
pub async fn check(session: &Session, replication: &ReplicationSpec, from: &WalPosition) -> Result<(), Error> {
    let name = &replication.slot;
    if *name != from.slot {
        return Err(problem(format!(
            "the job's state is of the slot {}, and source.postgres.slot is {name}; write that one, or start the job without its state, which reads the tables anew",
            from.slot
        )));
    }
    let Some(slot) = ask(session, name).await? else {
        return Err(problem(format!(
            "the slot {name} is not there any more: dropped, or the server is another one than before; changes are missing, so start the job without its state, \
             which reads the tables anew"
        )));
    };
    if slot.is_lost {
        return Err(problem(lost(name)));
    }
    if slot.confirmed > from.lsn {
        return Err(problem(format!(
            "the slot {name} has gone on to {}, and the job's state is of {}: changes between are missing; go on from a later state, or start the job without it, \
             which reads the tables anew",
            slot.confirmed, from.lsn
        )));
    }
    Ok(())
}

/// Makes the slot anew, and has all transactions end that it does not have in full. Where it begins.
///
/// # Errors
/// [`Kind::Source`]: the server does not let the user, has no slot left, or one of that name is not this job's.
pub async fn make(session: &Session, replication: &ReplicationSpec) -> Result<Lsn, Error> {
    let name = &replication.slot;
    if let Some(slot) = ask(session, name).await? {
        if slot.is_active {
            return Err(problem(format!(
                "the slot {name} is in use: by this job, if it runs; else give this one a source.postgres.slot of its own"
            )));
        }
        if !replication.is_own_slot || !slot.is_here || slot.plugin != "pgoutput" {
            return Err(problem(format!(
                "there is a slot {name} already, and what the tables were like where it stands is not known; if nobody needs it: SELECT pg_drop_replication_slot({}), \
                 else write another source.postgres.slot",
                quoted_text(name)
            )));
        }
        // What an earlier job of this name left.
        remove(session, replication).await?;
    }
    let statement =
        format!("SELECT lsn FROM pg_catalog.pg_create_logical_replication_slot({}, 'pgoutput')", quoted_text(name));
    let made = session.attempt(&statement).await.map_err(|e| {
        let what = match e.code() {
            Some(code) if *code == SqlState::INSUFFICIENT_PRIVILEGE => {
                "the user may not make a replication slot; ALTER ROLE … REPLICATION (Amazon RDS: GRANT rds_replication TO …)"
            }
            Some(code) if *code == SqlState::CONFIGURATION_LIMIT_EXCEEDED => {
                "the server has no replication slot left; drop one that nobody needs (pg_replication_slots), or raise max_replication_slots and restart it"
            }
            _ => "the replication slot cannot be made; it needs wal_level = logical",
        };
        problem(format!("{what}: {}", said(&e)))
    })?;
    let place = made.into_iter().flatten().next().flatten().and_then(|text| Lsn::parse(&text));
    settle(session).await?;
    place.ok_or_else(|| problem(format!("the server made the slot {name}, and did not say where it begins")))
}

/// Where the log stands, once all transactions that are before that can be seen.
///
/// # Errors
/// [`Kind::Source`]: the server does not answer.
pub async fn now(session: &Session) -> Result<Lsn, Error> {
    let answer = session.texts("SELECT pg_catalog.pg_current_wal_insert_lsn()").await?;
    let place = answer.into_iter().flatten().next().flatten().and_then(|text| Lsn::parse(&text));
    settle(session).await?;
    place.ok_or_else(|| problem("the server did not say where its log stands".into()))
}

/// A transaction is in the log before others see it. One that was committed just before the slot began would be neither in the slot nor in what is read now; so
/// all that have begun by now are awaited.
async fn settle(session: &Session) -> Result<(), Error> {
    let number = async |what: &str| {
        let statement = format!("SELECT pg_catalog.txid_snapshot_{what}(pg_catalog.txid_current_snapshot())");
        let answer = session.texts(&statement).await?;
        Ok::<u64, Error>(answer.into_iter().flatten().next().flatten().and_then(|text| text.parse().ok()).unwrap_or(0))
    };
    let begun = number("xmax").await?;
    while number("xmin").await? < begun {
        tokio::time::sleep(STEP).await;
    }
    Ok(())
}

/// Removes the slot.
///
/// # Errors
/// [`Kind::Source`]: the server refuses it.
pub async fn remove(session: &Session, replication: &ReplicationSpec) -> Result<(), Error> {
    let statement = format!("SELECT pg_catalog.pg_drop_replication_slot({})", quoted_text(&replication.slot));
    session.texts(&statement).await.map(|_| ())
}
