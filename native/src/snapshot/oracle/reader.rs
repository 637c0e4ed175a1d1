//! Reads a range of Oracle.

use super::server::{self, unanswered};
use crate::error::{Error, Kind};
use crate::snapshot::catalogue::Column;
use crate::snapshot::jdbc::{Batch, Malformed, Why};
use crate::snapshot::message::Cell;
use crate::snapshot::range::Range;
use crate::snapshot::reader::{End, Outgoing};
use crate::snapshot::spec::SourceSpec;
use crate::sync::mysql_type::MysqlType;

/// Reads until the end, or until nobody takes anything any more.
pub(in crate::snapshot) async fn read(spec: &SourceSpec, range: &Range, out: &mut Outgoing) -> Result<End, Error> {
    let mut session = server::connect_again(spec).await?;
    let failed = |failure| unanswered(&range.query, &failure).at(spec.address());
    match session.select(&range.query) {
        Err(failure) if failure.why == Why::Missing => return Ok(End::Gone),
        selected => selected.map_err(failed)?,
    };
    while let Some(bytes) = session.next().map_err(failed)? {
        let (mut batch, mut cells) = (Batch::new(&bytes), Vec::with_capacity(range.columns.len()));
        while !batch.is_at_end() {
            let broken = |Malformed| Error::new(Kind::Internal, "the driver's rows are not in order");
            for column in &range.columns {
                cells.push(value(column, batch.cell().map_err(broken)?));
            }
            if out.add(cells.drain(..))? && !out.send().await {
                return Ok(End::Unwanted);
            }
        }
    }
    Ok(End::Read)
}

/// A cell as Canal would have it: blanks at the end of a CHAR count for nothing.
pub fn value<'v>(column: &Column, cell: Option<&'v [u8]>) -> Cell<'v> {
    Ok(match (cell, &column.ty) {
        (Some(text), MysqlType::Char(_)) => {
            let kept = text.iter().rposition(|byte| *byte != b' ').map_or(0, |last| last + 1);
            Some(&text[..kept])
        }
        (cell, _) => cell,
    })
}
