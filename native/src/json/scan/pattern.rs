//! Bytes with holes.

use super::BLOCK;

/// Bytes to be recognised at a position again and again, of which some bits may be anything.
#[derive(Debug)]
pub struct Pattern {
    /// Compared first. Most patterns have no more.
    pub(super) first: Block,
    pub(super) rest: Box<[Block]>,
    len: usize,
}

/// A block of a pattern; what is behind the pattern's end may be anything.
#[derive(Debug, Clone, Copy)]
pub(super) struct Block {
    pub bytes: [u8; BLOCK],
    /// The bits that count.
    pub mask: [u8; BLOCK],
}

impl Pattern {
    /// Prepares `text`, of which the bits of `mask` count.
    ///
    /// # Panics
    /// If the two are not of one length.
    pub fn new(text: &[u8], mask: &[u8]) -> Pattern {
        assert_eq!(text.len(), mask.len(), "a mask of another length");
        let mut blocks = text.chunks(BLOCK).zip(mask.chunks(BLOCK)).map(|(text, mask)| {
            let mut block = Block::default();
            block.bytes[..text.len()].copy_from_slice(text);
            block.mask[..mask.len()].copy_from_slice(mask);
            block
        });
        Pattern { first: blocks.next().unwrap_or_default(), rest: blocks.collect(), len: text.len() }
    }

    /// Length in bytes.
    #[inline(always)]
    pub fn len(&self) -> usize {
        self.len
    }

    /// True for the pattern of no bytes.
    pub fn is_empty(&self) -> bool {
        self.len == 0
    }

    /// Byte by byte: whether `buf` has it at `pos`.
    #[inline(never)]
    pub(super) fn begins_at(&self, buf: &[u8], pos: usize) -> bool {
        let Some(text) = buf.get(pos..).and_then(|text| text.get(..self.len)) else { return false };
        let blocks = std::iter::once(&self.first).chain(&self.rest);
        let wanted = blocks.flat_map(|block| block.bytes.iter().zip(&block.mask));
        text.iter().zip(wanted).all(|(byte, (wanted, mask))| (byte ^ wanted) & mask == 0)
    }
}

impl Default for Block {
    fn default() -> Block {
        Block { bytes: [0; BLOCK], mask: [0; BLOCK] }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Path, Vector, Work};
    use super::*;

    struct Fits<'b>(&'b [u8], usize, &'b Pattern);

    impl Work for Fits<'_> {
        type Out = bool;
        fn run<V: Vector>(self) -> bool {
            V::fits(self.0, self.1, self.2)
        }
    }

    fn padded(lead: usize, text: &[u8]) -> Vec<u8> {
        let mut buf = vec![b'7'; lead];
        buf.extend_from_slice(text);
        crate::json::pad(&mut buf);
        buf
    }

    #[test]
    fn each_bit_that_counts_and_no_other() {
        for path in Path::all() {
            for n in 0..100usize {
                let text: Vec<u8> = (0..n as u8).collect();
                let mask: Vec<u8> = (0..n).map(|i| [0xFF, 0x80, 0, 0xFE][i % 4]).collect();
                let pattern = Pattern::new(&text, &mask);
                assert_eq!(pattern.len(), n);
                let mut buf = padded(5, &text);
                assert!(path.run(Fits(&buf, 5, &pattern)), "{n}, {}", path.name());
                for i in 0..n {
                    for bit in 0..8 {
                        buf[5 + i] ^= 1 << bit;
                        let counts = mask[i] & 1 << bit != 0;
                        assert_eq!(path.run(Fits(&buf, 5, &pattern)), !counts, "{i} of {n}, {}", path.name());
                        buf[5 + i] ^= 1 << bit;
                    }
                }
                // At the very end of a buffer without padding, and one byte short.
                assert!(path.run(Fits(&buf[..5 + n], 5, &pattern)), "{n}, {}", path.name());
                assert_eq!(path.run(Fits(&buf[..4 + n], 5, &pattern)), false, "{n}, {}", path.name());
            }
        }
    }

    struct Alike<'b>(&'b [u8], usize, usize, usize);

    impl Work for Alike<'_> {
        type Out = bool;
        fn run<V: Vector>(self) -> bool {
            V::alike(self.0, self.1, self.2, self.3)
        }
    }

    #[test]
    fn two_places_are_alike_where_each_byte_is() {
        for path in Path::all() {
            for n in 0..100usize {
                let text: Vec<u8> = (0..n as u8).collect();
                let mut buf = padded(3, &[&text[..], b"between", &text].concat());
                let second = 3 + n + 7;
                assert!(path.run(Alike(&buf, 3, second, n)), "{n}, {}", path.name());
                for i in 0..n {
                    buf[second + i] ^= 0x40;
                    assert!(!path.run(Alike(&buf, 3, second, n)), "byte {i} of {n}, {}", path.name());
                    buf[second + i] ^= 0x40;
                }
                let end = second + n;
                assert!(path.run(Alike(&buf[..end], 3, second, n)), "{n}, {}", path.name());
                assert_eq!(path.run(Alike(&buf[..end], 3, second, n + 1)), false, "{n}, {}", path.name());
            }
        }
    }
}
