//! TLS to PostgreSQL: begun within the connection, when the server has said that it speaks it.

use crate::error::{Error, Kind};
use crate::snapshot::spec::TlsSpec;
use crate::tls;
use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};
use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;
use tokio_postgres::tls::{ChannelBinding, TlsConnect, TlsStream};
use tokio_rustls::TlsConnector;

/// What makes a connection one of TLS.
pub struct Tls {
    connector: TlsConnector,
    host: ServerName<'static>,
}

impl Tls {
    /// Trusts the authorities of the file, or without one those of Mozilla's list.
    ///
    /// # Errors
    /// [`Kind::Source`] names the file that has no certificates, or the host that none can be for.
    pub fn new(spec: &TlsSpec, host: &str) -> Result<Tls, Error> {
        let mut roots = RootCertStore::empty();
        match &spec.ca {
            Some(file) => {
                let unusable = |why: String| {
                    let what = format!(
                        "the certificates in {} cannot be used: {why}; tls.ca is to name a PEM file on each task manager",
                        file.display()
                    );
                    Error::new(Kind::Source, what)
                };
                let found: Result<Vec<_>, _> = CertificateDer::pem_file_iter(file).and_then(Iterator::collect);
                let (taken, _) = roots.add_parsable_certificates(found.map_err(|e| unusable(e.to_string()))?);
                if taken == 0 {
                    return Err(unusable("it has no certificate in PEM".into()));
                }
            }
            None => roots.extend(webpki_roots::TLS_SERVER_ROOTS.iter().cloned()),
        }
        let config = tls::client_config(roots, spec.skip_hostname_verification);
        let config = config.map_err(|e| Error::new(Kind::Internal, "TLS cannot be set up").caused_by(e))?;
        let host = ServerName::try_from(host.to_string())
            .map_err(|_| Error::new(Kind::Source, format!("'{host}' is no name that a certificate can be for")))?;
        Ok(Tls { connector: TlsConnector::from(Arc::new(config)), host })
    }
}

impl TlsConnect<TcpStream> for Tls {
    type Stream = Encrypted;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Encrypted>> + Send>>;

    fn connect(self, stream: TcpStream) -> Self::Future {
        Box::pin(async move { self.connector.connect(self.host, stream).await.map(Encrypted) })
    }
}

/// A connection.
pub struct Encrypted(tokio_rustls::client::TlsStream<TcpStream>);

impl TlsStream for Encrypted {
    /// None: the password is bound to no certificate, which has been checked.
    fn channel_binding(&self) -> ChannelBinding {
        ChannelBinding::none()
    }
}

impl AsyncRead for Encrypted {
    fn poll_read(mut self: Pin<&mut Self>, context: &mut Context<'_>, into: &mut ReadBuf<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_read(context, into)
    }
}

impl AsyncWrite for Encrypted {
    fn poll_write(mut self: Pin<&mut Self>, context: &mut Context<'_>, bytes: &[u8]) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.0).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.0).poll_shutdown(context)
    }
}
