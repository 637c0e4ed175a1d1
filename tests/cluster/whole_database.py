"""`bin/canal-native run`, and the same job on a real Flink cluster: captured messages from files into a stand-in for Doris.

Usage: whole_database.py <jar> [--flink 1.20|2.x] [--java HOME]. The tables that the jobs make are compared with what the messages say. The last line is
`N passed, N failed`.
"""

import gzip
import json
import re
import shutil
import signal
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "dev.d"))

import doris  # noqa: E402
import run  # noqa: E402
from embedded import Job, call, environment  # noqa: E402
from parts import Parts, java_home  # noqa: E402
from quickstart import DATA, differences, run_dir  # noqa: E402
from quickstart_database import MADE  # noqa: E402
from servers import Flink  # noqa: E402

JOB = """name: {name}
source:
  canal:
    files: [{files}]
target:
  doris: {{fenodes: "{fenodes}", username: root, password-env: DORIS_PASSWORD}}
tables:
  rename:
    - {{from: 'shop_dev\\.(\\w+)', to: '{name}.$1'}}
  properties: {{replication: 1}}
ddl: {{journal-database: '{name}'}}
flink: {{checkpoint-interval: 1s, parallelism: {parallelism}}}
{more}
"""


class Jobs:
    """Files of jobs in a directory, and the tables that they make; a job's name is its database."""

    def __init__(self, checks: run.Checks, directory: Path, target: doris.StandIn, env):
        self.checks, self.directory, self.target, self.env = checks, directory, target, env
        shutil.copy(DATA / "orders.jsonl.gz", directory)

    def file(self, name: str, files: str = "orders.jsonl.gz", parallelism: int = 1, more: str = "") -> Path:
        """Writes a job."""
        path = self.directory / f"{name}.yaml"
        path.write_text(JOB.format(name=name, files=files, fenodes=self.target.fenodes, parallelism=parallelism, more=more))
        return path

    def said(self, name: str, found, code: int, *words: str) -> None:
        """The exit code, and each of the words in the output."""
        missing = [word for word in words if word not in found[1]]
        self.checks.check(name, found[0] == code and not missing, f"       exit code {found[0]}, lacks {missing}:\n{found[1][-3000:]}")

    def equal(self, name: str, database: str) -> None:
        """The tables are what the messages say."""
        wrong = {table: differences(self.target, database, table, key, forms)[2][:4] for table, (key, forms) in MADE.items()}
        self.checks.check(f"{name}: tables are equal", not any(wrong.values()), f"       {wrong}")


def embedded(jobs: Jobs) -> None:
    """Jobs that end by themselves."""
    for name, parallelism in (("one", 1), ("three", 3)):
        found = call(jobs.env, "run", jobs.file(name, parallelism=parallelism))
        jobs.said(f"parallelism {parallelism}", found, 0, f"{name}: begins anew", f"created (shop_dev.orders): the table {name}.orders was created", "the input has ended: ", " schema change")
        jobs.equal(f"parallelism {parallelism}", name)
    lines = gzip.decompress((DATA / "orders.jsonl.gz").read_bytes()).splitlines(keepends=True)
    (jobs.directory / "first.jsonl").write_bytes(b"".join(lines[:100]))
    (jobs.directory / "second.jsonl").write_bytes(b"\n" + b"".join(lines[100:]).replace(b"\n", b"\r\n"))
    jobs.said("a job that has ended begins anew", call(jobs.env, "run", jobs.directory / "one.yaml"), 0, "one: begins anew", "the input has ended: ")
    jobs.equal("the same messages once more", "one")
    found = call(jobs.env, "run", jobs.file("two", files="first.jsonl, second.jsonl"))
    jobs.said("two files, one not packed", found, 0, "the input has ended: 235 messages")
    jobs.equal("two files", "two")


def planned(jobs: Jobs) -> None:
    """What would be done is said, and nothing is done."""
    found = call(jobs.env, "plan", jobs.file("planned"))
    jobs.said("plan", found, 0, "CREATE TABLE IF NOT EXISTS `planned`.`orders`", "`amount` DECIMAL(12, 2) NULL", "nothing of this was done")
    databases = {row[0] for row in jobs.target.sql("SHOW DATABASES")}
    jobs.target.sql("CREATE DATABASE stops", "CREATE TABLE stops.order_item (sku VARCHAR(128)) UNIQUE KEY(sku) DISTRIBUTED BY HASH(sku) BUCKETS 1")
    jobs.said("plan of a table that is there with another key", call(jobs.env, "plan", jobs.file("stops")), 0, "stops.order_item is there with the key (sku)", "nothing of this was done")
    jobs.target.sql("CREATE DATABASE differs", "CREATE TABLE differs.orders (id BIGINT, amount DECIMAL(8, 2), shard INT) UNIQUE KEY(id) DISTRIBUTED BY HASH(id) BUCKETS 1")
    jobs.said("plan of a table that is there with other columns", call(jobs.env, "plan", jobs.file("differs")), 0, "column amount: it is DECIMAL(8, 2), where the source's makes DECIMAL(12, 2); a row whose value does not fit is refused",
              "MODIFY COLUMN `amount` DECIMAL(12, 2) makes it so", "column shard: the source has none; each row that is loaded has NULL there", "ADD COLUMN", "nothing of this was done")
    jobs.checks.check("plan does nothing", "planned" not in databases and not (jobs.directory / "planned.state").exists(), f"       {databases}")


def stopped(jobs: Jobs) -> None:
    """A job that is stopped, and killed, and goes on each time."""
    changes = [line for line in gzip.decompress((DATA / "orders.jsonl.gz").read_bytes()).splitlines() if not json.loads(line)["isDdl"]]
    with gzip.open(jobs.directory / "many.jsonl.gz", "wb", 1) as out:
        out.write(gzip.decompress((DATA / "orders.jsonl.gz").read_bytes()))
        for _ in range(300):
            out.write(b"\n".join(changes) + b"\n")
    # A load of few rows takes its time, so that the job does.
    jobs.target.admin("/faults", {"name": "slow_be", "value": 500, "table": "many.orders"})
    file = jobs.file("many", files="many.jsonl.gz", more="load: {max-rows: 2000, in-flight: 1, memory: 1mb, max-bytes: 1mb}")
    checkpoint = jobs.directory / "many.state" / "checkpoints"
    job = Job(jobs.env, file, jobs.directory / "many-1.out")
    try:
        job.wait_for(lambda: any(checkpoint.glob("*/chk-*/_metadata")), "at a checkpoint")
        jobs.said("a second process of one job", call(jobs.env, "run", file), 1, "Another process runs this job", "many.state")
        jobs.said("its status", call(jobs.env, "status", file), 0, "many: running (process ", " loads, the last one ", "schema changes, the last one ", "created (shop_dev.order")
        code = job.end(signal.SIGINT)
        jobs.said("Ctrl-C", (code, job.text()), 0, "is being stopped", "has stopped after ", "goes on from savepoints/savepoint-")
    finally:
        job.stop()
    before = set(checkpoint.glob("*"))
    job = Job(jobs.env, file, jobs.directory / "many-2.out")
    try:
        job.wait_for(lambda: any(set(run.glob("chk-*/_metadata")) for run in set(checkpoint.glob("*")) - before), "at a checkpoint")
        job.end(signal.SIGKILL)
        jobs.said("goes on after it", (0, job.text()), 0, "goes on from savepoints/savepoint-")
        jobs.said("the status of what was killed", call(jobs.env, "status", file), 0, "many: killed; the next run goes on from its last checkpoint, ")
        jobs.said("no job to pause", call(jobs.env, "pause", file), 1, "No process runs the job")
    finally:
        job.stop()
    jobs.target.admin("/faults", method="DELETE")
    jobs.target.admin("/faults", {"name": "slow_be", "value": 1000, "table": "many.orders"})
    job = Job(jobs.env, file, jobs.directory / "many-3.out")
    try:
        job.wait_for(lambda: "goes on from checkpoints/" in job.text() and " s: " in job.text(), "going on after it was killed")
        jobs.said("pause", call(jobs.env, "pause", file), 0, "many: stopped, ")
        jobs.said("paused", (job.process.popen.wait(60), job.text()), 0, "has stopped after ")
    finally:
        job.stop()
    jobs.target.admin("/faults", method="DELETE")
    found = call(jobs.env, "run", file)
    jobs.said("goes on after it was paused", found, 0, "goes on from savepoints/", "the input has ended: ")
    code, text = call(jobs.env, "status", file, "--json")
    status = json.loads(text) if code == 0 else {}
    jobs.checks.check("the status of what has ended", status.get("state") == "ended" and not status["runs"] and status["loads"] > 0, f"       exit code {code}: {text}")
    jobs.equal("stopped and killed", "many")


def refused(jobs: Jobs, parts: Parts, java: Path) -> None:
    """What is said of mistakes."""
    file = jobs.file("good")
    without = environment(parts, java, connector=False)
    jobs.said("check-file", call(without, "check-file", file), 0, "has no mistake")
    jobs.said("no password", call(without, "run", file), 2, "DORIS_PASSWORD is not set", "good.yaml:6:")
    bad = jobs.directory / "bad.yaml"
    bad.write_text(file.read_text().replace("name:", "nmae:", 1).replace("files:", "kafak:"))
    jobs.said("mistakes", call(jobs.env, "check-file", bad), 2, "bad.yaml:1:1: there is no key 'nmae'; did you mean 'name'?", "did you mean 'kafka'?")
    jobs.said("no such messages", call(jobs.env, "run", jobs.file("none", files="none.jsonl")), 1, "there is no file", "none.jsonl")
    unkept = jobs.file("unkept")
    unkept.with_suffix(".state").write_text("")
    jobs.said("no directory for state", call(jobs.env, "run", unkept), 1, "The job's state cannot be kept in ", "unkept.state", "flink.state-directory")
    jobs.said("no file of a job", call(jobs.env, "run", "nothing.yaml"), 1, "there is no file", "nothing.yaml")
    jobs.said("no argument", call(jobs.env, "run"), 2, "takes one argument", "usage:")
    jobs.said("the cluster's verb without a cluster", call(jobs.env, "canal-to-doris", file), 2, "flink run")
    topic = jobs.directory / "topic.yaml"
    topic.write_text(file.read_text().replace("files: [orders.jsonl.gz]", "kafka: {bootstrap-servers: \"127.0.0.1:9\", topics: [t]}"))
    if not list((parts.flink.home / "lib").glob("flink-*connector-kafka*.jar")):
        jobs.said("no Kafka connector", call(dict(without, DORIS_PASSWORD=""), "run", topic), 1, "no Kafka connector", "flink-sql-connector-kafka", "CANAL_NATIVE_CLASSPATH")
    junk = jobs.directory / "junk.jsonl"
    junk.write_text("junk\n")
    failing = jobs.file("junk", files="junk.jsonl", more="")
    failing.write_text(failing.read_text().replace("flink: {", "flink: {properties: {restart-strategy.type: none}, "))
    unreachable = jobs.file("unreachable", more="load: {patience: 1s}")
    unreachable.write_text(re.sub(r'fenodes: "[^"]*"', 'fenodes: "127.0.0.1:9"', unreachable.read_text()).replace(
        "flink: {", "flink: {properties: {restart-strategy.type: fixed-delay, restart-strategy.fixed-delay.attempts: 2, restart-strategy.fixed-delay.delay: 6 s}, "))
    jobs.said("no Doris", call(jobs.env, "run", unreachable), 1, "none of Doris' front ends (127.0.0.1:9) can be reached now",
              "has failed, and starts again from its last checkpoint: ", "has failed after 0 messages", "canal-native: ")
    jobs.said("a message that is none", call(jobs.env, "run", failing), 1, "a message cannot be read")


def on_cluster(jobs: Jobs, flink: Flink, jar: Path) -> None:
    """The same job by `flink run`."""
    flink.start()
    flink.wait()
    for name, arguments in (("by_class", ["-c", "io.canalnative.job.CanalToDoris", jar]), ("by_verb", [jar, "canal-to-doris"])):
        flink.env["DORIS_PASSWORD"] = ""
        process = flink.process("client", ["flink", "run", *arguments, jobs.file(name, parallelism=2)], name, flink.client_java)
        try:
            code = process.popen.wait(180)
        finally:
            process.stop()
        jobs.said(f"flink run {name}", (code, process.log.read_text(errors="replace")), 0, "has finished")
        jobs.equal(f"flink run {name}", name)


def main(options) -> bool:
    """Runs the jar of that build, on that Flink and Java; true when every check passed."""
    jar, line, java = options.jar, options.flink, options.java or java_home()
    checks = run.Checks()
    parts, directory = Parts(line), run_dir()
    target = doris.StandIn(directory / "doris")
    flink = Flink(parts, directory / "flink", [jar], java)
    try:
        target.start()
        target.wait()
        jobs = Jobs(checks, directory, target, environment(parts, java, DORIS_PASSWORD=""))
        planned(jobs)
        embedded(jobs)
        stopped(jobs)
        refused(jobs, parts, java)
        on_cluster(jobs, flink, jar)
    finally:
        flink.stop()
        target.stop()
    return checks.ended()


if __name__ == "__main__":
    run.run(main, run.arguments(__doc__.split("\n\n")[0]).parse_args())
