"""A sample database, `shop`: tables of a MySQL with some hundred thousand rows, and what happens in a shop."""

import random

ORDERS = 100_000

_DIGITS = "WITH d AS (SELECT 0 AS v UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)"


def _numbers(digits: int) -> str:
    """A common table expression `n` of the whole numbers with so many digits."""
    names = "abcdef"[:digits]
    value = " + ".join(f"{name}.v * {10 ** place}" for place, name in enumerate(names))
    return f"{_DIGITS}, n AS (SELECT {value} AS i FROM {', '.join(f'd {name}' for name in names)})"


#: Makes and fills it; the same rows each time.
TABLES = [
    "CREATE DATABASE shop",
    "USE shop",
    "CREATE TABLE customers (id INT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, name VARCHAR(60) NOT NULL COMMENT 'as on the letter', email VARCHAR(80) NOT NULL, "
    "city VARCHAR(40), joined DATETIME NOT NULL, UNIQUE KEY (email)) COMMENT 'who has ordered'",
    "CREATE TABLE products (sku VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL PRIMARY KEY, name VARCHAR(80) NOT NULL, price DECIMAL(10, 2) NOT NULL, attributes JSON, picture BLOB)",
    "CREATE TABLE orders (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, customer_id INT UNSIGNED NOT NULL, "
    "status ENUM('new', 'paid', 'shipped', 'done', 'cancelled') NOT NULL DEFAULT 'new', amount DECIMAL(12, 2) NOT NULL, placed DATETIME(3) NOT NULL, "
    "changed TIMESTAMP(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6) ON UPDATE CURRENT_TIMESTAMP(6), note TEXT, KEY (customer_id))",
    "CREATE TABLE order_item (order_id BIGINT UNSIGNED NOT NULL, line_no SMALLINT NOT NULL, sku VARCHAR(12) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, "
    "quantity INT NOT NULL, price DECIMAL(10, 2) NOT NULL, gift BOOLEAN NOT NULL DEFAULT FALSE, PRIMARY KEY (order_id, line_no))",
    f"INSERT INTO customers {_numbers(4)} SELECT i + 1, CONCAT(ELT(1 + i % 7, 'Ada', 'Björn', '王芳', 'Zoë', 'José', 'Mary-Ann', 'Олег'), ' ', CONV(i * 7919, 10, 36)), "
    "CONCAT('c', i, '@example.com'), ELT(1 + i % 5, 'Berlin', 'Málaga', '上海', NULL, 'Aarhus'), '2020-01-01' + INTERVAL i HOUR FROM n",
    f"INSERT INTO products {_numbers(3)} SELECT CONCAT('SKU-', LPAD(i, 5, '0')), CONCAT('product 🎁 ', i), 0.99 + i * 1.37, JSON_OBJECT('colour', ELT(1 + i % 3, 'red', 'green', NULL), 'weight', i / 8), "
    "IF(i % 4 = 0, NULL, UNHEX(MD5(i))) FROM n",
    f"INSERT INTO orders (id, customer_id, status, amount, placed, changed, note) {_numbers(5)} SELECT i + 1, 1 + i * 31 % 10000, 1 + i % 5, 0, '2024-01-01' + INTERVAL i * 137 SECOND + INTERVAL 125 * 1000 MICROSECOND, "
    "'2024-06-01', IF(i % 9 = 0, CONCAT('please ring twice\\n', REPEAT('…', i % 40)), NULL) FROM n",
    f"INSERT INTO order_item {_numbers(5)} SELECT i + 1, l.v, CONCAT('SKU-', LPAD((i * 17 + l.v * 101) % 1000, 5, '0')), 1 + (i + l.v) % 4, 0.99 + ((i * 17 + l.v * 101) % 1000) * 1.37, i % 50 = 0 "
    "FROM n, (SELECT 1 AS v UNION ALL SELECT 2 UNION ALL SELECT 3) l WHERE l.v <= 1 + i % 3",
    "UPDATE orders SET changed = changed, amount = (SELECT SUM(quantity * price) FROM order_item WHERE order_id = orders.id)",
    "ANALYZE TABLE customers, products, orders, order_item",
]

#: What happens to its definitions while it is written.
SCHEMA_CHANGES = [
    "ALTER TABLE orders ADD COLUMN channel VARCHAR(16) NOT NULL DEFAULT 'web' AFTER status",
    "CREATE TABLE refunds (order_id BIGINT UNSIGNED NOT NULL PRIMARY KEY, amount DECIMAL(12, 2) NOT NULL, refunded DATETIME(3) NOT NULL)",
    "ALTER TABLE customers MODIFY COLUMN city VARCHAR(100), ADD COLUMN loyalty INT",
]


class Changes:
    """What happens in the shop, one transaction after the other."""

    def __init__(self, execute, chance: random.Random):
        self.execute, self.chance, self.next, self.altered = execute, chance, ORDERS + 1, []
        execute("USE shop")

    def alter(self, statement: str) -> None:
        """Changes a definition."""
        self.execute(statement)
        self.altered.append(statement)

    def step(self) -> None:
        """One transaction."""
        chance, known = self.chance.random(), self.chance.randrange(1, self.next)
        self.execute("START TRANSACTION")
        if chance < 0.5:
            self._order()
        elif chance < 0.85:
            self.execute(f"UPDATE orders SET status = 1 + status % 4, note = CONCAT_WS('; ', note, 'stage') WHERE id = {known}")
        elif chance < 0.95:
            self.execute(f"DELETE FROM order_item WHERE order_id = {known}")
            self.execute(f"UPDATE orders SET status = 'cancelled', amount = 0 WHERE id = {known}")
            if len(self.altered) > 1:
                self.execute(f"REPLACE INTO refunds VALUES ({known}, {self.chance.randrange(10_000)} / 100, NOW(3))")
        else:
            # A key that changes: in Doris one row goes, another comes.
            self.execute(f"UPDATE order_item SET line_no = line_no + 100 WHERE order_id = {known} AND line_no < 100")
        self.execute("COMMIT")

    def _order(self) -> None:
        columns, values = ("id, customer_id, amount, placed", f"{self.next}, {self.chance.randrange(1, 10_001)}, 0, NOW(3)")
        if self.altered and self.chance.random() < 0.5:
            columns, values = f"{columns}, channel", f"{values}, '{self.chance.choice(['shop', 'phone'])}'"
        self.execute(f"INSERT INTO orders ({columns}) VALUES ({values})")
        lines = ", ".join(f"({self.next}, {line}, 'SKU-{self.chance.randrange(1000):05}', {self.chance.randrange(1, 5)}, {self.chance.randrange(99, 99_999)} / 100, FALSE)"
                          for line in range(1, self.chance.randrange(2, 6)))
        self.execute(f"INSERT INTO order_item VALUES {lines}")
        self.execute(f"UPDATE orders SET amount = (SELECT SUM(quantity * price) FROM order_item WHERE order_id = {self.next}) WHERE id = {self.next}")
        self.next += 1
