-- Every column type into Doris, in each form that a load's body has: usual values, NULLs, and the ends of the ranges.
SET 'table.dml-sync' = 'true';

CREATE TABLE types_json (
  id INT, truth BOOLEAN, tiny TINYINT, small SMALLINT, plain INT, big BIGINT, huge DECIMAL(38, 0), single_float FLOAT, double_float DOUBLE,
  exact DECIMAL(38, 18), fixed CHAR(12), short_text VARCHAR(20), long_text STRING, three_bytes BINARY(3), more_bytes BYTES, on_day DATE, at_time TIME,
  stamp TIMESTAMP(0), stamp_3 TIMESTAMP(3), stamp_6 TIMESTAMP(6), moment TIMESTAMP_LTZ(3), numbers ARRAY<INT>, words ARRAY<STRING>,
  counts MAP<STRING, INT>, pair ROW<a INT, b STRING>, document STRING, shape STRING
) WITH (
  'connector' = 'doris-native',
  'fenodes' = 'localhost:8030',
  'table.identifier' = 'cases.types',
  'username' = 'root'
);

CREATE TABLE types_csv WITH ('sink.properties.format' = 'csv', 'sink.properties.compress_type' = 'gz') LIKE types_json;

-- Without `document` and `shape`: Doris does not read JSON and VARIANT from Arrow, and the sink refuses them.
CREATE TABLE types_arrow (
  id INT, truth BOOLEAN, tiny TINYINT, small SMALLINT, plain INT, big BIGINT, huge DECIMAL(38, 0), single_float FLOAT, double_float DOUBLE,
  exact DECIMAL(38, 18), fixed CHAR(12), short_text VARCHAR(20), long_text STRING, three_bytes BINARY(3), more_bytes BYTES, on_day DATE, at_time TIME,
  stamp TIMESTAMP(0), stamp_3 TIMESTAMP(3), stamp_6 TIMESTAMP(6), moment TIMESTAMP_LTZ(3), numbers ARRAY<INT>, words ARRAY<STRING>,
  counts MAP<STRING, INT>, pair ROW<a INT, b STRING>
) WITH (
  'connector' = 'doris-native',
  'fenodes' = 'localhost:8030',
  'table.identifier' = 'cases.types',
  'username' = 'root',
  'sink.properties.format' = 'arrow'
);

CREATE TEMPORARY VIEW typed AS
SELECT 1 AS id, TRUE AS truth, CAST(1 AS TINYINT) AS tiny, CAST(2 AS SMALLINT) AS small, 3 AS plain, CAST(4 AS BIGINT) AS big,
  CAST(5 AS DECIMAL(38, 0)) AS huge, CAST(0.1 AS FLOAT) AS single_float, CAST(0.1 AS DOUBLE) AS double_float, CAST(0.000000000000000001 AS DECIMAL(38, 18)) AS exact,
  CAST('fixed' AS CHAR(12)) AS fixed, CAST(U&'\4e2d\6587, "quoted"' AS VARCHAR(20)) AS short_text, U&'line\000abreak, back\\slash, tab\0009, it''s' AS long_text,
  CAST(x'00ff10' AS BINARY(3)) AS three_bytes, CAST(x'0102' AS BYTES) AS more_bytes, DATE '2024-02-29' AS on_day, TIME '10:11:12' AS at_time,
  CAST(TIMESTAMP '2024-02-29 10:11:12' AS TIMESTAMP(0)) AS stamp, CAST(TIMESTAMP '2024-02-29 10:11:12.120' AS TIMESTAMP(3)) AS stamp_3,
  TIMESTAMP '2024-02-29 10:11:12.123456' AS stamp_6, TO_TIMESTAMP_LTZ(1709201472123, 3) AS moment, ARRAY[1, CAST(NULL AS INT), -3] AS numbers,
  ARRAY['a', 'b, c', CAST(NULL AS STRING)] AS words, MAP['one', 1] AS counts, CAST(ROW(1, 'x') AS ROW<a INT, b STRING>) AS pair,
  '{"k": [1, "two"]}' AS document, '{"k": 1}' AS shape
UNION ALL
SELECT 2, FALSE, CAST(-128 AS TINYINT), CAST(-32768 AS SMALLINT), CAST(-2147483648 AS INT), CAST(-9223372036854775808 AS BIGINT),
  CAST('-99999999999999999999999999999999999999' AS DECIMAL(38, 0)), CAST(-3.4028234E38 AS FLOAT), CAST(1.7976931348623157E308 AS DOUBLE),
  CAST('99999999999999999999.999999999999999999' AS DECIMAL(38, 18)), CAST('' AS CHAR(12)), CAST('' AS VARCHAR(20)), '',
  CAST(x'ffffff' AS BINARY(3)), CAST(x'' AS BYTES), DATE '0001-01-01', TIME '00:00:00', CAST(TIMESTAMP '0001-01-01 00:00:00' AS TIMESTAMP(0)),
  CAST(TIMESTAMP '9999-12-31 23:59:59.999' AS TIMESTAMP(3)), TIMESTAMP '9999-12-31 23:59:59.999999', TO_TIMESTAMP_LTZ(0, 3),
  ARRAY[2147483647], ARRAY[''], MAP['', 0], CAST(ROW(-1, '') AS ROW<a INT, b STRING>), '[]', '1'
UNION ALL
SELECT 3, CAST(NULL AS BOOLEAN), CAST(NULL AS TINYINT), CAST(NULL AS SMALLINT), CAST(NULL AS INT), CAST(NULL AS BIGINT), CAST(NULL AS DECIMAL(38, 0)),
  CAST(NULL AS FLOAT), CAST(NULL AS DOUBLE), CAST(NULL AS DECIMAL(38, 18)), CAST(NULL AS CHAR(12)), CAST(NULL AS VARCHAR(20)), CAST(NULL AS STRING),
  CAST(NULL AS BINARY(3)), CAST(NULL AS BYTES), CAST(NULL AS DATE), CAST(NULL AS TIME), CAST(NULL AS TIMESTAMP(0)), CAST(NULL AS TIMESTAMP(3)),
  CAST(NULL AS TIMESTAMP(6)), CAST(NULL AS TIMESTAMP_LTZ(3)), CAST(NULL AS ARRAY<INT>), CAST(NULL AS ARRAY<STRING>), CAST(NULL AS MAP<STRING, INT>),
  CAST(NULL AS ROW<a INT, b STRING>), CAST(NULL AS STRING), CAST(NULL AS STRING);

INSERT INTO types_json SELECT * FROM typed;

INSERT INTO types_csv
SELECT id + 10, truth, tiny, small, plain, big, huge, single_float, double_float, exact, fixed, short_text, long_text, three_bytes, more_bytes, on_day, at_time,
  stamp, stamp_3, stamp_6, moment, numbers, words, counts, pair, document, shape FROM typed;

INSERT INTO types_arrow
SELECT id + 20, truth, tiny, small, plain, big, huge, single_float, double_float, exact, fixed, short_text, long_text, three_bytes, more_bytes, on_day, at_time,
  stamp, stamp_3, stamp_6, moment, numbers, words, counts, pair FROM typed;
