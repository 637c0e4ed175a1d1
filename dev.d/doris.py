"""A Doris to write to: the stand-in of this project, or a real one that the environment names.

DORIS_FENODES (`host:8030,…`, the front ends' HTTP ports) names a real one; then DORIS_QUERY is a front end's `host:port` of the
MySQL protocol (the first front end's host and port 9030), DORIS_USER (root) and DORIS_PASSWORD (empty) log in.
"""

import json
import os
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from parts import REPO, Failure, python_package, run_logged, say
from servers import Process

PYMYSQL = "1.1.2"


class Doris:
    """A cluster that is there already, by its addresses."""

    what = "the Doris that DORIS_FENODES names"

    def __init__(self, fenodes: str, query: str, user: str, password: str):
        self.fenodes, self.query, self.user, self.password = fenodes, query, user, password

    def start(self) -> None:
        """Nothing to do."""

    def wait(self) -> None:
        """Returns when it answers."""
        self.sql("SELECT 1")

    def stop(self) -> None:
        """Nothing to do: it is not ours."""

    def sql(self, *statements: str):
        """Runs statements over the MySQL protocol; the rows of the last, each cell as the text that the server sent, or None."""
        pymysql = python_package("pymysql", PYMYSQL)
        host, _, port = self.query.rpartition(":")
        try:
            # Without decoders every cell stays text.
            connection = pymysql.connect(host=host, port=int(port), user=self.user, password=self.password, charset="utf8mb4", conv={},
                                         connect_timeout=30, read_timeout=120, autocommit=True)
            with connection, connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                return [list(row) for row in cursor.fetchall()]
        except pymysql.MySQLError as error:
            raise Failure(f"{self.what}, MySQL protocol at {self.query}: {error}") from None


class StandIn(Doris):
    """tests/doris-standin as a process of its own, on free ports; it ends with whoever started it."""

    what = "the stand-in for Doris"

    def __init__(self, directory: Path, *flags: str, release: bool = False):
        super().__init__("", "", "root", "")
        self.directory, self.flags, self.process, self.ports = directory, flags, None, {}
        self.cargo = ["--quiet", *(["--release"] if release else []), "-p", "doris-standin"]

    def start(self) -> None:
        """Builds and starts it; returns before it is up (see `wait`)."""
        self.directory.mkdir(parents=True)
        command = ["cargo", "build", *self.cargo]
        run_logged(command, self.directory / "build.log", "building the stand-in for Doris", cwd=REPO)
        command = ["cargo", "run", *self.cargo, "--", *self.flags]
        self.process = Process(self.what, command, self.directory / "doris-standin.out", cwd=REPO, stdin=subprocess.PIPE)

    def wait(self) -> None:
        """Returns when it serves."""
        def ready():
            line, end, _ = self.process.log.read_text(errors="replace").partition("\n")
            self.ports = json.loads(line) if end and line.startswith("{") else {}
            return bool(self.ports)
        self.process.wait_for(ready, "up")
        self.fenodes = ",".join(f"127.0.0.1:{port}" for port in self.ports["fe"])
        self.query = f"127.0.0.1:{self.ports['mysql'][0]}"

    def admin(self, path: str, body=None, method: str = None):
        """An admin call (tests/doris-standin/README.md); with a body it is a POST."""
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(f"http://127.0.0.1:{self.ports['admin']}{path}", data, method=method)
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)
        except urllib.error.HTTPError as error:
            raise Failure(f"{request.get_method()} {path}: {error} {error.read().decode(errors='replace')[:2000]}") from None

    def stop(self) -> None:
        """Ends the process."""
        if self.process:
            self.process.stop()


def of_environment(directory: Path, database: str) -> Doris:
    """The Doris that DORIS_FENODES names, else a stand-in. `database`: what is written to, for the message."""
    fenodes = os.environ.get("DORIS_FENODES")
    if not fenodes:
        return StandIn(directory, "--frontends", "2", "--backends", "3")
    host = fenodes.split(",")[0].strip().rpartition(":")[0]
    if not host:
        raise Failure(f"DORIS_FENODES is '{fenodes}'; name the front ends' HTTP addresses, such as fe1:8030,fe2:8030")
    say(f"Doris: {fenodes} (DORIS_FENODES); only the database {database} is touched")
    return Doris(fenodes, os.environ.get("DORIS_QUERY") or f"{host}:9030", os.environ.get("DORIS_USER") or "root",
                 os.environ.get("DORIS_PASSWORD") or "")
