"""A wholesaler's database as TPC-C has it, of any size, and what happens in it: orders, payments, deliveries, transactions of many rows, and changes of its tables.

Rows are counted by order lines: ten for an order; the other tables have a fifth as many together. `history` has no key, so a job leaves it out.
"""

import random

DATABASE = "wholesale"
WAREHOUSES, DISTRICTS, LINES = 4, 10, 10
#: Rows of a large transaction.
LARGE = 400_000
#: Orders that are made by one statement.
AT_ONCE = 50_000
#: Where a large transaction puts its copies of orders.
COPIES = 10_000_000_000

TABLES = [
    f"CREATE DATABASE {DATABASE} CHARACTER SET utf8mb4",
    f"USE {DATABASE}",
    "CREATE TABLE item (i_id INT PRIMARY KEY, name VARCHAR(24) NOT NULL, price DECIMAL(6, 2) NOT NULL, data VARCHAR(50))",
    "CREATE TABLE warehouse (w_id SMALLINT PRIMARY KEY, name VARCHAR(10) NOT NULL, tax DECIMAL(4, 4) NOT NULL, ytd DECIMAL(14, 2) NOT NULL)",
    "CREATE TABLE district (w_id SMALLINT, d_id TINYINT UNSIGNED, name VARCHAR(10) NOT NULL, ytd DECIMAL(14, 2) NOT NULL, next_o_id BIGINT NOT NULL, PRIMARY KEY (w_id, d_id))",
    "CREATE TABLE customer (c_id INT PRIMARY KEY, w_id SMALLINT NOT NULL, d_id TINYINT UNSIGNED NOT NULL, first VARCHAR(16), last VARCHAR(16) NOT NULL, phone CHAR(16), since DATETIME NOT NULL, "
    "credit ENUM('GC', 'BC') NOT NULL, balance DECIMAL(14, 2) NOT NULL, data TEXT)",
    "CREATE TABLE stock (i_id INT, w_id SMALLINT, quantity SMALLINT NOT NULL, ytd BIGINT NOT NULL, ordered INT NOT NULL, dist CHAR(24) NOT NULL, PRIMARY KEY (i_id, w_id))",
    "CREATE TABLE orders (o_id BIGINT PRIMARY KEY, w_id SMALLINT NOT NULL, d_id TINYINT UNSIGNED NOT NULL, c_id INT NOT NULL, entered DATETIME(3) NOT NULL, carrier TINYINT, line_no TINYINT)",
    "CREATE TABLE new_order (o_id BIGINT PRIMARY KEY, w_id SMALLINT NOT NULL, d_id TINYINT UNSIGNED NOT NULL)",
    "CREATE TABLE order_line (o_id BIGINT, number SMALLINT, i_id INT NOT NULL, w_id SMALLINT NOT NULL, delivered DATETIME, quantity INT NOT NULL, amount DECIMAL(10, 2) NOT NULL, info CHAR(24), "
    "PRIMARY KEY (o_id, number))",
    "CREATE TABLE history (c_id INT NOT NULL, paid DATETIME(6) NOT NULL, amount DECIMAL(8, 2) NOT NULL)",
    "CREATE TABLE mark (id INT PRIMARY KEY, v VARCHAR(20) NOT NULL)",
    "INSERT INTO mark VALUES (1, 'begun')",
]
#: Changes of the tables, each with a statement that writes what is new, once it is done, and the column by whose being there, or not, one sees that it is (None: that cannot be seen, and it
#: may be done twice). `{o}` is an order, `{c}` a customer, `{i}` an item.
SCHEMA_CHANGES = [
    ("ALTER TABLE orders ADD COLUMN channel VARCHAR(16) NOT NULL DEFAULT 'web' AFTER carrier", "UPDATE orders SET channel = 'phone' WHERE o_id = {o}", ("orders", "channel", True)),
    ("CREATE TABLE returned (o_id BIGINT PRIMARY KEY, amount DECIMAL(12, 2) NOT NULL, at DATETIME(3) NOT NULL)", "REPLACE INTO returned VALUES ({o}, {c} / 7, NOW(3))", ("returned", "o_id", True)),
    ("ALTER TABLE customer MODIFY COLUMN last VARCHAR(40) NOT NULL", "UPDATE customer SET last = CONCAT('a longer name, which is customer ', c_id) WHERE c_id = {c}", None),
    ("ALTER TABLE order_line ADD COLUMN tax DECIMAL(8, 2)", "UPDATE order_line SET tax = amount / 5 WHERE o_id = {o}", ("order_line", "tax", True)),
    ("ALTER TABLE orders RENAME COLUMN line_no TO line_count", "UPDATE orders SET line_count = 3 WHERE o_id = {o}", ("orders", "line_count", True)),
    ("RENAME TABLE returned TO refunds", "REPLACE INTO refunds VALUES ({o}, {c} / 11, NOW(3))", ("refunds", "o_id", True)),
    ("ALTER TABLE customer DROP COLUMN phone", "UPDATE customer SET first = REVERSE(first) WHERE c_id = {c}", ("customer", "phone", False)),
    ("TRUNCATE TABLE refunds", "REPLACE INTO refunds VALUES ({o}, {c} / 13, NOW(3))", None),
    ("ALTER TABLE stock ADD COLUMN counted DATETIME, MODIFY COLUMN ordered BIGINT NOT NULL", "UPDATE stock SET counted = NOW(), ordered = ordered + 10000000000 WHERE i_id = {i}", ("stock", "counted", True)),
    ("ALTER TABLE item ADD COLUMN weight DECIMAL(8, 3) NOT NULL DEFAULT 1.5", "UPDATE item SET weight = weight * 2 WHERE i_id = {i}", ("item", "weight", True)),
    ("ALTER TABLE orders DROP COLUMN channel", "UPDATE orders SET line_count = 4 WHERE o_id = {o}", ("orders", "channel", False)),
]

_DIGITS = "WITH d AS (SELECT 0 AS v UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)"


def numbers(begin: int, end: int) -> str:
    """A common table expression `n` of the whole numbers `i` from one up to, not with, another."""
    digits = len(str(max(1, end - begin - 1)))
    value = " + ".join(f"d{place}.v * {10 ** place}" for place in range(digits))
    return f"{_DIGITS}, n AS (SELECT {begin} + {value} AS i FROM {', '.join(f'd d{place}' for place in range(digits))} HAVING i < {end})"


def filled(table: str, rows: int, columns: str, source: str = "n"):
    """Statements that fill a table: rows of `columns` for each number below `rows`."""
    for begin in range(0, rows, AT_ONCE):
        yield f"INSERT INTO {table} {numbers(begin, min(rows, begin + AT_ONCE))} SELECT {columns} FROM {source}"


class Size:
    """How many rows the tables have."""

    def __init__(self, rows: int):
        self.orders = rows // LINES
        self.items, self.customers = max(100, rows // 100), max(100, rows // 50)


def fill(rows: int):
    """Statements that make and fill the tables, the same rows each time. They are not in the log, as nobody begins before them."""
    size = Size(rows)
    yield from TABLES
    yield "SET SESSION sql_log_bin = 0"
    yield from filled("item", size.items, "i, CONCAT('item ', i), 1 + i % 9000 / 91, IF(i % 10 = 0, NULL, CONCAT('made of ', SHA1(i)))")
    yield from filled("warehouse", WAREHOUSES, "i + 1, CONCAT('W', i), i / 97, 300000")
    yield from filled("district", WAREHOUSES * DISTRICTS, f"1 + i DIV {DISTRICTS}, 1 + i % {DISTRICTS}, CONCAT('D', i), 30000, 1")
    yield from filled("customer", size.customers, f"i, 1 + i % {WAREHOUSES}, 1 + i % {DISTRICTS}, ELT(1 + i % 5, 'Ada', 'Björn', '王芳', NULL, 'Олег'), CONCAT('name', CONV(i * 7919, 10, 36)), LPAD(i, 16, '0'), "
                       "'2020-01-01' + INTERVAL i MINUTE, 1 + i % 2, i % 1000 / 10 - 10, REPEAT('likes paper. ', i % 7)")
    source = f"n, (SELECT v + 1 AS v FROM d WHERE v < {WAREHOUSES}) w"
    yield from filled("stock", size.items, "i, w.v, (i + w.v) % 100, i % 1000, i % 17, LEFT(MD5(i * 4 + w.v), 24)", source)
    entered = "'2024-01-01' + INTERVAL i SECOND + INTERVAL i % 1000 * 1000 MICROSECOND"
    yield from filled("orders", size.orders, f"i, 1 + i % {WAREHOUSES}, 1 + i % {DISTRICTS}, i * 31 % {size.customers}, {entered}, IF(i % 10 < 7, i % 10, NULL), {LINES}")
    yield from filled("new_order", size.orders, f"i, 1 + i % {WAREHOUSES}, 1 + i % {DISTRICTS}", "n WHERE i % 10 >= 7")
    yield from filled("order_line", size.orders, f"i, d.v + 1, (i * 17 + d.v * 101) % {size.items}, 1 + i % {WAREHOUSES}, IF(i % 10 < 7, '2024-01-02' + INTERVAL i SECOND, NULL), 1 + (i + d.v) % 9, "
                       "(i + d.v * 7) % 99999 / 100, LEFT(MD5(i * 10 + d.v), 24)", "n, d")
    yield f"INSERT INTO history SELECT c_id, since, 10 FROM customer LIMIT {size.customers // 2}"
    yield "SET SESSION sql_log_bin = 1"
    yield "ANALYZE TABLE item, warehouse, district, customer, stock, orders, new_order, order_line, history"


class Changes:
    """What happens, one transaction after the other, in a session that may be another one after a failure (`connect`)."""

    def __init__(self, connect, rows: int, chance: random.Random):
        self.connect, self.size, self.chance = connect, Size(rows), chance
        self.transactions, self.large, self.since = 0, 0, []
        self.execute, self.next = None, 0
        self.begin()

    def begin(self) -> None:
        """Begins a session; what is there says how orders are counted on."""
        self.execute = self.connect()
        self.execute(f"USE {DATABASE}")
        self.next = self.execute(f"SELECT MAX(o_id) + 1 FROM orders WHERE o_id < {COPIES}")[0][0]

    def change_schema(self, number: int) -> str:
        """Makes one of the changes of the tables, unless it is made; what it is."""
        statement, after, seen = SCHEMA_CHANGES[number]
        if seen is None or self._has(*seen[:2]) != seen[2]:
            self.execute(statement)
        # What is known of a name that is no more is not written any longer.
        gone = {"RENAME TABLE returned TO refunds": "returned", "ALTER TABLE orders DROP COLUMN channel": "channel"}.get(statement)
        self.since = [one for one in self.since if gone is None or gone not in one] + [after]
        return statement

    def _has(self, table: str, column: str) -> bool:
        return bool(self.execute(f"SELECT 1 FROM information_schema.columns WHERE table_schema = '{DATABASE}' AND table_name = '{table}' AND column_name = '{column}'"))

    def step(self) -> None:
        """One transaction of a few rows."""
        chance = self.chance.random()
        self.execute("START TRANSACTION")
        if chance < 0.4:
            self._order()
        elif chance < 0.7:
            self._payment()
        elif chance < 0.85:
            self._delivery()
        elif chance < 0.92:
            self._cancelled()
        elif chance < 0.95:
            self._other_keys()
        elif self.since:
            self.execute(self.chance.choice(self.since).format(o=self._known(), c=self._customer(), i=self.chance.randrange(self.size.items)))
        self.execute("COMMIT")
        self.transactions += 1

    def _known(self) -> int:
        return self.chance.randrange(self.next)

    def _customer(self) -> int:
        return self.chance.randrange(self.size.customers)

    def _order(self) -> None:
        order, w, d = self.next, self.chance.randint(1, WAREHOUSES), self.chance.randint(1, DISTRICTS)
        items = [self.chance.randrange(self.size.items) for _ in range(self.chance.randint(5, 15))]
        self.execute(f"UPDATE district SET next_o_id = next_o_id + 1 WHERE w_id = {w} AND d_id = {d}")
        self.execute(f"INSERT INTO orders (o_id, w_id, d_id, c_id, entered) VALUES ({order}, {w}, {d}, {self._customer()}, NOW(3))")
        self.execute(f"INSERT INTO new_order VALUES ({order}, {w}, {d})")
        self.execute("INSERT INTO order_line (o_id, number, i_id, w_id, quantity, amount, info) VALUES "
                     + ", ".join(f"({order}, {number}, {item}, {w}, {self.chance.randint(1, 10)}, {self.chance.randrange(1_000_000)} / 100, 'new')" for number, item in enumerate(items, 1)))
        self.execute(f"UPDATE stock SET quantity = (quantity + 91) % 100, ytd = ytd + 1, ordered = ordered + 1 WHERE w_id = {w} AND i_id IN ({', '.join(map(str, items))})")
        self.next += 1

    def _payment(self) -> None:
        amount, customer = self.chance.randrange(100, 500_000) / 100, self._customer()
        self.execute(f"UPDATE warehouse SET ytd = ytd + {amount} WHERE w_id = {self.chance.randint(1, WAREHOUSES)}")
        self.execute(f"UPDATE customer SET balance = balance - {amount}, data = CONCAT(LEFT(COALESCE(data, ''), 60), ' paid {amount}') WHERE c_id = {customer}")
        self.execute(f"INSERT INTO history VALUES ({customer}, NOW(6), {amount})")

    def _delivery(self) -> None:
        found = self.execute(f"SELECT o_id FROM new_order WHERE o_id >= {self._known()} ORDER BY o_id LIMIT 3")
        for (order,) in found:
            self.execute(f"DELETE FROM new_order WHERE o_id = {order}")
            self.execute(f"UPDATE orders SET carrier = {self.chance.randint(1, 10)} WHERE o_id = {order}")
            self.execute(f"UPDATE order_line SET delivered = NOW() WHERE o_id = {order}")

    def _cancelled(self) -> None:
        order = self._known()
        for table in ("order_line", "new_order", "orders"):
            self.execute(f"DELETE FROM {table} WHERE o_id = {order}")

    def _other_keys(self) -> None:
        """In Doris rows go, and others come; lines get each other's numbers, too."""
        order = self._known()
        self.execute(f"UPDATE order_line SET number = number + 1 WHERE o_id = {order} ORDER BY number DESC")
        self.execute(f"UPDATE order_line SET number = 101 WHERE o_id = {self._known()} AND number = 1")

    def transaction_of_many_rows(self) -> int:
        """By turns: lines change, are copied to orders that there are not, and these go. How many rows of the log it has."""
        number, done, passes = self.large, 0, 0
        self.execute("START TRANSACTION")
        while done < LARGE:
            last = self.next - 1
            begin = self.chance.randrange(max(1, last - (LARGE - done) // LINES + 1))
            between = f"o_id BETWEEN {begin} AND {begin + (LARGE - done) // LINES}"
            if number % 3 == 0:
                changed = self.execute(f"UPDATE order_line SET quantity = quantity + 1, amount = amount + 0.25 WHERE {between}")
            elif number % 3 == 1:
                at = COPIES * (1 + number) + passes * COPIES // 100
                changed = self.execute(f"INSERT INTO order_line (o_id, number, i_id, w_id, delivered, quantity, amount, info) SELECT {at} + o_id, number, i_id, w_id, delivered, quantity, amount, 'copied' "
                                       f"FROM order_line WHERE {between}")
            else:
                changed = self.execute(f"DELETE FROM order_line WHERE o_id >= {COPIES} LIMIT {LARGE - done}")
                if not changed:
                    break
            done, passes = done + changed, passes + 1
        self.execute("COMMIT")
        self.large += 1
        return done
