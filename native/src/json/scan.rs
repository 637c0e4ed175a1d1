//! Vector scanning. The one place outside the JNI boundary with `unsafe`; each routine has a portable twin that the tests
//! hold it against.

use super::PADDING;

/// A literal to be recognised at a position again and again: a member's key with its quotes and colon.
///
/// The first 16 bytes are compared in one step, the rest as a slice.
#[derive(Debug, Clone)]
pub struct Literal {
    head: [u8; 16],
    mask: u32,
    len: u32,
    rest: Box<[u8]>,
}

impl Literal {
    /// Prepares `text`.
    pub fn new(text: &[u8]) -> Self {
        let n = text.len().min(16);
        let mut head = [0; 16];
        head[..n].copy_from_slice(&text[..n]);
        Literal { head, mask: ((1u64 << n) - 1) as u32, len: text.len() as u32, rest: text[n..].into() }
    }

    /// The key `name` as it stands in a document without blanks: `"name":`. A name that needs escapes gives a literal
    /// that occurs in no document.
    pub fn key(name: &[u8]) -> Self {
        let mut text = Vec::with_capacity(name.len() + 3);
        text.push(b'"');
        text.extend_from_slice(name);
        text.extend_from_slice(b"\":");
        if name.iter().any(|b| *b < 0x20 || *b == b'"' || *b == b'\\') {
            // No key begins with this byte.
            text[0] = 0;
        }
        Literal::new(&text)
    }

    /// Length in bytes.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len as usize
    }

    /// True for the literal of no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Whether the document continues with this literal at `pos`. `buf` is padded.
    #[inline(always)]
    pub fn matches(&self, buf: &[u8], pos: usize) -> bool {
        let Some(window) = buf[pos..].first_chunk::<16>() else { return false };
        equal_bytes(window, &self.head) & self.mask == self.mask
            && (self.rest.is_empty() || buf[pos + 16..].starts_with(&self.rest))
    }
}

/// Bit i is set where byte i of both is equal.
#[inline(always)]
fn equal_bytes(a: &[u8; 16], b: &[u8; 16]) -> u32 {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::*;
        // SAFETY: SSE2 is part of x86-64; both pointers are to 16 readable bytes, and the loads are unaligned ones.
        unsafe {
            let a = _mm_loadu_si128(a.as_ptr().cast());
            let b = _mm_loadu_si128(b.as_ptr().cast());
            _mm_movemask_epi8(_mm_cmpeq_epi8(a, b)) as u32
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        (0..16).fold(0, |m, i| m | (u32::from(a[i] == b[i]) << i))
    }
}

/// Name of the scanning routines in use, for the log.
pub fn path() -> &'static str {
    if cfg!(target_arch = "x86_64") { "sse2" } else { "portable" }
}

/// Position of the first `"` or `\` at or after `pos`.
///
/// # Panics
/// If `buf` has none (a padded buffer always has one).
#[inline(always)]
pub fn quote_or_backslash(buf: &[u8], pos: usize) -> usize {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::*;
        let mut pos = pos;
        while let Some(window) = buf[pos..].first_chunk::<16>() {
            // SAFETY: SSE2 is part of x86-64; `window` is 16 readable bytes, loaded unaligned.
            let hits = unsafe {
                let v = _mm_loadu_si128(window.as_ptr().cast());
                let quote = _mm_cmpeq_epi8(v, _mm_set1_epi8(b'"' as i8));
                let back = _mm_cmpeq_epi8(v, _mm_set1_epi8(b'\\' as i8));
                _mm_movemask_epi8(_mm_or_si128(quote, back)) as u32
            };
            if hits != 0 {
                return pos + hits.trailing_zeros() as usize;
            }
            pos += 16;
        }
        quote_or_backslash_portable(buf, pos)
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        quote_or_backslash_portable(buf, pos)
    }
}

/// The same, byte by byte.
pub fn quote_or_backslash_portable(buf: &[u8], pos: usize) -> usize {
    pos + buf[pos..]
        .iter()
        .position(|b| matches!(b, b'"' | b'\\'))
        .unwrap_or_else(|| panic!("the buffer lacks its {PADDING} bytes of padding"))
}

/// Bit i is set where byte i is no ASCII character that a JSON string holds as it is: a control character, `"`, `\`, or
/// part of a longer UTF-8 sequence.
#[inline(always)]
pub fn not_plain(window: &[u8; 16]) -> u32 {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::*;
        // SAFETY: SSE2 is part of x86-64; `window` is 16 readable bytes, loaded unaligned.
        unsafe {
            let v = _mm_loadu_si128(window.as_ptr().cast());
            // As signed bytes, those from 0x80 on are below 0x20 too.
            let outside = _mm_cmplt_epi8(v, _mm_set1_epi8(0x20));
            let quote = _mm_cmpeq_epi8(v, _mm_set1_epi8(b'"' as i8));
            let back = _mm_cmpeq_epi8(v, _mm_set1_epi8(b'\\' as i8));
            _mm_movemask_epi8(_mm_or_si128(outside, _mm_or_si128(quote, back))) as u32
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        not_plain_portable(window)
    }
}

/// The same, byte by byte.
pub fn not_plain_portable(window: &[u8; 16]) -> u32 {
    let plain = |b: u8| (0x20..0x80).contains(&b) && b != b'"' && b != b'\\';
    (0..16).fold(0, |mask, i| mask | (u32::from(!plain(window[i])) << i))
}

/// Bit i is set where byte i of valid UTF-8 begins what a JSON string cannot hold as it is: a control character, `"`, `\`;
/// and, if `astral`, a character beyond U+FFFF.
#[inline(always)]
pub fn to_escape(window: &[u8; 16], astral: bool) -> u32 {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::*;
        // SAFETY: SSE2 is part of x86-64; `window` is 16 readable bytes, loaded unaligned.
        unsafe {
            let v = _mm_loadu_si128(window.as_ptr().cast());
            let control = _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1F)), v);
            let quote = _mm_cmpeq_epi8(v, _mm_set1_epi8(b'"' as i8));
            let back = _mm_cmpeq_epi8(v, _mm_set1_epi8(b'\\' as i8));
            let ascii = _mm_movemask_epi8(_mm_or_si128(control, _mm_or_si128(quote, back))) as u32;
            let four = _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(v, _mm_set1_epi8(0xF0u8 as i8)), v)) as u32;
            if astral { ascii | four } else { ascii }
        }
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        to_escape_portable(window, astral)
    }
}

/// The same, byte by byte.
pub fn to_escape_portable(window: &[u8; 16], astral: bool) -> u32 {
    let escaped = |b: u8| b < 0x20 || b == b'"' || b == b'\\' || astral && b >= 0xF0;
    (0..16).fold(0, |mask, i| mask | (u32::from(escaped(window[i])) << i))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn masks_of_every_byte_at_every_place() {
        for byte in 0..=255 {
            for at in 0..16 {
                let mut window = *b"ab\xE4\xF0\"\\\x1F\x7F efghijk";
                window[at] = byte;
                assert_eq!(not_plain(&window), not_plain_portable(&window), "{window:?}");
                for astral in [false, true] {
                    assert_eq!(to_escape(&window, astral), to_escape_portable(&window, astral), "{window:?}");
                }
            }
        }
    }

    #[test]
    fn vector_and_portable_scan_agree_at_every_offset_and_distance() {
        for lead in 0..40 {
            for gap in 0..70 {
                for stop in [b'"', b'\\'] {
                    let mut buf = vec![b'x'; lead];
                    buf.extend(std::iter::repeat_n(0xE4, gap));
                    buf.push(stop);
                    crate::json::pad(&mut buf);
                    assert_eq!(quote_or_backslash(&buf, lead), lead + gap);
                    assert_eq!(quote_or_backslash_portable(&buf, lead), lead + gap);
                }
            }
        }
    }

    #[test]
    fn a_literal_matches_itself_and_no_neighbour() {
        for n in 0..40usize {
            let text: Vec<u8> = (0..n as u8).map(|i| b'a' + i % 26).collect();
            let literal = Literal::new(&text);
            assert_eq!(literal.len(), n);
            let mut buf = text.clone();
            crate::json::pad(&mut buf);
            assert!(literal.matches(&buf, 0));
            for i in 0..n {
                buf[i] ^= 1;
                assert!(!literal.matches(&buf, 0), "byte {i} of {n}");
                buf[i] ^= 1;
            }
        }
    }
}
