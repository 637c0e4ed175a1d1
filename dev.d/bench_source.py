"""A database into Doris: CPU of a row by the data job, and by Flink CDC with the official Doris connector.

Usage: bench_source.py <jar> <command, for the report> [--quick] [--write] [--turns=N]. A MySQL 8.0 with a table, and one of a tenth of its rows; a Flink cluster for each job, of one
slot, that writes to the stand-in, which counts rows and discards them. What counts is the CPU time of job manager and task manager (/proc/PID/stat): from the job's submission
until all rows of the table have arrived, and from the first of many updates until all of these have. What the larger table takes more than the smaller one is what rows cost a
job that runs. Writes build/bench/source.md; --write puts it into docs/benchmarks.
"""

import os
import shutil
import sys
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

from bench_report import DOCS, OUT, goals_table, processor, revision
from databases import Mysql80
from doris import StandIn
from parts import MYSQL_VERSION, Failure, Parts, cdc_jars, java_home, java_version, program, run_logged, say
from quickstart import run_dir
from servers import Flink

TICKS = os.sysconf("SC_CLK_TCK")
PASSWORD = "bench"
CDC = "Flink CDC"
STREAMING, BATCH, OURS = f"{CDC} → official connector, streaming, 2PC", f"{CDC} → official connector, batch mode", "data job"
ROUTES = {
    STREAMING: "'sink.enable-2pc' = 'true'",
    BATCH: "'sink.enable.batch-mode' = 'true', 'sink.buffer-flush.max-rows' = '500000', 'sink.buffer-flush.max-bytes' = '10mb', 'sink.flush.queue-size' = '2'",
    OURS: None,
}
#: Digits of the table's number of rows, and how often a fifth of them are updated.
DIGITS, QUICK_DIGITS, UPDATES = 6, 5, 5
#: What is asked of it.
FULL_TIMES, CHANGES_TIMES = 10, 1.5
WAIT_SECONDS = 900
COLUMNS = [("id", "BIGINT", "BIGINT"), ("quantity", "INT", "INT"), ("weight", "DOUBLE", "DOUBLE"), ("amount", "DECIMAL(12,2)", "DECIMAL(12,2)"), ("paid", "BOOLEAN", "BOOLEAN"),
           ("placed", "TIMESTAMP(3)", "DATETIME(3)"), ("due", "DATE", "DATE"), ("name", "STRING", "VARCHAR(160)"), ("email", "STRING", "VARCHAR(240)"), ("note", "STRING", "VARCHAR(800)")]


def table(short: str, digits: int):
    """Makes and fills a table."""
    names = "abcdef"[:digits]
    value = " + ".join(f"{name}.v * {10 ** place}" for place, name in enumerate(names))
    ten = " UNION ALL ".join(f"SELECT {v}{' AS v' if v == 0 else ''}" for v in range(10))
    return [f"CREATE TABLE bench.{short} (id BIGINT NOT NULL PRIMARY KEY, quantity INT, weight DOUBLE, amount DECIMAL(12,2), paid TINYINT(1), placed DATETIME(3), due DATE, "
            "name VARCHAR(40), email VARCHAR(60), note VARCHAR(200))",
            f"INSERT INTO bench.{short} WITH d AS ({ten}), n AS (SELECT {value} AS i FROM {', '.join(f'd {name}' for name in names)}) "
            "SELECT i, i % 1000, i / 7, (i % 900000) / 100, i % 2, '2024-01-01' + INTERVAL i SECOND + INTERVAL 125000 MICROSECOND, '2024-01-01' + INTERVAL i % 3650 DAY, "
            "CONCAT('customer ', i), CONCAT('customer', i, '@example.com'), REPEAT('please ring twice ', i % 6) FROM n ORDER BY i", f"ANALYZE TABLE bench.{short}"]


class Found(NamedTuple):
    """What a run took: CPU seconds and seconds of both stages, and the peak of the task manager's memory in bytes."""

    #: Full data of the table with a tenth of the rows.
    tenth: float
    full: float
    full_wall: float
    changes: float
    changes_wall: float
    resident: int


class Bench:
    """The servers, and what was found."""

    def __init__(self, jar: Path, directory: Path, digits: int):
        self.jar, self.directory, self.digits, self.parts, self.runs = jar, directory, digits, Parts(), 0
        self.source = Mysql80(directory / "mysql").with_options("--innodb-buffer-pool-size=1G", "--innodb-flush-log-at-trx-commit=2", "--sync-binlog=0", "--gtid-mode=ON", "--enforce-gtid-consistency=ON")
        self.doris = StandIn(directory / "doris", "--discard", release=True)
        self.found = {route: [] for route in ROUTES}

    def start(self) -> None:
        """Starts the servers, and fills the tables."""
        self.doris.start()
        self.source.start()
        say(f"filling a table with {10 ** self.digits:,} rows")
        self.source.run(["CREATE DATABASE bench", *table("tenth", self.digits - 1), *table("orders", self.digits),
                         f"CREATE USER reader@'%' IDENTIFIED BY '{PASSWORD}'", "GRANT SELECT, RELOAD, SHOW DATABASES, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO reader@'%'"])
        self.doris.wait()

    def run(self, route: str) -> None:
        """A job for each table."""
        tenth = self.job(route, "tenth", self.digits - 1)[0]
        found = Found(tenth, *self.job(route, "orders", self.digits, self.changes))
        self.found[route].append(found)
        say(f"  {route}: full data {found.full:.1f} s of CPU in {found.full_wall:.0f} s, of a tenth {found.tenth:.1f} s, changes {found.changes:.1f} s in {found.changes_wall:.0f} s, "
            f"{found.resident >> 20} MiB resident")

    def job(self, route: str, short: str, digits: int, further=lambda flink, route: ()):
        """One job for one table on a cluster of its own: CPU seconds and seconds of full data, what `further` gives, the peak of memory."""
        self.runs += 1
        name = f"run{self.runs}"
        self.doris.sql(f"CREATE DATABASE {name}")
        flink = Flink(self.parts, self.directory / name, [self.jar] if route == OURS else cdc_jars(),
                      config={"taskmanager.numberOfTaskSlots": 1, "execution.checkpointing.interval": "2 s", "taskmanager.memory.process.size": "2048m"})
        try:
            flink.start()
            flink.wait()
            self.doris.admin("/loads", method="DELETE")
            began, cpu = time.monotonic(), self.cpu(flink)
            if route == OURS:
                self.submit_ours(flink, name, short)
            else:
                self.submit_theirs(flink, name, short, ROUTES[route])
            self.arrived(flink, 10 ** digits, route)
            full = self.cpu(flink) - cpu, time.monotonic() - began
            return *full, *further(flink, route), self.resident(flink)
        finally:
            flink.stop()
            shutil.rmtree(flink.directory / "tmp", ignore_errors=True)

    def changes(self, flink: Flink, route: str):
        """CPU seconds and seconds of the changes."""
        rows = 10 ** self.digits
        # Until it has turned to the log.
        self.source.run(["UPDATE bench.orders SET quantity = quantity + 1 WHERE id = 0"])
        self.arrived(flink, rows + 1, route)
        began, cpu = time.monotonic(), self.cpu(flink)
        for part in range(UPDATES):
            self.source.run([f"UPDATE bench.orders SET quantity = quantity + 1, amount = amount + 1 WHERE id % 5 = {part}"])
        self.arrived(flink, rows * 2 + 1, route)
        return self.cpu(flink) - cpu, time.monotonic() - began

    def submit_ours(self, flink: Flink, name: str, short: str) -> None:
        """The data job."""
        file = self.directory / f"{name}.yaml"
        file.write_text(f"""name: {name}
source: {{mysql: {{host: 127.0.0.1, port: {self.source.port}, username: reader, password: {PASSWORD}}}}}
target: {{doris: {{fenodes: "{self.doris.fenodes}", username: root, password: ""}}}}
tables:
  include: ['bench\\.{short}']
  rename: [{{from: 'bench\\.(\\w+)', to: '{name}.$1'}}]
  properties: {{replication: 1, buckets: 1}}
ddl: {{journal-database: {name}}}
flink: {{checkpoint-interval: 2s, parallelism: 1}}
""")
        run_logged([self.parts.flink.home / "bin" / "flink", "run", "-d", self.jar, "canal-to-doris", file], self.directory / f"{name}.client.log", "submitting the job",
                   env=dict(flink.env, JAVA_HOME=str(flink.client_java)))

    def submit_theirs(self, flink: Flink, name: str, short: str, options: str) -> None:
        """Flink CDC's source into the official connector."""
        columns = ", ".join(f"`{column}` {kind}" for column, kind, _ in COLUMNS)
        in_doris = ", ".join(f"`{column}` {kind}{' NOT NULL' if column == 'id' else ''}" for column, _, kind in COLUMNS)
        self.doris.sql(f"CREATE TABLE {name}.orders ({in_doris}) UNIQUE KEY(id) DISTRIBUTED BY HASH(id) BUCKETS 1 PROPERTIES ('replication_num' = '1')")
        said = flink.sql(f"""SET 'parallelism.default' = '1';
CREATE TABLE source ({columns}, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'mysql-cdc', 'hostname' = '127.0.0.1', 'port' = '{self.source.port}', 'username' = 'reader',
  'password' = '{PASSWORD}', 'database-name' = 'bench', 'table-name' = '{short}', 'server-time-zone' = 'UTC');
CREATE TABLE target ({columns}, PRIMARY KEY (id) NOT ENFORCED) WITH ('connector' = 'doris', 'fenodes' = '{self.doris.fenodes}', 'table.identifier' = '{name}.orders',
  'username' = 'root', 'password' = '', 'sink.label-prefix' = '{name}', 'sink.properties.format' = 'json', 'sink.properties.read_json_by_line' = 'true', {options});
INSERT INTO target SELECT * FROM source;
""", "submit")
        if "Job ID:" not in said:
            raise Failure(f"the job was not submitted:\n{said[-3000:]}")

    def arrived(self, flink: Flink, rows: int, route: str) -> None:
        """Returns when the stand-in has had so many rows."""
        deadline = time.monotonic() + WAIT_SECONDS
        while True:
            there = self.doris.admin("/loads?counters")["counters"].get("discarded.rows", 0)
            if there >= rows:
                if there > rows:
                    say(f"  {route}: {there - rows:,} rows came twice")
                return
            if time.monotonic() > deadline or flink.task_manager.popen.poll() is not None:
                raise Failure(f"{route}: {there:,} of {rows:,} rows have arrived; log {flink.task_manager.log}")
            time.sleep(0.2)

    @staticmethod
    def cpu(flink: Flink) -> float:
        """CPU seconds of both processes so far."""
        total = 0
        for process in (flink.job_manager, flink.task_manager):
            fields = Path(f"/proc/{process.popen.pid}/stat").read_text().rpartition(")")[2].split()
            total += int(fields[11]) + int(fields[12])
        return total / TICKS

    @staticmethod
    def resident(flink: Flink) -> int:
        """The task manager's peak."""
        for line in Path(f"/proc/{flink.task_manager.popen.pid}/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) << 10
        return 0

    def stop(self) -> None:
        """Ends the servers."""
        self.source.stop()
        self.doris.stop()
        shutil.rmtree(self.directory / "mysql", ignore_errors=True)


def report(bench: Bench, command: str, load) -> str:
    """The page."""
    rows, goals = 10 ** bench.digits, []
    lines = ["| | full data: CPU, s | rows a CPU second | of ours | wall time, s | once it runs: rows a CPU second | of ours | changes: CPU, s | rows a CPU second | of ours | wall time, s | "
             "peak of the task manager's memory, MiB |", "|---|" + "---|" * 11]
    # CPU seconds and seconds of a run, the rows, and what is asked of it.
    stages = {
        "full data": (lambda one: one.full, lambda one: one.full_wall, rows, FULL_TIMES),
        "full data, once it runs": (lambda one: one.full - one.tenth, None, rows - rows // 10, FULL_TIMES),
        "changes": (lambda one: one.changes, lambda one: one.changes_wall, rows, CHANGES_TIMES),
    }
    found = {(what, route): [cpu(one) for one in runs] for what, (cpu, *_) in stages.items() for route, runs in bench.found.items()}
    for route, runs in bench.found.items():
        cells = []
        for what, (_, wall, of, _) in stages.items():
            seconds = found[what, route]
            cells += [f"{median(seconds):.1f} ({min(seconds):.1f} – {max(seconds):.1f})"] if wall else []
            cells += [f"{of / median(seconds):,.0f}", f"1/{median(seconds) / median(found[what, OURS]):.1f}" if route != OURS else ""]
            cells += [f"{median(wall(one) for one in runs):.0f}"] if wall else []
        lines.append(f"| {route} | {' | '.join(cells)} | {max(one.resident for one in runs) >> 20:,} |")
    for what, (*_, wanted) in stages.items():
        times = min(median(found[what, route]) for route in (STREAMING, BATCH)) / median(found[what, OURS])
        goals.append((f"{what}: rows a CPU second, of those of Flink CDC with the cheaper of the official connector's modes", f"≥ {wanted}×", f"{times:.1f}×", "met" if times >= wanted else "missed"))
    busy = " ".join(f"{one:.1f}" for one in load)
    jars = ", ".join(jar.stem for jar in cdc_jars())
    return f"""# A database into Doris: the data job and Flink CDC

`{command}` wrote this file. A MySQL {MYSQL_VERSION} with a table of {rows:,} rows and ten columns, then {rows:,} updates in {UPDATES} transactions; into the stand-in, which counts rows and discards
them; every row has arrived. How, says `dev.d/bench_source.py`.

- machine: {processor()}, {os.cpu_count()} processors, {os.uname().sysname} {os.uname().release}; load average when it began {busy}. MySQL and the stand-in run on it, too, and are not counted
- a cluster of Flink {bench.parts.flink.version} on Java {java_version(java_home())} for each run: one slot, a checkpoint each two seconds, Flink's own settings else. CPU is that of job manager and task manager, user and system, with the start of the job and
  all compilers, as a user's first job has it; once it runs: what a table with these rows takes more than one with a tenth of them, on clusters of their own
- theirs: {jars}; measured at {revision()}; turns: {len(bench.found[OURS])}. Medians (lowest – highest)

{chr(10).join(lines)}

{goals_table(goals)}"""


def main(jar: Path, command: str, arguments) -> None:
    """Starts the servers, measures, and writes."""
    turns = [int(one.partition("=")[2]) for one in arguments if one.startswith("--turns=")]
    unknown = [one for one in arguments if one not in ("--quick", "--write") and not one.startswith("--turns=")]
    if unknown:
        raise Failure(f"bench source: unknown {' '.join(unknown)}; there are --quick, --write and --turns=N")
    quick, load, directory = "--quick" in arguments, os.getloadavg(), run_dir()
    say(f"logs of this run: {directory}")
    bench = Bench(jar, directory, QUICK_DIGITS if quick else DIGITS)
    try:
        bench.start()
        count = turns[-1] if turns else 1 if quick else 3
        for turn in range(1, count + 1):
            say(f"turn {turn} of {count}; load {os.getloadavg()[0]:.1f}")
            for route in ROUTES if turn % 2 else reversed(ROUTES):
                bench.run(route)
        OUT.mkdir(parents=True, exist_ok=True)
        (OUT / "source.md").write_text(report(bench, command, load))
        print((OUT / "source.md").read_text())
        if "--write" in arguments:
            shutil.copy(OUT / "source.md", DOCS)
    except Failure as failure:
        raise Failure(f"{failure}\n  logs: {directory}") from None
    finally:
        bench.stop()


if __name__ == "__main__":
    program(main, Path(sys.argv[1]).resolve(), sys.argv[2], sys.argv[3:])
