//! Bodies of Stream Loads over random tables and rows: equal to the reference, and read by Doris' rules as the same values.
//!
//! `PROPTEST_CASES` sets the number of cases, `PROPTEST_RNG_SEED` another start; without them every run is the same.

mod generator;
mod reference;
mod rows;
mod scenario;
#[path = "generator/doris.rs"]
mod tables;

use canal_native::doris::body::{BodyEncoder, BodySpec, Format};
use canal_native::doris::table::DorisColumn;
use canal_native::schema::{Field, LogicalType, Root};
use generator::{Tape, row, value::word};
use reference::doris::Notation;
use reference::doris_reader;
use reference::value::{Kind, Value};
use rows::write;
use std::collections::BTreeMap;
use tables::{case, count, ending};

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
    let kinds = ["written", "NULL", "out of range", "too long", "not finite", "loses digits", "not of type"];
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
    assert!(counts.contains_key("written") && counts.contains_key("both quotes"), "{counts:?}");
}

/// Whatever the bytes of a row: it is written or bad, and what is appended stands for a row of its own.
#[test]
fn damaged_rows_are_no_panic() {
    let counts = count(|tape| {
        let format = tape.pick(&[Format::Json, Format::csv(), Format::Arrow]).clone();
        let case = case(tape, format);
        let Ok(mut encoder) = BodyEncoder::new(case.spec.clone(), &case.fields, Some(&case.table)) else {
            return Ok(vec!["refused"]);
        };
        let (mut body, mut endings) = (Vec::new(), Vec::new());
        encoder.begin(&mut body);
        for _ in 0..8 {
            let values = row::values(tape, &case.fields, true);
            let mut bytes = write::row(&values, &case.fields, Kind::Insert);
            for _ in 0..tape.below(4) {
                let at = tape.below(bytes.len());
                bytes[at] = tape.number() as u8;
            }
            bytes.truncate(if tape.one_in(4) { tape.below(bytes.len() + 1) } else { bytes.len() });
            let (before, same) = (body.len(), encoder.same_key(&bytes, &bytes));
            match encoder.append(&bytes, tape.one_in(2), &mut body) {
                Ok(()) => endings.push("written"),
                Err(bad) if body.len() == before => endings.push(ending(bad.reason)),
                Err(bad) => return Err(format!("{bad} and {} bytes", body.len() - before)),
            }
            if same.is_ok_and(|same| !same) {
                return Err("a row's key is not its own".into());
            }
        }
        encoder.finish(&mut body);
        Ok(endings)
    });
    if std::env::var_os("PROPTEST_CASES").is_none() {
        assert!(["written", "malformed", "not UTF-8"].iter().all(|kind| counts.contains_key(kind)), "{counts:?}");
    }
}
