//! Statements: which tables they create, alter, rename, empty and drop.

use super::alteration;
use super::column::{Definition, definition};
use super::tokens::{Parsed, Tokens};
use super::{SchemaChange, TableName};
use crate::sync::source::{SourceTable, same_name};
use sqlparser::tokenizer::Token;

/// Statements that begin so concern no table's columns or rows.
const WITHOUT_TABLES: &str = "GRANT REVOKE SET USE ANALYZE OPTIMIZE REPAIR CHECK CHECKSUM FLUSH RESET INSTALL UNINSTALL LOCK UNLOCK BEGIN \
                              START COMMIT ROLLBACK SAVEPOINT XA KILL CACHE PURGE SHUTDOWN HELP PREPARE DEALLOCATE";

/// What may be created, altered or dropped beside tables and databases, or what stands before it.
const OTHER_THINGS: &str = "VIEW ALGORITHM DEFINER SQL TRIGGER PROCEDURE FUNCTION AGGREGATE EVENT INDEX UNIQUE FULLTEXT SPATIAL VECTOR USER \
                            ROLE SEQUENCE SERVER TABLESPACE UNDO LOGFILE RESOURCE PACKAGE LIBRARY SPATIAL INSTANCE PREPARE LOADABLE";

/// What a statement does.
pub fn changes(sql: &str, database: &str) -> Parsed<Vec<SchemaChange>> {
    let mut tokens = Tokens::of(sql)?;
    let Some(word) = tokens.word() else {
        return if tokens.is_end() { Ok(Vec::new()) } else { Err(tokens.unexpected("a statement")) };
    };
    let changes = match word.as_str() {
        "CREATE" => create(&mut tokens, database)?,
        "ALTER" => alter(&mut tokens, database)?,
        "RENAME" => rename(&mut tokens, database)?,
        "TRUNCATE" => {
            tokens.next();
            tokens.take("TABLE");
            let table = table_name(&mut tokens, database)?;
            wait(&mut tokens);
            vec![SchemaChange::Truncate { table }]
        }
        "DROP" => drop(&mut tokens, database)?,
        _ if WITHOUT_TABLES.split_whitespace().any(|other| other == word) => return Ok(Vec::new()),
        _ => return Err(format!("statements that begin with {word} are not known")),
    };
    tokens.end()?;
    Ok(changes)
}

/// `[database.]table`.
pub fn table_name(tokens: &mut Tokens, database: &str) -> Parsed<TableName> {
    let first = tokens.name()?;
    if tokens.take_mark(&Token::Period) {
        return Ok(TableName { database: first, name: tokens.name()? });
    }
    if database.is_empty() {
        return Err(format!("the table {first} has no database, and the message names none"));
    }
    Ok(TableName { database: database.to_string(), name: first })
}

/// `WAIT n` and `NOWAIT`, MariaDB's.
fn wait(tokens: &mut Tokens) {
    if !tokens.take("NOWAIT") && tokens.take("WAIT") {
        tokens.next();
    }
}

fn nothing(tokens: &mut Tokens) -> Vec<SchemaChange> {
    while tokens.next().is_some() {}
    Vec::new()
}

fn is_other_thing(tokens: &Tokens) -> bool {
    OTHER_THINGS.split_whitespace().any(|word| tokens.is(word))
}

fn create(tokens: &mut Tokens, database: &str) -> Parsed<Vec<SchemaChange>> {
    tokens.expect("CREATE")?;
    let replaces = tokens.take("OR REPLACE");
    if is_other_thing(tokens) || tokens.is("TEMPORARY") || tokens.is_any("DATABASE SCHEMA") {
        return Ok(nothing(tokens));
    }
    tokens.expect("TABLE")?;
    let if_not_exists = tokens.take("IF NOT EXISTS");
    let table = table_name(tokens, database)?;
    let mut changes = Vec::new();
    if replaces {
        changes.push(SchemaChange::DropTable { table: table.clone() });
    }
    if let Some(like) = like(tokens, database)? {
        changes.push(SchemaChange::CreateTableLike { table, like, if_not_exists });
        return Ok(changes);
    }
    if !tokens.take_mark(&Token::LParen) {
        return Err("the columns of the new table come from a query".to_string());
    }
    let mut table = SourceTable {
        database: table.database,
        name: table.name,
        columns: Vec::new(),
        keys: Vec::new(),
        comment: String::new(),
    };
    loop {
        item(tokens, &mut table)?;
        if !tokens.take_mark(&Token::Comma) {
            break;
        }
    }
    tokens.expect_mark(&Token::RParen)?;
    table.comment = created_options(tokens)?;
    key_is_not_null(&mut table)?;
    changes.push(SchemaChange::CreateTable { table, if_not_exists });
    Ok(changes)
}

/// `LIKE other`, in parentheses or not.
fn like(tokens: &mut Tokens, database: &str) -> Parsed<Option<TableName>> {
    if tokens.take("LIKE") {
        return table_name(tokens, database).map(Some);
    }
    if !tokens.take_mark_before(&Token::LParen, "LIKE") {
        return Ok(None);
    }
    tokens.expect("LIKE")?;
    let like = table_name(tokens, database)?;
    tokens.expect_mark(&Token::RParen)?;
    Ok(Some(like))
}

/// A column, or a key or constraint.
fn item(tokens: &mut Tokens, table: &mut SourceTable) -> Parsed<()> {
    if let Some(keys) = primary_key(tokens)? {
        table.keys = keys;
        return Ok(());
    }
    if is_index_or_constraint(tokens) {
        return tokens.skip_item(|_| Ok(false));
    }
    let Definition { column, key, position } = definition(tokens)?;
    if position.is_some() {
        return Err(format!("FIRST or AFTER behind the new column {}", column.name));
    }
    if table.column(&column.name).is_some() {
        return Err(format!("two columns {}", column.name));
    }
    if key {
        table.keys = vec![column.name.clone()];
    }
    table.columns.push(column);
    Ok(())
}

/// Whether an index, a constraint or a period is next, which are no columns.
pub fn is_index_or_constraint(tokens: &Tokens) -> bool {
    tokens.is_any("INDEX KEY UNIQUE FULLTEXT SPATIAL VECTOR FOREIGN CHECK CONSTRAINT")
        && !tokens.is_column_called("VECTOR")
        || tokens.are("PERIOD FOR")
}

/// `[CONSTRAINT [name]] PRIMARY KEY [USING …] (a, b)`, if it is next.
pub fn primary_key(tokens: &mut Tokens) -> Parsed<Option<Vec<String>>> {
    if !tokens.take_before("CONSTRAINT", "PRIMARY KEY") && !tokens.take("PRIMARY KEY") {
        return Ok(None);
    }
    // A name or USING BTREE may stand before the columns.
    while tokens.peek() != Some(&Token::LParen) {
        tokens.name()?;
    }
    tokens.expect_mark(&Token::LParen)?;
    let mut keys = Vec::new();
    loop {
        keys.push(tokens.name()?);
        if tokens.peek() == Some(&Token::LParen) {
            tokens.parentheses()?;
        }
        let _ = tokens.take("ASC") || tokens.take("DESC");
        if !tokens.take_mark(&Token::Comma) {
            break;
        }
    }
    tokens.expect_mark(&Token::RParen)?;
    tokens.skip_item(|_| Ok(false))?;
    Ok(Some(keys))
}

/// Options behind the columns; gives the comment.
fn created_options(tokens: &mut Tokens) -> Parsed<String> {
    let mut comment = String::new();
    while !tokens.is_end() {
        tokens.skip_item(|inner| {
            if inner.take("COMMENT") {
                comment = inner.option_text()?;
                return Ok(true);
            }
            if inner.is_any("SELECT AS VALUES") {
                return Err("columns of the new table come from a query".to_string());
            }
            Ok(false)
        })?;
        if !tokens.is_end() && !tokens.take_mark(&Token::Comma) {
            return Err(tokens.unexpected("an option of the table"));
        }
    }
    Ok(comment)
}

/// Keys are spelled as their columns are, and are NOT NULL.
fn key_is_not_null(table: &mut SourceTable) -> Parsed<()> {
    for key in &mut table.keys {
        let column = table.columns.iter_mut().find(|column| same_name(&column.name, key));
        let column = column.ok_or_else(|| format!("the primary key's column {key} is not among the columns"))?;
        column.nullable = false;
        key.clone_from(&column.name);
    }
    Ok(())
}

fn alter(tokens: &mut Tokens, database: &str) -> Parsed<Vec<SchemaChange>> {
    tokens.expect("ALTER")?;
    if is_other_thing(tokens) || tokens.is_any("DATABASE SCHEMA") {
        return Ok(nothing(tokens));
    }
    while ["ONLINE", "OFFLINE", "IGNORE"].iter().any(|word| tokens.take(word)) {}
    tokens.expect("TABLE")?;
    tokens.take("IF EXISTS");
    let table = table_name(tokens, database)?;
    wait(tokens);
    alteration::changes(tokens, table)
}

fn rename(tokens: &mut Tokens, database: &str) -> Parsed<Vec<SchemaChange>> {
    tokens.expect("RENAME")?;
    if tokens.is("USER") {
        return Ok(nothing(tokens));
    }
    if !tokens.take("TABLES") {
        tokens.expect("TABLE")?;
    }
    tokens.take("IF EXISTS");
    let mut changes = Vec::new();
    loop {
        let from = table_name(tokens, database)?;
        wait(tokens);
        tokens.expect("TO")?;
        changes.push(SchemaChange::RenameTable { from, to: table_name(tokens, database)? });
        if !tokens.take_mark(&Token::Comma) {
            return Ok(changes);
        }
    }
}

fn drop(tokens: &mut Tokens, database: &str) -> Parsed<Vec<SchemaChange>> {
    tokens.expect("DROP")?;
    if is_other_thing(tokens) || tokens.is("TEMPORARY") {
        return Ok(nothing(tokens));
    }
    if tokens.take("DATABASE") || tokens.take("SCHEMA") {
        tokens.take("IF EXISTS");
        return Ok(vec![SchemaChange::DropDatabase { database: tokens.name()? }]);
    }
    if !tokens.take("TABLES") {
        tokens.expect("TABLE")?;
    }
    tokens.take("IF EXISTS");
    let mut changes = Vec::new();
    loop {
        changes.push(SchemaChange::DropTable { table: table_name(tokens, database)? });
        if !tokens.take_mark(&Token::Comma) {
            break;
        }
    }
    wait(tokens);
    let _ = tokens.take("RESTRICT") || tokens.take("CASCADE");
    Ok(changes)
}
