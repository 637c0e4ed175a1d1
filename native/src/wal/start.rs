//! Where a job begins in the log: what the server has to have for it, and a place that fits the tables as they are.

use super::definitions::Definitions;
use super::position::WalPosition;
use super::settings::Settings;
use super::{identity, publication, slot};
use crate::changes::message::FIRST_SEQUENCE;
use crate::changes::start::{self, ATTEMPTS, LogStart, unsettled};
use crate::error::{Error, Kind};
use crate::snapshot::catalogue::{Catalogue, Table};
use crate::snapshot::postgres::server::{self, Session};
use crate::snapshot::server::{ask, catalogue};
use crate::snapshot::spec::{ReplicationSpec, SourceSpec};

/// What is there, and the log: definitions of the tables that are selected.
pub type Listing = start::Listing<WalPosition, Definitions>;

/// Lists the tables for a job that goes on with the log, and makes publication and slot; where the log is being [read](SourceSpec::follows), only with where it
/// stands, all before which can be seen in tables that are read from then on.
///
/// # Errors
/// [`Kind::Source`]: the server writes no log that can be followed, or does not let this user read it, with the remedy.
pub fn listing(spec: &SourceSpec) -> Result<Listing, Error> {
    let replication = replication(spec)?;
    ask(async {
        let session = server::connect(spec).await?;
        let settings = Settings::read(&session, replication).await.map_err(|e| e.at(spec.address()))?;
        match settings.missing(&spec.user).into_iter().next() {
            Some(problem) => Err(Error::new(Kind::Source, problem.text).at(spec.address())),
            None => Ok(()),
        }
    })?;
    // Tables that were the same before and after a place were so there.
    let mut before = followed(spec)?;
    if spec.follows {
        let lsn = with_session(spec, async |session| {
            publication::make(session, replication, &before.tables).await?;
            slot::now(session).await
        })?;
        let position = WalPosition { slot: replication.slot.clone(), lsn, sequence: FIRST_SEQUENCE, time: 0 };
        return Ok(Listing { catalogue: before, log: LogStart { position, definitions: Definitions::default() } });
    }
    for _ in 0..ATTEMPTS {
        let (lsn, definitions) = with_session(spec, async |session| {
            publication::make(session, replication, &before.tables).await?;
            let lsn = slot::make(session, replication).await?;
            Ok((lsn, Definitions::read(session, &before).await?))
        })?;
        let after = followed(spec)?;
        if is_same(&before.tables, &after.tables) {
            let position = WalPosition { slot: replication.slot.clone(), lsn, sequence: FIRST_SEQUENCE, time: 0 };
            return Ok(Listing { catalogue: after, log: LogStart { position, definitions } });
        }
        with_session(spec, async |session| slot::remove(session, replication).await)?;
        before = after;
    }
    Err(unsettled().at(spec.address()))
}

/// What a specification says of slot and publication.
///
/// # Errors
/// [`Kind::InvalidSpec`]: nothing.
pub fn replication(spec: &SourceSpec) -> Result<&ReplicationSpec, Error> {
    let missing = || Error::new(Kind::InvalidSpec, "replication is missing, which the reader of a log needs");
    spec.replication.as_ref().ok_or_else(missing)
}

/// The tables that can be read and followed.
fn followed(spec: &SourceSpec) -> Result<Catalogue, Error> {
    let mut catalogue = catalogue(spec)?;
    with_session(spec, async |session| identity::refuse(session, &mut catalogue).await)?;
    if catalogue.tables.is_empty() {
        let reasons: Vec<String> =
            catalogue.refused.iter().map(|refused| format!("{}: {}", refused.table, refused.reason)).collect();
        let text = format!("none of the selected tables can be followed: {}", reasons.join("; "));
        return Err(Error::new(Kind::Source, text).at(spec.address()));
    }
    Ok(catalogue)
}

fn with_session<T>(spec: &SourceSpec, work: impl AsyncFnOnce(&Session) -> Result<T, Error>) -> Result<T, Error> {
    ask(async {
        let session = server::connect(spec).await?;
        work(&session).await.map_err(|e| e.at(spec.address()))
    })
}

/// Whether tables are defined alike: what is in them matters not.
fn is_same(before: &[Table], after: &[Table]) -> bool {
    let of = |table: &Table| (table.database.clone(), table.table.clone(), table.columns.clone(), table.keys.clone());
    before.iter().map(of).eq(after.iter().map(of))
}
