//! The natives of `io.canalnative.NativeDoris`: writer and committer of the Doris sink.

use super::{Session, handle, interrupt, throw};
use crate::doris::committer::{Commit, Committer};
use crate::doris::latency::{BUCKETS, Latency};
use crate::doris::loader::Committable;
use crate::doris::spec::{CommitterSpec, WriterSpec};
use crate::doris::writer::{Writer, Written};
use crate::error::{Error, Kind};
use jni::JNIEnv;
use jni::objects::{JByteArray, JByteBuffer, JClass, JLongArray};
use jni::sys::{jint, jlong};
use std::time::Duration;

/// Answers of `write`, in the upper half.
mod written {
    pub const TAKEN: i64 = 0 << 32;
    pub const FULL: i64 = 1 << 32;
    pub const BAD: i64 = 2 << 32;
}

/// Bytes before a row: its length and its kind, two little-endian integers. `DorisLoads.ROW_HEAD`.
const ROW_HEAD: usize = 8;

/// What `await` waits for.
mod awaited {
    pub const ROOM: i32 = 0;
    pub const SETTLED: i32 = 1;
}

/// Answers of `commit`.
mod committed {
    pub const DONE: i32 = 0;
    pub const LATER: i32 = 1;
    pub const LOST: i32 = 2;
}

/// A writer as Java knows it.
pub(super) struct Writing {
    writer: Writer,
    /// Where Java puts rows, each behind its head.
    input: Vec<u8>,
    /// The last bad rows, a sentence each.
    bad: String,
}

/// A committer as Java knows it.
pub(super) struct Committing {
    committer: Committer,
    reason: String,
}

impl Writing {
    /// Writes the rows of a part of the input, as far as it can.
    fn write(&mut self, from: jint, to: jint) -> Result<jlong, Error> {
        let capacity = self.input.len();
        let (mut at, end) = match (usize::try_from(from), usize::try_from(to)) {
            (Ok(from), Ok(to)) if from <= to && to <= capacity => (from, to),
            _ => {
                let text = format!("rows from byte {from} to {to}; the input buffer holds {capacity}");
                return Err(Error::new(Kind::IllegalArgument, text));
            }
        };
        while at < end {
            let (row, kind) = packed_row(&self.input[at..end]).ok_or_else(|| {
                Error::new(Kind::IllegalArgument, format!("no row of {from} to {to} begins at byte {at}"))
            })?;
            match self.writer.write(row, super::row_kind(kind)?)? {
                Written::Taken => at += ROW_HEAD + row.len(),
                Written::Full => return Ok(written::FULL | at as jlong),
                Written::Bad(rows) => {
                    self.bad = rows.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
                    return Ok(written::BAD | at as jlong);
                }
            }
        }
        Ok(written::TAKEN | end as jlong)
    }
}

/// The first of several rows, and its kind.
fn packed_row(rows: &[u8]) -> Option<(&[u8], jint)> {
    let (head, rest) = rows.split_first_chunk::<ROW_HEAD>()?;
    let [l0, l1, l2, l3, k0, k1, k2, k3] = *head;
    let row = rest.get(..u32::from_le_bytes([l0, l1, l2, l3]) as usize)?;
    Some((row, jint::from_le_bytes([k0, k1, k2, k3])))
}

pub(super) fn millis(millis: jlong) -> Duration {
    Duration::from_millis(u64::try_from(millis).unwrap_or(0))
}

/// `long openWriter(byte[] spec)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDoris_openWriter<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    spec: JByteArray<'l>,
) -> jlong {
    throw::guard(&mut env, |env| {
        let spec = WriterSpec::from_json(&env.convert_byte_array(&spec)?)?;
        interrupt::heed(env)?;
        let writing = Writing { writer: Writer::open(spec)?, input: Vec::new(), bad: String::new() };
        handle::insert(Session::Writer(Box::new(writing)))
    })
}

/// Makes `input` hold `capacity` bytes and gives Java a view of it.
pub(super) fn view<'l>(env: &mut JNIEnv<'l>, input: &mut Vec<u8>, capacity: jint) -> Result<JByteBuffer<'l>, Error> {
    let capacity = usize::try_from(capacity)
        .map_err(|_| Error::new(Kind::IllegalArgument, format!("an input buffer of {capacity} bytes")))?;
    // One size, so that a view's end is the buffer's; what is in it is kept.
    input.resize(capacity.max(64), 0);
    input.shrink_to_fit();
    let (address, len) = (input.as_mut_ptr(), input.len());
    // SAFETY: the buffer lives in the session until it is resized here or freed with the session; Java drops its view at both, and
    // no Rust reference to the buffer outlives a call.
    Ok(unsafe { env.new_direct_byte_buffer(address, len) }?)
}

/// `ByteBuffer input(long handle, int capacity)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDoris_input<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
    capacity: jint,
) -> JByteBuffer<'l> {
    throw::guard(&mut env, |env| view(env, &mut handle::get(handle)?.writing()?.input, capacity))
}

/// `long write(long handle, int from, int to)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDoris_write<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
    from: jint,
    to: jint,
) -> jlong {
    throw::guard(&mut env, |_| handle::get(handle)?.writing()?.write(from, to))
}

/// `byte[] badRow(long handle)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDoris_badRow<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) -> JByteArray<'l> {
    throw::guard(&mut env, |env| Ok(env.byte_array_from_slice(handle::get(handle)?.writing()?.bad.as_bytes())?))
}

/// `byte[] refusedRows(long handle)`: JSON, `[{"row":…,"reason":…}]`; takes them out.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDoris_refusedRows<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) -> JByteArray<'l> {
    throw::guard(&mut env, |env| json(env, &handle::get(handle)?.writing()?.writer.take_refused()))
}

/// `void flush(long handle)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDoris_flush<'l>(mut env: JNIEnv<'l>, _: JClass<'l>, handle: jlong) {
    throw::guard(&mut env, |_| {
        let mut session = handle::get(handle)?;
        session.writing()?.writer.flush()
    })
}

/// `void tick(long handle)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDoris_tick<'l>(mut env: JNIEnv<'l>, _: JClass<'l>, handle: jlong) {
    throw::guard(&mut env, |_| {
        let mut session = handle::get(handle)?;
        session.writing()?.writer.tick()
    })
}

/// `int await(long handle, int what, long millis)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDoris_await<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
    what: jint,
    limit: jlong,
) -> jint {
    throw::guard(&mut env, |_| {
        let mut session = handle::get(handle)?;
        let writer = &session.writing()?.writer;
        let reached = match what {
            awaited::ROOM => writer.await_room(millis(limit))?,
            awaited::SETTLED => writer.await_settled(millis(limit))?,
            _ => return Err(Error::new(Kind::IllegalArgument, format!("{what} is nothing to wait for; it is 0 or 1"))),
        };
        Ok(jint::from(!reached))
    })
}

/// `byte[] committables(long handle)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDoris_committables<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) -> JByteArray<'l> {
    throw::guard(&mut env, |env| json(env, &handle::get(handle)?.writing()?.writer.take_settled()))
}

/// `byte[] state(long handle)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDoris_state<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) -> JByteArray<'l> {
    throw::guard(&mut env, |env| json(env, &handle::get(handle)?.writing()?.writer.loader().labels()))
}

/// Loads by bucket, as Java's longs.
pub(super) fn noted(latency: &Latency) -> [i64; BUCKETS] {
    latency.counts().map(|count| i64::try_from(count).unwrap_or(i64::MAX))
}

/// Fills an array of the caller's, as far as it reaches.
pub(super) fn fill(env: &mut JNIEnv<'_>, array: &JLongArray<'_>, values: &[i64]) -> Result<(), Error> {
    let count = usize::try_from(env.get_array_length(array)?).unwrap_or(0).min(values.len());
    Ok(env.set_long_array_region(array, 0, &values[..count])?)
}

/// `void metrics(long handle, long[] values)`: in the order of `DorisLoads.METRICS`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDoris_metrics<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
    values: JLongArray<'l>,
) {
    throw::guard(&mut env, |env| {
        let metrics = handle::get(handle)?.writing()?.writer.metrics();
        fill(env, &values, &metrics)
    })
}

/// `void latency(long handle, long[] counts)`: by bucket of `Latency`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDoris_latency<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
    counts: JLongArray<'l>,
) {
    throw::guard(&mut env, |env| {
        let latency = handle::get(handle)?.writing()?.writer.loader().latency();
        fill(env, &counts, &noted(&latency))
    })
}

/// `byte[] lastLabel(long handle)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDoris_lastLabel<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) -> JByteArray<'l> {
    throw::guard(&mut env, |env| {
        let label = handle::get(handle)?.writing()?.writer.loader().last_label();
        Ok(env.byte_array_from_slice(label.as_bytes())?)
    })
}

/// `void closeWriter(long handle)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDoris_closeWriter<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) {
    throw::guard(&mut env, |_| handle::remove_if(handle, |session| session.writing().map(|_| ())))
}

/// `long openCommitter(byte[] spec)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDoris_openCommitter<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    spec: JByteArray<'l>,
) -> jlong {
    throw::guard(&mut env, |env| {
        let spec = CommitterSpec::from_json(&env.convert_byte_array(&spec)?)?;
        let committer = Committer::new(spec.access.access()?)?;
        handle::insert(Session::Committer(Box::new(Committing { committer, reason: String::new() })))
    })
}

/// `int commit(long handle, byte[] committable, long millis)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDoris_commit<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
    committable: JByteArray<'l>,
    limit: jlong,
) -> jint {
    throw::guard(&mut env, |env| {
        let load: Committable = serde_json::from_slice(&env.convert_byte_array(&committable)?)
            .map_err(|e| Error::new(Kind::IllegalArgument, "a committable that is not readable").caused_by(e))?;
        let mut session = handle::get(handle)?;
        let committing = session.committing()?;
        let (status, reason) = match committing.committer.commit(&load, millis(limit)) {
            Commit::Done => (committed::DONE, String::new()),
            Commit::Later(reason) => (committed::LATER, reason),
            Commit::Lost(reason) => (committed::LOST, reason),
        };
        committing.reason = reason;
        Ok(status)
    })
}

/// `byte[] reason(long handle)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDoris_reason<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) -> JByteArray<'l> {
    throw::guard(&mut env, |env| Ok(env.byte_array_from_slice(handle::get(handle)?.committing()?.reason.as_bytes())?))
}

/// `void closeCommitter(long handle)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDoris_closeCommitter<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) {
    throw::guard(&mut env, |_| handle::remove_if(handle, |session| session.committing().map(|_| ())))
}

pub(super) fn json<'l>(env: &mut JNIEnv<'l>, value: &impl serde::Serialize) -> Result<JByteArray<'l>, Error> {
    let text =
        serde_json::to_vec(value).map_err(|e| Error::new(Kind::Internal, "JSON could not be written").caused_by(e))?;
    Ok(env.byte_array_from_slice(&text)?)
}
