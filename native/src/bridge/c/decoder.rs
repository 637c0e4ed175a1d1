//! Messages → Arrow batches.

use super::failure::{CanalStatus, guard};
use super::handle;
use super::outcome::CanalOutcome;
use crate::batch::{BatchDecoder, DecoderOptions};
use crate::error::{Error, Kind};
use arrow::array::Array;
use arrow::datatypes::DataType;
use arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema, to_ffi};
use std::ffi::c_char;

/// A decoder's handle: a number, never 0, given out once in the life of the process and checked at every use.
pub type CanalDecoder = u64;

/// Opens a decoder. `spec` is JSON, `spec_length` bytes of UTF-8; docs/other-hosts.md describes it. On success `*decoder` is
/// a handle that canal_decoder_free closes; else it is 0.
///
/// # Safety
/// `spec` points to `spec_length` readable bytes, `decoder` to a writable handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn canal_decoder_open(
    spec: *const c_char,
    spec_length: usize,
    decoder: *mut CanalDecoder,
) -> CanalStatus {
    guard(|| {
        // SAFETY: the caller's promise; null is told apart.
        unsafe { set(decoder, 0, "decoder") }?;
        // SAFETY: as above.
        let spec = unsafe { slice(spec.cast::<u8>(), spec_length, "spec") }?;
        let opened = handle::insert(BatchDecoder::new(DecoderOptions::from_json(spec)?)?);
        // SAFETY: as above.
        unsafe { set(decoder, opened, "decoder") }
    })
}

/// The schema of every batch of this decoder, as a struct type. The caller releases `*schema`.
///
/// # Safety
/// `schema` points to a writable struct, whose content is overwritten without being released.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn canal_decoder_schema(decoder: CanalDecoder, schema: *mut FFI_ArrowSchema) -> CanalStatus {
    guard(|| {
        let columns = handle::with(decoder, |decoder: &mut BatchDecoder| Ok(decoder.columns().clone()))?;
        let exported = FFI_ArrowSchema::try_from(&DataType::Struct(columns)).map_err(export_failed)?;
        // SAFETY: the caller's promise; null is told apart.
        unsafe { set(schema, exported, "schema") }
    })
}

/// Decodes `count` messages into one batch: a struct array with a row of the table in each element. `messages[i]` has
/// `lengths[i]` bytes; nothing of it is referred to afterwards. `outcomes[i]` says what became of it.
///
/// On CANAL_STATUS_OK the caller releases `*array`, and `*schema` unless `schema` is null (it is the same for every batch).
/// Else nothing was written to any of them, and the decoder can be used on.
///
/// # Safety
/// `messages`, `lengths` and `outcomes` point to `count` elements each, `array` and `schema` to writable structs, whose content
/// is overwritten without being released.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn canal_decoder_decode(
    decoder: CanalDecoder,
    messages: *const *const u8,
    lengths: *const usize,
    count: usize,
    array: *mut FFI_ArrowArray,
    schema: *mut FFI_ArrowSchema,
    outcomes: *mut CanalOutcome,
) -> CanalStatus {
    guard(|| {
        // SAFETY: the caller's promise; null is told apart.
        let (messages, lengths) = unsafe { (slice(messages, count, "messages")?, slice(lengths, count, "lengths")?) };
        not_null(array, "array")?;
        if count > 0 {
            not_null(outcomes, "outcomes")?;
        }
        let mut parts = Vec::with_capacity(count);
        for (message, length) in messages.iter().zip(lengths) {
            // SAFETY: as above.
            parts.push(unsafe { slice(*message, *length, "a message") }?);
        }
        let mut results = Vec::with_capacity(count);
        let batch = handle::with(decoder, |decoder: &mut BatchDecoder| decoder.decode(parts, &mut results))?;
        let (exported_array, exported_schema) = to_ffi(&batch.to_data()).map_err(export_failed)?;
        for (i, result) in results.into_iter().enumerate() {
            // SAFETY: there are `count` results, and room for as many.
            unsafe { outcomes.add(i).write(result.into()) };
        }
        // SAFETY: the caller gives writable memory; what it held is overwritten, not dropped.
        unsafe {
            array.write(exported_array);
            if !schema.is_null() {
                schema.write(exported_schema);
            }
        }
        Ok(())
    })
}

/// Closes a decoder. Batches that it gave stay valid. 0 is no handle, and closing twice is an error without effect.
#[unsafe(no_mangle)]
pub extern "C" fn canal_decoder_free(decoder: CanalDecoder) -> CanalStatus {
    guard(|| handle::remove::<BatchDecoder>(decoder))
}

pub(super) fn export_failed(e: arrow::error::ArrowError) -> Error {
    Error::new(Kind::Internal, "Arrow export failed").caused_by(e)
}

pub(super) fn not_null<T>(pointer: *const T, name: &str) -> Result<(), Error> {
    if pointer.is_null() { Err(Error::new(Kind::IllegalArgument, format!("{name} is a null pointer"))) } else { Ok(()) }
}

/// Writes without dropping what was there.
///
/// # Safety
/// `to` is null or writable.
pub(super) unsafe fn set<T>(to: *mut T, value: T, name: &str) -> Result<(), Error> {
    not_null(to, name)?;
    // SAFETY: the caller's promise.
    unsafe { to.write(value) };
    Ok(())
}

/// `len` elements from `start` on; null will do for none.
///
/// # Safety
/// `start` is null or points to `len` readable elements that nobody writes to as long as the slice is used.
pub(super) unsafe fn slice<'a, T>(start: *const T, len: usize, name: &str) -> Result<&'a [T], Error> {
    if len == 0 {
        return Ok(&[]);
    }
    not_null(start, name)?;
    if len > isize::MAX as usize / size_of::<T>() {
        return Err(Error::new(Kind::IllegalArgument, format!("{name} cannot have {len} elements")));
    }
    // SAFETY: the caller's promise, and the length fits into memory.
    Ok(unsafe { std::slice::from_raw_parts(start, len) })
}
