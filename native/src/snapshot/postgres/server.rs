//! A connection to the server, set up so that each value has one text.

use super::questions::{POLICIES, Version};
use super::tls::Tls;
use crate::error::{Error, Kind, Retry};
use crate::snapshot::catalogue::Table;
use crate::snapshot::patience::patiently;
use crate::snapshot::server::Texts;
use crate::snapshot::spec::SourceSpec;
use std::time::Duration;
use tokio::net::TcpStream;
use tokio_postgres::config::SslMode;
use tokio_postgres::error::SqlState;
use tokio_postgres::{Client, Config, CopyOutStream, NoTls, SimpleQueryMessage};

/// Points of time in UTC; dates and intervals in forms that are read back as they are; all digits of a float; no limit for a statement; names of
/// other schemas than the server's own in full. Texts are in UTF-8 always.
pub const SESSION: &str = "SET TimeZone = 'UTC'; SET DateStyle = 'ISO'; SET IntervalStyle = 'postgres'; SET extra_float_digits = 3; \
     SET bytea_output = 'hex'; SET standard_conforming_strings = on; SET statement_timeout = 0; SET lock_timeout = 0; SET search_path = pg_catalog";

/// Rows that a policy would hide are an error.
const UNFILTERED: &str = "SET row_security = off";

/// A connection. It ends with the event loop that it was made on.
pub struct Session {
    client: Client,
    version: Version,
}

/// Connects.
///
/// # Errors
/// [`Kind::Source`]: who was asked, and what to look at.
pub async fn connect(spec: &SourceSpec) -> Result<Session, Error> {
    let limit = Duration::from_secs(spec.connect_seconds);
    let client = tokio::time::timeout(limit, open(spec)).await.unwrap_or_else(|_| {
        let text = format!("the server did not answer within {} s", limit.as_secs());
        Err(Error::new(Kind::Source, text).retried(Retry::Later))
    });
    let mut session =
        Session { client: client.map_err(|e| e.at(spec.address()))?, version: Version { kind: spec.kind, number: 0 } };
    session.prepare().await.map_err(|e| e.at(spec.address()))?;
    Ok(session)
}

/// Connects, and awaits a server that is [away](crate::snapshot::patience).
///
/// # Errors
/// As [`connect`].
pub async fn connect_again(spec: &SourceSpec) -> Result<Session, Error> {
    patiently(Duration::from_secs(spec.patience_seconds), || connect(spec)).await
}

async fn open(spec: &SourceSpec) -> Result<Client, Error> {
    let unreachable = |e: std::io::Error| {
        let what = format!("the server cannot be reached; look at host, port and firewall: {e}");
        Error::new(Kind::Source, what).retried(Retry::Later)
    };
    let stream = TcpStream::connect((spec.host.as_str(), spec.port)).await.map_err(unreachable)?;
    stream.set_nodelay(true).map_err(unreachable)?;
    let mut config = Config::new();
    config.user(&spec.user).password(&spec.password).dbname(&spec.database).application_name("canal-native");
    let refused = |e: tokio_postgres::Error| refused(&e, spec);
    match &spec.tls {
        None => {
            let opened = config.ssl_mode(SslMode::Disable).connect_raw(stream, NoTls).await;
            let (client, connection) = opened.map_err(refused)?;
            // How it ends is said to who asks something.
            tokio::spawn(connection);
            Ok(client)
        }
        Some(tls) => {
            let tls = Tls::new(tls, &spec.host)?;
            let opened = config.ssl_mode(SslMode::Require).connect_raw(stream, tls).await;
            let (client, connection) = opened.map_err(refused)?;
            tokio::spawn(connection);
            Ok(client)
        }
    }
}

impl Session {
    async fn prepare(&mut self) -> Result<(), Error> {
        self.client.batch_execute(SESSION).await.map_err(|e| unanswered(SESSION, &e))?;
        let version = self.texts("SHOW server_version_num").await?.into_iter().flatten().next().flatten();
        self.version.number = version.and_then(|number| number.parse().ok()).unwrap_or(0);
        if self.version.number >= POLICIES {
            self.client.batch_execute(UNFILTERED).await.map_err(|e| unanswered(UNFILTERED, &e))?;
        }
        Ok(())
    }

    /// Which server it is.
    pub fn version(&self) -> Version {
        self.version
    }

    /// Rows of a statement, as texts.
    ///
    /// # Errors
    /// [`Kind::Source`] with the statement.
    pub async fn texts(&self, statement: &str) -> Result<Vec<Vec<Option<String>>>, Error> {
        self.attempt(statement).await.map_err(|e| unanswered(statement, &e))
    }

    /// The same; what the server says if it takes the statement and does not run it is no error.
    ///
    /// # Errors
    /// [`Kind::Source`] with the statement: the server has gone.
    pub async fn answer(&self, statement: &str) -> Result<Result<Texts, String>, Error> {
        match self.attempt(statement).await {
            Ok(rows) => Ok(Ok(rows)),
            Err(e) if e.as_db_error().is_some() && !self.is_closed() => Ok(Err(said(&e))),
            Err(e) => Err(unanswered(statement, &e)),
        }
    }

    /// As [`texts`](Self::texts), where what the server refuses is to be told by its code.
    ///
    /// # Errors
    /// As the connection has them.
    pub async fn attempt(&self, statement: &str) -> Result<Vec<Vec<Option<String>>>, tokio_postgres::Error> {
        let answer = self.client.simple_query(statement).await?;
        let rows = answer.into_iter().filter_map(|message| match message {
            SimpleQueryMessage::Row(row) => Some((0..row.len()).map(|i| row.get(i).map(str::to_string)).collect()),
            _ => None,
        });
        Ok(rows.collect())
    }

    /// Whether the connection is over.
    pub fn is_closed(&self) -> bool {
        self.client.is_closed()
    }

    /// Whether the table is not there any more.
    pub async fn is_missing(&self, table: &Table) -> bool {
        let asked = self.client.simple_query(&format!("SELECT 1 FROM {} LIMIT 0", table.from)).await;
        asked.is_err_and(|e| is_missing(&e))
    }

    /// What a COPY sends.
    ///
    /// # Errors
    /// The server refuses it.
    pub async fn copy(&self, statement: &str) -> Result<CopyOutStream, tokio_postgres::Error> {
        self.client.copy_out(statement).await
    }
}

/// What to do about a connection that is not made.
fn refused(e: &tokio_postgres::Error, spec: &SourceSpec) -> Error {
    let what = match e.code() {
        Some(code) if [SqlState::INVALID_PASSWORD, SqlState::INVALID_AUTHORIZATION_SPECIFICATION].contains(code) => {
            format!("the server does not let {} in; look at the user, its password, and pg_hba.conf", spec.user)
        }
        Some(code) if *code == SqlState::INVALID_CATALOG_NAME => {
            format!("the server has no database {}; look at source.{}.database", spec.database, spec.kind.name())
        }
        _ if spec.tls.is_some() => {
            "no TLS connection to the server; look at its ssl setting, and at tls.ca".to_string()
        }
        _ => "no connection to the server; if it takes only TLS, write tls: {}".to_string(),
    };
    // It is being started or stopped.
    let away = [SqlState::CANNOT_CONNECT_NOW, SqlState::ADMIN_SHUTDOWN, SqlState::CRASH_SHUTDOWN];
    let retry = if e.code().is_some_and(|code| away.contains(code)) { Retry::Later } else { Retry::Never };
    Error::new(Kind::Source, format!("{what}: {}", said(e))).retried(retry)
}

/// A statement that the server does not run.
pub fn unanswered(statement: &str, e: &tokio_postgres::Error) -> Error {
    let shown: String = statement.chars().take(300).collect();
    Error::new(Kind::Source, format!("the source does not run `{shown}`: {}", said(e)))
}

/// What the server, or the connection, says.
pub fn said(e: &tokio_postgres::Error) -> String {
    if let Some(said) = e.as_db_error() {
        let more =
            [said.detail(), said.hint()].into_iter().flatten().map(|more| format!(" ({more})")).collect::<String>();
        return format!("{}{more}", said.message());
    }
    let mut text = e.to_string();
    let mut cause = std::error::Error::source(e);
    while let Some(e) = cause {
        let more = e.to_string();
        if !text.contains(&more) {
            text = format!("{text}: {more}");
        }
        cause = e.source();
    }
    text
}

/// Whether the table, or its schema, is not there.
pub fn is_missing(e: &tokio_postgres::Error) -> bool {
    e.code().is_some_and(|code| [SqlState::UNDEFINED_TABLE, SqlState::INVALID_SCHEMA_NAME].contains(code))
}
