"""`./dev quickstart-database`: a whole database from a Canal topic in a real Kafka into Doris, by examples/canal-to-doris.yaml and bin/canal-native."""

import signal
import sys
import time
from pathlib import Path

import canal_tables
import doris
from embedded import Job, environment, written
from parts import REPO, Failure, Parts, say
from quickstart import DATA, differences, run_dir, show_doris, show_target
from servers import Kafka

EXAMPLE = REPO / "examples" / "canal-to-doris.yaml"
DATABASE = "canal_native_database"
STATUS = ["", "new", "paid", "shipped", "done"]
#: The tables that the job makes: key, then the columns whose text Canal writes otherwise. An ENUM is a number in messages, and its label in Doris.
MADE = {
    "orders": (["id"], {"amount": canal_tables.decimal(2), "status": lambda number: STATUS[int(number)]}),
    "order_item": (["order_id", "line_no", "sku"], {"price": canal_tables.decimal(4)}),
}


def job_file(path: Path, bootstrap: str, target: doris.Doris) -> Path:
    """The example, with what is so here."""
    here = {"localhost:9092": bootstrap, "localhost:8030": target.fenodes, "username: root": f"username: '{target.user}'", "'shop.$1'": f"'{DATABASE}.$1'"}
    return written(EXAMPLE, path, here, f"\nddl: {{journal-database: {DATABASE}}}\nflink: {{checkpoint-interval: 2s}}\nrealFlushPauseSec: 1\n")


def arrived(target: doris.Doris) -> bool:
    """Whether the tables are there and hold what the messages say."""
    there = {row[0] for row in target.sql("SHOW DATABASES")}
    if DATABASE not in there or not set(MADE) <= {row[0] for row in target.sql(f"SHOW TABLES FROM {DATABASE}")}:
        return False
    return not any(differences(target, DATABASE, table, key, forms)[2] for table, (key, forms) in MADE.items())


def main() -> None:
    """Runs the quickstart; any Failure means it did not work."""
    began = time.monotonic()
    parts = Parts()
    directory = run_dir()
    say(f"logs of this run: {directory}")
    kafka, target, job = Kafka(parts, directory / "kafka"), doris.of_environment(directory / "doris", DATABASE), None
    try:
        say(f"starting {target.what} and Kafka")
        target.start()
        kafka.start()
        target.wait()
        kafka.wait()
        say(f"producing shop_binlog (captured from Canal 1.1.7 on MySQL 8.0.33): {kafka.produce(f'shop_binlog={DATA}/orders.jsonl.gz')}")
        file = job_file(directory / "job.yaml", kafka.bootstrap, target)
        say(f"ready after {time.monotonic() - began:.0f} s; bin/canal-native run {file}, which is {EXAMPLE.relative_to(REPO)} with the addresses of here")
        job = Job(environment(parts, DORIS_PASSWORD=target.password), file, directory / "job.out")
        try:
            job.follow(lambda: arrived(target), "done with all messages")
        except Failure:
            show_doris(target, DATABASE, MADE)
            raise
        code = job.end()
        job.show()
        if code:
            raise Failure(f"the job ended with {code} when it was stopped")
        for table in MADE:
            print(f"\n{target.sql(f'SHOW CREATE TABLE {DATABASE}.{table}')[0][1]}")
        show_doris(target, DATABASE, MADE)
        show_target(target, "quickstart-database")
    except Failure as failure:
        raise Failure(f"{failure}\n  logs: {directory}") from None
    finally:
        say("stopping what was started")
        for server in (job, kafka, target):
            if server:
                server.stop()
    say(f"done in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        main()
    except Failure as failure:
        print(f"[canal-native] FAILED: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
