//! JSON text: scanning, validating and taking values apart in one pass; [`write`](mod@write) is the way back. Knows nothing
//! of Canal or Flink.
//!
//! Everything that reads works on a [`padded`](PADDING) buffer: the document, then [`PADDING`] quotation marks. A string that is
//! not closed therefore ends in the padding, and no object or array can end there, so scanning needs no end-of-input
//! test and a truncated document is always refused.
//!
//! What is accepted is a subset of what Jackson accepts under Flink's settings (`ALLOW_UNESCAPED_CONTROL_CHARS`): strict
//! JSON in valid UTF-8, raw control characters allowed in strings. The rest is [`Refused`], and somebody else's to judge.

pub mod keys;
pub mod number;
pub mod scan;
pub mod skip;
pub mod string;
pub mod write;

/// Bytes of `"` that follow the document, so that vector loads and string scans stay inside the buffer.
pub const PADDING: usize = 64;

/// The document is not JSON in the strict sense, or goes beyond a limit of this reader: depth, or Jackson's own
/// `StreamReadConstraints`. Not a proof that Jackson refuses it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refused;

/// Position of the first byte at or after `pos` that is not white space.
#[inline(always)]
pub fn blank(buf: &[u8], pos: usize) -> usize {
    if buf[pos] > b' ' { pos } else { blanks(buf, pos) }
}

/// Producers write no white space, so it is out of the way.
#[cold]
#[inline(never)]
fn blanks(buf: &[u8], mut pos: usize) -> usize {
    while matches!(buf[pos], b' ' | b'\n' | b'\t' | b'\r') {
        pos += 1;
    }
    pos
}

/// Steps over `byte`, with white space around it.
#[inline(always)]
pub fn expect(buf: &[u8], pos: usize, byte: u8) -> Result<usize, Refused> {
    let pos = blank(buf, pos);
    if buf[pos] == byte { Ok(blank(buf, pos + 1)) } else { Err(Refused) }
}

/// After a member or element: the position of the next one, or past the closing `end`.
#[inline(always)]
pub fn next_or_end(buf: &[u8], pos: usize, end: u8) -> Result<(usize, bool), Refused> {
    let byte = buf[pos];
    if byte == b',' {
        Ok((blank(buf, pos + 1), false))
    } else if byte == end {
        Ok((pos + 1, true))
    } else {
        next_after_blanks(buf, pos, end)
    }
}

#[cold]
#[inline(never)]
fn next_after_blanks(buf: &[u8], pos: usize, end: u8) -> Result<(usize, bool), Refused> {
    let pos = blanks(buf, pos);
    match buf[pos] {
        b',' => Ok((blank(buf, pos + 1), false)),
        b if b == end => Ok((pos + 1, true)),
        _ => Err(Refused),
    }
}

/// Appends the padding to a document, for callers that hold the document in a `Vec`.
pub fn pad(buf: &mut Vec<u8>) {
    buf.resize(buf.len() + PADDING, b'"');
}
