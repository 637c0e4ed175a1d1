//! What the log lacks, asked of the server while the log is read: on an ordinary connection, which is kept.

use super::log::{Found, Missing};
use super::visible;
use crate::error::{Error, Kind};
use crate::snapshot::postgres::catalogue::{self, Described, Types};
use crate::snapshot::postgres::server::{self, Session, said};
use crate::snapshot::quoted::{quoted_name, quoted_text};
use crate::snapshot::spec::SourceSpec;
use crate::sync::ddl::TableName;
use tokio_postgres::error::SqlState;

/// Who is asked.
pub struct Asked<'s> {
    spec: &'s SourceSpec,
    session: Option<Session>,
    /// The transaction under way, until others see it.
    unseen: Option<u32>,
}

impl<'s> Asked<'s> {
    /// That server; nobody is connected yet.
    pub fn new(spec: &'s SourceSpec) -> Asked<'s> {
        Asked { spec, session: None, unseen: None }
    }

    /// What is asked from now on is of the end of that transaction, or later.
    pub fn begin(&mut self, transaction: u32) {
        self.unseen = Some(transaction);
    }

    async fn session(&mut self) -> Result<&Session, Error> {
        if self.session.as_ref().is_none_or(Session::is_closed) {
            self.session = Some(server::connect(self.spec).await?);
        }
        let session = self.session.as_ref();
        let session = session.ok_or_else(|| Error::new(Kind::Internal, "a connection that was made is not there"))?;
        if let Some(transaction) = self.unseen {
            visible::wait(session, transaction).await?;
            self.unseen = None;
        }
        Ok(session)
    }

    /// All types of now.
    ///
    /// # Errors
    /// [`Kind::Source`]: the server does not answer.
    pub async fn types(&mut self) -> Result<Types, Error> {
        Types::read(self.session().await?).await
    }

    /// A table as it is now; None if it is not there.
    ///
    /// # Errors
    /// As [`types`](Self::types).
    pub async fn table(&mut self, name: &TableName) -> Result<Option<Described>, Error> {
        catalogue::describe(self.session().await?, &name.database, &name.name).await
    }

    /// Values of a row of now. They may be later ones than those that the log lacks: then the log has them later, and they are right in the end.
    ///
    /// # Errors
    /// As [`types`](Self::types).
    pub async fn values(&mut self, missing: &Missing) -> Result<Found, Error> {
        let session = self.session().await?;
        let columns: Vec<&str> = missing.columns.iter().map(String::as_str).collect();
        match ask(session, missing, &columns).await? {
            Answer::Row(values) => return Ok(Some(values)),
            Answer::NoRow => return Ok(None),
            Answer::NoColumn => {}
        }
        // One of them was dropped since, and its values with it.
        let mut values = Vec::new();
        for column in columns {
            match ask(session, missing, &[column]).await? {
                Answer::Row(mut value) => values.append(&mut value),
                Answer::NoRow => return Ok(None),
                Answer::NoColumn => values.push(None),
            }
        }
        Ok(Some(values))
    }
}

enum Answer {
    Row(Vec<Option<Vec<u8>>>),
    NoRow,
    NoColumn,
}

async fn ask(session: &Session, missing: &Missing, columns: &[&str]) -> Result<Answer, Error> {
    let names: Vec<String> = columns.iter().map(|name| quoted_name(name)).collect();
    let mut key = Vec::new();
    for (name, value) in &missing.key {
        let text =
            std::str::from_utf8(value).map_err(|_| Error::new(Kind::Source, "a key is not UTF-8").at(name.as_str()))?;
        key.push(format!("{} = {}", quoted_name(name), quoted_text(text)));
    }
    let only = if missing.is_partitioned { "" } else { "ONLY " };
    let (schema, table) = (quoted_name(&missing.table.database), quoted_name(&missing.table.name));
    let statement = format!("SELECT {} FROM {only}{schema}.{table} WHERE {}", names.join(", "), key.join(" AND "));
    match session.attempt(&statement).await {
        Ok(rows) => Ok(match rows.into_iter().next() {
            Some(row) => Answer::Row(row.into_iter().map(|value| value.map(String::into_bytes)).collect()),
            None => Answer::NoRow,
        }),
        Err(e) if server::is_missing(&e) => Ok(Answer::NoRow),
        Err(e) if e.code() == Some(&SqlState::UNDEFINED_COLUMN) => Ok(Answer::NoColumn),
        // No statement: it has a row's key in it.
        Err(e) => {
            let what = format!(
                "{} of a row of {} cannot be asked for, which an update did not change",
                names.join(", "),
                missing.table
            );
            Err(Error::new(Kind::Source, format!("{what}: {}", said(&e))))
        }
    }
}
