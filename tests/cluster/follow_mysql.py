"""`bin/canal-native run` on databases that are being written: a captured workload's SQL, schema changes and all, runs on a real server while the job follows.

Usage: follow_mysql.py <jar> [--flink 1.20|2.x] [--java HOME] [--seed N] [--server NAME]. The servers are those of workload.py: MariaDB, and MySQL 8.0 with and without GTIDs.
A third of the workload is there when the job begins; at several parallelisms, and killed and stopped at random while the rest runs. In the end each cell is the
database's. The last line is `N passed, N failed`.
"""

import gzip
import json
import re
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "dev.d"))

import run  # noqa: E402
from databases import MariaDb, Mysql80  # noqa: E402
from embedded import call  # noqa: E402
from following import ALL_STAGES, ENDS_SECONDS, IN_STEP, Following  # noqa: E402
from parts import Failure, Parts, java_home, say  # noqa: E402
from quickstart import run_dir  # noqa: E402
from servers import Flink  # noqa: E402
from whole_mysql import PASSWORD, Source  # noqa: E402
from whole_workload import arguments_parser  # noqa: E402
from workload import DATA, dump, statements  # noqa: E402

#: A table with rows when the job begins, and in which the last change is made.
BEGUN = ["CREATE DATABASE begun_dev", "CREATE TABLE begun_dev.mark (id INT PRIMARY KEY, v VARCHAR(20) NOT NULL)", "CREATE TABLE begun_dev.named (name VARCHAR(20) PRIMARY KEY)", "INSERT INTO begun_dev.mark VALUES (1, 'begun'), (2, 'begun')"]
GTID = ("--gtid-mode=ON", "--enforce-gtid-consistency=ON")


class Written(Source):
    """A server on which a workload's SQL is run step by step."""

    def __init__(self, name: str, server):
        super().__init__(name, server)
        self.left, self.session = [], None

    def start(self) -> None:
        say(f"starting the server of {self.name}")
        self.server.start()
        self.reader("SELECT, REPLICATION CLIENT, REPLICATION SLAVE")
        self.server.run(BEGUN)
        self.session = self.server.session()
        self.left = ["SET timestamp = 1795228000"] + list(statements(gzip.decompress((DATA / f"workload-{self.name}.sql.gz").read_bytes()).decode()))

    def run(self, statements):
        """As the server's owner."""
        return self.server.run(statements)

    def step(self, count: int) -> None:
        """Runs so many statements more, all in one session, as some set what later ones go by."""
        for statement in self.left[:count]:
            self.session(statement)
        del self.left[:count]

    def mark(self, value: str) -> None:
        """Makes the last change."""
        self.server.run([f"REPLACE INTO begun_dev.mark VALUES (0, '{value}')"])
        self.tables = dump(self.server)


def looked_at(moved: Following) -> None:
    """What `check` says of both sides, and of a setting that is wrong."""
    name, run_sql = moved.source.name, moved.source.server.run
    moved.checked("all as it should be", 0, "answers reader", "it has whole rows, and this user may read it", "the front end answers root", "can be reached from here",
                  "nothing is wrong", "begun_dev.", "to Doris they are different keys")
    run_sql(["SET GLOBAL binlog_row_image = 'MINIMAL'"])
    moved.checked("rows that are not whole", 1, "error   source  binlog_row_image: binlog_row_image is `MINIMAL`", "SET GLOBAL binlog_row_image = 'FULL'", "1 error")
    run_sql(["SET GLOBAL binlog_row_image = 'FULL'"])
    code, text = call(moved.env, "check", moved.file, "--json")
    found = json.loads(text)
    moved.checks.check(f"{name}: check --json", code == 0 and found["errors"] == 0 and found["notices"] > 0 and found["findings"][0]["side"] == "source", text[-4000:])


def undisturbed(moved: Following, parallelism: int) -> None:
    """The job, while the workload runs."""
    moved.write(parallelism, stages=ALL_STAGES)
    if parallelism == 1:
        looked_at(moved)
    name = f"{moved.source.name} at parallelism {parallelism}, followed"
    moved.source.step(len(moved.source.left) // 3)
    text = moved.follow("done", moved.write_the_rest)
    missing = [word for word in ("full data is done: ", "reads the log of changes from ", "the next start goes on from savepoints/") if word not in text]
    moved.checks.check(f"{name}: it says what it does", not missing, f"       lacks {missing}:\n{text[-4000:]}")
    moved.compare(name, "log")
    # What happened while it was not there comes when it is started again.
    moved.source.server.run(["UPDATE types_dev.t_int SET c_int = 77", "ALTER TABLE types_dev.t_int ADD COLUMN more_of_it VARCHAR(10) NOT NULL DEFAULT 'more'",
                             "INSERT INTO begun_dev.mark VALUES (7, 'meanwhile')"])
    moved.follow("again", lambda job: moved.read_anew(job, "types_dev.t_int", "UPDATE types_dev.t_int SET c_int = 5") if parallelism > 1 else None)
    moved.compare(f"{name}, started again", "log")
    if parallelism == 1:
        refused(moved)


def refused(moved: Following) -> None:
    """What the job says where the source no longer lets it go on; it goes on when the source does again."""
    name, run_sql = moved.source.name, moved.source.server.run
    quoted = PASSWORD.replace("\\", "\\\\").replace("'", "''")
    run_sql(["ALTER USER reader@'%' IDENTIFIED BY 'another'"])
    moved.fails("a password that is another one now", "does not let reader in", "look at the user, its password")
    run_sql([f"ALTER USER reader@'%' IDENTIFIED BY '{quoted}'", "REVOKE REPLICATION SLAVE ON *.* FROM reader@'%'"])
    moved.fails("a right that is gone", "GRANT REPLICATION SLAVE ON *.*")
    run_sql(["GRANT REPLICATION SLAVE ON *.* TO reader@'%'", "INSERT INTO begun_dev.mark VALUES (8, 'kept')"])
    moved.follow("let in")
    moved.compare(f"{name}, let in again", "log")
    run_sql(["INSERT INTO begun_dev.mark VALUES (9, 'lost')", "FLUSH BINARY LOGS"])
    # What the stopped job was sent is not purged before the server has noticed that it is gone.
    last, deadline = run_sql(["SHOW MASTER STATUS"])[0][0], time.monotonic() + ENDS_SECONDS
    while [row[0] for row in run_sql(["SHOW BINARY LOGS"])] != [last] and time.monotonic() < deadline:
        run_sql([f"PURGE BINARY LOGS TO '{last}'"])
        time.sleep(0.5)
    moved.fails("a log that is purged", "does not send its binary log from there", "start the job without it", "keep the log for longer")


def clients(flink: Flink, name: str, *arguments: str) -> str:
    """Runs Flink's client to its end; what it printed."""
    process = flink.process(f"client, {name}", ["flink", *map(str, arguments)], name, flink.client_java)
    try:
        code = process.popen.wait(ENDS_SECONDS)
    finally:
        process.stop()
    text = process.log.read_text(errors="replace")
    if code:
        raise Failure(f"flink {' '.join(map(str, arguments))} ended with {code}:\n{text[-4000:]}")
    return text


def on_cluster(options, moved: Following) -> None:
    """The job by `flink run`; stopped with a savepoint, and gone on with from there, with a table that is read anew and one that is selected since."""
    name, flink = f"{moved.source.name} on a cluster", Flink(Parts(options.flink), moved.directory / "flink", [options.jar], options.java or java_home())
    moved.source.step(len(moved.source.left))
    moved.source.server.run(["CREATE DATABASE later", "CREATE TABLE later.on_dev (id INT PRIMARY KEY, v INT)", "INSERT INTO later.on_dev VALUES (1, 10), (2, 20)"])
    moved.write(2, stages=ALL_STAGES)

    def logged() -> str:
        return flink.task_manager.log.read_text(errors="replace")

    def submit(number: int, of_client=(), of_job=()) -> str:
        before = logged().count(IN_STEP)
        text = clients(flink, f"run-{number}", "run", "-d", *of_client, options.jar, "canal-to-doris", moved.file, *of_job)
        flink.task_manager.wait_for(lambda: logged().count(IN_STEP) > before, "in step")
        return re.search(r"Job has been submitted with JobID (\w+)", text).group(1)

    def marked(value: str) -> None:
        moved.source.mark(value)
        flink.task_manager.wait_for(lambda: moved.marked(value), f"at {value}")

    try:
        flink.start()
        flink.env.update(DORIS_PASSWORD="", SOURCE_PASSWORD=PASSWORD)
        flink.wait()
        job = submit(1)
        marked("first")
        moved.compare(f"{name}, followed", "full")
        savepoint = re.search(r"file:\S+", clients(flink, "stop", "stop", "-p", f"file://{moved.directory}/savepoints", job)).group(0)
        moved.target.sql("INSERT INTO begun_dev.mark (id, v, __DORIS_SEQUENCE_COL__) VALUES (77, 'stray', 1)", "DELETE FROM begun_dev.mark WHERE id = 1")
        moved.source.server.run(["UPDATE later.on_dev SET v = 11 WHERE id = 1"])
        moved.file.write_text(moved.file.read_text().replace("include: ['", "include: ['later\\..*', '"))
        job = submit(2, ["-s", savepoint], ["--reset", "begun_dev.mark"])
        flink.task_manager.wait_for(lambda: all(f"read anew ({table})" in logged() for table in ("begun_dev.mark", "later.on_dev")), "reading two tables anew")
        marked("second")
        moved.compare(f"{name}, gone on with, one table read anew", "full")
        rows = moved.target.sql("SELECT id, v FROM later.on_dev ORDER BY id")
        moved.checks.check(f"{name}: a table that is selected since", rows == [["1", "11"], ["2", "20"]], f"       {rows}")
        clients(flink, "cancel", "cancel", job)
    finally:
        flink.stop()


def servers():
    """What each run is named, its workload, and what makes its server in a directory."""
    yield "mariadb", "mariadb", MariaDb
    yield "mysql80", "mysql80", Mysql80
    yield "mysql80-gtid", "mysql80", lambda directory: Mysql80(directory).with_options(*GTID)
    # The workload of a later MySQL, which has nothing in it that needs one.
    yield "mysql97", "mysql97", Mysql80


def main(options) -> bool:
    """All servers, on that Flink and Java; true when every check passed."""
    checks, directory = run.Checks(), run_dir()
    say(f"logs of this run: {directory}")
    for name, workload, make in servers():
        if options.server not in (None, name):
            continue
        for parallelism in (1, 4, "disturbed", "cluster"):
            run_name = f"{name}-{parallelism}"
            source = Written(workload, make(directory / f"{run_name}-server"))
            try:
                source.start()
                with Following(options, checks, directory / run_name, source) as moved:
                    if parallelism == "disturbed":
                        moved.disturbed(options.seed)
                    elif parallelism == "cluster":
                        on_cluster(options, moved)
                    else:
                        undisturbed(moved, parallelism)
            except Failure as failure:
                checks.check(f"follow-mysql: {run_name}", False, f"       {failure}")
            finally:
                source.server.stop()
    return checks.ended()


if __name__ == "__main__":
    PARSER = arguments_parser(__doc__.split("\n\n")[0])
    PARSER.add_argument("--server", help="of the runs' servers only this one: mariadb, mysql80, mysql80-gtid or mysql97")
    run.run(main, PARSER.parse_args())
