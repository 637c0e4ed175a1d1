//! Strings: where they end, and what they say.

use super::Refused;
use super::scan::{self, Vector};

/// Jackson 2.15 and later refuse longer texts (`StreamReadConstraints.DEFAULT_MAX_STRING_LEN`).
const MAX_TEXT: usize = 20_000_000;
/// Jackson 2.16 and later refuse longer names (`StreamReadConstraints.DEFAULT_MAX_NAME_LEN`).
const MAX_KEY: usize = 50_000;

/// A string's place in the document, without its quotes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// First byte of the content.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    /// Whether it has to be [unescaped](unescape).
    pub escaped: bool,
}

impl Span {
    /// The position after the closing quote.
    #[inline(always)]
    pub fn next(&self) -> usize {
        self.end + 1
    }
}

/// Where the string whose content begins at `start` ends, if it needs no unescaping and is of ordinary length; if not,
/// how far it was read, for [`span_from`].
#[inline(always)]
pub fn plain_end<V: Vector>(buf: &[u8], start: usize) -> Result<usize, usize> {
    let stop = V::quote_or_backslash(buf, start);
    if buf[stop] == b'"' && stop - start <= MAX_KEY { Ok(stop) } else { Err(stop) }
}

/// The string that begins with the quote at `pos`, its escapes validated.
#[inline(always)]
pub fn span(buf: &[u8], pos: usize) -> Result<Span, Refused> {
    if buf[pos] != b'"' {
        return Err(Refused);
    }
    let start = pos + 1;
    span_from(buf, start, scan::quote_or_backslash(buf, start))
}

/// The same for a member's name, whose length Jackson limits.
#[inline(always)]
pub fn key_span(buf: &[u8], pos: usize) -> Result<Span, Refused> {
    let span = span(buf, pos)?;
    if span.end - span.start > MAX_KEY { Err(Refused) } else { Ok(span) }
}

/// The string whose content begins at `start`, of which everything before the quote or backslash at `pos` is plain.
#[inline(never)]
pub fn span_from(buf: &[u8], start: usize, mut pos: usize) -> Result<Span, Refused> {
    let mut escaped = false;
    while buf[pos] == b'\\' {
        escaped = true;
        pos += match buf[pos + 1] {
            b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't' => 2,
            b'u' if buf[pos + 2..pos + 6].iter().all(u8::is_ascii_hexdigit) => 6,
            _ => return Err(Refused),
        };
        // An escape at the very end of a truncated document eats padding: stop before it runs out.
        if pos + 16 > buf.len() {
            return Err(Refused);
        }
        pos = scan::quote_or_backslash(buf, pos);
    }
    if pos - start > MAX_TEXT {
        return Err(Refused);
    }
    Ok(Span { start, end: pos, escaped })
}

/// Appends the string's text to `out` as UTF-8.
///
/// `raw` is the content of a [`Span`], so its escapes are well-formed.
///
/// # Errors
/// A surrogate without its twin: no UTF-8 for it.
pub fn unescape(raw: &[u8], out: &mut Vec<u8>) -> Result<(), Refused> {
    let mut rest = raw;
    while let Some(at) = rest.iter().position(|b| *b == b'\\') {
        out.extend_from_slice(&rest[..at]);
        let (text, used) = match rest[at + 1] {
            b'b' => (0x08, 2),
            b'f' => (0x0C, 2),
            b'n' => (b'\n'.into(), 2),
            b'r' => (b'\r'.into(), 2),
            b't' => (b'\t'.into(), 2),
            b'u' => code_point(&rest[at..])?,
            other => (other.into(), 2),
        };
        let c = char::from_u32(text).ok_or(Refused)?;
        out.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
        rest = &rest[at + used..];
    }
    out.extend_from_slice(rest);
    Ok(())
}

/// The code point of `\uXXXX` or of a surrogate pair, and the bytes it takes.
fn code_point(text: &[u8]) -> Result<(u32, usize), Refused> {
    let unit = |at: usize| -> Option<u32> {
        let digits = text.get(at..at + 6)?.strip_prefix(b"\\u")?;
        u32::from_str_radix(std::str::from_utf8(digits).ok()?, 16).ok()
    };
    let first = unit(0).ok_or(Refused)?;
    match first {
        0xD800..=0xDBFF => match unit(6) {
            Some(second @ 0xDC00..=0xDFFF) => Ok((0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00), 12)),
            _ => Err(Refused),
        },
        0xDC00..=0xDFFF => Err(Refused),
        _ => Ok((first, 6)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(json: &str) -> Result<String, Refused> {
        let mut buf = json.as_bytes().to_vec();
        crate::json::pad(&mut buf);
        let span = span(&buf, 0)?;
        let mut out = Vec::new();
        unescape(&buf[span.start..span.end], &mut out)?;
        Ok(String::from_utf8(out).unwrap())
    }

    #[test]
    fn escapes() {
        assert_eq!(text(r#""a\"b\\c\/\b\f\n\r\t""#).unwrap(), "a\"b\\c/\u{8}\u{c}\n\r\t");
        assert_eq!(text(r#""\u00e4\u4E2D\uD83D\uDE00x""#).unwrap(), "ä中😀x");
        assert_eq!(text(r#""\ud83d""#), Err(Refused));
        assert_eq!(text(r#""\ude00""#), Err(Refused));
        assert_eq!(text(r#""\ud83d\n""#), Err(Refused));
        assert_eq!(text(r#""\u12""#), Err(Refused));
        assert_eq!(text("\"a\u{1}b\"").unwrap(), "a\u{1}b");
    }

    #[test]
    fn limits_of_jackson() {
        let key = |n: usize| {
            let mut buf = format!("\"{}\"", "k".repeat(n)).into_bytes();
            crate::json::pad(&mut buf);
            (key_span(&buf, 0).is_ok(), span(&buf, 0).is_ok())
        };
        assert_eq!(key(MAX_KEY), (true, true));
        assert_eq!(key(MAX_KEY + 1), (false, true));
        assert_eq!(key(MAX_TEXT), (false, true));
        assert_eq!(key(MAX_TEXT + 1), (false, false));
    }
}
