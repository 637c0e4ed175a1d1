//! ARRAY, MAP, MULTISET and ROW as one text: JSON for columns of text and JSON, Doris' own form for columns of their kind.
//!
//! Doris' form: `[1,null,"a"]`, `{"k":1}`, `{"field":1,"other":"x"}`, the fields in the order of the STRUCT.

use super::bad::BadValue;
use super::notation::{Bare, DorisText, JsonText, Notation};
use super::value::{Reading, Settings, Value};
use crate::json::write::{Output, Style};
use crate::row::read::{Map, Slot};
use crate::schema::LogicalType;

/// How a nested column is read and written.
#[derive(Debug)]
pub(super) struct Nested {
    pub shape: Shape,
    pub form: Form,
    /// Most bytes of the text.
    pub most: u32,
}

/// Which text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Form {
    /// For columns of text and JSON.
    Json,
    /// For columns of ARRAY, MAP and STRUCT.
    Doris,
}

/// What is in it.
#[derive(Debug)]
pub(super) enum Shape {
    Array(Element),
    /// Keys and values.
    Map(Element, Element),
    /// In the order of the STRUCT.
    Row(Box<[Member]>),
}

/// Elements, keys, values or a field.
#[derive(Debug)]
pub(super) struct Element {
    pub reading: Reading,
    pub ty: LogicalType,
}

/// A field.
#[derive(Debug)]
pub(super) struct Member {
    /// Its place in Flink's row.
    pub index: usize,
    /// Its name in the STRUCT.
    pub name: String,
    pub element: Element,
}

impl Nested {
    /// Writes a value's text, with nothing around it.
    ///
    /// # Errors
    /// What Doris would not take; part of the text may have been written.
    pub fn write(&self, out: &mut Output, slot: Slot<'_>, settings: &Settings) -> Result<(), BadValue> {
        let start = out.len();
        match self.form {
            Form::Json => self.shape.write(out, slot, settings, &JsonText)?,
            Form::Doris => self.shape.write(out, slot, settings, &DorisText)?,
        }
        let bytes = out.len() - start;
        if bytes > self.most as usize { Err(BadValue::too_long(bytes, self.most)) } else { Ok(()) }
    }
}

/// A notation of nested values.
trait Inside: Notation {
    /// A map's key, or a field's name.
    fn key(&self, out: &mut Output, key: Value<'_>) -> Result<(), BadValue>;
}

impl Inside for JsonText {
    fn key(&self, out: &mut Output, key: Value<'_>) -> Result<(), BadValue> {
        let start = out.len();
        Bare.value(out, key)?;
        Ok(out.quote_from(start, Style::Fastjson)?)
    }
}

impl Inside for DorisText {
    fn key(&self, out: &mut Output, key: Value<'_>) -> Result<(), BadValue> {
        self.value(out, key)
    }
}

impl Shape {
    fn write(
        &self,
        out: &mut Output,
        slot: Slot<'_>,
        settings: &Settings,
        notation: &impl Inside,
    ) -> Result<(), BadValue> {
        match self {
            Shape::Array(element) => {
                let array = slot.array(&element.ty.root)?;
                out.push(b'[');
                for i in 0..array.len() {
                    if i > 0 {
                        out.push(b',');
                    }
                    element.write(out, array.get(i)?, settings, notation)?;
                }
                out.push(b']');
            }
            Shape::Map(key, value) => {
                let map = slot.map(&key.ty.root, &value.ty.root)?;
                write_map(out, map, (key, value), settings, notation)?;
            }
            Shape::Row(members) => {
                let row = slot.row(members.len())?;
                out.push(b'{');
                for (i, member) in members.iter().enumerate() {
                    if i > 0 {
                        out.push(b',');
                    }
                    notation.key(out, Value::Text(member.name.as_bytes()))?;
                    out.push(b':');
                    member.element.write(out, row.get(member.index)?, settings, notation)?;
                }
                out.push(b'}');
            }
        }
        Ok(())
    }
}

/// Entries in the map's own order.
fn write_map(
    out: &mut Output,
    map: Map<'_>,
    (key, value): (&Element, &Element),
    settings: &Settings,
    notation: &impl Inside,
) -> Result<(), BadValue> {
    out.push(b'{');
    for i in 0..map.keys.len() {
        if i > 0 {
            out.push(b',');
        }
        let name = map.keys.get(i)?.ok_or(BadValue::NullMapKey)?;
        match key.reading.read(name, settings)? {
            Value::Null => return Err(BadValue::NullMapKey),
            name => notation.key(out, name)?,
        }
        out.push(b':');
        value.write(out, map.values.get(i)?, settings, notation)?;
    }
    out.push(b'}');
    Ok(())
}

impl Element {
    fn write(
        &self,
        out: &mut Output,
        slot: Option<Slot<'_>>,
        settings: &Settings,
        notation: &impl Inside,
    ) -> Result<(), BadValue> {
        match (slot, &self.reading) {
            (None, _) => {
                notation.null(out);
                Ok(())
            }
            (Some(slot), Reading::Nested(nested)) if nested.form == Form::Json => {
                let mut text = Output::new();
                nested.write(&mut text, slot, settings)?;
                notation.text(out, text.text())
            }
            // What holds it decides the form.
            (Some(slot), Reading::Nested(nested)) => nested.shape.write(out, slot, settings, notation),
            (Some(slot), reading) => notation.value(out, reading.read(slot, settings)?),
        }
    }
}
