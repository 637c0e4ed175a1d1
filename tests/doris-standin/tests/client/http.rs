//! A small HTTP client: one request a connection, headers as given, `Expect: 100-continue` waited for.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use std::io::{self, BufRead, BufReader, Write};
use std::net::TcpStream;
use std::time::Duration;

/// How a body is framed.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Transfer {
    /// `Content-Length`
    Length,
    /// `Transfer-Encoding: chunked`
    Chunked,
    /// Chunked, and `Content-Length: 0` besides.
    Both,
    /// Neither header, no body.
    None,
}

/// A request.
#[derive(Debug, Clone)]
pub struct Request<'a> {
    pub method: &'a str,
    /// `host:port`
    pub host: String,
    /// Path and query.
    pub path: String,
    /// In this order, before the framing.
    pub headers: Vec<(String, String)>,
    pub body: &'a [u8],
    pub transfer: Transfer,
}

/// A reply.
#[derive(Debug, Clone, Default)]
pub struct Reply {
    pub status: u16,
    /// Names in lower case.
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Reply {
    /// A header's value.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(found, _)| found == name).map(|(_, value)| value.as_str())
    }
}

/// The header of Basic authorization.
pub fn basic(user: &str, password: &str) -> (String, String) {
    ("Authorization".into(), format!("Basic {}", STANDARD.encode(format!("{user}:{password}"))))
}

/// Sends a request and follows at most one 307; the body goes only to the server that says 100 or that is asked last.
pub fn send(request: &Request) -> io::Result<Reply> {
    let reply = send_once(request)?;
    let Some(location) = reply.header("location").filter(|_| reply.status == 307) else { return Ok(reply) };
    let rest = location.split_once("://").map_or(location, |(_, rest)| rest);
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    send_once(&Request { host: host.to_owned(), path: format!("/{path}"), ..request.clone() })
}

/// Sends a request and follows nothing.
pub fn send_once(request: &Request) -> io::Result<Reply> {
    let mut stream = TcpStream::connect(&request.host)?;
    stream.set_read_timeout(Some(Duration::from_secs(60)))?;
    stream.set_nodelay(true)?;
    let mut head = format!("{} {} HTTP/1.1\r\nHost: {}\r\n", request.method, request.path, request.host);
    for (name, value) in &request.headers {
        head += &format!("{name}: {value}\r\n");
    }
    match request.transfer {
        Transfer::Length => head += &format!("Content-Length: {}\r\n", request.body.len()),
        Transfer::Chunked => head += "Transfer-Encoding: chunked\r\n",
        Transfer::Both => head += "Transfer-Encoding: chunked\r\nContent-Length: 0\r\n",
        Transfer::None => {}
    }
    head += "Connection: close\r\n\r\n";
    stream.write_all(head.as_bytes())?;
    let mut reader = BufReader::new(stream.try_clone()?);
    let expects = request.headers.iter().any(|(name, _)| name.eq_ignore_ascii_case("expect"));
    let mut reply = Reply::default();
    if expects {
        reply = read_head(&mut reader)?;
    }
    if !expects || reply.status == 100 {
        write_body(&mut stream, request)?;
        reply = read_head(&mut reader)?;
    }
    reply.body = read_body(&mut reader, &reply)?;
    Ok(reply)
}

fn write_body(stream: &mut TcpStream, request: &Request) -> io::Result<()> {
    match request.transfer {
        Transfer::Length => stream.write_all(request.body),
        Transfer::None => Ok(()),
        Transfer::Chunked | Transfer::Both => {
            for chunk in request.body.chunks(4096) {
                stream.write_all(format!("{:x}\r\n", chunk.len()).as_bytes())?;
                stream.write_all(chunk)?;
                stream.write_all(b"\r\n")?;
            }
            stream.write_all(b"0\r\n\r\n")
        }
    }
}

fn read_head(reader: &mut impl BufRead) -> io::Result<Reply> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let status = line.split(' ').nth(1).and_then(|status| status.parse().ok());
    let status = status.ok_or_else(|| io::Error::other(format!("no HTTP reply: {line:?}")))?;
    let mut reply = Reply { status, ..Reply::default() };
    loop {
        line.clear();
        reader.read_line(&mut line)?;
        match line.trim_end().split_once(':') {
            Some((name, value)) => reply.headers.push((name.to_lowercase(), value.trim().to_owned())),
            None => return Ok(reply),
        }
    }
}

fn read_body(reader: &mut impl BufRead, reply: &Reply) -> io::Result<String> {
    let mut bytes = Vec::new();
    if reply.header("transfer-encoding").is_some_and(|value| value.contains("chunked")) {
        loop {
            let mut size = String::new();
            reader.read_line(&mut size)?;
            let size = usize::from_str_radix(size.trim(), 16).map_err(io::Error::other)?;
            let from = bytes.len();
            bytes.resize(from + size + 2, 0);
            reader.read_exact(&mut bytes[from..])?;
            bytes.truncate(from + size);
            if size == 0 {
                break;
            }
        }
    } else if let Some(length) = reply.header("content-length").and_then(|length| length.parse().ok()) {
        bytes.resize(length, 0);
        reader.read_exact(&mut bytes)?;
    } else {
        reader.read_to_end(&mut bytes)?;
    }
    Ok(String::from_utf8_lossy(&bytes).into_owned())
}
