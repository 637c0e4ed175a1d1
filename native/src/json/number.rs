//! Number tokens: their extent and kind. Their value is the caller's business.

use super::Refused;

/// Jackson 2.15 and later refuse longer numbers (`StreamReadConstraints.DEFAULT_MAX_NUM_LEN`).
const MAX_LENGTH: usize = 1_000;
/// Digits of an exponent that are followed. Beyond it, what Jackson makes of the number depends on its version.
const MAX_EXPONENT_DIGITS: usize = 3;

/// The powers of ten that a word holds.
pub const TENS: [u64; 20] = {
    let mut tens = [1; 20];
    let mut i = 1;
    while i < 20 {
        tens[i] = tens[i - 1] * 10;
        i += 1;
    }
    tens
};

/// A number's place in the document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
    /// No fraction and no exponent.
    pub integer: bool,
}

/// The number that begins at `pos`.
#[inline]
pub fn span(buf: &[u8], start: usize) -> Result<Span, Refused> {
    let mut pos = start + usize::from(buf[start] == b'-');
    match buf[pos] {
        b'0' => pos += 1,
        b'1'..=b'9' => pos = skip_digits(buf, pos),
        _ => return Err(Refused),
    }
    let mut integer = true;
    if buf[pos] == b'.' {
        integer = false;
        pos = one_or_more(buf, pos + 1)?;
    }
    if matches!(buf[pos], b'e' | b'E') {
        integer = false;
        pos += 1 + usize::from(matches!(buf[pos + 1], b'+' | b'-'));
        let end = one_or_more(buf, pos)?;
        if end - pos > MAX_EXPONENT_DIGITS {
            return Err(Refused);
        }
        pos = end;
    }
    if pos - start > MAX_LENGTH {
        return Err(Refused);
    }
    Ok(Span { start, end: pos, integer })
}

#[inline]
fn skip_digits(buf: &[u8], mut pos: usize) -> usize {
    while buf[pos].is_ascii_digit() {
        pos += 1;
    }
    pos
}

#[inline]
fn one_or_more(buf: &[u8], pos: usize) -> Result<usize, Refused> {
    let end = skip_digits(buf, pos);
    if end == pos { Err(Refused) } else { Ok(end) }
}

/// The value of an integer token; `None` beyond an `i64`.
#[inline]
pub fn integer(token: &[u8]) -> Option<i64> {
    let (negative, rest) = match token {
        [b'-', rest @ ..] => (true, rest),
        rest => (false, rest),
    };
    match digits(rest) {
        Some(value) => Some(if negative { -(value as i64) } else { value as i64 }),
        None => std::str::from_utf8(token).ok()?.parse().ok(),
    }
}

/// The value of one to 18 ASCII digits and nothing else.
#[inline(always)]
pub fn digits(text: &[u8]) -> Option<u64> {
    if text.is_empty() || text.len() > 18 {
        return None;
    }
    let mut rest = text;
    let mut value = 0;
    while let Some((chunk, more)) = rest.split_first_chunk::<8>() {
        value = value * 100_000_000 + eight(u64::from_le_bytes(*chunk))?;
        rest = more;
    }
    for digit in rest {
        let digit = digit.wrapping_sub(b'0');
        if digit > 9 {
            return None;
        }
        value = value * 10 + u64::from(digit);
    }
    Some(value)
}

/// The value of eight digits in one little-endian word: pairs, then fours, then all of them.
#[inline(always)]
fn eight(word: u64) -> Option<u64> {
    let low = word.wrapping_sub(0x3030_3030_3030_3030);
    let high = word.wrapping_add(0x4646_4646_4646_4646);
    if (low | high) & 0x8080_8080_8080_8080 != 0 {
        return None;
    }
    let pairs = low.wrapping_mul(10).wrapping_add(low >> 8);
    let fours = (pairs & 0x0000_00FF_0000_00FF).wrapping_mul(100 + (1_000_000 << 32));
    let others = ((pairs >> 16) & 0x0000_00FF_0000_00FF).wrapping_mul(1 + (10_000 << 32));
    Some(fours.wrapping_add(others) >> 32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digits_of_every_length_and_every_bad_byte() {
        let all = b"987654321012345678";
        for n in 0..=18 {
            let text = &all[..n];
            let expected = std::str::from_utf8(text).unwrap().parse::<u64>().ok();
            assert_eq!(digits(text), expected);
            for i in 0..n {
                for bad in (0..=255u8).filter(|b| !b.is_ascii_digit()) {
                    let mut text = text.to_vec();
                    text[i] = bad;
                    assert_eq!(digits(&text), None, "{text:?}");
                }
            }
        }
        assert_eq!(digits(b"1234567890123456789"), None);
    }

    #[test]
    fn integers_to_the_ends_of_i64() {
        for value in [0, -1, 1_589_373_560_624, i64::MAX, i64::MIN] {
            assert_eq!(integer(value.to_string().as_bytes()), Some(value));
        }
        assert_eq!(integer(b"9223372036854775808"), None);
    }
}
