//! A connection to the server, set up so that each value has one text.

use crate::error::{Error, Kind, Retry};
use crate::snapshot::patience::patiently;
use crate::snapshot::server::Texts;
use crate::snapshot::spec::SourceSpec;
use mysql_async::prelude::Queryable;
use mysql_async::{Conn, DriverError, Opts, OptsBuilder, Row, SslOpts, Value};
use std::path::Path;
use std::time::Duration;

/// Texts in UTF-8; a CHAR without its blanks; no limit for a statement; a reader may be held up for an hour. The zone stays the server's own,
/// which Canal reads in too.
const SESSION: &str = "SET NAMES utf8mb4, SESSION sql_mode = '', SESSION net_write_timeout = 3600, SESSION group_concat_max_len = 1048576";

/// Connects.
///
/// # Errors
/// [`Kind::Source`]: who was asked, and what to look at.
pub async fn connect(spec: &SourceSpec) -> Result<Conn, Error> {
    let limit = Duration::from_secs(spec.connect_seconds);
    let connected = tokio::time::timeout(limit, Conn::new(opts(spec))).await.map_err(|_| {
        let text = format!("the server did not answer within {} s", limit.as_secs());
        Error::new(Kind::Source, text).retried(Retry::Later).at(spec.address())
    })?;
    let mut conn = connected.map_err(|e| refused(&e, &spec.user).at(spec.address()))?;
    conn.query_drop(SESSION).await.map_err(|e| unanswered(SESSION, e).at(spec.address()))?;
    Ok(conn)
}

/// Connects, and awaits a server that is [away](crate::snapshot::patience).
///
/// # Errors
/// As [`connect`].
pub async fn connect_again(spec: &SourceSpec) -> Result<Conn, Error> {
    patiently(Duration::from_secs(spec.patience_seconds), || connect(spec)).await
}

/// A connection with TLS, to servers whose certificates are of that file's authorities (of the usual ones, if there is none), and say their names unless any may.
pub fn trusting(ca: Option<&Path>, any_name: bool) -> SslOpts {
    let opts = SslOpts::default().with_danger_skip_domain_validation(any_name);
    match ca {
        Some(ca) => opts.with_root_certs(vec![ca.to_path_buf().into()]).with_disable_built_in_roots(true),
        None => opts,
    }
}

fn opts(spec: &SourceSpec) -> Opts {
    let tls = spec.tls.as_ref().map(|tls| trusting(tls.ca.as_deref(), tls.skip_hostname_verification));
    OptsBuilder::default()
        .ip_or_hostname(spec.host.clone())
        .tcp_port(spec.port)
        .user(Some(spec.user.clone()))
        .pass(Some(spec.password.clone()))
        .prefer_socket(false)
        .ssl_opts(tls)
        .into()
}

/// Rows of a statement, as texts.
///
/// # Errors
/// [`Kind::Source`] with the statement.
pub async fn texts(conn: &mut Conn, statement: &str) -> Result<Texts, Error> {
    let rows: Vec<Row> = conn.query(statement).await.map_err(|e| unanswered(statement, e))?;
    Ok(rows.into_iter().map(|row| row.unwrap().into_iter().map(text).collect()).collect())
}

/// The same; what the server says if it takes the statement and does not run it is no error.
///
/// # Errors
/// [`Kind::Source`] with the statement: the server has gone.
pub async fn answer(conn: &mut Conn, statement: &str) -> Result<Result<Texts, String>, Error> {
    let rows: Result<Vec<Row>, _> = conn.query(statement).await;
    match rows {
        Ok(rows) => Ok(Ok(rows.into_iter().map(|row| row.unwrap().into_iter().map(text).collect()).collect())),
        Err(mysql_async::Error::Server(refused)) => Ok(Err(refused.to_string())),
        Err(e) => Err(unanswered(statement, e)),
    }
}

/// A value as the text that it came as.
fn text(value: Value) -> Option<String> {
    match value {
        Value::Bytes(bytes) => Some(String::from_utf8_lossy(&bytes).into_owned()),
        _ => None,
    }
}

/// What to do about a connection that is not made.
fn refused(e: &mysql_async::Error, user: &str) -> Error {
    const DENIED: u16 = 1045;
    /// It is being stopped.
    const SHUTDOWN: u16 = 1053;
    let (what, retry) = match e {
        mysql_async::Error::Server(server) if server.code == DENIED => (
            format!(
                "the server does not let {user} in; look at the user, its password, and the hosts it may come from"
            ),
            Retry::Never,
        ),
        mysql_async::Error::Server(server) if server.code == SHUTDOWN => {
            ("no connection to the server".to_string(), Retry::Later)
        }
        mysql_async::Error::Io(_) => {
            ("the server cannot be reached; look at host, port and firewall".to_string(), Retry::Later)
        }
        mysql_async::Error::Driver(DriverError::ConnectionClosed) => {
            ("the server closed the connection".to_string(), Retry::Later)
        }
        _ => ("no connection to the server".to_string(), Retry::Never),
    };
    Error::new(Kind::Source, format!("{what}: {e}")).retried(retry)
}

/// A statement that the server does not run.
pub fn unanswered(statement: &str, e: mysql_async::Error) -> Error {
    let shown: String = statement.chars().take(300).collect();
    Error::new(Kind::Source, format!("the source does not run `{shown}`")).caused_by(e)
}

/// Whether the table, or its database, is not there.
pub fn is_missing(e: &mysql_async::Error) -> bool {
    const UNKNOWN_DATABASE: u16 = 1049;
    const NO_SUCH_TABLE: u16 = 1146;
    matches!(e, mysql_async::Error::Server(server) if [UNKNOWN_DATABASE, NO_SUCH_TABLE].contains(&server.code))
}

/// A name in backquotes.
pub fn backquoted(name: &str) -> String {
    format!("`{}`", name.replace('`', "``"))
}

/// A text in quotes; `sql_mode` has backslashes escape.
pub fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\\', "\\\\").replace('\'', "''"))
}
