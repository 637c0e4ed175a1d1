"""A MySQL of ten million rows into Doris, then a quarter of an hour of changes with schema changes in between: each table equals the source, and the job keeps within its memory.

Usage: large_mysql.py <jar> [--flink 1.20|2.x] [--java HOME] [--seed N] [--rows N] [--seconds N] [--faults]. The source is a MySQL 8.0 with GTIDs and a load as of TPC-C (warehouse.py).
CANAL_NATIVE_LONG_ROWS (10000000) are the rows of its largest table, CANAL_NATIVE_LONG_SECONDS (900) for how long it is written. In the end `verify` and sums by other SQL
say that both sides are equal; a verification is killed, and goes on; differences are planted in the largest table, found, and corrected.

With --faults the job is killed, the server is killed, and the stand-in for Doris has its faults, at random and for CANAL_NATIVE_LONG_FAULTS seconds (1800), in each stage and in
the middle of transactions of 400,000 rows. The last line is `N passed, N failed`.
"""

import json
import os
import random
import re
import shutil
import signal
import sys
import threading
import time
from collections import Counter
from decimal import Decimal
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "dev.d"))

import run  # noqa: E402
import warehouse  # noqa: E402
from databases import Mysql80  # noqa: E402
from doris import StandIn  # noqa: E402
from doris_faults import Faults  # noqa: E402
from embedded import PROGRAM, Job, call, environment  # noqa: E402
from following import IN_STEP, READS_LOG  # noqa: E402
from parts import Failure, Parts, java_home, say, tail  # noqa: E402
from quickstart import run_dir  # noqa: E402
from servers import Process  # noqa: E402
from whole_mysql import PASSWORD  # noqa: E402
from whole_workload import arguments_parser  # noqa: E402

JOB = """name: wholesale
source:
  mysql: {{host: 127.0.0.1, port: {port}, username: reader, password-env: SOURCE_PASSWORD}}
target:
  doris: {{fenodes: "{fenodes}", username: root, password-env: DORIS_PASSWORD}}
tables:
  include: ['wholesale\\..*']
  exclude: ['wholesale\\.history']
  properties: {{replication: 1, buckets: 1}}
fullBatchSize: {at_once}
load: {load}
flink: {{checkpoint-interval: {checkpoint}, parallelism: 2}}
"""
#: What a job may take in all, by its process' peak.
CEILING = 2 << 30
#: For the job to read everything, or to come to the end of the log.
LIMIT = 3600
#: Rows of Doris that one statement sums up.
SUMMED = 500_000
LISTED = " tables of "
#: What the server's client says where the server was killed.
LOST = r"\((0|2003|2006|2013|1053), "
#: Somebody else has a load's label: the other runs have that.
NOT_STRUCK = {"label_used"}


class Memory(threading.Thread):
    """Looks how much memory the processes of the job and of verifications have taken at most."""

    def __init__(self):
        super().__init__(daemon=True)
        self.peaks, self.pids, self.over = {}, {}, threading.Event()

    def watch(self, name: str, pid: int) -> None:
        """Looks at that one from now on."""
        self.pids[pid] = name

    def run(self) -> None:
        while not self.over.wait(0.25):
            for pid, name in list(self.pids.items()):
                try:
                    found = re.search(r"^VmHWM:\s+(\d+) kB$", Path(f"/proc/{pid}/status").read_text(), re.MULTILINE)
                except OSError:
                    found = None
                if found:
                    self.peaks[name] = max(self.peaks.get(name, 0), int(found[1]) << 10)
                else:
                    self.pids.pop(pid, None)


class Large:
    """Both servers, the job, and what is done to them."""

    def __init__(self, options):
        self.options, self.checks, self.directory, self.memory = options, run.Checks(), run_dir(), Memory()
        self.chance, self.outputs, self.job, self.began = random.Random(options.seed), 0, None, time.monotonic()
        self.source = Mysql80(self.directory / "mysql").with_options(
            "--gtid-mode=ON", "--enforce-gtid-consistency=ON", "--innodb-buffer-pool-size=1G", "--innodb-redo-log-capacity=1G", "--innodb-flush-log-at-trx-commit=2", "--sync-binlog=0",
            "--max-binlog-size=256M", "--wait-timeout=86400")
        self.target = StandIn(self.directory / "doris", "--frontends", "2", "--backends", "3", release=True)
        self.env = environment(Parts(options.flink), options.java or java_home(), connector=False, DORIS_PASSWORD="", SOURCE_PASSWORD=PASSWORD)
        # The program's own heap and collector, whose memory is held to the ceiling.
        del self.env["JVM_ARGS"]
        self.file = self.directory / "wholesale.yaml"
        self.ended = Counter()

    def say(self, text: str) -> None:
        """With the seconds since the beginning."""
        say(f"{time.monotonic() - self.began:.0f} s: {text}")

    def live(self) -> bool:
        """All of it; true when every check passed."""
        say(f"logs of this run: {self.directory}; seed {self.options.seed}: --seed {self.options.seed} does the same in the same order")
        self.memory.start()
        try:
            self.start()
            if self.options.faults:
                Disturbed(self).run()
            else:
                self.follow(lambda: None)
            self.equal("in the end")
            if not self.options.faults:
                self.killed()
                self.planted()
            self.resident()
        except Failure as failure:
            self.checks.check("large-mysql", False, f"       {failure}")
        finally:
            self.memory.over.set()
            for server in (self.job, self.target, self.source):
                if server:
                    server.stop()
            shutil.rmtree(self.directory / "mysql" / "data", ignore_errors=True)
        return self.checks.ended()

    def start(self) -> None:
        """Both servers, and the rows of the source."""
        self.target.start()
        self.source.start()
        quoted = PASSWORD.replace("\\", "\\\\").replace("'", "''")
        self.source.run([f"CREATE USER reader@'%' IDENTIFIED WITH caching_sha2_password BY '{quoted}'", "GRANT SELECT, REPLICATION SLAVE, REPLICATION CLIENT ON *.* TO reader@'%'"])
        self.source.run(warehouse.fill(self.options.rows))
        self.target.wait()
        few = self.options.faults
        # Few rows at once, so that what happens in between is in the middle of something.
        self.file.write_text(JOB.format(port=self.source.port, fenodes=self.target.fenodes, at_once=max(1000, self.options.rows // 100),
                                        load=f"{{max-rows: {max(1000, self.options.rows // 200)}}}" if few else "{}", checkpoint="2s" if few else "10s"))
        rows = sum(self.source.run([f"SELECT COUNT(*) FROM wholesale.{table}"])[0][0] for table in self.tables())
        self.say(f"{rows:,} rows in {len(self.tables())} tables")
        self.checks.check(f"the source has {self.options.rows:,} rows and more", rows >= self.options.rows, f"       {rows}")

    def tables(self):
        """The tables of the job."""
        return [row[0] for row in self.source.run([f"SHOW TABLES FROM {warehouse.DATABASE}"]) if row[0] != "history"]

    def begin(self) -> None:
        """Starts the job."""
        self.outputs += 1
        self.job = Job(self.env, self.file, self.directory / f"{self.outputs}.out")
        self.memory.watch("the job", self.job.process.popen.pid)

    def alive(self) -> None:
        """Starts the job again when it has ended, which only faults may have brought about."""
        code = self.job.process.popen.poll()
        if code is None:
            return
        if not self.options.faults:
            raise Failure(f"the job ended with {code}; output {self.job.output}:\n{tail(self.job.output)}")
        self.ended["killed" if code == -signal.SIGKILL else f"ended with {code}"] += 1
        self.begin()

    def until(self, ready, what: str, meanwhile=lambda: None) -> None:
        """Returns when `ready()`."""
        deadline = time.monotonic() + LIMIT
        while not ready():
            self.alive()
            meanwhile()
            if time.monotonic() > deadline:
                raise Failure(f"the job is not {what} within {LIMIT} s; output {self.job.output}:\n{tail(self.job.output)}")
            time.sleep(0.1)  # paces the questions; nothing is awaited by it

    def follow(self, meanwhile) -> None:
        """Full data, then the changes, up to a last one."""
        began = time.monotonic()
        self.begin()
        self.until(lambda: IN_STEP in self.job.text(), "in step", meanwhile)
        self.say(f"in step {time.monotonic() - began:.0f} s after it began; " + self.peak())
        writer = Writer(self)
        writer.write(meanwhile)
        self.say(f"the source is written no more: {writer.done()}")
        self.to_the_mark("written")
        code = self.job.end(signal.SIGINT, LIMIT)
        self.checks.check("the job has every change, and stops", code == 0, f"       exit code {code}:\n{tail(self.job.output)}")
        self.say("the job has stopped; " + self.peak())

    def to_the_mark(self, value: str) -> None:
        """Makes the last change, and returns when that is in Doris: all before it are then, too."""
        began = time.monotonic()
        self.source.run([f"REPLACE INTO wholesale.mark VALUES (0, '{value}')"])
        self.until(lambda: ["0", value] in self.target.sql("SELECT id, v FROM wholesale.mark WHERE id = 0"), f"at {value}")
        # Tables that were renamed may still wait for each other.
        since = time.time() * 1000
        self.until(lambda: self.settled(since), f"done with what waits at {value}")
        self.say(f"the last change is in Doris {time.monotonic() - began:.0f} s after it was made")

    def settled(self, since: float) -> bool:
        """Whether no message waits for its table, by what the job has said since then."""
        status = json.loads((self.file.with_suffix(".state") / "status.json").read_text())
        return status["updated"] > since and status["waiting"] == 0

    def peak(self) -> str:
        """What has been taken so far."""
        return "; ".join(f"{name} has taken {bytes_ >> 20:,} MiB at most" for name, bytes_ in self.memory.peaks.items())

    def resident(self) -> None:
        """The peaks, by the ceiling."""
        for name, peak in sorted(self.memory.peaks.items()):
            self.checks.check(f"{name} has kept below {CEILING >> 20:,} MiB: its peak was {peak >> 20:,} MiB", 0 < peak < CEILING, f"       {peak} bytes")

    def equal(self, when: str) -> None:
        """Each table equals the source, by `verify` and by other sums."""
        self.verified(when)
        wrong = [difference for table in self.tables() for difference in self.other_sums(table)]
        self.checks.check(f"sums by other SQL, {when}: {len(self.tables())} tables are equal", not wrong, "       " + "\n       ".join(wrong[:20]))

    def verified(self, when: str) -> None:
        """Each table equals the source, by `verify`."""
        report = self.verify(f"verify, {when}", code=0)
        tables = {table["table"]: table for table in report["tables"]}
        missing = {f"{warehouse.DATABASE}.{table}" for table in self.tables()} ^ set(tables)
        rows = sum(table["equal"] for table in tables.values())
        self.checks.check(f"verify, {when}: {rows:,} rows of {len(tables)} tables are equal", report["equal"] and not missing, f"       {missing or tables}")

    def verify(self, name: str, *options, code: int):
        """The report."""
        self.outputs += 1
        began, output = time.monotonic(), self.directory / f"{self.outputs}.json"
        ended, text = self.verification("--report", output, *options)
        self.checks.check(f"{name}: it ends with {code}", ended == code, f"       exit code {ended}:\n{text[-4000:]}")
        self.say(f"{name}: {time.monotonic() - began:.0f} s")
        if not output.exists():
            raise Failure(f"{name}: there is no report")
        return json.loads(output.read_text())

    def verification(self, *options):
        """Runs one to its end: exit code and output."""
        self.outputs += 1
        process = Process("canal-native verify", [PROGRAM, "verify", self.file, *options], self.directory / f"{self.outputs}.out", self.env)
        self.memory.watch("a verification", process.popen.pid)
        try:
            return process.popen.wait(LIMIT), process.log.read_text(errors="replace")
        finally:
            process.stop()

    def other_sums(self, table: str):
        """Where count and sums of a table's columns differ, by SQL that verify does not use: numbers are added up as they are, texts by the beginning of their MD5."""
        columns = self.source.run([f"SELECT column_name, data_type FROM information_schema.columns WHERE table_schema = '{warehouse.DATABASE}' AND table_name = '{table}' ORDER BY ordinal_position"])
        key, count = f"`{columns[0][0]}`", self.source.run([f"SELECT COUNT(*) FROM wholesale.{table}"])[0][0]

        def sums(text: str, number: str):
            for name, kind in ((f"`{name}`", kind) for name, kind in columns):
                yield f"COUNT({name})"
                if kind in ("tinyint", "smallint", "int", "bigint", "decimal"):
                    yield f"SUM({name})"
                else:
                    yield f"SUM(CAST(CONV(SUBSTR(MD5(CAST({name} AS {text})), 1, 8), 16, 10) AS {number}))"
        here = self.source.run([f"SELECT COUNT(*), {', '.join(sums('CHAR', 'UNSIGNED'))} FROM wholesale.{table}"])[0]
        there, bounds = [Decimal(0)] * len(here), [""]
        if count > SUMMED:
            # Keys are not dense: lines that were copied are far from the others.
            steps = self.source.run([f"SELECT {key} FROM (SELECT {key}, ROW_NUMBER() OVER (ORDER BY {key}) AS n FROM wholesale.{table}) t WHERE n % {SUMMED} = 0"])
            ends = sorted({step[0] for step in steps})
            bounds = [f"WHERE {key} <= {ends[0]}"] + [f"WHERE {key} > {low} AND {key} <= {high}" for low, high in zip(ends, ends[1:])] + [f"WHERE {key} > {ends[-1]}"]
        for where in bounds:
            row = self.target.sql(f"SELECT COUNT(*), {', '.join(sums('STRING', 'BIGINT'))} FROM wholesale.{table} {where}")[0]
            there = [total + Decimal(cell or 0) for total, cell in zip(there, row)]
        names = ["COUNT(*)", *sums("CHAR", "UNSIGNED")]
        return [f"{table}: {name} is {one} in MySQL and {other} in Doris" for name, one, other in zip(names, here, there) if Decimal(one or 0) != other]

    def killed(self) -> None:
        """A verification that is killed goes on where it was."""
        state = self.file.with_suffix(".verify")
        self.outputs += 1
        output = self.directory / f"{self.outputs}.out"
        process = Process("canal-native verify", [PROGRAM, "verify", self.file, "--rows-per-second", self.options.rows // 20], output, self.env)
        self.memory.watch("a verification", process.popen.pid)
        try:
            process.wait_for(lambda: " rows compared" in output.read_text(errors="replace") and any(state.glob("checkpoints/*/chk-*/_metadata")), "at a checkpoint")
            process.popen.send_signal(signal.SIGKILL)
            process.popen.wait()
        finally:
            process.stop()
        self.outputs += 1
        report = self.directory / f"{self.outputs}.json"
        code, text = self.verification("--report", report)
        good = code == 0 and re.search("goes on from (checkpoints|savepoints)/", text) is not None and json.loads(report.read_text())["equal"]
        self.checks.check("a verification that is killed goes on, and finds all equal", good, f"       exit code {code}:\n{text[-4000:]}")

    def planted(self) -> None:
        """A row is taken from the largest table, one is added, one is made another: these are found, and nothing else; and corrected."""
        rows = self.source.run(["SELECT o_id, number, quantity FROM wholesale.order_line WHERE o_id BETWEEN 5000 AND 5010 ORDER BY o_id, number LIMIT 2"])
        (gone, gone_number, _), (other, other_number, quantity) = rows
        self.target.sql(f"DELETE FROM wholesale.order_line WHERE o_id = {gone} AND number = {gone_number}",
                        f"UPDATE wholesale.order_line SET quantity = quantity + 1, info = 'planted' WHERE o_id = {other} AND number = {other_number}",
                        "INSERT INTO wholesale.order_line (o_id, number, i_id, w_id, quantity, amount, __DORIS_SEQUENCE_COL__) VALUES (5005, 30000, 1, 1, 1, 1, 1)")
        report = self.verify("verify, with what is planted", code=1)
        (self.directory / "planted.json").write_text(json.dumps(report))
        found = {(table["table"], one["difference"], tuple(cell["value"] for cell in one["key"]), tuple(cell["column"] for cell in one["cells"] if one["difference"] == "different"))
                 for table in report["tables"] for one in table["found"]}
        line = "wholesale.order_line"
        should = {(line, "missing", (str(gone), str(gone_number)), ()), (line, "surplus", ("5005", "30000"), ()), (line, "different", (str(other), str(other_number)), ("quantity", "info"))}
        counts = [sum(table[how] for table in report["tables"]) for how in ("missing", "surplus", "different")]
        read = next(table["rowsRead"] for table in report["tables"] if table["table"] == line)
        count = self.source.run(["SELECT COUNT(*) FROM wholesale.order_line"])[0][0]
        self.checks.check(f"of {count:,} rows the three that are planted are found, and nothing else, and {read:,} are read for it", found == should and counts == [1, 1, 1], f"       {found}, {counts}; planted {should}")
        code, text = call(self.env, "correct", self.file, "--report", self.directory / "planted.json", "--audit", self.directory / "audit.jsonl", "--apply", "--delete-surplus")
        self.checks.check("they are corrected", code == 0, f"       exit code {code}:\n{text[-4000:]}")
        self.verified("corrected")


class Writer:
    """Writes to the source for some time: small transactions, large ones, and changes of the tables, which come evenly."""

    def __init__(self, large: Large):
        self.large, self.options = large, large.options
        self.changes = warehouse.Changes(large.source.session, large.options.rows, random.Random(large.options.seed + 1))
        self.altered, self.many = 0, 0

    def write(self, meanwhile, large_transaction=lambda transaction: transaction()) -> None:
        """Until it is time; `large_transaction` runs each of those."""
        began = told = time.monotonic()
        seconds, alters = self.options.seconds, len(warehouse.SCHEMA_CHANGES)
        due = began + min(20, seconds / 10)
        # What faults have taken of the time, schema changes need not miss.
        while time.monotonic() < began + seconds or self.altered < alters:
            passed = time.monotonic() - began
            self.large.alive()
            meanwhile()
            try:
                if self.altered < alters and passed > seconds * (self.altered + 1) / (alters + 2):
                    self.large.say("in MySQL: " + self.changes.change_schema(self.altered))
                    self.altered += 1
                elif time.monotonic() > due:
                    self.many += large_transaction(self.changes.transaction_of_many_rows)
                    # Each kind comes, however short the time is.
                    due = time.monotonic() + min(60, seconds / 10)
                else:
                    self.changes.step()
            except Failure as failure:
                if not self.options.faults:
                    raise
                self.again(failure)
            if time.monotonic() > told + 60:
                told = time.monotonic()
                self.large.say(f"{self.done()}; {self.large.peak()}; {self.lag()}")

    def again(self, failure: Failure) -> None:
        """Begins another session, when the server is there again."""
        if not re.search(LOST, str(failure)):
            raise failure
        self.large.until(self.large.source.answers, "beside a server")
        self.changes.begin()

    def lag(self) -> str:
        """How far the job is behind, as it says itself."""
        status = json.loads((self.large.file.with_suffix(".state") / "status.json").read_text())
        lag = status.get("lagMillis")
        return "the job is not in step" if lag is None else f"the job is {lag / 1000:.0f} s behind"

    def done(self) -> str:
        """How much it was."""
        return f"{self.changes.transactions:,} transactions, {self.changes.large} large ones with {self.many:,} rows, {self.altered} schema changes"


class Disturbed:
    """The job, with what happens to it and to both servers."""

    def __init__(self, large: Large):
        self.large, self.source = large, large.source
        self.chance, self.kills = random.Random(large.options.seed + 2), Counter()
        self.faults = Faults(large.target, large.options.seed + 3, NOT_STRUCK)
        self.next_at = 0.0
        #: In full data: when the job, or the server, is killed.
        self.stages = [("created (", self.kill_job), (LISTED, self.kill_source), ("read (", self.kill_job), ("read (", self.kill_source), (READS_LOG, self.kill_job)]

    def run(self) -> None:
        """Faults until the source is written no more; then the job comes to the end of the log."""
        large = self.large
        large.begin()
        began = time.monotonic()
        large.until(lambda: IN_STEP in large.job.text() and not self.stages, "in step", self.strike_full_data)
        large.say(f"in step {time.monotonic() - began:.0f} s after it began; {self.text()}")
        writer = Writer(large)
        self.next_at = time.monotonic() + self.chance.uniform(2, 10)
        writer.write(self.strike, self.within)
        self.faults.clear()
        large.say(f"no more faults, and the source is written no more: {writer.done()}; {self.text()}")
        large.to_the_mark("written")
        code = large.job.end(signal.SIGINT, LIMIT)
        large.checks.check("the job has every change, and stops", code == 0, f"       exit code {code}:\n{tail(large.job.output)}")
        checks = large.checks
        checks.check(f"every schema change and large transactions of each kind were among them: {writer.done()}", writer.altered == len(warehouse.SCHEMA_CHANGES) and writer.changes.large >= 3)
        checks.check(f"faults struck: {self.text()}", self.kills["job"] > 3 and self.kills["server"] > 3, "")
        large.say(f"faults of Doris asked for/requests struck: {self.faults.text()}")

    def text(self) -> str:
        """What has happened."""
        ended = ", ".join(f"{what} {count} times" for what, count in self.large.ended.items())
        return f"killed: the job {self.kills['job']} times, the server {self.kills['server']} times, in large transactions {self.kills['within']}; {sum(self.faults.asked.values())} faults of Doris; the job was {ended or 'never gone'}"

    def strike_full_data(self) -> None:
        """Kills at each of the stages of full data."""
        self.faults.step()
        text = self.large.job.text()
        # A job that goes on does not say again what it said.
        if self.stages and any(word in text for word in (self.stages[0][0], READS_LOG) + (("goes on from",) if self.stages[0][0] == LISTED else ())):
            time.sleep(self.chance.uniform(0, 1.5))  # so that it strikes somewhere in what follows
            self.stages.pop(0)[1]()

    def strike(self) -> None:
        """The next fault, when it is time."""
        self.faults.step()
        if time.monotonic() > self.next_at:
            self.chance.choice((self.kill_job, self.kill_source))()
            self.next_at = time.monotonic() + self.chance.uniform(8, 40)

    def within(self, transaction):
        """Runs a large transaction, and kills the job, the server or nothing in its middle: as it is written, or as it is read."""
        what, after = self.chance.choice((self.kill_job, self.kill_source, None)), self.chance.uniform(0.1, 6)
        timer = threading.Timer(after, what) if what and self.chance.random() < 0.5 else None
        if timer:
            timer.start()
        try:
            rows = transaction()
            if what and not timer:
                time.sleep(self.chance.uniform(0, 2))  # the job is somewhere in it
                what()
        finally:
            if timer:
                timer.join()
            self.kills["within"] += what is not None
        return rows

    def kill_job(self) -> None:
        """As a machine that goes down; whoever looks after the job starts it again."""
        process = self.large.job.process.popen
        if process.poll() is None:
            process.send_signal(signal.SIGKILL)
            process.wait()
            self.kills["job"] += 1

    def kill_source(self) -> None:
        """The server, which comes again after a while."""
        process = self.source.process.popen
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.kills["server"] += 1
        time.sleep(self.chance.choice((0, 0, self.chance.uniform(0, 5))))  # for so long it is gone
        self.source.serve()


def number_of(name: str, default: int) -> int:
    """A number of the environment."""
    return int(os.environ.get(name, default))


if __name__ == "__main__":
    PARSER = arguments_parser(__doc__.split("\n\n", maxsplit=1)[0])
    PARSER.add_argument("--rows", type=int, default=number_of("CANAL_NATIVE_LONG_ROWS", 10_000_000), help="of the largest table")
    PARSER.add_argument("--seconds", type=int, help="for how long the source is written")
    PARSER.add_argument("--faults", action="store_true", help="kill the job and the server at random, and have the stand-in for Doris fail")
    OPTIONS = PARSER.parse_args()
    if OPTIONS.seconds is None:
        OPTIONS.seconds = number_of("CANAL_NATIVE_LONG_FAULTS", 1800) if OPTIONS.faults else number_of("CANAL_NATIVE_LONG_SECONDS", 900)
    run.run(lambda options: Large(options).live(), OPTIONS)
