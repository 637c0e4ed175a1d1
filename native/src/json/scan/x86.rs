//! The paths of x86-64: SSE4.2 and AVX2.
//!
//! Each type is a proof that the CPU has its instructions: they are only reached through [`Path::run`](super::Path::run), whose value
//! says that they were detected, and through code that runs inside it.

use super::pattern::Block;
use super::{BLOCK, Passage, Pattern, Portable, Vector};
use std::arch::x86_64::*;

/// SSE4.2 and what came before it.
#[derive(Debug, Clone, Copy)]
pub struct Sse42;

/// AVX2, BMI1, BMI2, LZCNT and what came before them (Intel from 2013 on, AMD from 2015 on).
#[derive(Debug, Clone, Copy)]
pub struct Avx2;

impl Sse42 {
    pub(super) fn detected() -> bool {
        is_x86_feature_detected!("sse4.2") && is_x86_feature_detected!("ssse3") && is_x86_feature_detected!("popcnt")
    }
}

impl Avx2 {
    pub(super) fn detected() -> bool {
        is_x86_feature_detected!("avx2")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt")
    }
}

/// # Safety
/// The CPU has these instructions.
#[target_feature(enable = "sse4.2,ssse3,popcnt")]
unsafe fn with_sse42<R>(body: impl FnOnce() -> R) -> R {
    body()
}

/// # Safety
/// The CPU has these instructions.
#[target_feature(enable = "avx2,bmi1,bmi2,lzcnt,popcnt")]
unsafe fn with_avx2<R>(body: impl FnOnce() -> R) -> R {
    body()
}

impl Vector for Sse42 {
    const NAME: &'static str = "sse4.2";

    #[inline(always)]
    fn vectorize<R>(body: impl FnOnce() -> R) -> R {
        // SAFETY: `Path` has detected them before anything became generic over this type.
        unsafe { with_sse42(body) }
    }

    #[inline(always)]
    fn quote_or_backslash(buf: &[u8], pos: usize) -> usize {
        super::quote_or_backslash(buf, pos)
    }

    #[inline(always)]
    fn continues(buf: &[u8], pos: usize, passage: &Passage) -> bool {
        Portable::continues(buf, pos, passage)
    }

    #[inline(always)]
    fn fits(buf: &[u8], pos: usize, pattern: &Pattern) -> bool {
        fits::<Self>(
            buf,
            pos,
            pattern,
            #[inline(always)]
            |window, block| {
                // SAFETY: SSE4.2 was detected.
                unsafe { half_fits(window, block, 0) & half_fits(window, block, 16) }
            },
        )
    }

    #[inline(always)]
    fn alike(buf: &[u8], a: usize, b: usize, len: usize) -> bool {
        Portable::alike(buf, a, b, len)
    }

    #[inline(always)]
    fn is_ascii(buf: &[u8], len: usize) -> bool {
        Portable::is_ascii(buf, len)
    }

    #[inline(always)]
    fn digits(buf: &[u8], start: usize, end: usize) -> Option<u64> {
        digits(buf, start, end)
    }

    #[inline(always)]
    fn decimal(buf: &[u8], start: usize, end: usize) -> Option<(u64, u32)> {
        decimal(buf, start, end)
    }

    #[inline(always)]
    fn date(buf: &[u8], start: usize) -> Option<[u8; 4]> {
        date(buf, start)
    }

    #[inline(always)]
    fn date_time(buf: &[u8], start: usize) -> Option<[u8; 7]> {
        date_time(buf, start)
    }
}

impl Vector for Avx2 {
    const NAME: &'static str = "avx2";

    #[inline(always)]
    fn vectorize<R>(body: impl FnOnce() -> R) -> R {
        // SAFETY: `Path` has detected them before anything became generic over this type.
        unsafe { with_avx2(body) }
    }

    #[inline(always)]
    fn quote_or_backslash(buf: &[u8], mut pos: usize) -> usize {
        while let Some(window) = buf[pos..].first_chunk::<32>() {
            // SAFETY: AVX2 was detected; `window` is 32 readable bytes, loaded unaligned.
            let hits = unsafe {
                let v = _mm256_loadu_si256(window.as_ptr().cast());
                let quote = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(b'"' as i8));
                let back = _mm256_cmpeq_epi8(v, _mm256_set1_epi8(b'\\' as i8));
                _mm256_movemask_epi8(_mm256_or_si256(quote, back)) as u32
            };
            if hits != 0 {
                return pos + hits.trailing_zeros() as usize;
            }
            pos += 32;
        }
        Portable::quote_or_backslash(buf, pos)
    }

    #[inline(always)]
    fn continues(buf: &[u8], pos: usize, passage: &Passage) -> bool {
        // The padding takes part in the last comparison, so a buffer that ends before it does not have the passage either.
        let Some(text) = buf.get(pos..pos + passage.blocks.len()) else {
            return Portable::continues(buf, pos, passage);
        };
        let blocks = text.as_chunks::<BLOCK>().0.iter().zip(passage.blocks.as_chunks::<BLOCK>().0);
        let mut equal = u32::MAX;
        for (a, b) in blocks {
            if equal != u32::MAX {
                return false;
            }
            // SAFETY: AVX2 was detected; both are 32 readable bytes, loaded unaligned.
            equal = unsafe {
                let a = _mm256_loadu_si256(a.as_ptr().cast());
                let b = _mm256_loadu_si256(b.as_ptr().cast());
                _mm256_movemask_epi8(_mm256_cmpeq_epi8(a, b)) as u32
            };
        }
        equal | passage.beyond == u32::MAX
    }

    #[inline(always)]
    fn fits(buf: &[u8], pos: usize, pattern: &Pattern) -> bool {
        fits::<Self>(
            buf,
            pos,
            pattern,
            #[inline(always)]
            |window, block| {
                // SAFETY: AVX2 was detected; all are 32 readable bytes, loaded unaligned.
                unsafe {
                    let text = _mm256_loadu_si256(window.as_ptr().cast());
                    let wanted = _mm256_loadu_si256(block.bytes.as_ptr().cast());
                    let mask = _mm256_loadu_si256(block.mask.as_ptr().cast());
                    _mm256_testz_si256(_mm256_xor_si256(text, wanted), mask) != 0
                }
            },
        )
    }

    #[inline(always)]
    fn alike(buf: &[u8], a: usize, b: usize, len: usize) -> bool {
        let (Some(first), Some(second)) = (buf.get(a..), buf.get(b..)) else { return Portable::alike(buf, a, b, len) };
        let mut at = 0;
        while at < len {
            let blocks = (first.get(at..), second.get(at..));
            let (Some(first), Some(second)) = blocks else { return false };
            let blocks = (first.first_chunk::<BLOCK>(), second.first_chunk::<BLOCK>());
            let (Some(first), Some(second)) = blocks else { return Portable::alike(buf, a + at, b + at, len - at) };
            // SAFETY: AVX2 was detected; both are 32 readable bytes, loaded unaligned.
            let equal = unsafe {
                let first = _mm256_loadu_si256(first.as_ptr().cast());
                let second = _mm256_loadu_si256(second.as_ptr().cast());
                _mm256_movemask_epi8(_mm256_cmpeq_epi8(first, second)) as u32
            };
            if (equal.trailing_ones() as usize) < BLOCK.min(len - at) {
                return false;
            }
            at += BLOCK;
        }
        true
    }

    #[inline(always)]
    fn is_ascii(buf: &[u8], len: usize) -> bool {
        // Padding is ASCII.
        let Some(text) = buf.get(..len.next_multiple_of(BLOCK)) else { return Portable::is_ascii(buf, len) };
        // Without an end before the last block: nearly all texts are ASCII, and blocks that need no jump go four at a time.
        // SAFETY: AVX2 was detected; each block is 32 readable bytes, loaded unaligned.
        unsafe {
            let mut all = _mm256_setzero_si256();
            for block in text.as_chunks::<BLOCK>().0 {
                all = _mm256_or_si256(all, _mm256_loadu_si256(block.as_ptr().cast()));
            }
            _mm256_movemask_epi8(all) == 0
        }
    }

    #[inline(always)]
    fn digits(buf: &[u8], start: usize, end: usize) -> Option<u64> {
        digits(buf, start, end)
    }

    #[inline(always)]
    fn decimal(buf: &[u8], start: usize, end: usize) -> Option<(u64, u32)> {
        decimal(buf, start, end)
    }

    #[inline(always)]
    fn date(buf: &[u8], start: usize) -> Option<[u8; 4]> {
        date(buf, start)
    }

    #[inline(always)]
    fn date_time(buf: &[u8], start: usize) -> Option<[u8; 7]> {
        date_time(buf, start)
    }
}

/// Whether the 16 bytes at `at` of a block fit.
///
/// # Safety
/// The CPU has SSE4.2, and `at` is 0 or 16.
#[inline(always)]
unsafe fn half_fits(window: &[u8; BLOCK], block: &Block, at: usize) -> bool {
    // SAFETY: as the caller says; 16 bytes are readable at `at` of each, loaded unaligned.
    unsafe {
        let text = _mm_loadu_si128(window.as_ptr().add(at).cast());
        let wanted = _mm_loadu_si128(block.bytes.as_ptr().add(at).cast());
        let mask = _mm_loadu_si128(block.mask.as_ptr().add(at).cast());
        _mm_testz_si128(_mm_xor_si128(text, wanted), mask) != 0
    }
}

/// A pattern's first block by `fit`, and what is behind it.
#[inline(always)]
fn fits<V: Vector>(buf: &[u8], pos: usize, pattern: &Pattern, fit: impl Fn(&[u8; BLOCK], &Block) -> bool) -> bool {
    let Some(window) = buf.get(pos..).and_then(|text| text.first_chunk::<BLOCK>()) else {
        return pattern.begins_at(buf, pos);
    };
    fit(window, &pattern.first) && (pattern.rest.is_empty() || rest_fits::<V>(buf, pos, pattern))
}

/// What is behind the first block. Not inlined, since most patterns end before it.
#[inline(never)]
fn rest_fits<V: Vector>(buf: &[u8], pos: usize, pattern: &Pattern) -> bool {
    V::vectorize(
        #[inline(always)]
        || {
            let mut text = &buf[pos + BLOCK..];
            for block in &pattern.rest {
                let Some((window, after)) = text.split_first_chunk::<BLOCK>() else {
                    return pattern.begins_at(buf, pos);
                };
                // SAFETY: `V` is a path of this file, and both have SSE4.2.
                if !unsafe { half_fits(window, block, 0) && half_fits(window, block, 16) } {
                    return false;
                }
                text = after;
            }
            true
        },
    )
}

/// See [`fetch`](super::fetch).
#[inline]
pub(super) fn fetch(bytes: &[u8]) {
    for line in bytes.chunks(64) {
        // SAFETY: every x86-64 has SSE, and a prefetch reads nothing, whatever the address.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(line.as_ptr().cast()) };
    }
}

/// Sixteen zeros, then as many ones: a load at `n` keeps the last `n` bytes of a vector.
static LAST: [u8; 64] = {
    let mut bytes = [0xFF; 64];
    let mut i = 0;
    while i < 16 {
        bytes[i] = 0;
        i += 1;
    }
    bytes
};

/// The digits end with the window, so that the same lanes hold the same powers of ten whatever the length is: there is no
/// loop whose end a CPU has to guess.
#[inline(always)]
fn digits(buf: &[u8], start: usize, end: usize) -> Option<u64> {
    let n = end.wrapping_sub(start);
    let window = end.checked_sub(32).and_then(|from| buf.get(from..)).and_then(|rest| rest.first_chunk::<32>());
    let Some(window) = window else { return Portable::digits(buf, start, end) };
    if n.wrapping_sub(1) > 17 {
        return None;
    }
    // SAFETY: SSE4.2 was detected. The loads are unaligned: `window` has 32 bytes; those from `LAST` begin at 18 at most, of 64.
    unsafe {
        let zero = _mm_set1_epi8(b'0' as i8);
        let keep_low = _mm_loadu_si128(LAST.as_ptr().add(n).cast());
        let low = _mm_and_si128(_mm_sub_epi8(_mm_loadu_si128(window.as_ptr().add(16).cast()), zero), keep_low);
        let nine = _mm_set1_epi8(9);
        let (mut beyond, mut top) = (_mm_subs_epu8(low, nine), 0);
        // A column's numbers are nearly always on one side of this.
        if n > 16 {
            let keep_high = _mm_loadu_si128(LAST.as_ptr().add(n - 16).cast());
            let high = _mm_and_si128(_mm_sub_epi8(_mm_loadu_si128(window.as_ptr().cast()), zero), keep_high);
            beyond = _mm_or_si128(beyond, _mm_subs_epu8(high, nine));
            let digits = _mm_extract_epi16::<7>(high) as u64;
            // What is no digit may overflow, and is refused.
            top = ((digits & 0xFF) * 10 + (digits >> 8)).wrapping_mul(10_000_000_000_000_000);
        }
        if _mm_testz_si128(beyond, beyond) == 0 {
            return None;
        }
        Some(top + sixteen(low))
    }
}

/// The number of sixteen digits, a lane each.
///
/// # Safety
/// The CPU has SSE4.2.
#[inline(always)]
unsafe fn sixteen(digits: __m128i) -> u64 {
    // SAFETY: as the caller says.
    unsafe {
        let pairs = _mm_maddubs_epi16(digits, _mm_set1_epi16(0x010A));
        let fours = _mm_madd_epi16(pairs, _mm_set1_epi32(0x0001_0064));
        let fours = _mm_packus_epi32(fours, fours);
        let eights = _mm_madd_epi16(fours, _mm_set1_epi32(0x0001_2710));
        let eights = _mm_cvtsi128_si64(eights) as u64;
        (eights & 0xFFFF_FFFF) * 100_000_000 + (eights >> 32)
    }
}

/// Sixteen ones, then as many zeros: a load at `15 - n` keeps lanes 0 to `n` of a vector.
static FIRST: [u8; 32] = {
    let mut bytes = [0; 32];
    let mut i = 0;
    while i < 16 {
        bytes[i] = 0xFF;
        i += 1;
    }
    bytes
};

/// The digits before the point are taken from one byte further left, so that all digits stand side by side, without the point.
#[inline(always)]
fn decimal(buf: &[u8], start: usize, end: usize) -> Option<(u64, u32)> {
    let n = end.wrapping_sub(start);
    let window = end.checked_sub(17).and_then(|from| buf.get(from..)).and_then(|rest| rest.first_chunk::<17>());
    let Some(window) = window else { return Portable::decimal(buf, start, end) };
    if n.wrapping_sub(1) > 16 {
        return Portable::decimal(buf, start, end);
    }
    // SAFETY: SSE4.2 was detected. The loads are unaligned: `window` has 17 bytes; those from `FIRST` begin at 15 at most, of 32, those from
    // `LAST` at 16 at most, of 64.
    unsafe {
        let text = _mm_loadu_si128(window.as_ptr().add(1).cast());
        let points = _mm_movemask_epi8(_mm_cmpeq_epi8(text, _mm_set1_epi8(b'.' as i8))) as u32;
        // Of 17 bytes the first is not in `text`: a point there is a byte that is no digit.
        let points = points & 0xFFFF_u32 << 16usize.saturating_sub(n);
        if points & 0xFFFF == 0 {
            return digits(buf, start, end).map(|number| (number, 0));
        }
        let point = points.trailing_zeros() as usize;
        if point == 15 || point + n == 16 {
            return None;
        }
        let further_left = _mm_loadu_si128(window.as_ptr().cast());
        let whole = _mm_loadu_si128(FIRST.as_ptr().add(15 - point).cast());
        let keep = _mm_loadu_si128(LAST.as_ptr().add(n - 1).cast());
        let text = _mm_sub_epi8(_mm_blendv_epi8(text, further_left, whole), _mm_set1_epi8(b'0' as i8));
        let text = _mm_and_si128(text, keep);
        let beyond = _mm_subs_epu8(text, _mm_set1_epi8(9));
        if _mm_testz_si128(beyond, beyond) == 0 {
            return None;
        }
        Some((sixteen(text), 15 - point as u32))
    }
}

/// Lanes of a date's digits, pair by pair; 16 is no lane.
const DATE: [i8; 16] = [0, 1, 2, 3, 5, 6, 8, 9, -1, -1, -1, -1, -1, -1, -1, -1];

#[inline(always)]
fn date(buf: &[u8], start: usize) -> Option<[u8; 4]> {
    let Some(text) = buf.get(start..).and_then(|rest| rest.first_chunk::<16>()) else {
        return Portable::date(buf, start);
    };
    // SAFETY: SSE4.2 was detected; the loads are unaligned, of 16 bytes each.
    let (pairs, odd) = unsafe {
        let v = _mm_loadu_si128(text.as_ptr().cast());
        let digits =
            _mm_shuffle_epi8(_mm_sub_epi8(v, _mm_set1_epi8(b'0' as i8)), _mm_loadu_si128(DATE.as_ptr().cast()));
        pairs(digits)
    };
    if odd | i32::from((text[4] ^ b'-') | (text[7] ^ b'-')) != 0 {
        return None;
    }
    Some((pairs as u32).to_le_bytes())
}

#[inline(always)]
fn date_time(buf: &[u8], start: usize) -> Option<[u8; 7]> {
    let text = buf.get(start..start + 19)?;
    let (head, tail) = (text.first_chunk::<16>()?, text.last_chunk::<16>()?);
    // SAFETY: SSE4.2 was detected; the loads are unaligned, of 16 bytes each.
    let (pairs, odd) = unsafe {
        let zero = _mm_set1_epi8(b'0' as i8);
        let head = _mm_loadu_si128(head.as_ptr().cast());
        let tail = _mm_loadu_si128(tail.as_ptr().cast());
        let to_head = _mm_setr_epi8(0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, -1, -1, -1, -1);
        let to_tail = _mm_setr_epi8(-1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, -1, 14, 15, -1, -1);
        let digits = _mm_or_si128(
            _mm_shuffle_epi8(_mm_sub_epi8(head, zero), to_head),
            _mm_shuffle_epi8(_mm_sub_epi8(tail, zero), to_tail),
        );
        pairs(digits)
    };
    let separators = (text[4] ^ b'-') | (text[7] ^ b'-') | (text[13] ^ b':') | (text[16] ^ b':');
    if odd | i32::from(separators) != 0 {
        return None;
    }
    let [century, year, month, day, hour, minute, second, _] = pairs.to_le_bytes();
    Some([century, year, month, day, hour, minute, second])
}

/// The numbers of two digits in eight pairs of lanes, and something other than 0 if a lane holds no digit.
///
/// # Safety
/// The CPU has SSE4.2.
#[inline(always)]
unsafe fn pairs(digits: __m128i) -> (u64, i32) {
    // SAFETY: as the caller says.
    unsafe {
        let beyond = _mm_subs_epu8(digits, _mm_set1_epi8(9));
        let pairs = _mm_maddubs_epi16(digits, _mm_set1_epi16(0x010A));
        let pairs = _mm_packus_epi16(pairs, pairs);
        (_mm_cvtsi128_si64(pairs) as u64, i32::from(_mm_testz_si128(beyond, beyond) == 0))
    }
}
