//! Where a job begins in the log: what the server has to have for it, and a place that fits the tables as they are.

use super::definitions::Definitions;
use super::gtid::GtidSet;
use super::position::LogPosition;
use super::settings::Settings;
use super::visible;
use crate::changes::message::FIRST_SEQUENCE;
use crate::changes::start::{self, ATTEMPTS, LogStart, unsettled};
use crate::error::{Error, Kind};
use crate::snapshot::mysql::catalogue::OWN;
use crate::snapshot::mysql::server::{self, texts};
use crate::snapshot::server::{ask, catalogue};
use crate::snapshot::spec::SourceSpec;
use crate::sync::rules::Rules;
use mysql_async::Conn;

/// What is there, and the log: definitions of all tables of the databases of which any is selected.
pub type Listing = start::Listing<LogPosition, Definitions>;

/// Lists the tables for a job that goes on with the log.
///
/// # Errors
/// [`Kind::Source`]: the server writes no log that can be followed, or does not let this user read it, with the remedy.
pub fn listing(spec: &SourceSpec) -> Result<Listing, Error> {
    let rules = Rules::new(&spec.names)?;
    ask(async {
        let mut conn = server::connect(spec).await?;
        let settings = Settings::read(&mut conn).await.map_err(|e| e.at(spec.address()))?;
        match settings.missing(&spec.user).into_iter().next() {
            Some(problem) => Err(Error::new(Kind::Source, problem.text).at(spec.address())),
            None => Ok(()),
        }
    })?;
    // Definitions that were the same before and after a place are those of that place.
    let mut before = definitions(spec, &rules)?;
    for _ in 0..ATTEMPTS {
        let catalogue = catalogue(spec)?;
        let log = LogStart { position: with_connection(spec, position)?, definitions: definitions(spec, &rules)? };
        let after = definitions(spec, &rules)?;
        if before == log.definitions && after == log.definitions {
            return Ok(Listing { catalogue, log });
        }
        before = after;
    }
    Err(unsettled().at(spec.address()))
}

fn definitions(spec: &SourceSpec, rules: &Rules) -> Result<Definitions, Error> {
    let wanted = |database: &str, table: &str| Ok(rules.target(database, table)?.is_some());
    with_connection(spec, async |conn| Definitions::read(conn, wanted).await)
}

fn with_connection<T>(spec: &SourceSpec, work: impl AsyncFnOnce(&mut Conn) -> Result<T, Error>) -> Result<T, Error> {
    ask(async {
        let mut conn = server::connect(spec).await?;
        let found = work(&mut conn).await.map_err(|e| e.at(spec.address()));
        // What it says at its end matters to nobody.
        let _ = conn.disconnect().await;
        found
    })
}

/// Behind it is all that cannot be seen in the tables from now on.
async fn position(conn: &mut Conn) -> Result<LogPosition, Error> {
    // MySQL from 8.2 on has only the first, older ones and MariaDB only the second.
    let mut refusal = None;
    for statement in ["SHOW BINARY LOG STATUS", "SHOW MASTER STATUS"] {
        match texts(conn, statement).await {
            Ok(rows) => {
                let Some([Some(file), Some(offset), _, _, rest @ ..]) = rows.first().map(Vec::as_slice) else {
                    return Err(Error::new(
                        Kind::Source,
                        "the server writes no binary log; set log_bin and restart it, or run the job without its incremental stage",
                    ));
                };
                let is_numbered = gtid_mode(conn).await?;
                let gtid = rest.first().cloned().flatten().filter(|_| is_numbered).unwrap_or_default();
                let end = (file.clone(), offset.parse().unwrap_or(4));
                let (file, offset) = if is_numbered { end } else { seen(conn, end).await? };
                return Ok(LogPosition {
                    server: identity(conn).await?,
                    file,
                    offset,
                    gtid: GtidSet::parse(&gtid)?,
                    sequence: FIRST_SEQUENCE,
                    time: 0,
                });
            }
            Err(e) => refusal = Some(e),
        }
    }
    let remedy = "the place in the binary log cannot be asked for; GRANT REPLICATION CLIENT (MariaDB: BINLOG MONITOR) ON *.* to the user";
    Err(match refusal {
        Some(e) => Error::new(Kind::Source, remedy).caused_by(e),
        None => Error::new(Kind::Source, remedy),
    })
}

/// A place whose commits can all be seen: that end of the log, or before it.
async fn seen(conn: &mut Conn, end: (String, u64)) -> Result<(String, u64), Error> {
    if let Some(place) = visible::place(conn).await? {
        return Ok(place);
    }
    visible::wait(conn).await?;
    Ok(end)
}

/// Whether the server numbers all transactions. MariaDB's numbers are not used.
pub(super) async fn gtid_mode(conn: &mut Conn) -> Result<bool, Error> {
    Ok(variable(conn, "gtid_mode").await?.is_some_and(|mode| mode.eq_ignore_ascii_case("ON")))
}

/// Which server this is.
pub(super) async fn identity(conn: &mut Conn) -> Result<String, Error> {
    Ok(match variable(conn, "server_uuid").await? {
        Some(uuid) => uuid,
        None => format!("server {}", variable(conn, "server_id").await?.unwrap_or_default()),
    })
}

/// A variable of the server; None if it knows none of that name.
pub(super) async fn variable(conn: &mut Conn, name: &str) -> Result<Option<String>, Error> {
    let rows = texts(conn, &format!("SHOW GLOBAL VARIABLES LIKE '{name}'")).await?;
    Ok(rows.into_iter().find_map(|row| match <[Option<String>; 2]>::try_from(row) {
        Ok([Some(found), value]) if found.eq_ignore_ascii_case(name) => value,
        _ => None,
    }))
}

/// Whether a database is the server's own.
pub(super) fn is_own(database: &str) -> bool {
    OWN.iter().any(|own| database.eq_ignore_ascii_case(own))
}
