//! Errors and panics → Java exceptions. Nothing else leaves an exported function.

use super::Nothing;
use crate::error::{Error, Kind};
use jni::JNIEnv;
use std::any::Any;
use std::cell::Cell;
use std::panic::{AssertUnwindSafe, catch_unwind, set_hook, take_hook};
use std::sync::Once;

impl From<jni::errors::Error> for Error {
    fn from(e: jni::errors::Error) -> Self {
        Error::new(Kind::Internal, "a call into the JVM failed").caused_by(e)
    }
}

thread_local! {
    static PANIC_PLACE: Cell<Option<String>> = const { Cell::new(None) };
}

/// Remembers where a panic happened; whoever else listens for panics is told as before.
fn remember_places() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = take_hook();
        set_hook(Box::new(move |info| {
            PANIC_PLACE.set(info.location().map(ToString::to_string));
            previous(info);
        }));
    });
}

/// Runs `body`; what goes wrong in it is thrown when the function returns to Java.
#[inline(always)]
pub(super) fn guard<'l, T: Nothing>(env: &mut JNIEnv<'l>, body: impl FnOnce(&mut JNIEnv<'l>) -> Result<T, Error>) -> T {
    match catch_unwind(AssertUnwindSafe(|| body(env))) {
        Ok(Ok(value)) => value,
        Ok(Err(error)) => throw(env, &error),
        Err(payload) => throw(env, &panicked(payload.as_ref())),
    }
}

/// A panic that was stopped, as an error.
#[cold]
#[inline(never)]
pub(super) fn panicked(payload: &(dyn Any + Send)) -> Error {
    let what = payload.downcast_ref::<&str>().map(ToString::to_string);
    let what = what.or_else(|| payload.downcast_ref::<String>().cloned());
    let place = PANIC_PLACE.take().unwrap_or_else(|| "an unknown place".into());
    Error::new(Kind::Internal, format!("panic in the native library: {}", what.as_deref().unwrap_or("no message")))
        .at(place)
}

#[cold]
#[inline(never)]
fn throw<T: Nothing>(env: &mut JNIEnv<'_>, error: &Error) -> T {
    let class = match error.kind() {
        Kind::IllegalState => "java/lang/IllegalStateException",
        Kind::IllegalArgument => "java/lang/IllegalArgumentException",
        Kind::InvalidSpec | Kind::UnsupportedType | Kind::Load | Kind::Source | Kind::Internal => {
            "io/canalnative/NativeException"
        }
    };
    // A pending exception, thrown by the JVM itself, says more than ours.
    if !env.exception_check().unwrap_or(true) && env.throw_new(class, error.to_string()).is_err() {
        let _ = env.exception_clear();
        let _ = env.throw_new("java/lang/IllegalStateException", error.to_string());
    }
    T::nothing()
}

/// Called once a decoder is made.
pub(super) fn prepare() {
    remember_places();
}
