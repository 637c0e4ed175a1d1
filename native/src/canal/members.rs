//! What the members of a flat message say, as metadata columns show it.

use super::changelog::Message;
use super::envelope::{Envelope, Member};
use super::image::{ImageReader, Images, Scratch};
use super::mysql::BinaryColumns;
use crate::json::{Refused, blank, expect, next_or_end, number, skip, string};
use crate::meta::{Codes, NULL_NUMBER, Names, Source, Tail};
use crate::schema::MetadataKey;

/// A flat message that was read.
pub(super) struct FlatMessage<'m> {
    pub buf: &'m [u8],
    /// Bytes of it that are the message.
    pub len: usize,
    pub envelope: &'m Envelope,
    pub image_reader: &'m ImageReader,
    pub binary: &'m mut BinaryColumns,
    pub columns: usize,
}

/// The member that a metadata column shows. Where an event stands in the source's log, no member says.
fn member(key: MetadataKey) -> Option<Member> {
    Some(match key {
        MetadataKey::Database => Member::Database,
        MetadataKey::Table => Member::Table,
        MetadataKey::SqlType => Member::SqlType,
        MetadataKey::PkNames => Member::PkNames,
        MetadataKey::IngestionTimestamp => Member::Ts,
        MetadataKey::EventTimestamp => Member::Es,
        MetadataKey::Type => Member::Type,
        MetadataKey::Sql => Member::Sql,
        MetadataKey::IsDdl => Member::IsDdl,
        MetadataKey::Gtid => Member::Gtid,
        MetadataKey::Id => Member::Id,
        MetadataKey::Old => Member::Old,
        MetadataKey::BinlogFile | MetadataKey::BinlogOffset => return None,
    })
}

impl FlatMessage<'_> {
    /// Where the value of a member is that is neither missing nor null.
    #[inline(always)]
    fn value(&self, key: MetadataKey) -> Option<(usize, usize)> {
        self.envelope.span(member(key)?).filter(|(start, end)| &self.buf[*start..*end] != b"null")
    }
}

impl Source for FlatMessage<'_> {
    #[inline(always)]
    fn raw(&self, key: MetadataKey) -> Option<&[u8]> {
        self.value(key).map(|(start, end)| &self.buf[start..end])
    }

    fn text(&self, key: MetadataKey) -> Result<String, Refused> {
        Ok(text(self.buf, self.value(key).ok_or(Refused)?.0)?.0)
    }

    fn codes(&self) -> Result<Codes, Refused> {
        codes(self.buf, self.value(MetadataKey::SqlType).ok_or(Refused)?.0)
    }

    fn names(&self) -> Result<Names, Refused> {
        names(self.buf, self.value(MetadataKey::PkNames).ok_or(Refused)?.0)
    }

    #[inline(always)]
    fn number(&self, key: MetadataKey) -> Result<i64, Refused> {
        match self.value(key) {
            None => Ok(NULL_NUMBER),
            Some((start, end)) if key == MetadataKey::IsDdl => boolean(&self.buf[start..end]),
            Some((start, _)) => integer(self.buf, start),
        }
    }

    fn append_text(&self, key: MetadataKey, out: &mut Vec<u8>) -> Result<bool, Refused> {
        let Some((pos, _)) = self.value(key) else { return Ok(false) };
        let span = string::span(self.buf, pos)?;
        string::unescape(&self.buf[span.start..span.end], out)?;
        Ok(true)
    }

    fn append_images(&self, count: usize, tail: &mut Tail, out: &mut Vec<u8>) -> Result<i64, Refused> {
        match self.value(MetadataKey::Old) {
            None => Ok(NULL_NUMBER),
            Some((pos, _)) => tail.images(self.buf, pos, count, out),
        }
    }
}

impl Message for FlatMessage<'_> {
    #[inline(always)]
    fn bytes(&self) -> &[u8] {
        self.buf
    }

    #[inline(always)]
    fn longest_row(&self) -> usize {
        self.len
    }

    #[inline(always)]
    fn event(&self) -> Option<&[u8]> {
        self.envelope.plain(Member::Type, self.buf)
    }

    #[inline(always)]
    fn is_ddl(&self) -> bool {
        self.envelope.raw(Member::IsDdl, self.buf) == Some(b"true")
    }

    /// Reads the binary texts, now that `mysqlType` tells how they were written.
    fn settle(&mut self, images: [&mut Images; 2], scratch: &mut Scratch) -> Result<(), Refused> {
        self.binary.update(self.envelope, self.buf, self.image_reader.keys(), self.columns)?;
        for images in images {
            self.image_reader.decide(images, &self.binary.binary, self.buf, scratch);
        }
        Ok(())
    }
}

/// An integer, but the one that stands for NULL.
#[inline]
fn integer(buf: &[u8], pos: usize) -> Result<i64, Refused> {
    let token = if buf[pos] == b'"' { return Err(Refused) } else { number::span(buf, pos)? };
    if !token.integer {
        return Err(Refused);
    }
    match number::integer(&buf[token.start..token.end]) {
        None | Some(NULL_NUMBER) => Err(Refused),
        Some(value) => Ok(value),
    }
}

fn boolean(raw: &[u8]) -> Result<i64, Refused> {
    match raw {
        b"true" => Ok(1),
        b"false" => Ok(0),
        _ => Err(Refused),
    }
}

/// A string's text and the position after it.
fn text(buf: &[u8], pos: usize) -> Result<(String, usize), Refused> {
    let span = string::span(buf, pos)?;
    let mut out = Vec::new();
    string::unescape(&buf[span.start..span.end], &mut out)?;
    Ok((String::from_utf8(out).map_err(|_| Refused)?, span.next()))
}

/// An object of integers or nulls.
fn codes(buf: &[u8], pos: usize) -> Result<Vec<(String, Option<i32>)>, Refused> {
    let mut codes = Vec::new();
    if buf[pos] != b'{' {
        return Err(Refused);
    }
    let mut pos = blank(buf, pos + 1);
    if buf[pos] == b'}' {
        return Ok(codes);
    }
    loop {
        let (name, after) = text(buf, pos)?;
        let value = expect(buf, after, b':')?;
        let (code, end) = if buf[value] == b'n' {
            (None, skip::word(buf, value, b"null")?)
        } else {
            let token = number::span(buf, value)?;
            let text = std::str::from_utf8(&buf[token.start..token.end]).map_err(|_| Refused)?;
            (Some(text.parse().map_err(|_| Refused)?), token.end)
        };
        codes.push((name, code));
        let (next, done) = next_or_end(buf, end, b'}')?;
        if done {
            return Ok(codes);
        }
        pos = next;
    }
}

/// An array of strings or nulls.
fn names(buf: &[u8], pos: usize) -> Result<Vec<Option<String>>, Refused> {
    let mut names = Vec::new();
    if buf[pos] != b'[' {
        return Err(Refused);
    }
    let mut pos = blank(buf, pos + 1);
    if buf[pos] == b']' {
        return Ok(names);
    }
    loop {
        let (name, end) = if buf[pos] == b'n' {
            (None, skip::word(buf, pos, b"null")?)
        } else {
            let (name, end) = text(buf, pos)?;
            (Some(name), end)
        };
        names.push(name);
        let (next, done) = next_or_end(buf, end, b']')?;
        if done {
            return Ok(names);
        }
        pos = next;
    }
}
