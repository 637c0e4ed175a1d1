//! Starts a whole cluster in this process: front ends, back ends, the MySQL door and the admin calls.

use crate::cluster::{Cluster, Settings};
use crate::http::node::{Node, Role, bind};
use crate::http::tls::Identity;
use crate::json::Json;
use crate::mysql;
use std::io;
use std::sync::Arc;

/// How many servers, and where.
#[derive(Clone, Debug)]
pub struct Layout {
    /// Front ends. Default 1.
    pub frontends: usize,
    /// Back ends. Default 1.
    pub backends: usize,
    /// The host that back ends are registered with. Default 127.0.0.1.
    pub backend_host: String,
    /// HTTP port of the first front end; 0 for any free one.
    pub http_port: u16,
    /// MySQL port of the first front end; 0 for any free one.
    pub query_port: u16,
    /// Admin port; 0 for any free one.
    pub admin_port: u16,
    /// With it front ends and back ends speak TLS on their HTTP ports.
    pub tls: Option<Identity>,
}

impl Default for Layout {
    fn default() -> Layout {
        Layout {
            frontends: 1,
            backends: 1,
            backend_host: "127.0.0.1".into(),
            http_port: 0,
            query_port: 0,
            admin_port: 0,
            tls: None,
        }
    }
}

/// A cluster and the port of its admin calls.
pub struct Serving {
    /// The cluster.
    pub cluster: Arc<Cluster>,
    /// Admin server.
    pub admin: Node,
}

/// Starts everything on loopback; the servers run until the runtime ends.
pub fn start(settings: Settings, layout: &Layout) -> io::Result<Serving> {
    let cluster = Cluster::new(settings);
    if let Some(identity) = &layout.tls {
        cluster.encrypt(Role::Frontend, identity)?;
        cluster.encrypt(Role::Backend, identity)?;
    }
    let first = |index: usize, port: u16| if index == 0 { port } else { 0 };
    for index in 0..layout.frontends {
        let node = cluster.serve(Role::Frontend, "127.0.0.1", first(index, layout.http_port))?;
        let listener = bind(first(index, layout.query_port))?;
        cluster.set_query_port(node.id, listener.local_addr()?.port());
        tokio::spawn(mysql::serve(cluster.clone(), listener));
    }
    for _ in 0..layout.backends {
        cluster.serve(Role::Backend, &layout.backend_host, 0)?;
    }
    let admin = cluster.serve(Role::Admin, "127.0.0.1", layout.admin_port)?;
    Ok(Serving { cluster, admin })
}

impl Serving {
    /// The ports as one line of JSON: `{"fe":[…],"mysql":[…],"be":[…],"admin":…}`.
    pub fn ports(&self) -> Json {
        let ports = |role, port: fn(&Node) -> u16| {
            Json::Array(self.cluster.nodes(role).iter().map(|n| Json::from(port(n))).collect())
        };
        Json::object([
            ("fe", ports(Role::Frontend, |n| n.http_port)),
            ("mysql", ports(Role::Frontend, |n| n.query_port)),
            ("be", ports(Role::Backend, |n| n.http_port)),
            ("admin", Json::from(self.admin.http_port)),
        ])
    }
}
