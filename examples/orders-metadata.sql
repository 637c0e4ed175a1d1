-- A topic with the changes of several tables: one of them picked by name, with everything Canal says about each change.

CREATE TABLE topic_orders (
  id BIGINT,
  amount DECIMAL(12, 2),
  status STRING,
  created TIMESTAMP(3),
  origin_database STRING METADATA FROM 'value.database' VIRTUAL,
  origin_table STRING METADATA FROM 'value.table' VIRTUAL,
  sql_types MAP<STRING, INT> METADATA FROM 'value.sql-type' VIRTUAL,
  primary_key ARRAY<STRING> METADATA FROM 'value.pk-names' VIRTUAL,
  ingested TIMESTAMP_LTZ(3) METADATA FROM 'value.ingestion-timestamp' VIRTUAL,
  happened TIMESTAMP_LTZ(3) METADATA FROM 'value.event-timestamp' VIRTUAL
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

SELECT * FROM topic_orders;

SELECT status, COUNT(*) AS orders, SUM(amount) AS amount FROM topic_orders GROUP BY status;
