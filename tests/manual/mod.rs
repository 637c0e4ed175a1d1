//! The manual's tables of types, each line as the code has it.

use canal_native::sync::mapping::{TypeOptions, map_type, may_be_key};
use canal_native::sync::mysql_type::MysqlType;
use std::fs;
use std::path::Path;

/// The line of a type: its name, how its values travel, the expression that reads them (empty for the plain column), and what it is in Doris.
pub fn type_line(label: &str, travels: &str, selected: &str) -> String {
    let mysql = MysqlType::parse(travels);
    assert!(!matches!(mysql, MysqlType::Unknown(_)), "{label} as {travels}");
    let of = |key| map_type(&mysql, key, &TypeOptions::default()).doris;
    let key = match of(true) {
        key if !may_be_key(&key) => "refused".to_string(),
        key if key == of(false) => "same".to_string(),
        key => format!("`{key}`"),
    };
    let selected = if selected.is_empty() { String::new() } else { format!("`{selected}`") };
    format!("| `{label}` | `{travels}` | {selected} | `{}` | {key} |", of(false))
}

/// Compares the lines of a section of docs/type-mapping.md with these.
pub fn assert_type_lines(section: &str, expected: &[String]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/type-mapping.md");
    let manual = fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let (_, text) = manual.split_once(&format!("\n## {section}\n")).expect("a section");
    let text = text.split("\n## ").next().unwrap_or_default();
    let found: Vec<&str> = text.lines().filter(|line| line.starts_with("| `")).collect();
    assert_eq!(found, expected, "\n{}", expected.join("\n"));
}
