-- The orders bit for bit as Flink's own codec reads them: before-rows of multi-row updates included.
CREATE TABLE orders_as_flink (
  id BIGINT,
  amount DECIMAL(12, 2),
  created TIMESTAMP(3)
) WITH (
  'connector' = 'kafka',
  'topic' = 'shop_binlog',
  'properties.bootstrap.servers' = 'localhost:9092',
  'scan.startup.mode' = 'earliest-offset',
  'scan.bounded.mode' = 'latest-offset',
  'format' = 'canal-json',
  'canal-json.table.include' = 'orders',
  'canal-json.semantics' = 'flink'
);

SELECT * FROM orders_as_flink;
