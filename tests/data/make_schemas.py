#!/usr/bin/env python3
"""Writes canal/captured/schemas.json: for each captured set and table, the columns a user would declare.

Usage: python3 make_schemas.py [--check]     (--check: compare only, exit 1 if the file is out of date)

A column's type follows its `mysqlType`; where a type has values that Flink's type cannot hold (zero dates, times beyond
a day, a TINYINT(1) that is not 0 or 1) the observed values decide. A table that was altered gets the union of its columns.
"""
import gzip
import json
import re
import sys
from datetime import date
from pathlib import Path

HERE = Path(__file__).resolve().parent
CAPTURED = HERE / "canal" / "captured"
SETS = ["mysql80", "mysql97", "mariadb", "canal114", "pkhash3"]

INTEGERS = {  # MySQL type: (signed, unsigned)
    "tinyint": ("TINYINT", "SMALLINT"),
    "smallint": ("SMALLINT", "INT"),
    "mediumint": ("INT", "INT"),
    "int": ("INT", "BIGINT"),
    "bigint": ("BIGINT", "DECIMAL(20,0)"),
}
BYTES = {"binary", "varbinary", "tinyblob", "blob", "mediumblob", "longblob", "point", "linestring", "polygon",
         "geometry", "multipoint", "multilinestring", "multipolygon", "geometrycollection"}
FLOATS = {"float": "FLOAT", "double": "DOUBLE", "real": "DOUBLE"}
# When an ALTER changed a column's type: the later of the two in this list holds both.
WIDENING = ["TINYINT", "SMALLINT", "INT", "BIGINT", "DECIMAL(20,0)", "STRING"]


def is_date(text):
    try:
        date.fromisoformat(text)
        return bool(re.fullmatch(r"\d{4}-\d\d-\d\d", text))
    except ValueError:
        return False


def is_timestamp(text):
    return bool(re.fullmatch(r".{10} ([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?", text)) and is_date(text[:10])


def is_time(text):
    return bool(re.fullmatch(r"([01]\d|2[0-3]):[0-5]\d:[0-5]\d(\.\d{1,9})?", text))


def bit_type(bits):
    if bits == 1:
        return "BOOLEAN"
    return "BIGINT" if bits < 64 else "DECIMAL(20,0)"


def decimal_type(arguments):
    precision, scale = (arguments + [0])[:2] if arguments else (10, 0)
    return f"DECIMAL({precision},{scale})" if precision <= 38 else "STRING"


def sql_type(mysql_type, values):
    """The Flink SQL type for a column of `mysql_type` that was seen with `values` (texts)."""
    lower = mysql_type.lower()
    base = re.match(r"[a-z0-9]+", lower).group()
    arguments = [int(n) for n in re.findall(r"\d+", lower[len(base):].split(")")[0])] if "(" in lower else []
    small = all(v in ("0", "1") for v in values)
    if base == "boolean" or (base == "tinyint" and arguments == [1]):
        return "BOOLEAN" if small else "TINYINT"
    if base in INTEGERS:
        return INTEGERS[base]["unsigned" in lower]
    if base in ("decimal", "numeric"):
        return decimal_type(arguments)
    if base == "bit":
        return bit_type(arguments[0] if arguments else 1)
    if base in FLOATS:
        return FLOATS[base]
    if base == "date":
        return "DATE" if all(map(is_date, values)) else "STRING"
    if base in ("datetime", "timestamp"):
        return f"TIMESTAMP({(arguments or [0])[0]})" if all(map(is_timestamp, values)) else "STRING"
    if base == "time":
        return f"TIME({(arguments or [0])[0]})" if all(map(is_time, values)) else "STRING"
    if base == "year":
        return "INT"
    return "BYTES" if base in BYTES else "STRING"


def wider(one, other):
    if one == other:
        return one
    if one in WIDENING and other in WIDENING:
        return max(one, other, key=WIDENING.index)
    return "STRING"


ROOTS = {"INT": "INTEGER", "STRING": "VARCHAR", "BYTES": "VARBINARY"}


def spec_type(sql):
    """The type as the decoder's specification writes it (native/src/schema.rs)."""
    base, arguments = re.fullmatch(r"([A-Z]+)(?:\(([\d,]+)\))?", sql).groups()
    numbers = [int(n) for n in arguments.split(",")] if arguments else []
    if base == "DECIMAL":
        return {"root": "DECIMAL", "precision": numbers[0], "scale": numbers[1]}
    if base == "TIMESTAMP":
        return {"root": "TIMESTAMP_WITHOUT_TIME_ZONE", "precision": numbers[0]}
    if base == "TIME":
        return {"root": "TIME_WITHOUT_TIME_ZONE", "precision": numbers[0]}
    return {"root": ROOTS.get(base, base)}


def tables_of(lines):
    """database.table -> column -> (the mysqlTypes it had, the texts it was seen with), in order of appearance."""
    tables = {}
    for line in lines:
        message = json.loads(line)
        if not message["data"] or not message["mysqlType"]:
            continue
        columns = tables.setdefault(f"{message['database']}.{message['table']}", {})
        for name, mysql_type in message["mysqlType"].items():
            types, values = columns.setdefault(name, (set(), set()))
            types.add(mysql_type)
            for image in message["data"] + (message["old"] or []):
                if image.get(name) is not None:
                    values.add(image[name])
    return tables


def fields_of(columns):
    fields = []
    for name, (types, values) in columns.items():
        sql = None
        for mysql_type in sorted(types):
            one = sql_type(mysql_type, values)
            sql = one if sql is None else wider(sql, one)
        fields.append({"name": name, "sql": sql, "type": spec_type(sql)})
    return fields


def render():
    sets = []
    for name in SETS:
        with gzip.open(CAPTURED / f"{name}.jsonl.gz", "rt", encoding="utf-8", newline="\n") as lines:
            tables = tables_of(lines)
        rows = []
        for table, columns in sorted(tables.items()):
            fields = ",\n".join("   " + json.dumps(f, ensure_ascii=False) for f in fields_of(columns))
            rows.append(f"  {json.dumps(table, ensure_ascii=False)}: [\n{fields}\n  ]")
        sets.append(f" {json.dumps(name)}: {{\n" + ",\n".join(rows) + "\n }")
    return "{\n" + ",\n".join(sets) + "\n}\n"


def main():
    target, text = CAPTURED / "schemas.json", render()
    if "--check" in sys.argv[1:]:
        if not target.exists() or target.read_text(encoding="utf-8") != text:
            sys.exit(f"{target.name} is out of date: run python3 {Path(__file__).name}")
        return
    target.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
