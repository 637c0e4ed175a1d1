//! A small MySQL client: text and prepared statements, every value as text.

use sha1::{Digest, Sha1};
use std::io::{self, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// A connection.
pub struct Client {
    stream: TcpStream,
    sequence: u8,
}

/// What a statement gave.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Answer {
    /// Names of the columns; none without a result set.
    pub columns: Vec<String>,
    /// MySQL's numbers of the columns' types.
    pub types: Vec<u8>,
    /// The rows.
    pub rows: Vec<Vec<Option<String>>>,
    /// Of a statement without a result set.
    pub affected: u64,
    /// What the OK packet says.
    pub info: String,
}

/// An error packet, or a broken connection (number 0).
#[derive(Debug, Clone, PartialEq)]
pub struct Refusal {
    pub code: u16,
    pub message: String,
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Refusal {
        Refusal { code: 0, message: format!("connection: {error}") }
    }
}

type Answered = Result<Answer, Refusal>;

// CLIENT_LONG_PASSWORD, CONNECT_WITH_DB, PROTOCOL_41, SECURE_CONNECTION, MULTI_STATEMENTS, MULTI_RESULTS, PLUGIN_AUTH
const CAPABILITIES: u32 = 0x1 | 0x8 | 0x200 | 0x8000 | 0x1_0000 | 0x2_0000 | 0x8_0000;
const MORE_RESULTS: u16 = 0x8;

impl Client {
    /// Connects to loopback; `database` may be empty.
    pub fn connect(port: u16, user: &str, password: &str, database: &str) -> Result<Client, Refusal> {
        let stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.set_read_timeout(Some(Duration::from_secs(60)))?;
        stream.set_nodelay(true)?;
        let mut client = Client { stream, sequence: 0 };
        let greeting = client.read_packet()?;
        let salt = salt_of(&greeting);
        let mut packet = Vec::new();
        let with_database = if database.is_empty() { CAPABILITIES & !0x8 } else { CAPABILITIES };
        packet.extend(with_database.to_le_bytes());
        packet.extend(0x100_0000_u32.to_le_bytes());
        packet.push(45);
        packet.extend([0; 23]);
        packet.extend(user.bytes().chain([0]));
        let answer = native_password(password, &salt);
        packet.push(answer.len() as u8);
        packet.extend(answer);
        if !database.is_empty() {
            packet.extend(database.bytes().chain([0]));
        }
        packet.extend(b"mysql_native_password\0");
        client.write_packet(&packet)?;
        let reply = client.read_packet()?;
        match reply.first() {
            Some(0) => Ok(client),
            Some(0xff) => Err(refusal(&reply)),
            _ => Err(Refusal { code: 0, message: "the server asks for another way to log in".into() }),
        }
    }

    /// Runs a text of one statement.
    pub fn run(&mut self, text: &str) -> Answered {
        Ok(self.run_all(text)?.pop().unwrap_or_default())
    }

    /// Runs a text of several statements.
    pub fn run_all(&mut self, text: &str) -> Result<Vec<Answer>, Refusal> {
        self.command(3, text.as_bytes())?;
        let mut answers = Vec::new();
        loop {
            let (answer, more) = self.read_answer(false)?;
            answers.push(answer);
            if !more {
                return Ok(answers);
            }
        }
    }

    /// The rows of a query.
    pub fn rows(&mut self, text: &str) -> Result<Vec<Vec<Option<String>>>, Refusal> {
        Ok(self.run(text)?.rows)
    }

    /// Prepares and executes with text parameters; None is NULL.
    pub fn execute(&mut self, text: &str, parameters: &[Option<&str>]) -> Answered {
        self.command(0x16, text.as_bytes())?;
        let reply = self.read_packet()?;
        if reply.first() == Some(&0xff) {
            return Err(refusal(&reply));
        }
        let id = &reply[1..5];
        let (columns, count) = (u16::from_le_bytes([reply[5], reply[6]]), u16::from_le_bytes([reply[7], reply[8]]));
        for group in [count, columns] {
            if group > 0 {
                // The definitions and their EOF.
                for _ in 0..=group {
                    self.read_packet()?;
                }
            }
        }
        let mut body = id.to_vec();
        body.extend([0, 1, 0, 0, 0]);
        if !parameters.is_empty() {
            let mut nulls = vec![0_u8; parameters.len().div_ceil(8)];
            for (index, _) in parameters.iter().enumerate().filter(|(_, value)| value.is_none()) {
                nulls[index / 8] |= 1 << (index % 8);
            }
            body.extend(nulls);
            body.push(1);
            body.extend(parameters.iter().flat_map(|_| [0xfd, 0]));
            for text in parameters.iter().flatten() {
                body.push(text.len() as u8);
                body.extend(text.bytes());
            }
        }
        self.command(0x17, &body)?;
        Ok(self.read_answer(true)?.0)
    }

    fn command(&mut self, number: u8, body: &[u8]) -> io::Result<()> {
        self.sequence = 0;
        let mut packet = vec![number];
        packet.extend(body);
        self.write_packet(&packet)
    }

    fn read_answer(&mut self, binary: bool) -> Result<(Answer, bool), Refusal> {
        let first = self.read_packet()?;
        match first.first() {
            Some(0xff) => return Err(refusal(&first)),
            Some(0) => return Ok(ok_packet(&first)),
            _ => {}
        }
        let mut at = 0;
        let count = length(&first, &mut at);
        let mut answer = Answer::default();
        for _ in 0..count {
            let definition = self.read_packet()?;
            let mut at = 0;
            let texts: Vec<String> = (0..6).map(|_| text(&definition, &mut at)).collect();
            answer.columns.push(texts[4].clone());
            answer.types.push(definition[at + 7]);
        }
        self.read_packet()?;
        loop {
            let packet = self.read_packet()?;
            match packet.first() {
                Some(0xff) => return Err(refusal(&packet)),
                Some(0xfe) if packet.len() < 9 => {
                    return Ok((answer, u16::from_le_bytes([packet[3], packet[4]]) & MORE_RESULTS != 0));
                }
                _ => answer.rows.push(row(&packet, count as usize, binary)),
            }
        }
    }

    fn read_packet(&mut self) -> io::Result<Vec<u8>> {
        let mut all = Vec::new();
        loop {
            let mut head = [0; 4];
            self.stream.read_exact(&mut head)?;
            let length = u32::from_le_bytes([head[0], head[1], head[2], 0]) as usize;
            self.sequence = head[3].wrapping_add(1);
            let from = all.len();
            all.resize(from + length, 0);
            self.stream.read_exact(&mut all[from..])?;
            if length < 0xff_ffff {
                return Ok(all);
            }
        }
    }

    fn write_packet(&mut self, body: &[u8]) -> io::Result<()> {
        assert!(body.len() < 0xff_ffff, "a statement of the tests fits into one packet");
        let mut packet = (body.len() as u32).to_le_bytes()[..3].to_vec();
        packet.push(self.sequence);
        packet.extend(body);
        self.stream.write_all(&packet)
    }
}

fn salt_of(greeting: &[u8]) -> Vec<u8> {
    let version = greeting.iter().skip(1).position(|byte| *byte == 0).unwrap_or(0) + 2;
    let first = &greeting[version + 4..version + 12];
    let second = &greeting[version + 31..version + 43];
    [first, second].concat()
}

fn native_password(password: &str, salt: &[u8]) -> Vec<u8> {
    if password.is_empty() {
        return Vec::new();
    }
    let once = Sha1::digest(password);
    let twice = Sha1::digest(once);
    let salted = Sha1::digest([salt, &twice].concat());
    once.iter().zip(salted).map(|(left, right)| left ^ right).collect()
}

fn refusal(packet: &[u8]) -> Refusal {
    let code = u16::from_le_bytes([packet[1], packet[2]]);
    let from = if packet.get(3) == Some(&b'#') { 9 } else { 3 };
    Refusal { code, message: String::from_utf8_lossy(&packet[from..]).into_owned() }
}

fn ok_packet(packet: &[u8]) -> (Answer, bool) {
    let mut at = 1;
    let affected = length(packet, &mut at);
    length(packet, &mut at);
    let status = u16::from_le_bytes([packet[at], packet[at + 1]]);
    let info = packet.get(at + 4..).unwrap_or_default();
    // With or without a length before it.
    let start = usize::from(info.first().is_some_and(|first| usize::from(*first) + 1 == info.len()));
    let info = String::from_utf8_lossy(&info[start..]).into_owned();
    (Answer { affected, info, ..Answer::default() }, status & MORE_RESULTS != 0)
}

fn row(packet: &[u8], count: usize, binary: bool) -> Vec<Option<String>> {
    let mut at = if binary { 1 + (count + 9) / 8 } else { 0 };
    let is_null = |index: usize, at: usize| match binary {
        true => packet[1 + (index + 2) / 8] & (1 << ((index + 2) % 8)) != 0,
        false => packet[at] == 0xfb,
    };
    let mut cells = Vec::new();
    for index in 0..count {
        if is_null(index, at) {
            at += usize::from(!binary);
            cells.push(None);
        } else {
            cells.push(Some(text(packet, &mut at)));
        }
    }
    cells
}

/// A length-encoded number.
fn length(packet: &[u8], at: &mut usize) -> u64 {
    let size = match packet[*at] {
        0xfc => 2,
        0xfd => 3,
        0xfe => 8,
        small => {
            *at += 1;
            return small.into();
        }
    };
    let mut bytes = [0; 8];
    bytes[..size].copy_from_slice(&packet[*at + 1..*at + 1 + size]);
    *at += 1 + size;
    u64::from_le_bytes(bytes)
}

fn text(packet: &[u8], at: &mut usize) -> String {
    let size = length(packet, at) as usize;
    let bytes = &packet[*at..*at + size];
    *at += size;
    String::from_utf8_lossy(bytes).into_owned()
}
