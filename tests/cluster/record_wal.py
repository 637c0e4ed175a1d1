"""Records what `pgoutput` of a real PostgreSQL sends in small scenarios: tests/data/wal/recorded.json, which tests/wal_log.rs reads.

Usage: record_wal.py. The server is PostgreSQL of this machine. Places, times and numbers of tables are other ones each time, so the golden messages are to be looked at anew after it
(UPDATE_EXPECT=1 cargo test --test wal_log writes them).
"""

import json
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "dev.d"))

from databases import Postgres  # noqa: E402
from parts import REPO  # noqa: E402

SETUP = ["CREATE TYPE mood AS ENUM ('happy', 'sad')", "CREATE TABLE t (id int PRIMARY KEY, v text)", "CREATE TABLE other (id int PRIMARY KEY, v text)",
         "CREATE TABLE kinds (id int PRIMARY KEY, flag boolean, at timestamptz, pad char(5), cash money, list text[], numbers int[], bytes bytea, feeling mood, amount numeric(10,2))",
         "CREATE TABLE whole (id int PRIMARY KEY, v text, w text)", "ALTER TABLE whole REPLICA IDENTITY FULL", "ALTER TABLE whole ALTER v SET STORAGE EXTERNAL",
         "CREATE TABLE large (id int PRIMARY KEY, small int, v text)", "ALTER TABLE large ALTER v SET STORAGE EXTERNAL",
         "CREATE TABLE parts (id int, at int, PRIMARY KEY (id, at)) PARTITION BY LIST (at)", "CREATE TABLE parts_1 PARTITION OF parts FOR VALUES IN (1)",
         "CREATE TABLE parts_2 PARTITION OF parts FOR VALUES IN (2)", "CREATE TABLE computed (id int PRIMARY KEY, a int, b int GENERATED ALWAYS AS (a * 2) STORED)",
         "CREATE PUBLICATION p FOR ALL TABLES WITH (publish_via_partition_root = true)"]
#: Each statement is a transaction; a list is one.
SCENARIOS = {
    "rows": ["INSERT INTO t VALUES (1, 'a'), (2, NULL)", "UPDATE t SET v = 'b' WHERE id = 1", "DELETE FROM t WHERE id = 2"],
    "kinds": ["INSERT INTO kinds VALUES (1, true, '2024-07-01 12:00:00.5+02', 'x', '-1234.5', '{a,\"b,c\",NULL}', '{1,NULL}', '\\x00ff', 'sad', 1.50)", "INSERT INTO kinds (id) VALUES (2)"],
    "keys that change": [["INSERT INTO t VALUES (3, 'c'), (4, 'd')", "UPDATE t SET id = id + 10 WHERE id = 3"]],
    "several tables in a transaction": [["INSERT INTO t VALUES (5, 'e')", "INSERT INTO other VALUES (1, 'passed over')", "INSERT INTO t VALUES (6, 'f'), (7, 'g')", "UPDATE t SET v = 'h' WHERE id > 5"]],
    "large values": ["INSERT INTO large SELECT i, i, repeat('x', 3000) FROM generate_series(1, 3) i", "UPDATE large SET small = 0 WHERE id = 1", "UPDATE large SET small = 0 WHERE id = 2",
                     "UPDATE large SET id = 9 WHERE id = 3", "DELETE FROM large WHERE id IN (2, 9)"],
    "whole rows before": ["INSERT INTO whole VALUES (1, repeat('x', 3000), 'w')", "UPDATE whole SET w = 'changed'", "UPDATE whole SET id = 2", "DELETE FROM whole"],
    "tables that are emptied": ["TRUNCATE t, other", "INSERT INTO t VALUES (1, 'again')"],
    "partitions": ["INSERT INTO parts VALUES (1, 1)", "UPDATE parts SET at = 2", "TRUNCATE parts"],
    "columns that are computed": ["INSERT INTO computed VALUES (1, 2)"],
    "columns that come and go": ["INSERT INTO other VALUES (8, 'before')", "ALTER TABLE t ADD COLUMN more int NOT NULL DEFAULT 5", "INSERT INTO t VALUES (20, 'x', 6)", "ALTER TABLE t RENAME v TO text",
                                 "UPDATE t SET text = 'y' WHERE id = 20", "ALTER TABLE t DROP COLUMN more", "INSERT INTO t VALUES (21, 'z')"],
    "what is rolled back": [["INSERT INTO t VALUES (30, 'kept')", "SAVEPOINT s", "INSERT INTO t VALUES (31, 'not kept')", "ROLLBACK TO s", "INSERT INTO t VALUES (32, 'kept')"]],
}
EVENTS = "SELECT encode(data, 'hex') FROM pg_logical_slot_get_binary_changes('s', NULL, NULL, 'proto_version', '1', 'publication_names', 'p')"


def main() -> None:
    """All scenarios, one after the other on the same tables."""
    server = Postgres(Path(tempfile.mkdtemp()) / "server", "wal_level=logical")
    server.start()
    try:
        run = server.run
        run(["CREATE DATABASE shop"])

        def shop(*statements):
            return run(["SET TimeZone = 'UTC'", "SET extra_float_digits = 3", "SET lc_monetary = 'C'", *statements], "shop")
        shop(*SETUP, "SELECT pg_create_logical_replication_slot('s', 'pgoutput')")
        recorded = {"scenarios": []}
        for name, steps in SCENARIOS.items():
            tables = described(shop)
            for step in steps:
                shop(*(["BEGIN", *step, "COMMIT"] if isinstance(step, list) else [step]))
            recorded["scenarios"].append({"name": name, "before": tables, "after": described(shop), "events": [row[0] for row in shop(EVENTS)]})
        used = "('int4', 'int8', 'text', 'bool', 'timestamptz', 'bpchar', 'money', '_text', '_int4', 'bytea', 'mood', '_mood', 'numeric')"
        recorded["types"] = shop("SELECT t.oid, CASE WHEN n.nspname = 'pg_catalog' THEN n.nspname ELSE 'public' END, t.typname, t.typtype, t.typbasetype, t.typtypmod, "
                                 "CASE WHEN t.typcategory = 'A' THEN t.typelem ELSE 0 END FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace WHERE t.typname IN " + used)
    finally:
        server.stop()
    to = REPO / "tests" / "data" / "wal"
    to.mkdir(exist_ok=True)
    (to / "recorded.json").write_text(json.dumps(recorded, indent=1, ensure_ascii=False) + "\n")


def described(shop):
    """The tables as they are: columns with number, type, modifier, NOT NULL and default."""
    tables = {}
    for table, kind, number, column, ty, modifier, not_null, default in shop(
            "SELECT c.relname, c.relkind, a.attnum, a.attname, a.atttypid, a.atttypmod, a.attnotnull, CASE WHEN a.attgenerated = '' THEN pg_get_expr(d.adbin, d.adrelid) END "
            "FROM pg_attribute a JOIN pg_class c ON c.oid = a.attrelid LEFT JOIN pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum "
            "WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p') AND NOT c.relispartition AND a.attnum > 0 AND NOT a.attisdropped AND a.attgenerated = '' "
            "ORDER BY 1, a.attnum"):
        of = tables.setdefault(table, {"partitioned": kind == "p", "columns": [], "keys": ["id", "at"] if table == "parts" else ["id"]})
        of["columns"].append({"number": int(number), "name": column, "type": int(ty), "modifier": int(modifier), "notNull": not_null == "t", "default": default})
    return tables


if __name__ == "__main__":
    main()
