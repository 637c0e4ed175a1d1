"""The jar's own command line, `java -jar … bench`, with a real Flink distribution as $FLINK_HOME.

Usage: command_line.py <jar> [--flink 1.20|2.x] [--java HOME]. The last line is `N passed, N failed`.
"""

import gzip
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "dev.d"))

import run  # noqa: E402
from parts import REPO, Parts, java_home  # noqa: E402

MESSAGES = REPO / "tests" / "data" / "quickstart"
ORDERS = """-- A comment, and what only this codec has.
CREATE TABLE topic_orders (
  id BIGINT,
  amount DECIMAL(12, 2),
  status STRING,
  created TIMESTAMP(3),
  doubled AS id * 2,
  origin STRING METADATA FROM 'value.table' VIRTUAL,
  change STRING METADATA FROM 'value.type' VIRTUAL{more}
) WITH ('connector' = 'kafka', 'topic' = 'any', 'format' = '{format}', '{format}.table.include' = 'orders', '{format}.ddl' = 'skip');
"""


class Program:
    """The jar, run as a program."""

    def __init__(self, jar: Path, java: Path, directory: Path):
        self.command = [str(java / "bin" / "java"), "-jar", str(jar)]
        self.directory = directory

    def run(self, *arguments, home=None):
        """Exit code and output."""
        env = {key: value for key, value in os.environ.items() if key != "FLINK_HOME"}
        if home:
            env["FLINK_HOME"] = str(home)
        done = subprocess.run(self.command + [str(a) for a in arguments], env=env, cwd=self.directory, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, timeout=300)
        return done.returncode, done.stdout

    def file(self, name: str, text: str) -> Path:
        """A file for an argument."""
        path = self.directory / name
        path.write_text(text)
        return path


def said(checks: run.Checks, name: str, found, code: int, *words: str) -> None:
    """The exit code, and each of the words in the output."""
    missing = [word for word in words if word not in found[1]]
    checks.check(name, found[0] == code and not missing, f"       exit code {found[0]}, lacks {missing}:\n{found[1][:3000]}")


def compares(checks: run.Checks, program: Program, home: Path) -> None:
    """Tables and messages that can be compared."""
    orders = program.file("orders.sql", ORDERS.format(format="canal-json", more=""))
    count = len([line for line in gzip.decompress((MESSAGES / "orders.jsonl.gz").read_bytes()).splitlines() if line])
    found = program.run("bench", "--ddl", orders, "--messages", MESSAGES / "orders.jsonl.gz", "--quick", home=home)
    said(checks, "bench compares captured messages", found, 0, f"{count:,} messages", "all are equal to those of Flink's codec", "metadata [table]",
         "[type] (not compared)", "| topic_orders | every field read |", "| topic_orders | serialised |", "| topic_orders | discarded, generic rows |")
    connector = ",\n  at_offset BIGINT METADATA FROM 'offset' VIRTUAL"
    keyed = program.file("keyed.sql", ORDERS.format(format="canal-json-native", more=connector))
    found = program.run("bench", "--messages", MESSAGES / "orders.jsonl.gz", "--ddl", keyed, "--quick", home=home)
    said(checks, "connector metadata leaves the generic rows", found, 0, "| topic_orders | discarded, generic rows |", "takes generic rows only")
    checks.check("and only those", "| topic_orders | serialised |" not in found[1], found[1])
    flags = '{{"data":[{{"id":"{}","paid":"1"}}],"database":"d","table":"t","type":"INSERT"}}\n'
    table = program.file("flags.sql", "CREATE TABLE flags (id INT, paid BOOLEAN) WITH ('connector' = 'kafka', 'format' = 'canal-json')")
    lines = program.file("flags.jsonl", "".join(flags.format(i) for i in range(5)) + '{"type":"QUERY"}\nno JSON\n')
    found = program.run("bench", "--ddl", table, "--messages", lines, "--quick", home=home)
    said(checks, "corrected, refused and few messages are named", found, 0, "equal for 0 messages, other for 5", "lines [1, 2, 3, 4, 5]",
         "refused by Flink's codec only: 1 [6]", "by this one too: 1 [7]", "line 6: ", "fewer than")


def refuses(checks: run.Checks, program: Program, home: Path) -> None:
    """What is said of mistakes."""
    orders = program.file("orders.sql", ORDERS.format(format="canal-json", more=""))
    messages = MESSAGES / "orders.jsonl.gz"
    said(checks, "--help", program.run("--help"), 0, "usage: canal-native", "java -jar", "bench --ddl FILE --messages FILE")
    said(checks, "--version", program.run("--version"), 0, "canal-native ")
    said(checks, "no verb", program.run(), 2, "no verb", "usage:")
    said(checks, "an unknown option", program.run("bench", "--rows", "x"), 2, "'--rows' is no option")
    said(checks, "a missing option", program.run("bench", "--ddl", orders), 2, "needs --ddl and --messages")
    said(checks, "no FLINK_HOME", program.run("bench", "--ddl", orders, "--messages", messages), 1, "FLINK_HOME is not set")
    said(checks, "a FLINK_HOME without Flink", program.run("bench", "--ddl", orders, "--messages", messages, home=program.directory), 1, "has no flink-dist-")
    said(checks, "no such file", program.run("bench", "--ddl", "none.sql", "--messages", messages, home=home), 1, "--ddl: there is no file", "none.sql")
    empty = program.file("empty.jsonl", "\n")
    said(checks, "no messages", program.run("bench", "--ddl", orders, "--messages", empty, home=home), 1, "has no messages")
    other = program.file("csv.sql", "CREATE TABLE c (id INT) WITH ('connector' = 'kafka', 'format' = 'csv');")
    said(checks, "another format", program.run("bench", "--ddl", other, "--messages", messages, home=home), 1, "'format' = 'csv'", "'canal-json'")
    broken = program.file("broken.sql", "CREATE TABLE c (id INTT) WITH ('connector' = 'kafka', 'format' = 'canal-json');")
    said(checks, "a statement that Flink refuses", program.run("bench", "--ddl", broken, "--messages", messages, home=home), 1, "Flink refuses the statement", "INTT")
    junk = program.file("junk.jsonl", "junk\n")
    said(checks, "nothing readable", program.run("bench", "--ddl", orders, "--messages", junk, home=home), 1, "none of the 1 messages", "line 1: ", "junk")


def main(options) -> bool:
    """Runs the jar of that build, on that Flink and Java; true when every check passed."""
    jar, line, java = options.jar, options.flink, options.java or java_home()
    checks = run.Checks()
    home = Parts(line).flink.home
    with tempfile.TemporaryDirectory(prefix="canal-native-command-line-") as directory:
        program = Program(jar, java, Path(directory))
        compares(checks, program, home)
        refuses(checks, program, home)
    return checks.ended()


if __name__ == "__main__":
    run.run(main, run.arguments(__doc__.split("\n\n")[0]).parse_args())
