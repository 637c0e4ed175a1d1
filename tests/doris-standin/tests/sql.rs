//! Statements over the MySQL protocol, by a client of the tests' own.

#[path = "client/mysql.rs"]
mod mysql;

use doris_standin::Cluster;
use doris_standin::cluster::Settings;
use doris_standin::transaction::{Begin, Source, TxnName};
use mysql::{Client, Refusal};
use std::sync::Arc;
use tokio::runtime::Runtime;

struct Server {
    // Ends the server with the test.
    _runtime: Runtime,
    cluster: Arc<Cluster>,
    port: u16,
}

impl Server {
    fn start(settings: Settings) -> Server {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let cluster = Cluster::new(settings);
        let listener = runtime.block_on(tokio::net::TcpListener::bind("127.0.0.1:0")).unwrap();
        let port = listener.local_addr().unwrap().port();
        runtime.spawn(doris_standin::mysql::serve(cluster.clone(), listener));
        Server { _runtime: runtime, cluster, port }
    }

    fn client(&self) -> Client {
        let mut client = Client::connect(self.port, "root", "", "").unwrap();
        client.run("CREATE DATABASE IF NOT EXISTS d").unwrap();
        client.run("USE d").unwrap();
        client
    }
}

fn server() -> Server {
    Server::start(Settings::default())
}

/// Rows as text, one a line, cells between bars.
fn table(client: &mut Client, query: &str) -> String {
    let rows = client.rows(query).unwrap_or_else(|error| panic!("{query}: {error:?}"));
    let cell = |cell: &Option<String>| cell.clone().unwrap_or("NULL".into());
    rows.iter().map(|row| row.iter().map(cell).collect::<Vec<_>>().join("|")).collect::<Vec<_>>().join("\n")
}

fn refused(client: &mut Client, statement: &str) -> String {
    match client.run(statement) {
        Err(Refusal { code: 1..=u16::MAX, message }) => message.replace("errCode = 2, detailMessage = ", ""),
        other => panic!("{statement}: {other:?}"),
    }
}

const ORDERS: &str = "CREATE TABLE orders (id BIGINT NOT NULL, day DATE, name VARCHAR(20) DEFAULT 'none', amount DECIMAL(10, 2), \
     paid BOOLEAN DEFAULT '0') UNIQUE KEY(id) DISTRIBUTED BY HASH(id) BUCKETS 1 PROPERTIES ('replication_num' = '1')";

fn orders(client: &mut Client) {
    client.run(ORDERS).unwrap();
    client
        .run(
            "INSERT INTO orders (id, day, name, amount) VALUES (1, '2024-01-01', 'a', 10.5), (2, '2024-01-02', 'b', 20), \
             (3, '2024-01-02', NULL, -1.25), (4, NULL, 'd', NULL)",
        )
        .unwrap();
}

#[test]
fn a_password_is_asked_for() {
    let server = Server::start(Settings { password: "p@ss".into(), ..Settings::default() });
    assert!(Client::connect(server.port, "root", "p@ss", "").is_ok());
    assert!(Client::connect(server.port, "root", "", "").is_err());
    assert!(Client::connect(server.port, "root", "pass", "").is_err());
    assert!(Client::connect(server.port, "admin", "p@ss", "").is_err());
}

#[test]
fn an_unknown_database_is_refused() {
    let server = server();
    assert_eq!(Client::connect(server.port, "root", "", "nowhere").err().unwrap().code, 1049);
    let mut client = Client::connect(server.port, "root", "", "").unwrap();
    assert_eq!(client.run("USE nowhere").unwrap_err().code, 1049);
    assert_eq!(client.run("SELECT * FROM t").unwrap_err().code, 1046);
}

#[test]
fn select_filters_groups_orders_and_cuts() {
    let server = server();
    let mut client = server.client();
    orders(&mut client);
    let mut query = |text: &str| table(&mut client, text);
    assert_eq!(
        query("SELECT * FROM orders ORDER BY id"),
        "1|2024-01-01|a|10.50|0\n2|2024-01-02|b|20.00|0\n3|2024-01-02|NULL|-1.25|0\n4|NULL|d|NULL|0"
    );
    assert_eq!(
        query(
            "SELECT day, count(*) n, sum(amount), min(name), avg(amount) FROM orders GROUP BY day ORDER BY n DESC, 1"
        ),
        "2024-01-02|2|18.75|b|9.375000\nNULL|1|NULL|d|NULL\n2024-01-01|1|10.50|a|10.500000"
    );
    assert_eq!(
        query(
            "SELECT count(*), count(amount), count(DISTINCT day), group_concat(name ORDER BY name DESC SEPARATOR '+') FROM orders"
        ),
        "4|3|2|d+b+a"
    );
    assert_eq!(
        query(
            "SELECT id FROM orders WHERE name IN ('a', 'd') AND NOT amount IS NULL OR id BETWEEN 3 AND 3 ORDER BY id"
        ),
        "1\n3"
    );
    assert_eq!(query("SELECT id FROM orders WHERE name LIKE '_' AND day >= '2024-01-02'"), "2");
    assert_eq!(query("SELECT id + 1 AS next FROM orders ORDER BY next DESC LIMIT 1, 2"), "4\n3");
    assert_eq!(query("SELECT id FROM orders ORDER BY id LIMIT 2 OFFSET 3"), "4");
    assert_eq!(
        query(
            "SELECT CASE WHEN amount < 0 THEN 'minus' WHEN amount IS NULL THEN '?' ELSE 'plus' END k, count(1) FROM orders GROUP BY k ORDER BY k"
        ),
        "?|1\nminus|1\nplus|2"
    );
    assert_eq!(query("SELECT day FROM orders GROUP BY day HAVING count(*) > 1"), "2024-01-02");
    assert_eq!(query("SELECT max(n) FROM (SELECT day, count(*) n FROM orders GROUP BY day) t"), "2");
    assert_eq!(query("SELECT o.id FROM orders o JOIN (SELECT 2 AS id UNION ALL SELECT 9) x ON o.id = x.id"), "2");
    assert_eq!(query("SELECT id FROM orders WHERE id = (SELECT max(id) FROM orders)"), "4");
    assert_eq!(query("SELECT count(*), sum(id) FROM orders WHERE id > 100"), "0|NULL");
    assert_eq!(query("SELECT DISTINCT day IS NULL FROM orders ORDER BY 1"), "0\n1");
}

#[test]
fn functions_give_what_doris_gives() {
    let server = server();
    let mut client = server.client();
    for (expression, expected) in [
        ("md5('a')", "0cc175b9c0f1b6a831c399e269772661"),
        ("conv(substring(md5(concat_ws('|', 1, NULL, 'x')), 1, 8), 16, 10)", "3919819218"),
        ("1 / 4", "0.25"),
        ("7 DIV 2", "3"),
        ("-7 % 3", "-1"),
        ("1.5 + 1", "2.5"),
        ("'3' + 4", "7"),
        ("NULL + 1", "NULL"),
        ("1 = 1 AND NULL", "NULL"),
        ("0 AND NULL", "0"),
        ("NULL <=> NULL", "1"),
        ("coalesce(NULL, 2, 3)", "2"),
        ("ifnull(NULL, 'x')", "x"),
        ("nullif(1, 1)", "NULL"),
        ("if(1 > 2, 'a', 'b')", "b"),
        ("length('é')", "2"),
        ("char_length('é')", "1"),
        ("left('abc', 2)", "ab"),
        ("right('abc', 2)", "bc"),
        ("concat('a', NULL)", "NULL"),
        ("hex('az')", "617A"),
        ("unhex('617A')", "az"),
        ("bitxor(6, 3)", "5"),
        ("round(2.345, 2)", "2.35"),
        ("floor(-1.5)", "-2"),
        ("ceil(1.2)", "2"),
        ("abs(-3)", "3"),
        ("mod(10, 4)", "2"),
        ("cast('2024-4-2' AS DATE)", "2024-04-02"),
        ("cast('abc' AS INT)", "NULL"),
        ("cast('12' AS BIGINT) + 1", "13"),
        ("cast(1.005 AS DECIMAL(10, 2))", "1.01"),
        ("cast('abc' AS VARCHAR(2))", "ab"),
        ("date_format('2024-01-31 10:20:30', '%Y%m%d %H:%i:%s')", "20240131 10:20:30"),
        ("date_add('2024-01-31', INTERVAL 1 MONTH)", "2024-02-29"),
        ("unix_timestamp('1970-01-02')", "86400"),
        ("from_unixtime(0)", "1970-01-01 00:00:00"),
        ("trim('  a ')", "a"),
        ("upper('aé')", "AÉ"),
        ("database()", "d"),
        ("version()", "5.7.99"),
        ("@@autocommit", "1"),
    ] {
        assert_eq!(table(&mut client, &format!("SELECT {expression}")), expected, "{expression}");
    }
    assert_eq!(refused(&mut client, "SELECT nosuch(1)"), "Can not found function 'nosuch' which has 1 arity");
    assert_eq!(refused(&mut client, "SELECT nosuch"), "Unknown column 'nosuch' in 'table list'");
}

#[test]
fn a_checksum_over_a_key_range() {
    let server = server();
    let mut client = server.client();
    orders(&mut client);
    let checksum = "SELECT count(*), sum(cast(conv(substr(md5(concat_ws('#', id, ifnull(day, 'N'), ifnull(name, 'N'))), 1, 8), 16, 10) AS BIGINT)) \
         FROM orders WHERE id >= 1 AND id < 3";
    let single = |client: &mut Client, text: &str| -> i128 {
        let query = format!("SELECT conv(substr(md5('{text}'), 1, 8), 16, 10)");
        table(client, &query).parse().unwrap()
    };
    let expected = single(&mut client, "1#2024-01-01#a") + single(&mut client, "2#2024-01-02#b");
    assert_eq!(table(&mut client, checksum), format!("2|{expected}"));
}

#[test]
fn update_and_delete() {
    let server = server();
    let mut client = server.client();
    orders(&mut client);
    assert_eq!(
        client.run("UPDATE orders SET amount = amount + 1, name = concat(name, '!') WHERE id <= 2").unwrap().affected,
        2
    );
    assert_eq!(client.run("DELETE FROM orders WHERE id IN (3, 9)").unwrap().affected, 1);
    assert_eq!(
        table(&mut client, "SELECT id, name, amount FROM orders ORDER BY id"),
        "1|a!|11.50\n2|b!|21.00\n4|d|NULL"
    );
    assert_eq!(refused(&mut client, "UPDATE orders SET id = 1"), "Only value columns of unique table could be updated");
    client.run("CREATE TABLE log (k INT, v INT) DUPLICATE KEY(k) DISTRIBUTED BY RANDOM BUCKETS AUTO").unwrap();
    client.run("INSERT INTO log VALUES (1, 1), (1, 1), (2, 2)").unwrap();
    assert_eq!(refused(&mut client, "UPDATE log SET v = 1"), "Only unique table could be updated.");
    assert_eq!(client.run("DELETE FROM log WHERE k = 1").unwrap().affected, 2);
    assert_eq!(table(&mut client, "SELECT * FROM log"), "2|2");
    client.run("TRUNCATE TABLE log").unwrap();
    assert_eq!(table(&mut client, "SELECT count(*) FROM log"), "0");
}

#[test]
fn insert_is_strict() {
    let server = server();
    let mut client = server.client();
    client.run(ORDERS).unwrap();
    let refusal = refused(&mut client, "INSERT INTO orders (id, day) VALUES (1, 'x')");
    assert!(refusal.starts_with("Insert has filtered data in strict mode"), "{refusal}");
    assert!(
        refused(&mut client, "INSERT INTO orders (id) VALUES (NULL)")
            .contains("values is null while columns is not nullable")
    );
    assert!(refused(&mut client, "INSERT INTO orders (day) VALUES (NULL)").contains("no default value"));
    assert!(refused(&mut client, "INSERT INTO orders (id, nosuch) VALUES (1, 2)").contains("Unknown column 'nosuch'"));
    assert!(refused(&mut client, "INSERT INTO orders (id) VALUES (1, 2)").contains("Column count"));
    let answer = client.run("INSERT INTO orders (id) WITH LABEL x VALUES (1)");
    assert!(answer.is_err(), "a label comes before the columns");
    let answer = client.run("INSERT INTO orders WITH LABEL mine (id) VALUES (1)").unwrap();
    assert!(answer.info.contains("'label':'mine', 'status':'VISIBLE'"), "{}", answer.info);
    assert!(
        refused(&mut client, "INSERT INTO orders WITH LABEL mine (id) VALUES (2)")
            .contains("Label [mine] has already been used")
    );
    assert_eq!(table(&mut client, "SELECT * FROM orders"), "1|NULL|none|NULL|0");
    client.run("INSERT INTO orders SELECT id + 1, '2024-01-01', 'copy', 2, true FROM orders").unwrap();
    assert_eq!(table(&mut client, "SELECT * FROM orders WHERE id = 2"), "2|2024-01-01|copy|2.00|1");
}

#[test]
fn several_statements_and_prepared_ones() {
    let server = server();
    let mut client = server.client();
    orders(&mut client);
    let answers = client.run_all("SELECT 1; INSERT INTO orders (id) VALUES (9); SELECT count(*) FROM orders;").unwrap();
    assert_eq!(answers.len(), 3);
    assert_eq!(answers[1].affected, 1);
    assert_eq!(answers[2].rows, [[Some("5".to_owned())]]);
    let found = client.execute("SELECT id, ? FROM orders WHERE name = ?", &[None, Some("b")]).unwrap();
    assert_eq!(found.rows, [[Some("2".to_owned()), None]]);
    client.execute("INSERT INTO orders (id, name) VALUES (?, ?)", &[Some("10"), Some("it's")]).unwrap();
    assert_eq!(table(&mut client, "SELECT name FROM orders WHERE id = 10"), "it's");
}

#[test]
fn columns_have_types() {
    let server = server();
    let mut client = server.client();
    client
        .run("CREATE TABLE t (a INT, b LARGEINT, c DATETIME(3), d ARRAY<INT>, e BOOLEAN) DUPLICATE KEY(a) DISTRIBUTED BY HASH(a) BUCKETS 1")
        .unwrap();
    // LONG, VAR_STRING, DATETIME, VAR_STRING, TINY
    assert_eq!(client.run("SELECT * FROM t").unwrap().types, [3, 253, 12, 253, 1]);
}

#[test]
fn information_schema_and_show() {
    let server = server();
    let mut client = server.client();
    orders(&mut client);
    assert_eq!(table(&mut client, "SHOW DATABASES LIKE 'd'"), "d");
    assert_eq!(table(&mut client, "SHOW TABLES"), "orders");
    assert_eq!(
        table(&mut client, "SELECT SCHEMA_NAME FROM information_schema.SCHEMATA ORDER BY 1"),
        "d\ninformation_schema"
    );
    assert_eq!(
        table(&mut client, "SELECT TABLE_NAME, TABLE_ROWS FROM information_schema.`TABLES` WHERE TABLE_SCHEMA = 'd'"),
        "orders|4"
    );
    assert_eq!(
        table(
            &mut client,
            "SELECT COLUMN_NAME, DATA_TYPE, COLUMN_TYPE, NUMERIC_PRECISION, IS_NULLABLE, COLUMN_KEY FROM information_schema.COLUMNS \
             WHERE TABLE_SCHEMA = 'd' AND TABLE_NAME = 'orders' ORDER BY ORDINAL_POSITION"
        ),
        "id|bigint|bigint|19|NO|UNI\nday|date|date|NULL|YES|\nname|varchar|varchar(20)|NULL|YES|\n\
         amount|decimal|decimal(10,2)|10|YES|\npaid|tinyint|tinyint(1)|0|YES|"
    );
    assert_eq!(
        table(&mut client, "DESC orders"),
        "id|bigint|No|true|NULL|\nday|date|Yes|false|NULL|NONE\nname|varchar(20)|Yes|false|none|NONE\n\
         amount|decimal(10,2)|Yes|false|NULL|NONE\npaid|boolean|Yes|false|0|NONE"
    );
    assert_eq!(
        client.rows("SHOW FULL COLUMNS FROM orders").unwrap()[2],
        ["name", "varchar(20)", "", "YES", "NO", "none", "", "", ""].map(|text| Some(text.to_owned()))
    );
    assert_eq!(table(&mut client, "SHOW VARIABLES LIKE 'lower_case_table_names'"), "lower_case_table_names|0|0|0");
}

#[test]
fn show_create_table_makes_the_table_again() {
    let server = server();
    let mut client = server.client();
    client
        .run(
            "CREATE TABLE t (k INT NOT NULL COMMENT 'it\\'s', p DATE NOT NULL, v VARCHAR(5) NULL DEFAULT \"a\\\"b\", \
             s DATETIME(3) DEFAULT CURRENT_TIMESTAMP(3)) UNIQUE KEY(k, p) COMMENT 'c' PARTITION BY RANGE(p) \
             (PARTITION a VALUES LESS THAN ('2024-01-01'), PARTITION b VALUES [('2024-01-01'), ('2025-01-01'))) \
             DISTRIBUTED BY HASH(k) BUCKETS 3 PROPERTIES ('function_column.sequence_col' = 's')",
        )
        .unwrap();
    let first = client.rows("SHOW CREATE TABLE t").unwrap()[0][1].clone().unwrap();
    assert_eq!(
        first,
        "CREATE TABLE `t` (\n  `k` int NOT NULL COMMENT 'it\\'s',\n  `p` date NOT NULL,\n  `v` varchar(5) NULL DEFAULT \"a\\\"b\",\n  \
         `s` datetime(3) NULL DEFAULT CURRENT_TIMESTAMP(3)\n) ENGINE=OLAP\nUNIQUE KEY(`k`, `p`)\nCOMMENT 'c'\nPARTITION BY RANGE(`p`)\n\
         (PARTITION a VALUES [('0000-01-01'), ('2024-01-01')),\nPARTITION b VALUES [('2024-01-01'), ('2025-01-01')))\n\
         DISTRIBUTED BY HASH(`k`) BUCKETS 3\nPROPERTIES (\n\"replication_allocation\" = \"tag.location.default: 1\",\n\
         \"enable_unique_key_merge_on_write\" = \"true\",\n\"light_schema_change\" = \"true\",\n\
         \"function_column.sequence_col\" = \"s\"\n);"
    );
    client.run("DROP TABLE t").unwrap();
    client.run(&first).unwrap();
    let refusal = refused(&mut client, "INSERT INTO t (k, p, s) VALUES (1, '2030-01-01', '2024-01-01')");
    assert!(refusal.contains("no partition for this tuple"), "{refusal}");
}

#[test]
fn create_table_refuses_what_doris_refuses() {
    let server = server();
    let mut client = server.client();
    for (columns, rest, text) in [
        ("k FLOAT, v INT", "DUPLICATE KEY(k)", "Float or double can not used as a key, use decimal instead."),
        ("k STRING, v INT", "UNIQUE KEY(k)", "String Type should not be used in key column[k]."),
        ("v INT, k INT", "UNIQUE KEY(k)", "Key columns should be a ordered prefix of the schema."),
        ("k INT, v INT", "UNIQUE KEY(x)", "Key column[x] doesn't exist."),
        ("k INT, K INT", "UNIQUE KEY(k)", "Duplicate column name 'K'"),
        (
            "k INT, v INT SUM",
            "UNIQUE KEY(k)",
            "Can not assign aggregation method on column in Unique data model table: v",
        ),
        ("k INT, v INT", "AGGREGATE KEY(k)", "v should set aggregation type to non-key column when in aggregate key"),
        ("k INT, v VARCHAR(65534)", "UNIQUE KEY(k)", "Varchar size must be <= 65533: 65534"),
        ("k INT, v CHAR(256)", "UNIQUE KEY(k)", "Char size must be <= 255: 256"),
        ("k INT, v DECIMAL(39, 1)", "UNIQUE KEY(k)", "Precision of decimal must between 1 and 38, but was: 39"),
        ("k INT, v DATETIME(7)", "UNIQUE KEY(k)", "Scale of Datetime/Time must between 0 and 6. Scale was set to: 7"),
        (
            "k INT, v INT NOT NULL DEFAULT NULL",
            "UNIQUE KEY(k)",
            "Can not set null default value to non nullable column: v",
        ),
        ("k INT, v INT DEFAULT 'x'", "UNIQUE KEY(k)", "Invalid default value: x, column: v, type: int"),
        ("k INT, v JSON DEFAULT '{}'", "UNIQUE KEY(k)", "JSON type column default value just support null"),
        ("k INT, v MAP<INT, INT> DEFAULT '{}'", "UNIQUE KEY(k)", "MAP type column default value just support null"),
        (
            "k INT, v ARRAY<INT> DEFAULT '[1]'",
            "UNIQUE KEY(k)",
            "Array type column default value only support null or '[]'",
        ),
        (
            "k INT, __DORIS_x INT",
            "UNIQUE KEY(k)",
            "Incorrect column name '__DORIS_x', column name can't start with '__DORIS_'",
        ),
    ] {
        let statement = format!("CREATE TABLE t ({columns}) {rest} DISTRIBUTED BY HASH(k) BUCKETS 1");
        assert_eq!(refused(&mut client, &statement), text, "{statement}");
    }
    for (statement, text) in [
        (
            "CREATE TABLE t (k INT, v INT) UNIQUE KEY(k) DISTRIBUTED BY RANDOM BUCKETS 1",
            "Create unique keys table should not contain random distribution desc",
        ),
        (
            "CREATE TABLE t (k INT, v INT) UNIQUE KEY(k) DISTRIBUTED BY HASH(v) BUCKETS 1",
            "Distribution column[v] is not key column",
        ),
        (
            "CREATE TABLE t (k INT, v INT) DUPLICATE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1 PROPERTIES ('function_column.sequence_type' = 'int')",
            "sequence column only support UNIQUE_KEYS",
        ),
    ] {
        assert_eq!(refused(&mut client, statement), text, "{statement}");
    }
    assert!(refused(&mut client, "CREATE TABLE t (k INT PRIMARY KEY)").contains("expected ')', found PRIMARY"));
    assert!(refused(&mut client, "CREATE TABLE t (k INT, UNIQUE KEY(k))").contains("Syntax error"));
    assert_eq!(table(&mut client, "SHOW TABLES"), "");
}

#[test]
fn light_changes_are_done_at_once() {
    let server = server();
    let mut client = server.client();
    orders(&mut client);
    client.run("ALTER TABLE orders ADD COLUMN note STRING NULL DEFAULT 'n' COMMENT 'c' AFTER day").unwrap();
    client.run("ALTER TABLE orders DROP COLUMN paid").unwrap();
    client.run("ALTER TABLE orders RENAME COLUMN name title").unwrap();
    client.run("ALTER TABLE orders ADD COLUMN (x INT DEFAULT '7', y INT)").unwrap();
    client.run("ALTER TABLE orders MODIFY COMMENT 'all orders'").unwrap();
    client.run("ALTER TABLE orders MODIFY COLUMN title COMMENT 'the title'").unwrap();
    client.run("ALTER TABLE orders RENAME sales").unwrap();
    assert_eq!(table(&mut client, "SELECT * FROM sales WHERE id = 1"), "1|2024-01-01|n|a|10.50|7|NULL");
    assert_eq!(table(&mut client, "SHOW ALTER TABLE COLUMN"), "");
    assert_eq!(
        table(&mut client, "SELECT TABLE_COMMENT FROM information_schema.tables WHERE TABLE_SCHEMA = 'd'"),
        "all orders"
    );
}

#[test]
fn a_heavy_change_takes_its_time_and_blocks_the_next() {
    let server = Server::start(Settings { alter_running_ms: 60_000, ..Settings::default() });
    let mut client = server.client();
    orders(&mut client);
    client.run("ALTER TABLE orders MODIFY COLUMN name VARCHAR(40) DEFAULT 'none'").unwrap();
    let state = "SHOW ALTER TABLE COLUMN FROM d WHERE TableName = 'orders' ORDER BY CreateTime DESC LIMIT 1";
    let job = client.run(state).unwrap();
    assert_eq!(
        job.columns.join(" "),
        "JobId TableName CreateTime FinishTime IndexName IndexId OriginIndexId SchemaVersion TransactionId State Msg Progress Timeout"
    );
    assert_eq!(job.rows[0][9].as_deref(), Some("RUNNING"));
    assert_eq!(
        refused(&mut client, "ALTER TABLE orders ADD COLUMN z INT"),
        "Table[orders]'s state(SCHEMA_CHANGE) is not NORMAL. Do not allow doing ALTER ops"
    );
    server.cluster.clock.advance(60_000);
    assert_eq!(client.rows(state).unwrap()[0][9].as_deref(), Some("FINISHED"));
    client.run("ALTER TABLE orders ADD COLUMN z INT").unwrap();
    assert!(table(&mut client, "DESC orders").contains("name|varchar(40)|"));
}

#[test]
fn a_heavy_change_waits_for_open_transactions_and_can_be_held() {
    let server = Server::start(Settings { alter_running_ms: 0, ..Settings::default() });
    let mut client = server.client();
    orders(&mut client);
    let begin = Begin { database: "d", table: "orders", label: "open", source: Source::StreamLoad, timeout_s: None };
    let txn = server.cluster.store().begin(&begin).unwrap();
    client.run("ALTER TABLE orders MODIFY COLUMN name VARCHAR(40) DEFAULT 'none'").unwrap();
    let mut state = || table(&mut client, "SHOW ALTER TABLE COLUMN").split('|').nth(9).unwrap().to_owned();
    assert_eq!(state(), "WAITING_TXN");
    server.cluster.store().hold_alters(true);
    server.cluster.store().abort("d", &TxnName::Id(txn), "test").unwrap();
    assert_eq!(state(), "RUNNING");
    server.cluster.store().hold_alters(false);
    assert_eq!(state(), "FINISHED");
}

#[test]
fn a_change_of_type_is_seen_in_the_rows() {
    let server = Server::start(Settings { alter_running_ms: 0, ..Settings::default() });
    let mut client = server.client();
    client.run("CREATE TABLE t (k INT, a INT, b VARCHAR(9)) UNIQUE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1").unwrap();
    client.run("INSERT INTO t VALUES (1, 5, '12'), (2, NULL, 'x')").unwrap();
    client.run("ALTER TABLE t MODIFY COLUMN a STRING, MODIFY COLUMN b INT").unwrap();
    assert_eq!(table(&mut client, "SELECT * FROM t ORDER BY k"), "1|5|12\n2|NULL|NULL");
    client.run("ALTER TABLE t ORDER BY (k, b, a)").unwrap();
    assert_eq!(table(&mut client, "SELECT * FROM t WHERE k = 1"), "1|12|5");
}

#[test]
fn alter_refuses_what_doris_refuses() {
    let server = server();
    let mut client = server.client();
    client
        .run(
            "CREATE TABLE t (k INT, p DATE NOT NULL, i INT, b BOOLEAN, s STRING, v VARCHAR(9) DEFAULT 'x', d DATETIME, n DECIMAL(9, 2)) \
             UNIQUE KEY(k, p) PARTITION BY RANGE(p) (PARTITION a VALUES LESS THAN MAXVALUE) DISTRIBUTED BY HASH(k) BUCKETS 1",
        )
        .unwrap();
    for (clause, text) in [
        ("DROP COLUMN k", "Can not drop key column in Unique data model table"),
        ("DROP COLUMN c", "Column does not exists: c"),
        ("ADD COLUMN I BIGINT", "Can not add column which already exists in base table: I"),
        ("ADD COLUMN c INT SUM", "Can not assign aggregation method on column in Unique data model table: c"),
        ("MODIFY COLUMN d STRING", "Can not change DATETIME to STRING"),
        ("MODIFY COLUMN b INT", "Can not change BOOLEAN to INT"),
        ("MODIFY COLUMN i SMALLINT", "Can not change INT to SMALLINT"),
        ("MODIFY COLUMN s VARCHAR(10)", "Can not change STRING to VARCHAR"),
        ("MODIFY COLUMN n DECIMAL(8, 2)", "Can not change DECIMAL to DECIMAL"),
        ("MODIFY COLUMN v VARCHAR(8) DEFAULT 'x'", "Cannot shorten string length"),
        ("MODIFY COLUMN v VARCHAR(20)", "Can not change default value"),
        ("MODIFY COLUMN i BIGINT NOT NULL", "Can not change from nullable to non-nullable"),
        ("MODIFY COLUMN i INT", "Nothing is changed. please check your alter stmt."),
        ("RENAME COLUMN p q", "Renaming partition columns has problems, forbidden in current Doris version"),
        ("RENAME COLUMN i s", "Column name[s] is already used"),
        ("RENAME COLUMN x y", "Column[x] does not exists"),
        ("ORDER BY (k, p)", "Reorder stmt should contains all columns"),
    ] {
        assert_eq!(refused(&mut client, &format!("ALTER TABLE t {clause}")), text, "{clause}");
    }
    client
        .run("CREATE TABLE old (k INT, v INT) UNIQUE KEY(k) DISTRIBUTED BY HASH(k) BUCKETS 1 PROPERTIES ('light_schema_change' = 'false')")
        .unwrap();
    assert_eq!(
        refused(&mut client, "ALTER TABLE old RENAME COLUMN v w"),
        "not implemented for table without column unique id, which are created with property 'light_schema_change'."
    );
}

#[test]
fn partitions_are_added_truncated_and_dropped() {
    let server = server();
    let mut client = server.client();
    client
        .run("CREATE TABLE t (k INT, v INT) DUPLICATE KEY(k) PARTITION BY RANGE(k) (PARTITION a VALUES LESS THAN ('10')) DISTRIBUTED BY HASH(k) BUCKETS 1")
        .unwrap();
    client.run("ALTER TABLE t ADD PARTITION b VALUES LESS THAN ('20')").unwrap();
    client.run("INSERT INTO t VALUES (1, 1), (9, 9), (10, 10), (NULL, 0)").unwrap();
    client.run("TRUNCATE TABLE t PARTITION (b)").unwrap();
    assert_eq!(table(&mut client, "SELECT k FROM t ORDER BY k"), "NULL\n1\n9");
    client.run("ALTER TABLE t DROP PARTITION a").unwrap();
    assert_eq!(table(&mut client, "SELECT count(*) FROM t"), "0");
    assert_eq!(table(&mut client, "SHOW PARTITIONS FROM t").lines().count(), 1);
}
