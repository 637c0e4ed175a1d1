"""`bin/canal-native run` through a failover of its source: two MySQL 8.0 with GTIDs, one the replica of the other, behind one address. The first is killed and the other one
takes its place: once with all that the job has read, and once without.

Usage: failover.py <jar> [--flink 1.20|2.x] [--java HOME] [--seed N]. In the end each row is the new server's. The last line is `N passed, N failed`.
"""

import random
import shutil
import signal
import socket
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "dev.d"))

import run  # noqa: E402
from databases import Mysql80  # noqa: E402
from embedded import call  # noqa: E402
from follow_mysql import BEGUN, GTID, Written  # noqa: E402
from following import ALL_STAGES, Following  # noqa: E402
from parts import Failure, say  # noqa: E402
from quickstart import run_dir  # noqa: E402
from whole_workload import arguments  # noqa: E402

ROWS, CHANGES = 2000, 1500
CATCHES_UP_SECONDS = 60
TABLES = ("begun_dev.mark", "begun_dev.orders", "begun_dev.items")


class Relay:
    """An address of loopback that stands for another one, which may change: as a name, or a load balancer's address."""

    def __init__(self):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port, self.to, self.open, self.lock = self.listener.getsockname()[1], None, set(), threading.Lock()
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            try:
                server = socket.create_connection(("127.0.0.1", self.to))
            except OSError:
                client.close()
                continue
            with self.lock:
                self.open |= {client, server}
            for source, target in ((client, server), (server, client)):
                threading.Thread(target=self._pass, args=(source, target), daemon=True).start()

    def _pass(self, source: socket.socket, target: socket.socket) -> None:
        try:
            while data := source.recv(1 << 16):
                target.sendall(data)
        except OSError:
            pass
        self._close({source, target})

    def _close(self, sockets) -> None:
        for one in sockets:
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()
        with self.lock:
            self.open -= sockets

    def switch(self, port: int) -> None:
        """From now on it stands for that port; who was connected is so no more."""
        self.to = port
        with self.lock:
            there = set(self.open)
        self._close(there)

    def stop(self) -> None:
        """Ends it."""
        self.listener.close()
        self.switch(0)


class Pair:
    """Two servers behind one address."""

    name = "MySQL 8.0, one of two"

    def __init__(self, directory: Path):
        self.relay = Relay()
        self.port = self.relay.port
        self.primary = Mysql80(directory / "a").with_options(*GTID)
        self.replica = Mysql80(directory / "b").with_options(*GTID, "--server-id=2")

    def start(self) -> None:
        """Both, and the replica follows."""
        self.primary.start()
        self.replica.start()
        self.replica.run([f"CHANGE REPLICATION SOURCE TO SOURCE_HOST='127.0.0.1', SOURCE_PORT={self.primary.port}, SOURCE_USER='root', SOURCE_PASSWORD='', SOURCE_AUTO_POSITION=1",
                          "START REPLICA"])
        self.relay.switch(self.primary.port)

    def run(self, statements):
        """Of the server that the address stands for."""
        return self.primary.run(statements)

    def session(self):
        """Of the server that the address stands for now."""
        return self.primary.session()

    def catch_up(self) -> None:
        """Returns when the replica has all."""
        numbers = self.primary.run(["SELECT @@GLOBAL.gtid_executed"])[0][0].replace("\n", "")
        if self.replica.run([f"SELECT WAIT_FOR_EXECUTED_GTID_SET('{numbers}', {CATCHES_UP_SECONDS})"])[0][0] != 0:
            raise Failure(f"the replica has not caught up within {CATCHES_UP_SECONDS} s")

    def fail_over(self) -> None:
        """The primary is killed, and the replica takes its place."""
        self.primary.process.popen.send_signal(signal.SIGKILL)
        self.primary.process.popen.wait()
        self.replica.run(["STOP REPLICA", "RESET REPLICA ALL"])
        self.primary, self.replica = self.replica, self.primary
        self.relay.switch(self.primary.port)

    def stop(self) -> None:
        """Ends all."""
        self.relay.stop()
        for server in (self.primary, self.replica):
            server.stop()


class Orders(Written):
    """Two tables whose rows are written at random."""

    def __init__(self, name: str, server, seed: int):
        super().__init__(name, server)
        self.chance, self.next = random.Random(seed), ROWS

    def start(self) -> None:
        say(f"starting the servers of {self.name}")
        self.server.start()
        self.reader("SELECT, REPLICATION CLIENT, REPLICATION SLAVE")
        digits = " UNION ALL ".join(f"SELECT {digit} d" for digit in range(10))
        self.server.run([*BEGUN, "CREATE TABLE begun_dev.orders (id INT PRIMARY KEY, v VARCHAR(40), n INT)", "CREATE TABLE begun_dev.items (id INT PRIMARY KEY, v VARCHAR(40), n INT)",
                         *(f"INSERT INTO begun_dev.{table} WITH n AS ({digits}) SELECT a.d + 10 * b.d + 100 * c.d + 1000 * e.d AS id, 'begun', 0 FROM n a, n b, n c, n e HAVING id < {ROWS}"
                           for table in ("orders", "items"))])

    def write(self, count: int) -> None:
        """So many changes."""
        session = self.server.session()
        for _ in range(count):
            table, id_, what = self.chance.choice(("orders", "items")), self.chance.randrange(self.next), self.chance.random()
            if what < 0.3:
                self.next += 1
                session(f"INSERT INTO begun_dev.{table} (id, v, n) VALUES ({self.next}, 'row {self.next}', {self.chance.randrange(100)})")
            elif what < 0.9:
                session(f"UPDATE begun_dev.{table} SET n = n + 1, v = 'changed {self.chance.randrange(10**9)}' WHERE id = {id_}")
            else:
                session(f"DELETE FROM begun_dev.{table} WHERE id = {id_}")

    def mark(self, value: str) -> None:
        self.server.run([f"REPLACE INTO begun_dev.mark VALUES (0, '{value}')"])


def compared(moved: Following, what: str) -> None:
    """Each row of each table."""
    for table in TABLES:
        columns = [row[0] for row in moved.source.run([f"SHOW COLUMNS FROM {table}"])]
        query = f"SELECT {', '.join(columns)} FROM {table} ORDER BY id"
        should = [[None if cell is None else str(cell) for cell in row] for row in moved.source.run([query])]
        rows = moved.target.sql(query)
        other = [pair for pair in zip(rows, should) if pair[0] != pair[1]][:3]
        moved.checks.check(f"{what}: the {len(should)} rows of {table} are the source's", rows == should and len(should) > 2, f"       {len(rows)} rows, {other}")


def with_all(moved: Following) -> None:
    """The replica has all when the primary is killed; the job follows from then on what takes its place, without being started again."""
    source = moved.source
    moved.write(2, stages=ALL_STAGES)
    moved.file.write_text(moved.file.read_text().replace("restart-strategy.type: none", "restart-strategy.type: fixed-delay, restart-strategy.fixed-delay.attempts: 100, restart-strategy.fixed-delay.delay: 1s"))

    def meanwhile(job) -> None:
        moved.in_step(job)
        source.write(CHANGES)
        source.server.catch_up()
        source.server.fail_over()
        source.run(["ALTER TABLE begun_dev.orders ADD COLUMN more VARCHAR(10) NOT NULL DEFAULT 'more'"])
        source.write(CHANGES)
    moved.follow("failed over", meanwhile)
    compared(moved, "failed over")


def without_some(moved: Following) -> None:
    """The replica lacks rows that are in Doris already: that is said, with them, and what to do."""
    source = moved.source
    moved.write(2, stages=ALL_STAGES)
    moved.follow("followed")
    source.server.catch_up()
    source.server.replica.run(["STOP REPLICA"])
    source.run(["INSERT INTO begun_dev.items (id, v, n) VALUES (999999, 'lost', 1)"])
    moved.follow("lost")
    lost = source.run(["SELECT @@GLOBAL.gtid_executed"])[0][0].rsplit("-", 1)[1]
    source.server.fail_over()
    moved.fails("a server that lacks what was read", "this is another server", "lacks transactions of that one whose rows are in Doris", f"-{lost}. ", "start the job without its state",
                "correct --delete-surplus")
    shutil.rmtree(moved.file.with_suffix(".state"))
    moved.follow("anew")
    report, audit = moved.directory / "report.json", moved.directory / "audit.jsonl"
    call(moved.env, "verify", moved.file, "--mode", "rows", "--report", report)
    call(moved.env, "correct", moved.file, "--report", report, "--audit", audit, "--apply", "--delete-surplus")
    compared(moved, "begun anew, and corrected")


def main(options) -> bool:
    """Both ways, on that Flink and Java; true when every check passed."""
    checks, directory = run.Checks(), run_dir()
    say(f"logs of this run: {directory}")
    for name, way in {"with-all": with_all, "without-some": without_some}.items():
        source = Orders(name, Pair(directory / f"{name}-servers"), options.seed)
        try:
            source.start()
            began = time.monotonic()
            with Following(options, checks, directory / name, source) as moved:
                way(moved)
            say(f"{name}: {time.monotonic() - began:.0f} s")
        except Failure as failure:
            checks.check(f"failover: {name}", False, f"       {failure}")
        finally:
            source.server.stop()
    return checks.ended()


if __name__ == "__main__":
    run.run(main, arguments(__doc__.split("\n\n", maxsplit=1)[0]))
