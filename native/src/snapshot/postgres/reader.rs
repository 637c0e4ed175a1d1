//! Reads a range of PostgreSQL: COPY sends it as the server reads it, and costs both sides the least.

use super::copy::Lines;
use super::server;
use crate::error::{Error, Kind};
use crate::snapshot::range::Range;
use crate::snapshot::reader::{End, Outgoing};
use crate::snapshot::spec::SourceSpec;
use futures_core::Stream;
use std::future::poll_fn;
use std::pin::pin;

/// Reads until the end, or until nobody takes anything any more.
pub(in crate::snapshot) async fn read(spec: &SourceSpec, range: &Range, out: &mut Outgoing) -> Result<End, Error> {
    let session = server::connect_again(spec).await?;
    let statement = format!("COPY ({}) TO STDOUT", range.query);
    let failed = |e| server::unanswered(&statement, &e).at(spec.address());
    let mut stream = match session.copy(&statement).await {
        Err(e) if server::is_missing(&e) => return Ok(End::Gone),
        stream => pin!(stream.map_err(failed)?),
    };
    let mut lines = Lines::new(&range.columns);
    while let Some(text) = poll_fn(|context| stream.as_mut().poll_next(context)).await {
        let text = text.map_err(failed)?;
        let mut rest = &text[..];
        while let Some((line, taken)) = lines.next(rest)? {
            let is_full = out.add(line.cells())?;
            rest = &rest[taken..];
            if is_full && !out.send().await {
                return Ok(End::Unwanted);
            }
        }
    }
    if !lines.is_at_end() {
        return Err(Error::new(Kind::Source, "the source's answer ends within a row").at(spec.address()));
    }
    Ok(End::Read)
}
