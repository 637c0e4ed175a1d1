//! What a decoder on top of a general JSON parser does: serde's visitors that convert each column by its type and write the rows of a
//! changelog. No envelope is validated, no error handled, no filter asked: less than a whole decoder's work.

use serde::de::{DeserializeSeed, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, de};
use std::borrow::Cow;
use std::fmt;

/// How a column's text is read.
#[derive(Clone, Copy)]
enum Kind {
    Integer,
    Double,
    Decimal(usize),
    Date,
    Timestamp,
    Text,
}

/// One column of one image.
#[derive(Clone)]
enum Cell<'m> {
    Absent,
    Null,
    Word(u64),
    Text(Cow<'m, str>),
}

/// A table's columns, and the rows of the last message.
pub struct Table {
    columns: Vec<(String, Kind)>,
    /// A header of eight bytes with row kind and null bits, a word a column, then the texts.
    pub rows: Vec<u8>,
}

impl Table {
    /// From the columns as a specification has them.
    pub fn new(fields: &serde_json::Value) -> Self {
        let columns = fields.as_array().expect("columns").iter().map(|field| {
            let scale = field["type"]["scale"].as_u64().unwrap_or(0) as usize;
            let kind = match field["type"]["root"].as_str().expect("a type") {
                "INTEGER" | "BIGINT" => Kind::Integer,
                "DOUBLE" => Kind::Double,
                "DECIMAL" => Kind::Decimal(scale),
                "DATE" => Kind::Date,
                "TIMESTAMP_WITHOUT_TIME_ZONE" => Kind::Timestamp,
                _ => Kind::Text,
            };
            (field["name"].as_str().expect("a name").to_string(), kind)
        });
        Table { columns: columns.collect(), rows: Vec::new() }
    }

    /// Reads a message and writes its rows; returns how many.
    pub fn decode<'m, D: Deserializer<'m>>(&mut self, parser: D) -> usize {
        let Ok(message) = Envelope(&self.columns).deserialize(parser) else { panic!("a message of the corpus") };
        self.rows.clear();
        let update = message.event == "UPDATE";
        for (i, after) in message.data.iter().enumerate() {
            if update {
                let old = &message.old[i];
                let before =
                    old.iter().zip(after).map(|(old, new)| if matches!(old, Cell::Absent) { new } else { old });
                write(&mut self.rows, 1, before);
            }
            write(&mut self.rows, if update { 2 } else { 0 }, after.iter());
        }
        message.data.len() * if update { 2 } else { 1 }
    }
}

fn write<'c, 'm: 'c>(out: &mut Vec<u8>, kind: u8, cells: impl Iterator<Item = &'c Cell<'m>> + Clone) {
    let (start, mut nulls) = (out.len(), u64::from(kind));
    out.extend_from_slice(&[0; 8]);
    let texts = start + 8 + 8 * cells.clone().count();
    let mut length = 0;
    for (i, cell) in cells.clone().enumerate() {
        let word = match cell {
            Cell::Word(word) => *word,
            Cell::Text(text) => {
                let place = ((texts + length - start) as u64) << 32 | text.len() as u64;
                length += text.len();
                place
            }
            Cell::Null | Cell::Absent => {
                nulls |= 1 << (8 + i % 56);
                0
            }
        };
        out.extend_from_slice(&word.to_le_bytes());
    }
    for cell in cells {
        if let Cell::Text(text) = cell {
            out.extend_from_slice(text.as_bytes());
        }
    }
    out[start..start + 8].copy_from_slice(&nulls.to_le_bytes());
}

fn convert(kind: Kind, text: Cow<'_, str>) -> Option<Cell<'_>> {
    Some(Cell::Word(match kind {
        Kind::Integer => text.parse::<i64>().ok()? as u64,
        Kind::Double => text.parse::<f64>().ok()?.to_bits(),
        Kind::Decimal(scale) => decimal(text.as_bytes(), scale)?,
        Kind::Date => days(text.as_bytes())? as u64,
        Kind::Timestamp => millis(text.as_bytes())? as u64,
        Kind::Text => return Some(Cell::Text(text)),
    }))
}

fn number(digits: &[u8]) -> Option<i64> {
    digits.iter().try_fold(0, |sum: i64, d| d.is_ascii_digit().then(|| 10 * sum + i64::from(d - b'0')))
}

fn decimal(text: &[u8], scale: usize) -> Option<u64> {
    let (negative, digits) = text.strip_prefix(b"-").map_or((false, text), |rest| (true, rest));
    let point = digits.iter().position(|b| *b == b'.').unwrap_or(digits.len());
    let fraction = digits.get(point + 1..).unwrap_or_default();
    let fraction = &fraction[..fraction.len().min(scale)];
    let whole = number(&digits[..point])? * 10_i64.pow(scale as u32);
    let unscaled = whole + number(fraction)? * 10_i64.pow((scale - fraction.len()) as u32);
    Some(if negative { -unscaled } else { unscaled } as u64)
}

/// Days since 1970, by the civil calendar.
fn days(text: &[u8]) -> Option<i64> {
    let (year, month, day) = (number(text.get(..4)?)?, number(text.get(5..7)?)?, number(text.get(8..10)?)?);
    let (year, month) = if month <= 2 { (year - 1, month + 9) } else { (year, month - 3) };
    Some(365 * year + year / 4 - year / 100 + year / 400 + (153 * month + 2) / 5 + day - 719_469)
}

fn millis(text: &[u8]) -> Option<i64> {
    let seconds = (number(text.get(11..13)?)? * 60 + number(text.get(14..16)?)?) * 60 + number(text.get(17..19)?)?;
    let fraction = text.get(20..).unwrap_or_default();
    let fraction = number(fraction)? * 10_i64.pow(3_u32.saturating_sub(fraction.len() as u32));
    Some((days(text)? * 86_400 + seconds) * 1_000 + fraction)
}

struct Message<'m> {
    data: Vec<Vec<Cell<'m>>>,
    old: Vec<Vec<Cell<'m>>>,
    event: Cow<'m, str>,
}

/// A text, borrowed where no escape is in the way; `Cow` by itself always owns.
pub struct Text<'m>(pub Cow<'m, str>);

impl<'de: 'm, 'm> Deserialize<'de> for Text<'m> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Chars;
        impl<'de> Visitor<'de> for Chars {
            type Value = Text<'de>;
            fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
                f.write_str("a text")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Text<'de>, E> {
                Ok(Text(Cow::Owned(text.to_string())))
            }
        }
        deserializer.deserialize_str(Chars)
    }
}

type Columns<'t> = &'t [(String, Kind)];

/// A whole message.
struct Envelope<'t>(Columns<'t>);

impl<'de> DeserializeSeed<'de> for Envelope<'_> {
    type Value = Message<'de>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Message<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Envelope<'_> {
    type Value = Message<'de>;
    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a message")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Message<'de>, A::Error> {
        let mut message = Message { data: Vec::new(), old: Vec::new(), event: Cow::Borrowed("") };
        while let Some(Text(name)) = map.next_key()? {
            match &*name {
                "data" => message.data = map.next_value_seed(Images(self.0))?,
                "old" => message.old = map.next_value_seed(Images(self.0))?,
                "type" => message.event = map.next_value::<Text>()?.0,
                _ => {
                    map.next_value::<IgnoredAny>()?;
                }
            }
        }
        Ok(message)
    }
}

/// `data` or `old`: an array of objects, or null.
struct Images<'t>(Columns<'t>);

impl<'de> DeserializeSeed<'de> for Images<'_> {
    type Value = Vec<Vec<Cell<'de>>>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Images<'_> {
    type Value = Vec<Vec<Cell<'de>>>;
    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("images or null")
    }
    fn visit_unit<E>(self) -> Result<Self::Value, E> {
        Ok(Vec::new())
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut seq: A) -> Result<Self::Value, A::Error> {
        let mut images = Vec::new();
        while let Some(image) = seq.next_element_seed(Image(self.0))? {
            images.push(image);
        }
        Ok(images)
    }
}

/// One object; its columns are guessed to come in the table's order.
struct Image<'t>(Columns<'t>);

impl<'de> DeserializeSeed<'de> for Image<'_> {
    type Value = Vec<Cell<'de>>;
    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Image<'_> {
    type Value = Vec<Cell<'de>>;
    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an image")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut cells = vec![Cell::Absent; self.0.len()];
        let mut guess = 0;
        while let Some((Text(name), value)) = map.next_entry::<Text, Option<Text>>()? {
            let at = match self.0.get(guess) {
                Some(column) if column.0 == name => Some(guess),
                _ => self.0.iter().position(|column| column.0 == name),
            };
            let Some(at) = at else { continue };
            guess = at + 1;
            cells[at] = match value {
                None => Cell::Null,
                Some(text) => convert(self.0[at].1, text.0).ok_or_else(|| de::Error::custom("a value"))?,
            };
        }
        Ok(cells)
    }
}
