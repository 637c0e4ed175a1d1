"""A job that was run, and verified: all that it moved is equal, each planted difference is found and nothing else, however it is looked for; and all is made right.

What verify_mysql.py and verify_postgres.py share: the tables in the stand-in for Doris, into which differences are planted by SQL, and the report, held to its schema.
"""

import json
import random
import re
import signal
import sys
import threading
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent / "dev.d"))

from embedded import PROGRAM, Job, call  # noqa: E402
from parts import REPO, Failure, Parts, java_home, say  # noqa: E402
from servers import Flink, Process  # noqa: E402
from whole_mysql import PASSWORD  # noqa: E402

NUMBERS = ("tinyint", "smallint", "int", "bigint", "largeint", "decimal", "float", "double")
SCHEMA = json.loads((REPO / "docs" / "verify-report.schema.json").read_text())
#: What says how a table was compared, not what was found.
WAY = ("byRows", "rowsRead", "ranges")
#: Rows of the large table, which is one range: enough to be parted.
WORDS = 30_000
SECONDS_OF_WRITING = 25
TYPES = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict, "null": type(None)}


def quoted(text: str) -> str:
    """A text in SQL, of either server."""
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


def base_of(kind: str) -> str:
    """A type without its length and version: `datetimev2(6)` is `datetime`. Doris calls BOOLEAN `tinyint(1)` there, and LARGEINT `bigint unsigned`."""
    return "boolean" if kind.lower() == "tinyint(1)" else kind.split("(")[0].lower().removesuffix(" unsigned").removesuffix("v2").removesuffix("v3")


def other(kind: str, text):
    """A literal of a Doris type that is not the value of that text."""
    base = base_of(kind)
    if base == "boolean":
        return "1" if text in ("0", None) else "0"
    if base in NUMBERS:
        digits = re.search(r"\((\d+), ?(\d+)\)", kind)
        # Where no digit is before the point 1 would be NULL.
        one, two = ("0.1", "0.2") if digits and digits[1] == digits[2] else ("1", "2")
        return one if text is None or float(text) != float(one) else two
    if base == "date":
        return "'2001-02-03'" if text != "2001-02-03" else "'2001-02-04'"
    if base == "datetime":
        return "'2001-02-03 04:05:06'" if text is None or not text.startswith("2001") else "'2002-02-03 04:05:06'"
    if base == "json":
        return "'{\"planted\": 1}'"
    # One character of a text is another one, or its case is.
    return quoted(text.swapcase() if text and text.swapcase() != text else (text or "")[:-1] + "~")


def broken(schema, value, path: str):
    """Where a value is not what a schema says, by the words that docs/verify-report.schema.json uses."""
    kinds = schema.get("type", [])
    if kinds and not any(type(value) is TYPES[kind] for kind in ([kinds] if isinstance(kinds, str) else kinds)):
        yield f"{path}: {value!r} is no {kinds}"
        return
    if value not in schema.get("enum", [value]) or type(value) is int and value < schema.get("minimum", value):
        yield f"{path}: {value!r}"
    if type(value) is dict:
        yield from (f"{path}: no {name}" for name in schema["required"] if name not in value)
        yield from (f"{path}: {name} is not known" for name in value if name not in schema["properties"])
    for name, inner in schema.get("properties", {}).items():
        if name in value:
            yield from broken(inner, value[name], f"{path}.{name}")
    for item in value if "items" in schema else ():
        yield from broken(schema["items"], item, f"{path}[]")


class Table:
    """A table in the stand-in."""

    def __init__(self, target, name: str):
        self.target, (self.database, self.short) = target, name.split(".", 1)
        rows = target.sql(f"SELECT COLUMN_NAME, COLUMN_TYPE, COLUMN_KEY, IS_NULLABLE FROM information_schema.columns WHERE TABLE_SCHEMA = '{self.database}' "
                          f"AND TABLE_NAME = '{self.short}' ORDER BY ORDINAL_POSITION")
        self.columns = [(name, kind, bool(key), nullable == "YES") for name, kind, key, nullable in rows]
        self.keys = [i for i, column in enumerate(self.columns) if column[2]]
        # In one order, so that a seed plants the same whenever rows have come.
        self.rows = sorted(target.sql(self.selected()), key=repr)

    def selected(self) -> str:
        """The statement that reads rows to plant in."""
        return f"SELECT {self.names()} FROM {self.name()}"

    def name(self) -> str:
        """For SQL."""
        return f"`{self.database}`.`{self.short}`"

    def names(self) -> str:
        """Of all columns, for SQL."""
        return ", ".join(f"`{column[0]}`" for column in self.columns)

    def literal(self, i: int, value) -> str:
        """A value of a column, for SQL."""
        if value is None:
            return "NULL"
        return value if base_of(self.columns[i][1]) in NUMBERS + ("boolean",) else quoted(value)

    def where(self, row) -> str:
        """The row's key as a condition."""
        return " AND ".join(f"`{self.columns[i][0]}` " + ("IS NULL" if row[i] is None else f"= {self.literal(i, row[i])}") for i in self.keys)

    def key(self, row):
        """The row's key, to compare by."""
        return tuple(row[i] for i in self.keys)

    def plant(self, chance: random.Random):
        """Makes each column of some row another one, takes a row away and adds one: what is to be found, by key."""
        planted, left = {}, list(self.rows)
        chance.shuffle(left)
        if len(left) > 3:
            self.plant_gone(left.pop(), planted)
        added = self.added(chance.choice(self.rows)) if self.rows else None
        if added:
            self.plant_added(added, planted)
        return self.plant_others(chance, left, planted)

    def plant_others(self, chance: random.Random, rows, planted):
        """Makes each column of some row another one, and notes it."""
        for i, (column, kind, key, nullable) in enumerate(self.columns):
            if key or not rows:
                continue
            row = chance.choice(rows)
            to_null = nullable and row[i] is not None and chance.random() < 0.3
            value = "NULL" if to_null else other(kind, row[i])
            try:
                self.target.sql(f"UPDATE {self.name()} SET `{column}` = {value} WHERE {self.where(row)}")
            except Failure as failure:
                raise Failure(f"{self.name()}, {column} {kind}: {failure}") from None
            planted.setdefault(self.key(row), ("different", set()))[1].add(column)
        return planted

    def plant_added(self, added, planted) -> None:
        """Adds a row, and notes it."""
        values = ", ".join(self.literal(i, value) for i, value in enumerate(added))
        self.target.sql(f"INSERT INTO {self.name()} ({self.names()}, __DORIS_SEQUENCE_COL__) VALUES ({values}, 1)")
        planted[self.key(added)] = ("surplus", set())

    def plant_gone(self, gone, planted) -> None:
        """Takes a row away, and notes it."""
        self.target.sql(f"DELETE FROM {self.name()} WHERE {self.where(gone)}")
        planted[self.key(gone)] = ("missing", set())

    def added(self, like):
        """A row whose key is in no range: at one of the ends, or between."""
        row, taken = list(like), {self.key(row) for row in self.rows}
        for i in self.keys:
            kind = base_of(self.columns[i][1])
            for value in {"boolean": (), "date": ("9998-12-31", "1000-01-01"), "datetime": ("9998-12-31 01:02:03",)}.get(kind, ("101", "0", "-101") if kind in NUMBERS else ("FFFF0A", "0~")):
                if self.key(row[:i] + [value] + row[i + 1:]) not in taken:
                    row[i] = value
                    return row
        return None


class Verified:
    """A job whose tables are verified: beside a class of whole_mysql.py's jobs."""

    #: The large table.
    words = "keys_dev.words"
    #: What is said of a table that cannot be compared: one of these.
    refusals = ("has no primary key", "Doris does not allow the column name")

    def verify(self, name: str, *options, code: int = None):
        """The report."""
        self.outputs += 1
        report = self.directory / f"{self.outputs}.json"
        ended, text = call(self.env, "verify", self.file, "--report", report, "--html", report.with_suffix(".html"), *options, seconds=1200)
        good = report.exists() and (code is None or ended == code)
        self.checks.check(f"{name}: it verifies", good, f"       exit code {ended}:\n{text[-4000:]}")
        return self.valid(name, json.loads(report.read_text())) if report.exists() else {"tables": []}

    def valid(self, name: str, report):
        """The report, held to the published schema."""
        wrong = list(broken(SCHEMA, report, ""))
        if wrong:
            self.checks.check(f"{name}: the report is what the schema says", False, "       " + "\n       ".join(wrong[:10]))
        return report

    def compared(self, report):
        """The tables that were compared, by name."""
        return {table["table"]: table for table in report["tables"] if table["refused"] is None}


def found_in(report):
    """The tables with what was found of them, however and in whichever order it was."""
    tables = [{key: value for key, value in table.items() if key not in WAY} for table in report["tables"]]
    return [{**table, "found": sorted(table["found"], key=lambda found: json.dumps(found["key"]))} for table in tables]


def nothing_differs(verified: Verified, name: str) -> None:
    """Everything that a job has moved is equal, by the sums of both servers, without reading a row, and row by row."""
    report = verified.verify(name)
    summed = [table for table in report["tables"] if table["refused"] is None and table["byRows"] is None]
    # Rows that cannot be loaded are in no sum of Doris.
    read = [table["table"] for table in summed if table["rowsRead"] and not table["unloadable"]]
    verified.checks.check(f"{name}: of {len(summed)} tables sums are enough", len(summed) > 20 and not read, f"       rows were read of {read}")
    why = {table["table"]: table["byRows"] for table in report["tables"] if table["byRows"] is not None}
    known = all("FLOAT and DOUBLE" in reason or "JSON is compared by value" in reason or "no text of" in reason for reason in why.values())
    verified.checks.check(f"{name}: of {len(why)} tables all rows are read, and it says why", known, "       " + json.dumps(why, indent=1)[:3000])
    by_rows = verified.verify(f"{name}, by rows", "--mode", "rows")
    verified.checks.check(f"{name}: both modes find the same", found_in(report) == found_in(by_rows), differing(report, by_rows))
    tables = verified.compared(report)
    wrong = [table for table in tables.values() if table["missing"] + table["surplus"] + table["different"] + table["moving"]]
    refused = {table["table"]: table["refused"] for table in report["tables"] if table["refused"]}
    verified.checks.check(f"{name}: {len(tables)} tables are equal", len(tables) > 30 and not wrong, "       " + json.dumps(wrong, indent=1)[:4000])
    known = all(any(word in why for word in verified.refusals) for why in refused.values())
    verified.checks.check(f"{name}: {len(refused)} tables cannot be compared, and it says why", known, f"       {refused}")
    unloadable = {table["table"]: table["unloadableReason"] for table in tables.values() if table["unloadable"]}
    say(f"not compared: {sorted(refused)}; rows that cannot be loaded: {unloadable}")


def differing(one, other) -> str:
    """The first tables of which two reports say something else."""
    pairs = zip(found_in(one), found_in(other))
    return "       " + "\n       ".join([json.dumps(pair)[:1500] for pair in pairs if pair[0] != pair[1]][:3])


def planted(verified: Verified, seed: int, name: str) -> None:
    """Each difference that is planted is found, and nothing else is."""
    chance = random.Random(seed)
    tables = verified.compared(verified.verify(f"{name}, before"))
    expected = {}
    for source, table in tables.items():
        there = Table(verified.target, table["target"])
        notes = {note.split()[2] for note in table["notes"]}
        expected[source] = {key: (how, columns - notes) for key, (how, columns) in there.plant(chance).items()}
    report = verified.verify(name, "--samples", "10000", code=1)
    wrong, count, columns = [], 0, 0
    for source, table in verified.compared(report).items():
        found = {tuple(cell["value"] for cell in one["key"]): (one["difference"], {cell["column"] for cell in one["cells"]} if one["difference"] == "different" else set())
                 for one in table["found"]}
        should = {canonical(key): what for key, what in expected[source].items()}
        found = {canonical(key): what for key, what in found.items()}
        count, columns = count + len(should), columns + sum(len(what[1]) for what in should.values())
        if found != should:
            both = {key: (found.get(key), should.get(key)) for key in found.keys() | should.keys() if found.get(key) != should.get(key)}
            wrong.append(f"{source}: found, planted: {dict(list(both.items())[:4])}")
    verified.checks.check(f"{name} (seed {seed}): {count} rows with differences in {columns} cells are found, and nothing else", count > 100 and not wrong, "       " + "\n       ".join(wrong[:20]))
    by_rows = verified.verify(f"{name}, by rows", "--samples", "10000", "--mode", "rows", code=1)
    verified.checks.check(f"{name}: both modes find the same", found_in(report) == found_in(by_rows), differing(report, by_rows))
    words = verified.compared(report)[verified.words]
    verified.checks.check(f"{name}: of a large table few rows are read", words["byRows"] is None and 0 < words["rowsRead"] < WORDS / 20 and words["sourceRows"] == WORDS, f"       {words}")
    page = sorted(verified.directory.glob("*.html"), key=lambda page: page.stat().st_mtime)[-1].read_text()
    verified.checks.check(f"{name}: the page has them", "<svg" in page and "NOT equal" in page, page[:300])


def corrected(verified: Verified, name: str) -> None:
    """What was planted is said, and made right: first without what only Doris has, then all of it."""
    verified.verify(f"{name}, before", "--samples", "10000", code=1)
    report, audit = verified.directory / f"{verified.outputs}.json", verified.directory / "audit.jsonl"
    before = json.loads(report.read_text())["tables"]
    count = {how: sum(table[how] for table in before) for how in ("missing", "surplus", "different")}
    code, text = call(verified.env, "correct", verified.file, "--report", report, "--audit", audit)
    would = f"nothing was done; --apply does it: {count['missing'] + count['different']:,} rows written, 0 deleted, {count['surplus']:,} left that only Doris has"
    verified.checks.check(f"{name}: it says what it would do, and does nothing", code == 1 and would in text and not audit.exists(), f"       exit code {code}:\n{text[-3000:]}")
    code, text = call(verified.env, "correct", verified.file, "--report", report, "--audit", audit, "--apply")
    verified.checks.check(f"{name}: what only Doris has stays", code == 1 and f"0 deleted, {count['surplus']:,} left" in text, f"       exit code {code}:\n{text[-3000:]}")
    code, text = call(verified.env, "correct", verified.file, "--report", report, "--audit", audit, "--apply", "--delete-surplus")
    verified.checks.check(f"{name}: all is made right", code == 0, f"       exit code {code}:\n{text[-3000:]}")
    lines = [json.loads(line) for line in audit.read_text().split("\n") if line]
    done = {action: sum(line["action"] == action for line in lines) for action in ("write", "delete")}
    should = {"write": count["missing"] + count["different"], "delete": count["surplus"]}
    verified.checks.check(f"{name}: the audit file has {sum(done.values())} changes", done == should, f"       {done}, and {should} were to be made")
    nothing_differs(verified, f"{name}, after")


def canonical(key):
    """A key of the report and one of the stand-in, in one form."""
    return tuple(cell if cell is None or not re.search(r"\d\.\d+$", cell) or cell.count(".") > 1 else cell.rstrip("0").rstrip(".") for cell in (None if value is None else value.removesuffix(" 00:00:00") for value in key))


def killed(verified: Verified, name: str) -> None:
    """A verification that is killed goes on from its last checkpoint, and finds the same."""
    whole = verified.verify(f"{name}, undisturbed")
    state = verified.file.with_suffix(".verify")
    for sign in (signal.SIGKILL, signal.SIGINT):
        verified.outputs += 1
        output = verified.directory / f"{verified.outputs}.out"
        process = Process("canal-native verify", [PROGRAM, "verify", verified.file, "--rows-per-second", "400"], output, verified.env)
        try:
            # A line of progress: signals are heard by then.
            process.wait_for(lambda output=output: " rows compared" in output.read_text(errors="replace") and any(state.glob("checkpoints/*/chk-*/_metadata")), "at a checkpoint")
            process.popen.send_signal(sign)
            process.popen.wait(120)
        finally:
            process.stop()
    verified.outputs += 1
    report = verified.directory / f"{verified.outputs}.json"
    _, text = call(verified.env, "verify", verified.file, "--report", report, seconds=1200)
    verified.checks.check(f"{name}: it goes on", "goes on from savepoints/" in text, text[-3000:])
    found = json.loads(report.read_text())
    verified.checks.check(f"{name}: and finds the same", found_in(found) == found_in(whole), differing(found, whole))
    code, text = call(verified.env, "status", verified.file)
    verified.checks.check(f"{name}: the job's status has it", code == 0 and "\n  verified " in text, text)


def on_cluster(verified: Verified, options, name: str) -> None:
    """The same by `flink run`: the client gets the report."""
    flink = Flink(Parts(options.flink), verified.directory / "flink", [options.jar], options.java or java_home())
    report = verified.directory / "cluster.json"
    try:
        flink.start()
        flink.wait()
        flink.env.update(DORIS_PASSWORD="", SOURCE_PASSWORD=PASSWORD)
        process = flink.process("client", ["flink", "run", options.jar, "verify", verified.file, "--report", report], "verify", flink.client_java)
        try:
            code = process.popen.wait(600)
        finally:
            process.stop()
        text = process.log.read_text(errors="replace")
        found = json.loads(report.read_text()) if report.exists() else {"equal": None, "tables": []}
        # Tables that cannot be compared are among them, so not all is equal.
        good = code == (0 if found["equal"] else 1) and "rows of" in text and (found["equal"] or "NotEqualException" in text)
        verified.checks.check(f"{name}: the client shows the report", good, f"       exit code {code}:\n{text[-4000:]}")
        here = verified.verify(f"{name}, here")
        verified.checks.check(f"{name}: it finds the same", found_in(found) == found_in(here), differing(found, here))
    finally:
        flink.stop()


def while_written(verified: Verified, name: str, change) -> None:
    """The job runs, and the source is written by what `change` makes: what is on its way is no difference."""
    verified.write(2, stages="schema-migration, full-data, incremental", at_once=500)
    verified.outputs += 1
    job = Job(verified.env, verified.file, verified.directory / f"{verified.outputs}.out")
    over = threading.Event()

    def write() -> None:
        step, end = change(), time.monotonic() + SECONDS_OF_WRITING
        while time.monotonic() < end and not over.is_set():
            step()
    try:
        job.wait_for(lambda: "in step with the source: " in job.text(), "in step")
        writing = threading.Thread(target=write)
        writing.start()
        try:
            report = verified.verify(name)
        finally:
            over.set()
            writing.join()
        wrong = [table for table in verified.compared(report).values() if table["missing"] + table["surplus"] + table["different"] + table["moving"]]
        verified.checks.check(f"{name}: nothing is reported", len(report["tables"]) > 30 and not wrong, "       " + json.dumps(wrong, indent=1)[:3000])
        job.end(signal.SIGINT)
    finally:
        job.stop()
