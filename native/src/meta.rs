//! Metadata columns: what a table's reader asks of a message beside its columns.
//!
//! `database`, `table`, `sqlType`, `pkNames` and the binlog file are the same in message after message. Each slot keeps a dictionary of the
//! values seen, hands each out once as an Arrow array, and afterwards names it by its index. Numbers (`ts`, `es`, `id`,
//! `isDdl`, the binlog offset) differ in every message and travel as they are. So do texts (`sql`, `gtid`) and before images (`old`), for
//! which there is no room in a slot: they stand behind the rows, in the [`tail`], and the slot says where.

mod tail;

use crate::json::Refused;
use crate::schema::MetadataKey;
use arrow::array::{ArrayRef, Int32Builder, ListBuilder, MapBuilder, MapFieldNames, StringBuilder};
use std::collections::HashMap;
use std::sync::Arc;
pub use tail::Tail;

/// Values per dictionary; beyond it, all dictionaries are emptied.
pub const MAX_VALUES: usize = 4_096;
/// Bytes of values per dictionary, likewise.
pub const MAX_BYTES: usize = 8 << 20;

/// The slot value for NULL where the slot is an index.
pub const NULL_INDEX: i64 = -1;
/// The slot value for NULL where the slot is a number, or a place in the tail.
pub const NULL_NUMBER: i64 = i64::MIN;

/// A message's metadata, whatever it was read from. A value of a form that Canal does not write (a name that is no string, a
/// key list that is no array) is [`Refused`]: Flink's codec has rules for those.
pub trait Source {
    /// The bytes by which a value of a dictionary is recognised; `None` for NULL.
    fn raw(&self, key: MetadataKey) -> Option<&[u8]>;

    /// What [`raw`](Self::raw) stands for: a name.
    fn text(&self, key: MetadataKey) -> Result<String, Refused>;

    /// The same: column → code.
    fn codes(&self) -> Result<Codes, Refused>;

    /// The same: key columns.
    fn names(&self) -> Result<Names, Refused>;

    /// A number, or a boolean as 0 or 1; [`NULL_NUMBER`] for NULL.
    fn number(&self, key: MetadataKey) -> Result<i64, Refused>;

    /// Appends a text to `out`; false for NULL.
    fn append_text(&self, key: MetadataKey, out: &mut Vec<u8>) -> Result<bool, Refused>;

    /// Appends the first `count` before images to `out`, by [`Tail::table`], and returns what it returns; [`NULL_NUMBER`] if there are
    /// none.
    fn append_images(&self, count: usize, tail: &mut Tail, out: &mut Vec<u8>) -> Result<i64, Refused>;
}

/// Column → code, in the message's order.
pub type Codes = Vec<(String, Option<i32>)>;

/// Key columns, in the message's order.
pub type Names = Vec<Option<String>>;

/// The slots of one table.
#[derive(Debug)]
pub struct Metadata {
    slots: Vec<Slot>,
    growth: Growth,
    /// Buffers for what goes into the tail, if a slot needs it.
    tail: Option<Tail>,
    /// One value per requested key, for the message that was decoded last, and behind them what was [reserved](Self::reserve).
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
    key: MetadataKey,
    values: Values,
    /// The [raw](Source::raw) bytes of each value, by which it is recognised.
    index: HashMap<Box<[u8]>, usize>,
    bytes: usize,
    last: Vec<u8>,
    last_index: Option<usize>,
}

#[derive(Debug)]
enum Values {
    Number,
    /// In the tail: a text, the before images.
    Text,
    Images,
    Texts(Vec<String>),
    Codes(Vec<Codes>),
    Names(Vec<Names>),
}

impl Metadata {
    /// Slots for `keys`, in their order.
    pub fn new(keys: &[MetadataKey]) -> Self {
        let slot = |key: &MetadataKey| {
            let values = match key {
                MetadataKey::Database | MetadataKey::Table | MetadataKey::Type | MetadataKey::BinlogFile => {
                    Values::Texts(Vec::new())
                }
                MetadataKey::SqlType => Values::Codes(Vec::new()),
                MetadataKey::PkNames => Values::Names(Vec::new()),
                MetadataKey::IngestionTimestamp
                | MetadataKey::EventTimestamp
                | MetadataKey::IsDdl
                | MetadataKey::Id
                | MetadataKey::BinlogOffset => Values::Number,
                MetadataKey::Sql | MetadataKey::Gtid => Values::Text,
                MetadataKey::Old => Values::Images,
            };
            Slot { key: *key, values, index: HashMap::new(), bytes: 0, last: Vec::new(), last_index: None }
        };
        let behind_rows = |key: &MetadataKey| matches!(key, MetadataKey::Sql | MetadataKey::Gtid | MetadataKey::Old);
        Metadata {
            slots: keys.iter().map(slot).collect(),
            tail: keys.iter().any(behind_rows).then(Tail::default),
            growth: Growth::default(),
            values: vec![0; keys.len()].into(),
        }
    }

    /// Appends `more` numbers to [`values`](Self::values), for the decoder's own use. Only before they are looked at from elsewhere.
    pub fn reserve(&mut self, more: usize) {
        self.values = vec![0; self.slots.len() + more].into();
    }

    /// Those numbers.
    pub fn reserved(&self) -> &[i64] {
        &self.values[self.slots.len()..]
    }

    /// Those numbers, to be changed.
    #[inline(always)]
    pub fn reserved_mut(&mut self) -> &mut [i64] {
        let slots = self.slots.len();
        &mut self.values[slots..]
    }

    /// Fills [`values`](Self::values) from a message, but for those of the [tail](Self::append_tail).
    ///
    /// # Errors
    /// A value of a form that Canal does not write (a name that is no string, a key list that is no array): Flink's codec has
    /// rules for those.
    #[inline]
    pub fn fill(&mut self, message: &impl Source) -> Result<(), Refused> {
        if self.slots.iter().any(|slot| slot.index.len() >= MAX_VALUES || slot.bytes >= MAX_BYTES) {
            self.slots.iter_mut().for_each(Slot::clear);
            self.growth.reset = true;
        }
        for (slot, value) in self.slots.iter_mut().zip(&mut self.values) {
            *value = slot.value(message, &mut self.growth)?;
        }
        Ok(())
    }

    /// Whether any slot's value stands in the tail.
    #[inline(always)]
    pub fn has_tail(&self) -> bool {
        self.tail.is_some()
    }

    /// Appends to `out`, which holds the message's rows, what stands in the tail, and fills its slots:
    /// `offset << 32 | length`, counted from the start of `out`. `images` is the number of rows that have a before image, 0 if the
    /// message is no UPDATE.
    ///
    /// # Errors
    /// A value of a form that Canal does not write: `sql` or `gtid` that is no string, an object, array or a name twice in a
    /// before image.
    #[inline(always)]
    pub fn append_tail(&mut self, message: &impl Source, images: usize, out: &mut Vec<u8>) -> Result<(), Refused> {
        match &mut self.tail {
            None => Ok(()),
            Some(tail) => {
                for (slot, value) in self.slots.iter().zip(&mut self.values) {
                    *value = match slot.values {
                        Values::Text => {
                            let from = out.len();
                            let there = message.append_text(slot.key, out)?;
                            if there { tail::place(from, out.len()) } else { NULL_NUMBER }
                        }
                        Values::Images if images > 0 => message.append_images(images, tail, out)?,
                        Values::Images => NULL_NUMBER,
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
            Values::Number | Values::Text | Values::Images => return None,
            Values::Texts(texts) => Value::Text(texts.get(index)?),
            Values::Codes(maps) => Value::Codes(maps.get(index)?),
            Values::Names(lists) => Value::Names(lists.get(index)?),
        })
    }

    /// The values `from..` of a slot's dictionary: Utf8, Map<Utf8, Int32> or List<Utf8>. `None` for a slot that has none
    /// or does not exist.
    pub fn export(&self, slot: usize, from: usize) -> Option<ArrayRef> {
        Some(match &self.slots.get(slot)?.values {
            Values::Number | Values::Text | Values::Images => return None,
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
            Values::Number | Values::Text | Values::Images => {}
            Values::Texts(values) => values.clear(),
            Values::Codes(values) => values.clear(),
            Values::Names(values) => values.clear(),
        }
    }

    #[inline]
    fn value(&mut self, message: &impl Source, growth: &mut Growth) -> Result<i64, Refused> {
        match self.values {
            Values::Number => message.number(self.key),
            Values::Text | Values::Images => Ok(NULL_NUMBER),
            Values::Texts(_) | Values::Codes(_) | Values::Names(_) => match (message.raw(self.key), self.last_index) {
                (None, _) => Ok(NULL_INDEX),
                (Some(raw), Some(index)) if self.last == raw => Ok(index as i64),
                (Some(raw), _) => self.look_up(raw, message, growth),
            },
        }
    }

    #[inline(never)]
    fn look_up(&mut self, raw: &[u8], message: &impl Source, growth: &mut Growth) -> Result<i64, Refused> {
        let index = match self.index.get(raw) {
            Some(index) => *index,
            None => {
                let index = self.index.len();
                match &mut self.values {
                    Values::Number | Values::Text | Values::Images => {
                        unreachable!("this slot has no dictionary")
                    }
                    Values::Texts(values) => values.push(message.text(self.key)?),
                    Values::Codes(values) => values.push(message.codes()?),
                    Values::Names(values) => values.push(message.names()?),
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
