//! Reads a range of MySQL.

use super::server::{self, unanswered};
use crate::error::Error;
use crate::snapshot::message::Cell;
use crate::snapshot::range::Range;
use crate::snapshot::reader::{End, Outgoing};
use crate::snapshot::spec::SourceSpec;
use mysql_async::prelude::Queryable;
use mysql_async::{Row, Value};

/// Reads until the end, or until nobody takes anything any more.
pub(in crate::snapshot) async fn read(spec: &SourceSpec, range: &Range, out: &mut Outgoing) -> Result<End, Error> {
    let mut conn = server::connect_again(spec).await?;
    let failed = |e| unanswered(&range.query, e).at(spec.address());
    let mut result = match conn.query_iter(range.query.as_str()).await {
        Err(e) if server::is_missing(&e) => return Ok(End::Gone),
        result => result.map_err(failed)?,
    };
    while let Some(row) = result.next().await.map_err(failed)? {
        let row: Row = row;
        if out.add(row.unwrap().iter().map(cell))? && !out.send().await {
            return Ok(End::Unwanted);
        }
    }
    drop(result);
    // What it says at its end matters to nobody.
    let _ = conn.disconnect().await;
    Ok(End::Read)
}

fn cell(value: &Value) -> Cell<'_> {
    match value {
        Value::NULL => Ok(None),
        Value::Bytes(bytes) => Ok(Some(bytes)),
        _ => Err("it did not come as text"),
    }
}
