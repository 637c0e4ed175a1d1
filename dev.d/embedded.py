"""`bin/canal-native` as a process: a job of a file with a Flink of its own in it."""

import os
import signal
import subprocess
from pathlib import Path

from parts import REPO, Failure, Parts, java_home, tail
from servers import Process

PROGRAM = REPO / "bin" / "canal-native"


def environment(parts: Parts, java: Path = None, connector: bool = True, **others):
    """What the program is started with: that Flink, and its Kafka connector."""
    env = {key: value for key, value in os.environ.items() if key not in ("FLINK_HOME", "CANAL_NATIVE_CLASSPATH", "DORIS_PASSWORD")}
    env.update(FLINK_HOME=str(parts.flink.home), JAVA_HOME=str(java or java_home()), JVM_ARGS="-Xmx768m -XX:+UseSerialGC -XX:TieredStopAtLevel=1")
    if connector:
        env["CANAL_NATIVE_CLASSPATH"] = ":".join(str(jar) for jar in parts.connector_jars())
    env.update(others)
    return env


def call(env, *arguments, seconds: int = 300):
    """Runs a command to its end: exit code and output."""
    done = subprocess.run([str(PROGRAM), *map(str, arguments)], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", timeout=seconds)
    return done.returncode, done.stdout


class Job:
    """`bin/canal-native run`, in the background."""

    def __init__(self, env, file: Path, output: Path):
        self.output = output
        self.process = Process(f"canal-native run {file.name}", [PROGRAM, "run", file], output, env)

    def text(self) -> str:
        """What it has printed."""
        return self.output.read_text(errors="replace")

    def wait_for(self, ready, what: str) -> None:
        """Returns when `ready()`; fails when the job ends first."""
        self.process.wait_for(ready, what)

    def end(self, sign: int = signal.SIGTERM, seconds: int = 120) -> int:
        """Sends a signal; the exit code, negative where it was killed."""
        self.process.popen.send_signal(sign)
        try:
            return self.process.popen.wait(seconds)
        except subprocess.TimeoutExpired:
            raise Failure(f"{self.process.name} did not end within {seconds} s of {signal.Signals(sign).name}; output {self.output}:\n{tail(self.output)}") from None

    def stop(self) -> None:
        """Ends it in any case."""
        self.process.stop()
