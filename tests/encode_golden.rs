//! A whole envelope beside what Canal 1.1.7 itself wrote: each captured message is decoded, each of its rows encoded again,
//! and every byte compared but those that cannot be equal.
//!
//! * `es`, `ts`, `gtid`, `id`: Canal's clock, source and batches; compared in form.
//! * `mysqlType`, `sqlType`: the source's types; ours follow from Flink's. Names and order are compared.
//! * `old` of an UPDATE: `[{}]`, as Canal writes for minimal row images; Canal's own holds the changed columns.
//! * one message a row: rows of a message of many are compared one by one.
//! * `data`: DECIMALs that Canal cut after the point, FLOAT and DOUBLE texts of a JDK before 19, and the YEAR `0000`; see
//!   [`Why`]. They are compared as numbers.

mod reference;
mod rows;
mod scenario;
mod session;

use canal_native::canal::encode::{Encoder, Outcome};
use canal_native::row::RowKind;
use canal_native::schema::{EncoderSpec, Envelope, Field, FloatText, MapNullKey, Root, TimestampFormat, UpdateMode};
use reference::changelog::Reference;
use reference::value::{Kind, Row};
use rows::write;
use scenario::{captured_messages, captured_schemas, spec_of};
use session::{Seen, Session};
use std::collections::BTreeMap;

const SETS: [&str; 3] = ["mysql80", "mysql97", "mariadb"];
const NOW: i64 = 1_795_228_035_861;

/// Why a value's text is another one than Canal's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Why {
    /// Canal writes `.0` for a fraction whose last digits are zero in the binlog's packed form.
    DecimalFraction,
    /// Canal ran on a JDK that prints more digits than are needed.
    FloatDigits,
    /// MySQL's year 0, an INT here.
    YearZero,
}

type Member<'m> = (&'m str, &'m str);

/// Members of a JSON object, or elements of an array (with an empty name), as they stand in the text.
fn parts(json: &str) -> Vec<Member<'_>> {
    let inner = &json[1..json.len() - 1];
    let (mut parts, mut depth, mut start, mut colon, mut quoted, mut escaped) = (Vec::new(), 0, 0, None, false, false);
    for (i, b) in inner.bytes().enumerate() {
        match b {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => quoted = !quoted,
            _ if quoted => {}
            b'{' | b'[' => depth += 1,
            b'}' | b']' => depth -= 1,
            b':' if depth == 0 && colon.is_none() => colon = Some(i),
            b',' if depth == 0 => {
                parts.push(part(&inner[start..i], colon.take().map(|at| at - start)));
                start = i + 1;
            }
            _ => {}
        }
    }
    if !inner.is_empty() {
        parts.push(part(&inner[start..], colon.map(|at| at - start)));
    }
    parts
}

fn part(text: &str, colon: Option<usize>) -> Member<'_> {
    colon.map_or(("", text), |at| (text[..at].trim_matches('"'), &text[at + 1..]))
}

fn member<'m>(message: &[Member<'m>], name: &str) -> &'m str {
    message.iter().find(|(n, _)| *n == name).unwrap_or_else(|| panic!("no {name}")).1
}

fn encoder(fields: &[Field], message: &[Member<'_>]) -> Encoder {
    let text = |name| serde_json::from_str(member(message, name)).expect("a string");
    let keys: Option<Vec<String>> = serde_json::from_str(member(message, "pkNames")).expect("names");
    let envelope = Envelope { database: text("database"), table: text("table"), pk_names: keys.unwrap_or_default() };
    Encoder::new(EncoderSpec {
        fields: fields.to_vec(),
        timestamp: TimestampFormat::Sql,
        map_null_key: MapNullKey::Fail,
        map_null_key_literal: "null".into(),
        plain_decimals: false,
        strip_plain_decimals: false,
        ignore_nulls: false,
        time_millis: false,
        float_text: FloatText::Shortest,
        update: UpdateMode::Update,
        envelope: Some(envelope),
    })
    .expect("an encoder")
}

/// The rows of a message that Canal wrote as `data`: all but the before images of an UPDATE.
fn written(rows: Vec<Row>) -> impl Iterator<Item = Row> {
    rows.into_iter().filter(|row| row.kind != Kind::UpdateBefore)
}

fn why(field: &Field, canal: &str, ours: &str) -> Option<Why> {
    let number = |text: &str| text.trim_matches('"').parse::<f64>();
    let same = number(canal).is_ok() && number(canal) == number(ours);
    match field.ty.root {
        Root::Decimal { .. } if same && canal.ends_with(".0\"") => Some(Why::DecimalFraction),
        Root::Double if same => Some(Why::FloatDigits),
        Root::Float if number(canal).is_ok_and(|c| number(ours).is_ok_and(|o| c as f32 == o as f32)) => {
            Some(Why::FloatDigits)
        }
        Root::Integer if canal == "\"0000\"" && ours == "\"0\"" => Some(Why::YearZero),
        _ => None,
    }
}

/// Counts of equal and excused values.
#[derive(Debug, Default)]
struct Tally {
    rows: usize,
    equal_messages: usize,
    equal: usize,
    excused: BTreeMap<Why, usize>,
}

impl Tally {
    fn data(&mut self, fields: &[Field], canal: &str, ours: &str) -> Result<(), String> {
        let (canal, ours) = (parts(canal), parts(ours));
        if canal.len() != ours.len() {
            return Err(format!("{} columns and not {}", ours.len(), canal.len()));
        }
        for ((theirs, ours), field) in canal.iter().zip(&ours).zip(fields) {
            if theirs == ours {
                self.equal += 1;
                continue;
            }
            let why =
                why(field, theirs.1, ours.1).ok_or_else(|| format!("{theirs:?} as {ours:?}, a {:?}", field.ty))?;
            *self.excused.entry(why).or_default() += 1;
        }
        Ok(())
    }

    /// Everything but `data`.
    fn envelope(&mut self, canal: &[Member<'_>], ours: &[Member<'_>], event: &str) -> Result<(), String> {
        let names = |message: &[Member<'_>]| message.iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>();
        if names(canal) != names(ours) {
            return Err(format!("members {:?} and not {:?}", names(ours), names(canal)));
        }
        let digits = |text: &str| !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
        let columns = |text: &str| parts(text).into_iter().map(|(name, _)| name.to_string()).collect::<Vec<_>>();
        for ((name, theirs), (_, mine)) in canal.iter().zip(ours) {
            let fits = match *name {
                "data" => true,
                "es" | "ts" => digits(theirs) && *mine == NOW.to_string(),
                "id" => digits(theirs) && digits(mine),
                "gtid" => *mine == "\"\"",
                "mysqlType" | "sqlType" => columns(theirs) == columns(mine),
                "old" if event == "\"UPDATE\"" => *mine == "[{}]",
                _ => theirs == mine,
            };
            if !fits {
                return Err(format!("{name}: {mine} instead of {theirs}"));
            }
        }
        Ok(())
    }

    fn message(&mut self, fields: &[Field], table: &Reference, bytes: &[u8]) -> Result<(), String> {
        let text = std::str::from_utf8(bytes).expect("UTF-8");
        let canal = parts(text);
        let event = member(&canal, "type");
        let rows = match Session::open(table).decode(bytes)?.seen {
            Seen::Rows(rows) => rows,
            other => return Err(format!("{other:?}")),
        };
        let data = parts(member(&canal, "data"));
        let mut encoder = encoder(fields, &canal);
        let mut count = 0;
        for (row, (_, theirs)) in written(rows).zip(&data) {
            count += 1;
            let kind: RowKind = write::kind_of(row.kind);
            let outcome = encoder.encode(&write::row(&row.values, fields, row.kind), kind, NOW);
            if outcome != Outcome::Encoded {
                return Err(format!("{outcome:?}: {:?}", encoder.refusal()));
            }
            let message = String::from_utf8(encoder.message().to_vec()).expect("UTF-8");
            let ours = parts(&message);
            let elements = parts(member(&ours, "data"));
            self.data(fields, theirs, elements[0].1)?;
            self.envelope(&canal, &ours, event)?;
            self.rows += 1;
            self.equal_messages += usize::from(splice(&canal, &ours) == message && data.len() == 1);
        }
        if count != data.len() {
            return Err(format!("{count} rows and not {}", data.len()));
        }
        Ok(())
    }
}

/// Canal's message with our values of the members that cannot be equal.
fn splice(canal: &[Member<'_>], ours: &[Member<'_>]) -> String {
    let members = canal.iter().zip(ours).map(|((name, theirs), (_, mine))| {
        let value = match *name {
            "es" | "ts" | "gtid" | "id" | "mysqlType" | "sqlType" => mine,
            "old" if *theirs != "null" => mine,
            _ => theirs,
        };
        format!("\"{name}\":{value}")
    });
    format!("{{{}}}", members.collect::<Vec<_>>().join(","))
}

#[test]
fn as_canal_wrote_it() {
    let (mut tally, mut wrong) = (Tally::default(), Vec::new());
    for set in SETS {
        let schemas = captured_schemas(set);
        for (i, bytes) in captured_messages(set).iter().enumerate() {
            let text = std::str::from_utf8(bytes).expect("UTF-8");
            let canal = parts(text);
            let name = format!("{}.{}", member(&canal, "database"), member(&canal, "table")).replace('"', "");
            let event = member(&canal, "type");
            let (Some(fields), true) =
                (schemas.get(&name), matches!(event, "\"INSERT\"" | "\"UPDATE\"" | "\"DELETE\""))
            else {
                continue;
            };
            // A minimal image, or a message from before ALTER TABLE, has other columns than the schema.
            let columns: Vec<&str> = parts(member(&canal, "mysqlType")).into_iter().map(|(name, _)| name).collect();
            let fields: Vec<Field> =
                columns.iter().filter_map(|name| fields.iter().find(|f| f.name == *name).cloned()).collect();
            if fields.len() != columns.len() || parts(parts(member(&canal, "data"))[0].1).len() != columns.len() {
                continue;
            }
            let table = Reference { spec: spec_of(fields.clone()), database: None, table: None };
            if let Err(e) = tally.message(&fields, &table, bytes) {
                wrong.push(format!("{set} line {}: {e}", i + 1));
            }
        }
    }
    eprintln!("{tally:?}");
    assert!(wrong.is_empty(), "{} messages, such as\n{}", wrong.len(), wrong[..wrong.len().min(20)].join("\n"));
    assert!(tally.rows > 3_000 && tally.equal > 20_000 && tally.equal_messages > 500, "{tally:?}");
    assert!(tally.excused.values().sum::<usize>() * 20 < tally.equal, "{tally:?}");
}
