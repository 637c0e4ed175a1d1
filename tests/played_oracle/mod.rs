//! An Oracle that is played: tables of numbers and texts, transactions, a redo log that LogMiner shows, and the answers to what `snapshot/oracle` and `redo` ask. What a real one does is
//! the word of its documentation; none was ever here.

use canal_native::snapshot::jdbc::{self, Driver, Failure, Login, Why};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard};

pub type Name = (String, String);
pub type Row = Vec<Option<String>>;

/// Records of a file of the log.
const FILE: u64 = 60;

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Column {
    pub name: String,
    /// `NUMBER(18)`, `VARCHAR2(20)`.
    pub ty: String,
}

#[derive(Debug, Clone)]
pub struct Table {
    pub columns: Vec<Column>,
    /// So many of the first are the key.
    pub keys: usize,
    /// What is committed.
    pub rows: BTreeMap<Vec<String>, Row>,
    places: BTreeMap<Vec<String>, String>,
    version: u64,
    number: u64,
}

#[derive(Debug, Clone)]
struct Record {
    scn: u64,
    transaction: String,
    code: u32,
    table: Option<(u64, u64)>,
    place: String,
    sql: String,
    /// It takes back what the transaction has changed.
    is_rollback: bool,
}

/// A row of a table, by its key.
type Place = (Name, Vec<String>);

#[derive(Debug, Default)]
struct Transaction {
    first: u64,
    /// What was there before each change.
    before: Vec<Vec<(Place, Option<Option<Row>>)>>,
    /// Rows as they will be.
    rows: BTreeMap<Place, Option<Row>>,
}

#[derive(Debug, Default)]
pub struct Oracle {
    pub tables: BTreeMap<Name, Table>,
    log: Vec<Record>,
    /// Records that are written to the log's files.
    flushed: usize,
    open: BTreeMap<String, Transaction>,
    scn: u64,
    made: u64,
    /// Where the log begins.
    pub kept: u64,
    pub key_logging: bool,
    /// Statements that were asked, but for those of sessions.
    pub asked: Vec<String>,
    /// That statements which begin so are refused.
    pub refused: Vec<(String, Why)>,
}

/// Services by name.
static SERVED: LazyLock<Mutex<HashMap<String, Arc<Mutex<Oracle>>>>> = LazyLock::new(Mutex::default);

/// Serves one from now on, under a name of its own.
pub fn serve(service: &str) -> Arc<Mutex<Oracle>> {
    jdbc::connect_by(Box::new(Played));
    let oracle = Oracle { scn: 1000, key_logging: true, ..Oracle::default() };
    let served = Arc::new(Mutex::new(oracle));
    SERVED.lock().unwrap().insert(service.to_string(), served.clone());
    served
}

struct Played;

impl Driver for Played {
    fn connect(&self, login: &Login) -> Result<Box<dyn jdbc::Session>, Failure> {
        let service = login.url.rsplit('/').next().unwrap_or_default();
        let served = SERVED.lock().unwrap().get(service).cloned();
        let served = served.ok_or(Failure { why: Why::Away, text: "ORA-12514: played".into() })?;
        Ok(Box::new(Session { served, begun: None, rows: Vec::new() }))
    }
}

struct Session {
    served: Arc<Mutex<Oracle>>,
    /// LogMiner, from that SCN up to that one.
    begun: Option<(u64, u64)>,
    rows: Vec<Row>,
}

impl jdbc::Session for Session {
    fn run(&mut self, statement: &str) -> Result<usize, Failure> {
        let served = self.served.clone();
        let mut oracle = served.lock().unwrap();
        oracle.asked.push(statement.into());
        if let Some((_, why)) = oracle.refused.iter().find(|(beginning, _)| statement.starts_with(beginning.as_str())) {
            return Err(Failure { why: *why, text: "ORA-00942: played".into() });
        }
        if let Some(begin) = statement.strip_prefix("BEGIN DBMS_LOGMNR.ADD_LOGFILE") {
            let scn = between(begin, "STARTSCN => ", ",").parse().expect("an SCN");
            let last: u64 = begin
                .split("'file")
                .last()
                .and_then(|rest| rest.split('\'').next())
                .expect("a file")
                .parse()
                .expect("a number");
            assert!(begin.contains(".NEW)"), "{statement}");
            self.begun = Some((scn, (last + 1) * FILE));
            return Ok(0);
        }
        if statement.starts_with("BEGIN DBMS_LOGMNR.END_LOGMNR") {
            self.begun = None;
            return Ok(0);
        }
        self.rows = oracle.answer(statement, self.begun).map_err(|(why, text)| Failure { why, text })?;
        Ok(self.rows.first().map_or(1, Vec::len))
    }

    fn next(&mut self) -> Result<Option<Vec<u8>>, Failure> {
        // A few at once.
        let rows: Vec<Row> = self.rows.drain(..self.rows.len().min(7)).collect();
        let mut bytes = Vec::new();
        for cell in rows.iter().flatten() {
            match cell {
                None => bytes.extend((-1i32).to_le_bytes()),
                Some(text) => {
                    bytes.extend((text.len() as i32).to_le_bytes());
                    bytes.extend(text.as_bytes());
                }
            }
        }
        Ok((!rows.is_empty()).then_some(bytes))
    }
}

type Answer = Result<Vec<Row>, (Why, String)>;

fn one(cell: impl ToString) -> Answer {
    Ok(vec![vec![Some(cell.to_string())]])
}

fn between<'s>(text: &'s str, before: &str, behind: &str) -> &'s str {
    let rest = text.split_once(before).map_or("", |(_, rest)| rest);
    rest.split_once(behind).map_or(rest, |(found, _)| found)
}

fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', "''"))
}

/// `'it''s'` back to the text.
fn unquoted(text: &str) -> String {
    text.trim()
        .strip_prefix('\'')
        .and_then(|text| text.strip_suffix('\''))
        .expect("a text in quotes")
        .replace("''", "'")
}

/// Parts between separators that are in no quotes.
fn parts<'s>(text: &'s str, separator: &str) -> Vec<&'s str> {
    let (mut parts, mut from, mut is_quoted) = (Vec::new(), 0, false);
    for (at, c) in text.char_indices() {
        if c == '\'' {
            is_quoted = !is_quoted;
        } else if !is_quoted && at >= from && text[at..].starts_with(separator) {
            parts.push(&text[from..at]);
            from = at + separator.len();
        }
    }
    parts.push(&text[from..]);
    parts
}

impl Oracle {
    /// Some records stand at one place.
    fn next_scn(&mut self) -> u64 {
        self.made += 1;
        self.scn += u64::from(self.made.is_multiple_of(3));
        self.scn
    }

    fn record(&mut self, record: Record) {
        self.log.push(record);
    }

    pub fn create(&mut self, owner: &str, name: &str, columns: &[(&str, &str)], keys: usize) {
        let columns = columns.iter().map(|(name, ty)| Column { name: name.to_string(), ty: ty.to_string() }).collect();
        self.made += 1;
        let table =
            Table { columns, keys, rows: BTreeMap::new(), places: BTreeMap::new(), version: 0, number: self.made };
        self.tables.insert((owner.into(), name.into()), table);
        self.statement(owner, name, &format!("create table {name} (…)"));
    }

    /// A statement that changes a table, which the log has under the name of before.
    fn statement(&mut self, owner: &str, name: &str, sql: &str) {
        let table = self.tables.get(&(owner.to_string(), name.to_string())).map(|table| (table.number, table.version));
        let transaction = self.begin();
        let scn = self.next_scn();
        // LogMiner has the name in the statement's record, whatever the table is called by now.
        let sql = format!("{owner}.{name}\0{sql}");
        self.record(Record {
            scn,
            transaction: transaction.clone(),
            code: 5,
            table,
            place: String::new(),
            sql,
            is_rollback: false,
        });
        self.commit(&transaction);
    }

    /// Changes a table's columns.
    pub fn alter(&mut self, name: &Name, sql: &str, work: impl FnOnce(&mut Table)) {
        let table = self.tables.get_mut(name).expect("a table");
        table.version += 1;
        work(table);
        self.statement(&name.0, &name.1, sql);
    }

    pub fn rename(&mut self, name: &Name, to: &str) {
        let table = self.tables.remove(name).expect("a table");
        self.tables.insert((name.0.clone(), to.to_string()), table);
        self.statement(&name.0, &name.1, &format!("alter table {}.{} rename to {to}", name.0, name.1));
    }

    pub fn truncate(&mut self, name: &Name) {
        let table = self.tables.get_mut(name).expect("a table");
        table.rows.clear();
        table.places.clear();
        self.statement(&name.0, &name.1, &format!("truncate table {}", name.1));
    }

    pub fn drop(&mut self, name: &Name) {
        self.tables.remove(name);
        self.statement(&name.0, &name.1, &format!("drop table {} purge", name.1));
    }

    pub fn begin(&mut self) -> String {
        let first = self.next_scn();
        let name = format!("{:016X}", self.made);
        self.open.insert(name.clone(), Transaction { first, ..Transaction::default() });
        name
    }

    /// Rows that a transaction which is under way has changed.
    pub fn locked(&self) -> BTreeSet<Place> {
        self.open.values().flat_map(|open| open.rows.keys().cloned()).collect()
    }

    /// Tables with such rows: no statement changes them meanwhile.
    pub fn is_busy(&self, name: &Name) -> bool {
        self.open.values().any(|open| open.rows.keys().any(|(table, _)| table == name))
    }

    /// A row as a transaction sees it.
    fn seen(&self, transaction: &str, name: &Name, key: &[String]) -> Option<Row> {
        match self.open[transaction].rows.get(&(name.clone(), key.to_vec())) {
            Some(row) => row.clone(),
            None => self.tables[name].rows.get(key).cloned(),
        }
    }

    /// Puts a row; one of that key is updated. `key_of_before`: of the row that gets this one's key.
    pub fn put(&mut self, transaction: &str, name: &Name, row: Row, key_of_before: Option<Vec<String>>) {
        let table = &self.tables[name];
        let (number, version) = (table.number, table.version);
        let key: Vec<String> = row[..table.keys].iter().map(|cell| cell.clone().expect("a key")).collect();
        let old_key = key_of_before.unwrap_or_else(|| key.clone());
        let before = self.seen(transaction, name, &old_key);
        let names: Vec<String> = table.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
        let value = |cell: &Option<String>| cell.as_ref().map_or("NULL".to_string(), |text| quoted(text));
        let (code, sql) = match &before {
            None => {
                let values: Vec<String> = row.iter().map(value).collect();
                (1, format!("insert into \"S\".\"T\"({}) values ({})", names.join(","), values.join(",")))
            }
            Some(before) => {
                let set: Vec<String> = (0..row.len())
                    .filter(|at| row[*at] != before[*at])
                    .map(|at| format!("{} = {}", names[at], value(&row[at])))
                    .collect();
                if set.is_empty() {
                    return;
                }
                (3, format!("update \"S\".\"T\" set {} where {}", set.join(", "), conditions(&names, before)))
            }
        };
        let scn = self.next_scn();
        let place = format!("{:018}", self.tables[name].number * 1_000_000 + scn);
        self.record(Record {
            scn,
            transaction: transaction.into(),
            code,
            table: Some((number, version)),
            place,
            sql,
            is_rollback: false,
        });
        let mut changes = vec![((name.clone(), key.clone()), Some(row))];
        if old_key != key {
            changes.insert(0, ((name.clone(), old_key), None));
        }
        self.change(transaction, changes);
    }

    fn change(&mut self, transaction: &str, changes: Vec<(Place, Option<Row>)>) {
        let open = self.open.get_mut(transaction).expect("a transaction");
        let mut before = Vec::new();
        for (place, row) in changes {
            before.push((place.clone(), open.rows.insert(place, row)));
        }
        open.before.push(before);
    }

    /// Takes back a transaction's last change, as to a savepoint, or of a statement that fails.
    pub fn undo(&mut self, transaction: &str) {
        let open = self.open.get_mut(transaction).expect("a transaction");
        let Some(before) = open.before.pop() else { return };
        let name = before[0].0.0.clone();
        for (place, row) in before.into_iter().rev() {
            match row {
                Some(row) => open.rows.insert(place, row),
                None => open.rows.remove(&place),
            };
        }
        let table = self.tables.get(&name).map(|table| (table.number, table.version));
        let scn = self.next_scn();
        let sql = "delete from \"S\".\"T\" where ROWID = 'AAAR3sAAEAAAACXAAA'".to_string();
        let place = "A".repeat(18);
        self.record(Record { scn, transaction: transaction.into(), code: 2, table, place, sql, is_rollback: true });
    }

    pub fn delete(&mut self, transaction: &str, name: &Name, key: &[String]) {
        let Some(before) = self.seen(transaction, name, key) else { return };
        let table = &self.tables[name];
        let names: Vec<String> = table.columns.iter().map(|column| format!("\"{}\"", column.name)).collect();
        let sql = format!("delete from \"S\".\"T\" where {}", conditions(&names, &before));
        let table = Some((table.number, table.version));
        let scn = self.next_scn();
        let place = "A".repeat(18);
        self.record(Record { scn, transaction: transaction.into(), code: 2, table, place, sql, is_rollback: false });
        self.change(transaction, vec![((name.clone(), key.to_vec()), None)]);
    }

    pub fn commit(&mut self, transaction: &str) {
        let open = self.open.remove(transaction).expect("a transaction");
        for ((name, key), row) in open.rows {
            let table = self.tables.get_mut(&name).expect("a table");
            match row {
                Some(row) => {
                    table.rows.insert(key.clone(), row);
                    table.places.entry(key).or_insert_with(|| format!("P{:017}", self.scn));
                }
                None => {
                    table.rows.remove(&key);
                    table.places.remove(&key);
                }
            }
        }
        self.end(transaction, 7);
        // What is committed is written.
        self.flushed = self.log.len();
    }

    /// With or without a word in the log.
    pub fn rollback(&mut self, transaction: &str, says_so: bool) {
        self.open.remove(transaction);
        if says_so {
            self.end(transaction, 36);
        }
    }

    fn end(&mut self, transaction: &str, code: u32) {
        self.scn += 1;
        let scn = self.scn;
        self.record(Record {
            scn,
            transaction: transaction.into(),
            code,
            table: None,
            place: String::new(),
            sql: String::new(),
            is_rollback: false,
        });
    }

    /// Some of what is not committed is written, too.
    pub fn flush(&mut self, records: usize) {
        self.flushed = (self.flushed + records).min(self.log.len());
    }

    fn answer(&mut self, statement: &str, begun: Option<(u64, u64)>) -> Answer {
        let is = |beginning: &str| statement.starts_with(beginning);
        if is("ALTER SESSION ") {
            return Ok(Vec::new());
        }
        if is("SELECT PRODUCT ") {
            return one("Oracle Database 19c, played");
        }
        if is("SELECT LOG_MODE, ") {
            let keys = if self.key_logging { "YES" } else { "NO" };
            return Ok(vec![
                ["ARCHIVELOG", "YES", keys, "NO", "YES", "1", "1"].map(|cell| Some(cell.to_string())).to_vec(),
            ]);
        }
        if is("SELECT OWNER, TABLE_NAME FROM ALL_LOG_GROUPS") || is("SELECT OWNER, OBJECT_NAME FROM ALL_OBJECTS") {
            return Ok(Vec::new());
        }
        if is("SELECT TO_CHAR(CURRENT_SCN)") {
            // To ask for it makes it grow.
            self.scn += 1;
            return one(self.scn);
        }
        if is("SELECT TO_CHAR(MIN(START_SCN))") {
            return Ok(vec![vec![self.open.values().map(|open| open.first.to_string()).min()]]);
        }
        if is("SELECT RAWTOHEX(XID) FROM V$TRANSACTION") {
            return Ok(self.open.keys().map(|name| vec![Some(name.clone())]).collect());
        }
        if is("SELECT USERNAME FROM ALL_USERS") {
            return one("SYS");
        }
        if is("SELECT TO_CHAR(ROUND((SYSDATE") {
            return one(3600);
        }
        if is("SELECT t.OWNER, ") {
            let only = (between(statement, "AND t.OWNER = '", "'"), between(statement, "AND t.TABLE_NAME = '", "'"));
            let is_asked = |(owner, name): &Name| only.0.is_empty() || (owner.as_str(), name.as_str()) == only;
            return Ok(self
                .tables
                .keys()
                .filter(|name| is_asked(name))
                .map(|(owner, name)| vec![Some(owner.clone()), Some(name.clone()), None, None])
                .collect());
        }
        if is("SELECT c.COLUMN_NAME, ") {
            return Ok(self.asked_table(statement).columns.iter().map(attributes).collect());
        }
        if is("SELECT k.COLUMN_NAME FROM ALL_CONSTRAINTS") {
            let table = self.asked_table(statement);
            return Ok(table.columns[..table.keys].iter().map(|column| vec![Some(column.name.clone())]).collect());
        }
        if is("SELECT TO_CHAR(SEQUENCE#), ") {
            return Ok(self.files());
        }
        if is("SELECT TO_CHAR(SCN), RS_ID") {
            return self.mined(
                statement,
                begun.ok_or((Why::Refused, "ORA-01306: dbms_logmnr.start_logmnr() must be invoked".to_string()))?,
            );
        }
        if is("SELECT TO_CHAR(\"canal-native number\")") {
            return Ok(printed(statement));
        }
        self.rows(statement)
    }

    fn asked_table(&self, statement: &str) -> &Table {
        let name = (
            between(statement, "c.OWNER = '", "'").to_string(),
            between(statement, "c.TABLE_NAME = '", "'").to_string(),
        );
        &self.tables[&name]
    }

    fn files(&self) -> Vec<Row> {
        let (first, last) = (self.kept / FILE, self.scn / FILE);
        let file = |number: u64| {
            let next = if number == last { u64::MAX >> 16 } else { (number + 1) * FILE };
            let kind = if number == last { "C" } else { "A" };
            [
                number.to_string(),
                (number * FILE).to_string(),
                next.to_string(),
                format!("file{number}"),
                kind.to_string(),
            ]
            .map(Some)
            .to_vec()
        };
        (first..=last).map(file).collect()
    }

    fn mined(&self, statement: &str, (from, up_to): (u64, u64)) -> Answer {
        let asked: u64 = between(statement, "WHERE SCN >= ", " ").parse().expect("an SCN");
        assert_eq!(asked, from);
        let last = self.scn / FILE;
        let takes_back = !statement.contains("ROLLBACK = 0");
        let is_there = |record: &Record| {
            (takes_back || !record.is_rollback) && record.scn >= from && (up_to > last * FILE || record.scn < up_to)
        };
        let mut rows = Vec::new();
        for (number, record) in self.log[..self.flushed].iter().enumerate().filter(|(_, record)| is_there(record)) {
            rows.extend(self.shown(number, record));
        }
        Ok(rows)
    }

    /// As LogMiner shows it with the dictionary of now: long statements in several rows.
    fn shown(&self, number: usize, record: &Record) -> Vec<Row> {
        let mut sql = record.sql.clone();
        let named = record.table.and_then(|(number, _)| self.tables.iter().find(|(_, table)| table.number == number));
        let (mut owner, mut name, mut status) = ("UNKNOWN".to_string(), String::new(), "0");
        match (record.table, named) {
            _ if record.code == 5 => {
                let (table, rest) = record.sql.split_once('\0').expect("a name");
                (owner, name) = table.split_once('.').map(|(owner, name)| (owner.into(), name.into())).expect("a name");
                sql = rest.to_string();
            }
            (None, _) => {}
            (Some((number, _)), None) => name = format!("OBJ# {number}"),
            (Some((_, version)), Some((there, table))) => {
                (owner, name) = there.clone();
                // A row that is gone would be lost: this one plays no server that cannot say which.
                if version != table.version && record.code != 2 && !is_of_key(&record.sql, table) {
                    (status, sql) = ("2", "update \"S\".\"T\" set \"COL 2\" = HEXTORAW('c102')".to_string());
                }
            }
        }
        // Rows keep their place; that of now is asked for.
        let place = match named {
            Some((_, table)) if status == "2" => key_of(&record.sql, table)
                .and_then(|key| table.places.get(&key).cloned())
                .unwrap_or(record.place.clone()),
            _ => record.place.clone(),
        };
        let pieces: Vec<String> =
            sql.chars().collect::<Vec<_>>().chunks(40).map(|piece| piece.iter().collect()).collect();
        let pieces = if pieces.is_empty() { vec![String::new()] } else { pieces };
        let count = pieces.len();
        let row = |(at, piece): (usize, String)| {
            let goes_on = if at + 1 < count { "1" } else { "0" };
            let cells = [
                &record.scn.to_string(),
                &format!(" 0x{number:06x}.0001.0010 /0"),
                &record.transaction,
                &record.code.to_string(),
                "1700003600",
                &owner,
                &name,
                &place,
                status,
                goes_on,
                &piece,
            ];
            cells.map(|cell| Some(cell.to_string())).to_vec()
        };
        pieces.into_iter().enumerate().map(row).collect()
    }

    /// `SELECT … FROM "S"."T"`, with conditions or without.
    fn rows(&self, statement: &str) -> Answer {
        let (selected, rest) = statement
            .strip_prefix("SELECT ")
            .and_then(|rest| rest.split_once(" FROM "))
            .ok_or((Why::Refused, format!("ORA-00900: {statement}")))?;
        let (from, condition) = rest.split_once(" WHERE ").unwrap_or((rest, ""));
        let mut names = from.split('"').filter(|part| !part.is_empty() && *part != ".");
        let name = (names.next().unwrap_or_default().to_string(), names.next().unwrap_or_default().to_string());
        let table = self.tables.get(&name).ok_or((Why::Missing, "ORA-00942: played".to_string()))?;
        let position = |column: &str| table.columns.iter().position(|there| format!("\"{}\"", there.name) == column);
        let mut columns = Vec::new();
        let mut has_place = false;
        for column in selected.split(", ") {
            match position(column) {
                _ if column == "ROWIDTOCHAR(ROWID)" => has_place = true,
                Some(at) => columns.push(at),
                None => return Err((Why::Unlike, format!("ORA-00904: {column}: played"))),
            }
        }
        let is_wanted: Box<dyn Fn(&Vec<String>, &Row) -> bool> =
            if let Some(places) = condition.strip_prefix("ROWID IN (") {
                let wanted: Vec<String> =
                    places.split("CHARTOROWID('").skip(1).map(|rest| rest[..18].to_string()).collect();
                Box::new(move |key, _| table.places.get(key).is_some_and(|place| wanted.contains(place)))
            } else if condition.is_empty() {
                Box::new(|_, _| true)
            } else {
                let mut all = Vec::new();
                for one in parts(condition, " OR ") {
                    let one = one.trim().trim_start_matches('(').strip_suffix(')').expect("parentheses");
                    let mut wanted = Vec::new();
                    for part in parts(one, " AND ") {
                        let (column, value) = part.split_once(" = ").expect("a comparison");
                        let at = position(column).ok_or((Why::Unlike, format!("ORA-00904: {column}: played")))?;
                        wanted.push((at, unquoted(value)));
                    }
                    all.push(wanted);
                }
                Box::new(move |_, row| {
                    all.iter().any(|wanted| wanted.iter().all(|(at, value)| row[*at].as_deref() == Some(value)))
                })
            };
        let rows = table.rows.iter().filter(|(key, row)| is_wanted(key, row));
        let shown = |(key, row): (&Vec<String>, &Row)| {
            let place = has_place.then(|| table.places.get(key).cloned());
            place.into_iter().chain(columns.iter().map(|at| row[*at].clone())).collect()
        };
        Ok(rows.map(shown).collect())
    }
}

fn conditions(names: &[String], row: &Row) -> String {
    let one = |(name, cell): (&String, &Option<String>)| match cell {
        Some(text) => format!("{name} = {}", quoted(text)),
        None => format!("{name} IS NULL"),
    };
    names.iter().zip(row).map(one).collect::<Vec<_>>().join(" and ")
}

/// Whether an update changes the key.
fn is_of_key(sql: &str, table: &Table) -> bool {
    let set = between(sql, " set ", " where ");
    sql.starts_with("update")
        && table.columns[..table.keys]
            .iter()
            .any(|column| parts(set, ", ").iter().any(|part| part.starts_with(&format!("\"{}\" = ", column.name))))
}

/// The key of a row that a statement is about, by the table's first columns, whatever they are called by now.
fn key_of(sql: &str, table: &Table) -> Option<Vec<String>> {
    let values = match sql.split_once(" values (") {
        Some((_, values)) => parts(values.strip_suffix(')')?, ",").into_iter().map(str::to_string).collect::<Vec<_>>(),
        None => parts(sql.split_once(" where ")?.1, " and ")
            .into_iter()
            .filter_map(|part| part.split_once(" = ").map(|(_, value)| value.to_string()))
            .collect(),
    };
    values.get(..table.keys).map(|values| values.iter().map(|value| unquoted(value)).collect())
}

/// Expressions as the server prints them: texts, which are all that this one has.
fn printed(statement: &str) -> Vec<Row> {
    let inner = statement.split_once("FROM (").and_then(|(_, rest)| rest.strip_suffix(')')).expect("a query");
    let row = |select: &str| {
        let (number, rest) = select
            .strip_prefix("SELECT ")
            .and_then(|rest| rest.split_once(" AS \"canal-native number\", "))
            .expect("a number");
        let rest = rest.strip_suffix(" FROM DUAL").expect("DUAL");
        let value = |cast: &str| {
            let cast = cast.strip_prefix("CAST(").expect("a cast");
            Some(unquoted(parts(cast, " AS ")[0]))
        };
        let mut row = vec![Some(number.to_string())];
        row.extend(parts(rest, ", ").into_iter().map(value));
        row
    };
    parts(inner, " UNION ALL ").into_iter().map(row).collect()
}

fn attributes(column: &Column) -> Row {
    let (base, size) =
        column.ty.split_once('(').map_or((column.ty.as_str(), ""), |(base, size)| (base, size.trim_end_matches(')')));
    let is_number = base == "NUMBER";
    let [digits, scale] = if is_number { [Some(size), Some("0")] } else { [None, None] };
    let length = if is_number { "0" } else { size };
    let text = |text: &str| Some(text.to_string());
    vec![
        text(&column.name),
        text(base),
        None,
        digits.and_then(text),
        scale.and_then(text),
        text(length),
        text(length),
        text("Y"),
        None,
        None,
    ]
}

/// What is served, for a test.
pub fn of(served: &Arc<Mutex<Oracle>>) -> MutexGuard<'_, Oracle> {
    served.lock().unwrap()
}
