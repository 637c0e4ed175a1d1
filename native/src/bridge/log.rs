//! The natives of `io.canalnative.NativeLog`: the binary log of a server.

use super::{Session, doris, handle, interrupt, source, throw};
use crate::binlog::position::LogPosition;
use crate::binlog::reader::LogReader;
use crate::snapshot::spec::SourceSpec;
use jni::JNIEnv;
use jni::objects::{JByteArray, JClass, JObject};
use jni::sys::{jint, jlong};
use std::time::Duration;

/// `long open(byte[] spec, byte[] position, byte[] definitions)`: the last two as `tables`, or `position` and `definitions` of before, gave them.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeLog_open<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    spec: JByteArray<'l>,
    position: JByteArray<'l>,
    definitions: JByteArray<'l>,
) -> jlong {
    throw::guard(&mut env, |env| {
        let spec = SourceSpec::from_json(&env.convert_byte_array(&spec)?)?;
        let position = source::read(env, &position, "the position in the log")?;
        let definitions = source::read(env, &definitions, "the tables' definitions")?;
        interrupt::heed(env)?;
        handle::insert(Session::Log(Box::new(LogReader::start(spec, position, definitions)?)))
    })
}

/// `byte[] next(long handle, long millis)`: a batch; null if none came in that time.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeLog_next<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
    millis: jlong,
) -> JByteArray<'l> {
    throw::guard(&mut env, |env| {
        let limit = Duration::from_millis(millis.max(0) as u64);
        match handle::get(handle)?.log()?.next(limit)? {
            Some(messages) => Ok(env.byte_array_from_slice(&messages)?),
            None => Ok(JObject::null().into()),
        }
    })
}

/// `byte[] position(long handle)`: JSON, a `LogPosition`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeLog_position<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) -> JByteArray<'l> {
    throw::guard(&mut env, |env| doris::json(env, handle::get(handle)?.log()?.position()))
}

/// `int reached(long handle, byte[] position)`: 1 if `position` has reached that one.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeLog_reached<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
    position: JByteArray<'l>,
) -> jint {
    throw::guard(&mut env, |env| {
        let other: LogPosition = source::read(env, &position, "the position in the log")?;
        Ok(jint::from(handle::get(handle)?.log()?.position().has_reached(&other)))
    })
}

/// `long version(long handle)`: grows when `definitions` changes.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeLog_version<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) -> jlong {
    throw::guard(&mut env, |_| Ok(handle::get(handle)?.log()?.version() as jlong))
}

/// `byte[] definitions(long handle)`: JSON, `Definitions`, as of `position`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeLog_definitions<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) -> JByteArray<'l> {
    throw::guard(&mut env, |env| doris::json(env, handle::get(handle)?.log()?.definitions()))
}

/// `void close(long handle)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeLog_close<'l>(mut env: JNIEnv<'l>, _: JClass<'l>, handle: jlong) {
    throw::guard(&mut env, |_| handle::remove_if(handle, |session| session.log().map(|_| ())))
}
