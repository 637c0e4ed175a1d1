-- The tables in Doris that examples/orders-doris.sql writes to: run this in Doris itself, with any MySQL client.

CREATE DATABASE IF NOT EXISTS canal_native_quickstart;

-- A changelog needs UNIQUE KEY with merge-on-write; the key is MySQL's primary key. One replica is for a cluster with one back end.
CREATE TABLE IF NOT EXISTS canal_native_quickstart.orders (
  id BIGINT,
  customer VARCHAR(256),  -- bytes here, characters in MySQL: four each
  amount DECIMAL(12, 2),
  status VARCHAR(16),     -- Canal writes an ENUM as its number
  created DATETIME(3),
  note STRING
) UNIQUE KEY(id)
DISTRIBUTED BY HASH(id) BUCKETS 4
PROPERTIES ("enable_unique_key_merge_on_write" = "true", "replication_num" = "1");

CREATE TABLE IF NOT EXISTS canal_native_quickstart.order_item (
  order_id BIGINT,
  line_no BIGINT,
  sku VARCHAR(128),
  qty INT,
  price DECIMAL(10, 4)
) UNIQUE KEY(order_id, line_no, sku)
DISTRIBUTED BY HASH(order_id) BUCKETS 4
PROPERTIES ("enable_unique_key_merge_on_write" = "true", "replication_num" = "1");
