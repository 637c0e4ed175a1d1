-- Four updates of this topic change different columns in different rows; Flink's own codec writes NULLs into their before-rows.
CREATE TABLE orders (
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
  'canal-json.table.include' = 'orders'
);

SELECT * FROM orders;
