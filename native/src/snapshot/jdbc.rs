//! Servers that only the JVM around us reaches: by a JDBC driver, which the user brings.
//!
//! The boundary says [who connects](connect_by); without a JVM nobody does.

use std::fmt;
use std::sync::OnceLock;

/// Whom to connect as, and where.
#[derive(Clone)]
pub struct Login {
    /// `jdbc:…`, without a password.
    pub url: String,
    /// The user.
    pub user: String,
    /// The password; in no error and no log.
    pub password: String,
    /// Limit for a connection to be made.
    pub connect_seconds: u64,
}

/// What makes connections.
pub trait Driver: Send + Sync {
    /// Connects.
    ///
    /// # Errors
    /// As the driver has them, or that there is none.
    fn connect(&self, login: &Login) -> Result<Box<dyn Session>, Failure>;
}

/// A connection, which ends when it is dropped. Its calls wait for the server.
pub trait Session: Send {
    /// Runs a statement; how many columns it selects, whose rows come by [`next`](Self::next).
    ///
    /// # Errors
    /// The server does not run it, or is gone.
    fn run(&mut self, statement: &str) -> Result<usize, Failure>;

    /// The next rows of the last SELECT, for [`Batch`]; None at its end.
    ///
    /// # Errors
    /// The server is gone, or a value cannot be read.
    fn next(&mut self) -> Result<Option<Vec<u8>>, Failure>;
}

/// What went wrong, by the driver.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    /// What it means.
    pub why: Why,
    /// The driver's own words.
    pub text: String,
}

/// What a failure means. The numbers are those of `io.canalnative.JdbcSession`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// The server does not do what it was asked for.
    Refused = 0,
    /// It is away, or was lost: it may come again.
    Away = 1,
    /// The table is not there, or this user may not see it.
    Missing = 2,
    /// It does not let the user in.
    Login = 3,
    /// No driver takes the address.
    NoDriver = 4,
    /// The table lacks a column.
    Unlike = 5,
}

impl Why {
    /// By its number; one that is not known is a refusal.
    pub fn of(number: i32) -> Why {
        [Why::Away, Why::Missing, Why::Login, Why::NoDriver, Why::Unlike]
            .into_iter()
            .find(|why| *why as i32 == number)
            .unwrap_or(Why::Refused)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

static DRIVER: OnceLock<Box<dyn Driver>> = OnceLock::new();

/// Says who connects. Once in a process.
pub fn connect_by(driver: Box<dyn Driver>) {
    // Whoever came first has said the same.
    let _ = DRIVER.set(driver);
}

/// Connects.
///
/// # Errors
/// As [`Driver::connect`]; nobody has said who connects.
pub fn connect(login: &Login) -> Result<Box<dyn Session>, Failure> {
    let nobody = || Failure { why: Why::NoDriver, text: "there is no JVM around, whose drivers could be asked".into() };
    DRIVER.get().ok_or_else(nobody)?.connect(login)
}

/// Rows as they cross: for each cell `[i32 bytes, -1 for NULL][the bytes]`, little endian, row after row.
pub struct Batch<'b> {
    rest: &'b [u8],
}

/// The bytes of a batch are not rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Malformed;

impl<'b> Batch<'b> {
    /// The rows of these bytes.
    pub fn new(bytes: &'b [u8]) -> Batch<'b> {
        Batch { rest: bytes }
    }

    /// Whether there is no row any more.
    pub fn is_at_end(&self) -> bool {
        self.rest.is_empty()
    }

    /// The next cell.
    ///
    /// # Errors
    /// There is none.
    pub fn cell(&mut self) -> Result<Option<&'b [u8]>, Malformed> {
        let (size, rest) = self.rest.split_first_chunk().ok_or(Malformed)?;
        let size = i32::from_le_bytes(*size);
        if size == -1 {
            self.rest = rest;
            return Ok(None);
        }
        let size = usize::try_from(size).map_err(|_| Malformed)?;
        let (cell, rest) = rest.split_at_checked(size).ok_or(Malformed)?;
        self.rest = rest;
        Ok(Some(cell))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_behind_one_another() {
        let bytes = [&2i32.to_le_bytes()[..], b"ab", &(-1i32).to_le_bytes(), &0i32.to_le_bytes()].concat();
        let mut batch = Batch::new(&bytes);
        assert_eq!((batch.cell(), batch.cell(), batch.cell()), (Ok(Some(&b"ab"[..])), Ok(None), Ok(Some(&b""[..]))));
        assert!(batch.is_at_end() && batch.cell() == Err(Malformed));
        assert_eq!(Batch::new(&bytes[..5]).cell(), Err(Malformed));
        assert_eq!(Batch::new(&(-2i32).to_le_bytes()).cell(), Err(Malformed));
    }

    #[test]
    fn reasons_by_number() {
        for why in [Why::Refused, Why::Away, Why::Missing, Why::Login, Why::NoDriver, Why::Unlike] {
            assert_eq!(Why::of(why as i32), why);
        }
        assert_eq!(Why::of(99), Why::Refused);
    }
}
