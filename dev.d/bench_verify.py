"""`canal-native verify`, by sums and by rows, beside what the two servers need for the same by themselves.

Usage: bench_verify.py <command, for the report> [--quick] [--write] [--rows=N] [--turns=N]. A table of ten columns on a MariaDB of this machine, moved into the stand-in for Doris by a
job. Then, in turns: a checksum written by hand and a SELECT of all rows to a client that drops them, on each server, and a verification in each mode, of one
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
from databases import MariaDb  # noqa: E402

#: Wall time of a verification by that of the slower server, at most.
GOAL = 1.2
ROWS, QUICK_ROWS = 1_000_000, 200_000
COLUMNS = ("id BIGINT PRIMARY KEY, customer INT NOT NULL, status VARCHAR(20), amount DECIMAL(12,2), paid TINYINT(1), at DATETIME(3), day DATE, "
           "name VARCHAR(60), note VARCHAR(120), code CHAR(8)")
FILL = ("INSERT INTO bench.{table} SELECT seq, seq % 9973, ELT(1 + seq % 3, 'OPEN', 'PAID', NULL), seq / 7, seq % 2, '2024-01-01 00:00:00.125' + INTERVAL seq SECOND, "
        "'2024-01-01' + INTERVAL seq % 365 DAY, CONCAT('name ', seq), CONCAT('note ', MD5(seq)), LPAD(seq % 100000, 8, '0') FROM seq_1_to_{rows}")
JOB = """name: bench
source:
  mysql: {{host: 127.0.0.1, port: {port}, username: reader, password: secret}}
target:
  doris: {{fenodes: "{fenodes}", username: root, password: ""}}
tables:
  include: ['bench\\..*']
  properties: {{replication: 1, buckets: 1}}
stages: [schema-migration, full-data]
fullBatchSize: {rows}
flink: {{parallelism: 1}}
"""
#: By hand: NULL as N, commas between.
TEXT = ", ',', ".join(f"IFNULL({column}, 'N')" for column in ("id", "customer", "status", "amount", "paid", "at", "day", "name", "note", "code"))
SUM = "SELECT COUNT(*), SUM(CAST(CONV(SUBSTR(MD5(CONCAT({text})), 1, 15), 16, 10) AS {type})) FROM bench.{table}"


def source_text(name: str, kind: str) -> str:
    """A column as verify has MariaDB sum it up: native/src/verify/mysql.rs."""
    if kind == "text":
        chars = f"CONVERT(`{name}` USING utf8mb4) COLLATE utf8mb4_bin"
        return f"IF(`{name}` IS NULL, 'N', CONCAT(LENGTH({chars}), ':', {chars}))"
    if kind.startswith("0000"):
        return f"IF(`{name}` IS NULL OR CAST(`{name}` AS CHAR) = '{kind}', 'N', CAST(`{name}` AS CHAR))"
    return f"IF(`{name}` IS NULL, 'N', " + (f"CAST(`{name}` AS {kind})" if kind else f"`{name}`") + ")"


def target_text(name: str, kind: str) -> str:
    """The same in Doris."""
    return f"IF(`{name}` IS NULL, 'N', " + (f"CONCAT(LENGTH(`{name}`), ':', `{name}`)" if kind == "text" else f"CAST(`{name}` AS STRING)") + ")"


#: How each column's text is made in MariaDB: as it is, a type to cast to, a text, or a date with this text for none.
KINDS = {"id": "", "customer": "", "status": "text", "amount": "DECIMAL(12,2)", "paid": "", "at": "0000-00-00 00:00:00.000", "day": "0000-00-00", "name": "text", "note": "text", "code": "text"}
SENT = "SELECT '', COUNT(*), SUM(IFNULL(CAST(CONV(SUBSTR(MD5(CONCAT({text})), 1, 15), 16, 10) AS {type}), {null})) FROM `bench`.`{table}`"


def sent(server: str, table: str) -> str:
    """What verify asks a server for."""
    of, text, null = ("UNSIGNED", source_text, 1) if server == "MariaDB" else ("LARGEINT", target_text, 2)
    return SENT.format(text=", ',', ".join(text(name, kind) for name, kind in KINDS.items()), type=of, null=null, table=table)


class Taken(NamedTuple):
    """What something took."""

    seconds: float
    #: Of the process that we are; None where that is not what was measured.
    cpu: float = None
    mebibytes: float = None


class Bench:
    """Both servers, the job, and what was measured: name -> all turns."""

    def __init__(self, directory: Path, source: MariaDb, target: StandIn):
        self.directory, self.source, self.target, self.found, self.runs = directory, source, target, {}, 0
        self.env = environment(Parts(), connector=False)
        self.env["JVM_ARGS"] = "-Xmx768m -XX:+UseSerialGC"
        self.file = directory / "bench.yaml"

    def fill(self, rows: int) -> None:
        """The tables, on both sides."""
        say(f"a table of {rows:,} rows, and one of a tenth")
        self.source.run(["CREATE DATABASE bench", "CREATE USER reader@'%' IDENTIFIED BY 'secret'", "GRANT SELECT, REPLICATION CLIENT ON *.* TO reader@'%'",
                         *(f"CREATE TABLE bench.{table} ({COLUMNS})" for table in ("large", "small")), "SET SESSION sql_mode = ''",
                         "USE bench", FILL.format(table="large", rows=rows), FILL.format(table="small", rows=rows // 10), "ANALYZE TABLE bench.large, bench.small"])
        self.file.write_text(JOB.format(port=self.source.port, fenodes=self.target.fenodes, rows=2 * rows))
        code, text = call(self.env, "run", self.file, seconds=3600)
        if code:
            raise Failure(f"the job ended with exit code {code}:\n{text[-3000:]}")

    def note(self, name: str, taken: Taken) -> None:
        """Keeps a measurement."""
        self.found.setdefault(name, []).append(taken)
        say(f"  {name}: {taken.seconds:.2f} s" + (f", {taken.cpu:.2f} s of CPU, {taken.mebibytes:,.0f} MiB" if taken.cpu else ""))

    def by_client(self, name: str, to, statement: str) -> None:
        """A statement by MariaDB's client, which drops what it gets."""
        began = time.monotonic()
        subprocess.run(["mariadb", "--no-defaults", "--quick", "--skip-column-names", "--batch", *to, "-e", statement], check=True, stdout=subprocess.DEVNULL)
        self.note(name, Taken(time.monotonic() - began))

    def servers(self) -> None:
        """What each of them takes by itself."""
        at = {"MariaDB": [f"--socket={self.source.directory}/s", "--user=root"],
              "stand-in": ["--host=127.0.0.1", f"--port={self.target.ports['mysql'][0]}", "--user=root", "--protocol=tcp"]}
        for server, of in (("MariaDB", "UNSIGNED"), ("stand-in", "LARGEINT")):
            self.by_client(f"{server}: sum", at[server], sent(server, "large"))
            self.by_client(f"{server}: by hand", at[server], SUM.format(text=TEXT, type=of, table="large"))
            self.by_client(f"{server}: rows", at[server], "SELECT * FROM bench.large")

    def check_sent(self) -> None:
        """Whether what is measured by itself is what is asked for."""
        self.source.run(["SET GLOBAL log_output = 'TABLE', general_log = 1"])
        self.verify("checksum", "small")
        self.source.run(["SET GLOBAL general_log = 0"])
        asked = [str(row[0], "utf-8") if isinstance(row[0], bytes) else row[0] for row in self.source.run(["SELECT argument FROM mysql.general_log WHERE argument LIKE 'SELECT %SUM(%'"])]
        if sent("MariaDB", "small") not in asked:
            raise Failure("verify asks for other sums than this benchmark measures: " + "\n".join(asked))
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


def report(bench: Bench, command: str, rows: int, turns: int, load) -> str:
    """The whole page."""
    version = bench.source.run(["SELECT VERSION()"])[0][0]
    lines = [
        "# What a verification takes", "",
        f"`{command}`: `canal-native verify` of a table of {rows:,} rows with ten columns, by one reader, and what the servers take for the same by themselves. The source is MariaDB {version}; "
        "**Doris is the stand-in of the tests**, which is slower than a Doris, so the figures say what the program adds to the servers and not how fast a Doris is.", "",
        f"- machine: {os.cpu_count()} processors, both servers and the program on it; load average before: {', '.join(f'{one:.1f}' for one in load)}",
        *(["- other programs kept the machine busy meanwhile, so times differ from turn to turn by more than the modes do"] if load[0] > 1 else []),
        f"- median of {turns} {'turn' if turns == 1 else 'turns'}",
        "- the servers alone: a statement by MariaDB's client, which drops what it gets. Sums are the statement that the program sends; rows are `SELECT *`",
        "- `fullBatchSize` makes one range of the table: the stand-in looks at all rows of a table for each range of it, as a Doris would not",
        "- a verification's time is from its first range to its report; the process also starts a JVM and a Flink and ends them", "",
        "| | MariaDB alone, s | stand-in alone, s | verify, s | by the slower server | with start and end, s | CPU of the process, s | goal |", "|---" * 8 + "|"]
    for mode, what in (("checksum", "sum"), ("rows", "rows")):
        source, target = bench.median(f"MariaDB: {what}").seconds, bench.median(f"stand-in: {what}").seconds
        taken, whole = bench.median(f"{mode}, large"), bench.median(f"{mode}, large, with start and end")
        times = taken.seconds / max(source, target)
        lines.append(f"| `--mode {mode}` | {source:.2f} | {target:.2f} | {taken.seconds:.2f} | {times:.2f}× | {whole.seconds:.2f} | {taken.cpu:.2f} | ≤ {GOAL}×: {'met' if times <= GOAL else 'not met'} |")
    by_hand = [bench.median(f"{server}: by hand").seconds for server in ("MariaDB", "stand-in")]
    lines += ["", f"A sum written by hand (`IFNULL(column, 'N')`, commas between), which takes a text with a comma for two and prints no type as the other server does: MariaDB {by_hand[0]:.2f} s, stand-in {by_hand[1]:.2f} s."]
    lines += ["", "Memory of the process, peak resident, with a heap of at most 768 MB:", "", f"| | {rows // 10:,} rows | {rows:,} rows |", "|---" * 3 + "|"]
    for mode in ("checksum", "rows"):
        lines.append(f"| `--mode {mode}` | {bench.median(f'{mode}, small').mebibytes:,.0f} MiB | {bench.median(f'{mode}, large').mebibytes:,.0f} MiB |")
    return "\n".join(lines) + "\n"


def main(command: str, arguments) -> None:
    """Starts the servers, measures, and writes."""
    given = {option: int(value) for option, _, value in (one.partition("=") for one in arguments) if value.isdigit()}
    unknown = [one for one in arguments if one not in ("--quick", "--write") and one.partition("=")[0] not in ("--rows", "--turns")]
    if unknown:
        raise Failure(f"bench verify: unknown {' '.join(unknown)}; there are --quick, --write, --rows=N and --turns=N")
    quick, load = "--quick" in arguments, os.getloadavg()
    rows, turns = given.get("--rows", QUICK_ROWS if quick else ROWS), given.get("--turns", 1 if quick else 3)
    directory = run_dir()
    say(f"logs of this run: {directory}")
    source, target = MariaDb(directory / "mariadb").with_options("--innodb-buffer-pool-size=1G"), StandIn(directory / "doris", release=True)
    try:
        source.start()
        target.start()
        target.wait()
        bench = Bench(directory, source, target)
        bench.fill(rows)
        bench.check_sent()
        for turn in range(turns):
            say(f"turn {turn + 1} of {turns}")
            bench.servers()
            for table in ("large", "small"):
                for mode in ("checksum", "rows"):
                    bench.verify(mode, table)
        OUT.mkdir(parents=True, exist_ok=True)
        (OUT / "verify.md").write_text(report(bench, command, rows, turns, load))
        print((OUT / "verify.md").read_text())
        if "--write" in arguments:
            shutil.copy(OUT / "verify.md", DOCS)
        say(f"written to {DOCS if '--write' in arguments else OUT}/verify.md")
    except Failure as failure:
        raise Failure(f"{failure}\n  logs: {directory}") from None
    finally:
        target.stop()
        source.stop()
        shutil.rmtree(directory / "mariadb" / "data", ignore_errors=True)


if __name__ == "__main__":
    program(main, sys.argv[1], sys.argv[2:])
