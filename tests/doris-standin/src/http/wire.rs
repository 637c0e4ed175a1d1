//! HTTP/1.1 on a socket, by hand: a stand-in must see headers that a library would hide (length and chunking together),
//! send `100 Continue` when Doris does and not before, and break connections at a chosen byte.

use super::tls::Socket;
use memchr::memmem;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

const MAX_HEAD: usize = 64 * 1024;
/// How long the server reads on after it answered before the body was all there, so that the answer is not lost to a
/// reset.
const LINGER: Duration = Duration::from_secs(5);

/// The head of a request.
#[derive(Clone, Debug)]
pub struct Request {
    /// Method, upper case.
    pub method: String,
    /// Target without its query, percent-decoded.
    pub path: String,
    /// Query parameters, percent-decoded.
    pub query: Vec<(String, String)>,
    headers: Vec<(String, String)>,
}

/// How a body is delimited.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Framing {
    /// Neither length nor chunking.
    None,
    /// `Content-Length`.
    Length(u64),
    /// `Transfer-Encoding: chunked`.
    Chunked,
    /// Both.
    Both,
}

impl Request {
    /// A header's value; an empty one counts as absent.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(n, _)| n.eq_ignore_ascii_case(name));
        found.map(|(_, v)| v.as_str()).filter(|v| !v.is_empty())
    }

    /// A query parameter.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        self.query.iter().find(|(n, _)| n == name).map(|(_, v)| v.as_str())
    }

    /// How the body is delimited.
    pub fn framing(&self) -> Framing {
        let chunked = self.header("transfer-encoding").is_some_and(|v| v.eq_ignore_ascii_case("chunked"));
        let length = self.header("content-length").and_then(|v| v.trim().parse().ok());
        match (chunked, length) {
            (true, Some(_)) => Framing::Both,
            (true, None) => Framing::Chunked,
            (false, Some(n)) => Framing::Length(n),
            (false, None) => Framing::None,
        }
    }

    /// User and password of Basic authorization; `None` if there is none or it cannot be read.
    pub fn basic(&self) -> Option<(String, String)> {
        use base64::Engine as _;
        let encoded = self.header("authorization")?.strip_prefix("Basic ")?;
        let decoded = base64::engine::general_purpose::STANDARD.decode(encoded.trim()).ok()?;
        let (user, password) = std::str::from_utf8(&decoded).ok()?.split_once(':')?;
        Some((user.to_owned(), password.to_owned()))
    }

    fn parse(head: &[u8]) -> Option<Request> {
        let mut headers = [httparse::EMPTY_HEADER; 128];
        let mut parsed = httparse::Request::new(&mut headers);
        parsed.parse(head).ok().filter(|s| s.is_complete())?;
        let target = parsed.path?;
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        let pairs = query.split('&').filter(|p| !p.is_empty());
        let pairs = pairs.map(|p| p.split_once('=').unwrap_or((p, "")));
        let header = |h: &httparse::Header| (h.name.to_owned(), String::from_utf8_lossy(h.value).trim().to_owned());
        Some(Request {
            method: parsed.method?.to_ascii_uppercase(),
            path: percent_decoded(path),
            query: pairs.map(|(k, v)| (percent_decoded(k), percent_decoded(v))).collect(),
            headers: parsed.headers.iter().map(header).collect(),
        })
    }
}

/// `%41` to `A`; what is no escape stays.
pub fn percent_decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut i = 0;
    while i < bytes.len() {
        let hex = bytes.get(i + 1..i + 3).filter(|_| bytes[i] == b'%');
        let value = hex.and_then(|h| std::str::from_utf8(h).ok()).and_then(|h| u8::from_str_radix(h, 16).ok());
        out.push(value.unwrap_or(bytes[i]));
        i += if value.is_some() { 3 } else { 1 };
    }
    String::from_utf8_lossy(&out).into_owned()
}

/// A reply.
#[derive(Clone, Debug)]
pub struct Reply {
    /// Status.
    pub status: u16,
    /// Headers besides length and connection.
    pub headers: Vec<(&'static str, String)>,
    /// Body.
    pub body: String,
}

impl Reply {
    /// 200 with JSON.
    pub fn json(body: impl ToString) -> Reply {
        Reply { status: 200, headers: vec![("Content-Type", "application/json".into())], body: body.to_string() }
    }

    /// Any status with text.
    pub fn text(status: u16, body: impl Into<String>) -> Reply {
        Reply { status, headers: vec![("Content-Type", "text/plain;charset=UTF-8".into())], body: body.into() }
    }

    fn reason(&self) -> &'static str {
        match self.status {
            200 => "OK",
            307 => "Temporary Redirect",
            400 => "Bad Request",
            401 => "Unauthorized",
            404 => "Not Found",
            503 => "Service Unavailable",
            _ => "Error",
        }
    }
}

/// A client's connection.
pub struct Connection {
    stream: Socket,
    /// Bytes read and not yet used.
    buffer: Vec<u8>,
    from: usize,
    body_left: bool,
    awaits_continue: bool,
    /// Bytes a second.
    rate: Option<u64>,
}

impl Connection {
    /// Of an accepted socket.
    pub fn new(stream: Socket) -> Connection {
        let _ = stream.tcp().set_nodelay(true);
        Connection {
            stream,
            buffer: Vec::with_capacity(64 * 1024),
            from: 0,
            body_left: false,
            awaits_continue: false,
            rate: None,
        }
    }

    /// Reads the next body at this many bytes a second at most.
    pub fn throttle(&mut self, bytes_a_second: u64) {
        self.rate = Some(bytes_a_second.max(1));
    }

    async fn fill(&mut self) -> io::Result<usize> {
        if self.from > 0 {
            self.buffer.drain(..self.from);
            self.from = 0;
        }
        self.buffer.reserve(64 * 1024);
        self.stream.read_buf(&mut self.buffer).await
    }

    /// The next request's head; `None` when the client is done.
    pub async fn request(&mut self) -> io::Result<Option<Request>> {
        loop {
            // A client that speaks TLS to a port that does not.
            if self.buffer.get(self.from).is_some_and(|first| *first == 0x16) {
                self.stream
                    .write_all(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\nContent-Length: 0\r\n\r\n")
                    .await?;
                return Err(io::ErrorKind::InvalidData.into());
            }
            if let Some(end) = memmem::find(&self.buffer[self.from..], b"\r\n\r\n") {
                let head = &self.buffer[self.from..self.from + end + 4];
                let request = Request::parse(head).ok_or(io::ErrorKind::InvalidData)?;
                self.from += end + 4;
                self.body_left = !matches!(request.framing(), Framing::None | Framing::Length(0));
                self.awaits_continue = request.header("expect").is_some();
                return Ok(Some(request));
            }
            if self.buffer.len() - self.from > MAX_HEAD {
                return Err(io::ErrorKind::InvalidData.into());
            }
            if self.fill().await? == 0 {
                return Ok(None);
            }
        }
    }

    /// Reads the body, piece by piece, into `take`. Sends `100 Continue` first if the client waits for it.
    pub async fn body(&mut self, framing: Framing, mut take: impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        if self.awaits_continue {
            self.stream.write_all(b"HTTP/1.1 100 Continue\r\n\r\n").await?;
            self.stream.flush().await?;
            self.awaits_continue = false;
        }
        match framing {
            Framing::None => {}
            Framing::Length(n) => self.exactly(n, &mut take).await?,
            Framing::Chunked | Framing::Both => loop {
                let line = self.line().await?;
                let size = line.split(';').next().unwrap_or("").trim();
                let size = u64::from_str_radix(size, 16).map_err(|_| io::ErrorKind::InvalidData)?;
                if size == 0 {
                    while !self.line().await?.is_empty() {}
                    break;
                }
                self.exactly(size, &mut take).await?;
                self.line().await?;
            },
        }
        self.body_left = false;
        self.rate = None;
        Ok(())
    }

    async fn exactly(&mut self, mut n: u64, take: &mut impl FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        while n > 0 {
            let ready = &self.buffer[self.from..];
            if ready.is_empty() {
                if self.fill().await? == 0 {
                    return Err(io::ErrorKind::UnexpectedEof.into());
                }
                continue;
            }
            let piece = ready.len().min(n.try_into().unwrap_or(usize::MAX));
            let piece = self.rate.map_or(piece, |rate| piece.min((rate / 10).max(1) as usize));
            take(&ready[..piece])?;
            self.from += piece;
            n -= piece as u64;
            if let Some(rate) = self.rate {
                tokio::time::sleep(Duration::from_secs_f64(piece as f64 / rate as f64)).await;
            }
        }
        Ok(())
    }

    async fn line(&mut self) -> io::Result<String> {
        loop {
            let ready = &self.buffer[self.from..];
            if let Some(end) = memchr::memchr(b'\n', ready) {
                let line = String::from_utf8_lossy(&ready[..end]).trim_end().to_owned();
                self.from += end + 1;
                return Ok(line);
            }
            if ready.len() > MAX_HEAD {
                return Err(io::ErrorKind::InvalidData.into());
            }
            if self.fill().await? == 0 {
                return Err(io::ErrorKind::UnexpectedEof.into());
            }
        }
    }

    /// Sends a reply. False: the connection is over, because a body was left unread.
    pub async fn reply(&mut self, reply: &Reply) -> io::Result<bool> {
        let mut head = format!("HTTP/1.1 {} {}\r\n", reply.status, reply.reason());
        for (name, value) in &reply.headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        if self.body_left {
            head.push_str("Connection: close\r\n");
        }
        head.push_str(&format!("Content-Length: {}\r\n\r\n", reply.body.len()));
        head.push_str(&reply.body);
        self.stream.write_all(head.as_bytes()).await?;
        self.stream.flush().await?;
        if self.body_left {
            self.linger().await;
        }
        Ok(!self.body_left)
    }

    async fn linger(&mut self) {
        let _ = self.stream.shutdown().await;
        let rest = async {
            let mut scratch = vec![0; 64 * 1024];
            while matches!(self.stream.read(&mut scratch).await, Ok(n) if n > 0) {}
        };
        let _ = tokio::time::timeout(LINGER, rest).await;
    }

    /// Ends the connection with a reset, as a process that dies does.
    pub fn cut(self) {
        #[allow(deprecated)] // A linger of zero never blocks; the warning is about longer ones.
        let _ = self.stream.tcp().set_linger(Some(Duration::ZERO));
    }
}
