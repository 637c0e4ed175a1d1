//! TLS to front ends and back ends, one way: the server shows a certificate, the client a password.

use crate::error::{Error, Kind};
use crate::tls;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{CertificateError, RootCertStore};
use std::path::Path;
use std::sync::Arc;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Where Linux distributions keep the authorities that they trust: Debian, Red Hat and Fedora, SUSE, Alpine.
const BUNDLES: [&str; 5] = [
    "/etc/ssl/certs/ca-certificates.crt",
    "/etc/pki/tls/certs/ca-bundle.crt",
    "/etc/pki/ca-trust/extracted/pem/tls-ca-bundle.pem",
    "/etc/ssl/ca-bundle.pem",
    "/etc/ssl/cert.pem",
];

/// Whom to trust.
#[derive(Clone)]
pub struct Tls {
    connector: TlsConnector,
    /// The file with the authorities, or what stands for it in a sentence.
    authorities: String,
}

impl std::fmt::Debug for Tls {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Tls({})", self.authorities)
    }
}

/// Why a server is not talked to.
#[derive(Debug, PartialEq, Eq)]
pub enum TlsError {
    /// Its certificate, or that it does not speak TLS: the same the next time.
    Untrusted(String),
    /// The connection broke.
    Broken(String),
}

impl Tls {
    /// Trusts the authorities in the PEM file `ca`, or without one the system's. With `any_name` a certificate may be for another host, but
    /// must be signed by one of these all the same.
    ///
    /// # Errors
    /// [`Kind::InvalidSpec`] names the file that cannot be read or has no certificate.
    pub fn new(ca: Option<&Path>, any_name: bool) -> Result<Tls, Error> {
        let (file, found) = match ca {
            Some(file) => (file.display().to_string(), read(file)?),
            None => system()?,
        };
        let mut roots = RootCertStore::empty();
        let (taken, _) = roots.add_parsable_certificates(found);
        if taken == 0 {
            return Err(unusable(&file, "it has no certificate in PEM"));
        }
        let config = tls::client_config(roots, any_name).map_err(|e| unusable(&file, &e.to_string()))?;
        Ok(Tls { connector: TlsConnector::from(Arc::new(config)), authorities: file })
    }

    /// Begins TLS on a connection to `host`, a name or an address.
    ///
    /// # Errors
    /// See [`TlsError`]; the texts name the host and what can be done.
    pub async fn connect(&self, host: &str, stream: TcpStream) -> Result<TlsStream<TcpStream>, TlsError> {
        let name = ServerName::try_from(host.to_string())
            .map_err(|_| TlsError::Untrusted(format!("'{host}' is no name that a certificate can be for")))?;
        self.connector.connect(name, stream).await.map_err(|e| self.refusal(host, &e))
    }

    fn refusal(&self, host: &str, error: &std::io::Error) -> TlsError {
        let authorities = &self.authorities;
        let Some(cause) = error.get_ref().and_then(|cause| cause.downcast_ref::<rustls::Error>()) else {
            return TlsError::Broken(format!("TLS with {host} broke off: {error}; does this port speak TLS?"));
        };
        TlsError::Untrusted(match cause {
            // A bad signature is that of an authority of the same name with another key.
            rustls::Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::BadSignature) => {
                format!(
                    "the certificate of {host} is not signed by an authority in {authorities}; set 'doris.tls.ca-certificate-path' to the PEM \
                 file, on each task manager, of the authority that signed it"
                )
            }
            rustls::Error::InvalidCertificate(
                reason @ (CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. }),
            ) => format!(
                "the certificate of {host} is for another name ({reason}); name the server as its certificate does, in 'fenodes', 'benodes' or \
                 'sink.host-rewrite', or set 'doris.tls.skip-hostname-verification' = 'true'"
            ),
            rustls::Error::InvalidCertificate(reason) => {
                format!("the certificate of {host} is not accepted: {reason}; renew it, and check this machine's clock")
            }
            rustls::Error::InvalidMessage(_) => format!(
                "{host} does not speak TLS at this port; name the HTTPS port, or set 'doris.tls.excluded-protocols' = 'http' if HTTP is not \
                 encrypted there"
            ),
            other => format!("no TLS with {host}: {other}"),
        })
    }
}

fn read(file: &Path) -> Result<Vec<CertificateDer<'static>>, Error> {
    let failed = |e: &dyn std::fmt::Display| unusable(&file.display().to_string(), &e.to_string());
    CertificateDer::pem_file_iter(file).map_err(|e| failed(&e))?.collect::<Result<_, _>>().map_err(|e| failed(&e))
}

/// The system's authorities, and where they are: `SSL_CERT_FILE`, or the first bundle that there is.
fn system() -> Result<(String, Vec<CertificateDer<'static>>), Error> {
    let named = std::env::var_os("SSL_CERT_FILE").map(std::path::PathBuf::from);
    let found = named.or_else(|| BUNDLES.iter().map(std::path::PathBuf::from).find(|path| path.is_file()));
    let file = found.ok_or_else(|| {
        let text =
            "this system has no list of trusted authorities; set 'doris.tls.ca-certificate-path' to a PEM file of them";
        Error::new(Kind::InvalidSpec, text)
    })?;
    Ok((file.display().to_string(), read(&file)?))
}

fn unusable(file: &str, reason: &str) -> Error {
    let text = format!(
        "the certificates in {file} cannot be used: {reason}; 'doris.tls.ca-certificate-path' is to name a PEM file on each task manager"
    );
    Error::new(Kind::InvalidSpec, text)
}
