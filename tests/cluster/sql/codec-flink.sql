-- One table handed back to Flink's own codec while the jar stays.
CREATE TABLE orders_by_flink (
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
  'canal-json.codec' = 'flink'
);

SELECT * FROM orders_by_flink;
