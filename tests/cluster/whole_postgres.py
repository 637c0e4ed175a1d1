"""`bin/canal-native run` on a real PostgreSQL: all its tables are moved, cell by cell, values of each type at their ends among them.

Usage: whole_postgres.py <jar> [--flink 1.20|2.x] [--java HOME] [--seed N]. What the tables should hold is read by psql, in another way than the job reads. At
several parallelisms; killed and stopped after random numbers of loads; run once more after changes; values that Doris cannot have; a table of a million rows; and as
Greenplum, whose catalogue's older half is only played. The last line is `N passed, N failed`.
"""

import json
import re
import signal
import struct
import subprocess
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "dev.d"))

import final_tables  # noqa: E402
import run  # noqa: E402
from databases import Postgres  # noqa: E402
from embedded import call  # noqa: E402
from parts import REPO, Failure, Parts, java_home, say  # noqa: E402
from quickstart import run_dir  # noqa: E402
from whole_mysql import MILLION, MINUTES, PASSWORD, Moved, disturbed  # noqa: E402
from whole_workload import arguments  # noqa: E402

JOB = """name: {name}
source:
  postgres: {{host: 127.0.0.1, port: {port}, database: shop, username: reader, password-env: SOURCE_PASSWORD}}
target:
  doris: {{fenodes: "{fenodes}", username: root, password-env: DORIS_PASSWORD}}
tables:
  exclude: ['bad\\..*', 'many\\..*']
  properties: {{replication: 1, buckets: 1}}
stages: [{stages}]
fullBatchSize: {at_once}
load: {load}
flink: {{checkpoint-interval: 1s, parallelism: {parallelism}, properties: {{restart-strategy.type: none, taskmanager.memory.segment-size: 4kb}}}}
"""
#: A type, and values of it at its ends; None is in each table, too.
TYPES = [
    ("boolean", ["true", "false"]),
    ("smallint", ["-32768", "32767", "0"]),
    ("integer", ["-2147483648", "2147483647"]),
    ("bigint", ["-9223372036854775808", "9223372036854775807"]),
    ("oid", ["0", "4294967295"]),
    ("real", ["0.1", "-3.4028235e38", "1.1754944e-38", "1e-45", "-0", "16777217"]),
    ("double precision", ["0.1", "1.7976931348623157e308", "-2.2250738585072014e-308", "5e-324", "-0", "0.30000000000000004", "123456789012345678"]),
    ("numeric(38,10)", ["9999999999999999999999999999.9999999999", "-0.0000000001", "0", "1.5"]),
    ("numeric(5,-2)", ["9999900", "-100", "12345"]),
    ("numeric(3,5)", ["0.00999", "-0.00001"]),
    ("numeric(50,10)", ["9" * 40 + "." + "9" * 10, "-1.5"]),
    ("numeric(1000,500)", ["9" * 500 + "." + "1" * 500]),
    ("numeric", ["9" * 300, "-0.00000000000000000000000000000000000000000000000001", "1.500", "NaN", "Infinity"]),
    ("money", ["-92233720368547758.08", "92233720368547758.07", "1234.5"]),
    ("char(10)", ["abc", "", "  x", "äöü€😀"]),
    ("varchar(255)", ["ä" * 255, "", " a "]),
    ("varchar(16384)", ["x" * 16384]),
    ("varchar", ["", "y" * 70000]),
    ("text", ["", "\\N", "\\", "a\tb\nc\rd\be\ff\vg", "\\x41", "'\"`", "NULL", "😀 中文 \u0001\u007f\u2028", "z" * 100000]),
    ("citext", ["MiXed", ""]),
    ("name", ["n" * 63]),
    ('"char"', ["x", ""]),
    ("bytea", ["\\x", "\\x00", "\\x" + bytes(range(256)).hex(), "\\x5c6e5c4e"]),
    ("date", ["0001-01-01", "9999-12-31", "2024-02-29"]),
    ("timestamp", ["0001-01-01 00:00:00", "9999-12-31 23:59:59.999999", "2024-02-29 12:34:56.1"]),
    ("timestamp(3)", ["2024-02-29 12:34:56.125", "1969-12-31 23:59:59.999"]),
    ("timestamp(0)", ["2024-02-29 12:34:56"]),
    ("timestamptz", ["2024-07-01 12:00:00+14", "2024-07-01 12:00:00.000001-15:59", "0001-01-02 00:00:00+00", "9999-12-31 23:59:59.999999+00"]),
    ("time", ["00:00:00", "24:00:00", "23:59:59.999999"]),
    ("time(2)", ["12:34:56.78"]),
    ("timetz", ["00:00:00+15:59:59", "24:00:00-15:59:59", "12:00:00.000001+00"]),
    ("interval", ["-178000000 years -11 mons -2147483648 days -2562047788:00:54.775807", "1 day", "-00:00:00.000001", "0"]),
    ("uuid", ["00000000-0000-0000-0000-000000000000", "FFFFFFFF-ffff-ffff-ffff-ffffffffffff"]),
    ("json", ['{"b": 1, "a": [1, 2.5, "ä\\n\\"", null, true]}', "[]", '"text"', "12345678901234567"]),
    ("jsonb", ['{"b": 1, "a": {"c": "\\\\"}}', "null", "{}"]),
    ("xml", ["<a b='c'>&lt;ä</a>", "<x/>"]),
    ("inet", ["192.168.0.1/24", "::1", "ffff:ffff:ffff:ffff:ffff:ffff:255.255.255.255/127"]),
    ("cidr", ["10.0.0.0/8", "2001:db8::/32"]),
    ("macaddr", ["08:00:2b:01:02:03"]),
    ("macaddr8", ["08:00:2b:01:02:03:04:05"]),
    ("bit(3)", ["101", "000"]),
    ("varbit(9)", ["1", "111000111", ""]),
    ("varbit", ["01" * 100]),
    ("mood", ["happy", "1", "it's \\ ok"]),
    ("positive", ["1", "2147483647"]),
    ("label", ["abc"]),
    ("integer[]", ["{1,NULL,-2147483648}", "{}", "{{1,2},{3,4}}"]),
    ("text[]", ['{a,"b,c",NULL,"NULL","\\"\\\\",ä}', "{}"]),
    ("boolean[]", ["{t,f,NULL}"]),
    ("numeric[]", ["{1.50,NaN,NULL}"]),
    ("timestamp[]", ['{"2024-02-29 12:34:56"}']),
    ("pair", ['(1,"a ""b"", \\\\")', "(,)"]),
    ("pair[]", ['{"(1,a)"}']),
    ("int4range", ["[1,10)", "empty", "(,)"]),
    ("tstzrange", ["[2024-01-01 00:00+01,)"]),
    ("int4multirange", ["{[1,3),[5,7)}"]),
    ("hstore", ['"a"=>"b", "c"=>NULL', ""]),
    ("tsvector", ["'a':1A 'fat':2,4", ""]),
    ("tsquery", ["'fat' & 'rat'"]),
    ("point", ["(1.5,-2)"]),
    ("polygon", ["((0,0),(1,1),(2,0))"]),
    ("pg_lsn", ["16/B374D848"]),
    ("jsonpath", ['$."a"[*]']),
]
#: Values that no column of Doris' has, by the type that has one.
BAD = [("numeric(10,2)", "NaN"), ("date", "infinity"), ("date", "0044-03-15 BC"), ("date", "10000-01-01"), ("timestamp", "-infinity"), ("timestamptz", "infinity"),
       ("timestamp", "0044-03-15 12:00:00 BC"), ("timestamp", "294276-12-31 23:59:59.999999"), ("real", "NaN"), ("double precision", "Infinity"), ("double precision", "NaN")]
KEYS = [("text", "md5(i::text)"), ('text COLLATE "en-x-icu"', "chr(97 + i % 26) || CASE WHEN i % 2 = 0 THEN 'Ä' ELSE '-' END || i"), ("uuid", "md5(i::text)::uuid"),
        ("timestamptz", "'2024-01-01'::timestamptz + i * interval '1.000001 s'"), ("numeric(20,3)", "i * 1.001"), ("bytea", "decode(md5(i::text), 'hex')"),
        ("char(12)", "i::text"), ("date", "'2024-01-01'::date + i"), ("inet", "'10.0.0.0'::inet + i"), ("bigint", "i * 1000003::bigint * 1000003"), ("smallint", "i - 250"),
        ("interval", "i * interval '1 day 00:00:00.000001'"), ("text", "E'\\\\' || i || E'''\\t'")]
STRUCTURES = r"""
CREATE TABLE shop."Mixed-Case" ("Id" int PRIMARY KEY, "we""ird col" text, "select" int DEFAULT 5);
INSERT INTO shop."Mixed-Case" VALUES (1, 'a', 2), (2, NULL, DEFAULT);
CREATE TABLE shop.composite (b text, a int, d date, v text, PRIMARY KEY (d, a, b) INCLUDE (v));
INSERT INTO shop.composite SELECT chr(97 + i % 5), i % 7, '2024-01-01'::date + i / 35, 'row ' || i FROM generate_series(0, 699) i;
CREATE TABLE shop.defaults (id bigserial PRIMARY KEY, a int NOT NULL DEFAULT -1, b varchar(20) DEFAULT 'o''clock \ x', c boolean DEFAULT true, d date DEFAULT '2024-02-29',
  e numeric(10,2) DEFAULT 0.50, f timestamptz DEFAULT now(), g int GENERATED ALWAYS AS (a * 2) STORED, h int GENERATED BY DEFAULT AS IDENTITY, i mood DEFAULT 'happy', j text DEFAULT 'a' || 'b');
COMMENT ON TABLE shop.defaults IS 'it''s commented \ here';
COMMENT ON COLUMN shop.defaults.b IS 'a "column"';
INSERT INTO shop.defaults (a) SELECT i FROM generate_series(1, 20) i;
CREATE TABLE shop.dropped (id int PRIMARY KEY, x int, y text);
ALTER TABLE shop.dropped DROP COLUMN x; ALTER TABLE shop.dropped ADD COLUMN z text DEFAULT 'zz'; INSERT INTO shop.dropped VALUES (1, 'y');
CREATE TABLE shop.parts (id int, at date, v text, PRIMARY KEY (id, at)) PARTITION BY RANGE (at);
CREATE TABLE shop.parts_2023 PARTITION OF shop.parts FOR VALUES FROM ('2023-01-01') TO ('2024-01-01');
CREATE TABLE shop.parts_2024 PARTITION OF shop.parts FOR VALUES FROM ('2024-01-01') TO ('2025-01-01') PARTITION BY HASH (id);
CREATE TABLE shop.parts_2024_0 PARTITION OF shop.parts_2024 FOR VALUES WITH (MODULUS 2, REMAINDER 0);
CREATE TABLE shop.parts_2024_1 PARTITION OF shop.parts_2024 FOR VALUES WITH (MODULUS 2, REMAINDER 1);
INSERT INTO shop.parts SELECT i, '2023-01-01'::date + i % 700, 'p' || i FROM generate_series(1, 500) i;
CREATE TABLE shop.parent (id int PRIMARY KEY, v text); CREATE TABLE shop.child (PRIMARY KEY (id), w int) INHERITS (shop.parent);
INSERT INTO shop.parent VALUES (1, 'parent'); INSERT INTO shop.child VALUES (1, 'child', 2);
CREATE UNLOGGED TABLE shop.unlogged (id int PRIMARY KEY); INSERT INTO shop.unlogged VALUES (7);
CREATE TABLE shop.nothing (id int PRIMARY KEY);
CREATE TABLE shop.no_key (id int); INSERT INTO shop.no_key VALUES (1);
CREATE VIEW shop.a_view AS SELECT * FROM shop.parent; CREATE MATERIALIZED VIEW shop.a_copy AS SELECT * FROM shop.parent;
CREATE TABLE shop.secret (id int PRIMARY KEY);
CREATE TABLE shop.filtered (id int PRIMARY KEY); INSERT INTO shop.filtered VALUES (1), (2); ALTER TABLE shop.filtered ENABLE ROW LEVEL SECURITY;
CREATE POLICY one ON shop.filtered USING (id = 1);
CREATE SCHEMA hidden; CREATE TABLE hidden.t (id int PRIMARY KEY); GRANT SELECT ON hidden.t TO reader;
"""
#: Tables that are not moved, and what is said of them.
REFUSED = {"shop.no_key": "has no primary key", "shop.secret": 'GRANT SELECT ON "shop"."secret" TO "reader"', "shop.filtered": "policies of row security hide rows",
           "hidden.t": 'GRANT USAGE ON SCHEMA "hidden" TO "reader"'}
MANY = ["CREATE SCHEMA many", "CREATE TABLE many.numbers (id bigint PRIMARY KEY, text varchar(40) NOT NULL, amount numeric(20,4), at timestamp(3))",
        f"INSERT INTO many.numbers SELECT i * 3 + 1, 'row ' || i, i / 7.0, '2024-01-01 00:00:00.125'::timestamp + i * interval '1 s' FROM generate_series(0, {MILLION - 1}) i",
        "GRANT USAGE ON SCHEMA many TO reader", "GRANT SELECT ON ALL TABLES IN SCHEMA many TO reader", "ANALYZE many.numbers"]
#: What Greenplum 6 has and PostgreSQL has not: a table is partitioned, one a partition, one external.
PLAYED = ["CREATE TABLE played (id int)", "CREATE TABLE played_part (id int)", "CREATE TABLE played_external (id int)",
          "SET allow_system_table_mods = on", "CREATE TABLE pg_catalog.pg_partition AS SELECT 'played'::regclass::oid AS parrelid",
          "CREATE TABLE pg_catalog.pg_partition_rule AS SELECT 'played_part'::regclass::oid AS parchildrelid",
          "CREATE TABLE pg_catalog.pg_exttable AS SELECT 'played_external'::regclass::oid AS reloid"]


def quoted(text) -> str:
    """A literal."""
    return "NULL" if text is None else "'" + text.replace("'", "''") + "'"


class Source:
    """The server, and what its tables should be in Doris."""

    name = "postgres"

    def __init__(self, directory: Path):
        self.server, self.tables = Postgres(directory), {}

    def run(self, statements):
        """In the database that is moved."""
        return self.server.run(statements, "shop")

    def start(self) -> None:
        """Makes it, and all tables."""
        self.server.start()
        self.server.run(["CREATE DATABASE shop", f"CREATE USER reader PASSWORD {quoted(PASSWORD)}"])
        statements = ["CREATE EXTENSION citext", "CREATE EXTENSION hstore", "CREATE TYPE mood AS ENUM ('happy', '1', 'it''s \\ ok')",
                      "CREATE DOMAIN positive AS integer CHECK (value > 0)", "CREATE DOMAIN short AS varchar(7)", "CREATE DOMAIN label AS short", "CREATE TYPE pair AS (a int, b text)",
                      "CREATE SCHEMA shop", "CREATE SCHEMA types", "CREATE SCHEMA keys", "CREATE SCHEMA bad"]
        for i, (kind, values) in enumerate(TYPES):
            rows = ", ".join(f"({at}, {quoted(value)}::{kind})" for at, value in enumerate([None] + values))
            statements += [f"CREATE TABLE types.t{i} (id int PRIMARY KEY, v {kind})", f"INSERT INTO types.t{i} VALUES {rows}"]
        for i, (kind, value) in enumerate(KEYS):
            statements += [f"CREATE TABLE keys.k{i} (v int, k {kind} PRIMARY KEY)", f"INSERT INTO keys.k{i} SELECT i, {value} FROM generate_series(1, 500) i"]
        for i, (kind, value) in enumerate(BAD):
            statements += [f"CREATE TABLE bad.b{i} (id int PRIMARY KEY, v {kind})", f"INSERT INTO bad.b{i} VALUES (1, NULL), (2, {quoted(value)}), (3, NULL)"]
        self.run(statements + [STRUCTURES] + [statement for schema in ("shop", "types", "keys", "bad") for statement in (
            f"GRANT USAGE ON SCHEMA {schema} TO reader", f"GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO reader")] + ["REVOKE ALL ON shop.secret FROM reader"])
        self.look()

    def look(self) -> None:
        """Takes the tables as they are now: those that are to come, each column with its type."""
        listed = self.run(["SELECT n.nspname, c.relname, a.attname, format_type(a.atttypid, a.atttypmod), c.relkind, quote_ident(a.attname) FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid "
                           "JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname IN ('shop', 'types', 'keys') AND c.relkind IN ('r', 'p') AND NOT c.relispartition "
                           "AND a.attnum > 0 AND NOT a.attisdropped ORDER BY 1, 2, a.attnum"])
        columns = {}
        for schema, table, column, kind, relkind, name in listed:
            if f"{schema}.{table}" not in REFUSED:
                columns.setdefault((schema, table, relkind), []).append((column, kind, name))
        self.tables = {}
        for (schema, table, relkind), of in columns.items():
            only = "ONLY " if relkind == "r" else ""
            selected = ", ".join(f"array_to_json({name})" if as_json(kind) else name for _, kind, name in of)
            rows = self.run([f'SELECT {selected} FROM {only}{schema}."{table}"'])
            self.tables[f"{schema}.{table}"] = {"columns": [(column, kind) for column, kind, _ in of],
                                                "rows": [[expected(kind, cell) for (_, kind, _), cell in zip(of, row)] for row in rows]}


def as_json(kind: str) -> bool:
    """Arrays that come as JSON."""
    return kind in ("integer[]", "text[]", "boolean[]")


def expected(kind: str, cell):
    """A cell as psql has it, in the form that Doris is to have it in (docs/type-mapping.md)."""
    if cell is None:
        return None
    if kind == "boolean":
        cell = {"t": "1", "f": "0"}[cell]
    elif kind == "bytea":
        cell = cell[2:].upper()
    elif kind.startswith("character("):
        cell = cell.rstrip(" ")
    elif kind == "money":
        cell = re.sub("[$,]", "", cell)
    elif kind == "timestamp with time zone":
        cell = cell.replace("+00", "")
    return comparable(kind, cell)


def comparable(kind: str, cell):
    """A cell in a form in which equal values are equal: numbers by their bits, JSON by its values, fractions of seconds with six digits."""
    if cell is None:
        return None
    if kind in ("real", "double precision"):
        return struct.pack("f" if kind == "real" else "d", float(cell)).hex()
    if kind == "money" or re.fullmatch(r"numeric\((38|5|3|10|20),.*", kind):
        return final_tables.comparable("decimal", cell)
    if kind in ("json", "jsonb") or as_json(kind):
        return final_tables.plain(json.loads(cell))
    if kind.startswith("timestamp") and not kind.endswith("[]"):
        seconds, _, fraction = cell.partition(".")
        return f"{seconds}.{fraction:0<6}"
    return cell


class MovedPostgres(Moved):
    """A job from it into a stand-in of its own."""

    template = JOB
    few = 50

    def compare(self, name: str, way: str = "full") -> None:
        wrong = []
        for table, content in self.source.tables.items():
            database, short = table.split(".")
            names = ", ".join(f"`{column}`" for column, _ in content["columns"])
            try:
                found = self.target.sql(f"SELECT {names} FROM `{database}`.`{short}`")
            except Exception as error:  # pylint: disable=broad-exception-caught
                wrong.append(f"{table}: {error}")
                continue
            kinds = [kind for _, kind in content["columns"]]
            found = sorted(([comparable(kind, cell) for kind, cell in zip(kinds, row)] for row in found), key=repr)
            should = sorted(content["rows"], key=repr)
            if found != should:
                other = next(((a, b) for a, b in zip(found, should) if a != b), (len(found), len(should)))
                wrong.append(f"{table} {kinds}: {len(found)} rows of {len(should)}; {str(other[0])[:300]} for {str(other[1])[:300]}")
        self.checks.check(f"{name}: {len(self.source.tables)} tables are the database's", len(self.source.tables) > 60 and not wrong, "       " + "\n       ".join(wrong[:20]))

    def greenplum(self) -> None:
        """The same file, of a Greenplum."""
        self.file.write_text(self.file.read_text().replace("  postgres: {", "  greenplum: {"))


def undisturbed(moved: Moved, parallelism: int) -> None:
    """The job as it is, planned before; what is left out is told."""
    moved.write(parallelism, at_once=100)
    if parallelism == 4:
        moved.greenplum()
    name = f"{moved.source.name} at parallelism {parallelism}"
    moved.said(f"{name}, planned", "plan", "CREATE TABLE IF NOT EXISTS `types`.`t0`", "nothing of this was done")
    text = moved.said(name, "run", "begins anew", "read (shop.parts): all of its 500 rows", "read (shop.parent): all of its 1 row", "the input has ended: ",
                      *(f"refused ({table}): " for table in REFUSED), *REFUSED.values())
    moved.checks.check(f"{name}: nothing of partitions and views", "parts_2023" not in text and "a_view" not in text and "a_copy" not in text and "binary log" not in text, text[-3000:])
    moved.compare(name)


def definitions(moved: Moved) -> None:
    """Defaults, comments and NOT NULL."""
    shown = moved.target.sql("SHOW CREATE TABLE shop.`defaults`")[0][1]
    wanted = ["`id` bigint NOT NULL,", '`a` int NOT NULL DEFAULT "-1",', '`b` varchar(80) NULL DEFAULT "o\'clock \\\\ x" COMMENT \'a "column"\',', '`c` boolean NULL DEFAULT "1",',
              '`d` date NULL DEFAULT "2024-02-29",', '`e` decimal(10,2) NULL DEFAULT "0.50",', "`f` datetime(6) NULL,", "`g` int NULL,", "`h` int NOT NULL,",
              '`i` varchar(252) NULL DEFAULT "happy",', "`j` text NULL\n", "UNIQUE KEY(`id`)", "COMMENT 'it\\'s commented \\\\ here'"]
    missing = [word for word in wanted if word not in shown]
    moved.checks.check("definitions have what the source's have", not missing, f"       lacks {missing}:\n{shown}")


def refused(moved: Moved) -> None:
    """The example is one; what is said of a user that may not come in, of a database that is not there, and no word of the password."""
    code, text = call(moved.env, "check-file", REPO / "examples" / "postgres-to-doris.yaml")
    moved.checks.check("the example has no mistake", code == 0 and "has no mistake" in text, f"       exit code {code}: {text}")
    code, text = call(dict(moved.env, SOURCE_PASSWORD=PASSWORD[::-1]), "run", moved.file, seconds=5 * MINUTES)
    good = code == 1 and f"127.0.0.1:{moved.source.server.port}" in text and "does not let reader in" in text
    moved.checks.check("a password that is none", good, f"       exit code {code}:\n{text[-2000:]}")
    written = text + moved.file.with_suffix(".log").read_text(errors="replace")
    moved.checks.check("no log has the password", PASSWORD not in written and PASSWORD[::-1] not in written, "")
    before = moved.file.read_text()
    moved.file.write_text(before.replace("database: shop", "database: shoop"))
    code, text = call(moved.env, "plan", moved.file, seconds=5 * MINUTES)
    moved.checks.check("a database that is not there", code == 1 and "has no database shoop" in text, f"       exit code {code}:\n{text[-2000:]}")
    moved.file.write_text(before.replace("SOURCE_PASSWORD}", "SOURCE_PASSWORD, tls: {}}"))
    code, text = call(moved.env, "plan", moved.file, seconds=5 * MINUTES)
    moved.checks.check("a certificate that nobody trusts", code == 1 and "no TLS connection" in text and "UnknownIssuer" in text, f"       exit code {code}:\n{text[-2000:]}")
    moved.file.write_text(before.replace("SOURCE_PASSWORD}", f"SOURCE_PASSWORD, tls: {{ca: {moved.source.server.certificate}}}}}"))
    moved.said("with TLS", "plan", "nothing of this was done")
    moved.file.write_text(before)


def bad(moved: Moved) -> None:
    """Values that Doris cannot have fail the job, or are reported alone."""
    moved.write(1)
    text = moved.file.read_text().replace("exclude: ['bad\\..*', 'many\\..*']", "include: ['bad\\..*']")
    moved.file.write_text(text + "errors: {message: report}\n")
    said = moved.said("values that Doris cannot have, reported", "run", "the input has ended: ")
    for i, (kind, value) in enumerate(BAD):
        line = next((line for line in said.splitlines() if f"bad.b{i})" in line and f'"{value}" in the column v' in line), None)
        rows = sorted(row[0] for row in moved.target.sql(f"SELECT id FROM bad.b{i}"))
        moved.checks.check(f"{kind} of {value}: reported alone", line is not None and rows == ["1", "3"], f"       rows {rows}:\n" + "\n".join(x for x in said.splitlines() if f"b{i}" in x))
    # Else the first of them fails the job.
    moved.file.write_text(text.replace("bad\\..*", "bad\\.b0").replace("name: postgres", "name: failing"))
    code, said = call(moved.env, "run", moved.file, seconds=5 * MINUTES)
    moved.checks.check("a value that Doris cannot have fails the job", code == 1 and '"NaN" in the column v' in said and "bad.b0" in said, f"       exit code {code}:\n{said[-3000:]}")


def changed(moved: Moved) -> None:
    """Rows change, and tables; another run makes Doris so."""
    moved.source.run(["UPDATE shop.composite SET v = 'changed'", "ALTER TABLE shop.parent ADD COLUMN more_of_it varchar(10) NOT NULL DEFAULT 'more'", "INSERT INTO shop.nothing VALUES (5)"])
    moved.source.look()
    moved.said("once more", "run", "begins anew", "the input has ended: ")
    moved.compare("once more")


def many(moved: Moved) -> None:
    """A table of a million rows, killed in its middle."""
    moved.source.run(MANY)
    moved.write(4, "{max-rows: 50000, in-flight: 1}")
    moved.file.write_text(moved.file.read_text().replace("exclude: ['bad\\..*', 'many\\..*']", "include: ['many\\..*']"))
    began = time.monotonic()
    moved.until(5, signal.SIGKILL)
    text = moved.said("a million rows, killed", "run", "goes on from checkpoints/", "the input has ended: 1 of 1 table, 1,000,000 rows read, ")
    say(f"{time.monotonic() - began:.0f} s; " + text.strip().splitlines()[-1])
    should = {row[0]: tuple(row[1:]) for row in moved.source.run(["SELECT id, text, amount, to_char(at, 'YYYY-MM-DD HH24:MI:SS.MS') FROM many.numbers"])}
    rows = moved.target.sql("SELECT id, text, amount, at FROM many.numbers")
    other = [row for row in rows if should.pop(row[0], None) != tuple(row[1:])]
    moved.checks.check("a million rows are the database's", len(rows) == MILLION and not other and not should, f"       {len(rows)} rows, other: {other[:3]}, missing: {list(should)[:3]}")


def measured(options, source: Source, checks: run.Checks) -> None:
    """What reading the million rows costs."""
    spec = {"kind": "postgres", "host": "127.0.0.1", "port": source.server.port, "database": "shop", "user": "reader", "password": PASSWORD,
            "names": {"include": ["many\\..*"]}, "rangeRows": 100_000, "messageBytes": 256 << 10, "connectSeconds": 30, "patienceSeconds": 0}
    java = (options.java or java_home()) / "bin" / "java"
    path = f"{Path(options.jar).resolve()}:{Parts(options.flink).flink.home}/lib/*"
    done = subprocess.run([str(java), "-cp", path, str(REPO / "benches" / "source" / "ReadTable.java"), json.dumps(spec)], capture_output=True, text=True, check=False)
    say("reading: " + done.stdout.strip().replace("\n", "\n         "))
    checks.check("the million rows are read, and measured", done.returncode == 0 and done.stdout.count("1,000,000 rows") == 3, f"       {done.stdout}{done.stderr[-3000:]}")


def questions(source: Source, checks: run.Checks) -> None:
    """What other versions are asked, a real server of this one answers: the catalogue of Greenplum 6 is played, so far as it is another one."""
    asked = {file.stem: file.read_text() for file in sorted((REPO / "tests" / "data" / "postgres").glob("*.sql"))}
    for name, text in asked.items():
        if name != "greenplum-6":
            source.server.run([text.rstrip(";\n")], "shop")
    checks.check("a real server answers what each version is asked", len(asked) == 4, f"       {list(asked)}")
    source.server.run(["CREATE DATABASE played"])
    source.server.run(PLAYED, "played")
    rows = source.server.run([asked["greenplum-6"].split(";")[0]], "played")
    found = [(row[2], row[4], row[5]) for row in rows]
    checks.check("partitions and external tables of Greenplum 6, played", found == [("played", "t", "f"), ("played_part", "f", "t")], f"       {found}")


def main(options) -> bool:
    """All of it, on that Flink and Java; true when every check passed."""
    checks, directory = run.Checks(), run_dir()
    source = Source(directory / "server")
    say(f"logs of this run: {directory}")
    try:
        source.start()
        questions(source, checks)
        for parallelism in (1, 4):
            with MovedPostgres(options, checks, directory / f"postgres-{parallelism}", source) as moved:
                undisturbed(moved, parallelism)
                if parallelism == 1:
                    definitions(moved)
                    refused(moved)
                else:
                    changed(moved)
        with MovedPostgres(options, checks, directory / "bad", source) as moved:
            bad(moved)
        with MovedPostgres(options, checks, directory / "disturbed", source) as moved:
            disturbed(moved, options.seed)
        with MovedPostgres(options, checks, directory / "many", source, release=True) as moved:
            many(moved)
        measured(options, source, checks)
    except Failure as failure:
        checks.check("whole-postgres", False, f"       {failure}")
    finally:
        source.server.stop()
    return checks.ended()


if __name__ == "__main__":
    run.run(main, arguments(__doc__.split("\n\n")[0]))
