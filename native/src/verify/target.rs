//! Rows of Doris, by its MySQL protocol: the statement call over HTTP gives no more than some thousand.

use super::range::check;
use super::spec::VerifySpec;
use crate::doris::http::Authority;
use crate::doris::spec::AccessSpec;
use crate::doris::statements::Statements;
use crate::error::{Error, Kind};
use crate::interrupt;
use crate::snapshot::mysql::server::trusting;
use crate::snapshot::server;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, Opts, OptsBuilder, Row, Value};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::Duration;

/// Rows in a batch.
const BATCH: usize = 1000;
/// Batches that wait to be taken.
const BATCHES: usize = 8;
/// A table may be read for hours.
const SESSION: &str = "SET query_timeout = 259200";

/// A row, cell by cell.
pub type Cells = Vec<Option<Vec<u8>>>;

/// A front end that is asked by SQL.
#[derive(Clone)]
pub struct Target {
    opts: Opts,
    address: String,
    limit: Duration,
}

impl Target {
    /// Finds the front end that is to be asked: the one that is named, or one that a front end knows.
    ///
    /// # Errors
    /// None is found.
    pub fn find(spec: &VerifySpec, doris: &Statements) -> Result<Target, Error> {
        let access = &spec.sink.access;
        let address = match &spec.query_address {
            Some(named) => Authority::parse(named).ok_or_else(|| {
                Error::new(Kind::InvalidSpec, format!("'{named}' is no address; write host:port, such as fe:9030"))
                    .at("--doris-query")
            })?,
            None => asked(doris)?,
        };
        let limit = Duration::from_millis(access.connect_timeout_millis);
        Ok(Target { opts: opts(access, &address), address: address.to_string(), limit })
    }

    /// Rows of a statement, all of them.
    ///
    /// # Errors
    /// Doris does not answer.
    pub fn rows(&self, statement: &str) -> Result<Vec<Cells>, Error> {
        self.rows_after(None, statement)
    }

    /// The same, with rows that are deleted and not gone yet.
    ///
    /// # Errors
    /// Doris does not answer.
    pub fn rows_with_deleted(&self, statement: &str) -> Result<Vec<Cells>, Error> {
        self.rows_after(Some("SET show_hidden_columns = true"), statement)
    }

    fn rows_after(&self, before: Option<&str>, statement: &str) -> Result<Vec<Cells>, Error> {
        server::ask(async {
            let mut conn = self.connect().await?;
            if let Some(before) = before {
                conn.query_drop(before).await.map_err(|e| self.unanswered(before, e))?;
            }
            let rows: Vec<Row> = conn.query(statement).await.map_err(|e| self.unanswered(statement, e))?;
            // What it says at its end matters to nobody.
            let _ = conn.disconnect().await;
            rows.into_iter().map(cells).collect()
        })
    }

    /// Reads the rows of a statement in a thread of its own, which makes of each what `form` makes of it. It ends when nobody takes any more.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn stream<T: Send + 'static>(
        &self,
        statement: String,
        form: impl FnMut(&Cells) -> T + Send + 'static,
    ) -> Result<Receiver<Result<Vec<T>, Error>>, Error> {
        let (to, rows) = sync_channel(BATCHES);
        let target = self.clone();
        let run = move || {
            if let Err(e) = target.send(&statement, form, &to) {
                // Where nobody takes it, nobody wants to know.
                let _ = to.send(Err(e));
            }
        };
        let named = thread::Builder::new().name("canal-native: rows of Doris".into());
        named.spawn(run).map_err(|e| Error::new(Kind::Internal, "no thread for the rows of Doris").caused_by(e))?;
        Ok(rows)
    }

    /// Asks in a thread of its own for all that a statement gives.
    ///
    /// # Errors
    /// The system gives no thread.
    pub fn ask(&self, statement: String) -> Result<Pending, Error> {
        let (to, answer) = sync_channel(1);
        let target = self.clone();
        let run = move || {
            // Where nobody takes it, nobody wants to know.
            let _ = to.send(target.answer(&statement));
        };
        let named = thread::Builder::new().name("canal-native: sums of Doris".into());
        named.spawn(run).map_err(|e| Error::new(Kind::Internal, "no thread for the sums of Doris").caused_by(e))?;
        Ok(Pending(answer))
    }

    fn answer(&self, statement: &str) -> Result<Result<Vec<Cells>, String>, Error> {
        server::event_loop()?.block_on(async {
            let mut conn = self.connect().await?;
            let rows: Result<Vec<Row>, _> = conn.query(statement).await;
            let rows = match rows {
                Err(mysql_async::Error::Server(refused)) => return Ok(Err(refused.to_string())),
                rows => rows.map_err(|e| self.unanswered(statement, e))?,
            };
            let _ = conn.disconnect().await;
            rows.into_iter().map(cells).collect::<Result<_, _>>().map(Ok)
        })
    }

    fn send<T>(
        &self,
        statement: &str,
        mut form: impl FnMut(&Cells) -> T,
        to: &SyncSender<Result<Vec<T>, Error>>,
    ) -> Result<(), Error> {
        server::event_loop()?.block_on(async {
            let mut conn = self.connect().await?;
            let mut result = conn.query_iter(statement).await.map_err(|e| self.unanswered(statement, e))?;
            let mut batch = Vec::with_capacity(BATCH);
            while let Some(row) = result.next().await.map_err(|e| self.unanswered(statement, e))? {
                batch.push(form(&cells(row)?));
                if batch.len() == BATCH
                    && to.send(Ok(std::mem::replace(&mut batch, Vec::with_capacity(BATCH)))).is_err()
                {
                    return Ok(());
                }
            }
            let _ = to.send(Ok(batch));
            drop(result);
            let _ = conn.disconnect().await;
            Ok(())
        })
    }

    async fn connect(&self) -> Result<Conn, Error> {
        let failed = |what: String| Error::new(Kind::Load, what).at(&self.address);
        let remedy = "look at the port of its MySQL protocol (query_port), which --doris-query names";
        let connected = tokio::time::timeout(self.limit, Conn::new(self.opts.clone()))
            .await
            .map_err(|_| failed(format!("Doris did not answer within {} s; {remedy}", self.limit.as_secs())))?;
        let mut conn = connected.map_err(|e| failed(format!("no connection to Doris; {remedy}")).caused_by(e))?;
        conn.query_drop(SESSION).await.map_err(|e| self.unanswered(SESSION, e))?;
        Ok(conn)
    }

    fn unanswered(&self, statement: &str, e: mysql_async::Error) -> Error {
        let shown: String = statement.chars().take(300).collect();
        Error::new(Kind::Load, format!("Doris does not run `{shown}`")).at(&self.address).caused_by(e)
    }
}

/// An answer that is to come.
pub struct Pending(Receiver<Result<Result<Vec<Cells>, String>, Error>>);

impl Pending {
    /// Waits for it: rows, or why Doris does not run the statement.
    ///
    /// # Errors
    /// Doris does not answer; the thread is interrupted.
    pub fn wait(self) -> Result<Result<Vec<Cells>, String>, Error> {
        loop {
            match self.0.recv_timeout(interrupt::STEP) {
                Ok(answer) => return answer,
                Err(RecvTimeoutError::Timeout) => check()?,
                Err(RecvTimeoutError::Disconnected) => {
                    return Err(Error::new(Kind::Internal, "the thread that asked Doris has ended without an answer"));
                }
            }
        }
    }
}

fn cells(row: Row) -> Result<Cells, Error> {
    let cell = |value: Value| match value {
        Value::NULL => Ok(None),
        Value::Bytes(bytes) => Ok(Some(bytes)),
        _ => Err(Error::new(Kind::Load, "a value of Doris did not come as text")),
    };
    row.unwrap().into_iter().map(cell).collect()
}

fn asked(doris: &Statements) -> Result<Authority, Error> {
    let found = doris.patiently(|cluster| cluster.query_addresses());
    let remedy = "name a front end's MySQL protocol by --doris-query, such as fe:9030";
    let found = found.map_err(|e| {
        Error::new(Kind::Load, format!("Doris does not say which front ends it has; {remedy}")).caused_by(e)
    })?;
    found
        .into_iter()
        .next()
        .ok_or_else(|| Error::new(Kind::Load, format!("Doris names no front end that is alive; {remedy}")))
}

fn opts(access: &AccessSpec, address: &Authority) -> Opts {
    let tls = access.tls.as_ref().map(|tls| trusting(tls.ca.as_deref(), tls.any_name));
    OptsBuilder::default()
        .ip_or_hostname(address.host.clone())
        .tcp_port(address.port)
        .user(Some(access.username.clone()))
        .pass(Some(access.password.0.clone()))
        .prefer_socket(false)
        .max_allowed_packet(Some(1 << 30))
        .wait_timeout(Some(28_800))
        .ssl_opts(tls)
        .into()
}
