//! How rows of a table are written.

use super::definitions::Known;
use super::event::{Datum, Old, Relation, Tuple};
use super::value::Form;
use crate::changes::message::{Change, Frame, Message};
use crate::error::{Error, Kind};
use crate::snapshot::catalogue::Column;
use crate::snapshot::postgres::catalogue::Types;
use crate::snapshot::postgres::types::travel;
use crate::sync::mysql_type::MysqlType;
use std::sync::Arc;

/// How rows of a table are read and written.
#[derive(Debug)]
pub struct Layout {
    /// All columns, as messages have them.
    pub frame: Arc<Frame>,
    /// It has partitions.
    pub is_partitioned: bool,
    columns: Vec<LayoutColumn>,
}

#[derive(Debug)]
struct LayoutColumn {
    name: String,
    form: Form,
    is_identity: bool,
    is_key: bool,
}

/// A value as text; None for NULL.
pub type Value<'v> = Option<&'v [u8]>;

impl Layout {
    /// How rows of a table are written that the log has as `relation`.
    pub fn new(relation: &Relation, known: &Known, types: &Types) -> Layout {
        let keys = known.keys.clone().unwrap_or_default();
        let (mut columns, mut members) = (Vec::new(), Vec::new());
        for column in &relation.columns {
            let ty = types.resolve(column.ty, column.modifier);
            let travel = travel(&ty, types.money_scale());
            let typed = Column { name: column.name.clone(), ty: MysqlType::parse(&travel.ty) };
            members.push((column.name.as_str(), typed.ty.to_string()));
            columns.push(LayoutColumn {
                name: column.name.clone(),
                form: Form::of(travel.selected, &ty, &typed, types.money_scale()),
                is_identity: column.is_identity,
                is_key: keys.contains(&column.name),
            });
        }
        let all = members.iter().map(|(name, ty)| (*name, ty.as_str()));
        Layout { frame: Arc::new(Frame::new(known.name(), all, keys)), is_partitioned: known.is_partitioned, columns }
    }

    /// Looks whether a row has these columns.
    ///
    /// # Errors
    /// [`Kind::Source`]: it has more or fewer.
    pub fn check(&self, tuple: &Tuple<'_>) -> Result<(), Error> {
        if tuple.len() == self.columns.len() {
            return Ok(());
        }
        let (found, wanted) = (tuple.len(), self.columns.len());
        let text = format!("a row of {} has {found} values instead of {wanted} in the server's log", self.frame.name);
        Err(Error::new(Kind::Source, text))
    }

    /// The row after an update: what is not in the log because it is what it was is taken from the row before, if that is there. Else it is None, and the
    /// columns that lack are named.
    pub fn completed<'e>(&self, new: &Tuple<'e>, old: Option<&Old<'e>>) -> (Vec<Option<Value<'e>>>, Vec<String>) {
        let mut lacks = Vec::new();
        let mut before = old.map(|old| old.tuple().values());
        let mut values = Vec::with_capacity(self.columns.len());
        for (column, datum) in self.columns.iter().zip(new.values()) {
            let was = before.as_mut().and_then(Iterator::next);
            values.push(match (datum, was) {
                (Datum::Null, _) => Some(None),
                (Datum::Text(text), _) | (Datum::Unchanged, Some(Datum::Text(text))) => Some(Some(text)),
                (Datum::Unchanged, _) => {
                    lacks.push(column.name.clone());
                    None
                }
            });
        }
        (values, lacks)
    }

    /// The key of such a row, in the order of the columns; None if it has none, or lacks it.
    pub fn key(&self, values: &[Option<Value<'_>>]) -> Option<Vec<(String, Vec<u8>)>> {
        let mut key = Vec::new();
        for (column, value) in self.columns.iter().zip(values).filter(|(column, _)| column.is_key) {
            key.push((column.name.clone(), (*value)??.to_vec()));
        }
        (!key.is_empty()).then_some(key)
    }
}

/// Writes rows into messages.
#[derive(Debug, Default)]
pub struct Rows {
    message: Message,
    scratch: Vec<u8>,
}

impl Rows {
    /// Puts the message under way into a batch unless it takes one more row of that table and kind, with that sequence.
    pub fn make_room(
        &mut self,
        (frame, change): (&Arc<Frame>, Change),
        sequence: i64,
        bytes: usize,
        messages: &mut Vec<u8>,
    ) {
        let follows = self.message.next_sequence().is_none_or(|next| next == sequence);
        if !follows || !self.message.takes(frame, change) || self.message.is_full(bytes) {
            self.message.finish(messages);
        }
    }

    /// Adds a row that was not there.
    ///
    /// # Errors
    /// A value is none of its column's.
    pub fn insert(&mut self, layout: &Layout, place: (i64, i64), new: &Tuple<'_>) -> Result<(), Error> {
        self.message.begin((&layout.frame, Change::Insert), place);
        for (at, datum) in new.values().enumerate() {
            self.value(layout, at, text(datum))?;
        }
        self.message.end()
    }

    /// Adds a row that is another one now, and what is known to be different of the row before.
    ///
    /// # Errors
    /// As [`insert`](Self::insert).
    pub fn update(
        &mut self,
        layout: &Layout,
        place: (i64, i64),
        new: &[Value<'_>],
        old: Option<&Old<'_>>,
    ) -> Result<(), Error> {
        self.message.begin((&layout.frame, Change::Update), place);
        for (at, value) in new.iter().enumerate() {
            self.value(layout, at, *value)?;
        }
        if let Some(old) = old {
            let is_whole = matches!(old, Old::Row(_));
            for (at, (datum, new)) in old.tuple().values().zip(new).enumerate() {
                let column = &layout.columns[at];
                if !(is_whole || column.is_identity) || datum == Datum::Unchanged || text(datum) == *new {
                    continue;
                }
                let to = self.message.old_value(&layout.frame, at);
                match text(datum) {
                    None => to.raw(b"null"),
                    Some(text) => {
                        column.form.write(text, to, &mut self.scratch).map_err(|why| bad(layout, at, why))?;
                    }
                }
            }
        }
        self.message.end()
    }

    /// Adds a row that is not there any more. What is not known of it is NULL: of a row that is deleted only the key counts.
    ///
    /// # Errors
    /// As [`insert`](Self::insert).
    pub fn delete(&mut self, layout: &Layout, place: (i64, i64), old: &Old<'_>) -> Result<(), Error> {
        self.message.begin((&layout.frame, Change::Delete), place);
        for (at, datum) in old.tuple().values().enumerate() {
            self.value(layout, at, text(datum))?;
        }
        self.message.end()
    }

    fn value(&mut self, layout: &Layout, at: usize, value: Value<'_>) -> Result<(), Error> {
        let to = self.message.value(&layout.frame, at);
        match value {
            None => {
                to.raw(b"null");
                Ok(())
            }
            Some(text) => {
                let written = layout.columns[at].form.write(text, to, &mut self.scratch);
                written.map_err(|why| bad(layout, at, why))
            }
        }
    }

    /// Puts the message into a batch.
    pub fn finish(&mut self, messages: &mut Vec<u8>) {
        self.message.finish(messages);
    }
}

fn text(datum: Datum<'_>) -> Value<'_> {
    if let Datum::Text(text) = datum { Some(text) } else { None }
}

#[cold]
fn bad(layout: &Layout, at: usize, why: &str) -> Error {
    let text = format!("a value of the column {} cannot be read: {why}", layout.columns[at].name);
    Error::new(Kind::Source, text).at(layout.frame.name.to_string())
}
