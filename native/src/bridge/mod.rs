//! The boundary to the JVM: the natives of `io.canalnative.NativeCodec`, `NativeDoris`, `NativeDatabase`, `NativeSource`, `NativeLog`, `NativeVerify` and `NativeJob`. All JNI is here, and
//! all `unsafe` but the vector loads of [`json::scan`](crate::json::scan). What crosses, who owns it and until when: ARCHITECTURE.md, "The boundary".
//!
//! Each exported function gets the decoder or encoder behind its handle, calls one plain function and lets [`throw::guard`] turn errors
//! and panics into Java exceptions.

pub mod c;
mod database;
mod doris;
mod encode;
mod handle;
mod interrupt;
mod jdbc;
mod job;
mod log;
mod source;
mod throw;
mod verify;

use crate::canal::changelog::Changelog;
use crate::canal::decode::{Decoder, Flags, Outcome};
use crate::canal::packet::PacketDecoder;
use crate::changes::reader::AnyLog;
use crate::error::{Error, Kind};
use crate::json::PADDING;
use crate::row::RowKind;
use crate::schema::{DecoderSpec, Wire};
use crate::snapshot::reader::RangeReader;
use crate::verify::range::RangeComparison;
use crate::verify::report::Report;
use arrow::array::Array;
use arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema, to_ffi};
use jni::JNIEnv;
use jni::objects::{JByteArray, JByteBuffer, JClass, JObject, JString};
use jni::sys::{jboolean, jint, jlong};

/// What a handle stands for.
enum Session {
    Decoder(Decoding),
    Encoder(encode::Encoding),
    Writer(Box<doris::Writing>),
    Committer(Box<doris::Committing>),
    Database(Box<database::Database>),
    Router(Box<database::Routing>),
    Range(Box<RangeReader>),
    Log(Box<dyn AnyLog>),
    Comparison(Box<RangeComparison>),
    Report(Box<Report>),
}

impl Session {
    #[inline(always)]
    fn decoding(&mut self) -> Result<&mut Decoding, Error> {
        if let Session::Decoder(decoding) = self { Ok(decoding) } else { Err(wrong_kind("a decoder")) }
    }

    #[inline(always)]
    fn encoding(&mut self) -> Result<&mut encode::Encoding, Error> {
        if let Session::Encoder(encoding) = self { Ok(encoding) } else { Err(wrong_kind("an encoder")) }
    }

    #[inline(always)]
    fn writing(&mut self) -> Result<&mut doris::Writing, Error> {
        if let Session::Writer(writing) = self { Ok(writing) } else { Err(wrong_kind("a writer")) }
    }

    fn committing(&mut self) -> Result<&mut doris::Committing, Error> {
        if let Session::Committer(committing) = self { Ok(committing) } else { Err(wrong_kind("a committer")) }
    }

    #[inline(always)]
    fn database(&mut self) -> Result<&mut database::Database, Error> {
        if let Session::Database(database) = self { Ok(database) } else { Err(wrong_kind("a database's writer")) }
    }

    #[inline(always)]
    fn routing(&mut self) -> Result<&mut database::Routing, Error> {
        if let Session::Router(routing) = self { Ok(routing) } else { Err(wrong_kind("a router")) }
    }

    fn range(&mut self) -> Result<&mut RangeReader, Error> {
        if let Session::Range(range) = self { Ok(range) } else { Err(wrong_kind("a range's reader")) }
    }

    fn comparison(&mut self) -> Result<&mut RangeComparison, Error> {
        if let Session::Comparison(comparison) = self { Ok(comparison) } else { Err(wrong_kind("a comparison")) }
    }

    fn report(&mut self) -> Result<&mut Report, Error> {
        if let Session::Report(report) = self { Ok(report) } else { Err(wrong_kind("a report")) }
    }

    fn log(&mut self) -> Result<&mut dyn AnyLog, Error> {
        if let Session::Log(log) = self { Ok(log.as_mut()) } else { Err(wrong_kind("a log's reader")) }
    }
}

/// Flink's code of a row kind (`RowKind.toByteValue`).
fn row_kind(code: jint) -> Result<RowKind, Error> {
    Ok(match code {
        0 => RowKind::Insert,
        1 => RowKind::UpdateBefore,
        2 => RowKind::UpdateAfter,
        3 => RowKind::Delete,
        _ => return Err(Error::new(Kind::IllegalArgument, format!("row kind {code}; it is 0 to 3"))),
    })
}

#[cold]
fn wrong_kind(wanted: &str) -> Error {
    Error::new(Kind::IllegalState, format!("the handle is not {wanted}"))
}

/// What reads the messages of a table.
enum Reader {
    Messages(Box<Decoder>),
    Packets(Box<PacketDecoder>),
}

impl Reader {
    fn open(spec: DecoderSpec) -> Result<Reader, Error> {
        Ok(match spec.wire {
            Wire::Json => Reader::Messages(Box::new(Decoder::new(spec)?)),
            Wire::Protobuf => Reader::Packets(Box::new(PacketDecoder::new(spec)?)),
        })
    }

    #[inline(always)]
    fn changelog(&self) -> &Changelog {
        match self {
            Reader::Messages(decoder) => decoder.changelog(),
            Reader::Packets(decoder) => decoder.changelog(),
        }
    }

    fn changelog_mut(&mut self) -> &mut Changelog {
        match self {
            Reader::Messages(decoder) => decoder.changelog_mut(),
            Reader::Packets(decoder) => decoder.changelog_mut(),
        }
    }

    /// The input buffer with room for `capacity` bytes; gives memory back first if it is far larger.
    fn input_buffer(&mut self, capacity: usize) -> &mut [u8] {
        let large = self.input_capacity() > 2 * capacity + PADDING;
        match self {
            Reader::Messages(decoder) => {
                if large {
                    decoder.shrink(capacity);
                }
                decoder.input_buffer(capacity)
            }
            Reader::Packets(decoder) => {
                if large {
                    decoder.shrink(capacity);
                }
                decoder.input_buffer(capacity)
            }
        }
    }

    #[inline(always)]
    fn input_capacity(&self) -> usize {
        match self {
            Reader::Messages(decoder) => decoder.input_capacity(),
            Reader::Packets(decoder) => decoder.input_capacity(),
        }
    }
}

/// A decoder as Java knows it.
struct Decoding {
    reader: Reader,
    /// Address and capacity of the rows buffer that Java's view was made for.
    viewed_rows: (usize, usize),
}

/// Status codes of `decode`, bits 32 to 39 of its result.
mod status {
    pub const ROWS: u64 = 0;
    pub const FILTERED: u64 = 1;
    pub const SKIPPED: u64 = 2;
    pub const DROPPED: u64 = 3;
    pub const DELEGATE: u64 = 4;
    pub const DATABASE_VERDICT: u64 = 5;
    pub const TABLE_VERDICT: u64 = 6;
    pub const BROKEN: u64 = 7;
}

/// Flags of `decode`, bits 40 to 47.
mod flag {
    pub const OUTPUT_MOVED: u64 = 1;
    pub const GENERIC_ONLY: u64 = 2;
    pub const WIDE_TIMESTAMPS: u64 = 4;
    pub const METADATA_NEW: u64 = 8;
    pub const METADATA_RESET: u64 = 16;
    pub const NULLED: u64 = 32;
    pub const DDL: u64 = 64;
    pub const MORE: u64 = 128;
}

impl Decoding {
    fn new(reader: Reader) -> Decoding {
        Decoding { reader, viewed_rows: (0, 0) }
    }

    fn decode(&mut self, length: jint) -> Result<jlong, Error> {
        let capacity = self.reader.input_capacity();
        let length = usize::try_from(length).ok().filter(|length| *length <= capacity).ok_or_else(|| {
            Error::new(Kind::IllegalArgument, format!("a message of {length} bytes; the input buffer holds {capacity}"))
        })?;
        let outcome = match &mut self.reader {
            Reader::Messages(decoder) => decoder.decode_input(length),
            Reader::Packets(decoder) => decoder.decode_input(length),
        };
        Ok(self.result(outcome))
    }

    fn proceed(&mut self) -> Result<jlong, Error> {
        let Reader::Packets(decoder) = &mut self.reader else {
            return Err(Error::new(Kind::IllegalState, "a flat message has no entries to proceed with"));
        };
        let outcome = decoder.proceed();
        Ok(self.result(outcome))
    }

    #[inline(always)]
    fn result(&self, outcome: Outcome) -> jlong {
        let (status, mut flags, detail) = match outcome {
            Outcome::Rows(flags) => (status::ROWS, bits(flags), 0),
            Outcome::Filtered => (status::FILTERED, 0, 0),
            Outcome::Skipped(kind) => (status::SKIPPED, 0, kind as u64),
            Outcome::Dropped => (status::DROPPED, 0, 0),
            Outcome::Delegate(reason) => (status::DELEGATE, 0, reason as u64),
            Outcome::DatabaseVerdict => (status::DATABASE_VERDICT, 0, 0),
            Outcome::TableVerdict => (status::TABLE_VERDICT, 0, 0),
            Outcome::Broken => (status::BROKEN, 0, 0),
        };
        let changelog = self.reader.changelog();
        if changelog.rows_buffer() != self.viewed_rows {
            flags |= flag::OUTPUT_MOVED;
        }
        if let Reader::Packets(decoder) = &self.reader
            && decoder.more()
        {
            flags |= flag::MORE;
        }
        (detail << 48 | flags << 40 | status << 32 | changelog.rows().len() as u64) as jlong
    }
}

fn bits(flags: Flags) -> u64 {
    let bit = |set: bool, bit: u64| if set { bit } else { 0 };
    bit(flags.generic_only, flag::GENERIC_ONLY)
        | bit(flags.wide_timestamps, flag::WIDE_TIMESTAMPS)
        | bit(flags.metadata_new, flag::METADATA_NEW)
        | bit(flags.metadata_reset, flag::METADATA_RESET)
        | bit(flags.nulled, flag::NULLED)
        | bit(flags.ddl, flag::DDL)
}

/// Called by the JVM when it unloads the library, after the class loader that loaded it: decoders that nobody closed have no
/// owner any more, and the next copy of the library would not know of them.
#[unsafe(no_mangle)]
#[allow(non_snake_case)]
pub extern "system" fn JNI_OnUnload(_: *mut jni::sys::JavaVM, _: *mut std::ffi::c_void) {
    // No exception can be thrown here; a panic costs the memory of what it hit.
    let _ = std::panic::catch_unwind(handle::remove_all);
}

/// `String version()`: this crate's version.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeCodec_version<'l>(mut env: JNIEnv<'l>, _: JClass<'l>) -> JString<'l> {
    throw::guard(&mut env, |env| Ok(env.new_string(env!("CARGO_PKG_VERSION"))?))
}

/// `String cpuPath()`: the scanning routines in use.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeCodec_cpuPath<'l>(mut env: JNIEnv<'l>, _: JClass<'l>) -> JString<'l> {
    throw::guard(&mut env, |env| Ok(env.new_string(crate::json::scan::Path::best().name())?))
}

/// `long openDecoder(byte[] spec)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeCodec_openDecoder<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    spec: JByteArray<'l>,
) -> jlong {
    throw::guard(&mut env, |env| {
        let text = env.convert_byte_array(&spec)?;
        let reader = Reader::open(DecoderSpec::from_json(&text)?)?;
        handle::insert(Session::Decoder(Decoding::new(reader)))
    })
}

/// `void closeDecoder(long handle)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeCodec_closeDecoder<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) {
    throw::guard(&mut env, |_| handle::remove_if(handle, |session| session.decoding().map(|_| ())))
}

/// `ByteBuffer input(long handle, int capacity)`: grows the buffer to `capacity`, or shrinks it if it is far larger.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeCodec_input<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
    capacity: jint,
) -> JByteBuffer<'l> {
    throw::guard(&mut env, |env| {
        let capacity = usize::try_from(capacity)
            .map_err(|_| Error::new(Kind::IllegalArgument, format!("an input buffer of {capacity} bytes")))?;
        let mut session = handle::get(handle)?;
        let session = session.decoding()?;
        let buffer = session.reader.input_buffer(capacity);
        let (address, len) = (buffer.as_mut_ptr(), buffer.len());
        // SAFETY: the buffer lives in the session until it is resized by `input` or freed by `closeDecoder`; Java drops
        // its view at both, and no Rust reference to the buffer outlives a call.
        Ok(unsafe { env.new_direct_byte_buffer(address, len) }?)
    })
}

/// `ByteBuffer output(long handle)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeCodec_output<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) -> JByteBuffer<'l> {
    throw::guard(&mut env, |env| {
        let mut session = handle::get(handle)?;
        let session = session.decoding()?;
        let (address, capacity) = session.reader.changelog().rows_buffer();
        session.viewed_rows = (address, capacity);
        // SAFETY: as for `input`; Java reads only the first bytes, as many as `decode` said, and asks for a new view
        // when OUTPUT_MOVED is set.
        Ok(unsafe { env.new_direct_byte_buffer(address as *mut u8, capacity) }?)
    })
}

/// `ByteBuffer metadata(long handle)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeCodec_metadata<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) -> JByteBuffer<'l> {
    throw::guard(&mut env, |env| {
        let mut session = handle::get(handle)?;
        let session = session.decoding()?;
        let slots = session.reader.changelog().metadata();
        // SAFETY: the slots are a boxed slice that is never reallocated; Java only reads it, between calls, and drops its
        // view at `closeDecoder`.
        Ok(unsafe { env.new_direct_byte_buffer(slots.as_ptr() as *mut u8, size_of_val(slots)) }?)
    })
}

/// `long decode(long handle, int length)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeCodec_decode<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
    length: jint,
) -> jlong {
    throw::guard(&mut env, |_| handle::get(handle)?.decoding()?.decode(length))
}

/// `long proceed(long handle)`: goes on with a packet that has more.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeCodec_proceed<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) -> jlong {
    throw::guard(&mut env, |_| handle::get(handle)?.decoding()?.proceed())
}

/// `byte[] pendingName(long handle)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeCodec_pendingName<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) -> JByteArray<'l> {
    throw::guard(&mut env, |env| {
        let mut session = handle::get(handle)?;
        let session = session.decoding()?;
        let name = session.reader.changelog().pending_name();
        let name = name.ok_or_else(|| Error::new(Kind::IllegalState, "no name awaits a verdict"))?;
        Ok(env.byte_array_from_slice(name)?)
    })
}

/// `void verdict(long handle, boolean accepted)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeCodec_verdict<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
    accepted: jboolean,
) {
    throw::guard(&mut env, |_| handle::get(handle)?.decoding()?.reader.changelog_mut().verdict(accepted != 0))
}

/// `void exportMetadata(long handle, int slot, int from, long arrayAddress, long schemaAddress)`: moves an Arrow array and
/// its schema into memory of the caller, who releases them.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeCodec_exportMetadata<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
    slot: jint,
    from: jint,
    array_address: jlong,
    schema_address: jlong,
) {
    throw::guard(&mut env, |_| {
        let (array_at, schema_at) = arrow_structs(array_address, schema_address)?;
        let mut session = handle::get(handle)?;
        let session = session.decoding()?;
        let place = usize::try_from(slot).ok().zip(usize::try_from(from).ok());
        let values =
            place.and_then(|(slot, from)| session.reader.changelog().export_metadata(slot, from)).ok_or_else(|| {
                Error::new(Kind::IllegalArgument, "no such metadata values").at(format!("slot {slot}, value {from}"))
            })?;
        let (array, schema) =
            to_ffi(&values.to_data()).map_err(|e| Error::new(Kind::Internal, "Arrow export failed").caused_by(e))?;
        // SAFETY: the caller gives writable memory for one struct of each kind; what it held is overwritten, not dropped.
        unsafe {
            std::ptr::write_unaligned(array_at, array);
            std::ptr::write_unaligned(schema_at, schema);
        }
        Ok(())
    })
}

/// `void releaseArrow(long arrayAddress, long schemaAddress)`: calls both release callbacks. Nothing happens to structs
/// that are released already.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeCodec_releaseArrow<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    array_address: jlong,
    schema_address: jlong,
) {
    throw::guard(&mut env, |_| {
        let (array, schema) = arrow_structs(array_address, schema_address)?;
        // SAFETY: the caller gives structs that `exportMetadata` filled; `from_raw` leaves released ones behind.
        unsafe {
            drop(FFI_ArrowArray::from_raw(array));
            drop(FFI_ArrowSchema::from_raw(schema));
        }
        Ok(())
    })
}

fn arrow_structs(array: jlong, schema: jlong) -> Result<(*mut FFI_ArrowArray, *mut FFI_ArrowSchema), Error> {
    if array == 0 || schema == 0 {
        return Err(Error::new(Kind::IllegalArgument, "the address of an Arrow struct is 0"));
    }
    Ok((array as *mut FFI_ArrowArray, schema as *mut FFI_ArrowSchema))
}

/// `long address(ByteBuffer direct)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeCodec_address<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    buffer: JByteBuffer<'l>,
) -> jlong {
    throw::guard(&mut env, |env| {
        let address = env.get_direct_buffer_address(&buffer);
        address
            .map(|address| address as jlong)
            .map_err(|e| Error::new(Kind::IllegalArgument, "not a direct buffer").caused_by(e))
    })
}

/// `ByteBuffer view(long address, long length)`: the caller vouches for the memory.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeCodec_view<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    address: jlong,
    length: jlong,
) -> JByteBuffer<'l> {
    throw::guard(&mut env, |env| {
        let length = usize::try_from(length).ok().filter(|length| *length <= i32::MAX as usize && address != 0);
        let length = length.ok_or_else(|| Error::new(Kind::IllegalArgument, "not a readable range of memory"))?;
        // SAFETY: only called with the addresses and lengths that stand in Arrow structs which are not released yet.
        Ok(unsafe { env.new_direct_byte_buffer(address as *mut u8, length) }?)
    })
}

/// Runs `body` as the natives here run theirs: it holds the decoder or encoder behind `handle`, and an error or a panic in
/// it is thrown when the native returns to Java. For natives of other libraries; ours has none (tests/boundary/panics.rs).
pub fn holding(env: &mut JNIEnv<'_>, handle: jlong, body: impl FnOnce() -> Result<(), Error>) {
    throw::guard(env, |_| {
        let _held = handle::get(handle)?;
        body()
    })
}

/// What an exported function returns when it throws.
trait Nothing {
    fn nothing() -> Self;
}

impl Nothing for () {
    fn nothing() {}
}

impl Nothing for jlong {
    fn nothing() -> jlong {
        0
    }
}

impl Nothing for jint {
    fn nothing() -> jint {
        0
    }
}

macro_rules! null_object {
    ($($object:ident),*) => {$(
        impl Nothing for $object<'_> {
            fn nothing() -> Self {
                JObject::null().into()
            }
        }
    )*};
}
null_object!(JString, JByteArray, JByteBuffer);
