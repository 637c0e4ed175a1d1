//! The C interface: the codec for hosts that are not Flink. Batches cross as structs of the Arrow C Data Interface.
//!
//! `include/canal_native.h` is generated from the files of this folder by `tests/header.rs`; docs/other-hosts.md is the manual.
//!
//! Handles are numbers that are checked at every use, so a closed or made-up one is an error and never touches memory. Each
//! function gets what is behind its handle, calls one plain function, and lets [`failure::guard`] turn errors and panics into
//! a status and a text.

mod decoder;
mod encoder;
mod failure;
mod handle;
mod outcome;

pub use decoder::{CanalDecoder, canal_decoder_decode, canal_decoder_free, canal_decoder_open, canal_decoder_schema};
pub use encoder::{CanalEncoder, canal_encoder_encode, canal_encoder_free, canal_encoder_open};
pub use failure::{CanalStatus, canal_last_error};
pub use outcome::{
    CanalEncodeReason, CanalEvent, CanalOutcome, CanalOutcomeKind, CanalReason, canal_encode_reason_text,
    canal_reason_text,
};

use std::ffi::{CStr, c_char};

const VERSION: &CStr = match CStr::from_bytes_with_nul(concat!(env!("CARGO_PKG_VERSION"), "\0").as_bytes()) {
    Ok(version) => version,
    Err(_) => panic!("the version has a zero in it"),
};

/// The library's version, such as "0.1.0". Never freed.
#[unsafe(no_mangle)]
pub extern "C" fn canal_version() -> *const c_char {
    VERSION.as_ptr()
}
