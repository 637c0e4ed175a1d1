//! The scenarios of tests/data/canal: what each message must give, as readable text. tests/data/README.md describes the
//! files; `UPDATE_EXPECT=1` writes them.

mod reference;
mod rows;
mod scenario;
mod session;

use canal_native::schema::{DdlHandling, Semantics, ZeroDate};
use reference::changelog::{Outcome, Reference};
use scenario::{ALL_METADATA, Schema, data_dir, messages};
use session::{Answer, Seen, Session, compare};
use std::fs;
use std::path::{Path, PathBuf};

/// Every scenario's path, without its ending.
fn scenarios() -> Vec<PathBuf> {
    let mut found = Vec::new();
    for dialect in fs::read_dir(data_dir().join("canal")).expect("tests/data/canal") {
        for file in fs::read_dir(dialect.expect("an entry").path()).expect("a folder") {
            let path = file.expect("an entry").path();
            if path.extension().is_some_and(|ending| ending == "jsonl") {
                found.push(path.with_extension(""));
            }
        }
    }
    found.sort_unstable();
    found
}

/// The outcome as its block shows it, without the line number.
fn block(outcome: &Outcome, delegated: &str) -> String {
    let head = match outcome {
        Outcome::Rows(_) => "rows".to_string(),
        Outcome::Filtered => "filtered".into(),
        Outcome::Skipped(kind) => format!("skipped {kind:?}"),
        Outcome::Dropped => "dropped".into(),
        Outcome::Error(_) => "error".into(),
        Outcome::Unmodelled(what) => panic!("{what} has no place in a scenario"),
    };
    let rows: &[_] = if let Outcome::Rows(rows) = outcome { rows } else { &[] };
    let lines: String = rows.iter().map(|row| format!("{row}\n")).collect();
    format!("{head}{delegated}\n{lines}")
}

/// What Flink's own codec gives: rows, or an error.
fn under_flink(table: &Reference, message: &[u8]) -> Outcome {
    let mut table = table.clone();
    table.spec.semantics = Semantics::Flink;
    table.spec.ddl = DdlHandling::Skip;
    table.spec.zero_date = ZeroDate::Fail;
    match table.decode(message).outcome {
        Outcome::Filtered | Outcome::Skipped(_) | Outcome::Dropped => Outcome::Rows(Vec::new()),
        outcome => outcome,
    }
}

/// The same in the terms of a user, to whom no rows are no rows.
fn as_seen(outcome: &Outcome) -> Option<&[reference::value::Row]> {
    match outcome {
        Outcome::Rows(rows) => Some(rows),
        Outcome::Filtered | Outcome::Skipped(_) | Outcome::Dropped => Some(&[]),
        Outcome::Error(_) | Outcome::Unmodelled(_) => None,
    }
}

/// The texts of `.rows` and `.stock`, and what the fast decoder does otherwise than the reference.
fn run(path: &Path, wrong: &mut Vec<String>) -> (String, Option<String>) {
    let schema = Schema::read(&path.with_extension("schema"));
    let table = &schema.reference;
    let lines = fs::read(path.with_extension("jsonl")).expect("messages");
    let mut session = Session::open(table);
    let flink_has_the_metadata = table.spec.metadata.iter().all(|key| ALL_METADATA[..6].contains(key));
    let (mut rows, mut stock) = (String::new(), String::new());
    for (i, message) in messages(&lines).iter().enumerate() {
        let place = format!("{}.jsonl line {}", path.display(), i + 1);
        let expected = table.decode(message);
        let answer = session.decode(message);
        let delegated = match &answer {
            Ok(Answer { seen: Seen::Delegated(reason), .. }) => format!(" delegated {reason:?}"),
            _ => String::new(),
        };
        if let Err(e) = answer.and_then(|answer| compare(table, &answer, &expected)) {
            wrong.push(format!("{place}: {e}"));
        }
        rows += &format!("{} {}", i + 1, block(&expected.outcome, &delegated));
        let flinks = under_flink(table, message);
        if flink_has_the_metadata && as_seen(&flinks) != as_seen(&expected.outcome) {
            stock += &format!("{} {}", i + 1, block(&flinks, ""));
        }
    }
    let why = schema.stock.as_ref();
    if why.is_some() == stock.is_empty() {
        let scenario = path.display();
        wrong.push(format!("{scenario}: @stock gives the reason if and only if Flink's codec differs\n{stock}"));
    }
    (rows, why.map(|why| format!("# {why}\n{stock}")))
}

/// Compares a file with its text, or writes it.
fn expect(path: &Path, text: Option<&str>, wrong: &mut Vec<String>) {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        return match text {
            Some(text) => fs::write(path, text).expect("written"),
            None => _ = fs::remove_file(path),
        };
    }
    let file = fs::read_to_string(path).ok();
    if file.as_deref() != text {
        let show = |text: Option<&str>| text.unwrap_or("no file\n").to_string();
        let (found, wanted) = (show(file.as_deref()), show(text));
        let line = found.lines().zip(wanted.lines()).position(|(one, other)| one != other);
        let line = line.map_or("its length".into(), |line| format!("line {}", line + 1));
        wrong.push(format!("{} differs in {line}; UPDATE_EXPECT=1 writes it:\n{wanted}", path.display()));
    }
}

#[test]
fn every_scenario_gives_its_rows() {
    let scenarios = scenarios();
    assert!(scenarios.len() >= 40, "only {} scenarios were found", scenarios.len());
    let mut wrong = Vec::new();
    for path in scenarios {
        let (rows, stock) = run(&path, &mut wrong);
        expect(&path.with_extension("rows"), Some(&rows), &mut wrong);
        expect(&path.with_extension("stock"), stock.as_deref(), &mut wrong);
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

/// A scenario's messages give the same on a decoder each as on one after the other.
#[test]
fn no_scenario_depends_on_earlier_messages() {
    for path in scenarios() {
        let schema = Schema::read(&path.with_extension("schema"));
        let lines = fs::read(path.with_extension("jsonl")).expect("messages");
        let mut session = Session::open(&schema.reference);
        let mut messages = messages(&lines);
        messages.reverse();
        for message in messages {
            let after_others = session.decode(&message).map(|answer| answer.seen);
            let alone = Session::open(&schema.reference).decode(&message).map(|answer| answer.seen);
            assert_eq!(after_others, alone, "{}: {}", path.display(), String::from_utf8_lossy(&message));
        }
    }
}

/// Every data file belongs to a scenario.
#[test]
fn no_file_is_left_over() {
    for dialect in fs::read_dir(data_dir().join("canal")).expect("tests/data/canal") {
        let dialect = dialect.expect("an entry").path();
        if dialect.ends_with("captured") {
            continue;
        }
        for file in fs::read_dir(dialect).expect("a folder") {
            let path = file.expect("an entry").path();
            let known = ["jsonl", "schema", "rows", "stock", "from_2_1", "from_2_3"]
                .iter()
                .any(|ending| path.extension().is_some_and(|e| e == *ending));
            assert!(known && path.with_extension("jsonl").exists(), "{} belongs to no scenario", path.display());
        }
    }
}
