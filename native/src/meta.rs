//! Metadata columns: what a table's reader asks of the envelope.
//!
//! `database`, `table`, `sqlType` and `pkNames` are the same in message after message. Each slot keeps a dictionary of the
//! values seen, hands each out once as an Arrow array, and afterwards names it by its index. Numbers (`ts`, `es`, `id`,
//! `isDdl`) differ in every message and travel as they are. So do texts (`sql`, `gtid`) and before images (`old`), for
//! which there is no room in a slot: they stand behind the rows, in the [`tail`], and the slot says where.

mod tail;

use crate::canal::envelope::{Envelope, Member};
use crate::json::{Refused, blank, expect, next_or_end, number, skip, string};
use crate::schema::MetadataKey;
use arrow::array::{ArrayRef, Int32Builder, ListBuilder, MapBuilder, MapFieldNames, StringBuilder};
use std::collections::HashMap;
use std::sync::Arc;
use tail::Tail;

/// Values per dictionary; beyond it, all dictionaries are emptied.
pub const MAX_VALUES: usize = 4_096;
/// Bytes of values per dictionary, likewise.
pub const MAX_BYTES: usize = 8 << 20;

/// The slot value for NULL where the slot is an index.
pub const NULL_INDEX: i64 = -1;
/// The slot value for NULL where the slot is a number, or a place in the tail.
pub const NULL_NUMBER: i64 = i64::MIN;

/// The slots of one table.
#[derive(Debug)]
pub struct Metadata {
    slots: Vec<Slot>,
    growth: Growth,
    /// Buffers for what goes into the tail, if a slot needs it.
    tail: Option<Tail>,
    /// One value per requested key, for the message that was decoded last.
    pub values: Box<[i64]>,
}

/// A value of a dictionary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Value<'a> {
    /// A name.
    Text(&'a str),
    /// Column → code.
    Codes(&'a [(String, Option<i32>)]),
    /// Key columns.
    Names(&'a [Option<String>]),
}

/// What became of the dictionaries since it was last asked for.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Growth {
    /// A dictionary has a value that no message had before.
    pub new: bool,
    /// The dictionaries were full and have been emptied; indexes start from 0 again.
    pub reset: bool,
}

#[derive(Debug)]
struct Slot {
    member: Member,
    values: Values,
    /// The raw JSON of each value, by which it is recognised.
    index: HashMap<Box<[u8]>, usize>,
    bytes: usize,
    last: Vec<u8>,
    last_index: Option<usize>,
}

#[derive(Debug)]
enum Values {
    Integer,
    Boolean,
    /// In the tail: a text, the before images.
    Text,
    Images,
    Texts(Vec<String>),
    Codes(Vec<Vec<(String, Option<i32>)>>),
    Names(Vec<Vec<Option<String>>>),
}

impl Metadata {
    /// Slots for `keys`, in their order.
    pub fn new(keys: &[MetadataKey]) -> Self {
        let slot = |key: &MetadataKey| {
            let (member, values) = match key {
                MetadataKey::Database => (Member::Database, Values::Texts(Vec::new())),
                MetadataKey::Table => (Member::Table, Values::Texts(Vec::new())),
                MetadataKey::SqlType => (Member::SqlType, Values::Codes(Vec::new())),
                MetadataKey::PkNames => (Member::PkNames, Values::Names(Vec::new())),
                MetadataKey::IngestionTimestamp => (Member::Ts, Values::Integer),
                MetadataKey::EventTimestamp => (Member::Es, Values::Integer),
                MetadataKey::Type => (Member::Type, Values::Texts(Vec::new())),
                MetadataKey::Sql => (Member::Sql, Values::Text),
                MetadataKey::IsDdl => (Member::IsDdl, Values::Boolean),
                MetadataKey::Gtid => (Member::Gtid, Values::Text),
                MetadataKey::Id => (Member::Id, Values::Integer),
                MetadataKey::Old => (Member::Old, Values::Images),
            };
            Slot { member, values, index: HashMap::new(), bytes: 0, last: Vec::new(), last_index: None }
        };
        let behind_rows = |key: &MetadataKey| matches!(key, MetadataKey::Sql | MetadataKey::Gtid | MetadataKey::Old);
        Metadata {
            slots: keys.iter().map(slot).collect(),
            tail: keys.iter().any(behind_rows).then(Tail::default),
            growth: Growth::default(),
            values: vec![0; keys.len()].into(),
        }
    }

    /// Fills [`values`](Self::values) from a message, but for those of the [tail](Self::append_tail).
    ///
    /// # Errors
    /// A value of a form that Canal does not write (a name that is no string, a key list that is no array): Flink's codec has
    /// rules for those.
    #[inline]
    pub fn fill(&mut self, buf: &[u8], envelope: &Envelope) -> Result<(), Refused> {
        if self.slots.iter().any(|slot| slot.index.len() >= MAX_VALUES || slot.bytes >= MAX_BYTES) {
            self.slots.iter_mut().for_each(Slot::clear);
            self.growth.reset = true;
        }
        for (slot, value) in self.slots.iter_mut().zip(&mut self.values) {
            *value = slot.value(buf, envelope, &mut self.growth)?;
        }
        Ok(())
    }

    /// Whether any slot's value stands in the tail.
    #[inline(always)]
    pub fn has_tail(&self) -> bool {
        self.tail.is_some()
    }

    /// Appends to `out`, which holds the message's rows, what stands in the tail, and fills its slots:
    /// `offset << 32 | length`, counted from the start of `out`. `images` is the number of rows in `data` that have a before
    /// image, 0 if the message is no UPDATE.
    ///
    /// # Errors
    /// A value of a form that Canal does not write: `sql` or `gtid` that is no string, an object, array or a name twice in a
    /// before image.
    #[inline(always)]
    pub fn append_tail(
        &mut self,
        buf: &[u8],
        envelope: &Envelope,
        images: usize,
        out: &mut Vec<u8>,
    ) -> Result<(), Refused> {
        match &mut self.tail {
            None => Ok(()),
            Some(tail) => {
                for (slot, value) in self.slots.iter().zip(&mut self.values) {
                    let span = envelope.raw(slot.member, buf).filter(|raw| *raw != b"null");
                    *value = match (&slot.values, span.and_then(|_| envelope.span(slot.member))) {
                        (Values::Text, Some((pos, _))) => tail.text(buf, pos, out)?,
                        (Values::Images, Some((pos, _))) if images > 0 => tail.images(buf, pos, images, out)?,
                        (Values::Text | Values::Images, _) => NULL_NUMBER,
                        _ => continue,
                    };
                }
                Ok(())
            }
        }
    }

    /// What has grown since the last call. Messages that [`fill`](Self::fill) refused may have grown it too.
    pub fn take_growth(&mut self) -> Growth {
        std::mem::take(&mut self.growth)
    }

    /// The value that a slot calls `index`. `None` for a timestamp slot, and where there is none.
    pub fn value(&self, slot: usize, index: usize) -> Option<Value<'_>> {
        Some(match &self.slots.get(slot)?.values {
            Values::Integer | Values::Boolean | Values::Text | Values::Images => return None,
            Values::Texts(texts) => Value::Text(texts.get(index)?),
            Values::Codes(maps) => Value::Codes(maps.get(index)?),
            Values::Names(lists) => Value::Names(lists.get(index)?),
        })
    }

    /// The values `from..` of a slot's dictionary: Utf8, Map<Utf8, Int32> or List<Utf8>. `None` for a slot that has none
    /// or does not exist.
    pub fn export(&self, slot: usize, from: usize) -> Option<ArrayRef> {
        Some(match &self.slots.get(slot)?.values {
            Values::Integer | Values::Boolean | Values::Text | Values::Images => return None,
            Values::Texts(texts) => {
                let mut array = StringBuilder::new();
                texts.get(from..)?.iter().for_each(|text| array.append_value(text));
                Arc::new(array.finish())
            }
            Values::Codes(maps) => {
                let names = MapFieldNames { entry: "entries".into(), key: "key".into(), value: "value".into() };
                let mut array = MapBuilder::new(Some(names), StringBuilder::new(), Int32Builder::new());
                for map in maps.get(from..)? {
                    for (name, code) in map {
                        array.keys().append_value(name);
                        array.values().append_option(*code);
                    }
                    array.append(true).expect("as many keys as values");
                }
                Arc::new(array.finish())
            }
            Values::Names(lists) => {
                let mut array = ListBuilder::new(StringBuilder::new());
                for list in lists.get(from..)? {
                    list.iter().for_each(|name| array.values().append_option(name.as_deref()));
                    array.append(true);
                }
                Arc::new(array.finish())
            }
        })
    }
}

impl Slot {
    fn clear(&mut self) {
        self.index.clear();
        self.bytes = 0;
        self.last_index = None;
        match &mut self.values {
            Values::Integer | Values::Boolean | Values::Text | Values::Images => {}
            Values::Texts(values) => values.clear(),
            Values::Codes(values) => values.clear(),
            Values::Names(values) => values.clear(),
        }
    }

    #[inline]
    fn value(&mut self, buf: &[u8], envelope: &Envelope, growth: &mut Growth) -> Result<i64, Refused> {
        let null = match self.values {
            Values::Texts(_) | Values::Codes(_) | Values::Names(_) => NULL_INDEX,
            Values::Integer | Values::Boolean | Values::Text | Values::Images => NULL_NUMBER,
        };
        let Some((start, end)) = envelope.span(self.member) else { return Ok(null) };
        let raw = &buf[start..end];
        if raw == b"null" {
            return Ok(null);
        }
        match self.values {
            Values::Integer => integer(buf, start),
            Values::Boolean => boolean(raw),
            Values::Text | Values::Images => Ok(null),
            Values::Texts(_) | Values::Codes(_) | Values::Names(_) => match self.last_index {
                Some(index) if self.last == raw => Ok(index as i64),
                _ => self.look_up(buf, start, end, growth),
            },
        }
    }

    #[inline(never)]
    fn look_up(&mut self, buf: &[u8], start: usize, end: usize, growth: &mut Growth) -> Result<i64, Refused> {
        let raw = &buf[start..end];
        let index = match self.index.get(raw) {
            Some(index) => *index,
            None => {
                let index = self.index.len();
                match &mut self.values {
                    Values::Integer | Values::Boolean | Values::Text | Values::Images => {
                        unreachable!("this slot has no dictionary")
                    }
                    Values::Texts(values) => values.push(text(buf, start)?.0),
                    Values::Codes(values) => values.push(codes(buf, start)?),
                    Values::Names(values) => values.push(names(buf, start)?),
                }
                self.index.insert(raw.into(), index);
                self.bytes += raw.len();
                growth.new = true;
                index
            }
        };
        self.last.clear();
        self.last.extend_from_slice(raw);
        self.last_index = Some(index);
        Ok(index as i64)
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
