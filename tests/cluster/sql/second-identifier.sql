-- The same format under the name that works by ADD JAR too, where Flink keeps its own canal-json.
CREATE TABLE products_by_second_name (
  id BIGINT,
  weight DECIMAL(10, 2)
) WITH (
  'connector' = 'kafka',
  'topic' = 'products_binlog',
  'properties.bootstrap.servers' = 'localhost:9092',
  'scan.startup.mode' = 'earliest-offset',
  'scan.bounded.mode' = 'latest-offset',
  'format' = 'canal-json-native'
);

SELECT * FROM products_by_second_name;
