//! What the shim says when it opens a writer or a committer: JSON, checked here, so that a mistake is named before the first row.

use super::body::BinaryText;
use super::cluster::Access;
use super::http::Authority;
use super::label::LabelState;
use super::route::HostRewrite;
use super::tls::Tls;
use crate::error::{Error, Kind};
use crate::schema::Field;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

/// How to reach the cluster; a part of both specifications.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessSpec {
    /// `fenodes`: `host:port` of front ends, HTTP.
    #[serde(default)]
    pub fenodes: Vec<String>,
    /// `benodes`: the same of back ends.
    #[serde(default)]
    pub benodes: Vec<String>,
    /// `auto-redirect`.
    #[serde(default = "yes")]
    pub auto_redirect: bool,
    /// `username`.
    pub username: String,
    /// `password`; empty for none.
    #[serde(default)]
    pub password: Secret,
    /// Inner address → reachable one.
    #[serde(default)]
    pub host_rewrite: BTreeMap<String, String>,
    /// Limit for a connection to be made.
    #[serde(default = "thirty_seconds")]
    pub connect_timeout_millis: u64,
    /// `doris.enable.tls`, unless HTTP is excluded from it.
    pub tls: Option<TlsSpec>,
}

/// Whom to trust.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct TlsSpec {
    /// `doris.tls.ca-certificate-path`: PEM file of authorities; none for the system's.
    pub ca: Option<PathBuf>,
    /// `doris.tls.skip-hostname-verification`.
    #[serde(default)]
    pub any_name: bool,
}

/// A text that is not shown.
#[derive(Clone, Default, Deserialize)]
#[serde(transparent)]
pub struct Secret(pub String);

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

impl AccessSpec {
    /// The addresses read.
    ///
    /// # Errors
    /// [`Kind::InvalidSpec`] names the address that is none, or the option that is missing.
    pub fn access(&self) -> Result<Access, Error> {
        let front_ends = addresses("fenodes", &self.fenodes)?;
        let back_ends = addresses("benodes", &self.benodes)?;
        if front_ends.is_empty() {
            return Err(Error::new(
                Kind::InvalidSpec,
                "no front end is named; set 'fenodes' to its host and HTTP port, such as fe:8030",
            ));
        }
        let tls = self.tls.as_ref().map(|tls| Tls::new(tls.ca.as_deref(), tls.any_name)).transpose()?;
        Ok(Access {
            front_ends,
            back_ends,
            auto_redirect: self.auto_redirect,
            rewrite: HostRewrite { pairs: self.host_rewrite.clone().into_iter().collect() },
            user: self.username.clone(),
            password: self.password.0.clone(),
            connect_timeout: Duration::from_millis(self.connect_timeout_millis),
            tls,
        })
    }
}

fn addresses(option: &str, texts: &[String]) -> Result<Vec<Authority>, Error> {
    let read = |text: &String| {
        Authority::parse(text).ok_or_else(|| {
            let tls =
                if text.trim_start().starts_with("https:") { ", and set 'doris.enable.tls' = 'true'" } else { "" };
            Error::new(Kind::InvalidSpec, format!("'{text}' is no address; write host:port, such as fe:8030{tls}"))
                .at(option)
        })
    };
    texts.iter().map(read).collect()
}

/// The parts of a label that the shim knows.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct LabelSpec {
    /// `sink.label-prefix`; empty for the default.
    #[serde(default)]
    pub prefix: String,
    /// Tells sinks of a job apart.
    pub sink: String,
    /// Flink's job id.
    pub job: String,
    /// The checkpoint restored from.
    pub restored: Option<u64>,
    /// Index of the subtask.
    pub subtask: u32,
    /// Parallelism of the sink.
    pub subtasks: u32,
}

/// What becomes of a row that cannot be written (`sink.bad-rows`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum BadRows {
    /// The job fails and names it.
    Fail,
    /// It is handed to the shim, which logs it, and the others are loaded.
    Log,
    /// It is handed to the shim, which writes it to another table.
    Table,
}

/// `sink.properties.format`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum FormatName {
    /// One object a line.
    Json,
    /// Enclosed and escaped.
    Csv,
    /// An IPC stream.
    Arrow,
}

/// `sink.properties.compress_type`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// As it is.
    #[default]
    None,
    /// gzip.
    Gz,
    /// LZ4 frames.
    Lz4,
}

impl Compression {
    /// The header `compress_type`; Doris' `lz4` is LZ4's frame format.
    pub fn header(self) -> Option<&'static str> {
        match self {
            Compression::None => None,
            Compression::Gz => Some("gz"),
            Compression::Lz4 => Some("lz4"),
        }
    }
}

/// Everything a writer needs, fixed at open.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct WriterSpec {
    /// The cluster.
    #[serde(flatten)]
    pub access: AccessSpec,
    /// Database, unquoted.
    pub database: String,
    /// Table, unquoted.
    pub table: String,
    /// The sink's columns in row order.
    pub fields: Vec<Field>,
    /// Columns of the PRIMARY KEY, by index.
    #[serde(default)]
    pub keys: Vec<usize>,
    /// Body.
    pub format: FormatName,
    /// `sink.properties.*`: sent as headers, as they are.
    #[serde(default)]
    pub properties: BTreeMap<String, String>,
    /// Deletes are sent with the delete sign.
    pub delete: bool,
    /// How bytes become text.
    #[serde(default)]
    pub binary: BinaryText,
    /// For TIMESTAMP_LTZ: `[epoch millis, offset in seconds]`, ascending, the first valid since ever.
    #[serde(default)]
    pub zone: Vec<(i64, i32)>,
    /// Exactly once.
    pub two_phase: bool,
    /// Names of loads.
    pub label: LabelSpec,
    /// What restored checkpoints kept, each as [`LabelState`].
    #[serde(default)]
    pub restored: Vec<LabelState>,
    /// A body has at most so many rows,
    pub max_rows: u64,
    /// and begins to be sent at so many bytes.
    pub max_bytes: u64,
    /// All bodies together, the one that grows included.
    pub memory_bytes: u64,
    /// Loads at once.
    pub in_flight: usize,
    /// Of flush mode; 0 if nothing is sent by the clock. See [`super::pace`].
    #[serde(default)]
    pub interval_millis: u64,
    /// Times a load is sent again.
    pub max_retries: u32,
    /// Limit for one load.
    #[serde(default = "ten_minutes")]
    pub load_timeout_seconds: u64,
    /// For how long unreachable or busy servers are tried again.
    #[serde(default = "five_minutes")]
    pub patience_seconds: u64,
    /// Rows that cannot be written.
    pub bad_rows: BadRows,
    /// Of bodies.
    #[serde(default)]
    pub compress: Compression,
}

impl WriterSpec {
    /// Reads the JSON text that the shim sends.
    ///
    /// # Errors
    /// [`Kind::InvalidSpec`], with what is wrong.
    pub fn from_json(text: &[u8]) -> Result<WriterSpec, Error> {
        let spec: WriterSpec = serde_json::from_slice(text)
            .map_err(|e| Error::new(Kind::InvalidSpec, "the writer's specification is not readable").caused_by(e))?;
        let positive = [("maxRows", spec.max_rows), ("maxBytes", spec.max_bytes), ("inFlight", spec.in_flight as u64)];
        for (name, value) in positive {
            if value == 0 {
                return Err(Error::new(Kind::InvalidSpec, "must be at least 1, and is 0").at(name));
            }
        }
        if spec.memory_bytes < spec.max_bytes {
            let text = format!("{} bytes for all bodies, but one may have {}", spec.memory_bytes, spec.max_bytes);
            return Err(Error::new(Kind::InvalidSpec, text).at("memoryBytes"));
        }
        if spec.format == FormatName::Arrow && spec.compress != Compression::None {
            let text =
                "Doris does not unpack Arrow bodies; leave 'sink.properties.compress_type' out, or use JSON or CSV";
            return Err(Error::new(Kind::InvalidSpec, text).at("compress"));
        }
        if let Some(key) = spec.keys.iter().find(|key| **key >= spec.fields.len()) {
            return Err(Error::new(Kind::InvalidSpec, format!("there is no column {key}")).at("keys"));
        }
        Ok(spec)
    }

    /// Whether rows go into group commit, where there are no labels.
    pub fn group_commit(&self) -> bool {
        self.properties.get("group_commit").is_some_and(|mode| mode != "off_mode")
    }
}

/// What a committer needs.
#[derive(Debug, Clone, Deserialize)]
pub struct CommitterSpec {
    /// The cluster.
    #[serde(flatten)]
    pub access: AccessSpec,
}

impl CommitterSpec {
    /// Reads the JSON text that the shim sends.
    ///
    /// # Errors
    /// [`Kind::InvalidSpec`], with what is wrong.
    pub fn from_json(text: &[u8]) -> Result<CommitterSpec, Error> {
        serde_json::from_slice(text)
            .map_err(|e| Error::new(Kind::InvalidSpec, "the committer's specification is not readable").caused_by(e))
    }
}

fn yes() -> bool {
    true
}

fn thirty_seconds() -> u64 {
    30_000
}

fn ten_minutes() -> u64 {
    600
}

fn five_minutes() -> u64 {
    300
}
