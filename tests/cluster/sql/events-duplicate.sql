-- Every message comes twice, as a source that delivers at least once may send it; the planner drops the second by key.
SET 'table.exec.source.cdc-events-duplicate' = 'true';

CREATE TABLE duplicated_products (
  id BIGINT,
  name STRING,
  weight DECIMAL(10, 2),
  PRIMARY KEY (id) NOT ENFORCED
) WITH (
  'connector' = 'kafka',
  'topic' = 'duplicated_products',
  'properties.bootstrap.servers' = 'localhost:9092',
  'scan.startup.mode' = 'earliest-offset',
  'scan.bounded.mode' = 'latest-offset',
  'format' = 'canal-json'
);

SELECT * FROM duplicated_products;

SELECT name, AVG(weight) AS average_weight FROM duplicated_products GROUP BY name;

SET 'table.exec.source.cdc-events-duplicate' = 'false';
