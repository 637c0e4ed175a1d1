//! Many messages at once, as Arrow: for hosts that are not Flink.
//!
//! A batch is one struct array. Its columns, in this order, all nullable but the first:
//!
//! | column | Arrow type |
//! |---|---|
//! | `row_kind` | Dictionary(Int8, Utf8) of `+I`, `-U`, `+U`, `-D`; the index is the code of Flink's `RowKind` |
//! | the physical columns | [`types`] |
//! | `database`, `table`, `type` | Dictionary(Int32, Utf8) |
//! | `sql-type` | Dictionary(Int32, Map(Utf8, Int32)) |
//! | `pk-names` | Dictionary(Int32, List(Utf8)) |
//! | `ingestion-timestamp`, `event-timestamp` | Timestamp(ms, "UTC") |
//! | `sql`, `gtid` | Utf8 |
//! | `id`, `is-ddl` | Int64, Boolean |
//! | `old` | Map(Utf8, Utf8), the row's before image |
//!
//! Metadata columns are there when the specification asks for them, in its order. Their dictionaries hold the values of
//! this batch alone, in the order of their first row.
//!
//! The other way, [`BatchEncoder`] takes a batch with `row_kind` and the physical columns and gives a message for each row. It
//! also takes row kinds as plain Utf8, as a dictionary with other indexes, and as Int8 codes.
//!
//! There is no codec to delegate to here: what the decoder would hand to Flink's is [refused](Outcome::Refused), that message
//! alone; and so is a row that only Flink's encoder could write.

mod cells;
mod column;
mod decode;
mod encode;
mod metadata;
mod pattern;
mod range;
mod spec;
pub mod types;

pub use decode::{BatchDecoder, Outcome, Refusal};
pub use encode::{BatchEncoder, Written};
pub use pattern::NamePattern;
pub use spec::{DecoderOptions, EncoderOptions};

/// The texts of the row kinds, by the codes of Flink's `RowKind`.
pub const ROW_KINDS: [&str; 4] = ["+I", "-U", "+U", "-D"];
