//! The log as the server sends it, and what it is asked meanwhile.

use super::charset::Charset;
use super::definitions::{self, Definitions};
use super::event::RawEvent;
use super::gtid::GtidSet;
use super::log::{Log, Need, Server};
use super::position::{FAILOVER, LogPosition};
use super::start::{gtid_mode, identity, variable};
use super::zone::Zone;
use crate::changes::reader::{Outlet, PAUSE, silent};
use crate::error::{Error, Kind};
use crate::snapshot::mysql::server::{self, texts, unanswered};
use crate::snapshot::spec::SourceSpec;
use crate::sync::rules::Rules;
use futures_core::Stream;
use mysql_async::prelude::Queryable;
use mysql_async::{BinlogStream, BinlogStreamRequest, Conn};
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// How often a server that has nothing to send says so.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// For how long nothing may come before the connection is taken for dead.
const SILENCE: Duration = Duration::from_secs(60);

/// Reads the log until nobody takes batches any more.
///
/// # Errors
/// [`Kind::Source`]: the server, its log, or a value.
pub async fn read(
    spec: &SourceSpec,
    mut position: LogPosition,
    definitions: Arc<Definitions>,
    to: &Outlet<LogPosition, Definitions>,
) -> Result<(), Error> {
    let rules = Rules::new(&spec.names)?;
    let mut conn = server::connect_again(spec).await?;
    let (server, by_gtid) = prepare(&mut conn, &mut position).await.map_err(|e| e.at(spec.address()))?;
    let mut sent = position.clone();
    if !by_gtid {
        position.gtid = Default::default();
    }
    let mut stream = open(spec, conn, &position).await.map_err(|e| e.at(spec.address()))?;
    let mut log = Log::new((rules, spec.message_bytes), server, position, definitions);
    loop {
        let event = match tokio::time::timeout(PAUSE, next(&mut stream)).await {
            Ok(event) => event,
            Err(_) => {
                if !send(&mut log, &mut sent, to).await {
                    return Ok(());
                }
                tokio::time::timeout(SILENCE, next(&mut stream)).await.unwrap_or_else(|_| Err(silent(SILENCE)))
            }
        };
        let event = event.map_err(|e| e.at(spec.address()))?;
        let header = event.header();
        let raw = RawEvent {
            kind: header.event_type_raw(),
            seconds: header.timestamp(),
            size: header.event_size(),
            end: header.log_pos(),
            body: event.data(),
        };
        loop {
            match log.take(&raw)? {
                Need::Nothing => break,
                need => answer(spec, &mut log, need).await?,
            }
        }
        if log.is_full() && !send(&mut log, &mut sent, to).await {
            return Ok(());
        }
    }
}

/// Whether somebody takes it. Waits for room: the server waits then, too.
async fn send(log: &mut Log, sent: &mut LogPosition, to: &Outlet<LogPosition, Definitions>) -> bool {
    let Some(batch) = log.batch(sent) else { return true };
    sent.clone_from(&batch.position);
    to.send(batch).await
}

/// What the server is, and whether its log is asked for by transactions' numbers.
///
/// # Errors
/// The server does not answer, or is another one than the position's, and does not number transactions, or lacks some that were read.
pub async fn prepare(conn: &mut Conn, position: &mut LogPosition) -> Result<(Server, bool), Error> {
    let by_gtid = !position.gtid.is_empty() && gtid_mode(conn).await?;
    let found = identity(conn).await?;
    if found != position.server {
        if !by_gtid {
            return Err(Error::new(
                Kind::Source,
                format!(
                    "this is another server ({found}) than the one whose log was read ({}), and places in two logs cannot be compared without \
                     gtid_mode = ON; start the job without its state, which reads the tables anew",
                    position.server
                ),
            ));
        }
        let executed = GtidSet::parse(&variable(conn, "gtid_executed").await?.unwrap_or_default())?;
        let lacking = position.gtid.without(&executed);
        if !lacking.is_empty() {
            return Err(Error::new(
                Kind::Source,
                format!(
                    "this is another server ({found}) than the one whose log was read ({}), and it lacks transactions of that one whose rows are in Doris: {lacking}. \
                     If it is still getting them, start the job again when it has. If they are lost, start the job without its state, which reads the tables anew, and \
                     take rows that only Doris has out by verify and correct --delete-surplus",
                    position.server
                ),
            ));
        }
        // Lengths of its events differ: later rows have to be above those of before in any case.
        position.sequence += FAILOVER;
        position.server = found;
    }
    let zone = Zone::ask(conn).await?;
    let mut collations = HashMap::new();
    for row in texts(conn, "SELECT CAST(ID AS CHAR), CHARACTER_SET_NAME FROM information_schema.COLLATIONS").await? {
        if let Ok([Some(id), Some(charset)]) = <[Option<String>; 2]>::try_from(row)
            && let Ok(id) = id.parse()
        {
            collations.insert(id, charset);
        }
    }
    Ok((Server { zone, collations }, by_gtid))
}

/// Asks for the log from there on.
///
/// # Errors
/// The server does not send it, with the remedy.
pub async fn open(spec: &SourceSpec, mut conn: Conn, position: &LogPosition) -> Result<BinlogStream, Error> {
    let Some(server_id) = spec.server_id else {
        return Err(Error::new(Kind::InvalidSpec, "serverId is missing, which the reader of a log needs"));
    };
    let period = HEARTBEAT.as_nanos();
    // The last one has MariaDB send its own events as they are.
    let session = format!(
        "SET @master_heartbeat_period = {period}, @source_heartbeat_period = {period}, @mariadb_slave_capability = 4"
    );
    conn.query_drop(session.as_str()).await.map_err(|e| unanswered(&session, e))?;
    let request = BinlogStreamRequest::new(server_id);
    let request = if position.gtid.is_empty() {
        request.with_filename(position.file.as_bytes()).with_pos(position.offset)
    } else {
        request.with_gtid().with_gtid_set(position.gtid.sids())
    };
    conn.get_binlog_stream(request).await.map_err(|e| ended(&e))
}

/// The next event; waits for it.
///
/// # Errors
/// The connection is lost.
pub async fn next(stream: &mut BinlogStream) -> Result<mysql_async::binlog::events::Event, Error> {
    match std::future::poll_fn(|context| Pin::new(&mut *stream).poll_next(context)).await {
        Some(Ok(event)) => Ok(event),
        Some(Err(e)) => Err(ended(&e)),
        None => Err(Error::new(Kind::Source, "the server has ended the log, as it does when it is shut down")),
    }
}

/// Why the log does not go on, and what to do.
fn ended(e: &mysql_async::Error) -> Error {
    // Of the place, or of the reader.
    const FATAL: u16 = 1236;
    const DENIED: [u16; 3] = [1045, 1227, 1142];
    let what = match e {
        mysql_async::Error::Server(server) if server.code == FATAL => {
            "the server does not send its binary log from there: if it is purged, the job's state is too old, so start the job without it, which reads \
             the tables anew (and keep the log for longer: binlog_expire_logs_seconds); if another reader has the same server-id, give the job \
             one of its own"
        }
        mysql_async::Error::Server(server) if DENIED.contains(&server.code) => {
            "the server does not let the user read its binary log; GRANT REPLICATION SLAVE ON *.* to it"
        }
        _ => "the connection that the binary log came by is lost",
    };
    Error::new(Kind::Source, format!("{what}: {e}"))
}

/// Asks the server for what an event needs.
async fn answer(spec: &SourceSpec, log: &mut Log, need: Need) -> Result<(), Error> {
    let mut conn = server::connect_again(spec).await?;
    match need {
        Need::Nothing => {}
        Need::Table(name) => {
            let table = definitions::ask(&mut conn, &name).await.map_err(|e| e.at(spec.address()))?;
            log.learn(&name, table);
        }
        Need::Charset(name) => {
            let charset = Charset::ask(&mut conn, &name).await.map_err(|e| e.at(spec.address()))?;
            log.learn_charset(&name, charset);
        }
    }
    // What it says at its end matters to nobody.
    let _ = conn.disconnect().await;
    Ok(())
}
