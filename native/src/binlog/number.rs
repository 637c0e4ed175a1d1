//! Numbers as the server writes them.

use super::input::Input;
use crate::error::Error;

/// From so many digits before the point on, and so many zeros behind it, the server writes an exponent.
const MOST_DIGITS: i32 = 15;

/// A DOUBLE: the shortest digits that give it.
pub fn double(value: f64, to: &mut Vec<u8>) {
    if value == 0.0 {
        to.extend_from_slice(if value.is_sign_negative() { b"-0" } else { b"0" });
        return;
    }
    let mut buffer = ryu::Buffer::new();
    let text = buffer.format(value).as_bytes();
    let (mantissa, exponent) = match text.iter().position(|byte| *byte == b'e') {
        Some(at) => (&text[..at], std::str::from_utf8(&text[at + 1..]).ok().and_then(|e| e.parse().ok()).unwrap_or(0)),
        None => (text, 0),
    };
    let (sign, mantissa) = mantissa.strip_prefix(b"-").map_or((false, mantissa), |rest| (true, rest));
    let point = mantissa.iter().position(|byte| *byte == b'.').unwrap_or(mantissa.len());
    let all: Vec<u8> = mantissa.iter().copied().filter(u8::is_ascii_digit).collect();
    let zeros = all.iter().take_while(|digit| **digit == b'0').count();
    let end = all.len() - all.iter().rev().take_while(|digit| **digit == b'0').count();
    let digits = &all[zeros..end.max(zeros)];
    // The value is 0.digits times 10 to the power of this.
    let power = point as i32 + exponent - zeros as i32;
    let count = digits.len() as i32;
    if sign {
        to.push(b'-');
    }
    if power > -MOST_DIGITS && (power <= MOST_DIGITS || count > power) {
        plain(digits, power, to);
    } else {
        to.push(digits[0]);
        if count > 1 {
            to.push(b'.');
            to.extend_from_slice(&digits[1..]);
        }
        to.push(b'e');
        to.extend_from_slice((power - 1).to_string().as_bytes());
    }
}

/// 0.digits times 10 to the power of `power`, without an exponent.
fn plain(digits: &[u8], power: i32, to: &mut Vec<u8>) {
    if power <= 0 {
        to.extend_from_slice(b"0.");
        to.extend(std::iter::repeat_n(b'0', -power as usize));
        to.extend_from_slice(digits);
    } else if power as usize >= digits.len() {
        to.extend_from_slice(digits);
        to.extend(std::iter::repeat_n(b'0', power as usize - digits.len()));
    } else {
        to.extend_from_slice(&digits[..power as usize]);
        to.push(b'.');
        to.extend_from_slice(&digits[power as usize..]);
    }
}

/// Bytes of 0 to 9 decimal digits.
const BYTES: [usize; 10] = [0, 1, 1, 2, 2, 3, 3, 4, 4, 4];

/// Bytes of a DECIMAL.
pub fn decimal_len(precision: u8, scale: u8) -> usize {
    let of = |digits: usize| digits / 9 * 4 + BYTES[digits % 9];
    of(usize::from(precision.saturating_sub(scale))) + of(usize::from(scale))
}

/// A DECIMAL from the bytes that it is stored in: groups of nine digits in four bytes, the highest bit turned over, and all bits of a negative number.
///
/// # Errors
/// There are not as many bytes.
pub fn decimal(bytes: &[u8], precision: u8, scale: u8, to: &mut Vec<u8>) -> Result<(), Error> {
    let mut copy = [0; 40];
    let len = bytes.len().min(copy.len());
    copy[..len].copy_from_slice(&bytes[..len]);
    let negative = copy[0] & 0x80 == 0;
    copy[0] ^= 0x80;
    if negative {
        copy.iter_mut().for_each(|byte| *byte = !*byte);
        to.push(b'-');
    }
    let mut input = Input::new(&copy[..len]);
    let whole = usize::from(precision.saturating_sub(scale));
    let start = to.len();
    group(&mut input, whole % 9, to)?;
    for _ in 0..whole / 9 {
        group(&mut input, 9, to)?;
    }
    let zeros = to[start..].iter().take_while(|digit| **digit == b'0').count();
    to.drain(start..start + zeros);
    if to.len() == start {
        to.push(b'0');
    }
    if scale > 0 {
        to.push(b'.');
        for _ in 0..scale / 9 {
            group(&mut input, 9, to)?;
        }
        group(&mut input, usize::from(scale % 9), to)?;
    }
    Ok(())
}

/// Up to nine digits, with zeros in front.
fn group(input: &mut Input<'_>, digits: usize, to: &mut Vec<u8>) -> Result<(), Error> {
    let mut value = input.take(BYTES[digits])?.iter().fold(0, |value: u32, byte| value << 8 | u32::from(*byte));
    let mut text = [b'0'; 9];
    for digit in text[..digits].iter_mut().rev() {
        *digit = b'0' + (value % 10) as u8;
        value /= 10;
    }
    to.extend_from_slice(&text[..digits]);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(value: f64) -> String {
        let mut to = Vec::new();
        double(value, &mut to);
        String::from_utf8(to).unwrap()
    }

    #[test]
    fn doubles_as_the_server_prints_them() {
        for (value, text) in [
            (0.0, "0"),
            (-0.0, "-0"),
            (1.0, "1"),
            (-1.5, "-1.5"),
            (0.1, "0.1"),
            (f64::from(0.1f32), "0.10000000149011612"),
            (123456789012345.0, "123456789012345"),
            (1e15, "1e15"),
            (1234567890123456.0, "1.234567890123456e15"),
            (12345678901234567.0, "1.2345678901234568e16"),
            (1e20, "1e20"),
            (1.5e-5, "0.000015"),
            (1e-14, "0.00000000000001"),
            (1e-15, "0.000000000000001"),
            (1e-16, "1e-16"),
            (f64::MAX, "1.7976931348623157e308"),
            (5e-324, "5e-324"),
            (f64::from(f32::MAX), "3.4028234663852886e38"),
        ] {
            assert_eq!(written(value), text);
        }
    }

    #[test]
    fn decimals_of_any_scale() {
        let read = |bytes: &[u8], precision, scale| {
            let mut to = Vec::new();
            decimal(bytes, precision, scale, &mut to).unwrap();
            String::from_utf8(to).unwrap()
        };
        // 1234567890.1234 of DECIMAL(14,4), as in the manual of MySQL.
        assert_eq!(read(&[0x81, 0x0D, 0xFB, 0x38, 0xD2, 0x04, 0xD2], 14, 4), "1234567890.1234");
        assert_eq!(read(&[0x7E, 0xF2, 0x04, 0xC7, 0x2D, 0xFB, 0x2D], 14, 4), "-1234567890.1234");
        assert_eq!(read(&[0x80, 0x00], 3, 2), "0.00");
        assert_eq!(decimal_len(14, 4), 7);
        assert_eq!(decimal_len(65, 30), 30);
        assert!(decimal(&[0x80], 14, 4, &mut Vec::new()).is_err());
    }
}
