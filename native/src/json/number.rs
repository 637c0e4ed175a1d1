//! Number tokens: their extent and kind. Their value is the caller's business.

use super::Refused;

/// Jackson 2.15 and later refuse longer numbers (`StreamReadConstraints.DEFAULT_MAX_NUM_LEN`).
const MAX_LENGTH: usize = 1_000;
/// Digits of an exponent that are followed. Beyond it, what Jackson makes of the number depends on its version.
const MAX_EXPONENT_DIGITS: usize = 3;

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
        b'1'..=b'9' => pos = digits(buf, pos),
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
fn digits(buf: &[u8], mut pos: usize) -> usize {
    while buf[pos].is_ascii_digit() {
        pos += 1;
    }
    pos
}

#[inline]
fn one_or_more(buf: &[u8], pos: usize) -> Result<usize, Refused> {
    let end = digits(buf, pos);
    if end == pos { Err(Refused) } else { Ok(end) }
}
