//! The headers of a load, checked in the order in which a back end checks them.

use crate::http::wire::{Framing, Request};
use crate::{Cluster, Version};

/// A load that is refused or failed: Doris' error code and text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoadError {
    /// `INVALID_ARGUMENT`, `DATA_QUALITY_ERROR` …
    pub code: &'static str,
    /// What follows the code.
    pub text: String,
}

impl LoadError {
    /// With any code.
    pub fn new(code: &'static str, text: impl Into<String>) -> LoadError {
        LoadError { code, text: text.into() }
    }

    /// What the front end answered to the back end, with its usual prefixes.
    pub fn from_fe(text: impl std::fmt::Display) -> LoadError {
        LoadError::new("ANALYSIS_ERROR", format!("TStatus: errCode = 2, detailMessage = {text}"))
    }

    /// As `Message` has it.
    pub fn message(&self) -> String {
        format!("[{}]{}", self.code, self.text)
    }
}

type Checked<T> = Result<T, LoadError>;

fn invalid<T>(text: impl Into<String>) -> Checked<T> {
    Err(LoadError::new("INVALID_ARGUMENT", text))
}

/// `format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Format {
    /// With this many lines of names (and types) at the top.
    Csv {
        header_lines: usize,
    },
    Json,
    Arrow,
}

/// `compress_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Compression {
    None,
    Gzip,
    Bzip2,
    Lz4Frame,
    Deflate,
}

/// What must be known before the transaction begins.
#[derive(Clone, Debug)]
pub struct Opening {
    /// Label, made here if not given.
    pub label: String,
    /// `two_phase_commit` is exactly `true`.
    pub two_phase: bool,
    /// `group_commit`: the mode, if it is in force.
    pub group_commit: Option<&'static str>,
    /// Format of the body.
    pub format: Format,
    /// Compression of the body.
    pub compression: Compression,
    /// Delimiting of the body.
    pub framing: Framing,
    /// `timeout` in seconds.
    pub timeout_s: Option<i64>,
    /// `comment`.
    pub comment: String,
}

/// `merge_type`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum MergeType {
    Append,
    Delete,
    Merge,
}

/// `unique_key_update_mode`, `partial_columns`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum UpdateMode {
    Upsert,
    Fixed,
    Flexible,
}

/// How the body is to be read and loaded.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct Reading {
    pub column_separator: Vec<u8>,
    pub line_delimiter: Vec<u8>,
    pub enclose: Option<u8>,
    pub escape: Option<u8>,
    pub trim_double_quotes: bool,
    pub empty_field_as_null: bool,
    pub skip_lines: usize,
    pub strict: bool,
    pub max_filter_ratio: f64,
    pub merge: MergeType,
    pub delete: Option<String>,
    pub columns: Option<String>,
    pub where_clause: Option<String>,
    pub hidden_columns: Vec<String>,
    pub sequence_col: Option<String>,
    pub jsonpaths: Option<String>,
    pub json_root: Option<String>,
    pub strip_outer_array: bool,
    pub num_as_string: bool,
    pub read_json_by_line: bool,
    pub update: UpdateMode,
    /// `partial_update_new_key_behavior` is ERROR.
    pub new_key_error: bool,
    pub partitions: Vec<String>,
}

fn flag(request: &Request, name: &str) -> bool {
    request.header(name).is_some_and(|v| v.eq_ignore_ascii_case("true"))
}

impl Opening {
    /// Checks what a back end checks before it begins a transaction (group commit, authorization, format, size, framing,
    /// timeout), in its order.
    pub fn check(cluster: &Cluster, request: &Request) -> Checked<Opening> {
        let framing = request.framing();
        let group_commit = group_commit(request, framing)?;
        let label = match (request.header("label"), group_commit) {
            (Some(label), _) => label.to_owned(),
            (None, Some(_)) => format!("group_commit_{}", cluster.unique()),
            (None, None) => cluster.unique().replace('_', "-"),
        };
        let opening = Opening {
            label,
            two_phase: request.header("two_phase_commit") == Some("true"),
            group_commit,
            format: Format::Json,
            compression: Compression::None,
            framing,
            timeout_s: None,
            comment: request.header("comment").unwrap_or("").to_owned(),
        };
        opening.check_rest(cluster, request)
    }

    fn check_rest(self, cluster: &Cluster, request: &Request) -> Checked<Opening> {
        if request.basic().is_none() {
            let code = if cluster.version() < Version::V3_1 { "INTERNAL_ERROR" } else { "NOT_AUTHORIZED" };
            return Err(LoadError::new(code, "no valid Basic authorization"));
        }
        let format = format(request)?;
        let compression = compression(cluster, request, format)?;
        check_size(cluster, request, format, self.framing)?;
        let timeout_s = match request.header("timeout") {
            None => None,
            // C's stoi: digits at the start, whatever follows.
            Some(text) => match leading_number(text) {
                Some(n) => Some(n),
                None => return invalid(format!("Invalid format of 'timeout': '{text}', stoi")),
            },
        };
        Ok(Opening { format, compression, timeout_s, ..self })
    }
}

fn group_commit(request: &Request, framing: Framing) -> Checked<Option<&'static str>> {
    let mode = match request.header("group_commit") {
        None => return Ok(None),
        Some(m) if m.eq_ignore_ascii_case("async_mode") => "async_mode",
        Some(m) if m.eq_ignore_ascii_case("sync_mode") => "sync_mode",
        Some(m) if m.eq_ignore_ascii_case("off_mode") => return Ok(None),
        Some(_) => return invalid("group_commit can only be [async_mode, sync_mode, off_mode]"),
    };
    let partial_mode = request.header("unique_key_update_mode").is_some_and(|m| !m.eq_ignore_ascii_case("UPSERT"));
    let off = flag(request, "partial_columns")
        || request.header("partitions").is_some()
        || request.header("temporary_partitions").is_some()
        || request.header("two_phase_commit") == Some("true")
        || partial_mode
        || framing == Framing::Length(0);
    if off {
        return Ok(None);
    }
    if request.header("label").is_some() {
        return invalid("label and group_commit can't be set at the same time");
    }
    Ok(Some(mode))
}

fn format(request: &Request) -> Checked<Format> {
    let text = request.header("format").unwrap_or("csv");
    Ok(match text.to_ascii_lowercase().as_str() {
        "csv" => Format::Csv { header_lines: 0 },
        "csv_with_names" => Format::Csv { header_lines: 1 },
        "csv_with_names_and_types" => Format::Csv { header_lines: 2 },
        "json" => Format::Json,
        "arrow" => Format::Arrow,
        _ => return Err(LoadError::new("DATA_FILE_TYPE_ERROR", format!("unknown data format, format={text}"))),
    })
}

fn compression(cluster: &Cluster, request: &Request, format: Format) -> Checked<Compression> {
    let Some(text) = request.header("compress_type") else { return Ok(Compression::None) };
    if format == Format::Json && cluster.version() < Version::V3_1 {
        return Err(LoadError::new("INTERNAL_ERROR", "compress data of JSON format is not supported."));
    }
    Ok(match text.to_ascii_lowercase().as_str() {
        "gz" => Compression::Gzip,
        "bz2" => Compression::Bzip2,
        "lz4" => Compression::Lz4Frame,
        "deflate" => Compression::Deflate,
        _ => {
            let text = format!("unknown data format, format={}", request.header("format").unwrap_or("csv"));
            return Err(LoadError::new("DATA_FILE_TYPE_ERROR", text));
        }
    })
}

fn check_size(cluster: &Cluster, request: &Request, format: Format, framing: Framing) -> Checked<()> {
    const MB: u64 = 1024 * 1024;
    if let Framing::Length(n) = framing {
        let most = cluster.settings.streaming_load_max_mb * MB;
        if n > most {
            let text = format!(
                "body size {n} exceed BE's conf `streaming_load_max_mb` {most}. increase it if you are sure this load is \
                 reasonable"
            );
            return Err(LoadError::new("LIMIT_REACH", text));
        }
        let json_most = cluster.settings.streaming_load_json_max_mb * MB;
        if format == Format::Json && !reads_by_line(request) && n > json_most {
            let text = format!(
                "json body size {n} exceed BE's conf `streaming_load_json_max_mb` {json_most}. increase it if you are \
                 sure this load is reasonable"
            );
            return Err(LoadError::new("LIMIT_REACH", text));
        }
    }
    match framing {
        Framing::None => invalid(
            "content_length is empty and transfer-encoding!=chunked, please set content_length or \
             transfer-encoding=chunked",
        ),
        Framing::Both => invalid("please do not set both content_length and transfer-encoding"),
        _ => Ok(()),
    }
}

fn reads_by_line(request: &Request) -> bool {
    match (request.header("read_json_by_line"), request.header("strip_outer_array")) {
        (None, None) => true,
        _ => flag(request, "read_json_by_line"),
    }
}

/// Digits, perhaps signed, at the start of a text.
fn leading_number(text: &str) -> Option<i64> {
    let text = text.trim_start();
    let sign = text.starts_with(['-', '+']) as usize;
    let end = text[sign..].bytes().position(|b| !b.is_ascii_digit()).map_or(text.len(), |i| sign + i);
    text[..end].parse().ok()
}

impl Reading {
    /// Checks the headers that a back end checks after it began the transaction, in its order.
    pub fn check(request: &Request, format: Format) -> Checked<Reading> {
        let text = |name: &str| request.header(name).map(str::to_owned);
        let separator = |name: &str, default: &[u8]| match request.header(name) {
            None => Ok(default.to_vec()),
            Some(value) => unescaped_separator(value),
        };
        let column_separator = separator("column_separator", b"\t")?;
        let line_delimiter = separator("line_delimiter", b"\n")?;
        let enclose = single_char(request, "enclose")?;
        let escape = single_char(request, "escape")?;
        let max_filter_ratio = request.header("max_filter_ratio").map_or(Ok(0.0), |v| v.trim().parse::<f64>());
        let Ok(max_filter_ratio) = max_filter_ratio else { return invalid("Invalid max_filter_ratio format") };
        if request.header("partitions").is_some() && request.header("temporary_partitions").is_some() {
            return invalid("Can not specify both partitions and temporary partitions");
        }
        let strict = strict_mode(request)?;
        if request.header("exec_mem_limit").is_some_and(|v| leading_number(v).is_none()) {
            return invalid("Invalid mem limit format, stoll");
        }
        let (merge, delete) = merge_type(request)?;
        if let Some(n) = request.header("send_batch_parallelism") {
            if leading_number(n).is_none() {
                return invalid("send_batch_parallelism must be an integer, stoi");
            }
        }
        let skip_lines = match request.header("skip_lines").map(|v| (v, leading_number(v))) {
            None => 0,
            Some((_, Some(n))) if n >= 0 => n as usize,
            Some((_, Some(n))) => return invalid(format!("Invalid 'skip_lines': {n}")),
            Some((v, None)) => return invalid(format!("Invalid 'skip_lines': {v}")),
        };
        let update = update_mode(request, format)?;
        let list = |name: &str| split_names(request.header(name).unwrap_or(""));
        Ok(Reading {
            column_separator,
            line_delimiter,
            enclose,
            escape,
            trim_double_quotes: flag(request, "trim_double_quotes"),
            empty_field_as_null: flag(request, "empty_field_as_null"),
            skip_lines,
            strict,
            max_filter_ratio,
            merge,
            delete,
            columns: text("columns"),
            where_clause: text("where"),
            hidden_columns: list("hidden_columns"),
            sequence_col: text("function_column.sequence_col"),
            jsonpaths: text("jsonpaths"),
            json_root: text("json_root"),
            strip_outer_array: flag(request, "strip_outer_array"),
            num_as_string: flag(request, "num_as_string"),
            read_json_by_line: reads_by_line(request),
            update,
            new_key_error: new_key_error(request)?,
            partitions: list("partitions"),
        })
    }
}

/// `a, b` to its trimmed names without back-quotes.
pub fn split_names(text: &str) -> Vec<String> {
    let names = text.split(',').map(|n| n.trim().trim_matches('`').to_owned());
    names.filter(|n| !n.is_empty()).collect()
}

fn single_char(request: &Request, name: &str) -> Checked<Option<u8>> {
    match request.header(name).map(str::as_bytes) {
        None => Ok(None),
        Some([one]) => Ok(Some(*one)),
        Some(more) => invalid(format!("{name} must be single-char, actually is {}", String::from_utf8_lossy(more))),
    }
}

fn strict_mode(request: &Request) -> Checked<bool> {
    match request.header("strict_mode") {
        None => Ok(false),
        Some(v) if v.eq_ignore_ascii_case("true") => Ok(true),
        Some(v) if v.eq_ignore_ascii_case("false") => Ok(false),
        Some(_) => invalid("Invalid strict mode format. Must be bool type"),
    }
}

fn merge_type(request: &Request) -> Checked<(MergeType, Option<String>)> {
    let merge = match request.header("merge_type") {
        None => MergeType::Append,
        Some(v) if v.eq_ignore_ascii_case("append") => MergeType::Append,
        Some(v) if v.eq_ignore_ascii_case("delete") => MergeType::Delete,
        Some(v) if v.eq_ignore_ascii_case("merge") => MergeType::Merge,
        Some(v) => return invalid(format!("Invalid merge type {v}")),
    };
    let delete = request.header("delete").map(str::to_owned);
    match (merge, &delete) {
        (MergeType::Merge, None) => invalid("Excepted DELETE ON clause when merge type is MERGE."),
        (MergeType::Append | MergeType::Delete, Some(_)) => {
            invalid("Not support DELETE ON clause when merge type is not MERGE.")
        }
        _ => Ok((merge, delete)),
    }
}

fn update_mode(request: &Request, format: Format) -> Checked<UpdateMode> {
    let mode = match request.header("unique_key_update_mode").map(str::to_ascii_uppercase).as_deref() {
        None if flag(request, "partial_columns") => UpdateMode::Fixed,
        None | Some("UPSERT") => UpdateMode::Upsert,
        Some("UPDATE_FIXED_COLUMNS") => UpdateMode::Fixed,
        Some("UPDATE_FLEXIBLE_COLUMNS") => UpdateMode::Flexible,
        Some(other) => {
            return invalid(format!(
                "Invalid unique_key_partial_mode {other}, must be one of 'UPSERT', 'UPDATE_FIXED_COLUMNS' or \
                 'UPDATE_FLEXIBLE_COLUMNS'"
            ));
        }
    };
    if mode == UpdateMode::Flexible {
        if format != Format::Json {
            return invalid("flexible partial update only support json format as input file currently");
        }
        let excluded = [
            ("fuzzy_parse", "fuzzy_parse"),
            ("columns", "columns"),
            ("jsonpaths", "jsonpaths"),
            ("hidden_columns", "hidden_columns"),
            ("function_column.sequence_col", "function_column.sequence_col"),
            ("merge_type", "merge_type"),
            ("where", "where"),
        ];
        for (header, name) in excluded {
            if request.header(header).is_some_and(|v| header != "fuzzy_parse" || v.eq_ignore_ascii_case("true")) {
                return invalid(format!("Don't support flexible partial update when '{name}' is specified"));
            }
        }
    }
    Ok(mode)
}

fn new_key_error(request: &Request) -> Checked<bool> {
    match request.header("partial_update_new_key_behavior").map(str::to_ascii_uppercase).as_deref() {
        None | Some("APPEND") => Ok(false),
        Some("ERROR") => Ok(true),
        Some(other) => {
            invalid(format!("Invalid partial_update_new_key_behavior {other}, must be one of 'APPEND' or 'ERROR'"))
        }
    }
}

/// `\x01\x02` as bytes; else the C-like escapes that Doris knows, unknown ones kept.
fn unescaped_separator(value: &str) -> Checked<Vec<u8>> {
    if let Some(hex) = value.get(..2).filter(|p| p.eq_ignore_ascii_case("\\x")).map(|_| &value[2..]) {
        let hex = hex.replace("\\x", "").replace("\\X", "");
        if hex.is_empty() || hex.len() % 2 != 0 {
            return invalid("Hex str length error");
        }
        let pairs = (0..hex.len()).step_by(2).map(|i| hex.get(i..i + 2).and_then(|p| u8::from_str_radix(p, 16).ok()));
        let bytes: Option<Vec<u8>> = pairs.collect();
        return bytes.map_or_else(|| invalid("Hex str format error"), Ok);
    }
    let mut out = Vec::new();
    let mut bytes = value.bytes().peekable();
    while let Some(b) = bytes.next() {
        let escaped = match (b, bytes.peek()) {
            (b'\\', Some(b'n')) => b'\n',
            (b'\\', Some(b't')) => b'\t',
            (b'\\', Some(b'r')) => b'\r',
            (b'\\', Some(&c @ (b'\\' | b'\'' | b'"'))) => c,
            _ => {
                out.push(b);
                continue;
            }
        };
        bytes.next();
        out.push(escaped);
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn separators_are_unescaped_as_doris_does() {
        assert_eq!(unescaped_separator("\\x01").unwrap(), [1]);
        assert_eq!(unescaped_separator("\\X0102").unwrap(), [1, 2]);
        assert_eq!(unescaped_separator("\\x01\\x02").unwrap(), [1, 2]);
        assert_eq!(unescaped_separator("|@|\\n").unwrap(), b"|@|\n");
        assert_eq!(unescaped_separator("\\q").unwrap(), b"\\q");
        assert_eq!(unescaped_separator("\\x0").unwrap_err().text, "Hex str length error");
        assert_eq!(unescaped_separator("\\xzz").unwrap_err().text, "Hex str format error");
    }
}
