//! Where a job begins in the log: what the server has to have for it, and a place that fits the tables as they are.

use super::definitions::{Definitions, Known};
use super::position::RedoPosition;
use super::server::Server;
use super::settings::Settings;
use crate::changes::definitions::Named;
use crate::changes::message::FIRST_SEQUENCE;
use crate::changes::start::{self, ATTEMPTS, LogStart, unsettled};
use crate::error::{Error, Kind};
use crate::snapshot::catalogue::Catalogue;
use crate::snapshot::oracle::catalogue;
use crate::snapshot::spec::SourceSpec;
use crate::sync::ddl::TableName;
use crate::sync::rules::Rules;
use std::collections::HashSet;

/// What is there, and the log: definitions of the tables that are selected.
pub type Listing = start::Listing<RedoPosition, Definitions>;

/// Lists the tables for a job that goes on with the log; where the log is being [read](SourceSpec::follows), only with where it stands, all before which can be seen in tables that
/// are read from then on.
///
/// # Errors
/// [`Kind::Source`]: the server writes no log that can be followed, or does not let this user read it, with the remedy.
pub fn listing(spec: &SourceSpec) -> Result<Listing, Error> {
    let mut server = Server::connect(spec)?;
    list(spec, &mut server).map_err(|e| e.at(spec.address()))
}

fn list(spec: &SourceSpec, server: &mut Server) -> Result<Listing, Error> {
    let settings = Settings::read(&mut server.log)?;
    if let Some(problem) = settings.missing().into_iter().next() {
        return Err(Error::new(Kind::Source, problem.text));
    }
    let rules = Rules::new(&spec.names)?;
    // Tables that were the same before and after a place were so there.
    let (_, mut before) = followed(&rules, &settings, server)?;
    for _ in 0..ATTEMPTS {
        let position = place(server, &settings)?;
        let (catalogue, after) = followed(&rules, &settings, server)?;
        if before == after || spec.follows {
            let definitions = Definitions::new(after.into_iter(), &catalogue);
            return Ok(Listing { catalogue, log: LogStart { position, definitions } });
        }
        before = after;
    }
    Err(unsettled())
}

/// A place in the log: what was committed before is seen by who reads tables from now on.
fn place(server: &mut Server, settings: &Settings) -> Result<RedoPosition, Error> {
    let before = server.current()?;
    // Whatever is under way has begun before it is asked for, or changes nothing before.
    let oldest = server.oldest()?.unwrap_or(before);
    let now = server.current()?;
    Ok(RedoPosition {
        scn: before.min(oldest),
        commit: now + 1,
        transactions: Vec::new(),
        incarnation: settings.incarnation,
        sequence: FIRST_SEQUENCE + 2,
        time: 0,
    })
}

/// The tables that can be read and followed, and what is known of each.
fn followed(rules: &Rules, settings: &Settings, server: &mut Server) -> Result<(Catalogue, Vec<Known>), Error> {
    let mut known = Vec::new();
    let listed = catalogue::list(&mut server.tables, rules, |described| known.push(Known::of(described)))?;
    let mut catalogue = listed.unless_empty()?;
    settings.refuse(&mut server.tables, &mut catalogue)?;
    if catalogue.tables.is_empty() {
        let reasons: Vec<String> =
            catalogue.refused.iter().map(|refused| format!("{}: {}", refused.table, refused.reason)).collect();
        let text = format!("none of the selected tables can be followed: {}", reasons.join("; "));
        return Err(Error::new(Kind::Source, text));
    }
    let kept: HashSet<TableName> =
        catalogue.tables.iter().map(|table| TableName::new(&table.database, &table.table)).collect();
    known.retain(|known| kept.contains(&known.name()));
    Ok((catalogue, known))
}
