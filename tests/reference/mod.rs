//! The reference decoder: slow and obvious, to test the fast one against.
//!
//! It is written from the description of what flink-json 1.20.3 does and from the list of corrections of
//! `canal-json.semantics = canal`, never from the fast decoder. It keeps the whole message as a tree, converts
//! the tree column by column and joins the rows afterwards.
//!
//! * [`json`]: JSON as Flink's Jackson reads it, beside it [`oracle`], which compares it with serde_json and simd-json.
//! * [`decimal`], [`float`], [`temporal`], [`base64`]: the texts of the scalar types.
//! * [`convert`]: JSON node → [`value::Value`] by logical type.
//! * [`changelog`]: message → [`changelog::Outcome`].
//! * [`encode`]: row → message.
//! * [`doris`]: row → body of a load; [`doris_reader`] takes it apart as Doris does.
#![allow(dead_code)]

pub mod base64;
pub mod changelog;
pub mod convert;
pub mod decimal;
pub mod doris;
pub mod doris_reader;
pub mod encode;
pub mod float;
pub mod json;
pub mod oracle;
pub mod temporal;
pub mod value;
