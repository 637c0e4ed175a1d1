"""`bin/canal-native verify` on a real PostgreSQL: what a job moved is equal, each planted difference is found, and nothing else is; by sums and row by row.

Usage: verify_postgres.py <jar> [--flink 1.20|2.x] [--java HOME] [--seed N]. The tables are those of whole_postgres.py, with values of each type at their ends and keys of
many types, and more whose keys are texts. A job moves them into a stand-in for Doris, where differences are planted in every column. The last line is `N passed, N failed`.
"""

import json
import random
import signal
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "dev.d"))

import run  # noqa: E402
from embedded import Job, call  # noqa: E402
from follow_postgres import FollowingPostgres, Written  # noqa: E402
from parts import Failure, say  # noqa: E402
from quickstart import run_dir  # noqa: E402
from verified import WORDS, Verified, corrected, killed, nothing_differs, on_cluster, planted, while_written  # noqa: E402
from whole_postgres import BAD, REFUSED, MovedPostgres, quoted  # noqa: E402
from whole_workload import arguments  # noqa: E402

#: One column too many for a function of a hundred arguments.
WIDE = 120
ROWS = 3000
TEXTS = ["a", "B", "c ", "Zz", "é1", "ß", "'\\", "10", "9", "", "日本", "z", "\U0001F600", "\uffee", "tab\tand\nline"]
#: Keys by which tables are cut, and others by which they are not.
MORE = ["CREATE SCHEMA more", "CREATE COLLATION more.no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
        'CREATE TABLE more.words (k text PRIMARY KEY, v numeric(12, 3), at timestamp(6))',
        f"INSERT INTO more.words SELECT 'word ' || i, i + 0.5, '2024-01-01 00:00:00.25'::timestamp + i * interval '1 s' FROM generate_series(0, {WORDS - 1}) i",
        'CREATE TABLE more.by_bytes (a text COLLATE "C", b varchar(20) COLLATE "POSIX", v int, PRIMARY KEY (a, b))',
        "CREATE TABLE more.no_case (k text COLLATE more.no_case PRIMARY KEY, v int)",
        "INSERT INTO more.no_case SELECT 'Key ' || i, i FROM generate_series(1, 50) i",
        "CREATE TABLE more.uuids (k uuid PRIMARY KEY, v int)",
        f"INSERT INTO more.uuids SELECT md5(i::text)::uuid, i FROM generate_series(1, {ROWS}) i",
        "CREATE TABLE more.many (a int, b timestamptz, c bytea, v int, PRIMARY KEY (a, b, c))",
        f"INSERT INTO more.many SELECT i / 10, '2024-01-01'::timestamptz + i * interval '1.000001 s', decode(md5(i::text), 'hex'), i FROM generate_series(1, {ROWS}) i",
        "CREATE TABLE more.money (k money PRIMARY KEY, v int)", "INSERT INTO more.money SELECT (i * 1.25)::numeric::money, i FROM generate_series(1, 50) i",
        "CREATE TABLE more.moods (k mood, b boolean, v int, PRIMARY KEY (k, b))", "INSERT INTO more.moods VALUES ('happy', true, 1), ('happy', false, 2), ('1', true, 3), ('it''s \\ ok', true, 4)",
        "CREATE TABLE more.wide (id int PRIMARY KEY, " + ", ".join(f"c{i} text" for i in range(WIDE)) + ")",
        "INSERT INTO more.wide (id, c0) SELECT i, 'x' FROM generate_series(1, 10) i"]
#: A table that can be cut nowhere near its ends: Doris has no such points of time.
ENDLESS = ["CREATE TABLE bad.endless (k timestamptz PRIMARY KEY, v int)",
           "INSERT INTO bad.endless VALUES ('-infinity', 1), ('0044-03-15 12:00:00 BC', 2), ('2024-02-29', 3), ('2024-03-01 10:20:30.5', 4), ('infinity', 5)"]


class Sources(Written):
    """The server, with more tables."""

    name = "postgres"

    def start(self) -> None:
        """All tables, and the user that the job is."""
        super().start()
        pairs = ", ".join(f"({quoted(a)}, {quoted(b)}, {i})" for i, (a, b) in enumerate((a, f"{b}{c}") for a in TEXTS for b in TEXTS for c in "\\0a~"))
        self.run(MORE + [f"INSERT INTO more.by_bytes VALUES {pairs}"] + ENDLESS + [f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO reader" for schema in ("more", "bad")]
                 + ["GRANT USAGE ON SCHEMA more TO reader", "ANALYZE"])


class VerifiedPostgres(Verified, MovedPostgres):
    """A job of that server."""

    words = "more.words"
    refusals = tuple(REFUSED.values())


class FollowedPostgres(Verified, FollowingPostgres):
    """One that follows its changes."""

    words = "more.words"


def writer(source: Sources):
    """What changes some rows of it."""
    chance = random.Random(1)

    def step() -> None:
        number = chance.randrange(1, ROWS)
        source.run([f"UPDATE more.uuids SET v = v + 1 WHERE k = md5('{number}')::uuid", f"DELETE FROM more.many WHERE v = {number}",
                    f"INSERT INTO more.words VALUES ('new {number}', {number}) ON CONFLICT (k) DO UPDATE SET v = more.words.v + 1"])
    return step


def unreadable(verified: VerifiedPostgres, name: str) -> None:
    """Values that Doris cannot have: their rows are counted, also where they are keys at which the table would be cut."""
    verified.write(1, at_once=1)
    text = verified.file.read_text().replace("exclude: ['bad\\..*', 'many\\..*']", "include: ['bad\\..*']")
    verified.file.write_text(text + "errors: {message: report}\n")
    verified.said(f"{name}, moved", "run", "the input has ended: ")
    for mode in ("checksum", "rows"):
        tables = verified.compared(verified.verify(f"{name}, {mode}", "--mode", mode, code=1))
        found = {table: (of["sourceRows"], of["equal"], of["unloadable"], of["missing"] + of["surplus"] + of["different"]) for table, of in tables.items()}
        should = {f"bad.b{i}": (3, 2, 1, 0) for i in range(len(BAD))}
        should["bad.endless"] = (5, 2, 3, 0)
        verified.checks.check(f"{name}, {mode}: one row of each cannot be loaded", found == should, f"       {found}")


def cut(verified: VerifiedPostgres, name: str) -> None:
    """Which tables are compared in parts: those whose keys both servers have in one order."""
    report = verified.verify(f"{name}, in parts", "--mode", "rows")
    ranges = {table["table"]: table["ranges"] for table in report["tables"] if table["table"].startswith("more.")}
    parted = {table for table, count in ranges.items() if count > 1}
    verified.checks.check(f"{name}: tables are cut at keys that are in one order", parted == {"more.by_bytes", "more.uuids", "more.many"}, f"       {ranges}")


def only_there(verified: VerifiedPostgres, name: str) -> None:
    """Keys that only Doris has, and that PostgreSQL would not read as its own, are found."""
    rows = {"more.uuids": "'no uuid'", "more.moods": "'no mood', true", "keys.k8": "'no address'", "keys.k11": "'no interval'", "keys.k5": "'no bytes'", "more.no_case": "'KEY 1'"}
    columns = {"more.moods": "k, b"}
    for table, values in rows.items():
        verified.target.sql(f"INSERT INTO {table} ({columns.get(table, 'k')}, __DORIS_SEQUENCE_COL__) VALUES ({values}, 1)")
    found = verified.compared(verified.verify(name, code=1))
    wrong = {table: found[table] for table in rows if (found[table]["surplus"], found[table]["missing"], found[table]["different"]) != (1, 0, 0)}
    verified.checks.check(f"{name}: {len(rows)} keys are found", not wrong, f"       {json.dumps(wrong)[:3000]}")
    report = verified.directory / f"{verified.outputs}.json"
    code, text = call(verified.env, "correct", verified.file, "--report", report, "--apply", "--delete-surplus")
    left = 'the row of keys.k5 that only Doris has is left: no row of the source could have its key {"k":"no bytes"}'
    verified.checks.check(f"{name}: all but one are taken away", code == 1 and f"{len(rows) - 1} deleted, 1 left" in text and left in text, f"       exit code {code}:\n{text[-3000:]}")
    verified.target.sql("DELETE FROM keys.k5 WHERE k = 'no bytes'")
    verified.verify(f"{name}, after", "--table", "(more|keys)\\..*", code=0)


def staged(verified: VerifiedPostgres, name: str) -> None:
    """The stage verification at the end of a job: the exit code says what it found, and a job that is killed in it has only that left to do."""
    mark, begun = verified.file.with_suffix(".state") / "verification", "all rows are in Doris; its tables are verified"
    verified.write(2, at_once=500, stages="schema-migration, full-data, verification")
    verified.file.write_text(verified.file.read_text().replace("exclude: ['bad\\..*', 'many\\..*']", "include: ['more\\..*']"))

    def ran(what: str, wanted: int, *words: str) -> str:
        code, text = call(verified.env, "run", verified.file, seconds=600)
        missing = [word for word in words if word not in text]
        verified.checks.check(f"{name}, {what}", code == wanted and not missing, f"       exit code {code}, lacks {missing}:\n{text[-4000:]}")
        return text

    ran("all is equal", 0, "the input has ended: ", begun, "\nequal: ")
    code, text = call(verified.env, "status", verified.file)
    verified.checks.check(f"{name}: the status has it", code == 0 and "postgres: ended" in text and "\n  verified " in text and "rows: equal" in text, text)
    verified.target.sql("INSERT INTO more.uuids (k, __DORIS_SEQUENCE_COL__) VALUES ('no uuid', 1)")
    ran("a row that only Doris has", 1, "the input has ended: ", begun, "only in Doris: k = no uuid")
    job = Job(verified.env, verified.file, verified.directory / "killed.out")
    try:
        job.wait_for(lambda: begun in job.text(), "being verified")
        job.end(signal.SIGKILL)
    finally:
        job.stop()
    verified.checks.check(f"{name}, killed: it is due", mark.read_text() == "due", mark.read_text())
    text = ran("killed, and run again", 1, begun, "only in Doris: k = no uuid")
    verified.checks.check(f"{name}, killed, and run again: no row is moved once more", "the input has ended" not in text and mark.read_text() == "done", text[-3000:])
    code, text = call(verified.env, "status", verified.file)
    verified.checks.check(f"{name}, killed, and run again: the status has it", code == 0 and "postgres: ended" in text and "NOT equal, 0 missing in Doris, 1 only there" in text, text)
    verified.target.sql("DELETE FROM more.uuids WHERE k = 'no uuid'")
    ran("the next run begins anew", 0, "begins anew", "the input has ended: ", begun, "\nequal: ")


def staged_beside(verified: FollowedPostgres, name: str) -> None:
    """The stage verification beside the changes: once, though the job is stopped and started."""
    begun = "all rows are in Doris; its tables are verified"
    verified.write(2, at_once=500, stages="schema-migration, full-data, incremental, verification")
    verified.file.write_text(verified.file.read_text().replace("exclude: ['bad\\..*', 'many\\..*']", "include: ['more\\..*']"))
    for ended, number in ((signal.SIGKILL, 1), (signal.SIGINT, 2), (signal.SIGINT, 3)):
        job = Job(verified.env, verified.file, verified.directory / f"beside-{number}.out")
        try:
            ready = {1: begun, 2: "\nequal: ", 3: "in step with the source: "}[number]
            job.wait_for(lambda ready=ready, job=job: ready in job.text(), ready.strip())
            if number == 2:
                job.wait_for(lambda job=job: "in step with the source" in job.text().split("\nequal: ")[1], "going on")
                code, text = call(verified.env, "status", verified.file)
                verified.checks.check(f"{name}: the status has it", code == 0 and "\n  verified " in text and "stage: incremental" in text, text)
            code = job.end(ended)
            verified.checks.check(f"{name}, {number}: it ends", code == (0 if ended == signal.SIGINT else -ended), f"       exit code {code}:\n{job.text()[-3000:]}")
            verified.checks.check(f"{name}, {number}: it verifies until it is done", (begun in job.text()) == (number < 3), job.text()[-3000:])
        finally:
            job.stop()


def main(options) -> bool:
    """All of it, on that Flink and Java; true when every check passed."""
    checks, directory = run.Checks(), run_dir()
    say(f"logs of this run: {directory}")
    source = Sources(directory / "server")
    try:
        source.start()
        with VerifiedPostgres(options, checks, directory / "full", source) as verified:
            verified.write(2, at_once=500)
            verified.said("postgres, moved", "run", "the input has ended: ")
            nothing_differs(verified, "postgres")
            cut(verified, "postgres")
            killed(verified, "postgres, killed and stopped")
            on_cluster(verified, options, "postgres, on a cluster")
            only_there(verified, "postgres, keys that are none")
            planted(verified, options.seed, "postgres, planted")
            corrected(verified, "postgres, corrected")
            verified.file.write_text(verified.file.read_text().replace("  postgres: {", "  greenplum: {"))
            nothing_differs(verified, "as Greenplum")
        with VerifiedPostgres(options, checks, directory / "bad", source) as verified:
            unreadable(verified, "values that Doris cannot have")
        with VerifiedPostgres(options, checks, directory / "staged", source) as verified:
            staged(verified, "as a stage")
        source.publish()
        with FollowedPostgres(options, checks, directory / "written", source) as verified:
            while_written(verified, "postgres, while it is written", lambda: writer(source))
        with FollowedPostgres(options, checks, directory / "beside", source) as verified:
            staged_beside(verified, "as a stage beside changes")
    except Failure as failure:
        checks.check("verify-postgres", False, f"       {failure}")
    finally:
        source.server.stop()
    return checks.ended()


if __name__ == "__main__":
    run.run(main, arguments(__doc__.split("\n\n")[0]))
