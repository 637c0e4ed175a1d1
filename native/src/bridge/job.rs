//! The natives of `io.canalnative.NativeJob`: the file of a job.

use super::{doris, interrupt, throw};
use crate::error::{Error, Kind};
use crate::job::{self, Surroundings};
use crate::preflight;
use jni::JNIEnv;
use jni::objects::{JByteArray, JClass};
use std::path::Path;

/// The job of a file, as JSON. `secrets`: the password is looked for.
fn read<'l>(
    env: &mut JNIEnv<'l>,
    (yaml, origin): (JByteArray<'l>, JByteArray<'l>),
    secrets: bool,
) -> Result<JByteArray<'l>, Error> {
    let (yaml, origin) = (env.convert_byte_array(&yaml)?, env.convert_byte_array(&origin)?);
    let origin = std::str::from_utf8(&origin)
        .map_err(|e| Error::new(Kind::IllegalArgument, "the name of the job's file is not UTF-8").caused_by(e))?;
    let around = Surroundings {
        origin: Path::new(origin),
        variable: &|name| std::env::var(name).ok(),
        text: &|path| std::fs::read_to_string(path),
        secrets,
    };
    Ok(env.byte_array_from_slice(job::read(&yaml, &around)?.to_string().as_bytes())?)
}

/// `byte[] read(byte[] yaml, byte[] origin)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeJob_read<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    yaml: JByteArray<'l>,
    origin: JByteArray<'l>,
) -> JByteArray<'l> {
    throw::guard(&mut env, |env| read(env, (yaml, origin), true))
}

/// `byte[] check(byte[] yaml, byte[] origin)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeJob_check<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    yaml: JByteArray<'l>,
    origin: JByteArray<'l>,
) -> JByteArray<'l> {
    throw::guard(&mut env, |env| read(env, (yaml, origin), false))
}

/// `byte[] preflight(byte[] plan)`: JSON, an array of `Finding`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeJob_preflight<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    plan: JByteArray<'l>,
) -> JByteArray<'l> {
    throw::guard(&mut env, |env| {
        let plan = env.convert_byte_array(&plan)?;
        interrupt::heed(env)?;
        doris::json(env, &preflight::check(&plan)?)
    })
}
