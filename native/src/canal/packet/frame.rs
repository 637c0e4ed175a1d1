//! Packet → the entries in it.

use super::wire::{Broken, Value, fields};
use flate2::read::{MultiGzDecoder, ZlibDecoder};
use std::io::Read;

/// Bytes of an unpacked body: what a packet of a few bytes may ask for.
const MAX_BODY: u64 = 256 << 20;

/// `PacketType.MESSAGES`.
const MESSAGES: u64 = 7;

/// Where the entries are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Frame {
    /// The body's first byte.
    pub start: usize,
    /// One past its last byte.
    pub end: usize,
    /// `Messages.batch_id`.
    pub batch: Option<i64>,
}

/// How the body is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Packing {
    None,
    Zlib,
    Gzip,
}

/// Reads the packet that the first `len` bytes of `buf` are. A packed body goes to `unpacked`, padded, and the frame is about that; else
/// `unpacked` is empty.
///
/// # Errors
/// No packet, one that holds no messages, or one whose entries do not lie in it from end to end. What the entries hold is not looked at.
pub(super) fn read(buf: &[u8], len: usize, unpacked: &mut Vec<u8>) -> Result<Frame, Broken> {
    unpacked.clear();
    if buf[0] == b'{' {
        let what = "JSON. A server with flatMessage = true writes that, and the format 'canal-json' reads it";
        return Err(Broken { at: 0, what });
    }
    let (mut kind, mut packing, mut body) = (0, Packing::None, None);
    for field in fields(buf, 0, len) {
        match field? {
            (3, Value::Number(number), _) => kind = number,
            (4, Value::Number(number), at) => packing = packing_of(number, at)?,
            (5, Value::Bytes(start, end), _) => body = Some((start, end)),
            _ => {}
        }
    }
    if kind != MESSAGES {
        return Err(Broken { at: 0, what: other_kind(kind) });
    }
    let Some(body) = body else {
        return Err(Broken { at: len, what: "a packet that ends before its body" });
    };
    if packing == Packing::None {
        return entries(buf, body.0, body.1);
    }
    unpack(packing, &buf[body.0..body.1], unpacked).map_err(|what| Broken { at: body.0, what })?;
    let len = unpacked.len();
    crate::json::pad(unpacked);
    entries(unpacked, 0, len)
}

/// `Compression`.
fn packing_of(number: u64, at: usize) -> Result<Packing, Broken> {
    match number {
        0 | 1 => Ok(Packing::None),
        2 => Ok(Packing::Zlib),
        3 => Ok(Packing::Gzip),
        4 => Err(Broken { at, what: "a body packed by LZF, which is not read here" }),
        _ => Err(Broken { at, what: "a body packed in a way that no Canal knows" }),
    }
}

fn other_kind(kind: u64) -> &'static str {
    match kind {
        1 => "a packet of the type HANDSHAKE, not MESSAGES",
        2 => "a packet of the type CLIENTAUTHENTICATION, not MESSAGES",
        3 => "a packet of the type ACK, not MESSAGES",
        4 => "a packet of the type SUBSCRIPTION, not MESSAGES",
        5 => "a packet of the type UNSUBSCRIPTION, not MESSAGES",
        6 => "a packet of the type GET, not MESSAGES",
        8 => "a packet of the type CLIENTACK, not MESSAGES",
        9 => "a packet of the type SHUTDOWN, not MESSAGES",
        10 => "a packet of the type DUMP, not MESSAGES",
        11 => "a packet of the type HEARTBEAT, not MESSAGES",
        12 => "a packet of the type CLIENTROLLBACK, not MESSAGES",
        _ => "no packet of the type MESSAGES",
    }
}

fn unpack(packing: Packing, body: &[u8], out: &mut Vec<u8>) -> Result<(), &'static str> {
    let read = match packing {
        Packing::Zlib => ZlibDecoder::new(body).take(MAX_BODY + 1).read_to_end(out),
        Packing::Gzip => MultiGzDecoder::new(body).take(MAX_BODY + 1).read_to_end(out),
        Packing::None => unreachable!("a body that is not packed"),
    };
    match read {
        Ok(len) if len as u64 > MAX_BODY => Err("a body of more than 256 MiB when unpacked"),
        Ok(_) => Ok(()),
        Err(_) => Err("a body that cannot be unpacked"),
    }
}

/// Walks from entry to entry.
fn entries(buf: &[u8], start: usize, end: usize) -> Result<Frame, Broken> {
    let mut frame = Frame { start, end, batch: None };
    for field in fields(buf, start, end) {
        if let (1, Value::Number(number), _) = field? {
            frame.batch = Some(number as i64);
        }
    }
    Ok(frame)
}
