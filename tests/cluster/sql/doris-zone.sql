-- Around the hour that Berlin leaves out and the one that it has twice: a TIMESTAMP goes into Doris as it is, whatever the zone; a
-- TIMESTAMP_LTZ as the session's wall clock shows it. `moment` stands beside the text that Flink itself gives it.
SET 'table.dml-sync' = 'true';
SET 'table.local-time-zone' = 'Europe/Berlin';

CREATE TABLE zone_json (
  id INT, what STRING, wall TIMESTAMP(3), moment TIMESTAMP_LTZ(3), moment_as_text STRING, PRIMARY KEY (id) NOT ENFORCED
) WITH (
  'connector' = 'doris-native',
  'fenodes' = 'localhost:8030',
  'table.identifier' = 'cases.zone',
  'username' = 'root'
);

CREATE TABLE zone_csv WITH ('sink.properties.format' = 'csv') LIKE zone_json;

-- Times before 1970 are refused there, as Doris misreads them.
CREATE TABLE zone_arrow WITH ('sink.properties.format' = 'arrow') LIKE zone_json;

CREATE TEMPORARY VIEW moments AS
SELECT id, what, wall, TO_TIMESTAMP_LTZ(millis, 3) AS moment FROM (VALUES
  (1, 'the last millisecond of winter time', TIMESTAMP '2024-03-31 01:59:59.999', 1711846799999),
  (2, 'summer time begins; this wall clock is left out', TIMESTAMP '2024-03-31 02:00:00.000', 1711846800000),
  (3, 'in the hour that is left out', TIMESTAMP '2024-03-31 02:30:00.000', 1711848600000),
  (4, 'its last millisecond', TIMESTAMP '2024-03-31 02:59:59.999', 1711850399999),
  (5, 'the first 02:30', TIMESTAMP '2024-10-27 02:30:00.000', 1729989000000),
  (6, 'the last millisecond of summer time', TIMESTAMP '2024-10-27 02:59:59.999', 1729990799999),
  (7, 'winter time begins: 02:00 again', TIMESTAMP '2024-10-27 02:00:00.000', 1729990800000),
  (8, 'the second 02:30', TIMESTAMP '2024-10-27 02:30:00.000', 1729992600000),
  (9, 'three hours ahead, in the summer of 1945', TIMESTAMP '1945-06-01 12:00:00.000', -775922400000),
  (10, 'before the zone, by the sun', TIMESTAMP '1890-01-01 00:00:00.000', -2524521600000),
  (11, 'by the rule, far ahead', TIMESTAMP '2500-07-01 00:00:00.000', 16740864000000),
  (12, 'by the rule, the last summer of DATETIME', TIMESTAMP '9999-07-01 00:00:00.000', 253386403200000)
) AS t(id, what, wall, millis);

INSERT INTO zone_json SELECT id, what, wall, moment, CAST(moment AS STRING) FROM moments;

INSERT INTO zone_csv SELECT id + 100, what, wall, moment, CAST(moment AS STRING) FROM moments;

INSERT INTO zone_arrow SELECT id + 200, what, wall, moment, CAST(moment AS STRING) FROM moments WHERE moment >= TO_TIMESTAMP_LTZ(0, 3);

SET 'table.local-time-zone' = 'UTC';
