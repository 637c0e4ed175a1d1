"""`bin/canal-native` as a process: a job of a file with a Flink of its own in it."""

import os
import signal
import subprocess
import time
from pathlib import Path

from parts import REPO, Failure, Parts, java_home, tail
from servers import START_SECONDS, Process

PROGRAM = REPO / "bin" / "canal-native"


def environment(parts: Parts, java: Path = None, connector: bool = True, **others):
    """What the program is started with: that Flink, and its Kafka connector."""
    env = {key: value for key, value in os.environ.items() if key not in ("FLINK_HOME", "CANAL_NATIVE_CLASSPATH", "DORIS_PASSWORD")}
    env.update(FLINK_HOME=str(parts.flink.home), JAVA_HOME=str(java or java_home()), JVM_ARGS="-Xmx768m -XX:+UseSerialGC -XX:TieredStopAtLevel=1")
    if connector:
        env["CANAL_NATIVE_CLASSPATH"] = ":".join(str(jar) for jar in parts.connector_jars())
    env.update(others)
    return env


def written(example: Path, to: Path, said_and_here, more: str = "") -> Path:
    """An example's job file with what is so here in place of what it says, and with more at its end."""
    text = example.read_text()
    for said, here in said_and_here.items():
        if text.count(said) != 1:
            raise Failure(f"{example} has {said} {text.count(said)} times; it is to be replaced once")
        text = text.replace(said, here)
    to.write_text(text + more)
    return to


def call(env, *arguments, seconds: int = 300):
    """Runs a command to its end: exit code and output."""
    done = subprocess.run([str(PROGRAM), *map(str, arguments)], env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", timeout=seconds)
    return done.returncode, done.stdout


class Job:
    """`bin/canal-native run`, in the background."""

    def __init__(self, env, file: Path, output: Path):
        self.output, self.shown = output, 0
        self.process = Process(f"canal-native run {file.name}", [PROGRAM, "run", file], output, env)

    def text(self) -> str:
        """What it has printed."""
        return self.output.read_text(errors="replace")

    def wait_for(self, ready, what: str) -> None:
        """Returns when `ready()`; fails when the job ends first, or when it takes too long: then what its threads are at is in its output."""
        try:
            self.process.wait_for(ready, what)
        except Failure:
            if self.process.popen.poll() is None:
                self.process.popen.send_signal(signal.SIGQUIT)
                # Nothing says when all of it is written.
                time.sleep(2)
            raise

    def show(self) -> None:
        """Passes on what it has printed since the last time."""
        text = self.text()
        print(text[self.shown:], end="", flush=True)
        self.shown = len(text)

    def follow(self, ready, what: str, seconds: int = START_SECONDS) -> None:
        """Passes on what it prints until `ready()`; fails when the job ends first, or when it takes too long."""
        deadline = time.monotonic() + seconds
        while not ready():
            self.show()
            if self.process.popen.poll() is not None:
                raise Failure(f"the job ended with {self.process.popen.returncode} before it was {what}")
            if time.monotonic() > deadline:
                raise Failure(f"the job was not {what} within {seconds} s")
            time.sleep(0.2)
        self.show()

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
