//! Numbers as databases print them: up to 18 digits, at most one point, no exponent. The fast half of the number columns;
//! whatever else there is falls through to the full rules.

use super::signed;
use crate::json::scan::Vector;

/// Powers of ten that a double holds exactly, as far as 18 digits need them.
const POWERS: [f64; 19] =
    [1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18];

/// `±digits[.digits]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Number {
    pub negative: bool,
    /// All digits, without the point.
    pub magnitude: u64,
    /// Digits after the point.
    pub fraction: u32,
}

impl Number {
    /// Takes `buf[start..end]` apart: a sign, digits, and perhaps a point with digits on both sides.
    #[inline(always)]
    pub(super) fn of<V: Vector>(buf: &[u8], start: usize, end: usize) -> Option<Number> {
        let negative = buf.get(start) == Some(&b'-');
        let (magnitude, fraction) = V::decimal(buf, start + usize::from(negative), end)?;
        Some(Number { negative, magnitude, fraction })
    }

    /// The unscaled value with its sign.
    #[inline(always)]
    pub(super) fn signed(self, magnitude: u64) -> i64 {
        signed(magnitude, self.negative)
    }

    /// The nearest double, where one division of exact operands gives it (Clinger's fast case).
    #[inline(always)]
    pub(super) fn exact_double(self) -> Option<f64> {
        if self.magnitude > 1 << 53 {
            return None;
        }
        let value = self.magnitude as f64 / POWERS[self.fraction as usize];
        Some(f64::from_bits(value.to_bits() | u64::from(self.negative) << 63))
    }

    /// The nearest float, by the same. A float holds powers of ten exactly up to 10^10.
    #[inline(always)]
    pub(super) fn exact_float(self) -> Option<f32> {
        if self.magnitude > 1 << 24 || self.fraction > 10 {
            return None;
        }
        let value = self.magnitude as f32 / POWERS[self.fraction as usize] as f32;
        Some(f32::from_bits(value.to_bits() | u32::from(self.negative) << 31))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::scan::Portable;

    fn number(text: &str) -> Option<Number> {
        Number::of::<Portable>(text.as_bytes(), 0, text.len())
    }

    #[test]
    fn doubles_and_floats_to_the_last_bit() {
        let mut state = 1u64;
        for _ in 0..200_000 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let text = format!("{}{}.{}", if state & 1 == 0 { "-" } else { "" }, state >> 40, state % 1_000_000_000);
            if let Some(value) = number(&text).and_then(Number::exact_double) {
                assert_eq!(value.to_bits(), text.parse::<f64>().unwrap().to_bits(), "{text}");
            }
            let places = state as usize % 11;
            let text = format!("{}.{:0places$}", state >> 52, (state >> 20) % 10u64.pow(places as u32).min(4096));
            if let Some(value) = number(&text).and_then(Number::exact_float) {
                assert_eq!(value.to_bits(), text.parse::<f32>().unwrap().to_bits(), "{text}");
            }
        }
        for text in ["16777216", "16777217", "1.6777216", "0.0016777216", "0.00167772161", "0.0000000001", "-940.55"] {
            if let Some(value) = number(text).and_then(Number::exact_float) {
                assert_eq!(value.to_bits(), text.parse::<f32>().unwrap().to_bits(), "{text}");
            }
        }
        assert_eq!(number("16777217").and_then(Number::exact_float), None);
        assert_eq!(number("-0").and_then(Number::exact_float).map(f32::to_bits), Some((-0.0f32).to_bits()));
        assert_eq!(number("-0").and_then(Number::exact_double).map(f64::to_bits), Some((-0.0f64).to_bits()));
        for odd in ["", "-", ".5", "5.", "1.2.3", "+1", "1e5", "--1", " 1"] {
            assert_eq!(number(odd), None, "{odd}");
        }
    }
}
