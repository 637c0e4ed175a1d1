"""Canal messages through a real Flink into a stand-in for Doris, for half an hour, with random faults and task managers killed.

Usage: soak.py <jar> [--flink 1.20|2.x] [--java HOME] [--seconds N] [--seed N]. Two jobs read one topic: one writes by two-phase commit
into a unique-key table and a table that keeps doubles, one in flush mode into a unique-key table. Nobody touches them: Flink's restart
strategy does. In the end the messages stop, the faults are cleared, both jobs are stopped with a savepoint, and the tables are compared
cell by cell with what the messages say. CANAL_NATIVE_SOAK_SECONDS (1800) and CANAL_NATIVE_SOAK_SEED (the clock) are the same as the
arguments. The last line is `N passed, N failed`.
"""

import json
import os
import random
import re
import signal
import sys
import time
from collections import Counter
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "dev.d"))

import canal_tables  # noqa: E402
import run  # noqa: E402
from doris import StandIn  # noqa: E402
from doris_faults import Faults  # noqa: E402
from jobs import JobFailed, Jobs  # noqa: E402
from parts import Failure, Parts, say  # noqa: E402
from quickstart import run_dir  # noqa: E402
from servers import START_SECONDS, Flink, Kafka  # noqa: E402
from soak_messages import Messages  # noqa: E402
from switch import submit  # noqa: E402

TOPIC = "soak_binlog"
MESSAGES_A_SECOND = 60
#: From the last message to the end of both jobs. A load whose label was taken while it was tried is waited for, five minutes at most.
DRAIN_SECONDS = 1200
CONFIG = {
    "metrics.fetcher.update-interval": 500,
    "web.timeout": 5000,
    "web.exception-history-size": 2000,
    "restart-strategy.type": "fixed-delay",
    "restart-strategy.fixed-delay.attempts": 1000000,
    "restart-strategy.fixed-delay.delay": "200 ms",
    "execution.checkpointing.interval": "1 s",
    "execution.checkpointing.mode": "EXACTLY_ONCE",
    "parallelism.default": 2,
}
ORDERS = ("id BIGINT, customer {text}(256), amount DECIMAL(12, 2), status {text}(8), created {time}(3), note {note}")
DORIS = [
    "CREATE DATABASE soak",
    *(f"CREATE TABLE soak.{table} ({ORDERS.format(text='VARCHAR', time='DATETIME', note='STRING')}) UNIQUE KEY(id) DISTRIBUTED BY HASH(id) "
      "BUCKETS 4 PROPERTIES ('enable_unique_key_merge_on_write' = 'true', 'replication_num' = '1')" for table in ("orders", "orders_flushed")),
    "CREATE TABLE soak.journal (entry BIGINT, what VARCHAR(256)) DUPLICATE KEY(entry) DISTRIBUTED BY HASH(entry) BUCKETS 4 "
    "PROPERTIES ('replication_num' = '1')",
]
FLINK_ORDERS = ORDERS.format(text="VARCHAR", time="TIMESTAMP", note="STRING") + ", PRIMARY KEY (id) NOT ENFORCED"
SOURCE = """CREATE TABLE {table}_changes ({columns}) WITH (
  'connector' = 'kafka', 'topic' = '{topic}', 'properties.bootstrap.servers' = '{kafka}', 'properties.group.id' = '{job}',
  'scan.startup.mode' = 'earliest-offset', 'format' = 'canal-json', 'canal-json.table.include' = '{table}');
"""
#: Small loads, so that a checkpoint has several of them.
SINK = """CREATE TABLE {table}_in_doris ({columns}) WITH (
  'connector' = 'doris-native', 'fenodes' = '{doris}', 'table.identifier' = 'soak.{table}', 'username' = 'root',
  'sink.buffer-flush.max-rows' = '100'{options});
"""
TWO_PHASE = """EXECUTE STATEMENT SET BEGIN
INSERT INTO orders_in_doris SELECT * FROM orders_changes;
INSERT INTO journal_in_doris SELECT * FROM journal_changes;
END;
"""
FLUSH = "INSERT INTO orders_flushed_in_doris SELECT * FROM orders_changes;\n"
JOURNAL = "entry BIGINT, what VARCHAR(256)"


def scripts(kafka: str, doris: str):
    """The SQL of both jobs, by name; each body format is in one of the sinks."""
    def source(job, table, columns):
        return SOURCE.format(table=table, columns=columns, topic=TOPIC, kafka=kafka, job=job)

    def sink(table, columns, **options):
        return SINK.format(table=table, columns=columns, doris=doris, options="".join(f", '{name}' = '{value}'" for name, value in options.items()))
    return {
        "two-phase": source("two-phase", "orders", FLINK_ORDERS) + source("two-phase", "journal", JOURNAL)
        + sink("orders", FLINK_ORDERS, **{"sink.properties.compress_type": "gz"})
        + sink("journal", JOURNAL, **{"sink.properties.format": "arrow"}) + TWO_PHASE,
        "flush": source("flush", "orders", FLINK_ORDERS)
        + sink("orders_flushed", FLINK_ORDERS, **{"sink.properties.format": "csv", "sink.enable-2pc": "false", "sink.buffer-flush.interval": "300 ms"})
        + FLUSH,
    }


class Soak:
    """The cluster, its jobs, what feeds them and what disturbs them."""

    def __init__(self, options):
        self.options, self.checks, parts = options, run.Checks(), Parts(options.flink)
        self.directory = run_dir()
        say(f"logs of this run: {self.directory}")
        say(f"seed {options.seed}: CANAL_NATIVE_SOAK_SEED={options.seed} gives the same messages and the same faults in the same order")
        self.kafka = Kafka(parts, self.directory / "kafka")
        self.flink = Flink(parts, self.directory / "flink", [options.jar], options.java, CONFIG)
        self.doris = StandIn(self.directory / "doris", "--frontends", "2", "--backends", "3")
        self.messages, self.chance, self.written = Messages(options.seed), random.Random(options.seed + 1), 0
        self.journal = self.directory / "messages.jsonl"
        self.jobs = self.faults = self.producer = None
        self.ids, self.task_managers, self.kills = {}, [], 0
        # When the next kill is due, whether it waits for a checkpoint, and how many each job had at the last one.
        self.kill_at, self.spares, self.completed = 0.0, True, {}

    def live(self) -> bool:
        """All of it; true when every check passed."""
        began = time.monotonic()
        try:
            self.start()
            say(f"{time.monotonic() - began:.0f} s: {self.flink.name()}, {self.doris.what} and both jobs are up; {self.options.seconds} s of faults begin")
            self.disturb(time.monotonic() + self.options.seconds)
            self.drain()
            self.judge()
        except Failure as failure:
            self.checks.check("soak", False, f"       {failure}")
        finally:
            self.stop()
        self.no_process_is_left()
        say(f"{time.monotonic() - began:.0f} s; logs: {self.directory}")
        return self.checks.ended()

    def start(self) -> None:
        """Everything up, the jobs running, no message yet."""
        # The stand-in takes ports as the system gives them: before Flink looks for free ones, which it takes some seconds later.
        self.doris.start()
        self.doris.wait()
        self.doris.sql(*DORIS)
        self.flink.start()
        self.task_managers.append(self.flink.task_manager)
        self.kafka.start()
        self.kafka.wait()
        self.kafka.produce(TOPIC)
        self.flink.wait()
        self.jobs = Jobs(self.flink.rest)
        for name, script in scripts(self.kafka.bootstrap, self.doris.fenodes).items():
            self.ids[name] = submit(self.flink, name, script)
        self.producer = self.kafka.open_producer(TOPIC)
        self.faults = Faults(self.doris, self.options.seed + 2)

    def disturb(self, until: float) -> None:
        """Messages, faults and kills, each at its own pace, until it is time."""
        began = told = time.monotonic()
        self.kill_at = began + self.chance.uniform(10, 40)
        with open(self.journal, "w", encoding="utf-8") as journal:
            while time.monotonic() < until:
                self.feed(journal, MESSAGES_A_SECOND * (time.monotonic() - began))
                self.faults.step()
                if time.monotonic() > self.kill_at and self.may_kill():
                    self.kill()
                if time.monotonic() > told + 60:
                    told = time.monotonic()
                    self.tell(told - began)
                time.sleep(0.05)  # paces the messages; nothing is awaited by it

    def feed(self, journal, due: float) -> None:
        """Writes the messages that are due, to the topic and to a file of the run."""
        if self.producer.poll() is not None:
            raise Failure(f"the producer ended; its log is in {self.kafka.directory}")
        lines = []
        while self.written + len(lines) < due:
            lines.append(self.messages.next() + "\n")
        self.written += len(lines)
        journal.writelines(lines)
        self.producer.stdin.writelines(lines)
        self.producer.stdin.flush()

    def may_kill(self) -> bool:
        """Two of three kills wait until each job has completed a checkpoint since the last; the third may strike while they are restored."""
        if not self.spares:
            return True
        self.kill_at = time.monotonic() + 1
        return all(self.jobs.checkpoints(job)["completed"] > self.completed.get(name, 0) for name, job in self.ids.items())

    def kill(self) -> None:
        """Kills the task manager and starts another."""
        os.kill(self.flink.task_manager.popen.pid, signal.SIGKILL)
        self.flink.task_manager.popen.wait()
        self.flink.start_task_manager()
        self.task_managers.append(self.flink.task_manager)
        self.kills += 1
        self.kill_at = time.monotonic() + self.chance.uniform(10, 50)
        self.spares = self.chance.random() < 2 / 3
        self.completed = {name: self.jobs.checkpoints(job)["completed"] for name, job in self.ids.items()}

    def tell(self, seconds: float) -> None:
        """A line of progress; fails when a job is no more."""
        for name, job in self.ids.items():
            if self.jobs.state(job) in ("FAILED", "FINISHED", "CANCELED"):
                raise JobFailed(f"the job {name} ended:\n" + "\n".join(self.jobs.failures(job)[:1]))
        checkpoints = " and ".join(str(self.jobs.checkpoints(job)["completed"]) for job in self.ids.values())
        say(f"{seconds:.0f} s: {self.written} messages, {sum(self.faults.asked.values())} faults, {self.kills} kills, {checkpoints} checkpoints")

    def drain(self) -> None:
        """No more messages, no more faults; both jobs read to the end and are stopped with a savepoint."""
        self.producer.stdin.close()
        self.producer.wait(timeout=START_SECONDS)
        self.faults.clear()
        say(f"{self.written} messages written; waiting for both jobs to read and write the last")
        for name, job in self.ids.items():
            self.jobs.await_that(lambda job=job: self.jobs.offset(job, TOPIC) >= self.written - 1, f"the last message read by {name}", DRAIN_SECONDS)
            completed = self.jobs.checkpoints(job)["completed"]
            self.jobs.await_that(lambda job=job, n=completed: self.jobs.checkpoints(job)["completed"] > n + 1, f"a checkpoint of {name}", DRAIN_SECONDS)
            self.jobs.await_that(lambda job=job: self.stopped(job), f"the end of {name}", DRAIN_SECONDS)

    def stopped(self, job: str) -> bool:
        """Stops the job with a savepoint; raises Failure when it was being restarted then, so that it has to be asked again."""
        if self.jobs.state(job) != "FINISHED":
            self.jobs.stop_with_savepoint(job, self.directory / "savepoints")
        return True

    def judge(self) -> None:
        """The counts, and the tables against the messages."""
        of_jobs = {name: self.jobs.checkpoints(job) for name, job in self.ids.items()}
        failures = {name: self.jobs.failures(job) for name, job in self.ids.items()}
        self.count(of_jobs, failures)
        checks = self.checks
        checks.check("every named fault is struck or has a reason not to be", not self.faults.unknown, f"       {sorted(self.faults.unknown)}")
        checks.check("each fault met a request", not self.faults.never(), f"       not: {self.faults.never()}")
        checks.check("task managers were killed", self.kills > 0, f"       in {self.options.seconds} s")
        checks.check("both jobs resumed from checkpoints", all(counts["restored"] > 0 for counts in of_jobs.values()), f"       {of_jobs}")
        lost = [text for texts in failures.values() for text in texts if "Lost:" in text]
        checks.check("no committed row was lost", not lost, "       " + "\n       ".join(text[:2000] for text in lost[:1]))
        self.compare()
        self.no_transaction_is_open()

    def count(self, of_jobs, failures) -> None:
        """Says what happened, in numbers."""
        say(f"messages: {self.written}; rows in them: " + ", ".join(f"{number} {kind}" for kind, number in self.messages.count.items()))
        say(f"faults asked for/requests struck: {self.faults.text()}")
        say(f"faults in all: {sum(self.faults.asked.values())}, requests struck: {sum(self.faults.struck.values())}; kills: {self.kills}")
        for name, counts in of_jobs.items():
            say(f"{name}: {counts['completed']} checkpoints completed, {counts['failed']} failed, restored {counts['restored']} times; restarts by cause: "
                + ", ".join(f"{number} × {cause}" for cause, number in Counter(map(cause_of, failures[name])).most_common()))
        loads = self.doris.admin("/loads")
        (self.directory / "loads.json").write_text(json.dumps({"transactions": self.doris.admin("/transactions"), **loads}))
        say("loads by status: " + ", ".join(f"{number} × {status}" for status, number in Counter(load["status"] for load in loads["loads"]).most_common()))
        say("loads by table: " + ", ".join(f"{number} × {table}" for table, number in Counter(load["table"] for load in loads["loads"]).most_common()))
        say("transactions: " + ", ".join(f"{number} × {state}" for state, number in Counter(load["outcome"] for load in loads["loads"]).most_common())
            + "; 2PC calls: " + ", ".join(f"{name} {number}" for name, number in loads["counters"].items() if name.startswith("2pc.")))

    def compare(self) -> None:
        """Every cell of every table."""
        def messages():
            with open(self.journal, encoding="utf-8") as lines:
                yield from map(json.loads, lines)
        forms = {"amount": canal_tables.decimal(2)}
        columns = ["id", "customer", "amount", "status", "created", "note"]
        expected = canal_tables.cells(canal_tables.final_table(messages(), "orders", ["id"]), columns, forms)
        for table, what in (("orders", "two-phase commit, unique keys: each row once"), ("orders_flushed", "flush mode, unique keys: the same final state")):
            self.equal(f"{what} ({len(expected)} rows)", expected, self.doris.sql(f"SELECT {', '.join(columns)} FROM soak.{table}"))
        entries = canal_tables.cells(canal_tables.final_table(messages(), "journal", ["entry"]), ["entry", "what"], {})
        self.equal(f"two-phase commit, a table that keeps doubles: each row once ({len(entries)} rows)", entries,
                   self.doris.sql("SELECT entry, what FROM soak.journal"))

    def equal(self, name: str, expected, found) -> None:
        """Compares rows with their numbers of occurrences."""
        wanted, there = Counter(map(tuple, expected)), Counter(map(tuple, found))
        missing, beyond = wanted - there, there - wanted
        detail = f"       {missing.total()} missing, such as {list(missing)[:3]}; {beyond.total()} too many, such as {list(beyond)[:3]}"
        self.checks.check(name, bool(wanted) and not missing and not beyond, detail)

    def no_transaction_is_open(self) -> None:
        """Nothing of the jobs' is pre-committed or running. What `label_used` left is somebody else's: empty, and of no load that came."""
        sent = {load["txn"] for load in self.doris.admin("/loads")["loads"]}
        left = [txn for txn in self.doris.admin("/transactions") if txn["state"] in ("PREPARE", "PRECOMMITTED")]
        ours = [txn for txn in left if txn["rows"] or txn["id"] in sent]
        self.checks.check("no transaction is left open", not ours and len(left) <= self.faults.struck["label_used"], f"       {ours[:5]} of {len(left)}")

    def stop(self) -> None:
        """Ends what was started."""
        if self.producer and self.producer.poll() is None:
            self.producer.kill()
            self.producer.wait()
        for server in (self.flink, self.kafka, self.doris):
            server.stop()

    def no_process_is_left(self) -> None:
        """No process of any of the groups that were started."""
        started = [server for server in (*self.task_managers, self.flink.job_manager, self.kafka.process, self.doris.process) if server]
        left = [server.name for server in started if group_lives(server.popen.pid)]
        self.checks.check("no process is left", not left, f"       {left}")


def group_lives(group: int) -> bool:
    """Whether any process of that group is there."""
    try:
        os.killpg(group, 0)
        return True
    except ProcessLookupError:
        return False


def cause_of(trace: str) -> str:
    """The last `Caused by` of a stack trace, or its first line, without numbers, to count by."""
    causes = re.findall(r"^Caused by: (.*)$", trace, re.MULTILINE) or trace.splitlines()[:1] or ["?"]
    text = re.sub(r"\bsoak_\w+", "LABEL", causes[-1])
    return re.sub(r"\d+", "N", text)[:160]


if __name__ == "__main__":
    parser = run.arguments(__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--seconds", type=int, default=int(os.environ.get("CANAL_NATIVE_SOAK_SECONDS", "1800")))
    parser.add_argument("--seed", type=int, default=int(os.environ.get("CANAL_NATIVE_SOAK_SEED", int(time.time()))))
    run.run(lambda options: Soak(options).live(), parser.parse_args())
