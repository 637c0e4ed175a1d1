//! A table that is compared, and the specification of who compares it; nothing of either is asked.

use canal_native::snapshot::catalogue::{Column, Table};
use canal_native::snapshot::message;
use canal_native::sync::mysql_type::MysqlType;
use canal_native::verify::spec::VerifySpec;
use serde_json::json;

/// From a MySQL into a Doris, as the job's defaults are.
pub fn spec() -> VerifySpec {
    let spec = json!({
        "source": {"kind": "mysql", "host": "h", "port": 1, "user": "u", "password": "", "rangeRows": 1, "messageBytes": 1, "connectSeconds": 1, "patienceSeconds": 0},
        "sink": {
            "fenodes": ["h:1"], "username": "root", "format": "json", "maxRows": 1, "maxBytes": 1, "memoryBytes": 1, "inFlight": 1, "maxRetries": 0,
            "loadTimeoutSeconds": 1, "patienceSeconds": 1,
            "label": {"sink": "s", "job": "j", "restored": null, "subtask": 0, "subtasks": 1},
        },
    });
    VerifySpec::from_json(spec.to_string().as_bytes()).unwrap()
}

/// The table `d.t` with a key `id`, and behind it columns `c0`, `c1` … of these types of MySQL's.
pub fn table(types: &[&str]) -> Table {
    let columns: Vec<(String, &str)> = std::iter::once(("id".to_string(), "bigint"))
        .chain(types.iter().enumerate().map(|(i, ty)| (format!("c{i}"), *ty)))
        .collect();
    let defined: Vec<String> = columns.iter().map(|(name, ty)| format!("`{name}` {ty}")).collect();
    let sql = format!("CREATE TABLE `t` ({}, PRIMARY KEY (`id`))", defined.join(", "));
    Table {
        database: "d".into(),
        table: "t".into(),
        rows: 0,
        columns: columns.iter().map(|(name, ty)| Column { name: name.clone(), ty: MysqlType::parse(ty) }).collect(),
        keys: vec!["id".into()],
        by_key: true,
        from: "`d`.`t`".into(),
        select: "*".into(),
        message: message::statement("d", "t", &sql),
        native: Vec::new(),
    }
}
