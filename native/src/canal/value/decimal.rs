//! Text → DECIMAL: `new BigDecimal(text).setScale(scale, HALF_UP)`, then NULL if the precision is exceeded.
//!
//! No arithmetic on the whole number is needed: the digits up to the scale are the result, the next one rounds it.

use super::{Fault, bad_unless_unicode, plain};
use crate::json::number::TENS;
use crate::json::scan::Vector;
use crate::row::Cell;

/// Beyond it, an exponent is left to Java (whose own arithmetic on it may throw).
const MAX_EXPONENT: i64 = 9_999;

/// Largest precision that Flink keeps in a `long` (`DecimalData.MAX_COMPACT_PRECISION`).
const COMPACT: u8 = 18;

/// Digits of a number and where its point stands.
struct Parts<'a> {
    negative: bool,
    /// Digits before the point, as written.
    whole: &'a [u8],
    /// Digits after the point, as written.
    fraction: &'a [u8],
    exponent: i64,
}

#[inline(always)]
pub(super) fn of_text<V: Vector>(
    buf: &[u8],
    start: usize,
    end: usize,
    precision: u8,
    scale: u8,
    scratch: &mut Vec<u8>,
) -> Cell {
    match plain::Number::of::<V>(buf, start, end).and_then(|number| compact(number, precision, scale)) {
        Some(unscaled) => Cell::fixed(unscaled as u64),
        None => full(&buf[start..end], precision, scale, scratch),
    }
}

/// The unscaled value where it needs no rounding and fits.
#[inline(always)]
fn compact(number: plain::Number, precision: u8, scale: u8) -> Option<i64> {
    let up = u32::from(scale).checked_sub(number.fraction)?;
    if precision > COMPACT {
        return None;
    }
    let magnitude = number.magnitude.checked_mul(TENS[up as usize])?;
    (magnitude < TENS[usize::from(precision)]).then(|| number.signed(magnitude))
}

#[inline(never)]
fn full(text: &[u8], precision: u8, scale: u8, scratch: &mut Vec<u8>) -> Cell {
    let parts = match split(text) {
        Ok(parts) => parts,
        Err(fault) => return fault.into(),
    };
    let Some(magnitude) = rescale(&parts, precision, scale) else { return Cell::NULL };
    let unscaled = if parts.negative { -(magnitude as i128) } else { magnitude as i128 };
    if precision <= COMPACT {
        return Cell::fixed(unscaled as i64 as u64);
    }
    let start = scratch.len();
    let bytes = unscaled.to_be_bytes();
    // `BigInteger.toByteArray`: as few bytes as still show the sign.
    let skip = (0..15).take_while(|i| {
        let sign = if unscaled < 0 { 0xFF } else { 0 };
        bytes[*i] == sign && (bytes[i + 1] ^ sign) & 0x80 == 0
    });
    scratch.extend_from_slice(&bytes[skip.count()..]);
    Cell::big_decimal(start, scratch.len())
}

/// Takes the text of a `BigDecimal` apart: sign, digits with at most one point, exponent.
#[inline]
fn split(text: &[u8]) -> Result<Parts<'_>, Fault> {
    let (negative, rest) = match text {
        [b'-', rest @ ..] => (true, rest),
        [b'+', rest @ ..] => (false, rest),
        rest => (false, rest),
    };
    let digits = |text: &[u8]| text.iter().take_while(|b| b.is_ascii_digit()).count();
    let (whole, mut rest) = rest.split_at(digits(rest));
    let mut fraction: &[u8] = &[];
    if let [b'.', after @ ..] = rest {
        (fraction, rest) = after.split_at(digits(after));
    }
    if whole.is_empty() && fraction.is_empty() {
        return Err(bad_unless_unicode(text));
    }
    let exponent = match rest {
        [] => 0,
        [b'e' | b'E', exponent @ ..] => {
            let digits = exponent.strip_prefix(b"+").or(exponent.strip_prefix(b"-")).unwrap_or(exponent);
            if digits.is_empty() || !digits.iter().all(u8::is_ascii_digit) {
                return Err(bad_unless_unicode(text));
            }
            let value = std::str::from_utf8(exponent).ok().and_then(|e| e.parse::<i64>().ok());
            value.filter(|e| e.abs() <= MAX_EXPONENT).ok_or(Fault::Unproven)?
        }
        _ => return Err(bad_unless_unicode(text)),
    };
    Ok(Parts { negative, whole, fraction, exponent })
}

/// The unscaled magnitude at `scale`, rounded half up; `None` if it has more than `precision` digits.
#[inline]
fn rescale(parts: &Parts<'_>, precision: u8, scale: u8) -> Option<u128> {
    // Digits 0.. of `whole` then `fraction`; those before `keep` stay, the one at `keep` rounds.
    let keep = parts.whole.len() as i64 + parts.exponent + i64::from(scale);
    let mut value: u128 = 0;
    let mut significant = 0;
    let mut taken = 0i64;
    for digit in parts.whole.iter().chain(parts.fraction) {
        if taken >= keep {
            break;
        }
        taken += 1;
        significant += i64::from(significant > 0 || *digit != b'0');
        if significant > i64::from(precision) {
            return None;
        }
        value = value * 10 + u128::from(digit - b'0');
    }
    if taken < keep {
        // Fewer digits than the scale asks for: zeros follow.
        if value == 0 {
            return Some(0);
        }
        if significant + keep - taken > i64::from(precision) {
            return None;
        }
        return Some(value * 10u128.pow((keep - taken) as u32));
    }
    let rounds_up =
        keep >= 0 && parts.whole.iter().chain(parts.fraction).nth(keep as usize).is_some_and(|digit| *digit >= b'5');
    value += u128::from(rounds_up);
    (value < 10u128.pow(precision.into())).then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(text: &str, precision: u8, scale: u8, scratch: &mut Vec<u8>) -> Cell {
        of_text::<crate::json::scan::Portable>(text.as_bytes(), 0, text.len(), precision, scale, scratch)
    }

    fn read(text: &str, precision: u8, scale: u8) -> Result<Option<i128>, Fault> {
        let mut scratch = Vec::new();
        let cell = Fault::check(of(text, precision, scale, &mut scratch))?;
        if cell.is_null() {
            return Ok(None);
        }
        let wide = precision > COMPACT;
        let mut out = Vec::new();
        let sources = crate::row::Sources { input: b"", scratch: &scratch };
        crate::row::write_row(&mut out, crate::row::RowKind::Insert, [cell].iter(), &[false], sources);
        if !wide {
            return Ok(Some(i64::from_le_bytes(out[8..16].try_into().unwrap()).into()));
        }
        let bytes = &scratch[..];
        let fill = if bytes[0] & 0x80 == 0 { 0 } else { 0xFF };
        let mut all = [fill; 16];
        all[16 - bytes.len()..].copy_from_slice(bytes);
        Ok(Some(i128::from_be_bytes(all)))
    }

    #[test]
    fn scale_and_rounding() {
        assert_eq!(read("12.345", 10, 2), Ok(Some(1235)));
        assert_eq!(read("12.344", 10, 2), Ok(Some(1234)));
        assert_eq!(read("-12.345", 10, 2), Ok(Some(-1235)));
        assert_eq!(read("0.005", 10, 2), Ok(Some(1)));
        assert_eq!(read("0.0049999999", 10, 2), Ok(Some(0)));
        assert_eq!(read(".5", 10, 0), Ok(Some(1)));
        assert_eq!(read("5.", 10, 1), Ok(Some(50)));
        assert_eq!(read("1E+2", 10, 2), Ok(Some(10_000)));
        assert_eq!(read("125e-2", 10, 1), Ok(Some(13)));
        assert_eq!(read("5e-3", 10, 2), Ok(Some(1)));
        assert_eq!(read("5e-4", 10, 2), Ok(Some(0)));
        assert_eq!(read("0e9999", 10, 2), Ok(Some(0)));
        assert_eq!(read("000000000000000000000000000000000000000000001", 1, 0), Ok(Some(1)));
    }

    #[test]
    fn too_many_digits_is_null() {
        assert_eq!(read("2147483648", 10, 2), Ok(None));
        assert_eq!(read("99999999.995", 10, 2), Ok(None));
        assert_eq!(read("99999999.994", 10, 2), Ok(Some(9_999_999_999)));
        assert_eq!(read("9.5", 1, 0), Ok(None));
        assert_eq!(read("1e9999", 38, 0), Ok(None));
        assert_eq!(read("99999999999999999999999999999999999999.5", 38, 0), Ok(None));
        assert_eq!(read(&"9".repeat(38), 38, 0), Ok(Some(10i128.pow(38) - 1)));
        assert_eq!(read(&format!("-{}", "9".repeat(38)), 38, 0), Ok(Some(1 - 10i128.pow(38))));
    }

    #[test]
    fn what_is_no_decimal() {
        for text in ["", " 1", "1 ", ".", "-", "1.2.3", "abc", "1e", "1e+", "0x1", "NaN", "1d"] {
            assert_eq!(read(text, 10, 2), Err(Fault::Bad), "{text}");
        }
        assert_eq!(read("１", 10, 2), Err(Fault::Unproven));
        assert_eq!(read("1e10000", 10, 2), Err(Fault::Unproven));
    }

    #[test]
    fn large_ones_in_as_few_bytes_as_java() {
        for (text, len) in [("0", 1), ("127", 1), ("128", 2), ("-128", 1), ("-129", 2), ("18446744073709551615", 9)] {
            let mut scratch = Vec::new();
            of(text, 20, 0, &mut scratch);
            assert_eq!(scratch.len(), len, "{text}");
        }
    }
}
