//! The natives of `io.canalnative.NativeLog`: the log of changes of a server.

use super::{Session, handle, interrupt, source, throw};
use crate::changes::reader::AnyLog;
use crate::error::{Error, Kind};
use crate::snapshot::spec::{ServerKind, SourceSpec};
use crate::{binlog, redo, wal};
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
        const PLACE: &str = "the position in the log";
        const KNOWN: &str = "the tables' definitions";
        let log: Box<dyn AnyLog> = match spec.kind {
            ServerKind::Mysql => {
                let from = source::read(env, &position, PLACE)?;
                Box::new(binlog::reader::start(spec, from, source::read(env, &definitions, KNOWN)?)?)
            }
            ServerKind::Postgres => {
                let from = source::read(env, &position, PLACE)?;
                Box::new(wal::reader::start(spec, from, source::read(env, &definitions, KNOWN)?)?)
            }
            ServerKind::Oracle => {
                let from = source::read(env, &position, PLACE)?;
                Box::new(redo::reader::start(spec, from, source::read(env, &definitions, KNOWN)?)?)
            }
            ServerKind::Greenplum => {
                return Err(Error::new(
                    Kind::InvalidSpec,
                    format!("the log of source.{} is not read", spec.kind.name()),
                ));
            }
        };
        interrupt::heed(env)?;
        handle::insert(Session::Log(log))
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
        match handle::get(handle)?.log()?.next_messages(limit)? {
            Some(messages) => Ok(env.byte_array_from_slice(&messages)?),
            None => Ok(JObject::null().into()),
        }
    })
}

/// `byte[] position(long handle)`: JSON, a `LogPosition`, `WalPosition` or `RedoPosition`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeLog_position<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) -> JByteArray<'l> {
    throw::guard(&mut env, |env| Ok(env.byte_array_from_slice(&handle::get(handle)?.log()?.position_json()?)?))
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
        let other = env.convert_byte_array(&position)?;
        Ok(jint::from(handle::get(handle)?.log()?.has_reached_json(&other)?))
    })
}

/// `long version(long handle)`: grows when `definitions` changes.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeLog_version<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) -> jlong {
    throw::guard(&mut env, |_| Ok(handle::get(handle)?.log()?.definitions_version() as jlong))
}

/// `byte[] definitions(long handle)`: JSON, `Definitions`, as of `position`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeLog_definitions<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) -> JByteArray<'l> {
    throw::guard(&mut env, |env| Ok(env.byte_array_from_slice(&handle::get(handle)?.log()?.definitions_json()?)?))
}

/// `void confirm(long handle, byte[] position)`: what is before it is not needed any more.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeLog_confirm<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
    position: JByteArray<'l>,
) {
    throw::guard(&mut env, |env| {
        let position = env.convert_byte_array(&position)?;
        handle::get(handle)?.log()?.confirm_json(&position)
    })
}

/// `void close(long handle)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeLog_close<'l>(mut env: JNIEnv<'l>, _: JClass<'l>, handle: jlong) {
    throw::guard(&mut env, |_| handle::remove_if(handle, |session| session.log().map(|_| ())))
}
