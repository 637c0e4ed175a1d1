//! FLOAT and DOUBLE as Java's `Float.toString` and `Double.toString` print them.
//!
//! JDK 19 and later print the shortest decimal that gives the value back, the closest of those. So does `ryu`, but that Java
//! prints at least two digits: in the first hundred subnormals the closest two-digit decimal may be another one.
//!
//! Earlier JDKs generate digits until what is left is less than half the distance to the neighbour. That ends in the same
//! digits, except where
//! * a shorter decimal lies exactly half-way to the neighbour (`2.0E23`): such a decimal is an odd multiple of half a unit
//!   with few digits, so the value is an integer, and of the odd numbers beside twice its mantissa one is divisible by 25;
//! * the mantissa is a power of two: its neighbours are at two distances, and the algorithm takes half of the smaller;
//! * the value is an integer of more bits than the mantissa, but below 2^63: its digits are printed as they are, without
//!   those that stand for less than a quarter of a unit in the last place;
//! * the value has one of a few exponents, with which a sum of the algorithm overflows 64 bits: the last digit is then not
//!   rounded up.
//!
//! Values in the first two classes are not written here unless their text is exact, nor are those in the last; the third is
//! computed.
//!
//! Compared with OpenJDK 17 (`jdk18`) and Temurin 25 (`shortest`), no text differing: every FLOAT from 0 to infinity, and of
//! DOUBLEs 3·10^8 on the first and 1.5·10^8 on the second: random bits, decimals of 1 to 17 digits, integers, powers of
//! two and their neighbours, values of few bits, half-way decimals. `FloatTextTest` in `tests/java` compares fewer of
//! the same kinds. Delegated on JDK 17: 0.8 % of all FLOATs and 0.3 % of all DOUBLEs, by their bits; none of the DOUBLEs
//! that decimals of up to six digits from 10^-300 to 10^18 give.

use crate::json::write::{Output, decimal_len};
use crate::schema::FloatText;

/// The text depends on the JDK in a way that is not modelled here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unproven;

/// Integers below it are printed by [`integer`].
const TWO_63: f64 = 9_223_372_036_854_775_808.0;

/// The exponent field of the doubles, 2^84 to 2^85, with which the algorithm of JDK 18 and earlier overflows.
const OVERFLOWING_DOUBLES: u64 = 1023 + 84;

/// The same of the floats: 2^82 to 2^83, and 2^85 to 2^86.
const OVERFLOWING_FLOATS: [u32; 2] = [127 + 82, 127 + 85];

/// `Double.toString`, without quotes; `NaN`, `Infinity` and `-Infinity` too.
///
/// # Errors
/// Nothing is written.
#[inline(always)]
pub fn double(out: &mut Output, value: f64, text: FloatText) -> Result<(), Unproven> {
    if short(out, value, |decimal| decimal == value, 1e15) {
        return Ok(());
    }
    double_slow(out, value, text)
}

/// `Float.toString`, without quotes.
///
/// # Errors
/// Nothing is written.
#[inline(always)]
pub fn float(out: &mut Output, value: f32, text: FloatText) -> Result<(), Unproven> {
    if short(out, value.into(), |decimal| decimal as f32 == value, 1e6) {
        return Ok(());
    }
    float_slow(out, value, text)
}

/// Writes a value of magnitude 1 to 10^7 that a decimal of up to four fraction digits gives back. With fewer digits than
/// the type can tell apart (`limit`), no other decimal as short does.
#[inline(always)]
fn short(out: &mut Output, value: f64, is_value: impl Fn(f64) -> bool, limit: f64) -> bool {
    let magnitude = value.abs();
    if !(1.0..1e7).contains(&magnitude) {
        return false;
    }
    let scaled = (magnitude * 10_000.0 + 0.5) as u64;
    let decimal = scaled as f64 / 10_000.0;
    // Zeros at the end are none of its digits.
    let digits = if scaled % 100 == 0 { scaled / 100 } else { scaled };
    if digits as f64 >= limit || !is_value(if value < 0.0 { -decimal } else { decimal }) {
        return false;
    }
    if value < 0.0 {
        out.push(b'-');
    }
    out.unsigned(scaled / 10_000);
    let digits = fraction(scaled % 10_000);
    out.prefix(&digits.0, digits.1);
    true
}

/// A point and up to four digits, at least one; and their length.
#[inline(always)]
fn fraction(value: u64) -> ([u8; 8], usize) {
    use crate::json::write::PAIRS;
    let ([a, b], [c, d]) = (PAIRS[(value / 100 % 100) as usize], PAIRS[(value % 100) as usize]);
    let zeros = match value {
        _ if d != b'0' => 0,
        _ if c != b'0' => 1,
        _ if b != b'0' => 2,
        _ => 3,
    };
    ([b'.', a, b, c, d, 0, 0, 0], 5 - zeros)
}

#[inline(never)]
fn double_slow(out: &mut Output, value: f64, text: FloatText) -> Result<(), Unproven> {
    if special(out, value) {
        return Ok(());
    }
    let magnitude = value.abs();
    let bits = magnitude.to_bits();
    if bits < 100 {
        return tiny(out, value, ryu::Buffer::new().format_finite(value), text);
    }
    if text == FloatText::Jdk18 {
        let mantissa = bits & (1 << 52) - 1;
        let normal = bits >> 52 != 0;
        if magnitude < TWO_63 && magnitude.fract() == 0.0 {
            integer(out, value, 53);
            return Ok(());
        }
        let power_of_two = if normal { mantissa == 0 } else { mantissa.is_power_of_two() };
        // 2^-21 has 15 digits, as many as doubles always tell apart.
        if power_of_two && !(4.76837158203125e-7..1.0).contains(&magnitude)
            || (TWO_63..1e41).contains(&magnitude) && beside_multiple_of_25(mantissa | 1 << 52)
            || bits >> 52 == OVERFLOWING_DOUBLES
        {
            return Err(Unproven);
        }
    }
    java_form(out, ryu::Buffer::new().format_finite(value), magnitude);
    Ok(())
}

#[inline(never)]
fn float_slow(out: &mut Output, value: f32, text: FloatText) -> Result<(), Unproven> {
    if special(out, value.into()) {
        return Ok(());
    }
    let magnitude = value.abs();
    let bits = magnitude.to_bits();
    if bits < 100 {
        return tiny(out, value.into(), ryu::Buffer::new().format_finite(value), text);
    }
    if text == FloatText::Jdk18 {
        let mantissa = bits & (1 << 23) - 1;
        let normal = bits >> 23 != 0;
        if f64::from(magnitude) < TWO_63 && magnitude.fract() == 0.0 {
            integer(out, value.into(), 24);
            return Ok(());
        }
        let power_of_two = if normal { mantissa == 0 } else { mantissa.is_power_of_two() };
        // 2^-8 has 6 digits, as many as floats always tell apart.
        if power_of_two && !(0.00390625..1.0).contains(&magnitude)
            || (TWO_63..1e19).contains(&magnitude.into()) && beside_multiple_of_25((mantissa | 1 << 23).into())
            || OVERFLOWING_FLOATS.contains(&(bits >> 23))
        {
            return Err(Unproven);
        }
    }
    java_form(out, ryu::Buffer::new().format_finite(value), magnitude.into());
    Ok(())
}

/// Zeros, and what is no number.
fn special(out: &mut Output, value: f64) -> bool {
    let text: &[u8] = match value {
        _ if value == 0.0 && value.is_sign_negative() => b"-0.0",
        0.0 => b"0.0",
        f64::INFINITY => b"Infinity",
        f64::NEG_INFINITY => b"-Infinity",
        _ if value.is_nan() => b"NaN",
        _ => return false,
    };
    out.raw(text);
    true
}

/// The first hundred subnormals, whose shortest text is `text`.
#[cold]
fn tiny(out: &mut Output, value: f64, text: &str, jdk: FloatText) -> Result<(), Unproven> {
    if jdk == FloatText::Jdk18 {
        return Err(Unproven);
    }
    // One digit: Java takes the closest of two.
    let two = format!("{value:.1e}");
    java_form(out, if text.contains('.') { text } else { &two }, value.abs());
    Ok(())
}

/// An integer below 2^63 as JDK 18 and earlier print it; `precision`: bits of the mantissa.
fn integer(out: &mut Output, value: f64, precision: u32) {
    let mut digits = value.abs() as u64;
    // A quarter of a unit in the last place is 2^surplus.
    let surplus = (64 - digits.leading_zeros()).saturating_sub(precision + 2);
    // As many digits as 2^surplus has behind its first: log10(2) is about 1233 / 4096.
    let dropped = surplus * 1233 >> 12;
    let unit = 10u64.pow(dropped);
    if dropped > 0 {
        digits = digits / unit + u64::from(digits % unit >= unit / 2);
    }
    sign(out, value);
    let len = decimal_len(digits);
    place_point(out, digits, len, (len as u32 + dropped) as i32 - 1);
}

fn sign(out: &mut Output, value: f64) {
    if value.is_sign_negative() {
        out.push(b'-');
    }
}

/// One of the two half-way points to the neighbours may have few digits.
fn beside_multiple_of_25(mantissa: u64) -> bool {
    (2 * mantissa + 1) % 25 == 0 || (2 * mantissa - 1) % 25 == 0
}

/// The text of `ryu` in Java's form.
fn java_form(out: &mut Output, text: &str, magnitude: f64) {
    if (1e-3..1e7).contains(&magnitude) {
        return out.raw(text.as_bytes());
    }
    let (mantissa, exponent) = text.split_once('e').unwrap_or((text, "0"));
    if mantissa.starts_with('-') {
        out.push(b'-');
    }
    let (mut digits, mut len, mut whole, mut point) = (0u64, 0usize, 0i32, false);
    for byte in mantissa.bytes().filter(|b| *b != b'-') {
        if byte == b'.' {
            point = true;
            continue;
        }
        digits = digits * 10 + u64::from(byte - b'0');
        len += usize::from(digits > 0);
        // The place of the first digit: those before the point after it, or zeros before it.
        whole += match (point, digits > 0) {
            (false, true) => 1,
            (true, false) => -1,
            _ => 0,
        };
    }
    let exponent: i32 = exponent.parse().unwrap_or_default();
    place_point(out, digits, len, whole - 1 + exponent);
}

/// `len` digits of which the first stands for 10^`exponent`: Java's form, without trailing zeros but at least one digit
/// behind the point.
fn place_point(out: &mut Output, mut digits: u64, mut len: usize, exponent: i32) {
    while len > 1 && digits % 10 == 0 {
        digits /= 10;
        len -= 1;
    }
    let plain = (0..7).contains(&exponent);
    let whole = if plain { exponent as usize + 1 } else { 1 };
    if len <= whole {
        out.unsigned(digits * 10u64.pow((whole - len) as u32));
        out.fixed(b".0");
    } else {
        let unit = 10u64.pow((len - whole) as u32);
        out.unsigned(digits / unit);
        out.push(b'.');
        out.digits(digits % unit, len - whole);
    }
    if !plain {
        out.push(b'E');
        out.integer(exponent.into());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: f64, jdk: FloatText) -> Result<String, Unproven> {
        let mut out = Output::new();
        let result = double(&mut out, value, jdk);
        assert!(result.is_ok() || out.is_empty());
        result.map(|()| String::from_utf8(out.text().to_vec()).unwrap())
    }

    fn float_text(value: f32, jdk: FloatText) -> Result<String, Unproven> {
        let mut out = Output::new();
        float(&mut out, value, jdk)?;
        Ok(String::from_utf8(out.text().to_vec()).unwrap())
    }

    /// Printed by Temurin 25 and OpenJDK 17.
    #[test]
    fn as_both_jdks_print() {
        for (value, expected) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (-12.34, "-12.34"),
            (12.3, "12.3"),
            (9_999_999.0, "9999999.0"),
            (9_999_999.5, "9999999.5"),
            (1e7, "1.0E7"),
            (12_345_678.5, "1.23456785E7"),
            (0.001, "0.001"),
            (0.0012, "0.0012"),
            (9.99e-4, "9.99E-4"),
            (1e-5, "1.0E-5"),
            (0.1 + 0.2, "0.30000000000000004"),
            (1e22, "1.0E22"),
            (-1.7976931348623157e308, "-1.7976931348623157E308"),
            (2.2250738585072011e-308, "2.225073858507201E-308"),
            (f64::NAN, "NaN"),
            (f64::INFINITY, "Infinity"),
            (f64::NEG_INFINITY, "-Infinity"),
            (0.125, "0.125"),
            (4096.0, "4096.0"),
            (1_099_511_627_776.0, "1.099511627776E12"),
        ] {
            for jdk in [FloatText::Shortest, FloatText::Jdk18] {
                assert_eq!(text(value, jdk).as_deref(), Ok(expected), "{jdk:?}");
            }
        }
    }

    /// `Ok`: what OpenJDK 17 prints.
    #[test]
    fn where_the_jdks_differ() {
        for (value, shortest, jdk18) in [
            (2e23, "2.0E23", Err(Unproven)),
            (8.41e21, "8.41E21", Err(Unproven)),
            (5e-324, "4.9E-324", Err(Unproven)),
            (1e-323, "9.9E-324", Err(Unproven)),
            (f64::MIN_POSITIVE, "2.2250738585072014E-308", Err(Unproven)),
            (2.88e25, "2.88E25", Err(Unproven)),
            (9.223372036854775e18, "9.223372036854775E18", Ok("9.2233720368547748E18")),
        ] {
            assert_eq!(text(value, FloatText::Shortest).as_deref(), Ok(shortest));
            assert_eq!(text(value, FloatText::Jdk18), jdk18.map(str::to_string));
        }
        assert_eq!(float_text(123_456_789.0, FloatText::Shortest).as_deref(), Ok("1.2345679E8"));
        assert_eq!(float_text(123_456_789.0, FloatText::Jdk18).as_deref(), Ok("1.23456792E8"));
        assert_eq!(float_text(1e16, FloatText::Jdk18).as_deref(), Ok("1.00000003E16"));
        assert_eq!(float_text(1.1e16, FloatText::Jdk18).as_deref(), Ok("1.09999997E16"));
        assert_eq!(float_text(1.4e-45, FloatText::Shortest).as_deref(), Ok("1.4E-45"));
        assert_eq!(float_text(12.34, FloatText::Jdk18).as_deref(), Ok("12.34"));
    }

    /// Floats of six digits, and those beside them.
    #[test]
    fn short_floats_as_the_slow_way_prints_them() {
        let mut out = Output::new();
        for hundredths in (100..1_000_000).step_by(7) {
            let value = hundredths as f32 / 100.0;
            for value in [value, value.next_up(), -value.next_down()] {
                for jdk in [FloatText::Shortest, FloatText::Jdk18] {
                    out.clear();
                    if float_slow(&mut out, value, jdk).is_ok() {
                        let slow = String::from_utf8(out.text().to_vec()).unwrap();
                        assert_eq!(float_text(value, jdk).as_deref(), Ok(slow.as_str()));
                    }
                }
            }
        }
    }

    /// Either way of printing gives the value back.
    #[test]
    fn texts_give_the_value_back() {
        let mut state = 3u64;
        for _ in 0..300_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let value = f64::from_bits(state);
            for jdk in [FloatText::Shortest, FloatText::Jdk18] {
                if let Ok(text) = text(value, jdk) {
                    let read: f64 = text.replace("Infinity", "inf").parse().unwrap();
                    assert!(read == value || value.is_nan(), "{text}");
                }
                let narrow = f32::from_bits(state as u32);
                if let Ok(text) = float_text(narrow, jdk) {
                    let read: f32 = text.replace("Infinity", "inf").parse().unwrap();
                    assert!(read == narrow || narrow.is_nan(), "{text}");
                }
            }
        }
    }
}
