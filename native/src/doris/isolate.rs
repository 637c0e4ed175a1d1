//! A load that failed for its rows is cut in halves until the bad rows are alone, so that the others are loaded.

use super::http::Chunks;
use super::load::LoadError;
use super::loader::{Lane, Package, Part, RefusedRow, Sending};

/// Longest text of a row in an error.
const SHOWN: usize = 400;
/// Rows of an error log that a failure shows.
const REASONS: usize = 3;

/// What becomes of a package after its load has failed: its good rows loaded and its bad ones noted, or a failure that names some.
///
/// # Errors
/// The failure, as a sentence.
pub(super) async fn after(sending: &Sending, lane: &Lane, package: &Package, error: LoadError) -> Result<(), String> {
    match error {
        LoadError::Rows { error_url, message, .. } if sending.plan.isolates && !package.lengths.is_empty() => {
            let rows = package.lengths.len();
            if rows == 1 {
                refuse(sending, (lane, package), 0, &message, error_url.as_deref()).await;
                return Ok(());
            }
            // In the rows' order: of two rows of a key, the one loaded later stays.
            let mut ahead = vec![(rows / 2, rows), (0, rows / 2)];
            while let Some((from, to)) = ahead.pop() {
                let part = Part {
                    target: &lane.target,
                    package: package.number,
                    body: &cut(package, from, to),
                    rows: (to - from) as u64,
                };
                match sending.send(part, false).await {
                    Ok(()) => {}
                    Err(LoadError::Rows { message, error_url, .. }) if to - from == 1 => {
                        refuse(sending, (lane, package), from, &message, error_url.as_deref()).await;
                    }
                    Err(LoadError::Rows { .. }) => {
                        let middle = from + (to - from) / 2;
                        ahead.extend([(middle, to), (from, middle)]);
                    }
                    Err(other) => return Err(describe(sending, lane, package, other).await),
                }
            }
            Ok(())
        }
        other => Err(describe(sending, lane, package, other).await),
    }
}

fn cut(package: &Package, from: usize, to: usize) -> Chunks {
    let length = |rows: &[u32]| rows.iter().map(|length| u64::from(*length)).sum::<u64>();
    let begin = length(&package.lengths[..from]);
    package.body.slice(begin, begin + length(&package.lengths[from..to]))
}

async fn refuse(sending: &Sending, (lane, package): (&Lane, &Package), row: usize, message: &str, url: Option<&str>) {
    let bytes: Vec<u8> = cut(package, row, row + 1).iter().flat_map(|chunk| chunk.to_vec()).collect();
    let reason = match reasons(sending, url).await {
        log if log.is_empty() => message.to_string(),
        log => log.join("; "),
    };
    let table = format!("{}.{}", lane.target.database, lane.target.table);
    sending.refuse(RefusedRow { table, row: String::from_utf8_lossy(&bytes).trim_end().to_string(), reason });
}

/// The first lines of a load's error log; none where there is no log or it cannot be read.
async fn reasons(sending: &Sending, url: Option<&str>) -> Vec<String> {
    let Some(url) = url else { return Vec::new() };
    let log = sending.cluster.error_log(url).await.unwrap_or_default();
    log.lines()
        .filter(|line| !line.trim().is_empty())
        .take(REASONS)
        .map(|line| line.chars().take(SHOWN).collect())
        .collect()
}

async fn describe(sending: &Sending, lane: &Lane, package: &Package, error: LoadError) -> String {
    let target = &lane.target;
    match error {
        LoadError::Failed(text) => text,
        LoadError::Taken => {
            format!(
                "a label of this run is in use by another writer of {}.{}; is the job running twice?",
                target.database, target.table
            )
        }
        LoadError::Rows { filtered, message, error_url } => {
            let mut text = format!(
                "Doris refuses {filtered} of {} rows for {}.{}: {message}",
                package.rows, target.database, target.table
            );
            for reason in reasons(sending, error_url.as_deref()).await {
                text.push_str("; ");
                text.push_str(&reason);
            }
            text.push_str(
                "; correct the rows, or set 'sink.bad-rows' = 'log' or 'table' to load the others without them",
            );
            text
        }
    }
}
