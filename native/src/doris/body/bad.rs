//! Rows that Doris would refuse, or take for something else.

use std::fmt;

/// Longest excerpt of a value, in characters.
const EXCERPT: usize = 200;

/// A row that is not sent, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// The column, empty if the bytes are no row at all.
    pub column: String,
    /// Its type in Doris, as far as it is known.
    pub target: String,
    /// What is wrong with the value.
    pub reason: BadValue,
    /// The value, cut to 200 characters.
    pub value: String,
}

impl BadRow {
    pub(super) fn new(column: &str, target: impl fmt::Display, reason: BadValue, value: &str) -> BadRow {
        let value = match value.char_indices().nth(EXCERPT) {
            Some((at, _)) => format!("{}…", &value[..at]),
            None => value.to_string(),
        };
        BadRow { column: column.to_string(), target: target.to_string(), reason, value }
    }
}

/// What is wrong with a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BadValue {
    /// The bytes are not a binary row of these columns.
    Malformed,
    /// Text that is not valid UTF-8; or, with `sink.binary = utf8`, bytes.
    NotUtf8,
    /// NULL in a NOT NULL column.
    NullInNotNull,
    /// NULL as the key of a map.
    NullMapKey,
    /// Beyond what the column's type can hold.
    OutOfRange,
    /// More bytes than the column's type has.
    TooLong {
        /// Of the value, in UTF-8.
        bytes: u32,
        /// Of the column.
        most: u32,
    },
    /// NaN or an infinity.
    NotFinite,
    /// Digits behind the point that the column does not have and that are not zero.
    LosesDigits,
    /// A text that is no value of the column's type.
    NotOfType,
    /// A text with both kinds of quotes inside an ARRAY, MAP or STRUCT, whose text Doris takes apart at quotes, escaped or not.
    BothQuotes,
    /// A text with a byte that separators begin with, or that means NULL or no row, in a CSV body without `enclose`.
    NotEnclosed,
    /// A time before 1970 in an Arrow body, for a DATETIME with a fraction: Doris' reader takes it for one far in the future.
    BeforeEpoch,
}

impl BadValue {
    #[cold]
    pub(super) fn too_long(bytes: usize, most: u32) -> BadValue {
        BadValue::TooLong { bytes: u32::try_from(bytes).unwrap_or(u32::MAX), most }
    }
}

impl fmt::Display for BadValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BadValue::Malformed => f.write_str("the bytes are not a binary row of these columns; this is a bug of the sink"),
            BadValue::NotUtf8 => f.write_str("it is not valid UTF-8, the only encoding Doris takes; bytes that are not text \
                 belong into a BYTES column, which is written as hex or base64"),
            BadValue::NullInNotNull => f.write_str("NULL, and the column is NOT NULL; make the column nullable or fill it with COALESCE"),
            BadValue::NullMapKey => f.write_str("a map with NULL as a key, which Doris has no text for; leave such entries out"),
            BadValue::OutOfRange => f.write_str("it is beyond the range of the column; choose a wider type"),
            BadValue::TooLong { bytes, most } => {
                write!(f, "it has {bytes} bytes in UTF-8, and the column takes {most}; widen the column or shorten the text")
            }
            BadValue::NotFinite => f.write_str("NaN and infinities have no place in Doris; write NULL for them (sink.non-finite = null)"),
            BadValue::LosesDigits => {
                f.write_str("it has digits behind the point that the column would round away; widen the scale or round in SQL")
            }
            BadValue::NotOfType => f.write_str("the text is no value of the column's type"),
            BadValue::BothQuotes => f.write_str("a text with both ' and \" inside an array, map or struct, which Doris' readers take \
                 apart wrongly in JSON and CSV; load with sink.properties.format = arrow, or into a STRING or JSON column"),
            BadValue::NotEnclosed => f.write_str("the text holds a byte that a separator begins with, or means NULL or no row at all; set \
                 sink.properties.enclose and sink.properties.escape"),
            BadValue::BeforeEpoch => f.write_str(
                "a time before 1970, which Doris misreads in Arrow bodies unless the column is DATETIME(0); set \
                 sink.properties.format = json",
            ),
        }
    }
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.column.is_empty() {
            return self.reason.fmt(f);
        }
        write!(f, "column `{}` ({}), value {:?}: {}", self.column, self.target, self.value, self.reason)
    }
}

impl std::error::Error for BadRow {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_with_value_place_and_remedy() {
        let bad = BadRow::new("c", "VARCHAR(3)", BadValue::TooLong { bytes: 4, most: 3 }, "😀");
        assert_eq!(
            bad.to_string(),
            "column `c` (VARCHAR(3)), value \"😀\": it has 4 bytes in UTF-8, and the column takes 3; widen the column or \
             shorten the text"
        );
    }

    #[test]
    fn values_are_cut() {
        let bad = BadRow::new("c", "STRING", BadValue::NotUtf8, &"é".repeat(201));
        assert_eq!(bad.value, format!("{}…", "é".repeat(200)));
        assert_eq!(BadRow::new("c", "STRING", BadValue::NotUtf8, &"é".repeat(200)).value, "é".repeat(200));
    }
}
