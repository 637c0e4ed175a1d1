//! Random tables and messages, read off a tape of numbers: a shorter tape, or smaller numbers, give a simpler case,
//! so that a failing case can be shrunk.
#![allow(dead_code)]

pub mod message;
pub mod row;
pub mod text;
pub mod value;

use crate::reference::changelog::Reference;
use crate::scenario::{ALL_METADATA, spec_of};
use canal_native::schema::{DdlHandling, Field, LogicalType, Root, Semantics, TimestampFormat, ZeroDate};

/// The numbers; behind its end there are zeros.
#[derive(Debug, Clone)]
pub struct Tape<'t> {
    rest: &'t [u32],
}

impl<'t> Tape<'t> {
    pub fn new(numbers: &'t [u32]) -> Tape<'t> {
        Tape { rest: numbers }
    }

    pub fn number(&mut self) -> u32 {
        let Some((first, rest)) = self.rest.split_first() else { return 0 };
        self.rest = rest;
        *first
    }

    /// 0 to `n - 1`.
    pub fn below(&mut self, n: usize) -> usize {
        self.number() as usize % n
    }

    /// True once in `n` times; never when the tape has ended.
    pub fn one_in(&mut self, n: usize) -> bool {
        self.below(n) == n - 1
    }

    pub fn pick<'c, T>(&mut self, choices: &'c [T]) -> &'c T {
        &choices[self.below(choices.len())]
    }

    pub fn shuffle<T>(&mut self, items: &mut [T]) {
        for i in (1..items.len()).rev() {
            items.swap(i, self.below(i + 1));
        }
    }
}

const NAMES: [&str; 11] = ["id", "name", "a", "b", "Größe", "x y", "q\"t", "data", "type", "old", "名"];

/// A table: columns, options, filters.
pub fn table(tape: &mut Tape) -> Reference {
    let mut spec = spec_of(fields(tape, 6, 0));
    spec.semantics = *tape.pick(&[Semantics::Canal, Semantics::Flink]);
    spec.lenient = tape.one_in(3);
    if spec.semantics == Semantics::Canal {
        spec.ddl = *tape.pick(&[DdlHandling::Skip, DdlHandling::Emit, DdlHandling::Fail]);
        spec.zero_date = *tape.pick(&[ZeroDate::Fail, ZeroDate::Null, ZeroDate::Epoch]);
    }
    spec.timestamp = if tape.one_in(4) { TimestampFormat::Iso8601 } else { TimestampFormat::Sql };
    spec.time_millis = tape.one_in(4);
    if tape.one_in(3) {
        let mut keys = ALL_METADATA.to_vec();
        tape.shuffle(&mut keys);
        keys.truncate(1 + tape.below(8));
        spec.metadata = keys;
    }
    spec.filter_database = tape.one_in(5);
    spec.filter_table = tape.one_in(5);
    Reference {
        database: spec.filter_database.then(|| message::DATABASES[0].to_string()),
        table: spec.filter_table.then(|| message::TABLES[0].to_string()),
        spec,
    }
}

fn fields(tape: &mut Tape, max: usize, depth: usize) -> Vec<Field> {
    let mut names = NAMES.to_vec();
    tape.shuffle(&mut names);
    let count = 1 + tape.below(max);
    names[..count].iter().map(|name| Field { name: name.to_string(), ty: ty(tape, depth) }).collect()
}

fn ty(tape: &mut Tape, depth: usize) -> LogicalType {
    let root = root(tape, depth);
    LogicalType { nullable: root == Root::Null || !tape.one_in(8), root }
}

fn root(tape: &mut Tape, depth: usize) -> Root {
    let precision = *tape.pick(&[3u8, 0, 6, 9, 1]);
    let string = || Box::new(LogicalType { root: Root::Varchar, nullable: true });
    match tape.below(if depth < 2 { 28 } else { 24 }) {
        0 | 1 | 20 => Root::Varchar,
        2 => Root::Char,
        3 | 21 => Root::Bigint,
        4 => Root::Integer,
        5 => Root::Smallint,
        6 => Root::Tinyint,
        7 | 22 => Root::Boolean,
        8 => Root::Float,
        9 => Root::Double,
        10 | 11 => {
            let precision = 1 + tape.below(38) as u8;
            Root::Decimal { precision, scale: tape.below(usize::from(precision) + 1) as u8 }
        }
        12 | 23 => Root::Varbinary,
        13 => Root::Binary,
        14 => Root::Date,
        15 => Root::TimeWithoutTimeZone { precision },
        16 | 17 => Root::TimestampWithoutTimeZone { precision },
        18 => Root::TimestampWithLocalTimeZone { precision },
        19 => tape.pick(&[Root::IntervalYearMonth, Root::IntervalDayTime, Root::Null]).clone(),
        24 => Root::Array { element: Box::new(ty(tape, depth + 1)) },
        25 => Root::Map { key: string(), value: Box::new(ty(tape, depth + 1)) },
        26 => Root::Multiset { element: string() },
        _ => Root::Row { fields: fields(tape, 3, depth + 1) },
    }
}
