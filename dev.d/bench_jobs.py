"""Whole jobs on real clusters: CPU time of the task manager with Flink's codec, with the jar, and with a codec that costs nothing.

Usage: bench_jobs.py <jar> [--quick]. Four Flink 1.20 clusters over one Kafka, a task manager of one slot each, so that none has seen
another's work: as it comes; with the jar in lib/; with the format `ready-rows` (benches/ready-rows) too, which gives rows that are
ready; as it comes, for the format `raw`. Each job reads a topic or file to its end, the clusters take turns, and what counts is the CPU time of the task manager's process (/proc/PID/stat) less what the same job
takes for one message, as that is the job's start. Writes build/bench/jobs.md and jobs.goals.tsv.
"""

import gzip
import itertools
import os
import shutil
import sys
import time
from pathlib import Path
from statistics import median
from typing import NamedTuple

from gateway import Gateway
from jobs import JobFailed, Jobs
from parts import KAFKA_VERSION, REPO, Failure, Parts, java_home, java_version, program, say
from quickstart import run_dir
from servers import Flink, Kafka

DATA, OUT = REPO / "tests" / "data" / "bench", REPO / "build" / "bench"
TICKS = os.sysconf("SC_CLK_TCK")
WARM_UPS, ROUNDS, QUICK_ROUNDS = 2, 3, 1
#: What a job is to reach of what a codec that costs nothing gives.
SHARE = 0.8


class Shape(NamedTuple):
    """Messages of tests/data/bench, and how often the file is repeated in a topic."""

    file: str
    schema: str
    lines: int
    times: int

    def messages(self) -> int:
        return self.lines * self.times

    def columns(self) -> str:
        """The table's columns, as DDL."""
        lines = (DATA / f"{self.schema}.schema").read_text().splitlines()
        return ", ".join("`{}` {}".format(*line.split("\t")) for line in lines)


PRODUCTS = Shape("products-update", "products-update", 2_000, 600)
WIDE = Shape("wide40-insert", "wide40-insert", 2_000, 100)
BATCH = Shape("batch100", "batch100", 50, 300)


class Job(NamedTuple):
    """A query over one table. `codecs` are the clusters that it runs on."""

    name: str
    shape: Shape
    source: str = "kafka"
    query: str = "SELECT * FROM source"
    sink: str = "{columns}"
    keyed: bool = False
    raw: bool = False

    def codecs(self):
        return ("stock", "native", "free", "raw") if self.raw else ("stock", "native", "free")


AVERAGE = {"query": "SELECT name, AVG(weight) FROM source GROUP BY name", "sink": "name STRING, average DECIMAL(38, 6)"}
JOBS = [
    Job("products → blackhole", PRODUCTS, raw=True),
    Job("40 columns → blackhole", WIDE, raw=True),
    Job("100 rows → blackhole", BATCH, raw=True),
    Job("products → AVG … GROUP BY", PRODUCTS, **AVERAGE),
    Job("products with key and offset columns → blackhole", PRODUCTS, keyed=True, sink="k STRING, {columns}, at_offset BIGINT"),
    Job("products in a file → blackhole", PRODUCTS, source="filesystem"),
    Job("40 columns in a file → blackhole", WIDE, source="filesystem"),
]
QUICK = [JOBS[0], JOBS[3]]


class Cluster:
    """A cluster and a session on it; `codec` is what its tables are read with."""

    def __init__(self, name: str, parts: Parts, kafka: Kafka, directory: Path, jars):
        self.name, self.kafka, self.directory = name, kafka, directory
        self.flink = Flink(parts, directory / name, jars, config={"taskmanager.numberOfTaskSlots": 1})
        self.gateway = self.rest = None
        self.runs = itertools.count(1)

    def start(self) -> None:
        self.flink.start()

    def wait(self) -> None:
        """Returns when statements can be run."""
        self.flink.wait()
        self.rest, self.gateway = Jobs(self.flink.rest), Gateway(self.flink)

    def stop(self) -> None:
        if self.gateway:
            self.gateway.stop()
        self.flink.stop()

    def _source(self, job: Job, codec: str, all_messages: bool) -> str:
        """The CREATE TABLE that reads the whole topic or file, or its first message."""
        name = f"{job.shape.file}-{'all' if all_messages else 'one'}"
        format_name = {"raw": "raw", "free": "ready-rows"}.get(codec, "canal-json")
        columns = "v BYTES" if codec == "raw" else job.shape.columns()
        prefix = "value." if job.keyed else ""
        options = {f"{prefix}format": format_name}
        if codec == "free":
            options |= {f"{prefix}ready-rows.messages": job.shape.lines if all_messages else 1, f"{prefix}ready-rows.binary": str(not job.keyed).lower()}
        if job.source == "filesystem":
            options |= {"connector": "filesystem", "path": (self.directory / f"{name}.jsonl").as_uri()}
        else:
            options |= {"connector": "kafka", "topic": name, "properties.bootstrap.servers": self.kafka.bootstrap, "scan.startup.mode": "earliest-offset",
                        "scan.bounded.mode": "latest-offset"}
        if job.keyed:
            columns = f"k STRING, {columns}, at_offset BIGINT METADATA FROM 'offset' VIRTUAL"
            options |= {"key.format": "raw", "key.fields": "k", "value.fields-include": "EXCEPT_KEY"}
        with_options = ", ".join(f"'{key}' = '{value}'" for key, value in options.items())
        return f"CREATE TEMPORARY TABLE source ({columns}) WITH ({with_options})"

    def _cpu(self) -> float:
        """CPU seconds of the task manager's process so far: user and system time."""
        fields = Path(f"/proc/{self.flink.task_manager.popen.pid}/stat").read_text().rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / TICKS

    def run(self, job: Job, codec: str, all_messages: bool) -> float:
        """CPU seconds of the task manager from the job's submission to its end."""
        sink = "v BYTES" if codec == "raw" else job.sink.format(columns=job.shape.columns())
        name = f"bench-{next(self.runs)}"
        for statement in ("DROP TEMPORARY TABLE IF EXISTS source", "DROP TEMPORARY TABLE IF EXISTS nothing", self._source(job, codec, all_messages),
                          f"CREATE TEMPORARY TABLE nothing ({sink}) WITH ('connector' = 'blackhole')", f"SET 'pipeline.name' = '{name}'"):
            self.gateway.run(statement)
        opened, before = len(self.flink.codec_lines()), self._cpu()
        running = self.gateway.run(f"INSERT INTO nothing {job.query}")[0][0]

        def ended():
            state = self.rest.state(running)
            if state in ("FAILED", "CANCELED"):
                raise JobFailed(f"{job.name} with {codec}: {state}\n" + "\n".join(self.rest.failures(running)[:1]))
            return state == "FINISHED"
        self.rest.await_that(ended, f"the end of {job.name} with {codec}")
        used = self._cpu() - before
        if codec == "native" and len(self.flink.codec_lines()) == opened:
            raise Failure(f"{job.name}: the native codec did not say that it was opened")
        # Flink's filesystem source gives its format no metrics.
        if codec == "native" and job.source == "kafka":
            self._check(name, job.shape.messages() if all_messages else 1)
        return used

    def _check(self, name: str, messages: int) -> None:
        """A benchmark of the native codec in which messages were delegated would be worth nothing."""
        counts = self.flink.counts(name)
        if counts.get("messages") != messages or counts.get("delegated"):
            raise Failure(f"{name} should have decoded {messages} messages natively; the codec counted {counts}")


def produce(kafka: Kafka, directory: Path, jobs) -> None:
    """Topics and files: <shape>-all and <shape>-one."""
    topics = []
    for shape in dict.fromkeys(job.shape for job in jobs):
        lines = gzip.decompress((DATA / f"{shape.file}.json.gz").read_bytes()).splitlines(keepends=True)
        if len(lines) != shape.lines:
            raise Failure(f"{shape.file} has {len(lines)} messages, not {shape.lines}")
        for name, content, times in (("all", lines, shape.times), ("one", lines[:1], 1)):
            file, keys = directory / f"{shape.file}-{name}.lines", directory / f"{shape.file}-{name}.keys"
            file.write_bytes(b"".join(content))
            keys.write_text("".join(f"{number}\n" for number in range(len(content))))
            topics.append(f"{shape.file}-{name}={file},keys={keys},times={times}")
            if any(job.shape == shape and job.source == "filesystem" for job in jobs):
                with open(directory / f"{shape.file}-{name}.jsonl", "wb") as out:
                    for _ in range(times):
                        out.writelines(content)
    for line in kafka.produce(*topics).splitlines():
        say(f"  {line}")


def measure(clusters, jobs, rounds: int):
    """(job, codec) -> CPU seconds a message of each round; others come first, to warm up: the JVM compiles until the third."""
    found = {}
    for turn in range(-WARM_UPS, rounds):
        for job in jobs:
            seconds = {}
            codecs = list(job.codecs())
            for codec in codecs if turn % 2 else reversed(codecs):
                start = clusters[codec].run(job, codec, False)
                seconds[codec] = start, clusters[codec].run(job, codec, True)
            say(f"  {'warm-up' if turn < 0 else turn + 1}: {job.name}: " + ", ".join(f"{codec} {seconds[codec][1]:.2f} s (start {seconds[codec][0]:.2f})" for codec in codecs))
            for codec, (start, whole) in seconds.items() if turn >= 0 else ():
                found.setdefault((job, codec), []).append((start, whole))
    return found


def report(found, jobs, rounds: int, parts: Parts) -> None:
    """The section and its goals."""
    lines = [
        f"Flink {parts.flink.version} (one slot, 1400 MB of process memory, no object reuse), Kafka {KAFKA_VERSION}, Java {java_version(java_home())}; CPU time of the task "
        "manager's process per message, less what the same job takes for one message: medians of "
        f"{rounds} run{'s' if rounds > 1 else ''} by turns, after {WARM_UPS} to warm up. `free` gives rows that are ready (`benches/ready-rows`): what no codec can save. "
        "`raw` hands over bytes.", "",
        "| job | messages | stock µs | native µs | free µs | raw µs | native gains | a free codec would | of that | records a CPU second, stock → native |",
        "|---|---|---|---|---|---|---|---|---|---|"]
    goals, starts = [], {"stock": [], "native": []}
    for job in jobs:
        cost = {}
        for codec in job.codecs():
            runs = found[job, codec]
            begin = median(start for start, _ in runs)
            cost[codec] = (median(whole for _, whole in runs) - begin) / job.shape.messages() * 1e6
            if codec in starts:
                starts[codec].append(begin)
        share = cost["free"] / cost["native"]
        raw = f"{cost['raw']:.2f}" if "raw" in cost else ""
        lines.append(f"| {job.name} | {job.shape.messages():,} | {cost['stock']:.2f} | {cost['native']:.2f} | {cost['free']:.2f} | {raw} "
                     f"| {cost['stock'] / cost['native']:.2f}× | {cost['stock'] / cost['free']:.2f}× | {100 * share:.0f} % | {1e6 / cost['stock']:,.0f} → {1e6 / cost['native']:,.0f} |")
        goals.append(f"job: {job.name}, of what a free codec gives\t≥ {100 * SHARE:.0f} %\t{100 * share:.0f} %\t{'met' if share >= SHARE else 'missed'}")
    began = {codec: median(values) for codec, values in starts.items()}
    lines += ["", f"Starting a job and reading one message takes the task manager {began['stock'] * 1e3:.0f} ms of CPU with Flink's codec, {began['native'] * 1e3:.0f} ms with the jar "
                  "(median of the jobs, task managers that have run jobs before)."]
    OUT.mkdir(parents=True, exist_ok=True)
    (OUT / "jobs.md").write_text("\n".join(lines) + "\n")
    (OUT / "jobs.goals.tsv").write_text("\n".join(goals) + "\n")
    print("\n".join(lines + [""] + goals))


def main(jar: Path, quick: bool) -> None:
    """Starts everything, measures, and takes away what is large."""
    parts, directory = Parts(), run_dir()
    jobs, rounds = (QUICK, QUICK_ROUNDS) if quick else (JOBS, ROUNDS)
    say(f"logs of this run: {directory}")
    kafka = Kafka(parts, directory / "kafka")
    ready_rows = REPO / "build" / "cluster" / "ready-rows.jar"
    clusters = {}
    try:
        say(f"starting Kafka and four Flink {parts.flink.version} clusters: with Flink's codec, {jar.name}, a format that costs nothing, and raw")
        kafka.start()
        for name, jars in (("stock", []), ("native", [jar]), ("free", [jar, ready_rows]), ("raw", [])):
            clusters[name] = Cluster(name, parts, kafka, directory, jars)
            clusters[name].start()
        kafka.wait()
        produce(kafka, directory, jobs)
        for cluster in clusters.values():
            cluster.wait()
        began = time.monotonic()
        found = measure(clusters, jobs, rounds)
        say(f"measured in {time.monotonic() - began:.0f} s")
        report(found, jobs, rounds, parts)
    except Failure as failure:
        raise Failure(f"{failure}\n  logs: {directory}") from None
    finally:
        for server in (*clusters.values(), kafka):
            server.stop()
        shutil.rmtree(directory / "kafka" / "data", ignore_errors=True)
        for file in [*directory.glob("*.jsonl"), *directory.glob("*.lines"), *directory.glob("*.keys")]:
            file.unlink()


if __name__ == "__main__":
    program(main, Path(sys.argv[1]).resolve(), "--quick" in sys.argv[2:])
