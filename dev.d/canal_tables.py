"""What the source's tables held in the end, by the messages alone: a reading of Canal's JSON that shares nothing with the decoder."""

from decimal import Decimal

from parts import Failure


def final_table(messages, table: str, key):
    """The rows of a table after all messages (parsed JSON), by the values of its key columns: key -> column -> text or None.

    A message that takes away or changes a row that is not there, or inserts one that is, is a Failure: then either the messages are
    incomplete or this reading of them is wrong.
    """
    def take(row):
        if rows.pop(tuple(row[name] for name in key), None) is None:
            raise Failure(f"{table}: the messages change the row {row}, which is not there")

    def put(row):
        if rows.setdefault(tuple(row[name] for name in key), row) is not row:
            raise Failure(f"{table}: the messages insert the row {row}, whose key is there")
    rows = {}
    for message in messages:
        if message["table"] != table or message["isDdl"] or message["data"] is None:
            continue
        for number, row in enumerate(message["data"]):
            if message["type"] == "UPDATE":
                take({**row, **message["old"][number]})
            if message["type"] == "DELETE":
                take(row)
            else:
                put(row)
    return rows


def decimal(scale: int):
    """How a DECIMAL column of that scale reads, for Canal writes as few digits as it likes."""
    return lambda text: f"{Decimal(text):.{scale}f}"


def cells(rows, columns, forms):
    """The rows as lists of texts in the order of their keys as text; `forms` are columns whose text reads otherwise in Doris."""
    def cell(row, name):
        return row[name] if row[name] is None or name not in forms else forms[name](row[name])
    return sorted(([cell(row, name) for name in columns] for row in rows.values()), key=str)
