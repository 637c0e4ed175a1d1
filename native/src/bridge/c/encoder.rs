//! Arrow batches → messages.

use super::decoder::{export_failed, not_null, set, slice};
use super::failure::{CanalStatus, guard};
use super::handle;
use super::outcome::CanalOutcome;
use crate::batch::{BatchEncoder, EncoderOptions};
use crate::error::{Error, Kind};
use arrow::array::{Array, ArrayData, StructArray};
use arrow::datatypes::DataType;
use arrow::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi, to_ffi};
use std::ffi::c_char;

/// An encoder's handle: a number, never 0, given out once in the life of the process and checked at every use.
pub type CanalEncoder = u64;

/// Opens an encoder. `spec` is JSON, `spec_length` bytes of UTF-8; docs/other-hosts.md describes it. On success `*encoder` is
/// a handle that canal_encoder_free closes; else it is 0.
///
/// # Safety
/// `spec` points to `spec_length` readable bytes, `encoder` to a writable handle.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn canal_encoder_open(
    spec: *const c_char,
    spec_length: usize,
    encoder: *mut CanalEncoder,
) -> CanalStatus {
    guard(|| {
        // SAFETY: the caller's promise; null is told apart.
        unsafe { set(encoder, 0, "encoder") }?;
        // SAFETY: as above.
        let spec = unsafe { slice(spec.cast::<u8>(), spec_length, "spec") }?;
        let opened = handle::insert(BatchEncoder::new(EncoderOptions::from_json(spec)?)?);
        // SAFETY: as above.
        unsafe { set(encoder, opened, "encoder") }
    })
}

/// Encodes each row of a batch: a struct array with row_kind and the table's columns; other columns are not looked at. The
/// result is an array of binary, a message for each row and NULL where the row was refused. `outcomes[i]` says what became of
/// row i; it has room for `outcomes_length` of them, at least `array->length`. `now` is in epoch milliseconds, for es and ts
/// of a whole envelope.
///
/// `array` is moved in: it is released by this function, whatever it returns, unless `array` or `schema` is null.
/// `schema` stays the caller's. On CANAL_STATUS_OK the caller releases `*messages`, and `*messages_schema` unless that pointer
/// is null (its format is always "z"). Else nothing was written to them.
///
/// # Safety
/// `array` and `schema` follow the Arrow C Data Interface; `outcomes` points to `outcomes_length` elements, `messages` and
/// `messages_schema` to writable structs, whose content is overwritten without being released.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn canal_encoder_encode(
    encoder: CanalEncoder,
    array: *mut FFI_ArrowArray,
    schema: *const FFI_ArrowSchema,
    now: i64,
    messages: *mut FFI_ArrowArray,
    messages_schema: *mut FFI_ArrowSchema,
    outcomes: *mut CanalOutcome,
    outcomes_length: usize,
) -> CanalStatus {
    guard(|| {
        not_null(array, "array")?;
        not_null(schema, "schema")?;
        // SAFETY: the caller's promise; it is dropped, and so released, on every way out from here.
        let batch = unsafe { FFI_ArrowArray::from_raw(array) };
        // SAFETY: as above; only read.
        let batch = unsafe { import(batch, &*schema) }?;
        not_null(messages, "messages")?;
        if batch.len() > 0 {
            not_null(outcomes, "outcomes")?;
        }
        if outcomes_length < batch.len() {
            let text = format!("room for {outcomes_length} outcomes; the batch has {} rows", batch.len());
            return Err(Error::new(Kind::IllegalArgument, text));
        }
        let mut results = Vec::with_capacity(batch.len());
        let encoded = handle::with(encoder, |encoder: &mut BatchEncoder| encoder.encode(&batch, now, &mut results))?;
        let (exported_array, exported_schema) = to_ffi(&encoded.to_data()).map_err(export_failed)?;
        for (i, result) in results.into_iter().enumerate() {
            // SAFETY: there are as many results as rows, and room for them.
            unsafe { outcomes.add(i).write(result.into()) };
        }
        // SAFETY: the caller gives writable memory; what it held is overwritten, not dropped.
        unsafe {
            messages.write(exported_array);
            if !messages_schema.is_null() {
                messages_schema.write(exported_schema);
            }
        }
        Ok(())
    })
}

/// Closes an encoder. Messages that it gave stay valid. 0 is no handle, and closing twice is an error without effect.
#[unsafe(no_mangle)]
pub extern "C" fn canal_encoder_free(encoder: CanalEncoder) -> CanalStatus {
    guard(|| handle::remove::<BatchEncoder>(encoder))
}

/// A host's batch, checked in full: offsets, UTF-8, indexes of dictionaries.
///
/// # Safety
/// `array` and `schema` follow the Arrow C Data Interface.
unsafe fn import(array: FFI_ArrowArray, schema: &FFI_ArrowSchema) -> Result<StructArray, Error> {
    let refused = |what: &str| Error::new(Kind::IllegalArgument, what);
    // SAFETY: the interface's struct begins with the format, which a struct that was never filled does not have.
    let format = unsafe { std::ptr::from_ref(schema).cast::<*const c_char>().read() };
    if array.is_released() || format.is_null() {
        return Err(refused("the batch or its schema is empty or released already"));
    }
    let ty = DataType::try_from(schema).map_err(|e| refused("the batch's schema is not readable").caused_by(e))?;
    if !matches!(ty, DataType::Struct(_)) {
        return Err(refused(&format!("the batch is an array of {ty}; it must be a struct array")));
    }
    // SAFETY: the caller's promise.
    let data: ArrayData =
        unsafe { from_ffi(array, schema) }.map_err(|e| refused("the batch does not fit its schema").caused_by(e))?;
    data.validate_full().map_err(|e| refused("the batch is not valid Arrow data").caused_by(e))?;
    Ok(StructArray::from(data))
}
