-- A changelog written as canal-json, and the messages as they stand in Kafka: bytes, order and options are Flink's.
SET 'table.dml-sync' = 'true';

CREATE TABLE source_products (
  id BIGINT,
  name STRING,
  description STRING,
  weight DECIMAL(10, 2)
) WITH (
  'connector' = 'kafka',
  'topic' = 'products_binlog',
  'properties.bootstrap.servers' = 'localhost:9092',
  'scan.startup.mode' = 'earliest-offset',
  'scan.bounded.mode' = 'latest-offset',
  'format' = 'canal-json'
);

CREATE TABLE written_products (
  id BIGINT,
  name STRING,
  weight DECIMAL(10, 2),
  price DOUBLE,
  checked TIMESTAMP(3),
  tags ARRAY<STRING>,
  attributes MAP<STRING, INT>
) WITH (
  'connector' = 'kafka',
  'topic' = 'written_products_@cluster',
  'properties.bootstrap.servers' = 'localhost:9092',
  'scan.startup.mode' = 'earliest-offset',
  'scan.bounded.mode' = 'latest-offset',
  'format' = 'canal-json',
  'canal-json.encode.decimal-as-plain-number' = 'true',
  'canal-json.timestamp-format.standard' = 'ISO-8601'
);

INSERT INTO written_products
SELECT id, name, weight, CAST(weight AS DOUBLE) * 1.5, TIMESTAMP '2020-01-31 10:11:12.120',
  ARRAY[name, CAST(NULL AS STRING), U&'\4e2d "quoted" \\'], MAP['id', CAST(id AS INT)]
FROM source_products;

CREATE TABLE written_messages (message STRING) WITH (
  'connector' = 'kafka',
  'topic' = 'written_products_@cluster',
  'properties.bootstrap.servers' = 'localhost:9092',
  'scan.startup.mode' = 'earliest-offset',
  'scan.bounded.mode' = 'latest-offset',
  'format' = 'raw'
);

SET 'table.display.max-column-width' = '1000';

SELECT message FROM written_messages;

SET 'table.display.max-column-width' = '120';

SELECT * FROM written_products;
