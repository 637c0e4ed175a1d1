//! SHOW FRONTENDS and SHOW BACKENDS.

use super::information_schema::moment;
use super::relation::Relation;
use crate::cluster::Cluster;
use crate::http::node::Role;

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
const BACKENDS: [&str; 16] = [
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
    "DataUsedCapacity",
    "TotalCapacity",
    "ErrMsg",
    "Version",
];

/// The front ends; the first is master.
pub fn frontends(cluster: &Cluster) -> Relation {
    let mut relation = Relation::named(&FRONTENDS);
    let now = moment(cluster.clock.now_ms()).to_string();
    for node in cluster.nodes(Role::Frontend) {
        let (id, master) = (node.id, node.id == 1);
        let alive = cluster.is_alive(&node).to_string();
        let name = format!("fe_standin_{id}");
        let (http, query) = (node.http_port.to_string(), node.query_port.to_string());
        relation.push([
            name.as_str(),
            &node.host,
            "9010",
            &http,
            &query,
            "9020",
            "-1",
            "FOLLOWER",
            &master.to_string(),
            "1",
            "true",
            &alive,
            "1",
            &now,
            &now,
            "true",
            "",
            cluster.version().text(),
            if master { "Yes" } else { "No" },
        ]);
    }
    relation
}

/// The back ends.
pub fn backends(cluster: &Cluster) -> Relation {
    let mut relation = Relation::named(&BACKENDS);
    let now = moment(cluster.clock.now_ms()).to_string();
    for node in cluster.nodes(Role::Backend) {
        let alive = cluster.is_alive(&node).to_string();
        let (id, http) = (node.id.to_string(), node.http_port.to_string());
        let version = cluster.version().text();
        relation.push([
            id.as_str(),
            &node.host,
            "9050",
            "9060",
            &http,
            "8060",
            "-1",
            &now,
            &now,
            &alive,
            "false",
            "0",
            "0.000",
            "0.000",
            "",
            version,
        ]);
    }
    relation
}
