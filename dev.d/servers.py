"""Starts and stops a Kafka broker and Flink clusters of real parts, each on free ports of 127.0.0.1."""

import base64
import json
import os
import random
import re
import shutil
import signal
import socket
import subprocess
import time
import urllib.error
import urllib.request
import uuid
from pathlib import Path

from parts import REPO, Failure, Parts, java, java_home, java_version, say, tail

START_SECONDS = int(os.environ.get("CANAL_NATIVE_START_SECONDS", "180"))


def free_ports(count: int):
    """Ports nobody listens on now, below those that systems give to outgoing connections, which took one now and then before it was used."""
    found = []
    while len(found) < count:
        port = random.randrange(16_384, 32_768)
        with socket.socket() as one:
            try:
                one.bind(("127.0.0.1", port))
            except OSError:
                continue
        if port not in found:
            found.append(port)
    return found


class Process:
    """A server of ours with its own process group, so that stopping it stops what it started."""

    def __init__(self, name: str, command, log: Path, env=None, cwd=None, stdin=subprocess.DEVNULL):
        self.name, self.log = name, log
        with open(log, "wb") as out:
            self.popen = subprocess.Popen([str(c) for c in command], stdout=out, stderr=subprocess.STDOUT,
                                          stdin=stdin, env=env, cwd=cwd, start_new_session=True)

    def wait_for(self, ready, what: str) -> None:
        """Asks `ready()` until it says yes; fails when the process ends first or the time is up."""
        deadline = time.monotonic() + START_SECONDS
        while not ready():
            if self.popen.poll() is not None:
                raise Failure(f"{self.name} ended with code {self.popen.returncode} before {what}; log {self.log}:\n{tail(self.log)}")
            if time.monotonic() > deadline:
                raise Failure(f"{self.name}: not {what} within {START_SECONDS} s (CANAL_NATIVE_START_SECONDS); log {self.log}:\n{tail(self.log)}")
            time.sleep(0.1)

    def stop(self) -> None:
        """Ends the process group: politely, then not."""
        for sign in (signal.SIGTERM, signal.SIGKILL):
            if self.popen.poll() is not None:
                return
            try:
                os.killpg(self.popen.pid, sign)
            except ProcessLookupError:
                pass
            try:
                self.popen.wait(timeout=15)
            except subprocess.TimeoutExpired:
                continue


class Kafka:
    """One KRaft node: broker and controller in one process."""

    def __init__(self, parts: Parts, directory: Path):
        self.parts, self.directory, self.process = parts, directory, None
        self.bootstrap = ""

    def start(self) -> None:
        """Formats the storage and starts the broker; returns before it is up (see `wait`)."""
        self.directory.mkdir(parents=True)
        port, controller = free_ports(2)
        self.bootstrap = f"127.0.0.1:{port}"
        properties = self.directory / "server.properties"
        properties.write_text(f"""process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:{controller}
listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{controller}
advertised.listeners=PLAINTEXT://127.0.0.1:{port}
controller.listener.names=CONTROLLER
log.dirs={self.directory}/data
offsets.topic.replication.factor=1
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
""")
        log4j = self._log4j("INFO")
        run = [java(), f"-Dlog4j.configuration=file:{log4j}", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-cp", f"{self.parts.kafka_libs}/*"]
        cluster_id = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=").replace("-", "A")
        formatted = subprocess.run(run + ["kafka.tools.StorageTool", "format", "-t", cluster_id, "-c", str(properties)],
                                   stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        if formatted.returncode != 0:
            raise Failure(f"Kafka's storage could not be formatted:\n{formatted.stdout}")
        self.process = Process("the Kafka broker", run[:1] + ["-Xms128m", "-Xmx384m"] + run[1:] + ["kafka.Kafka", properties],
                               self.directory / "kafka.log")

    def _log4j(self, level: str) -> Path:
        file = self.directory / f"log4j-{level}.properties"
        file.write_text(f"log4j.rootLogger={level}, err\nlog4j.appender.err=org.apache.log4j.ConsoleAppender\n"
                        "log4j.appender.err.target=System.err\nlog4j.appender.err.layout=org.apache.log4j.PatternLayout\n"
                        "log4j.appender.err.layout.ConversionPattern=%d %p %m (%c)%n\n")
        return file

    def wait(self) -> None:
        """Returns when the broker serves."""
        self.process.wait_for(lambda: "Kafka Server started" in self.process.log.read_text(errors="replace"), "started")

    def _client(self, program: str, *arguments: str):
        """The command of a program in tests/cluster/java."""
        return [java(), "-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", f"-Dlog4j.configuration=file:{self._log4j('WARN')}", "-cp",
                f"{REPO}/build/cluster/cluster.jar:{self.parts.kafka_libs}/*", f"io.canalnative.cluster.{program}", self.bootstrap, *arguments]

    def _run(self, what: str, command) -> str:
        log = self.directory / f"{what.replace(' ', '-')}.log"
        made = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        log.write_text(made.stderr)
        if made.returncode != 0:
            raise Failure(f"{what} failed; log {log}:\n{tail(log)}")
        return made.stdout

    def produce(self, *topics: str) -> str:
        """Creates topics and fills them; see ProduceLines.java for the form of an argument. Returns its report."""
        return self._run("producing to Kafka", self._client("ProduceLines", *topics)).strip()

    def produce_packets(self, topic: str, file: Path) -> str:
        """Creates a topic of one partition with the packets of a captured file; returns a report."""
        return self._run("producing packets to Kafka", self._client("ProducePackets", topic, str(file))).strip()

    def open_producer(self, topic: str) -> subprocess.Popen:
        """A producer for a topic that is there: each line written to its standard input is a message; closing it ends the producer."""
        with open(self.directory / f"producer-{topic}.log", "wb") as log:
            return subprocess.Popen(self._client("ProduceLines", f"{topic}=/dev/stdin,append"), stdin=subprocess.PIPE, stdout=log, stderr=log, text=True)

    def text(self, topic: str) -> str:
        """Everything in a topic, keys and values; bytes that are no text are replaced."""
        return self._run("reading from Kafka", self._client("ReadTopic", topic))

    def view(self, topic: str):
        """What an upsert-kafka table of that topic holds: key -> value, as parsed JSON texts."""
        rows = {}
        for line in self.text(topic).splitlines():
            key, value = line.split("\t")
            rows.pop(key, None)
            if value:
                rows[key] = json.loads(value)
        return rows

    def stop(self) -> None:
        """Ends the broker."""
        if self.process:
            self.process.stop()


class Flink:
    """A job manager and one task manager, with a lib/ of links beside the distribution's own.

    `extra_lib` are jars to put into lib/; `java` is the JDK of all its processes, the build's unless told otherwise;
    `config` are settings for config.yaml beyond, or instead of, the ones here.
    """

    def __init__(self, parts: Parts, directory: Path, extra_lib=(), java: Path = None, config=None):
        self.parts, self.directory, self.extra_lib = parts, directory, list(extra_lib)
        self.java, self.config = java or java_home(), dict(config or {})
        # Flink's clients do not start on JDK 25: its ServiceLoader no longer wraps the NoClassDefFoundError of Flink's YARN
        # client, which Flink passes over only when wrapped. They can be of another JDK than the cluster.
        self.client_java = self.java if java_version(self.java) < 24 else java_home()
        self.job_manager = self.task_manager = None
        self.counts_file = directory / "counts.tsv"
        self.env = {}

    def name(self) -> str:
        """Version and JDK, for messages."""
        return f"Flink {self.parts.flink.version} on Java {java_version(self.java)}"

    def start(self) -> None:
        """Starts both processes; returns before they are up (see `wait`)."""
        self._lay_out()
        self.job_manager = self.process("job manager", ["jobmanager.sh", "start-foreground"], "jobmanager")
        self.start_task_manager()

    def start_task_manager(self) -> None:
        """Starts a task manager, with a log file of its own; one that died is followed by another like this."""
        logs = len(list((self.directory / "log").glob("taskmanager*.out")))
        self.task_manager = self.process("task manager", ["taskmanager.sh", "start-foreground"], f"taskmanager{f'-{logs + 1}' if logs else ''}")

    def process(self, name: str, command, log: str, java: Path = None) -> Process:
        """One of the distribution's scripts with this cluster's configuration, its output in log/<log>.out."""
        script = [self.parts.flink.home / "bin" / command[0], *command[1:]]
        env = dict(self.env, JAVA_HOME=str(java or self.java))
        return Process(f"Flink's {name}", script, self.directory / "log" / f"{log}.out", env, self.directory)

    def _lay_out(self) -> None:
        home, directory = self.parts.flink.home, self.directory
        for name in ("lib", "opt", "plugins", "conf", "log", "tmp"):
            (directory / name).mkdir(parents=True)
        # An older canal-native jar in a FLINK_HOME of the user's would hide, or be hidden by, the one under test.
        lib = [jar for jar in (home / "lib").glob("*.jar") if not jar.name.startswith("canal-native")]
        for jar in lib + self.parts.connector_jars():
            (directory / "lib" / jar.name).symlink_to(jar)
        for jar in self.extra_lib:
            shutil.copy(jar, directory / "lib")  # a build meanwhile must not change what runs
        for jar in list((home / "opt").glob("*.jar")) + self.parts.sql_client_jars():
            (directory / "opt" / jar.name).symlink_to(jar)
        for plugin in (home / "plugins").iterdir() if (home / "plugins").is_dir() else ():
            (directory / "plugins" / plugin.name).symlink_to(plugin)
        reporter = directory / "plugins" / "canal-native-final-counts"
        reporter.mkdir()
        shutil.copy(REPO / "build" / "cluster" / "cluster.jar", reporter)
        for conf in (home / "conf").iterdir():
            if conf.suffix in (".properties", ".xml"):
                (directory / "conf" / conf.name).write_bytes(conf.read_bytes())
        (directory / "conf" / "config.yaml").write_text("".join(f"{key}: {value}\n" for key, value in self._settings().items()))
        # The language decides the order of lib/ on the classpath (config.sh sorts by locale), so it is the user's own.
        self.env = {key: value for key, value in os.environ.items() if not key.startswith(("FLINK_", "_FLINK"))}
        self.env.update(FLINK_CONF_DIR=str(directory / "conf"), FLINK_LIB_DIR=str(directory / "lib"), FLINK_OPT_DIR=str(directory / "opt"),
                        FLINK_PLUGINS_DIR=str(directory / "plugins"), FLINK_LOG_DIR=str(directory / "log"), FLINK_PID_DIR=str(directory / "tmp"))

    def newer_java_options(self) -> str:
        """What a JDK 24 or later needs in env.java.opts of job and task manager; empty for an earlier one.

        From JDK 18 on Flink's scripts pass -Djava.security.manager=allow, with which JDK 24 and later do not start. Of two
        equal options the last counts, and these stand behind it.
        """
        return "-Djava.security.manager=disallow --enable-native-access=ALL-UNNAMED" if java_version(self.java) >= 24 else ""

    def _settings(self):
        rpc, self.rest = free_ports(2)
        quick = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"
        modern = self.newer_java_options()
        settings = {
            "env.java.opts.all": self.parts.flink.java_options(),
            "env.java.opts.jobmanager": f"{quick} {modern}",
            "env.java.opts.taskmanager": modern,
            "env.java.opts.client": quick,
            "env.java.opts.sql-gateway": quick,
            "jobmanager.rpc.address": "127.0.0.1",
            "jobmanager.rpc.port": rpc,
            "jobmanager.bind-host": "127.0.0.1",
            "jobmanager.memory.process.size": "1024m",
            "jobmanager.execution.failover-strategy": "region",
            "taskmanager.host": "127.0.0.1",
            # Without a resource-id Flink asks for the machine's host name, which a container may not be able to resolve.
            "taskmanager.resource-id": "taskmanager-1",
            "taskmanager.bind-host": "127.0.0.1",
            "taskmanager.memory.process.size": "1400m",
            "taskmanager.numberOfTaskSlots": 4,
            "parallelism.default": 1,
            "rest.address": "127.0.0.1",
            "rest.bind-address": "127.0.0.1",
            "rest.port": self.rest,
            "io.tmp.dirs": self.directory / "tmp",
            "restart-strategy.type": "none",
            "metrics.reporters": "final-counts",
            "metrics.reporter.final-counts.factory.class": "io.canalnative.cluster.FinalCountsFactory",
            "metrics.reporter.final-counts.file": self.counts_file,
        }
        # Flink refuses a key without a value.
        return {key: value for key, value in {**settings, **self.config}.items() if value != ""}

    def _task_managers(self) -> int:
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.rest}/overview", timeout=5) as answer:
                return json.load(answer)["taskmanagers"]
        except (urllib.error.URLError, OSError, ValueError, KeyError):
            return 0

    def wait(self) -> None:
        """Returns when the task manager has registered."""
        def ready():
            if self.task_manager.popen.poll() is not None:
                raise Failure(f"Flink's task manager ended; log {self.task_manager.log}:\n{tail(self.task_manager.log)}")
            return self._task_managers() >= 1
        self.job_manager.wait_for(ready, "up with a task manager")

    def sql(self, script: str, name: str) -> str:
        """Runs statements through bin/sql-client.sh and returns what it printed; the caller judges it."""
        file = self.directory / f"{name}.sql"
        file.write_text(script)
        process = self.process("SQL client", ["sql-client.sh", "-hist", self.directory / "tmp" / "history", "-f", file], name, self.client_java)
        log = process.log
        try:
            process.popen.wait(timeout=600)
        except subprocess.TimeoutExpired:
            raise Failure(f"the SQL client did not end within 600 s; its output is in {log}:\n{tail(log)}") from None
        finally:
            process.stop()
        return log.read_text(errors="replace")

    def counts(self, job: str):
        """What the format counted in the job of that name: metric name -> value, summed over subtasks; empty for stock."""
        sums = {}
        if self.counts_file.exists():
            for line in self.counts_file.read_text().splitlines():
                job_name, metric, value = line.split("\t")
                if job_name == job:
                    sums[metric] = sums.get(metric, 0) + int(value)
        return sums

    def codec_lines(self):
        """The lines that classes of ours (not the reporter) wrote into the task manager's log."""
        text = self.task_manager.log.read_text(errors="replace")
        return [line for line in text.splitlines() if re.search(r" io\.canalnative\.(?!cluster)\S+ +\[", line)]

    def stop(self) -> None:
        """Ends both processes, the task manager first."""
        for process in (self.task_manager, self.job_manager):
            if process:
                process.stop()
