//! The reference decoder's own parts against other hands: chrono, base64, and arithmetic on whole numbers.

mod reference;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use chrono::{Datelike, NaiveDate, NaiveDateTime};
use reference::decimal::Decimal;
use reference::float::{self, Parsed};
use reference::temporal::{date, date_text, time, timestamp_iso, timestamp_sql, timestamp_text};
use reference::{base64 as own_base64, value::Timestamp};

/// Numbers without an order, the same in every run.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let mixed = self.0 ^ self.0 >> 31;
        mixed.wrapping_mul(0x9E37_79B9_7F4A_7C15) ^ mixed >> 29
    }
}

#[test]
fn dates_equal_chrono() {
    let epoch = NaiveDate::from_ymd_opt(1970, 1, 1).expect("a date");
    let mut day = NaiveDate::from_ymd_opt(1, 1, 1).expect("a date");
    while day.year() < 10_000 {
        let text = day.format("%Y-%m-%d").to_string();
        let days = (day - epoch).num_days();
        assert_eq!((date(&text), date_text(days)), (Some(days), text.clone()), "{text}");
        day += chrono::TimeDelta::days(13);
    }
    for year in [1600, 1900, 2000, 2020, 2021] {
        for month in 1..=13 {
            for day in 0..=32 {
                let known = NaiveDate::from_ymd_opt(year, month, day).map(|d| (d - epoch).num_days());
                assert_eq!(date(&format!("{year}-{month:02}-{day:02}")), known, "{year}-{month}-{day}");
            }
        }
    }
}

#[test]
fn timestamps_equal_chrono() {
    let mut numbers = Numbers(1);
    for _ in 0..20_000 {
        let seconds = (numbers.next() % 300_000_000_000) as i64 - 60_000_000_000;
        let nanos = (numbers.next() % 1_000_000_000) as u32;
        let known = chrono::DateTime::from_timestamp(seconds, nanos).expect("in range").naive_utc();
        let digits = (numbers.next() % 10) as usize;
        let fraction = format!(".{}", &format!("{nanos:09}")[..digits]);
        let nanos: u32 = format!("{:0<9}", &fraction[1..]).parse().expect("digits");
        let stamp = Timestamp { millis: seconds * 1000 + i64::from(nanos / 1_000_000), nanos: nanos % 1_000_000 };
        for (text, read) in [
            (format!("{}{fraction}", known.format("%Y-%m-%d %H:%M:%S")), timestamp_sql as fn(&str, bool) -> _),
            (format!("{}{fraction}", known.format("%Y-%m-%dT%H:%M:%S")), timestamp_iso),
        ] {
            assert_eq!(read(&text, false), Some(stamp), "{text}");
            assert_eq!(read(&format!("{text}Z"), true), Some(stamp), "{text}Z");
        }
        let again = NaiveDateTime::parse_from_str(&timestamp_text(stamp), "%Y-%m-%d %H:%M:%S%.9f").expect("its text");
        assert_eq!(again.and_utc().timestamp_millis(), stamp.millis);
    }
}

/// What flink-json was measured to do at the edges of `java.time`.
#[test]
fn dates_and_times_at_their_edges() {
    assert_eq!(timestamp_sql("2021-02-31 00:00:00", false), timestamp_sql("2021-02-28 00:00:00", false));
    assert_eq!(timestamp_sql("2020-12-31 24:00:00", false), timestamp_sql("2021-01-01 00:00:00", false));
    assert_eq!(timestamp_iso("2020-01-01T10:11", false), timestamp_iso("2020-01-01t10:11:00.", false));
    assert_eq!(timestamp_iso("2021-02-31T24:00Z", true), timestamp_iso("2021-03-01T00:00Z", true));
    for text in [
        "2021-02-32 00:00:00",
        "2020-01-01 24:00:01",
        "2020-01-01  00:00:00",
        "2020-01-01 00:00",
        "2020-01-01 00:00:00.1234567890",
    ] {
        assert_eq!(timestamp_sql(text, false), None, "{text}");
    }
    for text in ["2021-02-29T00:00", "2020-01-01T24:00:00", "2020-01-01 00:00:00"] {
        assert_eq!(timestamp_iso(text, false), None, "{text}");
    }
    assert_eq!((timestamp_iso("2020-01-01t00:00Z", true), timestamp_sql("2020-01-01 00:00:00", true)), (None, None));
    assert_eq!((time("24:00:00", false), time("24:00:00.1", false), time("10:11", false)), (Some(0), None, None));
    assert_eq!((time("00:00:01.999", false), time("00:00:01.999", true)), (Some(1000), Some(1999)));
    let year_zero = date("0000-01-01").expect("year 0");
    assert_eq!(
        (date("-0001-01-01"), date("+10000-01-01").map(date_text)),
        (Some(year_zero - 365), Some("+10000-01-01".into()))
    );
    for text in ["-0000-01-01", "+2020-01-01", "12020-01-01", "2020-1-01", " 2020-01-01", "２０２０-01-01"] {
        assert_eq!(date(text), None, "{text}");
    }
}

#[test]
fn base64_equals_the_library() {
    let mut numbers = Numbers(2);
    for length in 0..600 {
        let bytes: Vec<u8> = (0..length).map(|_| numbers.next() as u8).collect();
        assert_eq!(own_base64::decode(&STANDARD.encode(&bytes)), Some(bytes));
    }
    // Where Jackson goes its own way.
    assert_eq!(own_base64::decode(" aGVs\nbG8="), Some(b"hello".to_vec()));
    assert_eq!(own_base64::decode("aGVsbA==aGVs"), Some(b"hellhel".to_vec()));
    assert_eq!(own_base64::decode("AB=="), Some(vec![0]));
    for text in ["aGVsb", "aG Vs", "a-_=", "====", "aGVsbG8", "a=bc"] {
        assert_eq!(own_base64::decode(text), None, "{text}");
    }
}

/// Rounding half up to a scale, as it is done with whole numbers.
#[test]
fn decimals_equal_integer_arithmetic() {
    let mut numbers = Numbers(3);
    for _ in 0..50_000 {
        let unscaled = i128::from(numbers.next() as i64 >> (numbers.next() % 64));
        let (scale, wanted) = ((numbers.next() % 12) as u8, (numbers.next() % 12) as u8);
        let precision = wanted.max(1) + (numbers.next() % 20) as u8;
        let decimal = Decimal::parse(&Decimal::of(unscaled, scale).text()).expect("its own text");
        let scaled = if wanted >= scale {
            unscaled * 10i128.pow((wanted - scale).into())
        } else {
            let unit = 10i128.pow((scale - wanted).into());
            let half_up = (unscaled.abs() * 2 + unit) / (unit * 2);
            half_up * unscaled.signum()
        };
        let fits = scaled.abs() < 10i128.pow(precision.into());
        assert_eq!(decimal.fit(precision, wanted), fits.then(|| Decimal::of(scaled, wanted)), "{unscaled}E-{scale}");
    }
}

/// The examples of `BigDecimal`'s and `Double.toString`'s documentation, and what flink-json was measured to print.
#[test]
fn numbers_print_as_in_java() {
    for (text, java) in [
        ("1.10", "1.1"),
        ("100.0", "1E+2"),
        ("0.00", "0"),
        ("1e-7", "1E-7"),
        ("0.00001", "0.00001"),
        ("-12e1", "-1.2E+2"),
    ] {
        assert_eq!(Decimal::parse(text).expect("a decimal").stripped().text(), java, "{text}");
    }
    for (value, java) in [
        (1e2, "100.0"),
        (1e7, "1.0E7"),
        (1e-4, "1.0E-4"),
        (9_999_999.5, "9999999.5"),
        (0.001, "0.001"),
        (2e23, "2.0E23"),
        (4.9e-324, "4.9E-324"),
        (-0.0, "-0.0"),
        (1.5, "1.5"),
        (123_456_789.0, "1.23456789E8"),
        (f64::NAN, "NaN"),
    ] {
        assert_eq!(float::java_text(value, false), java);
    }
    let mut numbers = Numbers(4);
    for _ in 0..50_000 {
        let value = f64::from_bits(numbers.next());
        assert!(
            float::java_text(value, false).parse::<f64>().expect("a number").to_bits() == value.to_bits()
                || value.is_nan()
        );
        assert!(
            float::shortest(value, false).parse::<f64>().expect("a number").to_bits() == value.to_bits()
                || value.is_nan()
        );
    }
    for (text, value) in [
        (" 1.5f ", 1.5),
        (".5", 0.5),
        ("5.", 5.0),
        ("-Infinity", f64::NEG_INFINITY),
        ("1e400", f64::INFINITY),
        ("+1D", 1.0),
    ] {
        assert_eq!(float::double(text), Parsed::Number(value), "{text}");
    }
    for text in ["", "nan", "infinity", "1_0", "1e", ".", "e5", "f", "--1"] {
        assert_eq!(float::double(text), Parsed::Bad, "{text}");
    }
    assert_eq!(
        (float::double("0x1p3"), float::float("3.4028236E38")),
        (Parsed::Hexadecimal, Parsed::Number(f32::INFINITY))
    );
}
