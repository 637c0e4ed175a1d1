//! Errors as a MySQL client sees them.

use super::expr::EvalError;
use super::lexer::SyntaxError;
use std::fmt;

/// A refused statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SqlError {
    /// MySQL's error number; Doris' own errors are 1105.
    pub code: u16,
    /// The whole text.
    pub message: String,
}

impl SqlError {
    /// Doris' usual form: `errCode = 2, detailMessage = …`, number 1105.
    pub fn detail(message: impl fmt::Display) -> SqlError {
        SqlError { code: 1105, message: format!("errCode = 2, detailMessage = {message}") }
    }

    /// The same with a number of MySQL's.
    pub fn numbered(code: u16, message: impl fmt::Display) -> SqlError {
        SqlError { code, ..SqlError::detail(message) }
    }
}

impl fmt::Display for SqlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for SqlError {}

impl From<EvalError> for SqlError {
    fn from(error: EvalError) -> SqlError {
        SqlError::detail(error)
    }
}

impl From<SyntaxError> for SqlError {
    fn from(error: SyntaxError) -> SqlError {
        SqlError { code: 1105, message: error.to_string() }
    }
}
