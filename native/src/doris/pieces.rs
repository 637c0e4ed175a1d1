//! The memory that bodies are written into, used again when a load is settled: fresh memory costs a page fault every 4 KB.

use bytes::Bytes;
use std::sync::{Arc, Mutex, PoisonError};

/// Bytes of a piece. A body grows by pieces, so that it is never copied to grow; the last one of each is half empty, and there are thousands of bodies.
pub(super) const PIECE: usize = 64 << 10;

/// Pieces that are kept for the next bodies. More are only allocated while none is idle, so this adds nothing to what
/// bodies take at most.
const IDLE: usize = 512;

/// Where pieces come from and go back to. Clones share them.
#[derive(Debug, Clone)]
pub(super) struct Pieces {
    idle: Arc<Mutex<Vec<Vec<u8>>>>,
    size: usize,
}

impl Pieces {
    /// Pieces with room for `size` bytes.
    pub fn new(size: usize) -> Pieces {
        Pieces { idle: Arc::default(), size }
    }

    /// An empty one.
    pub fn take(&self) -> Vec<u8> {
        let idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner).pop();
        idle.unwrap_or_else(|| Vec::with_capacity(self.size))
    }

    /// The bytes of a piece; when the last clone of them is dropped, its memory is idle again.
    pub fn seal(&self, piece: Vec<u8>) -> Bytes {
        Bytes::from_owner(Sealed { piece, pieces: self.clone() })
    }
}

struct Sealed {
    piece: Vec<u8>,
    pieces: Pieces,
}

impl AsRef<[u8]> for Sealed {
    fn as_ref(&self) -> &[u8] {
        &self.piece
    }
}

impl Drop for Sealed {
    fn drop(&mut self) {
        let mut piece = std::mem::take(&mut self.piece);
        let mut idle = self.pieces.idle.lock().unwrap_or_else(PoisonError::into_inner);
        // One that had to grow for a long row is not worth keeping.
        if idle.len() < IDLE && piece.capacity() <= 2 * self.pieces.size {
            piece.clear();
            idle.push(piece);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_comes_back_with_the_last_clone() {
        let pieces = Pieces::new(100);
        let mut piece = pieces.take();
        let at = piece.as_ptr();
        piece.extend_from_slice(b"rows");
        let sealed = pieces.seal(piece);
        let part = sealed.slice(1..3);
        drop(sealed);
        let other = pieces.take();
        assert_ne!(other.as_ptr(), at);
        assert_eq!(part, b"ow"[..]);
        drop(part);
        let again = pieces.take();
        assert_eq!((again.as_ptr(), again.len()), (at, 0));
    }

    #[test]
    fn neither_too_many_nor_too_large_ones_are_kept() {
        let pieces = Pieces::new(10);
        drop(pieces.seal(Vec::with_capacity(1000)));
        assert_eq!(pieces.idle.lock().unwrap().len(), 0);
        let sealed: Vec<Bytes> = (0..2 * IDLE).map(|_| pieces.seal(Vec::with_capacity(10))).collect();
        drop(sealed);
        assert_eq!(pieces.idle.lock().unwrap().len(), IDLE);
    }
}
