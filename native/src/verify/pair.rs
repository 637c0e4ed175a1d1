//! A table of the source and its table in Doris: which columns are compared, and by which key rows belong together.

use super::canonical::{self, Comparing};
use super::key::KeyColumn;
use super::spec::{JobRules, VerifySpec};
use crate::doris::table::{DorisColumn, DorisTable, DorisType, KeyModel, backquoted};
use crate::snapshot::catalogue::Table;
use crate::sync::columns::Added;
use crate::sync::ddl::{self, SchemaChange};
use crate::sync::mapping::{MappedTable, Target};
use crate::sync::source::{SourceTable, same_name};
use serde_json::Value;
use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};

/// Two tables that can be compared.
pub struct TablePair {
    /// In the source.
    pub table: Table,
    /// What the job makes of it.
    pub mapped: MappedTable,
    /// Columns that only Doris has: the last of `mapped`.
    pub added: Vec<Added>,
    /// As Doris has it.
    pub doris: DorisTable,
    /// What is compared, the key first.
    pub compared: Vec<Compared>,
    /// The key.
    pub keys: Vec<KeyColumn>,
    /// What is not compared of the columns, and why.
    pub notes: Vec<String>,
}

/// A column that is compared.
#[derive(Debug, Clone)]
pub struct Compared {
    /// Its number among the mapped columns.
    pub index: usize,
    /// Its name in Doris.
    pub name: String,
    /// Its type in Doris, by which values are compared.
    pub ty: DorisType,
}

/// What the job makes of a table.
///
/// # Errors
/// Why it makes none.
pub fn mapped(table: &Table, rules: &JobRules, spec: &VerifySpec) -> Result<MappedTable, String> {
    let source = source_table(table)?;
    let name = source.full_name();
    let target = rules.tables.target(&table.database, &table.table).map_err(|e| e.to_string())?;
    let target = target.ok_or("the job does not move it")?;
    let column = |column: &str| rules.columns.name(&name, column);
    let to = Target { database: &target.database, table: &target.table, column: &column };
    let keyless = rules.properties.of(&target).duplicate_without_key;
    let mut mapped = MappedTable::of(&source, to, &spec.sink.types, keyless).map_err(|e| e.to_string())?;
    rules.columns.extend(&name, &mut mapped).map_err(|e| e.to_string())?;
    if mapped.keys == 0 {
        return Err("it has no primary key, so rows cannot be told apart".into());
    }
    Ok(mapped)
}

/// The table as its definition, which is a message, has it.
fn source_table(table: &Table) -> Result<SourceTable, String> {
    let message: Value =
        serde_json::from_str(&table.message).map_err(|e| format!("its definition is not readable: {e}"))?;
    let sql = message["sql"].as_str().unwrap_or_default();
    match ddl::parse(sql, &table.database).into_iter().next() {
        Some(SchemaChange::CreateTable { table, .. }) => Ok(table),
        Some(SchemaChange::Unparsed { reason, .. }) => Err(format!("its definition is not understood: {reason}")),
        _ => Err("its definition makes no table".into()),
    }
}

impl TablePair {
    /// Pairs a table with the one that is there.
    ///
    /// # Errors
    /// Why they cannot be compared.
    pub fn of(
        table: &Table,
        mapped: MappedTable,
        doris: DorisTable,
        rules: &JobRules,
        spec: &VerifySpec,
    ) -> Result<TablePair, String> {
        let name = format!("{}.{}", doris.database, doris.name);
        if doris.model != KeyModel::Unique {
            return Err(format!("{name} has no UNIQUE KEY in Doris, so it may have a row more than once"));
        }
        let added = rules.columns.added(&format!("{}.{}", table.database, table.table)).to_vec();
        let (mut compared, mut notes) = (Vec::new(), Vec::new());
        for (index, column) in mapped.columns.iter().enumerate() {
            let there = doris.columns.iter().find(|there| same_name(&there.name, &column.name));
            match there.ok_or("Doris has no such column".to_string()).and_then(|there| comparable(there, &added)) {
                Ok(there) => compared.push(Compared { index, name: there.name.clone(), ty: there.ty.clone() }),
                Err(why) if index < mapped.keys => {
                    return Err(format!("the key column {} cannot be compared: {why}", column.name));
                }
                Err(why) => notes.push(format!("the column {} is not compared: {why}", column.name)),
            }
        }
        let others = doris.columns.iter().filter(|there| mapped.column(&there.name).is_none());
        notes.extend(
            others.map(|there| format!("the column {} is not compared: the job does not write it", there.name)),
        );
        let keys = mapped.columns[..mapped.keys].iter().zip(&compared).filter_map(|(column, compared)| {
            let own = table.columns.iter().find(|own| same_name(&own.name, &column.source))?;
            let is_nullable = doris.columns.iter().any(|there| there.name == compared.name && there.nullable);
            let there = (&compared.ty, is_nullable);
            Some(KeyColumn::of(column, &own.ty, table.native(&own.name), there, &spec.sink.types))
        });
        let keys: Vec<KeyColumn> = keys.collect();
        if doris.columns.iter().filter(|column| column.key).count() != keys.len() {
            return Err(format!("the key of {name} has other columns than the source's"));
        }
        Ok(TablePair { table: table.clone(), mapped, added, doris, compared, keys, notes })
    }

    /// `database.table` in the source.
    pub fn table_name(&self) -> String {
        format!("{}.{}", self.table.database, self.table.table)
    }

    /// The same in Doris.
    pub fn target_name(&self) -> String {
        format!("{}.{}", self.doris.database, self.doris.name)
    }

    /// Whether the table can be cut at bounds that mean the same to both servers.
    pub fn is_ordered_alike(&self) -> bool {
        self.keys.iter().all(KeyColumn::is_ordered_alike)
    }

    /// The SELECT of what is compared, as far as a condition holds; all rows where it is empty.
    pub fn target_query(&self, condition: &str) -> String {
        let names: Vec<String> = self.compared.iter().map(|column| backquoted(&column.name)).collect();
        self.target_select(&names.join(", "), condition)
    }

    /// A SELECT of anything from the table in Doris, under a condition; of all rows where it is empty.
    pub fn target_select(&self, what: &str, condition: &str) -> String {
        let only = if condition.is_empty() { String::new() } else { format!(" WHERE {condition}") };
        format!("SELECT {what} FROM {}.{}{only}", backquoted(&self.doris.database), backquoted(&self.doris.name))
    }

    /// What makes rows of it comparable.
    pub fn forms(&self, comparing: Comparing) -> Forms {
        let types = self.compared.iter().map(|column| column.ty.clone()).collect();
        Forms {
            types,
            keys: self.keys.len(),
            comparing,
            hashes: Default::default(),
            row: Vec::new(),
            key_end: 0,
            cells: 0,
        }
    }
}

fn comparable<'d>(there: &'d DorisColumn, added: &[Added]) -> Result<&'d DorisColumn, String> {
    if added.iter().any(|added| same_name(added.name(), &there.name) && added.is_of_the_way()) {
        return Err("it says how the row came, not what it is".into());
    }
    if !canonical::is_comparable(&there.ty) {
        return Err(format!("{} has no form that both sides print alike", there.ty));
    }
    Ok(there)
}

/// Rows in the form in which they are compared. Clones give equal rows equal hashes; others do not, as their keys are drawn at random: nobody can
/// make two rows that look like one.
#[derive(Clone)]
pub struct Forms {
    types: Vec<DorisType>,
    keys: usize,
    comparing: Comparing,
    hashes: [RandomState; 2],
    row: Vec<u8>,
    key_end: usize,
    cells: usize,
}

/// A row as it is compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FormedRow {
    /// Its key, see [`cells`].
    pub key: Box<[u8]>,
    /// 128 bits of all of its cells.
    pub hash: u128,
}

const NULL: u8 = 0;
const TEXT: u8 = 1;
/// Not to be had: equals nothing.
const BAD: u8 = 2;

impl Forms {
    /// Begins a row.
    pub fn begin(&mut self) {
        self.row.clear();
        (self.key_end, self.cells) = (0, 0);
    }

    /// Adds the next column's cell.
    pub fn add(&mut self, cell: Option<&[u8]>) {
        let (ty, comparing) = (&self.types[self.cells], self.comparing_of(self.cells));
        match cell.filter(|text| !canonical::is_null(ty, text, comparing)) {
            None => self.row.push(NULL),
            Some(text) => {
                self.row.push(TEXT);
                let at = self.row.len();
                self.row.extend([0; 4]);
                canonical::append(ty, text, comparing, &mut self.row);
                let len = (self.row.len() - at - 4) as u32;
                self.row[at..at + 4].copy_from_slice(&len.to_le_bytes());
            }
        }
        self.added();
    }

    /// Adds a cell that cannot be in Doris.
    pub fn add_bad(&mut self) {
        self.row.push(BAD);
        self.added();
    }

    fn added(&mut self) {
        self.cells += 1;
        if self.cells == self.keys {
            self.key_end = self.row.len();
        }
    }

    /// Whether two cells of a column are equal.
    pub fn is_same(&self, column: usize, a: Option<&str>, b: Option<&str>) -> bool {
        let (ty, comparing) = (&self.types[column], self.comparing_of(column));
        let canonical = |cell: &str| {
            let text = cell.as_bytes();
            (!canonical::is_null(ty, text, comparing)).then(|| canonical::of(ty, text, comparing))
        };
        a.and_then(canonical) == b.and_then(canonical)
    }

    /// The choices for a column.
    fn comparing_of(&self, column: usize) -> Comparing {
        if column < self.keys { self.comparing.of_key() } else { self.comparing }
    }

    /// The row whose cells were added.
    pub fn row(&self) -> FormedRow {
        let half = |state: &RandomState| {
            let mut hasher = state.build_hasher();
            hasher.write(&self.row);
            u128::from(hasher.finish())
        };
        let hash = half(&self.hashes[0]) << 64 | half(&self.hashes[1]);
        FormedRow { key: self.row[..self.key_end].into(), hash }
    }
}

/// The cells of a key in canonical form.
pub fn cells(mut key: &[u8]) -> Vec<Option<String>> {
    let mut cells = Vec::new();
    while let Some((tag, rest)) = key.split_first() {
        key = rest;
        cells.push(match (tag, rest.split_at_checked(4)) {
            (&TEXT, Some((len, rest))) => {
                let len = u32::from_le_bytes(len.try_into().unwrap_or_default()) as usize;
                let (text, rest) = rest.split_at(len.min(rest.len()));
                key = rest;
                Some(String::from_utf8_lossy(text).into_owned())
            }
            _ => None,
        });
    }
    cells
}
