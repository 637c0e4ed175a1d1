//! What became of one message or row, as C sees it.

use crate::batch::{Outcome, Refusal, Written};
use crate::canal::decode::Reason;
use crate::canal::encode;
use crate::canal::event::EventKind;
use std::ffi::{CStr, c_char};

/// What became of a message that was decoded, or a row that was encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub enum CanalOutcomeKind {
    /// Its rows are in the batch; there may be none.
    Rows = 0,
    /// databaseInclude or tableInclude does not match.
    Filtered = 1,
    /// An event without rows; `detail` is a canal_event.
    Skipped = 2,
    /// Bad, and bad messages are to be passed over ("lenient": true).
    Dropped = 3,
    /// Decoding: none of the message's rows is in the batch; `detail` is a canal_reason. Encoding: there is no message;
    /// `detail` is a canal_encode_reason.
    Refused = 4,
    /// The row is a message.
    Encoded = 5,
}

/// Events without rows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub enum CanalEvent {
    /// CREATE, ALTER, ERASE, RENAME, TRUNCATE, CINDEX, DINDEX, or anything with isDdl.
    Ddl = 0,
    /// QUERY: statement text.
    Query = 1,
    /// GTID, XACOMMIT, XAROLLBACK.
    Transaction = 2,
    /// MHEARTBEAT, and unknown events that carry no data.
    Other = 3,
}

/// Why a message was refused; canal_reason_text has a sentence for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub enum CanalReason {
    /// Not valid UTF-8.
    Encoding = 0,
    /// Not strict JSON, a member twice, or beyond a limit.
    Syntax = 1,
    /// A value that does not fit its column, or whose reading only Flink's codec has rules for.
    Value = 2,
    /// data or old is not what the event needs.
    Shape = 3,
    /// type is missing or unknown.
    EventType = 4,
    /// A filtered name or a requested metadata member is not of the form Canal writes.
    Metadata = 5,
    /// The message, or its rows, have more than 2 GB.
    TooLarge = 6,
    /// A timestamp has more digits than its column's Arrow type, or does not fit into its 64 bits.
    OutOfRange = 7,
    /// A schema change, under "ddl": "fail".
    Ddl = 8,
}

/// Why a row was refused; canal_encode_reason_text has a sentence for each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub enum CanalEncodeReason {
    /// A -U row, while "update" is "update".
    UpdateBefore = 1,
    /// The row could not be read.
    Malformed = 2,
    /// A text that is not valid UTF-8.
    NotUtf8 = 3,
    /// NULL in a field that is NOT NULL.
    NullInNotNull = 4,
    /// NULL as key of a map, while "mapNullKey" is "FAIL".
    NullMapKey = 5,
    /// Two entries of a map with one key.
    EqualMapKeys = 6,
    /// A date outside the years 0 to 9999, or a time outside the day.
    OutOfRange = 7,
    /// The text of a floating point number depends on the JDK, while "floatText" is "jdk18".
    FloatText = 8,
    /// The message would have more than 2 GB.
    TooLong = 9,
}

/// What became of one message that was decoded, or of one row that was encoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(C)]
pub struct CanalOutcome {
    /// A canal_outcome_kind.
    pub kind: u8,
    /// For SKIPPED a canal_event, for REFUSED a canal_reason or a canal_encode_reason, else 0.
    pub detail: u8,
    /// 1 if a bad value was read as NULL ("lenient": true under "semantics": "flink"), else 0.
    pub nulled: u8,
    /// 0.
    pub reserved: u8,
    /// Decoding: how many rows of the batch are this message's; they stand in the order of the messages. Encoding: 1 if the
    /// row is a message, else 0.
    pub rows: u32,
}

impl From<Outcome> for CanalOutcome {
    fn from(outcome: Outcome) -> Self {
        let (kind, detail, nulled, rows) = match outcome {
            Outcome::Rows { rows, nulled } => (CanalOutcomeKind::Rows, 0, nulled, rows as u32),
            Outcome::Filtered => (CanalOutcomeKind::Filtered, 0, false, 0),
            Outcome::Skipped(event) => (CanalOutcomeKind::Skipped, CanalEvent::from(event) as u8, false, 0),
            Outcome::Dropped => (CanalOutcomeKind::Dropped, 0, false, 0),
            Outcome::Refused(refusal) => (CanalOutcomeKind::Refused, CanalReason::from(refusal) as u8, false, 0),
        };
        CanalOutcome { kind: kind as u8, detail, nulled: nulled.into(), reserved: 0, rows }
    }
}

impl From<Written> for CanalOutcome {
    fn from(written: Written) -> Self {
        let (kind, detail, rows) = match written {
            Written::Message => (CanalOutcomeKind::Encoded, 0, 1),
            Written::Refused(reason) => (CanalOutcomeKind::Refused, CanalEncodeReason::from(reason) as u8, 0),
        };
        CanalOutcome { kind: kind as u8, detail, nulled: 0, reserved: 0, rows }
    }
}

impl From<EventKind> for CanalEvent {
    fn from(event: EventKind) -> Self {
        match event {
            EventKind::Ddl => CanalEvent::Ddl,
            EventKind::Query => CanalEvent::Query,
            EventKind::Transaction => CanalEvent::Transaction,
            EventKind::Other => CanalEvent::Other,
        }
    }
}

impl From<Refusal> for CanalReason {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::Unproven(Reason::Encoding) => CanalReason::Encoding,
            Refusal::Unproven(Reason::Syntax) => CanalReason::Syntax,
            Refusal::Unproven(Reason::Value) => CanalReason::Value,
            Refusal::Unproven(Reason::Shape) => CanalReason::Shape,
            Refusal::Unproven(Reason::EventType) => CanalReason::EventType,
            Refusal::Unproven(Reason::Metadata) => CanalReason::Metadata,
            Refusal::Unproven(Reason::TooLarge) => CanalReason::TooLarge,
            Refusal::Unproven(Reason::Ddl) => CanalReason::Ddl,
            Refusal::OutOfRange => CanalReason::OutOfRange,
        }
    }
}

impl From<encode::Reason> for CanalEncodeReason {
    fn from(reason: encode::Reason) -> Self {
        match reason {
            encode::Reason::UpdateBefore => CanalEncodeReason::UpdateBefore,
            encode::Reason::Malformed => CanalEncodeReason::Malformed,
            encode::Reason::NotUtf8 => CanalEncodeReason::NotUtf8,
            encode::Reason::NullInNotNull => CanalEncodeReason::NullInNotNull,
            encode::Reason::NullMapKey => CanalEncodeReason::NullMapKey,
            encode::Reason::EqualMapKeys => CanalEncodeReason::EqualMapKeys,
            encode::Reason::OutOfRange => CanalEncodeReason::OutOfRange,
            encode::Reason::FloatText => CanalEncodeReason::FloatText,
            encode::Reason::TooLong => CanalEncodeReason::TooLong,
        }
    }
}

/// The texts of CanalReason, by its codes.
const REASONS: [&CStr; 9] = [
    c"the message is not valid UTF-8",
    c"the message is not strict JSON, has a member twice, or is beyond a limit",
    c"a value does not fit its column, or only Flink's own codec has rules for reading it; declare the column as STRING to see it",
    c"data or old is not what the event needs: for an UPDATE each row of data needs its before image in old",
    c"the member type is missing or unknown",
    c"a name that is filtered by, or a member that is asked for as metadata, is not of the form Canal writes",
    c"the message or its rows have more than 2 GB",
    c"a timestamp has more digits than its column, or is too far off for it; declare TIMESTAMP with another precision",
    c"the message is a schema change, and \"ddl\" is \"fail\"",
];

/// A sentence for a canal_reason: UTF-8, never freed; null for a number that is none.
#[unsafe(no_mangle)]
pub extern "C" fn canal_reason_text(reason: u8) -> *const c_char {
    REASONS.get(usize::from(reason)).map_or(std::ptr::null(), |text| text.as_ptr())
}

/// The texts of CanalEncodeReason, from its first code on.
const ENCODE_REASONS: [&CStr; 9] = [
    c"a -U row, of which \"update\": \"update\" writes none: leave such rows out of the batch",
    c"the row could not be read",
    c"a text is not valid UTF-8",
    c"a field that is NOT NULL is NULL",
    c"a key of a map is NULL; \"mapNullKey\": \"DROP\" leaves such entries out, \"LITERAL\" names them",
    c"two entries of a map have one key",
    c"a date is outside the years 0 to 9999, or a time outside the day",
    c"the text of a floating point number depends on the JDK; \"floatText\": \"shortest\" writes it as JDK 19 and later do",
    c"the message would have more than 2 GB",
];

/// A sentence for a canal_encode_reason: UTF-8, never freed; null for a number that is none.
#[unsafe(no_mangle)]
pub extern "C" fn canal_encode_reason_text(reason: u8) -> *const c_char {
    let text = usize::from(reason).checked_sub(1).and_then(|i| ENCODE_REASONS.get(i));
    text.map_or(std::ptr::null(), |text| text.as_ptr())
}
