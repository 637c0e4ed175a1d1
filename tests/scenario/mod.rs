//! The files of tests/data (tests/data/README.md says what stands in them).
#![allow(dead_code)]

pub mod sql_type;

use crate::reference::changelog::Reference;
use canal_native::schema::{DdlHandling, DecoderSpec, Field, MetadataKey, Semantics, TimestampFormat, Wire, ZeroDate};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

/// `tests/data`
pub fn data_dir() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data")
}

/// A `.schema` file.
#[derive(Debug, Clone)]
pub struct Schema {
    pub reference: Reference,
    /// Why Flink's codec differs.
    pub stock: Option<String>,
}

impl Schema {
    pub fn read(path: &Path) -> Schema {
        let text = fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
        let mut schema =
            Schema { reference: Reference { spec: spec_of(Vec::new()), database: None, table: None }, stock: None };
        for line in text.lines().filter(|line| !line.is_empty()) {
            match line.strip_prefix('@') {
                Some(option) => {
                    let (name, value) = option.split_once(' ').unwrap_or((option, ""));
                    schema.set(name, value).unwrap_or_else(|| panic!("{}: {line}", path.display()));
                }
                None => {
                    let (name, ty) = line.split_once('\t').unwrap_or_else(|| panic!("{}: {line}", path.display()));
                    schema.reference.spec.fields.push(Field { name: name.into(), ty: sql_type::parse(ty) });
                }
            }
        }
        schema
    }

    fn set(&mut self, name: &str, value: &str) -> Option<()> {
        let Reference { spec, database, table } = &mut self.reference;
        match (name, value) {
            ("semantics", "canal") => spec.semantics = Semantics::Canal,
            ("semantics", "flink") => spec.semantics = Semantics::Flink,
            ("ignore-parse-errors", "true") => spec.lenient = true,
            ("ignore-parse-errors", "false") => spec.lenient = false,
            ("timestamp-format.standard", "SQL") => spec.timestamp = TimestampFormat::Sql,
            ("timestamp-format.standard", "ISO-8601") => spec.timestamp = TimestampFormat::Iso8601,
            ("database.include", name) => {
                *database = Some(name.into());
                spec.filter_database = true;
            }
            ("table.include", name) => {
                *table = Some(name.into());
                spec.filter_table = true;
            }
            ("zero-date", value) => spec.zero_date = serde_json::from_value(value.into()).ok()?,
            ("ddl", value) => spec.ddl = serde_json::from_value(value.into()).ok()?,
            ("metadata", keys) => {
                for key in keys.split(", ") {
                    let key: MetadataKey = serde_json::from_value(key.into()).ok()?;
                    spec.metadata.push(key);
                }
            }
            ("stock", why) if !why.is_empty() => self.stock = Some(why.into()),
            _ => return None,
        }
        Some(())
    }
}

/// The default options with these columns.
pub fn spec_of(fields: Vec<Field>) -> DecoderSpec {
    DecoderSpec {
        fields,
        metadata: Vec::new(),
        semantics: Semantics::Canal,
        lenient: false,
        timestamp: TimestampFormat::Sql,
        filter_database: false,
        filter_table: false,
        time_millis: false,
        ddl: DdlHandling::Skip,
        zero_date: ZeroDate::Fail,
        wire: Wire::Json,
    }
}

/// All metadata columns that the native decoder gives: Flink's six first.
pub const ALL_METADATA: [MetadataKey; 12] = [
    MetadataKey::Database,
    MetadataKey::Table,
    MetadataKey::SqlType,
    MetadataKey::PkNames,
    MetadataKey::IngestionTimestamp,
    MetadataKey::EventTimestamp,
    MetadataKey::Type,
    MetadataKey::Sql,
    MetadataKey::IsDdl,
    MetadataKey::Gtid,
    MetadataKey::Id,
    MetadataKey::Old,
];

/// The names of the captured sets.
pub const CAPTURED: [&str; 5] = ["mysql80", "mysql97", "mariadb", "canal114", "pkhash3"];

/// `database.table` → columns, of a captured set.
pub fn captured_schemas(set: &str) -> BTreeMap<String, Vec<Field>> {
    let text = fs::read(data_dir().join("canal/captured/schemas.json")).expect("schemas.json");
    let mut sets: BTreeMap<String, BTreeMap<String, Vec<Field>>> = serde_json::from_slice(&text).expect("schemas");
    sets.remove(set).unwrap_or_else(|| panic!("no captured set {set}"))
}

/// The messages of a captured set, in their order.
pub fn captured_messages(set: &str) -> Vec<Vec<u8>> {
    messages(&gunzip(&data_dir().join(format!("canal/captured/{set}.jsonl.gz"))))
}

/// The unpacked contents of a file.
pub fn gunzip(path: &Path) -> Vec<u8> {
    let packed = fs::File::open(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let mut bytes = Vec::new();
    flate2::read::GzDecoder::new(packed).read_to_end(&mut bytes).expect("gzip");
    bytes
}

/// The lines, without their line feeds.
pub fn messages(lines: &[u8]) -> Vec<Vec<u8>> {
    lines.strip_suffix(b"\n").unwrap_or(lines).split(|b| *b == b'\n').map(<[u8]>::to_vec).collect()
}
