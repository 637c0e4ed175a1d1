//! Oracle's columns on their way: the manual's table, and what is not read.

mod manual;

use canal_native::snapshot::oracle::types::{ColumnType, travel};
use manual::{assert_type_lines, type_line};

/// The manual's name of a type, the catalogue's, precision and scale. Lengths are 20 characters, and 60 bytes.
const TYPES: [(&str, &str, Option<i32>, Option<i32>); 40] = [
    ("NUMBER(2)", "NUMBER", Some(2), Some(0)),
    ("NUMBER(4)", "NUMBER", Some(4), Some(0)),
    ("NUMBER(9)", "NUMBER", Some(9), Some(0)),
    ("NUMBER(18)", "NUMBER", Some(18), Some(0)),
    ("NUMBER(19)", "NUMBER", Some(19), Some(0)),
    ("INTEGER", "NUMBER", None, Some(0)),
    ("NUMBER(10,2)", "NUMBER", Some(10), Some(2)),
    ("NUMBER(5,-2)", "NUMBER", Some(5), Some(-2)),
    ("NUMBER(3,5)", "NUMBER", Some(3), Some(5)),
    ("NUMBER(38,-84)", "NUMBER", Some(38), Some(-84)),
    ("NUMBER(38,127)", "NUMBER", Some(38), Some(127)),
    ("NUMBER", "NUMBER", None, None),
    ("FLOAT(126)", "FLOAT", Some(126), None),
    ("BINARY_FLOAT", "BINARY_FLOAT", None, None),
    ("BINARY_DOUBLE", "BINARY_DOUBLE", None, None),
    ("CHAR(20)", "CHAR", None, None),
    ("NCHAR(20)", "NCHAR", None, None),
    ("VARCHAR2(20)", "VARCHAR2", None, None),
    ("NVARCHAR2(20)", "NVARCHAR2", None, None),
    ("CLOB", "CLOB", None, None),
    ("NCLOB", "NCLOB", None, None),
    ("LONG", "LONG", None, None),
    ("RAW(60)", "RAW", None, None),
    ("BLOB", "BLOB", None, None),
    ("LONG RAW", "LONG RAW", None, None),
    ("DATE", "DATE", None, None),
    ("TIMESTAMP(0)", "TIMESTAMP(0)", None, Some(0)),
    ("TIMESTAMP", "TIMESTAMP(6)", None, Some(6)),
    ("TIMESTAMP(9)", "TIMESTAMP(9)", None, Some(9)),
    ("TIMESTAMP WITH TIME ZONE", "TIMESTAMP(6) WITH TIME ZONE", None, Some(6)),
    ("TIMESTAMP(9) WITH TIME ZONE", "TIMESTAMP(9) WITH TIME ZONE", None, Some(9)),
    ("TIMESTAMP(3) WITH LOCAL TIME ZONE", "TIMESTAMP(3) WITH LOCAL TIME ZONE", None, Some(3)),
    ("INTERVAL YEAR TO MONTH", "INTERVAL YEAR(2) TO MONTH", Some(2), None),
    ("INTERVAL DAY TO SECOND", "INTERVAL DAY(2) TO SECOND(6)", Some(2), Some(6)),
    ("ROWID", "ROWID", None, None),
    ("UROWID", "UROWID", None, None),
    ("XMLTYPE", "XMLTYPE", None, None),
    ("JSON", "JSON", None, None),
    ("BOOLEAN", "BOOLEAN", None, None),
    ("VARCHAR", "VARCHAR", None, None),
];

fn ty(name: &str, precision: Option<i32>, scale: Option<i32>) -> ColumnType {
    ColumnType { name: name.into(), has_owner: name == "XMLTYPE", precision, scale, chars: 20, bytes: 60 }
}

#[test]
fn the_manual_has_the_table_of_the_code() {
    let lines = TYPES.map(|(label, name, precision, scale)| {
        let travel = travel("C", &ty(name, precision, scale)).expect(label);
        let selected = if travel.selected == "\"C\"" { "" } else { &travel.selected };
        type_line(label, &travel.ty, selected)
    });
    assert_type_lines("Oracle", &lines);
}

#[test]
fn what_is_not_read_is_said() {
    for name in ["BFILE", "VECTOR", "ANYDATA"] {
        let refused = travel("C", &ty(name, None, None)).unwrap_err();
        assert!(
            refused.contains(&format!("its column C is of the type {name}, which is not read; leave the table out")),
            "{refused}"
        );
    }
    let object = ColumnType { has_owner: true, ..ty("SDO_GEOMETRY", None, None) };
    assert!(travel("C", &object).is_err());
    // Somebody's own type of a name that the language has, too.
    assert!(travel("C", &ColumnType { has_owner: true, ..ty("NUMBER", None, None) }).is_err());
}
