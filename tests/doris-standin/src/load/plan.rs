//! The plan of a load: where each column's value comes from, checked against the table as the front end checks it.

use super::headers::{Format, LoadError, MergeType, Reading, UpdateMode, split_names};
use crate::Version;
use crate::cast::{CastRules, default_cell};
use crate::cell::Cell;
use crate::schema::{
    ColumnType, DELETE_SIGN, DefaultValue, KeyModel, SEQUENCE_COL, SKIP_BITMAP_COL, Sequence, TableSchema, VERSION_COL,
};
use crate::sql::expr::{self, Expr};
use std::sync::Arc;

/// Where a column's value comes from.
#[derive(Clone, Debug)]
pub enum Target {
    /// The body's column of this number.
    Source(usize),
    /// An expression over the body's columns.
    Mapped(Expr),
    /// Always this.
    Fixed(Cell),
    /// The hidden sequence column: what this other column gets.
    Copied(usize),
    /// Not given; partial update takes it from the stored row.
    NotGiven,
}

/// The plan.
#[derive(Clone, Debug)]
pub struct Plan {
    /// Schema that rows will follow.
    pub schema: Arc<TableSchema>,
    /// Names of the body's columns.
    pub sources: Vec<String>,
    /// For each column of the schema.
    pub targets: Vec<Target>,
    /// For each column of the schema: what a key that is missing in JSON stands for, `None` if that is an error.
    pub missing: Vec<Option<Cell>>,
    /// `where`.
    pub where_clause: Option<Expr>,
    /// `delete`.
    pub delete: Option<Expr>,
    /// Partial or whole rows.
    pub update: UpdateMode,
    /// Positions of given columns.
    pub given: Vec<usize>,
    /// The `columns` header gave the body's columns.
    pub explicit: bool,
    /// How values are cast.
    pub rules: CastRules,
    /// Partitions named.
    pub partitions: Vec<String>,
}

type Planned<T> = Result<T, LoadError>;

fn refuse<T>(text: impl std::fmt::Display) -> Planned<T> {
    Err(LoadError::from_fe(text))
}

/// What a plan needs besides schema and headers.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    /// Format of the body.
    pub format: Format,
    /// Milliseconds, for CURRENT_TIMESTAMP.
    pub now_ms: i64,
    /// How values are cast.
    pub rules: CastRules,
    /// Is a heavy ALTER of the table under way?
    pub altering: bool,
}

impl Plan {
    /// Plans a load.
    pub fn new(schema: Arc<TableSchema>, reading: &Reading, about: Circumstances) -> Planned<Plan> {
        check_table(&schema, reading, about)?;
        let (sources, mapped, explicit) = source_columns(&schema, reading)?;
        let missing = schema.columns.iter().map(|c| default_cell(c, &about.rules, about.now_ms, 0)).collect();
        let parse = |text: &Option<String>| match text {
            None => Ok(None),
            Some(text) => expr::parse(text).map(Some).or_else(refuse),
        };
        let mut plan = Plan {
            targets: vec![Target::NotGiven; schema.columns.len()],
            schema,
            sources,
            missing,
            where_clause: parse(&reading.where_clause)?,
            delete: parse(&reading.delete)?,
            update: reading.update,
            given: Vec::new(),
            explicit,
            rules: about.rules,
            partitions: reading.partitions.clone(),
        };
        plan.assign(mapped)?;
        plan.assign_delete_sign(reading)?;
        plan.assign_sequence(reading)?;
        if plan.update == UpdateMode::Fixed {
            plan.check_partial()?;
        }
        let is_given = |i: &usize| !matches!(plan.targets[*i], Target::NotGiven);
        plan.given = (0..plan.targets.len()).filter(is_given).collect();
        if plan.update == UpdateMode::Upsert {
            plan.assign_defaults()?;
        }
        Ok(plan)
    }

    fn assign(&mut self, mapped: Vec<(String, Expr)>) -> Planned<()> {
        for (i, name) in self.sources.iter().enumerate() {
            if let Some(position) = self.schema.position(name) {
                self.targets[position] = Target::Source(i);
            }
        }
        for (name, expression) in mapped {
            let Some(position) = self.schema.position(&name) else {
                return refuse(format!("unknown reference column, column={name}, reference={name}"));
            };
            let known = |c: &String| {
                self.sources.iter().any(|s| s.eq_ignore_ascii_case(c)) || self.schema.position(c).is_some()
            };
            if let Some(column) = expression.columns().into_iter().find(|c| !known(c)) {
                return refuse(format!("unknown reference column, column={name}, reference={column}"));
            }
            self.targets[position] = Target::Mapped(expression);
        }
        Ok(())
    }

    fn assign_delete_sign(&mut self, reading: &Reading) -> Planned<()> {
        let Some(sign) = self.schema.delete_sign() else { return Ok(()) };
        match reading.merge {
            MergeType::Append => {
                if self.update == UpdateMode::Upsert && matches!(self.targets[sign], Target::NotGiven) {
                    self.targets[sign] = Target::Fixed(Cell::Int(0));
                }
            }
            MergeType::Delete => self.targets[sign] = Target::Fixed(Cell::Int(1)),
            MergeType::Merge => {
                if let Some(delete) = &self.delete {
                    self.targets[sign] = Target::Mapped(delete.clone());
                }
            }
        }
        Ok(())
    }

    fn assign_sequence(&mut self, reading: &Reading) -> Planned<()> {
        let (Some(hidden), Some(sequence)) = (self.schema.sequence_position(), self.schema.sequence.clone()) else {
            if reading.sequence_col.is_some() {
                return refuse(format!("There is no sequence column in the table {}", self.schema.name));
            }
            return Ok(());
        };
        let need = format!("Table {} has sequence column, need to specify the sequence column", self.schema.name);
        match sequence {
            Sequence::Column(name) => {
                let Some(source) = self.schema.position(&name) else { return refuse(need) };
                if !matches!(self.targets[source], Target::NotGiven) {
                    self.targets[hidden] = Target::Copied(source);
                } else if self.update == UpdateMode::Upsert {
                    if !matches!(self.schema.columns[source].default, Some(DefaultValue::CurrentTimestamp { .. })) {
                        return refuse(need);
                    }
                    self.targets[hidden] = Target::Copied(source);
                }
            }
            Sequence::Type(_) if self.update == UpdateMode::Flexible => {}
            Sequence::Type(_) => {
                let Some(name) = &reading.sequence_col else { return refuse(need) };
                let source = self.sources.iter().position(|s| s.eq_ignore_ascii_case(name));
                self.targets[hidden] = match (source, self.schema.position(name)) {
                    (Some(source), _) => Target::Source(source),
                    (None, Some(position)) if position != hidden => self.targets[position].clone(),
                    _ => return refuse(format!("unknown reference column, column={SEQUENCE_COL}, reference={name}")),
                };
            }
        }
        Ok(())
    }

    fn check_partial(&self) -> Planned<()> {
        for (i, column) in self.schema.columns.iter().enumerate() {
            let given = !matches!(self.targets[i], Target::NotGiven);
            if column.key && !given {
                return refuse(format!("Partial update should include all key columns, missing: {}", column.name));
            }
            let named = self.explicit && matches!(self.targets[i], Target::Source(_));
            if named && !column.visible && column.name != DELETE_SIGN && column.name != SEQUENCE_COL {
                return refuse(format!(
                    "Partial update should not include invisible column except delete sign column: {}",
                    column.name
                ));
            }
        }
        Ok(())
    }

    fn assign_defaults(&mut self) -> Planned<()> {
        for (i, column) in self.schema.columns.iter().enumerate() {
            if !matches!(self.targets[i], Target::NotGiven) {
                continue;
            }
            self.targets[i] = match &self.missing[i] {
                Some(cell) => Target::Fixed(cell.clone()),
                None if !column.visible || column.auto_increment => Target::Fixed(Cell::Int(0)),
                None => return refuse(format!("Column({}) has no default value.", column.name)),
            };
        }
        Ok(())
    }
}

fn check_table(schema: &TableSchema, reading: &Reading, about: Circumstances) -> Planned<()> {
    if reading.merge != MergeType::Append && !schema.model.is_unique() {
        return refuse("load by MERGE or DELETE is only supported in unique tables.");
    }
    if reading.update == UpdateMode::Upsert {
        return Ok(());
    }
    if schema.model != (KeyModel::Unique { merge_on_write: true }) {
        return refuse("Only unique key merge on write support partial update");
    }
    if reading.update == UpdateMode::Flexible {
        if !schema.light_schema_change() {
            return refuse("Flexible partial update can only support table with light_schema_change enabled.");
        }
        if schema.position(SKIP_BITMAP_COL).is_none() {
            return refuse("Flexible partial update can only support table with skip bitmap hidden column.");
        }
        if schema.columns.iter().any(|c| c.ty == ColumnType::Variant) {
            return refuse("Flexible partial update can only support table without variant columns.");
        }
    }
    if about.altering {
        return refuse("Unable to do 'partial_update' when the tablet is undergoing a 'schema changing process'");
    }
    Ok(())
}

type Sources = (Vec<String>, Vec<(String, Expr)>, bool);

/// The body's columns and the mapped ones: from `columns`, or all visible columns and `hidden_columns`.
fn source_columns(schema: &TableSchema, reading: &Reading) -> Planned<Sources> {
    let mut sources = Vec::new();
    let mut mapped = Vec::new();
    for item in split_items(reading.columns.as_deref().unwrap_or("")) {
        match split_mapping(item) {
            None => sources.extend(split_names(item)),
            Some((name, expression)) => {
                let name = name.trim().trim_matches('`').to_owned();
                mapped.push((name, expr::parse(expression).or_else(refuse)?));
            }
        }
    }
    let explicit = !sources.is_empty();
    if !explicit {
        sources = schema.visible().map(|(_, c)| c.name.clone()).collect();
        if reading.columns.is_none() {
            sources.extend(reading.hidden_columns.iter().cloned());
        }
        if reading.update == UpdateMode::Flexible {
            let hidden = schema.columns.iter().filter(|c| !c.visible).map(|c| c.name.clone());
            sources.extend(hidden.filter(|n| n != VERSION_COL && n != SKIP_BITMAP_COL));
        }
    }
    Ok((sources, mapped, explicit))
}

/// Splits at commas outside parentheses and quotes.
fn split_items(text: &str) -> Vec<&str> {
    let (mut items, mut depth, mut quote, mut from) = (Vec::new(), 0usize, None, 0);
    for (i, b) in text.bytes().enumerate() {
        match (quote, b) {
            (Some(q), _) if q == b => quote = None,
            (Some(_), _) => {}
            (None, b'\'' | b'"' | b'`') => quote = Some(b),
            (None, b'(') => depth += 1,
            (None, b')') => depth = depth.saturating_sub(1),
            (None, b',') if depth == 0 => {
                items.push(&text[from..i]);
                from = i + 1;
            }
            _ => {}
        }
    }
    items.push(&text[from..]);
    items.retain(|i| !i.trim().is_empty());
    items
}

/// `name = expression`, if the item is one.
fn split_mapping(item: &str) -> Option<(&str, &str)> {
    let behind_name = match item.trim_start().strip_prefix('`') {
        Some(name) => item.len() - name.len() + name.find('`')?,
        None => 0,
    };
    let at = item[behind_name..].find('=')? + behind_name;
    Some((&item[..at], &item[at + 1..]))
}

/// Does this release filter a partial update's new keys under strict mode? From 4.0 on only
/// `partial_update_new_key_behavior` decides.
pub fn strict_filters_new_keys(version: Version) -> bool {
    version < Version::V4_0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_split_outside_parentheses_and_quotes() {
        assert_eq!(split_items("a, b=concat(a, ','), `c`"), ["a", " b=concat(a, ',')", " `c`"]);
        assert_eq!(split_mapping("b = a + 1"), Some(("b ", " a + 1")));
        assert_eq!(split_mapping(" a "), None);
        assert_eq!(split_mapping("`ÄÖ`"), None);
        assert_eq!(split_mapping(" `a=b` = c"), Some((" `a=b` ", " c")));
    }
}
