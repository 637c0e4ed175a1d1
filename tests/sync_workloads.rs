//! The captured workloads into a Doris that keeps state: in the end each table holds, cell by cell, what the real database held after the same SQL,
//! but for a checked-in list of what Canal itself loses.
//!
//! `tests/data/sync/final-*.json.gz` are what MySQL 8.0.33 and MariaDB 10.11 held (`tests/cluster/workload.py` runs the SQL on real servers);
//! `exceptions.tsv` is the list: set, table, column, reason; a table's rows that were never loaded are of the column `*`.

mod doris;
mod moving;
#[allow(dead_code)]
mod replay;

use canal_native::sync::place::Place;
use doris::Doris;
use doris_standin::cluster::Settings;
use moving::apart::{Apart, Checkpoint, Random};
use moving::{Job, captured_packets};
use replay::captured;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::io::Read;
use std::path::PathBuf;
use std::rc::Rc;

type Rows = Vec<Vec<Option<String>>>;

/// A table of the real database.
struct Final {
    /// Name and type.
    columns: Vec<(String, String)>,
    rows: Rows,
}

fn data(file: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/data/sync").join(file)
}

fn finals(set: &str) -> BTreeMap<String, Final> {
    let mut text = String::new();
    let file = std::fs::File::open(data(&format!("final-{set}.json.gz"))).expect("a dump");
    flate2::read::GzDecoder::new(file).read_to_string(&mut text).expect("gzip");
    let all: BTreeMap<String, Value> = serde_json::from_str(&text).expect("JSON");
    let cell = |cell: &Value| cell.as_str().map(str::to_string);
    let row = |row: &Value| row.as_array().expect("a row").iter().map(cell).collect();
    let column = |column: &Value| (cell(&column[0]).expect("a name"), cell(&column[1]).expect("a type"));
    all.into_iter()
        .map(|(name, table)| {
            let columns = table["columns"].as_array().expect("columns").iter().map(column).collect();
            let rows = table["rows"].as_array().expect("rows").iter().map(row).collect();
            (name, Final { columns, rows })
        })
        .collect()
}

/// What is known to be lost: by set and table, the columns and why.
fn exceptions(set: &str) -> BTreeMap<(String, String), String> {
    let text = std::fs::read_to_string(data("exceptions.tsv")).expect("the list");
    let line = |line: &str| {
        let [sets, table, column, reason] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
        let is_it = sets.split(',').any(|name| name == set);
        is_it.then(|| ((table.to_string(), column.to_string()), reason.to_string()))
    };
    text.lines().filter(|line| !line.starts_with('#')).filter_map(line).collect()
}

/// A value of MySQL's as Doris is to show it; docs/type-mapping.md says why.
fn expected(ty: &str, text: &str) -> Option<String> {
    let base = ty.split(['(', ' ']).next().unwrap_or_default();
    Some(match base {
        "tinyint" | "smallint" | "mediumint" | "int" | "bigint" | "year" => number(text),
        "date" | "datetime" | "timestamp" if text.starts_with("0000-00-00") => return None,
        "decimal" => canonical_decimal(text),
        "float" => text.parse::<f64>().expect("a number").to_string().parse::<f32>().expect("a number").to_string(),
        // MySQL's own text has 16 digits of a very small or large number.
        "double" => format!("{:.14e}", text.parse::<f64>().expect("a number")),
        "json" => serde_json::from_str::<Value>(text).map_or_else(|_| text.to_string(), |value| plain(&value)),
        _ => text.to_string(),
    })
}

/// A value of Doris', in the same form.
fn found(ty: &str, text: &str) -> String {
    expected(ty, text).unwrap_or_else(|| text.to_string())
}

fn number(text: &str) -> String {
    text.parse::<i128>().map_or_else(|_| text.to_string(), |number| number.to_string())
}

/// Without zeros at its end: those of a DECIMAL beyond 38 digits Canal cuts.
fn canonical_decimal(text: &str) -> String {
    let text = if text.contains('.') { text.trim_end_matches('0').trim_end_matches('.') } else { text };
    let (sign, digits) = text.strip_prefix('-').map_or(("", text), |digits| ("-", digits));
    let digits = digits.trim_start_matches('0');
    let digits = if digits.is_empty() || digits.starts_with('.') { format!("0{digits}") } else { digits.to_string() };
    if digits == "0" { digits } else { format!("{sign}{digits}") }
}

/// JSON by value: the order of members and the way numbers are written do not count.
fn plain(value: &Value) -> String {
    match value {
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), |number| number.to_string()),
        Value::Array(values) => format!("[{}]", values.iter().map(plain).collect::<Vec<_>>().join(",")),
        Value::Object(members) => {
            let mut members: Vec<String> =
                members.iter().map(|(name, value)| format!("{name:?}:{}", plain(value))).collect();
            members.sort();
            format!("{{{}}}", members.join(","))
        }
        other => other.to_string(),
    }
}

/// Compares all tables; gives each difference that is not on the list, and each line of the list that has none.
fn differences(doris: &Doris, set: &str, of: &str) -> Vec<String> {
    let known = exceptions(set);
    let (mut differences, mut used) = (Vec::new(), BTreeSet::new());
    for (name, table) in finals(of) {
        let mut differ = |column: &str, what: String| {
            let key = (name.clone(), column.to_string());
            if known.contains_key(&key) {
                used.insert(key);
            } else {
                differences.push(format!("{set} {name} {column}: {what}"));
            }
        };
        let (database, short) = name.split_once('.').expect("a name");
        let short = short.replace('.', "_");
        let there = doris.sql(&format!(
            "SELECT COLUMN_NAME FROM information_schema.columns WHERE TABLE_SCHEMA = '{database}' AND TABLE_NAME = '{short}'"
        ));
        if there.is_empty() {
            if !table.rows.is_empty() {
                differ("*", format!("there is no such table; {} rows", table.rows.len()));
            }
            continue;
        }
        let list: Vec<String> = table.columns.iter().map(|(column, _)| format!("`{column}`")).collect();
        let missing: Vec<_> = table.columns.iter().filter(|(c, _)| !there.contains(&vec![Some(c.clone())])).collect();
        if !missing.is_empty() {
            differ("*", format!("columns are missing: {missing:?} of {there:?}"));
            continue;
        }
        let rows = doris.sql(&format!("SELECT {} FROM `{database}`.`{short}`", list.join(", ")));
        let form = |rows: &Rows, form: &dyn Fn(&str, &str) -> Option<String>| -> Rows {
            let cell =
                |(cell, (_, ty)): (&Option<String>, &(String, String))| cell.as_ref().and_then(|text| form(ty, text));
            let mut rows: Rows = rows.iter().map(|row| row.iter().zip(&table.columns).map(cell).collect()).collect();
            rows.sort();
            rows
        };
        let (is, should) = (form(&rows, &|ty, text| Some(found(ty, text))), form(&table.rows, &expected));
        let keys = |rows: &Rows| rows.iter().map(|row| row[0].clone()).collect::<Vec<_>>();
        if keys(&is) != keys(&should) {
            differ("*", format!("{} rows, {} expected", is.len(), should.len()));
            continue;
        }
        for (i, (column, ty)) in table.columns.iter().enumerate() {
            let other: Vec<_> = is.iter().zip(&should).filter(|(is, should)| is[i] != should[i]).collect();
            if let Some((is, should)) = other.first() {
                differ(
                    column,
                    format!("{ty}: {} of {} cells; {:?} for {:?}", other.len(), rows.len(), is[i], should[i]),
                );
            }
        }
    }
    // In which order messages of several partitions come is a matter of chance.
    let unused = known.keys().filter(|key| set != "pkhash3" && !used.contains(*key));
    differences
        .extend(unused.map(|(table, column)| format!("{set}: {table} {column} is on the list and does not differ")));
    differences
}

fn assert_equal(doris: &Doris, set: &str, of: &str) {
    let differences = differences(doris, set, of);
    assert!(differences.is_empty(), "{}", differences.join("\n"));
}

/// The sets, and whose final tables are theirs.
const SETS: [(&str, &str); 4] =
    [("mysql80", "mysql80"), ("mysql97", "mysql97"), ("mariadb", "mariadb"), ("canal114", "mysql80")];

fn flat(set: &str) -> Vec<Vec<u8>> {
    captured(&format!("canal/captured/{set}.jsonl.gz"))
}

#[test]
fn flat_messages() {
    for (set, of) in SETS {
        for format in ["json", "csv"] {
            let doris = Doris::start();
            let mut job = Job::new(&doris).format(format).start();
            job.write_all(&flat(set), 0);
            job.settle();
            assert_equal(&doris, set, of);
        }
    }
}

#[test]
fn packets() {
    for (set, of) in SETS {
        let doris = Doris::start();
        let mut job = Job::new(&doris).with("wire", "protobuf".into()).start();
        job.write_all(&captured_packets(set), 0);
        job.settle();
        assert_equal(&doris, set, of);
    }
}

#[test]
fn several_subtasks() {
    for subtasks in [2, 4] {
        for (wire, messages) in [("json", flat("mysql80")), ("protobuf", captured_packets("mysql80"))] {
            let doris = Doris::start();
            let mut job = Job::new(&doris).with("wire", wire.into()).parallel(subtasks).start();
            job.write_all(&messages, 0);
            job.settle();
            assert_equal(&doris, "mysql80", "mysql80");
        }
    }
}

/// The topic of three partitions, hashed by key, as a consumer may see it: the partitions go on about alike, in an order that depends on `seed`.
fn hashed(seed: u64) -> Vec<(Place, Vec<u8>)> {
    let mut places = String::new();
    let file = std::fs::File::open(data("../canal/captured/pkhash3.partitions.tsv.gz")).expect("places");
    flate2::read::GzDecoder::new(file).read_to_string(&mut places).expect("gzip");
    let mut random = Random(seed);
    let mut all: Vec<(u64, Place, Vec<u8>)> = Vec::new();
    for (line, message) in places.lines().zip(flat("pkhash3")) {
        let (partition, offset) = line.split_once('\t').expect("a place");
        let place = Place::of_offset(partition.parse().expect("a partition"), offset.parse().expect("an offset"));
        let value: Value = serde_json::from_slice(&message).expect("JSON");
        let batch = value["id"].as_u64().expect("a batch");
        // A partition keeps its order: what comes of it is never before what came.
        let before = all.iter().rev().find(|(_, at, _)| at.partition == place.partition).map_or(0, |(time, ..)| *time);
        all.push((before.max(1000 * batch + random.below(1500)), place, message));
    }
    all.sort_by_key(|(time, place, _)| (*time, place.partition, place.sequence));
    all.into_iter().map(|(_, place, message)| (place, message)).collect()
}

#[test]
fn a_topic_hashed_over_partitions() {
    for (seed, subtasks) in [(1, 1), (2, 1), (3, 2), (4, 4)] {
        let doris = Doris::start();
        let mut job = Job::new(&doris).parallel(subtasks).start().may_stop(&[
            "its rows tell of",
            "misc_dev.ren",
            "misc_dev.swp_",
        ]);
        job.write_placed(&hashed(seed));
        job.settle();
        assert!(job.reports().iter().any(|report| report.contains("comes in several partitions")));
        assert_equal(&doris, "pkhash3", "mysql80");
    }
}

/// The job dies at random, after its last checkpoint, with loads under way, and starts again from there with as many subtasks or others.
#[test]
fn kills() {
    for seed in 1..=3 {
        let doris = Doris::start();
        let mut random = Random(seed);
        let messages: Vec<(Place, Vec<u8>)> =
            flat("mysql80").into_iter().enumerate().map(|(i, m)| (Place::of_offset(0, i as i64), m)).collect();
        let (mut states, mut from, mut kills) = (Vec::new(), 0, 0);
        while from < messages.len() {
            let mut job = Job::new(&doris).parallel([1, 2, 4][random.below(3) as usize]).restore(&states);
            let checkpoint = (from + random.below(200) as usize).min(messages.len());
            job.write_placed(&messages[from..checkpoint]);
            (states, from) = (job.checkpoint(), checkpoint);
            let beyond = (from + random.below(150) as usize).min(messages.len());
            job.write_placed(&messages[from..beyond]);
            kills += 1;
        }
        assert!(kills > 5, "{kills}");
        assert_equal(&doris, "mysql80", "mysql80");
    }
}

/// A job that was started anew, without a checkpoint, from a random earlier place; the journal in Doris says what was done.
#[test]
fn replays_from_any_place() {
    for seed in 1..=3 {
        let doris = Doris::start();
        let mut random = Random(seed);
        let messages = flat("mysql80");
        let mut job = Job::new(&doris).start();
        job.write_all(&messages, 0);
        job.settle();
        for _ in 0..3 {
            let mut job = Job::new(&doris).parallel(1 + random.below(2) as u32).start();
            job.write_all(&messages, random.below(messages.len() as u64) as usize);
            job.settle();
            assert_equal(&doris, "mysql80", "mysql80");
        }
    }
}

/// Each ALTER that Doris makes a job of takes its time.
#[test]
fn slow_changes() {
    let doris = Doris::of(Settings { alter_pending_ms: 100, alter_running_ms: 400, ..Doris::settings() });
    let mut job = Job::new(&doris).parallel(2).start();
    job.write_all(&flat("mysql80"), 0);
    job.settle();
    assert_equal(&doris, "mysql80", "mysql80");
}

/// Subtasks that run apart, of little memory, whose job is killed at random: in the middle of an ALTER, of a RENAME of several tables, of a checkpoint.
#[test]
fn subtasks_that_run_apart() {
    let seeds = std::env::var("CANAL_NATIVE_SCHEDULES").map_or(4, |count| count.parse().expect("a number"));
    let first = std::env::var("CANAL_NATIVE_SEED").map_or(1, |seed| seed.parse().expect("a number"));
    for set in ["mysql80", "mariadb"] {
        let messages: Vec<Rc<(Place, Vec<u8>)>> = flat(set)
            .into_iter()
            .enumerate()
            .map(|(i, message)| Rc::new((Place::of_offset(0, i as i64), message)))
            .collect();
        for seed in first..first + seeds {
            let doris = Doris::of(Settings { alter_pending_ms: 5, alter_running_ms: 20, ..Doris::settings() });
            let mut random = Random(seed);
            let (mut last, mut kills) = (Checkpoint::default(), 0);
            while last.sent < messages.len() {
                let memory = [5_000, 30_000, 1_000_000][random.below(3) as usize];
                let subtasks = [1, 2, 3, 4, 5][random.below(5) as usize];
                let job =
                    Job::new(&doris).with("memoryBytes", memory.into()).with("maxRows", 20.into()).parallel(subtasks);
                let mut run = Apart::restore(&job, &messages, &last);
                let steps = if kills < 8 { random.below(6000) } else { u64::MAX };
                for _ in 0..steps {
                    if run.is_over() {
                        break;
                    }
                    run.step(&mut random);
                }
                last = run.last.clone();
                kills += 1;
            }
            let differences = differences(&doris, set, set);
            assert!(differences.is_empty(), "seed {seed}: {}", differences.join("\n"));
        }
    }
}
