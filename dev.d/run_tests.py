"""Runs the test runners one after the other and adds up what they say.

Usage: run_tests.py <jar> [runner ...]. The last line is `N passed, N failed`; the exit code is 1 when anything failed.
A runner that fails without naming a failed test, or that ran no test, counts as one failure.
"""

import os
import re
import signal
import subprocess
import sys
import time
from pathlib import Path

from parts import REPO, gradle


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
    """Name -> command, and the reader of its output."""
    java = gradle() + ["javaTests"]
    tables, seed = os.environ.get("CANAL_NATIVE_TABLES", "5000"), os.environ.get("CANAL_NATIVE_SEED", "1")
    return {
        "format": (["cargo", "fmt", "--all", "--check"], one),
        "rust": (["cargo", "test", "--no-fail-fast"], cargo_counts),
        "rust-release": (["cargo", "test", "--release", "--no-fail-fast"], cargo_counts),
        # Costs a third more than without, and a misuse of JNI fails the run.
        "java": (java + ["-PcheckJni"], junit_counts),
        "java-long": (java + [f"-Dcanalnative.differential.tables={tables}", f"-Dcanalnative.differential.seed={seed}"], junit_counts),
        "hosts": ([sys.executable, "-u", str(REPO / "dev.d" / "hosts.py"), str(jar)], last_line_counts),
        "cluster": ([sys.executable, "-u", str(REPO / "tests" / "cluster" / "run.py"), str(jar)], last_line_counts),
        "quickstart": ([sys.executable, "-u", str(REPO / "dev.d" / "quickstart.py"), str(jar)], one),
    }


DEFAULT = ["format", "rust", "java", "hosts", "cluster"]


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
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    sys.exit(main(Path(sys.argv[1]).resolve(), sys.argv[2:] or DEFAULT))
