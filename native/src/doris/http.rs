//! HTTP/1.1 exchanges with front ends and back ends: no redirects, no retries, bodies in chunks of known length.

use super::tls::{Tls, TlsError};
use bytes::Bytes;
use http_body_util::{BodyExt, Limited};
pub use hyper::Method;
use hyper::body::{Body, Frame, SizeHint};
use hyper::client::conn::http1::{self, SendRequest};
use hyper::header::{CONTENT_LENGTH, HOST, LOCATION};
pub use hyper::header::{HeaderMap, HeaderName, HeaderValue};
use hyper_util::rt::TokioIo;
use std::collections::HashMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Mutex, PoisonError};
use std::task::{Context, Poll};
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::time::timeout;

/// An answer longer than this is a mistake; error logs, the longest, have some fifty rows.
const LONGEST_ANSWER: usize = 64 << 20;
/// Connections kept for a host; more loads at once open more, which are then closed.
const IDLE_A_HOST: usize = 8;

/// A load's body as it was written, in chunks; cloning it copies no bytes.
#[derive(Debug, Clone, Default)]
pub struct Chunks {
    chunks: std::collections::VecDeque<Bytes>,
    length: u64,
}

impl Chunks {
    /// Adds bytes at the end.
    pub fn push(&mut self, bytes: Bytes) {
        if !bytes.is_empty() {
            self.length += bytes.len() as u64;
            self.chunks.push_back(bytes);
        }
    }

    /// Bytes in all.
    pub fn len(&self) -> u64 {
        self.length
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.length == 0
    }

    /// The chunks in order.
    pub fn iter(&self) -> impl Iterator<Item = &Bytes> {
        self.chunks.iter()
    }

    /// The bytes `from..to`, sharing them.
    ///
    /// # Panics
    /// If the range is not within the body.
    pub fn slice(&self, from: u64, to: u64) -> Chunks {
        assert!(from <= to && to <= self.length, "{from}..{to} of {} bytes", self.length);
        let (mut part, mut at) = (Chunks::default(), 0);
        for chunk in &self.chunks {
            let end = at + chunk.len() as u64;
            let (begin, stop) = (from.clamp(at, end), to.clamp(at, end));
            part.push(chunk.slice((begin - at) as usize..(stop - at) as usize));
            at = end;
        }
        part
    }
}

impl From<Vec<u8>> for Chunks {
    fn from(bytes: Vec<u8>) -> Self {
        let mut chunks = Chunks::default();
        chunks.push(Bytes::from(bytes));
        chunks
    }
}

impl Body for Chunks {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(mut self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        let next = self.chunks.pop_front();
        self.length -= next.as_ref().map_or(0, |chunk| chunk.len() as u64);
        Poll::Ready(next.map(|chunk| Ok(Frame::data(chunk))))
    }

    fn is_end_stream(&self) -> bool {
        self.chunks.is_empty()
    }

    fn size_hint(&self) -> SizeHint {
        SizeHint::with_exact(self.length)
    }
}

/// `host:port`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Authority {
    /// A name or an address; IPv6 in brackets.
    pub host: String,
    /// TCP port.
    pub port: u16,
}

impl Authority {
    /// Reads `host:port`, with or without `http://` before it.
    pub fn parse(text: &str) -> Option<Authority> {
        let text = text.trim().trim_start_matches("http://").trim_end_matches('/');
        let (host, port) = text.rsplit_once(':')?;
        let host = host.trim();
        if host.is_empty() || host.contains(['/', '@', ' ']) {
            return None;
        }
        Some(Authority { host: host.into(), port: port.parse().ok().filter(|port| *port > 0)? })
    }
}

impl fmt::Display for Authority {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.host, self.port)
    }
}

/// A request as it goes out.
#[derive(Debug)]
pub struct Request<'a> {
    /// GET, PUT or POST.
    pub method: Method,
    /// Where to.
    pub to: &'a Authority,
    /// Path and query, beginning with `/`.
    pub path: &'a str,
    /// The host, and the length of a body, are added.
    pub headers: HeaderMap,
    /// May be empty.
    pub body: Chunks,
}

/// An answer as it came in.
#[derive(Debug)]
pub struct Response {
    /// HTTP status.
    pub status: u16,
    /// The header `Location`.
    pub location: Option<String>,
    /// All of the body.
    pub body: Bytes,
}

/// Why there is no answer.
#[derive(Debug)]
pub enum NoAnswer {
    /// No connection was made: the request has not arrived.
    Unreachable(String),
    /// The server's certificate is not accepted, or it has none: the request has not left, nor will it the next time.
    Untrusted(String),
    /// The connection broke or the time was up: whether the request took effect is not known.
    Unknown(String),
}

impl fmt::Display for NoAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoAnswer::Unreachable(reason) | NoAnswer::Untrusted(reason) | NoAnswer::Unknown(reason) => {
                f.write_str(reason)
            }
        }
    }
}

/// Connections to any number of hosts, reused where they are still good.
#[derive(Debug)]
pub struct Connections {
    idle: Mutex<HashMap<Authority, Vec<SendRequest<Chunks>>>>,
    connect_timeout: Duration,
    tls: Option<Tls>,
}

impl Connections {
    /// None yet. With `tls` all of them will be encrypted.
    pub fn new(connect_timeout: Duration, tls: Option<Tls>) -> Connections {
        Connections { idle: Mutex::default(), connect_timeout, tls }
    }

    /// Sends a request and reads the whole answer within `limit`, connecting included. Needs a Tokio runtime.
    ///
    /// # Errors
    /// [`NoAnswer`], with host and reason.
    pub async fn send(&self, request: Request<'_>, limit: Duration) -> Result<Response, NoAnswer> {
        let to = request.to.clone();
        match timeout(limit, self.exchange(request)).await {
            Ok(answer) => answer,
            Err(_) => Err(NoAnswer::Unknown(format!("{to} did not answer within {} s", limit.as_secs_f32()))),
        }
    }

    async fn exchange(&self, request: Request<'_>) -> Result<Response, NoAnswer> {
        let to = request.to;
        let unsendable = |e: &dyn fmt::Display| NoAnswer::Unreachable(format!("no request to {to} can be made: {e}"));
        let mut message = hyper::Request::new(request.body);
        *message.uri_mut() = request.path.parse().map_err(|e| unsendable(&e))?;
        *message.headers_mut() = request.headers;
        message.headers_mut().insert(HOST, to.to_string().try_into().map_err(|e| unsendable(&e))?);
        if request.method != Method::GET {
            let length = message.body().len();
            message.headers_mut().insert(CONTENT_LENGTH, length.into());
        }
        *message.method_mut() = request.method;
        let mut sender = match self.take_idle(to) {
            Some(sender) => sender,
            None => self.connect(to).await?,
        };
        let broken = |e: &dyn fmt::Display| NoAnswer::Unknown(format!("the connection to {to} broke: {e}"));
        let answer = sender.send_request(message).await.map_err(|e| broken(&Causes(&e)))?;
        let status = answer.status().as_u16();
        // A name of a table may be in it as it is.
        let location =
            answer.headers().get(LOCATION).map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
        let body = Limited::new(answer.into_body(), LONGEST_ANSWER).collect().await.map_err(|e| broken(&e))?.to_bytes();
        if sender.ready().await.is_ok() {
            self.keep(to, sender);
        }
        Ok(Response { status, location, body })
    }

    async fn connect(&self, to: &Authority) -> Result<SendRequest<Chunks>, NoAnswer> {
        let late =
            |_| NoAnswer::Unreachable(format!("no connection to {to} within {} s", self.connect_timeout.as_secs_f32()));
        timeout(self.connect_timeout, self.open(to)).await.map_err(late)?
    }

    async fn open(&self, to: &Authority) -> Result<SendRequest<Chunks>, NoAnswer> {
        let unreachable = |e: &dyn fmt::Display| NoAnswer::Unreachable(format!("no connection to {to}: {e}"));
        let host = to.host.trim_start_matches('[').trim_end_matches(']');
        let stream = TcpStream::connect((host, to.port)).await.map_err(|e| unreachable(&e))?;
        stream.set_nodelay(true).map_err(|e| unreachable(&e))?;
        match &self.tls {
            None => converse(stream).await.map_err(|e| unreachable(&e)),
            Some(tls) => match tls.connect(host, stream).await {
                Ok(stream) => converse(stream).await.map_err(|e| unreachable(&e)),
                Err(TlsError::Untrusted(text)) => Err(NoAnswer::Untrusted(text)),
                Err(TlsError::Broken(text)) => Err(NoAnswer::Unreachable(text)),
            },
        }
    }

    fn take_idle(&self, to: &Authority) -> Option<SendRequest<Chunks>> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let of_host = idle.get_mut(to)?;
        while let Some(sender) = of_host.pop() {
            if sender.is_ready() {
                return Some(sender);
            }
        }
        None
    }

    fn keep(&self, to: &Authority, sender: SendRequest<Chunks>) {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        let of_host = idle.entry(to.clone()).or_default();
        if of_host.len() < IDLE_A_HOST {
            of_host.push(sender);
        }
    }
}

async fn converse(
    stream: impl AsyncRead + AsyncWrite + Send + Unpin + 'static,
) -> Result<SendRequest<Chunks>, hyper::Error> {
    let (sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    // Ends with the sender; its error is the request's.
    tokio::spawn(connection);
    Ok(sender)
}

/// An error with its causes, which hyper's own text leaves out.
struct Causes<'a>(&'a hyper::Error);

impl fmt::Display for Causes<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)?;
        let mut cause = std::error::Error::source(self.0);
        while let Some(error) = cause {
            write!(f, ": {error}")?;
            cause = error.source();
        }
        Ok(())
    }
}
