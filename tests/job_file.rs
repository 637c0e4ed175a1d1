//! Files of jobs: what comes of good ones, and what is said of bad ones.

use canal_native::job::keys::JOB;
use canal_native::job::shape::Shape;
use canal_native::job::{Surroundings, read};
use canal_native::sync::open::DatabaseSpec;
use canal_native::sync::rules::Rules;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fmt::Write;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

const GOOD: [&str; 17] = [
    "tests/data/job/mysql.yaml",
    "tests/data/job/mysql-small.yaml",
    "tests/data/job/mysql-open.yaml",
    "tests/data/job/postgres.yaml",
    "tests/data/job/postgres-open.yaml",
    "tests/data/job/greenplum.yaml",
    "tests/data/job/greenplum-small.yaml",
    "tests/data/job/greenplum-open.yaml",
    "tests/data/job/oracle.yaml",
    "tests/data/job/oracle-open.yaml",
    "tests/data/job/oracle-file.yaml",
    "tests/data/job/topics.yaml",
    "tests/data/job/pattern.yaml",
    "tests/data/job/files.yaml",
    "examples/canal-to-doris.yaml",
    "examples/postgres-to-doris.yaml",
    "examples/oracle-to-doris.yaml",
];

fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

fn text_of(path: &str) -> String {
    fs::read_to_string(repository(path)).unwrap_or_else(|e| panic!("{path}: {e}"))
}

/// A job of `/jobs/job.yaml`, where two passwords are set and one file with a password is there.
fn job(yaml: &[u8], secrets: bool) -> Result<Value, String> {
    let around = Surroundings {
        origin: Path::new("/jobs/job.yaml"),
        variable: &|name| {
            ["DORIS_PASSWORD", "POSTGRES_PASSWORD", "ORACLE_PASSWORD"]
                .contains(&name)
                .then(|| "of-the-environment".to_string())
        },
        text: &|path| match path.to_str() {
            Some("/jobs/secret/password.txt") => Ok("of a file \n".to_string()),
            _ => Err(io::Error::new(io::ErrorKind::NotFound, "there is no such file")),
        },
        secrets,
    };
    read(yaml, &around).map_err(|e| e.to_string())
}

fn good(path: &str) -> Value {
    job(text_of(path).as_bytes(), true).unwrap_or_else(|e| panic!("{path}: {e}"))
}

#[test]
fn good_files_become_plans() {
    for path in &GOOD[..14] {
        let expected: Value = serde_json::from_str(&text_of(&path.replace(".yaml", ".json"))).unwrap();
        let found = good(path);
        assert_eq!(found, expected, "{path} becomes\n{found:#}");
    }
}

/// The writer reads what comes out, and the rules are rules.
#[test]
fn the_writer_takes_each_plan() {
    for path in GOOD {
        let mut sink = good(path)["sink"].clone();
        sink["label"] = json!({"sink": "s", "job": "j", "restored": null, "subtask": 0, "subtasks": 1});
        let spec = DatabaseSpec::from_json(sink.to_string().as_bytes()).unwrap_or_else(|e| panic!("{path}: {e}"));
        Rules::new(&spec.names).unwrap_or_else(|e| panic!("{path}: {e}"));
        spec.access
            .access()
            .map(drop)
            .or_else(|e| if e.to_string().contains("ca.pem") { Ok(()) } else { Err(e) })
            .unwrap();
    }
}

#[test]
fn a_checked_file_needs_no_password() {
    let text = text_of("examples/canal-to-doris.yaml").replace("DORIS_PASSWORD", "NOT_SET");
    assert_eq!(job(text.as_bytes(), false).unwrap()["sink"]["password"], "");
    assert!(job(text.as_bytes(), true).unwrap_err().contains("NOT_SET is not set"));
}

/// Each mistake with its place, in these words.
#[test]
fn mistakes_are_named() {
    let text = text_of("tests/data/job/mistakes.txt");
    let (head, cases) = text.split_once("## ").unwrap();
    let mut found = head.to_string();
    let mut count = 0;
    for case in cases.split("\n## ") {
        let (title, rest) = case.split_once('\n').unwrap();
        let yaml = &rest[..rest.find("=>").unwrap()];
        let said = job(yaml.as_bytes(), true).expect_err(title);
        let _ = write!(found, "## {title}\n{yaml}=>\n{said}\n");
        count += 1;
    }
    assert!(count > 12, "only {count} cases");
    assert_eq!(found, text, "\n{found}");
}

#[test]
fn paths_are_counted_from_the_file() {
    let state = |path: &str| {
        let text = text_of("tests/data/job/pattern.yaml") + &format!("flink: {{state-directory: '{path}'}}\n");
        job(text.as_bytes(), true).unwrap()["stateDirectory"].clone()
    };
    assert_eq!((state("a/b"), state("/c")), (json!("/jobs/a/b"), json!("/c")));
    assert_eq!(state("s3://bucket/state"), "s3://bucket/state");
}

#[test]
fn what_is_no_text_is_refused() {
    let said = job(b"name: a\n\xff", true).unwrap_err();
    assert_eq!(said, "the job's file has a mistake\n  /jobs/job.yaml:2:1: the file is not UTF-8");
    let said = job("[".repeat(200).as_bytes(), true).unwrap_err();
    assert!(said.contains("nested deeper than 32 levels"), "{said}");
}

/// The password is in no message, however wrong the file is.
#[test]
fn messages_have_no_password() {
    for password in ["hunter2", "[hunter2]", "{hunter2: 1}", "'hunter2", "hunter2\n  hunter2: x"] {
        let yaml =
            format!("name: a\nsource: {{canal: {{}}}}\ntarget:\n doris:\n  username: x\n  password: {password}\n");
        let said = job(yaml.as_bytes(), true).unwrap_err();
        // A key is named; a value is not.
        assert!(!said.contains("hunter2") || password.contains("hunter2:"), "{said}");
    }
}

fn keys_of(shape: &Shape, path: &str, found: &mut BTreeSet<String>) {
    for member in shape.members() {
        let path = if path.is_empty() { member.name.to_string() } else { format!("{path}.{}", member.name) };
        keys_of(&member.shape, &path, found);
        found.insert(path);
    }
}

fn keys_in(node: &canal_native::job::yaml::Node, path: &str, found: &mut BTreeSet<String>) {
    use canal_native::job::yaml::Content;
    match &node.content {
        Content::Map(entries) => {
            for entry in entries {
                let path = if path.is_empty() { entry.key.clone() } else { format!("{path}.{}", entry.key) };
                keys_in(&entry.value, &path, found);
                found.insert(path);
            }
        }
        Content::List(nodes) => nodes.iter().for_each(|node| keys_in(node, path, found)),
        Content::Scalar { .. } => {}
    }
}

/// No key is without a file that has it.
#[test]
fn good_files_have_every_key() {
    let (mut known, mut used) = (BTreeSet::new(), BTreeSet::new());
    keys_of(&JOB, "", &mut known);
    for path in GOOD {
        let text = text_of(path);
        keys_in(&canal_native::job::yaml::parse(&text, &mut Default::default()).unwrap(), "", &mut used);
    }
    let missing: Vec<&String> = known.difference(&used).collect();
    assert!(missing.is_empty(), "in no file of tests/data/job: {missing:?}");
}

/// The manual's pages have each key, in back quotes.
#[test]
fn the_manual_has_every_key() {
    let page = text_of("docs/whole-database.md") + &text_of("docs/data-jobs.md");
    let quoted = page.split('`').skip(1).step_by(2);
    let words: BTreeSet<&str> =
        quoted.flat_map(|text| text.split(|c: char| !c.is_alphanumeric() && c != '-' && c != '_')).collect();
    let mut known = BTreeSet::new();
    keys_of(&JOB, "", &mut known);
    let missing: Vec<&String> = known.iter().filter(|path| !words.contains(path.rsplit('.').next().unwrap())).collect();
    assert!(missing.is_empty(), "neither in docs/whole-database.md nor in docs/data-jobs.md: {missing:?}");
}

proptest! {
    #[test]
    fn no_input_is_a_panic(text in "\\PC{0,200}", bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = job(text.as_bytes(), true);
        let _ = job(&bytes, true);
    }

    /// Good files with pieces cut out, doubled or replaced.
    #[test]
    fn no_damaged_file_is_a_panic(
        which in 0..GOOD.len(),
        cuts in prop::collection::vec((any::<prop::sample::Index>(), 0usize..30, "[\\[\\]{}:,'\"&*!|>%@`#\\-? \n\tä0-9a-z.$]{0,6}"), 1..6),
    ) {
        let mut text: Vec<char> = text_of(GOOD[which]).chars().collect();
        for (at, length, other) in cuts {
            let at = at.index(text.len().max(1)).min(text.len());
            let end = (at + length).min(text.len());
            text.splice(at..end, other.chars());
        }
        let text: String = text.into_iter().collect();
        match job(text.as_bytes(), true) {
            Ok(plan) => prop_assert!(plan["name"].is_string()),
            Err(said) => prop_assert!(said.starts_with("the job's file has ")),
        }
    }
}
