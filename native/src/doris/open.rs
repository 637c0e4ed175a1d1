//! Puts a writer together: asks Doris for the table, checks the columns against it, starts the loader.

use super::body::{BodyEncoder, BodySpec, Format, NonFinite, Zone, separator};
use super::catalogue;
use super::cluster::{Access, CallError, Cluster};
use super::http::NoAnswer;
use super::label::Stem;
use super::load::LoadTarget;
use super::loader::{Loader, LoaderPlan};
use super::pace::Pace;
use super::spec::{BadRows, FormatName, WriterSpec};
use super::table::{DorisTable, KeyModel, Sequence};
use super::writer::{Deletes, Limits, Writer};
use crate::error::{Error, Kind};
use crate::interrupt;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::runtime::Runtime;

/// Headers that this writer sets itself: the shim refuses them among `sink.properties.*`, or they are read into the specification.
const OWN_HEADERS: [&str; 16] = [
    "format",
    "read_json_by_line",
    "strip_outer_array",
    "column_separator",
    "line_delimiter",
    "enclose",
    "escape",
    "trim_double_quotes",
    "columns",
    "hidden_columns",
    "label",
    "two_phase_commit",
    "compress_type",
    "timeout",
    "strict_mode",
    "max_filter_ratio",
];

impl Writer {
    /// Opens the writer of one subtask. Blocks until a front end has said what the table is.
    ///
    /// # Errors
    /// No front end answers, there is no such table, or its columns cannot take the sink's.
    pub fn open(spec: WriterSpec) -> Result<Writer, Error> {
        let access = spec.access.access()?;
        let patience = Duration::from_secs(spec.patience_seconds);
        // A task that starts sees no interrupt here; a job that cannot start is restarted as its strategy says.
        let target = ask(&access, &spec.database, &spec.table, patience.min(Duration::from_secs(30)))?;
        let unique = target.as_ref().is_none_or(|table| table.model == KeyModel::Unique);
        // Without a unique key nothing can be deleted; rows that would have to be are then an error, not an insert.
        let signs = spec.delete && unique;
        let encoder = BodyEncoder::new(body(&spec, signs)?, &spec.fields, target.as_ref())?;
        let ordered = unique && target.as_ref().is_none_or(|table| table.sequence == Sequence::None);
        let plan = LoaderPlan {
            access,
            target: load_target(&spec, &encoder, patience)?,
            stem: Stem {
                prefix: if spec.label.prefix.is_empty() {
                    format!("{}_{}", spec.database, spec.table)
                } else {
                    spec.label.prefix.clone()
                },
                sink: spec.label.sink.clone(),
                job: spec.label.job.clone(),
                restored: spec.label.restored.unwrap_or(0),
                subtask: spec.label.subtask,
            },
            subtasks: spec.label.subtasks,
            restored: spec.restored.clone(),
            in_flight: if ordered && !spec.two_phase { 1 } else { spec.in_flight },
            isolates: spec.bad_rows != BadRows::Fail,
            compression: spec.compress,
        };
        // Under two-phase commit and without an interval only checkpoints and full bodies send.
        let pace = (!spec.two_phase && spec.interval_millis > 0)
            .then(|| Pace::new(Duration::from_millis(spec.interval_millis), spec.label.subtasks));
        let loader = Loader::start(plan).map_err(|e| Error::new(Kind::Internal, "no thread for loads").caused_by(e))?;
        let limits = Limits { rows: spec.max_rows, bytes: spec.max_bytes, memory: spec.memory_bytes };
        let lane = Arc::clone(loader.first());
        Ok(Writer::new(
            encoder,
            (Arc::new(loader), lane),
            limits,
            deletes(&spec, signs),
            spec.bad_rows != BadRows::Fail,
            pace,
        ))
    }
}

/// What a row that is to be deleted is.
fn deletes(spec: &WriterSpec, signs: bool) -> Deletes {
    match (spec.delete, signs) {
        (true, true) => Deletes::Signed,
        (true, false) => Deletes::Refused,
        (false, _) => Deletes::Ignored,
    }
}

fn ask(access: &Access, database: &str, table: &str, patience: Duration) -> Result<Option<DorisTable>, Error> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|e| Error::new(Kind::Internal, "no event loop").caused_by(e))?;
    let cluster = Cluster::new(access.clone());
    let failed = |text: String| Err(Error::new(Kind::Load, text).at(format!("{database}.{table}")));
    match patiently(&runtime, patience, || catalogue::table(&cluster, database, table)) {
        Ok(Some(found)) => Ok(Some(found)),
        Ok(None) => failed(format!(
            "Doris has no table `{table}` in database `{database}`, or user '{}' may not see it; create it, or correct \
             'table.identifier'",
            access.user
        )),
        // Statements over HTTP may be forbidden to a user who may load. Then Doris alone checks the rows.
        Err(CallError::Refused(_)) => Ok(None),
        Err(CallError::Denied(text)) => failed(text),
        Err(CallError::NoAnswer(reason)) => failed(format!("no front end answers: {reason}; check 'fenodes'")),
    }
}

/// Calls Doris, again and again while no front end answers, for as long as `patience`, or until this thread is
/// [interrupted](interrupt).
///
/// # Errors
/// That of the last call.
pub fn patiently<R, F: Future<Output = Result<R, CallError>>>(
    runtime: &Runtime,
    patience: Duration,
    call: impl Fn() -> F,
) -> Result<R, CallError> {
    let began = Instant::now();
    runtime.block_on(async {
        let answered = async {
            loop {
                match call().await {
                    Err(CallError::NoAnswer(_)) if began.elapsed() < patience => {
                        tokio::time::sleep(Duration::from_millis(500)).await;
                    }
                    answer => return answer,
                }
            }
        };
        tokio::select! {
            // An answer that is there counts.
            biased;
            answer = answered => answer,
            () = interrupt::until_interrupted() => Err(CallError::NoAnswer(NoAnswer::Unknown(interrupt::CANCELLED.into()))),
        }
    })
}

fn body(spec: &WriterSpec, signs: bool) -> Result<BodySpec, Error> {
    let property = |name: &str| spec.properties.get(name).filter(|value| !value.is_empty());
    let separator_of = |name: &str, default: Vec<u8>| property(name).map_or(Ok(default), |text| separator::parse(text));
    let byte = |name: &str| -> Result<Option<u8>, Error> {
        property(name).map_or(Ok(None), |text| match text.as_bytes() {
            [one] => Ok(Some(*one)),
            _ => Err(Error::new(Kind::InvalidSpec, format!("'{text}' is not one character")).at(name)),
        })
    };
    let format = match spec.format {
        FormatName::Json => Format::Json,
        FormatName::Arrow => Format::Arrow,
        FormatName::Csv => Format::Csv {
            column_separator: separator_of("column_separator", b",".to_vec())?,
            line_delimiter: separator_of("line_delimiter", b"\n".to_vec())?,
            enclose: byte("enclose")?.or(Some(b'"')),
            escape: byte("escape")?.or(Some(b'\\')),
        },
    };
    Ok(BodySpec {
        delete_sign: signs,
        partial: property("partial_columns").is_some_and(|value| value == "true"),
        keys: spec.keys.clone(),
        zone: Zone::new(spec.zone.clone())?,
        binary: spec.binary,
        non_finite: NonFinite::Fail,
        ..BodySpec::new(format)
    })
}

fn load_target(spec: &WriterSpec, encoder: &BodyEncoder, patience: Duration) -> Result<LoadTarget, Error> {
    let mut headers: Vec<(&str, String)> = encoder.headers();
    // A body's own headers win over the user's: an Arrow body is in UTC, whatever 'timezone' says.
    let own = |name: &str| OWN_HEADERS.contains(&name) || headers.iter().any(|(own, _)| *own == name);
    let users: Vec<_> = spec.properties.iter().filter(|(name, value)| !own(name) && !value.is_empty()).collect();
    headers.extend(users.into_iter().map(|(name, value)| (name.as_str(), value.clone())));
    let limit = Duration::from_secs(spec.load_timeout_seconds);
    let name = (spec.database.clone(), spec.table.clone());
    let target = LoadTarget::new(name, headers, spec.compress, spec.max_retries, limit, patience)?;
    Ok(LoadTarget { two_phase: spec.two_phase, group_commit: spec.group_commit(), ..target })
}
