-- The example of Flink's canal-json page: a topic of change messages read as a table, and a view kept up to date over it.

CREATE TABLE topic_products (
  id BIGINT,
  name STRING,
  description STRING,
  weight DECIMAL(10, 2)
) WITH (
  'connector' = 'kafka',
  'topic' = 'products_binlog',
  'properties.bootstrap.servers' = 'localhost:9092',
  'properties.group.id' = 'canal-native-example',
  'scan.startup.mode' = 'earliest-offset',
  'scan.bounded.mode' = 'latest-offset',  -- end at what is there now; leave it out for a job that keeps running
  'format' = 'canal-json'
);

-- The table's changelog.
SELECT * FROM topic_products;

-- The view: its changelog ends in the average weight of the products of each name.
SELECT name, AVG(weight) AS average_weight FROM topic_products GROUP BY name;
