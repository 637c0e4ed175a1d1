"""`./dev quickstart`: the jar in a real Flink's lib/, a real Kafka, the README's SQL, tables in Doris, and what came of it."""

import gzip
import json
import os
import shutil
import sys
import time
from contextlib import ExitStack
from pathlib import Path

import canal_tables
import changelog
import doris
import sql_script
from parts import REPO, Failure, Parts, program, say, state_dir
from servers import Flink, Kafka

DATA = REPO / "tests" / "data" / "quickstart"
EXAMPLES = [REPO / "examples" / "products.sql", REPO / "examples" / "orders-metadata.sql"]
DORIS_TABLES, DORIS = REPO / "examples" / "orders-doris-tables.sql", REPO / "examples" / "orders-doris.sql"
DATABASE = "canal_native_quickstart"
#: The tables of DORIS_TABLES: key, then the columns whose text Canal writes otherwise.
WRITTEN = {
    "orders": (["id"], {"amount": canal_tables.decimal(2)}),
    "order_item": (["order_id", "line_no", "sku"], {"price": canal_tables.decimal(4)}),
}
KEPT_RUNS = 5


def run_dir() -> Path:
    """A fresh directory for logs; the oldest are removed, but not one whose process still runs."""
    runs = state_dir() / "runs"
    runs.mkdir(exist_ok=True)
    for old in sorted(runs.iterdir(), key=lambda path: path.stat().st_mtime)[: -KEPT_RUNS + 1]:
        if not Path("/proc", old.name.rpartition("-")[2]).exists():
            shutil.rmtree(old, ignore_errors=True)
    path = runs / f"{time.strftime('%Y%m%d-%H%M%S')}-{os.getpid()}"
    path.mkdir()
    return path


class Run:
    """A run of several servers, with a directory for their logs: in the end they are stopped, the last first, and a Failure says where the logs are."""

    def __init__(self):
        self.began, self.directory, self.servers = time.monotonic(), run_dir(), ExitStack()

    def __enter__(self):
        say(f"logs of this run: {self.directory}")
        return self

    def stops(self, server):
        """Stops that server in the end, whether it is started or not; the server."""
        self.servers.callback(server.stop)
        return server

    def seconds(self) -> str:
        """How long it has taken so far."""
        return f"{time.monotonic() - self.began:.0f} s"

    def __exit__(self, _kind, problem, _trace):
        say("stopping what was started")
        self.servers.close()
        if isinstance(problem, Failure):
            raise Failure(f"{problem}\n  logs: {self.directory}") from None
        if problem is None:
            say(f"done in {self.seconds()}")


def main(jar: Path) -> None:
    """Runs the quickstart with that jar; any Failure means it did not work."""
    parts = Parts()
    with Run() as run:
        target = run.stops(doris.of_environment(run.directory / "doris", DATABASE))
        kafka, flink = run.stops(Kafka(parts, run.directory / "kafka")), run.stops(Flink(parts, run.directory / "flink", [jar]))
        say(f"starting {target.what}, Kafka, and Flink {parts.flink.version} with {jar.name} in lib/")
        target.start()
        target.wait()
        flink.start()
        kafka.start()
        kafka.wait()
        say("producing: products_binlog (generated after the products table of Flink's documentation)")
        say("           shop_binlog (captured from Canal 1.1.7 on MySQL 8.0.33)")
        for line in kafka.produce(f"products_binlog={DATA}/products.jsonl", f"shop_binlog={DATA}/orders.jsonl.gz").splitlines():
            say(f"  {line}")
        target.sql(*sql_script.statements(DORIS_TABLES.read_text()))
        flink.wait()
        files = EXAMPLES + [DORIS]
        say(f"ready after {run.seconds()}; running {', '.join(str(file.relative_to(REPO)) for file in files)}")
        script, jobs, inserts = sql_script.compose(files, kafka.bootstrap, others=access(target))
        output = run_sql(flink, script, target.password)
        results = dict(zip(jobs, changelog.read(output)))
        if len(results) != len(jobs):
            raise Failure(f"{len(results)} of {len(jobs)} queries answered")
        show(results, flink.directory / "log" / "quickstart.out")
        show_doris(target, DATABASE, WRITTEN)
        show_target(target, "quickstart")
        show_codec(flink, jobs + inserts)


def access(target: doris.Doris):
    """What the examples say of Doris, and what is so here."""
    def quoted(text):
        return "'" + text.replace("'", "''") + "'"
    return {"'localhost:8030'": quoted(target.fenodes), "'username' = 'root'": f"'username' = {quoted(target.user)}",
            "'password' = ''": f"'password' = {quoted(target.password)}"}


def run_sql(flink: Flink, script: str, password: str) -> str:
    """Runs the script; the SQL client repeats what it runs, so a password is taken out of what is kept."""
    try:
        output = flink.sql(script, "quickstart")
    finally:
        written = [flink.directory / "quickstart.sql", flink.directory / "tmp" / "history", *(flink.directory / "log").iterdir()]
        for file in written if password else ():
            file.write_text(file.read_text(errors="replace").replace(password.replace("'", "''"), "***"))
    problem = changelog.error(output)
    if problem:
        raise Failure(f"a statement failed:\n{problem}")
    return output


def show(results, output: Path) -> None:
    """Prints the changelogs and the views."""
    def rows(result, chosen=None):
        return changelog.table(["op"] + result.columns, [[op] + values for op, values in (chosen or result.rows)])
    products, averages = results["products-1"], results["products-2"]
    orders, statuses = results["orders-metadata-1"], results["orders-metadata-2"]
    print(f"\nChangelog of topic_products ({len(products.rows)} rows)\n{rows(products)}")
    print(f"Changelog of SELECT name, AVG(weight) ... GROUP BY name ({len(averages.rows)} rows)\n{rows(averages)}")
    print(f"The view in the end\n{changelog.table(averages.columns, sorted(averages.view()))}")
    print(f"Changelog of topic_orders with all six metadata columns (the last 6 of {len(orders.rows)} rows)\n{rows(orders, orders.rows[-6:])}")
    print(f"Its view by status in the end\n{changelog.table(statuses.columns, sorted(statuses.view()))}")
    say(f"everything the SQL client printed: {output}")


def captured():
    """The messages of shop_dev's tables, parsed."""
    return [json.loads(line) for line in gzip.decompress((DATA / "orders.jsonl.gz").read_bytes()).splitlines()]


def differences(target: doris.Doris, database: str, table: str, key, forms):
    """A table read back over the MySQL protocol: its columns, its rows, and which of them are not what the messages say, or missing."""
    columns = [row[0] for row in target.sql(f"DESC {database}.{table}")]
    found = target.sql(f"SELECT * FROM {database}.{table} ORDER BY {', '.join(key)}")
    expected = canal_tables.cells(canal_tables.final_table(captured(), table, key), columns, forms)
    if sorted(found, key=str) == expected:
        return columns, found, []
    return columns, found, [row for row in found if row not in expected] + [row for row in expected if row not in found]


def show_doris(target: doris.Doris, database: str, written) -> None:
    """Shows the tables as they are in Doris, if they are what the messages say that MySQL's tables held."""
    for table, (key, forms) in written.items():
        name = f"{database}.{table}"
        columns, found, wrong = differences(target, database, table, key, forms)
        print(f"SELECT * FROM {name} ORDER BY {', '.join(key)}: the last 6 of {len(found)} rows\n{changelog.table(columns, short(found[-6:]))}")
        if wrong:
            raise Failure(f"{name} is not what the messages say: {len(found)} rows; the first that differ: {wrong[:4]}")
        say(f"{name}: {len(found)} rows, each cell as the messages say it was in MySQL after {changes(captured(), table, key)}")


def show_target(target: doris.Doris, verb: str) -> None:
    """Says how to do the same with a real Doris."""
    if isinstance(target, doris.StandIn):
        say("this was the stand-in for Doris of this project (tests/doris-standin), not Doris. The same against a real one:")
        say(f"  DORIS_FENODES=fe1:8030 DORIS_QUERY=fe1:9030 DORIS_USER=root DORIS_PASSWORD=… ./dev {verb}")


def short(rows):
    """Rows to look at: no text beyond 40 characters, no line breaks."""
    return [["<NULL>" if cell is None else " ".join(cell.split())[:40] for cell in row] for row in rows]


def changes(messages, table: str, key) -> str:
    """How many rows were inserted, updated and deleted, and how many changed their key."""
    of_table = [message for message in messages if message["table"] == table and message["data"]]
    count = {kind: sum(len(message["data"]) for message in of_table if message["type"] == kind) for kind in ("INSERT", "UPDATE", "DELETE")}
    moved = sum(any(name in old for name in key) for message in of_table for old in message["old"] or ())
    return f"{count['INSERT']} inserts, {count['UPDATE']} updates ({moved} of the key) and {count['DELETE']} deletes"


def show_codec(flink: Flink, jobs) -> None:
    """Says which codec ran, from the counters each job left and the line it logged."""
    lines = flink.codec_lines()
    if lines:
        say("the codec said: " + lines[0].split(" - ", 1)[-1].strip())
    silent = []
    for job in jobs:
        counts = flink.counts(job)
        if not counts.get("messages"):
            silent.append(job)
            continue
        skipped = sum(value for name, value in counts.items() if name.startswith("skipped"))
        say(f"{job}: {counts['messages'] - counts['delegated']} messages decoded natively, {counts['delegated']} delegated to Flink's codec; "
            f"{counts['rows']} rows, {counts['filtered']} messages of other tables, {skipped} without rows")
    if silent:
        raise Failure(f"the native codec counted nothing in {', '.join(silent)}: Flink's own codec ran. "
                      f"Its task manager's log is {flink.task_manager.log}")


if __name__ == "__main__":
    program(main, Path(sys.argv[1]).resolve())
