//! The log as the server sends it, and what it is told and asked meanwhile.

use super::asked::Asked;
use super::definitions::Definitions;
use super::event::Event;
use super::log::{Log, Need};
use super::position::{Lsn, WalPosition};
use super::slot;
use super::wire::{Failure, Sent, Wire, refused};
use crate::changes::reader::{Outlet, PAUSE, silent};
use crate::error::{Error, Kind};
use crate::snapshot::postgres::server;
use crate::snapshot::spec::{ReplicationSpec, SourceSpec};
use crate::sync::rules::Rules;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;
use tokio::time::{Instant, Interval, MissedTickBehavior, interval, sleep, timeout_at};

/// How often the server is told how far the reader is, and asked how far it is itself.
const STATUS: Duration = Duration::from_secs(2);

/// For how long nothing may come before the connection is taken for dead. A server that reads through a transaction of other tables says nothing.
const SILENCE: Duration = Duration::from_secs(300);

/// For how long a slot may be in use: a server takes a reader for gone only then whose machine is.
const IN_USE: Duration = Duration::from_secs(75);

/// Reads the log until nobody takes batches any more.
///
/// # Errors
/// [`Kind::Source`]: the server, its log, or a value.
pub async fn read(
    spec: &SourceSpec,
    position: WalPosition,
    definitions: Arc<Definitions>,
    to: &Outlet<WalPosition, Definitions>,
) -> Result<(), Error> {
    let rules = Rules::new(&spec.names)?;
    let Some(replication) = &spec.replication else {
        return Err(Error::new(Kind::InvalidSpec, "replication is missing, which the reader of a log needs"));
    };
    let at = |e: Error| e.at(spec.address());
    let session = server::connect_again(spec).await?;
    slot::check(&session, replication, &position).await.map_err(at)?;
    drop(session);
    let wire = begin(spec, replication, position.lsn).await.map_err(at)?;
    let mut status = interval(STATUS);
    status.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let log = Log::new((rules, spec.message_bytes), position.clone(), definitions);
    let mut reading = Reading { wire, log, to, sent: position.clone(), came: position.lsn, status, replication };
    reading.all(&mut Asked::new(spec)).await.map_err(at)
}

/// Waits for a reader of before that the server does not know to be gone.
async fn begin(spec: &SourceSpec, replication: &ReplicationSpec, from: Lsn) -> Result<Wire, Error> {
    const OBJECT_IN_USE: &str = "55006";
    let until = Instant::now() + IN_USE;
    loop {
        let mut wire = Wire::connect(spec).await.map_err(|failure| refused(&failure, spec))?;
        match wire.start(replication, from).await {
            Ok(()) => return Ok(wire),
            Err(failure) if failure.code() == OBJECT_IN_USE && Instant::now() < until => {
                sleep(Duration::from_millis(500)).await;
            }
            Err(failure) if failure.code() == OBJECT_IN_USE => {
                let text = format!(
                    "another reader has the slot {0}: this job, if it runs elsewhere; else give this one a source.postgres.slot of its own: {failure}",
                    replication.slot
                );
                return Err(Error::new(Kind::Source, text));
            }
            Err(failure) => return Err(ended(&failure, replication)),
        }
    }
}

struct Reading<'r> {
    wire: Wire,
    log: Log,
    to: &'r Outlet<WalPosition, Definitions>,
    /// Of the last batch.
    sent: WalPosition,
    /// What has come.
    came: Lsn,
    status: Interval,
    replication: &'r ReplicationSpec,
}

impl Reading<'_> {
    async fn all(&mut self, asked: &mut Asked<'_>) -> Result<(), Error> {
        loop {
            let next = match self.next(PAUSE).await? {
                Some(next) => next,
                None => {
                    if !self.hand_over().await? {
                        return Ok(());
                    }
                    self.next(SILENCE).await?.ok_or_else(|| silent(SILENCE))?
                }
            };
            match next {
                Sent::Alive(end, wants_status) => {
                    self.log.heartbeat(end);
                    self.came = self.came.max(end);
                    if wants_status {
                        self.tell().await?;
                    }
                }
                Sent::Event(bytes) => self.take(&Event::read(&bytes)?, asked).await?,
            }
            if self.log.is_full() && !self.hand_over().await? {
                return Ok(());
            }
        }
    }

    async fn take(&mut self, event: &Event<'_>, asked: &mut Asked<'_>) -> Result<(), Error> {
        match event {
            Event::Begin { transaction, .. } => asked.begin(*transaction),
            Event::Commit { end } => self.came = self.came.max(Lsn(*end)),
            _ => {}
        }
        loop {
            match self.log.take(event)? {
                Need::Nothing => return Ok(()),
                Need::Types => self.log.learn_types(asked.types().await?),
                Need::Table(name) => self.log.learn_table(asked.table(&name).await?),
                Need::Values(missing) => self.log.learn_values(asked.values(&missing).await?),
            }
        }
    }

    /// What the server sends within that time.
    async fn next(&mut self, limit: Duration) -> Result<Option<Sent>, Error> {
        let until = Instant::now() + limit;
        loop {
            tokio::select! {
                biased;
                _ = self.status.tick() => self.tell().await?,
                next = timeout_at(until, self.wire.next()) => {
                    return next.ok().transpose().map_err(|failure| ended(&failure, self.replication));
                }
            }
        }
    }

    async fn tell(&mut self) -> Result<(), Error> {
        let flushed = self.to.confirmed().lsn;
        self.wire.status(self.came.max(flushed), flushed).await.map_err(|failure| ended(&failure, self.replication))
    }

    /// Whether somebody takes the messages so far. The server is told meanwhile that the reader is there.
    async fn hand_over(&mut self) -> Result<bool, Error> {
        let Some(batch) = self.log.batch(&self.sent) else { return Ok(true) };
        self.sent.clone_from(&batch.position);
        let to = self.to;
        let mut sending = pin!(to.send(batch));
        loop {
            tokio::select! {
                biased;
                sent = &mut sending => return Ok(sent),
                _ = self.status.tick() => self.tell().await?,
            }
        }
    }
}

/// Why the log does not go on, and what to do.
fn ended(failure: &Failure, replication: &ReplicationSpec) -> Error {
    let what = match failure.code() {
        // The publication is asked for when the first change comes that it decides about, as of then.
        "42704" => format!(
            "the publication {} is not there, or was not when the next change was made; it has to be there for as long as the job is: make it, then start the \
             job without its state, which reads the tables anew",
            replication.publication
        ),
        "55000" | "58P01" => slot::lost(&replication.slot),
        "57P01" | "57P02" | "57P03" => "the server is being shut down, or ends the connection".into(),
        _ => "the connection that the server's log came by is lost".into(),
    };
    Error::new(Kind::Source, format!("{what}: {failure}"))
}
