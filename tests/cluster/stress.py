"""A job of eight subtasks submitted and cancelled 100 times on one cluster: nothing that the task manager holds may grow.

Usage: stress.py <jar> [--flink 1.20|2.x] [--java HOME] [--runs N]. First with the jar in lib/, then with the jar as the
job's own (ADD JAR), whose class loader, classes and copy of the library come and go with each job. After every few jobs
the task manager collects its garbage and is measured. The last line is `N passed, N failed`.
"""

import re
import shutil
import subprocess
import sys
import time
from itertools import combinations
from pathlib import Path
from statistics import median
from typing import NamedTuple

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "dev.d"))

import run  # noqa: E402
from gateway import Gateway  # noqa: E402
from jobs import Jobs  # noqa: E402
from parts import Failure, Parts, say  # noqa: E402
from quickstart import DATA, run_dir  # noqa: E402
from servers import Flink, Kafka  # noqa: E402

SUBTASKS = 8
MESSAGES = 237
EVERY = 5
# A heap that is resident from the start leaves the resident set to what lies outside of it.
CONFIG = {"taskmanager.numberOfTaskSlots": SUBTASKS, "metrics.fetcher.update-interval": 50, "taskmanager.memory.process.size": "1600m",
          "taskmanager.memory.managed.size": "64m"}
SOURCE = """CREATE TABLE orders (id BIGINT, amount DECIMAL(12, 2), status STRING, created TIMESTAMP(3),
  origin STRING METADATA FROM 'value.table' VIRTUAL, keys ARRAY<STRING> METADATA FROM 'value.pk-names' VIRTUAL) WITH (
  'connector' = 'kafka', 'topic' = 'spread', 'properties.bootstrap.servers' = '{kafka}', 'properties.group.id' = 'stress',
  'scan.startup.mode' = 'earliest-offset', 'format' = '{format}', '{format}.table.include' = 'orders', '{format}.codec' = '{codec}')"""


class Mode(NamedTuple):
    """Where the job's classes are."""

    name: str
    format: str
    in_lib: bool
    codec: str = "native"


MODES = [Mode("lib", "canal-json", True), Mode("user-jar", "canal-json-native", False)]
# What a job costs Flink itself: the same without the native library. For the bounds below; not a test of ours.
BASELINE = Mode("baseline", "canal-json-native", False, "flink")


class Sample(NamedTuple):
    """What a task manager holds after so many jobs; its class loader's libraries are in `libraries`."""

    jobs: int
    resident_mb: float
    classes: int
    metaspace_mb: float
    files: int
    libraries: int
    threads: int


# By how much a job may raise each, and by how much the later jobs' values may lie apart. A decoder that is not freed holds
# 80 KB or more, eight of them 0.6 MB a job; a class loader that stays holds about 40 classes and one library.
# By itself the resident set rises 0.18 MB a job on 2.3.0 and JDK 25: `--mode baseline`.
SLOPES = {"resident_mb": 0.5, "classes": 2.0, "metaspace_mb": 0.05, "files": 0.1, "threads": 0.1}


def slope(samples, of: str) -> float:
    """The rise a job: the median of the slopes between any two samples, so that a single step is no rise."""
    points = [(sample.jobs, getattr(sample, of)) for sample in samples]
    return median((b - a) / (y - x) for (x, a), (y, b) in combinations(points, 2))


class Stress:
    """One mode on one cluster."""

    def __init__(self, options, checks: run.Checks, parts: Parts, kafka: Kafka, directory: Path, mode: Mode):
        self.options, self.checks, self.kafka, self.mode = options, checks, kafka, mode
        # Flink caches the classes that it compiles for a job behind soft references, for five minutes (CompileUtils), and
        # with them the job's class loader. With those cleared at each collection, what is left would be a leak.
        own = "-XX:+AlwaysPreTouch -XX:+UseSerialGC -XX:SoftRefLRUPolicyMSPerMB=0"
        self.flink = Flink(parts, directory / mode.name, [options.jar] if mode.in_lib else [], options.java, CONFIG)
        self.flink.config["env.java.opts.taskmanager"] = f"{self.flink.newer_java_options()} {own}".strip()
        self.gateway = self.jobs = None
        self.samples = []

    def live(self) -> None:
        """Starts the cluster, runs the jobs, judges the samples."""
        try:
            self.flink.start()
            self.flink.wait()
            self.jobs, self.gateway = Jobs(self.flink.rest), Gateway(self.flink)
            if not self.mode.in_lib:
                self.gateway.run(f"ADD JAR '{shutil.copy(self.options.jar, self.flink.directory)}'")
            self.gateway.run(f"SET 'parallelism.default' = '{SUBTASKS}'")
            self.gateway.run(SOURCE.format(kafka=self.kafka.bootstrap, format=self.mode.format, codec=self.mode.codec))
            self.gateway.run("CREATE TABLE nothing (id BIGINT, amount DECIMAL(12, 2), origin STRING, many INT) WITH ('connector' = 'blackhole')")
            for number in range(1, self.options.runs + 1):
                self.submit_and_cancel(number)
                if number % EVERY == 0:
                    self.samples.append(self.measure(number))
                    say(f"{self.mode.name}: {self.samples[-1]}")
            self.judge()
        finally:
            if self.gateway:
                self.gateway.stop()
            self.flink.stop()

    def submit_and_cancel(self, number: int) -> None:
        """One job: it is cancelled when each of its subtasks has decoded, natively but for the baseline, and all messages are."""
        job = self.gateway.run("INSERT INTO nothing SELECT id, amount, origin, CARDINALITY(keys) FROM orders")[0][0]

        def decoded():
            if self.mode is BASELINE:
                return sum(offset + 1 for offset in self.jobs.metrics(job, ".currentOffset").values()) == MESSAGES
            least = self.jobs.metrics(job, ".canal_json.messages", "min")
            return least and min(least.values()) > 0 and self.jobs.counted(job, "messages") == MESSAGES
        self.jobs.await_that(decoded, f"{self.mode.name}: job {number} decoded in {SUBTASKS} subtasks")
        if self.jobs.counted(job, "delegated"):
            raise Failure(f"{self.mode.name}: job {number} delegated messages")
        self.jobs.cancel(job)

    def measure(self, jobs: int) -> Sample:
        """What the task manager holds, after a full collection (two: unloading is seen by the second)."""
        pid = self.flink.task_manager.popen.pid
        tool = [str(self.flink.java / "bin" / "jcmd"), str(pid)]
        for command in ("GC.run", "GC.run"):
            subprocess.run(tool + [command], check=True, stdout=subprocess.DEVNULL)
        process = Path(f"/proc/{pid}")
        status = process.joinpath("status").read_text()
        counters = subprocess.run(tool + ["PerfCounter.print"], check=True, stdout=subprocess.PIPE, text=True).stdout

        def counter(name: str) -> int:
            return int(re.search(rf"^{re.escape(name)}=(\d+)", counters, re.MULTILINE).group(1))
        return Sample(
            jobs, int(re.search(r"VmRSS:\s*(\d+)", status).group(1)) / 1024,
            counter("java.cls.loadedClasses") + counter("java.cls.sharedLoadedClasses") - counter("java.cls.unloadedClasses") - counter("java.cls.sharedUnloadedClasses"),
            counter("sun.gc.metaspace.used") / 1048576, len(list(process.joinpath("fd").iterdir())),
            len({line.split()[4] for line in process.joinpath("maps").read_text().splitlines() if "libcanal_native" in line}),
            int(re.search(r"Threads:\s*(\d+)", status).group(1)))

    def judge(self) -> None:
        """The second half of the samples must be flat."""
        check, name = self.checks.check, self.mode.name
        check(f"{name}: {self.options.runs} jobs decoded in {SUBTASKS} subtasks and were cancelled", True)
        flat = self.samples[len(self.samples) // 2:]
        for of, bound in SLOPES.items():
            rise = slope(flat, of)
            series = ", ".join(f"{getattr(sample, of):.0f}" for sample in self.samples)
            check(f"{name}: {of} is flat: {rise:+.3f} a job over the last {len(flat) * EVERY} jobs (at most {bound}); after every {EVERY}th job: {series}",
                  rise <= bound)
        if self.mode is BASELINE:
            return
        most = max(sample.libraries for sample in self.samples)
        # A user jar's library goes with its class loader; that of the job before may still be there.
        right = most == 1 if self.mode.in_lib else most <= 2
        check(f"{name}: the library is mapped {'once' if self.mode.in_lib else 'at most twice'}", right, f"       {most} times")


def main(options) -> bool:
    """Both modes; true when every check passed."""
    began, checks, parts = time.monotonic(), run.Checks(), Parts(options.flink)
    directory = run_dir()
    say(f"logs of this run: {directory}")
    kafka = Kafka(parts, directory / "kafka")
    try:
        kafka.start()
        kafka.wait()
        kafka.produce(f"spread={DATA}/orders.jsonl.gz,partitions={SUBTASKS}")
        for mode in [mode for mode in MODES + [BASELINE] if options.mode == mode.name] or MODES:
            Stress(options, checks, parts, kafka, directory, mode).live()
            say(f"{time.monotonic() - began:.0f} s: {mode.name} done")
    except Failure as failure:
        checks.check("stress", False, f"       {failure}")
    finally:
        kafka.stop()
    say(f"{time.monotonic() - began:.0f} s; logs: {directory}")
    return checks.ended()


if __name__ == "__main__":
    parser = run.arguments(__doc__.split("\n\n", maxsplit=1)[0])
    parser.add_argument("--runs", type=int, default=100)
    parser.add_argument("--mode", choices=[mode.name for mode in MODES + [BASELINE]], help="only this one; default the first two")
    arguments = parser.parse_args()
    if arguments.runs < 4 * EVERY:
        parser.error(f"--runs {arguments.runs}: a slope needs {4 * EVERY} at least")
    run.run(main, arguments)
