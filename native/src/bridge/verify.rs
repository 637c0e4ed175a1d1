//! The natives of `io.canalnative.NativeVerify`: a job's tables, compared with Doris.

use super::{Session, doris, handle, interrupt, source, throw};
use crate::error::{Error, Kind};
use crate::verify::correct;
use crate::verify::html::html;
use crate::verify::listing::{self, Listed, Part};
use crate::verify::range::RangeComparison;
use crate::verify::report::Report;
use crate::verify::spec::VerifySpec;
use crate::verify::text;
use jni::JNIEnv;
use jni::objects::{JByteArray, JClass, JObject};
use jni::sys::{jint, jlong};

fn spec(env: &mut JNIEnv<'_>, json: &JByteArray<'_>) -> Result<VerifySpec, Error> {
    interrupt::heed(env)?;
    VerifySpec::from_json(&env.convert_byte_array(json)?)
}

/// `byte[] tables(byte[] spec)`: JSON, a `Listing`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeVerify_tables<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    json: JByteArray<'l>,
) -> JByteArray<'l> {
    throw::guard(&mut env, |env| {
        let listing = listing::listing(&spec(env, &json)?)?;
        doris::json(env, &listing)
    })
}

/// `byte[] ranges(byte[] spec, byte[] table)`: JSON, an array of `Part`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeVerify_ranges<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    json: JByteArray<'l>,
    table: JByteArray<'l>,
) -> JByteArray<'l> {
    throw::guard(&mut env, |env| {
        let listed: Listed = source::read(env, &table, "the table")?;
        let parts = listing::parts(&spec(env, &json)?, &listed)?;
        doris::json(env, &parts)
    })
}

/// `long open(byte[] spec, byte[] range)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeVerify_open<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    json: JByteArray<'l>,
    range: JByteArray<'l>,
) -> jlong {
    throw::guard(&mut env, |env| {
        let part: Part = source::read(env, &range, "the range")?;
        handle::insert(Session::Comparison(Box::new(RangeComparison::new(spec(env, &json)?, part))))
    })
}

/// `byte[] next(long handle)`: empty while it goes on, a verdict at the end, null after it.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeVerify_next<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) -> JByteArray<'l> {
    throw::guard(&mut env, |env| match handle::get(handle)?.comparison()?.proceed()? {
        Some(message) => Ok(env.byte_array_from_slice(&message)?),
        None => Ok(JObject::null().into()),
    })
}

/// `long rows(long handle)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeVerify_rows<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) -> jlong {
    throw::guard(&mut env, |_| Ok(handle::get(handle)?.comparison()?.rows() as jlong))
}

/// `void close(long handle)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeVerify_close<'l>(mut env: JNIEnv<'l>, _: JClass<'l>, handle: jlong) {
    throw::guard(&mut env, |_| handle::remove_if(handle, |session| session.comparison().map(|_| ())))
}

/// `long openReport(byte[] job, byte[] state)`: one that was under way, or, where that is empty, a new one for the job of that name.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeVerify_openReport<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    job: JByteArray<'l>,
    state: JByteArray<'l>,
) -> jlong {
    throw::guard(&mut env, |env| {
        let state = env.convert_byte_array(&state)?;
        let report = if state.is_empty() {
            Report::new(&String::from_utf8_lossy(&env.convert_byte_array(&job)?))
        } else {
            Report::from_json(&state)?
        };
        handle::insert(Session::Report(Box::new(report)))
    })
}

/// `void absorb(long report, byte[] verdict)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeVerify_absorb<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    report: jlong,
    verdict: JByteArray<'l>,
) {
    throw::guard(&mut env, |env| {
        let verdict = env.convert_byte_array(&verdict)?;
        handle::get(report)?.report()?.absorb(&verdict)
    })
}

/// `byte[] report(long report)`: as it is now, JSON.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeVerify_report<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    report: jlong,
) -> JByteArray<'l> {
    throw::guard(&mut env, |env| {
        let json = handle::get(report)?.report()?.to_json()?;
        Ok(env.byte_array_from_slice(&json)?)
    })
}

/// `void finish(long report, byte[] spec)`: reads what differed again.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeVerify_finish<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    report: jlong,
    json: JByteArray<'l>,
) {
    throw::guard(&mut env, |env| {
        let spec = spec(env, &json)?;
        handle::get(report)?.report()?.finish(&spec)
    })
}

/// `void closeReport(long report)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeVerify_closeReport<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    report: jlong,
) {
    throw::guard(&mut env, |_| handle::remove_if(report, |session| session.report().map(|_| ())))
}

/// `byte[] shown(byte[] report, int form)`: a report for people: 0 a text, 1 a page.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeVerify_shown<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    report: JByteArray<'l>,
    form: jint,
) -> JByteArray<'l> {
    throw::guard(&mut env, |env| {
        let report = Report::from_json(&env.convert_byte_array(&report)?)?;
        let shown = match form {
            0 => text::text(&report),
            1 => html(&report),
            _ => return Err(Error::new(Kind::IllegalArgument, format!("form {form}; it is 0 or 1"))),
        };
        Ok(env.byte_array_from_slice(shown.as_bytes())?)
    })
}

/// `byte[] correct(byte[] spec, byte[] report, byte[] wanted)`: JSON, a `Correction`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeVerify_correct<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    json: JByteArray<'l>,
    report: JByteArray<'l>,
    wanted: JByteArray<'l>,
) -> JByteArray<'l> {
    throw::guard(&mut env, |env| {
        let spec = spec(env, &json)?;
        let report = Report::from_json(&env.convert_byte_array(&report)?)?;
        let wanted: correct::Wanted = source::read(env, &wanted, "what is wanted")?;
        doris::json(env, &correct::correct(&spec, &report, &wanted)?)
    })
}
