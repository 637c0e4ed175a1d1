//! `_stream_load_2pc`: the second phase, by transaction id or by label.

use super::be::two_phase_reply;
use super::node::{Outcome, small_body};
use super::wire::{Connection, Reply, Request};
use crate::Cluster;
use crate::fault::{FaultName, Place};
use crate::transaction::TxnName;
use std::io;

/// Commits or aborts.
pub async fn answer(
    cluster: &Cluster,
    request: &Request,
    place: Place<'_>,
    connection: &mut Connection,
) -> io::Result<Outcome> {
    small_body(request, connection).await?;
    if cluster.faults.strike(FaultName::CutBefore2pc, place).is_some() {
        return Ok(Outcome::Cut);
    }
    let reply = run(cluster, request, place);
    cluster.records.count(&format!("2pc.{}", request.header("txn_operation").unwrap_or("none")));
    if cluster.faults.strike(FaultName::CutAfter2pc, place).is_some() {
        return Ok(Outcome::Cut);
    }
    Ok(reply.into())
}

fn run(cluster: &Cluster, request: &Request, place: Place) -> Reply {
    let Some((user, password)) = request.basic() else {
        return two_phase_reply("NOT_AUTHORIZED", "no valid Basic authorization");
    };
    let (id, label) = (request.header("txn_id"), request.header("label"));
    if id.is_none() && label.is_none() {
        return two_phase_reply("INVALID_ARGUMENT", "must provide at least one of txn_id and label.");
    }
    let id = match id.map(|text| (text, leading_digits(text))) {
        None => None,
        Some((_, Some(id))) => Some(id),
        Some((text, None)) => {
            let text = format!("convert txn_id [{text}] failed, error: stoull");
            return two_phase_reply("INTERNAL_ERROR", &text);
        }
    };
    let operation = request.header("txn_operation").unwrap_or("");
    let commit = match operation.to_ascii_lowercase().as_str() {
        "commit" => true,
        "abort" => false,
        _ => return two_phase_reply("INTERNAL_ERROR", "transaction operation should be 'commit' or 'abort'"),
    };
    if cluster.faults.strike(FaultName::NotMaster, place).is_some() {
        return two_phase_reply("NOT_MASTER", "TStatus: FE is not master");
    }
    if !cluster.knows(&user, &password) {
        return two_phase_reply("NOT_AUTHORIZED", &format!("TStatus: {}", super::fe::access_denied(&user)));
    }
    let name = match (id, label) {
        (Some(id), _) => TxnName::Id(id),
        (None, Some(label)) => TxnName::Label(label),
        (None, None) => TxnName::Label(""),
    };
    let mut store = cluster.store();
    if commit && cluster.faults.strike(FaultName::PrecommitExpiry, place).is_some() {
        // Expired meanwhile, unless it is past that.
        let _ = store.abort(place.database, &name, "timeout by txn manager");
    }
    let late = match commit {
        true => cluster.faults.strike(FaultName::PublishTimeout, place).map_or(0, |ms| ms.unwrap_or(i64::MAX)),
        false => 0,
    };
    let done = if commit {
        store.commit_precommitted(place.database, &name, late).map(|_| ())
    } else {
        store.abort(place.database, &name, "User Abort")
    };
    match done {
        Ok(()) => {
            let by_id = id.map(|id| format!("transaction [{id}] {operation} successfully."));
            let by_label = label.map(|label| format!("label [{label}] {operation} successfully."));
            two_phase_reply("Success", &[by_id, by_label].into_iter().flatten().collect::<Vec<_>>().join(" "))
        }
        Err(refused) => two_phase_reply("ANALYSIS_ERROR", &format!("TStatus: errCode = 2, detailMessage = {refused}")),
    }
}

/// C's stoull: digits at the start, whatever follows.
fn leading_digits(text: &str) -> Option<u64> {
    let text = text.trim_start();
    let end = text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len());
    text[..end].parse().ok()
}
