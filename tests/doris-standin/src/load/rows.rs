//! A body's rows into the table's rows: casts, defaults, mappings, filters, and the count of each.

use super::error_log::{ErrorLog, MOST_LINES};
use super::headers::{LoadError, UpdateMode};
use super::partition::Partitions;
use super::plan::{Plan, Target};
use crate::cast::CastError;
use crate::cell::Cell;
use crate::json::Json;
use crate::schema::{Column, ColumnType, DELETE_SIGN};
use crate::sql::expr::Scope;
use crate::store::Row;

/// A value as the body has it.
#[derive(Clone, Debug)]
pub enum Field<'a> {
    /// JSON: no such key.
    Missing,
    /// NULL.
    Null,
    /// Text.
    Text(&'a str),
    /// Text with escapes taken out.
    Owned(String),
    /// A JSON value.
    Json(Json),
    /// A typed value (Arrow).
    Cell(Cell),
}

impl Field<'_> {
    /// As expressions see it: the body's columns are text.
    fn cell(&self) -> Cell {
        match self {
            Field::Missing | Field::Null | Field::Json(Json::Null) => Cell::Null,
            Field::Text(t) => Cell::Text((*t).to_owned()),
            Field::Owned(t) => Cell::Text(t.clone()),
            Field::Json(Json::Text(t) | Json::Number(t)) => Cell::Text(t.clone()),
            Field::Json(Json::Bool(b)) => Cell::Text((*b as u8).to_string()),
            Field::Json(other) => Cell::Text(other.to_string()),
            Field::Cell(c) => c.clone(),
        }
    }

    fn is_null(&self) -> bool {
        matches!(self, Field::Missing | Field::Null | Field::Json(Json::Null) | Field::Cell(Cell::Null))
    }
}

/// How many rows came and what became of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Counts {
    pub total: u64,
    pub loaded: u64,
    pub filtered: u64,
    pub unselected: u64,
}

/// Takes the body's rows one by one.
pub struct RowBuilder<'a> {
    plan: &'a Plan,
    partitions: Partitions<'a>,
    /// With a ratio of 0 the load stops early.
    stop_early: bool,
    /// Good rows.
    pub rows: Vec<Row>,
    /// Flexible partial update: the columns given in each good row.
    pub given: Vec<Vec<usize>>,
    /// Counts.
    pub counts: Counts,
    /// Bad rows.
    pub log: ErrorLog,
}

struct Bad {
    reason: String,
    /// Found on the way into the tablet, where the row's text is no longer known.
    in_sink: bool,
}

struct Names<'a, 'f> {
    plan: &'a Plan,
    fields: &'a [Field<'f>],
    /// The table's columns, once they are known.
    row: Option<&'a Row>,
}

impl Scope for Names<'_, '_> {
    fn column(&self, _table: Option<&str>, name: &str) -> Option<Cell> {
        if let Some(position) = self.row.and_then(|_| self.plan.schema.position(name)) {
            return self.row.map(|r| r[position].clone());
        }
        let source = self.plan.sources.iter().position(|s| s.eq_ignore_ascii_case(name))?;
        let text = self.fields.get(source).map(Field::cell)?;
        // A column of the body that is also one of the table has the table's type, others are text.
        match self.plan.schema.column(name) {
            Some(column) => Some(self.plan.rules.cell(&text, &column.ty).unwrap_or(Cell::Null)),
            None => Some(text),
        }
    }
}

impl<'a> RowBuilder<'a> {
    /// For one load.
    pub fn new(plan: &'a Plan, max_filter_ratio: f64) -> Result<RowBuilder<'a>, LoadError> {
        let partitions = Partitions::of(&plan.schema, &plan.partitions).map_err(LoadError::from_fe)?;
        Ok(RowBuilder {
            plan,
            partitions,
            stop_early: max_filter_ratio == 0.0,
            rows: Vec::new(),
            given: Vec::new(),
            counts: Counts::default(),
            log: ErrorLog::default(),
        })
    }

    /// A row that cannot be read; `line` is its text.
    pub fn bad(&mut self, reason: &str, line: &str) -> Result<(), LoadError> {
        self.counts.total += 1;
        self.filtered(reason, line)
    }

    fn filtered(&mut self, reason: &str, line: &str) -> Result<(), LoadError> {
        self.counts.filtered += 1;
        self.log.add(reason, line);
        if self.stop_early && self.counts.filtered >= MOST_LINES as u64 {
            let text = "Encountered unqualified data, stop processing. Please check if the source data matches the \
                        schema, and consider disabling strict mode or increasing max_filter_ratio.";
            return Err(LoadError::new("DATA_QUALITY_ERROR", text));
        }
        Ok(())
    }

    /// One row: a field for each of the plan's sources.
    pub fn row(&mut self, fields: &mut [Field]) -> Result<(), LoadError> {
        self.counts.total += 1;
        let keep = if self.needs_fields() { fields.to_vec() } else { Vec::new() };
        let mut too_long = None;
        let mut row: Row = Vec::with_capacity(self.plan.targets.len());
        for position in 0..self.plan.targets.len() {
            let value = match &self.plan.targets[position] {
                Target::Source(source) => {
                    let shared = !keep.is_empty();
                    let field = if shared {
                        keep[*source].clone()
                    } else {
                        std::mem::replace(&mut fields[*source], Field::Null)
                    };
                    self.take(position, field, &mut too_long)
                }
                Target::Mapped(expression) => {
                    let names = Names { plan: self.plan, fields: &keep, row: None };
                    match expression.eval(&names) {
                        Ok(cell) => self.take(position, Field::Cell(cell), &mut too_long),
                        Err(error) => Err(error.0),
                    }
                }
                Target::Fixed(cell) => Ok(cell.clone()),
                Target::Copied(source) => Ok(row[*source].clone()),
                Target::NotGiven => Ok(Cell::Null),
            };
            match value {
                Ok(cell) => row.push(cell),
                Err(reason) => return self.filtered(&reason, &line_of(if keep.is_empty() { fields } else { &keep })),
            }
        }
        self.finish(row, &keep, too_long)
    }

    fn needs_fields(&self) -> bool {
        let plan = self.plan;
        plan.rules.strict
            || plan.where_clause.is_some()
            || plan.update == UpdateMode::Flexible
            || plan.sources.len() != plan.given.len()
            || plan.targets.iter().any(|t| matches!(t, Target::Mapped(_)))
    }

    fn finish(&mut self, row: Row, fields: &[Field], too_long: Option<Bad>) -> Result<(), LoadError> {
        if let Some(condition) = &self.plan.where_clause {
            let names = Names { plan: self.plan, fields, row: Some(&row) };
            let holds = condition.holds(&names).map_err(LoadError::from_fe)?;
            if !holds {
                self.counts.unselected += 1;
                return Ok(());
            }
        }
        if let Some(bad) = too_long {
            return self.filtered(&bad.reason, if bad.in_sink { "" } else { &bad.reason });
        }
        if !self.partitions.take(&row) {
            let tuple: Vec<String> = row.iter().map(Cell::to_string).collect();
            return self.filtered(&format!("no partition for this tuple. tuple={}", tuple.join(", ")), "");
        }
        if self.plan.update == UpdateMode::Flexible {
            match self.given_in(fields) {
                Ok(given) => self.given.push(given),
                Err(reason) => return self.filtered(&reason, &line_of(fields)),
            }
        }
        self.rows.push(row);
        self.counts.loaded += 1;
        Ok(())
    }

    fn given_in(&self, fields: &[Field]) -> Result<Vec<usize>, String> {
        let mut given = Vec::new();
        for (position, target) in self.plan.targets.iter().enumerate() {
            match target {
                Target::Source(s) if !matches!(fields[*s], Field::Missing) => given.push(position),
                _ if self.plan.schema.columns[position].key => {
                    let name = &self.plan.schema.columns[position].name;
                    return Err(format!(
                        "The key columns can not be ommited in flexible partial update, missing key column: {name}"
                    ));
                }
                _ => {}
            }
        }
        Ok(given)
    }

    /// The first 32 bytes of a text that may not fit, for the reason.
    fn start_if_long(&self, column: &Column, field: &Field) -> String {
        let (ColumnType::Char(length) | ColumnType::Varchar(length), false) = (&column.ty, field.is_null()) else {
            return String::new();
        };
        let text = match field {
            Field::Text(t) => t,
            Field::Owned(t) | Field::Json(Json::Text(t)) | Field::Cell(Cell::Text(t)) => t.as_str(),
            _ => return String::new(),
        };
        let fits = text.len() <= *length as usize;
        if fits { String::new() } else { String::from_utf8_lossy(&text.as_bytes()[..text.len().min(32)]).into_owned() }
    }

    /// A field as a value of the column at `position`; the reason if the row is bad.
    fn take(&self, position: usize, field: Field, too_long: &mut Option<Bad>) -> Result<Cell, String> {
        let column = &self.plan.schema.columns[position];
        let rules = &self.plan.rules;
        if matches!(field, Field::Missing) {
            return match &self.plan.missing[position] {
                Some(cell) => Ok(cell.clone()),
                None if self.plan.update == UpdateMode::Flexible => Ok(Cell::Null),
                None => Err(format!("Json value is null, but the column `{}` is not nullable.", column.name)),
            };
        }
        let from_json = matches!(field, Field::Json(_));
        let was_null = field.is_null();
        let shown = if rules.strict { field.cell() } else { Cell::Null };
        let start = self.start_if_long(column, &field);
        let cast = match field {
            Field::Missing | Field::Null => Ok(Cell::Null),
            Field::Text(t) => rules.text(t, &column.ty),
            Field::Owned(t) => rules.text(&t, &column.ty),
            Field::Json(j) => rules.json(j, &column.ty),
            // A delete expression is a condition: NULL is false.
            Field::Cell(Cell::Null) if column.name == DELETE_SIGN => Ok(Cell::Int(0)),
            Field::Cell(c) => rules.cell(&c, &column.ty),
        };
        let cell = match cast {
            Ok(cell) => cell,
            Err(CastError::TooLong(length, actual)) => {
                too_long.get_or_insert_with(|| Bad {
                    reason: too_long_reason(column, &start, length, actual),
                    in_sink: true,
                });
                Cell::Null
            }
            Err(CastError::Incorrect) if rules.strict => {
                return Err(format!(
                    "column({}) value is incorrect while strict mode is {}, src value is {shown}",
                    column.name, rules.strict
                ));
            }
            Err(CastError::Incorrect) => Cell::Null,
        };
        if cell.is_null() && !column.nullable && too_long.is_none() {
            return Err(if from_json && was_null {
                format!("Json value is null, but the column `{}` is not nullable.", column.name)
            } else {
                format!("column({}) values is null while columns is not nullable", column.name)
            });
        }
        Ok(cell)
    }
}

fn too_long_reason(column: &Column, start: &str, length: usize, actual: usize) -> String {
    if column.ty == ColumnType::String {
        return format!(
            "column_name[{}], the length of input string is too long than vec schema. schema length: {length}; limit \
             length: {length}; actual length: {actual}; ",
            column.name
        );
    }
    format!(
        "column_name[{}], the length of input is too long than schema. first 32 bytes of input str: [{start}] schema length: \
         {length}; actual length: {actual}; ",
        column.name
    )
}

/// The row as the error log shows it: its fields with blanks between.
fn line_of(fields: &[Field]) -> String {
    let texts: Vec<String> = fields.iter().map(|f| f.cell().to_string()).collect();
    texts.join(" ")
}
