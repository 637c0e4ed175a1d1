-- One UPDATE a change instead of a DELETE and an INSERT, in the envelope that other readers of Canal's messages expect.
SET 'table.dml-sync' = 'true';

CREATE TABLE changed_products (
  id BIGINT,
  name STRING,
  weight DECIMAL(10, 2),
  PRIMARY KEY (id) NOT ENFORCED
) WITH (
  'connector' = 'kafka',
  'topic' = 'products_binlog',
  'properties.bootstrap.servers' = 'localhost:9092',
  'scan.startup.mode' = 'earliest-offset',
  'scan.bounded.mode' = 'latest-offset',
  'format' = 'canal-json'
);

CREATE TABLE updated_products (
  id BIGINT,
  name STRING,
  weight DECIMAL(10, 2),
  PRIMARY KEY (id) NOT ENFORCED
) WITH (
  'connector' = 'kafka',
  'topic' = 'updated_products',
  'properties.bootstrap.servers' = 'localhost:9092',
  'scan.startup.mode' = 'earliest-offset',
  'scan.bounded.mode' = 'latest-offset',
  'format' = 'canal-json',
  'canal-json.encode.update' = 'update',
  'canal-json.encode.envelope' = 'full',
  'canal-json.encode.database' = 'shop',
  'canal-json.encode.table' = 'products'
);

INSERT INTO updated_products SELECT * FROM changed_products;

CREATE TABLE updated_messages (message STRING) WITH (
  'connector' = 'kafka',
  'topic' = 'updated_products',
  'properties.bootstrap.servers' = 'localhost:9092',
  'scan.startup.mode' = 'earliest-offset',
  'scan.bounded.mode' = 'latest-offset',
  'format' = 'raw'
);

SET 'table.display.max-column-width' = '1000';

SELECT REGEXP_REPLACE(message, '"(es|ts)":[0-9]{13}', '"time":"of writing"') AS message FROM updated_messages;

SET 'table.display.max-column-width' = '120';

SELECT * FROM updated_products;
