//! FLOAT and DOUBLE: Java's texts to bits, and bits to text.

use super::decimal::Decimal;

/// What `Double.parseDouble` says to a text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Parsed<T> {
    Number(T),
    Bad,
    /// Hexadecimal: not modelled here.
    Hexadecimal,
}

/// `Double.parseDouble(text)`; trims as Java does.
pub fn double(text: &str) -> Parsed<f64> {
    parse(text, |digits| digits.parse().expect("checked"), [f64::NAN, f64::INFINITY])
}

/// `Float.parseFloat(text)`.
pub fn float(text: &str) -> Parsed<f32> {
    parse(text, |digits| digits.parse().expect("checked"), [f32::NAN, f32::INFINITY])
}

fn parse<T: std::ops::Neg<Output = T> + Copy>(text: &str, read: impl Fn(&str) -> T, words: [T; 2]) -> Parsed<T> {
    let text = text.trim_matches(|c| c <= ' ');
    let (negative, unsigned) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let signed = |v: T| Parsed::Number(if negative { -v } else { v });
    match unsigned {
        // A NaN has no sign in Java: parseDouble gives the canonical one.
        "NaN" => return Parsed::Number(words[0]),
        "Infinity" => return signed(words[1]),
        _ if unsigned.starts_with("0x") || unsigned.starts_with("0X") => return Parsed::Hexadecimal,
        _ => {}
    }
    let digits = unsigned.strip_suffix(['f', 'F', 'd', 'D']).unwrap_or(unsigned);
    if is_decimal_literal(digits) { signed(read(digits)) } else { Parsed::Bad }
}

/// Digits, a point among, before or behind them, an exponent.
fn is_decimal_literal(text: &str) -> bool {
    let (mantissa, exponent) = match text.find(['e', 'E']) {
        Some(at) => (&text[..at], Some(&text[at + 1..])),
        None => (text, None),
    };
    let digits = |t: &str| t.bytes().all(|b| b.is_ascii_digit());
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let exponent_ok = exponent.is_none_or(|e| {
        let e = e.strip_prefix(['+', '-']).unwrap_or(e);
        !e.is_empty() && digits(e)
    });
    digits(whole) && digits(fraction) && !(whole.is_empty() && fraction.is_empty()) && exponent_ok
}

/// The fewest digits that give the value back, rounded half to even; printed as `BigDecimal.toString` does.
pub fn shortest(value: f64, single: bool) -> String {
    if let Some(word) = special(value) {
        return word.to_string();
    }
    Decimal::parse(&digits_of(value, single, 0)).expect("printed by Rust").stripped().text()
}

/// `Double.toString` (`Float.toString` if `single`) of JDK 19 and later.
pub fn java_text(value: f64, single: bool) -> String {
    match special(value) {
        Some("0") => return "0.0".into(),
        Some("-0") => return "-0.0".into(),
        Some(word) => return word.into(),
        None => {}
    }
    // At least two digits are printed: of the two-digit candidates the closest one.
    let digits = digits_of(value, single, 1);
    let (mantissa, exponent) = digits.split_once('e').expect("an exponent");
    if !(1e-3..1e7).contains(&value.abs()) {
        return format!("{mantissa}E{exponent}");
    }
    let plain = Decimal::parse(&digits).expect("printed by Rust").stripped().plain();
    if plain.contains('.') { plain } else { format!("{plain}.0") }
}

fn special(value: f64) -> Option<&'static str> {
    match value {
        v if v.is_nan() => Some("NaN"),
        f64::INFINITY => Some("Infinity"),
        f64::NEG_INFINITY => Some("-Infinity"),
        v if v == 0.0 => Some(if v.is_sign_negative() { "-0" } else { "0" }),
        _ => None,
    }
}

/// `d.ddde±x` with the fewest digits, but at least `fraction` behind the point, that give `value` back.
fn digits_of(value: f64, single: bool, fraction: usize) -> String {
    (fraction..17)
        .map(|fraction| format!("{value:.fraction$e}"))
        .find(|text| if single { text.parse() == Ok(value as f32) } else { text.parse() == Ok(value) })
        .expect("17 digits are enough")
}
