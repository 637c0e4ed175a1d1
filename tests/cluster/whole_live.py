"""A real MariaDB, read by a real Canal into a real Kafka while the workload runs, and `bin/canal-native run` from there: its tables are MariaDB's.

Usage: whole_live.py <jar> [--flink 1.20|2.x] [--java HOME]. Flat messages and packets, each to a stand-in for Doris of its own. Compared are the tables as they
are in the database then, but for what tests/data/sync/exceptions.tsv says of MariaDB. The last line is `N passed, N failed`.
"""

import gzip
import re
import signal
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "dev.d"))

import doris  # noqa: E402
import final_tables  # noqa: E402
import run  # noqa: E402
from canal import Live  # noqa: E402
from embedded import Job, environment  # noqa: E402
from parts import Failure, say  # noqa: E402
from whole_workload import JOB  # noqa: E402
from workload import DATA, dump, statements  # noqa: E402

#: The statements behind the workload: when the row is in Doris, all before it is.
LAST = ["CREATE TABLE misc_dev.the_end (id INT PRIMARY KEY)", "INSERT INTO misc_dev.the_end VALUES (1)"]
#: A Canal without a history of definitions takes such a table's rows for broken, as they have columns that it is not shown, and begins again and again.
NOT_FOR_CANAL = "sysver"
SCHEMA_CHANGE = re.compile(r"(/\*.*?\*/|\s)*(CREATE|ALTER|DROP|RENAME|TRUNCATE)\b", re.IGNORECASE | re.DOTALL)
TOPICS = {"whole_flat": (True, "json"), "whole_packets": (False, "protobuf")}


def place(canal) -> tuple:
    """Up to where Kafka has what a Canal has read: a log's name and a position."""
    lines = [line.split() for line in canal.log.read_text(errors="replace").splitlines() if line.startswith("at ")]
    return (lines[-1][1], int(lines[-1][2])) if lines else ("", 0)


class Whole(Live):
    """All servers, and a job for each topic."""

    def job(self, topic: str, target: doris.StandIn) -> Job:
        """The job of a topic."""
        source = f"{{format: {TOPICS[topic][1]}, kafka: {{bootstrap-servers: '{self.kafka.bootstrap}', topics: [{topic}]}}}}"
        file = self.directory / f"{topic}.yaml"
        file.write_text(JOB.format(name=topic, source=source, fenodes=target.fenodes, parallelism=2, load="{}"))
        return Job(environment(self.parts, self.options.java, DORIS_PASSWORD=""), file, self.directory / f"{topic}.out")

    @staticmethod
    def is_through(target: doris.StandIn) -> bool:
        """Whether the last row is there."""
        there = target.sql("SELECT TABLE_NAME FROM information_schema.tables WHERE TABLE_SCHEMA = 'misc_dev' AND TABLE_NAME = 'the_end'")
        return bool(there) and bool(target.sql("SELECT id FROM misc_dev.the_end"))

    def compare(self, topic: str, target: doris.StandIn) -> None:
        """Each table of the database."""
        known = final_tables.exceptions("mariadb")
        tables, wrong = dump(self.database), []
        for name, content in tables.items():
            differ = final_tables.of_table(target, name, content)
            wrong += [f"{name} {column}: {what}" for column, what in differ.items() if (name, column) not in known]
        self.checks.check(f"{topic}: {len(tables)} tables are the database's", len(tables) > 30 and not wrong, "       " + "\n       ".join(wrong[:20]))

    def run_slowly(self, workload) -> None:
        """Runs it, each schema change when every Canal has come to it: without a history of its own it takes a row for one of the columns that the table has when it reads the row."""
        run_it, mark = self.database.session(), self.database.session()
        mark("CREATE DATABASE marks")
        mark("CREATE TABLE marks.marks (number INT PRIMARY KEY)")
        for number, statement in enumerate(workload):
            if SCHEMA_CHANGE.match(statement):
                log, position = mark("SHOW MASTER STATUS")[0][:2]
                mark(f"INSERT INTO marks.marks VALUES ({number})")
                for canal in self.canals:
                    canal.wait_for(lambda canal=canal, wanted=(log, position): place(canal) >= wanted, f"at the position {log} {position}")
            run_it(statement)

    def live(self) -> bool:
        """Everything; true when every check passed."""
        began, targets, jobs = time.monotonic(), {topic: doris.StandIn(self.directory / f"{topic}-doris") for topic in TOPICS}, {}
        try:
            for target in targets.values():
                target.start()
                target.wait()
            self.kafka.start()
            self.database.start()
            self.database.run(["CREATE USER canal@'%' IDENTIFIED BY 'canal'", "GRANT ALL ON *.* TO canal@'%'"])
            self.kafka.wait()
            self.kafka.produce(*TOPICS)
            for number, (topic, (flat, _)) in enumerate(TOPICS.items()):
                self.canal(topic, 81 + number, flat)
                jobs[topic] = self.job(topic, targets[topic])
            workload = statements(gzip.decompress((DATA / "workload-mariadb.sql.gz").read_bytes()).decode())
            self.run_slowly([statement for statement in workload if NOT_FOR_CANAL not in statement] + LAST)
            say(f"{time.monotonic() - began:.0f} s: the workload is in the database")
            for topic, job in jobs.items():
                job.wait_for(lambda topic=topic: self.is_through(targets[topic]), f"through with the topic {topic}")
                code = job.end(signal.SIGINT)
                self.checks.check(f"{topic}: the job stops", code == 0, f"       exit code {code}:\n{job.text()[-3000:]}")
                self.compare(topic, targets[topic])
        except Failure as failure:
            self.checks.check("whole-live", False, f"       {failure}")
        finally:
            for server in [*jobs.values(), *self.canals, self.kafka, self.database, *targets.values()]:
                server.stop()
        say(f"{time.monotonic() - began:.0f} s; logs: {self.directory}")
        return self.checks.ended()


if __name__ == "__main__":
    run.run(lambda options: Whole(options).live(), run.arguments(__doc__.split("\n\n", maxsplit=1)[0]).parse_args())
