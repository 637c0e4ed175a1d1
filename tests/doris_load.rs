//! Loads against a Doris that keeps state: each named fault, with two phases and without, must leave every row in the table once.

mod doris;

use canal_native::doris::committer::{Commit, Committer};
use canal_native::doris::label::LabelState;
use canal_native::doris::loader::{Committable, Loader, LoaderPlan};
use doris::{Doris, lines, package};
use doris_standin::fault::{Fault, FaultName};
use std::time::Duration;

const LONG: Duration = Duration::from_secs(60);
const ROWS: u64 = 50;
const PACKAGES: u64 = 6;

fn settled(loader: &Loader) {
    let reached = loader.wait(LONG, |account| account.open == 0);
    assert_eq!(reached.as_ref().map_err(String::as_str), Ok(&true), "{:?}", loader.account());
}

fn commit(doris: &Doris, loads: &[Committable]) {
    let committer = Committer::new(doris.access()).unwrap();
    for load in loads {
        assert_eq!(committer.commit(load, LONG), Commit::Done, "{load:?}");
    }
}

fn start(plan: LoaderPlan) -> Loader {
    Loader::start(plan).expect("a thread")
}

/// What a job does between two checkpoints, and the checkpoint.
fn run(doris: &Doris, table: &str, two_phase: bool) {
    let loader = start(doris.plan(table, two_phase));
    for i in 0..PACKAGES {
        loader.load(package(i * ROWS..(i + 1) * ROWS, "x"));
    }
    settled(&loader);
    let loads = loader.take_settled();
    if two_phase {
        assert_eq!(doris.number(&format!("SELECT count(*) FROM shop.{table}")), 0, "visible before the commit");
        assert_eq!(loads.iter().map(|load| load.rows).sum::<u64>(), PACKAGES * ROWS);
        commit(doris, &loads);
    } else {
        assert_eq!(loads, []);
    }
    assert_eq!(doris.labels("PRECOMMITTED"), Vec::<String>::new());
    assert_eq!(loader.account().rows, PACKAGES * ROWS);
}

fn is_exact(doris: &Doris, table: &str) {
    let counted = doris.sql(&format!("SELECT count(*), count(DISTINCT id), min(id), max(id) FROM shop.{table}"));
    let texts: Vec<&str> = counted[0].iter().map(|cell| cell.as_deref().unwrap()).collect();
    assert_eq!(texts, ["300", "300", "0", "299"]);
}

/// A duplicate-key table shows each row that came twice.
fn survives(fault: Fault, two_phase: bool) {
    let (doris, name) = (Doris::start(), fault.name);
    let id = doris.fault(fault);
    run(&doris, "log", two_phase);
    is_exact(&doris, "log");
    assert!(doris.hits(id) > 0 || name.is_outage(), "{name:?} never struck");
}

/// Each package writes the same keys again: in a unique-key table the last row of each has to stay, however often a load was sent.
fn converges(fault: Fault) {
    let (doris, name) = (Doris::start(), fault.name);
    let id = doris.fault(fault);
    let loader = start(doris.plan("orders", false));
    for i in 0..PACKAGES {
        loader.load(package(0..ROWS, &format!("v{i}")));
    }
    settled(&loader);
    doris.cluster.store().release_publish();
    let state = doris.sql("SELECT v, count(*), count(DISTINCT id) FROM shop.orders GROUP BY v");
    let last = ["v5", "50", "50"].map(|text| Some(text.to_string()));
    assert_eq!(state, [last], "{name:?}");
    assert!(doris.hits(id) > 0 || name.is_outage(), "{name:?} never struck");
}

macro_rules! faults {
    ($($test:ident: $fault:expr,)*) => {$(
        mod $test {
            use super::*;

            #[test]
            fn with_two_phases() {
                survives($fault, true);
            }

            #[test]
            fn without() {
                survives($fault, false);
            }

            #[test]
            fn in_a_unique_table_without() {
                converges($fault);
            }
        }
    )*};
}

faults! {
    a_slow_front_end: Fault::new(FaultName::SlowFe).times(3).of(300),
    a_slow_connection: Fault::new(FaultName::SlowBody).times(1).of(4000),
    a_cluster_that_is_read_only_for_a_while: Fault::new(FaultName::ReadOnly).times(2),
    a_slow_back_end: Fault::new(FaultName::SlowBe).times(2).of(300),
    the_connection_cut_before_the_body: Fault::new(FaultName::CutBeforeBody).times(2),
    the_connection_cut_in_the_body: Fault::new(FaultName::CutInBody).times(2).of(100),
    the_connection_cut_after_the_body: Fault::new(FaultName::CutAfterBody).times(2),
    the_connection_cut_before_the_answer: Fault::new(FaultName::CutBeforeAnswer).times(3),
    too_many_versions: Fault::new(FaultName::TooManyVersions).times(3),
    too_many_running_transactions: Fault::new(FaultName::TooManyRunningTxns).times(2),
    out_of_memory: Fault::new(FaultName::MemLimit).times(2),
    no_back_end_for_a_while: Fault::new(FaultName::NoBackend).times(5),
    a_front_end_that_is_no_longer_master: Fault::new(FaultName::NotMaster).times(5),
    a_dead_front_end: Fault::new(FaultName::DeadFe).on(1),
    a_dead_back_end: Fault::new(FaultName::DeadBe).on(1),
    a_vanished_back_end: Fault::new(FaultName::VanishingBe).on(1),
}

#[test]
fn all_is_well_without_a_fault() {
    for (table, two_phase) in [("orders", true), ("orders", false), ("log", true), ("log", false)] {
        let doris = Doris::start();
        run(&doris, table, two_phase);
        is_exact(&doris, table);
    }
}

#[test]
fn publish_timeout_is_a_success() {
    for two_phase in [true, false] {
        let doris = Doris::start();
        let late = doris.fault(Fault::new(FaultName::PublishTimeout).times(2));
        run(&doris, "log", two_phase);
        assert_eq!(doris.hits(late), 2);
        doris.cluster.store().release_publish();
        is_exact(&doris, "log");
    }
    converges(Fault::new(FaultName::PublishTimeout).times(2));
}

/// The back end goes down when it has a part of a body. If the front ends know, the load is aborted at once; else when it is back.
#[test]
fn a_back_end_that_goes_down_in_a_body() {
    for (name, two_phase) in [
        (FaultName::DeadBe, true),
        (FaultName::DeadBe, false),
        (FaultName::VanishingBe, true),
        (FaultName::VanishingBe, false),
    ] {
        let doris = Doris::start();
        let slow = doris.fault(Fault::new(FaultName::SlowBody).times(1).of(200));
        let loader = start(doris.plan("log", two_phase));
        loader.load(package(0..ROWS, "x"));
        doris.until(|| doris.hits(slow) == 1 && doris.labels("PREPARE").len() == 1);
        let until = Some(std::time::Instant::now() + Duration::from_millis(500));
        doris.fault(Fault { until, ..Fault::new(name) });
        settled(&loader);
        commit(&doris, &loader.take_settled());
        assert_eq!(
            doris.sql("SELECT count(*), count(DISTINCT id) FROM shop.log"),
            [["50", "50"].map(|n| Some(n.into()))],
            "{name:?}"
        );
    }
}

/// Without two phases a label is not looked for later, so the load gets the next one.
#[test]
fn a_label_that_is_taken_in_flush_mode_costs_no_row() {
    for value in 0..3 {
        for table in ["log", "orders"] {
            let doris = Doris::start();
            let taken = doris.fault(Fault::new(FaultName::LabelUsed).times(2).of(value));
            let loader = start(doris.plan(table, false));
            loader.load(package(0..5, "x"));
            settled(&loader);
            assert_eq!((doris.hits(taken), loader.account().rows), (2, 5));
            assert_eq!(doris.number(&format!("SELECT count(*) FROM shop.{table}")), 5, "{value}");
        }
    }
}

/// The same, taken between an answer that left the label free and the next attempt.
#[test]
fn a_label_that_is_taken_between_two_attempts_is_not_mistaken_for_ours() {
    let doris = Doris::start();
    doris.fault(Fault::new(FaultName::MemLimit).times(1));
    let taken = doris.fault(Fault { skip: 1, ..Fault::new(FaultName::LabelUsed).times(1).of(1) });
    let loader = start(doris.plan("log", true));
    loader.load(package(0..5, "x"));
    settled(&loader);
    assert_eq!((doris.hits(taken), loader.labels().run), (1, Some(1)));
    commit(&doris, &loader.take_settled());
    assert_eq!(doris.number("SELECT count(*) FROM shop.log"), 5);
}

/// The first load's label belongs to another writer: the run gets another number, and nothing of the other's is committed.
#[test]
fn a_label_that_is_taken_is_not_mistaken_for_ours() {
    for (value, state) in [(1, "PRECOMMITTED"), (2, "VISIBLE")] {
        let doris = Doris::start();
        doris.fault(Fault::new(FaultName::LabelUsed).times(1).of(value));
        let loader = start(doris.plan("log", true));
        loader.load(package(0..5, "x"));
        settled(&loader);
        assert_eq!(loader.labels().run, Some(1), "{state}");
        let loads = loader.take_settled();
        commit(&doris, &loads);
        assert_eq!(doris.number("SELECT count(*) FROM shop.log"), 5, "{state}");
    }
}

#[test]
fn a_commit_whose_answer_is_lost_is_asked_for() {
    let doris = Doris::start();
    doris.fault(Fault::new(FaultName::CutAfter2pc).times(2));
    doris.fault(Fault::new(FaultName::CutBefore2pc).times(2));
    run(&doris, "log", true);
    is_exact(&doris, "log");
}

#[test]
fn a_transaction_that_doris_gave_up_is_lost_and_named() {
    let doris = Doris::start();
    let loader = start(doris.plan("log", true));
    loader.load(package(0..5, "x"));
    settled(&loader);
    doris.fault(Fault::new(FaultName::PrecommitExpiry));
    let loads = loader.take_settled();
    match Committer::new(doris.access()).unwrap().commit(&loads[0], LONG) {
        Commit::Lost(reason) => assert!(reason.contains("aborted"), "{reason}"),
        other => panic!("{other:?}"),
    }
}

/// A crash after the checkpoint: the next run aborts what it left, and only that.
#[test]
fn a_restart_aborts_what_the_checkpoint_does_not_know() {
    let doris = Doris::start();
    let first = start(doris.plan("log", true));
    first.load(package(0..5, "kept"));
    settled(&first);
    let (known, state) = (first.take_settled(), first.labels());
    for i in 1..4 {
        first.load(package(i * 10..i * 10 + 5, "lost"));
    }
    settled(&first);
    drop(first);
    assert_eq!(doris.labels("PRECOMMITTED").len(), 4);

    let mut plan = doris.plan("log", true);
    plan.stem.restored = 7;
    plan.restored = vec![state];
    let second = start(plan);
    second.load(package(10..40, "again"));
    settled(&second);
    assert_eq!(second.account().aborted, 3);
    let mut loads = known;
    loads.extend(second.take_settled());
    commit(&doris, &loads);
    assert_eq!(doris.labels("PRECOMMITTED"), Vec::<String>::new());
    assert_eq!(doris.number("SELECT count(*) FROM shop.log"), 35);
}

#[test]
fn a_restart_before_any_checkpoint_finds_its_loads_too() {
    let doris = Doris::start();
    for run in 0..3 {
        let loader = start(doris.plan("log", true));
        loader.load(package(0..5, "lost"));
        settled(&loader);
        assert_eq!(loader.labels().run, Some(run));
        assert_eq!(loader.account().aborted, u64::from(run > 0));
    }
    assert_eq!(doris.labels("PRECOMMITTED").len(), 1);
}

/// A claim of which Doris never heard leaves no gap in the runs, where a search after the crash would end before the open loads behind it.
#[test]
fn a_restart_finds_loads_behind_a_claim_that_never_arrived() {
    let doris = Doris::start();
    doris.fault(Fault::new(FaultName::CutBeforeBody).times(2));
    let first = start(doris.plan("log", true));
    for i in 0..3 {
        first.load(package(i * 5..i * 5 + 5, "lost"));
    }
    settled(&first);
    drop(first);
    assert_eq!(doris.labels("PRECOMMITTED").len(), 3);

    let second = start(doris.plan("log", true));
    second.load(package(0..5, "again"));
    settled(&second);
    assert_eq!(second.account().aborted, 3);
    commit(&doris, &second.take_settled());
    assert_eq!(doris.labels("PRECOMMITTED"), Vec::<String>::new());
    assert_eq!(doris.number("SELECT count(*) FROM shop.log"), 5);
}

/// Of two rows of a key the later one stays, however the loads overtake each other.
#[test]
fn loads_are_committed_in_the_order_of_their_rows() {
    let doris = Doris::start();
    let loader = start(doris.plan("orders", true));
    loader.load(package(0..1, "claims the run"));
    settled(&loader);
    doris.fault(Fault::new(FaultName::SlowBe).times(1).of(500));
    for v in ["slow", "quick", "last"] {
        loader.load(package(7..8, v));
    }
    settled(&loader);
    commit(&doris, &loader.take_settled());
    assert_eq!(doris.sql("SELECT v FROM shop.orders WHERE id = 7"), [[Some("last".to_string())]]);
}

#[test]
fn bad_rows_fail_the_load_with_doris_reason() {
    let doris = Doris::start();
    let loader = start(doris.plan("orders", true));
    loader.load(lines(&["{\"id\":1,\"v\":\"a\"}\n".into(), "{\"id\":\"x\",\"v\":\"b\"}\n".into()]));
    let failure = loader.wait(LONG, |account| account.open == 0).unwrap_err();
    assert!(
        failure.contains("refuses 1 of 2 rows for shop.orders") && failure.contains("'sink.bad-rows'"),
        "{failure}"
    );
    assert_eq!(doris.labels("PRECOMMITTED"), Vec::<String>::new());
}

#[test]
fn bad_rows_are_found_and_the_others_loaded() {
    for two_phase in [true, false] {
        let doris = Doris::start();
        let loader = start(LoaderPlan { isolates: true, ..doris.plan("orders", two_phase) });
        let bad = [3, 4, 17, 63];
        let row = |i: u64| {
            format!("{{\"id\":{},\"v\":\"r{i}\"}}\n", if bad.contains(&i) { "\"x\"".into() } else { i.to_string() })
        };
        loader.load(lines(&(0..64).map(row).collect::<Vec<_>>()));
        settled(&loader);
        let refused = loader.take_refused();
        assert_eq!(refused.len(), 4, "{refused:?}");
        assert!(refused[0].row.contains("r3") && !refused[0].reason.is_empty(), "{refused:?}");
        commit(&doris, &loader.take_settled());
        assert_eq!(doris.number("SELECT count(*) FROM shop.orders"), 60);
    }
}

#[test]
fn a_wrong_password_is_said_at_once_and_not_shown() {
    let doris = Doris::start();
    let mut plan = doris.plan("orders", false);
    plan.access.password = "open sesame".into();
    let loader = start(plan);
    loader.load(package(0..1, "x"));
    let failure = loader.wait(LONG, |account| account.open == 0).unwrap_err();
    assert!(failure.contains("'loader'") && !failure.contains("sesame"), "{failure}");
}

/// Dropping the loader while a load hangs does not wait for it.
#[test]
fn a_load_that_hangs_is_cancelled_promptly() {
    let doris = Doris::start();
    doris.fault(Fault::new(FaultName::SlowBe).of(60_000));
    let loader = start(doris.plan("orders", false));
    loader.load(package(0..1, "x"));
    assert_eq!(loader.wait(Duration::from_millis(200), |account| account.open == 0), Ok(false));
    let began = std::time::Instant::now();
    drop(loader);
    assert!(began.elapsed() < Duration::from_secs(5), "{:?}", began.elapsed());
}

#[test]
fn the_state_of_a_writer_that_sent_nothing_is_readable() {
    let doris = Doris::start();
    let loader = start(doris.plan("orders", true));
    assert_eq!(loader.wait(LONG, |_| true), Ok(true));
    let text = serde_json::to_string(&loader.labels()).unwrap();
    assert_eq!(serde_json::from_str::<LabelState>(&text).unwrap(), loader.labels());
}
