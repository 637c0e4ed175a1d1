//! Opening a table when its first message comes: what it is in the source, what it is to be in Doris, and a writer for it.

use super::create::{TableProperties, create_table};
use super::ddl::alter::{AlterOptions, PresentColumn, alter_table};
use super::mapping::{MappedColumn, MappedTable, Target, TypeOptions};
use super::rows::RowConverter;
use super::rules::{NamesSpec, Rules, TargetName};
use super::source::{MessageColumns, SourceTable, same_name};
use super::table::TableWriter;
use super::writer::{DatabaseWriter, Tables};
use crate::canal::decode::Decoder;
use crate::canal::head::Head;
use crate::doris::body::{BodyEncoder, BodySpec, Format};
use crate::doris::catalogue::{self, EVERYWHERE};
use crate::doris::cluster::{CallError, Cluster};
use crate::doris::label::Stem;
use crate::doris::load::LoadTarget;
use crate::doris::loader::{Lane, Loader, LoaderPlan};
use crate::doris::open::patiently;
use crate::doris::spec::{AccessSpec, Compression, FormatName, LabelSpec};
use crate::doris::table::{DorisTable, KeyModel, Sequence, backquoted};
use crate::doris::writer::{Deletes, Limits, Writer};
use crate::error::{Error, Kind};
use crate::schema::{DdlHandling, DecoderSpec, Semantics, TimestampFormat, Wire};
use serde::Deserialize;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use tokio::runtime::Runtime;

/// Everything the writer of one subtask needs, fixed at open.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DatabaseSpec {
    /// The cluster.
    #[serde(flatten)]
    pub access: AccessSpec,
    /// Which tables, and their names in Doris.
    #[serde(default)]
    pub names: NamesSpec,
    /// Choices about types.
    #[serde(default)]
    pub types: TypeOptions,
    /// How tables are made.
    #[serde(default)]
    pub properties: TableProperties,
    /// Of bodies: JSON or CSV.
    pub format: FormatName,
    /// Of bodies.
    #[serde(default)]
    pub compress: Compression,
    /// Names of loads.
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

    /// The writer of one subtask. It asks Doris for a table when the table's first message comes.
    ///
    /// # Errors
    /// An address or a pattern that is none; the system gives no thread.
    pub fn open(self) -> Result<DatabaseWriter<DorisTables>, Error> {
        let rules = Rules::new(&self.names)?;
        let access = self.access.access()?;
        let none = |e| Error::new(Kind::Internal, "no thread for loads").caused_by(e);
        let plan = LoaderPlan {
            access: access.clone(),
            // Each table has a lane of its own; nothing goes to the first one.
            target: self.target(Default::default(), Vec::new()),
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
            isolates: false,
            compression: self.compress,
        };
        let loader = Arc::new(Loader::start(plan).map_err(none)?);
        let memory = self.memory_bytes;
        let tables = DorisTables {
            runtime: tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(none)?,
            cluster: Cluster::new(access),
            loader: Arc::clone(&loader),
            spec: self,
        };
        Ok(DatabaseWriter::new(rules, tables, loader, memory))
    }

    fn target(&self, name: (String, String), headers: Vec<(String, String)>) -> LoadTarget {
        let seconds = Duration::from_secs;
        let (limit, patience) = (seconds(self.load_timeout_seconds), seconds(self.patience_seconds));
        LoadTarget::new(name, headers, self.compress, self.max_retries, limit, patience)
    }
}

/// The tables of a Doris cluster.
pub struct DorisTables {
    spec: DatabaseSpec,
    runtime: Runtime,
    cluster: Cluster,
    loader: Arc<Loader>,
}

impl Tables for DorisTables {
    fn open(&mut self, head: &Head<'_>, name: &TargetName) -> Result<TableWriter, Error> {
        let source = source_table(head)?;
        let mapped = MappedTable::of(
            &source,
            Target::same_columns(&name.database, &name.table),
            &self.spec.types,
            self.spec.properties.duplicate_without_key,
        )?;
        let table = match self.ask(name)? {
            Some(table) => self.widen(&mapped, table, name)?,
            None => self.create(&mapped, name)?,
        };
        self.writer(&source, &mapped, &table).map_err(|e| e.at(format!("{}.{}", name.database, name.table)))
    }
}

impl DorisTables {
    /// Makes the table, and its database if that is missing.
    fn create(&self, mapped: &MappedTable, target: &TargetName) -> Result<DorisTable, Error> {
        let statement = create_table(mapped, &self.spec.properties)?;
        self.run(EVERYWHERE, &format!("CREATE DATABASE IF NOT EXISTS {}", backquoted(&target.database)))?;
        self.run(&target.database, &statement)?;
        self.ask(target)?.ok_or_else(|| {
            Error::new(Kind::Load, "Doris has no such table, though it was just created; may this user see it?")
                .at(format!("{}.{}", target.database, target.table))
        })
    }

    /// Adds the columns that the table lacks: the source has had them since, whether or not a message said so.
    fn widen(&self, mapped: &MappedTable, table: DorisTable, target: &TargetName) -> Result<DorisTable, Error> {
        let is_there = |column: &&MappedColumn| table.columns.iter().any(|there| same_name(&there.name, &column.name));
        if mapped.columns.iter().all(|column| is_there(&column)) {
            return Ok(table);
        }
        // What is there is left as it is; whether it can take the values is seen when the writer is made.
        let present: Vec<PresentColumn> = mapped.columns.iter().filter(is_there).map(PresentColumn::of).collect();
        let steps = alter_table(mapped, mapped, &[], &present, AlterOptions::default()).map_err(|e| {
            Error::new(Kind::Load, format!("{}; by hand: {}", e.what, e.by_hand.join("; ")))
                .at(format!("{}.{}", target.database, target.table))
        })?;
        for step in steps {
            self.run(&target.database, &step.sql)?;
        }
        self.ask(target).map(|widened| widened.unwrap_or(table))
    }

    fn ask(&self, name: &TargetName) -> Result<Option<DorisTable>, Error> {
        self.patiently(|| catalogue::table(&self.cluster, &name.database, &name.table))
            .map_err(|e| e.at(format!("{}.{}", name.database, name.table)))
    }

    fn run(&self, database: &str, statement: &str) -> Result<(), Error> {
        self.patiently(|| self.cluster.query(database, statement))
            .map(|_| ())
            .map_err(|e| Error::new(Kind::Load, format!("Doris does not run this statement: {statement}")).caused_by(e))
    }

    fn patiently<R, F: Future<Output = Result<R, CallError>>>(&self, call: impl Fn() -> F) -> Result<R, Error> {
        let patience = Duration::from_secs(self.spec.patience_seconds);
        patiently(&self.runtime, patience, call).map_err(|e| Error::new(Kind::Load, e.to_string()))
    }

    fn writer(&self, source: &SourceTable, mapped: &MappedTable, table: &DorisTable) -> Result<TableWriter, Error> {
        let spec = &self.spec;
        let decoder = Decoder::new(DecoderSpec {
            fields: mapped.decoded_fields(),
            metadata: Vec::new(),
            semantics: Semantics::Canal,
            lenient: false,
            timestamp: TimestampFormat::Sql,
            filter_database: false,
            filter_table: false,
            time_millis: true,
            ddl: DdlHandling::Skip,
            zero_date: spec.types.zero_date,
            wire: Wire::Json,
        })?;
        let unique = table.model == KeyModel::Unique;
        let body = BodySpec {
            delete_sign: unique,
            sequence: unique && table.sequence == Sequence::Hidden,
            binary: spec.types.binary.into(),
            ..BodySpec::new(if spec.format == FormatName::Csv { Format::csv() } else { Format::Json })
        };
        let encoder = BodyEncoder::new(body, &mapped.written_fields(), Some(table))?;
        let headers = encoder.headers().into_iter().map(|(name, value)| (name.to_string(), value)).collect();
        let lane = Lane::new(
            spec.target((table.database.clone(), table.name.clone()), headers),
            unique && table.sequence == Sequence::None,
        );
        // Room is the business of whoever has all tables.
        let limits = Limits { rows: spec.max_rows, bytes: spec.max_bytes, memory: u64::MAX };
        let deletes = if unique { Deletes::Signed } else { Deletes::Refused };
        let writer = Writer::new(encoder, (Arc::clone(&self.loader), lane), limits, deletes, false, None);
        let converter =
            RowConverter::new(mapped.columns.iter().map(|column| (column.name.as_str(), &column.conversion)));
        Ok(TableWriter::new(source.full_name(), mapped.columns.len(), decoder, converter, writer))
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
