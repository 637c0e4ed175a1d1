-- A topic with the changes of two tables, kept up to date in Doris: inserts, updates, deletes, keys that change.
-- examples/orders-doris-tables.sql creates the tables in Doris.

-- Rows are visible in Doris when the checkpoint they belong to is complete.
SET 'execution.checkpointing.interval' = '10s';
-- Wait for the end, which this topic has; leave it out together with scan.bounded.mode.
SET 'table.dml-sync' = 'true';

CREATE TABLE changed_orders (
  id BIGINT,
  customer STRING,
  amount DECIMAL(12, 2),
  status STRING,
  created TIMESTAMP(3),
  note STRING
) WITH (
  'connector' = 'kafka',
  'topic' = 'shop_binlog',
  'properties.bootstrap.servers' = 'localhost:9092',
  'properties.group.id' = 'canal-native-example',
  'scan.startup.mode' = 'earliest-offset',
  'scan.bounded.mode' = 'latest-offset',  -- end at what is there now; leave it out for a job that keeps running
  'format' = 'canal-json',
  'canal-json.table.include' = 'orders'
);

CREATE TABLE doris_orders (
  id BIGINT,
  customer STRING,
  amount DECIMAL(12, 2),
  status STRING,
  created TIMESTAMP(3),
  note STRING,
  PRIMARY KEY (id) NOT ENFORCED
) WITH (
  'connector' = 'doris-native',
  'fenodes' = 'localhost:8030',  -- the front ends' HTTP ports: fe1:8030,fe2:8030
  'table.identifier' = 'canal_native_quickstart.orders',
  'username' = 'root',
  'password' = ''
);

INSERT INTO doris_orders SELECT * FROM changed_orders;

CREATE TABLE changed_order_item (
  order_id BIGINT,
  line_no BIGINT,
  sku STRING,
  qty INT,
  price DECIMAL(10, 4)
) WITH (
  'connector' = 'kafka',
  'topic' = 'shop_binlog',
  'properties.bootstrap.servers' = 'localhost:9092',
  'properties.group.id' = 'canal-native-example',
  'scan.startup.mode' = 'earliest-offset',
  'scan.bounded.mode' = 'latest-offset',
  'format' = 'canal-json',
  'canal-json.table.include' = 'order_item'
);

CREATE TABLE doris_order_item (
  order_id BIGINT,
  line_no BIGINT,
  sku STRING,
  qty INT,
  price DECIMAL(10, 4),
  PRIMARY KEY (order_id, line_no, sku) NOT ENFORCED
) WITH (
  'connector' = 'doris-native',
  'fenodes' = 'localhost:8030',
  'table.identifier' = 'canal_native_quickstart.order_item',
  'username' = 'root',
  'password' = ''
);

INSERT INTO doris_order_item SELECT * FROM changed_order_item;
