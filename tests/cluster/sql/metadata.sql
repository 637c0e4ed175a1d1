-- What only this format gives, beside columns of the same names, and a row for each schema change.
CREATE TABLE changes (
  id BIGINT,
  v STRING,
  y INT,
  change STRING METADATA FROM 'value.type' VIRTUAL,
  batch BIGINT METADATA FROM 'value.id' VIRTUAL,
  changed MAP<STRING, STRING> METADATA FROM 'value.old' VIRTUAL,
  sql_text STRING METADATA FROM 'value.sql' VIRTUAL,
  is_ddl BOOLEAN METADATA FROM 'value.is-ddl' VIRTUAL,
  source_transaction STRING METADATA FROM 'value.gtid' VIRTUAL,
  message BYTES METADATA FROM 'value.raw' VIRTUAL,
  origin_table STRING METADATA FROM 'value.table' VIRTUAL
) WITH (
  'connector' = 'kafka',
  'topic' = 'ddl_binlog',
  'properties.bootstrap.servers' = 'localhost:9092',
  'scan.startup.mode' = 'earliest-offset',
  'scan.bounded.mode' = 'latest-offset',
  'format' = 'canal-json',
  'canal-json.ddl' = 'emit'
);

SELECT id, v, y, change, batch, changed['y'] AS y_before, CARDINALITY(changed) AS changed_columns, origin_table, is_ddl,
  source_transaction, CHAR_LENGTH(DECODE(message, 'UTF-8')) AS message_length, JSON_VALUE(DECODE(message, 'UTF-8'), '$.type') AS raw_type
FROM changes;

SELECT change, batch, origin_table, SUBSTRING(REGEXP_REPLACE(sql_text, '\s+', ' '), 1, 60) AS sql_text
FROM changes
WHERE is_ddl;
