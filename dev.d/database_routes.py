"""What `./dev bench database` measures: messages of tables, and the routes that they take into Doris."""

import gzip
import json
from typing import NamedTuple

from parts import REPO

DATA = REPO / "tests" / "data"
HEAP = ["-Xms512m", "-Xmx512m", "-XX:+UseSerialGC"]
#: How a table's columns are declared in Doris.
DORIS_TYPES = {"TIMESTAMP(3)": "DATETIME(3)"}
#: Messages that a topic has, and files are read with: the file so often.
TOPIC_TIMES, COMMAND_TIMES = 1500, (200, 2200)
#: Milliseconds of CPU to warm up and to measure: what a topic of 1.4 GB lasts for.
KAFKA_BUDGET, KAFKA_SOURCE_BUDGET = (3000, 2000), (1000, 1000)
TABLES = (1, 10, 100, 1000)
#: What is asked of it.
TIMES_STOCK, FLAT, RESIDENT = 5, 0.8, 2 << 30


class Workload(NamedTuple):
    """Messages of one table, and its columns in Flink's types."""

    name: str
    lines: list
    columns: list

    def without_line_breaks(self):
        """For CSV: the stand-in counts lines, and the official connector has no way to write a line break."""
        return self._replace(name=f"{self.name}, CSV", lines=[line.replace("\\n", " ") for line in self.lines])

    def rows(self) -> int:
        """Of one pass over all messages: what is there afterwards, or deleted."""
        return sum(len(json.loads(line)["data"]) for line in self.lines)

    def moved(self) -> int:
        """Updates that change the key. Ours delete the old row as well; the official connector, as it comes, leaves it there."""
        messages = [json.loads(line) for line in self.lines]
        return sum(old is not None and "id" in old for message in messages if message["type"] == "UPDATE" for old in message["old"])

    def flink(self) -> str:
        """The columns as Flink's SQL."""
        return ", ".join(f"`{name}` {kind}{' NOT NULL' if name == 'id' else ''}" for name, kind in self.columns)

    def doris(self) -> str:
        """The columns as Doris' SQL."""
        return ", ".join(f"`{name}` {DORIS_TYPES.get(kind, kind)}{' NOT NULL' if name == 'id' else ''}" for name, kind in self.columns)


def of_bench(name: str, title: str) -> Workload:
    """Messages that `./dev bench` decodes."""
    lines = gzip.decompress((DATA / "bench" / f"{name}.json.gz").read_bytes()).decode().rstrip("\n").split("\n")
    columns = [line.split("\t") for line in (DATA / "bench" / f"{name}.schema").read_text().splitlines()]
    return Workload(title, lines, columns)


def orders() -> Workload:
    """The quickstart's captured table, without its statements."""
    lines = gzip.decompress((DATA / "quickstart" / "orders.jsonl.gz").read_bytes()).decode().rstrip("\n").split("\n")
    rows = [line for line in lines if (message := json.loads(line))["table"] == "orders" and message["data"]]
    columns = [("id", "BIGINT"), ("customer", "STRING"), ("amount", "DECIMAL(12,2)"), ("status", "STRING"), ("created", "TIMESTAMP(3)"), ("note", "STRING")]
    return Workload("shop orders", rows, columns)


class Outcome(NamedTuple):
    """What a run cost."""

    nanos: int
    measured: int
    emitted: int
    resident: int


class Route(NamedTuple):
    """A way of messages; those into nothing are what is subtracted."""

    name: str
    jar: str
    into: str
    of: str
    format: str = "json"


#: Bodies in WITH, by format. Separators are such as no text has.
BODIES = {"json": "'sink.properties.format' = 'json', 'sink.properties.read_json_by_line' = 'true'",
          "csv": "'sink.properties.format' = 'csv', 'sink.properties.column_separator' = '\\x01', 'sink.properties.line_delimiter' = '\\x02'"}
BUFFERS = "'sink.buffer-flush.max-rows' = '500000', 'sink.buffer-flush.max-bytes' = '10mb', 'sink.flush.queue-size' = '2'"
STREAMING, BATCH = "'connector' = 'doris', 'sink.enable-2pc' = 'true'", f"'connector' = 'doris', 'sink.enable.batch-mode' = 'true', {BUFFERS}"
NATIVE = f"'connector' = 'doris-native', 'sink.enable-2pc' = 'false', {BUFFERS}, 'sink.memory' = '30mb'"
READ_STOCK, READ = "messages, raw → blackhole", "messages → nothing"
SOURCES = [Route(READ_STOCK, "", "'connector' = 'blackhole'", ""), Route(READ, "native", "", "")]
DATABASE = "canal-to-doris"


def routes(form: str):
    """The routes that write bodies of a format."""
    return [Route("canal-json → doris, streaming, 2PC", "official", f"{STREAMING}, {BODIES[form]}", READ_STOCK, form),
            Route("canal-json → doris, batch mode", "official", f"{BATCH}, {BODIES[form]}", READ_STOCK, form),
            Route("canal-native tables: canal-json → doris-native, flush mode", "native", f"{NATIVE}, {BODIES[form]}", READ_STOCK, form),
            Route(DATABASE, "native", "", READ, form)]


def of_tables(products: Workload, count: int) -> Workload:
    """The same messages, by turns of so many tables with names of one length."""
    lines = [line.replace('"table":"products"', f'"table":"products_{i % count:04d}"') for i, line in enumerate(products.lines)]
    return products._replace(name=f"{count:,} tables" if count > 1 else "1 table", lines=lines)
