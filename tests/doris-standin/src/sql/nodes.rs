//! SHOW FRONTENDS and SHOW BACKENDS.

use super::relation::Relation;
use crate::cluster::Cluster;

const FRONTENDS: [&str; 19] = [
    "Name",
    "Host",
    "EditLogPort",
    "HttpPort",
    "QueryPort",
    "RpcPort",
    "ArrowFlightSqlPort",
    "Role",
    "IsMaster",
    "ClusterId",
    "Join",
    "Alive",
    "ReplayedJournalId",
    "LastStartTime",
    "LastHeartbeat",
    "IsHelper",
    "ErrMsg",
    "Version",
    "CurrentConnected",
];
const BACKENDS: [&str; 14] = [
    "BackendId",
    "Host",
    "HeartbeatPort",
    "BePort",
    "HttpPort",
    "BrpcPort",
    "ArrowFlightSqlPort",
    "LastStartTime",
    "LastHeartbeat",
    "Alive",
    "SystemDecommissioned",
    "TabletNum",
    "ErrMsg",
    "Version",
];

/// The front ends.
pub fn frontends(_cluster: &Cluster) -> Relation {
    Relation::named(&FRONTENDS)
}

/// The back ends.
pub fn backends(_cluster: &Cluster) -> Relation {
    Relation::named(&BACKENDS)
}
