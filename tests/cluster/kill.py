"""A task manager killed with -9 ten times in mid-stream: the aggregation's view has no lost and no duplicated change.

Usage: kill.py <jar> [--flink 1.20|2.x] [--java HOME] [--kills N]. A producer writes while task managers die: captured
messages of two tables, in rounds with keys of their own. The expected view is computed from the messages, by a reading
that shares nothing with the codec. The last line is `N passed, N failed`.
"""

import gzip
import json
import os
import signal
import sys
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "dev.d"))

import run  # noqa: E402
from jobs import JobFailed, Jobs  # noqa: E402
from parts import Failure, Parts, say  # noqa: E402
from quickstart import DATA, run_dir  # noqa: E402
from servers import START_SECONDS, Flink, Kafka  # noqa: E402
from switch import submit  # noqa: E402

CONFIG = {
    "metrics.fetcher.update-interval": 100,
    # A question to a task manager that was killed is waited for that long, and no metrics are fetched meanwhile.
    "web.timeout": 5000,
    "restart-strategy.type": "fixed-delay",
    "restart-strategy.fixed-delay.attempts": 1000,
    "restart-strategy.fixed-delay.delay": "100 ms",
    "execution.checkpointing.interval": "700 ms",
    "execution.checkpointing.mode": "EXACTLY_ONCE",
}
SQL = """CREATE TABLE orders (id BIGINT, amount DECIMAL(12, 2), status STRING) WITH (
  'connector' = 'kafka', 'topic' = 'orders_binlog', 'properties.bootstrap.servers' = '{kafka}', 'properties.group.id' = 'kill',
  'scan.startup.mode' = 'earliest-offset', 'format' = 'canal-json', 'canal-json.table.include' = 'orders');
CREATE TABLE totals (group_of BIGINT, status STRING, orders BIGINT, amount DECIMAL(38, 2), ids BIGINT, PRIMARY KEY (group_of, status) NOT ENFORCED)
WITH (
  'connector' = 'upsert-kafka', 'topic' = 'totals', 'properties.bootstrap.servers' = '{kafka}', 'key.format' = 'json', 'value.format' = 'json');
INSERT INTO totals SELECT MOD(id, 10), status, COUNT(*), SUM(amount), SUM(id) FROM orders GROUP BY MOD(id, 10), status;
"""
# Keys of the captured rows are below this; each round adds it once more, so that rounds do not touch each other's rows.
KEYS_A_ROUND = 1_000_000
# The job is fed while fewer messages than this are written and not yet seen to be read.
AHEAD = 700


def captured():
    """The captured messages as objects."""
    return [json.loads(line) for line in gzip.decompress((DATA / "orders.jsonl.gz").read_bytes()).splitlines()]


def of_round(message, number: int) -> str:
    """The message with the round's keys, as Canal writes it: UTF-8, no white space."""
    if message["table"] == "orders" and message["data"]:
        message = dict(message, data=[_rekeyed(row, number) for row in message["data"]], old=message["old"] and [_rekeyed(row, number) for row in message["old"]])
    return json.dumps(message, ensure_ascii=False, separators=(",", ":"))


def _rekeyed(row, number: int):
    return dict(row, id=str(int(row["id"]) + KEYS_A_ROUND * number)) if "id" in row else row


def expected_view(messages, rounds: int):
    """The totals by the messages alone: each row that is left counts once."""
    left = Counter()
    for message in messages:
        if message["table"] != "orders" or message["isDdl"]:
            continue
        for number, row in enumerate(message["data"]):
            if message["type"] == "UPDATE":
                left[_row(dict(row, **message["old"][number]))] -= 1
            left[_row(row)] += -1 if message["type"] == "DELETE" else 1
    if set(left.values()) - {0, 1}:
        raise Failure("the captured messages take rows away that are not there")
    totals = {}
    for (key, status, amount), count in left.items():
        for number in range(rounds if count else 0):
            identity = key + KEYS_A_ROUND * number
            total = totals.setdefault((identity % 10, status), [0, Decimal(0), 0])
            total[0], total[1], total[2] = total[0] + 1, total[1] + amount, total[2] + identity
    return {f"{group}/{status}": f"{total[0]} orders, {total[1]:.2f}, keys {total[2]}" for (group, status), total in sorted(totals.items())}


def _row(row):
    return int(row["id"]), row["status"], Decimal(row["amount"] or 0)


class Kills:
    """The cluster, the job, the producer."""

    def __init__(self, options):
        self.options, self.checks, parts = options, run.Checks(), Parts(options.flink)
        self.directory = run_dir()
        say(f"logs of this run: {self.directory}")
        self.kafka = Kafka(parts, self.directory / "kafka")
        self.flink = Flink(parts, self.directory / "flink", [options.jar], options.java, CONFIG)
        self.messages, self.rounds, self.read = captured(), 0, -1
        self.jobs = self.job = self.producer = None

    def feed(self) -> None:
        """Writes a round if the job is near the end of what was written."""
        self.read = max(self.read, self.jobs.offset(self.job, "orders_binlog"))
        if self.rounds * len(self.messages) - self.read < AHEAD:
            self.producer.stdin.writelines(of_round(message, self.rounds) + "\n" for message in self.messages)
            self.producer.stdin.flush()
            self.rounds += 1

    def feed_until(self, condition, what: str):
        """Keeps feeding until the condition holds; returns its answer."""
        def fed():
            if self.jobs.state(self.job) in ("FAILED", "FINISHED", "CANCELED"):
                raise JobFailed("the job ended:\n" + "\n".join(self.jobs.failures(self.job)[:1]))
            if self.producer.poll() is not None:
                raise JobFailed(f"the producer ended; its log is in {self.kafka.directory}")
            self.feed()
            return condition()
        return self.jobs.await_that(fed, what, 2 * START_SECONDS)

    def beyond_a_checkpoint(self, completed: int):
        """How many messages were read since a checkpoint that was completed after that many; None before there is one."""
        if self.jobs.checkpoints(self.job)["completed"] <= completed:
            return None
        committed = self.jobs.metrics(self.job, ".KafkaSourceReader.topic.orders_binlog.partition.0.committedOffset")
        read = self.jobs.offset(self.job, "orders_binlog")
        ahead = read - max(committed.values(), default=-1)
        return ahead if committed and max(committed.values()) >= 0 and ahead > 0 else None

    def kill(self, number: int) -> None:
        """Kills the task manager while it decodes messages that no checkpoint has yet, and starts another."""
        # Not while the job only catches up, nor by what the last task manager had reported: the source must have read a round
        # that was written after the last kill.
        counts, fresh = self.jobs.checkpoints(self.job), (self.rounds + 1) * len(self.messages)
        ahead = self.feed_until(lambda: self.read >= fresh and self.beyond_a_checkpoint(counts["completed"]), "a checkpoint and messages after it")
        decoded, delegated = self.jobs.counted(self.job, "messages"), self.jobs.counted(self.job, "delegated")
        pid = self.flink.task_manager.popen.pid
        os.kill(pid, signal.SIGKILL)
        self.flink.task_manager.popen.wait()
        self.flink.start_task_manager()
        self.feed_until(lambda: self.jobs.checkpoints(self.job)["restored"] > counts["restored"], "the job resumed")
        say(f"kill {number}: process {pid} had decoded {decoded} messages, at least {ahead} of them after its last checkpoint; "
            f"{self.rounds * len(self.messages)} written")
        self.checks.check(f"kill {number}: it decoded natively, and no message went to Flink's codec", decoded > 0 and delegated == 0,
                          f"       {decoded} decoded, {delegated} delegated")

    def live(self) -> bool:
        """All kills; true when every check passed."""
        began = time.monotonic()
        try:
            self.flink.start()
            self.kafka.start()
            self.kafka.wait()
            self.kafka.produce("orders_binlog", "totals")
            self.flink.wait()
            self.jobs = Jobs(self.flink.rest)
            self.job = submit(self.flink, "kill", SQL.format(kafka=self.kafka.bootstrap))
            self.producer = self.kafka.open_producer("orders_binlog")
            say(f"{time.monotonic() - began:.0f} s: {self.flink.name()} and the job are up")
            for number in range(1, self.options.kills + 1):
                self.kill(number)
            self.judge()
        except Failure as failure:
            self.checks.check("kill", False, f"       {failure}")
        finally:
            if self.producer and self.producer.poll() is None:
                self.producer.kill()
                self.producer.wait()
            self.flink.stop()
            self.kafka.stop()
        say(f"{time.monotonic() - began:.0f} s; logs: {self.directory}")
        return self.checks.ended()

    def judge(self) -> None:
        """Lets the job read to the end and compares its view."""
        self.producer.stdin.close()
        self.producer.wait(timeout=START_SECONDS)
        written = self.rounds * len(self.messages)
        self.jobs.await_offset(self.job, "orders_binlog", written - 1)
        counts = self.jobs.checkpoints(self.job)
        self.jobs.stop_with_savepoint(self.job, self.directory / "savepoints")
        rows = [json.loads(key) | value for key, value in self.kafka.view("totals").items()]
        view = {f"{row['group_of']}/{row['status']}": f"{row['orders']} orders, {Decimal(str(row['amount'])):.2f}, keys {row['ids']}" for row in rows}
        say(f"{written} messages in {self.rounds} rounds, {counts['completed']} checkpoints, restored {counts['restored']} times, {len(view)} groups")
        self.checks.check(f"the job resumed from a checkpoint after each of {self.options.kills} kills", counts["restored"] >= self.options.kills, f"       {counts}")
        expected = expected_view(self.messages, self.rounds)
        self.checks.equal("no change is lost and none counted twice", json.dumps(expected, indent=1), json.dumps(dict(sorted(view.items())), indent=1))


if __name__ == "__main__":
    parser = run.arguments(__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--kills", type=int, default=10)
    run.run(lambda options: Kills(options).live(), parser.parse_args())
