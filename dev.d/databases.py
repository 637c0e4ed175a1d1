"""Databases that the demonstration and the tests start: each a server of its own in a directory of its own, with a binlog of rows, at a port of loopback."""

import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from doris import PYMYSQL
from parts import Failure, mysql_home, python_package, run_logged
from servers import Process, free_ports

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
        """What runs one statement, all of them in one session, and gives its rows, or how many it changed; it ends with the server."""
        cursor = self._connect().cursor()

        def execute(statement: str):
            try:
                changed = cursor.execute(statement)
                return cursor.fetchall() if cursor.description else changed
            except python_package("pymysql", PYMYSQL).MySQLError as error:
                raise Failure(f"{self.name}: {error}, at: {statement}") from error
        return execute

    def stop(self) -> None:
        """Ends it."""
        if self.process:
            self.process.stop()


class Mysql80(MariaDb):
    """A MySQL 8.0: that of Maven Central, or of $MYSQL_HOME."""

    name = "MySQL 8.0"

    def __init__(self, directory: Path):
        # pylint: disable=super-init-not-called
        self.directory, self.home, self.process, self.port, self.options = directory, mysql_home(), None, free_ports(1)[0], ()

    def start(self) -> None:
        """Makes its tables and starts it; returns when it answers."""
        self.directory.mkdir(parents=True)
        program = self._program()
        os.chmod(program[0], 0o755)
        run_logged(program + ["--initialize-insecure"], self.directory / "install.log", "making MySQL's tables")
        self.serve()

    def _program(self):
        user = subprocess.run(["id", "-un"], capture_output=True, text=True, check=True).stdout.strip()
        return [str(self.home / "bin" / "mysqld"), "--no-defaults", f"--basedir={self.home}", f"--lc-messages-dir={self.home}/share",
                f"--datadir={self.directory}/data", f"--user={user}", "--log-error-verbosity=1"]

    def serve(self) -> None:
        """Starts it on the tables that it has, at the same port, as after it was killed; returns when it answers."""
        self.process = Process("MySQL", self._program() + [f"--socket={self.directory}/s", f"--port={self.port}", "--bind-address=127.0.0.1", "--mysqlx=OFF",
                                                           f"--pid-file={self.directory}/pid", "--server-id=1", "--log-bin=binlog", "--binlog-format=ROW",
                                                           "--character-set-server=utf8mb4", "--default-authentication-plugin=mysql_native_password", *self.options],
                               self.directory / "mysql.log")
        self.process.wait_for(self.answers, "answering")


class Postgres:
    """PostgreSQL of this machine, which root may not run: then it runs as the user of Debian's package."""

    name = "PostgreSQL"
    password = "o'wner"

    def __init__(self, directory: Path, *options: str):
        self.directory, self.process, self.port, self.options = directory, None, free_ports(1)[0], options
        # Where that user may go; a test's own directory may be in another one's home.
        self.data = Path(tempfile.mkdtemp(prefix="postgres-"))
        homes = sorted(Path("/usr/lib/postgresql").glob("*/bin/postgres"), key=lambda program: int(program.parent.parent.name))
        if not homes:
            raise Failure("there is no PostgreSQL here: `apt-get install postgresql postgresql-contrib` brings it, and `./dev test-live` does that")
        self.programs = homes[-1].parent
        self.as_user = []
        if os.geteuid() == 0:
            shutil.chown(self.data, "postgres", "postgres")
            self.as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups"]

    def start(self) -> None:
        """Makes its tables and starts it, with TLS for who wants it; returns when it answers."""
        self.directory.mkdir(parents=True)
        secret = self.data / "password"
        secret.write_text(self.password)
        key, self.certificate = self.data / "key.pem", self.data / "certificate.pem"
        run_logged(["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1",
                    "-addext", "basicConstraints=critical,CA:FALSE", "-days", "2", "-keyout", str(key), "-out", str(self.certificate)],
                   self.directory / "openssl.log", "making a certificate")
        os.chmod(key, 0o600)
        if self.as_user:
            for file in (secret, key):
                shutil.chown(file, "postgres", "postgres")
        run_logged(self.as_user + [str(self.programs / "initdb"), "-D", str(self.data / "db"), "-U", "postgres", "-A", "scram-sha-256", f"--pwfile={secret}",
                                   "-E", "UTF8", "--locale=C.UTF-8"], self.directory / "install.log", "making PostgreSQL's tables")
        self.serve()

    def serve(self) -> None:
        """Starts it on the tables that it has, at the same port; returns when it answers."""
        settings = ["listen_addresses=127.0.0.1", f"unix_socket_directories={self.data}", "fsync=off", "autovacuum=off", "lc_messages=C", "ssl=on",
                    f"ssl_cert_file={self.certificate}", f"ssl_key_file={self.data}/key.pem", *self.options]
        options = [option for setting in settings for option in ("-c", setting)]
        self.process = Process("PostgreSQL", self.as_user + [self.programs / "postgres", "-D", self.data / "db", "-p", self.port] + options,
                               self.directory / "postgres.log")
        self.process.wait_for(self.answers, "answering")

    def _psql(self, text: str, *options: str, database: str = "postgres"):
        command = [str(self.programs / "psql"), "-h", "127.0.0.1", "-p", str(self.port), "-U", "postgres", "-d", database, "-X", "-q", "-v", "ON_ERROR_STOP=1",
                   *options]
        # As bytes, since a text's line ends would be made alike.
        return subprocess.run(command, input=text.encode(), capture_output=True, check=False,
                              env=dict(os.environ, PGPASSWORD=self.password, PGCLIENTENCODING="UTF8", PGTZ="UTC", PGOPTIONS="-c extra_float_digits=3"))

    def answers(self) -> bool:
        """Whether it takes connections."""
        return self._psql("SELECT 1").returncode == 0

    def restart(self) -> None:
        """Ends all connections at once, as when it breaks down, and starts it again."""
        self.process.popen.send_signal(signal.SIGQUIT)
        self.process.popen.wait()
        self.serve()

    def admit(self, others) -> None:
        """Lets in its owner, and whom these lines of pg_hba.conf let in."""
        (self.data / "db" / "pg_hba.conf").write_text("\n".join(["host all postgres 127.0.0.1/32 scram-sha-256", *others]) + "\n")
        self.run(["SELECT pg_reload_conf()"])

    def run(self, statements, database: str = "postgres"):
        """Runs statements in one session; the rows of all that give some, as texts, and None for NULL."""
        done = self._psql(";\n".join(statements) + ";", "-A", "-t", "-F", "\x1f", "-R", "\x1e", "-P", "null=\x1d", database=database)
        if done.returncode != 0:
            raise Failure(f"{self.name}: {done.stderr[-2000:].decode()}")
        text = done.stdout.decode().rstrip("\n")
        return [tuple(None if cell == "\x1d" else cell for cell in row.split("\x1f")) for row in text.split("\x1e")] if text else []

    def stop(self) -> None:
        """Ends it."""
        if self.process:
            self.process.stop()
        shutil.rmtree(self.data, ignore_errors=True)


#: Each source of changes by binlog: its name, and what makes one in a directory.
DATABASES = {"mariadb": MariaDb, "mysql80": Mysql80}
