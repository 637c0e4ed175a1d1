//! The bytes of what a log says, read from their beginning.

use crate::error::{Error, Kind};
use std::marker::PhantomData;

/// How a log writes.
pub trait Notation {
    /// What is wrong where bytes lack.
    const SHORT: &'static str;

    /// The number of these bytes, eight at most.
    fn number(bytes: &[u8]) -> u64;
}

/// What is left to be read, in the notation `N`.
#[derive(Debug, Clone, Copy)]
pub struct Input<'e, N> {
    rest: &'e [u8],
    notation: PhantomData<N>,
}

/// That bytes lack.
#[cold]
pub fn short<N: Notation>() -> Error {
    Error::new(Kind::Source, N::SHORT)
}

macro_rules! numbers {
    ($($(#[$doc:meta])* $name:ident: $ty:ty, $bytes:literal;)*) => {$(
        $(#[$doc])*
        ///
        /// # Errors
        /// There are not as many bytes.
        #[inline]
        pub fn $name(&mut self) -> Result<$ty, Error> {
            let (bytes, rest) = self.rest.split_first_chunk::<$bytes>().ok_or_else(short::<N>)?;
            self.rest = rest;
            Ok(N::number(bytes) as $ty)
        }
    )*};
}

impl<'e, N: Notation> Input<'e, N> {
    /// All of `bytes`.
    pub fn new(bytes: &'e [u8]) -> Input<'e, N> {
        Input { rest: bytes, notation: PhantomData }
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
        let (taken, rest) = self.rest.split_at_checked(len).ok_or_else(short::<N>)?;
        self.rest = rest;
        Ok(taken)
    }

    numbers! {
        /// One byte.
        u8: u8, 1;
        /// Two bytes.
        u16: u16, 2;
        /// Three bytes.
        u24: u32, 3;
        /// Four bytes.
        u32: u32, 4;
        /// Four bytes with a sign.
        i32: i32, 4;
        /// Six bytes.
        u48: u64, 6;
        /// Eight bytes.
        u64: u64, 8;
        /// Eight bytes with a sign.
        i64: i64, 8;
    }
}
