"""Whole databases into Doris: CPU of a row by the database job, and by Flink's codec with the official Doris connector, a table at a time.

Usage: bench_database.py <command, for the report> [--quick] [--write] [--turns=N] [routes] [growth] [kafka] [command] [csv] [writer]. Every run is a JVM of its own with one
slot that writes to the stand-in, which counts rows and discards them, and has to have counted each (benches/java/io/canalnative/bench/database). Writes
build/bench/database.md after each turn; --write puts it into docs/benchmarks.
"""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from bench_database_report import PLOT, report
from bench_report import DOCS, OUT
from database_routes import COMMAND_TIMES, DATABASE, HEAP, KAFKA_BUDGET, KAFKA_SOURCE_BUDGET, READ, SOURCES, TABLES, TOPIC_TIMES, Outcome, Route, Workload, of_bench, of_tables, orders, routes
from doris import StandIn
from embedded import PROGRAM, environment
from parts import REPO, Failure, Parts, java, program, say
from quickstart import run_dir
from servers import Kafka


class Bench:
    """The servers, and what was found: (part, workload, route, format) -> outcomes."""

    def __init__(self, directory: Path, doris: StandIn, quick: bool):
        self.directory, self.doris, self.quick = directory, doris, quick
        self.paths = json.loads((OUT / "database-classpaths.json").read_text())
        self.warm_up, self.measure = (4000, 2000) if quick else (8000, 3000)
        self.found, self.runs, self.commands, self.writer = {}, 0, {}, []
        #: Of a message of each workload, on average.
        self.rows = {}

    def file(self, name: str, lines) -> Path:
        """A file of messages."""
        file = self.directory / f"{name.replace(' ', '-').replace(',', '')}.jsonl"
        if not file.exists():
            file.write_text("".join(f"{line}\n" for line in lines))
        return file

    def specification(self, form: str) -> str:
        """Of CanalDorisSink: what a job's file gives it that says nothing about loads."""
        return json.dumps({
            "fenodes": self.doris.fenodes.split(","), "username": "root", "password": "", "origin": f"run{self.runs}", "format": form, "maxRows": 500_000, "maxBytes": 100 << 20,
            "memoryBytes": 512 << 20, "inFlight": 4, "maxRetries": 3, "loadTimeoutSeconds": 600, "patienceSeconds": 300, "flushMillis": 10_000,
            "names": {"rename": [{"from": r"\w+\.(\w+)", "to": f"run{self.runs}.$1"}]}, "properties": {"replication": 1, "buckets": 1}})

    def run(self, part: str, workload: Workload, route: Route, checkpoint: str = "1s", more=(), budget=None) -> Outcome:
        """One job, and its rows counted."""
        self.runs += 1
        arguments = {"messages": self.file(workload.name, workload.lines), "checkpoint": checkpoint, **dict(more)}
        # What reads from memory and does nothing is warm at once.
        arguments["warmUp"], arguments["measure"] = budget or ((self.warm_up, self.measure) if route.of else (1000, 1000))
        by_table = route.name not in (DATABASE, READ)
        if by_table and route.of:
            self.doris.sql(f"CREATE DATABASE run{self.runs}", f"CREATE TABLE run{self.runs}.target ({workload.doris()}) UNIQUE KEY(id) DISTRIBUTED BY HASH(id) BUCKETS 1")
            into = (f"{route.into}, 'fenodes' = '{self.doris.fenodes}', 'table.identifier' = 'run{self.runs}.target', 'username' = 'root', 'password' = '', "
                    f"'sink.label-prefix' = 'run{self.runs}'")
            arguments |= {"columns": workload.flink(), "key": "id", "from": "'connector' = 'metered', 'format' = 'canal-json'", "into": into}
        elif by_table:
            arguments |= {"columns": "message BYTES", "from": "'connector' = 'metered', 'format' = 'raw'", "into": route.into}
        else:
            arguments["database"] = self.specification(route.format) if route.of else ""
        self.rows[workload.name] = workload.rows() / len(workload.lines)
        self.doris.admin("/loads", method="DELETE")
        outcome = self.java(route, arguments)
        arrived = self.doris.admin("/loads?counters")["counters"]["discarded.rows"]
        passes, rows = outcome.emitted // len(workload.lines), workload.rows() + (workload.moved() if route.of and route.jar == "native" else 0)
        if arrived != (passes * rows if route.of else 0):
            raise Failure(f"{workload.name}, {route.name}: {passes} times {rows} rows were sent, and {arrived} arrived")
        self.found.setdefault((part, workload.name, route.name, route.format), []).append(outcome)
        say(f"  {part}, {workload.name}: {route.name}, {route.format}: {outcome.nanos / outcome.measured:,.0f} ns a message, {outcome.measured:,} of {outcome.emitted:,} messages, "
            f"{outcome.resident >> 20} MiB resident")
        return outcome

    def java(self, route: Route, arguments) -> Outcome:
        """The job in a JVM with one connector."""
        jar = f"{self.paths[route.jar]}:" if route.jar else ""
        command = [java(), *HEAP, *self.paths["options"], "-Dorg.slf4j.simpleLogger.defaultLogLevel=error", "-cp", jar + self.paths["flink"],
                   "io.canalnative.bench.database.DatabaseRun", *(f"{name}={value}" for name, value in arguments.items())]
        done = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=900)
        lines = [line for line in done.stdout.splitlines() if line.startswith("outcome ")]
        if done.returncode != 0 or not lines:
            log = self.directory / f"run{self.runs}.log"
            log.write_text(done.stdout)
            raise Failure(f"{route.name} ended with {done.returncode}; log {log}:\n" + "\n".join(done.stdout.splitlines()[-15:]))
        return Outcome(*map(int, lines[-1].split()[1:]))

    def command(self, parts: Parts, workload: Workload, times: int) -> None:
        """`bin/canal-native run` with the file so often, as it comes: CPU seconds and peak of memory of the whole process."""
        self.runs += 1
        job = self.directory / f"command{self.runs}.yaml"
        file = self.file(workload.name, workload.lines)
        job.write_text(f"""name: command{self.runs}
source: {{canal: {{files: [{', '.join([str(file)] * times)}]}}}}
target: {{doris: {{fenodes: "{self.doris.fenodes}", username: root, password: ""}}}}
tables:
  rename: [{{from: '\\w+\\.(\\w+)', to: 'run{self.runs}.$1'}}]
  properties: {{replication: 1, buckets: 1}}
""")
        self.doris.admin("/loads", method="DELETE")
        env = environment(parts, connector=False)
        del env["JVM_ARGS"]
        log = self.directory / f"command{self.runs}.out"
        with open(log, "wb") as out:
            process = subprocess.Popen([PROGRAM, "run", job], env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=out)
            _, status, used = os.wait4(process.pid, 0)
            process.returncode = os.waitstatus_to_exitcode(status)
        arrived = self.doris.admin("/loads?counters")["counters"]["discarded.rows"]
        if process.returncode != 0 or arrived != times * workload.rows():
            raise Failure(f"bin/canal-native run ended with {process.returncode} and {arrived} of {times * workload.rows()} rows; its output is in {log}")
        seconds = used.ru_utime + used.ru_stime
        self.commands.setdefault((workload.name, times), []).append((seconds, used.ru_maxrss << 10))
        say(f"  command, {workload.name}: {times * len(workload.lines):,} messages: {seconds:.2f} s of CPU, {used.ru_maxrss >> 10} MiB resident")
        shutil.rmtree(self.directory / f"command{self.runs}.state", ignore_errors=True)


    def writing_thread(self) -> None:
        """The native writer's thread, without Flink."""
        done = subprocess.run(["cargo", "bench", "--quiet", "--bench", "database"], cwd=REPO, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=1800)
        self.writer = re.findall(r"^(\w+, \w+): (\d+) ns a message$", done.stdout, re.MULTILINE)
        if done.returncode != 0 or not self.writer:
            raise Failure("cargo bench --bench database failed:\n" + "\n".join(done.stdout.splitlines()[-15:]))


def measure(bench: Bench, parts: Parts, kafka, wanted, turns: int, write) -> None:
    """All parts by turns; a report after each part."""
    products, wide = of_bench("products-update", "products UPDATE"), of_bench("wide40-insert", "40-column INSERT")
    for turn in range(1, turns + 1):
        say(f"turn {turn} of {turns}; load {os.getloadavg()[0]:.1f}")
        for workload in (products, wide, orders()) if "routes" in wanted else ():
            order = SOURCES + routes("json")
            for route in order if turn % 2 else reversed(order):
                bench.run("routes", workload, route)
        write(turn)
        for count in TABLES if "growth" in wanted else ():
            bench.run("growth", of_tables(products, count), routes("json")[-1], "10s", budget=(bench.warm_up, 2 * bench.measure))
        write(turn)
        if kafka and turn == 1:
            kafka.produce(f"products={bench.file(products.name, products.lines)},times={TOPIC_TIMES}")
        for route in SOURCES + routes("json") if kafka else ():
            bench.run("kafka", products, route, more={"bootstrap": kafka.bootstrap, "topic": "products"}.items(), budget=KAFKA_BUDGET if route.of else KAFKA_SOURCE_BUDGET)
        write(turn)
        for count in (TABLES[0], TABLES[-1]) if "command" in wanted else ():
            for times in COMMAND_TIMES:
                bench.command(parts, of_tables(products, count), times)
        write(turn)
        for workload in (products, wide) if "csv" in wanted else ():
            for route in routes("csv"):
                bench.run("csv", workload.without_line_breaks(), route)
        write(turn)
    if "writer" in wanted:
        bench.writing_thread()
        write(turns)


def main(command: str, arguments) -> None:
    """Starts the servers, measures, and writes."""
    known = ["routes", "growth", "kafka", "command", "csv", "writer"]
    turns = [int(one.partition("=")[2]) for one in arguments if one.startswith("--turns=")]
    unknown = [one for one in arguments if one not in (*known, "--quick", "--write") and not one.startswith("--turns=")]
    if unknown:
        raise Failure(f"bench database: unknown {' '.join(unknown)}; there are --quick, --write, --turns=N, {', '.join(known)}")
    wanted = [part for part in known if part in arguments] or known
    quick, load = "--quick" in arguments, os.getloadavg()
    parts, directory = Parts(), run_dir()
    say(f"logs of this run: {directory}")
    doris = StandIn(directory / "doris", "--frontends", "2", "--backends", "2", "--discard", release=True)
    kafka = Kafka(parts, directory / "kafka") if "kafka" in wanted else None
    try:
        for server in filter(None, (doris, kafka)):
            server.start()
        for server in filter(None, (doris, kafka)):
            server.wait()
        bench = Bench(directory, doris, quick)

        def write(turn):
            text = report(bench, command, turn, load)
            (OUT / "database.md").write_text(text)
        measure(bench, parts, kafka, wanted, turns[-1] if turns else 1 if quick else 3, write)
        print((OUT / "database.md").read_text())
        if "--write" in arguments:
            for name in ("database.md", PLOT):
                shutil.copy(OUT / name, DOCS)
        say(f"written to {DOCS if '--write' in arguments else OUT}/database.md")
    except Failure as failure:
        raise Failure(f"{failure}\n  logs: {directory}") from None
    finally:
        for server in filter(None, (kafka, doris)):
            server.stop()
        shutil.rmtree(directory / "kafka" / "data", ignore_errors=True)
        for file in directory.glob("*.jsonl"):
            file.unlink()


if __name__ == "__main__":
    program(main, sys.argv[1], sys.argv[2:])
