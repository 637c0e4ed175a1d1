//! Schema changes on their way, by scenario: what is said, what the tables are in the end, and who waits for whom.

mod doris;
mod moving;

use canal_native::sync::place::{Place, ROW_BITS, RUN_SHIFT};
use canal_native::sync::run::RunSpec;
use doris::Doris;
use doris_standin::cluster::Settings;
use doris_standin::fault::{Fault, FaultName};
use moving::{Job, Running};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// A topic of one partition, or of several.
struct Topic {
    job: Running,
    offsets: [i64; 3],
    /// What the source's clock says, in seconds.
    clock: i64,
}

impl Topic {
    fn of(job: Running) -> Topic {
        Topic { job, offsets: [0; 3], clock: 1_795_000_000 }
    }

    fn send(&mut self, partition: usize, message: &Value) {
        let place = Place::of_offset(partition as u32, self.offsets[partition]);
        self.offsets[partition] += 1;
        self.job.write(message.to_string().as_bytes(), place).unwrap_or_else(|e| panic!("{message}: {e}"));
    }

    fn sql(&mut self, sql: &str) {
        self.clock += 1;
        let message = statement(sql, self.clock);
        self.send(0, &message);
    }

    /// Rows of `d.table`: `types` are `name type, name type`, the first of which is the key.
    fn rows(&mut self, kind: &str, table: &str, types: &str, rows: &[&str]) {
        let message = rows_of(kind, table, types, rows, self.clock);
        self.send(0, &message);
    }

    fn insert(&mut self, table: &str, types: &str, row: &str) {
        self.rows("INSERT", table, types, &[row]);
    }

    /// The reports that have a text in them.
    fn said(&mut self, text: &str) -> Vec<String> {
        self.job.reports().into_iter().filter(|report| report.contains(text)).collect()
    }
}

fn statement(sql: &str, clock: i64) -> Value {
    json!({"data": null, "database": "d", "es": clock * 1000, "isDdl": true, "mysqlType": null, "old": null, "pkNames": null, "sql": sql,
           "table": "", "type": "ALTER"})
}

fn rows_of(kind: &str, table: &str, types: &str, rows: &[&str], clock: i64) -> Value {
    let types: Vec<(&str, &str)> = types.split(", ").map(|column| column.split_once(' ').expect("a type")).collect();
    let row = |row: &&str| -> Value {
        let cells = row.split(", ").map(|cell| if cell == "NULL" { Value::Null } else { cell.into() });
        types.iter().map(|(name, _)| name.to_string()).zip(cells).collect::<serde_json::Map<_, _>>().into()
    };
    let mysql_type: serde_json::Map<_, _> =
        types.iter().map(|(name, ty)| (name.to_string(), Value::from(*ty))).collect();
    let data: Vec<Value> = rows.iter().map(row).collect();
    let old: Value = if kind == "UPDATE" { rows.iter().map(|_| json!({})).collect() } else { Value::Null };
    json!({"data": data, "database": "d", "es": clock * 1000, "isDdl": false, "mysqlType": mysql_type, "old": old, "pkNames": [types[0].0],
           "table": table, "type": kind})
}

fn start(doris: &Doris) -> Topic {
    Topic::of(Job::new(doris).start())
}

/// A table's rows as text, in the order of the key.
fn table(doris: &Doris, columns: &str, table: &str) -> Vec<String> {
    let rows = doris.sql(&format!("SELECT {columns} FROM d.{table} ORDER BY 1"));
    let cell = |cell: Option<String>| cell.unwrap_or("NULL".into());
    rows.into_iter().map(|row| row.into_iter().map(cell).collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn what_doris_cannot_do_stops_its_table_until_it_is_done_by_hand() {
    let doris = Doris::start();
    let mut topic = start(&doris);
    topic.sql("CREATE TABLE t (id INT PRIMARY KEY, n BIGINT)");
    topic.sql("CREATE TABLE u (id INT PRIMARY KEY)");
    topic.insert("t", "id int, n bigint", "1, 10");
    topic.sql("ALTER TABLE t MODIFY n INT");
    topic.insert("t", "id int, n int", "2, 20");
    topic.insert("u", "id int", "7");
    let states = {
        topic.job = topic.job.may_stop(&["d.t"]);
        topic.job.checkpoint()
    };
    assert_eq!((table(&doris, "id, n", "t"), table(&doris, "id", "u")), (vec!["1 10".into()], vec!["7".to_string()]));
    let said = topic.said("the table stops");
    assert_eq!(said.len(), 1, "{said:?}");
    assert!(said[0].contains("cannot become INT") && said[0].contains("ADD COLUMN `n__new` INT"), "{said:?}");
    // What waits is in the checkpoint, for a job of another parallelism too.
    drop(topic);
    let mut job = Job::new(&doris).parallel(2).restore(&states);
    for statement in said[0].rsplit("by hand: ").next().unwrap().split("; ") {
        doris.sql(statement);
    }
    let began = Instant::now();
    while table(&doris, "id", "t").len() < 2 {
        assert!(began.elapsed() < Duration::from_secs(60), "{:?}", job.waiting());
        job.settle_once();
    }
    assert_eq!(table(&doris, "id, n", "t"), ["1 10", "2 20"]);
    assert_eq!(job.waiting(), Vec::<String>::new());
}

#[test]
fn a_table_that_waits_for_its_loads_says_what_doris_answers() {
    let doris = Doris::of(Doris::settings());
    let mut topic = start(&doris);
    topic.sql("CREATE TABLE t (id INT PRIMARY KEY)");
    let refused = doris.fault(Fault { table: Some("t".into()), ..Fault::new(FaultName::TooManyVersions) });
    topic.insert("t", "id int", "1");
    topic.sql("ALTER TABLE t ADD COLUMN v INT");
    topic.insert("t", "id int, v int", "2, 3");
    doris.until(|| doris.hits(refused) > 0);
    while topic.job.waiting().iter().all(|text| !text.contains("its loads, which are tried again")) {
        topic.job.tick();
    }
    topic.job.report_waits();
    let said = topic.said("messages wait for its loads, which are tried again: ");
    assert!(said.len() == 1 && said[0].contains("[E-235]"), "{said:?}");
    doris.cluster.faults.clear(|fault| fault.id == refused);
    topic.job.settle();
    assert_eq!((table(&doris, "id, v", "t"), topic.job.waiting()), (vec!["1 NULL".into(), "2 3".into()], vec![]));
}

/// Each of the tables may be another subtask's, and each step waits for the one before.
#[test]
fn tables_that_change_names_crosswise() {
    for subtasks in 1..=5 {
        let doris = Doris::of(Doris::settings());
        let mut topic = Topic::of(Job::new(&doris).parallel(subtasks).start());
        topic.sql("CREATE TABLE a (id INT PRIMARY KEY)");
        topic.sql("CREATE TABLE b (id INT PRIMARY KEY, v INT)");
        for round in 0..2 {
            let (with, without) = if round % 2 == 0 { ("b", "a") } else { ("a", "b") };
            topic.insert(without, "id int", &round.to_string());
            topic.insert(with, "id int, v int", &format!("{round}, {}", 10 * round));
            topic.sql("RENAME TABLE a TO t, b TO a, t TO b");
        }
        let began = Instant::now();
        topic.job.settle();
        assert!(began.elapsed() < Duration::from_secs(8), "{subtasks} subtasks: {:?}", began.elapsed());
        assert_eq!(table(&doris, "id", "a"), ["0", "1"], "{subtasks} subtasks");
        assert_eq!(table(&doris, "id, v", "b"), ["0 0", "1 10"], "{subtasks} subtasks");
        assert_eq!(topic.said("stops"), Vec::<String>::new(), "{subtasks} subtasks");
    }
}

#[test]
fn other_tables_do_not_wait_for_a_change() {
    let doris = Doris::of(Settings { alter_pending_ms: 0, alter_running_ms: 3000, ..Doris::settings() });
    let mut topic = start(&doris);
    topic.sql("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(5))");
    topic.sql("CREATE TABLE u (id INT PRIMARY KEY)");
    topic.insert("t", "id int, v varchar(5)", "1, a");
    topic.sql("ALTER TABLE t MODIFY v VARCHAR(9)");
    topic.insert("t", "id int, v varchar(9)", "2, longer");
    let began = Instant::now();
    while topic.job.waiting().iter().all(|text| !text.contains("a change that Doris is at")) {
        topic.job.tick();
    }
    // Who waits for long is named, once.
    topic.job.report_waits();
    topic.job.report_waits();
    assert_eq!(
        topic.said("messages wait for"),
        ["d.t: for 0 s now, 2 messages wait for a change that Doris is at (SHOW ALTER TABLE COLUMN)"]
    );
    topic.insert("u", "id int", "7");
    topic.job.flush();
    doris.until(|| doris.sql("SELECT id FROM d.u").len() == 1);
    let (change, rows) = (topic.job.waiting(), table(&doris, "id", "t"));
    assert!(began.elapsed() > Duration::from_secs(3) || (change.len() == 1 && rows == ["1"]), "{change:?} {rows:?}");
    topic.job.settle();
    assert_eq!(table(&doris, "id, v", "t"), ["1 a", "2 longer"]);
}

#[test]
fn gh_ost_changes_the_table_in_place() {
    let doris = Doris::start();
    let mut topic = start(&doris);
    topic.sql("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(5))");
    topic.insert("t", "id int, v varchar(5)", "1, a");
    topic.sql("CREATE TABLE `d`.`_t_gho` LIKE `d`.`t`");
    topic.sql("ALTER TABLE `d`.`_t_gho` CHANGE v name VARCHAR(20), ADD COLUMN n INT DEFAULT 5");
    topic.insert("_t_gho", "id int, name varchar(20), n int", "1, a, 5");
    topic.insert("t", "id int, v varchar(5)", "2, b");
    topic.sql("RENAME TABLE `d`.`t` TO `d`.`_t_del`, `d`.`_t_gho` TO `d`.`t`");
    topic.insert("t", "id int, name varchar(20), n int", "3, c, 6");
    topic.sql("DROP TABLE `d`.`_t_del`");
    topic.job.settle();
    assert_eq!(table(&doris, "id, name, n", "t"), ["1 a 5", "2 b 5", "3 c 6"]);
    assert_eq!(doris.number("SELECT count(*) FROM information_schema.tables WHERE TABLE_SCHEMA = 'd'"), 1);
}

#[test]
fn tables_that_are_merged_only_widen() {
    let doris = Doris::start();
    let names = json!({"rename": [{"from": r"d\.t_\d", "to": "d.t"}]});
    let mut topic = Topic::of(Job::new(&doris).with("names", names).start());
    for shard in ["t_0", "t_1"] {
        topic.sql(&format!("CREATE TABLE {shard} (id INT PRIMARY KEY, v VARCHAR(5))"));
    }
    topic.insert("t_0", "id int, v varchar(5)", "1, a");
    topic.insert("t_1", "id int, v varchar(5)", "2, b");
    topic.sql("ALTER TABLE t_0 ADD n INT, DROP v");
    topic.insert("t_0", "id int, n int", "3, 9");
    topic.sql("TRUNCATE TABLE t_1");
    topic.sql("ALTER TABLE t_1 ADD n INT");
    topic.insert("t_1", "id int, v varchar(5), n int", "4, d, 8");
    topic.job.settle();
    assert_eq!(table(&doris, "id, v, n", "t"), ["1 a NULL", "2 b NULL", "3 NULL 9", "4 d 8"]);
    assert_eq!(
        (topic.said("only new and wider columns are done").len(), topic.said("TRUNCATE TABLE is not done").len()),
        (1, 1)
    );
}

#[test]
fn drops_and_truncates_as_the_job_says() {
    let doris = Doris::start();
    for (drop, truncate, expected) in
        [("apply", "apply", None), ("ignore", "ignore", Some(3)), ("ignore", "apply", Some(1))]
    {
        doris.sql("DROP DATABASE IF EXISTS d");
        doris.sql("DROP DATABASE IF EXISTS canal_native");
        let ddl = json!({"dropTable": drop, "truncate": truncate});
        let mut topic = Topic::of(Job::new(&doris).with("ddl", ddl).start());
        topic.sql("CREATE TABLE t (id INT PRIMARY KEY)");
        topic.rows("INSERT", "t", "id int", &["1", "2"]);
        topic.sql("TRUNCATE TABLE t");
        topic.insert("t", "id int", "3");
        topic.sql("DROP TABLE t");
        topic.job.settle();
        let there = doris.number("SELECT count(*) FROM information_schema.tables WHERE TABLE_SCHEMA = 'd'") == 1;
        assert_eq!(there.then(|| table(&doris, "id", "t").len()), expected, "{drop} {truncate}");
    }
}

/// What was begun is over, also if nothing is done in Doris: to drop a table there is how one has it loaded again.
#[test]
fn a_table_that_somebody_drops_is_loaded_again_from_the_beginning() {
    for statement in
        ["ALTER TABLE t ADD n INT", "DROP TABLE t", "TRUNCATE TABLE t", "ALTER TABLE t TRUNCATE PARTITION p"]
    {
        let doris = Doris::start();
        for time in ["first", "second"] {
            let mut topic = Topic::of(Job::new(&doris).with("ddl", json!({})).start());
            topic.insert("t", "id int", "1");
            topic.sql(statement);
            topic.insert("t", "id int", "2");
            topic.job.settle();
            let expected = if statement == "TRUNCATE TABLE t" { &["2"] as &[&str] } else { &["1", "2"] };
            assert_eq!(table(&doris, "id", "t"), expected, "{statement}, the {time} time");
            doris.sql("DROP TABLE d.t");
        }
    }
}

/// One row that cannot be read takes none of its message's others with it.
#[test]
fn rows_of_a_message_are_passed_over_alone() {
    let doris = Doris::start();
    let mut topic = Topic::of(Job::new(&doris).with("onError", json!({"message": "report"})).start());
    let types = "id int, d date";
    topic.rows("INSERT", "t", types, &["1, 2024-01-01", "2, 2024-00-00", "3, 2024-01-03", "4, 2024-01-04"]);
    topic.rows("UPDATE", "t", types, &["3, 2024-02-03", "4, 2024-02-00"]);
    topic.insert("t", types, "5, 2024-01-05");
    topic.job.settle();
    assert_eq!(table(&doris, "id, d", "t"), ["1 2024-01-01", "3 2024-02-03", "4 2024-01-04", "5 2024-01-05"]);
    assert_eq!(topic.said("cannot be read").len(), 2);
}

/// A job that reads its tables as they are now has no log whose places go on: the number of its run counts before them. The journal has the numbers.
#[test]
fn a_run_that_reads_its_source_anew_wins_over_those_before() {
    let doris = Doris::start();
    let job = Job::new(&doris);
    let runs = |job: &Job| RunSpec::from_json(job.spec().to_string().as_bytes()).unwrap();
    let next = |job: &Job| runs(job).next().unwrap();
    let read = |running: Running, run: i64, from: i64, value: &str| {
        let mut topic = Topic::of(running);
        topic.offsets[0] = run << (RUN_SHIFT - ROW_BITS);
        topic.sql("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9))");
        topic.offsets[0] += from;
        topic.insert("t", "id int, v varchar(9)", &format!("1, {value}"));
        topic.job.checkpoint()
    };
    assert_eq!(next(&job), 1, "there is no journal");
    let states = read(job.start(), 1, 5, "first");
    read(job.restore(&states), 1, 4, "earlier");
    assert_eq!(table(&doris, "v", "t"), ["first"]);
    assert_eq!(next(&job), 2);
    let states = read(job.start(), 2, 1, "second");
    assert_eq!(table(&doris, "v", "t"), ["second"]);
    read(job.restore(&states), 2, 2, "later");
    assert_eq!(table(&doris, "v", "t"), ["later"]);
    assert_eq!(runs(&job).last().unwrap(), 2);
    assert_eq!(next(&job), 3);
    assert_eq!(next(&job), 4, "nobody gets a number that was given, whether something of its run is in Doris or not");
    assert_eq!(runs(&job).last().unwrap(), 4);
    // The number's row is no table's.
    job.start().checkpoint();
    assert_eq!(next(&Job::new(&doris).with("origin", json!("another job"))), 1);
    assert_eq!(next(&job.with("ddl", json!({"sync": false}))), 1, "no journal is kept");
}

#[test]
fn without_ddl_sync_only_new_columns_are_added() {
    let doris = Doris::start();
    let mut topic = Topic::of(Job::new(&doris).with("ddl", json!({"sync": false})).start());
    topic.insert("t", "id int, v varchar(5)", "1, a");
    topic.sql("ALTER TABLE t DROP v, ADD n INT");
    topic.insert("t", "id int, n int", "2, 9");
    topic.job.settle();
    assert_eq!(table(&doris, "id, v, n", "t"), ["1 a NULL", "2 NULL 9"]);
    assert_eq!(topic.said("ddl.sync is off").len(), 1);
    assert_eq!(doris.number("SELECT count(*) FROM information_schema.tables WHERE TABLE_SCHEMA = 'canal_native'"), 0);
}

/// `binlog_row_image = MINIMAL`: what an UPDATE does not say cannot be made up.
#[test]
fn messages_that_lack_columns() {
    let doris = Doris::start();
    let mut topic = start(&doris);
    topic.sql("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(5), n INT DEFAULT 3)");
    topic.insert("t", "id int, v varchar(5)", "1, a");
    topic.rows("UPDATE", "t", "id int, v varchar(5)", &["1, b"]);
    let mut keyless = rows_of("UPDATE", "t", "v varchar(5)", &["c"], topic.clock);
    keyless["pkNames"] = Value::Null;
    topic.send(0, &keyless);
    topic.rows("DELETE", "t", "id int", &["7"]);
    topic.job.settle();
    assert_eq!(table(&doris, "id, v, n", "t"), ["1 a 3"]);
    let said = topic.said("set binlog_row_image = FULL");
    assert_eq!(said.len(), 2, "{said:?}");
    assert!(said[0].contains("d.t: a message lacks n") && said[1].contains("lacks id"), "{said:?}");
    // By default such a message fails the job.
    let errors = json!({"table": "report", "message": "fail"});
    let mut job = Job::new(&doris).with("onError", errors).with("origin", "other".into()).start();
    job.write(
        statement("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(5))", 1).to_string().as_bytes(),
        Place::of_offset(0, 0),
    )
    .unwrap();
    let error = job.write(keyless.to_string().as_bytes(), Place::of_offset(0, 1)).unwrap_err();
    assert!(error.contains("lacks id") && error.contains("d.t"), "{error}");
}

#[test]
fn rows_of_another_partition_wait_for_their_change_and_old_ones_go_where_columns_are_now() {
    let doris = Doris::start();
    let mut topic = start(&doris);
    topic.sql("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(5), x INT)");
    topic.insert("t", "id int, v varchar(5), x int", "1, a, 4");
    let at = topic.clock;
    // From after the change, in another partition, and before it there.
    topic.send(1, &rows_of("INSERT", "t", "id int, name varchar(5)", &["2, b"], at + 10));
    topic.job.tick();
    assert!(topic.job.waiting()[0].contains("a schema change that its rows tell of"), "{:?}", topic.job.waiting());
    topic.clock += 5;
    topic.sql("ALTER TABLE t RENAME COLUMN v TO name, DROP x");
    // From before it, and after it there.
    topic.send(2, &rows_of("INSERT", "t", "id int, v varchar(5), x int", &["3, c, 5"], at));
    topic.job.settle();
    assert_eq!(table(&doris, "id, name", "t"), ["1 a", "2 b", "3 c"]);
    assert_eq!(topic.said("comes in several partitions").len(), 1);
}

#[test]
fn a_plan_does_nothing_and_says_all() {
    let doris = Doris::start();
    let mut topic = Topic::of(Job::new(&doris).with("plan", true.into()).start());
    topic.sql("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(5))");
    topic.insert("t", "id int, v varchar(5)", "1, a");
    topic.sql("ALTER TABLE t ADD n INT");
    topic.sql("CREATE TABLE keyless (a INT)");
    topic.job.settle();
    let said = topic.job.reports();
    for text in [
        "CREATE TABLE IF NOT EXISTS `d`.`t`",
        "d.t: the table d.t would be created",
        "ALTER TABLE `d`.`t` ADD COLUMN `n` INT NULL",
        "d.keyless has no primary key",
    ] {
        assert!(said.iter().any(|report| report.contains(text)), "{text}: {said:#?}");
    }
    assert_eq!(
        doris.number("SELECT count(*) FROM information_schema.tables WHERE TABLE_SCHEMA IN ('d', 'canal_native')"),
        0
    );
}

/// A message that came to one subtask, though it is another one's.
#[test]
fn messages_have_to_be_routed() {
    use canal_native::sync::writer::Audience;
    let doris = Doris::start();
    let mut job = Job::new(&doris).parallel(2).start();
    let row = rows_of("INSERT", "t", "id int", &["1"], 1).to_string();
    let errors: Vec<String> = job
        .subtasks
        .iter_mut()
        .filter_map(|writer| writer.write(row.as_bytes(), Place::of_offset(0, 1), Audience::One).err())
        .map(|e| e.to_string())
        .collect();
    assert!(errors.len() == 1 && errors[0].contains("messages have to be routed by table"), "{errors:?}");
}

/// `information_schema` has one name for BOOLEAN and TINYINT.
#[test]
fn a_boolean_that_is_there_is_one() {
    let doris = Doris::start();
    doris.sql("CREATE DATABASE d");
    let table = |name: &str, flag: &str| {
        doris.sql(&format!(
            "CREATE TABLE d.{name} (id BIGINT NOT NULL, flag {flag} NULL) UNIQUE KEY(id) DISTRIBUTED BY HASH(id) BUCKETS 1 \
             PROPERTIES ('replication_num' = '1')"
        ));
    };
    table("t", "BOOLEAN");
    table("u", "TINYINT");
    let mut topic = start(&doris);
    topic.sql("CREATE TABLE t (id BIGINT PRIMARY KEY, flag BIT(1))");
    topic.sql("CREATE TABLE u (id BIGINT PRIMARY KEY, flag BIT(1))");
    topic.insert("t", "id bigint, flag bit(1)", "1, 1");
    topic.insert("u", "id bigint, flag bit(1)", "1, 1");
    topic.job.settle();
    let said = topic.said("column flag: it is");
    assert!(
        said.len() == 1 && said[0].contains("d.u: column flag: it is TINYINT, where the source's makes BOOLEAN"),
        "{said:?}"
    );
    assert_eq!(doris.number("SELECT COUNT(*) FROM d.t WHERE flag"), 1);
}

/// What was read of a table has the time of the job's host, and the log that of the server's, which may be behind.
#[test]
fn a_clock_that_is_behind_does_not_bring_back_a_table() {
    let doris = Doris::start();
    let job = Job::new(&doris);
    let mut topic = Topic::of(job.start());
    topic.sql("CREATE TABLE t (id BIGINT PRIMARY KEY, v INT)");
    topic.insert("t", "id bigint, v int", "1, 1");
    let states = topic.job.checkpoint();
    let (offsets, clock) = (topic.offsets, topic.clock - 1000);
    let rest = |topic: &mut Topic| {
        (topic.offsets, topic.clock) = (offsets, clock);
        topic.sql("ALTER TABLE t ADD COLUMN w INT");
        topic.sql("RENAME TABLE t TO u");
        topic.insert("u", "id bigint, v int, w int", "2, 2, 2");
        topic.job.settle();
    };
    rest(&mut topic);
    let mut again = Topic::of(job.restore(&states));
    rest(&mut again);
    assert_eq!(table(&doris, "id, v, w", "u"), ["1 1 NULL", "2 2 2"]);
    assert_eq!(doris.number("SELECT COUNT(*) FROM information_schema.tables WHERE TABLE_SCHEMA = 'd'"), 1);
}
