//! Java's interrupts: a task that is cancelled is interrupted, and its natives are to end soon. And whatever else natives that wait need of the JVM.

use super::jdbc;
use crate::error::Error;
use crate::interrupt;
use jni::{JNIEnv, JavaVM};
use std::sync::OnceLock;

static VM: OnceLock<JavaVM> = OnceLock::new();

/// From now on natives that wait see interrupts, and reach servers by [JDBC](jdbc).
pub(super) fn heed(env: &mut JNIEnv<'_>) -> Result<(), Error> {
    if VM.get().is_none() {
        let _ = VM.set(env.get_java_vm()?);
        interrupt::ask_by(is_interrupted);
        jdbc::know(env)?;
    }
    Ok(())
}

/// `Thread.currentThread().isInterrupted()`; false on a thread that is none of Java's.
fn is_interrupted() -> bool {
    VM.get().and_then(|vm| ask(&mut vm.get_env().ok()?).ok()).unwrap_or(false)
}

fn ask(env: &mut JNIEnv<'_>) -> jni::errors::Result<bool> {
    env.with_local_frame(4, |env| {
        let thread = env.call_static_method("java/lang/Thread", "currentThread", "()Ljava/lang/Thread;", &[])?.l()?;
        env.call_method(&thread, "isInterrupted", "()Z", &[])?.z()
    })
}
