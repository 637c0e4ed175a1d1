//! What becomes of a message.

use super::event::EventKind;

/// What became of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Its rows are in [`Changelog::rows`](super::changelog::Changelog::rows); there may be none.
    Rows(Flags),
    /// `database.include` or `table.include` does not match.
    Filtered,
    /// An event without rows.
    Skipped(EventKind),
    /// Bad, and bad messages are to be passed over (lenient mode under `canal`).
    Dropped,
    /// To be handed to Flink's codec.
    Delegate(Reason),
    /// Decode again after [`Changelog::verdict`](super::changelog::Changelog::verdict) has said whether the database [`Changelog::pending_name`](super::changelog::Changelog::pending_name) passes.
    DatabaseVerdict,
    /// The same for a table.
    TableVerdict,
    /// No packet, or one with an entry that cannot be read (strict mode).
    Broken,
}

/// What must be known about the rows of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Flags {
    /// A NOT NULL column is NULL in some row: Flink's generated code would read the field without asking, so these rows
    /// need a form that says NULL.
    pub generic_only: bool,
    /// Every timestamp is stored with nanoseconds, whatever its column's precision.
    pub wide_timestamps: bool,
    /// A metadata dictionary has grown.
    pub metadata_new: bool,
    /// The metadata dictionaries were emptied first.
    pub metadata_reset: bool,
    /// A bad value was read as NULL (lenient mode under `flink`).
    pub nulled: bool,
    /// The one row is a schema change.
    pub ddl: bool,
}

/// Why a message goes to Flink's codec.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Reason {
    /// Not valid UTF-8: UTF-16, UTF-32, overlong forms, or broken.
    Encoding = 0,
    /// Not strict JSON, a member twice, or beyond a limit.
    Syntax = 1,
    /// A value whose reading is Flink's own business, or that strict mode has to report.
    Value = 2,
    /// `data` or `old` is not what the event needs.
    Shape = 3,
    /// `type` is missing or unknown.
    EventType = 4,
    /// A filtered name or a requested metadata member is not of the form Canal writes.
    Metadata = 5,
    /// The rows do not fit into one Java array.
    TooLarge = 6,
    /// A schema change that fails the job.
    Ddl = 7,
}
