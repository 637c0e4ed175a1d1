//! Vector scanning. The one place outside the JNI boundary with `unsafe`; each routine has a portable twin that the tests
//! hold it against.
//!
//! [`Vector`] is what scanning asks of a CPU, [`Path`] which of its implementations this CPU has. Code that scans is generic over
//! `Vector` and runs inside [`Path::run`], which compiles it once for each path with that path's instructions. What is worth a few
//! bytes only uses what every x86-64 has (SSE2) and needs no path.

mod pattern;
mod portable;
#[cfg(target_arch = "x86_64")]
mod x86;

pub use pattern::Pattern;
pub use portable::Portable;

/// What scanning asks of a CPU. All of it is on buffers with [`PADDING`](super::PADDING) behind the document.
pub trait Vector: Copy + 'static {
    /// The name, for the log.
    const NAME: &'static str;

    /// Runs `body` compiled with this path's instructions. Code that is not inlined into the body of [`Path::run`], because it is too
    /// large or too rare, calls this again.
    fn vectorize<R>(body: impl FnOnce() -> R) -> R;

    /// Position of the first `"` or `\` at or after `pos`.
    ///
    /// # Panics
    /// If `buf` has none (a padded buffer always has one).
    fn quote_or_backslash(buf: &[u8], pos: usize) -> usize;

    /// Whether the document continues with this passage at `pos`.
    fn continues(buf: &[u8], pos: usize, passage: &Passage) -> bool;

    /// Whether the document fits this pattern at `pos`.
    fn fits(buf: &[u8], pos: usize, pattern: &Pattern) -> bool;

    /// Whether the `len` bytes at `a` and at `b` are the same.
    fn alike(buf: &[u8], a: usize, b: usize, len: usize) -> bool;

    /// Whether the first `len` bytes are ASCII; what follows them is padding.
    fn is_ascii(buf: &[u8], len: usize) -> bool;

    /// The value of `buf[start..end]` if that is one to 18 ASCII digits and nothing else. `end` may be before `start`, behind a sign alone.
    fn digits(buf: &[u8], start: usize, end: usize) -> Option<u64>;

    /// The digits of `buf[start..end]` as one number, and how many of them stand behind its point: one to 18 digits, perhaps with a point between
    /// two of them. `None` for anything else.
    fn decimal(buf: &[u8], start: usize, end: usize) -> Option<(u64, u32)>;

    /// The `yyyy-MM-dd` at `start`: century, year of the century, month and day, any two digits each. `None` also where the buffer
    /// ends before it.
    fn date(buf: &[u8], start: usize) -> Option<[u8; 4]>;

    /// The `yyyy-MM-dd?HH:mm:ss` at `start`, with any byte for `?`: as for [`date`](Self::date), then hour, minute, second.
    fn date_time(buf: &[u8], start: usize) -> Option<[u8; 7]>;
}

/// Has the CPU fetch these bytes, of which some are read soon: as many as a short message has. Changes nothing but the time that reading them takes.
#[inline]
pub fn fetch(bytes: &[u8]) {
    #[cfg(target_arch = "x86_64")]
    x86::fetch(&bytes[..bytes.len().min(FETCHED)]);
    #[cfg(not(target_arch = "x86_64"))]
    let _ = bytes;
}

/// Bytes that are fetched at most: the CPU sees by itself that more are read.
const FETCHED: usize = 1024;

/// Bytes to be recognised at a position again and again, more of them than a [`Literal`] has.
#[derive(Debug, PartialEq, Eq, Hash)]
pub struct Passage {
    /// With zeros behind, up to a multiple of [`BLOCK`].
    blocks: Box<[u8]>,
    len: usize,
    /// The bytes of the last block that are only filled up, a bit each.
    beyond: u32,
}

/// Bytes that are compared in one step.
const BLOCK: usize = 32;

impl Passage {
    /// Prepares `text`.
    pub fn new(text: &[u8]) -> Passage {
        let mut blocks = text.to_vec();
        blocks.resize(text.len().next_multiple_of(BLOCK), 0);
        let beyond = match text.len() % BLOCK {
            0 => 0,
            used => u32::MAX << used,
        };
        Passage { blocks: blocks.into(), len: text.len(), beyond }
    }

    /// The bytes.
    pub fn text(&self) -> &[u8] {
        &self.blocks[..self.len]
    }
}

/// The implementation of [`Vector`] in use, one that this CPU has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Path(Kind);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Sse42,
    #[cfg(target_arch = "x86_64")]
    Avx2,
}

/// Something to do on a path.
pub trait Work {
    /// What comes of it.
    type Out;

    /// Does it. To be `#[inline(always)]`, so that it is compiled with the path's instructions.
    fn run<V: Vector>(self) -> Self::Out;
}

impl Path {
    /// The fastest path of this CPU.
    pub fn best() -> Path {
        #[cfg(target_arch = "x86_64")]
        {
            if x86::Avx2::detected() {
                return Path(Kind::Avx2);
            }
            if x86::Sse42::detected() {
                return Path(Kind::Sse42);
            }
        }
        Path(Kind::Portable)
    }

    /// Every path of this CPU, the portable one first.
    pub fn all() -> Vec<Path> {
        let mut all = vec![Path(Kind::Portable)];
        #[cfg(target_arch = "x86_64")]
        {
            all.extend(x86::Sse42::detected().then_some(Path(Kind::Sse42)));
            all.extend(x86::Avx2::detected().then_some(Path(Kind::Avx2)));
        }
        all
    }

    /// Its name: `portable`, `sse4.2` or `avx2`.
    pub fn name(self) -> &'static str {
        match self.0 {
            Kind::Portable => Portable::NAME,
            #[cfg(target_arch = "x86_64")]
            Kind::Sse42 => x86::Sse42::NAME,
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => x86::Avx2::NAME,
        }
    }

    /// Does `work` on this path.
    #[inline(always)]
    pub fn run<W: Work>(self, work: W) -> W::Out {
        match self.0 {
            Kind::Portable => work.run::<Portable>(),
            #[cfg(target_arch = "x86_64")]
            Kind::Sse42 => x86::Sse42::vectorize(
                #[inline(always)]
                || work.run::<x86::Sse42>(),
            ),
            #[cfg(target_arch = "x86_64")]
            Kind::Avx2 => x86::Avx2::vectorize(
                #[inline(always)]
                || work.run::<x86::Avx2>(),
            ),
        }
    }
}

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

    /// The literal.
    pub fn text(&self) -> Vec<u8> {
        [&self.head[..self.len().min(16)], &self.rest].concat()
    }

    /// Whether the document continues at `pos` with all of this literal but its last byte.
    #[inline(always)]
    pub fn matches_but_last(&self, buf: &[u8], pos: usize) -> bool {
        let Some(window) = buf[pos..].first_chunk::<16>() else { return false };
        let equal = equal_bytes(window, &self.head);
        match self.rest.split_last() {
            None => equal & self.mask >> 1 == self.mask >> 1,
            Some((_, rest)) => equal & self.mask == self.mask && buf[pos + 16..].starts_with(rest),
        }
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

/// Position of the first `"` or `\` at or after `pos`, with what every CPU of this architecture has.
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
        Portable::quote_or_backslash(buf, pos)
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        Portable::quote_or_backslash(buf, pos)
    }
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

/// How many ASCII digits the window begins with.
#[inline(always)]
pub fn digit_run(window: &[u8; 16]) -> usize {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::*;
        // SAFETY: SSE2 is part of x86-64; `window` is 16 readable bytes, loaded unaligned.
        let digits = unsafe {
            let v = _mm_sub_epi8(_mm_loadu_si128(window.as_ptr().cast()), _mm_set1_epi8(b'0' as i8));
            _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(9)), v)) as u32
        };
        digits.trailing_ones() as usize
    }
    #[cfg(not(target_arch = "x86_64"))]
    {
        digit_run_portable(window)
    }
}

/// The same, byte by byte.
pub fn digit_run_portable(window: &[u8; 16]) -> usize {
    window.iter().take_while(|b| b.is_ascii_digit()).count()
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
                assert_eq!(digit_run(&window), digit_run_portable(&window), "{window:?}");
                let mut digits = *b"0123456789012345";
                digits[at] = byte;
                assert_eq!(digit_run(&digits), digit_run_portable(&digits), "{digits:?}");
                for astral in [false, true] {
                    assert_eq!(to_escape(&window, astral), to_escape_portable(&window, astral), "{window:?}");
                }
            }
        }
    }

    /// A padded buffer with `text` at `at`.
    fn buffer(at: usize, text: &[u8]) -> Vec<u8> {
        let mut buf = vec![b'7'; at];
        buf.extend_from_slice(text);
        crate::json::pad(&mut buf);
        buf
    }

    struct Quote<'b>(&'b [u8], usize);

    impl Work for Quote<'_> {
        type Out = usize;
        fn run<V: Vector>(self) -> usize {
            V::quote_or_backslash(self.0, self.1)
        }
    }

    #[test]
    fn the_next_quote_or_backslash_at_every_offset_and_distance() {
        for lead in 0..40 {
            for gap in 0..140 {
                for stop in [b'"', b'\\'] {
                    let mut text = vec![0xE4; gap];
                    text.push(stop);
                    let buf = buffer(lead, &text);
                    for path in Path::all() {
                        assert_eq!(path.run(Quote(&buf, lead)), lead + gap, "{}", path.name());
                    }
                }
            }
        }
    }

    struct Continues<'b>(&'b [u8], usize, &'b Passage);

    impl Work for Continues<'_> {
        type Out = bool;
        fn run<V: Vector>(self) -> bool {
            V::continues(self.0, self.1, self.2)
        }
    }

    #[test]
    fn a_passage_continues_where_each_of_its_bytes_does() {
        for path in Path::all() {
            for n in 0..100usize {
                let text: Vec<u8> = (0..n as u8).collect();
                let passage = Passage::new(&text);
                assert_eq!(passage.text(), text);
                let mut buf = buffer(5, &text);
                assert!(path.run(Continues(&buf, 5, &passage)), "{n}, {}", path.name());
                for i in 0..n {
                    buf[5 + i] ^= 0x40;
                    assert!(!path.run(Continues(&buf, 5, &passage)), "byte {i} of {n}, {}", path.name());
                    buf[5 + i] ^= 0x40;
                }
                // Longer than what is left, padding and all.
                let short = &buf[..5 + n.saturating_sub(1)];
                assert_eq!(path.run(Continues(short, 5, &passage)), n == 0, "{n}, {}", path.name());
            }
        }
    }

    struct Ascii<'b>(&'b [u8], usize);

    impl Work for Ascii<'_> {
        type Out = bool;
        fn run<V: Vector>(self) -> bool {
            V::is_ascii(self.0, self.1)
        }
    }

    #[test]
    fn one_byte_beyond_ascii_is_found_wherever_it_is() {
        for path in Path::all() {
            for n in 0..150 {
                let mut buf = buffer(0, &vec![0x7F; n]);
                assert!(path.run(Ascii(&buf, n)), "{n}, {}", path.name());
                for i in 0..n {
                    buf[i] = 0x80;
                    assert!(!path.run(Ascii(&buf, n)), "byte {i} of {n}, {}", path.name());
                    buf[i] = 0x7F;
                }
            }
        }
    }

    struct Digits<'b>(&'b [u8], usize, usize);

    impl Work for Digits<'_> {
        type Out = Option<u64>;
        fn run<V: Vector>(self) -> Option<u64> {
            V::digits(self.0, self.1, self.2)
        }
    }

    #[test]
    fn digits_of_every_length_at_every_offset_and_with_every_bad_byte() {
        let all = b"9876543210123456789";
        for path in Path::all() {
            for at in 0..40 {
                for n in 0..=19 {
                    let text = &all[..n];
                    let expected = std::str::from_utf8(text).unwrap().parse::<u64>().ok().filter(|_| n <= 18);
                    let buf = buffer(at, text);
                    assert_eq!(path.run(Digits(&buf, at, at + n)), expected, "{n} at {at}, {}", path.name());
                }
                assert_eq!(path.run(Digits(&buffer(at, b"7"), at + 1, at)), None, "{at}, {}", path.name());
                assert_eq!(path.run(Decimal(&buffer(at, b"7"), at + 1, at)), None, "{at}, {}", path.name());
            }
            for at in [0, 40] {
                for n in 1..=18 {
                    for i in 0..n {
                        for bad in (0..=255u8).filter(|b| !b.is_ascii_digit()) {
                            let mut text = all[..n].to_vec();
                            text[i] = bad;
                            let buf = buffer(at, &text);
                            assert_eq!(path.run(Digits(&buf, at, at + n)), None, "{text:?} at {at}, {}", path.name());
                        }
                    }
                }
            }
        }
    }

    struct Decimal<'b>(&'b [u8], usize, usize);

    impl Work for Decimal<'_> {
        type Out = Option<(u64, u32)>;
        fn run<V: Vector>(self) -> Option<(u64, u32)> {
            V::decimal(self.0, self.1, self.2)
        }
    }

    #[test]
    fn decimals_of_every_length_with_the_point_at_every_place_and_with_every_bad_byte() {
        let all = b"9876543210123456789";
        for path in Path::all() {
            let read = |text: &[u8], at: usize| path.run(Decimal(&buffer(at, text), at, at + text.len()));
            for at in [0, 1, 15, 16, 17, 40] {
                for n in 0..=19 {
                    let digits = &all[..n];
                    let number = std::str::from_utf8(digits).unwrap().parse::<u64>().ok().filter(|_| n <= 18);
                    assert_eq!(read(digits, at), number.map(|number| (number, 0)), "{n} at {at}, {}", path.name());
                    for point in 0..=n {
                        let text = [&digits[..point], b".", &digits[point..]].concat();
                        let between = point > 0 && point < n;
                        let expected = number.filter(|_| between).map(|number| (number, (n - point) as u32));
                        assert_eq!(read(&text, at), expected, "{text:?} at {at}, {}", path.name());
                        // A point of what stands before is none of this number's.
                        let mut buf = buffer(at, &text);
                        buf[..at].fill(b'.');
                        assert_eq!(
                            path.run(Decimal(&buf, at, at + text.len())),
                            expected,
                            "{text:?} at {at}, {}",
                            path.name()
                        );
                        for i in (0..text.len()).filter(|i| *i != point && at == 40) {
                            for bad in (0..=255u8).filter(|b| !b.is_ascii_digit()) {
                                let mut text = text.clone();
                                text[i] = bad;
                                assert_eq!(read(&text, at), None, "{text:?} at {at}, {}", path.name());
                            }
                        }
                    }
                }
            }
        }
    }

    struct Dates<'b>(&'b [u8]);

    impl Work for Dates<'_> {
        type Out = (Option<[u8; 4]>, Option<[u8; 7]>);
        fn run<V: Vector>(self) -> Self::Out {
            (V::date(self.0, 3), V::date_time(self.0, 3))
        }
    }

    #[test]
    fn dates_with_every_byte_at_every_place() {
        for path in Path::all() {
            let text = b"2019-12-31 23:48:57";
            let values = (Some([20, 19, 12, 31]), Some([20, 19, 12, 31, 23, 48, 57]));
            assert_eq!(path.run(Dates(&buffer(3, text))), values);
            assert_eq!(path.run(Dates(&buffer(3, text)[..22])), values);
            for end in 3..22 {
                let whole = path.run(Dates(&buffer(3, text)[..end]));
                assert_eq!(whole, (values.0.filter(|_| end >= 13), None), "{end}, {}", path.name());
            }
            for at in 0..text.len() {
                for byte in 0..=255 {
                    let mut text = *text;
                    text[at] = byte;
                    let buf = buffer(3, &text);
                    assert_eq!(
                        path.run(Dates(&buf)),
                        Path(Kind::Portable).run(Dates(&buf)),
                        "{text:?}, {}",
                        path.name()
                    );
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
