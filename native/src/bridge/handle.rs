//! Sessions by number. A number is checked at every use, in release builds too: a closed or stale one, or one that another
//! thread is using, is an error and never touches memory.

use super::{Session, throw};
use crate::error::{Error, Kind};
use std::cell::UnsafeCell;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock, PoisonError};

const CHUNK: usize = 64;
const CHUNKS: usize = 1024;

const FREE: u64 = 0;
const IDLE: u64 = 1;
const BUSY: u64 = 2;

/// A place for a session. `state` is `generation << 2 | FREE, IDLE or BUSY`; the generation grows with every removal, so
/// that a number of before fits nothing.
struct Slot {
    state: AtomicU64,
    session: UnsafeCell<Option<Box<Session>>>,
}

// SAFETY: `session` is only touched by the thread that moved `state` to BUSY, or, in a FREE slot, by the one that took its
// number from the free list.
unsafe impl Sync for Slot {}

/// Chunks are made when first needed and never moved or freed, so that a slot's address is good for ever. They are small, as
/// each copy of the library that a user jar's class loader brings and takes leaves one behind.
static SLOTS: [OnceLock<Box<[Slot]>>; CHUNKS] = [const { OnceLock::new() }; CHUNKS];
static FREE_LIST: Mutex<FreeList> = Mutex::new(FreeList { returned: Vec::new(), fresh: 0 });

struct FreeList {
    returned: Vec<usize>,
    fresh: usize,
}

fn slot(index: usize) -> Option<&'static Slot> {
    SLOTS.get(index / CHUNK)?.get()?.get(index % CHUNK)
}

/// Index + 1 in the upper half, the lower half of the generation in the lower: never 0.
fn number(index: usize, generation: u64) -> i64 {
    ((index as u64 + 1) << 32 | generation & 0xFFFF_FFFF) as i64
}

fn find(handle: i64) -> Result<(&'static Slot, u64), Error> {
    let index = ((handle as u64) >> 32).checked_sub(1);
    let slot = index.and_then(|index| slot(index as usize)).ok_or_else(|| closed(handle))?;
    Ok((slot, handle as u64 & 0xFFFF_FFFF))
}

#[cold]
fn closed(handle: i64) -> Error {
    Error::new(Kind::IllegalState, "the decoder or encoder is closed").at(format!("handle {handle:#x}"))
}

/// Keeps a session and gives its number.
pub(super) fn insert(session: Session) -> Result<i64, Error> {
    throw::prepare();
    let index = {
        let mut free = FREE_LIST.lock().unwrap_or_else(PoisonError::into_inner);
        match free.returned.pop() {
            Some(index) => index,
            None if free.fresh < CHUNK * CHUNKS => {
                free.fresh += 1;
                free.fresh - 1
            }
            None => {
                return Err(Error::new(
                    Kind::IllegalState,
                    format!("{} decoders and encoders are open in this process; close some", CHUNK * CHUNKS),
                ));
            }
        }
    };
    let chunk = SLOTS[index / CHUNK].get_or_init(|| {
        let empty = || Slot { state: AtomicU64::new(FREE), session: UnsafeCell::new(None) };
        (0..CHUNK).map(|_| empty()).collect()
    });
    let slot = &chunk[index % CHUNK];
    let generation = slot.state.load(Ordering::Acquire) >> 2;
    // SAFETY: the slot is FREE and its number was ours alone to take.
    unsafe { *slot.session.get() = Some(Box::new(session)) };
    slot.state.store(generation << 2 | IDLE, Ordering::Release);
    Ok(number(index, generation))
}

/// A session in use by this thread.
pub(super) struct InUse {
    slot: &'static Slot,
    generation: u64,
}

/// The session behind a number.
#[inline(always)]
pub(super) fn get(handle: i64) -> Result<InUse, Error> {
    let (slot, generation) = find(handle)?;
    let state = slot.state.load(Ordering::Relaxed);
    if (state >> 2) & 0xFFFF_FFFF != generation {
        return Err(closed(handle));
    }
    let full = state >> 2;
    match slot.state.compare_exchange(full << 2 | IDLE, full << 2 | BUSY, Ordering::Acquire, Ordering::Relaxed) {
        Ok(_) => Ok(InUse { slot, generation: full }),
        Err(now) if now == full << 2 | BUSY => {
            Err(Error::new(Kind::IllegalState, "the decoder or encoder is in use by another thread")
                .at(format!("handle {handle:#x}")))
        }
        Err(_) => Err(closed(handle)),
    }
}

/// Drops the session behind a number, if it is of the kind that `check` accepts.
pub(super) fn remove_if(handle: i64, check: impl FnOnce(&mut Session) -> Result<(), Error>) -> Result<(), Error> {
    let mut session = get(handle)?;
    check(&mut session)?;
    // SAFETY: this thread holds the slot.
    let taken = unsafe { (*session.slot.session.get()).take() };
    session.generation += 1;
    let InUse { slot, generation } = session;
    std::mem::forget(session);
    slot.state.store(generation << 2 | FREE, Ordering::Release);
    let index = ((handle as u64) >> 32) as usize - 1;
    FREE_LIST.lock().unwrap_or_else(PoisonError::into_inner).returned.push(index);
    drop(taken);
    Ok(())
}

/// Drops all sessions that nobody closed: for the library's end, when nobody can use them.
pub(super) fn remove_all() {
    for slot in SLOTS.iter().filter_map(OnceLock::get).flatten() {
        let state = slot.state.load(Ordering::Acquire);
        let free = ((state >> 2) + 1) << 2 | FREE;
        if state & 3 == IDLE && slot.state.compare_exchange(state, free, Ordering::Acquire, Ordering::Relaxed).is_ok() {
            // SAFETY: the slot was IDLE until this thread made it FREE; its number is not on the free list.
            drop(unsafe { (*slot.session.get()).take() });
        }
    }
}

impl Deref for InUse {
    type Target = Session;

    #[inline(always)]
    fn deref(&self) -> &Session {
        // SAFETY: BUSY is ours, and a slot that was IDLE has a session.
        unsafe { (*self.slot.session.get()).as_ref().unwrap_unchecked() }
    }
}

impl DerefMut for InUse {
    #[inline(always)]
    fn deref_mut(&mut self) -> &mut Session {
        // SAFETY: as above; the borrow of `self` is exclusive.
        unsafe { (*self.slot.session.get()).as_mut().unwrap_unchecked() }
    }
}

impl Drop for InUse {
    #[inline(always)]
    fn drop(&mut self) {
        self.slot.state.store(self.generation << 2 | IDLE, Ordering::Release);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bridge::{Decoding, Reader};
    use crate::schema::DecoderSpec;

    fn session() -> Session {
        let spec = br#"{"fields":[],"semantics":"canal","timestamp":"SQL"}"#;
        Session::Decoder(Decoding::new(Reader::open(DecoderSpec::from_json(spec).unwrap()).unwrap()))
    }

    fn remove_any(handle: i64) -> Result<(), Error> {
        remove_if(handle, |_| Ok(()))
    }

    #[test]
    fn a_closed_a_stale_and_a_made_up_number_are_refused() {
        let first = insert(session()).unwrap();
        assert!(get(first).is_ok());
        remove_any(first).unwrap();
        assert!(get(first).is_err());
        assert!(remove_any(first).is_err());
        let second = insert(session()).unwrap();
        assert_ne!(first, second);
        assert!(get(first).is_err());
        for made_up in [0, -1, 1, i64::MAX, i64::MIN, second + 1, second ^ 1 << 40] {
            assert!(get(made_up).is_err(), "{made_up:#x}");
        }
        remove_any(second).unwrap();
    }

    #[test]
    fn a_decoder_is_no_encoder() {
        let handle = insert(session()).unwrap();
        assert!(get(handle).unwrap().decoding().is_ok());
        let error = get(handle).unwrap().encoding().map(|_| ()).unwrap_err().to_string();
        assert!(error.contains("not an encoder"), "{error}");
        assert!(remove_if(handle, |session| session.encoding().map(|_| ())).is_err());
        remove_if(handle, |session| session.decoding().map(|_| ())).unwrap();
        assert!(get(handle).is_err());
    }

    #[test]
    fn one_thread_at_a_time() {
        let handle = insert(session()).unwrap();
        let held = get(handle).unwrap();
        let other = std::thread::spawn(move || get(handle).map(|_| ()).unwrap_err().to_string());
        assert!(other.join().unwrap().contains("in use by another thread"));
        drop(held);
        assert!(get(handle).is_ok());
        remove_any(handle).unwrap();
    }
}
