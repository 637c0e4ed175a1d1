//! The natives of `io.canalnative.NativeDatabase`: messages of many tables into Doris, one writer a subtask, and a router before them.

use super::{Session, doris, handle, interrupt, throw};
use crate::error::{Error, Kind};
use crate::schema::Wire;
use crate::sync::open::DatabaseSpec;
use crate::sync::place::Place;
use crate::sync::route::{Route, Router};
use crate::sync::run::RunSpec;
use crate::sync::writer::{Audience, DatabaseWriter, Taken};
use jni::JNIEnv;
use jni::objects::{JByteArray, JByteBuffer, JClass, JLongArray, JObjectArray};
use jni::sys::{jboolean, jint, jlong};
use serde::Serialize;

/// What `await` waits for.
mod awaited {
    pub const ROOM: i32 = 0;
    pub const SETTLED: i32 = 1;
}

/// Answer of `route`: the message is everyone's.
const ALL: i64 = -1;

/// A writer as Java knows it.
pub(super) struct Database {
    writer: DatabaseWriter,
    /// Where Java puts a message.
    input: Vec<u8>,
}

/// A router as Java knows it.
pub(super) struct Routing {
    router: Router,
    wire: Wire,
    /// Where Java puts a message.
    input: Vec<u8>,
}

/// A table, for its metrics.
#[derive(Serialize)]
struct TableCounts {
    table: String,
    rows: u64,
}

/// The message in an input buffer.
fn message(input: &[u8], length: jint) -> Result<&[u8], Error> {
    usize::try_from(length).ok().and_then(|length| input.get(..length)).ok_or_else(|| {
        let text = format!("a message of {length} bytes; the input buffer holds {}", input.len());
        Error::new(Kind::IllegalArgument, text)
    })
}

impl Database {
    fn write(&mut self, length: jint, place: Place, audience: Audience) -> Result<Taken, Error> {
        self.writer.write(message(&self.input, length)?, place, audience)
    }

    /// Numbers for Flink's metrics, in the order that `DatabaseLoads.METRICS` names.
    fn metrics(&self) -> [i64; 20] {
        let (counts, account) = (self.writer.counts(), self.writer.loader().account());
        [
            counts.messages,
            counts.rows,
            counts.filtered,
            counts.skipped,
            counts.ddl,
            counts.unparsed,
            counts.reopened,
            counts.replayed,
            counts.refused,
            counts.unapplied,
            self.writer.parked() as u64,
            account.rows,
            account.bytes,
            account.loads,
            account.failed_loads,
            account.retries,
            account.open,
            account.open_bytes,
            account.last_millis,
            account.longest_millis,
        ]
        .map(|number| i64::try_from(number).unwrap_or(i64::MAX))
    }

    fn tables(&self, most: jint) -> Vec<TableCounts> {
        let most = usize::try_from(most).unwrap_or(0);
        self.writer.rows_by_table().take(most).map(|(table, rows)| TableCounts { table, rows }).collect()
    }
}

impl Routing {
    fn route(&mut self, length: jint) -> Result<jlong, Error> {
        Ok(match self.router.route(message(&self.input, length)?, self.wire) {
            Route::Table(number) => i64::from(number),
            Route::All => ALL,
        })
    }
}

fn taken(taken: Taken) -> jint {
    match taken {
        Taken::Done => 0,
        Taken::Full => 1,
    }
}

/// The byte arrays in an array.
fn arrays(env: &mut JNIEnv<'_>, of: &JObjectArray<'_>) -> Result<Vec<Vec<u8>>, Error> {
    let mut all = Vec::new();
    for i in 0..env.get_array_length(of)? {
        let array = JByteArray::from(env.get_object_array_element(of, i)?);
        all.push(env.convert_byte_array(&array)?);
        env.delete_local_ref(array)?;
    }
    Ok(all)
}

/// `long open(byte[] spec, byte[][] restored)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDatabase_open<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    spec: JByteArray<'l>,
    restored: JObjectArray<'l>,
) -> jlong {
    throw::guard(&mut env, |env| {
        let spec = DatabaseSpec::from_json(&env.convert_byte_array(&spec)?)?;
        interrupt::heed(env)?;
        let writer = spec.open(&arrays(env, &restored)?)?;
        handle::insert(Session::Database(Box::new(Database { writer, input: Vec::new() })))
    })
}

/// `int nextRun(byte[] spec)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDatabase_nextRun<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    spec: JByteArray<'l>,
) -> jint {
    throw::guard(&mut env, |env| {
        // There are thousands at most.
        Ok(runs(env, &spec)?.next()? as jint)
    })
}

/// `int lastRun(byte[] spec)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDatabase_lastRun<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    spec: JByteArray<'l>,
) -> jint {
    throw::guard(&mut env, |env| Ok(runs(env, &spec)?.last()? as jint))
}

/// The runs of the job whose specification this is.
fn runs(env: &mut JNIEnv<'_>, spec: &JByteArray<'_>) -> Result<RunSpec, Error> {
    let spec = RunSpec::from_json(&env.convert_byte_array(spec)?)?;
    interrupt::heed(env)?;
    Ok(spec)
}

/// `ByteBuffer input(long handle, int capacity)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDatabase_input<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
    capacity: jint,
) -> JByteBuffer<'l> {
    throw::guard(&mut env, |env| doris::view(env, &mut handle::get(handle)?.database()?.input, capacity))
}

/// `int write(long handle, int length, int partition, long sequence, boolean everyones)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDatabase_write<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
    length: jint,
    partition: jint,
    sequence: jlong,
    everyones: jboolean,
) -> jint {
    throw::guard(&mut env, |_| {
        let partition = u32::try_from(partition)
            .map_err(|_| Error::new(Kind::IllegalArgument, format!("partition {partition}; it is 0 or more")))?;
        let audience = if everyones != 0 { Audience::All } else { Audience::One };
        Ok(taken(handle::get(handle)?.database()?.write(length, Place { partition, sequence }, audience)?))
    })
}

/// `int resume(long handle)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDatabase_resume<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) -> jint {
    throw::guard(&mut env, |_| Ok(taken(handle::get(handle)?.database()?.writer.resume()?)))
}

/// `int await(long handle, int what, long millis)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDatabase_await<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
    what: jint,
    limit: jlong,
) -> jint {
    throw::guard(&mut env, |_| {
        let mut session = handle::get(handle)?;
        let writer = &mut session.database()?.writer;
        let reached = match what {
            awaited::ROOM => writer.await_room(doris::millis(limit))?,
            awaited::SETTLED => writer.await_settled(doris::millis(limit))?,
            _ => return Err(Error::new(Kind::IllegalArgument, format!("{what} is nothing to wait for; it is 0 or 1"))),
        };
        Ok(jint::from(!reached))
    })
}

/// `void flush(long handle)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDatabase_flush<'l>(mut env: JNIEnv<'l>, _: JClass<'l>, handle: jlong) {
    throw::guard(&mut env, |_| handle::get(handle)?.database()?.writer.flush())
}

/// `void tick(long handle)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDatabase_tick<'l>(mut env: JNIEnv<'l>, _: JClass<'l>, handle: jlong) {
    throw::guard(&mut env, |_| handle::get(handle)?.database()?.writer.tick())
}

/// `byte[] state(long handle)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDatabase_state<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) -> JByteArray<'l> {
    throw::guard(&mut env, |env| Ok(env.byte_array_from_slice(&handle::get(handle)?.database()?.writer.state())?))
}

/// `byte[] reports(long handle)`: JSON, an array of `Report`; takes them out.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDatabase_reports<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) -> JByteArray<'l> {
    throw::guard(&mut env, |env| doris::json(env, &handle::get(handle)?.database()?.writer.take_reports()))
}

/// `void metrics(long handle, long[] values)`: in the order of `DatabaseLoads.METRICS`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDatabase_metrics<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
    values: JLongArray<'l>,
) {
    throw::guard(&mut env, |env| {
        let metrics = handle::get(handle)?.database()?.metrics();
        doris::fill(env, &values, &metrics)
    })
}

/// `void latency(long handle, long[] counts)`: by bucket of `Latency`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDatabase_latency<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
    counts: JLongArray<'l>,
) {
    throw::guard(&mut env, |env| {
        let latency = handle::get(handle)?.database()?.writer.loader().latency();
        doris::fill(env, &counts, &doris::noted(&latency))
    })
}

/// `byte[] tables(long handle, int most)`: JSON, an array of `TableCounts`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDatabase_tables<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
    most: jint,
) -> JByteArray<'l> {
    throw::guard(&mut env, |env| doris::json(env, &handle::get(handle)?.database()?.tables(most)))
}

/// `void close(long handle)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDatabase_close<'l>(mut env: JNIEnv<'l>, _: JClass<'l>, handle: jlong) {
    throw::guard(&mut env, |_| handle::remove_if(handle, |session| session.database().map(|_| ())))
}

/// `long openRouter(boolean protobuf)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDatabase_openRouter<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    protobuf: jboolean,
) -> jlong {
    throw::guard(&mut env, |_| {
        let wire = if protobuf != 0 { Wire::Protobuf } else { Wire::Json };
        let routing = Routing { router: Router::default(), wire, input: Vec::new() };
        handle::insert(Session::Router(Box::new(routing)))
    })
}

/// `ByteBuffer routerInput(long handle, int capacity)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDatabase_routerInput<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
    capacity: jint,
) -> JByteBuffer<'l> {
    throw::guard(&mut env, |env| doris::view(env, &mut handle::get(handle)?.routing()?.input, capacity))
}

/// `long route(long handle, int length)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDatabase_route<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
    length: jint,
) -> jlong {
    throw::guard(&mut env, |_| handle::get(handle)?.routing()?.route(length))
}

/// `void closeRouter(long handle)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeDatabase_closeRouter<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) {
    throw::guard(&mut env, |_| handle::remove_if(handle, |session| session.routing().map(|_| ())))
}
