"""A job of `bin/canal-native run` that follows a database while that is written: what follow_mysql.py and follow_postgres.py do with it, whichever the server."""

import json
import random
import signal
import subprocess
import time

from embedded import Job, call
from whole_mysql import PASSWORD, Moved
from whole_workload import SLOW_LOADS, SMALL_LOADS

ALL_STAGES = "schema-migration, full-data, incremental"
IN_STEP = "in step with the source: "
#: A job that cannot go on says so within this time.
ENDS_SECONDS = 180
READS_ROWS, READS_LOG = " tables of ", "reads the log of changes from "
#: How a job is disturbed, and when.
ENDS = [(signal.SIGKILL, READS_ROWS), (signal.SIGINT, READS_ROWS), (signal.SIGKILL, READS_LOG), (signal.SIGINT, READS_LOG), (signal.SIGKILL, READS_LOG), (signal.SIGKILL, READS_LOG)]


class Following(Moved):
    """A job that has no end by itself."""

    def begin(self) -> Job:
        """Starts it."""
        self.outputs += 1
        return Job(self.env, self.file, self.directory / f"{self.outputs}.out")

    def marked(self, value: str) -> bool:
        """Whether the last change is in Doris."""
        there = self.target.sql("SELECT TABLE_NAME FROM information_schema.tables WHERE TABLE_SCHEMA = 'begun_dev'")
        return bool(there) and [row[0] for row in self.target.sql("SELECT v FROM begun_dev.mark WHERE id = 0")] == [value]

    def settled(self, since: float) -> bool:
        """Whether no message waits for its table."""
        file = self.file.with_suffix(".state").joinpath("status.json")
        # A job that has just begun has not said anything yet.
        status = json.loads(file.read_text()) if file.exists() else {"updated": 0}
        return status["updated"] > since and status["waiting"] == 0

    def to_the_mark(self, job: Job, value: str) -> None:
        """Makes the last change, and stops the job when that is in Doris; all changes before it are then, too. Full data could have it from the table itself."""
        self.in_step(job)
        self.source.mark(value)
        job.wait_for(lambda: self.marked(value), f"at {value}")
        # Tables that were renamed may still wait for each other.
        since = time.time() * 1000
        job.wait_for(lambda: self.settled(since), f"done with what waits at {value}")
        code = job.end(signal.SIGINT)
        self.checks.check(f"{self.source.name}: it stops", code == 0, f"       exit code {code}:\n{job.text()[-4000:]}")

    def in_step(self, job: Job) -> None:
        """Returns when the job has read all tables and comes no more behind."""
        job.wait_for(lambda: IN_STEP in job.text(), "in step")

    def write_the_rest(self, job: Job) -> None:
        """Does all that is left to be done to the source while the job follows."""
        self.in_step(job)
        self.source.step(len(self.source.left))

    def follow(self, value: str, meanwhile=lambda job: None) -> str:
        """Runs the job up to a last change; what it printed."""
        job = self.begin()
        try:
            meanwhile(job)
            self.to_the_mark(job, value)
        finally:
            job.stop()
        return job.text()

    def checked(self, what: str, wanted: int, *words: str) -> None:
        """What `check` says of both sides."""
        code, text = call(self.env, "check", self.file)
        missing = [word for word in words if word not in text]
        self.checks.check(f"{self.source.name}: check, {what}", code == wanted and not missing and PASSWORD not in text, f"       exit code {code}, lacks {missing}:\n{text[-4000:]}")

    def fails(self, what: str, *words: str) -> None:
        """The job ends by itself, and says why."""
        job = self.begin()
        try:
            code = job.process.popen.wait(ENDS_SECONDS)
        except subprocess.TimeoutExpired:
            code = None
        finally:
            job.stop()
        text = job.text()
        missing = [word for word in words if word not in text]
        self.checks.check(f"{self.source.name}: {what} is said", code == 1 and not missing and PASSWORD not in text, f"       exit code {code}, lacks {missing}:\n{text[-4000:]}")

    def read_anew(self, job: Job, table: str, change: str) -> None:
        """Tables that somebody has changed in Doris are read anew while the job follows the others: that of the marks, and another, by that statement."""
        name, tables = self.source.name, ("begun_dev.mark", table)
        self.in_step(job)
        self.target.sql("INSERT INTO begun_dev.mark (id, v, __DORIS_SEQUENCE_COL__) VALUES (77, 'stray', 1)", "DELETE FROM begun_dev.mark WHERE id = 1", change)
        code, text = call(self.env, "reset", self.file, "begun_dev.none")
        self.checks.check(f"{name}: reset of no table", code == 1 and "reads no table begun_dev.none" in text and "begun_dev.mark" in text, text)
        code, text = call(self.env, "reset", self.file, *tables)
        self.checks.check(f"{name}: reset", code == 0 and "deleted and read anew" in text and "by process" in text, text)
        self.source.run(["INSERT INTO begun_dev.mark VALUES (78, 'after')"])
        job.wait_for(lambda: all(f"read anew ({table}): all of its" in job.text() for table in tables), "reading two tables anew")

    def disturbed(self, seed: int) -> None:
        """The job, killed and stopped and started again at other parallelisms, while the server is written."""
        chance = random.Random(seed)
        self.target.admin("/faults", SLOW_LOADS)
        for number, (sign, when) in enumerate(ENDS):
            self.write(chance.choice((1, 2, 4)), SMALL_LOADS, self.few, ALL_STAGES)
            job = self.begin()
            try:
                job.wait_for(lambda when=when: when in job.text() or "goes on from" in job.text() and when == READS_ROWS, when)
                limit = self.loads() + chance.randint(1, 6)
                self.source.step(len(self.source.left) // (len(ENDS) - number + 1))
                job.wait_for(lambda limit=limit: self.loads() >= limit, "loading")
                job.end(sign)
            finally:
                job.stop()
        self.target.admin("/faults", method="DELETE")
        self.write(chance.choice((1, 2, 4)), SMALL_LOADS, self.few, ALL_STAGES)
        self.follow("done", lambda job: self.source.step(len(self.source.left)))
        self.compare(f"{self.source.name}, followed and disturbed (seed {seed})", "log")
