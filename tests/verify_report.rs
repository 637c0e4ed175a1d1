//! docs/verify-report.schema.json says what a report has: each member that is written is in it, and nothing else. Reports of real verifications are held to
//! it by tests/cluster/verify_mysql.py.

mod json_schema;

use canal_native::verify::balance::{Counts, Difference};
use canal_native::verify::range::Verdict;
use canal_native::verify::report::{CellDifference, Found, KeyCell, Report};
use json_schema::broken;
use serde_json::{Value, json};
use std::fs;
use std::path::Path;

fn schema() -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/verify-report.schema.json");
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

/// A report in which every member has a value.
fn report() -> Value {
    let mut report = Report::new("shop");
    report.add(Verdict {
        table: "shop.orders".into(),
        target: "shop.orders".into(),
        by_rows: Some("the column price: the servers print FLOAT and DOUBLE otherwise".into()),
        rows_read: 10,
        source_rows: 10,
        target_rows: 9,
        equal: 7,
        beyond: Counts { missing: 1, surplus: 1, different: 1 },
        unloadable: 1,
        unloadable_reason: Some("a value is none of its column's type".into()),
        notes: vec!["the column seen is not compared: the job does not write it".into()],
        ..Verdict::default()
    });
    report.add(Verdict { table: "shop.log".into(), refused: Some("no key".into()), ..Verdict::default() });
    let cell = |reason: Option<&str>| CellDifference {
        column: "status".into(),
        source: Some("OPEN".into()),
        target: None,
        reason: reason.map(str::to_string),
    };
    let keys = |value: Option<&str>| vec![KeyCell { column: "id".into(), value: value.map(str::to_string) }];
    report.tables[1].found = vec![
        Found {
            difference: Difference::Different,
            key: keys(Some("7")),
            cells: vec![cell(None), cell(Some("too long"))],
        },
        Found { difference: Difference::Missing, key: keys(None), cells: Vec::new() },
    ];
    serde_json::from_slice(&report.to_json().unwrap()).unwrap()
}

#[test]
fn a_report_is_what_the_schema_says() {
    assert_eq!(broken(&schema(), &report(), ""), [""; 0]);
}

#[test]
fn what_is_no_report_is_not() {
    let changes: [(&str, fn(&mut Value)); 4] = [
        (".tables[].rowsRead: type", |report| report["tables"][0]["rowsRead"] = json!(-1)),
        (".tables[]: more is not known", |report| report["tables"][1]["more"] = json!(1)),
        (".tables[].found[].difference: enum", |report| report["tables"][1]["found"][0]["difference"] = json!("other")),
        (": equal", |report| {
            report.as_object_mut().unwrap().remove("equal");
        }),
    ];
    for (what, change) in changes {
        let mut report = report();
        change(&mut report);
        assert_eq!(broken(&schema(), &report, ""), [what]);
    }
}
