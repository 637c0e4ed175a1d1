"""The captured workloads' SQL on real servers: the tables that they end in, as tests/data/sync has them for `cargo test --test sync_workloads`.

Usage: workload.py [--write]. Runs on MariaDB (Debian's mariadb-server-core) and on the MySQL 8.0 of Maven Central (or of $MYSQL_HOME), which also
runs the workload of MySQL 9.7: nothing in it needs a later one. Compares what the tables hold with the stored
files, or with --write writes these. The last line is `N passed, N failed`.
"""

import argparse
import gzip
import json
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "dev.d"))

import run  # noqa: E402
from databases import DATABASES  # noqa: E402
from parts import REPO, Failure, run_logged, say  # noqa: E402
from quickstart import run_dir  # noqa: E402

DATA = REPO / "tests" / "data" / "sync"
TABLES = """SELECT table_schema, table_name FROM information_schema.tables
            WHERE table_type LIKE '%BASE TABLE%' AND table_schema LIKE '%\\_dev%' ORDER BY 1, 2"""
COLUMNS = """SELECT column_name, data_type, column_type FROM information_schema.columns
             WHERE table_schema = '{}' AND table_name = '{}' ORDER BY ordinal_position"""
BYTES = {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "geometry", "point", "linestring", "polygon", "multipoint",
         "multilinestring", "multipolygon", "geometrycollection", "geomcollection"}


def statements(text: str):
    """A script's statements; a semicolon in quotes or in a comment ends none."""
    start, at, quote = 0, 0, ""
    while at < len(text):
        char = text[at]
        if quote:
            at += char == "\\" and quote != "`"
            quote = "" if char == quote else quote
        elif char in "'\"`":
            quote = char
        elif text.startswith("/*", at):
            at = text.index("*/", at) + 1
        elif char == "#" or text.startswith("-- ", at):
            at = text.find("\n", at) if "\n" in text[at:] else len(text)
        elif char == ";":
            yield text[start:at].strip()
            start = at + 1
        at += 1
    if text[start:].strip():
        yield text[start:].strip()


def shown(name: str, kind: str) -> str:
    """A column as comparable text."""
    name = "`" + name.replace("`", "``") + "`"
    if kind in BYTES:
        return f"HEX({name})"
    if kind == "bit":
        return f"CAST({name} + 0 AS CHAR)"
    if kind in ("float", "double"):
        return f"CAST({name} * 1E0 AS CHAR)"
    return f"CAST({name} AS CHAR CHARACTER SET utf8mb4)"


def dump(server) -> dict:
    """All tables of the workload."""
    tables = {}
    for database, table in server.run([TABLES]):
        columns = server.run([COLUMNS.format(database, table.replace("\\", "\\\\").replace("'", "''"))])
        chosen = ", ".join(shown(name, kind) for name, kind, _ in columns)
        rows = server.run([f"SELECT {chosen} FROM `{database}`.`{table}`"])
        tables[f"{database}.{table}"] = {"columns": [[name, ty] for name, _, ty in columns], "rows": sorted(([*row] for row in rows), key=str)}
    return tables


def main() -> None:
    """Runs each workload on its server."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--write", action="store_true", help="write the files instead of comparing with them")
    options = parser.parse_args()
    directory, checks = run_dir(), run.Checks()
    servers = {name: make(directory / name) for name, make in dict(DATABASES, mysql97=DATABASES["mysql80"]).items()}
    for name, server in servers.items():
        try:
            say(f"starting the server of {name}")
            server.start()
            # The clock stands still, so that a run ends as the one before did.
            server.run(["SET timestamp = 1795228000"] + list(statements(gzip.decompress((DATA / f"workload-{name}.sql.gz").read_bytes()).decode())))
            found = json.dumps(dump(server), ensure_ascii=False, indent=0, sort_keys=True)
        finally:
            server.stop()
        file = DATA / f"final-{name}.json.gz"
        if options.write:
            file.write_bytes(gzip.compress(found.encode(), 9, mtime=0))
            say(f"written: {file.relative_to(REPO)}")
        else:
            checks.check(f"the tables of {name} are those of {file.name}", found == gzip.decompress(file.read_bytes()).decode(), "they differ")
    print(f"{checks.passed} passed, {checks.failed} failed", flush=True)
    sys.exit(1 if checks.failed else 0)


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"workload: {failure}")
