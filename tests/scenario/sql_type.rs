//! Flink SQL's types as text, as far as flink-json reads them.

use canal_native::schema::{Field, LogicalType, Root};

/// `DECIMAL(10, 2) NOT NULL` and the like.
pub fn parse(text: &str) -> LogicalType {
    let mut reader = Reader(text);
    let ty = reader.ty();
    assert!(reader.0.trim().is_empty(), "{:?} behind the type {text}", reader.0);
    ty
}

struct Reader<'t>(&'t str);

impl Reader<'_> {
    fn accepts(&mut self, token: &str) -> bool {
        match self.0.trim_start().strip_prefix(token) {
            Some(rest) => {
                self.0 = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, token: &str) {
        assert!(self.accepts(token), "{token} expected before {:?}", self.0);
    }

    fn word(&mut self) -> &str {
        let text = self.0.trim_start();
        let end = text.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(text.len());
        let (word, rest) = text.split_at(end);
        self.0 = rest;
        word
    }

    /// `(a, b)`; empty if there are none.
    fn numbers(&mut self) -> Vec<u32> {
        let mut numbers = Vec::new();
        if self.accepts("(") {
            loop {
                numbers.push(self.word().parse().expect("a number"));
                if self.accepts(")") {
                    break;
                }
                self.expect(",");
            }
        }
        numbers
    }

    fn precision(&mut self, default: u8) -> u8 {
        self.numbers().first().map_or(default, |p| *p as u8)
    }

    fn boxed(&mut self, end: &str) -> Box<LogicalType> {
        let ty = self.ty();
        self.expect(end);
        Box::new(ty)
    }

    fn row(&mut self) -> Root {
        let mut fields = Vec::new();
        self.expect("<");
        while !self.accepts(">") {
            let name = if self.accepts("`") {
                let (name, rest) = self.0.split_once('`').expect("a closing back-quote");
                self.0 = rest;
                name.to_string()
            } else {
                self.word().to_string()
            };
            fields.push(Field { name, ty: self.ty() });
            self.accepts(",");
        }
        Root::Row { fields }
    }

    /// `YEAR TO MONTH` or `DAY TO SECOND`.
    fn interval(&mut self) -> Root {
        let root = if self.word() == "YEAR" { Root::IntervalYearMonth } else { Root::IntervalDayTime };
        self.expect("TO");
        assert!(matches!((self.word(), &root), ("MONTH", Root::IntervalYearMonth) | ("SECOND", Root::IntervalDayTime)));
        root
    }

    fn ty(&mut self) -> LogicalType {
        let word = self.word().to_string();
        let root = match word.as_str() {
            "NULL" => Root::Null,
            "BOOLEAN" => Root::Boolean,
            "TINYINT" => Root::Tinyint,
            "SMALLINT" => Root::Smallint,
            "INT" | "INTEGER" => Root::Integer,
            "BIGINT" => Root::Bigint,
            "FLOAT" => Root::Float,
            "DOUBLE" => Root::Double,
            "CHAR" => self.sized(Root::Char),
            "VARCHAR" => self.sized(Root::Varchar),
            "STRING" => Root::Varchar,
            "BINARY" => self.sized(Root::Binary),
            "VARBINARY" => self.sized(Root::Varbinary),
            "BYTES" => Root::Varbinary,
            "DECIMAL" => {
                let numbers = self.numbers();
                let number = |i: usize, default| numbers.get(i).map_or(default, |n| *n as u8);
                Root::Decimal { precision: number(0, 10), scale: number(1, 0) }
            }
            "DATE" => Root::Date,
            "TIME" => Root::TimeWithoutTimeZone { precision: self.precision(0) },
            "TIMESTAMP" => Root::TimestampWithoutTimeZone { precision: self.precision(6) },
            "TIMESTAMP_LTZ" => Root::TimestampWithLocalTimeZone { precision: self.precision(6) },
            "INTERVAL" => self.interval(),
            "ARRAY" => {
                self.expect("<");
                Root::Array { element: self.boxed(">") }
            }
            "MULTISET" => {
                self.expect("<");
                Root::Multiset { element: self.boxed(">") }
            }
            "MAP" => {
                self.expect("<");
                Root::Map { key: self.boxed(","), value: self.boxed(">") }
            }
            "ROW" => self.row(),
            other => panic!("the type {other:?}"),
        };
        let nullable = !self.accepts("NOT NULL");
        LogicalType { root, nullable }
    }

    fn sized(&mut self, root: Root) -> Root {
        self.numbers();
        root
    }
}
