//! A connection to the server, set up so that each value has one text.

use crate::error::{Error, Kind, Retry};
use crate::snapshot::jdbc::{self, Batch, Failure, Login, Why};
use crate::snapshot::patience::patiently;
use crate::snapshot::server::Texts;
use crate::snapshot::spec::SourceSpec;
use std::time::Duration;

/// Points of time in UTC, a point before the digits of a fraction, texts compared by their bytes, and the calendar that the others have.
pub const SESSION: &str = "ALTER SESSION SET TIME_ZONE = '+00:00' NLS_NUMERIC_CHARACTERS = '.,' NLS_SORT = BINARY NLS_COMP = BINARY NLS_CALENDAR = GREGORIAN";

/// A connection.
pub struct Session(Box<dyn jdbc::Session>);

/// Connects.
///
/// # Errors
/// [`Kind::Source`]: who was asked, and what to look at.
pub fn connect(spec: &SourceSpec) -> Result<Session, Error> {
    let login = Login {
        url: format!("jdbc:oracle:thin:@//{}:{}/{}", spec.host, spec.port, spec.database),
        user: spec.user.clone(),
        password: spec.password.clone(),
        connect_seconds: spec.connect_seconds,
    };
    let opened = jdbc::connect(&login).map_err(|failure| refused(&failure, spec));
    let mut session = Session(opened.map_err(|e| e.at(spec.address()))?);
    session.0.run(SESSION).map_err(|failure| unanswered(SESSION, &failure).at(spec.address()))?;
    Ok(session)
}

/// Connects, and awaits a server that is [away](crate::snapshot::patience).
///
/// # Errors
/// As [`connect`].
pub async fn connect_again(spec: &SourceSpec) -> Result<Session, Error> {
    patiently(Duration::from_secs(spec.patience_seconds), async || connect(spec)).await
}

impl Session {
    /// Rows of a statement, as texts.
    ///
    /// # Errors
    /// [`Kind::Source`] with the statement.
    pub fn texts(&mut self, statement: &str) -> Result<Texts, Error> {
        self.attempt(statement).map_err(|failure| unanswered(statement, &failure))
    }

    /// The same; what the server says if it takes the statement and does not run it is no error.
    ///
    /// # Errors
    /// [`Kind::Source`] with the statement: the server has gone.
    pub fn answer(&mut self, statement: &str) -> Result<Result<Texts, String>, Error> {
        match self.attempt(statement) {
            Ok(rows) => Ok(Ok(rows)),
            Err(failure) if failure.why == Why::Away => Err(unanswered(statement, &failure)),
            Err(failure) => Ok(Err(failure.text)),
        }
    }

    fn attempt(&mut self, statement: &str) -> Result<Texts, Failure> {
        let columns = self.0.run(statement)?;
        let mut rows = Texts::new();
        while let Some(bytes) = self.0.next()? {
            rows.extend(texts(&bytes, columns)?);
        }
        Ok(rows)
    }

    /// Whether the table is not there any more.
    pub fn is_missing(&mut self, from: &str) -> bool {
        let asked = self.0.run(&format!("SELECT 1 FROM {from} WHERE 1 = 0"));
        asked.is_err_and(|failure| failure.why == Why::Missing)
    }

    /// Runs a statement; its rows, if it has any, come by [`next_texts`](Self::next_texts).
    ///
    /// # Errors
    /// [`Kind::Source`] with the statement.
    pub fn perform(&mut self, statement: &str) -> Result<(), Error> {
        self.select(statement).map(|_| ()).map_err(|failure| unanswered(statement, &failure))
    }

    /// The next rows of so many texts each; None at the end.
    ///
    /// # Errors
    /// [`Kind::Source`]: the server is gone, or a value cannot be read.
    pub fn next_texts(&mut self, columns: usize) -> Result<Option<Texts>, Error> {
        let failed = |failure: Failure| {
            Error::new(Kind::Source, format!("the source does not go on: {failure}")).retried(retry(&failure))
        };
        let Some(bytes) = self.0.next().map_err(failed)? else { return Ok(None) };
        texts(&bytes, columns).map(Some).map_err(failed)
    }

    /// Begins a SELECT; how many columns it has.
    ///
    /// # Errors
    /// The server does not run it.
    pub fn select(&mut self, statement: &str) -> Result<usize, Failure> {
        self.0.run(statement)
    }

    /// Its next rows; None at its end.
    ///
    /// # Errors
    /// The server is gone, or a value cannot be read.
    pub fn next(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        self.0.next()
    }
}

fn texts(bytes: &[u8], columns: usize) -> Result<Texts, Failure> {
    let broken = || Failure { why: Why::Refused, text: "the driver's rows are not in order".into() };
    let mut rows = Texts::new();
    let mut batch = Batch::new(bytes);
    while !batch.is_at_end() {
        let cells = (0..columns).map(|_| {
            let cell = batch.cell().map_err(|_| broken())?;
            Ok(cell.map(|text| String::from_utf8_lossy(text).into_owned()))
        });
        rows.push(cells.collect::<Result<_, Failure>>()?);
    }
    Ok(rows)
}

/// What to do about a connection that is not made.
fn refused(failure: &Failure, spec: &SourceSpec) -> Error {
    let what = match failure.why {
        Why::Login => format!("the server does not let {} in; look at the user and its password", spec.user),
        Why::NoDriver => {
            "there is no driver for Oracle; put ojdbc11.jar (com.oracle.database.jdbc:ojdbc11) into Flink's lib/, or name it in CANAL_NATIVE_CLASSPATH".to_string()
        }
        Why::Away | Why::Missing | Why::Unlike | Why::Refused => {
            "no connection to the server; look at host, port, service, the listener and the firewall".to_string()
        }
    };
    Error::new(Kind::Source, format!("{what}: {failure}")).retried(retry(failure))
}

/// A statement that the server does not run.
pub fn unanswered(statement: &str, failure: &Failure) -> Error {
    let shown: String = statement.chars().take(300).collect();
    Error::new(Kind::Source, format!("the source does not run `{shown}`: {failure}")).retried(retry(failure))
}

fn retry(failure: &Failure) -> Retry {
    if failure.why == Why::Away { Retry::Later } else { Retry::Never }
}
