//! The natives of `io.canalnative.NativeSource`: a database that is read as it is now.

use super::{Session, doris, handle, interrupt, throw};
use crate::error::{Error, Kind};
use crate::snapshot::catalogue::Table;
use crate::snapshot::range::Range;
use crate::snapshot::reader::RangeReader;
use crate::snapshot::server;
use crate::snapshot::spec::{ServerKind, SourceSpec};
use crate::{binlog, redo, wal};
use jni::JNIEnv;
use jni::objects::{JByteArray, JClass, JObject};
use jni::sys::{jint, jlong};
use serde::de::DeserializeOwned;

pub(super) fn read<T: DeserializeOwned>(env: &JNIEnv<'_>, json: &JByteArray<'_>, what: &str) -> Result<T, Error> {
    serde_json::from_slice(&env.convert_byte_array(json)?)
        .map_err(|e| Error::new(Kind::IllegalArgument, format!("{what} is not readable")).caused_by(e))
}

/// `byte[] tables(byte[] spec)`: JSON, a `Catalogue`; with `log` in the specification a `Listing`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeSource_tables<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    spec: JByteArray<'l>,
) -> JByteArray<'l> {
    throw::guard(&mut env, |env| {
        let spec = SourceSpec::from_json(&env.convert_byte_array(&spec)?)?;
        interrupt::heed(env)?;
        match (spec.log, spec.kind) {
            (true, ServerKind::Mysql) => doris::json(env, &binlog::start::listing(&spec)?),
            (true, ServerKind::Postgres) => doris::json(env, &wal::start::listing(&spec)?),
            (true, ServerKind::Oracle) => doris::json(env, &redo::start::listing(&spec)?),
            _ => doris::json(env, &server::catalogue(&spec)?),
        }
    })
}

/// `byte[] ranges(byte[] spec, byte[] table)`: JSON, an array of `Range`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeSource_ranges<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    spec: JByteArray<'l>,
    table: JByteArray<'l>,
) -> JByteArray<'l> {
    throw::guard(&mut env, |env| {
        let spec = SourceSpec::from_json(&env.convert_byte_array(&spec)?)?;
        let table: Table = read(env, &table, "the table")?;
        interrupt::heed(env)?;
        doris::json(env, &server::ranges(&spec, &table)?)
    })
}

/// `long open(byte[] spec, byte[] range)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeSource_open<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    spec: JByteArray<'l>,
    range: JByteArray<'l>,
) -> jlong {
    throw::guard(&mut env, |env| {
        let spec = SourceSpec::from_json(&env.convert_byte_array(&spec)?)?;
        let range: Range = read(env, &range, "the range")?;
        interrupt::heed(env)?;
        handle::insert(Session::Range(Box::new(RangeReader::new(spec, range)?)))
    })
}

/// `byte[] next(long handle)`: null at the end.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeSource_next<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) -> JByteArray<'l> {
    throw::guard(&mut env, |env| match handle::get(handle)?.range()?.next()? {
        Some(message) => Ok(env.byte_array_from_slice(&message)?),
        None => Ok(JObject::null().into()),
    })
}

/// `long rows(long handle)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeSource_rows<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) -> jlong {
    throw::guard(&mut env, |_| Ok(handle::get(handle)?.range()?.rows() as jlong))
}

/// `int gone(long handle)`: 1 if it is.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeSource_gone<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) -> jint {
    throw::guard(&mut env, |_| Ok(jint::from(handle::get(handle)?.range()?.is_gone())))
}

/// `void close(long handle)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeSource_close<'l>(mut env: JNIEnv<'l>, _: JClass<'l>, handle: jlong) {
    throw::guard(&mut env, |_| handle::remove_if(handle, |session| session.range().map(|_| ())))
}
