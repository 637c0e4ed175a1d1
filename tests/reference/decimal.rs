//! `java.math.BigDecimal`, as far as decoding needs it: digit by digit.

/// An exact decimal number: `digits` × 10^-`scale`, negative or not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Decimal {
    negative: bool,
    /// 0 to 9, most significant first, no leading zero; empty for zero.
    digits: Vec<u8>,
    scale: i64,
}

/// Exponents beyond this cost Java so much time or memory that nobody's data has them.
pub const MAX_EXPONENT: i64 = 20_000;

/// Why a text is no [`Decimal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NotDecimal {
    /// `new BigDecimal(text)` throws.
    Bad,
    /// Beyond [`MAX_EXPONENT`].
    Huge,
}

impl Decimal {
    /// `new BigDecimal(text)`: sign, digits with an optional point, exponent; no white space. ASCII digits only.
    pub fn parse(text: &str) -> Result<Decimal, NotDecimal> {
        let (mantissa, power) = match text.find(['e', 'E']) {
            Some(at) => (&text[..at], Some(&text[at + 1..])),
            None => (text, None),
        };
        let unsigned = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa);
        let (whole, fraction) = unsigned.split_once('.').unwrap_or((unsigned, ""));
        let all: Vec<u8> = whole.bytes().chain(fraction.bytes()).collect();
        if all.is_empty() || !all.iter().all(u8::is_ascii_digit) {
            return Err(NotDecimal::Bad);
        }
        let exponent = power.map_or(Ok(0), exponent)?;
        let digits = all.iter().map(|b| b - b'0').skip_while(|d| *d == 0).collect();
        let negative = mantissa.starts_with('-');
        Ok(Decimal { negative, digits, scale: fraction.len() as i64 - exponent }.without_negative_zero())
    }

    /// `unscaled` × 10^-`scale`.
    pub fn of(unscaled: i128, scale: u8) -> Decimal {
        let text = unscaled.unsigned_abs().to_string();
        let digits = text.bytes().map(|b| b - b'0').skip_while(|d| *d == 0).collect();
        Decimal { negative: unscaled < 0, digits, scale: scale.into() }
    }

    /// The unscaled value.
    pub fn unscaled(&self) -> i128 {
        let magnitude = self.digits.iter().fold(0, |value: i128, digit| value * 10 + i128::from(*digit));
        if self.negative { -magnitude } else { magnitude }
    }

    fn without_negative_zero(mut self) -> Decimal {
        self.negative &= !self.digits.is_empty();
        self
    }

    /// `DecimalData.fromBigDecimal`: rounded half up to `scale`; `None` if it then has more than `precision` digits.
    pub fn fit(&self, precision: u8, scale: u8) -> Option<Decimal> {
        let surplus = self.scale - i64::from(scale);
        let mut digits = self.digits.clone();
        if surplus <= 0 && !digits.is_empty() {
            if digits.len() as i64 - surplus > precision.into() {
                return None;
            }
            digits.extend(std::iter::repeat_n(0, usize::try_from(-surplus).expect("few")));
        } else if surplus > 0 {
            digits = round_half_up(digits, surplus);
        }
        (digits.len() <= precision.into())
            .then(|| Decimal { negative: self.negative, digits, scale: scale.into() }.without_negative_zero())
    }

    /// `stripTrailingZeros()`; zero becomes `0` with scale 0.
    pub fn stripped(&self) -> Decimal {
        let mut stripped = self.clone();
        while stripped.digits.last() == Some(&0) {
            stripped.digits.pop();
            stripped.scale -= 1;
        }
        if stripped.digits.is_empty() {
            stripped.scale = 0;
        }
        stripped
    }

    /// `BigDecimal.toString()`: with an exponent if the scale is negative or the number very small.
    pub fn text(&self) -> String {
        let digits = self.digit_text();
        let adjusted = digits.len() as i64 - 1 - self.scale;
        if self.scale >= 0 && adjusted >= -6 {
            return self.plain();
        }
        let point = if digits.len() > 1 { "." } else { "" };
        let sign = if self.negative { "-" } else { "" };
        format!("{sign}{}{point}{}E{adjusted:+}", &digits[..1], &digits[1..])
    }

    /// `BigDecimal.toPlainString()`.
    pub fn plain(&self) -> String {
        let sign = if self.negative { "-" } else { "" };
        let digits = self.digit_text();
        if self.scale <= 0 {
            let zeros = if self.digits.is_empty() { 0 } else { usize::try_from(-self.scale).expect("few") };
            return format!("{sign}{digits}{}", "0".repeat(zeros));
        }
        let scale = usize::try_from(self.scale).expect("few");
        let padded = format!("{digits:0>width$}", width = scale + 1);
        let (whole, fraction) = padded.split_at(padded.len() - scale);
        format!("{sign}{whole}.{fraction}")
    }

    fn digit_text(&self) -> String {
        if self.digits.is_empty() {
            return "0".into();
        }
        self.digits.iter().map(|d| char::from(b'0' + d)).collect()
    }

    /// The integer part, toward zero, if it and the whole number lie in `min..=max` (compared exactly).
    pub fn truncated_within(&self, min: i64, max: i64) -> Option<i64> {
        let integer_digits = self.digits.len() as i64 - self.scale;
        if integer_digits > 19 {
            return None;
        }
        let mut magnitude = 0i128;
        for i in 0..integer_digits.max(0) as usize {
            magnitude = magnitude * 10 + i128::from(self.digits.get(i).copied().unwrap_or(0));
        }
        let fraction = self.digits.iter().skip(integer_digits.max(0) as usize).any(|d| *d != 0);
        let value = if self.negative { -magnitude } else { magnitude };
        let (min, max) = (i128::from(min), i128::from(max));
        let beyond = if fraction { value >= max && !self.negative || value <= min && self.negative } else { false };
        (!beyond && (min..=max).contains(&value)).then_some(value as i64)
    }
}

fn exponent(text: &str) -> Result<i64, NotDecimal> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(NotDecimal::Bad);
    }
    let value: i64 = digits.trim_start_matches('0').parse().or_else(|_| match digits.trim_start_matches('0') {
        "" => Ok(0),
        _ => Err(NotDecimal::Huge),
    })?;
    if value > MAX_EXPONENT {
        return Err(NotDecimal::Huge);
    }
    Ok(if text.starts_with('-') { -value } else { value })
}

/// Drops the last `count` digits; adds one to the last kept digit if the first dropped one is 5 or more.
fn round_half_up(mut digits: Vec<u8>, count: i64) -> Vec<u8> {
    let count = usize::try_from(count).expect("few");
    if count > digits.len() {
        return Vec::new();
    }
    let dropped = digits.split_off(digits.len() - count);
    if dropped.first().is_some_and(|d| *d >= 5) {
        for digit in digits.iter_mut().rev() {
            if *digit < 9 {
                *digit += 1;
                return digits;
            }
            *digit = 0;
        }
        digits.insert(0, 1);
    }
    digits
}
