//! The one error type of the native side.
//!
//! An [`Error`] says what kind of thing went wrong, whether trying again can help, where it happened and why.
//! Errors are for callers' mistakes and broken configuration; a message that cannot be decoded is not an error but
//! an [`Outcome`](crate::canal::decode::Outcome).

use std::fmt;

/// What went wrong, coarse enough to act on.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum Kind {
    /// The decoder's specification is not valid: a mistake of the caller.
    InvalidSpec,
    /// A column type that flink-json cannot read either.
    UnsupportedType,
    /// A call that the current state does not allow (a closed or stale handle, no pending name).
    IllegalState,
    /// An argument outside its documented range.
    IllegalArgument,
    /// A load that failed for good, or rows that cannot be loaded.
    Load,
    /// The source database cannot be reached, or does not answer what is asked of it.
    Source,
    /// A bug in this library: a panic that was stopped at the boundary.
    Internal,
}

/// Whether the same call may succeed later.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retry {
    /// It fails again in the same way.
    Never,
    /// It may succeed when repeated as it is.
    Later,
}

/// An error with its kind, its place and its cause.
///
/// Boxed inside, so that a `Result<T, Error>` stays one word wider than `T`.
#[derive(Debug)]
pub struct Error(Box<Inner>);

#[derive(Debug)]
struct Inner {
    kind: Kind,
    retry: Retry,
    message: String,
    at: Option<String>,
    cause: Option<Box<dyn std::error::Error + Send + Sync>>,
}

impl Error {
    /// An error of `kind` that no retry mends.
    pub fn new(kind: Kind, message: impl Into<String>) -> Self {
        Error(Box::new(Inner { kind, retry: Retry::Never, message: message.into(), at: None, cause: None }))
    }

    /// Says whether a retry can help.
    #[must_use]
    pub fn retried(mut self, retry: Retry) -> Self {
        self.0.retry = retry;
        self
    }

    /// Adds the place: a column path, a byte offset, a handle.
    #[must_use]
    pub fn at(mut self, place: impl Into<String>) -> Self {
        let place = place.into();
        self.0.at = Some(match self.0.at.take() {
            Some(inner) => format!("{place}.{inner}"),
            None => place,
        });
        self
    }

    /// Adds what caused it.
    #[must_use]
    pub fn caused_by(mut self, cause: impl Into<Box<dyn std::error::Error + Send + Sync>>) -> Self {
        self.0.cause = Some(cause.into());
        self
    }

    /// What went wrong, without place and cause.
    pub fn what(&self) -> &str {
        &self.0.message
    }

    /// Of what kind that is.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Whether a retry can help.
    pub fn retry(&self) -> Retry {
        self.0.retry
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.message)?;
        if let Some(at) = &self.0.at {
            write!(f, " (at {at})")?;
        }
        if let Some(cause) = &self.0.cause {
            write!(f, ": {cause}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        self.0.cause.as_ref().map(|c| &**c as &(dyn std::error::Error + 'static))
    }
}
