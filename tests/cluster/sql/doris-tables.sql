-- The tables in Doris that doris-types.sql and doris-zone.sql write to.
CREATE DATABASE cases;

CREATE TABLE cases.types (
  id INT, truth BOOLEAN, tiny TINYINT, small SMALLINT, plain INT, big BIGINT, huge LARGEINT, single_float FLOAT, double_float DOUBLE,
  exact DECIMAL(38, 18), fixed CHAR(12), short_text VARCHAR(80), long_text STRING, three_bytes VARCHAR(16), more_bytes STRING, on_day DATE, at_time VARCHAR(16),
  stamp DATETIME, stamp_3 DATETIME(3), stamp_6 DATETIME(6), moment DATETIME(3), numbers ARRAY<INT>, words ARRAY<STRING>,
  counts MAP<STRING, INT>, pair STRUCT<a:INT, b:STRING>, document JSON, shape VARIANT
) DUPLICATE KEY(id) DISTRIBUTED BY HASH(id) BUCKETS 1 PROPERTIES ("replication_num" = "1");

CREATE TABLE cases.zone (
  id INT, what VARCHAR(80), wall DATETIME(3), moment DATETIME(3), moment_as_text VARCHAR(40)
) UNIQUE KEY(id) DISTRIBUTED BY HASH(id) BUCKETS 1 PROPERTIES ("replication_num" = "1");
