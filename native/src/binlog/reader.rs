//! A binary log that is being read.

use super::definitions::Definitions;
use super::position::LogPosition;
use super::stream;
use crate::changes::reader::LogReader;
use crate::error::Error;
use crate::snapshot::spec::SourceSpec;

/// Begins to read behind `position`, where the tables are as `definitions` says.
///
/// # Errors
/// As [`LogReader::start`] has them.
pub fn start(
    spec: SourceSpec,
    position: LogPosition,
    definitions: Definitions,
) -> Result<LogReader<LogPosition, Definitions>, Error> {
    LogReader::start(position, definitions, move |from, known, out| async move {
        stream::read(&spec, from, known, &out).await
    })
}
