"""The same SQL on two real Flink clusters, with our jar in lib/ and without, over one real Kafka; with it, also into a stand-in for Doris.

Usage: run.py <jar> [--flink 1.20|2.x] [--java HOME] [--write]. Every query's changelog is compared with tests/cluster/expected/<file>-<number>.txt,
which is what the cluster without the jar answered on Flink 1.20 (--write writes it); where `canal` semantics give another
answer, that stands beside it as <file>-<number>.native.txt, and where Flink 2.x answers otherwise, as <file>-<number>.2.x.txt. What the tables in
Doris held is in <table>.doris.txt, each cell as the MySQL protocol gives it. The last line is `N passed, N failed`.
"""

import argparse
import difflib
import json
import signal
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "dev.d"))

import changelog  # noqa: E402
import doris  # noqa: E402
import sql_script  # noqa: E402
from parts import LINES, Failure, Parts, say  # noqa: E402
from quickstart import DATA, EXAMPLES, run_dir  # noqa: E402
from servers import Flink, Kafka  # noqa: E402

BOTH = EXAMPLES + [HERE / "sql" / f"{name}.sql" for name in ("orders", "key-format", "ingestion-timestamp", "events-duplicate", "sink")]
NATIVE_ONLY = [HERE / "sql" / f"{name}.sql" for name in ("semantics-flink", "codec-flink", "ddl", "metadata", "sink-update", "second-identifier")]
# These run last: one of them changes the session's zone.
DORIS = [HERE / "sql" / f"doris-{name}.sql" for name in ("types", "zone")]
DORIS_TABLES = HERE / "sql" / "doris-tables.sql"
REFUSED_BY_STOCK = HERE / "sql" / "semantics-flink.sql"
# These read what another file reads, and must answer as Flink's own codec does there.
SAME_AS_STOCK = {"semantics-flink-1": "orders-1", "codec-flink-1": "orders-1"}
# One table says so; the others read what a sink wrote, in the format `raw`.
NOT_OURS = {"codec-flink-1", "sink-1", "sink-update-1"}


class Checks:
    """Counts and prints outcomes."""

    def __init__(self):
        self.passed = self.failed = 0

    def check(self, name: str, good: bool, detail: str = "") -> None:
        """Notes one outcome; the detail is printed for a bad one."""
        if good:
            self.passed += 1
        else:
            self.failed += 1
        print(f"{'ok    ' if good else 'FAILED'} {name}" + (f"\n{detail}" if detail and not good else ""), flush=True)

    def ended(self) -> bool:
        """Prints how many there were of each; whether all were good, and any was."""
        print(f"{self.passed} passed, {self.failed} failed", flush=True)
        return self.failed == 0 and self.passed > 0

    def equal(self, name: str, expected: str, actual: str) -> None:
        """Compares two texts."""
        difference = difflib.unified_diff(expected.splitlines(), actual.splitlines(), "expected", "answered", lineterm="", n=1)
        self.check(name, expected == actual, "\n".join("       " + line for line in list(difference)[:40]))


def topics(directory: Path):
    """The producer's arguments: the quickstart's topics, one with keys, one with every message twice, one with DDL; empty ones for sinks."""
    products = DATA / "products.jsonl"
    keys = directory / "products.keys"
    keys.write_text("".join(json.dumps({"k_product": int(json.loads(line)["data"][0]["id"])}) + "\n" for line in products.read_text().splitlines()))
    return [f"products_binlog={products}", f"shop_binlog={DATA}/orders.jsonl.gz", f"keyed_products={products},keys={keys}",
            f"duplicated_products={products},each=2", f"ddl_binlog={DATA}/ddl.jsonl",
            "written_products_stock", "written_products_native", "updated_products"]


def answers(flink: Flink, files, bootstrap: str, name: str, fenodes: str = ""):
    """Runs the files in one session; job name -> changelog, the names of queries and INSERTs, and the error that ended it, if any."""
    script, jobs, inserts = sql_script.compose(files, bootstrap, name, {"localhost:8030": fenodes})
    output = flink.sql(script, name)
    return dict(zip(jobs, changelog.read(output))), jobs, inserts, changelog.error(output)


def expected_file(job: str, native: bool, line: str) -> Path:
    """Where the expected answer stands."""
    own = HERE / "expected" / f"{job}.native.txt"
    if native and own.exists():
        return own
    stock = SAME_AS_STOCK.get(job, job)
    of_line = HERE / "expected" / f"{stock}.{line}.txt"
    return of_line if of_line.exists() else HERE / "expected" / f"{stock}.txt"


def compare(checks: Checks, flink: Flink, results, jobs, write: bool) -> None:
    """Every query's changelog against its file; an answer that is missing fails."""
    native, line = bool(flink.extra_lib), flink.parts.line.name
    label = "native" if native else "stock"
    for job in jobs:
        if job not in results:
            checks.check(f"{label}: {job}", False, "       no answer")
            continue
        text = results[job].text()
        file = expected_file(job, native, line)
        if write and (not file.exists() or file.read_text() != text) and not (native and job in SAME_AS_STOCK):
            suffix = ".native" if native else "" if line == "1.20" else f".{line}"
            file = HERE / "expected" / f"{job}{suffix}.txt"
            file.write_text(text)
        checks.equal(f"{label}: {job}", file.read_text() if file.exists() else "", text)


def in_doris(checks: Checks, standin: doris.StandIn, write: bool) -> None:
    """What the tables in Doris hold, as texts."""
    for table in ("types", "zone"):
        columns = [row[0] for row in standin.sql(f"DESC cases.{table}")]
        rows = standin.sql(f"SELECT * FROM cases.{table} ORDER BY id")
        text = "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in [columns] + rows)
        file = HERE / "expected" / f"{table}.doris.txt"
        if write:
            file.write_text(text)
        checks.equal(f"native: what the table {table} in Doris holds", file.read_text() if file.exists() else "", text)


def with_jar(checks: Checks, flink: Flink, bootstrap: str, standin: doris.StandIn, write: bool) -> None:
    """Our codec must run, count every message, delegate none."""
    results, jobs, inserts, problem = answers(flink, BOTH + NATIVE_ONLY + DORIS, bootstrap, "native", standin.fenodes)
    checks.check("native: no statement fails", problem is None, str(problem))
    compare(checks, flink, results, jobs, write)
    for job in jobs:
        counts = flink.counts(job)
        if job in NOT_OURS:
            checks.check(f"native: {job} is read by Flink's own format", not counts, f"       counted {counts}")
        else:
            checks.check(f"native: {job} is decoded natively, all of it", counts.get("messages", 0) > 0 and counts.get("delegated") == 0,
                         f"       counted {counts}")
    for job in (name for name in inserts if not name.startswith("doris-")):
        counts = flink.counts(job)
        checks.check(f"native: {job} is encoded natively, all of it", counts.get("encodedMessages", 0) > 0 and counts.get("encodeDelegated") == 0,
                     f"       counted {counts}")
    try:
        results["orders-1"].view()
        broken = None
    except (KeyError, ValueError) as error:
        broken = error
    checks.check("native: each before-row of the orders is a row that was there", broken is None, f"       {broken}")
    checks.check("native: every message is counted once", flink.counts("orders-1").get("messages") == 237, f"       {flink.counts('orders-1')}")
    skipped = sum(value for name, value in flink.counts("ddl-1").items() if name.startswith("skipped"))
    checks.check("native: each DDL message is counted", skipped == 9, f"       {flink.counts('ddl-1')}")
    checks.check("native: each schema change gives a row where the table wants it", flink.counts("metadata-1").get("ddl") == 9,
                 f"       {flink.counts('metadata-1')}")
    in_doris(checks, standin, write)
    checks.check("native: the codec names itself in the task manager's log", bool(flink.codec_lines()), f"       {flink.task_manager.log}")


def without_jar(checks: Checks, flink: Flink, bootstrap: str, write: bool) -> None:
    """Nothing of ours may be left: Flink's answers, no counters, no log line, options unknown."""
    results, jobs, inserts, problem = answers(flink, BOTH + [REFUSED_BY_STOCK], bootstrap, "stock")
    compare(checks, flink, results, [job for job in jobs if not job.startswith(REFUSED_BY_STOCK.stem)], write)
    checks.check("stock: our options are refused", problem is not None and "Unsupported options" in problem and "canal-json.semantics" in problem,
                 f"       {problem}")
    counted = [job for job in jobs + inserts if flink.counts(job)]
    checks.check("stock: our codec counted nothing", not counted, f"       {counted}")
    checks.check("stock: our codec is not in the log", not flink.codec_lines(), f"       {flink.codec_lines()}")


def arguments(description: str) -> argparse.ArgumentParser:
    """The arguments that every program here takes."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("jar", type=lambda text: Path(text).resolve())
    parser.add_argument("--flink", choices=list(LINES), default="1.20", help="the Flink line")
    parser.add_argument("--java", type=lambda text: Path(text).resolve(), help="home of the JDK that Flink runs on; default the build's")
    return parser


def main(options) -> bool:
    """Runs both clusters, one after the other; true when every check passed."""
    began, checks = time.monotonic(), Checks()
    jar, write, parts = options.jar, options.write, Parts(options.flink)
    directory = run_dir()
    say(f"logs of this run: {directory}")
    kafka = Kafka(parts, directory / "kafka")
    standin = doris.StandIn(directory / "doris", "--frontends", "2", "--backends", "2")
    stock, native = Flink(parts, directory / "stock", java=options.java), Flink(parts, directory / "native", [jar], java=options.java)
    try:
        stock.start()
        kafka.start()
        kafka.wait()
        kafka.produce(*topics(directory))
        stock.wait()
        say(f"{time.monotonic() - began:.0f} s: Kafka and a {stock.name()} without the jar are up")
        without_jar(checks, stock, kafka.bootstrap, write)
        stock.stop()
        standin.start()
        standin.wait()
        standin.sql(*sql_script.statements(DORIS_TABLES.read_text()))
        native.start()
        native.wait()
        say(f"{time.monotonic() - began:.0f} s: a {native.name()} with {jar.name} in lib/ is up")
        with_jar(checks, native, kafka.bootstrap, standin, write)
    except Failure as failure:
        checks.check("cluster", False, f"       {failure}")
    finally:
        for server in (native, stock, kafka, standin):
            server.stop()
    say(f"{time.monotonic() - began:.0f} s; logs: {directory}")
    return checks.ended()


def run(program, options) -> None:
    """Runs a program that says whether all its checks passed, and ends with its exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        sys.exit(0 if program(options) else 1)
    except Failure as reason:
        print(f"FAILED {reason}\n0 passed, 1 failed")
        sys.exit(1)


if __name__ == "__main__":
    parser = arguments(__doc__.split("\n\n")[0])
    parser.add_argument("--write", action="store_true", help="write the expected answers")
    run(main, parser.parse_args())
