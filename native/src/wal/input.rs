//! The bytes of a message of the server's, read from their beginning; numbers have their highest byte first.

use crate::error::{Error, Kind};

/// What is left to be read.
#[derive(Debug, Clone, Copy)]
pub struct Input<'e> {
    rest: &'e [u8],
}

#[cold]
fn short() -> Error {
    Error::new(Kind::Source, "a message of the server's log ends before its last value")
}

macro_rules! big_endian {
    ($($(#[$doc:meta])* $name:ident: $ty:ty;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// There are not as many bytes.
        #[inline]
        pub fn $name(&mut self) -> Result<$ty, Error> {
            let (word, rest) = self.rest.split_first_chunk().ok_or_else(short)?;
            self.rest = rest;
            Ok(<$ty>::from_be_bytes(*word))
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

    big_endian! {
        /// One byte.
        u8: u8;
        /// Two bytes.
        u16: u16;
        /// Four bytes.
        u32: u32;
        /// Four bytes with a sign.
        i32: i32;
        /// Eight bytes.
        u64: u64;
        /// Eight bytes with a sign.
        i64: i64;
    }

    /// A text up to its zero byte.
    ///
    /// # Errors
    /// It has no end, or is not UTF-8, which the server was asked for.
    pub fn text(&mut self) -> Result<&'e str, Error> {
        let len = self.rest.iter().position(|byte| *byte == 0).ok_or_else(short)?;
        let text = self.take(len)?;
        self.take(1)?;
        std::str::from_utf8(text).map_err(|_| Error::new(Kind::Source, "a name in the server's log is not UTF-8"))
    }
}
