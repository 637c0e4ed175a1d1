//! Rows under named columns: a table's, a sub-select's, a SHOW statement's, and what a client gets.

use super::expr::Scope;
use crate::cell::Cell;
use crate::schema::ColumnType;

/// A column of a relation.
#[derive(Debug, Clone, PartialEq)]
pub struct Field {
    /// The table's name or alias; empty where there is none.
    pub table: String,
    /// The column's name or alias.
    pub name: String,
    /// When known before any row is seen.
    pub ty: Option<ColumnType>,
    /// False: only given when named.
    pub visible: bool,
}

/// Rows under named columns.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Relation {
    /// The columns.
    pub fields: Vec<Field>,
    /// One cell for each column.
    pub rows: Vec<Vec<Cell>>,
}

impl Relation {
    /// Text columns with these names.
    pub fn named(names: &[&str]) -> Relation {
        let field = |name: &&str| Field {
            table: String::new(),
            name: (*name).to_owned(),
            ty: Some(ColumnType::String),
            visible: true,
        };
        Relation { fields: names.iter().map(field).collect(), rows: Vec::new() }
    }

    /// Adds a row of texts.
    pub fn push<T: Into<TextCell>>(&mut self, row: impl IntoIterator<Item = T>) {
        self.rows.push(row.into_iter().map(|cell| cell.into().0).collect());
    }

    /// The position of a column.
    pub fn position(&self, table: Option<&str>, name: &str) -> Option<usize> {
        self.fields.iter().position(|field| {
            field.name.eq_ignore_ascii_case(name) && table.is_none_or(|table| field.table.eq_ignore_ascii_case(table))
        })
    }

    /// The type of a column: its own, or that of its first value; VARCHAR when all are NULL.
    pub fn type_of(&self, index: usize) -> ColumnType {
        if let Some(ty) = &self.fields[index].ty {
            return ty.clone();
        }
        let first = self.rows.iter().map(|row| &row[index]).find(|cell| !cell.is_null());
        match first {
            Some(Cell::Bool(_)) => ColumnType::Boolean,
            Some(Cell::Int(_)) => self.integer_type(index),
            Some(Cell::Float(_)) => ColumnType::Float,
            Some(Cell::Double(_)) => ColumnType::Double,
            Some(Cell::Decimal(decimal)) => ColumnType::Decimal { precision: 38, scale: decimal.scale },
            Some(Cell::Date(_)) => ColumnType::Date,
            Some(Cell::DateTime(moment)) => ColumnType::DateTime { scale: moment.scale },
            _ => ColumnType::Varchar(65533),
        }
    }

    fn integer_type(&self, index: usize) -> ColumnType {
        let fits = |cell: &Cell| !matches!(cell, Cell::Int(value) if i64::try_from(*value).is_err());
        if self.rows.iter().all(|row| fits(&row[index])) { ColumnType::BigInt } else { ColumnType::LargeInt }
    }
}

/// A cell made of something text-like.
pub struct TextCell(Cell);

impl From<&str> for TextCell {
    fn from(text: &str) -> TextCell {
        TextCell(Cell::Text(text.to_owned()))
    }
}

impl From<String> for TextCell {
    fn from(text: String) -> TextCell {
        TextCell(Cell::Text(text))
    }
}

impl From<Option<String>> for TextCell {
    fn from(text: Option<String>) -> TextCell {
        TextCell(text.map_or(Cell::Null, Cell::Text))
    }
}

impl From<Cell> for TextCell {
    fn from(cell: Cell) -> TextCell {
        TextCell(cell)
    }
}

/// One row as a scope, with the session's facts behind it.
pub struct RowScope<'a> {
    /// Names the cells.
    pub fields: &'a Relation,
    /// The cells; none in an aggregate without rows, where every column is NULL.
    pub row: Option<&'a [Cell]>,
    /// Variables and session functions.
    pub session: &'a dyn Scope,
}

impl Scope for RowScope<'_> {
    fn column(&self, table: Option<&str>, name: &str) -> Option<Cell> {
        let position = self.fields.position(table, name)?;
        Some(self.row.map_or(Cell::Null, |row| row[position].clone()))
    }

    fn variable(&self, name: &str) -> Option<Cell> {
        self.session.variable(name)
    }

    fn session(&self, name: &str) -> Option<Cell> {
        self.session.session(name)
    }
}
