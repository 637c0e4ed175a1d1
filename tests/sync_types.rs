//! What MySQL's types become: the manual's table, the types of the captured messages, and that every mapping can be loaded.

use canal_native::doris::body::{BodyEncoder, BodySpec, Format};
use canal_native::doris::table::{DorisColumn, DorisTable, KeyModel, Sequence};
use canal_native::schema::{Field, LogicalType, Root};
use canal_native::sync::mapping::{
    BinaryText, Conversion, GeometryText, JsonColumn, MappedType, TinyInt1, TypeOptions, map_type, may_be_key,
};
use canal_native::sync::mysql_type::MysqlType;
use std::fs;
use std::path::{Path, PathBuf};

/// One type of each row of the manual's table, as texts.
const TYPES: [&str; 44] = [
    "tinyint(1)",
    "tinyint",
    "tinyint unsigned",
    "smallint",
    "smallint unsigned",
    "mediumint",
    "mediumint unsigned",
    "int",
    "int unsigned",
    "bigint",
    "bigint unsigned",
    "decimal(38,18)",
    "decimal(65,30)",
    "float",
    "double",
    "bit(1)",
    "bit(63)",
    "bit(64)",
    "date",
    "datetime",
    "datetime(6)",
    "timestamp(3)",
    "time(6)",
    "year",
    "char(10)",
    "varchar(255)",
    "varchar(16383)",
    "varchar(16384)",
    "tinytext",
    "text",
    "longtext",
    "enum('a','b')",
    "set('a','b')",
    "enum",
    "json",
    "binary(16)",
    "varbinary(255)",
    "tinyblob",
    "blob",
    "geometry",
    "uuid",
    "inet4",
    "inet6",
    "vector(3)",
];

fn file(name: &str) -> String {
    let path: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

fn all_options() -> Vec<TypeOptions> {
    let mut all = Vec::new();
    for binary in [BinaryText::Hex, BinaryText::Base64] {
        for geometry in [GeometryText::Hex, GeometryText::Wkt] {
            for tinyint1 in [TinyInt1::Tinyint, TinyInt1::Boolean] {
                for json in [JsonColumn::Json, JsonColumn::String] {
                    all.push(TypeOptions { binary, geometry, tinyint1, json, ..TypeOptions::default() });
                }
            }
        }
    }
    all
}

fn captured() -> Vec<String> {
    file("tests/data/sync/mysql-types.txt").lines().map(str::to_string).collect()
}

/// Flink's name of a type.
fn decoded(root: &Root) -> String {
    match root {
        Root::Tinyint => "TINYINT".into(),
        Root::Smallint => "SMALLINT".into(),
        Root::Integer => "INT".into(),
        Root::Bigint => "BIGINT".into(),
        Root::Float => "FLOAT".into(),
        Root::Double => "DOUBLE".into(),
        Root::Boolean => "BOOLEAN".into(),
        Root::Decimal { precision, scale } => format!("DECIMAL({precision}, {scale})"),
        Root::Date => "DATE".into(),
        Root::TimestampWithoutTimeZone { precision } => format!("TIMESTAMP({precision})"),
        Root::Varchar => "STRING".into(),
        Root::Varbinary => "BYTES".into(),
        other => panic!("{other:?}"),
    }
}

fn converted(ty: &MappedType) -> &'static str {
    match ty.conversion {
        Conversion::None => "",
        Conversion::EnumLabel(_) | Conversion::SetLabels(_) => "numbers to labels",
        Conversion::Pad(_) => "zeros added",
        Conversion::Wkt => "well-known text",
    }
}

/// The rows of the manual's table, made from the code.
fn table() -> Vec<String> {
    let options = TypeOptions::default();
    let row = |text: &&str| {
        let ty = MysqlType::parse(text);
        let (plain, key) = (map_type(&ty, false, &options), map_type(&ty, true, &options));
        let key = match may_be_key(&key.doris) {
            false => "refused".to_string(),
            true if key.doris == plain.doris => "same".to_string(),
            true => format!("`{}`", key.doris),
        };
        format!("| `{text}` | {} | {} | `{}` | {key} |", decoded(&plain.root), converted(&plain), plain.doris)
    };
    TYPES.iter().map(row).collect()
}

#[test]
fn the_manual_has_the_table_of_the_code() {
    let manual = file("docs/type-mapping.md");
    // Other servers' tables come behind.
    let manual = manual.split("\n## ").next().unwrap_or_default();
    let found: Vec<&str> = manual.lines().filter(|line| line.starts_with("| `")).collect();
    let expected = table();
    let rows: Vec<&str> = expected.iter().map(String::as_str).collect();
    assert_eq!(found, rows, "\n{}", expected.join("\n"));
}

#[test]
fn types_of_captured_messages_are_known() {
    for text in captured() {
        let ty = MysqlType::parse(&text);
        assert!(!matches!(ty, MysqlType::Unknown(_)), "{text}");
        assert_eq!(MysqlType::parse(&ty.to_string()), ty, "{text}");
    }
}

/// A table of such a column takes loads, as key or not.
#[test]
fn mapped_types_can_be_loaded() {
    for options in all_options() {
        for text in captured().iter().map(String::as_str).chain(TYPES) {
            for key in [false, true] {
                let ty = map_type(&MysqlType::parse(text), key, &options);
                if key && !may_be_key(&ty.doris) {
                    continue;
                }
                let logical = LogicalType { root: written(&ty), nullable: true };
                let target = DorisTable {
                    database: "d".into(),
                    name: "t".into(),
                    model: KeyModel::Unique,
                    columns: vec![DorisColumn {
                        name: "c".into(),
                        ty: ty.doris.clone(),
                        nullable: true,
                        key,
                        default: false,
                    }],
                    sequence: Sequence::None,
                };
                let fields = [Field { name: "c".into(), ty: logical }];
                let encoder = BodyEncoder::new(BodySpec::new(Format::Json), &fields, Some(&target));
                assert!(encoder.is_ok(), "{text} as {}: {:?}", ty.doris, encoder.err());
            }
        }
    }
}

/// What reaches the encoder, after the conversion.
fn written(ty: &MappedType) -> Root {
    if ty.conversion == Conversion::Wkt { Root::Varchar } else { ty.root.clone() }
}
