//! The bytes of an event, read from their beginning.

use crate::error::{Error, Kind};

/// What is left to be read.
#[derive(Debug, Clone, Copy)]
pub struct Input<'e> {
    rest: &'e [u8],
}

#[cold]
fn short() -> Error {
    Error::new(Kind::Source, "an event of the binary log ends before its last value")
}

macro_rules! little_endian {
    ($($(#[$doc:meta])* $name:ident: $ty:ty, $bytes:literal;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// There are not as many bytes.
        #[inline]
        pub fn $name(&mut self) -> Result<$ty, Error> {
            let mut word = [0; size_of::<$ty>()];
            word[..$bytes].copy_from_slice(self.take($bytes)?);
            Ok(<$ty>::from_le_bytes(word))
        }
    )*};
}

impl<'e> Input<'e> {
    /// All of `bytes`.
    pub fn new(bytes: &'e [u8]) -> Input<'e> {
        Input { rest: bytes }
    }

    /// What was not read.
    pub fn rest(&self) -> &'e [u8] {
        self.rest
    }

    /// Whether all is read.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next `len` bytes.
    ///
    /// # Errors
    /// There are not as many.
    #[inline]
    pub fn take(&mut self, len: usize) -> Result<&'e [u8], Error> {
        let (taken, rest) = self.rest.split_at_checked(len).ok_or_else(short)?;
        self.rest = rest;
        Ok(taken)
    }

    little_endian! {
        /// One byte.
        u8: u8, 1;
        /// Two bytes.
        u16: u16, 2;
        /// Three bytes.
        u24: u32, 3;
        /// Four bytes.
        u32: u32, 4;
        /// Six bytes.
        u48: u64, 6;
        /// Eight bytes.
        u64: u64, 8;
    }

    /// A number of `len` bytes, 0 to 8, the lowest first.
    ///
    /// # Errors
    /// There are not as many bytes.
    #[inline]
    pub fn unsigned(&mut self, len: usize) -> Result<u64, Error> {
        let mut word = [0; 8];
        let bytes = self.take(len.min(8))?;
        word[..bytes.len()].copy_from_slice(bytes);
        Ok(u64::from_le_bytes(word))
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
