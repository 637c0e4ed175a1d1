//! Rows of the log as Canal's flat messages.

use super::definitions::Known;
use super::event::{Datum, Old, Relation, Tuple};
use super::value::Form;
use crate::changes::definitions::Named;
use crate::changes::message::{Frame, Message};
use crate::error::{Error, Kind};
use crate::json::write::Output;
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

    /// Writes a row that was not there.
    ///
    /// # Errors
    /// A value is none of its column's.
    pub fn insert(&self, new: &Tuple<'_>, to: &mut Message) -> Result<(), Error> {
        for (at, datum) in new.values().enumerate() {
            self.write(at, text(datum), to.value(&self.frame, at))?;
        }
        to.end()
    }

    /// Writes a row that is another one now, and what is known to be different of the row before.
    ///
    /// # Errors
    /// As [`insert`](Self::insert).
    pub fn update(&self, new: &[Value<'_>], old: Option<&Old<'_>>, to: &mut Message) -> Result<(), Error> {
        for (at, value) in new.iter().enumerate() {
            self.write(at, *value, to.value(&self.frame, at))?;
        }
        if let Some(old) = old {
            let is_whole = matches!(old, Old::Row(_));
            for (at, (datum, new)) in old.tuple().values().zip(new).enumerate() {
                let is_known = is_whole || self.columns[at].is_identity;
                if is_known && datum != Datum::Unchanged && text(datum) != *new {
                    self.write(at, text(datum), to.old_value(&self.frame, at))?;
                }
            }
        }
        to.end()
    }

    /// Writes a row that is not there any more. What is not known of it is NULL: of a row that is deleted only the key counts.
    ///
    /// # Errors
    /// As [`insert`](Self::insert).
    pub fn delete(&self, old: &Old<'_>, to: &mut Message) -> Result<(), Error> {
        self.insert(&old.tuple(), to)
    }

    fn write(&self, at: usize, value: Value<'_>, (to, scratch): (&mut Output, &mut Vec<u8>)) -> Result<(), Error> {
        let Some(text) = value else {
            to.raw(b"null");
            return Ok(());
        };
        let column = &self.columns[at];
        column.form.write(text, to, scratch).map_err(|why| {
            let text = format!("a value of the column {} cannot be read: {why}", column.name);
            Error::new(Kind::Source, text).at(self.frame.name.to_string())
        })
    }
}

fn text(datum: Datum<'_>) -> Value<'_> {
    if let Datum::Text(text) = datum { Some(text) } else { None }
}
