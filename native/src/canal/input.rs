//! The buffer that a message is decoded in.

use crate::json::PADDING;

/// A message with padding behind it.
#[derive(Debug)]
pub(super) struct Input {
    bytes: Vec<u8>,
}

impl Default for Input {
    fn default() -> Self {
        Input { bytes: vec![b'"'; PADDING] }
    }
}

impl Input {
    /// Room for a message of `capacity` bytes. Growing forgets what it held.
    pub fn buffer(&mut self, capacity: usize) -> &mut [u8] {
        let wanted = capacity + PADDING;
        if self.bytes.len() < wanted {
            self.bytes = vec![b'"'; wanted];
        }
        &mut self.bytes[..capacity]
    }

    /// Bytes of the longest message that fits.
    pub fn capacity(&self) -> usize {
        self.bytes.len() - PADDING
    }

    /// Gives back memory beyond what messages of `capacity` bytes need.
    pub fn shrink(&mut self, capacity: usize) {
        self.bytes = vec![b'"'; capacity + PADDING];
    }

    /// Puts the padding behind a message of `len` bytes.
    #[inline(always)]
    pub fn pad(&mut self, len: usize) -> &[u8] {
        self.bytes[len..len + PADDING].fill(b'"');
        &self.bytes
    }

    /// Message and padding.
    #[inline(always)]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}
