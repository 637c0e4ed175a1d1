"""`bin/canal-native run` on databases themselves: after a captured workload's SQL has run on a real server, all its tables are moved, cell by cell.

Usage: whole_mysql.py <jar> [--flink 1.20|2.x] [--java HOME] [--seed N]. The servers are those of workload.py: MariaDB, and MySQL 8.0. At
several parallelisms; killed and stopped after random numbers of loads; run once more after changes; and a table of a million rows. The last line is `N passed, N failed`.
"""

import gzip
import random
import signal
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "dev.d"))

import doris  # noqa: E402
import final_tables  # noqa: E402
import run  # noqa: E402
from databases import DATABASES  # noqa: E402
from embedded import Job, call, environment  # noqa: E402
from parts import REPO, Failure, Parts, java_home, say  # noqa: E402
from quickstart import run_dir  # noqa: E402
from whole_workload import SLOW_LOADS, SMALL_LOADS, arguments  # noqa: E402
from workload import DATA, dump, statements  # noqa: E402

PASSWORD = "s3cret'\"\\:/@"
JOB = """name: {name}
source:
  mysql: {{host: 127.0.0.1, port: {port}, username: reader, password-env: SOURCE_PASSWORD}}
target:
  doris: {{fenodes: "{fenodes}", username: root, password-env: DORIS_PASSWORD}}
tables:
  include: ['\\w+_dev\\..*']
  rename:
    - {{from: 'misc_dev\\.CamelCase\\.Dot-dash', to: misc_dev.CamelCase_Dot-dash}}
  types: {{json: string}}
  properties: {{replication: 1, buckets: 1}}
errors: {{message: report}}
ddl: {{drop-table: apply}}
stages: [{stages}]
fullBatchSize: {at_once}
load: {load}
flink: {{checkpoint-interval: 1s, parallelism: {parallelism}, properties: {{restart-strategy.type: none, taskmanager.memory.segment-size: 4kb}}}}
"""
MILLION = 1_000_000
MORE_ROWS = ["CREATE DATABASE many_dev", "CREATE TABLE many_dev.numbers (id BIGINT PRIMARY KEY, text VARCHAR(40) NOT NULL, amount DECIMAL(20, 4), at DATETIME(3))",
             "INSERT INTO many_dev.numbers WITH n AS (SELECT 0 AS d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 "
             "UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9), "
             "m AS (SELECT a.d + 10 * b.d + 100 * c.d + 1000 * d.d + 10000 * e.d + 100000 * f.d AS i FROM n a, n b, n c, n d, n e, n f) "
             "SELECT i * 3 + 1, CONCAT('row ', i), i / 7, '2024-01-01 00:00:00.125' + INTERVAL i SECOND FROM m"]
MINUTES = 60


class Source:
    """A server with a captured workload's tables."""

    def __init__(self, name: str, server):
        self.name, self.server, self.tables = name, server, {}

    def start(self) -> None:
        """Starts it and runs the workload's SQL."""
        say(f"starting the server of {self.name}")
        self.server.start()
        self.server.run(["SET timestamp = 1795228000"] + list(statements(gzip.decompress((DATA / f"workload-{self.name}.sql.gz").read_bytes()).decode())))
        self.reader("SELECT, REPLICATION CLIENT")
        self.look()

    def reader(self, privileges: str) -> None:
        """Makes the user that the job is."""
        quoted = PASSWORD.replace("\\", "\\\\").replace("'", "''")
        # Which is what MySQL does by itself; the test's server has older clients, too.
        plugin = "" if self.name == "mariadb" else "WITH caching_sha2_password "
        self.server.run([f"CREATE USER reader@'%' IDENTIFIED {plugin}BY '{quoted}'", f"GRANT {privileges} ON *.* TO reader@'%'"])

    def look(self) -> None:
        """Takes the tables as they are now."""
        self.tables = dump(self.server)


class Moved:
    """A job from a server into a stand-in of its own."""

    #: The job's file.
    template = JOB
    #: Rows of a range where there are to be many ranges.
    few = 10

    def __init__(self, options, checks: run.Checks, directory: Path, source: Source, release: bool = False):
        self.checks, self.directory, self.source, self.outputs = checks, directory, source, 0
        directory.mkdir()
        self.target = doris.StandIn(directory / "doris", release=release)
        self.env = environment(Parts(options.flink), options.java or java_home(), connector=False, DORIS_PASSWORD="", SOURCE_PASSWORD=PASSWORD)
        self.file = directory / f"{source.name}.yaml"

    def __enter__(self):
        self.target.start()
        self.target.wait()
        return self

    def __exit__(self, *_):
        self.target.stop()

    def write(self, parallelism: int, load: str = "{}", at_once: int = 100_000, stages: str = "schema-migration, full-data") -> None:
        """Writes the job's file."""
        self.file.write_text(self.template.format(name=self.source.name, port=self.source.server.port, fenodes=self.target.fenodes, parallelism=parallelism, load=load, at_once=at_once,
                                        stages=stages))

    def said(self, name: str, verb: str, *words: str) -> str:
        """Runs it until it ends."""
        code, text = call(self.env, verb, self.file, seconds=20 * MINUTES)
        missing = [word for word in words if word not in text]
        self.checks.check(f"{name}: it ends", code == 0 and not missing, f"       exit code {code}, lacks {missing}:\n{text[-4000:]}")
        return text

    def compare(self, name: str, way: str = "full") -> None:
        """Each cell of each table, but for what cannot be in Doris when it comes that way."""
        known, used, wrong = final_tables.exceptions(f"{way}-{self.source.name}"), set(), []
        for table, content in self.source.tables.items():
            for column, what in final_tables.of_table(self.target, table, content).items():
                if (table, column) in known:
                    used.add((table, column))
                else:
                    wrong.append(f"{table} {column}: {what}")
        wrong += [f"{table} {column} is on the list and does not differ" for table, column in known if (table, column) not in used]
        self.checks.check(f"{name}: {len(self.source.tables)} tables are the database's", len(self.source.tables) > 30 and not wrong, "       " + "\n       ".join(wrong[:20]))

    def until(self, loads: int, sign: int) -> None:
        """Runs it until the stand-in has seen so many loads more, and there is a checkpoint to go on from, and ends it by a signal."""
        self.outputs += 1
        limit = self.loads() + loads
        state = self.file.with_suffix(".state")
        job = Job(self.env, self.file, self.directory / f"{self.outputs}.out")
        try:
            job.wait_for(lambda: self.loads() >= limit and any(state.glob("*/**/_metadata")), f"after {loads} loads and at a checkpoint")
            code = job.end(sign)
        finally:
            job.stop()
        expected = 0 if sign == signal.SIGINT else -sign
        self.checks.check(f"{self.source.name}: {signal.Signals(sign).name} after {loads} loads", code == expected, f"       exit code {code}:\n{job.text()[-4000:]}")

    def loads(self) -> int:
        """Loads that the stand-in has seen."""
        return self.target.admin("/loads?counters")["counters"].get("loads", 0)


def undisturbed(moved: Moved, parallelism: int) -> None:
    """The job as it is; and planned before."""
    moved.write(parallelism)
    name = f"{moved.source.name} at parallelism {parallelism}"
    moved.said(f"{name}, planned", "plan", "CREATE TABLE IF NOT EXISTS `types_dev`.`t_int`", "nothing of this was done")
    there = {row[0] for row in moved.target.sql("SHOW DATABASES")}
    moved.checks.check(f"{name}, planned: nothing is done", not any(database.endswith("_dev") for database in there), f"       {there}")
    moved.said(name, "run", "begins anew", "refused (shop_dev.no_pk): ", "read (types_dev.t_int): all of its ", " rows read, ", "the input has ended: ")
    moved.compare(name)


def refused(moved: Moved) -> None:
    """The example is one; what is said of a user that may not come in, and no word of the password."""
    code, text = call(moved.env, "check-file", REPO / "examples" / "mysql-to-doris.yaml")
    moved.checks.check("the example has no mistake", code == 0 and "has no mistake" in text, f"       exit code {code}: {text}")
    code, text = call(dict(moved.env, SOURCE_PASSWORD=PASSWORD[::-1]), "run", moved.file, seconds=5 * MINUTES)
    good = code == 1 and f"127.0.0.1:{moved.source.server.port}" in text and "does not let reader in" in text
    moved.checks.check(f"{moved.source.name}: a password that is none", good, f"       exit code {code}:\n{text[-2000:]}")
    written = text + moved.file.with_suffix(".log").read_text(errors="replace")
    moved.checks.check(f"{moved.source.name}: no log has the password", PASSWORD not in written and PASSWORD[::-1] not in written, "")


def changed(moved: Moved) -> None:
    """Rows change, and tables; another run makes Doris so."""
    statement = ["UPDATE types_dev.t_int SET c_int = 77", "ALTER TABLE types_dev.t_int ADD COLUMN more_of_it VARCHAR(10) NOT NULL DEFAULT 'more'"]
    moved.source.server.run(statement)
    moved.source.look()
    moved.said(f"{moved.source.name}, once more", "run", "begins anew", "the input has ended: ")
    moved.compare(f"{moved.source.name}, once more")


def disturbed(moved: Moved, seed: int) -> None:
    """The job, killed and stopped and started again at other parallelisms."""
    chance = random.Random(seed)
    moved.target.admin("/faults", SLOW_LOADS)
    for sign in (signal.SIGKILL, signal.SIGKILL, signal.SIGINT):
        moved.write(chance.choice((1, 2, 4)), SMALL_LOADS, moved.few)
        moved.until(chance.randint(5, 20), sign)
    moved.target.admin("/faults", method="DELETE")
    moved.write(chance.choice((1, 2, 4)), SMALL_LOADS, moved.few)
    name = f"{moved.source.name}, disturbed (seed {seed})"
    moved.said(name, "run", "goes on from savepoints/", "the input has ended: ")
    moved.compare(name)


def many(moved: Moved) -> None:
    """A table of a million rows, killed in its middle."""
    moved.source.server.run(MORE_ROWS)
    moved.write(4, "{max-rows: 50000, in-flight: 1}")
    moved.file.write_text(moved.file.read_text().replace("\\w+_dev", "many_dev"))
    began = time.monotonic()
    moved.until(5, signal.SIGKILL)
    text = moved.said("a million rows, killed", "run", "goes on from checkpoints/", "the input has ended: 1 of 1 table, 1,000,000 rows read, ")
    say(f"{time.monotonic() - began:.0f} s; " + text.strip().splitlines()[-1])
    columns = "SELECT CAST(id AS CHAR), text, CAST(amount AS CHAR), CAST(at AS CHAR) FROM many_dev.numbers"
    should = {row[0]: tuple(row[1:]) for row in moved.source.server.run([columns])}
    rows = moved.target.sql("SELECT id, text, amount, at FROM many_dev.numbers")
    other = [row for row in rows if should.pop(row[0], None) != tuple(row[1:])]
    moved.checks.check("a million rows are the database's", len(rows) == MILLION and not other and not should, f"       {len(rows)} rows, other: {other[:3]}, missing: {list(should)[:3]}")


def main(options) -> bool:
    """All servers, on that Flink and Java; true when every check passed."""
    checks, directory = run.Checks(), run_dir()
    # The last is the workload of a later MySQL, which has nothing in it that needs one.
    sources = [Source(name, make(directory / name)) for name, make in dict(DATABASES, mysql97=DATABASES["mysql80"]).items()]
    say(f"logs of this run: {directory}")
    for source in sources:
        try:
            source.start()
            for parallelism in (1, 4):
                with Moved(options, checks, directory / f"{source.name}-{parallelism}", source) as moved:
                    undisturbed(moved, parallelism)
                    if parallelism == 1:
                        refused(moved)
                    else:
                        changed(moved)
            with Moved(options, checks, directory / f"{source.name}-disturbed", source) as moved:
                disturbed(moved, options.seed)
            if source is sources[0]:
                with Moved(options, checks, directory / f"{source.name}-many", source, release=True) as moved:
                    many(moved)
        except Failure as failure:
            checks.check(f"whole-mysql: {source.name}", False, f"       {failure}")
        finally:
            source.server.stop()
    return checks.ended()


if __name__ == "__main__":
    run.run(main, arguments(__doc__.split("\n\n")[0]))
