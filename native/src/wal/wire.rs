//! A connection on which the server sends its log: PostgreSQL's protocol, as far as a reader of the log needs it.

use super::input::Input;
use super::position::Lsn;
use crate::error::{Error, Kind};
use crate::snapshot::postgres::server::SESSION;
use crate::snapshot::postgres::tls::Tls;
use crate::snapshot::quoted::{quoted_name, quoted_text};
use crate::snapshot::spec::{ReplicationSpec, SourceSpec};
use bytes::{Buf, BufMut, Bytes, BytesMut};
use postgres_protocol::authentication::md5_hash;
use postgres_protocol::authentication::sasl::{ChannelBinding, SCRAM_SHA_256, ScramSha256};
use postgres_protocol::message::frontend;
use std::fmt;
use std::io;
use std::time::Duration;
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio_postgres::tls::TlsConnect;

/// Longest message: no row is longer.
const LONGEST: usize = 1 << 30;

/// Bytes that are read at once, if there are as many.
const READ: usize = 64 << 10;

/// Amounts of money with two digits behind the point, whatever the database's locale says.
const MONEY: &str = "SET lc_monetary = 'C'";

/// Why something was not done.
#[derive(Debug)]
pub enum Failure {
    /// The server says so.
    Said(Said),
    /// The connection, or what came on it.
    Lost(String),
}

/// What the server says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    /// SQLSTATE.
    pub code: String,
    /// The message, with its detail and hint.
    pub text: String,
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Said(said) => f.write_str(&said.text),
            Failure::Lost(why) => f.write_str(why),
        }
    }
}

impl Failure {
    /// The server's code; nothing where it is not the server that says so.
    pub fn code(&self) -> &str {
        if let Failure::Said(said) = self { &said.code } else { "" }
    }
}

impl From<io::Error> for Failure {
    fn from(e: io::Error) -> Failure {
        Failure::Lost(e.to_string())
    }
}

impl From<Error> for Failure {
    fn from(e: Error) -> Failure {
        Failure::Lost(e.to_string())
    }
}

trait Duplex: AsyncRead + AsyncWrite + Unpin {}
impl<T: AsyncRead + AsyncWrite + Unpin> Duplex for T {}

/// A connection.
pub struct Wire {
    stream: Box<dyn Duplex>,
    came: BytesMut,
    goes: BytesMut,
}

/// What the server sends once its log is asked for.
#[derive(Debug, PartialEq, Eq)]
pub enum Sent {
    /// An event, as `pgoutput` writes it.
    Event(Bytes),
    /// All up to there was sent; it may want to know how far the reader is.
    Alive(Lsn, bool),
}

impl Wire {
    /// Connects as a reader of the log, in a session in which values have the texts that full data has.
    ///
    /// # Errors
    /// [`Failure`].
    pub async fn connect(spec: &SourceSpec) -> Result<Wire, Failure> {
        let limit = Duration::from_secs(spec.connect_seconds);
        let connected = tokio::time::timeout(limit, Wire::open(spec)).await;
        connected
            .unwrap_or_else(|_| Err(Failure::Lost(format!("the server did not answer within {} s", limit.as_secs()))))
    }

    async fn open(spec: &SourceSpec) -> Result<Wire, Failure> {
        let mut stream = TcpStream::connect((spec.host.as_str(), spec.port)).await?;
        stream.set_nodelay(true)?;
        let stream: Box<dyn Duplex> = match &spec.tls {
            None => Box::new(stream),
            Some(tls) => {
                let tls = Tls::new(tls, &spec.host)?;
                let mut ask = BytesMut::new();
                frontend::ssl_request(&mut ask);
                stream.write_all(&ask).await?;
                if stream.read_u8().await? != b'S' {
                    return Err(Failure::Lost("the server has no TLS; look at its ssl setting".into()));
                }
                Box::new(tls.connect(stream).await?)
            }
        };
        let mut wire = Wire { stream, came: BytesMut::new(), goes: BytesMut::new() };
        let parameters = [
            ("user", spec.user.as_str()),
            ("database", spec.database.as_str()),
            ("replication", "database"),
            ("client_encoding", "UTF8"),
            ("application_name", "canal-native"),
        ];
        frontend::startup_message(parameters, &mut wire.goes)?;
        wire.flush().await?;
        wire.authenticate(spec).await?;
        wire.until_ready().await?;
        for statement in SESSION.split("; ").chain([MONEY]) {
            wire.run(statement).await?;
        }
        Ok(wire)
    }

    async fn authenticate(&mut self, spec: &SourceSpec) -> Result<(), Failure> {
        let password = spec.password.as_bytes();
        let mut scram = ScramSha256::new(password, ChannelBinding::unsupported());
        loop {
            let (tag, body) = self.message().await?;
            let mut input = Input::new(&body);
            if tag != b'R' {
                continue;
            }
            match input.u32()? {
                // It lets the user in.
                0 => return Ok(()),
                3 => frontend::password_message(password, &mut self.goes)?,
                5 => {
                    let salt = input.u32()?.to_be_bytes();
                    let hash = md5_hash(spec.user.as_bytes(), password, salt);
                    frontend::password_message(hash.as_bytes(), &mut self.goes)?;
                }
                10 => frontend::sasl_initial_response(SCRAM_SHA_256, scram.message(), &mut self.goes)?,
                11 => {
                    scram.update(input.rest())?;
                    frontend::sasl_response(scram.message(), &mut self.goes)?;
                }
                12 => scram.finish(input.rest())?,
                other => {
                    let text = format!(
                        "the server wants to be shown who asks in a way ({other}) other than a password; look at pg_hba.conf"
                    );
                    return Err(Failure::Lost(text));
                }
            }
            self.flush().await?;
        }
    }

    async fn until_ready(&mut self) -> Result<(), Failure> {
        while self.message().await?.0 != b'Z' {}
        Ok(())
    }

    async fn run(&mut self, statement: &str) -> Result<(), Failure> {
        frontend::query(statement, &mut self.goes)?;
        self.flush().await?;
        self.until_ready().await
    }

    /// Asks for the log from `from` on.
    ///
    /// # Errors
    /// [`Failure`]: the slot is in use, or is none, or the user may not.
    pub async fn start(&mut self, replication: &ReplicationSpec, from: Lsn) -> Result<(), Failure> {
        let publication = quoted_text(&quoted_name(&replication.publication));
        let statement = format!(
            "START_REPLICATION SLOT {} LOGICAL {from} (proto_version '1', publication_names {publication})",
            quoted_name(&replication.slot)
        );
        frontend::query(&statement, &mut self.goes)?;
        self.flush().await?;
        loop {
            match self.message().await?.0 {
                b'W' => return Ok(()),
                b'Z' => return Err(Failure::Lost("the server did not begin to send its log".into())),
                _ => {}
            }
        }
    }

    /// What the server sends next. Nothing is lost if the wait for it is given up.
    ///
    /// # Errors
    /// [`Failure`]: it ends the log, or the connection is lost.
    pub async fn next(&mut self) -> Result<Sent, Failure> {
        loop {
            let (tag, mut body) = self.message().await?;
            match tag {
                b'd' if body.first() == Some(&b'w') => {
                    const HEAD: usize = 1 + 8 + 8 + 8;
                    if body.len() < HEAD {
                        return Err(Failure::Lost("an event of the server's log has no beginning".into()));
                    }
                    body.advance(HEAD);
                    return Ok(Sent::Event(body));
                }
                b'd' if body.first() == Some(&b'k') => {
                    let mut input = Input::new(&body[1..]);
                    let end = Lsn(input.u64()?);
                    input.i64()?;
                    return Ok(Sent::Alive(end, input.u8()? == 1));
                }
                b'c' | b'Z' => {
                    return Err(Failure::Lost("the server has ended its log, as it does when it is shut down".into()));
                }
                _ => {}
            }
        }
    }

    /// Says how far the reader is: `written` has come, `flushed` is not needed any more. Asks the server to say how far it is.
    ///
    /// # Errors
    /// The connection is lost.
    pub async fn status(&mut self, written: Lsn, flushed: Lsn) -> Result<(), Failure> {
        const LEN: i32 = 4 + 1 + 4 * 8 + 1;
        self.goes.put_u8(b'd');
        self.goes.put_i32(LEN);
        self.goes.put_u8(b'r');
        for place in [written, flushed, flushed] {
            self.goes.put_u64(place.0);
        }
        // Its clock is of interest to nobody.
        self.goes.put_i64(0);
        self.goes.put_u8(1);
        self.flush().await
    }

    async fn flush(&mut self) -> Result<(), Failure> {
        let goes = self.goes.split();
        self.stream.write_all(&goes).await?;
        self.stream.flush().await?;
        Ok(())
    }

    /// The next message but for notices and settings, its kind first.
    async fn message(&mut self) -> Result<(u8, Bytes), Failure> {
        loop {
            while self.came.len() < 5 || self.came.len() < length(&self.came)? + 1 {
                self.came.reserve(READ);
                if self.stream.read_buf(&mut self.came).await? == 0 {
                    return Err(Failure::Lost("the server has closed the connection".into()));
                }
            }
            let len = length(&self.came)? + 1;
            let mut body = self.came.split_to(len).freeze();
            let tag = body.get_u8();
            body.advance(4);
            match tag {
                b'E' => return Err(Failure::Said(said(&body)?)),
                b'N' | b'S' | b'K' | b'A' => {}
                _ => return Ok((tag, body)),
            }
        }
    }
}

/// Of a message, with the four bytes that say it.
fn length(came: &[u8]) -> Result<usize, Failure> {
    let len = Input::new(&came[1..]).u32()? as usize;
    if !(4..=LONGEST).contains(&len) {
        return Err(Failure::Lost(format!(
            "a message of the server's has {len} bytes, so it is not PostgreSQL that answers"
        )));
    }
    Ok(len)
}

fn said(body: &[u8]) -> Result<Said, Error> {
    let mut input = Input::new(body);
    let (mut code, mut text, mut more) = (String::new(), String::new(), String::new());
    loop {
        match input.u8()? {
            0 => break,
            b'C' => code = input.text()?.to_string(),
            b'M' => text = input.text()?.to_string(),
            b'D' | b'H' => more.push_str(&format!(" ({})", input.text()?)),
            _ => _ = input.text()?,
        }
    }
    Ok(Said { code, text: text + &more })
}

/// What a server that does not let a reader in says, with what to do.
pub fn refused(failure: &Failure, spec: &SourceSpec) -> Error {
    let what = match failure.code() {
        "28P01" | "28000" => {
            format!("the server does not let {} in; look at the user, its password, and pg_hba.conf", spec.user)
        }
        "42501" => format!("{} may not read the server's log; ALTER ROLE {} REPLICATION", spec.user, quoted_name(&spec.user)),
        "53300" => "no connection for a reader of the log is free; raise max_wal_senders (and max_connections), and restart the server".into(),
        "" => "the server's log cannot be asked for; look at host, port and firewall".into(),
        _ => "the server does not send its log".into(),
    };
    Error::new(Kind::Source, format!("{what}: {failure}"))
}
