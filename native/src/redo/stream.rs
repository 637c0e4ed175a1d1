//! The log as LogMiner shows it, again and again from where it was read to.

use super::definitions::Definitions;
use super::follower::{Follower, Step};
use super::position::RedoPosition;
use crate::changes::reader::Outlet;
use crate::error::Error;
use crate::snapshot::spec::SourceSpec;
use std::sync::Arc;
use std::time::{Duration, Instant};
use tokio::time::sleep;

/// How long the server is left alone between two readings: as long as the last one took, within these bounds.
const LEAST: Duration = Duration::from_secs(1);
const MOST: Duration = Duration::from_secs(10);

/// Reads the log until nobody takes batches any more.
///
/// # Errors
/// [`Kind::Source`](crate::error::Kind::Source): the server, its log, or a value.
pub async fn read(
    spec: &SourceSpec,
    position: RedoPosition,
    definitions: Arc<Definitions>,
    to: &Outlet<RedoPosition, Definitions>,
) -> Result<(), Error> {
    let mut follower = Follower::begin(spec, position, definitions).await?;
    let mut began = Instant::now();
    loop {
        let step = follower.step().map_err(|e| e.at(spec.address()))?;
        if let Some(batch) = follower.batch()
            && !to.send(batch).await
        {
            return Ok(());
        }
        if step == Step::End {
            sleep(began.elapsed().clamp(LEAST, MOST)).await;
            began = Instant::now();
        }
    }
}
