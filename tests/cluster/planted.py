"""Differences of every kind, planted at random in tables of 100,000 rows, a hundred times: each is found, and nothing else, while the source is written and while it is not; and all is made right.

Usage: planted.py <jar> [--flink 1.20|2.x] [--java HOME] [--seed N] [--server NAME]. On a real MariaDB, MySQL 8.0 and PostgreSQL each: ten tables, one for each class of key, with columns of
every type and CANAL_NATIVE_PLANTED_ROWS (100000) rows; CANAL_NATIVE_PLANTED_TURNS (10) times rows are taken away in the stand-in for Doris, added, and made others, by SQL, beside the job that
follows the source. Every second time the source is written meanwhile, and the way of comparing changes, too. The last line is `N passed, N failed`.
"""

import json
import os
import random
import signal
import sys
import threading
from decimal import Decimal
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "dev.d"))

import run  # noqa: E402
import warehouse  # noqa: E402
from databases import DATABASES, Postgres  # noqa: E402
from embedded import call  # noqa: E402
from following import ALL_STAGES, Following  # noqa: E402
from parts import Failure, say  # noqa: E402
from quickstart import run_dir  # noqa: E402
from verified import NUMBERS, Table, Verified, base_of, canonical, quoted  # noqa: E402
from whole_mysql import JOB as JOB_OF_MYSQL  # noqa: E402
from whole_mysql import PASSWORD  # noqa: E402
from whole_postgres import JOB as JOB_OF_POSTGRES  # noqa: E402
from whole_postgres import quoted as quoted_plain  # noqa: E402
from whole_workload import arguments_parser  # noqa: E402

DATABASE = "planted_dev"
#: Rows of a table that differences are planted in, at each time; how many are taken away, and added, at most.
SAMPLED, TAKEN = 60, 3
#: Between two changes of the source: so that verifications have the rest of a small machine.
PACE_SECONDS = 0.02
#: What differs is read again for so long: longer than a change is on its way, which is some ten seconds.
SETTLE_SECONDS = 20
#: A table's key by its class: the columns, and their values of the row `i`.
KEYS_OF_MYSQL = {
    "one": ("id BIGINT", "i * 3 + 1000"),
    "no_sign": ("id BIGINT UNSIGNED", "18446744073709551615 - i * 5"),
    "several": ("a INT, b VARCHAR(20) COLLATE utf8mb4_bin, c DATE", "i DIV 10, CONCAT('k', i % 10), '2024-01-01' + INTERVAL i % 28 DAY"),
    "binary_text": ("k VARCHAR(30) COLLATE utf8mb4_bin", "CONCAT(ELT(1 + i % 4, 'Key', 'key', 'kéy', 'ключ'), ' ', CONV(i * 7919, 10, 36))"),
    "no_case": ("k VARCHAR(30) COLLATE utf8mb4_general_ci", "CONCAT('Key ', CONV(i * 7919, 10, 36))"),
    "no_accents": ("k VARCHAR(30) COLLATE utf8mb4_unicode_520_ci", "CONCAT('Clé ', i)"),
    "chars": ("k CHAR(12) CHARACTER SET latin1 COLLATE latin1_swedish_ci", "CONCAT('ä', i)"),
    "bytes": ("k VARBINARY(8)", "UNHEX(LPAD(HEX(i * 257), 8, '0'))"),
    "points": ("k DATETIME(6)", "'2024-01-01 00:00:00.25' + INTERVAL i * 1000001 MICROSECOND"),
    "decimals": ("k DECIMAL(20, 4)", "i / 8 - 100"),
}
COLUMNS_OF_MYSQL = [
    ("flag TINYINT(1)", "i % 2"), ("tiny TINYINT", "i % 100 - 50"), ("small SMALLINT UNSIGNED", "i % 60000"), ("medium MEDIUMINT", "i * 7 % 8000000"), ("big BIGINT", "i * -92233720368547"),
    ("large BIGINT UNSIGNED", "18446744073709551615 - i"), ("amount DECIMAL(30, 10)", "i / 7"), ("word VARCHAR(60)", "CONCAT('näme ', i)"), ("note TEXT", "REPEAT(CONCAT('note ', i, ' '), i % 5)"),
    ("code CHAR(8)", "LPAD(i % 100000, 8, '0')"), ("day DATE", "'2000-01-01' + INTERVAL i % 9000 DAY"), ("at DATETIME(3)", "'2024-01-01 00:00:00.125' + INTERVAL i SECOND"),
    ("stamp TIMESTAMP(6) NULL", "'2024-01-01 00:00:00.000001' + INTERVAL i SECOND"), ("hour TIME(3)", "SEC_TO_TIME(i % 86400)"), ("year YEAR", "1901 + i % 250"), ("mood ENUM('a', 'b', 'c')", "1 + i % 3"),
    ("moods SET('x', 'y', 'z')", "i % 8"), ("bits BIT(12)", "i % 4096"), ("bytes VARBINARY(40)", "UNHEX(MD5(i))"), ("large_bytes BLOB", "UNHEX(REPEAT(MD5(i), i % 4))"),
]
#: Of types whose rows are read: no two servers write their values alike.
READ_OF_MYSQL = [("single FLOAT", "i / 3"), ("twice DOUBLE", "i / 700000"), ("document JSON", "JSON_OBJECT('i', i, 'a', JSON_ARRAY(1, i % 3))")]
KEYS_OF_POSTGRES = {
    "one": ("id bigint", "i * 3 + 1000"),
    "several": ('a int, b text COLLATE "C", c date', "i / 10, 'k' || i % 10, '2024-01-01'::date + i % 28"),
    "binary_text": ('k text COLLATE "C"', "(ARRAY['Key', 'key', 'kéy', 'ключ'])[1 + i % 4] || ' ' || to_hex(i::bigint * 7919)"),
    "ordered_text": ("k varchar(30)", "'Key ' || i"),
    "no_case": (f"k text COLLATE {DATABASE}.no_case", "'Key ' || i"),
    "no_accents": (f"k text COLLATE {DATABASE}.no_accents", "'Clé ' || i"),
    "uuids": ("k uuid", "md5(i::text)::uuid"),
    "bytes": ("k bytea", "decode(md5(i::text), 'hex')"),
    "points": ("k timestamptz", "'2024-01-01 00:00:00.25+00'::timestamptz + i * interval '1.000001 s'"),
    "decimals": ("k numeric(20, 4)", "i / 8.0 - 100"),
}
COLUMNS_OF_POSTGRES = [
    ("flag boolean", "i % 2 = 0"), ("small smallint", "i % 30000"), ("big bigint", "i * -92233720368547"), ("amount numeric(30, 10)", "i / 7.0"), ("word varchar(60)", "'näme ' || i"),
    ("note text", "repeat('note ' || i || ' ', i % 5)"), ("code char(8)", "lpad((i % 100000)::text, 8, '0')"), ("day date", "'2000-01-01'::date + i % 9000"),
    ("at timestamp(3)", "'2024-01-01 00:00:00.125'::timestamp + i * interval '1 s'"), ("zoned timestamptz", "'2024-01-01 00:00:00.000001+00'::timestamptz + i * interval '1 s'"),
    ("hour time(3)", "'00:00'::time + i * interval '1 s'"), ("span interval", "i * interval '1 h 3 s'"), ("bytes bytea", "decode(md5(i::text), 'hex')"), ("same uuid", "md5(i::text)::uuid"),
    ("address inet", "'10.0.0.0'::inet + i"), ("many int[]", "ARRAY[i, NULL, 1]"), ("bits varbit", "i::bit(12)::varbit"),
]
READ_OF_POSTGRES = [("single real", "i / 3.0"), ("twice double precision", "i / 700000.0"), ("document jsonb", "jsonb_build_object('i', i, 'a', jsonb_build_array(1, i % 3))")]


class Source:
    """A server with the tables; their rows have numbers, of which the odd ones are written."""

    def __init__(self, name: str, server, keys, columns, read):
        self.name, self.server, self.keys = name, server, keys
        # Every third table's rows are read.
        self.columns = {table: columns + (read if at % 3 == 2 else []) for at, table in enumerate(keys)}

    def values(self, table: str) -> str:
        """Of the row `i`: each column is NULL in some."""
        nullable = (f"CASE WHEN i % {11 + at} <> 3 THEN {value} END" for at, (_, value) in enumerate(self.columns[table]))
        return ", ".join([self.keys[table][1], "i", *nullable])

    def created(self, table: str) -> str:
        """The statement."""
        key = self.keys[table][0]
        names = ", ".join(column.split()[0] for column in key.split(", ") if not column[0].isdigit())
        return f"CREATE TABLE {DATABASE}.{table} ({key}, n INT NOT NULL, {', '.join(column for column, _ in self.columns[table])}, PRIMARY KEY ({names}))"

    def changed(self, chance: random.Random, rows: int):
        """Statements that change some rows with odd numbers: cells, and one that goes and comes again."""
        table = f"{DATABASE}.{chance.choice(list(self.keys))}"
        some = ", ".join(str(chance.randrange(rows // 2) * 2 + 1) for _ in range(5))
        yield f"UPDATE {table} SET word = CONCAT('new ', n), amount = {chance.randrange(10_000)} WHERE n IN ({some})"
        again = chance.randrange(rows // 2) * 2 + 1
        yield f"DELETE FROM {table} WHERE n = {again}"
        if chance.random() < 0.8:
            yield f"INSERT INTO {table} SELECT {self.values(table.split('.')[1])} FROM (SELECT {again} AS i) n"


class MysqlSource(Source):
    """One whose changes are in a binlog."""

    template = JOB_OF_MYSQL

    def __init__(self, name: str, server):
        super().__init__(name, server, KEYS_OF_MYSQL, COLUMNS_OF_MYSQL, READ_OF_MYSQL)

    def start(self, rows: int) -> None:
        """Starts it, and makes the tables."""
        self.server.start()
        secret, plugin = quoted(PASSWORD), "" if self.name == "mariadb" else "WITH caching_sha2_password "
        self.server.run([f"CREATE USER reader@'%' IDENTIFIED {plugin}BY {secret}", "GRANT SELECT, REPLICATION CLIENT, REPLICATION SLAVE ON *.* TO reader@'%'",
                         f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4"])
        for table in self.keys:
            self.server.run(["SET SESSION sql_mode = '', time_zone = '+00:00'", f"USE {DATABASE}", self.created(table), *warehouse.filled(table, rows, self.values(table)),
                             f"CREATE INDEX by_number ON {table} (n)", f"ANALYZE TABLE {table}"])

    def writer(self):
        """What runs statements, in one session."""
        session = self.server.session()
        session("SET SESSION sql_mode = '', time_zone = '+00:00'")
        return lambda statements: [session(statement) for statement in statements]


class PostgresSource(Source):
    """One whose changes are decoded logically."""

    template = JOB_OF_POSTGRES.replace("password-env: SOURCE_PASSWORD}}", "password-env: SOURCE_PASSWORD, publication: shop}}")

    def __init__(self, name: str, directory: Path):
        super().__init__(name, Postgres(directory, "wal_level=logical"), KEYS_OF_POSTGRES, COLUMNS_OF_POSTGRES, READ_OF_POSTGRES)

    def start(self, rows: int) -> None:
        """Starts it, and makes the tables."""
        self.server.start()
        self.server.run(["CREATE DATABASE shop", f"CREATE USER reader PASSWORD {quoted_plain(PASSWORD)} REPLICATION"])
        self.server.run([f"CREATE SCHEMA {DATABASE}", f"CREATE COLLATION {DATABASE}.no_case (provider = icu, locale = 'und-u-ks-level2', deterministic = false)",
                         f"CREATE COLLATION {DATABASE}.no_accents (provider = icu, locale = 'und-u-ks-level1', deterministic = false)"], "shop")
        for table in self.keys:
            self.server.run([self.created(table), f"INSERT INTO {DATABASE}.{table} SELECT {self.values(table)} FROM generate_series(0, {rows - 1}) i",
                             f"CREATE INDEX ON {DATABASE}.{table} (n)"], "shop")
        self.server.run([f"GRANT USAGE ON SCHEMA {DATABASE} TO reader", f"GRANT SELECT ON ALL TABLES IN SCHEMA {DATABASE} TO reader", "CREATE PUBLICATION shop FOR ALL TABLES", "ANALYZE"], "shop")

    def writer(self):
        """What runs statements."""
        return lambda statements: self.server.run(list(statements), "shop")


class Sampled(Table):
    """A table in the stand-in of which some rows are looked at."""

    def __init__(self, target, name: str, numbers):
        self.numbers = numbers
        super().__init__(target, name)

    def selected(self) -> str:
        return f"SELECT {self.names()} FROM {self.name()} WHERE n IN ({', '.join(map(str, self.numbers))})"

    def beside(self, like, chance: random.Random):
        """A row that there is not, next to one that there is: texts differ in their case, or by one character more."""
        row, texts = list(like), [i for i in self.keys if base_of(self.columns[i][1]) not in (*NUMBERS, "date", "datetime")]
        i = (texts or self.keys)[-1]
        base, value = base_of(self.columns[i][1]), row[i]
        if base in NUMBERS:
            row[i] = str(Decimal(value) + (Decimal("-0.0001") if "." in value else -1))
        elif base == "datetime":
            row[i] = value.partition(".")[0] + ".999999"
        elif self.short == "uuids":
            row[i] = value[:-4] + value[-4:].translate(str.maketrans("0123456789abcdef", "fedcba9876543210"))
        elif self.short == "bytes":
            row[i] = value + "7E"
        else:
            row[i] = value.swapcase() if chance.random() < 0.5 else value + "~"
        return row


class Planted(Verified, Following):
    """The job, and what is planted beside it."""

    def __init__(self, options, checks: run.Checks, directory: Path, source: Source):
        self.template, self.rows, self.chance = source.template, options.rows, random.Random(options.seed)
        super().__init__(options, checks, directory, source, release=True)

    def turn(self, name: str, mode: str) -> None:
        """Once: planted, found, and made right."""
        planted = {f"{DATABASE}.{table}": self.plant(table) for table in self.source.keys}
        report = self.verify(name, "--mode", mode, "--samples", "10000", "--settle", SETTLE_SECONDS, code=1)
        rows = sum(len(of) for of in planted.values())
        wrong = list(self.differing(report, planted))
        self.checks.check(f"{name}: {rows} rows in {len(planted)} tables differ, and nothing else does", rows > 0 and not wrong, "       " + "\n       ".join(wrong[:10]))
        code, text = call(self.env, "correct", self.file, "--report", self.directory / f"{self.outputs}.json", "--audit", self.directory / f"{self.outputs}.jsonl", "--apply", "--delete-surplus",
                          seconds=1200)
        self.checks.check(f"{name}: all is made right", code == 0, f"       exit code {code}:\n{text[-4000:]}")

    def plant(self, table: str):
        """Takes rows of a table away, adds some, and makes each column of some row another one: what is to be found, by key."""
        chance, there = self.chance, Sampled(self.target, f"{DATABASE}.{table}", self.chance.sample(range(0, self.rows, 2), SAMPLED))
        chance.shuffle(there.rows)
        planted = {}
        for _ in range(chance.randint(1, TAKEN)):
            there.plant_gone(there.rows.pop(), planted)
        for like in chance.sample(there.rows, chance.randint(1, TAKEN)):
            there.plant_added(there.beside(like, chance), planted)
        there.plant_others(chance, there.rows, planted)
        return {canonical(key): what for key, what in planted.items()}

    def differing(self, report, planted):
        """Where the report has something else than what was planted."""
        tables = self.compared(report)
        for table in planted.keys() ^ tables.keys():
            yield f"{table} is in one of both"
        for table in planted.keys() & tables.keys():
            notes = {note.split()[2] for note in tables[table]["notes"]}
            should = {key: (how, columns - notes) for key, (how, columns) in planted[table].items()}
            found = {canonical(tuple(cell["value"] for cell in one["key"])): (one["difference"], {cell["column"] for cell in one["cells"]} if one["difference"] == "different" else set())
                     for one in tables[table]["found"]}
            both = {key: (found.get(key), should.get(key)) for key in found.keys() | should.keys() if found.get(key) != should.get(key)}
            if both:
                yield f"{table}: found, planted: {dict(list(both.items())[:3])}"
            if tables[table]["moving"]:
                yield f"{table}: {tables[table]['moving']} rows are not said to be equal or not"


class Writing:
    """Changes of the source, as long as it is open."""

    def __init__(self, source: Source, rows: int, seed: int):
        self.source, self.rows, self.chance, self.over, self.done, self.failure = source, rows, random.Random(seed), threading.Event(), 0, None
        self.thread = threading.Thread(target=self.write)

    def write(self) -> None:
        """Until it is over."""
        try:
            execute = self.source.writer()
            while not self.over.wait(PACE_SECONDS):
                execute(self.source.changed(self.chance, self.rows))
                self.done += 1
        except Failure as failure:
            self.failure = failure

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        self.over.set()
        self.thread.join()
        if self.failure:
            raise self.failure


def often(planted: Planted, options) -> None:
    """All turns, and a last look."""
    source, name = planted.source, planted.source.name
    planted.write(2, at_once=max(1000, options.rows // 5), stages=ALL_STAGES)
    job = planted.begin()
    try:
        planted.in_step(job)
        for turn in range(options.turns):
            mode, written = ("checksum", "rows")[turn // 2 % 2], turn % 2 == 1
            of = f"{name}, turn {turn + 1}, {mode}" + (", while it is written" if written else "")
            if not written:
                planted.turn(of, mode)
                continue
            with Writing(source, options.rows, options.seed + turn) as writing:
                planted.turn(of, mode)
            say(f"{of}: {writing.done:,} times some rows were changed meanwhile")
        for mode in ("checksum", "rows"):
            report = planted.verify(f"{name}, in the end, {mode}", "--mode", mode, code=0)
            count = sum(table["equal"] for table in report["tables"])
            planted.checks.check(f"{name}, in the end, {mode}: {count:,} rows are equal", report["equal"] and len(report["tables"]) == len(source.keys), "       " + json.dumps(report)[:3000])
        code = job.end(signal.SIGINT)
        planted.checks.check(f"{name}: the job stops", code == 0, f"       exit code {code}:\n{job.text()[-4000:]}")
    finally:
        job.stop()


def main(options) -> bool:
    """All servers, on that Flink and Java; true when every check passed."""
    checks, directory = run.Checks(), run_dir()
    options.rows, options.turns = int(os.environ.get("CANAL_NATIVE_PLANTED_ROWS", "100000")), int(os.environ.get("CANAL_NATIVE_PLANTED_TURNS", "10"))
    say(f"logs of this run: {directory}; {options.turns} times, tables of {options.rows:,} rows; seed {options.seed}")
    made = {**{name: lambda name=name, make=make: MysqlSource(name, make(directory / name)) for name, make in DATABASES.items()}, "postgres": lambda: PostgresSource("postgres", directory / "postgres")}
    for name, make in made.items():
        if options.server not in (None, name):
            continue
        source = make()
        try:
            source.start(options.rows)
            with Planted(options, checks, directory / f"{name}-job", source) as planted:
                often(planted, options)
        except Failure as failure:
            checks.check(f"planted: {name}", False, f"       {failure}")
        finally:
            source.server.stop()
    return checks.ended()


if __name__ == "__main__":
    PARSER = arguments_parser(__doc__.split("\n\n")[0])
    PARSER.add_argument("--server", help="only this one: mariadb, mysql80 or postgres")
    run.run(main, PARSER.parse_args())
