//! Bodies of Stream Loads: texts by scenario, and what is refused.

mod reference;
mod rows;
mod scenario;

use canal_native::doris::body::{BadValue, BinaryText, BodyEncoder, BodySpec, Format, NonFinite, Zone};
use canal_native::doris::table::{DorisColumn, DorisTable, DorisType, KeyModel, Sequence};
use canal_native::schema::Field;
use reference::decimal::Decimal;
use reference::value::{Kind, Timestamp, Value};
use rows::write;
use scenario::sql_type;

fn fields(columns: &[(&str, &str)]) -> Vec<Field> {
    columns.iter().map(|(name, ty)| Field { name: (*name).into(), ty: sql_type::parse(ty) }).collect()
}

/// A unique-key table; `!` behind a type is NOT NULL, the first column is the key.
fn table(columns: &[(&str, &str)]) -> DorisTable {
    let column = |(i, (name, ty)): (usize, &(&str, &str))| DorisColumn {
        name: (*name).into(),
        ty: DorisType::parse(ty.trim_end_matches('!')),
        nullable: !ty.ends_with('!'),
        key: i == 0,
        default: false,
    };
    DorisTable {
        database: "db".into(),
        name: "t".into(),
        model: KeyModel::Unique,
        columns: columns.iter().enumerate().map(column).collect(),
        sequence: Sequence::None,
    }
}

fn text(value: &str) -> Value {
    Value::Text(value.into())
}

/// One row as a body.
fn body(spec: &BodySpec, fields: &[Field], target: Option<&DorisTable>, values: &[Value]) -> Result<String, BadValue> {
    let mut encoder = BodyEncoder::new(spec.clone(), fields, target).expect("an encoder");
    let row = write::row(values, fields, Kind::Insert);
    let mut body = b"before".to_vec();
    match encoder.append(&row, false, &mut body) {
        Ok(()) => Ok(String::from_utf8(body[6..].to_vec()).expect("UTF-8")),
        Err(bad) => {
            assert_eq!(body, b"before", "something of a bad row was appended");
            Err(bad.reason)
        }
    }
}

/// A value of a Flink type in a column of a Doris type, in JSON.
fn json_of(flink: &str, doris: &str, value: Value) -> Result<String, BadValue> {
    cell(&BodySpec::new(Format::Json), flink, doris, value).map(|row| {
        row.strip_prefix("{\"c\":")
            .and_then(|rest| rest.strip_suffix('}'))
            .expect("an object of one member")
            .to_string()
    })
}

fn csv_of(flink: &str, doris: &str, value: Value) -> Result<String, BadValue> {
    cell(&BodySpec::new(Format::csv()), flink, doris, value)
}

fn cell(spec: &BodySpec, flink: &str, doris: &str, value: Value) -> Result<String, BadValue> {
    let mut target = table(&[("c", doris)]);
    target.columns[0].key = false;
    body(spec, &fields(&[("c", flink)]), Some(&target), &[value])
}

fn stamp(millis: i64, nanos: u32) -> Timestamp {
    Timestamp { millis, nanos }
}

const DAY: i64 = 86_400_000;

#[test]
fn rows_of_both_kinds_in_both_formats() {
    let columns = fields(&[("id", "INT"), ("Name", "STRING"), ("at", "TIMESTAMP(3)"), ("price", "DECIMAL(10, 2)")]);
    let target =
        table(&[("id", "int!"), ("name", "varchar(20)"), ("at", "datetimev2(3)"), ("price", "decimalv3(10, 2)")]);
    let rows = [
        vec![Value::Int(1), text("a\"b"), Value::Timestamp(stamp(1_500, 0)), Value::Decimal(Decimal::of(1250, 2))],
        vec![Value::Int(-2), Value::Null, Value::Null, Value::Null],
    ];
    let of_format = |format: Format| {
        let spec = BodySpec { delete_sign: true, ..BodySpec::new(format) };
        let mut encoder = BodyEncoder::new(spec, &columns, Some(&target)).unwrap();
        let mut body = Vec::new();
        for (i, values) in rows.iter().enumerate() {
            if i > 0 {
                body.extend_from_slice(encoder.separator());
            }
            encoder.append(&write::row(values, &columns, Kind::Insert), i == 1, &mut body).unwrap();
        }
        (String::from_utf8(body).unwrap(), encoder.headers())
    };
    let headers = |list: &[(&'static str, &str)]| list.iter().map(|(k, v)| (*k, v.to_string())).collect::<Vec<_>>();
    let names = "`id`,`name`,`at`,`price`,__DORIS_DELETE_SIGN__";
    let (json, json_headers) = of_format(Format::Json);
    assert_eq!(
        json,
        concat!(
            r#"{"id":1,"name":"a\"b","at":"1970-01-01 00:00:01.5","price":"12.50","__DORIS_DELETE_SIGN__":0}"#,
            "\n",
            r#"{"id":-2,"name":null,"at":null,"price":null,"__DORIS_DELETE_SIGN__":1}"#
        )
    );
    assert_eq!(
        json_headers,
        headers(&[
            ("format", "json"),
            ("read_json_by_line", "true"),
            ("hidden_columns", "__DORIS_DELETE_SIGN__"),
            ("columns", names),
        ])
    );
    let (csv, csv_headers) = of_format(Format::csv());
    assert_eq!(csv, "1,\"a\\\"b\",1970-01-01 00:00:01.5,12.50,0\n-2,\\N,\\N,\\N,1");
    assert_eq!(
        csv_headers,
        headers(&[
            ("format", "csv"),
            ("column_separator", ","),
            ("line_delimiter", "\\x0a"),
            ("enclose", "\""),
            ("escape", "\\"),
            ("trim_double_quotes", "true"),
            ("hidden_columns", "__DORIS_DELETE_SIGN__"),
            ("columns", names),
        ])
    );
}

#[test]
fn without_deletes_there_is_no_sign() {
    let columns = fields(&[("a`b", "INT")]);
    let encoder = BodyEncoder::new(BodySpec::new(Format::Json), &columns, None).unwrap();
    let headers = encoder.headers();
    assert!(headers.iter().all(|(name, _)| *name != "hidden_columns"));
    assert!(headers.contains(&("columns", "`a``b`".to_string())));
    assert_eq!(body(&BodySpec::new(Format::Json), &columns, None, &[Value::Int(1)]).unwrap(), "{\"a`b\":1}");
}

/// JSON, then CSV.
#[test]
fn scalars() {
    let decimal = |unscaled, scale| Value::Decimal(Decimal::of(unscaled, scale));
    let double = |v: f64| Value::Double(v.to_bits());
    let float = |v: f32| Value::Float(v.to_bits());
    for (flink, doris, value, json, csv) in [
        ("BOOLEAN", "boolean", Value::Boolean(true), "true", "true"),
        ("BOOLEAN", "tinyint", Value::Boolean(true), "1", "1"),
        ("BOOLEAN", "varchar(5)", Value::Boolean(false), "\"false\"", "\"false\""),
        ("TINYINT", "tinyint", Value::Tinyint(-128), "-128", "-128"),
        ("TINYINT", "boolean", Value::Tinyint(1), "1", "1"),
        ("SMALLINT", "largeint", Value::Smallint(-7), "-7", "-7"),
        ("INT", "string", Value::Int(7), "7", "7"),
        ("BIGINT", "bigint", Value::Bigint(i64::MIN), "-9223372036854775808", "-9223372036854775808"),
        ("BIGINT", "double", Value::Bigint(1 << 53), "9007199254740992", "9007199254740992"),
        ("FLOAT", "float", float(0.1), "\"0.1\"", "0.1"),
        ("FLOAT", "double", float(0.1), "\"0.10000000149011612\"", "0.10000000149011612"),
        ("DOUBLE", "double", double(1e300), "\"1.0E300\"", "1.0E300"),
        ("DOUBLE", "double", double(-0.0), "\"-0.0\"", "-0.0"),
        ("DECIMAL(20, 18)", "decimal(20,18)", decimal(1, 18), "\"0.000000000000000001\"", "0.000000000000000001"),
        (
            "DECIMAL(38, 0)",
            "largeint",
            decimal(10i128.pow(37), 0),
            "\"10000000000000000000000000000000000000\"",
            "10000000000000000000000000000000000000",
        ),
        ("DECIMAL(10, 2)", "decimal(9,1)", decimal(1250, 2), "\"12.50\"", "12.50"),
        ("STRING", "varchar(4)", text("😀"), "\"😀\"", "\"😀\""),
        ("STRING", "string", text(""), "\"\"", "\"\""),
        ("STRING", "string", text("\\N"), "\"\\\\N\"", "\"\\\\N\""),
        (
            "STRING",
            "string",
            text("a,b\nc\r\n\t\"d\"\\"),
            "\"a,b\\nc\\r\\n\\t\\\"d\\\"\\\\\"",
            "\"a,b\nc\r\n\t\\\"d\\\"\\\\\"",
        ),
        ("STRING", "json", text("{\"a\": 1}"), "\"{\\\"a\\\": 1}\"", "\"{\\\"a\\\": 1}\""),
        (
            "STRING",
            "largeint",
            text("170141183460469231731687303715884105727"),
            "\"170141183460469231731687303715884105727\"",
            "\"170141183460469231731687303715884105727\"",
        ),
        ("BYTES", "string", Value::Bytes(vec![0, 1, 0xAB]), "\"0001AB\"", "\"0001AB\""),
        ("DATE", "date", Value::Date(-719_528), "\"0000-01-01\"", "0000-01-01"),
        ("DATE", "datetime", Value::Date(2_932_896), "\"9999-12-31\"", "9999-12-31"),
        ("TIME(3)", "string", Value::Time(36_672_120), "\"10:11:12.12\"", "\"10:11:12.12\""),
        // In New York there was no such wall clock; a TIMESTAMP has no zone.
        (
            "TIMESTAMP(6)",
            "datetimev2(6)",
            Value::Timestamp(stamp(1_710_037_800_123, 456_000)),
            "\"2024-03-10 02:30:00.123456\"",
            "2024-03-10 02:30:00.123456",
        ),
        (
            "TIMESTAMP(9)",
            "datetimev2(3)",
            Value::Timestamp(stamp(999, 999_999)),
            "\"1970-01-01 00:00:00.999\"",
            "1970-01-01 00:00:00.999",
        ),
        (
            "TIMESTAMP(9)",
            "string",
            Value::Timestamp(stamp(999, 999_999)),
            "\"1970-01-01 00:00:00.999999999\"",
            "1970-01-01 00:00:00.999999999",
        ),
        ("TIMESTAMP(3)", "datetime", Value::Timestamp(stamp(-1, 0)), "\"1969-12-31 23:59:59\"", "1969-12-31 23:59:59"),
    ] {
        assert_eq!(json_of(flink, doris, value.clone()).as_deref(), Ok(json), "{flink} {doris}");
        assert_eq!(csv_of(flink, doris, value).as_deref(), Ok(csv), "{flink} {doris}");
        assert_eq!(json_of(flink, doris, Value::Null).as_deref(), Ok("null"));
        assert_eq!(csv_of(flink, doris, Value::Null).as_deref(), Ok("\\N"));
    }
}

#[test]
fn nested_values() {
    let list = |items: &[&str]| Value::Array(items.iter().map(|t| text(t)).collect());
    let map =
        |entries: &[(&str, i32)]| Value::Map(entries.iter().map(|(k, v)| (k.to_string(), Value::Int(*v))).collect());
    let row = Value::Row(vec![Value::Int(1), list(&["it's", "say \"x\""]), Value::Date(0)]);
    let row_type = "ROW<a INT, b ARRAY<STRING>, c DATE>";
    for (flink, doris, value, csv) in [
        ("ARRAY<INT>", "array<int>", Value::Array(vec![Value::Int(1), Value::Null, Value::Int(-3)]), r#"[1,null,-3]"#),
        ("ARRAY<INT>", "array<int>", Value::Array(Vec::new()), "[]"),
        ("ARRAY<STRING>", "array<varchar(9)>", list(&["a,b", "", "null", "]"]), r#"["a,b","","null","]"]"#),
        ("ARRAY<STRING>", "array<string>", list(&["a\\b", "it's", "\"q\""]), r#"["a\\b","it's",'\"q"']"#),
        (
            "ARRAY<ARRAY<DATE>>",
            "array<array<date>>",
            Value::Array(vec![Value::Array(vec![Value::Date(1)])]),
            r#"[["1970-01-02"]]"#,
        ),
        ("MAP<STRING, INT>", "map<string,int>", map(&[("k", 1), ("l:", 2)]), r#"{"k":1,"l:":2}"#),
        ("MULTISET<STRING>", "map<string,int>", map(&[("k", 2)]), r#"{"k":2}"#),
        (
            row_type,
            "struct<c:date,B:array<string>,a:bigint>",
            row.clone(),
            r#"{"c":"1970-01-01","B":["it's",'say "x"'],"a":1}"#,
        ),
        // Columns of text and JSON get JSON.
        ("ARRAY<STRING>", "string", list(&["it's", "say \"x\""]), r#"["it's","say \"x\""]"#),
        (row_type, "json", row.clone(), r#"{"a":1,"b":["it's","say \"x\""],"c":"1970-01-01"}"#),
        ("MAP<STRING, INT>", "variant", map(&[("\"", 1)]), r#"{"\"":1}"#),
        ("ARRAY<MAP<STRING, INT>>", "array<string>", Value::Array(vec![map(&[("k", 1)])]), r#"['{"k":1}']"#),
    ] {
        let json: String = serde_json::from_str(&json_of(flink, doris, value.clone()).unwrap()).unwrap();
        assert_eq!(json, csv, "{flink} {doris}");
        let escaped = csv.replace('\\', "\\\\").replace('"', "\\\"");
        assert_eq!(csv_of(flink, doris, value).unwrap(), format!("\"{escaped}\""), "{flink} {doris}");
    }
    let decimals = Value::Array(vec![Value::Decimal(Decimal::of(105, 1)), Value::Double(0.5f64.to_bits())]);
    let Value::Array(items) = decimals else { unreachable!() };
    assert_eq!(
        csv_of("ARRAY<DECIMAL(3, 1)>", "array<decimal(3,1)>", Value::Array(items[..1].to_vec())).unwrap(),
        "\"[10.5]\""
    );
    assert_eq!(csv_of("ARRAY<DOUBLE>", "string", Value::Array(items[1..].to_vec())).unwrap(), "\"[0.5]\"");
}

#[test]
fn values_that_do_not_fit() {
    let decimal = |unscaled, scale| Value::Decimal(Decimal::of(unscaled, scale));
    let long = |bytes, most| BadValue::TooLong { bytes, most };
    for (flink, doris, value, bad) in [
        ("INT", "tinyint", Value::Int(128), BadValue::OutOfRange),
        ("INT", "boolean", Value::Int(2), BadValue::OutOfRange),
        ("BIGINT", "double", Value::Bigint((1 << 53) + 1), BadValue::OutOfRange),
        ("BIGINT", "decimal(3,1)", Value::Bigint(100), BadValue::OutOfRange),
        ("BIGINT", "varchar(3)", Value::Bigint(-100), BadValue::OutOfRange),
        ("BIGINT", "varchar(3)", Value::Bigint(1000), BadValue::OutOfRange),
        ("DECIMAL(10, 2)", "decimal(9,1)", decimal(1255, 2), BadValue::LosesDigits),
        ("DECIMAL(10, 2)", "decimal(9,2)", decimal(1_000_000_000, 2), BadValue::OutOfRange),
        ("DECIMAL(10, 0)", "int", decimal(i128::from(i32::MAX) + 1, 0), BadValue::OutOfRange),
        ("DOUBLE", "double", Value::Double(f64::NAN.to_bits()), BadValue::NotFinite),
        ("FLOAT", "float", Value::Float(f32::INFINITY.to_bits()), BadValue::NotFinite),
        ("FLOAT", "double", Value::Float(f32::NEG_INFINITY.to_bits()), BadValue::NotFinite),
        ("STRING", "varchar(3)", text("😀"), long(4, 3)),
        ("STRING", "char(1)", text("é"), long(2, 1)),
        ("STRING", "json", text("{"), BadValue::NotOfType),
        ("STRING", "json", text(""), BadValue::NotOfType),
        ("STRING", "int", text("1.5"), BadValue::NotOfType),
        ("BYTES", "varchar(3)", Value::Bytes(vec![1, 2]), long(4, 3)),
        ("DATE", "date", Value::Date(-719_529), BadValue::OutOfRange),
        ("DATE", "date", Value::Date(2_932_897), BadValue::OutOfRange),
        ("TIME(3)", "string", Value::Time(86_400_000), BadValue::OutOfRange),
        ("TIME(3)", "string", Value::Time(-1), BadValue::OutOfRange),
        ("TIMESTAMP(3)", "datetime", Value::Timestamp(stamp(i64::MAX, 0)), BadValue::OutOfRange),
        ("TIMESTAMP(3)", "datetime", Value::Timestamp(stamp(2_932_897 * DAY, 0)), BadValue::OutOfRange),
        ("INT", "int!", Value::Null, BadValue::NullInNotNull),
        ("ARRAY<STRING>", "array<varchar(2)>", Value::Array(vec![text("abc")]), long(3, 2)),
        ("ARRAY<STRING>", "array<string>", Value::Array(vec![text("\"'")]), BadValue::BothQuotes),
        ("ARRAY<STRING>", "varchar(5)", Value::Array(vec![text("ab")]), long(6, 5)),
        ("ARRAY<INT>", "array<tinyint>", Value::Array(vec![Value::Int(200)]), BadValue::OutOfRange),
        ("ARRAY<DOUBLE>", "json", Value::Array(vec![Value::Double(f64::NAN.to_bits())]), BadValue::NotFinite),
    ] {
        assert_eq!(json_of(flink, doris, value.clone()), Err(bad), "{flink} {doris}");
        assert_eq!(csv_of(flink, doris, value), Err(bad), "{flink} {doris}");
    }
}

#[test]
fn what_fits_just_so() {
    for (flink, doris, value, csv) in [
        ("INT", "tinyint", Value::Int(127), "127"),
        ("BIGINT", "decimal(3,1)", Value::Bigint(-99), "-99"),
        ("BIGINT", "varchar(3)", Value::Bigint(-99), "-99"),
        ("BIGINT", "varchar(3)", Value::Bigint(999), "999"),
        ("DECIMAL(10, 2)", "decimal(9,2)", Value::Decimal(Decimal::of(-999_999_999, 2)), "-9999999.99"),
        (
            "DECIMAL(38, 38)",
            "decimal(38,38)",
            Value::Decimal(Decimal::of(-1, 38)),
            "-0.00000000000000000000000000000000000001",
        ),
    ] {
        assert_eq!(csv_of(flink, doris, value).unwrap(), csv);
    }
}

#[test]
fn binary_by_option() {
    let spec = |binary| BodySpec { binary, ..BodySpec::new(Format::Json) };
    let bytes = |bytes: &[u8]| Value::Bytes(bytes.to_vec());
    let written = |binary, value| cell(&spec(binary), "BYTES", "string", value);
    assert_eq!(written(BinaryText::Base64, bytes(&[0, 1, 0xAB, 0xFF])).unwrap(), r#"{"c":"AAGr/w=="}"#);
    assert_eq!(written(BinaryText::Base64, bytes(&[])).unwrap(), r#"{"c":""}"#);
    assert_eq!(written(BinaryText::Utf8, bytes("é\"".as_bytes())).unwrap(), r#"{"c":"é\""}"#);
    assert_eq!(written(BinaryText::Utf8, bytes(&[0xFF])), Err(BadValue::NotUtf8));
    assert_eq!(
        cell(&spec(BinaryText::Base64), "BYTES", "char(7)", bytes(&[1, 2, 3, 4])),
        Err(BadValue::TooLong { bytes: 8, most: 7 })
    );
}

#[test]
fn not_finite_as_null() {
    let spec = BodySpec { non_finite: NonFinite::Null, ..BodySpec::new(Format::Json) };
    for (ty, value) in [("DOUBLE", Value::Double(f64::NAN.to_bits())), ("FLOAT", Value::Float(f32::INFINITY.to_bits()))]
    {
        assert_eq!(cell(&spec, ty, ty, value.clone()).unwrap(), r#"{"c":null}"#);
        assert_eq!(cell(&spec, ty, &format!("{ty}!"), value), Err(BadValue::NullInNotNull));
    }
    let array = Value::Array(vec![Value::Double(f64::NEG_INFINITY.to_bits())]);
    assert_eq!(cell(&spec, "ARRAY<DOUBLE>", "array<double>", array).unwrap(), r#"{"c":"[null]"}"#);
}

#[test]
fn local_time_by_the_sessions_zone() {
    let zone = Zone::new(vec![(0, -18_000), (1_710_054_000_000, -14_400), (1_730_613_600_000, -18_000)]).unwrap();
    let spec = BodySpec { zone, ..BodySpec::new(Format::csv()) };
    let at = |millis| cell(&spec, "TIMESTAMP_LTZ(3)", "datetime(3)", Value::Instant(stamp(millis, 0))).unwrap();
    assert_eq!(at(1_704_067_200_000), "2023-12-31 19:00:00");
    assert_eq!(at(1_710_053_999_999), "2024-03-10 01:59:59.999");
    assert_eq!(at(1_710_054_000_000), "2024-03-10 03:00:00");
    let last = 2_932_897 * DAY - 1 + 18_000_000;
    assert_eq!(at(last), "9999-12-31 23:59:59.999");
    assert_eq!(
        cell(&spec, "TIMESTAMP_LTZ(3)", "datetime(3)", Value::Instant(stamp(last + 1, 0))),
        Err(BadValue::OutOfRange)
    );
}

#[test]
fn a_deleted_row_needs_its_key_alone() {
    let columns = fields(&[
        ("id", "INT"),
        ("n", "INT"),
        ("s", "STRING"),
        ("at", "TIMESTAMP(3)"),
        ("a", "ARRAY<INT>"),
        ("z", "INT"),
    ]);
    let target = table(&[
        ("id", "int!"),
        ("n", "int!"),
        ("s", "varchar(5)!"),
        ("at", "datetime!"),
        ("a", "array<int>!"),
        ("z", "int"),
    ]);
    let spec = BodySpec { delete_sign: true, ..BodySpec::new(Format::Json) };
    let mut encoder = BodyEncoder::new(spec, &columns, Some(&target)).unwrap();
    let mut values = vec![Value::Null; 6];
    values[0] = Value::Int(7);
    let row = write::row(&values, &columns, Kind::Delete);
    let mut body = Vec::new();
    encoder.append(&row, true, &mut body).unwrap();
    assert_eq!(
        String::from_utf8(body).unwrap(),
        r#"{"id":7,"n":0,"s":"","at":"1970-01-01","a":"[]","z":null,"__DORIS_DELETE_SIGN__":1}"#
    );
    let bad = encoder.append(&row, false, &mut Vec::new()).unwrap_err();
    assert_eq!((bad.column.as_str(), bad.reason), ("n", BadValue::NullInNotNull));
    values[0] = Value::Null;
    let bad = encoder.append(&write::row(&values, &columns, Kind::Delete), true, &mut Vec::new()).unwrap_err();
    assert_eq!((bad.column.as_str(), bad.reason), ("id", BadValue::NullInNotNull));
}

#[test]
fn a_bad_row_says_where_and_what() {
    let columns = fields(&[("id", "INT"), ("name", "STRING")]);
    let target = table(&[("id", "int"), ("Name", "varchar(3)")]);
    let mut encoder = BodyEncoder::new(BodySpec::new(Format::Json), &columns, Some(&target)).unwrap();
    let mut body = Vec::new();
    let bad = encoder
        .append(&write::row(&[Value::Int(1), text("😀")], &columns, Kind::Insert), false, &mut body)
        .unwrap_err();
    assert_eq!(
        bad.to_string(),
        "column `Name` (VARCHAR(3)), value \"😀\": it has 4 bytes in UTF-8, and the column takes 3; widen the column or \
         shorten the text"
    );
    let bad = encoder.append(&[1, 2, 3], false, &mut body).unwrap_err();
    assert_eq!((bad.reason, bad.column.as_str()), (BadValue::Malformed, ""));
    assert!(body.is_empty());
}

#[test]
fn what_no_table_can_take() {
    let new = |spec: BodySpec, flink: &[(&str, &str)], doris: &[(&str, &str)]| {
        BodyEncoder::new(spec, &fields(flink), Some(&table(doris))).map(|_| ()).unwrap_err().to_string()
    };
    let json = || BodySpec::new(Format::Json);
    for (flink, doris, message) in [
        (
            "INTERVAL YEAR TO MONTH",
            "bigint",
            "Flink's INTERVAL YEAR TO MONTH does not go into Doris' BIGINT; Doris has no intervals",
        ),
        ("STRING", "bitmap", "to_bitmap"),
        ("BYTES", "json", "bytes go into CHAR, VARCHAR or STRING"),
        ("DOUBLE", "float", "Flink's DOUBLE does not go into Doris' FLOAT; CAST it in SQL"),
        ("DECIMAL(10, 2)", "int", "DECIMAL(10, 2)"),
        ("TIMESTAMP(3)", "varchar(22)", "too short"),
        ("TIMESTAMP(3)", "date", "TIMESTAMP(3) does not go into Doris' DATE"),
        ("DATE", "int", "DATE does not go"),
        ("TIME(0)", "int", "TIME(0) does not go"),
        ("ARRAY<DOUBLE>", "array<float>", "Flink's DOUBLE does not go into Doris' FLOAT"),
        ("ARRAY<INT>", "map<int,int>", "ARRAY<INT> does not go"),
        ("ROW<a INT, b INT>", "struct<a:int,c:int>", "the ROW has the fields a, b, the STRUCT a, c; name them alike"),
        ("INT", "ipv4", "INT does not go"),
    ] {
        let error = new(json(), &[("c", flink)], &[("c", doris)]);
        assert!(error.contains(message) && error.contains("(at c"), "{error}");
    }
    for (flink, doris, message) in [
        (&[("x", "INT")][..], &[("c", "int")][..], "the table `db`.`t` has no column `x`; it has c"),
        (&[("c", "INT"), ("C", "INT")], &[("c", "int")], "two columns are named `c` in Doris: rename `C`"),
        (&[("c", "INT")], &[("k", "int"), ("c", "int")], "the column `k` of `db`.`t` is a key column"),
        (&[("k", "INT")], &[("k", "int"), ("c", "int!")], "`c` of `db`.`t` is NOT NULL without a default"),
        (&[], &[("k", "int")], "without columns"),
    ] {
        let error = new(json(), flink, doris);
        assert!(error.contains(message), "{error}");
    }
    let partial = BodySpec { partial: true, ..json() };
    BodyEncoder::new(partial, &fields(&[("k", "INT")]), Some(&table(&[("k", "int"), ("c", "int!")]))).unwrap();
    let mut duplicate = table(&[("k", "int")]);
    duplicate.model = KeyModel::Duplicate;
    let deletes = BodySpec { delete_sign: true, ..json() };
    let error = BodyEncoder::new(deletes, &fields(&[("k", "INT")]), Some(&duplicate)).unwrap_err().to_string();
    assert!(error.contains("has no UNIQUE KEY"), "{error}");
}

#[test]
fn separators_that_cannot_work() {
    let csv = |column: &str, line: &str, enclose: Option<u8>, escape: Option<u8>| {
        let format = Format::Csv { column_separator: column.into(), line_delimiter: line.into(), enclose, escape };
        BodyEncoder::new(BodySpec::new(format), &fields(&[("c", "INT")]), None).map(|_| ()).map_err(|e| e.to_string())
    };
    let (quote, slash) = (Some(b'"'), Some(b'\\'));
    for (column, line, enclose, escape) in [
        (",", "\n", quote, slash),
        ("\t", "\n", None, None),
        ("\u{1}", "\u{2}", quote, slash),
        ("||", "|@", Some(b'\''), Some(b'^')),
    ] {
        csv(column, line, enclose, escape).unwrap();
    }
    for (column, line, enclose, escape, message) in [
        ("", "\n", quote, slash, "column_separator is empty"),
        ("-", "\n", quote, slash, "begins with '-'"),
        (",", "1", quote, slash, "line_delimiter begins with '1'"),
        (",\"", "\n", quote, slash, "enclose or escape"),
        (",", ",,", quote, slash, "begin alike"),
        (",", "\n", quote, None, "go together"),
        (",", "\n", quote, quote, "go together"),
    ] {
        let error = csv(column, line, enclose, escape).unwrap_err();
        assert!(error.contains(message), "{error}");
    }
}

#[test]
fn texts_that_nothing_encloses() {
    let format =
        Format::Csv { column_separator: b"||".into(), line_delimiter: b"\n".into(), enclose: None, escape: None };
    let spec = BodySpec::new(format);
    let written = |value: &str| cell(&spec, "STRING", "string", text(value));
    assert_eq!(written("a,\"b\"\\").unwrap(), "a,\"b\"\\");
    for value in ["\\N", "a|", "|", "\n", "a\r"] {
        assert_eq!(written(value), Err(BadValue::NotEnclosed), "{value:?}");
    }
}

#[test]
fn keys_are_compared_by_value() {
    let columns = fields(&[("k", "STRING"), ("d", "DECIMAL(20, 2)"), ("v", "INT")]);
    let mut target = table(&[("k", "varchar(20)"), ("d", "decimal(20,2)"), ("v", "int")]);
    target.columns[1].key = true;
    let row = |k: &str, d: Option<i128>, v| {
        let d = d.map_or(Value::Null, |d| Value::Decimal(Decimal::of(d, 2)));
        write::row(&[text(k), d, Value::Int(v)], &columns, Kind::Insert)
    };
    let encoder = BodyEncoder::new(BodySpec::new(Format::Json), &columns, Some(&target)).unwrap();
    let same = |a: &[u8], b: &[u8]| encoder.same_key(a, b).unwrap();
    let one = row("a longer key", Some(5), 1);
    assert!(same(&one, &row("a longer key", Some(5), 2)));
    assert!(!same(&one, &row("a longer kez", Some(5), 1)));
    assert!(!same(&one, &row("a longer key", Some(6), 1)));
    assert!(!same(&one, &row("a longer key", None, 1)));
    assert!(encoder.same_key(&one, b"").is_err());
    // Without the table Flink's own key counts, and without one all rows are alike.
    let spec = BodySpec { keys: vec![2], ..BodySpec::new(Format::Json) };
    let encoder = BodyEncoder::new(spec, &columns, None).unwrap();
    assert!(encoder.same_key(&one, &row("", None, 1)).unwrap() && !encoder.same_key(&one, &row("", None, 2)).unwrap());
    let encoder = BodyEncoder::new(BodySpec::new(Format::Json), &columns, None).unwrap();
    assert!(encoder.same_key(&one, &row("", None, 2)).unwrap());
}
