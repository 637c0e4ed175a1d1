"""`bin/canal-native run` on a real PostgreSQL that is being written: rows of all types, keys that change, large values, schema changes and a large transaction, while the job follows.

Usage: follow_postgres.py <jar> [--flink 1.20|2.x] [--java HOME] [--seed N]. The tables are those of whole_postgres.py. At parallelism 1 and 4, and killed and stopped at random; in the
end each cell is what psql reads. Then what is said where the server does not let the job go on. The last line is `N passed, N failed`.
"""

import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "dev.d"))

import run  # noqa: E402
from databases import Postgres  # noqa: E402
from embedded import Job  # noqa: E402
from following import ALL_STAGES, ENDS_SECONDS, Following  # noqa: E402
from parts import Failure, say  # noqa: E402
from quickstart import run_dir  # noqa: E402
from whole_mysql import PASSWORD  # noqa: E402
from whole_postgres import JOB, KEYS, TYPES, MovedPostgres, Source, quoted  # noqa: E402
from whole_workload import arguments  # noqa: E402

LARGE = 100_000
#: Beside what is refused without the log: what has no row that could be known again, and what is not in it.
UNFOLLOWED = {"shop.no_key": "REPLICA IDENTITY FULL", "shop.unlogged": "SET LOGGED", "shop.deferred": "no primary key that is checked at once"}
STRUCTURES = ["CREATE SCHEMA begun_dev", "CREATE TABLE begun_dev.mark (id int PRIMARY KEY, v text NOT NULL)", "INSERT INTO begun_dev.mark VALUES (1, 'begun'), (2, 'begun')",
              # Large values that stand beside the row, stored as they are.
              "CREATE TABLE shop.large (id int PRIMARY KEY, small int NOT NULL, text text, bytes bytea, more jsonb NOT NULL)",
              "ALTER TABLE shop.large ALTER text SET STORAGE EXTERNAL, ALTER bytes SET STORAGE EXTERNAL, ALTER more SET STORAGE EXTERNAL",
              "CREATE TABLE shop.large_whole (LIKE shop.large INCLUDING ALL)", "ALTER TABLE shop.large_whole REPLICA IDENTITY FULL",
              "CREATE TABLE shop.deferred (id int PRIMARY KEY DEFERRABLE)", "CREATE TABLE shop.many (id bigint PRIMARY KEY, v text NOT NULL)",
              "CREATE TABLE shop.renamed (id int PRIMARY KEY, a int, b text)", "INSERT INTO shop.renamed SELECT i, i, 'b' || i FROM generate_series(1, 50) i",
              "CREATE TABLE shop.by_text (k text PRIMARY KEY, v int)"]
BEGUN = [f"INSERT INTO shop.{table} SELECT i, i, repeat(md5(i::text), 200), decode(repeat(md5(i::text), 200), 'hex'), jsonb_build_object('a', repeat(md5(i::text), 200)) "
         "FROM generate_series(1, 20) i" for table in ("large", "large_whole")]


def large_steps(table: str):
    """Rows of which large values stay, change, and lose their rows."""
    return [f"UPDATE shop.{table} SET small = -small WHERE id <= 10", f"UPDATE shop.{table} SET text = repeat('x' || id, 4000) WHERE id = 1",
            f"UPDATE shop.{table} SET small = 7 WHERE id = 1", f"UPDATE shop.{table} SET id = id + 100 WHERE id IN (2, 3)", f"DELETE FROM shop.{table} WHERE id = 102",
            f"UPDATE shop.{table} SET small = 8 WHERE id = 4", f"DELETE FROM shop.{table} WHERE id = 4", f"UPDATE shop.{table} SET small = 9 WHERE id = 5",
            f"UPDATE shop.{table} SET id = 6000 WHERE id = 5", f"INSERT INTO shop.{table} SELECT 5, 5, NULL, NULL, '{{}}'",
            f"INSERT INTO shop.{table} SELECT i, i, repeat('new', 5000), '\\x00', '[]' FROM generate_series(200, 220) i", f"UPDATE shop.{table} SET small = 10 WHERE id >= 200"]


def steps():
    """What is done while the job follows, each in a transaction of its own; a list is one transaction."""
    for i, (kind, values) in enumerate(TYPES):
        table = f"types.t{i}"
        yield [f"INSERT INTO {table} VALUES " + ", ".join(f"({100 + at}, {quoted(value)}::{kind})" for at, value in enumerate([None] + values)),
               f"UPDATE {table} SET v = {quoted(values[-1])}::{kind} WHERE id IN (0, 100)", f"UPDATE {table} SET v = NULL WHERE id = 1", f"UPDATE {table} SET id = 200 WHERE id = 101"]
    for i, (kind, value) in enumerate(KEYS):
        table = f"keys.k{i}"
        yield f"INSERT INTO {table} SELECT i, {value} FROM generate_series(501, 520) i" if kind != "smallint" else f"UPDATE {table} SET k = k - 1000 WHERE k < -100"
        yield f"UPDATE {table} SET v = v + 1000 WHERE v % 3 = 0"
        yield f"DELETE FROM {table} WHERE v % 7 = 0"
        # Keys change, and take each other's place.
        yield [f"CREATE TEMP TABLE swap ON COMMIT DROP AS SELECT k, row_number() OVER (ORDER BY k) AS n FROM {table} LIMIT 4", f"DELETE FROM {table} USING swap WHERE {table}.k = swap.k",
               f"INSERT INTO {table} SELECT n * -1, k FROM swap"]
    yield from large_steps("large")
    yield from large_steps("large_whole")
    yield "INSERT INTO shop.parts SELECT i, '2024-06-01'::date + i % 30, 'new' || i FROM generate_series(1000, 1100) i"
    # A row goes to another partition.
    yield "UPDATE shop.parts SET at = at + 365 WHERE at < '2023-03-01'"
    yield "DELETE FROM shop.parts WHERE id % 11 = 0"
    yield "INSERT INTO shop.defaults (a) SELECT i FROM generate_series(100, 120) i"
    yield "UPDATE shop.defaults SET b = NULL, a = a + 1 WHERE id < 5"
    yield "TRUNCATE shop.composite"
    yield "INSERT INTO shop.composite SELECT chr(97 + i % 5), i % 7, '2025-01-01'::date + i / 35, 'again ' || i FROM generate_series(0, 99) i"
    yield 'UPDATE shop."Mixed-Case" SET "we""ird col" = \'other\''
    yield "UPDATE shop.child SET w = 3, v = 'both'"
    yield "UPDATE ONLY shop.parent SET v = 'mother'"
    yield "ALTER TABLE shop.parent ADD COLUMN more_of_it varchar(10) NOT NULL DEFAULT 'more'"
    yield "INSERT INTO shop.parent VALUES (77, 'with it', 'it')"
    yield "ALTER TABLE shop.renamed RENAME COLUMN b TO c"
    yield "UPDATE shop.renamed SET c = 'of c' WHERE id < 5"
    yield "ALTER TABLE shop.renamed DROP COLUMN a, ADD COLUMN d int DEFAULT 5"
    yield "UPDATE shop.renamed SET d = 6 WHERE id < 3"
    yield "ALTER TABLE shop.parent ALTER COLUMN more_of_it TYPE varchar(30)"
    yield "INSERT INTO shop.parent VALUES (78, 'wide', repeat('w', 30))"
    yield "UPDATE shop.child SET w = 4"
    yield "ALTER TABLE shop.nothing ADD COLUMN big bigint"
    yield "INSERT INTO shop.nothing VALUES (1, 9223372036854775807)"
    yield ["SAVEPOINT a", "INSERT INTO shop.nothing VALUES (2, 2)", "ROLLBACK TO a", "INSERT INTO shop.nothing VALUES (3, 3)"]
    yield f"INSERT INTO shop.many SELECT i, md5(i::text) FROM generate_series(1, {LARGE}) i"
    yield "DELETE FROM shop.many WHERE id % 2 = 0"
    yield "UPDATE shop.many SET v = 'changed' WHERE id % 1000 = 1"
    yield "INSERT INTO shop.by_text SELECT repeat(md5(i::text), 60), i FROM generate_series(1, 20) i"
    yield "UPDATE shop.by_text SET v = -v"
    yield "UPDATE shop.by_text SET k = 'k' || v WHERE v < -15"


class Written(Source):
    """A server on which statements run step by step."""

    def __init__(self, directory: Path):
        super().__init__(directory)
        self.server = Postgres(directory, "wal_level=logical", "max_replication_slots=3")
        self.left = []

    def start(self) -> None:
        """All tables, and the user that the job is."""
        super().start()
        self.run(STRUCTURES + BEGUN + ["ALTER USER reader REPLICATION"] + [statement for schema in ("shop", "begun_dev") for statement in (
            f"GRANT USAGE ON SCHEMA {schema} TO reader", f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO reader")] + ["REVOKE ALL ON shop.secret FROM reader"])
        self.left = list(steps())

    def look(self) -> None:
        """All but what is not followed, and columns that are computed."""
        super().look()
        for table in UNFOLLOWED:
            self.tables.pop(table, None)
        of = self.tables.get("shop.defaults")
        if of and ("g", "integer") in of["columns"]:
            at = of["columns"].index(("g", "integer"))
            self.tables["shop.defaults"] = {"columns": of["columns"][:at] + of["columns"][at + 1:], "rows": [row[:at] + row[at + 1:] for row in of["rows"]]}

    def publish(self) -> None:
        """Makes the publication, which the job's user may not."""
        self.run(["CREATE PUBLICATION shop FOR ALL TABLES WITH (publish_via_partition_root = true)"])

    def step(self, count: int) -> None:
        """Does so many more."""
        for step in self.left[:count]:
            self.run(["BEGIN", *step, "COMMIT"] if isinstance(step, list) else [step])
        del self.left[:count]

    def mark(self, value: str) -> None:
        """Makes the last change."""
        self.run([f"INSERT INTO begun_dev.mark VALUES (0, '{value}') ON CONFLICT (id) DO UPDATE SET v = excluded.v"])
        self.look()

    def unseen(self, statements, until) -> None:
        """Does something in one transaction that is in the log, and that nobody sees before `until` returns: the server awaits a standby that there is none of."""
        self.server.run(["ALTER SYSTEM SET synchronous_standby_names = 'none'", "SELECT pg_reload_conf()"])
        while self.server.run(["SHOW synchronous_standby_names"]) != [("none",)]:
            time.sleep(0.01)
        session = threading.Thread(target=self.run, args=(["BEGIN", *statements, "COMMIT"],))
        session.start()
        try:
            until()
        finally:
            self.server.run(["ALTER SYSTEM RESET synchronous_standby_names", "SELECT pg_reload_conf()"])
            session.join()

    def idle_slot(self) -> str:
        """The job's slot, once the server knows that its reader is gone."""
        until = time.monotonic() + ENDS_SECONDS
        while time.monotonic() < until:
            (slot, active), = self.server.run(["SELECT slot_name, active FROM pg_replication_slots"])
            if active == "f":
                return slot
        raise Failure("the server keeps the slot in use")


class FollowingPostgres(Following):
    """A job that has no end by itself."""

    template = JOB.replace("password-env: SOURCE_PASSWORD}}", "password-env: SOURCE_PASSWORD, publication: shop}}")
    few = MovedPostgres.few
    compare = MovedPostgres.compare


def looked_at(moved: FollowingPostgres) -> None:
    """What `check` says of both sides."""
    moved.checked("no publication", 1, "it can be decoded, and this user may read it", "there is no publication shop: the job runs this, and fails if reader may not: CREATE PUBLICATION \"shop\" FOR TABLE",
                  *UNFOLLOWED.values())
    moved.fails("a publication that the user may not make", "run as the tables' owner: CREATE PUBLICATION \"shop\" FOR TABLE")
    moved.source.publish()
    moved.checked("a publication", 1, "shop has all tables")
    moved.source.server.run(["ALTER USER reader NOREPLICATION"])
    moved.checked("no right", 1, "error   source  REPLICATION: reader may not read the server's log; ALTER ROLE \"reader\" REPLICATION")
    moved.fails("a right that is missing", "ALTER ROLE \"reader\" REPLICATION")
    moved.source.server.run(["ALTER USER reader REPLICATION"] + [f"SELECT pg_create_physical_replication_slot('other_{i}')" for i in range(3)])
    moved.fails("no slot left", "all 3 replication slots are in use")
    moved.source.server.run([f"SELECT pg_drop_replication_slot('other_{i}')" for i in range(3)])


def undisturbed(moved: FollowingPostgres, parallelism: int) -> None:
    """The job, while the server is written."""
    moved.write(parallelism, at_once=100, stages=ALL_STAGES)
    if parallelism == 1:
        looked_at(moved)
    else:
        moved.source.publish()
    name = f"postgres at parallelism {parallelism}, followed"
    text = moved.follow("done", moved.write_the_rest)
    missing = [word for word in ("full data is done: ", "reads the log of changes from LSN ", "the next start goes on from savepoints/", *(f"refused ({table}): " for table in UNFOLLOWED)) if word not in text]
    moved.checks.check(f"{name}: it says what it does", not missing, f"       lacks {missing}:\n{text[-4000:]}")
    moved.compare(name)
    # What happened while it was not there comes when it is started again.
    moved.source.run(["ALTER TABLE types.t2 ADD COLUMN more_of_it varchar(10) NOT NULL DEFAULT 'more'", "UPDATE types.t2 SET v = 77 WHERE id = 0", "INSERT INTO begun_dev.mark VALUES (7, 'meanwhile')"])
    moved.follow("again", lambda job: moved.read_anew(job, "types.t2", "UPDATE types.t2 SET v = 5") if parallelism > 1 else None)
    moved.compare(f"{name}, started again")
    if parallelism == 1:
        unseen(moved)
        kept(moved)
        away(moved)
        refused(moved)
    else:
        over_tls(moved)


def unseen(moved: FollowingPostgres) -> None:
    """A transaction that is in the log while nobody sees it: what the log lacks of its rows is not what they were before."""
    of_reader = "SELECT query FROM pg_stat_activity WHERE usename = 'reader' AND query ~ 'txid_current_snapshot|shop.*large'"

    def until_asked(job: Job) -> None:
        moved.in_step(job)
        moved.source.unseen(["UPDATE shop.large SET text = repeat('unseen', 2000) WHERE id = 7", "UPDATE shop.large SET small = 70 WHERE id = 7", "UPDATE shop.large SET id = 600 WHERE id = 6"],
                            lambda: job.wait_for(lambda: moved.source.server.run([of_reader]), "asking for what the log lacks"))

    moved.follow("unseen", until_asked)
    moved.compare("rows that nobody saw when they were in the log")


def kept(moved: FollowingPostgres) -> None:
    """The server keeps no more of its log than the job needs: the slot goes on with the checkpoints, without changes, too."""
    def behind() -> int:
        (lag,), = moved.source.server.run(["SELECT (pg_current_wal_lsn() - confirmed_flush_lsn)::bigint FROM pg_replication_slots"])
        return int(lag)

    def confirmed(job: Job) -> None:
        moved.in_step(job)
        moved.source.server.run(["CREATE TABLE other (v text)", "INSERT INTO other SELECT repeat('x', 1000) FROM generate_series(1, 5000)", "DROP TABLE other"])
        job.wait_for(lambda: behind() < 100_000, "confirming what other databases write")
        moved.checks.check("the slot goes on with the checkpoints", True, "")

    moved.follow("kept", confirmed)


def away(moved: FollowingPostgres) -> None:
    """The server breaks down and comes again: the job is restarted by Flink, as it is unless told otherwise, awaits the server, and goes on from its last checkpoint."""
    file = moved.file.read_text()
    moved.file.write_text(file.replace("restart-strategy.type: none, ", ""))
    def restarted(job: Job) -> None:
        moved.in_step(job)
        for number in (11, 12):
            moved.source.server.restart()
            moved.source.run([f"INSERT INTO begun_dev.mark VALUES ({number}, 'restarted')"])
            job.wait_for(lambda number=number: moved.target.sql(f"SELECT id FROM begun_dev.mark WHERE id = {number}"), f"having what came after breakdown {number - 10}")

    text = moved.follow("away", restarted)
    moved.checks.check("a server that breaks down is awaited", " 2 restarts" in text and "begins anew" not in text, text[-3000:])
    moved.file.write_text(file)
    moved.compare("after breakdowns")


def over_tls(moved: FollowingPostgres) -> None:
    """A server that lets the user in over TLS only, by an MD5 of its password, as older ones have it: for the log, too."""
    moved.source.server.admit(["hostssl all reader 127.0.0.1/32 md5"])
    moved.source.run(["SET password_encryption = 'md5'", f"ALTER USER reader PASSWORD {quoted(PASSWORD)}"])
    moved.fails("a server that wants TLS", "does not let reader in", "no encryption")
    moved.file.write_text(moved.file.read_text().replace("SOURCE_PASSWORD, ", f"SOURCE_PASSWORD, tls: {{ca: {moved.source.server.certificate}}}, "))
    moved.source.run(["INSERT INTO begun_dev.mark VALUES (10, 'over TLS')"])
    moved.follow("over TLS")
    (encrypted,), = moved.source.server.run(["SELECT rolpassword LIKE 'md5%' FROM pg_authid WHERE rolname = 'reader'"])
    moved.checks.check("the password is kept as an MD5", encrypted == "t", encrypted)
    moved.compare("over TLS")


def refused(moved: FollowingPostgres) -> None:
    """What the job says where the source no longer lets it go on; it goes on when the source does again."""
    run_sql = moved.source.server.run
    run_sql(["ALTER USER reader PASSWORD 'another'"])
    moved.fails("a password that is another one now", "does not let reader in", "look at the user, its password")
    run_sql([f"ALTER USER reader PASSWORD {quoted(PASSWORD)}", "ALTER USER reader NOREPLICATION"])
    moved.fails("a right that is gone", "ALTER ROLE \"reader\" REPLICATION")
    run_sql(["ALTER USER reader REPLICATION"])
    moved.source.run(["INSERT INTO begun_dev.mark VALUES (8, 'kept')"])
    moved.follow("let in")
    moved.compare("let in again")
    slot = moved.source.idle_slot()
    moved.source.run(["INSERT INTO begun_dev.mark VALUES (9, 'lost')"])
    moved.source.run([f"SELECT pg_replication_slot_advance('{slot}', pg_current_wal_lsn())"])
    moved.fails("a slot that has gone on", "has gone on to", "start the job without it")
    moved.source.run([f"SELECT pg_drop_replication_slot('{slot}')"])
    moved.fails("a slot that is dropped", f"the slot {slot} is not there any more", "start the job without its state")


def main(options) -> bool:
    """All of it, on that Flink and Java; true when every check passed."""
    checks, directory = run.Checks(), run_dir()
    say(f"logs of this run: {directory}")
    for parallelism in (1, 4, None):
        name = f"postgres-{parallelism or 'disturbed'}"
        source = Written(directory / f"{name}-server")
        began = time.monotonic()
        try:
            source.start()
            with FollowingPostgres(options, checks, directory / name, source) as moved:
                if parallelism:
                    undisturbed(moved, parallelism)
                else:
                    source.publish()
                    moved.disturbed(options.seed)
        except Failure as failure:
            checks.check(f"follow-postgres: {name}", False, f"       {failure}")
        finally:
            source.server.stop()
        say(f"{name}: {time.monotonic() - began:.0f} s")
    return checks.ended()


if __name__ == "__main__":
    run.run(main, arguments(__doc__.split("\n\n")[0]))
