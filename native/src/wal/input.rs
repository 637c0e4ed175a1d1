//! The bytes of a message of the server's: numbers have their highest byte first.

use crate::changes::input::{self, Notation, short};
use crate::error::{Error, Kind};

/// As PostgreSQL's protocol has it.
#[derive(Debug, Clone, Copy)]
pub enum HighestFirst {}

impl Notation for HighestFirst {
    const SHORT: &'static str = "a message of the server's log ends before its last value";

    #[inline]
    fn number(bytes: &[u8]) -> u64 {
        let mut word = [0; 8];
        word[8 - bytes.len()..].copy_from_slice(bytes);
        u64::from_be_bytes(word)
    }
}

/// What is left to be read.
pub type Input<'e> = input::Input<'e, HighestFirst>;

impl<'e> Input<'e> {
    /// A text up to its zero byte.
    ///
    /// # Errors
    /// It has no end, or is not UTF-8, which the server was asked for.
    pub fn text(&mut self) -> Result<&'e str, Error> {
        let len = self.rest().iter().position(|byte| *byte == 0).ok_or_else(short::<HighestFirst>)?;
        let text = self.take(len)?;
        self.take(1)?;
        std::str::from_utf8(text).map_err(|_| Error::new(Kind::Source, "a name in the server's log is not UTF-8"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_and_texts_are_read_in_turn() {
        let mut input = Input::new(&[7, 1, 2, 0xFF, 0xFF, 0xFF, 0xFE, b'i', b'd', 0, b'x']);
        assert_eq!((input.u8().unwrap(), input.u16().unwrap(), input.i32().unwrap()), (7, 0x102, -2));
        assert_eq!(input.text().unwrap(), "id");
        for problem in [input.u16().unwrap_err(), input.text().unwrap_err()] {
            assert!(problem.to_string().contains("ends before"), "{problem}");
        }
        assert_eq!(input.rest(), b"x");
    }
}
