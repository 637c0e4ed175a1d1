"""Canal messages for the soak: two tables' changes by a seeded generator that knows which rows are there, in the form that Canal writes."""

import json
import random

#: Canal's `mysqlType` and `sqlType`, as MySQL's tables would have them.
ORDERS = {"id": ("BIGINT", -5), "customer": ("VARCHAR(64)", 12), "amount": ("DECIMAL(12,2)", 3), "status": ("ENUM('new','paid','shipped')", 4),
          "created": ("DATETIME(3)", 93), "note": ("TEXT", 2005)}
JOURNAL = {"entry": ("BIGINT", -5), "what": ("VARCHAR(64)", 12)}
TEXTS = ["plain", "中文测试", "emoji 🚲 and 𠜎", "quote \" and '", "back\\slash\\", "line\nbreak\ttab", "comma, and more", "", "NULL", "\\N", "한국어 \u0001 control"]
#: Rows that live at once, at most; beyond, deletes come as often as inserts.
LIVE = 3000


class Messages:
    """The source: each call of `next` is one change of one table, as a line of JSON."""

    def __init__(self, seed: int):
        self.random, self.rows, self.deleted = random.Random(seed), {}, []
        self.keys = self.entries = self.number = 0
        #: How many rows were inserted, updated, deleted, how many updates changed the key, how many journal entries there are.
        self.count = dict.fromkeys(("insert", "update", "key", "delete", "journal", "other"), 0)

    def next(self) -> str:
        """The next message."""
        kind = self.random.choices(("insert", "update", "key", "delete", "journal", "other"), (24, 30, 8, 12 if len(self.rows) < LIVE else 40, 25, 1))[0]
        self.number += 1
        if kind in ("update", "key", "delete") and len(self.rows) < 50:
            kind = "insert"
        return getattr(self, f"_{kind}")()

    def _insert(self) -> str:
        rows = [self._row(self._free_key()) for _ in range(self.random.randint(1, 12))]
        self.rows.update((row["id"], row) for row in rows)
        self.count["insert"] += len(rows)
        return self._message("orders", "INSERT", ORDERS, "id", rows)

    def _update(self) -> str:
        before = [self.rows[key] for key in self._some(8)]
        after = [{**row, **{name: self._row(row["id"])[name] for name in self.random.sample(list(ORDERS)[1:], self.random.randint(1, 3))}} for row in before]
        return self._changed(before, after, "update")

    def _key(self) -> str:
        """An update of the key: the old one is free again, at times the new one was another row's before."""
        before = [self.rows[key] for key in self._some(3)]
        after = [{**self._row(self._free_key()), "note": row["note"]} for row in before]
        return self._changed(before, after, "key")

    def _changed(self, before, after, what: str) -> str:
        for old, new in zip(before, after):
            del self.rows[old["id"]]
            self.rows[new["id"]] = new
            if old["id"] != new["id"]:
                self.deleted.append(old["id"])
        self.count[what] += len(after)
        old = [{name: was[name] for name in was if was[name] != now[name]} for was, now in zip(before, after)]
        return self._message("orders", "UPDATE", ORDERS, "id", after, old)

    def _delete(self) -> str:
        rows = [self.rows.pop(key) for key in self._some(10)]
        self.deleted += [row["id"] for row in rows]
        self.count["delete"] += len(rows)
        return self._message("orders", "DELETE", ORDERS, "id", rows)

    def _journal(self) -> str:
        rows = []
        for _ in range(self.random.randint(1, 30)):
            self.entries += 1
            rows.append({"entry": str(self.entries), "what": self.random.choice(TEXTS)})
        self.count["journal"] += len(rows)
        return self._message("journal", "INSERT", JOURNAL, "entry", rows)

    def _other(self) -> str:
        """What every topic has some of: an event without rows."""
        self.count["other"] += 1
        message = {"data": None, "database": "soak", "es": self._time(), "gtid": "", "id": self.number, "isDdl": True, "mysqlType": None, "old": None,
                   "pkNames": None, "sql": "ALTER TABLE `orders` COMMENT 'soak'", "sqlType": None, "table": "orders", "ts": self._time() + 7, "type": "ALTER"}
        return json.dumps(message, ensure_ascii=False, separators=(",", ":"))

    def _message(self, table: str, kind: str, columns, key: str, rows, old=None) -> str:
        message = {"data": rows, "database": "soak", "es": self._time(), "gtid": "", "id": self.number, "isDdl": False,
                   "mysqlType": {name: mysql for name, (mysql, _) in columns.items()}, "old": old, "pkNames": [key], "sql": "",
                   "sqlType": {name: sql for name, (_, sql) in columns.items()}, "table": table, "ts": self._time() + 7, "type": kind}
        return json.dumps(message, ensure_ascii=False, separators=(",", ":"))

    def _time(self) -> int:
        return 1_795_000_000_000 + 1000 * self.number

    def _some(self, most: int):
        return self.random.sample(list(self.rows), self.random.randint(1, most))

    def _free_key(self) -> str:
        """A new key, or at times that of a row that was deleted or renamed."""
        if self.deleted and self.random.random() < 0.3:
            return self.deleted.pop(self.random.randrange(len(self.deleted)))
        self.keys += 1
        return str(self.keys)

    def _row(self, key: str):
        chance = self.random
        amount = f"{chance.randint(-10**12 + 1, 10**12 - 1) / 100:.2f}"
        created = f"20{chance.randint(10, 37)}-{chance.randint(1, 12):02}-{chance.randint(1, 28):02} {chance.randint(0, 23):02}:59:{chance.randint(0, 59):02}"
        return {"id": key, "customer": chance.choice(TEXTS) + str(chance.randint(0, 999)), "amount": None if chance.random() < 0.1 else amount,
                "status": str(chance.randint(1, 3)), "created": f"{created}.{chance.randint(0, 999):03}",
                "note": None if chance.random() < 0.2 else chance.choice(TEXTS) * chance.randint(1, 5)}
