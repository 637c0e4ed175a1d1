SET SESSION sql_mode='';
CREATE DATABASE kinds_dev CHARACTER SET utf8mb4;
CREATE TABLE kinds_dev.numbers (id INT PRIMARY KEY, ti TINYINT, tu TINYINT UNSIGNED, si SMALLINT, su SMALLINT UNSIGNED, mi MEDIUMINT, mu MEDIUMINT UNSIGNED, i INT, iu INT UNSIGNED, bi BIGINT, bu BIGINT UNSIGNED, b1 BIT(1), b9 BIT(9), b64 BIT(64), f FLOAT, d DOUBLE, f2 FLOAT(7,2), d2 DOUBLE(12,3), n DECIMAL(65,30), n2 DECIMAL(5,0), n3 DECIMAL(18,9), y YEAR);
INSERT INTO kinds_dev.numbers VALUES (1,-128,255,-32768,65535,-8388608,16777215,-2147483648,4294967295,-9223372036854775808,18446744073709551615,b'1',b'100000001',b'1111111111111111111111111111111111111111111111111111111111111111',3.4028234e38,1.7976931348623157e308,99999.99,123456789.125,-99999999999999999999999999999999999.999999999999999999999999999999,-99999,-0.000000001,1901),
 (2,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0,0),(3,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL),
 (4,-1,1,-1,1,-1,1,-1,1,-1,1,0,1,1,0.1,0.1,0.1,0.1,0.1,1,0.1,2155),(5,1,1,1,1,1,1,1,1,1,1,1,1,1,1e-45,5e-324,1.5,1e8,123456789.123456789,10,999999999.999999999,2024),
 (6,1,1,1,1,1,1,1,1,1,1,1,1,1,1e15,1e15,1.5,1e8,1,10,9,1999),(7,1,1,1,1,1,1,1,1,1,1,1,1,1,123456789,123456789012345678,1.5,1e8,1,10,9,1999),(8,1,1,1,1,1,1,1,1,1,1,1,1,1,-1e-5,-1e-15,-1.5,1e8,-1,-10,-9,1999),(9,1,1,1,1,1,1,1,1,1,1,1,1,1,1e-14,1e-14,-1.5,1e8,-1,-10,-9,1999),(10,1,1,1,1,1,1,1,1,1,1,1,1,1,1.17549e-38,1234567890.0123456789,-1.5,1e8,-1,-10,-9,1999),(11,1,1,1,1,1,1,1,1,1,1,1,1,1,16777216,1e22,-1.5,1e8,-1,-10,-9,1999),(12,1,1,1,1,1,1,1,1,1,1,1,1,1,-0e0,-0e0,-1.5,1e8,-1,-10,-9,1999);
CREATE TABLE kinds_dev.times (id INT PRIMARY KEY, d DATE, t TIME, t1 TIME(1), t3 TIME(3), t6 TIME(6), dt DATETIME, dt2 DATETIME(2), dt5 DATETIME(5), dt6 DATETIME(6), ts TIMESTAMP NULL, ts1 TIMESTAMP(1) NULL, ts4 TIMESTAMP(4) NULL, ts6 TIMESTAMP(6) NULL);
INSERT INTO kinds_dev.times VALUES (1,'0000-00-00','-00:00:01','-00:00:00.1','-00:00:00.001','-00:00:00.000001','0000-00-00 00:00:00','0000-00-00','0000-00-00','0000-00-00','0000-00-00','0000-00-00','0000-00-00','0000-00-00'),
 (2,'9999-12-31','838:59:59','838:59:58.9','838:59:58.999','838:59:58.999999','9999-12-31 23:59:59','9999-12-31 23:59:59.99','9999-12-31 23:59:59.99999','9999-12-31 23:59:59.999999','2038-01-19 03:14:07','2038-01-19 03:14:07.9','2038-01-19 03:14:07.9999','2038-01-19 03:14:07.999999'),
 (3,'1000-01-01','-838:59:59','-838:59:58.9','-838:59:58.999','-838:59:58.999999','1582-10-10 12:00:00','0001-01-01 00:00:00.01','1970-01-01 00:00:00.00001','2024-02-29 12:34:56.123456','1970-01-01 12:00:01','1970-01-01 12:00:01.1','2024-07-01 12:34:56.1234','2024-03-31 01:30:00.123456'),
 (4,'2024-00-00','00:00:00','00:00:00','00:00:00','00:00:00','2024-00-10 00:00:00','2024-01-00','0000-01-01','2000-01-01','2024-10-27 00:30:00','2024-10-27 02:30:00','2024-10-27 01:30:00','1995-06-15 12:00:00'),
 (5,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL),(6,'2024-05-06','100:00:00','-100:00:00.5','12:34:56.789','-99:59:59.999999',NOW(),NOW(2),NOW(5),NOW(6),NOW(),NOW(1),NOW(4),NOW(6));
CREATE TABLE kinds_dev.strings (id INT PRIMARY KEY, c CHAR(5), c255 CHAR(255), v VARCHAR(10), vb VARCHAR(1000), tt TINYTEXT, tx TEXT, mt MEDIUMTEXT, lt LONGTEXT, b BINARY(5), b255 BINARY(255), vbin VARBINARY(10), vbbig VARBINARY(300), tb TINYBLOB, bl BLOB, mb MEDIUMBLOB, lb LONGBLOB, e ENUM('a','b','it''s,x','ü'), s SET('x','y','z','ö'), g GEOMETRY, p POINT);
INSERT INTO kinds_dev.strings VALUES (1,'ab  ',REPEAT('ü',255),'trail  ',REPEAT('中',1000),'t','ü\\\n\t"','m',REPEAT('long😀',300),'a\0',x'FF00',x'00FF00',REPEAT(x'80',300),x'00',x'0102',x'FFFE','abc','it''s,x','x,z',ST_GeomFromText('POINT(1 2)'),ST_GeomFromText('POINT(-1.5 2.5)')),
 (2,'','','','','','','','','','','','','','','','','','',ST_GeomFromText('LINESTRING(0 0,1 1)'),NULL),(3,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL,NULL),
 (4,'\0',' a','  ','\0','a\0','\r','\b','\f',x'0000000000',x'00',x'20',x'2020',x'20',x'20',x'20','','b','x,y,z,ö',NULL,NULL),(5,'x','x','x','x','x','x','x','x','x','x','x','x','x','x','x','x','zzz','y',NULL,NULL);
CREATE TABLE kinds_dev.bigset (id INT PRIMARY KEY, s SET('a1','a2','a3','a4','a5','a6','a7','a8','a9','a10','a11','a12','a13','a14','a15','a16','a17','a18','a19','a20','a21','a22','a23','a24','a25','a26','a27','a28','a29','a30','a31','a32','a33','a34','a35','a36','a37','a38','a39','a40','a41','a42','a43','a44','a45','a46','a47','a48','a49','a50','a51','a52','a53','a54','a55','a56','a57','a58','a59','a60','a61','a62','a63','a64'));
INSERT INTO kinds_dev.bigset VALUES (1,'a64'),(2,'a1,a64'),(3,18446744073709551615),(4,0);
CREATE TABLE kinds_dev.charsets (id INT PRIMARY KEY, l1 VARCHAR(300) CHARACTER SET latin1, g VARCHAR(300) CHARACTER SET gbk, b5 VARCHAR(300) CHARACTER SET big5, sj VARCHAR(300) CHARACTER SET sjis, c932 CHAR(100) CHARACTER SET cp932, eu TEXT CHARACTER SET euckr, uj TEXT CHARACTER SET ujis, u2 VARCHAR(300) CHARACTER SET ucs2, u16 CHAR(50) CHARACTER SET utf16, u16l TEXT CHARACTER SET utf16le, u32 TEXT CHARACTER SET utf32, k8 VARCHAR(300) CHARACTER SET koi8r, c1251 VARCHAR(300) CHARACTER SET cp1251, a VARCHAR(30) CHARACTER SET ascii, u3 VARCHAR(300) CHARACTER SET utf8, e ENUM('ä','ö') CHARACTER SET latin1, gr VARCHAR(30) CHARACTER SET greek, gb TEXT CHARACTER SET gb2312, t620 CHAR(9) CHARACTER SET tis620, sw VARCHAR(9) CHARACTER SET swe7);
INSERT INTO kinds_dev.charsets VALUES (1,'Grüße €‰ ÿ','汉字 编号 abc','漢字 abc','漢字ｱｲｳ \\ ~','漢字ｱｲｳ①','한글 abc','漢字ｱ丂','ü漢','a😀','😀b','😀c','Привет','Привет','plain','ü漢','ö','αβγ','汉字','กข','åäö');
INSERT INTO kinds_dev.charsets (id,l1,g) VALUES (2, CONVERT(x'808182838485868788898A8B8C8D8E8F909192939495969798999A9B9C9D9E9FA0A1FEFF' USING latin1), CONVERT(x'8140FEFEA1A1A2E380' USING gbk));
INSERT INTO kinds_dev.charsets (id,sj,uj,b5) VALUES (3, CONVERT(x'5C7EA1DF815F8160817C8191FAB1' USING sjis), CONVERT(x'A1C08EB18FB0A18FA2B7A1DDA1C1' USING ujis), CONVERT(x'A145A14EA1C3A2CCF9D6A440' USING big5));
CREATE TABLE kinds_dev.json (id INT PRIMARY KEY, j JSON);
INSERT INTO kinds_dev.json VALUES (1,'{"b": [1, 2.0, -3, 1e10, 1e300, 0.1, true, false, null], "a": {"": "x", "k\\"\\\\": "\\u0001\\n\\t/ü😀"}, "long": 123}'),(2,'[]'),(3,'{}'),(4,'"s"'),(5,'1'),(6,'-1.0'),(7,'18446744073709551615'),(8,'-9223372036854775808'),(9,'[32767,32768,65535,65536,-32768,-32769,2147483647,2147483648,4294967295,4294967296,-2147483649]'),(10,'null'),(11,NULL),(12,'true'),(13,'123456789012345678901234567890'),(14,'[0.0, -0.0, 1e-7, 1.5e-10, 123456.789e3, 1e15, 1e16, 123456789012345680]'),(15,CONCAT('["',REPEAT('x',70000),'", {"a": [',REPEAT('{"k": 100000},',6000),'1]}]')),(16,CONCAT('"',REPEAT('y',200),'"'));
CREATE TABLE kinds_dev.nokey (a INT, b VARCHAR(10));
INSERT INTO kinds_dev.nokey VALUES (1,'x'),(1,'x'),(2,NULL),(NULL,NULL);
UPDATE kinds_dev.nokey SET b='y' WHERE a=2;
DELETE FROM kinds_dev.nokey WHERE a IS NULL;
CREATE TABLE kinds_dev.generated (id INT PRIMARY KEY, a INT, s INT GENERATED ALWAYS AS (a*2) STORED, v INT GENERATED ALWAYS AS (a*3) VIRTUAL, t VARCHAR(10));
INSERT INTO kinds_dev.generated (id,a,t) VALUES (1,5,'x'),(2,NULL,'y');
UPDATE kinds_dev.generated SET a=7 WHERE id=1;
UPDATE kinds_dev.numbers SET ti=5, f=2.5, n=NULL WHERE id<6;
UPDATE kinds_dev.numbers SET id=id+100 WHERE id IN (1,3);
UPDATE kinds_dev.strings SET tx='other', b='zz' WHERE id IN (1,3);
UPDATE kinds_dev.times SET ts=NULL, dt6='2024-01-01 00:00:00' WHERE id IN (1,2);
DELETE FROM kinds_dev.times WHERE id=5;
BEGIN; INSERT INTO kinds_dev.nokey VALUES (5,'t1'); INSERT INTO kinds_dev.generated (id,a) VALUES (5,5); INSERT INTO kinds_dev.nokey VALUES (6,'t2'); UPDATE kinds_dev.generated SET a=6 WHERE id=5; UPDATE kinds_dev.generated SET a=8 WHERE id=5; COMMIT;
BEGIN; INSERT INTO kinds_dev.nokey VALUES (7,'gone'); SAVEPOINT a; INSERT INTO kinds_dev.nokey VALUES (8,'gone'); ROLLBACK TO a; INSERT INTO kinds_dev.nokey VALUES (9,'stays'); COMMIT;
CREATE TABLE kinds_dev.copied AS SELECT id, ti, f, n FROM kinds_dev.numbers;
CREATE TABLE kinds_dev.liked LIKE kinds_dev.numbers;
INSERT INTO kinds_dev.liked SELECT * FROM kinds_dev.numbers;
ALTER TABLE kinds_dev.liked ADD COLUMN extra VARCHAR(20) CHARACTER SET latin1 DEFAULT 'ü' AFTER ti, DROP COLUMN n2, CHANGE COLUMN d2 dd DOUBLE;
INSERT INTO kinds_dev.liked (id, extra, dd) VALUES (900, 'Größe', 1.25);
RENAME TABLE kinds_dev.liked TO kinds_dev.renamed;
INSERT INTO kinds_dev.renamed (id, extra, dd) VALUES (901, 'Maß', 2.25);
CREATE DATABASE other; CREATE TABLE other.outside (id INT PRIMARY KEY, t VARCHAR(20));
RENAME TABLE other.outside TO kinds_dev.inside; INSERT INTO kinds_dev.inside VALUES (2,'in');
TRUNCATE TABLE kinds_dev.nokey; INSERT INTO kinds_dev.nokey VALUES (1,'after');
CREATE TABLE kinds_dev.conv (id INT PRIMARY KEY, t VARCHAR(50)) CHARACTER SET latin1; INSERT INTO kinds_dev.conv VALUES (1,'ä€');
ALTER TABLE kinds_dev.conv CONVERT TO CHARACTER SET utf8mb4; INSERT INTO kinds_dev.conv VALUES (2,'ä€😀');
CREATE TABLE kinds_dev.isam (id INT PRIMARY KEY, t VARCHAR(50)) ENGINE=MyISAM; INSERT INTO kinds_dev.isam VALUES (1,'a'),(2,'b'); DELETE FROM kinds_dev.isam WHERE id=1;
CREATE TABLE kinds_dev.big (id INT PRIMARY KEY AUTO_INCREMENT, t VARCHAR(100), n INT);
INSERT INTO kinds_dev.big (t,n) SELECT REPEAT('x',50), 1 FROM kinds_dev.numbers a, kinds_dev.numbers b, kinds_dev.numbers c;
INSERT INTO kinds_dev.big (t,n) SELECT t, n+1 FROM kinds_dev.big; INSERT INTO kinds_dev.big (t,n) SELECT t, n+1 FROM kinds_dev.big; INSERT INTO kinds_dev.big (t,n) SELECT t, n+1 FROM kinds_dev.big;
FLUSH LOGS;
UPDATE kinds_dev.big SET n=n+10 WHERE id%3=0; DELETE FROM kinds_dev.big WHERE id%7=0;
