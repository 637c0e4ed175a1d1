//! Steps over a value, validating all of it.

use super::scan::{self, Portable, Vector};
use super::{Refused, blank, expect, next_or_end, number, string};

/// Nesting that is followed; deeper documents are refused. Jackson's own limit (2.15 and later) is 1,000.
pub const MAX_DEPTH: u32 = 64;

/// The position after the value that begins at `pos` (no white space before it), off the hot path.
pub fn value(buf: &[u8], pos: usize) -> Result<usize, Refused> {
    value_by::<Portable>(buf, pos)
}

/// The same on a path.
#[inline(always)]
pub fn value_by<V: Vector>(buf: &[u8], pos: usize) -> Result<usize, Refused> {
    match buf[pos] {
        b'"' => text::<V>(buf, pos),
        b'{' | b'[' => container::<V>(buf, pos),
        _ => scalar(buf, pos),
    }
}

/// A string.
#[inline(always)]
fn text<V: Vector>(buf: &[u8], pos: usize) -> Result<usize, Refused> {
    match string::plain_end::<V>(buf, pos + 1) {
        Ok(end) => Ok(end + 1),
        Err(stop) => Ok(string::span_from(buf, pos + 1, stop)?.next()),
    }
}

/// Any value that is most often a natural number of up to 15 digits.
#[inline(always)]
pub fn natural(buf: &[u8], pos: usize) -> Result<usize, Refused> {
    let digits = buf[pos..].first_chunk().map_or(0, scan::digit_run);
    let usual =
        digits.wrapping_sub(1) < 15 && matches!(buf[pos + digits], b',' | b'}') && (digits == 1 || buf[pos] != b'0');
    if usual { Ok(pos + digits) } else { value(buf, pos) }
}

/// A number, `true`, `false` or `null`.
#[inline]
pub fn scalar(buf: &[u8], pos: usize) -> Result<usize, Refused> {
    match buf[pos] {
        b'n' => word(buf, pos, b"null"),
        b't' => word(buf, pos, b"true"),
        b'f' => word(buf, pos, b"false"),
        _ => Ok(number::span(buf, pos)?.end),
    }
}

/// Steps over a literal name.
#[inline]
pub fn word(buf: &[u8], pos: usize, text: &[u8]) -> Result<usize, Refused> {
    if buf[pos..].starts_with(text) { Ok(pos + text.len()) } else { Err(Refused) }
}

#[inline(never)]
fn container<V: Vector>(buf: &[u8], pos: usize) -> Result<usize, Refused> {
    V::vectorize(
        #[inline(always)]
        || container_on::<V>(buf, pos),
    )
}

/// An object or array. One bit of `stack` per level says which.
#[inline(always)]
fn container_on<V: Vector>(buf: &[u8], mut pos: usize) -> Result<usize, Refused> {
    let mut stack: u64 = 0;
    let mut depth = 0;
    loop {
        // At the start of a value.
        match buf[pos] {
            open @ (b'{' | b'[') => {
                if depth == MAX_DEPTH {
                    return Err(Refused);
                }
                let object = open == b'{';
                stack = stack << 1 | u64::from(object);
                depth += 1;
                pos = blank(buf, pos + 1);
                if buf[pos] == if object { b'}' } else { b']' } {
                    pos += 1;
                } else {
                    if object {
                        pos = key::<V>(buf, pos)?;
                    }
                    continue;
                }
                stack >>= 1;
                depth -= 1;
            }
            b'"' => pos = text::<V>(buf, pos)?,
            _ => pos = scalar(buf, pos)?,
        }
        // After a value.
        loop {
            if depth == 0 {
                return Ok(pos);
            }
            let object = stack & 1 == 1;
            let (next, end) = next_or_end(buf, pos, if object { b'}' } else { b']' })?;
            pos = next;
            if !end {
                if object {
                    pos = key::<V>(buf, pos)?;
                }
                break;
            }
            stack >>= 1;
            depth -= 1;
        }
    }
}

/// Steps over a key and its colon.
#[inline(always)]
fn key<V: Vector>(buf: &[u8], pos: usize) -> Result<usize, Refused> {
    if buf[pos] != b'"' {
        return Err(Refused);
    }
    // What is plain is no longer than a name may be.
    let end = match string::plain_end::<V>(buf, pos + 1) {
        Ok(end) => end,
        Err(_) => string::key_span(buf, pos)?.end,
    };
    expect(buf, end + 1, b':')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn skip(text: &str) -> Result<usize, Refused> {
        let mut buf = text.as_bytes().to_vec();
        crate::json::pad(&mut buf);
        let end = value(&buf, 0)?;
        if end > text.len() { Err(Refused) } else { Ok(end) }
    }

    #[test]
    fn agrees_with_serde_json_on_what_is_json() {
        let cases = [
            "{}",
            "[]",
            "[[],{}]",
            "{\"a\":1}",
            "{ \"a\" : [ 1 , 2 ] , \"b\" : null }",
            "true",
            "false",
            "null",
            "0",
            "-0",
            "-1.5e+10",
            "\"\"",
            "\"\\u00e4\\n\\/\"",
            "[1,2,]",
            "{\"a\":}",
            "{\"a\"}",
            "{,}",
            "[,]",
            "[1 2]",
            "{\"a\":1,}",
            "tru",
            "nul",
            "01",
            "-",
            "1.",
            ".5",
            "+1",
            "1e",
            "1e+",
            "\"\\x\"",
            "\"\\u12g4\"",
            "{\"a\":1",
            "[1",
            "\"abc",
            "}",
            "]",
            "{]",
            "[}",
            "{\"a\":[}",
            "{a:1}",
            "{'a':1}",
            "[NaN]",
            "{\"a\":tru}",
            "{\"a\" 1}",
            "\"\\",
        ];
        for case in cases {
            let expected = serde_json::from_str::<serde_json::Value>(case).is_ok();
            assert_eq!(skip(case).is_ok_and(|end| end == case.len()), expected, "{case}");
        }
    }

    #[test]
    fn depth_is_limited_and_not_recursive() {
        let nest = |n: usize| "[".repeat(n) + &"]".repeat(n);
        assert!(skip(&nest(MAX_DEPTH as usize)).is_ok());
        assert_eq!(skip(&nest(MAX_DEPTH as usize + 1)), Err(Refused));
        assert_eq!(skip(&nest(100_000)), Err(Refused));
    }
}
