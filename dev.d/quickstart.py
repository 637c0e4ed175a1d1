"""`./dev quickstart`: the jar in a real Flink's lib/, a real Kafka, the README's SQL, and what came of it."""

import os
import shutil
import signal
import sys
import time
from pathlib import Path

import changelog
import sql_script
from parts import REPO, Failure, Parts, say, state_dir
from servers import Flink, Kafka

DATA = REPO / "tests" / "data" / "quickstart"
EXAMPLES = [REPO / "examples" / "products.sql", REPO / "examples" / "orders-metadata.sql"]
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


def main(jar: Path) -> None:
    """Runs the quickstart with that jar; any Failure means it did not work."""
    began = time.monotonic()
    parts = Parts()
    directory = run_dir()
    say(f"logs of this run: {directory}")
    kafka, flink = Kafka(parts, directory / "kafka"), Flink(parts, directory / "flink", [jar])
    try:
        say(f"starting Kafka and Flink {parts.flink.version} with {jar.name} in lib/")
        flink.start()
        kafka.start()
        kafka.wait()
        say("producing: products_binlog (generated after the products table of Flink's documentation)")
        say("           shop_binlog (captured from Canal 1.1.7 on MySQL 8.0.33)")
        for line in kafka.produce(f"products_binlog={DATA}/products.jsonl", f"shop_binlog={DATA}/orders.jsonl.gz").splitlines():
            say(f"  {line}")
        flink.wait()
        say(f"ready after {time.monotonic() - began:.0f} s; running examples/products.sql and examples/orders-metadata.sql")
        script, jobs, _ = sql_script.compose(EXAMPLES, kafka.bootstrap)
        output = flink.sql(script, "quickstart")
        problem = changelog.error(output)
        if problem:
            raise Failure(f"a statement failed:\n{problem}")
        results = dict(zip(jobs, changelog.read(output)))
        if len(results) != len(jobs):
            raise Failure(f"{len(results)} of {len(jobs)} queries answered")
        show(results, flink.directory / "log" / "quickstart.out")
        show_codec(flink, jobs)
    except Failure as failure:
        raise Failure(f"{failure}\n  logs: {directory}") from None
    finally:
        say("stopping Flink and Kafka")
        flink.stop()
        kafka.stop()
    say(f"done in {time.monotonic() - began:.0f} s")


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
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        main(Path(sys.argv[1]).resolve())
    except Failure as failure:
        print(f"[canal-native] FAILED: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
