//! The path of CPUs without the instructions of another one, and what the others are held against.

use super::{Passage, Pattern, Vector};
use crate::json::PADDING;
use crate::json::number;

/// One byte, or one word, at a time.
#[derive(Debug, Clone, Copy)]
pub struct Portable;

impl Vector for Portable {
    const NAME: &'static str = "portable";

    #[inline(always)]
    fn vectorize<R>(body: impl FnOnce() -> R) -> R {
        body()
    }

    #[inline(always)]
    fn quote_or_backslash(buf: &[u8], mut pos: usize) -> usize {
        while let Some(word) = buf[pos..].first_chunk::<8>() {
            let word = u64::from_le_bytes(*word);
            let hits = zeros(word ^ EVERY * u64::from(b'"')) | zeros(word ^ EVERY * u64::from(b'\\'));
            if hits != 0 {
                return pos + (hits.trailing_zeros() / 8) as usize;
            }
            pos += 8;
        }
        pos + buf[pos..]
            .iter()
            .position(|b| matches!(b, b'"' | b'\\'))
            .unwrap_or_else(|| panic!("the buffer lacks its {PADDING} bytes of padding"))
    }

    #[inline(always)]
    fn continues(buf: &[u8], pos: usize, passage: &Passage) -> bool {
        buf.get(pos..).is_some_and(|rest| rest.starts_with(passage.text()))
    }

    #[inline(always)]
    fn fits(buf: &[u8], pos: usize, pattern: &Pattern) -> bool {
        pattern.begins_at(buf, pos)
    }

    #[inline(always)]
    fn alike(buf: &[u8], a: usize, b: usize, len: usize) -> bool {
        buf.get(a..a + len).is_some_and(|text| buf.get(b..b + len) == Some(text))
    }

    #[inline(always)]
    fn is_ascii(buf: &[u8], len: usize) -> bool {
        buf[..len].is_ascii()
    }

    #[inline(always)]
    fn digits(buf: &[u8], start: usize, end: usize) -> Option<u64> {
        number::digits(buf.get(start..end)?)
    }

    #[inline(always)]
    fn decimal(buf: &[u8], start: usize, end: usize) -> Option<(u64, u32)> {
        let text = buf.get(start..end)?;
        if text.len() > 19 {
            return None;
        }
        let Some(point) = text.iter().position(|b| *b == b'.') else { return Some((number::digits(text)?, 0)) };
        let (whole, fraction) = (&text[..point], &text[point + 1..]);
        let whole = number::digits(whole)?;
        Some((whole * number::TENS[fraction.len()] + number::digits(fraction)?, fraction.len() as u32))
    }

    #[inline(always)]
    fn date(buf: &[u8], start: usize) -> Option<[u8; 4]> {
        let text = buf.get(start..start + 10)?;
        let separated = text[4] == b'-' && text[7] == b'-';
        let pairs = [two(text, 0)?, two(text, 2)?, two(text, 5)?, two(text, 8)?];
        separated.then_some(pairs)
    }

    #[inline(always)]
    fn date_time(buf: &[u8], start: usize) -> Option<[u8; 7]> {
        let text = buf.get(start..start + 19)?;
        let separated = text[13] == b':' && text[16] == b':';
        let [century, year, month, day] = Self::date(buf, start)?;
        let pairs = [century, year, month, day, two(text, 11)?, two(text, 14)?, two(text, 17)?];
        separated.then_some(pairs)
    }
}

const EVERY: u64 = 0x0101_0101_0101_0101;

/// The top bit of each byte that is zero; bytes after the first such one may have theirs too.
#[inline(always)]
fn zeros(word: u64) -> u64 {
    word.wrapping_sub(EVERY) & !word & (EVERY << 7)
}

/// The number of two digits at `at`.
#[inline(always)]
fn two(text: &[u8], at: usize) -> Option<u8> {
    let tens = text[at].wrapping_sub(b'0');
    let ones = text[at + 1].wrapping_sub(b'0');
    (tens <= 9 && ones <= 9).then(|| tens * 10 + ones)
}
