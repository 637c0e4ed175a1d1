//! Random tables and messages: the fast decoder equals the reference, remembers nothing it should not, and hands on
//! only what it may.
//!
//! `PROPTEST_CASES` sets the number of cases, `PROPTEST_RNG_SEED` another start; without them every run is the same.

mod generator;
mod reference;
mod rows;
mod scenario;
mod session;

use canal_native::canal::decode::{Decoder, Outcome as Decoded};
use canal_native::schema::Semantics;
use generator::{Tape, message, table};
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestError, TestRunner};
use reference::changelog::Outcome;
use reference::value::{Kind, Row};
use session::{Seen, Session, compare};
use std::cell::RefCell;
use std::collections::BTreeMap;

const DEFAULT_CASES: u32 = 3_000;
const SEED: u64 = 1_589_373_560;

fn runner() -> TestRunner {
    let mut config =
        ProptestConfig { failure_persistence: None, max_shrink_iters: 20_000, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = DEFAULT_CASES;
    }
    if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        config.rng_seed = RngSeed::Fixed(SEED);
    }
    TestRunner::new(config)
}

fn tapes() -> impl Strategy<Value = Vec<u32>> {
    prop::collection::vec(any::<u32>(), 0..1500)
}

/// The case without its tape, which says nothing to a reader.
fn held(result: Result<(), TestError<Vec<u32>>>) {
    match result {
        Ok(()) => {}
        Err(TestError::Fail(reason, tape)) => panic!(
            "{reason}
({} numbers on the tape)",
            tape.len()
        ),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}

/// What kind of outcome a case had, to know that the cases are worth something.
fn name_of(seen: &Seen) -> &'static str {
    match seen {
        Seen::Rows(rows) if rows.is_empty() => "no rows",
        Seen::Rows(_) => "rows",
        Seen::Filtered => "filtered",
        Seen::Skipped(_) => "skipped",
        Seen::Dropped => "dropped",
        Seen::Delegated(_) => "delegated",
    }
}

/// Each message on the decoder that had the ones before it, and on a new one: the same answer, and the reference's.
#[test]
fn fast_equals_reference() {
    let counts = RefCell::new(BTreeMap::<&str, u32>::new());
    let result = runner().run(&tapes(), |tape| {
        let mut tape = Tape::new(&tape);
        let table = table(&mut tape);
        let mut session = Session::open(&table);
        let fail = |message: &[u8], what: String| {
            let text = format!("{what}\nmessage: {}\ntable: {table:?}", String::from_utf8_lossy(message));
            Err(TestCaseError::fail(text))
        };
        let mut last: Option<Vec<u8>> = None;
        for _ in 0..1 + tape.below(5) {
            let message = message::next(&mut tape, &table.spec.fields, last.as_deref());
            let expected = table.decode(&message);
            let answer = match session.decode(&message) {
                Ok(answer) => answer,
                Err(broken) => return fail(&message, broken),
            };
            if let Err(difference) = compare(&table, &answer, &expected) {
                return fail(&message, difference);
            }
            let alone = Session::open(&table).decode(&message);
            if alone.as_ref().map(|alone| &alone.seen) != Ok(&answer.seen) {
                return fail(&message, format!("after other messages: {:?}\nalone: {alone:?}", answer.seen));
            }
            *counts.borrow_mut().entry(name_of(&answer.seen)).or_default() += 1;
            last = Some(message);
        }
        Ok(())
    });
    held(result);
    let counts = counts.into_inner();
    eprintln!("outcomes: {counts:?}");
    for outcome in ["rows", "no rows", "filtered", "skipped", "dropped", "delegated"] {
        assert!(counts.get(outcome).is_some_and(|n| *n >= 20), "too few messages were {outcome}: {counts:?}");
    }
}

/// A decoder that knows the key gives the rows of one that does not, less rows before that keep their key; what `old` says of other columns is nothing to it then.
#[test]
fn rows_before_that_keep_their_key_can_be_left_out() {
    let counts = RefCell::new(BTreeMap::<&str, u32>::new());
    let result = runner().run(&tapes(), |tape| {
        let mut tape = Tape::new(&tape);
        let mut spec = table(&mut tape).spec;
        (spec.semantics, spec.filter_database, spec.filter_table) = (Semantics::Canal, false, false);
        spec.metadata.clear();
        let fields = spec.fields.clone();
        let keys = 1 + tape.below(fields.len());
        let open = || Decoder::new(spec.clone()).map_err(|e| TestCaseError::fail(e.to_string()));
        let (mut plain, mut keyed) = (open()?, open()?.with_key(keys));
        let mut last: Option<Vec<u8>> = None;
        for _ in 0..1 + tape.below(5) {
            let message = message::next(&mut tape, &fields, last.as_deref());
            let text = || format!("{}\n{keys} of {fields:?}", String::from_utf8_lossy(&message));
            let what = match (plain.decode(&message), keyed.decode(&message)) {
                (Decoded::Rows(all), Decoded::Rows(some)) => {
                    let all = rows::read(plain.rows(), &fields, all.wide_timestamps).map_err(TestCaseError::fail)?;
                    let some = rows::read(keyed.rows(), &fields, some.wide_timestamps).map_err(TestCaseError::fail)?;
                    left_out(&all, &some, keys)
                        .ok_or_else(|| TestCaseError::fail(format!("{all:?}\n{some:?}\n{}", text())))?
                }
                (Decoded::Dropped | Decoded::Delegate(_), Decoded::Rows(_)) => "read nevertheless",
                (all, some) if all == some => "no rows",
                (all, some) => return Err(TestCaseError::fail(format!("{all:?}, with a key {some:?}\n{}", text()))),
            };
            *counts.borrow_mut().entry(what).or_default() += 1;
            last = Some(message);
        }
        Ok(())
    });
    held(result);
    let counts = counts.into_inner();
    eprintln!("outcomes: {counts:?}");
    for what in ["left out", "rows before", "no updates", "read nevertheless", "no rows"] {
        assert!(counts.get(what).is_some_and(|n| *n >= 10), "too few messages with {what}: {counts:?}");
    }
}

/// What became of the rows before updates; None if `some` are not `all` but for such that keep their key.
fn left_out(all: &[Row], some: &[Row], keys: usize) -> Option<&'static str> {
    let (mut some, mut what) = (some.iter().peekable(), "no updates");
    for pair in all.windows(2).chain(all.last().map(std::slice::from_ref)) {
        if some.next_if(|row| **row == pair[0]).is_some() {
            what = if pair[0].kind == Kind::UpdateBefore { "rows before" } else { what };
        } else if pair[0].kind == Kind::UpdateBefore && pair[0].values[..keys] == pair[1].values[..keys] {
            what = "left out";
        } else {
            return None;
        }
    }
    some.next().is_none().then_some(what)
}

/// The reference's JSON reader agrees with serde_json and simd-json wherever these can follow it.
#[test]
fn reference_reads_json_as_other_parsers_do() {
    let result = runner().run(&tapes(), |tape| {
        let mut tape = Tape::new(&tape);
        let table = table(&mut tape);
        let message = message::message(&mut tape, &table.spec.fields);
        let Ok(text) = std::str::from_utf8(&message) else { return Ok(()) };
        reference::oracle::check(text).map_err(|e| TestCaseError::fail(format!("{e}\n{text}")))
    });
    held(result);
}

/// The generator reaches errors of every kind that the reference tells apart.
#[test]
fn the_reference_meets_every_kind_of_error() {
    let seen = RefCell::new(BTreeMap::<&str, u32>::new());
    let result = runner().run(&tapes(), |tape| {
        let mut tape = Tape::new(&tape);
        let mut table = table(&mut tape);
        table.spec.lenient = false;
        let message = message::message(&mut tape, &table.spec.fields);
        if let Outcome::Error(what) | Outcome::Unmodelled(what) = table.decode(&message).outcome {
            *seen.borrow_mut().entry(what).or_default() += 1;
        }
        Ok(())
    });
    held(result);
    let seen = seen.into_inner();
    for what in [
        "not JSON",
        "no type",
        "no data",
        "no before image",
        "a null in data",
        "an unknown type",
        "a value",
        "not UTF-8",
    ] {
        assert!(seen.contains_key(what), "no case of {what:?} among {seen:?}");
    }
}
