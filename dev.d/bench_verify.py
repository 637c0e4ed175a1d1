"""`canal-native verify`, by sums and by rows, beside what the two servers need for the same by themselves.

Usage: bench_verify.py <command, for the report> [--quick] [--write] [--rows=N] [--turns=N] [--source=mariadb|postgres]. A table of ten columns on a MariaDB and on a PostgreSQL of this machine,
moved into the stand-in for Doris by a job. Then, in turns: a checksum written by hand and all rows to a client that drops them, on each server, and a verification in each mode, of one
reader; of a tenth of the rows too, for memory. Writes build/bench/verify.md; --write puts it into docs/benchmarks.
"""

import json
import os
import shutil
import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from bench_report import DOCS, OUT
from doris import StandIn
from embedded import PROGRAM, call, environment
from parts import REPO, Failure, Parts, program, say, tail
from quickstart import run_dir

sys.path.insert(0, str(REPO / "tests" / "cluster"))
from databases import MariaDb, Postgres  # noqa: E402

#: Wall time of a verification by that of the slower server, at most.
GOAL = 1.2
ROWS, QUICK_ROWS = 1_000_000, 200_000
JOB = """name: bench
source:
  {source}
target:
  doris: {{fenodes: "{fenodes}", username: root, password: ""}}
tables:
  include: ['bench\\..*']
  properties: {{replication: 1, buckets: 1}}
stages: [schema-migration, full-data]
fullBatchSize: {rows}
flink: {{parallelism: 1}}
"""
NAMES = ("id", "customer", "status", "amount", "paid", "at", "day", "name", "note", "code")
TEXTS = ("status", "name", "note", "code")
#: By hand: NULL as N, commas between.
BY_HAND = "SELECT COUNT(*), SUM(CAST(CONV(SUBSTR(MD5(CONCAT({text})), 1, 15), 16, 10) AS {type})) FROM bench.{table}"
IF_NULL = ", ',', ".join(f"IFNULL({name}, 'N')" for name in NAMES)


def target_text(name: str, booleans) -> str:
    """A column as verify has Doris sum it up: native/src/verify/checksum.rs."""
    texts = {**dict.fromkeys(TEXTS, f"CONCAT(LENGTH(`{name}`), ':', `{name}`)"), **dict.fromkeys(booleans, f"IF(`{name}`, '1', '0')")}
    return f"IF(`{name}` IS NULL, 'N', {texts.get(name, f'CAST(`{name}` AS STRING)')})"


def target_sum(booleans) -> str:
    """What verify asks Doris for."""
    return ("SELECT '', COUNT(*), SUM(IFNULL(CAST(CONV(SUBSTR(MD5(CONCAT(" + ", ',', ".join(target_text(name, booleans) for name in NAMES)
            + ")), 1, 15), 16, 10) AS LARGEINT), 2)) FROM `bench`.`large`")


class MariaSource:
    """A MariaDB."""

    name, booleans = "MariaDB", ()
    columns = ("id BIGINT PRIMARY KEY, customer INT NOT NULL, status VARCHAR(20), amount DECIMAL(12,2), paid TINYINT(1), at DATETIME(3), day DATE, "
               "name VARCHAR(60), note VARCHAR(120), code CHAR(8)")
    values = ("seq, seq % 9973, ELT(1 + seq % 3, 'OPEN', 'PAID', NULL), seq / 7, seq % 2, '2024-01-01 00:00:00.125' + INTERVAL seq SECOND, "
              "'2024-01-01' + INTERVAL seq % 365 DAY, CONCAT('name ', seq), CONCAT('note ', MD5(seq)), LPAD(seq % 100000, 8, '0')")
    rows, by_hand = "SELECT * FROM bench.large", BY_HAND.format(text=IF_NULL, type="UNSIGNED", table="large")

    def __init__(self, directory: Path):
        self.server = MariaDb(directory / "mariadb").with_options("--innodb-buffer-pool-size=1G")
        self.job = f"mysql: {{host: 127.0.0.1, port: {self.server.port}, username: reader, password: secret}}"

    def fill(self, rows: int) -> None:
        """Two tables, and the user that the job is."""
        self.server.run(["CREATE DATABASE bench", "CREATE USER reader@'%' IDENTIFIED BY 'secret'", "GRANT SELECT, REPLICATION CLIENT ON *.* TO reader@'%'",
                         *(f"CREATE TABLE bench.{table} ({self.columns})" for table in ("large", "small")), "SET SESSION sql_mode = ''", "USE bench",
                         *(f"INSERT INTO bench.{table} SELECT {self.values} FROM seq_1_to_{count}" for table, count in (("large", rows), ("small", rows // 10))), "ANALYZE TABLE bench.large, bench.small"])

    def version(self) -> str:
        """For the report."""
        return "MariaDB " + self.server.run(["SELECT VERSION()"])[0][0]

    def client(self, statement: str):
        """A command that runs it and drops what it gets."""
        return ["mariadb", "--no-defaults", "--quick", "--skip-column-names", "--batch", f"--socket={self.server.directory}/s", "--user=root", "-e", statement], None

    def asked(self, during) -> str:
        """The statement that adds up, of those that come meanwhile."""
        self.server.run(["SET GLOBAL log_output = 'TABLE', general_log = 1"])
        during()
        self.server.run(["SET GLOBAL general_log = 0"])
        found = self.server.run(["SELECT argument FROM mysql.general_log WHERE argument LIKE 'SELECT %SUM(%' AND argument NOT LIKE '%general_log%'"])
        return only(str(row[0], "utf-8") if isinstance(row[0], bytes) else row[0] for row in found)


class PostgresSource:
    """A PostgreSQL."""

    name, booleans = "PostgreSQL", ("paid",)
    columns = ("id bigint PRIMARY KEY, customer int NOT NULL, status varchar(20), amount numeric(12,2), paid boolean, at timestamp(3), day date, "
               "name varchar(60), note varchar(120), code char(8)")
    values = ("i, i % 9973, (ARRAY['OPEN', 'PAID', NULL])[1 + i % 3], i / 7.0, i % 2 = 0, '2024-01-01 00:00:00.125'::timestamp + i * interval '1 s', "
              "'2024-01-01'::date + i % 365, 'name ' || i, 'note ' || md5(i::text), lpad((i % 100000)::text, 8, '0')")
    rows = "COPY bench.large TO STDOUT"
    by_hand = "SELECT COUNT(*), SUM(('x' || SUBSTR(MD5(CONCAT(" + ", ',', ".join(f"COALESCE({name}::text, 'N')" for name in NAMES) + ")), 1, 15))::bit(60)::bigint) FROM bench.large"

    def __init__(self, directory: Path):
        self.server = Postgres(directory / "postgres", "shared_buffers=1GB", "max_wal_size=4GB")
        self.job = f"postgres: {{host: 127.0.0.1, port: {self.server.port}, database: postgres, username: reader, password: secret}}"

    def fill(self, rows: int) -> None:
        """Two tables, and the user that the job is."""
        tables = (("large", rows), ("small", rows // 10))
        self.server.run(["CREATE USER reader PASSWORD 'secret'", "CREATE SCHEMA bench", *(f"CREATE TABLE bench.{table} ({self.columns})" for table, _ in tables),
                         *(f"INSERT INTO bench.{table} SELECT {self.values} FROM generate_series(1, {count}) i" for table, count in tables),
                         "GRANT USAGE ON SCHEMA bench TO reader", "GRANT SELECT ON ALL TABLES IN SCHEMA bench TO reader"])
        self.server.run(["VACUUM ANALYZE"])

    def version(self) -> str:
        """For the report."""
        return "PostgreSQL " + self.server.run(["SHOW server_version"])[0][0]

    def client(self, statement: str):
        """A command that runs it and drops what it gets."""
        server = self.server
        return ([str(server.programs / "psql"), "-h", "127.0.0.1", "-p", str(server.port), "-U", "postgres", "-d", "postgres", "-X", "-q", "-A", "-t", "-c", statement],
                dict(os.environ, PGPASSWORD=server.password))

    def asked(self, during) -> str:
        """The statement that adds up, of those that come meanwhile."""
        self.server.run(["ALTER SYSTEM SET log_statement = 'all'"])
        self.server.run(["SELECT pg_reload_conf()"])
        during()
        self.server.run(["ALTER SYSTEM RESET log_statement"])
        self.server.run(["SELECT pg_reload_conf()"])
        log = (self.server.directory / "postgres.log").read_text(errors="replace")
        return only(line.partition(": SELECT ")[2].join(("SELECT ", "")) for line in log.splitlines() if ": SELECT " in line and "SUM(" in line)


def only(statements) -> str:
    """The one that there is."""
    found = set(statements)
    if len(found) != 1:
        raise Failure("verify asks for sums by one statement, and these were found: " + "\n".join(found))
    return found.pop()


SOURCES = {"mariadb": MariaSource, "postgres": PostgresSource}


class Taken(NamedTuple):
    """What something took."""

    seconds: float
    #: Of the process that we are; None where that is not what was measured.
    cpu: float = None
    mebibytes: float = None


class Bench:
    """Both servers, the job, and what was measured: name -> all turns."""

    def __init__(self, directory: Path, source, target: StandIn):
        self.directory, self.source, self.target, self.found, self.runs, self.sum = directory, source, target, {}, 0, None
        self.env = environment(Parts(), connector=False)
        self.env["JVM_ARGS"] = "-Xmx768m -XX:+UseSerialGC"
        self.file = directory / "bench.yaml"

    def fill(self, rows: int) -> None:
        """The tables, on both sides."""
        say(f"{self.source.name}: a table of {rows:,} rows, and one of a tenth")
        self.source.fill(rows)
        self.file.write_text(JOB.format(source=self.source.job, fenodes=self.target.fenodes, rows=2 * rows))
        code, text = call(self.env, "run", self.file, seconds=3600)
        if code:
            raise Failure(f"the job ended with exit code {code}:\n{text[-3000:]}")

    def note(self, name: str, taken: Taken) -> None:
        """Keeps a measurement."""
        self.found.setdefault(name, []).append(taken)
        say(f"  {name}: {taken.seconds:.2f} s" + (f", {taken.cpu:.2f} s of CPU, {taken.mebibytes:,.0f} MiB" if taken.cpu else ""))

    def by_client(self, name: str, command, env=None) -> None:
        """A command of a server's client, which drops what it gets."""
        began = time.monotonic()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=env)
        self.note(name, Taken(time.monotonic() - began))

    def servers(self) -> None:
        """What each of them takes by itself."""
        for what, here, there in (("sum", self.sum, target_sum(self.source.booleans)), ("by hand", self.source.by_hand, BY_HAND.format(text=IF_NULL, type="LARGEINT", table="large")),
                                  ("rows", self.source.rows, "SELECT * FROM bench.large")):
            self.by_client(f"source: {what}", *self.source.client(here))
            self.by_client(f"stand-in: {what}", ["mariadb", "--no-defaults", "--quick", "--skip-column-names", "--batch", "--host=127.0.0.1", f"--port={self.target.ports['mysql'][0]}", "--user=root",
                                                 "--protocol=tcp", "-e", there])

    def take_sum(self) -> None:
        """The statement that verify sends, so that just that is measured by itself."""
        self.sum = self.source.asked(lambda: self.verify("checksum", "small")).replace("small", "large")
        self.found.clear()

    def verify(self, mode: str, table: str) -> None:
        """A verification: its own time, from the first range to the report, and the process'."""
        self.runs += 1
        report, output = self.directory / f"{self.runs}.json", self.directory / f"{self.runs}.out"
        with open(output, "wb") as out:
            process = subprocess.Popen([str(PROGRAM), "verify", str(self.file), "--mode", mode, "--table", f"bench.{table}", "--report", str(report)],
                                       env=self.env, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT)
            began = time.monotonic()
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            raise Failure(f"verify --mode {mode} ended with exit code {process.returncode}:\n{tail(output)}")
        whole, found = time.monotonic() - began, json.loads(report.read_text())
        [of_table] = found["tables"]
        if (of_table["rowsRead"] == 0) != (mode == "checksum"):
            raise Failure(f"verify --mode {mode} read {of_table['rowsRead']} rows")
        self.note(f"{mode}, {table}", Taken((found["ended"] - found["began"]) / 1000, used.ru_utime + used.ru_stime, used.ru_maxrss / 1024))
        self.note(f"{mode}, {table}, with start and end", Taken(whole))

    def median(self, name: str) -> Taken:
        """Of all turns, each figure by itself."""
        return Taken(*(statistics.median(figures) if None not in figures else None for figures in zip(*self.found[name])))


def of_source(bench: Bench, rows: int):
    """The lines of one source."""
    source = bench.source.name
    lines = [f"## {bench.source.version()}", "", f"| | {source} alone, s | stand-in alone, s | verify, s | by the slower server | with start and end, s | CPU of the process, s | goal |", "|---" * 8 + "|"]
    for mode, what in (("checksum", "sum"), ("rows", "rows")):
        here, there = bench.median(f"source: {what}").seconds, bench.median(f"stand-in: {what}").seconds
        taken, whole = bench.median(f"{mode}, large"), bench.median(f"{mode}, large, with start and end")
        times = taken.seconds / max(here, there)
        lines.append(f"| `--mode {mode}` | {here:.2f} | {there:.2f} | {taken.seconds:.2f} | {times:.2f}× | {whole.seconds:.2f} | {taken.cpu:.2f} | ≤ {GOAL}×: {'met' if times <= GOAL else 'not met'} |")
    by_hand = [bench.median(f"{server}: by hand").seconds for server in ("source", "stand-in")]
    lines += ["", f"A sum written by hand (NULL as `N`, commas between), which takes a text with a comma for two and prints no type as the other server does: {source} {by_hand[0]:.2f} s, stand-in {by_hand[1]:.2f} s."]
    lines += ["", "Memory of the process, peak resident, with a heap of at most 768 MB:", "", f"| | {rows // 10:,} rows | {rows:,} rows |", "|---" * 3 + "|"]
    for mode in ("checksum", "rows"):
        lines.append(f"| `--mode {mode}` | {bench.median(f'{mode}, small').mebibytes:,.0f} MiB | {bench.median(f'{mode}, large').mebibytes:,.0f} MiB |")
    return lines + [""]


def head(command: str, rows: int, turns: int, load):
    """The lines before those of the sources."""
    return [
        "# What a verification takes", "",
        f"`{command}`: `canal-native verify` of a table of {rows:,} rows with ten columns, by one reader, and what the servers take for the same by themselves. "
        "**Doris is the stand-in of the tests**, which is slower than a Doris, so the figures say what the program adds to the servers and not how fast a Doris is.", "",
        f"- machine: {os.cpu_count()} processors, both servers and the program on it; load average before: {', '.join(f'{one:.1f}' for one in load)}",
        *(["- other programs kept the machine busy meanwhile, so times differ from turn to turn by more than the modes do"] if load[0] > 1 else []),
        f"- median of {turns} {'turn' if turns == 1 else 'turns'}",
        "- the servers alone: a statement by MariaDB's client or psql, which drops what it gets. Sums are the statement that the program sends; rows are `SELECT *`, and `COPY` from PostgreSQL",
        "- `fullBatchSize` makes one range of the table: the stand-in looks at all rows of a table for each range of it, as a Doris would not",
        "- a verification's time is from its first range to its report; the process also starts a JVM and a Flink and ends them", ""]


def measured(source, directory: Path, rows: int, turns: int):
    """Everything on one source: the lines of the report."""
    directory.mkdir()
    target = StandIn(directory / "doris", release=True)
    try:
        source.server.start()
        target.start()
        target.wait()
        bench = Bench(directory, source, target)
        bench.fill(rows)
        bench.take_sum()
        for turn in range(turns):
            say(f"{source.name}, turn {turn + 1} of {turns}")
            bench.servers()
            for table in ("large", "small"):
                for mode in ("checksum", "rows"):
                    bench.verify(mode, table)
        return of_source(bench, rows)
    finally:
        target.stop()
        source.server.stop()
        shutil.rmtree(directory / "mariadb" / "data", ignore_errors=True)


def main(command: str, arguments) -> None:
    """Starts the servers, measures, and writes."""
    options = dict(one.partition("=")[::2] for one in arguments)
    numbers = {name: int(options[name]) for name in ("--rows", "--turns") if options.get(name, "").isdigit()}
    wrong = set(options) - {"--quick", "--write", "--source", *numbers} or {options.get("--source", "mariadb")} - set(SOURCES)
    if wrong:
        raise Failure(f"bench verify: unknown {' '.join(wrong)}; there are --quick, --write, --rows=N, --turns=N and --source={'|'.join(SOURCES)}")
    quick, load = "--quick" in options, os.getloadavg()
    rows, turns = numbers.get("--rows", QUICK_ROWS if quick else ROWS), numbers.get("--turns", 1 if quick else 3)
    directory = run_dir()
    say(f"logs of this run: {directory}")
    lines = head(command, rows, turns, load)
    try:
        for name in [options["--source"]] if "--source" in options else SOURCES:
            lines += measured(SOURCES[name](directory / name), directory / name, rows, turns)
    except Failure as failure:
        raise Failure(f"{failure}\n  logs: {directory}") from None
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "verify.md").write_text("\n".join(lines).rstrip("\n") + "\n")
    print((OUT / "verify.md").read_text())
    if "--write" in options:
        shutil.copy(OUT / "verify.md", DOCS)
    say(f"written to {DOCS if '--write' in options else OUT}/verify.md")


if __name__ == "__main__":
    program(main, sys.argv[1], sys.argv[2:])
