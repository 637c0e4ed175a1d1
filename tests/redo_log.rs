//! Oracle's log into a Doris that keeps state, from an Oracle that is played: transactions at once, tables that are changed, a reader that is killed. In the end both have the same rows.

mod doris;
mod moving;
mod played_oracle;

use canal_native::changes::outgoing::messages;
use canal_native::redo::definitions::Definitions;
use canal_native::redo::follower::{Follower, Step};
use canal_native::redo::position::RedoPosition;
use canal_native::redo::start;
use canal_native::snapshot::jdbc::Why;
use canal_native::snapshot::range;
use canal_native::snapshot::reader::RangeReader;
use canal_native::snapshot::spec::SourceSpec;
use canal_native::sync::place::Place;
use doris::Doris;
use doris_standin::cluster::Settings;
use moving::apart::Random;
use moving::{Job, Running};
use played_oracle::{Column, Name, Oracle, of, serve};
use serde_json::json;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

fn spec(service: &str) -> SourceSpec {
    let spec = json!({
        "kind": "oracle", "host": "played", "port": 1521, "user": "reader", "password": "p", "database": service, "rangeRows": 1000, "messageBytes": 1000,
        "connectSeconds": 5, "patienceSeconds": 5, "log": true, "names": {"exclude": [r"SHOP\.OTHER"]},
    });
    SourceSpec::from_json(spec.to_string().as_bytes()).unwrap()
}

/// What a job goes on from.
#[derive(Clone)]
struct Checkpoint {
    position: RedoPosition,
    definitions: Arc<Definitions>,
    states: Vec<Vec<u8>>,
}

/// A job that reads the log of a played Oracle.
struct Following {
    spec: SourceSpec,
    job: Job,
    running: Running,
    follower: Follower,
    now: (RedoPosition, Arc<Definitions>),
}

fn follower(spec: &SourceSpec, position: &RedoPosition, definitions: &Arc<Definitions>) -> Follower {
    // What a job keeps is JSON.
    let position = serde_json::from_slice(&serde_json::to_vec(position).unwrap()).unwrap();
    let definitions: Definitions = serde_json::from_slice(&serde_json::to_vec(&**definitions).unwrap()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(Follower::begin(spec, position, Arc::new(definitions))).unwrap()
}

impl Following {
    /// Full data, which is read while `meanwhile` happens.
    fn start(service: &str, job: Job, mut meanwhile: impl FnMut()) -> Following {
        let spec = spec(service);
        let listing = start::listing(&spec).unwrap();
        let mut running = job.start();
        let mut sequence = 0;
        let mut write = |message: &[u8]| {
            sequence += 1 << 20;
            running.write(message, Place { partition: 0, sequence }).unwrap();
        };
        for table in &listing.catalogue.tables {
            meanwhile();
            write(table.message.as_bytes());
            let mut reader = RangeReader::new(spec.clone(), range::whole(table)).unwrap();
            while let Some(message) = reader.next().unwrap() {
                write(&message);
            }
        }
        let now = (listing.log.position, Arc::new(listing.log.definitions));
        let follower = follower(&spec, &now.0, &now.1);
        Following { spec, job, running, follower, now }
    }

    /// Reads on; whether the log is at its end.
    fn step(&mut self) -> bool {
        let step = self.follower.step().unwrap_or_else(|e| panic!("{e}"));
        if let Some(batch) = self.follower.batch() {
            for (sequence, message) in messages(&batch.messages) {
                self.running.write(message, Place { partition: 0, sequence }).unwrap();
            }
            self.now = (batch.position, batch.definitions);
        }
        step == Step::End
    }

    fn checkpoint(&mut self) -> Checkpoint {
        Checkpoint { position: self.now.0.clone(), definitions: self.now.1.clone(), states: self.running.checkpoint() }
    }

    fn restart(&mut self, checkpoint: &Checkpoint) {
        self.running = self.job.restore(&checkpoint.states);
        self.now = (checkpoint.position.clone(), checkpoint.definitions.clone());
        self.follower = follower(&self.spec, &checkpoint.position, &checkpoint.definitions);
    }

    /// Reads until all is in Doris.
    fn finish(&mut self) {
        for _ in 0..4 {
            while !self.step() {}
        }
        self.running.settle();
    }
}

fn name(table: &str) -> Name {
    ("SHOP".into(), table.into())
}

fn shop(service: &str) -> Arc<Mutex<Oracle>> {
    let served = serve(service);
    let mut oracle = of(&served);
    oracle.create("SHOP", "ORDERS", &[("ID", "NUMBER(18)"), ("NAME", "VARCHAR2(20)"), ("NOTE", "VARCHAR2(30)")], 1);
    oracle.create("SHOP", "LINES", &[("ORDER_ID", "NUMBER(18)"), ("CODE", "VARCHAR2(10)"), ("AMOUNT", "NUMBER(9)")], 2);
    oracle.create("SHOP", "OTHER", &[("ID", "NUMBER(18)")], 1);
    drop(oracle);
    served
}

fn text(text: &str) -> Option<String> {
    Some(text.to_string())
}

/// All rows of both are equal.
fn compare(doris: &Doris, oracle: &Oracle) {
    for (of, table) in oracle.tables.iter().filter(|(name, _)| name.1 != "OTHER") {
        let columns: Vec<String> = table.columns.iter().map(|column| format!("`{}`", column.name)).collect();
        let mut rows = doris.sql(&format!("SELECT {} FROM `{}`.`{}`", columns.join(", "), of.0, of.1));
        let mut expected: Vec<Vec<Option<String>>> = table.rows.values().cloned().collect();
        rows.sort();
        expected.sort();
        assert_eq!(rows, expected, "{of:?}");
    }
}

#[test]
fn changes_while_tables_are_read_and_after() {
    let (doris, served) = (Doris::start(), shop("FIRST"));
    let row = |id: &str, note: Option<&str>| vec![text(id), text("it's, (a) name"), note.map(str::to_string)];
    let early = of(&served).begin();
    of(&served).put(&early, &name("ORDERS"), row("1", None), None);
    let mut turn = 0;
    let mut following = Following::start("FIRST", Job::new(&doris), || {
        // One that was under way when the place was taken, and one that came later.
        let mut oracle = of(&served);
        if turn == 0 {
            let later = oracle.begin();
            oracle.put(&later, &name("ORDERS"), row("2", Some("x and y")), None);
            oracle.commit(&later);
        }
        turn += 1;
    });
    of(&served).commit(&early);
    following.finish();
    compare(&doris, &of(&served));
    assert_eq!(doris.number("SELECT COUNT(*) FROM SHOP.ORDERS"), 2);

    let mut oracle = of(&served);
    let one = oracle.begin();
    // A key that changes, and comes again; a row that is there for a moment; one that is gone; a table that is left out.
    oracle.put(&one, &name("ORDERS"), row("3", Some("was 1")), Some(vec!["1".into()]));
    oracle.put(&one, &name("ORDERS"), row("9", None), None);
    oracle.delete(&one, &name("ORDERS"), &["9".into()]);
    oracle.delete(&one, &name("ORDERS"), &["2".into()]);
    oracle.put(&one, &name("OTHER"), vec![text("1")], None);
    oracle.put(&one, &name("LINES"), vec![text("3"), text("a' OR '1'='1"), None], None);
    let other = oracle.begin();
    oracle.put(&other, &name("ORDERS"), row("7", None), None);
    drop(oracle);
    following.finish();
    assert_eq!(doris.number("SELECT COUNT(*) FROM SHOP.ORDERS"), 2, "nothing is committed");
    of(&served).commit(&one);
    of(&served).rollback(&other, true);
    following.finish();
    compare(&doris, &of(&served));
    assert_eq!(doris.sql("SELECT ID, NOTE FROM SHOP.ORDERS"), [[text("3"), text("was 1")]]);
    // The transaction that was rolled back holds nothing up.
    assert!(following.now.0.scn >= following.now.0.commit, "{:?}", following.now.0);
}

#[test]
fn what_cannot_be_followed_is_said() {
    let served = shop("REFUSED");
    of(&served).create("SHOP", "LOGS", &[("TEXT", "VARCHAR2(9)")], 0);
    let listing = start::listing(&spec("REFUSED")).unwrap();
    assert_eq!(listing.catalogue.tables.len(), 2);
    assert!(listing.catalogue.refused[0].reason.contains("no primary key"), "{:?}", listing.catalogue.refused);

    of(&served).key_logging = false;
    let error = start::listing(&spec("REFUSED")).unwrap_err().to_string();
    assert!(error.contains("ADD SUPPLEMENTAL LOG DATA (PRIMARY KEY) COLUMNS"), "{error}");
    of(&served).key_logging = true;

    // Files of the log that the job needs are gone.
    let (position, definitions) = (listing.log.position, Arc::new(listing.log.definitions));
    let mut late = follower(&spec("REFUSED"), &position, &definitions);
    of(&served).kept = 1_000_000;
    let error = late.step().unwrap_err().to_string();
    assert!(error.contains("the log is gone") && error.contains("keep archived files"), "{error}");
    of(&served).kept = 0;

    let restarted = RedoPosition { incarnation: 7, ..position.clone() };
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let error = runtime.block_on(Follower::begin(&spec("REFUSED"), restarted, definitions)).err().unwrap().to_string();
    assert!(error.contains("RESETLOGS"), "{error}");

    of(&served).refused.push(("SELECT LOG_MODE".into(), Why::Missing));
    let error = start::listing(&spec("REFUSED")).unwrap_err().to_string();
    assert!(error.contains("LOGMINING") && error.contains("ORA-00942"), "{error}");
}

/// What may happen, at random.
struct Chance {
    random: Random,
    /// Transactions that are under way.
    open: Vec<String>,
    made: u64,
}

impl Chance {
    fn of(&mut self, limit: u64) -> u64 {
        self.random.below(limit)
    }

    fn table(&mut self, oracle: &Oracle) -> Option<Name> {
        let names: Vec<&Name> = oracle.tables.keys().collect();
        let at = self.of(names.len() as u64) as usize;
        Some(names[at].clone())
    }

    /// A row of the table, with this key and other values.
    fn row(&mut self, columns: &[Column], key: &[String]) -> Vec<Option<String>> {
        let value = |at: usize, chance: &mut Chance| match key.get(at) {
            Some(key) => Some(key.clone()),
            None if chance.of(5) == 0 => None,
            None => Some(chance.of(1000).to_string()),
        };
        (0..columns.len()).map(|at| value(at, self)).collect()
    }

    fn key(&mut self, keys: usize) -> Vec<String> {
        (0..keys).map(|_| self.of(12).to_string()).collect()
    }

    fn change(&mut self, oracle: &mut Oracle) {
        let Some(name) = self.table(oracle) else { return };
        if self.open.is_empty() || self.of(4) == 0 {
            self.open.push(oracle.begin());
        }
        let which = self.of(self.open.len() as u64) as usize;
        let transaction = self.open[which].clone();
        let (columns, keys) = (oracle.tables[&name].columns.clone(), oracle.tables[&name].keys);
        for _ in 0..=self.of(4) {
            let (key, other) = (self.key(keys), self.key(keys));
            let locked = oracle.locked();
            if locked.contains(&(name.clone(), key.clone())) || locked.contains(&(name.clone(), other.clone())) {
                continue;
            }
            let is_there = |key: &Vec<String>| oracle.tables[&name].rows.contains_key(key);
            match self.of(6) {
                0 => oracle.delete(&transaction, &name, &key),
                5 => oracle.undo(&transaction),
                1 if is_there(&key) && !is_there(&other) => {
                    let row = self.row(&columns, &other);
                    oracle.put(&transaction, &name, row, Some(key));
                }
                _ => {
                    let row = self.row(&columns, &key);
                    oracle.put(&transaction, &name, row, None);
                }
            }
        }
    }

    fn end(&mut self, oracle: &mut Oracle) {
        if self.open.is_empty() {
            return;
        }
        let which = self.of(self.open.len() as u64) as usize;
        let transaction = self.open.swap_remove(which);
        match self.of(6) {
            0 => oracle.rollback(&transaction, true),
            1 => oracle.rollback(&transaction, false),
            _ => oracle.commit(&transaction),
        }
    }

    fn alter(&mut self, oracle: &mut Oracle) {
        let Some(name) = self.table(oracle) else { return };
        if name.1 == "OTHER" || oracle.is_busy(&name) {
            return;
        }
        self.made += 1;
        let made = self.made;
        let (columns, keys) = (oracle.tables[&name].columns.clone(), oracle.tables[&name].keys);
        match self.of(7) {
            0 => oracle.alter(&name, &format!("alter table {} add (C{made} varchar2(9))", name.1), |table| {
                table.columns.push(Column { name: format!("C{made}"), ty: "VARCHAR2(9)".into() });
                table.rows.values_mut().for_each(|row| row.push(None));
            }),
            1 if columns.len() > keys + 1 => {
                let at = keys + self.of((columns.len() - keys) as u64) as usize;
                oracle.alter(&name, &format!("alter table {} drop column \"{}\"", name.1, columns[at].name), |table| {
                    table.columns.remove(at);
                    table.rows.values_mut().for_each(|row| {
                        row.remove(at);
                    });
                });
            }
            2 if columns.len() > keys => {
                let at = keys + self.of((columns.len() - keys) as u64) as usize;
                let sql = format!("alter table SHOP.{} rename column {} to R{made}", name.1, columns[at].name);
                oracle.alter(&name, &sql, |table| table.columns[at].name = format!("R{made}"));
            }
            3 => oracle.rename(&name, &format!("T{made}")),
            4 => oracle.truncate(&name),
            5 if oracle.tables.len() < 6 => {
                oracle.create("SHOP", &format!("N{made}"), &[("ID", "NUMBER(18)"), ("V", "VARCHAR2(9)")], 1)
            }
            6 if oracle.tables.len() > 3 => oracle.drop(&name),
            _ => {}
        }
    }
}

fn at_random(seed: u64, subtasks: u32) {
    let service = format!("RANDOM{seed}");
    let (doris, served) =
        (Doris::of(Settings { alter_pending_ms: 0, alter_running_ms: 5, ..Doris::settings() }), shop(&service));
    let mut chance = Chance { random: Random(seed), open: Vec::new(), made: 0 };
    for _ in 0..20 {
        chance.change(&mut of(&served));
        chance.end(&mut of(&served));
    }
    for _ in 0..5 {
        chance.change(&mut of(&served));
    }
    let job = Job::new(&doris).parallel(subtasks);
    let mut following = Following::start(&service, job, || {
        let mut oracle = of(&served);
        for _ in 0..3 {
            chance.change(&mut oracle);
            chance.end(&mut oracle);
        }
    });
    let mut checkpoint = following.checkpoint();
    for _ in 0..150 {
        match chance.of(30) {
            0..12 => chance.change(&mut of(&served)),
            12..19 => chance.end(&mut of(&served)),
            19..21 => chance.alter(&mut of(&served)),
            21..23 => {
                let records = chance.of(9) as usize;
                of(&served).flush(records);
            }
            23..28 => {
                following.step();
            }
            28 => checkpoint = following.checkpoint(),
            _ => following.restart(&checkpoint),
        }
    }
    while !chance.open.is_empty() {
        chance.end(&mut of(&served));
    }
    let last = of(&served).begin();
    of(&served).put(&last, &name("OTHER"), vec![text("999")], None);
    of(&served).commit(&last);
    following.finish();
    compare(&doris, &of(&served));
    // Read anew from the last checkpoint, nothing becomes another.
    following.restart(&checkpoint);
    following.finish();
    compare(&doris, &of(&served));
    assert!(following.now.0.scn >= following.now.0.commit, "{:?}", following.now.0);
}

#[test]
fn transactions_and_changes_of_tables_at_random() {
    let seeds: u64 = std::env::var("CANAL_NATIVE_REDO_SEEDS").ok().and_then(|seeds| seeds.parse().ok()).unwrap_or(12);
    for seed in 0..seeds {
        println!("seed {seed}");
        at_random(seed, 1 + (seed % 3) as u32);
    }
}

/// What tells tables by name in Doris.
#[test]
fn names_keep_their_case() {
    let (doris, served) = (Doris::start(), serve("NAMES"));
    of(&served).create("SHOP", "mixedGröße", &[("theId", "NUMBER(18)"), ("ÄÖ", "VARCHAR2(9)")], 1);
    let mut following = Following::start("NAMES", Job::new(&doris), || {});
    let mut oracle = of(&served);
    let one = oracle.begin();
    oracle.put(&one, &name("mixedGröße"), vec![text("1"), text("ü")], None);
    oracle.commit(&one);
    drop(oracle);
    following.finish();
    let rows: BTreeMap<String, Option<String>> = doris
        .sql("SELECT `theId`, `ÄÖ` FROM SHOP.`mixedGröße`")
        .into_iter()
        .map(|row| (row[0].clone().unwrap(), row[1].clone()))
        .collect();
    assert_eq!(rows, BTreeMap::from([("1".to_string(), text("ü"))]));
}
