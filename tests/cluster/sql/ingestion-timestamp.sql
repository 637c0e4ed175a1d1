-- The metadata value is a TIMESTAMP_LTZ(3); the planner casts it to the declared type in the session's zone (UTC here).
CREATE TABLE received_products (
  received TIMESTAMP(3) METADATA FROM 'value.ingestion-timestamp',
  id BIGINT,
  name STRING,
  WATERMARK FOR received AS received - INTERVAL '1' SECOND
) WITH (
  'connector' = 'kafka',
  'topic' = 'products_binlog',
  'properties.bootstrap.servers' = 'localhost:9092',
  'scan.startup.mode' = 'earliest-offset',
  'scan.bounded.mode' = 'latest-offset',
  'format' = 'canal-json'
);

SELECT * FROM received_products;

SELECT name, MAX(received) AS latest FROM received_products GROUP BY name;
