//! The bytes of an event: numbers have their lowest byte first.

use crate::changes::input::{self, Notation};
use crate::error::Error;

/// As the binary log has it.
#[derive(Debug, Clone, Copy)]
pub enum LowestFirst {}

impl Notation for LowestFirst {
    const SHORT: &'static str = "an event of the binary log ends before its last value";

    #[inline]
    fn number(bytes: &[u8]) -> u64 {
        let mut word = [0; 8];
        word[..bytes.len()].copy_from_slice(bytes);
        u64::from_le_bytes(word)
    }
}

/// What is left to be read.
pub type Input<'e> = input::Input<'e, LowestFirst>;

impl Input<'_> {
    /// A number of `len` bytes, 0 to 8, the lowest first.
    ///
    /// # Errors
    /// There are not as many bytes.
    #[inline]
    pub fn unsigned(&mut self, len: usize) -> Result<u64, Error> {
        Ok(LowestFirst::number(self.take(len.min(8))?))
    }

    /// A number in the protocol's packed form.
    ///
    /// # Errors
    /// There are not as many bytes as its first one tells of.
    pub fn packed(&mut self) -> Result<u64, Error> {
        match self.u8()? {
            0xFC => self.unsigned(2),
            0xFD => self.unsigned(3),
            0xFE => self.unsigned(8),
            small => Ok(u64::from(small)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_read_in_turn() {
        let mut input = Input::new(&[1, 2, 0, 3, 0, 0, 0xFC, 1, 1, 5, 9]);
        assert_eq!((input.u8().unwrap(), input.u16().unwrap(), input.u24().unwrap()), (1, 2, 3));
        assert_eq!((input.packed().unwrap(), input.packed().unwrap()), (257, 5));
        assert!(input.u16().unwrap_err().to_string().contains("ends before"));
        assert_eq!(input.take(1).unwrap(), [9]);
        assert!(input.is_empty());
    }
}
