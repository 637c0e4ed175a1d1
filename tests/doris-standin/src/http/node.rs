//! Front ends and back ends as servers: each has a port and an id, and can be taken down and brought back.

use super::tls::{Identity, Socket};
use super::wire::{Connection, Reply, Request};
use super::{admin, be, fe};
use crate::Cluster;
use crate::fault::FaultName;
use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::task::JoinSet;

/// What a server is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Role {
    Frontend,
    Backend,
    Admin,
}

/// A server of the cluster.
#[derive(Clone, Debug)]
pub struct Node {
    /// What it is.
    pub role: Role,
    /// From 1, for each role.
    pub id: u64,
    /// The host it is registered with and that redirects name.
    pub host: String,
    /// HTTP port.
    pub http_port: u16,
    /// MySQL port of a front end; 0 if it has none.
    pub query_port: u16,
    /// Its HTTP port speaks TLS.
    pub tls: bool,
}

/// What a handler wants done with the connection.
pub enum Outcome {
    /// Send this.
    Reply(Reply),
    /// Reset it.
    Cut,
}

impl From<Reply> for Outcome {
    fn from(reply: Reply) -> Outcome {
        Outcome::Reply(reply)
    }
}

/// How often a server looks whether it is to be down.
const WATCH: Duration = Duration::from_millis(5);

/// Binds a loopback port; 0 for a free one. The port can be bound again at once after it was in use.
pub fn bind(port: u16) -> io::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(SocketAddr::from(([127, 0, 0, 1], port)))?;
    socket.listen(1024)
}

impl Cluster {
    /// Front ends or back ends that are started from now on speak TLS.
    pub fn encrypt(&self, role: Role, identity: &Identity) -> io::Result<()> {
        self.set_acceptor(role, identity.acceptor()?);
        Ok(())
    }

    /// Starts a server on a loopback port (0: any), registered under `host`; it runs until the runtime ends.
    pub fn serve(self: &Arc<Self>, role: Role, host: &str, port: u16) -> io::Result<Node> {
        let listener = bind(port)?;
        let http_port = listener.local_addr()?.port();
        let node = self.register(role, host, http_port);
        tokio::spawn(run(self.clone(), node.clone(), listener));
        Ok(node)
    }

    fn down(&self, node: &Node) -> bool {
        match node.role {
            Role::Frontend => self.faults.outage(FaultName::DeadFe, node.id),
            Role::Backend => {
                self.faults.outage(FaultName::DeadBe, node.id) || self.faults.outage(FaultName::VanishingBe, node.id)
            }
            Role::Admin => false,
        }
    }
}

/// Accepts connections while the node is up; while it is down, its port is closed and its connections are cut.
async fn run(cluster: Arc<Cluster>, node: Node, first: TcpListener) {
    let mut listener = Some(first);
    let mut connections = JoinSet::new();
    let mut watch = tokio::time::interval(WATCH);
    loop {
        match &listener {
            None => {
                watch.tick().await;
            }
            Some(open) => tokio::select! {
                accepted = open.accept() => {
                    if let Ok((stream, _)) = accepted {
                        if !cluster.down(&node) {
                            connections.spawn(converse(cluster.clone(), node.clone(), stream));
                        }
                    }
                }
                _ = watch.tick() => {}
                Some(_) = connections.join_next() => {}
            },
        }
        let down = cluster.down(&node);
        if down && listener.is_some() {
            listener = None;
            connections.abort_all();
            while connections.join_next().await.is_some() {}
            cluster.abort_orphans(&node);
        } else if !down && listener.is_none() {
            cluster.abort_orphans(&node);
            listener = bind(node.http_port).ok();
        } else if down {
            // A vanished back end may have been found dead meanwhile.
            cluster.abort_orphans(&node);
        }
    }
}

async fn converse(cluster: Arc<Cluster>, node: Node, stream: TcpStream) {
    let socket = match cluster.acceptor(node.role).filter(|_| node.tls) {
        None => Socket::Plain(stream),
        Some(acceptor) => match acceptor.accept(stream).await {
            Ok(stream) => Socket::Encrypted(Box::new(stream)),
            Err(_) => return,
        },
    };
    let mut connection = Connection::new(socket);
    while let Ok(Some(request)) = connection.request().await {
        let outcome = match node.role {
            Role::Frontend => fe::answer(&cluster, &node, &request, &mut connection).await,
            Role::Backend => be::answer(&cluster, &node, &request, &mut connection).await,
            Role::Admin => admin::answer(&cluster, &request, &mut connection).await,
        };
        match outcome {
            Ok(Outcome::Reply(reply)) => match connection.reply(&reply).await {
                Ok(true) => {}
                _ => return,
            },
            Ok(Outcome::Cut) => return connection.cut(),
            Err(_) => return,
        }
    }
}

/// A request's body as a whole, for small ones.
pub async fn small_body(request: &Request, connection: &mut Connection) -> io::Result<Vec<u8>> {
    let mut body = Vec::new();
    connection
        .body(request.framing(), |piece| {
            body.extend_from_slice(piece);
            Ok(())
        })
        .await?;
    Ok(body)
}
