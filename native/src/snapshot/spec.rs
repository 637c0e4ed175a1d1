//! Which server is read, and what of it.

use crate::error::{Error, Kind};
use crate::sync::rules::NamesSpec;
use serde::Deserialize;
use std::path::PathBuf;

/// Which kind of server: what it is asked, and how it is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ServerKind {
    /// MySQL and MariaDB.
    Mysql,
    /// PostgreSQL.
    Postgres,
    /// Greenplum: a PostgreSQL with a catalogue of its own.
    Greenplum,
    /// Oracle, by JDBC.
    Oracle,
}

impl ServerKind {
    /// Its key below `source` in a job's file.
    pub fn name(self) -> &'static str {
        match self {
            ServerKind::Mysql => "mysql",
            ServerKind::Postgres => "postgres",
            ServerKind::Greenplum => "greenplum",
            ServerKind::Oracle => "oracle",
        }
    }
}

/// A server, and what is read of it.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SourceSpec {
    /// What it is.
    pub kind: ServerKind,
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Who reads.
    pub user: String,
    /// The database to connect to, whose schemas are read, of Oracle its service; MySQL, where all databases are one server's, takes none.
    #[serde(default)]
    pub database: String,
    /// The password; in no error and no log.
    pub password: String,
    /// TLS; none without.
    #[serde(default)]
    pub tls: Option<TlsSpec>,
    /// Which tables, as `database.table`, or `schema.table`; what the server keeps for itself is left out in any case.
    #[serde(default)]
    pub names: NamesSpec,
    /// Rows that are read at once, about.
    pub range_rows: u64,
    /// Bytes of a message, about.
    pub message_bytes: usize,
    /// Limit for a connection to be made.
    pub connect_seconds: u64,
    /// For how long a server that was there is tried again when it is [away](crate::snapshot::patience).
    pub patience_seconds: u64,
    /// Whether the log of changes is read after full data: then the server has to write one that can be. Greenplum has none.
    #[serde(default)]
    pub log: bool,
    /// Whether that log is being read already: then nothing is made for it when tables are listed.
    #[serde(default)]
    pub follows: bool,
    /// The number that this reader of the log has among all replicas of the server.
    #[serde(default)]
    pub server_id: Option<u32>,
    /// The service of Oracle that LogMiner is asked at, where it is another one than the tables'.
    #[serde(default)]
    pub log_database: Option<String>,
    /// The replication slot that PostgreSQL keeps its log for, and the publication that says of which tables. Both where its log is read.
    #[serde(default)]
    pub replication: Option<ReplicationSpec>,
}

/// What PostgreSQL keeps for the reader of its log.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ReplicationSpec {
    /// The slot's name: at most 63 small letters, digits and underscores.
    pub slot: String,
    /// Whether the name was made of the job's, so that a slot of that name is this job's.
    #[serde(default)]
    pub is_own_slot: bool,
    /// The publication's name.
    pub publication: String,
}

/// TLS to the server.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TlsSpec {
    /// PEM file of the authorities to trust; without it those of Mozilla's list.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// Whether the certificate may be for another host.
    #[serde(default)]
    pub skip_hostname_verification: bool,
}

impl SourceSpec {
    /// Reads the JSON text that the shim sends.
    ///
    /// # Errors
    /// [`Kind::InvalidSpec`], with what is wrong.
    pub fn from_json(text: &[u8]) -> Result<SourceSpec, Error> {
        let spec: SourceSpec = serde_json::from_slice(text)
            .map_err(|e| Error::new(Kind::InvalidSpec, "the source's specification is not readable").caused_by(e))?;
        if spec.log && spec.kind == ServerKind::Greenplum {
            let what = format!("the log of source.{} is not read; leave its incremental stage out", spec.kind.name());
            return Err(Error::new(Kind::InvalidSpec, what));
        }
        Ok(spec)
    }

    /// `host:port`, for messages.
    pub fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }
}
