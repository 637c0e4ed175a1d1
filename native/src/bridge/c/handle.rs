//! What is open, by number. A number is given out once in the life of the process.

use super::super::throw;
use crate::batch::{BatchDecoder, BatchEncoder};
use crate::error::{Error, Kind};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError, TryLockError};

static OPEN: Mutex<Open> = Mutex::new(Open { last: 0, sessions: BTreeMap::new() });

struct Open {
    last: u64,
    sessions: BTreeMap<u64, Session>,
}

/// What a handle stands for.
pub(super) enum Session {
    Decoder(Arc<Mutex<BatchDecoder>>),
    Encoder(Arc<Mutex<BatchEncoder>>),
}

/// One of the things that a handle can stand for.
pub(super) trait Opened: Sized {
    const NAME: &'static str;
    fn session(self) -> Session;
    fn of(session: &Session) -> Option<&Arc<Mutex<Self>>>;
}

impl Opened for BatchDecoder {
    const NAME: &'static str = "a decoder";

    fn session(self) -> Session {
        Session::Decoder(Arc::new(Mutex::new(self)))
    }

    fn of(session: &Session) -> Option<&Arc<Mutex<Self>>> {
        if let Session::Decoder(decoder) = session { Some(decoder) } else { None }
    }
}

impl Opened for BatchEncoder {
    const NAME: &'static str = "an encoder";

    fn session(self) -> Session {
        Session::Encoder(Arc::new(Mutex::new(self)))
    }

    fn of(session: &Session) -> Option<&Arc<Mutex<Self>>> {
        if let Session::Encoder(encoder) = session { Some(encoder) } else { None }
    }
}

fn open<T>(body: impl FnOnce(&mut Open) -> T) -> T {
    body(&mut OPEN.lock().unwrap_or_else(PoisonError::into_inner))
}

fn wrong(handle: u64, what: impl Into<String>) -> Error {
    Error::new(Kind::IllegalState, what).at(format!("handle {handle}"))
}

/// Keeps a session and gives its handle, never 0.
pub(super) fn insert(opened: impl Opened) -> u64 {
    throw::prepare();
    open(|open| {
        open.last += 1;
        open.sessions.insert(open.last, opened.session());
        open.last
    })
}

fn find<T: Opened>(open: &Open, handle: u64) -> Result<Arc<Mutex<T>>, Error> {
    let session = open.sessions.get(&handle);
    let session = session.ok_or_else(|| wrong(handle, format!("{} that is closed or was never open", T::NAME)))?;
    T::of(session).cloned().ok_or_else(|| wrong(handle, format!("this handle is open, but not for {}", T::NAME)))
}

/// Calls `body` with what `handle` stands for.
pub(super) fn with<T: Opened, R>(handle: u64, body: impl FnOnce(&mut T) -> Result<R, Error>) -> Result<R, Error> {
    let session = open(|open| find::<T>(open, handle))?;
    match session.try_lock() {
        Ok(mut session) => body(&mut session),
        Err(TryLockError::WouldBlock) => {
            Err(wrong(handle, format!("{} that is in use by another thread; open one for each thread", T::NAME)))
        }
        Err(TryLockError::Poisoned(_)) => {
            Err(wrong(handle, format!("{} that was in use when a bug showed; free it and open another", T::NAME)))
        }
    }
}

/// Closes `handle`. A call that is using it in another thread ends first or later, and finds it as it was.
pub(super) fn remove<T: Opened>(handle: u64) -> Result<(), Error> {
    let removed = open(|open| {
        find::<T>(open, handle)?;
        Ok(open.sessions.remove(&handle))
    });
    removed.map(drop)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::DecoderOptions;

    fn opened() -> u64 {
        insert(BatchDecoder::new(DecoderOptions::from_json(br#"{"fields":[]}"#).unwrap()).unwrap())
    }

    #[test]
    fn closed_and_made_up_handles_are_refused() {
        let handle = opened();
        with(handle, |_: &mut BatchDecoder| Ok(())).unwrap();
        assert!(remove::<BatchEncoder>(handle).unwrap_err().to_string().contains("not for an encoder"));
        remove::<BatchDecoder>(handle).unwrap();
        for closed in [handle, 0, u64::MAX] {
            assert_eq!(with(closed, |_: &mut BatchDecoder| Ok(())).unwrap_err().kind(), Kind::IllegalState);
            assert!(remove::<BatchDecoder>(closed).unwrap_err().to_string().contains("closed"));
        }
        assert_ne!(opened(), handle);
    }

    #[test]
    fn one_thread_at_a_time_and_none_after_a_panic() {
        let handle = opened();
        let (other, result) = with(handle, |_: &mut BatchDecoder| {
            let other = std::thread::spawn(move || with(handle, |_: &mut BatchDecoder| Ok(())));
            Ok((handle, other.join().expect("no panic")))
        })
        .unwrap();
        assert_eq!(other, handle);
        assert!(result.unwrap_err().to_string().contains("another thread"));
        let panicking = std::thread::spawn(move || {
            with(handle, |_: &mut BatchDecoder| -> Result<(), Error> { panic!("told to") }).is_ok()
        });
        assert!(panicking.join().is_err());
        assert!(with(handle, |_: &mut BatchDecoder| Ok(())).unwrap_err().to_string().contains("bug"));
        remove::<BatchDecoder>(handle).unwrap();
    }
}
