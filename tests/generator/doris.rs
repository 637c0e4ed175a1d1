//! Random tables in Doris, and what a load of them is expected to be.

use crate::generator::{Tape, row};
use crate::reference::doris::{Notation, Reference, holder};
use crate::reference::value::Value;
use canal_native::doris::body::{BadValue, BodySpec, Format, NonFinite, Zone};
use canal_native::doris::table::{DorisColumn, DorisTable, DorisType, KeyModel, Sequence};
use canal_native::schema::{Field, LogicalType, Root};
use proptest::prelude::*;
use proptest::test_runner::{RngSeed, TestError, TestRunner};
use std::cell::RefCell;
use std::collections::BTreeMap;

const DEFAULT_CASES: u32 = 3_000;
const SEED: u64 = 1_589_373_560;
const MAX_TEXT: u32 = 300;

/// Runs cases that tell how each ended, and returns how often each ending was met.
pub fn count(run: impl Fn(&mut Tape) -> Result<Vec<&'static str>, String>) -> BTreeMap<&'static str, u32> {
    let mut config =
        ProptestConfig { failure_persistence: None, max_shrink_iters: 20_000, ..ProptestConfig::default() };
    if std::env::var_os("PROPTEST_CASES").is_none() {
        config.cases = DEFAULT_CASES;
    }
    if std::env::var_os("PROPTEST_RNG_SEED").is_none() {
        config.rng_seed = RngSeed::Fixed(SEED);
    }
    let counts = RefCell::new(BTreeMap::new());
    let tapes = prop::collection::vec(any::<u32>(), 0..1500);
    let result = TestRunner::new(config).run(&tapes, |tape| {
        for ending in run(&mut Tape::new(&tape)).map_err(TestCaseError::fail)? {
            *counts.borrow_mut().entry(ending).or_default() += 1;
        }
        Ok(())
    });
    match result {
        Ok(()) => {}
        Err(TestError::Fail(reason, _)) | Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
    let counts = counts.into_inner();
    eprintln!("{counts:?}");
    counts
}

/// What Doris has no place for becomes INT; names differ in more than their case.
fn tame(fields: &mut [Field]) {
    fn tame_type(ty: &mut LogicalType) {
        match &mut ty.root {
            root @ (Root::IntervalYearMonth | Root::IntervalDayTime) => *root = Root::Integer,
            Root::Array { element: inner } | Root::Map { value: inner, .. } => tame_type(inner),
            Root::Row { fields } => tame(fields),
            _ => {}
        }
    }
    for (i, field) in fields.iter_mut().enumerate() {
        field.name = format!("{}{i}", field.name);
        tame_type(&mut field.ty);
    }
}

/// Some Doris type that takes the Flink type; `top`: of a column.
fn target(tape: &mut Tape, from: &Root, top: bool) -> DorisType {
    let same = tape.one_in(2);
    let text = |tape: &mut Tape, least: u32| match tape.below(3) {
        0 => DorisType::String,
        1 => DorisType::Varchar(least + tape.below(20) as u32),
        _ => DorisType::Char(least + tape.below(5) as u32),
    };
    let json = [DorisType::Json, DorisType::Variant];
    let integers = [
        DorisType::TinyInt,
        DorisType::SmallInt,
        DorisType::Int,
        DorisType::BigInt,
        DorisType::LargeInt,
        DorisType::Boolean,
    ];
    let decimal = |tape: &mut Tape| {
        let precision = 1 + tape.below(38) as u8;
        DorisType::Decimal { precision, scale: tape.below(usize::from(precision) + 1) as u8 }
    };
    match from {
        _ if same
            && !matches!(from, Root::Array { .. } | Root::Map { .. } | Root::Multiset { .. } | Root::Row { .. }) =>
        {
            holder(from)
        }
        Root::Boolean if tape.one_in(2) => tape.pick(&integers).clone(),
        Root::Boolean => text(tape, 5),
        Root::Tinyint | Root::Smallint | Root::Integer | Root::Bigint => match tape.below(5) {
            0 => decimal(tape),
            1 => tape.pick(&[DorisType::Float, DorisType::Double]).clone(),
            2 => text(tape, 1),
            _ => tape.pick(&integers).clone(),
        },
        Root::Float if tape.one_in(2) => DorisType::Double,
        Root::Float => text(tape, 15),
        Root::Double => text(tape, 24),
        Root::Decimal { scale: 0, .. } if tape.one_in(3) => tape.pick(&integers[..5]).clone(),
        Root::Decimal { .. } if tape.one_in(2) => decimal(tape),
        Root::Decimal { precision, .. } => text(tape, u32::from(*precision) + 3),
        Root::Char | Root::Varchar if tape.one_in(4) => tape.pick(&json).clone(),
        Root::Date if tape.one_in(2) => DorisType::DateTime { scale: tape.below(7) as u8 },
        Root::Date => text(tape, 10),
        Root::TimeWithoutTimeZone { .. } => text(tape, 12),
        Root::TimestampWithoutTimeZone { .. } | Root::TimestampWithLocalTimeZone { .. } if tape.one_in(2) => {
            DorisType::DateTime { scale: tape.below(7) as u8 }
        }
        Root::TimestampWithoutTimeZone { .. } | Root::TimestampWithLocalTimeZone { .. } => text(tape, 29),
        Root::Array { .. } | Root::Map { .. } | Root::Multiset { .. } | Root::Row { .. } if same && top => {
            match tape.below(3) {
                0 => tape.pick(&json).clone(),
                _ => text(tape, 2),
            }
        }
        Root::Array { element } => DorisType::Array(Box::new(target(tape, &element.root, false))),
        Root::Map { value, .. } => DorisType::Map(Box::new(text(tape, 3)), Box::new(target(tape, &value.root, false))),
        Root::Multiset { .. } => DorisType::Map(Box::new(text(tape, 3)), Box::new(DorisType::BigInt)),
        Root::Row { fields } => {
            let mut members: Vec<(String, DorisType)> =
                fields.iter().map(|f| (f.name.to_ascii_lowercase(), target(tape, &f.ty.root, false))).collect();
            tape.shuffle(&mut members);
            DorisType::Struct(members)
        }
        _ => text(tape, 0),
    }
}

/// A table, what its encoder is told, and what is expected of it.
pub struct Case {
    pub fields: Vec<Field>,
    pub table: DorisTable,
    pub reference: Reference,
    pub spec: BodySpec,
}

/// A random case.
pub fn case(tape: &mut Tape, format: Format) -> Case {
    let mut fields = row::spec(tape, false).fields;
    tame(&mut fields);
    let columns = fields
        .iter()
        .map(|f| DorisColumn {
            name: f.name.clone(),
            ty: target(tape, &f.ty.root, true),
            nullable: !tape.one_in(8),
            key: false,
            default: false,
        })
        .collect();
    let offset = |tape: &mut Tape| tape.below(93_600) as i32 - 43_200;
    let zone: BTreeMap<i64, i32> =
        (0..tape.below(4) as i64).map(|i| (i * 400_000_000_000 + i64::from(tape.number()), offset(tape))).collect();
    let null_for_nan = tape.one_in(2);
    Case {
        fields,
        table: DorisTable {
            database: "d".into(),
            name: "t".into(),
            model: KeyModel::Duplicate,
            columns,
            sequence: Sequence::None,
        },
        spec: BodySpec {
            zone: Zone::new(zone.iter().map(|(at, offset)| (*at, *offset)).collect()).expect("a zone"),
            non_finite: if null_for_nan { NonFinite::Null } else { NonFinite::Fail },
            max_text_bytes: MAX_TEXT,
            ..BodySpec::new(format)
        },
        reference: Reference { zone, null_for_nan, max_text_bytes: MAX_TEXT },
    }
}

impl Case {
    /// Each column in a notation, or the first that is bad.
    pub fn expected(&self, values: &[Value], notation: Notation) -> Result<Vec<Option<String>>, (String, BadValue)> {
        let column = |((value, field), column): ((&Value, &Field), &DorisColumn)| {
            self.reference
                .column(value, &field.ty, &column.ty, column.nullable, notation)
                .map_err(|reason| (column.name.clone(), reason))
        };
        values.iter().zip(&self.fields).zip(&self.table.columns).map(column).collect()
    }
}

/// How a bad row ended.
pub fn ending(bad: BadValue) -> &'static str {
    match bad {
        BadValue::Malformed => "malformed",
        BadValue::NotUtf8 => "not UTF-8",
        BadValue::NullInNotNull => "NULL",
        BadValue::NullMapKey => "NULL key",
        BadValue::OutOfRange => "out of range",
        BadValue::TooLong { .. } => "too long",
        BadValue::NotFinite => "not finite",
        BadValue::LosesDigits => "loses digits",
        BadValue::NotOfType => "not of type",
        BadValue::BothQuotes => "both quotes",
        BadValue::NotEnclosed => "not enclosed",
        BadValue::BeforeEpoch => "before 1970",
    }
}
