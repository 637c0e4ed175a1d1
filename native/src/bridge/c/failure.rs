//! Errors and panics → a status and a text. Nothing else leaves an exported function.

use super::super::throw;
use crate::error::{Error, Kind};
use std::cell::RefCell;
use std::ffi::{CString, c_char};
use std::panic::{AssertUnwindSafe, catch_unwind};

/// What a call came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub enum CanalStatus {
    /// Done.
    Ok = 0,
    /// The specification is not valid: not JSON, a member nobody knows, a pattern that cannot be compiled.
    InvalidSpec = 1,
    /// A column type that cannot be read or written.
    UnsupportedType = 2,
    /// The handle is closed, was never one, or is in use by another thread.
    IllegalState = 3,
    /// A null pointer, a batch that is too large, an array of other columns.
    IllegalArgument = 4,
    /// A bug in this library.
    Internal = 5,
}

impl From<Kind> for CanalStatus {
    fn from(kind: Kind) -> Self {
        match kind {
            Kind::InvalidSpec => CanalStatus::InvalidSpec,
            Kind::UnsupportedType => CanalStatus::UnsupportedType,
            Kind::IllegalState => CanalStatus::IllegalState,
            Kind::IllegalArgument => CanalStatus::IllegalArgument,
            // No C function loads anything.
            Kind::Load | Kind::Source | Kind::Internal => CanalStatus::Internal,
        }
    }
}

thread_local! {
    static LAST_ERROR: RefCell<CString> = RefCell::default();
}

/// What went wrong in the last call of this thread that did not return CANAL_STATUS_OK: UTF-8, never null, empty if there
/// was none. It is valid until the next such call of this thread; never freed.
#[unsafe(no_mangle)]
pub extern "C" fn canal_last_error() -> *const c_char {
    // A thread that is ending has no such text any more.
    LAST_ERROR.try_with(|text| text.borrow().as_ptr()).unwrap_or(c"".as_ptr())
}

/// Runs `body` and keeps the text of what goes wrong in it.
pub(super) fn guard(body: impl FnOnce() -> Result<(), Error>) -> CanalStatus {
    let error = match catch_unwind(AssertUnwindSafe(body)) {
        Ok(Ok(())) => return CanalStatus::Ok,
        Ok(Err(error)) => error,
        Err(payload) => throw::panicked(payload.as_ref()),
    };
    let mut text = error.to_string();
    text.retain(|c| c != '\0');
    let text = CString::new(text).unwrap_or_default();
    let _ = LAST_ERROR.try_with(|last| last.replace(text));
    error.kind().into()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::CStr;

    fn last() -> String {
        // SAFETY: the text is this thread's, and no call fails before it is copied.
        unsafe { CStr::from_ptr(canal_last_error()) }.to_str().expect("UTF-8").to_string()
    }

    #[test]
    fn a_panic_is_an_internal_error() {
        throw::prepare();
        assert_eq!(guard(|| panic!("as {}", "told")), CanalStatus::Internal);
        let text = last();
        assert!(text.contains("as told") && text.contains("failure.rs"), "{text}");
        assert_eq!(guard(|| Ok(())), CanalStatus::Ok);
        assert_eq!(last(), text, "success leaves the text alone");
    }

    #[test]
    fn a_zero_in_a_text_does_not_hide_it() {
        assert_eq!(guard(|| Err(Error::new(Kind::InvalidSpec, "a\0b"))), CanalStatus::InvalidSpec);
        assert_eq!(last(), "ab");
        std::thread::spawn(|| assert_eq!(last(), "", "each thread has its own")).join().expect("no panic");
    }
}
