//! ALTER TABLE for Doris: from a table that is there to the one that is wanted.

use super::TableChange;
use crate::doris::table::{DorisType, backquoted};
use crate::schema::Root;
use crate::sync::create::{definition, literal};
use crate::sync::mapping::{Conversion, DorisDefault, MappedColumn, MappedTable};
use crate::sync::source::same_name;

/// A column as Doris has it, from `information_schema.columns`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PresentColumn {
    /// `COLUMN_NAME`.
    pub name: String,
    /// `COLUMN_TYPE`.
    pub ty: DorisType,
    /// `IS_NULLABLE`.
    pub nullable: bool,
    /// `COLUMN_DEFAULT`: a constant's text or `CURRENT_TIMESTAMP`.
    pub default: Option<String>,
    /// `COLUMN_COMMENT`.
    pub comment: String,
}

impl PresentColumn {
    /// The column that is wanted, as if it were there.
    pub fn of(column: &MappedColumn) -> PresentColumn {
        PresentColumn {
            name: column.name.clone(),
            ty: column.doris.clone(),
            nullable: column.nullable(),
            default: match &column.default {
                None => None,
                Some(DorisDefault::Literal(text)) => Some(text.clone()),
                Some(DorisDefault::CurrentTimestamp(_)) => Some("CURRENT_TIMESTAMP".into()),
            },
            comment: column.comment.clone(),
        }
    }
}

/// A statement for Doris.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Step {
    /// The statement.
    pub sql: String,
    /// It starts a job that has to be awaited (`SHOW ALTER TABLE COLUMN`), and which itself waits for open transactions of the table.
    pub heavy: bool,
    /// It gives rows a value that MySQL gave them without a message. It is planned each time, and a Doris that refuses it leaves them NULL.
    pub fills: bool,
}

/// A change that Doris cannot make.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Impossible {
    /// What, and why not.
    pub what: String,
    /// Statements that make it by hand; the table goes on when Doris has what is wanted.
    pub by_hand: Vec<String>,
}

/// What may be chosen.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct AlterOptions {
    /// A column of Doris that holds all values of a narrower type stays as it is. By default it is impossible, as MySQL may have cut
    /// values without a message of it.
    pub keep_wider: bool,
}

/// The columns that clauses rename, by their names in the source: before, after.
fn renames(changes: &[TableChange]) -> Vec<(String, String)> {
    let renamed = |change: &TableChange| match change {
        TableChange::RenameColumn { old, new } => Some((old.clone(), new.clone())),
        TableChange::ModifyColumn { old, column, .. } => Some((old.clone(), column.name.clone())),
        _ => None,
    };
    changes.iter().filter_map(renamed).filter(|(old, new)| old != new).collect()
}

/// The statements that turn `old` into `new` by the clauses of one ALTER TABLE, given the columns that Doris has: what it has already is
/// left out, so the same change can be planned again after a restart, when a part of it was done. Without clauses what differs is added,
/// dropped and modified.
///
/// Order of columns and changed defaults stay as they are, as rows come whole and by name.
///
/// # Errors
/// Doris cannot do it.
pub fn alter_table(
    old: &MappedTable,
    new: &MappedTable,
    clauses: &[TableChange],
    present: &[PresentColumn],
    options: AlterOptions,
) -> Result<Vec<Step>, Impossible> {
    let mut plan = Plan {
        new,
        table: table_name(&new.database, &new.name),
        present: present.to_vec(),
        steps: Vec::new(),
        options,
    };
    let pairs = plan.rename(old, &renames(clauses))?;
    plan.check_made_anew(clauses)?;
    plan.check_keys(old, &pairs)?;
    for column in &old.columns {
        if new_of(column, new, &pairs).is_none() {
            plan.drop(column)?;
        }
    }
    for (i, column) in new.columns.iter().enumerate() {
        let before = old.columns.iter().find(|old| new_of(old, new, &pairs).is_some_and(|new| new.name == column.name));
        match plan.find(&column.name).cloned() {
            Some(present) => plan.modify(before, column, &present)?,
            None => plan.add(i, column)?,
        }
    }
    if old.comment != new.comment {
        let sql = format!("ALTER TABLE {} MODIFY COMMENT {}", plan.table, literal(&new.comment));
        plan.steps.push(Step { sql, ..Step::default() });
    }
    Ok(plan.steps)
}

/// Empties a table.
pub fn truncate(database: &str, table: &str) -> Step {
    Step { sql: format!("TRUNCATE TABLE {}", table_name(database, table)), ..Step::default() }
}

/// Drops a table.
pub fn drop_table(database: &str, table: &str) -> Step {
    Step { sql: format!("DROP TABLE IF EXISTS {}", table_name(database, table)), ..Step::default() }
}

/// Renames a table.
///
/// # Errors
/// It would be in another database then, which Doris cannot do.
pub fn rename_table(from: (&str, &str), to: (&str, &str)) -> Result<Step, Impossible> {
    if from.0 != to.0 {
        let (from, to) = (table_name(from.0, from.1), table_name(to.0, to.1));
        return Err(Impossible {
            what: format!("{from} cannot become {to}: Doris renames tables within a database only"),
            by_hand: vec![
                format!("CREATE TABLE {to} LIKE {from}"),
                format!("INSERT INTO {to} SELECT * FROM {from}"),
                format!("DROP TABLE {from}"),
            ],
        });
    }
    Ok(Step {
        sql: format!("ALTER TABLE {} RENAME {}", table_name(from.0, from.1), backquoted(to.1)),
        ..Step::default()
    })
}

fn table_name(database: &str, table: &str) -> String {
    format!("{}.{}", backquoted(database), backquoted(table))
}

/// The column of the new table that an old one becomes. Pairs are of names in Doris.
fn new_of<'t>(column: &MappedColumn, new: &'t MappedTable, pairs: &[(String, String)]) -> Option<&'t MappedColumn> {
    let renamed = pairs.iter().find(|(old, _)| same_name(old, &column.name)).map(|(_, new)| new.as_str());
    // A column whose name another one takes is gone, unless it is renamed itself.
    if renamed.is_none() && pairs.iter().any(|(_, taken)| same_name(taken, &column.name)) {
        return None;
    }
    new.column(renamed.unwrap_or(&column.name))
}

struct Plan<'t> {
    new: &'t MappedTable,
    table: String,
    present: Vec<PresentColumn>,
    steps: Vec<Step>,
    options: AlterOptions,
}

impl Plan<'_> {
    fn find(&self, name: &str) -> Option<&PresentColumn> {
        self.present.iter().find(|column| same_name(&column.name, name))
    }

    fn step(&mut self, clause: String, heavy: bool) {
        self.steps.push(Step { sql: format!("ALTER TABLE {} {clause}", self.table), heavy, ..Step::default() });
    }

    /// A column that is dropped and added by one statement looks in Doris as if nothing had to be done.
    fn check_made_anew(&self, clauses: &[TableChange]) -> Result<(), Impossible> {
        let dropped = |name: &str| {
            clauses.iter().any(|c| matches!(c, TableChange::DropColumn { column, .. } if same_name(column, name)))
        };
        for clause in clauses {
            let TableChange::AddColumn { column, .. } = clause else { continue };
            let Some(new) = self.new.columns.iter().find(|new| same_name(&new.source, &column.name)) else { continue };
            if dropped(&column.name) && self.find(&new.name).is_some() {
                return Err(Impossible {
                    what: format!(
                        "{}: the column {} is dropped and added in one statement, so Doris' columns do not show whether it was done",
                        self.table, new.name
                    ),
                    by_hand: vec![
                        format!("ALTER TABLE {} DROP COLUMN {}", self.table, backquoted(&new.name)),
                        format!("ALTER TABLE {} ADD COLUMN {}", self.table, definition(new, true)),
                    ],
                });
            }
        }
        Ok(())
    }

    /// Renames what is not renamed yet; gives the pairs of names in Doris.
    fn rename(&mut self, old: &MappedTable, renamed: &[(String, String)]) -> Result<Vec<(String, String)>, Impossible> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for (before, after) in renamed {
            let from = old.columns.iter().find(|column| same_name(&column.source, before));
            let to = self.new.columns.iter().find(|column| same_name(&column.source, after));
            if let (Some(from), Some(to)) = (from, to)
                && from.name != to.name
            {
                pairs.push((from.name.clone(), to.name.clone()));
            }
        }
        let swaps = |(_, to): &&(String, String)| pairs.iter().any(|(from, _)| same_name(from, to));
        if let Some((from, to)) = pairs.iter().find(swaps) {
            return Err(Impossible {
                what: format!(
                    "{}: the column {from} takes the name {to} of a column that takes another name in the same statement, so \
                     Doris' columns do not show whether it was done",
                    self.table
                ),
                by_hand: by_other_names(&self.table, &pairs),
            });
        }
        for (from, to) in &pairs {
            let at = self.present.iter().position(|column| same_name(&column.name, from));
            if let Some(at) = at
                && self.find(to).is_none()
            {
                self.step(format!("RENAME COLUMN {} {}", backquoted(from), backquoted(to)), false);
                self.present[at].name.clone_from(to);
            }
        }
        Ok(pairs)
    }

    fn check_keys(&self, old: &MappedTable, pairs: &[(String, String)]) -> Result<(), Impossible> {
        let was: Vec<Option<&str>> = old.columns[..old.keys]
            .iter()
            .map(|key| new_of(key, self.new, pairs).map(|new| new.name.as_str()))
            .collect();
        let is: Vec<Option<&str>> =
            self.new.columns[..self.new.keys].iter().map(|key| Some(key.name.as_str())).collect();
        // Which columns they are counts; Doris sorts by them in its own order.
        let same = was.len() == is.len() && is.iter().all(|key| was.contains(key));
        if same { Ok(()) } else { Err(self.new_table("the key of a table cannot be changed in Doris")) }
    }

    /// A table made anew, by hand.
    fn new_table(&self, why: &str) -> Impossible {
        Impossible {
            what: format!("{}: {why}", self.table),
            by_hand: vec![
                format!("DROP TABLE {}", self.table),
                format!("-- then read {}'s rows again: the table is created with the new columns", self.table),
            ],
        }
    }

    fn drop(&mut self, column: &MappedColumn) -> Result<(), Impossible> {
        let Some(at) = self.present.iter().position(|present| same_name(&present.name, &column.name)) else {
            return Ok(());
        };
        if column.key {
            return Err(self.new_table(&format!("the key column {} cannot be dropped in Doris", column.name)));
        }
        // Another column has this name now.
        if self.new.column(&column.name).is_some() {
            return Ok(());
        }
        self.present.remove(at);
        self.step(format!("DROP COLUMN {}", backquoted(&column.name)), false);
        Ok(())
    }

    fn add(&mut self, at: usize, column: &MappedColumn) -> Result<(), Impossible> {
        if column.key {
            return Err(self.new_table(&format!("a key column {} cannot be added in Doris", column.name)));
        }
        let filled = MappedColumn { default: column.filler.clone(), ..column.clone() };
        // Rows that are there need a value.
        let nullable = column.nullable() || filled.default.is_none();
        let before =
            self.new.columns[..at].iter().rev().find_map(|column| self.find(&column.name)).map(|c| c.name.clone());
        let last = self.present.last().map(|column| &column.name) == before.as_ref();
        let place = match &before {
            Some(before) if !last => format!(" AFTER {}", backquoted(before)),
            _ => String::new(),
        };
        self.step(format!("ADD COLUMN {}{place}", definition(&filled, nullable)), false);
        let added = PresentColumn {
            name: column.name.clone(),
            ty: column.doris.clone(),
            nullable,
            default: None,
            comment: column.comment.clone(),
        };
        let index = before.and_then(|before| self.present.iter().position(|c| c.name == before));
        self.present.insert(index.map_or(self.present.len(), |index| index + 1), added);
        Ok(())
    }

    fn modify(
        &mut self,
        old: Option<&MappedColumn>,
        new: &MappedColumn,
        present: &PresentColumn,
    ) -> Result<(), Impossible> {
        if let Some(old) = old
            && form(old) != form(new)
        {
            let why = format!("the rows that are there have it as {}, and new ones as {}", form(old), form(new));
            return Err(self.another_column(new, &why));
        }
        let known = old.filter(|old| same_type(&present.ty, &old.doris)).map(|old| old.doris.clone());
        let present = PresentColumn { ty: known.unwrap_or_else(|| present.ty.clone()), ..present.clone() };
        let widens = !same_type(&present.ty, &new.doris);
        if widens {
            if self.options.keep_wider && holds(&present.ty, &new.doris) {
                return Ok(());
            }
            if new.key {
                return Err(self.new_table(&format!(
                    "the key column {} is {} in Doris and would be {}; the type of a column that rows are distributed by cannot be \
                     changed",
                    new.name, present.ty, new.doris
                )));
            }
            if !may_change(&present.ty, &new.doris) {
                return Err(self.another_column(new, &format!("Doris cannot make {} of {}", new.doris, present.ty)));
            }
        }
        // NULL can be allowed, not forbidden; and where it stays allowed nothing is lost. A table that is known from messages alone has NULL
        // everywhere, which is no reason to allow it.
        let nullable = new.nullable() || present.nullable;
        let allows = nullable && !present.nullable && old.is_none_or(|old| !old.nullable());
        if widens || allows {
            let kept = MappedColumn { default: kept_default(&present), ..new.clone() };
            let key = if new.key { " KEY" } else { "" };
            let mut clause = format!("MODIFY COLUMN {}", definition(&kept, nullable));
            if new.key {
                // KEY stands behind the type.
                let head = format!("MODIFY COLUMN {} {}", backquoted(&new.name), new.doris);
                clause = clause.replacen(&head, &format!("{head}{key}"), 1);
            }
            self.step(clause, true);
        }
        self.fill(old, new, &present);
        // A MODIFY without a comment keeps the one that is there.
        let told = (widens || allows) && !new.comment.is_empty();
        if old.is_some_and(|old| old.comment != new.comment) && present.comment != new.comment && !told {
            self.step(format!("MODIFY COLUMN {} COMMENT {}", backquoted(&new.name), literal(&new.comment)), false);
        }
        Ok(())
    }

    /// What was NULL in a column that is NOT NULL now MySQL has made zero, the empty text or the like, and numbers below zero in one that has
    /// none now zero, unless its mode is strict: then there was none.
    fn fill(&mut self, old: Option<&MappedColumn>, new: &MappedColumn, present: &PresentColumn) {
        let Some(old) = old.filter(|_| !new.key) else { return };
        let column = backquoted(&new.name);
        let mut fill = |value: &str, what: &str| {
            let sql = format!("UPDATE {} SET {column} = {} WHERE {column} {what}", self.table, literal(value));
            self.steps.push(Step { sql, fills: true, ..Step::default() });
        };
        if let (true, false, Some(DorisDefault::Literal(value))) =
            (old.nullable() && present.nullable, new.nullable(), &new.implicit)
        {
            fill(value, "IS NULL");
        }
        if new.unsigned && !old.unsigned && integer(&old.doris).is_some() {
            fill("0", "< 0");
        }
    }

    /// A column of another type beside the old one, by hand.
    fn another_column(&self, column: &MappedColumn, why: &str) -> Impossible {
        let other = MappedColumn {
            name: format!("{}__new", column.name),
            default: None,
            comment: column.comment.clone(),
            ..column.clone()
        };
        let (table, was, is) = (&self.table, backquoted(&column.name), backquoted(&other.name));
        Impossible {
            what: format!("{table}: the column {} cannot become {}: {why}", column.name, column.doris),
            by_hand: vec![
                format!("ALTER TABLE {table} ADD COLUMN {}", definition(&other, true)),
                format!("UPDATE {table} SET {is} = CAST({was} AS {}) WHERE true", column.doris),
                format!("ALTER TABLE {table} DROP COLUMN {was}"),
                format!("ALTER TABLE {table} RENAME COLUMN {is} {was}"),
            ],
        }
    }
}

/// Renames by way of names that no column has.
fn by_other_names(table: &str, pairs: &[(String, String)]) -> Vec<String> {
    let other = |from: &str| backquoted(&format!("{from}__old"));
    let aside =
        pairs.iter().map(|(from, _)| format!("ALTER TABLE {table} RENAME COLUMN {} {}", backquoted(from), other(from)));
    let back =
        pairs.iter().map(|(from, to)| format!("ALTER TABLE {table} RENAME COLUMN {} {}", other(from), backquoted(to)));
    aside.chain(back).collect()
}

/// Whether Doris shows one type for the other: BOOLEAN is `tinyint(1)` in `information_schema.columns`.
fn same_type(shown: &DorisType, wanted: &DorisType) -> bool {
    shown == wanted || (*shown == DorisType::TinyInt && *wanted == DorisType::Boolean)
}

/// Doris refuses another default, so a MODIFY repeats the one that is there.
fn kept_default(present: &PresentColumn) -> Option<DorisDefault> {
    let text = present.default.as_ref()?;
    match &present.ty {
        DorisType::DateTime { scale } if text.to_uppercase().starts_with("CURRENT_TIMESTAMP") => {
            Some(DorisDefault::CurrentTimestamp(*scale))
        }
        _ => Some(DorisDefault::Literal(text.clone())),
    }
}

/// In which form a value is written; columns of one type in Doris may have values of several.
fn form(column: &MappedColumn) -> &'static str {
    match (&column.logical.root, &column.conversion) {
        (Root::Varbinary, Conversion::Wkt) => "well-known text",
        (Root::Varbinary, _) => "encoded bytes",
        _ => "themselves",
    }
}

/// Bytes of an integer type's longest value, and its rank.
fn integer(ty: &DorisType) -> Option<u32> {
    Some(match ty {
        DorisType::TinyInt => 4,
        DorisType::SmallInt => 6,
        DorisType::Int => 11,
        DorisType::BigInt => 20,
        DorisType::LargeInt => 40,
        _ => return None,
    })
}

/// Whether Doris' MODIFY COLUMN makes the one type of the other and every value stays what it is.
pub fn may_change(old: &DorisType, new: &DorisType) -> bool {
    use DorisType::{Char, Date, DateTime, Decimal, Double, Float, Int, Json, String, Varchar};
    if let Some(width) = integer(old) {
        return match new {
            Varchar(bytes) => *bytes >= width,
            String | Double => true,
            Float => width <= 11,
            Date => *old == Int,
            _ => integer(new).is_some_and(|wider| wider > width),
        };
    }
    match (old, new) {
        (Float, Double | String) | (Double, String) => true,
        (Float | Double, Varchar(bytes)) => *bytes >= 24,
        (Char(before) | Varchar(before), Varchar(after)) => after >= before,
        (Char(_) | Varchar(_), String | Float | Double | Date) | (Varchar(_), Json) => true,
        (Char(_) | Varchar(_), ty) if integer(ty).is_some() => true,
        (String, Json) | (Json, String) => true,
        (Decimal { .. }, String) => true,
        (Decimal { precision, .. }, Varchar(bytes)) => *bytes >= u32::from(*precision) + 3,
        (Decimal { precision: p, scale: s }, Decimal { precision, scale }) => scale >= s && precision - scale >= p - s,
        (Date, DateTime { .. }) => true,
        (DateTime { scale: before }, DateTime { scale }) => scale >= before,
        _ => false,
    }
}

/// Whether a column of one type holds every value of the other as it is.
pub fn holds(wide: &DorisType, narrow: &DorisType) -> bool {
    use DorisType::{DateTime, Decimal, Double, Float, String, Varchar};
    match (wide, narrow) {
        _ if wide == narrow => true,
        (Varchar(most), Varchar(bytes)) => most >= bytes,
        (String, Varchar(_)) => true,
        (Double, Float) => true,
        (Decimal { precision, scale }, Decimal { precision: p, scale: s }) => scale >= s && precision - scale >= p - s,
        (DateTime { scale }, DateTime { scale: digits }) => scale >= digits,
        _ => matches!((integer(wide), integer(narrow)), (Some(wide), Some(narrow)) if wide >= narrow),
    }
}
