//! The natives of the encoder.

use super::{Session, handle, throw};
use crate::canal::encode::{Encoder, Outcome};
use crate::error::{Error, Kind};
use crate::schema::EncoderSpec;
use jni::JNIEnv;
use jni::objects::{JByteArray, JByteBuffer, JClass};
use jni::sys::{jint, jlong};

/// Status codes of `encode`, bits 32 to 39 of its result.
mod status {
    pub const ENCODED: u64 = 0;
    pub const DELEGATE: u64 = 1;
}

/// Flag of `encode`, bits 40 to 47.
const OUTPUT_MOVED: u64 = 1;

/// An encoder as Java knows it.
pub(super) struct Encoding {
    encoder: Encoder,
    /// Address and capacity of the message buffer that Java's view was made for.
    viewed: (usize, usize),
}

impl Encoding {
    #[inline(always)]
    fn encode(&mut self, length: jint, kind: jint, now: jlong) -> Result<jlong, Error> {
        let capacity = self.encoder.input_capacity();
        let length = usize::try_from(length).ok().filter(|length| *length <= capacity).ok_or_else(|| {
            Error::new(Kind::IllegalArgument, format!("a row of {length} bytes; the input buffer holds {capacity}"))
        })?;
        let kind = super::row_kind(kind)?;
        let (status, detail) = match self.encoder.encode_input(length, kind, now) {
            Outcome::Encoded => (status::ENCODED, 0),
            Outcome::Delegate(reason) => (status::DELEGATE, reason as u64),
        };
        let moved = self.encoder.message_buffer() != self.viewed;
        let flags = if moved { OUTPUT_MOVED } else { 0 };
        Ok((detail << 48 | flags << 40 | status << 32 | self.encoder.message().len() as u64) as jlong)
    }
}

/// `long openEncoder(byte[] spec)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeCodec_openEncoder<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    spec: JByteArray<'l>,
) -> jlong {
    throw::guard(&mut env, |env| {
        let text = env.convert_byte_array(&spec)?;
        let encoder = Encoder::new(EncoderSpec::from_json(&text)?)?;
        handle::insert(Session::Encoder(Encoding { encoder, viewed: (0, 0) }))
    })
}

/// `void closeEncoder(long handle)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeCodec_closeEncoder<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) {
    throw::guard(&mut env, |_| handle::remove_if(handle, |session| session.encoding().map(|_| ())))
}

/// `ByteBuffer encoderInput(long handle, int capacity)`: grows the buffer to `capacity`, or shrinks it if it is far larger.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeCodec_encoderInput<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
    capacity: jint,
) -> JByteBuffer<'l> {
    throw::guard(&mut env, |env| {
        let capacity = usize::try_from(capacity)
            .map_err(|_| Error::new(Kind::IllegalArgument, format!("an input buffer of {capacity} bytes")))?;
        let mut session = handle::get(handle)?;
        let encoder = &mut session.encoding()?.encoder;
        if encoder.input_capacity() / 2 > capacity {
            encoder.shrink(capacity);
        }
        let buffer = encoder.input_buffer(capacity);
        let (address, len) = (buffer.as_mut_ptr(), buffer.len());
        // SAFETY: the buffer lives in the session until it is resized by `encoderInput` or freed by `closeEncoder`; Java
        // drops its view at both, and no Rust reference to the buffer outlives a call.
        Ok(unsafe { env.new_direct_byte_buffer(address, len) }?)
    })
}

/// `ByteBuffer encoderOutput(long handle)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeCodec_encoderOutput<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) -> JByteBuffer<'l> {
    throw::guard(&mut env, |env| {
        let mut session = handle::get(handle)?;
        let encoding = session.encoding()?;
        let (address, capacity) = encoding.encoder.message_buffer();
        encoding.viewed = (address, capacity);
        // SAFETY: as for `encoderInput`; Java reads only the first bytes, as many as `encode` said, and asks for a new view
        // when OUTPUT_MOVED is set.
        Ok(unsafe { env.new_direct_byte_buffer(address as *mut u8, capacity) }?)
    })
}

/// `long encode(long handle, int length, int kind, long now)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeCodec_encode<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
    length: jint,
    kind: jint,
    now: jlong,
) -> jlong {
    throw::guard(&mut env, |_| handle::get(handle)?.encoding()?.encode(length, kind, now))
}

/// `byte[] refusal(long handle)`.
#[unsafe(no_mangle)]
pub extern "system" fn Java_io_canalnative_NativeCodec_refusal<'l>(
    mut env: JNIEnv<'l>,
    _: JClass<'l>,
    handle: jlong,
) -> JByteArray<'l> {
    throw::guard(&mut env, |env| {
        let text = handle::get(handle)?.encoding()?.encoder.refusal();
        let text = text.ok_or_else(|| Error::new(Kind::IllegalState, "no row was refused"))?;
        Ok(env.byte_array_from_slice(text.as_bytes())?)
    })
}
