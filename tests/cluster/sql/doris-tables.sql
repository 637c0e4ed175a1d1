-- The tables in Doris that doris-types.sql and doris-zone.sql write to.
CREATE DATABASE cases;

CREATE TABLE cases.types (
  id INT, truth BOOLEAN, tiny TINYINT, small SMALLINT, plain INT, big BIGINT, large LARGEINT, single FLOAT, two DOUBLE,
  exact DECIMAL(38, 18), fixed CHAR(12), short VARCHAR(80), text STRING, bytes VARCHAR(16), more_bytes STRING, day DATE, clock VARCHAR(16),
  second DATETIME, milli DATETIME(3), micro DATETIME(6), moment DATETIME(3), numbers ARRAY<INT>, words ARRAY<STRING>,
  counts MAP<STRING, INT>, pair STRUCT<a:INT, b:STRING>, document JSON, shape VARIANT
) DUPLICATE KEY(id) DISTRIBUTED BY HASH(id) BUCKETS 1 PROPERTIES ("replication_num" = "1");

CREATE TABLE cases.zone (
  id INT, what VARCHAR(80), wall DATETIME(3), moment DATETIME(3), moment_as_text VARCHAR(40)
) UNIQUE KEY(id) DISTRIBUTED BY HASH(id) BUCKETS 1 PROPERTIES ("replication_num" = "1");
