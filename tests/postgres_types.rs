//! PostgreSQL's columns on their way: the manual's table, defaults, definitions, and what the catalogue is asked.

mod manual;

use canal_native::snapshot::default::{Constant, constant};
use canal_native::snapshot::definition::{Definition, create_table};
use canal_native::snapshot::postgres::questions::{self, Version, Which};
use canal_native::snapshot::postgres::types::{ColumnType, Family, Selected, travel};
use canal_native::snapshot::spec::ServerKind;
use canal_native::sync::create::{self, TableProperties};
use canal_native::sync::ddl::{SchemaChange, parse};
use canal_native::sync::mapping::{MappedTable, Target, TypeOptions};
use manual::{assert_type_lines, type_line};
use std::fs;
use std::path::Path;

/// `atttypmod` of so many digits, and of these behind the point.
const fn numeric(precision: i32, scale: i32) -> i32 {
    (precision << 16 | scale & 0x7FF) + 4
}

/// The manual's name of a type, and what the catalogue says of it.
const TYPES: [(&str, Family, &str, i32); 49] = [
    ("boolean", Family::Own, "bool", -1),
    ("smallint", Family::Own, "int2", -1),
    ("integer", Family::Own, "int4", -1),
    ("bigint", Family::Own, "int8", -1),
    ("oid", Family::Own, "oid", -1),
    ("real", Family::Own, "float4", -1),
    ("double precision", Family::Own, "float8", -1),
    ("numeric(38,10)", Family::Own, "numeric", numeric(38, 10)),
    ("numeric(5,-2)", Family::Own, "numeric", numeric(5, -2)),
    ("numeric(3,5)", Family::Own, "numeric", numeric(3, 5)),
    ("numeric(50,10)", Family::Own, "numeric", numeric(50, 10)),
    ("numeric(1000,500)", Family::Own, "numeric", numeric(1000, 500)),
    ("numeric", Family::Own, "numeric", -1),
    ("money", Family::Own, "money", -1),
    ("char(10)", Family::Own, "bpchar", 14),
    ("varchar(255)", Family::Own, "varchar", 259),
    ("varchar(16384)", Family::Own, "varchar", 16388),
    ("varchar", Family::Own, "varchar", -1),
    ("text", Family::Own, "text", -1),
    ("citext", Family::Other, "citext", -1),
    ("name", Family::Own, "name", -1),
    ("\"char\"", Family::Own, "char", -1),
    ("bytea", Family::Own, "bytea", -1),
    ("date", Family::Own, "date", -1),
    ("timestamp", Family::Own, "timestamp", -1),
    ("timestamp(3)", Family::Own, "timestamp", 3),
    ("timestamptz", Family::Own, "timestamptz", -1),
    ("time", Family::Own, "time", -1),
    ("timetz", Family::Own, "timetz", -1),
    ("interval", Family::Own, "interval", -1),
    ("uuid", Family::Own, "uuid", -1),
    ("json", Family::Own, "json", -1),
    ("jsonb", Family::Own, "jsonb", -1),
    ("xml", Family::Own, "xml", -1),
    ("inet", Family::Own, "inet", -1),
    ("cidr", Family::Own, "cidr", -1),
    ("macaddr", Family::Own, "macaddr", -1),
    ("bit(3)", Family::Own, "bit", 3),
    ("varbit(9)", Family::Own, "varbit", 9),
    ("varbit", Family::Own, "varbit", -1),
    ("an enumeration", Family::Enum, "mood", -1),
    ("integer[]", Family::OwnArray, "int4", -1),
    ("text[]", Family::OwnArray, "text", -1),
    ("numeric[]", Family::OwnArray, "numeric", -1),
    ("int4range", Family::Other, "int4range", -1),
    ("a composite type", Family::Other, "", -1),
    ("hstore", Family::Other, "hstore", -1),
    ("tsvector", Family::Own, "tsvector", -1),
    ("geometry", Family::Other, "geometry", -1),
];

fn ty(family: Family, name: &str, modifier: i32) -> ColumnType {
    ColumnType { family, name: name.into(), modifier }
}

fn file(name: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(name);
    fs::read_to_string(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()))
}

#[test]
fn the_manual_has_the_table_of_the_code() {
    let lines = TYPES.map(|(label, family, name, modifier)| {
        let travel = travel(&ty(family, name, modifier), 2);
        let selected = match travel.selected {
            Selected::Plain => String::new(),
            selected => selected.of("c"),
        };
        type_line(label, &travel.ty, &selected)
    });
    assert_type_lines("PostgreSQL", &lines);
}

#[test]
fn money_has_the_digits_of_its_locale() {
    for (digits, expected) in [(0, "decimal(19,0)"), (3, "decimal(19,3)")] {
        assert_eq!(travel(&ty(Family::Own, "money", -1), digits).ty, expected);
    }
}

#[test]
fn constants_that_mean_the_same() {
    use Constant::{Date, Flag, None as No, Number, Text};
    for (expression, kind, expected) in [
        ("5", Number, Some("5")),
        ("'-1'::integer", Number, Some("-1")),
        ("(-1.50)", Number, Some("-1.50")),
        ("(0)::numeric", Number, Some("0")),
        ("'NaN'::numeric", Number, None),
        ("'1e5'::double precision", Number, None),
        ("nextval('s'::regclass)", Number, None),
        ("(1 + 2)", Number, None),
        ("'a''b \\ ä'::text", Text, Some("a'b \\ ä")),
        ("E'a\\\\b\\'c'::text", Text, None),
        ("E'a\\\\b'::character varying", Text, Some("a\\b")),
        ("'happy'::public.mood", Text, Some("happy")),
        ("'happy'::\"My Schema\".mood", Text, Some("happy")),
        ("''::character varying", Text, Some("")),
        // Of a type with a length the cast may cut it.
        ("'abc'::character(2)", Text, None),
        ("('a'::text || 'b'::text)", Text, None),
        ("'a'::text || 'b'::text", Text, None),
        ("NULL::character varying", Text, None),
        ("CURRENT_USER", Text, None),
        ("'1'::text", Number, Some("1")),
        ("true", Flag, Some("1")),
        ("false", Flag, Some("0")),
        ("'2024-02-29'::date", Date, Some("2024-02-29")),
        ("'2024-02-29 01:02:03.5'::timestamp without time zone", Date, Some("2024-02-29 01:02:03.5")),
        ("'infinity'::date", Date, None),
        ("'10000-01-01'::date", Date, None),
        ("'0044-03-15 BC'::date", Date, None),
        ("now()", Date, None),
        ("CURRENT_TIMESTAMP", Date, None),
        ("'{}'::jsonb", No, None),
    ] {
        assert_eq!(constant(expression, kind).as_deref(), expected, "{expression}");
    }
}

/// What a definition says comes out in Doris as it was meant.
#[test]
fn definitions_say_what_the_table_has() {
    let column = |name: &str, ty: &str, not_null, default: Option<&str>, comment: &str| Definition {
        name: name.into(),
        ty: ty.into(),
        not_null,
        default: default.map(Into::into),
        comment: comment.into(),
    };
    let columns = [
        column("b", "varchar(9)", true, None, "it's a \\ key"),
        column("a", "bigint", true, None, ""),
        column("f", "bit(1)", true, Some("1"), ""),
        column("t", "varchar(20)", false, Some("o'clock \\ `x`"), ""),
        column("d", "datetime(3)", false, Some("2024-02-29 01:02:03.5"), "when"),
        column("Mixed", "longblob", false, None, ""),
    ];
    let sql = create_table("o`ne", &columns, &["a".into(), "b".into()], "all of\nit");
    assert_eq!(
        sql,
        "CREATE TABLE `o``ne` (\n  `b` varchar(9) NOT NULL COMMENT 'it''s a \\\\ key',\n  `a` bigint NOT NULL,\n  `f` bit(1) NOT NULL DEFAULT '1',\n  \
         `t` varchar(20) DEFAULT 'o''clock \\\\ `x`',\n  `d` datetime(3) DEFAULT '2024-02-29 01:02:03.5' COMMENT 'when',\n  `Mixed` longblob,\n  \
         PRIMARY KEY (`a`,`b`)\n) COMMENT='all of\nit'"
    );
    let [SchemaChange::CreateTable { table, .. }] = &parse(&sql, "public")[..] else {
        panic!("{:?}", parse(&sql, "public"))
    };
    assert_eq!((table.full_name().as_str(), table.comment.as_str()), ("public.o`ne", "all of\nit"));
    let options = TypeOptions { zero_date: canal_native::schema::ZeroDate::Fail, ..TypeOptions::default() };
    let mapped = MappedTable::of(table, Target::same_columns("public", "one"), &options, false).unwrap();
    let doris = create::create_table(&mapped, &TableProperties::default()).unwrap();
    for line in [
        "`a` BIGINT NOT NULL,",
        "`b` VARCHAR(36) NOT NULL COMMENT ",
        "`f` BOOLEAN NOT NULL DEFAULT '1',",
        "`d` DATETIME(3) NULL DEFAULT '2024-02-29 01:02:03.5' COMMENT ",
        "`Mixed` STRING NULL",
        "UNIQUE KEY(`a`, `b`)",
    ] {
        assert!(doris.contains(line), "{line} is not in\n{doris}");
    }
}

/// The texts are files, so that tests/cluster/whole_postgres.py asks a real server the same.
#[test]
fn what_is_asked_of_each_version() {
    let asked = [
        ("postgres-9.4", ServerKind::Postgres, 90_426),
        ("postgres-15", ServerKind::Postgres, 150_018),
        ("greenplum-6", ServerKind::Greenplum, 90_426),
        ("greenplum-7", ServerKind::Greenplum, 120_012),
    ];
    for (name, kind, number) in asked {
        let version = Version { kind, number };
        let (relations, columns, key) =
            (questions::relations(version), questions::columns(version, 1, Which::All), questions::key(version, 1));
        let text = format!(
            "{relations};\n{columns};\n{key};\n{};\n{};\n{};\n",
            questions::TYPES,
            questions::MONEY,
            questions::PARENTS
        );
        let path = format!("tests/data/postgres/{name}.sql");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            fs::write(Path::new(env!("CARGO_MANIFEST_DIR")).join(&path), &text).unwrap();
        }
        assert_eq!(file(&path), text, "{path}; UPDATE_EXPECT=1 writes it");
        // Greenplum 6 has no word of what came later.
        for word in ["attgenerated", "attidentity", "indnkeyatts", "relispartition", "row_security_active"] {
            assert!(number >= 100_000 || !text.contains(word), "{name} is asked for {word}");
        }
    }
}
