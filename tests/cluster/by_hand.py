"""Tables of Doris that somebody has changed by hand, and such as are several of the source: what cannot be compared is said, and what cannot be looked at is not counted as right.

A part of verify_mysql.py, on its server and in a stand-in of its own.
"""

import json
import signal

from embedded import PROGRAM, call
from servers import Process
from verified import Verified
from whole_mysql import Moved

JOB = """name: by-hand
source:
  mysql: {{host: 127.0.0.1, port: {port}, username: reader, password-env: SOURCE_PASSWORD}}
target:
  doris: {{fenodes: "{fenodes}", username: root, password-env: DORIS_PASSWORD}}
tables:
  include: ['hand_dev\\..*']
  properties: {{replication: 1, buckets: 1}}
  rename: [{{from: 'hand_dev\\.part_\\d', to: 'hand_dev.parts'}}]
stages: [{stages}]
fullBatchSize: {at_once}
load: {load}
flink: {{parallelism: {parallelism}}}
"""
ROWS = 1000
SQL = ["CREATE DATABASE hand_dev CHARACTER SET utf8mb4",
       "CREATE TABLE hand_dev.part_1 (id INT PRIMARY KEY, v INT)", "CREATE TABLE hand_dev.part_2 (id INT PRIMARY KEY, v INT)",
       "INSERT INTO hand_dev.part_1 VALUES (1, 1), (3, 3)", "INSERT INTO hand_dev.part_2 VALUES (2, 2), (4, 4)",
       "CREATE TABLE hand_dev.letters (k VARCHAR(20) CHARACTER SET latin1 PRIMARY KEY, v INT)", "INSERT INTO hand_dev.letters VALUES ('é', 1), ('b', 2)",
       "CREATE TABLE hand_dev.ours (id INT PRIMARY KEY, v INT)", "INSERT INTO hand_dev.ours VALUES " + ", ".join(f"({i}, {i})" for i in range(ROWS)),
       "CREATE TABLE hand_dev.gone (id INT PRIMARY KEY, v INT)", "INSERT INTO hand_dev.gone VALUES (1, 1)",
       "SET SESSION sql_mode = ''", "CREATE TABLE hand_dev.points (t DATETIME(3) PRIMARY KEY, v INT)", "INSERT INTO hand_dev.points VALUES ('0000-00-00', 1), ('2024-01-31 10:00:00.5', 2)"]
#: The key may be NULL.
NULLS = ["CREATE DATABASE hand_dev", "CREATE TABLE hand_dev.ours (id INT NULL, v INT NULL, theirs INT NULL) UNIQUE KEY(id) DISTRIBUTED BY HASH(id) BUCKETS 1 "
         "PROPERTIES ('replication_num' = '1', 'enable_unique_key_merge_on_write' = 'true', 'function_column.sequence_type' = 'bigint')"]
PLANTED = ["INSERT INTO hand_dev.ours (id, v, __DORIS_SEQUENCE_COL__) VALUES (NULL, 7, 1)", "UPDATE hand_dev.ours SET theirs = 42, v = 0 WHERE id = 500",
           "INSERT INTO hand_dev.letters (k, v, __DORIS_SEQUENCE_COL__) VALUES ('🤣', 7, 1), ('ł', 8, 1)", "UPDATE hand_dev.gone SET v = 7 WHERE id = 1"]


class ByHand(Verified, Moved):
    """A job of these tables."""

    template = JOB


def by_hand(verified: ByHand, name: str) -> None:
    """All of it."""
    checks, source, target = verified.checks, verified.source.server, verified.target
    source.run(SQL)
    target.sql(*NULLS)
    verified.write(2, at_once=100)
    verified.said(f"{name}, moved", "run", "the input has ended: ")
    source.run(["DELETE FROM hand_dev.points WHERE v = 1"])
    target.sql(*PLANTED)
    report = verified.verify(name, code=1)
    refused = {table["table"]: table["refused"] for table in report["tables"] if table["refused"]}
    merged = all("are one in Doris, hand_dev.parts" in refused.get(f"hand_dev.part_{i}", "") for i in (1, 2))
    checks.check(f"{name}: tables that are one in Doris are not compared, and it says why", merged and len(refused) == 2, f"       {refused}")
    keys = {(table["table"], one["difference"], tuple(cell["value"] for cell in one["key"])) for table in report["tables"] for one in table["found"]}
    should = {("hand_dev.ours", "surplus", (None,)), ("hand_dev.ours", "different", ("500",)), ("hand_dev.letters", "surplus", ("🤣",)), ("hand_dev.letters", "surplus", ("ł",)),
              ("hand_dev.gone", "different", ("1",)), ("hand_dev.points", "surplus", (None,))}
    checks.check(f"{name}: a key that is NULL, one with letters that the column has not, and others are found", keys == should, f"       {sorted(map(str, keys ^ should))}")
    by_rows = verified.verify(f"{name}, by rows", "--mode", "rows", code=1)
    found = {(table["table"], one["difference"]) for table in by_rows["tables"] for one in table["found"]}
    checks.check(f"{name}: both modes find the same", found == {key[:2] for key in should}, f"       {found}")

    file, audit = verified.directory / "found.json", verified.directory / "audit.jsonl"
    file.write_text(json.dumps(report))
    target.sql("DROP TABLE hand_dev.gone")
    command = ("correct", verified.file, "--report", file, "--audit", audit, "--delete-surplus")
    code, would = call(verified.env, *command)
    warned = "the job does not write theirs" in would and "hand_dev.gone: 1 difference of the report: " in would
    checks.check(f"{name}: what will be lost, and what cannot be looked at, is said before", code == 1 and warned, f"       exit code {code}:\n{would[-3000:]}")
    code, text = call(verified.env, *command, "--apply")
    checks.check(f"{name}: what cannot be looked at is not counted as right", code == 1 and "Doris has no table hand_dev.gone" in text, f"       exit code {code}:\n{text[-3000:]}")
    done = "1 rows written, 4 deleted, 0 left that only Doris has"
    checks.check(f"{name}: what was said is what is done", done in would and done in text, f"       {would[-1500:]}\n{text[-1500:]}")
    lines = [json.loads(line) for line in audit.read_text().splitlines()]
    kept = next(line["before"].get("theirs") for line in lines if line["target"] == "hand_dev.ours" and line["action"] == "write")
    checks.check(f"{name}: the audit file has what was lost", kept == "42", f"       {lines}")
    rows = target.sql("SELECT COUNT(*), SUM(v) FROM hand_dev.ours")[0]
    checks.check(f"{name}: the rows are right", rows == [str(ROWS), str(sum(range(ROWS)))] and len(target.sql("SELECT * FROM hand_dev.parts")) == 4, f"       {rows}")


def killed_correction(verified: ByHand, name: str) -> None:
    """A correction that is killed in its middle: what it may have changed is in the audit file, and another one by the same report makes the rest right."""
    checks, target, wrong = verified.checks, verified.target, 800
    verified.write(2, at_once=100, load="{max-rows: 20}")
    target.sql(f"UPDATE hand_dev.ours SET v = -1 WHERE id < {wrong}")
    report, audit = verified.directory / "killed.json", verified.directory / "killed.jsonl"
    report.write_text(json.dumps(verified.verify(f"{name}, before", "--table", "hand_dev.ours", code=1)))
    left = lambda: int(target.sql("SELECT COUNT(*) FROM hand_dev.ours WHERE v = -1")[0][0])  # noqa: E731
    fault = target.admin("/faults", {"name": "slow_be", "count": 10_000, "value": 400})["id"]
    process = Process("canal-native correct", [PROGRAM, "correct", verified.file, "--report", report, "--audit", audit, "--apply"], verified.directory / "killed.out", verified.env)
    try:
        process.wait_for(lambda: left() < wrong, "in its middle")
        process.popen.send_signal(signal.SIGKILL)
        process.popen.wait()
    finally:
        process.stop()
        target.admin(f"/faults/{fault}", method="DELETE")
    before = left()
    named = {json.loads(line)["key"]["id"] for line in audit.read_text().splitlines()}
    changed = {row[0] for row in target.sql(f"SELECT id FROM hand_dev.ours WHERE id < {wrong} AND v <> -1")}
    checks.check(f"{name}: of {wrong} rows {len(changed)} were changed, and the audit file has them all", 0 < before < wrong and changed <= named, f"       {before} are left; not named: {sorted(changed - named)[:20]}")
    code, text = call(verified.env, "correct", verified.file, "--report", report, "--audit", audit, "--apply")
    rows = target.sql("SELECT COUNT(*), SUM(v) FROM hand_dev.ours")[0]
    checks.check(f"{name}: another one makes the rest right", code == 0 and rows == [str(ROWS), str(sum(range(ROWS)))], f"       exit code {code}, {rows}:\n{text[-2000:]}")
