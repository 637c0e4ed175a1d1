"""A real Canal server reads a real database and writes both of its forms to a real Kafka; Flink reads both topics, to equal rows.

Usage: canal.py <jar> [--flink 1.20|2.x] [--java HOME]. One database after the other: MariaDB, Debian's mariadb-server-core (`./dev test-live` installs it), and
the MySQL 8.0 of Maven Central, or of $MYSQL_HOME. Canal and its Kafka connector 1.1.7 are from Maven Central, too. The last line is `N passed, N failed`.
"""

import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "dev.d"))

import changelog  # noqa: E402
import run  # noqa: E402
from databases import CANAL_USER, DATABASES, MariaDb  # noqa: E402
from parts import REPO, Failure, Parts, gradle, java, run_logged, say, state_dir  # noqa: E402
from quickstart import run_dir  # noqa: E402
from servers import Flink, Kafka, Process  # noqa: E402

CANAL = "1.1.7"
COLUMNS = """id BIGINT, name STRING, amount DECIMAL(20, 4), ratio DOUBLE, flag BOOLEAN, `day` DATE, `at` TIMESTAMP(6), photo BYTES, note STRING, big DECIMAL(20, 0)"""
METADATA = """, db STRING METADATA FROM 'value.database' VIRTUAL, tab STRING METADATA FROM 'value.table' VIRTUAL,
  types MAP<STRING, INT> METADATA FROM 'value.sql-type' VIRTUAL, pk ARRAY<STRING> METADATA FROM 'value.pk-names' VIRTUAL,
  happened TIMESTAMP_LTZ(3) METADATA FROM 'value.event-timestamp' VIRTUAL, kind STRING METADATA FROM 'value.type' VIRTUAL"""
#: Statements, in the order in which they run. The last one writes the row that says that all is there.
WORKLOAD = [
    "CREATE DATABASE shop CHARACTER SET utf8mb4",
    """CREATE TABLE shop.orders (id BIGINT PRIMARY KEY, name VARCHAR(100), amount DECIMAL(20, 4), ratio DOUBLE, flag TINYINT(1), day DATE, at DATETIME(6),
       photo VARBINARY(40), note TEXT, big BIGINT UNSIGNED)""",
    "CREATE TABLE shop.others (id INT PRIMARY KEY, name VARCHAR(100))",
    """INSERT INTO shop.orders VALUES (1, 'scooter', 12.5, 0.1, 1, '2020-01-31', '2020-01-31 10:11:12.123456', x'00ff80', 'plain', 18446744073709551615),
       (2, '中文 "quoted" \\\\ 😀', -0.0001, 1e100, 0, NULL, NULL, NULL, 'line\nbreak\ttab', 0), (3, '', NULL, NULL, NULL, NULL, NULL, x'', '', NULL)""",
    "INSERT INTO shop.others VALUES (1, 'not asked for')",
    "UPDATE shop.orders SET amount = amount + 1, note = CONCAT(note, '!') WHERE id IN (1, 2)",
    "UPDATE shop.orders SET name = NULL, flag = 1 WHERE id = 3",
    "UPDATE shop.orders SET id = 4 WHERE id = 3",
    "DELETE FROM shop.orders WHERE id = 2",
    "UPDATE shop.others SET name = 'changed'",
    """INSERT INTO shop.orders (id, name)
       WITH RECURSIVE n AS (SELECT 100 AS i UNION ALL SELECT i + 1 FROM n WHERE i < 400) SELECT i, CONCAT('row ', i) FROM n""",
    "UPDATE shop.orders SET ratio = id / 7 WHERE id > 100",
    "DELETE FROM shop.orders WHERE id > 350",
    "ALTER TABLE shop.others ADD COLUMN more INT",
    "INSERT INTO shop.others VALUES (2, 'the-last-row', 1)",
]
LAST = "the-last-row"


def canal_libs() -> Path:
    """Canal's jars and our program that starts it."""
    libs = state_dir() / f"canal-{CANAL}"
    say(f"fetching Canal {CANAL} from Maven, unless it is here")
    run_logged(gradle() + ["canalParts", f"-PpartsDir={state_dir()}"], state_dir() / "fetch-canal.log", "fetching Canal from Maven", cwd=REPO)
    return libs


class Live:
    """All servers, and what is asked of them."""

    def __init__(self, options, database=MariaDb):
        self.options, self.checks, self.parts = options, run.Checks(), Parts(options.flink)
        self.directory = run_dir()
        say(f"logs of this run: {self.directory}")
        self.libs = canal_libs()
        self.database, self.kafka = database(self.directory / "database"), Kafka(self.parts, self.directory / "kafka")
        self.flink = Flink(self.parts, self.directory / "flink", [options.jar], options.java)
        self.canals = []

    def canal(self, topic: str, server_id: int, flat: bool) -> None:
        """Starts a Canal server that reads the binlog from its beginning."""
        command = [java(), "-Xmx256m", "-XX:+UseSerialGC", f"-Djava.io.tmpdir={self.directory}", "-cp", f"{self.libs}/*", "io.canalnative.canal.CanalServer",
                   str(self.database.port), "canal", "canal", "binlog.000001", str(server_id), self.kafka.bootstrap, topic, str(flat).lower()]
        process = Process(f"Canal ({topic})", command, self.directory / f"canal-{topic}.log", cwd=self.directory)
        self.canals.append(process)
        process.wait_for(lambda: "running" in process.log.read_text(errors="replace").splitlines(), "running")

    def wait_for_all(self, topic: str, process: Process) -> None:
        """Returns when the workload's last row is in the topic."""
        process.wait_for(lambda: LAST in self.kafka.text(topic), f"through with the workload, as the topic {topic} shows it")

    def select(self, name: str, topic: str, form: str, metadata: str):
        """The changelog that Flink makes of a topic."""
        script = f"""SET 'sql-client.execution.result-mode' = 'tableau';
SET 'table.local-time-zone' = 'UTC';
SET 'sql-client.display.max-column-width' = '200';
SET 'pipeline.name' = '{name}';
CREATE TABLE t ({COLUMNS}{metadata}) WITH ('connector' = 'kafka', 'topic' = '{topic}', 'properties.bootstrap.servers' = '{self.kafka.bootstrap}',
  'scan.startup.mode' = 'earliest-offset', 'scan.bounded.mode' = 'latest-offset', 'format' = '{form}', '{form}.database.include' = 'shop',
  '{form}.table.include' = 'orders');
SELECT {', '.join(self.expressions(metadata))} FROM t;
"""
        output = self.flink.sql(script, name)
        results = changelog.read(output)
        if changelog.error(output) or len(results) != 1:
            raise Failure(f"{name}: {changelog.error(output) or output[-2000:]}")
        return results[0]

    @staticmethod
    def expressions(metadata: str):
        """What is selected: every column as something that prints on one line."""
        columns = ["id", "name", "amount", "ratio", "flag", "`day`", "`at`", "photo", "TO_BASE64(note) AS note", "big"]
        return columns + (["db", "tab", "CAST(types AS STRING) AS types", "CAST(pk AS STRING) AS pk", "happened", "kind"] if metadata else [])

    def compare(self, metadata: str, what: str) -> None:
        """Both topics must give one changelog."""
        flat = self.select(f"flat{what}", "canal_flat", "canal-json", metadata)
        packets = self.select(f"packets{what}", "canal_packets", "canal-protobuf", metadata)
        self.checks.equal(f"canal-protobuf{what} gives the rows that canal-json gives", flat.text(), packets.text())
        self.checks.check(f"packets{what}: there are rows", len(packets.rows) > 800, f"       {len(packets.rows)}")
        for name, group in ((f"flat{what}", "messages"), (f"packets{what}", "entries")):
            counts = self.flink.counts(name)
            good = counts.get(group, 0) > 0 and counts.get("delegated") == 0 and counts.get("parseErrors") == 0
            self.checks.check(f"{name}: decoded natively, all of it", good, f"       {counts}")
        if not metadata:
            left = sorted(int(row[0]) for row in packets.view())
            there = [row[0] for row in self.database.run(["SELECT id FROM shop.orders ORDER BY id"])]
            self.checks.equal("what the changelog leaves is what the database has", str(there), str(left))

    def live(self) -> bool:
        """Everything; true when every check passed."""
        began = time.monotonic()
        try:
            self.flink.start()
            self.kafka.start()
            self.database.start()
            self.database.run(CANAL_USER)
            self.kafka.wait()
            self.kafka.produce("canal_flat", "canal_packets")
            self.canal("canal_flat", 71, True)
            self.canal("canal_packets", 72, False)
            self.database.run(WORKLOAD)
            say(f"{time.monotonic() - began:.0f} s: the workload is in the database")
            for topic, process in zip(("canal_flat", "canal_packets"), self.canals):
                self.wait_for_all(topic, process)
            self.flink.wait()
            say(f"{time.monotonic() - began:.0f} s: both topics have it, and a {self.flink.name()} is up")
            self.compare("", "")
            self.compare(METADATA, "-with-metadata")
        except Failure as failure:
            self.checks.check("canal", False, f"       {failure}")
        finally:
            for server in [*self.canals, self.flink, self.kafka, self.database]:
                server.stop()
        say(f"{self.database.name}: {time.monotonic() - began:.0f} s; logs: {self.directory}")
        return self.checks.failed == 0 and self.checks.passed > 0


def main(options) -> bool:
    """With each database; true when every check passed."""
    passed = failed = 0
    for database in DATABASES.values():
        live = Live(options, database)
        say(f"source: {live.database.name}")
        live.live()
        passed, failed = passed + live.checks.passed, failed + live.checks.failed
    print(f"{passed} passed, {failed} failed", flush=True)
    return failed == 0 and passed > 0


if __name__ == "__main__":
    run.run(main, run.arguments(__doc__.split("\n\n", maxsplit=1)[0]).parse_args())
