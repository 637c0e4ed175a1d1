"""The binary log of real servers: what its messages make of all tables is what full data has of them, value by value.

Usage: whole_log.py [--record] [name …]. Servers: MariaDB, MySQL 8.0, the latter with and without GTIDs. On each the SQL of tests/data/binlog
(a value of every kind, transactions, schema changes) and of a captured workload runs while nobody reads; then tests/binlog/follow.rs reads the log in one go, and
again beginning anew after random batches: the same rows have to come under the same sequences. The last line is `N passed, N failed`.
--record: in UTC, and without the captured workload, the log is kept in tests/data/binlog, for `cargo test --test binlog_recorded`.
"""

import gzip
import os
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "dev.d"))

from databases import MariaDb, Mysql80  # noqa: E402
from parts import REPO, Failure, say  # noqa: E402
from workload import DATA, statements  # noqa: E402

KINDS = REPO / "tests" / "data" / "binlog"
BEFORE = ["CREATE DATABASE pre_dev", "CREATE TABLE pre_dev.t (id INT PRIMARY KEY, a VARCHAR(20) CHARACTER SET latin1, b INT)"]
FIRST = ["INSERT INTO pre_dev.t VALUES (1, 'ü', 2)", "ALTER TABLE pre_dev.t ADD c INT FIRST, DROP b", "INSERT INTO pre_dev.t VALUES (5, 2, 'ä')"]


class Numbered(Mysql80):
    """MySQL 8.0 with GTIDs."""

    def start(self) -> None:
        super().start()
        for mode in ["OFF_PERMISSIVE", "ON_PERMISSIVE"]:
            self.run([f"SET GLOBAL gtid_mode = {mode}"])
        self.run(["SET GLOBAL enforce_gtid_consistency = ON", "SET GLOBAL gtid_mode = ON"])


def follower() -> Path:
    """Builds what reads the log."""
    subprocess.run(["cargo", "build", "--quiet", "--example", "follow_log"], cwd=REPO, check=True)
    return Path(os.environ.get("CARGO_TARGET_DIR", REPO / "target")) / "debug" / "examples" / "follow_log"


def check(server, workload: str, program: Path, directory: Path, records: bool) -> bool:
    """Runs everything on one server."""
    server.start()
    try:
        state = str(directory / "state.json")
        arguments = [str(server.port), "reader", "secret", state]
        plugin = "" if workload == "mariadb" else "WITH mysql_native_password "
        server.run(BEFORE + [f"CREATE USER reader@'%' IDENTIFIED {plugin}BY 'secret'", "GRANT SELECT, REPLICATION CLIENT, REPLICATION SLAVE ON *.* TO reader@'%'"])
        subprocess.run([program, "begin"] + arguments, check=True)
        server.run(FIRST)
        for script in ["kinds", f"kinds-{workload}"]:
            server.run(statements((KINDS / f"{script}.sql").read_text("utf-8")))
        if records:
            return subprocess.run([program, "record"] + arguments + [str(KINDS / f"kinds-{workload}.log.json.gz")], check=False, timeout=600).returncode == 0
        captured = gzip.decompress((DATA / f"workload-{workload}.sql.gz").read_bytes()).decode()
        # Without all columns in its rows a log is refused.
        server.run(statement for statement in statements(captured) if "binlog_row_image" not in statement)
        return subprocess.run([program, "check"] + arguments, check=False, timeout=600).returncode == 0
    finally:
        server.stop()


def main() -> None:
    """Entry point."""
    records, wanted = "--record" in sys.argv, [name for name in sys.argv[1:] if name != "--record"]
    # Clocks that jump, as the servers' own zone.
    os.environ["TZ"] = "UTC" if records else "Europe/Berlin"
    program, results = follower(), []
    for name, workload, make in (("mariadb", "mariadb", MariaDb), ("mysql80", "mysql80", Mysql80), ("mysql80-gtid", "mysql80", Numbered)):
        if wanted and name not in wanted or records and name != workload:
            continue
        with tempfile.TemporaryDirectory() as directory:
            say(f"the log of {name}")
            try:
                results.append(check(make(Path(directory) / "server"), workload, program, Path(directory), records))
            except (Failure, subprocess.SubprocessError) as error:
                say(f"{name}: {error}")
                results.append(False)
            say(f"{name}: {'as full data' if results[-1] else 'FAILED'}")
    print(f"{sum(results)} passed, {len(results) - sum(results)} failed")
    sys.exit(0 if results and all(results) else 1)


if __name__ == "__main__":
    main()
