-- TRUNCATE, DROP and ALTER between the changes: Flink's own codec fails at the first, ours skips and counts them.
CREATE TABLE truncated_rows (
  id BIGINT,
  v STRING,
  origin_table STRING METADATA FROM 'value.table' VIRTUAL
) WITH (
  'connector' = 'kafka',
  'topic' = 'ddl_binlog',
  'properties.bootstrap.servers' = 'localhost:9092',
  'scan.startup.mode' = 'earliest-offset',
  'scan.bounded.mode' = 'latest-offset',
  'format' = 'canal-json'
);

SELECT * FROM truncated_rows;
