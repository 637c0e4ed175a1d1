"""The tables that a captured workload ends in, and how those of a Doris differ from them.

tests/data/sync/final-<set>.json.gz is what the real database held (workload.py); exceptions.tsv is what Canal loses: sets, table, column (`*` is all its
rows), reason. The rules are those of tests/sync_workloads.rs, read here by a program of its own.
"""

import csv
import gzip
import json
import struct
from decimal import Decimal
from pathlib import Path

DATA = Path(__file__).resolve().parent.parent / "data" / "sync"
INTEGERS = {"tinyint", "smallint", "mediumint", "int", "bigint", "year"}


def of_set(name: str):
    """Table -> its columns (name, type) and rows, in the real database."""
    return json.loads(gzip.decompress((DATA / f"final-{name}.json.gz").read_bytes()))


def exceptions(name: str):
    """(table, column) of what is known to be lost -> why."""
    with open(DATA / "exceptions.tsv", encoding="utf-8", newline="") as lines:
        listed = csv.reader((line for line in lines if not line.startswith("#")), delimiter="\t", quoting=csv.QUOTE_NONE)
        return {(table, column): reason for sets, table, column, reason in listed if name in sets.split(",")}


def plain(value) -> str:
    """JSON by value: the order of members and how numbers are written do not count."""
    if isinstance(value, bool) or value is None or isinstance(value, str):
        return json.dumps(value)
    if isinstance(value, (int, float)):
        return repr(float(value))
    if isinstance(value, list):
        return f"[{','.join(map(plain, value))}]"
    return f"{{{','.join(sorted(f'{json.dumps(name)}:{plain(member)}' for name, member in value.items()))}}}"


def comparable(kind: str, text: str) -> str:
    """A value of that type of MySQL's, by MySQL or by Doris (docs/type-mapping.md), in one form."""
    base = kind.replace("(", " ").split(" ")[0]
    if base in INTEGERS:
        return str(int(text))
    if base == "decimal":
        # Zeros at the end of a DECIMAL beyond 38 digits are cut by Canal.
        number = f"{Decimal(text):f}"
        number = number.rstrip("0").rstrip(".") if "." in number else number
        return "0" if number == "-0" else number
    if base == "float":
        return repr(struct.unpack("f", struct.pack("f", float(text)))[0])
    if base == "double":
        # MySQL's own text has 16 digits of a very small or large number.
        return f"{float(text):.14e}"
    if base == "json":
        try:
            return plain(json.loads(text))
        except json.JSONDecodeError:
            return text
    return text


def expected(kind: str, text):
    """A cell of MySQL's as Doris is to have it: without zero dates."""
    zero_date = text is not None and kind.split("(")[0] in ("date", "datetime", "timestamp") and text.startswith("0000-00-00")
    return None if text is None or zero_date else comparable(kind, text)


def found(kind: str, text):
    """A cell of Doris'."""
    return None if text is None else comparable(kind, text)


def of_table(target, name: str, table):
    """What is otherwise in Doris: column (`*`: the rows as a whole) -> what there is."""
    database, short = name.split(".", 1)
    short = short.replace(".", "_")
    there = {row[0] for row in target.sql(f"SELECT COLUMN_NAME FROM information_schema.columns WHERE TABLE_SCHEMA = '{database}' AND TABLE_NAME = '{short}'")}
    columns, rows = table["columns"], table["rows"]
    if not there:
        return {"*": f"there is no such table; {len(rows)} rows"} if rows else {}
    missing = [column for column, _ in columns if column not in there]
    if missing:
        return {"*": f"columns are missing: {missing} of {sorted(there)}"}
    chosen = ", ".join(f"`{column}`" for column, _ in columns)

    def ordered(cells, form):
        formed = ([form(kind, cell) for cell, (_, kind) in zip(row, columns)] for row in cells)
        return sorted(formed, key=lambda row: [(cell is not None, cell or "") for cell in row])
    held, should = ordered(target.sql(f"SELECT {chosen} FROM `{database}`.`{short}`"), found), ordered(rows, expected)
    if [row[0] for row in held] != [row[0] for row in should]:
        return {"*": f"{len(held)} rows, {len(should)} expected"}
    differ = {}
    for at, (column, kind) in enumerate(columns):
        other = [(one[at], two[at]) for one, two in zip(held, should) if one[at] != two[at]]
        if other:
            differ[column] = f"{kind}: {len(other)} of {len(held)} cells; {other[0][0]!r} for {other[0][1]!r}"
    return differ


def differences(target, name: str):
    """Each difference that is not on the list, and each line of the list that has none."""
    known, used, wrong = exceptions(name), set(), []
    for table, content in of_set(name).items():
        for column, what in of_table(target, table, content).items():
            if (table, column) in known:
                used.add((table, column))
            else:
                wrong.append(f"{table} {column}: {what}")
    return wrong + [f"{table} {column} is on the list and does not differ" for table, column in known if (table, column) not in used]
