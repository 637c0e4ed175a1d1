//! DECIMAL as `java.math.BigDecimal` prints it.

use crate::json::number::TENS;
use crate::json::write::Output;

/// How a DECIMAL is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// `stripTrailingZeros().toString()`: `12.5`, `1E+2`, `1E-7`.
    Scientific,
    /// `stripTrailingZeros().toPlainString()`: `100`, `0.0000001`.
    StrippedPlain,
    /// `toPlainString()`: `100.00`.
    Plain,
}

/// Writes `unscaled` × 10^-`scale`.
#[inline(always)]
pub fn write(out: &mut Output, unscaled: i128, scale: u8, form: Form) {
    if unscaled < 0 {
        out.push(b'-');
    }
    match u64::try_from(unscaled.unsigned_abs()) {
        // 10^18 and what it divides fit into 64 bits.
        Ok(magnitude) if scale <= 18 => small(out, magnitude, scale.into(), form),
        _ => large(out, unscaled.unsigned_abs(), scale.into(), form),
    }
}

#[inline(always)]
fn small(out: &mut Output, mut magnitude: u64, mut scale: usize, form: Form) {
    if form != Form::Plain {
        while scale > 0 && magnitude % 10 == 0 {
            magnitude /= 10;
            scale -= 1;
        }
    }
    // An exponent is for what ends in zeros, or begins with six behind the point.
    let exponent = form == Form::Scientific
        && (scale == 0 && magnitude % 10 == 0 && magnitude != 0 || scale > 6 && magnitude < TENS[scale - 6]);
    if exponent {
        return large(out, magnitude.into(), scale as i32, form);
    }
    // Constants divide by a multiplication.
    let (whole, fraction) = match scale {
        0 => return out.unsigned(magnitude),
        1 => (magnitude / 10, magnitude % 10),
        2 => (magnitude / 100, magnitude % 100),
        3 => (magnitude / 1000, magnitude % 1000),
        4 => (magnitude / 10_000, magnitude % 10_000),
        _ => (magnitude / TENS[scale], magnitude % TENS[scale]),
    };
    out.unsigned(whole);
    out.push(b'.');
    out.digits(fraction, scale);
}

/// Any magnitude and scale.
#[inline(never)]
fn large(out: &mut Output, mut magnitude: u128, mut scale: i32, form: Form) {
    if form != Form::Plain {
        while magnitude != 0 && magnitude % 10 == 0 {
            magnitude /= 10;
            scale -= 1;
        }
        if magnitude == 0 {
            scale = 0;
        }
    }
    let mut digits = [b'0'; 39];
    let mut first = digits.len();
    while magnitude != 0 || first == digits.len() {
        first -= 1;
        digits[first] = b'0' + (magnitude % 10) as u8;
        magnitude /= 10;
    }
    let digits = &digits[first..];
    let adjusted = digits.len() as i32 - 1 - scale;
    if form == Form::Scientific && (scale < 0 || adjusted < -6) {
        out.raw(&digits[..1]);
        if digits.len() > 1 {
            out.push(b'.');
            out.raw(&digits[1..]);
        }
        out.fixed(if adjusted < 0 { b"E-" } else { b"E+" });
        out.unsigned(adjusted.unsigned_abs().into());
    } else if scale <= 0 {
        out.raw(digits);
        (scale..0).for_each(|_| out.push(b'0'));
    } else {
        let whole = digits.len().saturating_sub(scale as usize);
        out.raw(if whole == 0 { b"0" } else { &digits[..whole] });
        out.push(b'.');
        (digits.len()..scale as usize).for_each(|_| out.push(b'0'));
        out.raw(&digits[whole..]);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(unscaled: i128, scale: u8, form: Form) -> String {
        let mut out = Output::new();
        write(&mut out, unscaled, scale, form);
        String::from_utf8(out.text().to_vec()).unwrap()
    }

    /// Each checked against `java.math.BigDecimal`.
    #[test]
    fn as_big_decimal_prints() {
        for (unscaled, scale, scientific, stripped, plain) in [
            (0, 0, "0", "0", "0"),
            (0, 2, "0", "0", "0.00"),
            (0, 38, "0", "0", "0.00000000000000000000000000000000000000"),
            (100, 0, "1E+2", "100", "100"),
            (-1200, 1, "-1.2E+2", "-120", "-120.0"),
            (1250, 2, "12.5", "12.5", "12.50"),
            (1, 6, "0.000001", "0.000001", "0.000001"),
            (1, 7, "1E-7", "0.0000001", "0.0000001"),
            (10, 7, "0.000001", "0.000001", "0.0000010"),
            (-12, 8, "-1.2E-7", "-0.00000012", "-0.00000012"),
            (999_999_999_999_999_999, 18, "0.999999999999999999", "0.999999999999999999", "0.999999999999999999"),
            (1, 18, "1E-18", "0.000000000000000001", "0.000000000000000001"),
            (i64::MIN.into(), 18, "-9.223372036854775808", "-9.223372036854775808", "-9.223372036854775808"),
            (
                10i128.pow(37),
                0,
                "1E+37",
                "10000000000000000000000000000000000000",
                "10000000000000000000000000000000000000",
            ),
            (
                99_999_999_999_999_999_999_999_999_999_999_999_999,
                30,
                "99999999.999999999999999999999999999999",
                "99999999.999999999999999999999999999999",
                "99999999.999999999999999999999999999999",
            ),
            (5, 38, "5E-38", "0.00000000000000000000000000000000000005", "0.00000000000000000000000000000000000005"),
            (10i128.pow(20), 20, "1", "1", "1.00000000000000000000"),
        ] {
            assert_eq!(text(unscaled, scale, Form::Scientific), scientific);
            assert_eq!(text(unscaled, scale, Form::StrippedPlain), stripped);
            assert_eq!(text(unscaled, scale, Form::Plain), plain);
        }
    }

    #[test]
    fn the_short_way_equals_the_long_one() {
        let mut state = 5u64;
        for round in 0..300_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let magnitude = (state >> 8 >> (state & 55)) / 10u64.pow(round % 5) * 10u64.pow(round % 3);
            let scale = (state >> 32) as usize % 19;
            for form in [Form::Scientific, Form::StrippedPlain, Form::Plain] {
                let (mut short, mut long) = (Output::new(), Output::new());
                small(&mut short, magnitude, scale, form);
                large(&mut long, magnitude.into(), scale as i32, form);
                assert_eq!(short.text(), long.text(), "{magnitude} {scale} {form:?}");
            }
        }
    }
}
