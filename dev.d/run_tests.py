"""Runs the test runners one after the other and adds up what they say.

Usage: run_tests.py <jar> [group | runner] ... A runner's name may be cut: `switch` is every runner that begins so. The last
line is `N passed, N failed`; the exit code is 1 when anything failed. A runner that fails without naming a failed test,
or that ran no test, counts as one failure.
"""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from parts import LINES, REPO, gradle, java_home, java_version, say, second_java_home


def cargo_counts(output: str):
    """Sums cargo's `test result:` lines, one for each test binary."""
    found = re.findall(r"^test result: \w+\. (\d+) passed; (\d+) failed", output, re.MULTILINE)
    return sum(int(passed) for passed, _ in found), sum(int(failed) for _, failed in found)


def junit_counts(output: str):
    """ConsoleLauncher's closing lines."""
    def count(what):
        found = re.findall(rf"^\[\s*(\d+) tests {what}\s*\]", output, re.MULTILINE)
        return sum(int(n) for n in found)
    return count("successful"), count("failed") + count("aborted")


def last_line_counts(output: str):
    """A closing line of our own form."""
    found = re.findall(r"^(\d+) passed, (\d+) failed$", output, re.MULTILINE)
    return tuple(map(int, found[-1])) if found else (0, 0)


def one(_output: str):
    """For a program that only succeeds or fails."""
    return 1, 0


def runners(jar: Path):
    """Name -> command, and the reader of its output. A name ends in the Flink line and the JDK, where it has one."""
    java = gradle() + ["javaTests"]
    tables, seed = os.environ.get("CANAL_NATIVE_TABLES", "5000"), os.environ.get("CANAL_NATIVE_SEED", "1")
    fuzz_seconds = int(os.environ.get("CANAL_NATIVE_FUZZ_SECONDS", "3600"))
    first, second = java_home(), second_java_home() or java_home()
    known = {
        "format": (["cargo", "fmt", "--all", "--check"], one),
        "rust": (["cargo", "test", "--no-fail-fast"], cargo_counts),
        "standin": (["cargo", "test", "-p", "doris-standin", "--no-fail-fast"], cargo_counts),
        "rust-release": (["cargo", "test", "--release", "--no-fail-fast"], cargo_counts),
        # Costs a third more than without, and a misuse of JNI fails the run.
        f"java-1.20-jdk{java_version(first)}": (java + ["-PcheckJni"], junit_counts),
        # Tests the stand-in: Doris' own connector, which knows a real Doris, has to find one there.
        f"official-1.20-jdk{java_version(first)}": (gradle() + ["officialTests"], junit_counts),
        f"codec-2.x-jdk{java_version(second)}": (
            java + ["-PflinkLine=2.x", f"-PtestJava={second}", r"-PtestClass=.*\.(differential|format|doris|database|source|job)\..*"], junit_counts),
        # An hour in all: half of it the JVM fuzzer, the rest by the five cargo-fuzz targets.
        "fuzz": ([str(REPO / "dev.d" / "fuzz.sh"), str(fuzz_seconds // 10)], one),
        "fuzz-jvm": (gradle() + ["fuzzJvm", f"-PfuzzArgs={fuzz_seconds // 2}"], one),
        "asan": ([str(REPO / "dev.d" / "asan.sh")], cargo_counts),
        "hosts": ([sys.executable, "-u", str(REPO / "dev.d" / "hosts.py"), str(jar)], last_line_counts),
        "quickstart": ([sys.executable, "-u", str(REPO / "dev.d" / "quickstart.py"), str(jar)], one),
        "workload": ([sys.executable, "-u", str(REPO / "tests" / "cluster" / "workload.py")], last_line_counts),
        "whole-log": ([sys.executable, "-u", str(REPO / "tests" / "cluster" / "whole_log.py")], last_line_counts),
        "quickstart-database": ([sys.executable, "-u", str(REPO / "dev.d" / "quickstart_database.py")], one),
    }
    for line in LINES:
        on = [f"-PflinkLine={line}"]
        for home in dict.fromkeys((first, second)):
            name = f"{line}-jdk{java_version(home)}"
            known.setdefault(f"java-{name}", (java + on + [f"-PtestJava={home}"], junit_counts))
            for program, file in (("cluster", "run"), ("switch", "switch"), ("kill", "kill"), ("stress", "stress"), ("canal", "canal"),
                                  ("command-line", "command_line"), ("whole-database", "whole_database"), ("whole-workload", "whole_workload"), ("whole-topic", "whole_topic"), ("whole-live", "whole_live"),
                                  ("whole-mysql", "whole_mysql"), ("follow-mysql", "follow_mysql"), ("whole-postgres", "whole_postgres"), ("follow-postgres", "follow_postgres"), ("verify-mysql", "verify_mysql"), ("verify-postgres", "verify_postgres"),
                                  ("semi-sync", "semi_sync"), ("failover", "failover")):
                command = [sys.executable, "-u", str(REPO / "tests" / "cluster" / f"{file}.py"), str(jar), "--flink", line, "--java", str(home)]
                known[f"{program}-{name}"] = (command, last_line_counts)
        # Half an hour unless CANAL_NATIVE_SOAK_SECONDS says otherwise, so with one JDK a line.
        home = second if line == "2.x" else first
        for program, file, more in (("soak", "soak", []), ("large-mysql", "large_mysql", []), ("large-mysql-faults", "large_mysql", ["--faults"]), ("planted", "planted", [])):
            command = [sys.executable, "-u", str(REPO / "tests" / "cluster" / f"{file}.py"), str(jar), "--flink", line, "--java", str(home), *more]
            known[f"{program}-{line}-jdk{java_version(home)}"] = (command, last_line_counts)
        generated = [f"-Dcanalnative.differential.tables={tables}", f"-Dcanalnative.differential.seed={seed}"]
        known[f"long-{line}"] = (java + on + generated, junit_counts)
    return known


def groups(first: str, second: str):
    """What `./dev` calls by one name. Each line with one JDK decides a change, so both lines and both JDKs are in it."""
    decides = ["format", "rust", "standin", "hosts", f"official-1.20-{first}", f"java-1.20-{first}", f"codec-2.x-{second}", f"cluster-1.20-{first}", f"cluster-2.x-{second}",
               f"command-line-1.20-{first}", f"command-line-2.x-{second}", f"whole-database-1.20-{first}", f"whole-database-2.x-{second}",
               f"whole-workload-1.20-{first}"]
    on_both = ("canal", "switch", "kill", "stress", "whole-workload", "whole-topic", "whole-live", "whole-mysql", "follow-mysql", "whole-postgres", "follow-postgres", "verify-mysql", "verify-postgres")
    live = ["quickstart", "quickstart-database", "workload", "whole-log", f"semi-sync-1.20-{first}", f"failover-1.20-{first}"]
    live += [name for program in on_both for name in (f"{program}-1.20-{first}", f"{program}-2.x-{second}") if name not in decides]
    matrix = [f"{program}-{line}-{jdk}" for program in ("java", "cluster") for line in LINES for jdk in dict.fromkeys((first, second))]
    return {"test": decides, "test-live": live + [name for name in matrix if name not in decides], "test-long": ["rust-release", "long", "asan", "fuzz", "fuzz-jvm", "soak", f"planted-1.20-{first}", f"large-mysql-1.20-{first}", f"large-mysql-faults-1.20-{first}"]}


def chosen(known, of_group, names):
    """The runners that the names stand for, in the order given, each once."""
    found = {}
    for name in (part for asked in names for part in of_group.get(asked, [asked])):
        of_name = [name] if name in known else [runner for runner in known if runner.startswith(name)]
        if not of_name:
            raise SystemExit(f"there is no runner {name}; there are {', '.join(known)}")
        found.update(dict.fromkeys(of_name))
    return list(found)


def run(name: str, command, count):
    """One runner; its output passes through. Returns passed, failed, and a line for the summary."""
    print(f"\n==== {name}: {' '.join(command)}", flush=True)
    began, lines = time.monotonic(), []
    process = subprocess.Popen(command, cwd=REPO, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                               text=True, errors="replace")
    try:
        for line in process.stdout:
            lines.append(line)
            sys.stdout.write(line)
            sys.stdout.flush()
        code = process.wait()
    except BaseException:
        process.terminate()  # a runner stops what it started
        process.wait()
        raise
    passed, failed = count("".join(lines))
    if code != 0 and count is one:
        passed, failed = 0, 1
    note = ""
    if code != 0 and failed == 0:
        failed, note = 1, f", exit code {code}"
    elif passed + failed == 0:
        failed, note = 1, ", ran no test"
    return passed, failed, f"{name}: {passed} passed, {failed} failed{note} ({time.monotonic() - began:.0f} s)"


def main(jar: Path, names) -> int:
    """Runs them all, whatever happens to one."""
    known = runners(jar)
    first, second = java_home(), second_java_home()
    say(f"Java: {first}; " + (f"second JDK: {second}" if second else "no second JDK: neither JAVA_HOME_SECOND nor a later one in /usr/lib/jvm"))
    names = chosen(known, groups(*(f"jdk{java_version(home)}" for home in (first, second or first))), names)
    total_passed = total_failed = 0
    summary = []
    for name in names:
        passed, failed, line = run(name, *known[name])
        total_passed += passed
        total_failed += failed
        summary.append(line)
    print("\n" + "\n".join(summary))
    print(f"{total_passed} passed, {total_failed} failed", flush=True)
    return 1 if total_failed or not total_passed else 0


if __name__ == "__main__":
    if len(sys.argv) < 2 or sys.argv[1].startswith("-"):
        sys.exit(__doc__)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(Path(sys.argv[1]).resolve(), sys.argv[2:] or ["test"]))
