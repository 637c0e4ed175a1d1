"""Builds and runs the examples for hosts that are not Flink, against the library in the jar, and compares what they print.

Usage: hosts.py <jar>. The expected output is in examples/expected; UPDATE_EXPECT=1 writes it. The last line is `N passed, N failed`.
"""

import difflib
import os
import shutil
import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

from parts import REPO, Failure, need_python_package, venv_python

PYARROW = "21.0.0"
EXPECTED = REPO / "examples" / "expected"
MESSAGES = REPO / "tests" / "data" / "quickstart"


def output_of(command, **environment) -> str:
    """What a program prints; a failure is what it said."""
    result = subprocess.run([str(part) for part in command], env={**os.environ, **environment}, stdin=subprocess.DEVNULL,
                            capture_output=True, text=True)
    if result.returncode != 0:
        raise Failure(f"{Path(command[0]).name} ended with {result.returncode}:\n{result.stdout[-2000:]}{result.stderr[-4000:]}")
    return result.stdout


def c_example(folder: Path, *flags) -> str:
    """Compiles examples/c/decode.c and runs it."""
    program = folder / "decode"
    output_of(["cc", "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", *flags, "-o", program, REPO / "examples/c/decode.c",
               f"-I{REPO / 'include'}", f"-L{folder}", "-lcanal_native"])
    return output_of([program, MESSAGES / "products.jsonl"], LD_LIBRARY_PATH=str(folder))


def python_example(folder: Path) -> str:
    need_python_package("pyarrow", PYARROW)
    return output_of([venv_python(), REPO / "examples/python/decode.py", folder / "libcanal_native.so",
                      MESSAGES / "products.jsonl"])


def compare(name: str, found: str) -> None:
    path = EXPECTED / name
    if "UPDATE_EXPECT" in os.environ:
        path.parent.mkdir(exist_ok=True)
        path.write_text(found)
    expected = path.read_text() if path.exists() else ""
    if found != expected:
        lines = difflib.unified_diff(expected.splitlines(), found.splitlines(), str(path), "printed", lineterm="")
        raise Failure("\n".join(lines))


def main(jar: Path) -> int:
    failed, folder = 0, Path(tempfile.mkdtemp(prefix="canal-native-hosts-"))
    examples = {
        "C": ("c.txt", lambda: c_example(folder)),
        # Memory that is used after its release, or never released, ends the program with an error.
        "C with AddressSanitizer": ("c.txt", lambda: c_example(folder, "-g", "-fsanitize=address")),
        "Python": ("python.txt", lambda: python_example(folder)),
    }
    try:
        with zipfile.ZipFile(jar) as archive:
            library = archive.read("native/linux-x86_64/libcanal_native.so")
        (folder / "libcanal_native.so").write_bytes(library)
        for name, (expected, run) in examples.items():
            try:
                compare(expected, run())
                print(f"ok      the {name} example", flush=True)
            except Failure as failure:
                failed += 1
                print(f"FAILED  the {name} example\n{failure}", flush=True)
    finally:
        shutil.rmtree(folder)
    print(f"{len(examples) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]).resolve()))
