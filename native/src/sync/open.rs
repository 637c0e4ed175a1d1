//! Opening a table when its first message comes: what it is in the source, what it is to be in Doris, and a writer for it.

use super::columns::{Added, ColumnRules, ColumnsSpec};
use super::create::TableProperties;
use super::ddl::alter::AlterOptions;
use super::decoders::Decoders;
use super::journal::Journal;
use super::mapping::{MappedTable, TypeOptions};
use super::rows::RowConverter;
use super::rules::{self, NamesSpec, Rules, TargetName};
use super::source::{MessageColumns, SourceTable};
use super::table::TableWriter;
use super::tables::DorisTables;
use super::writer::DatabaseWriter;
use crate::canal::decode::Decoder;
use crate::canal::head::Head;
use crate::doris::body::{BodyEncoder, BodySpec, Format};
use crate::doris::label::Stem;
use crate::doris::load::LoadTarget;
use crate::doris::loader::{Lane, Loader, LoaderPlan};
use crate::doris::spec::{AccessSpec, Compression, FormatName, LabelSpec};
use crate::doris::statements::Statements;
use crate::doris::table::{DorisTable, KeyModel, Sequence};
use crate::doris::writer::{Deletes, Limits, Writer};
use crate::error::{Error, Kind};
use crate::schema::{DdlHandling, DecoderSpec, Semantics, TimestampFormat, Wire};
use regex::Regex;
use serde::Deserialize;
use std::sync::Arc;
use std::time::Duration;

/// Everything the writer of one subtask needs, fixed at open.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DatabaseSpec {
    /// The cluster.
    #[serde(flatten)]
    pub access: AccessSpec,
    /// What the messages are.
    #[serde(default)]
    pub wire: Wire,
    /// The job's name, under which the journal of schema changes is kept.
    #[serde(default = "canal")]
    pub origin: String,
    /// Nothing is done; only what would be is reported.
    #[serde(default)]
    pub plan: bool,
    /// Which tables, and their names in Doris.
    #[serde(default)]
    pub names: NamesSpec,
    /// Columns that are renamed, left out or added.
    #[serde(default)]
    pub columns: Vec<ColumnsSpec>,
    /// Choices about types.
    #[serde(default)]
    pub types: TypeOptions,
    /// How tables are made.
    #[serde(default)]
    pub properties: TableProperties,
    /// How some of them are made; the first pattern that matches `database.table` in Doris counts.
    #[serde(default)]
    pub per_table: Vec<PerTable>,
    /// Schema changes.
    #[serde(default)]
    pub ddl: DdlSpec,
    /// What cannot be moved.
    #[serde(default)]
    pub on_error: ErrorSpec,
    /// Rows that are deleted.
    #[serde(default)]
    pub deletes: DeletesSpec,
    /// Of bodies: JSON or CSV.
    pub format: FormatName,
    /// Of bodies.
    #[serde(default)]
    pub compress: Compression,
    /// Names of loads; a plan has none.
    #[serde(default)]
    pub label: LabelSpec,
    /// A body has at most so many rows,
    pub max_rows: u64,
    /// and begins to be sent at so many bytes.
    pub max_bytes: u64,
    /// All bodies of all tables together.
    pub memory_bytes: u64,
    /// Loads at once, of all tables together.
    pub in_flight: usize,
    /// Times a load is sent again.
    pub max_retries: u32,
    /// Limit for one load.
    pub load_timeout_seconds: u64,
    /// For how long unreachable or busy servers are tried again.
    pub patience_seconds: u64,
}

pub(super) fn canal() -> String {
    "canal".into()
}

/// Properties of some tables.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub struct PerTable {
    /// Pattern for the whole of `database.table` in Doris.
    pub table: String,
    /// What is said here counts instead of what all tables have.
    #[serde(flatten)]
    pub properties: TableProperties,
}

/// How each table is made.
pub struct PropertyRules {
    all: TableProperties,
    per_table: Vec<(Regex, TableProperties)>,
}

impl PropertyRules {
    /// Rules of which the first one that matches counts, and what counts where none does.
    ///
    /// # Errors
    /// [`Kind::InvalidSpec`] names the pattern that is none.
    pub fn new(all: &TableProperties, per_table: &[PerTable]) -> Result<PropertyRules, Error> {
        let rule = |rule: &PerTable| Ok((rules::whole("perTable.table", &rule.table)?, rule.properties.clone()));
        Ok(PropertyRules { all: all.clone(), per_table: per_table.iter().map(rule).collect::<Result<_, Error>>()? })
    }

    /// How that table is made.
    pub fn of(&self, name: &TargetName) -> &TableProperties {
        let name = name.to_string();
        self.per_table.iter().find(|(table, _)| table.is_match(&name)).map_or(&self.all, |(_, properties)| properties)
    }
}

/// What is done about schema changes.
#[derive(Debug, Clone, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct DdlSpec {
    /// They are done in Doris. Otherwise they are reported, and only new columns of rows are added.
    pub sync: bool,
    /// DROP TABLE is done, too.
    pub drop_table: Doing,
    /// TRUNCATE TABLE.
    pub truncate: Doing,
    /// A column of Doris that holds all values of a narrower type stays as it is.
    pub keep_wider: bool,
    /// The database that the journal is in.
    pub journal_database: String,
}

impl Default for DdlSpec {
    fn default() -> Self {
        DdlSpec {
            sync: true,
            drop_table: Doing::Ignore,
            truncate: Doing::Apply,
            keep_wider: false,
            journal_database: "canal_native".into(),
        }
    }
}

/// Whether something is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Doing {
    /// It is.
    Apply,
    /// It is reported.
    Ignore,
}

/// What becomes of what cannot be moved.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(default, rename_all = "camelCase", deny_unknown_fields)]
pub struct ErrorSpec {
    /// A table of the source that Doris cannot have. Default: it is reported, and its messages are counted.
    pub table: OnError,
    /// A message that cannot be applied. Default: the job fails.
    pub message: OnError,
}

impl Default for ErrorSpec {
    fn default() -> Self {
        ErrorSpec { table: OnError::Report, message: OnError::Fail }
    }
}

/// Whether a job goes on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum OnError {
    /// It fails.
    Fail,
    /// It reports and counts, and goes on.
    Report,
}

/// What becomes of a row that is deleted in the source.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DeletesSpec {
    /// It is deleted in Doris.
    #[default]
    Apply,
    /// It stays.
    Ignore,
}

impl DatabaseSpec {
    /// Reads the JSON text that the shim sends.
    ///
    /// # Errors
    /// [`Kind::InvalidSpec`], with what is wrong.
    pub fn from_json(text: &[u8]) -> Result<DatabaseSpec, Error> {
        let spec: DatabaseSpec = serde_json::from_slice(text)
            .map_err(|e| Error::new(Kind::InvalidSpec, "the writer's specification is not readable").caused_by(e))?;
        for (name, value) in
            [("maxRows", spec.max_rows), ("maxBytes", spec.max_bytes), ("inFlight", spec.in_flight as u64)]
        {
            if value == 0 {
                return Err(Error::new(Kind::InvalidSpec, "must be at least 1, and is 0").at(name));
            }
        }
        if spec.format == FormatName::Arrow {
            return Err(Error::new(Kind::InvalidSpec, "tables of a database are loaded as JSON or CSV").at("format"));
        }
        Ok(spec)
    }

    /// The writer of one subtask. It asks Doris for a table when the table's first message comes. `restored`: states of the checkpoint that the job
    /// starts from; after a change of parallelism several, or none.
    ///
    /// # Errors
    /// An address or a pattern that is none; the journal of schema changes cannot be read; the system gives no thread.
    pub fn open(self, restored: &[Vec<u8>]) -> Result<DatabaseWriter, Error> {
        let rules = (Rules::new(&self.names)?, ColumnRules::new(&self.columns)?);
        let properties = PropertyRules::new(&self.properties, &self.per_table)?;
        let access = self.access.access()?;
        let none = |e| Error::new(Kind::Internal, "no thread for loads").caused_by(e);
        let plan = LoaderPlan {
            access: access.clone(),
            // Each table has a lane of its own; nothing goes to the first one.
            target: self.target(Default::default(), Vec::new())?,
            stem: Stem {
                prefix: if self.label.prefix.is_empty() { "canal".into() } else { self.label.prefix.clone() },
                sink: self.label.sink.clone(),
                job: self.label.job.clone(),
                restored: self.label.restored.unwrap_or(0),
                subtask: self.label.subtask,
            },
            subtasks: self.label.subtasks,
            restored: Vec::new(),
            in_flight: self.in_flight,
            isolates: self.on_error.message == OnError::Report,
            compression: self.compress,
        };
        let loader = Arc::new(Loader::start(plan).map_err(none)?);
        let journal = self.ddl.sync.then(|| Journal::new(&self.ddl.journal_database, &self.origin));
        let doris = Statements::new(access, Duration::from_secs(self.patience_seconds))?;
        let tables = DorisTables::new(self, properties, doris, loader);
        DatabaseWriter::new(rules, tables, journal, restored)
    }

    /// Choices about changes of tables.
    pub fn alter_options(&self) -> AlterOptions {
        AlterOptions { keep_wider: self.ddl.keep_wider }
    }

    pub(super) fn target(&self, name: (String, String), headers: Vec<(&str, String)>) -> Result<LoadTarget, Error> {
        let seconds = Duration::from_secs;
        let (limit, patience) = (seconds(self.load_timeout_seconds), seconds(self.patience_seconds));
        LoadTarget::new(name, headers, self.compress, self.max_retries, limit, patience)
    }
}

impl DorisTables {
    /// A writer for rows whose columns are those of `mapped`, into a table that is there.
    ///
    /// # Errors
    /// The table cannot take them.
    pub(super) fn writer(
        &self,
        decoders: &mut Decoders,
        source: &SourceTable,
        mapped: &MappedTable,
        added: &[Added],
        table: &DorisTable,
    ) -> Result<TableWriter, Error> {
        let spec = &self.spec;
        let decoded = decoded(mapped, &spec.types);
        let decoder = decoders.claim(&decoded, mapped.keys)?;
        let unique = table.model == KeyModel::Unique;
        let body = BodySpec {
            delete_sign: unique,
            sequence: unique && table.sequence == Sequence::Hidden,
            binary: spec.types.binary.into(),
            ..BodySpec::new(if spec.format == FormatName::Csv { Format::csv() } else { Format::Json })
        };
        let encoder = BodyEncoder::new(body, &mapped.written_fields(), Some(table))?;
        let lane = Lane::new(
            spec.target((table.database.clone(), table.name.clone()), encoder.headers())?,
            unique && table.sequence == Sequence::None,
        );
        // Room is the business of whoever has all tables.
        let limits = Limits { rows: spec.max_rows, bytes: spec.max_bytes, memory: u64::MAX };
        let deletes = match spec.deletes {
            DeletesSpec::Ignore => Deletes::Ignored,
            DeletesSpec::Apply if unique => Deletes::Signed,
            // A table without a key keeps every row that it was given.
            DeletesSpec::Apply => Deletes::Ignored,
        };
        let passes_bad_rows = spec.on_error.message == OnError::Report;
        let writer = Writer::new(encoder, (Arc::clone(&self.loader), lane), limits, deletes, passes_bad_rows, None);
        let converter = RowConverter::new(
            mapped.columns.iter().map(|column| (column.name.as_str(), &column.conversion)),
            added.len(),
        );
        let writer = TableWriter::new(source.full_name(), decoded.fields.len(), decoder, converter, writer);
        let key = mapped.columns[..mapped.keys].iter().map(|column| &column.logical.root);
        Ok(writer.with_key(key).adding(added))
    }
}

/// What reads the messages of a table.
///
/// # Errors
/// Columns of types that no message has.
pub fn decoder(mapped: &MappedTable, types: &TypeOptions) -> Result<Decoder, Error> {
    Decoder::new(decoded(mapped, types))
}

/// What is decoded of the messages of that table.
pub fn decoded(mapped: &MappedTable, types: &TypeOptions) -> DecoderSpec {
    DecoderSpec {
        fields: mapped.decoded_fields(),
        metadata: Vec::new(),
        semantics: Semantics::Canal,
        lenient: false,
        timestamp: TimestampFormat::Sql,
        filter_database: false,
        filter_table: false,
        time_millis: true,
        ddl: DdlHandling::Skip,
        zero_date: types.zero_date,
        wire: Wire::Json,
    }
}

/// The table that a message's rows are of.
///
/// # Errors
/// The message does not say what its columns are.
pub fn source_table(head: &Head<'_>) -> Result<SourceTable, Error> {
    let (database, table) = (head.database().unwrap_or_default(), head.table().unwrap_or_default());
    let unreadable = |member: &str| {
        Error::new(
            Kind::Load,
            format!("a message of {database}.{table} cannot be read: `{member}` is not of Canal's form"),
        )
    };
    let types = head.mysql_types().map_err(|_| unreadable("mysqlType"))?;
    let keys = head.keys().map_err(|_| unreadable("pkNames"))?;
    if types.is_empty() {
        return Err(unreadable("mysqlType"));
    }
    let types: Vec<(&str, &str)> = types.iter().map(|(name, ty)| (name.as_str(), ty.as_str())).collect();
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    Ok(SourceTable::of_message(&database, &table, MessageColumns { mysql_types: &types, sql_types: &[], keys: &keys }))
}
