//! A log that is being read.

use super::definitions::Definitions;
use super::position::RedoPosition;
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
    position: RedoPosition,
    definitions: Definitions,
) -> Result<LogReader<RedoPosition, Definitions>, Error> {
    LogReader::start(position, definitions, move |from, known, out| async move {
        stream::read(&spec, from, known, &out).await
    })
}
