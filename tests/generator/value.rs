//! Values for a column: as Canal writes them, at the edges of what Flink reads, and beyond.

use super::Tape;
use super::text::Json;
use canal_native::schema::{LogicalType, Root};

const WORDS: [&str; 14] = [
    "scooter",
    "",
    "a",
    "seven77",
    "eight888",
    "größe",
    "防水 夹克",
    "😀",
    "tail\\",
    "say \"x\"",
    "line1\nline2",
    "\u{0}\u{1f}\u{7f}\u{85}\u{2028}\u{feff}",
    "//",
    "0123456789012345678901234567890123456789",
];
const BOOLEANS: [&str; 12] = ["1", "0", "true", "false", "TRUE", " true ", "2", "", "-1", " 1", "yes", "01"];
const INTEGERS: [&str; 26] = [
    "0",
    "1",
    "-1",
    "127",
    "-128",
    "128",
    "32767",
    "-32769",
    "2147483647",
    "-2147483648",
    "2147483648",
    "9223372036854775807",
    "-9223372036854775808",
    "9223372036854775808",
    "18446744073709551615",
    "+5",
    "007",
    "-0",
    " 12 ",
    "\t3\n",
    "",
    "1.0",
    "1e3",
    "abc",
    "-",
    "１２",
];
const FLOATS: [&str; 28] = [
    "0.1",
    "1.0E8",
    "-1.5",
    "3.4028235E38",
    "1.7976931348623157E308",
    "4.9E-324",
    "1.17549435E-38",
    "16777217",
    "NaN",
    "Infinity",
    "-Infinity",
    "+1",
    "1e400",
    "-1e-400",
    ".5",
    "5.",
    "1f",
    "2D",
    "0x1p3",
    " 7.5 ",
    "",
    "nan",
    "1e",
    "1_0",
    "--1",
    "3.4028235677973366e38",
    "0.30000000000000004",
    "123456789012345678901234567890",
];
const DECIMALS: [&str; 24] = [
    "0",
    "0.00",
    "3.14",
    "-2.5",
    "12.50",
    "99999.995",
    "0.005",
    "-0.005",
    "9999999999999999.0",
    "1e3",
    "1E-7",
    "1e+2",
    "+1.5",
    "1.",
    ".5",
    " 1",
    "",
    "1e",
    "NaN",
    "-",
    "1e30000",
    "12345678901234567890123456789012345678",
    "99999999999999999999999999999999999999.9",
    "0.000000000000000000000000000000000000049",
];
const BASE64: [&str; 12] = [
    "aGVsbG8=",
    "",
    "AA==",
    "////",
    "aGVsbG8sIHdvcmxk",
    " aGVs",
    "aGVs\nbG8=",
    "aGVsbA==aGVs",
    "aGVsb",
    "a-_=",
    "====",
    "é",
];
const DATES: [&str; 14] = [
    "2020-01-31",
    "1970-01-01",
    "2020-02-29",
    "1969-12-31",
    "0001-01-01",
    "9999-12-31",
    "2021-02-29",
    "0000-00-00",
    "2020-1-1",
    " 2020-01-01",
    "+12020-01-01",
    "-0001-01-01",
    "",
    "2020-01-01T00:00",
];
const TIMES: [&str; 14] = [
    "10:11:12",
    "00:00:00",
    "23:59:59.999",
    "10:11:12.123456789",
    "24:00:00",
    "24:00:00.0",
    "24:00:01",
    "10:11:12.",
    "10:11",
    "838:59:59",
    "-01:00:00",
    "10:60:00",
    "1:00:00",
    "10:11:12.1234567890",
];
const ZERO_STAMPS: [&str; 7] = [
    "0000-00-00 00:00:00",
    "0000-00-00 00:00:00.000000",
    "0000-00-00T00:00:00",
    "0000-00-00 00:00:00Z",
    "0000-00-00T00:00:00.0Z",
    "0000-00-00 00:00:00.01",
    "2020-00-00 00:00:00",
];
const FRACTIONS: [&str; 9] = ["", ".1", ".123", ".123456", ".123456789", ".000000001", ".", ".1234567890", ".12Z"];
const NUMBERS: [&str; 18] = [
    "0",
    "1",
    "-1",
    "-0",
    "127",
    "300",
    "2147483647.9",
    "1.9",
    "-1.5",
    "1e2",
    "100.0",
    "9223372036854775808",
    "1e400",
    "-0.0",
    "0.1",
    "9223372036854775807.5",
    "1E-7",
    "123456789012345678901234567890",
];
const OTHERS: [&str; 7] = ["true", "false", "null", "{}", "[]", "[1.5,\"x\"]", "{\"a\":{\"id\":[null,\"\\u000b/\"]}}"];

/// A value for a column of type `ty`; `binary` if its `mysqlType` is one that Canal writes as a character per byte.
pub fn value(tape: &mut Tape, ty: &LogicalType, binary: bool) -> Json {
    if tape.one_in(3) { anything(tape, ty, binary) } else { tame(tape, &ty.root, binary) }
}

/// As Canal writes it.
fn tame(tape: &mut Tape, root: &Root, binary: bool) -> Json {
    if tape.one_in(8) {
        return Json::null();
    }
    let mut signed = |bits: u32| {
        let number = i64::from(tape.number()) << 32 | i64::from(tape.number());
        (number >> (64 - bits) >> tape.below(bits as usize)).to_string()
    };
    let text = match root {
        Root::Tinyint => signed(8),
        Root::Smallint => signed(16),
        Root::Integer | Root::IntervalYearMonth => signed(32),
        Root::Bigint | Root::IntervalDayTime => signed(64),
        Root::Boolean => tape.pick(&BOOLEANS[..4]).to_string(),
        Root::Float | Root::Double => tape.pick(&FLOATS[..8]).to_string(),
        Root::Decimal { precision, scale } => digits(tape, *precision, *scale),
        Root::Binary | Root::Varbinary if !binary => tape.pick(&BASE64[..5]).to_string(),
        Root::Date => tape.pick(&DATES[..6]).to_string(),
        Root::TimeWithoutTimeZone { .. } => tape.pick(&TIMES[..4]).to_string(),
        Root::TimestampWithoutTimeZone { .. } => format!("{} {}", tape.pick(&DATES[..6]), tape.pick(&TIMES[..4])),
        Root::TimestampWithLocalTimeZone { .. } => format!("{} {}Z", tape.pick(&DATES[..6]), tape.pick(&TIMES[..4])),
        _ => return usual(tape, root, binary),
    };
    Json::Text(text)
}

fn anything(tape: &mut Tape, ty: &LogicalType, binary: bool) -> Json {
    match tape.below(24) {
        21 => Json::Raw(tape.pick(&NUMBERS).to_string()),
        22 => Json::Raw(tape.pick(&OTHERS).to_string()),
        23 => Json::null(),
        _ => usual(tape, &ty.root, binary),
    }
}

fn usual(tape: &mut Tape, root: &Root, binary: bool) -> Json {
    let text = match root {
        Root::Null => "x".into(),
        Root::Boolean => tape.pick(&BOOLEANS).to_string(),
        Root::Tinyint
        | Root::Smallint
        | Root::Integer
        | Root::Bigint
        | Root::IntervalYearMonth
        | Root::IntervalDayTime => integer(tape),
        Root::Float | Root::Double => float(tape),
        Root::Decimal { precision, scale } => decimal(tape, *precision, *scale),
        Root::Char | Root::Varchar => word(tape),
        Root::Binary | Root::Varbinary if binary => latin1(tape),
        Root::Binary | Root::Varbinary => tape.pick(&BASE64).to_string(),
        Root::Date => tape.pick(&DATES).to_string(),
        Root::TimeWithoutTimeZone { .. } => tape.pick(&TIMES).to_string(),
        Root::TimestampWithoutTimeZone { .. } => stamp(tape, ""),
        Root::TimestampWithLocalTimeZone { .. } => stamp(tape, "Z"),
        Root::Array { element } => {
            return Json::Array((0..tape.below(5)).map(|_| value(tape, element, false)).collect());
        }
        Root::Map { value: ty, .. } => return object(tape, |tape| value(tape, ty, false)),
        Root::Multiset { .. } => return object(tape, |tape| Json::Raw(tape.below(9).to_string())),
        Root::Row { fields } => {
            let members = fields.iter().map(|f| (f.name.clone(), value(tape, &f.ty, false)));
            let mut members: Vec<_> = members.collect();
            members.truncate(fields.len() - usize::from(tape.one_in(6)));
            return Json::Object(members);
        }
    };
    Json::Text(text)
}

/// Any text at all.
pub fn word(tape: &mut Tape) -> String {
    match tape.below(8) {
        7 => tape.pick(&WORDS).repeat(tape.below(40)),
        6 => (0..tape.below(70)).map(|_| char::from_u32(tape.number() % 0x2FFF).unwrap_or('x')).collect(),
        _ => tape.pick(&WORDS).to_string(),
    }
}

fn integer(tape: &mut Tape) -> String {
    match tape.below(4) {
        0 => tape.below(1000).to_string(),
        1 => ((i64::from(tape.number()) << 32 | i64::from(tape.number())) >> tape.below(64)).to_string(),
        _ => tape.pick(&INTEGERS).to_string(),
    }
}

fn float(tape: &mut Tape) -> String {
    match tape.below(3) {
        0 => {
            let bits = u64::from(tape.number()) << 32 | u64::from(tape.number());
            format!("{:?}", f64::from_bits(bits))
        }
        1 => format!("{}.{}", tape.below(100_000), tape.below(100_000)),
        _ => tape.pick(&FLOATS).to_string(),
    }
}

fn decimal(tape: &mut Tape, precision: u8, scale: u8) -> String {
    if tape.below(3) == 2 {
        return tape.pick(&DECIMALS).to_string();
    }
    digits(tape, precision, scale)
}

/// As many digits as the type has, and up to one more behind the point.
fn digits(tape: &mut Tape, precision: u8, scale: u8) -> String {
    let mut digits = |count: usize| -> String { (0..count).map(|_| char::from(b'0' + tape.below(10) as u8)).collect() };
    let whole = digits(usize::from(precision - scale).max(1));
    let fraction = digits(usize::from(scale) + 1);
    let cut = tape.below(fraction.len() + 1);
    let sign = tape.pick(&["", "", "-"]);
    if cut == 0 { format!("{sign}{whole}") } else { format!("{sign}{whole}.{}", &fraction[..cut]) }
}

fn latin1(tape: &mut Tape) -> String {
    let beyond = if tape.one_in(20) { "中" } else { "" };
    let bytes: String = (0..tape.below(20)).map(|_| char::from(tape.number() as u8)).collect();
    bytes + beyond
}

fn stamp(tape: &mut Tape, zone: &str) -> String {
    if tape.one_in(8) {
        return tape.pick(&ZERO_STAMPS).to_string();
    }
    let date = match tape.below(4) {
        3 => tape.pick(&DATES).to_string(),
        2 => tape.pick(&["2021-02-31", "2020-04-31", "1900-02-29", "2020-12-32", "12020-01-01"]).to_string(),
        _ => format!("{:04}-{:02}-{:02}", 1900 + tape.below(200), 1 + tape.below(12), 1 + tape.below(28)),
    };
    let time = match tape.below(4) {
        3 => tape.pick(&TIMES).to_string(),
        _ => format!("{:02}:{:02}:{:02}", tape.below(24), tape.below(60), tape.below(60)),
    };
    let separator = *tape.pick(&[" ", " ", " ", "T", "T", "t", "  ", ""]);
    let zone = if tape.one_in(8) { *tape.pick(&["", "Z", "z", "+00:00"]) } else { zone };
    format!("{date}{separator}{time}{}{zone}", tape.pick(&FRACTIONS))
}

fn object(tape: &mut Tape, mut value: impl FnMut(&mut Tape) -> Json) -> Json {
    let mut members: Vec<(String, Json)> = Vec::new();
    for i in 0..tape.below(4) {
        let name = if tape.one_in(2) { format!("k{i}") } else { word(tape) };
        if members.iter().all(|(known, _)| *known != name) {
            members.push((name, value(tape)));
        }
    }
    Json::Object(members)
}
