"""`bin/canal-native verify` on a real MariaDB and MySQL: what a job moved is equal, each planted difference is found, and nothing else is; by sums and row by row.

Usage: verify_mysql.py <jar> [--flink 1.20|2.x] [--java HOME] [--seed N] [--server NAME]. After a captured workload's SQL has run on a real server, a job moves its tables
into a stand-in for Doris. Then every kind of difference is planted in every column there, by SQL. The last line is `N passed, N failed`.
"""

import random
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "dev.d"))

import run  # noqa: E402
from by_hand import ByHand, by_hand, killed_correction  # noqa: E402
from databases import DATABASES  # noqa: E402
from parts import Failure, say  # noqa: E402
from quickstart import run_dir  # noqa: E402
from verified import WORDS, Verified, corrected, killed, nothing_differs, on_cluster, planted, quoted, while_written  # noqa: E402
from whole_mysql import Moved, Source  # noqa: E402
from whole_workload import arguments_parser  # noqa: E402

#: A table in each class of collation, and one whose key has several columns.
KEYS = ["CREATE DATABASE keys_dev CHARACTER SET utf8mb4",
        "CREATE TABLE keys_dev.bin (k VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_bin PRIMARY KEY, v INT)",
        "CREATE TABLE keys_dev.ci (k VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci PRIMARY KEY, v INT)",
        "CREATE TABLE keys_dev.accents (k VARCHAR(20) CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci PRIMARY KEY, v INT)",
        "CREATE TABLE keys_dev.many (a INT, b VARCHAR(20), c DATE, v INT, PRIMARY KEY (a, b, c))",
        "CREATE TABLE keys_dev.dates (a DATE, b BIGINT UNSIGNED, v INT, PRIMARY KEY (a, b))",
        "CREATE TABLE keys_dev.bytes (k VARBINARY(8) PRIMARY KEY, v INT)",
        "CREATE TABLE keys_dev.words (k VARCHAR(20) PRIMARY KEY, v DECIMAL(12, 3), at DATETIME(6))"]
TEXTS = ["a", "B", "c ", "Zz", "é1", "ß", "'\\", "10", "9", "", "日本", "z"]
ROWS = 3000


def fill():
    """Rows for the tables of KEYS: enough for several ranges."""
    yield from KEYS
    for table in ("bin", "ci", "accents"):
        yield f"INSERT INTO keys_dev.{table} VALUES " + ", ".join(f"({quoted(text)}, {i})" for i, text in enumerate(TEXTS))
    days = [f"'2024-01-{1 + i % 28:02}'" for i in range(ROWS)]
    yield "INSERT INTO keys_dev.many VALUES " + ", ".join(f"({i // 10}, {quoted(TEXTS[i % 12])}, {day}, {i})" for i, day in enumerate(days))
    yield "SET SESSION sql_mode = ''"
    yield "INSERT INTO keys_dev.dates VALUES ('0000-00-00', 18446744073709551615, 0), ('0000-00-00', 1, 1), " + ", ".join(f"({day}, {i}, {i})" for i, day in enumerate(days))
    yield "INSERT INTO keys_dev.bytes VALUES " + ", ".join(f"(X'{i:04X}', {i})" for i in range(ROWS))
    yield "INSERT INTO keys_dev.words VALUES " + ", ".join(f"('word {i}', {i}.5, '2024-01-01 00:00:00.25' + INTERVAL {i} SECOND)" for i in range(WORDS))


class VerifiedMysql(Verified, Moved):
    """A job of that server."""


def writer(source: Source):
    """What changes some rows of it, in a session of its own."""
    execute, chance = source.server.session(), random.Random(1)

    def step() -> None:
        number = chance.randrange(ROWS)
        execute(f"UPDATE keys_dev.bytes SET v = v + 1 WHERE k = X'{number:04X}'")
        execute(f"DELETE FROM keys_dev.dates WHERE b = {number}")
        execute(f"REPLACE INTO keys_dev.many VALUES ({ROWS + number}, 'new', '2024-01-01', {number})")
    return step


def main(options) -> bool:
    """All servers, on that Flink and Java; true when every check passed."""
    checks, directory = run.Checks(), run_dir()
    say(f"logs of this run: {directory}")
    for server, make in DATABASES.items():
        if options.server not in (None, server):
            continue
        source = Source(server, make(directory / server))
        try:
            source.start()
            source.server.run(["GRANT REPLICATION SLAVE ON *.* TO reader@'%'", *fill()])
            with VerifiedMysql(options, checks, directory / f"{server}-full", source) as verified:
                verified.write(2, at_once=500)
                verified.said(f"{server}, moved", "run", "the input has ended: ")
                nothing_differs(verified, server)
                killed(verified, f"{server}, killed and stopped")
                on_cluster(verified, options, f"{server}, on a cluster")
                planted(verified, options.seed, f"{server}, planted")
                corrected(verified, f"{server}, corrected")
            with ByHand(options, checks, directory / f"{server}-hand", source) as verified:
                by_hand(verified, f"{server}, by hand")
                killed_correction(verified, f"{server}, a correction that is killed")
            with VerifiedMysql(options, checks, directory / f"{server}-written", source) as verified:
                while_written(verified, f"{server}, while it is written", lambda source=source: writer(source))
        except Failure as failure:
            checks.check(f"verify-mysql: {server}", False, f"       {failure}")
        finally:
            source.server.stop()
    return checks.ended()


if __name__ == "__main__":
    PARSER = arguments_parser(__doc__.split("\n\n")[0])
    PARSER.add_argument("--server", help="only this one: mariadb or mysql80")
    run.run(main, PARSER.parse_args())
