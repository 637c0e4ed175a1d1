"""Fetches and finds the real parts: a Flink distribution, a Kafka broker, and what SQL jobs between them need.

All downloads go through pip (the Flink distribution is on PyPI, in two halves) and Gradle (Maven artifacts), once, into
the state directory: $CANAL_NATIVE_HOME, by default ~/.cache/canal-native.
"""

import os
import re
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path

REPO = Path(__file__).resolve().parent.parent
FLINK_VERSION = "1.20.3"
KAFKA_VERSION = "3.9.1"
# For the progress line only: the size of apache-flink-libraries 1.20.3 on PyPI.
FLINK_MEGABYTES = 232


class Failure(Exception):
    """Something the person at the keyboard can act on; printed without a stack trace."""


def state_dir() -> Path:
    """The directory that outlives a run."""
    named = os.environ.get("CANAL_NATIVE_HOME")
    path = Path(named).expanduser() if named else Path.home() / ".cache" / "canal-native"
    path.mkdir(parents=True, exist_ok=True)
    return path.resolve()


def say(text: str) -> None:
    """One line of progress."""
    print(f"[canal-native] {text}", flush=True)


def run_logged(command, log: Path, what: str, **kwargs) -> None:
    """Runs a command with its output in `log`; a failure shows the log's end and names it."""
    with open(log, "wb") as out:
        code = subprocess.run([str(c) for c in command], stdout=out, stderr=subprocess.STDOUT,
                              stdin=subprocess.DEVNULL, **kwargs).returncode
    if code != 0:
        raise Failure(f"{what} failed with exit code {code}; the whole output is in {log}:\n{tail(log)}")


def tail(log: Path, lines: int = 15) -> str:
    """The last lines of a log, indented."""
    if not log.exists():
        return "    (no output)"
    return "\n".join("    " + line for line in log.read_text(errors="replace").splitlines()[-lines:])


class Distribution:
    """An unpacked Flink distribution, never written to."""

    def __init__(self, home: Path):
        self.home = home
        jars = sorted((home / "lib").glob("flink-dist-*.jar"))
        if len(jars) != 1 or not (home / "bin" / "jobmanager.sh").is_file():
            raise Failure(f"{home} is no Flink distribution: it needs bin/jobmanager.sh and one lib/flink-dist-*.jar; "
                          "set FLINK_HOME to one, or unset it to use the one from PyPI")
        self.version = re.fullmatch(r"flink-dist-(.+)\.jar", jars[0].name).group(1)
        if not self.version.startswith("1.20."):
            raise Failure(f"{home} is Flink {self.version}; this runs on Flink 1.20. Unset FLINK_HOME to use {FLINK_VERSION} from PyPI")

    def java_options(self) -> str:
        """`env.java.opts.all` of the distribution: the JDK modules Flink wants opened."""
        for name, pattern in (("config.yaml", r"^\s+all:\s*(--\S.*)$"), ("flink-conf.yaml", r"^env\.java\.opts\.all:\s*(.*)$")):
            conf = self.home / "conf" / name
            if conf.is_file():
                found = re.search(pattern, conf.read_text(), re.MULTILINE)
                if found:
                    return found.group(1).strip().strip("\"'")
        return ""


def flink_distribution() -> Distribution:
    """$FLINK_HOME, or the distribution of PyPI, fetched when it is not there yet."""
    named = os.environ.get("FLINK_HOME")
    if named:
        say(f"Flink: {named} (FLINK_HOME), used as it is")
        return Distribution(Path(named).resolve())
    home = state_dir() / f"flink-{FLINK_VERSION}"
    if not home.is_dir():
        _fetch_flink(home)
    return Distribution(home)


def _fetch_flink(home: Path) -> None:
    pip = [os.environ.get("CANAL_NATIVE_PYTHON", sys.executable), "-m", "pip", "download", "--no-deps", "--no-cache-dir", "--progress-bar", "off"]
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=state_dir()) as temporary:
        work = Path(temporary)
        log = state_dir() / "fetch-flink.log"
        say(f"fetching Flink {FLINK_VERSION}: the PyPI packages apache-flink-libraries ({FLINK_MEGABYTES} MB) and apache-flink (3 MB)")
        _with_progress(pip + ["--no-binary", ":all:", "-d", str(work), f"apache-flink-libraries=={FLINK_VERSION}"], work, log)
        # One wheel has bin/ and conf/, the same in all of them: name one, so that any Python of this machine will do.
        run_logged(pip + ["--only-binary", ":all:", "--python-version", "311", "--implementation", "cp", "--abi", "cp311",
                          "--platform", "manylinux2014_x86_64", "-d", str(work), f"apache-flink=={FLINK_VERSION}"],
                   log, "fetching apache-flink from PyPI")
        say("unpacking Flink")
        unpacked = work / "flink"
        with tarfile.open(next(work.glob("apache*flink*libraries*.tar.gz"))) as sdist:
            for member in sdist.getmembers():
                inside = re.fullmatch(r"[^/]+/deps/((?:lib|opt|plugins|bin)/[^/].*)", member.name)
                if inside and member.isfile() and ".." not in member.name:
                    target = unpacked / inside.group(1)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    with sdist.extractfile(member) as source, open(target, "wb") as out:
                        shutil.copyfileobj(source, out, 1 << 20)
        with zipfile.ZipFile(next(work.glob("apache_flink-*.whl"))) as wheel:
            for name in wheel.namelist():
                inside = re.fullmatch(r"pyflink/((?:bin|conf)/[^/]+)", name)
                if inside:
                    target = unpacked / inside.group(1)
                    target.parent.mkdir(parents=True, exist_ok=True)
                    target.write_bytes(wheel.read(name))
        for script in (unpacked / "bin").iterdir():
            script.chmod(0o755)
        unpacked.rename(home)  # appears complete or not at all


def _with_progress(command, work: Path, log: Path) -> None:
    """pip shows no progress where there is no terminal, so the size of what it has written is watched instead."""
    environment = dict(os.environ, TMPDIR=str(work))
    with open(log, "wb") as out:
        pip = subprocess.Popen(command, stdout=out, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL, env=environment)
        shown = 0.0
        try:
            while pip.poll() is None:
                time.sleep(0.5)
                if time.monotonic() - shown > (1 if sys.stdout.isatty() else 5):
                    shown = time.monotonic()
                    sizes = []
                    for path in work.rglob("*.tar.gz"):
                        try:
                            sizes.append(path.stat().st_size)
                        except FileNotFoundError:
                            pass  # pip moved it
                    done = max(sizes, default=0) / 1e6
                    text = f"[canal-native]   {done:.0f} of {FLINK_MEGABYTES} MB"
                    print(f"\r{text}" if sys.stdout.isatty() else text, end="" if sys.stdout.isatty() else "\n", flush=True)
        finally:
            if pip.poll() is None:
                pip.terminate()
                pip.wait()
        if sys.stdout.isatty():
            print()
    if pip.returncode != 0:
        raise Failure(f"fetching apache-flink-libraries from PyPI failed; the whole output is in {log}:\n{tail(log)}")


class Parts:
    """Paths of everything a cluster is made of."""

    def __init__(self):
        self.flink = flink_distribution()
        state = state_dir()
        self.kafka_libs = state / f"kafka-{KAFKA_VERSION}"
        self.flink_opt = state / f"flink-opt-{FLINK_VERSION}"
        self.flink_lib = state / f"flink-lib-{FLINK_VERSION}"
        complete = state / f"parts-{KAFKA_VERSION}-{FLINK_VERSION}.complete"
        if not complete.exists():
            say(f"fetching Kafka {KAFKA_VERSION} (broker), Flink's SQL gateway and Kafka connector from Maven")
            run_logged(gradle() + ["realParts", f"-PpartsDir={state}"], state / "fetch-parts.log", "fetching the Maven artifacts", cwd=REPO)
            complete.touch()

    def sql_client_jars(self):
        """Jars that the distribution's opt/ lacks for its SQL client."""
        there = {jar.name for jar in (self.flink.home / "opt").glob("flink-sql-gateway*.jar")}
        return [] if there else sorted(self.flink_opt.glob("*.jar"))

    def connector_jars(self):
        """The Kafka connector, unless the distribution's lib/ has one."""
        there = list((self.flink.home / "lib").glob("flink-*connector-kafka*.jar"))
        return [] if there else sorted(self.flink_lib.glob("*.jar"))


def gradle():
    """The Gradle command that `./dev` chose."""
    return [os.environ.get("CANAL_NATIVE_GRADLE", "gradle"), "--no-daemon", "-q"]


def java() -> str:
    """The java program that `./dev` chose."""
    home = os.environ.get("JAVA_HOME")
    return str(Path(home) / "bin" / "java") if home else "java"
