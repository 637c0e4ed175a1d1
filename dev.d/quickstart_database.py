"""`./dev quickstart-database`: a whole database from a Canal topic in a real Kafka into Doris, by examples/canal-to-doris.yaml and bin/canal-native."""

from pathlib import Path

import canal_tables
import doris
from embedded import Job, environment, written
from parts import REPO, Failure, Parts, program, say
from quickstart import DATA, Run, differences, show_doris, show_target
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
    parts = Parts()
    with Run() as run:
        target, kafka = run.stops(doris.of_environment(run.directory / "doris", DATABASE)), run.stops(Kafka(parts, run.directory / "kafka"))
        say(f"starting {target.what} and Kafka")
        target.start()
        kafka.start()
        target.wait()
        kafka.wait()
        say(f"producing shop_binlog (captured from Canal 1.1.7 on MySQL 8.0.33): {kafka.produce(f'shop_binlog={DATA}/orders.jsonl.gz')}")
        file = job_file(run.directory / "job.yaml", kafka.bootstrap, target)
        say(f"ready after {run.seconds()}; bin/canal-native run {file}, which is {EXAMPLE.relative_to(REPO)} with the addresses of here")
        job = run.stops(Job(environment(parts, DORIS_PASSWORD=target.password), file, run.directory / "job.out"))
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


if __name__ == "__main__":
    program(main)
