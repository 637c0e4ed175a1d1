"""As whole_workload.py, with packets from a real Kafka: the tables are those of the real database, whatever happens to the job.

Usage: whole_topic.py <jar> [--flink 1.20|2.x] [--java HOME] [--seed N]. The last line is `N passed, N failed`.
"""

import re
import shutil
import signal
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "dev.d"))

import run  # noqa: E402
from embedded import Job  # noqa: E402
from parts import Parts, java_home  # noqa: E402
from quickstart import run_dir  # noqa: E402
from servers import Kafka  # noqa: E402
from whole_workload import CAPTURED, SETS, Workload, arguments, disturbed, undisturbed  # noqa: E402


def idle(text: str) -> bool:
    """Whether the last two lines of progress, five seconds apart, say the same, and that nothing is left to be read."""
    lines = re.findall(r"^\[canal-native\] \w+: \d+ s: (.*)$", text, re.MULTILINE)
    return len(lines) > 1 and lines[-1] == lines[-2] and lines[-1].endswith(", 0 messages behind")


class Topic(Workload):
    """A job of a topic with a captured workload's packets."""

    connector = True

    def of(self, kafka: Kafka) -> "Topic":
        """The broker that has the topic, which is named after the workload."""
        self.source = f"{{format: protobuf, kafka: {{bootstrap-servers: '{kafka.bootstrap}', topics: [{self.captured}]}}}}"
        return self

    def to_the_end(self, name: str, *words: str) -> None:
        """Runs it until it has no more to do, and stops it."""
        self.outputs += 1
        job = Job(self.env, self.file, self.directory / f"{self.outputs}.out")
        try:
            job.wait_for(lambda: idle(job.text()), f"through with its topic, in {name}")
            code = job.end(signal.SIGINT)
        finally:
            job.stop()
        missing = [word for word in (*words, "has stopped after ") if word not in job.text()]
        self.checks.check(f"{name}: it stops", code == 0 and not missing, f"       exit code {code}, lacks {missing}:\n{job.text()[-4000:]}")
        self.compare(name)

    def from_the_beginning(self) -> None:
        """As a topic has no end, the state has to go."""
        shutil.rmtree(self.file.with_suffix(".state"))


def main(options) -> bool:
    """All workloads, on that Flink and Java; true when every check passed."""
    java, seed = options.java or java_home(), options.seed
    checks, parts, directory = run.Checks(), Parts(options.flink), run_dir()
    kafka = Kafka(parts, directory / "kafka")
    try:
        kafka.start()
        kafka.wait()
        for captured in SETS:
            kafka.produce_packets(captured, CAPTURED / f"{captured}.packets.gz")
            for kind, job in (("undisturbed", lambda topic: undisturbed(topic, 2)), ("disturbed", lambda topic: disturbed(topic, seed))):
                with Topic(parts, java, checks, directory / f"{captured}-{kind}", captured).of(kafka) as topic:
                    job(topic)
    finally:
        kafka.stop()
    return checks.ended()


if __name__ == "__main__":
    run.run(main, arguments(__doc__.split("\n\n")[0]))
