-- With key.format or connector metadata columns, Flink's Kafka source casts the value's rows to GenericRowData.
CREATE TABLE keyed_products (
  k_product BIGINT,
  id BIGINT,
  name STRING,
  weight DECIMAL(10, 2),
  kafka_partition INT METADATA FROM 'partition' VIRTUAL,
  kafka_offset BIGINT METADATA FROM 'offset' VIRTUAL,
  origin_table STRING METADATA FROM 'value.table' VIRTUAL
) WITH (
  'connector' = 'kafka',
  'topic' = 'keyed_products',
  'properties.bootstrap.servers' = 'localhost:9092',
  'scan.startup.mode' = 'earliest-offset',
  'scan.bounded.mode' = 'latest-offset',
  'key.format' = 'json',
  'key.fields' = 'k_product',
  'value.format' = 'canal-json',
  'value.fields-include' = 'EXCEPT_KEY'
);

SELECT * FROM keyed_products;
