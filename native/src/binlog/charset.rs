//! Character sets of texts in the log. What each code means is asked of the server itself, so that a text becomes what a SELECT would make of it.

use crate::error::{Error, Kind};
use crate::snapshot::mysql::server::texts;
use mysql_async::Conn;
use std::collections::BTreeMap;
use std::ops::RangeInclusive;

/// How bytes are made characters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Charset {
    /// As it is: utf8mb4, utf8mb3, ascii.
    Utf8,
    /// Two bytes, or a pair of twos: ucs2, utf16.
    Utf16 {
        /// Which byte comes first.
        little: bool,
    },
    /// Four bytes, the highest first.
    Utf32,
    /// One to three bytes, by tables.
    Codes(Box<Codes>),
}

/// What the codes of a character set mean.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Codes {
    /// Codes of one byte; None where more follow.
    single: Vec<Option<char>>,
    /// Codes of two bytes, by both.
    double: BTreeMap<[u8; 2], char>,
    /// Codes of 0x8F and two more bytes.
    triple: BTreeMap<[u8; 2], char>,
}

/// Bytes that begin a code of two, and those that may end it.
type Range = (&'static [RangeInclusive<u8>], &'static [RangeInclusive<u8>]);

/// Character sets whose codes have one byte.
const SINGLE: [&str; 27] = [
    "latin1", "latin2", "latin5", "latin7", "cp1250", "cp1251", "cp1256", "cp1257", "cp850", "cp852", "cp866", "koi8r",
    "koi8u", "hebrew", "greek", "tis620", "armscii8", "geostd8", "macce", "macroman", "dec8", "hp8", "swe7", "keybcs2",
    "latin3", "latin4", "cp1252",
];

/// Those whose codes have two.
fn double(name: &str) -> Option<Range> {
    Some(match name {
        "gbk" => (&[0x81..=0xFE], &[0x40..=0x7E, 0x80..=0xFE]),
        "big5" => (&[0xA1..=0xF9], &[0x40..=0x7E, 0xA1..=0xFE]),
        "gb2312" => (&[0xA1..=0xF7], &[0xA1..=0xFE]),
        "euckr" => (&[0x81..=0xFE], &[0x41..=0x5A, 0x61..=0x7A, 0x81..=0xFE]),
        "sjis" | "cp932" => (&[0x81..=0x9F, 0xE0..=0xFC], &[0x40..=0x7E, 0x80..=0xFC]),
        "ujis" | "eucjpms" => (&[0xA1..=0xFE], &[0xA1..=0xFE]),
        _ => return None,
    })
}

impl Charset {
    /// A character set that needs no tables.
    pub fn plain(name: &str) -> Option<Charset> {
        Some(match name {
            "utf8mb4" | "utf8mb3" | "utf8" | "ascii" | "binary" => Charset::Utf8,
            "ucs2" | "utf16" => Charset::Utf16 { little: false },
            "utf16le" => Charset::Utf16 { little: true },
            "utf32" => Charset::Utf32,
            _ => return None,
        })
    }

    /// The character set of that name.
    ///
    /// # Errors
    /// The server does not answer, or the set's codes have four bytes (gb18030).
    pub async fn ask(conn: &mut Conn, name: &str) -> Result<Charset, Error> {
        match Charset::plain(name) {
            Some(plain) => Ok(plain),
            None => Ok(Charset::of(Charset::codes(conn, name).await?)),
        }
    }

    /// A character set of codes of one to three bytes; None of one that means nothing.
    pub fn of(codes: impl IntoIterator<Item = (Vec<u8>, Option<char>)>) -> Charset {
        let mut set = Codes { single: vec![None; 256], ..Codes::default() };
        for (code, char) in codes {
            match (code.as_slice(), char) {
                ([alone], char) => set.single[usize::from(*alone)] = char,
                ([first, second], Some(char)) => drop(set.double.insert([*first, *second], char)),
                ([_, second, third], Some(char)) => drop(set.triple.insert([*second, *third], char)),
                _ => {}
            }
        }
        Charset::Codes(Box::new(set))
    }

    /// All codes of a character set that needs tables, and what the server makes of them.
    ///
    /// # Errors
    /// As of [`ask`](Self::ask).
    pub async fn codes(conn: &mut Conn, name: &str) -> Result<Vec<(Vec<u8>, Option<char>)>, Error> {
        let range = double(name);
        if range.is_none() && !SINGLE.contains(&name) {
            return Err(Error::new(
                Kind::Source,
                format!(
                    "texts in the character set {name} cannot be read from the binary log; convert the columns to utf8mb4, or leave their tables out by \
                     tables.exclude"
                ),
            ));
        }
        let (leads, trails) = range.unwrap_or((&[], &[]));
        let is_lead = |byte: u8| leads.iter().any(|range| range.contains(&byte));
        let alone: Vec<Vec<u8>> = (0..=255).filter(|byte| !is_lead(*byte)).map(|byte| vec![byte]).collect();
        let mut codes = ask(conn, name, &alone).await?;
        let prefixes: &[&[u8]] = if matches!(name, "ujis" | "eucjpms") { &[&[], &[0x8F]] } else { &[&[]] };
        let kana: &[(RangeInclusive<u8>, RangeInclusive<u8>)] =
            if prefixes.len() > 1 { &[(0x8E..=0x8E, 0xA1..=0xDF)] } else { &[] };
        for prefix in prefixes {
            let pairs = leads.iter().flat_map(|lead| trails.iter().map(move |trail| (lead.clone(), trail.clone())));
            for (lead, trail) in pairs.chain(kana.iter().cloned()) {
                for first in lead {
                    let all: Vec<Vec<u8>> =
                        trail.clone().map(|second| [prefix, [first, second].as_slice()].concat()).collect();
                    codes.extend(ask(conn, name, &all).await?.into_iter().filter(|(_, char)| char.is_some()));
                }
            }
        }
        Ok(codes)
    }

    /// Writes the characters of `text` as UTF-8. What is no code becomes `?`, as the server has it.
    pub fn decode(&self, text: &[u8], to: &mut Vec<u8>) {
        match self {
            Charset::Utf8 => to.extend_from_slice(text),
            Charset::Utf16 { little } => {
                let unit = |pair: &[u8]| match (pair, little) {
                    ([a, b], false) => u16::from_be_bytes([*a, *b]),
                    ([a, b], true) => u16::from_le_bytes([*a, *b]),
                    _ => u16::from(b'?'),
                };
                char::decode_utf16(text.chunks(2).map(unit)).for_each(|char| put(char.ok(), to));
            }
            Charset::Utf32 => {
                for code in text.chunks(4) {
                    put(code.try_into().ok().and_then(|code| char::from_u32(u32::from_be_bytes(code))), to);
                }
            }
            Charset::Codes(codes) => codes.decode(text, to),
        }
    }
}

fn put(char: Option<char>, to: &mut Vec<u8>) {
    to.extend_from_slice(char.unwrap_or('?').encode_utf8(&mut [0; 4]).as_bytes());
}

impl Codes {
    fn decode(&self, mut text: &[u8], to: &mut Vec<u8>) {
        while let Some((first, rest)) = text.split_first() {
            text = rest;
            if *first < 0x80 && self.single[usize::from(*first)] == Some(char::from(*first)) {
                to.push(*first);
            } else if let Some(char) = self.single[usize::from(*first)] {
                put(Some(char), to);
            } else if *first == 0x8F
                && !self.triple.is_empty()
                && let Some((pair, rest)) = text.split_first_chunk::<2>()
            {
                put(self.triple.get(pair).copied(), to);
                text = rest;
            } else if let Some((second, rest)) = text.split_first() {
                put(self.double.get(&[*first, *second]).copied(), to);
                text = rest;
            } else {
                put(None, to);
            }
        }
    }
}

/// What codes of the same length mean; None of one that means nothing.
async fn ask(conn: &mut Conn, name: &str, codes: &[Vec<u8>]) -> Result<Vec<(Vec<u8>, Option<char>)>, Error> {
    let convert = |code: &Vec<u8>| {
        let hex: String = code.iter().map(|byte| format!("{byte:02X}")).collect();
        format!("HEX(CONVERT(CONVERT(x'{hex}' USING {name}) USING utf32))")
    };
    let asked: Vec<String> = codes.iter().map(convert).collect();
    let row = texts(conn, &format!("SELECT {}", asked.join(","))).await?.into_iter().next().unwrap_or_default();
    let char = |(code, answer): (&Vec<u8>, Option<String>)| {
        let char = answer.and_then(|hex| char::from_u32(u32::from_str_radix(&hex, 16).ok()?));
        // Of what it has no character for the server makes a question mark.
        (code.clone(), char.filter(|char| *char != '?' || code.as_slice() == b"?"))
    };
    Ok(codes.iter().zip(row).map(char).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(charset: &Charset, text: &[u8]) -> String {
        let mut to = Vec::new();
        charset.decode(text, &mut to);
        String::from_utf8(to).unwrap()
    }

    #[test]
    fn codes_of_one_two_and_three_bytes() {
        let mut codes = Codes { single: vec![None; 256], ..Codes::default() };
        (0..128).for_each(|byte: u8| codes.single[usize::from(byte)] = Some(char::from(byte)));
        codes.single[0x5C] = Some('¥');
        codes.single[0xB1] = Some('ｱ');
        codes.double.insert([0xC4, 0xE3], '你');
        codes.triple.insert([0xB0, 0xA1], '丂');
        let charset = Charset::Codes(Box::new(codes));
        assert_eq!(decoded(&charset, b"a\xC4\xE3b\xB1\\\x8F\xB0\xA1\xC4\xE4z\xC4"), "a你bｱ¥丂?z?");
    }

    #[test]
    fn units_of_two_and_four_bytes() {
        let plain = |name| Charset::plain(name).unwrap();
        assert_eq!(decoded(&plain("utf16"), b"\0a\xD8\x3D\xDE\x00\xD8\x3D"), "a😀?");
        assert_eq!(decoded(&plain("utf16le"), b"a\0\x3D\xD8\x00\xDE"), "a😀");
        assert_eq!(decoded(&plain("utf32"), b"\0\0\0a\0\x01\xF6\0\0\x11\0\0"), "a😀?");
        assert_eq!(decoded(&plain("utf8mb4"), "ä".as_bytes()), "ä");
        assert_eq!(Charset::plain("gbk"), None);
    }
}
