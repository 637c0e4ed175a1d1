//! What single keys cannot tell: things that exclude each other, and things that need each other.

use super::check::{Of, Value};
use super::keys::{DATABASES, FULL_DATA, INCREMENTAL, SCHEMA_MIGRATION, STAGES, VERIFICATION, WITHOUT_LOG};
use super::memory::Memory;
use super::problem::Problems;
use crate::sync::rules::{NamesSpec, Rename, Rules};

/// Kafka's properties that other keys set, or that the job depends on.
const OURS: &[(&str, &str)] = &[
    ("bootstrap.servers", "write bootstrap-servers"),
    ("group.id", "write group"),
    ("auto.offset.reset", "write start"),
    ("enable.auto.commit", "offsets are committed at checkpoints"),
    ("key.deserializer", "messages are read as bytes"),
    ("value.deserializer", "messages are read as bytes"),
];

/// Looks for them in a file whose keys were checked.
pub fn check(job: &Value, problems: &mut Problems) {
    if let Some(source) = job.get("source") {
        exactly_one(source, "source", &[&["canal"], DATABASES].concat(), problems);
    }
    if let Some(canal) = job.path(&["source", "canal"]) {
        self::canal(canal, problems);
        for name in ["fullBatchSize", "fullRingBufferSize"] {
            if let Some(given) = job.get(name) {
                problems.add(
                    given.at,
                    name,
                    "is for databases, whose tables are read; Canal's messages come as they come",
                );
            }
        }
        if let Some(stages) = job.get("stages") {
            let what = "is for databases; what Canal's messages tell is all there is of them, so leave it out";
            problems.add(stages.at, "stages", what);
        }
    } else if let Some(stages) = job.get("stages") {
        self::stages(stages, problems);
    }
    for name in DATABASES.iter().filter(|name| job.path(&["source", name]).is_some()) {
        database(job, name, problems);
    }
    for path in DATABASES.iter().map(|name| ["source", name]).chain([["target", "doris"]]) {
        if let Some(server) = job.path(&path) {
            at_most_one(server, &path.join("."), &["password", "password-env", "password-file"], problems);
        }
    }
    if let Some(tables) = job.get("tables") {
        renames(tables, problems);
        columns(tables, problems);
    }
    if let Some(ddl) = job.get("ddl") {
        without_effect(ddl, problems);
    }
    loads(job, problems);
    times(job, problems);
}

/// What a database is not asked for.
fn database(job: &Value, name: &str, problems: &mut Problems) {
    if let Some(sync) = job.path(&["ddl", "sync"])
        && matches!(sync.of, Of::Flag(false))
    {
        let what = format!("source.{name} gives the tables' definitions as schema changes; leave it out");
        problems.add(sync.at, "ddl.sync", what);
    }
    if let Some(slot) = job.path(&["source", name, "slot"])
        && slot.text().is_some_and(|name| !is_slot(name))
    {
        let what = "is no slot's name; it takes 1 to 63 small letters, digits and underscores";
        problems.add(slot.at, &format!("source.{name}.slot"), what);
    }
    let stages = job.get("stages").map_or(&[][..], Value::items);
    let stage = stages.iter().find(|stage| stage.text() == Some(INCREMENTAL));
    if let Some(stage) = stage
        && WITHOUT_LOG.contains(&name)
    {
        let what = format!(
            "Greenplum has no log of changes that could be read; write stages: [{SCHEMA_MIGRATION}, {FULL_DATA}], and run the job again when rows have changed"
        );
        problems.add(stage.at, "stages", what);
    }
}

/// Whether PostgreSQL takes it for the name of a replication slot.
fn is_slot(name: &str) -> bool {
    let is_part = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    (1..=63).contains(&name.len()) && name.bytes().all(is_part)
}

fn canal(canal: &Value, problems: &mut Problems) {
    let path = "source.canal";
    exactly_one(canal, path, &["kafka", "files"], problems);
    if let (Some(files), Some("protobuf")) = (canal.get("files"), canal.get("format").and_then(Value::text)) {
        let what =
            "a file has a flat message in each line, which packets are not; write format: json, or read from kafka";
        problems.add(files.at, "source.canal.files", what);
    }
    not_empty(canal.get("files"), "source.canal.files", problems);
    let Some(kafka) = canal.get("kafka") else { return };
    exactly_one(kafka, "source.canal.kafka", &["topics", "topic-pattern"], problems);
    not_empty(kafka.get("topics"), "source.canal.kafka.topics", problems);
    for (key, value) in kafka.get("properties").map_or(&[][..], Value::entries) {
        if let Some((_, instead)) = OURS.iter().find(|(ours, _)| ours == key) {
            let what = format!("'{key}' is not taken from here: {instead}");
            problems.add(value.at, "source.canal.kafka.properties", what);
        }
    }
}

/// In their order, with the first: rows go into tables that are made by their definitions.
fn stages(stages: &Value, problems: &mut Problems) {
    let names: Vec<Option<&str>> = stages.items().iter().map(Value::text).collect();
    let places: Vec<usize> =
        names.iter().flatten().filter_map(|name| STAGES.iter().position(|stage| stage == name)).collect();
    if places.len() < names.len() {
        return;
    }
    if places.first() != Some(&0) {
        let what = format!("begins with {SCHEMA_MIGRATION}; tables that are there already are only compared");
        problems.add(stages.at, "stages", what);
    } else if !places.is_sorted_by(|one, next| one < next) {
        problems.add(
            stages.at,
            "stages",
            format!("has them in another order than they are done: {}", STAGES.join(", ")),
        );
    } else if names.contains(&Some(VERIFICATION)) && !names.contains(&Some(FULL_DATA)) {
        let what = format!(
            "has {VERIFICATION} without {FULL_DATA}, after which it comes; `canal-native verify` compares tables at any time"
        );
        problems.add(stages.at, "stages", what);
    }
}

/// Each rule's groups, as the rules themselves see them.
fn renames(tables: &Value, problems: &mut Problems) {
    for (i, rule) in tables.get("rename").map_or(&[][..], Value::items).iter().enumerate() {
        let (Some(from), Some(to)) = (rule.get("from"), rule.get("to")) else { continue };
        let (Some(pattern), Some(name)) = (from.text(), to.text()) else { continue };
        let rename = vec![Rename { from: pattern.into(), to: name.into() }];
        let path = format!("tables.rename[{i}].to");
        if let Err(e) = Rules::new(&NamesSpec { rename, ..NamesSpec::default() }) {
            problems.add(to.at, &path, e.what());
        } else if name.matches('.').count() != 1 {
            problems.add(to.at, &path, format!("'{name}' makes no database.table; write both, with one point between"));
        }
    }
}

fn columns(tables: &Value, problems: &mut Problems) {
    for (i, rule) in tables.get("columns").map_or(&[][..], Value::items).iter().enumerate() {
        let path = format!("tables.columns[{i}]");
        let excluded: Vec<&str> =
            rule.get("exclude").map_or(&[][..], Value::items).iter().filter_map(Value::text).collect();
        for (column, value) in rule.get("rename").map_or(&[][..], Value::entries) {
            if excluded.contains(&column.as_str()) {
                let what = format!("'{column}' is renamed and left out; do one of both");
                problems.add(value.at, &format!("{path}.rename.{column}"), what);
            }
        }
        for (j, added) in rule.get("add").map_or(&[][..], Value::items).iter().enumerate() {
            let path = format!("{path}.add[{j}]");
            exactly_one(added, &path, &["value", "metadata"], problems);
            if added.get("value").is_some() && added.get("type").is_none() {
                problems.add(
                    added.at,
                    &path,
                    "'type' is missing; write type: varchar(20), or whatever the value is in Doris",
                );
            }
        }
    }
}

fn without_effect(ddl: &Value, problems: &mut Problems) {
    if !matches!(ddl.get("sync").map(|sync| &sync.of), Some(Of::Flag(false))) {
        return;
    }
    for key in ["drop-table", "truncate", "keep-wider"] {
        if let Some(value) = ddl.get(key) {
            problems.add(value.at, &format!("ddl.{key}"), "has no effect with sync: false; leave one of both out");
        }
    }
}

fn loads(job: &Value, problems: &mut Problems) {
    for (name, path) in [("increBatchSize", ["load", "max-rows"]), ("increRingBufferSize", ["load", "memory"])] {
        if let (Some(theirs), Some(_)) = (job.get(name), job.path(&path)) {
            problems.add(theirs.at, name, format!("is another name for {}; leave one of both out", path.join(".")));
        }
    }
    let ring = job.get("increRingBufferSize");
    if let Some((ring, slots)) = ring.and_then(|ring| Some((ring, ring.number()?))) {
        if !slots.is_power_of_two() {
            problems.add(
                ring.at,
                "increRingBufferSize",
                format!("{slots} is no power of two; write {}", slots.next_power_of_two()),
            );
        }
    }
    Memory::of(job).check(problems);
}

fn times(job: &Value, problems: &mut Problems) {
    let paths = [["flink", "checkpoint-interval"], ["load", "timeout"], ["load", "patience"]];
    let connects = DATABASES.iter().map(|name| vec!["source", name, "connect-timeout"]);
    for path in paths.iter().map(|path| path.to_vec()).chain(connects) {
        if let Some((value, millis)) = job.path(&path).and_then(|value| Some((value, value.number()?))) {
            if millis == 0 || millis % 1000 != 0 {
                problems.add(value.at, &path.join("."), "takes whole seconds, from 1s on");
            }
        }
    }
}

fn not_empty(list: Option<&Value>, path: &str, problems: &mut Problems) {
    if let Some(list) = list.filter(|list| matches!(&list.of, Of::List(values) if values.is_empty())) {
        problems.add(list.at, path, "names none; write one at least");
    }
}

fn given<'k>(object: &Value, keys: &[&'k str]) -> Vec<&'k str> {
    keys.iter().copied().filter(|key| object.get(key).is_some()).collect()
}

fn at_most_one(object: &Value, path: &str, keys: &[&str], problems: &mut Problems) {
    let there = given(object, keys);
    if let [_, second, ..] = there[..] {
        let at = object.get(second).map_or(object.at, |value| value.at);
        problems.add(at, path, format!("{} exclude each other; leave one of them", there.join(" and ")));
    }
}

fn exactly_one(object: &Value, path: &str, keys: &[&str], problems: &mut Problems) {
    at_most_one(object, path, keys, problems);
    if matches!(object.of, Of::Object(_)) && given(object, keys).is_empty() {
        problems.add(object.at, path, format!("{} is missing", keys.join(" or ")));
    }
}
