//! Bodies of Stream Loads over random tables and rows: equal to the reference, and read by Doris' rules as the same values.
//!
//! `PROPTEST_CASES` sets the number of cases, `PROPTEST_RNG_SEED` another start; without them every run is the same.

mod generator;
mod reference;
mod rows;
mod scenario;

use canal_native::doris::body::{BadValue, BodyEncoder, BodySpec, Format, NonFinite, Zone};
use canal_native::doris::table::{DorisColumn, DorisTable, DorisType, KeyModel};
use canal_native::schema::{Field, LogicalType, Root};
use generator::{Tape, row, value::word};
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestError, TestRunner};
use reference::doris::{Notation, Reference, holder};
use reference::doris_reader;
use reference::value::{Kind, Value};
use rows::write;
use std::cell::RefCell;
use std::collections::BTreeMap;

const DEFAULT_CASES: u32 = 3_000;
const SEED: u64 = 1_589_373_560;
const MAX_TEXT: u32 = 300;

fn count(run: impl Fn(&mut Tape) -> Result<Vec<&'static str>, String>) -> BTreeMap<&'static str, u32> {
    let mut config =
        ProptestConfig { failure_persistence: None, max_shrink_iters: 20_000, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = DEFAULT_CASES;
    }
    if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        config.rng_seed = RngSeed::Fixed(SEED);
    }
    let counts = RefCell::new(BTreeMap::new());
    let tapes = prop::collection::vec(any::<u32>(), 0..1500);
    let result = TestRunner::new(config).run(&tapes, |tape| {
        for ending in run(&mut Tape::new(&tape)).map_err(TestCaseError::fail)? {
            *counts.borrow_mut().entry(ending).or_default() += 1;
        }
        Ok(())
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(reason, _)) | Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
    let counts = counts.into_inner();
    eprintln!("{counts:?}");
    counts
}

/// What Doris has no place for becomes INT; names differ in more than their case.
fn tame(fields: &mut [Field]) {
    fn ty(ty: &mut LogicalType) {
        match &mut ty.root {
            root @ (Root::IntervalYearMonth | Root::IntervalDayTime) => *root = Root::Integer,
            Root::Array { element: inner } | Root::Map { value: inner, .. } => self::ty(inner),
            Root::Row { fields } => tame(fields),
            _ => {}
        }
    }
    for (i, field) in fields.iter_mut().enumerate() {
        field.name = format!("{}{i}", field.name);
        ty(&mut field.ty);
    }
}

/// Some Doris type that takes the Flink type; `top`: of a column.
fn target(tape: &mut Tape, from: &Root, top: bool) -> DorisType {
    let same = tape.one_in(2);
    let text = |tape: &mut Tape, least: u32| match tape.below(3) {
        0 => DorisType::String,
        1 => DorisType::Varchar(least + tape.below(20) as u32),
        _ => DorisType::Char(least + tape.below(5) as u32),
    };
    let json = [DorisType::Json, DorisType::Variant];
    let integers = [
        DorisType::TinyInt,
        DorisType::SmallInt,
        DorisType::Int,
        DorisType::BigInt,
        DorisType::LargeInt,
        DorisType::Boolean,
    ];
    let decimal = |tape: &mut Tape| {
        let precision = 1 + tape.below(38) as u8;
        DorisType::Decimal { precision, scale: tape.below(usize::from(precision) + 1) as u8 }
    };
    match from {
        _ if same
            && !matches!(from, Root::Array { .. } | Root::Map { .. } | Root::Multiset { .. } | Root::Row { .. }) =>
        {
            holder(from)
        }
        Root::Boolean if tape.one_in(2) => tape.pick(&integers).clone(),
        Root::Boolean => text(tape, 5),
        Root::Tinyint | Root::Smallint | Root::Integer | Root::Bigint => match tape.below(5) {
            0 => decimal(tape),
            1 => tape.pick(&[DorisType::Float, DorisType::Double]).clone(),
            2 => text(tape, 1),
            _ => tape.pick(&integers).clone(),
        },
        Root::Float if tape.one_in(2) => DorisType::Double,
        Root::Float => text(tape, 15),
        Root::Double => text(tape, 24),
        Root::Decimal { scale: 0, .. } if tape.one_in(3) => tape.pick(&integers[..5]).clone(),
        Root::Decimal { .. } if tape.one_in(2) => decimal(tape),
        Root::Decimal { precision, .. } => text(tape, u32::from(*precision) + 3),
        Root::Char | Root::Varchar if tape.one_in(4) => tape.pick(&json).clone(),
        Root::Date if tape.one_in(2) => DorisType::DateTime { scale: tape.below(7) as u8 },
        Root::Date => text(tape, 10),
        Root::TimeWithoutTimeZone { .. } => text(tape, 12),
        Root::TimestampWithoutTimeZone { .. } | Root::TimestampWithLocalTimeZone { .. } if tape.one_in(2) => {
            DorisType::DateTime { scale: tape.below(7) as u8 }
        }
        Root::TimestampWithoutTimeZone { .. } | Root::TimestampWithLocalTimeZone { .. } => text(tape, 29),
        Root::Array { .. } | Root::Map { .. } | Root::Multiset { .. } | Root::Row { .. } if same && top => {
            match tape.below(3) {
                0 => tape.pick(&json).clone(),
                _ => text(tape, 2),
            }
        }
        Root::Array { element } => DorisType::Array(Box::new(target(tape, &element.root, false))),
        Root::Map { value, .. } => DorisType::Map(Box::new(text(tape, 3)), Box::new(target(tape, &value.root, false))),
        Root::Multiset { .. } => DorisType::Map(Box::new(text(tape, 3)), Box::new(DorisType::BigInt)),
        Root::Row { fields } => {
            let mut members: Vec<(String, DorisType)> =
                fields.iter().map(|f| (f.name.to_ascii_lowercase(), target(tape, &f.ty.root, false))).collect();
            tape.shuffle(&mut members);
            DorisType::Struct(members)
        }
        _ => text(tape, 0),
    }
}

struct Case {
    fields: Vec<Field>,
    table: DorisTable,
    reference: Reference,
    spec: BodySpec,
}

fn case(tape: &mut Tape, format: Format) -> Case {
    let mut fields = row::spec(tape, false).fields;
    tame(&mut fields);
    let columns = fields
        .iter()
        .map(|f| DorisColumn {
            name: f.name.clone(),
            ty: target(tape, &f.ty.root, true),
            nullable: !tape.one_in(8),
            key: false,
            default: false,
        })
        .collect();
    let offset = |tape: &mut Tape| tape.below(93_600) as i32 - 43_200;
    let zone: BTreeMap<i64, i32> =
        (0..tape.below(4) as i64).map(|i| (i * 400_000_000_000 + i64::from(tape.number()), offset(tape))).collect();
    let null_for_nan = tape.one_in(2);
    Case {
        fields,
        table: DorisTable {
            database: "d".into(),
            name: "t".into(),
            model: KeyModel::Duplicate,
            columns,
            sequence: false,
        },
        spec: BodySpec {
            zone: Zone::new(zone.iter().map(|(at, offset)| (*at, *offset)).collect()).expect("a zone"),
            non_finite: if null_for_nan { NonFinite::Null } else { NonFinite::Fail },
            max_text_bytes: MAX_TEXT,
            ..BodySpec::new(format)
        },
        reference: Reference { zone, null_for_nan, max_text_bytes: MAX_TEXT },
    }
}

impl Case {
    /// Each column in a notation, or the first that is bad.
    fn expected(&self, values: &[Value], notation: Notation) -> Result<Vec<Option<String>>, (String, BadValue)> {
        let column = |((value, field), column): ((&Value, &Field), &DorisColumn)| {
            self.reference
                .column(value, &field.ty, &column.ty, column.nullable, notation)
                .map_err(|reason| (column.name.clone(), reason))
        };
        values.iter().zip(&self.fields).zip(&self.table.columns).map(column).collect()
    }
}

fn ending(bad: BadValue) -> &'static str {
    match bad {
        BadValue::Malformed => "malformed",
        BadValue::NotUtf8 => "not UTF-8",
        BadValue::NullInNotNull => "NULL",
        BadValue::NullMapKey => "NULL key",
        BadValue::OutOfRange => "out of range",
        BadValue::TooLong { .. } => "too long",
        BadValue::NotFinite => "not finite",
        BadValue::LosesDigits => "loses digits",
        BadValue::NotOfType => "not of type",
        BadValue::BothQuotes => "both quotes",
        BadValue::NotEnclosed => "not enclosed",
        BadValue::BeforeEpoch => "before 1970",
    }
}

fn run(tape: &mut Tape, format: Format, notation: Notation) -> Result<Vec<&'static str>, String> {
    let case = case(tape, format);
    let told = |e: &dyn std::fmt::Display| format!("{e}: {:?} into {:?}", case.fields, case.table.columns);
    let mut encoder = BodyEncoder::new(case.spec.clone(), &case.fields, Some(&case.table)).map_err(|e| told(&e))?;
    let (mut endings, mut body, mut contents, mut text) = (Vec::new(), Vec::new(), Vec::new(), String::new());
    for _ in 0..1 + tape.below(4) {
        let values = row::values(tape, &case.fields, true);
        let bytes = write::row(&values, &case.fields, Kind::Insert);
        let before = body.len();
        let result = encoder.append(&bytes, false, &mut body);
        match (&result, case.expected(&values, notation)) {
            (Ok(()), Ok(columns)) => {
                let separator = String::from_utf8(encoder.separator().to_vec()).expect("UTF-8");
                text += &joined(&columns, &case.table.columns, notation);
                text += &separator;
                body.extend_from_slice(separator.as_bytes());
                contents.push(case.expected(&values, Notation::Content).expect("the same row"));
                endings.push("written");
            }
            (Err(bad), Err((column, reason))) if bad.reason == reason && bad.column == column => {
                if body.len() != before {
                    return Err(told(&"something of a bad row was appended"));
                }
                endings.push(ending(reason));
            }
            (_, expected) => {
                return Err(told(&format!("{result:?} instead of {expected:?} for {values:?}")));
            }
        }
    }
    if body != text.as_bytes() {
        return Err(told(&format!("{}\ninstead of\n{text}", String::from_utf8_lossy(&body))));
    }
    let read =
        if notation == Notation::Csv { read_csv(&body, &encoder) } else { read_json(&text, &case.table.columns) };
    if read != contents {
        return Err(told(&format!("{text}\nis read as\n{read:?}\ninstead of\n{contents:?}")));
    }
    Ok(endings)
}

fn joined(values: &[Option<String>], columns: &[DorisColumn], notation: Notation) -> String {
    if notation == Notation::Csv {
        let fields: Vec<&str> = values.iter().map(|v| v.as_deref().unwrap_or("\\N")).collect();
        return fields.join(",");
    }
    let member = |(column, value): (&DorisColumn, &Option<String>)| {
        format!("{}:{}", serde_json::to_string(&column.name).expect("a name"), value.as_deref().unwrap_or("null"))
    };
    format!("{{{}}}", columns.iter().zip(values).map(member).collect::<Vec<_>>().join(","))
}

/// Each field's content, as Doris hands it to its casts.
fn read_csv(body: &[u8], encoder: &BodyEncoder) -> Vec<Vec<Option<String>>> {
    let trims = encoder.headers().contains(&("trim_double_quotes", "true".to_string()));
    let reader = doris_reader::Csv {
        column_separator: b",",
        line_delimiter: b"\n",
        enclose: Some(b'"'),
        escape: Some(b'\\'),
        trim_double_quotes: trims,
    };
    let text = |field: Option<Vec<u8>>| field.map(|field| String::from_utf8(field).expect("UTF-8"));
    reader.rows(body).into_iter().map(|row| row.into_iter().map(text).collect()).collect()
}

fn read_json(body: &str, columns: &[DorisColumn]) -> Vec<Vec<Option<String>>> {
    let row = |line: &str| {
        let members: BTreeMap<String, Box<serde_json::value::RawValue>> =
            serde_json::from_str(line).expect("an object");
        let content = |column: &DorisColumn| match members[&column.name].get() {
            "null" => None,
            text if text.starts_with('"') => Some(serde_json::from_str(text).expect("a string")),
            bare => Some(bare.to_string()),
        };
        columns.iter().map(content).collect()
    };
    body.split_terminator('\n').map(row).collect()
}

/// Cases of each kind were met.
fn all_met(counts: &BTreeMap<&'static str, u32>) {
    let kinds =
        ["written", "NULL", "out of range", "too long", "not finite", "loses digits", "not of type", "both quotes"];
    if std::env::var_os("PROPTEST_CASES").is_none() {
        assert!(kinds.iter().all(|kind| counts.contains_key(kind)), "{counts:?}");
    }
}

#[test]
fn json_as_the_reference() {
    all_met(&count(|tape| run(tape, Format::Json, Notation::Body)));
}

#[test]
fn csv_as_the_reference() {
    all_met(&count(|tape| run(tape, Format::csv(), Notation::Csv)));
}

/// Any separators and enclosing character: Doris reads the texts that were written.
#[test]
fn csv_is_read_back() {
    let counts = count(|tape| {
        let pick = |tape: &mut Tape, choices: &[&str]| tape.pick(choices).as_bytes().to_vec();
        let column_separator = pick(tape, &[",", "\t", "\u{1}", "||", "|,|", "ab"]);
        let line_delimiter = pick(tape, &["\n", "\u{2}", "\r\n", "||\n", "zz"]);
        let (enclose, escape) = *tape.pick(&[
            (Some(b'"'), Some(b'\\')),
            (Some(b'\''), Some(b'\\')),
            (Some(b'"'), Some(b'^')),
            (Some(b'%'), Some(b'"')),
            (None, None),
        ]);
        let format = Format::Csv {
            column_separator: column_separator.clone(),
            line_delimiter: line_delimiter.clone(),
            enclose,
            escape,
        };
        let count = 1 + tape.below(3);
        let ty = LogicalType { root: Root::Varchar, nullable: true };
        let fields: Vec<Field> = (0..count).map(|i| Field { name: format!("c{i}"), ty: ty.clone() }).collect();
        let Ok(mut encoder) = BodyEncoder::new(BodySpec::new(format), &fields, None) else {
            return Ok(vec!["refused"]);
        };
        let trims = encoder.headers().iter().any(|(name, _)| *name == "trim_double_quotes");
        let special = ["\"", "\\", "'", "^", "%", ",", "|", "\n", "\r", "\u{1}", "\u{2}", "\\N", "a", "z", "😀", ""];
        let text = |tape: &mut Tape| match tape.below(6) {
            0 => Value::Null,
            1 => Value::Text(word(tape)),
            _ => Value::Text((0..tape.below(7)).map(|_| *tape.pick(&special)).collect()),
        };
        let (mut body, mut written, mut endings) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..1 + tape.below(4) {
            let values: Vec<Value> = (0..count).map(|_| text(tape)).collect();
            let separator = encoder.separator().to_vec();
            let start = body.len();
            if start > 0 {
                body.extend_from_slice(&separator);
            }
            match encoder.append(&write::row(&values, &fields, Kind::Insert), false, &mut body) {
                Ok(()) => {
                    written.push(values);
                    endings.push("written");
                }
                Err(bad) => {
                    body.truncate(start);
                    endings.push(ending(bad.reason));
                }
            }
        }
        // A line that is one empty field without quotes is no line.
        let empty = |values: &Vec<Value>| enclose.is_none() && *values == [Value::Text(String::new())];
        if written.iter().any(empty) {
            return Ok(vec!["empty line"]);
        }
        let reader = doris_reader::Csv {
            column_separator: &column_separator,
            line_delimiter: &line_delimiter,
            enclose,
            escape,
            trim_double_quotes: trims,
        };
        let value = |field: Option<Vec<u8>>| match field {
            None => Value::Null,
            Some(field) => Value::Text(String::from_utf8(field).expect("UTF-8")),
        };
        let read: Vec<Vec<Value>> =
            reader.rows(&body).into_iter().map(|row| row.into_iter().map(value).collect()).collect();
        if read == written {
            return Ok(endings);
        }
        Err(format!("{} is read as {read:?} instead of {written:?}", String::from_utf8_lossy(&body)))
    });
    if std::env::var_os("PROPTEST_CASES").is_none() {
        assert!(["written", "not enclosed", "refused"].iter().all(|kind| counts.contains_key(kind)), "{counts:?}");
    }
}

/// An ARRAY's text gives its elements back, whichever way a version looks at quotes.
#[test]
fn arrays_are_read_back() {
    let counts = count(|tape| {
        let special = ["\"", "\\", "'", ",", "[", "}", ":", "null", " ", "a", "é", ""];
        let text = |tape: &mut Tape| match tape.below(6) {
            0 => Value::Null,
            1 => Value::Text(word(tape)),
            _ => Value::Text((0..tape.below(6)).map(|_| *tape.pick(&special)).collect()),
        };
        let items: Vec<Value> = (0..tape.below(5)).map(|_| text(tape)).collect();
        let element = Box::new(LogicalType { root: Root::Varchar, nullable: true });
        let ty = LogicalType { root: Root::Array { element }, nullable: true };
        let fields = [Field { name: "c".into(), ty }];
        let mut encoder = BodyEncoder::new(BodySpec::new(Format::Json), &fields, None).map_err(|e| e.to_string())?;
        let mut body = Vec::new();
        let bytes = write::row(&[Value::Array(items.clone())], &fields, Kind::Insert);
        if let Err(bad) = encoder.append(&bytes, false, &mut body) {
            return Ok(vec![ending(bad.reason)]);
        }
        let object: BTreeMap<String, String> = serde_json::from_slice(&body).map_err(|e| e.to_string())?;
        let expected: Vec<Option<String>> =
            items.iter().map(|v| if let Value::Text(text) = v { Some(text.clone()) } else { None }).collect();
        for skips_escaped in [false, true] {
            let read = doris_reader::array(&object["c"], skips_escaped);
            if read != expected {
                return Err(format!("{} is read as {read:?} instead of {expected:?} ({skips_escaped})", object["c"]));
            }
        }
        Ok(vec!["written"])
    });
    assert!(counts.contains_key("written"));
}
