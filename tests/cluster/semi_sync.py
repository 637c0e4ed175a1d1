"""`bin/canal-native run` begins while a commit waits for a semi-synchronous replica: its row is in the log before the place where the job begins, and not yet in the table. It comes.

Usage: semi_sync.py <jar> [--flink 1.20|2.x] [--java HOME]. MariaDB, and MySQL 8.0 with and without GTIDs, with a replica that there is none of. The last line is `N passed, N failed`.
"""

import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "dev.d"))

import run  # noqa: E402
from databases import MariaDb, Mysql80  # noqa: E402
from follow_mysql import BEGUN, GTID, Written  # noqa: E402
from following import ALL_STAGES, IN_STEP, Following  # noqa: E402
from parts import Failure, say  # noqa: E402
from quickstart import run_dir  # noqa: E402
from whole_workload import arguments_parser  # noqa: E402

#: Each server, the role by which its variables are named, and what is so where others do not see what is in the log: the job knows a place before it ("place", "numbers"), or waits ("waits").
SERVERS = {
    "mariadb": (MariaDb, "master", "place"),
    "mysql80": (lambda directory: Mysql80(directory).with_options("--plugin-load-add=semisync_source.so"), "source", "waits"),
    "mysql80-gtid": (lambda directory: Mysql80(directory).with_options("--plugin-load-add=semisync_source.so", *GTID), "source", "numbers"),
}
WAITS_SECONDS = 30
#: As many questions for the server's status say that a job waits.
LOOKS = 5


class Waiting(Written):
    """A server with a table, and a commit that waits."""

    def __init__(self, name: str, server, role: str):
        super().__init__(name, server)
        self.role, self.commit = role, None

    def start(self) -> None:
        self.server.start()
        self.reader("SELECT, REPLICATION CLIENT, REPLICATION SLAVE")
        self.server.run([*BEGUN, f"SET GLOBAL rpl_semi_sync_{self.role}_wait_point = 'AFTER_SYNC'", f"SET GLOBAL rpl_semi_sync_{self.role}_timeout = 3600000"])

    def hold(self, number: int) -> None:
        """Makes a row whose commit waits until it is let go; returns when it is in the log."""
        before = self.server.run(["SHOW MASTER STATUS"])[0][:2]
        self.server.run([f"SET GLOBAL rpl_semi_sync_{self.role}_enabled = ON"])
        self.commit = threading.Thread(target=self.server.run, args=([f"INSERT INTO begun_dev.mark VALUES ({number}, 'waited')"],))
        self.commit.start()
        self.await_that(lambda: self.server.run(["SHOW MASTER STATUS"])[0][:2] != before, "in the log")

    def let_go(self) -> None:
        """The commit waits no more."""
        self.server.run([f"SET GLOBAL rpl_semi_sync_{self.role}_enabled = OFF"])
        self.commit.join()

    def is_seen(self, number: int) -> bool:
        """Whether the row can be read."""
        return bool(self.server.run([f"SELECT 1 FROM begun_dev.mark WHERE id = {number}"]))

    def looks(self) -> int:
        """How often the server's status was asked for; not by this, which asks a table."""
        if self.role == "source":
            return int(self.server.run(["SELECT count_star FROM performance_schema.events_statements_summary_global_by_event_name WHERE event_name = 'statement/sql/show_status'"])[0][0])
        return int(self.server.run(["SELECT variable_value FROM information_schema.global_status WHERE variable_name = 'Com_show_status'"])[0][0])

    @staticmethod
    def await_that(ready, what: str) -> None:
        """Returns when `ready()`."""
        deadline = time.monotonic() + WAITS_SECONDS
        while not ready():
            if time.monotonic() > deadline:
                raise Failure(f"not {what} within {WAITS_SECONDS} s")
            time.sleep(0.1)


def begins(moved: Following, way: str) -> None:
    """The job begins, and follows, with a commit that waits at first."""
    source, checks = moved.source, moved.checks
    moved.write(1, stages=ALL_STAGES)
    source.hold(55)
    before = source.looks()
    job = moved.begin()
    try:
        job.wait_for(lambda: IN_STEP in job.text() or source.looks() > before + LOOKS, "in step, or waiting")
        waits = IN_STEP not in job.text()
        checks.check(f"{source.name}: the job {'waits' if way == 'waits' else 'begins'} while nobody sees the row", waits == (way == "waits") and not source.is_seen(55), job.text()[-3000:])
        source.let_go()
        moved.to_the_mark(job, "done")
    finally:
        job.stop()
    rows = moved.target.sql("SELECT id, v FROM begun_dev.mark ORDER BY id")
    should = [[str(id_), value] for id_, value in source.server.run(["SELECT id, v FROM begun_dev.mark ORDER BY id"])]
    checks.check(f"{source.name}: the row is in Doris, by the source's log ({way})", rows == should and ["55", "waited"] in rows, f"       {rows} and not {should}")


def waits_for_too_long(moved: Following) -> None:
    """A commit that nobody lets go: the job says what it waited for, and does not begin."""
    moved.file = moved.directory / "another.yaml"
    moved.write(1, stages=ALL_STAGES)
    moved.source.hold(56)
    try:
        moved.fails("a commit that waits for too long", "waiting for a semi-synchronous replica for 60 s", "gtid_mode = ON")
        moved.checked("replicas that are waited for", 0, "notice  source  rpl_semi_sync_source_enabled")
    finally:
        moved.source.let_go()


def main(options) -> bool:
    """All servers, on that Flink and Java; true when every check passed."""
    checks, directory = run.Checks(), run_dir()
    say(f"logs of this run: {directory}")
    for name, (make, role, way) in SERVERS.items():
        if options.server not in (None, name):
            continue
        source = Waiting(name, make(directory / f"{name}-server"), role)
        try:
            source.start()
            with Following(options, checks, directory / name, source) as moved:
                begins(moved, way)
                if way == "waits":
                    waits_for_too_long(moved)
        except Failure as failure:
            checks.check(f"semi-sync: {name}", False, f"       {failure}")
        finally:
            source.server.stop()
    return checks.ended()


if __name__ == "__main__":
    PARSER = arguments_parser(__doc__.split("\n\n", maxsplit=1)[0])
    PARSER.add_argument("--server", choices=list(SERVERS), help="only this one")
    run.run(main, PARSER.parse_args())
