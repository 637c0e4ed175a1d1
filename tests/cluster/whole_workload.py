"""`bin/canal-native run` on the captured workloads, with all their schema changes: its tables are those of the real database, whatever happens to it.

Usage: whole_workload.py <jar> [--flink 1.20|2.x] [--java HOME] [--seed N]. Each job writes to a stand-in for Doris whose ALTER takes its time; it is run
through at several parallelisms, killed and stopped at random, and in the middle of ALTERs. The last line is `N passed, N failed`.
"""

import random
import re
import shutil
import signal
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "dev.d"))

import doris  # noqa: E402
import final_tables  # noqa: E402
import run  # noqa: E402
from embedded import Job, call, environment  # noqa: E402
from parts import REPO, Parts, java_home  # noqa: E402
from quickstart import run_dir  # noqa: E402

CAPTURED = REPO / "tests" / "data" / "canal" / "captured"
SETS = ("mysql80", "mariadb")
DATABASES = ("misc_dev", "shop_dev", "types_dev")
#: Where SHOW ALTER TABLE COLUMN has it.
STATE_OF_ALTER = 9
JOB = """name: {name}
source:
  canal: {source}
target:
  doris: {{fenodes: "{fenodes}", username: root, password-env: DORIS_PASSWORD}}
tables:
  rename:
    - {{from: 'misc_dev\\.CamelCase\\.Dot-dash', to: misc_dev.CamelCase_Dot-dash}}
  types: {{json: string}}
  properties: {{replication: 1, buckets: 1}}
ddl: {{drop-table: apply}}
errors: {{message: report}}
load: {load}
flink: {{checkpoint-interval: 1s, parallelism: {parallelism}, properties: {{restart-strategy.type: none, taskmanager.memory.segment-size: 4kb}}}}
"""
#: A heavy ALTER takes half a second.
SLOW_ALTERS = ("--set", "alter_pending_ms=100", "--set", "alter_running_ms=400")


#: Many small loads, so that there are checkpoints and kills in the middle of the messages; with SLOW_LOADS a run takes some ten seconds.
SMALL_LOADS = "{max-rows: 50, in-flight: 1, memory: 100kb, max-bytes: 100kb}"
SLOW_LOADS = {"name": "slow_be", "value": 50}


class Workload:
    """A job of a captured workload, with a stand-in of its own."""

    connector = False

    def __init__(self, parts: Parts, java: Path, checks: run.Checks, directory: Path, captured: str):
        self.checks, self.directory, self.captured, self.outputs, self.kept = checks, directory, captured, 0, None
        self.source = f"{{files: [{captured}.jsonl.gz]}}"
        directory.mkdir()
        self.target = doris.StandIn(directory / "doris", *SLOW_ALTERS)
        self.env = environment(parts, java, connector=self.connector, DORIS_PASSWORD="")
        self.file = directory / f"{captured}.yaml"

    def __enter__(self):
        self.target.start()
        self.target.wait()
        shutil.copy(CAPTURED / f"{self.captured}.jsonl.gz", self.directory)
        return self

    def __exit__(self, *_):
        self.target.stop()

    def write(self, parallelism: int, load: str = "{}") -> None:
        """Writes the job's file."""
        self.file.write_text(JOB.format(name=self.captured, source=self.source, fenodes=self.target.fenodes, parallelism=parallelism, load=load))

    def to_the_end(self, name: str, *words: str) -> None:
        """Runs it until the input ends, and compares the tables."""
        code, text = call(self.env, "run", self.file, seconds=600)
        missing = [word for word in (*words, "the input has ended: ") if word not in text]
        self.checks.check(f"{name}: it ends", code == 0 and not missing, f"       exit code {code}, lacks {missing}:\n{text[-4000:]}")
        self.compare(name)

    def compare(self, name: str) -> None:
        """Whether the tables are those of the real database."""
        wrong = final_tables.differences(self.target, self.captured)
        self.checks.check(f"{name}: the tables are the database's", not wrong, "       " + "\n       ".join(wrong[:20]))

    def until(self, ready, what: str, sign: int, then=lambda: None) -> None:
        """Runs it until `ready()`, and ends it by a signal; `then` is done while it stops."""
        self.outputs += 1
        job = Job(self.env, self.file, self.directory / f"{self.outputs}.out")
        try:
            job.wait_for(ready, what)
            job.process.popen.send_signal(sign)
            if sign == signal.SIGINT:
                job.wait_for(lambda: "is being stopped" in job.text(), "stopping")
                then()
            code = job.process.popen.wait(120)
        finally:
            job.stop()
        expected, text = 0 if sign == signal.SIGINT else -sign, job.text()
        kept = re.search(r"the next start goes on from (\S+)", text)
        self.kept = kept and kept[1]
        passed = code == expected and (kept is not None) == (sign == signal.SIGINT)
        self.checks.check(f"{self.captured}: {signal.Signals(sign).name} {what}", passed, f"       exit code {code}:\n{text[-4000:]}")

    def from_the_beginning(self) -> None:
        """The next run begins anew; after the end of files it does."""

    def loads(self) -> int:
        """Loads that the stand-in has seen."""
        return self.target.admin("/loads?counters")["counters"].get("loads", 0)

    def altering(self) -> bool:
        """Whether an ALTER is under way."""
        there = {row[0] for row in self.target.sql("SHOW DATABASES")}
        jobs = [row for name in DATABASES if name in there for row in self.target.sql(f"SHOW ALTER TABLE COLUMN FROM {name}")]
        return any(row[STATE_OF_ALTER] not in ("FINISHED", "CANCELLED") for row in jobs)

    def hold_alters(self, held: bool) -> None:
        """Whether an ALTER that has begun stays so; returns when none is under way if not."""
        self.target.admin("/alters", {"held": held})
        if not held:
            self.target.process.wait_for(lambda: not self.altering(), "done with its ALTERs")


def undisturbed(workload: Workload, parallelism: int) -> None:
    """The job as it is."""
    workload.write(parallelism)
    workload.to_the_end(f"{workload.captured} at parallelism {parallelism}", "begins anew")


def disturbed(workload: Workload, seed: int) -> None:
    """The job, killed and stopped and started again at other parallelisms: after random numbers of loads, and while a table is altered."""
    chance = random.Random(seed)

    def again() -> None:
        workload.write(chance.choice((1, 2, 4)), SMALL_LOADS)
    workload.target.admin("/faults", SLOW_LOADS)

    def after_loads(sign: int) -> None:
        count = chance.randint(3, 8)
        limit = workload.loads() + count
        again()
        workload.until(lambda: workload.loads() >= limit, f"after {count} loads", sign)

    def while_altered(sign: int) -> None:
        workload.hold_alters(True)
        again()
        workload.until(workload.altering, "while a table is altered", sign, lambda: workload.target.admin("/alters", {"held": False}))
        workload.hold_alters(False)
    # Changes that Doris is long at are few, and stand at the beginning. So few loads are left for each kill on a fast machine, too.
    while_altered(signal.SIGKILL)
    while_altered(signal.SIGINT)
    for _ in range(3):
        after_loads(signal.SIGKILL)
    after_loads(signal.SIGINT)
    workload.target.admin("/faults", method="DELETE")
    again()
    workload.to_the_end(f"{workload.captured}, disturbed (seed {seed})", f"goes on from {workload.kept}; ")
    workload.from_the_beginning()
    again()
    workload.to_the_end(f"{workload.captured}, all of it once more", "begins anew")


def main(options) -> bool:
    """All workloads, on that Flink and Java; true when every check passed."""
    java, seed = options.java or java_home(), options.seed
    checks, parts, directory = run.Checks(), Parts(options.flink), run_dir()
    for captured in SETS:
        for parallelism in (1, 2, 4):
            with Workload(parts, java, checks, directory / f"{captured}-{parallelism}", captured) as workload:
                undisturbed(workload, parallelism)
        with Workload(parts, java, checks, directory / f"{captured}-disturbed", captured) as workload:
            disturbed(workload, seed)
    return checks.ended()


def arguments_parser(description: str):
    """Takes the line of Flink, the JDK and the seed."""
    parser = run.arguments(description)
    parser.add_argument("--seed", type=int, default=1, help="of what disturbs the jobs, and when")
    return parser


def arguments(description: str):
    """The line of Flink, the JDK and the seed that were given."""
    return arguments_parser(description).parse_args()


if __name__ == "__main__":
    run.run(main, arguments(__doc__.split("\n\n")[0]))
