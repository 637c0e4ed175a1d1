//! The clauses of ALTER TABLE.

use super::column::{Definition, default, definition};
use super::statement::{is_index_or_constraint, primary_key, table_name};
use super::tokens::{Parsed, Tokens};
use super::{Position, SchemaChange, TableChange, TableName};
use crate::sync::mysql_type::{MysqlType, Size};
use sqlparser::tokenizer::Token;

/// Clauses that begin so concern how the table is stored or how the statement is run.
const STORAGE: &str = "ENGINE TYPE AUTO_INCREMENT AVG_ROW_LENGTH CHARACTER CHARSET CHECKSUM TABLE_CHECKSUM COLLATE COMPRESSION CONNECTION \
                       CONVERT DATA DEFAULT DELAY_KEY_WRITE ENCRYPTION ENCRYPTED ENGINE_ATTRIBUTE SECONDARY_ENGINE_ATTRIBUTE INDEX \
                       INSERT_METHOD KEY_BLOCK_SIZE MAX_ROWS MIN_ROWS PACK_KEYS PAGE_CHECKSUM PAGE_COMPRESSED PAGE_COMPRESSION_LEVEL \
                       PASSWORD ROW_FORMAT SEQUENCE STATS_AUTO_RECALC STATS_PERSISTENT STATS_SAMPLE_PAGES TABLESPACE TRANSACTIONAL \
                       UNION WITH WITHOUT STORAGE SECONDARY_ENGINE AUTOEXTEND_SIZE ALGORITHM LOCK FORCE ENABLE DISABLE PARTITION \
                       COALESCE REORGANIZE REBUILD OPTIMIZE ANALYZE CHECK REPAIR REMOVE NOWAIT SECONDARY_LOAD SECONDARY_UNLOAD";

/// Clauses that begin so bring or take away rows, which no message tells of.
const ROWS: [&str; 4] = ["TRUNCATE PARTITION", "EXCHANGE PARTITION", "DISCARD", "IMPORT"];

/// Reads all clauses.
pub fn changes(tokens: &mut Tokens, table: TableName) -> Parsed<Vec<SchemaChange>> {
    let mut clauses = Clauses { table, changes: Vec::new(), others: Vec::new() };
    while !tokens.is_end() {
        clauses.read(tokens)?;
        if !tokens.is_end() {
            tokens.expect_mark(&Token::Comma)?;
        }
    }
    let mut all = Vec::new();
    if !clauses.changes.is_empty() {
        all.push(SchemaChange::AlterTable { table: clauses.table, changes: clauses.changes });
    }
    // A new name comes last, so that the clauses are for the old one.
    all.extend(clauses.others);
    Ok(all)
}

struct Clauses {
    table: TableName,
    changes: Vec<TableChange>,
    others: Vec<SchemaChange>,
}

impl Clauses {
    fn read(&mut self, tokens: &mut Tokens) -> Parsed<()> {
        if let Some(words) = ROWS.iter().find(|words| tokens.are(words)) {
            return self.rows(tokens, words);
        }
        let Some(word) = tokens.word() else { return Err(tokens.unexpected("a clause of ALTER TABLE")) };
        match word.as_str() {
            "ADD" => self.add(tokens),
            "DROP" => self.drop(tokens),
            "MODIFY" | "CHANGE" => self.modify(tokens, word == "CHANGE"),
            "RENAME" => self.rename(tokens),
            "ALTER" => self.alter_column(tokens),
            "ORDER" => {
                while tokens.next().is_some() {}
                Ok(())
            }
            _ if word == "COMMENT" || STORAGE.split_whitespace().any(|known| known == word) => self.options(tokens),
            _ => Err(format!("the clause {word} of ALTER TABLE is not known")),
        }
    }

    fn rows(&mut self, tokens: &mut Tokens, clause: &str) -> Parsed<()> {
        self.others.push(SchemaChange::RowsWithoutMessages { table: self.table.clone(), clause: clause.to_string() });
        // Names of partitions are divided by commas too, and nothing else can stand behind them.
        while tokens.next().is_some() {}
        Ok(())
    }

    /// Options may follow each other without a comma; the comment is one of them.
    fn options(&mut self, tokens: &mut Tokens) -> Parsed<()> {
        tokens.skip_item(|inner| {
            if !inner.take("COMMENT") {
                return Ok(false);
            }
            self.changes.push(TableChange::SetComment { comment: inner.option_text()? });
            Ok(true)
        })
    }

    fn add(&mut self, tokens: &mut Tokens) -> Parsed<()> {
        tokens.expect("ADD")?;
        if let Some(keys) = primary_key(tokens)? {
            self.changes.push(TableChange::SetKey { keys });
            return Ok(());
        }
        let column = tokens.take("COLUMN");
        if !column && (is_index_or_constraint(tokens) || tokens.are("SYSTEM VERSIONING") || tokens.is("PARTITION")) {
            return tokens.skip_item(|_| Ok(false));
        }
        let if_not_exists = tokens.take("IF NOT EXISTS");
        if !tokens.take_mark(&Token::LParen) {
            let read = definition(tokens)?;
            self.added(read, if_not_exists);
            return Ok(());
        }
        loop {
            if let Some(keys) = primary_key(tokens)? {
                self.changes.push(TableChange::SetKey { keys });
            } else if is_index_or_constraint(tokens) {
                tokens.skip_item(|_| Ok(false))?;
            } else {
                let read = definition(tokens)?;
                self.added(read, if_not_exists);
            }
            if !tokens.take_mark(&Token::Comma) {
                return tokens.expect_mark(&Token::RParen);
            }
        }
    }

    fn added(&mut self, read: Definition, if_not_exists: bool) {
        let Definition { column, key, position } = read;
        let keys = key.then(|| vec![column.name.clone()]);
        let position = position.unwrap_or(Position::Last);
        self.changes.push(TableChange::AddColumn { column, position, if_not_exists });
        self.changes.extend(keys.map(|keys| TableChange::SetKey { keys }));
    }

    fn drop(&mut self, tokens: &mut Tokens) -> Parsed<()> {
        tokens.expect("DROP")?;
        if tokens.take("PRIMARY KEY") {
            self.changes.push(TableChange::SetKey { keys: Vec::new() });
            return Ok(());
        }
        if tokens.is("PARTITION") {
            return self.rows(tokens, "DROP PARTITION");
        }
        let column = tokens.take("COLUMN");
        if !column && (is_index_or_constraint(tokens) || tokens.are("SYSTEM VERSIONING")) {
            return tokens.skip_item(|_| Ok(false));
        }
        let if_exists = tokens.take("IF EXISTS");
        self.changes.push(TableChange::DropColumn { column: tokens.name()?, if_exists });
        let _ = tokens.take("RESTRICT") || tokens.take("CASCADE");
        Ok(())
    }

    fn modify(&mut self, tokens: &mut Tokens, change: bool) -> Parsed<()> {
        tokens.next();
        tokens.take("COLUMN");
        let if_exists = tokens.take("IF EXISTS");
        let old = if change { Some(tokens.name()?) } else { None };
        let Definition { column, key, position } = definition(tokens)?;
        let keys = key.then(|| vec![column.name.clone()]);
        let old = old.unwrap_or_else(|| column.name.clone());
        self.changes.push(TableChange::ModifyColumn { old, column, position, if_exists });
        self.changes.extend(keys.map(|keys| TableChange::SetKey { keys }));
        Ok(())
    }

    fn rename(&mut self, tokens: &mut Tokens) -> Parsed<()> {
        tokens.expect("RENAME")?;
        if tokens.is_any("INDEX KEY") {
            return tokens.skip_item(|_| Ok(false));
        }
        if tokens.take("COLUMN") {
            tokens.take("IF EXISTS");
            let old = tokens.name()?;
            tokens.expect("TO")?;
            self.changes.push(TableChange::RenameColumn { old, new: tokens.name()? });
            return Ok(());
        }
        let _ = tokens.take("TO") || tokens.take("AS") || tokens.take_mark(&Token::Eq);
        let to = table_name(tokens, &self.table.database)?;
        self.others.push(SchemaChange::RenameTable { from: self.table.clone(), to });
        Ok(())
    }

    fn alter_column(&mut self, tokens: &mut Tokens) -> Parsed<()> {
        tokens.expect("ALTER")?;
        if tokens.is_any("INDEX KEY CHECK CONSTRAINT") {
            return tokens.skip_item(|_| Ok(false));
        }
        tokens.take("COLUMN");
        tokens.take("IF EXISTS");
        let column = tokens.name()?;
        if tokens.take("SET DEFAULT") {
            // What bytes mean is up to the type, which does not stand here.
            let default = default(tokens, &MysqlType::Text(Size::Plain))?;
            self.changes.push(TableChange::SetDefault { column, default });
        } else if tokens.take("DROP DEFAULT") {
            self.changes.push(TableChange::SetDefault { column, default: None });
        } else if !(tokens.take("SET VISIBLE") || tokens.take("SET INVISIBLE")) {
            return Err(tokens.unexpected("SET DEFAULT, DROP DEFAULT, SET VISIBLE or SET INVISIBLE"));
        }
        Ok(())
    }
}
