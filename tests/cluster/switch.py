"""A running job goes from Flink's codec to ours and back, by savepoints, and ends where a job that never switched ends.

Usage: switch.py <jar> [--flink 1.20|2.x] [--java HOME]. One job, Kafka -> canal-json -> aggregation -> upsert-kafka, lives
through five clusters, each with a portion of captured messages of two tables; it is stopped with a savepoint and resumed
from it each time. The last line is `N passed, N failed`.
"""

import gzip
import json
import re
import sys
import time
from pathlib import Path
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "dev.d"))

import changelog  # noqa: E402
import run  # noqa: E402
from jobs import Jobs  # noqa: E402
from parts import Failure, Parts, say  # noqa: E402
from quickstart import DATA, run_dir  # noqa: E402
from servers import Flink, Kafka  # noqa: E402

SETTINGS = {"sql-client.execution.result-mode": "tableau", "table.local-time-zone": "UTC", "pipeline.name": "switch"}
SOURCE = """CREATE TABLE orders (id BIGINT, amount DECIMAL(12, 2), status STRING, created TIMESTAMP(3)) WITH (
  'connector' = 'kafka', 'topic' = 'shop_binlog', 'properties.bootstrap.servers' = '{kafka}', 'properties.group.id' = 'switch',
  'scan.startup.mode' = 'earliest-offset', 'format' = 'canal-json', 'canal-json.table.include' = 'orders'{options});
"""
SINK = """CREATE TABLE {topic} (status STRING, orders BIGINT, amount DECIMAL(38, 2), latest TIMESTAMP(3), PRIMARY KEY (status) NOT ENFORCED) WITH (
  'connector' = 'upsert-kafka', 'topic' = '{topic}', 'properties.bootstrap.servers' = '{kafka}', 'key.format' = 'json', 'value.format' = 'json');
"""
INSERT = "INSERT INTO {topic} SELECT COALESCE(status, '?'), COUNT(*), SUM(amount), MAX(created) FROM orders GROUP BY COALESCE(status, '?');\n"


class Leg(NamedTuple):
    """A stretch of the job's life: with the jar or not, options of ours, and where its portion of the messages ends."""

    name: str
    jar: bool
    options: str
    until: int


# In the messages 19, 39, 78 and 229 one UPDATE changes different columns of different rows. `canal` semantics read those
# otherwise than Flink, so the leg with the DDL unchanged has none of them; the leg with `flink` semantics has one.
LEGS = [Leg("stock", False, "", 50), Leg("flink", True, ", 'canal-json.semantics' = 'flink'", 80), Leg("stock-again", False, "", 100),
        Leg("unchanged", True, "", 225), Leg("stock-at-last", False, "", 237)]


def portions(directory: Path):
    """A file for each leg, and the messages as objects."""
    lines = gzip.decompress((DATA / "orders.jsonl.gz").read_bytes()).splitlines()
    begin = 0
    for leg in LEGS:
        (directory / f"{leg.name}.jsonl").write_bytes(b"".join(line + b"\n" for line in lines[begin:leg.until]))
        begin = leg.until
    if begin != len(lines):
        raise Failure(f"orders.jsonl.gz has {len(lines)} messages, the legs {begin}")
    return [json.loads(line) for line in lines]


def submit(flink: Flink, name: str, script: str, savepoint: str = "") -> str:
    """Runs a script that starts one job, and returns the job's id."""
    settings = dict(SETTINGS, **({"execution.state-recovery.path": savepoint} if savepoint else {}))
    output = flink.sql("".join(f"SET '{key}' = '{value}';\n" for key, value in settings.items()) + script, name)
    problem, job = changelog.error(output), re.search(r"Job ID: ([0-9a-f]{32})", output)
    if problem or not job:
        raise Failure(f"{name}: no job was started: {problem or output[-2000:]}")
    return job.group(1)


class Switch:
    """The job's life, leg after leg."""

    def __init__(self, options):
        self.options, self.checks, self.parts = options, run.Checks(), Parts(options.flink)
        self.directory = run_dir()
        say(f"logs of this run: {self.directory}")
        self.kafka = Kafka(self.parts, self.directory / "kafka")
        self.messages = portions(self.directory)
        self.savepoint, self.vertices, self.plan = "", None, None

    def leg(self, leg: Leg, begin: int) -> None:
        """One cluster: resumes the job, feeds it its portion, looks at it, stops it with a savepoint."""
        flink = Flink(self.parts, self.directory / leg.name, [self.options.jar] if leg.jar else [], self.options.java,
                      {"metrics.fetcher.update-interval": 200})
        try:
            flink.start()
            flink.wait()
            jobs = Jobs(flink.rest)
            source = SOURCE.format(kafka=self.kafka.bootstrap, options=leg.options)
            insert = INSERT.format(topic="switched")
            plan = flink.directory / "plan.json"
            compile_plan = "" if leg.options else f"COMPILE PLAN 'file://{plan}' FOR {insert}"
            job = submit(flink, "resume", source + SINK.format(topic="switched", kafka=self.kafka.bootstrap) + compile_plan + insert, self.savepoint)
            self.kafka.produce(f"shop_binlog={self.directory / leg.name}.jsonl,append")
            jobs.await_offset(job, "shop_binlog", leg.until - 1)
            self.look(leg, jobs, job, leg.until - begin, plan)
            if leg is LEGS[-1]:
                self.uninterrupted(flink, jobs, source)
            self.savepoint = jobs.stop_with_savepoint(job, self.directory / "savepoints")
            self.look_into_savepoint(leg)
        finally:
            flink.stop()

    def look(self, leg: Leg, jobs: Jobs, job: str, messages: int, plan: Path) -> None:
        """Which codec runs, and that the planner made the same job of the SQL."""
        check = self.checks.check
        if leg.jar:
            jobs.await_that(lambda: jobs.counted(job, "messages") >= messages, "the leg's messages counted")
        counted, delegated = jobs.counted(job, "messages"), jobs.counted(job, "delegated")
        if leg.jar:
            check(f"{leg.name}: every message of its portion is decoded natively, once", (counted, delegated) == (messages, 0),
                  f"       {counted} of {messages}, {delegated} delegated")
        else:
            check(f"{leg.name}: Flink's own codec runs", counted == 0, f"       our codec counted {counted}")
        restored = jobs.checkpoints(job)["restored"]
        check(f"{leg.name}: the job {'resumed from the savepoint' if self.savepoint else 'began without state'}", restored == (1 if self.savepoint else 0))
        vertices, text = jobs.vertices(job), plan.read_text() if plan.exists() else None
        if leg is LEGS[0]:
            self.vertices, self.plan = vertices, text
            check(f"{leg.name}: a plan was compiled", bool(text))
            return
        check(f"{leg.name}: the job graph has the first leg's vertex ids", vertices == self.vertices, f"       {vertices} {self.vertices}")
        if not leg.options:
            self.checks.equal(f"{leg.name}: the compiled plan is the first leg's", self.plan, text or "no plan")

    def look_into_savepoint(self, leg: Leg) -> None:
        """The state must be Flink's own: whoever takes the jar away can still read it."""
        files = [path for path in Path(self.savepoint.replace("file:", "", 1)).rglob("*") if path.is_file()]
        content = b"".join(path.read_bytes() for path in files)
        check = self.checks.check
        check(f"{leg.name}: the savepoint has the source's splits", b"shop_binlog" in content, f"       {len(content)} bytes in {files}")
        check(f"{leg.name}: no class of ours is in the savepoint", b"canalnative" not in content and b"canal.Canal" not in content)

    def uninterrupted(self, flink: Flink, jobs: Jobs, source: str) -> None:
        """The same SQL over the whole topic, on Flink's own codec from beginning to end."""
        job = submit(flink, "uninterrupted", source + SINK.format(topic="uninterrupted", kafka=self.kafka.bootstrap) + INSERT.format(topic="uninterrupted"))
        jobs.await_offset(job, "shop_binlog", LEGS[-1].until - 1)
        jobs.stop_with_savepoint(job, self.directory / "savepoints")

    def live(self) -> bool:
        """All legs; true when every check passed."""
        began = time.monotonic()
        try:
            self.kafka.start()
            self.kafka.wait()
            self.kafka.produce("shop_binlog", "switched", "uninterrupted")
            begin = 0
            for leg in LEGS:
                self.leg(leg, begin)
                updates = sum(m["table"] == "orders" and m["type"] == "UPDATE" for m in self.messages[begin:leg.until])
                say(f"{time.monotonic() - began:.0f} s: {leg.name}: messages {begin} to {leg.until - 1}, {updates} of them updates of the table")
                begin = leg.until
            expected, switched = (json.dumps(dict(sorted(self.kafka.view(topic).items())), indent=1) for topic in ("uninterrupted", "switched"))
            self.checks.equal("the switched job's result is the uninterrupted stock job's", expected, switched)
            self.checks.check("the result has rows", len(json.loads(expected)) >= 3, expected)
        except Failure as failure:
            self.checks.check("switch", False, f"       {failure}")
        finally:
            self.kafka.stop()
        say(f"{time.monotonic() - began:.0f} s; logs: {self.directory}")
        return self.checks.ended()


if __name__ == "__main__":
    run.run(lambda options: Switch(options).live(), run.arguments(__doc__.split("\n\n", maxsplit=1)[0]).parse_args())
