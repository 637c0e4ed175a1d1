CREATE TABLE kinds_dev.my (id INT PRIMARY KEY, j JSON, inv INT INVISIBLE DEFAULT 5, fn VARCHAR(20), KEY ((LOWER(fn))));
INSERT INTO kinds_dev.my (id,j,fn) VALUES (1, JSON_OBJECT('d', CAST('2024-01-02' AS DATE), 't', CAST('-12:34:56.789' AS TIME(6)), 'dt', CAST('2024-01-02 03:04:05.678' AS DATETIME(3)), 'n', CAST(12.50 AS DECIMAL(10,3)), 'b', CAST(REPEAT('x',100) AS BINARY), 'bit', b'101', 'g', ST_GeomFromText('POINT(1 2)'), 'f', 1.5e0),'A'),(2,CAST(CAST(-0.5 AS DECIMAL(5,2)) AS JSON),'b'),(3,CAST(x'00FF' AS JSON),NULL),(4,CAST(1 AS JSON),'x');
UPDATE kinds_dev.my SET j=JSON_SET(j,'$.n',3) WHERE id=1;
INSERT INTO kinds_dev.my (id,fn) VALUES (9,'comp'); 
SET SESSION binlog_transaction_compression=ON;
BEGIN; INSERT INTO kinds_dev.big (t,n) SELECT t, n+100 FROM kinds_dev.big LIMIT 3000; UPDATE kinds_dev.my SET fn='comp2' WHERE id=9; COMMIT;
UPDATE kinds_dev.my SET fn='comp3' WHERE id=9;
SET SESSION binlog_transaction_compression=OFF;
UPDATE kinds_dev.my SET fn='comp4' WHERE id=9;
