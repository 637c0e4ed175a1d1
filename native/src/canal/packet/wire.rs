//! Protobuf's wire format: fields of numbers and of bytes, one after the other.
//!
//! Everything here reads in a padded buffer, as JSON is read: `end` is the end of what is read, and behind the whole message there is
//! [`PADDING`](crate::json::PADDING), so that a byte at `end` may be looked at, and counts for nothing.

/// Bytes that are no protobuf, or no packet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Broken {
    /// Where, counted from the start of the packet, or of its unpacked body.
    pub at: usize,
    /// What is wrong there.
    pub what: &'static str,
}

/// The value of a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Value {
    /// Numbers, enumerations and booleans.
    Number(u64),
    /// Texts, bytes and messages: from, to.
    Bytes(usize, usize),
    /// A value of fixed length; no field of a packet has one.
    Fixed,
}

/// A number of up to 64 bits and the position after it.
#[inline(always)]
pub(super) fn varint(buf: &[u8], pos: usize, end: usize) -> Result<(u64, usize), Broken> {
    match (buf[pos], buf.get(pos + 1)) {
        (first @ ..0x80, _) if pos < end => Ok((first.into(), pos + 1)),
        // The lengths of rows and entries.
        (first @ 0x80.., Some(second @ ..0x80)) if pos + 1 < end => {
            Ok((u64::from(first & 0x7F) | u64::from(*second) << 7, pos + 2))
        }
        _ => long_varint(buf, pos, end),
    }
}

/// A number of more than two bytes: up to eight of them are taken at once.
#[inline(always)]
fn long_varint(buf: &[u8], start: usize, end: usize) -> Result<(u64, usize), Broken> {
    if let Some(bytes) = buf.get(start..).and_then(|rest| rest.first_chunk::<8>()) {
        let word = u64::from_le_bytes(*bytes);
        let stops = !word & 0x8080_8080_8080_8080;
        let next = start + (stops.trailing_zeros() as usize + 1) / 8;
        if stops != 0 && next <= end {
            // What is up to the first stop, its bits of seven pushed together in pairs, fours and eights.
            let word = word & (stops ^ stops.wrapping_sub(1)) & 0x7F7F_7F7F_7F7F_7F7F;
            let word = (word & 0x007F_007F_007F_007F) | (word & 0x7F00_7F00_7F00_7F00) >> 1;
            let word = (word & 0x0000_3FFF_0000_3FFF) | (word & 0x3FFF_0000_3FFF_0000) >> 2;
            return Ok(((word & 0x0FFF_FFFF) | (word & 0x0FFF_FFFF_0000_0000) >> 4, next));
        }
    }
    odd_varint(buf, start, end)
}

/// A number that is longer, or cut off, or at the buffer's end.
#[cold]
#[inline(never)]
fn odd_varint(buf: &[u8], start: usize, end: usize) -> Result<(u64, usize), Broken> {
    let mut value = 0u64;
    let rest = buf.get(start..end).unwrap_or_default();
    for (i, byte) in rest.iter().take(10).enumerate() {
        value |= u64::from(byte & 0x7F) << (7 * i);
        if *byte < 0x80 {
            return Ok((value, start + i + 1));
        }
    }
    let what = if rest.len() < 10 { "a number that is cut off" } else { "a number of more than ten bytes" };
    Err(Broken { at: start, what })
}

/// Takes fields in the order in which they are expected; one that is not next is left out.
pub(super) struct Expected<'b> {
    pub buf: &'b [u8],
    pub pos: usize,
    pub end: usize,
}

impl Expected<'_> {
    /// Whether a field with this tag, of one byte, is next.
    #[inline(always)]
    fn is_next(&self, tag: u64) -> bool {
        self.pos < self.end && u64::from(self.buf[self.pos]) == tag
    }

    /// The number of field `field`, which is below 16, if that is next.
    #[inline(always)]
    pub fn number(&mut self, field: u64) -> Result<Option<u64>, Broken> {
        if !self.is_next(field << 3) {
            return Ok(None);
        }
        let (value, next) = varint(self.buf, self.pos + 1, self.end)?;
        self.pos = next;
        Ok(Some(value))
    }

    /// Likewise its bytes.
    #[inline(always)]
    pub fn bytes(&mut self, field: u64) -> Result<Option<(usize, usize)>, Broken> {
        if !self.is_next(field << 3 | 2) {
            return Ok(None);
        }
        let span = bytes(self.buf, self.pos + 1, self.end)?;
        self.pos = span.1;
        Ok(Some(span))
    }
}

/// Bytes with their length before them: from, to.
#[inline(always)]
pub(super) fn bytes(buf: &[u8], pos: usize, end: usize) -> Result<(usize, usize), Broken> {
    let (len, start) = varint(buf, pos, end)?;
    if len > (end - start) as u64 {
        return Err(Broken { at: pos, what: "a length beyond the end of what it is in" });
    }
    Ok((start, start + len as usize))
}

/// The number and value of the field at `pos`, and the position after it.
#[inline(always)]
pub(super) fn field(buf: &[u8], pos: usize, end: usize) -> Result<(u64, Value, usize), Broken> {
    let (tag, at) = varint(buf, pos, end)?;
    let number = tag >> 3;
    match tag & 7 {
        0 => varint(buf, at, end).map(|(value, next)| (number, Value::Number(value), next)),
        2 => bytes(buf, at, end).map(|(from, to)| (number, Value::Bytes(from, to), to)),
        1 => fixed(pos, at + 8, end).map(|next| (number, Value::Fixed, next)),
        5 => fixed(pos, at + 4, end).map(|next| (number, Value::Fixed, next)),
        3 | 4 => Err(Broken { at: pos, what: "a field that is a group, which no packet has" }),
        _ => Err(Broken { at: pos, what: "a field of no known wire type" }),
    }
}

fn fixed(at: usize, next: usize, end: usize) -> Result<usize, Broken> {
    if next <= end { Ok(next) } else { Err(Broken { at, what: "a field that is cut off" }) }
}

/// The fields of `buf[pos..end]`.
pub(super) fn fields(
    buf: &[u8],
    mut pos: usize,
    end: usize,
) -> impl Iterator<Item = Result<(u64, Value, usize), Broken>> {
    let mut broken = false;
    std::iter::from_fn(move || {
        if pos >= end || broken {
            return None;
        }
        let read = field(buf, pos, end);
        match read {
            Ok((.., next)) => pos = next,
            Err(_) => broken = true,
        }
        Some(read)
    })
}

/// A field of bytes as text.
pub(super) fn text(buf: &[u8], (from, to): (usize, usize)) -> Result<&str, Broken> {
    std::str::from_utf8(&buf[from..to]).map_err(|_| Broken { at: from, what: "a text that is not UTF-8" })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn padded(bytes: &[u8]) -> Vec<u8> {
        let mut buf = bytes.to_vec();
        crate::json::pad(&mut buf);
        buf
    }

    #[test]
    fn numbers_of_every_length() {
        for bits in 0..64 {
            let value = 1u64 << bits;
            let mut rest = value;
            let mut bytes = Vec::new();
            while rest >= 0x80 {
                bytes.push(rest as u8 | 0x80);
                rest >>= 7;
            }
            bytes.push(rest as u8);
            let buf = padded(&bytes);
            assert_eq!(varint(&buf, 0, bytes.len()), Ok((value, bytes.len())));
            for end in 0..bytes.len() {
                assert_eq!(varint(&buf, 0, end).map_err(|e| e.what), Err("a number that is cut off"));
            }
        }
        let endless = padded(&[0xFF; 11]);
        assert_eq!(varint(&endless, 0, 11).map_err(|e| e.what), Err("a number of more than ten bytes"));
    }

    #[test]
    fn fields_of_every_wire_type() {
        let buf = padded(b"\x08\x05\x12\x01a\x19\0\0\0\0\0\0\0\0\x25\0\0\0\0");
        let read: Vec<_> = fields(&buf, 0, 19).map(|field| field.map(|(number, value, _)| (number, value))).collect();
        assert_eq!(
            read,
            [Ok((1, Value::Number(5))), Ok((2, Value::Bytes(4, 5))), Ok((3, Value::Fixed)), Ok((4, Value::Fixed))]
        );
        for (bytes, what) in [
            (&b"\x12\x02a"[..], "a length beyond the end of what it is in"),
            (b"\x12\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\xFF\x01a", "a length beyond the end of what it is in"),
            (b"\x19\0\0", "a field that is cut off"),
            (b"\x0B", "a field that is a group, which no packet has"),
            (b"\x0E", "a field of no known wire type"),
        ] {
            assert_eq!(field(&padded(bytes), 0, bytes.len()).map_err(|e| e.what), Err(what), "{bytes:x?}");
        }
    }
}
