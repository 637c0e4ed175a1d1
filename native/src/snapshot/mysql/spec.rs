//! Which server is read, and what of it.

use crate::error::{Error, Kind};
use crate::sync::rules::NamesSpec;
use mysql_async::{Opts, OptsBuilder, SslOpts};
use serde::Deserialize;
use std::path::PathBuf;

/// A server, and what is read of it.
#[derive(Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct SourceSpec {
    /// Name or address.
    pub host: String,
    /// Port.
    pub port: u16,
    /// Who reads.
    pub user: String,
    /// The password; in no error and no log.
    pub password: String,
    /// TLS; none without.
    #[serde(default)]
    pub tls: Option<TlsSpec>,
    /// Which tables, as `database.table`; what the server keeps for itself is left out in any case.
    #[serde(default)]
    pub names: NamesSpec,
    /// Rows that are read at once, about.
    pub range_rows: u64,
    /// Bytes of a message, about.
    pub message_bytes: usize,
    /// Limit for a connection to be made.
    pub connect_seconds: u64,
    /// Whether the binary log is read after full data: then the server has to write one that can be.
    #[serde(default)]
    pub log: bool,
    /// The number that this reader of the log has among all replicas of the server.
    #[serde(default)]
    pub server_id: Option<u32>,
}

/// TLS to the server.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct TlsSpec {
    /// PEM file of the authorities to trust; without it those of Mozilla's list.
    #[serde(default)]
    pub ca: Option<PathBuf>,
    /// Whether the certificate may be for another host.
    #[serde(default)]
    pub skip_hostname_verification: bool,
}

impl SourceSpec {
    /// Reads the JSON text that the shim sends.
    ///
    /// # Errors
    /// [`Kind::InvalidSpec`], with what is wrong.
    pub fn from_json(text: &[u8]) -> Result<SourceSpec, Error> {
        serde_json::from_slice(text)
            .map_err(|e| Error::new(Kind::InvalidSpec, "the source's specification is not readable").caused_by(e))
    }

    /// `host:port`, for messages.
    pub fn address(&self) -> String {
        format!("{}:{}", self.host, self.port)
    }

    pub(super) fn opts(&self) -> Opts {
        let tls = self.tls.as_ref().map(|tls| {
            let opts = SslOpts::default().with_danger_skip_domain_validation(tls.skip_hostname_verification);
            match &tls.ca {
                Some(ca) => opts.with_root_certs(vec![ca.clone().into()]).with_disable_built_in_roots(true),
                None => opts,
            }
        });
        OptsBuilder::default()
            .ip_or_hostname(self.host.clone())
            .tcp_port(self.port)
            .user(Some(self.user.clone()))
            .pass(Some(self.password.clone()))
            .prefer_socket(false)
            .ssl_opts(tls)
            .into()
    }
}
