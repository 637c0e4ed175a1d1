//! Writing JSON text: a buffer that is kept from text to text, strings with their escapes, numbers, base64.

use super::number::TENS;
use super::scan;

/// Longest text: what a Java array can hold.
pub const MAX_LEN: usize = i32::MAX as usize - 8;

/// What a new buffer holds.
const FIRST_CAPACITY: usize = 4096;

/// Input bytes that are written without asking for more room.
const BLOCK: usize = 1024;

/// Eight blanks.
const BLANKS: u64 = 0x2020_2020_2020_2020;

/// The text is not valid UTF-8.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotUtf8;

/// Which characters of a string are escaped, and how. Both write `\" \\ \b \t \n \f \r` and other control characters as
/// `\u00xx`; `/`, DEL and U+2028 stand as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// As Jackson's `UTF8JsonGenerator`: hexadecimal digits in upper case, characters beyond U+FFFF as two `\uXXXX`.
    Jackson,
    /// As fastjson 2: hexadecimal digits in lower case, nothing else escaped.
    Fastjson,
}

impl Style {
    #[inline(always)]
    fn astral(self) -> bool {
        self == Style::Jackson
    }

    fn hex(self) -> &'static [u8; 16] {
        match self {
            Style::Jackson => b"0123456789ABCDEF",
            Style::Fastjson => b"0123456789abcdef",
        }
    }
}

/// A text that is written again and again.
#[derive(Debug, Clone)]
pub struct Piece {
    head: [u8; 32],
    len: usize,
    rest: Box<[u8]>,
}

impl Piece {
    /// Prepares `text`.
    pub fn new(text: &[u8]) -> Piece {
        let n = text.len().min(32);
        let mut head = [0; 32];
        head[..n].copy_from_slice(&text[..n]);
        Piece { head, len: n, rest: text[n..].into() }
    }
}

/// Text that grows at its end.
///
/// A text of more than [`MAX_LEN`] bytes is given up: [`is_too_long`](Output::is_too_long) says so until the next
/// [`clear`](Output::clear), and what is in the buffer then means nothing.
#[derive(Debug)]
pub struct Output {
    /// All of it initialised, so that fixed-size pieces may be written beyond `len`.
    bytes: Vec<u8>,
    len: usize,
    max: usize,
    too_long: bool,
}

impl Default for Output {
    fn default() -> Self {
        Output::new()
    }
}

impl Output {
    /// An empty text.
    pub fn new() -> Output {
        Output { bytes: vec![0; FIRST_CAPACITY], len: 0, max: MAX_LEN, too_long: false }
    }

    /// The text so far.
    pub fn text(&self) -> &[u8] {
        &self.bytes[..self.len]
    }

    /// Length of the text so far.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// Whether nothing is written yet.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Forgets the text and keeps the buffer.
    #[inline(always)]
    pub fn clear(&mut self) {
        self.len = 0;
        self.too_long = false;
    }

    /// Takes back what was written behind the first `len` bytes.
    pub fn truncate(&mut self, len: usize) {
        self.len = self.len.min(len);
    }

    /// Whether more was written than a text may have.
    #[inline(always)]
    pub fn is_too_long(&self) -> bool {
        self.too_long
    }

    /// Address and capacity of the buffer.
    #[inline(always)]
    pub fn buffer(&self) -> (usize, usize) {
        (self.bytes.as_ptr() as usize, self.bytes.len())
    }

    /// Gives memory back beyond `capacity`, and forgets the text.
    pub fn shrink(&mut self, capacity: usize) {
        self.clear();
        self.bytes.truncate(capacity.max(FIRST_CAPACITY));
        self.bytes.shrink_to_fit();
    }

    /// The next `N` bytes, to be written and then counted by [`advance`](Output::advance).
    #[inline(always)]
    fn window<const N: usize>(&mut self) -> &mut [u8; N] {
        // Returned from inside the test, so that it is not made again.
        if self.len <= self.bytes.len() && self.bytes.len() - self.len >= N {
            return self.bytes[self.len..].first_chunk_mut().expect("there is room");
        }
        self.grow(N);
        self.bytes[self.len..].first_chunk_mut().expect("there is room")
    }

    #[inline(always)]
    fn advance(&mut self, n: usize) {
        self.len += n;
    }

    #[cold]
    #[inline(never)]
    fn grow(&mut self, more: usize) {
        if self.len + more > self.max {
            // Written into the void: the text is lost anyway.
            self.too_long = true;
            self.len = 0;
        }
        let needed = self.len + more;
        if self.bytes.len() < needed {
            self.bytes.resize((2 * self.bytes.len()).clamp(needed, self.max.max(needed)), 0);
        }
    }

    /// One byte.
    #[inline(always)]
    pub fn push(&mut self, byte: u8) {
        self.window::<1>()[0] = byte;
        self.advance(1);
    }

    /// A prepared text.
    #[inline(always)]
    pub fn piece(&mut self, piece: &Piece) {
        // The window first: what is read before a call that may grow the buffer is kept on the stack meanwhile.
        let window = self.window();
        *window = piece.head;
        self.advance(piece.len);
        if !piece.rest.is_empty() {
            self.raw(&piece.rest);
        }
    }

    /// A short text of fixed length.
    #[inline(always)]
    pub fn fixed<const N: usize>(&mut self, text: &[u8; N]) {
        *self.window() = *text;
        self.advance(N);
    }

    /// The first `len` bytes of `text`.
    #[inline(always)]
    pub fn prefix<const N: usize>(&mut self, text: &[u8; N], len: usize) {
        *self.window() = *text;
        self.advance(len.min(N));
    }

    /// Any text, as it is.
    pub fn raw(&mut self, mut text: &[u8]) {
        while let Some((block, rest)) = text.split_first_chunk::<BLOCK>() {
            self.fixed(block);
            text = rest;
        }
        self.window::<BLOCK>()[..text.len()].copy_from_slice(text);
        self.advance(text.len());
    }

    /// Overwrites the byte at `at`, if it is written already.
    #[inline(always)]
    pub fn set(&mut self, at: usize, byte: u8) {
        if let Some(place) = self.bytes.get_mut(at) {
            *place = byte;
        }
    }

    /// The text from `at` on as a JSON string in its place, to put a JSON text into a string.
    ///
    /// # Errors
    /// It is not valid UTF-8, which no text is that was written by strings and numbers.
    pub fn quote_from(&mut self, at: usize, style: Style) -> Result<(), NotUtf8> {
        let text = self.bytes.get(at..self.len).unwrap_or_default().to_vec();
        self.truncate(at);
        self.string(&text, style)
    }

    /// A JSON string of UTF-8 text.
    ///
    /// # Errors
    /// The text is not valid UTF-8; part of it may have been written.
    #[inline(always)]
    pub fn string(&mut self, text: &[u8], style: Style) -> Result<(), NotUtf8> {
        if self.quoted_plain(text, b'"') { Ok(()) } else { self.escaped_string(text, style) }
    }

    /// A text between two `quote`s, if it is plain: one byte a character, no control characters, `"` or `\\`. If not,
    /// nothing is written and the answer is false.
    #[inline(always)]
    pub fn quoted_plain(&mut self, text: &[u8], quote: u8) -> bool {
        if text.len() < 16 { self.quoted_short(text, quote) } else { self.quoted_long(text, quote) }
    }

    #[inline(always)]
    fn quoted_short(&mut self, text: &[u8], quote: u8) -> bool {
        let len = text.len();
        let (head, tail) = if let (Some(head), Some(tail)) = (text.first_chunk(), text.last_chunk()) {
            (u64::from_le_bytes(*head), u64::from_le_bytes(*tail))
        } else if let (Some(head), Some(tail)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
            // Filled up with blanks.
            let (head, tail) = (u32::from_le_bytes(*head), u32::from_le_bytes(*tail));
            let word = u64::from(head) | u64::from(tail) << (8 * (len - 4));
            (word | BLANKS & !(u64::MAX >> (64 - 8 * len)), BLANKS)
        } else {
            (text.iter().rev().fold(BLANKS, |word, byte| word << 8 | u64::from(*byte)), BLANKS)
        };
        if !all_plain(head) || !all_plain(tail) {
            return false;
        }
        let window = self.window::<24>();
        window[0] = quote;
        window[1..9].copy_from_slice(&head.to_le_bytes());
        if len > 8 {
            window[len - 7..=len].copy_from_slice(&tail.to_le_bytes());
        }
        window[len + 1] = quote;
        self.advance(len + 2);
        true
    }

    #[inline(always)]
    fn quoted_long(&mut self, text: &[u8], quote: u8) -> bool {
        let begin = self.len;
        self.push(quote);
        let mut rest = text;
        while let Some((window, behind)) = rest.split_first_chunk::<16>() {
            if scan::not_plain(window) != 0 {
                self.len = begin;
                return false;
            }
            self.fixed(window);
            rest = behind;
        }
        // The last 16 bytes, of which those before `rest` are written already.
        let Some(window) = text.last_chunk::<16>() else { return false };
        if scan::not_plain(window) != 0 {
            self.len = begin;
            return false;
        }
        self.len = self.len.saturating_sub(16 - rest.len());
        self.fixed(window);
        self.push(quote);
        true
    }

    /// A string with something to escape, or beyond ASCII.
    #[inline(never)]
    fn escaped_string(&mut self, text: &[u8], style: Style) -> Result<(), NotUtf8> {
        self.push(b'"');
        self.escaped(text, style)?;
        self.push(b'"');
        Ok(())
    }

    /// What stands between the quotes.
    fn escaped(&mut self, text: &[u8], style: Style) -> Result<(), NotUtf8> {
        simdutf8::basic::from_utf8(text).map_err(|_| NotUtf8)?;
        let mut at = 0;
        while let Some(window) = text[at..].first_chunk::<16>() {
            let hits = scan::to_escape(window, style.astral());
            *self.window() = *window;
            if hits == 0 {
                self.advance(16);
                at += 16;
                continue;
            }
            let plain = hits.trailing_zeros() as usize;
            self.advance(plain);
            at += plain;
            at += self.escape(&text[at..], style);
        }
        while let Some(byte) = text.get(at) {
            if *byte < 0x20 || matches!(byte, b'"' | b'\\') || style.astral() && *byte >= 0xF0 {
                at += self.escape(&text[at..], style);
            } else {
                self.push(*byte);
                at += 1;
            }
        }
        Ok(())
    }

    /// The first character of `text` as an escape; returns its bytes in `text`.
    #[inline]
    fn escape(&mut self, text: &[u8], style: Style) -> usize {
        let letter = match text[0] {
            b'"' => b'"',
            b'\\' => b'\\',
            0x08 => b'b',
            b'\t' => b't',
            b'\n' => b'n',
            0x0C => b'f',
            b'\r' => b'r',
            control @ 0..0x20 => {
                self.unit(control.into(), style);
                return 1;
            }
            _ => return self.surrogates(text, style),
        };
        self.fixed(&[b'\\', letter]);
        1
    }

    /// `\uXXXX`
    fn unit(&mut self, unit: u16, style: Style) {
        let hex = |shift: u32| style.hex()[usize::from(unit >> shift) & 15];
        self.fixed(&[b'\\', b'u', hex(12), hex(8), hex(4), hex(0)]);
    }

    /// The character of four bytes that valid UTF-8 begins with.
    fn surrogates(&mut self, text: &[u8], style: Style) -> usize {
        let bits = text.iter().take(4).fold(0, |bits: u32, byte| bits << 6 | u32::from(byte & 0x3F));
        let above = (bits & 0x1F_FFFF).wrapping_sub(0x1_0000);
        self.unit(0xD800 | (above >> 10) as u16 & 0x3FF, style);
        self.unit(0xDC00 | above as u16 & 0x3FF, style);
        text.len().min(4)
    }

    /// A JSON string with one character for each byte: U+0000 to U+00FF.
    pub fn latin1_string(&mut self, bytes: &[u8], style: Style) {
        self.push(b'"');
        for byte in bytes {
            match byte {
                0..0x20 | b'"' | b'\\' => _ = self.escape(&[*byte], style),
                0x20..0x80 => self.push(*byte),
                _ => self.fixed(&[0xC0 | byte >> 6, 0x80 | byte & 0x3F]),
            }
        }
        self.push(b'"');
    }

    /// A JSON string of base64: standard alphabet, padded, no line feeds.
    pub fn base64_string(&mut self, bytes: &[u8]) {
        const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        let digits = |a: u8, b: u8, c: u8| {
            let bits = u32::from(a) << 16 | u32::from(b) << 8 | u32::from(c);
            [18, 12, 6, 0].map(|shift| DIGITS[(bits >> shift) as usize & 63])
        };
        self.push(b'"');
        let mut rest = bytes;
        while let Some((group, after)) = rest.split_first_chunk::<12>() {
            let mut text = [0; 16];
            for (three, four) in group.chunks_exact(3).zip(text.chunks_exact_mut(4)) {
                four.copy_from_slice(&digits(three[0], three[1], three[2]));
            }
            self.fixed(&text);
            rest = after;
        }
        for group in rest.chunks(3) {
            let [a, b, c, d] = digits(group[0], *group.get(1).unwrap_or(&0), *group.get(2).unwrap_or(&0));
            self.fixed(&[a, b, if group.len() > 1 { c } else { b'=' }, if group.len() > 2 { d } else { b'=' }]);
        }
        self.push(b'"');
    }

    /// An integer.
    #[inline(always)]
    pub fn integer(&mut self, value: i64) {
        if value < 0 {
            self.push(b'-');
        }
        self.unsigned(value.unsigned_abs());
    }

    /// An integer without a sign.
    #[inline(always)]
    pub fn unsigned(&mut self, value: u64) {
        if value < EIGHT {
            return self.up_to_eight(value);
        }
        self.more_than_eight(value);
    }

    /// A number below 10^8.
    #[inline(always)]
    fn up_to_eight(&mut self, value: u64) {
        let digits = eight_digits(value);
        // The first digit is in the lowest byte; the last one stays even if it is zero.
        let zeros = (digits | 1 << 56).trailing_zeros() & !7;
        let window = self.window();
        *window = ((digits | ZEROS) >> zeros).to_le_bytes();
        self.advance(8 - zeros as usize / 8);
    }

    #[inline(always)]
    fn more_than_eight(&mut self, value: u64) {
        let (rest, low) = (value / EIGHT, value % EIGHT);
        if rest < EIGHT {
            self.up_to_eight(rest);
        } else {
            self.up_to_eight(rest / EIGHT);
            self.all_eight(rest % EIGHT);
        }
        self.all_eight(low);
    }

    /// A number below 10^8, with zeros in front.
    #[inline(always)]
    fn all_eight(&mut self, value: u64) {
        self.fixed(&(eight_digits(value) | ZEROS).to_le_bytes());
    }

    /// The lowest `width` digits of `value`, up to 20, with zeros in front.
    #[inline(always)]
    pub fn digits(&mut self, value: u64, width: usize) {
        if width > 8 {
            return self.many_digits(value, width.min(20));
        }
        let digits = eight_digits(value % EIGHT) | ZEROS;
        let window = self.window();
        *window = (digits >> (8 * (8 - width.max(1)))).to_le_bytes();
        self.advance(width);
    }

    #[inline(never)]
    fn many_digits(&mut self, value: u64, width: usize) {
        if width > 16 {
            self.digits(value / (EIGHT * EIGHT), width - 16);
            self.all_eight(value / EIGHT % EIGHT);
        } else {
            self.digits(value / EIGHT, width - 8);
        }
        self.all_eight(value % EIGHT);
    }
}

/// 10^8
const EIGHT: u64 = 100_000_000;

/// Eight times the digit 0.
const ZEROS: u64 = 0x3030_3030_3030_3030;

/// The digits of a number below 10^8 as bytes 0 to 9, the first one lowest: halves of four digits, of two, of one, all
/// halves of a level divided at once.
#[inline(always)]
fn eight_digits(value: u64) -> u64 {
    let fours = value / 10_000 | (value % 10_000) << 32;
    // 10486 / 2^20 is 1 / 100 to all below 10^4, 103 / 2^10 is 1 / 10 to all below 100.
    let hundreds = (fours * 10_486) >> 20 & 0x7F_0000_007F;
    let twos = hundreds | (fours - 100 * hundreds) << 16;
    let tens = (twos * 103) >> 10 & 0x000F_000F_000F_000F;
    tens | (twos - 10 * tens) << 8
}

/// Whether all eight bytes are ASCII characters that a JSON string holds as they are.
#[inline(always)]
fn all_plain(word: u64) -> bool {
    const ONES: u64 = 0x0101_0101_0101_0101;
    const HIGH: u64 = 0x8080_8080_8080_8080;
    // Exact below the first hit, which is all that counts.
    let zero = |x: u64| x.wrapping_sub(ONES) & !x;
    let control = word.wrapping_sub(0x20 * ONES) & !word;
    (word | control | zero(word ^ u64::from(b'"') * ONES) | zero(word ^ u64::from(b'\\') * ONES)) & HIGH == 0
}

/// The two digits of 0 to 99.
pub const PAIRS: [[u8; 2]; 100] = {
    let mut pairs = [[b'0'; 2]; 100];
    let mut i = 0;
    while i < 100 {
        pairs[i] = [b'0' + i as u8 / 10, b'0' + i as u8 % 10];
        i += 1;
    }
    pairs
};

/// How many decimal digits a number has; 1 for zero.
#[inline(always)]
pub fn decimal_len(value: u64) -> usize {
    // log10(2) is about 1233 / 4096.
    let guess = ((64 - (value | 1).leading_zeros()) * 1233 >> 12) as usize;
    guess + usize::from(value >= TENS[guess] || guess == 0)
}

#[cfg(test)]
mod tests;
